// SPDX-License-Identifier: EUPL-1.2
// ExchangeService.Send and Evaluate: a message is decided section by section for each recipient, logged, kept,
// answered.
#include "exchange.h"
#include "policy/explain.h"
#include "svc_common.h"
#include "writer.h"

// ---- Send

void exchange_send_prepare(struct sluss_txn *txn)
{
	const Sluss__V1__SendRequest *request = (const Sluss__V1__SendRequest *)txn->request;
	struct exchange_message *m = exchange_read(
	    txn, (const Sluss__V1__Envelope *)txn->statement, request->n_sections, request->sections, true);
	if (m != NULL)
		m->signed_envelope = request->envelope;
	txn->prepared = m;
}

static struct sluss_rec_message record_of(
    struct sluss_txn *txn, const struct exchange_message *m, const struct exchange_decisions *d)
{
	struct sluss_rec_message record = {
	    .message = m->message,
	    .case_id = m->case_id,
	    .sender = txn->caller,
	    .officer = m->envelope->officer_id,
	    .message_type = m->type,
	    .partial = m->partial,
	    .recipients = m->recipients,
	    .recipient_count = m->recipient_count,
	    .sections = m->labels,
	    .section_count = m->section_count,
	    .pairs = d->pairs,
	    .pair_count = d->count,
	    .expires_ms = txn->now_ms + (int64_t)sluss_writer_of(txn)->config.delivery_expiry_hours * 3600 * 1000,
	    .blocks = m->blocks,
	};
	if (m->expires_ms != 0 && m->expires_ms < record.expires_ms)
		record.expires_ms = m->expires_ms;
	if (m->batch != NULL)
		memcpy(record.batch_hash, txn->statement_hash, SLUSS_HASH_BYTES);
	memcpy(record.envelope_hash, m->envelope_hash, SLUSS_HASH_BYTES);
	return record;
}

static void unknown_case(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_UNKNOWN_CASE, "case_id", NULL);
}

// An agency that may not know of the case gets the same answer as for one that does not exist. True: it may.
static bool may_know(struct sluss_txn *txn, const struct sluss_id *case_id, enum sluss_message_type type)
{
	struct sluss_case_view view;
	struct sluss_type_view rules;
	bool known = sluss_policy_type(txn->policy, type, &rules);
	if (sluss_case_find(txn->state, case_id, &view))
		return sluss_case_is_member(txn->state, case_id, txn->caller) || (known && !rules.sender_member);
	return known && rules.opens_case;
}

static bool recipients_exist(struct sluss_txn *txn, const struct exchange_message *m)
{
	if (!svc_no_auditor(txn, txn->caller, "agency_id"))
		return false;
	for (size_t i = 0; i < m->recipient_count; i++)
		if (!svc_no_auditor(txn, m->recipients[i].agency, "recipients"))
			return false;
	for (size_t i = 0; i < m->recipient_count; i++)
		if (sluss_state_agency_type(txn->state, m->recipients[i].agency) == SLUSS_AGENCY_NONE) {
			sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_UNKNOWN_AGENCY, "recipients",
			    "No agency %s takes part here.", m->recipients[i].agency);
			return false;
		}
	return true;
}

static void refuse_denied(struct sluss_txn *txn, const struct sluss_pair *pairs, size_t count)
{
	enum sluss_reason first = SLUSS_UNAVAILABLE;
	for (size_t i = count; i-- > 0;)
		if (!exchange_permits(pairs[i].reason))
			first = pairs[i].reason;
	Sluss__V1__PairDecision **list = exchange_pairs(txn, pairs, count);
	if (list == NULL)
		return;
	sluss_txn_refuse(txn, sluss_code_of(first), first, NULL, NULL);
	sluss_txn_refuse_pairs(txn, count, list);
}

