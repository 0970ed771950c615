// SPDX-License-Identifier: EUPL-1.2
// Send, Fetch, Acknowledge: what an agency gets for what it asks, and what the log says afterwards.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_world.h"
#include "policy/record.h"
#include "queue.h"
#include "sluss/v1/payload.pb-c.h"

static const enum who to_soc[] = {SOC}, to_pol[] = {POL}, to_both[] = {SOC, POL}, to_other[] = {OTHER};

enum {
	OK = 0,
	INVALID_ARGUMENT = 3,
	NOT_FOUND = 5,
	ALREADY_EXISTS = 6,
	PERMISSION_DENIED = 7,
	EXHAUSTED = 8,
	FAILED_PRECONDITION = 9,
	UNAVAILABLE = 14,
	UNAUTHENTICATED = 16
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	world_start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_end(*state);
	free(*state);
	return 0;
}

static void permitted_is_accepted_delivered_and_erased(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_both, .to_count = 2, .sections = 2};
	struct sluss_sealed_message sealed = seal(w, &draft);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	const Sluss__V1__SendResponse *response = (const Sluss__V1__SendResponse *)answer.message;
	assert_int_equal(response->n_pairs, 4);
	assert_int_equal(response->receipt->log_index, w->records + 1); // behind RESTART
	assert_non_null(strstr(response->receipt->tlog_proof, AUTHORITY));
	assert_int_equal(state_of(w, SCH, &sealed.id, POL), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WAITING);
	answer_free(&answer);

	answer = fetch(w, SOC, 7, 0);
	const Sluss__V1__FetchResponse *got = (const Sluss__V1__FetchResponse *)answer.message;
	assert_int_equal(got->n_deliveries, 1);
	assert_int_equal(got->deliveries[0]->n_sections, 2);
	assert_int_equal(got->deliveries[0]->sections[0]->n_keys, 1);
	assert_true(answer.response->carries_release);
	const struct sluss_sealing_key *keys[] = {w->actors[SOC].seal};
	struct sluss_reader reader = {AUTHORITY, "soc-1", keys, 1};
	struct sluss_opened_message *opened;
	assert_int_equal(sluss_message_open(got->deliveries[0], &reader, &opened), SLUSS_MESSAGE_OK);
	assert_true(opened->usable);
	sluss_opened_message_free(&opened);
	struct answer acked =
	    acknowledge(w, SOC, got->deliveries[0], SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	answer_free(&answer);
	assert_int_equal(state_of(w, SCH, &sealed.id, SOC), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_ACKNOWLEDGED);
	assert_int_equal(fetch_count(w, SOC, 8), 0);
	assert_int_equal(fetch_count(w, POL, 9), 1);
	sluss_sealed_message_free(&sealed);
}

static void denied_is_logged_with_every_pair(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_both, .to_count = 2, .sections = 1, .category = "school_support"};
	struct sluss_sealed_message sealed = seal(w, &draft);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, PERMISSION_DENIED);
	assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_WRONG_CATEGORY);
	assert_int_equal(answer.response->refusal->n_pairs, 2);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 0);
	// The first answer again, also to a denial.
	answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, PERMISSION_DENIED);
	assert_int_equal(answer.response->refusal->n_pairs, 2);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_MESSAGE_DENIED), 1);
}

static void partial_delivers_what_is_permitted(void **state)
{
	struct world *w = *state;
	// The police may not tell social services about the school: only one of two recipients has a grant for what the
	// school sends under another consent's category.
	const enum who to[] = {SOC, POL};
	struct draft draft = {.from = SOC,
	    .to = &to[1],
	    .to_count = 1,
	    .sections = 1,
	    .category = "enrolment",
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_MEETING_NOTES};
	send_expecting(w, &draft, OK);
	const enum who police_and_school[] = {POL, SCH};
	draft = (struct draft){.from = SOC,
	    .to = police_and_school,
	    .to_count = 2,
	    .sections = 1,
	    .category = "enrolment",
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_MEETING_NOTES};
	send_expecting(w, &draft, PERMISSION_DENIED);
	draft.partial = true;
	struct sluss_id id = send_expecting(w, &draft, OK);
	assert_int_equal(fetch_count(w, POL, 7), 2);
	assert_int_equal(fetch_count(w, SCH, 8), 0);
	assert_int_equal(state_of(w, SOC, &id, SCH), SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_DENIED);
}

