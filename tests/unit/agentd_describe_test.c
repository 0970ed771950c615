// SPDX-License-Identifier: EUPL-1.2
// Message descriptions, names in the outbox, settings: what is taken and what is refused, with which words.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "describe.h"
#include "folders.h"
#include "settings.h"

#define CASE "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define SECTION                                                                                                        \
	"{\"category\":\"meeting_notes\",\"purpose\":\"coordination\",\"claim\":\"consent:" CASE "\",\"text\":"        \
	"\"hej\"}"

static bool describe(const char *json, const char *files, struct agentd_description *d, struct agentd_describe_error *e)
{
	*e = (struct agentd_describe_error){.field = ""};
	return agentd_describe(
	    (struct sluss_bytes){(const uint8_t *)json, strlen(json)}, NULL, files, "o1", NULL, d, e);
}

static void test_good(void **state)
{
	(void)state;
	struct agentd_description d;
	struct agentd_description again;
	struct agentd_describe_error e;
	static const char json[] =
	    "{\"case\":\"" CASE
	    "\",\"type\":\"ConcernReport\",\"to\":[\"soc-1\",\"police-1:p1\"],\"sections\":[" SECTION "]}";
	assert_true(describe(json, NULL, &d, &e));
	assert_int_equal(d.recipient_count, 2);
	assert_string_equal(d.recipients[1], "police-1");
	assert_non_null(strstr(d.text, "\"officer\":\"o1\""));
	assert_true(describe(json, NULL, &again, &e));
	assert_memory_equal(
	    d.digest, again.digest, sizeof(d.digest)); // the id chosen here is not part of what was described
	assert_memory_not_equal(d.id.b, again.id.b, sizeof(d.id.b));
	agentd_description_free(&again);
	struct cli cli = {.value_count = 0};
	struct sluss_message_draft draft;
	char officer[SLUSS_OFFICER_MAX + 1];
	struct agentd_attachments attachments;
	assert_true(agentd_draft(
	    (struct sluss_bytes){(const uint8_t *)d.text, d.len}, &cli, &draft, &attachments, officer, &e));
	assert_int_equal(attachments.count, 0);
	assert_memory_equal(draft.id.b, d.id.b, sizeof(d.id.b));
	assert_string_equal(officer, "o1");
	assert_int_equal(draft.section_count, 1);
	cli_finish(&cli);
	agentd_description_free(&d);
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		const char *field;
	} rows[] = {
	    {"", ""},
	    {"[]", ""},
	    {"{\"case\":1}", "case"},
	    {"{\"x\":1}", "x"},
	    {"{\"case\":\"" CASE "\"}", "type"},
	    {"{\"case\":\"x\",\"type\":\"ConcernReport\",\"to\":\"a\",\"sections\":[" SECTION "]}", "case"},
	    {"{\"case\":\"" CASE "\",\"type\":\"Nonsense\",\"to\":\"a\",\"sections\":[" SECTION "]}", "type"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"sections\":[" SECTION "]}", "to"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":[\"A B\"],\"sections\":[" SECTION "]}", "to"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":[1],\"sections\":[" SECTION "]}", "to"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\"}", "section"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\",\"sections\":[1]}", "sections"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\",\"sections\":\"x\"}", "sections"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\",\"officer\":\"a b\",\"sections\":[" SECTION
	     "]}",
		"officer"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\",\"partial\":1,\"sections\":[" SECTION "]}",
		"partial"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\",\"id\":\"1\",\"sections\":[" SECTION "]}",
		"id"},
	    {"{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\",\"sections\":[{\"file\":\"x\"}]}", "file"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct agentd_description d;
		struct agentd_describe_error e;
		if (describe(rows[i].json, NULL, &d, &e) || strcmp(e.field, rows[i].field) != 0 || e.text[0] == '\0')
			fail_msg("row %zu: field '%s', '%s'", i, e.field, e.text);
	}
}

