// SPDX-License-Identifier: EUPL-1.2
// A witness (C2SP tlog-witness) against a log that is made here: every status of the specification, what is remembered,
// and that nothing is cosigned which was not remembered first.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "log_text.h"
#include "log_tree.h"
#include "log_verify.h"
#include "sluss/witness.h"

#include <sodium.h>

#define ORIGIN "log.example/sig"
#define NAME "skola-a.log.example"

struct log {
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key key;
	char verifier[SLUSS_NOTE_LINE_MAX];
	struct sluss_tree *tree;
};

struct world {
	struct log log, fork, stranger; // fork: same key, another history from entry 3 on; stranger: unknown origin
	uint8_t seed[32];
	const char *logs[1];
	struct sluss_witness_keys keys;
	struct sluss_witness_state state;
	bool unreadable, full;
	unsigned stores;
	struct sluss_witness_reply reply;
	char folder[64];
};

static bool no_tile(void *context, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out)
{
	(void)context, (void)level, (void)index, (void)width, (void)hashes_out;
	return false;
}

static void grow(struct log *log, unsigned entries, unsigned fork_at)
{
	const struct sluss_tree_tile *tiles;
	size_t count;
	sluss_tree_begin(log->tree);
	for (unsigned i = 0; i < entries; i++) {
		char entry[32];
		struct sluss_hash leaf;
		(void)snprintf(entry, sizeof(entry), "%s %u", i >= fork_at ? "another" : "entry", i);
		sluss_hash_leaf(entry, strlen(entry), &leaf);
		assert_int_equal(sluss_tree_append(log->tree, &leaf), SLUSS_TREE_OK);
	}
	assert_int_equal(sluss_tree_finish(log->tree, &tiles, &count), SLUSS_TREE_OK);
	sluss_tree_accept(log->tree);
}

