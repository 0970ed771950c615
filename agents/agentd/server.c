// SPDX-License-Identifier: EUPL-1.2
// HTTP: who may ask, the body, the answer. A thread for each connection (a long poll blocks its own), at most 64.
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "file.h"
#include "log_event.h"
#include "sluss/chunk.h"

enum { CONNECTIONS_MAX = 64, IDLE_S = 120, TOKEN_BYTES = 32, TOKEN_FILE_MAX = 256 };

struct agentd_server {
	struct agentd *agent;
	struct MHD_Daemon *local;
	struct MHD_Daemon *loopback; // NULL: not wanted
	char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char token[TOKEN_FILE_MAX + 1];
	unsigned port;
};

// One request's body while it comes.
struct body {
	uint8_t *data;
	size_t len;
	size_t room;
	bool too_long;
	bool is_file; // it goes into the spool as it comes
	bool no_room;
	struct agentd_file_writer *file;
};

const char *agentd_query(const struct agentd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

// ---- answers

static enum MHD_Result answer(struct MHD_Connection *connection, struct agentd_reply *reply)
{
	char retry[16];
	struct MHD_Response *response =
	    reply->is_file ? MHD_create_response_from_fd64(reply->len, reply->fd)
			   : MHD_create_response_from_buffer(reply->len, reply->text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(reply->text);
		if (reply->is_file)
			(void)close(reply->fd);
		return MHD_NO;
	}
	(void)snprintf(retry, sizeof(retry), "%u", reply->retry_s);
	(void)MHD_add_response_header(
	    response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type == NULL ? "application/json" : reply->type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (reply->retry_s > 0)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, retry);
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *code, const char *text)
{
	json_t *tree = json_pack("{s:{s:s, s:s}}", "error", "code", code, "explanation", text);
	struct agentd_reply reply = {.status = status, .text = json_dumps(tree, JSON_COMPACT)};
	json_decref(tree);
	if (reply.text == NULL)
		return MHD_NO;
	reply.len = strlen(reply.text);
	return answer(connection, &reply);
}

// ---- who may ask

static bool is_this_host(const struct agentd_server *server, const char *host)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
	char expected[32];
	for (size_t i = 0; host != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(expected, sizeof(expected), "%s:%u", names[i], server->port);
		if (strcmp(host, expected) == 0)
			return true;
	}
	return false;
}

static bool has_token(const struct agentd_server *server, const char *authorization)
{
	size_t len = strlen(server->token);
	return authorization != NULL && strncmp(authorization, "Bearer ", 7) == 0 && strlen(authorization) == 7 + len &&
	       sodium_memcmp(authorization + 7, server->token, len) == 0;
}

// NULL: may ask. A page in a browser on this machine can reach loopback; it cannot know the token, and a name that was
// made to point here (DNS rebinding) is not ours.
static const char *shut_out(const struct agentd_server *server, struct MHD_Connection *connection, unsigned *status_out)
{
	*status_out = MHD_HTTP_FORBIDDEN;
	if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN) != NULL)
		return "Web pages may not ask here.";
	if (!is_this_host(server, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
		return "The Host header must name this host: localhost, 127.0.0.1 or [::1], with the port.";
	*status_out = MHD_HTTP_UNAUTHORIZED;
	if (!has_token(server, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION)))
		return "The bearer token of the agent's token_file is needed.";
	return NULL;
}

// ---- requests

// Memory stays the same however long the file is; what cannot be taken is read and thrown away, so that the answer
// arrives.
static void take_file(struct body *body, const char *data, size_t len)
{
	if (body->too_long || body->no_room)
		return;
	body->too_long = sluss_chunk_count(agentd_store_file_octets(body->file) + len) == 0;
	if (!body->too_long)
		body->no_room =
		    agentd_store_file_write(body->file, (struct sluss_bytes){(const uint8_t *)data, len}) != AGENTD_OK;
}

static bool take_body(struct body *body, const char *data, size_t len)
{
	if (body->is_file) {
		take_file(body, data, len);
		return true;
	}
	if (len > AGENTD_BODY_MAX - body->len) {
		body->too_long = true;
		return true; // the rest is read and thrown away, so that the answer arrives
	}
	if (len > body->room - body->len) {
		size_t room = (body->len + len) * 2;
		uint8_t *bigger = realloc(body->data, room);
		if (bigger == NULL)
			return false;
		body->data = bigger;
		body->room = room;
	}
	memcpy(body->data + body->len, data, len);
	body->len += len;
	return true;
}

static enum MHD_Result serve(struct agentd_server *server, struct MHD_Connection *connection, const char *path,
    const char *method, struct body *body)
{
	static const uint8_t nothing[1];
	struct agentd_request request = {.method = method,
	    .path = path,
	    .body = {body->data == NULL ? nothing : body->data, body->len},
	    .connection = connection,
	    .file = body->is_file ? &body->file : NULL,
	    .no_room = body->no_room};
	struct agentd_reply reply = {.status = 0};
	if (body->too_long)
		return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "too_large",
		    body->is_file ? "A file has at most 100 MiB." : "A request has at most 8 MiB.");
	if (strlen(path) >= AGENTD_PATH_MAX)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "not_found", "There is nothing at this path.");
	agentd_api(server->agent, &request, &reply);
	return reply.text == NULL && !reply.is_file ? MHD_NO : answer(connection, &reply);
}

