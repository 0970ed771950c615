// SPDX-License-Identifier: EUPL-1.2
// The decision for one section and one recipient. The order of checks is that of DOMAIN section 11; the first that fails gives the code.
#include "policy/decide_impl.h"

static struct sluss_decision denied(enum sluss_reason reason)
{
	return (struct sluss_decision){.verdict = SLUSS_VERDICT_DENY, .reason = reason, .provision = ""};
}

static void add_ground(struct sluss_decision *decision, const struct sluss_id *id)
{
	if (sluss_id_is_none(id) || decision->ground_count >= SLUSS_DECISION_GROUNDS)
		return;
	for (size_t i = 0; i < decision->ground_count; i++) {
		if (sluss_id_equal(&decision->grounds[i], id))
			return;
	}
	decision->grounds[decision->ground_count++] = *id;
}

static struct asking resolve(const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms)
{
	struct asking asking = {
		.state = state,
		.policy = state->policy,
		.question = question,
		.now_ms = now_ms,
		.kase_at = st_find_case(state, &question->case_id),
		.category = NO_INDEX,
		.in_policy = NO_INDEX,
		.labelled = text_or_empty(question->category)[0] != '\0',
	};
	if (asking.kase_at != SLUSS_NOWHERE) {
		asking.kase = CASE(state, asking.kase_at);
		__builtin_prefetch(asking.kase);
	}
	asking.sender = st_find_agency(state, question->sender);
	asking.recipient = st_find_agency(state, question->recipient);
	uint32_t category = asking.labelled ? st_find_symbol(state, question->category) : SLUSS_NOWHERE;
	if (category != SLUSS_NOWHERE) {
		asking.category = SYMBOL(state, category)->category;
		asking.in_policy = SYMBOL(state, category)->in_policy;
	}
	asking.key = pack_key(asking.category, (unsigned)question->purpose & 0xffu, asking.sender, asking.recipient);
	if (asking.kase != NULL)
		sluss_index_prefetch(&state->by_key, st_hash_key(state, asking.kase_at, asking.key));
	if ((unsigned)question->message_type < SLUSS_MESSAGE_TYPES && asking.policy != NULL)
		asking.type = &asking.policy->types[question->message_type];
	return asking;
}

static bool valid_concerned(const struct sluss_question *question)
{
	for (size_t i = 0; i < question->concerned_count; i++) {
		switch (question->concerned[i].kind) {
		case SLUSS_CONCERNED_NONE:
			return false;
		case SLUSS_CONCERNED_SUBJECT:
		case SLUSS_CONCERNED_OTHER:
			break;
		case SLUSS_CONCERNED_GUARDIAN:
		case SLUSS_CONCERNED_OTHER_CASE:
			if (sluss_id_is_none(&question->concerned[i].ref))
				return false;
			break;
		}
	}
	return question->concerned_count <= SLUSS_CONCERNED_MAX;
}

// A stated consent is of this case, or of a concerned third person's.
static bool valid_consent_claim(const struct asking *asking, const struct sluss_claim *claim)
{
	uint32_t consent = st_find_consent(asking->state, &claim->id);
	if (consent == SLUSS_NOWHERE)
		return false;
	uint32_t kase = CONSENT(asking->state, consent)->kase;
	if (kase == asking->kase_at)
		return true;
	for (size_t i = 0; i < asking->question->concerned_count; i++) {
		if (st_concerns(asking, &asking->question->concerned[i], kase))
			return true;
	}
	return false;
}

static bool valid_claims(struct asking *asking)
{
	const struct sluss_question *question = asking->question;
	for (size_t i = 0; i < question->claim_count; i++) {
		const struct sluss_claim *claim = &question->claims[i];
		switch (claim->kind) {
		case SLUSS_CLAIM_NONE:
			return false;
		case SLUSS_CLAIM_CONSENT:
			if (!valid_consent_claim(asking, claim))
				return false;
			break;
		case SLUSS_CLAIM_APPROVAL:
		case SLUSS_CLAIM_PROVISION:
			asking->claims_statute = true;
			break;
		}
	}
	asking->claims_consent = asking->kase_at != SLUSS_NOWHERE && st_claims_consent_of(asking, asking->kase_at);
	return question->claim_count <= SLUSS_CLAIMS_MAX;
}

static bool check_structure(struct asking *asking)
{
	const struct sluss_question *question = asking->question;
	if (asking->type == NULL || question->message_type == SLUSS_MESSAGE_NONE || !valid_concerned(question) || !valid_claims(asking))
		return false;
	if (asking->labelled && asking->in_policy == NO_INDEX)
		return false;
	// A type that is not about a person needs no label, nobody concerned and no ground (ruling 12).
	if (asking->type->known && !asking->type->about_person)
		return true;
	return asking->labelled && (unsigned)question->purpose != 0 && sluss_bit32(asking->policy->purposes, (unsigned)question->purpose) &&
	    question->concerned_count > 0 && question->claim_count > 0;
}

