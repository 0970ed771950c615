// SPDX-License-Identifier: EUPL-1.2
// The record codec: writes by walking the tables of log_record_map*.c from the C structs to those of protobuf-c, in
// memory of its own; reads by the same tables (log_record_read.c).
#include "log_record.h"

#include <stdlib.h>

#include "log_pool.h"
#include "log_record_map.h"
#include "log_record_read.h"
#include "log_text.h"
#include "sluss/v1/log.pb-c.h"

struct sluss_codec {
	struct log_pool *pool;
	struct record_plans *plans;
};

struct sluss_codec *sluss_codec_new(void)
{
	struct sluss_codec *codec = calloc(1, sizeof(*codec));
	if (codec == NULL)
		return NULL;
	codec->pool = log_pool_new();
	codec->plans = record_plans_new();
	if (codec->pool == NULL || codec->plans == NULL)
		sluss_codec_free(&codec);
	return codec;
}

void sluss_codec_free(struct sluss_codec **codec)
{
	if (*codec == NULL)
		return;
	log_pool_free(&(*codec)->pool);
	free((*codec)->plans);
	free(*codec);
	*codec = NULL;
}

void sluss_codec_reset(struct sluss_codec *codec)
{
	log_pool_reset(codec->pool);
}

const char *sluss_codec_result_name(enum sluss_codec_result result)
{
	switch (result) {
	case SLUSS_CODEC_OK:
		return "ok";
	case SLUSS_CODEC_TOO_LARGE:
		return "too_large";
	case SLUSS_CODEC_MALFORMED:
		return "malformed";
	case SLUSS_CODEC_UNKNOWN:
		return "unknown";
	case SLUSS_CODEC_MEMORY:
		return "memory";
	}
	return "unknown";
}

// ---- single values

// protobuf-c has no const in its structs; packing only reads.
static uint8_t *readable(const uint8_t *octets)
{
	union {
		const uint8_t *given;
		uint8_t *taken;
	} u = {.given = octets};
	return u.taken;
}

static bool all_zero(const uint8_t *octets, size_t len)
{
	uint8_t any = 0;
	for (size_t i = 0; i < len; i++)
		any |= octets[i];
	return any == 0;
}

static bool text_fits(const char *text)
{
	size_t len = strnlen(text, SLUSS_ENTRY_TEXT_MAX + 1);
	return len <= SLUSS_ENTRY_TEXT_MAX &&
	       sluss_text_is_clean((struct sluss_bytes){(const uint8_t *)text, len}, false);
}

// NULL counts as "". protobuf-c leaves a field that is its empty string unwritten.
static enum sluss_codec_result put_string(const char *given, char **place)
{
	const char *text = given == NULL ? "" : given;
	memcpy(place, &text, sizeof(text));
	return text_fits(text) ? SLUSS_CODEC_OK : SLUSS_CODEC_MALFORMED;
}

static ProtobufCBinaryData put_octets(const uint8_t *octets, size_t len)
{
	if (all_zero(octets, len))
		return (ProtobufCBinaryData){0};
	return (ProtobufCBinaryData){.len = len, .data = readable(octets)};
}

// ---- writing

static enum sluss_codec_result encode_fields(
    struct sluss_codec *codec, const struct record_map *map, const uint8_t *c, uint8_t *p);

static enum sluss_codec_result encode_messages(
    struct sluss_codec *codec, const struct record_field *field, const uint8_t *list, size_t count, void *place)
{
	ProtobufCMessage **messages = log_pool_array(codec->pool, count, sizeof(ProtobufCMessage *));
	if (messages == NULL)
		return SLUSS_CODEC_MEMORY;
	memcpy(place, &messages, sizeof(messages));
	for (size_t i = 0; i < count; i++) {
		messages[i] = log_pool_take(codec->pool, field->of->descriptor->sizeof_message);
		if (messages[i] == NULL)
			return SLUSS_CODEC_MEMORY;
		protobuf_c_message_init(field->of->descriptor, messages[i]);
		enum sluss_codec_result result =
		    encode_fields(codec, field->of, list + i * field->of->c_size, (uint8_t *)messages[i]);
		if (result != SLUSS_CODEC_OK)
			return result;
	}
	return SLUSS_CODEC_OK;
}

static enum sluss_codec_result encode_strings(
    struct sluss_codec *codec, const char *const *list, size_t count, void *place)
{
	char **strings = log_pool_array(codec->pool, count, sizeof(char *));
	if (strings == NULL)
		return SLUSS_CODEC_MEMORY;
	memcpy(place, &strings, sizeof(strings));
	for (size_t i = 0; i < count; i++) {
		enum sluss_codec_result result = put_string(list[i], &strings[i]);
		if (result != SLUSS_CODEC_OK)
			return result;
	}
	return SLUSS_CODEC_OK;
}

static enum sluss_codec_result encode_ids(
    struct sluss_codec *codec, const struct sluss_id *list, size_t count, void *place)
{
	ProtobufCBinaryData *ids = log_pool_array(codec->pool, count, sizeof(*ids));
	if (ids == NULL)
		return SLUSS_CODEC_MEMORY;
	memcpy(place, &ids, sizeof(ids));
	for (size_t i = 0; i < count; i++) {
		ids[i] = put_octets(list[i].b, SLUSS_ID_BYTES);
		if (ids[i].len == 0)
			return SLUSS_CODEC_MALFORMED; // "none" in a list means nothing
	}
	return SLUSS_CODEC_OK;
}

