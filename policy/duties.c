// SPDX-License-Identifier: EUPL-1.2
// What falls due by itself: telling a person of a statutory ground, the answer to a recall, and the end of the time for
// keeping what was received on a grant that is over. State knows the instants; the writer makes records of them.
//
// Invariant: `notices` holds every statutory request whose person is not told yet and that was not refused, `recalls`
// every recall that is neither answered nor overdue. `next_ms` of each is right when `known`; a record that may change
// it clears `known`. No grant that needs looking at ends its time for keeping before `keeping_ms`.
#include "policy/state_impl.h"

#include <stdlib.h>

enum { DAY_MS = 86400000 };

// ---- lists

static bool reserve(struct duties *duties)
{
	duties->known = false;
	if (duties->count < duties->room)
		return true;
	uint32_t room = duties->room == 0 ? 16 : duties->room * 2;
	uint32_t *at = reallocarray(duties->at, room, sizeof(*at));
	if (at == NULL)
		return false;
	duties->at = at;
	duties->room = room;
	return true;
}

static void strike(struct duties *duties, uint32_t position)
{
	duties->known = false;
	for (uint32_t i = 0; i < duties->count; i++)
		if (duties->at[i] == position) {
			duties->at[i] = duties->at[--duties->count];
			return;
		}
}

// ---- statutory notices

bool st_notice_reserve(struct sluss_state *state)
{
	return reserve(&state->notices);
}

void st_notice_add(struct sluss_state *state, uint32_t statute)
{
	state->notices.at[state->notices.count++] = statute;
}

void st_notice_changed(struct sluss_state *state, uint32_t statute)
{
	state->notices.known = false;
	if (STATUTE(state, statute)->refused) // nothing is shared on it: there is nothing to tell
		strike(&state->notices, statute);
}

enum sluss_apply st_apply_notified(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_statute_notified *notified = &record->u.statute_notified;
	uint32_t at = st_find_statute(state, &notified->request);
	if (at == SLUSS_NOWHERE || STATUTE(state, at)->notified ||
	    STATUTE(state, at)->kase != st_find_case(state, &notified->case_id))
		return SLUSS_APPLY_INVALID;
	STATUTE(state, at)->notified = true;
	strike(&state->notices, at);
	return SLUSS_APPLY_OK;
}

// From when on the person is to be told: once the ground may be relied on, and not before the end of a deferral.
// INT64_MAX: not yet known.
static int64_t notice_ms(const struct sluss_state *state, const struct statute *statute)
{
	if (st_statute_until(state, statute) == 0)
		return INT64_MAX;
	int64_t usable_ms = statute->approved ? statute->approved_ms : statute->requested_ms;
	return statute->deferred && statute->notify_ms > usable_ms ? statute->notify_ms : usable_ms;
}

static int64_t next_notice_ms(struct sluss_state *state)
{
	struct duties *notices = &state->notices;
	if (notices->known)
		return notices->next_ms;
	notices->next_ms = INT64_MAX;
	for (uint32_t i = 0; i < notices->count; i++) {
		int64_t due_ms = notice_ms(state, STATUTE(state, notices->at[i]));
		notices->next_ms = due_ms < notices->next_ms ? due_ms : notices->next_ms;
	}
	notices->known = true;
	return notices->next_ms;
}

bool sluss_state_notice_due(struct sluss_state *state, int64_t now_ms, struct sluss_rec_statute_notified *notified_out)
{
	*notified_out = (struct sluss_rec_statute_notified){0};
	if (state->broken || next_notice_ms(state) > now_ms)
		return false;
	for (uint32_t i = 0; i < state->notices.count; i++) {
		const struct statute *statute = STATUTE(state, state->notices.at[i]);
		if (notice_ms(state, statute) > now_ms)
			continue;
		notified_out->request = statute->id;
		notified_out->case_id = CASE(state, statute->kase)->id;
		uint32_t subject = CASE(state, statute->kase)->subject;
		if (subject != SLUSS_NOWHERE)
			notified_out->person = PERSON(state, subject)->id;
		return true;
	}
	return false;
}

// ---- recalls

static enum sluss_apply answered(
    struct sluss_state *state, const struct sluss_rec_recall_answered *answer, uint64_t seq)
{
	uint32_t at = st_find_recall(state, &answer->recall);
	if (at == SLUSS_NOWHERE || RECALL(state, at)->answered ||
	    RECALL(state, at)->agency != st_find_agency(state, answer->agency))
		return SLUSS_APPLY_INVALID;
	struct recall *recall = RECALL(state, at);
	recall->answered = true;
	recall->answered_seq = seq;
	recall->deleted = answer->deleted;
	recall->mark_removed = answer->mark_removed;
	strike(&state->recalls_open, at);
	return SLUSS_APPLY_OK;
}

static enum sluss_apply overdue(struct sluss_state *state, const struct sluss_rec_recall_overdue *late)
{
	uint32_t at = st_find_recall(state, &late->recall);
	if (at == SLUSS_NOWHERE || RECALL(state, at)->answered || RECALL(state, at)->overdue)
		return SLUSS_APPLY_INVALID;
	RECALL(state, at)->overdue = true;
	strike(&state->recalls_open, at);
	return SLUSS_APPLY_OK;
}

static bool grants_are_of(const struct sluss_state *state, const struct sluss_rec_recall_opened *opened, uint32_t kase)
{
	for (size_t i = 0; i < opened->grant_count; i++) {
		uint32_t grant = st_find_grant(state, &opened->grants[i]);
		if (grant == SLUSS_NOWHERE || GRANT(state, grant)->kase != kase)
			return false;
	}
	return true;
}

