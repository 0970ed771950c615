// SPDX-License-Identifier: EUPL-1.2
// ProtoJSON: what is accepted, what is refused and at which field, and round trips over every message type of the
// contract.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ipc/methods.h"
#include "sluss/v1/audit.pb-c.h"
#include "sluss/v1/case.pb-c.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "web/json.h"
#include "web/proto_check.h"

// Text in, and the same message as text out. out NULL: refused, at this field.
struct json_case {
	const ProtobufCMessageDescriptor *type;
	const char *in;
	const char *out;
	const char *field;
};

#define FETCH &sluss__v1__fetch_request__descriptor
#define GRANT &sluss__v1__grant__descriptor
#define EXPORT &sluss__v1__export_request__descriptor
#define SIGNED &sluss__v1__signed_statement__descriptor
#define CLAIM &sluss__v1__claim__descriptor
#define CONCERNED &sluss__v1__concerned__descriptor
#define SEND &sluss__v1__send_request__descriptor
#define ENVELOPE &sluss__v1__envelope__descriptor
#define LIST &sluss__v1__list_disclosures_request__descriptor

static const struct json_case cases[] = {
    {FETCH, "{}", "{}", NULL},
    {FETCH, " {\"maxMessages\" : 5 , \"waitMs\":100}\n", "{\"maxMessages\":5,\"waitMs\":100}", NULL},
    {FETCH, "{\"max_messages\":5}", "{\"maxMessages\":5}", NULL},
    {FETCH, "{\"maxMessages\":\"5\"}", "{\"maxMessages\":5}", NULL},
    {FETCH, "{\"maxMessages\":5.0}", "{\"maxMessages\":5}", NULL},
    {FETCH, "{\"maxMessages\":1e3}", "{\"maxMessages\":1000}", NULL},
    {FETCH, "{\"maxMessages\":4294967295}", "{\"maxMessages\":4294967295}", NULL},
    {FETCH, "{\"maxMessages\":null,\"officerId\":null}", "{}", NULL},
    {FETCH, "{\"future\":{\"deep\":[1,2,{\"x\":null}]},\"waitMs\":1}", "{\"waitMs\":1}", NULL},
    {FETCH, "{\"officerId\":\"\\u00e5\\ud83d\\ude00\"}", "{\"officerId\":\"å😀\"}", NULL},
    {FETCH, "{\"maxMessages\":4294967296}", NULL, "max_messages"},
    {FETCH, "{\"maxMessages\":-1}", NULL, "max_messages"},
    {FETCH, "{\"maxMessages\":1.5}", NULL, "max_messages"},
    {FETCH, "{\"maxMessages\":\"\"}", NULL, "max_messages"},
    {FETCH, "{\"maxMessages\":\" 5\"}", NULL, "max_messages"},
    {FETCH, "{\"maxMessages\":\"05\"}", NULL, "max_messages"},
    {FETCH, "{\"maxMessages\":true}", NULL, "max_messages"},
    {FETCH, "{\"maxMessages\":[5]}", NULL, "max_messages"},
    {FETCH, "{\"officerId\":5}", NULL, "officer_id"},
    {FETCH, "{\"officerId\":\"a\\u0000b\"}", NULL, ""},
    {FETCH, "{\"officerId\":\"\\ud83d\"}", NULL, ""},
    {FETCH, "{\"officerId\":\"\xc3\x28\"}", NULL, ""},
    {FETCH, "{\"officerId\":\"\xed\xa0\x80\"}", NULL, ""},
    {FETCH, "{\"waitMs\":1,\"waitMs\":2}", NULL, ""},
    {FETCH, "{\"waitMs\":1,\"wait_ms\":1}", NULL, "wait_ms"},
    {FETCH, "{\"waitMs\":null,\"wait_ms\":1}", NULL, "wait_ms"},
    {FETCH, "", NULL, ""},
    {FETCH, "null", NULL, ""},
    {FETCH, "[]", NULL, ""},
    {FETCH, "{\"waitMs\":1}}", NULL, ""},
    {FETCH, "{\"waitMs\":1,}", NULL, ""},
    {FETCH, "{'waitMs':1}", NULL, ""},
    {FETCH, "{\"waitMs\":01}", NULL, ""},
    {FETCH, "{\"waitMs\":NaN}", NULL, ""},
    {FETCH, "\xef\xbb\xbf{}", NULL, ""},

    {EXPORT, "{\"start\":\"18446744073709551615\"}", "{\"start\":\"18446744073709551615\"}", NULL},
    {EXPORT, "{\"start\":7}", "{\"start\":\"7\"}", NULL},
    {EXPORT, "{\"start\":9223372036854775807}", "{\"start\":\"9223372036854775807\"}", NULL},
    {EXPORT, "{\"start\":\"18446744073709551616\"}", NULL, "start"},
    {EXPORT, "{\"start\":\"-1\"}", NULL, "start"},
    {EXPORT, "{\"start\":1e300}", NULL, "start"},

    {SIGNED, "{\"statement\":\"+/8=\"}", "{\"statement\":\"+/8=\"}", NULL},
    {SIGNED, "{\"statement\":\"-_8\"}", "{\"statement\":\"+/8=\"}", NULL},
    {SIGNED, "{\"statement\":\"YQ==\"}", "{\"statement\":\"YQ==\"}", NULL},
    {SIGNED, "{\"statement\":\"YQ\"}", "{\"statement\":\"YQ==\"}", NULL},
    {SIGNED, "{\"statement\":\"\"}", "{}", NULL},
    {SIGNED, "{\"statement\":\"Y\"}", NULL, "statement"},
    {SIGNED, "{\"statement\":\"Y===\"}", NULL, "statement"},
    {SIGNED, "{\"statement\":\"YR==\"}", NULL, "statement"},
    {SIGNED, "{\"statement\":\"Y Q=\"}", NULL, "statement"},
    {SIGNED, "{\"statement\":\"+_8=\"}", NULL, "statement"},
    {SIGNED, "{\"statement\":\"YQ=a\"}", NULL, "statement"},
    {SIGNED, "{\"statement\":[1,2]}", NULL, "statement"},

    {GRANT, "{\"purpose\":\"PURPOSE_ASSESSMENT\"}", "{\"purpose\":\"PURPOSE_ASSESSMENT\"}", NULL},
    {GRANT, "{\"purpose\":2}", "{\"purpose\":\"PURPOSE_ASSESSMENT\"}", NULL},
    {GRANT, "{\"purpose\":4711}", "{\"purpose\":4711}", NULL},
    {GRANT, "{\"purpose\":-1}", "{\"purpose\":-1}", NULL},
    {GRANT, "{\"purpose\":\"PURPOSE_UNSPECIFIED\"}", "{}", NULL},
    {GRANT, "{\"purpose\":\"COORDINATION\"}", NULL, "purpose"},
    {GRANT, "{\"purpose\":\"2\"}", NULL, "purpose"},
    {GRANT, "{\"purpose\":2147483648}", NULL, "purpose"},
    {GRANT, "{\"protectedMark\":true}", "{\"protectedMark\":true}", NULL},
    {GRANT, "{\"protectedMark\":1}", NULL, "protected_mark"},
    {GRANT, "{\"protectedMark\":\"true\"}", NULL, "protected_mark"},
    {GRANT, "{\"persons\":[{\"personId\":\"a\"},{}]}", "{\"persons\":[{\"personId\":\"a\"},{}]}", NULL},
    {GRANT, "{\"persons\":[]}", "{}", NULL},
    {GRANT, "{\"persons\":{}}", NULL, "persons"},
    {GRANT, "{\"persons\":[null]}", NULL, "persons[0]"},
    {GRANT, "{\"persons\":[{},{\"status\":\"NO\"}]}", NULL, "persons[1].status"},

    {GRANT, "{\"from\":\"2012-08-20T09:30:00Z\"}", "{\"from\":\"2012-08-20T09:30:00Z\"}", NULL},
    {GRANT, "{\"from\":\"2012-08-20T11:30:00+02:00\"}", "{\"from\":\"2012-08-20T09:30:00Z\"}", NULL},
    {GRANT, "{\"from\":\"2012-08-20T09:30:00.5Z\"}", "{\"from\":\"2012-08-20T09:30:00.500Z\"}", NULL},
    {GRANT, "{\"from\":\"2012-08-20T09:30:00.000001Z\"}", "{\"from\":\"2012-08-20T09:30:00.000001Z\"}", NULL},
    {GRANT, "{\"from\":\"2012-08-20T09:30:00.123456789Z\"}", "{\"from\":\"2012-08-20T09:30:00.123456789Z\"}", NULL},
    {GRANT, "{\"from\":\"0001-01-01T00:00:00Z\"}", "{\"from\":\"0001-01-01T00:00:00Z\"}", NULL},
    {GRANT, "{\"from\":\"9999-12-31T23:59:59.999999999Z\"}", "{\"from\":\"9999-12-31T23:59:59.999999999Z\"}", NULL},
    {GRANT, "{\"from\":\"1969-12-31T23:59:59.250Z\"}", "{\"from\":\"1969-12-31T23:59:59.250Z\"}", NULL},
    {GRANT, "{\"from\":\"2000-02-29T00:00:00Z\"}", "{\"from\":\"2000-02-29T00:00:00Z\"}", NULL},
    {GRANT, "{\"from\":null}", "{}", NULL},
    {GRANT, "{\"from\":\"2001-02-29T00:00:00Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"1900-02-29T00:00:00Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"2012-13-01T00:00:00Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"2012-08-20T24:00:00Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"2012-08-20T23:59:60Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"2012-08-20T09:30:00\"}", NULL, "from"},
    {GRANT, "{\"from\":\"2012-08-20 09:30:00Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"2012-08-20T09:30:00.Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"2012-08-20T09:30:00.1234567890Z\"}", NULL, "from"},
    {GRANT, "{\"from\":\"0001-01-01T00:00:00+01:00\"}", NULL, "from"},
    {GRANT, "{\"from\":\"0000-01-01T00:00:00Z\"}", NULL, "from"},
    {GRANT, "{\"from\":1345455000}", NULL, "from"},
    {GRANT, "{\"from\":{\"seconds\":1}}", NULL, "from"},

    {CLAIM, "{\"provision\":\"OSL-10-18a\"}", "{\"provision\":\"OSL-10-18a\"}", NULL},
    {CLAIM, "{\"provision\":\"\"}", "{\"provision\":\"\"}", NULL},
    {CLAIM, "{\"provision\":null,\"consentId\":\"c\"}", "{\"consentId\":\"c\"}", NULL},
    {CLAIM, "{\"provision\":\"a\",\"consentId\":\"c\"}", NULL, "consent_id"},
    {CONCERNED, "{\"subject\":false}", "{\"subject\":false}", NULL},

    {SEND, "{\"sections\":[{\"keys\":[{\"sealedKey\":\"YQ==\"},{\"sealedKey\":\"!\"}]}]}", NULL,
	"sections[0].keys[1].sealed_key"},
    {ENVELOPE, "{\"sectionDigests\":[\"YQ==\",\"\"],\"at\":\"1970-01-01T00:00:00Z\"}",
	"{\"at\":\"1970-01-01T00:00:00Z\",\"sectionDigests\":[\"YQ==\",\"\"]}", NULL},
    {LIST, "{\"from\":\"1970-01-01T00:00:00Z\",\"pageSize\":3}", "{\"from\":\"1970-01-01T00:00:00Z\",\"pageSize\":3}",
	NULL},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct json_case *c = &cases[i];
		struct sluss_json_error error;
		ProtobufCMessage *m = sluss_json_to_message(c->type, c->in, strlen(c->in), &error);
		if ((m == NULL) != (c->out == NULL))
			fail_msg("%s: %s %s", c->in, m == NULL ? "refused" : "accepted", error.text);
		if (m == NULL) {
			assert_string_equal(error.field, c->field);
			assert_true(strlen(error.text) > 10);
			continue;
		}
		char *text = sluss_json_from_message(m, 0, NULL);
		if (c->in[0] != ' ' && text != NULL && strcmp(text, c->out) != 0)
			print_message("%s\n", c->in);
		assert_string_equal(text, c->out);
		free(text);
		protobuf_c_message_free_unpacked(m, NULL);
	}
}

