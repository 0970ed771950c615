// SPDX-License-Identifier: EUPL-1.2
// The log's files by path: what is published, what is not yet, spellings, long bundles, and what witnesses add.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "files.h"
#include "log_tile.h"
#include "log_writer.h"
#include "service.h"
#include "store_memory.h"

enum { ARENA = 48 << 20 };

struct world {
	struct sluss_memory_db *db;
	struct sluss_store *store, *reader;
	struct sluss_log *log;
	struct sluss_note_key key;
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	struct sluss_files *files;
	struct sluss_arena *arena;
};

static struct sluss_bytes text(const char *t)
{
	return (struct sluss_bytes){(const uint8_t *)t, strlen(t)};
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sluss_store_error error;
	uint8_t public_key[32];
	assert_true(w != NULL && sodium_init() >= 0);
	crypto_sign_keypair(public_key, w->secret);
	assert_true(sluss_note_key_init(&w->key, "sluss.test/files", SLUSS_NOTE_ED25519, public_key));
	w->db = sluss_memory_db_new();
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_WRITER, &w->store), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_READER, &w->reader), SLUSS_STORE_OK);
	assert_int_equal(sluss_log_open(w->store, &w->key, w->secret, &error, &w->log), SLUSS_STORE_OK);
	w->files = sluss_files_new("a key");
	w->arena = sluss_arena_new(ARENA);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sluss_log_close(&w->log);
	sluss_store_close(&w->store);
	sluss_store_close(&w->reader);
	sluss_memory_db_free(&w->db);
	sluss_files_free(&w->files);
	sluss_arena_free(&w->arena);
	free(w);
	return 0;
}

static void append(struct world *w, size_t count, size_t len)
{
	uint64_t index;
	uint8_t *entry = malloc(len);
	assert_non_null(entry);
	assert_int_equal(sluss_log_begin(w->log), SLUSS_STORE_OK);
	for (size_t i = 0; i < count; i++) {
		memset(entry, (int)(sluss_log_size(w->log) % 251), len);
		assert_int_equal(sluss_log_append(w->log, (struct sluss_bytes){entry, len}, &index), SLUSS_STORE_OK);
	}
	assert_int_equal(sluss_log_commit(w->log), SLUSS_STORE_OK);
	free(entry);
}

static void publish(struct world *w)
{
	sluss_files_publish(w->files, sluss_log_size(w->log), sluss_log_checkpoint(w->log));
}

static enum sluss_file_result get(struct world *w, const char *path, bool inside, struct sluss_file *file)
{
	return sluss_files_read(w->files, w->reader, path, inside, w->arena, file);
}

// What is committed but not published (its head is not in the second place yet) is there for nobody.
static void test_only_what_is_published(void **state)
{
	struct world *w = *state;
	struct sluss_file file;
	assert_int_equal(get(w, "checkpoint", true, &file), SLUSS_FILE_NOT_THERE);
	append(w, 300, 10);
	assert_int_equal(get(w, "checkpoint", true, &file), SLUSS_FILE_NOT_THERE);
	assert_int_equal(get(w, "tile/0/000", true, &file), SLUSS_FILE_NOT_THERE);
	publish(w);
	assert_int_equal(get(w, "tile/0/000", false, &file), SLUSS_FILE_OK);
	assert_int_equal(file.octets.len, 256 * 32);
	append(w, 10, 10);
	assert_int_equal(get(w, "tile/0/001.p/44", false, &file), SLUSS_FILE_OK);
	assert_int_equal(file.octets.len, 44 * 32);
	assert_int_equal(get(w, "tile/0/001.p/45", false, &file), SLUSS_FILE_NOT_THERE);
	assert_int_equal(get(w, "tile/entries/001.p/45", true, &file), SLUSS_FILE_NOT_THERE);
	assert_int_equal(get(w, "checkpoint", false, &file), SLUSS_FILE_OK);
	assert_non_null(memmem(file.octets.data, file.octets.len, "\n300\n", 5));
	publish(w);
	assert_int_equal(get(w, "tile/0/001.p/45", false, &file), SLUSS_FILE_OK);
	assert_int_equal(get(w, "tile/1/000.p/1", false, &file), SLUSS_FILE_OK);
	assert_int_equal(get(w, "tile/1/000.p/2", false, &file), SLUSS_FILE_NOT_THERE);
}

