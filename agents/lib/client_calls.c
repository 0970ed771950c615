// SPDX-License-Identifier: EUPL-1.2
// One function for each method: which path, which types.
#include "client_internal.h"

// A signed statement: FUNCTION(draft) -> Service/Method -> Response.
#define STATES(function, Statement, service_method, Response, response)                                                                              \
	enum sluss_client_result function(struct sluss_client *c, Sluss__V1__##Statement *draft, Sluss__V1__##Response **out)                       \
	{                                                                                                                                            \
		return sluss_client_state(                                                                                                           \
		    c, "/sluss.v1." service_method, &draft->base, NULL, &sluss__v1__##response##__descriptor, (ProtobufCMessage **)out);               \
	}

STATES(sluss_client_case_open, OpenCase, "CaseService/Open", CaseOpenResponse, case_open_response)
STATES(sluss_client_case_set_members, SetMembers, "CaseService/SetMembers", CaseChangeResponse, case_change_response)
STATES(sluss_client_case_set_phase, SetPhase, "CaseService/SetPhase", CaseChangeResponse, case_change_response)
STATES(sluss_client_case_set_guardians, SetGuardians, "CaseService/SetGuardians", CaseChangeResponse, case_change_response)
STATES(sluss_client_case_set_protection, SetProtection, "CaseService/SetProtection", CaseChangeResponse, case_change_response)
STATES(sluss_client_case_assess_maturity, AssessMaturity, "CaseService/AssessMaturity", CaseChangeResponse, case_change_response)
STATES(sluss_client_consent_record, RecordConsent, "ConsentService/Record", ConsentRecordResponse, consent_record_response)
STATES(sluss_client_consent_withdraw, WithdrawConsent, "ConsentService/Withdraw", WithdrawResponse, withdraw_response)
STATES(sluss_client_acknowledge, AcknowledgeDelivery, "ExchangeService/Acknowledge", AcknowledgeResponse, acknowledge_response)
STATES(sluss_client_statute_request, RequestStatutory, "StatutoryService/Request", StatutoryChangeResponse, statutory_change_response)
STATES(sluss_client_statute_approve, ApproveStatutory, "StatutoryService/Approve", StatutoryChangeResponse, statutory_change_response)
STATES(sluss_client_report_replay, ReplayReport, "AuditService/ReportReplay", ReportReplayResponse, report_replay_response)
STATES(sluss_client_recall_attest, AttestRecall, "RecallService/Attest", RecallAttestResponse, recall_attest_response)

enum sluss_client_result sluss_client_consent_act(struct sluss_client *c, Sluss__V1__ActOnGrants *draft, Sluss__V1__ActResponse **out)
{
	const char *path = NULL;
	*out = NULL;
	switch ((int)draft->act) {
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_GIVE:
		path = "/sluss.v1.ConsentService/Give";
		break;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_REFUSE:
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_INVALIDATE:
		path = "/sluss.v1.ConsentService/Refuse";
		break;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE:
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_NARROW:
		path = "/sluss.v1.ConsentService/Pause";
		break;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_RESUME:
		path = "/sluss.v1.ConsentService/Resume";
		break;
	default:
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "An act is give, refuse, pause, narrow, resume or invalidate.");
	}
	return sluss_client_state(c, path, &draft->base, NULL, &sluss__v1__act_response__descriptor, (ProtobufCMessage **)out);
}

// ---- questions

#define ASK(c, service_method, request, response, out) \
	sluss_client_call(c, "/sluss.v1." service_method, &(request)->base, &sluss__v1__##response##__descriptor, 0, (ProtobufCMessage **)(out))

static char *unconst(const char *text)
{
	return (char *)(uintptr_t)(text == NULL ? "" : text); // packing does not write
}

enum sluss_client_result sluss_client_agencies(struct sluss_client *c, Sluss__V1__AgencyType type, Sluss__V1__ListAgenciesResponse **out)
{
	Sluss__V1__ListAgenciesRequest r = SLUSS__V1__LIST_AGENCIES_REQUEST__INIT;
	r.type = type;
	return ASK(c, "DirectoryService/ListAgencies", &r, list_agencies_response, out);
}

enum sluss_client_result sluss_client_agency(struct sluss_client *c, const char *agency_id, Sluss__V1__GetAgencyResponse **out)
{
	Sluss__V1__GetAgencyRequest r = SLUSS__V1__GET_AGENCY_REQUEST__INIT;
	r.agency_id = unconst(agency_id);
	return ASK(c, "DirectoryService/GetAgency", &r, get_agency_response, out);
}

enum sluss_client_result sluss_client_case_get(struct sluss_client *c, const char *case_id, Sluss__V1__CaseGetResponse **out)
{
	Sluss__V1__CaseGetRequest r = SLUSS__V1__CASE_GET_REQUEST__INIT;
	r.case_id = unconst(case_id);
	return ASK(c, "CaseService/Get", &r, case_get_response, out);
}

enum sluss_client_result sluss_client_case_list(
    struct sluss_client *c, Sluss__V1__Phase phase, uint32_t page_size, const char *page_token, Sluss__V1__CaseListResponse **out)
{
	Sluss__V1__CaseListRequest r = SLUSS__V1__CASE_LIST_REQUEST__INIT;
	r.phase = phase;
	r.page_size = page_size;
	r.page_token = unconst(page_token);
	return ASK(c, "CaseService/List", &r, case_list_response, out);
}

enum sluss_client_result sluss_client_consent_get(struct sluss_client *c, const char *consent_id, Sluss__V1__ConsentGetResponse **out)
{
	Sluss__V1__ConsentGetRequest r = SLUSS__V1__CONSENT_GET_REQUEST__INIT;
	r.consent_id = unconst(consent_id);
	return ASK(c, "ConsentService/Get", &r, consent_get_response, out);
}

enum sluss_client_result sluss_client_consent_list(struct sluss_client *c, const char *case_id, Sluss__V1__ConsentListResponse **out)
{
	Sluss__V1__ConsentListRequest r = SLUSS__V1__CONSENT_LIST_REQUEST__INIT;
	r.case_id = unconst(case_id);
	return ASK(c, "ConsentService/List", &r, consent_list_response, out);
}

enum sluss_client_result sluss_client_consent_receipt(
    struct sluss_client *c, const char *consent_id, const char *person_id, const char *language, Sluss__V1__ConsentGetReceiptResponse **out)
{
	Sluss__V1__ConsentGetReceiptRequest r = SLUSS__V1__CONSENT_GET_RECEIPT_REQUEST__INIT;
	r.consent_id = unconst(consent_id);
	r.person_id = unconst(person_id);
	r.language = unconst(language);
	return ASK(c, "ConsentService/GetReceipt", &r, consent_get_receipt_response, out);
}

enum sluss_client_result sluss_client_fetch(struct sluss_client *c, const Sluss__V1__FetchRequest *request, Sluss__V1__FetchResponse **out)
{
	return sluss_client_call(
	    c, "/sluss.v1.ExchangeService/Fetch", &request->base, &sluss__v1__fetch_response__descriptor, request->wait_ms, (ProtobufCMessage **)out);
}

enum sluss_client_result sluss_client_statute_list(struct sluss_client *c, const char *case_id, Sluss__V1__StatutoryListResponse **out)
{
	Sluss__V1__StatutoryListRequest r = SLUSS__V1__STATUTORY_LIST_REQUEST__INIT;
	r.case_id = unconst(case_id);
	return ASK(c, "StatutoryService/List", &r, statutory_list_response, out);
}

enum sluss_client_result sluss_client_recall_list(struct sluss_client *c, bool include_answered, Sluss__V1__RecallListResponse **out)
{
	Sluss__V1__RecallListRequest r = SLUSS__V1__RECALL_LIST_REQUEST__INIT;
	r.include_answered = include_answered;
	return ASK(c, "RecallService/List", &r, recall_list_response, out);
}

enum sluss_client_result sluss_client_recall_list_of(
    struct sluss_client *c, const Sluss__V1__RecallListRequest *request, Sluss__V1__RecallListResponse **out)
{
	return ASK(c, "RecallService/List", request, recall_list_response, out);
}

enum sluss_client_result sluss_client_consent_statement(struct sluss_client *c, uint64_t log_index, Sluss__V1__ConsentGetStatementResponse **out)
{
	Sluss__V1__ConsentGetStatementRequest r = SLUSS__V1__CONSENT_GET_STATEMENT_REQUEST__INIT;
	r.log_index = log_index;
	return ASK(c, "ConsentService/GetStatement", &r, consent_get_statement_response, out);
}

enum sluss_client_result sluss_client_audit_proof(struct sluss_client *c, uint64_t log_index, uint64_t from_size, Sluss__V1__GetProofResponse **out)
{
	Sluss__V1__GetProofRequest r = SLUSS__V1__GET_PROOF_REQUEST__INIT;
	r.log_index = log_index;
	r.from_size = from_size;
	return ASK(c, "AuditService/GetProof", &r, get_proof_response, out);
}

enum sluss_client_result sluss_client_audit_export(struct sluss_client *c, uint64_t start, uint32_t count, Sluss__V1__ExportResponse **out)
{
	Sluss__V1__ExportRequest r = SLUSS__V1__EXPORT_REQUEST__INIT;
	r.start = start;
	r.count = count;
	return ASK(c, "AuditService/Export", &r, export_response, out);
}

enum sluss_client_result sluss_client_audit_disclosures(
    struct sluss_client *c, const Sluss__V1__ListDisclosuresRequest *request, Sluss__V1__ListDisclosuresResponse **out)
{
	return ASK(c, "AuditService/ListDisclosures", request, list_disclosures_response, out);
}

// ---- keys

enum sluss_client_result sluss_client_enrol(
    struct sluss_client *c, const struct sluss_enrol_token *token, Sluss__V1__EnrolRequest *request, Sluss__V1__EnrolResponse **out)
{
	char token_id[SLUSS_ID_TEXT];
	uint8_t mac[SLUSS_ENROL_MAC_BYTES];
	uint8_t signature[SLUSS_SIGNATURE_BYTES];
	*out = NULL;
	if (c->signing_key == NULL || c->sealing_key_count == 0) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "Enrolment needs a signing key and a sealing key.");
	}
	uint8_t signing_public[SLUSS_KEY_BYTES];
	uint8_t sealing_public[SLUSS_KEY_BYTES];
	memcpy(signing_public, sluss_signing_key_public(c->signing_key), sizeof(signing_public));
	memcpy(sealing_public, sluss_sealing_key_public(c->sealing_keys[0]), sizeof(sealing_public));
	if (!sluss_possession_sign(c->signing_key, c->authority, request->agency_id, sealing_public, signature)) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "Authority or agency id is too long.");
	}
	request->signing_key = (ProtobufCBinaryData){sizeof(signing_public), signing_public};
	request->sealing_key = (ProtobufCBinaryData){sizeof(sealing_public), sealing_public};
	request->possession_signature = (ProtobufCBinaryData){sizeof(signature), signature};
	sluss_id_format(&token->id, token_id);
	sluss_enrol_mac(token->secret, c->authority, request->agency_id, signing_public, sealing_public, request->certificate_request, mac);
	request->token_id = token_id;
	request->token_mac = (ProtobufCBinaryData){sizeof(mac), mac};
	enum sluss_client_result result = ASK(c, "DirectoryService/Enrol", request, enrol_response, out);
	request->signing_key = request->sealing_key = request->possession_signature = request->token_mac = (ProtobufCBinaryData){0, NULL};
	static char none[] = "";
	request->token_id = none;
	if (result == SLUSS_CLIENT_OK && !sluss_enrol_token_fits_log(token, (*out)->log_verifier_key)) {
		sluss__v1__enrol_response__free_unpacked(*out, NULL);
		*out = NULL;
		return client_fail(c, SLUSS_CLIENT_UNVERIFIED, "The answer's log key is not the one that the token stands for.");
	}
	return result;
}

