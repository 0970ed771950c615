// SPDX-License-Identifier: EUPL-1.2
// The rules that hold for every store: who may call what when, what spoils a transaction, what latches a handle.
#include "store_impl.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

// ---- results

const char *sluss_store_result_name(enum sluss_store_result result)
{
	switch (result) {
	case SLUSS_STORE_OK:
		return "ok";
	case SLUSS_STORE_AGAIN:
		return "again";
	case SLUSS_STORE_UNCERTAIN:
		return "uncertain";
	case SLUSS_STORE_FULL:
		return "full";
	case SLUSS_STORE_CORRUPT:
		return "corrupt";
	case SLUSS_STORE_NOT_FOUND:
		return "not_found";
	case SLUSS_STORE_INVALID:
		return "invalid";
	}
	return "unknown";
}

const char *sluss_store_error_text(const struct sluss_store *store)
{
	return store->error.text;
}

enum sluss_store_result sluss_store_fail(
    struct sluss_store *store, enum sluss_store_result result, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(store->error.text, sizeof(store->error.text), format, args);
	va_end(args);
	return result;
}

// Notes what a call returned: UNCERTAIN and CORRUPT latch, any failed write spoils its transaction.
static enum sluss_store_result settle(struct sluss_store *s, enum sluss_store_result result, bool write)
{
	if (result == SLUSS_STORE_OK || result == SLUSS_STORE_NOT_FOUND)
		return result;
	if (result == SLUSS_STORE_UNCERTAIN || result == SLUSS_STORE_CORRUPT)
		s->latched = result;
	if (write && s->in_transaction && s->spoiled == SLUSS_STORE_OK)
		s->spoiled = result;
	return result;
}

// May this handle write now? OK, or the result to return.
static enum sluss_store_result may_write(struct sluss_store *s)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (s->mode != SLUSS_STORE_WRITER)
		return sluss_store_fail(s, SLUSS_STORE_INVALID, "write on a reader");
	if (!s->in_transaction)
		return sluss_store_fail(s, SLUSS_STORE_INVALID, "write without begin");
	if (s->spoiled != SLUSS_STORE_OK)
		return s->spoiled;
	return SLUSS_STORE_OK;
}

// An argument is outside its cap.
static enum sluss_store_result invalid(struct sluss_store *s, const char *what)
{
	return settle(s, sluss_store_fail(s, SLUSS_STORE_INVALID, "%s", what), true);
}

static bool agency_fits(const char *agency)
{
	size_t len = agency == NULL ? 0 : strnlen(agency, SLUSS_AGENCY_MAX + 1);
	return len > 0 && len <= SLUSS_AGENCY_MAX;
}

// ---- blobs

enum sluss_store_result sluss_store_blob_set(struct sluss_store_blob *blob, const void *data, size_t len)
{
	if (len > blob->cap) {
		size_t cap = len < 1024 ? 1024 : len;
		uint8_t *grown = malloc(cap);
		if (grown == NULL)
			return SLUSS_STORE_FULL;
		sluss_store_blob_free(blob);
		blob->data = grown;
		blob->cap = cap;
	}
	if (len > 0)
		memcpy(blob->data, data, len);
	blob->len = len;
	return SLUSS_STORE_OK;
}

void sluss_store_blob_free(struct sluss_store_blob *blob)
{
	if (blob->data != NULL) {
		sodium_memzero(blob->data, blob->cap);
		free(blob->data);
	}
	*blob = (struct sluss_store_blob){0};
}

// ---- close and transactions

void sluss_store_close(struct sluss_store **store)
{
	struct sluss_store *s = *store;
	if (s == NULL)
		return;
	sluss_store_rollback(s);
	s->ops->close(s);
	*store = NULL;
}

enum sluss_store_result sluss_store_begin(struct sluss_store *s)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (s->mode != SLUSS_STORE_WRITER)
		return sluss_store_fail(s, SLUSS_STORE_INVALID, "begin on a reader");
	if (s->in_transaction)
		return sluss_store_fail(s, SLUSS_STORE_INVALID, "begin within a transaction");
	enum sluss_store_result result = settle(s, s->ops->begin(s), false);
	s->in_transaction = result == SLUSS_STORE_OK;
	s->spoiled = SLUSS_STORE_OK;
	return result;
}

