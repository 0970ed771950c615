// SPDX-License-Identifier: EUPL-1.2
// JSON to message. jansson reads the text (UTF-8, grammar, double keys); this file gives it meaning. The messages are
// made as protobuf-c makes them, so that protobuf_c_message_free_unpacked frees them, finished or not.
#include <math.h>
#include <stdlib.h>

#include "web/json_names.h"
#include "web/path.h"

enum {
	MAX_PARTS = 100000, // values in one text; jansson needs up to 150 octets for each
	MAX_FIELDS = 64,
};

struct reader {
	struct sluss_json_error *error;
	bool strict; // unknown fields are refused
};

static bool object(struct reader *r, json_t *j, ProtobufCMessage *m, int depth, const struct sluss_path *at);

// Depth and number of values, before any memory is spent on them.
static bool within_limits(const char *text, size_t len, struct sluss_json_error *error)
{
	int depth = 0;
	size_t parts = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		in_string = c == '"';
		if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}')
			depth--;
		if (depth > SLUSS_JSON_MAX_DEPTH)
			return sluss_path_fault(
			    NULL, error, "The JSON text is nested deeper than %d levels.", SLUSS_JSON_MAX_DEPTH);
		parts += c == '[' || c == '{' || c == ',';
		if (parts > MAX_PARTS)
			return sluss_path_fault(NULL, error, "The JSON text has more than %d values.", MAX_PARTS);
	}
	return true;
}

// An integer as decimal text: "-12", no blanks, no plus, no superfluous zero.
static bool decimal(const char *text, bool *negative_out, uint64_t *size_out)
{
	*negative_out = *text == '-';
	text += *negative_out;
	if (*text < '0' || *text > '9' || (*text == '0' && text[1] != '\0'))
		return false;
	uint64_t size = 0;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(size, 10, &size) ||
		    __builtin_add_overflow(size, (uint64_t)(*text - '0'), &size))
			return false;
	*size_out = size;
	return *text == '\0';
}

// Sign and size of a whole number: JSON integer, integral JSON real (1.0, 1e3), or decimal string.
static bool whole(json_t *j, bool *negative_out, uint64_t *size_out)
{
	if (json_is_integer(j)) {
		json_int_t v = json_integer_value(j);
		*negative_out = v < 0;
		*size_out = v < 0 ? -(uint64_t)v : (uint64_t)v;
		return true;
	}
	if (json_is_real(j)) {
		double v = json_real_value(j);
		if (!(fabs(v) <= 9007199254740992.0) || v != floor(v)) // 2^53: above it a double is not exact
			return false;
		*negative_out = v < 0;
		*size_out = (uint64_t)fabs(v);
		return true;
	}
	return json_is_string(j) && decimal(json_string_value(j), negative_out, size_out);
}

static bool integer(
    struct reader *r, json_t *j, uint64_t max, uint64_t max_negative, uint64_t *bits_out, const struct sluss_path *at)
{
	bool negative;
	uint64_t size;
	if (!whole(j, &negative, &size))
		return sluss_path_fault(at, r->error, "A whole number is needed.");
	if (size > (negative ? max_negative : max))
		return sluss_path_fault(at, r->error, "The number is out of range.");
	*bits_out = negative ? 0 - size : size;
	return true;
}

static bool enumeration(
    struct reader *r, json_t *j, const ProtobufCEnumDescriptor *d, uint32_t *out, const struct sluss_path *at)
{
	if (json_is_string(j)) {
		const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(d, json_string_value(j));
		if (v == NULL)
			return sluss_path_fault(at, r->error, "The value is no %s.", d->short_name);
		*out = (uint32_t)v->value;
		return true;
	}
	uint64_t bits;
	if (!json_is_number(j))
		return sluss_path_fault(at, r->error, "The name of a %s is needed.", d->short_name);
	if (!integer(r, j, INT32_MAX, (uint64_t)INT32_MAX + 1, &bits, at))
		return false;
	*out = (uint32_t)bits;
	return true;
}

static bool string(struct reader *r, json_t *j, char **out, const struct sluss_path *at)
{
	if (!json_is_string(j))
		return sluss_path_fault(at, r->error, "Text is needed.");
	char *copy = strdup(json_string_value(j)); // jansson refused U+0000
	if (copy == NULL)
		return sluss_path_fault(at, r->error, "Memory is out.");
	*out = copy;
	return true;
}