static enum sluss_apply opened(struct sluss_state *state, const struct sluss_record *record, uint64_t seq)
{
	const struct sluss_rec_recall_opened *opened = &record->u.recall_opened;
	uint32_t kase = st_find_case(state, &opened->case_id);
	uint16_t agency = st_find_agency(state, opened->agency);
	if (kase == SLUSS_NOWHERE || agency == NO_AGENCY || sluss_id_is_none(&opened->recall) ||
	    st_find_recall(state, &opened->recall) != SLUSS_NOWHERE || !grants_are_of(state, opened, kase))
		return SLUSS_APPLY_INVALID;
	if (!sluss_index_reserve(&state->by_recall, 1) || !reserve(&state->recalls_open))
		return SLUSS_APPLY_NO_MEMORY;
	uint32_t at = sluss_array_append(&state->recalls);
	if (at == SLUSS_NOWHERE)
		return SLUSS_APPLY_NO_MEMORY;
	*RECALL(state, at) = (struct recall){
	    .id = opened->recall,
	    .withdrawal = opened->withdrawal,
	    .kase = kase,
	    .agency = agency,
	    .register_mark = opened->register_mark,
	    .cause = (uint8_t)opened->cause,
	    .opened_ms = record->at_ms,
	    .due_ms = opened->due_ms,
	    .seq = seq,
	};
	for (size_t i = 0; i < opened->grant_count; i++)
		GRANT(state, st_find_grant(state, &opened->grants[i]))->flags |= F_RECALLED;
	sluss_index_insert(&state->by_recall, st_hash_id(state, &opened->recall), at);
	state->recalls_open.at[state->recalls_open.count++] = at;
	return SLUSS_APPLY_OK;
}

enum sluss_apply st_apply_recall(struct sluss_state *state, const struct sluss_record *record, uint64_t seq)
{
	if (record->type == SLUSS_REC_RECALL_OPENED)
		return opened(state, record, seq);
	if (record->type == SLUSS_REC_RECALL_ANSWERED)
		return answered(state, &record->u.recall_answered, seq);
	return overdue(state, &record->u.recall_overdue);
}

static int64_t next_answer_ms(struct sluss_state *state)
{
	struct duties *open = &state->recalls_open;
	if (open->known)
		return open->next_ms;
	open->next_ms = INT64_MAX;
	for (uint32_t i = 0; i < open->count; i++) {
		int64_t due_ms = RECALL(state, open->at[i])->due_ms;
		open->next_ms = due_ms < open->next_ms ? due_ms : open->next_ms;
	}
	open->known = true;
	return open->next_ms;
}

bool sluss_state_recall_due(struct sluss_state *state, int64_t now_ms, struct sluss_id *recall_out)
{
	*recall_out = (struct sluss_id){0};
	if (state->broken || next_answer_ms(state) > now_ms)
		return false;
	for (uint32_t i = 0; i < state->recalls_open.count; i++)
		if (RECALL(state, state->recalls_open.at[i])->due_ms <= now_ms) {
			*recall_out = RECALL(state, state->recalls_open.at[i])->id;
			return true;
		}
	return false;
}

// ---- the time for keeping

static int64_t keeping_ms(const struct sluss_state *state)
{
	return state->policy == NULL ? 0 : (int64_t)state->policy->recall.keep_days * DAY_MS;
}

// When what was received on this version has been kept long enough: counted from the end of the newest version of its
// key that took over, for a consent that was renewed carries on. INT64_MAX: nothing was received, or it is asked back.
static int64_t keeping_ends_ms(const struct sluss_state *state, const struct grant *grant)
{
	if (grant->releases == 0 || (grant->flags & F_RECALLED) != 0)
		return INT64_MAX;
	int64_t end_ms = grant->until_ms;
	for (uint32_t at = st_find_key(state, grant->kase, grant->key); at != SLUSS_NOWHERE;
	     at = GRANT(state, at)->older) {
		const struct grant *version = GRANT(state, at);
		bool counts = (version->flags & F_TAKEN) != 0 && (version->flags & F_VOID) == 0;
		if (counts && version->until_ms > end_ms)
			end_ms = version->until_ms;
	}
	return end_ms + keeping_ms(state);
}

void st_keeping_touch(struct sluss_state *state, const struct grant *grant)
{
	int64_t end_ms = grant->until_ms + keeping_ms(state);
	if (end_ms < state->keeping_ms)
		state->keeping_ms = end_ms;
}

bool sluss_state_kept_too_long(struct sluss_state *state, int64_t now_ms, struct sluss_id *case_out)
{
	*case_out = (struct sluss_id){0};
	if (state->broken || state->keeping_ms > now_ms)
		return false;
	int64_t next_ms = INT64_MAX;
	for (uint32_t at = 0; at < state->grants.count; at++) {
		int64_t end_ms = keeping_ends_ms(state, GRANT(state, at));
		if (end_ms <= now_ms) {
			*case_out = CASE(state, GRANT(state, at)->kase)->id;
			return true;
		}
		next_ms = end_ms < next_ms ? end_ms : next_ms;
	}
	state->keeping_ms = next_ms;
	return false;
}

bool sluss_grant_kept_too_long(const struct sluss_state *state, const struct sluss_id *grant, int64_t now_ms)
{
	uint32_t at = st_find_grant(state, grant);
	return at != SLUSS_NOWHERE && keeping_ends_ms(state, GRANT(state, at)) <= now_ms;
}

int64_t sluss_state_next_duty_ms(struct sluss_state *state)
{
	int64_t notice_ms = next_notice_ms(state);
	int64_t answer_ms = next_answer_ms(state);
	int64_t next_ms = notice_ms < answer_ms ? notice_ms : answer_ms;
	return next_ms < state->keeping_ms ? next_ms : state->keeping_ms;
}
