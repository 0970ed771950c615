// SPDX-License-Identifier: EUPL-1.2
// An agency's client of the gateway: Connect protocol (unary, application/proto) over HTTP/1.1 with mutual TLS 1.3, kept-alive connections, libcurl below.
//
// Threads: a client belongs to one thread at a time; give each thread its own. Clients may share keys, which are only read.
// Ownership: what a call returns through *response_out belongs to the caller, who frees it with protobuf_c_message_free_unpacked(&r->base, NULL) or the type's own
// free function. The error belongs to the client and holds until its next call.
// Repeating: a signed statement and a sealed message are idempotent (their id is the key), questions have no effect; so when the connection breaks or the gateway
// says `unavailable`, the same octets are sent again until settings.retry_ms is over.
// Verifying: every receipt in an answer is checked against the pinned log key before the call says OK; an answer whose receipt is wrong is UNVERIFIED.
#ifndef SLUSS_CLIENT_H
#define SLUSS_CLIENT_H

#include "sluss/chunk.h"
#include "sluss/enrol.h"
#include "sluss/message.h"
#include "sluss/reason.h"
#include "sluss/receipt.h"
#include "sluss/v1/audit.pb-c.h"
#include "sluss/v1/case.pb-c.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/directory.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "sluss/v1/recall.pb-c.h"
#include "sluss/v1/statutory.pb-c.h"

// Once in a program, before its first client and before other threads start (libcurl, libsodium). False: cannot be used.
SLUSS_MUST_CHECK bool sluss_client_global_init(void);
void sluss_client_global_cleanup(void);

struct sluss_client;

// All strings are copied; the keys stay the caller's and must outlive the client.
struct sluss_client_settings {
	const char *url;        // "https://gateway.example:8443": the agency port, or the public port for enrolment
	const char *ca_file;    // PEM: whom we believe about the gateway's certificate
	const char *certificate_file; // PEM: our client certificate; NULL on the public port
	const char *key_file;         // PEM: its key
	const char *authority;  // origin of the gateway's log
	const char *agency_id;
	const char *officer_id; // who acts; may be changed later
	const char *log_verifier_key; // pinned; NULL: receipts are not checked (before enrolment)
	const struct sluss_signing_key *signing_key;         // NULL: no statements can be made
	const struct sluss_sealing_key *const *sealing_keys; // the newest first
	size_t sealing_key_count;
	int64_t (*now_ms)(void *context); // time for statements; NULL: the system's clock
	void *now_context;
	bool (*give_up)(void *context); // asked about once a second while a request is under way; true ends it (UNAVAILABLE). NULL: never
	void *give_up_context;
	unsigned connect_timeout_ms; // 0: 10,000
	unsigned timeout_ms;         // of one attempt, beside a long poll's wait; 0: 30,000
	unsigned retry_ms;           // how long to try again; 0: not at all
};

enum sluss_client_result {
	SLUSS_CLIENT_OK = 0,
	SLUSS_CLIENT_BAD_REQUEST, // refused here, nothing was sent: a draft that cannot be
	SLUSS_CLIENT_DENIED,      // the gateway's decision, or we may not do that (permission_denied, unauthenticated)
	SLUSS_CLIENT_REFUSED,     // malformed, unknown, replayed, out of time: asking again in the same way will not help
	SLUSS_CLIENT_UNAVAILABLE, // not reachable, busy, or it cannot tell now: try again later
	SLUSS_CLIENT_UNVERIFIED,  // an answer that cannot be believed: signature, receipt or proof is wrong
	SLUSS_CLIENT_INTERNAL,    // no memory, or a mistake of ours or theirs
};

// Why the last call was not OK.
struct sluss_client_error {
	enum sluss_client_result result;
	const char *code;              // Connect code ("permission_denied"), or "" when no answer came
	unsigned http_status;          // 0 when no answer came
	enum sluss_reason reason;      // NONE when the answer gave none
	const char *field;             // path of the wrong field, or ""; "settings" with BAD_REQUEST: not the request but how we connect (certificate, key, address)
	const char *explanation;       // one English sentence; never empty
	const Sluss__V1__Refusal *refusal; // NULL when the answer had none; has all pairs when a message was denied
};

