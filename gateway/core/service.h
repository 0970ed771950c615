// SPDX-License-Identifier: EUPL-1.2
// How a method is served in core. A service is a row: what its statement is, and the functions that serve it.
//
//   worker thread: unpack request -> check certificate, statement, signature (generic) -> prepare (the service's own,
//   no state) writer thread: caller and key still good -> id seen before? -> clock skew -> execute -> [all of the
//   batch: one commit] -> finish -> answer
//
// What execute appends is applied to the state at once, so later requests of the batch see it; if the batch cannot be
// committed, everybody in it is answered `unavailable` and the state is rebuilt from the log. A service therefore
// checks first and appends afterwards: nothing that it appended is ever undone alone. A request that changes nothing
// (Get, List) is served in the same way and appends nothing.
#ifndef SLUSS_CORE_SERVICE_H
#define SLUSS_CORE_SERVICE_H

#include <protobuf-c/protobuf-c.h>

#include "arena.h"
#include "directory.h"
#include "ipc/methods.h"
#include "persons.h"
#include "policy/decide.h"
#include "sluss/reason.h"
#include "sluss/statement.h"
#include "sluss/types.h"
#include "store.h"

struct sluss_ca;
struct sluss_log;
struct sluss_files;
struct sluss_core_counts;
struct sluss_session;
struct sluss_sessions;

// gRPC status codes (https://connectrpc.com/docs/protocol#error-codes), as in CoreResponse.code.
enum sluss_code {
	SLUSS_CODE_OK = 0,
	SLUSS_CODE_CANCELED = 1,
	SLUSS_CODE_INVALID_ARGUMENT = 3,
	SLUSS_CODE_DEADLINE_EXCEEDED = 4,
	SLUSS_CODE_NOT_FOUND = 5,
	SLUSS_CODE_ALREADY_EXISTS = 6,
	SLUSS_CODE_PERMISSION_DENIED = 7,
	SLUSS_CODE_RESOURCE_EXHAUSTED = 8,
	SLUSS_CODE_FAILED_PRECONDITION = 9,
	SLUSS_CODE_UNIMPLEMENTED = 12,
	SLUSS_CODE_INTERNAL = 13,
	SLUSS_CODE_UNAVAILABLE = 14,
	SLUSS_CODE_UNAUTHENTICATED = 16,
};

// Side tables (store.h), numbers never reused. 100 and 101 are persons.h's; 110 to 199 are the services' own (declare
// them beside their code).
enum sluss_side {
	SLUSS_SIDE_POLICY = 1, // SHA-256 of the file -> the JSON file
	SLUSS_SIDE_ANSWER = 2, // u64 big-endian of the log position, statement id -> first answer to that statement
};

// What a service sees of its request. Read-only but for `prepared`. Everything lives until finish has returned.
struct sluss_txn {
	int64_t now_ms;			   // core's clock; one for the batch (a clock step changes it)
	const struct sluss_state *state;   // NULL in prepare
	const struct sluss_policy *policy; // in force; NULL in prepare
	const char *authority;		   // the log's origin
	enum sluss_port port;
	uint64_t connection_id;
	const char *caller; // agency of the client certificate or of the staff's session; else "", and in prepare
	enum sluss_agency_type caller_type;
	const struct sluss_session *session;	     // of the caller on the public port; NULL without one
	const ProtobufCMessage *request;	     // of the type that methods.h names
	const ProtobufCMessage *statement;	     // strictly read and verified; NULL for an unsigned method
	const struct sluss_statement_header *header; // of the statement: agency, officer, id; agency == caller
	struct sluss_bytes statement_octets;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of statement_octets
	const char *key_id;
	// What a person did in a session, with its own hash (statement_hash is what a repetition has in common); else
	// NULL.
	const struct Sluss__V1__SignedStatement *act;
	uint8_t act_hash[SLUSS_HASH_BYTES];
	struct sluss_arena *arena;
	uint64_t committed; // entries of the log that are durable; what lies beyond is not shown to anybody
	void *prepared;	    // the service's own, set by prepare, in the arena
};

