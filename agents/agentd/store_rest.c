// SPDX-License-Identifier: EUPL-1.2
// Notices, recalls, counts, and forgetting.
#include <stdlib.h>

#include "store_impl.h"

enum { DAY_MS = 86400000 };

enum agentd_result agentd_store_next_notice(struct agentd_store *s, uint64_t *next_out)
{
	*next_out = 0;
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT value FROM meta WHERE key = 'next_notice'");
	enum agentd_result result = q == NULL ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_OK) {
		*next_out = (uint64_t)sqlite3_column_int64(q, 0);
		(void)sqlite3_reset(q);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

enum agentd_result agentd_store_notices(struct agentd_store *s, uint64_t from, size_t max,
    void (*add)(void *arg, uint64_t index, const char *json), void *arg)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q =
	    store_query(s, "SELECT log_index, json FROM notice WHERE log_index >= ? ORDER BY log_index LIMIT ?");
	enum agentd_result result = q == NULL || sqlite3_bind_int64(q, 1, (int64_t)from) != SQLITE_OK ||
					    sqlite3_bind_int64(q, 2, (int64_t)max) != SQLITE_OK
					? store_fail(s)
					: AGENTD_OK;
	while (result == AGENTD_OK) {
		result = store_row(s, q);
		if (result == AGENTD_OK)
			add(arg, (uint64_t)sqlite3_column_int64(q, 0), (const char *)sqlite3_column_text(q, 1));
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

// ---- recalls

static enum agentd_result erase_message(struct agentd_store *s, const struct sluss_id *id, size_t *erased)
{
	sqlite3_stmt *q = store_query(s, "SELECT seq FROM delivery WHERE id = ? AND state IN (1, 2, 3)");
	enum agentd_result result = q == NULL || store_bind_id(q, 1, id) != SQLITE_OK ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_NOT_FOUND)
		return store_incoming_drop(s, id); // it may be on its way
	if (result != AGENTD_OK)
		return result;
	int64_t seq = sqlite3_column_int64(q, 0);
	(void)sqlite3_reset(q);
	q = store_query(s, "UPDATE delivery SET state = 8, changed_ms = ? WHERE seq = ?");
	if (q == NULL || sqlite3_bind_int64(q, 1, store_wall_ms()) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 2, seq) != SQLITE_OK)
		return store_fail(s);
	result = store_run(s, q);
	*erased += result == AGENTD_OK ? 1 : 0;
	return result == AGENTD_OK ? store_received_drop(s, seq) : result;
}

static enum agentd_result keep_recall(
    struct agentd_store *s, const struct sluss_id *recall, bool answered, const char *json, size_t erased)
{
	sqlite3_stmt *q = store_query(s, "INSERT INTO recall(id, json, answered, erased) VALUES(?1, ?2, ?3, ?4) ON "
					 "CONFLICT(id) DO UPDATE SET json = ?2,"
					 " answered = ?3, erased = erased + ?4");
	if (q == NULL || store_bind_id(q, 1, recall) != SQLITE_OK || store_bind_text(q, 2, json) != SQLITE_OK ||
	    sqlite3_bind_int(q, 3, answered) != SQLITE_OK || sqlite3_bind_int64(q, 4, (int64_t)erased) != SQLITE_OK)
		return store_fail(s);
	return store_run(s, q);
}

enum agentd_result agentd_store_recall(struct agentd_store *s, const struct sluss_id *recall,
    const struct sluss_id *messages, size_t count, bool answered, const char *json, size_t *erased_out)
{
	*erased_out = 0;
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK) {
		for (size_t i = 0; i < count && result == AGENTD_OK; i++)
			result = erase_message(s, &messages[i], erased_out);
		if (result == AGENTD_OK)
			result = keep_recall(s, recall, answered, json, *erased_out);
		result = store_end(s, result);
	}
	if (result == AGENTD_OK && *erased_out > 0) {
		s->waiting_in -= *erased_out < s->waiting_in ? *erased_out : s->waiting_in;
		// What the write-ahead log still has of it goes too.
		(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_recalls(
    struct agentd_store *s, void (*add)(void *arg, const char *json, bool answered, uint32_t erased), void *arg)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT json, answered, erased FROM recall");
	enum agentd_result result = q == NULL ? store_fail(s) : AGENTD_OK;
	while (result == AGENTD_OK) {
		result = store_row(s, q);
		if (result == AGENTD_OK)
			add(arg, (const char *)sqlite3_column_text(q, 0), sqlite3_column_int(q, 1) != 0,
			    (uint32_t)sqlite3_column_int(q, 2));
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

// ---- counts

static enum agentd_result count_states(struct agentd_store *s, const char *sql, uint64_t *counts, size_t size)
{
	sqlite3_stmt *q = store_query(s, sql);
	enum agentd_result result = q == NULL ? store_fail(s) : AGENTD_OK;
	while (result == AGENTD_OK) {
		result = store_row(s, q);
		size_t state = result == AGENTD_OK ? (size_t)sqlite3_column_int64(q, 0) : 0;
		if (result == AGENTD_OK && state < size)
			counts[state] = (uint64_t)sqlite3_column_int64(q, 1);
	}
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

enum agentd_result agentd_store_counts(struct agentd_store *s, struct agentd_counts *counts_out)
{
	uint64_t told[2] = {0, 0};
	uint64_t answered[2] = {0, 0};
	*counts_out = (struct agentd_counts){.untold = 0};
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = count_states(
	    s, "SELECT state, count(*) FROM message GROUP BY state", counts_out->out, AGENTD_OUT_REFUSED + 1);
	if (result == AGENTD_OK)
		result = count_states(
		    s, "SELECT state, count(*) FROM delivery GROUP BY state", counts_out->in, AGENTD_IN_RECALLED + 1);
	if (result == AGENTD_OK)
		result = count_states(s, "SELECT 0, count(*) FROM delivery WHERE told = 0", told, 2);
	if (result == AGENTD_OK)
		result = count_states(s, "SELECT answered, count(*) FROM recall GROUP BY answered", answered, 2);
	(void)pthread_mutex_unlock(&s->lock);
	counts_out->untold = told[0];
	counts_out->recalls_open = answered[0];
	return result;
}

// ---- forgetting

static enum agentd_result prune(struct agentd_store *s, int64_t before_ms)
{
	static const char *const statements[] = {
	    "DELETE FROM message WHERE state IN (4, 5) AND changed_ms < ? AND reported = 1",
	    "DELETE FROM delivery WHERE state IN (4, 5, 6, 7, 8) AND told = 1 AND changed_ms < ?",
	};
	enum agentd_result result = AGENTD_OK;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && result == AGENTD_OK; i++) {
		sqlite3_stmt *q = store_query(s, statements[i]);
		result =
		    q == NULL || sqlite3_bind_int64(q, 1, before_ms) != SQLITE_OK ? store_fail(s) : store_run(s, q);
	}
	// Files that nobody came back for.
	if (result == AGENTD_OK)
		result = store_uploads_prune(s, store_wall_ms() - DAY_MS);
	return result == AGENTD_OK ? store_incoming_prune(s, store_wall_ms() - DAY_MS) : result;
}

enum agentd_result agentd_store_prune(struct agentd_store *s, int64_t before_ms)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK)
		result = store_end(s, prune(s, before_ms));
	if (result == AGENTD_OK)
		(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}