static void test_longest_bundle(void **state)
{
	struct world *w = *state;
	struct sluss_file file;
	append(w, 256, SLUSS_STORE_RECORD_MAX);
	publish(w);
	assert_int_equal(get(w, "tile/entries/000", true, &file), SLUSS_FILE_OK);
	assert_int_equal(file.octets.len, 256 * (2 + SLUSS_STORE_RECORD_MAX));
	struct sluss_bytes rest = file.octets, entry;
	for (size_t i = 0; i < 256; i++) {
		assert_true(sluss_bundle_next(&rest, &entry));
		assert_int_equal(entry.len, SLUSS_STORE_RECORD_MAX);
		assert_int_equal(entry.data[0], i % 251);
	}
	assert_int_equal(rest.len, 0);
	assert_int_equal(get(w, "tile/entries/000", false, &file), SLUSS_FILE_NOT_FOR_YOU);
}

static void put(struct world *w, uint16_t kind, struct sluss_bytes key, const char *value)
{
	assert_int_equal(sluss_store_begin(w->store), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_put_side(w->store, kind, key, text(value)), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_commit(w->store), SLUSS_STORE_OK);
}

static void expect(struct world *w, const char *path, const char *octets)
{
	struct sluss_file file;
	assert_int_equal(get(w, path, false, &file), SLUSS_FILE_OK);
	assert_int_equal(file.octets.len, strlen(octets));
	assert_memory_equal(file.octets.data, octets, strlen(octets));
}

static void test_what_witnesses_add(void **state)
{
	struct world *w = *state;
	struct sluss_file file;
	static const uint8_t nine[8] = {[7] = 9}, thousand[8] = {[6] = 3, [7] = 232};
	expect(w, "keys/log.vkey", "a key\n");
	expect(w, "checkpoints/", "");
	assert_int_equal(get(w, "keys/quorum", false, &file), SLUSS_FILE_NOT_THERE);
	put(w, SLUSS_SIDE_FILE, text("keys/quorum"), "2\n");
	put(w, SLUSS_SIDE_FILE, text("keys/secret"), "never");
	put(w, SLUSS_SIDE_CHECKPOINT, (struct sluss_bytes){thousand, 8}, "note 1000");
	put(w, SLUSS_SIDE_CHECKPOINT, (struct sluss_bytes){nine, 8}, "note 9");
	put(w, SLUSS_SIDE_TIMESTAMP, (struct sluss_bytes){nine, 8}, "stamp 9");
	expect(w, "keys/quorum", "2\n");
	expect(w, "checkpoints/9", "note 9");
	expect(w, "checkpoints/1000", "note 1000");
	expect(w, "timestamps/9.tsr", "stamp 9");
	expect(w, "checkpoints/", "9 t\n1000\n");
	assert_int_equal(get(w, "timestamps/1000.tsr", false, &file), SLUSS_FILE_NOT_THERE);
	assert_int_equal(get(w, "keys/secret", false, &file), SLUSS_FILE_NOT_THERE);
	static const char *const odd[] = {"checkpoints/09", "checkpoints/9x", "timestamps/9", "timestamps/.tsr",
	    "timestamps/9.tsr.tsr", "checkpoints/18446744073709551616"};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(get(w, odd[i], false, &file), SLUSS_FILE_NOT_CANONICAL);
}

