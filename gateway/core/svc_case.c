// SPDX-License-Identifier: EUPL-1.2
// CaseService: cases are opened, read, and changed by their coordinator. What names a person goes to the register (persons.h), the rest into the log.
#include "exchange.h"
#include "recall.h"
#include "sessions.h"
#include "sluss/id.h"
#include "svc_case_persons.h"
#include "svc_case_read.h"
#include "svc_common.h"

#include <stdio.h>

enum {
	GUARDIANS_MAX = 8,
	REASONS_MAX = 2000,
	VIEW_LIMITS_MAX = 64,
	PAGE_DEFAULT = 100,
	PAGE_MAX = 1000,
};

static void answer_open(struct sluss_txn *txn, const struct sluss_id *case_id, uint64_t index)
{
	Sluss__V1__CaseOpenResponse response = SLUSS__V1__CASE_OPEN_RESPONSE__INIT;
	response.case_ = svc_case(txn, case_id);
	if (response.case_ == NULL)
		return;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 2);
}

static void answer_change(struct sluss_txn *txn, const struct sluss_id *case_id, uint64_t index)
{
	Sluss__V1__CaseChangeResponse response = SLUSS__V1__CASE_CHANGE_RESPONSE__INIT;
	if (!sluss_txn_settle(txn) || (response.case_ = svc_case(txn, case_id)) == NULL)
		return;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 2);
	sluss_txn_barrier(txn, case_id);
}

// ---- Open

// A new case id, or that of a case which a referral to this agency opened and nobody has taken in hand.
static bool may_open(struct sluss_txn *txn, const struct sluss_id *case_id)
{
	struct sluss_case_view view;
	if (txn->caller_type != SLUSS_AGENCY_SOCIAL_SERVICES) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, "agency_id", "only social services open cases");
		return false;
	}
	if (!sluss_case_find(txn->state, case_id, &view))
		return true;
	if (view.programme[0] == '\0' && sluss_case_is_member(txn->state, case_id, txn->caller))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "case_id", "a case with this id is open already");
	return false;
}

// The subject's age lies within the programme.
static bool fits_programme(struct sluss_txn *txn, const char *programme, const struct sluss_person *subject)
{
	struct sluss_refusal refusal = {0};
	uint8_t from = 0, until = 0;
	int64_t next;
	if (subject->birth.year == 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "subject.birth_date", "a subject's birth date is needed");
		return false;
	}
	if (!sluss_age_band_at(txn->policy, subject->birth, txn->now_ms, &from, &until, &next)) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "subject.birth_date", "nobody is born in the future");
		return false;
	}
	if (sluss_check_open(txn->state, programme, from, until, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return false;
	}
	return true;
}

static bool append_guardians(struct sluss_txn *txn, const struct sluss_id *case_id, const struct svc_persons *guardians, uint64_t *index_out)
{
	struct sluss_id *ids = sluss_arena_array(txn->arena, guardians->count, sizeof(*ids));
	if (ids == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < guardians->count; i++)
		ids[i] = guardians->persons[i].id;
	struct sluss_record record = {.type = SLUSS_REC_GUARDIANS_SET,
	    .u.guardians_set = {.case_id = *case_id, .guardians = ids, .guardian_count = guardians->count, .agency = txn->caller, .officer = txn->header->officer_id}};
	return sluss_txn_append(txn, &record, index_out);
}

static bool append_members(struct sluss_txn *txn, const struct sluss_id *case_id, const struct svc_members *members, uint64_t *index_out)
{
	struct sluss_record record = {.type = SLUSS_REC_MEMBERS_SET,
	    .u.members_set = {.case_id = *case_id, .members = members->members, .member_count = members->count, .agency = txn->caller, .officer = txn->header->officer_id}};
	return sluss_txn_append(txn, &record, index_out);
}

static bool append_protection(struct sluss_txn *txn, const struct sluss_id *case_id, bool protected_identity, bool locked, uint64_t *index_out)
{
	struct sluss_record record = {.type = SLUSS_REC_PROTECTION_SET,
	    .u.protection_set = {.case_id = *case_id, .protected_identity = protected_identity, .login_locked = locked, .agency = txn->caller, .officer = txn->header->officer_id}};
	return sluss_txn_append(txn, &record, index_out);
}

