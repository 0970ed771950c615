// SPDX-License-Identifier: EUPL-1.2
// The keyed hash of the state's tables: ids and names come from outside, so nobody may choose where they land. Folded
// 64 x 64 -> 128 bit multiplications over keyed words (the construction of wyhash, which Go's maps use for the same
// purpose); not for anything that an outsider sees.
#ifndef SLUSS_POLICY_HASH_H
#define SLUSS_POLICY_HASH_H

#include "sluss/types.h"

struct sluss_hash_key {
	uint64_t k0, k1;
};

__extension__ typedef unsigned __int128 sluss_u128;

static inline uint64_t sluss_hash_fold(uint64_t a, uint64_t b)
{
	sluss_u128 product = (sluss_u128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Two words: an id, or two small numbers.
static inline uint64_t sluss_hash_words(const struct sluss_hash_key *key, uint64_t a, uint64_t b)
{
	uint64_t folded = sluss_hash_fold(a ^ key->k0, b ^ key->k1);
	return sluss_hash_fold(folded ^ UINT64_C(0xa0761d6478bd642f), key->k1 ^ UINT64_C(0xe7037ed1a0b428db));
}

static inline uint64_t sluss_hash_load(const uint8_t *in, size_t len)
{
	uint64_t word = 0;
	memcpy(&word, in, len);
	return word;
}

// Whether two names of the same length are the same, by the same steps as their hash.
static inline bool sluss_hash_same(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a, *y = b;
	if (len >= 8) {
		uint64_t diff = sluss_hash_load(x + len - 8, 8) ^ sluss_hash_load(y + len - 8, 8);
		for (size_t at = 0; at + 8 < len; at += 8)
			diff |= sluss_hash_load(x + at, 8) ^ sluss_hash_load(y + at, 8);
		return diff == 0;
	}
	if (len >= 4)
		return sluss_hash_load(x, 4) == sluss_hash_load(y, 4) &&
		       sluss_hash_load(x + len - 4, 4) == sluss_hash_load(y + len - 4, 4);
	return len == 0 || (x[0] == y[0] && x[len / 2] == y[len / 2] && x[len - 1] == y[len - 1]);
}

// Any octets. The last words overlap the ones before, so that a name needs no loop over its tail; the length is part of
// the hash.
static inline uint64_t sluss_hash(const struct sluss_hash_key *key, const void *data, size_t len)
{
	const uint8_t *in = data;
	uint64_t sum = len ^ key->k0;
	uint64_t a = 0, b = 0;
	for (size_t left = len; left > 16; left -= 16, in += 16)
		sum = sluss_hash_fold(sluss_hash_load(in, 8) ^ sum, sluss_hash_load(in + 8, 8) ^ key->k1);
	const uint8_t *end = (const uint8_t *)data + len;
	if (len >= 16) {
		a = sluss_hash_load(end - 16, 8);
		b = sluss_hash_load(end - 8, 8);
	} else if (len >= 8) {
		a = sluss_hash_load(in, 8);
		b = sluss_hash_load(end - 8, 8);
	} else if (len >= 4) {
		a = sluss_hash_load(in, 4);
		b = sluss_hash_load(end - 4, 4);
	} else if (len > 0) {
		a = (uint64_t)in[0] << 16 | (uint64_t)in[len / 2] << 8 | in[len - 1];
	}
	sum = sluss_hash_fold(a ^ sum, b ^ key->k1);
	return sluss_hash_fold(sum ^ UINT64_C(0xa0761d6478bd642f), key->k1 ^ UINT64_C(0xe7037ed1a0b428db));
}

#endif