static void make_log(struct log *log, const char *origin, uint8_t number, unsigned fork_at)
{
	uint8_t seed[32] = {number};
	uint8_t public_key[32];
	assert_int_equal(crypto_sign_seed_keypair(public_key, log->secret, seed), 0);
	assert_true(sluss_note_key_init(&log->key, origin, SLUSS_NOTE_ED25519, public_key));
	assert_true(sluss_note_key_format(&log->key, log->verifier, sizeof(log->verifier)));
	assert_int_equal(sluss_tree_open(0, no_tile, NULL, &log->tree), SLUSS_TREE_OK);
	grow(log, 20, fork_at);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	assert_true(sodium_init() >= 0);
	make_log(&w->log, ORIGIN, 1, 100);
	make_log(&w->fork, ORIGIN, 1, 3);
	make_log(&w->stranger, "other.example/sig", 2, 100);
	w->seed[0] = 9;
	w->logs[0] = w->log.verifier;
	w->keys = (struct sluss_witness_keys){NAME, w->seed, w->logs, 1};
	(void)snprintf(w->folder, sizeof(w->folder), "/tmp/sluss-witness-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];
	sluss_tree_close(&w->log.tree);
	sluss_tree_close(&w->fork.tree);
	sluss_tree_close(&w->stranger.tree);
	(void)snprintf(command, sizeof(command), "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

// A request as a log sends it: proof and checkpoint of `log`.
static size_t request(struct log *log, uint64_t old_size, uint64_t size, char out[8192])
{
	struct sluss_tree_consistency proof = {0};
	struct sluss_hash root;
	if (old_size < size)
		assert_int_equal(sluss_tree_prove_consistency(log->tree, old_size, size, &proof), SLUSS_TREE_OK);
	assert_int_equal(sluss_tree_root_at(log->tree, size, &root), SLUSS_TREE_OK);
	size_t len = (size_t)snprintf(out, 8192, "old %llu\n", (unsigned long long)old_size);
	for (size_t i = 0; i < proof.count; i++) {
		len += sluss_text_put_base64(proof.hashes[i].b, SLUSS_HASH_BYTES, out + len);
		out[len++] = '\n';
	}
	out[len++] = '\n';
	size_t note = sluss_checkpoint_sign(&log->key, log->secret, size, &root, out + len, 8192 - len);
	assert_true(note > 0);
	out[len + note] = '\0';
	return len + note;
}

static bool load(void *arg, const char *origin, struct sluss_witness_state *state_out)
{
	const struct world *w = arg;
	assert_string_equal(origin, ORIGIN);
	*state_out = w->state;
	return !w->unreadable;
}

static bool store(void *arg, const char *origin, const struct sluss_witness_state *state, struct sluss_bytes note)
{
	struct world *w = arg;
	struct sluss_checkpoint checkpoint;
	assert_string_equal(origin, ORIGIN);
	assert_true(sluss_checkpoint_open(note, &w->log.key, &checkpoint));
	assert_true(checkpoint.size == state->size);
	w->stores++;
	if (!w->full)
		w->state = *state;
	return !w->full;
}

static unsigned judge(struct world *w, const char *body)
{
	sluss_witness_judge(
	    &w->keys, (struct sluss_bytes){(const uint8_t *)body, strlen(body)}, 1700000000, load, store, w, &w->reply);
	assert_true(
	    w->reply.len > 0 && w->reply.len < sizeof(w->reply.body) && w->reply.body[w->reply.len - 1] == '\n');
	return w->reply.status;
}

static unsigned ask(struct world *w, struct log *log, uint64_t old_size, uint64_t size)
{
	char body[8192];
	(void)request(log, old_size, size, body);
	return judge(w, body);
}

// The reply's line, put under the checkpoint, is a cosignature that anybody can verify.
static void test_cosigns(void **state)
{
	struct world *w = *state;
	char body[8192];
	char note[8192];
	char verifier[400];
	struct sluss_note parts;
	struct sluss_note_key key;
	uint64_t time_s = 0;
	(void)request(&w->log, 0, 5, body);
	assert_int_equal(judge(w, body), 200);
	assert_int_equal(w->stores, 1);
	assert_true(w->state.size == 5 && w->reply.size == 5);
	(void)snprintf(note, sizeof(note), "%s%s", strstr(body, "\n\n") + 2, w->reply.body);
	assert_true(sluss_witness_verifier_key(NAME, w->seed, verifier, sizeof(verifier)));
	assert_true(sluss_note_key_parse((struct sluss_bytes){(const uint8_t *)verifier, strlen(verifier)}, &key));
	assert_true(sluss_note_parse((struct sluss_bytes){(const uint8_t *)note, strlen(note)}, &parts));
	assert_int_equal(sluss_note_verify(&parts, &key, &time_s), SLUSS_NOTE_VALID);
	assert_true(time_s == 1700000000);
	// On it goes, with proofs; the same again is cosigned again.
	for (uint64_t size = 6; size <= 20; size++)
		assert_int_equal(ask(w, &w->log, size - 1, size), 200);
	assert_int_equal(ask(w, &w->log, 20, 20), 200);
}

static void test_conflicts(void **state)
{
	struct world *w = *state;
	assert_int_equal(ask(w, &w->log, 0, 7), 200);
	unsigned stores = w->stores;
	assert_int_equal(ask(w, &w->log, 0, 9), 409); // how a log asks for the size
	assert_string_equal(w->reply.body, "7\n");
	assert_string_equal(w->reply.content_type, "text/x.tlog.size");
	assert_false(w->reply.misbehaviour);
	assert_int_equal(ask(w, &w->log, 6, 9), 409);
	assert_int_equal(ask(w, &w->log, 8, 9), 409);
	assert_int_equal(ask(w, &w->log, 0, 5), 409); // a log that was rolled back learns it here
	assert_int_equal(ask(w, &w->fork, 7, 7), 409);
	assert_true(w->reply.misbehaviour);
	assert_int_equal(ask(w, &w->fork, 7, 9), 422);
	assert_true(w->reply.misbehaviour);
	assert_int_equal(w->stores, stores);
	assert_true(w->state.size == 7);
}

static void test_refuses(void **state)
{
	struct world *w = *state;
	char body[8192];
	assert_int_equal(ask(w, &w->stranger, 0, 5), 404);
	(void)request(&w->log, 0, 5, body);
	char *middle = &body[strlen(body) - 20];
	*middle = *middle == 'A' ? 'B' : 'A';
	assert_int_equal(judge(w, body), 403);
	assert_int_equal(ask(w, &w->log, 6, 5), 400);
	const char *const bad[] = {"", "old 0\n", "old 00\n\n", "old 0\n\n", "new 0\n\n", "old -1\n\n",
	    "old 18446744073709551616\n\n", "old 0\nAAAA\n\n", "old 0\n\n" ORIGIN "\n5\nAAAA\n\n"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(judge(w, bad[i]), 400);
	// A proof where there must be none.
	(void)request(&w->log, 0, 5, body);
	char longer[9000];
	(void)snprintf(
	    longer, sizeof(longer), "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=%s", strchr(body, '\n'));
	assert_int_equal(judge(w, longer), 422);
	assert_int_equal(w->stores, 0);
}

// 64 hashes are one too many.
static void test_proof_length(void **state)
{
	struct world *w = *state;
	char body[16384];
	char valid[8192];
	(void)request(&w->log, 0, 5, valid);
	for (unsigned count = 63; count <= 64; count++) {
		size_t len = (size_t)snprintf(body, sizeof(body), "old 0\n");
		for (unsigned i = 0; i < count; i++)
			len += (size_t)snprintf(
			    body + len, sizeof(body) - len, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
		(void)snprintf(body + len, sizeof(body) - len, "%s", strchr(valid, '\n') + 1);
		assert_int_equal(judge(w, body), count == 63 ? 422 : 400);
	}
}

static void test_remembers_first(void **state)
{
	struct world *w = *state;
	w->unreadable = true;
	assert_int_equal(ask(w, &w->log, 0, 5), 500);
	w->unreadable = false;
	w->full = true;
	assert_int_equal(ask(w, &w->log, 0, 5), 500);
	assert_null(strstr(w->reply.body, "\xe2\x80\x94"));
	w->full = false;
	assert_int_equal(ask(w, &w->log, 0, 5), 200);
}

static unsigned add(struct sluss_witness *witness, struct world *w, struct log *log, uint64_t old_size, uint64_t size)
{
	char body[8192];
	size_t len = request(log, old_size, size, body);
	sluss_witness_add_checkpoint(witness, (struct sluss_bytes){(const uint8_t *)body, len}, 0, &w->reply);
	return w->reply.status;
}

static void test_folder(void **state)
{
	struct world *w = *state;
	char why[256];
	struct sluss_witness_state known;
	struct sluss_witness *witness = sluss_witness_open(w->folder, &w->keys, why);
	assert_non_null(witness);
	assert_null(sluss_witness_open(w->folder, &w->keys, why)); // one at a time
	assert_non_null(strstr(why, "another witness"));
	assert_true(sluss_witness_known(witness, ORIGIN, &known));
	assert_true(known.size == 0);
	assert_false(sluss_witness_known(witness, "other.example/sig", &known));
	assert_int_equal(add(witness, w, &w->log, 0, 8), 200);
	assert_int_equal(add(witness, w, &w->log, 8, 12), 200);
	sluss_witness_close(&witness);
	// After a restart it knows what it cosigned, and refuses the fork.
	witness = sluss_witness_open(w->folder, &w->keys, why);
	assert_non_null(witness);
	assert_true(sluss_witness_known(witness, ORIGIN, &known));
	assert_true(known.size == 12);
	assert_int_equal(add(witness, w, &w->fork, 12, 15), 422);
	assert_int_equal(add(witness, w, &w->log, 0, 15), 409);
	assert_string_equal(w->reply.body, "12\n");
	assert_int_equal(add(witness, w, &w->log, 12, 15), 200);
	sluss_witness_close(&witness);
}

// A file that somebody changed is not taken for "nothing cosigned yet".
static void test_folder_spoiled(void **state)
{
	struct world *w = *state;
	char why[256];
	char command[160];
	struct sluss_witness_state known;
	struct sluss_witness *witness = sluss_witness_open(w->folder, &w->keys, why);
	assert_non_null(witness);
	assert_int_equal(add(witness, w, &w->log, 0, 8), 200);
	(void)snprintf(command, sizeof(command), "sed -i 's/^8$/2/' %s/[0-9a-f]*[0-9a-f]", w->folder);
	assert_int_equal(system(command), 0);
	assert_false(sluss_witness_known(witness, ORIGIN, &known));
	assert_int_equal(add(witness, w, &w->log, 8, 12), 500);
	sluss_witness_close(&witness);
}

static void test_wrong_keys(void **state)
{
	struct world *w = *state;
	char why[256];
	struct sluss_witness_keys keys = w->keys;
	keys.name = "a name";
	assert_null(sluss_witness_open(w->folder, &keys, why));
	keys = w->keys;
	keys.log_count = 0;
	assert_null(sluss_witness_open(w->folder, &keys, why));
	const char *logs[1] = {"nonsense"};
	keys = (struct sluss_witness_keys){NAME, w->seed, logs, 1};
	assert_null(sluss_witness_open(w->folder, &keys, why));
	assert_null(sluss_witness_open("/nonexistent", &w->keys, why));
}

// Made once, read again, and refused when it is open to others or no seed.
static void test_seed(void **state)
{
	struct world *w = *state;
	char path[128];
	uint8_t first[SLUSS_HASH_BYTES], again[SLUSS_HASH_BYTES];
	(void)snprintf(path, sizeof(path), "%s/key", w->folder);
	assert_true(sluss_witness_seed(path, first));
	assert_true(sluss_witness_seed(path, again));
	assert_memory_equal(first, again, sizeof(first));
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(sluss_witness_seed(path, again));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 62), 0);
	assert_false(sluss_witness_seed(path, again));
	assert_false(sluss_witness_seed("/nowhere/at/all", again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_seed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cosigns, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_conflicts, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refuses, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_proof_length, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_remembers_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_folder_spoiled, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_wrong_keys, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