static void open_execute(struct sluss_txn *txn)
{
	const Sluss__V1__OpenCase *s = (const Sluss__V1__OpenCase *)txn->statement;
	struct sluss_id case_id;
	struct svc_persons subject, guardians;
	struct svc_members members;
	uint64_t index = 0;
	if (!svc_read_id(txn, s->case_id, "case_id", &case_id) || !may_open(txn, &case_id) ||
	    !svc_read_persons(txn, s->subject == NULL ? 0 : 1, &s->subject, "subject", 1, &subject) ||
	    !svc_read_persons(txn, s->n_guardians, s->guardians, "guardians", GUARDIANS_MAX, &guardians) ||
	    !svc_read_members(txn, s->n_members, s->members, s->n_coordinator_officer_ids, s->coordinator_officer_ids, &members))
		return;
	if (subject.count != 1) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "subject", "a case has exactly one subject");
		return;
	}
	if (!svc_distinct(txn, &subject.persons[0], &guardians) || !fits_programme(txn, s->programme, &subject.persons[0]))
		return;
	struct sluss_record opened = {.type = SLUSS_REC_CASE_OPENED,
	    .u.case_opened = {.case_id = case_id, .subject = subject.persons[0].id, .programme = s->programme, .phase = SLUSS_PHASE_NOMINATED,
	        .agency = txn->caller, .officer = txn->header->officer_id, .reporter = ""}};
	if (svc_register(txn, &subject, true) && svc_register(txn, &guardians, false) && sluss_txn_append(txn, &opened, &index) &&
	    (guardians.count == 0 || append_guardians(txn, &case_id, &guardians, NULL)) && append_members(txn, &case_id, &members, NULL) &&
	    (!s->protected_identity || append_protection(txn, &case_id, true, false, NULL)))
		answer_open(txn, &case_id, index);
}

// ---- Get, List

static void get_execute(struct sluss_txn *txn)
{
	const Sluss__V1__CaseGetRequest *request = (const Sluss__V1__CaseGetRequest *)txn->request;
	Sluss__V1__CaseGetResponse response = SLUSS__V1__CASE_GET_RESPONSE__INIT;
	struct sluss_case_view view;
	struct sluss_id case_id;
	if (svc_read_id(txn, request->case_id, "case_id", &case_id) && svc_need_member(txn, &case_id, &view) &&
	    (response.case_ = svc_case(txn, &case_id)) != NULL)
		sluss_txn_respond(txn, &response.base);
}

// A page token is the position of the next case, in decimal.
static bool read_token(struct sluss_txn *txn, const char *token, size_t *position_out)
{
	size_t position = 0;
	for (size_t i = 0; token[i] != '\0'; i++) {
		if (token[i] < '0' || token[i] > '9' || i > 12) {
			sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "page_token", "this is no token of an earlier answer");
			return false;
		}
		position = position * 10 + (size_t)(token[i] - '0');
	}
	*position_out = position;
	return true;
}

static void list_execute(struct sluss_txn *txn)
{
	const Sluss__V1__CaseListRequest *request = (const Sluss__V1__CaseListRequest *)txn->request;
	Sluss__V1__CaseListResponse response = SLUSS__V1__CASE_LIST_RESPONSE__INIT;
	size_t limit = request->page_size == 0 ? PAGE_DEFAULT : request->page_size > PAGE_MAX ? PAGE_MAX : request->page_size;
	size_t position = 0;
	struct sluss_case_view view;
	if (!read_token(txn, request->page_token, &position))
		return;
	response.cases = sluss_arena_array(txn->arena, limit, sizeof(*response.cases));
	if (response.cases == NULL) {
		svc_no_memory(txn);
		return;
	}
	for (; sluss_case_at(txn->state, position, &view); position++) {
		if (!sluss_case_is_member(txn->state, &view.case_id, txn->caller) ||
		    (request->phase != SLUSS__V1__PHASE__PHASE_UNSPECIFIED && (Sluss__V1__Phase)view.phase != request->phase))
			continue;
		if (response.n_cases == limit) {
			char token[24];
			snprintf(token, sizeof(token), "%zu", position);
			response.next_page_token = sluss_arena_text(txn->arena, token);
			break;
		}
		if ((response.cases[response.n_cases++] = svc_case(txn, &view.case_id)) == NULL)
			return;
	}
	if (response.next_page_token == NULL) {
		svc_no_memory(txn);
		return;
	}
	sluss_txn_respond(txn, &response.base);
}

