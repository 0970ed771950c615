// SPDX-License-Identifier: EUPL-1.2
// "key=value,key=value" and "a+b+c".
#include "cli.h"

// Cuts at the next comma without a backslash before it, and takes the backslashes away.
static char *cut_part(char **rest)
{
	char *start = *rest;
	char *to = start;
	char *at = start;
	while (*at != '\0' && *at != ',') {
		if (at[0] == '\\' && (at[1] == ',' || at[1] == '\\')) {
			at++;
		}
		*to++ = *at++;
	}
	*rest = *at == ',' ? at + 1 : at;
	*to = '\0';
	return start;
}

bool cli_spec_next(struct cli *cli, const char *option, char **rest, char **key_out, char **value_out)
{
	if (**rest == '\0') {
		return false;
	}
	char *part = cut_part(rest);
	char *equals = strchr(part, '=');
	if (equals == NULL || equals == part) {
		(void)cli_fail(cli, CLI_USAGE, option, "--%s: '%s' is not key=value", option, part);
		return false;
	}
	*equals = '\0';
	*key_out = part;
	*value_out = equals + 1;
	return true;
}

char **cli_split(struct cli *cli, const char *text, char separator, size_t *count_out)
{
	size_t room = 1;
	for (const char *at = text; *at != '\0'; at++) {
		room += *at == separator ? 1 : 0;
	}
	char **parts = cli_alloc(cli, room * sizeof(*parts));
	*count_out = 0;
	while (*text != '\0') {
		const char *end = strchr(text, separator);
		size_t len = end == NULL ? strlen(text) : (size_t)(end - text);
		if (len > 0) {
			parts[(*count_out)++] = cli_copy(cli, text, len);
		}
		text += len + (end == NULL ? 0 : 1);
	}
	return parts;
}
