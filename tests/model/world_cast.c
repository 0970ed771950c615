// SPDX-License-Identifier: EUPL-1.2
// The lines of a world about agencies, persons and cases, and what time alone brings.
#include "world.h"
#include "world_tables.h"

#include <stdio.h>

enum sluss_apply world_apply(struct world *world, struct sluss_record *record, int64_t at_ms)
{
	record->at_ms = at_ms;
	enum sluss_apply applied = sluss_state_apply(world->state, record, world->seq);
	if (applied == SLUSS_APPLY_OK)
		world->seq++;
	world->tables_differ = world->tables_differ || !world_tables_hold(world->state);
	return applied;
}

// A record that the checks let pass has to be applied; if not, the answer says so and the comparison shows it.
static const char *applied(struct world *world, struct sluss_record *record, int64_t now_ms)
{
	enum sluss_apply result = world_apply(world, record, now_ms);
	if (result == SLUSS_APPLY_OK)
		return NULL;
	snprintf(world->answer, sizeof(world->answer), "APPLY_%d", (int)result);
	return world->answer;
}

static void name_copy(char out[WORLD_NAME], const char *name)
{
	if (snprintf(out, WORLD_NAME, "%s", name) >= WORLD_NAME)
		world_die("name too long", name);
}

void world_age(struct world *world, struct person *person, int64_t now_ms)
{
	struct sluss_record record = {.type = SLUSS_REC_PERSON_AGE};
	record.u.person_age.person = world_id('p', person->number, 0);
	if (!sluss_age_band_at(sluss_state_policy(world->state), person->birth, now_ms, &record.u.person_age.from_years,
		&record.u.person_age.until_years, &person->next_ms))
		world_die("age", "not born yet");
	if (world_apply(world, &record, now_ms) != SLUSS_APPLY_OK)
		world_die("age", "not applied");
}

void world_links(struct world *world, int64_t now_ms)
{
	struct sluss_record record = {.type = SLUSS_REC_PHASE_SET};
	record.u.phase_set.phase = SLUSS_PHASE_CLOSING;
	record.u.phase_set.by_gateway = true;
	record.u.phase_set.agency = record.u.phase_set.officer = "";
	while (sluss_state_link_lost(world->state, now_ms, &record.u.phase_set.case_id)) {
		if (world_apply(world, &record, now_ms) != SLUSS_APPLY_OK)
			world_die("closing", "not applied");
	}
}

void world_advance(struct world *world, int64_t now_ms)
{
	for (;;) {
		int64_t edge_ms = sluss_state_next_edge_ms(world->state);
		for (size_t i = 0; i < world->person_count; i++) {
			if (world->persons[i].subject && world->persons[i].next_ms < edge_ms)
				edge_ms = world->persons[i].next_ms;
		}
		if (edge_ms > now_ms)
			break;
		if (edge_ms < world->now_ms)
			edge_ms = world->now_ms;
		world->now_ms = edge_ms;
		for (size_t i = 0; i < world->person_count; i++) {
			if (world->persons[i].subject && world->persons[i].next_ms <= edge_ms)
				world_age(world, &world->persons[i], edge_ms);
		}
		world_links(world, edge_ms);
		if (sluss_state_next_edge_ms(world->state) <= edge_ms)
			world_die("next edge", "does not move on");
	}
	world->now_ms = now_ms;
	world_links(world, now_ms);
}

struct world_case *world_case(struct world *world, const char *token)
{
	int number = world_number(token);
	return number < WORLD_CASES && world->cases[number].person >= 0 ? &world->cases[number] : NULL;
}

static struct person *person_find(struct world *world, int number)
{
	for (size_t i = 0; i < world->person_count; i++) {
		if (world->persons[i].number == number)
			return &world->persons[i];
	}
	return NULL;
}

const char *world_policy(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	struct sluss_record record = {.type = SLUSS_REC_POLICY_SET};
	record.u.policy_set.hash[0] = (uint8_t)(world_number(word[0]) + 1);
	record.u.policy_set.name = "model";
	const char *answer = applied(world, &record, now_ms);
	for (size_t i = 0; answer == NULL && i < world->person_count; i++) {
		if (world->persons[i].subject)
			world_age(world, &world->persons[i], now_ms);
	}
	return answer;
}

const char *world_agency(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	struct sluss_record record = {.type = SLUSS_REC_AGENCY_ENROLLED};
	record.u.agency_enrolled.agency = word[0];
	record.u.agency_enrolled.type = sluss_agency_type_from_name(word[1]);
	record.u.agency_enrolled.sign_key[0] = (uint8_t)world_number(word[0]);
	record.u.agency_enrolled.seal_key[0] = (uint8_t)world_number(word[0]);
	record.u.agency_enrolled.certificate[0] = (uint8_t)world_number(word[0]);
	return applied(world, &record, now_ms);
}

