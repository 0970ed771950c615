// SPDX-License-Identifier: EUPL-1.2
// The key of a witness, made at its first start.
#include "sluss/witness.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "file.h"

enum { FILE_MAX = 256 };

bool sluss_witness_seed(const char *path, uint8_t seed_out[SLUSS_HASH_BYTES])
{
	char hex[2 * SLUSS_HASH_BYTES + 1];
	size_t len = 0, got = 0;
	char *text = sluss_file_read(path, FILE_MAX, true, &len);
	if (text == NULL && errno == ENOENT) {
		randombytes_buf(seed_out, SLUSS_HASH_BYTES);
		(void)sodium_bin2hex(hex, sizeof(hex), seed_out, SLUSS_HASH_BYTES);
		bool written = sluss_file_replace(path, hex, strlen(hex));
		sodium_memzero(hex, sizeof(hex));
		return written;
	}
	bool ok = text != NULL && sodium_hex2bin(seed_out, SLUSS_HASH_BYTES, text, len, "\r\n", &got, NULL) == 0 &&
		  got == SLUSS_HASH_BYTES;
	if (text != NULL)
		sodium_memzero(text, len);
	free(text);
	return ok;
}
