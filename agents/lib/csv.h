// SPDX-License-Identifier: EUPL-1.2
// Comma-separated values as RFC 4180 says and as office programs really write them: ';', ',' or tab between fields,
// "sep=;" on the first line, a byte order mark, CRLF, LF or CR, quoted fields with line breaks inside, UTF-8 or
// Windows-1252. The octets are foreign. No I/O; one thread a reader.
#ifndef SLUSS_AGENTS_CSV_H
#define SLUSS_AGENTS_CSV_H

#include "sluss/types.h"

enum { SLUSS_CSV_FIELDS_MAX = 256, SLUSS_CSV_OCTETS_MAX = 64 << 20 };

struct sluss_csv;

struct sluss_csv_field {
	const char *text;    // UTF-8, unquoted, NUL-terminated, without blanks at the ends unless it was quoted
	size_t line, column; // where it begins, from 1; the column counts characters
};

struct sluss_csv_row {
	struct sluss_csv_field fields[SLUSS_CSV_FIELDS_MAX];
	size_t count;
	size_t line;
	struct sluss_bytes raw;	     // the row as it was written (in UTF-8), without its line break
	size_t bad_line, bad_column; // of a bad row
	const char *problem;	     // static sentence
};

enum sluss_csv_result {
	SLUSS_CSV_END = 0,
	SLUSS_CSV_ROW,
	SLUSS_CSV_BAD, // this row cannot be read; raw, problem, bad_line and bad_column are set; the next call goes on
		       // behind it
};

// A reader over a copy of the octets. NULL: *problem_out (static) says why: too much, UTF-16, no memory.
SLUSS_MUST_CHECK struct sluss_csv *sluss_csv_new(const char *octets, size_t len, const char **problem_out);
void sluss_csv_free(struct sluss_csv **csv);

// The next row that has something in it; what it points to holds until the next call.
SLUSS_MUST_CHECK enum sluss_csv_result sluss_csv_next(struct sluss_csv *csv, struct sluss_csv_row *row_out);

// The character between fields.
char sluss_csv_separator(const struct sluss_csv *csv);

#endif
