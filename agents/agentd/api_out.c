// SPDX-License-Identifier: EUPL-1.2
// The interface for case systems: sending, and what waits.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api.h"
#include "describe.h"
#include "web/json.h"

enum { WAITING_MAX = 100 };

// Text of the store as JSON; null when there is none.
static json_t *stored(const char *text)
{
	json_t *tree = text == NULL ? NULL : json_loads(text, 0, NULL);
	return tree == NULL ? json_null() : tree;
}

// ---- one message

static json_t *receipt_tree(const struct agentd_message *m)
{
	Sluss__V1__Receipt *receipt =
	    m->receipt_len == 0 ? NULL : sluss__v1__receipt__unpack(NULL, m->receipt_len, m->receipt);
	json_t *tree = receipt == NULL ? NULL : sluss_json_tree(&receipt->base);
	if (receipt != NULL)
		sluss__v1__receipt__free_unpacked(receipt, NULL);
	return tree == NULL ? json_null() : tree;
}

static json_t *message_tree(const struct agentd_message *m)
{
	char id[SLUSS_ID_TEXT];
	char case_id[SLUSS_ID_TEXT];
	int64_t rest_ms = m->due_ms - agentd_boot_ms();
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:I, s:o, s:o}", "messageId", sluss_id_format(&m->id, id),
	    "case", sluss_id_format(&m->case_id, case_id), "state", agentd_out_name(m->state), "queuedAt",
	    api_time(m->queued_ms), "changedAt", api_time(m->changed_ms), "attempts", (int)m->attempts, "behind",
	    (int)m->blockers, "nextTryMs", (json_int_t)(rest_ms > 0 ? rest_ms : 0), "why", stored(m->why), "recipients",
	    stored(m->recipients));
}

void api_message(struct agentd *agent, const struct sluss_id *id, struct agentd_reply *reply)
{
	struct agentd_message m;
	enum agentd_result result = agentd_store_message(agent->store, id, &m);
	if (result != AGENTD_OK) {
		api_store_error(reply, result);
		return;
	}
	json_t *tree = message_tree(&m);
	if (m.receipt_len > 0) {
		(void)json_object_set_new(tree, "acceptedIndex", json_integer((json_int_t)m.accepted_index));
		(void)json_object_set_new(tree, "receipt", receipt_tree(&m));
	}
	struct agentd_link link = agentd_link_look(agent, AGENTD_TALK_SEND);
	if (m.state < AGENTD_OUT_ACCEPTED && link.why[0] != '\0')
		(void)json_object_set_new(tree, "gateway", json_string(link.why));
	api_json(reply, 200, tree);
	agentd_message_clear(&m);
}

// ---- taking one in

static bool payload_folder(const struct agentd *agent, char path[SLUSS_SETTING_TEXT * 2])
{
	char base[SLUSS_SETTING_TEXT * 2 - 16];
	if (agent->settings.folder[0] == '\0' ||
	    !agentd_path(&agent->settings, agent->settings.folder, base, sizeof(base)))
		return false;
	(void)snprintf(path, SLUSS_SETTING_TEXT * 2, "%s/outbox/files", base);
	return true;
}

// A file for a message that is described next; it is in the spool already.
void api_file(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply)
{
	char hex[2 * SLUSS_HASH_BYTES + 1];
	struct agentd_file file;
	if (request->no_room || request->file == NULL || *request->file == NULL) {
		api_store_error(reply, AGENTD_FULL);
		return;
	}
	if (agentd_store_file_octets(*request->file) == 0) {
		agentd_store_file_abort(request->file); // before the answer says that there is nothing
		api_error(reply, 400, "invalid_argument", NULL, "A file has at least one octet.");
		return;
	}
	enum agentd_result result = agentd_store_file_end(request->file, &file);
	if (result == AGENTD_OK)
		result = agentd_store_upload(agent->store, &file);
	if (!agentd_store_good(agent, "take a file", result) || result != AGENTD_OK) {
		api_store_error(reply, result);
		return;
	}
	(void)sodium_bin2hex(hex, sizeof(hex), file.sha256, sizeof(file.sha256));
	api_json(reply, 201, json_pack("{s:s, s:I}", "upload", hex, "octets", (json_int_t)file.octets));
}

