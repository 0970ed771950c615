// SPDX-License-Identifier: EUPL-1.2
// The table behind the settings; only settings_*.c and its test include this.
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
};

struct sluss_setting {
	const char *key;
	enum sluss_setting_type type;
	size_t offset;	      // in struct sluss_settings
	const char *fallback; // as it would stand in the file; NULL = must be set
	uint32_t min;	      // numbers
	uint32_t max;
	unsigned roles; // bits of enum sluss_role; the parent sees all
	const char *unit;
	const char *help; // one or more English sentences, plain text
};

// The table in the order of the sample file.
const struct sluss_setting *sluss_settings_table(size_t *count_out);

// NULL: no such key.
const struct sluss_setting *sluss_settings_find(const char *key, size_t key_len);

// Writes a value into *settings. False: not of the row's type or range; `why_out` says what was expected.
SLUSS_MUST_CHECK bool sluss_settings_set(const struct sluss_setting *row, const char *value,
    struct sluss_settings *settings, char *why_out, size_t why_room);

// The value as it would stand in a file.
void sluss_settings_get(
    const struct sluss_setting *row, const struct sluss_settings *settings, char *text_out, size_t room);

// RFC 3339 with a zone, to the millisecond. False: not such a time.
SLUSS_MUST_CHECK bool sluss_settings_parse_time(const char *text, int64_t *ms_out);

#endif
