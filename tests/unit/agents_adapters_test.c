// SPDX-License-Identifier: EUPL-1.2
// The adapters: what other programs export, against golden files; bad rows with line and column and nothing lost;
// calendars as RFC 5545 wants them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "convert.h"
#include "file.h"
#include "police/threat_form.h"
#include "probation/probation_csv.h"
#include "school/attendance_csv.h"
#include "social/meeting_ics.h"
#include "social/plan_markdown.h"

// What an adapter gave.
struct got {
	json_t *contents;
	char problems[4096];
	char rejected[4096];
};

static void take(void *context, const char *key, const json_t *content)
{
	struct got *g = context;
	(void)json_array_append_new(g->contents, json_pack("{s:s,s:O}", "key", key, "content", content));
}

static void problem(void *context, size_t line, size_t column, const char *text)
{
	struct got *g = context;
	size_t used = strlen(g->problems);
	(void)snprintf(g->problems + used, sizeof(g->problems) - used, "%zu:%zu: %s\n", line, column, text);
}

static void header(void *context, struct sluss_bytes row)
{
	struct got *g = context;
	assert_string_equal(g->rejected, "");
	(void)row;
}

static void reject(void *context, struct sluss_bytes row)
{
	struct got *g = context;
	size_t used = strlen(g->rejected);
	(void)snprintf(g->rejected + used, sizeof(g->rejected) - used, "%.*s\n", (int)row.len, (const char *)row.data);
}

typedef bool adapter(const char *octets, size_t len, const struct sluss_convert *to);

static bool run(struct got *g, adapter *adapt, const char *octets, size_t len)
{
	memset(g, 0, sizeof(*g));
	g->contents = json_array();
	struct sluss_convert to = {take, problem, header, reject, g};
	return adapt(octets, len, &to);
}

static bool run_file(struct got *g, adapter *adapt, const char *path)
{
	size_t len = 0;
	char *octets = sluss_file_read(path, 1 << 20, false, &len);
	if (octets == NULL) {
		fail_msg("%s cannot be read", path);
	}
	bool ok = run(g, adapt, octets, len);
	free(octets);
	return ok;
}

// ---- golden files: SLUSS_GOLDEN=write makes them anew, to be looked at before they are committed

static void compare(const struct got *g, const char *golden)
{
	if (getenv("SLUSS_GOLDEN") != NULL) {
		assert_int_equal(json_dump_file(g->contents, golden, JSON_INDENT(2)), 0);
	}
	json_t *expected = json_load_file(golden, 0, NULL);
	if (!json_equal(expected, g->contents)) {
		char *text = json_dumps(g->contents, JSON_INDENT(2));
		fail_msg("%s differs; got:\n%s", golden, text);
	}
	json_decref(expected);
}

