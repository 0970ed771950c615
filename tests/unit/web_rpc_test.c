// SPDX-License-Identifier: EUPL-1.2
// The Connect rules, request by request, over raw HTTP/1.1: what goes to core, what is refused, and how.
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zlib.h>

#include "sluss/v1/exchange.pb-c.h"
#include "web_harness.h"

#define STATUS_PATH "/sluss.v1.ExchangeService/GetStatus"
#define PROTO "Content-Type: application/proto\r\n"
#define JSON "Content-Type: application/json\r\n"

static const char id[] = "0188c0de-0000-4000-8000-000000000001";

static int setup(void **state)
{
	*state = web_test_start(NULL);
	return 0;
}

static int teardown(void **state)
{
	struct web_test *t = *state;
	web_test_stop(&t);
	return 0;
}

// GetStatusRequest{message_id: id} as protobuf.
static size_t status_request(uint8_t out[64])
{
	out[0] = 0x0a;
	out[1] = sizeof(id) - 1;
	memcpy(out + 2, id, sizeof(id) - 1);
	return sizeof(id) + 1;
}

// Takes the request that core is asked and answers it with accepted_index 7.
static void serve(struct web_test *t)
{
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_non_null(frame);
	assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_REQUEST);
	assert_int_equal(frame->request->method, SLUSS_METHOD_EXCHANGE_GET_STATUS);
	uint8_t expected[64];
	size_t len = status_request(expected);
	assert_int_equal(frame->request->body.len, len);
	assert_memory_equal(frame->request->body.data, expected, len);
	web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, "\x10\x07", 2);
	sluss_ipc_frame_free(&frame);
}

static void test_proto_goes_through(void **state)
{
	struct web_test *t = *state;
	uint64_t connection = t->next_connection;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	uint8_t body[64];
	size_t len = status_request(body);
	for (int i = 0; i < 3; i++) { // one connection, one after the other
		web_test_post(fd, STATUS_PATH,
		    PROTO "Connect-Protocol-Version: 1\r\nConnect-Timeout-Ms: 5000\r\nX-Any-bin: AAE\r\n"
			  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
		    body, len);
		Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
		assert_int_equal(frame->request->method, SLUSS_METHOD_EXCHANGE_GET_STATUS);
		assert_true(frame->request->connection_id == connection);
		assert_int_equal(frame->request->port, SLUSS_PORT_AGENCY);
		assert_int_equal(frame->request->certificate_fingerprint.len, 32);
		assert_int_equal(frame->request->certificate_fingerprint.data[31], 0xab);
		assert_int_equal(frame->request->trace_id.len, 16);
		assert_int_equal(frame->request->trace_id.data[15], 0x9c);
		assert_in_range(frame->request->timeout_ms, 4000, 5000);
		web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, "\x10\x07", 2);
		sluss_ipc_frame_free(&frame);
		struct web_reply *r = web_test_reply(fd);
		assert_int_equal(r->status, 200);
		assert_string_equal(web_test_header(r, "Content-Type"), "application/proto");
		assert_string_equal(web_test_header(r, "Cache-Control"), "no-store");
		assert_string_equal(web_test_header(r, "X-Content-Type-Options"), "nosniff");
		assert_int_equal(r->body_len, 2);
		free(r);
	}
	close(fd);
}

static void test_json_goes_through(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	static const char *const types[] = {JSON, "content-type: Application/JSON; charset=UTF-8\r\n"};
	for (size_t i = 0; i < 2; i++) {
		char body[128];
		int n = snprintf(
		    body, sizeof(body), "{\"%s\":\"%s\",\"future\":[1]}", i == 0 ? "messageId" : "message_id", id);
		web_test_post(fd, STATUS_PATH, types[i], body, (size_t)n);
		serve(t);
		struct web_reply *r = web_test_reply(fd);
		assert_int_equal(r->status, 200);
		assert_string_equal(web_test_header(r, "Content-Type"), "application/json");
		assert_string_equal((const char *)r->body, "{\"acceptedIndex\":\"7\"}");
		free(r);
	}
	close(fd);
}

static void test_chunked_body(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	uint8_t body[64];
	size_t len = status_request(body);
	char text[512];
	int n = snprintf(text, sizeof(text),
	    "POST " STATUS_PATH " HTTP/1.1\r\nHost: a\r\n" PROTO "Transfer-Encoding: chunked\r\n\r\n");
	web_test_send(fd, text, (size_t)n);
	for (size_t i = 0; i < len; i++) {
		n = snprintf(text, sizeof(text), "1\r\n%c\r\n", body[i]);
		web_test_send(fd, text, (size_t)n);
	}
	web_test_send(fd, "0\r\n\r\n", 5);
	serve(t);
	struct web_reply *r = web_test_reply(fd);
	assert_int_equal(r->status, 200);
	free(r);
	close(fd);
}

