// SPDX-License-Identifier: EUPL-1.2
// ExchangeService.PutChunk, GetUpload, GetChunk: content of sections piece by piece. A put is bounded and has an end in
// time; a piece that is handed out is decided at that moment.
#include "exchange.h"
#include "log_hash.h"
#include "sluss/statement.h"
#include "svc_common.h"
#include "uploads.h"
#include "writer.h"

struct putting {
	uint8_t header_hash[SLUSS_HASH_BYTES];
	struct sluss_id message;
	uint32_t total;
	uint64_t content;
	struct sluss_hash leaf;
	struct sluss_upload_label label;
};

static void wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
}

static void not_found(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, NULL, NULL);
}

// ---- PutChunk

// False: it says of its grounds what cannot be; Send would say so too.
static bool read_label(const Sluss__V1__SectionHeader *header, struct sluss_upload_label *label_out)
{
	size_t len = strlen(header->category);
	if (len > SLUSS_NAME_MAX || header->n_claims > SLUSS_CLAIMS_MAX)
		return false;
	memcpy(label_out->category, header->category, len + 1);
	for (size_t i = 0; i < header->n_claims; i++) {
		const Sluss__V1__Claim *claim = header->claims[i];
		if (claim->ground_case != SLUSS__V1__CLAIM__GROUND_CONSENT_ID)
			label_out->other_ground = true;
		else if (!sluss_id_from_text(claim->consent_id, &label_out->consents[label_out->consent_count++]))
			return false;
	}
	return true;
}

void exchange_put_chunk_prepare(struct sluss_txn *txn)
{
	const Sluss__V1__PutChunkRequest *request = (const Sluss__V1__PutChunkRequest *)txn->request;
	struct sluss_bytes octets = {request->header.data, request->header.len};
	ProtobufCMessage *message;
	char field[SLUSS_STRICT_FIELD_MAX];
	struct sluss_hash hash;
	struct putting *p = sluss_arena_alloc(txn->arena, sizeof(*p));
	if (p == NULL) {
		svc_no_memory(txn);
		return;
	}
	if (octets.len > EXCHANGE_HEADER_MAX ||
	    sluss_strict_unpack(&sluss__v1__section_header__descriptor, octets, sluss_arena_allocator(txn->arena),
		&message, field) != SLUSS_STRICT_OK) {
		wrong(txn, "header", "It is not a section's header.");
		return;
	}
	const Sluss__V1__SectionHeader *header = (const Sluss__V1__SectionHeader *)message;
	if (strcmp(header->kind, header->base.descriptor->name) != 0 ||
	    !sluss_id_from_text(header->message_id, &p->message)) {
		wrong(txn, "header", "It is not a section's header.");
		return;
	}
	if (header->chunk_count == 0 || !exchange_chunks_label(header)) {
		wrong(txn, "header.chunk_count", "A section has 1 to 400 chunks of 256 KiB and holds an Attachment.");
		return;
	}
	size_t len = sluss_chunk_len(header->chunked_octets, request->index);
	if (len == 0 || request->octets.len != len + SLUSS_SECTION_OVERHEAD) {
		wrong(txn, len == 0 ? "index" : "octets", "It is no chunk of this section, or not of its length.");
		return;
	}
	if (!read_label(header, &p->label)) {
		wrong(txn, "header.claims", "A section has a category, and 1 to 16 claims of a form that is known.");
		return;
	}
	p->total = header->chunk_count;
	p->content = header->chunked_octets;
	sluss_hash_octets(octets.data, octets.len, &hash);
	memcpy(p->header_hash, hash.b, sizeof(hash.b));
	sluss_hash_leaf(request->octets.data, request->octets.len, &p->leaf);
	txn->prepared = p;
}

static bool has_room(struct sluss_txn *txn, bool begins, size_t len)
{
	const struct sluss_writer *w = sluss_writer_of(txn);
	uint64_t octets;
	size_t count = sluss_uploads_of(w->uploads, txn->caller, &octets);
	if ((!begins || count < w->config.chunk_uploads_max) && octets + len <= w->config.chunk_octets_max)
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS_BUSY, NULL,
	    "Too much was put and not sent yet; send it, or wait until it is destroyed.");
	return false;
}

