// SPDX-License-Identifier: EUPL-1.2
// The fold: what it refuses and leaves unchanged, growth, replay, allocation failures, links (ruling 9), withdrawals'
// reach.
#include "policy_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

// The n-th allocation from now on fails, and all after it; 0 for none. The linker sends the library's calls here
// (--wrap).
static size_t fail_at, allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static bool fails(void)
{
	return fail_at != 0 && ++allocations >= fail_at;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return fails() ? NULL : __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static int setup(void **state)
{
	static struct pworld world;
	fail_at = 0;
	pworld_open(&world);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	fail_at = 0;
	pworld_close(*state);
	return 0;
}

static void refused(struct pworld *world, struct sluss_record record)
{
	uint64_t size = sluss_state_size(world->state);
	assert_int_equal(pworld_try(world, record), SLUSS_APPLY_INVALID);
	assert_int_equal(sluss_state_size(world->state), size);
}

static void contradictions_are_refused(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	struct sluss_grant grant = pgrant(pid('v', 2));
	const struct sluss_id version = pid('v', 1), unknown = pid('v', 99), self = SUBJECT;
	refused(world, (struct sluss_record){.type = SLUSS_REC_NONE});
	refused(world, (struct sluss_record){.type = (enum sluss_record_type)999});
	refused(world, (struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
			   .u.case_opened = {.case_id = CASE1,
			       .subject = SUBJECT,
			       .programme = "SSPF",
			       .phase = SLUSS_PHASE_INQUIRY,
			       .agency = "soc"}}); // it is in somebody's hand
	refused(world, (struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
			   .u.case_opened = {.case_id = pid('k', 2),
			       .subject = SUBJECT,
			       .programme = "SSPF",
			       .phase = SLUSS_PHASE_INQUIRY,
			       .agency = "moon"}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_AGENCY_ENROLLED,
			   .u.agency_enrolled = {.agency = "soc", .type = SLUSS_AGENCY_POLICE}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_GUARDIANS_SET,
			   .u.guardians_set = {.case_id = CASE1, .guardians = &self, .guardian_count = 1}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_PERSON_AGE,
			   .u.person_age = {.person = SUBJECT, .from_years = 5, .until_years = 5}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_CONSENT_RECORDED,
			   .u.consent_recorded = {
			       .consent = CONSENT1, .case_id = CASE1, .grants = &grant, .grant_count = 1}}); // id used
	grant.grant = version;
	refused(world,
	    (struct sluss_record){.type = SLUSS_REC_CONSENT_RECORDED,
		.u.consent_recorded = {.consent = pid('c', 2), .case_id = CASE1, .grants = &grant, .grant_count = 1}});
	refused(world,
	    (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
		.u.grant_status = {
		    .case_id = CASE1, .act = SLUSS_ACT_GIVE, .person = SUBJECT, .grants = &unknown, .grant_count = 1}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
			   .u.grant_status = {.case_id = CASE1,
			       .act = SLUSS_ACT_WITHDRAW,
			       .person = SUBJECT,
			       .grants = &version,
			       .grant_count = 1}});
	refused(world,
	    (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
		.u.grant_status = {
		    .case_id = CASE1, .act = SLUSS_ACT_GIVE, .person = FATHER, .grants = &version, .grant_count = 1}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
			   .u.grant_status = {.case_id = CASE1,
			       .act = SLUSS_ACT_RESUME,
			       .person = SUBJECT,
			       .grants = &version,
			       .grant_count = 1,
			       .new_grants = &version}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_WITHDRAWAL,
			   .u.withdrawal = {.case_id = CASE1, .person = SUBJECT, .scope = SLUSS_SCOPE_NONE}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_STATUTE_APPROVED,
			   .u.statute_approved = {.request = version, .agency = "soc"}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_RECALL_ANSWERED,
			   .u.recall_answered = {.recall = version, .agency = "soc"}});
	pask_init(&ask);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
}

static void time_and_order(void **state)
{
	struct pworld *world = *state;
	world->now_ms--;
	assert_int_equal(pworld_try(world, (struct sluss_record){.type = SLUSS_REC_RESTART}), SLUSS_APPLY_CLOCK);
	world->now_ms++;
	struct sluss_record record = {.type = SLUSS_REC_RESTART, .at_ms = world->now_ms};
	assert_int_equal(
	    sluss_state_apply(world->state, &record, world->seq - 1), SLUSS_APPLY_INVALID); // an index twice
	refused(
	    world, (struct sluss_record){.type = SLUSS_REC_CLOCK_STEP, .u.clock_step = {.to_ms = world->now_ms - 1}});
	pworld_apply(world,
	    (struct sluss_record){.type = SLUSS_REC_CLOCK_STEP, .u.clock_step = {.to_ms = world->now_ms + DAY_MS}});
	assert_int_equal(sluss_state_time_ms(world->state), world->now_ms + DAY_MS);
	assert_int_equal(pworld_try(world, (struct sluss_record){.type = SLUSS_REC_RESTART}), SLUSS_APPLY_CLOCK);
	struct sluss_record unknown = {
	    .type = SLUSS_REC_POLICY_SET, .at_ms = world->now_ms + DAY_MS, .u.policy_set = {.hash = {77}}};
	assert_int_equal(sluss_state_apply(world->state, &unknown, world->seq), SLUSS_APPLY_UNKNOWN_POLICY);
}

static void a_referral_opens_a_case_that_is_taken_in_hand(void **state)
{
	struct pworld *world = *state;
	struct sluss_case_view view;
	const struct sluss_id kase = CASE1;
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
				.u.case_opened = {.case_id = CASE1,
				    .subject = pid('p', 50),
				    .programme = "",
				    .phase = SLUSS_PHASE_NOMINATED,
				    .agency = "soc",
				    .reporter = "sch"}});
	assert_true(sluss_case_find(world->state, &kase, &view));
	assert_string_equal(view.programme, "");
	struct sluss_required required;
	assert_true(sluss_case_required(world->state, &kase, &required));
	assert_false(required.known);
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUTH", 14);
	assert_true(sluss_case_find(world->state, &kase, &view));
	assert_string_equal(view.programme, "SIG_YOUTH");
	assert_int_equal(view.opened_seq, sluss_state_size(world->state) - 5);
	assert_true(sluss_id_equal(&view.subject, &(struct sluss_id[]){SUBJECT}[0]));
	assert_int_equal(sluss_state_counts(world->state).cases, 1);
}

