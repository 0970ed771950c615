// SPDX-License-Identifier: EUPL-1.2
// The grounds of a decision: a grant, the near misses around it, a statutory provision, a third person's own grant.
#include "policy/decide_impl.h"

static struct finding found(enum sluss_reason reason, const struct sluss_id *about)
{
	struct finding finding = {.reason = reason, .provision = ""};
	if (about != NULL)
		finding.about = *about;
	return finding;
}

// How near a key is to the one asked for: which part alone differs, in the order of ruling 3; NONE for none or several.
static enum sluss_reason near_miss_of(uint64_t asked, uint64_t key)
{
	bool sender = KEY_SENDER(asked) != KEY_SENDER(key);
	bool recipient = KEY_RECIPIENT(asked) != KEY_RECIPIENT(key);
	bool category = KEY_CATEGORY(asked) != KEY_CATEGORY(key);
	bool purpose = KEY_PURPOSE(asked) != KEY_PURPOSE(key);
	if (sender + recipient + category + purpose != 1)
		return SLUSS_REASON_NONE;
	if (recipient)
		return SLUSS_WRONG_RECIPIENT;
	if (category)
		return SLUSS_WRONG_CATEGORY;
	return purpose ? SLUSS_WRONG_PURPOSE : SLUSS_WRONG_SENDER;
}

static unsigned near_miss_rank(enum sluss_reason reason)
{
	switch ((int)reason) {
	case SLUSS_WRONG_RECIPIENT:
		return 0;
	case SLUSS_WRONG_CATEGORY:
		return 1;
	case SLUSS_WRONG_PURPOSE:
		return 2;
	case SLUSS_WRONG_SENDER:
		return 3;
	}
	return 4;
}

static struct finding near_miss(const struct asking *asking, uint32_t kase_at, const struct agreement *agreement)
{
	const struct sluss_state *state = asking->state;
	const struct kase *kase = CASE(state, kase_at);
	struct finding best = found(SLUSS_NO_GRANT, NULL);
	for (uint32_t at = kase->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case) {
		const struct grant *grant = GRANT(state, at);
		enum sluss_reason miss = near_miss_of(asking->key, grant->key);
		if (miss == SLUSS_REASON_NONE || near_miss_rank(miss) >= near_miss_rank(best.reason))
			continue;
		if (st_grant_standing(kase, agreement, grant, asking->now_ms) == SLUSS_OK_CONSENT &&
		    st_version_in_force(state, st_find_key(state, kase_at, grant->key), asking->now_ms) == at)
			best = found(miss, &grant->id);
	}
	return best;
}

static uint32_t find_slot(const struct asking *asking, uint32_t kase_at)
{
	if (kase_at == asking->kase_at)
		return key_table_find(&asking->state->keys, asking->key_hash, kase_at, asking->key);
	return st_find_key_slot(asking->state, kase_at, asking->key);
}

const struct sluss_id *st_find_permitting(const struct asking *asking, uint32_t kase_at, uint32_t *number_out)
{
	*number_out = find_slot(asking, kase_at);
	if (*number_out == SLUSS_NOWHERE)
		return NULL;
	const struct key_slot *slot = key_table_slot(&asking->state->keys, *number_out);
	bool permits = asking->now_ms < key_slot_until_ms(slot) && asking->now_ms >= asking->state->time_ms;
	return permits ? &slot->permits : NULL;
}

struct finding st_find_consent_ground(const struct asking *asking, uint32_t kase_at)
{
	const struct sluss_state *state = asking->state;
	uint32_t number;
	const struct sluss_id *permitting = st_find_permitting(asking, kase_at, &number);
	if (permitting != NULL)
		return found(SLUSS_OK_CONSENT, permitting);
	const struct kase *kase = CASE(state, kase_at);
	struct agreement agreement = st_case_agreement(state, kase);
	uint32_t key = number == SLUSS_NOWHERE ? SLUSS_NOWHERE : *key_table_newest(&state->keys, number);
	uint32_t newest = st_newest_valid(state, key);
	if (newest == SLUSS_NOWHERE)
		return near_miss(asking, kase_at, &agreement);
	uint32_t standing = st_version_in_force(state, key, asking->now_ms);
	if (standing != SLUSS_NOWHERE) {
		const struct grant *grant = GRANT(state, standing);
		if (st_grant_standing(kase, &agreement, grant, asking->now_ms) == SLUSS_OK_CONSENT)
			return found(SLUSS_OK_CONSENT, &grant->id);
	}
	const struct grant *grant = GRANT(state, newest);
	enum sluss_reason reason = st_grant_standing(kase, &agreement, grant, asking->now_ms);
	// A version that permits by itself but does not stand for its key cannot be; if it ever is, it is no yes.
	return found(reason == SLUSS_OK_CONSENT ? SLUSS_UNAVAILABLE : reason, &grant->id);
}

static bool age_reaches(const struct sluss_provision *law, const struct facts *subject, bool *known_out)
{
	*known_out = true;
	if (!law->has_ages)
		return true;
	uint8_t from = 0, until = 0;
	if (subject != NULL) {
		from = subject->age_from;
		until = subject->age_until;
	}
	if (until != 0 && law->age_from <= from && until <= law->age_until)
		return true;
	if (until != 0 && (until <= law->age_from || law->age_until <= from))
		return false;
	*known_out = law->unknown_age;
	return law->unknown_age;
}

