// SPDX-License-Identifier: EUPL-1.2
// Sends messages that were sealed and signed beforehand over many mutual-TLS connections, one request in flight on
// each, and prints what came of it as JSON. bench_load PLAN MESSAGES CONNECTIONS TEXT_LEN [PORT|- [BATCH]]: with PORT
// the same octets go to the echo server there; with BATCH so many messages go together under one signature (SendBatch).
#include "batch.h"
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
	BATCH_MAX = 256,
};

struct load {
	struct octets *messages;
	size_t count;
	size_t next; // first message that was not sent yet
	size_t answered;
	size_t accepted;
	size_t octets_sent;
	size_t batch; // messages in one request; 1: Send
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

// `load->batch` messages in a row become one SendBatch.
static struct octets make_batch(const struct plan *plan, const struct octets *messages, size_t count)
{
	Sluss__V1__SendRequest *requests[BATCH_MAX];
	Sluss__V1__BatchItem items[BATCH_MAX], *list[BATCH_MAX];
	uint8_t leaves[BATCH_MAX][SLUSS_HASH_BYTES], root[SLUSS_HASH_BYTES];
	Sluss__V1__SendBatchRequest request = SLUSS__V1__SEND_BATCH_REQUEST__INIT;
	Sluss__V1__SendBatchStatement statement = SLUSS__V1__SEND_BATCH_STATEMENT__INIT;
	Sluss__V1__SignedStatement view;
	struct sluss_author author = {
	    plan->authority, plan->sender.id, plan->sender.officer, (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000u)};
	struct sluss_stamp stamp;
	struct sluss_id id;
	struct sluss_signed made;
	for (size_t i = 0; i < count; i++) {
		requests[i] = sluss__v1__send_request__unpack(NULL, messages[i].len, messages[i].data);
		if (!requests[i])
			fail("no memory");
		sluss__v1__batch_item__init(&items[i]);
		items[i].envelope = requests[i]->envelope->envelope;
		items[i].sections = requests[i]->sections;
		items[i].n_sections = requests[i]->n_sections;
		list[i] = &items[i];
	}
	sluss_batch_root(list, count, leaves, root);
	sluss_id_random(&id);
	sluss_statement_stamp(&statement.base, &author, &id, &stamp);
	statement.root = (ProtobufCBinaryData){sizeof(root), root};
	statement.size = (uint32_t)count;
	if (!sluss_statement_sign(&statement.base, plan->sender.signing, &made))
		fail("no memory");
	sluss_signed_view(&made, &view);
	request.statement = &view;
	request.items = list;
	request.n_items = count;
	struct octets packed = octets_pack(&request.base);
	for (size_t i = 0; i < count; i++)
		sluss__v1__send_request__free_unpacked(requests[i], NULL);
	sluss_signed_free(&made);
	return packed;
}

static void make_batches(const struct plan *plan, struct load *load)
{
	size_t count = load->count / load->batch;
	for (size_t i = 0; i < count; i++) {
		struct octets packed = make_batch(plan, &load->messages[i * load->batch], load->batch);
		for (size_t k = 0; k < load->batch; k++)
			free(load->messages[i * load->batch + k].data);
		load->messages[i] = packed;
	}
	load->count = count;
}

static size_t accepted_of(const struct load *load, struct sluss_bytes body)
{
	if (load->batch == 1)
		return 1;
	size_t accepted = 0;
	Sluss__V1__SendBatchResponse *response = sluss__v1__send_batch_response__unpack(NULL, body.len, body.data);
	for (size_t i = 0; response && i < response->n_answers; i++)
		accepted += response->answers[i]->answer_case == SLUSS__V1__BATCH_ANSWER__ANSWER_ACCEPTED;
	if (response)
		sluss__v1__send_batch_response__free_unpacked(response, NULL);
	return accepted;
}

// A request is smaller than the kernel's buffer, so that it leaves at once.
static void send_next(struct load *load, size_t at)
{
	if (load->next == load->count)
		return;
	struct octets *message = &load->messages[load->next++];
	load->sent_at[at] = clock_ns(CLOCK_MONOTONIC);
	load->octets_sent += message->len;
	conn_post(load->conns[at],
	    load->batch == 1 ? "sluss.v1.ExchangeService/Send" : "sluss.v1.ExchangeService/SendBatch",
	    (struct sluss_bytes){message->data, message->len});
}

static void take_answer(struct load *load, size_t at)
{
	struct conn_answer answer = conn_answer(load->conns[at]);
	load->latency_ns[load->answered++] = clock_ns(CLOCK_MONOTONIC) - load->sent_at[at];
	if (answer.status == 200)
		load->accepted += accepted_of(load, answer.body);
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
	    load->count * load->batch, load->accepted, (double)wall_ns / 1e9,
	    load->octets_sent / load->count / load->batch, load->latency_ns[load->count / 2] / 1000,
	    load->latency_ns[load->count * 99 / 100] / 1000,
	    (double)cpu_ns / 1000 / (double)(load->count * load->batch));
}

int main(int argc, char **argv)
{
	if (argc < 5)
		fail("usage: bench_load PLAN MESSAGES CONNECTIONS TEXT_LEN [PORT|- [BATCH]]");
	struct plan plan;
	plan_read(argv[1], &plan);
	struct load load = {.count = strtoul(argv[2], NULL, 10), .epoll = epoll_create1(EPOLL_CLOEXEC)};
	size_t connections = strtoul(argv[3], NULL, 10);
	if (load.epoll < 0 || connections == 0 || connections > CONNECTIONS_MAX || load.count < connections)
		fail("wrong numbers");
	make_messages(&plan, strtoul(argv[4], NULL, 10), &load);
	uint16_t port = argc > 5 && argv[5][0] != '-' ? (uint16_t)strtoul(argv[5], NULL, 10) : plan.port;
	load.batch = argc > 6 ? strtoul(argv[6], NULL, 10) : 1;
	if (load.batch == 0 || load.batch > BATCH_MAX || load.count / load.batch < connections)
		fail("wrong numbers");
	if (load.batch > 1)
		make_batches(&plan, &load);

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
	return load.accepted == load.count * load.batch ? 0 : 1;
}
