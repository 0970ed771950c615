// SPDX-License-Identifier: EUPL-1.2
// Internal to the JSON codec: names, times and the layout of protobuf-c fields.
#ifndef SLUSS_WEB_JSON_NAMES_H
#define SLUSS_WEB_JSON_NAMES_H

#include "web/json.h"

enum {
	SLUSS_JSON_NAME_MAX = 80,  // longest field name in lowerCamelCase with its NUL
	SLUSS_JSON_TIME_TEXT = 36, // "9999-12-31T23:59:59.999999999Z" and NUL, with room
};

// The field's lowerCamelCase name (protobuf's rule: each "_x" becomes "X").
void sluss_json_camel(const char *name, char out[SLUSS_JSON_NAME_MAX]);

// The field that a key names, in either spelling; NULL when there is none.
const ProtobufCFieldDescriptor *sluss_json_field(const ProtobufCMessageDescriptor *descriptor, const char *key);

// This message type is google.protobuf.Timestamp.
bool sluss_json_is_time(const ProtobufCMessageDescriptor *descriptor);

// RFC 3339 with 0, 3, 6 or 9 decimals, in UTC. False when outside the years 1 to 9999 or nanos outside 0 to
// 999,999,999.
bool sluss_json_time_write(int64_t seconds, int32_t nanos, char out[SLUSS_JSON_TIME_TEXT]);

// The reverse; any offset, 0 to 9 decimals, no leap second.
bool sluss_json_time_read(const char *text, int64_t *seconds_out, int32_t *nanos_out);

// Octets of one element of a repeated field of this type, and of the field itself in the struct.
size_t sluss_json_element_size(ProtobufCType type);

#endif
