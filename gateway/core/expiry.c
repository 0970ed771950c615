// SPDX-License-Identifier: EUPL-1.2
// What is given up when its time is over: messages that nobody acknowledged, chunks that nobody sent. Their payload is
// destroyed; a message's sender gets a notice. Done at the start of a batch; whoever hands out octets asks the time
// itself, because what is due in one batch is bounded.
#include "exchange.h"
#include "writer.h"

enum {
	AT_ONCE = 256,	     // messages given up in one batch
	UPLOADS_AT_ONCE = 4, // each may be 100 MiB
	RETRY_MS = 1000,
	HOUR_MS = 3600 * 1000,
	LOOK_MS = 60000, // the clock is looked at again then: it may have been set
};

static bool append(struct sluss_writer *w, const struct sluss_record *record)
{
	return sluss_batch_append(w, record, NULL) == SLUSS_BATCH_OK ||
	       sluss_batch_spoil(w, "expiry", "the record was refused");
}

bool exchange_give_up(struct sluss_writer *w, uint32_t number)
{
	struct sluss_messages *messages = w->world->messages;
	struct sluss_message message = *sluss_messages_at(messages, number);
	uint64_t before = sluss_messages_needed(messages, number);
	for (uint32_t i = 0; i < message.delivery_count; i++) {
		const struct sluss_delivery *delivery = sluss_messages_delivery(messages, message.first_delivery + i);
		if (!delivery->queued)
			continue;
		struct sluss_record record = {.type = SLUSS_REC_EXPIRED};
		record.u.expired = (struct sluss_rec_expired){.message = message.id,
		    .case_id = message.case_id,
		    .recipient = sluss_mailbox_agency(messages, delivery->mailbox)};
		if (!append(w, &record))
			return false;
	}
	uint64_t gone = before & ~sluss_messages_needed(messages, number);
	uint32_t positions[EXCHANGE_SECTIONS_MAX];
	struct sluss_record destroyed = {.type = SLUSS_REC_PAYLOAD_DESTROYED};
	destroyed.u.payload_destroyed = (struct sluss_rec_payload_destroyed){
	    .message = message.id, .case_id = message.case_id, .sections = positions};
	for (uint32_t s = 0; s < EXCHANGE_SECTIONS_MAX; s++)
		if ((gone & (UINT64_C(1) << s)) != 0)
			positions[destroyed.u.payload_destroyed.section_count++] = s;
	w->destroyed = true;
	return gone == 0 || (exchange_payload_destroy(w, number, before) && append(w, &destroyed));
}

// Core's clock when something is due.
static int64_t next_due_ms(const struct sluss_writer *w)
{
	int64_t message_ms = sluss_messages_next_due_ms(w->world->messages);
	const struct sluss_upload_state *upload = sluss_uploads_oldest(w->uploads);
	int64_t orphan_ms =
	    upload == NULL ? INT64_MAX : upload->begun_ms + (int64_t)w->config.chunk_orphan_hours * HOUR_MS;
	return message_ms < orphan_ms ? message_ms : orphan_ms;
}

int64_t sluss_writer_expiry_wake_ms(const struct sluss_writer *w)
{
	int64_t due_ms = w->down || w->world == NULL ? INT64_MAX : next_due_ms(w);
	if (due_ms == INT64_MAX)
		return INT64_MAX;
	int64_t left_ms = due_ms - sluss_clock_now(&w->clock);
	left_ms = left_ms < 0 ? 0 : left_ms < LOOK_MS ? left_ms : LOOK_MS;
	int64_t wake_ms = sluss_monotonic_ms() + left_ms;
	return wake_ms > w->expiry_retry_ms ? wake_ms : w->expiry_retry_ms;
}

static bool expire_messages(struct sluss_writer *w)
{
	for (int i = 0; i < AT_ONCE; i++) {
		uint32_t number = sluss_messages_due(w->world->messages, w->now_ms);
		if (number == SLUSS_NOWHERE)
			return true;
		// What is due by then comes first, so that the log tells it in order.
		if ((i == 0 && !sluss_writer_settle(w)) || !exchange_give_up(w, number))
			return false;
	}
	return true;
}

// Chunks that nobody sent.
static bool expire_uploads(struct sluss_writer *w)
{
	int64_t since_ms = w->now_ms - (int64_t)w->config.chunk_orphan_hours * HOUR_MS;
	for (int i = 0; i < UPLOADS_AT_ONCE; i++) {
		const struct sluss_upload_state *upload = sluss_uploads_oldest(w->uploads);
		if (upload == NULL || upload->begun_ms > since_ms)
			return true;
		if (!exchange_upload_destroy(w, upload))
			return false;
	}
	return true;
}

bool sluss_writer_expire(struct sluss_writer *w)
{
	if (w->spoiled || w->down || w->world == NULL || w->now_ms < sluss_state_time_ms(w->world->state))
		return true;
	if (next_due_ms(w) > w->now_ms || sluss_monotonic_ms() < w->expiry_retry_ms)
		return true;
	w->expiry_retry_ms = sluss_monotonic_ms() + RETRY_MS; // unless it can be committed
	return expire_messages(w) && expire_uploads(w);
}
