// SPDX-License-Identifier: EUPL-1.2
#include "writer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "log_event.h"

enum {
	RETRY_MS = 1000, // between two tries to open the store again
};

void sluss_batch_start(struct sluss_writer *w)
{
	w->open = w->spoiled = w->destroyed = w->left = false;
	w->entry_count = w->revoked_count = 0;
	sluss_codec_reset(w->codec);
	w->clock_before = w->clock;
	w->jump_written = false;
	sluss_clock_watch(w);
	w->now_ms = sluss_clock_now(&w->clock);
	w->committed = w->world == NULL ? 0 : w->world->size;
}

bool sluss_batch_spoil(struct sluss_writer *w, const char *doing, const char *why)
{
	if (!w->spoiled)
		sluss_event(SLUSS_EVENT_ERROR, "batch-lost", "doing=\"%s\" why=\"%s\"", doing, why);
	w->spoiled = true;
	return false;
}

bool sluss_batch_open(struct sluss_writer *w)
{
	if (w->spoiled || w->open)
		return !w->spoiled;
	enum sluss_store_result result = sluss_log_begin(w->log);
	if (result != SLUSS_STORE_OK)
		return sluss_batch_spoil(w, "begin", sluss_store_error_text(w->store));
	w->open = true;
	return true;
}

static const uint8_t *nonce(struct sluss_writer *w)
{
	if (w->nonces_left == 0) {
		randombytes_buf(w->nonces, sizeof(w->nonces));
		w->nonces_left = SLUSS_NONCES;
	}
	return w->nonces[--w->nonces_left];
}

static bool keep_entry(struct sluss_writer *w, struct sluss_bytes entry)
{
	if (w->entry_count == w->entry_room) {
		size_t room = w->entry_room == 0 ? 1024 : w->entry_room * 2;
		struct sluss_bytes *entries = reallocarray(w->entries, room, sizeof(*entries));
		if (entries == NULL)
			return false;
		w->entries = entries;
		w->entry_room = room;
	}
	w->entries[w->entry_count++] = entry;
	return true;
}

// Remembers what edge has to hear of once the record is durable.
static bool note_revocation(struct sluss_writer *w, const struct sluss_record *record)
{
	if (record->type == SLUSS_REC_AGENCY_LEFT)
		w->left = true;
	if (record->type != SLUSS_REC_KEY_REVOKED || record->u.key_revoked.key_id[0] != '\0')
		return true;
	if (w->revoked_count == w->revoked_room) {
		size_t room = w->revoked_room == 0 ? 4 : w->revoked_room * 2;
		void *revoked = reallocarray(w->revoked, room, SLUSS_HASH_BYTES);
		if (revoked == NULL)
			return false;
		w->revoked = revoked;
		w->revoked_room = room;
	}
	memcpy(w->revoked[w->revoked_count++], record->u.key_revoked.certificate, SLUSS_HASH_BYTES);
	return true;
}

bool sluss_batch_fits(struct sluss_writer *w, const struct sluss_record *record)
{
	struct sluss_record stamped = *record;
	stamped.at_ms = w->now_ms;
	struct sluss_bytes entry;
	return sluss_record_encode(w->codec, &stamped, nonce(w), &entry) != SLUSS_CODEC_TOO_LARGE;
}

// A clock that was set stands before what it stamps.
static enum sluss_batch_append say_jump(struct sluss_writer *w)
{
	struct sluss_record jumped = {.type = SLUSS_REC_CLOCK_JUMPED, .u.clock_jumped = {.by_ms = w->clock_jump_ms}};
	w->jump_written = true;
	return sluss_batch_append(w, &jumped, NULL);
}

enum sluss_batch_append sluss_batch_append(
    struct sluss_writer *w, const struct sluss_record *record, uint64_t *index_out)
{
	struct sluss_record stamped = *record;
	stamped.at_ms = w->now_ms;
	if (!sluss_batch_open(w))
		return SLUSS_BATCH_SPOILED;
	if (w->clock_jump_ms != 0 && !w->jump_written) {
		enum sluss_batch_append said = say_jump(w);
		if (said != SLUSS_BATCH_OK)
			return said;
	}
	struct sluss_bytes entry;
	enum sluss_codec_result encoded = sluss_record_encode(w->codec, &stamped, nonce(w), &entry);
	if (encoded == SLUSS_CODEC_TOO_LARGE)
		return SLUSS_BATCH_TOO_LARGE;
	if (encoded == SLUSS_CODEC_MEMORY) {
		sluss_batch_spoil(w, "encode", "no memory");
		return SLUSS_BATCH_SPOILED;
	}
	sluss_stop_note(&w->stop, w->world->state, &stamped);
	enum sluss_world_result applied =
	    encoded == SLUSS_CODEC_OK ? sluss_world_apply(w->world, &stamped) : SLUSS_WORLD_INVALID;
	if (applied == SLUSS_WORLD_INVALID) {
		sluss_event(SLUSS_EVENT_ERROR, "record-refused", "type=%d encoding=%s", (int)record->type,
		    sluss_codec_result_name(encoded));
		return SLUSS_BATCH_INVALID;
	}
	if (record->type == SLUSS_REC_MESSAGE_ACCEPTED && applied == SLUSS_WORLD_OK)
		sluss_stop_accepted(&w->stop, w->world->state, &stamped.u.message_accepted);
	uint64_t index = 0;
	if (applied != SLUSS_WORLD_OK || sluss_log_append(w->log, entry, &index) != SLUSS_STORE_OK) {
		sluss_batch_spoil(
		    w, "append", applied != SLUSS_WORLD_OK ? "no memory" : sluss_store_error_text(w->store));
		return SLUSS_BATCH_SPOILED;
	}
	if (index + 1 != w->world->size || !keep_entry(w, entry) || !note_revocation(w, &stamped)) {
		sluss_batch_spoil(w, "append", "log and state differ, or no memory");
		return SLUSS_BATCH_SPOILED;
	}
	if (index_out != NULL)
		*index_out = index;
	return SLUSS_BATCH_OK;
}

