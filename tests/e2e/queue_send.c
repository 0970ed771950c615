// SPDX-License-Identifier: EUPL-1.2
// The sender's side of queue_client: as many lanes as there are cases, each sends its case's messages in order, so many
// under one signature. What is in them is random: the gateway cannot tell, and nobody opens them here.
#include "batch.h"
#include "queue_client.h"

#include "sluss/v1/exchange.pb-c.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BATCH = 32,
	DIGESTS = 8,
	TEXT = 64,
	SALT = 16,
	SEALED = 80,
};

struct sender {
	struct run *run;
	struct client client;
	size_t *next;	   // place in each case of the first message that is not accepted yet
	uint64_t *entries; // log entry of each message
	size_t accepted;
};

// An envelope with its one section; items own what they point at until freed.
struct item {
	struct octets header, envelope;
	uint8_t ciphertext[TEXT], sealed[SEALED];
	char key_id[SLUSS_KEY_ID_TEXT];
	Sluss__V1__SealedKey key, *keys[1];
	Sluss__V1__Section section, *sections[1];
	Sluss__V1__BatchItem item;
};

static struct octets make_header(const struct plan_case *c, char *message_id)
{
	uint8_t salt[SALT], commitment[SLUSS_HASH_BYTES];
	randombytes_buf(salt, sizeof(salt));
	randombytes_buf(commitment, sizeof(commitment));
	char kind[] = "sluss.v1.SectionHeader", category[] = "action_plan", type[] = "sluss.v1.Note";
	Sluss__V1__Concerned subject = SLUSS__V1__CONCERNED__INIT, *concerned[] = {&subject};
	Sluss__V1__Claim claim = SLUSS__V1__CLAIM__INIT, *claims[] = {&claim};
	Sluss__V1__SectionHeader header = SLUSS__V1__SECTION_HEADER__INIT;
	subject.who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
	subject.subject = 1;
	claim.ground_case = SLUSS__V1__CLAIM__GROUND_CONSENT_ID;
	claim.consent_id = (char *)(uintptr_t)c->consent_id;
	header.kind = kind;
	header.message_id = message_id;
	header.salt = (ProtobufCBinaryData){sizeof(salt), salt};
	header.category = category;
	header.purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION;
	header.n_concerned = header.n_claims = 1;
	header.concerned = concerned;
	header.claims = claims;
	header.payload_type = type;
	header.key_commitment = (ProtobufCBinaryData){sizeof(commitment), commitment};
	return octets_pack(&header.base);
}

static int by_octets(const void *a, const void *b)
{
	return memcmp(a, b, SLUSS_HASH_BYTES);
}

// The section's digest (exchange.proto, Envelope.section_digests) among decoys, ascending.
static void make_digests(const struct item *item, uint8_t digests[DIGESTS][SLUSS_HASH_BYTES])
{
	uint8_t in[16 + 2 * SLUSS_HASH_BYTES] = "sluss.v1.Section";
	randombytes_buf(digests, (size_t)DIGESTS * SLUSS_HASH_BYTES);
	crypto_hash_sha256(in + 16, item->header.data, item->header.len);
	crypto_hash_sha256(in + 16 + SLUSS_HASH_BYTES, item->ciphertext, sizeof(item->ciphertext));
	crypto_hash_sha256(digests[0], in, sizeof(in));
	qsort(digests, DIGESTS, SLUSS_HASH_BYTES, by_octets);
}

static void make_item(struct run *run, const struct plan_case *c, size_t number, struct item *item)
{
	struct plan *plan = &run->plan;
	char message_id[SLUSS_ID_TEXT], kind[] = "sluss.v1.Envelope";
	uint8_t digests[DIGESTS][SLUSS_HASH_BYTES];
	ProtobufCBinaryData list[DIGESTS];
	struct sluss_id id = run_id(number);
	Google__Protobuf__Timestamp at;
	Sluss__V1__Recipient recipient = SLUSS__V1__RECIPIENT__INIT, *recipients[] = {&recipient};
	Sluss__V1__Envelope envelope = SLUSS__V1__ENVELOPE__INIT;
	item->header = make_header(c, (char *)(uintptr_t)sluss_id_format(&id, message_id));
	randombytes_buf(item->ciphertext, sizeof(item->ciphertext));
	randombytes_buf(item->sealed, sizeof(item->sealed));
	make_digests(item, digests);
	for (size_t i = 0; i < DIGESTS; i++)
		list[i] = (ProtobufCBinaryData){SLUSS_HASH_BYTES, digests[i]};
	recipient.agency_id = plan->recipient.id;
	sluss_timestamp_set(&at, queue_now_ms());
	envelope.kind = kind;
	envelope.authority = plan->authority;
	envelope.message_id = message_id;
	envelope.agency_id = plan->sender.id;
	envelope.officer_id = plan->sender.officer;
	envelope.at = &at;
	envelope.message_type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ACTION_PLAN;
	envelope.case_id = (char *)(uintptr_t)c->case_id;
	envelope.n_recipients = 1;
	envelope.recipients = recipients;
	envelope.n_section_digests = DIGESTS;
	envelope.section_digests = list;
	item->envelope = octets_pack(&envelope.base);

	sluss__v1__sealed_key__init(&item->key);
	sluss__v1__section__init(&item->section);
	sluss__v1__batch_item__init(&item->item);
	(void)sluss_key_id(SLUSS_KEY_USE_SEAL, plan->recipient.sealing_public, item->key_id);
	item->key.key_id = item->key_id;
	item->key.recipient_agency_id = plan->recipient.id;
	item->key.sealed_key = (ProtobufCBinaryData){sizeof(item->sealed), item->sealed};
	item->keys[0] = &item->key;
	item->section.header = (ProtobufCBinaryData){item->header.len, item->header.data};
	item->section.ciphertext = (ProtobufCBinaryData){sizeof(item->ciphertext), item->ciphertext};
	item->section.n_keys = 1;
	item->section.keys = item->keys;
	item->sections[0] = &item->section;
	item->item.envelope = (ProtobufCBinaryData){item->envelope.len, item->envelope.data};
	item->item.n_sections = 1;
	item->item.sections = item->sections;
}

