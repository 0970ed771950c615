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
    uint32_t section, enum sluss_outcome outcome, uint64_t *index_out)
{
	struct sluss_record record = {.type = type};
	record.u.acknowledged = (struct sluss_rec_acknowledged){.message = message->message,
	    .case_id = message->case_id,
	    .agency = txn->caller,
	    .officer = txn->header->officer_id,
	    .section = section,
	    .outcome = outcome};
	memcpy(record.u.acknowledged.statement_hash, txn->statement_hash, SLUSS_HASH_BYTES);
	return sluss_txn_append(txn, &record, index_out);
}

static bool names_category(const Sluss__V1__AcknowledgeDelivery *ack, const char *category)
{
	for (size_t i = 0; i < ack->n_mismatched_categories; i++)
		if (strcmp(ack->mismatched_categories[i], category) == 0)
			return true;
	return false;
}

// One record for each section that the recipient had and whose content does not fit its label.
static bool report_mismatches(struct sluss_txn *txn, const Sluss__V1__AcknowledgeDelivery *ack,
    const struct sluss_rec_message *message, uint64_t sections)
{
	for (uint32_t s = 0; s < message->section_count; s++)
		if ((sections & (UINT64_C(1) << s)) != 0 && names_category(ack, message->sections[s].category) &&
		    !append_about(txn, SLUSS_REC_MISMATCH_REPORTED, message, s, SLUSS_OUTCOME_NONE, NULL))
			return false;
	return true;
}

// What was signed is the sender's proof: kept beside the record, whose hash it has.
static bool keep_statement(struct sluss_txn *txn, uint64_t index)
{
	uint8_t key[EXCHANGE_STATEMENT_KEY];
	const Sluss__V1__SignedStatement *statement = ((const Sluss__V1__AcknowledgeRequest *)txn->request)->statement;
	size_t len = sluss__v1__signed_statement__get_packed_size(statement);
	uint8_t *octets = sluss_arena_alloc(txn->arena, len);
	exchange_statement_key(index, key);
	if (octets == NULL) {
		svc_no_memory(txn);
		return false;
	}
	sluss__v1__signed_statement__pack(statement, octets);
	return sluss_txn_put_side(txn, EXCHANGE_SIDE_ACKNOWLEDGEMENT, (struct sluss_bytes){key, sizeof(key)},
	    (struct sluss_bytes){octets, len});
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
	if (!report_mismatches(txn, ack, message, sections) ||
	    !append_about(txn, SLUSS_REC_ACKNOWLEDGED, message, 0,
		rejected ? SLUSS_OUTCOME_REJECTED : SLUSS_OUTCOME_RECEIVED, &index) ||
	    !keep_statement(txn, index))
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
	else if (ack->outcome == SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED && ack->explanation[0] == '\0')
		field = "explanation"; // the sender is to know why
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

void exchange_statement_key(uint64_t index, uint8_t key_out[EXCHANGE_STATEMENT_KEY])
{
	for (int i = 0; i < EXCHANGE_STATEMENT_KEY; i++)
		key_out[i] = (uint8_t)(index >> (56 - 8 * i));
}

bool exchange_statement_get(struct sluss_txn *txn, uint64_t index, struct exchange_proof *proof_out)
{
	uint8_t key[EXCHANGE_STATEMENT_KEY];
	struct sluss_bytes octets;
	struct sluss_signer signer;
	*proof_out = (struct exchange_proof){.explanation = (char *)(uintptr_t) ""};
	exchange_statement_key(index, key);
	if (!sluss_txn_get_side(txn, EXCHANGE_SIDE_ACKNOWLEDGEMENT, (struct sluss_bytes){key, sizeof(key)}, &octets))
		return false;
	if (octets.data == NULL)
		return true; // from before statements were kept
	proof_out->statement =
	    sluss__v1__signed_statement__unpack(sluss_arena_allocator(txn->arena), octets.len, octets.data);
	Sluss__V1__AcknowledgeDelivery *ack =
	    proof_out->statement == NULL
		? NULL
		: sluss__v1__acknowledge_delivery__unpack(sluss_arena_allocator(txn->arena),
		      proof_out->statement->statement.len, proof_out->statement->statement.data);
	if (ack == NULL)
		return svc_no_memory(txn);
	if (ack->outcome == SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED)
		proof_out->explanation = ack->explanation;
	if (!sluss_directory_signer(sluss_txn_directory(txn), proof_out->statement->key_id, &signer))
		return true;
	proof_out->key.data = sluss_arena_copy(txn->arena, signer.sign_key, sizeof(signer.sign_key));
	proof_out->key.len = sizeof(signer.sign_key);
	return proof_out->key.data != NULL || svc_no_memory(txn);
}

static bool add_proof(struct sluss_txn *txn, Sluss__V1__RecipientStatus *status)
{
	struct exchange_proof proof;
	if (status->state != SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_ACKNOWLEDGED &&
	    status->state != SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_REJECTED)
		return true;
	if (!exchange_statement_get(txn, status->log_index, &proof))
		return false;
	status->statement = proof.statement;
	status->recipient_key = proof.key;
	status->explanation = proof.explanation;
	return true;
}

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
		if (list[i]->recipient_agency_id == NULL || !add_proof(txn, list[i]))
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
	Sluss__V1__GetStatusResponse *response = sluss_arena_alloc(txn->arena, sizeof(*response));
	if (response == NULL) {
		svc_no_memory(txn);
		return;
	}
	sluss__v1__get_status_response__init(response);
	response->message_id = request->message_id;
	response->accepted_index = message->index;
	response->expires = message->expires_ms == 0 ? NULL : svc_time(txn, message->expires_ms);
	response->recipients = statuses(txn, message);
	response->n_recipients = message->delivery_count;
	if (response->recipients == NULL) {
		if (!sluss_txn_refused(txn))
			svc_no_memory(txn);
		return;
	}
	txn->prepared = response;
	sluss_txn_respond(txn, &response->base);
}

// Receipts are made against the head that this very batch signed.
void exchange_get_status_finish(struct sluss_txn *txn)
{
	Sluss__V1__GetStatusResponse *response = txn->prepared;
	for (size_t i = 0; i < response->n_recipients; i++) {
		Sluss__V1__RecipientStatus *status = response->recipients[i];
		if (status->statement == NULL)
			continue;
		status->receipt = sluss_arena_alloc(txn->arena, sizeof(*status->receipt));
		if (status->receipt == NULL ||
		    !sluss_batch_receipt(sluss_writer_of(txn), txn->arena, status->log_index, status->receipt)) {
			sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
			return;
		}
	}
	sluss_txn_respond(txn, &response->base);
}
