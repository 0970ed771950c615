// SPDX-License-Identifier: EUPL-1.2
// PersonService.ListRecalls: what was asked back, and what the agencies answered.
#include "log_record.h"
#include "svc_common.h"
#include "svc_person.h"

// Reads the entry; what `record_out` points to lives in the codec until it is reset. False: refused.
static bool read_record(
    struct sluss_txn *txn, struct sluss_codec *codec, uint64_t place, struct sluss_record *record_out)
{
	struct sluss_bytes entry;
	sluss_codec_reset(codec);
	if (!sluss_txn_entry(txn, place, &entry))
		return false;
	return sluss_record_decode(codec, entry, record_out, NULL) == SLUSS_CODEC_OK || svc_no_memory(txn);
}

bool svc_person_recall_hidden(
    const struct sluss_txn *txn, const struct svc_person_case *part, const struct sluss_rec_recall_opened *opened)
{
	size_t hidden = 0;
	for (size_t i = 0; part->guardian && i < opened->recalled_count; i++)
		hidden += sluss_case_view_limited(
		    txn->state, &part->view.case_id, &txn->session->person, &opened->recalled[i].message);
	return hidden > 0 && hidden == opened->recalled_count;
}

char **svc_person_categories(
    struct sluss_txn *txn, const struct sluss_id *grants, size_t grant_count, size_t *count_out)
{
	char **names = sluss_arena_array(txn->arena, grant_count, sizeof(*names));
	struct sluss_grant_view grant;
	*count_out = 0;
	for (size_t i = 0; names != NULL && i < grant_count; i++) {
		bool known = !sluss_grant_find(txn->state, &grants[i], txn->now_ms, &grant);
		for (size_t k = 0; !known && k < *count_out; k++)
			known = strcmp(names[k], grant.category) == 0;
		if (!known && (names[(*count_out)++] = sluss_arena_text(txn->arena, grant.category)) == NULL)
			names = NULL;
	}
	if (names == NULL)
		svc_no_memory(txn);
	return names;
}

// `r_out` is NULL when it is kept from this person. False: refused.
static bool recall_of(struct sluss_txn *txn, struct sluss_codec *codec, const struct svc_person_case *part,
    const struct sluss_recall_view *view, Sluss__V1__PersonRecall **r_out)
{
	struct sluss_record record;
	*r_out = NULL;
	if (!read_record(txn, codec, view->seq, &record))
		return false;
	const struct sluss_rec_recall_opened *opened = &record.u.recall_opened;
	if (record.type != SLUSS_REC_RECALL_OPENED || svc_person_recall_hidden(txn, part, opened))
		return true;
	Sluss__V1__PersonRecall *r = sluss_arena_alloc(txn->arena, sizeof(*r));
	if (r == NULL)
		return svc_no_memory(txn);
	sluss__v1__person_recall__init(r);
	r->agency_id = sluss_arena_text(txn->arena, view->agency);
	r->due = svc_time(txn, view->due_ms);
	r->opened = svc_time(txn, view->opened_ms);
	r->answered = view->answered;
	r->deleted = view->deleted;
	r->overdue = view->overdue || (!view->answered && view->due_ms <= txn->now_ms);
	r->register_mark = view->register_mark;
	r->categories = svc_person_categories(txn, opened->grants, opened->grant_count, &r->n_categories);
	if (r->agency_id == NULL || r->categories == NULL)
		return svc_no_memory(txn);
	if (view->answered && !view->deleted) {
		if (!read_record(txn, codec, view->answered_seq, &record))
			return false;
		if ((r->kept_on_ground = sluss_arena_text(txn->arena, record.u.recall_answered.provision)) == NULL)
			return svc_no_memory(txn);
	}
	*r_out = r;
	return true;
}

void svc_person_recalls(struct sluss_txn *txn)
{
	const Sluss__V1__PersonListRecallsRequest *request = (const Sluss__V1__PersonListRecallsRequest *)txn->request;
	Sluss__V1__PersonListRecallsResponse response = SLUSS__V1__PERSON_LIST_RECALLS_RESPONSE__INIT;
	struct svc_person_case part;
	struct sluss_recall_view view;
	struct sluss_id case_id;
	size_t count = 0;
	if (!svc_person_need_case(txn, request->case_id, &case_id, &part))
		return;
	for (size_t i = 0; !part.limited && sluss_recall_at(txn->state, i, &view); i++)
		count += sluss_id_equal(&view.case_id, &case_id);
	response.recalls = sluss_arena_array(txn->arena, count, sizeof(*response.recalls));
	struct sluss_codec *codec = sluss_codec_new();
	bool ok = (response.recalls != NULL && codec != NULL) || svc_no_memory(txn);
	for (size_t i = 0; ok && count > 0 && sluss_recall_at(txn->state, i, &view); i++) {
		if (!sluss_id_equal(&view.case_id, &case_id))
			continue;
		ok = recall_of(txn, codec, &part, &view, &response.recalls[response.n_recalls]);
		response.n_recalls += ok && response.recalls[response.n_recalls] != NULL;
		count--;
	}
	sluss_codec_free(&codec);
	if (ok && svc_person_looked(txn, "recalls", &case_id))
		sluss_txn_respond(txn, &response.base);
}
