// SPDX-License-Identifier: EUPL-1.2
// The rulings of DOMAIN section 11, one test each, in their order (tests/model has the lawyers' tables).
#include "policy_world.h"

#include "policy/explain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int setup(void **state)
{
	static struct pworld world;
	pworld_open(&world);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	pworld_close(*state);
	return 0;
}

static struct sluss_grant varied(
    unsigned number, const char *category, const char *sender, const char *recipient, enum sluss_purpose purpose)
{
	struct sluss_grant grant = pgrant(pid('v', number));
	grant.category = category;
	grant.sender = sender;
	grant.recipient = recipient;
	grant.purpose = purpose;
	return grant;
}

static void nothing_passes_without_a_grant(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	pworld_expect(world, &ask, SLUSS_MALFORMED); // the claimed consent does not exist
	pworld_adult(world);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	struct sluss_decision decision = pworld_decide(world, &ask);
	assert_int_equal(decision.ground, SLUSS_GROUND_CONSENT);
	assert_int_equal(decision.ground_count, 1);
	assert_true(sluss_id_equal(&decision.grounds[0], &(struct sluss_id[]){pid('v', 1)}[0]));
	assert_int_equal(decision.seq, sluss_state_size(world->state));
}

// The order of checks: each line breaks one thing more than the one before, from the last check to the first.
static void order_of_checks(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pask_init(&ask);
	pworld_withdraw_all(world, CASE1, SUBJECT);
	pworld_expect(world, &ask, SLUSS_WITHDRAWN);
	pworld_phase(world, CASE1, SLUSS_PHASE_CLOSING);
	pworld_expect(world, &ask, SLUSS_PHASE_FORBIDS);
	ask.question.category = "threat";
	pworld_expect(world, &ask, SLUSS_TYPE_FORBIDS);
	pworld_protect(world, CASE1, true);
	pworld_expect(world, &ask, SLUSS_PROTECTED);
	ask.question.recipient = "soc2";
	pworld_expect(world, &ask, SLUSS_NOT_A_MEMBER);
	ask.question.log_usable = false;
	pworld_expect(world, &ask, SLUSS_UNAVAILABLE);
	ask.question.category = "";
	pworld_expect(world, &ask, SLUSS_MALFORMED);
}

static void structure(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pworld_case(world, pid('k', 2), pid('p', 9), "SIG_YOUNG_ADULTS", 20);
	struct sluss_grant other = pgrant(pid('v', 9));
	pworld_consent(world, pid('k', 2), pid('c', 2), 1, &other);
#define BREAK(change)                                                                                                  \
	do {                                                                                                           \
		pask_init(&ask);                                                                                       \
		change;                                                                                                \
		pworld_expect(world, &ask, SLUSS_MALFORMED);                                                           \
	} while (0)
	BREAK(ask.question.category = "astrology");
	BREAK(ask.question.category = NULL);
	BREAK(ask.question.purpose = SLUSS_PURPOSE_NONE);
	BREAK(ask.question.purpose = (enum sluss_purpose)31);
	BREAK(ask.question.message_type = SLUSS_MESSAGE_NONE);
	BREAK(ask.question.message_type = (enum sluss_message_type)99);
	BREAK(ask.question.concerned_count = 0);
	BREAK(ask.concerned[0].kind = SLUSS_CONCERNED_NONE);
	BREAK(ask.concerned[0].kind = SLUSS_CONCERNED_OTHER_CASE); // without an id
	BREAK(ask.question.claim_count = 0);
	BREAK(ask.claims[0].kind = SLUSS_CLAIM_NONE);
	BREAK(ask.claims[0].id = pid('c', 2)); // of another case
	BREAK(ask.claims[0].id = pid('c', 77));
#undef BREAK
}

static void clock_that_went_back_denies(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pask_init(&ask);
	world->now_ms--;
	pworld_expect(world, &ask, SLUSS_UNAVAILABLE);
}

static void r1_withdrawal_closes_the_key_with_versions_in_waiting(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	struct sluss_grant second = pgrant(pid('v', 2));
	pworld_consent(world, CASE1, pid('c', 2), 1, &second);
	pask_init(&ask);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT); // the old one stands while the new one waits
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_WITHDRAWAL,
		       .u.withdrawal = {
			   .case_id = CASE1, .person = SUBJECT, .scope = SLUSS_SCOPE_GRANT, .grant = pid('v', 1)}});
	pworld_expect(world, &ask, SLUSS_WITHDRAWN);
	pworld_give(world, CASE1, SUBJECT, pid('v', 2)); // the check refuses it; even so it opens nothing
	pworld_expect(world, &ask, SLUSS_WITHDRAWN);
	struct sluss_grant third = pgrant(pid('v', 3));
	pworld_consent(world, CASE1, pid('c', 3), 1, &third);
	pworld_give(world, CASE1, SUBJECT, pid('v', 3));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
}

static void r1_refusing_the_new_version_ends_only_that(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	struct sluss_grant second = pgrant(pid('v', 2));
	pworld_consent(world, CASE1, pid('c', 2), 1, &second);
	pworld_act(world, CASE1, SUBJECT, SLUSS_ACT_REFUSE, pid('v', 2));
	pask_init(&ask);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	world->now_ms = START_MS + 100 * DAY_MS;
	pworld_expect(world, &ask, SLUSS_REFUSED); // the newest version's reason
}

