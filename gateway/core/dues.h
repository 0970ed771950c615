// SPDX-License-Identifier: EUPL-1.2
// What is due when: numbers by time, the first one at hand. Adding and dropping cost the logarithm of how many there
// are. Invariant: heap[0] is the first, and no element is before the one at half its place. Threads: the owner's.
#ifndef SLUSS_CORE_DUES_H
#define SLUSS_CORE_DUES_H

#include "sluss/types.h"

struct sluss_due {
	int64_t at_ms;
	uint32_t number;
};

// Starts as {0}.
struct sluss_dues {
	struct sluss_due *heap;
	size_t count, room;
};

// False: no memory.
SLUSS_MUST_CHECK bool sluss_dues_add(struct sluss_dues *dues, int64_t at_ms, uint32_t number);
// Removes the first; there is one.
void sluss_dues_drop(struct sluss_dues *dues);
void sluss_dues_free(struct sluss_dues *dues);

#endif
