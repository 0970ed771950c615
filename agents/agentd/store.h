// SPDX-License-Identifier: EUPL-1.2
// The agent's memory: messages to be sent, messages received, notices, recalls. SQLite (WAL, synchronous=FULL) in
// state_dir/queue.db; octets above 64 KiB lie as files in state_dir/spool, named by their row.
//
// What holds at every instant, whatever is cut off where:
//   - a message that was taken (agentd_store_queue said OK) is in the store until its answer is final;
//   - its sealed octets are in the store before their first octet leaves, and are the same at each attempt; only a
//     version that the gateway has refused for its age is replaced, and the hash of each version is kept;
//   - in a lane (case and recipient) a message is not offered to a sender before all earlier ones have a final answer;
//   - a message received is in the store before the gateway is told so; its id is remembered, so that it comes once.
//
// Threads: any; one at a time is served. `due` times are milliseconds of CLOCK_BOOTTIME (a clock that is set wrong
// makes nobody wait); the store forgets them when it is opened. Texts and octets that come out belong to the caller.
#ifndef SLUSS_AGENTD_STORE_H
#define SLUSS_AGENTD_STORE_H

#include <jansson.h>

#include "sluss/types.h"

enum agentd_result {
	AGENTD_OK = 0,
	AGENTD_NOT_FOUND,
	AGENTD_CONFLICT, // the id is there already, with other content
	AGENTD_FULL,	 // disk, quota or the bound on waiting messages: nothing was changed, try again later (also any
			 // write that failed)
	AGENTD_BROKEN,	 // the store can no longer be trusted (failed sync, corruption): stop
};

const char *agentd_result_name(enum agentd_result result);

struct agentd_store;

struct agentd_store_limits {
	uint32_t queue_max;
	uint32_t inbox_max;
	uint32_t store_max_mib;
};

// Opens or makes it; holds a lock that a second agent on the same folder fails at. `identity` ("authority agency") must
// be the one it was made with. NULL: `why_out` (256 octets) says why.
SLUSS_MUST_CHECK struct agentd_store *agentd_store_open(
    const char *folder, const char *identity, const struct agentd_store_limits *limits, char why_out[256]);
void agentd_store_close(struct agentd_store **store);

// ---- out

struct agentd_file; // store_files.h

enum agentd_out {
	AGENTD_OUT_NONE = 0,
	AGENTD_OUT_QUEUED,    // described; not sealed yet
	AGENTD_OUT_SENDING,   // sealed; may have reached the gateway
	AGENTD_OUT_ACCEPTED,  // receipt verified
	AGENTD_OUT_DELIVERED, // every recipient's part has ended
	AGENTD_OUT_REFUSED,   // final
};

const char *agentd_out_name(enum agentd_out state);

struct agentd_message {
	int64_t seq;
	struct sluss_id id;
	struct sluss_id case_id;
	enum agentd_out state;
	uint32_t blockers; // lanes in which an earlier message stands before it
	uint32_t attempts; // since its state changed
	int64_t due_ms;
	int64_t queued_ms; // wall clock
	int64_t changed_ms;
	uint64_t accepted_index;
	char *why;	  // JSON object, or NULL
	char *recipients; // JSON array, or NULL
	char *source;	  // file that it came from, or NULL
	uint8_t *receipt; // a serialized Receipt, or NULL
	size_t receipt_len;
	uint8_t *versions; // hashes of the envelopes that were signed, 32 octets each
	size_t versions_len;
};

void agentd_message_clear(struct agentd_message *message);

struct agentd_lane {
	struct sluss_id case_id;
	const char *recipient;
};

// A message to be sent: `digest` is SHA-256 of what describes it. The same id and digest again: OK, and nothing is done
// (`*known_out`). CONFLICT: the id with another digest. FULL. NOT_FOUND: a file that was to be handed in before is not
// there.

struct agentd_new {
	struct sluss_id id;
	struct sluss_id case_id;
	uint8_t digest[SLUSS_HASH_BYTES];
	const char *const *recipients;
	size_t recipient_count;
	const char *source; // or NULL
	struct sluss_bytes description;
	const struct agentd_file *files; // store_files.h; taken over when the message is new and taken
	size_t file_count;
};
SLUSS_MUST_CHECK enum agentd_result agentd_store_queue(
    struct agentd_store *store, const struct agentd_new *message, bool *known_out);

