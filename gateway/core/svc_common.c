// SPDX-License-Identifier: EUPL-1.2
// What the services share.
#include "svc_common.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool svc_no_memory(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "the request is larger than the gateway has room for");
	return false;
}

static bool malformed(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// ---- reading

bool svc_read_id(struct sluss_txn *txn, const char *text, const char *field, struct sluss_id *id_out)
{
	return sluss_id_from_text(text, id_out) || malformed(txn, field, "a UUID in lower-case text form is needed here");
}

bool svc_read_time(struct sluss_txn *txn, const Google__Protobuf__Timestamp *time, const char *field, int64_t *ms_out)
{
	return sluss_timestamp_ms(time, ms_out) || malformed(txn, field, "a time is needed here");
}

bool svc_read_obtained(struct sluss_txn *txn, Sluss__V1__Obtained obtained, const Google__Protobuf__Timestamp *at,
    enum sluss_channel *channel_out, int64_t *obtained_ms_out)
{
	*channel_out = (enum sluss_channel)obtained; // same numbers, see policy/record.h
	if (obtained == SLUSS__V1__OBTAINED__OBTAINED_UNSPECIFIED)
		return malformed(txn, "obtained", "say how it was obtained: electronic, paper or oral");
	if (!svc_read_time(txn, at, "obtained_at", obtained_ms_out))
		return false;
	return *obtained_ms_out <= txn->now_ms || malformed(txn, "obtained_at", "it cannot have been obtained later than now");
}

bool svc_read_place(struct sluss_txn *txn, const char *token, uint64_t *before_out)
{
	char *end = NULL;
	*before_out = token[0] == '\0' ? txn->committed : strtoull(token, &end, 10);
	if (token[0] == '\0' || (token[0] >= '0' && token[0] <= '9' && *end == '\0' && *before_out <= txn->committed))
		return true;
	sluss_txn_refuse(
	    txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "page_token", "this is no token of an earlier answer");
	return false;
}

bool svc_read_text(struct sluss_txn *txn, const char *text, const char *field, size_t max)
{
	size_t len = strlen(text);
	if (len == 0)
		return malformed(txn, field, "a text is needed here");
	return len <= max || malformed(txn, field, "the text is too long");
}

const char *svc_path(struct sluss_txn *txn, const char *format, ...)
{
	char path[96];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	const char *copy = sluss_arena_text(txn->arena, path);
	return copy != NULL ? copy : "";
}

// ---- who may

bool svc_leads(const struct sluss_state *state, const struct sluss_id *case_id, const char *agency)
{
	const char *member;
	for (size_t m = 0; (member = sluss_case_member(state, case_id, m)) != NULL; m++) {
		bool coordinator = false;
		for (size_t o = 0; strcmp(member, agency) == 0 && sluss_case_officer(state, case_id, m, o, &coordinator) != NULL; o++)
			if (coordinator)
				return true;
	}
	return false;
}

bool svc_need_member(struct sluss_txn *txn, const struct sluss_id *case_id, struct sluss_case_view *view_out)
{
	if (sluss_case_find(txn->state, case_id, view_out) && sluss_case_is_member(txn->state, case_id, txn->caller))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_UNKNOWN_CASE, "case_id", NULL);
	return false;
}

bool svc_need_contact(struct sluss_txn *txn, const struct sluss_id *case_id, struct sluss_case_view *view_out)
{
	if (!svc_need_member(txn, case_id, view_out))
		return false;
	if (sluss_case_is_contact(txn->state, case_id, txn->caller, txn->header->officer_id))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, "officer_id",
	    "only a contact officer of this case may record this");
	return false;
}

bool svc_need_coordinator(struct sluss_txn *txn, const struct sluss_id *case_id, struct sluss_case_view *view_out)
{
	if (!svc_need_member(txn, case_id, view_out))
		return false;
	if (sluss_case_is_coordinator(txn->state, case_id, txn->caller, txn->header->officer_id))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, "officer_id",
	    "only a coordinator of this case may change it");
	return false;
}

bool svc_no_auditor(struct sluss_txn *txn, const char *agency, const char *field)
{
	if (sluss_state_agency_type(txn->state, agency) != SLUSS_AGENCY_AUDITOR)
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_NOT_ENTITLED, field,
	    "%s is an auditor: it reviews the log, and is never a member of a case, a sender or a recipient.", agency);
	return false;
}