enum sluss_reason st_provision_reaches(const struct sluss_provision *law, const struct facts *subject,
    uint8_t sender_type, uint8_t recipient_type, enum sluss_message_type type, uint64_t category_bit, bool necessity)
{
	bool known = true;
	if (!sluss_bit32(law->from, sender_type) || !sluss_bit32(law->to, recipient_type) ||
	    (law->categories & category_bit) == 0 || !sluss_bit32(law->types, (unsigned)type))
		return SLUSS_STATUTE_NOT_APPLICABLE;
	if (!age_reaches(law, subject, &known))
		return known ? SLUSS_STATUTE_NOT_APPLICABLE : SLUSS_UNAVAILABLE;
	return law->necessity && !necessity ? SLUSS_STATUTE_NOT_APPLICABLE : SLUSS_OK_STATUTE;
}

static const struct sluss_provision *provision_of(const struct asking *asking, uint32_t symbol)
{
	if (symbol == SLUSS_NOWHERE || SYMBOL(asking->state, symbol)->provision == NO_INDEX)
		return NULL;
	return &asking->policy->provisions[SYMBOL(asking->state, symbol)->provision];
}

// When an approval ends by the law in force: counted from the second officer's word, or from the request where none is
// needed. 0: not approved.
int64_t st_statute_until(const struct sluss_state *state, const struct statute *statute)
{
	uint8_t at = state->policy == NULL ? (uint8_t)NO_INDEX : SYMBOL(state, statute->provision)->provision;
	if (at == NO_INDEX)
		return 0;
	const struct sluss_provision *law = &state->policy->provisions[at];
	if (!law->second_approver)
		return statute->requested_ms + law->lasts_ms;
	// By another officer; the record was checked, and a decision does not rely on that.
	bool approved =
	    statute->approved && statute->approver != SLUSS_NOWHERE && statute->approver != statute->officer;
	return approved ? statute->approved_ms + law->lasts_ms : 0;
}

static enum sluss_reason reaches(const struct asking *asking, const struct sluss_provision *law, bool necessity)
{
	// Sender and recipient are known here: the message type was checked against what they are.
	return st_provision_reaches(law, asking->line == NULL ? NULL : &asking->line->facts,
	    AGENCY(asking->state, asking->sender)->type, AGENCY(asking->state, asking->recipient)->type,
	    asking->question->message_type, UINT64_C(1) << asking->in_policy, necessity);
}

static bool list_has(const uint16_t *list, size_t count, uint16_t value)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == value)
			return true;
	}
	return false;
}

// What was asked for covers this section, this recipient and this type.
static bool request_covers(const struct asking *asking, const struct statute *statute)
{
	return list_has(statute->lists, statute->recipient_count, asking->recipient) &&
	       list_has(statute->lists + statute->recipient_count, statute->category_count, asking->category) &&
	       (statute->type == SLUSS_MESSAGE_NONE || statute->type == (uint8_t)asking->question->message_type);
}

static struct finding approval_ground(const struct asking *asking, const struct sluss_id *id)
{
	uint32_t at = st_find_statute(asking->state, id);
	// What nobody recorded nobody approved; what was approved for another case or another agency is no approval
	// here.
	if (at == SLUSS_NOWHERE)
		return found(SLUSS_STATUTE_UNAPPROVED, NULL);
	const struct statute *statute = STATUTE(asking->state, at);
	const struct sluss_provision *law = provision_of(asking, statute->provision);
	struct finding finding = found(SLUSS_STATUTE_UNKNOWN, id);
	if (law == NULL)
		return finding;
	finding.provision = law->name;
	if (statute->kase != asking->kase_at || statute->agency != asking->sender)
		return found(SLUSS_STATUTE_UNAPPROVED, NULL);
	finding.reason = reaches(asking, law, statute->necessity);
	if (finding.reason != SLUSS_OK_STATUTE)
		return finding;
	int64_t until_ms = st_statute_until(asking->state, statute);
	if (!request_covers(asking, statute))
		finding.reason = SLUSS_STATUTE_NOT_APPLICABLE;
	else if (statute->refused || until_ms == 0)
		finding.reason = SLUSS_STATUTE_UNAPPROVED;
	else if (asking->now_ms >= until_ms)
		finding.reason = SLUSS_STATUTE_EXPIRED;
	return finding;
}

static struct finding provision_ground(const struct asking *asking, const char *name)
{
	const struct sluss_provision *law = provision_of(asking, st_find_symbol(asking->state, name));
	struct finding finding = found(SLUSS_STATUTE_UNKNOWN, NULL);
	if (law == NULL)
		return finding;
	finding.provision = law->name;
	finding.reason = reaches(asking, law, asking->question->necessity);
	if (finding.reason == SLUSS_OK_STATUTE && law->second_approver)
		finding.reason = SLUSS_STATUTE_UNAPPROVED;
	return finding;
}

struct finding st_find_statute_ground(const struct asking *asking)
{
	struct finding first = found(SLUSS_REASON_NONE, NULL);
	for (size_t i = 0; i < asking->question->claim_count; i++) {
		const struct sluss_claim *claim = &asking->question->claims[i];
		if (claim->kind != SLUSS_CLAIM_APPROVAL && claim->kind != SLUSS_CLAIM_PROVISION)
			continue;
		struct finding finding = claim->kind == SLUSS_CLAIM_APPROVAL
					     ? approval_ground(asking, &claim->id)
					     : provision_ground(asking, claim->provision);
		if (finding.reason == SLUSS_OK_STATUTE)
			return finding;
		if (first.reason == SLUSS_REASON_NONE)
			first = finding;
	}
	return first;
}
