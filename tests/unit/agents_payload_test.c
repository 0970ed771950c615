// SPDX-License-Identifier: EUPL-1.2
// Payload types: the generated table against the policy that is shipped, the examples of the agencies' folders, and
// each kind of rule broken once.
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "sluss/payload.h"
#include "sluss/v1/common.pb-c.h"
#include "sluss/v1/payload.pb-c.h"

// ---- the table and the policy

static json_t *policy(void)
{
	json_t *tree = json_load_file("policy/sweden-sig.json", 0, NULL);
	assert_non_null(tree);
	return tree;
}

// "ActionPlan" is MESSAGE_TYPE_ACTION_PLAN.
static int message_type(const char *name)
{
	char wanted[80] = "MESSAGE_TYPE";
	size_t at = strlen(wanted);
	for (; *name != '\0' && at + 2 < sizeof(wanted); name++) {
		if (*name >= 'A' && *name <= 'Z') {
			wanted[at++] = '_';
		}
		wanted[at++] = (char)(*name & ~0x20);
	}
	wanted[at] = '\0';
	const ProtobufCEnumValue *value =
	    protobuf_c_enum_descriptor_get_value_by_name(&sluss__v1__message_type__descriptor, wanted);
	assert_non_null(value);
	return value->value;
}

static bool has(const json_t *list, const char *word)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		if (strcmp(json_string_value(item), word) == 0) {
			return true;
		}
	}
	return false;
}

// May a message of this type carry this category, by any row of the policy?
static bool policy_permits(const json_t *tree, int type, const char *category)
{
	size_t i;
	json_t *row;
	json_array_foreach(json_object_get(tree, "messages"), i, row)
	{
		const json_t *categories = json_object_get(row, "categories");
		if (message_type(json_string_value(json_object_get(row, "type"))) != type) {
			continue;
		}
		if (has(categories, "any") || has(categories, category) ||
		    (category[0] == '\0' && json_array_size(categories) == 0)) {
			return true;
		}
	}
	return false;
}

static void types_fit_the_policy(void **state)
{
	(void)state;
	size_t count = 0;
	const struct sluss_payload_type *types = sluss_payload_types(&count);
	json_t *tree = policy();
	for (size_t i = 0; i < count; i++) {
		for (int type = 1; type < 32; type++) {
			if (types[i].category != NULL && sluss_payload_fits(&types[i], type) &&
			    !policy_permits(tree, type, types[i].category)) {
				fail_msg("%s may stand in message type %d, but the policy does not let that carry %s",
				    types[i].descriptor->name, type, types[i].category);
			}
		}
		assert_false(sluss_payload_fits(&types[i], 0));
		assert_false(sluss_payload_fits(&types[i], -1));
		assert_false(sluss_payload_fits(&types[i], 32));
	}
	json_decref(tree);
}

// The other way: for every category that a row names there is a type, and every category of the policy can be sent in
// something.
static void policy_rows_have_types(void **state)
{
	(void)state;
	size_t count = 0;
	size_t i;
	size_t k;
	json_t *row;
	json_t *category;
	const struct sluss_payload_type *types = sluss_payload_types(&count);
	json_t *tree = policy();
	json_array_foreach(json_object_get(tree, "messages"), i, row)
	{
		int type = message_type(json_string_value(json_object_get(row, "type")));
		const json_t *named = json_object_get(row, "categories");
		assert_non_null(sluss_payload_type_for(NULL, type)); // one that has the message's name
		json_array_foreach(json_object_get(tree, "categories"), k, category)
		{
			const char *name = json_string_value(json_object_get(category, "name"));
			bool found = !has(named, name) &&
				     strcmp(json_string_value(json_object_get(row, "type")), "CaseTransfer") != 0;
			for (size_t t = 0; t < count && !found; t++) {
				found = types[t].category != NULL && strcmp(types[t].category, name) == 0 &&
					sluss_payload_fits(&types[t], type);
			}
			if (!found) {
				fail_msg("no payload type carries %s in %s", name,
				    json_string_value(json_object_get(row, "type")));
			}
		}
	}
	json_decref(tree);
}

// ---- what each agency's folder says that it sends and receives

