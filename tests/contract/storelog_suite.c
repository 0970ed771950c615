// SPDX-License-Identifier: EUPL-1.2
// The contract suite of the store: one test for each promise of store.h.
#include "storelog_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct suite_maker *maker;

struct world {
	void *world;
	struct sluss_store *store; // the writer
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	w->world = maker->create();
	assert_int_equal(maker->open(w->world, SLUSS_STORE_WRITER, &w->store), SLUSS_STORE_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sluss_store_close(&w->store);
	maker->destroy(w->world);
	free(w);
	return 0;
}

// Closes the writer and opens it again.
static void reopen(struct world *w)
{
	sluss_store_close(&w->store);
	assert_null(w->store);
	assert_int_equal(maker->open(w->world, SLUSS_STORE_WRITER, &w->store), SLUSS_STORE_OK);
}

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

#define OK(call) assert_int_equal((call), SLUSS_STORE_OK)
#define IS(result, call) assert_int_equal((call), SLUSS_STORE_##result)

// ---- records

struct seen {
	uint64_t next;
	size_t count;
	size_t stop_after;
	bool right;
};

// The record of an index: its length and octets depend on it.
static struct sluss_bytes record_of(uint64_t index, uint8_t *room)
{
	size_t len = 1 + (size_t)(index * 7919 % 900);
	for (size_t i = 0; i < len; i++)
		room[i] = (uint8_t)(index * 31 + i);
	return (struct sluss_bytes){room, len};
}

static bool see(void *context, uint64_t index, struct sluss_bytes record)
{
	struct seen *seen = context;
	uint8_t room[1024];
	struct sluss_bytes expected = record_of(index, room);
	seen->right = seen->right && index == seen->next && record.len == expected.len &&
		      memcmp(record.data, expected.data, expected.len) == 0;
	seen->next++;
	seen->count++;
	return seen->stop_after == 0 || seen->count < seen->stop_after;
}

static void append(struct sluss_store *store, uint64_t first, size_t count)
{
	uint8_t room[8][1024];
	struct sluss_bytes records[8];
	for (size_t done = 0; done < count;) {
		size_t now = count - done < 8 ? count - done : 8;
		for (size_t i = 0; i < now; i++)
			records[i] = record_of(first + done + i, room[i]);
		OK(sluss_store_append(store, first + done, records, now));
		done += now;
	}
}

static void expect_records(struct sluss_store *store, uint64_t first, uint64_t count)
{
	struct seen seen = {.next = first, .right = true};
	OK(sluss_store_read(store, first, count, see, &seen));
	assert_true(seen.right);
	assert_int_equal(seen.count, count);
}

static void expect_size(struct sluss_store *store, uint64_t expected)
{
	uint64_t size = 99;
	OK(sluss_store_size(store, &size));
	assert_true(size == expected);
}

static void records_append_and_read(void **state)
{
	struct world *w = *state;
	struct seen seen = {0};
	expect_size(w->store, 0);
	expect_records(w->store, 0, 0);
	IS(NOT_FOUND, sluss_store_read(w->store, 0, 1, see, &seen));
	OK(sluss_store_begin(w->store));
	append(w->store, 0, 100);
	expect_size(w->store, 100);
	expect_records(w->store, 0, 100);
	OK(sluss_store_commit(w->store));
	OK(sluss_store_begin(w->store));
	append(w->store, 100, 5000);
	OK(sluss_store_commit(w->store));
	expect_size(w->store, 5100);
	expect_records(w->store, 0, 5100);
	expect_records(w->store, 4095, 3);
	expect_records(w->store, 5100, 0);
	IS(NOT_FOUND, sluss_store_read(w->store, 5100, 1, see, &seen));
	IS(NOT_FOUND, sluss_store_read(w->store, 0, UINT64_MAX, see, &seen));
	IS(NOT_FOUND, sluss_store_read(w->store, UINT64_MAX, 2, see, &seen));
	assert_int_equal(seen.count, 0);
	seen = (struct seen){.next = 10, .right = true, .stop_after = 7};
	OK(sluss_store_read(w->store, 10, 5000, see, &seen));
	assert_int_equal(seen.count, 7);
}

static void records_have_limits(void **state)
{
	struct world *w = *state;
	static uint8_t octets[SLUSS_STORE_RECORD_MAX + 1];
	struct sluss_bytes record = {octets, SLUSS_STORE_RECORD_MAX};
	OK(sluss_store_begin(w->store));
	OK(sluss_store_append(w->store, 0, &record, 1));
	OK(sluss_store_commit(w->store));
	OK(sluss_store_begin(w->store));
	record.len++;
	IS(INVALID, sluss_store_append(w->store, 1, &record, 1));
	sluss_store_rollback(w->store);
	OK(sluss_store_begin(w->store));
	record.len = 0;
	IS(INVALID, sluss_store_append(w->store, 1, &record, 1));
	sluss_store_rollback(w->store);
	expect_size(w->store, 1);
}

// A gap or an overlap means that two views of the log differ: the handle is done.
static void records_continue_the_log(void **state)
{
	struct world *w = *state;
	static const uint64_t wrong[] = {0, 9, 11, UINT64_MAX};
	struct sluss_bytes record = text("x");
	OK(sluss_store_begin(w->store));
	append(w->store, 0, 10);
	OK(sluss_store_commit(w->store));
	for (size_t i = 0; i < 4; i++) {
		OK(sluss_store_begin(w->store));
		IS(CORRUPT, sluss_store_append(w->store, wrong[i], &record, 1));
		IS(CORRUPT, sluss_store_append(w->store, 10, &record, 1));
		IS(CORRUPT, sluss_store_commit(w->store));
		IS(CORRUPT, sluss_store_begin(w->store));
		reopen(w);
		expect_size(w->store, 10);
	}
}

// ---- transactions

static void rules_of_use(void **state)
{
	struct world *w = *state;
	struct sluss_bytes record = text("x");
	struct sluss_id id = id_of(1);
	sluss_store_rollback(w->store);
	IS(INVALID, sluss_store_append(w->store, 0, &record, 1));
	IS(INVALID, sluss_store_put_payload(w->store, &id, 0, record));
	IS(INVALID, sluss_store_commit(w->store));
	OK(sluss_store_begin(w->store));
	IS(INVALID, sluss_store_begin(w->store));
	IS(INVALID, sluss_store_scrub(w->store));
	OK(sluss_store_append(w->store, 0, &record, 1));
	OK(sluss_store_commit(w->store));
	expect_size(w->store, 1);
	assert_non_null(sluss_store_error_text(w->store));
	// A transaction without a write is one too.
	OK(sluss_store_begin(w->store));
	OK(sluss_store_commit(w->store));
}

// A failed write that nobody looked at: the commit says so and does nothing.
static void spoiled_transaction(void **state)
{
	struct world *w = *state;
	struct sluss_id id = id_of(1);
	OK(sluss_store_begin(w->store));
	append(w->store, 0, 3);
	IS(INVALID, sluss_store_put_payload(w->store, &id, SLUSS_STORE_PARTS_MAX, text("x")));
	IS(INVALID, sluss_store_put_payload(w->store, &id, 0, text("x")));
	IS(INVALID, sluss_store_commit(w->store));
	IS(INVALID, sluss_store_begin(w->store));
	reopen(w);
	expect_size(w->store, 0);
}

static void fill(struct sluss_store *store)
{
	uint8_t hashes[256 * SLUSS_HASH_BYTES];
	struct sluss_id id = id_of(1);
	struct sluss_store_tile tile = {.level = 0, .index = 0, .width = 2, .hashes = hashes};
	struct sluss_store_delivery delivery = {
	    .agency = "police", .sequence = 1, .message = id, .case_id = id_of(2), .state = text("new")};
	memset(hashes, 5, sizeof(hashes));
	append(store, 0, 2);
	OK(sluss_store_put_tile(store, &tile));
	OK(sluss_store_put_checkpoint(store, text("note")));
	OK(sluss_store_put_payload(store, &id, 0, text("payload")));
	OK(sluss_store_put_delivery(store, &delivery));
	OK(sluss_store_put_side(store, 3, text("key"), text("value")));
}

static bool count_delivery(void *context, const struct sluss_store_delivery *delivery)
{
	(void)delivery;
	(*(size_t *)context)++;
	return true;
}

// Is what fill wrote there, as seen by this handle?
static void expect_filled(struct sluss_store *store, bool filled)
{
	uint8_t hashes[256 * SLUSS_HASH_BYTES];
	uint16_t width = 0;
	size_t deliveries = 0;
	struct sluss_id id = id_of(1);
	struct sluss_store_blob blob = {0};
	enum sluss_store_result expected = filled ? SLUSS_STORE_OK : SLUSS_STORE_NOT_FOUND;
	expect_size(store, filled ? 2 : 0);
	assert_int_equal(sluss_store_get_tile(store, 0, 0, hashes, &width), expected);
	assert_int_equal(sluss_store_get_checkpoint(store, &blob), expected);
	assert_int_equal(sluss_store_get_payload(store, &id, 0, &blob), expected);
	assert_int_equal(sluss_store_get_side(store, 3, text("key"), &blob), expected);
	OK(sluss_store_each_delivery(store, NULL, 0, count_delivery, &deliveries));
	assert_int_equal(deliveries, filled ? 1 : 0);
	sluss_store_blob_free(&blob);
}

static void rollback_leaves_nothing(void **state)
{
	struct world *w = *state;
	OK(sluss_store_begin(w->store));
	fill(w->store);
	expect_filled(w->store, true);
	sluss_store_rollback(w->store);
	expect_filled(w->store, false);
	OK(sluss_store_begin(w->store));
	fill(w->store);
	OK(sluss_store_commit(w->store));
	expect_filled(w->store, true);
}

static void closing_rolls_back(void **state)
{
	struct world *w = *state;
	OK(sluss_store_begin(w->store));
	fill(w->store);
	reopen(w);
	expect_filled(w->store, false);
}

static void readers_see_commits_only(void **state)
{
	struct world *w = *state;
	struct sluss_store *reader = NULL;
	OK(sluss_store_begin(w->store));
	OK(sluss_store_put_side(w->store, 1, text("a"), text("b")));
	OK(sluss_store_commit(w->store));
	OK(maker->open(w->world, SLUSS_STORE_READER, &reader));
	OK(sluss_store_begin(w->store));
	fill(w->store);
	expect_filled(reader, false);
	OK(sluss_store_commit(w->store));
	expect_filled(reader, true);
	IS(INVALID, sluss_store_begin(reader));
	IS(INVALID, sluss_store_put_side(reader, 1, text("a"), text("c")));
	IS(INVALID, sluss_store_scrub(reader));
	sluss_store_close(&reader);
	sluss_store_close(&reader);
}

static void one_writer(void **state)
{
	struct world *w = *state;
	struct sluss_store *second = NULL;
	IS(AGAIN, maker->open(w->world, SLUSS_STORE_WRITER, &second));
	assert_null(second);
	reopen(w);
}

static void survives_reopening(void **state)
{
	struct world *w = *state;
	OK(sluss_store_begin(w->store));
	fill(w->store);
	OK(sluss_store_commit(w->store));
	reopen(w);
	expect_filled(w->store, true);
	expect_records(w->store, 0, 2);
	OK(sluss_store_begin(w->store));
	append(w->store, 2, 300);
	OK(sluss_store_commit(w->store));
	reopen(w);
	expect_records(w->store, 0, 302);
}

// ---- tree

static void tiles_grow(void **state)
{
	struct world *w = *state;
	uint8_t hashes[256 * SLUSS_HASH_BYTES];
	uint8_t read[256 * SLUSS_HASH_BYTES];
	uint16_t width = 0;
	for (size_t i = 0; i < sizeof(hashes); i++)
		hashes[i] = (uint8_t)(i * 13 + i / 256);
	static const uint16_t widths[] = {1, 1, 2, 127, 128, 255, 256, 256};
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct sluss_store_tile tile = {.level = 3, .index = 1234567, .width = widths[i], .hashes = hashes};
		OK(sluss_store_begin(w->store));
		OK(sluss_store_put_tile(w->store, &tile));
		OK(sluss_store_commit(w->store));
		OK(sluss_store_get_tile(w->store, 3, 1234567, read, &width));
		assert_int_equal(width, widths[i]);
		assert_memory_equal(read, hashes, (size_t)width * SLUSS_HASH_BYTES);
	}
	IS(NOT_FOUND, sluss_store_get_tile(w->store, 3, 1234568, read, &width));
	IS(NOT_FOUND, sluss_store_get_tile(w->store, 2, 1234567, read, &width));
	IS(NOT_FOUND, sluss_store_get_tile(w->store, 200, 0, read, &width));
	IS(NOT_FOUND, sluss_store_get_tile(w->store, 0, UINT64_MAX, read, &width));
	struct sluss_store_tile narrow = {.level = 3, .index = 1234567, .width = 255, .hashes = hashes};
	OK(sluss_store_begin(w->store));
	IS(CORRUPT, sluss_store_put_tile(w->store, &narrow));
	sluss_store_rollback(w->store);
	reopen(w);
	for (uint16_t wrong = 0; wrong <= 257; wrong = (uint16_t)(wrong + 257)) {
		struct sluss_store_tile tile = {.level = 0, .index = 0, .width = wrong, .hashes = hashes};
		OK(sluss_store_begin(w->store));
		IS(INVALID, sluss_store_put_tile(w->store, &tile));
		sluss_store_rollback(w->store);
	}
}

