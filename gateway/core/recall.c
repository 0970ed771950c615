// SPDX-License-Identifier: EUPL-1.2
// Recalls are made in three steps: which grants of the case carry nothing any more, which agencies that concerns (who
// received on them, and whose own mark rested on them), and which sections each was handed on them, from the case's
// releases in the log.
#include "recall.h"

#include <stdlib.h>

#include "svc_common.h"
#include "writer.h"

enum {
	SECTIONS_MAX = 64,
	PIECE = 1024,	       // grants, and messages, of one record: it stays well under an entry's 65,535 octets
	SCRATCH_MAX = 1 << 20, // for one entry
};

struct item {
	struct sluss_id message;
	uint64_t sections;
};

struct asked { // one agency
	char agency[SLUSS_AGENCY_MAX + 1];
	bool received, mark;
	struct sluss_id *grants;
	size_t grant_count, grant_room;
	struct item *items;
	size_t item_count, item_room;
};

struct recalling {
	struct sluss_writer *writer;
	enum sluss_recall_cause cause;
	struct asked *asked;
	size_t count, room;
	bool failed;
};

// Room for one more element behind `count`.
static bool grow(void *array_at, size_t count, size_t *room, size_t size)
{
	void *old, *larger;
	if (count < *room)
		return true;
	memcpy(&old, array_at, sizeof(old));
	size_t wanted = *room == 0 ? 16 : *room * 2;
	if ((larger = reallocarray(old, wanted, size)) == NULL)
		return false;
	memcpy(array_at, &larger, sizeof(larger));
	*room = wanted;
	return true;
}

static struct asked *find(struct recalling *r, const char *agency)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->asked[i].agency, agency) == 0)
			return &r->asked[i];
	return NULL;
}

static struct asked *find_or_add(struct recalling *r, const char *agency)
{
	struct asked *asked = find(r, agency);
	if (asked != NULL)
		return asked;
	if (strlen(agency) > SLUSS_AGENCY_MAX || !grow(&r->asked, r->count, &r->room, sizeof(*r->asked)))
		return NULL;
	asked = &r->asked[r->count++];
	*asked = (struct asked){0};
	memcpy(asked->agency, agency, strlen(agency) + 1);
	return asked;
}

static bool add_grant(struct recalling *r, const char *agency, const struct sluss_id *grant, struct asked **asked_out)
{
	struct asked *asked = *asked_out = find_or_add(r, agency);
	if (asked == NULL || !grow(&asked->grants, asked->grant_count, &asked->grant_room, sizeof(*asked->grants)))
		return false;
	asked->grants[asked->grant_count++] = *grant;
	return true;
}

// ---- which grants

static bool is_over(const struct recalling *r, const struct sluss_grant_view *grant)
{
	if ((!grant->completed && !grant->received) || grant->recalled)
		return false;
	switch (r->cause) {
	case SLUSS_RECALL_WITHDRAWAL:
		return grant->standing == SLUSS_WITHDRAWN;
	case SLUSS_RECALL_EXPIRY:
		return sluss_grant_kept_too_long(r->writer->world->state, &grant->grant, r->writer->now_ms);
	case SLUSS_RECALL_CLOSING:
		return true;
	case SLUSS_RECALL_NONE:
		break;
	}
	return false;
}

static bool keeps_mark(const struct recalling *r, const char *agency)
{
	const struct sluss_state *state = r->writer->world->state;
	const struct sluss_policy *policy = sluss_state_policy(state);
	return policy != NULL && sluss_policy_register_mark(policy, sluss_state_agency_type(state, agency));
}

// A grant to or from an agency with a mark of its own: the mark rested on it.
static bool note_mark(struct recalling *r, const struct sluss_grant_view *grant, const char *agency)
{
	struct asked *asked;
	if (!keeps_mark(r, agency))
		return true;
	if (!add_grant(r, agency, &grant->grant, &asked))
		return false;
	asked->mark = true;
	return true;
}

static bool note_grant(void *context, const struct sluss_grant_view *grant)
{
	struct recalling *r = context;
	struct asked *asked = NULL;
	if (!is_over(r, grant))
		return true;
	bool own_mark = keeps_mark(r, grant->recipient);
	r->failed = (grant->received && !own_mark && !add_grant(r, grant->recipient, &grant->grant, &asked)) ||
		    !note_mark(r, grant, grant->sender) || !note_mark(r, grant, grant->recipient);
	asked = r->failed || !grant->received ? NULL : find(r, grant->recipient);
	if (asked != NULL)
		asked->received = true;
	return !r->failed;
}

// The mark still rests on a grant that permits, will permit, or is only paused.
static bool spare_mark(void *context, const struct sluss_grant_view *grant)
{
	struct recalling *r = context;
	if (grant->standing != SLUSS_OK_CONSENT && grant->standing != SLUSS_PAUSED && grant->standing != SLUSS_NOT_YET)
		return true;
	struct asked *sender = find(r, grant->sender), *recipient = find(r, grant->recipient);
	if (sender != NULL)
		sender->mark = false;
	if (recipient != NULL)
		recipient->mark = false;
	return true;
}

// ---- which sections

static bool rests_on(const struct sluss_pair *pair, const struct asked *asked)
{
	for (size_t i = 0; i < pair->ground_count; i++)
		for (size_t k = 0; k < asked->grant_count; k++)
			if (sluss_id_equal(&pair->grounds[i], &asked->grants[k]))
				return true;
	return false;
}

// A message may have been handed out more than once.
static bool add_sections(struct asked *asked, const struct sluss_id *message, uint64_t sections)
{
	for (size_t i = 0; i < asked->item_count; i++)
		if (sluss_id_equal(&asked->items[i].message, message)) {
			asked->items[i].sections |= sections;
			return true;
		}
	if (!grow(&asked->items, asked->item_count, &asked->item_room, sizeof(*asked->items)))
		return false;
	asked->items[asked->item_count++] = (struct item){*message, sections};
	return true;
}

