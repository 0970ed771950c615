// SPDX-License-Identifier: EUPL-1.2
// The replay finds what a gateway that holds the log's key wrote and should not have: each forged log has one fault,
// and is found in its class. The log before the fault is clean.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "forge.h"

static const char *const both[] = {"soc-1", "police-1"};
static const char *const attendance[] = {"school_attendance", "school_support"};

static void open_world(struct forge *forge)
{
	forge_open(forge);
	forge_world(forge, false);
}

static void show(const struct forge_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		print_message("  %lld %s: %s\n", (long long)findings->list[i].index,
		    sluss_audit_kind_name(findings->list[i].kind), findings->list[i].text);
}

// Publishes and verifies: exactly these findings' kind is there, at this entry, and none of another class.
static void expect(struct forge *forge, enum sluss_audit_kind kind, uint64_t index)
{
	struct forge_findings findings;
	forge_publish(forge);
	forge_verify(forge, NULL, &findings);
	if (kind == SLUSS_AUDIT_KIND_NONE && findings.outcome != SLUSS_AUDIT_CLEAN)
		show(&findings);
	if (kind == SLUSS_AUDIT_KIND_NONE) {
		assert_int_equal(findings.outcome, SLUSS_AUDIT_CLEAN);
		assert_true(findings.report.complete);
	} else {
		bool found = false;
		for (size_t i = 0; i < findings.count; i++)
			found = found || (findings.list[i].kind == kind && findings.list[i].index == index);
		if (!found)
			show(&findings);
		assert_int_equal(findings.outcome, SLUSS_AUDIT_FINDINGS);
		assert_true(found);
	}
	forge_close(forge);
}

static void send_both(struct forge *forge, struct forge_message *message)
{
	forge_draft(forge, message, 2, both, 1, attendance);
	assert_true(forge_send(forge, message));
}

// ---- what is right

static void test_fetched_and_not_acknowledged_is_withheld_too(void **state)
{
	struct forge forge;
	struct forge_message one, two, three, four;
	(void)state;
	open_world(&forge);
	send_both(&forge, &one);
	forge_fetch(&forge, &one, "soc-1");
	forge_fetch(&forge, &one, "soc-1"); // once more, after a lease
	forge_acknowledge(&forge, &one, "soc-1");
	forge_fetch(&forge, &one, "police-1");
	forge_pass(&forge, FORGE_DAY_MS);
	forge_draft(&forge, &two, 1, both, 2, attendance);
	two.record.partial = true;
	assert_true(forge_send(&forge, &two));
	forge_draft(&forge, &three, 1, both, 2, attendance);
	assert_false(forge_send(&forge, &three));
	send_both(&forge, &four);
	// What one has fetched and not acknowledged waits as much as what nobody has: both are withheld.
	struct sluss_id withdrawal = forge_withdraw(&forge, "school_attendance", &four);
	assert_false(sluss_id_is_none(&withdrawal));
	forge_drop(&forge, forge.entry_count - 1); // the last "destroyed" comes after the others' withholding
	expect(&forge, SLUSS_AUDIT_NOT_WITHHELD, SLUSS_AUDIT_NO_INDEX);
}

static void test_plain_log_is_clean(void **state)
{
	struct forge forge;
	struct forge_message one, two, three, four;
	(void)state;
	open_world(&forge);
	send_both(&forge, &one);
	forge_fetch(&forge, &one, "soc-1");
	forge_fetch(&forge, &one, "soc-1"); // once more, after a lease
	forge_acknowledge(&forge, &one, "soc-1");
	forge_fetch(&forge, &one, "police-1");
	forge_acknowledge(&forge, &one, "police-1");
	forge_pass(&forge, FORGE_DAY_MS);
	forge_draft(&forge, &two, 1, both, 2, attendance);
	two.record.partial = true;
	assert_true(forge_send(&forge, &two));
	forge_fetch(&forge, &two, "soc-1");
	forge_acknowledge(&forge, &two, "soc-1");
	forge_draft(&forge, &three, 1, both, 2, attendance);
	assert_false(forge_send(&forge, &three));
	send_both(&forge, &four);
	(void)forge_withdraw(&forge, "school_attendance", &four);
	forge_draft(&forge, &three, 1, both, 1, attendance);
	assert_false(forge_send(&forge, &three));
	expect(&forge, SLUSS_AUDIT_KIND_NONE, 0);
}

// ---- releases

