// SPDX-License-Identifier: EUPL-1.2
// The SQLite store's tables beside the log: payload, delivery queue, side tables. Erasing destroys the value's key and
// removes the row; what the write-ahead log still holds goes when it is emptied (store_sqlite_care.c).
#include "store_sqlite.h"

// Makes binding and running short: the first failure sticks.
struct binder {
	struct sqlite_store *store;
	sqlite3_stmt *statement;
	int code;
};

static struct binder take(struct sluss_store *store, enum sqlite_statement which)
{
	struct sqlite_store *s = sqlite_of(store);
	struct binder b = {.store = s, .statement = sqlite_take(s, which), .code = SQLITE_OK};
	if (b.statement == NULL)
		b.code = sqlite3_extended_errcode(s->db);
	return b;
}

static void bind_int(struct binder *b, int place, int64_t value)
{
	if (b->code == SQLITE_OK)
		b->code = sqlite3_bind_int64(b->statement, place, value);
}

static void bind_blob(struct binder *b, int place, const void *data, size_t len)
{
	if (b->code != SQLITE_OK)
		return;
	// A NULL pointer would bind NULL instead of no octets.
	b->code = len == 0 ? sqlite3_bind_zeroblob(b->statement, place, 0)
			   : sqlite3_bind_blob64(b->statement, place, data, len, SQLITE_STATIC);
}

static void bind_text(struct binder *b, int place, const char *text)
{
	if (b->code == SQLITE_OK)
		b->code = sqlite3_bind_text(b->statement, place, text, -1, SQLITE_STATIC);
}

// Steps once. SQLITE_ROW, SQLITE_DONE or an error.
static int step(struct binder *b)
{
	if (b->code == SQLITE_OK)
		b->code = sqlite3_step(b->statement);
	return b->code;
}

// Ends the use of the statement.
static enum sluss_store_result finish(struct binder *b, const char *doing)
{
	if (b->statement != NULL) {
		(void)sqlite3_reset(b->statement);
		(void)sqlite3_clear_bindings(b->statement); // they point to the caller's octets
	}
	if (b->code == SQLITE_DONE || b->code == SQLITE_ROW || b->code == SQLITE_OK)
		return SLUSS_STORE_OK;
	return sqlite_failed(b->store, b->code, doing);
}

// Runs a statement that returns no row.
static enum sluss_store_result run(struct binder *b, const char *doing)
{
	(void)step(b);
	return finish(b, doing);
}

static struct sluss_bytes column(sqlite3_stmt *statement, int place)
{
	return (struct sluss_bytes){
	    .data = sqlite3_column_blob(statement, place), .len = (size_t)sqlite3_column_bytes(statement, place)};
}

// Reads the value (column 0) with its key (column 1) from the row that a statement stands on.
static enum sluss_store_result read_value(struct binder *b, bool plain, struct sluss_store_blob *value_out)
{
	struct sluss_bytes value = column(b->statement, 0);
	if (plain)
		return sluss_store_blob_set(value_out, value.data, value.len);
	return sqlite_unseal(b->store, value, column(b->statement, 1), value_out);
}

// Runs a statement that deletes rows and returns their slots; destroys the keys.
static enum sluss_store_result erase(struct binder *b, const char *doing, uint32_t *count_out)
{
	enum sluss_store_result result = SLUSS_STORE_OK;
	*count_out = 0;
	while (result == SLUSS_STORE_OK && step(b) == SQLITE_ROW) {
		int64_t slot = sqlite3_column_int64(b->statement, 0);
		if (slot != 0)
			result = sqlite_shred_slot(b->store, slot);
		(*count_out)++;
		b->code = SQLITE_OK;
	}
	enum sluss_store_result finished = finish(b, doing);
	return finished != SLUSS_STORE_OK ? finished : result;
}

// What was written to the keys in this transaction has to be in their table before rows are read with them.
static enum sluss_store_result settle_keys(struct sluss_store *store)
{
	return store->in_transaction ? sqlite_shred_flush(sqlite_of(store)) : SLUSS_STORE_OK;
}

