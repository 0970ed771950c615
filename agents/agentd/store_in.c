// SPDX-License-Identifier: EUPL-1.2
// Messages received.
#include <stdlib.h>

#include "store_impl.h"

#define COLUMNS "seq, id, state, told, envelope_hash, officer, mismatched, why, attempts, fetched_ms, told_index"

const char *agentd_in_name(enum agentd_in state)
{
	switch (state) {
	case AGENTD_IN_STORED:
		return "stored";
	case AGENTD_IN_READY:
		return "ready";
	case AGENTD_IN_HANDED:
		return "handed";
	case AGENTD_IN_DONE:
		return "done";
	case AGENTD_IN_REJECTED:
		return "rejected";
	case AGENTD_IN_UNUSABLE:
		return "unusable";
	case AGENTD_IN_ELSEWHERE:
		return "elsewhere";
	case AGENTD_IN_RECALLED:
		return "recalled";
	case AGENTD_IN_NONE:
		break;
	}
	return "none";
}

void agentd_delivery_clear(struct agentd_delivery *delivery)
{
	free(delivery->officer);
	free(delivery->mismatched);
	free(delivery->why);
	*delivery = (struct agentd_delivery){0};
}

static void read_delivery(sqlite3_stmt *q, struct agentd_delivery *d)
{
	*d = (struct agentd_delivery){.seq = sqlite3_column_int64(q, 0),
	    .id = store_id(q, 1),
	    .state = (enum agentd_in)sqlite3_column_int(q, 2),
	    .told = sqlite3_column_int(q, 3) != 0,
	    .officer = store_text(q, 5),
	    .mismatched = store_text(q, 6),
	    .why = store_text(q, 7),
	    .attempts = (uint32_t)sqlite3_column_int(q, 8),
	    .fetched_ms = sqlite3_column_int64(q, 9),
	    .told_index = (uint64_t)sqlite3_column_int64(q, 10)};
	if (sqlite3_column_bytes(q, 4) == SLUSS_HASH_BYTES)
		memcpy(d->envelope_hash, sqlite3_column_blob(q, 4), SLUSS_HASH_BYTES);
}

static bool is_open(enum agentd_in state)
{
	return state == AGENTD_IN_STORED || state == AGENTD_IN_READY || state == AGENTD_IN_HANDED;
}

enum agentd_result store_received_drop(struct agentd_store *s, int64_t seq)
{
	enum agentd_result result = store_octets_drop(s, STORE_IN, seq);
	return result == AGENTD_OK ? store_files_drop(s, STORE_IN, seq) : result;
}

// ---- arriving

static enum agentd_result arrive(struct agentd_store *s, const struct agentd_arrival *a, size_t *fresh)
{
	// In mode "acknowledge when handled" the gateway is told later: the far due time waits for the case system.
	sqlite3_stmt *q = store_query(s, "INSERT OR IGNORE INTO delivery(id, state, told, due_ms, fetched_ms, "
					 "changed_ms, case_id, envelope_hash, officer,"
					 " mismatched, why) VALUES(?1, ?2, ?3, 0, ?4, ?4, ?5, ?6, ?7, ?8, ?9)");
	if (q == NULL || store_bind_id(q, 1, &a->id) != SQLITE_OK ||
	    sqlite3_bind_int(q, 2, (int)a->state) != SQLITE_OK ||
	    sqlite3_bind_int(q, 3, a->state == AGENTD_IN_READY) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 4, store_wall_ms()) != SQLITE_OK || store_bind_id(q, 5, &a->case_id) != SQLITE_OK ||
	    sqlite3_bind_blob(q, 6, a->envelope_hash, SLUSS_HASH_BYTES, SQLITE_STATIC) != SQLITE_OK ||
	    store_bind_text(q, 7, a->officer) != SQLITE_OK || store_bind_text(q, 8, a->mismatched) != SQLITE_OK ||
	    store_bind_text(q, 9, a->why) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_run(s, q);
	if (result != AGENTD_OK || sqlite3_changes(s->db) == 0)
		return result;
	int64_t seq = sqlite3_last_insert_rowid(s->db);
	*fresh += 1;
	s->waiting_in += is_open(a->state) ? 1 : 0;
	if (a->state == AGENTD_IN_UNUSABLE)
		return store_incoming_drop(s, &a->id);
	result = store_files_arrive(s, seq, a);
	return result == AGENTD_OK ? store_octets_put(s, STORE_IN, seq, a->document) : result;
}

static enum agentd_result note(struct agentd_store *s, const struct agentd_notice *n)
{
	sqlite3_stmt *q = store_query(s, "INSERT OR IGNORE INTO notice(log_index, json) VALUES(?, ?)");
	if (q == NULL || sqlite3_bind_int64(q, 1, (int64_t)n->index) != SQLITE_OK ||
	    store_bind_text(q, 2, n->json) != SQLITE_OK)
		return store_fail(s);
	return store_run(s, q);
}

