// SPDX-License-Identifier: EUPL-1.2
// Withdraw racing send and fetch from several connections: race_client PLAN ROUNDS SEED. One thread, so that the order
// of arrival is known: at the moment the withdrawal's acknowledgement is read, what every fetching socket holds
// (FIONREAD) is taken; nothing that is covered may arrive beyond it. Prints counts as JSON; exits 1 after the first
// covered octet that came too late.
#include "conn.h"
#include "message.h"
#include "plan.h"

#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	FETCHERS = 3,
	SENDERS = 2,
	LINKS = FETCHERS + SENDERS + 1,
	TAKE = 65536,
	PATIENCE_MS = 20000,
	SMALL_BUFFER = 4096, // a fetcher's receive buffer, so that large answers stay half sent
};

enum link_state {
	LINK_IDLE = 0,
	LINK_BUSY,     // a request is under way
	LINK_ANSWERED, // its answer is in the connection
	LINK_CLOSED,
};

struct link {
	struct conn *conn;
	enum link_state state;
	bool unread; // a slow client: the kernel keeps what comes
};

struct counts {
	unsigned rounds;
	unsigned delivered; // messages that arrived before the acknowledgement
	unsigned sends_accepted;
	unsigned sends_denied;
	unsigned cut;	   // transfers that the withdrawal ended half way
	unsigned withheld; // messages that it destroyed, as the gateway counts them
};

struct race {
	struct plan plan;
	SSL_CTX *sender_context;
	SSL_CTX *recipient_context;
	struct link links[LINKS]; // fetchers, senders, then the one that withdraws
	struct counts counts;
	unsigned round;
};

static struct link *withdrawer(struct race *r)
{
	return &r->links[FETCHERS + SENDERS];
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fail(const struct race *r, const char *what)
{
	fprintf(stderr, "race: round %u: %s\n", r->round, what);
	exit(1);
}

static void note_event(struct race *r, struct link *link, enum conn_event event)
{
	switch (event) {
	case CONN_NONE:
		break;
	case CONN_READY:
		link->state = LINK_IDLE;
		break;
	case CONN_ANSWER:
		link->state = LINK_ANSWERED;
		break;
	case CONN_CLOSED:
		if (link - r->links >= FETCHERS)
			fail(r, "the gateway closed a connection that fetched nothing");
		link->state = LINK_CLOSED;
		break;
	}
}

// Waits for one round of events. False: nothing came in time.
static bool pump(struct race *r, int timeout_ms)
{
	struct pollfd fds[LINKS];
	for (size_t i = 0; i < LINKS; i++) {
		const struct link *link = &r->links[i];
		bool mute = link->unread || link->state == LINK_CLOSED;
		fds[i] = (struct pollfd){.fd = mute ? -1 : conn_fd(link->conn),
		    .events = (short)(POLLIN | (conn_unsent(link->conn) ? POLLOUT : 0))};
	}
	if (poll(fds, LINKS, timeout_ms) <= 0)
		return false;
	// The withdrawal's answer is looked at first: what the others hold then had arrived, what comes later had not.
	for (size_t i = LINKS; i-- > 0;) {
		if (fds[i].revents == 0)
			continue;
		note_event(r, &r->links[i], conn_step(r->links[i].conn, TAKE));
		if (&r->links[i] == withdrawer(r) && r->links[i].state == LINK_ANSWERED)
			return true;
	}
	return true;
}

static void wait_for(struct race *r, struct link *link)
{
	while (link->state == LINK_BUSY)
		if (!pump(r, PATIENCE_MS))
			fail(r, "no answer in time");
}

static void post(struct link *link, const char *method, struct octets body)
{
	conn_post(link->conn, method, (struct sluss_bytes){body.data, body.len});
	link->state = LINK_BUSY;
	free(body.data);
}

static void link_open(struct race *r, struct link *link)
{
	bool fetches = link - r->links < FETCHERS;
	conn_free(&link->conn);
	link->conn =
	    conn_new(fetches ? r->recipient_context : r->sender_context, r->plan.port, fetches ? SMALL_BUFFER : 0);
	link->unread = false;
	link->state = LINK_BUSY;
	wait_for(r, link);
}

static struct sluss_author author(const struct race *r)
{
	return (struct sluss_author){r->plan.authority, r->plan.sender.id, r->plan.sender.officer, now_ms()};
}

// The answer's message; exits unless the status is 200.
static ProtobufCMessage *answer_of(struct race *r, struct link *link, const ProtobufCMessageDescriptor *type)
{
	struct conn_answer answer = conn_answer(link->conn);
	link->state = LINK_IDLE;
	if (answer.status != 200) {
		fprintf(stderr, "race: %d %.*s\n", answer.status, (int)answer.body.len, (const char *)answer.body.data);
		fail(r, "refused");
	}
	ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, answer.body.len, answer.body.data);
	if (!message)
		fail(r, "an answer that cannot be read");
	return message;
}

