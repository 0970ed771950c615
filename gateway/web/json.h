// SPDX-License-Identifier: EUPL-1.2
// ProtoJSON (https://protobuf.dev/programming-guides/json/) for the messages of the contract, generic over protobuf-c
// descriptors. Field names go out in lowerCamelCase and come in in both spellings; 64-bit integers are strings; octets
// are base64 (out: standard alphabet with padding; in: both alphabets, with or without padding);
// google.protobuf.Timestamp is RFC 3339. Fields at their default are left out. Known limits: no float or double, no
// map, no well-known type but Timestamp (the contract has none; a test holds it to that); an unquoted integer above
// 2^63-1 is refused.
#ifndef SLUSS_JSON_H
#define SLUSS_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "sluss/types.h"

enum { SLUSS_JSON_MAX_DEPTH = 32 };

// What was wrong with the text, for people and for Refusal.
struct sluss_json_error {
	char field[160]; // path with the contract's field names, for instance "grants[2].until"; empty: the whole
	char text[200];	 // one English sentence
};

// Reads JSON text into a message of this type. The text is foreign: it is checked for UTF-8, depth, double keys, both
// spellings of one field, two members of one oneof, number ranges, unknown enum names. Unknown fields are ignored, null
// means the default. NULL and *error filled when refused. Free the message with protobuf_c_message_free_unpacked(m,
// NULL).
ProtobufCMessage *sluss_json_to_message(
    const ProtobufCMessageDescriptor *descriptor, const char *text, size_t len, struct sluss_json_error *error);

// The same for text that a person wrote: an unknown field is refused by its path, but for "@type" at the top.
ProtobufCMessage *sluss_json_to_message_strict(
    const ProtobufCMessageDescriptor *descriptor, const char *text, size_t len, struct sluss_json_error *error);

// Writes the message as JSON text (compact unless indent is 1..31). NULL when memory is out or a string is not UTF-8.
// Free with free(). The text is NUL-terminated; *len_out (may be NULL) does not count the NUL.
char *sluss_json_from_message(const ProtobufCMessage *message, unsigned indent, size_t *len_out);

// The same as a jansson tree, for programs that add to it. NULL as above. The caller decrefs it.
json_t *sluss_json_tree(const ProtobufCMessage *message);

// Base64 of the standard alphabet (RFC 4648 section 4). Returns the length without NUL; out needs 4*((len+2)/3)+1
// octets.
size_t sluss_base64_encode(const uint8_t *data, size_t len, bool padding, char *out);

// Octets of base64 text in either alphabet, with or without padding; no blanks, no mixture, no stray bits. out needs
// 3*(len/4)+3 octets. False when malformed.
bool sluss_base64_decode(const char *text, size_t len, uint8_t *out, size_t *len_out);

#endif
