// SPDX-License-Identifier: EUPL-1.2
// What only the SQLite store has to show: its files survive power cuts and kills, a failing disk stops it, nothing of
// what was erased remains in them, and it refuses files that are not its own.
#include "log_writer.h"
#include "storelog_folder.h"
#include "storelog_vfs.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct sluss_note_key key;
static uint8_t secret[SLUSS_NOTE_SECRET_BYTES];

#define OK(call) assert_int_equal((call), SLUSS_STORE_OK)

static struct sluss_bytes text(const char *octets)
{
	return (struct sluss_bytes){(const uint8_t *)octets, strlen(octets)};
}

static struct sluss_store *open_store(const struct storelog_folder *folder)
{
	struct sluss_store *store = NULL;
	struct sluss_store_error error = {0};
	enum sluss_store_result result = sluss_store_open(folder->url, SLUSS_STORE_WRITER, &error, &store);
	if (result != SLUSS_STORE_OK)
		print_message("open: %s (%s)\n", sluss_store_result_name(result), error.text);
	OK(result);
	return store;
}

static struct sluss_id numbered(uint64_t number)
{
	struct sluss_id id = {{0}};
	memcpy(id.b, &number, sizeof(number));
	id.b[15] = 1;
	return id;
}

// One log batch: some entries, a payload; the payload of two batches ago goes.
static enum sluss_store_result batch(struct sluss_store *store, struct sluss_log *log, uint64_t number)
{
	uint8_t payload[3000];
	struct sluss_id id = numbered(number);
	enum sluss_store_result result = sluss_log_begin(log);
	for (uint64_t i = 0; i <= number % 7 && result == SLUSS_STORE_OK; i++) {
		char entry[48];
		uint64_t index = 0;
		(void)snprintf(
		    entry, sizeof(entry), "batch %llu, entry %llu", (unsigned long long)number, (unsigned long long)i);
		result = sluss_log_append(log, text(entry), &index);
	}
	memset(payload, (int)(number & 0xff), sizeof(payload));
	if (result == SLUSS_STORE_OK)
		result = sluss_store_put_payload(store, &id, 0, (struct sluss_bytes){payload, sizeof(payload)});
	if (result == SLUSS_STORE_OK && number >= 2) {
		id = numbered(number - 2);
		result = sluss_store_erase_payload(store, &id, 0);
	}
	if (result == SLUSS_STORE_OK)
		result = sluss_log_commit(log);
	else
		sluss_log_rollback(log);
	return result;
}

// Entries of the log after so many batches.
static uint64_t size_after(uint64_t batches)
{
	uint64_t size = 0;
	for (uint64_t number = 0; number < batches; number++)
		size += 1 + number % 7;
	return size;
}

// Opens a store that was torn from its writer. The log is whole (log_open checks it) and holds a whole number of
// batches, at least `least`. Returns how many.
static uint64_t inspect(const struct storelog_folder *folder, uint64_t least)
{
	struct sluss_store *store = open_store(folder);
	struct sluss_log *log = NULL;
	struct sluss_store_error error = {0};
	struct sluss_store_blob blob = {0};
	enum sluss_store_result opened = sluss_log_open(store, &key, secret, &error, &log);
	if (opened != SLUSS_STORE_OK)
		print_message("log: %s\n", error.text);
	OK(opened);
	uint64_t batches = least;
	while (size_after(batches) < sluss_log_size(log))
		batches++;
	assert_true(size_after(batches) == sluss_log_size(log));
	if (batches > 0) {
		struct sluss_id id = numbered(batches - 1);
		OK(sluss_store_get_payload(store, &id, 0, &blob));
		assert_true(blob.len == 3000 && blob.data[2999] == ((batches - 1) & 0xff));
		id = numbered(batches - 3);
		assert_true(batches < 3 || sluss_store_get_payload(store, &id, 0, &blob) == SLUSS_STORE_NOT_FOUND);
	}
	OK(batch(store, log, batches));
	sluss_store_blob_free(&blob);
	sluss_log_close(&log);
	sluss_store_close(&store);
	return batches;
}

// ---- power

