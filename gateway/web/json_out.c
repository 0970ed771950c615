// SPDX-License-Identifier: EUPL-1.2
// Message to JSON. Trees are built with jansson; what is NULL there means "out of memory or not UTF-8" and makes the
// whole answer NULL.
#include <stdio.h>
#include <stdlib.h>

#include "web/json_names.h"

static json_t *message(const ProtobufCMessage *m);

static const void *at(const ProtobufCMessage *m, unsigned offset)
{
	return (const uint8_t *)m + offset;
}

static json_t *decimal(int64_t number, bool is_unsigned)
{
	char text[24];
	if (is_unsigned)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	else
		snprintf(text, sizeof(text), "%lld", (long long)number);
	return json_string_nocheck(text);
}

static json_t *octets(const ProtobufCBinaryData *data)
{
	if (data->len > SIZE_MAX / 2)
		return NULL;
	char *text = malloc(4 * ((data->len + 2) / 3) + 1);
	if (text == NULL)
		return NULL;
	size_t len = sluss_base64_encode(data->data, data->len, true, text);
	json_t *j = json_stringn_nocheck(text, len);
	free(text);
	return j;
}

static json_t *enumeration(const ProtobufCEnumDescriptor *d, int32_t number)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(d, number);
	return value != NULL ? json_string_nocheck(value->name) : json_integer(number);
}

// One value; for repeated fields one element.
static json_t *value(const ProtobufCFieldDescriptor *f, const void *p)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return json_integer(*(const int32_t *)p);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return json_integer(*(const uint32_t *)p);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return decimal(*(const int64_t *)p, false);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return decimal(*(const int64_t *)p, true);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)p);
	case PROTOBUF_C_TYPE_ENUM:
		return enumeration(f->descriptor, *(const int32_t *)p);
	case PROTOBUF_C_TYPE_STRING: {
		const char *text = *(char *const *)p;
		return json_string(text != NULL ? text : "");
	}
	case PROTOBUF_C_TYPE_BYTES:
		return octets(p);
	case PROTOBUF_C_TYPE_MESSAGE:
		return message(*(ProtobufCMessage *const *)p);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		return NULL; // not in the contract
	}
	return NULL;
}

static json_t *list(const ProtobufCFieldDescriptor *f, size_t count, const uint8_t *elements)
{
	json_t *array = json_array();
	size_t size = sluss_json_element_size(f->type);
	for (size_t i = 0; i < count && array != NULL; i++)
		if (json_array_append_new(array, value(f, elements + i * size)) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

// Whether a singular field is set, or (without presence) not at its default.
static bool present(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)at(m, f->quantifier_offset) == f->id;
	const void *p = at(m, f->offset);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(void *const *)p != NULL;
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		const char *text = *(char *const *)p;
		return text != NULL && (f->label == PROTOBUF_C_LABEL_OPTIONAL || text[0] != '\0');
	}
	if (f->label == PROTOBUF_C_LABEL_OPTIONAL)
		return *(const protobuf_c_boolean *)at(m, f->quantifier_offset) != 0;
	if (f->type == PROTOBUF_C_TYPE_BYTES)
		return ((const ProtobufCBinaryData *)p)->len > 0;
	static const uint64_t zero;
	return memcmp(p, &zero, sluss_json_element_size(f->type)) != 0;
}

static bool add_field(json_t *object, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	json_t *j;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t count = *(const size_t *)at(m, f->quantifier_offset);
		if (count == 0)
			return true;
		j = list(f, count, *(uint8_t *const *)at(m, f->offset));
	} else {
		if (!present(m, f))
			return true;
		j = value(f, at(m, f->offset));
	}
	char name[SLUSS_JSON_NAME_MAX];
	sluss_json_camel(f->name, name);
	return json_object_set_new_nocheck(object, name, j) == 0;
}

static json_t *timestamp(const ProtobufCMessage *m)
{
	int64_t seconds = 0;
	int32_t nanos = 0;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		if (f->id == 1)
			seconds = *(const int64_t *)at(m, f->offset);
		else if (f->id == 2)
			nanos = *(const int32_t *)at(m, f->offset);
	}
	char text[SLUSS_JSON_TIME_TEXT];
	return sluss_json_time_write(seconds, nanos, text) ? json_string_nocheck(text) : NULL;
}

static json_t *message(const ProtobufCMessage *m)
{
	if (m == NULL)
		return json_object();
	if (sluss_json_is_time(m->descriptor))
		return timestamp(m);
	json_t *object = json_object();
	for (unsigned i = 0; i < m->descriptor->n_fields && object != NULL; i++)
		if (!add_field(object, m, &m->descriptor->fields[i])) {
			json_decref(object);
			object = NULL;
		}
	return object;
}

json_t *sluss_json_tree(const ProtobufCMessage *m)
{
	return message(m);
}

char *sluss_json_from_message(const ProtobufCMessage *m, unsigned indent, size_t *len_out)
{
	json_t *tree = message(m);
	if (tree == NULL)
		return NULL;
	// A timestamp alone is a string, which jansson writes only when asked to.
	char *text = json_dumps(tree, (indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT) | JSON_ENCODE_ANY);
	json_decref(tree);
	if (text != NULL && len_out != NULL)
		*len_out = strlen(text);
	return text;
}
