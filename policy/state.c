// SPDX-License-Identifier: EUPL-1.2
// Making and freeing a state, and folding one record: dispatch, order of time, the policy in force, agencies.
#include "policy/state_impl.h"

#include <stdlib.h>

struct sluss_state *sluss_state_new(const struct sluss_state_options *options)
{
	struct sluss_state *state = calloc(1, sizeof(*state));
	if (state == NULL)
		return NULL;
	state->options = *options;
	memcpy(&state->key, options->hash_key, sizeof(state->key));
	// A key of zeros (tests) would multiply everything away.
	state->key.k0 ^= UINT64_C(0x2d358dccaa6c78a5);
	state->key.k1 ^= UINT64_C(0x8bb84b93962eacc9);
	state->time_ms = INT64_MIN;
	sluss_array_init(&state->symbols, sizeof(struct symbol));
	sluss_array_init(&state->agencies, sizeof(struct agency));
	sluss_array_init(&state->persons, sizeof(struct person));
	sluss_array_init(&state->cases, sizeof(struct kase));
	sluss_array_init(&state->grants, sizeof(struct grant));
	sluss_array_init(&state->consents, sizeof(struct consent));
	sluss_array_init(&state->statutes, sizeof(struct statute));
	sluss_array_init(&state->recalls, sizeof(struct recall));
	sluss_id_table_init(&state->by_case, CASE_LINE_LOG2);
	sluss_id_table_init(&state->by_consent, CONSENT_SLOT_LOG2);
	state->keeping_ms = INT64_MAX;
	return state;
}

static void free_elements(struct sluss_state *state)
{
	// The texts were allocated by st_intern() and are owned here.
	for (uint32_t i = 0; i < state->symbols.count; i++)
		free((void *)(uintptr_t)SYMBOL(state, i)->text);
	for (uint32_t i = 0; i < state->agencies.count; i++)
		free(AGENCY(state, i)->approvers);
	for (uint32_t i = 0; i < state->persons.count; i++)
		free(PERSON(state, i)->custody.slots);
	for (uint32_t i = 0; i < state->cases.count; i++) {
		free(CASE(state, i)->members);
		free(CASE(state, i)->limits);
	}
	for (uint32_t i = 0; i < state->statutes.count; i++)
		free(STATUTE(state, i)->lists);
}

void sluss_state_free(struct sluss_state **state_at)
{
	struct sluss_state *state = *state_at;
	if (state == NULL)
		return;
	free_elements(state);
	struct sluss_array *const arrays[] = {
	    &state->symbols,
	    &state->agencies,
	    &state->persons,
	    &state->cases,
	    &state->grants,
	    &state->consents,
	    &state->statutes,
	    &state->recalls,
	};
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		sluss_array_clear(arrays[i]);
	struct sluss_index *const indexes[] = {
	    &state->by_name,
	    &state->by_person,
	    &state->by_grant,
	    &state->by_statute,
	    &state->by_recall,
	};
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		sluss_index_clear(indexes[i]);
	sluss_id_table_clear(&state->by_case);
	sluss_id_table_clear(&state->by_consent);
	key_table_clear(&state->keys);
	free(state->heap);
	free(state->notices.at);
	free(state->recalls_open.at);
	free(state);
	*state_at = NULL;
}

size_t sluss_state_memory(const struct sluss_state *state)
{
	const struct sluss_array *const arrays[] = {
	    &state->symbols,
	    &state->agencies,
	    &state->persons,
	    &state->cases,
	    &state->grants,
	    &state->consents,
	    &state->statutes,
	    &state->recalls,
	};
	const struct sluss_index *const indexes[] = {
	    &state->by_name,
	    &state->by_person,
	    &state->by_grant,
	    &state->by_statute,
	    &state->by_recall,
	};
	size_t sum = sizeof(*state) + state->text_memory + state->member_memory +
		     state->heap_room * sizeof(*state->heap) +
		     (state->notices.room + state->recalls_open.room) * sizeof(uint32_t);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		sum += sluss_array_memory(arrays[i]);
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		sum += sluss_index_memory(indexes[i]);
	return sum + sluss_id_table_memory(&state->by_case) + sluss_id_table_memory(&state->by_consent) +
	       key_table_memory(&state->keys);
}