static bool note_release(struct recalling *r, const struct sluss_rec_release *release)
{
	struct asked *asked = find(r, release->recipient);
	uint64_t sections = 0;
	for (size_t i = 0; asked != NULL && asked->received && i < release->pair_count; i++)
		if (release->pairs[i].section < SECTIONS_MAX && rests_on(&release->pairs[i], asked))
			sections |= UINT64_C(1) << release->pairs[i].section;
	return sections == 0 || add_sections(asked, &release->message, sections);
}

static bool read_release(struct recalling *r, uint64_t place)
{
	struct sluss_writer *w = r->writer;
	struct sluss_arena *scratch = sluss_arena_new(SCRATCH_MAX);
	struct sluss_record record;
	sluss_codec_reset(w->read_codec);
	bool ok = scratch != NULL && sluss_batch_record(w, scratch, place, &record) &&
		  (record.type != SLUSS_REC_RELEASED || note_release(r, &record.u.released));
	sluss_arena_free(&scratch);
	return ok;
}

static bool read_releases(struct recalling *r, const struct sluss_id *case_id)
{
	bool received = false;
	for (size_t i = 0; i < r->count; i++)
		received |= r->asked[i].received;
	struct sluss_case_cursor cursor;
	uint64_t place;
	sluss_case_entries(r->writer->world->cases, case_id, UINT64_MAX, &cursor);
	while (received && sluss_case_entry_next(&cursor, &place))
		if (!read_release(r, place))
			return false;
	return true;
}

// ---- the records

static bool fill_items(
    struct sluss_arena *arena, const struct asked *asked, size_t from, struct sluss_rec_recall_opened *opened)
{
	size_t count = asked->item_count - from < PIECE ? asked->item_count - from : PIECE;
	struct sluss_recalled *recalled = sluss_arena_array(arena, count + 1, sizeof(*recalled));
	for (size_t i = 0; recalled != NULL && i < count; i++) {
		const struct item *item = &asked->items[from + i];
		uint32_t *sections = sluss_arena_array(arena, SECTIONS_MAX, sizeof(*sections));
		if (sections == NULL)
			return false;
		recalled[i] = (struct sluss_recalled){.message = item->message, .sections = sections};
		for (uint32_t s = 0; s < SECTIONS_MAX; s++)
			if ((item->sections & (UINT64_C(1) << s)) != 0)
				sections[recalled[i].section_count++] = s;
	}
	opened->recalled = recalled;
	opened->recalled_count = count;
	return recalled != NULL;
}

// One recall, or more where one entry could not hold it.
static bool append_recalls(struct recalling *r, const struct asked *asked, struct sluss_rec_recall_opened common,
    sluss_recall_fn *made, void *context)
{
	const struct sluss_policy *policy = sluss_state_policy(r->writer->world->state);
	common.agency = asked->agency;
	common.due_ms = policy == NULL ? r->writer->now_ms : sluss_policy_recall_due_ms(policy, r->writer->now_ms);
	for (size_t grant = 0, item = 0; grant < asked->grant_count || item < asked->item_count;
	     grant += PIECE, item += PIECE) {
		struct sluss_record record = {.type = SLUSS_REC_RECALL_OPENED, .u.recall_opened = common};
		struct sluss_rec_recall_opened *opened = &record.u.recall_opened;
		struct sluss_arena *arena = sluss_arena_new(SCRATCH_MAX);
		sluss_id_random(&opened->recall);
		opened->register_mark = asked->mark && grant == 0;
		if (grant < asked->grant_count) {
			opened->grants = asked->grants + grant;
			opened->grant_count = asked->grant_count - grant < PIECE ? asked->grant_count - grant : PIECE;
		}
		bool ok = arena != NULL && (item >= asked->item_count || fill_items(arena, asked, item, opened)) &&
			  sluss_batch_append(r->writer, &record, NULL) == SLUSS_BATCH_OK &&
			  (made == NULL || made(context, opened));
		sluss_arena_free(&arena);
		if (!ok)
			return false;
	}
	return true;
}

static void clear(struct recalling *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->asked[i].grants);
		free(r->asked[i].items);
	}
	free(r->asked);
}

bool sluss_recall_open(struct sluss_writer *w, const struct sluss_id *case_id, enum sluss_recall_cause cause,
    const struct sluss_id *withdrawal, sluss_recall_fn *made, void *context)
{
	struct recalling r = {.writer = w, .cause = cause};
	struct sluss_rec_recall_opened common = {.case_id = *case_id, .cause = cause};
	if (withdrawal != NULL)
		common.withdrawal = *withdrawal;
	sluss_case_each_grant(w->world->state, case_id, w->now_ms, note_grant, &r);
	if (cause != SLUSS_RECALL_CLOSING)
		sluss_case_each_grant(w->world->state, case_id, w->now_ms, spare_mark, &r);
	bool ok = !r.failed && read_releases(&r, case_id);
	for (size_t i = 0; ok && i < r.count; i++)
		if (r.asked[i].received || r.asked[i].mark)
			ok = append_recalls(&r, &r.asked[i], common, made, context);
	clear(&r);
	return ok || sluss_batch_spoil(w, "recall", "what was received could not be asked back");
}

bool sluss_txn_recall(struct sluss_txn *txn, const struct sluss_id *case_id, enum sluss_recall_cause cause,
    const struct sluss_id *withdrawal, sluss_recall_fn *made, void *context)
{
	return sluss_recall_open(sluss_writer_of(txn), case_id, cause, withdrawal, made, context) || svc_no_memory(txn);
}
