// SPDX-License-Identifier: EUPL-1.2
// Strict reading of protobuf (encoding: https://protobuf.dev/programming-guides/encoding). A signed statement must mean one thing only: fields that we do not
// know, text that is not text, and fields that stand twice are refused before anything is allocated.
#include "sluss/statement.h"

#include <stdio.h>

enum wire {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_LENGTH = 2,
	WIRE_FIXED32 = 5,
};

enum { SEEN_MAX = 64 }; // fields that one message type of the contract may have; more is our own mistake

struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

// One check under way. `path` holds the field names from the outermost message to the innermost.
struct check {
	size_t fields_left;
	char *path;
	size_t path_len;
};

const char *sluss_strict_result_name(enum sluss_strict_result result)
{
	switch (result) {
	case SLUSS_STRICT_OK:
		return "ok";
	case SLUSS_STRICT_TRUNCATED:
		return "truncated";
	case SLUSS_STRICT_BAD_TAG:
		return "bad tag";
	case SLUSS_STRICT_UNKNOWN_FIELD:
		return "unknown field";
	case SLUSS_STRICT_WRONG_TYPE:
		return "wrong wire type";
	case SLUSS_STRICT_REPEATED:
		return "field stands more than once";
	case SLUSS_STRICT_BAD_TEXT:
		return "not UTF-8 text";
	case SLUSS_STRICT_BAD_VALUE:
		return "value out of range";
	case SLUSS_STRICT_TOO_MANY:
		return "too many fields or too deep";
	case SLUSS_STRICT_NO_MEMORY:
		return "no memory";
	}
	return "unknown";
}

static bool read_varint(struct reader *r, uint64_t *value_out)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (r->at == r->end) {
			return false;
		}
		uint8_t octet = *r->at++;
		if (shift == 63 && octet > 1) {
			return false;
		}
		value |= (uint64_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0) {
			*value_out = value;
			return true;
		}
	}
	return false;
}

static bool skip(struct reader *r, uint64_t len)
{
	if (len > (uint64_t)(r->end - r->at)) {
		return false;
	}
	r->at += len;
	return true;
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF; and no NUL, which would end the text early in C.
static bool is_text(const uint8_t *p, size_t len)
{
	size_t i = 0;
	while (i < len) {
		uint8_t c = p[i];
		size_t more = c < 0x80 ? 0 : (c >= 0xc2 && c <= 0xdf) ? 1 : (c & 0xf0) == 0xe0 ? 2 : (c >= 0xf0 && c <= 0xf4) ? 3 : 4;
		if (c == 0 || more == 4 || more > len - i - 1) {
			return false;
		}
		for (size_t k = 1; k <= more; k++) {
			if ((p[i + k] & 0xc0) != 0x80) {
				return false;
			}
		}
		if ((c == 0xe0 && p[i + 1] < 0xa0) || (c == 0xed && p[i + 1] > 0x9f) || (c == 0xf0 && p[i + 1] < 0x90) || (c == 0xf4 && p[i + 1] > 0x8f)) {
			return false;
		}
		i += more + 1;
	}
	return true;
}

static enum wire wire_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_FIXED32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_FIXED64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_LENGTH;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return WIRE_VARINT;
	}
	return WIRE_VARINT;
}

static bool varint_fits(const ProtobufCFieldDescriptor *field, uint64_t value)
{
	if (field->type == PROTOBUF_C_TYPE_BOOL) {
		return value <= 1;
	}
	if (field->type == PROTOBUF_C_TYPE_UINT32) {
		return value <= UINT32_MAX;
	}
	if (field->type == PROTOBUF_C_TYPE_ENUM) {
		return value <= INT32_MAX && protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value) != NULL;
	}
	return true;
}

static enum sluss_strict_result check_message(struct check *c, const ProtobufCMessageDescriptor *type, struct reader r, unsigned depth);

// Appends as much of the text as there is room for.
static void append_path(struct check *c, const char *text, size_t len)
{
	size_t room = SLUSS_STRICT_FIELD_MAX - 1 - c->path_len;
	size_t part = len < room ? len : room;
	memcpy(c->path + c->path_len, text, part);
	c->path_len += part;
	c->path[c->path_len] = '\0';
}

