// SPDX-License-Identifier: EUPL-1.2
// RFC 3339 in the form that ProtoJSON gives google.protobuf.Timestamp. No time zone files, no locale.
#include <stdio.h>

#include "web/json_names.h"

enum {
	DAY_SECONDS = 86400,
	DAYS_TO_EPOCH = 719468, // from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar
	ERA_DAYS = 146097,	// 400 years
};

// First and last second of the years 1 to 9999, as google/protobuf/timestamp.proto bounds them.
static const int64_t seconds_min = INT64_C(-62135596800);
static const int64_t seconds_max = INT64_C(253402300799);

// Days since 1970-01-01 of a civil date; years counted from March, so that the leap day is the last (Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms").
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = year / 400; // year >= 0 here
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_EPOCH;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	days += DAYS_TO_EPOCH; // not negative within the bounds
	int64_t era = days / ERA_DAYS;
	int64_t of_era = days - era * ERA_DAYS;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

bool sluss_json_time_write(int64_t seconds, int32_t nanos, char out[SLUSS_JSON_TIME_TEXT])
{
	if (seconds < seconds_min || seconds > seconds_max || nanos < 0 || nanos > 999999999)
		return false;
	int64_t days = seconds / DAY_SECONDS;
	int of_day = (int)(seconds % DAY_SECONDS);
	if (of_day < 0) {
		of_day += DAY_SECONDS;
		days--;
	}
	int year, month, day;
	date_of(days, &year, &month, &day);
	int n = snprintf(out, SLUSS_JSON_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, of_day / 3600,
	    of_day / 60 % 60, of_day % 60);
	char *end = out + n;
	size_t room = (size_t)(SLUSS_JSON_TIME_TEXT - n);
	if (nanos == 0)
		snprintf(end, room, "Z");
	else if (nanos % 1000000 == 0)
		snprintf(end, room, ".%03dZ", nanos / 1000000);
	else if (nanos % 1000 == 0)
		snprintf(end, room, ".%06dZ", nanos / 1000);
	else
		snprintf(end, room, ".%09dZ", nanos);
	return true;
}

// Exactly count digits; moves on.
static bool digits(const char **p, int count, unsigned *value_out)
{
	unsigned value = 0;
	for (int i = 0; i < count; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (unsigned)(**p - '0');
	}
	*value_out = value;
	return true;
}

static bool literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool fraction(const char **p, int32_t *nanos_out)
{
	int32_t nanos = 0;
	int count = 0;
	for (; **p >= '0' && **p <= '9'; (*p)++, count++) {
		if (count == 9)
			return false;
		nanos = nanos * 10 + (**p - '0');
	}
	if (count == 0)
		return false;
	for (; count < 9; count++)
		nanos *= 10;
	*nanos_out = nanos;
	return true;
}

static bool offset(const char **p, int64_t *seconds_out)
{
	if (literal(p, 'Z')) {
		*seconds_out = 0;
		return true;
	}
	int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
	unsigned hours, minutes;
	if (sign == 0)
		return false;
	(*p)++;
	if (!digits(p, 2, &hours) || !literal(p, ':') || !digits(p, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds_out = sign * (int64_t)(hours * 3600 + minutes * 60);
	return true;
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool sluss_json_time_read(const char *text, int64_t *seconds_out, int32_t *nanos_out)
{
	const char *p = text;
	unsigned year, month, day, hour, minute, second;
	int64_t off;
	int32_t nanos = 0;
	if (!digits(&p, 4, &year) || !literal(&p, '-') || !digits(&p, 2, &month) || !literal(&p, '-') ||
	    !digits(&p, 2, &day) || !literal(&p, 'T') || !digits(&p, 2, &hour) || !literal(&p, ':') ||
	    !digits(&p, 2, &minute) || !literal(&p, ':') || !digits(&p, 2, &second))
		return false;
	if (literal(&p, '.') && !fraction(&p, &nanos))
		return false;
	if (!offset(&p, &off) || *p != '\0')
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	int64_t seconds = days_of(year, month, day) * DAY_SECONDS + (int64_t)(hour * 3600 + minute * 60 + second) - off;
	if (seconds < seconds_min || seconds > seconds_max)
		return false;
	*seconds_out = seconds;
	*nanos_out = nanos;
	return true;
}
