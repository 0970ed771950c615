// SPDX-License-Identifier: EUPL-1.2
// Frames in pieces, limits, descriptors, the hand-over, the waiting call, and the table of methods against the .proto
// files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/call.h"
#include "ipc/code.h"
#include "ipc/handover.h"

static size_t cancel_frame(uint64_t id, uint8_t out[64])
{
	Sluss__V1__CoreCancel cancel = SLUSS__V1__CORE_CANCEL__INIT;
	cancel.request_id = id;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CANCEL;
	frame.cancel = &cancel;
	size_t len = sluss__v1__ipc_frame__pack(&frame, out + 4);
	out[0] = out[1] = out[2] = 0;
	out[3] = (uint8_t)len;
	return len + 4;
}

static void expect_cancel(struct sluss_frame_reader *r, uint64_t id)
{
	struct sluss_bytes octets;
	assert_int_equal(sluss_frame_reader_next(r, &octets), SLUSS_IPC_OK);
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	assert_non_null(frame);
	assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_CANCEL);
	assert_true(frame->cancel->request_id == id);
	sluss_ipc_frame_free(&frame);
	assert_null(frame);
}

static void test_frames_in_pieces(void **state)
{
	(void)state;
	uint8_t octets[256];
	size_t len = 0;
	for (uint64_t id = 1; id <= 3; id++)
		len += cancel_frame(id * 1000, octets + len);
	for (size_t cut = 0; cut <= len; cut++) {
		struct sluss_frame_reader *r = sluss_frame_reader_new(0);
		uint64_t next = 1;
		struct sluss_bytes frame;
		assert_int_equal(sluss_frame_reader_feed(r, octets, cut), SLUSS_IPC_OK);
		while (sluss_frame_reader_next(r, &frame) == SLUSS_IPC_OK)
			next++;
		assert_int_equal(sluss_frame_reader_feed(r, octets + cut, len - cut), SLUSS_IPC_OK);
		for (; next <= 3; next++)
			expect_cancel(r, next * 1000);
		assert_int_equal(sluss_frame_reader_next(r, &frame), SLUSS_IPC_AGAIN);
		sluss_frame_reader_free(&r);
		assert_null(r);
	}
}

static void test_reader_limits(void **state)
{
	(void)state;
	struct sluss_frame_reader *r = sluss_frame_reader_new(100);
	struct sluss_bytes frame;
	assert_int_equal(sluss_frame_reader_feed(r, "\0\0\0\x64", 4), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_reader_next(r, &frame), SLUSS_IPC_AGAIN);
	sluss_frame_reader_free(&r);
	r = sluss_frame_reader_new(100);
	assert_int_equal(sluss_frame_reader_feed(r, "\0\0\0\x65", 4), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_reader_next(r, &frame), SLUSS_IPC_TOO_LARGE);
	assert_int_equal(sluss_frame_reader_next(r, &frame), SLUSS_IPC_TOO_LARGE);
	sluss_frame_reader_free(&r);
	// An empty frame is a frame, but no IpcFrame.
	r = sluss_frame_reader_new(0);
	assert_int_equal(sluss_frame_reader_feed(r, "\0\0\0\0", 4), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_reader_next(r, &frame), SLUSS_IPC_OK);
	assert_int_equal(frame.len, 0);
	assert_null(sluss_ipc_frame_unpack(frame));
	sluss_frame_reader_free(&r);
}

