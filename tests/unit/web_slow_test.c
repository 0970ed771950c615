// SPDX-License-Identifier: EUPL-1.2
// Time: every phase of a slow client, a core that is silent, peers that die or half-close.
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "web_harness.h"

#define SEND_PATH "/sluss.v1.ExchangeService/Send"
#define STATUS_PATH "/sluss.v1.ExchangeService/GetStatus"
#define FETCH_PATH "/sluss.v1.ExchangeService/Fetch"
#define PROTO "Content-Type: application/proto\r\n"

static int setup_defaults(void **state)
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

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

// Sends one octet every 20 ms until the peer has had enough.
static void drip(int fd, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (send(fd, p, 1, MSG_NOSIGNAL) != 1)
			return;
		usleep(20000);
	}
}

LIMITS(test_slow_headers, .header_ms = 300)

static void test_slow_headers(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	int64_t start = now_ms();
	drip(fd, "POST " SEND_PATH " HTTP/1.1\r\nHost: a-host-that-never-ends");
	web_test_expect_refused(fd, 408, "deadline_exceeded", NULL);
	web_test_expect_end(fd);
	assert_true(now_ms() - start >= 300);
	close(fd);
	fd = web_test_connect(t, SLUSS_PORT_AGENCY, true); // nothing at all
	web_test_expect_refused(fd, 408, "deadline_exceeded", NULL);
	web_test_expect_end(fd);
	close(fd);
}

LIMITS(test_slow_body, .body_ms = 400)

static void test_slow_body(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	const char *head = "POST " SEND_PATH " HTTP/1.1\r\nHost: a\r\n" PROTO "Content-Length: 100\r\n\r\n";
	web_test_send(fd, head, strlen(head));
	drip(fd, "0123456789012345678901234567890123456789");
	web_test_expect_refused(fd, 408, "deadline_exceeded", NULL);
	web_test_expect_end(fd);
	close(fd);
}

LIMITS(test_idle, .idle_ms = 400)

static void test_idle(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	const char *get = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
	web_test_send(fd, get, strlen(get));
	free(web_test_reply(fd));
	int64_t start = now_ms();
	web_test_expect_end(fd);
	assert_true(now_ms() - start >= 350);
	close(fd);
}

LIMITS(test_second_headers, .header_ms = 300)

static void test_second_headers(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	const char *get = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
	web_test_send(fd, get, strlen(get));
	free(web_test_reply(fd));
	usleep(400000); // idle for longer than headers may take
	web_test_send(fd, "GET /health HTTP/1.1\r\nHost: a", 28);
	web_test_expect_refused(fd, 408, "deadline_exceeded", NULL); // long before idle_ms
	close(fd);
}

static void test_slow_reader(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	web_test_post(fd, STATUS_PATH, PROTO, "", 0);
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	static uint8_t big[1 << 20];
	web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, big, sizeof(big));
	sluss_ipc_frame_free(&frame);
	// Its time is 30 s and 64 s more for a mebibyte. Meanwhile others are served,
	int other = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	const char *get = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
	web_test_send(other, get, strlen(get));
	struct web_reply *r = web_test_reply(other);
	assert_int_equal(r->status, 200);
	free(r);
	r = web_test_reply(fd); // and whoever reads again gets all of it
	assert_int_equal(r->body_len, sizeof(big));
	free(r);
	close(fd);
	close(other);
}

LIMITS(test_core_is_silent, .core_ms = 500)

static void test_core_is_silent(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	web_test_post(fd, STATUS_PATH, PROTO, "", 0);
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	uint64_t id = frame->request->request_id;
	assert_int_equal(frame->request->timeout_ms, 0);
	sluss_ipc_frame_free(&frame);
	web_test_expect_refused(fd, 503, "unavailable", "REASON_CODE_UNAVAILABLE");
	frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_CANCEL);
	assert_true(frame->cancel->request_id == id);
	sluss_ipc_frame_free(&frame);
	// A late answer goes nowhere, and not to the next request.
	web_test_post(fd, STATUS_PATH, PROTO "Connect-Timeout-Ms: 100\r\n", "", 0);
	frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_in_range(frame->request->timeout_ms, 1, 100);
	web_test_core_answer(t, id, SLUSS_CODE_OK, "\x10\x07", 2);
	sluss_ipc_frame_free(&frame);
	web_test_expect_refused(fd, 504, "deadline_exceeded", NULL);
	close(fd);
}

