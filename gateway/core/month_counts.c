// SPDX-License-Identifier: EUPL-1.2
#include "month_counts.h"

#include <stdlib.h>
#include <time.h>

void sluss_months_free(struct sluss_months *months)
{
	free(months->months);
	*months = (struct sluss_months){0};
}

uint32_t sluss_month_of(int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm day;
	if (at_ms < 0 || gmtime_r(&seconds, &day) == NULL)
		return 0;
	return (uint32_t)(day.tm_year + 1900) * 12 + (uint32_t)day.tm_mon;
}

// The month of the newest record: time never falls in the log. NULL: no memory.
static struct sluss_month *current(struct sluss_months *months, int64_t at_ms)
{
	uint32_t month = sluss_month_of(at_ms);
	if (months->count > 0 && months->months[months->count - 1].month >= month)
		return &months->months[months->count - 1];
	if (months->count == months->room) {
		size_t room = months->room == 0 ? 24 : months->room * 2;
		struct sluss_month *larger = realloc(months->months, room * sizeof(*larger));
		if (larger == NULL)
			return NULL;
		months->months = larger;
		months->room = room;
	}
	months->months[months->count] = (struct sluss_month){.month = month};
	return &months->months[months->count++];
}

static bool permits(enum sluss_reason reason)
{
	return reason == SLUSS_OK_CONSENT || reason == SLUSS_OK_STATUTE || reason == SLUSS_OK_TYPE;
}

static void count_denied(struct sluss_month *month, const struct sluss_rec_message *message)
{
	for (size_t i = 0; i < message->pair_count; i++)
		month->denied += !permits(message->pairs[i].reason);
}

static void count_released(struct sluss_month *month, const struct sluss_rec_release *release)
{
	month->released += (uint32_t)release->pair_count;
	for (size_t i = 0; i < release->pair_count; i++)
		month->statutory += release->pairs[i].ground == SLUSS_GROUND_STATUTORY;
}

bool sluss_months_apply(struct sluss_months *months, const struct sluss_record *record)
{
	bool message = record->type == SLUSS_REC_MESSAGE_ACCEPTED || record->type == SLUSS_REC_MESSAGE_DENIED;
	bool withdrawal = record->type == SLUSS_REC_WITHDRAWAL, recall = record->type == SLUSS_REC_RECALL_OPENED;
	if (!message && !withdrawal && !recall && record->type != SLUSS_REC_RELEASED)
		return true;
	struct sluss_month *month = current(months, record->at_ms);
	if (month == NULL)
		return false;
	month->withdrawals += withdrawal;
	month->recalls += recall;
	if (message)
		count_denied(month, &record->u.message_accepted);
	if (record->type == SLUSS_REC_RELEASED)
		count_released(month, &record->u.released);
	return true;
}
