// SPDX-License-Identifier: EUPL-1.2
// The record codec: every type of record round, with random contents; one encoding each; what is wrong is refused. The
// random records are made by walking the codec's own tables, so that a field that is added is tested too.
#include "log_record.h"
#include "log_record_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sluss/v1/log.pb-c.h"

// ---- random records

struct maker {
	uint64_t dice;
	uint8_t memory[1 << 20];
	size_t used;
};

static uint32_t dice(struct maker *maker, uint32_t sides)
{
	maker->dice ^= maker->dice << 13;
	maker->dice ^= maker->dice >> 7;
	maker->dice ^= maker->dice << 17;
	return (uint32_t)(maker->dice >> 11) % sides;
}

static void *make_room(struct maker *maker, size_t len)
{
	maker->used = (maker->used + 15) & ~(size_t)15;
	assert_true(maker->used + len <= sizeof(maker->memory));
	void *room = maker->memory + maker->used;
	memset(room, 0, len);
	maker->used += len;
	return room;
}

static void make_octets(struct maker *maker, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)dice(maker, 256);
	out[0] |= 1;
}

static const char *make_string(struct maker *maker)
{
	static const char *const pieces[] = {"a", "-", "police", "\xc3\xa5", "0", "\xe2\x80\x94", "Z"};
	char *text = make_room(maker, 64);
	for (uint32_t i = dice(maker, 6); i > 0; i--) {
		const char *piece = pieces[dice(maker, 7)];
		memcpy(text + strlen(text), piece, strlen(piece) + 1);
	}
	return text;
}

static void make_fields(struct maker *maker, const struct record_map *map, uint8_t *c, bool full);

static void make_many(struct maker *maker, const struct record_field *field, uint8_t *c, bool full)
{
	size_t count = full ? 1 + dice(maker, 3) : 0;
	if (field->op == OP_IDS_SAME)
		memcpy(&count, c + field->c_count, sizeof(count));
	size_t each = field->op == OP_MESSAGES	? field->of->c_size
		      : field->op == OP_U32S	? sizeof(uint32_t)
		      : field->op == OP_STRINGS ? sizeof(char *)
						: sizeof(struct sluss_id);
	uint8_t *list = count == 0 ? NULL : make_room(maker, count * each);
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = list + i * each;
		if (field->op == OP_MESSAGES)
			make_fields(maker, field->of, at, full);
		else if (field->op == OP_STRINGS)
			((const char **)list)[i] = make_string(maker);
		else
			make_octets(maker, at, each);
	}
	memcpy(c + field->c, &list, sizeof(list));
	memcpy(c + field->c_count, &count, sizeof(count));
}

static void make_field(struct maker *maker, const struct record_field *field, uint8_t *c, bool full)
{
	uint8_t *at = c + field->c;
	const char *text;
	int32_t number;
	switch (field->op) {
	case OP_STRING:
		text = full ? make_string(maker) : NULL;
		memcpy(at, &text, sizeof(text));
		break;
	case OP_ID:
	case OP_HASH:
		if (full)
			make_octets(maker, at, field->op == OP_ID ? SLUSS_ID_BYTES : SLUSS_HASH_BYTES);
		break;
	case OP_BOOL:
		*at = full && dice(maker, 2) == 1;
		break;
	case OP_ENUM:
		number = full ? (int32_t)dice(maker, (uint32_t)field->max + 1) : 0;
		memcpy(at, &number, sizeof(number));
		break;
	case OP_U8:
	case OP_U32:
	case OP_I64:
		if (full)
			make_octets(maker, at, field->op == OP_U8 ? 1 : field->op == OP_U32 ? 4 : 8);
		break;
	case OP_STRINGS:
	case OP_IDS:
	case OP_IDS_SAME:
	case OP_U32S:
	case OP_MESSAGES:
		make_many(maker, field, c, full);
		break;
	case OP_NONE:
		fail();
	}
}

static void make_fields(struct maker *maker, const struct record_map *map, uint8_t *c, bool full)
{
	for (size_t i = 0; i < map->count; i++)
		make_field(maker, &map->fields[i], c, full);
}

