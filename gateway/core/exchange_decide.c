// SPDX-License-Identifier: EUPL-1.2
#include "exchange.h"
#include "writer.h"

enum {
	SCRATCH_MAX = 4 << 20, // an entry has 64 KiB; 64 pairs and their grounds
	TOGETHER = 16,	       // pairs that are decided at once
};

bool exchange_permits(enum sluss_reason reason)
{
	return reason == SLUSS_OK_CONSENT || reason == SLUSS_OK_STATUTE || reason == SLUSS_OK_TYPE;
}

struct sluss_messages *exchange_messages(struct sluss_txn *txn)
{
	return sluss_writer_of(txn)->world->messages;
}

bool exchange_record(struct sluss_txn *txn, uint32_t message, struct sluss_record *record_out)
{
	struct sluss_writer *w = sluss_writer_of(txn);
	if (sluss_batch_record(w, txn->arena, sluss_messages_at(w->world->messages, message)->index, record_out))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	return false;
}

static bool no_memory(struct sluss_txn *txn)
{
	sluss_txn_refuse(
	    txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "The request needs more memory than one may use.");
	return false;
}

struct sluss_arena *exchange_scratch_begin(struct sluss_txn *txn)
{
	struct sluss_arena *own = txn->arena;
	struct sluss_arena *scratch = sluss_arena_new(SCRATCH_MAX);
	if (scratch == NULL) {
		no_memory(txn);
		return NULL;
	}
	sluss_codec_reset(sluss_writer_of(txn)->read_codec);
	txn->arena = scratch;
	return own;
}

bool exchange_scratch_end(struct sluss_txn *txn, struct sluss_arena *own, bool ok)
{
	sluss_arena_free(&txn->arena);
	txn->arena = own;
	return ok || no_memory(txn);
}

struct sluss_question exchange_question(const struct sluss_id *case_id, const char *sender, const char *officer,
    enum sluss_message_type type, const struct sluss_recipient *recipient, const struct sluss_section_label *label)
{
	return (struct sluss_question){
	    .case_id = *case_id,
	    .sender = sender,
	    .sender_officer = officer,
	    .recipient = recipient->agency,
	    .recipient_officer = recipient->officer,
	    .message_type = type,
	    .category = label->category,
	    .purpose = label->purpose,
	    .concerned = label->concerned,
	    .concerned_count = label->concerned_count,
	    .claims = label->claims,
	    .claim_count = label->claim_count,
	    .necessity = label->necessity,
	    .log_usable = true, // the writer executes nothing while the log is not
	};
}

// Writes a decision as the log has it. False: no memory.
static bool write_pair(struct sluss_txn *txn, const struct sluss_question *question,
    const struct sluss_decision *decision, uint32_t section, struct sluss_pair *pair_out)
{
	bool permitted = decision->verdict == SLUSS_VERDICT_PERMIT && exchange_permits(decision->reason);
	*pair_out = (struct sluss_pair){
	    .section = section,
	    .recipient = question->recipient,
	    .reason = decision->reason,
	    .ground = permitted ? decision->ground : SLUSS_GROUND_NONE,
	    .grounds =
		sluss_arena_copy(txn->arena, decision->grounds, decision->ground_count * sizeof(decision->grounds[0])),
	    .ground_count = decision->ground_count,
	    .provision = decision->provision,
	};
	// A verdict that is not a clear yes is never written with a reason that says yes.
	if (!permitted && exchange_permits(pair_out->reason))
		pair_out->reason = SLUSS_UNAVAILABLE;
	return pair_out->grounds != NULL;
}

static bool decide_pair(
    struct sluss_txn *txn, const struct sluss_question *question, uint32_t section, struct sluss_pair *pair_out)
{
	struct sluss_decision decision;
	sluss_decide_into(txn->state, question, txn->now_ms, &decision);
	return write_pair(txn, question, &decision, section, pair_out);
}

static void count_pair(struct exchange_decisions *decisions, const struct sluss_pair *pair)
{
	if (exchange_permits(pair->reason))
		decisions->permitted++;
	else if (decisions->first_denial == SLUSS_REASON_NONE)
		decisions->first_denial = pair->reason;
	decisions->unavailable |= pair->reason == SLUSS_UNAVAILABLE;
}

