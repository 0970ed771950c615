// SPDX-License-Identifier: EUPL-1.2
// Timestamps against OpenSSL's own time-stamping authority (`openssl ts`): what it grants is accepted, and nothing that
// was made for something else or by somebody else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "timestamp.h"

struct file {
	uint8_t data[65536];
	size_t len;
};

static char folder[] = "/tmp/sluss-stamp-XXXXXX";
static struct sluss_stamper *stamper;
static const uint8_t imprint[SLUSS_HASH_BYTES] = {1, 2, 3};
static const uint8_t nonce[SLUSS_STAMP_NONCE] = {0, 0, 7};

static void run(const char *command)
{
	char whole[4096];
	(void)snprintf(whole, sizeof(whole), "cd %s && { %s; } >>log 2>&1", folder, command);
	assert_int_equal(system(whole), 0);
}

static void read_file(const char *name, struct file *file)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *in = fopen(path, "rb");
	assert_non_null(in);
	file->len = fread(file->data, 1, sizeof(file->data), in);
	assert_int_equal(fclose(in), 0);
}

static void write_file(const char *name, const void *data, size_t len)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static const char config[] =
    "[ts]\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\nserial = serial\n"
    "accuracy = secs:1\ness_cert_id_alg = sha256\n";

// An authority with its CA: NAME-ca.pem, NAME.pem, NAME.key; `usage` is what its certificate is for.
static void make_authority(const char *name, const char *usage)
{
	char command[2048];
	(void)snprintf(command, sizeof(command),
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s-ca.key -out %s-ca.pem "
	    "-subj "
	    "/CN=%s-ca -days 2 && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out "
	    "%s.csr -subj /CN=%s && printf 'extendedKeyUsage=critical,%s\\n' > %s.ext && openssl x509 -req -in %s.csr "
	    "-CA %s-ca.pem -CAkey %s-ca.key -CAcreateserial -days 2 -extfile %s.ext -out %s.pem",
	    name, name, name, name, name, name, usage, name, name, name, name, name, name);
	run(command);
}

static int make_world(void **state)
{
	(void)state;
	struct file ca;
	uint8_t query[SLUSS_STAMP_QUERY_MAX];
	assert_non_null(mkdtemp(folder));
	write_file("ts.conf", config, sizeof(config) - 1);
	write_file("serial", "01\n", 3);
	make_authority("tsa", "timeStamping");
	make_authority("other", "timeStamping");
	run("cp tsa-ca.pem ca.pem");
	read_file("ca.pem", &ca);
	stamper = sluss_stamper_new((struct sluss_bytes){ca.data, ca.len});
	assert_non_null(stamper);
	size_t len = sluss_stamp_query(imprint, nonce, query);
	assert_true(len > 0);
	write_file("query", query, len);
	return 0;
}

static int remove_world(void **state)
{
	(void)state;
	char command[128];
	sluss_stamper_free(&stamper);
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void reply_of(const char *authority, const char *query, struct file *reply)
{
	char command[512];
	(void)snprintf(command, sizeof(command),
	    "openssl ts -reply -config ts.conf -section ts -queryfile %s -signer %s.pem -inkey %s.key -out reply",
	    query, authority, authority);
	run(command);
	read_file("reply", reply);
}

static bool verify(const struct file *reply, const uint8_t *by_nonce, int64_t *time_s, const char **why)
{
	return sluss_stamp_verify(
	    stamper, (struct sluss_bytes){reply->data, reply->len}, imprint, by_nonce, time_s, why);
}

static void test_accepts(void **state)
{
	(void)state;
	struct file reply;
	int64_t time_s = 0;
	const char *why = NULL;
	reply_of("tsa", "query", &reply);
	assert_true(verify(&reply, nonce, &time_s, &why));
	assert_in_range(time_s, time(NULL) - 600, time(NULL) + 600);
	assert_true(verify(&reply, NULL, &time_s, &why)); // again, from what was stored
	// openssl reads our query and accepts what we accept.
	run("openssl ts -query -in query -text | grep -q 'Certificate required: yes'");
	run("openssl ts -verify -in reply -queryfile query -CAfile ca.pem");
}

static void refuse(const struct file *reply, const char *expected)
{
	int64_t time_s = 0;
	const char *why = NULL;
	assert_false(verify(reply, nonce, &time_s, &why));
	assert_string_equal(why, expected);
}

static void test_refuses_what_is_not_asked_for(void **state)
{
	(void)state;
	struct file reply;
	uint8_t query[SLUSS_STAMP_QUERY_MAX];
	uint8_t other_imprint[SLUSS_HASH_BYTES] = {9};
	uint8_t other_nonce[SLUSS_STAMP_NONCE] = {0, 0, 8};
	write_file("query2", query, sluss_stamp_query(other_imprint, nonce, query));
	reply_of("tsa", "query2", &reply);
	refuse(&reply, "it is over something else (imprint)");
	write_file("query3", query, sluss_stamp_query(imprint, other_nonce, query));
	reply_of("tsa", "query3", &reply);
	refuse(&reply, "it answers another query (nonce)");
	run("openssl ts -query -digest 0102030000000000000000000000000000000000000000000000000000000000 -sha256 "
	    "-no_nonce "
	    "-cert -out query4");
	reply_of("tsa", "query4", &reply);
	refuse(&reply, "it answers another query (nonce)");
}

static void test_refuses_others(void **state)
{
	(void)state;
	struct file reply;
	reply_of("other", "query", &reply);
	refuse(&reply, "its certificate does not lead to timestamp_ca, or is not for time-stamping");
	run("sed 's/sha256/sha1/' ts.conf > sha1.conf"); // it refuses the query's algorithm
	run("openssl ts -reply -config sha1.conf -section ts -queryfile query -signer tsa.pem -inkey tsa.key -out "
	    "reply");
	read_file("reply", &reply);
	refuse(&reply, "the authority did not grant it");
}

// No octet can be changed without notice, but for those that nothing depends on: then the reply still says the same.
static void test_refuses_changed_octets(void **state)
{
	(void)state;
	struct file reply;
	int64_t time_s = 0, first_s = 0;
	const char *why = NULL;
	size_t accepted = 0;
	reply_of("tsa", "query", &reply);
	assert_true(verify(&reply, nonce, &first_s, &why));
	for (size_t i = 0; i < reply.len; i++) {
		reply.data[i] ^= 1;
		if (verify(&reply, nonce, &time_s, &why)) {
			assert_true(time_s == first_s);
			accepted++;
		}
		reply.data[i] ^= 1;
	}
	assert_true(accepted < 20); // the outer encodings of the certificate set and the status
	for (size_t len = 0; len < reply.len; len += 7)
		assert_false(
		    sluss_stamp_verify(stamper, (struct sluss_bytes){reply.data, len}, imprint, nonce, &time_s, &why));
	reply.data[reply.len++] = 0;
	refuse(&reply, "it is no timestamp reply");
}

static void test_ca_without_certificates(void **state)
{
	(void)state;
	assert_null(sluss_stamper_new((struct sluss_bytes){(const uint8_t *)"nothing", 7}));
	assert_null(sluss_stamper_new((struct sluss_bytes){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepts),
	    cmocka_unit_test(test_refuses_what_is_not_asked_for),
	    cmocka_unit_test(test_refuses_others),
	    cmocka_unit_test(test_refuses_changed_octets),
	    cmocka_unit_test(test_ca_without_certificates),
	};
	return cmocka_run_group_tests(tests, make_world, remove_world);
}
