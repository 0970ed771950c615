// SPDX-License-Identifier: EUPL-1.2
// sluss convert: what other programs export, as content for --section file=, and meetings as calendar files.
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "cli.h"
#include "convert.h"
#include "file.h"
#include "police/threat_form.h"
#include "probation/probation_csv.h"
#include "school/attendance_csv.h"
#include "social/meeting_ics.h"
#include "social/plan_markdown.h"

struct run {
	struct cli *cli;
	const char *folder; // NULL: contents are only shown
	json_t *contents;
	json_t *problems;
	char *rejected; // rows as they were written
	size_t rejected_len;
	FILE *rejected_out;
	size_t rejected_count;
};

static void take(void *context, const char *key, const json_t *content)
{
	struct run *r = context;
	json_t *entry = json_pack("{s:s,s:O}", "key", key, "content", content);
	if (r->folder != NULL && entry != NULL) {
		// Named by number: keys are often personal numbers, and file names are seen by many.
		const char *path = cli_format(r->cli, "%s/%04zu.json", r->folder, json_array_size(r->contents) + 1);
		char *text = json_dumps(content, JSON_INDENT(2));
		if (text == NULL || !sluss_file_replace(path, text, strlen(text))) {
			(void)cli_fail(r->cli, CLI_INTERNAL, "out", "%s: %s", path, strerror(errno));
		}
		free(text);
		(void)json_object_set_new(entry, "file", json_string(path));
	}
	(void)json_array_append_new(r->contents, entry);
}

static void take_problem(void *context, size_t line, size_t column, const char *text)
{
	struct run *r = context;
	const char *file = r->cli->arguments[1];
	if (line == 0) {
		cli_say(r->cli, "%s: %s", file, text);
	} else if (column == 0) {
		cli_say(r->cli, "%s:%zu: %s", file, line, text);
	} else {
		cli_say(r->cli, "%s:%zu:%zu: %s", file, line, column, text);
	}
	(void)json_array_append_new(r->problems,
	    json_pack("{s:I,s:I,s:s}", "line", (json_int_t)line, "column", (json_int_t)column, "problem", text));
}

static void take_header(void *context, struct sluss_bytes row)
{
	struct run *r = context;
	(void)fputs("\xef\xbb\xbf", r->rejected_out); // office programs know UTF-8 by it
	(void)fwrite(row.data, 1, row.len, r->rejected_out);
	(void)fputs("\r\n", r->rejected_out);
}

static void reject(void *context, struct sluss_bytes row)
{
	struct run *r = context;
	(void)fwrite(row.data, 1, row.len, r->rejected_out);
	(void)fputs("\r\n", r->rejected_out);
	r->rejected_count++;
}

// ---- results

// DIR/index.json says which file is whose; DIR/rejected.csv has the rows that went nowhere, ready to be mended and
// converted again.
static void write_folder(struct run *r)
{
	const char *path = cli_format(r->cli, "%s/index.json", r->folder);
	json_t *index = json_array();
	size_t i;
	json_t *entry;
	json_array_foreach(r->contents, i, entry)
	{
		(void)json_array_append_new(index, json_pack("{s:O,s:O}", "key", json_object_get(entry, "key"), "file",
						       json_object_get(entry, "file")));
	}
	char *text = json_dumps(index, JSON_INDENT(2));
	json_decref(index);
	if (text == NULL || !sluss_file_replace(path, text, strlen(text))) {
		(void)cli_fail(r->cli, CLI_INTERNAL, "out", "%s: %s", path, strerror(errno));
	}
	free(text);
	if (r->rejected_count == 0) {
		return;
	}
	path = cli_format(r->cli, "%s/rejected.csv", r->folder);
	if (!sluss_file_replace(path, r->rejected, r->rejected_len)) {
		(void)cli_fail(r->cli, CLI_INTERNAL, "out", "%s: %s", path, strerror(errno));
	}
	cli_say(r->cli, "%zu rows were not used; they stand in %s", r->rejected_count, path);
}

static enum cli_exit finish(struct run *r)
{
	size_t made = json_array_size(r->contents);
	size_t wrong = json_array_size(r->problems);
	if (r->folder != NULL) {
		write_folder(r);
	} else if (!r->cli->json && made > 0) {
		char *text =
		    made == 1 ? json_dumps(json_object_get(json_array_get(r->contents, 0), "content"), JSON_INDENT(2))
			      : json_dumps(r->contents, JSON_INDENT(2));
		(void)fputs(text == NULL ? "" : text, r->cli->out);
		(void)fputc('\n', r->cli->out);
		free(text);
	}
	if (r->folder != NULL) {
		cli_say(r->cli, "%zu contents made in %s", made, r->folder);
	}
	json_t *tree = json_pack("{s:O,s:O,s:I}", "contents", r->contents, "problems", r->problems, "rejectedRows",
	    (json_int_t)r->rejected_count);
	if (r->cli->error == NULL && wrong > 0) {
		(void)cli_fail(r->cli, CLI_USAGE, "", "%zu problems; %zu contents made", wrong, made);
		(void)json_object_update(r->cli->error, tree);
		json_decref(tree);
		return CLI_USAGE;
	}
	enum cli_exit shown = cli_show_tree(r->cli, tree);
	return r->cli->error != NULL ? CLI_INTERNAL : shown;
}

