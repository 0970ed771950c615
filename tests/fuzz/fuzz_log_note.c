// SPDX-License-Identifier: EUPL-1.2
// Notes, checkpoints and verifier keys from anybody: never a crash; what parses as a key is written back as it was; a
// signature by an unknown key is never found valid.
#include "log_checkpoint.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sluss_note_key log_key;
	static struct sluss_note_key witness_key;
	static const uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES] = {7}; // nobody's
	struct sluss_bytes octets = {data, len};
	struct sluss_note note;
	struct sluss_checkpoint checkpoint;
	struct sluss_note_key key;
	if (log_key.type == SLUSS_NOTE_NONE &&
	    (sodium_init() < 0 || !sluss_note_key_init(&log_key, "example.com/log", SLUSS_NOTE_ED25519, public_key) ||
		!sluss_note_key_init(&witness_key, "witness.example.com/w1", SLUSS_NOTE_COSIGNATURE, public_key)))
		abort();
	if (sluss_note_parse(octets, &note)) {
		if (note.text.len == 0 || note.count == 0 || note.text.data[note.text.len - 1] != '\n')
			abort();
		if (sluss_note_verify(&note, &log_key, NULL) == SLUSS_NOTE_VALID ||
		    sluss_note_verify(&note, &witness_key, NULL) == SLUSS_NOTE_VALID)
			abort();
		if (sluss_checkpoint_parse(note.text, &checkpoint) && checkpoint.origin.len == 0)
			abort();
	}
	(void)sluss_checkpoint_parse(octets, &checkpoint);
	if (sluss_note_key_parse(octets, &key)) {
		char text[SLUSS_NOTE_LINE_MAX];
		if (!sluss_note_key_format(&key, text, sizeof(text)) || strlen(text) != len ||
		    memcmp(text, data, len) != 0)
			abort();
	}
	return 0;
}
