// SPDX-License-Identifier: EUPL-1.2
// The contract of store.h, as tests that know nothing of the implementation. A maker opens handles of one database that
// persists while the maker lives.
#ifndef SLUSS_STORELOG_SUITE_H
#define SLUSS_STORELOG_SUITE_H

#include "store.h"

struct suite_maker {
	const char *name;
	void *(*create)(void);
	enum sluss_store_result (*open)(void *world, enum sluss_store_mode mode, struct sluss_store **store_out);
	void (*destroy)(void *world);
};

// Runs the suite; the number of failed tests.
int suite_run(const struct suite_maker *maker);

#endif
