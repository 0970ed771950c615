// SPDX-License-Identifier: EUPL-1.2
// Octets both ways, back-pressure, ends in order, and the withdrawal barrier's part in edge: what core asked to drop
// never arrives.
#include "edge_world.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	DAY_S = 86400,
	BIG = 3 << 20,
};

static struct edge_world world;
static struct sluss_pki_pair good;
static uint32_t threads = 1;

static int open_world(void **state)
{
	(void)state;
	struct edge_world_options options = {.threads = threads};
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

// A client in the relay state and web's end of it.
static int open_relay(struct edge_client *client, struct sluss_conn_hello *hello)
{
	char octet;
	assert_true(edge_client_open(client, world.agency_port, &good, TLS1_3_VERSION));
	assert_int_equal(SSL_write(client->ssl, "q", 1), 1);
	int fd = edge_web_take(&world, hello, 5000);
	assert_true(fd >= 0);
	assert_true(edge_web_read(fd, &octet, 1));
	return fd;
}

struct writer {
	int fd;
	const uint8_t *data;
	size_t len;
	pthread_t thread;
};

static void *write_all(void *arg)
{
	struct writer *writer = arg;
	size_t sent = 0;
	while (sent < writer->len) {
		ssize_t n = send(writer->fd, writer->data + sent, writer->len - sent, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	writer->len = sent;
	return NULL;
}

static void test_large_answer_arrives_whole_then_the_end(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	uint8_t *data = malloc(BIG);
	uint8_t *got = malloc(BIG);
	assert_int_equal(RAND_bytes(data, BIG), 1);
	struct writer writer = {.fd = open_relay(&client, &hello), .data = data, .len = BIG};
	assert_int_equal(pthread_create(&writer.thread, NULL, write_all, &writer), 0);
	(void)usleep(300000); // the client does not read: everything backs up
	size_t len = 0;
	bool closed = false;
	int n;
	while (len < BIG && (n = SSL_read(client.ssl, got + len, (int)(BIG - len))) > 0) {
		len += (size_t)n;
		if (!closed && len > BIG / 2) {
			// Web writes the rest and closes while the client is still behind.
			assert_int_equal(pthread_join(writer.thread, NULL), 0);
			(void)close(writer.fd);
			closed = true;
		}
	}
	assert_int_equal(len, BIG);
	assert_memory_equal(data, got, BIG);
	// An orderly end: close_notify, not a truncation.
	assert_int_equal(SSL_read(client.ssl, got, 1), 0);
	assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
	assert_true(closed);
	edge_client_close(&client);
	assert_true(edge_core_hears_closed(&world, hello.connection_id, 5000));
	free(data);
	free(got);
}

static void test_large_request_with_a_slow_web(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	uint8_t *data = malloc(BIG);
	uint8_t *got = malloc(BIG);
	assert_int_equal(RAND_bytes(data, BIG), 1);
	int fd = open_relay(&client, &hello);
	// Non-blocking client, so that one thread can play both sides.
	size_t written = 0;
	size_t read_len = 0;
	struct timeval tick = {.tv_usec = 2000};
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)), 0);
	SSL_set_mode(client.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	int on = 1;
	assert_int_equal(ioctl(client.fd, FIONBIO, &on), 0);
	int64_t until = edge_now_ms() + 30000;
	while (read_len < BIG && edge_now_ms() < until) {
		int n = 1;
		while (written < BIG && n > 0) {
			n = SSL_write(client.ssl, data + written, (int)(BIG - written));
			written += n > 0 ? (size_t)n : 0;
		}
		ssize_t got_now = recv(fd, got + read_len, BIG - read_len, 0);
		read_len += got_now > 0 ? (size_t)got_now : 0;
	}
	assert_int_equal(read_len, BIG);
	assert_memory_equal(data, got, BIG);
	(void)close(fd);
	edge_client_close(&client);
	free(data);
	free(got);
}

static void test_client_that_leaves_is_told_to_web_and_core(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	char octet;
	int fd = open_relay(&client, &hello);
	edge_client_close(&client);
	assert_true(recv(fd, &octet, 1, 0) <= 0);
	(void)close(fd);
	assert_true(edge_core_hears_closed(&world, hello.connection_id, 5000));
}

static void test_close_notify_ends_the_request_side(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	char octet;
	int fd = open_relay(&client, &hello);
	assert_true(SSL_shutdown(client.ssl) >= 0);
	assert_int_equal(recv(fd, &octet, 1, 0), 0);
	assert_int_equal(send(fd, "z", 1, MSG_NOSIGNAL), 1); // what web had ready still goes out
	assert_int_equal(SSL_read(client.ssl, &octet, 1), 1);
	(void)close(fd);
	assert_true(edge_client_ended(&client, 2000));
	edge_client_close(&client);
}

static void test_web_end_with_unread_request_delivers_the_answer(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	char text[8] = "";
	int fd = open_relay(&client, &hello);
	assert_int_equal(SSL_write(client.ssl, "unread", 6), 6);
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&poll_fd, 1, 5000), 1);
	assert_int_equal(send(fd, "answer", 6, MSG_NOSIGNAL), 6);
	(void)close(fd); // the kernel says ECONNRESET to edge
	assert_int_equal(SSL_read(client.ssl, text, 6), 6);
	assert_string_equal(text, "answer");
	assert_int_equal(SSL_read(client.ssl, text, 1), 0);
	edge_client_close(&client);
}

// ---- drops