static void r2_first_of_several_reasons(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUTH", 16);
	pworld_guardians(world, CASE1, 1, &(struct sluss_id[]){MOTHER}[0]);
	struct sluss_grant grant = pgrant(pid('v', 1));
	grant.from_ms = START_MS + DAY_MS;
	pworld_consent(world, CASE1, CONSENT1, 1, &grant);
	pworld_act(world, CASE1, SUBJECT, SLUSS_ACT_PAUSE, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_NOT_YET);
	world->now_ms += DAY_MS;
	pworld_expect(world, &ask, SLUSS_PAUSED); // before CONSENTER_MISSING
	world->now_ms = grant.until_ms;
	pworld_expect(world, &ask, SLUSS_EXPIRED);
	pworld_act(world, CASE1, MOTHER, SLUSS_ACT_REFUSE, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_REFUSED);
	pworld_withdraw_all(world, CASE1, MOTHER);
	pworld_expect(world, &ask, SLUSS_WITHDRAWN);
}

static void r3_near_misses_in_order(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUNG_ADULTS", 19);
	const struct sluss_grant grants[] = {
	    varied(1, "needs", "pro", "pol", SLUSS_PURPOSE_COORDINATION),
	    varied(2, "needs", "soc", "pol", SLUSS_PURPOSE_PROTECTION),
	    varied(3, "family", "soc", "pol", SLUSS_PURPOSE_COORDINATION),
	    varied(4, "needs", "soc", "sch", SLUSS_PURPOSE_COORDINATION),
	    varied(5, "family", "soc", "sch", SLUSS_PURPOSE_COORDINATION), // differs in two parts
	};
	static const enum sluss_reason expected[] = {
	    SLUSS_WRONG_SENDER, SLUSS_WRONG_PURPOSE, SLUSS_WRONG_CATEGORY, SLUSS_WRONG_RECIPIENT};
	pworld_consent(world, CASE1, CONSENT1, 5, grants);
	pask_init(&ask);
	pworld_give(world, CASE1, SUBJECT, pid('v', 5));
	pworld_expect(world, &ask, SLUSS_NO_GRANT);
	for (unsigned i = 0; i < 4; i++) {
		pworld_give(world, CASE1, SUBJECT, pid('v', i + 1));
		pworld_expect(world, &ask, expected[i]);
	}
	pworld_withdraw_all(world, CASE1, SUBJECT);
	pworld_expect(world, &ask, SLUSS_NO_GRANT); // a miss has to be live
}

static void minor_with(struct pworld *world, unsigned age, const char *programme, size_t guardians)
{
	const struct sluss_id both[] = {MOTHER, FATHER};
	struct sluss_grant grant = pgrant(pid('v', 1));
	grant.until_ms = sluss_add_months_ms(START_MS, 12);
	pworld_case(world, CASE1, SUBJECT, programme, age);
	pworld_guardians(world, CASE1, guardians, both);
	pworld_consent(world, CASE1, CONSENT1, 1, &grant);
}

static void r4_age_lapse_and_return(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	minor_with(world, 17, "SSPF", 1);
	pworld_expect(world, &ask, SLUSS_CONSENTER_MISSING);
	pworld_give(world, CASE1, MOTHER, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_age(world, SUBJECT, 18);
	pworld_expect(world, &ask, SLUSS_AGE_LAPSED);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_guardians(world, CASE1, 0, NULL);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT); // guardians have no say after 18
}

static void r4_custody_lapse(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	minor_with(world, 14, "SIG_YOUTH", 1);
	pworld_give(world, CASE1, MOTHER, pid('v', 1));
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_guardians(world, CASE1, 2, (struct sluss_id[]){MOTHER, FATHER});
	pworld_expect(world, &ask, SLUSS_CUSTODY_LAPSED);
	pworld_give(world, CASE1, FATHER, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_guardians(world, CASE1, 0, NULL);
	pworld_expect(world, &ask, SLUSS_CUSTODY_LAPSED); // an empty set never completes
}

static void r4_minor_without_guardian(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	minor_with(world, 16, "SIG_YOUTH", 0);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_CONSENTER_MISSING);
	struct sluss_required required;
	assert_true(sluss_case_required(world->state, &(struct sluss_id[]){CASE1}[0], &required));
	assert_true(required.known && !required.complete_able);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_MATURITY_ASSESSED,
				.u.maturity_assessed = {.case_id = CASE1, .who = SLUSS_WHO_SUBJECT}});
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
}

static void r5_acts_stay(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	struct sluss_refusal refusal;
	pask_init(&ask);
	minor_with(world, 17, "SIG_YOUTH", 1);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_act(world, CASE1, MOTHER, SLUSS_ACT_REFUSE, pid('v', 1));
	pworld_age(world, SUBJECT, 18);
	pworld_expect(world, &ask, SLUSS_REFUSED); // also when her say ended
	struct sluss_rec_withdrawal withdrawal = {.case_id = CASE1, .person = MOTHER, .scope = SLUSS_SCOPE_ALL};
	assert_int_equal(sluss_check_withdrawal(world->state, &withdrawal, &refusal), SLUSS_NOT_ENTITLED);
	assert_string_equal(refusal.field, "person_id");
	withdrawal.person = SUBJECT;
	assert_int_equal(sluss_check_withdrawal(world->state, &withdrawal, &refusal), SLUSS_REASON_NONE);
}

static void r6_assessment_holds_within_its_band(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	struct sluss_refusal refusal;
	const struct sluss_id kase = CASE1;
	pask_init(&ask);
	minor_with(world, 14, "SIG_YOUTH", 1);
	assert_int_equal(
	    sluss_check_assessment(world->state, &kase, SLUSS_WHO_SUBJECT, &refusal), SLUSS_ASSESSMENT_NOT_ALLOWED);
	assert_int_equal(sluss_check_assessment(world->state, &kase, SLUSS_WHO_GUARDIANS, &refusal), SLUSS_REASON_NONE);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_MATURITY_ASSESSED,
				.u.maturity_assessed = {.case_id = CASE1, .who = SLUSS_WHO_GUARDIANS}});
	pworld_give(world, CASE1, MOTHER, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_age(world, SUBJECT, 15);
	pworld_expect(world, &ask, SLUSS_AGE_LAPSED);
}

