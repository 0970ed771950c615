// SPDX-License-Identifier: EUPL-1.2
// add-checkpoint requests from anybody to a witness: never a crash, only statuses of the specification, and a
// cosignature exactly when the checkpoint was remembered. The log's key is of the seed 1, so that the corpus has
// requests that are good.
#include "sluss/witness.h"

#include "log_note.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool load(void *arg, const char *origin, struct sluss_witness_state *state_out)
{
	(void)arg, (void)origin;
	memset(state_out, 0, sizeof(*state_out));
	return true;
}

static bool store(void *arg, const char *origin, const struct sluss_witness_state *state, struct sluss_bytes note)
{
	(void)origin, (void)state, (void)note;
	*(bool *)arg = true;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char verifier[SLUSS_NOTE_LINE_MAX];
	static uint8_t seed[32] = {1};
	const char *logs[1] = {verifier};
	struct sluss_witness_keys keys = {"w.example", seed, logs, 1};
	struct sluss_witness_reply reply;
	bool stored = false;
	if (verifier[0] == '\0') {
		struct sluss_note_key key;
		uint8_t public_key[32];
		uint8_t secret[64];
		if (sodium_init() < 0 || crypto_sign_seed_keypair(public_key, secret, seed) != 0 ||
		    !sluss_note_key_init(&key, "log.example/sig", SLUSS_NOTE_ED25519, public_key) ||
		    !sluss_note_key_format(&key, verifier, sizeof(verifier)))
			abort();
	}
	sluss_witness_judge(&keys, (struct sluss_bytes){data, len}, 1700000000, load, store, &stored, &reply);
	if (stored != (reply.status == 200) || reply.len == 0 || reply.len >= sizeof(reply.body))
		abort();
	if (reply.status != 200 && reply.status != 400 && reply.status != 403 && reply.status != 404 &&
	    reply.status != 409 && reply.status != 422)
		abort();
	return 0;
}
