// SPDX-License-Identifier: EUPL-1.2
// The civil calendar of Europe/Stockholm, which is where ages and months are counted (DOMAIN ruling 6). UTC arithmetic
// and the EU summer-time rule (Directive 2000/84/EC: last Sunday of March and of October, 01:00 UTC), applied to every
// year; no tzdata, no clock, no allocation. Every function is pure and safe in any thread.
#ifndef SLUSS_POLICY_CALENDAR_H
#define SLUSS_POLICY_CALENDAR_H

#include "sluss/types.h"

// A proleptic Gregorian date. All zero is "no date".
struct sluss_date {
	int32_t year; // 1..9999
	uint8_t month;
	uint8_t day;
};

// When somebody born on 29 February grows older in a common year (policy data).
enum sluss_leap_day {
	SLUSS_LEAP_DAY_NONE = 0,
	SLUSS_LEAP_DAY_FEB_28 = 1,
	SLUSS_LEAP_DAY_MAR_1 = 2,
};

enum {
	SLUSS_AGE_UNKNOWN = -1,
	SLUSS_AGE_OPEN = 255, // the upper end of a band that has none
};

// Whether it is a date of the calendar.
bool sluss_date_valid(struct sluss_date date);

// Parses exactly "YYYY-MM-DD"; false when it is not a date.
SLUSS_MUST_CHECK bool sluss_date_parse(const char *text, struct sluss_date *date_out);

// <0, 0 or >0.
int sluss_date_compare(struct sluss_date a, struct sluss_date b);

// The local date at an instant.
struct sluss_date sluss_date_at(int64_t at_ms);

// The instant of local midnight at which `date` begins.
int64_t sluss_date_begin_ms(struct sluss_date date);

// Offset of local time from UTC at an instant, in milliseconds (one or two hours).
int64_t sluss_local_offset_ms(int64_t at_ms);

// The same local wall time `months` later (or earlier), on the month's last day when the month is too short; a wall
// time that summer time leaves out moves forward with the clock, one that comes twice is the first.
int64_t sluss_add_months_ms(int64_t at_ms, int months);

// Completed years on a date; SLUSS_AGE_UNKNOWN before birth or for a date that is none.
int sluss_age_on(struct sluss_date birth, struct sluss_date on, enum sluss_leap_day rule);

// The local midnight at which somebody becomes `years` old.
int64_t sluss_birthday_ms(struct sluss_date birth, int years, enum sluss_leap_day rule);

#endif
