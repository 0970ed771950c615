// SPDX-License-Identifier: EUPL-1.2
// The keeper of cosignatures against real witnesses (libsluss's) over a log that is made here: rounds, quorum, gap, and
// everything a witness may answer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "keeper.h"
#include "log_tree.h"
#include "sluss/witness.h"

#include <sodium.h>

#define ORIGIN "log.example/sig"

enum { WITNESSES = 3, PERIOD = 1000, GAP = 5000, REAL_S = 1700000000 };

struct log {
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key key;
	char verifier[SLUSS_NOTE_LINE_MAX];
	struct sluss_tree *tree;
	char checkpoint[SLUSS_CHECKPOINT_OWN_MAX];
	size_t checkpoint_len;
};

struct witness {
	char name[32];
	uint8_t seed[32];
	struct sluss_witness_state state;
	bool down;
	uint64_t pending; // number of a call that was taken, not yet answered
	char body[16384];
	size_t len;
};

struct world {
	struct log log;
	struct witness witnesses[WITNESSES];
	struct sluss_keeper_config config;
	struct sluss_keeper keeper;
	int64_t now_ms, next_ms;
	int64_t witness_clock_s;
	unsigned calls;
};

static bool no_tile(void *context, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out)
{
	(void)context, (void)level, (void)index, (void)width, (void)hashes_out;
	return false;
}

static void grow(struct log *log, unsigned count, const char *what)
{
	const struct sluss_tree_tile *tiles;
	size_t tile_count;
	struct sluss_hash root;
	sluss_tree_begin(log->tree);
	for (unsigned i = 0; i < count; i++) {
		struct sluss_hash leaf;
		char entry[64];
		(void)snprintf(entry, sizeof(entry), "%s %llu", what, (unsigned long long)sluss_tree_size(log->tree));
		sluss_hash_leaf(entry, strlen(entry), &leaf);
		assert_int_equal(sluss_tree_append(log->tree, &leaf), SLUSS_TREE_OK);
	}
	assert_int_equal(sluss_tree_finish(log->tree, &tiles, &tile_count), SLUSS_TREE_OK);
	sluss_tree_accept(log->tree);
	sluss_tree_root(log->tree, &root);
	log->checkpoint_len = sluss_checkpoint_sign(
	    &log->key, log->secret, sluss_tree_size(log->tree), &root, log->checkpoint, sizeof(log->checkpoint));
	assert_true(log->checkpoint_len > 0);
}

static void make_log(struct log *log)
{
	uint8_t seed[32] = {1};
	uint8_t public_key[32];
	assert_int_equal(crypto_sign_seed_keypair(public_key, log->secret, seed), 0);
	assert_true(sluss_note_key_init(&log->key, ORIGIN, SLUSS_NOTE_ED25519, public_key));
	assert_true(sluss_note_key_format(&log->key, log->verifier, sizeof(log->verifier)));
	assert_int_equal(sluss_tree_open(0, no_tile, NULL, &log->tree), SLUSS_TREE_OK);
}

static bool prove(void *arg, uint64_t old_size, uint64_t size, struct sluss_hash *hashes, size_t *count_out)
{
	struct world *w = arg;
	struct sluss_tree_consistency proof;
	if (sluss_tree_prove_consistency(w->log.tree, old_size, size, &proof) != SLUSS_TREE_OK)
		return false;
	memcpy(hashes, proof.hashes, proof.count * sizeof(*hashes));
	*count_out = proof.count;
	return true;
}

static bool take_call(void *arg, uint32_t index, uint64_t number, struct sluss_bytes body)
{
	struct world *w = arg;
	struct witness *witness = &w->witnesses[index];
	assert_true(body.len < sizeof(witness->body));
	memcpy(witness->body, body.data, body.len);
	witness->len = body.len;
	witness->pending = number;
	w->calls++;
	return true;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_true(w != NULL && sodium_init() >= 0);
	make_log(&w->log);
	grow(&w->log, 5, "entry");
	w->config = (struct sluss_keeper_config){.log = w->log.key,
	    .count = WITNESSES,
	    .quorum = 2,
	    .period_ms = PERIOD,
	    .gap_max_ms = GAP,
	    .prove = prove,
	    .send = take_call,
	    .arg = w};
	for (unsigned i = 0; i < WITNESSES; i++) {
		char text[400];
		struct witness *witness = &w->witnesses[i];
		(void)snprintf(witness->name, sizeof(witness->name), "w%u.example", i);
		witness->seed[0] = (uint8_t)(10 + i);
		assert_true(sluss_witness_verifier_key(witness->name, witness->seed, text, sizeof(text)));
		assert_true(sluss_note_key_parse(
		    (struct sluss_bytes){(const uint8_t *)text, strlen(text)}, &w->config.witnesses[i]));
	}
	assert_true(sluss_keeper_init(&w->keeper, &w->config));
	w->now_ms = 100000;
	w->witness_clock_s = REAL_S;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sluss_tree_close(&w->log.tree);
	free(w);
	return 0;
}

