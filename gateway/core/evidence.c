// SPDX-License-Identifier: EUPL-1.2
#include "evidence.h"

#include <stddef.h>

#include "persons.h"
#include "request.h"

enum {
	SLUSS_SIDE_STATEMENT = 125, // SHA-256 of the statement -> SignedStatement, sealed by the data key
};

// Where a record keeps the hash of its statement.
static const struct {
	enum sluss_record_type type;
	size_t at;
} places[] = {
    {SLUSS_REC_CASE_OPENED, offsetof(struct sluss_record, u.case_opened.statement_hash)},
    {SLUSS_REC_GUARDIANS_SET, offsetof(struct sluss_record, u.guardians_set.statement_hash)},
    {SLUSS_REC_MEMBERS_SET, offsetof(struct sluss_record, u.members_set.statement_hash)},
    {SLUSS_REC_PHASE_SET, offsetof(struct sluss_record, u.phase_set.statement_hash)},
    {SLUSS_REC_PROTECTION_SET, offsetof(struct sluss_record, u.protection_set.statement_hash)},
    {SLUSS_REC_MATURITY_ASSESSED, offsetof(struct sluss_record, u.maturity_assessed.statement_hash)},
    {SLUSS_REC_VIEW_LIMITED, offsetof(struct sluss_record, u.view_limited.statement_hash)},
    {SLUSS_REC_CONSENT_RECORDED, offsetof(struct sluss_record, u.consent_recorded.statement_hash)},
    {SLUSS_REC_GRANT_STATUS, offsetof(struct sluss_record, u.grant_status.statement_hash)},
    {SLUSS_REC_WITHDRAWAL, offsetof(struct sluss_record, u.withdrawal.evidence_hash)},
    {SLUSS_REC_STATUTE_REQUESTED, offsetof(struct sluss_record, u.statute_requested.statement_hash)},
    {SLUSS_REC_STATUTE_APPROVED, offsetof(struct sluss_record, u.statute_approved.statement_hash)},
    {SLUSS_REC_STATUTE_REFUSED, offsetof(struct sluss_record, u.statute_refused.statement_hash)},
    {SLUSS_REC_RECALL_ANSWERED, offsetof(struct sluss_record, u.recall_answered.statement_hash)},
    {SLUSS_REC_REPLAY_REPORTED, offsetof(struct sluss_record, u.replay_reported.statement_hash)},
};

static size_t place_of(const struct sluss_record *record)
{
	if (record->type == SLUSS_REC_PHASE_SET && record->u.phase_set.by_gateway)
		return 0; // nobody stated it
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].type == record->type)
			return places[i].at;
	return 0;
}

const uint8_t *sluss_evidence_hash(const struct sluss_record *record)
{
	size_t at = place_of(record);
	return at == 0 ? NULL : (const uint8_t *)record + at;
}

// A request that carries a statement has it as its first field (verify.c).
static const Sluss__V1__SignedStatement *statement_of(const struct sluss_txn *txn)
{
	if (txn->act != NULL)
		return txn->act;
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(txn->request->descriptor, 1);
	ProtobufCMessage *const *member = (const void *)((const char *)txn->request + field->offset);
	return (const void *)*member;
}

static const uint8_t *hash_of(const struct sluss_txn *txn)
{
	return txn->act != NULL ? txn->act_hash : txn->statement_hash;
}

static bool no_memory(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL,
	    "The request is larger than the gateway has room for.");
	return false;
}

bool sluss_evidence_stamp(const struct sluss_txn *txn, struct sluss_record *record)
{
	size_t at = place_of(record);
	// An envelope is payload, not an act.
	if (at == 0 || (txn->statement == NULL && txn->act == NULL) ||
	    statement_of(txn)->base.descriptor != &sluss__v1__signed_statement__descriptor)
		return false;
	memcpy((uint8_t *)record + at, hash_of(txn), SLUSS_HASH_BYTES);
	return true;
}

bool sluss_evidence_keep(struct sluss_txn *txn)
{
	const Sluss__V1__SignedStatement *kept = statement_of(txn);
	size_t len = sluss__v1__signed_statement__get_packed_size(kept);
	uint8_t *octets = sluss_arena_alloc(txn->arena, len);
	uint8_t *sealed = sluss_arena_alloc(txn->arena, len + SLUSS_PERSONS_SEAL_EXTRA);
	if (octets == NULL || sealed == NULL)
		return no_memory(txn);
	sluss__v1__signed_statement__pack(kept, octets);
	const struct sluss_bytes key = {hash_of(txn), SLUSS_HASH_BYTES};
	sluss_persons_seal_text(sluss_txn_persons(txn), key, (struct sluss_bytes){octets, len}, sealed);
	return sluss_txn_put_side(
	    txn, SLUSS_SIDE_STATEMENT, key, (struct sluss_bytes){sealed, len + SLUSS_PERSONS_SEAL_EXTRA});
}

bool sluss_evidence_read(
    struct sluss_txn *txn, const uint8_t hash[SLUSS_HASH_BYTES], Sluss__V1__SignedStatement **signed_out)
{
	const struct sluss_bytes key = {hash, SLUSS_HASH_BYTES};
	struct sluss_bytes sealed;
	*signed_out = NULL;
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_STATEMENT, key, &sealed))
		return false;
	if (sealed.len < SLUSS_PERSONS_SEAL_EXTRA)
		return true;
	size_t len = sealed.len - SLUSS_PERSONS_SEAL_EXTRA;
	uint8_t *octets = sluss_arena_alloc(txn->arena, len + 1);
	if (octets == NULL)
		return no_memory(txn);
	if (sluss_persons_open_text(sluss_txn_persons(txn), key, sealed, octets))
		*signed_out = sluss__v1__signed_statement__unpack(sluss_arena_allocator(txn->arena), len, octets);
	return true;
}

bool sluss_evidence_erase(struct sluss_txn *txn, const uint8_t hash[SLUSS_HASH_BYTES], bool *was_there_out)
{
	const struct sluss_bytes key = {hash, SLUSS_HASH_BYTES};
	struct sluss_bytes sealed;
	*was_there_out = false;
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_STATEMENT, key, &sealed))
		return false;
	*was_there_out = sealed.data != NULL;
	return sealed.data == NULL || sluss_txn_erase_side(txn, SLUSS_SIDE_STATEMENT, key);
}
