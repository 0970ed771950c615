// SPDX-License-Identifier: EUPL-1.2
// ConsentService but for Withdraw: consents are recorded in full or refused with the reason, persons' acts are recorded one by one, and both are read.
#include <sodium.h>
#include <stdio.h>

#include "log_record.h"
#include "svc_common.h"

enum {
	DRAFTS_MAX = 64,
	RECEIVERS_MAX = 16,
	ACTS_MAX = 1024,
};

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// ---- Record

// How the text was shown and agreed to.
static bool form_is_whole(struct sluss_txn *txn, const Sluss__V1__RecordConsent *s, struct sluss_rec_consent_recorded *r)
{
	static const char *const languages[] = {"sv", "en", "ar", "so"};
	bool language = false;
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		language = language || strcmp(s->text_language, languages[i]) == 0;
	if (!language)
		return wrong(txn, "text_language", "the language of the text is needed: sv, en, ar or so");
	if (!sluss_is_name(s->text_version, strlen(s->text_version)))
		return wrong(txn, "text_version", "the version of the text is needed, at most 31 characters");
	if (s->text_hash.len != SLUSS_HASH_BYTES &&
	    !(s->text_hash.len == 0 && s->obtained == SLUSS__V1__OBTAINED__OBTAINED_ORAL))
		return wrong(txn, "text_hash", "the SHA-256 of the text that was shown is needed; only a consent given orally may be without");
	r->text_version = s->text_version;
	r->language = s->text_language;
	return svc_read_obtained(txn, s->obtained, s->obtained_at, &r->channel, &r->obtained_ms);
}

static bool read_window(struct sluss_txn *txn, const Sluss__V1__GrantDraft *from, size_t index, struct sluss_grant_draft *to)
{
	to->has_from = from->from != NULL;
	to->has_until = from->until != NULL;
	return (!to->has_from || svc_read_time(txn, from->from, svc_path(txn, "grants[%zu].from", index), &to->from_ms)) &&
	    (!to->has_until || svc_read_time(txn, from->until, svc_path(txn, "grants[%zu].until", index), &to->until_ms));
}