const char *world_officer(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	const char *officers[WORLD_CONTACTS];
	struct sluss_record record = {.type = SLUSS_REC_APPROVERS_SET};
	record.u.approvers_set.agency = word[0];
	record.u.approvers_set.officers = officers;
	size_t kept = 0;
	for (size_t i = 0; i < world->approver_count; i++) {
		struct contact *one = &world->approvers[i];
		if (strcmp(one->agency, word[0]) != 0 || strcmp(one->officer, word[1]) != 0)
			world->approvers[kept++] = *one;
	}
	world->approver_count = kept;
	if (strcmp(word[2], "approver") == 0) {
		if (kept == WORLD_CONTACTS)
			world_die("approvers", "too many");
		name_copy(world->approvers[kept].agency, word[0]);
		name_copy(world->approvers[kept].officer, word[1]);
		world->approver_count++;
	}
	for (size_t i = 0; i < world->approver_count; i++) {
		if (strcmp(world->approvers[i].agency, word[0]) == 0)
			officers[record.u.approvers_set.officer_count++] = world->approvers[i].officer;
	}
	return applied(world, &record, now_ms);
}

const char *world_person(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	(void)now_ms;
	if (world->person_count == WORLD_PERSONS)
		world_die("persons", "too many");
	struct person *person = &world->persons[world->person_count++];
	*person = (struct person){.number = world_number(word[0]), .next_ms = INT64_MAX};
	if (!sluss_date_parse(word[1], &person->birth))
		world_die("no date", word[1]);
	return NULL;
}

const char *world_open(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	int number = world_number(word[0]);
	struct person *person = person_find(world, world_number(word[1]));
	if (person == NULL)
		return "SKIPPED";
	if (number >= WORLD_CASES)
		world_die("cases", "too many");
	uint8_t from_years, until_years;
	int64_t next_ms;
	if (!sluss_age_band_at(
		sluss_state_policy(world->state), person->birth, now_ms, &from_years, &until_years, &next_ms))
		world_die("age", "not born yet");
	struct sluss_refusal refusal;
	enum sluss_reason reason = sluss_check_open(world->state, word[2], from_years, until_years, &refusal);
	if (reason != SLUSS_REASON_NONE)
		return sluss_reason_name(reason);
	struct sluss_record record = {.type = SLUSS_REC_CASE_OPENED};
	record.u.case_opened.case_id = world_id('k', number, 0);
	record.u.case_opened.subject = world_id('p', person->number, 0);
	record.u.case_opened.programme = word[2];
	record.u.case_opened.phase = sluss_phase_from_name(word[4]);
	record.u.case_opened.agency = word[3];
	record.u.case_opened.officer = "coordinator";
	record.u.case_opened.reporter = "";
	const char *answer = applied(world, &record, now_ms);
	if (answer != NULL)
		return answer;
	struct world_case *one = &world->cases[number];
	*one = (struct world_case){.person = (int)(person - world->persons), .member_count = 1};
	name_copy(one->members[0], word[3]);
	person->subject = true;
	world_age(world, person, now_ms);
	return NULL;
}

const char *world_protect(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	if (world_case(world, word[0]) == NULL)
		return "SKIPPED";
	struct sluss_record record = {.type = SLUSS_REC_PROTECTION_SET};
	record.u.protection_set.case_id = world_id('k', world_number(word[0]), 0);
	record.u.protection_set.protected_identity = strcmp(word[1], "1") == 0;
	record.u.protection_set.agency = "1";
	record.u.protection_set.officer = "coordinator";
	return applied(world, &record, now_ms);
}

static const char *guardians_set(struct world *world, char **word, bool add, int64_t now_ms)
{
	struct world_case *one = world_case(world, word[0]);
	if (one == NULL)
		return "SKIPPED";
	struct person *person = &world->persons[one->person];
	const struct sluss_id guardian = world_id('p', world_number(word[1]), 0);
	size_t kept = 0;
	for (size_t i = 0; i < person->guardian_count; i++) {
		if (!sluss_id_equal(&person->guardians[i], &guardian))
			person->guardians[kept++] = person->guardians[i];
	}
	person->guardian_count = kept;
	if (add && kept == WORLD_GUARDIANS)
		world_die("guardians", "too many");
	if (add)
		person->guardians[person->guardian_count++] = guardian;
	struct sluss_record record = {.type = SLUSS_REC_GUARDIANS_SET};
	record.u.guardians_set.case_id = world_id('k', world_number(word[0]), 0);
	record.u.guardians_set.guardians = person->guardians;
	record.u.guardians_set.guardian_count = person->guardian_count;
	record.u.guardians_set.agency = "1";
	record.u.guardians_set.officer = "coordinator";
	return applied(world, &record, now_ms);
}

const char *world_guardian(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return guardians_set(world, word, true, now_ms);
}

const char *world_unguardian(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return guardians_set(world, word, false, now_ms);
}

