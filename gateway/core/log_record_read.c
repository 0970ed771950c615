// SPDX-License-Identifier: EUPL-1.2
#include "log_record_read.h"

#include <stdlib.h>

#include "log_record_map.h"
#include "log_text.h"

enum {
	FIELDS_MAX = 32,
	PLANS_MAX = 128,
	TYPES = 128,
	WIRE_VARINT = 0,
	WIRE_OCTETS = 2,
};

// A field as it stands on the wire, with what reading it needs in one place.
struct plan_field {
	uint32_t tag; // number << 3 | wire type
	enum record_op op;
	uint32_t max, c, c_count; // as in struct record_field
	uint32_t size;		  // of one value of a list
	const struct plan *of;
};

struct plan {
	const struct record_map *map;
	size_t count;
	struct plan_field fields[FIELDS_MAX]; // by number
};

struct record_plans {
	size_t count;
	const struct plan *of_type[TYPES];
	struct plan list[PLANS_MAX];
};

// ---- plans

static uint32_t wire_of(enum record_op op)
{
	switch (op) {
	case OP_BOOL:
	case OP_ENUM:
	case OP_U8:
	case OP_U32:
	case OP_I64:
		return WIRE_VARINT;
	case OP_NONE:
	case OP_STRING:
	case OP_ID:
	case OP_HASH:
	case OP_STRINGS:
	case OP_IDS:
	case OP_IDS_SAME:
	case OP_U32S:
	case OP_MESSAGES:
		break;
	}
	return WIRE_OCTETS;
}

static size_t size_of(const struct record_field *field)
{
	if (field->op == OP_STRINGS)
		return sizeof(const char *);
	return field->op == OP_MESSAGES ? field->of->c_size : sizeof(struct sluss_id);
}

static const struct record_field *field_at(const struct record_map *map, unsigned offset)
{
	for (size_t i = 0; i < map->count; i++) {
		if (map->fields[i].p == offset)
			return &map->fields[i];
	}
	return NULL;
}

// The plan of a map, made when it is not there yet. NULL: there are more than we have room for.
static const struct plan *plan_of(struct record_plans *plans, const struct record_map *map)
{
	for (size_t i = 0; i < plans->count; i++) {
		if (plans->list[i].map == map)
			return &plans->list[i];
	}
	if (plans->count == PLANS_MAX || map->count > FIELDS_MAX)
		return NULL;
	struct plan *plan = &plans->list[plans->count++];
	plan->map = map;
	for (unsigned i = 0; i < map->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *on_wire = &map->descriptor->fields[i]; // sorted by number
		const struct record_field *field = field_at(map, on_wire->offset);
		if (field == NULL || plan->count == FIELDS_MAX)
			return NULL; // the map forgot one
		struct plan_field *made = &plan->fields[plan->count++];
		*made = (struct plan_field){.tag = on_wire->id << 3 | wire_of(field->op),
		    .op = field->op,
		    .max = (uint32_t)field->max,
		    .c = (uint32_t)field->c,
		    .c_count = (uint32_t)field->c_count,
		    .size = (uint32_t)size_of(field)};
		if (field->op == OP_MESSAGES && (made->of = plan_of(plans, field->of)) == NULL)
			return NULL;
	}
	return plan;
}

struct record_plans *record_plans_new(void)
{
	struct record_plans *plans = calloc(1, sizeof(*plans));
	for (int type = 0; plans != NULL && type < TYPES; type++) {
		const struct record_map *map = record_map_of((enum sluss_record_type)type);
		if (map != NULL && (plans->of_type[type] = plan_of(plans, map)) == NULL) {
			free(plans);
			return NULL;
		}
	}
	return plans;
}

// ---- reading
//
// A function that takes something gives back where it ends, or NULL when it may not stand there. What is called for
// every field is inlined, so that the place stays in a register.

struct reading {
	struct log_pool *pool;
	const uint8_t *end; // of the entry
	char *text; // room for every string of the entry: each gives up at least the octets of its tag and length
	enum sluss_codec_result result; // why, when it is not that the entry is malformed
};

enum { WORD = sizeof(uint64_t) };

static uint64_t load_word(const void *from)
{
	uint64_t word;
	memcpy(&word, from, sizeof(word));
	return word;
}