static size_t gzip(uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
	z_stream z = {.next_in = data, .avail_in = (uInt)len, .next_out = out, .avail_out = (uInt)cap};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t n = z.total_out;
	deflateEnd(&z);
	return n;
}

static void test_gzip_request(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	uint8_t body[64], small[128];
	size_t plain_len = status_request(body), len = gzip(body, plain_len, small, sizeof(small));
	web_test_post(fd, STATUS_PATH, PROTO "Content-Encoding: gzip\r\n", small, len);
	serve(t);
	struct web_reply *r = web_test_reply(fd);
	assert_int_equal(r->status, 200);
	free(r);
	// identity, and an empty body that claims to be gzip: an empty message.
	web_test_post(fd, STATUS_PATH, PROTO "Content-Encoding: identity\r\n", body, status_request(body));
	serve(t);
	free(web_test_reply(fd));
	web_test_post(fd, STATUS_PATH, PROTO "Content-Encoding: gzip\r\n", "", 0);
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_int_equal(frame->request->body.len, 0);
	web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, "", 0);
	sluss_ipc_frame_free(&frame);
	r = web_test_reply(fd);
	assert_int_equal(r->status, 200);
	assert_int_equal(r->body_len, 0);
	free(r);
	close(fd);
}

static void test_gzip_answer(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	static uint8_t answer[4003] = {0x0a, 0xa0, 0x1f}; // message_id of 4,000 octets
	memset(answer + 3, 'a', 4000);
	static const struct {
		const char *headers;
		bool compressed;
	} cases[] = {
	    {PROTO "Accept-Encoding: gzip\r\n", true},
	    {PROTO "Accept-Encoding: br;q=1, gzip;q=0.5\r\n", true},
	    {PROTO "Accept-Encoding: gzip;q=0\r\n", false},
	    {PROTO, false},
	    {JSON "Accept-Encoding: deflate, *\r\n", true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		web_test_post(
		    fd, STATUS_PATH, cases[i].headers, "{}", strstr(cases[i].headers, "json") != NULL ? 2 : 0);
		Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
		web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, answer, sizeof(answer));
		sluss_ipc_frame_free(&frame);
		struct web_reply *r = web_test_reply(fd);
		assert_int_equal(r->status, 200);
		assert_int_equal(web_test_header(r, "Content-Encoding") != NULL, cases[i].compressed);
		assert_int_equal(r->body_len < 1000, cases[i].compressed);
		free(r);
	}
	close(fd);
}

struct refusal_case {
	const char *what;
	const char *path;
	const char *headers;
	const char *body;
	int status;
	const char *code;
	const char *reason;
	const char *header; // must be in the answer
};

