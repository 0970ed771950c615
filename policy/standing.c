// SPDX-License-Identifier: EUPL-1.2
// What a grant is worth: who must agree, whether all did, which version stands, and the reason when none permits
// (rulings 1, 2, 4, 5, 19).
#include "policy/state_impl.h"

const struct sluss_programme *st_case_programme(const struct sluss_state *state, const struct kase *kase)
{
	if (kase->programme == SLUSS_NOWHERE || state->policy == NULL)
		return NULL;
	uint8_t at = SYMBOL(state, kase->programme)->programme;
	return at == NO_INDEX ? NULL : &state->policy->programmes[at];
}

bool st_case_who(const struct sluss_state *state, const struct kase *kase, enum sluss_who *who_out)
{
	*who_out = SLUSS_WHO_NONE;
	const struct sluss_programme *programme = st_case_programme(state, kase);
	const struct facts *subject = &st_line(state, kase)->facts;
	if (programme == NULL || subject->age_until == 0)
		return false;
	const struct sluss_age_row *row = sluss_programme_row(programme, subject->age_from, subject->age_until);
	if (row == NULL)
		return false;
	// An assessment holds within the band in which it was made, as long as the law in force has that band and lets
	// it decide that (ruling 6).
	bool assessed = kase->assessed_who != SLUSS_WHO_NONE && kase->assessed_from == row->from &&
			kase->assessed_until == row->until &&
			(kase->assessed_who == (uint8_t)row->who || sluss_bit32(row->assessments, kase->assessed_who));
	*who_out = assessed ? (enum sluss_who)kase->assessed_who : row->who;
	return true;
}

struct agreement st_case_agreement(const struct sluss_state *state, const struct kase *kase)
{
	enum sluss_who who;
	struct agreement agreement = {.known = st_case_who(state, kase, &who)};
	if (!agreement.known)
		return agreement;
	agreement.subject = who != SLUSS_WHO_GUARDIANS;
	agreement.guardians = who != SLUSS_WHO_SUBJECT;
	agreement.one_enough = state->policy->one_guardian_enough;
	agreement.current = st_line(state, kase)->facts.guardians;
	return agreement;
}

uint32_t st_required_bits(const struct sluss_state *state, const struct kase *kase)
{
	struct agreement agreement = st_case_agreement(state, kase);
	return (agreement.subject ? SUBJECT_BIT : 0u) | (agreement.guardians ? agreement.current : 0u);
}

static bool guardians_gave(const struct agreement *agreement, const struct grant *grant)
{
	uint32_t given = grant->given & agreement->current;
	if (agreement->current == 0)
		return false; // nobody is there to agree
	return agreement->one_enough ? given != 0 : given == agreement->current;
}

bool st_is_complete(const struct agreement *agreement, const struct grant *grant)
{
	if (!agreement->known || (!agreement->subject && !agreement->guardians))
		return false;
	if (agreement->subject && (grant->given & SUBJECT_BIT) == 0)
		return false;
	return !agreement->guardians || guardians_gave(agreement, grant);
}

static bool is_open(const struct grant *grant)
{
	return grant->refused == 0 && grant->withdrawn == 0 && (grant->flags & F_VOID) == 0;
}

uint32_t st_version_in_force(const struct sluss_state *state, uint32_t newest, int64_t now_ms)
{
	for (uint32_t at = newest; at != SLUSS_NOWHERE; at = GRANT(state, at)->older) {
		const struct grant *grant = GRANT(state, at);
		if ((grant->flags & F_VOID) != 0)
			continue;
		if ((grant->flags & F_TAKEN) != 0 || ((grant->flags & F_READY) != 0 && grant->from_ms <= now_ms))
			return at;
	}
	return SLUSS_NOWHERE;
}

