// SPDX-License-Identifier: EUPL-1.2
#include "edge_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	DAY_S = 86400,
	PATIENCE_MS = 5000,
};

int64_t edge_now_ms(void)
{
	struct timespec now;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- certificates

void edge_world_issue(
    const struct sluss_pki_pair *ca, enum sluss_pki_use use, long from_s, long until_s, struct sluss_pki_pair *pair_out)
{
	struct sluss_pki_request request = {.common_name = use == SLUSS_PKI_CA ? "test ca" : "police",
	    .use = use,
	    .from_s = from_s,
	    .until_s = until_s};
	if (use == SLUSS_PKI_SERVER)
		request.alternative_names = "DNS:localhost";
	assert_true(sluss_pki_issue(&request, ca, pair_out));
}

void edge_world_fingerprint(const struct sluss_pki_pair *pair, uint8_t out[SLUSS_HASH_BYTES])
{
	unsigned int len = 0;
	assert_int_equal(X509_digest(pair->certificate, EVP_sha256(), out, &len), 1);
}

static int in_memory(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	int fd = memfd_create("pem", MFD_CLOEXEC);
	assert_true(fd >= 0 && write(fd, data, (size_t)len) == len && lseek(fd, 0, SEEK_SET) == 0);
	BIO_free(bio);
	return fd;
}

static int certificate_fd(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	return in_memory(bio);
}

static int key_fd(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return in_memory(bio);
}

static int crl_fd(const struct edge_world *world)
{
	X509_CRL *crl = sluss_pki_crl(&world->client_ca, &world->revoked.certificate, 1, 1);
	assert_non_null(crl);
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509_CRL(bio, crl), 1);
	X509_CRL_free(crl);
	return in_memory(bio);
}

// ---- edge

static int listen_somewhere(int *port_out)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1024), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port_out = ntohs(address.sin_port);
	return fd;
}

static void *run_edge(void *arg)
{
	struct edge_world *world = arg;
	world->exit_status = sluss_edge_main(&world->config);
	return NULL;
}

// What edge's process inherited stays open in the test only where the test has its own end.
static void start_edge(struct edge_world *world, const struct edge_world_options *options)
{
	if (!options->as_process) {
		assert_int_equal(pthread_create(&world->thread, NULL, run_edge, world), 0);
		return;
	}
	world->pid = fork();
	assert_true(world->pid >= 0);
	if (world->pid == 0) {
		(void)close(world->core);
		(void)close(world->handover);
		_exit(sluss_edge_main(&world->config));
	}
	const int given[] = {world->config.core_fd, world->config.handover_fd, world->config.agency_listen_fd,
	    world->config.public_listen_fd, world->config.tls_certificate_fd, world->config.tls_key_fd,
	    world->config.client_ca_fd};
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		(void)close(given[i]);
}

static uint32_t or_else(uint32_t value, uint32_t otherwise)
{
	return value != 0 ? value : otherwise;
}

void edge_world_open(struct edge_world *world, const struct edge_world_options *options)
{
	int channel[2];
	int handover[2];
	struct sluss_pki_pair server;
	*world = (struct edge_world){.next_drop = 1};
	(void)signal(SIGPIPE, SIG_IGN);
	edge_world_issue(NULL, SLUSS_PKI_CA, -60, DAY_S, &world->client_ca);
	edge_world_issue(NULL, SLUSS_PKI_CA, -60, DAY_S, &world->foreign_ca);
	edge_world_issue(NULL, SLUSS_PKI_CA, -60, DAY_S, &world->server_ca);
	edge_world_issue(&world->server_ca, SLUSS_PKI_SERVER, -60, DAY_S, &server);
	edge_world_issue(&world->client_ca, SLUSS_PKI_CLIENT, -60, DAY_S, &world->revoked);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, handover), 0);
	world->core = channel[0];
	world->handover = handover[0];
	world->listeners[0] = listen_somewhere(&world->agency_port);
	world->listeners[1] = listen_somewhere(&world->public_port);
	world->config = (struct sluss_edge_config){
	    .core_fd = channel[1],
	    .handover_fd = handover[1],
	    .agency_listen_fd = dup(world->listeners[0]),
	    .public_listen_fd = dup(world->listeners[1]),
	    .tls_certificate_fd = certificate_fd(server.certificate),
	    .tls_key_fd = key_fd(server.key),
	    .client_ca_fd = certificate_fd(world->client_ca.certificate),
	    .client_crl_fd = options->with_crl ? crl_fd(world) : -1,
	    .threads = or_else(options->threads, 1),
	    .connections_max = or_else(options->connections_max, 4000),
	    .connections_per_certificate = or_else(options->connections_per_certificate, 256),
	    .handshake_timeout_ms = or_else(options->handshake_timeout_ms, 10000),
	    .idle_timeout_ms = or_else(options->idle_timeout_ms, 30000),
	    .write_timeout_ms = or_else(options->write_timeout_ms, 10000),
	};
	sluss_pki_free(&server);
	assert_int_equal(fcntl(world->core, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(world->handover, F_SETFL, O_NONBLOCK), 0);
	world->reader = sluss_frame_reader_new(0);
	world->writer = sluss_frame_writer_new(0, 0);
	start_edge(world, options);
}