static void views_and_members(void **state)
{
	struct pworld *world = *state;
	bool coordinator = false;
	const struct sluss_id kase = CASE1, mother = MOTHER, message = pid('m', 1), other = pid('m', 2);
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUTH", 14);
	pworld_guardians(world, CASE1, 2, (struct sluss_id[]){MOTHER, FATHER});
	assert_string_equal(sluss_case_member(world->state, &kase, 1), "pol");
	assert_null(sluss_case_member(world->state, &kase, 7));
	assert_string_equal(sluss_case_officer(world->state, &kase, 0, 0, &coordinator), "o1");
	assert_true(coordinator);
	assert_true(sluss_case_is_coordinator(world->state, &kase, "soc", "o1"));
	assert_false(sluss_case_is_coordinator(world->state, &kase, "soc", "o2"));
	assert_true(sluss_case_is_contact(world->state, &kase, "soc", "o2"));
	assert_false(sluss_case_is_contact(world->state, &kase, "sch", "o2"));
	assert_true(sluss_case_is_member(world->state, &kase, "sch"));
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_AGENCY_LEFT, .u.agency_left = {.agency = "sch"}});
	assert_false(sluss_case_is_member(world->state, &kase, "sch"));
	struct sluss_id guardian;
	assert_true(sluss_case_guardian(world->state, &kase, 1, &guardian));
	assert_true(sluss_id_equal(&guardian, &(struct sluss_id[]){FATHER}[0]));
	assert_false(sluss_case_guardian(world->state, &kase, 2, &guardian));
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_VIEW_LIMITED,
		       .u.view_limited = {.case_id = CASE1, .guardian = MOTHER, .message = message, .limited = true}});
	assert_true(sluss_case_view_limited(world->state, &kase, &mother, &message));
	assert_false(sluss_case_view_limited(world->state, &kase, &mother, &other));
	struct sluss_id limited;
	assert_true(sluss_case_view_limit(world->state, &kase, 0, &guardian, &limited));
	assert_true(sluss_id_equal(&guardian, &mother) && sluss_id_equal(&limited, &message));
	assert_false(sluss_case_view_limit(world->state, &kase, 1, &guardian, &limited));
	assert_false(sluss_case_view_limit(world->state, &other, 0, &guardian, &limited));
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_VIEW_LIMITED,
		       .u.view_limited = {.case_id = CASE1, .guardian = MOTHER, .message = message, .limited = false}});
	assert_false(sluss_case_view_limited(world->state, &kase, &mother, &message));
	assert_false(sluss_case_view_limit(world->state, &kase, 0, &guardian, &limited));
}

