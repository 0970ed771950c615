# SPDX-License-Identifier: EUPL-1.2
"""Dates and clocks as DOMAIN uses them: Europe/Stockholm calendar dates, ages, and twelve months.

Written without zoneinfo, so that the answer does not depend on what the machine has installed: since 1996 the
rule of Directive 2000/84/EC holds (summer time from 01:00 UTC on the last Sunday of March to 01:00 UTC on the
last Sunday of October), and no decision lies before that.
"""
from functools import lru_cache

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def days_from_civil(year, month, day):
    """Days since 1970-01-01 in the proleptic Gregorian calendar."""
    year -= month <= 2
    era = year // 400
    yoe = year - era * 400
    doy = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    doe = yoe * 365 + yoe // 4 - yoe // 100 + doy
    return era * 146_097 + doe - 719_468


def civil_from_days(days):
    days += 719_468
    era = days // 146_097
    doe = days - era * 146_097
    yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    day = doy - (153 * mp + 2) // 5 + 1
    month = mp + (3 if mp < 10 else -9)
    return yoe + era * 400 + (month <= 2), month, day


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year, month):
    return (31, 29 if is_leap(year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


@lru_cache(maxsize=None)
def summer_time(year):
    """(begin, end) of summer time in UTC milliseconds."""
    def last_sunday(month):
        day = days_from_civil(year, month, 31)
        return day - (day + 4) % 7          # 1970-01-01 was a Thursday: (day + 4) % 7 == 0 on a Sunday
    return (last_sunday(3) * DAY_MS + HOUR_MS, last_sunday(10) * DAY_MS + HOUR_MS)


def offset_ms(utc_ms):
    year = civil_from_days(utc_ms // DAY_MS)[0]     # the changes never fall near new year
    begin, end = summer_time(year)
    return 2 * HOUR_MS if begin <= utc_ms < end else HOUR_MS


def local_date(utc_ms):
    """(year, month, day) of the calendar in Stockholm at that moment."""
    return civil_from_days((utc_ms + offset_ms(utc_ms)) // DAY_MS)


def utc_from_local(year, month, day, ms_of_day=0):
    """The moment of a local wall time. A time that the clock skips is read with the offset before the change, a time
    that it passes twice is the first of the two."""
    wall = days_from_civil(year, month, day) * DAY_MS + ms_of_day
    for offset in (2 * HOUR_MS, HOUR_MS):           # the summer reading is the earlier moment
        if offset_ms(wall - offset) == offset:
            return wall - offset
    return wall - HOUR_MS


def add_months(utc_ms, months):
    """The same local wall time so many months later; a day that the month lacks becomes its last day (ruling 6)."""
    wall = utc_ms + offset_ms(utc_ms)
    year, month, day = civil_from_days(wall // DAY_MS)
    index = year * 12 + (month - 1) + months
    year, month = index // 12, index % 12 + 1
    return utc_from_local(year, month, min(day, month_days(year, month)), wall % DAY_MS)


def birthday(birth, years, leap="02-28"):
    """The calendar date on which a person born on birth turns years old; 29 February falls in common years on the
    date that the policy names (ruling 6)."""
    year, month, day = birth[0] + years, birth[1], birth[2]
    if month == 2 and day == 29 and not is_leap(year):
        return (year, 2, 28) if leap == "02-28" else (year, 3, 1)
    return year, month, day


def birthday_ms(birth, years, leap="02-28"):
    """The first moment of that day in Stockholm."""
    return utc_from_local(*birthday(birth, years, leap))


def age_on(birth, date, leap="02-28"):
    years = date[0] - birth[0]
    return years if date >= birthday(birth, years, leap) else years - 1


def parse_date(text):
    year, month, day = (int(part) for part in text.split("-"))
    if not (1 <= month <= 12 and 1 <= day <= month_days(year, month)):
        raise ValueError("no such date: " + text)
    return year, month, day
