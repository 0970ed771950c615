// SPDX-License-Identifier: EUPL-1.2
// Reason codes: why a pair of section and recipient was permitted or denied, and why a recording was refused.
// The numbers are those of sluss.v1.ReasonCode (proto/sluss/v1/common.proto); they are stable and never reused.
#ifndef SLUSS_REASON_H
#define SLUSS_REASON_H

enum sluss_reason {
	SLUSS_REASON_NONE = 0, // never an answer
	// Decisions (the order of this list carries no meaning; the order of checks stands in policy/decide.c).
	SLUSS_OK_CONSENT = 1,
	SLUSS_OK_STATUTE = 2,
	SLUSS_OK_TYPE = 3,
	SLUSS_NO_GRANT = 4,
	SLUSS_WRONG_SENDER = 5,
	SLUSS_WRONG_RECIPIENT = 6,
	SLUSS_WRONG_CATEGORY = 7,
	SLUSS_WRONG_PURPOSE = 8,
	SLUSS_NOT_YET = 9,
	SLUSS_EXPIRED = 10,
	SLUSS_PAUSED = 11,
	SLUSS_WITHDRAWN = 12,
	SLUSS_REFUSED = 13,
	SLUSS_CONSENTER_MISSING = 14,
	SLUSS_AGE_LAPSED = 15,
	SLUSS_CUSTODY_LAPSED = 16,
	SLUSS_THIRD_PARTY_MISSING = 17,
	SLUSS_NOT_A_MEMBER = 18,
	SLUSS_PHASE_FORBIDS = 19,
	SLUSS_TYPE_FORBIDS = 20,
	SLUSS_PROTECTED = 21,
	SLUSS_STATUTE_UNKNOWN = 22,
	SLUSS_STATUTE_NOT_APPLICABLE = 23,
	SLUSS_STATUTE_UNAPPROVED = 24,
	SLUSS_STATUTE_EXPIRED = 25,
	SLUSS_MALFORMED = 26,
	SLUSS_UNAVAILABLE = 27,
	// Recording refused (DOMAIN ruling 17).
	SLUSS_VAGUE_CATEGORY = 40,
	SLUSS_VAGUE_RECIPIENT = 41,
	SLUSS_VAGUE_PURPOSE = 42,
	SLUSS_NO_END = 43,
	SLUSS_END_TOO_LATE = 44,
	SLUSS_NOT_NAMED_ALONE = 45,
	SLUSS_UNKNOWN_AGENCY = 46,
	SLUSS_UNKNOWN_CATEGORY = 47,
	SLUSS_OUTSIDE_PROGRAMME = 48,
	SLUSS_NOT_ENTITLED = 49,
	SLUSS_CLOSED_STATE = 50,
	SLUSS_ASSESSMENT_NOT_ALLOWED = 51,
	SLUSS_DEFERRAL_UNARGUED = 52,
	// Exchange (not decisions about a person).
	SLUSS_SIGNATURE_INVALID = 60, // signature does not fit the octets, or the key is not this agency's
	SLUSS_KEY_UNKNOWN = 61,       // key_id not in the directory, or revoked
	SLUSS_CLOCK_SKEW = 62,        // stated time more than five minutes from the gateway's clock
	SLUSS_ID_REUSED = 63,         // the id was used before with other content
	SLUSS_UNKNOWN_CASE = 64,      // no such case, or not one of this agency's
	SLUSS_TOO_LARGE = 65,
	SLUSS_CERTIFICATE_UNKNOWN = 66, // the client certificate belongs to no enrolled agency, or was revoked
	SLUSS_TOKEN_INVALID = 67,       // enrolment token unknown, used or expired
	SLUSS_NOT_FOUND = 68,
	SLUSS_BUSY = 69,                // a bounded queue is full; nothing was lost, try again later
	// Sessions of persons and staff.
	SLUSS_LOGIN_REFUSED = 70,
	SLUSS_LOGIN_EXPIRED = 71,
	SLUSS_SESSION_UNKNOWN = 72,
	SLUSS_LOG_DIFFERS = 80, // the log never had this root at this size
};

// The stable name, for instance "OK_CONSENT"; "NONE" for SLUSS_REASON_NONE, NULL for a number that is no reason.
const char *sluss_reason_name(enum sluss_reason reason);

// The reason of that name (without prefix), SLUSS_REASON_NONE when there is none.
enum sluss_reason sluss_reason_from_name(const char *name);

// The shortest true explanation, one English sentence for a person.
const char *sluss_reason_text(enum sluss_reason reason);

#endif