// The power goes after each of many batches: every acknowledged one is there, whatever the disk kept of what was not
// synced.
static void power_cuts(void **state)
{
	(void)state;
	struct storelog_folder folder;
	struct sluss_log *log = NULL;
	struct sluss_store_error error;
	storelog_vfs_forget();
	storelog_folder_make(&folder);
	struct sluss_store *store = open_store(&folder);
	OK(sluss_log_open(store, &key, secret, &error, &log));
	for (uint64_t number = 0; number < 120; number++) {
		storelog_vfs_plan(0, false);
		OK(batch(store, log, number));
		assert_true(storelog_vfs_syncs() >= 1);
		if (number % 16 == 5)
			OK(sluss_store_scrub(store));
		// In the middle of the next batch, so that there is something unsynced now and then.
		uint64_t index = 0;
		OK(sluss_log_begin(log));
		OK(sluss_log_append(log, text("not committed"), &index));
		for (uint32_t seed = 0; seed < 4; seed++) {
			struct storelog_folder after;
			storelog_folder_make(&after);
			storelog_vfs_cut_power(&after, seed < 2 ? seed : (uint32_t)(number * 31 + seed));
			// Not seen by the disk that forgets: it knows the first folder's names only.
			sqlite3_vfs *forgetful = sqlite3_vfs_find(NULL);
			assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1), SQLITE_OK);
			assert_true(inspect(&after, number + 1) == number + 1);
			assert_int_equal(sqlite3_vfs_register(forgetful, 1), SQLITE_OK);
			storelog_folder_remove(&after);
		}
		sluss_log_rollback(log);
	}
	sluss_log_close(&log);
	sluss_store_close(&store);
	storelog_vfs_forget();
	storelog_folder_remove(&folder);
}

// The n-th write or sync fails, and everything after it: the store says so, writes no more, and after the power went
// what is there is a whole number of batches: all that were acknowledged, and perhaps the one whose commit was
// uncertain.
static void failing_disk(void **state)
{
	(void)state;
	bool met = true;
	for (uint64_t n = 1; met; n++) {
		struct storelog_folder folder;
		struct storelog_folder after;
		struct sluss_log *log = NULL;
		struct sluss_store_error error;
		uint64_t acknowledged = 0;
		enum sluss_store_result result = SLUSS_STORE_OK;
		storelog_vfs_forget();
		storelog_folder_make(&folder);
		struct sluss_store *store = open_store(&folder);
		OK(sluss_log_open(store, &key, secret, &error, &log));
		OK(batch(store, log, 0));
		storelog_vfs_plan(n, n % 2 == 0);
		for (uint64_t number = 1; number < 9 && result == SLUSS_STORE_OK; number++) {
			result = batch(store, log, number);
			acknowledged += result == SLUSS_STORE_OK;
		}
		if (result == SLUSS_STORE_OK)
			result = sluss_store_scrub(store);
		met = storelog_vfs_calls() >= n;
		if (met) {
			// An error is never passed over, and nobody writes on.
			assert_int_equal(result, SLUSS_STORE_UNCERTAIN);
			assert_int_equal(batch(store, log, acknowledged + 1), SLUSS_STORE_UNCERTAIN);
		}
		storelog_folder_make(&after);
		storelog_vfs_cut_power(&after, (uint32_t)n);
		storelog_vfs_plan(0, false);
		sluss_log_close(&log);
		sluss_store_close(&store);
		sqlite3_vfs *forgetful = sqlite3_vfs_find(NULL);
		assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1), SQLITE_OK);
		uint64_t found = inspect(&after, 1 + acknowledged);
		assert_true(found <= 2 + acknowledged);
		assert_int_equal(sqlite3_vfs_register(forgetful, 1), SQLITE_OK);
		storelog_folder_remove(&after);
		storelog_folder_remove(&folder);
	}
	storelog_vfs_forget();
}

// The disk fails while the store cares for its write-ahead log in the background: nobody was asking, but the next
// writer is told.
static void failing_disk_in_the_background(void **state)
{
	(void)state;
	struct storelog_folder folder;
	struct sluss_log *log = NULL;
	struct sluss_store_error error;
	enum sluss_store_result result = SLUSS_STORE_OK;
	storelog_vfs_forget();
	storelog_folder_make(&folder);
	struct sluss_store *store = open_store(&folder);
	OK(sluss_log_open(store, &key, secret, &error, &log));
	for (uint64_t number = 0; number < 4; number++)
		OK(batch(store, log, number)); // with erasures, so that the log is emptied some seconds later
	storelog_vfs_plan(1, true);
	for (int i = 0; i < 150 && result == SLUSS_STORE_OK; i++) {
		(void)usleep(100000);
		result = sluss_log_begin(log);
		sluss_log_rollback(log);
	}
	assert_int_equal(result, SLUSS_STORE_UNCERTAIN);
	storelog_vfs_plan(0, false);
	assert_int_equal(sluss_log_begin(log), SLUSS_STORE_UNCERTAIN);
	sluss_log_close(&log);
	sluss_store_close(&store);
	storelog_vfs_forget();
	storelog_folder_remove(&folder);
}