static bool row_is(const json_t *row, const char *end, const char *agency_type)
{
	return has(json_object_get(row, end), "any") || has(json_object_get(row, end), agency_type);
}

static void judge_template(const char *folder, const char *template, const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof(path), "agents/%s/%s", folder, template);
	json_t *example = json_load_file(path, 0, NULL);
	const char *type = json_string_value(json_object_get(example, "@type"));
	if (type == NULL || !sluss_payload_fits(sluss_payload_type_find(type), message_type(name))) {
		fail_msg("%s is no template for %s", path, name);
	}
	json_decref(example);
}

static void judge_sent(const json_t *tree, const json_t *sent, const char *agency_type, const char *folder)
{
	const char *name = json_string_value(json_object_get(sent, "messageType"));
	const char *template = json_string_value(json_object_get(sent, "template"));
	size_t i;
	json_t *item;
	bool permitted = false;
	json_array_foreach(json_object_get(tree, "messages"), i, item)
	{
		bool same = strcmp(json_string_value(json_object_get(item, "type")), name) == 0;
		permitted = permitted || (same && row_is(item, "from", agency_type));
	}
	assert_true(permitted);
	assert_true(json_array_size(json_object_get(sent, "payloads")) > 0);
	json_array_foreach(json_object_get(sent, "payloads"), i, item)
	{
		const struct sluss_payload_type *type = sluss_payload_type_find(json_string_value(item));
		if (type == NULL || !sluss_payload_fits(type, message_type(name))) {
			fail_msg("%s: %s cannot stand in %s", folder, json_string_value(item), name);
		}
	}
	if (template != NULL) {
		judge_template(folder, template, name);
	}
}

// Everything that the policy lets this type of agency send or receive is there, and nothing else.
static void judge_profile(const json_t *tree, const char *folder)
{
	char path[64];
	size_t i;
	json_t *item;
	(void)snprintf(path, sizeof(path), "agents/%s/profile.json", folder);
	json_t *profile = json_load_file(path, 0, NULL);
	assert_non_null(profile);
	const char *agency_type = json_string_value(json_object_get(profile, "agencyType"));
	const json_t *receives = json_object_get(profile, "receives");
	json_array_foreach(json_object_get(profile, "sends"), i, item)
	{
		judge_sent(tree, item, agency_type, folder);
	}
	for (unsigned t = 0; t < sluss__v1__message_type__descriptor.n_values; t++) {
		int value = sluss__v1__message_type__descriptor.values[t].value;
		bool sent = false, may_send = false, received = false, may_receive = false;
		json_array_foreach(json_object_get(profile, "sends"), i, item)
		{
			sent = sent || message_type(json_string_value(json_object_get(item, "messageType"))) == value;
		}
		json_array_foreach(receives, i, item)
		{
			received = received || message_type(json_string_value(item)) == value;
		}
		json_array_foreach(json_object_get(tree, "messages"), i, item)
		{
			bool same = message_type(json_string_value(json_object_get(item, "type"))) == value;
			may_send = may_send || (same && row_is(item, "from", agency_type));
			may_receive = may_receive || (same && row_is(item, "to", agency_type));
		}
		if (sent != may_send || received != may_receive) {
			fail_msg("%s: message type %d: sent %d, by the policy %d; received %d, by the policy %d", path,
			    value, sent, may_send, received, may_receive);
		}
	}
	json_decref(profile);
}

static void profiles(void **state)
{
	(void)state;
	static const char *const folders[] = {"social", "police", "school", "probation"};
	json_t *tree = policy();
	for (size_t f = 0; f < 4; f++) {
		judge_profile(tree, folders[f]);
	}
	json_decref(tree);
}

