// SPDX-License-Identifier: EUPL-1.2
// Strict text: UTF-8, lines, decimals, base64.
#include "log_text.h"

// Takes one character off the front. Returns its code point, -1 when the octets are no UTF-8.
static int32_t next_character(struct sluss_bytes *rest)
{
	uint8_t first = rest->data[0];
	size_t more = first < 0x80 ? 0 : first < 0xc2 ? 4 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 4;
	static const int32_t smallest[] = {0, 0x80, 0x800, 0x10000};
	if (more == 4 || rest->len <= more)
		return -1;
	int32_t code = more == 0 ? first : first & (0x3f >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((rest->data[i] & 0xc0) != 0x80)
			return -1;
		code = code << 6 | (rest->data[i] & 0x3f);
	}
	rest->data += more + 1;
	rest->len -= more + 1;
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	return code < smallest[more] || code > 0x10ffff || surrogate ? -1 : code;
}

bool sluss_text_is_clean(struct sluss_bytes text, bool newlines)
{
	while (text.len > 0) {
		int32_t code = next_character(&text);
		if (code == '\n' ? !newlines : code < 0x20)
			return false;
	}
	return true;
}

// White_Space of the Unicode character database, beyond the control characters.
static bool is_space(int32_t code)
{
	return code == 0x20 || code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
	       code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

bool sluss_text_is_key_name(struct sluss_bytes text)
{
	if (text.len == 0)
		return false;
	while (text.len > 0) {
		int32_t code = next_character(&text);
		if (code < 0x20 || code == '+' || is_space(code))
			return false;
	}
	return true;
}

bool sluss_text_line(struct sluss_bytes *rest, struct sluss_bytes *line_out)
{
	const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
	if (end == NULL)
		return false;
	*line_out = (struct sluss_bytes){rest->data, (size_t)(end - rest->data)};
	rest->len -= line_out->len + 1;
	rest->data = end + 1;
	return true;
}

bool sluss_text_skip(struct sluss_bytes *rest, const char *prefix)
{
	size_t len = strlen(prefix);
	if (rest->len < len || memcmp(rest->data, prefix, len) != 0)
		return false;
	rest->data += len;
	rest->len -= len;
	return true;
}

bool sluss_text_decimal(struct sluss_bytes text, uint64_t *value_out)
{
	uint64_t value = 0;
	if (text.len == 0 || text.len > SLUSS_DECIMAL_MAX || (text.data[0] == '0' && text.len > 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
			return false;
	}
	*value_out = value;
	return true;
}

size_t sluss_text_put_decimal(uint64_t value, char out[SLUSS_DECIMAL_MAX])
{
	char digits[SLUSS_DECIMAL_MAX];
	size_t len = 0;
	do {
		digits[len++] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	for (size_t i = 0; i < len; i++)
		out[i] = digits[len - 1 - i];
	return len;
}

static int digit(uint8_t character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	return character == '+' ? 62 : character == '/' ? 63 : -1;
}

bool sluss_text_base64(struct sluss_bytes text, uint8_t *out, size_t room, size_t *len_out)
{
	size_t len = 0;
	if (text.len % 4 != 0)
		return false;
	for (size_t i = 0; i < text.len; i += 4) {
		bool last = i + 4 == text.len;
		size_t octets = last && text.data[i + 3] == '=' ? (text.data[i + 2] == '=' ? 1 : 2) : 3;
		uint32_t bits = 0;
		for (size_t j = 0; j < 4; j++) {
			int value = j <= octets ? digit(text.data[i + j]) : 0;
			if (value < 0)
				return false;
			bits = bits << 6 | (uint32_t)value;
		}
		if (octets > room - len ||
		    (bits & (0xffffffu >> (8 * octets))) != 0) // bits that nothing uses must be zero
			return false;
		for (size_t j = 0; j < octets; j++)
			out[len++] = (uint8_t)(bits >> (16 - 8 * j));
	}
	*len_out = len;
	return true;
}

size_t sluss_text_base64_len(size_t len)
{
	return (len + 2) / 3 * 4;
}

size_t sluss_text_put_base64(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t written = 0;
	for (size_t i = 0; i < len; i += 3) {
		size_t octets = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)data[i] << 16;
		bits |= octets > 1 ? (uint32_t)data[i + 1] << 8 : 0;
		bits |= octets > 2 ? data[i + 2] : 0;
		for (size_t j = 0; j < 4; j++)
			out[written++] = j <= octets ? digits[bits >> (18 - 6 * j) & 0x3f] : '=';
	}
	return written;
}
