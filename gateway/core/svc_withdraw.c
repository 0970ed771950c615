// SPDX-License-Identifier: EUPL-1.2
// ConsentService.Withdraw: a line in time. The record stands before everything that comes after it in the log; what
// waits and is not carried by any claimed ground any more is destroyed in the same transaction; and the answer waits
// until nothing of the case is under way on any connection (transfers.h).
#include "exchange.h"
#include "recall.h"
#include "sluss/v1/consent.pb-c.h"
#include "svc_common.h"
#include "svc_withdraw.h"
#include "writer.h"

struct withdrawal {
	struct svc_withdrawn done;
	size_t grant_room;
	const struct sluss_rec_withdrawal *record;
	struct sluss_txn *txn;
	bool failed;
};

// ---- reading

static bool read_scope(struct sluss_txn *txn, const Sluss__V1__WithdrawConsent *s, struct sluss_rec_withdrawal *record)
{
	switch (s->scope_case) {
	case SLUSS__V1__WITHDRAW_CONSENT__SCOPE_GRANT_ID:
		record->scope = SLUSS_SCOPE_GRANT;
		return svc_read_id(txn, s->grant_id, "grant_id", &record->grant);
	case SLUSS__V1__WITHDRAW_CONSENT__SCOPE_CATEGORY:
		record->scope = SLUSS_SCOPE_CATEGORY;
		record->category = s->category;
		return true;
	case SLUSS__V1__WITHDRAW_CONSENT__SCOPE_SCOPE_AGENCY_ID:
		record->scope = SLUSS_SCOPE_AGENCY;
		record->scope_agency = s->scope_agency_id;
		return true;
	case SLUSS__V1__WITHDRAW_CONSENT__SCOPE_EVERYTHING:
		record->scope = SLUSS_SCOPE_ALL;
		if (s->everything)
			return true;
		break;
	case SLUSS__V1__WITHDRAW_CONSENT__SCOPE__NOT_SET:
	case _SLUSS__V1__WITHDRAW_CONSENT__SCOPE__CASE_IS_INT_SIZE:
		break;
	}
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "scope",
	    "Say what is withdrawn: a grant, a category, an agency, or everything.");
	return false;
}

static bool read_withdrawal(struct sluss_txn *txn, struct sluss_rec_withdrawal *record)
{
	const Sluss__V1__WithdrawConsent *s = (const Sluss__V1__WithdrawConsent *)txn->statement;
	struct sluss_case_view view;
	int64_t received_ms;
	*record = (struct sluss_rec_withdrawal){
	    .category = "", .scope_agency = "", .agency = txn->caller, .officer = txn->header->officer_id};
	sluss_id_random(&record->withdrawal);
	return svc_read_id(txn, s->case_id, "case_id", &record->case_id) &&
	       svc_read_id(txn, s->person_id, "person_id", &record->person) && read_scope(txn, s, record) &&
	       svc_read_obtained(txn, s->obtained, s->received_at, &record->channel, &received_ms) &&
	       svc_need_member(txn, &record->case_id, &view);
}

// ---- what it closes

static bool note_recall(void *context, const struct sluss_rec_recall_opened *opened)
{
	struct withdrawal *w = context;
	struct sluss_arena *arena = w->txn->arena;
	char **agencies = sluss_arena_array(arena, w->done.recalled_count + 1, sizeof(*agencies));
	char **ids = sluss_arena_array(arena, w->done.recalled_count + 1, sizeof(*ids));
	if (agencies == NULL || ids == NULL)
		return false;
	for (size_t i = 0; i < w->done.recalled_count; i++) {
		agencies[i] = w->done.recalled[i];
		ids[i] = w->done.recalls[i];
	}
	agencies[w->done.recalled_count] = sluss_arena_text(arena, opened->agency);
	ids[w->done.recalled_count] = svc_id_text(w->txn, &opened->recall);
	w->done.recalled = agencies;
	w->done.recalls = ids;
	return agencies[w->done.recalled_count] != NULL && ids[w->done.recalled_count++] != NULL;
}

static bool count_one(void *context, const struct sluss_grant_view *grant)
{
	(void)grant;
	((struct withdrawal *)context)->grant_room++;
	return true;
}

static bool note_one(void *context, const struct sluss_grant_view *grant)
{
	struct withdrawal *w = context;
	char *id = svc_id_text(w->txn, &grant->grant);
	w->done.grant_ids[w->done.grant_count++] = id;
	w->failed = id == NULL;
	return !w->failed && w->done.grant_count < w->grant_room;
}

// Asked before the record is applied: afterwards the keys are closed.
static bool note_covered(struct sluss_txn *txn, struct withdrawal *w)
{
	sluss_withdrawal_covers(txn->state, w->record, txn->now_ms, count_one, w);
	w->done.grant_ids = sluss_arena_array(txn->arena, w->grant_room + 1, sizeof(*w->done.grant_ids));
	w->failed = w->done.grant_ids == NULL;
	if (!w->failed && w->grant_room > 0)
		sluss_withdrawal_covers(txn->state, w->record, txn->now_ms, note_one, w);
	return !w->failed || svc_no_memory(txn);
}

// ---- the service

bool svc_withdraw(
    struct sluss_txn *txn, const struct sluss_rec_withdrawal *withdrawal, struct svc_withdrawn *withdrawn_out)
{
	struct withdrawal w = {.txn = txn, .record = withdrawal};
	struct sluss_record record = {.type = SLUSS_REC_WITHDRAWAL, .u.withdrawal = *withdrawal};
	struct sluss_refusal refusal;
	struct sluss_case_view view;
	if (sluss_check_withdrawal(txn->state, withdrawal, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return false;
	}
	if (!note_covered(txn, &w) || !sluss_txn_append(txn, &record, &w.done.index) ||
	    !sluss_txn_recall(
		txn, &withdrawal->case_id, SLUSS_RECALL_WITHDRAWAL, &withdrawal->withdrawal, note_recall, &w) ||
	    !sluss_txn_settle(txn) ||
	    !sluss_txn_stop_waiting(txn, &withdrawal->withdrawal, &w.done.messages_withheld) ||
	    !exchange_uploads_stop(txn, &withdrawal->case_id))
		return false;
	if (sluss_case_find(txn->state, &withdrawal->case_id, &view))
		w.done.phase = view.phase;
	*withdrawn_out = w.done;
	sluss_txn_barrier(txn, &withdrawal->case_id);
	return true;
}

static void withdraw(struct sluss_txn *txn)
{
	Sluss__V1__WithdrawResponse response = SLUSS__V1__WITHDRAW_RESPONSE__INIT;
	struct sluss_rec_withdrawal record;
	struct svc_withdrawn done;
	if (!read_withdrawal(txn, &record) || !svc_withdraw(txn, &record, &done))
		return;
	response.grant_ids = done.grant_ids;
	response.n_grant_ids = done.grant_count;
	response.messages_withheld = done.messages_withheld;
	response.recalled_agency_ids = done.recalled;
	response.n_recalled_agency_ids = done.recalled_count;
	response.recall_ids = done.recalls;
	response.n_recall_ids = done.recalled_count;
	response.phase = (Sluss__V1__Phase)done.phase;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, done.index, 4);
}

static const struct sluss_service rows[] = {
    {.method = SLUSS_METHOD_CONSENT_WITHDRAW,
	.statement = &sluss__v1__withdraw_consent__descriptor,
	.execute = withdraw},
};

const struct sluss_service_list sluss_svc_withdraw = {rows, sizeof(rows) / sizeof(rows[0])};
