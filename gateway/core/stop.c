// SPDX-License-Identifier: EUPL-1.2
// What waits and has lost its ground.
//
// Invariant: outside a request, every delivery that waits was permitted when the last record was written that could
// have taken a permission away, and until `next_ms` time alone takes none. A delivery's own `ends_ms` is when the first
// of the grounds that carried it at its last decision ends.
#include "stop.h"

#include "exchange.h"
#include "writer.h"

void sluss_stop_init(struct sluss_stop *stop, bool all)
{
	*stop = (struct sluss_stop){.all = all, .next_ms = INT64_MIN};
}

void sluss_stop_clear(struct sluss_stop *stop)
{
	stop->all = false;
	stop->count = 0;
}

// ---- marks

static void mark(struct sluss_stop *stop, const struct sluss_id *id)
{
	for (size_t i = 0; i < stop->count; i++)
		if (sluss_id_equal(&stop->ids[i], id))
			return;
	if (stop->count == SLUSS_STOP_MARKS)
		stop->all = true;
	else
		stop->ids[stop->count++] = *id;
}

// A fact about the case's subject holds in every case of that person.
static void mark_subject(struct sluss_stop *stop, const struct sluss_state *state, const struct sluss_id *case_id)
{
	struct sluss_case_view view;
	mark(stop, case_id);
	if (sluss_case_find(state, case_id, &view) && !sluss_id_is_none(&view.subject))
		mark(stop, &view.subject);
}

// Giving takes nothing away but from a protected person: a new version without the mark may take over.
static bool may_take(const struct sluss_state *state, const struct sluss_rec_grant_status *status)
{
	struct sluss_case_view view;
	return status->act != SLUSS_ACT_GIVE ||
	       (sluss_case_find(state, &status->case_id, &view) && view.protected_identity);
}

static void note_age(struct sluss_stop *stop, const struct sluss_state *state, const struct sluss_rec_person_age *age)
{
	uint8_t from, until;
	if (sluss_person_age(state, &age->person, &from, &until)) // a birthday; not somebody new
		mark(stop, &age->person);
}

void sluss_stop_note(struct sluss_stop *stop, const struct sluss_state *state, const struct sluss_record *record)
{
	if (record->type == SLUSS_REC_POLICY_SET || record->type == SLUSS_REC_AGENCY_LEFT)
		stop->all = true;
	else if (record->type == SLUSS_REC_CASE_OPENED)
		mark(stop, &record->u.case_opened.case_id);
	else if (record->type == SLUSS_REC_PERSON_AGE)
		note_age(stop, state, &record->u.person_age);
	else if (record->type == SLUSS_REC_GUARDIANS_SET)
		mark_subject(stop, state, &record->u.guardians_set.case_id);
	else if (record->type == SLUSS_REC_MEMBERS_SET)
		mark(stop, &record->u.members_set.case_id);
	else if (record->type == SLUSS_REC_PHASE_SET)
		mark(stop, &record->u.phase_set.case_id);
	else if (record->type == SLUSS_REC_PROTECTION_SET)
		mark_subject(stop, state, &record->u.protection_set.case_id);
	else if (record->type == SLUSS_REC_MATURITY_ASSESSED)
		mark(stop, &record->u.maturity_assessed.case_id);
	else if (record->type == SLUSS_REC_WITHDRAWAL)
		mark(stop, &record->u.withdrawal.case_id);
	else if (record->type == SLUSS_REC_GRANT_STATUS && may_take(state, &record->u.grant_status))
		mark(stop, &record->u.grant_status.case_id);
}

void sluss_stop_accepted(
    struct sluss_stop *stop, const struct sluss_state *state, const struct sluss_rec_message *message)
{
	for (size_t i = 0; i < message->pair_count; i++)
		for (size_t k = 0; exchange_permits(message->pairs[i].reason) && k < message->pairs[i].ground_count;
		     k++) {
			int64_t until_ms = sluss_ground_until_ms(state, &message->pairs[i].grounds[k]);
			stop->next_ms = until_ms < stop->next_ms ? until_ms : stop->next_ms;
		}
}

static bool is_marked(
    const struct sluss_stop *stop, const struct sluss_state *state, const struct sluss_message *message)
{
	struct sluss_case_view view;
	if (stop->all || (stop->count > 0 && message->other_cases))
		return true;
	bool known = stop->count > 0 && sluss_case_find(state, &message->case_id, &view);
	for (size_t i = 0; i < stop->count; i++)
		if (sluss_id_equal(&stop->ids[i], &message->case_id) ||
		    (known && sluss_id_equal(&stop->ids[i], &view.subject)))
			return true;
	return false;
}

// ---- deciding again

// When the first of the grounds ends that carry what is permitted.
static int64_t ends_ms(const struct sluss_txn *txn, const struct exchange_judgement *judgement)
{
	int64_t end_ms = INT64_MAX;
	for (size_t i = 0; i < judgement->permitted_count; i++)
		for (size_t k = 0; k < judgement->permitted[i].ground_count; k++) {
			int64_t until_ms = sluss_ground_until_ms(txn->state, &judgement->permitted[i].grounds[k]);
			end_ms = until_ms < end_ms ? until_ms : end_ms;
		}
	return end_ms;
}

static bool judge(struct sluss_txn *txn, uint32_t number, const struct sluss_id *cause, uint32_t *count)
{
	struct sluss_messages *messages = exchange_messages(txn);
	struct sluss_record record;
	struct exchange_judgement judgement;
	if (!exchange_record(txn, sluss_messages_delivery(messages, number)->message, &record) ||
	    !exchange_judge(txn, &record.u.message_accepted, number, &judgement))
		return false;
	sluss_messages_delivery(messages, number)->ends_ms = ends_ms(txn, &judgement);
	if (judgement.denied_count == 0)
		return true;
	(*count)++;
	return exchange_withhold(txn, &record.u.message_accepted, number, &judgement, cause);
}

static bool look(struct sluss_txn *txn, const struct sluss_id *cause, uint32_t *count)
{
	struct sluss_stop *stop = &sluss_writer_of(txn)->stop;
	struct sluss_messages *messages = exchange_messages(txn);
	int64_t next_ms = INT64_MAX;
	for (uint32_t box = 0; box < sluss_mailbox_count(messages); box++)
		for (uint32_t number = sluss_mailbox_first(messages, box), next; number != SLUSS_NOWHERE;
		     number = next) {
			const struct sluss_delivery *delivery = sluss_messages_delivery(messages, number);
			next = delivery->next;
			if (delivery->ends_ms <= txn->now_ms ||
			    is_marked(stop, txn->state, sluss_messages_at(messages, delivery->message))) {
				struct sluss_arena *own = exchange_scratch_begin(txn);
				if (own == NULL || !exchange_scratch_end(txn, own, judge(txn, number, cause, count)))
					return false;
			}
			delivery = sluss_messages_delivery(messages, number);
			if (delivery->queued && delivery->ends_ms < next_ms)
				next_ms = delivery->ends_ms;
		}
	stop->next_ms = next_ms;
	sluss_stop_clear(stop);
	return true;
}

bool sluss_txn_stop_waiting(struct sluss_txn *txn, const struct sluss_id *cause, uint32_t *count_out)
{
	struct sluss_writer *w = sluss_writer_of(txn);
	*count_out = 0;
	if (w->stop.count == 0 && !w->stop.all && w->stop.next_ms > txn->now_ms)
		return true;
	if (look(txn, cause, count_out))
		return true;
	// Permission was taken away and what waits on it could not be stopped: neither stands.
	sluss_batch_spoil(w, "stop", "what waits could not be decided again");
	return false;
}
