// SPDX-License-Identifier: EUPL-1.2
// Which connections carried released sections of which case, and the barrier that a withdrawal waits at: no octet of
// the case that was released before may leave the gateway once the withdrawal is answered.
//
// Invariant: a connection is listed under a case from before its answer goes to web until edge says that the connection
// is gone, both gave their word in a drop, or both processes are dead. Each answer and each drop go to web through the
// same queue and channel, so web has seen the answer before the drop. Threads: the writer's. Times are monotonic
// milliseconds.
#ifndef SLUSS_CORE_TRANSFERS_H
#define SLUSS_CORE_TRANSFERS_H

#include "request.h"

struct sluss_transfers;

// Drops go to `to_intake`; a request whose barrier is over goes there as well. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_transfers *sluss_transfers_new(struct sluss_queue *to_intake, uint32_t timeout_ms);
// Requests that still wait are answered `unavailable`. Takes NULL and nulls.
void sluss_transfers_free(struct sluss_transfers **transfers);

// An answer on this connection carries sections of this case. False: no memory (then the answer must not go).
SLUSS_MUST_CHECK bool sluss_transfers_released(
    struct sluss_transfers *transfers, uint64_t connection, const struct sluss_id *case_id);
// Gone for good. True: it had carried something.
bool sluss_transfers_closed(struct sluss_transfers *transfers, uint64_t connection);

// Takes the request (answered, committed) and passes it on when the barrier is over: at once when no connection carried
// anything of the case. The nil id stands for every case.
void sluss_transfers_wait(
    struct sluss_transfers *transfers, struct sluss_request *request, const struct sluss_id *case_id, int64_t now_ms);

void sluss_transfers_web_dropped(struct sluss_transfers *transfers, uint64_t drop_id, int64_t now_ms);
void sluss_transfers_edge_dropped(struct sluss_transfers *transfers, uint64_t drop_id);
// A channel closed: whoever died is being replaced already. Nobody is killed for being silent now, unless the new ones
// do not come.
void sluss_transfers_front_lost(struct sluss_transfers *transfers, int64_t now_ms);
// Both processes are dead, their buffers purged: nothing is under way any more.
void sluss_transfers_front_dead(struct sluss_transfers *transfers);

// Looks after time-outs: who is silent is killed. Returns when to call again (INT64_MAX: never).
int64_t sluss_transfers_tick(struct sluss_transfers *transfers, int64_t now_ms);

#endif