// ---- kinds

typedef bool adapter(const char *octets, size_t len, const struct sluss_convert *to);

static const struct {
	const char *kind;
	adapter *adapt;
} kinds[] = {
    {"attendance", sluss_school_attendance},
    {"probation", sluss_probation_reports},
    {"threat", sluss_police_threat},
    {"plan", sluss_social_plan},
};

static enum cli_exit run_adapter(struct cli *cli, adapter *adapt, const char *octets, size_t len)
{
	const char *folder = cli_get(cli, "out");
	if (folder != NULL && mkdir(folder, 0700) != 0 && errno != EEXIST) {
		return cli_fail(cli, CLI_USAGE, "out", "%s: %s", folder, strerror(errno));
	}
	struct run r = {.cli = cli, .folder = folder};
	r.rejected_out = open_memstream(&r.rejected, &r.rejected_len);
	if (r.rejected_out == NULL) {
		return cli_fail(cli, CLI_INTERNAL, "", "out of memory");
	}
	r.contents = json_array();
	r.problems = json_array();
	struct sluss_convert to = {take, take_problem, take_header, reject, &r};
	bool whole = adapt(octets, len, &to);
	(void)fclose(r.rejected_out);
	enum cli_exit code = finish(&r);
	if (!whole && code == CLI_OK) {
		code = cli_fail(cli, CLI_USAGE, "", "nothing could be made of it");
	}
	free(r.rejected);
	json_decref(r.contents);
	json_decref(r.problems);
	return code;
}

static enum cli_exit run_calendar(struct cli *cli, const char *octets, size_t len)
{
	struct sluss_payload_problem problem;
	const char *now_text = cli_get(cli, "now");
	struct timespec now;
	int64_t now_ms = 0;
	if (now_text != NULL && !cli_parse_time(now_text, &now_ms)) {
		return cli_fail(cli, CLI_USAGE, "now", "--now: '%s' is no time", now_text);
	}
	if (now_text == NULL && clock_gettime(CLOCK_REALTIME, &now) == 0) {
		now_ms = (int64_t)now.tv_sec * 1000;
	}
	ProtobufCMessage *content =
	    sluss_payload_from_json(sluss_payload_type_find("MeetingInvitation"), octets, len, &problem);
	if (content == NULL) {
		return cli_fail(cli, CLI_USAGE, "FILE", "%s: %s%s%s", cli->arguments[1], problem.field,
		    problem.field[0] == '\0' ? "" : ": ", problem.text);
	}
	cli_own_message(cli, content);
	if (sluss_payload_check(content, NULL, NULL) != 0) {
		return cli_fail(cli, CLI_USAGE, "FILE", "%s is not valid; see: sluss payload check %s",
		    cli->arguments[1], cli->arguments[1]);
	}
	char *text = sluss_social_meeting_ics((const Sluss__V1__MeetingInvitation *)content, now_ms);
	if (text == NULL) {
		return cli_fail(cli, CLI_USAGE, "FILE", "%s: a time cannot be written", cli->arguments[1]);
	}
	cli_own(cli, text, free);
	const char *out = cli_get(cli, "out");
	if (out != NULL && !sluss_file_replace(out, text, strlen(text))) {
		return cli_fail(cli, CLI_USAGE, "out", "%s: %s", out, strerror(errno));
	}
	if (out == NULL && !cli->json) {
		(void)fputs(text, cli->out);
	}
	return cli_show_tree(cli, json_pack("{s:s}", "calendar", text));
}

static enum cli_exit convert(struct cli *cli)
{
	size_t len = 0;
	const char *kind = cli->arguments[0];
	char *octets = cli_read_file(cli, "FILE", cli->arguments[1], SLUSS_CSV_OCTETS_MAX, &len);
	if (octets == NULL) {
		return CLI_USAGE;
	}
	if (strcmp(kind, "ics") == 0) {
		return run_calendar(cli, octets, len);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) == 0) {
			return run_adapter(cli, kinds[i].adapt, octets, len);
		}
	}
	return cli_fail(cli, CLI_USAGE, "KIND", "'%s' is none of attendance, probation, threat, plan, ics", kind);
}

static const struct cli_option convert_options[] = {
    {"out", CLI_TEXT, "DIR|FILE",
	"write contents as DIR/0001.json ..., whose they are to DIR/index.json, unused rows to DIR/rejected.csv; ics: "
	"to FILE"},
    {NULL, CLI_FLAG, NULL, NULL},
};

const struct cli_verb cli_convert_verbs[] = {
    {"convert", "KIND FILE", "Makes content of what another program exported.", convert_options, convert,
	"attendance   lessons as CSV -> an AttendanceReport for each pupil and week (agents/school)\n"
	"probation    sanctions as CSV -> a ProbationReport for each row (agents/probation)\n"
	"threat       the form hotbildsbedömning as JSON -> ThreatAssessment (agents/police)\n"
	"plan         an action plan as Markdown -> ActionPlan (agents/social)\n"
	"ics          a MeetingInvitation (JSON) -> iCalendar (agents/social)\n"
	"Exit code 1: something could not be used; what could be is made all the same."},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