static void checkpoint_is_replaced(void **state)
{
	struct world *w = *state;
	static uint8_t note[SLUSS_STORE_CHECKPOINT_MAX + 1];
	struct sluss_store_blob blob = {0};
	IS(NOT_FOUND, sluss_store_get_checkpoint(w->store, &blob));
	OK(sluss_store_begin(w->store));
	OK(sluss_store_put_checkpoint(w->store, (struct sluss_bytes){note, SLUSS_STORE_CHECKPOINT_MAX}));
	OK(sluss_store_put_checkpoint(w->store, text("a note")));
	OK(sluss_store_commit(w->store));
	OK(sluss_store_get_checkpoint(w->store, &blob));
	assert_int_equal(blob.len, 6);
	assert_memory_equal(blob.data, "a note", 6);
	sluss_store_blob_free(&blob);
	OK(sluss_store_begin(w->store));
	IS(INVALID, sluss_store_put_checkpoint(w->store, (struct sluss_bytes){note, sizeof(note)}));
	sluss_store_rollback(w->store);
}

// ---- payload

static void payload_parts(void **state)
{
	struct world *w = *state;
	static uint8_t large[SLUSS_STORE_PAYLOAD_MAX + 1];
	struct sluss_store_blob blob = {0};
	struct sluss_id one = id_of(1);
	struct sluss_id two = id_of(2);
	uint32_t count = 99;
	memset(large, 0xa7, sizeof(large));
	OK(sluss_store_begin(w->store));
	OK(sluss_store_put_payload(w->store, &one, 0, (struct sluss_bytes){large, SLUSS_STORE_PAYLOAD_MAX}));
	OK(sluss_store_put_payload(w->store, &one, SLUSS_STORE_PARTS_MAX - 1, text("last")));
	OK(sluss_store_put_payload(w->store, &two, 0, (struct sluss_bytes){NULL, 0}));
	OK(sluss_store_commit(w->store));
	OK(sluss_store_get_payload(w->store, &one, 0, &blob));
	assert_int_equal(blob.len, SLUSS_STORE_PAYLOAD_MAX);
	assert_memory_equal(blob.data, large, blob.len);
	OK(sluss_store_get_payload(w->store, &one, SLUSS_STORE_PARTS_MAX - 1, &blob));
	assert_int_equal(blob.len, 4);
	OK(sluss_store_get_payload(w->store, &two, 0, &blob));
	assert_int_equal(blob.len, 0);
	IS(NOT_FOUND, sluss_store_get_payload(w->store, &two, 1, &blob));
	OK(sluss_store_begin(w->store));
	IS(NOT_FOUND, sluss_store_erase_payload(w->store, &one, 1));
	OK(sluss_store_erase_payload(w->store, &one, 0));
	IS(NOT_FOUND, sluss_store_erase_payload(w->store, &one, 0));
	IS(NOT_FOUND, sluss_store_get_payload(w->store, &one, 0, &blob));
	OK(sluss_store_put_payload(w->store, &one, 7, text("seven")));
	OK(sluss_store_erase_payloads(w->store, &one, &count));
	assert_int_equal(count, 2);
	OK(sluss_store_erase_payloads(w->store, &one, NULL));
	OK(sluss_store_commit(w->store));
	OK(sluss_store_scrub(w->store));
	IS(NOT_FOUND, sluss_store_get_payload(w->store, &one, 7, &blob));
	OK(sluss_store_get_payload(w->store, &two, 0, &blob));
	OK(sluss_store_begin(w->store));
	IS(INVALID, sluss_store_put_payload(w->store, &one, 0, (struct sluss_bytes){large, sizeof(large)}));
	sluss_store_rollback(w->store);
	// What is there is never changed.
	OK(sluss_store_begin(w->store));
	IS(CORRUPT, sluss_store_put_payload(w->store, &two, 0, text("other")));
	sluss_store_rollback(w->store);
	sluss_store_blob_free(&blob);
}