static void a_repeated_send_gets_the_first_answer(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	struct sluss_sealed_message sealed = seal(w, &draft);
	struct answer first = send_sealed(w, SCH, &sealed);
	assert_int_equal(first.code, OK);
	uint64_t index = ((const Sluss__V1__SendResponse *)first.message)->receipt->log_index;
	answer_free(&first);
	for (int round = 0; round < 2; round++) {
		atomic_fetch_add(&w->now_ms, 3600 * 1000); // long after: the id is known, so the clock does not matter
		struct answer again = send_sealed(w, SCH, &sealed);
		assert_int_equal(again.code, OK);
		assert_int_equal(((const Sluss__V1__SendResponse *)again.message)->receipt->log_index, index);
		answer_free(&again);
		if (round == 0) {
			world_stop(w);
			world_run(w);
		}
	}
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	// The same id with other content.
	struct draft other = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 2, .id = sealed.id};
	struct sluss_sealed_message changed = seal(w, &other);
	struct answer answer = send_sealed(w, SCH, &changed);
	assert_int_equal(answer.code, ALREADY_EXISTS);
	assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_ID_REUSED);
	answer_free(&answer);
	sluss_sealed_message_free(&changed);
	sluss_sealed_message_free(&sealed);
}

static void expect(
    struct world *w, const struct draft *draft, enum who sender, uint32_t code, Sluss__V1__ReasonCode reason)
{
	struct sluss_sealed_message sealed = seal(w, draft);
	struct answer answer = send_sealed(w, sender, &sealed);
	assert_int_equal(answer.code, code);
	assert_int_equal(answer.reason, reason);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
}

static void bad_senders_are_refused_and_leave_nothing(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1, .key = w->actors[POL].sign};
	expect(w, &draft, SCH, PERMISSION_DENIED,
	    SLUSS__V1__REASON_CODE__REASON_CODE_SIGNATURE_INVALID); // another agency's key
	struct sluss_signing_key *stranger = sluss_signing_key_new();
	draft.key = stranger;
	expect(w, &draft, SCH, PERMISSION_DENIED, SLUSS__V1__REASON_CODE__REASON_CODE_KEY_UNKNOWN);
	sluss_signing_key_free(&stranger);
	draft.key = NULL;
	expect(w, &draft, POL, PERMISSION_DENIED,
	    SLUSS__V1__REASON_CODE__REASON_CODE_SIGNATURE_INVALID); // another agency's certificate
	draft.skew_ms = 6 * 60 * 1000;
	expect(w, &draft, SCH, FAILED_PRECONDITION, SLUSS__V1__REASON_CODE__REASON_CODE_CLOCK_SKEW);
	draft.skew_ms = -draft.skew_ms;
	expect(w, &draft, SCH, FAILED_PRECONDITION, SLUSS__V1__REASON_CODE__REASON_CODE_CLOCK_SKEW);
	draft.skew_ms = 0;
	sluss_id_random(&draft.case_id);
	expect(w, &draft, SCH, NOT_FOUND, SLUSS__V1__REASON_CODE__REASON_CODE_UNKNOWN_CASE);
	w->actors[SCH].certificate[0] ^= 1;
	expect(w, &draft, SCH, UNAUTHENTICATED, SLUSS__V1__REASON_CODE__REASON_CODE_CERTIFICATE_UNKNOWN);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_NONE), w->records + 1);
}

static void changed_octets_are_refused(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	struct sluss_sealed_message sealed = seal(w, &draft);
	// Every octet of the request in turn: nothing but the unchanged one may be accepted, and nothing may break.
	for (size_t i = 0; i < sealed.request_len; i += 7) {
		sealed.request[i] ^= 0x20;
		struct answer answer = send_sealed(w, SCH, &sealed);
		// The sealed keys and their ids are not under the signature: the recipient would notice, the gateway
		// cannot.
		if (answer.code == OK)
			break;
		answer_free(&answer);
		sealed.request[i] ^= 0x20;
		if (i > sealed.request_len / 2)
			break;
	}
	sluss_sealed_message_free(&sealed);
	assert_int_equal(fetch_count(w, SOC, 7) <= 1, 1);
}

static void a_non_member_learns_nothing(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = OTHER,
	    .to = to_pol,
	    .to_count = 1,
	    .sections = 1,
	    .category = "enrolment",
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_MEETING_NOTES};
	struct sluss_sealed_message sealed = seal(w, &draft);
	for (int i = 0; i < 2; i++) {
		struct answer answer = send_sealed(w, OTHER, &sealed);
		assert_int_equal(answer.code, NOT_FOUND);
		assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_UNKNOWN_CASE);
		assert_int_equal(answer.response->refusal->n_pairs, 0);
		answer_free(&answer);
	}
	sluss_sealed_message_free(&sealed);
	// A recipient that is no member.
	draft = (struct draft){.from = SCH, .to = to_other, .to_count = 1, .sections = 1};
	expect(w, &draft, SCH, PERMISSION_DENIED, SLUSS__V1__REASON_CODE__REASON_CODE_NOT_A_MEMBER);
}

