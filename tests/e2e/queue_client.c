// SPDX-License-Identifier: EUPL-1.2
// Fills an agency's queue, or empties it: queue_client PLAN send|take MESSAGES PAUSE. When PAUSE of them are done it
// says so, with requests under way, and goes on when it is told to (a line on its input); at the end it prints counts
// as JSON. What it does about a gateway that dies stands in queue_client.h.
#include "queue_client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	LINKS_MAX = 64,
	TAKE = 65536,
	PATIENCE_MS = 60000,
	UNAVAILABLE = 503,
};

void queue_fail(const char *what)
{
	fprintf(stderr, "queue: %s\n", what);
	exit(1);
}

int64_t queue_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- connections

static void open_link(struct client *client, struct link *link)
{
	conn_free(&link->conn);
	link->conn = conn_new(client->context, client->port, 0);
	link->ready = false;
}

void client_open(struct client *client, const struct plan *plan, const struct plan_agency *as, size_t links)
{
	*client = (struct client){.context = conn_context_new(plan->ca, as->certificate, as->key),
	    .port = plan->port,
	    .links = calloc(links, sizeof(*client->links)),
	    .count = links};
	if (client->links == NULL || links > LINKS_MAX)
		queue_fail("connections");
	for (size_t i = 0; i < links; i++)
		open_link(client, &client->links[i]);
}

void client_close(struct client *client)
{
	for (size_t i = 0; i < client->count; i++) {
		conn_free(&client->links[i].conn);
		free(client->links[i].request.data);
	}
	free(client->links);
	SSL_CTX_free(client->context);
}

static void post(struct client *client, struct link *link)
{
	link->asked_at = ++client->ticks;
	conn_post(link->conn, link->method, (struct sluss_bytes){link->request.data, link->request.len});
}

void client_ask(struct client *client, size_t at, const char *method, struct octets request)
{
	struct link *link = &client->links[at];
	link->method = method;
	link->request = request;
	if (link->ready)
		post(client, link);
}

static void answered(struct client *client, size_t at, void (*take)(void *, size_t, struct sluss_bytes), void *arg)
{
	struct link *link = &client->links[at];
	struct conn_answer answer = conn_answer(link->conn);
	if (answer.status == UNAVAILABLE) {
		nanosleep(&(struct timespec){0, 20000000}, NULL); // it is starting: asked again at a walking pace
		post(client, link);
		return;
	}
	if (answer.status != 200) {
		fprintf(stderr, "queue: %s: %d %.*s\n", link->method, answer.status, (int)answer.body.len,
		    (const char *)answer.body.data);
		queue_fail("refused");
	}
	client->ticks++;
	free(link->request.data);
	link->request = (struct octets){0};
	take(arg, at, answer.body);
}

void client_step(struct client *client, void (*take)(void *, size_t, struct sluss_bytes), void *arg)
{
	struct pollfd fds[LINKS_MAX];
	for (size_t i = 0; i < client->count; i++)
		fds[i] = (struct pollfd){.fd = conn_fd(client->links[i].conn),
		    .events = (short)(POLLIN | (conn_unsent(client->links[i].conn) ? POLLOUT : 0))};
	if (poll(fds, client->count, PATIENCE_MS) <= 0)
		queue_fail("nothing came for a minute");
	for (size_t i = 0; i < client->count; i++) {
		struct link *link = &client->links[i];
		if (fds[i].revents == 0)
			continue;
		switch (conn_step(link->conn, TAKE)) {
		case CONN_NONE:
			break;
		case CONN_READY:
			link->ready = true;
			if (link->request.data != NULL)
				post(client, link);
			break;
		case CONN_ANSWER:
			answered(client, i, take, arg);
			break;
		case CONN_CLOSED:
			client->reconnects++;
			open_link(client, link);
			break;
		}
	}
}

// ---- numbers

struct sluss_id run_id(size_t number)
{
	struct sluss_id id = {{0x51, 0x75, 0x65, 0x75, 0x65, 0, 0x40, 0, 0x80}};
	for (size_t i = 0; i < 4; i++)
		id.b[12 + i] = (uint8_t)(number >> (24 - 8 * i));
	return id;
}

size_t run_number(const struct run *run, const char *message_id)
{
	struct sluss_id id;
	size_t number = 0;
	if (!sluss_id_from_text(message_id, &id))
		queue_fail("a message id that is none");
	for (size_t i = 0; i < 4; i++)
		number = number << 8 | id.b[12 + i];
	struct sluss_id same = run_id(number);
	if (number >= run->count || sluss_id_compare(&id, &same) != 0)
		queue_fail("a message that nobody sent");
	return number;
}

void run_pause(struct run *run, size_t done)
{
	if (run->pause_at == 0 || done < run->pause_at)
		return;
	run->pause_at = 0;
	puts("paused");
	(void)fflush(stdout);
	if (getchar() == EOF)
		queue_fail("nobody says go on");
}

int main(int argc, char **argv)
{
	if (argc != 5)
		queue_fail("usage: queue_client PLAN send|take MESSAGES PAUSE");
	struct run run = {.count = strtoul(argv[3], NULL, 10), .pause_at = strtoul(argv[4], NULL, 10)};
	plan_read(argv[1], &run.plan);
	if (run.count == 0)
		queue_fail("how many?");
	int status = argv[2][0] == 's' ? queue_send(&run) : queue_take(&run);
	plan_free(&run.plan);
	return status;
}
