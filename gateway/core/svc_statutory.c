// SPDX-License-Identifier: EUPL-1.2
// StatutoryService: an officer asks to rely on a provision, another approves or refuses. Logged as STATUTORY ground, never as consent (DOMAIN section 6).
#include "svc_case_read.h"
#include "svc_common.h"
#include "sluss/v1/statutory.pb-c.h"

enum {
	LIST_MAX = 16,
	TEXT_MAX = 2000,
};

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

static char **names(struct sluss_txn *txn, const struct sluss_id *id, size_t count,
    const char *(*at)(const struct sluss_state *state, const struct sluss_id *id, size_t index))
{
	char **list = sluss_arena_array(txn->arena, count, sizeof(*list));
	for (size_t i = 0; list != NULL && i < count; i++)
		if ((list[i] = sluss_arena_text(txn->arena, at(txn->state, id, i))) == NULL)
			return NULL;
	return list;
}

static Sluss__V1__StatutoryApproval *approval_of(struct sluss_txn *txn, const struct sluss_id *id)
{
	struct sluss_statute_view view;
	Sluss__V1__StatutoryApproval *a = sluss_arena_alloc(txn->arena, sizeof(*a));
	bool ok = a != NULL && sluss_statute_find(txn->state, id, &view);
	if (ok) {
		sluss__v1__statutory_approval__init(a);
		a->approval_id = svc_id_text(txn, id);
		a->case_id = svc_id_text(txn, &view.case_id);
		a->agency_id = sluss_arena_text(txn->arena, view.agency);
		a->provision = sluss_arena_text(txn->arena, view.provision);
		a->message_type = (Sluss__V1__MessageType)view.message_type;
		a->categories = names(txn, id, view.category_count, sluss_statute_category);
		a->n_categories = view.category_count;
		a->receiver_agency_ids = names(txn, id, view.recipient_count, sluss_statute_recipient);
		a->n_receiver_agency_ids = view.recipient_count;
		a->requested_by_officer_id = sluss_arena_text(txn->arena, view.officer);
		a->approved_by_officer_id = sluss_arena_text(txn->arena, view.approver);
		a->approved = view.approved;
		a->valid_until = svc_time(txn, view.until_ms);
		a->notice_at = view.deferred ? svc_time(txn, view.notify_ms) : NULL;
		ok = a->approval_id != NULL && a->case_id != NULL && a->agency_id != NULL && a->provision != NULL && a->categories != NULL &&
		    a->receiver_agency_ids != NULL && a->requested_by_officer_id != NULL && a->approved_by_officer_id != NULL;
	}
	if (!ok)
		svc_no_memory(txn);
	return ok ? a : NULL;
}

static void answer(struct sluss_txn *txn, const struct sluss_id *id, uint64_t index)
{
	Sluss__V1__StatutoryChangeResponse response = SLUSS__V1__STATUTORY_CHANGE_RESPONSE__INIT;
	if ((response.approval = approval_of(txn, id)) == NULL)
		return;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 2);
}

// Everything but the texts, which are kept once the request is known to be good.
static bool read_request(struct sluss_txn *txn, const Sluss__V1__RequestStatutory *s, struct sluss_rec_statute_requested *r)
{
	struct sluss_statute_view known;
	if (!svc_read_id(txn, s->approval_id, "approval_id", &r->request) || !svc_read_id(txn, s->case_id, "case_id", &r->case_id))
		return false;
	if (s->n_categories > LIST_MAX)
		return wrong(txn, "categories", "at most 16 categories");
	if (s->n_receiver_agency_ids > LIST_MAX)
		return wrong(txn, "receiver_agency_ids", "at most 16 receivers");
	if (strlen(s->necessity) > TEXT_MAX || strlen(s->deferral_reasons) > TEXT_MAX)
		return wrong(txn, strlen(s->necessity) > TEXT_MAX ? "necessity" : "deferral_reasons", "at most 2,000 octets");
	if (s->notice_at != NULL && !svc_read_time(txn, s->notice_at, "notice_at", &r->notify_ms))
		return false;
	if (sluss_statute_find(txn->state, &r->request, &known)) {
		sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "approval_id", "a request with this id was made already");
		return false;
	}
	r->provision = s->provision;
	r->agency = txn->caller;
	r->officer = txn->header->officer_id;
	r->message_type = (enum sluss_message_type)s->message_type; // same numbers, see policy/record.h
	r->recipients = (const char *const *)s->receiver_agency_ids;
	r->recipient_count = s->n_receiver_agency_ids;
	r->categories = (const char *const *)s->categories;
	r->category_count = s->n_categories;
	r->necessity = s->necessity[0] != '\0';
	r->deferred = s->defer_notice;
	return true;
}

