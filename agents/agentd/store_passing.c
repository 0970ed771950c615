// SPDX-License-Identifier: EUPL-1.2
// Files while they pass: how far those of a message to be sent have come, and those of one that is fetched.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sluss/key.h"
#include "store_files.h"
#include "store_impl.h"

// ---- with a message to be sent

void agentd_sending_clear(struct agentd_sending *sending)
{
	if (sending->state != NULL)
		sluss_wipe(sending->state, sending->state_len);
	free(sending->state);
	*sending = (struct agentd_sending){.state = NULL};
}

static enum agentd_result read_sending(sqlite3_stmt *q, struct agentd_sending *out)
{
	const char *name = (const char *)sqlite3_column_text(q, 0);
	size_t len = (size_t)sqlite3_column_bytes(q, 2);
	const void *state = sqlite3_column_blob(q, 2);
	(void)snprintf(out->file.name, sizeof(out->file.name), "%s", name == NULL ? "" : name);
	out->file.octets = (uint64_t)sqlite3_column_int64(q, 1);
	if (state == NULL || len == 0)
		return AGENTD_OK;
	out->state = malloc(len);
	if (out->state == NULL)
		return AGENTD_FULL;
	memcpy(out->state, state, len);
	out->state_len = len;
	return AGENTD_OK;
}

static int bind_place(sqlite3_stmt *q, int at, int64_t seq, uint32_t place)
{
	int code = sqlite3_bind_int64(q, at, seq);
	return code == SQLITE_OK ? sqlite3_bind_int64(q, at + 1, place) : code;
}

enum agentd_result agentd_store_sending(
    struct agentd_store *s, int64_t seq, uint32_t place, struct agentd_sending *sending_out)
{
	*sending_out = (struct agentd_sending){.state = NULL};
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q =
	    store_query(s, "SELECT file, len, state FROM attachment WHERE kind = 1 AND owner = ? AND place = ?");
	enum agentd_result result =
	    q == NULL || bind_place(q, 1, seq, place) != SQLITE_OK ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_OK) {
		result = read_sending(q, sending_out);
		(void)sqlite3_reset(q);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_sending_state(
    struct agentd_store *s, int64_t seq, uint32_t place, struct sluss_bytes state)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "UPDATE attachment SET state = ? WHERE kind = 1 AND owner = ? AND place = ?");
	enum agentd_result result;
	if (q == NULL || bind_place(q, 2, seq, place) != SQLITE_OK ||
	    (state.len == 0 ? sqlite3_bind_null(q, 1)
			    : sqlite3_bind_blob64(q, 1, state.data, state.len, SQLITE_STATIC)) != SQLITE_OK)
		result = store_fail(s);
	else
		result = store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// ---- sealed, with the description kept beside it

enum agentd_result store_description_keep(struct agentd_store *s, int64_t seq)
{
	sqlite3_stmt *q = store_query(s, "UPDATE octets SET kind = 3 WHERE kind = 1 AND owner = ?1 AND"
					 " (SELECT state FROM message WHERE seq = ?1) = 1 AND EXISTS"
					 " (SELECT 1 FROM attachment WHERE kind = 1 AND owner = ?1)");
	return q == NULL || sqlite3_bind_int64(q, 1, seq) != SQLITE_OK ? store_fail(s) : store_run(s, q);
}

static enum agentd_result unseal(struct agentd_store *s, int64_t seq, int64_t due_ms)
{
	enum agentd_result result = store_octets_drop(s, STORE_OUT, seq);
	sqlite3_stmt *q =
	    result == AGENTD_OK ? store_query(s, "UPDATE octets SET kind = 1 WHERE kind = 3 AND owner = ?") : NULL;
	if (result != AGENTD_OK)
		return result;
	if (q == NULL || sqlite3_bind_int64(q, 1, seq) != SQLITE_OK)
		return store_fail(s);
	result = store_run(s, q);
	if (result == AGENTD_OK && sqlite3_changes(s->db) == 0)
		return AGENTD_NOT_FOUND;
	q = store_query(s, "UPDATE message SET state = 1, attempts = attempts + 1, due_ms = ? WHERE seq = ?");
	if (result != AGENTD_OK || q == NULL || sqlite3_bind_int64(q, 1, due_ms) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 2, seq) != SQLITE_OK)
		return result != AGENTD_OK ? result : store_fail(s);
	return store_run(s, q);
}

enum agentd_result agentd_store_unsealed(struct agentd_store *s, int64_t seq, int64_t due_ms)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK)
		result = store_end(s, unseal(s, seq, due_ms));
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// ---- fetched with a message that is not stored yet

static int bind_incoming(
    sqlite3_stmt *q, int at, const struct sluss_id *message, const uint8_t header_hash[SLUSS_HASH_BYTES])
{
	int code = store_bind_id(q, at, message);
	return code == SQLITE_OK ? sqlite3_bind_blob(q, at + 1, header_hash, SLUSS_HASH_BYTES, SQLITE_STATIC) : code;
}

static enum agentd_result find_incoming(struct agentd_store *s, const struct sluss_id *message,
    const uint8_t header_hash[SLUSS_HASH_BYTES], char name_out[AGENTD_SPOOL_NAME], uint64_t *done_out)
{
	sqlite3_stmt *q = store_query(s, "SELECT file, done FROM incoming WHERE id = ? AND header_hash = ?");
	enum agentd_result result =
	    q == NULL || bind_incoming(q, 1, message, header_hash) != SQLITE_OK ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_OK) {
		(void)snprintf(name_out, AGENTD_SPOOL_NAME, "%s", (const char *)sqlite3_column_text(q, 0));
		*done_out = (uint64_t)sqlite3_column_int64(q, 1);
		(void)sqlite3_reset(q);
	}
	return result;
}

