// SPDX-License-Identifier: EUPL-1.2
// The key of a client certificate and its certificate request (RFC 2986), through OpenSSL. Any thread.
#ifndef SLUSS_AGENTS_CSR_H
#define SLUSS_AGENTS_CSR_H

#include "sluss/types.h"

// A new private key on P-256 as PEM (PKCS #8), NUL-terminated. The caller wipes and frees. NULL: OpenSSL failed.
char *sluss_csr_new_key(void);

// A certificate request for that key, PEM. Its subject is the agency id; the gateway sets its own. The caller frees. NULL: not a key.
char *sluss_csr_make(const char *key_pem, const char *agency_id);

#endif