static void test_depth(void **state)
{
	(void)state;
	char text[400] = "{\"x\":";
	struct sluss_json_error error;
	for (int depth = 31; depth <= 32; depth++) {
		memset(text + 5, '[', (size_t)depth);
		memset(text + 5 + depth, ']', (size_t)depth);
		memcpy(text + 5 + 2 * depth, "}", 2);
		ProtobufCMessage *m = sluss_json_to_message(FETCH, text, strlen(text), &error);
		assert_int_equal(m != NULL, depth == 31);
		if (m != NULL)
			protobuf_c_message_free_unpacked(m, NULL);
	}
	// Brackets inside strings do not count.
	const char *quoted = "{\"officerId\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"}";
	ProtobufCMessage *m = sluss_json_to_message(FETCH, quoted, strlen(quoted), &error);
	assert_non_null(m);
	protobuf_c_message_free_unpacked(m, NULL);
	size_t len = 1 << 20;
	char *many = malloc(len);
	memset(many, ',', len);
	memcpy(many, "{\"x\":[", 6);
	for (size_t i = 6; i < len; i += 2)
		many[i] = '1';
	memcpy(many + len - 3, "1]}", 3);
	assert_null(sluss_json_to_message(FETCH, many, len, &error));
	assert_non_null(strstr(error.text, "values"));
	free(many);
}