static enum agentd_result set_next_notice(struct agentd_store *s, uint64_t next)
{
	sqlite3_stmt *q = store_query(s, "INSERT OR REPLACE INTO meta(key, value) VALUES('next_notice', ?)");
	return q == NULL || sqlite3_bind_int64(q, 1, (int64_t)next) != SQLITE_OK ? store_fail(s) : store_run(s, q);
}

enum agentd_result agentd_store_arrivals(struct agentd_store *s, const struct agentd_arrival *arrivals, size_t count,
    const struct agentd_notice *notices, size_t notice_count, uint64_t next_notice, size_t *fresh_out)
{
	(void)pthread_mutex_lock(&s->lock);
	*fresh_out = 0;
	uint64_t waiting = s->waiting_in;
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK) {
		for (size_t i = 0; i < count && result == AGENTD_OK; i++)
			result = arrive(s, &arrivals[i], fresh_out);
		for (size_t i = 0; i < notice_count && result == AGENTD_OK; i++)
			result = note(s, &notices[i]);
		if (result == AGENTD_OK && notice_count > 0)
			result = set_next_notice(s, next_notice);
		result = store_end(s, result);
	}
	if (result != AGENTD_OK)
		s->waiting_in = waiting;
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_knows(struct agentd_store *s, const struct sluss_id *id, bool *known_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT 1 FROM delivery WHERE id = ?");
	enum agentd_result result = q == NULL || store_bind_id(q, 1, id) != SQLITE_OK ? store_fail(s) : store_row(s, q);
	*known_out = result == AGENTD_OK;
	if (q != NULL)
		(void)sqlite3_reset(q);
	(void)pthread_mutex_unlock(&s->lock);
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

enum agentd_result agentd_store_inbox_room(struct agentd_store *s)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = s->waiting_in < s->limits.inbox_max ? AGENTD_OK : AGENTD_FULL;
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// ---- telling the gateway

enum agentd_result agentd_store_take_untold(
    struct agentd_store *s, int64_t now_ms, struct agentd_delivery *delivery_out, int64_t *next_ms_out)
{
	(void)pthread_mutex_lock(&s->lock);
	*next_ms_out = INT64_MAX;
	sqlite3_stmt *q =
	    store_query(s, "SELECT " COLUMNS ", due_ms FROM delivery WHERE told = 0 ORDER BY due_ms, seq LIMIT 1");
	enum agentd_result result = q == NULL ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_OK) {
		int64_t due = sqlite3_column_int64(q, 11);
		if (due > now_ms) {
			*next_ms_out = due;
			result = AGENTD_NOT_FOUND;
		} else {
			read_delivery(q, delivery_out);
		}
		(void)sqlite3_reset(q);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// What the gateway has heard: a stored message is ours now, or another agent's.
static enum agentd_result tell(struct agentd_store *s, int64_t seq, bool ours, uint64_t index)
{
	sqlite3_stmt *q =
	    store_query(s, "UPDATE delivery SET told = 1, told_index = ?1, why = NULL, changed_ms = ?2,"
			   " state = CASE WHEN state = 1 THEN ?3 ELSE state END WHERE seq = ?4 AND told = 0");
	if (q == NULL || sqlite3_bind_int64(q, 1, (int64_t)index) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 2, store_wall_ms()) != SQLITE_OK ||
	    sqlite3_bind_int(q, 3, ours ? AGENTD_IN_READY : AGENTD_IN_ELSEWHERE) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 4, seq) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_run(s, q);
	return result == AGENTD_OK && !ours ? store_received_drop(s, seq) : result;
}

enum agentd_result agentd_store_told(struct agentd_store *s, int64_t seq, bool ours, uint64_t index)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK)
		result = store_end(s, tell(s, seq, ours, index));
	s->waiting_in -= result == AGENTD_OK && !ours && s->waiting_in > 0 ? 1 : 0;
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_tell_later(struct agentd_store *s, int64_t seq, int64_t due_ms, const char *why)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(
	    s, "UPDATE delivery SET attempts = attempts + 1, due_ms = ?, why = ? WHERE seq = ? AND told = 0");
	enum agentd_result result;
	if (q == NULL || sqlite3_bind_int64(q, 1, due_ms) != SQLITE_OK || store_bind_text(q, 2, why) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, seq) != SQLITE_OK)
		result = store_fail(s);
	else
		result = store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// ---- the case system

static enum agentd_result read_with_document(
    struct agentd_store *s, sqlite3_stmt *q, struct agentd_delivery *delivery_out, char **document_out, size_t *len_out)
{
	*document_out = NULL;
	*len_out = 0;
	enum agentd_result result = store_row(s, q);
	if (result != AGENTD_OK)
		return result;
	read_delivery(q, delivery_out);
	(void)sqlite3_reset(q);
	result = store_octets_get(s, STORE_IN, delivery_out->seq, (uint8_t **)document_out, len_out);
	if (result == AGENTD_NOT_FOUND)
		result = AGENTD_OK; // erased
	if (result != AGENTD_OK)
		agentd_delivery_clear(delivery_out);
	return result;
}

