// SPDX-License-Identifier: EUPL-1.2
// The profile folder: made, opened, refused when others may read it, keys renewed without losing one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "sluss/profile.h"

static char folder[64];
static char path[160];
static char problem[SLUSS_PROFILE_TEXT_MAX];

static const char *file(const char *name)
{
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static struct sluss_profile *create(void)
{
	struct sluss_profile_config config = {.authority = "a.example/sig",
	    .agency_id = "soc",
	    .officer_id = "o1",
	    .agency_url = "https://localhost:1",
	    .public_url = "https://localhost:2"};
	struct sluss_profile *p = NULL;
	char ca[96];
	(void)snprintf(ca, sizeof(ca), "%s.ca", folder);
	assert_true(sluss_file_replace(ca, "-----BEGIN CERTIFICATE-----\n", 28));
	enum sluss_profile_result result = sluss_profile_create(folder, &config, ca, &p, problem);
	(void)unlink(ca);
	if (result != SLUSS_PROFILE_OK) {
		print_error("%s\n", problem);
	}
	assert_int_equal(result, SLUSS_PROFILE_OK);
	return p;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/sluss-profile-XXXXXX");
	return sluss_crypto_init() && mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	static const char *const names[] = {"config.json", "signing.key", "sealing.key", "sealing.1.key",
	    "sealing.2.key", "signing.next.key", "sealing.next.key", "client.key", "client.crt", "client.next.key",
	    "client.next.crt", "ca.crt", "checkpoint", "notices"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)unlink(file(names[i]));
	}
	return rmdir(folder);
}

static void made_and_opened(void **state)
{
	(void)state;
	struct sluss_profile *p = create();
	struct sluss_client_settings s;
	char id[SLUSS_KEY_ID_TEXT];
	assert_false(sluss_profile_is_enrolled(p));
	sluss_profile_settings(p, true, &s);
	assert_string_equal(s.url, "https://localhost:2");
	assert_null(s.certificate_file);
	assert_null(s.log_verifier_key);
	memcpy(id, sluss_signing_key_id(s.signing_key), sizeof(id));
	char *request = sluss_profile_certificate_request(p);
	assert_non_null(strstr(request, "BEGIN CERTIFICATE REQUEST"));
	free(request);
	assert_int_equal(sluss_profile_save_enrolment(p, "chain", "key", problem), SLUSS_PROFILE_OK);
	assert_int_equal(sluss_profile_notices(p), 0);
	assert_int_equal(sluss_profile_save_notices(p, 1234567890123, problem), SLUSS_PROFILE_OK);
	sluss_profile_free(&p);
	assert_null(p);
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_OK);
	assert_true(sluss_profile_is_enrolled(p));
	assert_string_equal(sluss_profile_config(p)->log_verifier_key, "key");
	assert_int_equal(sluss_profile_notices(p), 1234567890123);
	assert_null(sluss_profile_checkpoint(p));
	sluss_profile_settings(p, false, &s);
	assert_string_equal(sluss_signing_key_id(s.signing_key), id);
	assert_string_equal(s.url, "https://localhost:1");
	assert_non_null(s.certificate_file);
	sluss_profile_free(&p);
	// Made again (an enrolment that did not come through): the keys stay.
	p = create();
	sluss_profile_settings(p, false, &s);
	assert_string_equal(sluss_signing_key_id(s.signing_key), id);
	sluss_profile_free(&p);
}

