// SPDX-License-Identifier: EUPL-1.2
// Signed statements: making them, and reading them strictly. Used by libsluss and by the gateway's core. Any thread; no state.
// Links sluss_proto (generated protobuf-c) and sluss_crypto.
#ifndef SLUSS_STATEMENT_H
#define SLUSS_STATEMENT_H

#include <protobuf-c/protobuf-c.h>

#include "sluss/id.h"
#include "sluss/key.h"
#include "sluss/types.h"
#include "sluss/v1/common.pb-c.h"

// ---- strict reading

enum sluss_strict_result {
	SLUSS_STRICT_OK = 0,
	SLUSS_STRICT_TRUNCATED,     // ends inside a field, or a length points beyond the end
	SLUSS_STRICT_BAD_TAG,       // field number 0, unknown wire type, varint too long
	SLUSS_STRICT_UNKNOWN_FIELD, // a field that this contract does not have, at any depth
	SLUSS_STRICT_WRONG_TYPE,    // a known field with another wire type
	SLUSS_STRICT_REPEATED,      // a singular field, or two members of a oneof, more than once: readers would differ in which one counts
	SLUSS_STRICT_BAD_TEXT,      // a string that is not UTF-8 (RFC 3629) or contains NUL
	SLUSS_STRICT_BAD_VALUE,     // an enum number without a name, a bool that is neither 0 nor 1, a timestamp out of range
	SLUSS_STRICT_TOO_MANY,      // more than SLUSS_STRICT_FIELDS_MAX fields, or deeper than SLUSS_STRICT_DEPTH_MAX
	SLUSS_STRICT_NO_MEMORY,
};

enum {
	SLUSS_STRICT_FIELDS_MAX = 65536,
	SLUSS_STRICT_DEPTH_MAX = 16,
	SLUSS_STRICT_FIELD_MAX = 96, // octets of a field path with its NUL
};

// "truncated", "unknown field" ...
const char *sluss_strict_result_name(enum sluss_strict_result result);

// Checks the octets against the message type without allocating. `field_out` (may be NULL) gets the path of the offending field ("grants[2].from", "field 19"), empty when
// it is the whole; cut where it is too long.
SLUSS_MUST_CHECK enum sluss_strict_result sluss_strict_check(
    const ProtobufCMessageDescriptor *type, struct sluss_bytes octets, char field_out[SLUSS_STRICT_FIELD_MAX]);

// Checks, then unpacks. On OK *message_out belongs to the caller, who frees it with protobuf_c_message_free_unpacked and the same allocator (NULL: malloc);
// else it is NULL. Strings have no NUL inside, so that what C reads is what was signed.
SLUSS_MUST_CHECK enum sluss_strict_result sluss_strict_unpack(const ProtobufCMessageDescriptor *type, struct sluss_bytes octets, ProtobufCAllocator *allocator,
    ProtobufCMessage **message_out, char field_out[SLUSS_STRICT_FIELD_MAX]);

// ---- times

// Milliseconds since the Unix epoch from a Timestamp message; fractions of a millisecond are cut. False: NULL, nanos outside 0..999999999, or seconds outside
// years 0001 to 9999.
SLUSS_MUST_CHECK bool sluss_timestamp_ms(const Google__Protobuf__Timestamp *timestamp, int64_t *ms_out);

// Fills a Timestamp message (initialises it).
void sluss_timestamp_set(Google__Protobuf__Timestamp *timestamp, int64_t ms);

// ---- the first six fields of every statement

enum {
	SLUSS_KIND_MAX = 63,       // longest kind, without NUL
	SLUSS_AUTHORITY_MAX = 127, // longest authority (the log's origin), without NUL
};

struct sluss_statement_header {
	char kind[SLUSS_KIND_MAX + 1];
	char authority[SLUSS_AUTHORITY_MAX + 1];
	struct sluss_id id;
	char agency_id[SLUSS_AGENCY_MAX + 1];
	char officer_id[SLUSS_OFFICER_MAX + 1];
	int64_t at_ms;
};

// Reads the header of any statement or envelope (both have the same first six fields) and checks the form of each: kind and authority not empty, a UUID,
// an agency id, an officer id, a time. False: `field_out` (may be NULL) points to a static name of the field that is wrong, "" for the whole. Says nothing
// about the signature, and leaves the rest of the statement unread.
SLUSS_MUST_CHECK bool sluss_statement_header_read(struct sluss_bytes statement, struct sluss_statement_header *header_out, const char **field_out);

// The same for a statement that is unpacked already: no second parse. The message's fields 1 to 6 must be those of StatementHeader (the programmer's promise).
SLUSS_MUST_CHECK bool sluss_statement_header_of(const ProtobufCMessage *message, struct sluss_statement_header *header_out, const char **field_out);

// ---- making one

// Who states, where, when.
struct sluss_author {
	const char *authority;
	const char *agency_id;
	const char *officer_id;
	int64_t at_ms;
};

// The storage that a stamped message points into; lives as long as the message is used.
struct sluss_stamp {
	char id[SLUSS_ID_TEXT];
	Google__Protobuf__Timestamp at;
};

// Sets fields 1 to 6 of any statement or envelope message: kind from the message's own type, id, author, time. The message then points to `author` strings, to
// `stamp` and to static text; none of it is freed with protobuf_c_message_free_unpacked, so stamp only messages that you built yourself.
void sluss_statement_stamp(ProtobufCMessage *message, const struct sluss_author *author, const struct sluss_id *id, struct sluss_stamp *stamp);

// The octets of a statement with their signature.
struct sluss_signed {
	uint8_t *octets; // owned
	size_t len;
	uint8_t signature[SLUSS_SIGNATURE_BYTES];
	char key_id[SLUSS_KEY_ID_TEXT];
};

// Packs and signs. False: no memory. The caller frees.
SLUSS_MUST_CHECK bool sluss_statement_sign(const ProtobufCMessage *message, const struct sluss_signing_key *key, struct sluss_signed *signed_out);
void sluss_signed_free(struct sluss_signed *s);

// Views it as the wire message, pointing into `s`, which must outlive it.
void sluss_signed_view(struct sluss_signed *s, Sluss__V1__SignedStatement *view_out);

// True only when the signature has 64 octets, `key_id` is this key's, and the key signed exactly these octets.
SLUSS_MUST_CHECK bool sluss_statement_verify(
    const uint8_t public_key[SLUSS_KEY_BYTES], const char *key_id, struct sluss_bytes octets, struct sluss_bytes signature);

#endif
