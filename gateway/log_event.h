// SPDX-License-Identifier: EUPL-1.2
// The operational event log: what the operator reads (journal, stderr). One line an event: time, level, role, event
// name, key=value pairs. It is not the audit log. Never payload, personal names or secrets in it; ids, agencies,
// counts, error texts of the system. Any thread, any process; a line goes out in one write() of at most SLUSS_EVENT_MAX
// octets. Not for signal handlers.
#ifndef SLUSS_LOG_EVENT_H
#define SLUSS_LOG_EVENT_H

#include "sluss/types.h"

enum {
	SLUSS_EVENT_MAX = 1024, // longest line with its newline; longer ones are cut
};

// As syslog orders them (RFC 5424 section 6.2.1); under systemd the line starts with the journal's "<n>" prefix.
enum sluss_event_level {
	SLUSS_EVENT_NONE = 0,
	SLUSS_EVENT_ERROR = 3,
	SLUSS_EVENT_WARNING = 4,
	SLUSS_EVENT_NOTICE = 5,
	SLUSS_EVENT_INFO = 6,
	SLUSS_EVENT_DEBUG = 7, // written only when the environment has SLUSS_DEBUG=1
};

// Names the process in its lines ("parent" until told otherwise). Call once, before threads. The text must outlive the
// process.
void sluss_event_role(const char *role);

// Writes one event. `name` is lower case with dashes ("edge-started"); `pairs` is a format for "key=value key=value" or
// NULL. A value with spaces must be quoted by the caller. Control characters are replaced, so that nobody can forge a
// line. Keeps errno.
void sluss_event(enum sluss_event_level level, const char *name, const char *pairs, ...) SLUSS_PRINTF(3, 4);

#endif