static void files_are_ours_alone(void **state)
{
	(void)state;
	struct sluss_profile *p = create();
	static const char *const names[] = {"config.json", "signing.key", "sealing.key", "client.key", "ca.crt"};
	struct stat st;
	sluss_profile_free(&p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(stat(file(names[i]), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	assert_int_equal(chmod(file("signing.key"), 0640), 0);
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_INSECURE);
	assert_non_null(strstr(problem, "signing.key"));
	assert_null(p);
	assert_int_equal(chmod(file("signing.key"), 0600), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_INSECURE);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_OK);
	sluss_profile_free(&p);
}

static void malformed(void **state)
{
	(void)state;
	struct sluss_profile *p = create();
	sluss_profile_free(&p);
	static const char *const configs[] = {"", "[]", "{\"authority\":7}", "{\"nonsense\":\"x\"}",
	    "{\"authority\":\"a\",\"authority\":\"b\"}",
	    "{\"agency_id\":\"a-name-that-is-much-longer-than-an-agency-may-have\"}"};
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		assert_true(sluss_file_replace(file("config.json"), configs[i], strlen(configs[i])));
		assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_MALFORMED);
		assert_non_null(strstr(problem, "config.json"));
	}
	assert_true(sluss_file_replace(file("config.json"), "{}", 2));
	assert_true(sluss_file_replace(file("sealing.key"), "abcd", 4));
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_MALFORMED);
	assert_int_equal(unlink(file("sealing.key")), 0);
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_MISSING);
	assert_int_equal(sluss_profile_open("/nonexistent/x", &p, problem), SLUSS_PROFILE_MISSING);
}

static void renewal_loses_no_key(void **state)
{
	(void)state;
	struct sluss_profile *p = create();
	struct sluss_client_settings s;
	char seen[3][SLUSS_KEY_ID_TEXT];
	for (int round = 0; round < 3; round++) {
		struct sluss_signing_key *sign = NULL;
		struct sluss_sealing_key *seal = NULL;
		struct sluss_signing_key *again = NULL;
		struct sluss_sealing_key *seal_again = NULL;
		sluss_profile_settings(p, false, &s);
		assert_int_equal(s.sealing_key_count, round + 1);
		for (int k = 0; k < round; k++) {
			assert_string_equal(
			    sluss_sealing_key_id(s.sealing_keys[round - k]), seen[k]); // the oldest last
		}
		memcpy(seen[round], sluss_sealing_key_id(s.sealing_keys[0]), SLUSS_KEY_ID_TEXT);
		if (round == 2) {
			break;
		}
		// The next keys are the same until they are promoted.
		assert_int_equal(sluss_profile_next_keys(p, &sign, &seal, problem), SLUSS_PROFILE_OK);
		assert_int_equal(sluss_profile_next_keys(p, &again, &seal_again, problem), SLUSS_PROFILE_OK);
		assert_string_equal(sluss_signing_key_id(sign), sluss_signing_key_id(again));
		assert_string_equal(sluss_sealing_key_id(seal), sluss_sealing_key_id(seal_again));
		assert_int_equal(sluss_profile_promote_keys(p, problem), SLUSS_PROFILE_OK);
		sluss_profile_settings(p, false, &s);
		assert_string_equal(sluss_signing_key_id(s.signing_key), sluss_signing_key_id(sign));
		assert_string_equal(sluss_sealing_key_id(s.sealing_keys[0]), sluss_sealing_key_id(seal));
		sluss_signing_key_free(&sign);
		sluss_signing_key_free(&again);
		sluss_sealing_key_free(&seal);
		sluss_sealing_key_free(&seal_again);
	}
	sluss_profile_free(&p);
}

static bool is_there(const char *name)
{
	return access(file(name), F_OK) == 0;
}

static void keep_text(const char *name, const char *text)
{
	assert_true(sluss_file_replace(file(name), text, strlen(text)));
}

static void rename_file(const char *from, const char *to)
{
	char old[160];
	(void)snprintf(old, sizeof(old), "%s", file(from));
	assert_int_equal(rename(old, file(to)), 0);
}

