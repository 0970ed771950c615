// SPDX-License-Identifier: EUPL-1.2
// The table of all remote procedures: what web routes and checks, and what core dispatches on. CoreRequest.method is
// enum sluss_method.
#ifndef SLUSS_IPC_METHODS_H
#define SLUSS_IPC_METHODS_H

#include <protobuf-c/protobuf-c.h>

#include "sluss/types.h"

// Where a request came in (CoreRequest.port).
enum sluss_port {
	SLUSS_PORT_NONE = 0,
	SLUSS_PORT_AGENCY = 1, // mutual TLS
	SLUSS_PORT_PUBLIC = 2, // TLS without client certificate
	SLUSS_PORT_ADMIN = 3,  // core's own Unix socket
};

// Stable numbers, never reused; each service has its own block of twenty.
enum sluss_method {
	SLUSS_METHOD_NONE = 0,

	SLUSS_METHOD_EXCHANGE_SEND = 1,
	SLUSS_METHOD_EXCHANGE_SEND_BATCH = 2,
	SLUSS_METHOD_EXCHANGE_EVALUATE = 3,
	SLUSS_METHOD_EXCHANGE_FETCH = 4,
	SLUSS_METHOD_EXCHANGE_ACKNOWLEDGE = 5,
	SLUSS_METHOD_EXCHANGE_GET_STATUS = 6,
	SLUSS_METHOD_EXCHANGE_PUT_CHUNK = 7,
	SLUSS_METHOD_EXCHANGE_GET_UPLOAD = 8,
	SLUSS_METHOD_EXCHANGE_GET_CHUNK = 9,

	SLUSS_METHOD_CONSENT_RECORD = 21,
	SLUSS_METHOD_CONSENT_GIVE = 22,
	SLUSS_METHOD_CONSENT_REFUSE = 23,
	SLUSS_METHOD_CONSENT_WITHDRAW = 24,
	SLUSS_METHOD_CONSENT_PAUSE = 25,
	SLUSS_METHOD_CONSENT_RESUME = 26,
	SLUSS_METHOD_CONSENT_GET = 27,
	SLUSS_METHOD_CONSENT_LIST = 28,
	SLUSS_METHOD_CONSENT_GET_RECEIPT = 29,
	SLUSS_METHOD_CONSENT_GET_STATEMENT = 30,

	SLUSS_METHOD_CASE_OPEN = 41,
	SLUSS_METHOD_CASE_GET = 42,
	SLUSS_METHOD_CASE_LIST = 43,
	SLUSS_METHOD_CASE_SET_MEMBERS = 44,
	SLUSS_METHOD_CASE_SET_PHASE = 45,
	SLUSS_METHOD_CASE_SET_GUARDIANS = 46,
	SLUSS_METHOD_CASE_SET_PROTECTION = 47,
	SLUSS_METHOD_CASE_ASSESS_MATURITY = 48,
	SLUSS_METHOD_CASE_GET_PERSONS = 49,

	SLUSS_METHOD_STATUTORY_REQUEST = 61,
	SLUSS_METHOD_STATUTORY_APPROVE = 62,
	SLUSS_METHOD_STATUTORY_LIST = 63,

	SLUSS_METHOD_RECALL_LIST = 81,
	SLUSS_METHOD_RECALL_ATTEST = 82,

	SLUSS_METHOD_DIRECTORY_LIST_AGENCIES = 101,
	SLUSS_METHOD_DIRECTORY_GET_AGENCY = 102,
	SLUSS_METHOD_DIRECTORY_ROTATE_KEYS = 103,
	SLUSS_METHOD_DIRECTORY_ENROL = 104,

	SLUSS_METHOD_AUDIT_LIST_DISCLOSURES = 121,
	SLUSS_METHOD_AUDIT_GET_PROOF = 122,
	SLUSS_METHOD_AUDIT_EXPORT = 123,
	SLUSS_METHOD_AUDIT_GET_LOG_HEALTH = 124,
	SLUSS_METHOD_AUDIT_GET_TIMELINE = 125,
	SLUSS_METHOD_AUDIT_GET_COUNTS = 126,
	SLUSS_METHOD_AUDIT_GET_REPORT = 127,
	SLUSS_METHOD_AUDIT_REPORT_REPLAY = 128,

