// SPDX-License-Identifier: EUPL-1.2
// Edge as a process of its own: what is left of it when it is killed, and how it ends when it is asked to.
#include "edge_world.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	DAY_S = 86400,
	BIG = 3 << 20,
};

struct fixture {
	struct edge_world world;
	struct sluss_pki_pair good;
	struct edge_client client;
	struct sluss_conn_hello hello;
	int web; // web's end
};

static void open_relay(struct fixture *f)
{
	char octet;
	struct edge_world_options options = {.as_process = true};
	edge_world_open(&f->world, &options);
	edge_world_issue(&f->world.client_ca, SLUSS_PKI_CLIENT, -60, DAY_S, &f->good);
	assert_true(edge_client_open(&f->client, f->world.agency_port, &f->good, TLS1_3_VERSION));
	assert_int_equal(SSL_write(f->client.ssl, "q", 1), 1);
	f->web = edge_web_take(&f->world, &f->hello, 5000);
	assert_true(f->web >= 0 && edge_web_read(f->web, &octet, 1));
}

static void close_all(struct fixture *f)
{
	(void)close(f->web);
	edge_client_close(&f->client);
	sluss_pki_free(&f->good);
	edge_world_close(&f->world);
}

// Fills everything on the way to a client that does not read.
static void fill(int fd)
{
	uint8_t *zeros = calloc(1, BIG);
	size_t sent = 0;
	int64_t until = edge_now_ms() + 500;
	while (sent < BIG && edge_now_ms() < until) {
		ssize_t n = send(fd, zeros, 65536, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			sent += (size_t)n;
		else
			(void)usleep(1000);
	}
	free(zeros);
}

static size_t read_until_end(int fd, bool *reset_out)
{
	static uint8_t octets[65536];
	size_t total = 0;
	ssize_t n;
	while ((n = recv(fd, octets, sizeof(octets), 0)) > 0)
		total += (size_t)n;
	*reset_out = n < 0;
	return total;
}

// The kernel's send buffer dies with the process: after waitpid the client never gets more than it has.
static void test_kill_purges_the_kernel(void **state)
{
	(void)state;
	static struct fixture f;
	open_relay(&f);
	fill(f.web);
	edge_world_kill(&f.world);
	int at_death = -1;
	bool reset = false;
	assert_int_equal(ioctl(f.client.fd, FIONREAD, &at_death), 0);
	size_t total = read_until_end(f.client.fd, &reset);
	assert_true(reset);
	assert_true(total <= (size_t)at_death);
	close_all(&f);
}

// The same while the connection is already closing in order and only the kernel holds the rest.
static void test_kill_purges_a_closing_connection(void **state)
{
	(void)state;
	static struct fixture f;
	open_relay(&f);
	fill(f.web);
	(void)shutdown(f.web, SHUT_RDWR);
	(void)usleep(200000);
	edge_world_kill(&f.world);
	int at_death = -1;
	bool reset = false;
	assert_int_equal(ioctl(f.client.fd, FIONREAD, &at_death), 0);
	size_t total = read_until_end(f.client.fd, &reset);
	assert_true(reset);
	assert_true(total <= (size_t)at_death);
	close_all(&f);
}

// SIGTERM: an idle client gets close_notify, the answer under way goes out, the process ends with 0.
static void test_sigterm_ends_in_order(void **state)
{
	(void)state;
	static struct fixture f;
	struct edge_client idle;
	char octets[8] = "";
	open_relay(&f);
	assert_true(edge_client_open(&idle, f.world.agency_port, &f.good, TLS1_3_VERSION));
	(void)usleep(50000);
	assert_int_equal(kill(f.world.pid, SIGTERM), 0);
	assert_int_equal(SSL_read(idle.ssl, octets, 1), 0);
	assert_int_equal(SSL_get_error(idle.ssl, 0), SSL_ERROR_ZERO_RETURN);
	assert_int_equal(send(f.web, "late", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(SSL_read(f.client.ssl, octets, 4), 4);
	assert_string_equal(octets, "late");
	assert_int_equal(SSL_read(f.client.ssl, octets, 1), 0);
	edge_client_close(&idle);
	int status = -1;
	assert_int_equal(waitpid(f.world.pid, &status, 0), f.world.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	f.world.pid = -1;
	close_all(&f);
}

static void test_loss_of_core_ends_it(void **state)
{
	(void)state;
	static struct fixture f;
	bool reset = false;
	open_relay(&f);
	assert_int_equal(shutdown(f.world.core, SHUT_RDWR), 0);
	(void)read_until_end(f.client.fd, &reset);
	assert_true(reset);
	int status = -1;
	assert_int_equal(waitpid(f.world.pid, &status, 0), f.world.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	f.world.pid = -1;
	close_all(&f);
}

static void test_loss_of_web_ends_it(void **state)
{
	(void)state;
	static struct fixture f;
	open_relay(&f);
	assert_int_equal(shutdown(f.world.handover, SHUT_RDWR), 0);
	int status = -1;
	assert_int_equal(waitpid(f.world.pid, &status, 0), f.world.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	f.world.pid = -1;
	close_all(&f);
}

// Ten thousand connections that say nothing, more than edge takes: an agency still gets in at once.
static void test_ten_thousand_silent_connections(void **state)
{
	(void)state;
	enum { CROWD = 10000 };
	static int crowd[CROWD];
	struct rlimit limit;
	struct edge_world world;
	struct sluss_pki_pair good;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < CROWD + 200)
		skip();
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	struct edge_world_options options = {.as_process = true, .connections_max = 8000};
	edge_world_open(&world, &options);
	edge_world_issue(&world.client_ca, SLUSS_PKI_CLIENT, -60, DAY_S, &good);
	for (int i = 0; i < CROWD; i++)
		crowd[i] = edge_world_tcp(i % 2 == 0 ? world.agency_port : world.public_port);
	int64_t before = edge_now_ms();
	assert_true(edge_client_is_accepted(&world, world.agency_port, &good, TLS1_3_VERSION));
	assert_true(edge_now_ms() - before < 3000);
	for (int i = 0; i < CROWD; i++)
		(void)close(crowd[i]);
	sluss_pki_free(&good);
	edge_world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kill_purges_the_kernel),
	    cmocka_unit_test(test_kill_purges_a_closing_connection),
	    cmocka_unit_test(test_sigterm_ends_in_order),
	    cmocka_unit_test(test_loss_of_core_ends_it),
	    cmocka_unit_test(test_loss_of_web_ends_it),
	    cmocka_unit_test(test_ten_thousand_silent_connections),
	};
	return cmocka_run_group_tests_name("edge_process", tests, NULL, NULL);
}