static void golden(void **state)
{
	(void)state;
	static const struct {
		adapter *adapt;
		const char *from, *golden;
		const char *problems; // NULL: none
	} rows[] = {
	    {sluss_school_attendance, "agents/school/examples/lektioner.csv", "tests/unit/golden/lektioner.json", NULL},
	    {sluss_police_threat, "agents/police/examples/hotbild.json", "tests/unit/golden/hotbild.json", NULL},
	    {sluss_social_plan, "agents/social/examples/plan.md", "tests/unit/golden/plan.json", NULL},
	    {sluss_probation_reports, "agents/probation/examples/verkstallighet.csv",
		"tests/unit/golden/verkstallighet.json",
		"4:8: This sanction is not known: skyddstillsyn, villkorlig frigivning, ungdomstjänst, "
		"ungdomsövervakning, fängelse or intensivövervakning is needed.\n"
		"5:0: until: It must not be before from.\n"},
	    {sluss_school_attendance, "agents/school/examples/lektioner-med-fel.csv",
		"tests/unit/golden/lektioner-med-fel.json",
		"3:32: A date that exists is needed, for instance 2012-04-30.\n"
		"4:51: A whole number is needed here.\n"
		"5:1: The pupil is missing.\n"
		"6:43: The quotation mark is not closed where its field ends.\n"
		"7:50: There is text behind the closing quotation mark.\n"
		"8:51: The absence is longer than the lesson.\n"
		"9:54: There is absence, but not of which kind.\n"
		"10:54: This kind of absence is not known: giltig, ogiltig or nothing is needed.\n"
		"11:0: days[0].minutes_planned: The number is 1600; it must be at most 1440.\n"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct got g;
		assert_true(run_file(&g, rows[i].adapt, rows[i].from));
		assert_string_equal(g.problems, rows[i].problems == NULL ? "" : rows[i].problems);
		compare(&g, rows[i].golden);
		json_decref(g.contents);
	}
}

// ---- tables

#define HEAD "Elev;Datum;Planerad tid;Frånvaro;Frånvarotyp\n"

static void tables(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
		size_t contents;
		const char *problems, *rejected;
	} rows[] = {
	    {"LF", HEAD "a;2012-04-10;60;0;\n", 1, "", ""},
	    {"CRLF", "Elev;Datum;Planerad tid;Frånvaro;Frånvarotyp\r\na;2012-04-10;60;0;\r\n", 1, "", ""},
	    {"CR alone", "Elev;Datum;Planerad tid;Frånvaro;Frånvarotyp\ra;2012-04-10;60;0;\r", 1, "", ""},
	    {"no last line end", HEAD "a;2012-04-10;60;0;", 1, "", ""},
	    {"comma", "elev,datum,planerad tid,frånvaro,frånvarotyp\na,2012-04-10,60,0,\n", 1, "", ""},
	    {"tab", "elev\tdatum\tplanerad tid\tfrånvaro\tfrånvarotyp\na\t2012-04-10\t60\t0\t\n", 1, "", ""},
	    {"sep=", "sep=|\r\nElev|Datum|Planerad tid|Frånvaro|Frånvarotyp\r\na|2012-04-10|60|0|\r\n", 1, "", ""},
	    {"byte order mark", "\xef\xbb\xbf" HEAD "a;2012-04-10;60;0;\n", 1, "", ""},
	    {"Windows-1252", "Elev;Datum;Planerad tid;Fr\xe5nvaro;Fr\xe5nvarotyp\na;2012-04-10;60;0;\n", 1, "", ""},
	    {"upper case", "ELEV;DATUM;PLANERAD TID;FRÅNVARO;FRÅNVAROTYP\na;2012-04-10;60;0;\n", 1, "", ""},
	    {"other dates", HEAD "a;20120410;60;0;\na;2012/04/17;60,00;0;\n", 2, "", ""},
	    {"empty lines", HEAD "\n;;;;\na;2012-04-10;60;0;\n\n", 1, "", ""},
	    {"trailing fields left out", HEAD "a;2012-04-10;60;0\n", 1, "", ""},
	    {"columns in another order", "Frånvarotyp;Elev;Frånvaro;Datum;Planerad tid\nSjuk;a;60;2012-04-10;60\n", 1,
		"", ""},
	    {"years begin in their weeks",
		HEAD "a;2012-01-01;60;0;\na;2012-01-02;60;0;\na;2015-12-31;60;0;\na;2016-01-03;60;0;\n", 3, "", ""},
	    {"too many fields", HEAD "a;2012-04-10;60;0;;x\n", 0, "2:0: The row has 6 fields; the first row has 5.\n",
		"a;2012-04-10;60;0;;x\n"},
	    {"swallowed row", HEAD "a;2012-04-10;60;0;\"\nb;2012-04-10;60;0;\"\nc;2012-04-10;60;0;\n", 1,
		"2:19: This kind of absence is not known: giltig, ogiltig or nothing is needed.\n",
		"a;2012-04-10;60;0;\"\nb;2012-04-10;60;0;\"\n"},
	    {"unclosed to the end", HEAD "a;2012-04-10;60;0;\nb;\"2012-04-10;60;0;\nc;2012-04-10;60;0;\n", 2,
		"3:3: The quotation mark is not closed.\n", "b;\"2012-04-10;60;0;\n"},
	    {"negative", HEAD "a;2012-04-10;-60;0;\n", 0, "2:14: A whole number is needed here.\n",
		"a;2012-04-10;-60;0;\n"},
	    {"half a minute", HEAD "a;2012-04-10;60,5;0;\n", 0, "2:14: A whole number is needed here.\n",
		"a;2012-04-10;60,5;0;\n"},
	    {"huge", HEAD "a;2012-04-10;99999999999999999999;0;\n", 0, "2:14: A whole number is needed here.\n",
		"a;2012-04-10;99999999999999999999;0;\n"},
	    {"date with letters", HEAD "å;2012-04-1x;60;0;\n", 0,
		"2:3: A date is needed here: 2012-04-30, 2012/04/30 or 20120430.\n", "å;2012-04-1x;60;0;\n"},
	    {"only a header", HEAD, 0, "", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct got g;
		if (!run(&g, sluss_school_attendance, rows[i].text, strlen(rows[i].text)) ||
		    json_array_size(g.contents) != rows[i].contents || strcmp(g.problems, rows[i].problems) != 0 ||
		    strcmp(g.rejected, rows[i].rejected) != 0) {
			fail_msg("%s: %zu contents; problems:\n%srejected:\n%s", rows[i].name,
			    json_array_size(g.contents), g.problems, g.rejected);
		}
		json_decref(g.contents);
	}
}

// Files that cannot be used at all.
static void not_tables(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *part;
	} rows[] = {
	    {"", 0, "is empty"},
	    {"\n\r\n", 3, "is empty"},
	    {"\xff\xfe"
	     "E\0l\0",
		6, "UTF-16"},
	    {"Elev;Datum\x81\n", 12, "neither UTF-8 nor Windows-1252"},
	    {"Elev\0;Datum\n", 12, "neither UTF-8 nor Windows-1252"},
	    {"Elev;Datum\n", 11, "no column named one of: planerad tid"},
	    {"Elev;Elev;Datum;Planerad tid;Fr\xc3\xa5nvaro;Typ\n", 43, "two columns"},
	    {"\"Elev", 5, "not closed"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct got g;
		assert_false(run(&g, sluss_school_attendance, rows[i].text, rows[i].len));
		if (strstr(g.problems, rows[i].part) == NULL) {
			fail_msg("row %zu: %s", i, g.problems);
		}
		json_decref(g.contents);
	}
}

// ---- forms

static void forms(void **state)
{
	(void)state;
	static const struct {
		adapter *adapt;
		const char *text, *part;
	} rows[] = {
	    {sluss_police_threat, "[]", "no form"},
	    {sluss_police_threat, "{\"nivå\":\"hög\"}", "formulär: hotbildsbedömning is needed"},
	    {sluss_police_threat, "{\"formulär\":\"hotbildsbedömning\",\"nivå\":\"orange\"}", "nivå: ingen, låg"},
	    {sluss_police_threat, "{\"formulär\":\"hotbildsbedömning\",\"nivo\":\"hög\"}",
		"nivo: The form has no such field"},
	    {sluss_police_threat, "{\"formulär\":\"hotbildsbedömning\",\"grund\":\"a\",\"bedömning\":\"b\"}",
		"filled in twice"},
	    {sluss_police_threat, "{\"formulär\":\"hotbildsbedömning\",\"grund\":7}", "grund: A text is needed"},
	    {sluss_police_threat, "{\"formulär\":\"hotbildsbedömning\",\"åtgärder\":[7]}",
		"åtgärder: A list of measures"},
	    {sluss_police_threat, "{\"formulär\":\"hotbildsbedömning\",\"åtgärder\":[{\"x\":\"\"}]}",
		"x: The form has no such field in åtgärder"},
	    {sluss_police_threat, "{\"formulär\":\"hotbildsbedömning\",\"nivå\":\"hög\",\"upprättad\":\"2012-04-02\"}",
		"valid_until: A text is needed"},
	    {sluss_social_plan, "\xff", "not UTF-8"},
	    {sluss_social_plan, "Beslutad: 2012-03-05\nBeslutad: 2012-03-06\n", "2:0: This stands here twice"},
	    {sluss_social_plan, "Beslutat: 2012-03-05\n", "1:0: The form has no such line here"},
	    {sluss_social_plan, "\n- Aktivitet: x\n", "2:0: Activities stand below a goal"},
	    {sluss_social_plan, "## Mål: a\nFöljs upp: 2012-04-16; möte\n", "2:0: Three parts are needed"},
	    {sluss_social_plan, "## Mål: a\n- Aktivitet: x; vem: y\n", "2:0: The parts of an activity"},
	    {sluss_social_plan, "## Annat\n", "1:0: A heading is"},
	    {sluss_social_plan, "## Skola eller sysselsättning\nForm: hemma\n", "2:0: Form is one of"},
	    {sluss_social_plan, "Deltog: läraren\n", "1:0: Deltog names"},
	    {sluss_social_plan, "Beslutad: 2012-03-05\nFöljs upp: 2012-06-04\nVersion: 1\n",
		"school_or_occupation: This part is needed"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct got g;
		assert_false(run(&g, rows[i].adapt, rows[i].text, strlen(rows[i].text)));
		assert_int_equal(json_array_size(g.contents), 0);
		if (strstr(g.problems, rows[i].part) == NULL) {
			fail_msg("%s: %s", rows[i].text, g.problems);
		}
		json_decref(g.contents);
	}
}

// ---- calendars

// Undoes folding and checks that no line is longer than 75 octets and that none is cut within a character.
static char *unfold(const char *text)
{
	char *out = calloc(1, strlen(text) + 1);
	size_t used = 0;
	size_t line = 0;
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '\r') {
			assert_int_equal(text[i + 1], '\n');
			assert_true(line <= 75);
			assert_true((text[i + 2] & 0xc0) != 0x80);
			line = 0;
			if (text[i + 2] == ' ') {
				assert_true((text[i + 3] & 0xc0) != 0x80);
				i += 2;
				line = 1;
				continue;
			}
			out[used++] = '\n';
			i++;
			continue;
		}
		assert_true(text[i] != '\n');
		out[used++] = text[i];
		line++;
	}
	assert_int_equal(line, 0); // ends with CRLF
	return out;
}