	SLUSS_METHOD_PERSON_GET_OVERVIEW = 141,
	SLUSS_METHOD_PERSON_LIST_DISCLOSURES = 142,
	SLUSS_METHOD_PERSON_GIVE = 143,
	SLUSS_METHOD_PERSON_REFUSE = 144,
	SLUSS_METHOD_PERSON_WITHDRAW = 145,
	SLUSS_METHOD_PERSON_GET_RECEIPT = 146,
	SLUSS_METHOD_PERSON_PREVIEW_WITHDRAW = 147,
	SLUSS_METHOD_PERSON_LIST_RECALLS = 148,
	SLUSS_METHOD_PERSON_LIST_NOTICES = 149,

	SLUSS_METHOD_ADMIN_ADD_AGENCY = 161,
	SLUSS_METHOD_ADMIN_REVOKE_AGENCY = 162,
	SLUSS_METHOD_ADMIN_SET_POLICY = 163,
	SLUSS_METHOD_ADMIN_STEP_CLOCK = 164,
	SLUSS_METHOD_ADMIN_GET_HEALTH = 165,
	SLUSS_METHOD_ADMIN_BACKUP = 166,
	SLUSS_METHOD_ADMIN_ERASE_PERSON = 167,
	SLUSS_METHOD_ADMIN_REVOKE_KEYS = 168,
	SLUSS_METHOD_ADMIN_END_SESSIONS = 169,
	SLUSS_METHOD_ADMIN_LIST_QUEUES = 170,

	SLUSS_METHOD_SESSION_LIST_ISSUERS = 181,
	SLUSS_METHOD_SESSION_BEGIN = 182,
	SLUSS_METHOD_SESSION_FINISH = 183,
	SLUSS_METHOD_SESSION_ENTER_CODE = 184,
	SLUSS_METHOD_SESSION_GET = 185,
	SLUSS_METHOD_SESSION_END = 186,
	SLUSS_METHOD_SESSION_ISSUE_CODE = 187,

	SLUSS_METHOD_LOG_FILE = 221, // inside the gateway: one of the log's files, for an HTTP GET

	SLUSS_METHOD_END = 240, // one past the last block
};

// Whose session a method needs on the public port (session.proto).
enum sluss_method_session {
	SLUSS_FOR_ANYBODY = 0, // none
	SLUSS_FOR_PERSONS,
	SLUSS_FOR_STAFF,
	SLUSS_FOR_SESSIONS, // either
};

// What a method is. All pointers are to constants.
struct sluss_method_info {
	enum sluss_method id;
	const char *path; // "/sluss.v1.ExchangeService/Send"
	const ProtobufCMessageDescriptor *request;
	const ProtobufCMessageDescriptor *response;
	uint32_t max_body; // octets of a request after decompression; 0: the setting web.max_body (which also caps the
			   // others)
	uint8_t ports;	   // SLUSS_PORT_BIT of every port it is offered on
	bool needs_certificate; // on the agency port
	enum sluss_method_session session;
	bool long_poll; // the answer may wait for something to happen (Fetch)
	bool sealed;	// mostly ciphertext in the answer: compressing it is a waste
};

#define SLUSS_PORT_BIT(port) ((uint8_t)(1u << (port)))

// The method with this path, exactly (no query, no trailing slash); NULL when there is none.
const struct sluss_method_info *sluss_method_by_path(const char *path);

// The method with this number; NULL for a number that is no method (CoreRequest.method is foreign to core).
const struct sluss_method_info *sluss_method_by_id(uint32_t id);

// What web asks core for when somebody GETs one of the log's files (LogFileRequest, ipc.proto). No URL names it.
const struct sluss_method_info *sluss_method_log_file(void);

// The part of the path behind the last slash: "Send".
const char *sluss_method_name(const struct sluss_method_info *method);

#endif
