// SPDX-License-Identifier: EUPL-1.2
// Fetches what waits at the gateway: checks and opens each message, stores all of an answer in one transaction. The
// gateway is told afterwards (teller.c); until then it may hand out the same message again, here or to another agent.
#include <stdlib.h>

#include "agent.h"
#include "judge.h"
#include "log_event.h"
#include "message_tree.h"
#include "web/json.h"

enum { FETCH_MAX = 64, WHY_OCTETS = 201 };

// One answer of the gateway on its way into the store.
struct batch {
	struct agentd *agent;
	struct sluss_client *client;
	struct agentd_arrival arrivals[FETCH_MAX];
	char *documents[FETCH_MAX];
	char *mismatched[FETCH_MAX];
	char officers[FETCH_MAX][SLUSS_OFFICER_MAX + 1];
	char whys[FETCH_MAX][WHY_OCTETS];
	size_t count;
	// Of the newest arrival, if it has files: it is then stored at once, before the next one.
	uint8_t files[AGENTD_FILES_MAX][SLUSS_HASH_BYTES];
	bool left_out;	   // something of this answer was not stored and must come again
	char trouble[256]; // why, when the gateway is the cause
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
		if (sluss_section_is_reported(m->sections[i].state))
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

// "file": under which name each file is handed out (GET /v1/inbox/ID/files/N, or in the inbox folder).
static void name_files(json_t *tree, const struct sluss_opened_message *m)
{
	char name[SLUSS_ID_TEXT + 16];
	size_t count = 0;
	json_t *sections = json_object_get(tree, "sections");
	for (size_t i = 0; i < m->section_count; i++) {
		if (m->sections[i].chunks == NULL)
			continue;
		agentd_file_name(m->envelope->message_id, (uint32_t)count++, name);
		(void)json_object_set_new(json_array_get(sections, i), "file", json_string(name));
	}
}

static char *document_of(const Sluss__V1__Delivery *delivery, const struct sluss_opened_message *m)
{
	json_t *tree = cli_message_tree(delivery, m);
	name_files(tree, m);
	char *text = tree == NULL ? NULL : json_dumps(tree, JSON_COMPACT);
	json_decref(tree);
	return text;
}

// `files` of its files are in the spool.
static void add(struct batch *b, const Sluss__V1__Delivery *delivery, const struct sluss_id *id,
    const struct sluss_opened_message *m, size_t files)
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
	a->files = (const uint8_t(*)[SLUSS_HASH_BYTES])b->files;
	a->file_count = files;
	b->count++;
	if (!m->usable && sluss_message_why_unusable(m, b->whys[at], sizeof(b->whys[at])))
		a->why = b->whys[at];
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

// Stores what was collected, without the answer's notices.
static bool store_some(struct batch *b)
{
	size_t fresh = 0;
	enum agentd_result result =
	    b->count == 0 ? AGENTD_OK
			  : agentd_store_arrivals(b->agent->store, b->arrivals, b->count, NULL, 0, 0, &fresh);
	clear(b);
	if (fresh > 0)
		agentd_wake(b->agent);
	if (result == AGENTD_FULL) {
		b->left_out = true;
		agentd_link_down(b->agent, AGENTD_TALK_FETCH, "The agent's disk is full.");
	}
	return agentd_store_good(b->agent, "store what was fetched", result);
}

static bool has_files(const struct sluss_opened_message *m)
{
	bool has = false;
	for (size_t i = 0; i < m->section_count; i++)
		has = has || m->sections[i].chunks != NULL;
	return has;
}

// A message with files: those before it are stored first (a file may take its time), then its files are fetched, then
// it is stored itself. False: the store broke.
static bool take_with_files(
    struct batch *b, const Sluss__V1__Delivery *delivery, const struct sluss_id *id, struct sluss_opened_message *m)
{
	size_t files = 0;
	if (!store_some(b))
		return false;
	if (b->left_out)
		return true;
	switch (agentd_download(b->agent, b->client, id, m, b->files, &files)) {
	case AGENTD_DOWNLOADED:
		add(b, delivery, id, m, files);
		return store_some(b);
	case AGENTD_DOWNLOAD_BAD:
		m->usable = false;
		add(b, delivery, id, m, 0);
		return store_some(b);
	case AGENTD_DOWNLOAD_LATER:
		(void)snprintf(b->trouble, sizeof(b->trouble), "%s", sluss_client_last_error(b->client)->explanation);
		break;
	case AGENTD_DOWNLOAD_GONE:
		sluss_event(SLUSS_EVENT_NOTICE, "files-gone", "message=%s", delivery->message_id);
		break;
	case AGENTD_DOWNLOAD_NOT_KEPT:
	case AGENTD_DOWNLOADING_NONE:
		break;
	}
	b->left_out = true;
	return true; // a store that broke has stopped the agent
}

// False: the store broke.
static bool open_one(struct batch *b, const Sluss__V1__Delivery *delivery)
{
	struct sluss_id id;
	bool known = false;
	bool good = true;
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
	} else if (m->usable && has_files(m)) {
		good = take_with_files(b, delivery, &id, m);
	} else {
		add(b, delivery, &id, m, 0);
	}
	sluss_opened_message_free(&m);
	return good;
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
	request.officer_id = b->agent->settings.receive_for;
	request.with_notices = true;
	request.notices_from = *next_notice;
	if (sluss_client_fetch(b->client, &request, &r) != SLUSS_CLIENT_OK) {
		agentd_link_down(b->agent, AGENTD_TALK_FETCH, sluss_client_last_error(b->client)->explanation);
		return true;
	}
	bool ok = true;
	b->left_out = false;
	b->trouble[0] = '\0';
	for (size_t i = 0; ok && !b->left_out && i < r->n_deliveries && i < FETCH_MAX; i++)
		ok = open_one(b, r->deliveries[i]);
	enum agentd_result result = ok ? store_all(b, r) : AGENTD_BROKEN;
	ok = agentd_store_good(b->agent, "store what was fetched", result);
	if (result == AGENTD_OK) {
		*next_notice = r->next_notice > *next_notice ? r->next_notice : *next_notice;
		if (b->trouble[0] != '\0')
			agentd_link_down(b->agent, AGENTD_TALK_FETCH, b->trouble);
		else
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
