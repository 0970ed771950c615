// SPDX-License-Identifier: EUPL-1.2
// The payload types and their categories. protobuf-c keeps no custom options, so the table repeats them; tests/unit/agents_payload.c holds it to payload.proto.
#include "sluss/payload.h"

#include "sluss/v1/payload.pb-c.h"

static const struct sluss_payload_type types[] = {
	{&sluss__v1__attachment__descriptor, NULL},
	{&sluss__v1__attendance_report__descriptor, "school_attendance"},
	{&sluss__v1__note__descriptor, NULL},
};

enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

const struct sluss_payload_type *sluss_payload_type_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < TYPE_COUNT; i++) {
		if (strcmp(types[i].descriptor->name, name) == 0 || strcmp(types[i].descriptor->short_name, name) == 0) {
			return &types[i];
		}
	}
	return NULL;
}

const struct sluss_payload_type *sluss_payload_types(size_t *count_out)
{
	*count_out = TYPE_COUNT;
	return types;
}

const char *sluss_payload_category(const struct sluss_payload_type *type, const ProtobufCMessage *content)
{
	if (type->category != NULL) {
		return type->category;
	}
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(content->descriptor, "category");
	if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING) {
		return "";
	}
	const char *category = *(char *const *)((uintptr_t)content + field->offset);
	return category == NULL ? "" : category;
}