static enum MHD_Result on_request(struct agentd_server *server, struct MHD_Connection *connection, const char *path,
    const char *method, const char *data, size_t *len, void **state, bool is_local)
{
	struct body *body = *state;
	unsigned status = 0;
	if (body == NULL) {
		const char *why = is_local ? NULL : shut_out(server, connection, &status);
		if (why != NULL)
			return refuse(connection, status, "not_allowed", why);
		*state = body = calloc(1, sizeof(*body));
		if (body != NULL && strcmp(method, "POST") == 0 && strcmp(path, "/v1/files") == 0) {
			body->is_file = true;
			body->no_room = agentd_store_file_begin(server->agent->store, &body->file) != AGENTD_OK;
		}
		return body == NULL ? MHD_NO : MHD_YES;
	}
	if (*len > 0) {
		enum MHD_Result result = take_body(body, data, *len) ? MHD_YES : MHD_NO;
		*len = 0;
		return result;
	}
	return serve(server, connection, path, method, body);
}

static enum MHD_Result on_local(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *data, size_t *len, void **state)
{
	(void)version;
	return on_request(arg, connection, path, method, data, len, state, true);
}

static enum MHD_Result on_loopback(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *data, size_t *len, void **state)
{
	(void)version;
	return on_request(arg, connection, path, method, data, len, state, false);
}

static void on_completed(
    void *arg, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct body *body = *state;
	(void)arg;
	(void)connection;
	(void)code;
	if (body != NULL) {
		agentd_store_file_abort(&body->file); // a body that was cut off
		free(body->data);
	}
	free(body);
	*state = NULL;
}

// ---- starting

static struct MHD_Daemon *start(struct agentd_server *server, int fd, MHD_AccessHandlerCallback handler)
{
	return fd < 0 ? NULL
		      : MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
					     MHD_USE_POLL | MHD_USE_ITC,
			    0, NULL, NULL, handler, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
			    (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
			    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

static int open_local(struct agentd_server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[SLUSS_SETTING_TEXT * 2];
	const struct agentd_settings *s = &server->agent->settings;
	errno = ENAMETOOLONG;
	if (!agentd_path(s, s->socket, path, sizeof(path)) || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	memcpy(server->socket_path, path, strlen(path) + 1);
	// The lock on state_dir is ours: what lies there was left by an agent that was killed.
	if (unlink(path) != 0 && errno != ENOENT)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t before = umask(0177);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 64) == 0;
	(void)umask(before);
	if (!ok && fd >= 0)
		(void)close(fd);
	return ok ? fd : -1;
}

// Reads the token, or makes one. Others who may read it could act for the agency: refused.
static bool read_token(struct agentd_server *server)
{
	char path[SLUSS_SETTING_TEXT * 2];
	uint8_t random[TOKEN_BYTES];
	size_t len = 0;
	const struct agentd_settings *s = &server->agent->settings;
	if (!agentd_path(s, s->token_file, path, sizeof(path)))
		return false;
	char *text = sluss_file_read(path, TOKEN_FILE_MAX, true, &len);
	if (text == NULL && errno == ENOENT) {
		randombytes_buf(random, sizeof(random));
		(void)sodium_bin2hex(server->token, sizeof(server->token), random, sizeof(random));
		sodium_memzero(random, sizeof(random));
		return sluss_file_replace(path, server->token, strlen(server->token));
	}
	if (text == NULL)
		return false;
	text[strcspn(text, "\r\n")] = '\0';
	(void)snprintf(server->token, sizeof(server->token), "%s", text);
	free(text);
	errno = EINVAL;
	return strlen(server->token) >= 16;
}

static bool start_loopback(struct agentd_server *server)
{
	const struct agentd_settings *s = &server->agent->settings;
	if (s->listen[0] == '\0')
		return true;
	if (!read_token(server)) {
		sluss_event(SLUSS_EVENT_ERROR, "token-unusable",
		    "file=%s error=\"%s\" help=\"mode 0600, 16 characters or more\"", s->token_file, strerror(errno));
		return false;
	}
	int fd = agentd_listen(s, s->listen, "port", &server->port);
	server->loopback = start(server, fd, on_loopback);
	if (server->loopback == NULL && fd >= 0)
		(void)close(fd);
	return server->loopback != NULL;
}

struct agentd_server *agentd_server_start(struct agentd *agent)
{
	struct agentd_server *server = calloc(1, sizeof(*server));
	if (server == NULL)
		return NULL;
	server->agent = agent;
	int fd = open_local(server);
	server->local = start(server, fd, on_local);
	if (server->local == NULL) {
		sluss_event(SLUSS_EVENT_ERROR, "socket-failed", "path=%s error=\"%s\"", agent->settings.socket,
		    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
	}
	if (server->local == NULL || !start_loopback(server))
		agentd_server_stop(&server);
	return server;
}

void agentd_server_stop(struct agentd_server **server)
{
	struct agentd_server *s = *server;
	if (s == NULL)
		return;
	if (s->loopback != NULL)
		MHD_stop_daemon(s->loopback);
	if (s->local != NULL) {
		MHD_stop_daemon(s->local);
		(void)unlink(s->socket_path);
	}
	sodium_memzero(s->token, sizeof(s->token));
	free(s);
	*server = NULL;
}
