// SPDX-License-Identifier: EUPL-1.2
// Identifiers: UUID text (RFC 9562), agency, officer and policy names.
#include "sluss/id.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static int nibble(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return -1;
}

static bool is_dash_position(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

bool sluss_id_parse(const char *text, size_t len, struct sluss_id *id_out)
{
	struct sluss_id id = {{0}};
	*id_out = id;
	if (text == NULL || len != SLUSS_ID_TEXT - 1) {
		return false;
	}
	size_t digit = 0;
	for (size_t i = 0; i < len; i++) {
		if (is_dash_position(i)) {
			if (text[i] != '-') {
				return false;
			}
			continue;
		}
		int value = nibble(text[i]);
		if (value < 0) {
			return false;
		}
		id.b[digit / 2] = (uint8_t)((id.b[digit / 2] << 4) | value);
		digit++;
	}
	*id_out = id;
	return !sluss_id_is_none(&id);
}

bool sluss_id_from_text(const char *text, struct sluss_id *id_out)
{
	return sluss_id_parse(text, text == NULL ? 0 : strnlen(text, SLUSS_ID_TEXT), id_out);
}

const char *sluss_id_format(const struct sluss_id *id, char text_out[SLUSS_ID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;
	for (size_t i = 0; i < SLUSS_ID_BYTES; i++) {
		if (is_dash_position(at)) {
			text_out[at++] = '-';
		}
		text_out[at++] = digits[id->b[i] >> 4];
		text_out[at++] = digits[id->b[i] & 0x0f];
	}
	text_out[at] = '\0';
	return text_out;
}

void sluss_id_random(struct sluss_id *id_out)
{
	ssize_t got;
	do {
		got = getrandom(id_out->b, sizeof(id_out->b), 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(id_out->b)) {
		abort(); // 16 octets never come in parts (getrandom(2)); without randomness nothing here may go on
	}
	id_out->b[6] = (uint8_t)((id_out->b[6] & 0x0f) | 0x40);
	id_out->b[8] = (uint8_t)((id_out->b[8] & 0x3f) | 0x80);
}

int sluss_id_compare(const struct sluss_id *a, const struct sluss_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(char c)
{
	return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

static bool all_word(const char *text, size_t len, size_t max)
{
	if (text == NULL || len == 0 || len > max) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!is_word(text[i])) {
			return false;
		}
	}
	return true;
}

bool sluss_is_agency_id(const char *text, size_t len)
{
	if (text == NULL || len == 0 || len > SLUSS_AGENCY_MAX || text[0] == '-') {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!is_lower_or_digit(text[i]) && text[i] != '-') {
			return false;
		}
	}
	return true;
}

bool sluss_is_officer_id(const char *text, size_t len)
{
	return all_word(text, len, SLUSS_OFFICER_MAX);
}

bool sluss_is_name(const char *text, size_t len)
{
	return all_word(text, len, SLUSS_NAME_MAX);
}
