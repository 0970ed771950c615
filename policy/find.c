// SPDX-License-Identifier: EUPL-1.2
// From names and ids to positions in the state.
#include "policy/state_impl.h"

#include <stdlib.h>

uint32_t st_find_symbol(const struct sluss_state *state, const char *text)
{
	text = text_or_empty(text);
	size_t len = strlen(text);
	uint64_t hash = sluss_hash(&state->key, text, len);
	uint32_t probe = 0;
	for (;;) {
		uint32_t at = sluss_index_next(&state->by_name, hash, &probe);
		if (at == SLUSS_NOWHERE)
			return at;
		const struct symbol *symbol = SYMBOL(state, at);
		if (symbol->len == len && sluss_hash_same(symbol->text, text, len))
			return at;
	}
}

uint32_t st_intern(struct sluss_state *state, const char *text)
{
	text = text_or_empty(text);
	uint32_t at = st_find_symbol(state, text);
	if (at != SLUSS_NOWHERE)
		return at;
	size_t len = strlen(text);
	if (len > UINT16_MAX)
		return SLUSS_NOWHERE;
	// Names are few and every question has three: no more than a quarter full, so that hardly any search goes on.
	if (!sluss_index_reserve(&state->by_name, 1 + (size_t)state->symbols.count * 2) ||
	    !sluss_array_reserve(&state->symbols, 1))
		return SLUSS_NOWHERE;
	char *copy = malloc(len + 1);
	if (copy == NULL)
		return SLUSS_NOWHERE;
	memcpy(copy, text, len + 1);
	state->text_memory += len + 1;
	at = sluss_array_append(&state->symbols);
	*SYMBOL(state, at) = (struct symbol){
	    .text = copy,
	    .len = (uint32_t)len,
	    .agency = NO_AGENCY,
	    .category = NO_INDEX,
	    .in_policy = NO_INDEX,
	    .programme = NO_INDEX,
	    .provision = NO_INDEX,
	};
	sluss_index_insert(&state->by_name, sluss_hash(&state->key, copy, len), at);
	return at;
}

const char *st_symbol_text(const struct sluss_state *state, uint32_t symbol)
{
	return symbol == SLUSS_NOWHERE ? "" : SYMBOL(state, symbol)->text;
}

uint16_t st_find_agency(const struct sluss_state *state, const char *name)
{
	uint32_t symbol = st_find_symbol(state, name);
	return symbol == SLUSS_NOWHERE ? (uint16_t)NO_AGENCY : SYMBOL(state, symbol)->agency;
}

// Every element that is found by id has it at a known offset: one search serves all.
static uint32_t find_hashed(const struct sluss_index *index, const struct sluss_array *array, size_t offset,
    uint64_t hash, const struct sluss_id *id)
{
	uint32_t probe = 0;
	for (;;) {
		uint32_t at = sluss_index_next(index, hash, &probe);
		if (at == SLUSS_NOWHERE)
			return at;
		const uint8_t *element = sluss_array_at(array, at);
		if (memcmp(element + offset, id->b, sizeof(id->b)) == 0)
			return at;
	}
}

static uint32_t find_by_id(const struct sluss_state *state, const struct sluss_index *index,
    const struct sluss_array *array, size_t offset, const struct sluss_id *id)
{
	return find_hashed(index, array, offset, st_hash_id(state, id), id);
}

uint32_t st_find_person(const struct sluss_state *state, const struct sluss_id *id)
{
	return find_by_id(state, &state->by_person, &state->persons, offsetof(struct person, id), id);
}

uint32_t st_find_case(const struct sluss_state *state, const struct sluss_id *id)
{
	const struct case_line *line = st_find_line(state, st_hash_id(state, id), id);
	return line == NULL ? SLUSS_NOWHERE : line->slot.at - 1;
}

uint32_t st_find_grant(const struct sluss_state *state, const struct sluss_id *id)
{
	return find_by_id(state, &state->by_grant, &state->grants, offsetof(struct grant, id), id);
}

uint32_t st_find_consent(const struct sluss_state *state, const struct sluss_id *id)
{
	const struct consent_slot *slot = st_find_consent_slot(state, st_hash_id(state, id), id);
	return slot == NULL ? SLUSS_NOWHERE : slot->slot.at - 1;
}

uint32_t st_find_statute(const struct sluss_state *state, const struct sluss_id *id)
{
	return find_by_id(state, &state->by_statute, &state->statutes, offsetof(struct statute, id), id);
}

uint32_t st_find_recall(const struct sluss_state *state, const struct sluss_id *id)
{
	return find_by_id(state, &state->by_recall, &state->recalls, offsetof(struct recall, id), id);
}

uint32_t st_find_key_slot(const struct sluss_state *state, uint32_t kase, uint64_t key)
{
	uint64_t hash = st_hash_key(state, st_hash_id(state, &CASE(state, kase)->id), key);
	return key_table_find(&state->keys, hash, kase, key);
}

uint32_t st_find_key(const struct sluss_state *state, uint32_t kase, uint64_t key)
{
	uint32_t slot = st_find_key_slot(state, kase, key);
	return slot == SLUSS_NOWHERE ? SLUSS_NOWHERE : *key_table_newest(&state->keys, slot);
}

uint32_t st_need_person(struct sluss_state *state, const struct sluss_id *id)
{
	uint32_t at = st_find_person(state, id);
	if (at != SLUSS_NOWHERE)
		return at;
	if (!sluss_index_reserve(&state->by_person, 1) || !sluss_array_reserve(&state->persons, 1))
		return SLUSS_NOWHERE;
	at = sluss_array_append(&state->persons);
	struct person *person = PERSON(state, at);
	person->id = *id;
	person->first_case = SLUSS_NOWHERE;
	sluss_index_insert(&state->by_person, st_hash_id(state, id), at);
	return at;
}

const struct member *st_find_member(const struct kase *kase, uint16_t agency)
{
	if (kase->members == NULL || agency == NO_AGENCY)
		return NULL;
	for (uint16_t i = 0; i < kase->members->count; i++) {
		if (kase->members->list[i].agency == agency)
			return &kase->members->list[i];
	}
	return NULL;
}

bool st_is_contact(
    const struct sluss_state *state, const struct kase *kase, uint16_t agency, const char *officer, bool coordinator)
{
	const struct member *member = st_find_member(kase, agency);
	uint32_t symbol = st_find_symbol(state, officer);
	if (member == NULL || symbol == SLUSS_NOWHERE || text_or_empty(officer)[0] == '\0')
		return false;
	for (uint16_t i = 0; i < member->count; i++) {
		uint32_t entry = kase->members->officers[member->first + i];
		if (entry >> 1 == symbol && (!coordinator || (entry & 1u) != 0))
			return true;
	}
	return false;
}

uint32_t st_person_bit(const struct sluss_state *state, const struct kase *kase, uint32_t person)
{
	if (person == SLUSS_NOWHERE)
		return 0;
	if (person == kase->subject)
		return SUBJECT_BIT;
	const struct custody *custody = &PERSON(state, kase->subject)->custody;
	for (unsigned i = 0; i < custody->count; i++) {
		if (custody->slots[i].person == person)
			return 2u << i;
	}
	return 0;
}
