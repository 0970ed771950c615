// SPDX-License-Identifier: EUPL-1.2
// The types of content that sections carry (proto/sluss/v1/payload.proto), and the category that is a property of each. Constant; any thread.
#ifndef SLUSS_PAYLOAD_H
#define SLUSS_PAYLOAD_H

#include <protobuf-c/protobuf-c.h>

#include "sluss/types.h"

struct sluss_payload_type {
	const ProtobufCMessageDescriptor *descriptor; // descriptor->name is SectionHeader.payload_type
	const char *category; // NULL: the content says its category itself (Note.category)
};

// By full name ("sluss.v1.AttendanceReport") or short name ("AttendanceReport"). NULL: there is none.
const struct sluss_payload_type *sluss_payload_type_find(const char *name);

// All types; *count_out is how many.
const struct sluss_payload_type *sluss_payload_types(size_t *count_out);

// The category that this content has, by its type or by itself. Never NULL; owned by the content or static. Empty: about nobody (a DeviationReport's Note).
const char *sluss_payload_category(const struct sluss_payload_type *type, const ProtobufCMessage *content);

#endif
