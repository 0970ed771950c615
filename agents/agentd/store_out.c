// SPDX-License-Identifier: EUPL-1.2
// Messages to be sent: their rows, and the lanes that keep their order.
#include <stdlib.h>

#include "store_impl.h"

#define COLUMNS                                                                                                        \
	"seq, id, case_id, state, blockers, attempts, due_ms, queued_ms, changed_ms, accepted_index, why, "            \
	"recipients, "                                                                                                 \
	"source, receipt, versions"

const char *agentd_out_name(enum agentd_out state)
{
	switch (state) {
	case AGENTD_OUT_QUEUED:
		return "queued";
	case AGENTD_OUT_SENDING:
		return "sending";
	case AGENTD_OUT_ACCEPTED:
		return "accepted";
	case AGENTD_OUT_DELIVERED:
		return "delivered";
	case AGENTD_OUT_REFUSED:
		return "refused";
	case AGENTD_OUT_NONE:
		break;
	}
	return "none";
}

void agentd_message_clear(struct agentd_message *message)
{
	free(message->why);
	free(message->recipients);
	free(message->source);
	free(message->receipt);
	free(message->versions);
	*message = (struct agentd_message){0};
}

static uint8_t *take_blob(sqlite3_stmt *q, int column, size_t *len_out)
{
	size_t len = (size_t)sqlite3_column_bytes(q, column);
	const void *data = sqlite3_column_blob(q, column);
	uint8_t *copy = data == NULL || len == 0 ? NULL : malloc(len);
	if (copy != NULL)
		memcpy(copy, data, len);
	*len_out = copy == NULL ? 0 : len;
	return copy;
}

static void read_message(sqlite3_stmt *q, struct agentd_message *m)
{
	*m = (struct agentd_message){.seq = sqlite3_column_int64(q, 0),
	    .id = store_id(q, 1),
	    .case_id = store_id(q, 2),
	    .state = (enum agentd_out)sqlite3_column_int(q, 3),
	    .blockers = (uint32_t)sqlite3_column_int(q, 4),
	    .attempts = (uint32_t)sqlite3_column_int(q, 5),
	    .due_ms = sqlite3_column_int64(q, 6),
	    .queued_ms = sqlite3_column_int64(q, 7),
	    .changed_ms = sqlite3_column_int64(q, 8),
	    .accepted_index = (uint64_t)sqlite3_column_int64(q, 9),
	    .why = store_text(q, 10),
	    .recipients = store_text(q, 11),
	    .source = store_text(q, 12)};
	m->receipt = take_blob(q, 13, &m->receipt_len);
	m->versions = take_blob(q, 14, &m->versions_len);
}

// ---- lanes: (case, recipient) -> messages without a final answer, in the order in which they were taken

