// SPDX-License-Identifier: EUPL-1.2
// How texts in payloads are written: TextForm of payload.proto.
#include "payload_rules.h"
#include "sluss/id.h"
#include "sluss/v1/payload.pb-c.h"

static bool digits(const char *text, size_t count, int *value_out)
{
	*value_out = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
		*value_out = 10 * *value_out + (text[i] - '0');
	}
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_day(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return year >= 1850 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

static bool is_date(const char *text)
{
	int year = 0;
	int month = 0;
	int day = 0;
	return strlen(text) == 10 && digits(text, 4, &year) && text[4] == '-' && digits(text + 5, 2, &month) &&
	       text[7] == '-' && digits(text + 8, 2, &day) && is_day(year, month, day);
}

// A year has 53 weeks when it begins on a Thursday, or on a Wednesday in a leap year (ISO 8601): then 31 December is a
// Thursday, or the year before ended on Wednesday.
static bool has_week_53(int year)
{
	int ends_on = (year + year / 4 - year / 100 + year / 400) % 7; // weekday of 31 December, 0 is Sunday
	int before = (year - 1 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400) % 7;
	return ends_on == 4 || before == 3;
}

static bool is_week(const char *text)
{
	int year = 0;
	int week = 0;
	return strlen(text) == 8 && digits(text, 4, &year) && text[4] == '-' && text[5] == 'W' &&
	       digits(text + 6, 2, &week) && year >= 1850 && week >= 1 && week <= (has_week_53(year) ? 53 : 52);
}

static bool is_clock(const char *text)
{
	int hour = 0;
	int minute = 0;
	return strlen(text) == 5 && digits(text, 2, &hour) && text[2] == ':' && digits(text + 3, 2, &minute) &&
	       hour < 24 && minute < 60;
}

static bool is_phone(const char *text)
{
	size_t len = strlen(text);
	size_t start = text[0] == '+' ? 1 : 0;
	size_t figures = 0;
	for (size_t i = start; i < len; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			figures++;
		} else if (text[i] != ' ' && text[i] != '-') {
			return false;
		}
	}
	return len >= 5 && len <= 20 && figures >= 4;
}

static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');
	return at != NULL && at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
	       strpbrk(text, " \t\r\n") == NULL;
}

// Personal identity number or co-ordination number: century, date of birth, three figures, and the check digit (Luhn
// over the ten figures from the year's last two on).
static bool is_personal_number(const char *text)
{
	char number[13];
	size_t len = strlen(text);
	int year = 0;
	int month = 0;
	int day = 0;
	int rest = 0;
	int sum = 0;
	if (len != 12 && !(len == 13 && text[8] == '-')) {
		return false;
	}
	memcpy(number, text, 8);
	memcpy(number + 8, text + len - 4, 5);
	if (!digits(number, 4, &year) || !digits(number + 4, 2, &month) || !digits(number + 6, 2, &day) ||
	    !digits(number + 8, 4, &rest)) {
		return false;
	}
	for (int i = 2; i < 12; i++) {
		int figure = (number[i] - '0') * (i % 2 == 0 ? 2 : 1);
		sum += figure / 10 + figure % 10;
	}
	return sum % 10 == 0 && is_day(year, month, day > 60 ? day - 60 : day);
}

bool sluss_payload_form_fits(int form, const char *text, const char **explanation_out)
{
	struct sluss_id id;
	switch ((Sluss__V1__TextForm)form) {
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_UNSPECIFIED:
		return true;
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_DATE:
		*explanation_out = "A date that exists is needed, for instance 2012-04-30.";
		return is_date(text);
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_WEEK:
		*explanation_out = "A week that exists is needed, for instance 2012-W18.";
		return is_week(text);
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_UUID:
		*explanation_out = "A UUID in lower case is needed.";
		return sluss_id_from_text(text, &id);
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_AGENCY:
		*explanation_out = "An agency's id is needed: a-z, 0-9 and '-', at most 31 characters.";
		return sluss_is_agency_id(text, strlen(text));
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_OFFICER:
		*explanation_out =
		    "An officer's id is needed: letters a-z, figures, '.', '_' and '-', at most 32 characters.";
		return sluss_is_officer_id(text, strlen(text));
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_PHONE:
		*explanation_out = "A telephone number is needed: figures, blanks and '-', '+' in front.";
		return is_phone(text);
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_EMAIL:
		*explanation_out = "An e-mail address is needed.";
		return is_email(text);
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_PERSONAL_NUMBER:
		*explanation_out = "A personal identity number with century is needed, whose check digit fits.";
		return is_personal_number(text);
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_CATEGORY:
		*explanation_out = "A category's name is needed.";
		return sluss_is_name(text, strlen(text));
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_CLOCK:
		*explanation_out = "A time of day is needed, for instance 08:15.";
		return is_clock(text);
	case SLUSS__V1__TEXT_FORM__TEXT_FORM_FILE_NAME:
		*explanation_out = "A file's name without folders is needed.";
		return strpbrk(text, "/\\") == NULL && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
	case _SLUSS__V1__TEXT_FORM_IS_INT_SIZE:
		break;
	}
	*explanation_out = "The form of this text is not known here.";
	return false;
}