enum agentd_result agentd_store_inbox(struct agentd_store *s, int64_t after, const char *officer,
    struct agentd_delivery *delivery_out, char **document_out, size_t *len_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q =
	    store_query(s, "SELECT " COLUMNS " FROM delivery INDEXED BY delivery_open WHERE state IN (2, 3) AND seq > "
			   "?1 AND (?2 IS NULL OR officer = '' OR officer = ?2)"
			   " ORDER BY seq LIMIT 1");
	enum agentd_result result;
	if (q == NULL || sqlite3_bind_int64(q, 1, after) != SQLITE_OK || store_bind_text(q, 2, officer) != SQLITE_OK)
		result = store_fail(s);
	else
		result = read_with_document(s, q, delivery_out, document_out, len_out);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_ready(
    struct agentd_store *s, int64_t after, struct agentd_delivery *delivery_out, char **document_out, size_t *len_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT " COLUMNS " FROM delivery INDEXED BY delivery_open WHERE state IN (2, "
					 "3) AND state = 2 AND seq > ?1 ORDER BY seq LIMIT 1");
	enum agentd_result result = q == NULL || sqlite3_bind_int64(q, 1, after) != SQLITE_OK
					? store_fail(s)
					: read_with_document(s, q, delivery_out, document_out, len_out);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_in_folder(struct agentd_store *s, int64_t after, struct agentd_delivery *delivery_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s,
	    "SELECT " COLUMNS
	    " FROM delivery INDEXED BY delivery_in_folder WHERE state IN (3, 8) AND seq > ?1 ORDER BY seq LIMIT 1");
	enum agentd_result result =
	    q == NULL || sqlite3_bind_int64(q, 1, after) != SQLITE_OK ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_OK) {
		read_delivery(q, delivery_out);
		(void)sqlite3_reset(q);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_delivery(struct agentd_store *s, const struct sluss_id *id,
    struct agentd_delivery *delivery_out, char **document_out, size_t *len_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT " COLUMNS " FROM delivery WHERE id = ?");
	enum agentd_result result = q == NULL || store_bind_id(q, 1, id) != SQLITE_OK
					? store_fail(s)
					: read_with_document(s, q, delivery_out, document_out, len_out);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_handed(struct agentd_store *s, int64_t seq)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "UPDATE delivery SET state = 3, changed_ms = ? WHERE seq = ? AND state = 2");
	enum agentd_result result = q == NULL || sqlite3_bind_int64(q, 1, store_wall_ms()) != SQLITE_OK ||
					    sqlite3_bind_int64(q, 2, seq) != SQLITE_OK
					? store_fail(s)
					: store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

static enum agentd_result find_state(
    struct agentd_store *s, const struct sluss_id *id, int64_t *seq_out, enum agentd_in *state_out)
{
	sqlite3_stmt *q = store_query(s, "SELECT seq, state FROM delivery WHERE id = ?");
	enum agentd_result result = q == NULL || store_bind_id(q, 1, id) != SQLITE_OK ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_OK) {
		*seq_out = sqlite3_column_int64(q, 0);
		*state_out = (enum agentd_in)sqlite3_column_int(q, 1);
		(void)sqlite3_reset(q);
	}
	return result;
}

static enum agentd_result handle(
    struct agentd_store *s, int64_t seq, enum agentd_in state, const char *why, bool tell_now)
{
	sqlite3_stmt *q = store_query(s, "UPDATE delivery SET state = ?1, why = ?2, changed_ms = ?3, told = CASE WHEN "
					 "?4 THEN 0 ELSE told END, due_ms = 0,"
					 " attempts = 0 WHERE seq = ?5");
	if (q == NULL || sqlite3_bind_int(q, 1, (int)state) != SQLITE_OK || store_bind_text(q, 2, why) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, store_wall_ms()) != SQLITE_OK || sqlite3_bind_int(q, 4, tell_now) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 5, seq) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_run(s, q);
	return result == AGENTD_OK ? store_received_drop(s, seq) : result;
}

enum agentd_result agentd_store_handled(
    struct agentd_store *s, const struct sluss_id *id, enum agentd_in state, const char *why, bool tell)
{
	int64_t seq = 0;
	enum agentd_in before = AGENTD_IN_NONE;
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = find_state(s, id, &seq, &before);
	if (result == AGENTD_OK && before != state) {
		bool may = before == AGENTD_IN_READY || before == AGENTD_IN_HANDED;
		result = may ? store_begin(s) : AGENTD_CONFLICT;
		if (result == AGENTD_OK)
			result = store_end(s, handle(s, seq, state, why, tell));
		s->waiting_in -= result == AGENTD_OK && s->waiting_in > 0 ? 1 : 0;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}
