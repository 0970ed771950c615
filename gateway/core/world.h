// SPDX-License-Identifier: EUPL-1.2
// Everything that core knows, as a fold over the log: state (policy/), directory, messages, notices, counts. Two side
// tables join it, which are written in the same transactions as the records: policies, and the first answers to
// statements (idempotency). The register of persons is loaded beside it.
//
// Invariant: after an apply that was not OK nothing changed, unless it was BROKEN: then the world must be thrown away
// and folded again from the store. Threads: the writer's; the directory may be asked by any thread.
#ifndef SLUSS_CORE_WORLD_H
#define SLUSS_CORE_WORLD_H

#include "case_index.h"
#include "directory.h"
#include "idmap.h"
#include "messages.h"
#include "month_counts.h"
#include "notices.h"
#include "policy/policy.h"
#include "policy/state.h"
#include "report_facts.h"
#include "service.h"
#include "store.h"

// Policies by hash. They only become more while core runs: a state may refer to any of them.
struct sluss_policies;
SLUSS_MUST_CHECK struct sluss_policies *sluss_policies_new(void);
void sluss_policies_free(struct sluss_policies **policies);
// Parses, unless it is known already; `hash_out` is SHA-256 of the octets. False: error_out says why (line 0 and an
// empty message: no memory).
SLUSS_MUST_CHECK bool sluss_policies_add(struct sluss_policies *policies, struct sluss_bytes json,
    uint8_t hash_out[SLUSS_HASH_BYTES], struct sluss_policy_error *error_out);
const struct sluss_policy *sluss_policies_find(
    const struct sluss_policies *policies, const uint8_t hash[SLUSS_HASH_BYTES]);
// Every policy of the side table. CORRUPT: one does not parse or has another hash.
SLUSS_MUST_CHECK enum sluss_store_result sluss_policies_load(
    struct sluss_policies *policies, struct sluss_store *store);

// The newest replay that an auditor reported.
struct sluss_last_replay {
	int64_t at_ms; // 0: none yet
	uint64_t size;
	uint32_t findings;
	bool complete;
	char agency[SLUSS_AGENCY_MAX + 1];
};

struct sluss_world {
	struct sluss_state *state;
	struct sluss_directory *directory; // of this fold, or the shared one
	bool directory_shared;
	struct sluss_messages *messages;
	struct sluss_notices *notices;
	struct sluss_months months;
	struct sluss_case_index *cases; // where to look
	struct sluss_report_facts *report_facts;
	struct sluss_idmap answers; // statement id -> position in SIDE_ANSWER
	struct sluss_core_counts counts;
	char origin[256]; // of GENESIS; "" before
	bool demo_clock;
	struct sluss_last_replay replay;
	char *settings;	 // of the newest LogSettings, a line each; NULL before
	bool ends_moved; // a ground of something that waited may have got another end
	uint64_t size;	 // records folded
};

// An empty world. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_world *sluss_world_new(const struct sluss_policies *policies);
void sluss_world_free(struct sluss_world **world);

// Are these the settings that the newest LogSettings says?
bool sluss_world_has_settings(const struct sluss_world *world, const struct sluss_rec_settings *settings);

// Moves the fold's directory into the one that other threads look up in, and uses that from now on. `shared` must
// outlive the world.
void sluss_world_share(struct sluss_world *world, struct sluss_directory *shared);

enum sluss_world_result {
	SLUSS_WORLD_OK = 0,
	SLUSS_WORLD_INVALID, // the record contradicts what is known; nothing changed
	SLUSS_WORLD_BROKEN,  // half applied or no memory
};

// Folds the record in as number world->size.
SLUSS_MUST_CHECK enum sluss_world_result sluss_world_apply(
    struct sluss_world *world, const struct sluss_record *record);

// Folds the whole log of a store, then loads the answers. CORRUPT: a record that cannot be (error_out says which and
// why); FULL: no memory; else as the store.
SLUSS_MUST_CHECK enum sluss_store_result sluss_world_fold(
    struct sluss_world *world, struct sluss_store *store, struct sluss_store_error *error_out);

// ---- first answers to statements

enum { SLUSS_ANSWER_KEY = 24 };
void sluss_answer_key(uint64_t position, const struct sluss_id *statement, uint8_t key_out[SLUSS_ANSWER_KEY]);

#endif
