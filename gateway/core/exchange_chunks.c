// SPDX-License-Identifier: EUPL-1.2
// Chunks between upload and message: what Send finds, takes over or destroys.
#include <stdio.h>

#include "exchange.h"
#include "log_list.h"
#include "uploads.h"
#include "writer.h"

_Static_assert(sizeof(struct sluss_hash) == SLUSS_HASH_BYTES, "a hash is its octets");

bool exchange_chunks_label(const Sluss__V1__SectionHeader *header)
{
	if (header->chunk_count == 0)
		return header->chunked_octets == 0;
	return header->chunk_count == sluss_chunk_count(header->chunked_octets) &&
	       strcmp(header->payload_type, "sluss.v1.Attachment") == 0;
}

void exchange_chunks_root(const Sluss__V1__Section *section, size_t count, struct sluss_hash *root_out)
{
	struct sluss_hash leaves[SLUSS_CHUNKS_MAX];
	memcpy(leaves, section->chunk_hashes.data, count * SLUSS_HASH_BYTES);
	sluss_list_root(leaves, count, root_out);
}

bool exchange_chunks_there(struct sluss_txn *txn, const struct exchange_message *m)
{
	const struct sluss_uploads *uploads = sluss_writer_of(txn)->uploads;
	for (size_t s = 0; s < m->section_count; s++) {
		const struct sluss_section_label *label = &m->labels[s];
		if (label->chunk_count == 0)
			continue;
		const struct sluss_upload_state *state = sluss_uploads_find(uploads, txn->caller, label->header_hash);
		size_t len = (size_t)label->chunk_count * SLUSS_HASH_BYTES;
		char path[96];
		(void)snprintf(path, sizeof(path), "sections[%zu].chunk_hashes", s);
		if (state == NULL || state->count != label->chunk_count) {
			sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_MALFORMED, path,
			    "Of %u chunks %u are there.", label->chunk_count, state == NULL ? 0 : state->count);
			return false;
		}
		if (memcmp(state->hashes, m->sections[s]->chunk_hashes.data, len) != 0) {
			sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, path,
			    "These are not the chunks that were put.");
			return false;
		}
	}
	return true;
}

static bool destroy(struct sluss_txn *txn, struct sluss_store *store, const char *agency, const uint8_t *header_hash)
{
	struct sluss_id id = sluss_chunks_id(agency, header_hash);
	return sluss_txn_stored(txn, sluss_store_erase_payloads(store, &id, NULL));
}

bool exchange_chunks_take(struct sluss_txn *txn, const struct exchange_message *m, uint64_t wanted)
{
	for (size_t s = 0; s < m->section_count; s++) {
		const uint8_t *hash = m->labels[s].header_hash;
		if (m->labels[s].chunk_count == 0)
			continue;
		struct sluss_store *store = sluss_txn_store(txn);
		if (store == NULL ||
		    !sluss_txn_stored(
			txn, sluss_uploads_forget(sluss_writer_of(txn)->uploads, store, txn->caller, hash)) ||
		    ((wanted & (UINT64_C(1) << s)) == 0 && !destroy(txn, store, txn->caller, hash)))
			return false;
	}
	return true;
}

bool exchange_chunks_destroy(struct sluss_writer *w, uint32_t message, uint64_t sections)
{
	if (sections == 0)
		return true;
	struct sluss_arena *arena = sluss_arena_new(4 << 20);
	struct sluss_codec *codec = sluss_codec_new(); // its own: the caller may be reading a record
	struct sluss_record record;
	struct sluss_bytes entry;
	bool ok = arena != NULL && codec != NULL &&
		  sluss_batch_entry(w, arena, sluss_messages_at(w->world->messages, message)->index, &entry) &&
		  sluss_record_decode(codec, entry, &record, NULL) == SLUSS_CODEC_OK;
	const struct sluss_rec_message *m = &record.u.message_accepted;
	for (size_t s = 0; ok && s < m->section_count; s++) {
		if ((sections & (UINT64_C(1) << s)) == 0)
			continue;
		struct sluss_id id = sluss_chunks_id(m->sender, m->sections[s].header_hash);
		enum sluss_store_result result = sluss_store_erase_payloads(w->store, &id, NULL);
		ok = result == SLUSS_STORE_OK || result == SLUSS_STORE_NOT_FOUND;
	}
	sluss_codec_free(&codec);
	if (arena != NULL)
		sluss_arena_free(&arena);
	return ok || sluss_batch_spoil(w, "erase chunks", "the store or the record failed");
}

bool exchange_upload_destroy(struct sluss_writer *w, const struct sluss_upload_state *upload)
{
	char agency[SLUSS_AGENCY_MAX + 1];
	uint8_t hash[SLUSS_HASH_BYTES];
	memcpy(agency, upload->agency, sizeof(agency));
	memcpy(hash, upload->header_hash, sizeof(hash));
	struct sluss_id id = sluss_chunks_id(agency, hash);
	if (!sluss_batch_open(w))
		return false;
	enum sluss_store_result erased = sluss_store_erase_payloads(w->store, &id, NULL);
	bool ok = (erased == SLUSS_STORE_OK || erased == SLUSS_STORE_NOT_FOUND) &&
		  sluss_uploads_forget(w->uploads, w->store, agency, hash) == SLUSS_STORE_OK;
	return ok || sluss_batch_spoil(w, "erase chunks", sluss_store_error_text(w->store));
}

// ---- what a withdrawal leaves of an upload

struct carrying {
	const struct sluss_upload_state *upload;
	bool carried;
};

static bool carries(void *context, const struct sluss_grant_view *grant)
{
	struct carrying *c = context;
	c->carried = grant->in_force && grant->standing == SLUSS_OK_CONSENT &&
		     strcmp(grant->category, c->upload->label.category) == 0 &&
		     strcmp(grant->sender, c->upload->agency) == 0;
	return !c->carried;
}

// Claims a consent of the case, and no claim is left that could carry it: to no recipient, for no purpose.
static bool is_stopped(struct sluss_txn *txn, const struct sluss_upload_state *upload, const struct sluss_id *case_id)
{
	const struct sluss_upload_label *label = &upload->label;
	struct carrying c = {.upload = upload};
	bool here = false;
	for (size_t i = 0; i < label->consent_count && !c.carried; i++) {
		struct sluss_consent_view consent;
		if (!sluss_consent_find(txn->state, &label->consents[i], &consent))
			continue;
		here = here || sluss_id_equal(&consent.case_id, case_id);
		sluss_case_each_grant(txn->state, &consent.case_id, txn->now_ms, carries, &c);
	}
	return here && !c.carried && !label->other_ground;
}

bool exchange_uploads_stop(struct sluss_txn *txn, const struct sluss_id *case_id)
{
	struct sluss_writer *w = sluss_writer_of(txn);
	const struct sluss_upload_state *upload;
	for (size_t i = 0; (upload = sluss_uploads_at(w->uploads, i)) != NULL;) {
		if (!is_stopped(txn, upload, case_id)) {
			i++;
			continue;
		}
		if (!exchange_upload_destroy(w, upload)) { // another one has its place then
			sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
			return false;
		}
	}
	return true;
}
