// SPDX-License-Identifier: EUPL-1.2
// Fetches what waits at the gateway: checks and opens each message, stores all of an answer in one transaction. The
// gateway is told afterwards (teller.c); until then it may hand out the same message again, here or to another agent.
#include <stdlib.h>

#include "agent.h"
#include "judge.h"
#include "log_event.h"
#include "message_tree.h"
#include "web/json.h"

enum { FETCH_MAX = 64 };

// One answer of the gateway on its way into the store.
struct batch {
	struct agentd *agent;
	struct sluss_client *client;
	struct agentd_arrival arrivals[FETCH_MAX];
	char *documents[FETCH_MAX];
	char *mismatched[FETCH_MAX];
	char officers[FETCH_MAX][SLUSS_OFFICER_MAX + 1];
	size_t count;
	bool left_out; // something of this answer was not stored and must come again
};

static void clear(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		free(b->documents[i]);
		free(b->mismatched[i]);
	}
	b->count = 0;
}

// The labels that the contents do not fit, for the gateway's log.
static char *mismatches(const struct sluss_opened_message *m)
{
	json_t *list = json_array();
	for (size_t i = 0; i < m->section_count; i++) {
		if (m->sections[i].state == SLUSS_SECTION_MISLABELLED ||
		    m->sections[i].state == SLUSS_SECTION_MISPLACED)
			(void)json_array_append_new(list, json_string(m->sections[i].header->category));
	}
	char *text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

static void find_officer(
    const struct sluss_opened_message *m, const char *agency, char officer_out[SLUSS_OFFICER_MAX + 1])
{
	officer_out[0] = '\0';
	for (size_t i = 0; i < m->envelope->n_recipients; i++) {
		if (strcmp(m->envelope->recipients[i]->agency_id, agency) == 0)
			(void)snprintf(
			    officer_out, SLUSS_OFFICER_MAX + 1, "%.32s", m->envelope->recipients[i]->officer_id);
	}
}

static char *document_of(const Sluss__V1__Delivery *delivery, const struct sluss_opened_message *m)
{
	json_t *tree = cli_message_tree(delivery, m);
	char *text = tree == NULL ? NULL : json_dumps(tree, JSON_COMPACT);
	json_decref(tree);
	return text;
}

static void add(struct batch *b, const Sluss__V1__Delivery *delivery, const struct sluss_id *id,
    const struct sluss_opened_message *m)
{
	size_t at = b->count;
	struct agentd_arrival *a = &b->arrivals[at];
	*a = (struct agentd_arrival){.id = *id,
	    .state = !m->usable					   ? AGENTD_IN_UNUSABLE
		     : b->agent->settings.acknowledge_when_handled ? AGENTD_IN_READY
								   : AGENTD_IN_STORED};
	b->documents[at] = document_of(delivery, m);
	b->mismatched[at] = mismatches(m);
	if (b->documents[at] == NULL || b->mismatched[at] == NULL ||
	    !sluss_id_from_text(m->envelope->case_id, &a->case_id)) {
		free(b->documents[at]);
		free(b->mismatched[at]);
		b->left_out = true;
		return;
	}
	find_officer(m, b->agent->client.agency_id, b->officers[at]);
	memcpy(a->envelope_hash, m->envelope_hash, sizeof(a->envelope_hash));
	a->officer = b->officers[at];
	a->mismatched = b->mismatched[at];
	a->document = (struct sluss_bytes){(const uint8_t *)b->documents[at], strlen(b->documents[at])};
	b->count++;
	if (!m->usable)
		sluss_event(SLUSS_EVENT_WARNING, "message-unusable", "message=%s sender=%s", delivery->message_id,
		    m->from.agency_id);
}

static bool lacks_key(const struct sluss_opened_message *m)
{
	for (size_t i = 0; i < m->section_count; i++) {
		if (m->sections[i].state == SLUSS_SECTION_NO_KEY)
			return true;
	}
	return false;
}

// False: the store broke.
static bool open_one(struct batch *b, const Sluss__V1__Delivery *delivery)
{
	struct sluss_id id;
	bool known = false;
	struct sluss_opened_message *m = NULL;
	if (!sluss_id_from_text(delivery->message_id, &id))
		return true;
	if (!agentd_store_good(b->agent, "look for a message", agentd_store_knows(b->agent->store, &id, &known)))
		return false;
	if (known)
		return true; // the teller says it again if need be
	if (sluss_client_open(b->client, delivery, &m) != SLUSS_CLIENT_OK) {
		// Not acknowledged and not rejected: who has put it there may not be the sender, and the true one must
		// still come.
		const struct sluss_client_error *error = sluss_client_last_error(b->client);
		b->left_out = b->left_out || error->result != SLUSS_CLIENT_UNVERIFIED;
		sluss_event(error->result == SLUSS_CLIENT_UNVERIFIED ? SLUSS_EVENT_ERROR : SLUSS_EVENT_WARNING,
		    "delivery-not-believed", "message=%s error=\"%s\"", delivery->message_id, error->explanation);
		return true;
	}
	if (lacks_key(m) && agentd_keys_changed(b->agent)) {
		b->left_out = true; // sealed to a key that we have, but have not read yet
		agentd_stop_to_begin_anew(b->agent);
	} else {
		add(b, delivery, &id, m);
	}
	sluss_opened_message_free(&m);
	return true;
}

static enum agentd_result store_all(struct batch *b, const Sluss__V1__FetchResponse *r)
{
	struct agentd_notice *notices = calloc(r->n_notices + 1, sizeof(*notices));
	char **texts = calloc(r->n_notices + 1, sizeof(*texts));
	size_t fresh = 0;
	bool ok = notices != NULL && texts != NULL;
	for (size_t i = 0; ok && i < r->n_notices; i++) {
		texts[i] = sluss_json_from_message(&r->notices[i]->base, 0, NULL);
		notices[i] = (struct agentd_notice){r->notices[i]->log_index, texts[i]};
		ok = texts[i] != NULL;
	}
	enum agentd_result result = !ok ? AGENTD_FULL
				    : b->count + r->n_notices == 0
					? AGENTD_OK
					: agentd_store_arrivals(b->agent->store, b->arrivals, b->count, notices,
					      r->n_notices, r->next_notice, &fresh);
	for (size_t i = 0; texts != NULL && i < r->n_notices; i++)
		free(texts[i]);
	free(texts);
	free(notices);
	if (result == AGENTD_OK && (fresh > 0 || r->n_notices > 0))
		agentd_wake(b->agent);
	return result;
}

// One question. False: the agent stops.
static bool fetch(struct batch *b, uint64_t *next_notice)
{
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	Sluss__V1__FetchResponse *r = NULL;
	request.max_messages = FETCH_MAX;
	request.wait_ms = b->agent->settings.fetch_wait_ms;
	request.with_notices = true;
	request.notices_from = *next_notice;
	if (sluss_client_fetch(b->client, &request, &r) != SLUSS_CLIENT_OK) {
		agentd_link_down(b->agent, AGENTD_TALK_FETCH, sluss_client_last_error(b->client)->explanation);
		return true;
	}
	bool ok = true;
	b->left_out = false;
	for (size_t i = 0; ok && !b->left_out && i < r->n_deliveries && i < FETCH_MAX; i++)
		ok = open_one(b, r->deliveries[i]);
	enum agentd_result result = ok ? store_all(b, r) : AGENTD_BROKEN;
	ok = agentd_store_good(b->agent, "store what was fetched", result);
	if (result == AGENTD_OK) {
		*next_notice = r->next_notice > *next_notice ? r->next_notice : *next_notice;
		agentd_link_up(b->agent, AGENTD_TALK_FETCH);
	} else {
		b->left_out = true;
		agentd_link_down(b->agent, AGENTD_TALK_FETCH, "The agent's disk is full.");
	}
	clear(b);
	sluss__v1__fetch_response__free_unpacked(r, NULL);
	// What was left out is leased to this connection, and later ones of its case would be handed out on it: its end
	// brings the earlier ones back first.
	if (ok && b->left_out) {
		sluss_client_free(&b->client);
		b->client = agentd_client(b->agent);
		ok = b->client != NULL;
	}
	return ok;
}

void *agentd_receiver(void *arg)
{
	enum { LOOK_AGAIN_MS = 1000 };
	struct agentd *agent = arg;
	uint64_t next_notice = 0;
	struct batch *b = calloc(1, sizeof(*b));
	bool ok = b != NULL && (b->client = agentd_client(agent)) != NULL &&
		  agentd_store_good(
		      agent, "read the notices' position", agentd_store_next_notice(agent->store, &next_notice));
	if (ok)
		b->agent = agent;
	while (ok && !agentd_stopping(agent)) {
		uint64_t seen = agentd_generation(agent);
		int64_t retry_ms = agentd_link_retry_ms(agent, AGENTD_TALK_FETCH);
		if (retry_ms > agentd_boot_ms())
			agentd_wait(agent, seen, retry_ms);
		else if (agentd_store_inbox_room(agent->store) != AGENTD_OK)
			agentd_wait(agent, seen, agentd_boot_ms() + LOOK_AGAIN_MS);
		else
			ok = fetch(b, &next_notice);
	}
	if (!ok)
		agentd_stop(agent);
	if (b != NULL)
		sluss_client_free(&b->client);
	free(b);
	return NULL;
}
