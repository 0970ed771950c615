// SPDX-License-Identifier: EUPL-1.2
// PersonService.ListNotices: what happened in a case that the person should know of, newest first. A page of it is a
// stretch of the log; agreements whose time ended within that stretch join it, as nothing in the log says so. What is
// kept from the person (a notice that is deferred, a recall of what a guardian may not see) leaves no trace.
#include <stdio.h>
#include <stdlib.h>

#include "log_record.h"
#include "svc_common.h"
#include "svc_person.h"
#include "writer.h"

enum {
	PAGE_DEFAULT = 50,
	PAGE_MAX = 500,
	LOOK_MAX = 4096, // entries that one call reads at most; the token goes on from there
	EXPIRED_MAX = 1024,
};

typedef Sluss__V1__PersonNotice notice_t;

struct listing {
	struct sluss_txn *txn;
	const struct svc_person_case *part;
	notice_t **rows;
	size_t count, limit, room;
	int64_t after_ms, until_ms; // the stretch: after_ms < time <= until_ms
	bool failed;
};

static notice_t *new_notice(
    struct listing *to, int64_t at_ms, Sluss__V1__PersonNoticeKind kind, const struct sluss_id *person)
{
	struct sluss_txn *txn = to->txn;
	notice_t *n = to->count == to->room ? NULL : sluss_arena_alloc(txn->arena, sizeof(*n));
	if (n == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	sluss__v1__person_notice__init(n);
	n->at = svc_time(txn, at_ms);
	n->kind = kind;
	if (person != NULL) {
		n->own = sluss_id_equal(person, &txn->session->person);
		if (!n->own && (n->name = svc_person_name(txn, person)) == NULL)
			return NULL;
	}
	to->rows[to->count++] = n;
	return n;
}

static bool about_grants(struct sluss_txn *txn, notice_t *n, const struct sluss_id *grants, size_t count)
{
	n->grants = (uint32_t)count;
	n->categories = svc_person_categories(txn, grants, count, &n->n_categories);
	return n->categories != NULL;
}

static bool add_recall(struct listing *to, const struct sluss_record *record, const struct sluss_id *id,
    Sluss__V1__PersonNoticeKind kind, const char *provision)
{
	struct sluss_txn *txn = to->txn;
	struct sluss_recall_view recall;
	struct sluss_bytes entry;
	struct sluss_record opened;
	struct sluss_codec *codec = sluss_codec_new();
	bool ok = codec != NULL;
	notice_t *n = NULL;
	if (ok && sluss_recall_find(txn->state, id, &recall)) {
		ok = sluss_txn_entry(txn, recall.seq, &entry) &&
		     sluss_record_decode(codec, entry, &opened, NULL) == SLUSS_CODEC_OK;
		if (ok && !svc_person_recall_hidden(txn, to->part, &opened.u.recall_opened)) {
			n = new_notice(to, record->at_ms, kind, NULL);
			ok = n != NULL &&
			     about_grants(txn, n, opened.u.recall_opened.grants, opened.u.recall_opened.grant_count);
		}
	}
	if (ok && n != NULL) {
		n->agency_id = sluss_arena_text(txn->arena, recall.agency);
		n->provision = sluss_arena_text(txn->arena, provision);
		n->until = svc_time(
		    txn, kind == SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_RECALL_OPENED ? recall.due_ms : 0);
		ok = n->agency_id != NULL && n->provision != NULL;
	}
	sluss_codec_free(&codec);
	return ok || svc_no_memory(txn);
}

static char **texts(struct sluss_txn *txn, const struct sluss_id *request,
    const char *(*at)(const struct sluss_state *, const struct sluss_id *, size_t), size_t count)
{
	char **names = sluss_arena_array(txn->arena, count, sizeof(*names));
	for (size_t i = 0; names != NULL && i < count; i++)
		if ((names[i] = sluss_arena_text(txn->arena, at(txn->state, request, i))) == NULL)
			return NULL;
	return names;
}

// The log says who is told, and writes it down when the time has come.
static bool add_law(struct listing *to, const struct sluss_record *record)
{
	const struct sluss_rec_statute_notified *told = &record->u.statute_notified;
	struct sluss_txn *txn = to->txn;
	struct sluss_statute_view view;
	if (!sluss_id_equal(&told->person, &txn->session->person) ||
	    !sluss_statute_find(txn->state, &told->request, &view))
		return true;
	notice_t *n = new_notice(to, record->at_ms, SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_LAW, NULL);
	if (n == NULL)
		return false;
	n->agency_id = sluss_arena_text(txn->arena, view.agency);
	n->provision = sluss_arena_text(txn->arena, view.provision);
	n->until = svc_time(txn, view.until_ms);
	n->n_receiver_agency_ids = view.recipient_count;
	n->receiver_agency_ids = texts(txn, &view.request, sluss_statute_recipient, view.recipient_count);
	n->n_categories = view.category_count;
	n->categories = texts(txn, &view.request, sluss_statute_category, view.category_count);
	return (n->agency_id != NULL && n->provision != NULL && n->receiver_agency_ids != NULL &&
		   n->categories != NULL) ||
	       svc_no_memory(txn);
}

static Sluss__V1__PersonNoticeKind kind_of(enum sluss_act act)
{
	switch (act) {
	case SLUSS_ACT_GIVE:
		return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_GIVEN;
	case SLUSS_ACT_REFUSE:
		return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_REFUSED;
	case SLUSS_ACT_PAUSE:
		return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_PAUSED;
	case SLUSS_ACT_RESUME:
		return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_RESUMED;
	case SLUSS_ACT_NARROW:
		return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_NARROWED;
	case SLUSS_ACT_INVALIDATE:
		return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_MISTAKE;
	case SLUSS_ACT_WITHDRAW:
		return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_STOPPED;
	case SLUSS_ACT_NONE:
		break;
	}
	return SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_UNSPECIFIED;
}

static bool add_act(struct listing *to, const struct sluss_record *record)
{
	const struct sluss_rec_grant_status *act = &record->u.grant_status;
	notice_t *n = new_notice(to, record->at_ms, kind_of(act->act), &act->person);
	if (n == NULL)
		return false;
	n->until = svc_time(to->txn, act->act == SLUSS_ACT_NARROW ? act->until_ms : 0);
	return about_grants(to->txn, n, act->grants, act->grant_count);
}

static bool add_withdrawal(struct listing *to, const struct sluss_record *record)
{
	const struct sluss_rec_withdrawal *withdrawal = &record->u.withdrawal;
	struct sluss_txn *txn = to->txn;
	notice_t *n = new_notice(
	    to, record->at_ms, SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_STOPPED, &withdrawal->person);
	if (n == NULL)
		return false;
	if (withdrawal->scope == SLUSS_SCOPE_GRANT)
		return about_grants(txn, n, &withdrawal->grant, 1);
	if (withdrawal->scope == SLUSS_SCOPE_AGENCY &&
	    (n->agency_id = sluss_arena_text(txn->arena, withdrawal->scope_agency)) == NULL)
		return svc_no_memory(txn);
	if (withdrawal->scope != SLUSS_SCOPE_CATEGORY)
		return true;
	n->categories = sluss_arena_array(txn->arena, 1, sizeof(*n->categories));
	if (n->categories == NULL || (n->categories[0] = sluss_arena_text(txn->arena, withdrawal->category)) == NULL)
		return svc_no_memory(txn);
	n->n_categories = 1;
	return true;
}

static bool add_asked(struct listing *to, const struct sluss_record *record)
{
	const struct sluss_rec_consent_recorded *consent = &record->u.consent_recorded;
	notice_t *n = new_notice(to, record->at_ms, SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_ASKED, NULL);
	struct sluss_id *ids = sluss_arena_array(to->txn->arena, consent->grant_count, sizeof(*ids));
	if (n == NULL || ids == NULL)
		return svc_no_memory(to->txn);
	for (size_t i = 0; i < consent->grant_count; i++)
		ids[i] = consent->grants[i].grant;
	return about_grants(to->txn, n, ids, consent->grant_count);
}

static bool add_phase(struct listing *to, const struct sluss_record *record)
{
	notice_t *n = new_notice(to, record->at_ms, SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_PHASE, NULL);
	if (n != NULL)
		n->phase = (Sluss__V1__Phase)record->u.phase_set.phase;
	return n != NULL;
}

static bool add_record(struct listing *to, const struct sluss_record *record)
{
	if (record->type == SLUSS_REC_STATUTE_NOTIFIED)
		return add_law(to, record);
	if (record->type == SLUSS_REC_CONSENT_RECORDED)
		return add_asked(to, record);
	if (record->type == SLUSS_REC_GRANT_STATUS)
		return add_act(to, record);
	if (record->type == SLUSS_REC_WITHDRAWAL)
		return add_withdrawal(to, record);
	if (record->type == SLUSS_REC_PHASE_SET)
		return add_phase(to, record);
	if (record->type == SLUSS_REC_RECALL_OPENED)
		return add_recall(to, record, &record->u.recall_opened.recall,
		    SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_RECALL_OPENED, "");
	if (record->type == SLUSS_REC_RECALL_ANSWERED)
		return add_recall(to, record, &record->u.recall_answered.recall,
		    record->u.recall_answered.deleted ? SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_RECALL_DELETED
						      : SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_RECALL_KEPT,
		    record->u.recall_answered.provision);
	if (record->type == SLUSS_REC_RECALL_OVERDUE)
		return add_recall(to, record, &record->u.recall_overdue.recall,
		    SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_RECALL_OVERDUE, "");
	return true;
}

// ---- a stretch of the log

static bool scan(struct listing *to, uint64_t before, uint64_t *next_out)
{
	struct sluss_case_cursor cursor;
	struct sluss_record record;
	struct sluss_bytes entry;
	struct sluss_codec *codec = sluss_codec_new();
	uint64_t place = 0;
	bool ok = codec != NULL || svc_no_memory(to->txn), more = false;
	sluss_case_entries(sluss_writer_of(to->txn)->world->cases, &to->part->view.case_id, before, &cursor);
	*next_out = before;
	for (size_t looked = 0; ok && (more = sluss_case_entry_next(&cursor, &place)); looked++) {
		if (looked == LOOK_MAX || to->count >= to->limit)
			break;
		size_t had = to->count;
		sluss_codec_reset(codec);
		ok = sluss_txn_entry(to->txn, place, &entry) &&
		     (sluss_record_decode(codec, entry, &record, NULL) == SLUSS_CODEC_OK || svc_no_memory(to->txn)) &&
		     add_record(to, &record);
		for (size_t i = had; i < to->count; i++)
			to->rows[i]->log_index = place;
		to->after_ms = record.at_ms;
		*next_out = place;
	}
	sluss_codec_free(&codec);
	if (!more) {
		*next_out = 0;
		to->after_ms = INT64_MIN;
	}
	return ok;
}

// Where the last page ended: the time of its oldest entry.
static bool begin(struct listing *to, uint64_t before)
{
	struct sluss_record record;
	struct sluss_bytes entry;
	to->until_ms = to->txn->now_ms;
	if (before >= to->txn->committed)
		return true;
	struct sluss_codec *codec = sluss_codec_new();
	bool ok = codec != NULL && sluss_txn_entry(to->txn, before, &entry) &&
		  sluss_record_decode(codec, entry, &record, NULL) == SLUSS_CODEC_OK;
	if (ok)
		to->until_ms = record.at_ms;
	sluss_codec_free(&codec);
	return ok || svc_no_memory(to->txn);
}

static bool add_expired(void *context, const struct sluss_grant_view *grant)
{
	struct listing *to = context;
	if (grant->invalidated || grant->standing != SLUSS_EXPIRED || grant->until_ms <= to->after_ms ||
	    grant->until_ms > to->until_ms || to->count == to->room)
		return true;
	notice_t *n = new_notice(to, grant->until_ms, SLUSS__V1__PERSON_NOTICE_KIND__PERSON_NOTICE_KIND_EXPIRED, NULL);
	to->failed = n == NULL || !about_grants(to->txn, n, &grant->grant, 1) ||
		     (n->agency_id = sluss_arena_text(to->txn->arena, grant->sender)) == NULL ||
		     (n->receiver_agency_ids = sluss_arena_array(to->txn->arena, 1, sizeof(char *))) == NULL ||
		     (n->receiver_agency_ids[0] = sluss_arena_text(to->txn->arena, grant->recipient)) == NULL;
	if (!to->failed)
		n->n_receiver_agency_ids = 1;
	return !to->failed;
}

static int newest_first(const void *left, const void *right)
{
	const notice_t *a = *(notice_t *const *)left, *b = *(notice_t *const *)right;
	if (a->at->seconds != b->at->seconds)
		return a->at->seconds < b->at->seconds ? 1 : -1;
	if (a->at->nanos != b->at->nanos)
		return a->at->nanos < b->at->nanos ? 1 : -1;
	return (a->log_index < b->log_index) - (a->log_index > b->log_index);
}

void svc_person_notices(struct sluss_txn *txn)
{
	const Sluss__V1__PersonListNoticesRequest *request = (const Sluss__V1__PersonListNoticesRequest *)txn->request;
	Sluss__V1__PersonListNoticesResponse response = SLUSS__V1__PERSON_LIST_NOTICES_RESPONSE__INIT;
	struct svc_person_case part;
	struct listing to = {.txn = txn, .part = &part};
	struct sluss_id case_id;
	uint64_t before = 0, next = 0;
	char token[24] = "";
	if (!svc_person_need_case(txn, request->case_id, &case_id, &part) ||
	    !svc_read_place(txn, request->page_token, &before))
		return;
	to.limit = request->page_size == 0	   ? PAGE_DEFAULT
		   : request->page_size > PAGE_MAX ? PAGE_MAX
						   : request->page_size;
	to.room = to.limit + EXPIRED_MAX;
	to.rows = sluss_arena_array(txn->arena, to.room, sizeof(*to.rows));
	if (to.rows == NULL) {
		svc_no_memory(txn);
		return;
	}
	if (!part.limited) {
		if (!begin(&to, before) || !scan(&to, before, &next))
			return;
		sluss_case_each_grant(txn->state, &case_id, txn->now_ms, add_expired, &to);
		if (to.failed) {
			svc_no_memory(txn);
			return;
		}
		if (to.count > 1)
			qsort(to.rows, to.count, sizeof(*to.rows), newest_first);
	}
	if (next > 0)
		(void)snprintf(token, sizeof(token), "%llu", (unsigned long long)next);
	response.next_page_token = token;
	response.notices = to.rows;
	response.n_notices = to.count;
	if (svc_person_looked(txn, "notices", &case_id))
		sluss_txn_respond(txn, &response.base);
}