static void request_execute(struct sluss_txn *txn)
{
	const Sluss__V1__RequestStatutory *s = (const Sluss__V1__RequestStatutory *)txn->statement;
	struct sluss_record record = {.type = SLUSS_REC_STATUTE_REQUESTED};
	struct sluss_rec_statute_requested *r = &record.u.statute_requested;
	struct sluss_refusal refusal = {0};
	uint64_t index;
	if (!read_request(txn, s, r))
		return;
	struct sluss_case_view view;
	if (!svc_need_contact(txn, &r->case_id, &view))
		return;
	if (sluss_check_statute_request(txn->state, r, s->deferral_reasons[0] != '\0', txn->now_ms, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return;
	}
	if (r->necessity && !svc_keep_text(txn, SVC_TEXT_NECESSITY, &r->request, s->necessity, r->necessity_hash))
		return;
	if (r->deferred && !svc_keep_text(txn, SVC_TEXT_DEFERRAL, &r->request, s->deferral_reasons, r->deferral_hash))
		return;
	if (sluss_txn_append(txn, &record, &index) && sluss_txn_settle(txn)) // the person may have to be told at once
		answer(txn, &r->request, index);
}

static void approve_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ApproveStatutory *s = (const Sluss__V1__ApproveStatutory *)txn->statement;
	struct sluss_record record = {.type = s->approved ? SLUSS_REC_STATUTE_APPROVED : SLUSS_REC_STATUTE_REFUSED};
	struct sluss_rec_statute_answered *r = s->approved ? &record.u.statute_approved : &record.u.statute_refused;
	struct sluss_refusal refusal = {0};
	uint64_t index;
	if (!svc_read_id(txn, s->approval_id, "approval_id", &r->request))
		return;
	r->agency = txn->caller;
	r->officer = txn->header->officer_id;
	if (sluss_check_statute_answer(txn->state, r, txn->now_ms, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return;
	}
	if (sluss_txn_append(txn, &record, &index) && sluss_txn_settle(txn)) // the person may have to be told at once
		answer(txn, &r->request, index);
}

static void list_execute(struct sluss_txn *txn)
{
	const Sluss__V1__StatutoryListRequest *request = (const Sluss__V1__StatutoryListRequest *)txn->request;
	Sluss__V1__StatutoryListResponse response = SLUSS__V1__STATUTORY_LIST_RESPONSE__INIT;
	struct sluss_case_view view;
	struct sluss_statute_view statute;
	struct sluss_id case_id;
	size_t own = 0;
	if (!svc_read_id(txn, request->case_id, "case_id", &case_id) || !svc_need_member(txn, &case_id, &view))
		return;
	for (size_t i = 0; sluss_statute_at(txn->state, i, &statute); i++)
		own += sluss_id_equal(&statute.case_id, &case_id) && strcmp(statute.agency, txn->caller) == 0;
	response.approvals = sluss_arena_array(txn->arena, own, sizeof(*response.approvals));
	if (response.approvals == NULL) {
		svc_no_memory(txn);
		return;
	}
	for (size_t i = 0; sluss_statute_at(txn->state, i, &statute) && response.n_approvals < own; i++) {
		if (!sluss_id_equal(&statute.case_id, &case_id) || strcmp(statute.agency, txn->caller) != 0)
			continue;
		struct sluss_id id = statute.request;
		if ((response.approvals[response.n_approvals++] = approval_of(txn, &id)) == NULL)
			return;
	}
	sluss_txn_respond(txn, &response.base);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_STATUTORY_REQUEST, &sluss__v1__request_statutory__descriptor, NULL, request_execute, NULL, 0},
    {SLUSS_METHOD_STATUTORY_APPROVE, &sluss__v1__approve_statutory__descriptor, NULL, approve_execute, NULL, 0},
    {SLUSS_METHOD_STATUTORY_LIST, NULL, NULL, list_execute, NULL, 0},
};

const struct sluss_service_list sluss_svc_statutory = {rows, sizeof(rows) / sizeof(rows[0])};
