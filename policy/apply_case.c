// SPDX-License-Identifier: EUPL-1.2
// Folds what is recorded about cases and persons.
#include "policy/state_impl.h"

#include <stdlib.h>

static void join_subject(struct sluss_state *state, uint32_t kase_at, uint32_t subject)
{
	struct kase *kase = CASE(state, kase_at);
	kase->subject = subject;
	kase->next_of_subject = PERSON(state, subject)->first_case;
	PERSON(state, subject)->first_case = kase_at;
	st_line(state, kase)->facts = PERSON(state, subject)->facts;
}

static void copy_facts(struct sluss_state *state, uint32_t person)
{
	for (uint32_t at = PERSON(state, person)->first_case; at != SLUSS_NOWHERE;
	     at = CASE(state, at)->next_of_subject)
		st_line(state, CASE(state, at))->facts = PERSON(state, person)->facts;
}

static void leave_subject(struct sluss_state *state, uint32_t kase_at)
{
	struct kase *kase = CASE(state, kase_at);
	uint32_t *link = &PERSON(state, kase->subject)->first_case;
	while (*link != kase_at)
		link = &CASE(state, *link)->next_of_subject;
	*link = kase->next_of_subject;
}

static struct members *new_members(size_t count, size_t officer_count)
{
	size_t head = sizeof(struct members) + count * sizeof(struct member);
	head = (head + 7) / 8 * 8;
	uint8_t *block = calloc(1, head + officer_count * sizeof(uint32_t));
	if (block == NULL)
		return NULL;
	struct members *members = (struct members *)(void *)block;
	members->list = (struct member *)(void *)(block + sizeof(struct members));
	members->officers = (uint32_t *)(void *)(block + head);
	members->count = (uint16_t)count;
	members->officer_count = (uint16_t)officer_count;
	return members;
}

static size_t members_memory(const struct members *members)
{
	return members == NULL ? 0
			       : sizeof(*members) + members->count * sizeof(struct member) +
				     members->officer_count * sizeof(uint32_t) + 16;
}

static void replace_members(struct sluss_state *state, struct kase *kase, struct members *members)
{
	state->member_memory += members_memory(members) - members_memory(kase->members);
	free(kase->members);
	kase->members = members;
	struct case_line *line = st_line(state, kase);
	bool fits = members->count <= AGENCIES_HERE;
	line->agency_count = fits ? (uint8_t)members->count : (uint8_t)(AGENCIES_HERE + 1);
	for (unsigned i = 0; i < AGENCIES_HERE; i++)
		line->agencies[i] = fits && i < members->count ? members->list[i].agency : (uint16_t)NO_AGENCY;
}

// The leading agency alone, with the officer who opened the case as coordinator.
static struct members *first_member(struct sluss_state *state, uint16_t agency, const char *officer)
{
	bool named = text_or_empty(officer)[0] != '\0';
	struct members *members = new_members(1, named ? 1 : 0);
	if (members == NULL)
		return NULL;
	members->list[0] = (struct member){agency, 0, named ? 1 : 0};
	if (named) {
		uint32_t symbol = st_intern(state, officer);
		if (symbol == SLUSS_NOWHERE) {
			free(members);
			return NULL;
		}
		members->officers[0] = symbol << 1 | 1u;
	}
	return members;
}

// Room for one more case. Lines move when their table grows.
static bool reserve_case(struct sluss_state *state)
{
	const uint8_t *before = state->by_case.slots;
	if (!sluss_array_reserve(&state->cases, 1) || !st_links_reserve(state) ||
	    !sluss_id_table_reserve(&state->by_case, 1))
		return false;
	for (uint32_t i = 0; state->by_case.slots != before && i < sluss_id_table_slots(&state->by_case); i++) {
		const struct sluss_id_slot *slot = sluss_id_table_at(&state->by_case, i);
		if (slot->at != 0)
			CASE(state, slot->at - 1)->line = i;
	}
	return true;
}

static uint32_t append_case(struct sluss_state *state, const struct sluss_rec_case_opened *opened, uint64_t seq)
{
	if (!reserve_case(state))
		return SLUSS_NOWHERE;
	uint32_t at = sluss_array_append(&state->cases);
	struct kase *kase = CASE(state, at);
	kase->id = opened->case_id;
	kase->programme = SLUSS_NOWHERE;
	kase->first_grant = SLUSS_NOWHERE;
	kase->next_of_subject = SLUSS_NOWHERE;
	kase->heap_at = SLUSS_NOWHERE;
	kase->edge_ms = INT64_MAX;
	kase->opened_seq = seq;
	kase->line = sluss_id_table_insert(&state->by_case, st_hash_id(state, &opened->case_id), &opened->case_id, at);
	return at;
}