// ---- comparing: the same contents, wherever they lie

static void same_fields(const struct record_map *map, const uint8_t *a, const uint8_t *b);

static const char *string_at(const uint8_t *at)
{
	const char *text;
	memcpy(&text, at, sizeof(text));
	return text == NULL ? "" : text;
}

static void same_many(const struct record_field *field, const uint8_t *a, const uint8_t *b)
{
	const uint8_t *lists[2];
	size_t counts[2];
	memcpy(&lists[0], a + field->c, sizeof(lists[0]));
	memcpy(&lists[1], b + field->c, sizeof(lists[1]));
	memcpy(&counts[0], a + field->c_count, sizeof(counts[0]));
	memcpy(&counts[1], b + field->c_count, sizeof(counts[1]));
	assert_int_equal(counts[0], counts[1]);
	for (size_t i = 0; i < counts[0]; i++) {
		if (field->op == OP_MESSAGES)
			same_fields(field->of, lists[0] + i * field->of->c_size, lists[1] + i * field->of->c_size);
		else if (field->op == OP_STRINGS)
			assert_string_equal(
			    string_at(lists[0] + i * sizeof(char *)), string_at(lists[1] + i * sizeof(char *)));
	}
	size_t each = field->op == OP_U32S ? sizeof(uint32_t) : sizeof(struct sluss_id);
	if (field->op != OP_MESSAGES && field->op != OP_STRINGS && counts[0] > 0)
		assert_memory_equal(lists[0], lists[1], counts[0] * each);
}

static void same_fields(const struct record_map *map, const uint8_t *a, const uint8_t *b)
{
	static const size_t sizes[] = {
	    [OP_ID] = 16, [OP_HASH] = 32, [OP_BOOL] = 1, [OP_ENUM] = 4, [OP_U8] = 1, [OP_U32] = 4, [OP_I64] = 8};
	for (size_t i = 0; i < map->count; i++) {
		const struct record_field *field = &map->fields[i];
		if (field->op == OP_STRING)
			assert_string_equal(string_at(a + field->c), string_at(b + field->c));
		else if (field->op >= OP_STRINGS)
			same_many(field, a, b);
		else
			assert_memory_equal(a + field->c, b + field->c, sizes[field->op]);
	}
}

// ---- tests

static const uint8_t nonce[SLUSS_ENTRY_NONCE_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void all_types_round(void **state)
{
	(void)state;
	static struct maker maker = {.dice = 88172645463325252ULL};
	struct sluss_codec *codec = sluss_codec_new();
	size_t types = 0;
	assert_non_null(codec);
	for (int type = 0; type < 256; type++) {
		const struct record_map *map = record_map_of((enum sluss_record_type)type);
		if (map == NULL)
			continue;
		types++;
		for (int round = 0; round < 50; round++) {
			struct sluss_record record = {
			    .type = (enum sluss_record_type)type, .at_ms = 1700000000000 + round};
			struct sluss_record back;
			struct sluss_bytes entry;
			struct sluss_bytes again;
			uint8_t nonce_back[SLUSS_ENTRY_NONCE_BYTES];
			maker.used = 0;
			make_fields(&maker, map, (uint8_t *)&record.u, round > 0);
			sluss_codec_reset(codec);
			assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_OK);
			assert_int_equal(sluss_record_decode(codec, entry, &back, nonce_back), SLUSS_CODEC_OK);
			assert_int_equal(back.type, record.type);
			assert_true(back.at_ms == record.at_ms);
			assert_memory_equal(nonce, nonce_back, sizeof(nonce));
			same_fields(map, (const uint8_t *)&record.u, (const uint8_t *)&back.u);
			assert_int_equal(sluss_record_encode(codec, &back, nonce, &again), SLUSS_CODEC_OK);
			assert_int_equal(entry.len, again.len);
			assert_memory_equal(entry.data, again.data, entry.len);
			for (size_t len = 0; len < entry.len; len++)
				assert_int_not_equal(
				    sluss_record_decode(codec, (struct sluss_bytes){entry.data, len}, &back, NULL),
				    SLUSS_CODEC_OK);
		}
	}
	assert_int_equal(types, (int)sluss__v1__log_record__descriptor.n_fields - 2); // all but time and nonce
	sluss_codec_free(&codec);
	sluss_codec_free(&codec);
}

