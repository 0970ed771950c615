// SPDX-License-Identifier: EUPL-1.2
// AuditService.ListDisclosures: what was released, withheld and denied, read from the log itself, a page of it at a
// time. An agency sees what it sent and what it was given; that something was denied or withheld is shown to its sender
// alone. Every look is a record of its own.
#include <stdio.h>
#include <stdlib.h>

#include "exchange.h"
#include "svc_common.h"
#include "svc_disclosures.h"
#include "sluss/v1/audit.pb-c.h"

enum {
	PAGE_DEFAULT = 100,
	PAGE_MAX = 1000,
	SCAN_MAX = 4096, // entries that one call reads at most; the token goes on from there
};

struct listing {
	struct sluss_txn *txn;
	struct sluss_id case_id; // none: of every case
	int64_t from_ms, until_ms;
	const Sluss__V1__ListDisclosuresRequest *filter;
	size_t limit;
	bool newest_first,
	    done; // done: what follows lies outside of the time asked for, the log being in order of time
	Sluss__V1__Disclosure **rows;
	size_t count;
};

static Sluss__V1__Ground ground_of(enum sluss_ground ground)
{
	return (Sluss__V1__Ground)ground; // same numbers, see policy/record.h
}

static bool add_grounds(struct sluss_txn *txn, const struct sluss_pair *pair, Sluss__V1__Disclosure *d)
{
	d->ground_ids = sluss_arena_array(txn->arena, pair->ground_count, sizeof(*d->ground_ids));
	for (size_t i = 0; d->ground_ids != NULL && i < pair->ground_count; i++)
		if ((d->ground_ids[d->n_ground_ids++] = svc_id_text(txn, &pair->grounds[i])) == NULL)
			return false;
	return d->ground_ids != NULL;
}

static bool is_or_any(const char *wanted, const char *text)
{
	return wanted[0] == '\0' || strcmp(wanted, text) == 0;
}

// Does the row pass the request's filters?
static bool passes(const struct listing *to, const struct sluss_rec_message *message, const char *recipient,
    const struct sluss_pair *pair)
{
	enum { RELEASES = 1, DENIALS = 2 };
	const Sluss__V1__ListDisclosuresRequest *f = to->filter;
	bool released = exchange_permits(pair->reason);
	return is_or_any(f->sender_agency_id, message->sender) && is_or_any(f->recipient_agency_id, recipient) &&
	       is_or_any(f->category, message->sections[pair->section].category) &&
	       (f->ground == 0 || f->ground == ground_of(pair->ground)) &&
	       (f->reason == 0 || f->reason == (Sluss__V1__ReasonCode)pair->reason) &&
	       (f->which != RELEASES || released) && (f->which != DENIALS || !released);
}

static bool add(struct listing *to, uint64_t index, int64_t at_ms, const struct sluss_rec_message *message,
    const char *recipient, const struct sluss_pair *pair)
{
	struct sluss_txn *txn = to->txn;
	if (pair->section >= message->section_count)
		return svc_no_memory(txn);
	if (!passes(to, message, recipient, pair))
		return true;
	Sluss__V1__Disclosure *d = sluss_arena_alloc(txn->arena, sizeof(*d));
	if (d == NULL)
		return svc_no_memory(txn);
	const struct sluss_section_label *label = &message->sections[pair->section];
	sluss__v1__disclosure__init(d);
	d->log_index = index;
	d->at = svc_time(txn, at_ms);
	d->case_id = svc_id_text(txn, &message->case_id);
	d->message_id = svc_id_text(txn, &message->message);
	d->message_type = (Sluss__V1__MessageType)message->message_type;
	d->sender_agency_id = sluss_arena_text(txn->arena, message->sender);
	d->recipient_agency_id = sluss_arena_text(txn->arena, recipient);
	d->category = sluss_arena_text(txn->arena, label->category);
	d->purpose = (Sluss__V1__Purpose)label->purpose;
	d->reason = (Sluss__V1__ReasonCode)pair->reason;
	d->ground = ground_of(pair->ground);
	if (d->at == NULL || d->case_id == NULL || d->message_id == NULL || d->sender_agency_id == NULL ||
	    d->recipient_agency_id == NULL || d->category == NULL || !add_grounds(txn, pair, d))
		return svc_no_memory(txn);
	to->rows[to->count++] = d;
	return true;
}

// An auditor sees what every agency sees of its own.
static bool sees_all(const struct sluss_txn *txn)
{
	return txn->caller_type == SLUSS_AGENCY_AUDITOR;
}

// Pairs of a message as it was accepted or denied: only the denied ones, only for the sender.
static bool add_denied(struct listing *to, uint64_t index, int64_t at_ms, const struct sluss_rec_message *message)
{
	if (strcmp(message->sender, to->txn->caller) != 0 && !sees_all(to->txn))
		return true;
	for (size_t i = 0; i < message->pair_count; i++)
		if (!exchange_permits(message->pairs[i].reason) &&
		    !add(to, index, at_ms, message, message->pairs[i].recipient, &message->pairs[i]))
			return false;
	return true;
}

static bool add_released(
    struct listing *to, uint64_t index, int64_t at_ms, const struct sluss_rec_release *release, bool withheld)
{
	uint32_t number = sluss_messages_find(exchange_messages(to->txn), &release->message);
	struct sluss_record record;
	if (number == SLUSS_NOWHERE)
		return true;
	if (!exchange_record(to->txn, number, &record))
		return false;
	const struct sluss_rec_message *message = &record.u.message_accepted;
	bool sender = strcmp(message->sender, to->txn->caller) == 0 || sees_all(to->txn);
	if (!sender && (withheld || strcmp(release->recipient, to->txn->caller) != 0))
		return true;
	for (size_t i = 0; i < release->pair_count; i++)
		if (!add(to, index, at_ms, message, release->recipient, &release->pairs[i]))
			return false;
	return true;
}