static void test_release_without_ground(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_draft(&forge, &message, 1, both, 2, attendance);
	message.record.partial = true;
	assert_true(forge_send(&forge, &message)); // school_support was denied
	uint64_t at = forge_release(&forge, &message, "soc-1");
	expect(&forge, SLUSS_AUDIT_RELEASED_WITHOUT_GROUND, at);
}

static void test_release_after_withdrawal(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	(void)forge_withdraw(&forge, "school_attendance", NULL);
	uint64_t at = forge_release(&forge, &message, "soc-1");
	expect(&forge, SLUSS_AUDIT_RELEASED_AFTER_WITHDRAWAL, at);
}

static void test_release_after_destruction(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	(void)forge_withdraw(&forge, "school_attendance", &message);
	uint64_t at = forge_release(&forge, &message, "soc-1");
	expect(&forge, SLUSS_AUDIT_RELEASED_AFTER_DESTRUCTION, at);
}

static void test_release_before_acceptance(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	forge_fetch(&forge, &message, "soc-1");
	forge_swap(&forge, forge.entry_count - 1, forge.entry_count - 2);
	uint64_t at = forge.entry_count - 2;
	expect(&forge, SLUSS_AUDIT_UNKNOWN_MESSAGE, at);
}

static void test_acknowledged_before_release(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	forge_acknowledge(&forge, &message, "soc-1");
	uint64_t at = forge.entry_count - 1;
	expect(&forge, SLUSS_AUDIT_ACKNOWLEDGED_BEFORE_RELEASE, at);
}

static void test_release_after_the_end(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	forge_fetch(&forge, &message, "soc-1");
	forge_acknowledge(&forge, &message, "soc-1");
	forge_fetch(&forge, &message, "soc-1");
	uint64_t at = forge.entry_count - 1;
	expect(&forge, SLUSS_AUDIT_RELEASED_AFTER_END, at);
}

// ---- decisions

static void test_denial_left_out(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_draft(&forge, &message, 1, both, 2, attendance);
	message.record.partial = true;
	forge_decide(&forge, &message);
	message.record.pair_count = 1; // the second is the denied one
	uint64_t at = forge_accept(&forge, &message);
	expect(&forge, SLUSS_AUDIT_DECISION_LEFT_OUT, at);
}

static void test_accepted_whole_with_a_denial(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_draft(&forge, &message, 1, both, 2, attendance);
	forge_decide(&forge, &message);
	uint64_t at = forge_accept(&forge, &message);
	expect(&forge, SLUSS_AUDIT_OUTCOME_DIFFERS, at);
}

static void test_accepted_without_ground(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_draft(&forge, &message, 1, both, 1, attendance + 1);
	forge_decide(&forge, &message);
	message.pairs[0].reason = SLUSS_OK_CONSENT;
	message.pairs[0].ground = SLUSS_GROUND_CONSENT;
	uint64_t at = forge_accept(&forge, &message);
	expect(&forge, SLUSS_AUDIT_ACCEPTED_WITHOUT_GROUND, at);
}

static void test_denied_though_permitted(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_draft(&forge, &message, 1, both, 1, attendance);
	forge_decide(&forge, &message);
	message.pairs[0].reason = SLUSS_NO_GRANT;
	message.pairs[0].ground = SLUSS_GROUND_NONE;
	uint64_t at = forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_MESSAGE_DENIED, .u.message_denied = message.record});
	expect(&forge, SLUSS_AUDIT_DENIED_THOUGH_PERMITTED, at);
}

static void test_another_ground_than_the_true_one(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_draft(&forge, &message, 1, both, 1, attendance);
	forge_decide(&forge, &message);
	message.grounds[0][0] = forge.links[0];
	uint64_t at = forge_accept(&forge, &message);
	expect(&forge, SLUSS_AUDIT_DECISION_DIFFERS, at);
}

static void test_withholding_left_out(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	(void)forge_withdraw(&forge, "school_attendance", NULL);
	expect(&forge, SLUSS_AUDIT_NOT_WITHHELD, SLUSS_AUDIT_NO_INDEX);
}

static void test_destruction_left_out(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	(void)forge_withdraw(&forge, "school_attendance", &message);
	forge_drop(&forge, forge.entry_count - 1);
	expect(&forge, SLUSS_AUDIT_NOT_DESTROYED, SLUSS_AUDIT_NO_INDEX);
}

// ---- order and time

static void test_time_runs_back(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	forge_pass(&forge, -FORGE_HOUR_MS);
	uint64_t at = forge_release(&forge, &message, "soc-1");
	expect(&forge, SLUSS_AUDIT_TIME_RUNS_BACK, at);
}

