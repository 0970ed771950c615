// SPDX-License-Identifier: EUPL-1.2
// The writer: the one thread that decides and writes. What its files share; nobody else includes it but core.c.
//
//   writer.c   the thread: takes what waits, runs a batch, answers
//   admit.c    may this request be executed: caller, key, repeated statement, clock
//   batch.c    the transaction of a batch: append, commit, and the rebuild after a failure
//   expiry.c   what is given up when its time is over
//   settle.c   what has become due: age bands, lost links, notices, recalls; policies; the demo clock
//   stop.c     what waits and has lost its ground
//   recover.c  start: open, verify, fold; genesis
//   txn.c      what services call
//
// Invariant: outside a batch, world and store agree: the world is the fold of exactly the committed log. If a batch
// cannot be committed, everybody in it is answered `unavailable`, store and log are closed and opened again, and the
// world is folded anew: nothing speculative survives.
#ifndef SLUSS_CORE_WRITER_H
#define SLUSS_CORE_WRITER_H

#include "core.h"
#include "files.h"
#include "log_record.h"
#include "log_writer.h"
#include "logins.h"
#include "notary.h"
#include "request.h"
#include "rollback.h"
#include "sessions.h"
#include "stop.h"
#include "transfers.h"
#include "uploads.h"
#include "world.h"

struct sluss_clock {
	int64_t (*real_ms)(void *arg);
	void *arg;
	bool demo;
	int64_t core_base_ms, real_base_ms; // demo: core's clock showed core_base when the real one showed real_base
};

enum {
	SLUSS_NONCES = 64,  // nonces that are drawn from the kernel at once
	SLUSS_CANCELS = 64, // cancellations remembered for requests that are still with a worker
	SLUSS_CLOSED = 256,
	SLUSS_PARKED_PER_AGENCY = 32, // beyond it the one that waits longest is answered with nothing
};

struct sluss_writer {
	struct sluss_core_config config; // limits without zeros
	struct sluss_queue in;
	struct sluss_queue *to_intake;
	struct sluss_directory *directory; // shared with the workers
	struct sluss_sessions *sessions;   // likewise
	struct sluss_logins *logins;
	struct sluss_clock clock;

	struct sluss_store *store;
	struct sluss_log *log;
	struct sluss_note_key log_key;
	uint8_t *log_secret; // sodium_malloc
	char verifier_key[SLUSS_NOTE_LINE_MAX];
	struct sluss_notary *notary; // or NULL
	struct sluss_files *files;   // what readers may see
	struct sluss_head *head;     // the second place, or NULL
	struct sluss_restored restored;
	struct sluss_policies *policies;
	struct sluss_world *world;
	struct sluss_persons *persons;
	struct sluss_uploads *uploads;
	struct sluss_ca *ca; // or NULL
	struct sluss_transfers *transfers;

	// The batch.
	struct sluss_codec *codec;	// its records; emptied at its end
	struct sluss_codec *read_codec; // entries that a request reads again; emptied before each request
	int64_t clock_offset_ms; // of the machine's clock against the time since it booted; see sluss_clock_watch
	int64_t clock_jump_ms;	 // it was set; not in the log yet
	bool jump_written;	 // in this batch
	struct sluss_clock
	    clock_before;	// as it was when the batch began: a step that cannot be committed did not happen
	bool open;		// the transaction has begun
	bool spoiled;		// it cannot be committed any more
	struct sluss_stop stop; // what waits and has to be decided again before the batch ends
	bool destroyed;		// payload was erased because its ground is gone: scrub before answering
	int64_t now_ms;
	uint64_t committed;	     // entries before the batch
	struct sluss_bytes *entries; // of the batch, in the codec
	size_t entry_count, entry_room;
	uint8_t nonces[SLUSS_NONCES][SLUSS_ENTRY_NONCE_BYTES];
	size_t nonces_left;
	uint8_t (*revoked)[SLUSS_HASH_BYTES]; // certificates that edge must hear of after the commit
	size_t revoked_count, revoked_room;
	bool left; // an agency left: edge hears of all revoked certificates

	bool down;	  // the store could not be opened again
	int64_t retry_ms; // monotonic; not before
	bool fatal;	  // the log cannot be trusted: end
	bool stopping;
	struct sluss_request *parked; // wait for something to happen, by next_in_batch
	bool again;		      // what the last batch wrote may be news for one that is parked: look at once
	struct {
		uint64_t generation, request_id;
	} cancels[SLUSS_CANCELS];
	size_t next_cancel;
	uint64_t closed[SLUSS_CLOSED]; // connections that closed lately: a release for one of them must not count as
				       // under way
	size_t next_closed;
	uint64_t generation;	 // of web and edge; older requests have nobody to go to
	int64_t expiry_retry_ms; // monotonic; giving up what is due failed: not before
	bool scrub_due;		 // destroyed octets may still lie in the store's files
};

static inline struct sluss_writer *sluss_writer_of(struct sluss_txn *txn)
{
	return sluss_request_of(txn)->writer;
}

// ---- writer.c

// The thread's function; `writer` is what sluss_writer_open made.
void *sluss_writer_run(void *writer);

