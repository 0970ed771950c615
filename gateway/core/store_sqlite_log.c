// SPDX-License-Identifier: EUPL-1.2
// The SQLite store's tables of the log: records, tiles, checkpoint.
#include "store_sqlite.h"

enum {
	READ_CHUNK =
	    4096, // records read under one snapshot: a slow reader must not keep the write-ahead log from being emptied
	TILE_OCTETS = 2 + SLUSS_STORE_TILE_WIDTH * SLUSS_HASH_BYTES,
	TILE_INDEX_BITS = 56,
};

static enum sluss_store_result no_statement(struct sqlite_store *s)
{
	return sqlite_failed(s, sqlite3_extended_errcode(s->db), "prepare");
}

// ---- records

enum sluss_store_result sqlite_size(struct sluss_store *store, uint64_t *size_out)
{
	struct sqlite_store *s = sqlite_of(store);
	if (s->care != NULL) { // the writer knows
		*size_out = s->size;
		return SLUSS_STORE_OK;
	}
	sqlite3_stmt *statement = sqlite_take(s, ST_SIZE);
	if (statement == NULL)
		return no_statement(s);
	int code = sqlite3_step(statement);
	int64_t size = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	(void)sqlite3_reset(statement);
	if (code != SQLITE_ROW)
		return sqlite_failed(s, code, "size");
	if (size < 0)
		return sluss_store_fail(store, SLUSS_STORE_CORRUPT, "record with a negative number");
	*size_out = (uint64_t)size;
	return SLUSS_STORE_OK;
}

enum sluss_store_result sqlite_append(
    struct sluss_store *store, uint64_t first, const struct sluss_bytes *records, size_t count)
{
	struct sqlite_store *s = sqlite_of(store);
	if (first != s->size || first > (uint64_t)INT64_MAX - count)
		return sluss_store_fail(store, SLUSS_STORE_CORRUPT, "append does not continue the log");
	sqlite3_stmt *statement = sqlite_take(s, ST_APPEND);
	if (statement == NULL)
		return no_statement(s);
	for (size_t i = 0; i < count; i++) {
		int code = sqlite3_bind_int64(statement, 1, (int64_t)(first + i));
		if (code == SQLITE_OK)
			code = sqlite3_bind_blob64(statement, 2, records[i].data, records[i].len, SQLITE_STATIC);
		if (code != SQLITE_OK)
			return sqlite_failed(s, code, "bind");
		// A row with this number means that somebody else wrote: the primary key makes it CORRUPT.
		enum sluss_store_result result = sqlite_run(s, statement, "append");
		if (result != SLUSS_STORE_OK)
			return result;
		s->size++;
	}
	return SLUSS_STORE_OK;
}

// Reads up to READ_CHUNK records. `stop_out`: the callback has had enough.
static enum sluss_store_result read_chunk(
    struct sqlite_store *s, uint64_t first, uint64_t end, sluss_store_record_fn *each, void *context, bool *stop_out)
{
	sqlite3_stmt *statement = sqlite_take(s, ST_READ);
	if (statement == NULL)
		return no_statement(s);
	int code = sqlite3_bind_int64(statement, 1, (int64_t)first);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(statement, 2, (int64_t)end);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "bind");
	uint64_t next = first;
	while ((code = sqlite3_step(statement)) == SQLITE_ROW && (uint64_t)sqlite3_column_int64(statement, 0) == next) {
		struct sluss_bytes record = {
		    .data = sqlite3_column_blob(statement, 1), .len = (size_t)sqlite3_column_bytes(statement, 1)};
		if (record.data == NULL)
			break;
		if (!each(context, next, record)) {
			*stop_out = true;
			break;
		}
		next++;
	}
	(void)sqlite3_reset(statement);
	if (*stop_out)
		return SLUSS_STORE_OK;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return sqlite_failed(s, code, "read");
	if (next != end)
		return sluss_store_fail(
		    &s->base, SLUSS_STORE_CORRUPT, "record %llu is missing", (unsigned long long)next);
	return SLUSS_STORE_OK;
}

enum sluss_store_result sqlite_read(
    struct sluss_store *store, uint64_t first, uint64_t count, sluss_store_record_fn *each, void *context)
{
	uint64_t end = first + count;
	bool stop = false;
	enum sluss_store_result result = SLUSS_STORE_OK;
	while (first < end && !stop && result == SLUSS_STORE_OK) {
		uint64_t chunk = end - first < READ_CHUNK ? end - first : READ_CHUNK;
		result = read_chunk(sqlite_of(store), first, first + chunk, each, context, &stop);
		first += chunk;
	}
	return result;
}

