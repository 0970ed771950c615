// SPDX-License-Identifier: EUPL-1.2
// The writer thread: takes whatever waits, decides it in order, commits once, answers all. While it waits for the disk
// the workers verify the next batch.
#include "writer.h"

#include <stdlib.h>
#include <unistd.h>

#include "log_event.h"
#include "outside.h"
#include "svc_session.h"

enum {
	SCRUB_TRIES = 25,
	SCRUB_PAUSE_MS = 20,
	TEND_ARENA = 4 << 20,
	TEND_MIN_MS = 100,   // between two looks at what has become due while nobody asks
	TEND_MAX_MS = 60000, // the clock may be set
};

struct batch {
	struct sluss_request *first, *last; // executed, by next_in_batch
};

static void batch_add(struct batch *batch, struct sluss_request *request)
{
	request->next_in_batch = NULL;
	if (batch->first == NULL)
		batch->first = request;
	else
		batch->last->next_in_batch = request;
	batch->last = request;
}

// ---- executing

// The service's part, and what is remembered of it.
static void serve(struct sluss_writer *w, struct sluss_request *request)
{
	struct sluss_txn *txn = &request->txn;
	if (sluss_notary_holds(txn))
		return;
	request->service->execute(txn);
	if (request->parked || request->refused)
		return;
	if (!request->answered) {
		sluss_event(SLUSS_EVENT_ERROR, "service-silent", "method=%u", request->asked->method);
		sluss_txn_refuse(txn, SLUSS_CODE_INTERNAL, SLUSS_UNAVAILABLE, NULL, NULL);
		return;
	}
	bool has_id = request->service->statement != NULL || (request->service->flags & SLUSS_SERVICE_REQUEST_ID) != 0;
	bool remember =
	    has_id && (request->service->flags & (SLUSS_SERVICE_REPEATABLE | SLUSS_SERVICE_OWN_REPEAT)) == 0;
	if (remember && !sluss_writer_remember(w, request))
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
}

// What the request, or time, took the permission from.
static bool stop_waiting(struct sluss_txn *txn)
{
	static const struct sluss_id no_withdrawal;
	uint32_t count;
	return sluss_txn_stop_waiting(txn, &no_withdrawal, &count);
}

static void execute(struct sluss_writer *w, struct sluss_request *request)
{
	struct sluss_txn *txn = &request->txn;
	request->writer = w;
	txn->now_ms = w->now_ms;
	txn->committed = w->committed;
	sluss_codec_reset(w->read_codec);
	bool orphan =
	    request->channel == 0 && request->generation < w->generation; // web is gone, and the answer with it
	if (w->world == NULL || w->spoiled || orphan) {
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
		return;
	}
	txn->state = w->world->state;
	if (!sluss_writer_admit(w, request) || !sluss_txn_settle(txn) || !stop_waiting(txn))
		return;
	txn->policy = sluss_state_policy(w->world->state);
	unsigned before = request->appended;
	serve(w, request);
	// "Unavailable" means that nothing happened and it may be tried again: a part of it must not stand.
	if (request->refused && request->code == SLUSS_CODE_UNAVAILABLE && request->appended > before)
		sluss_batch_spoil(w, "execute", "a request failed half done");
	if (!w->spoiled)
		(void)stop_waiting(txn); // when it fails, request and batch are lost
}

// Nobody asks, but something has become due: a request of the writer's own that is answered to nobody.
static void tend(struct sluss_writer *w)
{
	if (w->world == NULL || w->spoiled || sluss_writer_due_ms(w) > w->now_ms)
		return;
	struct sluss_arena *arena = sluss_arena_new(TEND_ARENA);
	Sluss__V1__CoreRequest *asked = arena == NULL ? NULL : sluss_arena_alloc(arena, sizeof(*asked));
	if (asked != NULL)
		sluss__v1__core_request__init(asked);
	struct sluss_request *request = asked == NULL ? NULL : sluss_request_new(arena, asked);
	if (request == NULL) {
		if (asked == NULL)
			sluss_arena_free(&arena);
		return; // the next request does it
	}
	request->writer = w;
	request->txn.now_ms = w->now_ms;
	request->txn.committed = w->committed;
	request->txn.state = w->world->state;
	if (!sluss_txn_settle(&request->txn) || !stop_waiting(&request->txn))
		sluss_batch_spoil(w, "tend", "what has become due could not be done");
	sluss_request_free(&request);
}

static bool was_cancelled(const struct sluss_writer *w, const struct sluss_request *request)
{
	if (request->channel != 0)
		return false;
	for (size_t i = 0; i < SLUSS_CANCELS; i++)
		if (w->cancels[i].generation == request->generation &&
		    w->cancels[i].request_id == request->asked->request_id)
			return true;
	return false;
}

