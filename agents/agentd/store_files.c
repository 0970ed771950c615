// SPDX-License-Identifier: EUPL-1.2
// Files on their way into the spool, and those of messages to be sent.
#include "store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store_impl.h"

struct agentd_file_writer {
	struct agentd_store *store;
	struct agentd_file file;
	crypto_hash_sha256_state hash;
	int fd;
};

bool agentd_store_spool_path(const struct agentd_store *s, const char *name, char *out, size_t room)
{
	int n = snprintf(out, room, "%s/spool/%.63s", s->folder, name);
	return n > 0 && (size_t)n < room;
}

// What a call on a file that failed means.
enum agentd_result store_file_error(void)
{
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? AGENTD_FULL : AGENTD_BROKEN;
}

bool store_spool_sync(const struct agentd_store *s)
{
	char path[STORE_PATH_OCTETS];
	int fd =
	    agentd_store_spool_path(s, "", path, sizeof(path)) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

// ---- a file on its way into the spool

enum agentd_result agentd_store_file_begin(struct agentd_store *s, struct agentd_file_writer **writer_out)
{
	char path[STORE_PATH_OCTETS];
	struct agentd_file_writer *w = calloc(1, sizeof(*w));
	*writer_out = NULL;
	if (w == NULL)
		return AGENTD_FULL;
	w->store = s;
	(void)pthread_mutex_lock(&s->lock);
	store_spool_name(s, w->file.name);
	(void)pthread_mutex_unlock(&s->lock);
	(void)crypto_hash_sha256_init(&w->hash);
	errno = ENAMETOOLONG;
	w->fd = agentd_store_spool_path(s, w->file.name, path, sizeof(path))
		    ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
		    : -1;
	if (w->fd < 0) {
		enum agentd_result result = store_file_error();
		free(w);
		return result;
	}
	*writer_out = w;
	return AGENTD_OK;
}

enum agentd_result agentd_store_file_write(struct agentd_file_writer *w, struct sluss_bytes octets)
{
	for (size_t done = 0; done < octets.len;) {
		ssize_t wrote = write(w->fd, octets.data + done, octets.len - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return store_file_error();
		done += (size_t)wrote;
	}
	(void)crypto_hash_sha256_update(&w->hash, octets.data, octets.len);
	w->file.octets += octets.len;
	return AGENTD_OK;
}

uint64_t agentd_store_file_octets(const struct agentd_file_writer *w)
{
	return w->file.octets;
}

enum agentd_result agentd_store_file_end(struct agentd_file_writer **writer, struct agentd_file *file_out)
{
	struct agentd_file_writer *w = *writer;
	enum agentd_result result = fsync(w->fd) == 0 ? AGENTD_OK : store_file_error();
	if (result == AGENTD_OK && !store_spool_sync(w->store))
		result = AGENTD_BROKEN;
	if (result != AGENTD_OK) {
		agentd_store_file_abort(writer);
		return result;
	}
	(void)close(w->fd);
	(void)crypto_hash_sha256_final(&w->hash, w->file.sha256);
	*file_out = w->file;
	free(w);
	*writer = NULL;
	return AGENTD_OK;
}

void agentd_store_file_abort(struct agentd_file_writer **writer)
{
	struct agentd_file_writer *w = *writer;
	if (w == NULL)
		return;
	(void)close(w->fd);
	agentd_store_file_discard(w->store, &w->file);
	free(w);
	*writer = NULL;
}

void agentd_store_file_discard(struct agentd_store *s, const struct agentd_file *file)
{
	char path[STORE_PATH_OCTETS];
	if (file->name[0] != '\0' && agentd_store_spool_path(s, file->name, path, sizeof(path)))
		(void)unlink(path); // what stays is swept at the next start
}

// ---- rows that name files

enum agentd_result store_file_unneeded(struct agentd_store *s, const char *name)
{
	sqlite3_stmt *q = store_query(s, "INSERT OR IGNORE INTO unneeded(file) SELECT ?1 WHERE NOT EXISTS"
					 " (SELECT 1 FROM upload WHERE file = ?1) AND NOT EXISTS"
					 " (SELECT 1 FROM attachment WHERE file = ?1) AND NOT EXISTS"
					 " (SELECT 1 FROM incoming WHERE file = ?1)");
	return q == NULL || store_bind_text(q, 1, name) != SQLITE_OK ? store_fail(s) : store_run(s, q);
}

enum agentd_result store_files_drop(struct agentd_store *s, enum store_kind kind, int64_t owner)
{
	enum agentd_result result = AGENTD_OK;
	while (result == AGENTD_OK) {
		sqlite3_stmt *q =
		    store_query(s, "SELECT file, place FROM attachment WHERE kind = ? AND owner = ? LIMIT 1");
		if (q == NULL || sqlite3_bind_int(q, 1, (int)kind) != SQLITE_OK ||
		    sqlite3_bind_int64(q, 2, owner) != SQLITE_OK)
			return store_fail(s);
		result = store_row(s, q);
		if (result != AGENTD_OK)
			break;
		char *name = store_text(q, 0);
		int64_t place = sqlite3_column_int64(q, 1);
		(void)sqlite3_reset(q);
		q = store_query(s, "DELETE FROM attachment WHERE kind = ? AND owner = ? AND place = ?");
		if (name == NULL || q == NULL || sqlite3_bind_int(q, 1, (int)kind) != SQLITE_OK ||
		    sqlite3_bind_int64(q, 2, owner) != SQLITE_OK || sqlite3_bind_int64(q, 3, place) != SQLITE_OK)
			result = store_fail(s);
		else
			result = store_run(s, q);
		if (result == AGENTD_OK)
			result = store_file_unneeded(s, name);
		free(name);
	}
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

enum agentd_result store_files_put(
    struct agentd_store *s, enum store_kind kind, int64_t owner, uint32_t place, const char *name, uint64_t octets)
{
	sqlite3_stmt *q = store_query(s, "INSERT INTO attachment(kind, owner, place, file, len) VALUES(?, ?, ?, ?, ?)");
	if (q == NULL || sqlite3_bind_int(q, 1, (int)kind) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 2, owner) != SQLITE_OK || sqlite3_bind_int64(q, 3, place) != SQLITE_OK ||
	    store_bind_text(q, 4, name) != SQLITE_OK || sqlite3_bind_int64(q, 5, (int64_t)octets) != SQLITE_OK)
		return store_fail(s);
	return store_run(s, q);
}

// ---- handed in for a message that is described later

static int bind_hash(sqlite3_stmt *q, int at, const uint8_t sha256[SLUSS_HASH_BYTES])
{
	return sqlite3_bind_blob(q, at, sha256, SLUSS_HASH_BYTES, SQLITE_STATIC);
}

static enum agentd_result add_upload(struct agentd_store *s, const struct agentd_file *file)
{
	sqlite3_stmt *q = store_query(s, "INSERT INTO upload(sha256, file, len, uses, at_ms) VALUES(?1, ?2, ?3, 1, ?4)"
					 " ON CONFLICT(sha256) DO UPDATE SET uses = uses + 1, at_ms = ?4");
	if (q == NULL || bind_hash(q, 1, file->sha256) != SQLITE_OK || store_bind_text(q, 2, file->name) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, (int64_t)file->octets) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 4, store_wall_ms()) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_run(s, q);
	return result == AGENTD_OK ? store_file_unneeded(s, file->name)
				   : result; // the same came before: its file serves
}

enum agentd_result agentd_store_upload(struct agentd_store *s, const struct agentd_file *file)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK)
		result = store_end(s, add_upload(s, file));
	(void)pthread_mutex_unlock(&s->lock);
	if (result != AGENTD_OK)
		agentd_store_file_discard(s, file);
	return result;
}

