// SPDX-License-Identifier: EUPL-1.2
// Log entries: between struct sluss_record (policy/record.h) and the octets of sluss.v1.LogRecord
// (proto/sluss/v1/log.proto). One encoding a record: decode refuses every other (fields out of order, defaults written
// out, unknown fields), so that no two readers see two things in one entry.
//
// Ownership: what encode and decode hand out lies in the codec and stays valid until its reset or free. Threads: a
// codec belongs to one thread at a time.
#ifndef SLUSS_LOG_RECORD_H
#define SLUSS_LOG_RECORD_H

#include "policy/record.h"

enum {
	SLUSS_ENTRY_MAX = 65535, // octets of an entry
	SLUSS_ENTRY_NONCE_BYTES = 16,
	SLUSS_ENTRY_TEXT_MAX = 255, // octets of any string in a record
};

enum sluss_codec_result {
	SLUSS_CODEC_OK = 0,
	SLUSS_CODEC_TOO_LARGE, // more than SLUSS_ENTRY_MAX octets: the request has to be refused
	SLUSS_CODEC_MALFORMED, // not an entry, not the one encoding of it, or a value that no record has
	SLUSS_CODEC_UNKNOWN,   // a type or field that this version does not know: stop, do not guess
	SLUSS_CODEC_MEMORY,
};

struct sluss_codec; // opaque

// NULL when memory ran out.
struct sluss_codec *sluss_codec_new(void);

// Frees with all that it handed out. Takes NULL and nulls.
void sluss_codec_free(struct sluss_codec **codec);

// Forgets all that it handed out and keeps the memory: once a batch.
void sluss_codec_reset(struct sluss_codec *codec);

// Writes a record with a fresh random nonce (the caller's). Strings must be UTF-8 without control characters, enums in
// range: else MALFORMED.
SLUSS_MUST_CHECK enum sluss_codec_result sluss_record_encode(struct sluss_codec *codec,
    const struct sluss_record *record, const uint8_t nonce[SLUSS_ENTRY_NONCE_BYTES], struct sluss_bytes *entry_out);

// Reads an entry; strings are never NULL. The nonce may be NULL when nobody asks.
SLUSS_MUST_CHECK enum sluss_codec_result sluss_record_decode(
    struct sluss_codec *codec, struct sluss_bytes entry, struct sluss_record *record_out, uint8_t *nonce_out);

// A word for a log line: "ok", "too_large" ...
const char *sluss_codec_result_name(enum sluss_codec_result result);

#endif
