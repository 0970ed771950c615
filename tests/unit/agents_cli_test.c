// SPDX-License-Identifier: EUPL-1.2
// The command line's own parsing: what people write wrong gets a message that names it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli.h"
#include "section.h"
#include "sluss/v1/payload.pb-c.h"
#include "words.h"

#define ID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

static int start(void **state)
{
	(void)state;
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	(void)setenv("SLUSS_PROFILE", "/nonexistent/profile", 1);
	return sluss_client_global_init() ? 0 : -1;
}

// ---- words

static void words(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int count;
		const char *words[4];
	} rows[] = {
		{"", 0, {NULL}},
		{" \t\r\n", 0, {NULL}},
		{"a b", 2, {"a", "b"}},
		{"  a\tb \n", 2, {"a", "b"}},
		{"'a b' \"c d\"", 2, {"a b", "c d"}},
		{"a'b c'd", 1, {"ab cd"}},
		{"'' \"\"", 2, {"", ""}},
		{"a\\ b", 1, {"a b"}},
		{"\"a\\\"b\\\\c\\d\"", 1, {"a\"b\\c\\d"}},
		{"'a\\'", 1, {"a\\"}},
		{"a\\", 1, {"a\\"}},
		{"'open", -1, {NULL}},
		{"\"open\\\"", -1, {NULL}},
		{"a b c d e", -1, {NULL}},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64];
		char *out[4];
		(void)snprintf(line, sizeof(line), "%s", rows[i].line);
		assert_int_equal(cli_split_words(line, out, 4), rows[i].count);
		for (int k = 0; k < rows[i].count; k++) {
			assert_string_equal(out[k], rows[i].words[k]);
		}
	}
}

// ---- times

static void times(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-01-31T12:00:00.5Z", 1769860800500},
		{"2026-01-31T13:00:00+01:00", 1769860800000},
		{"2026-01-31t11:30:00-00:30", 1769860800000},
		{"2026-01-01", 1767222000000}, // 2025-12-31T23:00Z: winter
		{"2026-07-01", 1782856800000}, // 2026-06-30T22:00Z: summer
		{"2024-02-29", 1709161200000},
	};
	static const char *const bad[] = {"", "2026", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-32", "2026-01-01T", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00",
		"2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00Zx", "26-01-01", "2026-01-01x", "tomorrow"};
	int64_t ms = 0;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(cli_parse_time(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(cli_parse_time(bad[i], &ms));
	}
}

// ---- enums

static void enums(void **state)
{
	(void)state;
	struct cli cli = {.out = stdout};
	int value = 0;
	assert_true(cli_read_enum(&cli, "x", &sluss__v1__message_type__descriptor, "AttendanceReport", &value));
	assert_int_equal(value, SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT);
	assert_true(cli_read_enum(&cli, "x", &sluss__v1__message_type__descriptor, "attendance-report", &value));
	assert_true(cli_read_enum(&cli, "x", &sluss__v1__message_type__descriptor, "MESSAGE_TYPE_ATTENDANCE_REPORT", &value));
	assert_true(cli_read_enum(&cli, "x", &sluss__v1__agency_type__descriptor, "police", &value));
	assert_string_equal(cli_enum_text(&cli, &sluss__v1__agency_type__descriptor, value), "police");
	assert_false(cli_read_enum(&cli, "x", &sluss__v1__agency_type__descriptor, "unspecified", &value));
	assert_false(cli_read_enum(&cli, "x", &sluss__v1__agency_type__descriptor, "", &value));
	assert_non_null(strstr(json_string_value(json_object_get(cli.error, "explanation")), "social_services"));
	cli_finish(&cli);
}

// ---- commands

// Runs the words; the exit code, with the error's field and a part of its explanation.
static void expect(const char *line, enum cli_exit code, const char *field, const char *part)
{
	char copy[2048];
	char *list[64];
	struct cli cli = {.session = cli_session_new(), .json = true, .out = stdout};
	(void)snprintf(copy, sizeof(copy), "%s", line);
	int count = cli_split_words(copy, list, 64);
	assert_true(count > 0);
	enum cli_exit got = cli_run(&cli, count, (const char *const *)list);
	const char *explanation = json_string_value(json_object_get(cli.error, "explanation"));
	const char *where = json_string_value(json_object_get(cli.error, "field"));
	if (got != code || (part != NULL && (explanation == NULL || strstr(explanation, part) == NULL)) || strcmp(where == NULL ? "" : where, field) != 0) {
		print_error("'%s': exit %d, field '%s', '%s'\n", line, (int)got, where == NULL ? "" : where, explanation == NULL ? "" : explanation);
	}
	assert_int_equal(got, code);
	assert_string_equal(where == NULL ? "" : where, field);
	if (part != NULL) {
		assert_non_null(explanation);
		assert_non_null(strstr(explanation, part));
	}
	cli_finish(&cli);
	cli_session_free(&cli.session);
}

