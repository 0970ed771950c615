// SPDX-License-Identifier: EUPL-1.2
// What the adapters of the agencies' folders share: where their results go, and tables with named columns. An adapter
// makes ProtoJSON of a payload type from what another program exported; nothing that it cannot use is dropped without a
// word. One thread; no I/O.
#ifndef SLUSS_AGENTS_CONVERT_H
#define SLUSS_AGENTS_CONVERT_H

#include <jansson.h>

#include "csv.h"
#include "sluss/payload.h"

// Where an adapter's results go. All that is handed over is borrowed for the call.
struct sluss_convert {
	// One content with "@type", already checked by the rules of its type; `key` says whose it is in the other
	// program's words ("" when there is only one).
	void (*take)(void *context, const char *key, const json_t *content);
	// Something that could not be used, and where it stands (from 1; column 0: the whole line, line 0: the whole
	// file).
	void (*problem)(void *context, size_t line, size_t column, const char *text);
	// The first row of a table, as it was written (in UTF-8), before anything of the table is handed over.
	void (*header)(void *context, struct sluss_bytes row);
	// A row of a table that went into no content, as it was written (in UTF-8).
	void (*reject)(void *context, struct sluss_bytes row);
	void *context;
};

void sluss_convert_problem(const struct sluss_convert *to, size_t line, size_t column, const char *format, ...)
    SLUSS_PRINTF(4, 5);

// Reads the tree (taken over) as its "@type", checks it, and hands it on; problems are reported at this line. False: it
// was not handed on.
SLUSS_MUST_CHECK bool sluss_convert_give(const struct sluss_convert *to, const char *key, size_t line, json_t *tree);

// ---- tables

struct sluss_column {
	const char *names; // lower case, joined with '|': how programs call it
	bool needed;
};

enum { SLUSS_COLUMNS_MAX = 16 };

struct sluss_table {
	struct sluss_csv *csv;
	struct sluss_csv_row row;     // the row under way
	size_t width;		      // fields of the first row
	size_t at[SLUSS_COLUMNS_MAX]; // field of each column; SIZE_MAX: not there
};

// Opens the table and finds its columns in the first row. False: reported. Close it in either case.
SLUSS_MUST_CHECK bool sluss_table_open(struct sluss_table *table, const char *octets, size_t len,
    const struct sluss_column *columns, size_t count, const struct sluss_convert *to);
void sluss_table_close(struct sluss_table *table);

// The next row that can be read; bad ones are reported and rejected on the way. False: the end.
SLUSS_MUST_CHECK bool sluss_table_next(struct sluss_table *table, const struct sluss_convert *to);

// The text of a column, "" when the row or the table does not have it.
const char *sluss_table_text(const struct sluss_table *table, size_t column);

// Reports a problem in this column of the row. Always false.
bool sluss_table_fault(
    const struct sluss_table *table, const struct sluss_convert *to, size_t column, const char *text);

// A whole number (with a decimal comma or point and zeros behind it, as programs write it), 0 to max; empty is 0.
// False: reported.
SLUSS_MUST_CHECK bool sluss_table_number(
    const struct sluss_table *table, const struct sluss_convert *to, size_t column, unsigned max, unsigned *value_out);

// A date written as 2012-04-30, 2012/04/30 or 20120430, as "2012-04-30". Empty: false unless `optional`, then date_out
// is empty. False: reported.
SLUSS_MUST_CHECK bool sluss_table_date(
    const struct sluss_table *table, const struct sluss_convert *to, size_t column, bool optional, char date_out[11]);

// The position of the text among words joined with '|' in a list of such, in any case; -1: not among them.
int sluss_convert_word(const char *text, const char *const *words, size_t count);

#endif