// ---- changes

static void members_execute(struct sluss_txn *txn)
{
	const Sluss__V1__SetMembers *s = (const Sluss__V1__SetMembers *)txn->statement;
	struct sluss_case_view view;
	struct svc_members members;
	struct sluss_id case_id;
	uint64_t index;
	if (svc_read_id(txn, s->case_id, "case_id", &case_id) && svc_need_coordinator(txn, &case_id, &view) &&
	    svc_read_members(txn, s->n_members, s->members, s->n_coordinator_officer_ids, s->coordinator_officer_ids, &members) &&
	    append_members(txn, &case_id, &members, &index))
		answer_change(txn, &case_id, index);
}

static void phase_execute(struct sluss_txn *txn)
{
	const Sluss__V1__SetPhase *s = (const Sluss__V1__SetPhase *)txn->statement;
	struct sluss_refusal refusal = {0};
	struct sluss_case_view view;
	struct sluss_id case_id;
	uint64_t index;
	enum sluss_phase phase = (enum sluss_phase)s->phase;                    // same numbers, see policy/record.h
	enum sluss_close_reason reason = (enum sluss_close_reason)s->close_reason; // likewise
	if (!svc_read_id(txn, s->case_id, "case_id", &case_id) || !svc_need_coordinator(txn, &case_id, &view))
		return;
	if (sluss_check_phase(txn->state, &case_id, phase, reason, txn->now_ms, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return;
	}
	struct sluss_record record = {.type = SLUSS_REC_PHASE_SET,
	    .u.phase_set = {.case_id = case_id, .phase = phase, .reason = reason, .agency = txn->caller, .officer = txn->header->officer_id}};
	if (!sluss_txn_append(txn, &record, &index) ||
	    (phase == SLUSS_PHASE_CLOSED && !sluss_txn_recall(txn, &case_id, SLUSS_RECALL_CLOSING, NULL, NULL, NULL)))
		return;
	answer_change(txn, &case_id, index);
}

// As many different guardians as the state can tell apart.
static bool guardians_fit(struct sluss_txn *txn, const struct sluss_id *case_id, const struct svc_persons *guardians)
{
	struct sluss_refusal refusal = {0};
	struct sluss_id *ids = sluss_arena_array(txn->arena, guardians->count, sizeof(*ids));
	if (ids == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < guardians->count; i++)
		ids[i] = guardians->persons[i].id;
	if (sluss_check_guardians(txn->state, case_id, ids, guardians->count, &refusal) == SLUSS_REASON_NONE)
		return true;
	sluss_txn_refuse_check(txn, &refusal);
	return false;
}

static void guardians_execute(struct sluss_txn *txn)
{
	const Sluss__V1__SetGuardians *s = (const Sluss__V1__SetGuardians *)txn->statement;
	struct sluss_case_view view;
	struct svc_persons guardians;
	struct sluss_id case_id;
	uint64_t index;
	if (!svc_read_id(txn, s->case_id, "case_id", &case_id) || !svc_need_coordinator(txn, &case_id, &view) ||
	    !svc_read_persons(txn, s->n_guardians, s->guardians, "guardians", GUARDIANS_MAX, &guardians))
		return;
	struct sluss_person subject = {.id = view.subject};
	if (svc_distinct(txn, &subject, &guardians) && guardians_fit(txn, &case_id, &guardians) && svc_register(txn, &guardians, false) &&
	    append_guardians(txn, &case_id, &guardians, &index))
		answer_change(txn, &case_id, index);
}

static bool is_guardian(const struct sluss_txn *txn, const struct sluss_id *case_id, const struct sluss_id *person)
{
	struct sluss_id guardian;
	for (size_t i = 0; sluss_case_guardian(txn->state, case_id, i, &guardian); i++)
		if (sluss_id_equal(&guardian, person))
			return true;
	return false;
}

static bool is_message_of(struct sluss_txn *txn, const struct sluss_id *case_id, const struct sluss_id *message)
{
	const struct sluss_messages *messages = exchange_messages(txn);
	uint32_t at = sluss_messages_find(messages, message);
	return at != SLUSS_NOWHERE && sluss_id_equal(&sluss_messages_at(messages, at)->case_id, case_id);
}

// One limit without its reasons: a guardian of today, or one whose view is limited already; the whole view, or a message of this case.
static bool read_view_limit(struct sluss_txn *txn, const Sluss__V1__ViewLimit *from, size_t i, struct sluss_rec_view_limited *limit)
{
	const char *guardian = svc_path(txn, "view_limits[%zu].guardian_person_id", i), *message = svc_path(txn, "view_limits[%zu].message_id", i);
	if (!svc_read_id(txn, from->guardian_person_id, guardian, &limit->guardian) ||
	    (from->message_id[0] != '\0' && !svc_read_id(txn, from->message_id, message, &limit->message)))
		return false;
	if (!is_guardian(txn, &limit->case_id, &limit->guardian) && !sluss_case_view_limited(txn->state, &limit->case_id, &limit->guardian, &limit->message)) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, guardian, "this is no registered guardian of the case");
		return false;
	}
	if (!sluss_id_is_none(&limit->message) && !is_message_of(txn, &limit->case_id, &limit->message)) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, message, "there is no such message in this case");
		return false;
	}
	limit->limited = from->limited;
	return svc_read_text(txn, from->reasons, svc_path(txn, "view_limits[%zu].reasons", i), REASONS_MAX);
}