// kill -9 at random moments: a child writes and says on a pipe what was acknowledged.
static void killed_writer(void **state)
{
	(void)state;
	struct storelog_folder folder;
	uint64_t batches = 0;
	assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1), SQLITE_OK);
	storelog_folder_make(&folder);
	for (int round = 0; round < 20; round++) {
		int ends[2];
		uint64_t told = batches;
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct sluss_log *log = NULL;
			struct sluss_store_error error;
			struct sluss_store *store = NULL;
			if (sluss_store_open(folder.url, SLUSS_STORE_WRITER, &error, &store) != SLUSS_STORE_OK ||
			    sluss_log_open(store, &key, secret, &error, &log) != SLUSS_STORE_OK)
				_exit(1);
			for (uint64_t number = batches; batch(store, log, number) == SLUSS_STORE_OK;) {
				number++;
				if (write(ends[1], &number, sizeof(number)) != sizeof(number))
					_exit(2);
			}
			_exit(3);
		}
		(void)close(ends[1]);
		for (uint64_t i = 0; i < 3 + randombytes_uniform(40); i++)
			assert_int_equal(read(ends[0], &told, sizeof(told)), sizeof(told));
		assert_int_equal(kill(child, SIGKILL), 0);
		int status = 0;
		assert_true(waitpid(child, &status, 0) == child);
		while (read(ends[0], &told, sizeof(told)) == (ssize_t)sizeof(told))
			continue;
		(void)close(ends[0]);
		assert_true(WIFSIGNALED(status));
		batches = inspect(&folder, told) + 1; // inspect writes one more
	}
	storelog_folder_remove(&folder);
}

// ---- readers on other threads

struct reader {
	pthread_t thread;
	const struct storelog_folder *folder;
	atomic_bool *stop;
	uint64_t rounds;
	bool right; // cmocka's asserts are not for other threads
};

static bool count_record(void *context, uint64_t index, struct sluss_bytes record)
{
	(void)index;
	*(uint64_t *)context += record.len > 0;
	return true;
}

// Reads the newest state again and again: the log only grows, everything that has a number is there, the newest tile
// fits.
static void *read_on(void *context)
{
	struct reader *reader = context;
	struct sluss_store *store = NULL;
	struct sluss_store_error error;
	struct sluss_store_blob blob = {0};
	uint64_t last = 0;
	reader->right = sluss_store_open(reader->folder->url, SLUSS_STORE_READER, &error, &store) == SLUSS_STORE_OK;
	while (reader->right && !atomic_load(reader->stop)) {
		struct sluss_checkpoint checkpoint;
		struct sluss_tree *tree = NULL;
		struct sluss_tree_proof proof;
		struct sluss_hash root;
		uint64_t count = 0;
		reader->right =
		    sluss_store_get_checkpoint(store, &blob) == SLUSS_STORE_OK &&
		    sluss_checkpoint_open((struct sluss_bytes){blob.data, blob.len}, &key, &checkpoint) &&
		    checkpoint.size >= last &&
		    sluss_store_read(store, last, checkpoint.size - last, count_record, &count) == SLUSS_STORE_OK &&
		    count == checkpoint.size - last &&
		    sluss_tree_open(checkpoint.size, sluss_log_read_tile, store, &tree) == SLUSS_TREE_OK;
		if (!reader->right)
			break;
		sluss_tree_root(tree, &root);
		reader->right = sluss_hash_equal(&root, &checkpoint.root) &&
				sluss_tree_prove(tree, checkpoint.size / 2, checkpoint.size, &proof) == SLUSS_TREE_OK;
		sluss_tree_close(&tree);
		last = checkpoint.size;
		reader->rounds++;
	}
	sluss_store_blob_free(&blob);
	sluss_store_close(&store);
	return NULL;
}

