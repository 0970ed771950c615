// SPDX-License-Identifier: EUPL-1.2
// Caps and time-outs: nobody can take the gateway from the others by being many, slow or silent.
#include "edge_world.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	DAY_S = 86400,
	MANY = 300,
	CAP = 256,
};

static void open_world(struct edge_world *world, const struct edge_world_options *options, struct sluss_pki_pair *good)
{
	edge_world_open(world, options);
	edge_world_issue(&world->client_ca, SLUSS_PKI_CLIENT, -60, DAY_S, good);
}

static void close_world(struct edge_world *world, struct sluss_pki_pair *good)
{
	sluss_pki_free(good);
	edge_world_close(world);
}

// 300 connections of one agency: the 44 oldest idle ones made room, the newest work, another agency is not touched.
static void test_cap_per_certificate(void **state)
{
	(void)state;
	static struct edge_world world;
	static struct edge_client clients[MANY];
	struct sluss_pki_pair good;
	struct sluss_pki_pair other;
	struct edge_world_options options = {.connections_per_certificate = CAP};
	open_world(&world, &options, &good);
	edge_world_issue(&world.client_ca, SLUSS_PKI_CLIENT, -60, DAY_S, &other);
	struct edge_client bystander;
	assert_true(edge_client_open(&bystander, world.agency_port, &other, TLS1_3_VERSION));
	for (int i = 0; i < MANY; i++)
		assert_true(edge_client_open(&clients[i], world.agency_port, &good, TLS1_3_VERSION));
	for (int i = 0; i < MANY - CAP; i++)
		assert_true(edge_client_ended(&clients[i], 3000));
	assert_false(edge_client_ended(&clients[MANY - CAP + 1], 50));
	assert_false(edge_client_ended(&clients[MANY - 1], 50));
	assert_false(edge_client_ended(&bystander, 50));
	assert_true(edge_client_is_accepted(&world, world.agency_port, &other, TLS1_3_VERSION));
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
	for (int i = 0; i < MANY; i++)
		edge_client_close(&clients[i]);
	edge_client_close(&bystander);
	sluss_pki_free(&other);
	close_world(&world, &good);
}

// Connections that wait for an answer are not "idle": a new one is refused instead.
static void test_busy_connections_are_not_driven_out(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_client clients[3];
	struct sluss_conn_hello hello;
	int fds[2];
	struct edge_world_options options = {.connections_per_certificate = 2};
	open_world(&world, &options, &good);
	for (int i = 0; i < 2; i++) {
		assert_true(edge_client_open(&clients[i], world.agency_port, &good, TLS1_3_VERSION));
		assert_int_equal(SSL_write(clients[i].ssl, "q", 1), 1);
		fds[i] = edge_web_take(&world, &hello, 5000);
		assert_true(fds[i] >= 0);
	}
	(void)edge_client_open(&clients[2], world.agency_port, &good, TLS1_3_VERSION);
	assert_true(edge_client_ended(&clients[2], 3000));
	char octet;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(send(fds[i], "a", 1, MSG_NOSIGNAL), 1);
		assert_int_equal(SSL_read(clients[i].ssl, &octet, 1), 1);
		(void)close(fds[i]);
	}
	for (int i = 0; i < 3; i++)
		edge_client_close(&clients[i]);
	close_world(&world, &good);
}

// Half-open clients fill the whole gateway: the oldest handshakes make room, an agency gets in at once.
static void test_silent_crowd_does_not_keep_an_agency_out(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	int crowd[200];
	struct edge_world_options options = {.connections_max = 64};
	open_world(&world, &options, &good);
	for (int i = 0; i < 100; i++)
		crowd[i] = edge_world_tcp(world.agency_port);
	for (int i = 100; i < 200; i++)
		crowd[i] = edge_world_tcp(world.public_port);
	int64_t before = edge_now_ms();
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
	assert_true(edge_now_ms() - before < 2000);
	for (int i = 0; i < 200; i++)
		(void)close(crowd[i]);
	close_world(&world, &good);
}

// The public port takes at most a quarter, and never at an agency's cost.
static void test_public_crowd_does_not_drive_out_an_agency(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_client agency;
	struct edge_client crowd[20];
	struct edge_world_options options = {.connections_max = 16};
	open_world(&world, &options, &good);
	assert_true(edge_client_open(&agency, world.agency_port, &good, TLS1_3_VERSION));
	for (int i = 0; i < 20; i++)
		assert_true(edge_client_open(&crowd[i], world.public_port, NULL, TLS1_3_VERSION));
	for (int i = 0; i < 16; i++)
		assert_true(edge_client_ended(&crowd[i], 3000));
	assert_false(edge_client_ended(&agency, 50));
	for (int i = 0; i < 20; i++)
		edge_client_close(&crowd[i]);
	edge_client_close(&agency);
	close_world(&world, &good);
}

static void test_half_open_clients_time_out(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_world_options options = {.handshake_timeout_ms = 300};
	open_world(&world, &options, &good);
	int silent = edge_world_tcp(world.agency_port);
	int half = edge_world_tcp(world.agency_port);
	char octet;
	// A TLS record header that promises more than ever comes.
	assert_int_equal(send(half, "\x16\x03\x01\x02\x00\x01", 6, MSG_NOSIGNAL), 6);
	int64_t before = edge_now_ms();
	assert_true(recv(silent, &octet, 1, 0) <= 0);
	assert_true(recv(half, &octet, 1, 0) <= 0);
	int64_t took = edge_now_ms() - before;
	assert_true(took > 150 && took < 2000);
	(void)close(silent);
	(void)close(half);
	close_world(&world, &good);
}