static struct sluss_grant_draft *read_drafts(struct sluss_txn *txn, const Sluss__V1__RecordConsent *s, size_t *grants_out)
{
	struct sluss_grant_draft *drafts = sluss_arena_array(txn->arena, s->n_grants, sizeof(*drafts));
	if (s->n_grants > DRAFTS_MAX) { // none at all is a vague consent, which the policy's check refuses
		wrong(txn, "grants", "a consent has 1 to 64 grants");
		return NULL;
	}
	if (drafts == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	*grants_out = 0;
	for (size_t i = 0; i < s->n_grants; i++) {
		const Sluss__V1__GrantDraft *from = s->grants[i];
		if (from->n_receiver_agency_ids > RECEIVERS_MAX) {
			wrong(txn, svc_path(txn, "grants[%zu].receiver_agency_ids", i), "a grant names at most 16 receivers");
			return NULL;
		}
		drafts[i] = (struct sluss_grant_draft){.category = from->category, .sender = from->sender_agency_id,
		    .recipients = (const char *const *)from->receiver_agency_ids, .recipient_count = from->n_receiver_agency_ids,
		    .purpose = (enum sluss_purpose)from->purpose, .explicit_mark = from->protected_mark};
		if (!read_window(txn, from, i, &drafts[i]))
			return NULL;
		*grants_out += from->n_receiver_agency_ids;
	}
	return drafts;
}

// One grant for each receiver (ruling 1), under a new random id.
static struct sluss_grant *explode(struct sluss_txn *txn, const struct sluss_grant_draft *drafts, size_t draft_count, size_t grant_count)
{
	struct sluss_grant *grants = sluss_arena_array(txn->arena, grant_count, sizeof(*grants));
	size_t n = 0;
	if (grants == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	for (size_t i = 0; i < draft_count; i++)
		for (size_t j = 0; j < drafts[i].recipient_count; j++) {
			grants[n] = (struct sluss_grant){.category = drafts[i].category, .sender = drafts[i].sender,
			    .recipient = drafts[i].recipients[j], .purpose = drafts[i].purpose, .from_ms = drafts[i].from_ms,
			    .until_ms = drafts[i].until_ms, .explicit_mark = drafts[i].explicit_mark};
			sluss_id_random(&grants[n++].grant);
		}
	return grants;
}

static Sluss__V1__Grant **views_of(struct sluss_txn *txn, size_t count, const struct sluss_id *(*id_at)(const void *list, size_t index), const void *list)
{
	Sluss__V1__Grant **views = sluss_arena_array(txn->arena, count, sizeof(*views));
	if (views == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		struct sluss_grant_view view;
		if (!sluss_grant_find(txn->state, id_at(list, i), txn->now_ms, &view) || (views[i] = svc_grant(txn, &view)) == NULL) {
			svc_no_memory(txn);
			return NULL;
		}
	}
	return views;
}

static const struct sluss_id *id_of_grant(const void *list, size_t index)
{
	return &((const struct sluss_grant *)list)[index].grant;
}

static const struct sluss_id *id_of_id(const void *list, size_t index)
{
	return &((const struct sluss_id *)list)[index];
}

static void record_execute(struct sluss_txn *txn)
{
	const Sluss__V1__RecordConsent *s = (const Sluss__V1__RecordConsent *)txn->statement;
	Sluss__V1__ConsentRecordResponse response = SLUSS__V1__CONSENT_RECORD_RESPONSE__INIT;
	struct sluss_record record = {.type = SLUSS_REC_CONSENT_RECORDED};
	struct sluss_rec_consent_recorded *r = &record.u.consent_recorded;
	struct sluss_refusal refusal = {0};
	struct sluss_consent_view known;
	struct sluss_case_view view;
	struct sluss_grant_draft *drafts;
	uint64_t index;
	if (!svc_read_id(txn, s->consent_id, "consent_id", &r->consent) || !svc_read_id(txn, s->case_id, "case_id", &r->case_id) ||
	    !svc_need_contact(txn, &r->case_id, &view) || !form_is_whole(txn, s, r) ||
	    (drafts = read_drafts(txn, s, &r->grant_count)) == NULL)
		return;
	if (sluss_consent_find(txn->state, &r->consent, &known)) {
		sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "consent_id", "a consent with this id is recorded already");
		return;
	}
	if (sluss_check_consent(txn->state, &r->case_id, drafts, s->n_grants, txn->now_ms, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return;
	}
	r->agency = txn->caller;
	r->officer = txn->header->officer_id;
	if ((r->grants = explode(txn, drafts, s->n_grants, r->grant_count)) == NULL ||
	    !sluss_txn_append(txn, &record, &index) || // first: it may be too long, and then nothing is kept
	    (response.grants = views_of(txn, r->grant_count, id_of_grant, r->grants)) == NULL)
		return;
	response.n_grants = r->grant_count;
	response.consent_id = s->consent_id;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 3);
}

// ---- Give, Refuse, Pause, Resume (and, carried by them, invalidate and narrow)

// Which acts a method carries.
static bool act_fits(enum sluss_method method, enum sluss_act act)
{
	switch (act) {
	case SLUSS_ACT_GIVE:
		return method == SLUSS_METHOD_CONSENT_GIVE;
	case SLUSS_ACT_REFUSE:
	case SLUSS_ACT_INVALIDATE:
		return method == SLUSS_METHOD_CONSENT_REFUSE;
	case SLUSS_ACT_PAUSE:
	case SLUSS_ACT_NARROW:
		return method == SLUSS_METHOD_CONSENT_PAUSE;
	case SLUSS_ACT_RESUME:
		return method == SLUSS_METHOD_CONSENT_RESUME;
	case SLUSS_ACT_NONE:
	case SLUSS_ACT_WITHDRAW:
		break;
	}
	return false;
}

static enum sluss_act act_of(Sluss__V1__GrantAct act)
{
	switch (act) {
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_GIVE:
		return SLUSS_ACT_GIVE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_REFUSE:
		return SLUSS_ACT_REFUSE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE:
		return SLUSS_ACT_PAUSE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_RESUME:
		return SLUSS_ACT_RESUME;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_INVALIDATE:
		return SLUSS_ACT_INVALIDATE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_NARROW:
		return SLUSS_ACT_NARROW;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_UNSPECIFIED:
	case _SLUSS__V1__GRANT_ACT_IS_INT_SIZE:
		break;
	}
	return SLUSS_ACT_NONE;
}

static struct sluss_id *read_grants(struct sluss_txn *txn, const Sluss__V1__ActOnGrants *s)
{
	struct sluss_id *ids = sluss_arena_array(txn->arena, s->n_grant_ids, sizeof(*ids));
	if (s->n_grant_ids == 0 || s->n_grant_ids > ACTS_MAX) {
		wrong(txn, "grant_ids", "name 1 to 1024 grants; there is no \"all\"");
		return NULL;
	}
	if (ids == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	for (size_t i = 0; i < s->n_grant_ids; i++) {
		if (!svc_read_id(txn, s->grant_ids[i], svc_path(txn, "grant_ids[%zu]", i), &ids[i]))
			return NULL;
	}
	return ids;
}

static bool read_narrowing(struct sluss_txn *txn, const Sluss__V1__ActOnGrants *s, struct sluss_rec_grant_status *r)
{
	bool any = s->narrowed_from != NULL || s->narrowed_until != NULL;
	if (r->act != SLUSS_ACT_NARROW)
		return !any || wrong(txn, "narrowed_from", "a window belongs to GRANT_ACT_NARROW only");
	if (!any)
		return wrong(txn, "narrowed_until", "say the new beginning, the new end, or both");
	return (s->narrowed_from == NULL || svc_read_time(txn, s->narrowed_from, "narrowed_from", &r->from_ms)) &&
	    (s->narrowed_until == NULL || svc_read_time(txn, s->narrowed_until, "narrowed_until", &r->until_ms));
}

// Resuming makes a new version of each grant.
static bool new_versions(struct sluss_txn *txn, struct sluss_rec_grant_status *r)
{
	if (r->act != SLUSS_ACT_RESUME)
		return true;
	struct sluss_id *ids = sluss_arena_array(txn->arena, r->grant_count, sizeof(*ids));
	if (ids == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < r->grant_count; i++)
		sluss_id_random(&ids[i]);
	r->new_grants = ids;
	return true;
}

static void act(struct sluss_txn *txn, enum sluss_method method)
{
	const Sluss__V1__ActOnGrants *s = (const Sluss__V1__ActOnGrants *)txn->statement;
	Sluss__V1__ActResponse response = SLUSS__V1__ACT_RESPONSE__INIT;
	struct sluss_record record = {.type = SLUSS_REC_GRANT_STATUS};
	struct sluss_rec_grant_status *r = &record.u.grant_status;
	struct sluss_refusal refusal = {0};
	struct sluss_case_view view;
	int64_t obtained_ms;
	uint64_t index;
	r->act = act_of(s->act);
	if (!act_fits(method, r->act)) {
		wrong(txn, "act", "this act does not belong to this method");
		return;
	}
	if (!svc_read_id(txn, s->case_id, "case_id", &r->case_id) || !svc_need_contact(txn, &r->case_id, &view) ||
	    !svc_read_id(txn, s->person_id, "person_id", &r->person) || (r->grants = read_grants(txn, s)) == NULL ||
	    !svc_read_obtained(txn, s->obtained, s->obtained_at, &r->channel, &obtained_ms) || !read_narrowing(txn, s, r))
		return;
	r->grant_count = s->n_grant_ids;
	r->agency = txn->caller;
	r->officer = txn->header->officer_id;
	const struct sluss_act_request request = {.case_id = r->case_id, .person = r->person, .act = r->act, .grants = r->grants,
	    .grant_count = r->grant_count, .from_ms = r->from_ms, .until_ms = r->until_ms};
	if (sluss_check_act(txn->state, &request, txn->now_ms, &refusal) != SLUSS_REASON_NONE) {
		sluss_txn_refuse_check(txn, &refusal);
		return;
	}
	if (!new_versions(txn, r) || !sluss_txn_append(txn, &record, &index) || !sluss_txn_settle(txn) ||
	    (response.grants = views_of(txn, r->grant_count, id_of_id, r->new_grants != NULL ? r->new_grants : r->grants)) == NULL)
		return;
	response.n_grants = r->grant_count;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 2);
	// Giving takes nothing away (but see may_take() in stop.c): no transfer has to be cut for it.
	if (r->act != SLUSS_ACT_GIVE || view.protected_identity)
		sluss_txn_barrier(txn, &r->case_id);
}

static void give_execute(struct sluss_txn *txn)
{
	act(txn, SLUSS_METHOD_CONSENT_GIVE);
}

static void refuse_execute(struct sluss_txn *txn)
{
	act(txn, SLUSS_METHOD_CONSENT_REFUSE);
}

static void pause_execute(struct sluss_txn *txn)
{
	act(txn, SLUSS_METHOD_CONSENT_PAUSE);
}

static void resume_execute(struct sluss_txn *txn)
{
	act(txn, SLUSS_METHOD_CONSENT_RESUME);
}

// ---- Get, List

struct collecting {
	struct sluss_txn *txn;
	struct sluss_id consent; // none: of every consent
	Sluss__V1__Consent **consents;
	size_t consent_count, consent_cap;
	bool failed;
};

// The consent's own record tells what the state need not keep.
static bool fill_from_record(struct sluss_txn *txn, uint64_t seq, Sluss__V1__Consent *c)
{
	struct sluss_bytes entry;
	struct sluss_record record;
	if (!sluss_txn_entry(txn, seq, &entry))
		return false;
	struct sluss_codec *codec = sluss_codec_new();
	bool ok = codec != NULL && sluss_record_decode(codec, entry, &record, NULL) == SLUSS_CODEC_OK &&
	    record.type == SLUSS_REC_CONSENT_RECORDED;
	if (ok) {
		const struct sluss_rec_consent_recorded *r = &record.u.consent_recorded;
		c->text_version = sluss_arena_text(txn->arena, r->text_version);
		c->text_language = sluss_arena_text(txn->arena, r->language);
		c->recorded_by_agency_id = sluss_arena_text(txn->arena, r->agency);
		c->recorded_by_officer_id = sluss_arena_text(txn->arena, r->officer);
		c->obtained = (Sluss__V1__Obtained)r->channel;
		c->obtained_at = svc_time(txn, r->obtained_ms);
		ok = c->text_version != NULL && c->text_language != NULL && c->recorded_by_agency_id != NULL && c->recorded_by_officer_id != NULL;
	}
	sluss_codec_free(&codec);
	return ok || svc_no_memory(txn);
}

static Sluss__V1__Consent *consent_of(struct collecting *to, const struct sluss_id *id)
{
	struct sluss_txn *txn = to->txn;
	struct sluss_consent_view view;
	char text[SLUSS_ID_TEXT];
	sluss_id_format(id, text);
	for (size_t i = 0; i < to->consent_count; i++)
		if (strcmp(to->consents[i]->consent_id, text) == 0)
			return to->consents[i];
	Sluss__V1__Consent *c = sluss_arena_alloc(txn->arena, sizeof(*c));
	if (c == NULL || to->consent_count == to->consent_cap || !sluss_consent_find(txn->state, id, &view))
		return NULL;
	sluss__v1__consent__init(c);
	c->consent_id = svc_id_text(txn, id);
	c->case_id = svc_id_text(txn, &view.case_id);
	c->log_index = view.seq;
	// Resuming adds versions, so a consent can end with more grants than it began with: room is made by case.
	struct sluss_case_view of_case;
	if (c->consent_id == NULL || c->case_id == NULL || !sluss_case_find(txn->state, &view.case_id, &of_case) ||
	    (c->grants = sluss_arena_array(txn->arena, of_case.grant_count, sizeof(*c->grants))) == NULL || !fill_from_record(txn, view.seq, c))
		return NULL;
	to->consents[to->consent_count++] = c;
	return c;
}

static bool collect(void *context, const struct sluss_grant_view *view)
{
	struct collecting *to = context;
	if (!sluss_id_is_none(&to->consent) && !sluss_id_equal(&to->consent, &view->consent))
		return true;
	Sluss__V1__Consent *c = consent_of(to, &view->consent);
	Sluss__V1__Grant *g = c == NULL ? NULL : svc_grant(to->txn, view);
	to->failed = g == NULL;
	if (g != NULL)
		c->grants[c->n_grants++] = g;
	return !to->failed;
}

static bool collect_case(struct collecting *to, const struct sluss_case_view *view)
{
	to->consent_cap = view->grant_count; // no consent without a grant
	to->consents = sluss_arena_array(to->txn->arena, view->grant_count, sizeof(*to->consents));
	if (to->consents == NULL)
		return svc_no_memory(to->txn);
	sluss_case_each_grant(to->txn->state, &view->case_id, to->txn->now_ms, collect, to);
	return !to->failed || svc_no_memory(to->txn);
}

static void get_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ConsentGetRequest *request = (const Sluss__V1__ConsentGetRequest *)txn->request;
	Sluss__V1__ConsentGetResponse response = SLUSS__V1__CONSENT_GET_RESPONSE__INIT;
	struct collecting to = {.txn = txn};
	struct sluss_consent_view consent;
	struct sluss_case_view view;
	if (!svc_read_id(txn, request->consent_id, "consent_id", &to.consent))
		return;
	if (!sluss_consent_find(txn->state, &to.consent, &consent) || !sluss_case_is_member(txn->state, &consent.case_id, txn->caller) ||
	    !sluss_case_find(txn->state, &consent.case_id, &view)) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "consent_id", "there is no such consent in a case of yours");
		return;
	}
	if (!collect_case(&to, &view) || to.consent_count != 1)
		return;
	response.consent = to.consents[0];
	sluss_txn_respond(txn, &response.base);
}