static const char *members_set(struct world *world, const char *token, struct world_case *one, int64_t now_ms)
{
	struct sluss_member members[WORLD_AGENCIES];
	struct sluss_member_officer officers[WORLD_AGENCIES][WORLD_CONTACTS];
	for (size_t i = 0; i < one->member_count; i++) {
		members[i] = (struct sluss_member){.agency = one->members[i], .officers = officers[i]};
		for (size_t j = 0; j < one->contact_count; j++) {
			if (strcmp(one->contacts[j].agency, one->members[i]) == 0)
				officers[i][members[i].officer_count++] =
				    (struct sluss_member_officer){.officer = one->contacts[j].officer};
		}
	}
	struct sluss_record record = {.type = SLUSS_REC_MEMBERS_SET};
	record.u.members_set.case_id = world_id('k', world_number(token), 0);
	record.u.members_set.members = members;
	record.u.members_set.member_count = one->member_count;
	record.u.members_set.agency = "1";
	record.u.members_set.officer = "coordinator";
	return applied(world, &record, now_ms);
}

static const char *member_change(struct world *world, char **word, bool add, int64_t now_ms)
{
	struct world_case *one = world_case(world, word[0]);
	if (one == NULL)
		return "SKIPPED";
	size_t kept = 0;
	for (size_t i = 0; i < one->member_count; i++) {
		if (strcmp(one->members[i], word[1]) != 0)
			memmove(one->members[kept++], one->members[i], WORLD_NAME);
	}
	one->member_count = kept;
	if (add && kept == WORLD_AGENCIES)
		world_die("members", "too many");
	if (add)
		name_copy(one->members[one->member_count++], word[1]);
	return members_set(world, word[0], one, now_ms);
}

const char *world_member(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return member_change(world, word, true, now_ms);
}

const char *world_unmember(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return member_change(world, word, false, now_ms);
}

static const char *contact_change(struct world *world, char **word, bool add, int64_t now_ms)
{
	struct world_case *one = world_case(world, word[0]);
	if (one == NULL)
		return "SKIPPED";
	size_t kept = 0;
	for (size_t i = 0; i < one->contact_count; i++) {
		if (strcmp(one->contacts[i].agency, word[1]) != 0 || strcmp(one->contacts[i].officer, word[2]) != 0)
			one->contacts[kept++] = one->contacts[i];
	}
	one->contact_count = kept;
	if (add && kept == WORLD_CONTACTS)
		world_die("contacts", "too many");
	if (add) {
		name_copy(one->contacts[kept].agency, word[1]);
		name_copy(one->contacts[kept].officer, word[2]);
		one->contact_count++;
	}
	return members_set(world, word[0], one, now_ms);
}

const char *world_contact(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return contact_change(world, word, true, now_ms);
}

const char *world_uncontact(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return contact_change(world, word, false, now_ms);
}

const char *world_sent(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	if (world_case(world, word[0]) == NULL)
		return "SKIPPED";
	struct sluss_record record = {.type = SLUSS_REC_MESSAGE_ACCEPTED};
	record.u.message_accepted.message = world_id('m', (int)world->seq, 0);
	record.u.message_accepted.case_id = world_id('k', world_number(word[0]), 0);
	record.u.message_accepted.sender = word[2];
	record.u.message_accepted.officer = "officer";
	record.u.message_accepted.message_type = sluss_message_type_from_name(word[1]);
	return applied(world, &record, now_ms);
}

const char *world_setphase(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	if (world_case(world, word[0]) == NULL)
		return "SKIPPED";
	struct sluss_record record = {.type = SLUSS_REC_PHASE_SET};
	struct sluss_rec_phase_set *set = &record.u.phase_set;
	set->case_id = world_id('k', world_number(word[0]), 0);
	set->phase = sluss_phase_from_name(word[1]);
	set->reason = set->phase == SLUSS_PHASE_CLOSED ? SLUSS_CLOSE_GOALS_MET : SLUSS_CLOSE_NONE;
	set->agency = "1";
	set->officer = "coordinator";
	struct sluss_refusal refusal;
	enum sluss_reason reason =
	    sluss_check_phase(world->state, &set->case_id, set->phase, set->reason, now_ms, &refusal);
	return reason == SLUSS_REASON_NONE ? applied(world, &record, now_ms) : sluss_reason_name(reason);
}

const char *world_assess(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	if (world_case(world, word[0]) == NULL)
		return "SKIPPED";
	struct sluss_record record = {.type = SLUSS_REC_MATURITY_ASSESSED};
	struct sluss_rec_maturity_assessed *assessed = &record.u.maturity_assessed;
	assessed->case_id = world_id('k', world_number(word[0]), 0);
	assessed->who = strcmp(word[1], "guardians") == 0 ? SLUSS_WHO_GUARDIANS
			: strcmp(word[1], "subject") == 0 ? SLUSS_WHO_SUBJECT
							  : SLUSS_WHO_BOTH;
	assessed->agency = "1";
	assessed->officer = "coordinator";
	struct sluss_refusal refusal;
	enum sluss_reason reason = sluss_check_assessment(world->state, &assessed->case_id, assessed->who, &refusal);
	return reason == SLUSS_REASON_NONE ? applied(world, &record, now_ms) : sluss_reason_name(reason);
}

const char *world_phase(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	(void)now_ms;
	if (world_case(world, word[0]) == NULL)
		return "SKIPPED";
	struct sluss_id id = world_id('k', world_number(word[0]), 0);
	struct sluss_case_view view;
	return sluss_case_find(world->state, &id, &view) ? sluss_phase_name(view.phase) : "UNKNOWN_CASE";
}
