// SPDX-License-Identifier: EUPL-1.2
// Keys and certificates (X.509, RFC 5280) that `slussd --init` makes for a new authority. P-256 throughout: every
// TLS 1.3 client has it. Not for running gateways: agencies' certificates are core's work. Everything returned belongs
// to the caller.
#ifndef SLUSS_INIT_PKI_H
#define SLUSS_INIT_PKI_H

#include "sluss/types.h"

#include <openssl/x509.h>

enum sluss_pki_use {
	SLUSS_PKI_NONE = 0,
	SLUSS_PKI_CA,	  // signs others
	SLUSS_PKI_SERVER, // TLS server
	SLUSS_PKI_CLIENT, // TLS client
};

struct sluss_pki_pair {
	EVP_PKEY *key;
	X509 *certificate;
};

struct sluss_pki_request {
	const char *common_name;
	enum sluss_pki_use use;
	const char *alternative_names; // OpenSSL's form, "DNS:localhost,IP:127.0.0.1"; NULL = none
	long from_s;		       // validity, seconds from now; may be negative
	long until_s;
};

// Makes a key and a certificate, signed by `issuer` or, when that is NULL, by itself. False: OpenSSL failed; pair_out
// is empty.
SLUSS_MUST_CHECK bool sluss_pki_issue(
    const struct sluss_pki_request *request, const struct sluss_pki_pair *issuer, struct sluss_pki_pair *pair_out);

void sluss_pki_free(struct sluss_pki_pair *pair);

// A revocation list that names `count` certificates (may be 0), good for `days`. NULL: OpenSSL failed.
X509_CRL *sluss_pki_crl(const struct sluss_pki_pair *issuer, X509 *const *revoked, size_t count, int days);

#endif