enum sluss_store_result sluss_store_commit(struct sluss_store *s)
{
	if (s->latched != SLUSS_STORE_OK) {
		sluss_store_rollback(s);
		return s->latched;
	}
	if (s->mode != SLUSS_STORE_WRITER || !s->in_transaction)
		return sluss_store_fail(s, SLUSS_STORE_INVALID, "commit without begin");
	enum sluss_store_result result = s->spoiled;
	if (result != SLUSS_STORE_OK) {
		sluss_store_rollback(s);
	} else {
		result = s->ops->commit(s);
		s->in_transaction = false;
	}
	if (result != SLUSS_STORE_OK)
		s->latched = result;
	return result;
}

void sluss_store_rollback(struct sluss_store *s)
{
	if (!s->in_transaction)
		return;
	s->ops->rollback(s);
	s->in_transaction = false;
	s->spoiled = SLUSS_STORE_OK;
}

// ---- records

enum sluss_store_result sluss_store_size(struct sluss_store *s, uint64_t *size_out)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	return settle(s, s->ops->size(s, size_out), false);
}

enum sluss_store_result sluss_store_append(
    struct sluss_store *s, uint64_t first, const struct sluss_bytes *records, size_t count)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	for (size_t i = 0; i < count; i++) {
		if (records[i].len == 0 || records[i].len > SLUSS_STORE_RECORD_MAX)
			return invalid(s, "record empty or too long");
	}
	return settle(s, s->ops->append(s, first, records, count), true);
}

enum sluss_store_result sluss_store_read(
    struct sluss_store *s, uint64_t first, uint64_t count, sluss_store_record_fn *each, void *context)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	uint64_t size = 0;
	enum sluss_store_result result = settle(s, s->ops->size(s, &size), false);
	if (result != SLUSS_STORE_OK)
		return result;
	if (first > size || count > size - first)
		return SLUSS_STORE_NOT_FOUND;
	return count == 0 ? SLUSS_STORE_OK : settle(s, s->ops->read(s, first, count, each, context), false);
}

// ---- tree

enum sluss_store_result sluss_store_put_tile(struct sluss_store *s, const struct sluss_store_tile *tile)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	if (tile->level > 63 || tile->width == 0 || tile->width > SLUSS_STORE_TILE_WIDTH || tile->index > INT64_MAX)
		return invalid(s, "tile out of range");
	return settle(s, s->ops->put_tile(s, tile), true);
}

enum sluss_store_result sluss_store_get_tile(
    struct sluss_store *s, uint8_t level, uint64_t index, uint8_t *hashes_out, uint16_t *width_out)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (level > 63 || index > INT64_MAX)
		return SLUSS_STORE_NOT_FOUND;
	return settle(s, s->ops->get_tile(s, level, index, hashes_out, width_out), false);
}

enum sluss_store_result sluss_store_put_checkpoint(struct sluss_store *s, struct sluss_bytes note)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	if (note.len == 0 || note.len > SLUSS_STORE_CHECKPOINT_MAX)
		return invalid(s, "checkpoint empty or too long");
	return settle(s, s->ops->put_checkpoint(s, note), true);
}

enum sluss_store_result sluss_store_get_checkpoint(struct sluss_store *s, struct sluss_store_blob *note_out)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	return settle(s, s->ops->get_checkpoint(s, note_out), false);
}

// ---- payload

enum sluss_store_result sluss_store_put_payload(
    struct sluss_store *s, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	if (part >= SLUSS_STORE_PARTS_MAX || payload.len > SLUSS_STORE_PAYLOAD_MAX)
		return invalid(s, "payload part out of range or too long");
	return settle(s, s->ops->put_payload(s, id, part, payload), true);
}

enum sluss_store_result sluss_store_get_payload(
    struct sluss_store *s, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	return settle(s, s->ops->get_payload(s, id, part, payload_out), false);
}