// Web says that it dropped an answer, but kept it and writes it after core has everybody's word: not one octet comes
// through, although edge saw nothing of it at the drop.
static void test_a_web_that_lies_about_a_drop(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	char octet;
	int fd = open_relay(&client, &hello);
	assert_int_equal(send(fd, "1", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(SSL_read(client.ssl, &octet, 1), 1);
	(void)usleep(100000); // until the client's kernel has acknowledged it
	assert_true(edge_core_drop(&world, hello.connection_id, NULL));
	(void)send(fd, "kept back", 9, MSG_NOSIGNAL);
	assert_true(SSL_read(client.ssl, &octet, 1) <= 0);
	assert_true(edge_core_hears_closed(&world, hello.connection_id, 2000));
	assert_false(edge_core_drop(&world, hello.connection_id, NULL)); // gone: nothing of it is under way
	(void)close(fd);
	edge_client_close(&client);
}

// The withdrawal's own answer goes to a connection that had carried something, too.
static void test_drop_keeps_the_connection_of_the_answer_if_clean(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	char octet;
	int fd = open_relay(&client, &hello);
	assert_int_equal(send(fd, "1", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(SSL_read(client.ssl, &octet, 1), 1);
	(void)usleep(100000); // until the client's kernel has acknowledged it
	assert_false(edge_core_drop_unclean(&world, hello.connection_id, hello.connection_id));
	assert_int_equal(send(fd, "2", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(SSL_read(client.ssl, &octet, 1), 1);
	assert_true(edge_core_drop_unclean(&world, hello.connection_id, hello.connection_id + (1u << 20))); // another's
	(void)close(fd);
	edge_client_close(&client);
}

// The client does not read; the answer fills its receive buffer, the kernel's send buffer, edge and the socketpair.
// After core has edge's word nothing more arrives: the client's kernel never holds an octet more than at that moment.
static void test_drop_of_a_slow_reader_stops_everything(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	uint8_t *data = calloc(1, BIG * 4);
	struct writer writer = {.data = data, .len = BIG * 4};
	writer.fd = open_relay(&client, &hello);
	assert_int_equal(pthread_create(&writer.thread, NULL, write_all, &writer), 0);
	(void)usleep(300000);
	int took_ms = 0;
	assert_true(edge_core_drop(&world, hello.connection_id, &took_ms));
	int at_word = -1;
	assert_int_equal(ioctl(client.fd, FIONREAD, &at_word), 0);
	assert_int_equal(pthread_join(writer.thread, NULL), 0);
	assert_true(writer.len < BIG * 4); // web could not write everything before
	size_t total = 0;
	ssize_t n;
	while ((n = recv(client.fd, data, BIG, 0)) > 0)
		total += (size_t)n;
	assert_true(n < 0); // RST, not FIN
	assert_true(total <= (size_t)at_word);
	assert_true(took_ms < 500);
	assert_true(edge_core_hears_closed(&world, hello.connection_id, 2000));
	(void)close(writer.fd);
	edge_client_close(&client);
	free(data);
}

// The same for a connection that web has finished: only the kernel holds the rest.
static void test_drop_reaches_a_connection_that_is_closing(void **state)
{
	(void)state;
	struct edge_client client;
	struct sluss_conn_hello hello;
	uint8_t *data = calloc(1, BIG);
	int fd = open_relay(&client, &hello);
	size_t sent = 0;
	ssize_t n;
	// As much as fits without blocking, so that edge can take it all in the end.
	while (sent < BIG && (n = send(fd, data, 65536, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0)
		sent += (size_t)n;
	(void)close(fd);
	(void)usleep(300000);
	assert_true(edge_core_drop(&world, hello.connection_id, NULL));
	int at_word = -1;
	assert_int_equal(ioctl(client.fd, FIONREAD, &at_word), 0);
	size_t total = 0;
	while ((n = recv(client.fd, data, BIG, 0)) > 0)
		total += (size_t)n;
	assert_true(total <= (size_t)at_word);
	edge_client_close(&client);
	free(data);
}

static void test_octets_that_web_wrote_before_the_drop_do_not_arrive(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct edge_client client;
		struct sluss_conn_hello hello;
		char octets[64];
		int fd = open_relay(&client, &hello);
		assert_int_equal(send(fd, "secret", 6, MSG_NOSIGNAL), 6);
		bool cut = edge_core_drop(&world, hello.connection_id, NULL);
		int at_word = 0;
		assert_int_equal(ioctl(client.fd, FIONREAD, &at_word), 0);
		(void)usleep(2000);
		int later = 0;
		assert_int_equal(ioctl(client.fd, FIONREAD, &later), 0);
		assert_true(later <= at_word);
		// Either everything was there at edge's word, or the connection is gone.
		if (at_word == 0)
			assert_true(cut);
		if (!cut)
			assert_int_equal(SSL_read(client.ssl, octets, sizeof(octets)), 6);
		(void)close(fd);
		edge_client_close(&client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_large_answer_arrives_whole_then_the_end),
	    cmocka_unit_test(test_large_request_with_a_slow_web),
	    cmocka_unit_test(test_client_that_leaves_is_told_to_web_and_core),
	    cmocka_unit_test(test_close_notify_ends_the_request_side),
	    cmocka_unit_test(test_web_end_with_unread_request_delivers_the_answer),
	    cmocka_unit_test(test_a_web_that_lies_about_a_drop),
	    cmocka_unit_test(test_drop_keeps_the_connection_of_the_answer_if_clean),
	    cmocka_unit_test(test_drop_of_a_slow_reader_stops_everything),
	    cmocka_unit_test(test_drop_reaches_a_connection_that_is_closing),
	    cmocka_unit_test(test_octets_that_web_wrote_before_the_drop_do_not_arrive),
	};
	int failed = cmocka_run_group_tests_name("edge_relay", tests, open_world, close_world);
	threads = 3;
	return failed + cmocka_run_group_tests_name("edge_relay, three threads", tests, open_world, close_world);
}
