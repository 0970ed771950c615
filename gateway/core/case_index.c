// SPDX-License-Identifier: EUPL-1.2
// Invariant: `cases` maps a case to its newest block, `persons` a person to the newest link, `touched` a message to the
// newest link of the other cases that it is about, all plus one so that 0 is none; blocks and links point to older
// ones, which never change.
#include "case_index.h"

#include <stdlib.h>

#include "idmap.h"

enum { PER_BLOCK = 14 };

struct block {
	uint32_t older; // number plus one
	uint32_t count;
	uint32_t places[PER_BLOCK]; // rising
};

struct link {
	struct sluss_id case_id;
	uint32_t older; // number plus one
};

struct sluss_case_index {
	struct sluss_idmap cases, persons, touched;
	struct block *blocks;
	struct link *links;
	size_t block_count, block_room, link_count, link_room;
};

struct sluss_case_index *sluss_case_index_new(const uint8_t hash_key[16])
{
	struct sluss_case_index *index = calloc(1, sizeof(*index));
	if (index == NULL)
		return NULL;
	sluss_idmap_init(&index->cases, hash_key);
	sluss_idmap_init(&index->persons, hash_key);
	sluss_idmap_init(&index->touched, hash_key);
	return index;
}

void sluss_case_index_free(struct sluss_case_index **index)
{
	if (*index == NULL)
		return;
	sluss_idmap_free(&(*index)->cases);
	sluss_idmap_free(&(*index)->persons);
	sluss_idmap_free(&(*index)->touched);
	free((*index)->blocks);
	free((*index)->links);
	free(*index);
	*index = NULL;
}

// Room for one more of `size` octets; the array, moved, or NULL.
static void *grown(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	size_t more = *room == 0 ? 256 : *room + *room / 2;
	void *larger = more > UINT32_MAX - 1 ? NULL : realloc(array, more * size);
	if (larger != NULL)
		*room = more;
	return larger;
}

static bool add_entry(struct sluss_case_index *index, const struct sluss_id *case_id, uint64_t place)
{
	uint64_t newest;
	if (sluss_id_is_none(case_id))
		return true;
	if (place > UINT32_MAX)
		return false;
	bool known = sluss_idmap_get(&index->cases, case_id, &newest);
	if (!known || index->blocks[newest - 1].count == PER_BLOCK) {
		struct block *blocks = grown(index->blocks, index->block_count, &index->block_room, sizeof(*blocks));
		if (blocks == NULL)
			return false;
		index->blocks = blocks;
		if (!sluss_idmap_put(&index->cases, case_id, index->block_count + 1))
			return false;
		blocks[index->block_count++] = (struct block){.older = known ? (uint32_t)newest : 0};
		newest = index->block_count;
	}
	struct block *block = &index->blocks[newest - 1];
	block->places[block->count++] = (uint32_t)place;
	return true;
}

// The n-th case that is linked to the key; false past the end.
static bool linked(const struct sluss_case_index *index, const struct sluss_idmap *map, const struct sluss_id *key,
    size_t n, struct sluss_id *case_out)
{
	uint64_t newest = 0;
	(void)!sluss_idmap_get(map, key, &newest); // 0 when there is none
	uint32_t at = (uint32_t)newest;
	while (at != 0 && n-- > 0)
		at = index->links[at - 1].older;
	if (at != 0)
		*case_out = index->links[at - 1].case_id;
	return at != 0;
}

static bool add_link(
    struct sluss_case_index *index, struct sluss_idmap *map, const struct sluss_id *key, const struct sluss_id *case_id)
{
	uint64_t newest = 0;
	struct sluss_id known;
	if (sluss_id_is_none(key) || sluss_id_is_none(case_id))
		return true;
	for (size_t n = 0; linked(index, map, key, n, &known); n++)
		if (sluss_id_equal(&known, case_id))
			return true;
	(void)!sluss_idmap_get(map, key, &newest); // 0 when there is none
	struct link *links = grown(index->links, index->link_count, &index->link_room, sizeof(*links));
	if (links == NULL)
		return false;
	index->links = links;
	if (!sluss_idmap_put(map, key, index->link_count + 1))
		return false;
	links[index->link_count++] = (struct link){*case_id, (uint32_t)newest};
	return true;
}

