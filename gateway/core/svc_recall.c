// SPDX-License-Identifier: EUPL-1.2
// RecallService: what is asked back, and the signed answers to it.
#include <stdio.h>

#include "log_record.h"
#include "sluss/v1/recall.pb-c.h"
#include "svc_common.h"

enum {
	LIST_MAX = 200,
	GROUNDS_SHOWN = 400, // octets of the list of grounds in a refusal
};

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// ---- showing one

static bool decode(struct sluss_txn *txn, struct sluss_codec *codec, uint64_t index, struct sluss_record *record_out)
{
	struct sluss_bytes entry;
	return sluss_txn_entry(txn, index, &entry) &&
	       (sluss_record_decode(codec, entry, record_out, NULL) == SLUSS_CODEC_OK || svc_no_memory(txn));
}

static bool has_text(char *const *texts, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(texts[i], text) == 0)
			return true;
	return false;
}

// Messages and categories, from the record that opened it.
static bool fill_opened(struct sluss_txn *txn, const struct sluss_rec_recall_opened *opened, Sluss__V1__Recall *to)
{
	to->message_ids = sluss_arena_array(txn->arena, opened->recalled_count, sizeof(char *));
	to->categories = sluss_arena_array(txn->arena, opened->grant_count, sizeof(char *));
	if (to->message_ids == NULL || to->categories == NULL)
		return svc_no_memory(txn);
	for (; to->n_message_ids < opened->recalled_count; to->n_message_ids++)
		if ((to->message_ids[to->n_message_ids] =
			    svc_id_text(txn, &opened->recalled[to->n_message_ids].message)) == NULL)
			return false;
	for (size_t i = 0; i < opened->grant_count; i++) {
		struct sluss_grant_view grant;
		// A grant that only its mark rested on says nothing of what was received.
		if (!sluss_grant_find(txn->state, &opened->grants[i], txn->now_ms, &grant) || !grant.received ||
		    strcmp(grant.recipient, opened->agency) != 0 ||
		    has_text(to->categories, to->n_categories, grant.category))
			continue;
		if ((to->categories[to->n_categories] = sluss_arena_text(txn->arena, grant.category)) == NULL)
			return svc_no_memory(txn);
		to->n_categories++;
	}
	return true;
}

static bool fill_answered(struct sluss_txn *txn, const struct sluss_recall_view *view,
    const struct sluss_record *record, Sluss__V1__Recall *to)
{
	const struct sluss_rec_recall_answered *answered = &record->u.recall_answered;
	to->answer = answered->deleted ? SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED
				       : SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_KEPT;
	if (view->register_mark)
		to->register_mark_answer = answered->mark_removed ? SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED
								  : SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_KEPT;
	to->kept_on_ground = sluss_arena_text(txn->arena, answered->provision);
	to->register_mark_kept_on_ground = sluss_arena_text(txn->arena, answered->mark_provision);
	to->answered_at = svc_time(txn, record->at_ms);
	to->answer_log_index = view->answered_seq;
	return (to->kept_on_ground != NULL && to->register_mark_kept_on_ground != NULL) || svc_no_memory(txn);
}

static Sluss__V1__Recall *show(struct sluss_txn *txn, const struct sluss_recall_view *view)
{
	Sluss__V1__Recall *to = sluss_arena_alloc(txn->arena, sizeof(*to));
	struct sluss_codec *codec = sluss_codec_new();
	struct sluss_record record;
	bool ok = to != NULL && codec != NULL;
	if (!ok)
		svc_no_memory(txn);
	if (ok) {
		sluss__v1__recall__init(to);
		to->recall_id = svc_id_text(txn, &view->recall);
		to->case_id = svc_id_text(txn, &view->case_id);
		to->agency_id = sluss_arena_text(txn->arena, view->agency);
		to->due = svc_time(txn, view->due_ms);
		to->opened_at = svc_time(txn, view->opened_ms);
		to->register_mark = view->register_mark;
		to->cause = (Sluss__V1__RecallCause)view->cause; // same numbers
		to->overdue = view->overdue;
		to->log_index = view->seq;
		ok = (to->recall_id != NULL && to->case_id != NULL && to->agency_id != NULL) || svc_no_memory(txn);
	}
	ok = ok && decode(txn, codec, view->seq, &record) && fill_opened(txn, &record.u.recall_opened, to);
	if (ok && view->answered)
		ok = decode(txn, codec, view->answered_seq, &record) && fill_answered(txn, view, &record, to);
	sluss_codec_free(&codec);
	return ok ? to : NULL;
}

// ---- List

// Whose recalls the caller may see.
struct wish {
	bool one_case, every_agency, answered, overdue;
	struct sluss_id case_id;
};

static bool read_wish(struct sluss_txn *txn, const Sluss__V1__RecallListRequest *request, struct wish *wish_out)
{
	bool auditor = txn->caller_type == SLUSS_AGENCY_AUDITOR;
	*wish_out = (struct wish){.one_case = request->case_id[0] != '\0',
	    .answered = request->include_answered,
	    .overdue = request->overdue};
	if (wish_out->one_case && !svc_read_id(txn, request->case_id, "case_id", &wish_out->case_id))
		return false;
	wish_out->every_agency =
	    auditor || (wish_out->one_case && svc_leads(txn->state, &wish_out->case_id, txn->caller));
	return true;
}

static bool is_wished(const struct sluss_txn *txn, const struct wish *wish, const struct sluss_recall_view *view)
{
	return (!wish->one_case || sluss_id_equal(&view->case_id, &wish->case_id)) &&
	       (wish->every_agency || strcmp(view->agency, txn->caller) == 0) && (!view->answered || wish->answered) &&
	       (!wish->overdue || (view->overdue && !view->answered));
}