// With a quorum the newest cosigned one is served, and nobody ever sees the log go back.
static void test_quorum_checkpoint(void **state)
{
	struct world *w = *state;
	struct sluss_file file;
	append(w, 4, 10);
	publish(w);
	sluss_files_want_cosigned(w->files, 3, text("three, from before the start"));
	expect(w, "checkpoint", "three, from before the start");
	append(w, 4, 10);
	publish(w);
	expect(w, "checkpoint", "three, from before the start");
	sluss_files_cosigned(w->files, 2, text("two"));
	expect(w, "checkpoint", "three, from before the start");
	sluss_files_cosigned(w->files, 5, text("five"));
	expect(w, "checkpoint", "five");
	sluss_files_cosigned(w->files, 9, text("more than is published"));
	expect(w, "checkpoint", "five");
	assert_int_equal(get(w, "tile/0/000.p/8", false, &file), SLUSS_FILE_OK); // tiles reach beyond it
}

// As long as there is none the bare one is served; what is cosigned and smaller does not take its place.
static void test_quorum_checkpoint_to_come(void **state)
{
	struct world *w = *state;
	struct sluss_file file;
	append(w, 4, 10);
	publish(w);
	sluss_files_want_cosigned(w->files, 0, text(""));
	assert_int_equal(get(w, "checkpoint", false, &file), SLUSS_FILE_OK);
	assert_non_null(memmem(file.octets.data, file.octets.len, "\n4\n", 3));
	sluss_files_cosigned(w->files, 3, text("three"));
	assert_int_equal(get(w, "checkpoint", false, &file), SLUSS_FILE_OK);
	assert_non_null(memmem(file.octets.data, file.octets.len, "\n4\n", 3));
	sluss_files_cosigned(w->files, 4, text("four"));
	expect(w, "checkpoint", "four");
}

static void test_cosigned_checkpoint(void **state)
{
	struct world *w = *state;
	append(w, 2, 10);
	publish(w);
	sluss_files_cosigned(w->files, 1, text("older"));
	assert_int_not_equal(sluss_log_checkpoint(w->log).len, 5);
	sluss_files_cosigned(w->files, 2, text("with cosignatures"));
	expect(w, "checkpoint", "with cosignatures");
	publish(w); // a commit without entries
	expect(w, "checkpoint", "with cosignatures");
	append(w, 1, 10);
	publish(w);
	struct sluss_file file;
	assert_int_equal(get(w, "checkpoint", false, &file), SLUSS_FILE_OK);
	assert_non_null(memmem(file.octets.data, file.octets.len, "\n3\n", 3));
}

static void test_policies(void **state)
{
	struct world *w = *state;
	struct sluss_file file;
	uint8_t hash[32];
	char path[128] = "policies/";
	randombytes_buf(hash, sizeof(hash));
	put(w, SLUSS_SIDE_POLICY, (struct sluss_bytes){hash, sizeof(hash)}, "{}");
	sodium_bin2hex(path + 9, sizeof(path) - 9, hash, sizeof(hash));
	memcpy(path + 9 + 64, ".json", 6);
	assert_int_equal(get(w, path, true, &file), SLUSS_FILE_OK);
	assert_int_equal(file.octets.len, 2);
	assert_int_equal(get(w, path, false, &file), SLUSS_FILE_NOT_FOR_YOU);
	path[9 + 64] = '/';
	assert_int_equal(get(w, path, true, &file), SLUSS_FILE_NOT_CANONICAL);
}

static void test_looks(void **state)
{
	struct world *w = *state;
	assert_false(sluss_files_looked(w->files, 1, 7));
	assert_false(sluss_files_looked(w->files, 0, 0)); // the table's empty rows stand for nobody
	sluss_files_note_look(w->files, 1, 7);
	assert_true(sluss_files_looked(w->files, 1, 7));
	assert_false(sluss_files_looked(w->files, 2, 7)); // another edge's connection 7
	for (uint64_t i = 100; i < 100 + 5000; i++)
		sluss_files_note_look(w->files, 1, i);
	assert_false(sluss_files_looked(w->files, 1, 7)); // forgotten: logged again
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_only_what_is_published, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_longest_bundle, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_witnesses_add, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cosigned_checkpoint, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_quorum_checkpoint, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_quorum_checkpoint_to_come, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_policies, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_looks, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