LIMITS(test_long_poll_waits_longer, .core_ms = 200)

static void test_long_poll_waits_longer(void **state)
{
	struct web_test *t = *state;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	web_test_post(fd, FETCH_PATH, PROTO, "\x10\x90\x4e", 3); // wait_ms 10,000
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_int_equal(frame->request->method, SLUSS_METHOD_EXCHANGE_FETCH);
	assert_null(web_test_core_take(t, 400)); // longer than core_ms: no cancel
	web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, "", 0);
	sluss_ipc_frame_free(&frame);
	struct web_reply *r = web_test_reply(fd);
	assert_int_equal(r->status, 200);
	free(r);
	close(fd);
}

static void test_dead_waiter(void **state)
{
	struct web_test *t = *state;
	for (int half = 0; half < 2; half++) {
		int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
		web_test_post(fd, FETCH_PATH, PROTO, "", 0);
		Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
		uint64_t id = frame->request->request_id;
		sluss_ipc_frame_free(&frame);
		if (half)
			shutdown(fd, SHUT_WR);
		else
			close(fd);
		frame = web_test_core_take(t, 5000); // at once, not at the next time-out
		assert_non_null(frame);
		assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_CANCEL);
		assert_true(frame->cancel->request_id == id);
		sluss_ipc_frame_free(&frame);
		if (half) {
			web_test_expect_end(fd);
			close(fd);
		}
	}
}

static void test_end_with_the_last_octets(void **state)
{
	struct web_test *t = *state;
	static const char *const parts[] = {"", "POST " SEND_PATH " HT",
	    "POST " SEND_PATH " HTTP/1.1\r\nHost: a\r\n" PROTO "Content-Length: 9\r\n\r\nabc"};
	for (int i = 0; i < 60; i++) {
		int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
		web_test_send(fd, parts[i % 3], strlen(parts[i % 3]));
		shutdown(fd, SHUT_WR);
		web_test_expect_end(fd); // at once, without the answer that a time-out would bring
		close(fd);
	}
}

static void test_edge_closes_its_copy_late(void **state)
{
	struct web_test *t = *state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	struct sluss_conn_hello hello = {.connection_id = 1000, .port_kind = SLUSS_PORT_PUBLIC};
	assert_int_equal(sluss_handover_send(t->handover_fd, &hello, pair[1]), SLUSS_IPC_OK);
	const char *get = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	web_test_send(pair[0], get, strlen(get));
	free(web_test_reply(pair[0]));
	web_test_expect_end(pair[0]); // web has shut and freed it; the socket lives on in pair[1]
	int other = web_test_connect(t, SLUSS_PORT_AGENCY, true); // takes the memory
	web_test_send(other, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 33);
	free(web_test_reply(other));
	close(pair[0]); // an event for the freed connection, if web still watched it
	web_test_post(other, STATUS_PATH, PROTO, "", 0);
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	web_test_core_answer(t, frame->request->request_id, SLUSS_CODE_OK, "", 0);
	sluss_ipc_frame_free(&frame);
	struct web_reply *r = web_test_reply(other);
	assert_int_equal(r->status, 200);
	free(r);
	close(other);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_slow_headers, test_slow_headers_setup, teardown),
	    cmocka_unit_test_setup_teardown(test_slow_body, test_slow_body_setup, teardown),
	    cmocka_unit_test_setup_teardown(test_idle, test_idle_setup, teardown),
	    cmocka_unit_test_setup_teardown(test_second_headers, test_second_headers_setup, teardown),
	    cmocka_unit_test_setup_teardown(test_slow_reader, setup_defaults, teardown),
	    cmocka_unit_test_setup_teardown(test_core_is_silent, test_core_is_silent_setup, teardown),
	    cmocka_unit_test_setup_teardown(test_long_poll_waits_longer, test_long_poll_waits_longer_setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dead_waiter, setup_defaults, teardown),
	    cmocka_unit_test_setup_teardown(test_end_with_the_last_octets, setup_defaults, teardown),
	    cmocka_unit_test_setup_teardown(test_edge_closes_its_copy_late, setup_defaults, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
