// SPDX-License-Identifier: EUPL-1.2
// What the gateway reads of consents: versions as they stand, and what a withdrawal would close.
#include "policy/state_impl.h"

static struct sluss_grant_view view_of(const struct sluss_state *state, uint32_t at, int64_t now_ms)
{
	const struct grant *grant = GRANT(state, at);
	const struct kase *kase = CASE(state, grant->kase);
	struct agreement agreement = st_case_agreement(state, kase);
	uint32_t newest = st_find_key(state, grant->kase, grant->key);
	struct sluss_grant_view view = {
	    .grant = grant->id,
	    .consent = CONSENT(state, grant->consent)->id,
	    .case_id = kase->id,
	    .category = st_symbol_text(state, state->category_symbol[KEY_CATEGORY(grant->key)]),
	    .sender = st_symbol_text(state, AGENCY(state, KEY_SENDER(grant->key))->symbol),
	    .recipient = st_symbol_text(state, AGENCY(state, KEY_RECIPIENT(grant->key))->symbol),
	    .purpose = (enum sluss_purpose)KEY_PURPOSE(grant->key),
	    .from_ms = grant->from_ms,
	    .until_ms = grant->until_ms,
	    .explicit_mark = (grant->flags & F_MARK) != 0,
	    .paused = grant->paused != 0,
	    .newest = st_newest_valid(state, newest) == at,
	    .in_force = st_version_in_force(state, newest, now_ms) == at,
	    .invalidated = (grant->flags & F_VOID) != 0,
	    .standing = st_grant_standing(kase, &agreement, grant, now_ms),
	    .received = grant->releases > 0,
	    .recalled = (grant->flags & F_RECALLED) != 0,
	    .completed = (grant->flags & F_COMPLETED) != 0,
	};
	// A version that waits for its predecessor's end, or was followed by another, permits nothing itself.
	if (view.standing == SLUSS_OK_CONSENT && !view.in_force)
		view.standing = SLUSS_NO_GRANT;
	for (; newest != SLUSS_NOWHERE; newest = GRANT(state, newest)->older)
		view.releases += GRANT(state, newest)->releases;
	return view;
}

bool sluss_grant_find(
    const struct sluss_state *state, const struct sluss_id *grant, int64_t now_ms, struct sluss_grant_view *view_out)
{
	*view_out = (struct sluss_grant_view){.category = "", .sender = "", .recipient = ""};
	uint32_t at = st_find_grant(state, grant);
	if (at == SLUSS_NOWHERE)
		return false;
	*view_out = view_of(state, at, now_ms);
	return true;
}

enum sluss_person_status sluss_grant_status(
    const struct sluss_state *state, const struct sluss_id *grant, const struct sluss_id *person)
{
	uint32_t at = st_find_grant(state, grant);
	if (at == SLUSS_NOWHERE)
		return SLUSS_STATUS_MISSING;
	const struct grant *version = GRANT(state, at);
	uint32_t bit = st_person_bit(state, CASE(state, version->kase), st_find_person(state, person));
	if ((version->withdrawn & bit) != 0)
		return SLUSS_STATUS_WITHDRAWN;
	if ((version->refused & bit) != 0)
		return SLUSS_STATUS_REFUSED;
	return (version->given & bit) != 0 ? SLUSS_STATUS_GIVEN : SLUSS_STATUS_MISSING;
}

void sluss_case_each_grant(
    const struct sluss_state *state, const struct sluss_id *case_id, int64_t now_ms, sluss_grant_fn *fn, void *context)
{
	uint32_t kase = st_find_case(state, case_id);
	if (kase == SLUSS_NOWHERE)
		return;
	for (uint32_t at = CASE(state, kase)->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case) {
		struct sluss_grant_view view = view_of(state, at, now_ms);
		if (!fn(context, &view))
			return;
	}
}

bool sluss_consent_find(
    const struct sluss_state *state, const struct sluss_id *consent, struct sluss_consent_view *view_out)
{
	*view_out = (struct sluss_consent_view){0};
	uint32_t at = st_find_consent(state, consent);
	if (at == SLUSS_NOWHERE)
		return false;
	const struct consent *recorded = CONSENT(state, at);
	*view_out = (struct sluss_consent_view){
	    .consent = recorded->id,
	    .case_id = CASE(state, recorded->kase)->id,
	    .seq = recorded->seq,
	    .grant_count = recorded->grant_count,
	};
	return true;
}

void sluss_withdrawal_covers(const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal,
    int64_t now_ms, sluss_grant_fn *fn, void *context)
{
	struct scope scope;
	if (!st_withdrawal_scope(state, withdrawal, &scope))
		return;
	for (uint32_t at = CASE(state, scope.kase)->first_grant; at != SLUSS_NOWHERE;
	     at = GRANT(state, at)->next_in_case) {
		const struct grant *grant = GRANT(state, at);
		if (st_find_key(state, scope.kase, grant->key) != at || grant->withdrawn != 0 ||
		    !st_scope_covers(state, &scope, grant))
			continue;
		struct sluss_grant_view view = view_of(state, at, now_ms);
		if (!fn(context, &view))
			return;
	}
}

bool sluss_withdrawal_matches(const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal,
    const struct sluss_id *case_id, const char *category, const char *sender, const char *recipient,
    enum sluss_purpose purpose)
{
	struct scope scope;
	uint32_t symbol = st_find_symbol(state, category);
	uint32_t kase = st_find_case(state, case_id);
	if (!st_withdrawal_scope(state, withdrawal, &scope) || kase != scope.kase || symbol == SLUSS_NOWHERE ||
	    SYMBOL(state, symbol)->category == NO_INDEX)
		return false;
	uint64_t key = pack_key(SYMBOL(state, symbol)->category, (unsigned)purpose & 0xffu,
	    st_find_agency(state, sender), st_find_agency(state, recipient));
	uint32_t at = st_find_key(state, kase, key);
	return at != SLUSS_NOWHERE && st_scope_covers(state, &scope, GRANT(state, at));
}

int64_t sluss_ground_until_ms(const struct sluss_state *state, const struct sluss_id *ground)
{
	uint32_t grant = st_find_grant(state, ground);
	if (grant != SLUSS_NOWHERE)
		return GRANT(state, grant)->until_ms;
	uint32_t statute = st_find_statute(state, ground);
	int64_t until_ms = statute == SLUSS_NOWHERE ? 0 : st_statute_until(state, STATUTE(state, statute));
	return until_ms == 0 ? INT64_MAX : until_ms;
}
