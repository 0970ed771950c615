// SPDX-License-Identifier: EUPL-1.2
// Edge's TLS: OpenSSL contexts for the two ports. TLS 1.3 and nothing else (RFC 8446), ALPN http/1.1 (RFC 7301), no
// tickets, no resumption, no early data: every connection proves its certificate anew. Contexts are read-only once
// made; any thread.
#ifndef SLUSS_EDGE_TLS_H
#define SLUSS_EDGE_TLS_H

#include "edge/registry.h"

#include <openssl/ssl.h>

struct sluss_edge_config;

// Rides on each SSL object (SSL_set_app_data): counts what a client may do only so often.
struct edge_tls_peer {
	uint32_t key_updates;
};

struct edge_tls {
	SSL_CTX *agency;
	SSL_CTX *public_port; // NULL without public port
};

enum edge_tls_result {
	EDGE_TLS_OK = 0,
	EDGE_TLS_UNUSABLE, // a file is not what it should be, or OpenSSL failed; the event log says what
};

// Reads the files behind the configuration's descriptors (not closed here). The registry is asked for revoked
// certificates in each handshake and must outlive the contexts.
SLUSS_MUST_CHECK enum edge_tls_result edge_tls_open(
    const struct sluss_edge_config *config, struct edge_registry *registry, struct edge_tls *tls_out);

void edge_tls_close(struct edge_tls *tls);

// A new server-side TLS connection on fd. The peer must outlive it. NULL: OpenSSL failed.
SSL *edge_tls_new(SSL_CTX *ctx, int fd, struct edge_tls_peer *peer);

// SHA-256 of the peer's certificate (DER). False: the peer has shown none.
SLUSS_MUST_CHECK bool edge_tls_fingerprint(const SSL *ssl, uint8_t fingerprint_out[SLUSS_HASH_BYTES]);

#endif