static enum agentd_result lane_busy(
    struct agentd_store *s, const struct sluss_id *case_id, const char *recipient, bool *busy_out)
{
	sqlite3_stmt *q = store_query(s, "SELECT 1 FROM lane WHERE case_id = ? AND recipient = ? LIMIT 1");
	if (q == NULL || store_bind_id(q, 1, case_id) != SQLITE_OK || store_bind_text(q, 2, recipient) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_row(s, q);
	*busy_out = result == AGENTD_OK;
	(void)sqlite3_reset(q);
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

static enum agentd_result lane_join(
    struct agentd_store *s, const struct sluss_id *case_id, const char *recipient, int64_t seq)
{
	sqlite3_stmt *q = store_query(s, "INSERT OR IGNORE INTO lane(case_id, recipient, seq) VALUES(?, ?, ?)");
	if (q == NULL || store_bind_id(q, 1, case_id) != SQLITE_OK || store_bind_text(q, 2, recipient) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, seq) != SQLITE_OK)
		return store_fail(s);
	return store_run(s, q);
}

// A message leaves its lanes; it stands at the head of each, so each next one has one obstacle less.
static enum agentd_result lanes_leave(struct agentd_store *s, int64_t seq)
{
	sqlite3_stmt *q = store_query(s,
	    "UPDATE message SET blockers = blockers - (SELECT count(*) FROM lane AS mine WHERE mine.seq = ?1 AND "
	    "message.seq ="
	    " (SELECT min(seq) FROM lane AS other WHERE other.case_id = mine.case_id AND other.recipient = "
	    "mine.recipient"
	    " AND other.seq > ?1)) WHERE seq IN (SELECT (SELECT min(seq) FROM lane AS other WHERE other.case_id = "
	    "mine.case_id"
	    " AND other.recipient = mine.recipient AND other.seq > ?1) FROM lane AS mine WHERE mine.seq = ?1)");
	if (q == NULL || sqlite3_bind_int64(q, 1, seq) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_run(s, q);
	q = result == AGENTD_OK ? store_query(s, "DELETE FROM lane WHERE seq = ?") : NULL;
	if (result != AGENTD_OK)
		return result;
	return q == NULL || sqlite3_bind_int64(q, 1, seq) != SQLITE_OK ? store_fail(s) : store_run(s, q);
}

// ---- taking a message in

static enum agentd_result find_known(struct agentd_store *s, const struct agentd_new *m)
{
	sqlite3_stmt *q = store_query(s, "SELECT digest FROM message WHERE id = ?");
	if (q == NULL || store_bind_id(q, 1, &m->id) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_row(s, q);
	if (result == AGENTD_OK && (sqlite3_column_bytes(q, 0) != SLUSS_HASH_BYTES ||
				       memcmp(sqlite3_column_blob(q, 0), m->digest, SLUSS_HASH_BYTES) != 0))
		result = AGENTD_CONFLICT;
	(void)sqlite3_reset(q);
	return result;
}

static enum agentd_result insert(
    struct agentd_store *s, const struct agentd_new *m, uint32_t blockers, int64_t *seq_out)
{
	sqlite3_stmt *q = store_query(s,
	    "INSERT INTO message(id, state, blockers, queued_ms, changed_ms, case_id, digest, source, reported)"
	    " VALUES(?1, 1, ?2, ?3, ?3, ?4, ?5, ?6, ?6 IS NULL)");
	if (q == NULL || store_bind_id(q, 1, &m->id) != SQLITE_OK || sqlite3_bind_int64(q, 2, blockers) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, store_wall_ms()) != SQLITE_OK || store_bind_id(q, 4, &m->case_id) != SQLITE_OK ||
	    sqlite3_bind_blob(q, 5, m->digest, SLUSS_HASH_BYTES, SQLITE_STATIC) != SQLITE_OK ||
	    store_bind_text(q, 6, m->source) != SQLITE_OK)
		return store_fail(s);
	enum agentd_result result = store_run(s, q);
	*seq_out = sqlite3_last_insert_rowid(s->db);
	return result;
}

static enum agentd_result take_in(struct agentd_store *s, const struct agentd_new *m)
{
	uint32_t blockers = 0;
	int64_t seq = 0;
	enum agentd_result result = AGENTD_OK;
	for (size_t i = 0; i < m->recipient_count && result == AGENTD_OK; i++) {
		bool busy = false;
		result = lane_busy(s, &m->case_id, m->recipients[i], &busy);
		blockers += busy ? 1 : 0;
	}
	if (result == AGENTD_OK)
		result = insert(s, m, blockers, &seq);
	for (size_t i = 0; i < m->recipient_count && result == AGENTD_OK; i++)
		result = lane_join(s, &m->case_id, m->recipients[i], seq);
	if (result == AGENTD_OK)
		result = store_files_take(s, seq, m->files, m->file_count);
	return result == AGENTD_OK ? store_octets_put(s, STORE_OUT, seq, m->description) : result;
}

enum agentd_result agentd_store_queue(struct agentd_store *s, const struct agentd_new *message, bool *known_out)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = find_known(s, message);
	*known_out = result == AGENTD_OK;
	if (result == AGENTD_NOT_FOUND) {
		result = s->waiting_out >= s->limits.queue_max ? AGENTD_FULL : store_begin(s);
		if (result == AGENTD_OK)
			result = store_end(s, take_in(s, message));
		s->waiting_out += result == AGENTD_OK ? 1 : 0;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// ---- taking one to work on

// The first row of `q` that nobody works on.
static enum agentd_result take_row(
    struct agentd_store *s, sqlite3_stmt *q, int64_t now_ms, struct agentd_message *message_out, int64_t *next_ms_out)
{
	enum agentd_result result = q == NULL ? store_fail(s) : AGENTD_OK;
	*next_ms_out = INT64_MAX;
	while (result == AGENTD_OK) {
		result = store_row(s, q);
		if (result != AGENTD_OK || store_is_claimed(s, sqlite3_column_int64(q, 0)))
			continue;
		int64_t due = sqlite3_column_int64(q, 6);
		if (due > now_ms) {
			*next_ms_out = due;
			result = AGENTD_NOT_FOUND;
			break;
		}
		read_message(q, message_out);
		break;
	}
	if (q != NULL)
		(void)sqlite3_reset(q);
	return result;
}

static bool claim(struct agentd_store *s, int64_t seq)
{
	for (size_t i = 0; i < STORE_CLAIMS; i++) {
		if (s->claimed[i] == 0) {
			s->claimed[i] = seq;
			return true;
		}
	}
	return false;
}

enum agentd_result agentd_store_take(struct agentd_store *s, int64_t now_ms, struct agentd_message *message_out,
    uint8_t **octets_out, size_t *len_out, int64_t *next_ms_out)
{
	*octets_out = NULL;
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s,
	    "SELECT " COLUMNS
	    " FROM message INDEXED BY message_due WHERE state IN (1, 2) AND blockers = 0 ORDER BY due_ms, seq");
	enum agentd_result result = take_row(s, q, now_ms, message_out, next_ms_out);
	if (result == AGENTD_OK) {
		result = store_octets_get(s, STORE_OUT, message_out->seq, octets_out, len_out);
		if (result == AGENTD_NOT_FOUND)
			result = AGENTD_BROKEN; // a message without octets cannot be
		if (result != AGENTD_OK || !claim(s, message_out->seq)) {
			agentd_message_clear(message_out);
			free(*octets_out);
			*octets_out = NULL;
			result = result == AGENTD_OK ? AGENTD_NOT_FOUND : result;
		}
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_take_accepted(
    struct agentd_store *s, int64_t now_ms, struct agentd_message *message_out, int64_t *next_ms_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(
	    s, "SELECT " COLUMNS " FROM message INDEXED BY message_watched WHERE state = 3 ORDER BY due_ms LIMIT 1");
	enum agentd_result result = take_row(s, q, now_ms, message_out, next_ms_out);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

void agentd_store_release(struct agentd_store *s, int64_t seq)
{
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < STORE_CLAIMS; i++) {
		if (s->claimed[i] == seq)
			s->claimed[i] = 0;
	}
	(void)pthread_mutex_unlock(&s->lock);
}

// ---- what became of it

static enum agentd_result seal(
    struct agentd_store *s, int64_t seq, struct sluss_bytes octets, const uint8_t hash[SLUSS_HASH_BYTES])
{
	enum agentd_result result = store_description_keep(s, seq);
	sqlite3_stmt *q = store_query(s,
	    "UPDATE message SET state = 2, changed_ms = ?, versions = CAST(coalesce(versions, x'') || ? AS BLOB)"
	    " WHERE seq = ? AND state IN (1, 2)");
	if (q == NULL || sqlite3_bind_int64(q, 1, store_wall_ms()) != SQLITE_OK ||
	    sqlite3_bind_blob(q, 2, hash, SLUSS_HASH_BYTES, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, seq) != SQLITE_OK)
		return store_fail(s);
	if (result == AGENTD_OK)
		result = store_run(s, q);
	return result == AGENTD_OK ? store_octets_put(s, STORE_OUT, seq, octets) : result;
}

enum agentd_result agentd_store_sealed(
    struct agentd_store *s, int64_t seq, struct sluss_bytes octets, const uint8_t envelope_hash[SLUSS_HASH_BYTES])
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK)
		result = store_end(s, seal(s, seq, octets, envelope_hash));
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_postpone(struct agentd_store *s, int64_t seq, int64_t due_ms, const char *why)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q =
	    store_query(s, "UPDATE message SET attempts = attempts + 1, due_ms = ?, why = ? WHERE seq = ?");
	enum agentd_result result = AGENTD_OK;
	if (q == NULL || sqlite3_bind_int64(q, 1, due_ms) != SQLITE_OK || store_bind_text(q, 2, why) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, seq) != SQLITE_OK)
		result = store_fail(s);
	else
		result = store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// The final answer: the message leaves its lanes, its octets are erased.
static enum agentd_result finish(struct agentd_store *s, sqlite3_stmt *update, int64_t seq)
{
	enum agentd_result result = store_run(s, update);
	if (result == AGENTD_OK && sqlite3_changes(s->db) == 0)
		return AGENTD_NOT_FOUND; // it has one already
	if (result == AGENTD_OK)
		result = lanes_leave(s, seq);
	if (result == AGENTD_OK)
		result = store_octets_drop(s, STORE_OUT, seq);
	if (result == AGENTD_OK)
		result = store_octets_drop(s, STORE_DESCRIPTION, seq);
	return result == AGENTD_OK ? store_files_drop(s, STORE_OUT, seq) : result;
}

enum agentd_result agentd_store_accepted(
    struct agentd_store *s, int64_t seq, uint64_t index, struct sluss_bytes receipt, const char *pairs, int64_t due_ms)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK) {
		sqlite3_stmt *q = store_query(s, "UPDATE message SET state = 3, attempts = 0, changed_ms = ?, "
						 "accepted_index = ?, receipt = ?, recipients = ?,"
						 " why = NULL, due_ms = ? WHERE seq = ? AND state IN (1, 2)");
		if (q == NULL || sqlite3_bind_int64(q, 1, store_wall_ms()) != SQLITE_OK ||
		    sqlite3_bind_int64(q, 2, (int64_t)index) != SQLITE_OK ||
		    sqlite3_bind_blob64(q, 3, receipt.data, receipt.len, SQLITE_STATIC) != SQLITE_OK ||
		    store_bind_text(q, 4, pairs) != SQLITE_OK || sqlite3_bind_int64(q, 5, due_ms) != SQLITE_OK ||
		    sqlite3_bind_int64(q, 6, seq) != SQLITE_OK)
			result = store_end(s, store_fail(s));
		else
			result = store_end(s, finish(s, q, seq));
	}
	s->waiting_out -= result == AGENTD_OK ? 1 : 0;
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_refused(struct agentd_store *s, int64_t seq, const char *why)
{
	(void)pthread_mutex_lock(&s->lock);
	enum agentd_result result = store_begin(s);
	if (result == AGENTD_OK) {
		sqlite3_stmt *q = store_query(
		    s, "UPDATE message SET state = 5, changed_ms = ?, why = ? WHERE seq = ? AND state IN (1, 2)");
		if (q == NULL || sqlite3_bind_int64(q, 1, store_wall_ms()) != SQLITE_OK ||
		    store_bind_text(q, 2, why) != SQLITE_OK || sqlite3_bind_int64(q, 3, seq) != SQLITE_OK)
			result = store_end(s, store_fail(s));
		else
			result = store_end(s, finish(s, q, seq));
	}
	s->waiting_out -= result == AGENTD_OK ? 1 : 0;
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_status(
    struct agentd_store *s, int64_t seq, const char *recipients, bool ended, int64_t due_ms)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s,
	    "UPDATE message SET recipients = coalesce(?, recipients), state = ?, attempts = attempts + 1, due_ms = ?,"
	    " changed_ms = ? WHERE seq = ? AND state = 3");
	enum agentd_result result;
	if (q == NULL || store_bind_text(q, 1, recipients) != SQLITE_OK ||
	    sqlite3_bind_int(q, 2, ended ? AGENTD_OUT_DELIVERED : AGENTD_OUT_ACCEPTED) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 3, due_ms) != SQLITE_OK || sqlite3_bind_int64(q, 4, store_wall_ms()) != SQLITE_OK ||
	    sqlite3_bind_int64(q, 5, seq) != SQLITE_OK)
		result = store_fail(s);
	else
		result = store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