static bool octets(struct reader *r, json_t *j, ProtobufCBinaryData *out, const struct sluss_path *at)
{
	if (!json_is_string(j))
		return sluss_path_fault(at, r->error, "Base64 text is needed.");
	size_t text_len = json_string_length(j);
	uint8_t *data = malloc(3 * (text_len / 4) + 3);
	if (data == NULL)
		return sluss_path_fault(at, r->error, "Memory is out.");
	size_t len;
	if (!sluss_base64_decode(json_string_value(j), text_len, data, &len)) {
		free(data);
		return sluss_path_fault(at, r->error, "The text is not base64.");
	}
	if (len == 0) {
		free(data);
		data = NULL;
	}
	*out = (ProtobufCBinaryData){.len = len, .data = data};
	return true;
}

static bool timestamp(struct reader *r, json_t *j, ProtobufCMessage *m, const struct sluss_path *at)
{
	int64_t seconds;
	int32_t nanos;
	if (!json_is_string(j) || !sluss_json_time_read(json_string_value(j), &seconds, &nanos))
		return sluss_path_fault(
		    at, r->error, "A time as in RFC 3339 is needed, for instance 2012-08-20T09:30:00Z.");
	const ProtobufCFieldDescriptor *s = protobuf_c_message_descriptor_get_field(m->descriptor, 1);
	const ProtobufCFieldDescriptor *n = protobuf_c_message_descriptor_get_field(m->descriptor, 2);
	memcpy((uint8_t *)m + s->offset, &seconds, sizeof(seconds));
	memcpy((uint8_t *)m + n->offset, &nanos, sizeof(nanos));
	return true;
}

static bool submessage(struct reader *r, json_t *j, const ProtobufCMessageDescriptor *d, ProtobufCMessage **out,
    int depth, const struct sluss_path *at)
{
	ProtobufCMessage *m = malloc(d->sizeof_message);
	if (m == NULL)
		return sluss_path_fault(at, r->error, "Memory is out.");
	protobuf_c_message_init(d, m);
	*out = m; // from here on its parent frees it
	return sluss_json_is_time(d) ? timestamp(r, j, m, at) : object(r, j, m, depth + 1, at);
}

// Stores one value at p, which has the size of one element.
static bool value(
    struct reader *r, json_t *j, const ProtobufCFieldDescriptor *f, void *p, int depth, const struct sluss_path *at)
{
	uint64_t bits = 0;
	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		if (!integer(r, j, INT32_MAX, (uint64_t)INT32_MAX + 1, &bits, at))
			return false;
		*(uint32_t *)p = (uint32_t)bits;
		return true;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		if (!integer(r, j, UINT32_MAX, 0, &bits, at))
			return false;
		*(uint32_t *)p = (uint32_t)bits;
		return true;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return integer(r, j, INT64_MAX, (uint64_t)INT64_MAX + 1, p, at);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return integer(r, j, UINT64_MAX, 0, p, at);
	case PROTOBUF_C_TYPE_BOOL:
		if (!json_is_boolean(j))
			return sluss_path_fault(at, r->error, "true or false is needed.");
		*(protobuf_c_boolean *)p = json_is_true(j);
		return true;
	case PROTOBUF_C_TYPE_ENUM:
		return enumeration(r, j, f->descriptor, p, at);
	case PROTOBUF_C_TYPE_STRING:
		return string(r, j, p, at);
	case PROTOBUF_C_TYPE_BYTES:
		return octets(r, j, p, at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return submessage(r, j, f->descriptor, p, depth, at);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		break;
	}
	return sluss_path_fault(at, r->error, "The field's type has no JSON form here.");
}

static bool list(struct reader *r, json_t *j, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, int depth,
    const struct sluss_path *up)
{
	struct sluss_path at = {.up = up, .name = f->name, .index = -1};
	if (!json_is_array(j))
		return sluss_path_fault(&at, r->error, "A list is needed.");
	size_t count = json_array_size(j), size = sluss_json_element_size(f->type);
	if (count == 0)
		return true;
	uint8_t *elements = calloc(count, size);
	if (elements == NULL)
		return sluss_path_fault(&at, r->error, "Memory is out.");
	size_t *n = (size_t *)(void *)((uint8_t *)m + f->quantifier_offset);
	*(uint8_t **)(void *)((uint8_t *)m + f->offset) = elements;
	for (size_t i = 0; i < count; i++) {
		at.index = (long)i;
		// Counted first: what a failing value has already allocated is freed with the list (free_unpacked takes
		// NULL in it).
		*n = i + 1;
		if (!value(r, json_array_get(j, i), f, elements + i * size, depth, &at))
			return false;
	}
	return true;
}

