// SPDX-License-Identifier: EUPL-1.2
// What waits in the store: sealed octets that the gateway cannot read, from acceptance until the last recipient is done
// or their ground is gone.
#include "exchange.h"
#include "writer.h"

struct sluss_id exchange_payload_id(uint64_t index, const struct sluss_id *message)
{
	struct sluss_id id;
	for (int i = 0; i < 8; i++)
		id.b[i] = (uint8_t)(index >> (56 - 8 * i));
	memcpy(id.b + 8, message->b, 8);
	return id;
}

static bool put(struct sluss_txn *txn, const struct sluss_id *payload, uint32_t part, const ProtobufCMessage *message)
{
	struct sluss_store *store = sluss_txn_store(txn);
	if (store == NULL)
		return false;
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = sluss_arena_alloc(txn->arena, len);
	if (octets == NULL || len > SLUSS_STORE_PAYLOAD_MAX) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_TOO_LARGE, "sections", NULL);
		// Its record is written already: it goes with the batch.
		return sluss_batch_spoil(sluss_writer_of(txn), "payload", "a part is too large");
	}
	protobuf_c_message_pack(message, octets);
	return sluss_txn_stored(txn, sluss_store_put_payload(store, payload, part, (struct sluss_bytes){octets, len}));
}

bool exchange_payload_put(struct sluss_txn *txn, uint64_t index, const struct exchange_message *m, uint64_t sections)
{
	struct sluss_id payload = exchange_payload_id(index, &m->message);
	Sluss__V1__Delivery head = SLUSS__V1__DELIVERY__INIT;
	Sluss__V1__Section *only[] = {m->sections[0]};
	Sluss__V1__SignedEnvelope signed_envelope = *m->signed_envelope;
	bool single = m->section_count == 1;
	head.envelope = &signed_envelope;
	head.batch = m->batch;
	head.sections = only;
	head.n_sections = single ? 1 : 0;
	if (!put(txn, &payload, 0, &head.base) || single)
		return !sluss_txn_refused(txn);
	for (uint32_t i = 0; i < m->section_count; i++)
		if ((sections & (UINT64_C(1) << i)) != 0 && !put(txn, &payload, i + 1, &m->sections[i]->base))
			return false;
	return true;
}

// *message_out NULL: it is not there.
static bool get(struct sluss_txn *txn, const struct sluss_id *payload, uint32_t part,
    const ProtobufCMessageDescriptor *type, ProtobufCMessage **message_out)
{
	struct sluss_store_blob blob = {0};
	*message_out = NULL;
	enum sluss_store_result result = sluss_store_get_payload(sluss_writer_of(txn)->store, payload, part, &blob);
	bool ok = sluss_txn_stored(txn, result);
	if (ok && result == SLUSS_STORE_OK)
		*message_out = protobuf_c_message_unpack(type, sluss_arena_allocator(txn->arena), blob.len, blob.data);
	sluss_store_blob_free(&blob);
	return ok;
}

bool exchange_payload_head(struct sluss_txn *txn, const struct sluss_id *payload, Sluss__V1__Delivery **head_out)
{
	ProtobufCMessage *message;
	bool ok = get(txn, payload, 0, &sluss__v1__delivery__descriptor, &message);
	*head_out = (Sluss__V1__Delivery *)message;
	if (*head_out != NULL && (*head_out)->envelope == NULL)
		*head_out = NULL;
	return ok;
}

bool exchange_payload_section(struct sluss_txn *txn, const struct sluss_id *payload, const Sluss__V1__Delivery *head,
    uint32_t number, const char *recipient, Sluss__V1__Section **section_out)
{
	ProtobufCMessage *message = head->n_sections == 1 && number == 0 ? &head->sections[0]->base : NULL;
	bool ok = message != NULL || get(txn, payload, number + 1, &sluss__v1__section__descriptor, &message);
	Sluss__V1__Section *section = (Sluss__V1__Section *)message;
	*section_out = section;
	if (section == NULL)
		return ok;
	size_t own = 0;
	for (size_t i = 0; i < section->n_keys; i++)
		if (strcmp(section->keys[i]->recipient_agency_id, recipient) == 0)
			section->keys[own++] = section->keys[i];
	section->n_keys = own;
	return ok;
}

static bool erased(struct sluss_writer *w, enum sluss_store_result result)
{
	return result == SLUSS_STORE_OK || result == SLUSS_STORE_NOT_FOUND ||
	       sluss_batch_spoil(w, "erase payload", sluss_store_result_name(result));
}

bool exchange_payload_destroy(struct sluss_writer *w, uint32_t message, uint64_t needed_before)
{
	struct sluss_messages *messages = w->world->messages;
	uint64_t needed = sluss_messages_needed(messages, message);
	const struct sluss_message *m = sluss_messages_at(messages, message);
	struct sluss_id payload = exchange_payload_id(m->index, &m->id);
	if (!sluss_batch_open(w))
		return false;
	if (!exchange_chunks_destroy(w, message, needed_before & ~needed & m->chunked))
		return false;
	if (needed == 0)
		return erased(w, sluss_store_erase_payloads(w->store, &payload, NULL));
	for (uint32_t i = 0; i < EXCHANGE_SECTIONS_MAX; i++)
		if ((needed_before & ~needed & (UINT64_C(1) << i)) != 0 &&
		    !erased(w, sluss_store_erase_payload(w->store, &payload, i + 1)))
			return false;
	return true;
}

bool exchange_payload_erase(struct sluss_txn *txn, uint32_t message, uint64_t needed_before)
{
	if (exchange_payload_destroy(sluss_writer_of(txn), message, needed_before))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	return false;
}
