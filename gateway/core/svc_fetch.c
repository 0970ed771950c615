// SPDX-License-Identifier: EUPL-1.2
// ExchangeService.Fetch: what waits for the caller, decided again at this moment, logged, then handed out. Nothing is
// remembered from the acceptance but which sections were permitted then: a section denied once never comes back, and a
// section permitted then is asked about anew.
#include "exchange.h"
#include "log_event.h"
#include "svc_common.h"
#include "writer.h"

enum {
	FETCH_DEFAULT = 16,
	FETCH_MAX = 64,
	FETCH_OCTETS = 2 << 20, // of one answer; a single message may be larger
	NOTICES_MAX = 256,
	CASES_WAITING_MAX = 128, // beyond it nothing more is handed out until something was acknowledged
};

struct fetching {
	const Sluss__V1__FetchRequest *request;
	Sluss__V1__Delivery **deliveries;
	size_t count, max;
	size_t octets;
	bool full;
	int64_t now_ms, wake_ms; // monotonic
	// Cases of which an earlier message is with somebody else, or could not be judged: a later one must not
	// overtake it.
	struct sluss_id waiting[CASES_WAITING_MAX];
	size_t waiting_count;
};

static bool no_memory(struct sluss_txn *txn)
{
	sluss_txn_refuse(
	    txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "The answer needs more memory than one may use.");
	return false;
}

// Is it for the officer who asks?
static bool is_addressed(const struct sluss_rec_message *record, const char *agency, const char *officer)
{
	for (size_t i = 0; i < record->recipient_count; i++)
		if (strcmp(record->recipients[i].agency, agency) == 0)
			return officer[0] == '\0' || record->recipients[i].officer[0] == '\0' ||
			       strcmp(record->recipients[i].officer, officer) == 0;
	return false;
}

// ---- building one delivery

// Reads what may be handed out. *delivery_out NULL: the payload is not whole.
static bool read_payload(struct sluss_txn *txn, const struct sluss_message *message, const struct exchange_judgement *j,
    Sluss__V1__Delivery **delivery_out)
{
	struct sluss_id payload = exchange_payload_id(message->index, &message->id);
	Sluss__V1__Delivery *delivery = sluss_arena_alloc(txn->arena, sizeof(*delivery));
	Sluss__V1__Section **sections = sluss_arena_array(txn->arena, j->permitted_count, sizeof(*sections));
	char *id = sluss_arena_alloc(txn->arena, SLUSS_ID_TEXT);
	*delivery_out = NULL;
	if (delivery == NULL || sections == NULL || id == NULL)
		return no_memory(txn);
	sluss__v1__delivery__init(delivery);
	sluss_id_format(&message->id, id);
	delivery->message_id = id;
	delivery->sections = sections;
	delivery->n_sections = j->permitted_count;
	Sluss__V1__Delivery *head;
	if (!exchange_payload_head(txn, &payload, &head))
		return false;
	bool whole = head != NULL;
	delivery->envelope = whole ? head->envelope : NULL;
	delivery->batch = whole ? head->batch : NULL;
	for (size_t i = 0; whole && i < j->permitted_count; i++) {
		if (!exchange_payload_section(txn, &payload, head, j->permitted[i].section, txn->caller, &sections[i]))
			return false;
		whole = sections[i] != NULL;
	}
	*delivery_out = whole ? delivery : NULL;
	return true;
}

static bool add_sender_key(struct sluss_txn *txn, Sluss__V1__Delivery *delivery)
{
	struct sluss_signer signer;
	if (!sluss_directory_signer(sluss_txn_directory(txn), delivery->envelope->key_id, &signer))
		return true;
	delivery->sender_key.data = sluss_arena_copy(txn->arena, signer.sign_key, sizeof(signer.sign_key));
	delivery->sender_key.len = sizeof(signer.sign_key);
	return delivery->sender_key.data != NULL || no_memory(txn);
}

