// SPDX-License-Identifier: EUPL-1.2
// The agent's interface for case systems: HTTP with JSON over a Unix socket (mode 0600) and, if set, over loopback,
// where each request must carry the bearer token, name this host in Host, and come from no web page (no Origin header).
// api.c has what the requests mean; sluss-agentd(8) documents them.
#ifndef SLUSS_AGENTD_SERVER_H
#define SLUSS_AGENTD_SERVER_H

#include "agent.h"

enum {
	AGENTD_BODY_MAX = 8 << 20, // octets of a request
	AGENTD_PATH_MAX = 256,
	AGENTD_ANSWER_MAX = 4 << 20, // of messages in one answer; one message may be larger
};

struct MHD_Connection;

struct agentd_request {
	const char *method;
	const char *path;
	struct sluss_bytes body;
	struct MHD_Connection *connection; // for agentd_query
	struct agentd_file_writer **file;  // POST /v1/files: the body, in the spool already; else NULL
	bool no_room;			   // of such a body
};

// What goes out. `text` is malloc'd JSON (or another type) and belongs to the reply.
struct agentd_reply {
	unsigned status;
	char *text;
	size_t len;
	const char *type; // NULL: application/json
	bool is_file;	  // instead of text: `len` octets of `fd`, which belongs to the reply
	int fd;
	unsigned retry_s; // Retry-After; 0: none
};

// A parameter of the request's query; NULL: not there.
const char *agentd_query(const struct agentd_request *request, const char *name);

// api.c. Answers any request; never fails.
void agentd_api(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply_out);

struct agentd_server;

// Opens what the settings say. NULL: said in the event log.
SLUSS_MUST_CHECK struct agentd_server *agentd_server_start(struct agentd *agent);
// The agent must be stopping. Ends requests under way.
void agentd_server_stop(struct agentd_server **server);

// A socket of a loopback or other address; writes the port to state_dir/`port_file`. -1: said in the event log.
int agentd_listen(
    const struct agentd_settings *settings, const char *address, const char *port_file, unsigned *port_out);

// witness_server.c: the witness's own server. NULL when it cannot start (said), or is not wanted (`*wanted_out` false).
struct agentd_witness;
struct agentd_witness *agentd_witness_start(struct agentd *agent, bool *wanted_out);
void agentd_witness_stop(struct agentd_witness **witness);

#endif