static void r6_programme_stands_above_assessments(void **state)
{
	struct pworld *world = *state;
	struct sluss_refusal refusal;
	minor_with(world, 16, "SSPF", 1);
	assert_int_equal(
	    sluss_check_assessment(world->state, &(struct sluss_id[]){CASE1}[0], SLUSS_WHO_SUBJECT, &refusal),
	    SLUSS_ASSESSMENT_NOT_ALLOWED);
	assert_int_equal(sluss_check_open(world->state, "SIG_YOUTH", 6, 12, &refusal), SLUSS_OUTSIDE_PROGRAMME);
	assert_int_equal(sluss_check_open(world->state, "SIG_YOUTH", 12, 15, &refusal), SLUSS_REASON_NONE);
	assert_int_equal(sluss_check_open(world->state, "SIG_OLD", 12, 15, &refusal), SLUSS_OUTSIDE_PROGRAMME);
	assert_int_equal(sluss_check_open(world->state, "SIG_YOUTH", 0, 0, &refusal), SLUSS_UNAVAILABLE);
}

static void r6_an_unknown_age_is_never_yes(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	minor_with(world, 16, "SIG_YOUTH", 1);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_give(world, CASE1, MOTHER, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_PERSON_AGE,
		       .u.person_age = {
			   .person = SUBJECT, .from_years = 14, .until_years = 18}}); // over two rows of the table
	pworld_expect(world, &ask, SLUSS_UNAVAILABLE);
}

static void r7_withdrawal_by_agency_and_statute(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUNG_ADULTS", 19);
	const struct sluss_grant grants[] = {
	    varied(1, "needs", "soc", "pol", SLUSS_PURPOSE_COORDINATION),
	    varied(2, "school_attendance", "sch", "soc", SLUSS_PURPOSE_COORDINATION),
	    varied(3, "police_observation", "pol", "soc", SLUSS_PURPOSE_COORDINATION),
	};
	pworld_consent(world, CASE1, CONSENT1, 3, grants);
	for (unsigned i = 1; i <= 3; i++)
		pworld_give(world, CASE1, SUBJECT, pid('v', i));
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_WITHDRAWAL,
		       .u.withdrawal = {
			   .case_id = CASE1, .person = SUBJECT, .scope = SLUSS_SCOPE_AGENCY, .scope_agency = "pol"}});
	struct sluss_grant_view view;
	static const enum sluss_reason standing[] = {SLUSS_WITHDRAWN, SLUSS_OK_CONSENT, SLUSS_WITHDRAWN};
	for (unsigned i = 1; i <= 3; i++) {
		assert_true(sluss_grant_find(world->state, &(struct sluss_id[]){pid('v', i)}[0], world->now_ms, &view));
		assert_int_equal(view.standing, standing[i - 1]);
	}
	pask_init(&ask);
	ask.question.claim_count = 2;
	ask.question.message_type = SLUSS_MESSAGE_CONCERN_REPORT;
	ask.question.sender = "pol";
	ask.question.recipient = "soc";
	ask.claims[1] = (struct sluss_claim){.kind = SLUSS_CLAIM_PROVISION, .provision = "OSL-10-28"};
	pworld_expect(world, &ask, SLUSS_NO_GRANT); // a provision that needs its approval
	ask.question.sender = "sch";
	ask.claims[1].provision = "SoL-14-1";
	pworld_expect(world, &ask, SLUSS_WRONG_CATEGORY); // she is 19, no child: the consent's code is told
}

static void r8_and_r11_membership(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pask_init(&ask);
	ask.question.recipient = "soc2";
	pworld_expect(world, &ask, SLUSS_NOT_A_MEMBER);
	ask.question.message_type = SLUSS_MESSAGE_CASE_TRANSFER; // may go to one who is no member
	pworld_expect(world, &ask, SLUSS_WRONG_RECIPIENT);
	ask.question.sender = "soc2";
	ask.question.recipient = "soc";
	pworld_expect(world, &ask, SLUSS_NOT_A_MEMBER);
	ask.question.message_type = SLUSS_MESSAGE_CONCERN_REPORT;
	pworld_expect(world, &ask, SLUSS_NO_GRANT);
	ask.question.sender = "nobody";
	pworld_expect(world, &ask, SLUSS_TYPE_FORBIDS);
	ask.question.case_id = pid('k', 5); // opens a case
	ask.question.sender = "sch";
	ask.question.claim_count = 1;
	ask.claims[0] = (struct sluss_claim){.kind = SLUSS_CLAIM_PROVISION, .provision = "SoL-14-1"};
	pworld_expect(world, &ask, SLUSS_OK_STATUTE);
	assert_string_equal(pworld_decide(world, &ask).provision, "SoL-14-1");
	ask.question.message_type = SLUSS_MESSAGE_NEEDS_INVENTORY;
	pworld_expect(world, &ask, SLUSS_NOT_A_MEMBER);
}