// ---- writing

char *svc_id_text(struct sluss_txn *txn, const struct sluss_id *id)
{
	char *text = sluss_arena_alloc(txn->arena, SLUSS_ID_TEXT);
	if (text == NULL)
		svc_no_memory(txn);
	else
		sluss_id_format(id, text);
	return text;
}

Google__Protobuf__Timestamp *svc_time(struct sluss_txn *txn, int64_t ms)
{
	if (ms == 0 || ms == INT64_MAX)
		return NULL;
	Google__Protobuf__Timestamp *time = sluss_arena_alloc(txn->arena, sizeof(*time));
	if (time != NULL)
		sluss_timestamp_set(time, ms);
	return time;
}

static char **id_texts(struct sluss_txn *txn, const struct sluss_id *ids, size_t count)
{
	char **texts = sluss_arena_array(txn->arena, count, sizeof(*texts));
	for (size_t i = 0; texts != NULL && i < count; i++)
		if ((texts[i] = svc_id_text(txn, &ids[i])) == NULL)
			return NULL;
	return texts;
}

static size_t count_officers(const struct sluss_txn *txn, const struct sluss_id *case_id, size_t member)
{
	size_t n = 0;
	bool coordinator;
	while (sluss_case_officer(txn->state, case_id, member, n, &coordinator) != NULL)
		n++;
	return n;
}

// One member with its officers; coordinators are added to the case's list too.
static Sluss__V1__Member *member_of(struct sluss_txn *txn, const struct sluss_id *case_id, size_t index, Sluss__V1__Case *c)
{
	Sluss__V1__Member *member = sluss_arena_alloc(txn->arena, sizeof(*member));
	size_t officers = count_officers(txn, case_id, index);
	char **ids = sluss_arena_array(txn->arena, officers, sizeof(*ids));
	if (member == NULL || ids == NULL)
		return NULL;
	sluss__v1__member__init(member);
	member->agency_id = sluss_arena_text(txn->arena, sluss_case_member(txn->state, case_id, index));
	member->contact_officer_ids = ids;
	for (size_t i = 0; i < officers; i++) {
		bool coordinator = false;
		ids[i] = sluss_arena_text(txn->arena, sluss_case_officer(txn->state, case_id, index, i, &coordinator));
		if (ids[i] == NULL)
			return NULL;
		if (coordinator)
			c->coordinator_officer_ids[c->n_coordinator_officer_ids++] = ids[i];
	}
	member->n_contact_officer_ids = officers;
	return member->agency_id == NULL ? NULL : member;
}

static bool fill_members(struct sluss_txn *txn, const struct sluss_id *case_id, size_t count, Sluss__V1__Case *c)
{
	size_t officers = 0;
	for (size_t i = 0; i < count; i++)
		officers += count_officers(txn, case_id, i);
	c->coordinator_officer_ids = sluss_arena_array(txn->arena, officers, sizeof(char *));
	c->members = sluss_arena_array(txn->arena, count, sizeof(*c->members));
	if (c->coordinator_officer_ids == NULL || c->members == NULL)
		return false;
	for (; c->n_members < count; c->n_members++)
		if ((c->members[c->n_members] = member_of(txn, case_id, c->n_members, c)) == NULL)
			return false;
	return true;
}

static bool fill_guardians(struct sluss_txn *txn, const struct sluss_id *case_id, size_t count, Sluss__V1__Case *c)
{
	struct sluss_id *ids = sluss_arena_array(txn->arena, count, sizeof(*ids));
	size_t n = 0;
	if (ids == NULL)
		return false;
	while (n < count && sluss_case_guardian(txn->state, case_id, n, &ids[n]))
		n++;
	c->guardian_person_ids = id_texts(txn, ids, n);
	c->n_guardian_person_ids = n;
	return c->guardian_person_ids != NULL;
}

static bool note_end(void *context, const struct sluss_grant_view *grant)
{
	int64_t *first_ms = context;
	if (grant->in_force && grant->standing == SLUSS_OK_CONSENT && grant->until_ms < *first_ms)
		*first_ms = grant->until_ms;
	return true;
}