static void list_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ConsentListRequest *request = (const Sluss__V1__ConsentListRequest *)txn->request;
	Sluss__V1__ConsentListResponse response = SLUSS__V1__CONSENT_LIST_RESPONSE__INIT;
	struct collecting to = {.txn = txn};
	struct sluss_case_view view;
	struct sluss_id case_id;
	if (!svc_read_id(txn, request->case_id, "case_id", &case_id) || !svc_need_member(txn, &case_id, &view) || !collect_case(&to, &view))
		return;
	response.consents = to.consents;
	response.n_consents = to.consent_count;
	sluss_txn_respond(txn, &response.base);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_CONSENT_RECORD, &sluss__v1__record_consent__descriptor, NULL, record_execute, NULL, 0},
    {SLUSS_METHOD_CONSENT_GIVE, &sluss__v1__act_on_grants__descriptor, NULL, give_execute, NULL, 0},
    {SLUSS_METHOD_CONSENT_REFUSE, &sluss__v1__act_on_grants__descriptor, NULL, refuse_execute, NULL, 0},
    {SLUSS_METHOD_CONSENT_PAUSE, &sluss__v1__act_on_grants__descriptor, NULL, pause_execute, NULL, 0},
    {SLUSS_METHOD_CONSENT_RESUME, &sluss__v1__act_on_grants__descriptor, NULL, resume_execute, NULL, 0},
    {SLUSS_METHOD_CONSENT_GET, NULL, NULL, get_execute, NULL, 0},
    {SLUSS_METHOD_CONSENT_LIST, NULL, NULL, list_execute, NULL, 0},
};

const struct sluss_service_list sluss_svc_consent_record = {rows, sizeof(rows) / sizeof(rows[0])};
