// SPDX-License-Identifier: EUPL-1.2
// Judging content by the rules of its type: one walk over the message, guided by the table, that reports every problem
// with the path of its field.
#include <stdarg.h>
#include <stdio.h>

#include "payload_rules.h"

enum { DEPTH_MAX = 8 };

struct path {
	const struct path *up;
	const char *name;
	long index; // -1: none
};

struct walk {
	sluss_payload_report *report;
	void *context;
	size_t problems;
};

static size_t write_path(const struct path *at, char *out, size_t room)
{
	if (at == NULL) {
		return 0;
	}
	size_t used = write_path(at->up, out, room);
	const char *dot = used > 0 ? "." : "";
	int n = at->index < 0 ? snprintf(out + used, room - used, "%s%s", dot, at->name)
			      : snprintf(out + used, room - used, "%s%s[%ld]", dot, at->name, at->index);
	return n < 0 ? used : used + (size_t)n < room ? used + (size_t)n : room - 1;
}

static void complain(struct walk *w, const struct path *at, const char *format, ...) SLUSS_PRINTF(3, 4);

static void complain(struct walk *w, const struct path *at, const char *format, ...)
{
	struct sluss_payload_problem problem = {.field = ""};
	va_list args;
	w->problems++;
	if (w->report == NULL) {
		return;
	}
	(void)write_path(at, problem.field, sizeof(problem.field));
	va_start(args, format);
	(void)vsnprintf(problem.text, sizeof(problem.text), format, args);
	va_end(args);
	w->report(w->context, &problem);
}

static const struct payload_message_rules *rules_of(const ProtobufCMessageDescriptor *descriptor)
{
	for (size_t i = 0; i < sluss_payload_rule_count; i++) {
		if (sluss_payload_rules[i].descriptor == descriptor) {
			return &sluss_payload_rules[i];
		}
	}
	return NULL;
}

// ---- looking into messages as protobuf-c lays them out

static const void *value_of(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return (const uint8_t *)m + f->offset;
}

static size_t count_of(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	size_t count = 0;
	memcpy(&count, (const uint8_t *)m + f->quantifier_offset, sizeof(count));
	return count;
}

static const char *text_at(const void *value)
{
	const char *text = *(const char *const *)value;
	return text == NULL ? "" : text;
}

static int64_t number_at(const ProtobufCFieldDescriptor *f, const void *value)
{
	uint64_t large = 0;
	if (f->type == PROTOBUF_C_TYPE_UINT64) {
		memcpy(&large, value, sizeof(large));
		return large > INT64_MAX ? INT64_MAX : (int64_t)large;
	}
	return f->type == PROTOBUF_C_TYPE_INT32 ? (int64_t) * (const int32_t *)value
						: (int64_t) * (const uint32_t *)value;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static bool is_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		return count_of(m, f) > 0;
	}
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		return !is_blank(text_at(value_of(m, f)));
	}
	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		return *(const void *const *)value_of(m, f) != NULL;
	}
	return number_at(f, value_of(m, f)) != 0;
}

// ---- one value

static void judge_message(struct walk *w, const ProtobufCMessage *m, const struct path *at, int depth);

static void judge_text(struct walk *w, const struct payload_field_rule *r, const char *text, const struct path *at)
{
	const char *explanation = NULL;
	size_t length = 0;
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		length += (*c & 0xc0) != 0x80 ? 1 : 0;
		if ((*c < 0x20 && *c != '\n' && *c != '\r' && *c != '\t') || *c == 0x7f) {
			complain(w, at, "The text has a control character.");
			return;
		}
	}
	if (length > r->max_length) {
		complain(w, at, "The text has %zu characters; at most %u are allowed.", length, r->max_length);
	} else if (!sluss_payload_form_fits(r->form, text, &explanation)) {
		complain(w, at, "%s", explanation);
	}
}