static void r10_phases(void **state)
{
	// Which types each phase lets through on consent (ruling 10).
	static const struct {
		enum sluss_phase phase;
		uint32_t types;
	} rows[] = {
	    {SLUSS_PHASE_NOMINATED, 1u << 1 | 1u << 2 | 1u << 14},
	    {SLUSS_PHASE_INQUIRY, 1u << 1 | 1u << 2 | 1u << 14 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 9 | 1u << 11},
	    {SLUSS_PHASE_ENROLLED, 0xfffe},
	    {SLUSS_PHASE_PAUSED, 1u << 5 | 1u << 15 | 1u << 14 | 1u << 1},
	    {SLUSS_PHASE_DORMANT, 1u << 5 | 1u << 15 | 1u << 14 | 1u << 1 | 1u << 11 | 1u << 13},
	    {SLUSS_PHASE_CLOSING, 1u << 15 | 1u << 13 | 1u << 12 | 1u << 5 | 1u << 14 | 1u << 1},
	    {SLUSS_PHASE_CLOSED, 0},
	};
	// Sender, recipient and category with which each type passes the check before.
	static const char *const ways[SLUSS_MESSAGE_TYPES][3] = {{NULL}, {"sch", "soc", "needs"},
	    {"sch", "soc", "needs"}, {"soc", "pol", "enrolment"}, {"pol", "soc", "enrolment"}, {"pol", "soc", "threat"},
	    {"sch", "soc", "school_attendance"}, {"sch", "soc", "school_support"}, {"pro", "soc", "probation"},
	    {"soc", "pol", "needs"}, {"soc", "pol", "action_plan"}, {"soc", "pol", "enrolment"},
	    {"soc", "pol", "meeting_notes"}, {"soc", "eva", "follow_up"}, {"sch", "soc", ""}, {"soc", "pol", "needs"}};
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pworld_phase(world, CASE1, rows[i].phase);
		for (unsigned type = 1; type < SLUSS_MESSAGE_TYPES; type++) {
			pask_init(&ask);
			ask.question.message_type = (enum sluss_message_type)type;
			ask.question.sender = ways[type][0];
			ask.question.recipient = ways[type][1];
			ask.question.category = ways[type][2];
			ask.question.purpose =
			    type == SLUSS_MESSAGE_FOLLOW_UP ? SLUSS_PURPOSE_FOLLOW_UP : SLUSS_PURPOSE_COORDINATION;
			if (type == SLUSS_MESSAGE_DEVIATION_REPORT)
				ask.question.concerned_count = ask.question.claim_count = 0;
			enum sluss_reason reason = pworld_decide(world, &ask).reason;
			assert_true(
			    reason != SLUSS_TYPE_FORBIDS && reason != SLUSS_MALFORMED && reason != SLUSS_NOT_A_MEMBER);
			assert_int_equal(reason != SLUSS_PHASE_FORBIDS, (rows[i].types >> type) & 1u);
		}
	}
}

static void r12_types(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pask_init(&ask);
	ask.question.message_type = SLUSS_MESSAGE_SUITABILITY_ASSESSMENT; // goes from police to social services
	ask.question.category = "enrolment";
	pworld_expect(world, &ask, SLUSS_TYPE_FORBIDS);
	ask.question.message_type = SLUSS_MESSAGE_FOLLOW_UP; // own opt-in purpose
	ask.question.recipient = "eva";
	ask.question.category = "follow_up";
	pworld_expect(world, &ask, SLUSS_TYPE_FORBIDS);
	ask.question.purpose = SLUSS_PURPOSE_FOLLOW_UP;
	pworld_expect(world, &ask, SLUSS_NO_GRANT);
	pask_init(&ask);
	ask.question.message_type = SLUSS_MESSAGE_DEVIATION_REPORT;
	ask.question.sender = "sch";
	ask.question.recipient = "soc";
	pworld_expect(world, &ask, SLUSS_TYPE_FORBIDS); // it has a category
	ask.question.category = "";
	ask.question.concerned_count = ask.question.claim_count = 0;
	pworld_expect(world, &ask, SLUSS_OK_TYPE);
	assert_int_equal(pworld_decide(world, &ask).ground, SLUSS_GROUND_TYPE);
}

static void r13_third_persons(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pworld_case(world, pid('k', 2), pid('p', 9), "SIG_YOUNG_ADULTS", 20);
	struct sluss_grant theirs = pgrant(pid('v', 9));
	pworld_consent(world, pid('k', 2), pid('c', 2), 1, &theirs);
	pask_init(&ask);
	ask.question.concerned_count = 2;
	ask.concerned[1] = (struct sluss_concerned){.kind = SLUSS_CONCERNED_OTHER_CASE, .ref = pid('k', 2)};
	pworld_expect(world, &ask, SLUSS_THIRD_PARTY_MISSING);
	pworld_give(world, pid('k', 2), pid('p', 9), pid('v', 9));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	assert_int_equal(pworld_decide(world, &ask).ground_count, 2);
	ask.question.claim_count = 2;
	ask.claims[1] = (struct sluss_claim){.kind = SLUSS_CLAIM_CONSENT, .id = pid('c', 2)};
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_act(world, pid('k', 2), pid('p', 9), SLUSS_ACT_REFUSE, pid('v', 9));
	pworld_expect(world, &ask, SLUSS_THIRD_PARTY_MISSING);
	ask.question.claim_count = 1;
	ask.concerned[1] = (struct sluss_concerned){.kind = SLUSS_CONCERNED_OTHER};
	pworld_expect(world, &ask, SLUSS_THIRD_PARTY_MISSING);
	ask.concerned[1] = (struct sluss_concerned){.kind = SLUSS_CONCERNED_GUARDIAN, .ref = MOTHER};
	pworld_expect(world, &ask, SLUSS_THIRD_PARTY_MISSING);
	pworld_withdraw_all(world, CASE1, SUBJECT);
	pworld_expect(world, &ask, SLUSS_WITHDRAWN); // the subject's own reason first
}