static void finds_types(void **state)
{
	(void)state;
	const struct sluss_payload_type *note = sluss_payload_type_find("sluss.v1.Note");
	assert_non_null(note);
	assert_null(note->category);
	// Free text stands in the messages that may be about anything, and in none that has content of its own.
	for (int type = 1; type <= SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_CASE_TRANSFER; type++) {
		bool any = type == SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_CONCERN_REPORT ||
			   type == SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_REFERRAL ||
			   type == SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_CASE_TRANSFER;
		assert_int_equal(sluss_payload_fits(note, type), any);
	}
	assert_string_equal(sluss_payload_type_find("DeviationReport")->category, "");
	assert_null(sluss_payload_type_find("sluss.v1.note"));
	assert_null(sluss_payload_type_find("FieldRule"));
	assert_null(sluss_payload_type_find("PlanGoal")); // a part, not a payload
	assert_null(sluss_payload_type_find(NULL));
	assert_null(sluss_payload_type_find(""));
	static const struct {
		const char *category, *message, *expected;
	} rows[] = {
	    {"school_attendance", "AttendanceReport", "AttendanceReport"},
	    {"school_support", "AttendanceReport", "SchoolReport"},
	    {"enrolment", "MeetingInvitation", "MeetingInvitation"},
	    {"enrolment", "SuitabilityRequest", "SuitabilityRequest"},
	    {"enrolment", "CaseTransfer", "CaseTransfer"},
	    {"needs", "NeedsInventory", "NeedsInventory"},
	    {"threat", "AttendanceReport", NULL},
	    {"made_up", "CaseTransfer", NULL},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sluss_payload_type *type =
		    sluss_payload_type_for(rows[i].category, message_type(rows[i].message));
		assert_true((type == NULL) == (rows[i].expected == NULL));
		if (type != NULL) {
			assert_string_equal(type->descriptor->short_name, rows[i].expected);
		}
	}
	assert_string_equal(sluss_payload_type_for("threat", 0)->descriptor->short_name, "ThreatAssessment");
	assert_null(sluss_payload_type_for("enrolment", 0));
}

// ---- examples

static size_t problems_seen;
static struct sluss_payload_problem first_seen;

static void see(void *context, const struct sluss_payload_problem *problem)
{
	(void)context;
	if (problems_seen++ == 0) {
		first_seen = *problem;
	}
}

static ProtobufCMessage *read_tree(const json_t *tree, struct sluss_payload_problem *problem)
{
	char *text = json_dumps(tree, 0);
	assert_non_null(text);
	ProtobufCMessage *content = sluss_payload_from_json(NULL, text, strlen(text), problem);
	free(text);
	return content;
}

