// SPDX-License-Identifier: EUPL-1.2
// A witness for tests, one request a call: `witness_once key NAME SEED` prints its verifier key; `witness_once FOLDER
// NAME SEED LOGKEY` reads the body of an add-checkpoint request from standard input and prints the status, the content
// type, and after an empty line the reply's body. SEED is 64 hexadecimal digits.
#include "sluss/witness.h"

#include <sodium.h>
#include <stdio.h>

static bool read_seed(const char *hex, uint8_t seed_out[SLUSS_HASH_BYTES])
{
	size_t len = 0;
	return sodium_hex2bin(seed_out, SLUSS_HASH_BYTES, hex, strlen(hex), NULL, &len, NULL) == 0 &&
	       len == SLUSS_HASH_BYTES;
}

int main(int argc, char *argv[])
{
	static uint8_t body[SLUSS_WITNESS_BODY_MAX + 1];
	uint8_t seed[SLUSS_HASH_BYTES];
	char text[400];
	char why[256];
	if (sodium_init() < 0 || (argc != 4 && argc != 5) || !read_seed(argv[3], seed))
		return 2;
	if (argc == 4)
		return sluss_witness_verifier_key(argv[2], seed, text, sizeof(text)) && puts(text) >= 0 ? 0 : 1;
	const char *const logs[1] = {argv[4]};
	struct sluss_witness_keys keys = {argv[2], seed, logs, 1};
	struct sluss_witness *witness = sluss_witness_open(argv[1], &keys, why);
	if (witness == NULL) {
		(void)fprintf(stderr, "%s\n", why);
		return 1;
	}
	struct sluss_witness_reply reply;
	size_t len = fread(body, 1, sizeof(body), stdin);
	sluss_witness_add_checkpoint(witness, (struct sluss_bytes){body, len}, 0, &reply);
	printf("%u\n%s\n\n", reply.status, reply.content_type);
	size_t put = fwrite(reply.body, 1, reply.len, stdout);
	sluss_witness_close(&witness);
	return put == reply.len && fflush(stdout) == 0 ? 0 : 1;
}