// ---- tiles

static int64_t tile_id(uint8_t level, uint64_t index)
{
	return (int64_t)(((uint64_t)level << TILE_INDEX_BITS) | index);
}

enum sluss_store_result sqlite_get_tile(
    struct sluss_store *store, uint8_t level, uint64_t index, uint8_t *hashes_out, uint16_t *width_out)
{
	struct sqlite_store *s = sqlite_of(store);
	if (index >> TILE_INDEX_BITS != 0)
		return SLUSS_STORE_NOT_FOUND;
	sqlite3_stmt *statement = sqlite_take(s, ST_GET_TILE);
	if (statement == NULL)
		return no_statement(s);
	int code = sqlite3_bind_int64(statement, 1, tile_id(level, index));
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "bind");
	code = sqlite3_step(statement);
	enum sluss_store_result result = SLUSS_STORE_OK;
	if (code == SQLITE_DONE) {
		result = SLUSS_STORE_NOT_FOUND;
	} else if (code != SQLITE_ROW) {
		result = sqlite_failed(s, code, "tile");
	} else {
		const uint8_t *octets = sqlite3_column_blob(statement, 0);
		uint16_t width = 0;
		if (octets != NULL && sqlite3_column_bytes(statement, 0) == TILE_OCTETS)
			width = (uint16_t)(octets[0] << 8 | octets[1]);
		if (octets == NULL || width == 0 || width > SLUSS_STORE_TILE_WIDTH) {
			result = sluss_store_fail(store, SLUSS_STORE_CORRUPT, "tile of a wrong size");
		} else {
			*width_out = width;
			memcpy(hashes_out, octets + 2, (size_t)width * SLUSS_HASH_BYTES);
		}
	}
	(void)sqlite3_reset(statement);
	return result;
}

enum sluss_store_result sqlite_put_tile(struct sluss_store *store, const struct sluss_store_tile *tile)
{
	struct sqlite_store *s = sqlite_of(store);
	uint8_t octets[TILE_OCTETS];
	uint16_t known = 0;
	if (tile->index >> TILE_INDEX_BITS != 0)
		return sluss_store_fail(store, SLUSS_STORE_INVALID, "tile out of range");
	enum sluss_store_result result = sqlite_get_tile(store, tile->level, tile->index, octets, &known);
	if (result != SLUSS_STORE_OK && result != SLUSS_STORE_NOT_FOUND)
		return result;
	if (known > tile->width)
		return sluss_store_fail(store, SLUSS_STORE_CORRUPT, "a wider tile is there already");
	size_t len = (size_t)tile->width * SLUSS_HASH_BYTES;
	octets[0] = (uint8_t)(tile->width >> 8);
	octets[1] = (uint8_t)tile->width;
	memcpy(octets + 2, tile->hashes, len);
	memset(octets + 2 + len, 0, sizeof(octets) - 2 - len);
	sqlite3_stmt *statement = sqlite_take(s, ST_PUT_TILE);
	if (statement == NULL)
		return no_statement(s);
	int code = sqlite3_bind_int64(statement, 1, tile_id(tile->level, tile->index));
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob(statement, 2, octets, sizeof(octets), SQLITE_STATIC);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "bind");
	result = sqlite_run(s, statement, "tile");
	(void)sqlite3_clear_bindings(statement);
	return result;
}

// ---- checkpoint

enum sluss_store_result sqlite_put_checkpoint(struct sluss_store *store, struct sluss_bytes note)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *statement = sqlite_take(s, ST_PUT_CHECKPOINT);
	if (statement == NULL)
		return no_statement(s);
	int code = sqlite3_bind_blob64(statement, 1, note.data, note.len, SQLITE_STATIC);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "bind");
	enum sluss_store_result result = sqlite_run(s, statement, "checkpoint");
	(void)sqlite3_clear_bindings(statement);
	return result;
}

enum sluss_store_result sqlite_get_checkpoint(struct sluss_store *store, struct sluss_store_blob *note_out)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3_stmt *statement = sqlite_take(s, ST_GET_CHECKPOINT);
	if (statement == NULL)
		return no_statement(s);
	int code = sqlite3_step(statement);
	enum sluss_store_result result = SLUSS_STORE_NOT_FOUND;
	if (code == SQLITE_ROW)
		result = sluss_store_blob_set(
		    note_out, sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0));
	else if (code != SQLITE_DONE)
		result = sqlite_failed(s, code, "checkpoint");
	(void)sqlite3_reset(statement);
	return result;
}