// NULL: no memory, or settings that cannot be (error_out, may be NULL, gets a static sentence).
SLUSS_MUST_CHECK struct sluss_client *sluss_client_new(const struct sluss_client_settings *settings, const char **error_out);
// Takes NULL; closes its connections; nulls.
void sluss_client_free(struct sluss_client **client);
const struct sluss_client_error *sluss_client_last_error(const struct sluss_client *client);
// From now on this officer acts. False: no memory.
SLUSS_MUST_CHECK bool sluss_client_set_officer(struct sluss_client *client, const char *officer_id);
// Statements made so far by this client, for logs.
int64_t sluss_client_now_ms(const struct sluss_client *client);

// ---- any method

// Sends `request` to "/sluss.v1.<Service>/<Method>" and unpacks the answer as `type`. `wait_ms` is added to the time-out (long poll).
SLUSS_MUST_CHECK enum sluss_client_result sluss_client_call(struct sluss_client *client, const char *path, const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *type, unsigned wait_ms, ProtobufCMessage **response_out);

// Stamps the statement's first six fields (a fresh id unless `id` is given), signs it, sends it as the request's only field `statement`. `statement` is changed: its
// first six fields point to memory of the client until the next call.
SLUSS_MUST_CHECK enum sluss_client_result sluss_client_state(struct sluss_client *client, const char *path, ProtobufCMessage *statement, const struct sluss_id *id,
    const ProtobufCMessageDescriptor *type, ProtobufCMessage **response_out);

// Reads one of the log's files (C2SP tlog-tiles: "checkpoint", "tile/0/000", ...; no slash in front) with GET. The octets are the client's until its next call and
// are verified by nobody. REFUSED with http_status 404: the log has no such file.
SLUSS_MUST_CHECK enum sluss_client_result sluss_client_file(struct sluss_client *client, const char *path, struct sluss_bytes *octets_out);

// ---- one function a use. Drafts are filled but for their first six fields; see the .proto of each for what they mean and which errors come.

typedef struct sluss_client sluss_client; // so that the list below is readable
typedef enum sluss_client_result sluss_client_result;
#define SLUSS_CALL SLUSS_MUST_CHECK sluss_client_result

// Directory. `enrol` proves the token and the possession of the keys itself: fill agency_id and certificate_request; it needs settings.signing_key and a sealing key. An
// answer whose log key is not the one that the token stands for is UNVERIFIED.
SLUSS_CALL sluss_client_enrol(
    sluss_client *c, const struct sluss_enrol_token *token, Sluss__V1__EnrolRequest *request, Sluss__V1__EnrolResponse **out);
SLUSS_CALL sluss_client_agencies(sluss_client *c, Sluss__V1__AgencyType type, Sluss__V1__ListAgenciesResponse **out);
SLUSS_CALL sluss_client_agency(sluss_client *c, const char *agency_id, Sluss__V1__GetAgencyResponse **out);
// New keys: signed with settings.signing_key, possession proved with `fresh`. `draft` has certificate_request and overlap_hours.
SLUSS_CALL sluss_client_rotate_keys(sluss_client *c, Sluss__V1__RotateKeys *draft, const struct sluss_signing_key *fresh, const struct sluss_sealing_key *fresh_sealing,
    Sluss__V1__RotateKeysResponse **out);

