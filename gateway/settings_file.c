// SPDX-License-Identifier: EUPL-1.2
// Reads settings files, lines of `key = value`, by the table of any program.
#include "settings_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	ROWS_MAX = 128,
	LINE_MAX_OCTETS = 1024,
};

// A stretch of the file.
struct span {
	const char *at;
	size_t len;
};

enum sluss_settings_result sluss_settings_fail(
    struct sluss_settings_error *error_out, enum sluss_settings_result result, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(error_out->text, sizeof(error_out->text), format, args);
	va_end(args);
	for (char *c = error_out->text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20)
			*c = '?';
	}
	return result;
}

const struct sluss_setting *sluss_settings_rows_find(
    const struct sluss_settings_program *program, const char *key, size_t key_len)
{
	for (size_t i = 0; i < program->count; i++) {
		if (strlen(program->rows[i].key) == key_len && memcmp(program->rows[i].key, key, key_len) == 0)
			return &program->rows[i];
	}
	return NULL;
}

void sluss_settings_rows_default(const struct sluss_settings_program *program, void *settings_out)
{
	memset(settings_out, 0, program->size);
	for (size_t i = 0; i < program->count; i++) {
		char why[128];
		const struct sluss_setting *row = &program->rows[i];
		if (row->fallback != NULL && !sluss_settings_set(row, row->fallback, settings_out, why, sizeof(why)))
			abort(); // the table contradicts itself; its test finds this
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.len > 0 && is_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

// # starts a comment at the beginning of a line or after a blank, so that a value may hold one inside.
static struct span without_comment(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '#' && (i == 0 || is_blank(s.at[i - 1]))) {
			s.len = i;
			break;
		}
	}
	return trim(s);
}

static enum sluss_settings_result parse_line(const struct sluss_settings_program *program, const char *name,
    size_t number, struct span line, bool *seen, void *settings, struct sluss_settings_error *error_out)
{
	line = without_comment(line);
	if (line.len == 0)
		return SLUSS_SETTINGS_OK;
	const char *equals = memchr(line.at, '=', line.len);
	if (equals == NULL)
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_WRONG, "%s:%zu: expected key = value", name, number);
	struct span key = trim((struct span){line.at, (size_t)(equals - line.at)});
	struct span value = trim((struct span){equals + 1, line.len - (size_t)(equals - line.at) - 1});
	const struct sluss_setting *row = sluss_settings_rows_find(program, key.at, key.len);
	if (row == NULL)
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_WRONG, "%s:%zu: unknown key '%.*s'", name, number,
		    (int)(key.len < 64 ? key.len : 64), key.at);
	size_t index = (size_t)(row - program->rows);
	if (seen[index] && !sluss_settings_is_list(row))
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_WRONG, "%s:%zu: %s stands here a second time", name, number, row->key);
	seen[index] = true;
	char text[LINE_MAX_OCTETS];
	if (value.len >= sizeof(text) || memchr(value.at, '\0', value.len) != NULL)
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_WRONG, "%s:%zu: %s: value too long or not text", name, number, row->key);
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	char why[128];
	if (!sluss_settings_set(row, text, settings, why, sizeof(why)))
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_WRONG, "%s:%zu: %s: expected %s", name, number, row->key, why);
	return SLUSS_SETTINGS_OK;
}

enum sluss_settings_result sluss_settings_rows_parse(const struct sluss_settings_program *program, const char *name,
    struct sluss_bytes text, void *settings, struct sluss_settings_error *error_out)
{
	bool seen[ROWS_MAX] = {0};
	struct span rest = {(const char *)text.data, text.len};
	for (size_t number = 1; rest.len > 0; number++) {
		const char *newline = memchr(rest.at, '\n', rest.len);
		struct span line = {rest.at, newline != NULL ? (size_t)(newline - rest.at) : rest.len};
		enum sluss_settings_result result = parse_line(program, name, number, line, seen, settings, error_out);
		if (result != SLUSS_SETTINGS_OK)
			return result;
		size_t used = line.len + (newline != NULL ? 1 : 0);
		rest.at += used;
		rest.len -= used;
	}
	return SLUSS_SETTINGS_OK;
}

// Reads a whole file into a fresh buffer; free() it. Zero-length files give one octet of room.
static uint8_t *read_file(const char *path, size_t *len_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	uint8_t *data = malloc(SLUSS_SETTINGS_FILE_MAX + 1);
	size_t len = 0;
	while (data != NULL && len <= SLUSS_SETTINGS_FILE_MAX) {
		ssize_t n = read(fd, data + len, SLUSS_SETTINGS_FILE_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n < 0)
				len = SLUSS_SETTINGS_FILE_MAX + 1;
			break;
		}
		len += (size_t)n;
	}
	(void)close(fd);
	if (data != NULL && len > SLUSS_SETTINGS_FILE_MAX) {
		free(data);
		errno = EFBIG;
		return NULL;
	}
	*len_out = len;
	return data;
}

enum sluss_settings_result sluss_settings_rows_load(const struct sluss_settings_program *program, const char *path,
    void *settings_out, struct sluss_settings_error *error_out)
{
	size_t len = 0;
	uint8_t *data = read_file(path, &len);
	if (data == NULL)
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_UNREADABLE, "%s: %s", path, strerror(errno));
	sluss_settings_rows_default(program, settings_out);
	enum sluss_settings_result result =
	    sluss_settings_rows_parse(program, path, (struct sluss_bytes){data, len}, settings_out, error_out);
	free(data);
	return result;
}

enum sluss_settings_result sluss_settings_rows_complete(
    const struct sluss_settings_program *program, const void *settings, struct sluss_settings_error *error_out)
{
	for (size_t i = 0; i < program->count; i++) {
		char value[SLUSS_SETTING_TEXT];
		sluss_settings_get(&program->rows[i], settings, value, sizeof(value));
		if (program->rows[i].fallback == NULL && value[0] == '\0')
			return sluss_settings_fail(
			    error_out, SLUSS_SETTINGS_MISSING, "%s is not set", program->rows[i].key);
	}
	return SLUSS_SETTINGS_OK;
}
