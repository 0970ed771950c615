// SPDX-License-Identifier: EUPL-1.2
// Where in a JSON text a value stands, so that errors found after parsing can name a line. libc only.
#ifndef SLUSS_POLICY_LOCATE_H
#define SLUSS_POLICY_LOCATE_H

#include "sluss/types.h"

// Line and column (from 1, column in octets) of the value at a JSON pointer (RFC 6901); of the deepest part of it that
// exists when the whole does not. The text must be well-formed JSON; on other text the answer is some position within
// it.
void sluss_json_locate(const char *text, size_t len, const char *pointer, int *line_out, int *column_out);

#endif
