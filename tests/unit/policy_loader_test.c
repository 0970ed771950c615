// SPDX-License-Identifier: EUPL-1.2
// Policy files: what is refused, with line and path; what `policy check` remarks; what a good one says.
#include "policy/locate.h"
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 * 1024 };

static char good[TEXT_MAX];
static size_t good_len;

static int load_shipped(void **state)
{
	(void)state;
	FILE *file = fopen("policy/sweden-sig.json", "rb");
	if (file == NULL)
		return -1;
	good_len = fread(good, 1, sizeof(good) - 1, file);
	fclose(file);
	return good_len > 0 && good_len < sizeof(good) - 1 ? 0 : -1;
}

// The shipped policy with the first `from` replaced by `to`; the line on which it stood.
static size_t changed(const char *from, const char *to, char *out, int *line_out)
{
	const char *at = strstr(good, from);
	assert_non_null(at);
	size_t before = (size_t)(at - good);
	*line_out = 1;
	for (size_t i = 0; i < before; i++)
		*line_out += good[i] == '\n' ? 1 : 0;
	memcpy(out, good, before);
	memcpy(out + before, to, strlen(to));
	size_t rest = good_len - before - strlen(from);
	memcpy(out + before + strlen(to), at + strlen(from), rest);
	return before + strlen(to) + rest;
}

static void refusals_name_line_and_path(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *path, *says;
		int below; // lines below the change
	} cases[] = {
	    {"\"format\": 1", "\"format\": 2", "/format", "1 to 1", 0},
	    {"\"format\": 1,", "", "", "\"format\" is missing", -1},
	    {"\"description\"", "\"descripton\"", "/descripton", "no such key", 0},
	    {"{\"name\": \"family\"}", "{\"name\": \"needs\"}", "/categories/4", "twice", 0},
	    {"{\"name\": \"family\"}", "{\"name\": \"fam ily\"}", "/categories/4/name", "no name", 0},
	    {"{\"name\": \"family\"}", "{\"nam\": \"family\"}", "/categories/4", "missing", 0},
	    {"{\"name\": \"family\"}", "17", "/categories/4", "object", 0},
	    {"\"max_months\": 12", "\"max_months\": 0", "/consent/max_months", "1 to 120", 0},
	    {"\"max_months\": 12", "\"max_months\": \"12\"", "/consent/max_months", "whole number", 0},
	    {"\"guardians\": \"every\"", "\"guardians\": \"some\"", "/consent/guardians", "\"one\"", 0},
	    {"\"feb_28\"", "\"feb_27\"", "/leap_day", "mar_1", 0},
	    {"\"ages\": {\"from\": 12, \"until\": 21}", "\"ages\": {\"from\": 21, \"until\": 12}",
		"/programmes/0/ages/until", "nobody", 0},
	    {"{\"from\": 12, \"until\": 15", "{\"from\": 13, \"until\": 15", "/programmes/0/who_must_agree/1",
		"from 12 to 13", 0},
	    {"{\"from\": 12, \"until\": 15", "{\"from\": 11, \"until\": 15", "/programmes/0/who_must_agree/1",
		"contradicts", 0},
	    {"\"until\": null, \"who\": \"subject\"", "\"until\": 90, \"who\": \"subject\"",
		"/programmes/0/who_must_agree", "from 90", -4},
	    {"\"who\": \"guardians\"", "\"who\": \"parents\"", "/programmes/0/who_must_agree/0/who", "must be", 0},
	    {"[[\"social_services\", \"police\"]]", "[[\"social_services\", \"army\"]]", "/programmes/0/links/0/1",
		"army", 0},
	    {"[[\"social_services\", \"police\"]]", "[[\"police\", \"police\"]]", "/programmes/0/links/0", "different",
		0},
	    {"\"SIG_YOUNG_ADULTS\"", "\"SIG_YOUTH\"", "/programmes/1", "twice", -1},
	    {"{\"type\": \"Referral\"", "{\"type\": \"Refferal\"", "/messages/1/type", "unknown message", 0},
	    {"{\"type\": \"Referral\"", "{\"type\": \"ActionPlan\"", "/messages/10", "stand together", 9},
	    {"\"to\": [\"evaluator\"]", "\"to\": []", "/messages/13", "lets nothing through", 0},
	    {"\"members\": \"sender\"", "\"members\": \"all\"", "/messages/15/members", "\"none\"", 0},
	    {"\"categories\": [], \"about_person\": false", "\"categories\": []", "/messages/14",
		"no category can ever pass", 0},
	    {"{\"name\": \"closed\", \"messages\": [],\n     \"next\": []",
		"{\"name\": \"closed\", \"messages\": [],\n     \"next\": [\"enrolled\"]", "/phases/6/next",
		"never reopens", 1},
	    {"{\"name\": \"paused\"", "{\"name\": \"dormant\"", "/phases/4", "twice", 2},
	    {"\"moved\"", "\"lost\"", "/close_reasons/5", "unknown name", 0},
	    {"\"approval_days\": 30", "\"approval_days\": 0", "/provisions/0/approval_days", "whole number", 0},
	    {"\"necessity\": false", "\"necessity\": 0", "/provisions/0/necessity", "true or false", 0},
	    {"\"name\": \"OSL-10-2\"", "\"name\": \"SoL-14-1\"", "/provisions/1", "twice", -1},
	    {"[\"any\"], \"to\"", "[\"any\", \"police\"], \"to\"", "/messages/0/from/0", "stands alone", 0},
	    {"[\"any\"], \"to\"", "[\"police\", \"police\"], \"to\"", "/messages/0/from/1", "twice", 0},
	    {"\"reviewed_by\": [],\n      \"from\"", "\"reviewed_by\": \"me\",\n      \"from\"",
		"/provisions/0/reviewed_by", "array", 0},
	};
	static char text[TEXT_MAX];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sluss_policy *policy = NULL;
		struct sluss_policy_error error;
		int line = 0;
		size_t len = changed(cases[i].from, cases[i].to, text, &line);
		assert_false(sluss_policy_parse(text, len, &policy, &error));
		assert_null(policy);
		assert_string_equal(error.path, cases[i].path);
		if (strstr(error.message, cases[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", error.path, error.message, cases[i].says);
		if (cases[i].path[0] != '\0')
			assert_int_equal(error.line, line + cases[i].below);
	}
}

static void no_json_at_all(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "{", "[]", "null", "{\"format\": 1} x", "{\"a\": 1, \"a\": 2}",
	    "{\"policy\": \"\\u0000\"}", "\xff\xfe", "{\"format\": 1e400}"};
	struct sluss_policy *policy = NULL;
	struct sluss_policy_error error;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(sluss_policy_parse(wrong[i], strlen(wrong[i]), &policy, &error));
		assert_true(error.line >= 1);
		assert_true(error.message[0] != '\0');
	}
	char *large = calloc(1, 600 * 1024);
	assert_non_null(large);
	assert_false(sluss_policy_parse(large, 600 * 1024, &policy, &error));
	assert_non_null(strstr(error.message, "longer"));
	free(large);
	// Deep nesting ends with an error, not with the stack.
	char *deep = malloc(400001);
	assert_non_null(deep);
	memset(deep, '[', 400000);
	assert_false(sluss_policy_parse(deep, 400000, &policy, &error));
	free(deep);
}

