// SPDX-License-Identifier: EUPL-1.2
// Keys, signatures, sealed sections, digests.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sluss/seal.h"

#define BYTES(text) ((struct sluss_bytes){(const uint8_t *)(text), sizeof(text) - 1})

static int start(void **state)
{
	(void)state;
	return sluss_crypto_init() ? 0 : -1;
}

// Computed apart, with Python's hashlib: SHA-256("sluss-key-v1" || 32 times 0x00)[:8] and with "sluss-seal-v1".
static void key_ids_are_stable(void **state)
{
	(void)state;
	const uint8_t zero[SLUSS_KEY_BYTES] = {0};
	char id[SLUSS_KEY_ID_TEXT];
	assert_string_equal(sluss_key_id(SLUSS_KEY_USE_SIGN, zero, id), "672e5650208f5c87");
	assert_string_equal(sluss_key_id(SLUSS_KEY_USE_SEAL, zero, id), "a44f5cbd0054f575");
}

// RFC 8032 section 7.1, test 2.
static void signs_as_rfc8032(void **state)
{
	(void)state;
	static const uint8_t seed[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
		0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
	static const uint8_t first[4] = {0x92, 0xa0, 0x09, 0xa9};
	static const uint8_t message[1] = {0x72};
	uint8_t signature[SLUSS_SIGNATURE_BYTES];
	uint8_t again[SLUSS_KEY_BYTES];
	struct sluss_signing_key *key = sluss_signing_key_from_seed(seed);
	assert_non_null(key);
	sluss_signing_key_seed(key, again);
	assert_memory_equal(again, seed, sizeof(seed));
	sluss_sign(key, message, 1, signature);
	assert_memory_equal(signature, first, sizeof(first));
	assert_true(sluss_signature_verify(sluss_signing_key_public(key), message, 1, signature, sizeof(signature)));
	assert_false(sluss_signature_verify(sluss_signing_key_public(key), message, 0, signature, sizeof(signature)));
	assert_false(sluss_signature_verify(sluss_signing_key_public(key), message, 1, signature, sizeof(signature) - 1));
	for (size_t i = 0; i < sizeof(signature); i++) {
		signature[i] ^= 1;
		assert_false(sluss_signature_verify(sluss_signing_key_public(key), message, 1, signature, sizeof(signature)));
		signature[i] ^= 1;
	}
	sluss_signing_key_free(&key);
	assert_null(key);
	sluss_signing_key_free(&key);
}

static void refuses_small_order_keys(void **state)
{
	(void)state;
	// The neutral element as public key, and a signature R = neutral, S = 0: a lax verifier takes it for any message.
	uint8_t neutral[SLUSS_KEY_BYTES] = {1};
	uint8_t signature[SLUSS_SIGNATURE_BYTES] = {1};
	assert_false(sluss_signature_verify(neutral, "x", 1, signature, sizeof(signature)));
}

static void possession(void **state)
{
	(void)state;
	uint8_t signature[SLUSS_SIGNATURE_BYTES];
	struct sluss_signing_key *key = sluss_signing_key_new();
	struct sluss_sealing_key *sealing = sluss_sealing_key_new();
	const uint8_t *pub = sluss_signing_key_public(key);
	const uint8_t *seal_pub = sluss_sealing_key_public(sealing);
	assert_true(sluss_possession_sign(key, "a.example/x", "soc", seal_pub, signature));
	assert_true(sluss_possession_verify(pub, "a.example/x", "soc", seal_pub, signature, sizeof(signature)));
	assert_false(sluss_possession_verify(pub, "a.example/y", "soc", seal_pub, signature, sizeof(signature)));
	assert_false(sluss_possession_verify(pub, "a.example/x", "so", seal_pub, signature, sizeof(signature)));
	assert_false(sluss_possession_verify(pub, "a.example/x", "soc", pub, signature, sizeof(signature)));
	assert_false(sluss_possession_verify(seal_pub, "a.example/x", "soc", seal_pub, signature, sizeof(signature)));
	char long_name[300];
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_false(sluss_possession_sign(key, long_name, "soc", seal_pub, signature));
	assert_false(sluss_possession_sign(key, "a", long_name, seal_pub, signature));
	sluss_signing_key_free(&key);
	sluss_sealing_key_free(&sealing);
}

struct sealed {
	struct sluss_section_key *key;
	uint8_t commitment[SLUSS_HASH_BYTES];
	uint8_t ciphertext[256];
	size_t len;
};

static void make(struct sealed *s, struct sluss_bytes header, struct sluss_bytes content)
{
	s->key = sluss_section_key_new();
	assert_non_null(s->key);
	sluss_section_key_commitment(s->key, s->commitment);
	assert_int_equal(sluss_section_seal(s->key, header, content, s->ciphertext, sizeof(s->ciphertext), &s->len), SLUSS_SEAL_OK);
	assert_int_equal(s->len, content.len + SLUSS_SECTION_OVERHEAD);
}

static void section_round_trip(void **state)
{
	(void)state;
	struct sealed s;
	uint8_t content[256];
	size_t len = 0;
	make(&s, BYTES("label"), BYTES("content"));
	struct sluss_bytes ct = {s.ciphertext, s.len};
	assert_int_equal(sluss_section_open(s.key, BYTES("label"), s.commitment, ct, content, sizeof(content), &len), SLUSS_SEAL_OK);
	assert_int_equal(len, 7);
	assert_memory_equal(content, "content", 7);
	assert_int_equal(sluss_section_open(s.key, BYTES("label"), s.commitment, ct, content, 6, &len), SLUSS_SEAL_NO_ROOM);
	assert_int_equal(sluss_section_seal(s.key, BYTES("label"), BYTES("content"), s.ciphertext, 46, &len), SLUSS_SEAL_NO_ROOM);
	sluss_section_key_free(&s.key);
	make(&s, BYTES(""), BYTES(""));
	assert_int_equal(sluss_section_open(s.key, BYTES(""), s.commitment, (struct sluss_bytes){s.ciphertext, s.len}, content, 0, &len), SLUSS_SEAL_OK);
	assert_int_equal(len, 0);
	sluss_section_key_free(&s.key);
}

// Whatever is changed, it does not open.
static void section_tampering(void **state)
{
	(void)state;
	struct sealed s;
	uint8_t content[256];
	size_t len = 0;
	make(&s, BYTES("label"), BYTES("content"));
	for (size_t i = 0; i < s.len; i++) {
		s.ciphertext[i] ^= 0x80;
		assert_int_equal(sluss_section_open(s.key, BYTES("label"), s.commitment, (struct sluss_bytes){s.ciphertext, s.len}, content, sizeof(content), &len), SLUSS_SEAL_TAMPERED);
		s.ciphertext[i] ^= 0x80;
	}
	for (size_t cut = 0; cut < s.len; cut++) {
		assert_int_equal(sluss_section_open(s.key, BYTES("label"), s.commitment, (struct sluss_bytes){s.ciphertext, cut}, content, sizeof(content), &len), SLUSS_SEAL_TAMPERED);
	}
	struct sluss_bytes ct = {s.ciphertext, s.len};
	assert_int_equal(sluss_section_open(s.key, BYTES("lable"), s.commitment, ct, content, sizeof(content), &len), SLUSS_SEAL_TAMPERED);
	for (size_t i = 0; i < SLUSS_HASH_BYTES; i++) {
		s.commitment[i] ^= 1;
		assert_int_equal(sluss_section_open(s.key, BYTES("label"), s.commitment, ct, content, sizeof(content), &len), SLUSS_SEAL_UNCOMMITTED);
		s.commitment[i] ^= 1;
	}
	struct sluss_section_key *other = sluss_section_key_new();
	assert_int_equal(sluss_section_open(other, BYTES("label"), s.commitment, ct, content, sizeof(content), &len), SLUSS_SEAL_UNCOMMITTED);
	sluss_section_key_free(&other);
	sluss_section_key_free(&s.key);
}

static void sealed_keys(void **state)
{
	(void)state;
	uint8_t sealed[SLUSS_SEALED_KEY_BYTES];
	uint8_t a[SLUSS_HASH_BYTES];
	uint8_t b[SLUSS_HASH_BYTES];
	struct sluss_sealing_key *mine = sluss_sealing_key_new();
	struct sluss_sealing_key *yours = sluss_sealing_key_new();
	struct sluss_section_key *key = sluss_section_key_new();
	struct sluss_section_key *opened = NULL;
	assert_int_equal(sluss_section_key_seal(key, sluss_sealing_key_public(mine), sealed), SLUSS_SEAL_OK);
	assert_int_equal(sluss_section_key_open(mine, (struct sluss_bytes){sealed, sizeof(sealed)}, &opened), SLUSS_SEAL_OK);
	sluss_section_key_commitment(key, a);
	sluss_section_key_commitment(opened, b);
	assert_memory_equal(a, b, sizeof(a));
	sluss_section_key_free(&opened);
	assert_int_equal(sluss_section_key_open(yours, (struct sluss_bytes){sealed, sizeof(sealed)}, &opened), SLUSS_SEAL_WRONG_KEY);
	assert_null(opened);
	assert_int_equal(sluss_section_key_open(mine, (struct sluss_bytes){sealed, sizeof(sealed) - 1}, &opened), SLUSS_SEAL_WRONG_KEY);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		assert_int_equal(sluss_section_key_open(mine, (struct sluss_bytes){sealed, sizeof(sealed)}, &opened), SLUSS_SEAL_WRONG_KEY);
		sealed[i] ^= 1;
	}
	// A stored seed is the same key again.
	uint8_t seed[SLUSS_KEY_BYTES];
	sluss_sealing_key_seed(mine, seed);
	struct sluss_sealing_key *again = sluss_sealing_key_from_seed(seed);
	assert_string_equal(sluss_sealing_key_id(again), sluss_sealing_key_id(mine));
	assert_int_equal(sluss_section_key_open(again, (struct sluss_bytes){sealed, sizeof(sealed)}, &opened), SLUSS_SEAL_OK);
	sluss_section_key_free(&opened);
	sluss_section_key_free(&key);
	sluss_sealing_key_free(&again);
	sluss_sealing_key_free(&mine);
	sluss_sealing_key_free(&yours);
}