// The shortest form only.
static const uint8_t *take_long_varint(const uint8_t *at, const uint8_t *end, uint64_t *value_out)
{
	uint64_t value = 0;
	for (unsigned shift = 0; at < end && shift < 70; shift += 7) {
		uint8_t octet = *at++;
		value |= (uint64_t)(octet & 0x7f) << shift;
		if (octet >= 0x80)
			continue;
		if ((octet == 0 && shift > 0) || (shift == 63 && octet > 1))
			return NULL;
		*value_out = value;
		return at;
	}
	return NULL;
}

static inline const uint8_t *take_varint(const uint8_t *at, const uint8_t *end, uint64_t *value_out)
{
	if (at >= end || *at >= 0x80)
		return take_long_varint(at, end, value_out);
	*value_out = *at; // most are of one octet
	return at + 1;
}

// Where the octets begin; the length is looked at.
static inline const uint8_t *take_length(const uint8_t *at, const uint8_t *end, size_t *len_out)
{
	uint64_t len = 0;
	at = take_varint(at, end, &len);
	if (at == NULL || len > (uint64_t)(end - at))
		return NULL;
	*len_out = (size_t)len;
	return at;
}

// Has the top bit of an octet set when some octet of the word is no printable ASCII character.
static inline uint64_t odd_octets(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	return (word | (word - 0x20 * ones) | (word + ones)) & (0x80 * ones);
}

// Copies a word at a time, up to seven octets too many. True: all are printable ASCII.
static inline bool copy_plain(char *to, const uint8_t *from, size_t len)
{
	static const uint8_t masks[2 * WORD] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint64_t blanks = UINT64_C(0x2020202020202020);
	uint64_t odd = 0;
	for (; len >= WORD; len -= WORD, from += WORD, to += WORD) {
		uint64_t word = load_word(from);
		memcpy(to, &word, WORD);
		odd |= odd_octets(word);
	}
	if (len > 0) {
		uint64_t word = load_word(from), mask = load_word(masks + WORD - len);
		memcpy(to, &word, WORD);
		odd |= odd_octets((word & mask) | (blanks & ~mask));
	}
	return odd == 0;
}

static bool copy_text(char *to, const uint8_t *from, size_t len)
{
	bool plain = true;
	for (size_t i = 0; i < len; i++) {
		to[i] = (char)from[i];
		plain = plain && from[i] >= 0x20 && from[i] < 0x7f;
	}
	return plain || sluss_text_is_clean((struct sluss_bytes){from, len}, false);
}

static inline const uint8_t *take_text(
    struct reading *reading, const uint8_t *at, const uint8_t *end, const char **text_out)
{
	size_t len = 0;
	at = take_length(at, end, &len);
	if (at == NULL || len > SLUSS_ENTRY_TEXT_MAX)
		return NULL;
	bool plain = (size_t)(reading->end - at) >= len + WORD && copy_plain(reading->text, at, len);
	if (!plain && !copy_text(reading->text, at, len))
		return NULL;
	reading->text[len] = '\0';
	*text_out = reading->text;
	reading->text += len + 1;
	return at + len;
}

// `len`: a multiple of a word.
static inline const uint8_t *take_fixed(const uint8_t *at, const uint8_t *end, uint8_t *out, size_t len)
{
	size_t found = 0;
	uint64_t any = 0;
	at = take_length(at, end, &found);
	if (at == NULL || found != len)
		return NULL;
	for (size_t i = 0; i < len; i += WORD) {
		uint64_t word = load_word(at + i);
		memcpy(out + i, &word, WORD);
		any |= word;
	}
	return any == 0 ? NULL : at + len;
}

// A number up to `max` that is not its default, for which nothing is written.
static inline const uint8_t *take_number(const uint8_t *at, const uint8_t *end, uint64_t max, uint64_t *value_out)
{
	*value_out = 0;
	at = take_varint(at, end, value_out);
	return *value_out == 0 || *value_out > max ? NULL : at;
}

static const uint8_t *read_fields(
    struct reading *reading, const struct plan *plan, const uint8_t *at, const uint8_t *end, uint8_t *c);

// How many values stand one behind the other under the tag; the first tag is read.
static size_t count_values(const uint8_t *at, const uint8_t *end, uint32_t tag)
{
	uint64_t next = tag;
	size_t count = 0, len = 0;
	while (next == tag && (at = take_length(at, end, &len)) != NULL) {
		count++;
		if ((at = take_varint(at + len, end, &next)) == NULL)
			break;
	}
	return count;
}