void api_send(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply)
{
	struct agentd_description d;
	struct agentd_describe_error error = {.field = ""};
	char files[SLUSS_SETTING_TEXT * 2];
	char id[SLUSS_ID_TEXT];
	bool known = false;
	bool has_files = payload_folder(agent, files);
	if (!agentd_describe(request->body, NULL, has_files ? files : NULL, agent->officer, agent->store, &d, &error)) {
		if (error.no_room)
			api_store_error(reply, AGENTD_FULL);
		else
			api_error(reply, 400, "invalid_argument", error.field, error.text);
		return;
	}
	enum agentd_result result = agentd_queue_description(agent->store, &d, NULL, &known);
	if (result == AGENTD_NOT_FOUND)
		api_error(reply, 400, "invalid_argument", "upload",
		    "The file was not handed in, or more than a day ago: POST /v1/files first.");
	else if (!agentd_store_good(agent, "take a message", result) || result != AGENTD_OK)
		api_store_error(reply, result);
	else if (known)
		api_message(agent, &d.id, reply);
	else
		api_json(
		    reply, 202, json_pack("{s:s, s:s}", "messageId", sluss_id_format(&d.id, id), "state", "queued"));
	if (result == AGENTD_OK && !known)
		agentd_wake(agent);
	agentd_description_free(&d);
}

// ---- what waits, and why

static void add_waiting(void *arg, const struct agentd_message *message)
{
	(void)json_array_append_new(arg, message_tree(message));
}

static json_t *links_tree(struct agentd *agent)
{
	json_t *links = json_object();
	for (int talk = 0; talk < AGENTD_TALKS; talk++) {
		struct agentd_link link = agentd_link_look(agent, (enum agentd_talk)talk);
		int64_t rest_ms = link.failures == 0 ? 0 : link.retry_ms - agentd_boot_ms();
		json_t *tree = json_pack("{s:b, s:i, s:o, s:I, s:s}", "works", link.failures == 0, "failures",
		    (int)link.failures, "since", api_time(link.since_ms), "nextTryMs",
		    (json_int_t)(rest_ms > 0 ? rest_ms : 0), "why", link.why);
		(void)json_object_set_new(links, agentd_talk_name((enum agentd_talk)talk), tree);
	}
	return links;
}

static json_t *counts_tree(const struct agentd_counts *counts)
{
	json_t *out = json_object();
	json_t *in = json_object();
	for (int state = AGENTD_OUT_QUEUED; state <= AGENTD_OUT_REFUSED; state++)
		(void)json_object_set_new(
		    out, agentd_out_name((enum agentd_out)state), json_integer((json_int_t)counts->out[state]));
	for (int state = AGENTD_IN_STORED; state <= AGENTD_IN_RECALLED; state++)
		(void)json_object_set_new(
		    in, agentd_in_name((enum agentd_in)state), json_integer((json_int_t)counts->in[state]));
	return json_pack("{s:o, s:o, s:I, s:I}", "out", out, "in", in, "notAcknowledgedYet", (json_int_t)counts->untold,
	    "openRecalls", (json_int_t)counts->recalls_open);
}

void api_queue(struct agentd *agent, struct agentd_reply *reply)
{
	struct agentd_counts counts;
	json_t *waiting = json_array();
	enum agentd_result result = agentd_store_counts(agent->store, &counts);
	if (result == AGENTD_OK)
		result = agentd_store_waiting(agent->store, WAITING_MAX, add_waiting, waiting);
	if (result != AGENTD_OK) {
		json_decref(waiting);
		api_store_error(reply, result);
		return;
	}
	api_json(reply, 200,
	    json_pack("{s:s, s:s, s:o, s:o, s:o}", "agency", agent->client.agency_id, "officer", agent->officer,
		"gateway", links_tree(agent), "counts", counts_tree(&counts), "waiting", waiting));
}

