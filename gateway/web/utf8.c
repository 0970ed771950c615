// SPDX-License-Identifier: EUPL-1.2
#include "web/utf8.h"

// Length of the well-formed sequence at p, 0 when there is none. The second octet's bounds are those of RFC 3629
// section 4.
static size_t sequence(const uint8_t *p, size_t left)
{
	uint8_t a = p[0], low = 0x80, high = 0xbf;
	size_t n;
	if (a >= 0xc2 && a <= 0xdf) {
		n = 2;
	} else if (a >= 0xe0 && a <= 0xef) {
		n = 3;
		low = a == 0xe0 ? 0xa0 : low;
		high = a == 0xed ? 0x9f : high;
	} else if (a >= 0xf0 && a <= 0xf4) {
		n = 4;
		low = a == 0xf0 ? 0x90 : low;
		high = a == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool sluss_utf8_valid(const uint8_t *text, size_t len)
{
	size_t i = 0;
	while (i < len) {
		if (text[i] < 0x80) {
			if (text[i++] == 0)
				return false;
			continue;
		}
		size_t n = sequence(text + i, len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}
