// SPDX-License-Identifier: EUPL-1.2
// Octets of a row: small ones beside it, large ones in a file of their own.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "store_impl.h"

enum { NAME_MAX_OCTETS = AGENTD_SPOOL_NAME, PATH_OCTETS = STORE_PATH_OCTETS };

void store_spool_name(struct agentd_store *s, char name_out[AGENTD_SPOOL_NAME])
{
	(void)snprintf(name_out, AGENTD_SPOOL_NAME, "%lld-%llu", (long long)store_wall_ms(),
	    (unsigned long long)++s->spool_number);
}

static void spool_path(const struct agentd_store *s, const char *name, char path[PATH_OCTETS])
{
	(void)snprintf(path, PATH_OCTETS, "%s/spool/%.63s", s->folder, name);
}

static enum agentd_result write_file(struct agentd_store *s, struct sluss_bytes octets, char name[NAME_MAX_OCTETS])
{
	char path[PATH_OCTETS];
	store_spool_name(s, name);
	spool_path(s, name, path);
	if (sluss_file_replace(path, octets.data, octets.len))
		return AGENTD_OK;
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? AGENTD_FULL : AGENTD_BROKEN;
}

enum agentd_result store_octets_put(
    struct agentd_store *s, enum store_kind kind, int64_t owner, struct sluss_bytes octets)
{
	char name[NAME_MAX_OCTETS] = "";
	enum agentd_result result = store_octets_drop(s, kind, owner);
	bool small = octets.len <= STORE_INLINE_MAX;
	if (result == AGENTD_OK && !small)
		result = write_file(s, octets, name);
	sqlite3_stmt *q =
	    result != AGENTD_OK
		? NULL
		: store_query(s, "INSERT INTO octets(kind, owner, data, file, len) VALUES(?, ?, ?, ?, ?)");
	if (q == NULL)
		return result != AGENTD_OK ? result : store_fail(s);
	if (sqlite3_bind_int(q, 1, (int)kind) != SQLITE_OK || sqlite3_bind_int64(q, 2, owner) != SQLITE_OK ||
	    (small && sqlite3_bind_blob64(q, 3, octets.data, octets.len, SQLITE_STATIC) != SQLITE_OK) ||
	    store_bind_text(q, 4, small ? NULL : name) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 5, (int64_t)octets.len) != SQLITE_OK)
		return store_fail(s);
	return store_run(s, q);
}

static sqlite3_stmt *find(struct agentd_store *s, enum store_kind kind, int64_t owner)
{
	sqlite3_stmt *q = store_query(s, "SELECT data, file, len FROM octets WHERE kind = ? AND owner = ?");
	if (q == NULL || sqlite3_bind_int(q, 1, (int)kind) != SQLITE_OK || sqlite3_bind_int64(q, 2, owner) != SQLITE_OK)
		return NULL;
	return q;
}

enum agentd_result store_octets_get(
    struct agentd_store *s, enum store_kind kind, int64_t owner, uint8_t **octets_out, size_t *len_out)
{
	char path[PATH_OCTETS];
	*octets_out = NULL;
	*len_out = 0;
	sqlite3_stmt *q = find(s, kind, owner);
	enum agentd_result result = q == NULL ? store_fail(s) : store_row(s, q);
	if (result != AGENTD_OK)
		return result;
	const char *name = (const char *)sqlite3_column_text(q, 1);
	size_t len = (size_t)sqlite3_column_int64(q, 2);
	if (name != NULL) {
		spool_path(s, name, path);
		*octets_out = (uint8_t *)sluss_file_read(path, STORE_OCTETS_MAX, true, len_out);
		result = *octets_out != NULL && *len_out == len ? AGENTD_OK : AGENTD_BROKEN;
	} else {
		const void *data = sqlite3_column_blob(q, 0);
		*octets_out = malloc(len + 1);
		if (*octets_out == NULL || (len > 0 && data == NULL)) {
			result = AGENTD_BROKEN;
		} else {
			if (len > 0)
				memcpy(*octets_out, data, len);
			(*octets_out)[len] = '\0';
			*len_out = len;
		}
	}
	(void)sqlite3_reset(q);
	if (result != AGENTD_OK) {
		free(*octets_out);
		*octets_out = NULL;
	}
	return result;
}

enum agentd_result store_octets_drop(struct agentd_store *s, enum store_kind kind, int64_t owner)
{
	sqlite3_stmt *q = find(s, kind, owner);
	enum agentd_result result = q == NULL ? store_fail(s) : store_row(s, q);
	if (result != AGENTD_OK)
		return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
	char *name = store_text(q, 1);
	(void)sqlite3_reset(q);
	q = store_query(s, "DELETE FROM octets WHERE kind = ? AND owner = ?");
	if (q == NULL || sqlite3_bind_int(q, 1, (int)kind) != SQLITE_OK || sqlite3_bind_int64(q, 2, owner) != SQLITE_OK)
		result = store_fail(s);
	else
		result = store_run(s, q);
	// The file goes when the transaction is committed: until then the row may come back.
	if (result == AGENTD_OK && name != NULL) {
		q = store_query(s, "INSERT OR IGNORE INTO unneeded(file) VALUES(?)");
		result = q == NULL || store_bind_text(q, 1, name) != SQLITE_OK ? store_fail(s) : store_run(s, q);
	}
	free(name);
	return result;
}

// Removes a file that no row names. A failure leaves it for the next sweep.
static void sweep_file(struct agentd_store *s, const char *name)
{
	char path[PATH_OCTETS];
	sqlite3_stmt *q = store_query(s,
	    "SELECT 1 FROM octets WHERE file = ?1 UNION ALL SELECT 1 FROM attachment WHERE file = ?1"
	    " UNION ALL SELECT 1 FROM upload WHERE file = ?1 UNION ALL SELECT 1 FROM incoming WHERE file = ?1");
	bool wanted = name[0] == '.' || strlen(name) >= NAME_MAX_OCTETS || q == NULL ||
		      store_bind_text(q, 1, name) != SQLITE_OK || store_row(s, q) != AGENTD_NOT_FOUND;
	if (q != NULL)
		(void)sqlite3_reset(q);
	if (wanted)
		return;
	spool_path(s, name, path);
	(void)unlink(path);
}

// What is not removed now is swept at the next start.
void store_octets_remove(struct agentd_store *s)
{
	char path[PATH_OCTETS];
	char name[NAME_MAX_OCTETS] = "";
	for (;;) {
		sqlite3_stmt *q = store_query(s, "SELECT file FROM unneeded LIMIT 1");
		if (q == NULL || store_row(s, q) != AGENTD_OK)
			return;
		(void)snprintf(name, sizeof(name), "%s", (const char *)sqlite3_column_text(q, 0));
		(void)sqlite3_reset(q);
		spool_path(s, name, path);
		(void)unlink(path);
		q = store_query(s, "DELETE FROM unneeded WHERE file = ?");
		if (q == NULL || store_bind_text(q, 1, name) != SQLITE_OK || store_run(s, q) != AGENTD_OK)
			return;
	}
}

enum agentd_result store_octets_sweep(struct agentd_store *s)
{
	char path[PATH_OCTETS];
	spool_path(s, "", path);
	DIR *folder = opendir(path);
	if (folder == NULL)
		return AGENTD_BROKEN;
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
		sweep_file(s, entry->d_name);
	(void)closedir(folder);
	sqlite3_stmt *q = store_query(s, "DELETE FROM unneeded");
	return q == NULL ? store_fail(s) : store_run(s, q);
}
