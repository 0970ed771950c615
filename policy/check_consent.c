// SPDX-License-Identifier: EUPL-1.2
// May this be recorded? Consents and what persons do about them (rulings 5, 6, 15, 17).
#include "policy/decide.h"
#include "policy/state_impl.h"

#include <stdarg.h>
#include <stdio.h>

static enum sluss_reason refuse(struct sluss_refusal *refusal, enum sluss_reason reason, const char *format, ...)
    SLUSS_PRINTF(3, 4);

static enum sluss_reason refuse(struct sluss_refusal *refusal, enum sluss_reason reason, const char *format, ...)
{
	refusal->reason = reason;
	va_list args;
	va_start(args, format);
	if (vsnprintf(refusal->field, sizeof(refusal->field), format, args) < 0)
		refusal->field[0] = '\0';
	va_end(args);
	return reason;
}

// Nothing there, or a word that stands for more than one thing.
static bool is_vague(const struct sluss_policy *policy, const char *word)
{
	word = text_or_empty(word);
	if (word[0] == '\0' || strchr(word, '*') != NULL)
		return true;
	for (size_t i = 0; i < policy->vague_count; i++) {
		if (strcmp(policy->vague[i], word) == 0)
			return true;
	}
	return false;
}

static enum sluss_reason check_recipients(
    const struct sluss_state *state, const struct sluss_grant_draft *draft, size_t at, struct sluss_refusal *refusal)
{
	if (draft->recipient_count == 0)
		return refuse(refusal, SLUSS_VAGUE_RECIPIENT, "grants[%zu].receiver_agency_ids", at);
	for (size_t i = 0; i < draft->recipient_count; i++) {
		if (is_vague(state->policy, draft->recipients[i]))
			return refuse(refusal, SLUSS_VAGUE_RECIPIENT, "grants[%zu].receiver_agency_ids[%zu]", at, i);
	}
	for (size_t i = 0; i < draft->recipient_count; i++) {
		if (sluss_state_agency_type(state, draft->recipients[i]) == SLUSS_AGENCY_NONE)
			return refuse(refusal, SLUSS_UNKNOWN_AGENCY, "grants[%zu].receiver_agency_ids[%zu]", at, i);
		if (sluss_state_agency_type(state, draft->recipients[i]) == SLUSS_AGENCY_AUDITOR)
			return refuse(refusal, SLUSS_NOT_ENTITLED, "grants[%zu].receiver_agency_ids[%zu]", at, i);
	}
	// After the names themselves: who is not bound by public secrecy law stands alone.
	for (size_t i = 0; i < draft->recipient_count; i++) {
		enum sluss_agency_type type = sluss_state_agency_type(state, draft->recipients[i]);
		if (draft->recipient_count > 1 && sluss_bit32(state->policy->named_alone, (unsigned)type))
			return refuse(refusal, SLUSS_NOT_NAMED_ALONE, "grants[%zu].receiver_agency_ids[%zu]", at, i);
	}
	return SLUSS_REASON_NONE;
}

static enum sluss_reason check_window(
    const struct sluss_state *state, const struct sluss_grant_draft *draft, size_t at, struct sluss_refusal *refusal)
{
	if (!draft->has_until)
		return refuse(refusal, SLUSS_NO_END, "grants[%zu].until", at);
	if (draft->until_ms <= draft->from_ms)
		return refuse(refusal, SLUSS_MALFORMED, "grants[%zu].until", at);
	if (draft->until_ms > sluss_add_months_ms(draft->from_ms, state->policy->max_months))
		return refuse(refusal, SLUSS_END_TOO_LATE, "grants[%zu].until", at);
	return SLUSS_REASON_NONE;
}