static void linked_case(struct pworld *world)
{
	struct sluss_grant grants[3] = {pgrant(pid('v', 1)), pgrant(pid('v', 2)), pgrant(pid('v', 3))};
	grants[1].sender = "pol";
	grants[1].recipient = "soc";
	grants[2].recipient = "sch";
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUNG_ADULTS", 19);
	pworld_consent(world, CASE1, CONSENT1, 3, grants);
}

static void assert_lost(struct pworld *world, bool expected)
{
	struct sluss_id kase;
	assert_int_equal(sluss_state_link_lost(world->state, world->now_ms, &kase), expected);
	if (expected)
		assert_true(sluss_id_equal(&kase, &(struct sluss_id[]){CASE1}[0]));
}

static void gateway_closes(struct pworld *world)
{
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_PHASE_SET,
				.u.phase_set = {.case_id = CASE1, .phase = SLUSS_PHASE_CLOSING, .by_gateway = true}});
}

static void r9_lost_by_withdrawal_and_back(void **state)
{
	struct pworld *world = *state;
	struct sluss_refusal refusal;
	const struct sluss_id kase = CASE1;
	linked_case(world);
	assert_lost(world, false); // it never was active
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	assert_lost(world, false); // one direction
	pworld_give(world, CASE1, SUBJECT, pid('v', 2));
	pworld_give(world, CASE1, SUBJECT, pid('v', 3));
	assert_lost(world, false);
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_WITHDRAWAL,
		       .u.withdrawal = {
			   .case_id = CASE1, .person = SUBJECT, .scope = SLUSS_SCOPE_GRANT, .grant = pid('v', 3)}});
	assert_lost(world, false); // the school is no link
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_WITHDRAWAL,
		       .u.withdrawal = {
			   .case_id = CASE1, .person = SUBJECT, .scope = SLUSS_SCOPE_GRANT, .grant = pid('v', 2)}});
	assert_lost(world, true);
	assert_lost(world, true); // until it is done
	gateway_closes(world);
	assert_lost(world, false);
	assert_int_equal(
	    sluss_check_phase(world->state, &kase, SLUSS_PHASE_ENROLLED, SLUSS_CLOSE_NONE, world->now_ms, &refusal),
	    SLUSS_PHASE_FORBIDS);
	struct sluss_grant again = pgrant(pid('v', 4));
	again.sender = "pol";
	again.recipient = "soc";
	pworld_consent(world, CASE1, pid('c', 2), 1, &again);
	pworld_give(world, CASE1, SUBJECT, pid('v', 4));
	pworld_apply(world,
	    (struct sluss_record){.type = SLUSS_REC_MESSAGE_ACCEPTED,
		.u.message_accepted = {
		    .message = pid('m', 1), .case_id = CASE1, .message_type = SLUSS_MESSAGE_SUITABILITY_ASSESSMENT}});
	assert_int_equal(
	    sluss_check_phase(world->state, &kase, SLUSS_PHASE_ENROLLED, SLUSS_CLOSE_NONE, world->now_ms, &refusal),
	    SLUSS_REASON_NONE);
	assert_int_equal(
	    sluss_check_phase(world->state, &kase, SLUSS_PHASE_PAUSED, SLUSS_CLOSE_NONE, world->now_ms, &refusal),
	    SLUSS_PHASE_FORBIDS);
}