// One agency must not fill the gateway with waiting. The newest stands first.
static void limit_parked(struct sluss_writer *w, const char *agency)
{
	struct sluss_request *oldest = NULL;
	size_t count = 0;
	for (struct sluss_request *request = w->parked; request != NULL; request = request->next_in_batch)
		if (strcmp(request->caller, agency) == 0) {
			oldest = request;
			count++;
		}
	if (count > SLUSS_PARKED_PER_AGENCY)
		oldest->parked_until_ms = oldest->wake_ms = 0; // its wait is over; wake() answers it
}

static void run(struct sluss_writer *w, struct batch *batch, struct sluss_request *request)
{
	execute(w, request);
	if (!request->parked || request->refused) {
		request->parked = false;
		batch_add(batch, request);
		return;
	}
	if (was_cancelled(w, request)) {
		sluss_txn_refuse(&request->txn, SLUSS_CODE_CANCELED, SLUSS_UNAVAILABLE, NULL, NULL);
		batch_add(batch, request);
		return;
	}
	request->next_in_batch = w->parked;
	w->parked = request;
	if (request->caller[0] != '\0') // who has none is bounded by its service (logins.h)
		limit_parked(w, request->caller);
}

// Has something come that the parked request may be told?
static bool has_news(const struct sluss_writer *w, const struct sluss_request *request)
{
	if (w->world == NULL)
		return false;
	uint32_t box = sluss_mailbox_find(w->world->messages, request->caller);
	uint64_t first;
	return (box != SLUSS_NOWHERE && sluss_mailbox_news(w->world->messages, box)) ||
	       (request->wants_notices && sluss_notices_of(w->world->notices, request->caller, request->notices_from,
					      w->committed, &first, 1) > 0);
}

// Tries those again that wait for something that has come, or whose time is over.
static void wake(struct sluss_writer *w, struct batch *batch)
{
	int64_t now = sluss_monotonic_ms();
	struct sluss_request *list = w->parked, **end = &w->parked;
	w->parked = NULL;
	for (struct sluss_request *next; list != NULL; list = next) {
		next = list->next_in_batch;
		list->expired = list->parked_until_ms <= now || w->stopping;
		if (!list->expired && list->wake_ms > now && !has_news(w, list)) {
			*end = list;
			end = &list->next_in_batch;
			*end = NULL;
			continue;
		}
		sluss_request_forget(list);
		run(w, batch, list);
		while (*end != NULL)
			end = &(*end)->next_in_batch;
	}
	if (w->world != NULL)
		sluss_messages_clear_news(w->world->messages);
}

// ---- answering

static bool add_receipt(struct sluss_writer *w, struct sluss_request *request)
{
	Sluss__V1__Receipt receipt;
	return sluss_batch_receipt(w, request->txn.arena, request->receipt_index, &receipt) &&
	       sluss_request_seal(request, &receipt);
}

static bool is_closed(const struct sluss_writer *w, uint64_t connection)
{
	for (size_t i = 0; i < SLUSS_CLOSED; i++)
		if (w->closed[i] == connection && connection != 0)
			return true;
	return false;
}

// From now on the connection carries what was released. One that is closed already carries nothing: what it was given
// waits for the next Fetch.
static bool track(struct sluss_writer *w, const struct sluss_request *request)
{
	uint64_t connection = request->txn.connection_id;
	if (request->released_count > 0 && is_closed(w, connection)) {
		sluss_messages_end_leases(w->world->messages, connection);
		return true;
	}
	for (size_t i = 0; i < request->released_count; i++)
		if (!sluss_transfers_released(w->transfers, connection, &request->released_cases[i]))
			return false;
	return true;
}

