// SPDX-License-Identifier: EUPL-1.2
// Settings about those outside whom the gateway asks: witnesses and the time-stamping authority. What their values are,
// and what fits together.
#include "settings_table.h"

#include <ctype.h>

bool sluss_settings_is_url(const char *text, size_t len)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
	if (scheme == 0 || len <= scheme || text[scheme] == '/' || text[scheme] == ':')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isgraph((unsigned char)text[i]) || strchr("@?#\"\\<>", text[i]) != NULL)
			return false;
	}
	return true;
}

const char *sluss_settings_witness(const char *text, size_t *key_len_out, size_t *url_len_out)
{
	const char *space = strchr(text, ' ');
	if (space == NULL || memchr(text, '+', (size_t)(space - text)) == NULL)
		return NULL;
	const char *url = space + strspn(space, " ");
	size_t len = strlen(url);
	if (!sluss_settings_is_url(url, len))
		return NULL;
	while (url[len - 1] == '/')
		len--;
	*key_len_out = (size_t)(space - text);
	*url_len_out = len;
	return url;
}

bool sluss_settings_add_witness(const char *value, struct sluss_setting_list *list, const char **why_out)
{
	size_t key_len;
	size_t url_len;
	size_t len = strlen(value);
	if (len == 0)
		return true;
	*why_out = "a witness's verifier key, a space and the URL of its service";
	if (len >= SLUSS_SETTING_ITEM_TEXT || sluss_settings_witness(value, &key_len, &url_len) == NULL)
		return false;
	*why_out = "at most 16 witnesses";
	if (list->count == SLUSS_SETTING_ITEMS)
		return false;
	memcpy(list->items[list->count++], value, len + 1);
	return true;
}

bool sluss_settings_need_courier(const struct sluss_settings *settings)
{
	return settings->witness.count > 0 || settings->timestamp_url[0] != '\0';
}

static bool has_https(const struct sluss_settings *s)
{
	bool https = strncmp(s->timestamp_url, "https:", 6) == 0;
	for (size_t i = 0; i < s->witness.count; i++) {
		size_t key_len;
		size_t url_len;
		const char *url = sluss_settings_witness(s->witness.items[i], &key_len, &url_len);
		https = https || (url != NULL && strncmp(url, "https:", 6) == 0);
	}
	return https;
}

enum sluss_settings_result sluss_settings_check_outside(
    const struct sluss_settings *s, struct sluss_settings_error *error_out)
{
	if (s->witness_quorum > s->witness.count)
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING,
		    "witness_quorum (%u) is larger than the number of witnesses (%u)", s->witness_quorum,
		    s->witness.count);
	if (s->witness_quorum > 0 && s->witness_gap_max_ms <= s->witness_period_ms)
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING,
		    "witness_gap_max_ms (%u) must be longer than witness_period_ms (%u)", s->witness_gap_max_ms,
		    s->witness_period_ms);
	if ((s->timestamp_url[0] == '\0') != (s->timestamp_ca[0] == '\0'))
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_MISSING, "timestamp_url and timestamp_ca need each other");
	if (s->timestamp_gap_max_ms > 0 &&
	    (s->timestamp_url[0] == '\0' || s->timestamp_gap_max_ms <= s->timestamp_period_ms))
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING,
		    "timestamp_gap_max_ms (%u) needs timestamp_url and must be longer than timestamp_period_ms (%u)",
		    s->timestamp_gap_max_ms, s->timestamp_period_ms);
	if (has_https(s) && s->courier_ca[0] == '\0')
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_MISSING, "courier_ca must be set where a URL begins with https");
	return SLUSS_SETTINGS_OK;
}
