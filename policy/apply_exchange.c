// SPDX-License-Identifier: EUPL-1.2
// Folds statutory requests, and what messages leave behind in the state.
#include "policy/state_impl.h"

#include <stdlib.h>

// The recipients and categories of a request as small numbers, or NULL with *result_out set.
static uint16_t *request_lists(
    struct sluss_state *state, const struct sluss_rec_statute_requested *request, enum sluss_apply *result_out)
{
	*result_out = SLUSS_APPLY_NO_MEMORY;
	uint16_t *lists = calloc(request->recipient_count + request->category_count + 1, sizeof(*lists));
	if (lists == NULL)
		return NULL;
	*result_out = SLUSS_APPLY_INVALID;
	for (size_t i = 0; i < request->recipient_count; i++) {
		lists[i] = st_find_agency(state, request->recipients[i]);
		if (lists[i] == NO_AGENCY)
			goto invalid;
	}
	for (size_t i = 0; i < request->category_count; i++) {
		uint32_t symbol = st_find_symbol(state, request->categories[i]);
		if (symbol == SLUSS_NOWHERE || SYMBOL(state, symbol)->category == NO_INDEX)
			goto invalid;
		lists[request->recipient_count + i] = SYMBOL(state, symbol)->category;
	}
	return lists;
invalid:
	free(lists);
	return NULL;
}

static enum sluss_apply request_statute(struct sluss_state *state, const struct sluss_record *record)
{
	const struct sluss_rec_statute_requested *request = &record->u.statute_requested;
	uint32_t kase = st_find_case(state, &request->case_id);
	uint16_t agency = st_find_agency(state, request->agency);
	enum sluss_apply result = SLUSS_APPLY_INVALID;
	if (kase == SLUSS_NOWHERE || agency == NO_AGENCY || sluss_id_is_none(&request->request) ||
	    request->recipient_count > 1024 || request->category_count > NO_INDEX ||
	    (unsigned)request->message_type >= SLUSS_MESSAGE_TYPES ||
	    st_find_statute(state, &request->request) != SLUSS_NOWHERE)
		return SLUSS_APPLY_INVALID;
	uint16_t *lists = request_lists(state, request, &result);
	if (lists == NULL)
		return result;
	uint32_t provision = st_intern(state, request->provision);
	uint32_t officer = st_intern(state, request->officer);
	uint32_t at = SLUSS_NOWHERE;
	if (provision != SLUSS_NOWHERE && officer != SLUSS_NOWHERE && sluss_index_reserve(&state->by_statute, 1) &&
	    st_notice_reserve(state))
		at = sluss_array_append(&state->statutes);
	if (at == SLUSS_NOWHERE) {
		free(lists);
		return SLUSS_APPLY_NO_MEMORY;
	}
	struct statute *statute = STATUTE(state, at);
	*statute = (struct statute){
	    .id = request->request,
	    .kase = kase,
	    .provision = provision,
	    .officer = officer,
	    .approver = SLUSS_NOWHERE,
	    .agency = agency,
	    .type = (uint8_t)request->message_type,
	    .deferred = request->deferred,
	    .necessity = request->necessity,
	    .requested_ms = record->at_ms,
	    .notify_ms = request->deferred ? request->notify_ms : record->at_ms,
	    .recipient_count = (uint16_t)request->recipient_count,
	    .category_count = (uint16_t)request->category_count,
	    .lists = lists,
	};
	sluss_index_insert(&state->by_statute, st_hash_id(state, &request->request), at);
	st_notice_add(state, at);
	return SLUSS_APPLY_OK;
}

static enum sluss_apply answer_statute(struct sluss_state *state, const struct sluss_record *record)
{
	bool approved = record->type == SLUSS_REC_STATUTE_APPROVED;
	const struct sluss_rec_statute_answered *answer =
	    approved ? &record->u.statute_approved : &record->u.statute_refused;
	uint32_t at = st_find_statute(state, &answer->request);
	if (at == SLUSS_NOWHERE || STATUTE(state, at)->approved || STATUTE(state, at)->refused ||
	    STATUTE(state, at)->agency != st_find_agency(state, answer->agency))
		return SLUSS_APPLY_INVALID;
	uint32_t officer = st_intern(state, answer->officer);
	if (officer == SLUSS_NOWHERE)
		return SLUSS_APPLY_NO_MEMORY;
	struct statute *statute = STATUTE(state, at);
	statute->approver = officer;
	statute->approved = approved;
	statute->refused = !approved;
	statute->approved_ms = record->at_ms;
	st_notice_changed(state, at);
	return SLUSS_APPLY_OK;
}

enum sluss_apply st_apply_statute(struct sluss_state *state, const struct sluss_record *record)
{
	if (record->type == SLUSS_REC_STATUTE_REQUESTED)
		return request_statute(state, record);
	return answer_statute(state, record);
}

enum sluss_apply st_apply_exchange(struct sluss_state *state, const struct sluss_record *record)
{
	if (record->type == SLUSS_REC_MESSAGE_ACCEPTED) {
		const struct sluss_rec_message *message = &record->u.message_accepted;
		uint32_t kase = st_find_case(state, &message->case_id);
		if (kase == SLUSS_NOWHERE || (unsigned)message->message_type >= SLUSS_MESSAGE_TYPES)
			return SLUSS_APPLY_INVALID;
		CASE(state, kase)->types_seen |= 1u << message->message_type;
		return SLUSS_APPLY_OK;
	}
	const struct sluss_rec_release *released = &record->u.released;
	for (size_t i = 0; i < released->pair_count; i++) {
		for (size_t k = 0; k < released->pairs[i].ground_count; k++) {
			uint32_t grant = st_find_grant(state, &released->pairs[i].grounds[k]);
			uint32_t statute = st_find_statute(state, &released->pairs[i].grounds[k]);
			if (grant != SLUSS_NOWHERE && GRANT(state, grant)->releases < UINT32_MAX)
				GRANT(state, grant)->releases++;
			if (grant != SLUSS_NOWHERE)
				st_keeping_touch(state, GRANT(state, grant));
			if (statute != SLUSS_NOWHERE && STATUTE(state, statute)->uses < UINT32_MAX)
				STATUTE(state, statute)->uses++;
		}
	}
	return SLUSS_APPLY_OK;
}