// A new version of the one grant, given by the one person who must agree.
static void consent_again(struct race *r, struct plan_case *c)
{
	struct sluss_id consent;
	sluss_id_random(&consent);
	sluss_id_format(&consent, c->consent_id);
	char category[] = "action_plan", version[] = "1", language[] = "sv";
	char *receivers[] = {r->plan.recipient.id};
	Google__Protobuf__Timestamp from, until, obtained;
	sluss_timestamp_set(&from, now_ms() - 60000);
	sluss_timestamp_set(&until, now_ms() + 86400000);
	sluss_timestamp_set(&obtained, now_ms());
	Sluss__V1__GrantDraft grant = SLUSS__V1__GRANT_DRAFT__INIT;
	grant.category = category;
	grant.sender_agency_id = r->plan.sender.id;
	grant.n_receiver_agency_ids = 1;
	grant.receiver_agency_ids = receivers;
	grant.purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION;
	grant.from = &from;
	grant.until = &until;
	Sluss__V1__GrantDraft *grants[] = {&grant};
	Sluss__V1__RecordConsent record = SLUSS__V1__RECORD_CONSENT__INIT;
	record.consent_id = c->consent_id;
	record.case_id = c->case_id;
	record.text_version = version;
	record.text_language = language;
	record.obtained = SLUSS__V1__OBTAINED__OBTAINED_ORAL;
	record.obtained_at = &obtained;
	record.n_grants = 1;
	record.grants = grants;
	struct sluss_author by = author(r);
	struct link *link = withdrawer(r);
	post(link, "sluss.v1.ConsentService/Record", statement_make(&record.base, &by, r->plan.sender.signing));
	wait_for(r, link);
	ProtobufCMessage *answer = answer_of(r, link, &sluss__v1__consent_record_response__descriptor);
	Sluss__V1__ConsentRecordResponse *recorded = (Sluss__V1__ConsentRecordResponse *)answer;
	if (recorded->n_grants != 1)
		fail(r, "a consent without its grant");

	Sluss__V1__ActOnGrants give = SLUSS__V1__ACT_ON_GRANTS__INIT;
	char *ids[] = {recorded->grants[0]->grant_id};
	give.case_id = c->case_id;
	give.person_id = c->person_id;
	give.act = SLUSS__V1__GRANT_ACT__GRANT_ACT_GIVE;
	give.n_grant_ids = 1;
	give.grant_ids = ids;
	give.obtained = SLUSS__V1__OBTAINED__OBTAINED_ORAL;
	give.obtained_at = &obtained;
	post(link, "sluss.v1.ConsentService/Give", statement_make(&give.base, &by, r->plan.sender.signing));
	wait_for(r, link);
	protobuf_c_message_free_unpacked(answer, NULL);
	protobuf_c_message_free_unpacked(answer_of(r, link, &sluss__v1__act_response__descriptor), NULL);
}

static void post_send(struct race *r, struct link *link, struct plan_case *c)
{
	char category[] = "action_plan";
	struct sluss_id id;
	struct note_draft draft = {
	    .author = author(r),
	    .key = r->plan.sender.signing,
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ACTION_PLAN,
	    .purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION,
	    .category = category,
	    .consent_id = c->consent_id,
	    .recipient = {.agency_id = r->plan.recipient.id},
	    .text_len = random() % 3 == 0 ? 60000 : 500,
	};
	if (!sluss_id_from_text(c->case_id, &draft.case_id))
		fail(r, "case id");
	memcpy(draft.recipient.sealing_key, r->plan.recipient.sealing_public, SLUSS_KEY_BYTES);
	post(link, "sluss.v1.ExchangeService/Send", note_make(&draft, &id));
}

static void post_fetch(struct link *link)
{
	Sluss__V1__FetchRequest fetch = SLUSS__V1__FETCH_REQUEST__INIT;
	fetch.max_messages = 64;
	fetch.wait_ms = 30;
	link->unread = random() % 2 == 0;
	post(link, "sluss.v1.ExchangeService/Fetch", octets_pack(&fetch.base));
}

static void post_withdraw(struct race *r, struct plan_case *c)
{
	Google__Protobuf__Timestamp received;
	sluss_timestamp_set(&received, now_ms());
	Sluss__V1__WithdrawConsent withdraw = SLUSS__V1__WITHDRAW_CONSENT__INIT;
	withdraw.case_id = c->case_id;
	withdraw.person_id = c->person_id;
	withdraw.scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_EVERYTHING;
	withdraw.everything = 1;
	withdraw.obtained = SLUSS__V1__OBTAINED__OBTAINED_ORAL;
	withdraw.received_at = &received;
	struct sluss_author by = author(r);
	post(withdrawer(r), "sluss.v1.ConsentService/Withdraw",
	    statement_make(&withdraw.base, &by, r->plan.sender.signing));
}

// Takes a send's answer: accepted, or denied by decision. Nothing else will do.
static void settle_send(struct race *r, struct link *link, bool after_withdrawal)
{
	wait_for(r, link);
	int status = conn_answer(link->conn).status;
	link->state = LINK_IDLE;
	if (status == 200 && !after_withdrawal)
		r->counts.sends_accepted++;
	else if (status == 403)
		r->counts.sends_denied++;
	else
		fail(r, status == 200 ? "a send was accepted after the withdrawal"
				      : "a send was neither accepted nor denied");
}