static bool load(void *arg, const char *origin, struct sluss_witness_state *state_out)
{
	(void)origin;
	*state_out = ((struct witness *)arg)->state;
	return true;
}

static bool store(void *arg, const char *origin, const struct sluss_witness_state *state, struct sluss_bytes note)
{
	(void)origin, (void)note;
	((struct witness *)arg)->state = *state;
	return true;
}

static uint64_t log_size(struct world *w)
{
	return sluss_tree_size(w->log.tree);
}

static void hand_in(struct world *w, uint32_t index, uint32_t status, const char *type, const char *body)
{
	struct sluss_keeper_answer answer = {.index = index,
	    .number = w->witnesses[index].pending,
	    .status = status,
	    .content_type = type,
	    .body = {(const uint8_t *)body, strlen(body)}};
	w->witnesses[index].pending = 0;
	sluss_keeper_answer(&w->keeper, &answer, log_size(w), w->now_ms, REAL_S);
}

static void answer(struct world *w, uint32_t index)
{
	struct witness *witness = &w->witnesses[index];
	const char *const logs[1] = {w->log.verifier};
	struct sluss_witness_keys keys = {witness->name, witness->seed, logs, 1};
	struct sluss_witness_reply reply;
	if (witness->down) {
		hand_in(w, index, 0, "", "");
		return;
	}
	sluss_witness_judge(&keys, (struct sluss_bytes){(const uint8_t *)witness->body, witness->len},
	    (uint64_t)w->witness_clock_s, load, store, witness, &reply);
	hand_in(w, index, reply.status, reply.content_type, reply.body);
}

static void tick(struct world *w)
{
	w->next_ms = sluss_keeper_tick(&w->keeper, w->now_ms,
	    (struct sluss_bytes){(const uint8_t *)w->log.checkpoint, w->log.checkpoint_len}, log_size(w));
}

// Asks and answers until nobody has anything to say at this time.
static void settle(struct world *w)
{
	for (bool more = true; more && !w->keeper.fatal;) {
		more = false;
		tick(w);
		for (uint32_t i = 0; i < WITNESSES; i++) {
			if (w->witnesses[i].pending == 0)
				continue;
			answer(w, i);
			more = true;
		}
	}
}

static void pass(struct world *w, int64_t ms)
{
	w->now_ms += ms;
	settle(w);
}

static bool is_open(struct world *w)
{
	return sluss_keeper_open(&w->keeper, w->now_ms);
}

// How many of the witnesses' keys verify on what the keeper has as cosigned.
static size_t signatures(struct world *w)
{
	struct sluss_note note;
	struct sluss_checkpoint checkpoint;
	size_t count = 0;
	struct sluss_bytes octets = {w->keeper.cosigned, w->keeper.cosigned_len};
	if (octets.len == 0)
		return 0;
	assert_true(sluss_note_parse(octets, &note));
	assert_true(sluss_checkpoint_open(octets, &w->log.key, &checkpoint));
	assert_true(checkpoint.size == w->keeper.cosigned_size);
	for (size_t i = 0; i < WITNESSES; i++)
		count += sluss_note_verify(&note, &w->config.witnesses[i], NULL) == SLUSS_NOTE_VALID ? 1 : 0;
	return count;
}

static void test_quorum(void **state)
{
	struct world *w = *state;
	tick(w);
	assert_false(is_open(w));
	answer(w, 0);
	assert_false(is_open(w));
	assert_int_equal(w->keeper.cosigned_len, 0);
	answer(w, 2);
	assert_true(is_open(w));
	assert_int_equal(signatures(w), 2);
	answer(w, 1); // a late one joins
	assert_int_equal(signatures(w), 3);
	assert_true(w->keeper.cosigned_size == 5 && w->keeper.unstored);
}

// The log grows: a tenth of the period later all are asked for its newest checkpoint, with proofs.
static void test_follows_the_log(void **state)
{
	struct world *w = *state;
	settle(w);
	for (unsigned i = 0; i < 30; i++) {
		grow(&w->log, i % 4 + 1, "entry");
		tick(w);
		assert_true(w->next_ms <= w->now_ms + PERIOD / 10);
		pass(w, PERIOD / 10);
		assert_true(w->keeper.cosigned_size == log_size(w));
		assert_int_equal(signatures(w), WITNESSES);
	}
	// A quiet log is shown again once a period, without a proof.
	unsigned calls = w->calls;
	pass(w, PERIOD - 1);
	assert_int_equal(w->calls, calls);
	pass(w, 1);
	assert_int_equal(w->calls, calls + WITNESSES);
	assert_true(w->keeper.cosigned_ms == w->now_ms);
}