static struct sluss_rec_statute_requested request_of(const char *provision)
{
	static const char *const recipients[] = {"pol"};
	static const char *const wanted[] = {"needs", "threat"};
	return (struct sluss_rec_statute_requested){.request = pid('s', 1),
	    .case_id = CASE1,
	    .provision = provision,
	    .agency = "soc",
	    .officer = "o1",
	    .recipients = recipients,
	    .recipient_count = 1,
	    .categories = wanted,
	    .category_count = 2,
	    .necessity = true};
}

static void r14_statute(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pworld_withdraw_all(world, CASE1, SUBJECT);
	pask_init(&ask);
	ask.claims[0] = (struct sluss_claim){.kind = SLUSS_CLAIM_APPROVAL, .id = pid('s', 1)};
	pworld_expect(world, &ask, SLUSS_STATUTE_UNAPPROVED); // nobody asked
	pworld_apply(world, (struct sluss_record){
				.type = SLUSS_REC_STATUTE_REQUESTED, .u.statute_requested = request_of("OSL-10-18a")});
	pworld_expect(world, &ask, SLUSS_STATUTE_UNAPPROVED);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_STATUTE_APPROVED,
				.u.statute_approved = {.request = pid('s', 1), .agency = "soc", .officer = "o2"}});
	pworld_expect(world, &ask, SLUSS_OK_STATUTE);
	assert_int_equal(pworld_decide(world, &ask).ground, SLUSS_GROUND_STATUTORY);
	pworld_phase(world, CASE1, SLUSS_PHASE_CLOSED);
	pworld_expect(world, &ask, SLUSS_OK_STATUTE); // phase does not stop a statutory ground
	ask.question.recipient = "sch";
	pworld_expect(world, &ask, SLUSS_STATUTE_NOT_APPLICABLE);
	pask_init(&ask);
	ask.claims[0] = (struct sluss_claim){.kind = SLUSS_CLAIM_APPROVAL, .id = pid('s', 1)};
	world->now_ms += 14 * DAY_MS;
	pworld_expect(world, &ask, SLUSS_STATUTE_EXPIRED);
	ask.question.claim_count = 2;
	ask.claims[1] = (struct sluss_claim){.kind = SLUSS_CLAIM_CONSENT, .id = CONSENT1};
	pworld_expect(world, &ask, SLUSS_PHASE_FORBIDS); // ruling 18: with both claimed the consent's code
	ask.question.claim_count = 1;
	pworld_age(world, SUBJECT, 21);
	pworld_expect(world, &ask, SLUSS_STATUTE_NOT_APPLICABLE);
	pworld_policy(world, 2);
	ask.claims[0] = (struct sluss_claim){.kind = SLUSS_CLAIM_PROVISION, .provision = "OSL-10-27"};
	pworld_expect(world, &ask, SLUSS_STATUTE_UNKNOWN);
}

static void r14_recording_requests(void **state)
{
	struct pworld *world = *state;
	struct sluss_refusal refusal;
	pworld_adult(world);
	struct sluss_rec_statute_requested request = request_of("OSL-10-18a");
#define CHECK(reasons, expected)                                                                                       \
	assert_int_equal(                                                                                              \
	    sluss_check_statute_request(world->state, &request, (reasons), world->now_ms, &refusal), (expected))
	CHECK(false, SLUSS_REASON_NONE);
	request.deferred = true;
	CHECK(false, SLUSS_DEFERRAL_UNARGUED);
	CHECK(true, SLUSS_DEFERRAL_UNARGUED); // no date
	request.notify_ms = world->now_ms + DAY_MS;
	CHECK(true, SLUSS_REASON_NONE);
	request.necessity = false;
	CHECK(true, SLUSS_STATUTE_NOT_APPLICABLE);
	assert_string_equal(refusal.field, "necessity");
	request = request_of("OSL-99");
	CHECK(false, SLUSS_STATUTE_UNKNOWN);
	request = request_of("OSL-10-18a");
	request.recipients = (const char *const[]){"sch"};
	CHECK(false, SLUSS_STATUTE_NOT_APPLICABLE);
	assert_string_equal(refusal.field, "receiver_agency_ids[0]");
	request.recipient_count = 0;
	CHECK(false, SLUSS_VAGUE_RECIPIENT);
#undef CHECK
	pworld_apply(world, (struct sluss_record){
				.type = SLUSS_REC_STATUTE_REQUESTED, .u.statute_requested = request_of("OSL-10-18a")});
	static const struct {
		const char *agency, *officer;
		enum sluss_reason reason;
	} answers[] = {{"soc", "o1", SLUSS_NOT_ENTITLED}, {"soc", "o3", SLUSS_NOT_ENTITLED},
	    {"pol", "o2", SLUSS_NOT_ENTITLED}, {"soc", "o2", SLUSS_REASON_NONE}};
	for (size_t i = 0; i < 4; i++) {
		struct sluss_rec_statute_answered answer = {
		    .request = pid('s', 1), .agency = answers[i].agency, .officer = answers[i].officer};
		assert_int_equal(
		    sluss_check_statute_answer(world->state, &answer, world->now_ms, &refusal), answers[i].reason);
	}
}

static void r15_policy_at_decision(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	minor_with(world, 16, "SIG_YOUTH", 2);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_CONSENTER_MISSING);
	pworld_policy(world, 1); // who is 16 decides alone
	pworld_age(world, SUBJECT, 16);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_policy(world, 0);
	pworld_age(world, SUBJECT, 16);
	pworld_expect(world, &ask, SLUSS_CONSENTER_MISSING);
}

static void one_guardian_enough_is_data(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pask_init(&ask);
	minor_with(world, 14, "SIG_YOUTH", 2);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_give(world, CASE1, MOTHER, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_CONSENTER_MISSING);
	pworld_policy(world, 1);
	pworld_age(world, SUBJECT, 14);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_act(world, CASE1, FATHER, SLUSS_ACT_REFUSE, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_REFUSED); // any one of them stops it
}

