// SPDX-License-Identifier: EUPL-1.2
// What the age records of a log tell about a birth date: the days between which it lies, and so the day by which the
// next birthday record has to be there at the latest. Grows with the number of persons, as the state does. Inside the
// verification; one thread.
#ifndef SLUSS_AGENTS_AUDIT_AGES_H
#define SLUSS_AGENTS_AUDIT_AGES_H

#include "audit_map.h"
#include "policy/policy.h"

struct audit_age {
	struct sluss_date born_after;	 // the birth date lies after this day,
	struct sluss_date born_latest;	 // and not after this one
	uint8_t from_years, until_years; // the band on record
	int64_t due_ms; // the next band has begun at this instant for certain; INT64_MAX: there is none
};

struct audit_ages {
	struct audit_map by_person;
	struct audit_age *list;
	size_t count, room;
	int64_t next_ms; // nobody's band is over before: most questions need not ask for the person
	size_t late;	 // questions after it
};

void audit_ages_init(struct audit_ages *ages, const uint8_t key[16]);
void audit_ages_clear(struct audit_ages *ages);

enum audit_age_result {
	AUDIT_AGE_NONE = 0,
	AUDIT_AGE_FITS,
	AUDIT_AGE_CONTRADICTS, // no birth date fits all records of this person
	AUDIT_AGE_NO_MEMORY,
};

// Takes a PERSON_AGE record in.
SLUSS_MUST_CHECK enum audit_age_result audit_ages_note(
    struct audit_ages *ages, const struct sluss_rec_person_age *record, int64_t at_ms);
// The person's birth date was erased: nobody can record birthdays any more.
void audit_ages_forget(struct audit_ages *ages, const struct sluss_id *person);
// Whether anybody's band on record may be over at an instant. False is certain.
static inline bool audit_ages_any_overdue(const struct audit_ages *ages, int64_t at_ms)
{
	return at_ms >= ages->next_ms;
}
// Whether the band on record is over for certain at an instant.
bool audit_ages_overdue(struct audit_ages *ages, const struct sluss_id *person, int64_t at_ms);

#endif