static void a_concern_report_opens_a_case(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH,
	    .to = to_other,
	    .to_count = 1,
	    .sections = 1,
	    .category = "family",
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_CONCERN_REPORT,
	    .provision = "SoL-14-1"};
	sluss_id_random(&draft.case_id);
	struct sluss_sealed_message sealed = seal(w, &draft);
	struct answer answer = send_sealed(w, SCH, &sealed);
	if (answer.code != OK)
		fail_msg("%u %s %s", answer.code, sluss_reason_name((enum sluss_reason)answer.reason),
		    answer.response->message);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	assert_int_equal(fetch_count(w, OTHER, 7), 1);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_CASE_OPENED), 3);
}

// A report of which one section may be told to one recipient; all its labels together make a log entry of more than 64
// KiB.
static struct sluss_sealed_message seal_report_beyond_an_entry(struct world *w)
{
	enum { SECTIONS = 64, EACH = 16 };
	const enum who to[] = {OTHER, SOC, POL, SCH};
	struct sluss_recipient_draft recipients[WHO_COUNT] = {{0}};
	for (size_t i = 0; i < WHO_COUNT; i++) {
		recipients[i].agency_id = w->actors[to[i]].id;
		memcpy(recipients[i].sealing_key, sluss_sealing_key_public(w->actors[to[i]].seal), 32);
	}
	char id[SLUSS_ID_TEXT], duty[] = "SoL-14-1", long_name[] = "a-provision-that-nobody-heard-o";
	Sluss__V1__Claim real = SLUSS__V1__CLAIM__INIT, unknown = SLUSS__V1__CLAIM__INIT, *one_claim[] = {&real},
			 *claims[EACH];
	real.ground_case = unknown.ground_case = SLUSS__V1__CLAIM__GROUND_PROVISION;
	real.provision = duty;
	unknown.provision = long_name;
	Sluss__V1__Concerned subject = SLUSS__V1__CONCERNED__INIT, other = SLUSS__V1__CONCERNED__INIT,
			     *one_person[] = {&subject}, *persons[EACH];
	subject.who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
	subject.subject = true;
	other.who_case = SLUSS__V1__CONCERNED__WHO_OTHER_CASE_ID;
	(void)sluss_id_format(&w->other_case, id);
	other.other_case_id = id;
	for (size_t i = 0; i < EACH; i++) {
		claims[i] = &unknown;
		persons[i] = &other;
	}
	char family[] = "family", attendance[] = "school_attendance", text[] = "worried";
	Sluss__V1__Note told = SLUSS__V1__NOTE__INIT, note = SLUSS__V1__NOTE__INIT;
	told.category = family;
	note.category = attendance;
	told.text = note.text = text;
	struct sluss_section_draft sections[SECTIONS];
	for (size_t i = 0; i < SECTIONS; i++)
		sections[i] = (struct sluss_section_draft){.purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION,
		    .concerned = i == 0 ? one_person : persons,
		    .concerned_count = i == 0 ? 1 : EACH,
		    .claims = i == 0 ? one_claim : claims,
		    .claim_count = i == 0 ? 1 : EACH,
		    .necessity = text,
		    .content = i == 0 ? &told.base : &note.base};
	struct sluss_message_draft draft = {.type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_CONCERN_REPORT,
	    .partial_delivery = true,
	    .recipients = recipients,
	    .recipient_count = WHO_COUNT,
	    .sections = sections,
	    .section_count = SECTIONS};
	sluss_id_random(&draft.case_id);
	struct sluss_author author = {AUTHORITY, w->actors[SCH].id, "t1", atomic_load(&w->now_ms)};
	struct sluss_sealed_message sealed;
	assert_int_equal(sluss_message_seal(&draft, &author, w->actors[SCH].sign, &sealed), SLUSS_MESSAGE_OK);
	return sealed;
}

// It is refused before its case is opened: half of it in the log would cost the whole batch, others' requests with it.
static void a_report_beyond_an_entry_is_refused_alone(void **state)
{
	struct world *w = *state;
	struct sluss_sealed_message sealed = seal_report_beyond_an_entry(w);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, INVALID_ARGUMENT);
	assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_TOO_LARGE);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_CASE_OPENED), 2);
}

static char *long_text(size_t len)
{
	char *text = malloc(len + 1);
	assert_non_null(text);
	memset(text, 'a', len);
	text[len] = 0;
	return text;
}

static void refused_as_too_large(struct world *w, size_t sections, size_t text_len)
{
	char *text = long_text(text_len);
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = sections, .text = text};
	struct sluss_sealed_message sealed = seal(w, &draft);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, INVALID_ARGUMENT);
	assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_TOO_LARGE);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	free(text);
}

// However large max_body is: nothing is accepted that could not be kept, or not be fetched in one answer; what is
// accepted comes, one by one if need be.
static void what_is_accepted_can_be_fetched(void **state)
{
	struct world *w = *state;
	refused_as_too_large(w, 1, 1 << 20);
	refused_as_too_large(w, 4, 900 << 10);
	char *text = long_text(900 << 10);
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 2, .text = text};
	send_expecting(w, &draft, OK);
	draft.sections = 3;
	send_expecting(w, &draft, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	free(text);
}