static void ask_next(struct sender *s, size_t lane)
{
	static struct item items[BATCH];
	Sluss__V1__BatchItem *list[BATCH];
	uint8_t leaves[BATCH][SLUSS_HASH_BYTES], root[SLUSS_HASH_BYTES];
	const struct plan *plan = &s->run->plan;
	size_t count = 0;
	for (; count < BATCH; count++) {
		size_t number = (s->next[lane] + count) * plan->case_count + lane;
		if (number >= s->run->count)
			break;
		make_item(s->run, &plan->cases[lane], number, &items[count]);
		list[count] = &items[count].item;
	}
	if (count == 0)
		return;
	Sluss__V1__SendBatchRequest request = SLUSS__V1__SEND_BATCH_REQUEST__INIT;
	Sluss__V1__SendBatchStatement statement = SLUSS__V1__SEND_BATCH_STATEMENT__INIT;
	Sluss__V1__SignedStatement view;
	struct sluss_author author = {plan->authority, plan->sender.id, plan->sender.officer, queue_now_ms()};
	struct sluss_stamp stamp;
	struct sluss_id id;
	struct sluss_signed made;
	sluss_batch_root(list, count, leaves, root);
	sluss_id_random(&id);
	sluss_statement_stamp(&statement.base, &author, &id, &stamp);
	statement.root = (ProtobufCBinaryData){sizeof(root), root};
	statement.size = (uint32_t)count;
	if (!sluss_statement_sign(&statement.base, plan->sender.signing, &made))
		queue_fail("no memory");
	sluss_signed_view(&made, &view);
	request.statement = &view;
	request.items = list;
	request.n_items = count;
	client_ask(&s->client, lane, "sluss.v1.ExchangeService/SendBatch", octets_pack(&request.base));
	sluss_signed_free(&made);
	for (size_t i = 0; i < count; i++) {
		free(items[i].header.data);
		free(items[i].envelope.data);
	}
}

// Every item was accepted, and stands in the log behind the one before it in its case.
static void take_answers(void *arg, size_t lane, struct sluss_bytes body)
{
	struct sender *s = arg;
	Sluss__V1__SendBatchResponse *response = sluss__v1__send_batch_response__unpack(NULL, body.len, body.data);
	if (response == NULL)
		queue_fail("an answer that cannot be read");
	for (size_t i = 0; i < response->n_answers; i++) {
		if (response->answers[i]->answer_case != SLUSS__V1__BATCH_ANSWER__ANSWER_ACCEPTED)
			queue_fail("a message was not accepted");
		size_t number = run_number(s->run, response->answers[i]->accepted->message_id);
		size_t cases = s->run->plan.case_count;
		if (number != s->next[lane] * cases + lane || s->entries[number] != 0)
			queue_fail("an answer to another message");
		s->entries[number] = response->answers[i]->accepted->receipt->log_index;
		if (number >= cases && s->entries[number] <= s->entries[number - cases])
			queue_fail("a case's messages were accepted in another order");
		s->next[lane]++;
		s->accepted++;
	}
	sluss__v1__send_batch_response__free_unpacked(response, NULL);
	ask_next(s, lane);
}

static int by_number(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

int queue_send(struct run *run)
{
	struct sender s = {.run = run,
	    .next = calloc(run->plan.case_count, sizeof(*s.next)),
	    .entries = calloc(run->count, sizeof(*s.entries))};
	if (s.next == NULL || s.entries == NULL)
		queue_fail("no memory");
	client_open(&s.client, &run->plan, &run->plan.sender, run->plan.case_count);
	for (size_t lane = 0; lane < run->plan.case_count; lane++)
		ask_next(&s, lane);
	while (s.accepted < run->count) {
		client_step(&s.client, take_answers, &s);
		run_pause(run, s.accepted);
	}
	qsort(s.entries, run->count, sizeof(*s.entries), by_number);
	for (size_t i = 1; i < run->count; i++)
		if (s.entries[i] == s.entries[i - 1])
			queue_fail("two messages with one log entry");
	printf("{\"sent\": %zu, \"accepted\": %zu, \"reconnects\": %u}\n", run->count, s.accepted, s.client.reconnects);
	client_close(&s.client);
	free(s.next);
	free(s.entries);
	return 0;
}
