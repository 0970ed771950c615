// SPDX-License-Identifier: EUPL-1.2
// The agent's settings: one table, read by the code that reads slussd's (gateway/settings_file.c). Plain data.
#ifndef SLUSS_AGENTD_SETTINGS_H
#define SLUSS_AGENTD_SETTINGS_H

#include "settings_table.h"

// Paths are as written; agentd_path makes them absolute. Times are milliseconds.
struct agentd_settings {
	char profile[SLUSS_SETTING_TEXT];
	char state_dir[SLUSS_SETTING_TEXT];
	char officer[SLUSS_SETTING_TEXT];
	char receive_for[SLUSS_SETTING_TEXT];
	char gateway_url[SLUSS_SETTING_TEXT];
	char socket[SLUSS_SETTING_TEXT];
	char listen[SLUSS_SETTING_TEXT];
	char token_file[SLUSS_SETTING_TEXT];
	char folder[SLUSS_SETTING_TEXT];
	char witness_listen[SLUSS_SETTING_TEXT];
	char witness_name[SLUSS_SETTING_TEXT];
	char demo_clock_file[SLUSS_SETTING_TEXT];
	bool receive;
	bool acknowledge_when_handled;
	uint32_t senders;
	uint32_t queue_max;
	uint32_t inbox_max;
	uint32_t store_max_mib;
	uint32_t fetch_wait_ms;
	uint32_t retry_first_ms;
	uint32_t retry_max_ms;
	uint32_t timeout_ms;
	uint32_t status_first_ms;
	uint32_t status_max_ms;
	uint32_t recall_period_ms;
	uint32_t rescan_ms;
	uint32_t settle_ms;
	uint32_t keep_days;
	enum sluss_sandbox_mode sandbox;
};

extern const struct sluss_settings_program agentd_settings_program;

// Defaults, then the file; says what is missing or does not fit together.
SLUSS_MUST_CHECK enum sluss_settings_result agentd_settings_load(
    const char *path, struct agentd_settings *settings_out, struct sluss_settings_error *error_out);

// A path of the settings, made absolute: relative ones lie in state_dir. False: longer than room.
SLUSS_MUST_CHECK bool agentd_path(const struct agentd_settings *settings, const char *path, char *out, size_t room);

// `sluss-agentd --print-manual`: sluss-agentd(8), its section SETTINGS from the table. False: writing failed.
SLUSS_MUST_CHECK bool agentd_manual_print(FILE *out);

#endif