static void test_gap_closes_and_reopens(void **state)
{
	struct world *w = *state;
	settle(w);
	assert_true(is_open(w));
	w->witnesses[0].down = true;
	for (int i = 0; i < 10; i++)
		pass(w, PERIOD);
	assert_true(is_open(w)); // two are enough
	w->witnesses[1].down = true;
	int64_t last_ms = w->keeper.cosigned_ms;
	while (w->now_ms + PERIOD <= last_ms + GAP)
		pass(w, PERIOD);
	assert_true(is_open(w));
	w->now_ms = last_ms + GAP;
	assert_true(is_open(w));
	w->now_ms++;
	assert_int_equal(sluss_keeper_closes_ms(&w->keeper), w->now_ms);
	assert_false(is_open(w));
	w->witnesses[1].down = false;
	for (int i = 0; i < 300 && !is_open(w); i++)
		pass(w, PERIOD);
	assert_true(is_open(w));
}

// Who fails is asked less and less often, and never more often than the others.
static void test_backs_off(void **state)
{
	struct world *w = *state;
	w->witnesses[0].down = true;
	unsigned asked = 0;
	for (int i = 0; i < 1000; i++) {
		w->now_ms += PERIOD / 4;
		tick(w);
		asked += w->witnesses[0].pending != 0 ? 1 : 0;
		for (uint32_t n = 0; n < WITNESSES; n++)
			if (w->witnesses[n].pending != 0)
				answer(w, n);
	}
	assert_in_range(asked, 6, 20); // 250 seconds: doubling up to a minute
}

// A witness that knows the log already says its size to the first question.
static void test_restart(void **state)
{
	struct world *w = *state;
	settle(w);
	struct sluss_bytes kept = {w->keeper.cosigned, w->keeper.cosigned_len};
	char note[SLUSS_KEEPER_NOTE];
	memcpy(note, kept.data, kept.len);
	kept.data = (const uint8_t *)note;
	grow(&w->log, 7, "entry");
	assert_true(sluss_keeper_init(&w->keeper, &w->config));
	sluss_keeper_load(&w->keeper, kept);
	assert_true(w->keeper.cosigned_size == 5);
	assert_false(is_open(w)); // what was known before the start says nothing of now
	settle(w);
	assert_true(is_open(w));
	assert_true(w->keeper.cosigned_size == 12);
	// What is not a quorum's, or not this log's, is not taken back.
	assert_true(sluss_keeper_init(&w->keeper, &w->config));
	sluss_keeper_load(&w->keeper, (struct sluss_bytes){(const uint8_t *)w->log.checkpoint, w->log.checkpoint_len});
	assert_int_equal(w->keeper.cosigned_len, 0);
	note[strlen(ORIGIN) + 1] = '7';
	sluss_keeper_load(&w->keeper, kept);
	assert_int_equal(w->keeper.cosigned_len, 0);
}

static void test_stops_behind_a_witness(void **state)
{
	struct world *w = *state;
	w->config.quorum = 0; // also where nothing depends on them
	assert_true(sluss_keeper_init(&w->keeper, &w->config));
	w->witnesses[1].state.size = 9;
	settle(w);
	assert_true(w->keeper.fatal);
	assert_non_null(strstr(w->keeper.why, "w1.example has cosigned 9 entries"));
	assert_non_null(strstr(w->keeper.why, "Put back the newest copy"));
}

// An old copy that went on: its records after the fork are others.
static void test_stops_on_a_fork(void **state)
{
	struct world *w = *state;
	settle(w);
	sluss_tree_close(&w->log.tree);
	assert_int_equal(sluss_tree_open(0, no_tile, NULL, &w->log.tree), SLUSS_TREE_OK);
	grow(&w->log, 3, "entry");
	grow(&w->log, 5, "another");
	assert_true(sluss_keeper_init(&w->keeper, &w->config));
	settle(w);
	assert_true(w->keeper.fatal);
	assert_non_null(strstr(w->keeper.why, "another history"));
}

// The same at the very size that the witness knows: it can only say 409 with that size.
static void test_stops_on_a_fork_of_the_same_size(void **state)
{
	struct world *w = *state;
	settle(w);
	sluss_tree_close(&w->log.tree);
	assert_int_equal(sluss_tree_open(0, no_tile, NULL, &w->log.tree), SLUSS_TREE_OK);
	grow(&w->log, 5, "another");
	assert_true(sluss_keeper_init(&w->keeper, &w->config));
	settle(w);
	assert_true(w->keeper.fatal);
}