// Every octet of the C struct belongs to a field of the table, or is padding (which is less than eight octets): a field
// that is added to record.h and forgotten in the table would be lost in the log.
static void check_cover(const struct record_map *map)
{
	static const size_t sizes[] = {[OP_STRING] = 8,
	    [OP_ID] = 16,
	    [OP_HASH] = 32,
	    [OP_BOOL] = 1,
	    [OP_ENUM] = 4,
	    [OP_U8] = 1,
	    [OP_U32] = 4,
	    [OP_I64] = 8,
	    [OP_STRINGS] = 8,
	    [OP_IDS] = 8,
	    [OP_IDS_SAME] = 8,
	    [OP_U32S] = 8,
	    [OP_MESSAGES] = 8};
	bool covered[1024] = {false};
	size_t gap = 0;
	assert_true(map->c_size <= sizeof(covered));
	for (size_t i = 0; i < map->count; i++) {
		const struct record_field *field = &map->fields[i];
		memset(covered + field->c, 1, sizes[field->op]);
		if (field->op >= OP_STRINGS)
			memset(covered + field->c_count, 1, sizeof(size_t));
	}
	for (size_t i = 0; i < map->c_size; i++) {
		gap = covered[i] ? 0 : gap + 1;
		assert_true(gap < 8);
	}
}

// The tables know every field of the contract: a field that is added to log.proto and forgotten here would be lost.
static void check_map(const struct record_map *map)
{
	assert_int_equal(map->count, map->descriptor->n_fields);
	check_cover(map);
	for (size_t i = 0; i < map->count; i++) {
		const struct record_field *field = &map->fields[i];
		assert_int_equal(field->p, map->descriptor->fields[i].offset);
		if (field->op >= OP_STRINGS)
			assert_int_equal(field->p_count, map->descriptor->fields[i].quantifier_offset);
		if (field->op == OP_MESSAGES) {
			assert_ptr_equal(field->of->descriptor, map->descriptor->fields[i].descriptor);
			check_map(field->of);
		}
	}
}

static void tables_are_complete(void **state)
{
	(void)state;
	const ProtobufCMessageDescriptor *record = &sluss__v1__log_record__descriptor;
	size_t events = 0;
	for (unsigned i = 0; i < record->n_fields; i++) {
		if (record->fields[i].id < RECORD_EVENT_BASE)
			continue;
		const struct record_map *map =
		    record_map_of((enum sluss_record_type)(record->fields[i].id - RECORD_EVENT_BASE));
		assert_non_null(map);
		assert_ptr_equal(map->descriptor, record->fields[i].descriptor);
		check_map(map);
		events++;
	}
	assert_int_equal(events, (int)sluss__v1__log_record__descriptor.n_fields - 2);
}

static enum sluss_codec_result decode(struct sluss_codec *codec, const uint8_t *octets, size_t len)
{
	struct sluss_record record;
	return sluss_record_decode(codec, (struct sluss_bytes){octets, len}, &record, NULL);
}