void st_case_before(struct sluss_state *state, uint32_t kase, int64_t at_ms)
{
	st_links_settle(state, kase, at_ms);
	st_settle_case_before(state, CASE(state, kase), at_ms);
}

void st_case_after(struct sluss_state *state, uint32_t kase_at, enum cause cause, int64_t at_ms)
{
	struct kase *kase = CASE(state, kase_at);
	st_note_who(state, kase, cause);
	st_settle_case_after(state, kase, at_ms);
	st_links_settle(state, kase_at, at_ms);
	const struct sluss_programme *programme = st_case_programme(state, kase);
	if (programme != NULL && programme->link_count > 0)
		st_links_touch(state, kase_at, at_ms);
}

// Gives a category its own number, which stays when a later policy orders its categories anew.
static bool number_category(struct sluss_state *state, uint32_t symbol)
{
	struct symbol *name = SYMBOL(state, symbol);
	if (name->category != NO_INDEX)
		return true;
	if (state->category_count >= NO_INDEX)
		return false;
	name->category = (uint8_t)state->category_count;
	state->category_symbol[state->category_count++] = symbol;
	return true;
}

// Interns every name of the policy first, so that nothing can fail once the old one is let go.
static bool intern_policy(struct sluss_state *state, const struct sluss_policy *policy)
{
	for (size_t i = 0; i < policy->category_count; i++) {
		uint32_t symbol = st_intern(state, policy->categories[i]);
		if (symbol == SLUSS_NOWHERE || !number_category(state, symbol))
			return false;
	}
	for (size_t i = 0; i < policy->programme_count; i++) {
		if (st_intern(state, policy->programmes[i].name) == SLUSS_NOWHERE)
			return false;
	}
	for (size_t i = 0; i < policy->provision_count; i++) {
		if (st_intern(state, policy->provisions[i].name) == SLUSS_NOWHERE)
			return false;
	}
	return true;
}

static void bind_policy(struct sluss_state *state, const struct sluss_policy *policy)
{
	for (uint32_t i = 0; i < state->symbols.count; i++) {
		struct symbol *symbol = SYMBOL(state, i);
		symbol->in_policy = NO_INDEX;
		symbol->programme = NO_INDEX;
		symbol->provision = NO_INDEX;
	}
	memset(state->policy_category, 0, sizeof(state->policy_category));
	for (size_t i = 0; i < policy->category_count; i++) {
		struct symbol *symbol = SYMBOL(state, st_find_symbol(state, policy->categories[i]));
		symbol->in_policy = (uint8_t)i;
		state->policy_category[symbol->category] = UINT64_C(1) << i;
	}
	for (size_t i = 0; i < policy->programme_count; i++)
		SYMBOL(state, st_find_symbol(state, policy->programmes[i].name))->programme = (uint8_t)i;
	for (size_t i = 0; i < policy->provision_count; i++)
		SYMBOL(state, st_find_symbol(state, policy->provisions[i].name))->provision = (uint8_t)i;
	state->policy = policy;
}

enum sluss_apply st_apply_policy_set(struct sluss_state *state, const struct sluss_record *record)
{
	if (state->options.lookup == NULL)
		return SLUSS_APPLY_UNKNOWN_POLICY;
	const struct sluss_policy *policy = state->options.lookup(state->options.context, record->u.policy_set.hash);
	if (policy == NULL)
		return SLUSS_APPLY_UNKNOWN_POLICY;
	if (!intern_policy(state, policy))
		return SLUSS_APPLY_NO_MEMORY;
	for (uint32_t i = 0; i < state->cases.count; i++)
		st_case_before(state, i, record->at_ms);
	bind_policy(state, policy);
	state->notices.known = false;
	if (state->grants.count > 0)
		state->keeping_ms = INT64_MIN; // another time for keeping, perhaps
	for (uint32_t i = 0; i < state->cases.count; i++)
		st_case_after(state, i, CAUSE_OTHER, record->at_ms);
	return SLUSS_APPLY_OK;
}

