// SPDX-License-Identifier: EUPL-1.2
// The fault sweep: a log batch with payload, queue and side rows runs against a store whose n-th writing call fails,
// for every n and every kind of fault, until a run meets no fault. Whatever fails, the log that is found after opening
// anew is the one before or the one after, whole, and never after when the commit's result said that it did not happen.
#include "log_verify.h"
#include "log_writer.h"
#include "store_fault.h"
#include "store_memory.h"
#include "storelog_folder.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	BEFORE = 254, // entries of the log before the batch: the batch fills a tile
	BATCH = 5,
};

static struct sluss_note_key key;
static uint8_t secret[SLUSS_NOTE_SECRET_BYTES];

static struct sluss_bytes text(const char *octets)
{
	return (struct sluss_bytes){(const uint8_t *)octets, strlen(octets)};
}

static struct sluss_id id_of(uint8_t octet)
{
	struct sluss_id id;
	memset(id.b, octet, sizeof(id.b));
	return id;
}

// A store that can be opened again and again.
struct place {
	bool sqlite;
	struct storelog_folder folder;
	struct sluss_memory_db *db;
};

static void place_make(struct place *place, bool sqlite)
{
	*place = (struct place){.sqlite = sqlite};
	if (sqlite)
		storelog_folder_make(&place->folder);
	else
		place->db = sluss_memory_db_new();
}

static void place_remove(struct place *place)
{
	if (place->sqlite)
		storelog_folder_remove(&place->folder);
	sluss_memory_db_free(&place->db);
}

static struct sluss_store *place_open(const struct place *place)
{
	struct sluss_store *store = NULL;
	struct sluss_store_error error;
	enum sluss_store_result result = place->sqlite
					     ? sluss_store_open(place->folder.url, SLUSS_STORE_WRITER, &error, &store)
					     : sluss_store_memory_open(place->db, SLUSS_STORE_WRITER, &store);
	assert_int_equal(result, SLUSS_STORE_OK);
	return store;
}

static enum sluss_store_result append_some(struct sluss_log *log, size_t count)
{
	enum sluss_store_result result = SLUSS_STORE_OK;
	for (size_t i = 0; i < count && result == SLUSS_STORE_OK; i++) {
		char entry[32];
		uint64_t index = 0;
		(void)snprintf(entry, sizeof(entry), "entry %llu", (unsigned long long)sluss_log_size(log));
		result = sluss_log_append(log, text(entry), &index);
	}
	return result;
}

static void prepare(const struct place *place)
{
	struct sluss_store *store = place_open(place);
	struct sluss_store_error error;
	struct sluss_log *log = NULL;
	struct sluss_id old = id_of(1);
	assert_int_equal(sluss_log_open(store, &key, secret, &error, &log), SLUSS_STORE_OK);
	assert_int_equal(sluss_log_begin(log), SLUSS_STORE_OK);
	assert_int_equal(append_some(log, BEFORE), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_put_payload(store, &old, 0, text("old payload")), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_put_side(store, 1, text("old"), text("old value")), SLUSS_STORE_OK);
	assert_int_equal(sluss_log_commit(log), SLUSS_STORE_OK);
	sluss_log_close(&log);
	sluss_store_close(&store);
}

// The batch. Stops at the first result that is not OK and returns it.
static enum sluss_store_result run_batch(struct sluss_store *store, struct sluss_log *log)
{
	struct sluss_id old = id_of(1);
	struct sluss_id new = id_of(2);
	struct sluss_store_delivery delivery = {
	    .agency = "police", .sequence = BEFORE, .message = new, .case_id = old, .state = text("waits")};
	enum sluss_store_result result = sluss_log_begin(log);
	if (result == SLUSS_STORE_OK)
		result = append_some(log, BATCH);
	if (result == SLUSS_STORE_OK)
		result = sluss_store_put_payload(store, &new, 0, text("new payload"));
	if (result == SLUSS_STORE_OK)
		result = sluss_store_erase_payloads(store, &old, NULL);
	if (result == SLUSS_STORE_OK)
		result = sluss_store_put_delivery(store, &delivery);
	if (result == SLUSS_STORE_OK)
		result = sluss_store_erase_side(store, 1, text("old"));
	if (result == SLUSS_STORE_OK)
		result = sluss_store_put_side(store, 1, text("new"), text("new value"));
	if (result == SLUSS_STORE_OK)
		result = sluss_log_commit(log);
	else
		sluss_log_rollback(log);
	return result;
}