static enum sluss_reason check_draft(
    const struct sluss_state *state, const struct sluss_grant_draft *draft, size_t at, struct sluss_refusal *refusal)
{
	if (is_vague(state->policy, draft->category))
		return refuse(refusal, SLUSS_VAGUE_CATEGORY, "grants[%zu].category", at);
	if (sluss_policy_category_index(state->policy, draft->category) < 0)
		return refuse(refusal, SLUSS_UNKNOWN_CATEGORY, "grants[%zu].category", at);
	if (is_vague(state->policy, draft->sender))
		return refuse(refusal, SLUSS_VAGUE_RECIPIENT, "grants[%zu].sender_agency_id", at);
	if (sluss_state_agency_type(state, draft->sender) == SLUSS_AGENCY_NONE)
		return refuse(refusal, SLUSS_UNKNOWN_AGENCY, "grants[%zu].sender_agency_id", at);
	if (sluss_state_agency_type(state, draft->sender) == SLUSS_AGENCY_AUDITOR)
		return refuse(refusal, SLUSS_NOT_ENTITLED, "grants[%zu].sender_agency_id", at);
	enum sluss_reason reason = check_recipients(state, draft, at, refusal);
	if (reason != SLUSS_REASON_NONE)
		return reason;
	if ((unsigned)draft->purpose == 0 || !sluss_bit32(state->policy->purposes, (unsigned)draft->purpose))
		return refuse(refusal, SLUSS_VAGUE_PURPOSE, "grants[%zu].purpose", at);
	for (size_t i = 0; i < draft->recipient_count; i++) {
		bool again = strcmp(draft->recipients[i], draft->sender) == 0;
		for (size_t k = 0; k < i; k++)
			again = again || strcmp(draft->recipients[i], draft->recipients[k]) == 0;
		if (again)
			return refuse(refusal, SLUSS_MALFORMED, "grants[%zu].receiver_agency_ids[%zu]", at, i);
	}
	if (!draft->has_from)
		return refuse(refusal, SLUSS_MALFORMED, "grants[%zu].from", at);
	return check_window(state, draft, at, refusal);
}

// Programme ages are looked at when a case is opened and when a consent is recorded (ruling 6).
static enum sluss_reason check_programme_age(
    const struct sluss_state *state, const struct kase *kase, struct sluss_refusal *refusal)
{
	const struct sluss_programme *programme = st_case_programme(state, kase);
	const struct facts *subject = &st_line(state, kase)->facts;
	if (programme == NULL)
		return refuse(refusal, SLUSS_OUTSIDE_PROGRAMME, "case_id");
	if (subject->age_until == 0)
		return refuse(refusal, SLUSS_UNAVAILABLE, "case_id");
	if (subject->age_from < programme->age_from || subject->age_until > programme->age_until)
		return refuse(refusal, SLUSS_OUTSIDE_PROGRAMME, "case_id");
	return SLUSS_REASON_NONE;
}

enum sluss_reason sluss_check_consent(const struct sluss_state *state, const struct sluss_id *case_id,
    const struct sluss_grant_draft *drafts, size_t draft_count, int64_t now_ms, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_case(state, case_id);
	if (state->policy == NULL || state->broken || now_ms < state->time_ms)
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "%s", "");
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_UNKNOWN_CASE, "case_id");
	if (st_line(state, CASE(state, at))->phase == SLUSS_PHASE_CLOSED)
		return refuse(refusal_out, SLUSS_CLOSED_STATE, "case_id");
	enum sluss_reason outside = check_programme_age(state, CASE(state, at), refusal_out);
	if (outside != SLUSS_REASON_NONE)
		return outside;
	if (draft_count == 0)
		return refuse(refusal_out, SLUSS_VAGUE_CATEGORY, "grants");
	for (size_t i = 0; i < draft_count; i++) {
		enum sluss_reason reason = check_draft(state, &drafts[i], i, refusal_out);
		if (reason != SLUSS_REASON_NONE)
			return reason;
	}
	return SLUSS_REASON_NONE;
}

// Refused, withdrawn, registered by mistake, or over: it never reopens.
static bool is_closed(const struct grant *grant, int64_t now_ms)
{
	return grant->refused != 0 || grant->withdrawn != 0 || (grant->flags & F_VOID) != 0 ||
	       now_ms >= grant->until_ms;
}

static enum sluss_reason check_version(const struct sluss_state *state, const struct sluss_act_request *request,
    size_t i, int64_t now_ms, struct sluss_refusal *refusal)
{
	uint32_t at = st_find_grant(state, &request->grants[i]);
	uint32_t kase = st_find_case(state, &request->case_id);
	if (at == SLUSS_NOWHERE || GRANT(state, at)->kase != kase)
		return refuse(refusal, SLUSS_NOT_FOUND, "grant_ids[%zu]", i);
	const struct grant *grant = GRANT(state, at);
	if (request->act == SLUSS_ACT_INVALIDATE)
		return (grant->flags & F_VOID) != 0 ? refuse(refusal, SLUSS_CLOSED_STATE, "grant_ids[%zu]", i)
						    : SLUSS_REASON_NONE;
	// Whoever may refuse or withdraw may do it again, or after another did: it only ever narrows.
	bool narrows = request->act == SLUSS_ACT_REFUSE || request->act == SLUSS_ACT_WITHDRAW;
	if (!narrows && is_closed(grant, now_ms))
		return refuse(refusal, SLUSS_CLOSED_STATE, "grant_ids[%zu]", i);
	if (request->act == SLUSS_ACT_RESUME && grant->paused == 0)
		return refuse(refusal, SLUSS_MALFORMED, "grant_ids[%zu]", i);
	if (request->act != SLUSS_ACT_NARROW)
		return SLUSS_REASON_NONE;
	int64_t from = request->from_ms == 0 ? grant->from_ms : request->from_ms;
	int64_t until = request->until_ms == 0 ? grant->until_ms : request->until_ms;
	if (from < grant->from_ms)
		return refuse(refusal, SLUSS_MALFORMED, "narrowed_from");
	if (until > grant->until_ms || until <= from || (request->from_ms == 0 && request->until_ms == 0))
		return refuse(refusal, SLUSS_MALFORMED, "narrowed_until");
	return SLUSS_REASON_NONE;
}

