// SPDX-License-Identifier: EUPL-1.2
// May this be recorded? Cases, phases, assessments of maturity, guardians, statutory requests (rulings 6, 9, 14, 17).
#include "policy/decide_impl.h"

#include <stdio.h>

static enum sluss_reason refuse(struct sluss_refusal *refusal, enum sluss_reason reason, const char *field)
{
	refusal->reason = reason;
	if (snprintf(refusal->field, sizeof(refusal->field), "%s", field) < 0)
		refusal->field[0] = '\0';
	return reason;
}

static enum sluss_reason refuse_at(
    struct sluss_refusal *refusal, enum sluss_reason reason, const char *field, size_t index)
{
	refusal->reason = reason;
	if (snprintf(refusal->field, sizeof(refusal->field), "%s[%zu]", field, index) < 0)
		refusal->field[0] = '\0';
	return reason;
}

static bool usable(const struct sluss_state *state)
{
	return state->policy != NULL && !state->broken;
}

enum sluss_reason sluss_check_open(const struct sluss_state *state, const char *programme, uint8_t from_years,
    uint8_t until_years, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	if (!usable(state))
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "");
	for (size_t i = 0; i < state->policy->programme_count; i++) {
		const struct sluss_programme *known = &state->policy->programmes[i];
		if (strcmp(known->name, text_or_empty(programme)) != 0)
			continue;
		if (until_years == 0)
			return refuse(refusal_out, SLUSS_UNAVAILABLE, "subject.birth_date");
		if (from_years < known->age_from || until_years > known->age_until)
			return refuse(refusal_out, SLUSS_OUTSIDE_PROGRAMME, "subject.birth_date");
		return SLUSS_REASON_NONE;
	}
	return refuse(refusal_out, SLUSS_OUTSIDE_PROGRAMME, "programme");
}

enum sluss_reason sluss_check_guardians(const struct sluss_state *state, const struct sluss_id *case_id,
    const struct sluss_id *guardians, size_t guardian_count, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_case(state, case_id);
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_UNKNOWN_CASE, "case_id");
	const struct kase *kase = CASE(state, at);
	size_t room = GUARDIANS_MAX - (size_t)PERSON(state, kase->subject)->custody.count;
	for (size_t i = 0; i < guardian_count; i++) {
		uint32_t bit = st_person_bit(state, kase, st_find_person(state, &guardians[i]));
		if (sluss_id_is_none(&guardians[i]) || bit == SUBJECT_BIT || (bit == 0 && room-- == 0))
			return refuse_at(refusal_out, SLUSS_MALFORMED, "guardians", i);
	}
	return SLUSS_REASON_NONE;
}

enum sluss_reason sluss_check_assessment(const struct sluss_state *state, const struct sluss_id *case_id,
    enum sluss_who who, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_case(state, case_id);
	if (!usable(state))
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "");
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_UNKNOWN_CASE, "case_id");
	const struct kase *kase = CASE(state, at);
	const struct sluss_programme *programme = st_case_programme(state, kase);
	const struct facts *subject = &st_line(state, kase)->facts;
	if (programme == NULL)
		return refuse(refusal_out, SLUSS_ASSESSMENT_NOT_ALLOWED, "case_id");
	const struct sluss_age_row *row =
	    subject->age_until == 0 ? NULL : sluss_programme_row(programme, subject->age_from, subject->age_until);
	if (row == NULL)
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "case_id");
	// Where there is something to assess, an assessment may also find that the default is right.
	bool back = who == row->who && row->assessments != 0;
	if ((unsigned)who == 0 || (!back && !sluss_bit32(row->assessments, (unsigned)who)))
		return refuse(refusal_out, SLUSS_ASSESSMENT_NOT_ALLOWED, "outcome");
	return SLUSS_REASON_NONE;
}

// Out of `closing` only back to where the case came from, once every link is active again (ruling 9).
static bool may_return(const struct sluss_state *state, const struct kase *kase, enum sluss_phase phase, int64_t now_ms)
{
	return st_line(state, kase)->phase == SLUSS_PHASE_CLOSING && (unsigned)phase == kase->former_phase &&
	       st_links_active(state, kase, now_ms);
}

enum sluss_reason sluss_check_phase(const struct sluss_state *state, const struct sluss_id *case_id,
    enum sluss_phase phase, enum sluss_close_reason reason, int64_t now_ms, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_case(state, case_id);
	if (!usable(state) || now_ms < state->time_ms)
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "");
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_UNKNOWN_CASE, "case_id");
	const struct kase *kase = CASE(state, at);
	if ((unsigned)phase == 0 || (unsigned)phase >= SLUSS_PHASES)
		return refuse(refusal_out, SLUSS_MALFORMED, "phase");
	if (st_line(state, kase)->phase == SLUSS_PHASE_CLOSED)
		return refuse(refusal_out, SLUSS_CLOSED_STATE, "phase");
	if (!sluss_bit32(state->policy->phase_next[st_line(state, kase)->phase], (unsigned)phase) &&
	    !may_return(state, kase, phase, now_ms))
		return refuse(refusal_out, SLUSS_PHASE_FORBIDS, "phase");
	const struct sluss_programme *programme = st_case_programme(state, kase);
	if (phase == SLUSS_PHASE_ENROLLED &&
	    (programme == NULL || (programme->before_enrolment & ~kase->types_seen) != 0))
		return refuse(refusal_out, SLUSS_PHASE_FORBIDS, "phase");
	bool closes = phase == SLUSS_PHASE_CLOSED;
	bool stated = reason != SLUSS_CLOSE_NONE;
	if (closes != stated || (closes && !sluss_bit32(state->policy->close_reasons, (unsigned)reason)))
		return refuse(refusal_out, SLUSS_MALFORMED, "close_reason");
	return SLUSS_REASON_NONE;
}