static void bad_commands(void **state)
{
	(void)state;
	expect("nonsense", CLI_USAGE, "", "there is no command 'nonsense'");
	expect("consent", CLI_USAGE, "", "consent withdraw");
	expect("consent nonsense", CLI_USAGE, "", "consent nonsense");
	expect("case show", CLI_USAGE, "", "usage: sluss case show ID");
	expect("case show a b", CLI_USAGE, "", "usage");
	expect("case show " ID " --nonsense", CLI_USAGE, "", "no option --nonsense");
	expect("case show " ID " -p x", CLI_USAGE, "", "two dashes");
	expect("case show " ID " --profile", CLI_USAGE, "profile", "needs a value");
	expect("case show " ID " --json=yes", CLI_USAGE, "json", "takes no value");
	expect("case show " ID " --profile a --profile b", CLI_USAGE, "profile", "given twice");
	expect("case show nonsense", CLI_USAGE, "ID", "not an id");
	expect("case show " ID, CLI_USAGE, "profile", "sluss agency enrol");
	expect("case phase " ID " nonsense", CLI_USAGE, "PHASE", "none of nominated, inquiry");
	expect("case phase " ID " closed", CLI_USAGE, "reason", "--reason");
	expect("case protect " ID " maybe", CLI_USAGE, "on|off", "neither on nor off");
	expect("case guardians " ID, CLI_USAGE, "guardian", "--none");
	expect("case open --programme X", CLI_USAGE, "", "--subject");
	expect("case open --subject nonsense", CLI_USAGE, "subject", "not key=value");
	expect("case open --subject shoe=44", CLI_USAGE, "subject", "none of name, pnr");
	expect("case open --member soc", CLI_USAGE, "member", "agency=officer");
	expect("case open --file /nonexistent", CLI_USAGE, "file", "No such file");
	expect("case members " ID " --member soc=a", CLI_USAGE, "coordinator", "--coordinator");
	expect("case assess " ID, CLI_USAGE, "outcome", "--outcome");
	expect("consent withdraw --case " ID " --person " ID, CLI_USAGE, "everything", "exactly one");
	expect("consent withdraw --case " ID " --person " ID " --everything --category x", CLI_USAGE, "everything", "exactly one");
	expect("consent withdraw --case x --person " ID, CLI_USAGE, "case", "not an id");
	expect("consent give --person x", CLI_USAGE, "person", "not an id");
	expect("consent list", CLI_USAGE, "case", "--case");
	expect("send", CLI_USAGE, "type", "--type");
	expect("send --type x", CLI_USAGE, "case", "--case");
	expect("send --type x --case " ID, CLI_USAGE, "type", "none of concern_report");
	expect("send --type Referral --case x", CLI_USAGE, "case", "not an id");
	expect("send --type Referral --case " ID, CLI_USAGE, "to", "--to");
	expect("send --type Referral --case " ID " --to Soc", CLI_USAGE, "to", "not an agency id");
	expect("send --type Referral --case " ID " --to soc", CLI_USAGE, "section", "--section");
	expect("send --type Referral --case " ID " --to soc --section x", CLI_USAGE, "section", "not key=value");
	expect("send --type Referral --case " ID " --to soc --section purpose=coordination,text=x", CLI_USAGE, "profile", "enrol");
	expect("send --sealed /nonexistent", CLI_USAGE, "sealed", "No such file");
	expect("send --sealed CMakeLists.txt", CLI_USAGE, "sealed", "not a sealed message");
	expect("evaluate --id x --type Referral --case " ID, CLI_USAGE, "id", "not an id");
	expect("consent narrow --person " ID " --grant " ID, CLI_USAGE, "profile", "enrol");
	expect("ack " ID, CLI_USAGE, "hash", "--hash");
	expect("ack " ID " --hash 00", CLI_USAGE, "hash", "--hash");
	expect("fetch --wait 61", CLI_USAGE, "wait", "0 to 60");
	expect("fetch --wait -1", CLI_USAGE, "wait", "not a number");
	expect("fetch --all", CLI_USAGE, "all", "--ack");
	expect("recall attest " ID, CLI_USAGE, "deleted", "--kept");
	expect("audit prove x", CLI_USAGE, "INDEX", "not a number");
	expect("admin agency add Soc --type school", CLI_USAGE, "ID", "not an agency id");
	expect("admin agency add soc --type x", CLI_USAGE, "type", "none of");
	expect("admin clock step soon", CLI_USAGE, "TIME", "not a time");
	expect("admin queues --socket /nonexistent", CLI_UNAVAILABLE, "socket", "/nonexistent");
	expect("admin health --socket /nonexistent", CLI_UNAVAILABLE, "socket", "/nonexistent");
	expect("policy check /nonexistent", CLI_USAGE, "FILE", "No such file");
	expect("policy check CMakeLists.txt", CLI_REFUSED, "", "CMakeLists.txt");
	expect("policy check policy/sweden-sig.json", CLI_OK, "", NULL);
	expect("agency enrol --ca x", CLI_USAGE, "url", "--url");
	expect("agency enrol --ca x --url http://a --agency-url b --authority c --agency D", CLI_USAGE, "agency", "not an agency id");
}