// ---- the end of a batch

void sluss_batch_reopen(struct sluss_writer *w)
{
	if (!w->down || w->fatal || sluss_monotonic_ms() < w->retry_ms)
		return;
	struct sluss_store_error error;
	enum sluss_store_result result = sluss_writer_load(w, &error);
	if (result == SLUSS_STORE_OK) {
		w->down = false;
		sluss_event(SLUSS_EVENT_NOTICE, "store-reopened", "entries=%llu", (unsigned long long)w->world->size);
		return;
	}
	sluss_event(SLUSS_EVENT_ERROR, "store-unavailable", "result=%s why=\"%s\"", sluss_store_result_name(result),
	    error.text);
	w->fatal = result == SLUSS_STORE_CORRUPT;
	w->retry_ms = sluss_monotonic_ms() + RETRY_MS;
}

static void fail(struct sluss_writer *w)
{
	sluss_writer_unload(w);
	w->clock = w->clock_before;
	w->open = false;
	w->down = true;
	w->retry_ms = 0;
	sluss_batch_reopen(w);
}

bool sluss_batch_commit(struct sluss_writer *w)
{
	if (!w->open && !w->spoiled)
		return true;
	if (!w->spoiled) {
		enum sluss_store_result result = sluss_log_commit(w->log);
		if (result != SLUSS_STORE_OK)
			sluss_batch_spoil(w, "commit", sluss_store_result_name(result));
	}
	if (w->spoiled) {
		fail(w);
		return false;
	}
	w->open = false;
	if (!sluss_rollback_note(w)) {
		// All of it is durable, but the second place may not know: to the outside it is as if it were
		// uncertain.
		sluss_batch_spoil(w, "second head", "secondary_head_file cannot be written");
		fail(w);
		return false;
	}
	if (w->jump_written)
		w->clock_jump_ms = 0;
	sluss_files_publish(w->files, sluss_log_size(w->log), sluss_log_checkpoint(w->log));
	return true;
}

// ---- reading entries

struct reading {
	struct sluss_arena *arena;
	struct sluss_bytes entry;
};

static bool read_one(void *context, uint64_t index, struct sluss_bytes record)
{
	(void)index;
	struct reading *reading = context;
	reading->entry.data = sluss_arena_copy(reading->arena, record.data, record.len);
	reading->entry.len = record.len;
	return true;
}

bool sluss_batch_entry(struct sluss_writer *w, struct sluss_arena *arena, uint64_t index, struct sluss_bytes *entry_out)
{
	*entry_out = (struct sluss_bytes){0};
	if (index >= w->committed) {
		if (index - w->committed >= w->entry_count)
			return false;
		*entry_out = w->entries[index - w->committed];
		return true;
	}
	struct reading reading = {.arena = arena};
	enum sluss_store_result result = sluss_store_read(w->store, index, 1, read_one, &reading);
	if (result != SLUSS_STORE_OK)
		return sluss_batch_spoil(w, "read entry", sluss_store_error_text(w->store));
	*entry_out = reading.entry;
	return reading.entry.data != NULL;
}

bool sluss_batch_receipt(
    struct sluss_writer *w, struct sluss_arena *arena, uint64_t index, Sluss__V1__Receipt *receipt_out)
{
	struct sluss_store_blob proof = {0};
	struct sluss_bytes entry;
	sluss__v1__receipt__init(receipt_out);
	// Where witnesses have cosigned the entry already, the proof shows it.
	uint64_t cosigned_size = 0;
	struct sluss_bytes cosigned = sluss_notary_checkpoint(w, &cosigned_size);
	bool covered = cosigned.len > 0 && index < cosigned_size;
	if (!sluss_batch_entry(w, arena, index, &entry) ||
	    (covered ? sluss_log_receipt_at(w->log, index, cosigned_size, cosigned, &proof)
		     : sluss_log_receipt(w->log, index, &proof)) != SLUSS_STORE_OK) {
		sluss_store_blob_free(&proof);
		return false;
	}
	receipt_out->log_index = index;
	receipt_out->log_entry = (ProtobufCBinaryData){.len = entry.len, .data = (uint8_t *)(uintptr_t)entry.data};
	receipt_out->tlog_proof = sluss_arena_alloc(arena, proof.len + 1);
	if (receipt_out->tlog_proof != NULL)
		memcpy(receipt_out->tlog_proof, proof.data, proof.len);
	sluss_store_blob_free(&proof);
	return receipt_out->tlog_proof != NULL;
}

bool sluss_batch_record(
    struct sluss_writer *w, struct sluss_arena *arena, uint64_t index, struct sluss_record *record_out)
{
	struct sluss_bytes entry;
	if (!sluss_batch_entry(w, arena, index, &entry))
		return false;
	if (sluss_record_decode(w->read_codec, entry, record_out, NULL) != SLUSS_CODEC_OK)
		return sluss_batch_spoil(w, "read entry", "it cannot be decoded");
	return true;
}