static void readers_beside_the_writer(void **state)
{
	(void)state;
	struct storelog_folder folder;
	struct sluss_log *log = NULL;
	struct sluss_store_error error;
	struct reader readers[2];
	atomic_bool stop = false;
	assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1), SQLITE_OK);
	storelog_folder_make(&folder);
	struct sluss_store *store = open_store(&folder);
	OK(sluss_log_open(store, &key, secret, &error, &log));
	OK(batch(store, log, 0));
	for (size_t i = 0; i < 2; i++) {
		readers[i] = (struct reader){.folder = &folder, .stop = &stop};
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
	}
	for (uint64_t number = 1; number < 300; number++) {
		OK(batch(store, log, number));
		if (number % 50 == 0) {
			enum sluss_store_result scrubbed = sluss_store_scrub(store);
			assert_true(scrubbed == SLUSS_STORE_OK ||
				    scrubbed == SLUSS_STORE_AGAIN); // a reader holds an older view
		}
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
		assert_true(readers[i].right);
		assert_true(readers[i].rounds > 0);
	}
	OK(sluss_store_scrub(store));
	sluss_log_close(&log);
	sluss_store_close(&store);
	storelog_folder_remove(&folder);
}

// ---- erasure

enum {
	SECRETS = 300,
};

// Octets that stand nowhere else: 24 random ones at several places of a text of random length.
struct secret_text {
	uint8_t mark[24];
	uint8_t disk_key[32]; // under which the store encrypted it
	bool side;
	bool erased;
};

static void put_secret(struct sluss_store *store, struct secret_text *mine, uint64_t number)
{
	static uint8_t octets[21000];
	size_t len = 24 + randombytes_uniform(number % 10 == 0 ? 20000 : number % 3 == 0 ? 5000 : 300);
	randombytes_buf(mine->mark, sizeof(mine->mark));
	mine->side = randombytes_uniform(2) == 0;
	mine->erased = false;
	memset(octets, 'x', len);
	for (size_t at = 0; at + 24 <= len; at += 24 + len / 7)
		memcpy(octets + at, mine->mark, sizeof(mine->mark));
	memcpy(octets + len - 24, mine->mark, sizeof(mine->mark));
	struct sluss_bytes key_octets = {mine->mark, 8}; // random keys: rows move about
	if (mine->side)
		OK(sluss_store_put_side(store, 9, key_octets, (struct sluss_bytes){octets, len}));
	else
		OK(sluss_store_put_payload(
		    store, (const struct sluss_id *)mine->mark, (uint32_t)number, (struct sluss_bytes){octets, len}));
}

static void erase_secret(struct sluss_store *store, struct secret_text *mine, uint64_t number)
{
	if (mine->side)
		OK(sluss_store_erase_side(store, 9, (struct sluss_bytes){mine->mark, 8}));
	else
		OK(sluss_store_erase_payload(store, (const struct sluss_id *)mine->mark, (uint32_t)number));
	mine->erased = true;
}

// What is not erased can be read, what is erased not.
static void check_secret(struct sluss_store *store, const struct secret_text *mine, uint64_t number)
{
	struct sluss_store_blob blob = {0};
	enum sluss_store_result result =
	    mine->side ? sluss_store_get_side(store, 9, (struct sluss_bytes){mine->mark, 8}, &blob)
		       : sluss_store_get_payload(store, (const struct sluss_id *)mine->mark, (uint32_t)number, &blob);
	assert_int_equal(result, mine->erased ? SLUSS_STORE_NOT_FOUND : SLUSS_STORE_OK);
	if (!mine->erased)
		assert_memory_equal(blob.data + blob.len - sizeof(mine->mark), mine->mark, sizeof(mine->mark));
	sluss_store_blob_free(&blob);
}

