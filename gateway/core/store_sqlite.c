// SPDX-License-Identifier: EUPL-1.2
// The SQLite store: opening, settings that make it durable, transactions. WAL with synchronous=FULL: a commit is one
// fsync of the write-ahead log.
//
// Pages of 8 KiB and checkpoints on a thread of their own keep the cost of an append the same at any size;
// secure_delete makes SQLite write zeros over what is erased. All of it is read back at open: a setting that did not
// hold means CORRUPT, not a slower or less safe store.
#include "store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	APPLICATION_ID = 0x534c5553, // "SLUS"
	SCHEMA_VERSION = 1,
	PAGE_BYTES = 8192,
	CACHE_KIB = 32768,
	BUSY_MS = 5000, // readers of other processes may hold the write-ahead log's index for a moment
};

static const char schema[] =
    // The log's entries, in order. Never updated, never deleted.
    "CREATE TABLE record (n INTEGER PRIMARY KEY, entry BLOB NOT NULL);"
    // id = level << 56 | index; hashes = width as 16 bits, then 256 places of 32 octets: always the same length, so
    // that widening a tile overwrites it where it lies.
    "CREATE TABLE tile (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL);"
    "CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), note BLOB NOT NULL);"
    // Values are encrypted; slot says where the key is: slab * 256 + place.
    "CREATE TABLE payload (place INTEGER PRIMARY KEY, id BLOB NOT NULL, part INTEGER NOT NULL, slot INTEGER NOT NULL,"
    " data BLOB NOT NULL);"
    "CREATE UNIQUE INDEX payload_id ON payload (id, part);"
    "CREATE TABLE delivery (agency TEXT NOT NULL, sequence INTEGER NOT NULL, message BLOB NOT NULL,"
    " case_id BLOB NOT NULL, state BLOB NOT NULL, PRIMARY KEY (agency, sequence)) WITHOUT ROWID;"
    // slot 0: a plain value.
    "CREATE TABLE side (kind INTEGER NOT NULL, key BLOB NOT NULL, slot INTEGER NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY (kind, key)) WITHOUT ROWID;"
    // 256 keys of 32 octets; zero where none is. Rows are appended and overwritten, never deleted.
    "CREATE TABLE shred (slab INTEGER PRIMARY KEY, keys BLOB NOT NULL);";

static const char *const sql[ST_COUNT] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_SIZE] = "SELECT coalesce(max(n) + 1, 0) FROM record",
    [ST_APPEND] = "INSERT INTO record (n, entry) VALUES (?1, ?2)",
    [ST_READ] = "SELECT n, entry FROM record WHERE n >= ?1 AND n < ?2 ORDER BY n",
    [ST_PUT_TILE] = "INSERT INTO tile (id, hashes) VALUES (?1, ?2)"
		    " ON CONFLICT (id) DO UPDATE SET hashes = excluded.hashes",
    [ST_GET_TILE] = "SELECT hashes FROM tile WHERE id = ?1",
    [ST_PUT_CHECKPOINT] = "INSERT INTO checkpoint (id, note) VALUES (1, ?1)"
			  " ON CONFLICT (id) DO UPDATE SET note = excluded.note",
    [ST_GET_CHECKPOINT] = "SELECT note FROM checkpoint WHERE id = 1",
    [ST_PUT_PAYLOAD] = "INSERT INTO payload (id, part, slot, data) VALUES (?1, ?2, ?3, ?4)",
    [ST_GET_PAYLOAD] = "SELECT data, substr(keys, (slot & 255) * 32 + 1, 32) FROM payload"
		       " JOIN shred ON slab = slot >> 8 WHERE id = ?1 AND part = ?2",
    [ST_DELETE_PAYLOAD] = "DELETE FROM payload WHERE id = ?1 AND part = ?2 RETURNING slot",
    [ST_DELETE_PAYLOADS] = "DELETE FROM payload WHERE id = ?1 RETURNING slot",
    [ST_PUT_DELIVERY] = "INSERT INTO delivery (agency, sequence, message, case_id, state)"
			" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (agency, sequence) DO UPDATE SET"
			" message = excluded.message, case_id = excluded.case_id, state = excluded.state",
    [ST_DELETE_DELIVERY] = "DELETE FROM delivery WHERE agency = ?1 AND sequence = ?2",
    [ST_EACH_DELIVERY] = "SELECT agency, sequence, message, case_id, state FROM delivery"
			 " WHERE agency = ?1 AND sequence >= ?2 ORDER BY sequence",
    [ST_EVERY_DELIVERY] = "SELECT agency, sequence, message, case_id, state FROM delivery"
			  " ORDER BY agency, sequence",
    [ST_PUT_SIDE] = "INSERT INTO side (kind, key, slot, value) VALUES (?1, ?2, ?3, ?4)",
    [ST_GET_SIDE] = "SELECT value, substr(keys, (slot & 255) * 32 + 1, 32), slot FROM side"
		    " LEFT JOIN shred ON slab = slot >> 8 WHERE kind = ?1 AND key = ?2",
    [ST_DELETE_SIDE] = "DELETE FROM side WHERE kind = ?1 AND key = ?2 RETURNING slot",
    [ST_EACH_SIDE] = "SELECT value, substr(keys, (slot & 255) * 32 + 1, 32), slot, key FROM side"
		     " LEFT JOIN shred ON slab = slot >> 8 WHERE kind = ?1 AND key >= ?2 ORDER BY key",
    [ST_ADD_SLAB] = "INSERT INTO shred (slab, keys) VALUES (?1, zeroblob(8192))",
    [ST_PUT_SLAB] = "UPDATE shred SET keys = ?2 WHERE slab = ?1",
    [ST_GET_SLAB] = "SELECT keys FROM shred WHERE slab = ?1",
    [ST_ALL_SLABS] = "SELECT slab, keys FROM shred ORDER BY slab",
};