bool exchange_decide(struct sluss_txn *txn, const struct exchange_message *m, struct exchange_decisions *decisions_out)
{
	*decisions_out = (struct exchange_decisions){.count = m->section_count * m->recipient_count};
	struct sluss_pair *pairs = sluss_arena_array(txn->arena, decisions_out->count, sizeof(*pairs));
	if (pairs == NULL)
		return no_memory(txn);
	decisions_out->pairs = pairs;
	for (size_t from = 0; from < decisions_out->count; from += TOGETHER) {
		struct sluss_question questions[TOGETHER];
		struct sluss_decision decisions[TOGETHER];
		size_t some = decisions_out->count - from < TOGETHER ? decisions_out->count - from : TOGETHER;
		for (size_t i = 0; i < some; i++)
			questions[i] = exchange_question(&m->case_id, txn->caller, m->envelope->officer_id, m->type,
			    &m->recipients[(from + i) % m->recipient_count],
			    &m->labels[(from + i) / m->recipient_count]);
		sluss_decide_many(txn->state, questions, some, txn->now_ms, decisions);
		for (size_t i = 0; i < some; i++) {
			uint32_t section = (uint32_t)((from + i) / m->recipient_count);
			if (!write_pair(txn, &questions[i], &decisions[i], section, &pairs[from + i]))
				return no_memory(txn);
			count_pair(decisions_out, &pairs[from + i]);
		}
	}
	return true;
}

// ---- pairs for the answer

static char **ground_texts(struct sluss_txn *txn, const struct sluss_pair *pair)
{
	char **texts = sluss_arena_array(txn->arena, pair->ground_count, sizeof(*texts));
	for (size_t i = 0; texts != NULL && i < pair->ground_count; i++) {
		texts[i] = sluss_arena_alloc(txn->arena, SLUSS_ID_TEXT);
		if (texts[i] == NULL)
			return NULL;
		sluss_id_format(&pair->grounds[i], texts[i]);
	}
	return texts;
}

Sluss__V1__PairDecision **exchange_pairs(struct sluss_txn *txn, const struct sluss_pair *pairs, size_t count)
{
	Sluss__V1__PairDecision **list = sluss_arena_array(txn->arena, count, sizeof(*list));
	Sluss__V1__PairDecision *items = sluss_arena_array(txn->arena, count, sizeof(*items));
	for (size_t i = 0; list != NULL && items != NULL && i < count; i++) {
		const struct sluss_pair *pair = &pairs[i];
		Sluss__V1__PairDecision *item = &items[i];
		sluss__v1__pair_decision__init(item);
		item->section = pair->section;
		item->recipient_agency_id = (char *)(uintptr_t)pair->recipient;
		item->permitted = exchange_permits(pair->reason);
		item->reason = (Sluss__V1__ReasonCode)pair->reason;
		item->explanation = (char *)(uintptr_t)sluss_reason_text(pair->reason);
		item->ground = (Sluss__V1__Ground)pair->ground;
		item->ground_ids = ground_texts(txn, pair);
		item->n_ground_ids = pair->ground_count;
		list[i] = item;
		if (item->ground_ids == NULL)
			list = NULL;
	}
	if (list == NULL || items == NULL) {
		no_memory(txn);
		return NULL;
	}
	return list;
}

// ---- releasing

bool exchange_note_cases(struct sluss_txn *txn, const struct sluss_rec_message *record)
{
	struct sluss_request *request = sluss_request_of(txn);
	size_t room = request->released_count + 1;
	for (size_t s = 0; s < record->section_count; s++)
		room += record->sections[s].concerned_count;
	struct sluss_id *cases = sluss_arena_array(txn->arena, room, sizeof(*cases));
	if (cases == NULL)
		return no_memory(txn);
	if (request->released_count > 0)
		memcpy(cases, request->released_cases, request->released_count * sizeof(*cases));
	cases[request->released_count++] = record->case_id;
	for (size_t s = 0; s < record->section_count; s++)
		for (size_t c = 0; c < record->sections[s].concerned_count; c++)
			if (record->sections[s].concerned[c].kind == SLUSS_CONCERNED_OTHER_CASE)
				cases[request->released_count++] = record->sections[s].concerned[c].ref;
	request->released_cases = cases;
	request->carries_release = true;
	return true;
}