static void test_large_frames_over_a_socket(void **state)
{
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	struct sluss_frame_writer *w = sluss_frame_writer_new(0, 0);
	struct sluss_frame_reader *r = sluss_frame_reader_new(0);
	enum { COUNT = 40 };
	static uint8_t body[700000];
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7 >> 3);
	size_t sizes[COUNT];
	int pushed = 0, taken = 0;
	while (taken < COUNT) {
		for (; pushed < COUNT && sluss_frame_writer_waiting(w) < 2000000; pushed++) {
			sizes[pushed] = (size_t)pushed * 9973 * 37 % sizeof(body);
			Sluss__V1__CoreResponse response = SLUSS__V1__CORE_RESPONSE__INIT;
			response.request_id = (uint64_t)pushed;
			response.body = (ProtobufCBinaryData){.len = sizes[pushed], .data = body};
			Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
			frame.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
			frame.response = &response;
			assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_OK);
		}
		enum sluss_ipc_status status = sluss_frame_writer_flush(w, pair[0]);
		assert_true(status == SLUSS_IPC_OK || status == SLUSS_IPC_AGAIN);
		status = sluss_frame_reader_fill(r, pair[1]);
		assert_true(status == SLUSS_IPC_OK || status == SLUSS_IPC_AGAIN);
		struct sluss_bytes octets;
		while ((status = sluss_frame_reader_next(r, &octets)) == SLUSS_IPC_OK) {
			Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
			assert_non_null(frame);
			assert_true(frame->response->request_id == (uint64_t)taken);
			assert_int_equal(frame->response->body.len, sizes[taken]);
			assert_memory_equal(frame->response->body.data, body, sizes[taken]);
			sluss_ipc_frame_free(&frame);
			taken++;
		}
		assert_int_equal(status, SLUSS_IPC_AGAIN);
	}
	close(pair[0]);
	assert_int_equal(sluss_frame_reader_fill(r, pair[1]), SLUSS_IPC_CLOSED);
	close(pair[1]);
	sluss_frame_reader_free(&r);
	sluss_frame_writer_free(&w);
}

static void test_writer_limits(void **state)
{
	(void)state;
	struct sluss_frame_writer *w = sluss_frame_writer_new(50, 120);
	uint8_t body[60] = {0};
	Sluss__V1__CoreResponse response = SLUSS__V1__CORE_RESPONSE__INIT;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
	frame.response = &response;
	response.body = (ProtobufCBinaryData){.len = 60, .data = body};
	assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_TOO_LARGE);
	assert_int_equal(sluss_frame_writer_waiting(w), 0);
	response.body.len = 40;
	assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_TOO_LARGE);
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]);
	assert_int_equal(sluss_frame_writer_flush(w, pair[0]), SLUSS_IPC_CLOSED);
	close(pair[0]);
	sluss_frame_writer_free(&w);
}

static void test_descriptors(void **state)
{
	(void)state;
	int pair[2], give[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe(give), 0);
	struct sluss_frame_writer *w = sluss_frame_writer_new(0, 0);
	struct sluss_frame_reader *r = sluss_frame_reader_new(0);
	sluss_frame_reader_accept_fds(r);
	Sluss__V1__Control control = SLUSS__V1__CONTROL__INIT;
	control.action = SLUSS__V1__CONTROL__ACTION__ACTION_NEW_CHANNELS;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CONTROL;
	frame.control = &control;
	assert_int_equal(sluss_frame_writer_send_fds(w, pair[0], &frame, give, 2), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_reader_fill(r, pair[1]), SLUSS_IPC_OK);
	struct sluss_bytes octets;
	assert_int_equal(sluss_frame_reader_next(r, &octets), SLUSS_IPC_OK);
	int fds[4];
	assert_int_equal(sluss_frame_reader_take_fds(r, fds, 4), 2);
	assert_int_equal(sluss_frame_reader_take_fds(r, fds + 2, 2), 0);
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fds[1], "x", 1), 1);
	char c;
	assert_int_equal(read(give[0], &c, 1), 1);
	close(fds[0]);
	close(fds[1]);
	// Behind octets that wait, descriptors would arrive with the wrong frame.
	assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_writer_send_fds(w, pair[0], &frame, give, 2), SLUSS_IPC_AGAIN);
	assert_int_equal(sluss_frame_writer_flush(w, pair[0]), SLUSS_IPC_OK);
	// More than anybody sends: refused, and nothing stays open but what fits.
	for (int i = 0; i < 5; i++)
		assert_int_equal(sluss_frame_writer_send_fds(w, pair[0], &frame, give, 2), SLUSS_IPC_OK);
	enum sluss_ipc_status status = SLUSS_IPC_OK;
	for (int i = 0; i < 7 && status == SLUSS_IPC_OK; i++)
		status = sluss_frame_reader_fill(r, pair[1]);
	assert_int_equal(status, SLUSS_IPC_MALFORMED);
	sluss_frame_reader_free(&r);
	sluss_frame_writer_free(&w);
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(give[i]);
	}
}

