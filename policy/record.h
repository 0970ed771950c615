// SPDX-License-Identifier: EUPL-1.2
// Every event of the log that changes or documents state, as plain C. The log's protobuf (proto/sluss/v1/log.proto) is
// decoded into this by the log; sluss_state_apply() folds it. Nothing here names a person: persons are random ids, ages
// are bands.
//
// Ownership: a record owns nothing. Every pointer belongs to the caller and needs to live only for the call; the state
// copies what it keeps. A NULL string counts as "". Arrays come as pointer and count; a count of 0 allows NULL.
#ifndef SLUSS_POLICY_RECORD_H
#define SLUSS_POLICY_RECORD_H

#include "sluss/reason.h"
#include "sluss/types.h"

// The numbers of the enums below are those of proto/sluss/v1/common.proto, so that a cast maps them.
enum sluss_agency_type {
	SLUSS_AGENCY_NONE = 0,
	SLUSS_AGENCY_SOCIAL_SERVICES = 1,
	SLUSS_AGENCY_POLICE = 2,
	SLUSS_AGENCY_SCHOOL = 3,
	SLUSS_AGENCY_PROBATION = 4,
	SLUSS_AGENCY_EMPLOYMENT = 5,
	SLUSS_AGENCY_HEALTH = 6,
	SLUSS_AGENCY_INSTITUTION = 7,
	SLUSS_AGENCY_HOUSING = 8,
	SLUSS_AGENCY_CIVIL_SOCIETY = 9,
	SLUSS_AGENCY_EVALUATOR = 10,
	SLUSS_AGENCY_AUDITOR = 11, // reviews the log; never a member, sender or recipient
	SLUSS_AGENCY_TYPES = 12,   // how many, NONE included
};

enum sluss_purpose {
	SLUSS_PURPOSE_NONE = 0,
	SLUSS_PURPOSE_COORDINATION = 1,
	SLUSS_PURPOSE_ASSESSMENT = 2,
	SLUSS_PURPOSE_PROTECTION = 3,
	SLUSS_PURPOSE_FOLLOW_UP = 4,
	SLUSS_PURPOSES = 5,
};

enum sluss_message_type {
	SLUSS_MESSAGE_NONE = 0,
	SLUSS_MESSAGE_CONCERN_REPORT = 1,
	SLUSS_MESSAGE_REFERRAL = 2,
	SLUSS_MESSAGE_SUITABILITY_REQUEST = 3,
	SLUSS_MESSAGE_SUITABILITY_ASSESSMENT = 4,
	SLUSS_MESSAGE_THREAT_ASSESSMENT = 5,
	SLUSS_MESSAGE_ATTENDANCE_REPORT = 6,
	SLUSS_MESSAGE_SCHOOL_REPORT = 7,
	SLUSS_MESSAGE_PROBATION_REPORT = 8,
	SLUSS_MESSAGE_NEEDS_INVENTORY = 9,
	SLUSS_MESSAGE_ACTION_PLAN = 10,
	SLUSS_MESSAGE_MEETING_INVITATION = 11,
	SLUSS_MESSAGE_MEETING_NOTES = 12,
	SLUSS_MESSAGE_FOLLOW_UP = 13,
	SLUSS_MESSAGE_DEVIATION_REPORT = 14,
	SLUSS_MESSAGE_CASE_TRANSFER = 15,
	SLUSS_MESSAGE_TYPES = 16,
};

enum sluss_phase {
	SLUSS_PHASE_NONE = 0,
	SLUSS_PHASE_NOMINATED = 1,
	SLUSS_PHASE_INQUIRY = 2,
	SLUSS_PHASE_ENROLLED = 3,
	SLUSS_PHASE_PAUSED = 4,
	SLUSS_PHASE_DORMANT = 5,
	SLUSS_PHASE_CLOSING = 6,
	SLUSS_PHASE_CLOSED = 7,
	SLUSS_PHASES = 8,
};

