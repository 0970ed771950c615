// SPDX-License-Identifier: EUPL-1.2
// The auditor's side: an export of the log (a folder of checkpoints, tiles, entry bundles, policies, keys, timestamps)
// is verified offline, octet by octet, and replayed: the state is folded with the functions that the gateway folds it
// with, and every decision is made again with the policy of that moment.
//
// Memory: the state itself, the messages that wait for somebody, and buffers of fixed size; nothing grows with the
// length of the log. Threads: one verification belongs to one thread. No network.
#ifndef SLUSS_AGENTS_AUDIT_H
#define SLUSS_AGENTS_AUDIT_H

#include "policy/record.h"

// ---- where the files come from

enum sluss_audit_read {
	SLUSS_AUDIT_READ_NONE = 0,
	SLUSS_AUDIT_READ_OK,
	SLUSS_AUDIT_READ_ABSENT,
	SLUSS_AUDIT_READ_FAILED, // cannot be read, or longer than `room`
};

typedef bool sluss_audit_path_fn(void *to, const char *path);

// An export, however it is kept. Paths are relative, with '/'.
struct sluss_audit_source {
	void *context;
	enum sluss_audit_read (*read)(void *context, const char *path, uint8_t *out, size_t room, size_t *len_out);
	// Calls `fn` with every file; ends early when it returns false. False: cannot be listed, or ended early.
	bool (*each)(void *context, sluss_audit_path_fn *fn, void *to);
};

// A folder of the file system. `*folder` belongs to the caller and has to outlive the source.
struct sluss_audit_source sluss_audit_folder(const char *const *folder);

// ---- what is wrong

// Classes of findings, gravest first: the exit code of `sluss audit verify` is 19 + the class of the gravest.
enum sluss_audit_class {
	SLUSS_AUDIT_NOTHING = 0,
	SLUSS_AUDIT_STRUCTURE,	 // the octets do not lead to the signed root, or are not in their one encoding
	SLUSS_AUDIT_SIGNATURE,	 // a checkpoint is not the log's
	SLUSS_AUDIT_COSIGNATURE, // witnesses: wrong, or fewer than needed
	SLUSS_AUDIT_TIMESTAMP,	 // a timestamp does not hold, or contradicts the entries
	SLUSS_AUDIT_HISTORY,	 // the log is not what it was: forked, shortened, changed
	SLUSS_AUDIT_GROUND,	 // released or accepted without a ground
	SLUSS_AUDIT_WITHDRAWN,	 // released or accepted after a withdrawal
	SLUSS_AUDIT_DECISION,	 // a decision is wrong otherwise, left out, or another than its record says
	SLUSS_AUDIT_ORDER,	 // an order or time that cannot be
	SLUSS_AUDIT_ENTITLEMENT, // done by somebody who may not
	SLUSS_AUDIT_PAYLOAD,	 // withheld or destroyed too late, not at all, or released all the same
	SLUSS_AUDIT_OVERDUE,	 // a recall or a notice to the person not made, or not answered in time
	SLUSS_AUDIT_UNREPLAYED,	 // could not be decided again: a policy or an entry is missing
	SLUSS_AUDIT_CLASSES,
};

enum sluss_audit_kind {
	SLUSS_AUDIT_KIND_NONE = 0,
	// structure
	SLUSS_AUDIT_FILE_MISSING,
	SLUSS_AUDIT_FILE_UNEXPECTED,
	SLUSS_AUDIT_FILE_UNREADABLE,
	SLUSS_AUDIT_BUNDLE_CUT,
	SLUSS_AUDIT_TILE_DIFFERS,
	SLUSS_AUDIT_ROOT_DIFFERS,
	SLUSS_AUDIT_ENTRY_MALFORMED,
	SLUSS_AUDIT_ENTRY_REPEATED,
	SLUSS_AUDIT_POLICY_DIFFERS,
	SLUSS_AUDIT_MANIFEST_DIFFERS,
	// signatures
	SLUSS_AUDIT_CHECKPOINT_MALFORMED,
	SLUSS_AUDIT_CHECKPOINT_UNSIGNED,
	SLUSS_AUDIT_KEY_DIFFERS,
	SLUSS_AUDIT_SIGNER_UNKNOWN,
	SLUSS_AUDIT_COSIGNATURE_WRONG,
	SLUSS_AUDIT_QUORUM_MISSED,
	SLUSS_AUDIT_TIMESTAMP_WRONG,
	SLUSS_AUDIT_TIMESTAMP_CONTRADICTS,
	SLUSS_AUDIT_HISTORY_DIFFERS,
	// decisions
	SLUSS_AUDIT_RELEASED_WITHOUT_GROUND,
	SLUSS_AUDIT_RELEASED_AFTER_WITHDRAWAL,
	SLUSS_AUDIT_ACCEPTED_WITHOUT_GROUND,
	SLUSS_AUDIT_ACCEPTED_AFTER_WITHDRAWAL,
	SLUSS_AUDIT_DENIED_THOUGH_PERMITTED,
	SLUSS_AUDIT_DECISION_LEFT_OUT,
	SLUSS_AUDIT_DECISION_DIFFERS,
	SLUSS_AUDIT_OUTCOME_DIFFERS,
	// order
	SLUSS_AUDIT_TIME_RUNS_BACK,
	SLUSS_AUDIT_CONTRADICTS,
	SLUSS_AUDIT_UNKNOWN_MESSAGE,
	SLUSS_AUDIT_MESSAGE_ID_REUSED,
	SLUSS_AUDIT_RELEASED_AFTER_END,
	SLUSS_AUDIT_ACKNOWLEDGED_BEFORE_RELEASE,
	SLUSS_AUDIT_BIRTHDAY_MISSING,
	SLUSS_AUDIT_AGE_CONTRADICTS,
	SLUSS_AUDIT_PHASE_MOVE_MISSING,
	SLUSS_AUDIT_PHASE_MOVE_UNFOUNDED,
	SLUSS_AUDIT_CASE_OPENED_BY_NOTHING,
	SLUSS_AUDIT_CLOCK_STEPPED,
	// persons and officers
	SLUSS_AUDIT_NOT_ENTITLED,
	SLUSS_AUDIT_NOT_CONTACT,
	SLUSS_AUDIT_CONSENT_VAGUE,
	SLUSS_AUDIT_STATUTE_WRONG,
	SLUSS_AUDIT_PHASE_WRONG,
	// payload and recalls
	SLUSS_AUDIT_NOT_WITHHELD,
	SLUSS_AUDIT_NOT_DESTROYED,
	SLUSS_AUDIT_RELEASED_AFTER_DESTRUCTION,
	SLUSS_AUDIT_DESTROYED_WHILE_WAITING,
	SLUSS_AUDIT_RECALL_OVERDUE,
	SLUSS_AUDIT_RECALL_LATE,
	SLUSS_AUDIT_RECALL_MISSING,
	SLUSS_AUDIT_NOTICE_MISSING,
	// the replay itself
	SLUSS_AUDIT_POLICY_MISSING,
	SLUSS_AUDIT_RECORD_UNKNOWN,
	SLUSS_AUDIT_REPLAY_GAP,
	SLUSS_AUDIT_KINDS,
};

