// SPDX-License-Identifier: EUPL-1.2
// Chooses the implementation by the scheme of the url.
#include "store_impl.h"

#include <stdio.h>

enum sluss_store_result sluss_store_open(
    const char *url, enum sluss_store_mode mode, struct sluss_store_error *error_out, struct sluss_store **store_out)
{
	static const char sqlite[] = "sqlite:";
	*store_out = NULL;
	error_out->text[0] = '\0';
	if (strncmp(url, sqlite, sizeof(sqlite) - 1) == 0 && url[sizeof(sqlite) - 1] != '\0')
		return sluss_store_sqlite_open(url + sizeof(sqlite) - 1, mode, error_out, store_out);
	(void)snprintf(error_out->text, sizeof(error_out->text), "unknown kind of store; expected sqlite:/path");
	return SLUSS_STORE_INVALID;
}
