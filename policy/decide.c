// SPDX-License-Identifier: EUPL-1.2
// The decision for one section and one recipient. The order of checks is that of DOMAIN section 11; the first that
// fails gives the code.
#include "policy/decide_impl.h"

static void deny(struct sluss_decision *decision, enum sluss_reason reason)
{
	decision->verdict = SLUSS_VERDICT_DENY;
	decision->reason = reason;
	decision->ground = SLUSS_GROUND_NONE;
	decision->ground_count = 0;
	decision->provision = "";
}

static void permit(struct sluss_decision *decision, enum sluss_reason reason, enum sluss_ground ground)
{
	decision->verdict = SLUSS_VERDICT_PERMIT;
	decision->reason = reason;
	decision->ground = ground;
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

// The type of an agency; NONE for one that is not in the directory, or has left.
static uint8_t type_of(const struct sluss_state *state, uint16_t agency)
{
	if (agency == NO_AGENCY || AGENCY(state, agency)->left)
		return SLUSS_AGENCY_NONE;
	return AGENCY(state, agency)->type;
}

// A question is resolved in two steps: the names and where to look, which fetches all three; and what lies there.
// Several questions take each step together (sluss_decide_many).
static void resolve_names(
    struct asking *asking, const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms)
{
	uint64_t case_hash = st_hash_id(state, &question->case_id);
	__builtin_prefetch(sluss_id_table_begin(&state->by_case, case_hash));
	uint64_t claim_hash = 0;
	if (question->claim_count > 0) {
		claim_hash = st_hash_id(state, &question->claims[0].id);
		__builtin_prefetch(sluss_id_table_begin(&state->by_consent, claim_hash));
	}
	uint16_t sender = st_find_agency(state, question->sender);
	uint16_t recipient = st_find_agency(state, question->recipient);
	bool labelled = text_or_empty(question->category)[0] != '\0';
	uint32_t symbol = labelled ? st_find_symbol(state, question->category) : SLUSS_NOWHERE;
	const struct symbol *category = symbol == SLUSS_NOWHERE ? NULL : SYMBOL(state, symbol);
	uint8_t number = category == NULL ? (uint8_t)NO_INDEX : category->category;
	uint64_t key = pack_key(number, (unsigned)question->purpose & 0xffu, sender, recipient);
	uint64_t key_hash = st_hash_key(state, case_hash, key);
	__builtin_prefetch(key_table_begin(&state->keys, key_hash, 0));
	__builtin_prefetch(key_table_begin(&state->keys, key_hash, 1));
	*asking = (struct asking){
	    .state = state,
	    .policy = state->policy,
	    .question = question,
	    .now_ms = now_ms,
	    .case_hash = case_hash,
	    .key_hash = key_hash,
	    .claim_hash = claim_hash,
	    .kase_at = SLUSS_NOWHERE,
	    .line = NULL,
	    .sender = sender,
	    .recipient = recipient,
	    .sender_type = type_of(state, sender),
	    .recipient_type = type_of(state, recipient),
	    .category = number,
	    .in_policy = category == NULL ? (uint8_t)NO_INDEX : category->in_policy,
	    .labelled = labelled,
	    .type = NULL,
	    .key = key,
	    .claims_consent = false,
	    .claims_statute = false,
	};
}

static void resolve_case(struct asking *asking)
{
	const struct sluss_state *state = asking->state;
	const struct sluss_question *question = asking->question;
	asking->line = st_find_line(state, asking->case_hash, &question->case_id);
	asking->kase_at = asking->line == NULL ? SLUSS_NOWHERE : asking->line->slot.at - 1;
	if ((unsigned)question->message_type < SLUSS_MESSAGE_TYPES)
		asking->type = &asking->policy->types[question->message_type];
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
	uint64_t hash = claim == asking->question->claims ? asking->claim_hash : st_hash_id(asking->state, &claim->id);
	const struct consent_slot *consent = st_find_consent_slot(asking->state, hash, &claim->id);
	if (consent == NULL)
		return false;
	uint32_t kase = consent->kase;
	if (kase == asking->kase_at)
		return true;
	for (size_t i = 0; i < asking->question->concerned_count; i++) {
		const struct sluss_concerned *concerned = &asking->question->concerned[i];
		if (concerned->kind == SLUSS_CONCERNED_OTHER_CASE &&
		    sluss_id_equal(&concerned->ref, &CASE(asking->state, kase)->id))
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
			asking->claims_consent = true;
			break;
		case SLUSS_CLAIM_APPROVAL:
		case SLUSS_CLAIM_PROVISION:
			asking->claims_statute = true;
			break;
		}
	}
	return question->claim_count <= SLUSS_CLAIMS_MAX;
}

