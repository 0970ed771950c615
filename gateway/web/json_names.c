// SPDX-License-Identifier: EUPL-1.2
#include "web/json_names.h"

#include <assert.h>

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

void sluss_json_camel(const char *name, char out[SLUSS_JSON_NAME_MAX])
{
	size_t used = 0;
	for (const char *p = name; *p != '\0'; p++) {
		char c = *p == '_' && p[1] != '\0' ? upper(*++p) : *p;
		assert(used + 1 < SLUSS_JSON_NAME_MAX); // names are the contract's, not the peer's
		out[used++] = c;
	}
	out[used] = '\0';
}

static bool is_camel_of(const char *key, const char *name)
{
	for (; *name != '\0'; name++, key++) {
		char c = *name == '_' && name[1] != '\0' ? upper(*++name) : *name;
		if (*key != c)
			return false;
	}
	return *key == '\0';
}

const ProtobufCFieldDescriptor *sluss_json_field(const ProtobufCMessageDescriptor *descriptor, const char *key)
{
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &descriptor->fields[i];
		if (is_camel_of(key, f->name) || strcmp(key, f->name) == 0)
			return f;
	}
	return NULL;
}

bool sluss_json_is_time(const ProtobufCMessageDescriptor *descriptor)
{
	return strcmp(descriptor->name, "google.protobuf.Timestamp") == 0;
}

size_t sluss_json_element_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return sizeof(uint32_t);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_STRING:
		return sizeof(char *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(ProtobufCMessage *);
	}
	return 0;
}