// Who may do what (ruling 5). Giving is open to everyone who may come to be asked: it has no effect before that.
static enum sluss_reason check_entitled(const struct sluss_state *state, const struct kase *kase, uint32_t bit,
    enum sluss_act act, struct sluss_refusal *refusal)
{
	if (act == SLUSS_ACT_GIVE) {
		uint32_t current = SUBJECT_BIT | st_line(state, kase)->facts.guardians;
		return (bit & current) != 0 ? SLUSS_REASON_NONE : refuse(refusal, SLUSS_NOT_ENTITLED, "person_id");
	}
	enum sluss_who who;
	if (!st_case_who(state, kase, &who))
		return refuse(refusal, SLUSS_UNAVAILABLE, "case_id");
	return (bit & st_required_bits(state, kase)) != 0 ? SLUSS_REASON_NONE
							  : refuse(refusal, SLUSS_NOT_ENTITLED, "person_id");
}

enum sluss_reason sluss_check_act(const struct sluss_state *state, const struct sluss_act_request *request,
    int64_t now_ms, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_case(state, &request->case_id);
	if (state->policy == NULL || state->broken || now_ms < state->time_ms)
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "%s", "");
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_UNKNOWN_CASE, "case_id");
	if (request->act == SLUSS_ACT_NONE || (unsigned)request->act > SLUSS_ACT_INVALIDATE)
		return refuse(refusal_out, SLUSS_MALFORMED, "act");
	if (request->grant_count == 0)
		return refuse(refusal_out, SLUSS_MALFORMED, "grant_ids");
	uint32_t bit = st_person_bit(state, CASE(state, at), st_find_person(state, &request->person));
	bool nobody = request->act == SLUSS_ACT_INVALIDATE && sluss_id_is_none(&request->person);
	if (request->act == SLUSS_ACT_INVALIDATE && !nobody && bit == 0)
		return refuse(refusal_out, SLUSS_NOT_ENTITLED, "person_id");
	if (request->act != SLUSS_ACT_INVALIDATE) {
		enum sluss_reason reason = check_entitled(state, CASE(state, at), bit, request->act, refusal_out);
		if (reason != SLUSS_REASON_NONE)
			return reason;
	}
	for (size_t i = 0; i < request->grant_count; i++) {
		enum sluss_reason reason = check_version(state, request, i, now_ms, refusal_out);
		if (reason != SLUSS_REASON_NONE)
			return reason;
	}
	return SLUSS_REASON_NONE;
}

enum sluss_reason sluss_check_withdrawal(
    const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal, struct sluss_refusal *refusal_out)
{
	*refusal_out = (struct sluss_refusal){0};
	uint32_t at = st_find_case(state, &withdrawal->case_id);
	struct scope scope;
	if (state->policy == NULL || state->broken)
		return refuse(refusal_out, SLUSS_UNAVAILABLE, "%s", "");
	if (at == SLUSS_NOWHERE)
		return refuse(refusal_out, SLUSS_UNKNOWN_CASE, "case_id");
	uint32_t bit = st_person_bit(state, CASE(state, at), st_find_person(state, &withdrawal->person));
	enum sluss_reason reason = check_entitled(state, CASE(state, at), bit, SLUSS_ACT_WITHDRAW, refusal_out);
	if (reason != SLUSS_REASON_NONE || st_withdrawal_scope(state, withdrawal, &scope))
		return reason;
	switch (withdrawal->scope) {
	case SLUSS_SCOPE_GRANT:
		return refuse(refusal_out, SLUSS_NOT_FOUND, "grant_id");
	case SLUSS_SCOPE_CONSENT:
		return refuse(refusal_out, SLUSS_NOT_FOUND, "consent_id");
	case SLUSS_SCOPE_CATEGORY:
		return refuse(refusal_out, SLUSS_UNKNOWN_CATEGORY, "category");
	case SLUSS_SCOPE_AGENCY:
		return refuse(refusal_out, SLUSS_UNKNOWN_AGENCY, "scope_agency_id");
	case SLUSS_SCOPE_ALL:
	case SLUSS_SCOPE_NONE:
		break;
	}
	return refuse(refusal_out, SLUSS_MALFORMED, "scope");
}
