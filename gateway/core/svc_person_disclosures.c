// SPDX-License-Identifier: EUPL-1.2
// PersonService.ListDisclosures: what was shared about the person, and what was refused, newest first. What the law
// keeps from this page until a date (a statutory notice that is deferred) and what the coordinator keeps from a
// guardian's view leave no trace in the answer.
#include <stdio.h>

#include "exchange.h"
#include "svc_common.h"
#include "svc_person.h"
#include "writer.h"

enum {
	PAGE_DEFAULT = 100,
	PAGE_MAX = 1000,
	LOOK_MAX = 4096, // entries that one call reads at most; the token goes on from there
};

struct listing {
	struct sluss_txn *txn;
	const struct svc_person_case *part;
	size_t limit;
	Sluss__V1__PersonDisclosure **rows;
	size_t count;
};

// Whether the section is about the case's subject, or about this person.
static bool concerns(
    const struct listing *to, const struct sluss_rec_message *message, const struct sluss_section_label *label)
{
	const struct sluss_id *case_id = &to->part->view.case_id;
	bool own = sluss_id_equal(&message->case_id, case_id);
	for (size_t i = 0; i < label->concerned_count; i++) {
		const struct sluss_concerned *who = &label->concerned[i];
		if ((who->kind == SLUSS_CONCERNED_SUBJECT && own) ||
		    (who->kind == SLUSS_CONCERNED_GUARDIAN && own &&
			sluss_id_equal(&who->ref, &to->txn->session->person)) ||
		    (who->kind == SLUSS_CONCERNED_OTHER_CASE && sluss_id_equal(&who->ref, case_id)))
			return true;
	}
	return false;
}

static bool is_deferred(const struct sluss_txn *txn, const struct sluss_id *request)
{
	struct sluss_statute_view view;
	return sluss_statute_find(txn->state, request, &view) && view.deferred && view.notify_ms > txn->now_ms;
}

static bool is_kept_back(const struct listing *to, const struct sluss_rec_message *message,
    const struct sluss_section_label *label, const struct sluss_pair *pair)
{
	if (to->part->guardian && sluss_case_view_limited(to->txn->state, &to->part->view.case_id,
				      &to->txn->session->person, &message->message))
		return true;
	for (size_t i = 0; i < pair->ground_count; i++)
		if (is_deferred(to->txn, &pair->grounds[i]))
			return true;
	for (size_t i = 0; i < label->claim_count; i++)
		if (label->claims[i].kind == SLUSS_CLAIM_APPROVAL && is_deferred(to->txn, &label->claims[i].id))
			return true;
	return false;
}

static bool add(struct listing *to, uint64_t place, int64_t at_ms, const struct sluss_rec_message *message,
    const char *recipient, const struct sluss_pair *pair, bool released)
{
	struct sluss_txn *txn = to->txn;
	if (pair->section >= message->section_count)
		return true;
	const struct sluss_section_label *label = &message->sections[pair->section];
	if (!concerns(to, message, label) || is_kept_back(to, message, label, pair))
		return true;
	Sluss__V1__PersonDisclosure *d = sluss_arena_alloc(txn->arena, sizeof(*d));
	if (d == NULL)
		return svc_no_memory(txn);
	sluss__v1__person_disclosure__init(d);
	d->at = svc_time(txn, at_ms);
	d->sender_agency_id = sluss_arena_text(txn->arena, message->sender);
	d->recipient_agency_id = sluss_arena_text(txn->arena, recipient);
	d->category = sluss_arena_text(txn->arena, label->category);
	d->provision = sluss_arena_text(txn->arena, pair->provision == NULL ? "" : pair->provision);
	d->ground = (Sluss__V1__Ground)pair->ground;
	d->reason = (Sluss__V1__ReasonCode)pair->reason;
	d->message_type = (Sluss__V1__MessageType)message->message_type;
	d->purpose = (Sluss__V1__Purpose)label->purpose;
	d->released = released;
	d->log_index = place;
	if (d->at == NULL || d->sender_agency_id == NULL || d->recipient_agency_id == NULL || d->category == NULL ||
	    d->provision == NULL)
		return svc_no_memory(txn);
	to->rows[to->count++] = d;
	return true;
}

