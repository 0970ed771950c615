// SPDX-License-Identifier: EUPL-1.2
// Inside the verification: its context, and what its files have for one another.
//
// audit_verify.c   the pass over bundles; tree, checkpoints, files
// audit_finding.c  names, classes, what a finding is about
// audit_note.c     keys, checkpoints, cosignatures
// audit_time.c     RFC 3161 timestamps
// audit_settings.c what the log says of keys/
// audit_tree.c     tiles and roots from leaf hashes
// audit_root.c     the root at an earlier size
// audit_seen.c     every nonce and message id once
// audit_replay.c   folding records, what the gateway does by itself
// audit_decide.c   messages and releases decided again
// audit_acts.c     acts of persons and officers
// audit_duties.c   what has to be asked back, and whom to tell
// audit_open.c     messages under way
// audit_ages.c     birthdays
#ifndef SLUSS_AGENTS_AUDIT_IMPL_H
#define SLUSS_AGENTS_AUDIT_IMPL_H

#include "audit.h"
#include "log_checkpoint.h"
#include "log_hash.h"
#include "policy/decide.h"

// ---- findings

struct audit {
	const struct sluss_audit_source *source;
	const struct sluss_audit_options *options;
	struct sluss_audit_report *report;
	uint64_t index; // entry under way, SLUSS_AUDIT_NO_INDEX
	int64_t at_ms;
	struct sluss_id message, case_id; // of the entry under way, none
	bool no_memory;
};

// Reports about the entry under way.
void audit_find(struct audit *audit, enum sluss_audit_kind kind, const char *format, ...) SLUSS_PRINTF(3, 4);

// audit_finding.c: the message and the case that a record names.
void audit_set_ids(struct audit *audit, const struct sluss_record *record);

// ---- audit_tree.c

enum { AUDIT_LEVELS = 8, AUDIT_WIDTH = 256 };

struct audit_tree {
	uint64_t size;
	struct sluss_hash edge[64]; // complete node of each height that has one now
	struct {
		uint16_t width;
		uint8_t hashes[AUDIT_WIDTH * SLUSS_HASH_BYTES];
	} tile[AUDIT_LEVELS];
};

// Adds a leaf; compares each tile that it fills with the export's.
void audit_tree_push(struct audit *audit, struct audit_tree *tree, const struct sluss_hash *leaf);
// The tiles that stay partial.
void audit_tree_finish(struct audit *audit, struct audit_tree *tree);
void audit_tree_root(const struct audit_tree *tree, struct sluss_hash *root_out);

// ---- audit_root.c

// The root of the first `size` entries, from the export's tiles. False: they cannot be read, or the log is shorter.
SLUSS_MUST_CHECK bool audit_root_at(struct audit *audit, uint64_t size, struct sluss_hash *root_out);

// ---- audit_settings.c

// Of the LogSettings so far.
struct audit_settings {
	bool any, knows_tsa;
	uint64_t quorum;
	struct sluss_note_key witnesses[SLUSS_AUDIT_WITNESSES_MAX]; // of the newest
	size_t witness_count;
	struct sluss_note_key ever[SLUSS_AUDIT_WITNESSES_MAX]; // of any
	size_t ever_count;
	char tsa[2 * SLUSS_HASH_BYTES + 1]; // SHA-256 of the certificates in hexadecimal; "" = none
};

void audit_settings_note(struct audit_settings *settings, const struct sluss_rec_settings *record);
// The newest against the export's keys/.
void audit_settings_compare(struct audit *audit, const struct audit_settings *settings);

// ---- audit_note.c

enum { AUDIT_TSA_MAX = 1 << 20 };

struct audit_trust {
	struct sluss_note_key log;
	struct sluss_note_key witnesses[SLUSS_AUDIT_WITNESSES_MAX];
	size_t witness_count, quorum;
	const struct audit_settings *settings; // their witnesses of earlier times may have signed older checkpoints
	char *tsa_pem;			       // owned; NULL: none
	size_t tsa_len;
};

// Reads keys/, compares it with what is pinned. False: there is no key to verify anything with.
SLUSS_MUST_CHECK bool audit_trust_load(struct audit *audit, struct audit_trust *trust);
void audit_trust_free(struct audit_trust *trust);
// Witnesses and quorum of the export's keys/. False: cannot be read.
SLUSS_MUST_CHECK bool audit_stored_witnesses(struct audit *audit, struct audit_trust *stored_out);

struct audit_head {
	struct sluss_hash root;
	uint64_t size;
	size_t cosigned;	      // by how many witnesses
	struct sluss_hash text_hash;  // SHA-256 of the note's text: what a timestamp is over
	int64_t newest_cosignature_s; // 0: none
	int64_t oldest_cosignature_s;
};

// Reads a checkpoint file and checks all its signatures. False: it says nothing that may be believed.
SLUSS_MUST_CHECK bool audit_checkpoint(
    struct audit *audit, const struct audit_trust *trust, const char *path, struct audit_head *head_out);

// ---- audit_time.c

// Checks a TimeStampResp over `imprint`. On true `time_ms_out` is the time that it says.
SLUSS_MUST_CHECK bool audit_timestamp(struct audit *audit, const struct audit_trust *trust, const char *path,
    const struct sluss_hash *imprint, int64_t *time_ms_out);

// ---- audit_seen.c

enum { AUDIT_SEEN_BYTES = 16, AUDIT_SEEN_HELD = 1 << 15 };

struct audit_seen;
// `held_max`: about how many values are looked through at once (AUDIT_SEEN_HELD). NULL: no memory.
struct audit_seen *audit_seen_new(size_t held_max);
void audit_seen_free(struct audit_seen **seen);
// Notes a 16-octet value with the entry that it stands in. False: no room (memory, temporary files).
SLUSS_MUST_CHECK bool audit_seen_add(struct audit_seen *seen, const uint8_t value[AUDIT_SEEN_BYTES], uint64_t index);
// Calls back with every value that came more than once (second and further places). False: could not be told.
typedef void audit_seen_fn(void *to, const uint8_t value[AUDIT_SEEN_BYTES], uint64_t first, uint64_t again);
SLUSS_MUST_CHECK bool audit_seen_twice(struct audit_seen *seen, audit_seen_fn *fn, void *to);

// ---- audit_replay.c

struct audit_replay;
struct audit_replay *audit_replay_new(struct audit *audit);
void audit_replay_free(struct audit_replay **replay);
// One record, in order. False: the replay cannot go on (a finding says why).
SLUSS_MUST_CHECK bool audit_replay_record(struct audit_replay *replay, const struct sluss_record *record);
// After the last: what is overdue, what was left undone.
void audit_replay_end(struct audit_replay *replay);
bool audit_replay_demo_clock(const struct audit_replay *replay);
// Whether the log has named this policy.
bool audit_replay_has_policy(const struct audit_replay *replay, const char *hex);

#endif