// Looks up, past the store, the key that a committed text is encrypted under.
static void learn_key(const struct storelog_folder *folder, struct secret_text *mine)
{
	static const char *const sql[] = {
	    "SELECT substr(keys, (slot & 255) * 32 + 1, 32) FROM payload JOIN shred ON slab = slot >> 8 WHERE id = ?1",
	    "SELECT substr(keys, (slot & 255) * 32 + 1, 32) FROM side JOIN shred ON slab = slot >> 8 WHERE key = ?1"};
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_open_v2(folder->file, &db, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql[mine->side], -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_bind_blob(statement, 1, mine->mark, mine->side ? 8 : 16, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_bytes(statement, 0), sizeof(mine->disk_key));
	memcpy(mine->disk_key, sqlite3_column_blob(statement, 0), sizeof(mine->disk_key));
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

// Some texts come and some go, in one transaction. Returns the next number.
static uint64_t come_and_go(struct sluss_store *store, struct secret_text *secrets, uint64_t number)
{
	for (uint32_t i = randombytes_uniform(12); i > 0 && number < SECRETS; i--, number++)
		put_secret(store, &secrets[number], number);
	for (uint32_t i = randombytes_uniform(10); i > 0 && number > 0; i--) {
		uint64_t victim = randombytes_uniform((uint32_t)number);
		if (!secrets[victim].erased)
			erase_secret(store, &secrets[victim], victim);
	}
	return number;
}

// Hundreds of texts come and go in random order, some transactions are undone; after a scrub neither a text nor the key
// of a gone one stands in any file of the store. (The texts lay there in the clear once, and secure_delete left some:
// pages are rebuilt without it.)
static void nothing_remains(void **state)
{
	(void)state;
	static struct secret_text secrets[SECRETS];
	static struct secret_text before[SECRETS];
	struct storelog_folder folder;
	assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1), SQLITE_OK);
	storelog_folder_make(&folder);
	struct sluss_store *store = open_store(&folder);
	for (uint64_t number = 0; number < SECRETS;) {
		OK(sluss_store_begin(store));
		memcpy(before, secrets, sizeof(secrets));
		uint64_t next = come_and_go(store, secrets, number);
		if (randombytes_uniform(10) == 0) {
			sluss_store_rollback(store);
			memcpy(secrets, before, sizeof(secrets));
			continue;
		}
		OK(sluss_store_commit(store));
		for (; number < next; number++) {
			if (!secrets[number].erased)
				learn_key(&folder, &secrets[number]);
		}
		if (randombytes_uniform(40) == 0) { // the free places of the slabs are found again
			sluss_store_close(&store);
			store = open_store(&folder);
		}
	}
	OK(sluss_store_scrub(store));
	assert_int_equal(storelog_folder_size(&folder, "-wal"), 0);
	size_t gone = 0;
	for (size_t i = 0; i < SECRETS; i++) {
		const struct secret_text *mine = &secrets[i];
		bool known = !sodium_is_zero(mine->disk_key, sizeof(mine->disk_key));
		assert_int_equal(storelog_folder_search(&folder, mine->mark + 8, sizeof(mine->mark) - 8), 0);
		// In halves: a key may lie across two pages.
		size_t left = storelog_folder_search(&folder, mine->disk_key, 16);
		size_t right = storelog_folder_search(&folder, mine->disk_key + 16, 16);
		assert_true(!known || (left + right > 0) == !mine->erased);
		gone += known && mine->erased;
		check_secret(store, mine, i);
	}
	assert_true(gone > SECRETS / 4);
	sluss_store_close(&store);
	storelog_folder_remove(&folder);
}

// Also without being asked, within some seconds.
static void scrubs_by_itself(void **state)
{
	(void)state;
	struct storelog_folder folder;
	struct secret_text mine;
	size_t found = 1;
	storelog_folder_make(&folder);
	struct sluss_store *store = open_store(&folder);
	OK(sluss_store_begin(store));
	put_secret(store, &mine, 1);
	OK(sluss_store_commit(store));
	learn_key(&folder, &mine);
	OK(sluss_store_begin(store));
	erase_secret(store, &mine, 1);
	OK(sluss_store_commit(store));
	assert_true(storelog_folder_search(&folder, mine.disk_key, sizeof(mine.disk_key)) > 0);
	for (int i = 0; i < 100 && found > 0; i++) {
		(void)usleep(100000);
		found = storelog_folder_search(&folder, mine.disk_key, 16);
	}
	assert_int_equal(found, 0);
	sluss_store_close(&store);
	storelog_folder_remove(&folder);
}

// ---- files that are not ours

