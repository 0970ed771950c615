// SPDX-License-Identifier: EUPL-1.2
#include "transfers.h"

#include <stdlib.h>

enum {
	BUCKETS = 1024,
	REPLACEMENT = 5, // times the time-out: how long a front that was lost may take to come back
};

struct carried {
	struct sluss_id case_id;
	uint64_t order; // of the release, in the order of all
};

struct connection {
	struct connection *next;
	uint64_t id;
	size_t count, room;
	struct carried *carried; // no case twice
};

enum stage {
	STAGE_NONE = 0,
	STAGE_WEB,  // waits for web's word
	STAGE_EDGE, // waits for edge's
	STAGE_DEAD, // one was silent: waits until both are dead
};

struct barrier {
	struct barrier *next;
	struct sluss_request *request;
	struct sluss_id case_id;
	uint64_t drop_id;
	uint64_t order; // releases up to this one are covered
	enum stage stage;
	int64_t deadline_ms;
	size_t count;
	uint64_t connections[];
};

struct sluss_transfers {
	struct sluss_queue *to_intake;
	uint32_t timeout_ms;
	uint64_t last_drop, last_order;
	bool lost;    // a channel closed; the new front has not come
	bool killing; // web and edge are to be restarted; one order is enough
	struct barrier *barriers;
	struct connection *buckets[BUCKETS];
};

struct sluss_transfers *sluss_transfers_new(struct sluss_queue *to_intake, uint32_t timeout_ms)
{
	struct sluss_transfers *t = calloc(1, sizeof(*t));
	if (t != NULL) {
		t->to_intake = to_intake;
		t->timeout_ms = timeout_ms;
	}
	return t;
}

// ---- connections

static struct connection **place_of(struct sluss_transfers *t, uint64_t id)
{
	struct connection **place = &t->buckets[(id * UINT64_C(0x9E3779B97F4A7C15)) >> 54];
	_Static_assert(BUCKETS == 1 << (64 - 54), "the upper bits choose a bucket");
	while (*place != NULL && (*place)->id != id)
		place = &(*place)->next;
	return place;
}

static void remove_connection(struct connection **place)
{
	struct connection *gone = *place;
	*place = gone->next;
	free(gone->carried);
	free(gone);
}

static void forget_connections(struct sluss_transfers *t)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (t->buckets[i] != NULL)
			remove_connection(&t->buckets[i]);
}

bool sluss_transfers_released(struct sluss_transfers *t, uint64_t connection, const struct sluss_id *case_id)
{
	struct connection **place = place_of(t, connection);
	if (*place == NULL) {
		*place = calloc(1, sizeof(**place));
		if (*place == NULL)
			return false;
		(*place)->id = connection;
	}
	struct connection *c = *place;
	for (size_t i = 0; i < c->count; i++)
		if (sluss_id_equal(&c->carried[i].case_id, case_id)) {
			c->carried[i].order = ++t->last_order;
			return true;
		}
	if (c->count == c->room) {
		size_t room = c->room == 0 ? 4 : c->room * 2;
		struct carried *carried = reallocarray(c->carried, room, sizeof(*carried));
		if (carried == NULL)
			return false;
		c->carried = carried;
		c->room = room;
	}
	c->carried[c->count++] = (struct carried){*case_id, ++t->last_order};
	return true;
}

bool sluss_transfers_closed(struct sluss_transfers *t, uint64_t connection)
{
	struct connection **place = place_of(t, connection);
	if (*place == NULL)
		return false;
	remove_connection(place);
	return true;
}

// The nil id stands for every case.
static bool is_of(const struct carried *carried, const struct sluss_id *case_id)
{
	return sluss_id_is_none(case_id) || sluss_id_equal(&carried->case_id, case_id);
}

static bool carries(const struct connection *c, const struct sluss_id *case_id)
{
	for (size_t i = 0; i < c->count; i++)
		if (is_of(&c->carried[i], case_id))
			return true;
	return false;
}

// Both gave their word: what the connection carried of the case until then is gone. A release that came later stays
// listed.
static void strike(struct sluss_transfers *t, const struct barrier *barrier)
{
	for (size_t i = 0; i < barrier->count; i++) {
		struct connection *c = *place_of(t, barrier->connections[i]);
		if (c == NULL)
			continue;
		for (size_t k = c->count; k-- > 0;)
			if (c->carried[k].order <= barrier->order && is_of(&c->carried[k], &barrier->case_id))
				c->carried[k] = c->carried[--c->count];
	}
}

// ---- barriers

static void pass_on(struct sluss_transfers *t, struct sluss_request *request)
{
	sluss_queue_push(t->to_intake, &request->item);
}

