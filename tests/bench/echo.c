// SPDX-License-Identifier: EUPL-1.2
// The least that TLS and HTTP cost: OpenSSL (TLS 1.3, client certificate demanded) before libmicrohttpd on a
// socketpair, one thread, an answer of fixed size. bench_echo CERTIFICATE KEY CLIENT_CA ANSWER_LEN: prints its port,
// serves until its standard input ends, then prints the CPU time of a request in microseconds (handshakes left out).
#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS_MAX = 64,
	CHUNK = 65536,
};

enum source {
	SOURCE_NONE = 0,
	SOURCE_INPUT,
	SOURCE_LISTENER,
	SOURCE_HTTP,
	SOURCE_TLS,
	SOURCE_PLAIN,
};

// One end of what epoll watches.
struct watch {
	enum source source;
	struct link *link; // TLS and PLAIN only
};

// A client connection: TLS socket and the near end of the pair whose far end libmicrohttpd has.
struct link {
	SSL *ssl;
	int tls_fd;
	int plain_fd;
	bool shaken;
	bool closed;
	struct link
	    *next; // all links, freed at the end: events of the same round may still point to one that was closed
	struct watch tls_watch;
	struct watch plain_watch;
};

struct server {
	int epoll;
	int listener;
	SSL_CTX *context;
	struct MHD_Daemon *http;
	struct MHD_Response *answer;
	struct link *links;
	uint64_t requests;
	uint64_t cpu_at_first;
};

static void fail(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(2);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *data_len, void **state)
{
	(void)url, (void)method, (void)version, (void)data;
	static int seen;
	struct server *server = context;
	if (*state == NULL) {
		*state = &seen;
		return MHD_YES;
	}
	if (*data_len > 0) {
		*data_len = 0;
		return MHD_YES;
	}
	if (server->requests++ == 0)
		server->cpu_at_first = cpu_ns();
	return MHD_queue_response(connection, MHD_HTTP_OK, server->answer);
}

static void quiet(void *context, const char *format, va_list arguments)
{
	(void)context, (void)format, (void)arguments;
}

static void watch(struct server *server, int fd, struct watch *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll_ctl");
}

static void accept_one(struct server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	int pair[2];
	struct link *link = calloc(1, sizeof(*link));
	if (!link || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		fail("socketpair");
	*link = (struct link){.ssl = SSL_new(server->context),
	    .tls_fd = fd,
	    .plain_fd = pair[0],
	    .next = server->links,
	    .tls_watch = {SOURCE_TLS, link},
	    .plain_watch = {SOURCE_PLAIN, link}};
	server->links = link;
	if (!link->ssl || SSL_set_fd(link->ssl, fd) != 1)
		fail("TLS");
	SSL_set_accept_state(link->ssl);
	struct sockaddr_in nowhere = {.sin_family = AF_INET};
	if (MHD_add_connection(server->http, pair[1], (const struct sockaddr *)&nowhere, sizeof(nowhere)) != MHD_YES)
		fail("MHD_add_connection");
	watch(server, fd, &link->tls_watch);
	watch(server, pair[0], &link->plain_watch);
}

static void close_link(struct link *link)
{
	link->closed = true;
	close(link->tls_fd);
	close(link->plain_fd);
}

static void free_links(struct link *link)
{
	while (link) {
		struct link *next = link->next;
		if (!link->closed)
			close_link(link);
		SSL_free(link->ssl);
		free(link);
		link = next;
	}
}

// From the client to HTTP. Requests are smaller than the socket buffers, so short writes mean a broken run.
static void pump_in(struct link *link)
{
	static uint8_t chunk[CHUNK];
	if (link->closed)
		return;
	if (!link->shaken && SSL_do_handshake(link->ssl) == 1)
		link->shaken = true;
	if (!link->shaken)
		return;
	int got = SSL_read(link->ssl, chunk, sizeof(chunk));
	for (; got > 0; got = SSL_read(link->ssl, chunk, sizeof(chunk)))
		if (write(link->plain_fd, chunk, (size_t)got) != got)
			fail("write to HTTP");
	if (SSL_get_error(link->ssl, got) != SSL_ERROR_WANT_READ)
		close_link(link);
}

static void pump_out(struct link *link)
{
	static uint8_t chunk[CHUNK];
	if (link->closed)
		return;
	ssize_t got = read(link->plain_fd, chunk, sizeof(chunk));
	if (got == 0)
		close_link(link);
	else if (got > 0 && SSL_write(link->ssl, chunk, (int)got) != got)
		fail("write to the client");
}

static struct server make_server(char **argv)
{
	struct server server = {.epoll = epoll_create1(EPOLL_CLOEXEC), .context = SSL_CTX_new(TLS_server_method())};
	if (server.epoll < 0 || !server.context || SSL_CTX_set_min_proto_version(server.context, TLS1_3_VERSION) != 1)
		fail("TLS context");
	if (SSL_CTX_use_certificate_chain_file(server.context, argv[1]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(server.context, argv[2], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_load_verify_locations(server.context, argv[3], NULL) != 1)
		fail("certificates");
	SSL_CTX_set_verify(server.context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	size_t answer_len = strtoul(argv[4], NULL, 10);
	void *answer = calloc(1, answer_len);
	if (!answer)
		fail("memory");
	server.answer = MHD_create_response_from_buffer(answer_len, answer, MHD_RESPMEM_MUST_FREE);
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (server.listener < 0 || bind(server.listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server.listener, 256) < 0)
		fail("listen");
	return server;
}

static void serve(struct server *server)
{
	struct watch input = {.source = SOURCE_INPUT}, listener = {.source = SOURCE_LISTENER},
		     http = {.source = SOURCE_HTTP};
	watch(server, STDIN_FILENO, &input);
	watch(server, server->listener, &listener);
	watch(server, MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, &http);
	for (;;) {
		struct epoll_event events[EVENTS_MAX];
		int got = epoll_wait(server->epoll, events, EVENTS_MAX, -1);
		for (int i = 0; i < got; i++) {
			const struct watch *what = events[i].data.ptr;
			switch (what->source) {
			case SOURCE_INPUT:
				return;
			case SOURCE_LISTENER:
				accept_one(server);
				break;
			case SOURCE_TLS:
				pump_in(what->link);
				break;
			case SOURCE_PLAIN:
				pump_out(what->link);
				break;
			case SOURCE_HTTP:
			case SOURCE_NONE:
				break;
			}
		}
		MHD_run(server->http);
	}
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: bench_echo CERTIFICATE KEY CLIENT_CA ANSWER_LEN\n");
		return 2;
	}
	struct server server = make_server(argv);
	server.http = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, handle, &server,
	    MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL, MHD_OPTION_END);
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	if (!server.http || getsockname(server.listener, (struct sockaddr *)&address, &len) < 0)
		fail("start");
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	fflush(stdout);
	serve(&server);
	if (server.requests > 1)
		printf("%.3f\n", (double)(cpu_ns() - server.cpu_at_first) / 1000 / (double)(server.requests - 1));
	free_links(server.links);
	MHD_stop_daemon(server.http);
	MHD_destroy_response(server.answer);
	SSL_CTX_free(server.context);
	return 0;
}
