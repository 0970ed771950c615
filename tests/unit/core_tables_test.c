// SPDX-License-Identifier: EUPL-1.2
// What core keeps in memory, one by one: arena, map of ids, directory, table of messages, transfers under way.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arena.h"
#include "directory.h"
#include "dues.h"
#include "idmap.h"
#include "messages.h"
#include "sluss/key.h"
#include "transfers.h"

// ---- arena

static void an_arena_gives_zeroed_room_up_to_its_limit(void **state)
{
	(void)state;
	struct sluss_arena *arena = sluss_arena_new(100000);
	for (size_t len = 0; len < 2000; len += 37) {
		uint8_t *octets = sluss_arena_alloc(arena, len);
		assert_non_null(octets);
		assert_int_equal((uintptr_t)octets % 16, 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(octets[i], 0);
		if (len > 0)
			memset(octets, 0xaa, len);
	}
	assert_null(sluss_arena_alloc(arena, 100000));
	assert_null(sluss_arena_alloc(arena, SIZE_MAX));
	assert_null(sluss_arena_array(arena, SIZE_MAX / 2, 3));
	assert_string_equal(sluss_arena_text(arena, "text"), "text");
	sluss_arena_free(&arena);
	assert_null(arena);
	sluss_arena_free(&arena);
}

// ---- ids

static void a_map_finds_what_was_put_and_nothing_else(void **state)
{
	(void)state;
	enum { COUNT = 20000 };
	static const uint8_t key[16] = {1};
	static const struct sluss_id none;
	struct sluss_idmap map;
	struct sluss_id *ids = calloc(COUNT, sizeof(*ids));
	uint64_t value;
	sluss_idmap_init(&map, key);
	assert_false(sluss_idmap_get(&map, &none, &value));
	assert_false(sluss_idmap_put(&map, &none, 1));
	for (size_t i = 0; i < COUNT; i++) {
		sluss_id_random(&ids[i]);
		assert_false(sluss_idmap_get(&map, &ids[i], &value));
		assert_true(sluss_idmap_put(&map, &ids[i], i));
	}
	assert_true(sluss_idmap_put(&map, &ids[7], 70));
	assert_int_equal(map.count, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(sluss_idmap_get(&map, &ids[i], &value));
		assert_int_equal(value, i == 7 ? 70 : i);
	}
	sluss_idmap_free(&map);
	free(ids);
}

// ---- directory

static struct sluss_record enrolled(const char *agency, uint8_t sign, uint8_t certificate)
{
	struct sluss_record record = {.type = SLUSS_REC_AGENCY_ENROLLED,
	    .at_ms = 1000,
	    .u.agency_enrolled = {.agency = agency, .type = SLUSS_AGENCY_POLICE}};
	memset(record.u.agency_enrolled.sign_key, sign, 32);
	memset(record.u.agency_enrolled.seal_key, sign + 1, 32);
	memset(record.u.agency_enrolled.certificate, certificate, 32);
	return record;
}

static struct sluss_record rotated(const char *agency, uint8_t sign, uint8_t certificate, int64_t old_until_ms)
{
	struct sluss_record record = {.type = SLUSS_REC_KEYS_ROTATED,
	    .at_ms = 2000,
	    .u.keys_rotated = {.agency = agency, .old_until_ms = old_until_ms}};
	memset(record.u.keys_rotated.sign_key, sign, 32);
	memset(record.u.keys_rotated.seal_key, sign + 1, 32);
	memset(record.u.keys_rotated.certificate, certificate, 32);
	return record;
}

static const char *key_id(uint8_t sign, char id_out[SLUSS_KEY_ID_TEXT])
{
	uint8_t key[32];
	memset(key, sign, sizeof(key));
	return sluss_key_id(SLUSS_KEY_USE_SIGN, key, id_out);
}

static bool certificate_was(const struct sluss_directory *d, uint8_t certificate, const char *agency, int64_t now_ms)
{
	uint8_t fingerprint[32];
	char found[SLUSS_AGENCY_MAX + 1];
	enum sluss_agency_type type;
	memset(fingerprint, certificate, sizeof(fingerprint));
	return sluss_directory_certificate(d, fingerprint, now_ms, found, &type) && strcmp(found, agency) == 0 &&
	       type == SLUSS_AGENCY_POLICE;
}

static bool certificate_is(const struct sluss_directory *d, uint8_t certificate, const char *agency)
{
	return certificate_was(d, certificate, agency, 3000);
}

static void count_revoked(void *context, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	(void)fingerprint;
	++*(size_t *)context;
}

static void keys_and_certificates_belong_to_one_agency_for_ever(void **state)
{
	(void)state;
	struct sluss_directory *d = sluss_directory_new();
	struct sluss_signer signer;
	char id[SLUSS_KEY_ID_TEXT];
	struct sluss_record record = enrolled("pol-1", 10, 20);
	assert_true(sluss_directory_apply(d, &record, 1));
	assert_false(sluss_directory_apply(d, &record, 2)); // twice
	record = enrolled("pol-2", 10, 21);
	assert_false(sluss_directory_accepts(d, &record)); // another's key
	record = enrolled("pol-2", 12, 20);
	assert_false(sluss_directory_accepts(d, &record)); // another's certificate
	record = enrolled("pol-2", 12, 22);
	assert_true(sluss_directory_apply(d, &record, 3));

	record = rotated("pol-1", 12, 23, 5000);
	assert_false(sluss_directory_accepts(d, &record));
	record = rotated("pol-1", 30, 31, 5000);
	assert_true(sluss_directory_apply(d, &record, 4));
	assert_true(sluss_directory_signer(d, key_id(10, id), &signer));
	assert_int_equal(signer.until_ms, 5000);
	assert_true(sluss_directory_signer(d, key_id(30, id), &signer));
	assert_int_equal(signer.from_ms, 2000);
	assert_int_equal(signer.until_ms, INT64_MAX);
	assert_true(certificate_is(d, 20, "pol-1") && certificate_is(d, 31, "pol-1"));
	// The old certificate counts through the overlap, the new one on.
	assert_true(certificate_was(d, 20, "pol-1", 4999) && !certificate_was(d, 20, "pol-1", 5000));
	assert_true(certificate_was(d, 20, "pol-1", INT64_MIN) && certificate_was(d, 31, "pol-1", INT64_MAX - 1));

	record = (struct sluss_record){
	    .type = SLUSS_REC_KEY_REVOKED, .u.key_revoked = {.agency = "pol-1", .key_id = key_id(30, id)}};
	assert_true(sluss_directory_apply(d, &record, 5));
	assert_true(sluss_directory_signer(d, id, &signer) && signer.revoked);
	record = rotated("pol-1", 30, 31, 6000);
	assert_false(sluss_directory_accepts(d, &record)); // what was revoked does not come back
	record =
	    (struct sluss_record){.type = SLUSS_REC_KEY_REVOKED, .u.key_revoked = {.agency = "pol-1", .key_id = ""}};
	memset(record.u.key_revoked.certificate, 20, 32);
	assert_true(sluss_directory_apply(d, &record, 6));
	assert_false(certificate_is(d, 20, "pol-1"));
	assert_true(certificate_is(d, 31, "pol-1"));

	record = (struct sluss_record){.type = SLUSS_REC_AGENCY_LEFT, .u.agency_left = {.agency = "pol-2"}};
	assert_true(sluss_directory_apply(d, &record, 7));
	assert_false(certificate_is(d, 22, "pol-2"));
	assert_true(sluss_directory_signer(d, key_id(12, id), &signer) &&
		    signer.revoked); // still known: old messages stay verifiable
	size_t revoked = 0;
	sluss_directory_each_revoked(d, count_revoked, &revoked);
	assert_int_equal(revoked, 2);

	struct sluss_directory *fresh = sluss_directory_new();
	sluss_directory_replace(d, fresh);
	assert_false(sluss_directory_signer(d, key_id(10, id), &signer));
	sluss_directory_free(&fresh);
	sluss_directory_free(&d);
}

// ---- messages

static const struct sluss_recipient both[] = {{"soc-1", ""}, {"pol-1", ""}};

static struct sluss_record message(
    uint8_t number, const struct sluss_section_label *labels, const struct sluss_pair *pairs, size_t pair_count)
{
	struct sluss_record record = {.type = SLUSS_REC_MESSAGE_ACCEPTED};
	record.u.message_accepted = (struct sluss_rec_message){.message = {{number}},
	    .case_id = {{99}},
	    .sender = "sch-1",
	    .officer = "t1",
	    .recipients = both,
	    .recipient_count = 2,
	    .sections = labels,
	    .section_count = 2,
	    .pairs = pairs,
	    .pair_count = pair_count};
	return record;
}

static enum sluss_delivery_state state_in(
    struct sluss_messages *m, uint8_t number, const char *agency, uint64_t *live_out)
{
	struct sluss_id id = {{number}};
	uint32_t delivery = sluss_messages_delivery_to(m, sluss_messages_find(m, &id), agency);
	assert_int_not_equal(delivery, SLUSS_NOWHERE);
	*live_out = sluss_messages_delivery(m, delivery)->live;
	return (enum sluss_delivery_state)sluss_messages_delivery(m, delivery)->state;
}

static void a_section_that_was_denied_never_comes_back(void **state)
{
	(void)state;
	static const uint8_t key[16];
	static const struct sluss_section_label labels[2] = {{.category = "a"}, {.category = "b"}};
	const struct sluss_pair pairs[] = {{.section = 0, .recipient = "soc-1", .reason = SLUSS_OK_CONSENT},
	    {.section = 0, .recipient = "pol-1", .reason = SLUSS_NO_GRANT},
	    {.section = 1, .recipient = "soc-1", .reason = SLUSS_OK_STATUTE},
	    {.section = 1, .recipient = "pol-1", .reason = SLUSS_WITHDRAWN}};
	struct sluss_messages *m = sluss_messages_new(key);
	struct sluss_record record = message(1, labels, pairs, 4);
	uint64_t live;
	assert_true(sluss_messages_apply(m, &record, 5));
	assert_false(sluss_messages_accepts(m, &record)); // the id is taken
	assert_int_equal(state_in(m, 1, "soc-1", &live), SLUSS_DELIVERY_WAITING);
	assert_int_equal(live, 3);
	assert_int_equal(state_in(m, 1, "pol-1", &live), SLUSS_DELIVERY_DENIED);
	assert_int_equal(sluss_messages_waiting(m), 1);

	const struct sluss_pair withheld = {.section = 0, .recipient = "soc-1", .reason = SLUSS_EXPIRED};
	record = (struct sluss_record){.type = SLUSS_REC_WITHHELD,
	    .u.withheld = {.message = {{1}}, .recipient = "soc-1", .pairs = &withheld, .pair_count = 1}};
	assert_true(sluss_messages_apply(m, &record, 6));
	assert_int_equal(state_in(m, 1, "soc-1", &live), SLUSS_DELIVERY_WAITING);
	assert_int_equal(live, 2);
	const struct sluss_pair released = {.section = 1, .recipient = "soc-1", .reason = SLUSS_OK_STATUTE};
	record = (struct sluss_record){.type = SLUSS_REC_RELEASED,
	    .u.released = {.message = {{1}}, .recipient = "soc-1", .pairs = &released, .pair_count = 1}};
	assert_true(sluss_messages_apply(m, &record, 7));
	assert_int_equal(state_in(m, 1, "soc-1", &live), SLUSS_DELIVERY_RELEASED);
	assert_int_equal(live, 2);
	record = (struct sluss_record){
	    .type = SLUSS_REC_ACKNOWLEDGED, .u.acknowledged = {.message = {{1}}, .agency = "soc-1", .officer = "s1"}};
	assert_true(sluss_messages_apply(m, &record, 8));
	assert_int_equal(state_in(m, 1, "soc-1", &live), SLUSS_DELIVERY_ACKNOWLEDGED);
	assert_int_equal(live, 0);
	assert_int_equal(sluss_messages_waiting(m), 0);
	record.u.acknowledged.agency = "sch-1"; // not a recipient
	assert_false(sluss_messages_accepts(m, &record));
	sluss_messages_free(&m);
}

static void what_is_due_comes_first_by_time(void **state)
{
	(void)state;
	struct sluss_dues dues = {0};
	uint32_t seed = 1;
	for (uint32_t i = 0; i < 1000; i++) {
		seed = seed * 1664525 + 1013904223;
		assert_true(sluss_dues_add(&dues, seed >> 20, i));
	}
	int64_t last = INT64_MIN;
	for (; dues.count > 0; sluss_dues_drop(&dues)) {
		assert_true(dues.heap[0].at_ms >= last);
		last = dues.heap[0].at_ms;
	}
	sluss_dues_free(&dues);
}

static void a_message_expires_for_those_who_did_not_answer(void **state)
{
	(void)state;
	static const uint8_t key[16];
	static const struct sluss_section_label labels[2] = {{.category = "a"}, {.category = "b"}};
	const struct sluss_pair pairs[] = {{.section = 0, .recipient = "soc-1", .reason = SLUSS_OK_CONSENT},
	    {.section = 0, .recipient = "pol-1", .reason = SLUSS_OK_CONSENT}};
	struct sluss_messages *m = sluss_messages_new(key);
	const int64_t times[] = {0, 300, 100, 200};
	for (uint8_t i = 0; i < 4; i++) {
		struct sluss_record record = message((uint8_t)(i + 1), labels, pairs, 2);
		record.u.message_accepted.expires_ms = times[i];
		record.u.message_accepted.blocks = 10;
		assert_true(sluss_messages_apply(m, &record, i));
	}
	uint32_t box = sluss_mailbox_find(m, "soc-1");
	assert_int_equal(sluss_mailbox_blocks(m, box), 40);
	assert_int_equal(sluss_messages_next_due_ms(m), 100);
	assert_int_equal(sluss_messages_due(m, 99), SLUSS_NOWHERE);
	assert_int_equal(sluss_messages_due(m, 100), 2);
	struct sluss_record record = {.type = SLUSS_REC_ACKNOWLEDGED,
	    .u.acknowledged = {
		.message = {{3}}, .agency = "soc-1", .officer = "s1", .outcome = SLUSS_OUTCOME_REJECTED}};
	assert_true(sluss_messages_apply(m, &record, 5));
	uint64_t live;
	assert_int_equal(state_in(m, 3, "soc-1", &live), SLUSS_DELIVERY_REJECTED);
	assert_int_equal(sluss_messages_due(m, 100), 2); // the police have not answered
	record =
	    (struct sluss_record){.type = SLUSS_REC_EXPIRED, .u.expired = {.message = {{3}}, .recipient = "pol-1"}};
	assert_true(sluss_messages_apply(m, &record, 6));
	assert_int_equal(state_in(m, 3, "pol-1", &live), SLUSS_DELIVERY_EXPIRED);
	assert_int_equal(live, 0);
	assert_int_equal(sluss_messages_due(m, 1000), 3);
	assert_int_equal(sluss_mailbox_blocks(m, box), 30);
	record.u.expired.recipient = "sch-1";
	assert_false(sluss_messages_accepts(m, &record));
	sluss_messages_free(&m);
}

static void a_mailbox_keeps_its_order(void **state)
{
	(void)state;
	static const uint8_t key[16];
	static const struct sluss_section_label labels[2] = {{.category = "a"}, {.category = "b"}};
	const struct sluss_pair pairs[] = {{.section = 0, .recipient = "soc-1", .reason = SLUSS_OK_CONSENT}};
	struct sluss_messages *m = sluss_messages_new(key);
	for (uint8_t i = 1; i <= 5; i++) {
		struct sluss_record record = message(i, labels, pairs, 1);
		assert_true(sluss_messages_apply(m, &record, i));
	}
	const uint8_t gone[] = {3, 1, 5};
	for (size_t i = 0; i < 3; i++) {
		struct sluss_record record = {.type = SLUSS_REC_ACKNOWLEDGED,
		    .u.acknowledged = {.message = {{gone[i]}}, .agency = "soc-1", .officer = "s1"}};
		assert_true(sluss_messages_apply(m, &record, 10 + i));
	}
	uint32_t box = sluss_mailbox_find(m, "soc-1");
	uint32_t first = sluss_mailbox_first(m, box);
	assert_int_equal(sluss_mailbox_waiting(m, box), 2);
	assert_int_equal(sluss_messages_at(m, sluss_messages_delivery(m, first)->message)->id.b[0], 2);
	uint32_t second = sluss_messages_delivery(m, first)->next;
	assert_int_equal(sluss_messages_at(m, sluss_messages_delivery(m, second)->message)->id.b[0], 4);
	assert_int_equal(sluss_messages_delivery(m, second)->next, SLUSS_NOWHERE);
	sluss_messages_clear_news(m);
	sluss_messages_delivery(m, first)->lease_connection = 7;
	sluss_messages_end_leases(m, 8);
	assert_false(sluss_mailbox_news(m, box));
	sluss_messages_end_leases(m, 7);
	assert_true(sluss_mailbox_news(m, box));
	sluss_messages_free(&m);
}

// ---- transfers

static struct sluss_request *new_request(void)
{
	struct sluss_arena *arena = sluss_arena_new(1 << 16);
	Sluss__V1__CoreRequest *asked = sluss_arena_alloc(arena, sizeof(*asked));
	sluss__v1__core_request__init(asked);
	return sluss_request_new(arena, asked);
}

static enum sluss_item_kind next_item(struct sluss_queue *queue, uint64_t *number_out)
{
	struct sluss_item *item = sluss_queue_take(queue, 1, 0);
	if (item == NULL)
		return SLUSS_ITEM_NONE;
	enum sluss_item_kind kind = item->kind;
	if (kind == SLUSS_ITEM_REQUEST) {
		struct sluss_request *request = sluss_request_of_item(item);
		sluss_request_free(&request);
	} else {
		*number_out = ((struct sluss_word *)(void *)item)->number;
		free(item);
	}
	return kind;
}

static void a_barrier_waits_for_the_case_and_nothing_else(void **state)
{
	(void)state;
	static const struct sluss_id mine = {{1}}, other = {{2}}, every;
	struct sluss_queue queue;
	uint64_t drop = 0;
	assert_true(sluss_queue_init(&queue, -1));
	struct sluss_transfers *t = sluss_transfers_new(&queue, 100);
	assert_true(sluss_transfers_released(t, 5, &other));
	sluss_transfers_wait(t, new_request(), &mine, 0);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_REQUEST); // nothing of this case is under way
	sluss_transfers_wait(t, new_request(), &every, 0);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_DROP_WEB);
	sluss_transfers_edge_dropped(t, drop); // edge's word before web's counts for nothing
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_NONE);
	sluss_transfers_web_dropped(t, drop, 10);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_DROP_EDGE);
	assert_true(sluss_transfers_released(t, 5, &other)); // a release after the withdrawal, on another ground
	sluss_transfers_edge_dropped(t, drop + 1);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_NONE);
	sluss_transfers_edge_dropped(t, drop);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_REQUEST);
	sluss_transfers_wait(t, new_request(), &other, 20); // stays listed: it came after the barrier began
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_DROP_WEB);
	assert_int_equal(sluss_transfers_tick(t, 119), 120);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_NONE);
	assert_int_equal(sluss_transfers_tick(t, 120), INT64_MAX);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_RESTART_FRONT);
	sluss_transfers_web_dropped(t, drop, 121); // too late to be believed
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_NONE);
	sluss_transfers_front_dead(t);
	assert_int_equal(next_item(&queue, &drop), SLUSS_ITEM_REQUEST);
	assert_false(sluss_transfers_closed(t, 5));
	sluss_transfers_free(&t);
	sluss_queue_destroy(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_arena_gives_zeroed_room_up_to_its_limit),
	    cmocka_unit_test(a_map_finds_what_was_put_and_nothing_else),
	    cmocka_unit_test(keys_and_certificates_belong_to_one_agency_for_ever),
	    cmocka_unit_test(a_section_that_was_denied_never_comes_back),
	    cmocka_unit_test(what_is_due_comes_first_by_time),
	    cmocka_unit_test(a_message_expires_for_those_who_did_not_answer),
	    cmocka_unit_test(a_mailbox_keeps_its_order),
	    cmocka_unit_test(a_barrier_waits_for_the_case_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