// All are read before any is written.
static struct sluss_rec_view_limited *read_view_limits(struct sluss_txn *txn, const Sluss__V1__SetProtection *s, const struct sluss_id *case_id)
{
	if (s->n_view_limits > VIEW_LIMITS_MAX) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "view_limits", "at most 64 limits at once");
		return NULL;
	}
	struct sluss_rec_view_limited *limits = sluss_arena_array(txn->arena, s->n_view_limits, sizeof(*limits));
	if (limits == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	for (size_t i = 0; i < s->n_view_limits; i++) {
		limits[i] = (struct sluss_rec_view_limited){.case_id = *case_id, .agency = txn->caller, .officer = txn->header->officer_id};
		if (!read_view_limit(txn, s->view_limits[i], i, &limits[i]))
			return NULL;
	}
	return limits;
}

// The reasons lie under an id of their own: the statement's, with the position in the list added to its last octet.
static bool append_view_limits(struct sluss_txn *txn, const Sluss__V1__SetProtection *s, const struct sluss_rec_view_limited *limits)
{
	for (size_t i = 0; i < s->n_view_limits; i++) {
		struct sluss_record record = {.type = SLUSS_REC_VIEW_LIMITED, .u.view_limited = limits[i]};
		struct sluss_id text = txn->header->id;
		text.b[SLUSS_ID_BYTES - 1] = (uint8_t)(text.b[SLUSS_ID_BYTES - 1] + i);
		if (!svc_keep_text(txn, SVC_TEXT_VIEW_LIMIT, &text, s->view_limits[i]->reasons, record.u.view_limited.reasons_hash) ||
		    !sluss_txn_append(txn, &record, NULL))
			return false;
	}
	return true;
}

static void protection_execute(struct sluss_txn *txn)
{
	const Sluss__V1__SetProtection *s = (const Sluss__V1__SetProtection *)txn->statement;
	struct sluss_rec_view_limited *limits;
	struct sluss_case_view view;
	struct sluss_id case_id;
	uint64_t index;
	if (svc_read_id(txn, s->case_id, "case_id", &case_id) && svc_need_coordinator(txn, &case_id, &view) &&
	    (limits = read_view_limits(txn, s, &case_id)) != NULL && append_protection(txn, &case_id, s->protected_identity, s->login_locked, &index) &&
	    append_view_limits(txn, s, limits))
		answer_change(txn, &case_id, index);
}

// Whose login is locked is logged out as well, at once.
static void protection_finish(struct sluss_txn *txn)
{
	const Sluss__V1__SetProtection *s = (const Sluss__V1__SetProtection *)txn->statement;
	struct sluss_session owner = {.kind = SLUSS_SESSION_PERSON};
	struct sluss_case_view view;
	struct sluss_id case_id;
	if (!s->login_locked || !sluss_id_from_text(s->case_id, &case_id) || !sluss_case_find(txn->state, &case_id, &view))
		return;
	owner.person = view.subject;
	(void)sluss_sessions_end_all(sluss_txn_sessions(txn), &owner);
}