// A new case; or one that a message opened is taken in hand.
static enum sluss_apply open_case(struct sluss_state *state, const struct sluss_record *record, uint64_t seq)
{
	const struct sluss_rec_case_opened *opened = &record->u.case_opened;
	uint16_t agency = st_find_agency(state, opened->agency);
	uint32_t at = st_find_case(state, &opened->case_id);
	bool named = text_or_empty(opened->programme)[0] != '\0';
	if (sluss_id_is_none(&opened->case_id) || sluss_id_is_none(&opened->subject) || agency == NO_AGENCY ||
	    (opened->phase != SLUSS_PHASE_NOMINATED && opened->phase != SLUSS_PHASE_INQUIRY))
		return SLUSS_APPLY_INVALID;
	if (at != SLUSS_NOWHERE && (CASE(state, at)->programme != SLUSS_NOWHERE || !named ||
				       st_line(state, CASE(state, at))->phase != SLUSS_PHASE_NOMINATED))
		return SLUSS_APPLY_INVALID;
	uint32_t subject = st_need_person(state, &opened->subject);
	uint32_t programme = named ? st_intern(state, opened->programme) : SLUSS_NOWHERE;
	struct members *members = first_member(state, agency, opened->officer);
	if (members == NULL || subject == SLUSS_NOWHERE || (named && programme == SLUSS_NOWHERE)) {
		free(members);
		return SLUSS_APPLY_NO_MEMORY;
	}
	if (at == SLUSS_NOWHERE) {
		at = append_case(state, opened, seq);
		if (at == SLUSS_NOWHERE) {
			free(members);
			return SLUSS_APPLY_NO_MEMORY;
		}
	} else {
		leave_subject(state, at);
	}
	join_subject(state, at, subject);
	struct kase *kase = CASE(state, at);
	kase->programme = programme;
	st_line(state, kase)->phase = (uint8_t)opened->phase;
	kase->settled_ms = record->at_ms;
	replace_members(state, kase, members);
	st_case_after(state, at, CAUSE_OTHER, record->at_ms);
	return SLUSS_APPLY_OK;
}

static void each_case_before(struct sluss_state *state, uint32_t person, int64_t at_ms)
{
	for (uint32_t at = PERSON(state, person)->first_case; at != SLUSS_NOWHERE;
	     at = CASE(state, at)->next_of_subject)
		st_case_before(state, at, at_ms);
}

static void each_case_after(struct sluss_state *state, uint32_t person, enum cause cause, int64_t at_ms)
{
	for (uint32_t at = PERSON(state, person)->first_case; at != SLUSS_NOWHERE;
	     at = CASE(state, at)->next_of_subject)
		st_case_after(state, at, cause, at_ms);
}

static enum sluss_apply set_age(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_person_age *age = &record->u.person_age;
	if (sluss_id_is_none(&age->person) || age->until_years <= age->from_years)
		return SLUSS_APPLY_INVALID;
	uint32_t at = st_need_person(state, &age->person);
	if (at == SLUSS_NOWHERE)
		return SLUSS_APPLY_NO_MEMORY;
	struct person *person = PERSON(state, at);
	// Past the old band it is a birthday; else the first band, or one that a new policy cuts anew.
	bool birthday = person->facts.age_until != 0 && age->from_years >= person->facts.age_until;
	// The new age holds from this instant on: what takes over at the very same one meets it.
	each_case_before(state, at, record->at_ms - 1);
	person->facts.age_from = age->from_years;
	person->facts.age_until = age->until_years;
	copy_facts(state, at);
	each_case_after(state, at, birthday ? CAUSE_AGE : CAUSE_OTHER, record->at_ms);
	return SLUSS_APPLY_OK;
}

// The bit of a guardian, made when the person is new to this custody; 0 when there is no room.
static uint32_t guardian_bit(struct custody *custody, uint32_t person)
{
	for (unsigned i = 0; i < custody->count; i++) {
		if (custody->slots[i].person == person)
			return 2u << i;
	}
	if (custody->count >= custody->room)
		return 0;
	custody->slots[custody->count].person = person;
	return 2u << custody->count++;
}

static bool custody_reserve(struct sluss_state *state, struct custody *custody, size_t room)
{
	if (room <= custody->room)
		return true;
	struct guardian *slots = realloc(custody->slots, room * sizeof(*slots));
	if (slots == NULL)
		return false;
	state->member_memory += (room - custody->room) * sizeof(*slots);
	custody->slots = slots;
	custody->room = (uint8_t)room;
	return true;
}

