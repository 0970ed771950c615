// SPDX-License-Identifier: EUPL-1.2
// ConsentService.GetStatement: the signed act behind an entry of the log.
#include <stddef.h>

#include "evidence.h"
#include "log_record.h"
#include "svc_common.h"

// Who stated a record, and in which case.
struct act {
	const char *agency;
	struct sluss_id case_id;
};

static struct act act_of(const struct sluss_state *state, const struct sluss_record *record)
{
	struct sluss_statute_view statute;
	struct sluss_recall_view recall;
	static const struct {
		enum sluss_record_type type;
		size_t agency, case_id;
	} places[] = {
#define PLACE(upper, lower)                                                                                            \
	{SLUSS_REC_##upper, offsetof(struct sluss_record, u.lower.agency),                                             \
	    offsetof(struct sluss_record, u.lower.case_id)}
	    PLACE(CASE_OPENED, case_opened),
	    PLACE(GUARDIANS_SET, guardians_set),
	    PLACE(MEMBERS_SET, members_set),
	    PLACE(PHASE_SET, phase_set),
	    PLACE(PROTECTION_SET, protection_set),
	    PLACE(MATURITY_ASSESSED, maturity_assessed),
	    PLACE(VIEW_LIMITED, view_limited),
	    PLACE(CONSENT_RECORDED, consent_recorded),
	    PLACE(GRANT_STATUS, grant_status),
	    PLACE(WITHDRAWAL, withdrawal),
	    PLACE(STATUTE_REQUESTED, statute_requested),
#undef PLACE
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].type == record->type)
			return (struct act){
			    *(const char *const *)(const void *)((const char *)record + places[i].agency),
			    *(const struct sluss_id *)(const void *)((const char *)record + places[i].case_id)};
	if ((record->type == SLUSS_REC_STATUTE_APPROVED || record->type == SLUSS_REC_STATUTE_REFUSED) &&
	    sluss_statute_find(state, &record->u.statute_approved.request, &statute))
		return (struct act){record->u.statute_approved.agency, statute.case_id};
	if (record->type == SLUSS_REC_RECALL_ANSWERED &&
	    sluss_recall_find(state, &record->u.recall_answered.recall, &recall))
		return (struct act){record->u.recall_answered.agency, recall.case_id};
	return (struct act){.agency = ""};
}

// Names and reasons may stand in it: whoever stated it may see it, and whoever leads the group (but for a statutory
// ground, which is the asking agency's own).
static bool may_see(const struct sluss_txn *txn, const struct sluss_record *record)
{
	struct act act = act_of(txn->state, record);
	bool statute = record->type == SLUSS_REC_STATUTE_REQUESTED || record->type == SLUSS_REC_STATUTE_APPROVED ||
		       record->type == SLUSS_REC_STATUTE_REFUSED;
	return strcmp(act.agency, txn->caller) == 0 || (!statute && svc_leads(txn->state, &act.case_id, txn->caller));
}

// An entry that says nothing to the caller is answered like one that does not exist.
static bool read_record(
    struct sluss_txn *txn, uint64_t index, struct sluss_codec *codec, struct sluss_record *record_out)
{
	struct sluss_bytes entry;
	if (index < txn->committed) {
		if (!sluss_txn_entry(txn, index, &entry))
			return false;
		if (sluss_record_decode(codec, entry, record_out, NULL) == SLUSS_CODEC_OK && may_see(txn, record_out))
			return true;
	}
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "log_index",
	    "There is no entry with this number that you stated or whose case you lead.");
	return false;
}

static bool add_key(struct sluss_txn *txn, Sluss__V1__ConsentGetStatementResponse *response)
{
	struct sluss_signer signer;
	if (!sluss_directory_signer(sluss_txn_directory(txn), response->statement->key_id, &signer))
		return true;
	response->signer_key.data = sluss_arena_copy(txn->arena, signer.sign_key, sizeof(signer.sign_key));
	response->signer_key.len = sizeof(signer.sign_key);
	return response->signer_key.data != NULL || svc_no_memory(txn);
}

static void statement_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ConsentGetStatementRequest *request =
	    (const Sluss__V1__ConsentGetStatementRequest *)txn->request;
	Sluss__V1__ConsentGetStatementResponse response = SLUSS__V1__CONSENT_GET_STATEMENT_RESPONSE__INIT;
	struct sluss_codec *codec = sluss_codec_new();
	struct sluss_record record;
	if (codec == NULL) {
		svc_no_memory(txn);
		return;
	}
	const uint8_t *hash =
	    read_record(txn, request->log_index, codec, &record) ? sluss_evidence_hash(&record) : NULL;
	if (hash != NULL && sluss_evidence_read(txn, hash, &response.statement)) {
		if (response.statement == NULL)
			sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "log_index",
			    "The gateway keeps no statement for this entry (any more).");
		else if (add_key(txn, &response))
			sluss_txn_respond(txn, &response.base);
	} else if (hash == NULL && !sluss_txn_refused(txn)) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "log_index",
		    "No statement stands behind this entry: the gateway made it itself.");
	}
	sluss_codec_free(&codec);
}

static const struct sluss_service rows[] = {
    {.method = SLUSS_METHOD_CONSENT_GET_STATEMENT, .execute = statement_execute},
};

const struct sluss_service_list sluss_svc_consent_copy = {rows, sizeof(rows) / sizeof(rows[0])};