// The handed-in file with this hash. `name_out` may be NULL.
static enum agentd_result find_upload(struct agentd_store *s, const uint8_t sha256[SLUSS_HASH_BYTES],
    char name_out[AGENTD_SPOOL_NAME], uint64_t *octets_out)
{
	sqlite3_stmt *q = store_query(s, "SELECT file, len FROM upload WHERE sha256 = ?");
	if (q == NULL || bind_hash(q, 1, sha256) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_row(s, q);
	if (result == AGENTD_OK) {
		*octets_out = (uint64_t)sqlite3_column_int64(q, 1);
		if (name_out != NULL)
			(void)snprintf(name_out, AGENTD_SPOOL_NAME, "%s", (const char *)sqlite3_column_text(q, 0));
		(void)sqlite3_reset(q);
	}
	return result;
}

enum agentd_result agentd_store_upload_find(
    struct agentd_store *s, const uint8_t sha256[SLUSS_HASH_BYTES], uint64_t *octets_out)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = find_upload(s, sha256, NULL, octets_out);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// One message takes it: the row counts one less, and goes with the last.
static enum agentd_result use_upload(struct agentd_store *s, const uint8_t sha256[SLUSS_HASH_BYTES])
{
	sqlite3_stmt *q = store_query(s, "UPDATE upload SET uses = uses - 1 WHERE sha256 = ?");
	enum agentd_result result = q == NULL || bind_hash(q, 1, sha256) != SQLITE_OK ? store_fail(s) : store_run(s, q);
	q = result == AGENTD_OK ? store_query(s, "DELETE FROM upload WHERE uses <= 0") : NULL;
	return result != AGENTD_OK ? result : q == NULL ? store_fail(s) : store_run(s, q);
}

enum agentd_result store_files_take(
    struct agentd_store *s, int64_t owner, const struct agentd_file *files, size_t count)
{
	enum agentd_result result = AGENTD_OK;
	for (size_t i = 0; i < count && result == AGENTD_OK; i++) {
		struct agentd_file file = files[i];
		bool handed_in = file.name[0] == '\0';
		if (handed_in)
			result = find_upload(s, file.sha256, file.name, &file.octets);
		if (result == AGENTD_OK)
			result = store_files_put(s, STORE_OUT, owner, (uint32_t)i, file.name, file.octets);
		if (result == AGENTD_OK && handed_in)
			result = use_upload(s, file.sha256);
	}
	return result;
}

enum agentd_result store_uploads_prune(struct agentd_store *s, int64_t before_ms)
{
	enum agentd_result result = AGENTD_OK;
	while (result == AGENTD_OK) {
		sqlite3_stmt *q = store_query(s, "SELECT file FROM upload WHERE at_ms < ? LIMIT 1");
		result =
		    q == NULL || sqlite3_bind_int64(q, 1, before_ms) != SQLITE_OK ? store_fail(s) : store_row(s, q);
		if (result != AGENTD_OK)
			break;
		char *name = store_text(q, 0);
		(void)sqlite3_reset(q);
		q = store_query(s, "DELETE FROM upload WHERE file = ?");
		result = name == NULL || q == NULL || store_bind_text(q, 1, name) != SQLITE_OK ? store_fail(s)
											       : store_run(s, q);
		if (result == AGENTD_OK)
			result = store_file_unneeded(s, name);
		free(name);
	}
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}