static void test_handover(void **state)
{
	(void)state;
	int pair[2], give[2], fd = -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, give), 0);
	struct sluss_conn_hello hello = {
	    .connection_id = UINT64_C(0x0102030405060708), .port_kind = SLUSS_PORT_AGENCY, .has_certificate = true};
	hello.fingerprint[31] = 9;
	struct sluss_conn_hello got;
	assert_int_equal(sluss_handover_recv(pair[1], &got, &fd), SLUSS_IPC_AGAIN);
	assert_int_equal(sluss_handover_send(pair[0], &hello, give[0]), SLUSS_IPC_OK);
	assert_int_equal(sluss_handover_recv(pair[1], &got, &fd), SLUSS_IPC_OK);
	assert_true(
	    got.connection_id == hello.connection_id && got.has_certificate && got.port_kind == SLUSS_PORT_AGENCY);
	assert_memory_equal(got.fingerprint, hello.fingerprint, 32);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	// Everything that edge never says.
	const struct sluss_conn_hello bad[] = {
	    {.connection_id = 0, .port_kind = SLUSS_PORT_PUBLIC},
	    {.connection_id = 1, .port_kind = SLUSS_PORT_ADMIN},
	    {.connection_id = 1, .port_kind = 0},
	    {.connection_id = 1, .port_kind = SLUSS_PORT_AGENCY, .has_certificate = true},
	    {.connection_id = 1, .port_kind = SLUSS_PORT_PUBLIC, .fingerprint = {1}},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(sluss_handover_send(pair[0], &bad[i], give[0]), SLUSS_IPC_OK);
		assert_int_equal(sluss_handover_recv(pair[1], &got, &fd), SLUSS_IPC_MALFORMED);
	}
	uint8_t octets[43] = {0, 0, 0, 0, 0, 0, 0, 1, 2};
	for (size_t len = 1; len <= sizeof(octets); len += 41) {
		assert_int_equal(send(pair[0], octets, len, 0), (ssize_t)len);
		assert_int_equal(sluss_handover_recv(pair[1], &got, &fd), SLUSS_IPC_MALFORMED);
	}
	assert_int_equal(send(pair[0], octets, 42, 0), 42); // no descriptor
	assert_int_equal(sluss_handover_recv(pair[1], &got, &fd), SLUSS_IPC_MALFORMED);
	// A full queue, and an end.
	int sent = 0;
	while (sluss_handover_send(pair[0], &hello, give[0]) == SLUSS_IPC_OK)
		sent++;
	assert_int_equal(sluss_handover_send(pair[0], &hello, give[0]), SLUSS_IPC_AGAIN);
	close(pair[0]);
	for (int i = 0; i < sent; i++) {
		assert_int_equal(sluss_handover_recv(pair[1], &got, &fd), SLUSS_IPC_OK);
		close(fd);
	}
	assert_int_equal(sluss_handover_recv(pair[1], &got, &fd), SLUSS_IPC_CLOSED);
	close(pair[1]);
	close(give[0]);
	close(give[1]);
}

// Answers one request, after a frame that is not for it.
static void *answer(void *arg)
{
	int fd = *(int *)arg;
	struct sluss_frame_reader *r = sluss_frame_reader_new(0);
	struct sluss_frame_writer *w = sluss_frame_writer_new(0, 0);
	struct sluss_bytes octets;
	while (sluss_frame_reader_next(r, &octets) != SLUSS_IPC_OK)
		if (sluss_frame_reader_fill(r, fd) == SLUSS_IPC_CLOSED)
			break;
	Sluss__V1__IpcFrame *request = sluss_ipc_frame_unpack(octets);
	Sluss__V1__CoreResponse response = SLUSS__V1__CORE_RESPONSE__INIT;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
	frame.response = &response;
	for (uint64_t i = 0; i < 2; i++) {
		response.request_id = request->request->request_id + 1 - i;
		response.code = SLUSS_CODE_NOT_FOUND;
		if (sluss_frame_writer_push(w, &frame) != SLUSS_IPC_OK ||
		    sluss_frame_writer_flush(w, fd) != SLUSS_IPC_OK)
			break;
	}
	sluss_ipc_frame_free(&request);
	sluss_frame_reader_free(&r);
	sluss_frame_writer_free(&w);
	return NULL;
}

