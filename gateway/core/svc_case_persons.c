// SPDX-License-Identifier: EUPL-1.2
// CaseService.GetPersons: the names in a case, for those who lead the group and for nobody else. The look is logged.
#include "svc_case_persons.h"

#include <sodium.h>

#include "request.h"
#include "svc_common.h"

// Who looks is known only in a session: a certificate is an agency's, not an officer's.
static bool may_look(struct sluss_txn *txn, const struct sluss_id *case_id, struct sluss_case_view *view_out)
{
	if (!svc_need_member(txn, case_id, view_out))
		return false;
	if (txn->session == NULL ? svc_leads(txn->state, case_id, txn->caller)
				 : sluss_case_is_coordinator(txn->state, case_id, txn->caller, txn->session->officer))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, NULL,
	    "Only a coordinator of this case may see the names in it.");
	return false;
}

static bool fill(struct sluss_txn *txn, const struct sluss_person *person, Sluss__V1__Person *out)
{
	char birth[sizeof("YYYY-MM-DD") + 16] = "";
	if (person->birth.year != 0)
		(void)snprintf(
		    birth, sizeof(birth), "%04d-%02d-%02d", person->birth.year, person->birth.month, person->birth.day);
	out->name = sluss_arena_text(txn->arena, person->name);
	out->personal_identity_number = sluss_arena_text(txn->arena, person->pin);
	out->birth_date = sluss_arena_text(txn->arena, birth);
	out->language = sluss_arena_text(txn->arena, person->language);
	return (out->name != NULL && out->personal_identity_number != NULL && out->birth_date != NULL &&
		   out->language != NULL) ||
	       svc_no_memory(txn);
}

// NULL: refused. Somebody who was erased has an id and nothing else.
static Sluss__V1__Person *person_of(struct sluss_txn *txn, const struct sluss_id *id)
{
	struct sluss_person person;
	struct sluss_store *store = sluss_txn_store(txn);
	Sluss__V1__Person *out = store == NULL ? NULL : sluss_arena_alloc(txn->arena, sizeof(*out));
	if (out == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	sluss__v1__person__init(out);
	out->person_id = svc_id_text(txn, id);
	enum sluss_store_result result = sluss_persons_get(sluss_txn_persons(txn), store, id, &person);
	bool ok = out->person_id != NULL && sluss_txn_stored(txn, result);
	if (ok && result == SLUSS_STORE_OK)
		ok = fill(txn, &person, out);
	sodium_memzero(&person, sizeof(person));
	return ok ? out : NULL;
}

static bool fill_guardians(
    struct sluss_txn *txn, const struct sluss_id *case_id, Sluss__V1__CaseGetPersonsResponse *response)
{
	struct sluss_id guardian;
	size_t count = 0;
	while (sluss_case_guardian(txn->state, case_id, count, &guardian))
		count++;
	response->guardians = sluss_arena_array(txn->arena, count, sizeof(*response->guardians));
	if (count > 0 && response->guardians == NULL)
		return svc_no_memory(txn);
	for (; response->n_guardians < count; response->n_guardians++) {
		if (!sluss_case_guardian(txn->state, case_id, response->n_guardians, &guardian))
			break;
		response->guardians[response->n_guardians] = person_of(txn, &guardian);
		if (response->guardians[response->n_guardians] == NULL)
			return false;
	}
	return true;
}

static bool fill_limits(
    struct sluss_txn *txn, const struct sluss_id *case_id, Sluss__V1__CaseGetPersonsResponse *response)
{
	struct sluss_id guardian, message;
	size_t count = 0;
	while (sluss_case_view_limit(txn->state, case_id, count, &guardian, &message))
		count++;
	response->view_limits = sluss_arena_array(txn->arena, count, sizeof(*response->view_limits));
	if (count > 0 && response->view_limits == NULL)
		return svc_no_memory(txn);
	while (sluss_case_view_limit(txn->state, case_id, response->n_view_limits, &guardian, &message)) {
		Sluss__V1__ViewLimit *limit = sluss_arena_alloc(txn->arena, sizeof(*limit));
		if (limit == NULL)
			return svc_no_memory(txn);
		sluss__v1__view_limit__init(limit);
		limit->limited = true;
		limit->guardian_person_id = svc_id_text(txn, &guardian);
		if (!sluss_id_is_none(&message))
			limit->message_id = svc_id_text(txn, &message);
		if (limit->guardian_person_id == NULL || limit->message_id == NULL)
			return svc_no_memory(txn);
		response->view_limits[response->n_view_limits++] = limit;
	}
	return true;
}

void svc_case_persons(struct sluss_txn *txn)
{
	const Sluss__V1__CaseGetPersonsRequest *request = (const Sluss__V1__CaseGetPersonsRequest *)txn->request;
	Sluss__V1__CaseGetPersonsResponse response = SLUSS__V1__CASE_GET_PERSONS_RESPONSE__INIT;
	struct sluss_case_view view;
	struct sluss_id case_id;
	if (!svc_read_id(txn, request->case_id, "case_id", &case_id) || !may_look(txn, &case_id, &view))
		return;
	struct sluss_record looked = {
	    .type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = "persons", .case_id = case_id}};
	response.subject = person_of(txn, &view.subject);
	response.login_locked = view.login_locked;
	if (response.subject == NULL || !fill_guardians(txn, &case_id, &response) ||
	    !fill_limits(txn, &case_id, &response) || !sluss_txn_append(txn, &looked, NULL))
		return;
	sluss_txn_respond(txn, &response.base);
}