// ---- delivery queue

struct queue_seen {
	char line[512];
	size_t stop_after;
	size_t count;
};

static bool see_delivery(void *context, const struct sluss_store_delivery *delivery)
{
	struct queue_seen *seen = context;
	size_t len = strlen(seen->line);
	(void)snprintf(seen->line + len, sizeof(seen->line) - len, "%s/%llu/%02x%02x/%.*s ", delivery->agency,
	    (unsigned long long)delivery->sequence, delivery->message.b[15], delivery->case_id.b[0],
	    (int)delivery->state.len, (const char *)delivery->state.data);
	return ++seen->count != seen->stop_after;
}

static void put_delivery(struct sluss_store *store, const char *agency, uint64_t sequence, const char *what)
{
	struct sluss_store_delivery delivery = {.agency = agency,
	    .sequence = sequence,
	    .message = id_of((uint8_t)sequence),
	    .case_id = id_of(0xcc),
	    .state = text(what)};
	OK(sluss_store_put_delivery(store, &delivery));
}

static void expect_queue(
    struct sluss_store *store, const char *agency, uint64_t from, size_t stop_after, const char *expected)
{
	struct queue_seen seen = {.stop_after = stop_after};
	OK(sluss_store_each_delivery(store, agency, from, see_delivery, &seen));
	assert_string_equal(seen.line, expected);
}

