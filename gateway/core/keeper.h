// SPDX-License-Identifier: EUPL-1.2
// The keeper of cosignatures: has each checkpoint, as it comes, cosigned by the log's witnesses (C2SP tlog-witness),
// and knows the newest one that a quorum has cosigned. It neither sends nor stores: calls go out by a function that was
// handed in, answers are handed in, and what is to be stored is asked for.
//
// A round takes the newest checkpoint and asks every witness for it. Rounds follow each other after `period_ms`, or
// after a tenth of it when the log has grown; a quorum counts within one round, because cosignatures of different sizes
// do not add up to one checkpoint. A witness is first asked with old size 0, to which it says its size.
//
// Invariant: what the keeper gives as cosigned verifies, by `quorum` different keys of the settings, over a checkpoint
// that this log signed. A witness that knows more of this log than the log itself, or another history, ends it: the
// database is an old copy, or somebody runs a second one; going on would make two histories.
//
// Threads: the writer's. Times are monotonic milliseconds but where they say otherwise.
#ifndef SLUSS_CORE_KEEPER_H
#define SLUSS_CORE_KEEPER_H

#include "log_checkpoint.h"

enum {
	SLUSS_KEEPER_WITNESSES = 16,
	SLUSS_KEEPER_PROOF = 66,
	SLUSS_KEEPER_NOTE = SLUSS_CHECKPOINT_OWN_MAX + SLUSS_KEEPER_WITNESSES * SLUSS_NOTE_LINE_MAX,
	SLUSS_KEEPER_TIMEOUT_MS = 5000, // of one call
	SLUSS_KEEPER_SKEW_S = 300,	// a cosignature's time may differ from ours by this
};

struct sluss_keeper_config {
	struct sluss_note_key log; // whose checkpoints they are
	struct sluss_note_key witnesses[SLUSS_KEEPER_WITNESSES];
	size_t count;
	uint32_t quorum; // 0: nothing depends on it
	uint32_t period_ms, gap_max_ms;
	// Consistency proof (RFC 6962 section 2.1.2). False: cannot tell now.
	bool (*prove)(void *arg, uint64_t old_size, uint64_t size, struct sluss_hash hashes[SLUSS_KEEPER_PROOF],
	    size_t *count_out);
	// Has this body posted to witness `index`; the answer comes with `number`. False: not now.
	bool (*send)(void *arg, uint32_t index, uint64_t number, struct sluss_bytes body);
	void *arg;
};

struct sluss_keeper_witness {
	uint64_t known; // size that it cosigned last, by its word; a hint for the next proof
	bool asked;	// it has told its size since the start
	uint64_t call;	// under way; 0: none
	uint64_t sent_old, sent_size, sent_round;
	unsigned failures, conflicts;
	int64_t not_before_ms;
	bool signed_round; // the current round
	char line[SLUSS_NOTE_LINE_MAX];
	size_t line_len;
	uint64_t cosigned;  // size of what it cosigned last, verified
	int64_t cosigned_s; // and when, Unix seconds
	const char *state;  // what it last answered, for people; a constant, NULL: nothing yet
};

struct sluss_keeper {
	struct sluss_keeper_config config;
	struct sluss_keeper_witness witnesses[SLUSS_KEEPER_WITNESSES];
	uint64_t calls; // number of the last
	// The round.
	uint64_t round; // its number, 0: none yet
	int64_t began_ms;
	bool hurry; // a witness is ahead of the round, not of the log
	uint64_t size;
	uint8_t note[SLUSS_CHECKPOINT_OWN_MAX];
	size_t note_len;
	// The newest that a quorum has cosigned (quorum 0: that anybody has).
	uint64_t cosigned_size;
	int64_t cosigned_ms; // when its round began; -1: not since the start
	uint8_t cosigned[SLUSS_KEEPER_NOTE];
	size_t cosigned_len; // 0: none
	bool unstored;	     // it is newer than what was stored
	bool fatal;	     // see why: the gateway must stop
	char why[400];
};

// False: two witnesses have one key, or a key is not of type 04; keeper->why says which.
SLUSS_MUST_CHECK bool sluss_keeper_init(struct sluss_keeper *keeper, const struct sluss_keeper_config *config);

// Takes a cosigned checkpoint of before the start, if it is one of this log and a quorum's. It is served and used for
// proofs; that relaying may go on it does not say.
void sluss_keeper_load(struct sluss_keeper *keeper, struct sluss_bytes note);

// Begins a round when it is time, and asks whom it is time to ask. `newest` is the log's newest checkpoint, of `size`
// entries (empty: none). Returns when to call again.
int64_t sluss_keeper_tick(struct sluss_keeper *keeper, int64_t now_ms, struct sluss_bytes newest, uint64_t size);

struct sluss_keeper_answer {
	uint32_t index;
	uint64_t number;
	uint32_t status;   // HTTP; 0: none came
	const char *error; // then: why, in the courier's words; may be NULL
	const char *content_type;
	struct sluss_bytes body;
};

// An answer has come. `log_size` is the log's size now, `real_s` the time in Unix seconds.
void sluss_keeper_answer(struct sluss_keeper *keeper, const struct sluss_keeper_answer *answer, uint64_t log_size,
    int64_t now_ms, int64_t real_s);
// That call never left: nothing is known of the witness.
void sluss_keeper_returned(struct sluss_keeper *keeper, uint32_t index, uint64_t number, int64_t now_ms);
// Nothing that is under way will be answered.
void sluss_keeper_lost(struct sluss_keeper *keeper, int64_t now_ms);

// May messages be relayed, as far as witnesses are concerned?
bool sluss_keeper_open(const struct sluss_keeper *keeper, int64_t now_ms);
// When that changes by time alone; INT64_MAX: never.
int64_t sluss_keeper_closes_ms(const struct sluss_keeper *keeper);

#endif
