// SPDX-License-Identifier: EUPL-1.2
// Enrolment tokens: their text, the log key that they stand for, and the proof that goes in their place.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sluss/enrol.h"

static const char log_key[] = "sluss.test+00000000+AAAA";

static void text_comes_back(void **state)
{
	(void)state;
	struct sluss_enrol_token token, again;
	char text[SLUSS_ENROL_TOKEN_TEXT];
	sluss_enrol_token_new(log_key, &token);
	sluss_enrol_token_format(&token, text);
	assert_int_equal(strlen(text), SLUSS_ENROL_TOKEN_TEXT - 1);
	assert_true(sluss_enrol_token_parse(text, &again));
	assert_memory_equal(&token, &again, sizeof(token));
	assert_true(sluss_enrol_token_fits_log(&again, log_key));
	assert_false(sluss_enrol_token_fits_log(&again, "sluss.test+00000000+AAAB"));
}

static void refuses_what_is_no_token(void **state)
{
	(void)state;
	struct sluss_enrol_token token;
	char text[SLUSS_ENROL_TOKEN_TEXT + 1];
	sluss_enrol_token_new(log_key, &token);
	assert_false(sluss_enrol_token_parse("", &token));
	for (size_t i = 0; i < SLUSS_ENROL_TOKEN_TEXT - 1; i++) {
		sluss_enrol_token_new(log_key, &token);
		sluss_enrol_token_format(&token, text);
		text[i] = '!';
		assert_false(sluss_enrol_token_parse(text, &token));
		text[i] = '\0';
		assert_false(sluss_enrol_token_parse(text, &token));
	}
	sluss_enrol_token_new(log_key, &token);
	sluss_enrol_token_format(&token, text);
	memcpy(text + SLUSS_ENROL_TOKEN_TEXT - 1, "0", 2);
	assert_false(sluss_enrol_token_parse(text, &token));
}

static void the_proof_is_over_everything(void **state)
{
	(void)state;
	uint8_t secret[SLUSS_ENROL_SECRET_BYTES] = {1}, sign[SLUSS_KEY_BYTES] = {2}, seal[SLUSS_KEY_BYTES] = {3};
	uint8_t right[SLUSS_ENROL_MAC_BYTES], other[SLUSS_ENROL_MAC_BYTES];
	sluss_enrol_mac(secret, "a", "school", sign, seal, "csr", right);
	assert_true(sluss_enrol_mac_equal(right, right, sizeof(right)));
	assert_false(sluss_enrol_mac_equal(right, right, sizeof(right) - 1));
	sluss_enrol_mac(secret, "b", "school", sign, seal, "csr", other);
	assert_false(sluss_enrol_mac_equal(right, other, sizeof(other)));
	sluss_enrol_mac(secret, "a", "school2", sign, seal, "csr", other);
	assert_false(sluss_enrol_mac_equal(right, other, sizeof(other)));
	sluss_enrol_mac(secret, "a", "school", seal, sign, "csr", other);
	assert_false(sluss_enrol_mac_equal(right, other, sizeof(other)));
	sluss_enrol_mac(secret, "a", "school", sign, seal, "csR", other);
	assert_false(sluss_enrol_mac_equal(right, other, sizeof(other)));
	secret[0] = 9;
	sluss_enrol_mac(secret, "a", "school", sign, seal, "csr", other);
	assert_false(sluss_enrol_mac_equal(right, other, sizeof(other)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_comes_back),
	    cmocka_unit_test(refuses_what_is_no_token),
	    cmocka_unit_test(the_proof_is_over_everything),
	};
	return sluss_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
