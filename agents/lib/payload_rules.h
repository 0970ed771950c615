// SPDX-License-Identifier: EUPL-1.2
// Internal to the payload types: what proto/payload_table makes of the options in payload*.proto. Constant.
#ifndef SLUSS_PAYLOAD_RULES_H
#define SLUSS_PAYLOAD_RULES_H

#include "sluss/payload.h"

// FieldRule of one field; other fields of the message are named by number, 0: none.
struct payload_field_rule {
	uint32_t tag;
	bool required;
	uint32_t unless_tag; // required unless this enum field has this value
	int32_t unless_value;
	uint32_t max_length; // characters
	uint32_t max_items;
	int form; // Sluss__V1__TextForm
	bool bounded_below, bounded_above;
	int64_t at_least, at_most;
	uint32_t not_more_than, after, not_before;
};

struct payload_message_rules {
	const ProtobufCMessageDescriptor *descriptor;
	const struct payload_field_rule *fields;
	size_t field_count;
	const uint32_t *const
	    *groups; // NULL-terminated lists of numbers ended by 0: at least one of each list is set. NULL: none
};

extern const struct payload_message_rules sluss_payload_rules[];
extern const size_t sluss_payload_rule_count;
extern const struct sluss_payload_type sluss_payload_table[];
extern const size_t sluss_payload_table_count;

// payload_form.c: is this text (not empty) written in this form? *explanation_out (static) says what is needed when it
// is not.
SLUSS_MUST_CHECK bool sluss_payload_form_fits(int form, const char *text, const char **explanation_out);

#endif
