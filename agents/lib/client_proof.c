// SPDX-License-Identifier: EUPL-1.2
// What became of a message that we sent, and the recipient's signed word for it.
#include <sodium.h>

#include "client_internal.h"
#include "sluss/v1/log.pb-c.h"

static enum sluss_client_result check_receipt(struct sluss_client *c, const Sluss__V1__RecipientStatus *status)
{
	if (c->log_verifier_key == NULL || status->receipt == NULL) {
		return SLUSS_CLIENT_OK;
	}
	enum sluss_receipt_verdict verdict = sluss_receipt_check(c->log_verifier_key, status->receipt, NULL);
	if (verdict != SLUSS_VERDICT_VALID) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The receipt for %s does not hold: %s.",
		    status->recipient_agency_id, sluss_receipt_verdict_name(verdict));
	}
	return SLUSS_CLIENT_OK;
}

enum sluss_client_result sluss_client_status(
    struct sluss_client *c, const char *message_id, Sluss__V1__GetStatusResponse **out)
{
	Sluss__V1__GetStatusRequest request = SLUSS__V1__GET_STATUS_REQUEST__INIT;
	request.message_id = (char *)(uintptr_t)message_id;
	enum sluss_client_result result = sluss_client_call(c, "/sluss.v1.ExchangeService/GetStatus", &request.base,
	    &sluss__v1__get_status_response__descriptor, 0, (ProtobufCMessage **)out);
	for (size_t i = 0; result == SLUSS_CLIENT_OK && i < (*out)->n_recipients; i++) {
		result = check_receipt(c, (*out)->recipients[i]);
	}
	if (result != SLUSS_CLIENT_OK && *out != NULL) {
		sluss__v1__get_status_response__free_unpacked(*out, NULL);
		*out = NULL;
	}
	return result;
}

// Does the log entry of the receipt stand for exactly this statement?
static bool entry_is_of(
    const Sluss__V1__Receipt *receipt, const struct sluss_id *message, const char *agency, struct sluss_bytes statement)
{
	Sluss__V1__LogRecord *record =
	    sluss__v1__log_record__unpack(NULL, receipt->log_entry.len, receipt->log_entry.data);
	uint8_t hash[SLUSS_HASH_BYTES];
	(void)crypto_hash_sha256(hash, statement.data, statement.len);
	bool ok = record != NULL && record->event_case == SLUSS__V1__LOG_RECORD__EVENT_ACKNOWLEDGED;
	const Sluss__V1__LogAcknowledged *e = ok ? record->acknowledged : NULL;
	ok = ok && e->message.len == sizeof(message->b) &&
	     memcmp(e->message.data, message->b, sizeof(message->b)) == 0 && strcmp(e->agency, agency) == 0 &&
	     e->statement_hash.len == sizeof(hash) && memcmp(e->statement_hash.data, hash, sizeof(hash)) == 0;
	if (record != NULL) {
		sluss__v1__log_record__free_unpacked(record, NULL);
	}
	return ok;
}

// What is wrong with the statement; NULL: nothing.
static const char *judge(const struct sluss_client *c, const char *message_id, const uint8_t *envelope_hash,
    const Sluss__V1__RecipientStatus *status, const Sluss__V1__AcknowledgeDelivery *ack)
{
	struct sluss_statement_header header;
	struct sluss_id message;
	struct sluss_bytes octets = {status->statement->statement.data, status->statement->statement.len};
	bool received = status->state == SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_ACKNOWLEDGED;
	if (!sluss_statement_header_of(&ack->base, &header, NULL) ||
	    strcmp(header.kind, ack->base.descriptor->name) != 0 || strcmp(header.authority, c->authority) != 0 ||
	    strcmp(header.agency_id, status->recipient_agency_id) != 0) {
		return "it is not a statement of the recipient for this gateway";
	}
	if (strcmp(ack->message_id, message_id) != 0 || !sluss_id_from_text(message_id, &message)) {
		return "it is about another message";
	}
	if (envelope_hash != NULL && (ack->envelope_hash.len != SLUSS_HASH_BYTES ||
					 memcmp(ack->envelope_hash.data, envelope_hash, SLUSS_HASH_BYTES) != 0)) {
		return "the recipient got another envelope than the one that we signed";
	}
	if (received != (ack->outcome == SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED)) {
		return "the recipient said something else than the gateway tells";
	}
	if (!entry_is_of(status->receipt, &message, status->recipient_agency_id, octets)) {
		return "the log entry is about something else";
	}
	return NULL;
}

enum sluss_client_result sluss_client_check_receipt_of(struct sluss_client *c, const char *message_id,
    const uint8_t *envelope_hash, const Sluss__V1__RecipientStatus *status)
{
	ProtobufCMessage *message = NULL;
	bool ended = status->state == SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_ACKNOWLEDGED ||
		     status->state == SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_REJECTED;
	if (!ended || status->statement == NULL || status->receipt == NULL ||
	    status->recipient_key.len != SLUSS_KEY_BYTES) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "There is no signed word of %s about the message.",
		    status->recipient_agency_id);
	}
	struct sluss_bytes octets = {status->statement->statement.data, status->statement->statement.len};
	struct sluss_bytes signature = {status->statement->signature.data, status->statement->signature.len};
	if (!sluss_statement_verify(status->recipient_key.data, status->statement->key_id, octets, signature) ||
	    sluss_strict_unpack(&sluss__v1__acknowledge_delivery__descriptor, octets, NULL, &message, NULL) !=
		SLUSS_STRICT_OK) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED,
		    "The word of %s is not signed by the key that comes with it.", status->recipient_agency_id);
	}
	const char *wrong =
	    judge(c, message_id, envelope_hash, status, (const Sluss__V1__AcknowledgeDelivery *)message);
	protobuf_c_message_free_unpacked(message, NULL);
	if (wrong != NULL) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The word of %s proves nothing: %s.",
		    status->recipient_agency_id, wrong);
	}
	enum sluss_client_result result = check_receipt(c, status);
	return result == SLUSS_CLIENT_OK
		   ? client_check_key(c, status->recipient_agency_id, status->recipient_key, message_id)
		   : result;
}
