// SPDX-License-Identifier: EUPL-1.2
// The authority's certification of agencies: a client certificate for a certificate request (RFC 2986) whose subject the authority sets itself.
// Called from the worker threads and the writer; an opened CA is read-only and may be shared between threads.
#ifndef SLUSS_CORE_CA_H
#define SLUSS_CORE_CA_H

#include "sluss/types.h"

struct sluss_ca;

enum sluss_ca_result {
	SLUSS_CA_OK = 0,
	SLUSS_CA_REQUEST_MALFORMED, // not one PEM certificate request, or its own signature does not verify (RFC 2986 section 4.2)
	SLUSS_CA_KEY_WEAK,          // neither EC on P-256/P-384, Ed25519, nor RSA of at least 2048 bits
	SLUSS_CA_BROKEN,            // our own key, certificate or library failed
};

// Opens the CA from PEM octets (private key, certificate); they may be wiped afterwards. Refuses a certificate that does not belong to the key.
SLUSS_MUST_CHECK enum sluss_ca_result sluss_ca_open(
    struct sluss_bytes key_pem, struct sluss_bytes certificate_pem, struct sluss_ca **ca_out);

// Takes NULL; wipes the private key; sets *ca to NULL.
void sluss_ca_free(struct sluss_ca **ca);

struct sluss_ca_certificate {
	char *chain_pem;                       // certificate, then CA; NUL-terminated; free() it
	uint8_t fingerprint[SLUSS_HASH_BYTES]; // SHA-256 of the certificate's DER
};

// Issues a client certificate for the request's public key: CN = agency_id, TLS client authentication only (RFC 5280 section 4.2.1.12), not a CA, random serial of
// 127 bits, valid from five minutes ago (clocks differ) for `days` by the system's clock: TLS peers know no other. The request's own subject and extensions are ignored.
SLUSS_MUST_CHECK enum sluss_ca_result sluss_ca_issue(const struct sluss_ca *ca, struct sluss_bytes request_pem, const char *agency_id, int days,
    struct sluss_ca_certificate *certificate_out);

#endif
