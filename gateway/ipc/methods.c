// SPDX-License-Identifier: EUPL-1.2
#include "ipc/methods.h"

#include <stdlib.h>

#include "sluss/v1/admin.pb-c.h"
#include "sluss/v1/audit.pb-c.h"
#include "sluss/v1/case.pb-c.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/directory.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "sluss/v1/ipc.pb-c.h"
#include "sluss/v1/person.pb-c.h"
#include "sluss/v1/recall.pb-c.h"
#include "sluss/v1/session.pb-c.h"
#include "sluss/v1/statutory.pb-c.h"

enum {
	LOOKUP_BODY = 64 << 10,	    // questions: a few ids
	STATEMENT_BODY = 512 << 10, // one SignedStatement of at most 256 KiB, also as base64 in JSON
	CHUNK_BODY = 512 << 10,	    // a chunk of 256 KiB and its label, also as base64
	POLICY_BODY = 768 << 10,    // a policy file of at most 512 KiB, also as base64
};

#define AGENCY .ports = SLUSS_PORT_BIT(SLUSS_PORT_AGENCY), .needs_certificate = true
#define PUBLIC .ports = SLUSS_PORT_BIT(SLUSS_PORT_PUBLIC)
#define PERSON PUBLIC, .session = SLUSS_FOR_PERSONS
#define SESSION PUBLIC, .session = SLUSS_FOR_SESSIONS
// Agencies by their certificate, their staff by a session.
#define STAFF                                                                                                          \
	.ports = SLUSS_PORT_BIT(SLUSS_PORT_AGENCY) | SLUSS_PORT_BIT(SLUSS_PORT_PUBLIC), .needs_certificate = true,     \
	.session = SLUSS_FOR_STAFF
#define ADMIN .ports = SLUSS_PORT_BIT(SLUSS_PORT_ADMIN)
#define METHOD(number, service, name, req, resp)                                                                       \
	.id = SLUSS_METHOD_##number, .path = "/sluss.v1." service "/" name,                                            \
	.request = &sluss__v1__##req##__descriptor, .response = &sluss__v1__##resp##__descriptor

