// SPDX-License-Identifier: EUPL-1.2
// Walks a JSON text along a pointer. It skips values without understanding them; the parser has already judged the
// text.
#include "policy/locate.h"

#include <stdlib.h>

struct walk {
	const char *text;
	size_t len;
	size_t pos;
};

static void skip_space(struct walk *walk)
{
	while (
	    walk->pos < walk->len && strchr(" \t\r\n", walk->text[walk->pos]) != NULL && walk->text[walk->pos] != '\0')
		walk->pos++;
}

// Steps over a string; `pos` is on its opening quote.
static void skip_string(struct walk *walk)
{
	walk->pos++;
	while (walk->pos < walk->len && walk->text[walk->pos] != '"')
		walk->pos += walk->text[walk->pos] == '\\' ? 2 : 1;
	walk->pos = walk->pos < walk->len ? walk->pos + 1 : walk->len;
}

// Steps over any value by counting brackets outside strings.
static void skip_value(struct walk *walk)
{
	size_t depth = 0;
	while (walk->pos < walk->len) {
		char c = walk->text[walk->pos];
		if (c == '"') {
			skip_string(walk);
			if (depth == 0)
				return;
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return;
		walk->pos++;
		if ((c == '}' || c == ']') && --depth == 0)
			return;
	}
}

// Whether the string at `pos` is this key. Keys of policy files need no escapes; one that has some is never equal.
static bool key_is(const struct walk *walk, const char *key, size_t key_len)
{
	return walk->pos + key_len + 1 < walk->len && memcmp(walk->text + walk->pos + 1, key, key_len) == 0 &&
	       walk->text[walk->pos + 1 + key_len] == '"';
}

// Moves to the member `key` of the object at `pos`; false leaves `pos` somewhere within it.
static bool enter_member(struct walk *walk, const char *key, size_t key_len)
{
	walk->pos++;
	for (;;) {
		skip_space(walk);
		if (walk->pos >= walk->len || walk->text[walk->pos] != '"')
			return false;
		bool found = key_is(walk, key, key_len);
		skip_string(walk);
		skip_space(walk);
		walk->pos++; // the colon
		skip_space(walk);
		if (found)
			return true;
		skip_value(walk);
		skip_space(walk);
		if (walk->pos >= walk->len || walk->text[walk->pos] != ',')
			return false;
		walk->pos++;
	}
}

static bool enter_item(struct walk *walk, size_t index)
{
	walk->pos++;
	for (size_t i = 0;; i++) {
		skip_space(walk);
		if (walk->pos >= walk->len || walk->text[walk->pos] == ']')
			return false;
		if (i == index)
			return true;
		skip_value(walk);
		skip_space(walk);
		if (walk->pos >= walk->len || walk->text[walk->pos] != ',')
			return false;
		walk->pos++;
	}
}

void sluss_json_locate(const char *text, size_t len, const char *pointer, int *line_out, int *column_out)
{
	struct walk walk = {text, len, 0};
	skip_space(&walk);
	size_t at = walk.pos;
	while (pointer != NULL && *pointer == '/') {
		const char *part = ++pointer;
		while (*pointer != '\0' && *pointer != '/')
			pointer++;
		size_t part_len = (size_t)(pointer - part);
		bool entered = false;
		if (walk.pos < len && text[walk.pos] == '{')
			entered = enter_member(&walk, part, part_len);
		else if (walk.pos < len && text[walk.pos] == '[')
			entered = enter_item(&walk, (size_t)strtoul(part, NULL, 10));
		if (!entered || walk.pos >= len)
			break;
		at = walk.pos;
	}
	int line = 1;
	int column = 1;
	for (size_t i = 0; i < at && i < len; i++) {
		column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	*line_out = line;
	*column_out = column;
}
