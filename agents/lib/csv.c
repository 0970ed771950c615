// SPDX-License-Identifier: EUPL-1.2
// Reading CSV. A row that cannot be read ends at its first line break, so that one stray quotation mark costs one line
// and not the rest of the file.
#include "csv.h"

#include <stdlib.h>

#include "web/utf8.h"

struct sluss_csv {
	char *text; // UTF-8, NUL-terminated
	size_t len;
	size_t at;
	size_t line; // of `at`
	char separator;
	char *fields; // room for the unquoted fields of one row
};

// ---- octets to UTF-8

// What Windows-1252 has at 0x80 to 0x9f; 0: nothing (WHATWG Encoding maps these to C1 controls, which mean a broken
// file here).
static const uint16_t windows_1252[32] = {0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030,
    0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122,
    0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

static size_t put(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

// UTF-8 of octets that are Windows-1252, or NULL.
static char *from_windows(const uint8_t *octets, size_t len, size_t *len_out, const char **problem_out)
{
	char *text = malloc(3 * len + 1);
	*len_out = 0;
	*problem_out = text == NULL ? "There is not enough memory." : "The file is neither UTF-8 nor Windows-1252.";
	for (size_t i = 0; text != NULL && i < len; i++) {
		unsigned c = octets[i] >= 0x80 && octets[i] < 0xa0 ? windows_1252[octets[i] - 0x80] : octets[i];
		if (c == 0) {
			free(text);
			return NULL;
		}
		*len_out += put(text + *len_out, c);
	}
	return text;
}

static char *decode(const char *octets, size_t len, size_t *len_out, const char **problem_out)
{
	const uint8_t *at = (const uint8_t *)octets;
	if (len >= 2 && ((at[0] == 0xff && at[1] == 0xfe) || (at[0] == 0xfe && at[1] == 0xff))) {
		*problem_out = "The file is UTF-16; save it as CSV UTF-8.";
		return NULL;
	}
	if (len >= 3 && memcmp(octets, "\xef\xbb\xbf", 3) == 0) {
		at += 3;
		len -= 3;
	}
	if (!sluss_utf8_valid(at, len)) {
		return from_windows(at, len, len_out, problem_out);
	}
	char *text = malloc(len + 1);
	*problem_out = "There is not enough memory.";
	*len_out = len;
	if (text != NULL) {
		memcpy(text, at, len);
	}
	return text;
}

// ---- the separator

// "sep=;" on a line of its own says it; else the one that the first line has most of, outside quotation marks.
static char find_separator(struct sluss_csv *csv)
{
	static const char candidates[] = ";,\t";
	size_t counts[3] = {0};
	bool quoted = false;
	size_t best = 0;
	if (csv->len >= 5 && memcmp(csv->text, "sep=", 4) == 0 &&
	    (csv->text[5] == '\0' || csv->text[5] == '\r' || csv->text[5] == '\n')) {
		csv->at = 5;
		return csv->text[4];
	}
	for (const char *c = csv->text; *c != '\0' && (quoted || (*c != '\n' && *c != '\r')); c++) {
		quoted = *c == '"' ? !quoted : quoted;
		for (size_t i = 0; i < 3 && !quoted; i++) {
			counts[i] += *c == candidates[i] ? 1 : 0;
		}
	}
	for (size_t i = 1; i < 3; i++) {
		best = counts[i] > counts[best] ? i : best;
	}
	return candidates[best];
}

struct sluss_csv *sluss_csv_new(const char *octets, size_t len, const char **problem_out)
{
	struct sluss_csv *csv = calloc(1, sizeof(*csv));
	*problem_out = len > SLUSS_CSV_OCTETS_MAX ? "The file is larger than 64 MiB." : "There is not enough memory.";
	if (csv == NULL || len > SLUSS_CSV_OCTETS_MAX ||
	    (csv->text = decode(octets, len, &csv->len, problem_out)) == NULL ||
	    (csv->fields = malloc(csv->len + SLUSS_CSV_FIELDS_MAX + 1)) == NULL) {
		sluss_csv_free(&csv);
		return NULL;
	}
	csv->text[csv->len] = '\0';
	csv->line = 1;
	csv->separator = find_separator(csv);
	return csv;
}

void sluss_csv_free(struct sluss_csv **csv)
{
	if (csv != NULL && *csv != NULL) {
		free((*csv)->text);
		free((*csv)->fields);
		free(*csv);
		*csv = NULL;
	}
}

char sluss_csv_separator(const struct sluss_csv *csv)
{
	return csv->separator;
}

// ---- rows

// Where a row is being read.
struct cursor {
	size_t at;
	size_t line;
	size_t column;
};

// The character at the cursor; NUL at the end (there is none in the text).
static char here(const struct sluss_csv *csv, const struct cursor *c)
{
	return c->at < csv->len ? csv->text[c->at] : '\0';
}

static bool at_line_end(const struct sluss_csv *csv, const struct cursor *c)
{
	char ch = here(csv, c);
	return ch == '\r' || ch == '\n' || c->at >= csv->len;
}

// One octet on; counts lines and characters.
static void step(const struct sluss_csv *csv, struct cursor *c)
{
	char ch = csv->text[c->at++];
	bool ends = ch == '\n' || (ch == '\r' && here(csv, c) != '\n');
	if (ends) {
		c->line++;
		c->column = 1;
	} else if ((here(csv, c) & 0xc0) != 0x80) {
		c->column++;
	}
}

static bool fail(struct sluss_csv_row *row, const struct cursor *c, const char *problem)
{
	row->bad_line = c->line;
	row->bad_column = c->column;
	row->problem = problem;
	return false;
}

// "...": the cursor stands on the first mark.
static bool read_quoted(const struct sluss_csv *csv, struct cursor *c, char **out, struct sluss_csv_row *row)
{
	struct cursor start = *c;
	step(csv, c);
	for (;;) {
		if (c->at >= csv->len) {
			return fail(row, &start, "The quotation mark is not closed.");
		}
		if (here(csv, c) == '"') {
			step(csv, c);
			if (here(csv, c) != '"') {
				break;
			}
		}
		*(*out)++ = here(csv, c);
		step(csv, c);
	}
	while (here(csv, c) == ' ') {
		step(csv, c);
	}
	if (!at_line_end(csv, c) && here(csv, c) != csv->separator) {
		// Over a line break the first mark is the more likely culprit.
		return start.line == c->line
			   ? fail(row, c, "There is text behind the closing quotation mark.")
			   : fail(row, &start, "The quotation mark is not closed where its field ends.");
	}
	return true;
}

static void read_plain(const struct sluss_csv *csv, struct cursor *c, char **out)
{
	char *start = *out;
	while (!at_line_end(csv, c) && here(csv, c) != csv->separator) {
		*(*out)++ = here(csv, c);
		step(csv, c);
	}
	while (*out > start && (*out)[-1] == ' ') {
		(*out)--;
	}
}

static bool read_fields(const struct sluss_csv *csv, struct cursor *c, struct sluss_csv_row *row)
{
	char *out = csv->fields;
	for (;;) {
		if (row->count == SLUSS_CSV_FIELDS_MAX) {
			return fail(row, c, "The row has more than 256 fields.");
		}
		while (here(csv, c) == ' ' && csv->separator != ' ') {
			step(csv, c);
		}
		struct sluss_csv_field *field = &row->fields[row->count++];
		*field = (struct sluss_csv_field){out, c->line, c->column};
		if (here(csv, c) == '"' && !read_quoted(csv, c, &out, row)) {
			return false;
		}
		if (out == field->text) {
			read_plain(csv, c, &out);
		}
		*out++ = '\0';
		if (at_line_end(csv, c)) {
			return true;
		}
		step(csv, c); // the separator
	}
}

static void skip_line_end(const struct sluss_csv *csv, struct cursor *c)
{
	if (here(csv, c) == '\r') {
		step(csv, c);
	}
	if (here(csv, c) == '\n') { // LF alone, or the second half of CRLF
		step(csv, c);
	}
}

static bool is_empty(const struct sluss_csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		if (row->fields[i].text[0] != '\0') {
			return false;
		}
	}
	return true;
}

enum sluss_csv_result sluss_csv_next(struct sluss_csv *csv, struct sluss_csv_row *row_out)
{
	while (csv->at < csv->len) {
		struct cursor c = {csv->at, csv->line, 1};
		struct cursor start = c;
		row_out->count = 0;
		row_out->line = c.line;
		row_out->problem = NULL;
		bool ok = read_fields(csv, &c, row_out);
		if (!ok) { // give up this line only
			c = start;
			while (!at_line_end(csv, &c)) {
				step(csv, &c);
			}
		}
		row_out->raw = (struct sluss_bytes){(const uint8_t *)csv->text + start.at, c.at - start.at};
		skip_line_end(csv, &c);
		csv->at = c.at;
		csv->line = c.line;
		if (!ok) {
			return SLUSS_CSV_BAD;
		}
		if (!is_empty(row_out)) {
			return SLUSS_CSV_ROW;
		}
	}
	return SLUSS_CSV_END;
}