// ---- admit.c

// True: execute it (or, when request->repeated, let the service answer again). False: refused, or answered from what is
// stored.
SLUSS_MUST_CHECK bool sluss_writer_admit(struct sluss_writer *writer, struct sluss_request *request);
// Remembers the answer to a statement that was executed.
SLUSS_MUST_CHECK bool sluss_writer_remember(struct sluss_writer *writer, struct sluss_request *request);

// ---- batch.c

void sluss_batch_start(struct sluss_writer *writer);
// Begins the transaction unless it has begun. False: spoiled.
SLUSS_MUST_CHECK bool sluss_batch_open(struct sluss_writer *writer);
// The batch cannot be committed. Says why in the event log. Returns false.
bool sluss_batch_spoil(struct sluss_writer *writer, const char *doing, const char *why);

enum sluss_batch_append {
	SLUSS_BATCH_OK = 0,
	SLUSS_BATCH_TOO_LARGE, // nothing was changed
	SLUSS_BATCH_INVALID,   // nothing was changed
	SLUSS_BATCH_SPOILED,
};
// Whether the record is short enough for an entry. Says nothing about whether it will be accepted.
SLUSS_MUST_CHECK bool sluss_batch_fits(struct sluss_writer *writer, const struct sluss_record *record);
SLUSS_MUST_CHECK enum sluss_batch_append sluss_batch_append(
    struct sluss_writer *writer, const struct sluss_record *record, uint64_t *index_out);
// True: all of it is durable (also when there was nothing to write). False: nothing of it counts; the world was folded
// anew, or the writer is down or fatal.
SLUSS_MUST_CHECK bool sluss_batch_commit(struct sluss_writer *writer);
// An entry's octets: from the batch, or read into the arena. False: spoiled or no such entry.
SLUSS_MUST_CHECK bool sluss_batch_entry(
    struct sluss_writer *writer, struct sluss_arena *arena, uint64_t index, struct sluss_bytes *entry_out);
// The same, decoded; the record lives until the next request is executed.
SLUSS_MUST_CHECK bool sluss_batch_record(
    struct sluss_writer *writer, struct sluss_arena *arena, uint64_t index, struct sluss_record *record_out);
// The receipt of a committed entry, in the arena. Only after the batch's commit (a service's finish). False: no memory,
// or it cannot be read.
SLUSS_MUST_CHECK bool sluss_batch_receipt(
    struct sluss_writer *writer, struct sluss_arena *arena, uint64_t index, Sluss__V1__Receipt *receipt_out);
// Opens store and log again and folds the world, when they are down and it is time.
void sluss_batch_reopen(struct sluss_writer *writer);

// ---- settle.c

int64_t sluss_clock_now(const struct sluss_clock *clock);
// Demo: core's clock shows `core_ms` from now on.
void sluss_clock_set(struct sluss_clock *clock, int64_t core_ms);
// Notices that the machine's clock was set; the next batch that writes anything says so first.
void sluss_clock_watch(struct sluss_writer *writer);
// Due age bands and lost links become records. False: spoiled.
SLUSS_MUST_CHECK bool sluss_writer_settle(struct sluss_writer *writer);
// When something changes by itself next, by core's clock; INT64_MAX: never. Only while there is a world.
int64_t sluss_writer_due_ms(const struct sluss_writer *writer);
// Every registered person's age band is looked at again by the next settle: after a start, a rebuild, a new policy.
void sluss_writer_ages_due(struct sluss_writer *writer);

// ---- expiry.c

// Gives up what is due; some of it when it is much. False: spoiled.
SLUSS_MUST_CHECK bool sluss_writer_expire(struct sluss_writer *writer);
// Monotonic time to look again; INT64_MAX: nothing will be due.
int64_t sluss_writer_expiry_wake_ms(const struct sluss_writer *writer);

// ---- recover.c

struct sluss_keys {
	uint8_t log_seed[32];
	uint8_t data_key[SLUSS_DATA_KEY_BYTES];
};

// Opens the store and the log, folds it, writes GENESIS and the first policy into an empty one or RESTART into another.
// NULL: error_out says what is wrong and what to do. `policy_json` may be empty when the log exists.
SLUSS_MUST_CHECK struct sluss_writer *sluss_writer_open(const struct sluss_core_config *config,
    const struct sluss_keys *keys, struct sluss_bytes policy_json, struct sluss_ca *ca, struct sluss_queue *to_intake,
    struct sluss_store_error *error_out);
void sluss_writer_close(struct sluss_writer **writer);
// Opens store, log and world (again). The writer's own are closed first.
SLUSS_MUST_CHECK enum sluss_store_result sluss_writer_load(
    struct sluss_writer *writer, struct sluss_store_error *error_out);
void sluss_writer_unload(struct sluss_writer *writer);

// ---- what the exchange's services need beyond service.h

// The answer is given later: when something came for the caller, or at the latest after `wait_ms`; execute is then
// called again (request->expired says which).
void sluss_txn_park(struct sluss_txn *txn, int64_t wait_ms, int64_t wake_ms);

#endif
