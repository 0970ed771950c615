// SPDX-License-Identifier: EUPL-1.2
// Shared parts of the adapters.
#include "convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "payload_rules.h"
#include "sluss/v1/payload.pb-c.h"

void sluss_convert_problem(const struct sluss_convert *to, size_t line, size_t column, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	to->problem(to->context, line, column, text);
}

// ---- contents

struct findings {
	const struct sluss_convert *to;
	size_t line;
};

static void take_problem(void *context, const struct sluss_payload_problem *problem)
{
	const struct findings *f = context;
	sluss_convert_problem(
	    f->to, f->line, 0, "%s%s%s", problem->field, problem->field[0] == '\0' ? "" : ": ", problem->text);
}

bool sluss_convert_give(const struct sluss_convert *to, const char *key, size_t line, json_t *tree)
{
	struct sluss_payload_problem problem;
	struct findings findings = {to, line};
	char *text = tree == NULL ? NULL : json_dumps(tree, JSON_COMPACT);
	if (text == NULL) {
		json_decref(tree);
		sluss_convert_problem(to, line, 0, "There is not enough memory.");
		return false;
	}
	ProtobufCMessage *content = sluss_payload_from_json(NULL, text, strlen(text), &problem);
	free(text);
	json_decref(tree);
	if (content == NULL) {
		take_problem(&findings, &problem);
		return false;
	}
	bool ok = sluss_payload_check(content, take_problem, &findings) == 0;
	if (ok) {
		text = sluss_payload_to_json(content); // in the order of the fields, without empty ones
		tree = text == NULL ? NULL : json_loads(text, 0, NULL);
		free(text);
		ok = tree != NULL;
		if (ok) {
			to->take(to->context, key, tree);
		}
		json_decref(tree);
	}
	protobuf_c_message_free_unpacked(content, NULL);
	return ok;
}

// ---- words

// The next character in lower case, for ASCII and for the letters of Latin-1 in UTF-8 (Å, Ä, Ö).
static unsigned char lower(const char *text, size_t at)
{
	unsigned char c = (unsigned char)text[at];
	bool latin = at > 0 && (unsigned char)text[at - 1] == 0xc3 && c >= 0x80 && c <= 0x9e;
	return (c >= 'A' && c <= 'Z') || latin ? (unsigned char)(c + 0x20) : c;
}

// Is the text one of the words joined with '|'?
static bool is_word(const char *text, const char *words)
{
	while (*words != '\0') {
		size_t len = strcspn(words, "|");
		size_t i = 0;
		while (i < len && text[i] != '\0' && lower(text, i) == (unsigned char)words[i]) {
			i++;
		}
		if (i == len && text[i] == '\0') {
			return true;
		}
		words += len + (words[len] == '|' ? 1 : 0);
	}
	return false;
}

int sluss_convert_word(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_word(text, words[i])) {
			return (int)i;
		}
	}
	return -1;
}

// ---- tables

static bool find_columns(
    struct sluss_table *table, const struct sluss_column *columns, size_t count, const struct sluss_convert *to)
{
	bool ok = true;
	for (size_t c = 0; c < count; c++) {
		table->at[c] = SIZE_MAX;
		for (size_t i = 0; i < table->row.count; i++) {
			if (!is_word(table->row.fields[i].text, columns[c].names)) {
				continue;
			}
			if (table->at[c] != SIZE_MAX) {
				sluss_convert_problem(to, table->row.line, table->row.fields[i].column,
				    "There are two columns for \"%s\".", columns[c].names);
				ok = false;
			}
			table->at[c] = i;
		}
		if (table->at[c] == SIZE_MAX && columns[c].needed) {
			sluss_convert_problem(to, table->row.line, 0,
			    "The first row has no column named one of: %s (separator '%c').", columns[c].names,
			    sluss_csv_separator(table->csv));
			ok = false;
		}
	}
	return ok;
}

bool sluss_table_open(struct sluss_table *table, const char *octets, size_t len, const struct sluss_column *columns,
    size_t count, const struct sluss_convert *to)
{
	const char *problem = NULL;
	memset(table, 0, sizeof(*table));
	table->csv = sluss_csv_new(octets, len, &problem);
	if (table->csv == NULL) {
		sluss_convert_problem(to, 0, 0, "%s", problem);
		return false;
	}
	switch (sluss_csv_next(table->csv, &table->row)) {
	case SLUSS_CSV_END:
		sluss_convert_problem(to, 0, 0, "The file is empty.");
		return false;
	case SLUSS_CSV_BAD:
		sluss_convert_problem(to, table->row.bad_line, table->row.bad_column, "%s", table->row.problem);
		return false;
	case SLUSS_CSV_ROW:
		break;
	}
	table->width = table->row.count;
	if (!find_columns(table, columns, count, to)) {
		return false;
	}
	to->header(to->context, table->row.raw);
	return true;
}

