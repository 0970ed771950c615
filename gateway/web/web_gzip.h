// SPDX-License-Identifier: EUPL-1.2
// gzip (RFC 1952) of bodies, in memory, with a limit on what comes out.
#ifndef SLUSS_WEB_GZIP_H
#define SLUSS_WEB_GZIP_H

#include "sluss/types.h"

enum web_gzip {
	WEB_GZIP_OK = 0,
	WEB_GZIP_MALFORMED, // not gzip, cut off, wrong checksum, or octets behind the end
	WEB_GZIP_TOO_LARGE, // more than max octets would come out; stopped there
	WEB_GZIP_NO_MEMORY,
};

// Decompresses all members. len must not be 0 (an empty body is not compressed, whatever the header says). On OK *out
// is the caller's (free); never NULL.
enum web_gzip web_gunzip(const uint8_t *data, size_t len, size_t max, uint8_t **out, size_t *len_out) SLUSS_MUST_CHECK;

// Compresses (fast). TOO_LARGE when the result would not be smaller than the input: send it as it is. On OK *out is the
// caller's.
enum web_gzip web_gzip(const uint8_t *data, size_t len, uint8_t **out, size_t *len_out) SLUSS_MUST_CHECK;

#endif
