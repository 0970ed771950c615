// SPDX-License-Identifier: EUPL-1.2
// PersonService: who may see what; what a withdrawal would do.
#include "svc_person.h"

#include "exchange.h"
#include "svc_common.h"
#include "svc_session.h"
#include "writer.h"

// ---- who

static bool is_guardian(const struct sluss_txn *txn, const struct sluss_id *case_id, const struct sluss_id *person)
{
	struct sluss_id guardian;
	for (size_t i = 0; sluss_case_guardian(txn->state, case_id, i, &guardian); i++)
		if (sluss_id_equal(&guardian, person))
			return true;
	return false;
}

bool svc_person_part(const struct sluss_txn *txn, const struct sluss_id *case_id, struct svc_person_case *case_out)
{
	const struct sluss_id *person = &txn->session->person;
	static const struct sluss_id whole;
	*case_out = (struct svc_person_case){0};
	if (!sluss_case_find(txn->state, case_id, &case_out->view))
		return false;
	bool known = sluss_case_required(txn->state, case_id, &case_out->required) && case_out->required.known;
	for (size_t i = 0; known && i < case_out->required.count; i++)
		case_out->is_required |= sluss_id_equal(&case_out->required.persons[i], person);
	if (sluss_id_equal(&case_out->view.subject, person))
		return true;
	case_out->guardian = true;
	case_out->limited = sluss_case_view_limited(txn->state, case_id, person, &whole);
	return known && (case_out->required.who & SLUSS_WHO_GUARDIANS) != 0 && is_guardian(txn, case_id, person);
}

bool svc_person_admitted(struct sluss_txn *txn)
{
	if (!svc_login_locked(txn, &txn->session->person))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_LOGIN_REFUSED, NULL, NULL);
	return false;
}

bool svc_person_need_case(
    struct sluss_txn *txn, const char *text, struct sluss_id *id_out, struct svc_person_case *case_out)
{
	if (!svc_person_admitted(txn) || !svc_read_id(txn, text, "case_id", id_out))
		return false;
	if (svc_person_part(txn, id_out, case_out))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_UNKNOWN_CASE, "case_id", "There is no such case of yours.");
	return false;
}

bool svc_person_looked(struct sluss_txn *txn, const char *what, const struct sluss_id *case_id)
{
	struct sluss_record looked = {.type = SLUSS_REC_LOOKED,
	    .u.looked = {.who = "person", .person = txn->session->person, .what = what, .case_id = *case_id}};
	return sluss_txn_append(txn, &looked, NULL);
}

// ---- PreviewWithdraw

struct preview {
	struct sluss_txn *txn;
	Sluss__V1__PersonPreviewWithdrawResponse response;
	size_t room;
	bool failed;
};

static bool count_one(void *context, const struct sluss_grant_view *grant)
{
	(void)grant;
	((struct preview *)context)->room++;
	return true;
}

static bool add_recalled(struct preview *p, const char *agency)
{
	for (size_t i = 0; i < p->response.n_recalled_agency_ids; i++)
		if (strcmp(p->response.recalled_agency_ids[i], agency) == 0)
			return true;
	char *copy = sluss_arena_text(p->txn->arena, agency);
	p->response.recalled_agency_ids[p->response.n_recalled_agency_ids++] = copy;
	return copy != NULL;
}

static bool add_one(void *context, const struct sluss_grant_view *grant)
{
	struct preview *p = context;
	char *id = svc_id_text(p->txn, &grant->grant);
	p->response.grant_ids[p->response.n_grant_ids++] = id;
	p->failed = id == NULL || (grant->releases > 0 && !add_recalled(p, grant->recipient));
	return !p->failed && p->response.n_grant_ids < p->room;
}

static bool read_scope(
    struct sluss_txn *txn, const Sluss__V1__PersonWithdrawRequest *request, struct sluss_rec_withdrawal *record)
{
	switch (request->scope_case) {
	case SLUSS__V1__PERSON_WITHDRAW_REQUEST__SCOPE_GRANT_ID:
		record->scope = SLUSS_SCOPE_GRANT;
		return svc_read_id(txn, request->grant_id, "grant_id", &record->grant);
	case SLUSS__V1__PERSON_WITHDRAW_REQUEST__SCOPE_CATEGORY:
		record->scope = SLUSS_SCOPE_CATEGORY;
		record->category = request->category;
		return true;
	case SLUSS__V1__PERSON_WITHDRAW_REQUEST__SCOPE_AGENCY_ID:
		record->scope = SLUSS_SCOPE_AGENCY;
		record->scope_agency = request->agency_id;
		return true;
	case SLUSS__V1__PERSON_WITHDRAW_REQUEST__SCOPE_EVERYTHING:
		record->scope = SLUSS_SCOPE_ALL;
		if (request->everything)
			return true;
		break;
	case SLUSS__V1__PERSON_WITHDRAW_REQUEST__SCOPE__NOT_SET:
	case _SLUSS__V1__PERSON_WITHDRAW_REQUEST__SCOPE__CASE_IS_INT_SIZE:
		break;
	}
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "scope",
	    "Say what is withdrawn: a grant, a category, an agency, or everything.");
	return false;
}

