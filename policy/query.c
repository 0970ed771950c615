// SPDX-License-Identifier: EUPL-1.2
// What the gateway reads of the state: gateway-wide figures, agencies, cases, persons.
#include "policy/state_impl.h"

const struct sluss_policy *sluss_state_policy(const struct sluss_state *state)
{
	return state->policy;
}

uint64_t sluss_state_size(const struct sluss_state *state)
{
	return state->size;
}

int64_t sluss_state_time_ms(const struct sluss_state *state)
{
	return state->time_ms;
}

struct sluss_state_counts sluss_state_counts(const struct sluss_state *state)
{
	return (struct sluss_state_counts){
	    .agencies = state->agencies.count,
	    .cases = state->cases.count,
	    .persons = state->persons.count,
	    .consents = state->consents.count,
	    .grants = state->grants.count,
	    .statutes = state->statutes.count,
	    .recalls = state->recalls.count,
	};
}

enum sluss_agency_type sluss_state_agency_type(const struct sluss_state *state, const char *agency)
{
	uint16_t at = st_find_agency(state, agency);
	if (at == NO_AGENCY || AGENCY(state, at)->left)
		return SLUSS_AGENCY_NONE;
	return (enum sluss_agency_type)AGENCY(state, at)->type;
}

bool sluss_state_is_approver(const struct sluss_state *state, const char *agency, const char *officer)
{
	uint16_t at = st_find_agency(state, agency);
	uint32_t symbol = st_find_symbol(state, officer);
	if (at == NO_AGENCY || symbol == SLUSS_NOWHERE)
		return false;
	for (uint32_t i = 0; i < AGENCY(state, at)->approver_count; i++) {
		if (AGENCY(state, at)->approvers[i] == symbol)
			return true;
	}
	return false;
}

static unsigned count_bits(uint32_t bits)
{
	return (unsigned)__builtin_popcount(bits);
}

bool sluss_case_at(const struct sluss_state *state, size_t index, struct sluss_case_view *view_out)
{
	if (index >= state->cases.count) {
		*view_out = (struct sluss_case_view){.programme = ""};
		return false;
	}
	const struct kase *kase = CASE(state, (uint32_t)index);
	const struct person *subject = PERSON(state, kase->subject);
	*view_out = (struct sluss_case_view){
	    .case_id = kase->id,
	    .subject = subject->id,
	    .programme = st_symbol_text(state, kase->programme),
	    .phase = (enum sluss_phase)st_line(state, kase)->phase,
	    .former_phase = (enum sluss_phase)kase->former_phase,
	    .close_reason = (enum sluss_close_reason)kase->close_reason,
	    .protected_identity = subject->facts.protected_identity,
	    .login_locked = subject->login_locked,
	    .link_lost = kase->link_lost,
	    .opened_seq = kase->opened_seq,
	    .member_count = kase->members == NULL ? 0 : kase->members->count,
	    .guardian_count = count_bits(subject->facts.guardians),
	    .grant_count = kase->grant_count,
	};
	return true;
}

bool sluss_case_find(const struct sluss_state *state, const struct sluss_id *case_id, struct sluss_case_view *view_out)
{
	return sluss_case_at(state, st_find_case(state, case_id), view_out);
}

bool sluss_case_is_member(const struct sluss_state *state, const struct sluss_id *case_id, const char *agency)
{
	uint32_t at = st_find_case(state, case_id);
	uint16_t known = st_find_agency(state, agency);
	return at != SLUSS_NOWHERE && known != NO_AGENCY && !AGENCY(state, known)->left &&
	       st_is_member(state, st_line(state, CASE(state, at)), known);
}

bool sluss_case_is_contact(
    const struct sluss_state *state, const struct sluss_id *case_id, const char *agency, const char *officer)
{
	uint32_t at = st_find_case(state, case_id);
	return at != SLUSS_NOWHERE &&
	       st_is_contact(state, CASE(state, at), st_find_agency(state, agency), officer, false);
}

bool sluss_case_is_coordinator(
    const struct sluss_state *state, const struct sluss_id *case_id, const char *agency, const char *officer)
{
	uint32_t at = st_find_case(state, case_id);
	return at != SLUSS_NOWHERE &&
	       st_is_contact(state, CASE(state, at), st_find_agency(state, agency), officer, true);
}

