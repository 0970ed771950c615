// SPDX-License-Identifier: EUPL-1.2
// PersonService.GetOverview: every case of the person with every grant, why it does or does not count, and who else has
// a say.
#include <sodium.h>

#include "log_record.h"
#include "svc_agency.h"
#include "svc_common.h"
#include "svc_person.h"
#include "svc_text.h"
#include "writer.h"

enum { CASES_MAX = 64, AGENCIES_MAX = 128 };

struct overview {
	struct sluss_txn *txn;
	Sluss__V1__GetOverviewResponse response;
	const struct svc_person_case *part;
	Sluss__V1__PersonCase *to;
	struct sluss_id consent; // whose text version was read last
	char *text_version;
	const char *file; // the language of the questions; NULL: without them
	bool failed;
};

// ---- names

char *svc_person_name(struct sluss_txn *txn, const struct sluss_id *id)
{
	struct sluss_person person;
	struct sluss_store *store = sluss_txn_store(txn);
	if (store == NULL)
		return NULL;
	enum sluss_store_result result = sluss_persons_get(sluss_txn_persons(txn), store, id, &person);
	if (!sluss_txn_stored(txn, result))
		return NULL;
	char *name = sluss_arena_text(txn->arena, result == SLUSS_STORE_OK ? person.name : "");
	sodium_memzero(&person, sizeof(person));
	if (name == NULL)
		svc_no_memory(txn);
	return name;
}

static bool add_agency(struct overview *o, const char *agency)
{
	for (size_t i = 0; i < o->response.n_agencies; i++)
		if (strcmp(o->response.agencies[i]->agency_id, agency) == 0)
			return true;
	if (o->response.n_agencies == AGENCIES_MAX)
		return true;
	struct sluss_agency_view view;
	struct sluss_bytes name;
	Sluss__V1__NamedAgency *a = sluss_arena_alloc(o->txn->arena, sizeof(*a));
	if (a == NULL || !sluss_directory_agency(sluss_txn_directory(o->txn), agency, &view))
		return svc_no_memory(o->txn);
	if (!sluss_txn_get_side(
		o->txn, SLUSS_SIDE_AGENCY_NAME, (struct sluss_bytes){(const uint8_t *)agency, strlen(agency)}, &name))
		return false;
	sluss__v1__named_agency__init(a);
	char *display = sluss_arena_alloc(o->txn->arena, name.len + 1);
	if (display != NULL && name.data != NULL)
		memcpy(display, name.data, name.len);
	a->display_name = display;
	a->agency_id = sluss_arena_text(o->txn->arena, agency);
	a->type = (Sluss__V1__AgencyType)view.type;
	if (display == NULL || a->agency_id == NULL)
		return svc_no_memory(o->txn);
	o->response.agencies[o->response.n_agencies++] = a;
	return true;
}

// ---- grants

static char *text_version_of(struct overview *o, const struct sluss_id *consent)
{
	struct sluss_consent_view view;
	struct sluss_bytes entry;
	struct sluss_record record;
	if (o->text_version != NULL && sluss_id_equal(consent, &o->consent))
		return o->text_version;
	if (!sluss_consent_find(o->txn->state, consent, &view) || !sluss_txn_entry(o->txn, view.seq, &entry))
		return NULL;
	struct sluss_codec *codec = sluss_codec_new();
	bool ok = codec != NULL && sluss_record_decode(codec, entry, &record, NULL) == SLUSS_CODEC_OK &&
		  record.type == SLUSS_REC_CONSENT_RECORDED;
	o->text_version = ok ? sluss_arena_text(o->txn->arena, record.u.consent_recorded.text_version) : NULL;
	o->consent = *consent;
	sluss_codec_free(&codec);
	return o->text_version;
}