// The next message that may be sent now, with its octets (description or sealed); nobody else gets it until
// agentd_store_release. NOT_FOUND: none; `*next_ms_out` is when one will be due (INT64_MAX: none waits).
SLUSS_MUST_CHECK enum agentd_result agentd_store_take(struct agentd_store *store, int64_t now_ms,
    struct agentd_message *message_out, uint8_t **octets_out, size_t *len_out, int64_t *next_ms_out);
void agentd_store_release(struct agentd_store *store, int64_t seq);

// What became of an attempt. `why` is a JSON object as text.
SLUSS_MUST_CHECK enum agentd_result agentd_store_sealed(
    struct agentd_store *store, int64_t seq, struct sluss_bytes octets, const uint8_t envelope_hash[SLUSS_HASH_BYTES]);
SLUSS_MUST_CHECK enum agentd_result agentd_store_postpone(
    struct agentd_store *store, int64_t seq, int64_t due_ms, const char *why);
SLUSS_MUST_CHECK enum agentd_result agentd_store_accepted(struct agentd_store *store, int64_t seq, uint64_t index,
    struct sluss_bytes receipt, const char *pairs, int64_t due_ms);
SLUSS_MUST_CHECK enum agentd_result agentd_store_refused(struct agentd_store *store, int64_t seq, const char *why);

// An accepted message whose fate is to be asked for; as agentd_store_take.
SLUSS_MUST_CHECK enum agentd_result agentd_store_take_accepted(
    struct agentd_store *store, int64_t now_ms, struct agentd_message *message_out, int64_t *next_ms_out);
SLUSS_MUST_CHECK enum agentd_result agentd_store_status(
    struct agentd_store *store, int64_t seq, const char *recipients, bool ended, int64_t due_ms);

SLUSS_MUST_CHECK enum agentd_result agentd_store_message(
    struct agentd_store *store, const struct sluss_id *id, struct agentd_message *message_out);
// Messages that came from files and whose answer was not written beside them yet, the oldest first.
SLUSS_MUST_CHECK enum agentd_result agentd_store_unreported(
    struct agentd_store *store, struct agentd_message *message_out);
SLUSS_MUST_CHECK enum agentd_result agentd_store_reported(struct agentd_store *store, int64_t seq);
// Is the file's message here? False also when it cannot be told.
bool agentd_store_has_source(struct agentd_store *store, const char *source);
// A known message came in another file: its answer is to be written beside that one (too, if the first had it).
SLUSS_MUST_CHECK enum agentd_result agentd_store_again(
    struct agentd_store *store, const struct sluss_id *id, const char *source);

// ---- in

enum agentd_in {
	AGENTD_IN_NONE = 0,
	AGENTD_IN_STORED,    // stored; the gateway was not told yet
	AGENTD_IN_READY,     // ours: the case system may have it
	AGENTD_IN_HANDED,    // the case system has had it
	AGENTD_IN_DONE,	     // acknowledged by the case system; content erased
	AGENTD_IN_REJECTED,  // rejected by the case system; content erased
	AGENTD_IN_UNUSABLE,  // a section does not fit its label or does not open; rejected, content erased
	AGENTD_IN_ELSEWHERE, // another agent of the agency has it; content erased
	AGENTD_IN_RECALLED,  // called back; content erased
};

const char *agentd_in_name(enum agentd_in state);

struct agentd_delivery {
	int64_t seq;
	struct sluss_id id;
	enum agentd_in state;
	bool told; // the gateway has our acknowledgement or rejection
	uint8_t envelope_hash[SLUSS_HASH_BYTES];
	char *officer;	  // addressed, "" for nobody in particular
	char *mismatched; // JSON array of categories, for the rejection
	char *why;	  // or NULL
	uint32_t attempts;
	int64_t fetched_ms;
	uint64_t told_index;
};

void agentd_delivery_clear(struct agentd_delivery *delivery);

struct agentd_arrival {
	struct sluss_id id;
	struct sluss_id case_id;
	enum agentd_in state; // STORED, READY (acknowledge when handled) or UNUSABLE
	uint8_t envelope_hash[SLUSS_HASH_BYTES];
	const char *officer;
	const char *mismatched;
	const char *why;	     // of UNUSABLE: what the sender is told, nothing about a person; or NULL
	struct sluss_bytes document; // JSON as it is handed to the case system
	const uint8_t (*files)[SLUSS_HASH_BYTES]; // header hashes of its files, all fetched (store_files.h)
	size_t file_count;
};

struct agentd_notice {
	uint64_t index;
	const char *json;
};

