// SPDX-License-Identifier: EUPL-1.2
// application/x-www-form-urlencoded: what a form's body and a URL's query are. Any thread.
#ifndef SLUSS_CORE_URL_FORM_H
#define SLUSS_CORE_URL_FORM_H

#include "sluss/types.h"

struct sluss_form {
	char *text; // the caller's; NUL-terminated after each add
	size_t room, len;
	bool full; // something did not fit: do not use it
};

// Adds name=value, coded, after an & unless it is the first. `name` is taken as it is.
void sluss_form_add(struct sluss_form *form, const char *name, const char *value);

#endif