static bool add_guardians(struct sluss_case_index *index, const struct sluss_rec_guardians_set *set)
{
	for (size_t i = 0; i < set->guardian_count; i++)
		if (!add_link(index, &index->persons, &set->guardians[i], &set->case_id))
			return false;
	return true;
}

static bool add_touched(struct sluss_case_index *index, const struct sluss_rec_message *message)
{
	for (size_t i = 0; i < message->section_count; i++)
		for (size_t k = 0; k < message->sections[i].concerned_count; k++) {
			const struct sluss_concerned *concerned = &message->sections[i].concerned[k];
			if (concerned->kind == SLUSS_CONCERNED_OTHER_CASE &&
			    !sluss_id_equal(&concerned->ref, &message->case_id) &&
			    !add_link(index, &index->touched, &message->message, &concerned->ref))
				return false;
		}
	return true;
}

static bool add_to_touched(struct sluss_case_index *index, const struct sluss_id *message, uint64_t place)
{
	struct sluss_id case_id;
	for (size_t n = 0; linked(index, &index->touched, message, n, &case_id); n++)
		if (!add_entry(index, &case_id, place))
			return false;
	return true;
}

static bool add_of_request(
    struct sluss_case_index *index, const struct sluss_state *state, const struct sluss_id *request, uint64_t place)
{
	struct sluss_statute_view view;
	return !sluss_statute_find(state, request, &view) || add_entry(index, &view.case_id, place);
}

static bool add_of_recall(
    struct sluss_case_index *index, const struct sluss_state *state, const struct sluss_id *recall, uint64_t place)
{
	struct sluss_recall_view view;
	return !sluss_recall_find(state, recall, &view) || add_entry(index, &view.case_id, place);
}