// ---- errors and statements

enum sluss_store_result sqlite_failed(struct sqlite_store *s, int code, const char *doing)
{
	enum sluss_store_result result;
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		result = SLUSS_STORE_AGAIN;
		break;
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_TOOBIG:
		result = SLUSS_STORE_FULL;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_SCHEMA:
		result = SLUSS_STORE_CORRUPT;
		break;
	default: // an I/O error above all: nobody knows what reached the disk
		result = SLUSS_STORE_UNCERTAIN;
		break;
	}
	return sluss_store_fail(&s->base, result, "%s: %s (%d)", doing, sqlite3_errstr(code), code);
}

sqlite3_stmt *sqlite_take(struct sqlite_store *s, enum sqlite_statement which)
{
	if (s->statements[which] == NULL && sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
						&s->statements[which], NULL) != SQLITE_OK)
		return NULL;
	return s->statements[which];
}

enum sluss_store_result sqlite_run(struct sqlite_store *s, sqlite3_stmt *statement, const char *doing)
{
	int code = sqlite3_step(statement);
	(void)sqlite3_reset(statement); // repeats the code of step
	return code == SQLITE_DONE ? SLUSS_STORE_OK : sqlite_failed(s, code, doing);
}

static enum sluss_store_result run_plain(struct sqlite_store *s, enum sqlite_statement which)
{
	sqlite3_stmt *statement = sqlite_take(s, which);
	if (statement == NULL)
		return sqlite_failed(s, sqlite3_extended_errcode(s->db), sql[which]);
	return sqlite_run(s, statement, sql[which]);
}

// ---- transactions

static enum sluss_store_result sqlite_begin(struct sluss_store *store)
{
	struct sqlite_store *s = sqlite_of(store);
	if (!sqlite_care_enter(s->care))
		return sluss_store_fail(
		    store, SLUSS_STORE_UNCERTAIN, "an earlier checkpoint of the write-ahead log failed");
	enum sluss_store_result result = run_plain(s, ST_BEGIN);
	if (result != SLUSS_STORE_OK)
		sqlite_care_leave(s->care, false);
	s->size_at_begin = s->size;
	s->erased = false;
	sqlite_shred_begin(s);
	return result;
}

static void sqlite_rollback(struct sluss_store *store)
{
	struct sqlite_store *s = sqlite_of(store);
	// Some failures make SQLite roll back by itself. Where ROLLBACK fails, closing the connection does it.
	if (sqlite3_get_autocommit(s->db) == 0 && run_plain(s, ST_ROLLBACK) != SLUSS_STORE_OK)
		store->latched = SLUSS_STORE_UNCERTAIN;
	s->size = s->size_at_begin;
	sqlite_shred_rollback(s);
	sqlite_care_leave(s->care, false);
}