static bool fill_others(struct overview *o, const struct sluss_grant_view *view, Sluss__V1__PersonGrant *g)
{
	struct sluss_txn *txn = o->txn;
	const struct sluss_required *required = &o->part->required;
	g->others = sluss_arena_array(txn->arena, required->count, sizeof(*g->others));
	for (size_t i = 0; g->others != NULL && required->known && i < required->count; i++) {
		const struct sluss_id *person = &required->persons[i];
		if (sluss_id_equal(person, &txn->session->person))
			continue;
		Sluss__V1__PersonOtherStatus *other = sluss_arena_alloc(txn->arena, sizeof(*other));
		if (other == NULL)
			return false;
		sluss__v1__person_other_status__init(other);
		other->subject = sluss_id_equal(person, &o->part->view.subject);
		other->status = (Sluss__V1__GrantStatus)sluss_grant_status(txn->state, &view->grant, person);
		if ((other->name = svc_person_name(txn, person)) == NULL)
			return false;
		g->others[g->n_others++] = other;
	}
	return g->others != NULL;
}

static bool is_closed(enum sluss_reason standing)
{
	return standing == SLUSS_WITHDRAWN || standing == SLUSS_REFUSED || standing == SLUSS_EXPIRED;
}

static Sluss__V1__PersonGrant *grant_of(struct overview *o, const struct sluss_grant_view *view)
{
	struct sluss_txn *txn = o->txn;
	Sluss__V1__PersonGrant *g = sluss_arena_alloc(txn->arena, sizeof(*g));
	if (g == NULL)
		return NULL;
	sluss__v1__person_grant__init(g);
	g->grant_id = svc_id_text(txn, &view->grant);
	g->consent_id = svc_id_text(txn, &view->consent);
	g->category = sluss_arena_text(txn->arena, view->category);
	g->sender_agency_id = sluss_arena_text(txn->arena, view->sender);
	g->receiver_agency_id = sluss_arena_text(txn->arena, view->recipient);
	g->purpose = (Sluss__V1__Purpose)view->purpose;
	g->from = svc_time(txn, view->from_ms);
	g->until = svc_time(txn, view->until_ms);
	g->standing = (Sluss__V1__ReasonCode)view->standing;
	g->own_status = (Sluss__V1__GrantStatus)sluss_grant_status(txn->state, &view->grant, &txn->session->person);
	g->required = o->part->is_required;
	g->asked = g->required && g->own_status == SLUSS__V1__GRANT_STATUS__GRANT_STATUS_UNSPECIFIED &&
		   !is_closed(view->standing);
	g->text_version = text_version_of(o, &view->consent);
	if (g->asked && o->file != NULL) {
		g->question = svc_person_question(txn, o->file, o->part, view);
		g->question_version = sluss_arena_text(txn->arena, svc_person_question_version(txn, o->file));
		if (g->question == NULL || g->question_version == NULL)
			return NULL;
	}
	bool ok = g->grant_id != NULL && g->consent_id != NULL && g->category != NULL && g->sender_agency_id != NULL &&
		  g->receiver_agency_id != NULL && g->from != NULL && g->until != NULL && g->text_version != NULL &&
		  fill_others(o, view, g) && add_agency(o, view->sender) && add_agency(o, view->recipient);
	return ok ? g : NULL;
}

static bool add_grant(void *context, const struct sluss_grant_view *view)
{
	struct overview *o = context;
	if (view->invalidated) // it never was
		return true;
	Sluss__V1__PersonGrant *g = grant_of(o, view);
	o->failed = g == NULL;
	if (g != NULL)
		o->to->grants[o->to->n_grants++] = g;
	return !o->failed;
}

// ---- cases

static bool fill_members(struct overview *o)
{
	struct sluss_txn *txn = o->txn;
	const struct sluss_case_view *view = &o->part->view;
	o->to->members = sluss_arena_array(txn->arena, view->member_count, sizeof(*o->to->members));
	if (o->to->members == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < view->member_count; i++) {
		Sluss__V1__Member *m = sluss_arena_alloc(txn->arena, sizeof(*m));
		const char *agency = sluss_case_member(txn->state, &view->case_id, i);
		bool coordinator = false;
		if (m == NULL || agency == NULL)
			return svc_no_memory(txn);
		sluss__v1__member__init(m);
		m->agency_id = sluss_arena_text(txn->arena, agency); // officers are not for this page
		if (m->agency_id == NULL || !add_agency(o, agency))
			return svc_no_memory(txn);
		o->to->members[o->to->n_members++] = m;
		for (size_t k = 0; !coordinator && sluss_case_officer(txn->state, &view->case_id, i, k, &coordinator);
		     k++)
			;
		if (coordinator)
			o->to->lead_agency_id = m->agency_id;
	}
	return true;
}