bool sluss_case_index_apply(
    struct sluss_case_index *index, const struct sluss_state *state, const struct sluss_record *record, uint64_t place)
{
	switch (record->type) {
	case SLUSS_REC_CASE_OPENED:
		return add_entry(index, &record->u.case_opened.case_id, place) &&
		       add_link(index, &index->persons, &record->u.case_opened.subject, &record->u.case_opened.case_id);
	case SLUSS_REC_GUARDIANS_SET:
		return add_entry(index, &record->u.guardians_set.case_id, place) &&
		       add_guardians(index, &record->u.guardians_set);
	case SLUSS_REC_MEMBERS_SET:
		return add_entry(index, &record->u.members_set.case_id, place);
	case SLUSS_REC_PHASE_SET:
		return add_entry(index, &record->u.phase_set.case_id, place);
	case SLUSS_REC_PROTECTION_SET:
		return add_entry(index, &record->u.protection_set.case_id, place);
	case SLUSS_REC_MATURITY_ASSESSED:
		return add_entry(index, &record->u.maturity_assessed.case_id, place);
	case SLUSS_REC_VIEW_LIMITED:
		return add_entry(index, &record->u.view_limited.case_id, place);
	case SLUSS_REC_CONSENT_RECORDED:
		return add_entry(index, &record->u.consent_recorded.case_id, place);
	case SLUSS_REC_GRANT_STATUS:
		return add_entry(index, &record->u.grant_status.case_id, place);
	case SLUSS_REC_WITHDRAWAL:
		return add_entry(index, &record->u.withdrawal.case_id, place);
	case SLUSS_REC_STATUTE_REQUESTED:
		return add_entry(index, &record->u.statute_requested.case_id, place);
	case SLUSS_REC_STATUTE_APPROVED:
	case SLUSS_REC_STATUTE_REFUSED:
		return add_of_request(index, state, &record->u.statute_approved.request, place);
	case SLUSS_REC_STATUTE_NOTIFIED:
		return add_of_request(index, state, &record->u.statute_notified.request, place);
	case SLUSS_REC_MESSAGE_ACCEPTED:
	case SLUSS_REC_MESSAGE_DENIED:
		return add_entry(index, &record->u.message_accepted.case_id, place) &&
		       add_touched(index, &record->u.message_accepted) &&
		       add_to_touched(index, &record->u.message_accepted.message, place);
	case SLUSS_REC_RELEASED:
	case SLUSS_REC_WITHHELD:
		return add_entry(index, &record->u.released.case_id, place) &&
		       add_to_touched(index, &record->u.released.message, place);
	case SLUSS_REC_PAYLOAD_DESTROYED:
		return add_entry(index, &record->u.payload_destroyed.case_id, place) &&
		       add_to_touched(index, &record->u.payload_destroyed.message, place);
	case SLUSS_REC_ACKNOWLEDGED:
	case SLUSS_REC_MISMATCH_REPORTED:
		return add_entry(index, &record->u.acknowledged.case_id, place);
	case SLUSS_REC_EXPIRED:
		return add_entry(index, &record->u.expired.case_id, place);
	case SLUSS_REC_RECALL_OPENED:
		return add_entry(index, &record->u.recall_opened.case_id, place);
	case SLUSS_REC_RECALL_ANSWERED:
		return add_of_recall(index, state, &record->u.recall_answered.recall, place);
	case SLUSS_REC_RECALL_OVERDUE:
		return add_of_recall(index, state, &record->u.recall_overdue.recall, place);
	case SLUSS_REC_LOOKED:
	case SLUSS_REC_LOGIN:
		return add_entry(index, &record->u.looked.case_id, place);
	case SLUSS_REC_CODE_ISSUED:
		return add_entry(index, &record->u.code_issued.case_id, place);
	case SLUSS_REC_NONE:
	case SLUSS_REC_GENESIS:
	case SLUSS_REC_RESTART:
	case SLUSS_REC_SETTINGS:
	case SLUSS_REC_BACKUP:
	case SLUSS_REC_RESTORED:
	case SLUSS_REC_CLOCK_JUMPED:
	case SLUSS_REC_PERSON_ERASED:
	case SLUSS_REC_CLOCK_STEP:
	case SLUSS_REC_POLICY_SET:
	case SLUSS_REC_AGENCY_ENROLLED:
	case SLUSS_REC_KEYS_ROTATED:
	case SLUSS_REC_KEY_REVOKED:
	case SLUSS_REC_AGENCY_LEFT:
	case SLUSS_REC_APPROVERS_SET:
	case SLUSS_REC_PERSON_AGE:
	case SLUSS_REC_SESSION:
	case SLUSS_REC_REPLAY_REPORTED:
	case SLUSS_REC_AGENCY_INVITED:
		break;
	}
	return true;
}

// ---- reading

void sluss_case_entries(const struct sluss_case_index *index, const struct sluss_id *case_id, uint64_t before,
    struct sluss_case_cursor *cursor_out)
{
	uint64_t newest = 0;
	(void)!sluss_idmap_get(&index->cases, case_id, &newest); // 0 when there is none
	uint32_t block = (uint32_t)newest;
	while (block != 0 && index->blocks[block - 1].places[0] >= before)
		block = index->blocks[block - 1].older;
	uint32_t left = block == 0 ? 0 : index->blocks[block - 1].count;
	while (left > 0 && index->blocks[block - 1].places[left - 1] >= before)
		left--;
	*cursor_out = (struct sluss_case_cursor){index, block, left};
}

bool sluss_case_entry_next(struct sluss_case_cursor *cursor, uint64_t *place_out)
{
	if (cursor->block == 0)
		return false;
	const struct block *block = &cursor->index->blocks[cursor->block - 1];
	*place_out = block->places[--cursor->left];
	if (cursor->left == 0) {
		cursor->block = block->older;
		cursor->left = cursor->block == 0 ? 0 : cursor->index->blocks[cursor->block - 1].count;
	}
	return true;
}

bool sluss_person_case(
    const struct sluss_case_index *index, const struct sluss_id *person, size_t n, struct sluss_id *case_out)
{
	return linked(index, &index->persons, person, n, case_out);
}
