// SPDX-License-Identifier: EUPL-1.2
// Folds consents: new versions of grants, what persons did about them, withdrawals.
#include "policy/state_impl.h"

// The key of a drafted grant; false when a name in it is not known.
static bool draft_key(const struct sluss_state *state, const struct sluss_grant *draft, uint64_t *key_out)
{
	uint32_t category = st_find_symbol(state, draft->category);
	uint16_t sender = st_find_agency(state, draft->sender);
	uint16_t recipient = st_find_agency(state, draft->recipient);
	if (category == SLUSS_NOWHERE || SYMBOL(state, category)->category == NO_INDEX || sender == NO_AGENCY ||
	    recipient == NO_AGENCY || (unsigned)draft->purpose == 0 || (unsigned)draft->purpose >= SLUSS_PURPOSES ||
	    draft->until_ms <= draft->from_ms || sluss_id_is_none(&draft->grant) ||
	    st_find_grant(state, &draft->grant) != SLUSS_NOWHERE)
		return false;
	*key_out = pack_key(SYMBOL(state, category)->category, (unsigned)draft->purpose, sender, recipient);
	return true;
}

static uint64_t hash_of_key(const void *context, uint32_t kase, uint64_t key)
{
	const struct sluss_state *state = context;
	return st_hash_key(state, st_hash_id(state, &CASE(state, kase)->id), key);
}

// Room for `count` more versions, each perhaps of a new key.
static bool reserve_grants(struct sluss_state *state, size_t count)
{
	return sluss_array_reserve(&state->grants, count) && sluss_index_reserve(&state->by_grant, count) &&
	       key_table_reserve(&state->keys, count, hash_of_key, state);
}

// Adds a version at the head of its key and of its case. Room was reserved.
static uint32_t add_version(struct sluss_state *state, uint32_t kase_at, const struct grant *version)
{
	struct kase *kase = CASE(state, kase_at);
	uint32_t at = sluss_array_append(&state->grants);
	struct grant *grant = GRANT(state, at);
	uint64_t hash = hash_of_key(state, kase_at, version->key);
	uint32_t slot = key_table_find(&state->keys, hash, kase_at, version->key);
	if (slot == SLUSS_NOWHERE)
		slot = key_table_add(&state->keys, hash, kase_at, version->key);
	*grant = *version;
	grant->kase = kase_at;
	grant->older = *key_table_newest(&state->keys, slot);
	*key_table_newest(&state->keys, slot) = at;
	grant->next_in_case = kase->first_grant;
	kase->first_grant = at;
	kase->grant_count++;
	sluss_index_insert(&state->by_grant, st_hash_id(state, &grant->id), at);
	return at;
}

// Whether every draft makes a version of its own. What the versions will touch is fetched on the way: with a million
// grants each touch is a wait for memory, and together they take hardly longer than one.
static bool valid_drafts(const struct sluss_state *state, const struct sluss_rec_consent_recorded *recorded)
{
	uint64_t case_hash = st_hash_id(state, &recorded->case_id);
	uint64_t key = 0;
	for (size_t i = 0; i < recorded->grant_count; i++)
		__builtin_prefetch(sluss_index_begin(&state->by_grant, st_hash_id(state, &recorded->grants[i].grant)));
	for (size_t i = 0; i < recorded->grant_count; i++) {
		if (!draft_key(state, &recorded->grants[i], &key))
			return false;
		uint64_t key_hash = st_hash_key(state, case_hash, key);
		__builtin_prefetch(key_table_begin(&state->keys, key_hash, 0));
		__builtin_prefetch(key_table_begin_newest(&state->keys, key_hash));
		for (size_t k = 0; k < i; k++) {
			if (sluss_id_equal(&recorded->grants[i].grant, &recorded->grants[k].grant))
				return false;
		}
	}
	return true;
}

enum sluss_apply st_apply_consent_recorded(struct sluss_state *state, const struct sluss_record *record, uint64_t seq)
{
	const struct sluss_rec_consent_recorded *recorded = &record->u.consent_recorded;
	uint32_t kase = st_find_case(state, &recorded->case_id);
	uint64_t key = 0;
	if (kase == SLUSS_NOWHERE || sluss_id_is_none(&recorded->consent) || recorded->grant_count == 0 ||
	    recorded->grant_count > 4096 || st_find_consent(state, &recorded->consent) != SLUSS_NOWHERE ||
	    !valid_drafts(state, recorded))
		return SLUSS_APPLY_INVALID;
	if (!reserve_grants(state, recorded->grant_count) || !sluss_id_table_reserve(&state->by_consent, 1))
		return SLUSS_APPLY_NO_MEMORY;
	uint32_t consent_at = sluss_array_append(&state->consents);
	if (consent_at == SLUSS_NOWHERE)
		return SLUSS_APPLY_NO_MEMORY;
	*CONSENT(state, consent_at) = (struct consent){
	    .id = recorded->consent,
	    .kase = kase,
	    .first_grant = state->grants.count,
	    .grant_count = (uint32_t)recorded->grant_count,
	    .seq = seq,
	};
	uint32_t slot = sluss_id_table_insert(
	    &state->by_consent, st_hash_id(state, &recorded->consent), &recorded->consent, consent_at);
	((struct consent_slot *)(void *)sluss_id_table_at(&state->by_consent, slot))->kase = kase;
	for (size_t i = 0; i < recorded->grant_count; i++) {
		const struct sluss_grant *draft = &recorded->grants[i];
		(void)draft_key(state, draft, &key);
		(void)add_version(state, kase,
		    &(struct grant){
			.key = key,
			.from_ms = draft->from_ms,
			.until_ms = draft->until_ms,
			.flags = draft->explicit_mark ? F_MARK : 0,
			.consent = consent_at,
			.id = draft->grant,
		    });
	}
	return SLUSS_APPLY_OK;
}

