// SPDX-License-Identifier: EUPL-1.2
#include "audit_open.h"

#include <stdlib.h>

void audit_open_init(struct audit_open *open, const uint8_t key[16])
{
	*open = (struct audit_open){.others = AUDIT_NOWHERE};
	audit_map_init(&open->by_id, key);
	audit_map_init(&open->by_case, key);
}

void audit_open_clear(struct audit_open *open)
{
	for (size_t i = 0; i < open->used; i++)
		free(open->list[i]);
	free(open->list);
	free(open->free);
	audit_map_clear(&open->by_id);
	audit_map_clear(&open->by_case);
	*open = (struct audit_open){.others = AUDIT_NOWHERE};
}

struct audit_message *audit_open_find(const struct audit_open *open, const struct sluss_id *message)
{
	uint32_t at = audit_map_get(&open->by_id, message);
	return at == AUDIT_NOWHERE ? NULL : open->list[at];
}

// ---- copying

// Lays things one behind the other; with `at` NULL only counts.
struct laying {
	uint8_t *at;
	size_t len;
};

static inline void *lay(struct laying *to, const void *from, size_t len, size_t align)
{
	to->len = (to->len + align - 1) & ~(align - 1);
	void *place = to->at == NULL ? NULL : to->at + to->len;
	if (place != NULL && len > 0)
		memcpy(place, from, len);
	to->len += len;
	return place;
}

static const char *lay_text(struct laying *to, const char *text)
{
	const char *given = text == NULL ? "" : text;
	return lay(to, given, strlen(given) + 1, 1);
}

static void lay_section(struct laying *to, struct sluss_section_label *made, const struct sluss_section_label *from)
{
	const char *category = lay_text(to, from->category);
	void *concerned = lay(to, from->concerned, from->concerned_count * sizeof(*from->concerned), 8);
	struct sluss_claim *claims = lay(to, from->claims, from->claim_count * sizeof(*from->claims), 8);
	for (size_t i = 0; i < from->claim_count; i++) {
		const char *provision = lay_text(to, from->claims[i].provision);
		if (claims != NULL)
			claims[i].provision = provision;
	}
	if (made == NULL)
		return;
	made->category = category;
	made->concerned = concerned;
	made->claims = claims;
}

// The record without its pairs; with `message` NULL only counts.
static void lay_record(struct laying *to, struct audit_message *message, const struct sluss_rec_message *from)
{
	const char *sender = lay_text(to, from->sender), *officer = lay_text(to, from->officer);
	struct sluss_recipient *recipients =
	    lay(to, from->recipients, from->recipient_count * sizeof(*from->recipients), 8);
	for (size_t i = 0; i < from->recipient_count; i++) {
		const char *agency = lay_text(to, from->recipients[i].agency);
		const char *contact = lay_text(to, from->recipients[i].officer);
		if (recipients != NULL)
			recipients[i] = (struct sluss_recipient){agency, contact};
	}
	struct sluss_section_label *sections =
	    lay(to, from->sections, from->section_count * sizeof(*from->sections), 8);
	for (size_t i = 0; i < from->section_count; i++)
		lay_section(to, sections == NULL ? NULL : &sections[i], &from->sections[i]);
	if (message == NULL)
		return;
	message->record = *from;
	message->record.sender = sender;
	message->record.officer = officer;
	message->record.recipients = recipients;
	message->record.sections = sections;
	message->record.pairs = NULL;
	message->record.pair_count = 0;
}

static bool concerns_others(const struct sluss_rec_message *record)
{
	for (size_t s = 0; s < record->section_count; s++) {
		for (size_t c = 0; c < record->sections[s].concerned_count; c++) {
			if (record->sections[s].concerned[c].kind == SLUSS_CONCERNED_OTHER_CASE)
				return true;
		}
	}
	return false;
}

static struct audit_message *copy(const struct sluss_rec_message *record, uint64_t index)
{
	struct laying counting = {.at = NULL};
	size_t head = sizeof(struct audit_message) + record->recipient_count * sizeof(struct audit_delivery);
	lay_record(&counting, NULL, record);
	struct audit_message *message = malloc(head + counting.len);
	if (message == NULL)
		return NULL;
	memset(message, 0, head);
	struct laying laying = {.at = (uint8_t *)message + head};
	lay_record(&laying, message, record);
	message->index = index;
	message->other_cases = concerns_others(record);
	message->next_in_case = message->previous_in_case = AUDIT_NOWHERE;
	return message;
}

