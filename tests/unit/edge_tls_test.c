// SPDX-License-Identifier: EUPL-1.2
// Who gets through edge's handshake, and what web hears of it.
#include "edge_world.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	DAY_S = 86400,
};

static struct edge_world world;
static struct sluss_pki_pair good;

static int open_world(void **state)
{
	(void)state;
	struct edge_world_options options = {.with_crl = true};
	edge_world_open(&world, &options);
	edge_world_issue(&world.client_ca, SLUSS_PKI_CLIENT, -60, DAY_S, &good);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	sluss_pki_free(&good);
	edge_world_close(&world);
	return 0;
}

static void test_good_certificate_is_accepted(void **state)
{
	(void)state;
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
}

static void test_public_port_needs_none(void **state)
{
	(void)state;
	assert_true(edge_client_is_accepted(&world, world.public_port, NULL, TLS1_3_VERSION));
}

static void test_tls_12_is_refused(void **state)
{
	(void)state;
	assert_false(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_2_VERSION));
	assert_false(edge_client_is_accepted(&world, world.public_port, NULL, TLS1_2_VERSION));
}

static void test_no_certificate_is_refused(void **state)
{
	(void)state;
	assert_false(edge_client_is_accepted(&world, world.agency_port, NULL, TLS1_3_VERSION));
}

// Each line: what is wrong with the certificate.
static void test_wrong_certificates_are_refused(void **state)
{
	(void)state;
	const struct {
		const char *what;
		const struct sluss_pki_pair *ca;
		enum sluss_pki_use use;
		long from_s, until_s;
	} cases[] = {
	    {"signed by a foreign CA", &world.foreign_ca, SLUSS_PKI_CLIENT, -60, DAY_S},
	    {"signed by the gateway's server CA", &world.server_ca, SLUSS_PKI_CLIENT, -60, DAY_S},
	    {"signed by itself", NULL, SLUSS_PKI_CLIENT, -60, DAY_S},
	    {"expired", &world.client_ca, SLUSS_PKI_CLIENT, -2 * DAY_S, -DAY_S},
	    {"not yet valid", &world.client_ca, SLUSS_PKI_CLIENT, DAY_S, 2 * DAY_S},
	    {"for servers", &world.client_ca, SLUSS_PKI_SERVER, -60, DAY_S},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sluss_pki_pair pair;
		edge_world_issue(cases[i].ca, cases[i].use, cases[i].from_s, cases[i].until_s, &pair);
		bool accepted = edge_client_is_accepted(&world, world.agency_port, &pair, TLS1_3_VERSION);
		if (accepted)
			print_message("accepted: %s\n", cases[i].what);
		assert_false(accepted);
		sluss_pki_free(&pair);
	}
}

static void test_certificate_on_the_list_is_refused(void **state)
{
	(void)state;
	assert_false(edge_client_is_accepted(&world, world.agency_port, &world.revoked, TLS1_3_VERSION));
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
}

static void test_revocation_by_core_takes_effect_at_once(void **state)
{
	(void)state;
	struct sluss_pki_pair pair;
	struct edge_client client;
	uint8_t fingerprint[SLUSS_HASH_BYTES];
	edge_world_issue(&world.client_ca, SLUSS_PKI_CLIENT, -60, DAY_S, &pair);
	edge_world_fingerprint(&pair, fingerprint);
	assert_true(edge_client_is_accepted(&world, world.agency_port, &pair, TLS1_3_VERSION));
	assert_true(edge_client_open(&client, world.agency_port, &pair, TLS1_3_VERSION));
	assert_int_equal(SSL_write(client.ssl, "a", 1), 1);
	struct sluss_conn_hello hello;
	int fd = edge_web_take(&world, &hello, 5000);
	assert_true(fd >= 0);
	edge_core_revoke(&world, fingerprint);
	assert_false(edge_core_drop(&world, 1, NULL)); // answered after the revocation was done
	assert_true(edge_client_ended(&client, 2000));
	assert_true(edge_core_hears_closed(&world, hello.connection_id, 2000));
	edge_client_close(&client);
	(void)close(fd);
	assert_false(edge_client_is_accepted(&world, world.agency_port, &pair, TLS1_3_VERSION));
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
	sluss_pki_free(&pair);
}