static void test_files(void **state)
{
	(void)state;
	static const char *const bad[] = {"../x", "/etc/passwd", ".x", "", "none.txt"};
	char folder[] = "/tmp/sluss-describe-XXXXXX";
	char path[64];
	char json[512];
	struct agentd_description d;
	struct agentd_describe_error e;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/n.txt", folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs("from a file", file);
	(void)fclose(file);
	static const char form[] =
	    "{\"case\":\"" CASE "\",\"type\":\"ConcernReport\",\"to\":\"a\",\"sections\":[{\"category\":\"meeting_"
	    "notes\",\"purpose\":\"coordination\",\"file\":\"%s\"}]}";
	(void)snprintf(json, sizeof(json), form, "n.txt");
	assert_true(describe(json, folder, &d, &e));
	assert_non_null(strstr(d.text, "\"text\":\"from a file\""));
	assert_null(strstr(d.text, "\"file\""));
	agentd_description_free(&d);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(json, sizeof(json), form, bad[i]);
		assert_false(describe(json, folder, &d, &e));
		assert_string_equal(e.field, "file");
	}
	(void)unlink(path);
	(void)rmdir(folder);
}

static void test_names(void **state)
{
	(void)state;
	char longest[AGENTD_NAME_MAX + 2];
	memset(longest, 'a', sizeof(longest));
	longest[AGENTD_NAME_MAX + 1] = '\0';
	memcpy(longest + AGENTD_NAME_MAX - 4, ".json", 5);
	assert_true(agentd_folder_wants("a.json"));
	assert_true(agentd_folder_wants("närvaro v12.json"));
	assert_false(agentd_folder_wants(longest));
	static const char *const bad[] = {
	    "", ".json", ".a.json", "a.json.part", "a.txt", "a\n.json", "a\x7f.json", "a\\b.json", "a/b.json"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(agentd_folder_wants(bad[i]));
}

// ---- settings

static enum sluss_settings_result load(const char *text, struct agentd_settings *s, struct sluss_settings_error *e)
{
	char path[] = "/tmp/sluss-agentd-conf-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
	enum sluss_settings_result result = agentd_settings_load(path, s, e);
	(void)unlink(path);
	return result;
}

static void test_settings(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
	    {"state_dir = /x\n", "profile is not set"},
	    {"profile = p\n", "profile and state_dir must be absolute paths"},
	    {"profile = /p\nlisten = 0.0.0.0:80\n", "listen must be a loopback address"},
	    {"profile = /p\nofficer = a b\n", "officer must be letters"},
	    {"profile = /p\nretry_first_ms = 9\nretry_max_ms = 8\n", "retry_first_ms and status_first_ms"},
	    {"profile = /p\nnonsense = 1\n", "unknown key 'nonsense'"},
	    {"profile = /p\nsenders = 17\n", "senders: expected a number from 1 to 16"},
	};
	struct agentd_settings s;
	struct sluss_settings_error e;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_not_equal(load(rows[i].text, &s, &e), SLUSS_SETTINGS_OK);
		if (strstr(e.text, rows[i].error) == NULL)
			fail_msg("'%s' instead of '%s'", e.text, rows[i].error);
	}
	assert_int_equal(load("profile = /p\nlisten = [::1]:0\nofficer = agent-a\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_int_equal(s.senders, 2);
	assert_true(s.receive);
	char path[64];
	assert_true(agentd_path(&s, "token", path, sizeof(path)));
	assert_string_equal(path, "/var/lib/sluss-agentd/token");
}

static void test_manual(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_true(agentd_manual_print(out));
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < agentd_settings_program.count; i++) {
		char line[64];
		(void)snprintf(line, sizeof(line), ".B %s\n", agentd_settings_program.rows[i].key);
		assert_non_null(strstr(text, line));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_manual),
	};
	return sluss_crypto_init() ? cmocka_run_group_tests_name("agentd_describe", tests, NULL, NULL) : 1;
}
