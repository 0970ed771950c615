// SPDX-License-Identifier: EUPL-1.2
// Small types that every layer shares. No function here does I/O.
#ifndef SLUSS_TYPES_H
#define SLUSS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SLUSS_MUST_CHECK __attribute__((warn_unused_result))
#define SLUSS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum {
	SLUSS_ID_BYTES = 16,      // an id as octets
	SLUSS_ID_TEXT = 37,       // UUID text with its NUL
	SLUSS_HASH_BYTES = 32,    // SHA-256
	SLUSS_AGENCY_MAX = 31,    // longest agency id, without NUL
	SLUSS_OFFICER_MAX = 32,   // longest officer id, without NUL
	SLUSS_NAME_MAX = 31,      // longest category, programme or provision name, without NUL
	SLUSS_KEY_ID_TEXT = 17,   // 16 hexadecimal digits and NUL
};

// A random identifier (RFC 9562 UUID). All octets zero means "none".
struct sluss_id {
	uint8_t b[SLUSS_ID_BYTES];
};

static inline bool sluss_id_is_none(const struct sluss_id *id)
{
	static const struct sluss_id none;
	return memcmp(id->b, none.b, sizeof(none.b)) == 0;
}

static inline bool sluss_id_equal(const struct sluss_id *a, const struct sluss_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

// Octets that somebody else owns.
struct sluss_bytes {
	const uint8_t *data;
	size_t len;
};

#endif
