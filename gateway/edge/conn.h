// SPDX-License-Identifier: EUPL-1.2
// One TCP connection of a client. Belongs to one loop and is touched by its thread only.
//
// Way of a connection: HANDSHAKE -> OPEN -> RELAY -> FLUSH -> LINGER -> gone. A reset leaves it from anywhere.
// Invariants:
// - The TCP socket lingers for zero seconds (closing it purges the kernel's buffer and sends RST) until its send buffer
// is empty in LINGER.
// - `down` holds octets only while the client takes none; web's socket is not read then. `up` likewise with web and the
// client's socket. So an
//   idle connection has no buffer of its own.
// - `web.fd` >= 0 exactly in RELAY.
#ifndef SLUSS_EDGE_CONN_H
#define SLUSS_EDGE_CONN_H

#include "edge/tls.h"
#include "ipc/methods.h"

struct edge_loop;

enum edge_conn_state {
	EDGE_CONN_NONE = 0,
	EDGE_CONN_HANDSHAKE, // TLS not yet up; no SSL object before the first octet
	EDGE_CONN_OPEN,	     // TLS up, nothing received yet
	EDGE_CONN_RELAY,     // web has its end
	EDGE_CONN_FLUSH,     // web is done; what it left goes to the client, then close_notify
	EDGE_CONN_LINGER,    // everything is with the kernel; wait until the client has it
	EDGE_CONN_DEAD,	     // closed; freed at the end of the loop's round
};

// Each class waits for a constant time, so each is a queue in order of its deadlines.
enum edge_wait {
	EDGE_WAIT_NONE = 0,
	EDGE_WAIT_HANDSHAKE,
	EDGE_WAIT_IDLE,	   // nothing under way: the next request's turn
	EDGE_WAIT_BUSY,	   // a request went up, its answer has not begun
	EDGE_WAIT_STALLED, // octets wait for the client
	EDGE_WAIT_LINGER,  // next look at the kernel's send buffer
	EDGE_WAIT_COUNT,
};

// What an epoll event points at.
struct edge_source {
	enum edge_source_kind {
		EDGE_SOURCE_NONE = 0,
		EDGE_SOURCE_LISTEN,
		EDGE_SOURCE_CORE,
		EDGE_SOURCE_HANDOVER,
		EDGE_SOURCE_MAIL,
		EDGE_SOURCE_SIGNAL,
		EDGE_SOURCE_CLIENT,
		EDGE_SOURCE_WEB,
	} kind;
	uint32_t interest; // epoll events asked for now
	int fd;
	void *owner;
};

// Octets that wait.
struct edge_rest {
	uint8_t *data; // malloc
	size_t offset;
	size_t len; // behind offset
};

struct edge_conn {
	struct edge_loop *loop;
	uint64_t id;
	struct edge_source client;
	struct edge_source web;
	SSL *ssl;
	struct edge_tls_peer peer;
	struct edge_rest up;
	struct edge_rest down;
	uint8_t fingerprint[SLUSS_HASH_BYTES];
	int64_t deadline_ms;
	int64_t linger_since_ms; // LINGER: last progress
	int lingering_octets;	 // LINGER: in the kernel's send buffer at the last look
	enum edge_conn_state state;
	enum edge_wait wait;
	uint8_t port;				 // enum sluss_port
	bool registered;			 // counted in the registry
	bool handed_over;			 // core may know it: ConnectionsClosed when it goes
	bool handover_waits;			 // web's queue was full; web_end goes next time
	bool read_ended;			 // the client's close_notify or FIN has come
	bool up_refused;			 // web takes nothing more
	bool web_ended;				 // web closed while `down` waits: its socket is not watched any more
	bool in_ready;				 // in the loop's list of connections with octets inside OpenSSL
	int web_end;				 // the end that web will get, while handover_waits; else -1
	struct edge_conn *wait_prev, *wait_next; // queue of its class
	struct edge_conn *hash_next;		 // same bucket of ids; when dead: the graveyard
	struct edge_conn *ready_next;		 // ready list
};

// ---- conn.c: life and death

// Takes over the socket. NULL: no memory or epoll refused; the socket is closed.
struct edge_conn *edge_conn_new(struct edge_loop *loop, int fd, enum sluss_port port);

// Puts it at the end of a class's queue, with a new deadline.
void edge_conn_wait(struct edge_conn *conn, enum edge_wait wait);

// Asks epoll for other events.
void edge_conn_interest(struct edge_conn *conn, struct edge_source *source, uint32_t interest);

// Cuts it now: nothing that waits here or in the kernel leaves any more. (After closing.c has switched lingering off it
// is a plain close.)
void edge_conn_reset(struct edge_conn *conn);

// Nothing in edge, in web's socketpair or in the kernel for this client? When the kernel does not say: no.
bool edge_conn_is_clean(const struct edge_conn *conn);

// ---- relay.c: octets both ways

void edge_conn_client_event(struct edge_conn *conn, uint32_t events);
void edge_conn_web_event(struct edge_conn *conn, uint32_t events);
// Reads on where no event will come: octets inside OpenSSL, a web that has ended.
void edge_conn_ready(struct edge_conn *conn);

// ---- handover.c: web's end

// The first octets have come: makes the socketpair, puts them in and gives web its end.
void edge_conn_hand_over(struct edge_conn *conn, const uint8_t *data, size_t len);
// Tries again what did not fit into web's queue. False: still full.
bool edge_conn_hand_over_again(struct edge_conn *conn);

// ---- closing.c: ends in order

// What waits for the client is out of our hands: close_notify, FIN, linger until the client has everything.
void edge_conn_close(struct edge_conn *conn);
void edge_conn_linger_event(struct edge_conn *conn);
void edge_conn_linger_tick(struct edge_conn *conn);

#endif
