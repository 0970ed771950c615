// SPDX-License-Identifier: EUPL-1.2
// Splitting a line into words.
#include "words.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Copies one word down to *to and moves both on; false for an open quote.
static bool take_word(char **from, char **to)
{
	char quote = '\0';
	char *at = *from;
	char *out = *to;
	for (; *at != '\0' && (quote != '\0' || !is_blank(*at)); at++) {
		if (quote == '\0' && (*at == '\'' || *at == '"')) {
			quote = *at;
		} else if (quote != '\0' && *at == quote) {
			quote = '\0';
		} else if (*at == '\\' && at[1] != '\0' && (quote == '\0' || (quote == '"' && (at[1] == '"' || at[1] == '\\')))) {
			*out++ = *++at;
		} else {
			*out++ = *at;
		}
	}
	*from = at;
	*to = out;
	return quote == '\0';
}

int cli_split_words(char *line, char **words, int max)
{
	int count = 0;
	char *at = line;
	char *out = line;
	for (;;) {
		while (is_blank(*at)) {
			at++;
		}
		if (*at == '\0') {
			return count;
		}
		if (count == max) {
			return -1;
		}
		words[count++] = out;
		if (!take_word(&at, &out)) {
			return -1;
		}
		bool end = *at == '\0';
		at += end ? 0 : 1; // before the NUL below overwrites the blank
		*out++ = '\0';
		if (end) {
			return count;
		}
	}
}
