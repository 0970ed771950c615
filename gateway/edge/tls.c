// SPDX-License-Identifier: EUPL-1.2
// Makes the OpenSSL contexts of the two ports.
#include "edge/tls.h"

#include "edge/edge.h"
#include "log_event.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FILE_OCTETS_MAX = 1 << 20,   // longest PEM file
	CLIENT_CHAIN_MAX = 16 << 10, // octets of certificates that a client may show
	CHAIN_DEPTH_MAX = 3,
	KEY_UPDATES_MAX = 32, // of one connection; clients that follow RFC 8446 section 5.5 need one in 2^24 records
};

static enum edge_tls_result unusable(const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
	sluss_event(
	    SLUSS_EVENT_ERROR, "tls-unusable", "what=%s error=\"%s\"", what, reason != NULL ? reason : "unknown");
	ERR_clear_error();
	return EDGE_TLS_UNUSABLE;
}

// A whole file in memory, wiped when it is freed. NULL: unreadable or too long.
static BIO *read_all(int fd)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char chunk[4096];
	size_t total = 0;
	while (bio != NULL) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		total += n > 0 ? (size_t)n : 0;
		if (n < 0 || total > FILE_OCTETS_MAX || BIO_write(bio, chunk, (int)n) != n) {
			BIO_free(bio);
			bio = NULL;
		}
	}
	OPENSSL_cleanse(chunk, sizeof(chunk));
	return bio;
}

static bool read_certificates(int fd, STACK_OF(X509) * *chain_out)
{
	BIO *bio = read_all(fd);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *certificate;
	while (bio != NULL && chain != NULL && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(chain, certificate) <= 0) {
			X509_free(certificate);
			break;
		}
	}
	ERR_clear_error(); // the end of the file is one
	BIO_free(bio);
	*chain_out = chain;
	return chain != NULL && sk_X509_num(chain) > 0;
}

// ---- own certificate

static bool use_chain(SSL_CTX *ctx, STACK_OF(X509) * chain)
{
	if (SSL_CTX_use_certificate(ctx, sk_X509_value(chain, 0)) != 1)
		return false;
	for (int i = 1; i < sk_X509_num(chain); i++) {
		if (SSL_CTX_add1_chain_cert(ctx, sk_X509_value(chain, i)) != 1)
			return false;
	}
	return true;
}

// HTTP/1.1 or no ALPN at all; a client that offers only others gets no_application_protocol (RFC 7301 section 3.2).
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
    unsigned int in_len, void *arg)
{
	static const unsigned char http11[] = "http/1.1";
	(void)ssl;
	(void)arg;
	for (unsigned int i = 0; i < in_len; i += 1u + in[i]) {
		unsigned int len = in[i];
		if (i + 1u + len <= in_len && len == sizeof(http11) - 1 && memcmp(in + i + 1, http11, len) == 0) {
			*out = in + i + 1;
			*out_len = (unsigned char)len;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// OpenSSL answers key updates inside SSL_read for as long as they come: one client could keep a loop to itself. After
// the limit OpenSSL loses the socket, and its next read fails.
static void watch_messages(int sent, int version, int type, const void *octets, size_t len, SSL *ssl, void *arg)
{
	(void)version;
	(void)arg;
	if (sent || type != SSL3_RT_HANDSHAKE || len < 1 || *(const uint8_t *)octets != SSL3_MT_KEY_UPDATE)
		return;
	struct edge_tls_peer *peer = SSL_get_app_data(ssl);
	if (peer != NULL && ++peer->key_updates > KEY_UPDATES_MAX)
		(void)BIO_set_fd(SSL_get_rbio(ssl), -1, BIO_NOCLOSE);
}

// What both ports have in common.
static SSL_CTX *new_context(STACK_OF(X509) * chain, EVP_PKEY *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL)
		return NULL;
	bool good = SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
		    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
		    SSL_CTX_set_max_early_data(ctx, 0) == 1 && use_chain(ctx, chain) &&
		    SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
	if (!good) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(
	    ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1); // one system call a record instead of two
	SSL_CTX_set_alpn_select_cb(ctx, select_protocol, NULL);
	SSL_CTX_set_msg_callback(ctx, watch_messages);
	return ctx;
}

// ---- the clients' certificates

static bool add_crls(X509_STORE *store, int fd)
{
	BIO *bio = read_all(fd);
	int count = 0;
	X509_CRL *crl;
	bool good = bio != NULL;
	while (good && (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		good = X509_STORE_add_crl(store, crl) == 1;
		X509_CRL_free(crl);
		count++;
	}
	ERR_clear_error();
	BIO_free(bio);
	return good && count > 0 && X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
}

// Chain, purpose and list are OpenSSL's; what core has revoked since is ours.
static int check_revoked(int ok, X509_STORE_CTX *store)
{
	if (!ok || X509_STORE_CTX_get_error_depth(store) != 0)
		return ok;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct edge_registry *registry = ssl != NULL ? SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)) : NULL;
	uint8_t fingerprint[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	if (registry == NULL ||
	    X509_digest(X509_STORE_CTX_get_current_cert(store), EVP_sha256(), fingerprint, &len) != 1 ||
	    len != SLUSS_HASH_BYTES) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (edge_registry_is_revoked(registry, fingerprint)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
		return 0;
	}
	return 1;
}

static bool demand_certificates(SSL_CTX *ctx, STACK_OF(X509) * cas)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	for (int i = 0; i < sk_X509_num(cas); i++) {
		if (X509_STORE_add_cert(store, sk_X509_value(cas, i)) != 1 ||
		    SSL_CTX_add_client_CA(ctx, sk_X509_value(cas, i)) != 1)
			return false;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, check_revoked);
	SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH_MAX);
	SSL_CTX_set_max_cert_list(ctx, CLIENT_CHAIN_MAX);
	return SSL_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) == 1;
}