// The file is there before the row that names it.
static enum agentd_result begin_incoming(struct agentd_store *s, const struct sluss_id *message,
    const uint8_t header_hash[SLUSS_HASH_BYTES], char name_out[AGENTD_SPOOL_NAME])
{
	char path[STORE_PATH_OCTETS];
	store_spool_name(s, name_out);
	errno = ENAMETOOLONG;
	int fd = agentd_store_spool_path(s, name_out, path, sizeof(path))
		     ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
		     : -1;
	if (fd < 0)
		return store_file_error();
	(void)close(fd);
	if (!store_spool_sync(s))
		return AGENTD_BROKEN;
	sqlite3_stmt *q =
	    store_query(s, "INSERT INTO incoming(id, header_hash, file, done, changed_ms) VALUES(?, ?, ?, 0, ?)");
	if (q == NULL || bind_incoming(q, 1, message, header_hash) != SQLITE_OK ||
	    store_bind_text(q, 3, name_out) != SQLITE_OK || sqlite3_bind_int64(q, 4, store_wall_ms()) != SQLITE_OK)
		return store_fail(s);
	return store_run(s, q);
}

enum agentd_result agentd_store_incoming(struct agentd_store *s, const struct sluss_id *message,
    const uint8_t header_hash[SLUSS_HASH_BYTES], char name_out[AGENTD_SPOOL_NAME], uint64_t *done_out)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = find_incoming(s, message, header_hash, name_out, done_out);
	if (result == AGENTD_NOT_FOUND) {
		*done_out = 0;
		result = begin_incoming(s, message, header_hash, name_out);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_incoming_done(
    struct agentd_store *s, const struct sluss_id *message, const uint8_t header_hash[SLUSS_HASH_BYTES], uint64_t done)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q =
	    store_query(s, "UPDATE incoming SET done = ?3, changed_ms = ?4 WHERE id = ?1 AND header_hash = ?2");
	enum agentd_result result;
	if (q == NULL || bind_incoming(q, 1, message, header_hash) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, (int64_t)done) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 4, store_wall_ms()) != SQLITE_OK)
		result = store_fail(s);
	else
		result = store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// Removes the first row that `select` finds (file, id, header_hash) and its file. NOT_FOUND: it finds none.
static enum agentd_result drop_one(struct agentd_store *s, sqlite3_stmt *select)
{
	enum agentd_result result = store_row(s, select);
	if (result != AGENTD_OK)
		return result;
	char *name = store_text(select, 0);
	(void)sqlite3_reset(select);
	sqlite3_stmt *q = store_query(s, "DELETE FROM incoming WHERE file = ?");
	result =
	    name == NULL || q == NULL || store_bind_text(q, 1, name) != SQLITE_OK ? store_fail(s) : store_run(s, q);
	if (result == AGENTD_OK)
		result = store_file_unneeded(s, name);
	free(name);
	return result;
}

enum agentd_result store_incoming_drop(struct agentd_store *s, const struct sluss_id *message)
{
	enum agentd_result result = AGENTD_OK;
	while (result == AGENTD_OK) {
		sqlite3_stmt *q = store_query(s, "SELECT file FROM incoming WHERE id = ? LIMIT 1");
		result = q == NULL || store_bind_id(q, 1, message) != SQLITE_OK ? store_fail(s) : drop_one(s, q);
	}
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

enum agentd_result store_incoming_prune(struct agentd_store *s, int64_t before_ms)
{
	enum agentd_result result = AGENTD_OK;
	while (result == AGENTD_OK) {
		sqlite3_stmt *q = store_query(s, "SELECT file FROM incoming WHERE changed_ms < ? LIMIT 1");
		result = q == NULL || sqlite3_bind_int64(q, 1, before_ms) != SQLITE_OK ? store_fail(s) : drop_one(s, q);
	}
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

enum agentd_result agentd_store_incoming_drop(struct agentd_store *s, const struct sluss_id *message)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK)
		result = store_end(s, store_incoming_drop(s, message));
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// ---- received

enum agentd_result store_files_arrive(struct agentd_store *s, int64_t owner, const struct agentd_arrival *a)
{
	enum agentd_result result = AGENTD_OK;
	for (size_t i = 0; i < a->file_count && result == AGENTD_OK; i++) {
		char name[AGENTD_SPOOL_NAME];
		uint64_t octets = 0;
		result = find_incoming(s, &a->id, a->files[i], name, &octets);
		if (result == AGENTD_OK)
			result = store_files_put(s, STORE_IN, owner, (uint32_t)i, name, octets);
	}
	return result == AGENTD_OK ? store_incoming_drop(s, &a->id) : result;
}

int agentd_store_open_received(
    struct agentd_store *s, const struct sluss_id *message, uint32_t place, uint64_t *octets_out)
{
	char path[STORE_PATH_OCTETS];
	int fd = -1;
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s,
	    "SELECT a.file, a.len FROM attachment AS a JOIN delivery AS d ON a.kind = 2 AND a.owner = d.seq"
	    " WHERE d.id = ? AND d.state IN (2, 3) AND a.place = ?");
	enum agentd_result result =
	    q == NULL || store_bind_id(q, 1, message) != SQLITE_OK || sqlite3_bind_int64(q, 2, place) != SQLITE_OK
		? store_fail(s)
		: store_row(s, q);
	errno = result == AGENTD_NOT_FOUND ? 0 : EIO;
	if (result == AGENTD_OK) {
		*octets_out = (uint64_t)sqlite3_column_int64(q, 1);
		if (agentd_store_spool_path(s, (const char *)sqlite3_column_text(q, 0), path, sizeof(path)))
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (q != NULL)
		(void)sqlite3_reset(q);
	(void)pthread_mutex_unlock(&s->lock);
	return fd;
}
