// SPDX-License-Identifier: EUPL-1.2
#include "web_harness.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

static void *run(void *arg)
{
	struct web_test *t = arg;
	t->result = sluss_web_main(&t->config);
	return NULL;
}

static void listen_to_web(void *arg, const char *event)
{
	(void)arg;
	if (getenv("SLUSS_DEBUG") != NULL)
		fprintf(stderr, "web: %s\n", event);
}

struct web_test *web_test_start(const struct sluss_web_limits *limits)
{
	return web_test_start_with(limits, NULL);
}

struct web_test *web_test_start_with(const struct sluss_web_limits *limits, const struct web_pages *pages)
{
	struct web_test *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	int handover[2], core[2], stop[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, handover), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, core), 0);
	assert_int_equal(pipe(stop), 0);
	t->handover_fd = handover[0];
	t->core_fd = core[0];
	t->stop_fd = stop[1];
	t->config = (struct sluss_web_config){
	    .pages = pages, .handover_fd = handover[1], .core_fd = core[1], .stop_fd = stop[0], .log = listen_to_web};
	if (limits != NULL)
		t->config.limits = *limits;
	t->next_connection = 1;
	t->reader = sluss_frame_reader_new(0);
	assert_non_null(t->reader);
	assert_int_equal(pthread_create(&t->thread, NULL, run, t), 0);
	return t;
}

void web_test_stop(struct web_test **test)
{
	struct web_test *t = *test;
	close(t->stop_fd);
	assert_int_equal(pthread_join(t->thread, NULL), 0);
	assert_int_equal(t->result, 0);
	close(t->handover_fd);
	if (t->core_fd >= 0)
		close(t->core_fd);
	sluss_frame_reader_free(&t->reader);
	free(t);
	*test = NULL;
}

static int connect_with(struct web_test *t, enum sluss_port port, uint8_t fingerprint)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	struct sluss_conn_hello hello = {
	    .connection_id = t->next_connection++, .port_kind = port, .has_certificate = fingerprint != 0};
	memset(hello.fingerprint, fingerprint, sizeof(hello.fingerprint));
	enum sluss_ipc_status status;
	while ((status = sluss_handover_send(t->handover_fd, &hello, pair[1])) == SLUSS_IPC_AGAIN)
		poll(&(struct pollfd){.fd = t->handover_fd, .events = POLLOUT}, 1, WEB_TEST_PATIENCE_MS);
	assert_int_equal(status, SLUSS_IPC_OK);
	close(pair[1]);
	return pair[0];
}

int web_test_connect(struct web_test *t, enum sluss_port port, bool certificate)
{
	return connect_with(t, port, certificate ? 0xab : 0);
}

int web_test_connect_as(struct web_test *t, uint8_t fingerprint)
{
	return connect_with(t, SLUSS_PORT_AGENCY, fingerprint);
}

void web_test_send(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return; // the answer says why
		assert_true(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

void web_test_post(int fd, const char *path, const char *headers, const void *body, size_t len)
{
	char head[4096];
	int n = snprintf(
	    head, sizeof(head), "POST %s HTTP/1.1\r\nHost: sluss\r\nContent-Length: %zu\r\n%s\r\n", path, len, headers);
	assert_true(n > 0 && (size_t)n < sizeof(head));
	web_test_send(fd, head, (size_t)n);
	web_test_send(fd, body, len);
}

// One receive; 0 at the end.
static size_t more(int fd, void *buf, size_t cap)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, WEB_TEST_PATIENCE_MS), 1);
	ssize_t n = recv(fd, buf, cap, 0);
	if (n < 0)
		assert_int_equal(errno, ECONNRESET);
	return n < 0 ? 0 : (size_t)n;
}

const char *web_test_header(const struct web_reply *reply, const char *name)
{
	static char value[512];
	size_t name_len = strlen(name);
	for (const char *line = strstr(reply->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
			const char *start = line + name_len + 1 + strspn(line + name_len + 1, " ");
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(start, "\r"), start);
			return value;
		}
	}
	return NULL;
}