static bool singular(struct reader *r, json_t *j, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, int depth,
    const struct sluss_path *at)
{
	uint8_t *base = (uint8_t *)m;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t *which = (uint32_t *)(void *)(base + f->quantifier_offset);
		if (*which != 0)
			return sluss_path_fault(at, r->error, "Only one of \"%s\" and \"%s\" may be set.",
			    protobuf_c_message_descriptor_get_field(m->descriptor, *which)->name, f->name);
		*which = f->id;
	} else if (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->type != PROTOBUF_C_TYPE_STRING &&
		   f->type != PROTOBUF_C_TYPE_MESSAGE) {
		*(protobuf_c_boolean *)(void *)(base + f->quantifier_offset) = 1;
	}
	return value(r, j, f, base + f->offset, depth, at);
}

static bool object(struct reader *r, json_t *j, ProtobufCMessage *m, int depth, const struct sluss_path *at)
{
	if (!json_is_object(j))
		return sluss_path_fault(at, r->error, "An object is needed.");
	if (depth > SLUSS_JSON_MAX_DEPTH || m->descriptor->n_fields > MAX_FIELDS)
		return sluss_path_fault(at, r->error, "The message is nested too deep.");
	uint64_t seen = 0;
	const char *key;
	json_t *v;
	json_object_foreach(j, key, v)
	{
		const ProtobufCFieldDescriptor *f = sluss_json_field(m->descriptor, key);
		if (f == NULL) {
			if (!r->strict || (at == NULL && strcmp(key, "@type") == 0))
				continue;
			struct sluss_path unknown = {.up = at, .name = key, .index = -1};
			return sluss_path_fault(&unknown, r->error, "%s has no such field.", m->descriptor->short_name);
		}
		struct sluss_path here = {.up = at, .name = f->name, .index = -1};
		uint64_t bit = UINT64_C(1) << (f - m->descriptor->fields);
		if (seen & bit)
			return sluss_path_fault(&here, r->error, "The field comes twice, in both spellings.");
		seen |= bit;
		if (json_is_null(v))
			continue;
		if (!(f->label == PROTOBUF_C_LABEL_REPEATED ? list(r, v, f, m, depth, at)
							    : singular(r, v, f, m, depth, &here)))
			return false;
	}
	return true;
}

// jansson's sentence without the piece of the text that it quotes.
static void syntax_fault(const json_error_t *e, struct sluss_json_error *error)
{
	const char *near = strstr(e->text, " near ");
	int len = near != NULL ? (int)(near - e->text) : (int)strlen(e->text);
	sluss_path_fault(
	    NULL, error, "The text is not JSON (line %d, column %d): %.*s.", e->line, e->column, len, e->text);
}

static ProtobufCMessage *read_text(const ProtobufCMessageDescriptor *descriptor, const char *text, size_t len,
    bool strict, struct sluss_json_error *error)
{
	struct reader r = {.error = error, .strict = strict};
	*error = (struct sluss_json_error){0};
	if (!within_limits(text, len, error))
		return NULL;
	json_error_t e;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (j == NULL) {
		syntax_fault(&e, error);
		return NULL;
	}
	ProtobufCMessage *m = NULL;
	if (!submessage(&r, j, descriptor, &m, 0, NULL) && m != NULL) {
		protobuf_c_message_free_unpacked(m, NULL);
		m = NULL;
	}
	json_decref(j);
	return m;
}

ProtobufCMessage *sluss_json_to_message(
    const ProtobufCMessageDescriptor *descriptor, const char *text, size_t len, struct sluss_json_error *error)
{
	return read_text(descriptor, text, len, false, error);
}

ProtobufCMessage *sluss_json_to_message_strict(
    const ProtobufCMessageDescriptor *descriptor, const char *text, size_t len, struct sluss_json_error *error)
{
	return read_text(descriptor, text, len, true, error);
}
