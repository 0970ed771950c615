// SPDX-License-Identifier: EUPL-1.2
// The agent's database: opening, transactions, errors.
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store_impl.h"

// The queries name their index: SQLite would rather take the one over all states and sort what it finds, which grows
// with what waits. Kinds and states are those of store.h and store_impl.h; renumbering them breaks what lies on disks.
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS message("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, state INTEGER NOT NULL, blockers INTEGER NOT "
    "NULL,"
    " attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL DEFAULT 0, queued_ms INTEGER NOT NULL,"
    " changed_ms INTEGER NOT NULL, case_id BLOB NOT NULL, digest BLOB NOT NULL, source TEXT, reported INTEGER NOT NULL,"
    " accepted_index INTEGER NOT NULL DEFAULT 0, why TEXT, recipients TEXT, receipt BLOB, versions BLOB);"
    "CREATE INDEX IF NOT EXISTS message_due ON message(due_ms) WHERE state IN (1, 2) AND blockers = 0;"
    "CREATE INDEX IF NOT EXISTS message_watched ON message(due_ms) WHERE state = 3;"
    "CREATE INDEX IF NOT EXISTS message_state ON message(state, changed_ms);"
    "CREATE INDEX IF NOT EXISTS message_unreported ON message(seq) WHERE reported = 0 AND state >= 3;"
    "CREATE INDEX IF NOT EXISTS message_source ON message(source) WHERE source IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS lane(case_id BLOB NOT NULL, recipient TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(case_id, recipient, seq)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS lane_seq ON lane(seq);"
    "CREATE TABLE IF NOT EXISTS delivery("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, state INTEGER NOT NULL, told INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL DEFAULT 0, fetched_ms INTEGER NOT NULL,"
    " changed_ms INTEGER NOT NULL, case_id BLOB NOT NULL, envelope_hash BLOB NOT NULL, officer TEXT NOT NULL,"
    " mismatched TEXT NOT NULL, why TEXT, told_index INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX IF NOT EXISTS delivery_untold ON delivery(due_ms) WHERE told = 0;"
    "CREATE INDEX IF NOT EXISTS delivery_open ON delivery(seq) WHERE state IN (2, 3);"
    "CREATE INDEX IF NOT EXISTS delivery_in_folder ON delivery(seq) WHERE state IN (3, 8);"
    "CREATE INDEX IF NOT EXISTS delivery_state ON delivery(state, changed_ms);"
    "CREATE TABLE IF NOT EXISTS octets(kind INTEGER NOT NULL, owner INTEGER NOT NULL, len INTEGER NOT NULL, file TEXT,"
    " data BLOB, PRIMARY KEY(kind, owner));"
    "CREATE INDEX IF NOT EXISTS octets_file ON octets(file) WHERE file IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS unneeded(file TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS attachment(kind INTEGER NOT NULL, owner INTEGER NOT NULL, place INTEGER NOT NULL,"
    " file TEXT NOT NULL, len INTEGER NOT NULL, state BLOB, PRIMARY KEY(kind, owner, place));"
    "CREATE INDEX IF NOT EXISTS attachment_file ON attachment(file);"
    "CREATE TABLE IF NOT EXISTS upload(sha256 BLOB PRIMARY KEY, file TEXT NOT NULL, len INTEGER NOT NULL,"
    " uses INTEGER NOT NULL, at_ms INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS upload_file ON upload(file);"
    "CREATE TABLE IF NOT EXISTS incoming(id BLOB NOT NULL, header_hash BLOB NOT NULL, file TEXT NOT NULL,"
    " done INTEGER NOT NULL, changed_ms INTEGER NOT NULL, PRIMARY KEY(id, header_hash));"
    "CREATE INDEX IF NOT EXISTS incoming_file ON incoming(file);"
    "CREATE TABLE IF NOT EXISTS notice(log_index INTEGER PRIMARY KEY, json TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS recall(id BLOB PRIMARY KEY, json TEXT NOT NULL, answered INTEGER NOT NULL,"
    " erased INTEGER NOT NULL) WITHOUT ROWID;";

// What was due when nobody ran is due now; the clock of due times began anew.
static const char restart[] = "UPDATE message SET due_ms = 0 WHERE state IN (1, 2, 3) AND due_ms <> 0;"
			      "UPDATE delivery SET due_ms = 0 WHERE told = 0 AND due_ms <> 0;";

const char *agentd_result_name(enum agentd_result result)
{
	switch (result) {
	case AGENTD_OK:
		return "ok";
	case AGENTD_NOT_FOUND:
		return "not found";
	case AGENTD_CONFLICT:
		return "conflict";
	case AGENTD_FULL:
		return "full";
	case AGENTD_BROKEN:
		return "broken";
	}
	return "unknown";
}

// ---- statements

enum agentd_result store_fail(struct agentd_store *s)
{
	int code = sqlite3_extended_errcode(s->db);
	// A write that failed (no room, a quota, a limit of the process) left nothing behind: what it belonged to is
	// rolled back. A failed sync is another matter: what it lost cannot be told.
	bool no_room = (code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_WRITE;
	return no_room ? AGENTD_FULL : AGENTD_BROKEN;
}

sqlite3_stmt *store_query(struct agentd_store *s, const char *sql)
{
	for (size_t i = 0; i < s->cached; i++) {
		if (s->cache[i].sql == sql) {
			(void)sqlite3_reset(s->cache[i].stmt);
			(void)sqlite3_clear_bindings(s->cache[i].stmt);
			return s->cache[i].stmt;
		}
	}
	sqlite3_stmt *stmt = NULL;
	if (s->cached == STORE_STATEMENTS ||
	    sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
		return NULL;
	s->cache[s->cached].sql = sql;
	s->cache[s->cached++].stmt = stmt;
	return stmt;
}

enum agentd_result store_row(struct agentd_store *s, sqlite3_stmt *q)
{
	int code = sqlite3_step(q);
	if (code == SQLITE_ROW)
		return AGENTD_OK;
	enum agentd_result result = code == SQLITE_DONE ? AGENTD_NOT_FOUND : store_fail(s);
	(void)sqlite3_reset(q);
	return result;
}

enum agentd_result store_run(struct agentd_store *s, sqlite3_stmt *q)
{
	enum agentd_result result = store_row(s, q);
	(void)sqlite3_reset(q);
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

enum agentd_result store_begin(struct agentd_store *s)
{
	sqlite3_stmt *q = store_query(s, "BEGIN IMMEDIATE");
	return q == NULL ? store_fail(s) : store_run(s, q);
}

enum agentd_result store_end(struct agentd_store *s, enum agentd_result result)
{
	sqlite3_stmt *q = result == AGENTD_OK ? store_query(s, "COMMIT") : NULL;
	if (result == AGENTD_OK)
		result = q == NULL ? store_fail(s) : store_run(s, q);
	if (result != AGENTD_OK) {
		(void)sqlite3_exec(
		    s->db, "ROLLBACK", NULL, NULL, NULL); // an error here only says that it was rolled back
		return result;
	}
	store_octets_remove(s);
	return AGENTD_OK;
}

// ---- values

int64_t store_wall_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct sluss_id store_id(sqlite3_stmt *q, int column)
{
	struct sluss_id id = {{0}};
	if (sqlite3_column_bytes(q, column) == (int)sizeof(id.b))
		memcpy(id.b, sqlite3_column_blob(q, column), sizeof(id.b));
	return id;
}

char *store_text(sqlite3_stmt *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q, column);
	return text == NULL ? NULL : strdup(text);
}

int store_bind_id(sqlite3_stmt *q, int at, const struct sluss_id *id)
{
	return sqlite3_bind_blob(q, at, id->b, sizeof(id->b), SQLITE_STATIC);
}

int store_bind_text(sqlite3_stmt *q, int at, const char *text)
{
	return text == NULL ? sqlite3_bind_null(q, at) : sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

bool store_is_claimed(const struct agentd_store *s, int64_t seq)
{
	for (size_t i = 0; i < STORE_CLAIMS; i++) {
		if (s->claimed[i] == seq)
			return true;
	}
	return false;
}

// ---- opening

static bool take_lock(struct agentd_store *s, char why_out[256])
{
	char path[sizeof(s->folder) + 16];
	(void)snprintf(path, sizeof(path), "%s/lock", s->folder);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd >= 0 && flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	(void)snprintf(why_out, 256, "%.200s: %s", path,
	    errno == EWOULDBLOCK ? "another agent uses this state_dir" : strerror(errno));
	return false;
}

static bool check_identity(struct agentd_store *s, const char *identity, char why_out[256])
{
	sqlite3_stmt *q = store_query(s, "INSERT OR IGNORE INTO meta(key, value) VALUES('identity', ?)");
	if (q == NULL || store_bind_text(q, 1, identity) != SQLITE_OK || store_run(s, q) != AGENTD_OK)
		return false;
	q = store_query(s, "SELECT value FROM meta WHERE key = 'identity'");
	if (q == NULL || store_row(s, q) != AGENTD_OK)
		return false;
	const char *found = (const char *)sqlite3_column_text(q, 0);
	bool same = found != NULL && strcmp(found, identity) == 0;
	if (!same)
		(void)snprintf(why_out, 256, "%.100s: the queue of %.100s", s->folder, found == NULL ? "?" : found);
	(void)sqlite3_reset(q);
	return same;
}

static uint64_t count(struct agentd_store *s, const char *sql)
{
	sqlite3_stmt *q = store_query(s, sql);
	uint64_t value = q != NULL && store_row(s, q) == AGENTD_OK ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
	if (q != NULL)
		(void)sqlite3_reset(q);
	return value;
}

static bool set_up(struct agentd_store *s)
{
	char pragma[96];
	(void)snprintf(pragma, sizeof(pragma), "PRAGMA max_page_count = %llu",
	    s->limits.store_max_mib == 0 ? 1073741823ULL : (unsigned long long)s->limits.store_max_mib * 256);
	static const char first[] = "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				    "PRAGMA secure_delete = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;"
				    "PRAGMA journal_size_limit = 4194304;";
	if (sqlite3_exec(s->db, first, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, pragma, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, schema, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, restart, NULL, NULL, NULL) != SQLITE_OK || store_octets_sweep(s) != AGENTD_OK)
		return false;
	s->waiting_out = count(s, "SELECT count(*) FROM message WHERE state IN (1, 2)");
	s->waiting_in = count(s, "SELECT count(*) FROM delivery WHERE state IN (1, 2, 3)");
	return true;
}

static bool open_files(struct agentd_store *s, const char *identity, char why_out[256])
{
	char path[sizeof(s->folder) + 16];
	(void)snprintf(path, sizeof(path), "%s/spool", s->folder);
	if (!take_lock(s, why_out))
		return false;
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		(void)snprintf(why_out, 256, "%.200s: %s", path, strerror(errno));
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s/queue.db", s->folder);
	mode_t before = umask(077);
	int code = sqlite3_open_v2(path, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	bool ok = code == SQLITE_OK && set_up(s);
	(void)umask(before);
	if (!ok) {
		(void)snprintf(
		    why_out, 256, "%.150s: %.100s", path, s->db == NULL ? "no memory" : sqlite3_errmsg(s->db));
		return false;
	}
	return check_identity(s, identity, why_out);
}

struct agentd_store *agentd_store_open(
    const char *folder, const char *identity, const struct agentd_store_limits *limits, char why_out[256])
{
	struct agentd_store *s = calloc(1, sizeof(*s));
	(void)snprintf(why_out, 256, "no memory, or the folder's name is too long");
	if (s == NULL || strlen(folder) >= sizeof(s->folder) || pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		return NULL;
	}
	memcpy(s->folder, folder, strlen(folder) + 1);
	s->limits = *limits;
	s->lock_fd = -1;
	if (!open_files(s, identity, why_out))
		agentd_store_close(&s);
	return s;
}

void agentd_store_close(struct agentd_store **store)
{
	struct agentd_store *s = store == NULL ? NULL : *store;
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->cached; i++)
		(void)sqlite3_finalize(s->cache[i].stmt);
	(void)sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	*store = NULL;
}
