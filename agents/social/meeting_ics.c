// SPDX-License-Identifier: EUPL-1.2
// Content lines as RFC 5545 has them: escaped (section 3.3.11), folded at 75 octets without cutting a character (3.1),
// times in UTC (3.3.5, form 2). No METHOD: it would demand an organiser with an address.
#include "meeting_ics.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FOLD_OCTETS = 75 };

// Writes one content line, folded.
static void content_line(FILE *out, const char *name, const char *value)
{
	size_t used = 0;
	const char *parts[] = {name, ":", value};
	for (size_t p = 0; p < 3; p++) {
		for (const char *at = parts[p]; *at != '\0';) {
			size_t octets = 1;
			while ((at[octets] & 0xc0) == 0x80) {
				octets++;
			}
			if (used + octets > FOLD_OCTETS) {
				(void)fputs("\r\n ", out);
				used = 1;
			}
			(void)fwrite(at, 1, octets, out);
			used += octets;
			at += octets;
		}
	}
	(void)fputs("\r\n", out);
}

// Appends escaped text.
static void escape(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == ';' || *text == ',') {
			(void)fputc('\\', out);
			(void)fputc(*text, out);
		} else if (*text == '\n') {
			(void)fputs("\\n", out);
		} else if (*text != '\r') {
			(void)fputc(*text, out);
		}
	}
}

static bool text_line(FILE *out, const char *name, const char *text)
{
	char *value = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&value, &len);
	if (memory == NULL) {
		return false;
	}
	escape(memory, text);
	bool ok = fclose(memory) == 0;
	if (ok) {
		content_line(out, name, value);
	}
	free(value);
	return ok;
}

static bool time_line(FILE *out, const char *name, int64_t seconds)
{
	struct tm utc;
	char text[32];
	time_t t = (time_t)seconds;
	if (seconds < 0 || gmtime_r(&t, &utc) == NULL || utc.tm_year > 9999 - 1900 ||
	    strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc) == 0) {
		return false;
	}
	content_line(out, name, text);
	return true;
}

static bool description(FILE *out, const Sluss__V1__MeetingInvitation *m)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = m->n_agenda == 0 ? NULL : open_memstream(&text, &len);
	if (memory == NULL) {
		return m->n_agenda == 0;
	}
	for (size_t i = 0; i < m->n_agenda; i++) {
		(void)fprintf(memory, "%s%zu. %s", i > 0 ? "\n" : "", i + 1, m->agenda[i]);
	}
	bool ok = fclose(memory) == 0 && text_line(out, "DESCRIPTION", text);
	free(text);
	return ok;
}

static bool write_event(FILE *out, const Sluss__V1__MeetingInvitation *m, int64_t now_ms)
{
	char sequence[16];
	(void)snprintf(sequence, sizeof(sequence), "%u", m->sequence);
	content_line(out, "BEGIN", "VCALENDAR");
	content_line(out, "VERSION", "2.0");
	content_line(out, "PRODID", "-//Sluss//agents/social//EN");
	content_line(out, "BEGIN", "VEVENT");
	content_line(out, "UID", m->meeting_id);
	bool ok = time_line(out, "DTSTAMP", now_ms / 1000) && time_line(out, "DTSTART", m->starts_at->seconds) &&
		  time_line(out, "DTEND", m->ends_at->seconds) && text_line(out, "SUMMARY", m->title) &&
		  text_line(out, "LOCATION", m->place) && description(out, m);
	content_line(out, "SEQUENCE", sequence);
	content_line(out, "STATUS", m->cancelled ? "CANCELLED" : "CONFIRMED");
	content_line(out, "CLASS", "PRIVATE");
	content_line(out, "END", "VEVENT");
	content_line(out, "END", "VCALENDAR");
	return ok;
}

char *sluss_social_meeting_ics(const Sluss__V1__MeetingInvitation *invitation, int64_t now_ms)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = invitation->starts_at == NULL || invitation->ends_at == NULL ? NULL : open_memstream(&text, &len);
	if (out == NULL) {
		return NULL;
	}
	bool ok = write_event(out, invitation, now_ms);
	ok = fclose(out) == 0 && ok;
	if (!ok) {
		free(text);
		return NULL;
	}
	return text;
}
