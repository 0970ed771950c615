// SPDX-License-Identifier: EUPL-1.2
// A copy of the database while it is in use, page by page as SQLite's backup interface gives them: one state, that of
// the newest commit, with what was overwritten still overwritten.
#include "store_sqlite.h"

enum sluss_store_result sqlite_copy(struct sluss_store *store, const char *path)
{
	struct sqlite_store *s = sqlite_of(store);
	sqlite3 *copy = NULL;
	int code =
	    sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL);
	sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(copy, "main", s->db, "main") : NULL;
	if (code == SQLITE_OK && backup == NULL)
		code = sqlite3_extended_errcode(copy);
	if (backup != NULL) {
		// All at once: a reader's view holds up nobody but the shortening of the write-ahead log.
		(void)sqlite3_backup_step(backup, -1);
		code = sqlite3_backup_finish(backup);
	}
	int closed = sqlite3_close(copy);
	if (code == SQLITE_OK)
		code = closed;
	return code == SQLITE_OK ? SLUSS_STORE_OK : sqlite_failed(s, code, "copy");
}