const char *sluss_case_member(const struct sluss_state *state, const struct sluss_id *case_id, size_t index)
{
	uint32_t at = st_find_case(state, case_id);
	const struct members *members = at == SLUSS_NOWHERE ? NULL : CASE(state, at)->members;
	if (members == NULL || index >= members->count)
		return NULL;
	return st_symbol_text(state, AGENCY(state, members->list[index].agency)->symbol);
}

const char *sluss_case_officer(
    const struct sluss_state *state, const struct sluss_id *case_id, size_t member, size_t index, bool *coordinator_out)
{
	uint32_t at = st_find_case(state, case_id);
	const struct members *members = at == SLUSS_NOWHERE ? NULL : CASE(state, at)->members;
	*coordinator_out = false;
	if (members == NULL || member >= members->count || index >= members->list[member].count)
		return NULL;
	uint32_t entry = members->officers[members->list[member].first + index];
	*coordinator_out = (entry & 1u) != 0;
	return st_symbol_text(state, entry >> 1);
}

bool sluss_case_guardian(
    const struct sluss_state *state, const struct sluss_id *case_id, size_t index, struct sluss_id *guardian_out)
{
	uint32_t at = st_find_case(state, case_id);
	*guardian_out = (struct sluss_id){0};
	if (at == SLUSS_NOWHERE)
		return false;
	const struct custody *custody = &PERSON(state, CASE(state, at)->subject)->custody;
	for (unsigned i = 0; i < custody->count; i++) {
		if ((st_line(state, CASE(state, at))->facts.guardians & (2u << i)) == 0)
			continue;
		if (index-- == 0) {
			*guardian_out = PERSON(state, custody->slots[i].person)->id;
			return true;
		}
	}
	return false;
}

bool sluss_case_view_limited(const struct sluss_state *state, const struct sluss_id *case_id,
    const struct sluss_id *guardian, const struct sluss_id *message)
{
	uint32_t at = st_find_case(state, case_id);
	uint32_t person = st_find_person(state, guardian);
	if (at == SLUSS_NOWHERE || person == SLUSS_NOWHERE)
		return false;
	const struct kase *kase = CASE(state, at);
	for (uint32_t i = 0; i < kase->limit_count; i++) {
		const struct view_limit *limit = &kase->limits[i];
		if (limit->guardian == person &&
		    (sluss_id_is_none(&limit->message) || sluss_id_equal(&limit->message, message)))
			return true;
	}
	return false;
}

bool sluss_case_view_limit(const struct sluss_state *state, const struct sluss_id *case_id, size_t index,
    struct sluss_id *guardian_out, struct sluss_id *message_out)
{
	uint32_t at = st_find_case(state, case_id);
	if (at == SLUSS_NOWHERE || index >= CASE(state, at)->limit_count)
		return false;
	const struct view_limit *limit = &CASE(state, at)->limits[index];
	*guardian_out = PERSON(state, limit->guardian)->id;
	*message_out = limit->message;
	return true;
}

bool sluss_case_required(
    const struct sluss_state *state, const struct sluss_id *case_id, struct sluss_required *required_out)
{
	*required_out = (struct sluss_required){0};
	uint32_t at = st_find_case(state, case_id);
	if (at == SLUSS_NOWHERE)
		return false;
	const struct kase *kase = CASE(state, at);
	required_out->known = st_case_who(state, kase, &required_out->who);
	uint32_t bits = st_required_bits(state, kase);
	const struct custody *custody = &PERSON(state, kase->subject)->custody;
	if ((bits & SUBJECT_BIT) != 0)
		required_out->persons[required_out->count++] = PERSON(state, kase->subject)->id;
	for (unsigned i = 0; i < custody->count; i++) {
		if ((bits & (2u << i)) != 0)
			required_out->persons[required_out->count++] = PERSON(state, custody->slots[i].person)->id;
	}
	bool guardians = ((unsigned)required_out->who & SLUSS_WHO_GUARDIANS) != 0;
	required_out->complete_able = required_out->known && (!guardians || st_line(state, kase)->facts.guardians != 0);
	return true;
}

