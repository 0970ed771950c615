// SPDX-License-Identifier: EUPL-1.2
// UUID text: what is read is written as it was.
#include <stdlib.h>

#include "sluss/id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sluss_id id;
	char text[SLUSS_ID_TEXT];
	bool ok = sluss_id_parse((const char *)data, size, &id);
	if (ok && (size != SLUSS_ID_TEXT - 1 || memcmp(sluss_id_format(&id, text), data, size) != 0)) {
		abort();
	}
	if (ok == sluss_id_is_none(&id)) {
		abort();
	}
	if (sluss_is_agency_id((const char *)data, size) && !sluss_is_officer_id((const char *)data, size)) {
		abort(); // every agency id has the characters of an officer id
	}
	return 0;
}
