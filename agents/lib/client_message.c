// SPDX-License-Identifier: EUPL-1.2
// Messages over the wire: keys from the directory, Send, Evaluate, opening what was fetched.
#include <sodium.h>
#include <stdlib.h>

#include "client_internal.h"
#include "record.h"

enum { RECIPIENTS_MAX = 32 };

// ---- the directory, kept for a while

static void drop_agency(struct sluss_client *c, size_t at)
{
	sluss__v1__agency__free_unpacked(c->directory[at].agency, NULL);
	c->directory[at] = c->directory[--c->directory_count];
}

void client_directory_clear(struct sluss_client *c)
{
	while (c->directory_count > 0) {
		drop_agency(c, c->directory_count - 1);
	}
}

static enum sluss_client_result read_agency(struct sluss_client *c, const char *agency_id, const Sluss__V1__Agency **agency_out)
{
	Sluss__V1__GetAgencyResponse *response = NULL;
	enum sluss_client_result result = sluss_client_agency(c, agency_id, &response);
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	if (response->agency == NULL || strcmp(response->agency->agency_id, agency_id) != 0 || strlen(agency_id) > SLUSS_AGENCY_MAX) {
		sluss__v1__get_agency_response__free_unpacked(response, NULL);
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "The directory answered with another agency than the one asked for.");
	}
	if (c->directory_count == CLIENT_DIRECTORY_MAX) {
		drop_agency(c, 0);
	}
	struct client_agency *entry = &c->directory[c->directory_count++];
	memcpy(entry->agency_id, agency_id, strlen(agency_id) + 1);
	entry->agency = response->agency;
	entry->read_at_ms = client_monotonic_ms();
	response->agency = NULL;
	sluss__v1__get_agency_response__free_unpacked(response, NULL);
	*agency_out = entry->agency;
	return SLUSS_CLIENT_OK;
}

// `fresh`: ask the gateway even when it is known.
static enum sluss_client_result find_agency(struct sluss_client *c, const char *agency_id, bool fresh, const Sluss__V1__Agency **agency_out)
{
	for (size_t i = 0; i < c->directory_count; i++) {
		if (strcmp(c->directory[i].agency_id, agency_id) != 0) {
			continue;
		}
		if (!fresh && client_monotonic_ms() - c->directory[i].read_at_ms < CLIENT_DIRECTORY_MS) {
			*agency_out = c->directory[i].agency;
			return SLUSS_CLIENT_OK;
		}
		drop_agency(c, i);
		break;
	}
	return read_agency(c, agency_id, agency_out);
}

// ---- keys that the log has

static bool is_proved(const struct sluss_client *c, const uint8_t hash[SLUSS_HASH_BYTES])
{
	size_t count = c->proved_count < CLIENT_PROVED_MAX ? c->proved_count : CLIENT_PROVED_MAX;
	for (size_t i = 0; i < count; i++) {
		if (memcmp(c->proved[i], hash, SLUSS_HASH_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

// A key that the directory names is believed only when the log binds it to the agency: whoever answers in the gateway's place cannot make us seal to a key of
// theirs, or believe a sender of theirs. Asked once for each binding.
static enum sluss_client_result prove_keys(struct sluss_client *c, const char *agency_id, const Sluss__V1__AgencyKeys *keys)
{
	uint8_t hash[SLUSS_HASH_BYTES];
	crypto_hash_sha256_state state;
	if (c->log_verifier_key == NULL) {
		return SLUSS_CLIENT_OK;
	}
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)agency_id, strlen(agency_id) + 1);
	crypto_hash_sha256_update(&state, keys->signing_key.data, keys->signing_key.len);
	crypto_hash_sha256_update(&state, keys->sealing_key.data, keys->sealing_key.len);
	crypto_hash_sha256_final(&state, hash);
	if (is_proved(c, hash)) {
		return SLUSS_CLIENT_OK;
	}
	Sluss__V1__GetProofResponse *proof = NULL;
	enum sluss_client_result result = sluss_client_audit_proof(c, keys->log_index, 0, &proof);
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	bool bound = proof->receipt != NULL
	    && sluss_record_binds_keys((struct sluss_bytes){proof->receipt->log_entry.data, proof->receipt->log_entry.len}, agency_id, keys);
	sluss__v1__get_proof_response__free_unpacked(proof, NULL);
	if (!bound) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The directory names keys of %s that the log (entry %llu) does not have.", agency_id,
		    (unsigned long long)keys->log_index);
	}
	memcpy(c->proved[c->proved_count++ % CLIENT_PROVED_MAX], hash, sizeof(hash));
	return SLUSS_CLIENT_OK;
}

