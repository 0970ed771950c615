// SPDX-License-Identifier: EUPL-1.2
// A witness of transparency logs (C2SP tlog-witness): looks at each new checkpoint of a log, demands proof that it
// continues the last one it cosigned, remembers it durably, and only then cosigns (C2SP tlog-cosignature, type 04).
// This is the judging and the remembering; whoever serves HTTP hands in the body of `POST <prefix>/add-checkpoint` and
// sends back what comes out.
//
//   sluss_witness_open -> for each request: sluss_witness_add_checkpoint -> sluss_witness_close
//
// Invariant: no cosignature leaves before the checkpoint it is over is on stable storage, and what is stored for a log
// only ever grows, each time by a checkpoint that was proven to continue the one before. So two checkpoints that this
// witness cosigned for one origin are never of two different histories.
//
// Threads: any; calls on one witness wait for each other. sluss_crypto_init must have been called.
#ifndef SLUSS_WITNESS_H
#define SLUSS_WITNESS_H

#include "sluss/types.h"

enum {
	SLUSS_WITNESS_BODY_MAX = 64 * 1024, // octets of a request that are read
	SLUSS_WITNESS_REPLY_MAX = 512,	    // octets of a reply's body
	SLUSS_WITNESS_PROOF_MAX = 63,	    // hashes of a proof (tlog-witness)
	SLUSS_WITNESS_LOGS_MAX = 64,	    // logs that one witness knows
};

// What to send back.
struct sluss_witness_reply {
	unsigned
	    status; // 200, 400, 403, 404, 409, 422 as the specification says; 500: not remembered, nothing cosigned
	const char *content_type;	    // "text/plain; charset=utf-8", or "text/x.tlog.size" for 409; static
	size_t len;			    // octets of the body; it ends with a newline
	char body[SLUSS_WITNESS_REPLY_MAX]; // 200: the cosignature line; 409: the size; else one sentence for people
	// A log signed what cannot continue what it signed before: the request is proof of it and worth keeping (409
	// with the same size, 422).
	bool misbehaviour;
	uint64_t size; // 200: of the checkpoint that was cosigned
};

// ---- judging, with nothing but the octets at hand: for whoever keeps the state in another way, and for tests

// What a witness knows of one log. Size 0: nothing yet.
struct sluss_witness_state {
	uint64_t size;
	uint8_t root[SLUSS_HASH_BYTES];
};

struct sluss_witness_keys {
	const char *name;	 // of the witness: letters and points, no space or plus
	const uint8_t *seed;	 // Ed25519, 32 octets, of a key that signs nothing but cosignatures
	const char *const *logs; // verifier keys of the logs (signed-note text, type 01); the name is the origin;
				 // several for one origin are allowed
	size_t log_count;
};

// Reads the state of a log / makes a new one durable. `note` is the checkpoint as the log signed it. False: could not
// tell, or not done.
typedef bool sluss_witness_load_fn(void *arg, const char *origin, struct sluss_witness_state *state_out);
typedef bool sluss_witness_store_fn(
    void *arg, const char *origin, const struct sluss_witness_state *state, struct sluss_bytes note);

// Judges one request; load and store are called at most once each, store only when all is proven, and the reply is a
// 200 only when it returned true. Between a load and its store nobody else may store for this origin: the caller holds
// a lock. `time_s` is the witness's clock, Unix seconds.
void sluss_witness_judge(const struct sluss_witness_keys *keys, struct sluss_bytes body, uint64_t time_s,
    sluss_witness_load_fn *load, sluss_witness_store_fn *store, void *arg, struct sluss_witness_reply *reply_out);

// The witness's own verifier key as text (type 04): what a gateway's setting `witness` wants. False: the name cannot be
// a key's name, or no room (400 octets are enough).
SLUSS_MUST_CHECK bool sluss_witness_verifier_key(
    const char *name, const uint8_t seed[SLUSS_HASH_BYTES], char *text_out, size_t room);

// Reads a witness's own seed (64 hexadecimal digits, file of mode 0600), or makes one where there is no file. It signs
// nothing but cosignatures; the caller wipes it. False: unreadable, of another form, or open to others.
SLUSS_MUST_CHECK bool sluss_witness_seed(const char *path, uint8_t seed_out[SLUSS_HASH_BYTES]);

// ---- a witness that remembers in a folder

struct sluss_witness;

// Takes the folder (which must exist; one file a log, and a lock that one witness at a time holds). Strings and seed
// are copied. NULL: `why_out` (256 octets) says what is wrong and what to do.
SLUSS_MUST_CHECK struct sluss_witness *sluss_witness_open(
    const char *folder, const struct sluss_witness_keys *keys, char why_out[256]);
// Takes NULL; wipes and nulls.
void sluss_witness_close(struct sluss_witness **witness);

// Judges one request and remembers. `time_s`: 0 takes the system's clock.
void sluss_witness_add_checkpoint(
    struct sluss_witness *witness, struct sluss_bytes body, uint64_t time_s, struct sluss_witness_reply *reply_out);

// What it knows of a log. False: it does not know the log, or the folder cannot be read. Size 0: nothing cosigned yet.
SLUSS_MUST_CHECK bool sluss_witness_known(
    struct sluss_witness *witness, const char *origin, struct sluss_witness_state *state_out);

#endif
