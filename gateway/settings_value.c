// SPDX-License-Identifier: EUPL-1.2
// One value of one setting: text to struct and back, by the row's type.
#include "settings_table.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

static bool parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *number_out)
{
	uint64_t value = 0;
	if (*text == '\0')
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		if (!isdigit((unsigned char)*c))
			return false;
		value = value * 10 + (uint64_t)(*c - '0');
		if (value > max)
			return false;
	}
	if (value < min)
		return false;
	*number_out = (uint32_t)value;
	return true;
}

// A number of exactly `digits` digits; moves *text on.
static bool take_digits(const char **text, int digits, int *number_out)
{
	int value = 0;
	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)(*text)[0]))
			return false;
		value = value * 10 + (**text - '0');
		(*text)++;
	}
	*number_out = value;
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool take_fraction(const char **text, int *ms_out)
{
	*ms_out = 0;
	if (**text != '.')
		return true;
	(*text)++;
	int scale = 100;
	if (!isdigit((unsigned char)**text))
		return false;
	while (isdigit((unsigned char)**text)) {
		*ms_out += scale * (**text - '0');
		scale /= 10;
		(*text)++;
	}
	return true;
}

// RFC 3339 section 5.6, time-offset: Z or +hh:mm; in seconds east of UTC.
static bool take_zone(const char **text, int *seconds_out)
{
	*seconds_out = 0;
	if (take_char(text, 'Z'))
		return true;
	int sign = **text == '-' ? -1 : 1;
	int hours = 0;
	int minutes = 0;
	if (!take_char(text, '+') && !take_char(text, '-'))
		return false;
	if (!take_digits(text, 2, &hours) || !take_char(text, ':') || !take_digits(text, 2, &minutes))
		return false;
	*seconds_out = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool sluss_settings_parse_time(const char *text, int64_t *ms_out)
{
	struct tm t = {0};
	int ms = 0;
	int zone = 0;
	if (!take_digits(&text, 4, &t.tm_year) || !take_char(&text, '-') || !take_digits(&text, 2, &t.tm_mon) ||
	    !take_char(&text, '-') || !take_digits(&text, 2, &t.tm_mday) || !take_char(&text, 'T') ||
	    !take_digits(&text, 2, &t.tm_hour) || !take_char(&text, ':') || !take_digits(&text, 2, &t.tm_min) ||
	    !take_char(&text, ':') || !take_digits(&text, 2, &t.tm_sec) || !take_fraction(&text, &ms) ||
	    !take_zone(&text, &zone) || *text != '\0')
		return false;
	if (t.tm_year < 1970 || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 59)
		return false;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	struct tm given = t;
	time_t seconds = timegm(&t);
	// timegm turns 31 February into March: what it changed was no date.
	if (t.tm_mon != given.tm_mon || t.tm_mday != given.tm_mday)
		return false;
	*ms_out = ((int64_t)seconds - zone) * 1000 + ms;
	return *ms_out > 0;
}

// "ip:port" or "[ip6]:port", numbers only: no name is looked up at start.
static bool is_address(const char *text)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	uint32_t port = 0;
	if (colon == NULL || !parse_number(colon + 1, 0, 65535, &port))
		return false;
	size_t len = (size_t)(colon - text);
	bool six = len >= 2 && text[0] == '[' && colon[-1] == ']';
	if (six) {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	unsigned char address[16];
	return inet_pton(six ? AF_INET6 : AF_INET, host, address) == 1;
}

static bool is_origin(const char *text)
{
	if (*text == '\0' || strlen(text) > 127)
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		if (!isgraph((unsigned char)*c) || *c == '+' || *c == '"' || *c == '\\')
			return false;
	}
	return true;
}

// What can stand in a settings file as it is: no control character, nothing that would begin a comment.
static bool is_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f || (*c == '#' && (c == text || c[-1] == ' ')))
			return false;
	}
	return true;
}

static void *member(const struct sluss_setting *row, void *settings)
{
	return (char *)settings + row->offset;
}

static const void *member_const(const struct sluss_setting *row, const void *settings)
{
	return (const char *)settings + row->offset;
}

// Texts of every kind; empty is allowed where the fallback is empty, or where there is a fallback for addresses and
// paths that may be switched off.
static bool set_text(const struct sluss_setting *row, const char *value, void *settings, const char **why_out)
{
	size_t len = strlen(value);
	bool may_be_empty = row->type == SLUSS_SETTING_STRING || (row->fallback != NULL && row->fallback[0] == '\0') ||
			    strcmp(row->key, "public_listen") == 0;
	*why_out = NULL;
	if (len >= SLUSS_SETTING_TEXT)
		*why_out = "at most 255 octets";
	else if (len == 0 && !may_be_empty)
		*why_out = "a value";
	else if (!is_text(value))
		*why_out = "text without control characters and comments";
	else if (len > 0 && row->type == SLUSS_SETTING_ADDRESS && !is_address(value))
		*why_out = "an address: 127.0.0.1:8443 or [::1]:8443";
	else if (row->type == SLUSS_SETTING_ORIGIN && !is_origin(value))
		*why_out = "a name of up to 127 visible ASCII characters, without + \" and \\";
	else if (len > 0 && row->type == SLUSS_SETTING_URL && !sluss_settings_is_url(value, len))
		*why_out = "a URL such as https://tsa.example/query, without user, query and fragment";
	else if (row->type == SLUSS_SETTING_STORE && strcmp(value, "sqlite") != 0)
		*why_out = "sqlite";
	if (*why_out != NULL)
		return false;
	memcpy(member(row, settings), value, len + 1);
	return true;
}