// ---- sealing

static bool is_zero(const uint8_t key[SLUSS_KEY_BYTES])
{
	static const uint8_t zero[SLUSS_KEY_BYTES];
	return memcmp(key, zero, sizeof(zero)) == 0;
}

static enum sluss_client_result find_sealing_key(struct sluss_client *c, struct sluss_recipient_draft *to)
{
	const Sluss__V1__Agency *agency = NULL;
	enum sluss_client_result result = find_agency(c, to->agency_id, false, &agency);
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	for (size_t i = 0; i < agency->n_keys; i++) {
		const Sluss__V1__AgencyKeys *keys = agency->keys[i];
		if (!keys->revoked && keys->sealing_key.len == SLUSS_KEY_BYTES) {
			memcpy(to->sealing_key, keys->sealing_key.data, SLUSS_KEY_BYTES);
			return prove_keys(c, to->agency_id, keys);
		}
	}
	return client_fail(c, SLUSS_CLIENT_REFUSED, "The agency %s has no key to seal to; has it enrolled?", to->agency_id);
}

static enum sluss_client_result find_sealing_keys(
    struct sluss_client *c, const struct sluss_recipient_draft *given, size_t count, struct sluss_recipient_draft recipients_out[RECIPIENTS_MAX])
{
	if (count == 0 || count > RECIPIENTS_MAX) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "A message needs 1 to %d recipients.", RECIPIENTS_MAX);
	}
	for (size_t i = 0; i < count; i++) {
		recipients_out[i] = given[i];
		if (is_zero(recipients_out[i].sealing_key)) {
			enum sluss_client_result result = find_sealing_key(c, &recipients_out[i]);
			if (result != SLUSS_CLIENT_OK) {
				return result;
			}
		}
	}
	return SLUSS_CLIENT_OK;
}

static enum sluss_client_result cannot_be_made(struct sluss_client *c, enum sluss_message_result made)
{
	return client_fail(c, made == SLUSS_MESSAGE_NO_MEMORY ? SLUSS_CLIENT_INTERNAL : SLUSS_CLIENT_BAD_REQUEST, "The message cannot be made: %s.",
	    sluss_message_result_name(made));
}

enum sluss_client_result sluss_client_upload_new(struct sluss_client *c, const struct sluss_attachment_draft *attachment, const struct sluss_id *message_id,
    const struct sluss_recipient_draft *recipients, size_t recipient_count, struct sluss_upload **upload_out)
{
	struct sluss_recipient_draft own[RECIPIENTS_MAX];
	*upload_out = NULL;
	enum sluss_client_result result = find_sealing_keys(c, recipients, recipient_count, own);
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	enum sluss_message_result made = sluss_upload_new(attachment, message_id, own, recipient_count, upload_out);
	return made == SLUSS_MESSAGE_OK ? SLUSS_CLIENT_OK : cannot_be_made(c, made);
}

enum sluss_client_result sluss_client_seal(struct sluss_client *c, const struct sluss_message_draft *draft, struct sluss_sealed_message *sealed_out)
{
	struct sluss_recipient_draft recipients[RECIPIENTS_MAX];
	memset(sealed_out, 0, sizeof(*sealed_out));
	if (c->signing_key == NULL) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "A message needs the agency's signing key.");
	}
	enum sluss_client_result found = find_sealing_keys(c, draft->recipients, draft->recipient_count, recipients);
	if (found != SLUSS_CLIENT_OK) {
		return found;
	}
	struct sluss_message_draft own = *draft;
	own.recipients = recipients;
	struct sluss_author author = {c->authority, c->agency_id, c->officer_id, sluss_client_now_ms(c)};
	enum sluss_message_result made = sluss_message_seal(&own, &author, c->signing_key, sealed_out);
	return made == SLUSS_MESSAGE_OK ? SLUSS_CLIENT_OK : cannot_be_made(c, made);
}

// ---- sending

// The envelope inside the sealed octets, which belong to us but may come from a file. NULL: not a sealed message. Free *request_out in any case.
static Sluss__V1__Envelope *read_sealed(const struct sluss_sealed_message *sealed, Sluss__V1__SendRequest **request_out)
{
	*request_out = sluss__v1__send_request__unpack(NULL, sealed->request_len, sealed->request);
	const Sluss__V1__SignedEnvelope *outer = *request_out == NULL ? NULL : (*request_out)->envelope;
	return outer == NULL ? NULL : sluss__v1__envelope__unpack(NULL, outer->envelope.len, outer->envelope.data);
}

