// SPDX-License-Identifier: EUPL-1.2
// Signing a sealed message anew: for one that waited longer than its time may be old, or whose signing key was replaced
// meanwhile.
#include "sluss/message.h"

#include <sodium.h>
#include <stdlib.h>

static enum sluss_message_result pack(Sluss__V1__SendRequest *request, struct sluss_signed *octets,
    const struct sluss_id *id, struct sluss_sealed_message *out)
{
	Sluss__V1__SignedEnvelope view = SLUSS__V1__SIGNED_ENVELOPE__INIT;
	Sluss__V1__SignedEnvelope *before = request->envelope;
	view.envelope = (ProtobufCBinaryData){octets->len, octets->octets};
	view.signature = (ProtobufCBinaryData){sizeof(octets->signature), octets->signature};
	view.key_id = octets->key_id;
	request->envelope = &view;
	out->id = *id;
	out->request = malloc(sluss__v1__send_request__get_packed_size(request));
	if (out->request != NULL)
		out->request_len = sluss__v1__send_request__pack(request, out->request);
	request->envelope = before;
	return out->request == NULL ? SLUSS_MESSAGE_NO_MEMORY : SLUSS_MESSAGE_OK;
}

static enum sluss_message_result resign(Sluss__V1__SendRequest *request, const struct sluss_signing_key *key,
    int64_t at_ms, struct sluss_sealed_message *out)
{
	struct sluss_id id;
	Google__Protobuf__Timestamp at;
	const Sluss__V1__SignedEnvelope *outer = request->envelope;
	Sluss__V1__Envelope *envelope =
	    outer == NULL ? NULL : sluss__v1__envelope__unpack(NULL, outer->envelope.len, outer->envelope.data);
	if (envelope == NULL)
		return SLUSS_MESSAGE_MALFORMED;
	enum sluss_message_result result = SLUSS_MESSAGE_MALFORMED;
	struct sluss_signed octets;
	if (sluss_id_from_text(envelope->message_id, &id)) {
		Google__Protobuf__Timestamp *before = envelope->at;
		sluss_timestamp_set(&at, at_ms);
		envelope->at = &at;
		result = SLUSS_MESSAGE_NO_MEMORY;
		if (sluss_statement_sign(&envelope->base, key, &octets)) {
			result = pack(request, &octets, &id, out);
			sluss_signed_free(&octets);
		}
		envelope->at = before;
	}
	sluss__v1__envelope__free_unpacked(envelope, NULL);
	return result;
}

enum sluss_message_result sluss_message_resign(const struct sluss_sealed_message *sealed,
    const struct sluss_signing_key *key, int64_t at_ms, struct sluss_sealed_message *fresh_out)
{
	memset(fresh_out, 0, sizeof(*fresh_out));
	Sluss__V1__SendRequest *request = sluss__v1__send_request__unpack(NULL, sealed->request_len, sealed->request);
	if (request == NULL)
		return SLUSS_MESSAGE_MALFORMED;
	enum sluss_message_result result = resign(request, key, at_ms, fresh_out);
	sluss__v1__send_request__free_unpacked(request, NULL);
	return result;
}

bool sluss_sealed_message_envelope_hash(const struct sluss_sealed_message *sealed, uint8_t hash_out[SLUSS_HASH_BYTES])
{
	Sluss__V1__SendRequest *request = sluss__v1__send_request__unpack(NULL, sealed->request_len, sealed->request);
	bool ok = request != NULL && request->envelope != NULL;
	if (ok)
		(void)crypto_hash_sha256(hash_out, request->envelope->envelope.data, request->envelope->envelope.len);
	if (request != NULL)
		sluss__v1__send_request__free_unpacked(request, NULL);
	return ok;
}
