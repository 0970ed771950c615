// SPDX-License-Identifier: EUPL-1.2
// Tells the gateway what arrived. The log's record of an acknowledgement says which officer ended the delivery; agents
// of one agency have different ones, so each knows what it has alone and what the other has taken.
#include <stdlib.h>

#include "agent.h"
#include "agentd_record.h"
#include "judge.h"
#include "log_event.h"

enum { MISMATCHES_MAX = 64 };

// What the delivery's end is to be. The lists point into `mismatched`.
static void fill(Sluss__V1__AcknowledgeDelivery *draft, struct agentd_delivery *d, const char *id, char **list,
    const json_t *mismatched)
{
	static char unusable[] = "Not every section could be used.";
	static char rejected[] = "The case system could not use it.";
	size_t i;
	json_t *item;
	sluss__v1__acknowledge_delivery__init(draft);
	draft->message_id = (char *)(uintptr_t)id; // packing does not write
	draft->envelope_hash = (ProtobufCBinaryData){sizeof(d->envelope_hash), d->envelope_hash};
	draft->outcome = SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED;
	if (d->state == AGENTD_IN_UNUSABLE || d->state == AGENTD_IN_REJECTED) {
		draft->outcome = SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED;
		draft->explanation = d->why != NULL ? d->why : d->state == AGENTD_IN_UNUSABLE ? unusable : rejected;
	}
	json_array_foreach((json_t *)(uintptr_t)mismatched, i, item)
	{
		if (json_is_string(item) && draft->n_mismatched_categories < MISMATCHES_MAX)
			list[draft->n_mismatched_categories++] = (char *)(uintptr_t)json_string_value(item);
	}
	draft->mismatched_categories = list;
}

// Whose acknowledgement ended the delivery: ours, if the record names our officer.
static bool is_ours(const struct agentd *agent, const struct agentd_delivery *d, const Sluss__V1__Receipt *receipt)
{
	char officer[SLUSS_OFFICER_MAX + 1];
	return receipt == NULL ||
	       !sluss_record_acknowledged_by(
		   (struct sluss_bytes){receipt->log_entry.data, receipt->log_entry.len}, &d->id, officer) ||
	       strcmp(officer, agent->officer) == 0;
}

static bool told(struct agentd *agent, const struct agentd_delivery *d, const Sluss__V1__Receipt *receipt)
{
	char id[SLUSS_ID_TEXT];
	bool ours = is_ours(agent, d, receipt);
	agentd_link_up(agent, AGENTD_TALK_TELL);
	enum agentd_result result =
	    agentd_store_told(agent->store, d->seq, ours, receipt == NULL ? 0 : receipt->log_index);
	if (!agentd_store_good(agent, "record an acknowledgement", result))
		return false;
	if (result == AGENTD_FULL)
		agentd_link_down(agent, AGENTD_TALK_TELL, "The agent's disk is full.");
	else
		sluss_event(SLUSS_EVENT_INFO, ours ? "delivery-acknowledged" : "delivery-elsewhere", "message=%s",
		    sluss_id_format(&d->id, id));
	agentd_wake(agent);
	return true;
}

// The gateway does not know of it any more: nobody else can get it either.
static bool is_gone(const struct sluss_client_error *error)
{
	return error->result == SLUSS_CLIENT_REFUSED && error->refusal != NULL && error->reason == SLUSS_NOT_FOUND;
}

static bool tell(struct agentd *agent, struct sluss_client *client, struct agentd_delivery *d)
{
	char id[SLUSS_ID_TEXT];
	char *list[MISMATCHES_MAX];
	Sluss__V1__AcknowledgeDelivery draft;
	Sluss__V1__AcknowledgeResponse *response = NULL;
	json_t *mismatched = json_loads(d->mismatched == NULL ? "[]" : d->mismatched, 0, NULL);
	fill(&draft, d, sluss_id_format(&d->id, id), list, mismatched);
	enum sluss_client_result result = sluss_client_acknowledge(client, &draft, &response);
	json_decref(mismatched);
	if (result == SLUSS_CLIENT_OK) {
		bool ok = told(agent, d, response->receipt);
		sluss__v1__acknowledge_response__free_unpacked(response, NULL);
		return ok;
	}
	const struct sluss_client_error *error = sluss_client_last_error(client);
	if (is_gone(error))
		return told(agent, d, NULL);
	if (agentd_judge(error, true) == AGENTD_LINK) {
		agentd_link_down(agent, AGENTD_TALK_TELL, error->explanation);
		return true;
	}
	if (agentd_is_about_gateway(error))
		agentd_link_down(agent, AGENTD_TALK_TELL, error->explanation);
	sluss_event(SLUSS_EVENT_WARNING, "acknowledgement-waits", "message=%s error=\"%s\"", id, error->explanation);
	int64_t due = agentd_boot_ms() + agentd_pause_ms(&agent->settings, d->attempts + 1);
	// A rejection's reason is for the sender and stays.
	bool rejects = d->state == AGENTD_IN_REJECTED || d->state == AGENTD_IN_UNUSABLE;
	const char *why = rejects ? d->why : error->explanation;
	return agentd_store_good(
	    agent, "postpone an acknowledgement", agentd_store_tell_later(agent->store, d->seq, due, why));
}

void *agentd_teller(void *arg)
{
	struct agentd *agent = arg;
	struct sluss_client *client = agentd_client(agent);
	bool ok = client != NULL;
	while (ok && !agentd_stopping(agent)) {
		struct agentd_delivery d;
		int64_t next_ms = INT64_MAX;
		uint64_t seen = agentd_generation(agent);
		int64_t retry_ms = agentd_link_retry_ms(agent, AGENTD_TALK_TELL);
		if (retry_ms > agentd_boot_ms()) {
			agentd_wait(agent, seen, retry_ms);
			continue;
		}
		enum agentd_result result = agentd_store_take_untold(agent->store, agentd_boot_ms(), &d, &next_ms);
		if (result == AGENTD_NOT_FOUND) {
			agentd_wait(agent, seen, next_ms);
			continue;
		}
		ok = agentd_store_good(agent, "look for what is to be acknowledged", result);
		if (result == AGENTD_OK) {
			ok = tell(agent, client, &d);
			agentd_delivery_clear(&d);
		}
	}
	if (!ok)
		agentd_stop(agent);
	sluss_client_free(&client);
	return NULL;
}
