// SPDX-License-Identifier: EUPL-1.2
// The small authority of policy_world.h.
#include "policy_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct sluss_id pid(char kind, unsigned number)
{
	struct sluss_id id = {{(uint8_t)kind, 1}};
	memcpy(id.b + 4, &number, sizeof(number));
	return id;
}

static const struct sluss_policy *lookup(void *context, const uint8_t hash[SLUSS_HASH_BYTES])
{
	const struct pworld *world = context;
	return hash[0] < WORLD_POLICIES ? world->policies[hash[0]] : NULL;
}

static struct sluss_policy *load(const char *path)
{
	static char text[512 * 1024];
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);
	struct sluss_policy *policy = NULL;
	struct sluss_policy_error error;
	if (!sluss_policy_parse(text, len, &policy, &error))
		fail_msg("%s:%d: %s", path, error.line, error.message);
	return policy;
}

static void enrol(struct pworld *world, const char *agency, enum sluss_agency_type type)
{
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_AGENCY_ENROLLED,
				.u.agency_enrolled = {.agency = agency, .type = type}});
}

void pworld_open(struct pworld *world)
{
	static const char *const approvers[] = {"o1", "o2"};
	*world = (struct pworld){.now_ms = START_MS};
	world->policies[0] = load("policy/sweden-sig.json");
	world->policies[1] = load("policy/example-sixteen.json");
	world->policies[2] = load("policy/example-strict.json");
	const struct sluss_state_options options = {.lookup = lookup, .context = world, .hash_key = {9, 8, 7}};
	world->state = sluss_state_new(&options);
	assert_non_null(world->state);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_GENESIS});
	pworld_policy(world, 0);
	enrol(world, "soc", SLUSS_AGENCY_SOCIAL_SERVICES);
	enrol(world, "soc2", SLUSS_AGENCY_SOCIAL_SERVICES);
	enrol(world, "pol", SLUSS_AGENCY_POLICE);
	enrol(world, "sch", SLUSS_AGENCY_SCHOOL);
	enrol(world, "pro", SLUSS_AGENCY_PROBATION);
	enrol(world, "club", SLUSS_AGENCY_CIVIL_SOCIETY);
	enrol(world, "eva", SLUSS_AGENCY_EVALUATOR);
	enrol(world, "house", SLUSS_AGENCY_HOUSING);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_APPROVERS_SET,
				.u.approvers_set = {.agency = "soc", .officers = approvers, .officer_count = 2}});
}

void pworld_close(struct pworld *world)
{
	sluss_state_free(&world->state);
	assert_null(world->state);
	for (size_t i = 0; i < WORLD_POLICIES; i++)
		sluss_policy_free(&world->policies[i]);
}

enum sluss_apply pworld_try(struct pworld *world, struct sluss_record record)
{
	record.at_ms = world->now_ms;
	enum sluss_apply result = sluss_state_apply(world->state, &record, world->seq);
	if (result == SLUSS_APPLY_OK)
		world->seq++;
	return result;
}

void pworld_apply(struct pworld *world, struct sluss_record record)
{
	assert_int_equal(pworld_try(world, record), SLUSS_APPLY_OK);
}

void pworld_policy(struct pworld *world, unsigned index)
{
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_POLICY_SET, .u.policy_set = {.hash = {(uint8_t)index}}});
}

void pworld_age(struct pworld *world, struct sluss_id person, unsigned age)
{
	uint8_t from, until;
	sluss_age_band(sluss_state_policy(world->state), (int)age, &from, &until);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_PERSON_AGE,
				.u.person_age = {.person = person, .from_years = from, .until_years = until}});
}

void pworld_case(
    struct pworld *world, struct sluss_id kase, struct sluss_id person, const char *programme, unsigned age)
{
	static const struct sluss_member_officer officers[] = {{"o1", true}, {"o2", false}};
	static const struct sluss_member members[] = {{"soc", officers, 2}, {"pol", officers, 2}, {"sch", NULL, 0},
	    {"pro", NULL, 0}, {"club", NULL, 0}, {"eva", NULL, 0}, {"house", NULL, 0}};
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
				.u.case_opened = {.case_id = kase,
				    .subject = person,
				    .programme = programme,
				    .phase = SLUSS_PHASE_INQUIRY,
				    .agency = "soc",
				    .officer = "o1"}});
	pworld_age(world, person, age);
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_MEMBERS_SET,
				.u.members_set = {.case_id = kase, .members = members, .member_count = 7}});
	pworld_phase(world, kase, SLUSS_PHASE_ENROLLED);
}

void pworld_guardians(struct pworld *world, struct sluss_id kase, size_t count, const struct sluss_id *guardians)
{
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_GUARDIANS_SET,
				.u.guardians_set = {.case_id = kase, .guardians = guardians, .guardian_count = count}});
}

void pworld_phase(struct pworld *world, struct sluss_id kase, enum sluss_phase phase)
{
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_PHASE_SET,
				.u.phase_set = {.case_id = kase,
				    .phase = phase,
				    .reason = phase == SLUSS_PHASE_CLOSED ? SLUSS_CLOSE_GOALS_MET : SLUSS_CLOSE_NONE}});
}

