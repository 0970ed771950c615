// SPDX-License-Identifier: EUPL-1.2
// ExchangeService.Acknowledge and GetStatus.
#include "exchange.h"
#include "svc_common.h"
#include "writer.h"

enum { EXPLANATION_MAX = 800 }; // 200 characters of up to four octets

static void not_found(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "message_id", NULL);
}

static bool append_about(struct sluss_txn *txn, enum sluss_record_type type, const struct sluss_rec_message *message,
    uint32_t section, uint64_t *index_out)
{
	struct sluss_record record = {.type = type};
	record.u.acknowledged = (struct sluss_rec_acknowledged){.message = message->message,
	    .case_id = message->case_id,
	    .agency = txn->caller,
	    .officer = txn->header->officer_id,
	    .section = section};
	return sluss_txn_append(txn, &record, index_out);
}

static bool names_category(const Sluss__V1__AcknowledgeDelivery *ack, const char *category)
{
	for (size_t i = 0; i < ack->n_mismatched_categories; i++)
		if (strcmp(ack->mismatched_categories[i], category) == 0)
			return true;
	return false;
}

// One record for each section that the recipient had and could not use; all of them when it rejects without naming one.
static bool report_mismatches(struct sluss_txn *txn, const Sluss__V1__AcknowledgeDelivery *ack,
    const struct sluss_rec_message *message, uint64_t sections, bool all, uint64_t *index_out)
{
	bool some = false;
	uint32_t first = UINT32_MAX;
	for (uint32_t s = 0; s < message->section_count; s++) {
		if ((sections & (UINT64_C(1) << s)) == 0)
			continue;
		if (first == UINT32_MAX)
			first = s;
		if (!all && !names_category(ack, message->sections[s].category))
			continue;
		some = true;
		if (!append_about(txn, SLUSS_REC_MISMATCH_REPORTED, message, s, index_out))
			return false;
	}
	bool rejected = ack->outcome == SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED;
	return some || !rejected ||
	       append_about(txn, SLUSS_REC_MISMATCH_REPORTED, message, first == UINT32_MAX ? 0 : first, index_out);
}

static void finish(struct sluss_txn *txn, const Sluss__V1__AcknowledgeDelivery *ack, uint32_t number,
    const struct sluss_rec_message *message)
{
	struct sluss_messages *messages = exchange_messages(txn);
	uint32_t of = sluss_messages_delivery(messages, number)->message;
	uint64_t sections = sluss_messages_delivery(messages, number)->live;
	uint64_t before = sluss_messages_needed(messages, of);
	bool rejected = ack->outcome == SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED;
	uint64_t index = 0;
	if ((rejected || ack->n_mismatched_categories > 0) &&
	    !report_mismatches(txn, ack, message, sections, rejected && ack->n_mismatched_categories == 0, &index))
		return;
	if (!rejected && !append_about(txn, SLUSS_REC_ACKNOWLEDGED, message, 0, &index))
		return;
	if (before != 0 && !exchange_payload_erase(txn, of, before))
		return;
	Sluss__V1__AcknowledgeResponse response = SLUSS__V1__ACKNOWLEDGE_RESPONSE__INIT;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 1);
}

static bool form_is_whole(
    struct sluss_txn *txn, const Sluss__V1__AcknowledgeDelivery *ack, struct sluss_id *message_out)
{
	const char *field = NULL;
	if (!sluss_id_from_text(ack->message_id, message_out))
		field = "message_id";
	else if (ack->outcome == SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_UNSPECIFIED)
		field = "outcome";
	else if (strlen(ack->explanation) > EXPLANATION_MAX)
		field = "explanation";
	else if (ack->envelope_hash.len != SLUSS_HASH_BYTES)
		field = "envelope_hash";
	if (field != NULL)
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, NULL);
	return field == NULL;
}

