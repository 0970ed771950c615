// SPDX-License-Identifier: EUPL-1.2
// Reading what people write: ids, numbers, times, names of enum values, files, JSON.
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "cli.h"
#include "file.h"
#include "web/json.h"

// ---- ids and numbers

bool cli_read_id(struct cli *cli, const char *option, const char *text, struct sluss_id *id_out)
{
	if (!sluss_id_from_text(text, id_out)) {
		(void)cli_fail(cli, CLI_USAGE, option, "%s: '%s' is not an id (a UUID of 36 characters, lower case)", option, text);
		return false;
	}
	return true;
}

const char *cli_check_id(struct cli *cli, const char *option, const char *text)
{
	struct sluss_id id;
	return text != NULL && cli_read_id(cli, option, text, &id) ? text : NULL;
}

bool cli_read_number(struct cli *cli, const char *option, const char *text, uint64_t max, uint64_t *value_out)
{
	char *end = NULL;
	errno = 0;
	unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
	if (end == NULL || *end != '\0' || errno != 0 || value > max) {
		(void)cli_fail(cli, CLI_USAGE, option, "%s: '%s' is not a number from 0 to %llu", option, text, (unsigned long long)max);
		return false;
	}
	*value_out = value;
	return true;
}

// ---- times

// The digits at text as a number; -1 when one is none.
static int digits(const char *text, size_t count)
{
	int value = 0;
	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)text[i])) {
			return -1;
		}
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static bool read_date(const char *text, struct tm *tm_out)
{
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (strnlen(text, 10) < 10 || text[4] != '-' || text[7] != '-') {
		return false;
	}
	int year = digits(text, 4);
	int month = digits(text + 5, 2);
	int day = digits(text + 8, 2);
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days[month - 1] || (month == 2 && day == 29 && !leap)) {
		return false;
	}
	*tm_out = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1};
	return true;
}

// Fractions of a second in milliseconds; moves on.
static int read_fraction(const char **at)
{
	int ms = 0;
	int scale = 100;
	if (**at != '.') {
		return 0;
	}
	for ((*at)++; isdigit((unsigned char)**at); (*at)++) {
		ms += (**at - '0') * scale;
		scale /= 10;
	}
	return ms;
}

// "Z", "+01:00": minutes east. False: neither, or something behind.
static bool read_offset(const char *at, int *minutes_out)
{
	*minutes_out = 0;
	if ((at[0] == 'Z' || at[0] == 'z') && at[1] == '\0') {
		return true;
	}
	if ((at[0] != '+' && at[0] != '-') || strlen(at) != 6 || at[3] != ':') {
		return false;
	}
	int hours = digits(at + 1, 2);
	int minutes = digits(at + 4, 2);
	*minutes_out = (hours * 60 + minutes) * (at[0] == '-' ? -1 : 1);
	return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

bool cli_parse_time(const char *text, int64_t *ms_out)
{
	struct tm tm;
	if (!read_date(text, &tm)) {
		return false;
	}
	if (text[10] == '\0') {
		// Local midnight: main sets TZ to Sweden's rule, whatever the machine's own.
		time_t seconds = mktime(&tm);
		*ms_out = (int64_t)seconds * 1000;
		return seconds != (time_t)-1;
	}
	if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') || strlen(text) < 20 || text[13] != ':' || text[16] != ':') {
		return false;
	}
	tm.tm_hour = digits(text + 11, 2);
	tm.tm_min = digits(text + 14, 2);
	tm.tm_sec = digits(text + 17, 2);
	const char *at = text + 19;
	int ms = read_fraction(&at);
	int offset = 0;
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60 || !read_offset(at, &offset)) {
		return false;
	}
	*ms_out = ((int64_t)timegm(&tm) - (int64_t)offset * 60) * 1000 + ms;
	return true;
}

Google__Protobuf__Timestamp *cli_read_time(struct cli *cli, const char *option, const char *text)
{
	int64_t ms = 0;
	if (!cli_parse_time(text, &ms)) {
		(void)cli_fail(cli, CLI_USAGE, option, "%s: '%s' is not a time (2026-01-31T12:00:00Z) or a date (2026-01-31)", option, text);
		return NULL;
	}
	Google__Protobuf__Timestamp *time = cli_alloc(cli, sizeof(*time));
	sluss_timestamp_set(time, ms);
	return time;
}

const char *cli_time_text(struct cli *cli, const Google__Protobuf__Timestamp *time)
{
	int64_t ms = 0;
	struct tm tm;
	if (!sluss_timestamp_ms(time, &ms)) {
		return "-";
	}
	time_t seconds = (time_t)(ms / 1000);
	if (localtime_r(&seconds, &tm) == NULL) {
		return "-";
	}
	char text[40];
	return strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S%z", &tm) == 0 ? "-" : cli_copy(cli, text, strlen(text));
}

