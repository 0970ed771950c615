// SPDX-License-Identifier: EUPL-1.2
// Writes one line an event to stderr, which is the terminal, a file or systemd's journal.
#include "log_event.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// Set once before threads start, read-only afterwards.
static const char *event_role = "parent";
static bool event_journal;
static bool event_debug;

static const char *level_name(enum sluss_event_level level)
{
	switch (level) {
	case SLUSS_EVENT_ERROR:
		return "error";
	case SLUSS_EVENT_WARNING:
		return "warning";
	case SLUSS_EVENT_NOTICE:
		return "notice";
	case SLUSS_EVENT_INFO:
	case SLUSS_EVENT_NONE:
		return "info";
	case SLUSS_EVENT_DEBUG:
		return "debug";
	}
	return "info";
}

void sluss_event_role(const char *role)
{
	event_role = role;
	const char *debug = getenv("SLUSS_DEBUG");
	event_debug = debug != NULL && strcmp(debug, "1") == 0;
	event_journal = getenv("JOURNAL_STREAM") != NULL;
}

// The journal notes time, level and process itself: there a line is "<level>role event pairs".
static size_t write_head(char *line, size_t room, enum sluss_event_level level, const char *name)
{
	if (event_journal) {
		int n = snprintf(line, room, "<%d>%s %s", (int)level, event_role, name);
		return n > 0 ? (size_t)n : 0;
	}
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		now = (struct timespec){0};
	struct tm utc;
	char stamp[32] = "";
	if (gmtime_r(&now.tv_sec, &utc) != NULL)
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	int n = snprintf(
	    line, room, "%s.%03ldZ %s %s %s", stamp, now.tv_nsec / 1000000, level_name(level), event_role, name);
	return n > 0 ? (size_t)n : 0;
}

// Only printable ASCII and UTF-8's upper half pass: a line stays one line, a terminal stays itself.
static void make_harmless(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f)
			text[i] = '?';
	}
}

void sluss_event(enum sluss_event_level level, const char *name, const char *pairs, ...)
{
	if (level == SLUSS_EVENT_DEBUG && !event_debug)
		return;
	int saved_errno = errno;
	char line[SLUSS_EVENT_MAX];
	size_t room = sizeof(line) - 1; // one octet is the newline's
	size_t len = write_head(line, room, level, name);
	if (len >= room)
		len = room - 1;
	if (pairs != NULL && len + 2 < room) {
		line[len++] = ' ';
		va_list args;
		va_start(args, pairs);
		int n = vsnprintf(line + len, room - len, pairs, args);
		va_end(args);
		if (n > 0)
			len += (size_t)n < room - len ? (size_t)n : room - len - 1;
	}
	make_harmless(line, len);
	line[len++] = '\n';
	// A log that cannot be written must not stop the gateway; there is nobody left to tell.
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written;
	errno = saved_errno;
}