static enum edge_tls_result open_agency(
    const struct sluss_edge_config *config, struct edge_registry *registry, SSL_CTX *ctx)
{
	STACK_OF(X509) *cas = NULL;
	bool good = read_certificates(config->client_ca_fd, &cas) && demand_certificates(ctx, cas);
	sk_X509_pop_free(cas, X509_free);
	if (!good)
		return unusable("client_ca");
	SSL_CTX_set_app_data(ctx, registry);
	if (config->client_crl_fd >= 0 && !add_crls(SSL_CTX_get_cert_store(ctx), config->client_crl_fd))
		return unusable("client_crl");
	return EDGE_TLS_OK;
}

enum edge_tls_result edge_tls_open(
    const struct sluss_edge_config *config, struct edge_registry *registry, struct edge_tls *tls_out)
{
	*tls_out = (struct edge_tls){0};
	enum edge_tls_result result = EDGE_TLS_OK;
	STACK_OF(X509) *chain = NULL;
	BIO *key_bio = NULL;
	EVP_PKEY *key = NULL;
	if (!read_certificates(config->tls_certificate_fd, &chain))
		result = unusable("tls_certificate");
	if (result == EDGE_TLS_OK) {
		key_bio = read_all(config->tls_key_fd);
		key = key_bio != NULL ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL) : NULL;
		if (key == NULL)
			result = unusable("tls_key");
	}
	if (result == EDGE_TLS_OK && (tls_out->agency = new_context(chain, key)) == NULL)
		result = unusable("context");
	if (result == EDGE_TLS_OK && config->public_listen_fd >= 0 &&
	    (tls_out->public_port = new_context(chain, key)) == NULL)
		result = unusable("context");
	if (result == EDGE_TLS_OK)
		result = open_agency(config, registry, tls_out->agency);
	BIO_free(key_bio);
	EVP_PKEY_free(key);
	sk_X509_pop_free(chain, X509_free);
	if (result != EDGE_TLS_OK)
		edge_tls_close(tls_out);
	return result;
}

void edge_tls_close(struct edge_tls *tls)
{
	SSL_CTX_free(tls->agency);
	SSL_CTX_free(tls->public_port);
	*tls = (struct edge_tls){0};
}

SSL *edge_tls_new(SSL_CTX *ctx, int fd, struct edge_tls_peer *peer)
{
	SSL *ssl = SSL_new(ctx);
	*peer = (struct edge_tls_peer){0};
	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_set_app_data(ssl, peer) == 1) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	return NULL;
}

bool edge_tls_fingerprint(const SSL *ssl, uint8_t fingerprint_out[SLUSS_HASH_BYTES])
{
	const X509 *certificate = SSL_get0_peer_certificate(ssl);
	unsigned int len = 0;
	return certificate != NULL && X509_digest(certificate, EVP_sha256(), fingerprint_out, &len) == 1 &&
	       len == SLUSS_HASH_BYTES;
}