static void test_idle_clients_are_closed_in_order(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_client client;
	struct edge_world_options options = {.idle_timeout_ms = 300};
	open_world(&world, &options, &good);
	assert_true(edge_client_open(&client, world.agency_port, &good, TLS1_3_VERSION));
	int64_t before = edge_now_ms();
	char octet;
	assert_int_equal(SSL_read(client.ssl, &octet, 1), 0);
	assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
	int64_t took = edge_now_ms() - before;
	assert_true(took > 150 && took < 2000);
	edge_client_close(&client);
	close_world(&world, &good);
}

static void test_reader_that_takes_nothing_is_reset(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_client client;
	struct sluss_conn_hello hello;
	static char zeros[65536];
	struct edge_world_options options = {.write_timeout_ms = 400};
	open_world(&world, &options, &good);
	assert_true(edge_client_open(&client, world.agency_port, &good, TLS1_3_VERSION));
	assert_int_equal(SSL_write(client.ssl, "q", 1), 1);
	int fd = edge_web_take(&world, &hello, 5000);
	assert_true(fd >= 0);
	int64_t until = edge_now_ms() + 8000;
	bool cut = false;
	while (!cut && edge_now_ms() < until) {
		if (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
			(void)usleep(1000);
			cut = send(fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
			      edge_core_hears_closed(&world, hello.connection_id, 1);
		}
	}
	assert_true(cut);
	(void)close(fd);
	edge_client_close(&client);
	close_world(&world, &good);
}

// A client that only renews its keys, again and again, is cut off; one that does so now and then is not.
static void test_endless_key_updates_end_the_connection(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_client client;
	struct sluss_conn_hello hello;
	char octet;
	open_world(&world, &(struct edge_world_options){0}, &good);
	assert_true(edge_client_open(&client, world.agency_port, &good, TLS1_3_VERSION));
	int fd = -1;
	int rounds = 0;
	while (rounds < 200) {
		assert_int_equal(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		if (SSL_write(client.ssl, "q", 1) != 1)
			break;
		if (fd < 0)
			fd = edge_web_take(&world, &hello, 5000);
		if (!edge_web_read(fd, &octet, 1) || send(fd, "a", 1, MSG_NOSIGNAL) != 1 ||
		    SSL_read(client.ssl, &octet, 1) != 1)
			break;
		rounds++;
	}
	assert_in_range(rounds, 20, 40);
	(void)close(fd);
	edge_client_close(&client);
	close_world(&world, &good);
}

static double cpu_seconds(void)
{
	struct timespec now;
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Out of descriptors: edge waits, it does not spin, and serves again as soon as there is room.
static void test_out_of_descriptors_does_not_spin(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	int crowd[64];
	struct rlimit before;
	open_world(&world, &(struct edge_world_options){0}, &good);
	// Edge has all that it needs open when it has served somebody.
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
	for (int i = 0; i < 64; i++)
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (int i = 0; i < 64; i++)
		(void)close(crowd[i]);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 40; i++)
		crowd[i] = edge_world_tcp(world.agency_port);
	int highest = dup(0);
	(void)close(highest);
	struct rlimit low = {.rlim_cur = (rlim_t)highest + 2, .rlim_max = before.rlim_max};
	int waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	(void)waiting;
	double cpu = cpu_seconds();
	(void)usleep(500000);
	assert_true(cpu_seconds() - cpu < 0.2);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	(void)close(waiting);
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
	for (int i = 0; i < 40; i++)
		(void)close(crowd[i]);
	close_world(&world, &good);
}

// An idle connection costs edge no processor time, a busy one no spinning.
static void test_nothing_to_do_costs_nothing(void **state)
{
	(void)state;
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_client idle;
	struct edge_client stalled;
	struct sluss_conn_hello hello;
	static char zeros[65536];
	open_world(&world, &(struct edge_world_options){0}, &good);
	assert_true(edge_client_open(&idle, world.agency_port, &good, TLS1_3_VERSION));
	assert_true(edge_client_open(&stalled, world.agency_port, &good, TLS1_3_VERSION));
	assert_int_equal(SSL_write(stalled.ssl, "q", 1), 1);
	int fd = edge_web_take(&world, &hello, 5000);
	for (int i = 0; i < 500; i++) {
		if (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			(void)usleep(1000);
	}
	(void)close(fd); // web ends while the client takes nothing
	(void)usleep(100000);
	double cpu = cpu_seconds();
	(void)usleep(500000);
	assert_true(cpu_seconds() - cpu < 0.1);
	edge_client_close(&idle);
	edge_client_close(&stalled);
	close_world(&world, &good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cap_per_certificate),
	    cmocka_unit_test(test_busy_connections_are_not_driven_out),
	    cmocka_unit_test(test_silent_crowd_does_not_keep_an_agency_out),
	    cmocka_unit_test(test_public_crowd_does_not_drive_out_an_agency),
	    cmocka_unit_test(test_half_open_clients_time_out),
	    cmocka_unit_test(test_idle_clients_are_closed_in_order),
	    cmocka_unit_test(test_reader_that_takes_nothing_is_reset),
	    cmocka_unit_test(test_endless_key_updates_end_the_connection),
	    cmocka_unit_test(test_out_of_descriptors_does_not_spin),
	    cmocka_unit_test(test_nothing_to_do_costs_nothing),
	};
	return cmocka_run_group_tests_name("edge_limits", tests, NULL, NULL);
}
