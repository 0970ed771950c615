// SPDX-License-Identifier: EUPL-1.2
// ConsentService.GetStatement and GetReceipt: the signed act behind an entry of the log, and a giver's copy of a
// consent.
#include <stddef.h>

#include "evidence.h"
#include "log_hash.h"
#include "log_record.h"
#include "svc_common.h"
#include "svc_text.h"

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

// ---- GetReceipt

struct copying {
	struct sluss_txn *txn;
	const char *file;
	struct sluss_id consent, person;
	char *text; // of the grants
	unsigned grants, given;
	bool failed;
};

static bool copy_grant(void *context, const struct sluss_grant_view *grant)
{
	struct copying *c = context;
	if (!sluss_id_equal(&grant->consent, &c->consent))
		return true;
	enum sluss_person_status status = sluss_grant_status(c->txn->state, &grant->grant, &c->person);
	c->given += status != SLUSS_STATUS_MISSING;
	const struct sluss_fill fills[] = {
	    {"number", svc_text_number(c->txn, ++c->grants)},
	    {"category", svc_text_word(c->txn, c->file, "category", grant->category)},
	    {"sender", svc_text_agency(c->txn, grant->sender)},
	    {"receiver", svc_text_agency(c->txn, grant->recipient)},
	    {"purpose", svc_text_word_of(c->txn, c->file, "purpose", (unsigned)grant->purpose)},
	    {"from", svc_text_time(c->txn, grant->from_ms)},
	    {"until", svc_text_time(c->txn, grant->until_ms)},
	    {"status", svc_text_word_of(c->txn, c->file, "status", (unsigned)status)},
	    {"standing",
		svc_text_word(c->txn, c->file, "standing", grant->standing == SLUSS_OK_CONSENT ? "yes" : "no")},
	};
	const char *more = sluss_receipt_fill(c->txn->arena, c->file, "grant", fills, sizeof(fills) / sizeof(fills[0]));
	c->text = more == NULL ? NULL : svc_text_append(c->txn, c->text, more);
	c->failed = c->text == NULL;
	return !c->failed;
}

static char *copy_text(
    struct copying *c, const struct sluss_rec_consent_recorded *r, uint64_t index, struct sluss_bytes entry)
{
	struct sluss_txn *txn = c->txn;
	struct sluss_hash hash;
	char consent[SLUSS_ID_TEXT], case_id[SLUSS_ID_TEXT], person[SLUSS_ID_TEXT];
	sluss_hash_octets(entry.data, entry.len, &hash);
	const struct sluss_fill fills[] = {
	    {"consent", sluss_id_format(&r->consent, consent)},
	    {"case", sluss_id_format(&r->case_id, case_id)},
	    {"person", sluss_id_format(&c->person, person)},
	    {"obtained", svc_text_word_of(txn, c->file, "obtained", (unsigned)r->channel)},
	    {"obtained_at", svc_text_time(txn, r->obtained_ms)},
	    {"text_version", r->text_version},
	    {"text_language", r->language},
	    {"agency", svc_text_agency(txn, r->agency)},
	    {"grants", c->text},
	    {"log_index", svc_text_number(txn, index)},
	    {"authority", txn->authority},
	    {"entry_hash", svc_text_hash(txn, &hash)},
	    {"printed_at", svc_text_time(txn, txn->now_ms)},
	};
	return sluss_receipt_fill(txn->arena, c->file, "text", fills, sizeof(fills) / sizeof(fills[0]));
}

static bool no_such_consent(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "consent_id",
	    "There is no such consent in a case of yours that this person answered to.");
	return false;
}

// The consent, when the caller is a member of its case and the person has said something to it.
static bool find_consent(struct copying *c, struct sluss_consent_view *consent_out)
{
	struct sluss_txn *txn = c->txn;
	if (!sluss_consent_find(txn->state, &c->consent, consent_out) ||
	    !sluss_case_is_member(txn->state, &consent_out->case_id, txn->caller))
		return no_such_consent(txn);
	sluss_case_each_grant(txn->state, &consent_out->case_id, txn->now_ms, copy_grant, c);
	if (c->failed)
		return svc_no_memory(txn);
	return c->given > 0 || no_such_consent(txn);
}

static void receipt_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ConsentGetReceiptRequest *request = (const Sluss__V1__ConsentGetReceiptRequest *)txn->request;
	Sluss__V1__ConsentGetReceiptResponse response = SLUSS__V1__CONSENT_GET_RECEIPT_RESPONSE__INIT;
	static char nothing[1];
	struct copying c = {.txn = txn, .text = nothing};
	struct sluss_consent_view consent;
	struct sluss_bytes entry;
	struct sluss_record record;
	if (!svc_read_id(txn, request->consent_id, "consent_id", &c.consent) ||
	    !svc_read_id(txn, request->person_id, "person_id", &c.person))
		return;
	if ((c.file = svc_text_file(txn, request->language, "language")) == NULL)
		return;
	struct sluss_codec *codec = sluss_codec_new();
	if (codec == NULL) {
		svc_no_memory(txn);
	} else if (find_consent(&c, &consent) && sluss_txn_entry(txn, consent.seq, &entry)) {
		if (sluss_record_decode(codec, entry, &record, NULL) == SLUSS_CODEC_OK &&
		    (response.text = copy_text(&c, &record.u.consent_recorded, consent.seq, entry)) != NULL) {
			sluss_txn_respond(txn, &response.base);
			sluss_txn_receipt(txn, consent.seq, 2);
		} else {
			svc_no_memory(txn);
		}
	}
	sluss_codec_free(&codec);
}

static const struct sluss_service rows[] = {
    {.method = SLUSS_METHOD_CONSENT_GET_RECEIPT, .execute = receipt_execute},
    {.method = SLUSS_METHOD_CONSENT_GET_STATEMENT, .execute = statement_execute},
};

const struct sluss_service_list sluss_svc_consent_copy = {rows, sizeof(rows) / sizeof(rows[0])};