void edge_world_kill(struct edge_world *world)
{
	assert_true(world->pid > 0);
	assert_int_equal(kill(world->pid, SIGKILL), 0);
	assert_int_equal(waitpid(world->pid, NULL, 0), world->pid);
	world->pid = -1;
}

static void wait_for_edge(struct edge_world *world)
{
	int status = 0;
	if (world->pid > 0) {
		assert_int_equal(waitpid(world->pid, &status, 0), world->pid);
		assert_true(WIFEXITED(status));
	} else if (world->pid == 0) {
		assert_int_equal(pthread_join(world->thread, NULL), 0);
	}
}

void edge_world_close(struct edge_world *world)
{
	(void)close(world->core);
	wait_for_edge(world);
	(void)close(world->handover);
	(void)close(world->listeners[0]);
	(void)close(world->listeners[1]);
	sluss_frame_reader_free(&world->reader);
	sluss_frame_writer_free(&world->writer);
	sluss_pki_free(&world->client_ca);
	sluss_pki_free(&world->foreign_ca);
	sluss_pki_free(&world->server_ca);
	sluss_pki_free(&world->revoked);
}

// ---- client

int edge_world_tcp(int port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	// Edge may turn a connection away before connect has returned from it: then it ends here, which whoever uses it
	// sees.
	int connected = connect(fd, (struct sockaddr *)&address, sizeof(address));
	assert_true(connected == 0 || errno == ECONNRESET);
	return fd;
}

bool edge_client_open(struct edge_client *client, int port, const struct sluss_pki_pair *pair, int max_version)
{
	client->fd = edge_world_tcp(port);
	client->ctx = SSL_CTX_new(TLS_client_method());
	assert_int_equal(SSL_CTX_set_max_proto_version(client->ctx, max_version), 1);
	if (pair != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(client->ctx, pair->certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(client->ctx, pair->key), 1);
	}
	client->ssl = SSL_new(client->ctx);
	assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
	ERR_clear_error();
	return SSL_connect(client->ssl) == 1;
}

void edge_client_close(struct edge_client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	(void)close(client->fd);
	ERR_clear_error();
}

bool edge_client_ended(struct edge_client *client, int timeout_ms)
{
	int64_t until = edge_now_ms() + timeout_ms;
	char octets[4096];
	while (edge_now_ms() < until) {
		struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
		if (SSL_pending(client->ssl) == 0 && poll(&poll_fd, 1, (int)(until - edge_now_ms()) + 1) <= 0)
			return false;
		ERR_clear_error();
		if (SSL_read(client->ssl, octets, sizeof(octets)) <= 0)
			return true;
	}
	return false;
}

bool edge_client_is_accepted(struct edge_world *world, int port, const struct sluss_pki_pair *pair, int max_version)
{
	struct edge_client client;
	struct sluss_conn_hello hello;
	char octet = 'x';
	bool accepted = edge_client_open(&client, port, pair, max_version) && SSL_write(client.ssl, &octet, 1) == 1;
	// A refusal's alert may be on its way: it shows at the client before web hears anything.
	int fd = -1;
	int64_t until = edge_now_ms() + PATIENCE_MS;
	while (accepted && fd < 0 && edge_now_ms() < until) {
		fd = edge_web_take(world, &hello, 20);
		if (fd < 0 && edge_client_ended(&client, 1))
			accepted = false;
	}
	accepted = accepted && fd >= 0 && edge_web_read(fd, &octet, 1) && send(fd, "y", 1, MSG_NOSIGNAL) == 1 &&
		   SSL_read(client.ssl, &octet, 1) == 1 && octet == 'y';
	if (fd >= 0)
		(void)close(fd);
	edge_client_close(&client);
	return accepted;
}

// ---- web

