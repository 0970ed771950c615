// SPDX-License-Identifier: EUPL-1.2
// The types of content that sections carry (proto/sluss/v1/payload*.proto): the category that is a property of each,
// the messages that it may stand in, and what is valid in it. All of it comes from options in the .proto files.
// Constant; any thread.
#ifndef SLUSS_PAYLOAD_H
#define SLUSS_PAYLOAD_H

#include <protobuf-c/protobuf-c.h>

#include "sluss/types.h"

struct sluss_payload_type {
	const ProtobufCMessageDescriptor *descriptor; // descriptor->name is SectionHeader.payload_type
	const char *category;	// NULL: the content says its category itself (Note.category); empty: about nobody
				// (DeviationReport)
	uint32_t message_types; // bit n: may stand in messages of sluss.v1.MessageType n
};

// By full name ("sluss.v1.AttendanceReport") or short name ("AttendanceReport"). NULL: there is none.
const struct sluss_payload_type *sluss_payload_type_find(const char *name);

// All types; *count_out is how many.
const struct sluss_payload_type *sluss_payload_types(size_t *count_out);

// The category that this content has, by its type or by itself. Never NULL; owned by the content or static. Empty:
// about nobody (a DeviationReport).
const char *sluss_payload_category(const struct sluss_payload_type *type, const ProtobufCMessage *content);

// May a section of this type stand in a message of this type (sluss.v1.MessageType)?
bool sluss_payload_fits(const struct sluss_payload_type *type, int message_type);

// The type for content of this category (NULL: of any) in a message of this type (0: any): the one with the message's
// own name, or else the only one that fits. NULL: cannot be told.
const struct sluss_payload_type *sluss_payload_type_for(const char *category, int message_type);

// ---- what is valid

struct sluss_payload_problem {
	char field[160]; // path, for instance "goals[0].follow_up.at"; empty: the whole
	char text[200];	 // one English sentence: what is needed
};

// Called for each problem, in the order of the fields.
typedef void sluss_payload_report(void *context, const struct sluss_payload_problem *problem);

// Judges content of any payload type by the rules of its type. Returns how many problems there are; 0: valid. `report`
// may be NULL. Content of no payload type has one problem.
SLUSS_MUST_CHECK size_t sluss_payload_check(
    const ProtobufCMessage *content, sluss_payload_report *report, void *context);

// ---- JSON

// Reads ProtoJSON. The text is foreign. A first member "@type" may name the type; it must when `type` is NULL, and must
// not differ when both are given. Unlike the gateway, a field that the type does not have is refused by name: what
// somebody wrote must not be lost without a word. Validity is not judged (sluss_payload_check). NULL: refused, *problem
// says where. Free with protobuf_c_message_free_unpacked.
SLUSS_MUST_CHECK ProtobufCMessage *sluss_payload_from_json(
    const struct sluss_payload_type *type, const char *text, size_t len, struct sluss_payload_problem *problem);

// The reverse, with "@type" first; indented. NULL: no memory. Free with free().
SLUSS_MUST_CHECK char *sluss_payload_to_json(const ProtobufCMessage *content);

#endif
