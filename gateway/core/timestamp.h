// SPDX-License-Identifier: EUPL-1.2
// Timestamps of RFC 3161 over the log's checkpoints: making the query, judging the reply. The imprint is the SHA-256 of
// a checkpoint's note text (its lines with the last newline, without signatures). No I/O but for error texts; any
// thread, one at a time an object.
#ifndef SLUSS_CORE_TIMESTAMP_H
#define SLUSS_CORE_TIMESTAMP_H

#include "sluss/types.h"

enum {
	SLUSS_STAMP_QUERY_MAX = 256,	   // octets of a query of ours
	SLUSS_STAMP_REPLY_MAX = 64 * 1024, // octets of a reply that is read
	SLUSS_STAMP_NONCE = 16,
};

struct sluss_stamper; // opaque

// `ca` are the certificates (PEM) that a time-stamping authority's certificate must lead to. NULL: none could be read,
// or no memory.
SLUSS_MUST_CHECK struct sluss_stamper *sluss_stamper_new(struct sluss_bytes ca);
// Takes NULL and nulls.
void sluss_stamper_free(struct sluss_stamper **stamper);

// Writes a TimeStampReq (RFC 3161 section 2.4.1) that asks for the certificate. Returns its octets, 0: failed.
SLUSS_MUST_CHECK size_t sluss_stamp_query(const uint8_t imprint[SLUSS_HASH_BYTES],
    const uint8_t nonce[SLUSS_STAMP_NONCE], uint8_t out[SLUSS_STAMP_QUERY_MAX]);

// Judges a TimeStampResp (DER, all of it): granted, over this imprint by SHA-256, with this nonce (NULL: it was checked
// before), signed by a certificate for time-stamping that leads to the CA. True: *time_s_out is its time in Unix
// seconds. False: *why_out (a constant) says what is wrong.
SLUSS_MUST_CHECK bool sluss_stamp_verify(const struct sluss_stamper *stamper, struct sluss_bytes reply,
    const uint8_t imprint[SLUSS_HASH_BYTES], const uint8_t *nonce, int64_t *time_s_out, const char **why_out);

#endif