// Logs the release, then adds the delivery to the answer, which leaves after the commit.
static bool release(struct sluss_txn *txn, struct fetching *f, uint32_t number, const struct sluss_rec_message *record,
    const struct exchange_judgement *j)
{
	struct sluss_messages *messages = exchange_messages(txn);
	struct sluss_message message = *sluss_messages_at(messages, sluss_messages_delivery(messages, number)->message);
	Sluss__V1__Delivery *delivery;
	if (!read_payload(txn, &message, j, &delivery))
		return false;
	if (delivery == NULL) {
		char id[SLUSS_ID_TEXT];
		sluss_event(SLUSS_EVENT_ERROR, "payload-missing", "message=%s", sluss_id_format(&message.id, id));
		return true;
	}
	size_t octets = sluss__v1__delivery__get_packed_size(delivery);
	if (f->count > 0 && octets > FETCH_OCTETS - f->octets) {
		f->full = true; // it comes first in the next answer
		return true;
	}
	struct sluss_record entry = {.type = SLUSS_REC_RELEASED};
	entry.u.released = (struct sluss_rec_release){.message = record->message,
	    .case_id = record->case_id,
	    .recipient = txn->caller,
	    .pairs = j->permitted,
	    .pair_count = j->permitted_count};
	if (!sluss_txn_append(txn, &entry, &delivery->release_index) || !add_sender_key(txn, delivery) ||
	    !exchange_note_cases(txn, record))
		return false;
	struct sluss_delivery *kept = sluss_messages_delivery(messages, number);
	kept->lease_connection = txn->connection_id;
	kept->lease_until_ms = f->now_ms + sluss_writer_of(txn)->config.lease_ms;
	f->octets += octets;
	f->deliveries[f->count++] = delivery;
	return true;
}

// ---- the mailbox

static void hold_case(struct fetching *f, const struct sluss_id *case_id)
{
	if (f->waiting_count == CASES_WAITING_MAX)
		f->full = true;
	else
		f->waiting[f->waiting_count++] = *case_id;
}

static bool is_held(const struct fetching *f, const struct sluss_id *case_id)
{
	for (size_t i = 0; i < f->waiting_count; i++)
		if (sluss_id_equal(&f->waiting[i], case_id))
			return true;
	return false;
}

// Whether the officer who asks would have been given it.
static bool would_get(const struct fetching *f, const struct sluss_delivery *delivery)
{
	uint32_t asks = sluss_officer_mark(f->request->officer_id);
	return asks == 0 || delivery->officer == 0 || delivery->officer == asks;
}

// Decides one delivery again, withholds what is not permitted any more, hands out the rest. What leaves lies in `own`,
// all else in the scratch.
static bool judge_and_release(struct sluss_txn *txn, struct fetching *f, uint32_t number, struct sluss_arena *own)
{
	struct sluss_record record;
	if (!exchange_record(txn, sluss_messages_delivery(exchange_messages(txn), number)->message, &record))
		return false;
	const struct sluss_rec_message *message = &record.u.message_accepted;
	struct exchange_judgement j;
	static const struct sluss_id no_withdrawal;
	if (!is_addressed(message, txn->caller, f->request->officer_id))
		return true;
	if (!exchange_judge(txn, message, number, &j))
		return false;
	if (j.unavailable) {
		hold_case(f, &message->case_id); // could not be told: it stays where it is
		return true;
	}
	if (j.denied_count > 0 && !exchange_withhold(txn, message, number, &j, &no_withdrawal))
		return false;
	if (j.permitted_count == 0)
		return true;
	struct sluss_arena *scratch = txn->arena;
	txn->arena = own;
	bool ok = release(txn, f, number, message, &j);
	txn->arena = scratch;
	return ok;
}

// One delivery that waits; leased ones are left to who has them.
static bool consider(struct sluss_txn *txn, struct fetching *f, uint32_t number)
{
	const struct sluss_delivery *delivery = sluss_messages_delivery(exchange_messages(txn), number);
	const struct sluss_message *message = sluss_messages_at(exchange_messages(txn), delivery->message);
	if (!would_get(f, delivery) || (message->expires_ms != 0 && message->expires_ms <= txn->now_ms))
		return true;
	if (is_held(f, &message->case_id))
		return true;
	if (delivery->lease_until_ms > f->now_ms && delivery->lease_connection != 0) {
		if (delivery->lease_until_ms < f->wake_ms)
			f->wake_ms = delivery->lease_until_ms;
		if (delivery->lease_connection != txn->connection_id)
			hold_case(f, &message->case_id);
		return true;
	}
	struct sluss_arena *own = exchange_scratch_begin(txn);
	return own != NULL && exchange_scratch_end(txn, own, judge_and_release(txn, f, number, own));
}

static bool collect(struct sluss_txn *txn, struct fetching *f)
{
	struct sluss_messages *messages = exchange_messages(txn);
	uint32_t box = sluss_mailbox_find(messages, txn->caller);
	if (box == SLUSS_NOWHERE)
		return true;
	for (uint32_t number = sluss_mailbox_first(messages, box);
	     number != SLUSS_NOWHERE && f->count < f->max && f->octets < FETCH_OCTETS && !f->full;) {
		uint32_t next = sluss_messages_delivery(messages, number)->next;
		if (!consider(txn, f, number))
			return false;
		number = next;
	}
	return true;
}