// Cases.
SLUSS_CALL sluss_client_case_open(sluss_client *c, Sluss__V1__OpenCase *draft, Sluss__V1__CaseOpenResponse **out);
SLUSS_CALL sluss_client_case_get(sluss_client *c, const char *case_id, Sluss__V1__CaseGetResponse **out);
SLUSS_CALL sluss_client_case_list(sluss_client *c, Sluss__V1__Phase phase, uint32_t page_size, const char *page_token, Sluss__V1__CaseListResponse **out);
SLUSS_CALL sluss_client_case_set_members(sluss_client *c, Sluss__V1__SetMembers *draft, Sluss__V1__CaseChangeResponse **out);
SLUSS_CALL sluss_client_case_set_phase(sluss_client *c, Sluss__V1__SetPhase *draft, Sluss__V1__CaseChangeResponse **out);
SLUSS_CALL sluss_client_case_set_guardians(sluss_client *c, Sluss__V1__SetGuardians *draft, Sluss__V1__CaseChangeResponse **out);
SLUSS_CALL sluss_client_case_set_protection(sluss_client *c, Sluss__V1__SetProtection *draft, Sluss__V1__CaseChangeResponse **out);
SLUSS_CALL sluss_client_case_assess_maturity(sluss_client *c, Sluss__V1__AssessMaturity *draft, Sluss__V1__CaseChangeResponse **out);

// Consents. `act` chooses the method by draft->act (invalidate goes with refuse's method, narrow with pause's).
SLUSS_CALL sluss_client_consent_record(sluss_client *c, Sluss__V1__RecordConsent *draft, Sluss__V1__ConsentRecordResponse **out);
SLUSS_CALL sluss_client_consent_act(sluss_client *c, Sluss__V1__ActOnGrants *draft, Sluss__V1__ActResponse **out);
SLUSS_CALL sluss_client_consent_withdraw(sluss_client *c, Sluss__V1__WithdrawConsent *draft, Sluss__V1__WithdrawResponse **out);
SLUSS_CALL sluss_client_consent_get(sluss_client *c, const char *consent_id, Sluss__V1__ConsentGetResponse **out);
SLUSS_CALL sluss_client_consent_list(sluss_client *c, const char *case_id, Sluss__V1__ConsentListResponse **out);
SLUSS_CALL sluss_client_consent_receipt(
    sluss_client *c, const char *consent_id, const char *person_id, const char *language, Sluss__V1__ConsentGetReceiptResponse **out);
// The signed statement behind log entry `log_index`. The caller checks it: its SHA-256 stands in the entry.
SLUSS_CALL sluss_client_consent_statement(sluss_client *c, uint64_t log_index, Sluss__V1__ConsentGetStatementResponse **out);

// Messages. `seal` looks up each recipient's newest key in the directory (kept for 60 s) when its sealing_key is all zero, and signs as this client's agency.
SLUSS_CALL sluss_client_seal(sluss_client *c, const struct sluss_message_draft *draft, struct sluss_sealed_message *sealed_out);
SLUSS_CALL sluss_client_send(sluss_client *c, const struct sluss_sealed_message *sealed, Sluss__V1__SendResponse **out);
// Sends 1 to 256 sealed messages under one signature over the Merkle root of their envelopes: each is decided, answered, logged and provable alone. OK: answers[i] is
// about sealed[i] and every receipt holds; a refused one does not hinder the others. Sent again with the same messages each gets its first answer again.
SLUSS_CALL sluss_client_send_batch(sluss_client *c, const struct sluss_sealed_message *sealed, size_t count, Sluss__V1__SendBatchResponse **out);
// A section in chunks for the message `message_id` (choose it with sluss_id_random and give it to the draft as well): looks up the recipients' keys as seal does.
SLUSS_CALL sluss_client_upload_new(sluss_client *c, const struct sluss_attachment_draft *attachment, const struct sluss_id *message_id,
    const struct sluss_recipient_draft *recipients, size_t recipient_count, struct sluss_upload **upload_out);
// Puts what is missing of the content, read from `fd` (seekable; octets as the draft said), chunk by chunk in constant memory; asks the gateway first how far it came, so that
// after a cut it goes on where it stopped. `progress` (may be NULL) is called before each chunk is put, with `upload` ready to be saved: a program that may be killed
// saves it there and loads it again. False from it: stop (BAD_REQUEST).
SLUSS_CALL sluss_client_upload(sluss_client *c, struct sluss_upload *upload, int fd, sluss_progress_fn *progress, void *context);
// Writes the content of an opened section with chunks to `fd` from its present position on, which stands for octet `from` (a multiple of SLUSS_CHUNK_BYTES; 0 at first): every
// chunk is checked before it is written, memory is constant. On failure *done_out (may be NULL) is how many octets of the content are written in all: whole chunks, so
// that a next call can go on there. REFUSED with not_found: withdrawn, expired or acknowledged meanwhile; delete what was written. UNVERIFIED with field "octets": what the sender
// signed does not open; reject it.
SLUSS_CALL sluss_client_download(sluss_client *c, const struct sluss_opened_message *message, size_t section, int fd, uint64_t from, sluss_progress_fn *progress,
    void *context, uint64_t *done_out);
