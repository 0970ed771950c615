// SPDX-License-Identifier: EUPL-1.2
// Identifiers as text and as octets. No state, no I/O but the kernel's random source; any thread.
#ifndef SLUSS_ID_H
#define SLUSS_ID_H

#include "sluss/types.h"

// Reads the UUID text form (RFC 9562 section 4): exactly 36 characters, lower case. The nil UUID is refused: all zero means "none" here.
// False: `id_out` is all zero.
SLUSS_MUST_CHECK bool sluss_id_parse(const char *text, size_t len, struct sluss_id *id_out);

// The same for a NUL-terminated text; NULL is refused.
SLUSS_MUST_CHECK bool sluss_id_from_text(const char *text, struct sluss_id *id_out);

// Writes 36 characters and NUL. Returns text_out.
const char *sluss_id_format(const struct sluss_id *id, char text_out[SLUSS_ID_TEXT]);

// A new random id (version 4), from getrandom(2). Aborts when the kernel has no randomness to give: an id that repeats would be worse.
void sluss_id_random(struct sluss_id *id_out);

// Order for sorting and search, as memcmp.
int sluss_id_compare(const struct sluss_id *a, const struct sluss_id *b);

// Are these octets an agency id ([a-z0-9][a-z0-9-]{0,30}), an officer id ([A-Za-z0-9._-]{1,32}), a category, programme or provision name
// ([A-Za-z0-9_.-]{1,31})? NULL is none of them.
SLUSS_MUST_CHECK bool sluss_is_agency_id(const char *text, size_t len);
SLUSS_MUST_CHECK bool sluss_is_officer_id(const char *text, size_t len);
SLUSS_MUST_CHECK bool sluss_is_name(const char *text, size_t len);

#endif
