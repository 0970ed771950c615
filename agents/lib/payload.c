// SPDX-License-Identifier: EUPL-1.2
// The payload types, their categories and the messages that they may stand in. The table is made from the contract's
// options (proto/payload_table).
#include "payload_rules.h"
#include "sluss/v1/common.pb-c.h"

const struct sluss_payload_type *sluss_payload_type_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < sluss_payload_table_count; i++) {
		const struct sluss_payload_type *type = &sluss_payload_table[i];
		if (strcmp(type->descriptor->name, name) == 0 || strcmp(type->descriptor->short_name, name) == 0) {
			return type;
		}
	}
	return NULL;
}

const struct sluss_payload_type *sluss_payload_types(size_t *count_out)
{
	*count_out = sluss_payload_table_count;
	return sluss_payload_table;
}

const char *sluss_payload_category(const struct sluss_payload_type *type, const ProtobufCMessage *content)
{
	if (type->category != NULL) {
		return type->category;
	}
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(content->descriptor, "category");
	if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING) {
		return "";
	}
	const char *category = *(char *const *)((uintptr_t)content + field->offset);
	return category == NULL ? "" : category;
}

bool sluss_payload_fits(const struct sluss_payload_type *type, int message_type)
{
	return message_type > 0 && message_type < 32 && (type->message_types >> message_type & 1) != 0;
}

// Is this the type that the message is named for? MESSAGE_TYPE_ACTION_PLAN and ActionPlan.
static bool has_name_of(const struct sluss_payload_type *type, int message_type)
{
	const ProtobufCEnumValue *value =
	    protobuf_c_enum_descriptor_get_value(&sluss__v1__message_type__descriptor, message_type);
	const char *at = value == NULL ? "" : value->name + strlen("MESSAGE_TYPE_");
	const char *name = type->descriptor->short_name;
	for (; *at != '\0' && *name != '\0'; at++, name++) {
		at += *at == '_' ? 1 : 0;
		if ((*at | 0x20) != (*name | 0x20)) { // both are letters
			return false;
		}
	}
	return *at == '\0' && *name == '\0';
}

const struct sluss_payload_type *sluss_payload_type_for(const char *category, int message_type)
{
	const struct sluss_payload_type *found = NULL;
	size_t count = 0;
	for (size_t i = 0; i < sluss_payload_table_count; i++) {
		const struct sluss_payload_type *type = &sluss_payload_table[i];
		if (type->category == NULL || (message_type != 0 && !sluss_payload_fits(type, message_type)) ||
		    (category != NULL && strcmp(type->category, category) != 0)) {
			continue;
		}
		if (message_type != 0 && has_name_of(type, message_type)) {
			return type;
		}
		found = type;
		count++;
	}
	return count == 1 ? found : NULL;
}
