// SPDX-License-Identifier: EUPL-1.2
// Civil dates of Europe/Stockholm in UTC arithmetic.
#include "policy/calendar.h"

enum {
	MS_PER_DAY = 86400000,
	MS_PER_HOUR = 3600000,
};

static bool is_leap(int32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int32_t year, int month)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return a % b < 0 ? q - 1 : q;
}

// Days since 1970-01-01 of a date, and back (Howard Hinnant, "chrono-compatible low-level date algorithms":
// days_from_civil, civil_from_days).
static int64_t days_from_date(struct sluss_date date)
{
	int64_t year = (int64_t)date.year - (date.month <= 2 ? 1 : 0);
	int64_t era = floor_div(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t shifted_month = (date.month + 9) % 12;
	int64_t day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static struct sluss_date date_from_days(int64_t days)
{
	days += 719468;
	int64_t era = floor_div(days, 146097);
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted_month = (5 * day_of_year + 2) / 153;
	int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	struct sluss_date date = {
	    .year = (int32_t)(year_of_era + era * 400 + (month <= 2 ? 1 : 0)),
	    .month = (uint8_t)month,
	    .day = (uint8_t)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
	};
	return date;
}

// The last Sunday of a month at 01:00 UTC. 1970-01-01 was a Thursday.
static int64_t last_sunday_ms(int32_t year, uint8_t month)
{
	int64_t last = days_from_date((struct sluss_date){year, month, (uint8_t)days_in_month(year, month)});
	int64_t weekday = last + 4 - floor_div(last + 4, 7) * 7; // 0 is Sunday
	return (last - weekday) * MS_PER_DAY + MS_PER_HOUR;
}

int64_t sluss_local_offset_ms(int64_t at_ms)
{
	int32_t year = date_from_days(floor_div(at_ms, MS_PER_DAY)).year;
	bool summer = at_ms >= last_sunday_ms(year, 3) && at_ms < last_sunday_ms(year, 10);
	return summer ? 2 * MS_PER_HOUR : MS_PER_HOUR;
}

bool sluss_date_valid(struct sluss_date date)
{
	return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
	       date.day <= days_in_month(date.year, date.month);
}

bool sluss_date_parse(const char *text, struct sluss_date *date_out)
{
	*date_out = (struct sluss_date){0};
	if (text == NULL || strlen(text) != 10)
		return false;
	int digits[10];
	for (int i = 0; i < 10; i++) {
		if (i == 4 || i == 7) {
			if (text[i] != '-')
				return false;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return false;
		digits[i] = text[i] - '0';
	}
	struct sluss_date date = {
	    .year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3],
	    .month = (uint8_t)(digits[5] * 10 + digits[6]),
	    .day = (uint8_t)(digits[8] * 10 + digits[9]),
	};
	if (!sluss_date_valid(date))
		return false;
	*date_out = date;
	return true;
}

int sluss_date_compare(struct sluss_date a, struct sluss_date b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	if (a.day != b.day)
		return a.day < b.day ? -1 : 1;
	return 0;
}

struct sluss_date sluss_date_at(int64_t at_ms)
{
	return date_from_days(floor_div(at_ms + sluss_local_offset_ms(at_ms), MS_PER_DAY));
}

// The instant of a local wall time given in milliseconds since 1970-01-01 00:00 local. A wall time that comes twice is
// the first (still summer time); one that summer time leaves out becomes the instant that the clock would have shown
// without the change.
static int64_t instant_of_wall(int64_t wall_ms)
{
	int64_t summer = wall_ms - 2 * MS_PER_HOUR;
	if (sluss_local_offset_ms(summer) == 2 * MS_PER_HOUR)
		return summer;
	return wall_ms - MS_PER_HOUR;
}

int64_t sluss_date_begin_ms(struct sluss_date date)
{
	return instant_of_wall(days_from_date(date) * MS_PER_DAY);
}

int64_t sluss_add_months_ms(int64_t at_ms, int months)
{
	int64_t wall = at_ms + sluss_local_offset_ms(at_ms);
	int64_t day = floor_div(wall, MS_PER_DAY);
	struct sluss_date date = date_from_days(day);
	int64_t month = (int64_t)date.year * 12 + date.month - 1 + months;
	date.year = (int32_t)floor_div(month, 12);
	date.month = (uint8_t)(month - (int64_t)date.year * 12 + 1);
	int last = days_in_month(date.year, date.month);
	if (date.day > last)
		date.day = (uint8_t)last;
	return instant_of_wall(days_from_date(date) * MS_PER_DAY + (wall - day * MS_PER_DAY));
}

// The birthday in a year: 29 February moves in common years as the rule says.
static struct sluss_date birthday_in(struct sluss_date birth, int32_t year, enum sluss_leap_day rule)
{
	struct sluss_date day = {year, birth.month, birth.day};
	if (birth.month == 2 && birth.day == 29 && !is_leap(year)) {
		if (rule == SLUSS_LEAP_DAY_MAR_1)
			day = (struct sluss_date){year, 3, 1};
		else
			day.day = 28;
	}
	return day;
}

int sluss_age_on(struct sluss_date birth, struct sluss_date on, enum sluss_leap_day rule)
{
	if (!sluss_date_valid(birth) || !sluss_date_valid(on) || sluss_date_compare(on, birth) < 0)
		return SLUSS_AGE_UNKNOWN;
	int age = on.year - birth.year;
	if (age > 0 && sluss_date_compare(on, birthday_in(birth, on.year, rule)) < 0)
		age--;
	return age;
}

int64_t sluss_birthday_ms(struct sluss_date birth, int years, enum sluss_leap_day rule)
{
	return sluss_date_begin_ms(birthday_in(birth, birth.year + years, rule));
}