static bool check_clock(const struct asking *asking)
{
	return asking->question->log_usable && asking->now_ms >= asking->state->time_ms;
}

static bool check_membership(const struct asking *asking)
{
	const struct sluss_state *state = asking->state;
	if (asking->sender == NO_AGENCY || asking->recipient == NO_AGENCY || AGENCY(state, asking->sender)->left ||
	    AGENCY(state, asking->recipient)->left)
		return false;
	if (asking->kase == NULL)
		return asking->type->known && asking->type->opens_case;
	bool sender = !asking->type->known || asking->type->sender_member;
	bool recipient = !asking->type->known || asking->type->recipient_member;
	return (!sender || st_find_member(asking->kase, asking->sender) != NULL) &&
	    (!recipient || st_find_member(asking->kase, asking->recipient) != NULL);
}

static bool protected_category(const struct asking *asking)
{
	return asking->in_policy != NO_INDEX && (asking->policy->protected_categories & (UINT64_C(1) << asking->in_policy)) != 0;
}

// Whether any version of the key says by name that it covers a protected category. The version that carries it is looked at as ground.
static bool key_is_marked(const struct asking *asking)
{
	const struct sluss_state *state = asking->state;
	for (uint32_t at = st_find_key(state, asking->kase_at, asking->key); at != SLUSS_NOWHERE; at = GRANT(state, at)->older) {
		if ((GRANT(state, at)->flags & (F_MARK | F_VOID)) == F_MARK)
			return true;
	}
	return false;
}

static bool concerns_subject(const struct asking *asking)
{
	for (size_t i = 0; i < asking->question->concerned_count; i++) {
		if (st_concerns(asking, &asking->question->concerned[i], asking->kase_at))
			return true;
	}
	return false;
}

static bool check_protection(const struct asking *asking)
{
	const struct sluss_state *state = asking->state;
	if (asking->type->known && !asking->type->about_person)
		return true; // nobody is spoken about
	for (size_t i = 0; i < asking->question->concerned_count; i++) {
		// Another protected subject: the officer is a contact in that person's own case.
		const struct sluss_concerned *concerned = &asking->question->concerned[i];
		uint32_t at = concerned->kind == SLUSS_CONCERNED_OTHER_CASE ? st_find_case(state, &concerned->ref) : SLUSS_NOWHERE;
		if (at != SLUSS_NOWHERE && PERSON(state, CASE(state, at)->subject)->protected_identity &&
		    !st_is_contact(state, CASE(state, at), asking->recipient, asking->question->recipient_officer, false))
			return false;
	}
	if (asking->kase == NULL || !PERSON(state, asking->kase->subject)->protected_identity)
		return true;
	if (!st_is_contact(state, asking->kase, asking->recipient, asking->question->recipient_officer, false))
		return false;
	return !protected_category(asking) || !concerns_subject(asking) || asking->claims_statute || key_is_marked(asking);
}

static bool check_type(const struct asking *asking)
{
	if (!asking->type->known)
		return false;
	unsigned from = AGENCY(asking->state, asking->sender)->type;
	unsigned to = AGENCY(asking->state, asking->recipient)->type;
	bool about_person = asking->type->about_person;
	if (!about_person && (asking->labelled || asking->question->concerned_count > 0))
		return false;
	for (unsigned i = 0; i < asking->type->row_count; i++) {
		const struct sluss_row *row = &asking->policy->rows[asking->type->first_row + i];
		if (!sluss_bit32(row->from, from) || !sluss_bit32(row->to, to))
			continue;
		if (!about_person || ((row->categories & (UINT64_C(1) << asking->in_policy)) != 0 &&
			sluss_bit32(row->purposes, (unsigned)asking->question->purpose)))
			return true;
	}
	return false;
}

static bool phase_allows(const struct asking *asking)
{
	unsigned phase = asking->kase == NULL ? SLUSS_PHASE_NOMINATED : asking->kase->phase;
	return sluss_bit32(asking->policy->phase_types[phase], (unsigned)asking->question->message_type);
}

// The ground of one person concerned. `by_consent` is false when the phase leaves only statutory grounds.
static struct finding person_ground(const struct asking *asking, const struct sluss_concerned *concerned, bool by_consent,
    const struct finding *statute)
{
	bool subject = st_concerns(asking, concerned, asking->kase_at) || concerned->kind == SLUSS_CONCERNED_SUBJECT;
	struct finding finding = {.reason = SLUSS_REASON_NONE, .provision = ""};
	if (subject && asking->claims_consent) {
		bool marked = protected_category(asking) && PERSON(asking->state, asking->kase->subject)->protected_identity;
		finding = by_consent ? st_find_consent_ground(asking, asking->kase_at, marked)
				     : (struct finding){.reason = SLUSS_PHASE_FORBIDS, .provision = ""};
	} else if (!subject && by_consent) {
		finding = st_find_third_ground(asking, concerned);
	}
	if (finding.reason == SLUSS_OK_CONSENT || statute->reason == SLUSS_OK_STATUTE)
		return finding.reason == SLUSS_OK_CONSENT ? finding : *statute;
	if (!subject)
		finding.reason = SLUSS_THIRD_PARTY_MISSING;
	// Only a statute was claimed: its code (ruling 14); with a consent claimed too, the consent's (ruling 18).
	else if (!asking->claims_consent && asking->claims_statute)
		finding = *statute;
	else if (!asking->claims_consent)
		finding.reason = SLUSS_NO_GRANT;
	return finding;
}