enum sluss_service_flag {
	// The statement id is not remembered and not looked up (Evaluate).
	SLUSS_SERVICE_REPEATABLE = 1,
	// The first answer to a repeated statement is made anew by `execute`, which sees sluss_txn_repeated() true;
	// nothing is written for it (Send).
	SLUSS_SERVICE_OWN_REPEAT = 2,
	// Unsigned but for the session's header; the request's first field, `request_id`, takes the place of a
	// statement's id: the same person's same request gets the first answer again.
	SLUSS_SERVICE_REQUEST_ID = 4,
	// A worker may answer it alone, from what is published (svc_log_file.h); execute serves what it leaves.
	SLUSS_SERVICE_FILE = 8,
	// The service judges the statement's time itself (SendBatch).
	SLUSS_SERVICE_OWN_CLOCK = 16,
};

struct sluss_service {
	enum sluss_method method;
	// Type of the signed statement (first field of the request: SignedStatement or SignedEnvelope); NULL: the
	// method is unsigned.
	const ProtobufCMessageDescriptor *statement;
	void (*prepare)(struct sluss_txn
		*txn); // may be NULL; any worker thread; only arena, request, statement, header may be used; may refuse
	void (*execute)(struct sluss_txn *txn); // writer thread
	void (*finish)(struct sluss_txn
		*txn);	// may be NULL; writer thread, after the commit, only when execute answered (not refused)
	unsigned flags; // enum sluss_service_flag
};

struct sluss_service_list {
	const struct sluss_service *rows;
	size_t count;
};

// Each in the file of its name.
extern const struct sluss_service_list sluss_svc_exchange, sluss_svc_withdraw;
extern const struct sluss_service_list sluss_svc_directory, sluss_svc_admin, sluss_svc_case, sluss_svc_consent_record,
    sluss_svc_statutory, sluss_svc_audit, sluss_svc_session, sluss_svc_login, sluss_svc_log_file, sluss_svc_person,
    sluss_svc_audit_timeline, sluss_svc_erase, sluss_svc_backup, sluss_svc_consent_copy, sluss_svc_recall, sluss_svc_replay;

// ---- answering (execute or prepare; exactly one of respond and refuse; the last refusal wins)

// Packs the answer now. `response` may point anywhere that lives during the call.
void sluss_txn_respond(struct sluss_txn *txn, const ProtobufCMessage *response);

// A Receipt for log entry `index` is added to the answer as field number `field` after the commit (the answer given to
// respond leaves the field out). Any index of this batch or before. At most one for an answer.
void sluss_txn_receipt(struct sluss_txn *txn, uint64_t index, uint32_t field);

// Refuses. `field` is the path of the wrong field, NULL or "" for the whole; `explanation` a format of one English
// sentence, NULL for the reason's own text. Records that were appended before stay: a denial is documented.
void sluss_txn_refuse(struct sluss_txn *txn, enum sluss_code code, enum sluss_reason reason, const char *field,
    const char *explanation, ...) SLUSS_PRINTF(5, 6);
// The same for what sluss_check_*() of the policy answered, with the Connect code that fits the reason.
void sluss_txn_refuse_check(struct sluss_txn *txn, const struct sluss_refusal *refusal);
// Adds the pairs to the refusal (Sluss__V1__PairDecision), packed now.
void sluss_txn_refuse_pairs(struct sluss_txn *txn, size_t count, Sluss__V1__PairDecision *const *pairs);
// The Connect code that fits a reason.
enum sluss_code sluss_code_of(enum sluss_reason reason);
// Has the request been refused already?
bool sluss_txn_refused(const struct sluss_txn *txn);

// ---- writing (execute only). False: the request has been refused as `unavailable`; return at once.

// Stamps the record with now_ms, writes it to the log and applies it to state, directory and core's own tables.
// `index_out` (may be NULL) is its place in the log.
SLUSS_MUST_CHECK bool sluss_txn_append(struct sluss_txn *txn, const struct sluss_record *record, uint64_t *index_out);
// Refuses a record that is too long for an entry (TOO_LARGE) before anything is written. For whoever writes another
// record first: after that the refusal would cost the whole batch. The first record of a request needs no such
// question.
SLUSS_MUST_CHECK bool sluss_txn_fits(struct sluss_txn *txn, const struct sluss_record *record);
SLUSS_MUST_CHECK bool sluss_txn_put_side(
    struct sluss_txn *txn, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value);
