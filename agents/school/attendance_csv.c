// SPDX-License-Identifier: EUPL-1.2
// Lessons are sorted by pupil and date, and folded into days and weeks.
#include "attendance_csv.h"

#include <stdio.h>
#include <stdlib.h>

enum column { PUPIL, DATE, PLANNED, ABSENT, KIND, LATE, LESSON_REMARK, COLUMN_COUNT };

static const struct sluss_column columns[COLUMN_COUNT] = {
    [PUPIL] = {"personnummer|elev-id|elevid|elev|pupil|pupil id", true},
    [DATE] = {"datum|lektionsdatum|date", true},
    [PLANNED] = {"planerad tid (min)|planerad tid|lektionstid (min)|lektionstid|minuter|planned minutes", true},
    [ABSENT] = {"frånvaro (min)|frånvaro|frånvarotid (min)|frånvarominuter|absent minutes", true},
    [KIND] = {"frånvarotyp|typ|orsak|kind of absence", true},
    [LATE] = {"sen ankomst (min)|sen ankomst|sen|late minutes", false},
    [LESSON_REMARK] = {"anmärkning|kommentar|remark", false},
};

enum kind { PRESENT = 0, WITH_LEAVE, WITHOUT_LEAVE, KIND_COUNT };

// How programs call what kind of absence it was.
static const char *const kinds[KIND_COUNT] = {
    [PRESENT] = "närvarande|närvaro|present|-",
    [WITH_LEAVE] = ("giltig|giltig frånvaro|anmäld|anmäld frånvaro|beviljad|beviljad frånvaro|"
		    "ledighet|beviljad ledighet|sjuk|with leave"),
    [WITHOUT_LEAVE] = "ogiltig|ogiltig frånvaro|oanmäld|oanmäld frånvaro|skolk|without leave",
};

struct lesson {
	char *pupil;
	char *remark;
	char date[11];
	size_t line;
	struct sluss_bytes raw; // of the table, which stays open
	unsigned planned, absent;
	enum kind kind;
	bool late;
	bool lost; // the row could not be used: it only marks the week
};

struct lessons {
	struct lesson *list;
	size_t count, room;
};

// ---- dates