uint32_t st_newest_valid(const struct sluss_state *state, uint32_t newest)
{
	while (newest != SLUSS_NOWHERE && (GRANT(state, newest)->flags & F_VOID) != 0)
		newest = GRANT(state, newest)->older;
	return newest;
}

uint32_t st_version_held(const struct sluss_state *state, const struct kase *kase, const struct agreement *agreement,
    uint32_t newest, int64_t now_ms)
{
	uint32_t at = st_version_in_force(state, newest, now_ms);
	if (at == SLUSS_NOWHERE)
		return at;
	enum sluss_reason reason = st_grant_standing(kase, agreement, GRANT(state, at), now_ms);
	bool complete = st_is_complete(agreement, GRANT(state, at));
	return reason == SLUSS_OK_CONSENT || (reason == SLUSS_PAUSED && complete) ? at : SLUSS_NOWHERE;
}

bool st_key_is_marked(const struct sluss_state *state, uint32_t kase_at, uint64_t key, int64_t now_ms)
{
	const struct kase *kase = CASE(state, kase_at);
	uint32_t newest = st_find_key(state, kase_at, key);
	struct agreement agreement = st_case_agreement(state, kase);
	uint32_t at = st_version_held(state, kase, &agreement, newest, now_ms);
	if (at == SLUSS_NOWHERE)
		at = st_newest_valid(state, newest);
	return at != SLUSS_NOWHERE && (GRANT(state, at)->flags & F_MARK) != 0;
}

// Why a grant that was complete is not any more: the reasons of those whose agreement is missing (ruling 4).
static enum sluss_reason lapse(const struct kase *kase, const struct agreement *agreement, const struct grant *grant)
{
	if ((grant->flags & F_COMPLETED) == 0)
		return SLUSS_CONSENTER_MISSING;
	bool subject = agreement->subject && (grant->given & SUBJECT_BIT) == 0;
	bool guardians = agreement->guardians && !guardians_gave(agreement, grant);
	// Guardians who were asked then and are missing now are others than then; else something asks them that did not
	// before.
	bool asked_then = (grant->flags & F_GUARDIANS) != 0;
	if ((subject && kase->cause[0] == CAUSE_AGE) || (guardians && !asked_then && kase->cause[1] == CAUSE_AGE))
		return SLUSS_AGE_LAPSED;
	return guardians && (asked_then || kase->custody_changed) ? SLUSS_CUSTODY_LAPSED : SLUSS_CONSENTER_MISSING;
}

enum sluss_reason st_grant_standing(
    const struct kase *kase, const struct agreement *agreement, const struct grant *grant, int64_t now_ms)
{
	if (grant->withdrawn != 0)
		return SLUSS_WITHDRAWN;
	if (grant->refused != 0)
		return SLUSS_REFUSED;
	if (now_ms >= grant->until_ms)
		return SLUSS_EXPIRED;
	if (now_ms < grant->from_ms)
		return SLUSS_NOT_YET;
	if (!agreement->known)
		return SLUSS_UNAVAILABLE;
	enum sluss_reason missing =
	    st_is_complete(agreement, grant) ? SLUSS_REASON_NONE : lapse(kase, agreement, grant);
	if (missing == SLUSS_AGE_LAPSED || missing == SLUSS_CUSTODY_LAPSED)
		return missing;
	if (grant->paused != 0)
		return SLUSS_PAUSED;
	return missing == SLUSS_REASON_NONE ? SLUSS_OK_CONSENT : missing;
}

// Between two records nobody's agreement changes, so a version that was ready took over when its `from` came.
static void settle_before(struct grant *grant, int64_t now_ms)
{
	if ((grant->flags & F_READY) != 0 && grant->from_ms <= now_ms)
		grant->flags |= F_TAKEN;
}

