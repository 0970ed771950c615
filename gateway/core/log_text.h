// SPDX-License-Identifier: EUPL-1.2
// Small readers and writers of text that the log's formats share. Strict: each value has one spelling. No state, any
// thread.
#ifndef SLUSS_LOG_TEXT_H
#define SLUSS_LOG_TEXT_H

#include "sluss/types.h"

enum {
	SLUSS_DECIMAL_MAX = 20, // digits of UINT64_MAX
};

// Is it UTF-8 (RFC 3629) without ASCII control characters, except newline where `newlines` says so?
bool sluss_text_is_clean(struct sluss_bytes text, bool newlines);

// Is it a key name (C2SP signed-note): not empty, clean, without any Unicode space and without plus?
bool sluss_text_is_key_name(struct sluss_bytes text);

// Takes the octets up to the next newline off the front of `rest`, newline included. False: there is no newline.
bool sluss_text_line(struct sluss_bytes *rest, struct sluss_bytes *line_out);

// Takes `prefix` off the front. False: it does not begin so.
bool sluss_text_skip(struct sluss_bytes *rest, const char *prefix);

// A decimal number without leading zeroes, all of the text. False: it is none, or larger than UINT64_MAX.
bool sluss_text_decimal(struct sluss_bytes text, uint64_t *value_out);

// Writes it; returns the digits written (no NUL).
size_t sluss_text_put_decimal(uint64_t value, char out[SLUSS_DECIMAL_MAX]);

// Standard base64 with padding (RFC 4648 section 4), all of the text. False: it is none, or longer than `room`.
bool sluss_text_base64(struct sluss_bytes text, uint8_t *out, size_t room, size_t *len_out);

// Octets that base64 needs for `len` octets; and writes them (no NUL), returning how many.
size_t sluss_text_base64_len(size_t len);
size_t sluss_text_put_base64(const uint8_t *data, size_t len, char *out);

#endif