enum sluss_store_result sluss_store_erase_payload(struct sluss_store *s, const struct sluss_id *id, uint32_t part)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	return settle(s, s->ops->erase_payload(s, id, part), true);
}

enum sluss_store_result sluss_store_erase_payloads(
    struct sluss_store *s, const struct sluss_id *id, uint32_t *count_out)
{
	uint32_t count = 0;
	if (count_out != NULL)
		*count_out = 0;
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	result = settle(s, s->ops->erase_payloads(s, id, &count), true);
	if (count_out != NULL)
		*count_out = count;
	return result;
}

// ---- delivery queue

enum sluss_store_result sluss_store_put_delivery(struct sluss_store *s, const struct sluss_store_delivery *delivery)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	if (!agency_fits(delivery->agency) || delivery->sequence > INT64_MAX ||
	    delivery->state.len > SLUSS_STORE_QUEUE_STATE_MAX)
		return invalid(s, "delivery out of range");
	return settle(s, s->ops->put_delivery(s, delivery), true);
}

enum sluss_store_result sluss_store_delete_delivery(struct sluss_store *s, const char *agency, uint64_t sequence)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	if (!agency_fits(agency) || sequence > INT64_MAX)
		return invalid(s, "delivery out of range");
	return settle(s, s->ops->delete_delivery(s, agency, sequence), true);
}

enum sluss_store_result sluss_store_each_delivery(
    struct sluss_store *s, const char *agency, uint64_t from_sequence, sluss_store_delivery_fn *each, void *context)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (agency == NULL ? from_sequence != 0 : !agency_fits(agency))
		return invalid(s, "delivery out of range");
	if (from_sequence > INT64_MAX)
		return SLUSS_STORE_OK;
	return settle(s, s->ops->each_delivery(s, agency, from_sequence, each, context), false);
}

// ---- side tables

static bool side_fits(uint16_t kind, struct sluss_bytes key)
{
	return kind != 0 && key.len > 0 && key.len <= SLUSS_STORE_SIDE_KEY_MAX;
}

enum sluss_store_result sluss_store_put_side(
    struct sluss_store *s, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	if (!side_fits(kind, key) || value.len > SLUSS_STORE_SIDE_VALUE_MAX)
		return invalid(s, "side row out of range");
	return settle(s, s->ops->put_side(s, kind, key, value), true);
}

enum sluss_store_result sluss_store_get_side(
    struct sluss_store *s, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (!side_fits(kind, key))
		return SLUSS_STORE_NOT_FOUND;
	return settle(s, s->ops->get_side(s, kind, key, value_out), false);
}

enum sluss_store_result sluss_store_erase_side(struct sluss_store *s, uint16_t kind, struct sluss_bytes key)
{
	enum sluss_store_result result = may_write(s);
	if (result != SLUSS_STORE_OK)
		return result;
	if (!side_fits(kind, key))
		return SLUSS_STORE_NOT_FOUND;
	return settle(s, s->ops->erase_side(s, kind, key), true);
}

enum sluss_store_result sluss_store_each_side(
    struct sluss_store *s, uint16_t kind, struct sluss_bytes from, sluss_store_side_fn *each, void *context)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (from.len > SLUSS_STORE_SIDE_KEY_MAX)
		return invalid(s, "side key too long");
	return settle(s, s->ops->each_side(s, kind, from, each, context), false);
}

// ---- care

enum sluss_store_result sluss_store_copy(struct sluss_store *s, const char *path)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (s->in_transaction || s->ops->copy == NULL)
		return sluss_store_fail(
		    s, SLUSS_STORE_INVALID, "copy within a transaction, or of a store without files");
	return s->ops->copy(s, path); // a copy that failed says nothing about the store itself: nothing latches
}

enum sluss_store_result sluss_store_scrub(struct sluss_store *s)
{
	if (s->latched != SLUSS_STORE_OK)
		return s->latched;
	if (s->mode != SLUSS_STORE_WRITER || s->in_transaction)
		return sluss_store_fail(s, SLUSS_STORE_INVALID, "scrub on a reader or within a transaction");
	return settle(s, s->ops->scrub(s), false);
}
