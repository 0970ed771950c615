// SPDX-License-Identifier: EUPL-1.2
#include "url_form.h"

#include <string.h>

static void put(struct sluss_form *form, char c)
{
	if (form->len + 1 >= form->room) {
		form->full = true;
		return;
	}
	form->text[form->len++] = c;
	form->text[form->len] = '\0';
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

void sluss_form_add(struct sluss_form *form, const char *name, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";
	if (form->len > 0)
		put(form, '&');
	for (; *name != '\0'; name++)
		put(form, *name);
	put(form, '=');
	for (; *value != '\0'; value++) {
		if (is_plain(*value)) {
			put(form, *value);
			continue;
		}
		put(form, '%');
		put(form, digits[(unsigned char)*value >> 4]);
		put(form, digits[(unsigned char)*value & 15]);
	}
}
