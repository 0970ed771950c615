// SPDX-License-Identifier: EUPL-1.2
// tlog-proof texts from anybody: never a crash; what parses, without extra data, is written back as it was.
#include "log_proof.h"

#include "log_verify.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sluss_note_key key;
	static const uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES] = {7};
	struct sluss_bytes text = {data, len};
	static const struct sluss_bytes entry = {(const uint8_t *)"entry", 5};
	static struct sluss_proof proof;
	if (key.type == SLUSS_NOTE_NONE &&
	    (sodium_init() < 0 || !sluss_note_key_init(&key, "example.com/log", SLUSS_NOTE_ED25519, public_key)))
		abort();
	if (sluss_proof_parse(text, &proof) && !proof.has_extra) {
		size_t room = sluss_proof_room(proof.count, proof.checkpoint.len);
		char *again = malloc(room);
		if (again == NULL ||
		    sluss_proof_format(proof.index, proof.hashes, proof.count, proof.checkpoint, again, room) != len ||
		    memcmp(again, data, len) != 0)
			abort();
		free(again);
	}
	if (sluss_verify_receipt(text, entry, &key, NULL, NULL) == SLUSS_RECEIPT_VALID)
		abort();
	return 0;
}
