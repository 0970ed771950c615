// SPDX-License-Identifier: EUPL-1.2
// Signed notes (C2SP signed-note): a text and signature lines over it. Ed25519 (type 01) as the log signs, cosignature
// v1 (type 04, C2SP tlog-cosignature) as witnesses do. No state, no I/O, any thread. libsodium must have been
// initialised (sodium_init).
#ifndef SLUSS_LOG_NOTE_H
#define SLUSS_LOG_NOTE_H

#include "sluss/types.h"

enum {
	SLUSS_NOTE_NAME_MAX = 127,	// longest key name, without NUL
	SLUSS_NOTE_SIGNATURES_MAX = 64, // the specification asks for at least 16
	SLUSS_NOTE_MAX = 64 * 1024,	// octets of a note that we read
	SLUSS_NOTE_PUBLIC_BYTES = 32,	// Ed25519 (RFC 8032)
	SLUSS_NOTE_SECRET_BYTES = 64,	// libsodium's form: seed || public key
	SLUSS_NOTE_SIGNATURE_BYTES = 64,
	SLUSS_NOTE_LINE_MAX = 256 + SLUSS_NOTE_NAME_MAX, // octets of a signature line that we write
};

enum sluss_note_type {
	SLUSS_NOTE_NONE = 0,
	SLUSS_NOTE_ED25519 = 1,
	SLUSS_NOTE_COSIGNATURE = 4,
};

// Whose signature to look for.
struct sluss_note_key {
	char name[SLUSS_NOTE_NAME_MAX + 1];
	enum sluss_note_type type;
	uint8_t id[4]; // first 4 octets of SHA-256(name || 0x0A || type || public key)
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES];
};

// Fills a key and computes its id. False: the name is empty, too long, not UTF-8, or has a space, a plus or a control
// character.
SLUSS_MUST_CHECK bool sluss_note_key_init(struct sluss_note_key *key, const char *name, enum sluss_note_type type,
    const uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES]);

// The text form of a verifier key, "name+hex id+base64(type || public key)", as golang.org/x/mod/sumdb/note reads it.
// False: no room (SLUSS_NOTE_LINE_MAX is enough).
SLUSS_MUST_CHECK bool sluss_note_key_format(const struct sluss_note_key *key, char *text_out, size_t room);
SLUSS_MUST_CHECK bool sluss_note_key_parse(struct sluss_bytes text, struct sluss_note_key *key_out);

// A note taken apart. Everything points into the octets that were parsed.
struct sluss_note {
	struct sluss_bytes text; // with its last newline: what is signed
	size_t count;
	struct sluss_note_line {
		struct sluss_bytes name;
		uint8_t id[4];
		uint8_t signature[8 + SLUSS_NOTE_SIGNATURE_BYTES]; // the first `len` octets after the id
		size_t len; // 0: longer than the types that we know; kept, never believed
	} lines[SLUSS_NOTE_SIGNATURES_MAX];
};

// False: not a signed note, or beyond our limits.
SLUSS_MUST_CHECK bool sluss_note_parse(struct sluss_bytes octets, struct sluss_note *note_out);

// What the note says of one key. Absent and wrong are kept apart; only VALID is a yes.
enum sluss_note_verdict {
	SLUSS_NOTE_VERDICT_NONE = 0,
	SLUSS_NOTE_VALID,
	SLUSS_NOTE_ABSENT, // no line with this name and id
	SLUSS_NOTE_WRONG,  // a line with this name and id that does not verify
};

// Looks for a signature by `key`; every line with its name and id must verify. For a cosignature `time_out` (may be
// NULL) is when it was made, in seconds since the Unix epoch; for Ed25519 it is 0.
SLUSS_MUST_CHECK enum sluss_note_verdict sluss_note_verify(
    const struct sluss_note *note, const struct sluss_note_key *key, uint64_t *time_out);

// Writes one signature line with its newline: "— name base64(id || signature)". `text` is the note's text with its last
// newline; the secret must belong to key->public_key. For a cosignature the time counts, in seconds; for Ed25519 it
// must be 0. Returns the octets written, 0 when there is no room.
SLUSS_MUST_CHECK size_t sluss_note_sign(const struct sluss_note_key *key, const uint8_t secret[SLUSS_NOTE_SECRET_BYTES],
    uint64_t time_s, struct sluss_bytes text, char *line_out, size_t room);

#endif