static bool check_structure(struct asking *asking)
{
	const struct sluss_question *question = asking->question;
	if (asking->type == NULL || !asking->type->known || !valid_concerned(question) || !valid_claims(asking))
		return false;
	// A type that is not about a person needs no label and no ground (ruling 12).
	if (!asking->type->about_person)
		return true;
	return asking->in_policy != NO_INDEX && (unsigned)question->purpose != 0 &&
	       sluss_bit32(asking->policy->purposes, (unsigned)question->purpose) && question->concerned_count > 0 &&
	       question->claim_count > 0;
}

static bool check_clock(const struct asking *asking)
{
	return asking->question->log_usable && asking->now_ms >= asking->state->time_ms;
}

static bool check_membership(const struct asking *asking)
{
	if (asking->line == NULL)
		return asking->type->opens_case;
	bool sender =
	    asking->sender_type != SLUSS_AGENCY_NONE && st_is_member(asking->state, asking->line, asking->sender);
	bool recipient =
	    asking->recipient_type != SLUSS_AGENCY_NONE && st_is_member(asking->state, asking->line, asking->recipient);
	return (sender || !asking->type->sender_member) && (recipient || !asking->type->recipient_member);
}

// The case of a person concerned in which that person is the subject, SLUSS_NOWHERE.
static uint32_t case_of(const struct asking *asking, const struct sluss_concerned *concerned)
{
	if (concerned->kind == SLUSS_CONCERNED_SUBJECT)
		return asking->kase_at;
	return concerned->kind == SLUSS_CONCERNED_OTHER_CASE ? st_find_case(asking->state, &concerned->ref)
							     : SLUSS_NOWHERE;
}

static bool protected_subject(const struct asking *asking, uint32_t kase)
{
	if (kase == SLUSS_NOWHERE)
		return false;
	const struct case_line *line =
	    kase == asking->kase_at ? asking->line : st_line(asking->state, CASE(asking->state, kase));
	return line->facts.protected_identity;
}

// A protected person's category of the policy's list needs a grant that says so by name (ruling 16): the one that
// stands, else the newest.
static bool lacks_mark(const struct asking *asking)
{
	const struct sluss_state *state = asking->state;
	if ((asking->policy->protected_categories & (UINT64_C(1) << asking->in_policy)) == 0)
		return false;
	for (size_t i = 0; i < asking->question->concerned_count; i++) {
		uint32_t kase = case_of(asking, &asking->question->concerned[i]);
		if (protected_subject(asking, kase) && !st_key_is_marked(state, kase, asking->key, asking->now_ms))
			return true;
	}
	return false;
}

// Only a contact officer who is named on the protected person's case may receive, on whatever ground.
static bool names_officer(const struct asking *asking, uint32_t kase_at)
{
	const struct sluss_state *state = asking->state;
	return !protected_subject(asking, kase_at) || st_is_contact(state, CASE(state, kase_at), asking->recipient,
							  asking->question->recipient_officer, false);
}

static bool check_protection(const struct asking *asking)
{
	if (!asking->type->about_person)
		return true; // nobody is spoken about
	if (!names_officer(asking, asking->kase_at))
		return false;
	for (size_t i = 0; i < asking->question->concerned_count; i++) {
		uint32_t kase = case_of(asking, &asking->question->concerned[i]);
		if (kase != asking->kase_at && !names_officer(asking, kase))
			return false;
	}
	// Statute is not shut out by a missing mark; without one claimed there is nothing left to look at.
	return asking->claims_statute || !lacks_mark(asking);
}

static bool check_type(const struct asking *asking)
{
	unsigned from = asking->sender_type;
	unsigned to = asking->recipient_type;
	// A section about a person in a message about none is of another type.
	if (!asking->type->about_person && (asking->labelled || asking->question->concerned_count > 0))
		return false;
	for (unsigned i = 0; i < asking->type->row_count; i++) {
		const struct sluss_row *row = &asking->policy->rows[asking->type->first_row + i];
		if (!sluss_bit32(row->from, from) || !sluss_bit32(row->to, to))
			continue;
		if (!asking->type->about_person || ((row->categories & (UINT64_C(1) << asking->in_policy)) != 0 &&
						       sluss_bit32(row->purposes, (unsigned)asking->question->purpose)))
			return true;
	}
	return false;
}