// ---- every message type: filled by a fixed pattern, packed, checked, to JSON and back ----

static uint32_t pattern;

static uint32_t next(void)
{
	pattern = pattern * 1664525 + 1013904223;
	return pattern >> 8;
}

static ProtobufCMessage *make(const ProtobufCMessageDescriptor *d, int depth);

static void fill_value(const ProtobufCFieldDescriptor *f, void *p, int depth)
{
	static const char *const words[] = {"x", "å", "line\nfeed", "\"quote\\", "\xf0\x9f\x98\x80"};
	const ProtobufCEnumDescriptor *e = f->descriptor;
	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		*(uint32_t *)p = next() | 1;
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		*(uint64_t *)p = (uint64_t)next() << 40 | next() | 1;
		return;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)p = 1;
		return;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)p = e->values[next() % e->n_values].value;
		return;
	case PROTOBUF_C_TYPE_STRING:
		*(char **)p = strdup(words[next() % 5]);
		return;
	case PROTOBUF_C_TYPE_BYTES: {
		ProtobufCBinaryData *b = p;
		b->len = next() % 40 + 1;
		b->data = malloc(b->len);
		for (size_t i = 0; i < b->len; i++)
			b->data[i] = (uint8_t)next();
		return;
	}
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)p = make(f->descriptor, depth + 1);
		return;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		fail_msg("%s: the codec has no float or double", f->name);
	}
}