static void put_done(struct sluss_txn *txn, uint32_t chunks)
{
	Sluss__V1__PutChunkResponse response = SLUSS__V1__PUT_CHUNK_RESPONSE__INIT;
	response.chunks = chunks;
	sluss_txn_respond(txn, &response.base);
}

static void put_next(struct sluss_txn *txn, const struct putting *p, const struct sluss_upload_state *known)
{
	const Sluss__V1__PutChunkRequest *request = (const Sluss__V1__PutChunkRequest *)txn->request;
	struct sluss_writer *w = sluss_writer_of(txn);
	struct sluss_upload_state *state = sluss_arena_alloc(txn->arena, sizeof(*state));
	if (state == NULL) {
		svc_no_memory(txn);
		return;
	}
	if (!has_room(txn, known == NULL, request->octets.len))
		return;
	if (known != NULL) {
		*state = *known;
	} else {
		*state = (struct sluss_upload_state){
		    .begun_ms = txn->now_ms, .content = p->content, .total = p->total, .label = p->label};
		memcpy(state->header_hash, p->header_hash, sizeof(p->header_hash));
		memcpy(state->agency, txn->caller, strlen(txn->caller) + 1);
	}
	struct sluss_store *store = sluss_txn_store(txn);
	if (store != NULL &&
	    sluss_txn_stored(txn, sluss_uploads_add(w->uploads, store, state,
				      (struct sluss_bytes){request->octets.data, request->octets.len})))
		put_done(txn, state->count);
}

void exchange_put_chunk(struct sluss_txn *txn)
{
	const Sluss__V1__PutChunkRequest *request = (const Sluss__V1__PutChunkRequest *)txn->request;
	const struct putting *p = txn->prepared;
	// A message that was answered has taken its chunks over or destroyed them.
	if (sluss_messages_find(exchange_messages(txn), &p->message) != SLUSS_NOWHERE) {
		sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "header.message_id", NULL);
		return;
	}
	const struct sluss_upload_state *known =
	    sluss_uploads_find(sluss_writer_of(txn)->uploads, txn->caller, p->header_hash);
	uint32_t count = known == NULL ? 0 : known->count;
	if (request->index == count)
		put_next(txn, p, known);
	else if (request->index > count)
		sluss_txn_refuse(
		    txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_MALFORMED, "index", "Chunk %u comes next.", count);
	else if (memcmp(known->hashes[request->index], p->leaf.b, sizeof(p->leaf.b)) != 0)
		sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "index", NULL);
	else
		put_done(txn, count);
}

void exchange_get_upload(struct sluss_txn *txn)
{
	const Sluss__V1__GetUploadRequest *request = (const Sluss__V1__GetUploadRequest *)txn->request;
	const struct sluss_writer *w = sluss_writer_of(txn);
	const struct sluss_upload_state *state =
	    request->header_hash.len != SLUSS_HASH_BYTES
		? NULL
		: sluss_uploads_find(w->uploads, txn->caller, request->header_hash.data);
	if (state == NULL) {
		not_found(txn);
		return;
	}
	Sluss__V1__GetUploadResponse response = SLUSS__V1__GET_UPLOAD_RESPONSE__INIT;
	response.chunks = state->count;
	response.chunk_hashes =
	    (ProtobufCBinaryData){(size_t)state->count * SLUSS_HASH_BYTES, (uint8_t *)(uintptr_t)state->hashes};
	response.until = svc_time(txn, state->begun_ms + (int64_t)w->config.chunk_orphan_hours * 3600 * 1000);
	sluss_txn_respond(txn, &response.base);
}

// ---- GetChunk