static void list_execute(struct sluss_txn *txn)
{
	const Sluss__V1__RecallListRequest *request = (const Sluss__V1__RecallListRequest *)txn->request;
	Sluss__V1__RecallListResponse response = SLUSS__V1__RECALL_LIST_RESPONSE__INIT;
	struct sluss_recall_view view;
	struct wish wish;
	if (!read_wish(txn, request, &wish))
		return;
	response.recalls = sluss_arena_array(txn->arena, LIST_MAX, sizeof(*response.recalls));
	if (response.recalls == NULL) {
		svc_no_memory(txn);
		return;
	}
	uint64_t at = request->from_index;
	for (; at <= SIZE_MAX && sluss_recall_at(txn->state, (size_t)at, &view); at++) {
		// What lies beyond the last commit is not shown to anybody.
		if (view.seq >= txn->committed || !is_wished(txn, &wish, &view))
			continue;
		if (response.n_recalls == LIST_MAX) {
			response.next_index = at;
			break;
		}
		view.answered = view.answered && view.answered_seq < txn->committed;
		if ((response.recalls[response.n_recalls] = show(txn, &view)) == NULL)
			return;
		response.n_recalls++;
	}
	// An agency looks at what it is asked itself; an auditor at what others are.
	struct sluss_record looked = {
	    .type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = "recalls", .case_id = wish.case_id}};
	if (txn->caller_type != SLUSS_AGENCY_AUDITOR || sluss_txn_append(txn, &looked, NULL))
		sluss_txn_respond(txn, &response.base);
}

// ---- Attest

static bool unknown_ground(struct sluss_txn *txn, const char *field)
{
	char grounds[GROUNDS_SHOWN] = "";
	size_t len = 0;
	const char *ground;
	for (size_t i = 0; (ground = sluss_policy_keep_ground(txn->policy, i)) != NULL; i++) {
		int more = snprintf(grounds + len, sizeof(grounds) - len, "%s%s", i == 0 ? "" : ", ", ground);
		if (more < 0 || (size_t)more >= sizeof(grounds) - len)
			break;
		len += (size_t)more;
	}
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_STATUTE_UNKNOWN, field,
	    len == 0 ? "Name the legal ground in at most 31 characters without spaces.%s"
		     : "The policy knows no such ground for keeping; it knows: %s.",
	    grounds);
	return false;
}

// Deleted, or kept on a ground that the policy knows.
static bool read_answer(struct sluss_txn *txn, Sluss__V1__RecallAnswer answer, const char *ground,
    const char *answer_field, const char *ground_field, bool *deleted_out)
{
	*deleted_out = answer == SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED;
	if (!*deleted_out && answer != SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_KEPT)
		return wrong(txn, answer_field, "Say whether it was deleted or is kept.");
	if (*deleted_out)
		return ground[0] == '\0' || wrong(txn, ground_field, "What was deleted is not kept on a ground.");
	if (ground[0] == '\0')
		return wrong(txn, ground_field, "What is kept needs its legal ground.");
	return sluss_policy_may_keep(txn->policy, ground) || unknown_ground(txn, ground_field);
}

static bool read_attest(struct sluss_txn *txn, struct sluss_rec_recall_answered *r)
{
	const Sluss__V1__AttestRecall *s = (const Sluss__V1__AttestRecall *)txn->statement;
	struct sluss_recall_view view;
	if (!svc_read_id(txn, s->recall_id, "recall_id", &r->recall))
		return false;
	if (!sluss_recall_find(txn->state, &r->recall, &view) || strcmp(view.agency, txn->caller) != 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "recall_id",
		    "Nothing with this id is asked back from you.");
		return false;
	}
	if (view.answered) {
		sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_CLOSED_STATE, "recall_id",
		    "This recall was answered already.");
		return false;
	}
	r->agency = txn->caller;
	r->officer = txn->header->officer_id;
	r->provision = s->kept_on_ground;
	r->mark_provision = s->register_mark_kept_on_ground;
	if (!read_answer(txn, s->answer, s->kept_on_ground, "answer", "kept_on_ground", &r->deleted))
		return false;
	if (view.register_mark)
		return read_answer(txn, s->register_mark_answer, s->register_mark_kept_on_ground,
		    "register_mark_answer", "register_mark_kept_on_ground", &r->mark_removed);
	return (s->register_mark_answer == SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_UNSPECIFIED &&
		   s->register_mark_kept_on_ground[0] == '\0') ||
	       wrong(txn, "register_mark_answer", "This recall does not ask for a mark.");
}

static void attest_execute(struct sluss_txn *txn)
{
	Sluss__V1__RecallAttestResponse response = SLUSS__V1__RECALL_ATTEST_RESPONSE__INIT;
	struct sluss_record record = {.type = SLUSS_REC_RECALL_ANSWERED};
	struct sluss_recall_view view;
	uint64_t index;
	if (!read_attest(txn, &record.u.recall_answered) || !sluss_txn_append(txn, &record, &index) ||
	    !sluss_recall_find(txn->state, &record.u.recall_answered.recall, &view) ||
	    (response.recall = show(txn, &view)) == NULL)
		return;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 2);
}

static const struct sluss_service rows[] = {
    {.method = SLUSS_METHOD_RECALL_LIST, .execute = list_execute},
    {.method = SLUSS_METHOD_RECALL_ATTEST,
	.statement = &sluss__v1__attest_recall__descriptor,
	.execute = attest_execute},
};

const struct sluss_service_list sluss_svc_recall = {rows, sizeof(rows) / sizeof(rows[0])};