// All of one answer in one transaction; what is known already is left out. `*fresh_out` counts the others.
SLUSS_MUST_CHECK enum agentd_result agentd_store_arrivals(struct agentd_store *store,
    const struct agentd_arrival *arrivals, size_t count, const struct agentd_notice *notices, size_t notice_count,
    uint64_t next_notice, size_t *fresh_out);
// Is it here already? Then its document need not be made.
SLUSS_MUST_CHECK enum agentd_result agentd_store_knows(
    struct agentd_store *store, const struct sluss_id *id, bool *known_out);
// FULL: as many messages wait for the case system as may.
SLUSS_MUST_CHECK enum agentd_result agentd_store_inbox_room(struct agentd_store *store);

SLUSS_MUST_CHECK enum agentd_result agentd_store_take_untold(
    struct agentd_store *store, int64_t now_ms, struct agentd_delivery *delivery_out, int64_t *next_ms_out);
SLUSS_MUST_CHECK enum agentd_result agentd_store_told(
    struct agentd_store *store, int64_t seq, bool ours, uint64_t index);
SLUSS_MUST_CHECK enum agentd_result agentd_store_tell_later(
    struct agentd_store *store, int64_t seq, int64_t due_ms, const char *why);

// READY and HANDED ones after `after`, the oldest first, for this officer (NULL: all); NOT_FOUND: no more.
SLUSS_MUST_CHECK enum agentd_result agentd_store_inbox(struct agentd_store *store, int64_t after, const char *officer,
    struct agentd_delivery *delivery_out, char **document_out, size_t *len_out);
// One by id; document_out NULL when it is erased.
SLUSS_MUST_CHECK enum agentd_result agentd_store_delivery(struct agentd_store *store, const struct sluss_id *id,
    struct agentd_delivery *delivery_out, char **document_out, size_t *len_out);
// The same with READY ones only.
SLUSS_MUST_CHECK enum agentd_result agentd_store_ready(struct agentd_store *store, int64_t after,
    struct agentd_delivery *delivery_out, char **document_out, size_t *len_out);
// HANDED and RECALLED ones after `after`.
SLUSS_MUST_CHECK enum agentd_result agentd_store_in_folder(
    struct agentd_store *store, int64_t after, struct agentd_delivery *delivery_out);
SLUSS_MUST_CHECK enum agentd_result agentd_store_handed(struct agentd_store *store, int64_t seq);
// The case system's word: DONE or REJECTED (`why` at most 200 characters, or NULL). Said before: OK. CONFLICT: said
// otherwise before, or it was never handed out. `tell`: the gateway is to be told now.
SLUSS_MUST_CHECK enum agentd_result agentd_store_handled(
    struct agentd_store *store, const struct sluss_id *id, enum agentd_in state, const char *why, bool tell);

// ---- notices and recalls

SLUSS_MUST_CHECK enum agentd_result agentd_store_next_notice(struct agentd_store *store, uint64_t *next_out);
// Calls `add` for each notice from position `from` on, at most `max`.
SLUSS_MUST_CHECK enum agentd_result agentd_store_notices(struct agentd_store *store, uint64_t from, size_t max,
    void (*add)(void *arg, uint64_t index, const char *json), void *arg);

// A recall as the gateway has it now (JSON); content that is still here of its messages is erased. `*erased_out`: of
// how many.
SLUSS_MUST_CHECK enum agentd_result agentd_store_recall(struct agentd_store *store, const struct sluss_id *recall,
    const struct sluss_id *messages, size_t count, bool answered, const char *json, size_t *erased_out);
SLUSS_MUST_CHECK enum agentd_result agentd_store_recalls(
    struct agentd_store *store, void (*add)(void *arg, const char *json, bool answered, uint32_t erased), void *arg);

// ---- for the operator

struct agentd_counts {
	uint64_t out[AGENTD_OUT_REFUSED + 1];
	uint64_t in[AGENTD_IN_RECALLED + 1];
	uint64_t untold;
	uint64_t recalls_open;
};

SLUSS_MUST_CHECK enum agentd_result agentd_store_counts(struct agentd_store *store, struct agentd_counts *counts_out);
// The first `max` of those that wait at the head of a lane, those that failed first.
SLUSS_MUST_CHECK enum agentd_result agentd_store_waiting(
    struct agentd_store *store, size_t max, void (*add)(void *arg, const struct agentd_message *message), void *arg);
// Forgets finished messages older than this (wall clock), and gives freed pages back.
SLUSS_MUST_CHECK enum agentd_result agentd_store_prune(struct agentd_store *store, int64_t before_ms);

#endif
