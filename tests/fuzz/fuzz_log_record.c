// SPDX-License-Identifier: EUPL-1.2
// Log entries from anybody: never a crash; what decodes encodes to the same octets.
#include "log_record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sluss_codec *codec;
	struct sluss_record record;
	struct sluss_bytes again;
	uint8_t nonce[SLUSS_ENTRY_NONCE_BYTES];
	if (codec == NULL && (codec = sluss_codec_new()) == NULL)
		abort();
	sluss_codec_reset(codec);
	if (sluss_record_decode(codec, (struct sluss_bytes){data, len}, &record, nonce) == SLUSS_CODEC_OK) {
		if (sluss_record_encode(codec, &record, nonce, &again) != SLUSS_CODEC_OK || again.len != len ||
		    memcmp(again.data, data, len) != 0)
			abort();
	}
	return 0;
}
