// SPDX-License-Identifier: EUPL-1.2
// The slow way: every element in turn, no look-up that is looked at here.
#include "world_tables.h"

#include "policy/state_impl.h"

static bool same_facts(const struct facts *a, const struct facts *b)
{
	return a->guardians == b->guardians && a->age_from == b->age_from && a->age_until == b->age_until &&
	       a->protected_identity == b->protected_identity;
}

static bool case_holds(const struct sluss_state *state, uint32_t at)
{
	const struct kase *kase = CASE(state, at);
	const struct case_line *line = st_line(state, kase);
	if (line->slot.at != at + 1 || !sluss_id_equal(&line->slot.id, &kase->id) ||
	    st_find_case(state, &kase->id) != at || !same_facts(&line->facts, &PERSON(state, kase->subject)->facts))
		return false;
	for (uint32_t agency = 0; agency < state->agencies.count; agency++) {
		bool member = st_find_member(kase, (uint16_t)agency) != NULL;
		if (st_is_member(state, line, (uint16_t)agency) != member)
			return false;
	}
	return !st_is_member(state, line, NO_AGENCY);
}

static uint32_t slots_taken(const struct sluss_id_table *table)
{
	uint32_t taken = 0;
	for (uint32_t i = 0; i < sluss_id_table_slots(table); i++)
		taken += sluss_id_table_at(table, i)->at != 0;
	return taken;
}

static bool consents_hold(const struct sluss_state *state)
{
	for (uint32_t i = 0; i < state->consents.count; i++) {
		const struct consent *consent = CONSENT(state, i);
		const struct consent_slot *slot =
		    st_find_consent_slot(state, st_hash_id(state, &consent->id), &consent->id);
		if (slot == NULL || slot->slot.at != i + 1 || slot->kase != consent->kase)
			return false;
	}
	return slots_taken(&state->by_consent) == state->consents.count;
}

// At an instant: what the slot says is what the versions say. It may say nothing.
static bool says_the_same(const struct sluss_state *state, const struct key_slot *slot, uint32_t newest, int64_t at_ms)
{
	if (at_ms >= key_slot_until_ms(slot))
		return true;
	const struct kase *kase = CASE(state, GRANT(state, newest)->kase);
	struct agreement agreement = st_case_agreement(state, kase);
	uint32_t stands = st_version_in_force(state, newest, at_ms);
	return stands != SLUSS_NOWHERE && sluss_id_equal(&GRANT(state, stands)->id, &slot->permits) &&
	       st_grant_standing(kase, &agreement, GRANT(state, stands), at_ms) == SLUSS_OK_CONSENT;
}

static bool key_holds(const struct sluss_state *state, uint32_t newest)
{
	const struct grant *head = GRANT(state, newest);
	uint32_t number = st_find_key_slot(state, head->kase, head->key);
	if (number == SLUSS_NOWHERE || *key_table_newest(&state->keys, number) != newest)
		return false;
	const struct key_slot *slot = key_table_slot(&state->keys, number);
	int64_t now_ms = state->time_ms;
	if (!says_the_same(state, slot, newest, now_ms) ||
	    (key_slot_until_ms(slot) > now_ms && !says_the_same(state, slot, newest, key_slot_until_ms(slot) - 1)))
		return false;
	for (uint32_t at = newest; at != SLUSS_NOWHERE; at = GRANT(state, at)->older) {
		const int64_t edges[] = {GRANT(state, at)->from_ms, GRANT(state, at)->until_ms};
		for (size_t i = 0; i < 2; i++) {
			if (edges[i] > now_ms && (!says_the_same(state, slot, newest, edges[i] - 1) ||
						     !says_the_same(state, slot, newest, edges[i])))
				return false;
		}
	}
	return true;
}

// Whether a version is the first of its key on the list of its case, which is the newest.
static bool is_newest(const struct sluss_state *state, uint32_t at)
{
	uint32_t first = CASE(state, GRANT(state, at)->kase)->first_grant;
	while (first != at && GRANT(state, first)->key != GRANT(state, at)->key)
		first = GRANT(state, first)->next_in_case;
	return first == at;
}

static uint32_t keys_taken(const struct key_table *table)
{
	uint32_t taken = 0;
	for (uint32_t part = 0; part < KEY_PARTS; part++) {
		for (uint32_t i = 0; i < key_part_slots(&table->parts[part]); i++)
			taken += table->parts[part].lines[i / 2].slots[i % 2].kase != 0;
	}
	return taken;
}

bool world_tables_hold(const struct sluss_state *state)
{
	uint32_t keys = 0;
	for (uint32_t i = 0; i < state->cases.count; i++) {
		if (!case_holds(state, i))
			return false;
	}
	for (uint32_t i = 0; i < state->grants.count; i++) {
		if (!is_newest(state, i))
			continue;
		keys++;
		if (!key_holds(state, i))
			return false;
	}
	return keys == keys_taken(&state->keys) && keys == key_table_count(&state->keys) &&
	       slots_taken(&state->by_case) == state->cases.count && consents_hold(state);
}