static void calendar(void **state)
{
	(void)state;
	Sluss__V1__MeetingInvitation m = SLUSS__V1__MEETING_INVITATION__INIT;
	Google__Protobuf__Timestamp from = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Google__Protobuf__Timestamp until = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	char place[301];
	char *agenda[] = {(char *)(uintptr_t) "Närvaro; sedan \\ sist,\nfrågor", (char *)(uintptr_t) "Nästa möte"};
	memset(place, 0, sizeof(place));
	for (size_t i = 0; i + 2 < sizeof(place); i += 2) {
		memcpy(place + i, "å", 2);
	}
	from.seconds = 1332637200; // 2012-03-25T01:00:00Z: the hour in which Sweden's clocks go forward
	until.seconds = 1332640800;
	m.meeting_id = (char *)(uintptr_t) "2f6b0c9e-6a1f-4a57-9a44-52f0f6f0c001";
	m.starts_at = &from;
	m.ends_at = &until;
	m.place = place;
	m.title = (char *)(uintptr_t) "Möte\r\nBEGIN:VALARM";
	m.agenda = agenda;
	m.n_agenda = 2;
	m.sequence = 3;
	m.cancelled = true;
	char *text = sluss_social_meeting_ics(&m, 1332000000000);
	assert_non_null(text);
	char *plain = unfold(text);
	char expected[1024];
	(void)snprintf(expected, sizeof(expected),
	    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Sluss//agents/social//"
	    "EN\nBEGIN:VEVENT\nUID:2f6b0c9e-6a1f-4a57-9a44-52f0f6f0c001\nDTSTAMP:20120317T160000Z\n"
	    "DTSTART:20120325T010000Z\nDTEND:20120325T020000Z\nSUMMARY:Möte\\nBEGIN:VALARM\nLOCATION:%s\n"
	    "DESCRIPTION:1. Närvaro\\; sedan \\\\ sist\\,\\nfrågor\\n2. Nästa "
	    "möte\nSEQUENCE:3\nSTATUS:CANCELLED\nCLASS:PRIVATE\nEND:VEVENT\nEND:VCALENDAR\n",
	    place);
	assert_string_equal(plain, expected);
	free(plain);
	free(text);
	until.seconds = 253402300800; // the year 10000
	assert_null(sluss_social_meeting_ics(&m, 0));
	m.ends_at = NULL;
	assert_null(sluss_social_meeting_ics(&m, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(golden),
	    cmocka_unit_test(tables),
	    cmocka_unit_test(not_tables),
	    cmocka_unit_test(forms),
	    cmocka_unit_test(calendar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