int edge_web_take(struct edge_world *world, struct sluss_conn_hello *hello_out, int timeout_ms)
{
	int fd = -1;
	struct pollfd poll_fd = {.fd = world->handover, .events = POLLIN};
	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return -1;
	if (sluss_handover_recv(world->handover, hello_out, &fd) != SLUSS_IPC_OK)
		return -1;
	int flags = fcntl(fd, F_GETFL);
	assert_int_equal(fcntl(fd, F_SETFL, flags & ~O_NONBLOCK), 0);
	return fd;
}

bool edge_web_read(int fd, void *data, size_t len)
{
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

// ---- core

static void send_frame(struct edge_world *world, const Sluss__V1__IpcFrame *frame)
{
	assert_int_equal(sluss_frame_writer_push(world->writer, frame), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_writer_flush(world->writer, world->core), SLUSS_IPC_OK);
}

// The next frame, or NULL after the time.
static Sluss__V1__IpcFrame *next_frame(struct edge_world *world, int timeout_ms)
{
	int64_t until = edge_now_ms() + timeout_ms;
	for (;;) {
		struct sluss_bytes octets;
		if (sluss_frame_reader_next(world->reader, &octets) == SLUSS_IPC_OK)
			return sluss_ipc_frame_unpack(octets);
		struct pollfd poll_fd = {.fd = world->core, .events = POLLIN};
		int64_t left = until - edge_now_ms();
		if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
			return NULL;
		if (sluss_frame_reader_fill(world->reader, world->core) != SLUSS_IPC_OK)
			return NULL;
	}
}

static void note_closed(struct edge_world *world, const Sluss__V1__IpcFrame *frame)
{
	if (frame->body_case != SLUSS__V1__IPC_FRAME__BODY_CLOSED)
		return;
	for (size_t i = 0; i < frame->closed->n_connection_ids; i++)
		world->closed[world->closed_count++ % 1024] = frame->closed->connection_ids[i];
}

static bool drop_one(struct edge_world *world, uint64_t id, uint64_t keep, int *took_ms_out)
{
	Sluss__V1__DropTransfers drop = SLUSS__V1__DROP_TRANSFERS__INIT;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	drop.drop_id = world->next_drop++;
	drop.n_connection_ids = 1;
	drop.connection_ids = &id;
	drop.keep_connection_id = keep;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROP;
	frame.drop = &drop;
	int64_t before = edge_now_ms();
	send_frame(world, &frame);
	for (;;) {
		Sluss__V1__IpcFrame *answer = next_frame(world, PATIENCE_MS);
		assert_non_null(answer);
		note_closed(world, answer);
		bool mine =
		    answer->body_case == SLUSS__V1__IPC_FRAME__BODY_DROPPED && answer->dropped->drop_id == drop.drop_id;
		bool cut =
		    mine && answer->dropped->n_cut_connection_ids == 1 && answer->dropped->cut_connection_ids[0] == id;
		sluss_ipc_frame_free(&answer);
		if (took_ms_out != NULL)
			*took_ms_out = (int)(edge_now_ms() - before);
		if (mine)
			return cut;
	}
}

bool edge_core_drop(struct edge_world *world, uint64_t id, int *took_ms_out)
{
	return drop_one(world, id, 0, took_ms_out);
}

bool edge_core_drop_unclean(struct edge_world *world, uint64_t id, uint64_t keep)
{
	return drop_one(world, id, keep, NULL);
}

void edge_core_revoke(struct edge_world *world, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	uint8_t copy[SLUSS_HASH_BYTES];
	memcpy(copy, fingerprint, sizeof(copy));
	ProtobufCBinaryData octets = {.len = sizeof(copy), .data = copy};
	Sluss__V1__RevokeCertificates revoke = SLUSS__V1__REVOKE_CERTIFICATES__INIT;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	revoke.n_certificate_fingerprints = 1;
	revoke.certificate_fingerprints = &octets;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_REVOKE;
	frame.revoke = &revoke;
	send_frame(world, &frame);
}

static bool has_closed(const struct edge_world *world, uint64_t id)
{
	for (size_t i = 0; i < world->closed_count && i < 1024; i++) {
		if (world->closed[i] == id)
			return true;
	}
	return false;
}

bool edge_core_hears_closed(struct edge_world *world, uint64_t id, int timeout_ms)
{
	int64_t until = edge_now_ms() + timeout_ms;
	while (!has_closed(world, id) && edge_now_ms() < until) {
		Sluss__V1__IpcFrame *frame = next_frame(world, (int)(until - edge_now_ms()));
		if (frame == NULL)
			return false;
		note_closed(world, frame);
		sluss_ipc_frame_free(&frame);
	}
	return has_closed(world, id);
}
