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

// A field as it stands on the wire.
struct plan_field {
	uint32_t tag; // number << 3 | wire type
	const struct record_field *field;
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
		*made = (struct plan_field){.tag = on_wire->id << 3 | wire_of(field->op), .field = field};
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

struct reading {
	struct log_pool *pool;
	char *text; // room for every string of the entry: each gives up at least the octets of its tag and length
};

// The shortest form only.
static bool take_long_varint(struct sluss_bytes *in, uint64_t *value_out)
{
	uint64_t value = 0;
	for (size_t i = 0; i < in->len && i < 10; i++) {
		uint8_t octet = in->data[i];
		value |= (uint64_t)(octet & 0x7f) << (7 * i);
		if ((octet & 0x80) != 0)
			continue;
		if ((octet == 0 && i > 0) || (i == 9 && octet > 1))
			return false;
		in->data += i + 1;
		in->len -= i + 1;
		*value_out = value;
		return true;
	}
	return false;
}

static inline bool take_varint(struct sluss_bytes *in, uint64_t *value_out)
{
	if (in->len == 0 || in->data[0] >= 0x80)
		return take_long_varint(in, value_out);
	*value_out = in->data[0]; // most are of one octet
	in->data++;
	in->len--;
	return true;
}

static bool take_octets(struct sluss_bytes *in, struct sluss_bytes *octets_out)
{
	uint64_t len = 0;
	if (!take_varint(in, &len) || len > in->len)
		return false;
	*octets_out = (struct sluss_bytes){in->data, (size_t)len};
	in->data += len;
	in->len -= (size_t)len;
	return true;
}

static bool all_zero(struct sluss_bytes octets)
{
	uint8_t any = 0;
	for (size_t i = 0; i < octets.len; i++)
		any |= octets.data[i];
	return any == 0;
}

static bool is_text(struct sluss_bytes octets)
{
	bool plain = octets.len <= SLUSS_ENTRY_TEXT_MAX;
	for (size_t i = 0; plain && i < octets.len; i++)
		plain = octets.data[i] >= 0x20 && octets.data[i] < 0x7f;
	return plain || (octets.len <= SLUSS_ENTRY_TEXT_MAX && sluss_text_is_clean(octets, false));
}

static bool take_text(struct reading *reading, struct sluss_bytes *in, const char **text_out)
{
	struct sluss_bytes octets;
	if (!take_octets(in, &octets) || !is_text(octets))
		return false;
	if (octets.len > 0)
		memcpy(reading->text, octets.data, octets.len);
	reading->text[octets.len] = '\0';
	*text_out = reading->text;
	reading->text += octets.len + 1;
	return true;
}

static bool take_fixed(struct sluss_bytes *in, uint8_t *out, size_t len)
{
	struct sluss_bytes octets;
	if (!take_octets(in, &octets) || octets.len != len || all_zero(octets))
		return false;
	memcpy(out, octets.data, len);
	return true;
}

// A number that is not its default, for which nothing is written.
static bool take_number(const struct record_field *field, struct sluss_bytes *in, uint8_t *to)
{
	uint64_t value = 0;
	if (!take_varint(in, &value) || value == 0)
		return false;
	int32_t number = (int32_t)(value & INT32_MAX);
	uint32_t small = (uint32_t)value;
	if (field->op == OP_BOOL && value == 1)
		*to = 1;
	else if (field->op == OP_ENUM && value <= (uint64_t)field->max)
		memcpy(to, &number, sizeof(number));
	else if (field->op == OP_U8 && value <= UINT8_MAX)
		*to = (uint8_t)value;
	else if (field->op == OP_U32 && value <= UINT32_MAX)
		memcpy(to, &small, sizeof(small));
	else if (field->op == OP_I64)
		memcpy(to, &value, sizeof(value));
	else
		return false;
	return true;
}

static enum sluss_codec_result read_fields(
    struct reading *reading, const struct plan *plan, struct sluss_bytes in, uint8_t *c);

// How many values stand one behind the other under the tag; the first tag is read.
static size_t count_values(struct sluss_bytes in, uint32_t tag)
{
	struct sluss_bytes octets;
	uint64_t next = tag;
	size_t count = 0;
	while (next == tag && take_octets(&in, &octets)) {
		count++;
		if (!take_varint(&in, &next))
			break;
	}
	return count;
}

static size_t size_of(const struct record_field *field)
{
	if (field->op == OP_STRINGS)
		return sizeof(const char *);
	return field->op == OP_MESSAGES ? field->of->c_size : sizeof(struct sluss_id);
}

static enum sluss_codec_result take_one(
    struct reading *reading, const struct plan_field *at, struct sluss_bytes *in, uint8_t *place)
{
	struct sluss_bytes octets;
	const char *text;
	switch (at->field->op) {
	case OP_STRINGS:
		if (!take_text(reading, in, &text))
			return SLUSS_CODEC_MALFORMED;
		memcpy(place, &text, sizeof(text));
		return SLUSS_CODEC_OK;
	case OP_MESSAGES:
		return take_octets(in, &octets) ? read_fields(reading, at->of, octets, place) : SLUSS_CODEC_MALFORMED;
	case OP_IDS:
	case OP_IDS_SAME:
		return take_fixed(in, place, SLUSS_ID_BYTES) ? SLUSS_CODEC_OK : SLUSS_CODEC_MALFORMED;
	case OP_NONE:
	case OP_STRING:
	case OP_ID:
	case OP_HASH:
	case OP_BOOL:
	case OP_ENUM:
	case OP_U8:
	case OP_U32:
	case OP_I64:
	case OP_U32S:
		break;
	}
	return SLUSS_CODEC_MALFORMED;
}

static enum sluss_codec_result set_list(const struct record_field *field, uint8_t *c, const void *list, size_t count)
{
	size_t before = 0;
	memcpy(&before, c + field->c_count, sizeof(before));
	memcpy(c + field->c, &list, sizeof(list));
	if (field->op == OP_IDS_SAME)
		return before == count ? SLUSS_CODEC_OK : SLUSS_CODEC_MALFORMED;
	memcpy(c + field->c_count, &count, sizeof(count));
	return SLUSS_CODEC_OK;
}

static enum sluss_codec_result take_many(
    struct reading *reading, const struct plan_field *at, struct sluss_bytes *in, uint8_t *c)
{
	size_t count = count_values(*in, at->tag), size = size_of(at->field);
	uint8_t *list = log_pool_array(reading->pool, count, size);
	enum sluss_codec_result result = list == NULL ? SLUSS_CODEC_MEMORY : SLUSS_CODEC_OK;
	if (count == 0)
		return SLUSS_CODEC_MALFORMED; // cut off
	for (size_t i = 0; result == SLUSS_CODEC_OK && i < count; i++) {
		uint64_t tag = at->tag;
		if (i > 0 && (!take_varint(in, &tag) || tag != at->tag))
			return SLUSS_CODEC_MALFORMED;
		result = take_one(reading, at, in, list + i * size);
	}
	return result == SLUSS_CODEC_OK ? set_list(at->field, c, list, count) : result;
}

// Packed: all numbers under one tag. At least one: an empty list is not written.
static enum sluss_codec_result take_packed(
    struct reading *reading, const struct record_field *field, struct sluss_bytes *in, uint8_t *c)
{
	struct sluss_bytes octets;
	size_t count = 0;
	if (!take_octets(in, &octets) || octets.len == 0)
		return SLUSS_CODEC_MALFORMED;
	uint32_t *list = log_pool_array(reading->pool, octets.len, sizeof(*list));
	if (list == NULL)
		return SLUSS_CODEC_MEMORY;
	while (octets.len > 0) {
		uint64_t value = 0;
		if (!take_varint(&octets, &value) || value > UINT32_MAX)
			return SLUSS_CODEC_MALFORMED;
		list[count++] = (uint32_t)value;
	}
	return set_list(field, c, list, count);
}

static enum sluss_codec_result take_field(
    struct reading *reading, const struct plan_field *at, struct sluss_bytes *in, uint8_t *c)
{
	const struct record_field *field = at->field;
	const char *text;
	bool ok = false;
	switch (field->op) {
	case OP_STRING:
		ok = take_text(reading, in, &text) && text[0] != '\0';
		if (ok)
			memcpy(c + field->c, &text, sizeof(text));
		break;
	case OP_ID:
		ok = take_fixed(in, c + field->c, SLUSS_ID_BYTES);
		break;
	case OP_HASH:
		ok = take_fixed(in, c + field->c, SLUSS_HASH_BYTES);
		break;
	case OP_BOOL:
	case OP_ENUM:
	case OP_U8:
	case OP_U32:
	case OP_I64:
		ok = take_number(field, in, c + field->c);
		break;
	case OP_U32S:
		return take_packed(reading, field, in, c);
	case OP_STRINGS:
	case OP_IDS:
	case OP_IDS_SAME:
	case OP_MESSAGES:
		return take_many(reading, at, in, c);
	case OP_NONE:
		break;
	}
	return ok ? SLUSS_CODEC_OK : SLUSS_CODEC_MALFORMED;
}

// A field that is not there: zeroes, and strings that are never NULL.
static void leave_out(const struct plan_field *at, uint8_t *c)
{
	static const char *const nothing = "";
	if (at->field->op == OP_STRING)
		memcpy(c + at->field->c, &nothing, sizeof(nothing));
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

static enum sluss_codec_result read_fields(
    struct reading *reading, const struct plan *plan, struct sluss_bytes in, uint8_t *c)
{
	size_t at = 0;
	while (in.len > 0) {
		uint64_t tag = 0;
		if (!take_varint(&in, &tag))
			return SLUSS_CODEC_MALFORMED;
		for (; at < plan->count && plan->fields[at].tag < tag; at++)
			leave_out(&plan->fields[at], c);
		if (at == plan->count || plan->fields[at].tag != tag)
			return why_not(plan, tag);
		enum sluss_codec_result result = take_field(reading, &plan->fields[at], &in, c);
		if (result != SLUSS_CODEC_OK)
			return result;
		at++;
	}
	for (; at < plan->count; at++)
		leave_out(&plan->fields[at], c);
	return SLUSS_CODEC_OK;
}

// One event, and nothing behind it: another one, or a field out of order, or one that a later version may have.
static enum sluss_codec_result behind_event(const struct record_plans *plans, struct sluss_bytes in)
{
	uint64_t tag = 0;
	if (!take_varint(&in, &tag))
		return SLUSS_CODEC_MALFORMED;
	uint64_t number = tag >> 3, type = number - RECORD_EVENT_BASE;
	bool known = number <= 2 || (number >= RECORD_EVENT_BASE && type < TYPES && plans->of_type[type] != NULL);
	return known ? SLUSS_CODEC_MALFORMED : SLUSS_CODEC_UNKNOWN;
}

enum sluss_codec_result record_read(const struct record_plans *plans, struct log_pool *pool, struct sluss_bytes entry,
    struct sluss_record *record_out, uint8_t *nonce_out)
{
	enum { AT_TAG = 1 << 3 | WIRE_VARINT, NONCE_TAG = 2 << 3 | WIRE_OCTETS };
	struct reading reading = {.pool = pool, .text = log_pool_take(pool, entry.len + 1)};
	struct sluss_bytes in = entry, octets;
	uint64_t tag = 0, value = 0;
	if (reading.text == NULL)
		return SLUSS_CODEC_MEMORY;
	if (!take_varint(&in, &tag))
		return SLUSS_CODEC_MALFORMED;
	if (tag == AT_TAG) {
		if (!take_varint(&in, &value) || value == 0 || !take_varint(&in, &tag))
			return SLUSS_CODEC_MALFORMED;
		memcpy(&record_out->at_ms, &value, sizeof(value));
	}
	if (tag != NONCE_TAG || !take_octets(&in, &octets) || octets.len != SLUSS_ENTRY_NONCE_BYTES)
		return SLUSS_CODEC_MALFORMED;
	if (nonce_out != NULL)
		memcpy(nonce_out, octets.data, octets.len);
	if (!take_varint(&in, &tag) || !take_octets(&in, &octets))
		return SLUSS_CODEC_MALFORMED;
	uint64_t type = (tag >> 3) - RECORD_EVENT_BASE;
	if (tag >> 3 < RECORD_EVENT_BASE || (tag & 7) != WIRE_OCTETS)
		return SLUSS_CODEC_MALFORMED;
	if (type >= TYPES || plans->of_type[type] == NULL)
		return SLUSS_CODEC_UNKNOWN;
	if (in.len > 0)
		return behind_event(plans, in);
	record_out->type = (enum sluss_record_type)type;
	return read_fields(&reading, plans->of_type[type], octets, (uint8_t *)&record_out->u);
}
