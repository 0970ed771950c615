// SPDX-License-Identifier: EUPL-1.2
#include "notary_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "log_event.h"
#include "outside.h"

enum {
	STORE_AGAIN_MS = 1000, // after a store that did not take it
};

bool notary_post(struct sluss_writer *w, Sluss__V1__CourierCall__Kind kind, uint32_t index, uint64_t number,
    const char *type, struct sluss_bytes body)
{
	struct sluss_letter *letter =
	    sluss_letter_new(SLUSS_ITEM_OUTSIDE_CALL, sluss_outside_call_id(kind, index, number), type, body);
	if (letter == NULL)
		return false;
	letter->timeout_ms = SLUSS_KEEPER_TIMEOUT_MS;
	sluss_queue_push(w->to_intake, &letter->item);
	return true;
}

bool notary_imprint(struct sluss_bytes octets, uint8_t imprint_out[SLUSS_HASH_BYTES])
{
	struct sluss_note note;
	struct sluss_hash hash;
	if (!sluss_note_parse(octets, &note))
		return false;
	sluss_hash_octets(note.text.data, note.text.len, &hash);
	memcpy(imprint_out, hash.b, sizeof(hash.b));
	return true;
}

// ---- storing

// The newest cosigned checkpoint takes the place of the one before, unless that has a timestamp.
static bool store_cosigned(struct sluss_writer *w)
{
	struct sluss_notary *n = w->notary;
	uint8_t key[8];
	struct sluss_bytes note = {n->keeper.cosigned, n->keeper.cosigned_len};
	bool same = n->kept_any && n->kept_size == n->keeper.cosigned_size;
	if (n->kept_any && !same && !n->kept_stamped) {
		notary_key(n->kept_size, key);
		enum sluss_store_result erased =
		    sluss_store_erase_side(w->store, SLUSS_SIDE_CHECKPOINT, (struct sluss_bytes){key, sizeof(key)});
		if (erased != SLUSS_STORE_OK && erased != SLUSS_STORE_NOT_FOUND)
			return sluss_batch_spoil(w, "store cosignatures", sluss_store_error_text(w->store));
	}
	notary_key(n->keeper.cosigned_size, key);
	if (sluss_store_put_side(w->store, SLUSS_SIDE_CHECKPOINT, (struct sluss_bytes){key, sizeof(key)}, note) !=
	    SLUSS_STORE_OK)
		return sluss_batch_spoil(w, "store cosignatures", sluss_store_error_text(w->store));
	return true;
}

static void store(struct sluss_writer *w, int64_t now_ms)
{
	struct sluss_notary *n = w->notary;
	bool cosigned = n->keeper.unstored;
	bool stamped = n->stamping.reply != NULL;
	if ((!cosigned && !stamped) || now_ms < n->store_again_ms)
		return;
	sluss_batch_start(w);
	bool good = sluss_batch_open(w) && (!cosigned || store_cosigned(w)) && (!stamped || notary_stamp_store(w));
	if (!sluss_batch_commit(w) || !good) {
		n->store_again_ms = now_ms + STORE_AGAIN_MS;
		return;
	}
	if (cosigned) {
		n->kept_stamped = n->kept_any && n->kept_size == n->keeper.cosigned_size ? n->kept_stamped : false;
		n->kept_size = n->keeper.cosigned_size;
		n->kept_any = true;
		n->keeper.unstored = false;
		sluss_files_cosigned(w->files, n->keeper.cosigned_size,
		    (struct sluss_bytes){n->keeper.cosigned, n->keeper.cosigned_len});
	}
	if (stamped) {
		n->kept_stamped = n->kept_stamped || n->kept_size == n->stamping.size;
		free(n->stamping.reply);
		n->stamping.reply = NULL;
	}
}

// ---- relaying

static bool is_open(const struct sluss_notary *n, int64_t now_ms)
{
	return sluss_keeper_open(&n->keeper, now_ms) && notary_stamp_open(&n->stamping, now_ms);
}

bool sluss_notary_open_for_relay(const struct sluss_writer *w, char why_out[SLUSS_NOTARY_WHY])
{
	const struct sluss_notary *n = w->notary;
	int64_t now_ms = sluss_monotonic_ms();
	why_out[0] = '\0';
	if (n == NULL || is_open(n, now_ms))
		return true;
	if (!sluss_keeper_open(&n->keeper, now_ms))
		(void)snprintf(why_out, SLUSS_NOTARY_WHY,
		    "Relaying has stopped: %u of the log's %zu witnesses must have cosigned it within %u ms, and have "
		    "not. "
		    "Try again later; the operator sees in GetHealth which witness is missing.",
		    n->keeper.config.quorum, n->keeper.config.count, n->keeper.config.gap_max_ms);
	else
		(void)snprintf(why_out, SLUSS_NOTARY_WHY,
		    "Relaying has stopped: the log's newest timestamp is older than it may be (%u ms). Try again "
		    "later; the "
		    "operator must see to the time-stamping authority.",
		    n->stamping.gap_max_ms);
	return false;
}

