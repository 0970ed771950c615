// SPDX-License-Identifier: EUPL-1.2
// Sessions: the window of counters, the ends, who makes room; and the keys that they are bound to.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "sessions.h"

enum { MAX = 12, LIFE = 1000, IDLE = 100 };

static struct sluss_session person(uint8_t number)
{
	struct sluss_session session = {.kind = SLUSS_SESSION_PERSON, .person = {{number}}};
	sluss_session_draw(&session);
	return session;
}

static struct sluss_bytes id_of(const struct sluss_session *session)
{
	return (struct sluss_bytes){session->id, sizeof(session->id)};
}

static void test_counters(void **state)
{
	(void)state;
	struct sluss_sessions *s = sluss_sessions_new(MAX, LIFE, IDLE);
	struct sluss_session one = person(1);
	sluss_sessions_open(s, &one, 0);
	assert_false(sluss_sessions_use(s, one.id, 0, 1));
	assert_true(sluss_sessions_use(s, one.id, 2, 1));
	assert_false(sluss_sessions_use(s, one.id, 2, 1));
	assert_true(sluss_sessions_use(s, one.id, 1, 1));
	assert_false(sluss_sessions_use(s, one.id, 1, 1));
	assert_true(sluss_sessions_use(s, one.id, 65, 1));
	assert_false(sluss_sessions_use(s, one.id, 2, 1)); // seen, and 63 behind
	assert_false(sluss_sessions_use(s, one.id, 1, 1)); // 64 behind
	for (uint64_t counter = 3; counter < 65; counter++)
		assert_true(sluss_sessions_use(s, one.id, counter, 1));
	assert_false(sluss_sessions_use(s, one.id, 64, 1));
	assert_true(sluss_sessions_use(s, one.id, UINT64_MAX, 1));
	assert_false(sluss_sessions_use(s, one.id, UINT64_MAX, 1));
	assert_true(sluss_sessions_use(s, one.id, UINT64_MAX - 63, 1));
	assert_false(sluss_sessions_use(s, one.id, UINT64_MAX - 64, 1));
	sluss_sessions_free(&s);
	assert_null(s);
}

static void test_ends(void **state)
{
	(void)state;
	struct sluss_sessions *s = sluss_sessions_new(MAX, LIFE, IDLE);
	struct sluss_session one = person(1), two = person(1), other = person(2), got;
	sluss_sessions_open(s, &one, 0);
	sluss_sessions_open(s, &two, 0);
	sluss_sessions_open(s, &other, 0);
	assert_true(sluss_sessions_use(s, one.id, 1, IDLE - 1));
	assert_true(sluss_sessions_get(s, id_of(&one), IDLE, &got));
	assert_int_equal(got.idle_until_ms, 2 * IDLE - 1);
	assert_false(sluss_sessions_get(s, id_of(&two), IDLE, &got));
	for (int64_t now = IDLE; now < LIFE; now += IDLE / 2)
		assert_true(sluss_sessions_use(s, one.id, (uint64_t)now, now));
	assert_false(sluss_sessions_get(s, id_of(&one), LIFE, &got));
	assert_int_equal(sluss_sessions_count(s, LIFE), 0);
	sluss_sessions_open(s, &one, LIFE);
	sluss_sessions_open(s, &two, LIFE);
	sluss_sessions_open(s, &other, LIFE);
	sluss_sessions_end(s, two.id);
	assert_false(sluss_sessions_get(s, id_of(&two), LIFE, &got));
	sluss_sessions_open(s, &two, LIFE);
	assert_int_equal(sluss_sessions_end_all(s, &one), 2);
	assert_true(sluss_sessions_get(s, id_of(&other), LIFE, &got));
	assert_false(sluss_sessions_get(s, (struct sluss_bytes){other.id, 31}, LIFE, &got));
	sluss_sessions_free(&s);
}

static void test_end_one(void **state)
{
	(void)state;
	struct sluss_sessions *s = sluss_sessions_new(MAX, LIFE, IDLE);
	struct sluss_session one = person(1), other = person(2), staff = {.kind = SLUSS_SESSION_STAFF, .agency = "soc"},
			     like = {.kind = SLUSS_SESSION_STAFF, .agency = "soc"}, ended;
	memcpy(staff.officer, "o1", 3);
	memset(staff.id, 9, sizeof(staff.id));
	sluss_sessions_open(s, &one, 0);
	sluss_sessions_open(s, &other, 0);
	sluss_sessions_open(s, &staff, 0);
	assert_true(sluss_sessions_end_one(s, &like, &ended));
	assert_string_equal(ended.officer, "o1");
	assert_false(sluss_sessions_end_one(s, &like, &ended));
	assert_true(sluss_sessions_end_one(s, &one, &ended));
	assert_memory_equal(ended.id, one.id, sizeof(ended.id));
	like.kind = SLUSS_SESSION_NONE;
	assert_true(sluss_sessions_end_one(s, &like, &ended));
	assert_false(sluss_sessions_end_one(s, &like, &ended));
	sluss_sessions_free(&s);
}

