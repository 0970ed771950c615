// SPDX-License-Identifier: EUPL-1.2
// The courier against a small server of ours: what it carries, and what it does not do for anybody.
#include "courier/courier.h"
#include "ipc/frame.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define POST_KIND SLUSS__V1__COURIER_CALL__KIND__KIND_WITNESS

struct world {
	int listen_fd;
	int core_fd;
	char prefix[64];
	struct sluss_courier_config config;
	pthread_t server, courier;
	int status;
	struct sluss_frame_reader *reader;
	struct sluss_frame_writer *writer;
	char seen[8192]; // the last request that the server got
	char answer[1024];
	size_t pad; // octets of x behind the answer
	bool silent;
};

// ---- the server: one request a connection

static void serve(struct world *w, int fd)
{
	size_t len = 0;
	char *end = NULL;
	size_t body = 0;
	while (len < sizeof(w->seen) - 1 && (end == NULL || len < (size_t)(end + 4 - w->seen) + body)) {
		ssize_t got = recv(fd, w->seen + len, sizeof(w->seen) - 1 - len, 0);
		if (got <= 0)
			return;
		len += (size_t)got;
		w->seen[len] = '\0';
		end = strstr(w->seen, "\r\n\r\n");
		const char *length = strstr(w->seen, "Content-Length: ");
		body = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
	}
	if (w->silent) {
		char c;
		(void)recv(fd, &c, 1, 0); // until the courier gives up
		return;
	}
	(void)send(fd, w->answer, strlen(w->answer), MSG_NOSIGNAL);
	static const char pad[1024] = {'x'};
	for (size_t left = w->pad; left > 0;) {
		ssize_t sent = send(fd, pad, left < sizeof(pad) ? left : sizeof(pad), MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		left -= (size_t)sent;
	}
}

static void *server(void *arg)
{
	struct world *w = arg;
	int fd;
	while ((fd = accept(w->listen_fd, NULL, NULL)) >= 0) {
		serve(w, fd);
		close(fd);
	}
	return NULL;
}

static void *courier(void *arg)
{
	struct world *w = arg;
	w->status = sluss_courier_main(&w->config);
	close(w->config.core_fd);
	return NULL;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int pair[2];
	assert_non_null(w);
	assert_true(sluss_courier_wake());
	w->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(w->listen_fd, 8), 0);
	assert_int_equal(getsockname(w->listen_fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(w->prefix, sizeof(w->prefix), "http://127.0.0.1:%d/w", ntohs(address.sin_port));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	w->core_fd = pair[0];
	w->config.core_fd = pair[1];
	w->config.ca_fd = -1;
	assert_true(sluss_courier_add(&w->config, POST_KIND, 0, w->prefix, strlen(w->prefix), "/add-checkpoint"));
	assert_true(sluss_courier_add(&w->config, POST_KIND, 1, "http://127.0.0.1:1", 18, ""));
	assert_true(sluss_courier_add(&w->config, POST_KIND, 2, "https://127.0.0.1:1", 19, ""));
	w->reader = sluss_frame_reader_new(0);
	w->writer = sluss_frame_writer_new(0, 0);
	assert_int_equal(pthread_create(&w->server, NULL, server, w), 0);
	assert_int_equal(pthread_create(&w->courier, NULL, courier, w), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	close(w->core_fd);
	assert_int_equal(pthread_join(w->courier, NULL), 0);
	assert_int_equal(w->status, 0);
	(void)shutdown(w->listen_fd, SHUT_RDWR);
	assert_int_equal(pthread_join(w->server, NULL), 0);
	close(w->listen_fd);
	sluss_frame_reader_free(&w->reader);
	sluss_frame_writer_free(&w->writer);
	free(w);
	return 0;
}

// ---- core's side

static Sluss__V1__IpcFrame *ask(struct world *w, uint32_t index, const char *body, uint32_t timeout_ms)
{
	static char type[] = "text/plain";
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__CourierCall call = SLUSS__V1__COURIER_CALL__INIT;
	struct sluss_bytes octets;
	call.call_id = 77;
	call.kind = POST_KIND;
	call.index = index;
	call.content_type = type;
	call.body = (ProtobufCBinaryData){strlen(body), (uint8_t *)(uintptr_t)body};
	call.timeout_ms = timeout_ms;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_COURIER_CALL;
	frame.courier_call = &call;
	assert_int_equal(sluss_frame_writer_push(w->writer, &frame), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_writer_flush(w->writer, w->core_fd), SLUSS_IPC_OK);
	enum sluss_ipc_status status;
	while ((status = sluss_frame_reader_next(w->reader, &octets)) == SLUSS_IPC_AGAIN) {
		struct pollfd waiting = {.fd = w->core_fd, .events = POLLIN};
		assert_int_equal(poll(&waiting, 1, 20000), 1);
		assert_int_equal(sluss_frame_reader_fill(w->reader, w->core_fd), SLUSS_IPC_OK);
	}
	assert_int_equal(status, SLUSS_IPC_OK);
	Sluss__V1__IpcFrame *answer = sluss_ipc_frame_unpack(octets);
	assert_non_null(answer);
	assert_int_equal(answer->body_case, SLUSS__V1__IPC_FRAME__BODY_COURIER_ANSWER);
	assert_true(answer->courier_answer->call_id == 77);
	return answer;
}

static void expect_error(struct world *w, uint32_t index, uint32_t timeout_ms, const char *error)
{
	Sluss__V1__IpcFrame *frame = ask(w, index, "x", timeout_ms);
	assert_int_equal(frame->courier_answer->status, 0);
	assert_true(frame->courier_answer->body.len == 0);
	assert_string_equal(frame->courier_answer->error, error);
	sluss_ipc_frame_free(&frame);
}

static void test_carries(void **state)
{
	struct world *w = *state;
	(void)snprintf(w->answer, sizeof(w->answer),
	    "HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 2\r\n\r\n7\n");
	Sluss__V1__IpcFrame *frame = ask(w, 0, "old 0\n", 0);
	assert_int_equal(frame->courier_answer->status, 409);
	assert_string_equal(frame->courier_answer->content_type, "text/x.tlog.size");
	assert_true(frame->courier_answer->body.len == 2);
	assert_memory_equal(frame->courier_answer->body.data, "7\n", 2);
	sluss_ipc_frame_free(&frame);
	assert_non_null(strstr(w->seen, "POST /w/add-checkpoint HTTP/1.1\r\n"));
	assert_non_null(strstr(w->seen, "Content-Type: text/plain\r\n"));
	assert_non_null(strstr(w->seen, "\r\n\r\nold 0\n"));
	assert_null(strstr(w->seen, "Expect"));
}

// Whom the other side points to is not in the settings.
static void test_follows_nobody(void **state)
{
	struct world *w = *state;
	(void)snprintf(w->answer, sizeof(w->answer),
	    "HTTP/1.1 302 Found\r\nLocation: %s/elsewhere\r\nContent-Length: 0\r\n\r\n", w->prefix);
	Sluss__V1__IpcFrame *frame = ask(w, 0, "x", 0);
	assert_int_equal(frame->courier_answer->status, 302);
	sluss_ipc_frame_free(&frame);
	assert_null(strstr(w->seen, "elsewhere"));
}

static void test_limits(void **state)
{
	struct world *w = *state;
	expect_error(w, 5, 0, "no such target in the settings");
	expect_error(w, 1, 0, "Couldn't connect to server");
	expect_error(w, 2, 0, "Couldn't connect to server");
	(void)snprintf(
	    w->answer, sizeof(w->answer), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SLUSS_COURIER_BODY_MAX + 1);
	w->pad = SLUSS_COURIER_BODY_MAX + 1;
	expect_error(w, 0, 0, "the answer is too long");
	(void)snprintf(
	    w->answer, sizeof(w->answer), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SLUSS_COURIER_BODY_MAX);
	w->pad = SLUSS_COURIER_BODY_MAX;
	Sluss__V1__IpcFrame *frame = ask(w, 0, "x", 0);
	assert_int_equal(frame->courier_answer->status, 200);
	assert_true(frame->courier_answer->body.len == SLUSS_COURIER_BODY_MAX);
	sluss_ipc_frame_free(&frame);
	w->silent = true;
	expect_error(w, 0, 150, "Timeout was reached");
}

static void test_ports(void **state)
{
	(void)state;
	assert_int_equal(sluss_courier_port("http://a.example/x"), 80);
	assert_int_equal(sluss_courier_port("https://a.example"), 443);
	assert_int_equal(sluss_courier_port("https://a.example:8443/x:9"), 8443);
	assert_int_equal(sluss_courier_port("http://[::1]:81/"), 81);
	assert_int_equal(sluss_courier_port("http://[::1]/"), 80);
	struct sluss_courier_config config = {0};
	char url[SLUSS_COURIER_URL];
	memset(url, 'a', sizeof(url));
	assert_false(sluss_courier_add(&config, POST_KIND, 0, url, sizeof(url), ""));
}

// What no core of ours sends ends the courier: the parent starts another.
static void test_strange_core(void **state)
{
	struct world *w = *state;
	assert_int_equal(write(w->core_fd, "\0\0\0\1x", 5), 5);
	char c;
	assert_int_equal(read(w->core_fd, &c, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_carries, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_follows_nobody, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_strange_core, setup, teardown),
	    cmocka_unit_test(test_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