// The section of the message with that label, among those that the recipient may still be given; section_count: none.
static size_t section_of(
    const struct sluss_rec_message *message, uint64_t live, const Sluss__V1__GetChunkRequest *request)
{
	for (size_t s = 0; s < message->section_count; s++)
		if ((live & (UINT64_C(1) << s)) != 0 && request->index < message->sections[s].chunk_count &&
		    memcmp(message->sections[s].header_hash, request->header_hash.data, SLUSS_HASH_BYTES) == 0)
			return s;
	return message->section_count;
}

// Decides the delivery again: what lost its ground has been stopped before this request is served (stop.h), and octets
// that leave shall not rest on that alone. True: the section may be handed out. False: refused, as if there were no
// such thing.
static bool still_permitted(
    struct sluss_txn *txn, const struct sluss_rec_message *message, uint32_t number, size_t section)
{
	struct exchange_judgement j;
	static const struct sluss_id no_withdrawal;
	if (!exchange_judge(txn, message, number, &j))
		return false;
	if (j.unavailable) {
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
		return false;
	}
	if (j.denied_count > 0 && !exchange_withhold(txn, message, number, &j, &no_withdrawal))
		return false;
	for (size_t i = 0; i < j.permitted_count; i++)
		if (j.permitted[i].section == section)
			return true;
	not_found(txn);
	return false;
}

static void hand_out(struct sluss_txn *txn, const struct sluss_rec_message *message, uint32_t number, size_t section)
{
	const Sluss__V1__GetChunkRequest *request = (const Sluss__V1__GetChunkRequest *)txn->request;
	struct sluss_writer *w = sluss_writer_of(txn);
	struct sluss_id id = sluss_chunks_id(message->sender, message->sections[section].header_hash);
	struct sluss_store_blob blob = {0};
	enum sluss_store_result result = sluss_store_get_payload(w->store, &id, request->index, &blob);
	if (!sluss_txn_stored(txn, result)) {
		sluss_store_blob_free(&blob);
		return;
	}
	if (result == SLUSS_STORE_NOT_FOUND) {
		not_found(txn);
		sluss_store_blob_free(&blob);
		return;
	}
	struct sluss_delivery *delivery = sluss_messages_delivery(exchange_messages(txn), number);
	delivery->lease_connection = txn->connection_id;
	delivery->lease_until_ms = sluss_monotonic_ms() + w->config.lease_ms;
	Sluss__V1__GetChunkResponse response = SLUSS__V1__GET_CHUNK_RESPONSE__INIT;
	response.octets = (ProtobufCBinaryData){blob.len, blob.data};
	if (exchange_note_cases(txn, message))
		sluss_txn_respond(txn, &response.base);
	sluss_store_blob_free(&blob);
}

void exchange_get_chunk(struct sluss_txn *txn)
{
	const Sluss__V1__GetChunkRequest *request = (const Sluss__V1__GetChunkRequest *)txn->request;
	struct sluss_messages *messages = exchange_messages(txn);
	struct sluss_id id;
	struct sluss_record record;
	if (!svc_read_id(txn, request->message_id, "message_id", &id))
		return;
	uint32_t number = sluss_messages_delivery_to(messages, sluss_messages_find(messages, &id), txn->caller);
	const struct sluss_delivery *delivery =
	    number == SLUSS_NOWHERE ? NULL : sluss_messages_delivery(messages, number);
	// Only what a Fetch released, and nobody has ended since.
	if (request->header_hash.len != SLUSS_HASH_BYTES || delivery == NULL || !delivery->released ||
	    !delivery->queued) {
		not_found(txn);
		return;
	}
	const struct sluss_message *message = sluss_messages_at(messages, delivery->message);
	if (message->expires_ms != 0 && message->expires_ms <= txn->now_ms) {
		not_found(txn);
		return;
	}
	if (!exchange_record(txn, delivery->message, &record))
		return;
	const struct sluss_rec_message *m = &record.u.message_accepted;
	size_t section = section_of(m, delivery->live, request);
	if (section == m->section_count)
		not_found(txn);
	else if (still_permitted(txn, m, number, section))
		hand_out(txn, m, number, section);
}
