// SPDX-License-Identifier: EUPL-1.2
#include "web/path.h"

#include <stdarg.h>
#include <stdio.h>

// Appends at to out, outermost first. What does not fit is cut.
static size_t append(const struct sluss_path *at, char *out, size_t cap)
{
	if (at == NULL || at->name == NULL)
		return 0;
	size_t used = append(at->up, out, cap);
	int n;
	if (at->index < 0)
		n = snprintf(out + used, cap - used, "%s%s", used > 0 ? "." : "", at->name);
	else
		n = snprintf(out + used, cap - used, "%s%s[%ld]", used > 0 ? "." : "", at->name, at->index);
	if (n < 0)
		return used;
	return used + (size_t)n < cap ? used + (size_t)n : cap - 1;
}

bool sluss_path_fault(const struct sluss_path *at, struct sluss_json_error *error, const char *sentence, ...)
{
	error->field[0] = '\0';
	append(at, error->field, sizeof(error->field));
	va_list args;
	va_start(args, sentence);
	vsnprintf(error->text, sizeof(error->text), sentence, args);
	va_end(args);
	return false;
}