// Sorted by path (octets), so that a path is found by halving; tests/unit/ipc_test.c holds it to that, and to the
// .proto files.
static const struct sluss_method_info methods[] = {
    {METHOD(ADMIN_ADD_AGENCY, "AdminService", "AddAgency", add_agency_request, add_agency_response), ADMIN,
	.max_body = LOOKUP_BODY},
    {METHOD(ADMIN_BACKUP, "AdminService", "Backup", backup_request, backup_response), ADMIN, .max_body = LOOKUP_BODY},
    {METHOD(ADMIN_END_SESSIONS, "AdminService", "EndSessions", end_sessions_request, end_sessions_response), ADMIN,
	.max_body = LOOKUP_BODY},
    {METHOD(ADMIN_ERASE_PERSON, "AdminService", "ErasePerson", erase_person_request, erase_person_response), ADMIN,
	.max_body = LOOKUP_BODY},
    {METHOD(ADMIN_GET_HEALTH, "AdminService", "GetHealth", get_health_request, get_health_response), ADMIN,
	.max_body = LOOKUP_BODY},
    {METHOD(ADMIN_LIST_QUEUES, "AdminService", "ListQueues", list_queues_request, list_queues_response), ADMIN,
	.max_body = LOOKUP_BODY},
    {METHOD(ADMIN_REVOKE_AGENCY, "AdminService", "RevokeAgency", revoke_agency_request, revoke_agency_response), ADMIN,
	.max_body = LOOKUP_BODY},
    {METHOD(ADMIN_REVOKE_KEYS, "AdminService", "RevokeKeys", revoke_keys_request, revoke_keys_response), ADMIN,
	.max_body = LOOKUP_BODY},
    {METHOD(ADMIN_SET_POLICY, "AdminService", "SetPolicy", set_policy_request, set_policy_response), ADMIN,
	.max_body = POLICY_BODY},
    {METHOD(ADMIN_STEP_CLOCK, "AdminService", "StepClock", step_clock_request, step_clock_response), ADMIN,
	.max_body = LOOKUP_BODY},

    {METHOD(AUDIT_EXPORT, "AuditService", "Export", export_request, export_response), AGENCY, .max_body = LOOKUP_BODY},
    {METHOD(AUDIT_GET_COUNTS, "AuditService", "GetCounts", get_counts_request, get_counts_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(AUDIT_GET_LOG_HEALTH, "AuditService", "GetLogHealth", get_log_health_request, get_log_health_response),
	STAFF, .max_body = LOOKUP_BODY},
    {METHOD(AUDIT_GET_PROOF, "AuditService", "GetProof", get_proof_request, get_proof_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(AUDIT_GET_REPORT, "AuditService", "GetReport", get_report_request, get_report_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(AUDIT_GET_TIMELINE, "AuditService", "GetTimeline", get_timeline_request, get_timeline_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(AUDIT_LIST_DISCLOSURES, "AuditService", "ListDisclosures", list_disclosures_request,
	 list_disclosures_response),
	STAFF, .max_body = LOOKUP_BODY},
    {METHOD(AUDIT_REPORT_REPLAY, "AuditService", "ReportReplay", report_replay_request, report_replay_response), AGENCY,
	.max_body = STATEMENT_BODY},

    {METHOD(CASE_ASSESS_MATURITY, "CaseService", "AssessMaturity", case_change_request, case_change_response), STAFF,
	.max_body = STATEMENT_BODY},
    {METHOD(CASE_GET, "CaseService", "Get", case_get_request, case_get_response), STAFF, .max_body = LOOKUP_BODY},
    {METHOD(CASE_GET_PERSONS, "CaseService", "GetPersons", case_get_persons_request, case_get_persons_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(CASE_LIST, "CaseService", "List", case_list_request, case_list_response), STAFF, .max_body = LOOKUP_BODY},
    {METHOD(CASE_OPEN, "CaseService", "Open", case_open_request, case_open_response), STAFF,
	.max_body = STATEMENT_BODY},
    {METHOD(CASE_SET_GUARDIANS, "CaseService", "SetGuardians", case_change_request, case_change_response), STAFF,
	.max_body = STATEMENT_BODY},
    {METHOD(CASE_SET_MEMBERS, "CaseService", "SetMembers", case_change_request, case_change_response), STAFF,
	.max_body = STATEMENT_BODY},
    {METHOD(CASE_SET_PHASE, "CaseService", "SetPhase", case_change_request, case_change_response), STAFF,
	.max_body = STATEMENT_BODY},
    {METHOD(CASE_SET_PROTECTION, "CaseService", "SetProtection", case_change_request, case_change_response), STAFF,
	.max_body = STATEMENT_BODY},

    {METHOD(CONSENT_GET, "ConsentService", "Get", consent_get_request, consent_get_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(CONSENT_GET_RECEIPT, "ConsentService", "GetReceipt", consent_get_receipt_request,
	 consent_get_receipt_response),
	STAFF, .max_body = LOOKUP_BODY},
    {METHOD(CONSENT_GET_STATEMENT, "ConsentService", "GetStatement", consent_get_statement_request,
	 consent_get_statement_response),
	STAFF, .max_body = LOOKUP_BODY},
    {METHOD(CONSENT_GIVE, "ConsentService", "Give", act_request, act_response), STAFF, .max_body = STATEMENT_BODY},
    {METHOD(CONSENT_LIST, "ConsentService", "List", consent_list_request, consent_list_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(CONSENT_PAUSE, "ConsentService", "Pause", act_request, act_response), STAFF, .max_body = STATEMENT_BODY},
    {METHOD(CONSENT_RECORD, "ConsentService", "Record", consent_record_request, consent_record_response), STAFF,
	.max_body = STATEMENT_BODY},
    {METHOD(CONSENT_REFUSE, "ConsentService", "Refuse", act_request, act_response), STAFF, .max_body = STATEMENT_BODY},
    {METHOD(CONSENT_RESUME, "ConsentService", "Resume", act_request, act_response), STAFF, .max_body = STATEMENT_BODY},
    {METHOD(CONSENT_WITHDRAW, "ConsentService", "Withdraw", withdraw_request, withdraw_response), STAFF,
	.max_body = STATEMENT_BODY},

    {METHOD(DIRECTORY_ENROL, "DirectoryService", "Enrol", enrol_request, enrol_response), PUBLIC,
	.max_body = LOOKUP_BODY},
    {METHOD(DIRECTORY_GET_AGENCY, "DirectoryService", "GetAgency", get_agency_request, get_agency_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(DIRECTORY_LIST_AGENCIES, "DirectoryService", "ListAgencies", list_agencies_request, list_agencies_response),
	STAFF, .max_body = LOOKUP_BODY},
    {METHOD(DIRECTORY_ROTATE_KEYS, "DirectoryService", "RotateKeys", rotate_keys_request, rotate_keys_response), AGENCY,
	.max_body = STATEMENT_BODY},

    {METHOD(EXCHANGE_ACKNOWLEDGE, "ExchangeService", "Acknowledge", acknowledge_request, acknowledge_response), AGENCY,
	.max_body = STATEMENT_BODY},
    {METHOD(EXCHANGE_EVALUATE, "ExchangeService", "Evaluate", evaluate_request, evaluate_response), AGENCY},
    {METHOD(EXCHANGE_FETCH, "ExchangeService", "Fetch", fetch_request, fetch_response), AGENCY, .max_body = LOOKUP_BODY,
	.long_poll = true, .sealed = true},
    {METHOD(EXCHANGE_GET_CHUNK, "ExchangeService", "GetChunk", get_chunk_request, get_chunk_response), AGENCY,
	.max_body = LOOKUP_BODY, .sealed = true},
    {METHOD(EXCHANGE_GET_STATUS, "ExchangeService", "GetStatus", get_status_request, get_status_response), AGENCY,
	.max_body = LOOKUP_BODY},
    {METHOD(EXCHANGE_GET_UPLOAD, "ExchangeService", "GetUpload", get_upload_request, get_upload_response), AGENCY,
	.max_body = LOOKUP_BODY},
    {METHOD(EXCHANGE_PUT_CHUNK, "ExchangeService", "PutChunk", put_chunk_request, put_chunk_response), AGENCY,
	.max_body = CHUNK_BODY},
    {METHOD(EXCHANGE_SEND, "ExchangeService", "Send", send_request, send_response), AGENCY, .sealed = true},
    {METHOD(EXCHANGE_SEND_BATCH, "ExchangeService", "SendBatch", send_batch_request, send_batch_response), AGENCY,
	.sealed = true},

    {METHOD(PERSON_GET_OVERVIEW, "PersonService", "GetOverview", get_overview_request, get_overview_response), PERSON,
	.max_body = LOOKUP_BODY},
    {METHOD(PERSON_GET_RECEIPT, "PersonService", "GetReceipt", person_get_receipt_request, person_get_receipt_response),
	PERSON, .max_body = LOOKUP_BODY},
    {METHOD(PERSON_GIVE, "PersonService", "Give", person_act_request, person_act_response), PERSON,
	.max_body = LOOKUP_BODY},
    {METHOD(PERSON_LIST_DISCLOSURES, "PersonService", "ListDisclosures", person_list_disclosures_request,
	 person_list_disclosures_response),
	PERSON, .max_body = LOOKUP_BODY},
    {METHOD(PERSON_LIST_NOTICES, "PersonService", "ListNotices", person_list_notices_request,
	 person_list_notices_response),
	PERSON, .max_body = LOOKUP_BODY},
    {METHOD(PERSON_LIST_RECALLS, "PersonService", "ListRecalls", person_list_recalls_request,
	 person_list_recalls_response),
	PERSON, .max_body = LOOKUP_BODY},
    {METHOD(PERSON_PREVIEW_WITHDRAW, "PersonService", "PreviewWithdraw", person_withdraw_request,
	 person_preview_withdraw_response),
	PERSON, .max_body = LOOKUP_BODY},
    {METHOD(PERSON_REFUSE, "PersonService", "Refuse", person_act_request, person_act_response), PERSON,
	.max_body = LOOKUP_BODY},
    {METHOD(PERSON_WITHDRAW, "PersonService", "Withdraw", person_withdraw_request, person_withdraw_response), PERSON,
	.max_body = LOOKUP_BODY},

    {METHOD(RECALL_ATTEST, "RecallService", "Attest", recall_attest_request, recall_attest_response), AGENCY,
	.max_body = STATEMENT_BODY},
    {METHOD(RECALL_LIST, "RecallService", "List", recall_list_request, recall_list_response), STAFF,
	.max_body = LOOKUP_BODY},

    {METHOD(SESSION_BEGIN, "SessionService", "Begin", begin_login_request, begin_login_response), PUBLIC,
	.max_body = LOOKUP_BODY},
    {METHOD(SESSION_END, "SessionService", "End", end_session_request, end_session_response), SESSION,
	.max_body = LOOKUP_BODY},
    {METHOD(SESSION_ENTER_CODE, "SessionService", "EnterCode", enter_code_request, finish_login_response), PUBLIC,
	.max_body = LOOKUP_BODY},
    {METHOD(SESSION_FINISH, "SessionService", "Finish", finish_login_request, finish_login_response), PUBLIC,
	.max_body = LOOKUP_BODY},
    {METHOD(SESSION_GET, "SessionService", "Get", get_session_request, get_session_response), SESSION,
	.max_body = LOOKUP_BODY},
    {METHOD(SESSION_ISSUE_CODE, "SessionService", "IssueCode", issue_code_request, issue_code_response), STAFF,
	.max_body = STATEMENT_BODY},
    {METHOD(SESSION_LIST_ISSUERS, "SessionService", "ListIssuers", list_issuers_request, list_issuers_response), PUBLIC,
	.max_body = LOOKUP_BODY},

    {METHOD(STATUTORY_APPROVE, "StatutoryService", "Approve", statutory_change_request, statutory_change_response),
	STAFF, .max_body = STATEMENT_BODY},
    {METHOD(STATUTORY_LIST, "StatutoryService", "List", statutory_list_request, statutory_list_response), STAFF,
	.max_body = LOOKUP_BODY},
    {METHOD(STATUTORY_REQUEST, "StatutoryService", "Request", statutory_change_request, statutory_change_response),
	STAFF, .max_body = STATEMENT_BODY},
};

// No part of the contract: its path is no URL, so that no client can call it.
static const struct sluss_method_info log_file = {.id = SLUSS_METHOD_LOG_FILE,
    .path = "/log-file",
    .request = &sluss__v1__log_file_request__descriptor,
    .response = &sluss__v1__log_file_response__descriptor,
    .max_body = 1,
    .ports = SLUSS_PORT_BIT(SLUSS_PORT_AGENCY) | SLUSS_PORT_BIT(SLUSS_PORT_PUBLIC)};

enum { METHOD_COUNT = sizeof(methods) / sizeof(methods[0]) };

static int by_path(const void *path, const void *method)
{
	return strcmp(path, ((const struct sluss_method_info *)method)->path);
}

const struct sluss_method_info *sluss_method_by_path(const char *path)
{
	return bsearch(path, methods, METHOD_COUNT, sizeof(methods[0]), by_path);
}

const struct sluss_method_info *sluss_method_by_id(uint32_t id)
{
	if (id == SLUSS_METHOD_LOG_FILE)
		return &log_file;
	// Not on the path of a request in web, and core asks once a request: fifty comparisons are nothing beside its
	// signature check.
	for (size_t i = 0; i < METHOD_COUNT; i++)
		if ((uint32_t)methods[i].id == id)
			return id == 0 ? NULL : &methods[i];
	return NULL;
}

const struct sluss_method_info *sluss_method_log_file(void)
{
	return &log_file;
}

const char *sluss_method_name(const struct sluss_method_info *method)
{
	return strrchr(method->path, '/') + 1;
}
