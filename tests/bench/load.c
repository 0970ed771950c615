// SPDX-License-Identifier: EUPL-1.2
// Sends messages that were sealed and signed beforehand over many mutual-TLS connections, one request in flight on
// each, and prints what came of it as JSON. bench_load PLAN MESSAGES CONNECTIONS TEXT_LEN [PORT]: with PORT the same
// octets go to the echo server there.
#include "conn.h"
#include "message.h"
#include "plan.h"

#include "sluss/v1/exchange.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

enum {
	CONNECTIONS_MAX = 256,
	EVENTS_MAX = 64,
	TAKE = 65536,
};

struct load {
	struct octets *messages;
	size_t count;
	size_t next; // first message that was not sent yet
	size_t answered;
	size_t accepted;
	size_t octets_sent;
	uint64_t *latency_ns;
	struct conn *conns[CONNECTIONS_MAX];
	uint64_t sent_at[CONNECTIONS_MAX];
	size_t ready;
	int epoll;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

static void make_messages(const struct plan *plan, size_t text_len, struct load *load)
{
	load->messages = calloc(load->count, sizeof(*load->messages));
	load->latency_ns = calloc(load->count, sizeof(*load->latency_ns));
	if (!load->messages || !load->latency_ns)
		fail("no memory");
	char category[] = "police_observation";
	struct note_draft draft = {
	    .author = {plan->authority, plan->sender.id, plan->sender.officer,
		(int64_t)(clock_ns(CLOCK_REALTIME) / 1000000u)},
	    .key = plan->sender.signing,
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_SUITABILITY_ASSESSMENT,
	    .purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION,
	    .category = category,
	    .recipient = {.agency_id = plan->recipient.id},
	    .text_len = text_len,
	};
	memcpy(draft.recipient.sealing_key, plan->recipient.sealing_public, SLUSS_KEY_BYTES);
	for (size_t i = 0; i < load->count; i++) {
		struct plan_case *c = &plan->cases[i % plan->case_count];
		struct sluss_id id;
		if (!sluss_id_from_text(c->case_id, &draft.case_id))
			fail("case id");
		draft.consent_id = c->consent_id;
		load->messages[i] = note_make(&draft, &id);
	}
}

// A request is smaller than the kernel's buffer, so that it leaves at once.
static void send_next(struct load *load, size_t at)
{
	if (load->next == load->count)
		return;
	struct octets *message = &load->messages[load->next++];
	load->sent_at[at] = clock_ns(CLOCK_MONOTONIC);
	load->octets_sent += message->len;
	conn_post(load->conns[at], "sluss.v1.ExchangeService/Send", (struct sluss_bytes){message->data, message->len});
}

static void take_answer(struct load *load, size_t at)
{
	struct conn_answer answer = conn_answer(load->conns[at]);
	load->latency_ns[load->answered++] = clock_ns(CLOCK_MONOTONIC) - load->sent_at[at];
	if (answer.status == 200)
		load->accepted++;
	else if (load->answered - load->accepted == 1)
		fprintf(stderr, "load: first refusal: %d %.*s\n", answer.status, (int)answer.body.len,
		    (const char *)answer.body.data);
	send_next(load, at);
}

// Runs until `done` is as large as `goal`.
static void run_until(struct load *load, const size_t *done, size_t goal)
{
	struct epoll_event events[EVENTS_MAX];
	while (*done < goal) {
		int got = epoll_wait(load->epoll, events, EVENTS_MAX, 30000);
		if (got <= 0)
			fail("nothing came for 30 seconds");
		for (int i = 0; i < got; i++) {
			size_t at = events[i].data.u32;
			switch (conn_step(load->conns[at], TAKE)) {
			case CONN_NONE:
				break;
			case CONN_READY:
				load->ready++;
				break;
			case CONN_ANSWER:
				take_answer(load, at);
				break;
			case CONN_CLOSED:
				fail("a connection was closed");
			}
		}
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static void report(struct load *load, uint64_t wall_ns, uint64_t cpu_ns)
{
	qsort(load->latency_ns, load->count, sizeof(*load->latency_ns), by_size);
	printf("{\"messages\": %zu, \"accepted\": %zu, \"seconds\": %.6f, \"octets_each\": %zu, \"latency_median_us\": "
	       "%" PRIu64 ", \"latency_p99_us\": %" PRIu64 ", \"generator_cpu_us\": %.3f}\n",
	    load->count, load->accepted, (double)wall_ns / 1e9, load->octets_sent / load->count,
	    load->latency_ns[load->count / 2] / 1000, load->latency_ns[load->count * 99 / 100] / 1000,
	    (double)cpu_ns / 1000 / (double)load->count);
}

int main(int argc, char **argv)
{
	if (argc < 5)
		fail("usage: bench_load PLAN MESSAGES CONNECTIONS TEXT_LEN [PORT]");
	struct plan plan;
	plan_read(argv[1], &plan);
	struct load load = {.count = strtoul(argv[2], NULL, 10), .epoll = epoll_create1(EPOLL_CLOEXEC)};
	size_t connections = strtoul(argv[3], NULL, 10);
	if (load.epoll < 0 || connections == 0 || connections > CONNECTIONS_MAX || load.count < connections)
		fail("wrong numbers");
	make_messages(&plan, strtoul(argv[4], NULL, 10), &load);
	uint16_t port = argc > 5 ? (uint16_t)strtoul(argv[5], NULL, 10) : plan.port;

	SSL_CTX *context = conn_context_new(plan.ca, plan.sender.certificate, plan.sender.key);
	for (size_t i = 0; i < connections; i++) {
		load.conns[i] = conn_new(context, port, 0);
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
		if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, conn_fd(load.conns[i]), &event) < 0)
			fail("epoll");
	}
	run_until(&load, &load.ready, connections);

	uint64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < connections; i++)
		send_next(&load, i);
	run_until(&load, &load.answered, load.count);
	report(&load, clock_ns(CLOCK_MONOTONIC) - wall, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);

	for (size_t i = 0; i < connections; i++)
		conn_free(&load.conns[i]);
	for (size_t i = 0; i < load.count; i++)
		free(load.messages[i].data);
	free(load.messages);
	free(load.latency_ns);
	SSL_CTX_free(context);
	plan_free(&plan);
	return load.accepted == load.count ? 0 : 1;
}
