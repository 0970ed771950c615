// SPDX-License-Identifier: EUPL-1.2
// The tables of the record codec: what becomes of messages, from acceptance to recall.
#include "log_record_map_table.h"

// clang-format off

// ---- parts of events

#define C struct sluss_concerned
#define P Sluss__V1__LogConcerned
static const struct record_field concerned_fields[] = {
	ENUM(kind, SLUSS_CONCERNED_OTHER), ID(ref),
};
MAP(concerned, log_concerned);
#undef C
#undef P

#define C struct sluss_claim
#define P Sluss__V1__LogClaim
static const struct record_field claim_fields[] = {
	ENUM(kind, SLUSS_CLAIM_PROVISION), ID(id), STRING(provision),
};
MAP(claim, log_claim);
#undef C
#undef P

#define C struct sluss_section_label
#define P Sluss__V1__LogSection
static const struct record_field section_fields[] = {
	STRING(category), ENUM(purpose, SLUSS_PURPOSES - 1), MESSAGES(concerned, concerned_count, concerned_map),
	MESSAGES(claims, claim_count, claim_map), BOOL(necessity), HASH(header_hash), U32(chunk_count),
};
MAP(section, log_section);
#undef C
#undef P

#define C struct sluss_recipient
#define P Sluss__V1__LogRecipient
static const struct record_field recipient_fields[] = {
	STRING(agency), STRING(officer),
};
MAP(recipient, log_recipient);
#undef C
#undef P

#define C struct sluss_pair
#define P Sluss__V1__LogPair
static const struct record_field pair_fields[] = {
	U32(section), STRING(recipient), ENUM(reason, SLUSS_SESSION_UNKNOWN), ENUM(ground, SLUSS_GROUND_TYPE),
	IDS(grounds, ground_count), STRING(provision),
};
MAP(pair, log_pair);
#undef C
#undef P

#define C struct sluss_recalled
#define P Sluss__V1__LogRecalled
static const struct record_field recalled_fields[] = {
	ID(message), U32S(sections, section_count),
};
MAP(recalled, log_recalled);
#undef C
#undef P

// ---- events

#define C struct sluss_rec_message
#define P Sluss__V1__LogMessage
static const struct record_field message_fields[] = {
	ID(message), ID(case_id), STRING(sender), STRING(officer), ENUM(message_type, SLUSS_MESSAGE_TYPES - 1),
	BOOL(partial), HASH(envelope_hash), MESSAGES(recipients, recipient_count, recipient_map),
	MESSAGES(sections, section_count, section_map), MESSAGES(pairs, pair_count, pair_map),
	I64(expires_ms), U32(blocks), HASH(batch_hash),
};
SHARED_MAP(message, log_message);
#undef C
#undef P

#define C struct sluss_rec_release
#define P Sluss__V1__LogRelease
static const struct record_field release_fields[] = {
	ID(message), ID(case_id), STRING(recipient), MESSAGES(pairs, pair_count, pair_map),
};
SHARED_MAP(release, log_release);
#undef C
#undef P

#define C struct sluss_rec_payload_destroyed
#define P Sluss__V1__LogPayloadDestroyed
static const struct record_field payload_destroyed_fields[] = {
	ID(message), ID(case_id), ID(cause), U32S(sections, section_count),
};
SHARED_MAP(payload_destroyed, log_payload_destroyed);
#undef C
#undef P

#define C struct sluss_rec_acknowledged
#define P Sluss__V1__LogAcknowledged
static const struct record_field acknowledged_fields[] = {
	ID(message), ID(case_id), STRING(agency), STRING(officer), U32(section),
	ENUM(outcome, SLUSS_OUTCOME_REJECTED), HASH(statement_hash),
};
SHARED_MAP(acknowledged, log_acknowledged);
#undef C
#undef P

#define C struct sluss_rec_expired
#define P Sluss__V1__LogExpired
static const struct record_field expired_fields[] = {
	ID(message), ID(case_id), STRING(recipient),
};
SHARED_MAP(expired, log_expired);
#undef C
#undef P

#define C struct sluss_rec_recall_opened
#define P Sluss__V1__LogRecallOpened
static const struct record_field recall_opened_fields[] = {
	ID(recall), ID(case_id), ID(withdrawal), STRING(agency), I64(due_ms), BOOL(register_mark),
	ENUM(cause, SLUSS_RECALL_CLOSING), IDS(grants, grant_count), MESSAGES(recalled, recalled_count, recalled_map),
};
SHARED_MAP(recall_opened, log_recall_opened);
#undef C
#undef P

#define C struct sluss_rec_recall_answered
#define P Sluss__V1__LogRecallAnswered
static const struct record_field recall_answered_fields[] = {
	ID(recall), STRING(agency), STRING(officer), BOOL(deleted), STRING(provision),
	BOOL(mark_removed), STRING(mark_provision), HASH(statement_hash),
};
SHARED_MAP(recall_answered, log_recall_answered);
#undef C
#undef P

#define C struct sluss_rec_recall_overdue
#define P Sluss__V1__LogRecallOverdue
static const struct record_field recall_overdue_fields[] = {
	ID(recall),
};
SHARED_MAP(recall_overdue, log_recall_overdue);
#undef C
#undef P

// clang-format on