static bool count_delivery(void *context, const struct sluss_store_delivery *delivery)
{
	assert_true(delivery->sequence == BEFORE && delivery->state.len == 5);
	(*(size_t *)context)++;
	return true;
}

// Opens without faults; the log must be whole, and everything beside it of the same moment. True: the state after.
static bool inspect(const struct place *place)
{
	struct sluss_store *store = place_open(place);
	struct sluss_store_error error;
	struct sluss_log *log = NULL;
	struct sluss_store_blob blob = {0};
	struct sluss_id old = id_of(1);
	struct sluss_id new = id_of(2);
	size_t deliveries = 0;
	uint64_t index = 0;
	assert_int_equal(sluss_log_open(store, &key, secret, &error, &log), SLUSS_STORE_OK);
	bool after = sluss_log_size(log) == BEFORE + BATCH;
	enum sluss_store_result is_new = after ? SLUSS_STORE_OK : SLUSS_STORE_NOT_FOUND;
	enum sluss_store_result is_old = after ? SLUSS_STORE_NOT_FOUND : SLUSS_STORE_OK;
	assert_true(after || sluss_log_size(log) == BEFORE);
	assert_int_equal(sluss_store_get_payload(store, &old, 0, &blob), is_old);
	assert_int_equal(sluss_store_get_payload(store, &new, 0, &blob), is_new);
	assert_int_equal(sluss_store_get_side(store, 1, text("old"), &blob), is_old);
	assert_int_equal(sluss_store_get_side(store, 1, text("new"), &blob), is_new);
	assert_int_equal(sluss_store_each_delivery(store, NULL, 0, count_delivery, &deliveries), SLUSS_STORE_OK);
	assert_int_equal(deliveries, after ? 1 : 0);
	// The log works on.
	assert_int_equal(sluss_log_begin(log), SLUSS_STORE_OK);
	char entry[32];
	(void)snprintf(entry, sizeof(entry), "entry %llu", (unsigned long long)sluss_log_size(log));
	assert_int_equal(sluss_log_append(log, text(entry), &index), SLUSS_STORE_OK);
	assert_int_equal(sluss_log_commit(log), SLUSS_STORE_OK);
	assert_int_equal(sluss_log_receipt(log, index, &blob), SLUSS_STORE_OK);
	assert_int_equal(sluss_verify_receipt((struct sluss_bytes){blob.data, blob.len}, text(entry), &key, NULL, NULL),
	    SLUSS_RECEIPT_VALID);
	sluss_store_blob_free(&blob);
	sluss_log_close(&log);
	sluss_store_close(&store);
	return after;
}

// One run with a fault at call n. False: there were not so many calls.
static bool run_with_fault(bool sqlite, enum sluss_fault fault, enum sluss_store_result result, uint64_t n)
{
	struct place place;
	struct sluss_fault_plan plan = {.fault = fault, .at = n, .result = result};
	struct sluss_store *store = NULL;
	struct sluss_store_error error;
	struct sluss_log *log = NULL;
	uint64_t calls = 0;
	place_make(&place, sqlite);
	prepare(&place);
	assert_int_equal(sluss_store_fault_wrap(place_open(&place), &plan, &calls, &store), SLUSS_STORE_OK);
	assert_int_equal(sluss_log_open(store, &key, secret, &error, &log), SLUSS_STORE_OK);
	struct sluss_hash before;
	struct sluss_hash now;
	sluss_tree_root(sluss_log_tree(log), &before);
	enum sluss_store_result got = run_batch(store, log);
	bool met = calls >= n;
	bool committing = met && calls == n; // the fault met the last call, the commit
	if (got != SLUSS_STORE_OK) {
		// The tree is as before, and a latched store lets nobody write on.
		sluss_tree_root(sluss_log_tree(log), &now);
		assert_memory_equal(before.b, now.b, SLUSS_HASH_BYTES);
		assert_true(sluss_log_size(log) == BEFORE);
		if (got == SLUSS_STORE_UNCERTAIN || got == SLUSS_STORE_CORRUPT)
			assert_int_equal(run_batch(store, log), got);
	}
	sluss_log_close(&log);
	sluss_store_close(&store);
	bool after = inspect(&place);
	assert_int_equal(got == SLUSS_STORE_OK, !met);
	assert_true(met || after);
	// After a failure the state after is found only when a commit was done and its answer lost.
	assert_true(!met || !after || (fault == SLUSS_FAULT_DONE && committing));
	place_remove(&place);
	return met;
}

