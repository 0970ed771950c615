// SPDX-License-Identifier: EUPL-1.2
// Where in a message a reader stands; lives on the stack of the recursion. Internal to the codec.
#ifndef SLUSS_WEB_PATH_H
#define SLUSS_WEB_PATH_H

#include "web/json.h"

struct sluss_path {
	const struct sluss_path *up; // NULL at the top
	const char *name;	     // field name as in the .proto file; NULL at the top
	long index;		     // position in a repeated field, -1 when it is none
};

// Fills error->field with the path ("grants[2].until") and error->text with the sentence. Returns false, so that
// readers can return it.
bool sluss_path_fault(const struct sluss_path *at, struct sluss_json_error *error, const char *sentence, ...)
    SLUSS_PRINTF(3, 4);

#endif
