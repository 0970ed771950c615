// SPDX-License-Identifier: EUPL-1.2
// The reason codes' names and explanations, one table.
#include "sluss/reason.h"

#include <stddef.h>
#include <string.h>

struct reason_row {
	enum sluss_reason reason;
	const char *name;
	const char *text;
};

static const struct reason_row rows[] = {
	{SLUSS_REASON_NONE, "NONE", "No reason was given."},
	{SLUSS_OK_CONSENT, "OK_CONSENT", "Permitted: an active grant names exactly this category, sender, recipient and purpose."},
	{SLUSS_OK_STATUTE, "OK_STATUTE", "Permitted by an approved statutory ground, not by consent."},
	{SLUSS_OK_TYPE, "OK_TYPE", "Permitted: this type of message carries nothing about a person."},
	{SLUSS_NO_GRANT, "NO_GRANT", "Nobody has agreed to share this category from this sender with this recipient for this purpose."},
	{SLUSS_WRONG_SENDER, "WRONG_SENDER", "There is such a grant, but for another sending agency."},
	{SLUSS_WRONG_RECIPIENT, "WRONG_RECIPIENT", "There is such a grant, but for another receiving agency."},
	{SLUSS_WRONG_CATEGORY, "WRONG_CATEGORY", "There is a grant between these agencies, but for another category of information."},
	{SLUSS_WRONG_PURPOSE, "WRONG_PURPOSE", "There is such a grant, but for another purpose."},
	{SLUSS_NOT_YET, "NOT_YET", "The grant is not valid yet."},
	{SLUSS_EXPIRED, "EXPIRED", "The grant's time is over."},
	{SLUSS_PAUSED, "PAUSED", "The grant is paused."},
	{SLUSS_WITHDRAWN, "WITHDRAWN", "The consent was withdrawn."},
	{SLUSS_REFUSED, "REFUSED", "One who must agree has refused."},
	{SLUSS_CONSENTER_MISSING, "CONSENTER_MISSING", "Not everyone who must agree has agreed yet."},
	{SLUSS_AGE_LAPSED, "AGE_LAPSED", "The subject's age has changed who must agree, and the new set has not agreed."},
	{SLUSS_CUSTODY_LAPSED, "CUSTODY_LAPSED", "A guardian came or went, and the new set has not agreed."},
	{SLUSS_THIRD_PARTY_MISSING, "THIRD_PARTY_MISSING", "The section concerns another person, and there is no ground for that person."},
	{SLUSS_NOT_A_MEMBER, "NOT_A_MEMBER", "The sender or the recipient is not a member of the case."},
	{SLUSS_PHASE_FORBIDS, "PHASE_FORBIDS", "The case's phase does not allow this type of message."},
	{SLUSS_TYPE_FORBIDS, "TYPE_FORBIDS", "This type of message may not go from this sender to this recipient with this category."},
	{SLUSS_PROTECTED, "PROTECTED", "The subject is protected: only a contact officer named on the case may receive this, and some categories need a grant that says so."},
	{SLUSS_STATUTE_UNKNOWN, "STATUTE_UNKNOWN", "The policy does not know the provision that was claimed."},
	{SLUSS_STATUTE_NOT_APPLICABLE, "STATUTE_NOT_APPLICABLE", "The provision does not cover these agencies, categories, message type or age, or its necessity was not argued."},
	{SLUSS_STATUTE_UNAPPROVED, "STATUTE_UNAPPROVED", "No second officer with the approver's role has approved."},
	{SLUSS_STATUTE_EXPIRED, "STATUTE_EXPIRED", "The approval's time is over."},
	{SLUSS_MALFORMED, "MALFORMED", "The request cannot be understood; nothing was done."},
	{SLUSS_UNAVAILABLE, "UNAVAILABLE", "The gateway cannot tell at the moment, so nothing was released; try again later."},
	{SLUSS_VAGUE_CATEGORY, "VAGUE_CATEGORY", "A grant names exactly one category."},
	{SLUSS_VAGUE_RECIPIENT, "VAGUE_RECIPIENT", "A grant names its receiving agencies one by one."},
	{SLUSS_VAGUE_PURPOSE, "VAGUE_PURPOSE", "A grant names exactly one purpose."},
	{SLUSS_NO_END, "NO_END", "A grant has a start and an end after it."},
	{SLUSS_END_TOO_LATE, "END_TOO_LATE", "The grant lasts longer than the policy allows."},
	{SLUSS_NOT_NAMED_ALONE, "NOT_NAMED_ALONE", "An agency not bound by public secrecy law is named alone in its grant."},
	{SLUSS_UNKNOWN_AGENCY, "UNKNOWN_AGENCY", "The directory does not know this agency."},
	{SLUSS_UNKNOWN_CATEGORY, "UNKNOWN_CATEGORY", "The policy does not know this category."},
	{SLUSS_OUTSIDE_PROGRAMME, "OUTSIDE_PROGRAMME", "The programme does not cover this age or this kind of agency."},
	{SLUSS_NOT_ENTITLED, "NOT_ENTITLED", "This person or officer may not do that in this case."},
	{SLUSS_CLOSED_STATE, "CLOSED_STATE", "This was closed and never reopens; a new one is needed."},
	{SLUSS_ASSESSMENT_NOT_ALLOWED, "ASSESSMENT_NOT_ALLOWED", "The policy does not let an assessment of maturity decide that at this age."},
	{SLUSS_DEFERRAL_UNARGUED, "DEFERRAL_UNARGUED", "Telling the person later needs reasons and a date."},
	{SLUSS_SIGNATURE_INVALID, "SIGNATURE_INVALID", "The signature does not fit the octets, or the key is not this agency's."},
	{SLUSS_KEY_UNKNOWN, "KEY_UNKNOWN", "The directory does not know this key, or it was revoked."},
	{SLUSS_CLOCK_SKEW, "CLOCK_SKEW", "The stated time is more than five minutes from the gateway's clock."},
	{SLUSS_ID_REUSED, "ID_REUSED", "This id was used before with other content."},
	{SLUSS_UNKNOWN_CASE, "UNKNOWN_CASE", "There is no such case among this agency's cases."},
	{SLUSS_TOO_LARGE, "TOO_LARGE", "The request is larger than the gateway accepts."},
	{SLUSS_CERTIFICATE_UNKNOWN, "CERTIFICATE_UNKNOWN", "The client certificate belongs to no enrolled agency, or was revoked."},
	{SLUSS_TOKEN_INVALID, "TOKEN_INVALID", "The enrolment token is unknown, used or expired."},
	{SLUSS_NOT_FOUND, "NOT_FOUND", "There is no such thing."},
	{SLUSS_BUSY, "BUSY", "The gateway is busy; nothing was lost, try again later."},
	{SLUSS_LOGIN_REFUSED, "LOGIN_REFUSED", "The login does not prove who it is, or nobody by that identity can log in here."},
	{SLUSS_LOGIN_EXPIRED, "LOGIN_EXPIRED", "The login took too long; begin again."},
	{SLUSS_SESSION_UNKNOWN, "SESSION_UNKNOWN", "There is no such session, or it is over; log in again."},
	{SLUSS_LOG_DIFFERS, "LOG_DIFFERS", "The log never had this root at this size: what was verified is another log."},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static const struct reason_row *find(enum sluss_reason reason)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].reason == reason) {
			return &rows[i];
		}
	}
	return NULL;
}

const char *sluss_reason_name(enum sluss_reason reason)
{
	const struct reason_row *row = find(reason);
	return row == NULL ? NULL : row->name;
}

enum sluss_reason sluss_reason_from_name(const char *name)
{
	for (size_t i = 1; name != NULL && i < ROW_COUNT; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			return rows[i].reason;
		}
	}
	return SLUSS_REASON_NONE;
}

const char *sluss_reason_text(enum sluss_reason reason)
{
	const struct reason_row *row = find(reason);
	return row == NULL ? "An unknown reason." : row->text;
}