// ---- notices

static bool add_signed(struct sluss_txn *txn, uint64_t index, Sluss__V1__Notice *notice)
{
	struct exchange_proof proof;
	if (!exchange_statement_get(txn, index, &proof))
		return false;
	notice->statement = proof.statement;
	notice->recipient_key = proof.key;
	notice->explanation = proof.explanation;
	return true;
}

static Sluss__V1__Notice *notice_at(struct sluss_txn *txn, uint64_t index)
{
	Sluss__V1__Notice *notice = sluss_arena_alloc(txn->arena, sizeof(*notice));
	struct sluss_codec *codec = sluss_codec_new();
	struct sluss_bytes entry;
	struct sluss_record record;
	const struct sluss_id *message = NULL, *recall = NULL, *approval = NULL;
	struct sluss_recall_view view;
	bool ok = notice != NULL && codec != NULL && sluss_txn_entry(txn, index, &entry) &&
		  sluss_record_decode(codec, entry, &record, NULL) == SLUSS_CODEC_OK;
	if (ok) {
		const struct sluss_id *case_id = NULL;
		const char *recipient = "";
		sluss__v1__notice__init(notice);
		notice->log_index = index;
		notice->at = svc_time(txn, record.at_ms);
		if (record.type == SLUSS_REC_WITHHELD) {
			const struct sluss_rec_release *r = &record.u.withheld;
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_WITHHELD;
			notice->reason = r->pair_count == 0 ? 0 : (Sluss__V1__ReasonCode)r->pairs[0].reason;
			message = &r->message, case_id = &r->case_id, recipient = r->recipient;
		} else if (record.type == SLUSS_REC_MISMATCH_REPORTED) {
			const struct sluss_rec_acknowledged *r = &record.u.mismatch_reported;
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_MISMATCH;
			message = &r->message, case_id = &r->case_id, recipient = r->agency;
		} else if (record.type == SLUSS_REC_ACKNOWLEDGED) {
			const struct sluss_rec_acknowledged *r = &record.u.acknowledged;
			notice->kind = r->outcome == SLUSS_OUTCOME_REJECTED
					   ? SLUSS__V1__NOTICE_KIND__NOTICE_KIND_REJECTED
					   : SLUSS__V1__NOTICE_KIND__NOTICE_KIND_RECEIVED;
			message = &r->message, case_id = &r->case_id, recipient = r->agency;
			ok = add_signed(txn, index, notice);
		} else if (record.type == SLUSS_REC_EXPIRED) {
			const struct sluss_rec_expired *r = &record.u.expired;
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_EXPIRED;
			message = &r->message, case_id = &r->case_id, recipient = r->recipient;
		} else if (record.type == SLUSS_REC_WITHDRAWAL) {
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_WITHDRAWAL;
			case_id = &record.u.withdrawal.case_id;
		} else if (record.type == SLUSS_REC_PHASE_SET) {
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_PHASE;
			notice->phase = (Sluss__V1__Phase)record.u.phase_set.phase;
			case_id = &record.u.phase_set.case_id;
		} else if (record.type == SLUSS_REC_STATUTE_NOTIFIED) {
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_STATUTE;
			case_id = &record.u.statute_notified.case_id;
			approval = &record.u.statute_notified.request;
		} else if (record.type == SLUSS_REC_RECALL_OPENED) {
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_RECALL;
			recall = &record.u.recall_opened.recall;
		} else if (record.type == SLUSS_REC_RECALL_ANSWERED) {
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_RECALL_ANSWERED;
			recall = &record.u.recall_answered.recall;
		} else if (record.type == SLUSS_REC_RECALL_OVERDUE) {
			notice->kind = SLUSS__V1__NOTICE_KIND__NOTICE_KIND_RECALL_OVERDUE;
			recall = &record.u.recall_overdue.recall;
		}
		if (recall != NULL && sluss_recall_find(txn->state, recall, &view))
			case_id = &view.case_id, recipient = view.agency;
		notice->recall_id = recall == NULL ? sluss_arena_text(txn->arena, "") : svc_id_text(txn, recall);
		notice->approval_id = approval == NULL ? sluss_arena_text(txn->arena, "") : svc_id_text(txn, approval);
		notice->case_id = case_id == NULL ? NULL : svc_id_text(txn, case_id);
		notice->message_id = message == NULL ? sluss_arena_text(txn->arena, "") : svc_id_text(txn, message);
		notice->recipient_agency_id = sluss_arena_text(txn->arena, recipient);
		ok = ok && notice->recall_id != NULL && notice->approval_id != NULL && notice->at != NULL &&
		     notice->case_id != NULL && notice->message_id != NULL && notice->recipient_agency_id != NULL;
	}
	sluss_codec_free(&codec);
	return ok ? notice : NULL;
}