// Days since 1970-01-01 of a date that exists (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
static long days_of(int y, int m, int d)
{
	y -= m <= 2 ? 1 : 0;
	long era = y / 400;
	long yoe = y - era * 400;
	long doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int number(const char *text, size_t len)
{
	int value = 0;
	for (size_t i = 0; i < len; i++) {
		value = 10 * value + (text[i] - '0');
	}
	return value;
}

// ISO 8601 week of a date written "2012-04-30": the year and week of its Thursday.
static void week_of(const char *date, char out[16])
{
	int year = number(date, 4);
	long day = days_of(year, number(date + 5, 2), number(date + 8, 2));
	long thursday = day - (day + 3) % 7 + 3; // 1970-01-01 was a Thursday
	if (thursday < days_of(year, 1, 1)) {
		year--;
	} else if (thursday >= days_of(year + 1, 1, 1)) {
		year++;
	}
	(void)snprintf(out, 16, "%04d-W%02d", year, (int)((thursday - days_of(year, 1, 1)) / 7 + 1));
}

// ---- reading

static bool keep(struct lessons *all, const struct lesson *lesson)
{
	if (all->count == all->room) {
		size_t room = all->room * 2 + 256;
		struct lesson *list = realloc(all->list, room * sizeof(*list));
		if (list == NULL) {
			return false;
		}
		all->list = list;
		all->room = room;
	}
	all->list[all->count++] = *lesson;
	return true;
}

static bool read_kind(const struct sluss_table *t, const struct sluss_convert *to, struct lesson *l)
{
	const char *text = sluss_table_text(t, KIND);
	int kind = text[0] == '\0' ? (int)PRESENT : sluss_convert_word(text, kinds, KIND_COUNT);
	if (kind < 0) {
		return sluss_table_fault(
		    t, to, KIND, "This kind of absence is not known: giltig, ogiltig or nothing is needed.");
	}
	l->kind = (enum kind)kind;
	if (l->kind == PRESENT && l->absent > 0) {
		return sluss_table_fault(t, to, KIND, "There is absence, but not of which kind.");
	}
	return true;
}

// Fills pupil and date as far as they can be read, so that a lost lesson can be counted where it belongs.
static bool read_lesson(const struct sluss_table *t, const struct sluss_convert *to, struct lesson *l)
{
	unsigned late = 0;
	*l = (struct lesson){.line = t->row.line, .raw = t->row.raw};
	bool dated = sluss_table_date(t, to, DATE, false, l->date);
	if (sluss_table_text(t, PUPIL)[0] == '\0') {
		return sluss_table_fault(t, to, PUPIL, "The pupil is missing.");
	}
	if (!dated || !sluss_table_number(t, to, PLANNED, 1440, &l->planned) ||
	    !sluss_table_number(t, to, ABSENT, 1440, &l->absent) || !sluss_table_number(t, to, LATE, 1440, &late) ||
	    !read_kind(t, to, l)) {
		return false;
	}
	l->late = late > 0;
	return l->absent <= l->planned || sluss_table_fault(t, to, ABSENT, "The absence is longer than the lesson.");
}

// True: in the list, or reported and rejected. False: no memory.
static bool take_row(const struct sluss_table *t, const struct sluss_convert *to, struct lessons *all)
{
	struct lesson lesson;
	bool good = read_lesson(t, to, &lesson);
	const char *pupil = sluss_table_text(t, PUPIL);
	if (!good) {
		to->reject(to->context, t->row.raw);
		lesson.lost = true;
		if (lesson.date[0] == '\0' || pupil[0] == '\0') {
			return true; // nobody can say whose it is
		}
	}
	lesson.pupil = strdup(pupil);
	lesson.remark = strdup(good ? sluss_table_text(t, LESSON_REMARK) : "");
	if (lesson.pupil == NULL || lesson.remark == NULL || !keep(all, &lesson)) {
		free(lesson.pupil);
		free(lesson.remark);
		return false;
	}
	return true;
}

// ---- folding

static int by_pupil_and_date(const void *a, const void *b)
{
	const struct lesson *x = a;
	const struct lesson *y = b;
	int order = strcmp(x->pupil, y->pupil);
	order = order != 0 ? order : strcmp(x->date, y->date);
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

struct sums {
	unsigned lessons, attended, planned, with_leave, without_leave, late, lost;
	char remark[400];
};

static void add(struct sums *s, const struct lesson *l)
{
	if (l->lost) {
		s->lost++;
		return;
	}
	s->lessons++;
	s->attended += l->absent == 0 ? 1 : 0;
	s->planned += l->planned;
	s->with_leave += l->kind == WITH_LEAVE ? l->absent : 0;
	s->without_leave += l->kind == WITHOUT_LEAVE ? l->absent : 0;
	s->late += l->late ? 1 : 0;
	size_t used = strlen(s->remark);
	if (l->remark[0] != '\0' && strstr(s->remark, l->remark) == NULL &&
	    used + strlen(l->remark) + 3 < sizeof(s->remark)) {
		(void)snprintf(s->remark + used, sizeof(s->remark) - used, "%s%s", used > 0 ? "; " : "", l->remark);
	}
}

static json_t *day_tree(const char *date, const struct sums *s)
{
	return json_pack("{s:s,s:i,s:i,s:i,s:s}", "date", date, "minutesPlanned", (int)s->planned,
	    "minutesAbsentWithLeave", (int)s->with_leave, "minutesAbsentWithoutLeave", (int)s->without_leave, "remark",
	    s->remark);
}

static json_t *week_tree(const char *week, const struct sums *s, json_t *days)
{
	char remark[120] = "";
	if (s->lost > 0) {
		(void)snprintf(
		    remark, sizeof(remark), "%u rows of this week could not be read and are not counted.", s->lost);
	}
	return json_pack("{s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:o,s:s}", "@type", "sluss.v1.AttendanceReport", "week",
	    week, "lessonsPlanned", (int)s->lessons, "lessonsAttended", (int)s->attended, "minutesPlanned",
	    (int)s->planned, "minutesAbsentWithLeave", (int)s->with_leave, "minutesAbsentWithoutLeave",
	    (int)s->without_leave, "timesLate", (int)s->late, "days", days, "remark", remark);
}

// One pupil's week from `first` on; returns the lesson behind it.
static size_t give_week(const struct lessons *all, size_t first, const struct sluss_convert *to)
{
	char week[16];
	char other[16];
	struct sums whole = {.lessons = 0};
	json_t *days = json_array();
	size_t i = first;
	week_of(all->list[first].date, week);
	while (i < all->count && strcmp(all->list[i].pupil, all->list[first].pupil) == 0) {
		struct sums day = {.lessons = 0};
		const char *date = all->list[i].date;
		week_of(date, other);
		if (strcmp(week, other) != 0) {
			break;
		}
		for (; i < all->count && strcmp(all->list[i].pupil, all->list[first].pupil) == 0 &&
		       strcmp(all->list[i].date, date) == 0;
		     i++) {
			add(&day, &all->list[i]);
			add(&whole, &all->list[i]);
		}
		if (day.lessons > 0) {
			(void)json_array_append_new(days, day_tree(date, &day));
		}
	}
	if (whole.lessons == 0) { // all of it was lost, and reported
		json_decref(days);
		return i;
	}
	if (!sluss_convert_give(to, all->list[first].pupil, all->list[first].line, week_tree(week, &whole, days))) {
		for (size_t k = first; k < i; k++) {
			if (!all->list[k].lost) {
				to->reject(to->context, all->list[k].raw);
			}
		}
	}
	return i;
}

bool sluss_school_attendance(const char *octets, size_t len, const struct sluss_convert *to)
{
	struct sluss_table table;
	struct lessons all = {.list = NULL};
	bool ok = sluss_table_open(&table, octets, len, columns, COLUMN_COUNT, to);
	while (ok && sluss_table_next(&table, to)) {
		ok = take_row(&table, to, &all);
		if (!ok) {
			sluss_convert_problem(to, table.row.line, 0, "There is not enough memory.");
		}
	}
	if (ok && all.count > 0) {
		qsort(all.list, all.count, sizeof(*all.list), by_pupil_and_date);
	}
	for (size_t i = 0; ok && i < all.count;) {
		i = give_week(&all, i, to);
	}
	for (size_t i = 0; i < all.count; i++) {
		free(all.list[i].pupil);
		free(all.list[i].remark);
	}
	free(all.list);
	sluss_table_close(&table);
	return ok;
}