static void every_cut_prefix_is_refused(void **state)
{
	(void)state;
	struct sluss_policy *policy = NULL;
	struct sluss_policy_error error;
	for (size_t len = 0; len + 2 < good_len; len += 37)
		assert_false(sluss_policy_parse(good, len, &policy, &error));
}

static void what_the_shipped_policy_says(void **state)
{
	(void)state;
	struct sluss_policy *policy = NULL;
	struct sluss_policy_error error;
	assert_true(sluss_policy_parse(good, good_len, &policy, &error));
	assert_string_equal(sluss_policy_name(policy), "sweden-sig");
	assert_int_equal(sluss_policy_category_count(policy), 22);
	assert_int_equal(sluss_policy_category_index(policy, "needs"), 2);
	assert_int_equal(sluss_policy_category_index(policy, "astrology"), -1);
	assert_null(sluss_policy_category(policy, 22));
	assert_int_equal(sluss_policy_max_months(policy), 12);
	assert_int_equal(sluss_policy_programme_count(policy), 3);
	struct sluss_provision_view provision;
	assert_true(sluss_policy_provision_find(policy, "SoL-14-1", &provision));
	assert_false(provision.second_approver);
	assert_false(sluss_policy_provision_find(policy, "SoL-14-2", &provision));
	struct sluss_type_view type;
	assert_true(sluss_policy_type(policy, SLUSS_MESSAGE_DEVIATION_REPORT, &type));
	assert_false(type.about_person);
	assert_true(sluss_policy_type(policy, SLUSS_MESSAGE_CONCERN_REPORT, &type));
	assert_true(type.opens_case && !type.sender_member);
	assert_false(sluss_policy_type(policy, SLUSS_MESSAGE_NONE, &type));
	uint8_t from, until;
	int64_t next;
	static const uint8_t bands[][3] = {{5, 0, 6}, {11, 6, 12}, {12, 12, 15}, {17, 15, 18}, {18, 18, 19},
	    {19, 19, 21}, {29, 21, 30}, {99, 30, 255}};
	for (size_t i = 0; i < sizeof(bands) / sizeof(bands[0]); i++) {
		sluss_age_band(policy, bands[i][0], &from, &until);
		assert_int_equal(from, bands[i][1]);
		assert_int_equal(until, bands[i][2]);
	}
	const struct sluss_date birth = {2008, 2, 29};
	int64_t day_before = sluss_date_begin_ms((struct sluss_date){2026, 2, 28}) - 1;
	assert_true(sluss_age_band_at(policy, birth, day_before, &from, &until, &next));
	assert_int_equal(until, 18);
	assert_int_equal(next, day_before + 1);
	assert_true(sluss_age_band_at(policy, birth, next, &from, &until, &next));
	assert_int_equal(from, 18);
	assert_false(sluss_age_band_at(policy, birth, INT64_C(946684800000), &from, &until, &next)); // not born yet
	sluss_policy_free(&policy);
	sluss_policy_free(&policy);
}

