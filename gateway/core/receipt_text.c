// SPDX-License-Identifier: EUPL-1.2
#include "receipt_text.h"

#include <stdio.h>

#include "receipt_files.h" // made by CMake from texts/: sluss_receipt_file_sv and so on, with a final NUL
#include "sluss/types.h"

const char *sluss_receipt_language(const char *language)
{
	static const struct {
		const char *language;
		const unsigned char *file;
	} files[] = {{"sv", sluss_receipt_file_sv}, {"en", sluss_receipt_file_en}, {"ar", sluss_receipt_file_ar},
	    {"so", sluss_receipt_file_so}};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].language, language) == 0)
			return (const char *)files[i].file;
	return NULL;
}

// From behind the line "@name" to the next line that begins with '@', or the end.
static struct sluss_bytes part_of(const char *file, const char *part)
{
	size_t len = strlen(part);
	for (const char *line = file; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		if (line[0] == '@' && strncmp(line + 1, part, len) == 0 && line[1 + len] == '\n') {
			const char *begin = next + 1, *end = strstr(next, "\n@");
			return (struct sluss_bytes){
			    (const uint8_t *)begin, end == NULL ? strlen(begin) : (size_t)(end + 1 - begin)};
		}
		line = next == NULL ? NULL : next + 1;
	}
	return (struct sluss_bytes){0};
}

// What stands for {name} at `at`, and how long the name with its braces is; NULL: nothing does.
static const char *value_at(const char *at, size_t left, const struct sluss_fill *fills, size_t count, size_t *skip_out)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(fills[i].name);
		if (left >= len + 2 && at[0] == '{' && memcmp(at + 1, fills[i].name, len) == 0 && at[1 + len] == '}') {
			*skip_out = len + 2;
			return fills[i].value;
		}
	}
	return NULL;
}

// Writes into `out`, or only counts when it is NULL.
static size_t replace(struct sluss_bytes part, const struct sluss_fill *fills, size_t count, char *out)
{
	const char *text = (const char *)part.data;
	size_t len = 0;
	for (size_t at = 0; at < part.len;) {
		size_t skip = 1;
		const char *value = value_at(text + at, part.len - at, fills, count, &skip);
		size_t more = value == NULL ? 1 : strlen(value);
		if (out != NULL)
			memcpy(out + len, value == NULL ? text + at : value, more);
		len += more;
		at += skip;
	}
	return len;
}

char *sluss_receipt_fill(
    struct sluss_arena *arena, const char *file, const char *part, const struct sluss_fill *fills, size_t count)
{
	struct sluss_bytes template = part_of(file, part);
	if (template.data == NULL)
		return NULL;
	size_t len = replace(template, fills, count, NULL);
	char *text = sluss_arena_alloc(arena, len + 1);
	if (text != NULL) {
		replace(template, fills, count, text);
		text[len] = '\0';
	}
	return text;
}

const char *sluss_receipt_word(
    struct sluss_arena *arena, const char *file, const char *group, const char *code, const char *otherwise)
{
	char key[96];
	struct sluss_bytes words = part_of(file, "words");
	int len = snprintf(key, sizeof(key), "%s.%s = ", group, code);
	const char *line = (const char *)words.data, *end = line == NULL ? NULL : line + words.len;
	while (len > 0 && (size_t)len < sizeof(key) && line != end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = stop == NULL ? (size_t)(end - line) : (size_t)(stop - line);
		if (line_len > (size_t)len && memcmp(line, key, (size_t)len) == 0) {
			char *word = sluss_arena_alloc(arena, line_len - (size_t)len + 1);
			if (word != NULL) {
				memcpy(word, line + len, line_len - (size_t)len);
				word[line_len - (size_t)len] = '\0';
			}
			return word;
		}
		line = stop == NULL ? end : stop + 1;
	}
	return sluss_arena_text(arena, otherwise);
}
