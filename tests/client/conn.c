// SPDX-License-Identifier: EUPL-1.2
#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TAKE_MAX = 65536,	      // octets from the kernel in one read
	ANSWER_MAX = 8 * 1024 * 1024, // head and body
};

struct buffer {
	uint8_t *data;
	size_t len;
	size_t room;
};

struct conn {
	int fd;
	SSL *ssl;
	BIO *in;  // what came from the kernel, for TLS to read
	BIO *out; // what TLS wants written
	bool ready;
	bool closed;
	bool answered;	       // the answer in `answer` was told to the caller
	struct buffer waiting; // ciphertext that the kernel did not take yet
	struct buffer answer;  // head and body in clear
	size_t head_len;       // 0 until the head is whole
	size_t body_len;
	int status;
};

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

static void buffer_append(struct buffer *b, const void *data, size_t len)
{
	if (b->room - b->len < len) {
		size_t room = b->room * 2 > b->len + len ? b->room * 2 : b->len + len;
		uint8_t *grown = realloc(b->data, room);
		if (!grown)
			fail("memory");
		b->data = grown;
		b->room = room;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void buffer_consume(struct buffer *b, size_t len)
{
	b->len -= len;
	if (b->len > 0)
		memmove(b->data, b->data + len, b->len);
}

SSL_CTX *conn_context_new(const char *ca, const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
		fail("TLS context");
	if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
		fail(ca);
	if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
		fail(certificate);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		fail(key);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

static int connect_socket(uint16_t port, int receive_buffer)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket");
	int one = 1;
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		fail("TCP_NODELAY");
	if (receive_buffer > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer)) < 0)
		fail("SO_RCVBUF");
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fail("connect");
	int nonblocking = 1;
	if (ioctl(fd, FIONBIO, &nonblocking) < 0)
		fail("FIONBIO");
	return fd;
}

void conn_free(struct conn **conn)
{
	struct conn *c = *conn;
	if (!c)
		return;
	SSL_free(c->ssl);
	close(c->fd);
	free(c->waiting.data);
	free(c->answer.data);
	free(c);
	*conn = NULL;
}

int conn_fd(const struct conn *conn)
{
	return conn->fd;
}

bool conn_unsent(const struct conn *conn)
{
	return conn->waiting.len > 0;
}

struct conn_answer conn_answer(const struct conn *conn)
{
	return (struct conn_answer){conn->status, {conn->answer.data + conn->head_len, conn->body_len}};
}

size_t conn_pending(const struct conn *conn)
{
	int pending = 0;
	if (ioctl(conn->fd, FIONREAD, &pending) < 0 || pending < 0)
		return 0;
	return (size_t)pending;
}

size_t conn_partial(const struct conn *conn)
{
	return conn->answered ? 0 : conn->answer.len;
}

// Moves what TLS wrote to the kernel; what does not fit waits for the next step.
static void flush(struct conn *c)
{
	uint8_t chunk[16384];
	for (int got; (got = BIO_read(c->out, chunk, sizeof(chunk))) > 0;)
		buffer_append(&c->waiting, chunk, (size_t)got);
	while (c->waiting.len > 0) {
		ssize_t wrote = send(c->fd, c->waiting.data, c->waiting.len, MSG_NOSIGNAL);
		if (wrote < 0) {
			if (errno != EAGAIN && errno != EINTR)
				c->closed = true;
			return;
		}
		buffer_consume(&c->waiting, (size_t)wrote);
	}
}

struct conn *conn_new(SSL_CTX *context, uint16_t port, int receive_buffer)
{
	struct conn *c = calloc(1, sizeof(*c));
	if (!c)
		fail("memory");
	c->fd = connect_socket(port, receive_buffer);
	c->ssl = SSL_new(context);
	c->in = BIO_new(BIO_s_mem());
	c->out = BIO_new(BIO_s_mem());
	if (!c->ssl || !c->in || !c->out)
		fail("TLS");
	BIO_set_mem_eof_return(c->in, -1);
	SSL_set_bio(c->ssl, c->in, c->out);
	SSL_set_connect_state(c->ssl);
	if (SSL_set1_host(c->ssl, "localhost") != 1 || SSL_set_tlsext_host_name(c->ssl, "localhost") != 1)
		fail("host name");
	c->answered = true;
	SSL_do_handshake(c->ssl); // wants the gateway's answer now
	flush(c);
	return c;
}

