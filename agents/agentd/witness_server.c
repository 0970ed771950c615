// SPDX-License-Identifier: EUPL-1.2
// The agent as a witness of the gateway's log: C2SP tlog-witness over HTTP. It judges nothing itself (sluss/witness.h).
#include <errno.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log_event.h"
#include "server.h"
#include "sluss/witness.h"

enum { CONNECTIONS_MAX = 16, IDLE_S = 30, KEY_TEXT = 512 };

struct agentd_witness {
	struct MHD_Daemon *daemon;
	struct sluss_witness *judge;
};

struct body {
	size_t len;
	bool too_long;
	uint8_t data[SLUSS_WITNESS_BODY_MAX];
};

static enum MHD_Result answer(
    struct MHD_Connection *connection, unsigned status, const char *type, size_t len, const char *text)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	enum MHD_Result queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result judge(struct agentd_witness *witness, struct MHD_Connection *connection, const struct body *body)
{
	struct sluss_witness_reply reply;
	sluss_witness_add_checkpoint(witness->judge, (struct sluss_bytes){body->data, body->len}, 0, &reply);
	if (reply.misbehaviour)
		sluss_event(SLUSS_EVENT_ERROR, "log-misbehaves",
		    "status=%u help=\"keep the gateway's checkpoint as evidence\"", reply.status);
	else if (reply.status == MHD_HTTP_OK)
		sluss_event(SLUSS_EVENT_DEBUG, "checkpoint-cosigned", "size=%llu", (unsigned long long)reply.size);
	return answer(connection, reply.status, reply.content_type, reply.len, reply.body);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *data, size_t *len, void **state)
{
	static const char plain[] = "text/plain; charset=utf-8";
	static const char elsewhere[] = "POST /add-checkpoint\n";
	static const char too_long[] = "The request is too long.\n";
	struct body *body = *state;
	(void)version;
	if (body == NULL) {
		if (strcmp(path, "/add-checkpoint") != 0 || strcmp(method, MHD_HTTP_METHOD_POST) != 0)
			return answer(connection, strcmp(path, "/add-checkpoint") == 0 ? 405 : 404, plain,
			    sizeof(elsewhere) - 1, elsewhere);
		*state = calloc(1, sizeof(*body));
		return *state == NULL ? MHD_NO : MHD_YES;
	}
	if (*len > 0) {
		if (*len > sizeof(body->data) - body->len) {
			body->too_long = true;
		} else {
			memcpy(body->data + body->len, data, *len);
			body->len += *len;
		}
		*len = 0;
		return MHD_YES;
	}
	return body->too_long ? answer(connection, 400, plain, sizeof(too_long) - 1, too_long)
			      : judge(arg, connection, body);
}

static void on_completed(
    void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)connection;
	(void)code;
	free(*state);
	*state = NULL;
}

// ---- the key

static bool open_judge(struct agentd *agent, struct agentd_witness *witness, char why[256])
{
	char folder[SLUSS_SETTING_TEXT * 2];
	char path[SLUSS_SETTING_TEXT * 2 + 16];
	char name[SLUSS_SETTING_TEXT * 2];
	char key[KEY_TEXT];
	uint8_t seed[SLUSS_HASH_BYTES];
	const struct agentd_settings *s = &agent->settings;
	const char *log = agent->client.log_verifier_key;
	(void)snprintf(why, 256, "state_dir/witness cannot be used: %s", strerror(errno));
	if (!agentd_path(s, "witness", folder, sizeof(folder)) || (mkdir(folder, 0700) != 0 && errno != EEXIST))
		return false;
	(void)snprintf(path, sizeof(path), "%s/key", folder);
	if (!sluss_witness_seed(path, seed))
		return false;
	if (s->witness_name[0] != '\0')
		(void)snprintf(name, sizeof(name), "%s", s->witness_name);
	else
		(void)snprintf(name, sizeof(name), "%s.%s", agent->client.agency_id, agent->client.authority);
	struct sluss_witness_keys keys = {.name = name, .seed = seed, .logs = &log, .log_count = log == NULL ? 0 : 1};
	bool ok = sluss_witness_verifier_key(name, seed, key, sizeof(key) - 1);
	if (!ok)
		(void)snprintf(why, 256, "%.100s cannot be the name of a key: set witness_name", name);
	witness->judge = ok ? sluss_witness_open(folder, &keys, why) : NULL;
	sodium_memzero(seed, sizeof(seed));
	if (witness->judge == NULL || !agentd_path(s, "witness.vkey", path, sizeof(path)))
		return false;
	size_t len = strlen(key);
	key[len++] = '\n';
	return sluss_file_replace(path, key, len);
}

struct agentd_witness *agentd_witness_start(struct agentd *agent, bool *wanted_out)
{
	char why[256] = "no memory";
	unsigned port = 0;
	*wanted_out = agent->settings.witness_listen[0] != '\0';
	struct agentd_witness *witness = *wanted_out ? calloc(1, sizeof(*witness)) : NULL;
	if (witness == NULL)
		return NULL;
	int fd = -1;
	bool ok = open_judge(agent, witness, why);
	if (!ok)
		sluss_event(SLUSS_EVENT_ERROR, "witness-failed", "error=\"%s\"", why);
	else
		fd = agentd_listen(&agent->settings, agent->settings.witness_listen, "witness-port", &port);
	if (fd >= 0)
		witness->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0,
		    NULL, NULL, on_request, witness, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		    (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (witness->daemon == NULL) {
		if (fd >= 0)
			(void)close(fd);
		agentd_witness_stop(&witness);
	} else {
		sluss_event(SLUSS_EVENT_NOTICE, "witness-started", "port=%u", port);
	}
	return witness;
}

void agentd_witness_stop(struct agentd_witness **witness)
{
	struct agentd_witness *w = *witness;
	if (w == NULL)
		return;
	if (w->daemon != NULL)
		MHD_stop_daemon(w->daemon);
	sluss_witness_close(&w->judge);
	free(w);
	*witness = NULL;
}