static void test_entry_dropped(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	forge_drop(&forge, forge.entry_count - 1); // published without its acceptance
	forge_fetch(&forge, &message, "soc-1");
	uint64_t at = forge.entry_count - 1;
	expect(&forge, SLUSS_AUDIT_UNKNOWN_MESSAGE, at);
}

static void test_entry_twice(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	forge_fetch(&forge, &message, "soc-1");
	forge_twice(&forge, forge.entry_count - 1);
	uint64_t at = forge.entry_count - 1;
	expect(&forge, SLUSS_AUDIT_ENTRY_REPEATED, at);
}

static void test_message_id_twice(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	uint64_t at = forge_accept(&forge, &message);
	expect(&forge, SLUSS_AUDIT_MESSAGE_ID_REUSED, at);
}

static void test_birthday_left_out(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge); // 16, which is 15 to 17 on record: in three years at the latest that is over
	forge_pass(&forge, 4 * 366 * FORGE_DAY_MS);
	forge_draft(&forge, &message, 1, both, 1, attendance);
	(void)forge_send(&forge, &message);
	uint64_t at = forge.entry_count - 1;
	expect(&forge, SLUSS_AUDIT_BIRTHDAY_MISSING, at);
}

static void test_younger_than_before(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	struct sluss_record record = {.type = SLUSS_REC_PERSON_AGE, .u.person_age = {.person = forge.subject}};
	sluss_age_band(forge.policy, 12, &record.u.person_age.from_years, &record.u.person_age.until_years);
	uint64_t at = forge_record(&forge, record);
	expect(&forge, SLUSS_AUDIT_AGE_CONTRADICTS, at);
}

static void test_phase_move_left_out(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	(void)forge_withdraw(&forge, "enrolment", NULL); // the way from social services to police
	forge_draft(&forge, &message, 1, both, 1, attendance);
	forge_pass(&forge, FORGE_HOUR_MS);
	(void)forge_send(&forge, &message);
	uint64_t at = forge.entry_count - 1;
	expect(&forge, SLUSS_AUDIT_PHASE_MOVE_MISSING, at);
}

static void test_phase_move_by_itself(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	(void)forge_withdraw(&forge, "enrolment", NULL);
	(void)forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_PHASE_SET,
			.u.phase_set = {.case_id = forge.kase, .phase = SLUSS_PHASE_CLOSING, .by_gateway = true}});
	expect(&forge, SLUSS_AUDIT_KIND_NONE, 0);
}

static void test_phase_move_without_cause(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	uint64_t at = forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_PHASE_SET,
			.u.phase_set = {.case_id = forge.kase, .phase = SLUSS_PHASE_CLOSING, .by_gateway = true}});
	expect(&forge, SLUSS_AUDIT_PHASE_MOVE_UNFOUNDED, at);
}

static void test_link_that_ends_by_time(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_pass(&forge, 301 * FORGE_DAY_MS); // every grant is over
	forge_draft(&forge, &message, 1, both, 1, attendance);
	(void)forge_send(&forge, &message);
	uint64_t at = forge.entry_count - 1;
	expect(&forge, SLUSS_AUDIT_PHASE_MOVE_MISSING, at);
}

static void test_clock_stepped_by_a_real_authority(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	uint64_t at = forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_CLOCK_STEP, .u.clock_step = {.to_ms = forge.now_ms + 1}});
	expect(&forge, SLUSS_AUDIT_CLOCK_STEPPED, at);
}

static void test_case_opened_by_nothing(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	(void)forge_record(&forge, (struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
				       .u.case_opened = {.case_id = forge_id(&forge),
					   .subject = forge_id(&forge),
					   .phase = SLUSS_PHASE_NOMINATED,
					   .agency = "soc-1",
					   .reporter = "school-1"}});
	expect(&forge, SLUSS_AUDIT_CASE_OPENED_BY_NOTHING, SLUSS_AUDIT_NO_INDEX);
}

static void test_unknown_ids(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	uint64_t at = forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_GUARDIANS_SET,
			.u.guardians_set = {.case_id = forge_id(&forge), .agency = "soc-1", .officer = "s1"}});
	expect(&forge, SLUSS_AUDIT_CONTRADICTS, at);
}

// ---- persons and officers

