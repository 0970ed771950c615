// SPDX-License-Identifier: EUPL-1.2
// The log as static files (C2SP tlog-tiles). Web knows where they begin, core what they are; a file that is too long
// for one frame comes in pieces.
#include <stdlib.h>

#include "web/web_int.h"

enum { FILE_MAX = 20 << 20 }; // a bundle of 256 entries of 65,535 octets, and some

bool web_file_is(const char *url)
{
	static const char *const folders[] = {"/tile/", "/policies/", "/keys/", "/checkpoints/", "/timestamps/"};
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strncmp(url, folders[i], strlen(folders[i])) == 0)
			return true;
	return strcmp(url, "/checkpoint") == 0;
}

// Asks for what is missing. False: core is not there, or memory is out.
static bool ask(struct web_conn *conn)
{
	Sluss__V1__LogFileRequest request = SLUSS__V1__LOG_FILE_REQUEST__INIT;
	request.path = conn->request->file;
	request.offset = conn->request->body_len;
	size_t len = sluss__v1__log_file_request__get_packed_size(&request);
	uint8_t *packed = malloc(len + 1);
	if (packed == NULL)
		return false;
	sluss__v1__log_file_request__pack(&request, packed);
	bool asked = web_core_ask(conn, (struct sluss_bytes){packed, len}, 0);
	free(packed);
	return asked;
}

void web_file_ask(struct web_conn *conn)
{
	conn->request->body_len = 0; // a GET has no body; what came as one counts for nothing
	if (ask(conn))
		web_rpc_wait(conn);
	else
		web_rpc_unavailable(conn);
}

// Adds a piece. False: core's answer cannot be, or memory is out.
static bool gather(struct web_conn *conn, const Sluss__V1__LogFileResponse *piece)
{
	struct web_request *request = conn->request;
	size_t len = request->body_len + piece->octets.len;
	if (piece->total > FILE_MAX || len > piece->total || (piece->octets.len == 0 && len < piece->total))
		return false;
	uint8_t *bigger = realloc(request->body, len + 1);
	if (bigger == NULL)
		return false;
	request->body = bigger;
	if (piece->octets.len > 0)
		memcpy(bigger + request->body_len, piece->octets.data, piece->octets.len);
	request->body_len = len;
	return true;
}

// The texts that core gave are copied into constants: the answer outlives the frame.
static const char *known(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, list[i]) == 0)
			return list[i];
	return NULL;
}

static void answer(struct web_conn *conn, const Sluss__V1__LogFileResponse *piece)
{
	static const char *const types[] = {
	    "application/octet-stream", "text/plain; charset=utf-8", "application/json", "application/timestamp-reply"};
	static const char *const caches[] = {"public, max-age=31536000, immutable",
	    "private, max-age=31536000, immutable", "public, max-age=3600", "no-store"};
	struct web_request *request = conn->request;
	const char *type = known(piece->content_type, types, sizeof(types) / sizeof(types[0]));
	request->cache_control = known(piece->cache_control, caches, sizeof(caches) / sizeof(caches[0]));
	uint8_t *octets = request->body;
	size_t len = request->body_len;
	request->body = NULL;
	request->body_len = 0;
	// Hashes do not get smaller.
	bool hashes = strncmp(request->file, "tile/", 5) == 0 && strncmp(request->file, "tile/entries/", 13) != 0;
	web_reply_octets(conn, octets, len, type != NULL ? type : types[0], !hashes, free, octets);
}

bool web_file_answer(struct web_conn *conn, const Sluss__V1__CoreResponse *response)
{
	Sluss__V1__LogFileResponse *piece =
	    sluss__v1__log_file_response__unpack(NULL, response->body.len, response->body.data);
	bool good = piece != NULL && gather(conn, piece);
	bool whole = good && conn->request->body_len == piece->total;
	bool more = good && !whole && ask(conn);
	if (whole)
		answer(conn, piece);
	if (piece != NULL)
		sluss__v1__log_file_response__free_unpacked(piece, NULL);
	if (!whole && !more)
		web_rpc_unavailable(conn);
	return !more;
}