static size_t size_of(ProtobufCType type)
{
	if (type == PROTOBUF_C_TYPE_BYTES)
		return sizeof(ProtobufCBinaryData);
	bool wide = type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_MESSAGE ||
		    type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_SINT64 ||
		    type == PROTOBUF_C_TYPE_FIXED64 || type == PROTOBUF_C_TYPE_SFIXED64;
	return wide ? 8 : 4;
}

static void fill_field(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, int depth)
{
	uint8_t *base = (uint8_t *)m;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t count = depth > 3 ? 0 : next() % 3;
		if (count == 0)
			return;
		uint8_t *elements = calloc(count, size_of(f->type));
		*(size_t *)(void *)(base + f->quantifier_offset) = count;
		*(void **)(void *)(base + f->offset) = elements;
		for (size_t i = 0; i < count; i++)
			fill_value(f, elements + i * size_of(f->type), depth);
		return;
	}
	if (next() % 3 == 0 || (f->type == PROTOBUF_C_TYPE_MESSAGE && depth > 6))
		return;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t *which = (uint32_t *)(void *)(base + f->quantifier_offset);
		if (*which != 0)
			return;
		*which = f->id;
	} else if (f->label == PROTOBUF_C_LABEL_OPTIONAL && f->type != PROTOBUF_C_TYPE_STRING &&
		   f->type != PROTOBUF_C_TYPE_MESSAGE) {
		*(protobuf_c_boolean *)(void *)(base + f->quantifier_offset) = 1;
	}
	fill_value(f, base + f->offset, depth);
}

