// SPDX-License-Identifier: EUPL-1.2
// Which field of struct sluss_record is which field of the LogRecord protobuf: one table for both directions, so that
// what is written is what is read. Inside the codec only.
#ifndef SLUSS_LOG_RECORD_MAP_H
#define SLUSS_LOG_RECORD_MAP_H

#include <protobuf-c/protobuf-c.h>

#include "policy/record.h"

enum record_op {
	OP_NONE = 0,
	OP_STRING, // const char * - string
	OP_ID,	   // struct sluss_id - bytes, empty when none
	OP_HASH,   // 32 octets - bytes, empty when all zero
	OP_BOOL,
	OP_ENUM, // 0 to max
	OP_U8,
	OP_U32,
	OP_I64,
	OP_STRINGS, // pointer and count - repeated
	OP_IDS,
	OP_IDS_SAME, // either none, or as many as the field before: they share its count
	OP_U32S,
	OP_MESSAGES, // of the map `of`
};

struct record_map;

struct record_field {
	enum record_op op;
	int32_t max;
	size_t c; // offsets in the C struct, and of its count
	size_t c_count;
	size_t p; // offsets in the protobuf struct, and of its count
	size_t p_count;
	const struct record_map *of;
};

struct record_map {
	const ProtobufCMessageDescriptor *descriptor;
	size_t c_size;
	const struct record_field *fields;
	size_t count;
};

// The map of an event, NULL for a type that is none.
const struct record_map *record_map_of(enum sluss_record_type type);

// Field numbers of events are 100 + type.
enum {
	RECORD_EVENT_BASE = 100,
};

#endif