// A pointer and its count in the C struct; the count in the protobuf struct.
static enum sluss_codec_result encode_many(
    struct sluss_codec *codec, const struct record_field *field, const uint8_t *c, uint8_t *p)
{
	const void *list;
	size_t count;
	memcpy(&list, c + field->c, sizeof(list));
	memcpy(&count, c + field->c_count, sizeof(count));
	if (field->op == OP_IDS_SAME && list == NULL)
		count = 0;
	memcpy(p + field->p_count, &count, sizeof(count));
	if (count == 0)
		return SLUSS_CODEC_OK;
	if (list == NULL)
		return SLUSS_CODEC_MALFORMED;
	if (field->op == OP_MESSAGES)
		return encode_messages(codec, field, list, count, p + field->p);
	if (field->op == OP_STRINGS)
		return encode_strings(codec, list, count, p + field->p);
	if (field->op != OP_U32S)
		return encode_ids(codec, list, count, p + field->p);
	memcpy(p + field->p, &list, sizeof(list));
	return SLUSS_CODEC_OK;
}

static enum sluss_codec_result encode_field(
    struct sluss_codec *codec, const struct record_field *field, const uint8_t *c, uint8_t *p)
{
	const uint8_t *from = c + field->c;
	uint8_t *to = p + field->p;
	ProtobufCBinaryData data;
	protobuf_c_boolean truth;
	const char *text;
	char *string;
	int32_t number;
	uint32_t small;
	enum sluss_codec_result result;
	switch (field->op) {
	case OP_STRING:
		memcpy(&text, from, sizeof(text));
		result = put_string(text, &string);
		memcpy(to, &string, sizeof(string));
		return result;
	case OP_ID:
	case OP_HASH:
		data = put_octets(from, field->op == OP_ID ? SLUSS_ID_BYTES : SLUSS_HASH_BYTES);
		memcpy(to, &data, sizeof(data));
		return SLUSS_CODEC_OK;
	case OP_BOOL:
		truth = *from != 0;
		memcpy(to, &truth, sizeof(truth));
		return SLUSS_CODEC_OK;
	case OP_ENUM:
		memcpy(&number, from, sizeof(number));
		memcpy(to, &number, sizeof(number));
		return number >= 0 && number <= field->max ? SLUSS_CODEC_OK : SLUSS_CODEC_MALFORMED;
	case OP_U8:
		small = *from;
		memcpy(to, &small, sizeof(small));
		return SLUSS_CODEC_OK;
	case OP_U32:
		memcpy(to, from, sizeof(uint32_t));
		return SLUSS_CODEC_OK;
	case OP_I64:
		memcpy(to, from, sizeof(int64_t));
		return SLUSS_CODEC_OK;
	case OP_STRINGS:
	case OP_IDS:
	case OP_IDS_SAME:
	case OP_U32S:
	case OP_MESSAGES:
		return encode_many(codec, field, c, p);
	case OP_NONE:
		break;
	}
	return SLUSS_CODEC_MALFORMED;
}

static enum sluss_codec_result encode_fields(
    struct sluss_codec *codec, const struct record_map *map, const uint8_t *c, uint8_t *p)
{
	enum sluss_codec_result result = SLUSS_CODEC_OK;
	for (size_t i = 0; i < map->count && result == SLUSS_CODEC_OK; i++)
		result = encode_field(codec, &map->fields[i], c, p);
	return result;
}

enum sluss_codec_result sluss_record_encode(struct sluss_codec *codec, const struct sluss_record *record,
    const uint8_t nonce[SLUSS_ENTRY_NONCE_BYTES], struct sluss_bytes *entry_out)
{
	Sluss__V1__LogRecord message = SLUSS__V1__LOG_RECORD__INIT;
	const struct record_map *map = record_map_of(record->type);
	if (map == NULL)
		return SLUSS_CODEC_MALFORMED;
	ProtobufCMessage *event = log_pool_take(codec->pool, map->descriptor->sizeof_message);
	if (event == NULL)
		return SLUSS_CODEC_MEMORY;
	protobuf_c_message_init(map->descriptor, event);
	enum sluss_codec_result result = encode_fields(codec, map, (const uint8_t *)&record->u, (uint8_t *)event);
	if (result != SLUSS_CODEC_OK)
		return result;
	message.at_ms = record->at_ms;
	message.nonce = (ProtobufCBinaryData){.len = SLUSS_ENTRY_NONCE_BYTES, .data = readable(nonce)};
	message.event_case = (Sluss__V1__LogRecord__EventCase)(RECORD_EVENT_BASE + (int)record->type);
	memcpy(&message.genesis, &event, sizeof(event)); // all members of the union are pointers
	size_t len = sluss__v1__log_record__get_packed_size(&message);
	if (len > SLUSS_ENTRY_MAX)
		return SLUSS_CODEC_TOO_LARGE;
	uint8_t *octets = log_pool_take(codec->pool, len);
	if (octets == NULL)
		return SLUSS_CODEC_MEMORY;
	*entry_out = (struct sluss_bytes){octets, sluss__v1__log_record__pack(&message, octets)};
	return SLUSS_CODEC_OK;
}

// ---- reading

enum sluss_codec_result sluss_record_decode(
    struct sluss_codec *codec, struct sluss_bytes entry, struct sluss_record *record_out, uint8_t *nonce_out)
{
	memset(record_out, 0, sizeof(*record_out));
	if (entry.len == 0 || entry.len > SLUSS_ENTRY_MAX)
		return SLUSS_CODEC_MALFORMED;
	return record_read(codec->plans, codec->pool, entry, record_out, nonce_out);
}