static bool phase_allows(const struct asking *asking)
{
	unsigned phase = asking->line == NULL ? SLUSS_PHASE_NOMINATED : asking->line->phase;
	return sluss_bit32(asking->policy->phase_types[phase], (unsigned)asking->question->message_type);
}

// The ground that a person concerned gives: the subject's grant, or a third person's own as subject of another case
// (ruling 13).
static struct finding person_ground(const struct asking *asking, const struct sluss_concerned *concerned)
{
	uint32_t kase = case_of(asking, concerned);
	struct finding finding = {
	    .reason = concerned->kind == SLUSS_CONCERNED_SUBJECT ? SLUSS_NO_GRANT : SLUSS_THIRD_PARTY_MISSING};
	if (kase == SLUSS_NOWHERE)
		return finding;
	finding = st_find_consent_ground(asking, kase);
	if (finding.reason != SLUSS_OK_CONSENT && concerned->kind != SLUSS_CONCERNED_SUBJECT)
		finding.reason = SLUSS_THIRD_PARTY_MISSING;
	return finding;
}

// The consent path for everyone concerned. The subject first: a third person's missing agreement is told only when the
// subject's own holds.
static void decide_by_consent(const struct asking *asking, bool phase, struct sluss_decision *decision)
{
	// Without a statute claimed the mark was looked at before (check_protection).
	if (asking->claims_statute && lacks_mark(asking)) {
		deny(decision, SLUSS_PROTECTED);
		return;
	}
	if (!phase) {
		deny(decision, SLUSS_PHASE_FORBIDS);
		return;
	}
	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < asking->question->concerned_count; i++) {
			const struct sluss_concerned *concerned = &asking->question->concerned[i];
			if ((concerned->kind == SLUSS_CONCERNED_SUBJECT) != (pass == 0))
				continue;
			uint32_t number;
			const struct sluss_id *version = concerned->kind == SLUSS_CONCERNED_SUBJECT
							     ? st_find_permitting(asking, asking->kase_at, &number)
							     : NULL;
			if (version != NULL) {
				add_ground(decision, version);
				continue;
			}
			struct finding finding = person_ground(asking, concerned);
			if (finding.reason != SLUSS_OK_CONSENT)
				deny(decision, finding.reason);
			add_ground(decision, &finding.about);
			if (finding.reason != SLUSS_OK_CONSENT)
				return;
		}
	}
	permit(decision, SLUSS_OK_CONSENT, SLUSS_GROUND_CONSENT);
}

static void decide_by_statute(const struct asking *asking, struct sluss_decision *decision)
{
	struct finding finding = st_find_statute_ground(asking);
	deny(decision, finding.reason);
	add_ground(decision, &finding.about);
	decision->provision = finding.provision;
	if (finding.reason == SLUSS_OK_STATUTE)
		permit(decision, SLUSS_OK_STATUTE, SLUSS_GROUND_STATUTORY);
}

static bool concerns_subject(const struct asking *asking)
{
	for (size_t i = 0; i < asking->question->concerned_count; i++) {
		if (asking->question->concerned[i].kind == SLUSS_CONCERNED_SUBJECT)
			return true;
	}
	return false;
}

// After a consent that was claimed, too, and does not permit.
static void try_statute(const struct asking *asking, struct sluss_decision *decision)
{
	struct sluss_decision statute = {.verdict = SLUSS_VERDICT_DENY, .seq = decision->seq};
	decide_by_statute(asking, &statute);
	if (statute.verdict != SLUSS_VERDICT_PERMIT && asking->claims_consent)
		return;
	*decision = statute;
	if (statute.verdict != SLUSS_VERDICT_PERMIT && !concerns_subject(asking))
		decision->reason = SLUSS_THIRD_PARTY_MISSING;
}

