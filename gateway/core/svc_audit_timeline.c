// SPDX-License-Identifier: EUPL-1.2
// AuditService.GetTimeline and GetCounts, for auditors: what the log says of one case, and how much of everything there
// was. Nobody is named: the log names nobody.
#include <stdio.h>
#include <stdlib.h>

#include "case_index.h"
#include "sluss/v1/audit.pb-c.h"
#include "sluss/v1/log.pb-c.h"
#include "svc_common.h"
#include "web/json.h"
#include "writer.h"

enum {
	PAGE_DEFAULT = 200,
	PAGE_MAX = 1000,
	MONTHS_MAX = 1200,
};

static bool need_auditor(struct sluss_txn *txn)
{
	if ((Sluss__V1__AgencyType)txn->caller_type == SLUSS__V1__AGENCY_TYPE__AGENCY_TYPE_AUDITOR)
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, NULL, "This is for auditors.");
	return false;
}

static bool looked(struct sluss_txn *txn, const char *what, const struct sluss_id *case_id)
{
	struct sluss_record record = {
	    .type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = what, .case_id = *case_id}};
	return sluss_txn_append(txn, &record, NULL);
}

// ---- GetTimeline

// The entry as ProtoJSON, and the name of its event. False: refused.
static bool describe(struct sluss_txn *txn, struct sluss_bytes entry, Sluss__V1__TimelineEntry *out)
{
	Sluss__V1__LogRecord *record =
	    sluss__v1__log_record__unpack(sluss_arena_allocator(txn->arena), entry.len, entry.data);
	const ProtobufCFieldDescriptor *event =
	    record == NULL
		? NULL
		: protobuf_c_message_descriptor_get_field(record->base.descriptor, (unsigned)record->event_case);
	char *text = record == NULL ? NULL : sluss_json_from_message(&record->base, 0, NULL);
	out->json = text == NULL ? NULL : sluss_arena_text(txn->arena, text);
	free(text);
	out->event = event == NULL ? NULL : sluss_arena_text(txn->arena, event->name);
	out->at = record == NULL ? NULL : svc_time(txn, record->at_ms);
	return (out->json != NULL && out->event != NULL && out->at != NULL) || svc_no_memory(txn);
}

static void timeline_execute(struct sluss_txn *txn)
{
	const Sluss__V1__GetTimelineRequest *request = (const Sluss__V1__GetTimelineRequest *)txn->request;
	Sluss__V1__GetTimelineResponse response = SLUSS__V1__GET_TIMELINE_RESPONSE__INIT;
	size_t limit = request->page_size == 0	       ? PAGE_DEFAULT
		       : request->page_size > PAGE_MAX ? PAGE_MAX
						       : request->page_size;
	struct sluss_case_cursor cursor;
	struct sluss_id case_id;
	uint64_t before = 0, place = 0;
	char token[24] = "";
	if (!need_auditor(txn) || !svc_read_id(txn, request->case_id, "case_id", &case_id) ||
	    !svc_read_place(txn, request->page_token, &before))
		return;
	response.entries = sluss_arena_array(txn->arena, limit, sizeof(*response.entries));
	if (response.entries == NULL) {
		svc_no_memory(txn);
		return;
	}
	sluss_case_entries(sluss_writer_of(txn)->world->cases, &case_id, before, &cursor);
	while (sluss_case_entry_next(&cursor, &place)) {
		struct sluss_bytes entry;
		Sluss__V1__TimelineEntry *out = sluss_arena_alloc(txn->arena, sizeof(*out));
		if (response.n_entries == limit) {
			snprintf(token, sizeof(token), "%llu", (unsigned long long)before);
			break;
		}
		if (out == NULL) {
			svc_no_memory(txn);
			return;
		}
		sluss__v1__timeline_entry__init(out);
		out->log_index = before = place;
		if (!sluss_txn_entry(txn, place, &entry) || !describe(txn, entry, out))
			return;
		response.entries[response.n_entries++] = out;
	}
	response.next_page_token = token;
	if (looked(txn, "timeline", &case_id))
		sluss_txn_respond(txn, &response.base);
}

// ---- GetCounts

static Sluss__V1__MonthCounts *month_of(struct sluss_txn *txn, const struct sluss_month *month)
{
	Sluss__V1__MonthCounts *out = sluss_arena_alloc(txn->arena, sizeof(*out));
	char text[32];
	if (out == NULL)
		return NULL;
	sluss__v1__month_counts__init(out);
	snprintf(text, sizeof(text), "%04u-%02u", month->month / 12, month->month % 12 + 1);
	out->month = sluss_arena_text(txn->arena, text);
	out->released = month->released;
	out->denied = month->denied;
	out->statutory = month->statutory;
	out->withdrawals = month->withdrawals;
	out->recalls = month->recalls;
	return out->month == NULL ? NULL : out;
}

static void counts_execute(struct sluss_txn *txn)
{
	const Sluss__V1__GetCountsRequest *request = (const Sluss__V1__GetCountsRequest *)txn->request;
	Sluss__V1__GetCountsResponse response = SLUSS__V1__GET_COUNTS_RESPONSE__INIT;
	const struct sluss_months *months = &sluss_writer_of(txn)->world->months;
	int64_t from_ms = 0, until_ms = INT64_MAX;
	struct sluss_recall_view recall;
	static const struct sluss_id none;
	if (!need_auditor(txn) || (request->from != NULL && !svc_read_time(txn, request->from, "from", &from_ms)) ||
	    (request->until != NULL && !svc_read_time(txn, request->until, "until", &until_ms)))
		return;
	response.months = sluss_arena_array(txn->arena, MONTHS_MAX, sizeof(*response.months));
	for (size_t i = 0; response.months != NULL && i < months->count && response.n_months < MONTHS_MAX; i++) {
		const struct sluss_month *month = &months->months[i];
		if (month->month < sluss_month_of(from_ms) ||
		    (until_ms != INT64_MAX && month->month > sluss_month_of(until_ms)))
			continue;
		if ((response.months[response.n_months] = month_of(txn, month)) == NULL) {
			svc_no_memory(txn);
			return;
		}
		response.n_months++;
	}
	if (response.months == NULL) {
		svc_no_memory(txn);
		return;
	}
	for (size_t i = 0; sluss_recall_at(txn->state, i, &recall); i++) {
		response.recalls_open += !recall.answered;
		response.recalls_overdue += !recall.answered && recall.due_ms <= txn->now_ms;
	}
	if (looked(txn, "counts", &none))
		sluss_txn_respond(txn, &response.base);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_AUDIT_GET_TIMELINE, NULL, NULL, timeline_execute, NULL, 0},
    {SLUSS_METHOD_AUDIT_GET_COUNTS, NULL, NULL, counts_execute, NULL, 0},
};

const struct sluss_service_list sluss_svc_audit_timeline = {rows, sizeof(rows) / sizeof(rows[0])};
