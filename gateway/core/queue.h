// SPDX-License-Identifier: EUPL-1.2
// What passes between core's threads: a queue of items, first in, first out. Any thread pushes; whoever pops owns the
// item.
#ifndef SLUSS_CORE_QUEUE_H
#define SLUSS_CORE_QUEUE_H

#include <pthread.h>

#include "sluss/types.h"

enum sluss_item_kind {
	SLUSS_ITEM_NONE = 0,
	SLUSS_ITEM_REQUEST, // struct sluss_request: to workers, writer, and back to intake with its answer
	// intake -> writer
	SLUSS_ITEM_CANCEL,	   // number: request id; generation: of its channel
	SLUSS_ITEM_CLOSED,	   // ids: connections that are gone for good
	SLUSS_ITEM_WEB_DROPPED,	   // number: drop id
	SLUSS_ITEM_EDGE_DROPPED,   // number: drop id
	SLUSS_ITEM_FRONT_LOST,	   // a channel closed; answers to it go nowhere until FRONT_NEW
	SLUSS_ITEM_FRONT_NEW,	   // the old web and edge are dead; new ones are there
	SLUSS_ITEM_OUTSIDE_ANSWER, // struct sluss_letter (outside.h)
	SLUSS_ITEM_OUTSIDE_LOST,   // the courier is gone; what was under way will not be answered
	SLUSS_ITEM_IDP_LOST,	   // the same with idp
	SLUSS_ITEM_STOP,	   // finish what waits, then end
	// writer -> intake
	SLUSS_ITEM_DROP_WEB, // number: drop id, ids: connections
	SLUSS_ITEM_DROP_EDGE,
	SLUSS_ITEM_REVOKE,	 // octets: fingerprints, 32 octets each
	SLUSS_ITEM_OUTSIDE_CALL, // struct sluss_letter
	SLUSS_ITEM_RESTART_FRONT,
	SLUSS_ITEM_READY,
	SLUSS_ITEM_STOPPED, // the writer has ended
	SLUSS_ITEM_FATAL,   // the writer cannot go on
};

struct sluss_item {
	struct sluss_item *next;
	enum sluss_item_kind kind;
};

// Everything but a request.
struct sluss_word {
	struct sluss_item item; // must be first
	uint64_t number;
	uint64_t generation;
	uint64_t keep; // of a drop: the connection that may live on if nothing is buffered for it; 0: none
	size_t count;  // of ids, or fingerprints
	union {
		uint64_t ids[1];
		uint8_t octets[SLUSS_HASH_BYTES];
	} u; // as many as count says
};

// A note with room for `count` ids or fingerprints. Aborts without memory: a word between threads must not get lost.
// Free with free().
struct sluss_word *sluss_word_new(enum sluss_item_kind kind, size_t count);

struct sluss_queue {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct sluss_item *first, *last;
	size_t count;
	size_t sleepers;
	bool closed;
	int event_fd; // written when the queue stops being empty; -1: nobody polls
};

SLUSS_MUST_CHECK bool sluss_queue_init(struct sluss_queue *queue, int event_fd);
void sluss_queue_destroy(struct sluss_queue *queue);
void sluss_queue_push(struct sluss_queue *queue, struct sluss_item *item);
// Pushes a whole list (linked by next) with one lock.
void sluss_queue_push_list(struct sluss_queue *queue, struct sluss_item *first, struct sluss_item *last, size_t count);
// Everybody who waits gets NULL from now on when the queue is empty.
void sluss_queue_close(struct sluss_queue *queue);

// The first item; waits for one. NULL: closed.
struct sluss_item *sluss_queue_pop(struct sluss_queue *queue);
// Up to `max` items as a list; waits for one until `deadline_ms` (monotonic; INT64_MAX: for ever; 0: not at all). NULL:
// none came.
struct sluss_item *sluss_queue_take(struct sluss_queue *queue, size_t max, int64_t deadline_ms);

// CLOCK_MONOTONIC in milliseconds.
int64_t sluss_monotonic_ms(void);

#endif