enum sluss_client_result sluss_client_send(struct sluss_client *c, const struct sluss_sealed_message *sealed, Sluss__V1__SendResponse **out)
{
	Sluss__V1__SendRequest *request = NULL;
	*out = NULL;
	Sluss__V1__Envelope *envelope = read_sealed(sealed, &request);
	enum sluss_client_result result = envelope == NULL ? client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "The sealed message cannot be read.") : SLUSS_CLIENT_OK;
	if (result == SLUSS_CLIENT_OK) {
		result = client_post(c, "/sluss.v1.ExchangeService/Send", (struct sluss_bytes){sealed->request, sealed->request_len}, 0, false);
	}
	if (result == SLUSS_CLIENT_OK) {
		const ProtobufCBinaryData *octets = &request->envelope->envelope;
		result = client_answer(c, &sluss__v1__send_response__descriptor, &envelope->base, (struct sluss_bytes){octets->data, octets->len}, (ProtobufCMessage **)out);
	}
	if (result == SLUSS_CLIENT_OK && strcmp((*out)->message_id, envelope->message_id) != 0) {
		sluss__v1__send_response__free_unpacked(*out, NULL);
		*out = NULL;
		result = client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The answer is about another message.");
	}
	if (envelope != NULL) {
		sluss__v1__envelope__free_unpacked(envelope, NULL);
	}
	if (request != NULL) {
		sluss__v1__send_request__free_unpacked(request, NULL);
	}
	return result;
}

enum sluss_client_result sluss_client_evaluate(struct sluss_client *c, const struct sluss_sealed_message *sealed, Sluss__V1__EvaluateResponse **out)
{
	*out = NULL;
	// EvaluateRequest has SendRequest's two fields under the same numbers. The content need not travel for a question.
	Sluss__V1__SendRequest *request = sluss__v1__send_request__unpack(NULL, sealed->request_len, sealed->request);
	if (request == NULL) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "The sealed message cannot be read.");
	}
	for (size_t i = 0; i < request->n_sections; i++) {
		free(request->sections[i]->ciphertext.data);
		request->sections[i]->ciphertext = (ProtobufCBinaryData){0, NULL};
	}
	enum sluss_client_result result = sluss_client_call(
	    c, "/sluss.v1.ExchangeService/Evaluate", &request->base, &sluss__v1__evaluate_response__descriptor, 0, (ProtobufCMessage **)out);
	sluss__v1__send_request__free_unpacked(request, NULL);
	return result;
}

// ---- opening

static const Sluss__V1__AgencyKeys *find_signing_key(const Sluss__V1__Agency *agency, ProtobufCBinaryData key)
{
	for (size_t i = 0; i < agency->n_keys; i++) {
		const ProtobufCBinaryData *known = &agency->keys[i]->signing_key;
		if (known->len == key.len && key.len == SLUSS_KEY_BYTES && memcmp(known->data, key.data, key.len) == 0) {
			return agency->keys[i];
		}
	}
	return NULL;
}

enum sluss_client_result client_check_key(struct sluss_client *c, const char *agency_id, ProtobufCBinaryData key, const char *message_id)
{
	for (int fresh = 0; fresh < 2; fresh++) {
		const Sluss__V1__Agency *agency = NULL;
		enum sluss_client_result result = find_agency(c, agency_id, fresh == 1, &agency);
		if (result != SLUSS_CLIENT_OK) {
			return result;
		}
		const Sluss__V1__AgencyKeys *keys = find_signing_key(agency, key);
		if (keys != NULL) {
			return prove_keys(c, agency_id, keys);
		}
	}
	return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The directory does not have the key that signed for the agency %s about message %s.", agency_id, message_id);
}

enum sluss_client_result sluss_client_open(struct sluss_client *c, const Sluss__V1__Delivery *delivery, struct sluss_opened_message **opened_out)
{
	struct sluss_reader reader = {c->authority, c->agency_id, c->sealing_keys, c->sealing_key_count};
	enum sluss_message_result opened = sluss_message_open(delivery, &reader, opened_out);
	if (opened == SLUSS_MESSAGE_NO_MEMORY) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "No memory.");
	}
	if (opened != SLUSS_MESSAGE_OK) {
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "Message %s cannot be believed: %s.", delivery->message_id, sluss_message_result_name(opened));
	}
	enum sluss_client_result result = client_check_key(c, (*opened_out)->from.agency_id, delivery->sender_key, delivery->message_id);
	if (result != SLUSS_CLIENT_OK) {
		sluss_opened_message_free(opened_out);
	}
	return result;
}