enum sluss_close_reason {
	SLUSS_CLOSE_NONE = 0,
	SLUSS_CLOSE_GOALS_MET = 1,
	SLUSS_CLOSE_OWN_WISH = 2,
	SLUSS_CLOSE_CRIME_GOES_ON = 3,
	SLUSS_CLOSE_WRONG_PROGRAMME = 4,
	SLUSS_CLOSE_PLACED_OR_IMPRISONED = 5,
	SLUSS_CLOSE_MOVED = 6,
	SLUSS_CLOSE_TRANSFERRED = 7,
	SLUSS_CLOSE_SAFETY = 8,
	SLUSS_CLOSE_AGE = 9,
	SLUSS_CLOSE_DIED = 10,
	SLUSS_CLOSE_OTHER = 11,
	SLUSS_CLOSE_REASONS = 12,
};

// Who must agree. Bits, so that an age row, an assessment and a programme's own rule are the same thing.
enum sluss_who {
	SLUSS_WHO_NONE = 0,
	SLUSS_WHO_SUBJECT = 1,
	SLUSS_WHO_GUARDIANS = 2,
	SLUSS_WHO_BOTH = 3,
};

// What a person did about grants. Withdrawal has a record of its own, because it has a scope.
enum sluss_act {
	SLUSS_ACT_NONE = 0,
	SLUSS_ACT_GIVE = 1,
	SLUSS_ACT_REFUSE = 2,
	SLUSS_ACT_WITHDRAW = 3, // only a question to sluss_check_act(); recorded as SLUSS_REC_WITHDRAWAL
	SLUSS_ACT_PAUSE = 4,
	SLUSS_ACT_RESUME = 5, // makes a new version that everybody required has to give
	SLUSS_ACT_NARROW = 6, // later from, earlier until; at once, by one
	// Registered by mistake, apart from withdrawal: with a person, that person's GIVEN never counted; without, the
	// version itself never was.
	SLUSS_ACT_INVALIDATE = 7,
};

// How an act reached the gateway.
enum sluss_channel {
	SLUSS_CHANNEL_NONE = 0,
	SLUSS_CHANNEL_ELECTRONIC = 1,
	SLUSS_CHANNEL_PAPER = 2,
	SLUSS_CHANNEL_ORAL = 3,
};

enum sluss_scope {
	SLUSS_SCOPE_NONE = 0,
	SLUSS_SCOPE_GRANT = 1, // the whole key of that grant, versions in waiting included (ruling 1)
	SLUSS_SCOPE_CATEGORY = 2,
	SLUSS_SCOPE_AGENCY = 3, // as sender and as receiver (ruling 7)
	SLUSS_SCOPE_ALL = 4,
	SLUSS_SCOPE_CONSENT = 5, // every key that the consent has a grant of
};

enum sluss_ground {
	SLUSS_GROUND_NONE = 0,
	SLUSS_GROUND_CONSENT = 1,
	SLUSS_GROUND_STATUTORY = 2,
	SLUSS_GROUND_TYPE = 3,
};

// Whom a section concerns.
enum sluss_concerned_kind {
	SLUSS_CONCERNED_NONE = 0,
	SLUSS_CONCERNED_SUBJECT = 1,
	SLUSS_CONCERNED_GUARDIAN = 2,	// `ref` is the guardian's person id
	SLUSS_CONCERNED_OTHER_CASE = 3, // `ref` is the id of the case whose subject it is
	SLUSS_CONCERNED_OTHER = 4,	// not known to the gateway
};

struct sluss_concerned {
	enum sluss_concerned_kind kind;
	struct sluss_id ref;
};

// A ground that the sender states (ruling 18).
enum sluss_claim_kind {
	SLUSS_CLAIM_NONE = 0,
	SLUSS_CLAIM_CONSENT = 1,   // `id` is a consent id
	SLUSS_CLAIM_APPROVAL = 2,  // `id` is that of a statutory request
	SLUSS_CLAIM_PROVISION = 3, // `provision`, one that the policy lets stand without request
};

