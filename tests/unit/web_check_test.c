// SPDX-License-Identifier: EUPL-1.2
// The look through protobuf octets, UTF-8, headers and gzip: pure functions, as tables.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "web/proto_check.h"
#include "web/utf8.h"
#include "web/web_gzip.h"
#include "web/web_headers.h"

struct wire_case {
	const char *what;
	const ProtobufCMessageDescriptor *type;
	const char *octets;
	size_t len;
	const char *field; // NULL: accepted
};

#define OCTETS(text) text, sizeof(text) - 1
#define FETCH &sluss__v1__fetch_request__descriptor
#define CLAIM &sluss__v1__claim__descriptor
#define SEND &sluss__v1__send_request__descriptor

static const struct wire_case wire_cases[] = {
    {"empty", FETCH, OCTETS(""), NULL},
    {"varint", FETCH, OCTETS("\x08\x05"), NULL},
    {"longest varint", FETCH, OCTETS("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), NULL},
    {"varint over 64 bits", FETCH, OCTETS("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "max_messages"},
    {"varint of eleven", FETCH, OCTETS("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "max_messages"},
    {"cut varint", FETCH, OCTETS("\x08\x80"), "max_messages"},
    {"field 0", FETCH, OCTETS("\x00\x01"), ""},
    {"cut tag", FETCH, OCTETS("\x80"), ""},
    {"long tag", FETCH, OCTETS("\x88\x80\x80\x80\x80\x00\x01"), ""},
    {"twice", FETCH, OCTETS("\x08\x05\x08\x05"), "max_messages"},
    {"unknown varint", FETCH, OCTETS("\x78\x05"), NULL},
    {"unknown 64 bit", FETCH, OCTETS("\x79\x01\x02\x03\x04\x05\x06\x07\x08"), NULL},
    {"unknown 32 bit", FETCH, OCTETS("\x7d\x01\x02\x03\x04"), NULL},
    {"unknown cut 32 bit", FETCH, OCTETS("\x7d\x01\x02\x03"), ""},
    {"unknown octets", FETCH, OCTETS("\x7a\x03\xff\xff\xff"), NULL},
    {"unknown too long", FETCH, OCTETS("\x7a\x04\xff\xff\xff"), ""},
    {"unknown twice", FETCH, OCTETS("\x78\x05\x78\x05"), NULL},
    {"group", FETCH, OCTETS("\x7b\x7c"), ""},
    {"wire type 6", FETCH, OCTETS("\x0e\x05"), "max_messages"},
    {"number as octets", FETCH, OCTETS("\x0a\x01\x05"), "max_messages"},
    {"text", FETCH, OCTETS("\x1a\x02\xc3\xa5"), NULL},
    {"bad text", FETCH, OCTETS("\x1a\x02\xc3\x28"), "officer_id"},
    {"NUL in text", FETCH, OCTETS("\x1a\x02\x61\x00"), "officer_id"},
    {"oneof", CLAIM, OCTETS("\x0a\x01\x61"), NULL},
    {"oneof twice", CLAIM, OCTETS("\x0a\x01\x61\x12\x01\x62"), "approval_id"},
    {"oneof repeated", CLAIM, OCTETS("\x0a\x01\x61\x0a\x01\x62"), "consent_id"},
    {"nested", SEND, OCTETS("\x0a\x02\x1a\x00\x12\x04\x1a\x02\x0a\x00"), NULL},
    {"nested fault", SEND, OCTETS("\x12\x00\x12\x06\x1a\x00\x1a\x02\x0a\x05"),
	"sections[1].keys[1].recipient_agency_id"},
    {"nested twice", SEND, OCTETS("\x0a\x00\x0a\x00"), "envelope"},
    {"longest length", SEND, OCTETS("\x0a\x80\x80\x80\x80\x00"), NULL},
    {"padded length", SEND, OCTETS("\x0a\x80\x80\x80\x80\x80\x00"), "envelope"},
    {"length beyond parent", SEND, OCTETS("\x12\x02\x0a\x01\x61"), "sections[0].header"},
};

static void test_wire(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wire_cases) / sizeof(wire_cases[0]); i++) {
		const struct wire_case *c = &wire_cases[i];
		struct sluss_json_error error = {0};
		bool good =
		    sluss_proto_check(c->type, (struct sluss_bytes){(const uint8_t *)c->octets, c->len}, 0, &error);
		if (good != (c->field == NULL))
			fail_msg("%s: %s %s", c->what, good ? "accepted" : "refused", error.text);
		if (!good && strcmp(error.field, c->field) != 0)
			fail_msg("%s: field \"%s\"", c->what, error.field);
		// Never accept what the library then refuses.
		ProtobufCMessage *m = protobuf_c_message_unpack(c->type, NULL, c->len, (const uint8_t *)c->octets);
		if (good)
			assert_non_null(m);
		if (m != NULL)
			protobuf_c_message_free_unpacked(m, NULL);
	}
}

static void test_memory_is_bounded(void **state)
{
	(void)state;
	// Half a million empty sections in one mebibyte would need 50 MiB.
	size_t len = 1 << 20;
	uint8_t *octets = malloc(len);
	for (size_t i = 0; i < len; i += 2) {
		octets[i] = 0x12;
		octets[i + 1] = 0;
	}
	struct sluss_json_error error = {0};
	assert_false(sluss_proto_check(SEND, (struct sluss_bytes){octets, len}, 0, &error));
	assert_true(sluss_proto_check(SEND, (struct sluss_bytes){octets, 20000}, 0, &error));
	for (size_t i = 0; i < len; i += 2)
		octets[i] = 0x78; // unknown numbers
	assert_false(sluss_proto_check(SEND, (struct sluss_bytes){octets, len}, 0, &error));
	free(octets);
}

static void test_utf8(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} texts[] = {{"", true}, {"abc", true}, {"\xc2\x80", true}, {"\xdf\xbf", true}, {"\xe0\xa0\x80", true},
	    {"\xed\x9f\xbf", true}, {"\xee\x80\x80", true}, {"\xf0\x90\x80\x80", true}, {"\xf4\x8f\xbf\xbf", true},
	    {"\x80", false}, {"\xbf", false}, {"\xc0\x80", false}, {"\xc1\xbf", false}, {"\xc2", false},
	    {"\xe0\x9f\xbf", false}, {"\xe0\xa0", false}, {"\xed\xa0\x80", false}, {"\xed\xbf\xbf", false},
	    {"\xf0\x8f\xbf\xbf", false}, {"\xf4\x90\x80\x80", false}, {"\xf5\x80\x80\x80", false}, {"\xff", false},
	    {"a\xf0\x9f\x98", false}};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(
		    sluss_utf8_valid((const uint8_t *)texts[i].text, strlen(texts[i].text)), texts[i].valid);
	assert_false(sluss_utf8_valid((const uint8_t *)"a\0b", 3));
}

static void test_trace(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} traces[] = {
	    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
	    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true},
	    {"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes", true},
	    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false},
	    {"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more", false},
	    {"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
	    {"00-00000000000000000000000000000000-b7ad6b7169203331-01", false},
	    {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
	    {"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false},
	    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false},
	    {"00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01", false},
	    {"", false},
	    {"0", false},
	};
	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
		uint8_t id[16];
		assert_int_equal(web_trace_of(traces[i].text, id), traces[i].valid);
		if (traces[i].valid)
			assert_int_equal(id[0], 0x0a);
	}
	uint8_t id[16];
	assert_false(web_trace_of(NULL, id));
}

static void test_headers(void **state)
{
	(void)state;
	assert_int_equal(web_codec_of("application/proto"), WEB_CODEC_PROTO);
	assert_int_equal(web_codec_of("APPLICATION/PROTO ; x=y"), WEB_CODEC_PROTO);
	assert_int_equal(web_codec_of("application/json;charset=\"UTF-8\""), WEB_CODEC_JSON);
	assert_int_equal(web_codec_of("application/json; charset=latin1"), WEB_CODEC_NONE);
	assert_int_equal(web_codec_of("application/jsonx"), WEB_CODEC_NONE);
	assert_int_equal(web_codec_of(""), WEB_CODEC_NONE);
	assert_int_equal(web_codec_of(NULL), WEB_CODEC_NONE);
	assert_int_equal(web_coding_of(NULL), WEB_CODING_IDENTITY);
	assert_int_equal(web_coding_of(" GZip "), WEB_CODING_GZIP);
	assert_int_equal(web_coding_of("gzip, gzip"), WEB_CODING_UNKNOWN);
	assert_int_equal(web_coding_of("zstd"), WEB_CODING_UNKNOWN);
	static const struct {
		const char *text;
		bool accepts;
	} encodings[] = {{"gzip", true}, {"", false}, {"br", false}, {"br, GZIP;q=0.1", true}, {"gzip;q=0", false},
	    {"gzip; q=0.000", false}, {"gzip;q=0.001", true}, {"*", true}, {"*;q=0", false}, {"*;q=0, gzip", true},
	    {"*, gzip;q=0", false}, {",,;,", false}, {"gzipped", false}};
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		assert_int_equal(web_accepts_gzip(encodings[i].text), encodings[i].accepts);
	uint64_t n;
	assert_true(web_timeout_of("0", &n));
	assert_true(web_timeout_of("9999999999", &n));
	assert_true(n == 9999999999);
	assert_false(web_timeout_of("00000000001", &n));
	assert_false(web_timeout_of("", &n));
	assert_false(web_timeout_of("1s", &n));
	assert_false(web_timeout_of("+1", &n));
	struct web_headers h = {0};
	web_headers_add(&h, "CONTENT-TYPE", NULL);
	assert_string_equal(h.content_type, "");
	assert_null(h.twice);
	web_headers_add(&h, "Accept-Encoding", "br");
	web_headers_add(&h, "Accept-Encoding", "gzip");
	assert_true(h.accepts_gzip);
	assert_null(h.twice);
	web_headers_add(&h, "traceparent", "a");
	web_headers_add(&h, "traceparent", "b");
	assert_string_equal(h.traceparent, "");
	web_headers_add(&h, "content-type", "application/json");
	assert_string_equal(h.twice, "Content-Type");
}

static void test_gzip(void **state)
{
	(void)state;
	static uint8_t plain[100000];
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i / 100);
	uint8_t *small, *back;
	size_t small_len, back_len;
	assert_int_equal(web_gzip(plain, sizeof(plain), &small, &small_len), WEB_GZIP_OK);
	assert_true(small_len < sizeof(plain) / 10);
	assert_int_equal(web_gunzip(small, small_len, sizeof(plain), &back, &back_len), WEB_GZIP_OK);
	assert_int_equal(back_len, sizeof(plain));
	assert_memory_equal(plain, back, back_len);
	free(back);
	assert_int_equal(web_gunzip(small, small_len, sizeof(plain) - 1, &back, &back_len), WEB_GZIP_TOO_LARGE);
	assert_int_equal(web_gunzip(small, small_len - 1, sizeof(plain), &back, &back_len), WEB_GZIP_MALFORMED);
	for (size_t i = 1; i < small_len; i += 7)
		assert_int_equal(web_gunzip(small, i, sizeof(plain), &back, &back_len), WEB_GZIP_MALFORMED);
	// Two members behind each other are one body; anything else behind the end is not.
	uint8_t *twice = malloc(2 * small_len);
	memcpy(twice, small, small_len);
	memcpy(twice + small_len, small, small_len);
	assert_int_equal(web_gunzip(twice, 2 * small_len, 2 * sizeof(plain), &back, &back_len), WEB_GZIP_OK);
	assert_int_equal(back_len, 2 * sizeof(plain));
	free(back);
	assert_int_equal(web_gunzip(twice, 2 * small_len, sizeof(plain), &back, &back_len), WEB_GZIP_TOO_LARGE);
	twice[small_len] = 'x';
	assert_int_equal(web_gunzip(twice, small_len + 1, 2 * sizeof(plain), &back, &back_len), WEB_GZIP_MALFORMED);
	small[small_len - 6] ^= 1; // checksum
	assert_int_equal(web_gunzip(small, small_len, sizeof(plain), &back, &back_len), WEB_GZIP_MALFORMED);
	free(twice);
	free(small);
	uint8_t noise[64];
	uint32_t x = 7;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
	assert_int_equal(web_gzip(noise, sizeof(noise), &small, &small_len), WEB_GZIP_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wire),
	    cmocka_unit_test(test_memory_is_bounded),
	    cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_trace),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_gzip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