static void r16_protected(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUNG_ADULTS", 19);
	struct sluss_grant grants[2] = {
	    varied(1, "housing", "soc", "pol", SLUSS_PURPOSE_COORDINATION), pgrant(pid('v', 2))};
	pworld_consent(world, CASE1, CONSENT1, 2, grants);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
	pworld_give(world, CASE1, SUBJECT, pid('v', 2));
	pworld_protect(world, CASE1, true);
	pask_init(&ask);
	pworld_expect(world, &ask, SLUSS_PROTECTED); // no officer named
	ask.question.recipient_officer = "o9";
	pworld_expect(world, &ask, SLUSS_PROTECTED);
	ask.question.recipient_officer = "o1";
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	ask.question.category = "housing";
	pworld_expect(world, &ask, SLUSS_PROTECTED); // no mark
	ask.question.message_type = SLUSS_MESSAGE_ACTION_PLAN;
	pworld_expect(world, &ask, SLUSS_PROTECTED); // which is looked at before the type
	ask.question.message_type = SLUSS_MESSAGE_NEEDS_INVENTORY;
	grants[0].grant = pid('v', 3);
	grants[0].explicit_mark = true;
	pworld_consent(world, CASE1, pid('c', 2), 1, grants);
	pworld_expect(world, &ask, SLUSS_PROTECTED); // the marked one waits
	pworld_give(world, CASE1, SUBJECT, pid('v', 3));
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	pworld_protect(world, CASE1, false);
	ask.question.recipient_officer = "";
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
}

