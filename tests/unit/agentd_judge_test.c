// SPDX-License-Identifier: EUPL-1.2
// What is final and what is not, as a table.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent.h"
#include "judge.h"

static Sluss__V1__Refusal detail = SLUSS__V1__REFUSAL__INIT;

static void test_table(void **state)
{
	(void)state;
	static const struct {
		enum sluss_client_result result;
		const char *code;
		unsigned status;
		enum sluss_reason reason; // NONE: without the contract's detail
		enum agentd_verdict sending, sealing;
		bool others; // wait too
	} rows[] = {
	    {SLUSS_CLIENT_OK, "", 200, SLUSS_REASON_NONE, AGENTD_ACCEPTED, AGENTD_ACCEPTED, false},
	    // A decision is final.
	    {SLUSS_CLIENT_DENIED, "permission_denied", 403, SLUSS_WITHDRAWN, AGENTD_REFUSED, AGENTD_REFUSED, false},
	    {SLUSS_CLIENT_DENIED, "permission_denied", 403, SLUSS_NO_GRANT, AGENTD_REFUSED, AGENTD_REFUSED, false},
	    {SLUSS_CLIENT_REFUSED, "invalid_argument", 400, SLUSS_MALFORMED, AGENTD_REFUSED, AGENTD_REFUSED, false},
	    {SLUSS_CLIENT_REFUSED, "not_found", 404, SLUSS_UNKNOWN_CASE, AGENTD_REFUSED, AGENTD_REFUSED, false},
	    {SLUSS_CLIENT_REFUSED, "invalid_argument", 400, SLUSS_UNKNOWN_AGENCY, AGENTD_REFUSED, AGENTD_REFUSED,
		false},
	    {SLUSS_CLIENT_REFUSED, "resource_exhausted", 429, SLUSS_TOO_LARGE, AGENTD_REFUSED, AGENTD_REFUSED, false},
	    // Never recorded: too old, or by a key that is no more.
	    {SLUSS_CLIENT_REFUSED, "failed_precondition", 400, SLUSS_CLOCK_SKEW, AGENTD_RESIGN, AGENTD_LATER, false},
	    {SLUSS_CLIENT_DENIED, "permission_denied", 403, SLUSS_KEY_UNKNOWN, AGENTD_RESIGN, AGENTD_LATER, false},
	    {SLUSS_CLIENT_DENIED, "permission_denied", 403, SLUSS_SIGNATURE_INVALID, AGENTD_RESIGN, AGENTD_LATER,
		false},
	    {SLUSS_CLIENT_REFUSED, "already_exists", 409, SLUSS_ID_REUSED, AGENTD_ASK, AGENTD_LATER, false},
	    // It passes, or cannot be told.
	    {SLUSS_CLIENT_UNAVAILABLE, "", 0, SLUSS_REASON_NONE, AGENTD_LINK, AGENTD_LINK, true},
	    {SLUSS_CLIENT_UNAVAILABLE, "unavailable", 503, SLUSS_UNAVAILABLE, AGENTD_LATER, AGENTD_LATER, true},
	    {SLUSS_CLIENT_UNAVAILABLE, "deadline_exceeded", 504, SLUSS_REASON_NONE, AGENTD_LATER, AGENTD_LATER, true},
	    {SLUSS_CLIENT_UNAVAILABLE, "resource_exhausted", 429, SLUSS_BUSY, AGENTD_LATER, AGENTD_LATER, false},
	    {SLUSS_CLIENT_DENIED, "permission_denied", 403, SLUSS_UNAVAILABLE, AGENTD_LATER, AGENTD_LATER, false},
	    {SLUSS_CLIENT_UNVERIFIED, "", 0, SLUSS_REASON_NONE, AGENTD_LATER, AGENTD_LATER, true},
	    {SLUSS_CLIENT_INTERNAL, "internal", 500, SLUSS_REASON_NONE, AGENTD_LATER, AGENTD_LATER, true},
	    // About the agency, not about the message.
	    {SLUSS_CLIENT_DENIED, "unauthenticated", 0, SLUSS_CERTIFICATE_UNKNOWN, AGENTD_LINK, AGENTD_LINK, false},
	    {SLUSS_CLIENT_DENIED, "permission_denied", 403, SLUSS_CERTIFICATE_UNKNOWN, AGENTD_LINK, AGENTD_LINK, false},
	    // Not the gateway's word: a box on the way answered.
	    {SLUSS_CLIENT_DENIED, "permission_denied", 403, SLUSS_REASON_NONE, AGENTD_LATER, AGENTD_LATER, true},
	    {SLUSS_CLIENT_REFUSED, "unimplemented", 404, SLUSS_REASON_NONE, AGENTD_LATER, AGENTD_LATER, true},
	    {SLUSS_CLIENT_REFUSED, "invalid_argument", 400, SLUSS_REASON_NONE, AGENTD_LATER, AGENTD_LATER, true},
	    // Refused here.
	    {SLUSS_CLIENT_BAD_REQUEST, "", 0, SLUSS_REASON_NONE, AGENTD_LATER, AGENTD_REFUSED, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sluss_client_error e = {.result = rows[i].result,
		    .code = rows[i].code,
		    .http_status = rows[i].status,
		    .reason = rows[i].reason,
		    .field = "",
		    .explanation = "x",
		    .refusal = rows[i].reason == SLUSS_REASON_NONE ? NULL : &detail};
		if (agentd_judge(&e, false) != rows[i].sending || agentd_judge(&e, true) != rows[i].sealing ||
		    agentd_is_about_gateway(&e) != rows[i].others)
			fail_msg("row %zu: %s, reason %d", i, rows[i].code, (int)rows[i].reason);
	}
	struct sluss_client_error settings = {
	    .result = SLUSS_CLIENT_BAD_REQUEST, .code = "", .field = "settings", .explanation = "x"};
	assert_int_equal(
	    agentd_judge(&settings, true), AGENTD_LINK); // a certificate that cannot be read refuses no message
}

static void test_why(void **state)
{
	(void)state;
	Sluss__V1__PairDecision pair = SLUSS__V1__PAIR_DECISION__INIT;
	Sluss__V1__PairDecision *pairs[] = {&pair};
	Sluss__V1__Refusal refusal = SLUSS__V1__REFUSAL__INIT;
	refusal.pairs = pairs;
	refusal.n_pairs = 1;
	struct sluss_client_error e = {.result = SLUSS_CLIENT_DENIED,
	    .code = "permission_denied",
	    .reason = SLUSS_NO_GRANT,
	    .field = "",
	    .explanation = "No.",
	    .refusal = &refusal};
	json_t *why = agentd_why(&e);
	assert_string_equal(json_string_value(json_object_get(why, "reason")), "NO_GRANT");
	assert_string_equal(json_string_value(json_object_get(why, "explanation")), "No.");
	assert_int_equal(json_array_size(json_object_get(why, "pairs")), 1);
	json_decref(why);
}

static void test_pauses(void **state)
{
	(void)state;
	const struct agentd_settings s = {.retry_first_ms = 100, .retry_max_ms = 1000};
	for (unsigned failures = 1; failures < 200; failures++) {
		int64_t bound = failures > 4 ? 1000 : 100 << (failures - 1);
		for (int i = 0; i < 20; i++)
			assert_in_range(agentd_pause_ms(&s, failures), 0, bound);
	}
	bool above_half = false;
	for (int i = 0; i < 200; i++)
		above_half = above_half || agentd_pause_ms(&s, 9) > 500;
	assert_true(above_half);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_why),
	    cmocka_unit_test(test_pauses),
	};
	return sluss_crypto_init() ? cmocka_run_group_tests_name("agentd_judge", tests, NULL, NULL) : 1;
}