static void deliveries(void **state)
{
	struct world *w = *state;
	OK(sluss_store_begin(w->store));
	put_delivery(w->store, "school", 3, "c");
	put_delivery(w->store, "police", 300, "d");
	put_delivery(w->store, "police", 1, "a");
	put_delivery(w->store, "police", 20, "b");
	put_delivery(w->store, "pol", 5, "p");
	put_delivery(w->store, "police", 20, "B");
	OK(sluss_store_commit(w->store));
	expect_queue(w->store, "police", 0, 0, "police/1/01cc/a police/20/14cc/B police/300/2ccc/d ");
	expect_queue(w->store, "police", 2, 0, "police/20/14cc/B police/300/2ccc/d ");
	expect_queue(w->store, "police", 20, 1, "police/20/14cc/B ");
	expect_queue(w->store, "police", 301, 0, "");
	expect_queue(w->store, "polic", 0, 0, "");
	expect_queue(
	    w->store, NULL, 0, 0, "pol/5/05cc/p police/1/01cc/a police/20/14cc/B police/300/2ccc/d school/3/03cc/c ");
	OK(sluss_store_begin(w->store));
	OK(sluss_store_delete_delivery(w->store, "police", 20));
	IS(NOT_FOUND, sluss_store_delete_delivery(w->store, "police", 20));
	IS(NOT_FOUND, sluss_store_delete_delivery(w->store, "school", 1));
	put_delivery(w->store, "police", 2, "");
	expect_queue(w->store, "police", 0, 0, "police/1/01cc/a police/2/02cc/ police/300/2ccc/d ");
	OK(sluss_store_commit(w->store));
	reopen(w);
	expect_queue(w->store, "police", 0, 0, "police/1/01cc/a police/2/02cc/ police/300/2ccc/d ");
}