static const struct refusal_case refusals[] = {
    {"unknown path", "/sluss.v1.ExchangeService/Sned", PROTO, "", 404, "unimplemented", "REASON_CODE_NOT_FOUND", NULL},
    {"admin method", "/sluss.v1.AdminService/GetHealth", PROTO, "", 404, "unimplemented", "REASON_CODE_NOT_FOUND",
	NULL},
    {"public method", "/sluss.v1.DirectoryService/Enrol", PROTO, "", 404, "unimplemented", "REASON_CODE_NOT_FOUND",
	NULL},
    {"no codec", STATUS_PATH, "", "", 415, "invalid_argument", "REASON_CODE_MALFORMED", "Accept-Post"},
    {"unknown codec", STATUS_PATH, "Content-Type: application/xml\r\n", "<a/>", 415, "invalid_argument",
	"REASON_CODE_MALFORMED", "Accept-Post"},
    {"streaming", STATUS_PATH, "Content-Type: application/connect+proto\r\n", "", 415, "invalid_argument", NULL,
	"Accept-Post"},
    {"charset", STATUS_PATH, "Content-Type: application/json; charset=latin1\r\n", "{}", 415, "invalid_argument", NULL,
	"Accept-Post"},
    {"coding", STATUS_PATH, PROTO "Content-Encoding: br\r\n", "x", 501, "unimplemented", "REASON_CODE_MALFORMED",
	"Accept-Encoding"},
    {"version", STATUS_PATH, PROTO "Connect-Protocol-Version: 2\r\n", "", 400, "invalid_argument",
	"REASON_CODE_MALFORMED", NULL},
    {"timeout text", STATUS_PATH, PROTO "Connect-Timeout-Ms: soon\r\n", "", 400, "invalid_argument",
	"REASON_CODE_MALFORMED", NULL},
    {"timeout sign", STATUS_PATH, PROTO "Connect-Timeout-Ms: -1\r\n", "", 400, "invalid_argument",
	"REASON_CODE_MALFORMED", NULL},
    {"timeout long", STATUS_PATH, PROTO "Connect-Timeout-Ms: 12345678901\r\n", "", 400, "invalid_argument",
	"REASON_CODE_MALFORMED", NULL},
    {"timeout over", STATUS_PATH, PROTO "Connect-Timeout-Ms: 0\r\n", "", 504, "deadline_exceeded", NULL, NULL},
    {"double type", STATUS_PATH, PROTO JSON, "", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"double timeout", STATUS_PATH, PROTO "Connect-Timeout-Ms: 1\r\nConnect-Timeout-Ms: 2\r\n", "", 400,
	"invalid_argument", NULL, NULL},
    {"not protobuf", STATUS_PATH, PROTO, "\x0a\x7f", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"not UTF-8", STATUS_PATH, PROTO, "\x0a\x02\xc3\x28", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"group", STATUS_PATH, PROTO, "\x53\x54", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"wrong wire type", STATUS_PATH, PROTO, "\x08\x01", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"not JSON", STATUS_PATH, JSON, "{", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"empty JSON", STATUS_PATH, JSON, "", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"JSON type", STATUS_PATH, JSON, "{\"messageId\":5}", 400, "invalid_argument", "REASON_CODE_MALFORMED", NULL},
    {"not gzip", STATUS_PATH, PROTO "Content-Encoding: gzip\r\n", "plain text", 400, "invalid_argument",
	"REASON_CODE_MALFORMED", NULL},
};

static void test_refusals(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal_case *c = &refusals[i];
		web_test_post(fd, c->path, c->headers, c->body, strlen(c->body));
		struct web_reply *r = web_test_reply(fd);
		print_message("%s: %d\n", c->what, r->status);
		web_test_expect_error(r, c->status, c->code, c->reason);
		if (c->header != NULL)
			assert_non_null(web_test_header(r, c->header));
		free(r);
	}
	// All on one connection, which still works; and core was asked nothing.
	assert_null(web_test_core_take(t, 0));
	uint8_t body[64];
	web_test_post(fd, STATUS_PATH, PROTO, body, status_request(body));
	serve(t);
	free(web_test_reply(fd));
	close(fd);
}

static void test_field_is_named(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	static const char *const bodies[] = {
	    "{\"sections\":[{},{\"keys\":[{\"sealedKey\":\"?\"}]}]}", "\x12\x00\x12\x04\x1a\x02\x12\x01"};
	static const char *const fields[] = {
	    "\"field\":\"sections[1].keys[0].sealed_key\"", "\"field\":\"sections[1].keys[0].sealed_key\""};
	for (size_t i = 0; i < 2; i++) {
		web_test_post(fd, "/sluss.v1.ExchangeService/Send", i == 0 ? JSON : PROTO, bodies[i],
		    i == 0 ? strlen(bodies[i]) : 8);
		struct web_reply *r = web_test_reply(fd);
		web_test_expect_error(r, 400, "invalid_argument", "REASON_CODE_MALFORMED");
		assert_non_null(strstr((const char *)r->body, fields[i]));
		free(r);
	}
	close(fd);
}

