// SPDX-License-Identifier: EUPL-1.2
// A running edge in a thread of the test, with the test as core, web and clients around it.
#ifndef SLUSS_TEST_EDGE_WORLD_H
#define SLUSS_TEST_EDGE_WORLD_H

#include "edge/edge.h"
#include "init_pki.h"
#include "ipc/frame.h"
#include "ipc/handover.h"

#include <openssl/ssl.h>
#include <pthread.h>

struct edge_world {
	struct sluss_edge_config config;
	struct sluss_pki_pair client_ca;
	struct sluss_pki_pair foreign_ca;
	struct sluss_pki_pair server_ca;
	struct sluss_pki_pair revoked; // on the revocation list, when with_crl
	int core;		       // core's end of the channel
	int handover;		       // web's end
	int agency_port;
	int public_port;
	int listeners[2]; // kept like the parent keeps them
	struct sluss_frame_reader *reader;
	struct sluss_frame_writer *writer;
	pthread_t thread;
	pid_t pid; // of edge, when it runs in a process of its own
	int exit_status;
	uint64_t next_drop;
	uint64_t closed[1024]; // ids that core has heard of, the last ones
	size_t closed_count;
};

struct edge_world_options {
	bool with_crl;
	bool as_process; // not in a thread: it can be killed
	uint32_t threads;
	uint32_t connections_max;
	uint32_t connections_per_certificate;
	uint32_t handshake_timeout_ms;
	uint32_t idle_timeout_ms;
	uint32_t write_timeout_ms;
};

// Zero members of options get roomy values.
void edge_world_open(struct edge_world *world, const struct edge_world_options *options);
// Closes core's channel, waits for edge.
void edge_world_close(struct edge_world *world);
void edge_world_kill(struct edge_world *world); // SIGKILL, and waits

// A client certificate of that CA, valid from..until seconds from now.
void edge_world_issue(const struct sluss_pki_pair *ca, enum sluss_pki_use use, long from_s, long until_s,
    struct sluss_pki_pair *pair_out);
void edge_world_fingerprint(const struct sluss_pki_pair *pair, uint8_t out[SLUSS_HASH_BYTES]);

// ---- a client

struct edge_client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

// TCP only.
int edge_world_tcp(int port);
// TLS handshake with this certificate (NULL: none). False: edge refused; in TLS 1.3 a refused certificate shows at the
// first read.
bool edge_client_open(struct edge_client *client, int port, const struct sluss_pki_pair *pair, int max_version);
// The same, and one octet each way through a fake web: true only when edge lets data pass.
bool edge_client_is_accepted(struct edge_world *world, int port, const struct sluss_pki_pair *pair, int max_version);
void edge_client_close(struct edge_client *client); // plain close, whatever the state
// Is the connection ended by edge within the time? (reads; alert, FIN and RST all count)
bool edge_client_ended(struct edge_client *client, int timeout_ms);

// ---- a web

// Waits for a hand-over; -1 after timeout.
int edge_web_take(struct edge_world *world, struct sluss_conn_hello *hello_out, int timeout_ms);
// Reads exactly len octets.
bool edge_web_read(int fd, void *data, size_t len);

// ---- a core

// Sends DropTransfers for one connection and waits for the word. Returns true when it was cut. Milliseconds it took in
// *took_ms_out (may be NULL). The second one may keep the connection if nothing is buffered for it.
bool edge_core_drop(struct edge_world *world, uint64_t id, int *took_ms_out);
bool edge_core_drop_unclean(struct edge_world *world, uint64_t id, uint64_t keep);
void edge_core_revoke(struct edge_world *world, const uint8_t fingerprint[SLUSS_HASH_BYTES]);
// Waits for ConnectionsClosed with this id. False after timeout.
bool edge_core_hears_closed(struct edge_world *world, uint64_t id, int timeout_ms);

int64_t edge_now_ms(void);

#endif
