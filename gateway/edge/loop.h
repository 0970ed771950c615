// SPDX-License-Identifier: EUPL-1.2
// One thread of edge: an epoll loop with its connections. Loop 0 also speaks to core. What the threads share lies in
// struct edge_shared.
#ifndef SLUSS_EDGE_LOOP_H
#define SLUSS_EDGE_LOOP_H

#include "edge/conn.h"
#include "edge/edge.h"
#include "edge/registry.h"
#include "edge/tls.h"
#include "ipc/frame.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	EDGE_SCRATCH = 16384, // one TLS record (RFC 8446 section 5.1)
	EDGE_ID_BUCKETS = 16384,
	EDGE_ID_LOOP_BITS = 4, // low bits of a connection id: its loop
};

struct edge_queue {
	struct edge_conn *head, *tail;
};

// A DropTransfers under way in several loops. `waiting` loops have not answered; the last one hands it to loop 0.
struct edge_drop {
	uint64_t drop_id;
	uint64_t keep; // may live on when it is clean; 0: none
	uint64_t *ids;
	size_t ids_count;
	uint64_t *cut; // room for ids_count
	size_t cut_count;
	uint32_t waiting;
};

// From loop to loop; the receiver frees it. Handled in the order of posting.
struct edge_mail {
	enum edge_mail_kind {
		EDGE_MAIL_NONE = 0,
		EDGE_MAIL_DROP,	   // cut your connections among drop->ids
		EDGE_MAIL_DROPPED, // to loop 0: all have done so
		EDGE_MAIL_REVOKE,  // cut your connections with this certificate
		EDGE_MAIL_CLOSED,  // to loop 0: ids that are gone
		EDGE_MAIL_STOP,	   // close in order and end
		EDGE_MAIL_ABORT,   // end now
	} kind;
	struct edge_mail *next;
	struct edge_drop *drop;
	uint8_t fingerprint[SLUSS_HASH_BYTES];
	uint64_t *ids;
	size_t ids_count;
};

struct edge_shared {
	const struct sluss_edge_config *config;
	struct edge_registry *registry;
	struct edge_tls tls;
	struct edge_loop *loops;
	uint32_t loops_count;
	pthread_mutex_t lock;		 // mailboxes and drops
	_Atomic uint32_t connections[3]; // by enum sluss_port
};

struct edge_loop {
	struct edge_shared *shared;
	uint32_t index;
	int epoll_fd;
	struct edge_source listeners[2];
	struct edge_source core; // loop 0
	struct edge_source handover;
	struct edge_source mail;
	struct edge_source signals;		     // loop 0
	struct edge_mail *mail_first, *mail_last;    // under shared->lock
	struct edge_queue waits[3][EDGE_WAIT_COUNT]; // by port and class
	struct edge_conn *buckets[EDGE_ID_BUCKETS];
	struct edge_conn *ready;
	struct edge_conn *graveyard;
	uint64_t next_id;
	int64_t now_ms;
	int64_t accept_paused_until_ms; // 0 = not
	size_t handovers_waiting;
	uint64_t *closed; // ids for the next ConnectionsClosed
	size_t closed_count, closed_room;
	struct sluss_frame_reader *reader; // loop 0
	struct sluss_frame_writer *writer;
	bool stopping;
	int64_t stop_by_ms;
	bool ended;
	int exit_status;
	uint64_t refused; // since the last event about it
	int64_t refused_told_ms;
	uint8_t scratch[EDGE_SCRATCH];
};

// ---- loop.c

SLUSS_MUST_CHECK bool edge_loop_open(struct edge_loop *loop, struct edge_shared *shared, uint32_t index);
void edge_loop_run(struct edge_loop *loop);
void edge_loop_close(struct edge_loop *loop);
// SIGTERM: takes nobody in any more, ends who is idle, and gives the others a little time.
void edge_loop_stop(struct edge_loop *loop);
// Leave the loop at the end of this round.
void edge_loop_end(struct edge_loop *loop, int exit_status, const char *why);
SLUSS_MUST_CHECK bool edge_loop_watch(struct edge_loop *loop, struct edge_source *source, uint32_t interest);

// ---- queue.c

void edge_queue_append(struct edge_queue *queue, struct edge_conn *conn);
void edge_queue_remove(struct edge_queue *queue, struct edge_conn *conn);
struct edge_conn *edge_loop_find(struct edge_loop *loop, uint64_t id);
void edge_loop_add_id(struct edge_loop *loop, struct edge_conn *conn);
void edge_loop_remove_id(struct edge_loop *loop, const struct edge_conn *conn);
void edge_loop_mark_ready(struct edge_loop *loop, struct edge_conn *conn);

// ---- accept.c

void edge_loop_accept(struct edge_loop *loop, struct edge_source *listener);
void edge_loop_resume_accept(struct edge_loop *loop);
// The handshake is done: counts the certificate, makes room for it. False: the connection was closed.
SLUSS_MUST_CHECK bool edge_conn_admit(struct edge_conn *conn);
void edge_loop_refused(struct edge_loop *loop, const char *why);

// ---- timers.c

// Milliseconds until the next deadline, at most a minute.
int edge_loop_timeout(const struct edge_loop *loop);
void edge_loop_expire(struct edge_loop *loop);

// ---- core_link.c

void edge_loop_core_event(struct edge_loop *loop, uint32_t events);
void edge_loop_read_mail(struct edge_loop *loop);
// Notes that a connection is gone; told to core at the end of the round.
void edge_loop_note_closed(struct edge_loop *loop, uint64_t id);
void edge_loop_tell_closed(struct edge_loop *loop);
SLUSS_MUST_CHECK bool edge_loop_post(struct edge_loop *to, struct edge_mail *mail);
// Asks all other loops to stop or to end.
void edge_loop_tell_all(struct edge_loop *loop, enum edge_mail_kind kind);

#endif
