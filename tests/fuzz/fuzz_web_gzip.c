// SPDX-License-Identifier: EUPL-1.2
// Decompression never gives more than its limit, and takes back what compression made.
#include <stdlib.h>

#include "fuzz_web.h"

#include "web/web_gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	uint8_t *out = NULL, *back = NULL;
	size_t len = 0, back_len = 0;
	if (web_gunzip(data, size, 5000, &out, &len) == WEB_GZIP_OK) {
		if (len > 5000)
			abort();
		free(out);
	}
	if (web_gzip(data, size, &out, &len) == WEB_GZIP_OK) {
		if (len >= size || web_gunzip(out, len, size, &back, &back_len) != WEB_GZIP_OK || back_len != size ||
		    memcmp(back, data, size) != 0)
			abort();
		free(back);
		free(out);
	}
	return 0;
}