static uint64_t act(struct forge *forge, struct sluss_id person, const char *officer)
{
	return forge_record(forge, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
				       .u.grant_status = {.case_id = forge->kase,
					   .act = SLUSS_ACT_PAUSE,
					   .person = person,
					   .consent = forge->consent,
					   .grants = forge->attendance,
					   .grant_count = 1,
					   .channel = SLUSS_CHANNEL_PAPER,
					   .agency = "soc-1",
					   .officer = officer}});
}

static void test_act_of_a_stranger(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	uint64_t at = act(&forge, forge_id(&forge), "s1");
	expect(&forge, SLUSS_AUDIT_NOT_ENTITLED, at);
}

static void test_act_recorded_by_a_stranger(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	uint64_t at = act(&forge, forge.guardian, "s7");
	expect(&forge, SLUSS_AUDIT_NOT_CONTACT, at);
}

static void test_approved_by_the_same_officer(void **state)
{
	struct forge forge;
	static const char *const officers[] = {"s1"}, *const police[] = {"police-1"}, *const threat[] = {"threat"};
	(void)state;
	open_world(&forge);
	(void)forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_APPROVERS_SET,
			.u.approvers_set = {.agency = "soc-1", .officers = officers, .officer_count = 1}});
	struct sluss_record asked = {.type = SLUSS_REC_STATUTE_REQUESTED,
	    .u.statute_requested = {.request = forge_id(&forge),
		.case_id = forge.kase,
		.provision = "OSL-10-18a",
		.agency = "soc-1",
		.officer = "s1",
		.message_type = SLUSS_MESSAGE_THREAT_ASSESSMENT,
		.recipients = police,
		.recipient_count = 1,
		.categories = threat,
		.category_count = 1,
		.necessity = true}};
	memset(asked.u.statute_requested.necessity_hash, 2, SLUSS_HASH_BYTES);
	(void)forge_record(&forge, asked);
	uint64_t at = forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_STATUTE_APPROVED,
			.u.statute_approved = {
			    .request = asked.u.statute_requested.request, .agency = "soc-1", .officer = "s1"}});
	expect(&forge, SLUSS_AUDIT_STATUTE_WRONG, at);
}

static void test_phase_that_may_not_be(void **state)
{
	struct forge forge;
	(void)state;
	open_world(&forge);
	uint64_t at = forge_record(&forge,
	    (struct sluss_record){.type = SLUSS_REC_PHASE_SET,
		.u.phase_set = {
		    .case_id = forge.kase, .phase = SLUSS_PHASE_NOMINATED, .agency = "soc-1", .officer = "s1"}});
	expect(&forge, SLUSS_AUDIT_PHASE_WRONG, at);
}

static void test_recall_that_nobody_answers(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	send_both(&forge, &message);
	forge_fetch(&forge, &message, "soc-1");
	forge_acknowledge(&forge, &message, "soc-1");
	forge_fetch(&forge, &message, "police-1");
	forge_acknowledge(&forge, &message, "police-1");
	(void)forge_withdraw(&forge, "school_attendance", NULL);
	forge_pass(&forge, 20 * FORGE_DAY_MS);
	(void)forge_record(&forge, (struct sluss_record){.type = SLUSS_REC_RESTART});
	expect(&forge, SLUSS_AUDIT_RECALL_OVERDUE, SLUSS_AUDIT_NO_INDEX);
}

static void test_recall_left_out(void **state)
{
	struct forge forge;
	struct forge_message message;
	(void)state;
	open_world(&forge);
	forge_draft(&forge, &message, 1, both, 1, attendance);
	assert_true(forge_send(&forge, &message));
	forge_fetch(&forge, &message, "soc-1");
	forge_acknowledge(&forge, &message, "soc-1");
	(void)forge_withdraw(&forge, "school_attendance", NULL);
	forge_drop(&forge, forge.entry_count - 1); // the recall
	expect(&forge, SLUSS_AUDIT_RECALL_MISSING, SLUSS_AUDIT_NO_INDEX);
}