static void deliveries_have_limits(void **state)
{
	struct world *w = *state;
	static uint8_t large[SLUSS_STORE_QUEUE_STATE_MAX + 1];
	struct sluss_store_delivery delivery = {.agency = "an-agency-name-of-31-characters"};
	assert_int_equal(strlen(delivery.agency), SLUSS_AGENCY_MAX);
	delivery.state = (struct sluss_bytes){large, SLUSS_STORE_QUEUE_STATE_MAX};
	OK(sluss_store_begin(w->store));
	OK(sluss_store_put_delivery(w->store, &delivery));
	OK(sluss_store_commit(w->store));
	static const char *const wrong[] = {"", "an-agency-name-of-32-characters-"};
	for (size_t i = 0; i < 2; i++) {
		delivery.agency = wrong[i];
		OK(sluss_store_begin(w->store));
		IS(INVALID, sluss_store_put_delivery(w->store, &delivery));
		sluss_store_rollback(w->store);
	}
	delivery.agency = "police";
	delivery.state.len++;
	OK(sluss_store_begin(w->store));
	IS(INVALID, sluss_store_put_delivery(w->store, &delivery));
	sluss_store_rollback(w->store);
}

// ---- side tables

static bool see_side(void *context, struct sluss_bytes key, struct sluss_bytes value)
{
	struct queue_seen *seen = context;
	size_t len = strlen(seen->line);
	(void)snprintf(seen->line + len, sizeof(seen->line) - len, "%.*s=%.*s ", (int)key.len, (const char *)key.data,
	    (int)value.len, (const char *)value.data);
	return ++seen->count != seen->stop_after;
}