// A promotion that stopped after any of its steps is finished by whoever opens the profile next.
static void promotion_cut_short_goes_on(void **state)
{
	(void)state;
	struct sluss_signing_key *sign = NULL;
	struct sluss_sealing_key *seal = NULL;
	struct sluss_client_settings s;
	struct sluss_profile *p = create();
	char *request = sluss_profile_next_certificate_request(p);
	char *again = sluss_profile_next_certificate_request(p);
	assert_non_null(request);
	assert_non_null(again);
	assert_int_equal(sluss_profile_next_keys(p, &sign, &seal, problem), SLUSS_PROFILE_OK);
	assert_true(is_there("client.next.key"));
	sluss_profile_free(&p);

	// Nothing was promised yet: opening changes nothing.
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_OK);
	assert_true(is_there("signing.next.key") && is_there("sealing.next.key") && is_there("client.next.key"));
	assert_int_equal(sluss_profile_keep_certificate(p, "the new chain\n", problem), SLUSS_PROFILE_OK);
	sluss_profile_free(&p);

	// Cut between the two renames of the sealing key, with the client's key moved already.
	rename_file("sealing.key", "sealing.1.key");
	rename_file("client.next.key", "client.key");
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_OK);
	sluss_profile_settings(p, false, &s);
	assert_string_equal(sluss_signing_key_id(s.signing_key), sluss_signing_key_id(sign));
	assert_string_equal(sluss_sealing_key_id(s.sealing_keys[0]), sluss_sealing_key_id(seal));
	assert_int_equal(s.sealing_key_count, 2);
	assert_false(is_there("signing.next.key") || is_there("sealing.next.key") || is_there("client.next.crt"));
	size_t len = 0;
	char *chain = sluss_file_read(file("client.crt"), 4096, true, &len);
	assert_string_equal(chain, "the new chain\n");
	free(chain);
	sluss_profile_free(&p);

	// Between sealing and signing key.
	struct sluss_signing_key *next = NULL;
	struct sluss_sealing_key *next_seal = NULL;
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_OK);
	assert_int_equal(sluss_profile_next_keys(p, &next, &next_seal, problem), SLUSS_PROFILE_OK);
	sluss_profile_free(&p);
	rename_file("sealing.1.key", "sealing.2.key");
	rename_file("sealing.key", "sealing.1.key");
	rename_file("sealing.next.key", "sealing.key");
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_OK);
	sluss_profile_settings(p, false, &s);
	assert_string_equal(sluss_signing_key_id(s.signing_key), sluss_signing_key_id(next));
	assert_int_equal(s.sealing_key_count, 3);
	sluss_profile_free(&p);
	keep_text("sealing.key", "not a key\n");
	assert_int_equal(sluss_profile_open(folder, &p, problem), SLUSS_PROFILE_MALFORMED);
	sluss_signing_key_free(&sign);
	sluss_signing_key_free(&next);
	sluss_sealing_key_free(&seal);
	sluss_sealing_key_free(&next_seal);
	free(request);
	free(again);
}

static void settings_that_cannot_be(void **state)
{
	(void)state;
	const char *why = NULL;
	struct sluss_client_settings good = {
	    .url = "https://localhost:1", .ca_file = "/x", .authority = "a", .agency_id = "soc", .officer_id = "o"};
	struct sluss_client_settings s = good;
	struct sluss_client *c = sluss_client_new(&s, &why);
	assert_non_null(c);
	sluss_client_free(&c);
	s.url = "http://localhost:1";
	assert_null(sluss_client_new(&s, &why));
	assert_non_null(strstr(why, "https://"));
	s = good;
	s.ca_file = NULL;
	assert_null(sluss_client_new(&s, &why));
	s = good;
	s.certificate_file = "/x";
	assert_null(sluss_client_new(&s, &why));
	s = good;
	s.officer_id = "o o";
	assert_null(sluss_client_new(&s, &why));
	// Nobody listens: not reachable, and said so.
	s = good;
	s.ca_file = "/dev/null";
	s.url = "https://127.0.0.1:1";
	c = sluss_client_new(&s, &why);
	assert_non_null(c);
	Sluss__V1__CaseGetResponse *r = NULL;
	enum sluss_client_result result = sluss_client_case_get(c, "x", &r);
	assert_true(result == SLUSS_CLIENT_UNAVAILABLE || result == SLUSS_CLIENT_BAD_REQUEST);
	assert_true(strlen(sluss_client_last_error(c)->explanation) > 0);
	Sluss__V1__OpenCase draft = SLUSS__V1__OPEN_CASE__INIT;
	Sluss__V1__CaseOpenResponse *opened = NULL;
	assert_int_equal(sluss_client_case_open(c, &draft, &opened), SLUSS_CLIENT_BAD_REQUEST); // no key
	sluss_client_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(made_and_opened, setup, teardown),
	    cmocka_unit_test_setup_teardown(files_are_ours_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(malformed, setup, teardown),
	    cmocka_unit_test_setup_teardown(renewal_loses_no_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(promotion_cut_short_goes_on, setup, teardown),
	    cmocka_unit_test(settings_that_cannot_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