static enum sluss_apply enrol(struct sluss_state *state, const struct sluss_rec_agency_enrolled *enrolled)
{
	if ((unsigned)enrolled->type == 0 || (unsigned)enrolled->type >= SLUSS_AGENCY_TYPES ||
	    text_or_empty(enrolled->agency)[0] == '\0')
		return SLUSS_APPLY_INVALID;
	uint16_t known = st_find_agency(state, enrolled->agency);
	if (known != NO_AGENCY) {
		// An agency that comes back keeps its type: grants were given to that.
		if (AGENCY(state, known)->type != (uint8_t)enrolled->type)
			return SLUSS_APPLY_INVALID;
		AGENCY(state, known)->left = false;
		return SLUSS_APPLY_OK;
	}
	if (state->agencies.count >= NO_AGENCY)
		return SLUSS_APPLY_INVALID;
	uint32_t symbol = st_intern(state, enrolled->agency);
	if (symbol == SLUSS_NOWHERE)
		return SLUSS_APPLY_NO_MEMORY;
	uint32_t at = sluss_array_append(&state->agencies);
	if (at == SLUSS_NOWHERE)
		return SLUSS_APPLY_NO_MEMORY;
	*AGENCY(state, at) = (struct agency){.symbol = symbol, .type = (uint8_t)enrolled->type};
	SYMBOL(state, symbol)->agency = (uint16_t)at;
	return SLUSS_APPLY_OK;
}

static enum sluss_apply set_approvers(struct sluss_state *state, const struct sluss_rec_approvers_set *set)
{
	uint16_t at = st_find_agency(state, set->agency);
	if (at == NO_AGENCY || set->officer_count > UINT16_MAX)
		return SLUSS_APPLY_INVALID;
	uint32_t *approvers = calloc(set->officer_count + 1, sizeof(*approvers));
	if (approvers == NULL)
		return SLUSS_APPLY_NO_MEMORY;
	for (size_t i = 0; i < set->officer_count; i++) {
		approvers[i] = st_intern(state, set->officers[i]);
		if (approvers[i] == SLUSS_NOWHERE) {
			free(approvers);
			return SLUSS_APPLY_NO_MEMORY;
		}
	}
	free(AGENCY(state, at)->approvers);
	AGENCY(state, at)->approvers = approvers;
	AGENCY(state, at)->approver_count = (uint32_t)set->officer_count;
	return SLUSS_APPLY_OK;
}

enum sluss_apply st_apply_agency(struct sluss_state *state, const struct sluss_record *record)
{
	if (record->type == SLUSS_REC_AGENCY_ENROLLED)
		return enrol(state, &record->u.agency_enrolled);
	if (record->type == SLUSS_REC_APPROVERS_SET)
		return set_approvers(state, &record->u.approvers_set);
	uint16_t at = st_find_agency(state, record->u.agency_left.agency);
	if (at == NO_AGENCY)
		return SLUSS_APPLY_INVALID;
	AGENCY(state, at)->left = true;
	return SLUSS_APPLY_OK;
}

