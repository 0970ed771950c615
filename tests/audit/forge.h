// SPDX-License-Identifier: EUPL-1.2
// A test's own gateway, as far as the log shows one: it holds the log's key, decides with the policy's own functions,
// writes what a gateway would write, and publishes it as an export in memory. And a forger: with the same key it writes
// what no gateway would, and takes entries out, changes their order, or writes them twice.
#ifndef SLUSS_TESTS_AUDIT_FORGE_H
#define SLUSS_TESTS_AUDIT_FORGE_H

#include "audit.h"
#include "log_note.h"
#include "log_record.h"
#include "policy/decide.h"

enum { FORGE_SECTIONS = 4, FORGE_RECIPIENTS = 4, FORGE_PAIRS = FORGE_SECTIONS * FORGE_RECIPIENTS };

#define FORGE_HOUR_MS INT64_C(3600000)
#define FORGE_DAY_MS (24 * FORGE_HOUR_MS)
#define FORGE_START_MS INT64_C(1767225600000) // 2026-01-01 00:00 UTC

struct forge_file {
	char path[128];
	uint8_t *data;
	size_t len;
};

struct forge {
	struct sluss_note_key key;
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	char key_text[SLUSS_NOTE_LINE_MAX];
	struct sluss_codec *codec;
	struct sluss_state *state;
	struct sluss_policy *policy;
	char *policy_json;
	size_t policy_len;
	uint8_t policy_hash[SLUSS_HASH_BYTES];
	int64_t now_ms;
	uint64_t seq, nonce;
	unsigned ids;
	struct sluss_bytes *entries; // each allocated
	size_t entry_count, entry_room;
	struct forge_file *files;
	size_t file_count, file_room;
	// The world that forge_world() makes.
	struct sluss_id kase, subject, guardian, consent, attendance[2], links[2];
};

// A section as the sender labels it, and the message around it. Points into itself: do not copy.
struct forge_message {
	struct sluss_rec_message record;
	struct sluss_recipient recipients[FORGE_RECIPIENTS];
	struct sluss_section_label sections[FORGE_SECTIONS];
	struct sluss_concerned concerned;
	struct sluss_claim claim;
	struct sluss_pair pairs[FORGE_PAIRS];
	struct sluss_id grounds[FORGE_PAIRS][SLUSS_DECISION_GROUNDS];
};

void forge_open(struct forge *forge);
void forge_close(struct forge *forge);

// Appends a record at the forge's clock, and folds it as far as the state takes it.
uint64_t forge_record(struct forge *forge, struct sluss_record record);
void forge_pass(struct forge *forge, int64_t ms);
struct sluss_id forge_id(struct forge *forge);

// Genesis, policy, agencies soc-1, police-1, school-1, a case of a girl of 16 with one guardian, enrolled; grants for
// the links and for school_attendance from the school to both others. `demo` gives it a clock that can be stepped.
void forge_world(struct forge *forge, bool demo);

// An AttendanceReport of the school about the subject, for those recipients, with those categories. Not decided.
void forge_draft(struct forge *forge, struct forge_message *message, size_t recipients, const char *const *to,
    size_t sections, const char *const *categories);
// Decides and appends what comes out; false: denied.
bool forge_send(struct forge *forge, struct forge_message *message);
void forge_decide(struct forge *forge, struct forge_message *message);
uint64_t forge_accept(struct forge *forge, const struct forge_message *message); // with the pairs as they are
// Decides again and appends what comes out: withheld, destroyed, released.
void forge_fetch(struct forge *forge, struct forge_message *message, const char *recipient);
uint64_t forge_release(struct forge *forge, struct forge_message *message, const char *recipient); // whatever is true
void forge_acknowledge(struct forge *forge, const struct forge_message *message, const char *recipient);
// The guardian withdraws a category; `waiting` (may be NULL) is withheld and destroyed.
struct sluss_id forge_withdraw(struct forge *forge, const char *category, struct forge_message *waiting);

// What was received on grants that are withdrawn now is asked back; forge_withdraw() does it.
void forge_recall(struct forge *forge, struct sluss_id withdrawal);

// ---- what a forger does to entries before they are published

void forge_drop(struct forge *forge, size_t index);
void forge_swap(struct forge *forge, size_t a, size_t b);
void forge_twice(struct forge *forge, size_t index);

// ---- publishing

// Makes the export's files anew: tiles, bundles, checkpoint, policy, key, manifest. What was added stays.
void forge_publish(struct forge *forge);
void forge_add_file(struct forge *forge, const char *path, const void *data, size_t len);
void forge_remove_file(struct forge *forge, const char *path);
struct forge_file *forge_file(struct forge *forge, const char *path); // NULL: there is none
// A checkpoint of the first `size` entries, signed; the octets written. More lines may be added by the caller.
size_t forge_checkpoint(struct forge *forge, size_t size, char *note_out, size_t room);
struct sluss_audit_source forge_source(struct forge *forge);
// Writes all files into a folder that exists.
void forge_write(struct forge *forge, const char *folder);

// ---- verifying

struct forge_findings {
	size_t count;
	struct sluss_audit_finding list[64];
	struct sluss_audit_report report;
	enum sluss_audit_outcome outcome;
};

// Verifies with the forge's key pinned. `options` may be NULL.
void forge_verify(struct forge *forge, const struct sluss_audit_options *options, struct forge_findings *findings_out);
bool forge_found(const struct forge_findings *findings, enum sluss_audit_kind kind);

#endif