static const uint8_t *take_one(
    struct reading *reading, const struct plan_field *field, const uint8_t *at, const uint8_t *end, uint8_t *place)
{
	const char *text = NULL;
	size_t len = 0;
	if (field->op == OP_MESSAGES) {
		at = take_length(at, end, &len);
		return at == NULL ? NULL : read_fields(reading, field->of, at, at + len, place);
	}
	if (field->op != OP_STRINGS)
		return take_fixed(at, end, place, SLUSS_ID_BYTES);
	at = take_text(reading, at, end, &text);
	memcpy(place, &text, sizeof(text));
	return at;
}

static const uint8_t *failed(struct reading *reading, enum sluss_codec_result result)
{
	reading->result = result;
	return NULL;
}

static bool set_list(const struct plan_field *field, uint8_t *c, const void *list, size_t count)
{
	size_t before = 0;
	memcpy(&before, c + field->c_count, sizeof(before));
	memcpy(c + field->c, &list, sizeof(list));
	if (field->op == OP_IDS_SAME)
		return before == count;
	memcpy(c + field->c_count, &count, sizeof(count));
	return true;
}

static const uint8_t *take_many(
    struct reading *reading, const struct plan_field *field, const uint8_t *at, const uint8_t *end, uint8_t *c)
{
	size_t count = count_values(at, end, field->tag);
	if (count == 0)
		return NULL; // cut off
	uint8_t *list = log_pool_array(reading->pool, count, field->size);
	if (list == NULL)
		return failed(reading, SLUSS_CODEC_MEMORY);
	for (size_t i = 0; at != NULL && i < count; i++) {
		uint64_t tag = field->tag;
		if (i > 0 && ((at = take_varint(at, end, &tag)) == NULL || tag != field->tag))
			return NULL;
		at = take_one(reading, field, at, end, list + i * field->size);
	}
	return set_list(field, c, list, count) ? at : NULL;
}

// Packed: all numbers under one tag. At least one: an empty list is not written.
static const uint8_t *take_packed(
    struct reading *reading, const struct plan_field *field, const uint8_t *at, const uint8_t *end, uint8_t *c)
{
	size_t count = 0, len = 0;
	at = take_length(at, end, &len);
	if (at == NULL || len == 0)
		return NULL;
	uint32_t *list = log_pool_array(reading->pool, len, sizeof(*list));
	if (list == NULL)
		return failed(reading, SLUSS_CODEC_MEMORY);
	for (end = at + len; at != end;) {
		uint64_t value = 0;
		if ((at = take_varint(at, end, &value)) == NULL || value > UINT32_MAX)
			return NULL;
		list[count++] = (uint32_t)value;
	}
	return set_list(field, c, list, count) ? at : NULL;
}

static inline const uint8_t *take_field(
    struct reading *reading, const struct plan_field *field, const uint8_t *at, const uint8_t *end, uint8_t *c)
{
	uint8_t *place = c + field->c;
	uint64_t value = 0;
	uint32_t number;
	const char *text = "";
	switch (field->op) {
	case OP_STRING:
		at = take_text(reading, at, end, &text);
		memcpy(place, &text, sizeof(text));
		return text[0] == '\0' ? NULL : at;
	case OP_ID:
		return take_fixed(at, end, place, SLUSS_ID_BYTES);
	case OP_HASH:
		return take_fixed(at, end, place, SLUSS_HASH_BYTES);
	case OP_BOOL:
		at = take_number(at, end, 1, &value);
		*place = (uint8_t)value;
		return at;
	case OP_U8:
		at = take_number(at, end, UINT8_MAX, &value);
		*place = (uint8_t)value;
		return at;
	case OP_ENUM:
	case OP_U32:
		at = take_number(at, end, field->op == OP_ENUM ? field->max : UINT32_MAX, &value);
		number = (uint32_t)value;
		memcpy(place, &number, sizeof(number));
		return at;
	case OP_I64:
		at = take_number(at, end, UINT64_MAX, &value);
		memcpy(place, &value, sizeof(value));
		return at;
	case OP_U32S:
		return take_packed(reading, field, at, end, c);
	case OP_STRINGS:
	case OP_IDS:
	case OP_IDS_SAME:
	case OP_MESSAGES:
		return take_many(reading, field, at, end, c);
	case OP_NONE:
		break;
	}
	return NULL;
}

// A field that is not there: zeroes, and strings that are never NULL.
static inline void leave_out(const struct plan_field *field, uint8_t *c)
{
	static const char *const nothing = "";
	if (field->op == OP_STRING)
		memcpy(c + field->c, &nothing, sizeof(nothing));
}

