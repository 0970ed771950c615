// SPDX-License-Identifier: EUPL-1.2
// The log's files in web: which paths go to core, a file in pieces, headers, and a core that answers what cannot be.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "web_harness.h"

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

static void get(int fd, const char *verb, const char *path)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", verb, path);
	web_test_send(fd, text, (size_t)n);
}

// Takes what core is asked for; its number.
static uint64_t expect_asked(struct web_test *t, const char *path, uint64_t offset)
{
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_non_null(frame);
	assert_int_equal(frame->request->method, SLUSS_METHOD_LOG_FILE);
	Sluss__V1__LogFileRequest *asked =
	    sluss__v1__log_file_request__unpack(NULL, frame->request->body.len, frame->request->body.data);
	assert_non_null(asked);
	assert_string_equal(asked->path, path);
	assert_int_equal(asked->offset, offset);
	sluss__v1__log_file_request__free_unpacked(asked, NULL);
	uint64_t number = frame->request->request_id;
	sluss_ipc_frame_free(&frame);
	return number;
}

static void answer(struct web_test *t, uint64_t number, const char *octets, uint64_t total)
{
	uint8_t packed[512];
	Sluss__V1__LogFileResponse response = SLUSS__V1__LOG_FILE_RESPONSE__INIT;
	response.octets = (ProtobufCBinaryData){strlen(octets), (uint8_t *)(uintptr_t)octets};
	response.total = total;
	response.content_type = (char *)(uintptr_t) "text/plain; charset=utf-8";
	response.cache_control = (char *)(uintptr_t) "public, max-age=3600";
	size_t len = sluss__v1__log_file_response__pack(&response, packed);
	web_test_core_answer(t, number, SLUSS_CODE_OK, packed, len);
}

static void test_in_pieces(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_PUBLIC, false);
	for (int i = 0; i < 2; i++) { // one connection, one after the other
		get(fd, "GET", "/tile/entries/000?x=1");
		answer(t, expect_asked(t, "tile/entries/000", 0), "one ", 11);
		answer(t, expect_asked(t, "tile/entries/000", 4), "two ", 11);
		answer(t, expect_asked(t, "tile/entries/000", 8), "six", 11);
		struct web_reply *r = web_test_reply(fd);
		assert_int_equal(r->status, 200);
		assert_int_equal(r->body_len, 11);
		assert_memory_equal(r->body, "one two six", 11);
		assert_string_equal(web_test_header(r, "Cache-Control"), "public, max-age=3600");
		assert_string_equal(web_test_header(r, "Content-Type"), "text/plain; charset=utf-8");
		free(r);
	}
	close(fd);
}

// No endless asking, and no file that is not what it said.
static void test_core_cannot_be_right(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	get(fd, "GET", "/checkpoint");
	answer(t, expect_asked(t, "checkpoint", 0), "", 5);
	web_test_expect_refused(fd, 503, "unavailable", NULL);
	get(fd, "GET", "/checkpoint");
	answer(t, expect_asked(t, "checkpoint", 0), "too long", 5);
	web_test_expect_refused(fd, 503, "unavailable", NULL);
	get(fd, "GET", "/checkpoint");
	answer(t, expect_asked(t, "checkpoint", 0), "x", UINT64_C(1) << 40);
	web_test_expect_refused(fd, 503, "unavailable", NULL);
	get(fd, "GET", "/checkpoint");
	web_test_core_answer(t, expect_asked(t, "checkpoint", 0), SLUSS_CODE_OK, "\xff", 1);
	web_test_expect_refused(fd, 503, "unavailable", NULL);
	get(fd, "GET", "/checkpoint");
	answer(t, expect_asked(t, "checkpoint", 0), "", 0); // an empty file is one
	struct web_reply *r = web_test_reply(fd);
	assert_int_equal(r->status, 200);
	assert_int_equal(r->body_len, 0);
	free(r);
	close(fd);
}

static void test_other_paths_and_verbs(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_PUBLIC, false);
	static const char *const none[] = {
	    "/", "/checkpointx", "/tile", "/tiles/0/000", "/key/log.vkey", "/log-file", "//tile/0/000"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		get(fd, "GET", none[i]);
		web_test_expect_refused(fd, 404, "unimplemented", NULL);
	}
	get(fd, "DELETE", "/tile/0/000");
	struct web_reply *r = web_test_reply(fd);
	assert_int_equal(r->status, 405);
	assert_string_equal(web_test_header(r, "Allow"), "GET, HEAD");
	free(r);
	get(fd, "GET", "/tile/0/%30%30%30"); // as it was written
	answer(t, expect_asked(t, "tile/0/%30%30%30", 0), "x", 1);
	free(web_test_reply(fd));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_in_pieces, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_core_cannot_be_right, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_paths_and_verbs, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
