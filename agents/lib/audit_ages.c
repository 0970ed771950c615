// SPDX-License-Identifier: EUPL-1.2
#include "audit_ages.h"

#include <stdlib.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

void audit_ages_init(struct audit_ages *ages, const uint8_t key[16])
{
	*ages = (struct audit_ages){.next_ms = INT64_MAX};
	audit_map_init(&ages->by_person, key);
}

void audit_ages_clear(struct audit_ages *ages)
{
	audit_map_clear(&ages->by_person);
	free(ages->list);
	ages->list = NULL;
	ages->count = ages->room = 0;
}

// The day `years` before; of a 29 February the 28th, which is on the careful side by the day that callers add.
static struct sluss_date years_before(struct sluss_date date, int years)
{
	date.year -= years;
	if (!sluss_date_valid(date))
		date.day = 28;
	return date;
}

// Somebody who was born on the latest day is `until_years` old for certain: a day more, for 29 February.
static int64_t due_of(const struct audit_age *age)
{
	if (age->until_years == SLUSS_AGE_OPEN || !sluss_date_valid(age->born_latest))
		return INT64_MAX;
	return sluss_birthday_ms(age->born_latest, age->until_years, SLUSS_LEAP_DAY_MAR_1) + 2 * (int64_t)DAY_MS;
}

static struct audit_age *need(struct audit_ages *ages, const struct sluss_id *person)
{
	uint32_t at = audit_map_get(&ages->by_person, person);
	if (at != AUDIT_NOWHERE)
		return &ages->list[at];
	if (ages->count == ages->room) {
		size_t room = ages->room == 0 ? 64 : ages->room * 2;
		struct audit_age *list = reallocarray(ages->list, room, sizeof(*list));
		if (list == NULL)
			return NULL;
		ages->list = list;
		ages->room = room;
	}
	if (!audit_map_put(&ages->by_person, person, (uint32_t)ages->count))
		return NULL;
	ages->list[ages->count] = (struct audit_age){.due_ms = INT64_MAX};
	return &ages->list[ages->count++];
}

enum audit_age_result audit_ages_note(struct audit_ages *ages, const struct sluss_rec_person_age *record, int64_t at_ms)
{
	struct sluss_date today = sluss_date_at(at_ms);
	// At least from_years old today: born today or earlier, that many years ago. Less than until_years: later than
	// that many years ago. Two days of room for leap days on either side.
	struct sluss_date latest = sluss_date_at(sluss_date_begin_ms(years_before(today, record->from_years)) + DAY_MS);
	struct sluss_date after = years_before(today, record->until_years);
	struct audit_age *age = need(ages, &record->person);
	if (age == NULL)
		return AUDIT_AGE_NO_MEMORY;
	if (record->until_years != SLUSS_AGE_OPEN &&
	    (age->born_after.year == 0 || sluss_date_compare(after, age->born_after) > 0))
		age->born_after = after;
	if (age->born_latest.year == 0 || sluss_date_compare(latest, age->born_latest) < 0)
		age->born_latest = latest;
	bool younger = record->until_years <= age->from_years; // than on record before
	age->from_years = record->from_years;
	age->until_years = record->until_years;
	age->due_ms = due_of(age);
	if (age->due_ms < ages->next_ms)
		ages->next_ms = age->due_ms;
	if (younger)
		return AUDIT_AGE_CONTRADICTS;
	if (age->born_after.year == 0)
		return AUDIT_AGE_FITS;
	int64_t room_ms = sluss_date_begin_ms(age->born_latest) - sluss_date_begin_ms(age->born_after);
	return room_ms >= -2 * (int64_t)DAY_MS ? AUDIT_AGE_FITS : AUDIT_AGE_CONTRADICTS;
}

// Bands that were over have been followed by others meanwhile. Not looked for each time: it takes all persons.
static void find_next(struct audit_ages *ages)
{
	if (++ages->late <= ages->count)
		return;
	ages->late = 0;
	ages->next_ms = INT64_MAX;
	for (size_t i = 0; i < ages->count; i++) {
		if (ages->list[i].due_ms < ages->next_ms)
			ages->next_ms = ages->list[i].due_ms;
	}
}

bool audit_ages_overdue(struct audit_ages *ages, const struct sluss_id *person, int64_t at_ms)
{
	if (!audit_ages_any_overdue(ages, at_ms))
		return false;
	find_next(ages);
	uint32_t at = audit_map_get(&ages->by_person, person);
	return at != AUDIT_NOWHERE && at_ms >= ages->list[at].due_ms;
}

void audit_ages_forget(struct audit_ages *ages, const struct sluss_id *person)
{
	uint32_t at = audit_map_get(&ages->by_person, person);
	if (at != AUDIT_NOWHERE)
		ages->list[at].due_ms = INT64_MAX;
}