enum sluss_client_result sluss_client_rotate_keys(struct sluss_client *c, Sluss__V1__RotateKeys *draft, const struct sluss_signing_key *fresh,
    const struct sluss_sealing_key *fresh_sealing, Sluss__V1__RotateKeysResponse **out)
{
	uint8_t signature[SLUSS_SIGNATURE_BYTES];
	uint8_t signing_public[SLUSS_KEY_BYTES];
	uint8_t sealing_public[SLUSS_KEY_BYTES];
	*out = NULL;
	memcpy(signing_public, sluss_signing_key_public(fresh), sizeof(signing_public));
	memcpy(sealing_public, sluss_sealing_key_public(fresh_sealing), sizeof(sealing_public));
	if (!sluss_possession_sign(fresh, c->authority, c->agency_id, sealing_public, signature)) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "Authority or agency id is too long.");
	}
	draft->signing_key = (ProtobufCBinaryData){sizeof(signing_public), signing_public};
	draft->sealing_key = (ProtobufCBinaryData){sizeof(sealing_public), sealing_public};
	draft->possession_signature = (ProtobufCBinaryData){sizeof(signature), signature};
	enum sluss_client_result result = sluss_client_state(
	    c, "/sluss.v1.DirectoryService/RotateKeys", &draft->base, NULL, &sluss__v1__rotate_keys_response__descriptor, (ProtobufCMessage **)out);
	draft->signing_key = draft->sealing_key = draft->possession_signature = (ProtobufCBinaryData){0, NULL};
	return result;
}