// ---- enums

// Same letters and digits, case and '_', '-' aside?
static bool same_letters(const char *a, const char *b)
{
	for (;;) {
		while (*a == '_' || *a == '-') {
			a++;
		}
		while (*b == '_' || *b == '-') {
			b++;
		}
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
			return false;
		}
		if (*a == '\0') {
			return true;
		}
		a++;
		b++;
	}
}

// Octets of "AGENCY_TYPE_" for the values of AgencyType: what all names share up to an underscore, taken from the first ("..._UNSPECIFIED").
static size_t prefix_len(const ProtobufCEnumDescriptor *type)
{
	const char *zero = type->values[0].name;
	const char *end = strstr(zero, "UNSPECIFIED");
	return end == NULL ? 0 : (size_t)(end - zero);
}

bool cli_read_enum(struct cli *cli, const char *option, const ProtobufCEnumDescriptor *type, const char *text, int *value_out)
{
	size_t prefix = prefix_len(type);
	for (unsigned i = 0; i < type->n_values; i++) {
		const char *name = type->values[i].name;
		if (type->values[i].value != 0 && (same_letters(name, text) || same_letters(name + prefix, text))) {
			*value_out = type->values[i].value;
			return true;
		}
	}
	char known[600] = "";
	size_t len = 0;
	for (unsigned i = 0; i < type->n_values && len < sizeof(known) - 1; i++) {
		if (type->values[i].value != 0) {
			int n = snprintf(known + len, sizeof(known) - len, "%s%s", len > 0 ? ", " : "", cli_enum_text(cli, type, type->values[i].value));
			len = n < 0 || (size_t)n >= sizeof(known) - len ? sizeof(known) - 1 : len + (size_t)n;
		}
	}
	(void)cli_fail(cli, CLI_USAGE, option, "%s: '%s' is none of %s", option, text, known);
	return false;
}

const char *cli_enum_text(struct cli *cli, const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(type, value);
	if (v == NULL) {
		return cli_format(cli, "%d", value);
	}
	char *text = cli_copy(cli, v->name + prefix_len(type), strlen(v->name + prefix_len(type)));
	for (char *at = text; *at != '\0'; at++) {
		*at = (char)tolower((unsigned char)*at);
	}
	return text;
}

// ---- files and JSON

char *cli_read_file(struct cli *cli, const char *option, const char *path, size_t max, size_t *len_out)
{
	char *data = sluss_file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, max, false, len_out);
	if (data == NULL) {
		(void)cli_fail(cli, CLI_USAGE, option, "%s: %s", path, errno == EFBIG ? "longer than is allowed here" : strerror(errno));
		return NULL;
	}
	cli_own(cli, data, free);
	return data;
}

static void *arena_alloc(void *cli, size_t size)
{
	return cli_alloc(cli, size);
}

static void arena_free(void *cli, void *data)
{
	(void)cli;
	(void)data; // goes with the command
}

void *cli_read_message(struct cli *cli, const char *option, const char *text, size_t len, const ProtobufCMessageDescriptor *type)
{
	struct sluss_json_error error = {.field = ""};
	ProtobufCMessage *foreign = sluss_json_to_message(type, text, len, &error);
	if (foreign == NULL) {
		(void)cli_fail(cli, CLI_USAGE, error.field[0] == '\0' ? option : error.field, "%s is not a %s: %s%s%s", option, type->short_name, error.field,
		    error.field[0] == '\0' ? "" : ": ", error.text);
		return NULL;
	}
	// Once more into the command's own memory, where pointers may be set and lists lengthened without a thought to freeing.
	size_t packed_len = protobuf_c_message_get_packed_size(foreign);
	uint8_t *packed = cli_alloc(cli, packed_len);
	packed_len = protobuf_c_message_pack(foreign, packed);
	protobuf_c_message_free_unpacked(foreign, NULL);
	ProtobufCAllocator arena = {arena_alloc, arena_free, cli};
	return protobuf_c_message_unpack(type, &arena, packed_len, packed);
}

void *cli_draft(struct cli *cli, const ProtobufCMessageDescriptor *type)
{
	enum { FILE_MAX = 256 * 1024 };
	const char *path = cli_get(cli, "file");
	if (path == NULL) {
		void *empty = cli_alloc(cli, type->sizeof_message);
		protobuf_c_message_init(type, empty);
		return empty;
	}
	size_t len = 0;
	char *text = cli_read_file(cli, "file", path, FILE_MAX, &len);
	return text == NULL ? NULL : cli_read_message(cli, "file", text, len, type);
}
