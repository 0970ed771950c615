// SPDX-License-Identifier: EUPL-1.2
// One request on its way through core. It belongs to whoever has it: intake, then a worker, then the writer, then
// intake again, which sends the answer and frees it.
#ifndef SLUSS_CORE_REQUEST_H
#define SLUSS_CORE_REQUEST_H

#include "queue.h"
#include "service.h"
#include "sessions.h"
#include "sluss/v1/ipc.pb-c.h"

struct sluss_writer;

enum { SLUSS_REQUEST_ARENA_MAX = 32 << 20 }; // octets that one request may use

struct sluss_request {
	struct sluss_txn txn; // must be first: services get a pointer to it
	struct sluss_item item;
	struct sluss_writer *writer; // set by the writer
	const struct sluss_service *service;
	const Sluss__V1__CoreRequest *asked; // in the arena
	uint64_t channel;		     // 0: web, else an admin connection
	uint64_t generation;		     // of web's channel
	size_t octets;			     // of its frame, for intake's account
	struct sluss_statement_header header;
	struct sluss_signer signer;
	struct sluss_session session; // when txn.session is set
	char caller[SLUSS_AGENCY_MAX + 1];

	// The answer.
	bool answered, refused;
	enum sluss_code code;
	enum sluss_reason reason;
	const char *field, *explanation; // in the arena, or static
	struct sluss_bytes body;	 // the response message, in the arena
	size_t pair_count;
	Sluss__V1__PairDecision **pairs; // in the arena
	bool has_receipt;
	uint64_t receipt_index;
	uint32_t receipt_field;
	bool carries_release;
	struct sluss_id *released_cases; // in the arena; for the transfers
	size_t released_count;

	// What the writer does with it.
	unsigned appended;  // records of its own
	bool evidence_kept; // its statement stands in the side table
	bool repeated;	    // a statement that was answered before
	bool has_barrier;
	struct sluss_id barrier_case;
	bool parked;		 // waits for something to happen
	bool expired;		 // its wait is over
	int64_t parked_until_ms; // monotonic; set once
	int64_t wake_ms;	 // monotonic; try again then
	bool wants_notices;	 // wakes for a notice to the caller at notices_from or beyond, too
	uint64_t notices_from;
	struct sluss_request *next_in_batch;
};

static inline struct sluss_request *sluss_request_of(struct sluss_txn *txn)
{
	return (struct sluss_request *)txn;
}

static inline const struct sluss_request *sluss_request_of_const(const struct sluss_txn *txn)
{
	return (const struct sluss_request *)txn;
}

static inline struct sluss_request *sluss_request_of_item(struct sluss_item *item)
{
	return (struct sluss_request *)(void *)((char *)item - offsetof(struct sluss_request, item));
}

// Takes over the arena in which `asked` lies. NULL: no memory (the arena is freed).
SLUSS_MUST_CHECK struct sluss_request *sluss_request_new(
    struct sluss_arena *arena, const Sluss__V1__CoreRequest *asked);
void sluss_request_free(struct sluss_request **request);

// Forgets an answer that was given: the batch was lost, or the request is tried again.
void sluss_request_forget(struct sluss_request *request);

// Packs the response and its receipt field into the answer's body. `receipt` may be NULL.
SLUSS_MUST_CHECK bool sluss_request_seal(struct sluss_request *request, const Sluss__V1__Receipt *receipt);

// Fills the frame that carries the answer; it points into the request.
struct sluss_answer_frame {
	Sluss__V1__IpcFrame frame;
	Sluss__V1__CoreResponse response;
	Sluss__V1__Refusal refusal;
};
void sluss_request_answer(const struct sluss_request *request, struct sluss_answer_frame *answer_out);

// The worker's part: reads and checks everything that needs no state (verify.c). Refuses, or leaves the request ready
// for the writer.
struct sluss_verify_with {
	const struct sluss_directory *directory;
	struct sluss_sessions *sessions;
	const char *authority;
};
void sluss_request_verify(struct sluss_request *request, const struct sluss_verify_with *with);

// session_check.c: whose session the request comes in, if its method asks for one. Refuses when it is none, of the
// wrong kind, replayed, or not signed by its key. Worker thread.
SLUSS_MUST_CHECK bool sluss_request_session(
    struct sluss_request *request, const struct sluss_method_info *info, const struct sluss_verify_with *with);
// The signature of a statement whose key_id is a session's. Refuses. Worker thread.
SLUSS_MUST_CHECK bool sluss_request_session_signed(
    struct sluss_request *request, const char *key_id, struct sluss_bytes signature);
// Makes txn->act of a request that a person's session signed. False: refused (no memory).
SLUSS_MUST_CHECK bool sluss_request_act(struct sluss_request *request);
// What stands for the hash of a statement: SHA-256("sluss-act-v1" || u32be method || person id || SHA-256(body)).
void sluss_session_act_hash(
    const struct sluss_session *session, uint32_t method, struct sluss_bytes body, uint8_t hash_out[SLUSS_HASH_BYTES]);
// The writer asks again: is it still open, and its agency still here? Refuses.
SLUSS_MUST_CHECK bool sluss_request_session_stands(
    struct sluss_request *request, struct sluss_sessions *sessions, const struct sluss_directory *directory);

// The service that serves a method; NULL when none does (service_table.c).
const struct sluss_service *sluss_service_of(uint32_t method);

#endif