static void settle_after(struct grant *grant, const struct agreement *agreement, int64_t now_ms)
{
	grant->flags &= ~(uint32_t)F_READY;
	if (!is_open(grant) || !st_is_complete(agreement, grant))
		return;
	grant->flags &= ~(uint32_t)F_GUARDIANS;
	grant->flags |= F_COMPLETED | (agreement->guardians ? F_GUARDIANS : 0u);
	if (now_ms >= grant->until_ms)
		return;
	grant->flags |= F_READY;
	settle_before(grant, now_ms);
}

// What a key permits from now on without another record: the version in force, until it ends or a version in waiting
// takes over. All else that a standing depends on changes by records only, and each of these comes by here.
static void note_permit(const struct sluss_state *state, const struct kase *kase, const struct agreement *agreement,
    uint32_t number, int64_t now_ms)
{
	struct key_slot *slot = key_table_slot(&state->keys, number);
	uint32_t newest = *key_table_newest(&state->keys, number);
	uint32_t stands = st_version_in_force(state, newest, now_ms);
	key_slot_permit(slot, NULL, 0);
	if (stands == SLUSS_NOWHERE ||
	    st_grant_standing(kase, agreement, GRANT(state, stands), now_ms) != SLUSS_OK_CONSENT)
		return;
	int64_t until_ms = GRANT(state, stands)->until_ms;
	for (uint32_t at = newest; at != stands; at = GRANT(state, at)->older) {
		const struct grant *waiting = GRANT(state, at);
		if ((waiting->flags & F_READY) != 0 && waiting->from_ms < until_ms)
			until_ms = waiting->from_ms;
	}
	key_slot_permit(slot, &GRANT(state, stands)->id, until_ms);
}

void st_settle_key_before(struct sluss_state *state, uint32_t newest, int64_t now_ms)
{
	for (uint32_t at = newest; at != SLUSS_NOWHERE; at = GRANT(state, at)->older)
		settle_before(GRANT(state, at), now_ms);
}

void st_settle_key_after(struct sluss_state *state, uint32_t newest, int64_t now_ms)
{
	if (newest == SLUSS_NOWHERE)
		return;
	const struct kase *kase = CASE(state, GRANT(state, newest)->kase);
	struct agreement agreement = st_case_agreement(state, kase);
	for (uint32_t at = newest; at != SLUSS_NOWHERE; at = GRANT(state, at)->older)
		settle_after(GRANT(state, at), &agreement, now_ms);
	uint32_t number = st_find_key_slot(state, GRANT(state, newest)->kase, GRANT(state, newest)->key);
	if (number != SLUSS_NOWHERE)
		note_permit(state, kase, &agreement, number, now_ms);
}

void st_settle_case_before(struct sluss_state *state, struct kase *kase, int64_t now_ms)
{
	for (uint32_t at = kase->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case)
		settle_before(GRANT(state, at), now_ms);
}

void st_settle_case_after(struct sluss_state *state, struct kase *kase, int64_t now_ms)
{
	struct agreement agreement = st_case_agreement(state, kase);
	for (uint32_t at = kase->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case)
		settle_after(GRANT(state, at), &agreement, now_ms);
	// Once for each key, from its newest version.
	for (uint32_t at = kase->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case) {
		uint32_t number = st_find_key_slot(state, GRANT(state, at)->kase, GRANT(state, at)->key);
		if (number != SLUSS_NOWHERE && *key_table_newest(&state->keys, number) == at)
			note_permit(state, kase, &agreement, number, now_ms);
	}
}

void st_note_who(struct sluss_state *state, struct kase *kase, enum cause cause)
{
	enum sluss_who who;
	// What cannot be told (a new policy, before the age band that follows it) is compared when it can.
	if (!st_case_who(state, kase, &who))
		return;
	for (unsigned i = 0; i < 2; i++) {
		if (((unsigned)who & (1u << i)) == 0 || (kase->who & (1u << i)) != 0)
			continue;
		kase->cause[i] = (uint8_t)cause;
		if (i == 1)
			kase->custody_changed = false;
	}
	kase->who = (uint8_t)who;
}