// ---- payload

enum sluss_store_result sqlite_put_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload)
{
	int64_t slot = 0;
	struct sluss_bytes sealed = {0};
	enum sluss_store_result result = sqlite_seal(sqlite_of(store), payload, &slot, &sealed);
	if (result != SLUSS_STORE_OK)
		return result;
	struct binder b = take(store, ST_PUT_PAYLOAD);
	bind_blob(&b, 1, id->b, sizeof(id->b));
	bind_int(&b, 2, part);
	bind_int(&b, 3, slot);
	bind_blob(&b, 4, sealed.data, sealed.len);
	return run(&b, "put payload");
}

enum sluss_store_result sqlite_get_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out)
{
	enum sluss_store_result result = settle_keys(store);
	if (result != SLUSS_STORE_OK)
		return result;
	struct binder b = take(store, ST_GET_PAYLOAD);
	bind_blob(&b, 1, id->b, sizeof(id->b));
	bind_int(&b, 2, part);
	result = step(&b) == SQLITE_ROW ? read_value(&b, false, payload_out) : SLUSS_STORE_NOT_FOUND;
	enum sluss_store_result finished = finish(&b, "get payload");
	return finished != SLUSS_STORE_OK ? finished : result;
}

enum sluss_store_result sqlite_erase_payload(struct sluss_store *store, const struct sluss_id *id, uint32_t part)
{
	uint32_t count = 0;
	struct binder b = take(store, ST_DELETE_PAYLOAD);
	bind_blob(&b, 1, id->b, sizeof(id->b));
	bind_int(&b, 2, part);
	enum sluss_store_result result = erase(&b, "erase payload", &count);
	return result == SLUSS_STORE_OK && count == 0 ? SLUSS_STORE_NOT_FOUND : result;
}

enum sluss_store_result sqlite_erase_payloads(struct sluss_store *store, const struct sluss_id *id, uint32_t *count_out)
{
	struct binder b = take(store, ST_DELETE_PAYLOADS);
	bind_blob(&b, 1, id->b, sizeof(id->b));
	return erase(&b, "erase payloads", count_out);
}

// ---- delivery queue

enum sluss_store_result sqlite_put_delivery(struct sluss_store *store, const struct sluss_store_delivery *delivery)
{
	struct binder b = take(store, ST_PUT_DELIVERY);
	bind_text(&b, 1, delivery->agency);
	bind_int(&b, 2, (int64_t)delivery->sequence);
	bind_blob(&b, 3, delivery->message.b, sizeof(delivery->message.b));
	bind_blob(&b, 4, delivery->case_id.b, sizeof(delivery->case_id.b));
	bind_blob(&b, 5, delivery->state.data, delivery->state.len);
	return run(&b, "put delivery");
}

enum sluss_store_result sqlite_delete_delivery(struct sluss_store *store, const char *agency, uint64_t sequence)
{
	struct binder b = take(store, ST_DELETE_DELIVERY);
	bind_text(&b, 1, agency);
	bind_int(&b, 2, (int64_t)sequence);
	enum sluss_store_result result = run(&b, "delete delivery");
	if (result == SLUSS_STORE_OK && sqlite3_changes64(sqlite_of(store)->db) == 0)
		return SLUSS_STORE_NOT_FOUND;
	return result;
}

// Reads the row that a statement stands on. False: it is not one of ours.
static bool read_delivery(sqlite3_stmt *statement, struct sluss_store_delivery *delivery_out)
{
	struct sluss_bytes message = column(statement, 2);
	struct sluss_bytes case_id = column(statement, 3);
	int64_t sequence = sqlite3_column_int64(statement, 1);
	delivery_out->agency = (const char *)sqlite3_column_text(statement, 0);
	if (delivery_out->agency == NULL || message.data == NULL || message.len != SLUSS_ID_BYTES ||
	    case_id.data == NULL || case_id.len != SLUSS_ID_BYTES || sequence < 0)
		return false;
	delivery_out->sequence = (uint64_t)sequence;
	memcpy(delivery_out->message.b, message.data, SLUSS_ID_BYTES);
	memcpy(delivery_out->case_id.b, case_id.data, SLUSS_ID_BYTES);
	delivery_out->state = column(statement, 4);
	return true;
}