static bool fill_next_end(struct sluss_txn *txn, const struct sluss_id *case_id, Sluss__V1__Case *c)
{
	int64_t first_ms = INT64_MAX;
	sluss_case_each_grant(txn->state, case_id, txn->now_ms, note_end, &first_ms);
	if (first_ms == INT64_MAX)
		return true;
	c->next_grant_end = svc_time(txn, first_ms);
	return c->next_grant_end != NULL;
}

Sluss__V1__Case *svc_case(struct sluss_txn *txn, const struct sluss_id *case_id)
{
	struct sluss_case_view view;
	struct sluss_required required;
	Sluss__V1__Case *c = sluss_arena_alloc(txn->arena, sizeof(*c));
	bool ok = c != NULL && sluss_case_find(txn->state, case_id, &view);
	if (ok) {
		sluss__v1__case__init(c);
		c->case_id = svc_id_text(txn, &view.case_id);
		c->programme = sluss_arena_text(txn->arena, view.programme);
		c->phase = (Sluss__V1__Phase)view.phase;
		c->subject_person_id = sluss_id_is_none(&view.subject) ? sluss_arena_text(txn->arena, "") : svc_id_text(txn, &view.subject);
		c->protected_identity = view.protected_identity;
		c->opened_index = view.opened_seq;
		ok = c->case_id != NULL && c->programme != NULL && c->subject_person_id != NULL &&
		    fill_members(txn, case_id, view.member_count, c) && fill_guardians(txn, case_id, view.guardian_count, c) &&
		    fill_next_end(txn, case_id, c);
	}
	if (ok && sluss_case_required(txn->state, case_id, &required) && required.known) {
		c->required_person_ids = id_texts(txn, required.persons, required.count);
		c->n_required_person_ids = required.count;
		ok = c->required_person_ids != NULL;
	}
	if (!ok)
		svc_no_memory(txn);
	return ok ? c : NULL;
}

static Sluss__V1__PersonStatus *person_status(
    struct sluss_txn *txn, const struct sluss_grant_view *view, const struct sluss_id *person)
{
	Sluss__V1__PersonStatus *status = sluss_arena_alloc(txn->arena, sizeof(*status));
	if (status == NULL)
		return NULL;
	sluss__v1__person_status__init(status);
	status->person_id = svc_id_text(txn, person);
	status->status = (Sluss__V1__GrantStatus)sluss_grant_status(txn->state, &view->grant, person);
	return status->person_id == NULL ? NULL : status;
}

static bool fill_persons(struct sluss_txn *txn, const struct sluss_grant_view *view, Sluss__V1__Grant *g)
{
	struct sluss_required required;
	if (!sluss_case_required(txn->state, &view->case_id, &required) || !required.known)
		return true;
	g->persons = sluss_arena_array(txn->arena, required.count, sizeof(*g->persons));
	if (g->persons == NULL)
		return false;
	for (; g->n_persons < required.count; g->n_persons++)
		if ((g->persons[g->n_persons] = person_status(txn, view, &required.persons[g->n_persons])) == NULL)
			return false;
	return true;
}

Sluss__V1__Grant *svc_grant(struct sluss_txn *txn, const struct sluss_grant_view *view)
{
	Sluss__V1__Grant *g = sluss_arena_alloc(txn->arena, sizeof(*g));
	bool ok = g != NULL;
	if (ok) {
		sluss__v1__grant__init(g);
		g->grant_id = svc_id_text(txn, &view->grant);
		g->consent_id = svc_id_text(txn, &view->consent);
		g->category = sluss_arena_text(txn->arena, view->category);
		g->sender_agency_id = sluss_arena_text(txn->arena, view->sender);
		g->receiver_agency_id = sluss_arena_text(txn->arena, view->recipient);
		g->purpose = (Sluss__V1__Purpose)view->purpose;
		g->from = svc_time(txn, view->from_ms);
		g->until = svc_time(txn, view->until_ms);
		g->protected_mark = view->explicit_mark;
		g->standing = (Sluss__V1__ReasonCode)view->standing;
		ok = g->grant_id != NULL && g->consent_id != NULL && g->category != NULL && g->sender_agency_id != NULL &&
		    g->receiver_agency_id != NULL && g->from != NULL && g->until != NULL && fill_persons(txn, view, g);
	}
	if (!ok)
		svc_no_memory(txn);
	return ok ? g : NULL;
}