// What the caller has to know, from the position that it asked for; only what is durable.
static bool add_notices(
    struct sluss_txn *txn, const Sluss__V1__FetchRequest *request, Sluss__V1__FetchResponse *response)
{
	uint64_t indexes[NOTICES_MAX];
	size_t count = !request->with_notices ? 0
					      : sluss_notices_of(sluss_writer_of(txn)->world->notices, txn->caller,
						    request->notices_from, txn->committed, indexes, NOTICES_MAX);
	response->next_notice = count == NOTICES_MAX ? indexes[count - 1] + 1 : txn->committed;
	response->notices = sluss_arena_array(txn->arena, count, sizeof(*response->notices));
	if (response->notices == NULL)
		return no_memory(txn);
	for (; response->n_notices < count; response->n_notices++)
		if ((response->notices[response->n_notices] = notice_at(txn, indexes[response->n_notices])) == NULL)
			return no_memory(txn);
	return true;
}

static bool has_mail(struct sluss_txn *txn)
{
	const struct sluss_messages *messages = exchange_messages(txn);
	uint32_t box = sluss_mailbox_find(messages, txn->caller);
	return box != SLUSS_NOWHERE && sluss_mailbox_first(messages, box) != SLUSS_NOWHERE;
}

// How long the caller's request may wait, in milliseconds.
static int64_t wait_of(struct sluss_txn *txn, const Sluss__V1__FetchRequest *request)
{
	int64_t wait = request->wait_ms;
	int64_t most = sluss_writer_of(txn)->config.fetch_wait_max_ms;
	uint32_t patience = sluss_request_of(txn)->asked->timeout_ms;
	if (patience != 0 && most > (int64_t)patience - patience / 10)
		most = (int64_t)patience - patience / 10; // answer before the client stops listening
	return wait < most ? wait : most;
}

void exchange_fetch(struct sluss_txn *txn)
{
	struct fetching f = {.request = (const Sluss__V1__FetchRequest *)txn->request,
	    .now_ms = sluss_monotonic_ms(),
	    .wake_ms = INT64_MAX};
	f.max = f.request->max_messages == 0 ? FETCH_DEFAULT : f.request->max_messages;
	if (f.max > FETCH_MAX) {
		sluss_txn_refuse(
		    txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "max_messages", "At most 64 messages at once.");
		return;
	}
	// Once for all times that a waiting request is tried again: its arena must not grow with every message that
	// another one takes.
	if (txn->prepared == NULL)
		txn->prepared = sluss_arena_array(txn->arena, f.max, sizeof(Sluss__V1__Delivery *));
	f.deliveries = txn->prepared;
	if (f.deliveries == NULL) {
		no_memory(txn);
		return;
	}
	uint32_t box = sluss_mailbox_find(exchange_messages(txn), txn->caller);
	if (box != SLUSS_NOWHERE)
		sluss_mailbox_set_asked(exchange_messages(txn), box, txn->now_ms);
	char stopped[SLUSS_NOTARY_WHY];
	bool relays = sluss_notary_open_for_relay(sluss_writer_of(txn), stopped);
	if (relays && !collect(txn, &f))
		return;
	int64_t wait_ms = wait_of(txn, f.request);
	Sluss__V1__FetchResponse response = SLUSS__V1__FETCH_RESPONSE__INIT;
	if (!add_notices(txn, f.request, &response))
		return;
	// Notices are no releases: they are given. Without any, who has something waiting hears why it does not come.
	if (!relays && response.n_notices == 0 && has_mail(txn)) {
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "%s", stopped);
		return;
	}
	if (f.count == 0 && response.n_notices == 0 && wait_ms > 0 && !sluss_request_of(txn)->expired) {
		sluss_request_of(txn)->wants_notices = f.request->with_notices;
		sluss_request_of(txn)->notices_from = f.request->notices_from;
		sluss_txn_park(txn, wait_ms, f.wake_ms);
		return;
	}
	response.deliveries = f.deliveries;
	response.n_deliveries = f.count;
	sluss_txn_respond(txn, &response.base);
}
