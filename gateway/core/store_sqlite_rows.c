// SPDX-License-Identifier: EUPL-1.2
// The SQLite store's tables beside the log: payload, delivery queue, side tables. Erasing writes zeros over the octets
// where they lie, then removes the row; what the write-ahead log still holds goes when it is emptied
// (store_sqlite_care.c).
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

// Reads the one blob that a statement returns.
static enum sluss_store_result get_blob(struct binder *b, struct sluss_store_blob *blob_out, const char *doing)
{
	enum sluss_store_result result = SLUSS_STORE_NOT_FOUND;
	if (step(b) == SQLITE_ROW)
		result = sluss_store_blob_set(
		    blob_out, sqlite3_column_blob(b->statement, 0), (size_t)sqlite3_column_bytes(b->statement, 0));
	enum sluss_store_result finished = finish(b, doing);
	return finished != SLUSS_STORE_OK ? finished : result;
}

static struct sluss_bytes column(sqlite3_stmt *statement, int place)
{
	return (struct sluss_bytes){
	    .data = sqlite3_column_blob(statement, place), .len = (size_t)sqlite3_column_bytes(statement, place)};
}

// ---- payload

enum sluss_store_result sqlite_put_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload)
{
	struct binder b = take(store, ST_PUT_PAYLOAD);
	bind_blob(&b, 1, id->b, sizeof(id->b));
	bind_int(&b, 2, part);
	bind_blob(&b, 3, payload.data, payload.len);
	return run(&b, "put payload");
}

enum sluss_store_result sqlite_get_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out)
{
	struct binder b = take(store, ST_GET_PAYLOAD);
	bind_blob(&b, 1, id->b, sizeof(id->b));
	bind_int(&b, 2, part);
	return get_blob(&b, payload_out, "get payload");
}

enum sluss_store_result sqlite_erase_payload(struct sluss_store *store, const struct sluss_id *id, uint32_t part)
{
	static const enum sqlite_statement steps[] = {ST_ZERO_PAYLOAD, ST_DELETE_PAYLOAD};
	for (size_t i = 0; i < 2; i++) {
		struct binder b = take(store, steps[i]);
		bind_blob(&b, 1, id->b, sizeof(id->b));
		bind_int(&b, 2, part);
		enum sluss_store_result result = run(&b, "erase payload");
		if (result != SLUSS_STORE_OK)
			return result;
		if (sqlite3_changes64(sqlite_of(store)->db) == 0)
			return SLUSS_STORE_NOT_FOUND;
	}
	sqlite_of(store)->erased = true;
	return SLUSS_STORE_OK;
}

enum sluss_store_result sqlite_erase_payloads(struct sluss_store *store, const struct sluss_id *id, uint32_t *count_out)
{
	static const enum sqlite_statement steps[] = {ST_ZERO_PAYLOADS, ST_DELETE_PAYLOADS};
	for (size_t i = 0; i < 2; i++) {
		struct binder b = take(store, steps[i]);
		bind_blob(&b, 1, id->b, sizeof(id->b));
		enum sluss_store_result result = run(&b, "erase payloads");
		if (result != SLUSS_STORE_OK)
			return result;
		*count_out = (uint32_t)sqlite3_changes64(sqlite_of(store)->db);
		if (*count_out == 0)
			return SLUSS_STORE_OK;
	}
	sqlite_of(store)->erased = true;
	return SLUSS_STORE_OK;
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

enum sluss_store_result sqlite_put_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value)
{
	// What is replaced is as gone as what is erased.
	enum sluss_store_result result = sqlite_erase_side(store, kind, key);
	if (result != SLUSS_STORE_OK && result != SLUSS_STORE_NOT_FOUND)
		return result;
	struct binder b = take(store, ST_PUT_SIDE);
	bind_int(&b, 1, kind);
	bind_blob(&b, 2, key.data, key.len);
	bind_blob(&b, 3, value.data, value.len);
	return run(&b, "put side");
}

enum sluss_store_result sqlite_get_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out)
{
	struct binder b = take(store, ST_GET_SIDE);
	bind_int(&b, 1, kind);
	bind_blob(&b, 2, key.data, key.len);
	return get_blob(&b, value_out, "get side");
}

enum sluss_store_result sqlite_erase_side(struct sluss_store *store, uint16_t kind, struct sluss_bytes key)
{
	static const enum sqlite_statement steps[] = {ST_ZERO_SIDE, ST_DELETE_SIDE};
	for (size_t i = 0; i < 2; i++) {
		struct binder b = take(store, steps[i]);
		bind_int(&b, 1, kind);
		bind_blob(&b, 2, key.data, key.len);
		enum sluss_store_result result = run(&b, "erase side");
		if (result != SLUSS_STORE_OK)
			return result;
		if (sqlite3_changes64(sqlite_of(store)->db) == 0)
			return SLUSS_STORE_NOT_FOUND;
	}
	sqlite_of(store)->erased = true;
	return SLUSS_STORE_OK;
}

enum sluss_store_result sqlite_each_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes from, sluss_store_side_fn *each, void *context)
{
	struct binder b = take(store, ST_EACH_SIDE);
	bind_int(&b, 1, kind);
	bind_blob(&b, 2, from.data, from.len);
	while (step(&b) == SQLITE_ROW) {
		if (!each(context, column(b.statement, 0), column(b.statement, 1)))
			break;
		b.code = SQLITE_OK;
	}
	return finish(&b, "each side");
}