bool sluss_person_age(
    const struct sluss_state *state, const struct sluss_id *person, uint8_t *from_years_out, uint8_t *until_years_out)
{
	uint32_t at = st_find_person(state, person);
	*from_years_out = 0;
	*until_years_out = 0;
	if (at == SLUSS_NOWHERE || PERSON(state, at)->facts.age_until == 0)
		return false;
	*from_years_out = PERSON(state, at)->facts.age_from;
	*until_years_out = PERSON(state, at)->facts.age_until;
	return true;
}

bool sluss_recall_at(const struct sluss_state *state, size_t index, struct sluss_recall_view *view_out)
{
	*view_out = (struct sluss_recall_view){.agency = ""};
	if (index >= state->recalls.count)
		return false;
	const struct recall *recall = RECALL(state, (uint32_t)index);
	*view_out = (struct sluss_recall_view){
	    .recall = recall->id,
	    .case_id = CASE(state, recall->kase)->id,
	    .withdrawal = recall->withdrawal,
	    .agency = st_symbol_text(state, AGENCY(state, recall->agency)->symbol),
	    .cause = (enum sluss_recall_cause)recall->cause,
	    .opened_ms = recall->opened_ms,
	    .due_ms = recall->due_ms,
	    .answered = recall->answered,
	    .deleted = recall->deleted,
	    .register_mark = recall->register_mark,
	    .mark_removed = recall->mark_removed,
	    .overdue = recall->overdue,
	    .seq = recall->seq,
	    .answered_seq = recall->answered_seq,
	};
	return true;
}

bool sluss_recall_find(
    const struct sluss_state *state, const struct sluss_id *recall, struct sluss_recall_view *view_out)
{
	return sluss_recall_at(state, st_find_recall(state, recall), view_out);
}

bool sluss_statute_at(const struct sluss_state *state, size_t index, struct sluss_statute_view *view_out)
{
	*view_out = (struct sluss_statute_view){.provision = "", .agency = "", .officer = "", .approver = ""};
	if (index >= state->statutes.count)
		return false;
	const struct statute *statute = STATUTE(state, (uint32_t)index);
	int64_t until_ms = statute->refused ? 0 : st_statute_until(state, statute);
	*view_out = (struct sluss_statute_view){
	    .request = statute->id,
	    .case_id = CASE(state, statute->kase)->id,
	    .provision = st_symbol_text(state, statute->provision),
	    .agency = st_symbol_text(state, AGENCY(state, statute->agency)->symbol),
	    .officer = st_symbol_text(state, statute->officer),
	    .approver = st_symbol_text(state, statute->approver),
	    .message_type = (enum sluss_message_type)statute->type,
	    .approved = until_ms != 0,
	    .refused = statute->refused,
	    .deferred = statute->deferred,
	    .necessity = statute->necessity,
	    .requested_ms = statute->requested_ms,
	    .until_ms = until_ms,
	    .notify_ms = statute->notify_ms,
	    .uses = statute->uses,
	    .notified = statute->notified,
	    .recipient_count = statute->recipient_count,
	    .category_count = statute->category_count,
	};
	return true;
}

bool sluss_statute_find(
    const struct sluss_state *state, const struct sluss_id *request, struct sluss_statute_view *view_out)
{
	return sluss_statute_at(state, st_find_statute(state, request), view_out);
}

const char *sluss_statute_recipient(const struct sluss_state *state, const struct sluss_id *request, size_t index)
{
	uint32_t at = st_find_statute(state, request);
	if (at == SLUSS_NOWHERE || index >= STATUTE(state, at)->recipient_count)
		return NULL;
	return st_symbol_text(state, AGENCY(state, STATUTE(state, at)->lists[index])->symbol);
}

const char *sluss_statute_category(const struct sluss_state *state, const struct sluss_id *request, size_t index)
{
	uint32_t at = st_find_statute(state, request);
	if (at == SLUSS_NOWHERE || index >= STATUTE(state, at)->category_count)
		return NULL;
	const struct statute *statute = STATUTE(state, at);
	return st_symbol_text(state, state->category_symbol[statute->lists[statute->recipient_count + index]]);
}