void sluss_table_close(struct sluss_table *table)
{
	sluss_csv_free(&table->csv);
}

// A row with too many fields has one that nobody can name; one with too few that goes over several lines has swallowed
// its neighbours behind a stray quotation mark.
static bool is_whole(const struct sluss_table *table, const struct sluss_convert *to)
{
	const struct sluss_csv_row *row = &table->row;
	if (row->count == table->width ||
	    (row->count < table->width && memchr(row->raw.data, '\n', row->raw.len) == NULL)) {
		return true;
	}
	sluss_convert_problem(
	    to, row->line, 0, "The row has %zu fields; the first row has %zu.", row->count, table->width);
	to->reject(to->context, row->raw);
	return false;
}

bool sluss_table_next(struct sluss_table *table, const struct sluss_convert *to)
{
	for (;;) {
		switch (sluss_csv_next(table->csv, &table->row)) {
		case SLUSS_CSV_END:
			return false;
		case SLUSS_CSV_ROW:
			if (is_whole(table, to)) {
				return true;
			}
			break;
		case SLUSS_CSV_BAD:
			sluss_convert_problem(to, table->row.bad_line, table->row.bad_column, "%s", table->row.problem);
			to->reject(to->context, table->row.raw);
			break;
		}
	}
}

const char *sluss_table_text(const struct sluss_table *table, size_t column)
{
	size_t at = table->at[column];
	return at < table->row.count ? table->row.fields[at].text : "";
}

bool sluss_table_fault(const struct sluss_table *table, const struct sluss_convert *to, size_t column, const char *text)
{
	size_t at = table->at[column];
	bool there = at < table->row.count;
	sluss_convert_problem(to, there ? table->row.fields[at].line : table->row.line,
	    there ? table->row.fields[at].column : 0, "%s", text);
	return false;
}

bool sluss_table_number(
    const struct sluss_table *table, const struct sluss_convert *to, size_t column, unsigned max, unsigned *value_out)
{
	const char *text = sluss_table_text(table, column);
	unsigned long value = 0;
	size_t i = 0;
	for (; text[i] >= '0' && text[i] <= '9' && value <= max; i++) {
		value = 10 * value + (unsigned long)(text[i] - '0');
	}
	bool whole = text[i] == '\0' || ((text[i] == ',' || text[i] == '.') && text[i + 1] == '0' &&
					    text[i + 1 + strspn(text + i + 1, "0")] == '\0');
	*value_out = (unsigned)value;
	return (i > 0 || text[0] == '\0') && whole && value <= max
		   ? true
		   : sluss_table_fault(table, to, column, "A whole number is needed here.");
}

bool sluss_table_date(
    const struct sluss_table *table, const struct sluss_convert *to, size_t column, bool optional, char date_out[11])
{
	const char *text = sluss_table_text(table, column);
	char figures[9] = "";
	size_t count = 0;
	bool ok = strlen(text) == 8 || (strlen(text) == 10 && (text[4] == '-' || text[4] == '/') && text[7] == text[4]);
	for (size_t i = 0; ok && text[i] != '\0'; i++) {
		if (strlen(text) == 10 && (i == 4 || i == 7)) {
			continue;
		}
		ok = text[i] >= '0' && text[i] <= '9';
		figures[count++] = text[i];
	}
	date_out[0] = '\0';
	if (text[0] == '\0' && optional) {
		return true;
	}
	if (!ok) {
		return sluss_table_fault(
		    table, to, column, "A date is needed here: 2012-04-30, 2012/04/30 or 20120430.");
	}
	memcpy(date_out,
	    (const char[11]){figures[0], figures[1], figures[2], figures[3], '-', figures[4], figures[5], '-',
		figures[6], figures[7], '\0'},
	    11);
	const char *explanation = NULL;
	if (!sluss_payload_form_fits(SLUSS__V1__TEXT_FORM__TEXT_FORM_DATE, date_out, &explanation)) {
		date_out[0] = '\0';
		return sluss_table_fault(table, to, column, explanation);
	}
	return true;
}
