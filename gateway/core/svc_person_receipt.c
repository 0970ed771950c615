// SPDX-License-Identifier: EUPL-1.2
// PersonService.GetReceipt: what this person did, in words to keep or to print. It is made of the first answer to the
// act and of its entry in the log; while that answer waits for its word from web and edge, so does the receipt.
#include "log_record.h"
#include "receipt_text.h"
#include "svc_common.h"
#include "svc_person.h"
#include "svc_text.h"

// A name has its own direction (Unicode UAX 9: first strong isolate, pop directional isolate).
#define FSI "\xe2\x81\xa8"
#define PDI "\xe2\x81\xa9"

struct receipt {
	struct sluss_txn *txn;
	const char *file;
	const char *kind; // "give", "refuse", "withdraw"
	struct sluss_id case_id;
	uint64_t index; // of the act's entry
	int64_t at_ms;
	const char *grants; // text
	size_t grant_count;
	const char *agencies; // text: who is asked to delete
	size_t agency_count;
};

static bool unknown(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "request_id",
	    "You did nothing in this case under this id, as far as the gateway knows.");
	return false;
}

static bool add_grant(struct receipt *r, const struct sluss_id *id)
{
	struct sluss_txn *txn = r->txn;
	struct sluss_grant_view grant;
	if (!sluss_grant_find(txn->state, id, txn->now_ms, &grant))
		return true;
	const struct sluss_fill fills[] = {
	    {"number", svc_text_number(txn, ++r->grant_count)},
	    {"topic", svc_text_word(txn, r->file, "topic", grant.category)},
	    {"sender", svc_text_agency(txn, grant.sender)},
	    {"receiver", svc_text_agency(txn, grant.recipient)},
	    {"purpose", svc_text_word_of(txn, r->file, "purpose", (unsigned)grant.purpose)},
	    {"from", svc_text_time(txn, grant.from_ms)},
	    {"until", svc_text_time(txn, grant.until_ms)},
	};
	const char *more =
	    sluss_receipt_fill(txn->arena, r->file, "act_grant", fills, sizeof(fills) / sizeof(fills[0]));
	r->grants = more == NULL ? NULL : svc_text_append(txn, r->grants, more);
	return r->grants != NULL || svc_no_memory(txn);
}

static bool add_agency(struct receipt *r, const char *agency)
{
	r->agencies = svc_text_append(r->txn, r->agencies, r->agency_count++ == 0 ? "   " FSI : "\n   " FSI);
	r->agencies =
	    r->agencies == NULL ? NULL : svc_text_append(r->txn, r->agencies, svc_text_agency(r->txn, agency));
	r->agencies = r->agencies == NULL ? NULL : svc_text_append(r->txn, r->agencies, PDI);
	return r->agencies != NULL;
}

// What a withdrawal closed and asked back: its answer says it, the log only what it was about.
static bool read_withdrawal(struct receipt *r, struct sluss_bytes body)
{
	Sluss__V1__PersonWithdrawResponse *answer =
	    sluss__v1__person_withdraw_response__unpack(sluss_arena_allocator(r->txn->arena), body.len, body.data);
	struct sluss_id id;
	if (answer == NULL)
		return svc_no_memory(r->txn);
	for (size_t i = 0; i < answer->n_grant_ids; i++)
		if (sluss_id_parse(answer->grant_ids[i], strlen(answer->grant_ids[i]), &id) && !add_grant(r, &id))
			return false;
	for (size_t i = 0; i < answer->n_recalled_agency_ids; i++)
		if (!add_agency(r, answer->recalled_agency_ids[i]))
			return false;
	return true;
}