static void test_believes_no_answer(void **state)
{
	struct world *w = *state;
	static const struct {
		uint32_t status;
		const char *type, *body;
	} wrong[] = {
	    {200, "text/plain", ""},
	    {200, "text/plain", "\xe2\x80\x94 w0.example AAAA\n"},
	    {409, "text/plain", "3\n"},
	    {409, "text/x.tlog.size", "3"},
	    {409, "text/x.tlog.size", "03\n"},
	    {409, "text/x.tlog.size", "0\n"}, // what we sent
	    {500, "", ""},
	    {302, "", ""},
	    {0, "", ""},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_true(sluss_keeper_init(&w->keeper, &w->config));
		w->now_ms += 100 * PERIOD;
		tick(w);
		hand_in(w, 0, wrong[i].status, wrong[i].type, wrong[i].body);
		assert_false(w->keeper.fatal);
		assert_false(w->keeper.witnesses[0].signed_round);
		assert_int_equal(w->keeper.witnesses[0].failures, 1);
		assert_true(w->keeper.witnesses[0].not_before_ms > w->now_ms);
	}
}

// One witness's cosignature in another's answer counts for nobody, and twice the same for one.
static void test_counts_each_key_once(void **state)
{
	struct world *w = *state;
	tick(w);
	memcpy(w->witnesses[1].seed, w->witnesses[0].seed, 32);
	(void)snprintf(w->witnesses[1].name, sizeof(w->witnesses[1].name), "w0.example");
	answer(w, 0);
	answer(w, 1);
	assert_false(is_open(w));
	struct sluss_keeper_config twice = w->config;
	twice.witnesses[1] = twice.witnesses[0];
	struct sluss_keeper other;
	assert_false(sluss_keeper_init(&other, &twice));
	assert_non_null(strstr(other.why, "have one key"));
	twice = w->config;
	twice.witnesses[1].type = SLUSS_NOTE_ED25519;
	assert_false(sluss_keeper_init(&other, &twice));
}

static void test_wants_a_cosignature_of_now(void **state)
{
	struct world *w = *state;
	w->witness_clock_s = REAL_S - 2 * SLUSS_KEEPER_SKEW_S;
	settle(w);
	assert_false(is_open(w));
	w->witness_clock_s = REAL_S - SLUSS_KEEPER_SKEW_S / 2;
	for (int i = 0; i < 10 && !is_open(w); i++)
		pass(w, PERIOD);
	assert_true(is_open(w));
}

// A courier that died takes the calls with it; late answers of a call that was given up are nothing.
static void test_lost_calls(void **state)
{
	struct world *w = *state;
	tick(w);
	uint64_t old_number = w->witnesses[0].pending;
	sluss_keeper_lost(&w->keeper, w->now_ms);
	assert_true(w->keeper.witnesses[0].call == 0);
	assert_int_equal(w->keeper.witnesses[0].failures, 0);
	w->now_ms += 100;
	tick(w);
	assert_true(w->witnesses[0].pending != old_number);
	uint64_t number = w->witnesses[0].pending;
	w->witnesses[0].pending = old_number;
	hand_in(w, 0, 422, "", "");
	assert_false(w->keeper.fatal);
	w->witnesses[0].pending = number;
	settle(w);
	assert_true(is_open(w));
}

// Without a courier nothing is known of a witness: it is no failure, and soon tried again.
static void test_returned_calls(void **state)
{
	struct world *w = *state;
	tick(w);
	for (uint32_t i = 0; i < WITNESSES; i++)
		sluss_keeper_returned(&w->keeper, i, w->witnesses[i].pending, w->now_ms);
	assert_int_equal(w->keeper.witnesses[0].failures, 0);
	w->now_ms += 100;
	settle(w);
	assert_true(is_open(w));
}

// Slower than the period: it is still heard.
static void test_slow_witnesses(void **state)
{
	struct world *w = *state;
	tick(w);
	w->now_ms += 3 * PERIOD;
	tick(w);
	for (uint32_t i = 0; i < WITNESSES; i++)
		answer(w, i);
	assert_true(is_open(w));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_quorum),
	    TEST(test_follows_the_log),
	    TEST(test_gap_closes_and_reopens),
	    TEST(test_backs_off),
	    TEST(test_restart),
	    TEST(test_stops_behind_a_witness),
	    TEST(test_stops_on_a_fork),
	    TEST(test_stops_on_a_fork_of_the_same_size),
	    TEST(test_believes_no_answer),
	    TEST(test_counts_each_key_once),
	    TEST(test_wants_a_cosignature_of_now),
	    TEST(test_lost_calls),
	    TEST(test_returned_calls),
	    TEST(test_slow_witnesses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
