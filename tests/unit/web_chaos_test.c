// SPDX-License-Identifier: EUPL-1.2
// Hundreds of connections that come, ask, hang up, half-close, stall and are dropped in a random order, with a core
// that answers late, out of order or not at all. What must hold: no answer ever reaches another connection, everything
// that was asked and not abandoned is answered, and web ends in order.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web_harness.h"

enum { CLIENTS = 120, STEPS = 20000, PENDING = 4096, ANSWER = 700 };

struct client {
	int fd; // -1: not connected
	uint64_t id;
	bool asked; // a whole request is out, no answer yet
	bool cut;   // core had it dropped: it may end in the middle of an answer
	char buf[4096];
	size_t used;
};

struct chaos {
	struct web_test *t;
	struct client client[CLIENTS];
	struct {
		uint64_t request_id, connection_id;
	} pending[PENDING];
	size_t pending_count;
	uint32_t random;
	size_t answered, abandoned, dropped;
	uint64_t drops_sent, drops_done;
};

static uint32_t next(struct chaos *c, uint32_t below)
{
	c->random = c->random * 1664525 + 1013904223;
	return (c->random >> 8) % below;
}

static void hang_up(struct chaos *c, struct client *client)
{
	if (client->asked)
		c->abandoned++;
	close(client->fd);
	*client = (struct client){.fd = -1};
}

static void join(struct chaos *c, struct client *client)
{
	client->id = c->t->next_connection;
	client->fd = web_test_connect_as(c->t, (uint8_t)(1 + next(c, 200)));
	assert_int_equal(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
}

static void ask(struct chaos *c, struct client *client)
{
	static const char whole[] = "POST /sluss.v1.ExchangeService/Fetch HTTP/1.1\r\nHost: a\r\nContent-Type: "
				    "application/proto\r\nContent-Length: 2\r\n\r\n\x08\x01";
	size_t len = sizeof(whole) - 1;
	if (next(c, 12) == 0) { // half a request, and then nothing for ever
		send(client->fd, whole, len - 1 - next(c, 40), MSG_NOSIGNAL);
		hang_up(c, client);
		return;
	}
	if (send(client->fd, whole, len, MSG_NOSIGNAL) == (ssize_t)len)
		client->asked = true;
	else
		hang_up(c, client);
}

// The answer's body is its connection's id, over and over.
static void check_answer(struct client *client)
{
	assert_memory_equal(client->buf, "HTTP/1.1 200", 12);
	char *body = strstr(client->buf, "\r\n\r\n") + 4;
	for (size_t i = 0; i < ANSWER; i += 7) {
		char expected[16];
		snprintf(expected, sizeof(expected), "%07llu", (unsigned long long)client->id);
		assert_memory_equal(body + i, expected, 7);
	}
}

static void listen_to(struct chaos *c, struct client *client)
{
	ssize_t n = recv(client->fd, client->buf + client->used, sizeof(client->buf) - 1 - client->used, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		assert_true(client->cut || !client->asked); // nobody is hung up on while he waits
		*client = (close(client->fd), (struct client){.fd = -1});
		return;
	}
	client->used += (size_t)n;
	client->buf[client->used] = '\0';
	char *body = strstr(client->buf, "\r\n\r\n");
	if (body == NULL || client->used < (size_t)(body + 4 - client->buf) + ANSWER)
		return;
	check_answer(client);
	client->used = 0;
	client->asked = false;
	c->answered++;
}

static void forget(struct chaos *c, size_t i)
{
	c->pending[i] = c->pending[--c->pending_count];
}

static void take_frames(struct chaos *c, int wait_ms)
{
	Sluss__V1__IpcFrame *frame;
	while ((frame = web_test_core_take(c->t, wait_ms)) != NULL) {
		if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_REQUEST) {
			assert_true(c->pending_count < PENDING);
			c->pending[c->pending_count].request_id = frame->request->request_id;
			c->pending[c->pending_count++].connection_id = frame->request->connection_id;
		} else if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_CANCEL) {
			for (size_t i = 0; i < c->pending_count; i++)
				if (c->pending[i].request_id == frame->cancel->request_id && next(c, 8) != 0) {
					forget(c, i); // else core answers all the same, too late
					break;
				}
		} else {
			assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_DROPPED);
			c->drops_done++;
			c->dropped += frame->dropped->n_cut_connection_ids;
		}
		sluss_ipc_frame_free(&frame);
		wait_ms = 0;
	}
}

static void answer_one(struct chaos *c)
{
	if (c->pending_count == 0)
		return;
	size_t i = next(c, (uint32_t)c->pending_count);
	char body[ANSWER + 8];
	for (size_t p = 0; p < ANSWER; p += 7)
		snprintf(body + p, 8, "%07llu", (unsigned long long)c->pending[i].connection_id);
	web_test_core_answer(c->t, c->pending[i].request_id, SLUSS_CODE_OK, body, ANSWER);
	forget(c, i);
}

static void drop_some(struct chaos *c)
{
	uint64_t ids[3];
	for (int i = 0; i < 3; i++) {
		struct client *client = &c->client[next(c, CLIENTS)];
		ids[i] = client->id;
		client->cut = true;
	}
	Sluss__V1__DropTransfers d = SLUSS__V1__DROP_TRANSFERS__INIT;
	d.drop_id = ++c->drops_sent;
	d.n_connection_ids = 3;
	d.connection_ids = ids;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROP;
	frame.drop = &d;
	web_test_core_send(c->t, &frame);
}

static void step(struct chaos *c)
{
	struct client *client = &c->client[next(c, CLIENTS)];
	if (client->fd < 0) {
		join(c, client);
		return;
	}
	listen_to(c, client);
	uint32_t dice = next(c, 100);
	if (client->fd >= 0 && !client->asked && dice < 60)
		ask(c, client);
	else if (client->fd >= 0 && dice < 62)
		hang_up(c, client);
	else if (client->fd >= 0 && dice < 63 && client->asked) {
		shutdown(client->fd, SHUT_WR);
		client->cut = true; // means the same to web
	} else if (dice < 64)
		drop_some(c);
	else if (dice < 99)
		answer_one(c);
	take_frames(c, next(c, 20) == 0 ? 1 : 0);
}

static void test_chaos(void **state)
{
	(void)state;
	static struct chaos c;
	c.t = web_test_start(NULL);
	c.random = 2012;
	for (int i = 0; i < CLIENTS; i++)
		c.client[i].fd = -1;
	for (int i = 0; i < STEPS; i++)
		step(&c);
	// All that still waits is answered, and everybody who was not cut hears it.
	for (int i = 0; i < CLIENTS; i++) {
		struct client *client = &c.client[i];
		while (client->fd >= 0 && client->asked) {
			take_frames(&c, 0);
			while (c.pending_count > 0)
				answer_one(&c);
			struct pollfd p = {.fd = client->fd, .events = POLLIN};
			poll(&p, 1, 20);
			listen_to(&c, client);
		}
	}
	while (c.drops_done < c.drops_sent)
		take_frames(&c, 100);
	print_message("answered %zu, abandoned %zu, cut %zu in %llu drops\n", c.answered, c.abandoned, c.dropped,
	    (unsigned long long)c.drops_sent);
	assert_true(c.answered > 1000 && c.abandoned > 100);
	web_test_stop(&c.t);
	for (int i = 0; i < CLIENTS; i++)
		if (c.client[i].fd >= 0)
			close(c.client[i].fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_chaos)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
