// SPDX-License-Identifier: EUPL-1.2
// The tables behind the settings, and what works on a table of any program: slussd's is settings_table.c, the agent's
// lies in agents/agentd. Included by settings_*.c, by those tables and by their tests.
#ifndef SLUSS_SETTINGS_TABLE_H
#define SLUSS_SETTINGS_TABLE_H

#include "settings.h"

enum sluss_setting_type {
	SLUSS_SETTING_NONE = 0,
	SLUSS_SETTING_STRING,
	SLUSS_SETTING_PATH,
	SLUSS_SETTING_ADDRESS, // ip:port, [ip6]:port
	SLUSS_SETTING_NUMBER,
	SLUSS_SETTING_BOOL,
	SLUSS_SETTING_TIME,    // RFC 3339
	SLUSS_SETTING_SANDBOX, // auto or off
	SLUSS_SETTING_STORE,   // sqlite
	SLUSS_SETTING_ORIGIN,  // a log's origin: no space, no plus (C2SP signed-note)
	SLUSS_SETTING_URL,     // http or https
	SLUSS_SETTING_WITNESS, // a list: verifier key, space, URL
	SLUSS_SETTING_ISSUER,  // a list: key=value pairs (settings_issuer.h)
};

struct sluss_setting {
	const char *key;
	enum sluss_setting_type type;
	size_t offset;	      // in the program's struct of settings
	const char *fallback; // as it would stand in the file; NULL = must be set
	uint32_t min;	      // numbers
	uint32_t max;
	unsigned roles; // bits of enum sluss_role; the parent sees all
	const char *unit;
	const char *help; // one or more English sentences, plain text
};

// The table in the order of the sample file.
const struct sluss_setting *sluss_settings_table(size_t *count_out);

// A program's settings: its rows, and the size of the plain struct that they point into.
struct sluss_settings_program {
	const char *name;
	const struct sluss_setting *rows;
	size_t count;
	size_t size;
};

extern const struct sluss_settings_program sluss_settings_gateway;

// NULL: no such key.
const struct sluss_setting *sluss_settings_find(const char *key, size_t key_len);
const struct sluss_setting *sluss_settings_rows_find(
    const struct sluss_settings_program *program, const char *key, size_t key_len);

// As sluss_settings_default, _parse and _load (without the check of what fits together) for any program's struct.
void sluss_settings_rows_default(const struct sluss_settings_program *program, void *settings_out);
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_rows_parse(const struct sluss_settings_program *program,
    const char *name, struct sluss_bytes text, void *settings, struct sluss_settings_error *error_out);
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_rows_load(const struct sluss_settings_program *program,
    const char *path, void *settings_out, struct sluss_settings_error *error_out);
// Has every key a value that has no default?
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_rows_complete(
    const struct sluss_settings_program *program, const void *settings, struct sluss_settings_error *error_out);
// The sample file, and the manual page's section SETTINGS. False: writing failed.
SLUSS_MUST_CHECK bool sluss_settings_rows_print_sample(const struct sluss_settings_program *program, FILE *out);
SLUSS_MUST_CHECK bool sluss_settings_rows_print_manual(const struct sluss_settings_program *program, FILE *out);

// Writes the sentence (control characters replaced) and returns `result`.
enum sluss_settings_result sluss_settings_fail(struct sluss_settings_error *error_out,
    enum sluss_settings_result result, const char *format, ...) SLUSS_PRINTF(3, 4);

// Writes a value into *settings. False: not of the row's type or range; `why_out` says what was expected.
SLUSS_MUST_CHECK bool sluss_settings_set(
    const struct sluss_setting *row, const char *value, void *settings, char *why_out, size_t why_room);

// The value as it would stand in a file; of a list the first.
void sluss_settings_get(const struct sluss_setting *row, const void *settings, char *text_out, size_t room);

// Value number `index` (from 0) as it would stand in a file. False: there are not so many; a key that is no list has
// one.
SLUSS_MUST_CHECK bool sluss_settings_get_item(
    const struct sluss_setting *row, const void *settings, size_t index, char *text_out, size_t room);

// May the key stand several times?
bool sluss_settings_is_list(const struct sluss_setting *row);

// http:// or https://, a host, and nothing that a URL of ours needs not: no user, no query, no fragment.
bool sluss_settings_is_url(const char *text, size_t len);
// Adds a value of `witness`; an empty one adds nothing. False: why_out says what was expected.
SLUSS_MUST_CHECK bool sluss_settings_add_witness(
    const char *value, struct sluss_setting_list *list, const char **why_out);
// Does what stands about witnesses and timestamps fit together?
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_check_outside(
    const struct sluss_settings *settings, struct sluss_settings_error *error_out);

// https, or http to this machine.
bool sluss_settings_is_safe_url(const char *url);
// Adds a value of `issuer`; an empty one adds nothing. False: why_out says what was expected.
SLUSS_MUST_CHECK bool sluss_settings_add_issuer(
    const char *value, struct sluss_setting_list *list, const char **why_out);
// Does what stands about identity providers fit together?
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_check_issuers(
    const struct sluss_settings *settings, struct sluss_settings_error *error_out);

// RFC 3339 with a zone, to the millisecond. False: not such a time.
SLUSS_MUST_CHECK bool sluss_settings_parse_time(const char *text, int64_t *ms_out);

#endif