static bool add_case(struct overview *o)
{
	struct sluss_txn *txn = o->txn;
	const struct svc_person_case *part = o->part;
	Sluss__V1__PersonCase *c = sluss_arena_alloc(txn->arena, sizeof(*c));
	if (c == NULL)
		return svc_no_memory(txn);
	sluss__v1__person_case__init(c);
	o->to = c;
	c->case_id = svc_id_text(txn, &part->view.case_id);
	c->programme = sluss_arena_text(txn->arena, part->view.programme);
	c->phase = (Sluss__V1__Phase)part->view.phase;
	c->acting_as_guardian = part->guardian;
	c->view_limited = part->limited;
	if (c->case_id == NULL || c->programme == NULL)
		return svc_no_memory(txn);
	if (part->guardian && (c->subject_name = svc_person_name(txn, &part->view.subject)) == NULL)
		return false;
	o->response.cases[o->response.n_cases++] = c;
	if (part->limited)
		return true;
	c->grants = sluss_arena_array(txn->arena, part->view.grant_count, sizeof(*c->grants));
	if (c->grants == NULL || !fill_members(o))
		return svc_no_memory(txn);
	sluss_case_each_grant(txn->state, &part->view.case_id, txn->now_ms, add_grant, o);
	return !o->failed || svc_no_memory(txn);
}

static bool fill_language(struct overview *o)
{
	struct sluss_person person;
	struct sluss_txn *txn = o->txn;
	struct sluss_store *store = sluss_txn_store(txn);
	if (store == NULL)
		return false;
	enum sluss_store_result result =
	    sluss_persons_get(sluss_txn_persons(txn), store, &txn->session->person, &person);
	if (!sluss_txn_stored(txn, result))
		return false;
	o->response.language = sluss_arena_text(txn->arena, result == SLUSS_STORE_OK ? person.language : "");
	sodium_memzero(&person, sizeof(person));
	return o->response.language != NULL || svc_no_memory(txn);
}

void svc_person_overview(struct sluss_txn *txn)
{
	const Sluss__V1__GetOverviewRequest *request = (const Sluss__V1__GetOverviewRequest *)txn->request;
	struct overview o = {.txn = txn, .response = SLUSS__V1__GET_OVERVIEW_RESPONSE__INIT};
	const struct sluss_case_index *index = sluss_writer_of(txn)->world->cases;
	struct sluss_id case_id;
	static const struct sluss_id none;
	if (request->language[0] != '\0' && (o.file = svc_text_file(txn, request->language, "language")) == NULL)
		return;
	o.response.cases = sluss_arena_array(txn->arena, CASES_MAX, sizeof(*o.response.cases));
	o.response.agencies = sluss_arena_array(txn->arena, AGENCIES_MAX, sizeof(*o.response.agencies));
	if (o.response.cases == NULL || o.response.agencies == NULL) {
		svc_no_memory(txn);
		return;
	}
	if (!svc_person_admitted(txn) || !fill_language(&o))
		return;
	for (size_t n = 0;
	     o.response.n_cases < CASES_MAX && sluss_person_case(index, &txn->session->person, n, &case_id); n++) {
		struct svc_person_case part;
		if (!svc_person_part(txn, &case_id, &part))
			continue;
		o.part = &part;
		if (!add_case(&o))
			return;
	}
	o.response.now = svc_time(txn, txn->now_ms);
	if (svc_person_looked(txn, "overview", &none))
		sluss_txn_respond(txn, &o.response.base);
}