// Adds "name", ".name" or "name[3]" to the path; returns the length to go back to. Once for every field of every statement: no printf here.
static size_t push_path(struct check *c, const char *name, bool repeated, size_t index)
{
	size_t before = c->path_len;
	if (before > 0)
		append_path(c, ".", 1);
	append_path(c, name, strlen(name));
	if (repeated) {
		char text[24];
		size_t at = sizeof(text);
		text[--at] = ']';
		do {
			text[--at] = (char)('0' + index % 10);
			index /= 10;
		} while (index > 0);
		text[--at] = '[';
		append_path(c, text + at, sizeof(text) - at);
	}
	return before;
}

static void pop_path(struct check *c, size_t before)
{
	c->path_len = before;
	c->path[before] = '\0';
}

static enum sluss_strict_result check_packed(const ProtobufCFieldDescriptor *field, struct reader r, struct check *c)
{
	while (r.at < r.end) {
		uint64_t value = 0;
		if (c->fields_left-- == 0) {
			c->fields_left = 0;
			return SLUSS_STRICT_TOO_MANY;
		}
		switch (wire_of(field->type)) {
		case WIRE_VARINT:
			if (!read_varint(&r, &value)) {
				return SLUSS_STRICT_TRUNCATED;
			}
			if (!varint_fits(field, value)) {
				return SLUSS_STRICT_BAD_VALUE;
			}
			break;
		case WIRE_FIXED64:
			if (!skip(&r, 8)) {
				return SLUSS_STRICT_TRUNCATED;
			}
			break;
		case WIRE_FIXED32:
			if (!skip(&r, 4)) {
				return SLUSS_STRICT_TRUNCATED;
			}
			break;
		case WIRE_LENGTH:
			return SLUSS_STRICT_WRONG_TYPE;
		}
	}
	return SLUSS_STRICT_OK;
}

static enum sluss_strict_result check_length_field(struct check *c, const ProtobufCFieldDescriptor *field, struct reader body, unsigned depth)
{
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		return is_text(body.at, (size_t)(body.end - body.at)) ? SLUSS_STRICT_OK : SLUSS_STRICT_BAD_TEXT;
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		return check_message(c, field->descriptor, body, depth + 1);
	}
	if (field->type == PROTOBUF_C_TYPE_BYTES) {
		return SLUSS_STRICT_OK;
	}
	return check_packed(field, body, c); // the caller saw that the field is repeated
}

// Reads one field's value, the tag is behind us.
static enum sluss_strict_result check_value(struct check *c, const ProtobufCFieldDescriptor *field, unsigned wire, struct reader *r, unsigned depth)
{
	uint64_t value = 0;
	bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	if (wire != (unsigned)wire_of(field->type) && !(repeated && wire == WIRE_LENGTH)) {
		return SLUSS_STRICT_WRONG_TYPE;
	}
	if (wire == WIRE_FIXED32 || wire == WIRE_FIXED64) {
		return skip(r, wire == WIRE_FIXED32 ? 4 : 8) ? SLUSS_STRICT_OK : SLUSS_STRICT_TRUNCATED;
	}
	if (!read_varint(r, &value)) {
		return SLUSS_STRICT_TRUNCATED;
	}
	if (wire == WIRE_VARINT) {
		return varint_fits(field, value) ? SLUSS_STRICT_OK : SLUSS_STRICT_BAD_VALUE;
	}
	struct reader body = {r->at, r->at};
	if (!skip(r, value)) {
		return SLUSS_STRICT_TRUNCATED;
	}
	body.end = r->at;
	return check_length_field(c, field, body, depth);
}

// Marks the field as seen; false when a singular field, or its oneof, was there before.
static bool mark_seen(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field, size_t seen[SEEN_MAX])
{
	size_t self = (size_t)(field - type->fields);
	seen[self]++;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		return true;
	}
	if (seen[self] > 1) {
		return false;
	}
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) {
		return true;
	}
	// Members of one oneof share the offset of their case field.
	for (size_t i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *other = &type->fields[i];
		if (i != self && (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && other->quantifier_offset == field->quantifier_offset && seen[i] > 0) {
			return false;
		}
	}
	return true;
}

