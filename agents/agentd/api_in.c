// SPDX-License-Identifier: EUPL-1.2
// The interface for case systems: receiving, notices, recalls.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api.h"
#include "judge.h"

enum { INBOX_STANDARD = 16, INBOX_MAX = 256, WAIT_MAX_S = 60, NOTICES_MAX = 1000, WHY_MAX = 200, GROUND_MAX = 800 };

// ---- handing out

// Writes documents, comma between, until there are no more or the answer is full. A message counts as handed out from
// here on; it is handed out again until it is acknowledged.
static enum agentd_result write_messages(struct agentd *agent, const char *officer, int64_t after, uint64_t max,
    FILE *out, size_t *count_out, int64_t *last_out)
{
	size_t octets = 0;
	enum agentd_result result = AGENTD_OK;
	*count_out = 0;
	*last_out = after;
	while (result == AGENTD_OK && *count_out < max && octets < AGENTD_ANSWER_MAX) {
		struct agentd_delivery d;
		char *document = NULL;
		size_t len = 0;
		result = agentd_store_inbox(agent->store, *last_out, officer, &d, &document, &len);
		if (result != AGENTD_OK)
			break;
		*last_out = d.seq;
		if (d.state == AGENTD_IN_READY)
			result = agentd_store_handed(agent->store, d.seq);
		if (document != NULL && (result == AGENTD_OK || result == AGENTD_FULL)) {
			fprintf(out, "%s%s", *count_out > 0 ? "," : "", document);
			octets += len;
			*count_out += 1;
			result =
			    AGENTD_OK; // a full disk keeps the mark from being written, not the message from being read
		}
		free(document);
		agentd_delivery_clear(&d);
	}
	return result == AGENTD_NOT_FOUND ? AGENTD_OK : result;
}

void api_inbox(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply)
{
	uint64_t wait_s = 0;
	uint64_t max = 0;
	uint64_t after = 0;
	if (!api_number(request, "wait", 0, WAIT_MAX_S, &wait_s, reply) ||
	    !api_number(request, "max", INBOX_STANDARD, INBOX_MAX, &max, reply) ||
	    !api_number(request, "after", 0, INT64_MAX, &after, reply))
		return;
	int64_t until = agentd_boot_ms() + (int64_t)wait_s * 1000;
	for (;;) {
		size_t count = 0;
		int64_t last = 0;
		uint64_t seen = agentd_generation(agent);
		FILE *out = open_memstream(&reply->text, &reply->len);
		if (out == NULL)
			return;
		fputs("{\"messages\":[", out);
		enum agentd_result result =
		    write_messages(agent, agentd_query(request, "officer"), (int64_t)after, max, out, &count, &last);
		fprintf(out, "],\"after\":%lld}", (long long)last);
		bool written = fclose(out) == 0;
		if (result == AGENTD_OK && written &&
		    (count > 0 || agentd_boot_ms() >= until || agentd_stopping(agent))) {
			reply->status = 200;
			return;
		}
		free(reply->text);
		reply->text = NULL;
		if (result != AGENTD_OK || !written) {
			(void)agentd_store_good(agent, "read the inbox", result);
			api_store_error(reply, result == AGENTD_OK ? AGENTD_FULL : result);
			return;
		}
		agentd_wait(agent, seen, until);
	}
}

void api_delivery(struct agentd *agent, const struct sluss_id *id, struct agentd_reply *reply)
{
	struct agentd_delivery d;
	char *document = NULL;
	size_t len = 0;
	char text[SLUSS_ID_TEXT];
	enum agentd_result result = agentd_store_delivery(agent->store, id, &d, &document, &len);
	if (result != AGENTD_OK) {
		api_store_error(reply, result);
		return;
	}
	json_t *tree = json_pack("{s:s, s:s, s:b, s:o}", "messageId", sluss_id_format(id, text), "state",
	    agentd_in_name(d.state), "acknowledgedToGateway", (int)d.told, "fetchedAt", api_time(d.fetched_ms));
	if (d.told && d.told_index > 0)
		(void)json_object_set_new(tree, "acknowledgedIndex", json_integer((json_int_t)d.told_index));
	if (d.why != NULL)
		(void)json_object_set_new(tree, "why", json_string(d.why));
	// Nobody has it before it is known to be ours.
	json_t *message = document != NULL && d.state != AGENTD_IN_STORED ? json_loadb(document, len, 0, NULL) : NULL;
	if (message != NULL)
		(void)json_object_set_new(tree, "message", message);
	if (message != NULL && d.state == AGENTD_IN_READY)
		(void)agentd_store_good(
		    agent, "mark a message as handed out", agentd_store_handed(agent->store, d.seq));
	api_json(reply, 200, tree);
	free(document);
	agentd_delivery_clear(&d);
}

void api_delivery_file(
    struct agentd *agent, const struct agentd_request *request, const struct sluss_id *id, struct agentd_reply *reply)
{
	uint64_t octets = 0;
	uint32_t place = (uint32_t)strtoul(strrchr(request->path, '/') + 1, NULL, 10); // two digits at most
	int fd = agentd_store_open_received(agent->store, id, place, &octets);
	if (fd < 0) {
		api_store_error(reply, errno == 0 ? AGENTD_NOT_FOUND : AGENTD_BROKEN);
		return;
	}
	reply->status = 200;
	reply->type = "application/octet-stream";
	reply->is_file = true;
	reply->fd = fd;
	reply->len = octets;
}

// ---- the case system's word