static bool add_message(struct listing *to, uint64_t place, int64_t at_ms, const struct sluss_rec_message *message)
{
	for (size_t i = 0; i < message->pair_count; i++)
		if (!exchange_permits(message->pairs[i].reason) &&
		    !add(to, place, at_ms, message, message->pairs[i].recipient, &message->pairs[i], false))
			return false;
	return true;
}

static bool add_release(
    struct listing *to, uint64_t place, int64_t at_ms, const struct sluss_rec_release *release, bool released)
{
	uint32_t number = sluss_messages_find(exchange_messages(to->txn), &release->message);
	struct sluss_record record;
	if (number == SLUSS_NOWHERE)
		return true;
	if (!exchange_record(to->txn, number, &record))
		return false;
	for (size_t i = 0; i < release->pair_count; i++)
		if (!add(
			to, place, at_ms, &record.u.message_accepted, release->recipient, &release->pairs[i], released))
			return false;
	return true;
}

static bool consider(struct listing *to, struct sluss_codec *codec, uint64_t place)
{
	struct sluss_bytes entry;
	struct sluss_record record;
	sluss_codec_reset(codec);
	if (!sluss_txn_entry(to->txn, place, &entry))
		return false;
	if (sluss_record_decode(codec, entry, &record, NULL) != SLUSS_CODEC_OK)
		return svc_no_memory(to->txn);
	if (record.type == SLUSS_REC_MESSAGE_ACCEPTED || record.type == SLUSS_REC_MESSAGE_DENIED)
		return add_message(to, place, record.at_ms, &record.u.message_accepted);
	if (record.type == SLUSS_REC_RELEASED || record.type == SLUSS_REC_WITHHELD)
		return add_release(to, place, record.at_ms, &record.u.released, record.type == SLUSS_REC_RELEASED);
	return true;
}

// The next page begins before `*next_out`; 0 at the end.
static bool scan(struct listing *to, uint64_t before, uint64_t *next_out)
{
	struct sluss_case_cursor cursor;
	struct sluss_codec *codec = sluss_codec_new();
	uint64_t place = 0;
	bool ok = codec != NULL || svc_no_memory(to->txn), more = false;
	sluss_case_entries(sluss_writer_of(to->txn)->world->cases, &to->part->view.case_id, before, &cursor);
	*next_out = before;
	for (size_t looked = 0; ok && (more = sluss_case_entry_next(&cursor, &place)); looked++) {
		if (looked == LOOK_MAX || to->count >= to->limit)
			break;
		ok = consider(to, codec, place);
		*next_out = place;
	}
	sluss_codec_free(&codec);
	if (!more)
		*next_out = 0;
	return ok;
}

void svc_person_disclosures(struct sluss_txn *txn)
{
	enum { PAIRS_MAX = EXCHANGE_SECTIONS_MAX * EXCHANGE_RECIPIENTS_MAX };
	const Sluss__V1__PersonListDisclosuresRequest *request =
	    (const Sluss__V1__PersonListDisclosuresRequest *)txn->request;
	Sluss__V1__PersonListDisclosuresResponse response = SLUSS__V1__PERSON_LIST_DISCLOSURES_RESPONSE__INIT;
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
	to.rows = sluss_arena_array(txn->arena, to.limit + PAIRS_MAX, sizeof(*to.rows));
	if (to.rows == NULL) {
		svc_no_memory(txn);
		return;
	}
	if ((!part.limited && !scan(&to, before, &next)) || !svc_person_looked(txn, "disclosures", &case_id))
		return;
	if (next > 0)
		snprintf(token, sizeof(token), "%llu", (unsigned long long)next);
	response.next_page_token = token;
	response.disclosures = to.rows;
	response.n_disclosures = to.count;
	sluss_txn_respond(txn, &response.base);
}
