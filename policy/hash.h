// SPDX-License-Identifier: EUPL-1.2
// SipHash-1-3 (Aumasson, Bernstein 2012), keyed, 64 bits: ids and names come from outside, so nobody may choose where they land.
#ifndef SLUSS_POLICY_HASH_H
#define SLUSS_POLICY_HASH_H

#include "sluss/types.h"

struct sluss_hash_key {
	uint64_t k0, k1;
};

static inline uint64_t sluss_rotl64(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

#define SLUSS_SIP_ROUND(v0, v1, v2, v3)                                                                                                 \
	do {                                                                                                                             \
		v0 += v1;                                                                                                                \
		v1 = sluss_rotl64(v1, 13) ^ v0;                                                                                          \
		v0 = sluss_rotl64(v0, 32);                                                                                               \
		v2 += v3;                                                                                                                \
		v3 = sluss_rotl64(v3, 16) ^ v2;                                                                                          \
		v0 += v3;                                                                                                                \
		v3 = sluss_rotl64(v3, 21) ^ v0;                                                                                          \
		v2 += v1;                                                                                                                \
		v1 = sluss_rotl64(v1, 17) ^ v2;                                                                                          \
		v2 = sluss_rotl64(v2, 32);                                                                                               \
	} while (0)

static inline uint64_t sluss_hash(const struct sluss_hash_key *key, const void *data, size_t len)
{
	const uint8_t *in = data;
	uint64_t v0 = key->k0 ^ UINT64_C(0x736f6d6570736575);
	uint64_t v1 = key->k1 ^ UINT64_C(0x646f72616e646f6d);
	uint64_t v2 = key->k0 ^ UINT64_C(0x6c7967656e657261);
	uint64_t v3 = key->k1 ^ UINT64_C(0x7465646279746573);
	size_t left = len;
	uint64_t word;
	for (; left >= 8; left -= 8, in += 8) {
		memcpy(&word, in, 8);
		v3 ^= word;
		SLUSS_SIP_ROUND(v0, v1, v2, v3);
		v0 ^= word;
	}
	word = (uint64_t)len << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)in[i] << (8 * i);
	v3 ^= word;
	SLUSS_SIP_ROUND(v0, v1, v2, v3);
	v0 ^= word;
	v2 ^= 0xff;
	SLUSS_SIP_ROUND(v0, v1, v2, v3);
	SLUSS_SIP_ROUND(v0, v1, v2, v3);
	SLUSS_SIP_ROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

#endif
