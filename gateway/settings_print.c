// SPDX-License-Identifier: EUPL-1.2
// What the table of settings says, for people (sample file, manual page) and for the roles.
#include "settings_table.h"

enum {
	WRAP = 100, // columns of the sample file
};

// Help as comment lines that end before column WRAP.
static void print_comment(FILE *out, const char *text)
{
	size_t column = 0;
	while (*text != '\0') {
		size_t word = strcspn(text, " ");
		if (column == 0 || column + 1 + word > WRAP) {
			fprintf(out, "%s# %.*s", column == 0 ? "" : "\n", (int)word, text);
			column = 2 + word;
		} else {
			fprintf(out, " %.*s", (int)word, text);
			column += 1 + word;
		}
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_range(FILE *out, const struct sluss_setting *row)
{
	if (row->type == SLUSS_SETTING_NUMBER)
		fprintf(out, "# From %u to %u %s.\n", row->min, row->max, row->unit);
}

bool sluss_settings_rows_print_sample(const struct sluss_settings_program *program, FILE *out)
{
	fprintf(out, "# Settings of %s. What is commented out shows the default.\n", program->name);
	for (size_t i = 0; i < program->count; i++) {
		const struct sluss_setting *row = &program->rows[i];
		fputc('\n', out);
		print_comment(out, row->help);
		print_range(out, row);
		if (row->fallback == NULL)
			fprintf(out, "%s = \n", row->key);
		else
			fprintf(out, "#%s = %s\n", row->key, row->fallback);
	}
	return ferror(out) == 0;
}

// roff: a backslash must be doubled, a leading dot or quote hidden, a hyphen kept a hyphen.
static void print_roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\\\", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

bool sluss_settings_rows_print_manual(const struct sluss_settings_program *program, FILE *out)
{
	fputs(".SH SETTINGS\n", out);
	fputs("One \\fIkey\\fR = \\fIvalue\\fR a line; # starts a comment. An unknown key is an error.\n", out);
	for (size_t i = 0; i < program->count; i++) {
		const struct sluss_setting *row = &program->rows[i];
		fputs(".TP\n.B ", out);
		print_roff(out, row->key);
		fputc('\n', out);
		print_roff(out, row->help);
		fputc('\n', out);
		if (row->type == SLUSS_SETTING_NUMBER)
			fprintf(out, "From %u to %u %s.\n", row->min, row->max, row->unit);
		if (row->fallback == NULL) {
			fputs("Must be set.\n", out);
		} else if (row->fallback[0] != '\0') {
			fputs("Default: \\fI", out);
			print_roff(out, row->fallback);
			fputs("\\fR.\n", out);
		}
	}
	return ferror(out) == 0;
}

bool sluss_settings_print_sample(FILE *out)
{
	return sluss_settings_rows_print_sample(&sluss_settings_gateway, out);
}

bool sluss_settings_print_manual(FILE *out)
{
	return sluss_settings_rows_print_manual(&sluss_settings_gateway, out);
}

bool sluss_settings_print_for_role(const struct sluss_settings *settings, enum sluss_role role, FILE *out)
{
	size_t count = 0;
	const struct sluss_setting *table = sluss_settings_table(&count);
	for (size_t i = 0; i < count; i++) {
		if ((table[i].roles & (unsigned)role) == 0)
			continue;
		char value[SLUSS_SETTING_ITEM_TEXT];
		for (size_t item = 0; sluss_settings_get_item(&table[i], settings, item, value, sizeof(value)); item++)
			fprintf(out, "%s = %s\n", table[i].key, value);
	}
	return ferror(out) == 0;
}