// Erasing what is not there is no error.
SLUSS_MUST_CHECK bool sluss_txn_erase_side(struct sluss_txn *txn, uint16_t kind, struct sluss_bytes key);
// Reads into the arena; value_out->data NULL when there is no such row.
SLUSS_MUST_CHECK bool sluss_txn_get_side(
    struct sluss_txn *txn, uint16_t kind, struct sluss_bytes key, struct sluss_bytes *value_out);
// For calls to the store (or persons.h) that a service makes itself: begins the transaction if it has not begun, so
// that writes are allowed. NULL: refused.
SLUSS_MUST_CHECK struct sluss_store *sluss_txn_store(struct sluss_txn *txn);
// Such a call failed: the batch is lost. Refuses as `unavailable` and returns false. OK and NOT_FOUND return true.
SLUSS_MUST_CHECK bool sluss_txn_stored(struct sluss_txn *txn, enum sluss_store_result result);
// The exact octets of a log entry, in the arena. False: refused.
SLUSS_MUST_CHECK bool sluss_txn_entry(struct sluss_txn *txn, uint64_t index, struct sluss_bytes *entry_out);

// Appends what has become due by time or by what was appended: age bands (birthdays), cases that lost a link (ruling
// 9). Done by itself before each execute; a service that wants to tell the outcome in its answer calls it after its own
// records.
SLUSS_MUST_CHECK bool sluss_txn_settle(struct sluss_txn *txn);

// After the commit the answer waits until no octet that was released in this case before can leave the gateway any more
// (web and edge gave their word, or are dead). For every request that takes permission away: withdrawal, refusal,
// pause, narrowing, members, phase, guardians, protection. Called for more than one case, or with the nil id, it waits
// for every case.
void sluss_txn_barrier(struct sluss_txn *txn, const struct sluss_id *case_id);

// ---- what else a service may need (execute only)

// What was first answered to the statement or request of this id: the answer without its receipt, and the receipt's
// entry. The caller's answer then waits for what the first one had to wait for. Whose it was the entry says. False:
// there is none with a receipt, or refused.
SLUSS_MUST_CHECK bool sluss_txn_answer(
    struct sluss_txn *txn, const struct sluss_id *id, struct sluss_bytes *body_out, uint64_t *index_out);

bool sluss_txn_repeated(const struct sluss_txn *txn); // OWN_REPEAT: this statement was answered before
const struct sluss_directory *sluss_txn_directory(const struct sluss_txn *txn);
struct sluss_persons *sluss_txn_persons(const struct sluss_txn *txn);
const struct sluss_ca *sluss_txn_ca(const struct sluss_txn *txn); // NULL when core has none
int sluss_txn_certificate_days(const struct sluss_txn *txn);
int64_t sluss_txn_code_ms(const struct sluss_txn *txn); // how long a one-time code is good
struct sluss_log *sluss_txn_log(
    const struct sluss_txn *txn); // for proofs and the checkpoint; never append to it directly
struct sluss_sessions *sluss_txn_sessions(const struct sluss_txn *txn);
struct sluss_files *sluss_txn_files(const struct sluss_txn *txn);
const struct sluss_core_counts *sluss_txn_counts(const struct sluss_txn *txn);
const char *sluss_txn_verifier_key(const struct sluss_txn *txn); // of the log, signed-note form

// Sets a person's PERSON_AGE by the register's birth date and the policy in force, and when the next one is due. Call
// it after sluss_persons_put and before CASE_OPENED.
SLUSS_MUST_CHECK bool sluss_txn_person_age(struct sluss_txn *txn, const struct sluss_person *person);

// Parses a policy file, keeps it (side table) and says its hash; the caller then appends POLICY_SET. False: refused
// (MALFORMED with line and path).
SLUSS_MUST_CHECK bool sluss_txn_policy(
    struct sluss_txn *txn, struct sluss_bytes json, uint8_t hash_out[SLUSS_HASH_BYTES], const char **name_out);

// Demo authorities: is stepping allowed; moves core's clock forward with its CLOCK_STEP record. False: refused.
SLUSS_MUST_CHECK bool sluss_txn_step_clock(struct sluss_txn *txn, int64_t to_ms, uint64_t *index_out);

// Counts since genesis, a fold over the log.
struct sluss_core_counts {
	uint64_t accepted, denied, released, withheld, acknowledged, rejected, expired, withdrawals;
	uint64_t denied_by_reason[128]; // pairs of denied and partly denied messages, by enum sluss_reason
	uint64_t waiting;		// pairs of message and recipient that wait
};

#endif