static void expect_side(
    struct sluss_store *store, uint16_t kind, const char *from, size_t stop_after, const char *expected)
{
	struct queue_seen seen = {.stop_after = stop_after};
	OK(sluss_store_each_side(store, kind, text(from), see_side, &seen));
	assert_string_equal(seen.line, expected);
}

static void side_tables(void **state)
{
	struct world *w = *state;
	static uint8_t large[SLUSS_STORE_SIDE_VALUE_MAX + 1];
	struct sluss_store_blob blob = {0};
	OK(sluss_store_begin(w->store));
	OK(sluss_store_put_side(w->store, 1, text("b"), text("2")));
	OK(sluss_store_put_side(w->store, 1, text("a"), text("1")));
	OK(sluss_store_put_side(w->store, 1, text("ab"), text("3")));
	OK(sluss_store_put_side(w->store, 2, text("a"), text("other")));
	OK(sluss_store_put_side(w->store, 65535, text("a"), (struct sluss_bytes){NULL, 0}));
	OK(sluss_store_put_side(w->store, 257, text("z"), (struct sluss_bytes){large, SLUSS_STORE_SIDE_VALUE_MAX}));
	OK(sluss_store_put_side(w->store, 1, text("b"), text("longer than before")));
	OK(sluss_store_commit(w->store));
	expect_side(w->store, 1, "", 0, "a=1 ab=3 b=longer than before ");
	expect_side(w->store, 1, "aa", 0, "ab=3 b=longer than before ");
	expect_side(w->store, 1, "", 2, "a=1 ab=3 ");
	expect_side(w->store, 3, "", 0, "");
	expect_side(w->store, 65535, "", 0, "a= ");
	OK(sluss_store_get_side(w->store, 257, text("z"), &blob));
	assert_int_equal(blob.len, SLUSS_STORE_SIDE_VALUE_MAX);
	IS(NOT_FOUND, sluss_store_get_side(w->store, 1, text("c"), &blob));
	IS(NOT_FOUND, sluss_store_get_side(w->store, 0, text("a"), &blob));
	IS(NOT_FOUND, sluss_store_get_side(w->store, 1, text(""), &blob));
	OK(sluss_store_begin(w->store));
	OK(sluss_store_erase_side(w->store, 1, text("ab")));
	IS(NOT_FOUND, sluss_store_erase_side(w->store, 1, text("ab")));
	expect_side(w->store, 1, "", 0, "a=1 b=longer than before ");
	OK(sluss_store_commit(w->store));
	OK(sluss_store_scrub(w->store));
	expect_side(w->store, 1, "", 0, "a=1 b=longer than before ");
	expect_side(w->store, 2, "", 0, "a=other ");
	sluss_store_blob_free(&blob);
	OK(sluss_store_begin(w->store));
	IS(INVALID, sluss_store_put_side(w->store, 0, text("a"), text("b")));
	sluss_store_rollback(w->store);
	OK(sluss_store_begin(w->store));
	IS(INVALID,
	    sluss_store_put_side(w->store, 1, (struct sluss_bytes){large, SLUSS_STORE_SIDE_KEY_MAX + 1}, text("b")));
	sluss_store_rollback(w->store);
	OK(sluss_store_begin(w->store));
	IS(INVALID, sluss_store_put_side(w->store, 1, text("a"), (struct sluss_bytes){large, sizeof(large)}));
	sluss_store_rollback(w->store);
}

int suite_run(const struct suite_maker *with)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(records_append_and_read),
	    CASE(records_have_limits),
	    CASE(records_continue_the_log),
	    CASE(rules_of_use),
	    CASE(spoiled_transaction),
	    CASE(rollback_leaves_nothing),
	    CASE(closing_rolls_back),
	    CASE(readers_see_commits_only),
	    CASE(one_writer),
	    CASE(survives_reopening),
	    CASE(tiles_grow),
	    CASE(checkpoint_is_replaced),
	    CASE(payload_parts),
	    CASE(deliveries),
	    CASE(deliveries_have_limits),
	    CASE(side_tables),
	};
	maker = with;
	return cmocka_run_group_tests_name(with->name, tests, NULL, NULL);
}
