// SPDX-License-Identifier: EUPL-1.2
// The store in memory: database, records, transactions. A transaction collects its changes in a second map (deletions
// as entries that are "gone") and its records in a second array; commit pours both into the first, so that nothing is
// seen before.
#include "store_memory_impl.h"

#include <stdlib.h>

// ---- records

static bool records_add(struct memory_records *records, struct sluss_bytes record)
{
	if (records->count == records->cap) {
		size_t cap = records->cap == 0 ? 64 : records->cap * 2;
		struct sluss_bytes *grown = realloc(records->list, cap * sizeof(*grown));
		if (grown == NULL)
			return false;
		records->list = grown;
		records->cap = cap;
	}
	uint8_t *copy = malloc(record.len);
	if (copy == NULL)
		return false;
	memcpy(copy, record.data, record.len);
	records->list[records->count++] = (struct sluss_bytes){copy, record.len};
	return true;
}

static void records_drop(struct memory_records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		union {
			const uint8_t *kept;
			uint8_t *freed;
		} octets = {.kept = records->list[i].data};
		free(octets.freed);
	}
	records->count = 0;
}

static enum sluss_store_result memory_size(struct sluss_store *store, uint64_t *size_out)
{
	struct memory_store *m = memory_of(store);
	pthread_mutex_lock(&m->db->mutex);
	*size_out = m->db->records.count + m->added.count;
	pthread_mutex_unlock(&m->db->mutex);
	return SLUSS_STORE_OK;
}

static enum sluss_store_result memory_append(
    struct sluss_store *store, uint64_t first, const struct sluss_bytes *records, size_t count)
{
	struct memory_store *m = memory_of(store);
	uint64_t size = 0;
	(void)memory_size(store, &size);
	if (first != size)
		return sluss_store_fail(store, SLUSS_STORE_CORRUPT, "append does not continue the log");
	for (size_t i = 0; i < count; i++) {
		if (!records_add(&m->added, records[i]))
			return memory_full(store);
	}
	return SLUSS_STORE_OK;
}

static enum sluss_store_result memory_read(
    struct sluss_store *store, uint64_t first, uint64_t count, sluss_store_record_fn *each, void *context)
{
	struct memory_store *m = memory_of(store);
	for (uint64_t i = first; i < first + count; i++) {
		pthread_mutex_lock(&m->db->mutex);
		size_t kept = m->db->records.count;
		struct sluss_bytes record = i < kept ? m->db->records.list[i] : m->added.list[i - kept];
		pthread_mutex_unlock(&m->db->mutex);
		if (!each(context, i, record)) // a record is never freed before the database
			break;
	}
	return SLUSS_STORE_OK;
}

// ---- transactions, open and close

static enum sluss_store_result memory_begin(struct sluss_store *store)
{
	(void)store;
	return SLUSS_STORE_OK;
}

static void memory_rollback(struct sluss_store *store)
{
	struct memory_store *m = memory_of(store);
	store_map_clear(m->changes);
	records_drop(&m->added);
}

static enum sluss_store_result memory_commit(struct sluss_store *store)
{
	static const struct sluss_bytes first;
	struct memory_store *m = memory_of(store);
	enum sluss_store_result result = SLUSS_STORE_OK;
	pthread_mutex_lock(&m->db->mutex);
	const struct store_map_entry *entry = store_map_seek(m->changes, first, false);
	for (; entry != NULL && result == SLUSS_STORE_OK; entry = store_map_seek(m->changes, entry->key, true)) {
		if (entry->gone)
			store_map_remove(m->db->map, entry->key);
		else if (!store_map_put(m->db->map, entry->key, entry->value, false))
			result = SLUSS_STORE_UNCERTAIN; // half poured
	}
	for (size_t i = 0; i < m->added.count && result == SLUSS_STORE_OK; i++) {
		if (!records_add(&m->db->records, m->added.list[i]))
			result = SLUSS_STORE_UNCERTAIN;
	}
	pthread_mutex_unlock(&m->db->mutex);
	memory_rollback(store);
	return result;
}

static enum sluss_store_result memory_scrub(struct sluss_store *store)
{
	(void)store; // maps wipe what they drop
	return SLUSS_STORE_OK;
}

static void memory_close(struct sluss_store *store)
{
	struct memory_store *m = memory_of(store);
	records_drop(&m->added);
	free(m->added.list);
	store_map_free(&m->changes);
	if (store->mode == SLUSS_STORE_WRITER) {
		pthread_mutex_lock(&m->db->mutex);
		m->db->has_writer = false;
		pthread_mutex_unlock(&m->db->mutex);
	}
	free(m);
}

static void memory_ops(struct sluss_store_ops *ops)
{
	*ops = (struct sluss_store_ops){
	    .close = memory_close,
	    .begin = memory_begin,
	    .commit = memory_commit,
	    .rollback = memory_rollback,
	    .size = memory_size,
	    .append = memory_append,
	    .read = memory_read,
	    .scrub = memory_scrub,
	};
	memory_rows(ops);
}

struct sluss_memory_db *sluss_memory_db_new(void)
{
	struct sluss_memory_db *db = calloc(1, sizeof(*db));
	if (db == NULL)
		return NULL;
	db->map = store_map_new();
	if (db->map == NULL) {
		free(db);
		return NULL;
	}
	(void)pthread_mutex_init(&db->mutex, NULL);
	return db;
}

void sluss_memory_db_free(struct sluss_memory_db **db)
{
	if (*db == NULL)
		return;
	records_drop(&(*db)->records);
	free((*db)->records.list);
	store_map_free(&(*db)->map);
	pthread_mutex_destroy(&(*db)->mutex);
	free(*db);
	*db = NULL;
}

enum sluss_store_result sluss_store_memory_open(
    struct sluss_memory_db *db, enum sluss_store_mode mode, struct sluss_store **store_out)
{
	bool writer = mode == SLUSS_STORE_WRITER;
	struct memory_store *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return SLUSS_STORE_FULL;
	memory_ops(&m->ops);
	m->base.ops = &m->ops;
	m->base.mode = mode;
	m->db = db;
	if (writer && (m->changes = store_map_new()) == NULL) {
		free(m);
		return SLUSS_STORE_FULL;
	}
	pthread_mutex_lock(&db->mutex);
	bool taken = writer && db->has_writer;
	db->has_writer = db->has_writer || writer;
	pthread_mutex_unlock(&db->mutex);
	if (taken) {
		store_map_free(&m->changes);
		free(m);
		return SLUSS_STORE_AGAIN;
	}
	*store_out = &m->base;
	return SLUSS_STORE_OK;
}