// Why the next tag is not the one of a field that may stand here.
static enum sluss_codec_result why_not(const struct plan *plan, uint64_t tag)
{
	unsigned wire = (unsigned)(tag & 7);
	uint64_t number = tag >> 3;
	if (number == 0 || number > 0x1fffffff || (wire != 0 && wire != 1 && wire != 2 && wire != 5))
		return SLUSS_CODEC_MALFORMED;
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->fields[i].tag >> 3 == number)
			return SLUSS_CODEC_MALFORMED; // twice, out of order, or of another type
	}
	return SLUSS_CODEC_UNKNOWN;
}

static const uint8_t *read_fields(
    struct reading *reading, const struct plan *plan, const uint8_t *at, const uint8_t *end, uint8_t *c)
{
	const struct plan_field *field = plan->fields, *last = plan->fields + plan->count;
	while (at != end) {
		uint64_t tag = 0;
		at = take_varint(at, end, &tag);
		if (at == NULL)
			return NULL;
		for (; field != last && field->tag < tag; field++)
			leave_out(field, c);
		if (field == last || field->tag != tag)
			return failed(reading, why_not(plan, tag));
		at = take_field(reading, field, at, end, c);
		if (at == NULL)
			return NULL;
		field++;
	}
	for (; field != last; field++)
		leave_out(field, c);
	return at;
}

// One event, and nothing behind it: another one, or a field out of order, or one that a later version may have.
static enum sluss_codec_result behind_event(const struct record_plans *plans, const uint8_t *at, const uint8_t *end)
{
	uint64_t tag = 0;
	if (take_varint(at, end, &tag) == NULL)
		return SLUSS_CODEC_MALFORMED;
	uint64_t number = tag >> 3, type = number - RECORD_EVENT_BASE;
	bool known = number <= 2 || (number >= RECORD_EVENT_BASE && type < TYPES && plans->of_type[type] != NULL);
	return known ? SLUSS_CODEC_MALFORMED : SLUSS_CODEC_UNKNOWN;
}

enum sluss_codec_result record_read(const struct record_plans *plans, struct log_pool *pool, struct sluss_bytes entry,
    struct sluss_record *record_out, uint8_t *nonce_out)
{
	enum { AT_TAG = 1 << 3 | WIRE_VARINT, NONCE_TAG = 2 << 3 | WIRE_OCTETS };
	const uint8_t *at = entry.data, *end = entry.data + entry.len;
	struct reading reading = {.pool = pool,
	    .end = end,
	    .text = log_pool_take(pool, entry.len + 1 + WORD),
	    .result = SLUSS_CODEC_MALFORMED};
	uint64_t tag = 0, value = 0;
	size_t len = 0;
	if (reading.text == NULL)
		return SLUSS_CODEC_MEMORY;
	if ((at = take_varint(at, end, &tag)) == NULL)
		return SLUSS_CODEC_MALFORMED;
	if (tag == AT_TAG) {
		if ((at = take_number(at, end, UINT64_MAX, &value)) == NULL ||
		    (at = take_varint(at, end, &tag)) == NULL)
			return SLUSS_CODEC_MALFORMED;
		memcpy(&record_out->at_ms, &value, sizeof(value));
	}
	if (tag != NONCE_TAG || (at = take_length(at, end, &len)) == NULL || len != SLUSS_ENTRY_NONCE_BYTES)
		return SLUSS_CODEC_MALFORMED;
	if (nonce_out != NULL)
		memcpy(nonce_out, at, SLUSS_ENTRY_NONCE_BYTES);
	if ((at = take_varint(at + len, end, &tag)) == NULL || (at = take_length(at, end, &len)) == NULL)
		return SLUSS_CODEC_MALFORMED;
	uint64_t type = (tag >> 3) - RECORD_EVENT_BASE;
	if (tag >> 3 < RECORD_EVENT_BASE || (tag & 7) != WIRE_OCTETS)
		return SLUSS_CODEC_MALFORMED;
	if (type >= TYPES || plans->of_type[type] == NULL)
		return SLUSS_CODEC_UNKNOWN;
	if (at + len != end)
		return behind_event(plans, at + len, end);
	record_out->type = (enum sluss_record_type)type;
	at = read_fields(&reading, plans->of_type[type], at, end, (uint8_t *)&record_out->u);
	return at == NULL ? reading.result : SLUSS_CODEC_OK;
}
