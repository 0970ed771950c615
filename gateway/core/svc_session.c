// SPDX-License-Identifier: EUPL-1.2
// SessionService but for the identity providers: one-time codes, the view of a session, its end.
#include "svc_session.h"

#include <sodium.h>

#include "login_code.h"
#include "session_evidence.h"
#include "svc_common.h"
#include "writer.h"

enum {
	AUDITOR = 11, // AGENCY_TYPE_AUDITOR
};

bool svc_login_locked(const struct sluss_txn *txn, const struct sluss_id *person)
{
	const struct sluss_case_index *index = sluss_request_of_const(txn)->writer->world->cases;
	struct sluss_case_view view;
	struct sluss_id case_id;
	for (size_t n = 0; sluss_person_case(index, person, n, &case_id); n++)
		if (sluss_case_find(txn->state, &case_id, &view) && view.login_locked &&
		    sluss_id_equal(&view.subject, person))
			return true;
	return false;
}

// ---- the view

static bool fill_person(struct sluss_txn *txn, const struct sluss_session *session, Sluss__V1__Session *out)
{
	struct sluss_person person;
	struct sluss_store *store = sluss_txn_store(txn);
	out->kind = SLUSS__V1__SESSION_KIND__SESSION_KIND_PERSON;
	if (store == NULL)
		return false;
	enum sluss_store_result result = sluss_persons_get(sluss_txn_persons(txn), store, &session->person, &person);
	if (!sluss_txn_stored(txn, result))
		return false;
	if (result == SLUSS_STORE_OK) {
		out->name = sluss_arena_text(txn->arena, person.name);
		out->language = sluss_arena_text(txn->arena, person.language);
		sodium_memzero(&person, sizeof(person));
	}
	out->person_id = svc_id_text(txn, &session->person);
	return out->person_id != NULL && out->name != NULL && out->language != NULL;
}

static bool fill_staff(struct sluss_txn *txn, const struct sluss_session *session, Sluss__V1__Session *out)
{
	out->kind = SLUSS__V1__SESSION_KIND__SESSION_KIND_STAFF;
	out->agency_id = sluss_arena_text(txn->arena, session->agency);
	out->officer_id = sluss_arena_text(txn->arena, session->officer);
	out->approver = sluss_state_is_approver(txn->state, session->agency, session->officer);
	struct sluss_agency_view view;
	out->auditor =
	    sluss_directory_agency(sluss_txn_directory(txn), session->agency, &view) && (int)view.type == AUDITOR;
	return out->agency_id != NULL && out->officer_id != NULL;
}

static Sluss__V1__Session *view_of(struct sluss_txn *txn, const struct sluss_session *session, int64_t left_ms)
{
	Sluss__V1__Session *out = sluss_arena_alloc(txn->arena, sizeof(*out));
	if (out == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	sluss__v1__session__init(out);
	uint8_t *id = sluss_arena_copy(txn->arena, session->id, sizeof(session->id));
	out->session_id = (ProtobufCBinaryData){sizeof(session->id), id};
	out->expires = svc_time(txn, txn->now_ms + left_ms);
	out->idle_seconds = (uint32_t)(sluss_sessions_idle_ms(sluss_txn_sessions(txn)) / 1000);
	out->issuer_id = sluss_arena_text(txn->arena, session->issuer);
	out->authority = sluss_arena_text(txn->arena, txn->authority);
	bool ok = id != NULL && out->expires != NULL && out->issuer_id != NULL && out->authority != NULL;
	ok = ok &&
	     (session->kind == SLUSS_SESSION_PERSON ? fill_person(txn, session, out) : fill_staff(txn, session, out));
	if (!ok && !sluss_txn_refused(txn))
		svc_no_memory(txn);
	return ok ? out : NULL;
}

// ---- opening

void svc_session_begin(struct sluss_txn *txn, const struct sluss_session *session, struct sluss_bytes evidence)
{
	Sluss__V1__FinishLoginResponse response = SLUSS__V1__FINISH_LOGIN_RESPONSE__INIT;
	struct sluss_record record = {.type = SLUSS_REC_SESSION,
	    .u.session = {.person = session->person,
		.agency = session->agency,
		.officer = session->officer,
		.issuer = session->issuer}};
	struct sluss_session *opening = sluss_arena_copy(txn->arena, session, sizeof(*session));
	if (opening == NULL) {
		svc_no_memory(txn);
		return;
	}
	sluss_session_draw(opening);
	txn->prepared = opening;
	response.session = view_of(txn, opening, sluss_sessions_lifetime_ms(sluss_txn_sessions(txn)));
	if (response.session == NULL || !sluss_session_evidence_keep(txn, opening, evidence, &record.u.session) ||
	    !sluss_txn_append(txn, &record, NULL))
		return;
	sluss_txn_respond(txn, &response.base);
}

void svc_session_finish(struct sluss_txn *txn)
{
	sluss_sessions_open(sluss_txn_sessions(txn), txn->prepared, sluss_monotonic_ms());
}

// ---- EnterCode

// "sluss-login-v1" 0x00 authority 0x00 code_id 0x00 mac, by the key that is to be the session's.
static bool code_is_signed(const struct sluss_txn *txn, const Sluss__V1__EnterCodeRequest *request)
{
	static const char label[] = "sluss-login-v1";
	const struct sluss_bytes parts[] = {
	    {(const uint8_t *)label, sizeof(label)},
	    {(const uint8_t *)txn->authority, strlen(txn->authority) + 1},
	    {(const uint8_t *)request->code_id, strlen(request->code_id) + 1},
	    {request->mac.data, request->mac.len},
	};
	return sluss_session_key_verify(request->session_key.data, parts, sizeof(parts) / sizeof(parts[0]),
	    (struct sluss_bytes){request->signature.data, request->signature.len});
}

static void enter_prepare(struct sluss_txn *txn)
{
	const Sluss__V1__EnterCodeRequest *request = (const Sluss__V1__EnterCodeRequest *)txn->request;
	if (!sluss_session_key_valid((struct sluss_bytes){request->session_key.data, request->session_key.len})) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "session_key",
		    "An uncompressed point on P-256 (65 octets) is needed here.");
		return;
	}
	if (!code_is_signed(txn, request))
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_SIGNATURE_INVALID, "signature", NULL);
}

