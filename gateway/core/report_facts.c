// SPDX-License-Identifier: EUPL-1.2
#include "report_facts.h"

#include <stdlib.h>

#include "idmap.h"
#include "policy/calendar.h"

struct fact {
	struct sluss_report_case group;
	char programme[SLUSS_NAME_MAX + 1];
	int year; // of closing; 0: open
};

struct sluss_report_facts {
	struct sluss_idmap cases; // case -> place in list
	struct fact *list;
	size_t count, room;
};

struct sluss_report_facts *sluss_report_facts_new(const uint8_t hash_key[16])
{
	struct sluss_report_facts *facts = calloc(1, sizeof(*facts));
	if (facts != NULL)
		sluss_idmap_init(&facts->cases, hash_key);
	return facts;
}

void sluss_report_facts_free(struct sluss_report_facts **facts)
{
	if (*facts == NULL)
		return;
	sluss_idmap_free(&(*facts)->cases);
	free((*facts)->list);
	free(*facts);
	*facts = NULL;
}

// The case's fact, a new one when it has none; NULL: no memory.
static struct fact *fact_of(struct sluss_report_facts *facts, const struct sluss_id *case_id)
{
	uint64_t at;
	if (sluss_idmap_get(&facts->cases, case_id, &at))
		return &facts->list[at];
	if (facts->count == facts->room) {
		size_t room = facts->room * 2 + 64;
		struct fact *list = realloc(facts->list, room * sizeof(*list));
		if (list == NULL)
			return NULL;
		facts->list = list;
		facts->room = room;
	}
	if (!sluss_idmap_put(&facts->cases, case_id, facts->count))
		return NULL;
	struct fact *fact = &facts->list[facts->count++];
	*fact = (struct fact){.group.age = SLUSS_AGE_OPEN};
	return fact;
}

static void note_age(struct fact *fact, const struct sluss_state *state, const struct sluss_id *subject)
{
	uint8_t from, until;
	if (sluss_person_age(state, subject, &from, &until))
		fact->group.age = from;
}

static bool see_grant(void *context, const struct sluss_grant_view *grant)
{
	bool *follow_up = context;
	*follow_up = *follow_up || (grant->purpose == SLUSS_PURPOSE_FOLLOW_UP && grant->completed);
	return !*follow_up;
}

bool sluss_report_facts_apply(
    struct sluss_report_facts *facts, const struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_phase_set *set = &record->u.phase_set;
	struct sluss_case_view view;
	if (record->type != SLUSS_REC_PHASE_SET || !sluss_case_find(state, &set->case_id, &view) ||
	    (set->phase != SLUSS_PHASE_ENROLLED && set->phase != SLUSS_PHASE_CLOSED))
		return true;
	struct fact *fact = fact_of(facts, &set->case_id);
	if (fact == NULL)
		return false;
	if (set->phase == SLUSS_PHASE_ENROLLED) {
		if (fact->group.enrolled_ms != 0)
			return true; // it went on after a pause
		fact->group.enrolled_ms = record->at_ms;
		note_age(fact, state, &view.subject);
		return true;
	}
	if (fact->group.enrolled_ms == 0)
		note_age(fact, state, &view.subject);
	fact->group.closed_ms = record->at_ms;
	fact->group.reason = set->reason;
	fact->year = sluss_date_at(record->at_ms).year;
	size_t len = strlen(view.programme);
	memcpy(fact->programme, view.programme, len < sizeof(fact->programme) ? len + 1 : 0);
	sluss_case_each_grant(state, &set->case_id, record->at_ms, see_grant, &fact->group.follow_up);
	return true;
}

size_t sluss_report_facts_select(
    const struct sluss_report_facts *facts, const char *programme, int year, struct sluss_report_case *out, size_t room)
{
	size_t found = 0;
	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->list[i];
		if (fact->year != year || strcmp(fact->programme, programme) != 0)
			continue;
		if (found < room)
			out[found] = fact->group;
		found++;
	}
	return found;
}