// ---- watching

static bool gateway_works(struct agentd *agent)
{
	bool works = true;
	for (int talk = 0; talk < AGENTD_TALKS; talk++)
		works = works && agentd_link_look(agent, (enum agentd_talk)talk).failures == 0;
	return works;
}

void api_health(struct agentd *agent, struct agentd_reply *reply)
{
	api_json(reply, 200, json_pack("{s:s, s:b}", "status", "ok", "gatewayReached", gateway_works(agent)));
}

static void write_metrics(struct agentd *agent, const struct agentd_counts *counts, FILE *out)
{
	fputs("# HELP sluss_agentd_messages Messages to be sent, by state.\n# TYPE sluss_agentd_messages gauge\n", out);
	for (int state = AGENTD_OUT_QUEUED; state <= AGENTD_OUT_REFUSED; state++)
		fprintf(out, "sluss_agentd_messages{state=\"%s\"} %llu\n", agentd_out_name((enum agentd_out)state),
		    (unsigned long long)counts->out[state]);
	fputs(
	    "# HELP sluss_agentd_deliveries Messages received, by state.\n# TYPE sluss_agentd_deliveries gauge\n", out);
	for (int state = AGENTD_IN_STORED; state <= AGENTD_IN_RECALLED; state++)
		fprintf(out, "sluss_agentd_deliveries{state=\"%s\"} %llu\n", agentd_in_name((enum agentd_in)state),
		    (unsigned long long)counts->in[state]);
	fprintf(out,
	    "# HELP sluss_agentd_unacknowledged Received and not yet acknowledged to the gateway.\n# TYPE "
	    "sluss_agentd_unacknowledged gauge\n"
	    "sluss_agentd_unacknowledged %llu\n"
	    "# HELP sluss_agentd_recalls_open Recalls without an answer.\n# TYPE sluss_agentd_recalls_open gauge\n"
	    "sluss_agentd_recalls_open %llu\n"
	    "# HELP sluss_agentd_gateway_up The last request of each kind was answered.\n# TYPE "
	    "sluss_agentd_gateway_up gauge\n",
	    (unsigned long long)counts->untold, (unsigned long long)counts->recalls_open);
	for (int talk = 0; talk < AGENTD_TALKS; talk++)
		fprintf(out, "sluss_agentd_gateway_up{doing=\"%s\"} %d\n", agentd_talk_name((enum agentd_talk)talk),
		    agentd_link_look(agent, (enum agentd_talk)talk).failures == 0 ? 1 : 0);
	fprintf(out,
	    "# HELP sluss_agentd_send_attempts_total Requests that handed in a message.\n# TYPE "
	    "sluss_agentd_send_attempts_total counter\n"
	    "sluss_agentd_send_attempts_total %llu\n"
	    "# HELP sluss_agentd_unverified_total Answers whose receipt did not hold.\n# TYPE "
	    "sluss_agentd_unverified_total counter\n"
	    "sluss_agentd_unverified_total %llu\n",
	    (unsigned long long)atomic_load(&agent->attempts), (unsigned long long)atomic_load(&agent->receipts_bad));
}

void api_metrics(struct agentd *agent, struct agentd_reply *reply)
{
	struct agentd_counts counts;
	enum agentd_result result = agentd_store_counts(agent->store, &counts);
	FILE *out = result == AGENTD_OK ? open_memstream(&reply->text, &reply->len) : NULL;
	if (out == NULL) {
		api_store_error(reply, result == AGENTD_OK ? AGENTD_BROKEN : result);
		return;
	}
	write_metrics(agent, &counts, out);
	reply->status = 200;
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	if (fclose(out) != 0) {
		free(reply->text);
		reply->text = NULL;
	}
}
