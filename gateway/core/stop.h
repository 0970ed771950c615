// SPDX-License-Identifier: EUPL-1.2
// What waits and may be handed out to nobody any more is withheld and destroyed in the transaction of what took the
// permission away (DOMAIN section 5). Records mark what they may have taken it from; time marks what ends. Threads: the
// writer's.
#ifndef SLUSS_CORE_STOP_H
#define SLUSS_CORE_STOP_H

#include "messages.h"
#include "policy/state.h"
#include "service.h"

enum { SLUSS_STOP_MARKS = 16 };

// Which waiting messages have to be decided again.
struct sluss_stop {
	bool all;
	size_t count;
	struct sluss_id ids[SLUSS_STOP_MARKS]; // cases, and persons: every case of that subject
	int64_t next_ms;		       // something that waits loses its ground then; not later than it does
};

// As after a start. `all`: grounds changed their end since what waits was accepted.
void sluss_stop_init(struct sluss_stop *stop, bool all);
// Nothing is marked. Time is remembered.
void sluss_stop_clear(struct sluss_stop *stop);
// Before the record is applied to `state`.
void sluss_stop_note(struct sluss_stop *stop, const struct sluss_state *state, const struct sluss_record *record);
// A message waits from now on.
void sluss_stop_accepted(
    struct sluss_stop *stop, const struct sluss_state *state, const struct sluss_rec_message *message);

// Decides what is marked again, and what has become due by `now_ms`: what is denied now is withheld, and its octets
// destroyed as soon as nobody may have them. `cause` is the withdrawal, or the nil id. Counts the pairs of message and
// recipient. False: refused, and the batch is lost.
SLUSS_MUST_CHECK bool sluss_txn_stop_waiting(struct sluss_txn *txn, const struct sluss_id *cause, uint32_t *count_out);

#endif