// The string `name` of the body's object; NULL: not there. False: the body is wrong (answered).
static bool body_text(const json_t *body, const char *name, size_t max, const char **out, struct agentd_reply *reply)
{
	const json_t *value = json_object_get(body, name);
	*out = json_string_value(value);
	if (value != NULL && (*out == NULL || json_string_length(value) > max)) {
		api_error(reply, 400, "invalid_argument", name, "A text is needed, and not a long one.");
		return false;
	}
	return true;
}

static bool read_body(const struct agentd_request *request, json_t **body_out, struct agentd_reply *reply)
{
	*body_out = request->body.len == 0
			? json_object()
			: json_loadb((const char *)request->body.data, request->body.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(*body_out))
		return true;
	json_decref(*body_out);
	api_error(reply, 400, "invalid_argument", "", "A JSON object is needed.");
	return false;
}

void api_handled(struct agentd *agent, const struct agentd_request *request, const struct sluss_id *id, bool rejected,
    struct agentd_reply *reply)
{
	json_t *body = NULL;
	const char *why = NULL;
	bool tell = agent->settings.acknowledge_when_handled;
	if (!read_body(request, &body, reply))
		return;
	if (body_text(body, "explanation", WHY_MAX, &why, reply)) {
		enum agentd_result result = agentd_store_handled(
		    agent->store, id, rejected ? AGENTD_IN_REJECTED : AGENTD_IN_DONE, rejected ? why : NULL, tell);
		if (!agentd_store_good(agent, "record what the case system says", result) || result != AGENTD_OK)
			api_store_error(reply, result);
		else
			api_json(reply, 200,
			    json_pack("{s:s, s:b}", "state", rejected ? "rejected" : "done", "senderIsTold",
				(int)(tell || !rejected)));
		agentd_wake(agent);
	}
	json_decref(body);
}

// ---- notices

struct notices {
	json_t *list;
	uint64_t next;
};

static void add_notice(void *arg, uint64_t index, const char *text)
{
	struct notices *n = arg;
	json_t *tree = json_loads(text, 0, NULL);
	if (tree != NULL)
		(void)json_array_append_new(n->list, tree);
	n->next = index + 1;
}

void api_notices(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply)
{
	uint64_t from = 0;
	if (!api_number(request, "from", 0, INT64_MAX, &from, reply))
		return;
	struct notices n = {json_array(), from};
	enum agentd_result result = agentd_store_notices(agent->store, from, NOTICES_MAX, add_notice, &n);
	if (result == AGENTD_OK) {
		api_json(reply, 200, json_pack("{s:o, s:I}", "notices", n.list, "next", (json_int_t)n.next));
	} else {
		json_decref(n.list);
		api_store_error(reply, result);
	}
}

// ---- recalls

static void add_recall(void *arg, const char *text, bool answered, uint32_t erased)
{
	json_t *recall = json_loads(text, 0, NULL);
	if (recall == NULL)
		return;
	(void)json_array_append_new(
	    arg, json_pack("{s:o, s:b, s:i}", "recall", recall, "answered", (int)answered, "deletedHere", (int)erased));
}

void api_recalls(struct agentd *agent, struct agentd_reply *reply)
{
	json_t *list = json_array();
	enum agentd_result result = agentd_store_recalls(agent->store, add_recall, list);
	if (result == AGENTD_OK) {
		api_json(reply, 200, json_pack("{s:o}", "recalls", list));
	} else {
		json_decref(list);
		api_store_error(reply, result);
	}
}

// "deleted", or "kept" with its ground. False: answered.
static bool read_answer(const json_t *body, const char *name, const char *ground_name, const char **answer_out,
    const char **ground_out, struct agentd_reply *reply)
{
	if (!body_text(body, name, WHY_MAX, answer_out, reply) ||
	    !body_text(body, ground_name, GROUND_MAX, ground_out, reply))
		return false;
	if (*answer_out == NULL)
		return true;
	bool kept = strcmp(*answer_out, "kept") == 0;
	if ((kept && *ground_out != NULL) || (strcmp(*answer_out, "deleted") == 0 && *ground_out == NULL))
		return true;
	api_error(reply, 400, "invalid_argument", name,
	    "Either \"deleted\", or \"kept\" with the legal ground for keeping it.");
	return false;
}

static void attest(struct agentd *agent, const char *recall_id, const json_t *body, struct agentd_reply *reply)
{
	const char *answer = NULL;
	const char *ground = NULL;
	const char *mark = NULL;
	const char *mark_ground = NULL;
	if (!read_answer(body, "answer", "ground", &answer, &ground, reply) ||
	    !read_answer(body, "mark", "markGround", &mark, &mark_ground, reply))
		return;
	if (answer == NULL) {
		api_error(reply, 400, "invalid_argument", "answer", "\"deleted\" or \"kept\" is needed.");
		return;
	}
	struct sluss_client *client = agentd_client(agent);
	if (client == NULL) {
		api_store_error(reply, AGENTD_BROKEN);
		return;
	}
	if (agentd_attest(agent, client, recall_id, ground, mark != NULL, mark_ground) == SLUSS_CLIENT_OK)
		api_json(reply, 200, json_pack("{s:s}", "answer", answer));
	else
		api_json(reply, sluss_client_last_error(client)->result == SLUSS_CLIENT_UNAVAILABLE ? 503 : 409,
		    json_pack("{s:o}", "error", agentd_why(sluss_client_last_error(client))));
	sluss_client_free(&client);
}

void api_answer_recall(
    struct agentd *agent, const struct agentd_request *request, const struct sluss_id *id, struct agentd_reply *reply)
{
	char text[SLUSS_ID_TEXT];
	json_t *body = NULL;
	if (!read_body(request, &body, reply))
		return;
	attest(agent, sluss_id_format(id, text), body, reply);
	json_decref(body);
}
