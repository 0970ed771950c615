// SPDX-License-Identifier: EUPL-1.2
#include "svc_queues.h"

#include "exchange.h"
#include "notary.h"
#include "sluss/v1/admin.pb-c.h"
#include "svc_common.h"
#include "writer.h"

enum { ASKS_PATIENCE = 2 }; // of the longest time that a Fetch may wait

#define WHY(name) SLUSS__V1__QUEUE_REASON__QUEUE_REASON_##name

// May the agency come in at all? Its key or certificate may have been revoked, or it is on its way back with new ones.
static bool comes_in(struct sluss_txn *txn, const char *agency)
{
	struct sluss_agency_view view;
	struct sluss_agency_keys keys;
	const struct sluss_directory *directory = sluss_txn_directory(txn);
	if (!sluss_directory_agency(directory, agency, &view) || view.left)
		return false;
	for (size_t i = view.key_count; i-- > 0;)
		if (sluss_directory_keys(directory, agency, i, &keys) && !keys.certificate_revoked &&
		    keys.certificate_until_ms > txn->now_ms)
			return true;
	return false;
}

// The first that holds for the message that waits longest.
static Sluss__V1__QueueReason why_of(struct sluss_txn *txn, uint32_t box, const char **text_out)
{
	struct sluss_messages *messages = exchange_messages(txn);
	const struct sluss_writer *w = sluss_writer_of(txn);
	const struct sluss_delivery *oldest = sluss_messages_delivery(messages, sluss_mailbox_first(messages, box));
	int64_t asked_ms = sluss_mailbox_asked_ms(messages, box);
	char stopped[SLUSS_NOTARY_WHY];
	if (!sluss_notary_open_for_relay(w, stopped)) {
		*text_out = sluss_arena_text(txn->arena, stopped);
		return WHY(RELAYING_STOPPED);
	}
	if (!comes_in(txn, sluss_mailbox_agency(messages, box))) {
		*text_out = "No key or certificate lets this agency in. It needs a new enrolment token.";
		return WHY(NO_KEY);
	}
	if (asked_ms == 0 || txn->now_ms - asked_ms > ASKS_PATIENCE * (int64_t)w->config.fetch_wait_max_ms) {
		*text_out = asked_ms == 0 ? "The agency has not asked for messages since the gateway started."
					  : "The agency does not ask for messages any more.";
		return WHY(NOT_ASKED);
	}
	if (oldest->released) {
		*text_out = "The oldest message was handed out and is not acknowledged yet.";
		return WHY(NOT_ACKNOWLEDGED);
	}
	*text_out = oldest->officer != 0 ? "It is addressed to one officer and comes when that officer asks for it."
					 : "It comes in its turn: the agency asks for messages.";
	return WHY(BEING_FETCHED);
}

static size_t handed_out(struct sluss_messages *messages, uint32_t box)
{
	size_t count = 0;
	int64_t now_ms = sluss_monotonic_ms();
	for (uint32_t n = sluss_mailbox_first(messages, box); n != SLUSS_NOWHERE;) {
		const struct sluss_delivery *delivery = sluss_messages_delivery(messages, n);
		count += delivery->lease_connection != 0 && delivery->lease_until_ms > now_ms;
		n = delivery->next;
	}
	return count;
}

static bool add_senders(struct sluss_txn *txn, uint32_t box, Sluss__V1__Queue *queue)
{
	const struct sluss_messages *messages = exchange_messages(txn);
	size_t senders = sluss_mailbox_count(messages);
	queue->senders = sluss_arena_array(txn->arena, senders, sizeof(*queue->senders));
	for (uint32_t from = 0; queue->senders != NULL && from < senders; from++) {
		struct sluss_share share = sluss_mailbox_share(messages, box, from);
		if (share.waiting == 0)
			continue;
		Sluss__V1__QueueSender *sender = sluss_arena_alloc(txn->arena, sizeof(*sender));
		if (sender == NULL)
			return false;
		sluss__v1__queue_sender__init(sender);
		sender->agency_id = sluss_arena_text(txn->arena, sluss_mailbox_agency(messages, from));
		sender->waiting = share.waiting;
		sender->octets = share.blocks * EXCHANGE_BLOCK;
		queue->senders[queue->n_senders++] = sender;
		if (sender->agency_id == NULL)
			return false;
	}
	return queue->senders != NULL;
}

// NULL: refused.
static Sluss__V1__Queue *queue_of(struct sluss_txn *txn, uint32_t box)
{
	struct sluss_messages *messages = exchange_messages(txn);
	uint32_t first = sluss_messages_delivery(messages, sluss_mailbox_first(messages, box))->message;
	struct sluss_record oldest;
	const char *text;
	Sluss__V1__Queue *queue = sluss_arena_alloc(txn->arena, sizeof(*queue));
	if (!exchange_record(txn, first, &oldest))
		return NULL;
	if (queue == NULL) {
		(void)svc_no_memory(txn);
		return NULL;
	}
	sluss__v1__queue__init(queue);
	queue->recipient_agency_id = sluss_arena_text(txn->arena, sluss_mailbox_agency(messages, box));
	queue->waiting = sluss_mailbox_waiting(messages, box);
	queue->handed_out = handed_out(messages, box);
	queue->octets = sluss_mailbox_blocks(messages, box) * EXCHANGE_BLOCK;
	queue->why = why_of(txn, box, &text);
	queue->explanation = (char *)(uintptr_t)text;
	queue->oldest = svc_time(txn, oldest.at_ms);
	int64_t asked_ms = sluss_mailbox_asked_ms(messages, box);
	queue->asked = svc_time(txn, asked_ms);
	if (queue->recipient_agency_id != NULL && text != NULL && queue->oldest != NULL &&
	    (asked_ms == 0 || queue->asked != NULL) && add_senders(txn, box, queue))
		return queue;
	(void)svc_no_memory(txn);
	return NULL;
}

void svc_queues(struct sluss_txn *txn)
{
	const struct sluss_messages *messages = exchange_messages(txn);
	size_t boxes = sluss_mailbox_count(messages);
	Sluss__V1__ListQueuesResponse response = SLUSS__V1__LIST_QUEUES_RESPONSE__INIT;
	response.queues = sluss_arena_array(txn->arena, boxes, sizeof(*response.queues));
	if (response.queues == NULL) {
		(void)svc_no_memory(txn);
		return;
	}
	for (uint32_t box = 0; box < boxes; box++) {
		if (sluss_mailbox_waiting(messages, box) == 0)
			continue;
		response.queues[response.n_queues] = queue_of(txn, box);
		if (response.queues[response.n_queues++] == NULL)
			return;
	}
	sluss_txn_respond(txn, &response.base);
}