// Other encodings of the same contents, and contents that no record has.
static void one_encoding(void **state)
{
	(void)state;
	struct sluss_codec *codec = sluss_codec_new();
	struct sluss_record record = {.type = SLUSS_REC_POLICY_SET, .at_ms = 5};
	struct sluss_bytes entry;
	uint8_t octets[200];
	record.u.policy_set.name = "p";
	memset(record.u.policy_set.hash, 9, SLUSS_HASH_BYTES);
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_OK);
	// at_ms: 08 05; nonce: 12 10 ...; policy_set (104): c2 06 25 0a 20 ... 12 01 70
	assert_int_equal(entry.len, 2 + 18 + 3 + 37);
	assert_int_equal(decode(codec, entry.data, entry.len), SLUSS_CODEC_OK);
	memcpy(octets, entry.data, entry.len);
	octets[entry.len] = 0x08; // at_ms twice
	octets[entry.len + 1] = 0x05;
	assert_int_equal(decode(codec, octets, entry.len + 2), SLUSS_CODEC_MALFORMED);
	octets[entry.len] = 0x18; // a field 3 that we do not know
	assert_int_equal(decode(codec, octets, entry.len + 2), SLUSS_CODEC_UNKNOWN);
	// A varint longer than it need be.
	memcpy(octets + 1, entry.data, entry.len);
	octets[0] = 0x08;
	octets[1] = 0x85;
	octets[2] = 0x00;
	memcpy(octets + 3, entry.data + 2, entry.len - 2);
	assert_int_equal(decode(codec, octets, entry.len + 1), SLUSS_CODEC_MALFORMED);
	// Fields in another order.
	memcpy(octets, entry.data + 2, 18);
	memcpy(octets + 18, entry.data, 2);
	memcpy(octets + 20, entry.data + 20, entry.len - 20);
	assert_int_equal(decode(codec, octets, entry.len), SLUSS_CODEC_MALFORMED);
	// A default written out: at_ms 0.
	memcpy(octets, entry.data, entry.len);
	octets[1] = 0;
	assert_int_equal(decode(codec, octets, entry.len), SLUSS_CODEC_MALFORMED);
	// A hash that is all zero instead of absent; a control character in the name.
	memcpy(octets, entry.data, entry.len);
	memset(octets + 25, 0, SLUSS_HASH_BYTES);
	assert_int_equal(decode(codec, octets, entry.len), SLUSS_CODEC_MALFORMED);
	memcpy(octets, entry.data, entry.len);
	octets[entry.len - 1] = '\n';
	assert_int_equal(decode(codec, octets, entry.len), SLUSS_CODEC_MALFORMED);
	octets[entry.len - 1] = '\0'; // would be cut off
	assert_int_equal(decode(codec, octets, entry.len), SLUSS_CODEC_MALFORMED);
	octets[entry.len - 1] = 0xc3;
	assert_int_equal(decode(codec, octets, entry.len), SLUSS_CODEC_MALFORMED);
	// No event, no nonce, nothing.
	assert_int_equal(decode(codec, entry.data, 20), SLUSS_CODEC_MALFORMED);
	assert_int_equal(decode(codec, entry.data + 20, entry.len - 20), SLUSS_CODEC_MALFORMED);
	assert_int_equal(decode(codec, entry.data, 0), SLUSS_CODEC_MALFORMED);
	sluss_codec_free(&codec);
}

static void encode_refuses(void **state)
{
	(void)state;
	struct sluss_codec *codec = sluss_codec_new();
	struct sluss_record record = {.type = SLUSS_REC_NONE};
	struct sluss_bytes entry;
	char long_name[SLUSS_ENTRY_TEXT_MAX + 2];
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_MALFORMED);
	record = (struct sluss_record){.type = SLUSS_REC_POLICY_SET};
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	record.u.policy_set.name = long_name;
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_MALFORMED);
	record.u.policy_set.name = long_name + 1;
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_OK);
	record.u.policy_set.name = "a\tb";
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_MALFORMED);
	record = (struct sluss_record){.type = SLUSS_REC_AGENCY_ENROLLED};
	record.u.agency_enrolled.type = SLUSS_AGENCY_TYPES;
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_MALFORMED);
	// Too many pairs for an entry of 64 KiB.
	static struct sluss_pair pairs[3000];
	for (size_t i = 0; i < 3000; i++)
		pairs[i] = (struct sluss_pair){
		    .section = 1, .recipient = "an-agency-of-some-length", .reason = SLUSS_NO_GRANT};
	record = (struct sluss_record){.type = SLUSS_REC_MESSAGE_DENIED};
	record.u.message_denied.pairs = pairs;
	record.u.message_denied.pair_count = 3000;
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_TOO_LARGE);
	record.u.message_denied.pair_count = 1000;
	assert_int_equal(sluss_record_encode(codec, &record, nonce, &entry), SLUSS_CODEC_OK);
	sluss_codec_free(&codec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_types_round),
	    cmocka_unit_test(tables_are_complete),
	    cmocka_unit_test(one_encoding),
	    cmocka_unit_test(encode_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