static enum sluss_store_result sqlite_commit(struct sluss_store *store)
{
	struct sqlite_store *s = sqlite_of(store);
	enum sluss_store_result result = sqlite_shred_flush(s);
	if (result == SLUSS_STORE_OK)
		result = run_plain(s, ST_COMMIT);
	if (result == SLUSS_STORE_OK) {
		sqlite_care_leave(s->care, s->erased);
		return SLUSS_STORE_OK;
	}
	struct sluss_store_error reason = store->error;
	sqlite_rollback(store);
	store->error = reason;
	return result;
}

static enum sluss_store_result sqlite_scrub(struct sluss_store *store)
{
	enum sluss_store_result result = sqlite_care_scrub(sqlite_of(store)->care);
	if (result != SLUSS_STORE_OK)
		(void)sluss_store_fail(store, result, "write-ahead log could not be emptied");
	return result;
}

// ---- open and close

int sqlite_connect(const char *path, int flags, sqlite3 **db_out)
{
	int code = sqlite3_open_v2(
	    path, db_out, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(*db_out, BUSY_MS);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(*db_out, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(*db_out,
		    "PRAGMA secure_delete = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
		    "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;",
		    NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_wal_autocheckpoint(*db_out, 0);
	return code;
}

static void sqlite_close(struct sluss_store *store)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite_care_stop(&s->care);
	sqlite_shred_close(s);
	for (size_t i = 0; i < ST_COUNT; i++)
		(void)sqlite3_finalize(s->statements[i]);
	(void)sqlite3_close(s->db); // the last one to close empties the write-ahead log
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	free(s);
}

static const struct sluss_store_ops sqlite_ops = {
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .size = sqlite_size,
    .append = sqlite_append,
    .read = sqlite_read,
    .put_tile = sqlite_put_tile,
    .get_tile = sqlite_get_tile,
    .put_checkpoint = sqlite_put_checkpoint,
    .get_checkpoint = sqlite_get_checkpoint,
    .put_payload = sqlite_put_payload,
    .get_payload = sqlite_get_payload,
    .erase_payload = sqlite_erase_payload,
    .erase_payloads = sqlite_erase_payloads,
    .put_delivery = sqlite_put_delivery,
    .delete_delivery = sqlite_delete_delivery,
    .each_delivery = sqlite_each_delivery,
    .put_side = sqlite_put_side,
    .get_side = sqlite_get_side,
    .erase_side = sqlite_erase_side,
    .each_side = sqlite_each_side,
    .copy = sqlite_copy,
    .scrub = sqlite_scrub,
};

// The value of a pragma or a count, as a number; -1 when it has none.
static int64_t ask(sqlite3 *db, const char *question)
{
	sqlite3_stmt *statement = NULL;
	int64_t answer = -1;
	if (sqlite3_prepare_v2(db, question, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		answer = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return answer;
}

static bool is_wal(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	bool wal = false;
	if (sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW) {
		const unsigned char *mode = sqlite3_column_text(statement, 0);
		wal = mode != NULL && strcmp((const char *)mode, "wal") == 0;
	}
	(void)sqlite3_finalize(statement);
	return wal;
}

// One writer a store: a lock that dies with its holder, so that nothing has to be cleaned up after a crash.
static enum sluss_store_result lock_writer(struct sqlite_store *s, const char *path)
{
	char name[PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s.lock", path);
	if (len < 0 || (size_t)len >= sizeof(name))
		return sluss_store_fail(&s->base, SLUSS_STORE_INVALID, "path too long");
	s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return sluss_store_fail(&s->base, SLUSS_STORE_UNCERTAIN, "lock file: errno %d", errno);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return sluss_store_fail(&s->base, SLUSS_STORE_AGAIN, "another gateway has this store open");
	return SLUSS_STORE_OK;
}

// Makes the names of new files durable: the folder is part of the promise.
static bool sync_folder(const char *path)
{
	char name[PATH_MAX];
	size_t len = strnlen(path, sizeof(name));
	if (len >= sizeof(name))
		return false;
	memcpy(name, path, len + 1);
	char *slash = strrchr(name, '/');
	if (slash == NULL)
		memcpy(name, ".", 2);
	else if (slash == name)
		name[1] = '\0';
	else
		*slash = '\0';
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool done = fsync(fd) == 0;
	return close(fd) == 0 && done;
}

// Makes an empty file a store of ours.
static enum sluss_store_result create(struct sqlite_store *s, const char *path)
{
	char setup[160];
	(void)snprintf(setup, sizeof(setup), "PRAGMA page_size = %d; PRAGMA journal_mode = WAL;", PAGE_BYTES);
	int code = sqlite3_exec(s->db, setup, NULL, NULL, NULL);
	(void)snprintf(setup, sizeof(setup), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	    APPLICATION_ID, SCHEMA_VERSION);
	if (code == SQLITE_OK)
		code = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(s->db, schema, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(s->db, setup, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "create");
	if (!sync_folder(path))
		return sluss_store_fail(&s->base, SLUSS_STORE_UNCERTAIN, "folder could not be synced");
	return SLUSS_STORE_OK;
}

// Looks at what the file says it is, and creates it where it is empty.
static enum sluss_store_result recognise(struct sqlite_store *s, const char *path)
{
	int64_t id = ask(s->db, "PRAGMA application_id");
	int64_t version = ask(s->db, "PRAGMA user_version");
	int64_t tables = ask(s->db, "SELECT count(*) FROM sqlite_schema");
	if (id < 0 || version < 0 || tables < 0)
		return sqlite_failed(s, sqlite3_extended_errcode(s->db), "not readable as a database");
	if (id == 0 && version == 0 && tables == 0) {
		if (s->base.mode == SLUSS_STORE_READER)
			return sluss_store_fail(&s->base, SLUSS_STORE_NOT_FOUND, "empty file");
		enum sluss_store_result result = create(s, path);
		if (result != SLUSS_STORE_OK)
			return result;
	} else if (id != APPLICATION_ID) {
		return sluss_store_fail(&s->base, SLUSS_STORE_CORRUPT, "the file is a database, but not a Sluss store");
	} else if (version != SCHEMA_VERSION) {
		return sluss_store_fail(&s->base, SLUSS_STORE_CORRUPT, "store of version %lld; this program knows %d",
		    (long long)version, SCHEMA_VERSION);
	}
	if (!is_wal(s->db) || ask(s->db, "PRAGMA synchronous") != 2 || ask(s->db, "PRAGMA secure_delete") != 1 ||
	    ask(s->db, "PRAGMA page_size") != PAGE_BYTES)
		return sluss_store_fail(
		    &s->base, SLUSS_STORE_CORRUPT, "a setting for durability or erasure does not hold");
	return SLUSS_STORE_OK;
}

static enum sluss_store_result open_handle(struct sqlite_store *s, const char *path)
{
	bool writer = s->base.mode == SLUSS_STORE_WRITER;
	if (writer) {
		enum sluss_store_result locked = lock_writer(s, path);
		if (locked != SLUSS_STORE_OK)
			return locked;
	} else if (access(path, F_OK) != 0) {
		return sluss_store_fail(&s->base, SLUSS_STORE_NOT_FOUND, "no such file");
	}
	// The lock file is there, so the folder is; the write-ahead log takes over the rights of the file.
	int fd = writer ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	if (fd >= 0)
		(void)close(fd);
	int code = sqlite_connect(path, SQLITE_OPEN_READWRITE, &s->db);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "open");
	enum sluss_store_result result = recognise(s, path);
	if (result != SLUSS_STORE_OK)
		return result;
	char cache[48];
	(void)snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%d", writer ? CACHE_KIB : CACHE_KIB / 4);
	code = sqlite3_exec(s->db, writer ? cache : "PRAGMA query_only = ON", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "settings");
	if (!writer)
		return SLUSS_STORE_OK;
	result = sqlite_size(&s->base, &s->size);
	if (result == SLUSS_STORE_OK)
		result = sqlite_shred_open(s);
	if (result != SLUSS_STORE_OK)
		return result;
	return sqlite_care_start(path, s->db, &s->base.error, &s->care);
}

enum sluss_store_result sluss_store_sqlite_open(
    const char *path, enum sluss_store_mode mode, struct sluss_store_error *error_out, struct sluss_store **store_out)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return SLUSS_STORE_FULL;
	s->base.ops = &sqlite_ops;
	s->base.mode = mode;
	s->lock_fd = -1;
	enum sluss_store_result result = open_handle(s, path);
	if (result != SLUSS_STORE_OK) {
		*error_out = s->base.error;
		sqlite_close(&s->base);
		return result;
	}
	*store_out = &s->base;
	return SLUSS_STORE_OK;
}
