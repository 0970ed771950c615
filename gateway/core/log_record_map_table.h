// SPDX-License-Identifier: EUPL-1.2
// What the tables of the record codec are written with. Each macro also makes the compiler check that the C field has
// the type that the operation expects. For the files of tables only.
#ifndef SLUSS_LOG_RECORD_MAP_TABLE_H
#define SLUSS_LOG_RECORD_MAP_TABLE_H

#include <stddef.h>

#include "log_record_map.h"
#include "sluss/v1/log.pb-c.h"

// C and P are the two structs of the map at hand; a field has the same name in both. MUST(condition) is 0, or does not
// compile.
#define MUST(condition) (0 * sizeof(char[(condition) ? 1 : -1]))
#define C_IS(name, type) (0 * _Generic(((C *)0)->name, type : 1))
#define P_IS(name, type) (0 * _Generic(((P *)0)->name, type : 1))
#define ONE(kind, name, check, limit)                                                                                  \
	{                                                                                                              \
		.op = (kind), .max = (limit), .c = offsetof(C, name) + (check), .p = offsetof(P, name)                 \
	}
#define MANY(kind, name, number, check, map)                                                                           \
	{                                                                                                              \
		.op = (kind), .c = offsetof(C, name) + (check), .c_count = offsetof(C, number),                        \
		.p = offsetof(P, name), .p_count = offsetof(P, n_##name), .of = (map)                                  \
	}
#define STRING(name) ONE(OP_STRING, name, C_IS(name, const char *) + P_IS(name, char *), 0)
#define ID(name) ONE(OP_ID, name, C_IS(name, struct sluss_id) + P_IS(name, ProtobufCBinaryData), 0)
#define HASH(name)                                                                                                     \
	ONE(OP_HASH, name, MUST(sizeof(((C *)0)->name) == SLUSS_HASH_BYTES) + P_IS(name, ProtobufCBinaryData), 0)
#define BOOL(name) ONE(OP_BOOL, name, C_IS(name, bool) + P_IS(name, protobuf_c_boolean), 0)
#define ENUM(name, limit)                                                                                              \
	ONE(OP_ENUM, name, MUST(sizeof(((C *)0)->name) == 4) + MUST(sizeof(((P *)0)->name) == 4), limit)
#define U8(name) ONE(OP_U8, name, C_IS(name, uint8_t) + P_IS(name, uint32_t), 0)
#define U32(name) ONE(OP_U32, name, C_IS(name, uint32_t) + P_IS(name, uint32_t), 0)
#define I64(name) ONE(OP_I64, name, C_IS(name, int64_t) + P_IS(name, int64_t), 0)
#define STRINGS(name, number)                                                                                          \
	MANY(OP_STRINGS, name, number, C_IS(name, const char *const *) + P_IS(name, char **), NULL)
#define IDS(name, number)                                                                                              \
	MANY(OP_IDS, name, number, C_IS(name, const struct sluss_id *) + P_IS(name, ProtobufCBinaryData *), NULL)
#define IDS_SAME(name, number)                                                                                         \
	MANY(OP_IDS_SAME, name, number, C_IS(name, const struct sluss_id *) + P_IS(name, ProtobufCBinaryData *), NULL)
#define U32S(name, number) MANY(OP_U32S, name, number, C_IS(name, const uint32_t *) + P_IS(name, uint32_t *), NULL)
#define MESSAGES(name, number, map)                                                                                    \
	MANY(OP_MESSAGES, name, number, MUST(sizeof(((P *)0)->name) == sizeof(void *)), &(map))
#define MAP_OF(name, descriptor_name)                                                                                  \
	{                                                                                                              \
		.descriptor = &sluss__v1__##descriptor_name##__descriptor, .c_size = sizeof(C),                        \
		.fields = name##_fields, .count = sizeof(name##_fields) / sizeof(name##_fields[0])                     \
	}
#define MAP(name, descriptor_name) static const struct record_map name##_map = MAP_OF(name, descriptor_name)
// For the switch in log_record_map.c.
#define SHARED_MAP(name, descriptor_name) const struct record_map record_##name##_map = MAP_OF(name, descriptor_name)

extern const struct record_map record_message_map;
extern const struct record_map record_release_map;
extern const struct record_map record_payload_destroyed_map;
extern const struct record_map record_acknowledged_map;
extern const struct record_map record_expired_map;
extern const struct record_map record_recall_opened_map;
extern const struct record_map record_recall_answered_map;
extern const struct record_map record_recall_overdue_map;

#endif