static void test_call(void **state)
{
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	Sluss__V1__CoreRequest request = SLUSS__V1__CORE_REQUEST__INIT;
	request.request_id = 42;
	request.method = SLUSS_METHOD_ADMIN_GET_HEALTH;
	Sluss__V1__IpcFrame *frame;
	assert_int_equal(sluss_ipc_call(pair[0], &request, 0, 20, &frame), SLUSS_IPC_AGAIN);
	assert_null(frame);
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, answer, &pair[1]), 0);
	assert_int_equal(sluss_ipc_call(pair[0], &request, 0, 10000, &frame), SLUSS_IPC_OK);
	pthread_join(thread, NULL);
	assert_int_equal(frame->response->code, SLUSS_CODE_NOT_FOUND);
	sluss_ipc_frame_free(&frame);
	close(pair[1]);
	assert_int_equal(sluss_ipc_call(pair[0], &request, 0, 10000, &frame), SLUSS_IPC_CLOSED);
	close(pair[0]);
	assert_int_equal(sluss_ipc_connect("/nonexistent/socket"), -1);
}

// Every "rpc" of the contract, read from the .proto files, is in the table with its types; and nothing else is.
static size_t check_proto_file(const char *name)
{
	char path[256], line[512], service[64] = "";
	snprintf(path, sizeof(path), "proto/sluss/v1/%s.proto", name);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s is not there", path);
	size_t count = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		char method[64], request[64], response[64];
		sscanf(line, "service %63[A-Za-z]", service);
		if (sscanf(line, " rpc %63[A-Za-z](%63[A-Za-z]) returns (%63[A-Za-z])", method, request, response) != 3)
			continue;
		char wanted[256], type[80];
		snprintf(wanted, sizeof(wanted), "/sluss.v1.%s/%s", service, method);
		const struct sluss_method_info *m = sluss_method_by_path(wanted);
		if (m == NULL)
			fail_msg("%s is not in the table", wanted);
		snprintf(type, sizeof(type), "sluss.v1.%s", request);
		assert_string_equal(m->request->name, type);
		snprintf(type, sizeof(type), "sluss.v1.%s", response);
		assert_string_equal(m->response->name, type);
		assert_string_equal(sluss_method_name(m), method);
		assert_ptr_equal(sluss_method_by_id(m->id), m);
		bool admin = strcmp(service, "AdminService") == 0;
		assert_int_equal((m->ports & SLUSS_PORT_BIT(SLUSS_PORT_ADMIN)) != 0, admin);
		assert_int_equal(m->needs_certificate, (m->ports & SLUSS_PORT_BIT(SLUSS_PORT_AGENCY)) != 0);
		assert_true(m->ports != 0);
		count++;
	}
	fclose(f);
	return count;
}

static void test_methods(void **state)
{
	(void)state;
	static const char *const files[] = {
	    "exchange", "consent", "case", "statutory", "recall", "session", "directory", "audit", "person", "admin"};
	size_t count = 0, in_table = 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		count += check_proto_file(files[i]);
	for (uint32_t id = 0; id <= SLUSS_METHOD_END; id++)
		in_table += sluss_method_by_id(id) != NULL;
	assert_int_equal(in_table, count + 1); // and what web asks for the log's files, which no URL names
	assert_ptr_equal(sluss_method_by_id(SLUSS_METHOD_LOG_FILE), sluss_method_log_file());
	assert_null(sluss_method_by_path(sluss_method_log_file()->path));
	assert_null(sluss_method_by_id(0));
	assert_null(sluss_method_by_id(UINT32_MAX));
	static const char *const not_there[] = {"", "/", "/sluss.v1.ExchangeService", "/sluss.v1.ExchangeService/",
	    "/sluss.v1.ExchangeService/send", "/sluss.v1.ExchangeService/Send/", "sluss.v1.ExchangeService/Send",
	    "/sluss.v1.ExchangeService/Sen", "/zzz", "/sluss.v1.ExchangeService/Send?x"};
	for (size_t i = 0; i < sizeof(not_there) / sizeof(not_there[0]); i++)
		assert_null(sluss_method_by_path(not_there[i]));
	assert_int_equal(SLUSS_METHOD_EXCHANGE_SEND, 1); // numbers are on the wire between core and an older web
	assert_int_equal(SLUSS_METHOD_ADMIN_GET_HEALTH, 165);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frames_in_pieces),
	    cmocka_unit_test(test_reader_limits),
	    cmocka_unit_test(test_large_frames_over_a_socket),
	    cmocka_unit_test(test_writer_limits),
	    cmocka_unit_test(test_descriptors),
	    cmocka_unit_test(test_handover),
	    cmocka_unit_test(test_call),
	    cmocka_unit_test(test_methods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
