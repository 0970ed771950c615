// SPDX-License-Identifier: EUPL-1.2
// The links that a programme cannot do without (ruling 9): once active and not any more, the case goes to `closing`.
//
// A link is active while both of its directions have a grant that is complete and in its window (a pause does not break
// it). Invariants: links_once has the bit of every link that was active at some instant up to settled_ms; a case with
// links stands in the heap under edge_ms, the next instant at which a look is worth while.
#include "policy/state_impl.h"

#include <stdlib.h>

static bool between(
    const struct sluss_state *state, uint64_t key, enum sluss_agency_type from, enum sluss_agency_type to)
{
	return AGENCY(state, KEY_SENDER(key))->type == from && AGENCY(state, KEY_RECIPIENT(key))->type == to;
}

static bool on_link(const struct sluss_state *state, const struct sluss_link *link, uint64_t key)
{
	return between(state, key, link->a, link->b) || between(state, key, link->b, link->a);
}

bool st_key_in_links(const struct sluss_state *state, const struct kase *kase, uint64_t key)
{
	const struct sluss_programme *programme = st_case_programme(state, kase);
	for (size_t i = 0; programme != NULL && i < programme->link_count; i++) {
		if (on_link(state, &programme->links[i], key))
			return true;
	}
	return false;
}

// Whether a version holds its direction at an instant. A pause is not among the causes that break a link, but does not
// mend one either.
static bool holds(const struct sluss_state *state, const struct kase *kase, const struct agreement *agreement,
    uint32_t at, int64_t now_ms, bool paused_too)
{
	const struct grant *grant = GRANT(state, at);
	if (grant->paused != 0 && !paused_too)
		return false;
	return st_version_held(state, kase, agreement, st_find_key(state, grant->kase, grant->key), now_ms) == at;
}

// The bit of a link: of an unordered pair of agency types.
static uint64_t link_bit(const struct sluss_link *link)
{
	unsigned low = link->a < link->b ? (unsigned)link->a : (unsigned)link->b;
	unsigned high = link->a < link->b ? (unsigned)link->b : (unsigned)link->a;
	_Static_assert(
	    (SLUSS_AGENCY_TYPES - 1) * (SLUSS_AGENCY_TYPES - 2) / 2 <= 64, "a pair of agency types has a bit");
	return UINT64_C(1) << ((high - 1) * (high - 2) / 2 + low - 1);
}

static uint64_t programme_links(const struct sluss_programme *programme)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < programme->link_count; i++)
		bits |= link_bit(&programme->links[i]);
	return bits;
}

// Bits of the programme's links that are active at an instant; without the grants of a scope, if one is given.
static uint64_t active_bits(const struct sluss_state *state, const struct kase *kase, int64_t now_ms, bool paused_too,
    const struct scope *without)
{
	const struct sluss_programme *programme = st_case_programme(state, kase);
	if (programme == NULL || programme->link_count == 0)
		return 0;
	struct agreement agreement = st_case_agreement(state, kase);
	uint64_t there = 0, back = 0;
	for (uint32_t at = kase->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case) {
		uint64_t key = GRANT(state, at)->key;
		if (without != NULL && st_scope_covers(state, without, GRANT(state, at)))
			continue;
		for (size_t i = 0; i < programme->link_count; i++) {
			const struct sluss_link *link = &programme->links[i];
			uint64_t bit = link_bit(link);
			bool forth = between(state, key, link->a, link->b) && (there & bit) == 0;
			bool return_way = between(state, key, link->b, link->a) && (back & bit) == 0;
			if ((forth || return_way) && holds(state, kase, &agreement, at, now_ms, paused_too)) {
				there |= forth ? bit : 0;
				back |= return_way ? bit : 0;
			}
		}
	}
	return there & back;
}

bool st_links_active(const struct sluss_state *state, const struct kase *kase, int64_t now_ms)
{
	const struct sluss_programme *programme = st_case_programme(state, kase);
	if (programme == NULL)
		return false;
	return active_bits(state, kase, now_ms, false, NULL) == programme_links(programme);
}

// The next instant after `after_ms` at which a grant on a link begins or (with `ends`) ends.
static int64_t next_edge(const struct sluss_state *state, const struct kase *kase, int64_t after_ms, bool ends)
{
	int64_t edge = INT64_MAX;
	for (uint32_t at = kase->first_grant; at != SLUSS_NOWHERE; at = GRANT(state, at)->next_in_case) {
		const struct grant *grant = GRANT(state, at);
		if (!st_key_in_links(state, kase, grant->key))
			continue;
		if (grant->from_ms > after_ms && grant->from_ms < edge)
			edge = grant->from_ms;
		if (ends && grant->until_ms > after_ms && grant->until_ms < edge)
			edge = grant->until_ms;
	}
	return edge;
}

