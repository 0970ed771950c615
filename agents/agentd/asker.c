// SPDX-License-Identifier: EUPL-1.2
// Asks the gateway what became of accepted messages and what is called back; forgets what is old.
#include <stdlib.h>
#include <time.h>

#include "agent.h"
#include "judge.h"
#include "log_event.h"
#include "web/json.h"

enum { DAY_MS = 86400000, PRUNE_MS = 3600000 };

// ---- status

// True: nothing more can become of it for this recipient.
static bool is_end(Sluss__V1__DeliveryState state)
{
	switch ((int)state) {
	case SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED:
	case SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WAITING:
	case SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_RELEASED:
		return false;
	default:
		return true; // also what a newer gateway may say
	}
}

static char *recipients_of(const Sluss__V1__GetStatusResponse *status, bool *ended_out)
{
	json_t *list = json_array();
	*ended_out = true;
	for (size_t i = 0; i < status->n_recipients; i++) {
		const Sluss__V1__RecipientStatus *s = status->recipients[i];
		const ProtobufCEnumValue *value =
		    protobuf_c_enum_descriptor_get_value(&sluss__v1__delivery_state__descriptor, (int)s->state);
		const char *reason = s->reason == 0 ? NULL : sluss_reason_name((enum sluss_reason)s->reason);
		json_t *row = json_pack("{s:s, s:s, s:I}", "agencyId", s->recipient_agency_id, "state",
		    value == NULL ? "UNKNOWN" : value->name + strlen("DELIVERY_STATE_"), "logIndex",
		    (json_int_t)s->log_index);
		if (reason != NULL)
			(void)json_object_set_new(row, "reason", json_string(reason));
		(void)json_array_append_new(list, row);
		*ended_out = *ended_out && is_end(s->state);
	}
	char *text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

static int64_t next_question_ms(const struct agentd *agent, uint32_t attempts)
{
	int64_t distance = agent->settings.status_first_ms;
	for (uint32_t i = 0; i < attempts && distance < agent->settings.status_max_ms; i++)
		distance *= 2;
	if (distance > agent->settings.status_max_ms)
		distance = agent->settings.status_max_ms;
	return agentd_boot_ms() + distance;
}

static bool ask_status(struct agentd *agent, struct sluss_client *client, const struct agentd_message *m)
{
	char id[SLUSS_ID_TEXT];
	bool ended = false;
	char *recipients = NULL;
	Sluss__V1__GetStatusResponse *status = NULL;
	if (sluss_client_status(client, sluss_id_format(&m->id, id), &status) == SLUSS_CLIENT_OK) {
		agentd_link_up(agent, AGENTD_TALK_ASK);
		recipients = recipients_of(status, &ended);
		sluss__v1__get_status_response__free_unpacked(status, NULL);
	} else {
		agentd_link_down(agent, AGENTD_TALK_ASK, sluss_client_last_error(client)->explanation);
	}
	enum agentd_result result = agentd_store_status(
	    agent->store, m->seq, recipients, ended && recipients != NULL, next_question_ms(agent, m->attempts));
	free(recipients);
	if (ended)
		agentd_wake(agent);
	if (result == AGENTD_FULL)
		agentd_link_down(agent, AGENTD_TALK_ASK, "The agent's disk is full.");
	return agentd_store_good(agent, "record what became of a message", result);
}

// ---- recalls

static bool keep_recall(struct agentd *agent, const Sluss__V1__Recall *recall)
{
	struct sluss_id id;
	size_t erased = 0;
	size_t count = 0;
	struct sluss_id *messages = calloc(recall->n_message_ids + 1, sizeof(*messages));
	char *json = sluss_json_from_message(&recall->base, 0, NULL);
	bool ok = true;
	for (size_t i = 0; messages != NULL && i < recall->n_message_ids; i++)
		count += sluss_id_from_text(recall->message_ids[i], &messages[count]) ? 1 : 0;
	if (messages != NULL && json != NULL && sluss_id_from_text(recall->recall_id, &id)) {
		bool answered = recall->answer != SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_UNSPECIFIED;
		ok = agentd_store_good(agent, "delete what is called back",
		    agentd_store_recall(agent->store, &id, messages, count, answered, json, &erased));
		if (erased > 0) {
			sluss_event(
			    SLUSS_EVENT_NOTICE, "recall-deleted", "recall=%s messages=%zu", recall->recall_id, erased);
			atomic_fetch_add(&agent->erased, erased);
			agentd_wake(agent);
		}
	}
	free(messages);
	free(json);
	return ok;
}

static bool ask_recalls(struct agentd *agent, struct sluss_client *client)
{
	Sluss__V1__RecallListResponse *r = NULL;
	if (sluss_client_recall_list(client, false, &r) != SLUSS_CLIENT_OK) {
		const struct sluss_client_error *error = sluss_client_last_error(client);
		// A gateway without recalls is asked again in time; that is no failure.
		if (strcmp(error->code, "unimplemented") != 0)
			agentd_link_down(agent, AGENTD_TALK_ASK, error->explanation);
		return true;
	}
	bool ok = true;
	agentd_link_up(agent, AGENTD_TALK_ASK);
	for (size_t i = 0; ok && i < r->n_recalls; i++)
		ok = keep_recall(agent, r->recalls[i]);
	sluss__v1__recall_list_response__free_unpacked(r, NULL);
	return ok;
}

enum sluss_client_result agentd_attest(struct agentd *agent, struct sluss_client *client, const char *recall_id,
    const char *kept_ground, bool mark_answered, const char *mark_ground)
{
	Sluss__V1__AttestRecall draft = SLUSS__V1__ATTEST_RECALL__INIT;
	Sluss__V1__RecallAttestResponse *response = NULL;
	draft.recall_id = (char *)(uintptr_t)recall_id; // packing does not write
	draft.answer = kept_ground == NULL ? SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED
					   : SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_KEPT;
	if (kept_ground != NULL)
		draft.kept_on_ground = (char *)(uintptr_t)kept_ground;
	if (mark_answered)
		draft.register_mark_answer = mark_ground == NULL ? SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED
								 : SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_KEPT;
	if (mark_ground != NULL)
		draft.register_mark_kept_on_ground = (char *)(uintptr_t)mark_ground;
	enum sluss_client_result result = sluss_client_recall_attest(client, &draft, &response);
	if (result == SLUSS_CLIENT_OK) {
		if (response->recall != NULL)
			(void)keep_recall(agent, response->recall);
		sluss__v1__recall_attest_response__free_unpacked(response, NULL);
	}
	return result;
}

// ---- the thread

static bool prune(struct agentd *agent)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	int64_t before = ((int64_t)now.tv_sec - (int64_t)agent->settings.keep_days * (DAY_MS / 1000)) * 1000;
	return agentd_store_good(agent, "forget old messages", agentd_store_prune(agent->store, before));
}