static bool set_bool(const char *value, bool *out)
{
	*out = strcmp(value, "true") == 0;
	return *out || strcmp(value, "false") == 0;
}

static bool set_sandbox(const char *value, enum sluss_sandbox_mode *out)
{
	*out = strcmp(value, "off") == 0 ? SLUSS_SANDBOX_OFF : SLUSS_SANDBOX_AUTO;
	return *out == SLUSS_SANDBOX_OFF || strcmp(value, "auto") == 0;
}

static bool set_time(const char *value, int64_t *out)
{
	*out = 0;
	return *value == '\0' || sluss_settings_parse_time(value, out);
}

bool sluss_settings_set(
    const struct sluss_setting *row, const char *value, void *settings, char *why_out, size_t why_room)
{
	const char *why = NULL;
	bool good = false;
	switch (row->type) {
	case SLUSS_SETTING_STRING:
	case SLUSS_SETTING_PATH:
	case SLUSS_SETTING_ADDRESS:
	case SLUSS_SETTING_STORE:
	case SLUSS_SETTING_ORIGIN:
	case SLUSS_SETTING_URL:
		good = set_text(row, value, settings, &why);
		break;
	case SLUSS_SETTING_WITNESS:
		good = sluss_settings_add_witness(value, member(row, settings), &why);
		break;
	case SLUSS_SETTING_ISSUER:
		good = sluss_settings_add_issuer(value, member(row, settings), &why);
		break;
	case SLUSS_SETTING_NUMBER:
		good = parse_number(value, row->min, row->max, member(row, settings));
		if (!good) {
			(void)snprintf(why_out, why_room, "a number from %u to %u (%s)", row->min, row->max, row->unit);
			return false;
		}
		break;
	case SLUSS_SETTING_BOOL:
		why = "true or false";
		good = set_bool(value, member(row, settings));
		break;
	case SLUSS_SETTING_TIME:
		why = "an RFC 3339 time such as 2012-01-09T07:00:00Z";
		good = set_time(value, member(row, settings));
		break;
	case SLUSS_SETTING_SANDBOX:
		why = "auto or off";
		good = set_sandbox(value, member(row, settings));
		break;
	case SLUSS_SETTING_NONE:
		break;
	}
	if (!good)
		(void)snprintf(why_out, why_room, "%s", why != NULL ? why : "a value");
	return good;
}

static void format_time(int64_t ms, char *text_out, size_t room)
{
	text_out[0] = '\0';
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	char stamp[32];
	if (ms == 0 || gmtime_r(&seconds, &t) == NULL || strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &t) == 0)
		return;
	(void)snprintf(text_out, room, "%s.%03dZ", stamp, (int)(ms % 1000));
}

void sluss_settings_get(const struct sluss_setting *row, const void *settings, char *text_out, size_t room)
{
	const void *value = member_const(row, settings);
	switch (row->type) {
	case SLUSS_SETTING_STRING:
	case SLUSS_SETTING_PATH:
	case SLUSS_SETTING_ADDRESS:
	case SLUSS_SETTING_STORE:
	case SLUSS_SETTING_ORIGIN:
	case SLUSS_SETTING_URL:
		(void)snprintf(text_out, room, "%s", (const char *)value);
		return;
	case SLUSS_SETTING_WITNESS:
	case SLUSS_SETTING_ISSUER:
		(void)snprintf(text_out, room, "%s", ((const struct sluss_setting_list *)value)->items[0]);
		return;
	case SLUSS_SETTING_NUMBER:
		(void)snprintf(text_out, room, "%u", *(const uint32_t *)value);
		return;
	case SLUSS_SETTING_BOOL:
		(void)snprintf(text_out, room, "%s", *(const bool *)value ? "true" : "false");
		return;
	case SLUSS_SETTING_TIME:
		format_time(*(const int64_t *)value, text_out, room);
		return;
	case SLUSS_SETTING_SANDBOX:
		(void)snprintf(text_out, room, "%s",
		    *(const enum sluss_sandbox_mode *)value == SLUSS_SANDBOX_OFF ? "off" : "auto");
		return;
	case SLUSS_SETTING_NONE:
		break;
	}
	text_out[0] = '\0';
}

bool sluss_settings_is_list(const struct sluss_setting *row)
{
	return row->type == SLUSS_SETTING_WITNESS || row->type == SLUSS_SETTING_ISSUER;
}

bool sluss_settings_get_item(
    const struct sluss_setting *row, const void *settings, size_t index, char *text_out, size_t room)
{
	if (!sluss_settings_is_list(row)) {
		sluss_settings_get(row, settings, text_out, room);
		return index == 0;
	}
	const struct sluss_setting_list *list = member_const(row, settings);
	if (index >= list->count)
		return false;
	(void)snprintf(text_out, room, "%s", list->items[index]);
	return true;
}
