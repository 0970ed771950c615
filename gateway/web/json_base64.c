// SPDX-License-Identifier: EUPL-1.2
// Base64 (RFC 4648 sections 4 and 5).
#include "web/json.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t sluss_base64_encode(const uint8_t *data, size_t len, bool padding, char *out)
{
	char *o = out;
	size_t i = 0;
	for (; i + 3 <= len; i += 3) {
		uint32_t v = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = alphabet[v >> 6 & 63];
		*o++ = alphabet[v & 63];
	}
	size_t rest = len - i;
	if (rest > 0) {
		uint32_t v = (uint32_t)data[i] << 16 | (rest == 2 ? (uint32_t)data[i + 1] << 8 : 0);
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		if (rest == 2)
			*o++ = alphabet[v >> 6 & 63];
		for (size_t p = rest; padding && p < 3; p++)
			*o++ = '=';
	}
	*o = '\0';
	return (size_t)(o - out);
}

// Bits that tell which alphabet a digit belongs to.
enum { STANDARD_ONLY = 1, URL_ONLY = 2 };

static int value_of(char c, unsigned *alphabets)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-') {
		*alphabets |= c == '+' ? STANDARD_ONLY : URL_ONLY;
		return 62;
	}
	if (c == '/' || c == '_') {
		*alphabets |= c == '/' ? STANDARD_ONLY : URL_ONLY;
		return 63;
	}
	return -1;
}

bool sluss_base64_decode(const char *text, size_t len, uint8_t *out, size_t *len_out)
{
	size_t padding = 0;
	if (len % 4 == 0)
		while (padding < 2 && len > 0 && text[len - 1] == '=') {
			len--;
			padding++;
		}
	if (len % 4 == 1)
		return false;
	uint32_t bits = 0;
	unsigned alphabets = 0;
	uint8_t *o = out;
	for (size_t i = 0; i < len; i++) {
		int v = value_of(text[i], &alphabets);
		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 == 3) {
			*o++ = (uint8_t)(bits >> 16);
			*o++ = (uint8_t)(bits >> 8);
			*o++ = (uint8_t)bits;
			bits = 0;
		}
	}
	if (len % 4 == 2) {
		if (bits & 0xf)
			return false;
		*o++ = (uint8_t)(bits >> 4);
	} else if (len % 4 == 3) {
		if (bits & 0x3)
			return false;
		*o++ = (uint8_t)(bits >> 10);
		*o++ = (uint8_t)(bits >> 2);
	}
	*len_out = (size_t)(o - out);
	return alphabets != (STANDARD_ONLY | URL_ONLY);
}