static void judge_number(struct walk *w, const struct payload_field_rule *r, int64_t number, const struct path *at)
{
	if (r->bounded_below && number < r->at_least) {
		complain(
		    w, at, "The number is %lld; it must be at least %lld.", (long long)number, (long long)r->at_least);
	} else if (r->bounded_above && number > r->at_most) {
		complain(
		    w, at, "The number is %lld; it must be at most %lld.", (long long)number, (long long)r->at_most);
	}
}

static void judge_value(struct walk *w, const struct payload_field_rule *r, const ProtobufCFieldDescriptor *f,
    const void *value, const struct path *at, int depth)
{
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		judge_text(w, r, text_at(value), at);
	} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		judge_message(w, *(const ProtobufCMessage *const *)value, at, depth + 1);
	} else if (f->type == PROTOBUF_C_TYPE_ENUM) {
		const ProtobufCEnumDescriptor *d = f->descriptor;
		if (protobuf_c_enum_descriptor_get_value(d, *(const int32_t *)value) == NULL) {
			complain(w, at, "%d is no %s.", *(const int32_t *)value, d->short_name);
		}
	} else if (f->type != PROTOBUF_C_TYPE_BOOL) {
		judge_number(w, r, number_at(f, value), at);
	}
}

// ---- two fields

// -1, 0, 1 as a stands before, at or behind b. Dates compare as text; where a form does not fit, that was reported
// already, and they count as in order.
static int order(const ProtobufCFieldDescriptor *f, const void *a, const void *b)
{
	int64_t seconds[2];
	int32_t nanos[2];
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		int difference = strlen(text_at(a)) == strlen(text_at(b)) ? strcmp(text_at(a), text_at(b)) : 1;
		return (difference > 0) - (difference < 0);
	}
	const ProtobufCMessage *times[] = {*(const ProtobufCMessage *const *)a, *(const ProtobufCMessage *const *)b};
	for (int i = 0; i < 2; i++) { // google.protobuf.Timestamp: seconds and nanos
		memcpy(&seconds[i],
		    value_of(times[i], protobuf_c_message_descriptor_get_field(times[i]->descriptor, 1)),
		    sizeof(seconds[i]));
		memcpy(&nanos[i], value_of(times[i], protobuf_c_message_descriptor_get_field(times[i]->descriptor, 2)),
		    sizeof(nanos[i]));
	}
	if (seconds[0] != seconds[1]) {
		return seconds[0] < seconds[1] ? -1 : 1;
	}
	return nanos[0] == nanos[1] ? 0 : nanos[0] < nanos[1] ? -1 : 1;
}

static void judge_order(struct walk *w, const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, uint32_t tag,
    bool may_equal, const struct path *at)
{
	const ProtobufCFieldDescriptor *other = protobuf_c_message_descriptor_get_field(m->descriptor, tag);
	if (tag == 0 || !is_set(m, other)) {
		return;
	}
	int o = order(f, value_of(m, f), value_of(m, other));
	if (o == -1 || (o == 0 && !may_equal)) {
		complain(w, at, may_equal ? "It must not be before %s." : "It must be after %s.", other->name);
	}
}

static void judge_pair(struct walk *w, const struct payload_field_rule *r, const ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *f, const struct path *at)
{
	if (r->not_more_than != 0) {
		const ProtobufCFieldDescriptor *other =
		    protobuf_c_message_descriptor_get_field(m->descriptor, r->not_more_than);
		if (number_at(f, value_of(m, f)) > number_at(other, value_of(m, other))) {
			complain(w, at, "The number is %lld; it must not be more than %s, which is %lld.",
			    (long long)number_at(f, value_of(m, f)), other->name,
			    (long long)number_at(other, value_of(m, other)));
		}
	}
	judge_order(w, m, f, r->after, false, at);
	judge_order(w, m, f, r->not_before, true, at);
}

// ---- one field

static bool is_needed(const struct payload_field_rule *r, const ProtobufCMessage *m)
{
	if (r->unless_tag == 0) {
		return r->required;
	}
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(m->descriptor, r->unless_tag);
	return *(const int32_t *)value_of(m, f) != r->unless_value;
}