static void sweep(bool sqlite, enum sluss_fault fault, enum sluss_store_result result)
{
	uint64_t n = 1;
	while (run_with_fault(sqlite, fault, result, n))
		n++;
	assert_true(n > 10);
}

static void sweep_memory(void **state)
{
	(void)state;
	static const enum sluss_store_result results[] = {
	    SLUSS_STORE_AGAIN, SLUSS_STORE_UNCERTAIN, SLUSS_STORE_FULL, SLUSS_STORE_CORRUPT};
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		sweep(false, SLUSS_FAULT_FAIL, results[i]);
		sweep(false, SLUSS_FAULT_TEAR, results[i]);
		sweep(false, SLUSS_FAULT_DONE, results[i]);
	}
}

static void sweep_sqlite(void **state)
{
	(void)state;
	sweep(true, SLUSS_FAULT_FAIL, SLUSS_STORE_FULL);
	sweep(true, SLUSS_FAULT_TEAR, SLUSS_STORE_UNCERTAIN);
	sweep(true, SLUSS_FAULT_DONE, SLUSS_STORE_UNCERTAIN);
}

// A store that lies about one write of the log: the lie is found when the log is opened.
static void lies_are_found(void **state)
{
	(void)state;
	for (uint64_t n = 2; n <= 1 + BATCH + 3 + 5; n++) {
		struct place place;
		struct sluss_fault_plan plan = {.fault = SLUSS_FAULT_LIE, .at = n};
		struct sluss_store *store = NULL;
		struct sluss_store_error error;
		struct sluss_log *log = NULL;
		place_make(&place, false);
		prepare(&place);
		assert_int_equal(sluss_store_fault_wrap(place_open(&place), &plan, NULL, &store), SLUSS_STORE_OK);
		assert_int_equal(sluss_log_open(store, &key, secret, &error, &log), SLUSS_STORE_OK);
		enum sluss_store_result got = run_batch(store, log);
		sluss_log_close(&log);
		sluss_store_close(&store);
		store = place_open(&place);
		uint64_t size = 0;
		assert_int_equal(sluss_store_size(store, &size), SLUSS_STORE_OK);
		enum sluss_store_result opened = sluss_log_open(store, &key, secret, &error, &log);
		// A lost record shows at once, because the next one does not continue the log; the last one, checkpoint
		// and newest tiles when opening; an older tile when a proof needs it.
		struct sluss_store_blob receipt = {0};
		bool found = got != SLUSS_STORE_OK || opened == SLUSS_STORE_CORRUPT ||
			     sluss_log_receipt(log, 0, &receipt) == SLUSS_STORE_CORRUPT;
		sluss_store_blob_free(&receipt);
		bool of_the_log = n <= 1 + BATCH || n > 1 + BATCH + 5;
		assert_true(found || !of_the_log);
		assert_true(got == SLUSS_STORE_OK || size == BEFORE);
		sluss_log_close(&log);
		sluss_store_close(&store);
		place_remove(&place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sweep_memory),
	    cmocka_unit_test(sweep_sqlite),
	    cmocka_unit_test(lies_are_found),
	};
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES];
	if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret) != 0 ||
	    !sluss_note_key_init(&key, "sluss.example.org/test", SLUSS_NOTE_ED25519, public_key))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