// ---- looking

static enum agentd_result read_one(struct agentd_store *s, sqlite3_stmt *q, struct agentd_message *message_out)
{
	enum agentd_result result = q == NULL ? store_fail(s) : store_row(s, q);
	if (result == AGENTD_OK) {
		read_message(q, message_out);
		(void)sqlite3_reset(q);
	}
	return result;
}

enum agentd_result agentd_store_message(
    struct agentd_store *s, const struct sluss_id *id, struct agentd_message *message_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT " COLUMNS " FROM message WHERE id = ?");
	enum agentd_result result =
	    q == NULL || store_bind_id(q, 1, id) != SQLITE_OK ? store_fail(s) : read_one(s, q, message_out);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_unreported(struct agentd_store *s, struct agentd_message *message_out)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q =
	    store_query(s, "SELECT " COLUMNS " FROM message WHERE reported = 0 AND state >= 3 ORDER BY seq LIMIT 1");
	enum agentd_result result = read_one(s, q, message_out);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_reported(struct agentd_store *s, int64_t seq)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "UPDATE message SET reported = 1 WHERE seq = ?");
	enum agentd_result result =
	    q == NULL || sqlite3_bind_int64(q, 1, seq) != SQLITE_OK ? store_fail(s) : store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

bool agentd_store_has_source(struct agentd_store *s, const char *source)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT 1 FROM message WHERE source = ?");
	bool found = q != NULL && store_bind_text(q, 1, source) == SQLITE_OK && store_row(s, q) == AGENTD_OK;
	if (q != NULL)
		(void)sqlite3_reset(q);
	(void)pthread_mutex_unlock(&s->lock);
	return found;
}