static void test_web_hears_who_it_is(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	uint8_t fingerprint[SLUSS_HASH_BYTES];
	static const uint8_t none[SLUSS_HASH_BYTES];
	edge_world_fingerprint(&good, fingerprint);
	assert_true(edge_client_open(&client, world.agency_port, &good, TLS1_3_VERSION));
	assert_int_equal(edge_web_take(&world, &hello, 100), -1); // not before the first octet
	assert_int_equal(SSL_write(client.ssl, "a", 1), 1);
	int fd = edge_web_take(&world, &hello, 5000);
	assert_true(fd >= 0);
	assert_int_equal(hello.port_kind, SLUSS_PORT_AGENCY);
	assert_true(hello.has_certificate);
	assert_memory_equal(hello.fingerprint, fingerprint, sizeof(fingerprint));
	edge_client_close(&client);
	(void)close(fd);
	assert_true(edge_client_open(&client, world.public_port, NULL, TLS1_3_VERSION));
	assert_int_equal(SSL_write(client.ssl, "a", 1), 1);
	fd = edge_web_take(&world, &hello, 5000);
	assert_true(fd >= 0);
	assert_int_equal(hello.port_kind, SLUSS_PORT_PUBLIC);
	assert_false(hello.has_certificate);
	assert_memory_equal(hello.fingerprint, none, sizeof(none));
	edge_client_close(&client);
	(void)close(fd);
}

static bool connect_with_alpn(const unsigned char *protocols, unsigned int len, const char *want)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	int fd = edge_world_tcp(world.public_port);
	assert_int_equal(SSL_set_alpn_protos(ssl, protocols, len), 0);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	bool good_enough = SSL_connect(ssl) == 1;
	const unsigned char *chosen = NULL;
	unsigned int chosen_len = 0;
	SSL_get0_alpn_selected(ssl, &chosen, &chosen_len);
	good_enough = good_enough && chosen_len == strlen(want) && memcmp(chosen, want, chosen_len) == 0;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(fd);
	ERR_clear_error();
	return good_enough;
}

static void test_alpn_is_http11_only(void **state)
{
	(void)state;
	assert_true(connect_with_alpn((const unsigned char *)"\x02h2\x08http/1.1", 12, "http/1.1"));
	assert_false(connect_with_alpn((const unsigned char *)"\x02h2", 3, "h2"));
}

// No ticket is ever sent, so a second connection proves its certificate again.
static void test_no_resumption(void **state)
{
	(void)state;
	struct edge_client client;
	assert_true(edge_client_open(&client, world.agency_port, &good, TLS1_3_VERSION));
	assert_int_equal(SSL_write(client.ssl, "a", 1), 1);
	struct sluss_conn_hello hello;
	int fd = edge_web_take(&world, &hello, 5000);
	char octet;
	assert_true(fd >= 0 && send(fd, "b", 1, MSG_NOSIGNAL) == 1 && SSL_read(client.ssl, &octet, 1) == 1);
	assert_int_equal(SSL_SESSION_is_resumable(SSL_get0_session(client.ssl)), 0);
	(void)close(fd);
	edge_client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_certificate_is_accepted),
	    cmocka_unit_test(test_public_port_needs_none),
	    cmocka_unit_test(test_tls_12_is_refused),
	    cmocka_unit_test(test_no_certificate_is_refused),
	    cmocka_unit_test(test_wrong_certificates_are_refused),
	    cmocka_unit_test(test_certificate_on_the_list_is_refused),
	    cmocka_unit_test(test_revocation_by_core_takes_effect_at_once),
	    cmocka_unit_test(test_web_hears_who_it_is),
	    cmocka_unit_test(test_alpn_is_http11_only),
	    cmocka_unit_test(test_no_resumption),
	};
	return cmocka_run_group_tests_name("edge_tls", tests, open_world, close_world);
}