bool svc_person_read_withdrawal(
    struct sluss_txn *txn, struct sluss_rec_withdrawal *record_out, struct svc_person_case *case_out)
{
	const Sluss__V1__PersonWithdrawRequest *request = (const Sluss__V1__PersonWithdrawRequest *)txn->request;
	struct sluss_refusal refusal;
	*record_out = (struct sluss_rec_withdrawal){.category = "",
	    .scope_agency = "",
	    .agency = "",
	    .officer = "",
	    .person = txn->session->person,
	    .channel = SLUSS_CHANNEL_ELECTRONIC};
	sluss_id_random(&record_out->withdrawal);
	if (!svc_person_need_case(txn, request->case_id, &record_out->case_id, case_out) ||
	    !read_scope(txn, request, record_out))
		return false;
	if (sluss_check_withdrawal(txn->state, record_out, &refusal) == SLUSS_REASON_NONE)
		return true;
	sluss_txn_refuse_check(txn, &refusal);
	return false;
}

// Whether something of the message waits for this delivery's recipient on a consent that would be withdrawn.
static bool waits_on(struct sluss_txn *txn, const struct sluss_rec_withdrawal *withdrawal,
    const struct sluss_delivery *delivery, const struct sluss_rec_message *message, const char *recipient)
{
	for (size_t i = 0; i < message->section_count; i++) {
		const struct sluss_section_label *label = &message->sections[i];
		if ((delivery->live >> i & 1) != 0 &&
		    sluss_withdrawal_matches(txn->state, withdrawal, &message->case_id, label->category,
			message->sender, recipient, label->purpose))
			return true;
	}
	return false;
}

static bool count_waiting(struct sluss_txn *txn, const struct sluss_rec_withdrawal *withdrawal, uint32_t *count_out)
{
	struct sluss_messages *messages = exchange_messages(txn);
	for (uint32_t box = 0; box < sluss_mailbox_count(messages); box++)
		for (uint32_t number = sluss_mailbox_first(messages, box); number != SLUSS_NOWHERE;) {
			const struct sluss_delivery *delivery = sluss_messages_delivery(messages, number);
			struct sluss_record record;
			number = delivery->next;
			if (!sluss_id_equal(
				&sluss_messages_at(messages, delivery->message)->case_id, &withdrawal->case_id))
				continue;
			struct sluss_arena *own = exchange_scratch_begin(txn);
			if (own == NULL)
				return false;
			bool ok = exchange_record(txn, delivery->message, &record);
			if (ok && waits_on(txn, withdrawal, delivery, &record.u.message_accepted,
				      sluss_mailbox_agency(messages, box)))
				(*count_out)++;
			if (!exchange_scratch_end(txn, own, ok))
				return false;
		}
	return true;
}

void svc_person_preview(struct sluss_txn *txn)
{
	struct preview p = {.txn = txn, .response = SLUSS__V1__PERSON_PREVIEW_WITHDRAW_RESPONSE__INIT};
	struct sluss_rec_withdrawal withdrawal;
	struct svc_person_case part;
	if (!svc_person_read_withdrawal(txn, &withdrawal, &part))
		return;
	sluss_withdrawal_covers(txn->state, &withdrawal, txn->now_ms, count_one, &p);
	p.response.grant_ids = sluss_arena_array(txn->arena, p.room + 1, sizeof(*p.response.grant_ids));
	p.response.recalled_agency_ids =
	    sluss_arena_array(txn->arena, p.room + 1, sizeof(*p.response.recalled_agency_ids));
	p.failed = p.response.grant_ids == NULL || p.response.recalled_agency_ids == NULL;
	if (!p.failed && p.room > 0)
		sluss_withdrawal_covers(txn->state, &withdrawal, txn->now_ms, add_one, &p);
	if (p.failed) {
		svc_no_memory(txn);
		return;
	}
	if (!count_waiting(txn, &withdrawal, &p.response.messages_waiting))
		return;
	bool ends_link =
	    part.view.phase != SLUSS_PHASE_CLOSED && sluss_withdrawal_ends_link(txn->state, &withdrawal, txn->now_ms);
	p.response.phase = ends_link ? SLUSS__V1__PHASE__PHASE_CLOSING : (Sluss__V1__Phase)part.view.phase;
	p.response.affects_others = part.required.count > 1;
	sluss_txn_respond(txn, &p.response.base);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_PERSON_GET_OVERVIEW, NULL, NULL, svc_person_overview, NULL, 0},
    {SLUSS_METHOD_PERSON_LIST_DISCLOSURES, NULL, NULL, svc_person_disclosures, NULL, 0},
    {SLUSS_METHOD_PERSON_GET_RECEIPT, NULL, NULL, svc_person_receipt, NULL, 0},
    {SLUSS_METHOD_PERSON_LIST_NOTICES, NULL, NULL, svc_person_notices, NULL, 0},
    {SLUSS_METHOD_PERSON_LIST_RECALLS, NULL, NULL, svc_person_recalls, NULL, 0},
    {SLUSS_METHOD_PERSON_GIVE, NULL, NULL, svc_person_give, NULL, SLUSS_SERVICE_REQUEST_ID},
    {SLUSS_METHOD_PERSON_REFUSE, NULL, NULL, svc_person_refuse, NULL, SLUSS_SERVICE_REQUEST_ID},
    {SLUSS_METHOD_PERSON_WITHDRAW, NULL, NULL, svc_person_withdraw, NULL, SLUSS_SERVICE_REQUEST_ID},
    {SLUSS_METHOD_PERSON_PREVIEW_WITHDRAW, NULL, NULL, svc_person_preview, NULL, 0},
};

const struct sluss_service_list sluss_svc_person = {rows, sizeof(rows) / sizeof(rows[0])};