enum sluss_store_result sqlite_each_delivery(
    struct sluss_store *store, const char *agency, uint64_t from_sequence, sluss_store_delivery_fn *each, void *context)
{
	struct binder b = take(store, agency == NULL ? ST_EVERY_DELIVERY : ST_EACH_DELIVERY);
	if (agency != NULL) {
		bind_text(&b, 1, agency);
		bind_int(&b, 2, (int64_t)from_sequence);
	}
	bool whole = true;
	while (whole && step(&b) == SQLITE_ROW) {
		struct sluss_store_delivery delivery;
		whole = read_delivery(b.statement, &delivery);
		if (whole && !each(context, &delivery))
			break;
		b.code = SQLITE_OK;
	}
	enum sluss_store_result result = finish(&b, "each delivery");
	return whole ? result : sluss_store_fail(store, SLUSS_STORE_CORRUPT, "delivery of a wrong shape");
}

// ---- side tables

static bool is_plain(uint16_t kind)
{
	return (kind & SLUSS_STORE_SIDE_PLAIN) != 0;
}

enum sluss_store_result sqlite_put_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value)
{
	// What is replaced is as gone as what is erased.
	int64_t slot = 0;
	enum sluss_store_result result = sqlite_erase_side(store, kind, key);
	if (result == SLUSS_STORE_NOT_FOUND)
		result = SLUSS_STORE_OK;
	if (result == SLUSS_STORE_OK && !is_plain(kind))
		result = sqlite_seal(sqlite_of(store), value, &slot, &value);
	if (result != SLUSS_STORE_OK)
		return result;
	struct binder b = take(store, ST_PUT_SIDE);
	bind_int(&b, 1, kind);
	bind_blob(&b, 2, key.data, key.len);
	bind_int(&b, 3, slot);
	bind_blob(&b, 4, value.data, value.len);
	return run(&b, "put side");
}

enum sluss_store_result sqlite_get_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out)
{
	enum sluss_store_result result = settle_keys(store);
	if (result != SLUSS_STORE_OK)
		return result;
	struct binder b = take(store, ST_GET_SIDE);
	bind_int(&b, 1, kind);
	bind_blob(&b, 2, key.data, key.len);
	result = step(&b) == SQLITE_ROW ? read_value(&b, is_plain(kind), value_out) : SLUSS_STORE_NOT_FOUND;
	enum sluss_store_result finished = finish(&b, "get side");
	return finished != SLUSS_STORE_OK ? finished : result;
}

enum sluss_store_result sqlite_erase_side(struct sluss_store *store, uint16_t kind, struct sluss_bytes key)
{
	uint32_t count = 0;
	struct binder b = take(store, ST_DELETE_SIDE);
	bind_int(&b, 1, kind);
	bind_blob(&b, 2, key.data, key.len);
	enum sluss_store_result result = erase(&b, "erase side", &count);
	return result == SLUSS_STORE_OK && count == 0 ? SLUSS_STORE_NOT_FOUND : result;
}

enum sluss_store_result sqlite_each_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes from, sluss_store_side_fn *each, void *context)
{
	struct sluss_store_blob value = {0};
	enum sluss_store_result result = settle_keys(store);
	if (result != SLUSS_STORE_OK)
		return result;
	struct binder b = take(store, ST_EACH_SIDE);
	bind_int(&b, 1, kind);
	bind_blob(&b, 2, from.data, from.len);
	while (step(&b) == SQLITE_ROW) {
		result = read_value(&b, is_plain(kind), &value);
		if (result != SLUSS_STORE_OK ||
		    !each(context, column(b.statement, 3), (struct sluss_bytes){value.data, value.len}))
			break;
		b.code = SQLITE_OK;
	}
	sluss_store_blob_free(&value);
	enum sluss_store_result finished = finish(&b, "each side");
	return finished != SLUSS_STORE_OK ? finished : result;
}
