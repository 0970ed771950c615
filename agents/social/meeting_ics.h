// SPDX-License-Identifier: EUPL-1.2
// A MeetingInvitation -> an iCalendar object (RFC 5545) that calendars take. It names nobody: a calendar is often seen
// by others.
#ifndef SLUSS_SOCIAL_MEETING_ICS_H
#define SLUSS_SOCIAL_MEETING_ICS_H

#include "sluss/types.h"
#include "sluss/v1/payload_social.pb-c.h"

// The text with CRLF line ends; `now_ms` becomes DTSTAMP. NULL: no memory, or a time outside the years 1970 to 9999.
// Free with free(). The invitation is valid (sluss_payload_check).
SLUSS_MUST_CHECK char *sluss_social_meeting_ics(const Sluss__V1__MeetingInvitation *invitation, int64_t now_ms);

#endif
