// SPDX-License-Identifier: EUPL-1.2
// Timestamps: which checkpoint is dated when, and what is stored. With a quorum it is the newest cosigned one: an old
// copy of the log, or a fork that no witness knows, gets no date.
#include "notary_impl.h"

#include <sodium.h>
#include <stdlib.h>

#include "log_event.h"
#include "outside.h"

enum {
	RETRY_MAX_MS = 60000,
	RETURNED_MS = 100,	      // until a courier is there
	SKEW_S = SLUSS_KEEPER_SKEW_S, // the authority's clock may differ from ours by this
};

bool notary_stamp_open(const struct stamping *s, int64_t now_ms)
{
	return s->stamper == NULL || s->gap_max_ms == 0 ||
	       (s->stamped_ms != -1 && now_ms - s->stamped_ms <= (int64_t)s->gap_max_ms);
}

// The checkpoint to be dated. False: none yet.
static bool choose(struct sluss_writer *w)
{
	struct stamping *s = &w->notary->stamping;
	uint64_t size = 0;
	struct sluss_bytes note = sluss_notary_checkpoint(w, &size);
	if (note.len == 0 && w->notary->keeper.config.quorum == 0) {
		note = notary_newest(w);
		size = sluss_log_size(w->log);
	}
	if (note.len == 0 || note.len > sizeof(s->note) || !notary_imprint(note, s->imprint))
		return false;
	memcpy(s->note, note.data, note.len);
	s->note_len = note.len;
	s->size = size;
	return true;
}

static void ask(struct sluss_writer *w, int64_t now_ms)
{
	struct stamping *s = &w->notary->stamping;
	uint8_t query[SLUSS_STAMP_QUERY_MAX];
	s->next_ms = now_ms + (s->period_ms < 1000 ? s->period_ms : 1000);
	if (s->reply != NULL || !choose(w))
		return;
	randombytes_buf(s->nonce, sizeof(s->nonce));
	size_t len = sluss_stamp_query(s->imprint, s->nonce, query);
	if (len == 0 || !notary_post(w, SLUSS__V1__COURIER_CALL__KIND__KIND_TIMESTAMP, 0, s->numbers + 1,
			    "application/timestamp-query", (struct sluss_bytes){query, len}))
		return;
	s->call = ++s->numbers;
	s->asked_ms = now_ms;
	s->next_ms = now_ms + 2 * SLUSS_KEEPER_TIMEOUT_MS; // it will be answered long before
}

int64_t notary_stamp_tick(struct sluss_writer *w, int64_t now_ms)
{
	struct stamping *s = &w->notary->stamping;
	if (s->stamper == NULL)
		return INT64_MAX;
	if (now_ms >= s->next_ms)
		ask(w, now_ms);
	int64_t next = s->next_ms;
	if (s->gap_max_ms > 0 && s->stamped_ms != -1) {
		int64_t closes = s->stamped_ms + (int64_t)s->gap_max_ms + 1;
		next = closes > now_ms && closes < next ? closes : next;
	}
	return next;
}

// A tenth of the period, twice it ... at most a minute.
static void failed(struct stamping *s, uint32_t status, const char *why, const char *error, int64_t now_ms)
{
	int64_t delay = ((int64_t)s->period_ms / 10 + 1) << (s->failures < 10 ? s->failures : 10);
	if (s->failures % 8 == 0)
		sluss_event(SLUSS_EVENT_WARNING, "timestamp-failed", "status=%u why=\"%s\"%s%s%s", status, why,
		    error[0] == '\0' ? "" : " error=\"", error, error[0] == '\0' ? "" : "\"");
	s->failures++;
	delay = delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS;
	s->next_ms = now_ms + delay * 3 / 4 + (int64_t)randombytes_uniform((uint32_t)(delay / 2) + 1);
}

void notary_stamp_hear(struct sluss_writer *w, const struct sluss_letter *letter)
{
	struct stamping *s = &w->notary->stamping;
	static const char type[] = "application/timestamp-reply";
	int64_t now_ms = sluss_monotonic_ms();
	int64_t time_s = 0;
	const char *why = "";
	if (s->call == 0 || (letter->call_id & 0xffffffffffff) != s->call)
		return;
	s->call = 0;
	if (letter->returned) {
		s->next_ms = now_ms + RETURNED_MS;
		return;
	}
	if (letter->status != 200 || strncmp(letter->content_type, type, sizeof(type) - 1) != 0) {
		failed(s, letter->status,
		    letter->status == 0 ? "the authority cannot be reached" : "the authority gives no timestamp",
		    letter->error, now_ms);
		return;
	}
	if (!sluss_stamp_verify(
		s->stamper, (struct sluss_bytes){letter->octets, letter->len}, s->imprint, s->nonce, &time_s, &why)) {
		failed(s, letter->status, why, "", now_ms);
		return;
	}
	if (time_s - notary_real_s(w) > SKEW_S || notary_real_s(w) - time_s > SKEW_S) {
		failed(
		    s, letter->status, "its time is not ours by more than five minutes: check both clocks", "", now_ms);
		return;
	}
	s->reply = malloc(letter->len);
	if (s->reply == NULL) {
		failed(s, letter->status, "not enough memory", "", now_ms);
		return;
	}
	memcpy(s->reply, letter->octets, letter->len);
	s->reply_len = letter->len;
	s->stamped_size = s->size;
	s->stamped_s = time_s;
	s->stamped_ms = s->asked_ms;
	if (s->failures > 0)
		sluss_event(SLUSS_EVENT_NOTICE, "timestamp-back", "size=%llu", (unsigned long long)s->size);
	s->failures = 0;
	s->next_ms = s->asked_ms + s->period_ms;
}

bool notary_stamp_store(struct sluss_writer *w)
{
	const struct stamping *s = &w->notary->stamping;
	struct sluss_store_blob kept = {0};
	uint8_t octets[8];
	struct sluss_bytes key = {octets, sizeof(octets)};
	notary_key(s->size, octets);
	// One that is there may have more cosignatures meanwhile.
	enum sluss_store_result there = sluss_store_get_side(w->store, SLUSS_SIDE_CHECKPOINT, key, &kept);
	sluss_store_blob_free(&kept);
	bool good = there == SLUSS_STORE_OK || (there == SLUSS_STORE_NOT_FOUND &&
						   sluss_store_put_side(w->store, SLUSS_SIDE_CHECKPOINT, key,
						       (struct sluss_bytes){s->note, s->note_len}) == SLUSS_STORE_OK);
	good = good && sluss_store_put_side(w->store, SLUSS_SIDE_TIMESTAMP, key,
			   (struct sluss_bytes){s->reply, s->reply_len}) == SLUSS_STORE_OK;
	return good || sluss_batch_spoil(w, "store timestamp", sluss_store_error_text(w->store));
}