struct sluss_claim {
	enum sluss_claim_kind kind;
	struct sluss_id id;
	const char *provision;
};

enum sluss_record_type {
	SLUSS_REC_NONE = 0,
	// The gateway itself.
	SLUSS_REC_GENESIS = 1,
	SLUSS_REC_RESTART = 2,
	SLUSS_REC_CLOCK_STEP = 3,
	SLUSS_REC_POLICY_SET = 4,
	SLUSS_REC_SETTINGS = 5,
	SLUSS_REC_BACKUP = 6,
	SLUSS_REC_RESTORED = 7,
	SLUSS_REC_CLOCK_JUMPED = 8,
	SLUSS_REC_PERSON_ERASED = 9,
	// Agencies.
	SLUSS_REC_AGENCY_ENROLLED = 10,
	SLUSS_REC_KEYS_ROTATED = 11,
	SLUSS_REC_KEY_REVOKED = 12,
	SLUSS_REC_AGENCY_LEFT = 13,
	SLUSS_REC_APPROVERS_SET = 14,
	// Cases and persons.
	SLUSS_REC_CASE_OPENED = 20,
	SLUSS_REC_PERSON_AGE = 21,
	SLUSS_REC_GUARDIANS_SET = 22,
	SLUSS_REC_MEMBERS_SET = 23,
	SLUSS_REC_PHASE_SET = 24,
	SLUSS_REC_PROTECTION_SET = 25,
	SLUSS_REC_MATURITY_ASSESSED = 26,
	SLUSS_REC_VIEW_LIMITED = 27,
	// Consent.
	SLUSS_REC_CONSENT_RECORDED = 30,
	SLUSS_REC_GRANT_STATUS = 31,
	SLUSS_REC_WITHDRAWAL = 32,
	// Statute.
	SLUSS_REC_STATUTE_REQUESTED = 40,
	SLUSS_REC_STATUTE_APPROVED = 41,
	SLUSS_REC_STATUTE_REFUSED = 42,
	SLUSS_REC_STATUTE_NOTIFIED = 43,
	// Exchange.
	SLUSS_REC_MESSAGE_ACCEPTED = 50,
	SLUSS_REC_MESSAGE_DENIED = 51,
	SLUSS_REC_RELEASED = 52,
	SLUSS_REC_WITHHELD = 53,
	SLUSS_REC_PAYLOAD_DESTROYED = 54,
	SLUSS_REC_ACKNOWLEDGED = 55,
	SLUSS_REC_MISMATCH_REPORTED = 56,
	SLUSS_REC_EXPIRED = 57,
	// Recall.
	SLUSS_REC_RECALL_OPENED = 60,
	SLUSS_REC_RECALL_ANSWERED = 61,
	SLUSS_REC_RECALL_OVERDUE = 62,
	// Who looked.
	SLUSS_REC_LOOKED = 70,
	SLUSS_REC_LOGIN = 71,
	SLUSS_REC_SESSION = 74,
	SLUSS_REC_CODE_ISSUED = 75,
	// Who audited, and who was asked to take part.
	SLUSS_REC_REPLAY_REPORTED = 92,
	SLUSS_REC_AGENCY_INVITED = 93,
};

struct sluss_rec_genesis {
	const char *origin; // the log's origin, C2SP tlog-checkpoint
	bool demo_clock;    // this authority may step its clock
};

struct sluss_rec_clock_step {
	int64_t to_ms; // core's clock after the step; never before the record's own time
};

struct sluss_rec_policy_set {
	uint8_t hash[SLUSS_HASH_BYTES]; // SHA-256 of the policy file's octets
	const char *name;		// of the policy, for people
};

// Settings that change behaviour, as "key=value", sorted.
struct sluss_rec_settings {
	const char *const *values;
	size_t value_count;
};

struct sluss_rec_backup {
	int64_t size; // entries in the copy
	uint8_t root[SLUSS_HASH_BYTES];
};