static void order_drop(struct sluss_transfers *t, const struct barrier *barrier, enum sluss_item_kind kind)
{
	struct sluss_word *note = sluss_word_new(kind, barrier->count);
	note->number = barrier->drop_id;
	note->keep =
	    barrier->request->channel == 0 ? barrier->request->txn.connection_id : 0; // else it is the admin socket
	memcpy(note->u.ids, barrier->connections, barrier->count * sizeof(note->u.ids[0]));
	sluss_queue_push(t->to_intake, &note->item);
}

static size_t count_carrying(const struct sluss_transfers *t, const struct sluss_id *case_id, uint64_t *ids_out)
{
	size_t count = 0;
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct connection *c = t->buckets[i]; c != NULL; c = c->next)
			if (carries(c, case_id)) {
				if (ids_out != NULL)
					ids_out[count] = c->id;
				count++;
			}
	return count;
}

static int64_t patience(const struct sluss_transfers *t)
{
	return t->lost ? (int64_t)t->timeout_ms * REPLACEMENT : (int64_t)t->timeout_ms;
}

void sluss_transfers_wait(
    struct sluss_transfers *t, struct sluss_request *request, const struct sluss_id *case_id, int64_t now_ms)
{
	size_t count = count_carrying(t, case_id, NULL);
	if (count == 0) {
		pass_on(t, request);
		return;
	}
	struct barrier *barrier = calloc(1, sizeof(*barrier) + count * sizeof(barrier->connections[0]));
	if (barrier == NULL) {
		// It stands in the log; only the word that nothing is under way cannot be given. The same statement
		// again asks for it again.
		sluss_txn_refuse(&request->txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
		pass_on(t, request);
		return;
	}
	*barrier = (struct barrier){.next = t->barriers,
	    .request = request,
	    .case_id = *case_id,
	    .drop_id = ++t->last_drop,
	    .order = t->last_order,
	    .stage = STAGE_WEB,
	    .deadline_ms = now_ms + patience(t),
	    .count = count};
	count_carrying(t, case_id, barrier->connections);
	t->barriers = barrier;
	order_drop(t, barrier, SLUSS_ITEM_DROP_WEB);
}

static struct barrier **find(struct sluss_transfers *t, uint64_t drop_id)
{
	struct barrier **place = &t->barriers;
	while (*place != NULL && (*place)->drop_id != drop_id)
		place = &(*place)->next;
	return place;
}

void sluss_transfers_web_dropped(struct sluss_transfers *t, uint64_t drop_id, int64_t now_ms)
{
	struct barrier *barrier = *find(t, drop_id);
	if (barrier == NULL || barrier->stage != STAGE_WEB)
		return;
	barrier->stage = STAGE_EDGE;
	barrier->deadline_ms = now_ms + t->timeout_ms;
	order_drop(t, barrier, SLUSS_ITEM_DROP_EDGE);
}

static void finish(struct sluss_transfers *t, struct barrier **place)
{
	struct barrier *barrier = *place;
	*place = barrier->next;
	pass_on(t, barrier->request);
	free(barrier);
}

void sluss_transfers_edge_dropped(struct sluss_transfers *t, uint64_t drop_id)
{
	struct barrier **place = find(t, drop_id);
	if (*place == NULL || (*place)->stage != STAGE_EDGE)
		return;
	strike(t, *place);
	finish(t, place);
}

void sluss_transfers_front_lost(struct sluss_transfers *t, int64_t now_ms)
{
	t->lost = true;
	for (struct barrier *barrier = t->barriers; barrier != NULL; barrier = barrier->next)
		barrier->deadline_ms = now_ms + patience(t);
}

void sluss_transfers_front_dead(struct sluss_transfers *t)
{
	forget_connections(t);
	t->lost = false;
	t->killing = false;
	while (t->barriers != NULL)
		finish(t, &t->barriers);
}

int64_t sluss_transfers_tick(struct sluss_transfers *t, int64_t now_ms)
{
	int64_t next = INT64_MAX;
	bool silent = false;
	for (struct barrier *barrier = t->barriers; barrier != NULL; barrier = barrier->next) {
		if (barrier->stage != STAGE_DEAD && barrier->deadline_ms <= now_ms) {
			barrier->stage = STAGE_DEAD;
			silent = true;
		}
		if (barrier->stage != STAGE_DEAD && barrier->deadline_ms < next)
			next = barrier->deadline_ms;
	}
	if (silent && !t->killing) {
		t->killing = true;
		sluss_queue_push(t->to_intake, &sluss_word_new(SLUSS_ITEM_RESTART_FRONT, 0)->item);
	}
	return next;
}

void sluss_transfers_free(struct sluss_transfers **transfers)
{
	if (*transfers == NULL)
		return;
	struct sluss_transfers *t = *transfers;
	for (struct barrier *barrier = t->barriers; barrier != NULL; barrier = barrier->next)
		sluss_txn_refuse(&barrier->request->txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	sluss_transfers_front_dead(t);
	free(t);
	*transfers = NULL;
}