static bool accepted(struct sluss_txn *txn, const struct sluss_pair *pairs, size_t count, uint64_t index,
    struct exchange_outcome *outcome_out)
{
	*outcome_out =
	    (struct exchange_outcome){.index = index, .pairs = exchange_pairs(txn, pairs, count), .pair_count = count};
	return outcome_out->pairs != NULL;
}

bool exchange_send_again(struct sluss_txn *txn, uint32_t number, struct exchange_outcome *outcome_out)
{
	struct sluss_record record;
	if (!exchange_record(txn, number, &record))
		return false;
	const struct sluss_rec_message *message = &record.u.message_accepted;
	if (record.type == SLUSS_REC_MESSAGE_ACCEPTED)
		return accepted(txn, message->pairs, message->pair_count,
		    sluss_messages_at(exchange_messages(txn), number)->index, outcome_out);
	if (!may_know(txn, &message->case_id, message->message_type))
		unknown_case(txn);
	else
		refuse_denied(txn, message->pairs, message->pair_count);
	return false;
}

// A ConcernReport or Referral to a case that nobody knows yet opens it; a ConcernReport on a closed case opens a new
// one for the same person (ruling 11).
static bool open_case(struct sluss_txn *txn, const struct exchange_message *m, const struct sluss_record *accepted)
{
	struct sluss_case_view view;
	struct sluss_type_view rules;
	bool exists = sluss_case_find(txn->state, &m->case_id, &view);
	if (!sluss_policy_type(txn->policy, m->type, &rules) || !rules.opens_case)
		return true;
	if (exists && (view.phase != SLUSS_PHASE_CLOSED || m->type != SLUSS_MESSAGE_CONCERN_REPORT))
		return true;
	struct sluss_record record = {.type = SLUSS_REC_CASE_OPENED};
	struct sluss_rec_case_opened *opened = &record.u.case_opened;
	*opened = (struct sluss_rec_case_opened){.case_id = m->case_id,
	    .programme = "",
	    .phase = SLUSS_PHASE_NOMINATED,
	    .agency = "",
	    .officer = "",
	    .reporter = txn->caller};
	if (exists) {
		sluss_id_random(&opened->case_id);
		opened->subject = view.subject;
	} else {
		sluss_id_random(&opened->subject);
	}
	for (size_t i = m->recipient_count; i-- > 0;)
		if (sluss_state_agency_type(txn->state, m->recipients[i].agency) == SLUSS_AGENCY_SOCIAL_SERVICES)
			opened->agency = m->recipients[i].agency;
	return sluss_txn_fits(txn, accepted) && sluss_txn_append(txn, &record, NULL);
}

static uint64_t wanted_sections(const struct exchange_decisions *d)
{
	uint64_t wanted = 0;
	for (size_t i = 0; i < d->count; i++)
		if (exchange_permits(d->pairs[i].reason))
			wanted |= UINT64_C(1) << d->pairs[i].section;
	return wanted;
}

static bool accept(struct sluss_txn *txn, const struct exchange_message *m, const struct exchange_decisions *d,
    struct exchange_outcome *outcome_out)
{
	struct sluss_record record = {.type = SLUSS_REC_MESSAGE_ACCEPTED, .u.message_accepted = record_of(txn, m, d)};
	uint64_t index;
	return exchange_queues_have_room(txn, m) && open_case(txn, m, &record) &&
	       sluss_txn_append(txn, &record, &index) && exchange_payload_put(txn, index, m, wanted_sections(d)) &&
	       exchange_chunks_take(txn, m, wanted_sections(d)) &&
	       accepted(txn, d->pairs, d->count, index, outcome_out);
}

static void deny(struct sluss_txn *txn, const struct exchange_message *m, const struct exchange_decisions *d)
{
	struct sluss_record record = {.type = SLUSS_REC_MESSAGE_DENIED, .u.message_denied = record_of(txn, m, d)};
	record.u.message_denied.expires_ms = 0;
	record.u.message_denied.blocks = 0;
	if (!sluss_txn_append(txn, &record, NULL) || !exchange_chunks_take(txn, m, 0))
		return;
	if (may_know(txn, &m->case_id, m->type))
		refuse_denied(txn, d->pairs, d->count);
	else
		unknown_case(txn);
}