struct remarks {
	char text[16384];
	size_t errors, warnings;
	int last_line;
};

static void take_remark(void *context, const struct sluss_policy_remark *remark)
{
	struct remarks *remarks = context;
	size_t used = strlen(remarks->text);
	snprintf(remarks->text + used, sizeof(remarks->text) - used, "%d %s %s\n", remark->where.line,
	    remark->where.path, remark->where.message);
	*(remark->error ? &remarks->errors : &remarks->warnings) += 1;
	assert_true(remark->where.line >= remarks->last_line);
	remarks->last_line = remark->where.line;
}

static void shipped_policies_are_only_unreviewed(void **state)
{
	(void)state;
	struct remarks remarks = {0};
	assert_int_equal(sluss_policy_check(good, good_len, take_remark, &remarks), 0);
	assert_int_equal(remarks.warnings, 6);
	assert_non_null(strstr(remarks.text, "/provisions/0/reviewed_by SoL-14-1 is reviewed by nobody"));
}

static void contradictions_and_unreachable_rules(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *remark;
		size_t errors;
	} cases[] = {
	    {"\"necessary\"", "\"needs\"", "/consent/vague_words/5 \"needs\" is also a category", 1},
	    {"\"closed\", \"messages\": []", "\"closed\", \"messages\": [\"FollowUp\"]", "a closed case moves nothing",
		1},
	    {"\"next\": [\"inquiry\", \"closing\"]", "\"next\": [\"inquiry\"]",
		"\"nominated\" does not lead to \"closing\"", 1},
	    {"\"next\": [\"closed\"]", "\"next\": []", "\"enrolled\" can never be closed", 6},
	    {"\"next\": [\"enrolled\", \"dormant\", \"closing\"]", "\"next\": [\"enrolled\", \"closing\"]",
		"no case ever comes to \"dormant\"", 0},
	    {"\"before_enrolment\": [\"SuitabilityAssessment\"]", "\"before_enrolment\": [\"ActionPlan\"]",
		"nobody can be enrolled: ActionPlan", 1},
	    {"\"assessment\": [\"guardians\"]", "\"assessment\": [\"guardians_and_subject\"]", "changes nothing", 0},
	    {"{\"type\": \"ThreatAssessment\", \"from\": [\"social_services\"], \"to\": [\"police\"]",
		"{\"type\": \"ThreatAssessment\", \"from\": [\"police\"], \"to\": [\"social_services\"]",
		"row 4 of the same type says all", 0},
	    {"\"messages\": [\"ThreatAssessment\", \"SuitabilityRequest\", \"CaseTransfer\"]",
		"\"messages\": [\"FollowUp\"]", "OSL-10-23 never applies", 0},
	};
	static char text[TEXT_MAX];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct remarks remarks;
		remarks = (struct remarks){0};
		int line = 0;
		size_t len = changed(cases[i].from, cases[i].to, text, &line);
		assert_int_equal(sluss_policy_check(text, len, take_remark, &remarks), cases[i].errors);
		assert_int_equal(remarks.errors, cases[i].errors);
		if (strstr(remarks.text, cases[i].remark) == NULL)
			fail_msg("case %zu: \"%s\" is not in\n%s", i, cases[i].remark, remarks.text);
	}
	struct remarks remarks = {0};
	assert_int_equal(sluss_policy_check("{", 1, take_remark, &remarks), 1); // a file that is no policy is one error
}

static void places(void **state)
{
	(void)state;
	static const char text[] =
	    "{\n  \"a\": {\"b\": [1, \"x,]}\", {\"c\\\"\": 2}]},\n\n  \"d\": [\n    true\n  ]\n}";
	static const struct {
		const char *pointer;
		int line, column;
	} cases[] = {{"", 1, 1}, {"/a", 2, 8}, {"/a/b", 2, 14}, {"/a/b/0", 2, 15}, {"/a/b/1", 2, 18}, {"/a/b/2", 2, 26},
	    {"/d", 4, 8}, {"/d/0", 5, 5}, {"/d/7", 4, 8}, {"/nowhere/0", 1, 1}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int line = 0, column = 0;
		sluss_json_locate(text, sizeof(text) - 1, cases[i].pointer, &line, &column);
		assert_int_equal(line, cases[i].line);
		assert_int_equal(column, cases[i].column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refusals_name_line_and_path),
	    cmocka_unit_test(no_json_at_all),
	    cmocka_unit_test(every_cut_prefix_is_refused),
	    cmocka_unit_test(what_the_shipped_policy_says),
	    cmocka_unit_test(shipped_policies_are_only_unreviewed),
	    cmocka_unit_test(contradictions_and_unreachable_rules),
	    cmocka_unit_test(places),
	};
	return cmocka_run_group_tests(tests, load_shipped, NULL);
}