// Every example is valid, every type but AreaOfLife's parts has one, and what is written reads back as the same octets.
static void examples(void **state)
{
	(void)state;
	bool seen[64] = {false};
	size_t count = 0;
	glob_t files;
	const struct sluss_payload_type *types = sluss_payload_types(&count);
	assert_int_equal(glob("agents/*/examples/*.json", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct sluss_payload_problem problem;
		json_t *tree = json_load_file(files.gl_pathv[i], JSON_REJECT_DUPLICATES, NULL);
		if (json_object_get(tree, "@type") == NULL) { // what another program exports
			json_decref(tree);
			continue;
		}
		ProtobufCMessage *content = read_tree(tree, &problem);
		if (content == NULL) {
			fail_msg("%s: %s: %s", files.gl_pathv[i], problem.field, problem.text);
		}
		problems_seen = 0;
		if (sluss_payload_check(content, see, NULL) != 0) {
			fail_msg("%s: %s: %s", files.gl_pathv[i], first_seen.field, first_seen.text);
		}
		seen[sluss_payload_type_find(content->descriptor->name) - types] = true;
		char *again = sluss_payload_to_json(content);
		assert_non_null(again);
		ProtobufCMessage *copy = sluss_payload_from_json(NULL, again, strlen(again), &problem);
		assert_non_null(copy);
		size_t size = protobuf_c_message_get_packed_size(content);
		uint8_t *a = malloc(size + 1);
		uint8_t *b = malloc(size + 1);
		assert_int_equal(protobuf_c_message_get_packed_size(copy), size);
		assert_int_equal(protobuf_c_message_pack(content, a), protobuf_c_message_pack(copy, b));
		assert_memory_equal(a, b, size);
		free(a);
		free(b);
		free(again);
		protobuf_c_message_free_unpacked(copy, NULL);
		protobuf_c_message_free_unpacked(content, NULL);
		json_decref(tree);
	}
	globfree(&files);
	for (size_t i = 0; i < count; i++) {
		if (!seen[i]) {
			fail_msg("no example of %s", types[i].descriptor->name);
		}
	}
}

// ---- each rule, broken once in an example that is valid otherwise

struct broken {
	const char *file;
	const char *path;  // of the JSON, parts joined with '/'
	const char *value; // JSON; NULL: taken away
	const char *field; // of the problem
	const char *text;  // part of the problem
};

#define PLAN "agents/social/examples/action_plan.json"
#define THREAT "agents/police/examples/threat_assessment.json"
#define MEETING "agents/social/examples/meeting_invitation.json"
#define ATTENDANCE "agents/school/examples/attendance_report.json"
#define CONTACT "agents/social/examples/contact_details.json"
#define FILE_EXAMPLE "agents/social/examples/attachment.json"
#define DEVIATION "agents/social/examples/deviation_report.json"
#define PROBATION "agents/probation/examples/probation_report.json"

static const struct broken broken[] = {
    // what DOMAIN asks of an action plan
    {PLAN, "goals", NULL, "goals", "At least one"},
    {PLAN, "goals/0/measure", NULL, "goals[0].measure", "A text is needed"},
    {PLAN, "goals/0/measure", "\" \\t\\n \"", "goals[0].measure", "A text is needed"},
    {PLAN, "goals/0/activities", "[]", "goals[0].activities", "At least one"},
    {PLAN, "goals/1/activities/0/responsible", NULL, "goals[1].activities[0].responsible", "This part is needed"},
    {PLAN, "goals/1/activities/0/responsible", "{}", "goals[1].activities[0].responsible",
	"agency_id or family_role is needed"},
    {PLAN, "goals/0/followUp", NULL, "goals[0].follow_up", "This part is needed"},
    {PLAN, "goals/0/followUp/at", NULL, "goals[0].follow_up.at", "A text is needed"},
    {PLAN, "goals/0/followUp/at", "\"2012-02-30\"", "goals[0].follow_up.at", "A date that exists"},
    {PLAN, "goals/0/followUp/how", NULL, "goals[0].follow_up.how", "A text is needed"},
    {PLAN, "goals/0/followUp/by", NULL, "goals[0].follow_up.by", "This part is needed"},
    {PLAN, "schoolOrOccupation", NULL, "school_or_occupation", "This part is needed"},
    {PLAN, "schoolOrOccupation/kind", NULL, "school_or_occupation.kind", "SCHOOL_OR_OCCUPATION_KIND_COMPULSORY_SCHOOL"},
    {PLAN, "schoolOrOccupation/kind", "99", "school_or_occupation.kind", "99 is no SchoolOrOccupationKind"},
    {PLAN, "reviewOn", "\"2012-03-05\"", "review_on", "after decided_on"},
    {PLAN, "goals/0/activities/0/until", "\"2012-03-11\"", "goals[0].activities[0].until", "not be before from"},
    {PLAN, "version", "0", "version", "at least 1"},
    {PLAN, "version", "1001", "version", "at most 1000"},
    {PLAN, "goals/0/area", "\"skola!\"", "goals[0].area", "category's name"},
    // of a threat assessment
    {THREAT, "level", NULL, "level", "THREAT_LEVEL_ACUTE"},
    {THREAT, "validUntil", NULL, "valid_until", "A text is needed"},
    {THREAT, "validUntil", "\"2012-04-01\"", "valid_until", "not be before assessed_on"},
    {THREAT, "protectiveMeasures", NULL, "protective_measures", "At least one"},
    {THREAT, "protectiveMeasures/0/responsibleAgencyId", "\"Polis 1\"", "protective_measures[0].responsible_agency_id",
	"agency's id"},
    {THREAT, "unsafePlaces", "[\"\"]", "unsafe_places[0]", "A text is needed"},
    // of the others
    {MEETING, "endsAt", "\"2012-04-16T11:00:00Z\"", "ends_at", "after starts_at"},
    {MEETING, "endsAt", "\"2012-04-16T10:59:59.999Z\"", "ends_at", "after starts_at"},
    {MEETING, "startsAt", NULL, "starts_at", "This part is needed"},
    {MEETING, "meetingId", "\"x\"", "meeting_id", "UUID"},
    {MEETING, "invited/4", "{\"present\": true}", "invited[4]", "agency_id or family_role"},
    {MEETING, "title", "\"a\\u0007b\"", "title", "control character"},
    {ATTENDANCE, "week", "\"2012-W53\"", "week", "A week that exists"},
    {ATTENDANCE, "week", NULL, "", "week or from is needed"},
    {ATTENDANCE, "lessonsAttended", "27", "lessons_attended", "not be more than lessons_planned, which is 26"},
    {ATTENDANCE, "days/0/minutesPlanned", "1441", "days[0].minutes_planned", "at most 1440"},
    {ATTENDANCE, "until", "\"2012-04-31\"", "until", "A date that exists"},
    {CONTACT, "personalNumber", "\"19970301-0001\"", "personal_number", "check digit"},
    {CONTACT, "personalNumber", "\"970301-0000\"", "personal_number", "with century"},
    {CONTACT, "phone", "\"ring mig\"", "phone", "telephone"},
    {CONTACT, "email", "\"a@b@c\"", "email", "e-mail"},
    {CONTACT, "name", NULL, "name", "A text is needed"},
    {DEVIATION, "kind", NULL, "kind", "DEVIATION_KIND_NO_ANSWER"},
    {DEVIATION, "agencyIds/0", "\"-x\"", "agency_ids[0]", "agency's id"},
    {PROBATION, "leave/0/ends", "\"24:00\"", "leave[0].ends", "time of day"},
    {PROBATION, "meetingsKept", "13", "meetings_kept", "not be more than meetings_planned"},
};

// Sets the value at the path.
static void change(json_t *tree, const char *path, const char *value)
{
	char part[64];
	size_t len = strcspn(path, "/");
	assert_true(len < sizeof(part));
	memcpy(part, path, len);
	part[len] = '\0';
	if (path[len] == '/') {
		json_t *child = json_is_array(tree) ? json_array_get(tree, (size_t)strtoul(part, NULL, 10))
						    : json_object_get(tree, part);
		assert_non_null(child);
		change(child, path + len + 1, value);
	} else if (json_is_array(tree)) {
		assert_int_equal(
		    json_array_set_new(tree, (size_t)strtoul(part, NULL, 10), json_loads(value, JSON_DECODE_ANY, NULL)),
		    0);
	} else if (value == NULL) {
		assert_int_equal(json_object_del(tree, part), 0);
	} else {
		assert_int_equal(json_object_set_new(tree, part, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
	}
}

static void rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		const struct broken *b = &broken[i];
		struct sluss_payload_problem problem;
		json_t *tree = json_load_file(b->file, 0, NULL);
		assert_non_null(tree);
		change(tree, b->path, b->value);
		ProtobufCMessage *content = read_tree(tree, &problem);
		if (content == NULL) {
			fail_msg("%s %s: %s: %s", b->file, b->path, problem.field, problem.text);
		}
		problems_seen = 0;
		size_t found = sluss_payload_check(content, see, NULL);
		if (found != 1 || problems_seen != 1 || strcmp(first_seen.field, b->field) != 0 ||
		    strstr(first_seen.text, b->text) == NULL) {
			fail_msg("%s, %s = %s: %zu problems; %s: %s", b->file, b->path,
			    b->value == NULL ? "nothing" : b->value, found, found == 0 ? "" : first_seen.field,
			    found == 0 ? "" : first_seen.text);
		}
		protobuf_c_message_free_unpacked(content, NULL);
		json_decref(tree);
	}
}

// Without a threat neither grounds nor measures are needed.
static void no_threat(void **state)
{
	(void)state;
	static const char text[] = "{\"@type\":\"ThreatAssessment\",\"level\":\"THREAT_LEVEL_NONE\",\"assessedOn\":"
				   "\"2012-04-02\",\"validUntil\":\"2012-04-02\"}";
	struct sluss_payload_problem problem;
	ProtobufCMessage *content = sluss_payload_from_json(NULL, text, sizeof(text) - 1, &problem);
	assert_non_null(content);
	assert_int_equal(sluss_payload_check(content, NULL, NULL), 0);
	protobuf_c_message_free_unpacked(content, NULL);
}

// Limits of length and number are counted in characters and items.
static void limits(void **state)
{
	(void)state;
	char text[4100];
	Sluss__V1__AttendanceReport report = SLUSS__V1__ATTENDANCE_REPORT__INIT;
	report.week = (char *)(uintptr_t) "2015-W53";
	memset(text, 0, sizeof(text));
	for (int i = 0; i < 2000; i++) {
		memcpy(text + 2 * i, "å", 2);
	}
	report.remark = text;
	assert_int_equal(sluss_payload_check(&report.base, NULL, NULL), 0);
	text[4000] = 'x';
	problems_seen = 0;
	assert_int_equal(sluss_payload_check(&report.base, see, NULL), 1);
	assert_string_equal(first_seen.field, "remark");
	assert_non_null(strstr(first_seen.text, "2001 characters; at most 2000"));
	report.remark = (char *)(uintptr_t) "";

	Sluss__V1__AttendanceDay day = SLUSS__V1__ATTENDANCE_DAY__INIT;
	Sluss__V1__AttendanceDay *days[101];
	day.date = (char *)(uintptr_t) "2015-12-31";
	for (size_t i = 0; i < 101; i++) {
		days[i] = &day;
	}
	report.days = days;
	report.n_days = 100;
	assert_int_equal(sluss_payload_check(&report.base, NULL, NULL), 0);
	report.n_days = 101;
	assert_int_equal(sluss_payload_check(&report.base, NULL, NULL), 1);
	assert_int_equal(sluss_payload_check(NULL, NULL, NULL), 1);
	assert_int_equal(sluss_payload_check(&day.base, see, NULL), 1); // a part is no payload
}

// ---- JSON that is refused

static void refused(void **state)
{
	(void)state;
	static const struct {
		const char *type, *text, *field, *part;
	} rows[] = {
	    {NULL, "{\"week\":\"2012-W15\"}", "@type", "must be named"},
	    {NULL, "{\"@type\":\"sluss.v1.Nothing\"}", "@type", "no payload type sluss.v1.Nothing"},
	    {NULL, "{\"@type\":7}", "@type", "name of a payload type"},
	    {NULL, "{\"@type\":", "", "not JSON (line 1"},
	    {NULL, "[]", "", "object is needed"},
	    {"Note", "{\"@type\":\"sluss.v1.AttendanceReport\"}", "@type", "Another type is needed: sluss.v1.Note"},
	    {"AttendanceReport", "{\"wek\":\"2012-W15\"}", "wek", "AttendanceReport has no such field"},
	    {"AttendanceReport", "{\"days\":[{\"date\":\"2012-04-10\",\"minutes\":3}]}", "days[0].minutes",
		"AttendanceDay has no such field"},
	    {"AttendanceReport", "{\"days\":[{\"@type\":\"x\"}]}", "days[0].@type", "no such field"},
	    {"AttendanceReport", "{\"lessonsPlanned\":-1}", "lessons_planned", "out of range"},
	    {"AttendanceReport", "{\"lessonsPlanned\":\"many\"}", "lessons_planned", "whole number"},
	    {"ThreatAssessment", "{\"level\":\"HIGH\"}", "level", "no ThreatLevel"},
	    {"AttendanceReport", "{\"week\":\"a\",\"week\":\"b\"}", "", "not JSON"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sluss_payload_problem problem;
		assert_null(sluss_payload_from_json(rows[i].type == NULL ? NULL : sluss_payload_type_find(rows[i].type),
		    rows[i].text, strlen(rows[i].text), &problem));
		if (strcmp(problem.field, rows[i].field) != 0 || strstr(problem.text, rows[i].part) == NULL) {
			fail_msg("%s: %s: %s", rows[i].text, problem.field, problem.text);
		}
	}
	struct sluss_payload_problem problem;
	static const char any[] =
	    "{\"@type\":\"type.googleapis.com/sluss.v1.Note\",\"category\":\"needs\",\"text\":\"x\"}";
	ProtobufCMessage *content = sluss_payload_from_json(NULL, any, sizeof(any) - 1, &problem);
	assert_non_null(content);
	protobuf_c_message_free_unpacked(content, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types_fit_the_policy),
	    cmocka_unit_test(policy_rows_have_types),
	    cmocka_unit_test(profiles),
	    cmocka_unit_test(finds_types),
	    cmocka_unit_test(examples),
	    cmocka_unit_test(rules),
	    cmocka_unit_test(no_threat),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
