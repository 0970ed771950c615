// SPDX-License-Identifier: EUPL-1.2
// Connect errors as gateways, proxies and enemies send them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "connect_error.h"

static bool parse(const char *text, struct sluss_connect_error *out)
{
	return sluss_connect_error_parse((struct sluss_bytes){(const uint8_t *)text, strlen(text)}, out);
}

// Base64 of a refusal in the given variant.
static void encode(int variant, char *out, size_t room)
{
	Sluss__V1__Refusal refusal = SLUSS__V1__REFUSAL__INIT;
	Sluss__V1__PairDecision pair = SLUSS__V1__PAIR_DECISION__INIT;
	Sluss__V1__PairDecision *pairs[] = {&pair};
	uint8_t octets[256];
	refusal.reason = SLUSS__V1__REASON_CODE__REASON_CODE_NO_GRANT;
	refusal.explanation = (char *)(uintptr_t) "Nobody has agreed \xc3\xbf\xc3\xbe?";
	refusal.pairs = pairs;
	refusal.n_pairs = 1;
	pair.recipient_agency_id = (char *)(uintptr_t) "polis";
	size_t len = sluss__v1__refusal__pack(&refusal, octets);
	sodium_bin2base64(out, room, octets, len, variant);
}

static void reads_details(void **state)
{
	(void)state;
	static const int variants[] = {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING};
	for (size_t i = 0; i < 4; i++) {
		char base64[512];
		char text[1024];
		struct sluss_connect_error e;
		encode(variants[i], base64, sizeof(base64));
		(void)snprintf(text, sizeof(text),
		    "{\"code\":\"permission_denied\",\"message\":\"no\",\"details\":[{\"type\":\"other\",\"value\":\"AA\"},{\"type\":\"sluss.v1.Refusal\",\"value\":\"%s\",\"debug\":{}}]}", base64);
		assert_true(parse(text, &e));
		assert_string_equal(e.code, "permission_denied");
		assert_string_equal(e.message, "no");
		assert_non_null(e.refusal);
		assert_int_equal(e.refusal->reason, SLUSS__V1__REASON_CODE__REASON_CODE_NO_GRANT);
		assert_string_equal(e.refusal->pairs[0]->recipient_agency_id, "polis");
		sluss_connect_error_clear(&e);
		assert_null(e.refusal);
	}
}

static void refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "{", "[]", "null", "\"unavailable\"", "{}", "{\"code\":7}", "{\"code\":\"nonsense\"}", "<html>502</html>",
		"{\"code\":\"unavailable\",\"code\":\"internal\"}", "{\"code\":\"unavailable\"} x", "{\"code\":\"un\xff\"}"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sluss_connect_error e;
		assert_false(parse(bad[i], &e));
		assert_string_equal(e.code, "");
		assert_null(e.refusal);
		sluss_connect_error_clear(&e);
	}
}

// Code and message stand although the details cannot be used.
static void odd_details(void **state)
{
	(void)state;
	static const char *const odd[] = {"{\"code\":\"unavailable\"}", "{\"code\":\"unavailable\",\"message\":7,\"details\":{}}",
		"{\"code\":\"unavailable\",\"details\":[1,null,{},{\"type\":\"sluss.v1.Refusal\"},{\"type\":\"sluss.v1.Refusal\",\"value\":\"*\"}]}",
		"{\"code\":\"unavailable\",\"details\":[{\"type\":\"sluss.v1.Refusal\",\"value\":\"/////w\"}]}"};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct sluss_connect_error e;
		assert_true(parse(odd[i], &e));
		assert_string_equal(e.code, "unavailable");
		assert_string_equal(e.message, "");
		assert_null(e.refusal);
		sluss_connect_error_clear(&e);
	}
}

static void long_message_is_cut_between_characters(void **state)
{
	(void)state;
	char text[4096] = "{\"code\":\"internal\",\"message\":\"x";
	struct sluss_connect_error e;
	size_t at = strlen(text);
	for (int i = 0; i < 1000; i++) {
		memcpy(text + at, "\xc3\xa5", 2);
		at += 2;
	}
	memcpy(text + at, "\"}", 3);
	assert_true(parse(text, &e));
	size_t len = strlen(e.message);
	assert_true(len <= SLUSS_CONNECT_MESSAGE_MAX && len >= SLUSS_CONNECT_MESSAGE_MAX - 1);
	assert_int_equal((unsigned char)e.message[len - 1], 0xa5);
	sluss_connect_error_clear(&e);
}

static void statuses(void **state)
{
	(void)state;
	assert_string_equal(sluss_connect_code_of_status(503), "unavailable");
	assert_string_equal(sluss_connect_code_of_status(401), "unauthenticated");
	assert_string_equal(sluss_connect_code_of_status(418), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_details),
		cmocka_unit_test(refuses),
		cmocka_unit_test(odd_details),
		cmocka_unit_test(long_message_is_cut_between_characters),
		cmocka_unit_test(statuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
