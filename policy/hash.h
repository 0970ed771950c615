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

static inline uint64_t sluss_hash(const struct sluss_hash_key *key, const void *data, size_t len)
{
	const uint8_t *in = data;
	uint64_t sum = len;
	uint64_t words[2];
	for (size_t left = len; left > 0;) {
		size_t part = left < sizeof(words) ? left : sizeof(words);
		words[0] = words[1] = 0;
		memcpy(words, in, part);
		sum = sluss_hash_fold(words[0] ^ key->k0 ^ sum, words[1] ^ key->k1);
		in += part;
		left -= part;
	}
	return sluss_hash_fold(sum ^ UINT64_C(0xa0761d6478bd642f), key->k1 ^ UINT64_C(0xe7037ed1a0b428db));
}

#endif