static void r9_lost_by_time_alone(void **state)
{
	struct pworld *world = *state;
	linked_case(world);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_give(world, CASE1, SUBJECT, pid('v', 2));
	assert_lost(world, false);
	assert_int_equal(sluss_state_next_edge_ms(world->state), START_MS + 100 * DAY_MS);
	world->now_ms = START_MS + 100 * DAY_MS - 1;
	assert_lost(world, false);
	world->now_ms++;
	assert_lost(world, true);
	gateway_closes(world);
	assert_lost(world, false);
	assert_int_equal(sluss_state_next_edge_ms(world->state), INT64_MAX);
}

// Active only between two looks: the fold has to know it all the same, or a replay would come to something else.
static void r9_active_between_two_records(void **state)
{
	struct pworld *world = *state;
	struct sluss_grant grants[2] = {pgrant(pid('v', 1)), pgrant(pid('v', 2))};
	grants[1].sender = "pol";
	grants[1].recipient = "soc";
	grants[0].from_ms = grants[1].from_ms = START_MS + 10 * DAY_MS;
	grants[0].until_ms = START_MS + 20 * DAY_MS;
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUNG_ADULTS", 19);
	pworld_consent(world, CASE1, CONSENT1, 2, grants);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_give(world, CASE1, SUBJECT, pid('v', 2));
	world->now_ms = START_MS + 30 * DAY_MS;
	pworld_act(world, CASE1, SUBJECT, SLUSS_ACT_PAUSE, pid('v', 2));
	assert_lost(world, true);
}

struct covered {
	size_t count;
	uint32_t releases;
};

static bool count_covered(void *context, const struct sluss_grant_view *view)
{
	struct covered *covered = context;
	covered->count++;
	covered->releases += view->releases;
	return true;
}

static void what_a_withdrawal_covers(void **state)
{
	struct pworld *world = *state;
	struct covered covered = {0};
	linked_case(world);
	for (unsigned i = 1; i <= 3; i++)
		pworld_give(world, CASE1, SUBJECT, pid('v', i));
	const struct sluss_id ground = pid('v', 1);
	const struct sluss_pair pair = {.recipient = "pol",
	    .reason = SLUSS_OK_CONSENT,
	    .ground = SLUSS_GROUND_CONSENT,
	    .grounds = &ground,
	    .ground_count = 1};
	pworld_apply(world,
	    (struct sluss_record){.type = SLUSS_REC_RELEASED,
		.u.released = {
		    .message = pid('m', 1), .case_id = CASE1, .recipient = "pol", .pairs = &pair, .pair_count = 1}});
	struct sluss_rec_withdrawal withdrawal = {
	    .case_id = CASE1, .person = SUBJECT, .scope = SLUSS_SCOPE_AGENCY, .scope_agency = "pol"};
	sluss_withdrawal_covers(world->state, &withdrawal, world->now_ms, count_covered, &covered);
	assert_int_equal(covered.count, 2); // as sender and as receiver
	assert_int_equal(covered.releases, 1);
	const struct sluss_id kase = CASE1;
	assert_true(sluss_withdrawal_matches(
	    world->state, &withdrawal, &kase, "needs", "pol", "soc", SLUSS_PURPOSE_COORDINATION));
	assert_false(sluss_withdrawal_matches(
	    world->state, &withdrawal, &kase, "needs", "soc", "sch", SLUSS_PURPOSE_COORDINATION));
	assert_false(sluss_withdrawal_matches(
	    world->state, &withdrawal, &kase, "needs", "soc", "pol", SLUSS_PURPOSE_PROTECTION));
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_WITHDRAWAL, .u.withdrawal = withdrawal});
	withdrawal.scope = SLUSS_SCOPE_ALL;
	covered = (struct covered){0};
	sluss_withdrawal_covers(world->state, &withdrawal, world->now_ms, count_covered, &covered);
	assert_int_equal(covered.count, 1); // what is closed is not closed again
	withdrawal.scope = SLUSS_SCOPE_CONSENT;
	withdrawal.consent = CONSENT1;
	covered = (struct covered){0};
	sluss_withdrawal_covers(world->state, &withdrawal, world->now_ms, count_covered, &covered);
	assert_int_equal(covered.count, 1);
}