// What a status record does to one version. `made` is the version that RESUME makes.
static void act_on(struct sluss_state *state, struct grant *grant, const struct sluss_rec_grant_status *status,
    uint32_t bit, const struct sluss_id *made, int64_t at_ms)
{
	switch (status->act) {
	case SLUSS_ACT_NONE:
	case SLUSS_ACT_WITHDRAW:
		return; // refused by the caller
	case SLUSS_ACT_GIVE:
		grant->given |= bit;
		return;
	case SLUSS_ACT_REFUSE:
		grant->refused |= bit;
		return;
	case SLUSS_ACT_PAUSE:
		grant->paused |= bit;
		return;
	case SLUSS_ACT_NARROW:
		if (status->from_ms != 0)
			grant->from_ms = status->from_ms;
		if (status->until_ms != 0)
			grant->until_ms = status->until_ms;
		st_keeping_touch(state, grant);
		return;
	case SLUSS_ACT_INVALIDATE:
		if (bit == 0) {
			grant->flags |= F_VOID;
			return;
		}
		// It was never complete with a GIVEN that was not one.
		if ((grant->given & bit) != 0)
			grant->flags &= ~(uint32_t)(F_COMPLETED | F_TAKEN);
		grant->given &= ~bit;
		return;
	case SLUSS_ACT_RESUME:
		(void)add_version(state, grant->kase,
		    &(struct grant){
			.key = grant->key,
			.from_ms = at_ms,
			.until_ms = grant->until_ms,
			.given = bit,
			.flags = grant->flags & F_MARK,
			.consent = grant->consent,
			.id = *made,
		    });
		return;
	}
}

static bool valid_act(enum sluss_act act)
{
	return act != SLUSS_ACT_NONE && act != SLUSS_ACT_WITHDRAW && (unsigned)act <= SLUSS_ACT_INVALIDATE;
}

// One version and the links and versions around it, before and after.
static void act_on_version(struct sluss_state *state, uint32_t at, const struct sluss_record *record, uint32_t bit,
    const struct sluss_id *made)
{
	struct grant *grant = GRANT(state, at);
	uint32_t kase = grant->kase;
	uint64_t key = grant->key;
	st_settle_key_before(state, st_find_key(state, kase, key), record->at_ms);
	act_on(state, grant, &record->u.grant_status, bit, made, record->at_ms);
	st_settle_key_after(state, st_find_key(state, kase, key), record->at_ms);
}

static void settle_links(struct sluss_state *state, uint32_t kase, int64_t at_ms)
{
	const struct sluss_programme *programme = st_case_programme(state, CASE(state, kase));
	st_links_settle(state, kase, at_ms);
	if (programme != NULL && programme->link_count > 0)
		st_links_touch(state, kase, at_ms);
}

// The versions that a status record names, all of the case; false when one is not.
static bool valid_versions(const struct sluss_state *state, const struct sluss_rec_grant_status *status, uint32_t kase)
{
	if (status->grant_count == 0) {
		uint32_t consent = st_find_consent(state, &status->consent);
		return consent != SLUSS_NOWHERE && CONSENT(state, consent)->kase == kase &&
		       status->act != SLUSS_ACT_RESUME;
	}
	for (size_t i = 0; i < status->grant_count; i++) {
		uint32_t at = st_find_grant(state, &status->grants[i]);
		if (at == SLUSS_NOWHERE || GRANT(state, at)->kase != kase)
			return false;
		if (status->act == SLUSS_ACT_RESUME &&
		    (status->new_grants == NULL || sluss_id_is_none(&status->new_grants[i]) ||
			st_find_grant(state, &status->new_grants[i]) != SLUSS_NOWHERE))
			return false;
		// Two equal new ids would leave one version that nobody can name.
		for (size_t k = 0; status->act == SLUSS_ACT_RESUME && k < i; k++) {
			if (sluss_id_equal(&status->new_grants[i], &status->new_grants[k]))
				return false;
		}
	}
	return true;
}

static void act_on_consent(struct sluss_state *state, const struct sluss_record *record, uint32_t kase, uint32_t bit)
{
	uint32_t consent = st_find_consent(state, &record->u.grant_status.consent);
	for (uint32_t at = CASE(state, kase)->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case) {
		if (GRANT(state, at)->consent == consent)
			act_on_version(state, at, record, bit, NULL);
	}
}

