// SPDX-License-Identifier: EUPL-1.2
// Raw octets on a connection of the role itself: libmicrohttpd, routing, bodies, gzip, both codecs, and the channel to
// a core that answers everything. Whatever comes back must begin as an HTTP answer, and web must let go of the
// connection when its peer does.
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_web.h"

#include "ipc/frame.h"
#include "ipc/handover.h"
#include "web/web.h"

static struct {
	struct sluss_web_config config;
	int handover_fd;
	int core_fd;
	uint64_t connection;
	struct sluss_frame_reader *reader;
	struct sluss_frame_writer *writer;
} role;

static void must_at(bool good, int line)
{
	if (good)
		return;
	fprintf(stderr, "line %d does not hold\n", line);
	abort();
}

#define must(good) must_at(good, __LINE__)

static void *run(void *arg)
{
	(void)arg;
	exit(sluss_web_main(&role.config));
}

static void start(void)
{
	int handover[2], core[2];
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, handover) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, core) == 0);
	role.config = (struct sluss_web_config){.handover_fd = handover[1], .core_fd = core[1], .stop_fd = -1};
	role.handover_fd = handover[0];
	role.core_fd = core[0];
	role.reader = sluss_frame_reader_new(0);
	role.writer = sluss_frame_writer_new(0, 0);
	pthread_t thread;
	must(role.reader != NULL && role.writer != NULL && pthread_create(&thread, NULL, run, NULL) == 0);
}

// Everything that core is asked: the octets must be a message of the method's type, and are sent back as the answer.
static void serve(void)
{
	must(sluss_frame_reader_fill(role.reader, role.core_fd) == SLUSS_IPC_OK);
	struct sluss_bytes octets;
	while (sluss_frame_reader_next(role.reader, &octets) == SLUSS_IPC_OK) {
		Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
		must(frame != NULL);
		if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_REQUEST) {
			Sluss__V1__CoreRequest *r = frame->request;
			const struct sluss_method_info *method = sluss_method_by_id(r->method);
			must(method != NULL);
			ProtobufCMessage *m =
			    protobuf_c_message_unpack(method->request, NULL, r->body.len, r->body.data);
			must(m != NULL);
			protobuf_c_message_free_unpacked(m, NULL);
			Sluss__V1__CoreResponse response;
			sluss__v1__core_response__init(&response);
			response.request_id = r->request_id;
			response.code = r->body.len % 3 == 2 ? 3 : 0;
			response.body = r->body;
			Sluss__V1__IpcFrame answer;
			sluss__v1__ipc_frame__init(&answer);
			answer.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
			answer.response = &response;
			must(sluss_frame_writer_push(role.writer, &answer) == SLUSS_IPC_OK);
			must(sluss_frame_writer_flush(role.writer, role.core_fd) == SLUSS_IPC_OK);
		}
		sluss_ipc_frame_free(&frame);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (role.handover_fd == 0)
		start();
	int pair[2];
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	struct sluss_conn_hello hello = {.connection_id = ++role.connection,
	    .port_kind = SLUSS_PORT_AGENCY,
	    .has_certificate = true,
	    .fingerprint = {1}};
	must(sluss_handover_send(role.handover_fd, &hello, pair[1]) == SLUSS_IPC_OK);
	close(pair[1]);
	(void)!send(pair[0], data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	char head[64] = "", rest[4096];
	size_t used = 0;
	bool shut = false;
	for (;;) {
		struct pollfd p[2] = {{.fd = pair[0], .events = POLLIN}, {.fd = role.core_fd, .events = POLLIN}};
		int n = poll(p, 2, shut ? 5000 : 2);
		must(n > 0 || !shut); // else web does not let go
		if (n == 0) {
			shutdown(pair[0], SHUT_WR);
			shut = true;
		}
		if (p[1].revents != 0)
			serve();
		if (p[0].revents == 0)
			continue;
		ssize_t got = recv(pair[0], rest, sizeof(rest), 0);
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got && used < sizeof(head) - 1; i++)
			head[used++] = rest[i];
	}
	must(used == 0 || strncmp(head, "HTTP/1.", used < 7 ? used : 7) == 0);
	close(pair[0]);
	return 0;
}