static enum sluss_apply dispatch(struct sluss_state *state, const struct sluss_record *record, uint64_t seq)
{
	switch (record->type) {
	case SLUSS_REC_NONE:
		return SLUSS_APPLY_INVALID;
	case SLUSS_REC_POLICY_SET:
		return st_apply_policy_set(state, record);
	case SLUSS_REC_AGENCY_ENROLLED:
	case SLUSS_REC_AGENCY_LEFT:
	case SLUSS_REC_APPROVERS_SET:
		return st_apply_agency(state, record);
	case SLUSS_REC_CASE_OPENED:
	case SLUSS_REC_PERSON_AGE:
	case SLUSS_REC_GUARDIANS_SET:
	case SLUSS_REC_MEMBERS_SET:
	case SLUSS_REC_PHASE_SET:
	case SLUSS_REC_PROTECTION_SET:
	case SLUSS_REC_MATURITY_ASSESSED:
	case SLUSS_REC_VIEW_LIMITED:
		return st_apply_case(state, record, seq);
	case SLUSS_REC_CONSENT_RECORDED:
		return st_apply_consent_recorded(state, record, seq);
	case SLUSS_REC_GRANT_STATUS:
		return st_apply_grant_status(state, record);
	case SLUSS_REC_WITHDRAWAL:
		return st_apply_withdrawal(state, record);
	case SLUSS_REC_STATUTE_REQUESTED:
	case SLUSS_REC_STATUTE_APPROVED:
	case SLUSS_REC_STATUTE_REFUSED:
		return st_apply_statute(state, record);
	case SLUSS_REC_STATUTE_NOTIFIED:
		return st_apply_notified(state, record);
	case SLUSS_REC_MESSAGE_ACCEPTED:
	case SLUSS_REC_RELEASED:
		return st_apply_exchange(state, record);
	case SLUSS_REC_RECALL_OPENED:
	case SLUSS_REC_RECALL_ANSWERED:
	case SLUSS_REC_RECALL_OVERDUE:
		return st_apply_recall(state, record, seq);
	case SLUSS_REC_CLOCK_STEP:
		return record->u.clock_step.to_ms < record->at_ms ? SLUSS_APPLY_INVALID : SLUSS_APPLY_OK;
	case SLUSS_REC_GENESIS:
	case SLUSS_REC_RESTART:
	case SLUSS_REC_SETTINGS:
	case SLUSS_REC_BACKUP:
	case SLUSS_REC_RESTORED:
	case SLUSS_REC_CLOCK_JUMPED:
	case SLUSS_REC_PERSON_ERASED:
	case SLUSS_REC_KEYS_ROTATED:
	case SLUSS_REC_KEY_REVOKED:
	case SLUSS_REC_MESSAGE_DENIED:
	case SLUSS_REC_WITHHELD:
	case SLUSS_REC_PAYLOAD_DESTROYED:
	case SLUSS_REC_ACKNOWLEDGED:
	case SLUSS_REC_MISMATCH_REPORTED:
	case SLUSS_REC_EXPIRED:
	case SLUSS_REC_LOOKED:
	case SLUSS_REC_LOGIN:
	case SLUSS_REC_SESSION:
	case SLUSS_REC_CODE_ISSUED:
	case SLUSS_REC_REPLAY_REPORTED:
	case SLUSS_REC_AGENCY_INVITED:
		return SLUSS_APPLY_OK; // they document; no decision depends on them
	}
	return SLUSS_APPLY_INVALID;
}

enum sluss_apply sluss_state_apply(struct sluss_state *state, const struct sluss_record *record, uint64_t seq)
{
	if (state->broken)
		return SLUSS_APPLY_NO_MEMORY;
	if (seq < state->size || seq == UINT64_MAX)
		return SLUSS_APPLY_INVALID;
	if (record->at_ms < state->time_ms)
		return SLUSS_APPLY_CLOCK;
	enum sluss_apply result = dispatch(state, record, seq);
	if (result == SLUSS_APPLY_NO_MEMORY)
		state->broken = true;
	if (result != SLUSS_APPLY_OK)
		return result;
	state->size = seq + 1;
	state->time_ms = record->type == SLUSS_REC_CLOCK_STEP ? record->u.clock_step.to_ms : record->at_ms;
	return SLUSS_APPLY_OK;
}
