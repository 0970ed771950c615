// SPDX-License-Identifier: EUPL-1.2
// The second place: two slots, torn writes at every octet, claims against the log.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "head.h"
#include "store_memory.h"

enum { SLOT = 4096 };

struct world {
	struct sluss_note_key key;
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	char path[64];
	int fd; // the test's own view
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t public_key[32];
	assert_true(w != NULL && sodium_init() >= 0);
	crypto_sign_keypair(public_key, w->secret);
	assert_true(sluss_note_key_init(&w->key, "sluss.test/head", SLUSS_NOTE_ED25519, public_key));
	snprintf(w->path, sizeof(w->path), "/tmp/sluss-head-XXXXXX");
	w->fd = mkstemp(w->path);
	assert_true(w->fd >= 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	close(w->fd);
	unlink(w->path);
	free(w);
	return 0;
}

static struct sluss_head *open_head(struct world *w)
{
	struct sluss_store_error error = {{0}};
	FILE *other = fopen(w->path, "r+"); // a description of its own, for the lock
	assert_non_null(other);
	int fd = dup(fileno(other));
	fclose(other);
	return sluss_head_open(fd, &w->key, &error);
}

static size_t sign(struct world *w, uint64_t size, uint8_t root, char note[SLUSS_CHECKPOINT_OWN_MAX])
{
	struct sluss_hash hash;
	memset(hash.b, root, sizeof(hash.b));
	return sluss_checkpoint_sign(&w->key, w->secret, size, &hash, note, SLUSS_CHECKPOINT_OWN_MAX);
}

static bool write_head(struct world *w, struct sluss_head *head, uint64_t size, bool replace)
{
	char note[SLUSS_CHECKPOINT_OWN_MAX];
	size_t len = sign(w, size, (uint8_t)size, note);
	struct sluss_bytes octets = {(const uint8_t *)note, len};
	return replace ? sluss_head_replace(head, octets) : sluss_head_write(head, octets);
}

static uint64_t newest(struct world *w)
{
	struct sluss_head *head = open_head(w);
	struct sluss_hash root;
	uint64_t size = 0;
	assert_non_null(head);
	if (sluss_head_newest(head, &size, &root) != SLUSS_HEAD_GOOD)
		size = UINT64_MAX;
	else
		assert_int_equal(root.b[0], (uint8_t)size);
	sluss_head_close(&head);
	return size;
}

static void test_follows(void **state)
{
	struct world *w = *state;
	struct sluss_head *head = open_head(w);
	struct sluss_hash root;
	uint64_t size;
	assert_non_null(head);
	assert_int_equal(lseek(w->fd, 0, SEEK_END), 2 * SLOT); // its length never changes again
	assert_int_equal(sluss_head_newest(head, &size, &root), SLUSS_HEAD_NONE);
	assert_null(open_head(w)); // locked
	for (uint64_t i = 1; i <= 9; i++)
		assert_true(write_head(w, head, i, false) && write_head(w, head, i, false));
	assert_int_equal(sluss_head_newest(head, &size, &root), SLUSS_HEAD_GOOD);
	assert_int_equal(size, 9);
	sluss_head_close(&head);
	assert_int_equal(newest(w), 9);
	head = open_head(w);
	assert_true(write_head(w, head, 4, true)); // the operator accepted an older log
	sluss_head_close(&head);
	assert_int_equal(newest(w), 4);
	assert_int_equal(lseek(w->fd, 0, SEEK_END), 2 * SLOT);
}

// A write that stops after any number of octets leaves the one before.
static void test_torn(void **state)
{
	struct world *w = *state;
	struct sluss_head *head = open_head(w);
	char note[SLUSS_CHECKPOINT_OWN_MAX] = "", slot[SLOT];
	assert_true(write_head(w, head, 7, false) && write_head(w, head, 8, false));
	sluss_head_close(&head);
	size_t len = sign(w, 9, 9, note);
	for (off_t at = 0; at < 2 * SLOT; at += SLOT) {
		assert_int_equal(pread(w->fd, slot, SLOT, at), SLOT);
		if (strstr(slot, "\n7\n") != NULL)
			for (size_t cut = 0; cut + 8 < len; cut += cut < 200 ? 1 : 17) {
				assert_int_equal(pwrite(w->fd, note, cut, at), cut);
				assert_int_equal(newest(w), 8);
			}
	}
	assert_int_equal(newest(w), 8);
	memset(slot, 'x', SLOT);
	assert_true(pwrite(w->fd, slot, SLOT, 0) == SLOT && pwrite(w->fd, slot, SLOT, SLOT) == SLOT);
	struct sluss_hash root;
	uint64_t size;
	head = open_head(w);
	assert_int_equal(sluss_head_newest(head, &size, &root), SLUSS_HEAD_DAMAGED);
	sluss_head_close(&head);
}

static void test_foreign_notes(void **state)
{
	struct world *w = *state, other;
	char note[SLUSS_CHECKPOINT_OWN_MAX];
	uint8_t public_key[32];
	other = *w;
	crypto_sign_keypair(public_key, other.secret);
	assert_true(sluss_note_key_init(&other.key, "sluss.test/head", SLUSS_NOTE_ED25519, public_key));
	size_t len = sign(&other, 5, 5, note);
	struct sluss_head *head = open_head(w);
	assert_false(sluss_head_write(head, (struct sluss_bytes){(const uint8_t *)note, len}));
	assert_false(sluss_head_write(head, (struct sluss_bytes){0}));
	sluss_head_close(&head);
	assert_int_equal(pwrite(w->fd, note, len, 0), len);
	assert_int_equal(newest(w), UINT64_MAX); // another log's
}

static void test_claims(void **state)
{
	struct world *w = *state;
	struct sluss_memory_db *db = sluss_memory_db_new();
	struct sluss_store *store;
	struct sluss_store_error error;
	struct sluss_log *log;
	struct sluss_hash roots[600];
	uint64_t index;
	assert_int_equal(sluss_store_memory_open(db, SLUSS_STORE_WRITER, &store), SLUSS_STORE_OK);
	assert_int_equal(sluss_log_open(store, &w->key, w->secret, &error, &log), SLUSS_STORE_OK);
	assert_int_equal(sluss_head_judge(log, 1, &roots[0]), SLUSS_HEAD_CLAIM_AHEAD);
	for (size_t i = 1; i < 600; i++) {
		assert_int_equal(sluss_log_begin(log), SLUSS_STORE_OK);
		assert_int_equal(sluss_log_append(log, (struct sluss_bytes){(const uint8_t *)&i, sizeof(i)}, &index),
		    SLUSS_STORE_OK);
		assert_int_equal(sluss_log_commit(log), SLUSS_STORE_OK);
		sluss_tree_root(sluss_log_tree(log), &roots[i]);
	}
	for (size_t i = 1; i < 600; i++) {
		assert_int_equal(sluss_head_judge(log, i, &roots[i]), SLUSS_HEAD_CLAIM_HOLDS);
		assert_int_equal(sluss_head_judge(log, i, &roots[i == 1 ? 2 : i - 1]), SLUSS_HEAD_CLAIM_FORKED);
	}
	assert_int_equal(sluss_head_judge(log, 600, &roots[599]), SLUSS_HEAD_CLAIM_AHEAD);
	sluss_head_explain(SLUSS_HEAD_CLAIM_AHEAD, "The witness w", UINT64_MAX, 599, &error);
	assert_non_null(strstr(error.text, "--accept-rollback"));
	assert_non_null(strstr(error.text, "missing."));
	sluss_log_close(&log);
	sluss_store_close(&store);
	sluss_memory_db_free(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_follows, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_torn, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_foreign_notes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