static void recalls(void **state)
{
	struct pworld *world = *state;
	struct sluss_recall_view view;
	const struct sluss_id recall = pid('r', 1);
	pworld_adult(world);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_RECALL_OPENED,
				.u.recall_opened = {.recall = recall,
				    .case_id = CASE1,
				    .withdrawal = pid('w', 1),
				    .agency = "pol",
				    .due_ms = START_MS + DAY_MS,
				    .register_mark = true}});
	refused(world, (struct sluss_record){.type = SLUSS_REC_RECALL_ANSWERED,
			   .u.recall_answered = {.recall = recall, .agency = "sch"}});
	assert_true(sluss_recall_find(world->state, &recall, &view));
	assert_false(view.answered);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_RECALL_ANSWERED,
				.u.recall_answered = {.recall = recall, .agency = "pol", .deleted = true}});
	assert_true(sluss_recall_at(world->state, 0, &view));
	assert_true(view.answered && view.deleted && view.register_mark);
	assert_string_equal(view.agency, "pol");
	assert_false(sluss_recall_at(world->state, 1, &view));
}

// Two hundred cases with many grants: everything is found again, and memory stays within the figure.
static void growth(void **state)
{
	struct pworld *world = *state;
	static struct sluss_grant grants[256];
	static const char *const recipients[] = {"pol", "sch", "pro", "eva"};
	for (unsigned i = 1; i <= 200; i++) {
		pworld_case(world, pid('k', i), pid('p', i), "SIG_YOUNG_ADULTS", 19);
		for (unsigned k = 0; k < 64; k++) {
			grants[k] = pgrant(pid('v', i * 100 + k));
			grants[k].category = sluss_policy_category(world->policies[0], k / 4);
			grants[k].recipient = recipients[k % 4];
		}
		pworld_consent(world, pid('k', i), pid('c', i), 64, grants);
		pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
					.u.grant_status = {.case_id = pid('k', i),
					    .act = SLUSS_ACT_GIVE,
					    .person = pid('p', i),
					    .consent = pid('c', i)}});
	}
	assert_int_equal(sluss_state_counts(world->state).grants, 200 * 64);
	struct sluss_grant_view view;
	for (unsigned i = 1; i <= 200; i++) {
		for (unsigned k = 0; k < 64; k++) {
			const struct sluss_id version = pid('v', i * 100 + k);
			assert_true(sluss_grant_find(world->state, &version, world->now_ms, &view));
			assert_true(view.in_force && view.newest && view.standing == SLUSS_OK_CONSENT);
		}
	}
}

