// SPDX-License-Identifier: EUPL-1.2
// Which request is which.
#include "api.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// ---- answers

void api_json(struct agentd_reply *reply, unsigned status, json_t *tree)
{
	reply->status = status;
	reply->text = tree == NULL ? NULL : json_dumps(tree, JSON_COMPACT);
	reply->len = reply->text == NULL ? 0 : strlen(reply->text);
	json_decref(tree);
}

void api_error(struct agentd_reply *reply, unsigned status, const char *code, const char *field, const char *text)
{
	json_t *error = json_pack("{s:s, s:s}", "code", code, "explanation", text);
	if (field != NULL && field[0] != '\0')
		(void)json_object_set_new(error, "field", json_string(field));
	api_json(reply, status, json_pack("{s:o}", "error", error));
}

void api_store_error(struct agentd_reply *reply, enum agentd_result result)
{
	enum { COME_AGAIN_S = 10 };
	switch (result) {
	case AGENTD_OK:
	case AGENTD_NOT_FOUND:
		api_error(reply, 404, "not_found", NULL, "There is no such message here.");
		return;
	case AGENTD_CONFLICT:
		api_error(reply, 409, "conflict", NULL, "That contradicts what was said about this message before.");
		return;
	case AGENTD_FULL:
		reply->retry_s = COME_AGAIN_S;
		api_error(reply, 429, "resource_exhausted", NULL,
		    "There is no room (disk, store_max_mib or queue_max). Nothing was taken: say it again later.");
		return;
	case AGENTD_BROKEN:
		break;
	}
	api_error(reply, 503, "unavailable", NULL, "The agent's store does not work; its event log says why.");
}

json_t *api_time(int64_t ms)
{
	struct tm utc;
	char text[32];
	time_t seconds = (time_t)(ms / 1000);
	if (ms == 0 || gmtime_r(&seconds, &utc) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return json_null();
	return json_string(text);
}

bool api_number(const struct agentd_request *request, const char *name, uint64_t standard, uint64_t max, uint64_t *out,
    struct agentd_reply *reply)
{
	const char *text = agentd_query(request, name);
	uint64_t value = text == NULL ? standard : 0;
	for (const char *c = text; c != NULL && *c != '\0'; c++) {
		if (!isdigit((unsigned char)*c) || value > (UINT64_MAX - 9) / 10) {
			api_error(reply, 400, "invalid_argument", name, "A number is needed.");
			return false;
		}
		value = value * 10 + (uint64_t)(*c - '0');
	}
	*out = value > max ? max : value;
	return true;
}

// ---- routes

enum route {
	ROUTE_NONE,
	FILES,
	MESSAGES,
	MESSAGE,
	QUEUE,
	INBOX,
	DELIVERY,
	DELIVERY_FILE,
	ACK,
	REJECT,
	NOTICES,
	RECALLS,
	RECALL_ANSWER,
	HEALTH,
	METRICS
};

// '*' stands for an id, '#' at the end for a number of one or two digits.
static const struct {
	const char *method;
	const char *path;
	enum route route;
} table[] = {
    {"POST", "/v1/files", FILES},
    {"POST", "/v1/messages", MESSAGES},
    {"GET", "/v1/messages/*", MESSAGE},
    {"GET", "/v1/queue", QUEUE},
    {"GET", "/v1/inbox", INBOX},
    {"GET", "/v1/inbox/*", DELIVERY},
    {"GET", "/v1/inbox/*/files/#", DELIVERY_FILE},
    {"POST", "/v1/inbox/*/ack", ACK},
    {"POST", "/v1/inbox/*/reject", REJECT},
    {"GET", "/v1/notices", NOTICES},
    {"GET", "/v1/recalls", RECALLS},
    {"POST", "/v1/recalls/*/answer", RECALL_ANSWER},
    {"GET", "/health", HEALTH},
    {"GET", "/metrics", METRICS},
};

static bool ends_so(const char *pattern, const char *end)
{
	size_t before = strcspn(pattern, "#");
	if (pattern[before] == '\0')
		return strcmp(pattern, end) == 0;
	size_t digits = strncmp(pattern, end, before) == 0 ? strspn(end + before, "0123456789") : 0;
	return digits >= 1 && digits <= 2 && end[before + digits] == '\0';
}

static bool fits(const char *pattern, const char *path, struct sluss_id *id_out)
{
	const char *star = strchr(pattern, '*');
	char id[SLUSS_ID_TEXT];
	if (star == NULL)
		return strcmp(pattern, path) == 0;
	size_t before = (size_t)(star - pattern);
	if (strncmp(pattern, path, before) != 0 || strlen(path) < before + SLUSS_ID_TEXT - 1 ||
	    !ends_so(star + 1, path + before + SLUSS_ID_TEXT - 1))
		return false;
	memcpy(id, path + before, SLUSS_ID_TEXT - 1);
	id[SLUSS_ID_TEXT - 1] = '\0';
	return sluss_id_from_text(id, id_out);
}

static enum route find(const struct agentd_request *request, struct sluss_id *id_out, bool *known_path_out)
{
	*known_path_out = false;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!fits(table[i].path, request->path, id_out))
			continue;
		*known_path_out = true;
		if (strcmp(table[i].method, request->method) == 0)
			return table[i].route;
	}
	return ROUTE_NONE;
}

void agentd_api(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply_out)
{
	struct sluss_id id = {{0}};
	bool known_path = false;
	switch (find(request, &id, &known_path)) {
	case FILES:
		api_file(agent, request, reply_out);
		return;
	case MESSAGES:
		api_send(agent, request, reply_out);
		return;
	case MESSAGE:
		api_message(agent, &id, reply_out);
		return;
	case QUEUE:
		api_queue(agent, reply_out);
		return;
	case INBOX:
		api_inbox(agent, request, reply_out);
		return;
	case DELIVERY:
		api_delivery(agent, &id, reply_out);
		return;
	case DELIVERY_FILE:
		api_delivery_file(agent, request, &id, reply_out);
		return;
	case ACK:
	case REJECT:
		api_handled(agent, request, &id, strstr(request->path, "/reject") != NULL, reply_out);
		return;
	case NOTICES:
		api_notices(agent, request, reply_out);
		return;
	case RECALLS:
		api_recalls(agent, reply_out);
		return;
	case RECALL_ANSWER:
		api_answer_recall(agent, request, &id, reply_out);
		return;
	case HEALTH:
		api_health(agent, reply_out);
		return;
	case METRICS:
		api_metrics(agent, reply_out);
		return;
	case ROUTE_NONE:
		break;
	}
	if (known_path)
		api_error(reply_out, 405, "invalid_argument", NULL, "This path has no such method.");
	else
		api_error(reply_out, 404, "not_found", NULL, "There is nothing at this path.");
}