// How many of them were never guardians of this subject; more than GUARDIANS_MAX in all is refused.
static size_t new_guardians(
    const struct sluss_state *state, const struct kase *kase, const struct sluss_rec_guardians_set *set)
{
	size_t fresh = 0;
	for (size_t i = 0; i < set->guardian_count; i++) {
		uint32_t person = st_find_person(state, &set->guardians[i]);
		fresh += person == SLUSS_NOWHERE || st_person_bit(state, kase, person) == 0 ? 1 : 0;
	}
	return fresh;
}

static enum sluss_apply set_guardians(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_guardians_set *set = &record->u.guardians_set;
	uint32_t at = st_find_case(state, &set->case_id);
	if (at == SLUSS_NOWHERE || set->guardian_count > GUARDIANS_MAX)
		return SLUSS_APPLY_INVALID;
	uint32_t subject = CASE(state, at)->subject;
	size_t fresh = new_guardians(state, CASE(state, at), set);
	if (PERSON(state, subject)->custody.count + fresh > GUARDIANS_MAX)
		return SLUSS_APPLY_INVALID;
	for (size_t i = 0; i < set->guardian_count; i++) {
		if (sluss_id_is_none(&set->guardians[i]) ||
		    sluss_id_equal(&set->guardians[i], &PERSON(state, subject)->id))
			return SLUSS_APPLY_INVALID;
	}
	if (!custody_reserve(state, &PERSON(state, subject)->custody, PERSON(state, subject)->custody.count + fresh))
		return SLUSS_APPLY_NO_MEMORY;
	for (size_t i = 0; i < set->guardian_count; i++) {
		if (st_need_person(state, &set->guardians[i]) == SLUSS_NOWHERE)
			return SLUSS_APPLY_NO_MEMORY;
	}
	each_case_before(state, subject, record->at_ms);
	struct custody *custody = &PERSON(state, subject)->custody;
	uint32_t current = 0;
	for (size_t i = 0; i < set->guardian_count; i++)
		current |= guardian_bit(custody, st_find_person(state, &set->guardians[i]));
	for (uint32_t i = PERSON(state, subject)->first_case; i != SLUSS_NOWHERE; i = CASE(state, i)->next_of_subject)
		CASE(state, i)->custody_changed =
		    CASE(state, i)->custody_changed || current != st_line(state, CASE(state, i))->facts.guardians;
	PERSON(state, subject)->facts.guardians = current;
	copy_facts(state, subject);
	each_case_after(state, subject, CAUSE_OTHER, record->at_ms);
	return SLUSS_APPLY_OK;
}

static enum sluss_apply set_members(struct sluss_state *state, const struct sluss_rec_members_set *set)
{
	uint32_t at = st_find_case(state, &set->case_id);
	size_t officers = 0;
	if (at == SLUSS_NOWHERE || set->member_count > 1024)
		return SLUSS_APPLY_INVALID;
	for (size_t i = 0; i < set->member_count; i++) {
		uint16_t agency = st_find_agency(state, set->members[i].agency);
		if (agency == NO_AGENCY || AGENCY(state, agency)->type == SLUSS_AGENCY_AUDITOR ||
		    set->members[i].officer_count > 1024)
			return SLUSS_APPLY_INVALID;
		officers += set->members[i].officer_count;
	}
	if (officers > UINT16_MAX)
		return SLUSS_APPLY_INVALID;
	struct members *members = new_members(set->member_count, officers);
	if (members == NULL)
		return SLUSS_APPLY_NO_MEMORY;
	uint16_t next = 0;
	for (size_t i = 0; i < set->member_count; i++) {
		const struct sluss_member *from = &set->members[i];
		members->list[i] =
		    (struct member){st_find_agency(state, from->agency), next, (uint16_t)from->officer_count};
		for (size_t k = 0; k < from->officer_count; k++) {
			uint32_t symbol = st_intern(state, from->officers[k].officer);
			if (symbol == SLUSS_NOWHERE) {
				free(members);
				return SLUSS_APPLY_NO_MEMORY;
			}
			members->officers[next++] = symbol << 1 | (from->officers[k].coordinator ? 1u : 0u);
		}
	}
	replace_members(state, CASE(state, at), members);
	return SLUSS_APPLY_OK;
}