static size_t deliveries(struct race *r, struct link *link)
{
	ProtobufCMessage *answer = answer_of(r, link, &sluss__v1__fetch_response__descriptor);
	size_t count = ((Sluss__V1__FetchResponse *)answer)->n_deliveries;
	protobuf_c_message_free_unpacked(answer, NULL);
	return count;
}

// The acknowledgement was read a moment ago: takes exactly what had arrived before it. Returns how much of an
// unfinished answer that was.
static size_t take_arrived(struct race *r, struct link *link)
{
	if (link->state == LINK_BUSY) {
		for (size_t pending = conn_pending(link->conn); pending > 0 && link->state == LINK_BUSY;
		     pending -= pending < TAKE ? pending : TAKE)
			note_event(r, link, conn_step(link->conn, pending < TAKE ? pending : TAKE));
	}
	if (link->state == LINK_ANSWERED)
		r->counts.delivered += (unsigned)deliveries(r, link);
	return conn_partial(link->conn);
}

// What arrives from now on may end the transfer or say that nothing is there. Anything else is too late.
static void settle_fetch(struct race *r, struct link *link, size_t partial)
{
	link->unread = false;
	wait_for(r, link);
	if (link->state == LINK_ANSWERED && deliveries(r, link) > 0)
		fail(r, "a covered message was completed after the acknowledgement");
	if (link->state == LINK_CLOSED) {
		if (conn_partial(link->conn) > partial)
			fail(r, "covered octets arrived after the acknowledgement");
		r->counts.cut++;
		link_open(r, link);
	}
}

static void pause_a_little(void)
{
	struct timespec pause = {0, random() % 4 == 0 ? random() % 4000000 : random() % 300000};
	nanosleep(&pause, NULL);
}

static void run_round(struct race *r)
{
	struct plan_case *c = &r->plan.cases[r->round % r->plan.case_count];
	struct link *senders = &r->links[FETCHERS];
	consent_again(r, c);
	post_send(r, &senders[0], c);
	settle_send(r, &senders[0], false);

	// The race: in any order, from connections of their own.
	for (int i = 0; i < FETCHERS; i++) {
		post_fetch(&r->links[i]);
		if (random() % 2 == 0)
			pause_a_little();
	}
	if (random() % 2 == 0)
		pause_a_little();
	for (int i = 0; i < SENDERS; i++)
		post_send(r, &senders[i], c);
	if (random() % 2 == 0)
		pause_a_little();
	post_withdraw(r, c);
	wait_for(r, withdrawer(r));

	// The acknowledgement is here.
	size_t partial[FETCHERS];
	for (int i = 0; i < FETCHERS; i++)
		partial[i] = take_arrived(r, &r->links[i]);
	ProtobufCMessage *answer = answer_of(r, withdrawer(r), &sluss__v1__withdraw_response__descriptor);
	r->counts.withheld += ((Sluss__V1__WithdrawResponse *)answer)->messages_withheld;
	protobuf_c_message_free_unpacked(answer, NULL);
	for (int i = 0; i < FETCHERS; i++)
		settle_fetch(r, &r->links[i], partial[i]);
	for (int i = 0; i < SENDERS; i++)
		settle_send(r, &senders[i], false);

	post_send(r, &senders[0], c);
	settle_send(r, &senders[0], true);
	post_fetch(&r->links[0]);
	settle_fetch(r, &r->links[0], 0);
	r->counts.rounds++;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: race_client PLAN ROUNDS SEED\n");
		return 2;
	}
	static struct race race;
	plan_read(argv[1], &race.plan);
	srandom((unsigned)strtoul(argv[3], NULL, 10));
	race.sender_context = conn_context_new(race.plan.ca, race.plan.sender.certificate, race.plan.sender.key);
	race.recipient_context =
	    conn_context_new(race.plan.ca, race.plan.recipient.certificate, race.plan.recipient.key);
	for (size_t i = 0; i < LINKS; i++)
		race.links[i].state = LINK_CLOSED; // not to be waited for before it is opened
	for (size_t i = 0; i < LINKS; i++)
		race.links[i].conn =
		    conn_new(i < FETCHERS ? race.recipient_context : race.sender_context, race.plan.port, 0);
	for (size_t i = 0; i < LINKS; i++)
		link_open(&race, &race.links[i]);

	unsigned rounds = (unsigned)strtoul(argv[2], NULL, 10);
	for (race.round = 0; race.round < rounds; race.round++)
		run_round(&race);

	printf("{\"rounds\": %u, \"delivered\": %u, \"sends_accepted\": %u, \"sends_denied\": %u, \"cut\": %u, "
	       "\"withheld\": %u}\n",
	    race.counts.rounds, race.counts.delivered, race.counts.sends_accepted, race.counts.sends_denied,
	    race.counts.cut, race.counts.withheld);
	for (size_t i = 0; i < LINKS; i++)
		conn_free(&race.links[i].conn);
	SSL_CTX_free(race.sender_context);
	SSL_CTX_free(race.recipient_context);
	plan_free(&race.plan);
	return 0;
}