enum agentd_result agentd_store_again(struct agentd_store *s, const struct sluss_id *id, const char *source)
{
	(void)pthread_mutex_lock(&s->lock);
	// While the first file still waits for its answer the second one stays where it is and is looked at again.
	sqlite3_stmt *q = store_query(
	    s, "UPDATE message SET source = ?1, reported = 0 WHERE id = ?2 AND (reported = 1 OR source = ?1)");
	enum agentd_result result;
	if (q == NULL || store_bind_text(q, 1, source) != SQLITE_OK || store_bind_id(q, 2, id) != SQLITE_OK)
		result = store_fail(s);
	else
		result = store_run(s, q);
	(void)pthread_mutex_unlock(&s->lock);
	return result;
}

enum agentd_result agentd_store_waiting(
    struct agentd_store *s, size_t max, void (*add)(void *arg, const struct agentd_message *message), void *arg)
{
	(void)pthread_mutex_lock(&s->lock);
	sqlite3_stmt *q = store_query(s, "SELECT " COLUMNS " FROM message INDEXED BY message_due WHERE state IN (1, 2) "
					 "AND blockers = 0 ORDER BY due_ms DESC, seq LIMIT ?");
	enum agentd_result result =
	    q == NULL || sqlite3_bind_int64(q, 1, (int64_t)max) != SQLITE_OK ? store_fail(s) : AGENTD_OK;
	while (result == AGENTD_OK) {
		struct agentd_message message;
		result = store_row(s, q);
		if (result == AGENTD_OK) {
			read_message(q, &message);
			add(arg, &message);
			agentd_message_clear(&message);
		}
	}
	(void)pthread_mutex_unlock(&s->lock);
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}