static bool wanted(const struct listing *to, const struct sluss_id *case_id, int64_t at_ms)
{
	return (sluss_id_is_none(&to->case_id) || sluss_id_equal(&to->case_id, case_id)) && at_ms >= to->from_ms &&
	       at_ms < to->until_ms;
}

// Adds what one entry says. One record has at most 2,048 pairs: rows have room for that beyond the page.
static bool consider(struct listing *to, struct sluss_codec *codec, uint64_t index)
{
	struct sluss_bytes entry;
	struct sluss_record record;
	sluss_codec_reset(codec);
	if (!sluss_txn_entry(to->txn, index, &entry))
		return false;
	if (sluss_record_decode(codec, entry, &record, NULL) != SLUSS_CODEC_OK)
		return svc_no_memory(to->txn);
	to->done = to->newest_first ? record.at_ms < to->from_ms : record.at_ms >= to->until_ms;
	if (record.type == SLUSS_REC_MESSAGE_ACCEPTED || record.type == SLUSS_REC_MESSAGE_DENIED) {
		const struct sluss_rec_message *message =
		    &record.u.message_accepted; // MESSAGE_DENIED has the same form
		return !wanted(to, &message->case_id, record.at_ms) || add_denied(to, index, record.at_ms, message);
	}
	if (record.type == SLUSS_REC_RELEASED || record.type == SLUSS_REC_WITHHELD) {
		const struct sluss_rec_release *release = &record.u.released; // WITHHELD has the same form
		return !wanted(to, &release->case_id, record.at_ms) ||
		       add_released(to, index, record.at_ms, release, record.type == SLUSS_REC_WITHHELD);
	}
	return true;
}

// Reads from `from` on, or backwards from the entry before it. *next_out: where it goes on; 0 or the log's size:
// nowhere.
static bool scan(struct listing *to, uint64_t from, uint64_t *next_out)
{
	struct sluss_codec *codec = sluss_codec_new();
	uint64_t end = to->newest_first ? 0 : to->txn->committed, at = from;
	bool ok = codec != NULL || svc_no_memory(to->txn);
	for (size_t read = 0; ok && at != end && !to->done && read < SCAN_MAX && to->count < to->limit; read++) {
		ok = consider(to, codec, to->newest_first ? at - 1 : at);
		at = to->newest_first ? at - 1 : at + 1;
	}
	sluss_codec_free(&codec);
	*next_out = to->done ? end : at;
	return ok;
}

static bool may_see(struct sluss_txn *txn, const struct sluss_id *case_id)
{
	struct sluss_case_view view;
	if (!sees_all(txn))
		return svc_need_member(txn, case_id, &view);
	if (sluss_case_find(txn->state, case_id, &view))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_UNKNOWN_CASE, "case_id", NULL);
	return false;
}

static bool read_request(struct listing *to, const Sluss__V1__ListDisclosuresRequest *request, uint64_t *from_out)
{
	struct sluss_txn *txn = to->txn;
	char *end = NULL;
	if (request->case_id[0] != '\0' &&
	    (!svc_read_id(txn, request->case_id, "case_id", &to->case_id) || !may_see(txn, &to->case_id)))
		return false;
	if ((request->from != NULL && !svc_read_time(txn, request->from, "from", &to->from_ms)) ||
	    (request->until != NULL && !svc_read_time(txn, request->until, "until", &to->until_ms)))
		return false;
	*from_out = strtoull(request->page_token, &end, 10);
	if (request->page_token[0] == '\0' && to->newest_first)
		*from_out = txn->committed;
	if (*end != '\0' || request->page_token[0] == '-' || *from_out > txn->committed) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "page_token",
		    "this is no token of an earlier answer");
		return false;
	}
	return true;
}

void svc_list_disclosures(struct sluss_txn *txn)
{
	enum { PAIRS_MAX = EXCHANGE_SECTIONS_MAX * EXCHANGE_RECIPIENTS_MAX };
	const Sluss__V1__ListDisclosuresRequest *request = (const Sluss__V1__ListDisclosuresRequest *)txn->request;
	Sluss__V1__ListDisclosuresResponse response = SLUSS__V1__LIST_DISCLOSURES_RESPONSE__INIT;
	struct listing to = {
	    .txn = txn, .until_ms = INT64_MAX, .filter = request, .newest_first = request->newest_first};
	uint64_t from = 0, next = 0;
	to.limit = request->page_size == 0	   ? PAGE_DEFAULT
		   : request->page_size > PAGE_MAX ? PAGE_MAX
						   : request->page_size;
	if (!read_request(&to, request, &from))
		return;
	to.rows = sluss_arena_array(txn->arena, to.limit + PAIRS_MAX, sizeof(*to.rows));
	if (to.rows == NULL) {
		svc_no_memory(txn);
		return;
	}
	struct sluss_record looked = {
	    .type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = "disclosures", .case_id = to.case_id}};
	if (!scan(&to, from, &next) || !sluss_txn_append(txn, &looked, NULL))
		return;
	char token[24] = "";
	if (next != (to.newest_first ? 0 : txn->committed))
		snprintf(token, sizeof(token), "%llu", (unsigned long long)next);
	response.next_page_token = token;
	response.disclosures = to.rows;
	response.n_disclosures = to.count;
	sluss_txn_respond(txn, &response.base);
}