// ---- places and chains

// A number for one more message; AUDIT_NOWHERE: no memory.
static uint32_t take(struct audit_open *open)
{
	if (open->free_count > 0)
		return open->free[--open->free_count];
	if (open->used == open->room) {
		size_t room = open->room == 0 ? 64 : open->room * 2;
		struct audit_message **list = reallocarray(open->list, room, sizeof(struct audit_message *));
		if (list == NULL)
			return AUDIT_NOWHERE;
		open->list = list;
		uint32_t *numbers = reallocarray(open->free, room, sizeof(*numbers));
		if (numbers == NULL)
			return AUDIT_NOWHERE;
		open->free = numbers;
		open->room = room;
	}
	open->list[open->used] = NULL;
	return (uint32_t)open->used++;
}

static uint32_t first_of(const struct audit_open *open, const struct audit_message *message)
{
	return message->other_cases ? open->others : audit_map_get(&open->by_case, &message->record.case_id);
}

// False: no memory.
static bool set_first(struct audit_open *open, const struct audit_message *message, uint32_t first)
{
	if (message->other_cases)
		open->others = first;
	else if (first == AUDIT_NOWHERE)
		audit_map_remove(&open->by_case, &message->record.case_id);
	else
		return audit_map_put(&open->by_case, &message->record.case_id, first);
	return true;
}

struct audit_message *audit_open_add(struct audit_open *open, const struct sluss_rec_message *record, uint64_t index)
{
	struct audit_message *message = copy(record, index);
	uint32_t at = message == NULL ? AUDIT_NOWHERE : take(open);
	if (at == AUDIT_NOWHERE || !audit_map_put(&open->by_id, &record->message, at)) {
		free(message);
		return NULL;
	}
	open->list[at] = message;
	message->at = at;
	message->next_in_case = first_of(open, message);
	if (message->next_in_case != AUDIT_NOWHERE)
		open->list[message->next_in_case]->previous_in_case = at;
	return set_first(open, message, at) ? message : NULL;
}

static void forget(struct audit_open *open, struct audit_message *message)
{
	if (message->next_in_case != AUDIT_NOWHERE)
		open->list[message->next_in_case]->previous_in_case = message->previous_in_case;
	if (message->previous_in_case != AUDIT_NOWHERE)
		open->list[message->previous_in_case]->next_in_case = message->next_in_case;
	else
		(void)set_first(open, message, message->next_in_case); // its case is in the map already: no growth
	audit_map_remove(&open->by_id, &message->record.message);
	open->list[message->at] = NULL;
	open->free[open->free_count++] = message->at;
	free(message);
}

// ---- questions

const struct sluss_recipient *audit_open_recipient(const struct audit_message *message, const char *agency)
{
	for (size_t i = 0; i < message->record.recipient_count; i++) {
		if (strcmp(message->record.recipients[i].agency, agency) == 0)
			return &message->record.recipients[i];
	}
	return NULL;
}

struct audit_delivery *audit_open_delivery(struct audit_message *message, const char *agency)
{
	const struct sluss_recipient *recipient = audit_open_recipient(message, agency);
	return recipient == NULL ? NULL : &message->deliveries[recipient - message->record.recipients];
}

uint64_t audit_open_needed(const struct audit_message *message)
{
	uint64_t needed = 0;
	for (size_t i = 0; i < message->record.recipient_count; i++)
		needed |= message->deliveries[i].live;
	return needed;
}

void audit_open_settle(struct audit_open *open, struct audit_message *message)
{
	if (message->ended || message->owing || audit_open_needed(message) != 0)
		return;
	size_t place = open->next_ended++ % AUDIT_ENDED_KEPT;
	struct audit_message *leaves = open->ended[place];
	message->ended = true;
	open->ended[place] = message;
	if (leaves != NULL)
		forget(open, leaves);
}

void audit_open_touched(const struct audit_open *open, const struct sluss_id *case_id, audit_open_fn *fn, void *to)
{
	for (uint32_t at = audit_map_get(&open->by_case, case_id); at != AUDIT_NOWHERE;
	     at = open->list[at]->next_in_case)
		fn(to, open->list[at]);
	for (uint32_t at = open->others; at != AUDIT_NOWHERE; at = open->list[at]->next_in_case)
		fn(to, open->list[at]);
}