// The operator went on with a database that is not what was signed last.
struct sluss_rec_restored {
	int64_t signed_size;
	uint8_t signed_root[SLUSS_HASH_BYTES];
	int64_t size; // of the database
	bool forked;
};

struct sluss_rec_clock_jumped {
	int64_t by_ms;
};

struct sluss_rec_person_erased {
	struct sluss_id person;
};

struct sluss_rec_agency_enrolled {
	const char *agency;
	enum sluss_agency_type type;
	uint8_t sign_key[32];
	uint8_t seal_key[32];
	uint8_t certificate[SLUSS_HASH_BYTES]; // SHA-256 of the DER certificate
};

// A new directory record binds all three again; the old signing key stays usable until `old_until_ms`.
struct sluss_rec_keys_rotated {
	const char *agency;
	uint8_t sign_key[32];
	uint8_t seal_key[32];
	uint8_t certificate[SLUSS_HASH_BYTES];
	int64_t old_until_ms;
};

struct sluss_rec_key_revoked {
	const char *agency;
	const char *key_id; // 16 hexadecimal digits; "" for a certificate
	uint8_t certificate[SLUSS_HASH_BYTES];
};

struct sluss_rec_agency_left {
	const char *agency;
};

// The officers of an agency that may be second approvers; replaces the former list.
struct sluss_rec_approvers_set {
	const char *agency;
	const char *const *officers;
	size_t officer_count;
};