// Notes the links that were active somewhere up to now: at the last look, and at each beginning since then.
void st_links_settle(struct sluss_state *state, uint32_t kase_at, int64_t now_ms)
{
	struct kase *kase = CASE(state, kase_at);
	const struct sluss_programme *programme = st_case_programme(state, kase);
	if (now_ms < kase->settled_ms)
		return;
	if (programme == NULL || programme->link_count == 0) {
		kase->settled_ms = now_ms;
		return;
	}
	uint64_t all = programme_links(programme);
	for (int64_t look = kase->settled_ms; (all & ~kase->links_once) != 0 && look <= now_ms;
	     look = next_edge(state, kase, look, false))
		kase->links_once |= active_bits(state, kase, look, true, NULL);
	kase->settled_ms = now_ms;
}

// A binary heap of cases by edge_ms; each case knows its place.
static void heap_put(struct sluss_state *state, uint32_t place, uint32_t kase)
{
	state->heap[place] = kase;
	CASE(state, kase)->heap_at = place;
}

static void heap_sift(struct sluss_state *state, uint32_t place)
{
	uint32_t moving = state->heap[place];
	int64_t edge = CASE(state, moving)->edge_ms;
	while (place > 0) {
		uint32_t up = (place - 1) / 2;
		if (CASE(state, state->heap[up])->edge_ms <= edge)
			break;
		heap_put(state, place, state->heap[up]);
		place = up;
	}
	for (;;) {
		uint32_t down = 2 * place + 1;
		if (down >= state->heap_count)
			break;
		if (down + 1 < state->heap_count &&
		    CASE(state, state->heap[down + 1])->edge_ms < CASE(state, state->heap[down])->edge_ms)
			down++;
		if (CASE(state, state->heap[down])->edge_ms >= edge)
			break;
		heap_put(state, place, state->heap[down]);
		place = down;
	}
	heap_put(state, place, moving);
}

bool st_links_reserve(struct sluss_state *state)
{
	// Each case stands in the heap once at most.
	if (state->cases.count < state->heap_room)
		return true;
	uint32_t room = state->heap_room == 0 ? 64 : state->heap_room * 2;
	uint32_t *heap = realloc(state->heap, room * sizeof(*heap));
	if (heap == NULL)
		return false;
	state->heap = heap;
	state->heap_room = room;
	return true;
}

void st_links_touch(struct sluss_state *state, uint32_t kase_at, int64_t at_ms)
{
	struct kase *kase = CASE(state, kase_at);
	if (kase->heap_at == SLUSS_NOWHERE) {
		kase->heap_at = state->heap_count++;
		state->heap[kase->heap_at] = kase_at;
	} else if (kase->edge_ms == at_ms) {
		return;
	}
	kase->edge_ms = at_ms;
	heap_sift(state, kase->heap_at);
}

bool sluss_state_link_lost(struct sluss_state *state, int64_t now_ms, struct sluss_id *case_out)
{
	*case_out = (struct sluss_id){0};
	while (state->heap_count > 0 && !state->broken) {
		uint32_t at = state->heap[0];
		struct kase *kase = CASE(state, at);
		if (kase->edge_ms > now_ms)
			return false;
		st_links_settle(state, at, now_ms);
		uint8_t phase = st_line(state, kase)->phase;
		bool open = phase != SLUSS_PHASE_CLOSING && phase != SLUSS_PHASE_CLOSED;
		const struct sluss_programme *programme = st_case_programme(state, kase);
		uint64_t needed = programme == NULL ? 0 : kase->links_once & programme_links(programme);
		if (open && (needed & ~active_bits(state, kase, now_ms, true, NULL)) != 0) {
			*case_out = kase->id;
			return true;
		}
		st_links_touch(state, at, next_edge(state, kase, now_ms, true));
	}
	return false;
}

int64_t sluss_state_next_edge_ms(const struct sluss_state *state)
{
	return state->heap_count == 0 ? INT64_MAX : CASE(state, state->heap[0])->edge_ms;
}

bool sluss_withdrawal_ends_link(
    const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal, int64_t now_ms)
{
	struct scope scope;
	if (!st_withdrawal_scope(state, withdrawal, &scope))
		return false;
	const struct kase *kase = CASE(state, scope.kase);
	return (active_bits(state, kase, now_ms, true, NULL) & ~active_bits(state, kase, now_ms, true, &scope)) != 0;
}
