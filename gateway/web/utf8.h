// SPDX-License-Identifier: EUPL-1.2
#ifndef SLUSS_WEB_UTF8_H
#define SLUSS_WEB_UTF8_H

#include "sluss/types.h"

// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) without U+0000, which no C
// string can carry.
bool sluss_utf8_valid(const uint8_t *text, size_t len);

#endif