static void r17_forms(void **state)
{
	struct pworld *world = *state;
	static const char *const pol[] = {"pol"}, *const star[] = {"*"}, *const two[] = {"pol", "club"},
				 *const club[] = {"club"}, *const stranger[] = {"pol", "moon"}, *const self[] = {"soc"},
				 *const twice[] = {"pol", "pol"};
	const int64_t from = START_MS, last = sluss_add_months_ms(START_MS, 12);
	const struct {
		struct sluss_grant_draft draft;
		enum sluss_reason reason;
		const char *field;
	} cases[] = {
	    {{"needs", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_REASON_NONE,
		""},
	    {{"needs", "soc", club, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_REASON_NONE,
		""},
	    {{"*", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_VAGUE_CATEGORY,
		"grants[0].category"},
	    {{"", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_VAGUE_CATEGORY,
		"grants[0].category"},
	    {{"crime_*", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false},
		SLUSS_VAGUE_CATEGORY, "grants[0].category"},
	    {{"necessary", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false},
		SLUSS_VAGUE_CATEGORY, "grants[0].category"},
	    {{"astrology", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false},
		SLUSS_UNKNOWN_CATEGORY, "grants[0].category"},
	    {{"needs", "moon", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_UNKNOWN_AGENCY,
		"grants[0].sender_agency_id"},
	    {{"needs", "soc", NULL, 0, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false},
		SLUSS_VAGUE_RECIPIENT, "grants[0].receiver_agency_ids"},
	    {{"needs", "soc", star, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false},
		SLUSS_VAGUE_RECIPIENT, "grants[0].receiver_agency_ids[0]"},
	    {{"needs", "soc", stranger, 2, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false},
		SLUSS_UNKNOWN_AGENCY, "grants[0].receiver_agency_ids[1]"},
	    {{"needs", "soc", two, 2, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_NOT_NAMED_ALONE,
		"grants[0].receiver_agency_ids[1]"},
	    {{"needs", "soc", self, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_MALFORMED,
		"grants[0].receiver_agency_ids[0]"},
	    {{"needs", "soc", twice, 2, SLUSS_PURPOSE_COORDINATION, true, true, from, last, false}, SLUSS_MALFORMED,
		"grants[0].receiver_agency_ids[1]"},
	    {{"needs", "soc", pol, 1, SLUSS_PURPOSE_NONE, true, true, from, last, false}, SLUSS_VAGUE_PURPOSE,
		"grants[0].purpose"},
	    {{"needs", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, false, from, 0, false}, SLUSS_NO_END,
		"grants[0].until"},
	    {{"needs", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, last + 1, false},
		SLUSS_END_TOO_LATE, "grants[0].until"},
	    {{"needs", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, true, true, from, from, false}, SLUSS_MALFORMED,
		"grants[0].until"},
	    {{"needs", "soc", pol, 1, SLUSS_PURPOSE_COORDINATION, false, true, 0, last, false}, SLUSS_MALFORMED,
		"grants[0].from"},
	};
	struct sluss_refusal refusal;
	const struct sluss_id kase = CASE1, unknown = pid('k', 7);
	pworld_adult(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(sluss_check_consent(world->state, &kase, &cases[i].draft, 1, world->now_ms, &refusal),
		    cases[i].reason);
		assert_int_equal(refusal.reason, cases[i].reason);
		assert_string_equal(refusal.field, cases[i].field);
	}
	assert_int_equal(sluss_check_consent(world->state, &unknown, &cases[0].draft, 1, world->now_ms, &refusal),
	    SLUSS_UNKNOWN_CASE);
	pworld_age(world, SUBJECT, 30);
	assert_int_equal(sluss_check_consent(world->state, &kase, &cases[0].draft, 1, world->now_ms, &refusal),
	    SLUSS_OUTSIDE_PROGRAMME);
	pworld_phase(world, CASE1, SLUSS_PHASE_CLOSED);
	assert_int_equal(
	    sluss_check_consent(world->state, &kase, &cases[0].draft, 1, world->now_ms, &refusal), SLUSS_CLOSED_STATE);
}

static void r17_acts(void **state)
{
	struct pworld *world = *state;
	struct sluss_refusal refusal;
	minor_with(world, 16, "SIG_YOUTH", 1);
	struct sluss_id version = pid('v', 1);
	struct sluss_act_request request = {
	    .case_id = CASE1, .person = FATHER, .act = SLUSS_ACT_GIVE, .grants = &version, .grant_count = 1};
#define CHECK(expected) assert_int_equal(sluss_check_act(world->state, &request, world->now_ms, &refusal), (expected))
	CHECK(SLUSS_NOT_ENTITLED); // not registered
	request.person = MOTHER;
	CHECK(SLUSS_REASON_NONE);
	request.act = SLUSS_ACT_RESUME;
	CHECK(SLUSS_MALFORMED); // it is not paused
	request.act = SLUSS_ACT_NARROW;
	CHECK(SLUSS_MALFORMED); // changes nothing
	request.until_ms = START_MS + 1000 * DAY_MS;
	CHECK(SLUSS_MALFORMED); // widens
	request.until_ms = START_MS + 10 * DAY_MS;
	CHECK(SLUSS_REASON_NONE);
	request.from_ms = START_MS + 10 * DAY_MS;
	CHECK(SLUSS_MALFORMED); // empty
	pworld_act(world, CASE1, MOTHER, SLUSS_ACT_REFUSE, version);
	request.act = SLUSS_ACT_GIVE;
	CHECK(SLUSS_CLOSED_STATE);
	request.act = SLUSS_ACT_REFUSE;
	CHECK(SLUSS_REASON_NONE); // never too late
	version = pid('v', 44);
	CHECK(SLUSS_NOT_FOUND);
	assert_string_equal(refusal.field, "grant_ids[0]");
#undef CHECK
}

static void r19_versions_in_time(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	struct sluss_grant second = pgrant(pid('v', 2));
	second.from_ms = START_MS + 50 * DAY_MS;
	second.until_ms = START_MS + 60 * DAY_MS;
	pworld_consent(world, CASE1, pid('c', 2), 1, &second);
	pworld_give(world, CASE1, SUBJECT, pid('v', 2));
	pask_init(&ask);
	world->now_ms = second.from_ms - 1;
	assert_true(sluss_id_equal(&pworld_decide(world, &ask).grounds[0], &(struct sluss_id[]){pid('v', 1)}[0]));
	world->now_ms = second.from_ms;
	assert_true(sluss_id_equal(&pworld_decide(world, &ask).grounds[0], &(struct sluss_id[]){pid('v', 2)}[0]));
	world->now_ms = second.until_ms; // the old one would last longer, but it was replaced
	pworld_expect(world, &ask, SLUSS_EXPIRED);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_RESTART});
	pworld_expect(world, &ask, SLUSS_EXPIRED);
}

static void pause_and_resume(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	struct sluss_id old = pid('v', 1), fresh = pid('v', 2);
	pask_init(&ask);
	minor_with(world, 16, "SIG_YOUTH", 1);
	pworld_give(world, CASE1, SUBJECT, old);
	pworld_give(world, CASE1, MOTHER, old);
	pworld_act(world, CASE1, MOTHER, SLUSS_ACT_PAUSE, old);
	pworld_expect(world, &ask, SLUSS_PAUSED);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
				.u.grant_status = {.case_id = CASE1,
				    .act = SLUSS_ACT_RESUME,
				    .person = MOTHER,
				    .grants = &old,
				    .grant_count = 1,
				    .new_grants = &fresh}});
	pworld_expect(world, &ask, SLUSS_CONSENTER_MISSING); // resuming needs all
	pworld_give(world, CASE1, SUBJECT, fresh);
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	struct sluss_grant_view view;
	assert_true(sluss_grant_find(world->state, &old, world->now_ms, &view));
	assert_false(view.in_force);
}

static void misregistration_is_no_withdrawal(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pask_init(&ask);
	struct sluss_grant second = pgrant(pid('v', 2));
	second.recipient = "pol";
	pworld_consent(world, CASE1, pid('c', 2), 1, &second);
	pworld_give(world, CASE1, SUBJECT, pid('v', 2));
	pworld_act(world, CASE1, SUBJECT, SLUSS_ACT_INVALIDATE, pid('v', 2)); // that GIVEN never counted
	pworld_expect(world, &ask, SLUSS_OK_CONSENT);
	assert_true(sluss_id_equal(&pworld_decide(world, &ask).grounds[0], &(struct sluss_id[]){pid('v', 1)}[0]));
	pworld_act(world, CASE1, (struct sluss_id){0}, SLUSS_ACT_INVALIDATE, pid('v', 1));
	pworld_expect(world, &ask, SLUSS_CONSENTER_MISSING); // of the version that waits
	pworld_act(world, CASE1, (struct sluss_id){0}, SLUSS_ACT_INVALIDATE, pid('v', 2));
	pworld_expect(world, &ask, SLUSS_NO_GRANT);
}

static void r18_only_what_is_claimed(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_adult(world);
	pworld_apply(world, (struct sluss_record){
				.type = SLUSS_REC_STATUTE_REQUESTED, .u.statute_requested = request_of("OSL-10-18a")});
	pask_init(&ask);
	ask.claims[0] = (struct sluss_claim){.kind = SLUSS_CLAIM_APPROVAL, .id = pid('s', 1)};
	pworld_expect(world, &ask, SLUSS_STATUTE_UNAPPROVED); // an active grant is there, but nobody relies on it
	ask.question.claim_count = 2;
	ask.claims[1] = (struct sluss_claim){.kind = SLUSS_CLAIM_CONSENT, .id = CONSENT1};
	pworld_expect(world, &ask, SLUSS_OK_CONSENT); // either suffices
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_STATUTE_APPROVED,
				.u.statute_approved = {.request = pid('s', 1), .agency = "soc", .officer = "o2"}});
	pworld_withdraw_all(world, CASE1, SUBJECT);
	pworld_expect(world, &ask, SLUSS_OK_STATUTE);
	ask.question.claim_count = 1;
	ask.claims[0] = ask.claims[1];
	pworld_expect(world, &ask, SLUSS_WITHDRAWN); // an approval that is not claimed does not permit
}

// What the checks refuse to record opens nothing when it stands in a log all the same.
static void a_record_that_should_not_be_there_opens_nothing(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUTH", 16);
	pask_init(&ask);
	ask.claims[0] = (struct sluss_claim){.kind = SLUSS_CLAIM_APPROVAL, .id = pid('s', 1)};
	pworld_apply(world, (struct sluss_record){
				.type = SLUSS_REC_STATUTE_REQUESTED, .u.statute_requested = request_of("OSL-10-18a")});
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_STATUTE_APPROVED,
				.u.statute_approved = {.request = pid('s', 1), .agency = "soc", .officer = "o1"}});
	pworld_expect(world, &ask, SLUSS_STATUTE_UNAPPROVED); // by the same officer
	static const char *const to[] = {"soc"};
	struct sluss_rec_statute_requested report = request_of("SoL-14-1");
	report.request = pid('s', 2);
	report.agency = "sch";
	report.recipients = to;
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_STATUTE_REQUESTED, .u.statute_requested = report});
	ask.claims[0].id = pid('s', 2);
	ask.question.sender = "sch";
	ask.question.recipient = "soc";
	ask.question.message_type = SLUSS_MESSAGE_REFERRAL;
	pworld_expect(world, &ask, SLUSS_OK_STATUTE); // a duty to report needs no second officer
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_STATUTE_REFUSED,
				.u.statute_refused = {.request = pid('s', 2), .agency = "sch", .officer = "o2"}});
	pworld_expect(world, &ask, SLUSS_STATUTE_UNAPPROVED);
}