// Fails every allocation in turn: the state says so and denies from then on, and nothing leaks or crashes (the
// sanitizers watch).
static void allocation_failures(void **state)
{
	struct pworld *world = *state;
	bool failed = true;
	for (size_t n = 1; failed; n++) {
		pworld_close(world);
		pworld_open(world);
		allocations = 0;
		struct sluss_grant grant = pgrant(pid('v', 1));
		const struct sluss_id guardians[] = {MOTHER, FATHER};
		static const struct sluss_member_officer officers[] = {{"x1", true}, {"x2", false}};
		static const struct sluss_member members[] = {{"soc", officers, 2}, {"pol", officers, 2}};
		const char *const approvers[] = {"x5"};
		static const char *const recipients[] = {"pol"}, *const categories[] = {"needs"};
		const struct sluss_record records[] = {
		    {.type = SLUSS_REC_AGENCY_ENROLLED,
			.u.agency_enrolled = {.agency = "new", .type = SLUSS_AGENCY_SCHOOL}},
		    {.type = SLUSS_REC_APPROVERS_SET,
			.u.approvers_set = {.agency = "new", .officers = approvers, .officer_count = 1}},
		    {.type = SLUSS_REC_CASE_OPENED,
			.u.case_opened = {.case_id = CASE1,
			    .subject = SUBJECT,
			    .programme = "SIG_YOUTH",
			    .phase = SLUSS_PHASE_INQUIRY,
			    .agency = "soc",
			    .officer = "x0"}},
		    {.type = SLUSS_REC_PERSON_AGE,
			.u.person_age = {.person = SUBJECT, .from_years = 15, .until_years = 18}},
		    {.type = SLUSS_REC_GUARDIANS_SET,
			.u.guardians_set = {.case_id = CASE1, .guardians = guardians, .guardian_count = 2}},
		    {.type = SLUSS_REC_MEMBERS_SET,
			.u.members_set = {.case_id = CASE1, .members = members, .member_count = 2}},
		    {.type = SLUSS_REC_CONSENT_RECORDED,
			.u.consent_recorded =
			    {.consent = CONSENT1, .case_id = CASE1, .grants = &grant, .grant_count = 1}},
		    {.type = SLUSS_REC_STATUTE_REQUESTED,
			.u.statute_requested = {.request = pid('s', 1),
			    .case_id = CASE1,
			    .provision = "OSL-10-18a",
			    .agency = "soc",
			    .officer = "x6",
			    .recipients = recipients,
			    .recipient_count = 1,
			    .categories = categories,
			    .category_count = 1}},
		    {.type = SLUSS_REC_VIEW_LIMITED,
			.u.view_limited = {.case_id = CASE1, .guardian = MOTHER, .limited = true}},
		    {.type = SLUSS_REC_RECALL_OPENED,
			.u.recall_opened = {.recall = pid('r', 1), .case_id = CASE1, .agency = "pol"}},
		    {.type = SLUSS_REC_POLICY_SET, .u.policy_set = {.hash = {2}}},
		};
		failed = false;
		for (size_t i = 0; i < sizeof(records) / sizeof(records[0]) && !failed; i++) {
			fail_at = n;
			enum sluss_apply result = pworld_try(world, records[i]);
			fail_at = 0;
			assert_true(result == SLUSS_APPLY_OK || result == SLUSS_APPLY_NO_MEMORY);
			failed = result == SLUSS_APPLY_NO_MEMORY;
		}
		if (failed) {
			struct pask ask;
			pask_init(&ask);
			assert_int_equal(pworld_decide(world, &ask).reason, SLUSS_UNAVAILABLE);
			assert_int_equal(
			    pworld_try(world, records[0]), SLUSS_APPLY_NO_MEMORY); // until it is folded anew
		}
		assert_true(n < 500);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(contradictions_are_refused),
	    TEST(time_and_order),
	    TEST(a_referral_opens_a_case_that_is_taken_in_hand),
	    TEST(views_and_members),
	    TEST(r9_lost_by_withdrawal_and_back),
	    TEST(r9_lost_by_time_alone),
	    TEST(r9_active_between_two_records),
	    TEST(what_a_withdrawal_covers),
	    TEST(recalls),
	    TEST(growth),
	    TEST(allocation_failures),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
