// SPDX-License-Identifier: EUPL-1.2
// The recipient's side of queue_client: one connection fetches, the others acknowledge what came. A message may come
// again while its acknowledgement is not answered, never after; the first times are in order within each case.
#include "queue_client.h"

#include "sluss/v1/exchange.pb-c.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ACKNOWLEDGERS = 24,
	FETCHER = 0,
	AT_ONCE = 64,
	AHEAD = 512, // fetched and not acknowledged; beyond it no more are fetched
	WAIT_MS = 200,
};

struct taken {
	uint8_t envelope_hash[SLUSS_HASH_BYTES];
	uint64_t acknowledged_at; // client's ticks; 0: not yet
	bool fetched;
};

struct taker {
	struct run *run;
	struct client client;
	struct taken *messages;
	size_t *next;  // place in each case of the message that has to come
	size_t *queue; // numbers in the order in which they came
	size_t delivered, asked, acknowledged, again;
	bool settled; // all that had come was acknowledged when the fetch under way was asked
	bool empty;   // the newest answer had nothing
};

static void fetch(struct taker *t)
{
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.max_messages = AT_ONCE;
	request.wait_ms = t->acknowledged == t->run->count ? 0 : WAIT_MS;
	t->settled = t->acknowledged == t->delivered;
	client_ask(&t->client, FETCHER, "sluss.v1.ExchangeService/Fetch", octets_pack(&request.base));
}

static void take_delivery(struct taker *t, const Sluss__V1__Delivery *delivery)
{
	size_t number = run_number(t->run, delivery->message_id), cases = t->run->plan.case_count;
	struct taken *m = &t->messages[number];
	if (m->acknowledged_at != 0 && m->acknowledged_at < t->client.links[FETCHER].asked_at)
		queue_fail("a message came again after its acknowledgement");
	if (m->fetched) {
		t->again++;
		return;
	}
	if (number / cases != t->next[number % cases])
		queue_fail("a case's messages came in another order");
	t->next[number % cases]++;
	m->fetched = true;
	crypto_hash_sha256(m->envelope_hash, delivery->envelope->envelope.data, delivery->envelope->envelope.len);
	t->queue[t->delivered++] = number;
}

static void take_answer(void *arg, size_t link, struct sluss_bytes body)
{
	struct taker *t = arg;
	if (link != FETCHER) {
		size_t number = t->client.links[link].about;
		t->messages[number].acknowledged_at = t->client.ticks;
		t->acknowledged++;
		return;
	}
	Sluss__V1__FetchResponse *response = sluss__v1__fetch_response__unpack(NULL, body.len, body.data);
	if (response == NULL)
		queue_fail("an answer that cannot be read");
	for (size_t i = 0; i < response->n_deliveries; i++)
		take_delivery(t, response->deliveries[i]);
	t->empty = response->n_deliveries == 0;
	if (t->empty && t->settled && t->delivered < t->run->count)
		queue_fail("messages are missing");
	sluss__v1__fetch_response__free_unpacked(response, NULL);
}

static void acknowledge(struct taker *t, size_t link, size_t number)
{
	const struct plan *plan = &t->run->plan;
	struct sluss_author author = {plan->authority, plan->recipient.id, plan->recipient.officer, queue_now_ms()};
	struct sluss_id id = run_id(number);
	char message_id[SLUSS_ID_TEXT];
	Sluss__V1__AcknowledgeDelivery said = SLUSS__V1__ACKNOWLEDGE_DELIVERY__INIT;
	said.message_id = (char *)(uintptr_t)sluss_id_format(&id, message_id);
	said.envelope_hash = (ProtobufCBinaryData){SLUSS_HASH_BYTES, t->messages[number].envelope_hash};
	said.outcome = SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED;
	t->client.links[link].about = number;
	client_ask(&t->client, link, "sluss.v1.ExchangeService/Acknowledge",
	    statement_make(&said.base, &author, plan->recipient.signing));
}

// Everything that can be asked now.
static void go_on(struct taker *t)
{
	for (size_t link = FETCHER + 1; link <= ACKNOWLEDGERS && t->asked < t->delivered; link++)
		if (t->client.links[link].request.data == NULL)
			acknowledge(t, link, t->queue[t->asked++]);
	if (t->client.links[FETCHER].request.data == NULL && t->delivered - t->acknowledged < AHEAD)
		fetch(t);
}

int queue_take(struct run *run)
{
	struct taker t = {.run = run,
	    .messages = calloc(run->count, sizeof(*t.messages)),
	    .next = calloc(run->plan.case_count, sizeof(*t.next)),
	    .queue = calloc(run->count, sizeof(*t.queue))};
	if (t.messages == NULL || t.next == NULL || t.queue == NULL)
		queue_fail("no memory");
	client_open(&t.client, &run->plan, &run->plan.recipient, ACKNOWLEDGERS + 1);
	while (t.acknowledged < run->count) {
		go_on(&t);
		client_step(&t.client, take_answer, &t);
		run_pause(run, t.acknowledged);
	}
	while (t.client.links[FETCHER].request.data != NULL) // may have been asked before the last acknowledgement
		client_step(&t.client, take_answer, &t);
	t.empty = false;
	fetch(&t);
	while (t.client.links[FETCHER].request.data != NULL)
		client_step(&t.client, take_answer, &t);
	if (!t.empty)
		queue_fail("something is left");
	printf("{\"delivered\": %zu, \"acknowledged\": %zu, \"again\": %zu, \"reconnects\": %u}\n", t.delivered,
	    t.acknowledged, t.again, t.client.reconnects);
	client_close(&t.client);
	free(t.messages);
	free(t.next);
	free(t.queue);
	return 0;
}