static void explanations(void **state)
{
	struct pworld *world = *state;
	struct pask ask;
	minor_with(world, 16, "SIG_YOUTH", 2);
	pworld_give(world, CASE1, MOTHER, pid('v', 1));
	pask_init(&ask);
	ask.question.concerned = ask.concerned;
	ask.question.claims = ask.claims;
	struct sluss_explanation why = sluss_explain(world->state, &ask.question, world->now_ms);
	assert_int_equal(why.decision.reason, SLUSS_CONSENTER_MISSING);
	assert_int_equal(why.checks[SLUSS_CHECK_PHASE], SLUSS_CHECK_PASSED);
	assert_int_equal(why.checks[SLUSS_CHECK_GROUND], SLUSS_CHECK_FAILED);
	assert_int_equal(why.remedy, SLUSS_REMEDY_ASK_PERSONS);
	assert_int_equal(why.person_count, 2);
	assert_true(sluss_id_equal(&why.persons[0], &(struct sluss_id[]){SUBJECT}[0]));
	assert_true(sluss_id_equal(&why.persons[1], &(struct sluss_id[]){FATHER}[0]));
	assert_int_equal(why.changes_ms, sluss_add_months_ms(START_MS, 12));
	ask.question.recipient = "soc2";
	why = sluss_explain(world->state, &ask.question, world->now_ms);
	assert_int_equal(why.remedy, SLUSS_REMEDY_ADD_MEMBER);
	assert_int_equal(why.checks[SLUSS_CHECK_CLOCK], SLUSS_CHECK_PASSED);
	assert_int_equal(why.checks[SLUSS_CHECK_MEMBERSHIP], SLUSS_CHECK_FAILED);
	assert_int_equal(why.checks[SLUSS_CHECK_TYPE], SLUSS_CHECK_NOT_REACHED);
	assert_string_equal(sluss_remedy_name(why.remedy), "add_member");
	for (unsigned i = 0; i <= SLUSS_SESSION_UNKNOWN; i++) // every decision's reason has a text
		assert_true(
		    sluss_reason_name((enum sluss_reason)i) == NULL || sluss_reason_text((enum sluss_reason)i) != NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(nothing_passes_without_a_grant),
	    TEST(order_of_checks),
	    TEST(structure),
	    TEST(clock_that_went_back_denies),
	    TEST(r1_withdrawal_closes_the_key_with_versions_in_waiting),
	    TEST(r1_refusing_the_new_version_ends_only_that),
	    TEST(r2_first_of_several_reasons),
	    TEST(r3_near_misses_in_order),
	    TEST(r4_age_lapse_and_return),
	    TEST(r4_custody_lapse),
	    TEST(r4_minor_without_guardian),
	    TEST(r5_acts_stay),
	    TEST(r6_assessment_holds_within_its_band),
	    TEST(r6_programme_stands_above_assessments),
	    TEST(r6_an_unknown_age_is_never_yes),
	    TEST(r7_withdrawal_by_agency_and_statute),
	    TEST(r8_and_r11_membership),
	    TEST(r10_phases),
	    TEST(r12_types),
	    TEST(r13_third_persons),
	    TEST(r14_statute),
	    TEST(r14_recording_requests),
	    TEST(r15_policy_at_decision),
	    TEST(one_guardian_enough_is_data),
	    TEST(r16_protected),
	    TEST(r17_forms),
	    TEST(r17_acts),
	    TEST(r19_versions_in_time),
	    TEST(pause_and_resume),
	    TEST(misregistration_is_no_withdrawal),
	    TEST(r18_only_what_is_claimed),
	    TEST(a_record_that_should_not_be_there_opens_nothing),
	    TEST(explanations),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