static void complain_missing(struct walk *w, const ProtobufCFieldDescriptor *f, const struct path *at)
{
	char names[160] = "";
	size_t used = 0;
	if (f->type != PROTOBUF_C_TYPE_ENUM) {
		complain(w, at, "%s",
		    f->label == PROTOBUF_C_LABEL_REPEATED ? "At least one is needed."
		    : f->type == PROTOBUF_C_TYPE_STRING	  ? "A text is needed."
							  : "This part is needed.");
		return;
	}
	const ProtobufCEnumDescriptor *d = f->descriptor;
	for (unsigned i = 0; i < d->n_values; i++) {
		if (d->values[i].value != 0 && used < sizeof(names)) {
			int n = snprintf(
			    names + used, sizeof(names) - used, "%s%s", used > 0 ? ", " : "", d->values[i].name);
			used = n < 0 ? sizeof(names) : used + (size_t)n;
		}
	}
	complain(w, at, used < sizeof(names) ? "One of these is needed: %s." : "One of these is needed: %s ...", names);
}

static void judge_field(
    struct walk *w, const struct payload_field_rule *r, const ProtobufCMessage *m, const struct path *up, int depth)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(m->descriptor, r->tag);
	struct path at = {up, f->name, -1};
	if (!is_set(m, f)) {
		if (is_needed(r, m)) {
			complain_missing(w, f, &at);
		} else if (f->label != PROTOBUF_C_LABEL_REPEATED &&
			   (f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_INT32)) {
			judge_number(w, r, 0, &at);
		}
		return;
	}
	if (f->label != PROTOBUF_C_LABEL_REPEATED) {
		judge_value(w, r, f, value_of(m, f), &at, depth);
		judge_pair(w, r, m, f, &at);
		return;
	}
	size_t count = count_of(m, f);
	size_t size =
	    f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE ? sizeof(void *) : sizeof(uint32_t);
	const uint8_t *items = *(const uint8_t *const *)value_of(m, f);
	if (count > r->max_items) {
		complain(w, &at, "There are %zu; at most %u are allowed.", count, r->max_items);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		at.index = (long)i;
		if (f->type == PROTOBUF_C_TYPE_STRING && is_blank(text_at(items + i * size))) {
			complain(w, &at, "A text is needed.");
		} else {
			judge_value(w, r, f, items + i * size, &at, depth);
		}
	}
}

// ---- one message

static void judge_group(struct walk *w, const ProtobufCMessage *m, const uint32_t *tags, const struct path *at)
{
	char names[160] = "";
	size_t used = 0;
	for (const uint32_t *tag = tags; *tag != 0; tag++) {
		const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(m->descriptor, *tag);
		if (is_set(m, f)) {
			return;
		}
		int n = snprintf(names + used, sizeof(names) - used, "%s%s", used > 0 ? " or " : "", f->name);
		used = n < 0 || used + (size_t)n >= sizeof(names) ? sizeof(names) - 1 : used + (size_t)n;
	}
	complain(w, at, "%s is needed.", names);
}

static void judge_message(struct walk *w, const ProtobufCMessage *m, const struct path *at, int depth)
{
	const struct payload_message_rules *rules = rules_of(m->descriptor);
	if (rules == NULL || depth > DEPTH_MAX) { // no payload type goes so deep
		return;
	}
	for (size_t i = 0; i < rules->field_count; i++) {
		judge_field(w, &rules->fields[i], m, at, depth);
	}
	for (const uint32_t *const *group = rules->groups; group != NULL && *group != NULL; group++) {
		judge_group(w, m, *group, at);
	}
}

size_t sluss_payload_check(const ProtobufCMessage *content, sluss_payload_report *report, void *context)
{
	struct walk w = {report, context, 0};
	if (content == NULL || sluss_payload_type_find(content->descriptor->name) == NULL) {
		complain(&w, NULL, "This is no payload type.");
	} else {
		judge_message(&w, content, NULL, 0);
	}
	return w.problems;
}
