// SPDX-License-Identifier: EUPL-1.2
#include "settings_issuer.h"
#include "settings_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static enum sluss_settings_result parse(
    const char *text, struct sluss_settings *settings, struct sluss_settings_error *error)
{
	sluss_settings_default(settings);
	error->text[0] = '\0';
	return sluss_settings_parse(
	    "f.conf", (struct sluss_bytes){(const uint8_t *)text, strlen(text)}, settings, error);
}

static void test_good_files(void **state)
{
	(void)state;
	struct sluss_settings s;
	struct sluss_settings_error e;
	assert_int_equal(parse("", &s, &e), SLUSS_SETTINGS_OK);
	assert_int_equal(s.max_body, 1048576);
	assert_int_equal(
	    parse("# a comment\n\n  authority=sluss.test/a # why\r\n\tmax_body =  4096\ndemo_clock = true", &s, &e),
	    SLUSS_SETTINGS_OK);
	assert_string_equal(s.authority, "sluss.test/a");
	assert_int_equal(s.max_body, 4096);
	assert_true(s.demo_clock);
	assert_int_equal(parse("policy_file = a#b.json\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_string_equal(s.policy_file, "a#b.json");
	assert_int_equal(parse("public_listen =\nsandbox = off\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_string_equal(s.public_listen, "");
	assert_int_equal(s.sandbox, SLUSS_SANDBOX_OFF);
	assert_int_equal(parse("demo_clock_start = 2012-01-09T08:00:00+01:00\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_int_equal(s.demo_clock_start, INT64_C(1326092400000));
}

static void test_bad_files(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
	    {"authority = a\nnonsense = 1\n", "f.conf:2: unknown key 'nonsense'"},
	    {"authority\n", "f.conf:1: expected key = value"},
	    {"max_body = 4096\n\nmax_body = 4096\n", "f.conf:3: max_body stands here a second time"},
	    {"max_body = much\n", "f.conf:1: max_body: expected a number from 4096 to 3670016 (octets)"},
	    {"max_body = 1\n", "f.conf:1: max_body: expected a number from 4096 to 3670016 (octets)"},
	    {"max_body = 99999999999999999999\n",
		"f.conf:1: max_body: expected a number from 4096 to 3670016 (octets)"},
	    {"max_body = -1\n", "f.conf:1: max_body: expected a number from 4096 to 3670016 (octets)"},
	    {"max_body =\n", "f.conf:1: max_body: expected a number from 4096 to 3670016 (octets)"},
	    {"demo_clock = yes\n", "f.conf:1: demo_clock: expected true or false"},
	    {"authority =#a\n", "f.conf:1: authority: expected text without control characters and comments"},
	    {"sandbox = on\n", "f.conf:1: sandbox: expected auto or off"},
	    {"store = postgres\n", "f.conf:1: store: expected sqlite"},
	    {"agency_listen = 8443\n", "f.conf:1: agency_listen: expected an address: 127.0.0.1:8443 or [::1]:8443"},
	    {"agency_listen = localhost:8443\n",
		"f.conf:1: agency_listen: expected an address: 127.0.0.1:8443 or [::1]:8443"},
	    {"agency_listen = 127.0.0.1:70000\n",
		"f.conf:1: agency_listen: expected an address: 127.0.0.1:8443 or [::1]:8443"},
	    {"agency_listen =\n", "f.conf:1: agency_listen: expected a value"},
	    {"tls_key =\n", "f.conf:1: tls_key: expected a value"},
	    {"demo_clock_start = 2012-02-30T00:00:00Z\n",
		"f.conf:1: demo_clock_start: expected an RFC 3339 time such as 2012-01-09T07:00:00Z"},
	    {"authority = a b\n",
		"f.conf:1: authority: expected a name of up to 127 visible ASCII characters, without + \" and \\"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sluss_settings s;
		struct sluss_settings_error e;
		assert_int_equal(parse(cases[i].text, &s, &e), SLUSS_SETTINGS_WRONG);
		assert_string_equal(e.text, cases[i].error);
	}
}

static void test_what_must_be_set(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
	    {"state_dir = /tmp\n", "authority is not set"},
	    {"authority = a\nstate_dir = here\n", "state_dir must be an absolute path"},
	    {"authority = a\nidle_timeout_ms = 60000\n",
		"idle_timeout_ms (60000) must be longer than fetch_wait_max_ms (60000): a waiting Fetch is silent"},
	    {"authority = a\ndemo_clock_start = 2012-01-09T07:00:00Z\n", "demo_clock_start needs demo_clock = true"},
	};
	struct sluss_settings s;
	struct sluss_settings_error e;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].text, &s, &e), SLUSS_SETTINGS_OK);
		assert_int_equal(sluss_settings_complete(&s, &e), SLUSS_SETTINGS_MISSING);
		assert_string_equal(e.text, cases[i].error);
	}
	assert_int_equal(parse("authority = a\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_int_equal(sluss_settings_complete(&s, &e), SLUSS_SETTINGS_OK);
}

#define WITNESS_A "a.example+00000000+BAAA http://127.0.0.1:1/"
#define WITNESS_B "b.example+00000000+BAAA https://b.example/w"

static void test_witnesses(void **state)
{
	(void)state;
	struct sluss_settings s;
	struct sluss_settings_error e;
	size_t key_len;
	size_t url_len;
	assert_int_equal(parse("witness = " WITNESS_A "\nwitness = " WITNESS_B "\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_int_equal(s.witness.count, 2);
	const char *url = sluss_settings_witness(s.witness.items[0], &key_len, &url_len);
	assert_int_equal(key_len, strlen("a.example+00000000+BAAA"));
	assert_int_equal(url_len, strlen("http://127.0.0.1:1")); // without its last slash
	assert_memory_equal(url, "http://127.0.0.1:1", url_len);
	assert_true(sluss_settings_need_courier(&s));
	static const struct {
		const char *text;
		const char *error;
	} wrong[] = {
	    {"witness = " WITNESS_A "\nwitness = a\n",
		"f.conf:2: witness: expected a witness's verifier key, a space and the URL of its service"},
	    {"witness = a.example+1+B ftp://b.example\n",
		"f.conf:1: witness: expected a witness's verifier key, a space and the URL of its service"},
	    {"witness = a.example+1+B http://u@b.example\n",
		"f.conf:1: witness: expected a witness's verifier key, a space and the URL of its service"},
	    {"timestamp_url = tsa.example\n", "f.conf:1: timestamp_url: expected a URL such as "
					      "https://tsa.example/query, without user, query and fragment"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(wrong[i].text, &s, &e), SLUSS_SETTINGS_WRONG);
		assert_string_equal(e.text, wrong[i].error);
	}
	char many[20 * 80] = "";
	size_t len = 0;
	for (int i = 0; i < 17; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len, "witness = " WITNESS_A "\n");
	assert_int_equal(parse(many, &s, &e), SLUSS_SETTINGS_WRONG);
	assert_string_equal(e.text, "f.conf:17: witness: expected at most 16 witnesses");
}

static void test_outside_fits(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
	    {"authority = a\nwitness_quorum = 1\n", "witness_quorum (1) is larger than the number of witnesses (0)"},
	    {"authority = a\nwitness = " WITNESS_A "\nwitness_quorum = 1\nwitness_gap_max_ms = 1000\n",
		"witness_gap_max_ms (1000) must be longer than witness_period_ms (10000)"},
	    {"authority = a\nwitness = " WITNESS_B "\n", "courier_ca must be set where a URL begins with https"},
	    {"authority = a\ntimestamp_url = http://a.example\n", "timestamp_url and timestamp_ca need each other"},
	    {"authority = a\ntimestamp_gap_max_ms = 1\n",
		"timestamp_gap_max_ms (1) needs timestamp_url and must be longer than timestamp_period_ms (3600000)"},
	};
	struct sluss_settings s;
	struct sluss_settings_error e;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].text, &s, &e), SLUSS_SETTINGS_OK);
		assert_int_equal(sluss_settings_complete(&s, &e), SLUSS_SETTINGS_MISSING);
		assert_string_equal(e.text, cases[i].error);
	}
	assert_int_equal(parse("authority = a\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_false(sluss_settings_need_courier(&s));
}

// Core gets the keys, the courier the URLs with them; nobody else either.
static void test_witness_roles(void **state)
{
	(void)state;
	struct sluss_settings s;
	struct sluss_settings_error e;
	assert_int_equal(
	    parse("authority = a\nwitness = " WITNESS_A "\nwitness = " WITNESS_B "\n", &s, &e), SLUSS_SETTINGS_OK);
	const enum sluss_role roles[] = {SLUSS_ROLE_CORE, SLUSS_ROLE_COURIER, SLUSS_ROLE_WEB, SLUSS_ROLE_EDGE};
	for (size_t i = 0; i < 4; i++) {
		char *text = NULL;
		size_t len = 0;
		struct sluss_settings again;
		FILE *out = open_memstream(&text, &len);
		assert_true(sluss_settings_print_for_role(&s, roles[i], out));
		assert_int_equal(fclose(out), 0);
		assert_int_equal(parse(text, &again, &e), SLUSS_SETTINGS_OK);
		assert_int_equal(again.witness.count, i < 2 ? 2 : 0);
		if (i < 2)
			assert_string_equal(again.witness.items[1], WITNESS_B);
		free(text);
	}
}

#define ENDS                                                                                                           \
	"url=https://i.example client_id=c authorize=https://i.example/a token=http://127.0.0.1:1/t "                  \
	"jwks=http://[::1]:2/k"
#define PERSONS "name=p kind=person person_claim=pin " ENDS
#define STAFF "name=s kind=staff officer_claim=o agency=soc " ENDS

static void test_issuers(void **state)
{
	(void)state;
	struct sluss_settings s;
	struct sluss_settings_error e;
	struct sluss_issuer issuers[SLUSS_ISSUERS_MAX];
	assert_int_equal(
	    parse("authority = a\nredirect_url = https://g.example/login/return\nissuer = " PERSONS
		  " display=\"Two words\" acr=high\nissuer = " STAFF "\nissuer = name=m kind=staff officer_claim=o "
		  "agency_claim=a agencies=soc,pol " ENDS "\n",
		&s, &e),
	    SLUSS_SETTINGS_OK);
	assert_int_equal(sluss_settings_complete(&s, &e), SLUSS_SETTINGS_OK);
	assert_int_equal(sluss_settings_issuers(&s, issuers), 3);
	assert_string_equal(issuers[0].display, "Two words");
	assert_string_equal(issuers[0].scope, "openid");
	assert_false(issuers[0].staff);
	assert_true(issuers[1].staff);
	assert_string_equal(issuers[1].agency, "soc");
	assert_string_equal(issuers[2].agencies, "soc,pol");
	static const struct {
		const char *text, *error;
	} wrong[] = {
	    {"name=p", "kind=person or kind=staff, once"},
	    {"kind=person kind=staff", "kind=person or kind=staff, once"},
	    {"name=p kind=robot", "kind=person or kind=staff, once"},
	    {"name=p kind=person colour=red", "name, kind, url"},
	    {"name=p name=p kind=person", "name, kind, url"},
	    {"name", "key=value pairs"},
	    {"name=\"p", "key=value pairs"},
	    {"name=p kind=person url=x", "name, kind, url, client_id, authorize and token: one of them is missing"},
	    {"name=P kind=person person_claim=pin " ENDS, "a name of a-z"},
	    {"name=p kind=person " ENDS, "person_claim, the claim"},
	    {"name=p kind=person person_claim=c agency=soc " ENDS, "person_claim for kind=person only"},
	    {"name=p kind=staff agency=soc " ENDS, "officer_claim, the claim"},
	    {"name=p kind=staff officer_claim=o " ENDS, "either agency=ID"},
	    {"name=p kind=staff officer_claim=o agency=soc agency_claim=a agencies=pol " ENDS, "either agency=ID"},
	    {"name=p kind=staff officer_claim=o agency_claim=a agencies=soc, " ENDS, "agency ids"},
	    {"name=p kind=person person_claim=pin scope=email " ENDS, "a scope that begins with openid"},
	    {"name=p kind=person person_claim=pin jwks_file=k " ENDS, "either jwks, where"},
	    {"name=p kind=person person_claim=pin url=u client_id=c authorize=https://a token=https://b",
		"either jwks, where"},
	    {"name=p kind=person person_claim=pin url=u client_id=c authorize=https://a token=http://b.example "
	     "jwks=https://c",
		"https URLs without"},
	    {"name=p kind=person person_claim=pin url=u client_id=c authorize=https://a token=http://localhost.example "
	     "jwks=https://c",
		"https URLs without"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[1024];
		(void)snprintf(text, sizeof(text), "issuer = %s\n", wrong[i].text);
		assert_int_equal(parse(text, &s, &e), SLUSS_SETTINGS_WRONG);
		if (strstr(e.text, wrong[i].error) == NULL)
			print_message("%s: %s\n", wrong[i].text, e.text);
		assert_non_null(strstr(e.text, wrong[i].error));
	}
	assert_int_equal(parse("issuer = " PERSONS "\nissuer = " PERSONS "\n", &s, &e), SLUSS_SETTINGS_WRONG);
	assert_int_equal(parse("authority = a\nissuer = " PERSONS "\n", &s, &e), SLUSS_SETTINGS_OK);
	assert_int_equal(sluss_settings_complete(&s, &e), SLUSS_SETTINGS_MISSING);
	assert_non_null(strstr(e.text, "redirect_url must be set"));
}

static void test_times(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms; // 0 = refused
	} cases[] = {
	    {"2012-01-09T07:00:00Z", INT64_C(1326092400000)},
	    {"2012-01-09T07:00:00.250Z", INT64_C(1326092400250)},
	    {"2012-01-09T07:00:00.2509999Z", INT64_C(1326092400250)},
	    {"2012-01-09T02:00:00-05:00", INT64_C(1326092400000)},
	    {"2012-02-29T00:00:00Z", INT64_C(1330473600000)},
	    {"2011-02-29T00:00:00Z", 0},
	    {"2012-01-09 07:00:00Z", 0},
	    {"2012-01-09T07:00:00", 0},
	    {"2012-01-09T24:00:00Z", 0},
	    {"2012-01-09T07:00:00.Z", 0},
	    {"2012-01-09T07:00:00Zx", 0},
	    {"", 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 0;
		bool good = sluss_settings_parse_time(cases[i].text, &ms);
		assert_int_equal(good, cases[i].ms != 0);
		if (good)
			assert_int_equal(ms, cases[i].ms);
	}
}

// Reads what a print function wrote.
static char *printed(bool (*print)(FILE *), struct sluss_bytes *bytes_out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_true(print(out));
	assert_int_equal(fclose(out), 0);
	*bytes_out = (struct sluss_bytes){(const uint8_t *)text, len};
	return text;
}

// The sample with its comments taken away, and a value for what must be set, is a good file: each default stands in its
// own range.
static void test_sample_is_a_good_file(void **state)
{
	(void)state;
	struct sluss_bytes bytes;
	char *text = printed(sluss_settings_print_sample, &bytes);
	for (char *c = text; *c != '\0'; c++) {
		if (*c == '#' && c[1] != ' ')
			*c = ' ';
	}
	char *authority = strstr(text, "authority = ");
	assert_non_null(authority);
	authority[strlen("authority = ") - 1] = 'x';
	struct sluss_settings s;
	struct sluss_settings_error e = {""};
	sluss_settings_default(&s);
	enum sluss_settings_result result = sluss_settings_parse("sample", bytes, &s, &e);
	assert_string_equal(e.text, "");
	assert_int_equal(result, SLUSS_SETTINGS_OK);
	free(text);
}

static void test_manual_names_every_key(void **state)
{
	(void)state;
	struct sluss_bytes bytes;
	char *text = printed(sluss_settings_print_manual, &bytes);
	size_t count = 0;
	const struct sluss_setting *table = sluss_settings_table(&count);
	for (size_t i = 0; i < count; i++) {
		char line[64];
		(void)snprintf(line, sizeof(line), ".B %s\n", table[i].key);
		assert_non_null(strstr(text, line));
	}
	free(text);
}

static void test_role_gets_only_its_own(void **state)
{
	(void)state;
	struct sluss_settings s;
	struct sluss_settings_error e;
	assert_int_equal(
	    parse("authority = a\nedge_threads = 3\ndemo_clock = true\ndemo_clock_start = 2012-01-09T07:00:00Z\n", &s,
		&e),
	    SLUSS_SETTINGS_OK);
	static const enum sluss_role roles[] = {SLUSS_ROLE_CORE, SLUSS_ROLE_WEB, SLUSS_ROLE_EDGE};
	for (size_t i = 0; i < 3; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		assert_true(sluss_settings_print_for_role(&s, roles[i], out));
		assert_int_equal(fclose(out), 0);
		struct sluss_settings again;
		sluss_settings_default(&again);
		assert_int_equal(
		    sluss_settings_parse("role", (struct sluss_bytes){(const uint8_t *)text, len}, &again, &e),
		    SLUSS_SETTINGS_OK);
		assert_int_equal(again.edge_threads, roles[i] == SLUSS_ROLE_EDGE ? 3 : 1);
		assert_int_equal(again.demo_clock_start, roles[i] == SLUSS_ROLE_CORE ? INT64_C(1326092400000) : 0);
		assert_null(strstr(text, "_key ="));
		free(text);
	}
}

static void test_paths(void **state)
{
	(void)state;
	struct sluss_settings s;
	char path[64];
	sluss_settings_default(&s);
	assert_true(sluss_settings_path(&s, "keys/tls.key", path, sizeof(path)));
	assert_string_equal(path, "/var/lib/sluss/keys/tls.key");
	assert_true(sluss_settings_path(&s, "/etc/tls.key", path, sizeof(path)));
	assert_string_equal(path, "/etc/tls.key");
	assert_false(sluss_settings_path(&s, "keys/tls.key", path, 10));
}

static void test_load_from_file(void **state)
{
	(void)state;
	char path[] = "/tmp/sluss-settings-XXXXXX";
	int fd = mkstemp(path);
	struct sluss_settings s;
	struct sluss_settings_error e;
	assert_true(fd >= 0 && write(fd, "authority = b\n", 14) == 14 && close(fd) == 0);
	assert_int_equal(sluss_settings_load(path, &s, &e), SLUSS_SETTINGS_OK);
	assert_string_equal(s.authority, "b");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sluss_settings_load(path, &s, &e), SLUSS_SETTINGS_UNREADABLE);
}

static void test_behaviour(void **state)
{
	(void)state;
	struct sluss_settings s;
	struct sluss_settings_behaviour b;
	sluss_settings_default(&s);
	s.lease_ms = 12345;
	assert_true(sluss_settings_behaviour(&s, true, "ab12", NULL, &b));
	bool lease = false, head = false, tsa = false;
	for (size_t i = 0; i < b.count; i++) {
		assert_true(i == 0 || strcmp(b.values[i - 1], b.values[i]) <= 0);
		assert_null(strchr(b.values[i], '/')); // no path
		lease = lease || strcmp(b.values[i], "lease_ms=12345") == 0;
		tsa = tsa || strcmp(b.values[i], "timestamp_ca=ab12") == 0;
		head = head || strcmp(b.values[i], "secondary_head=true") == 0;
		assert_int_not_equal(strncmp(b.values[i], "user_", 5), 0);
		assert_int_not_equal(strncmp(b.values[i], "edge_threads", 12), 0); // core does not see it
	}
	assert_true(lease && head && tsa);
	sluss_settings_behaviour_free(&b);
	assert_int_equal(b.count, 0);
	// Which keys an issuer is pinned to decides who gets in; where the file lies does not.
	struct sluss_settings_error e;
	const char *pins[SLUSS_ISSUERS_MAX] = {"", "0a1b"};
	assert_int_equal(parse("issuer = " PERSONS "\nissuer = name=k kind=person person_claim=pin url=u client_id=c "
			       "authorize=https://a token=https://b jwks_file=keys/set.json\n",
			     &s, &e),
	    SLUSS_SETTINGS_OK);
	assert_true(sluss_settings_behaviour(&s, false, "", pins, &b));
	size_t pinned = 0;
	for (size_t i = 0; i < b.count; i++) {
		pinned += strcmp(b.values[i], "issuer.k.jwks_sha256=0a1b") == 0;
		assert_null(strstr(b.values[i], "set.json"));
		assert_null(strstr(b.values[i], "issuer.p.jwks_sha256"));
	}
	assert_int_equal(pinned, 1);
	sluss_settings_behaviour_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_files),
	    cmocka_unit_test(test_bad_files),
	    cmocka_unit_test(test_what_must_be_set),
	    cmocka_unit_test(test_witnesses),
	    cmocka_unit_test(test_outside_fits),
	    cmocka_unit_test(test_witness_roles),
	    cmocka_unit_test(test_issuers),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_sample_is_a_good_file),
	    cmocka_unit_test(test_manual_names_every_key),
	    cmocka_unit_test(test_role_gets_only_its_own),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_load_from_file),
	    cmocka_unit_test(test_behaviour),
	};
	return cmocka_run_group_tests_name("settings_table", tests, NULL, NULL);
}
