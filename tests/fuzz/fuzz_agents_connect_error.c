// SPDX-License-Identifier: EUPL-1.2
// The error body of any server.
#include <stdlib.h>

#include "connect_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sluss_connect_error e;
	bool ok = sluss_connect_error_parse((struct sluss_bytes){data, size}, &e);
	if (ok != (e.code[0] != '\0') || (!ok && e.refusal != NULL)) {
		abort();
	}
	sluss_connect_error_clear(&e);
	return 0;
}