bool sluss_notary_holds(struct sluss_txn *txn)
{
	const struct sluss_request *request = sluss_request_of(txn);
	char why[SLUSS_NOTARY_WHY];
	bool relays = (request->asked->method == SLUSS_METHOD_EXCHANGE_SEND && !request->repeated) ||
		      (request->asked->method == SLUSS_METHOD_EXCHANGE_SEND_BATCH && !request->repeated) ||
		      request->asked->method == SLUSS_METHOD_EXCHANGE_GET_CHUNK;
	if (!relays || sluss_notary_open_for_relay(sluss_writer_of(txn), why))
		return false;
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "%s", why);
	return true;
}

static void tell(struct sluss_notary *n, const struct sluss_writer *w, int64_t now_ms)
{
	char why[SLUSS_NOTARY_WHY];
	bool open = is_open(n, now_ms);
	if (n->told && open == n->was_open)
		return;
	if (!open) {
		(void)sluss_notary_open_for_relay(w, why);
		sluss_event(SLUSS_EVENT_WARNING, "relaying-stopped", "why=\"%s\"", why);
	} else if (n->told) {
		sluss_event(SLUSS_EVENT_NOTICE, "relaying-resumed", "cosigned=%llu",
		    (unsigned long long)n->keeper.cosigned_size);
	}
	n->was_open = open;
	n->told = true;
}

// ---- the writer's calls

int64_t sluss_notary_tick(struct sluss_writer *w)
{
	struct sluss_notary *n = w->notary;
	if (n == NULL || w->world == NULL || w->stopping)
		return INT64_MAX;
	int64_t now_ms = sluss_monotonic_ms();
	if (n->keeper.fatal) {
		w->fatal = true;
		return INT64_MAX;
	}
	store(w, now_ms);
	if (w->world == NULL)
		return now_ms + STORE_AGAIN_MS; // the store failed; it is opened again
	int64_t next = sluss_keeper_tick(&n->keeper, now_ms, notary_newest(w), sluss_log_size(w->log));
	int64_t stamp = notary_stamp_tick(w, now_ms);
	next = stamp < next ? stamp : next;
	tell(n, w, now_ms);
	int64_t closes = sluss_keeper_closes_ms(&n->keeper);
	if (closes > now_ms && closes < next)
		next = closes;
	if ((n->keeper.unstored || n->stamping.reply != NULL) && n->store_again_ms < next)
		next = n->store_again_ms;
	return next;
}

void sluss_notary_hear(struct sluss_writer *w, const struct sluss_letter *letter)
{
	struct sluss_notary *n = w->notary;
	if (n == NULL || w->world == NULL)
		return; // asked again after its time
	if (letter->kind == SLUSS__V1__COURIER_CALL__KIND__KIND_TIMESTAMP) {
		notary_stamp_hear(w, letter);
	} else if (letter->kind == SLUSS__V1__COURIER_CALL__KIND__KIND_WITNESS && letter->returned) {
		sluss_keeper_returned(
		    &n->keeper, letter->index, letter->call_id & 0xffffffffffff, sluss_monotonic_ms());
	} else if (letter->kind == SLUSS__V1__COURIER_CALL__KIND__KIND_WITNESS) {
		struct sluss_keeper_answer answer = {.index = letter->index,
		    .number = letter->call_id & 0xffffffffffff,
		    .status = letter->status,
		    .error = letter->error,
		    .content_type = letter->content_type,
		    .body = {letter->octets, letter->len}};
		sluss_keeper_answer(
		    &n->keeper, &answer, sluss_log_size(w->log), sluss_monotonic_ms(), notary_real_s(w));
	}
}

void sluss_notary_lost(struct sluss_writer *w)
{
	if (w->notary == NULL)
		return;
	int64_t now_ms = sluss_monotonic_ms();
	sluss_keeper_lost(&w->notary->keeper, now_ms);
	w->notary->stamping.call = 0;
	if (w->notary->stamping.next_ms > now_ms + STORE_AGAIN_MS && w->notary->stamping.stamped_ms < 0)
		w->notary->stamping.next_ms = now_ms + STORE_AGAIN_MS;
}

struct sluss_bytes sluss_notary_checkpoint(const struct sluss_writer *w, uint64_t *size_out)
{
	const struct sluss_notary *n = w->notary;
	*size_out = n == NULL ? 0 : n->keeper.cosigned_size;
	return n == NULL ? (struct sluss_bytes){NULL, 0}
			 : (struct sluss_bytes){n->keeper.cosigned, n->keeper.cosigned_len};
}

bool sluss_notary_health(const struct sluss_writer *w, struct sluss_notary_health *health_out)
{
	const struct sluss_notary *n = w->notary;
	if (n == NULL)
		return false;
	*health_out = (struct sluss_notary_health){.quorum = n->keeper.config.quorum,
	    .cosigned_size = n->keeper.cosigned_size,
	    .stamped_size = n->stamping.stamped_size,
	    .stamped_s = n->stamping.stamped_s,
	    .keeper = &n->keeper};
	return true;
}