static void redelivery_until_acknowledged(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	send_expecting(w, &draft, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	assert_int_equal(fetch_count(w, SOC, 8), 0); // leased
	tell_closed(w, 7);
	assert_int_equal(fetch_count(w, SOC, 8), 1);   // its connection is gone
	struct answer answer = fetch(w, SOC, 9, 5000); // waits until the lease of connection 8 ends
	assert_int_equal(((const Sluss__V1__FetchResponse *)answer.message)->n_deliveries, 1);
	struct answer rejected = acknowledge(w, SOC, ((const Sluss__V1__FetchResponse *)answer.message)->deliveries[0],
	    SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED);
	assert_int_equal(rejected.code, OK);
	answer_free(&rejected);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_RELEASED), 3);
	assert_int_equal(count_records(w, SLUSS_REC_MISMATCH_REPORTED), 0); // it named no category
	assert_int_equal(count_records(w, SLUSS_REC_ACKNOWLEDGED), 1);
	world_run(w);
	assert_int_equal(fetch_count(w, SOC, 1), 0);
}

static void what_was_not_delivered_cannot_be_acknowledged(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_both, .to_count = 2, .sections = 1};
	send_expecting(w, &draft, OK);
	struct answer answer = fetch(w, SOC, 7, 0);
	struct answer acked = acknowledge(w, POL, ((const Sluss__V1__FetchResponse *)answer.message)->deliveries[0],
	    SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED);
	assert_int_equal(acked.code, NOT_FOUND);
	answer_free(&acked);
	answer_free(&answer);
}

static void a_waiting_fetch_is_woken(void **state)
{
	struct world *w = *state;
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.wait_ms = 20000;
	uint64_t waiting = ask_message(w, SLUSS_METHOD_EXCHANGE_FETCH, SOC, 7, &request.base);
	struct answer answer;
	assert_false(wait_answer(w, waiting, SLUSS_METHOD_EXCHANGE_FETCH, 100, &answer));
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	struct sluss_sealed_message sealed = seal(w, &draft);
	ask(w, SLUSS_METHOD_EXCHANGE_SEND, SCH, 1, sealed.request, sealed.request_len);
	assert_true(wait_answer(w, waiting, SLUSS_METHOD_EXCHANGE_FETCH, 5000, &answer));
	assert_int_equal(((const Sluss__V1__FetchResponse *)answer.message)->n_deliveries, 1);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	// One that nobody wakes ends with an empty list.
	answer = fetch(w, SOC, 9, 50);
	assert_int_equal(answer.code, OK);
	assert_int_equal(((const Sluss__V1__FetchResponse *)answer.message)->n_deliveries, 0);
	answer_free(&answer);
}

static void evaluate_says_what_send_would(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_both, .to_count = 2, .sections = 1};
	struct sluss_sealed_message sealed = seal(w, &draft);
	for (int i = 0; i < 2; i++) {
		uint64_t number = ask(w, SLUSS_METHOD_EXCHANGE_EVALUATE, SCH, 1, sealed.request, sealed.request_len);
		struct answer answer;
		assert_true(wait_answer(w, number, SLUSS_METHOD_EXCHANGE_EVALUATE, 5000, &answer));
		assert_int_equal(answer.code, OK);
		const Sluss__V1__EvaluateResponse *response = (const Sluss__V1__EvaluateResponse *)answer.message;
		assert_true(response->would_be_accepted);
		assert_int_equal(response->n_pairs, 2);
		assert_int_equal(response->n_what_would_change, 2);
		answer_free(&answer);
	}
	assert_int_equal(fetch_count(w, SOC, 7), 0);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
}

static void time_that_goes_back_denies(void **state)
{
	struct world *w = *state;
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	send_expecting(w, &draft, OK);
	atomic_fetch_sub(&w->now_ms, 1000);
	send_expecting(w, &draft, UNAVAILABLE);
	assert_int_equal(fetch_count(w, SOC, 7), 0);
	atomic_fetch_add(&w->now_ms, 1000);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(permitted_is_accepted_delivered_and_erased, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(denied_is_logged_with_every_pair, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(partial_delivers_what_is_permitted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_repeated_send_gets_the_first_answer, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bad_senders_are_refused_and_leave_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(changed_octets_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_non_member_learns_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_concern_report_opens_a_case, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_report_beyond_an_entry_is_refused_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_accepted_can_be_fetched, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(redelivery_until_acknowledged, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_was_not_delivered_cannot_be_acknowledged, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_waiting_fetch_is_woken, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(evaluate_says_what_send_would, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(time_that_goes_back_denies, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