// ---- deciding again

static const struct sluss_recipient *recipient_of(const struct sluss_rec_message *record, const char *agency)
{
	for (size_t i = 0; i < record->recipient_count; i++)
		if (strcmp(record->recipients[i].agency, agency) == 0)
			return &record->recipients[i];
	return NULL;
}

bool exchange_judge(struct sluss_txn *txn, const struct sluss_rec_message *record, uint32_t number,
    struct exchange_judgement *judgement_out)
{
	struct sluss_messages *messages = exchange_messages(txn);
	const struct sluss_delivery *delivery = sluss_messages_delivery(messages, number);
	const struct sluss_recipient *recipient =
	    recipient_of(record, sluss_mailbox_agency(messages, delivery->mailbox));
	size_t room = record->section_count;
	*judgement_out = (struct exchange_judgement){
	    .permitted = sluss_arena_array(txn->arena, room, sizeof(struct sluss_pair)),
	    .denied = sluss_arena_array(txn->arena, room, sizeof(struct sluss_pair)),
	};
	if (judgement_out->permitted == NULL || judgement_out->denied == NULL || recipient == NULL)
		return no_memory(txn);
	for (uint32_t s = 0; s < record->section_count; s++) {
		if ((delivery->live & (UINT64_C(1) << s)) == 0)
			continue;
		struct sluss_pair pair;
		struct sluss_question question = exchange_question(&record->case_id, record->sender, record->officer,
		    record->message_type, recipient, &record->sections[s]);
		if (!decide_pair(txn, &question, s, &pair))
			return no_memory(txn);
		if (exchange_permits(pair.reason))
			judgement_out->permitted[judgement_out->permitted_count++] = pair;
		else if (pair.reason == SLUSS_UNAVAILABLE)
			judgement_out->unavailable = true;
		else
			judgement_out->denied[judgement_out->denied_count++] = pair;
	}
	return true;
}

// The positions of the bits, in the arena.
static uint32_t *positions(struct sluss_txn *txn, uint64_t bits, size_t *count_out)
{
	uint32_t *list = sluss_arena_array(txn->arena, EXCHANGE_SECTIONS_MAX, sizeof(*list));
	*count_out = 0;
	for (uint32_t i = 0; list != NULL && i < EXCHANGE_SECTIONS_MAX; i++)
		if ((bits & (UINT64_C(1) << i)) != 0)
			list[(*count_out)++] = i;
	return list;
}

bool exchange_withhold(struct sluss_txn *txn, const struct sluss_rec_message *record, uint32_t number,
    const struct exchange_judgement *judgement, const struct sluss_id *cause)
{
	struct sluss_messages *messages = exchange_messages(txn);
	uint32_t message = sluss_messages_delivery(messages, number)->message;
	const char *recipient = sluss_mailbox_agency(messages, sluss_messages_delivery(messages, number)->mailbox);
	uint64_t before = sluss_messages_needed(messages, message);
	struct sluss_record entry = {.type = SLUSS_REC_WITHHELD};
	entry.u.withheld = (struct sluss_rec_release){.message = record->message,
	    .case_id = record->case_id,
	    .recipient = recipient,
	    .pairs = judgement->denied,
	    .pair_count = judgement->denied_count};
	if (!sluss_txn_append(txn, &entry, NULL))
		return false;
	uint64_t gone = before & ~sluss_messages_needed(messages, message);
	if (gone == 0)
		return true;
	struct sluss_record destroyed = {.type = SLUSS_REC_PAYLOAD_DESTROYED};
	destroyed.u.payload_destroyed = (struct sluss_rec_payload_destroyed){
	    .message = record->message, .case_id = record->case_id, .cause = *cause};
	destroyed.u.payload_destroyed.sections = positions(txn, gone, &destroyed.u.payload_destroyed.section_count);
	if (destroyed.u.payload_destroyed.sections == NULL)
		return no_memory(txn);
	sluss_writer_of(txn)->destroyed = true;
	return exchange_payload_erase(txn, message, before) && sluss_txn_append(txn, &destroyed, NULL);
}