static void enter_execute(struct sluss_txn *txn)
{
	const Sluss__V1__EnterCodeRequest *request = (const Sluss__V1__EnterCodeRequest *)txn->request;
	struct sluss_session session = {.kind = SLUSS_SESSION_PERSON};
	struct sluss_bytes key = {request->session_key.data, request->session_key.len};
	if (!sluss_login_code_use(
		txn, request->code_id, key, (struct sluss_bytes){request->mac.data, request->mac.len}, &session.person))
		return;
	if (svc_login_locked(txn, &session.person)) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_LOGIN_REFUSED, NULL, NULL);
		return;
	}
	memcpy(session.key, key.data, sizeof(session.key));
	svc_session_begin(
	    txn, &session, (struct sluss_bytes){(const uint8_t *)request->code_id, strlen(request->code_id)});
}

// ---- Get, End

static void get_execute(struct sluss_txn *txn)
{
	Sluss__V1__GetSessionResponse response = SLUSS__V1__GET_SESSION_RESPONSE__INIT;
	response.session = view_of(txn, txn->session, txn->session->until_ms - sluss_monotonic_ms());
	response.now = svc_time(txn, txn->now_ms);
	if (response.session != NULL)
		sluss_txn_respond(txn, &response.base);
}

static void end_execute(struct sluss_txn *txn)
{
	Sluss__V1__EndSessionResponse response = SLUSS__V1__END_SESSION_RESPONSE__INIT;
	const struct sluss_session *session = txn->session;
	struct sluss_record record = {.type = SLUSS_REC_SESSION,
	    .u.session = {.person = session->person,
		.agency = session->agency,
		.officer = session->officer,
		.issuer = session->issuer,
		.ended = true}};
	crypto_hash_sha256(record.u.session.key_hash, session->key, sizeof(session->key));
	if (sluss_txn_append(txn, &record, NULL))
		sluss_txn_respond(txn, &response.base);
}

static void end_finish(struct sluss_txn *txn)
{
	const Sluss__V1__EndSessionRequest *request = (const Sluss__V1__EndSessionRequest *)txn->request;
	if (request->all)
		(void)sluss_sessions_end_all(sluss_txn_sessions(txn), txn->session);
	else
		sluss_sessions_end(sluss_txn_sessions(txn), txn->session->id);
}

// ---- IssueCode

static bool is_of_case(const struct sluss_txn *txn, const struct sluss_case_view *view, const struct sluss_id *person)
{
	struct sluss_id guardian;
	if (sluss_id_equal(&view->subject, person))
		return true;
	for (size_t i = 0; sluss_case_guardian(txn->state, &view->case_id, i, &guardian); i++)
		if (sluss_id_equal(&guardian, person))
			return true;
	return false;
}

static void issue_execute(struct sluss_txn *txn)
{
	const Sluss__V1__IssueCode *s = (const Sluss__V1__IssueCode *)txn->statement;
	Sluss__V1__IssueCodeResponse response = SLUSS__V1__ISSUE_CODE_RESPONSE__INIT;
	struct sluss_case_view view;
	struct sluss_id case_id, person;
	char code[SLUSS_CODE_TEXT];
	if (!svc_read_id(txn, s->case_id, "case_id", &case_id) ||
	    !svc_read_id(txn, s->person_id, "person_id", &person) || !svc_need_coordinator(txn, &case_id, &view))
		return;
	if (!is_of_case(txn, &view, &person)) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "person_id",
		    "Neither the subject nor a registered guardian of this case.");
		return;
	}
	int64_t until_ms = txn->now_ms + sluss_txn_code_ms(txn);
	struct sluss_record record = {
	    .type = SLUSS_REC_CODE_ISSUED, .u.code_issued = {case_id, person, txn->caller, txn->header->officer_id}};
	if (!sluss_login_code_issue(txn, &case_id, &person, until_ms, code) || !sluss_txn_append(txn, &record, NULL))
		return;
	response.code = code;
	response.expires = svc_time(txn, until_ms);
	sluss_txn_respond(txn, &response.base);
	sodium_memzero(code, sizeof(code));
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_SESSION_ENTER_CODE, NULL, enter_prepare, enter_execute, svc_session_finish, 0},
    {SLUSS_METHOD_SESSION_GET, NULL, NULL, get_execute, NULL, 0},
    {SLUSS_METHOD_SESSION_END, NULL, NULL, end_execute, end_finish, 0},
    {SLUSS_METHOD_SESSION_ISSUE_CODE, &sluss__v1__issue_code__descriptor, NULL, issue_execute, NULL,
	SLUSS_SERVICE_REPEATABLE}, // the code must lie nowhere: asked again, another one is made,
};

const struct sluss_service_list sluss_svc_session = {rows, sizeof(rows) / sizeof(rows[0])};
