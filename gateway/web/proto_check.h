// SPDX-License-Identifier: EUPL-1.2
// Looks through foreign protobuf octets without decoding them, before anybody unpacks them.
#ifndef SLUSS_WEB_PROTO_CHECK_H
#define SLUSS_WEB_PROTO_CHECK_H

#include "web/json.h"

enum { SLUSS_PROTO_DEFAULT_MEMORY = 16 << 20 };

// True when the octets are a message of this type that protobuf_c_message_unpack takes, and every string in it (at any
// depth) is UTF-8 without U+0000, no singular field or oneof comes twice, nesting stays within SLUSS_JSON_MAX_DEPTH,
// and unpacking needs no more than about max_memory octets (0: 16 MiB). Stricter than protobuf asks: a known field with
// another wire type is refused, not taken as unknown. Unknown fields are well-formed or refused (groups are refused),
// and otherwise ignored. False and *error filled.
bool sluss_proto_check(const ProtobufCMessageDescriptor *descriptor, struct sluss_bytes octets, size_t max_memory,
    struct sluss_json_error *error);

#endif