static void test_person_was_not_told(void **state)
{
	struct forge forge;
	struct forge_message message;
	static const char *const officers[] = {"s9"}, *const police[] = {"police-1"}, *const threat[] = {"threat"};
	(void)state;
	open_world(&forge);
	struct sluss_id request = forge_id(&forge);
	(void)forge_record(
	    &forge, (struct sluss_record){.type = SLUSS_REC_APPROVERS_SET,
			.u.approvers_set = {.agency = "soc-1", .officers = officers, .officer_count = 1}});
	struct sluss_record asked = {.type = SLUSS_REC_STATUTE_REQUESTED,
	    .u.statute_requested = {.request = request,
		.case_id = forge.kase,
		.provision = "OSL-10-18a",
		.agency = "soc-1",
		.officer = "s1",
		.message_type = SLUSS_MESSAGE_THREAT_ASSESSMENT,
		.recipients = police,
		.recipient_count = 1,
		.categories = threat,
		.category_count = 1,
		.necessity = true}};
	memset(asked.u.statute_requested.necessity_hash, 2, SLUSS_HASH_BYTES);
	(void)forge_record(&forge, asked);
	(void)forge_record(&forge, (struct sluss_record){.type = SLUSS_REC_STATUTE_APPROVED,
				       .u.statute_approved = {.request = request, .agency = "soc-1", .officer = "s9"}});
	forge_draft(&forge, &message, 1, police, 1, threat);
	message.record.sender = "soc-1";
	message.record.officer = "s1";
	message.record.message_type = SLUSS_MESSAGE_THREAT_ASSESSMENT;
	message.claim = (struct sluss_claim){.kind = SLUSS_CLAIM_APPROVAL, .id = request, .provision = ""};
	message.sections[0].necessity = true;
	assert_true(forge_send(&forge, &message));
	forge_fetch(&forge, &message, "police-1");
	forge_pass(&forge, FORGE_DAY_MS);
	(void)forge_record(&forge, (struct sluss_record){.type = SLUSS_REC_RESTART});
	expect(&forge, SLUSS_AUDIT_NOTICE_MISSING, SLUSS_AUDIT_NO_INDEX);
}

static void test_policy_missing(void **state)
{
	struct forge forge;
	struct forge_findings findings;
	(void)state;
	open_world(&forge);
	forge_publish(&forge);
	for (size_t i = forge.file_count; i-- > 0;) {
		if (strncmp(forge.files[i].path, "policies/", 9) == 0)
			forge_remove_file(&forge, forge.files[i].path);
	}
	forge_verify(&forge, NULL, &findings);
	assert_true(forge_found(&findings, SLUSS_AUDIT_POLICY_MISSING));
	assert_true(forge_found(&findings, SLUSS_AUDIT_REPLAY_GAP));
	assert_false(findings.report.complete);
	forge_close(&forge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_log_is_clean),
	    cmocka_unit_test(test_fetched_and_not_acknowledged_is_withheld_too),
	    cmocka_unit_test(test_release_without_ground),
	    cmocka_unit_test(test_release_after_withdrawal),
	    cmocka_unit_test(test_release_after_destruction),
	    cmocka_unit_test(test_release_before_acceptance),
	    cmocka_unit_test(test_acknowledged_before_release),
	    cmocka_unit_test(test_release_after_the_end),
	    cmocka_unit_test(test_denial_left_out),
	    cmocka_unit_test(test_accepted_whole_with_a_denial),
	    cmocka_unit_test(test_accepted_without_ground),
	    cmocka_unit_test(test_denied_though_permitted),
	    cmocka_unit_test(test_another_ground_than_the_true_one),
	    cmocka_unit_test(test_withholding_left_out),
	    cmocka_unit_test(test_destruction_left_out),
	    cmocka_unit_test(test_time_runs_back),
	    cmocka_unit_test(test_entry_dropped),
	    cmocka_unit_test(test_entry_twice),
	    cmocka_unit_test(test_message_id_twice),
	    cmocka_unit_test(test_birthday_left_out),
	    cmocka_unit_test(test_younger_than_before),
	    cmocka_unit_test(test_phase_move_left_out),
	    cmocka_unit_test(test_phase_move_by_itself),
	    cmocka_unit_test(test_phase_move_without_cause),
	    cmocka_unit_test(test_link_that_ends_by_time),
	    cmocka_unit_test(test_clock_stepped_by_a_real_authority),
	    cmocka_unit_test(test_case_opened_by_nothing),
	    cmocka_unit_test(test_unknown_ids),
	    cmocka_unit_test(test_act_of_a_stranger),
	    cmocka_unit_test(test_act_recorded_by_a_stranger),
	    cmocka_unit_test(test_approved_by_the_same_officer),
	    cmocka_unit_test(test_phase_that_may_not_be),
	    cmocka_unit_test(test_recall_that_nobody_answers),
	    cmocka_unit_test(test_recall_left_out),
	    cmocka_unit_test(test_person_was_not_told),
	    cmocka_unit_test(test_policy_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