struct sluss_rec_case_opened {
	struct sluss_id case_id;
	struct sluss_id subject;
	// "" when a ConcernReport or Referral opened it: a later CASE_OPENED of the same id (phase nominated, no
	// programme) takes it in hand, sets the programme and keeps the rest; its `subject` replaces the one that the
	// message gave.
	const char *programme;
	enum sluss_phase phase; // nominated or inquiry
	const char *agency;	// social services agency that leads it, a member from the start
	const char *officer;
	const char *reporter;			  // the agency whose message opened it; "" else
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

// from_years <= age < until_years, cut at every threshold that the policy names (sluss_age_band()).
struct sluss_rec_person_age {
	struct sluss_id person;
	uint8_t from_years;
	uint8_t until_years;		      // 255: no upper end
	uint8_t commitment[SLUSS_HASH_BYTES]; // salted, to the birth date that it was derived from
};

// The guardians of the case's subject from now on, all of them (none is possible). They are a fact about the person: it
// holds in every case of that subject. At most 31 different guardians over a person's time.
struct sluss_rec_guardians_set {
	struct sluss_id case_id;
	const struct sluss_id *guardians;
	size_t guardian_count;
	const char *agency, *officer;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

struct sluss_member_officer {
	const char *officer;
	bool coordinator; // leads the group
};

struct sluss_member {
	const char *agency;
	const struct sluss_member_officer *officers;
	size_t officer_count;
};

// The members from now on, all of them.
struct sluss_rec_members_set {
	struct sluss_id case_id;
	const struct sluss_member *members;
	size_t member_count;
	const char *agency, *officer;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

struct sluss_rec_phase_set {
	struct sluss_id case_id;
	enum sluss_phase phase;
	enum sluss_close_reason reason; // with CLOSED only
	bool by_gateway;		// a link was lost (ruling 9)
	const char *agency, *officer;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

// A fact about the case's subject: it holds in every case of that person.
struct sluss_rec_protection_set {
	struct sluss_id case_id;
	bool protected_identity;
	bool login_locked; // the subject's web login is locked (a person under threat)
	const char *agency, *officer;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

// Holds within the age row in which it was made (ruling 6).
struct sluss_rec_maturity_assessed {
	struct sluss_id case_id;
	enum sluss_who who;
	const char *agency, *officer;
	uint8_t reasons_hash[SLUSS_HASH_BYTES];	  // salted; the text lies in a side table
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

// A disclosure is kept from a guardian's view, with recorded reasons.
struct sluss_rec_view_limited {
	struct sluss_id case_id;
	struct sluss_id guardian;
	struct sluss_id message; // none: the guardian's whole view of the case
	bool limited;		 // false lifts the limit
	const char *agency, *officer;
	uint8_t reasons_hash[SLUSS_HASH_BYTES];
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

// One grant, already exploded: one recipient (ruling 1). `grant` is the id of this version.
struct sluss_grant {
	struct sluss_id grant;
	const char *category;
	const char *sender;
	const char *recipient;
	enum sluss_purpose purpose;
	int64_t from_ms;
	int64_t until_ms;
	bool explicit_mark; // says by name that it covers a protected category (ruling 16)
};

// Grants begin without anybody's status; GRANT_STATUS records follow.
struct sluss_rec_consent_recorded {
	struct sluss_id consent;
	struct sluss_id case_id;
	const struct sluss_grant *grants;
	size_t grant_count;
	const char *text_version;
	const char *language;
	enum sluss_channel channel;
	int64_t obtained_ms;
	const char *agency, *officer;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement
};

struct sluss_rec_grant_status {
	struct sluss_id case_id;
	enum sluss_act act; // not WITHDRAW
	struct sluss_id person;
	struct sluss_id consent;       // all its grants, when grant_count is 0
	const struct sluss_id *grants; // versions
	size_t grant_count;
	// RESUME only: the ids of the new versions, one for each of `grants`. The new version has the old one's key,
	// end and mark, begins at the record's time, and stands under the same consent, given by `person`.
	const struct sluss_id *new_grants;
	int64_t from_ms, until_ms; // NARROW only; 0 leaves that end alone
	enum sluss_channel channel;
	const char *agency, *officer;		  // who recorded it; "" when the person did on the page
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

struct sluss_rec_withdrawal {
	struct sluss_id withdrawal;
	struct sluss_id case_id;
	struct sluss_id person;
	enum sluss_scope scope;
	struct sluss_id grant;	  // SCOPE_GRANT
	struct sluss_id consent;  // SCOPE_CONSENT
	const char *category;	  // SCOPE_CATEGORY
	const char *scope_agency; // SCOPE_AGENCY
	enum sluss_channel channel;
	const char *agency, *officer; // who recorded it; "" when the person did on the page
	uint8_t evidence_hash[SLUSS_HASH_BYTES];
};

struct sluss_rec_statute_requested {
	struct sluss_id request; // its id is what a sender claims
	struct sluss_id case_id;
	const char *provision;
	const char *agency, *officer;	      // who wants to disclose; also the sender
	enum sluss_message_type message_type; // NONE: every type that the provision covers
	const char *const *recipients;
	size_t recipient_count;
	const char *const *categories;
	size_t category_count;
	bool necessity; // a text was given; it lies in a side table
	uint8_t necessity_hash[SLUSS_HASH_BYTES];
	bool deferred; // the person is told later, with reasons
	int64_t notify_ms;
	uint8_t deferral_hash[SLUSS_HASH_BYTES];
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

// APPROVED and REFUSED.
struct sluss_rec_statute_answered {
	struct sluss_id request;
	const char *agency, *officer;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement; zeros: none
};

// The person is told of a statutory ground.
struct sluss_rec_statute_notified {
	struct sluss_id request;
	struct sluss_id case_id;
	struct sluss_id person; // the case's subject
};

// The decision for one pair, as far as the log documents it.
struct sluss_pair {
	uint32_t section; // position in the message
	const char *recipient;
	enum sluss_reason reason;
	enum sluss_ground ground;
	const struct sluss_id *grounds; // grant versions and statutory requests it rests on
	size_t ground_count;
	const char *provision; // of a statutory ground, also one without request
};

// A section's label, as the sender signed it.
struct sluss_section_label {
	const char *category;
	enum sluss_purpose purpose;
	const struct sluss_concerned *concerned;
	size_t concerned_count;
	const struct sluss_claim *claims;
	size_t claim_count;
	bool necessity;
	uint8_t header_hash[SLUSS_HASH_BYTES];
	uint32_t chunk_count; // of 256 KiB each, beside its ciphertext
};

struct sluss_recipient {
	const char *agency;
	const char *officer;
};

// MESSAGE_ACCEPTED and MESSAGE_DENIED.
struct sluss_rec_message {
	struct sluss_id message;
	struct sluss_id case_id;
	const char *sender, *officer;
	enum sluss_message_type message_type;
	bool partial;
	uint8_t envelope_hash[SLUSS_HASH_BYTES];
	const struct sluss_recipient *recipients;
	size_t recipient_count;
	const struct sluss_section_label *sections;
	size_t section_count;
	const struct sluss_pair *pairs;
	size_t pair_count;
	int64_t expires_ms;		      // not handed out from this time on; 0: never
	uint32_t blocks;		      // of 4,096 octets: what it takes of each recipient's queue
	uint8_t batch_hash[SLUSS_HASH_BYTES]; // SHA-256 of the batch statement that signed it; zeros: by itself
};

// RELEASED: the permitted pairs of one recipient. WITHHELD: the denied ones, with the reason in each pair.
struct sluss_rec_release {
	struct sluss_id message;
	struct sluss_id case_id;
	const char *recipient;
	const struct sluss_pair *pairs;
	size_t pair_count;
};

struct sluss_rec_payload_destroyed {
	struct sluss_id message;
	struct sluss_id case_id;
	struct sluss_id cause; // the withdrawal; none when it was delivered or expired
	const uint32_t *sections;
	size_t section_count; // 0: all
};

// How a delivery ended, by the recipient's word.
enum sluss_outcome {
	SLUSS_OUTCOME_NONE = 0, // as RECEIVED: records before there was a choice
	SLUSS_OUTCOME_RECEIVED = 1,
	SLUSS_OUTCOME_REJECTED = 2,
};

// ACKNOWLEDGED and MISMATCH_REPORTED.
struct sluss_rec_acknowledged {
	struct sluss_id message;
	struct sluss_id case_id;
	const char *agency, *officer;
	uint32_t section;			  // MISMATCH_REPORTED
	enum sluss_outcome outcome;		  // ACKNOWLEDGED
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of what the recipient signed
};

// A recipient did not acknowledge in time.
struct sluss_rec_expired {
	struct sluss_id message;
	struct sluss_id case_id;
	const char *recipient;
};

enum sluss_recall_cause {
	SLUSS_RECALL_NONE = 0,
	SLUSS_RECALL_WITHDRAWAL = 1,
	SLUSS_RECALL_EXPIRY = 2, // a grant's end, and the policy's time for keeping after it
	SLUSS_RECALL_CLOSING = 3,
};

// Sections of one message that are asked back.
struct sluss_recalled {
	struct sluss_id message;
	const uint32_t *sections;
	size_t section_count;
};

struct sluss_rec_recall_opened {
	struct sluss_id recall;
	struct sluss_id case_id;
	struct sluss_id withdrawal; // none when it is not the cause
	const char *agency;	    // who is to delete
	int64_t due_ms;
	bool register_mark; // also the mark in the police's own register
	enum sluss_recall_cause cause;
	const struct sluss_id *grants; // versions that carried it and carry nothing any more
	size_t grant_count;
	const struct sluss_recalled *recalled; // what was handed out on them
	size_t recalled_count;
};

struct sluss_rec_recall_answered {
	struct sluss_id recall;
	const char *agency, *officer;
	bool deleted; // false: a legal ground for keeping it was stated
	const char *provision;
	bool mark_removed; // with register_mark only; false: kept, on mark_provision
	const char *mark_provision;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement
};

// It was due and is not answered.
struct sluss_rec_recall_overdue {
	struct sluss_id recall;
};

// LOOKED and LOGIN: an auditor, an evaluator or a person read something.
struct sluss_rec_looked {
	const char *who; // opaque id of the role or agency
	struct sluss_id person;
	const char *what; // which list
	struct sluss_id case_id;
};

// Somebody logged in; or a session was ended before its time.
struct sluss_rec_session {
	struct sluss_id person;	      // none for staff
	const char *agency, *officer; // "" for a person
	const char *issuer;	      // "" for a one-time code
	uint8_t key_hash[SLUSS_HASH_BYTES];
	uint8_t evidence_hash[SLUSS_HASH_BYTES];
	bool ended;
};

struct sluss_rec_code_issued {
	struct sluss_id case_id;
	struct sluss_id person;
	const char *agency, *officer;
};

// How many findings of one class (AuditClass, common.proto).
struct sluss_replay_findings {
	uint32_t finding_class;
	uint32_t count;
};

// An auditor decided everything up to `size` again.
struct sluss_rec_replay_reported {
	const char *agency, *officer;
	int64_t size;
	uint8_t root[SLUSS_HASH_BYTES];
	const struct sluss_replay_findings *findings;
	size_t finding_count;
	bool complete;
	uint8_t statement_hash[SLUSS_HASH_BYTES]; // SHA-256 of the signed statement
};

// A one-time token was made: never the token itself.
struct sluss_rec_agency_invited {
	const char *agency;
	enum sluss_agency_type type;
	int64_t until_ms;
	const char *const *approvers;
	size_t approver_count;
};

struct sluss_record {
	enum sluss_record_type type;
	int64_t at_ms; // core's clock; never falls from one record to the next
	union {
		struct sluss_rec_genesis genesis;
		struct sluss_rec_clock_step clock_step;
		struct sluss_rec_policy_set policy_set;
		struct sluss_rec_settings settings;
		struct sluss_rec_backup backup;
		struct sluss_rec_restored restored;
		struct sluss_rec_clock_jumped clock_jumped;
		struct sluss_rec_person_erased person_erased;
		struct sluss_rec_agency_enrolled agency_enrolled;
		struct sluss_rec_keys_rotated keys_rotated;
		struct sluss_rec_key_revoked key_revoked;
		struct sluss_rec_agency_left agency_left;
		struct sluss_rec_approvers_set approvers_set;
		struct sluss_rec_case_opened case_opened;
		struct sluss_rec_person_age person_age;
		struct sluss_rec_guardians_set guardians_set;
		struct sluss_rec_members_set members_set;
		struct sluss_rec_phase_set phase_set;
		struct sluss_rec_protection_set protection_set;
		struct sluss_rec_maturity_assessed maturity_assessed;
		struct sluss_rec_view_limited view_limited;
		struct sluss_rec_consent_recorded consent_recorded;
		struct sluss_rec_grant_status grant_status;
		struct sluss_rec_withdrawal withdrawal;
		struct sluss_rec_statute_requested statute_requested;
		struct sluss_rec_statute_answered statute_approved;
		struct sluss_rec_statute_answered statute_refused;
		struct sluss_rec_statute_notified statute_notified;
		struct sluss_rec_message message_accepted;
		struct sluss_rec_message message_denied;
		struct sluss_rec_release released;
		struct sluss_rec_release withheld;
		struct sluss_rec_payload_destroyed payload_destroyed;
		struct sluss_rec_acknowledged acknowledged;
		struct sluss_rec_acknowledged mismatch_reported;
		struct sluss_rec_expired expired;
		struct sluss_rec_recall_opened recall_opened;
		struct sluss_rec_recall_answered recall_answered;
		struct sluss_rec_recall_overdue recall_overdue;
		struct sluss_rec_looked looked;
		struct sluss_rec_session session;
		struct sluss_rec_code_issued code_issued;
		struct sluss_rec_replay_reported replay_reported;
		struct sluss_rec_agency_invited agency_invited;
		struct sluss_rec_looked login;
	} u;
};

#endif