static void test_verbs(void **state)
{
	struct web_test *t = *state;
	static const struct {
		const char *text;
		int status;
	} cases[] = {
	    {"GET " STATUS_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", 405},
	    {"PUT " STATUS_PATH " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", 405},
	    {"DELETE " STATUS_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", 405},
	    {"OPTIONS " STATUS_PATH " HTTP/1.1\r\nHost: a\r\n\r\n", 405},
	    {"GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n", 404},
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404},
	    {"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 200},
	    {"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 404},
	};
	int fd = web_test_connect(t, SLUSS_PORT_PUBLIC, false);
	int agency = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		web_test_send(agency, cases[i].text, strlen(cases[i].text));
		struct web_reply *r = web_test_reply(agency);
		assert_int_equal(r->status, cases[i].status);
		if (r->status == 405) {
			web_test_expect_error(r, 405, "unimplemented", "REASON_CODE_MALFORMED");
			assert_string_equal(web_test_header(r, "Allow"), "POST");
		}
		free(r);
	}
	web_test_send(fd, cases[6].text, strlen(cases[6].text));
	struct web_reply *r = web_test_reply(fd);
	assert_string_equal((const char *)r->body, "ok\n");
	assert_string_equal(web_test_header(r, "Cache-Control"), "no-store");
	free(r);
	close(fd);
	close(agency);
}

static void test_ports_and_certificates(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_PUBLIC, false);
	web_test_post(fd, STATUS_PATH, PROTO, "", 0);
	struct web_reply *r = web_test_reply(fd);
	web_test_expect_error(r, 404, "unimplemented", "REASON_CODE_NOT_FOUND");
	free(r);
	web_test_post(fd, "/sluss.v1.DirectoryService/Enrol", PROTO, "", 0);
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_int_equal(frame->request->method, SLUSS_METHOD_DIRECTORY_ENROL);
	assert_int_equal(frame->request->port, SLUSS_PORT_PUBLIC);
	assert_int_equal(frame->request->certificate_fingerprint.len, 0);
	web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, "", 0);
	sluss_ipc_frame_free(&frame);
	free(web_test_reply(fd));
	close(fd);
	fd = web_test_connect(t, SLUSS_PORT_AGENCY, false);
	web_test_post(fd, STATUS_PATH, PROTO, "", 0);
	r = web_test_reply(fd);
	web_test_expect_error(r, 401, "unauthenticated", "REASON_CODE_CERTIFICATE_UNKNOWN");
	free(r);
	close(fd);
}

static void test_core_refuses(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	static const struct {
		uint32_t code;
		int status;
		const char *name;
	} cases[] = {{1, 499, "canceled"}, {2, 500, "unknown"}, {3, 400, "invalid_argument"},
	    {4, 504, "deadline_exceeded"}, {5, 404, "not_found"}, {6, 409, "already_exists"},
	    {7, 403, "permission_denied"}, {8, 429, "resource_exhausted"}, {9, 400, "failed_precondition"},
	    {10, 409, "aborted"}, {11, 400, "out_of_range"}, {12, 501, "unimplemented"}, {13, 500, "internal"},
	    {14, 503, "unavailable"}, {15, 500, "data_loss"}, {16, 401, "unauthenticated"}, {99, 500, "unknown"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		web_test_post(fd, STATUS_PATH, PROTO, "", 0);
		Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
		Sluss__V1__PairDecision pair = SLUSS__V1__PAIR_DECISION__INIT, *pairs = &pair;
		pair.recipient_agency_id = (char *)"skola";
		pair.reason = SLUSS__V1__REASON_CODE__REASON_CODE_WITHDRAWN;
		Sluss__V1__Refusal refusal = SLUSS__V1__REFUSAL__INIT;
		refusal.reason = SLUSS__V1__REASON_CODE__REASON_CODE_WITHDRAWN;
		refusal.explanation = (char *)"The consent was withdrawn.";
		refusal.n_pairs = 1;
		refusal.pairs = &pairs;
		Sluss__V1__CoreResponse response = SLUSS__V1__CORE_RESPONSE__INIT;
		response.request_id = frame->request->request_id;
		response.code = cases[i].code;
		response.refusal = &refusal;
		sluss_ipc_frame_free(&frame);
		Sluss__V1__IpcFrame answer = SLUSS__V1__IPC_FRAME__INIT;
		answer.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
		answer.response = &response;
		web_test_core_send(t, &answer);
		struct web_reply *r = web_test_reply(fd);
		web_test_expect_error(r, cases[i].status, cases[i].name, "REASON_CODE_WITHDRAWN");
		assert_non_null(strstr((const char *)r->body, "\"recipientAgencyId\":\"skola\""));
		free(r);
	}
	close(fd);
}

static void test_unreadable_answer_is_internal(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	web_test_post(fd, STATUS_PATH, JSON, "{}", 2);
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, "\xff", 1);
	sluss_ipc_frame_free(&frame);
	struct web_reply *r = web_test_reply(fd);
	web_test_expect_error(r, 500, "internal", NULL);
	free(r);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_proto_goes_through, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_json_goes_through, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_chunked_body, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gzip_request, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gzip_answer, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_field_is_named, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_verbs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ports_and_certificates, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_core_refuses, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unreadable_answer_is_internal, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