bool exchange_send_new(struct sluss_txn *txn, const struct exchange_message *m, struct exchange_outcome *outcome_out)
{
	struct exchange_decisions d;
	struct sluss_case_view view;
	bool exists = sluss_case_find(txn->state, &m->case_id, &view);
	if (!exists && !may_know(txn, &m->case_id, m->type)) {
		unknown_case(txn);
		return false;
	}
	if (m->expires_ms != 0 && m->expires_ms <= txn->now_ms) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "expires",
		    "The message would have expired already."); // not recorded
		return false;
	}
	if (!recipients_exist(txn, m) || !exchange_chunks_there(txn, m) || !exchange_decide(txn, m, &d))
		return false;
	if (d.permitted == d.count || (m->partial && d.permitted > 0 && !d.unavailable))
		return accept(txn, m, &d, outcome_out);
	if (d.unavailable)
		refuse_denied(txn, d.pairs, d.count); // not recorded: the same message may come again
	else
		deny(txn, m, &d);
	return false;
}

void exchange_send(struct sluss_txn *txn)
{
	const struct exchange_message *m = txn->prepared;
	struct exchange_outcome outcome;
	if (!(sluss_txn_repeated(txn)
		    ? exchange_send_again(txn, sluss_messages_find(exchange_messages(txn), &m->message), &outcome)
		    : exchange_send_new(txn, m, &outcome)))
		return;
	Sluss__V1__SendResponse response = SLUSS__V1__SEND_RESPONSE__INIT;
	response.message_id = m->envelope->message_id;
	response.pairs = outcome.pairs;
	response.n_pairs = outcome.pair_count;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, outcome.index, 2);
}

// ---- Evaluate

void exchange_evaluate_prepare(struct sluss_txn *txn)
{
	const Sluss__V1__EvaluateRequest *request = (const Sluss__V1__EvaluateRequest *)txn->request;
	txn->prepared = exchange_read(
	    txn, (const Sluss__V1__Envelope *)txn->statement, request->n_sections, request->sections, false);
}

static char **remedies(struct sluss_txn *txn, const struct exchange_message *m)
{
	char **texts = sluss_arena_array(txn->arena, m->section_count * m->recipient_count, sizeof(*texts));
	for (size_t i = 0; texts != NULL && i < m->section_count * m->recipient_count; i++) {
		struct sluss_question question = exchange_question(&m->case_id, txn->caller, m->envelope->officer_id,
		    m->type, &m->recipients[i % m->recipient_count], &m->labels[i / m->recipient_count]);
		struct sluss_explanation explanation = sluss_explain(txn->state, &question, txn->now_ms);
		texts[i] = (char *)(uintptr_t)explanation.remedy_text;
	}
	return texts;
}

void exchange_evaluate(struct sluss_txn *txn)
{
	const struct exchange_message *m = txn->prepared;
	struct exchange_decisions d;
	if (!may_know(txn, &m->case_id, m->type)) {
		unknown_case(txn);
		return;
	}
	if (!recipients_exist(txn, m) || !exchange_decide(txn, m, &d))
		return;
	Sluss__V1__EvaluateResponse response = SLUSS__V1__EVALUATE_RESPONSE__INIT;
	response.would_be_accepted = d.permitted == d.count || (m->partial && d.permitted > 0);
	response.pairs = exchange_pairs(txn, d.pairs, d.count);
	response.n_pairs = d.count;
	response.what_would_change = remedies(txn, m);
	response.n_what_would_change = d.count;
	response.log_size = sluss_state_size(txn->state);
	struct sluss_record looked = {
	    .type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = "evaluate", .case_id = m->case_id}};
	if (response.pairs != NULL && response.what_would_change != NULL && sluss_txn_append(txn, &looked, NULL))
		sluss_txn_respond(txn, &response.base);
}
