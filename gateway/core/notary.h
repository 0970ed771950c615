// SPDX-License-Identifier: EUPL-1.2
// What others outside sign over the log: cosignatures of witnesses (keeper.h) and timestamps (timestamp.h), asked for
// through the courier, verified, stored beside the log, and served with it; and whether relaying may go on without
// them. Exists only where the settings name witnesses or a time-stamping authority.
//
// Kept: the newest cosigned checkpoint and every one that has a timestamp (side tables CHECKPOINT and TIMESTAMP of
// files.h), and the keys that a verifier needs (side table FILE).
//
// Threads: the writer's.
#ifndef SLUSS_CORE_NOTARY_H
#define SLUSS_CORE_NOTARY_H

#include "keeper.h"
#include "store.h"

struct sluss_letter;
struct sluss_notary;
struct sluss_txn;
struct sluss_writer;

enum { SLUSS_NOTARY_WHY = 300 };

// Reads what is stored and makes sure that the published keys are those of the settings; takes over the descriptor of
// timestamp_ca. *notary_out is NULL when nothing is configured. False: error_out says what is wrong.
SLUSS_MUST_CHECK bool sluss_notary_open(
    struct sluss_writer *writer, struct sluss_notary **notary_out, struct sluss_store_error *error_out);
void sluss_notary_close(struct sluss_notary **notary);

// Asks whom it is time to ask, stores what came, says when relaying stops and goes on. Sets writer->fatal when a
// witness shows that this database must not run. Outside a batch. Returns when to call again (monotonic).
int64_t sluss_notary_tick(struct sluss_writer *writer);

// An answer of the courier's for a witness or the time-stamping authority; not owned. And: the courier is gone.
void sluss_notary_hear(struct sluss_writer *writer, const struct sluss_letter *letter);
void sluss_notary_lost(struct sluss_writer *writer);

// May messages be relayed now? Else why_out says why not, for people.
bool sluss_notary_open_for_relay(const struct sluss_writer *writer, char why_out[SLUSS_NOTARY_WHY]);
// True: the request would relay, relaying has stopped, and the request has been refused. Fetch asks for itself.
SLUSS_MUST_CHECK bool sluss_notary_holds(struct sluss_txn *txn);

// The newest checkpoint that a quorum has cosigned; empty: none. Valid until the next tick.
struct sluss_bytes sluss_notary_checkpoint(const struct sluss_writer *writer, uint64_t *size_out);

// What GetHealth shows.
struct sluss_notary_health {
	uint32_t quorum;
	uint64_t cosigned_size;
	uint64_t stamped_size;
	int64_t stamped_s; // Unix seconds, by the authority's word; 0: no timestamp yet
	const struct sluss_keeper *keeper;
};
// False: nothing is configured.
bool sluss_notary_health(const struct sluss_writer *writer, struct sluss_notary_health *health_out);

#endif
