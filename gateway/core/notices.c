// SPDX-License-Identifier: EUPL-1.2
// Notices by agency.
#include "notices.h"

#include <stdlib.h>

struct list {
	char agency[SLUSS_AGENCY_MAX + 1];
	uint64_t *indexes; // rising
	size_t count, cap;
};

struct sluss_notices {
	struct list *lists; // agencies are few: found by looking through
	size_t count, cap;
};

struct sluss_notices *sluss_notices_new(void)
{
	return calloc(1, sizeof(struct sluss_notices));
}

void sluss_notices_free(struct sluss_notices **notices)
{
	if (*notices == NULL)
		return;
	for (size_t i = 0; i < (*notices)->count; i++)
		free((*notices)->lists[i].indexes);
	free((*notices)->lists);
	free(*notices);
	*notices = NULL;
}

static struct list *find(const struct sluss_notices *notices, const char *agency)
{
	for (size_t i = 0; i < notices->count; i++)
		if (strcmp(notices->lists[i].agency, agency) == 0)
			return &notices->lists[i];
	return NULL;
}

static struct list *find_or_add(struct sluss_notices *notices, const char *agency)
{
	struct list *list = find(notices, agency);
	if (list != NULL || strlen(agency) > SLUSS_AGENCY_MAX)
		return list;
	if (notices->count == notices->cap) {
		size_t cap = notices->cap == 0 ? 16 : notices->cap * 2;
		struct list *lists = reallocarray(notices->lists, cap, sizeof(*lists));
		if (lists == NULL)
			return NULL;
		notices->lists = lists;
		notices->cap = cap;
	}
	list = &notices->lists[notices->count++];
	*list = (struct list){0};
	memcpy(list->agency, agency, strlen(agency) + 1);
	return list;
}

static bool tell(struct sluss_notices *notices, const char *agency, uint64_t index)
{
	struct list *list = find_or_add(notices, agency);
	if (list == NULL)
		return false;
	if (list->count > 0 && list->indexes[list->count - 1] == index)
		return true; // told already, through another officer
	if (list->count == list->cap) {
		size_t cap = list->cap == 0 ? 16 : list->cap * 2;
		uint64_t *indexes = reallocarray(list->indexes, cap, sizeof(*indexes));
		if (indexes == NULL)
			return false;
		list->indexes = indexes;
		list->cap = cap;
	}
	list->indexes[list->count++] = index;
	return true;
}

static bool tell_sender(struct sluss_notices *notices, const struct sluss_messages *messages, const struct sluss_id *message, uint64_t index)
{
	uint32_t number = sluss_messages_find(messages, message);
	return number == SLUSS_NOWHERE || tell(notices, sluss_mailbox_agency(messages, sluss_messages_at(messages, number)->sender), index);
}

// Every agency that has a coordinator in the case.
static bool tell_coordinators(struct sluss_notices *notices, const struct sluss_state *state, const struct sluss_id *case_id, uint64_t index)
{
	const char *agency;
	for (size_t m = 0; (agency = sluss_case_member(state, case_id, m)) != NULL; m++) {
		bool coordinator = false, found = false;
		for (size_t o = 0; !found && sluss_case_officer(state, case_id, m, o, &coordinator) != NULL; o++)
			found = coordinator;
		if (found && !tell(notices, agency, index))
			return false;
	}
	return true;
}

// A recall of which the coordinators hear, and perhaps the agency that is to answer.
static bool tell_of_recall(
    struct sluss_notices *notices, const struct sluss_state *state, const struct sluss_id *id, bool agency, uint64_t index)
{
	struct sluss_recall_view recall;
	if (!sluss_recall_find(state, id, &recall))
		return true;
	return (!agency || tell(notices, recall.agency, index)) && tell_coordinators(notices, state, &recall.case_id, index);
}

bool sluss_notices_apply(struct sluss_notices *notices, const struct sluss_state *state, const struct sluss_messages *messages,
    const struct sluss_record *record, uint64_t index)
{
	if (record->type == SLUSS_REC_WITHHELD)
		return tell_sender(notices, messages, &record->u.withheld.message, index);
	if (record->type == SLUSS_REC_MISMATCH_REPORTED)
		return tell_sender(notices, messages, &record->u.mismatch_reported.message, index);
	if (record->type == SLUSS_REC_ACKNOWLEDGED)
		return tell_sender(notices, messages, &record->u.acknowledged.message, index);
	if (record->type == SLUSS_REC_EXPIRED)
		return tell_sender(notices, messages, &record->u.expired.message, index);
	if (record->type == SLUSS_REC_WITHDRAWAL)
		return tell_coordinators(notices, state, &record->u.withdrawal.case_id, index);
	if (record->type == SLUSS_REC_PHASE_SET && record->u.phase_set.by_gateway)
		return tell_coordinators(notices, state, &record->u.phase_set.case_id, index);
	if (record->type == SLUSS_REC_RECALL_OPENED)
		return tell(notices, record->u.recall_opened.agency, index);
	if (record->type == SLUSS_REC_RECALL_ANSWERED)
		return tell_of_recall(notices, state, &record->u.recall_answered.recall, false, index);
	if (record->type == SLUSS_REC_RECALL_OVERDUE)
		return tell_of_recall(notices, state, &record->u.recall_overdue.recall, true, index);
	if (record->type == SLUSS_REC_STATUTE_NOTIFIED)
		return tell_coordinators(notices, state, &record->u.statute_notified.case_id, index);
	return true;
}

size_t sluss_notices_of(
    const struct sluss_notices *notices, const char *agency, uint64_t from, uint64_t before, uint64_t *indexes_out, size_t max)
{
	const struct list *list = find(notices, agency);
	size_t low = 0, high = list == NULL ? 0 : list->count, count = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list->indexes[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	while (list != NULL && low < list->count && list->indexes[low] < before && count < max)
		indexes_out[count++] = list->indexes[low++];
	return count;
}