static bool timestamp_fits(struct reader r)
{
	// Known to be well-formed here: field 1 seconds, field 2 nanos, both varints.
	int64_t seconds = 0;
	int64_t nanos = 0;
	while (r.at < r.end) {
		uint64_t tag = 0;
		uint64_t value = 0;
		if (!read_varint(&r, &tag) || !read_varint(&r, &value)) {
			return false;
		}
		*(tag >> 3 == 1 ? &seconds : &nanos) = (int64_t)value;
	}
	return seconds >= -62135596800 && seconds <= 253402300799 && nanos >= 0 && nanos <= 999999999;
}

static enum sluss_strict_result check_field(struct check *c, const ProtobufCMessageDescriptor *type, uint64_t tag, struct reader *r, size_t seen[SEEN_MAX], unsigned depth)
{
	if (tag >> 3 == 0 || tag >> 3 > 536870911) {
		return SLUSS_STRICT_BAD_TAG;
	}
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
	if (field == NULL) {
		char name[24];
		(void)snprintf(name, sizeof(name), "field %u", (unsigned)(tag >> 3));
		(void)push_path(c, name, false, 0);
		return SLUSS_STRICT_UNKNOWN_FIELD;
	}
	bool once = mark_seen(type, field, seen);
	bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	size_t before = push_path(c, field->name, repeated, seen[field - type->fields] - 1);
	if (!once) {
		return SLUSS_STRICT_REPEATED;
	}
	enum sluss_strict_result result = check_value(c, field, (unsigned)(tag & 7), r, depth);
	if (result == SLUSS_STRICT_OK) {
		pop_path(c, before);
	}
	return result;
}

static enum sluss_strict_result check_message(struct check *c, const ProtobufCMessageDescriptor *type, struct reader r, unsigned depth)
{
	size_t seen[SEEN_MAX] = {0};
	struct reader whole = r;
	if (depth > SLUSS_STRICT_DEPTH_MAX || type->n_fields > SEEN_MAX) {
		return SLUSS_STRICT_TOO_MANY;
	}
	while (r.at < r.end) {
		uint64_t tag = 0;
		if (c->fields_left-- == 0) {
			c->fields_left = 0;
			return SLUSS_STRICT_TOO_MANY;
		}
		if (!read_varint(&r, &tag)) {
			return SLUSS_STRICT_TRUNCATED;
		}
		enum sluss_strict_result result = check_field(c, type, tag, &r, seen, depth);
		if (result != SLUSS_STRICT_OK) {
			return result;
		}
	}
	if (type == &google__protobuf__timestamp__descriptor && !timestamp_fits(whole)) {
		return SLUSS_STRICT_BAD_VALUE;
	}
	return SLUSS_STRICT_OK;
}

enum sluss_strict_result sluss_strict_check(const ProtobufCMessageDescriptor *type, struct sluss_bytes octets, char field_out[SLUSS_STRICT_FIELD_MAX])
{
	char path[SLUSS_STRICT_FIELD_MAX] = "";
	struct check c = {.fields_left = SLUSS_STRICT_FIELDS_MAX, .path = path};
	static const uint8_t nothing[1];
	const uint8_t *start = octets.data == NULL ? nothing : octets.data;
	struct reader r = {start, start + octets.len};
	enum sluss_strict_result result = check_message(&c, type, r, 0);
	if (field_out != NULL) {
		memcpy(field_out, path, sizeof(path));
	}
	return result;
}

enum sluss_strict_result sluss_strict_unpack(const ProtobufCMessageDescriptor *type, struct sluss_bytes octets, ProtobufCAllocator *allocator,
    ProtobufCMessage **message_out, char field_out[SLUSS_STRICT_FIELD_MAX])
{
	*message_out = NULL;
	enum sluss_strict_result result = sluss_strict_check(type, octets, field_out);
	if (result != SLUSS_STRICT_OK) {
		return result;
	}
	static const uint8_t nothing[1];
	*message_out = protobuf_c_message_unpack(type, allocator, octets.len, octets.data == NULL ? nothing : octets.data);
	return *message_out == NULL ? SLUSS_STRICT_NO_MEMORY : SLUSS_STRICT_OK;
}