#define SLUSS_AUDIT_NO_INDEX UINT64_MAX

struct sluss_audit_finding {
	enum sluss_audit_kind kind;
	uint64_t index; // of the entry, SLUSS_AUDIT_NO_INDEX
	int64_t at_ms;	// of the entry
	struct sluss_id message, case_id;
	char text[240]; // one English sentence
};

enum sluss_audit_class sluss_audit_class_of(enum sluss_audit_kind kind);
const char *sluss_audit_class_name(enum sluss_audit_class class);
const char *sluss_audit_kind_name(enum sluss_audit_kind kind);

// ---- what was disclosed

// One section that was handed to one recipient. Everything points into memory of the verification; valid for the call.
struct sluss_audit_disclosure {
	uint64_t index;	   // of the release
	uint64_t accepted; // index of the message's acceptance
	int64_t at_ms;
	const struct sluss_rec_message *message;
	const struct sluss_section_label *section;
	const struct sluss_recipient *recipient;
	const struct sluss_pair *pair;
	struct sluss_id subject; // of the message's case
	const char *origin;	 // of the log
	bool permitted;		 // decided again, with the same result
};

// ---- verifying

enum { SLUSS_AUDIT_WITNESSES_MAX = 64 };

// What the auditor was told before: at this size the log had that root.
struct sluss_audit_promise {
	const char *what; // for people
	uint64_t size;
	uint8_t root[SLUSS_HASH_BYTES];
};

struct sluss_audit_options {
	const char *log_key; // verifier key that the auditor pinned; NULL: the export's own keys/log.vkey is believed
	// Pinned in the same way; NULL and count 0: the export's own.
	const char *const *witnesses; // verifier keys of type 04
	size_t witness_count;
	int quorum;	     // < 0: the export's own
	const char *tsa_pem; // certificates; NULL: the export's own
	const struct sluss_audit_promise *promises;
	size_t promise_count;
	bool no_replay;		 // only octets, signatures, timestamps
	struct sluss_id person;	 // disclosures that concern this person, none: all
	struct sluss_id case_id; // disclosures of this case, none: all
	void *context;		 // of the three that follow; each may be NULL
	void (*on_finding)(void *context, const struct sluss_audit_finding *finding);
	void (*on_disclosure)(void *context, const struct sluss_audit_disclosure *disclosure);
	void (*on_progress)(void *context, uint64_t done, uint64_t size);
};

struct sluss_audit_report {
	char origin[128];
	char log_key[512];
	uint64_t size;
	uint8_t root[SLUSS_HASH_BYTES];
	uint64_t octets; // of entries
	int64_t first_ms, last_ms;
	uint64_t findings[SLUSS_AUDIT_CLASSES];
	uint64_t finding_count;
	// What was looked at.
	uint64_t kept_checkpoints, timestamps;
	uint64_t cosigned_size; // largest size that a quorum of witnesses signed, 0
	size_t witnesses, quorum;
	bool pinned_key, pinned_witnesses, pinned_tsa; // by the auditor, not by the export
	bool replayed;				       // to the end
	uint64_t accepted, denied, released, withheld, acknowledged, withdrawals, recalls;
	uint64_t decisions;	      // decided again
	uint64_t disclosures;	      // sections released to somebody, of the person or case asked for
	uint64_t unattributed;	      // of them: sections about persons whom the log does not know
	uint64_t gap_from, gap_until; // first stretch of entries that could not be read; equal: none
	bool complete; // the list of disclosures is: every entry stands under the signed root and was read
};

enum sluss_audit_outcome {
	SLUSS_AUDIT_OUTCOME_NONE = 0,
	SLUSS_AUDIT_CLEAN,
	SLUSS_AUDIT_FINDINGS,
	SLUSS_AUDIT_NO_EXPORT, // there is no readable checkpoint or no key: nothing was verified
	SLUSS_AUDIT_NO_MEMORY,
};

// Verifies. Findings come while it runs, in no particular order; each is counted in the report.
SLUSS_MUST_CHECK enum sluss_audit_outcome sluss_audit_verify(const struct sluss_audit_source *source,
    const struct sluss_audit_options *options, struct sluss_audit_report *report_out);

// The gravest class found, NOTHING.
enum sluss_audit_class sluss_audit_gravest(const struct sluss_audit_report *report);

#endif
