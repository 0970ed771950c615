// SPDX-License-Identifier: EUPL-1.2
// The gateway's settings, by its table.
#include "settings_table.h"

const struct sluss_setting *sluss_settings_find(const char *key, size_t key_len)
{
	return sluss_settings_rows_find(&sluss_settings_gateway, key, key_len);
}

void sluss_settings_default(struct sluss_settings *settings_out)
{
	sluss_settings_rows_default(&sluss_settings_gateway, settings_out);
}

enum sluss_settings_result sluss_settings_parse(
    const char *name, struct sluss_bytes text, struct sluss_settings *settings, struct sluss_settings_error *error_out)
{
	return sluss_settings_rows_parse(&sluss_settings_gateway, name, text, settings, error_out);
}

enum sluss_settings_result sluss_settings_load(
    const char *path, struct sluss_settings *settings_out, struct sluss_settings_error *error_out)
{
	enum sluss_settings_result result =
	    sluss_settings_rows_load(&sluss_settings_gateway, path, settings_out, error_out);
	return result == SLUSS_SETTINGS_OK ? sluss_settings_complete(settings_out, error_out) : result;
}

enum sluss_settings_result sluss_settings_complete(
    const struct sluss_settings *s, struct sluss_settings_error *error_out)
{
	enum sluss_settings_result result = sluss_settings_rows_complete(&sluss_settings_gateway, s, error_out);
	if (result != SLUSS_SETTINGS_OK)
		return result;
	if (s->state_dir[0] != '/')
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING, "state_dir must be an absolute path");
	if (s->idle_timeout_ms <= s->fetch_wait_max_ms && s->idle_timeout_ms != 0 && s->fetch_wait_max_ms != 0)
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING,
		    "idle_timeout_ms (%u) must be longer than fetch_wait_max_ms (%u): a waiting Fetch is silent",
		    s->idle_timeout_ms, s->fetch_wait_max_ms);
	if (s->demo_clock_start != 0 && !s->demo_clock)
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_MISSING, "demo_clock_start needs demo_clock = true");
	result = sluss_settings_check_outside(s, error_out);
	return result == SLUSS_SETTINGS_OK ? sluss_settings_check_issuers(s, error_out) : result;
}

bool sluss_settings_path(const struct sluss_settings *settings, const char *path, char *absolute_out, size_t room)
{
	int n = path[0] == '/' ? snprintf(absolute_out, room, "%s", path)
			       : snprintf(absolute_out, room, "%s/%s", settings->state_dir, path);
	return n > 0 && (size_t)n < room;
}