enum sluss_apply st_apply_grant_status(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_grant_status *status = &record->u.grant_status;
	uint32_t kase = st_find_case(state, &status->case_id);
	if (kase == SLUSS_NOWHERE || !valid_act(status->act))
		return SLUSS_APPLY_INVALID;
	uint32_t bit = st_person_bit(state, CASE(state, kase), st_find_person(state, &status->person));
	bool nobody = status->act == SLUSS_ACT_INVALIDATE && sluss_id_is_none(&status->person);
	if ((bit == 0 && !nobody) || !valid_versions(state, status, kase))
		return SLUSS_APPLY_INVALID;
	if (status->act == SLUSS_ACT_RESUME && !reserve_grants(state, status->grant_count))
		return SLUSS_APPLY_NO_MEMORY;
	st_links_settle(state, kase, record->at_ms);
	if (status->grant_count == 0)
		act_on_consent(state, record, kase, bit);
	for (size_t i = 0; i < status->grant_count; i++) {
		const struct sluss_id *made = status->act == SLUSS_ACT_RESUME ? &status->new_grants[i] : NULL;
		act_on_version(state, st_find_grant(state, &status->grants[i]), record, bit, made);
	}
	settle_links(state, kase, record->at_ms);
	return SLUSS_APPLY_OK;
}

bool st_withdrawal_scope(
    const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal, struct scope *scope_out)
{
	*scope_out = (struct scope){.kind = withdrawal->scope, .kase = st_find_case(state, &withdrawal->case_id)};
	if (scope_out->kase == SLUSS_NOWHERE)
		return false;
	switch (withdrawal->scope) {
	case SLUSS_SCOPE_NONE:
		return false;
	case SLUSS_SCOPE_GRANT: {
		uint32_t at = st_find_grant(state, &withdrawal->grant);
		if (at == SLUSS_NOWHERE || GRANT(state, at)->kase != scope_out->kase)
			return false;
		scope_out->key = GRANT(state, at)->key;
		return true;
	}
	case SLUSS_SCOPE_CATEGORY: {
		uint32_t symbol = st_find_symbol(state, withdrawal->category);
		if (symbol == SLUSS_NOWHERE || SYMBOL(state, symbol)->category == NO_INDEX)
			return false;
		scope_out->category = SYMBOL(state, symbol)->category;
		return true;
	}
	case SLUSS_SCOPE_AGENCY:
		scope_out->agency = st_find_agency(state, withdrawal->scope_agency);
		return scope_out->agency != NO_AGENCY;
	case SLUSS_SCOPE_ALL:
		return true;
	case SLUSS_SCOPE_CONSENT:
		scope_out->consent = st_find_consent(state, &withdrawal->consent);
		return scope_out->consent != SLUSS_NOWHERE &&
		       CONSENT(state, scope_out->consent)->kase == scope_out->kase;
	}
	return false;
}

bool st_scope_covers(const struct sluss_state *state, const struct scope *scope, const struct grant *newest)
{
	if (newest->kase != scope->kase)
		return false;
	switch (scope->kind) {
	case SLUSS_SCOPE_NONE:
		return false;
	case SLUSS_SCOPE_GRANT:
		return newest->key == scope->key;
	case SLUSS_SCOPE_CATEGORY:
		return KEY_CATEGORY(newest->key) == scope->category;
	case SLUSS_SCOPE_AGENCY:
		return KEY_SENDER(newest->key) == scope->agency || KEY_RECIPIENT(newest->key) == scope->agency;
	case SLUSS_SCOPE_ALL:
		return true;
	case SLUSS_SCOPE_CONSENT:
		for (;;) {
			if (newest->consent == scope->consent)
				return true;
			if (newest->older == SLUSS_NOWHERE)
				return false;
			newest = GRANT(state, newest->older);
		}
	}
	return false;
}

enum sluss_apply st_apply_withdrawal(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_withdrawal *withdrawal = &record->u.withdrawal;
	struct scope scope;
	if (!st_withdrawal_scope(state, withdrawal, &scope))
		return SLUSS_APPLY_INVALID;
	struct kase *kase = CASE(state, scope.kase);
	uint32_t bit = st_person_bit(state, kase, st_find_person(state, &withdrawal->person));
	if (bit == 0)
		return SLUSS_APPLY_INVALID;
	st_links_settle(state, scope.kase, record->at_ms);
	for (uint32_t at = kase->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case) {
		struct grant *grant = GRANT(state, at);
		uint32_t newest = st_find_key(state, scope.kase, grant->key);
		// Once for each key, from its newest version.
		if (newest != at || !st_scope_covers(state, &scope, grant))
			continue;
		st_settle_key_before(state, newest, record->at_ms);
		for (uint32_t version = newest; version != SLUSS_NOWHERE; version = GRANT(state, version)->older)
			GRANT(state, version)->withdrawn |= bit;
		st_settle_key_after(state, newest, record->at_ms);
	}
	settle_links(state, scope.kase, record->at_ms);
	return SLUSS_APPLY_OK;
}