void *agentd_asker(void *arg)
{
	struct agentd *agent = arg;
	struct sluss_client *client = agentd_client(agent);
	int64_t recalls_ms = 0;
	int64_t prune_ms = agentd_boot_ms() + PRUNE_MS;
	bool ok = client != NULL;
	while (ok && !agentd_stopping(agent)) {
		struct agentd_message m;
		int64_t next_ms = INT64_MAX;
		uint64_t seen = agentd_generation(agent);
		int64_t now = agentd_boot_ms();
		int64_t retry_ms = agentd_link_retry_ms(agent, AGENTD_TALK_ASK);
		if (retry_ms > now) {
			agentd_wait(agent, seen, retry_ms);
			continue;
		}
		if (agent->settings.receive && now >= recalls_ms) {
			recalls_ms = now + agent->settings.recall_period_ms;
			ok = ask_recalls(agent, client);
			continue;
		}
		if (now >= prune_ms) {
			prune_ms = now + PRUNE_MS;
			ok = prune(agent);
			continue;
		}
		enum agentd_result result = agentd_store_take_accepted(agent->store, now, &m, &next_ms);
		if (result == AGENTD_NOT_FOUND) {
			int64_t until = agent->settings.receive && recalls_ms < next_ms ? recalls_ms : next_ms;
			agentd_wait(agent, seen, until < prune_ms ? until : prune_ms);
			continue;
		}
		ok = agentd_store_good(agent, "look for an accepted message", result);
		if (result == AGENTD_OK) {
			ok = ask_status(agent, client, &m);
			agentd_message_clear(&m);
		}
	}
	if (!ok)
		agentd_stop(agent);
	sluss_client_free(&client);
	return NULL;
}