static void every_verb_has_help(void **state)
{
	(void)state;
	const struct cli_verb *v;
	for (size_t i = 0; (v = cli_find_verb(i)) != NULL; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		cli_help(out, v);
		(void)fclose(out);
		assert_non_null(strstr(text, v->words));
		assert_non_null(strstr(text, "--profile"));
		free(text);
		assert_true(v->summary[strlen(v->summary) - 1] == '.');
	}
}

// ---- sections

static void section(const char *text, const char *part)
{
	struct cli cli = {.out = stdout};
	struct sluss_section_draft d;
	bool ok = cli_read_section(&cli, text, 0, &d);
	if (part == NULL) {
		assert_true(ok);
	} else {
		assert_false(ok);
		assert_non_null(strstr(json_string_value(json_object_get(cli.error, "explanation")), part));
	}
	cli_finish(&cli);
}

static void sections(void **state)
{
	(void)state;
	section("category=needs,purpose=coordination,claim=consent:" ID ",text=Hej", NULL);
	section("purpose=coordination,concerns=nobody,text=Hej", NULL);
	section("{\"purpose\":\"coordination\",\"category\":\"school_attendance\",\"claim\":[\"consent:" ID "\"],\"payload\":\"AttendanceReport\",\"json\":{\"week\":\"2026-W01\"}}", NULL);
	section("", "exactly one of text=");
	section("text=a,text=b", NULL); // the later one
	section("category=needs", "exactly one of text=");
	section("nonsense", "not key=value");
	section("x=y", "none of category");
	section("purpose=x,text=a", "none of coordination");
	section("concerns=mother,text=a", "none of subject");
	section("concerns=guardian:x,text=a", "not an id");
	section("claim=x,text=a", "none of consent:ID");
	section("claim=consent:x,text=a", "not an id");
	section("payload=X,text=a", "no payload type");
	section("category=needs,payload=AttendanceReport,json={}", "is school_attendance");
	section("payload=AttendanceReport,json={\"week\":7}", "week");
	section("file=/nonexistent,category=needs", "No such file");
	section("{", "not a JSON object");
	section("{\"purpose\":7}", "wrong type");
	section("{\"claim\":[7]}", "list of strings");
}

static void section_content(void **state)
{
	(void)state;
	struct cli cli = {.out = stdout};
	struct sluss_section_draft d;
	assert_true(cli_read_section(
	    &cli, "category=needs,purpose=follow_up,concerns=subject+guardian:" ID ",claim=consent:" ID "+provision:OSL-10-2,necessity=Ja\\, nu,text=a\\,b\\\\c", 0, &d));
	assert_int_equal(d.purpose, SLUSS__V1__PURPOSE__PURPOSE_FOLLOW_UP);
	assert_int_equal(d.concerned_count, 2);
	assert_int_equal(d.concerned[1]->who_case, SLUSS__V1__CONCERNED__WHO_GUARDIAN_PERSON_ID);
	assert_int_equal(d.claim_count, 2);
	assert_string_equal(d.claims[1]->provision, "OSL-10-2");
	assert_string_equal(d.necessity, "Ja, nu");
	assert_string_equal(((const Sluss__V1__Note *)d.content)->text, "a,b\\c");
	assert_string_equal(((const Sluss__V1__Note *)d.content)->category, "needs");
	cli_finish(&cli);
}

// ---- progress

static void progress(void **state)
{
	(void)state;
	static const struct {
		uint64_t done, total, since;
		int64_t ms;
		const char *line;
	} rows[] = {
		{0, 10, 0, 5000, "x [....................] 0 of 10"},
		{1024, 10240, 1024, 1, "x [##..................] 1024 of 10240"},
		{5, 10, 0, 499, "x [##########..........] 5 of 10"}, // too early for a rate
		{5, 10, 0, 500, "x [##########..........] 5 of 10, 10/s, left: 1 s"},
		{5000000, 10000000, 4000000, 2000, "x [##########..........] 5000000 of 10000000, 500000/s, left: 11 s"},
		{10, 1000, 0, 2000, "x [....................] 10 of 1000, 5/s, left: 4 min"},
		{10, 1000000, 0, 2000, "x [....................] 10 of 1000000, 5/s, left: 56 h"},
		{10, 10, 0, 2000, "x [####################] 10 of 10, 5/s"},
		{11, 10, 0, 0, "x [####################] 11 of 10"},
	};
	char line[200], small[40];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cli_progress_line(line, sizeof(line), "x", rows[i].done, rows[i].total, rows[i].since, rows[i].ms);
		assert_string_equal(line, rows[i].line);
	}
	cli_progress_line(line, sizeof(line), "verifying", 10000000, 20000000, 0, 20000);
	assert_true(strlen(line) < 80);
	for (size_t size = 1; size < sizeof(small); size++) {
		memset(small, 'z', sizeof(small));
		cli_progress_line(small, size, "x", 5, 10, 0, 500);
		assert_true(strlen(small) < size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(times),
		cmocka_unit_test(enums),
		cmocka_unit_test(bad_commands),
		cmocka_unit_test(every_verb_has_help),
		cmocka_unit_test(sections),
		cmocka_unit_test(section_content),
		cmocka_unit_test(progress),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