static bool read_act(struct receipt *r, const struct sluss_record *record, struct sluss_bytes body)
{
	const struct sluss_rec_grant_status *act = &record->u.grant_status;
	const struct sluss_id *person = &r->txn->session->person;
	r->at_ms = record->at_ms;
	if (record->type == SLUSS_REC_WITHDRAWAL) {
		r->kind = "withdraw";
		return (sluss_id_equal(&record->u.withdrawal.person, person) &&
			   sluss_id_equal(&record->u.withdrawal.case_id, &r->case_id))
			   ? read_withdrawal(r, body)
			   : unknown(r->txn);
	}
	if (record->type != SLUSS_REC_GRANT_STATUS || !sluss_id_equal(&act->person, person) ||
	    !sluss_id_equal(&act->case_id, &r->case_id))
		return unknown(r->txn);
	r->kind = act->act == SLUSS_ACT_GIVE ? "give" : "refuse";
	for (size_t i = 0; i < act->grant_count; i++)
		if (!add_grant(r, &act->grants[i]))
			return false;
	return true;
}

static char *text_of(struct receipt *r, struct sluss_bytes entry, const char *number)
{
	struct sluss_txn *txn = r->txn;
	struct sluss_hash hash;
	char case_id[SLUSS_ID_TEXT], person[SLUSS_ID_TEXT];
	const struct sluss_fill asked = {"agencies", r->agencies};
	const char *recalled =
	    r->agency_count == 0 ? "" : sluss_receipt_fill(txn->arena, r->file, "recalled", &asked, 1);
	const char *none = svc_text_append(txn, svc_text_word(txn, r->file, "done", "none"), "\n");
	sluss_hash_octets(entry.data, entry.len, &hash);
	if (recalled == NULL || none == NULL)
		return NULL;
	const struct sluss_fill fills[] = {
	    {"title", svc_text_word(txn, r->file, "title", r->kind)},
	    {"done", svc_text_word(txn, r->file, "done", r->kind)},
	    {"receipt_number", number},
	    {"at", svc_text_time(txn, r->at_ms)},
	    {"case", sluss_id_format(&r->case_id, case_id)},
	    {"person", sluss_id_format(&txn->session->person, person)},
	    {"grants", r->grant_count == 0 ? none : r->grants},
	    {"recalled", recalled},
	    {"log_index", svc_text_number(txn, r->index)},
	    {"authority", txn->authority},
	    {"entry_hash", svc_text_hash(txn, &hash)},
	    {"printed_at", svc_text_time(txn, txn->now_ms)},
	};
	return sluss_receipt_fill(txn->arena, r->file, "act", fills, sizeof(fills) / sizeof(fills[0]));
}

static void respond(struct receipt *r, struct sluss_bytes entry)
{
	Sluss__V1__PersonGetReceiptResponse response = SLUSS__V1__PERSON_GET_RECEIPT_RESPONSE__INIT;
	response.receipt_number = svc_person_receipt_number(r->txn, r->index, r->at_ms);
	response.text = response.receipt_number == NULL ? NULL : text_of(r, entry, response.receipt_number);
	response.at = svc_time(r->txn, r->at_ms);
	if (response.text == NULL || response.at == NULL) {
		svc_no_memory(r->txn);
		return;
	}
	sluss_txn_respond(r->txn, &response.base);
	sluss_txn_receipt(r->txn, r->index, 2);
}

void svc_person_receipt(struct sluss_txn *txn)
{
	const Sluss__V1__PersonGetReceiptRequest *request = (const Sluss__V1__PersonGetReceiptRequest *)txn->request;
	struct receipt r = {.txn = txn, .grants = "", .agencies = ""};
	struct svc_person_case part;
	struct sluss_id id;
	struct sluss_bytes body, entry;
	struct sluss_record record;
	if (!svc_person_need_case(txn, request->case_id, &r.case_id, &part) ||
	    !svc_read_id(txn, request->request_id, "request_id", &id) ||
	    (r.file = svc_text_file(txn, request->language, "language")) == NULL)
		return;
	if (!sluss_txn_answer(txn, &id, &body, &r.index)) {
		if (!sluss_txn_refused(txn))
			unknown(txn);
		return;
	}
	struct sluss_codec *codec = sluss_codec_new();
	if (codec == NULL)
		svc_no_memory(txn);
	else if (!sluss_txn_entry(txn, r.index, &entry))
		; // refused
	else if (sluss_record_decode(codec, entry, &record, NULL) != SLUSS_CODEC_OK)
		svc_no_memory(txn);
	else if (read_act(&r, &record, body))
		respond(&r, entry);
	sluss_codec_free(&codec);
}