void exchange_acknowledge(struct sluss_txn *txn)
{
	const Sluss__V1__AcknowledgeDelivery *ack = (const Sluss__V1__AcknowledgeDelivery *)txn->statement;
	struct sluss_messages *messages = exchange_messages(txn);
	struct sluss_id id;
	struct sluss_record record;
	if (!form_is_whole(txn, ack, &id))
		return;
	uint32_t number = sluss_messages_delivery_to(messages, sluss_messages_find(messages, &id), txn->caller);
	// What it was never given it cannot know of: the same answer as for a message that does not exist.
	if (number == SLUSS_NOWHERE || !sluss_messages_delivery(messages, number)->released) {
		not_found(txn);
		return;
	}
	if (!exchange_record(txn, sluss_messages_delivery(messages, number)->message, &record))
		return;
	const struct sluss_rec_message *message = &record.u.message_accepted;
	if (memcmp(message->envelope_hash, ack->envelope_hash.data, SLUSS_HASH_BYTES) != 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "envelope_hash",
		    "It is not the hash of the envelope that was delivered.");
		return;
	}
	const struct sluss_delivery *delivery = sluss_messages_delivery(messages, number);
	if (delivery->state == SLUSS_DELIVERY_ACKNOWLEDGED || delivery->state == SLUSS_DELIVERY_REJECTED) {
		// Said before, with another statement: the end of a delivery is said once.
		Sluss__V1__AcknowledgeResponse response = SLUSS__V1__ACKNOWLEDGE_RESPONSE__INIT;
		uint64_t index = delivery->index;
		sluss_txn_respond(txn, &response.base);
		sluss_txn_receipt(txn, index, 1);
		return;
	}
	finish(txn, ack, number, message);
}

// ---- GetStatus

static Sluss__V1__RecipientStatus **statuses(struct sluss_txn *txn, const struct sluss_message *message)
{
	struct sluss_messages *messages = exchange_messages(txn);
	Sluss__V1__RecipientStatus **list = sluss_arena_array(txn->arena, message->delivery_count, sizeof(*list));
	for (uint32_t i = 0; list != NULL && i < message->delivery_count; i++) {
		const struct sluss_delivery *delivery = sluss_messages_delivery(messages, message->first_delivery + i);
		list[i] = sluss_arena_alloc(txn->arena, sizeof(**list));
		if (list[i] == NULL)
			return NULL;
		sluss__v1__recipient_status__init(list[i]);
		list[i]->recipient_agency_id =
		    sluss_arena_text(txn->arena, sluss_mailbox_agency(messages, delivery->mailbox));
		list[i]->state = (Sluss__V1__DeliveryState)delivery->state;
		list[i]->log_index = delivery->index;
		list[i]->reason = (Sluss__V1__ReasonCode)delivery->reason;
		if (list[i]->recipient_agency_id == NULL)
			return NULL;
	}
	return list;
}

void exchange_get_status(struct sluss_txn *txn)
{
	const Sluss__V1__GetStatusRequest *request = (const Sluss__V1__GetStatusRequest *)txn->request;
	struct sluss_messages *messages = exchange_messages(txn);
	struct sluss_id id;
	if (!svc_read_id(txn, request->message_id, "message_id", &id))
		return;
	uint32_t number = sluss_messages_find(messages, &id);
	if (number == SLUSS_NOWHERE ||
	    strcmp(sluss_mailbox_agency(messages, sluss_messages_at(messages, number)->sender), txn->caller) != 0 ||
	    sluss_messages_at(messages, number)->denied) {
		not_found(txn);
		return;
	}
	const struct sluss_message *message = sluss_messages_at(messages, number);
	Sluss__V1__GetStatusResponse response = SLUSS__V1__GET_STATUS_RESPONSE__INIT;
	response.message_id = request->message_id;
	response.accepted_index = message->index;
	response.recipients = statuses(txn, message);
	response.n_recipients = message->delivery_count;
	if (response.recipients == NULL)
		svc_no_memory(txn);
	else
		sluss_txn_respond(txn, &response.base);
}