void conn_post(struct conn *c, const char *method, struct sluss_bytes body)
{
	char head[256];
	int len = snprintf(head, sizeof(head),
	    "POST /%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nConnect-Protocol-Version: "
	    "1\r\nContent-Length: %zu\r\n\r\n",
	    method, body.len);
	if (len < 0 || (size_t)len >= sizeof(head))
		fail(method);
	c->answered = false;
	c->answer.len = 0;
	c->head_len = 0;
	c->body_len = 0;
	if (SSL_write(c->ssl, head, len) != len)
		c->closed = true;
	else if (body.len > 0 && SSL_write(c->ssl, body.data, (int)body.len) != (int)body.len)
		c->closed = true;
	flush(c);
}

// Reads status and Content-Length once the head is whole. False: not an answer that we understand.
static bool read_head(struct conn *c)
{
	const uint8_t *end = memmem(c->answer.data, c->answer.len, "\r\n\r\n", 4);
	if (!end)
		return c->answer.len < 65536;
	char head[4096];
	size_t len = (size_t)(end - c->answer.data) + 2;
	if (len >= sizeof(head))
		return false;
	memcpy(head, c->answer.data, len);
	head[len] = '\0';
	if (sscanf(head, "HTTP/1.1 %3d", &c->status) != 1)
		return false;
	const char *field = strcasestr(head, "\r\nContent-Length:");
	if (!field || sscanf(field + 17, "%zu", &c->body_len) != 1 || c->body_len > ANSWER_MAX)
		return false;
	c->head_len = len + 2;
	return true;
}

static bool answer_whole(const struct conn *c)
{
	return c->head_len > 0 && c->answer.len >= c->head_len + c->body_len;
}

// Takes from the kernel what is there. False: the peer is gone, and nothing of it is left.
static bool take(struct conn *c, size_t limit)
{
	uint8_t chunk[TAKE_MAX];
	ssize_t got = recv(c->fd, chunk, limit < sizeof(chunk) ? limit : sizeof(chunk), 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	return BIO_write(c->in, chunk, (int)got) == (int)got;
}

static enum conn_event handshake(struct conn *c)
{
	int done = SSL_do_handshake(c->ssl);
	flush(c);
	if (done == 1) {
		c->ready = true;
		return CONN_READY;
	}
	return SSL_get_error(c->ssl, done) == SSL_ERROR_WANT_READ ? CONN_NONE : CONN_CLOSED;
}

static enum conn_event read_answer(struct conn *c)
{
	uint8_t chunk[16384];
	while (!answer_whole(c)) {
		int got = SSL_read(c->ssl, chunk, sizeof(chunk));
		if (got <= 0)
			return SSL_get_error(c->ssl, got) == SSL_ERROR_WANT_READ ? CONN_NONE : CONN_CLOSED;
		buffer_append(&c->answer, chunk, (size_t)got);
		if (c->head_len == 0 && !read_head(c))
			return CONN_CLOSED;
	}
	c->answered = true;
	return CONN_ANSWER;
}

enum conn_event conn_step(struct conn *c, size_t limit)
{
	if (c->closed)
		return CONN_CLOSED;
	ERR_clear_error();
	flush(c);
	bool alive = limit == 0 || take(c, limit);
	enum conn_event event = CONN_NONE;
	if (!c->ready)
		event = handshake(c);
	else if (!c->answered)
		event = read_answer(c);
	else if (!alive)
		event = CONN_CLOSED;
	if (event == CONN_NONE && !alive)
		event = CONN_CLOSED;
	if (event == CONN_CLOSED)
		c->closed = true;
	return event;
}