// Whether a provision reaches every recipient and category that a request names.
static enum sluss_reason check_reach(const struct sluss_state *state, const struct sluss_rec_statute_requested *request,
    const struct sluss_provision *law, const struct kase *kase, struct sluss_refusal *refusal)
{
	uint8_t sender = (uint8_t)sluss_state_agency_type(state, request->agency);
	unsigned type = (unsigned)request->message_type;
	if (type >= SLUSS_MESSAGE_TYPES || (type != 0 && !sluss_bit32(law->types, type)))
		return refuse(refusal, SLUSS_STATUTE_NOT_APPLICABLE, "message_type");
	if (!sluss_bit32(law->from, sender))
		return refuse(refusal, SLUSS_STATUTE_NOT_APPLICABLE, "agency_id");
	if (law->necessity && !request->necessity)
		return refuse(refusal, SLUSS_STATUTE_NOT_APPLICABLE, "necessity");
	// The type is looked at above; any that the provision covers serves to ask about the rest.
	enum sluss_message_type covered = (enum sluss_message_type)__builtin_ctz(law->types);
	for (size_t i = 0; i < request->recipient_count; i++) {
		enum sluss_agency_type recipient = sluss_state_agency_type(state, request->recipients[i]);
		if (recipient == SLUSS_AGENCY_NONE)
			return refuse_at(refusal, SLUSS_UNKNOWN_AGENCY, "receiver_agency_ids", i);
		if (!sluss_bit32(law->to, (unsigned)recipient))
			return refuse_at(refusal, SLUSS_STATUTE_NOT_APPLICABLE, "receiver_agency_ids", i);
		for (size_t k = 0; k < request->category_count; k++) {
			int category = sluss_policy_category_index(state->policy, request->categories[k]);
			if (category < 0)
				return refuse_at(refusal, SLUSS_UNKNOWN_CATEGORY, "categories", k);
			enum sluss_reason reason = st_provision_reaches(law, &st_line(state, kase)->facts, sender,
			    (uint8_t)recipient, covered, UINT64_C(1) << category, request->necessity);
			if (reason != SLUSS_OK_STATUTE)
				return refuse_at(refusal, reason, "categories", k);
		}
	}
	return SLUSS_REASON_NONE;
}

enum sluss_reason sluss_check_statute_request(const struct sluss_state *state,
    const struct sluss_rec_statute_requested *request, bool deferral_reasons, int64_t now_ms,
    struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_case(state, &request->case_id);
	if (!usable(state) || now_ms < state->time_ms)
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "");
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_UNKNOWN_CASE, "case_id");
	if (sluss_state_agency_type(state, request->agency) == SLUSS_AGENCY_NONE)
		return refuse(refusal_out, SLUSS_UNKNOWN_AGENCY, "agency_id");
	uint32_t symbol = st_find_symbol(state, request->provision);
	if (symbol == SLUSS_NOWHERE || SYMBOL(state, symbol)->provision == NO_INDEX)
		return refuse(refusal_out, SLUSS_STATUTE_UNKNOWN, "provision");
	const struct sluss_provision *law = &state->policy->provisions[SYMBOL(state, symbol)->provision];
	if (request->recipient_count == 0)
		return refuse(refusal_out, SLUSS_VAGUE_RECIPIENT, "receiver_agency_ids");
	if (request->category_count == 0)
		return refuse(refusal_out, SLUSS_VAGUE_CATEGORY, "categories");
	enum sluss_reason reason = check_reach(state, request, law, CASE(state, at), refusal_out);
	if (reason != SLUSS_REASON_NONE)
		return reason;
	if (!request->deferred)
		return SLUSS_REASON_NONE;
	// A deferral without reasons or without a date is refused: the person is told at once (ruling 14).
	if (!law->may_defer)
		return refuse(refusal_out, SLUSS_DEFERRAL_UNARGUED, "defer_notice");
	if (!deferral_reasons)
		return refuse(refusal_out, SLUSS_DEFERRAL_UNARGUED, "deferral_reasons");
	if (request->notify_ms <= now_ms)
		return refuse(refusal_out, SLUSS_DEFERRAL_UNARGUED, "notice_at");
	return SLUSS_REASON_NONE;
}

enum sluss_reason sluss_check_statute_answer(const struct sluss_state *state,
    const struct sluss_rec_statute_answered *answer, int64_t now_ms, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_statute(state, &answer->request);
	if (!usable(state) || now_ms < state->time_ms)
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "");
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_NOT_FOUND, "approval_id");
	const struct statute *statute = STATUTE(state, at);
	if (st_find_agency(state, answer->agency) != statute->agency)
		return refuse(refusal_out, SLUSS_NOT_ENTITLED, "agency_id");
	if (strcmp(text_or_empty(answer->officer), st_symbol_text(state, statute->officer)) == 0 ||
	    !sluss_state_is_approver(state, answer->agency, answer->officer))
		return refuse(refusal_out, SLUSS_NOT_ENTITLED, "officer_id");
	if (statute->approved || statute->refused)
		return refuse(refusal_out, SLUSS_CLOSED_STATE, "approval_id");
	return SLUSS_REASON_NONE;
}