// The request as it is after the commit.
static void complete(struct sluss_writer *w, struct sluss_request *request)
{
	if (request->refused)
		return;
	if (request->service->finish != NULL)
		request->service->finish(&request->txn);
	bool ok = (!request->has_receipt || add_receipt(w, request)) && track(w, request);
	// "Destroyed" is said when no octet is left. The record stands; the same statement again asks again.
	if (!ok || (request->has_barrier && w->scrub_due))
		sluss_txn_refuse(&request->txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
}

static void give_up(struct sluss_request *request)
{
	sluss_request_forget(request);
	sluss_txn_refuse(&request->txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
}

static void answer(struct sluss_writer *w, struct batch *batch, bool committed)
{
	struct sluss_item *first = NULL, *last = NULL;
	struct sluss_request *barriers = NULL;
	size_t count = 0;
	for (struct sluss_request *request = batch->first, *next; request != NULL; request = next) {
		next = request->next_in_batch;
		if (committed)
			complete(w, request);
		else
			give_up(request);
		if (request->has_barrier && !request->refused) {
			request->next_in_batch = barriers;
			barriers = request;
			continue;
		}
		if (first == NULL)
			first = &request->item;
		else
			last->next = &request->item;
		last = &request->item;
		count++;
	}
	if (first != NULL)
		sluss_queue_push_list(w->to_intake, first, last, count);
	// After the answers: a drop has to come to web behind every answer that it is about.
	for (struct sluss_request *next; barriers != NULL; barriers = next) {
		next = barriers->next_in_batch;
		sluss_transfers_wait(w->transfers, barriers, &barriers->barrier_case, sluss_monotonic_ms());
	}
}

static void each_revoked(void *context, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	struct sluss_word *note = sluss_word_new(SLUSS_ITEM_REVOKE, 1);
	memcpy(note->u.octets, fingerprint, SLUSS_HASH_BYTES);
	sluss_queue_push(context, &note->item);
}

static void tell_edge(struct sluss_writer *w)
{
	if (w->left) {
		sluss_directory_each_revoked(w->directory, each_revoked, w->to_intake);
		return;
	}
	for (size_t i = 0; i < w->revoked_count; i++)
		each_revoked(w->to_intake, w->revoked[i]);
}

// Payload whose ground is gone: no octet of it is left in the store's files when the withdrawal is answered.
static void scrub(struct sluss_writer *w)
{
	enum sluss_store_result result = SLUSS_STORE_AGAIN;
	for (int i = 0; i < SCRUB_TRIES && result == SLUSS_STORE_AGAIN; i++) {
		if (i > 0)
			usleep(SCRUB_PAUSE_MS * 1000);
		result = sluss_store_scrub(w->store);
	}
	w->scrub_due = result != SLUSS_STORE_OK;
	if (result != SLUSS_STORE_OK)
		sluss_event(SLUSS_EVENT_WARNING, "scrub-later", "result=%s", sluss_store_result_name(result));
}

static void run_batch(struct sluss_writer *w, struct sluss_item *list)
{
	struct batch batch = {0};
	sluss_batch_reopen(w);
	sluss_batch_start(w);
	if (!sluss_writer_expire(w))
		sluss_event(SLUSS_EVENT_WARNING, "expiry-later", NULL);
	if (list == NULL)
		tend(w);
	for (struct sluss_item *next; list != NULL; list = next) {
		next = list->next;
		run(w, &batch, sluss_request_of_item(list));
	}
	wake(w, &batch);
	bool committed = sluss_batch_commit(w);
	if (committed)
		w->expiry_retry_ms = 0;
	w->again = committed && w->entry_count > 0 && w->parked != NULL;
	w->scrub_due |= w->destroyed;
	if (committed && w->scrub_due && (batch.first != NULL || w->destroyed))
		scrub(w);
	if (committed)
		tell_edge(w);
	answer(w, &batch, committed);
}

// ---- words from the intake

static void cancel(struct sluss_writer *w, const struct sluss_word *note)
{
	for (struct sluss_request **place = &w->parked; *place != NULL; place = &(*place)->next_in_batch) {
		struct sluss_request *request = *place;
		if (request->channel != 0 || request->generation != note->generation ||
		    request->asked->request_id != note->number)
			continue;
		*place = request->next_in_batch;
		sluss_txn_refuse(&request->txn, SLUSS_CODE_CANCELED, SLUSS_UNAVAILABLE, NULL, NULL);
		sluss_queue_push(w->to_intake, &request->item);
		return;
	}
	w->cancels[w->next_cancel].generation = note->generation;
	w->cancels[w->next_cancel].request_id = note->number;
	w->next_cancel = (w->next_cancel + 1) % SLUSS_CANCELS;
}

static void end_leases(struct sluss_writer *w, uint64_t connection)
{
	if (w->world != NULL)
		sluss_messages_end_leases(w->world->messages, connection);
}

static void front_is_new(struct sluss_writer *w)
{
	sluss_transfers_front_dead(w->transfers);
	memset(w->closed, 0, sizeof(w->closed)); // a new edge may count its connections anew
	end_leases(w, 0);
	sluss_directory_each_revoked(w->directory, each_revoked, w->to_intake);
	// What was parked for the old web is answered into the void.
	for (struct sluss_request *next; w->parked != NULL; w->parked = next) {
		next = w->parked->next_in_batch;
		sluss_txn_refuse(&w->parked->txn, SLUSS_CODE_CANCELED, SLUSS_UNAVAILABLE, NULL, NULL);
		sluss_queue_push(w->to_intake, &w->parked->item);
	}
}

static void hear(struct sluss_writer *w, struct sluss_word *note)
{
	if (note->item.kind == SLUSS_ITEM_CANCEL) {
		cancel(w, note);
	} else if (note->item.kind == SLUSS_ITEM_CLOSED) {
		for (size_t i = 0; i < note->count; i++) {
			w->closed[w->next_closed++ % SLUSS_CLOSED] = note->u.ids[i];
			if (sluss_transfers_closed(w->transfers, note->u.ids[i]))
				end_leases(w, note->u.ids[i]);
		}
	} else if (note->item.kind == SLUSS_ITEM_WEB_DROPPED) {
		sluss_transfers_web_dropped(w->transfers, note->number, sluss_monotonic_ms());
	} else if (note->item.kind == SLUSS_ITEM_EDGE_DROPPED) {
		sluss_transfers_edge_dropped(w->transfers, note->number);
	} else if (note->item.kind == SLUSS_ITEM_FRONT_LOST) {
		sluss_transfers_front_lost(w->transfers, sluss_monotonic_ms());
	} else if (note->item.kind == SLUSS_ITEM_FRONT_NEW) {
		w->generation = note->generation;
		front_is_new(w);
	} else if (note->item.kind == SLUSS_ITEM_OUTSIDE_ANSWER &&
		   ((struct sluss_letter *)(void *)note)->kind == SLUSS__V1__COURIER_CALL__KIND__KIND_IDP) {
		svc_login_hear(w, (struct sluss_letter *)(void *)note);
	} else if (note->item.kind == SLUSS_ITEM_IDP_LOST) {
		svc_login_lost(w);
	} else if (note->item.kind == SLUSS_ITEM_OUTSIDE_ANSWER) {
		sluss_notary_hear(w, (struct sluss_letter *)(void *)note);
	} else if (note->item.kind == SLUSS_ITEM_OUTSIDE_LOST) {
		sluss_notary_lost(w);
	} else if (note->item.kind == SLUSS_ITEM_STOP) {
		w->stopping = true;
	}
	free(note);
}

// Splits off the requests; notes are heard at once. They may overtake requests, never one another.
static struct sluss_item *sort_out(struct sluss_writer *w, struct sluss_item *list)
{
	struct sluss_item *requests = NULL, **end = &requests;
	for (struct sluss_item *next; list != NULL; list = next) {
		next = list->next;
		if (list->kind == SLUSS_ITEM_REQUEST) {
			*end = list;
			end = &list->next;
			*end = NULL;
		} else {
			hear(w, (struct sluss_word *)(void *)list);
		}
	}
	return requests;
}

static int64_t next_wake(const struct sluss_writer *w, int64_t tick_ms)
{
	int64_t next = tick_ms;
	if (w->world != NULL) {
		int64_t due_ms = sluss_writer_due_ms(w), now_ms = sluss_clock_now(&w->clock);
		int64_t left_ms = due_ms <= now_ms + TEND_MIN_MS ? TEND_MIN_MS : due_ms - now_ms;
		left_ms = left_ms > TEND_MAX_MS ? TEND_MAX_MS : left_ms;
		next = sluss_monotonic_ms() + left_ms < next ? sluss_monotonic_ms() + left_ms : next;
	}
	for (const struct sluss_request *request = w->parked; request != NULL; request = request->next_in_batch)
		if (request->wake_ms < next)
			next = request->wake_ms;
	int64_t expiry_ms = sluss_writer_expiry_wake_ms(w);
	return expiry_ms < next ? expiry_ms : next;
}

void *sluss_writer_run(void *writer)
{
	struct sluss_writer *w = writer;
	(void)pthread_setname_np(pthread_self(), "core-writer");
	sluss_queue_push(w->to_intake, &sluss_word_new(SLUSS_ITEM_READY, 0)->item);
	sluss_directory_each_revoked(w->directory, each_revoked, w->to_intake);
	while (!w->fatal) {
		int64_t tick = sluss_transfers_tick(w->transfers, sluss_monotonic_ms());
		int64_t notary = sluss_notary_tick(w);
		if (w->fatal)
			break;
		tick = notary < tick ? notary : tick;
		struct sluss_item *list =
		    sluss_queue_take(&w->in, w->config.batch_max, w->stopping || w->again ? 0 : next_wake(w, tick));
		if (w->stopping && list == NULL)
			break;
		run_batch(w, sort_out(w, list));
	}
	sluss_queue_push(w->to_intake, &sluss_word_new(w->fatal ? SLUSS_ITEM_FATAL : SLUSS_ITEM_STOPPED, 0)->item);
	return NULL;
}