struct web_reply *web_test_reply(int fd)
{
	struct web_reply *r = calloc(1, sizeof(*r));
	assert_non_null(r);
	char *end = NULL;
	size_t used = 0;
	while (end == NULL) { // octet by octet would be slow; a peek finds the end of the head
		assert_true(used < sizeof(r->head) - 1);
		size_t n = more(fd, r->head + used, 1);
		if (n == 0) {
			r->closed = true;
			return r;
		}
		used += n;
		end = used >= 4 && memcmp(r->head + used - 4, "\r\n\r\n", 4) == 0 ? r->head + used : NULL;
	}
	if (strncmp(r->head, "HTTP/1.1 100", 12) == 0) {
		free(r);
		return web_test_reply(fd);
	}
	assert_int_equal(sscanf(r->head, "HTTP/1.1 %d", &r->status), 1);
	const char *length = web_test_header(r, "Content-Length");
	assert_non_null(length);
	size_t len = strtoul(length, NULL, 10);
	assert_true(len <= sizeof(r->body));
	while (r->body_len < len) {
		size_t n = more(fd, r->body + r->body_len, len - r->body_len);
		if (n == 0) {
			r->closed = true;
			return r;
		}
		r->body_len += n;
	}
	return r;
}

void web_test_expect_end(int fd)
{
	uint8_t octet;
	assert_int_equal(more(fd, &octet, 1), 0);
}

void web_test_expect_error(const struct web_reply *reply, int status, const char *code, const char *reason)
{
	assert_int_equal(reply->status, status);
	assert_string_equal(web_test_header(reply, "Content-Type"), "application/json");
	assert_string_equal(web_test_header(reply, "Cache-Control"), "no-store");
	assert_string_equal(web_test_header(reply, "X-Content-Type-Options"), "nosniff");
	json_t *j = json_loadb((const char *)reply->body, reply->body_len, 0, NULL);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "code")), code);
	assert_true(json_string_length(json_object_get(j, "message")) > 0);
	json_t *detail = json_array_get(json_object_get(j, "details"), 0);
	assert_string_equal(json_string_value(json_object_get(detail, "type")), "sluss.v1.Refusal");
	assert_null(strchr(json_string_value(json_object_get(detail, "value")), '='));
	if (reason != NULL)
		assert_string_equal(
		    json_string_value(json_object_get(json_object_get(detail, "debug"), "reason")), reason);
	json_decref(j);
}

void web_test_expect_refused(int fd, int status, const char *code, const char *reason)
{
	struct web_reply *r = web_test_reply(fd);
	web_test_expect_error(r, status, code, reason);
	free(r);
}

Sluss__V1__IpcFrame *web_test_core_take(struct web_test *t, int wait_ms)
{
	for (;;) {
		struct sluss_bytes octets;
		enum sluss_ipc_status status = sluss_frame_reader_next(t->reader, &octets);
		if (status == SLUSS_IPC_OK) {
			Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
			assert_non_null(frame);
			return frame;
		}
		assert_int_equal(status, SLUSS_IPC_AGAIN);
		struct pollfd p = {.fd = t->core_fd, .events = POLLIN};
		if (poll(&p, 1, wait_ms) == 0)
			return NULL;
		assert_int_equal(sluss_frame_reader_fill(t->reader, t->core_fd), SLUSS_IPC_OK);
	}
}

void web_test_core_send(struct web_test *t, const Sluss__V1__IpcFrame *frame)
{
	struct sluss_frame_writer *writer = sluss_frame_writer_new(0, 0);
	assert_non_null(writer);
	assert_int_equal(sluss_frame_writer_push(writer, frame), SLUSS_IPC_OK);
	while (sluss_frame_writer_flush(writer, t->core_fd) == SLUSS_IPC_AGAIN)
		poll(&(struct pollfd){.fd = t->core_fd, .events = POLLOUT}, 1, WEB_TEST_PATIENCE_MS);
	sluss_frame_writer_free(&writer);
}

void web_test_core_answer(struct web_test *t, uint64_t request_id, uint32_t code, const void *body, size_t len)
{
	Sluss__V1__CoreResponse response = SLUSS__V1__CORE_RESPONSE__INIT;
	response.request_id = request_id;
	response.code = code;
	response.body.len = len;
	memcpy(&response.body.data, &body, sizeof(body)); // only read
	if (code != SLUSS_CODE_OK)
		response.message = (char *)"Refused by the test.";
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
	frame.response = &response;
	web_test_core_send(t, &frame);
}