static struct sluss_decision decide_ground(const struct asking *asking, bool by_consent)
{
	struct sluss_decision decision = {.verdict = SLUSS_VERDICT_NONE, .ground = SLUSS_GROUND_CONSENT, .provision = ""};
	struct finding statute = {.reason = SLUSS_REASON_NONE, .provision = ""};
	if (asking->claims_statute)
		statute = st_find_statute_ground(asking);
	// The subject first: a third person's missing agreement is told only when the subject's own ground holds.
	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < asking->question->concerned_count; i++) {
			const struct sluss_concerned *concerned = &asking->question->concerned[i];
			bool subject = concerned->kind == SLUSS_CONCERNED_SUBJECT || st_concerns(asking, concerned, asking->kase_at);
			if (subject != (pass == 0))
				continue;
			struct finding finding = person_ground(asking, concerned, by_consent, &statute);
			if (finding.reason != SLUSS_OK_CONSENT && finding.reason != SLUSS_OK_STATUTE) {
				decision = denied(finding.reason);
				add_ground(&decision, &finding.about);
				return decision;
			}
			add_ground(&decision, &finding.about);
			if (finding.reason == SLUSS_OK_STATUTE) {
				decision.ground = SLUSS_GROUND_STATUTORY;
				decision.provision = finding.provision;
			}
		}
	}
	decision.verdict = SLUSS_VERDICT_PERMIT;
	decision.reason = decision.ground == SLUSS_GROUND_STATUTORY ? SLUSS_OK_STATUTE : SLUSS_OK_CONSENT;
	return decision;
}

static struct sluss_decision decide_last(const struct asking *asking, enum sluss_check *failed_out)
{
	bool phase = phase_allows(asking);
	if (!asking->type->about_person) {
		*failed_out = phase ? SLUSS_CHECK_NONE : SLUSS_CHECK_PHASE;
		if (!phase)
			return denied(SLUSS_PHASE_FORBIDS);
		return (struct sluss_decision){
			.verdict = SLUSS_VERDICT_PERMIT,
			.reason = SLUSS_OK_TYPE,
			.ground = SLUSS_GROUND_TYPE,
			.provision = "",
		};
	}
	// Phase does not stop a statutory ground; without one there is nothing left to look at.
	if (!phase && !asking->claims_statute) {
		*failed_out = SLUSS_CHECK_PHASE;
		return denied(SLUSS_PHASE_FORBIDS);
	}
	struct sluss_decision decision = decide_ground(asking, phase);
	if (decision.verdict != SLUSS_VERDICT_PERMIT)
		*failed_out = decision.reason == SLUSS_PHASE_FORBIDS ? SLUSS_CHECK_PHASE : SLUSS_CHECK_GROUND;
	return decision;
}

struct sluss_decision st_decide(const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms,
    enum sluss_check *failed_out)
{
	*failed_out = SLUSS_CHECK_CLOCK;
	if (state->policy == NULL || state->broken)
		return denied(SLUSS_UNAVAILABLE);
	struct asking asking = resolve(state, question, now_ms);
	*failed_out = SLUSS_CHECK_STRUCTURE;
	if (!check_structure(&asking))
		return denied(SLUSS_MALFORMED);
	*failed_out = SLUSS_CHECK_CLOCK;
	if (!check_clock(&asking))
		return denied(SLUSS_UNAVAILABLE);
	*failed_out = SLUSS_CHECK_MEMBERSHIP;
	if (!check_membership(&asking))
		return denied(SLUSS_NOT_A_MEMBER);
	*failed_out = SLUSS_CHECK_PROTECTION;
	if (!check_protection(&asking))
		return denied(SLUSS_PROTECTED);
	*failed_out = SLUSS_CHECK_TYPE;
	if (!check_type(&asking))
		return denied(SLUSS_TYPE_FORBIDS);
	*failed_out = SLUSS_CHECK_NONE;
	return decide_last(&asking, failed_out);
}

struct sluss_decision sluss_decide(const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms)
{
	enum sluss_check failed;
	struct sluss_decision decision = st_decide(state, question, now_ms, &failed);
	decision.seq = state->size;
	return decision;
}