static void digest_vector(void **state)
{
	(void)state;
	static const uint8_t expected[SLUSS_HASH_BYTES] = {0xc2, 0x40, 0xe4, 0x5b, 0x69, 0x4c, 0x18, 0x8f, 0xc2, 0x9c, 0x8a, 0x59, 0x3d, 0x06, 0x8b, 0xed, 0xdd, 0x1a, 0x95, 0xd8, 0x50, 0x59, 0xe9, 0x08, 0x6a, 0x86, 0xfc, 0x73, 0x63, 0x44, 0x95, 0xa5};
	struct sluss_digest digest;
	sluss_section_digest(BYTES("header"), BYTES("ciphertext"), &digest);
	assert_memory_equal(digest.b, expected, sizeof(expected));
}

static void digest_lists(void **state)
{
	(void)state;
	struct sluss_digest real[SLUSS_SECTIONS_MAX];
	struct sluss_digest list[SLUSS_DIGESTS_MAX];
	for (size_t i = 0; i < SLUSS_SECTIONS_MAX; i++) {
		uint8_t octet = (uint8_t)i;
		sluss_section_digest((struct sluss_bytes){&octet, 1}, BYTES("c"), &real[i]);
	}
	for (size_t count = 1; count <= SLUSS_SECTIONS_MAX; count++) {
		size_t total = sluss_digest_list_make(real, count, list);
		assert_true(total > count && total <= count + SLUSS_DIGESTS_STEP && total % SLUSS_DIGESTS_STEP == 0);
		assert_true(sluss_digest_list_valid(list, total));
		for (size_t i = 0; i < count; i++) {
			size_t at = sluss_digest_list_find(list, total, &real[i]);
			assert_true(at < total);
			assert_memory_equal(list[at].b, real[i].b, SLUSS_HASH_BYTES);
		}
	}
	struct sluss_digest other;
	sluss_section_digest(BYTES("not"), BYTES("there"), &other);
	assert_int_equal(sluss_digest_list_find(list, SLUSS_DIGESTS_MAX, &other), SLUSS_DIGESTS_MAX);
	assert_int_equal(sluss_digest_list_make(real, 0, list), 0);
	assert_int_equal(sluss_digest_list_make(real, SLUSS_SECTIONS_MAX + 1, list), 0);
	real[1] = real[0];
	assert_int_equal(sluss_digest_list_make(real, 2, list), 0);
	// Not well-formed: count, order, double.
	assert_int_equal(sluss_digest_list_make(&real[2], 3, list), 8);
	assert_false(sluss_digest_list_valid(list, 7));
	assert_false(sluss_digest_list_valid(list, 0));
	struct sluss_digest first = list[0];
	list[0] = list[1];
	assert_false(sluss_digest_list_valid(list, 8));
	list[0] = list[1];
	list[1] = first;
	assert_false(sluss_digest_list_valid(list, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_ids_are_stable),
		cmocka_unit_test(signs_as_rfc8032),
		cmocka_unit_test(refuses_small_order_keys),
		cmocka_unit_test(possession),
		cmocka_unit_test(section_round_trip),
		cmocka_unit_test(section_tampering),
		cmocka_unit_test(sealed_keys),
		cmocka_unit_test(digest_vector),
		cmocka_unit_test(digest_lists),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