static void test_room(void **state)
{
	(void)state;
	struct sluss_sessions *s = sluss_sessions_new(MAX, LIFE, IDLE);
	struct sluss_session first = person(1), other = person(2), staff = {.kind = SLUSS_SESSION_STAFF}, got;
	sluss_sessions_open(s, &first, 0);
	sluss_sessions_open(s, &other, 1);
	for (int64_t i = 2; i < 1 + SLUSS_SESSIONS_EACH; i++) {
		struct sluss_session more = person(1);
		sluss_sessions_open(s, &more, i);
	}
	assert_true(sluss_sessions_get(s, id_of(&first), 10, &got));
	struct sluss_session ninth = person(1);
	sluss_sessions_open(s, &ninth, 10);
	assert_false(sluss_sessions_get(s, id_of(&first), 10, &got)); // its own oldest made room
	assert_true(sluss_sessions_get(s, id_of(&other), 10, &got));
	for (char i = 'a'; i < 'e'; i++) {
		staff.officer[0] = i;
		sluss_session_draw(&staff);
		sluss_sessions_open(s, &staff, 20);
	}
	assert_int_equal(sluss_sessions_count(s, 20), MAX);
	assert_false(sluss_sessions_get(s, id_of(&other), 20, &got)); // the longest idle of all
	sluss_sessions_free(&s);
}

static void test_id_text(void **state)
{
	(void)state;
	struct sluss_session one = person(1);
	char text[SLUSS_SESSION_ID_TEXT];
	uint8_t back[SLUSS_SESSION_ID_BYTES];
	sluss_session_id_text(one.id, text);
	assert_true(sluss_session_id_parse(text, back));
	assert_memory_equal(back, one.id, sizeof(back));
	text[42] = '\0';
	assert_false(sluss_session_id_parse(text, back));
	assert_false(sluss_session_id_parse("", back));
}

// A key of OpenSSL's own and its signature, as a browser would give them.
static void sign(
    uint8_t key_out[SLUSS_SESSION_KEY_BYTES], const char *text, uint8_t signature_out[SLUSS_SESSION_SIGNATURE_BYTES])
{
	size_t len = 0, der_len;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t der[80];
	der_len = sizeof(der);
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", key_out, SLUSS_SESSION_KEY_BYTES, &len), 1);
	assert_int_equal(len, SLUSS_SESSION_KEY_BYTES);
	assert_int_equal(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(context, der, &der_len, (const uint8_t *)text, strlen(text)), 1);
	const uint8_t *at = der;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature_out, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature_out + 32, 32), 32);
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}

static void test_keys(void **state)
{
	(void)state;
	uint8_t key[SLUSS_SESSION_KEY_BYTES], other[SLUSS_SESSION_KEY_BYTES], signature[SLUSS_SESSION_SIGNATURE_BYTES],
	    foreign[SLUSS_SESSION_SIGNATURE_BYTES];
	sign(other, "slussport", foreign);
	sign(key, "slussport", signature);
	const struct sluss_bytes parts[] = {{(const uint8_t *)"sluss", 5}, {NULL, 0}, {(const uint8_t *)"port", 4}};
	struct sluss_bytes good = {signature, sizeof(signature)};
	assert_true(sluss_session_key_valid((struct sluss_bytes){key, sizeof(key)}));
	assert_true(sluss_session_key_verify(key, parts, 3, good));
	assert_false(sluss_session_key_verify(key, parts, 2, good));
	assert_false(sluss_session_key_verify(other, parts, 3, good));
	assert_false(sluss_session_key_verify(key, parts, 3, (struct sluss_bytes){foreign, sizeof(foreign)}));
	assert_false(sluss_session_key_verify(key, parts, 3, (struct sluss_bytes){signature, 63}));
	for (size_t i = 0; i < sizeof(signature); i++) {
		signature[i] ^= 1;
		assert_false(sluss_session_key_verify(key, parts, 3, good));
		signature[i] ^= 1;
	}
	memset(signature, 0, sizeof(signature));
	assert_false(sluss_session_key_verify(key, parts, 3, good));
	key[64] ^= 1; // not on the curve
	assert_false(sluss_session_key_valid((struct sluss_bytes){key, sizeof(key)}));
	key[64] ^= 1;
	assert_false(sluss_session_key_valid((struct sluss_bytes){key, 64}));
	key[0] = 2; // compressed form
	assert_false(sluss_session_key_valid((struct sluss_bytes){key, sizeof(key)}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_counters),
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_end_one),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_id_text),
	    cmocka_unit_test(test_keys),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