static ProtobufCMessage *make(const ProtobufCMessageDescriptor *d, int depth)
{
	assert_true(d->n_fields <= 64); // proto_check.c and json_in.c count on it
	assert_true(strncmp(d->name, "google.", 7) != 0 || strcmp(d->name, "google.protobuf.Timestamp") == 0);
	ProtobufCMessage *m = malloc(d->sizeof_message);
	protobuf_c_message_init(d, m);
	if (strcmp(d->name, "google.protobuf.Timestamp") == 0) {
		Google__Protobuf__Timestamp *t = (Google__Protobuf__Timestamp *)(void *)m;
		t->seconds = (int64_t)next() * 100 - 500000000;
		t->nanos = next() % 2 == 0 ? 0 : (int32_t)(next() % 1000000000);
		return m;
	}
	for (unsigned i = 0; i < d->n_fields; i++)
		fill_field(m, &d->fields[i], depth);
	return m;
}

static void round_trip(const ProtobufCMessageDescriptor *d)
{
	ProtobufCMessage *m = make(d, 0);
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *packed = malloc(len + 1);
	protobuf_c_message_pack(m, packed);
	struct sluss_json_error error = {0};
	if (!sluss_proto_check(d, (struct sluss_bytes){packed, len}, 0, &error))
		fail_msg("%s: %s: %s", d->name, error.field, error.text);
	char *text = sluss_json_from_message(m, 0, NULL);
	assert_non_null(text);
	ProtobufCMessage *back = sluss_json_to_message(d, text, strlen(text), &error);
	if (back == NULL)
		fail_msg("%s: %s: %s\n%s", d->name, error.field, error.text, text);
	assert_int_equal(protobuf_c_message_get_packed_size(back), len);
	uint8_t *again = malloc(len + 1);
	protobuf_c_message_pack(back, again);
	assert_memory_equal(packed, again, len);
	protobuf_c_message_free_unpacked(back, NULL);
	protobuf_c_message_free_unpacked(m, NULL);
	free(packed);
	free(again);
	free(text);
}

static void test_round_trips(void **state)
{
	(void)state;
	int types = 0;
	for (uint32_t id = 0; id < SLUSS_METHOD_END; id++) {
		const struct sluss_method_info *method = sluss_method_by_id(id);
		if (method == NULL)
			continue;
		for (int i = 0; i < 20; i++) {
			round_trip(method->request);
			round_trip(method->response);
		}
		types += 2;
	}
	round_trip(&sluss__v1__envelope__descriptor);
	round_trip(&sluss__v1__record_consent__descriptor);
	round_trip(&sluss__v1__open_case__descriptor);
	assert_true(types > 80);
}

static void test_out_refuses_nonsense(void **state)
{
	(void)state;
	Sluss__V1__GetStatusRequest m = SLUSS__V1__GET_STATUS_REQUEST__INIT;
	char bad[] = "\xff";
	m.message_id = bad;
	assert_null(sluss_json_from_message(&m.base, 0, NULL));
	Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	t.seconds = INT64_MAX;
	assert_null(sluss_json_from_message(&t.base, 0, NULL));
	t.seconds = 0;
	char *text = sluss_json_from_message(&t.base, 0, NULL);
	assert_string_equal(text, "\"1970-01-01T00:00:00Z\"");
	free(text);
}

static void test_base64(void **state)
{
	(void)state;
	static const char *const rfc4648[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
	for (size_t i = 0; i < 7; i++) {
		char out[16];
		uint8_t back[16];
		size_t len;
		assert_int_equal(sluss_base64_encode((const uint8_t *)"foobar", i, false, out), strlen(rfc4648[i]));
		assert_string_equal(out, rfc4648[i]);
		assert_true(sluss_base64_decode(out, strlen(out), back, &len));
		assert_int_equal(len, i);
		assert_memory_equal(back, "foobar", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_round_trips),
	    cmocka_unit_test(test_out_refuses_nonsense),
	    cmocka_unit_test(test_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
