// SPDX-License-Identifier: EUPL-1.2
// The agent's queue: order, repeats, what survives, what is erased, what has no room.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "store.h"

static char folder[64];
static struct agentd_store *store;
static const struct agentd_store_limits roomy = {1000, 1000, 0};

static void reopen(const struct agentd_store_limits *limits)
{
	char why[256];
	agentd_store_close(&store);
	store = agentd_store_open(folder, "log agency", limits, why);
	if (store == NULL)
		print_error("%s\n", why);
	assert_non_null(store);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/sluss-agentd-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	reopen(&roomy);
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	(void)state;
	agentd_store_close(&store);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static struct sluss_id id_of(unsigned number)
{
	struct sluss_id id = {{1, 2, 3}};
	memcpy(id.b + 8, &number, sizeof(number));
	return id;
}

static enum agentd_result queue_text(unsigned number, unsigned case_number, const char *const *to, size_t count,
    const char *text, size_t len, bool *known)
{
	struct agentd_new m = {.id = id_of(number),
	    .case_id = id_of(case_number),
	    .digest = {(uint8_t)number},
	    .recipients = to,
	    .recipient_count = count,
	    .description = {(const uint8_t *)text, len}};
	return agentd_store_queue(store, &m, known);
}

static void queue(unsigned number, unsigned case_number, const char *to, const char *also)
{
	const char *recipients[2] = {to, also};
	bool known = true;
	assert_int_equal(queue_text(number, case_number, recipients, also == NULL ? 1 : 2, "{}", 2, &known), AGENTD_OK);
	assert_false(known);
}

// Takes the next one; 0 when there is none.
static int64_t take(unsigned expected)
{
	struct agentd_message m;
	uint8_t *octets = NULL;
	size_t len = 0;
	int64_t next = 0;
	enum agentd_result result = agentd_store_take(store, 1000, &m, &octets, &len, &next);
	if (expected == 0) {
		assert_int_equal(result, AGENTD_NOT_FOUND);
		return 0;
	}
	struct sluss_id id = id_of(expected);
	assert_int_equal(result, AGENTD_OK);
	assert_memory_equal(m.id.b, id.b, sizeof(id.b));
	int64_t seq = m.seq;
	free(octets);
	agentd_message_clear(&m);
	return seq;
}

static void accept_one(int64_t seq)
{
	static const uint8_t receipt[] = "receipt";
	assert_int_equal(
	    agentd_store_accepted(store, seq, 7, (struct sluss_bytes){receipt, sizeof(receipt)}, "[]", 0), AGENTD_OK);
	agentd_store_release(store, seq);
}

// ---- order

static void test_order_within_case_and_recipient(void **state)
{
	(void)state;
	queue(1, 100, "a", NULL);
	queue(2, 100, "a", NULL);
	queue(3, 100, "b", NULL);
	queue(4, 200, "a", NULL);
	int64_t first = take(1);
	int64_t third = take(3);
	int64_t fourth = take(4);
	assert_int_equal(take(0), 0); // 2 stands behind 1
	accept_one(third);
	accept_one(fourth);
	assert_int_equal(take(0), 0);
	accept_one(first);
	accept_one(take(2));
}

static void test_several_recipients_wait_for_each_lane(void **state)
{
	(void)state;
	queue(1, 100, "a", NULL);
	queue(2, 100, "b", NULL);
	queue(3, 100, "a", "b");
	queue(4, 100, "a", NULL);
	queue(5, 100, "b", NULL);
	int64_t one = take(1);
	int64_t two = take(2);
	assert_int_equal(take(0), 0);
	accept_one(one);
	assert_int_equal(take(0), 0); // 4 waits for 3, 3 for 2
	accept_one(two);
	int64_t three = take(3);
	assert_int_equal(take(0), 0);
	assert_int_equal(agentd_store_refused(store, three, "{}"), AGENTD_OK); // a refusal holds back nothing
	agentd_store_release(store, three);
	accept_one(take(4));
	accept_one(take(5));
}

static void test_postponed_holds_back_its_lane_only(void **state)
{
	(void)state;
	queue(1, 100, "a", NULL);
	queue(2, 100, "a", NULL);
	queue(3, 200, "a", NULL);
	int64_t one = take(1);
	assert_int_equal(agentd_store_postpone(store, one, 5000, "{\"reason\":\"BUSY\"}"), AGENTD_OK);
	agentd_store_release(store, one);
	accept_one(take(3));
	struct agentd_message m;
	uint8_t *octets = NULL;
	size_t len = 0;
	int64_t next = 0;
	assert_int_equal(agentd_store_take(store, 1000, &m, &octets, &len, &next), AGENTD_NOT_FOUND);
	assert_int_equal(next, 5000);
	reopen(&roomy); // what was due then is due at once after a start
	accept_one(take(1));
	accept_one(take(2));
}

// ---- repeats

static void test_same_id(void **state)
{
	(void)state;
	const char *to[] = {"a"};
	bool known = false;
	queue(1, 100, "a", NULL);
	assert_int_equal(queue_text(1, 100, to, 1, "{}", 2, &known), AGENTD_OK);
	assert_true(known);
	struct agentd_new other = {
	    .id = id_of(1), .case_id = id_of(100), .digest = {99}, .recipients = to, .recipient_count = 1};
	assert_int_equal(agentd_store_queue(store, &other, &known), AGENTD_CONFLICT);
	accept_one(take(1));
	assert_int_equal(queue_text(1, 100, to, 1, "{}", 2, &known), AGENTD_OK); // also when it is long gone
	assert_true(known);
	assert_int_equal(take(0), 0);
}

static void test_final_is_final(void **state)
{
	(void)state;
	struct agentd_message m;
	struct sluss_id id = id_of(1);
	queue(1, 100, "a", NULL);
	int64_t seq = take(1);
	accept_one(seq);
	assert_int_equal(agentd_store_refused(store, seq, "{}"), AGENTD_NOT_FOUND);
	assert_int_equal(agentd_store_message(store, &id, &m), AGENTD_OK);
	assert_int_equal(m.state, AGENTD_OUT_ACCEPTED);
	assert_int_equal(m.accepted_index, 7);
	assert_int_equal(m.receipt_len, 8);
	agentd_message_clear(&m);
}

// ---- octets

static void test_sealed_octets_survive(void **state)
{
	(void)state;
	enum { LARGE = 3 << 20 };
	const char *to[] = {"a"};
	bool known = false;
	char *large = malloc(LARGE);
	assert_non_null(large);
	memset(large, 'x', LARGE);
	for (unsigned i = 1; i <= 2; i++) {
		uint8_t hash[SLUSS_HASH_BYTES] = {(uint8_t)i};
		size_t len = i == 1 ? 100 : LARGE;
		assert_int_equal(queue_text(i, i, to, 1, large, len, &known), AGENTD_OK);
		int64_t seq = take(i);
		large[0] = 'y';
		assert_int_equal(
		    agentd_store_sealed(store, seq, (struct sluss_bytes){(uint8_t *)large, len}, hash), AGENTD_OK);
		large[0] = 'x';
		agentd_store_release(store, seq);
		reopen(&roomy);
		struct agentd_message m;
		uint8_t *octets = NULL;
		size_t got = 0;
		int64_t next = 0;
		assert_int_equal(agentd_store_take(store, 1000, &m, &octets, &got, &next), AGENTD_OK);
		assert_int_equal(m.state, AGENTD_OUT_SENDING);
		assert_int_equal(m.versions_len, SLUSS_HASH_BYTES);
		assert_memory_equal(m.versions, hash, sizeof(hash));
		assert_int_equal(got, len);
		assert_int_equal(octets[0], 'y');
		accept_one(m.seq);
		free(octets);
		agentd_message_clear(&m);
	}
	free(large);
}

static unsigned spool_files(void)
{
	char command[128];
	unsigned count = 0;
	(void)snprintf(command, sizeof(command), "ls '%s/spool' | wc -l", folder);
	FILE *out = popen(command, "r");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%u", &count), 1);
	(void)pclose(out);
	return count;
}

static void test_files_go_with_their_rows(void **state)
{
	(void)state;
	enum { LARGE = 100000 };
	char path[128];
	const char *to[] = {"a"};
	bool known = false;
	char *large = calloc(1, LARGE);
	assert_int_equal(queue_text(1, 1, to, 1, large, LARGE, &known), AGENTD_OK);
	assert_int_equal(spool_files(), 1);
	(void)snprintf(path, sizeof(path), "%s/spool/1-2", folder); // what a crash left behind
	FILE *stray = fopen(path, "w");
	assert_non_null(stray);
	(void)fclose(stray);
	reopen(&roomy);
	assert_int_equal(spool_files(), 1);
	accept_one(take(1));
	assert_int_equal(spool_files(), 0);
	free(large);
}

// ---- receiving

static void arrive(unsigned number, enum agentd_in state, size_t expected_fresh)
{
	struct agentd_arrival a = {.id = id_of(number),
	    .case_id = id_of(100),
	    .state = state,
	    .officer = "",
	    .mismatched = "[]",
	    .document = {(const uint8_t *)"{\"n\":1}", 7}};
	size_t fresh = 99;
	assert_int_equal(agentd_store_arrivals(store, &a, 1, NULL, 0, 0, &fresh), AGENTD_OK);
	assert_int_equal(fresh, expected_fresh);
}

static enum agentd_result next_in(int64_t after, struct agentd_delivery *d, char **document)
{
	size_t len = 0;
	return agentd_store_inbox(store, after, NULL, d, document, &len);
}

static int64_t untold(unsigned expected)
{
	struct agentd_delivery d;
	int64_t next = 0;
	struct sluss_id id = id_of(expected);
	assert_int_equal(agentd_store_take_untold(store, 0, &d, &next), AGENTD_OK);
	assert_memory_equal(d.id.b, id.b, sizeof(id.b));
	int64_t seq = d.seq;
	agentd_delivery_clear(&d);
	return seq;
}

static void test_arrives_once_and_is_handed_after_the_gateway_was_told(void **state)
{
	(void)state;
	struct agentd_delivery d;
	char *document = NULL;
	struct sluss_id id = id_of(1);
	arrive(1, AGENTD_IN_STORED, 1);
	arrive(1, AGENTD_IN_STORED, 0);
	assert_int_equal(next_in(0, &d, &document), AGENTD_NOT_FOUND);
	assert_int_equal(agentd_store_handled(store, &id, AGENTD_IN_DONE, NULL, false), AGENTD_CONFLICT);
	assert_int_equal(agentd_store_told(store, untold(1), true, 5), AGENTD_OK);
	reopen(&roomy);
	assert_int_equal(next_in(0, &d, &document), AGENTD_OK);
	assert_string_equal(document, "{\"n\":1}");
	assert_int_equal(agentd_store_handed(store, d.seq), AGENTD_OK);
	free(document);
	agentd_delivery_clear(&d);
	assert_int_equal(agentd_store_handled(store, &id, AGENTD_IN_DONE, NULL, false), AGENTD_OK);
	assert_int_equal(agentd_store_handled(store, &id, AGENTD_IN_DONE, NULL, false), AGENTD_OK);
	assert_int_equal(agentd_store_handled(store, &id, AGENTD_IN_REJECTED, NULL, false), AGENTD_CONFLICT);
	assert_int_equal(next_in(0, &d, &document), AGENTD_NOT_FOUND);
	arrive(1, AGENTD_IN_STORED, 0); // handed out again by the gateway: known
}

static void test_what_another_agent_has_is_erased(void **state)
{
	(void)state;
	struct agentd_delivery d;
	char *document = NULL;
	size_t len = 0;
	struct sluss_id id = id_of(1);
	arrive(1, AGENTD_IN_STORED, 1);
	assert_int_equal(agentd_store_told(store, untold(1), false, 5), AGENTD_OK);
	assert_int_equal(next_in(0, &d, &document), AGENTD_NOT_FOUND);
	assert_int_equal(agentd_store_delivery(store, &id, &d, &document, &len), AGENTD_OK);
	assert_int_equal(d.state, AGENTD_IN_ELSEWHERE);
	assert_null(document);
	agentd_delivery_clear(&d);
}

static void test_unusable_is_rejected_and_not_kept(void **state)
{
	(void)state;
	struct agentd_delivery d;
	char *document = NULL;
	arrive(1, AGENTD_IN_UNUSABLE, 1);
	assert_int_equal(agentd_store_told(store, untold(1), true, 5), AGENTD_OK);
	assert_int_equal(next_in(0, &d, &document), AGENTD_NOT_FOUND);
}

static void test_recall_erases(void **state)
{
	(void)state;
	struct agentd_delivery d;
	char *document = NULL;
	size_t erased = 0;
	size_t len = 0;
	struct sluss_id recall = id_of(77);
	struct sluss_id messages[] = {id_of(1), id_of(2), id_of(3)};
	arrive(1, AGENTD_IN_STORED, 1);
	arrive(2, AGENTD_IN_STORED, 1);
	assert_int_equal(agentd_store_told(store, untold(1), true, 5), AGENTD_OK);
	assert_int_equal(agentd_store_recall(store, &recall, messages, 3, false, "{}", &erased), AGENTD_OK);
	assert_int_equal(erased, 2);
	assert_int_equal(agentd_store_recall(store, &recall, messages, 3, true, "{}", &erased), AGENTD_OK);
	assert_int_equal(erased, 0);
	assert_int_equal(agentd_store_delivery(store, &messages[0], &d, &document, &len), AGENTD_OK);
	assert_int_equal(d.state, AGENTD_IN_RECALLED);
	assert_null(document);
	agentd_delivery_clear(&d);
	int64_t seq = untold(2); // the gateway hears that it had arrived
	assert_int_equal(agentd_store_told(store, seq, true, 6), AGENTD_OK);
	assert_int_equal(next_in(0, &d, &document), AGENTD_NOT_FOUND);
	// Nothing of the content is left in the files.
	char command[160];
	agentd_store_close(&store);
	(void)snprintf(command, sizeof(command), "grep -aq '\"n\":1' '%s'/queue.db*", folder);
	assert_int_not_equal(system(command), 0);
	reopen(&roomy);
}

static void test_told_again_after_handling(void **state)
{
	(void)state;
	struct sluss_id id = id_of(1);
	struct agentd_delivery d;
	int64_t next = 0;
	arrive(1, AGENTD_IN_READY, 1); // acknowledge_when_handled
	assert_int_equal(agentd_store_take_untold(store, 0, &d, &next), AGENTD_NOT_FOUND);
	assert_int_equal(agentd_store_handled(store, &id, AGENTD_IN_REJECTED, "wrong person", true), AGENTD_OK);
	assert_int_equal(agentd_store_take_untold(store, 0, &d, &next), AGENTD_OK);
	assert_int_equal(d.state, AGENTD_IN_REJECTED);
	assert_string_equal(d.why, "wrong person");
	agentd_delivery_clear(&d);
}

// ---- no room

static void test_bounds(void **state)
{
	(void)state;
	const char *to[] = {"a"};
	bool known = false;
	const struct agentd_store_limits tight = {2, 1, 0};
	reopen(&tight);
	queue(1, 1, "a", NULL);
	queue(2, 2, "a", NULL);
	assert_int_equal(queue_text(3, 3, to, 1, "{}", 2, &known), AGENTD_FULL);
	accept_one(take(1));
	queue(3, 3, "a", NULL);
	assert_int_equal(agentd_store_inbox_room(store), AGENTD_OK);
	arrive(1, AGENTD_IN_STORED, 1);
	assert_int_equal(agentd_store_inbox_room(store), AGENTD_FULL);
}

static void test_full_disk_changes_nothing(void **state)
{
	(void)state;
	const char *to[] = {"a"};
	bool known = false;
	struct rlimit before;
	char *text = calloc(1, 60000);
	queue(1, 1, "a", NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	struct rlimit small = {400000, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum agentd_result result = AGENTD_OK;
	unsigned taken = 1;
	while (result == AGENTD_OK && taken < 100) {
		taken++;
		result = queue_text(taken, taken, to, 1, text, 60000, &known);
	}
	assert_int_equal(result, AGENTD_FULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	struct agentd_counts counts;
	assert_int_equal(agentd_store_counts(store, &counts), AGENTD_OK);
	assert_int_equal(counts.out[AGENTD_OUT_QUEUED], taken - 1);
	assert_int_equal(queue_text(taken, taken, to, 1, text, 60000, &known), AGENTD_OK); // room again
	free(text);
}

static void test_quota(void **state)
{
	(void)state;
	const char *to[] = {"a"};
	bool known = false;
	const struct agentd_store_limits small = {1000, 1000, 1};
	char *text = calloc(1, 60000);
	reopen(&small);
	enum agentd_result result = AGENTD_OK;
	unsigned taken = 0;
	while (result == AGENTD_OK && taken < 100) {
		taken++;
		result = queue_text(taken, taken, to, 1, text, 60000, &known);
	}
	assert_int_equal(result, AGENTD_FULL);
	assert_in_range(taken, 10, 20);
	accept_one(take(1)); // what is there can be finished, and makes room
	assert_int_equal(queue_text(taken, taken, to, 1, text, 50000, &known), AGENTD_OK);
	free(text);
}

static void test_one_agent_one_identity(void **state)
{
	(void)state;
	char why[256];
	assert_null(agentd_store_open(folder, "log agency", &roomy, why));
	assert_non_null(strstr(why, "another agent"));
	agentd_store_close(&store);
	assert_null(agentd_store_open(folder, "log other", &roomy, why));
	assert_non_null(strstr(why, "log agency"));
	reopen(&roomy);
}

static void test_prune(void **state)
{
	(void)state;
	struct agentd_message m;
	struct sluss_id id = id_of(1);
	queue(1, 1, "a", NULL);
	queue(2, 2, "a", NULL);
	int64_t seq = take(1);
	assert_int_equal(agentd_store_refused(store, seq, "{}"), AGENTD_OK);
	agentd_store_release(store, seq);
	assert_int_equal(agentd_store_prune(store, 1), AGENTD_OK);
	assert_int_equal(agentd_store_message(store, &id, &m), AGENTD_OK);
	agentd_message_clear(&m);
	assert_int_equal(agentd_store_prune(store, INT64_MAX), AGENTD_OK);
	assert_int_equal(agentd_store_message(store, &id, &m), AGENTD_NOT_FOUND);
	accept_one(take(2)); // what waits is never forgotten
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_order_within_case_and_recipient),
	    TEST(test_several_recipients_wait_for_each_lane),
	    TEST(test_postponed_holds_back_its_lane_only),
	    TEST(test_same_id),
	    TEST(test_final_is_final),
	    TEST(test_sealed_octets_survive),
	    TEST(test_files_go_with_their_rows),
	    TEST(test_arrives_once_and_is_handed_after_the_gateway_was_told),
	    TEST(test_what_another_agent_has_is_erased),
	    TEST(test_unusable_is_rejected_and_not_kept),
	    TEST(test_recall_erases),
	    TEST(test_told_again_after_handling),
	    TEST(test_bounds),
	    TEST(test_full_disk_changes_nothing),
	    TEST(test_quota),
	    TEST(test_one_agent_one_identity),
	    TEST(test_prune),
	};
	return cmocka_run_group_tests_name("agentd_store", tests, NULL, NULL);
}