static enum sluss_who who_of(Sluss__V1__MaturityOutcome outcome)
{
	switch (outcome) {
	case SLUSS__V1__MATURITY_OUTCOME__MATURITY_OUTCOME_SUBJECT_ALONE:
		return SLUSS_WHO_SUBJECT;
	case SLUSS__V1__MATURITY_OUTCOME__MATURITY_OUTCOME_GUARDIANS_AND_SUBJECT:
		return SLUSS_WHO_BOTH;
	case SLUSS__V1__MATURITY_OUTCOME__MATURITY_OUTCOME_GUARDIANS_ALONE:
		return SLUSS_WHO_GUARDIANS;
	case SLUSS__V1__MATURITY_OUTCOME__MATURITY_OUTCOME_UNSPECIFIED:
	case _SLUSS__V1__MATURITY_OUTCOME_IS_INT_SIZE:
		break;
	}
	return SLUSS_WHO_NONE;
}

// Assessor, date and reasons are there: without them it is no assessment.
static bool assessment_is_whole(struct sluss_txn *txn, const Sluss__V1__AssessMaturity *s)
{
	struct sluss_date on;
	if (!sluss_is_officer_id(s->assessor_officer_id, strlen(s->assessor_officer_id))) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "assessor_officer_id", "name the officer who assessed");
		return false;
	}
	if (!sluss_date_parse(s->assessed_on, &on) || sluss_date_compare(on, sluss_date_at(txn->now_ms)) > 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "assessed_on",
		    "the day of the assessment is needed as YYYY-MM-DD, not later than today");
		return false;
	}
	return svc_read_text(txn, s->reasons, "reasons", REASONS_MAX);
}

static void maturity_execute(struct sluss_txn *txn)
{
	const Sluss__V1__AssessMaturity *s = (const Sluss__V1__AssessMaturity *)txn->statement;
	struct sluss_refusal refusal = {0};
	struct sluss_case_view view;
	struct sluss_id case_id;
	uint64_t index;
	struct sluss_record record = {.type = SLUSS_REC_MATURITY_ASSESSED};
	if (!svc_read_id(txn, s->case_id, "case_id", &case_id) || !svc_need_coordinator(txn, &case_id, &view) || !assessment_is_whole(txn, s))
		return;
	if (sluss_check_assessment(txn->state, &case_id, who_of(s->outcome), &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return;
	}
	record.u.maturity_assessed = (struct sluss_rec_maturity_assessed){
	    .case_id = case_id, .who = who_of(s->outcome), .agency = txn->caller, .officer = txn->header->officer_id};
	if (svc_keep_text(txn, SVC_TEXT_ASSESSMENT, &txn->header->id, s->reasons, record.u.maturity_assessed.reasons_hash) &&
	    sluss_txn_append(txn, &record, &index))
		answer_change(txn, &case_id, index);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_CASE_OPEN, &sluss__v1__open_case__descriptor, NULL, open_execute, NULL, 0},
    {SLUSS_METHOD_CASE_GET, NULL, NULL, get_execute, NULL, 0},
    {SLUSS_METHOD_CASE_LIST, NULL, NULL, list_execute, NULL, 0},
    {SLUSS_METHOD_CASE_SET_MEMBERS, &sluss__v1__set_members__descriptor, NULL, members_execute, NULL, 0},
    {SLUSS_METHOD_CASE_SET_PHASE, &sluss__v1__set_phase__descriptor, NULL, phase_execute, NULL, 0},
    {SLUSS_METHOD_CASE_SET_GUARDIANS, &sluss__v1__set_guardians__descriptor, NULL, guardians_execute, NULL, 0},
    {SLUSS_METHOD_CASE_SET_PROTECTION, &sluss__v1__set_protection__descriptor, NULL, protection_execute, protection_finish, 0},
    {SLUSS_METHOD_CASE_GET_PERSONS, NULL, NULL, svc_case_persons, NULL, 0},
    {SLUSS_METHOD_CASE_ASSESS_MATURITY, &sluss__v1__assess_maturity__descriptor, NULL, maturity_execute, NULL, 0},
};

const struct sluss_service_list sluss_svc_case = {rows, sizeof(rows) / sizeof(rows[0])};