// Either suffices; if both fail the code is the consent's, with a statute alone the statute's (rulings 14 and 18), and
// of third persons that they have none (ruling 13).
static void decide_ground(const struct asking *asking, bool phase, struct sluss_decision *decision)
{
	if (asking->claims_consent)
		decide_by_consent(asking, phase, decision);
	if (decision->verdict != SLUSS_VERDICT_PERMIT && asking->claims_statute)
		try_statute(asking, decision);
}

static enum sluss_check decide_last(const struct asking *asking, struct sluss_decision *decision)
{
	bool phase = phase_allows(asking);
	bool about_person = asking->type->about_person;
	// Phase does not stop a statutory ground; without one there is nothing left to look at.
	if (!phase && (!about_person || !asking->claims_statute)) {
		decision->reason = SLUSS_PHASE_FORBIDS;
		return SLUSS_CHECK_PHASE;
	}
	if (!about_person) {
		permit(decision, SLUSS_OK_TYPE, SLUSS_GROUND_TYPE);
		return SLUSS_CHECK_NONE;
	}
	decide_ground(asking, phase, decision);
	if (decision->verdict == SLUSS_VERDICT_PERMIT)
		return SLUSS_CHECK_NONE;
	if (decision->reason == SLUSS_PROTECTED)
		return SLUSS_CHECK_PROTECTION;
	return decision->reason == SLUSS_PHASE_FORBIDS ? SLUSS_CHECK_PHASE : SLUSS_CHECK_GROUND;
}

// The checks before the phase, in their order; the reason of the first that fails.
static enum sluss_check check_until_ground(struct asking *asking, enum sluss_reason *reason_out)
{
	*reason_out = SLUSS_MALFORMED;
	if (!check_structure(asking))
		return SLUSS_CHECK_STRUCTURE;
	*reason_out = SLUSS_UNAVAILABLE;
	if (!check_clock(asking))
		return SLUSS_CHECK_CLOCK;
	*reason_out = SLUSS_NOT_A_MEMBER;
	if (!check_membership(asking))
		return SLUSS_CHECK_MEMBERSHIP;
	*reason_out = SLUSS_PROTECTED;
	if (!check_protection(asking))
		return SLUSS_CHECK_PROTECTION;
	*reason_out = SLUSS_TYPE_FORBIDS;
	return check_type(asking) ? SLUSS_CHECK_NONE : SLUSS_CHECK_TYPE;
}

// Denied until something permits.
static void begin(const struct sluss_state *state, struct sluss_decision *decision)
{
	deny(decision, SLUSS_UNAVAILABLE);
	decision->seq = state->size;
}

// False: nothing can be told.
static bool able(const struct sluss_state *state)
{
	return state->policy != NULL && !state->broken;
}

static enum sluss_check finish(struct asking *asking, struct sluss_decision *decision)
{
	resolve_case(asking);
	enum sluss_check failed = check_until_ground(asking, &decision->reason);
	if (failed != SLUSS_CHECK_NONE)
		return failed;
	decision->reason = SLUSS_UNAVAILABLE;
	return decide_last(asking, decision);
}

enum sluss_check st_decide(const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms,
    struct sluss_decision *decision)
{
	begin(state, decision);
	if (!able(state))
		return SLUSS_CHECK_CLOCK;
	ST_FILLED struct asking asking;
	resolve_names(&asking, state, question, now_ms);
	return finish(&asking, decision);
}

void sluss_decide_into(const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms,
    struct sluss_decision *decision_out)
{
	(void)st_decide(state, question, now_ms, decision_out);
}

void sluss_decide_many(const struct sluss_state *state, const struct sluss_question *questions, size_t count,
    int64_t now_ms, struct sluss_decision *decisions_out)
{
	enum { AHEAD = 8 }; // as many as memory serves at a time
	ST_FILLED struct asking asking[AHEAD];
	// What the i-th one needs is fetched while the ones before it are decided.
	for (size_t i = 0; i < count + AHEAD; i++) {
		struct asking *place = &asking[i % AHEAD];
		if (i >= AHEAD && able(state))
			(void)finish(place, &decisions_out[i - AHEAD]);
		if (i >= count)
			continue;
		begin(state, &decisions_out[i]);
		if (able(state))
			resolve_names(place, state, &questions[i], now_ms);
	}
}

struct sluss_decision sluss_decide(
    const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms)
{
	ST_FILLED struct sluss_decision decision;
	(void)st_decide(state, question, now_ms, &decision);
	return decision;
}