static enum sluss_apply set_phase(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_phase_set *set = &record->u.phase_set;
	uint32_t at = st_find_case(state, &set->case_id);
	if (at == SLUSS_NOWHERE || (unsigned)set->phase == 0 || (unsigned)set->phase >= SLUSS_PHASES ||
	    st_line(state, CASE(state, at))->phase == SLUSS_PHASE_CLOSED)
		return SLUSS_APPLY_INVALID;
	struct kase *kase = CASE(state, at);
	uint8_t *phase = &st_line(state, kase)->phase;
	if (set->phase == SLUSS_PHASE_CLOSING && *phase != SLUSS_PHASE_CLOSING)
		kase->former_phase = *phase;
	kase->link_lost = set->phase == SLUSS_PHASE_CLOSING && set->by_gateway;
	*phase = (uint8_t)set->phase;
	kase->close_reason = set->phase == SLUSS_PHASE_CLOSED ? (uint8_t)set->reason : (uint8_t)SLUSS_CLOSE_NONE;
	// A case that comes back from `closing` has to be looked at again.
	if (kase->heap_at != SLUSS_NOWHERE)
		st_links_touch(state, at, record->at_ms);
	return SLUSS_APPLY_OK;
}

static enum sluss_apply set_protection(struct sluss_state *state, const struct sluss_rec_protection_set *set)
{
	uint32_t at = st_find_case(state, &set->case_id);
	if (at == SLUSS_NOWHERE)
		return SLUSS_APPLY_INVALID;
	struct person *subject = PERSON(state, CASE(state, at)->subject);
	subject->facts.protected_identity = set->protected_identity;
	copy_facts(state, CASE(state, at)->subject);
	subject->login_locked = set->login_locked;
	return SLUSS_APPLY_OK;
}

static enum sluss_apply assess(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_maturity_assessed *assessed = &record->u.maturity_assessed;
	uint32_t at = st_find_case(state, &assessed->case_id);
	if (at == SLUSS_NOWHERE || (unsigned)assessed->who == 0 || (unsigned)assessed->who > SLUSS_WHO_BOTH)
		return SLUSS_APPLY_INVALID;
	const struct kase *kase = CASE(state, at);
	const struct facts *subject = &st_line(state, kase)->facts;
	const struct sluss_programme *programme = st_case_programme(state, kase);
	const struct sluss_age_row *row = programme == NULL || subject->age_until == 0
					      ? NULL
					      : sluss_programme_row(programme, subject->age_from, subject->age_until);
	if (row == NULL)
		return SLUSS_APPLY_INVALID;
	st_case_before(state, at, record->at_ms);
	CASE(state, at)->assessed_who = (uint8_t)assessed->who;
	CASE(state, at)->assessed_from = row->from;
	CASE(state, at)->assessed_until = row->until;
	st_case_after(state, at, CAUSE_OTHER, record->at_ms);
	return SLUSS_APPLY_OK;
}

static enum sluss_apply limit_view(struct sluss_state *state, const struct sluss_rec_view_limited *limited)
{
	uint32_t at = st_find_case(state, &limited->case_id);
	uint32_t guardian = st_find_person(state, &limited->guardian);
	if (at == SLUSS_NOWHERE || guardian == SLUSS_NOWHERE)
		return SLUSS_APPLY_INVALID;
	struct kase *kase = CASE(state, at);
	for (uint32_t i = 0; i < kase->limit_count; i++) {
		if (kase->limits[i].guardian != guardian ||
		    !sluss_id_equal(&kase->limits[i].message, &limited->message))
			continue;
		if (!limited->limited)
			kase->limits[i] = kase->limits[--kase->limit_count];
		return SLUSS_APPLY_OK;
	}
	if (!limited->limited)
		return SLUSS_APPLY_OK;
	struct view_limit *limits = realloc(kase->limits, (kase->limit_count + 1) * sizeof(*limits));
	if (limits == NULL)
		return SLUSS_APPLY_NO_MEMORY;
	limits[kase->limit_count++] = (struct view_limit){limited->message, guardian};
	kase->limits = limits;
	return SLUSS_APPLY_OK;
}

enum sluss_apply st_apply_case(struct sluss_state *state, const struct sluss_record *record, uint64_t seq)
{
	switch ((int)record->type) {
	case SLUSS_REC_CASE_OPENED:
		return open_case(state, record, seq);
	case SLUSS_REC_PERSON_AGE:
		return set_age(state, record);
	case SLUSS_REC_GUARDIANS_SET:
		return set_guardians(state, record);
	case SLUSS_REC_MEMBERS_SET:
		return set_members(state, &record->u.members_set);
	case SLUSS_REC_PHASE_SET:
		return set_phase(state, record);
	case SLUSS_REC_PROTECTION_SET:
		return set_protection(state, &record->u.protection_set);
	case SLUSS_REC_MATURITY_ASSESSED:
		return assess(state, record);
	case SLUSS_REC_VIEW_LIMITED:
		return limit_view(state, &record->u.view_limited);
	}
	return SLUSS_APPLY_INVALID;
}
