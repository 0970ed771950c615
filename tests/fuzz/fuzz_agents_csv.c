// SPDX-License-Identifier: EUPL-1.2
// CSV from other programs: no octet of it is lost, whatever it looks like. What is no blank, separator or line end lies
// in exactly one row.
#include <stdlib.h>

#include "convert.h"
#include "school/attendance_csv.h"

static void take(void *context, const char *key, const json_t *content)
{
	(void)context;
	if (key == NULL || json_object_get(content, "@type") == NULL) {
		abort();
	}
}

static void problem(void *context, size_t line, size_t column, const char *text)
{
	(void)context;
	(void)line;
	(void)column;
	if (text[0] == '\0') {
		abort();
	}
}

static void row(void *context, struct sluss_bytes octets)
{
	(void)context;
	(void)octets;
}

static bool counts(char c, char separator)
{
	return c != ' ' && c != '\r' && c != '\n' && c != '"' && c != separator;
}

static void nothing_lost(const char *octets, size_t len)
{
	const char *why = NULL;
	struct sluss_csv *csv = sluss_csv_new(octets, len, &why);
	struct sluss_csv_row r;
	if (csv == NULL) {
		return;
	}
	const uint8_t *end = NULL; // of the rows so far
	enum sluss_csv_result result;
	while ((result = sluss_csv_next(csv, &r)) != SLUSS_CSV_END) {
		if (end != NULL) {
			for (const uint8_t *at = end; at < r.raw.data; at++) {
				if (counts((char)*at, sluss_csv_separator(csv))) {
					abort();
				}
			}
		}
		end = r.raw.data + r.raw.len;
		if (result == SLUSS_CSV_BAD && (r.problem == NULL || r.bad_line < r.line || r.bad_column == 0)) {
			abort();
		}
		for (size_t i = 0; result == SLUSS_CSV_ROW && i < r.count; i++) {
			if (r.fields[i].line < r.line || r.fields[i].column == 0 ||
			    strlen(r.fields[i].text) > r.raw.len) {
				abort();
			}
		}
	}
	sluss_csv_free(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sluss_convert to = {take, problem, row, row, NULL};
	nothing_lost((const char *)data, size);
	bool whole = sluss_school_attendance((const char *)data, size, &to);
	(void)whole;
	return 0;
}
