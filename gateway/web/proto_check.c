// SPDX-License-Identifier: EUPL-1.2
// Protobuf wire format (https://protobuf.dev/programming-guides/encoding/), read only.
#include "web/proto_check.h"

#include "web/path.h"
#include "web/utf8.h"

enum {
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_LEN = 2,
	WIRE_32 = 5,
	MAX_FIELDS = 64, // of one message type in the contract; a unit test holds it to that
	FIELD_NUMBER_MAX = (1 << 29) - 1,
	TAG_OCTETS_MAX = 5,    // protobuf-c reads no longer tag
	LENGTH_OCTETS_MAX = 5, // nor a longer length, however it is padded
	PER_MEMBER = 48,       // what protobuf-c keeps for each member while and after it unpacks
	PER_ALLOCATION = 32,
};

struct walk {
	size_t memory_left;
	struct sluss_json_error *error;
};

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
};

static bool message(
    struct walk *w, const ProtobufCMessageDescriptor *d, struct cursor c, int depth, const struct sluss_path *at);

static bool charge(struct walk *w, size_t octets, const struct sluss_path *at)
{
	if (octets > w->memory_left)
		return sluss_path_fault(at, w->error, "The message has too many parts.");
	w->memory_left -= octets;
	return true;
}

static bool varint(struct cursor *c, uint64_t *value_out)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (c->p == c->end)
			return false;
		uint8_t octet = *c->p++;
		if (shift == 63 && octet > 1)
			return false;
		value |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80) {
			*value_out = value;
			return true;
		}
	}
	return false;
}

static bool tag(struct cursor *c, uint32_t *number_out, unsigned *wire_out)
{
	const uint8_t *start = c->p;
	uint64_t value;
	if (!varint(c, &value) || c->p - start > TAG_OCTETS_MAX || value >> 3 == 0 || value >> 3 > FIELD_NUMBER_MAX)
		return false;
	*number_out = (uint32_t)(value >> 3);
	*wire_out = (unsigned)(value & 7);
	return true;
}

// The octets of one value of this wire type (for LEN without the length).
static bool value_of(struct cursor *c, unsigned wire, struct cursor *value_out)
{
	uint64_t len = 0;
	const uint8_t *start = c->p;
	switch (wire) {
	case WIRE_VARINT:
		if (!varint(c, &len))
			return false;
		*value_out = (struct cursor){start, c->p};
		return true;
	case WIRE_64:
		len = 8;
		break;
	case WIRE_32:
		len = 4;
		break;
	case WIRE_LEN:
		if (!varint(c, &len) || c->p - start > LENGTH_OCTETS_MAX)
			return false;
		break;
	default:
		return false;
	}
	if (len > (uint64_t)(c->end - c->p))
		return false;
	*value_out = (struct cursor){c->p, c->p + len};
	c->p += len;
	return true;
}

static unsigned wire_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return WIRE_VARINT;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_LEN;
	}
	return WIRE_LEN;
}

// A packed list: values of the element's wire type without tags.
static bool packed(struct walk *w, unsigned element_wire, struct cursor c, const struct sluss_path *at)
{
	while (c.p < c.end) {
		struct cursor element;
		if (!value_of(&c, element_wire, &element))
			return sluss_path_fault(at, w->error, "The packed list is cut off.");
		if (!charge(w, sizeof(uint64_t), at))
			return false;
	}
	return true;
}

static bool known(struct walk *w, const ProtobufCFieldDescriptor *f, unsigned wire, struct cursor value, int depth,
    const struct sluss_path *at)
{
	unsigned expected = wire_of(f->type);
	if (wire == WIRE_LEN && expected != WIRE_LEN && f->label == PROTOBUF_C_LABEL_REPEATED)
		return packed(w, expected, value, at);
	if (wire != expected)
		return sluss_path_fault(at, w->error, "The field has wire type %u where %u is needed.", wire, expected);
	if (expected != WIRE_LEN)
		return true;
	size_t len = (size_t)(value.end - value.p);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return message(w, f->descriptor, value, depth + 1, at);
	if (f->type == PROTOBUF_C_TYPE_STRING && !sluss_utf8_valid(value.p, len))
		return sluss_path_fault(at, w->error, "The text is not UTF-8, or has a NUL character.");
	return charge(w, len + PER_ALLOCATION, at);
}

// A singular field, or another member of its oneof, must not have come before.
static bool first_time(struct walk *w, const ProtobufCMessageDescriptor *d, const ProtobufCFieldDescriptor *f,
    uint64_t *seen, const struct sluss_path *at)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return true;
	size_t index = (size_t)(f - d->fields);
	if (*seen & UINT64_C(1) << index)
		return sluss_path_fault(at, w->error, "The field comes twice.");
	*seen |= UINT64_C(1) << index;
	if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
		return true;
	for (size_t i = 0; i < d->n_fields; i++)
		if (i != index && (*seen & UINT64_C(1) << i) && (d->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
		    d->fields[i].quantifier_offset == f->quantifier_offset)
			return sluss_path_fault(
			    at, w->error, "Only one of \"%s\" and \"%s\" may be set.", d->fields[i].name, f->name);
	return true;
}

static bool message(
    struct walk *w, const ProtobufCMessageDescriptor *d, struct cursor c, int depth, const struct sluss_path *at)
{
	if (depth > SLUSS_JSON_MAX_DEPTH)
		return sluss_path_fault(
		    at, w->error, "The message is nested deeper than %d levels.", SLUSS_JSON_MAX_DEPTH);
	if (d->n_fields > MAX_FIELDS || !charge(w, d->sizeof_message + PER_ALLOCATION, at))
		return sluss_path_fault(at, w->error, "The message has too many parts.");
	uint64_t seen = 0;
	uint32_t count[MAX_FIELDS] = {0};
	while (c.p < c.end) {
		uint32_t number;
		unsigned wire;
		struct cursor value;
		if (!tag(&c, &number, &wire))
			return sluss_path_fault(at, w->error, "The octets are not protobuf: a field's tag is wrong.");
		const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(d, number);
		struct sluss_path here = {.up = at, .name = f != NULL ? f->name : NULL, .index = -1};
		if (f != NULL && f->label == PROTOBUF_C_LABEL_REPEATED)
			here.index = (long)count[f - d->fields]++;
		const struct sluss_path *where = f != NULL ? &here : at;
		if (!value_of(&c, wire, &value))
			return sluss_path_fault(where, w->error,
			    "The octets are not protobuf: field %u is cut off or of a kind that nobody sends.", number);
		if (!charge(w, PER_MEMBER, where))
			return false;
		if (f == NULL) {
			if (!charge(w, (size_t)(value.end - value.p) + PER_ALLOCATION, where))
				return false;
		} else if (!first_time(w, d, f, &seen, where) || !known(w, f, wire, value, depth, where)) {
			return false;
		}
	}
	return true;
}

bool sluss_proto_check(const ProtobufCMessageDescriptor *descriptor, struct sluss_bytes octets, size_t max_memory,
    struct sluss_json_error *error)
{
	struct walk w = {.memory_left = max_memory == 0 ? SLUSS_PROTO_DEFAULT_MEMORY : max_memory, .error = error};
	struct cursor c = {octets.data, octets.data + octets.len};
	static const uint8_t nothing[1];
	if (octets.data == NULL)
		c = (struct cursor){nothing, nothing};
	return message(&w, descriptor, c, 1, NULL);
}