void pworld_protect(struct pworld *world, struct sluss_id kase, bool on)
{
	pworld_apply(world, (struct sluss_record){.type = SLUSS_REC_PROTECTION_SET,
				.u.protection_set = {.case_id = kase, .protected_identity = on}});
}

struct sluss_grant pgrant(struct sluss_id grant)
{
	return (struct sluss_grant){.grant = grant,
	    .category = "needs",
	    .sender = "soc",
	    .recipient = "pol",
	    .purpose = SLUSS_PURPOSE_COORDINATION,
	    .from_ms = START_MS,
	    .until_ms = START_MS + 100 * DAY_MS};
}

void pworld_consent(
    struct pworld *world, struct sluss_id kase, struct sluss_id consent, size_t count, const struct sluss_grant *grants)
{
	pworld_apply(world,
	    (struct sluss_record){.type = SLUSS_REC_CONSENT_RECORDED,
		.u.consent_recorded = {.consent = consent, .case_id = kase, .grants = grants, .grant_count = count}});
}

void pworld_act(
    struct pworld *world, struct sluss_id kase, struct sluss_id person, enum sluss_act act, struct sluss_id grant)
{
	pworld_apply(world,
	    (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
		.u.grant_status = {.case_id = kase, .act = act, .person = person, .grants = &grant, .grant_count = 1}});
}

void pworld_give(struct pworld *world, struct sluss_id kase, struct sluss_id person, struct sluss_id grant)
{
	pworld_act(world, kase, person, SLUSS_ACT_GIVE, grant);
}

void pworld_withdraw_all(struct pworld *world, struct sluss_id kase, struct sluss_id person)
{
	pworld_apply(
	    world, (struct sluss_record){.type = SLUSS_REC_WITHDRAWAL,
		       .u.withdrawal = {
			   .withdrawal = pid('w', 1), .case_id = kase, .person = person, .scope = SLUSS_SCOPE_ALL}});
}

void pworld_adult(struct pworld *world)
{
	struct sluss_grant grant = pgrant(pid('v', 1));
	pworld_case(world, CASE1, SUBJECT, "SIG_YOUNG_ADULTS", 19);
	pworld_consent(world, CASE1, CONSENT1, 1, &grant);
	pworld_give(world, CASE1, SUBJECT, pid('v', 1));
}

void pask_init(struct pask *ask)
{
	*ask = (struct pask){0};
	ask->concerned[0].kind = SLUSS_CONCERNED_SUBJECT;
	ask->claims[0] = (struct sluss_claim){.kind = SLUSS_CLAIM_CONSENT, .id = CONSENT1};
	ask->question = (struct sluss_question){.case_id = CASE1,
	    .sender = "soc",
	    .sender_officer = "o1",
	    .recipient = "pol",
	    .recipient_officer = "",
	    .message_type = SLUSS_MESSAGE_NEEDS_INVENTORY,
	    .category = "needs",
	    .purpose = SLUSS_PURPOSE_COORDINATION,
	    .concerned_count = 1,
	    .claim_count = 1,
	    .log_usable = true};
}

struct sluss_decision pworld_decide(const struct pworld *world, const struct pask *ask)
{
	struct sluss_question question = ask->question;
	question.concerned = ask->concerned;
	question.claims = ask->claims;
	struct sluss_decision decision = sluss_decide(world->state, &question, world->now_ms);
	// Asked among others it has the same answer.
	struct sluss_question others[11];
	struct sluss_decision many[11];
	for (size_t i = 0; i < 11; i++) {
		others[i] = question;
		if (i % 3 == 1)
			others[i].recipient = question.sender;
	}
	sluss_decide_many(world->state, others, 11, world->now_ms, many);
	for (size_t i = 0; i < 11; i++) {
		if (i % 3 == 1)
			continue;
		assert_int_equal(many[i].verdict, decision.verdict);
		assert_int_equal(many[i].reason, decision.reason);
		assert_int_equal(many[i].ground, decision.ground);
		assert_int_equal(many[i].ground_count, decision.ground_count);
		assert_memory_equal(
		    many[i].grounds, decision.grounds, decision.ground_count * sizeof(decision.grounds[0]));
	}
	return decision;
}

void pworld_expect(const struct pworld *world, const struct pask *ask, enum sluss_reason reason)
{
	struct sluss_decision decision = pworld_decide(world, ask);
	bool ok = reason == SLUSS_OK_CONSENT || reason == SLUSS_OK_STATUTE || reason == SLUSS_OK_TYPE;
	assert_string_equal(sluss_reason_name(decision.reason), sluss_reason_name(reason));
	assert_int_equal(decision.verdict, ok ? SLUSS_VERDICT_PERMIT : SLUSS_VERDICT_DENY);
	assert_true(ok ? decision.ground != SLUSS_GROUND_NONE : decision.ground == SLUSS_GROUND_NONE);
	assert_int_equal(decision.seq, sluss_state_size(world->state));
}
