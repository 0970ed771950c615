// SPDX-License-Identifier: EUPL-1.2
// Inside of a section's key, for the files that seal with it.
#ifndef SLUSS_SEAL_KEY_H
#define SLUSS_SEAL_KEY_H

#include "sluss/seal.h"

struct sluss_section_key { // sodium_malloc
	uint8_t b[SLUSS_SECTION_KEY_BYTES];
};

#endif
