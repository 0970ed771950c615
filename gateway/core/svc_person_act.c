// SPDX-License-Identifier: EUPL-1.2
// PersonService.Give, Refuse and Withdraw: a person's own will, without an officer. What the session's key signed is
// kept as evidence.
#include <stdio.h>
#include <time.h>

#include "svc_common.h"
#include "svc_person.h"
#include "svc_withdraw.h"

enum { GRANTS_MAX = 1024 };

char *svc_person_receipt_number(struct sluss_txn *txn, uint64_t index, int64_t at_ms)
{
	char number[32];
	struct tm day;
	time_t at = (time_t)(at_ms / 1000);
	if (gmtime_r(&at, &day) == NULL)
		day.tm_year = 0;
	(void)snprintf(number, sizeof(number), "%d-%06llu", day.tm_year + 1900, (unsigned long long)index);
	return sluss_arena_text(txn->arena, number);
}

static bool read_grants(
    struct sluss_txn *txn, const Sluss__V1__PersonActRequest *request, struct sluss_rec_grant_status *r)
{
	struct sluss_id *ids = sluss_arena_array(txn->arena, request->n_grant_ids, sizeof(*ids));
	if (request->n_grant_ids == 0 || request->n_grant_ids > GRANTS_MAX) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "grant_ids",
		    "Name 1 to 1024 grants; there is no \"all\".");
		return false;
	}
	if (ids == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < request->n_grant_ids; i++)
		if (!svc_read_id(txn, request->grant_ids[i], svc_path(txn, "grant_ids[%zu]", i), &ids[i]))
			return false;
	r->grants = ids;
	r->grant_count = request->n_grant_ids;
	return true;
}

static void act(struct sluss_txn *txn, enum sluss_act what)
{
	const Sluss__V1__PersonActRequest *request = (const Sluss__V1__PersonActRequest *)txn->request;
	Sluss__V1__PersonActResponse response = SLUSS__V1__PERSON_ACT_RESPONSE__INIT;
	struct sluss_record record = {.type = SLUSS_REC_GRANT_STATUS};
	struct sluss_rec_grant_status *r = &record.u.grant_status;
	struct sluss_refusal refusal = {0};
	struct svc_person_case part;
	uint64_t index;
	r->act = what;
	r->person = txn->session->person;
	r->channel = SLUSS_CHANNEL_ELECTRONIC;
	r->agency = r->officer = "";
	if (!svc_person_need_case(txn, request->case_id, &r->case_id, &part) || !read_grants(txn, request, r))
		return;
	const struct sluss_act_request asked = {.case_id = r->case_id,
	    .person = r->person,
	    .act = what,
	    .grants = r->grants,
	    .grant_count = r->grant_count};
	if (sluss_check_act(txn->state, &asked, txn->now_ms, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return;
	}
	// A yes counts for what was read. A no is taken whatever was read, but a wrong hash is a wrong page.
	if ((what == SLUSS_ACT_GIVE || request->text_hash.len > 0) && !svc_person_shown(txn, request, r, &part))
		return;
	if (!sluss_txn_append(txn, &record, &index) || !sluss_txn_settle(txn))
		return;
	response.receipt_number = svc_person_receipt_number(txn, index, txn->now_ms);
	response.at = svc_time(txn, txn->now_ms);
	if (response.receipt_number == NULL || response.at == NULL) {
		svc_no_memory(txn);
		return;
	}
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 1);
	if (what != SLUSS_ACT_GIVE || part.view.protected_identity)
		sluss_txn_barrier(txn, &r->case_id);
}

void svc_person_give(struct sluss_txn *txn)
{
	act(txn, SLUSS_ACT_GIVE);
}

void svc_person_refuse(struct sluss_txn *txn)
{
	act(txn, SLUSS_ACT_REFUSE);
}

void svc_person_withdraw(struct sluss_txn *txn)
{
	Sluss__V1__PersonWithdrawResponse response = SLUSS__V1__PERSON_WITHDRAW_RESPONSE__INIT;
	struct sluss_rec_withdrawal record;
	struct svc_person_case part;
	struct svc_withdrawn done;
	if (!svc_person_read_withdrawal(txn, &record, &part) || !svc_withdraw(txn, &record, &done))
		return;
	response.grant_ids = done.grant_ids;
	response.n_grant_ids = done.grant_count;
	response.messages_withheld = done.messages_withheld;
	response.recalled_agency_ids = done.recalled;
	response.n_recalled_agency_ids = done.recalled_count;
	response.phase = (Sluss__V1__Phase)done.phase;
	response.receipt_number = svc_person_receipt_number(txn, done.index, txn->now_ms);
	response.at = svc_time(txn, txn->now_ms);
	if (response.receipt_number == NULL || response.at == NULL) {
		svc_no_memory(txn);
		return;
	}
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, done.index, 2);
}