static void expect_refused(const char *sql_text, enum sluss_store_result expected)
{
	struct storelog_folder folder;
	struct sluss_store_error error = {0};
	struct sluss_store *store = NULL;
	sqlite3 *db = NULL;
	storelog_folder_make(&folder);
	store = open_store(&folder);
	sluss_store_close(&store);
	assert_int_equal(sqlite3_open(folder.file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql_text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(sluss_store_open(folder.url, SLUSS_STORE_WRITER, &error, &store), expected);
	assert_null(store);
	assert_int_equal(sluss_store_open(folder.url, SLUSS_STORE_READER, &error, &store), expected);
	assert_true(error.text[0] != '\0');
	storelog_folder_remove(&folder);
}

static void refuses_what_is_not_its_own(void **state)
{
	(void)state;
	struct storelog_folder folder;
	struct sluss_store_error error = {0};
	struct sluss_store *store = NULL;
	expect_refused("PRAGMA application_id = 1", SLUSS_STORE_CORRUPT);
	expect_refused("PRAGMA user_version = 99", SLUSS_STORE_CORRUPT);
	expect_refused("PRAGMA journal_mode = DELETE", SLUSS_STORE_CORRUPT);
	expect_refused("PRAGMA journal_mode = DELETE; PRAGMA page_size = 4096; VACUUM; PRAGMA journal_mode = WAL",
	    SLUSS_STORE_CORRUPT);
	storelog_folder_make(&folder);
	FILE *file = fopen(folder.file, "wb");
	assert_non_null(file);
	for (int i = 0; i < 3000; i++)
		(void)fputs("no database ", file);
	(void)fclose(file);
	assert_int_equal(sluss_store_open(folder.url, SLUSS_STORE_WRITER, &error, &store), SLUSS_STORE_CORRUPT);
	storelog_folder_remove(&folder);
	storelog_folder_make(&folder);
	assert_int_equal(sluss_store_open(folder.url, SLUSS_STORE_READER, &error, &store), SLUSS_STORE_NOT_FOUND);
	assert_int_equal(sluss_store_open("postgres:x", SLUSS_STORE_WRITER, &error, &store), SLUSS_STORE_INVALID);
	assert_int_equal(sluss_store_open("sqlite:", SLUSS_STORE_WRITER, &error, &store), SLUSS_STORE_INVALID);
	assert_int_equal(
	    sluss_store_open("sqlite:/nowhere/at/all.db", SLUSS_STORE_WRITER, &error, &store), SLUSS_STORE_UNCERTAIN);
	storelog_folder_remove(&folder);
}

// A copy holds one whole state, and nothing of what comes later; the writer does not wait for it.
static void copies_while_it_is_written(void **state)
{
	(void)state;
	struct storelog_folder folder;
	char path[192], copy_url[224];
	struct sluss_store *writer = NULL, *reader = NULL, *copy = NULL;
	struct sluss_store_error error;
	uint64_t size = 0;
	struct sluss_bytes record = {(const uint8_t *)"record", 6};
	storelog_folder_make(&folder);
	(void)snprintf(path, sizeof(path), "%s/copy.db", folder.path);
	(void)snprintf(copy_url, sizeof(copy_url), "sqlite:%s", path);
	assert_int_equal(sluss_store_open(folder.url, SLUSS_STORE_WRITER, &error, &writer), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_begin(writer), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_append(writer, 0, &record, 1), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_copy(writer, path), SLUSS_STORE_INVALID);
	assert_int_equal(sluss_store_commit(writer), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_open(folder.url, SLUSS_STORE_READER, &error, &reader), SLUSS_STORE_OK);
	for (uint64_t i = 1; i < 3; i++) {
		assert_int_equal(sluss_store_begin(writer), SLUSS_STORE_OK);
		assert_int_equal(sluss_store_append(writer, i, &record, 1), SLUSS_STORE_OK);
		if (i == 2)
			assert_int_equal(sluss_store_copy(reader, path), SLUSS_STORE_OK);
		assert_int_equal(sluss_store_commit(writer), SLUSS_STORE_OK);
	}
	assert_int_equal(sluss_store_open(copy_url, SLUSS_STORE_READER, &error, &copy), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_size(copy, &size), SLUSS_STORE_OK);
	assert_int_equal(size, 2);
	sluss_store_close(&copy);
	assert_int_equal(sluss_store_copy(reader, "/nonexistent/copy.db"), SLUSS_STORE_UNCERTAIN);
	sluss_store_close(&reader);
	sluss_store_close(&writer);
	storelog_folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(power_cuts),
	    cmocka_unit_test(failing_disk),
	    cmocka_unit_test(failing_disk_in_the_background),
	    cmocka_unit_test(killed_writer),
	    cmocka_unit_test(readers_beside_the_writer),
	    cmocka_unit_test(nothing_remains),
	    cmocka_unit_test(copies_while_it_is_written),
	    cmocka_unit_test(scrubs_by_itself),
	    cmocka_unit_test(refuses_what_is_not_its_own),
	};
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES];
	if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret) != 0 ||
	    !sluss_note_key_init(&key, "sluss.example.org/test", SLUSS_NOTE_ED25519, public_key))
		return 1;
	storelog_vfs_install();
#ifdef __SANITIZE_THREAD__
	// It searches files for octets, on one thread: nothing to see for this sanitizer, and a minute of its time.
	cmocka_set_skip_filter("nothing_remains");
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