SLUSS_CALL sluss_client_evaluate(sluss_client *c, const struct sluss_sealed_message *sealed, Sluss__V1__EvaluateResponse **out);
// Waits up to request->wait_ms (at most 60,000) when nothing is there; an empty list is OK.
SLUSS_CALL sluss_client_fetch(sluss_client *c, const Sluss__V1__FetchRequest *request, Sluss__V1__FetchResponse **out);
// sluss_message_open, and the sender's key must stand in the directory. UNVERIFIED when envelope or signature do not hold.
SLUSS_CALL sluss_client_open(sluss_client *c, const Sluss__V1__Delivery *delivery, struct sluss_opened_message **opened_out);
SLUSS_CALL sluss_client_acknowledge(sluss_client *c, Sluss__V1__AcknowledgeDelivery *draft, Sluss__V1__AcknowledgeResponse **out);
// Every receipt in the answer is checked.
SLUSS_CALL sluss_client_status(sluss_client *c, const char *message_id, Sluss__V1__GetStatusResponse **out);
// Proof of receipt: is `status` (of this message, ACKNOWLEDGED or REJECTED) what it says? The recipient's key must stand in the directory and the log, have signed the
// statement, the statement name the message and `envelope_hash` (SHA-256 of our envelope's octets; NULL: not compared), and the log entry of the receipt be about exactly
// that statement. UNVERIFIED: it is not.
SLUSS_CALL sluss_client_check_receipt_of(
    sluss_client *c, const char *message_id, const uint8_t *envelope_hash, const Sluss__V1__RecipientStatus *status);

// Statutory path and recalls.
SLUSS_CALL sluss_client_statute_request(sluss_client *c, Sluss__V1__RequestStatutory *draft, Sluss__V1__StatutoryChangeResponse **out);
SLUSS_CALL sluss_client_statute_approve(sluss_client *c, Sluss__V1__ApproveStatutory *draft, Sluss__V1__StatutoryChangeResponse **out);
SLUSS_CALL sluss_client_statute_list(sluss_client *c, const char *case_id, Sluss__V1__StatutoryListResponse **out);
SLUSS_CALL sluss_client_recall_list(sluss_client *c, bool include_answered, Sluss__V1__RecallListResponse **out);
// The same for a case, for what is overdue, or page by page (see RecallListRequest).
SLUSS_CALL sluss_client_recall_list_of(sluss_client *c, const Sluss__V1__RecallListRequest *request, Sluss__V1__RecallListResponse **out);
SLUSS_CALL sluss_client_recall_attest(sluss_client *c, Sluss__V1__AttestRecall *draft, Sluss__V1__RecallAttestResponse **out);

// The log. `proof`: from_size 0 for an inclusion proof of log_index, else consistency. `disclosures`: see ListDisclosuresRequest.
SLUSS_CALL sluss_client_audit_proof(sluss_client *c, uint64_t log_index, uint64_t from_size, Sluss__V1__GetProofResponse **out);
SLUSS_CALL sluss_client_audit_export(sluss_client *c, uint64_t start, uint32_t count, Sluss__V1__ExportResponse **out);
// An auditor's result of a replay. REFUSED with LOG_DIFFERS: what was verified is not this gateway's log.
SLUSS_CALL sluss_client_report_replay(sluss_client *c, Sluss__V1__ReplayReport *draft, Sluss__V1__ReportReplayResponse **out);
SLUSS_CALL sluss_client_audit_disclosures(sluss_client *c, const Sluss__V1__ListDisclosuresRequest *request, Sluss__V1__ListDisclosuresResponse **out);

#undef SLUSS_CALL

#endif
