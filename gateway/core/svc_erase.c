// SPDX-License-Identifier: EUPL-1.2
// AdminService.ErasePerson: what names a person is destroyed, the log stays as it is. Whoever has the log still sees
// that somebody under this random id agreed, withdrew, was written about; nobody can tell who it was.
#include "case_index.h"
#include "evidence.h"
#include "exchange.h"
#include "login_code.h"
#include "session_evidence.h"
#include "svc_case_read.h"
#include "svc_common.h"
#include "writer.h"
#include "sluss/v1/admin.pb-c.h"
#include "sluss/v1/case.pb-c.h"

enum { VIEW_LIMITS_MAX = 64 }; // of one statement; their texts lie under its id and the ones after it

struct erasure {
	struct sluss_txn *txn;
	struct sluss_id person;
	uint32_t texts;
};

static bool erase_text(struct erasure *e, enum svc_text kind, const struct sluss_id *id)
{
	uint8_t key[1 + SLUSS_ID_BYTES];
	struct sluss_bytes row, name = {key, sizeof(key)};
	key[0] = (uint8_t)kind;
	memcpy(key + 1, id->b, sizeof(id->b));
	if (!sluss_txn_get_side(e->txn, SLUSS_SIDE_TEXT, name, &row))
		return false;
	if (row.data == NULL)
		return true;
	e->texts++;
	return sluss_txn_erase_side(e->txn, SLUSS_SIDE_TEXT, name);
}

// The id of the statement behind a record, from the statement itself. False: it is not there any more.
static bool statement_id(
    struct erasure *e, const uint8_t *hash, const ProtobufCMessageDescriptor *type, struct sluss_id *id_out)
{
	Sluss__V1__SignedStatement *kept;
	struct sluss_statement_header header;
	const char *wrong;
	if (!sluss_evidence_read(e->txn, hash, &kept) || kept == NULL)
		return false;
	const ProtobufCMessage *statement = protobuf_c_message_unpack(
	    type, sluss_arena_allocator(e->txn->arena), kept->statement.len, kept->statement.data);
	if (statement == NULL || !sluss_statement_header_of(statement, &header, &wrong))
		return false;
	*id_out = header.id;
	return true;
}

// Free texts that lie beside the record.
static bool erase_texts(struct erasure *e, const struct sluss_record *record)
{
	struct sluss_id id;
	if (record->type == SLUSS_REC_STATUTE_REQUESTED)
		return erase_text(e, SVC_TEXT_NECESSITY, &record->u.statute_requested.request) &&
		       erase_text(e, SVC_TEXT_DEFERRAL, &record->u.statute_requested.request);
	if (record->type == SLUSS_REC_MATURITY_ASSESSED &&
	    statement_id(e, record->u.maturity_assessed.statement_hash, &sluss__v1__assess_maturity__descriptor, &id))
		return erase_text(e, SVC_TEXT_ASSESSMENT, &id);
	if (record->type != SLUSS_REC_VIEW_LIMITED ||
	    !statement_id(e, record->u.view_limited.statement_hash, &sluss__v1__set_protection__descriptor, &id))
		return !sluss_txn_refused(e->txn);
	for (int i = 0; i < VIEW_LIMITS_MAX; i++, id.b[SLUSS_ID_BYTES - 1]++)
		if (!erase_text(e, SVC_TEXT_VIEW_LIMIT, &id))
			return false;
	return true;
}

// A guardian is named where the case was opened and where guardians were set; everything else is the subject's.
static bool is_named(const struct sluss_record *record, bool subject)
{
	return subject || record->type == SLUSS_REC_CASE_OPENED || record->type == SLUSS_REC_GUARDIANS_SET;
}

static bool erase_record(struct erasure *e, uint64_t place, bool subject)
{
	struct sluss_record record;
	bool was_there = false;
	sluss_codec_reset(sluss_writer_of(e->txn)->read_codec);
	if (!sluss_batch_record(sluss_writer_of(e->txn), e->txn->arena, place, &record))
		return svc_no_memory(e->txn);
	const uint8_t *hash = sluss_evidence_hash(&record);
	if (!is_named(&record, subject) || !erase_texts(e, &record))
		return !sluss_txn_refused(e->txn);
	if (hash != NULL && !sluss_evidence_erase(e->txn, hash, &was_there))
		return false;
	e->texts += was_there ? 1 : 0;
	return true;
}

static bool erase_case(struct erasure *e, const struct sluss_id *case_id)
{
	const struct sluss_case_index *index = sluss_writer_of(e->txn)->world->cases;
	struct sluss_case_view view;
	struct sluss_case_cursor cursor;
	uint64_t place;
	bool subject = sluss_case_find(e->txn->state, case_id, &view) && sluss_id_equal(&view.subject, &e->person);
	sluss_case_entries(index, case_id, UINT64_MAX, &cursor);
	// What this request appends does not move the cursor's blocks, and erasing appends nothing.
	while (sluss_case_entry_next(&cursor, &place))
		if (!erase_record(e, place, subject))
			return false;
	sluss_txn_barrier(e->txn, case_id);
	return true;
}

static bool is_part_of(const struct sluss_txn *txn, const struct sluss_case_view *view, const struct sluss_id *person)
{
	struct sluss_id guardian;
	if (sluss_id_equal(&view->subject, person))
		return true;
	for (size_t i = 0; sluss_case_guardian(txn->state, &view->case_id, i, &guardian); i++)
		if (sluss_id_equal(&guardian, person))
			return true;
	return false;
}

// An open case needs to know how old its subject is and who must agree.
static bool may_erase(struct erasure *e)
{
	struct sluss_txn *txn = e->txn;
	const struct sluss_case_index *index = sluss_writer_of(txn)->world->cases;
	struct sluss_id case_id;
	struct sluss_case_view view;
	bool known = false;
	for (size_t n = 0; sluss_person_case(index, &e->person, n, &case_id); n++) {
		known = true;
		if (!sluss_case_find(txn->state, &case_id, &view) || view.phase == SLUSS_PHASE_CLOSED ||
		    !is_part_of(txn, &view, &e->person))
			continue;
		char *text = svc_id_text(txn, &case_id);
		sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_PHASE_FORBIDS, "person_id",
		    "Case %s, which this person is part of, is not closed.", text == NULL ? "" : text);
		return false;
	}
	if (!known)
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "person_id", "There is no such person.");
	return known;
}

// A statutory ground carries messages in a closed case too. What still waits of them ends, and its octets go.
static bool destroy_waiting(struct erasure *e)
{
	struct sluss_messages *messages = exchange_messages(e->txn);
	for (uint32_t box = 0; box < sluss_mailbox_count(messages); box++)
		for (uint32_t number = sluss_mailbox_first(messages, box), next; number != SLUSS_NOWHERE;
		     number = next) {
			uint32_t message = sluss_messages_delivery(messages, number)->message;
			struct sluss_case_view view;
			next = sluss_messages_delivery(messages, number)->next; // of another message
			if (!sluss_case_find(e->txn->state, &sluss_messages_at(messages, message)->case_id, &view) ||
			    !sluss_id_equal(&view.subject, &e->person))
				continue;
			if (!exchange_give_up(sluss_writer_of(e->txn), message)) {
				sluss_txn_refuse(e->txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
				return false;
			}
		}
	return true;
}

static void execute(struct sluss_txn *txn)
{
	const Sluss__V1__ErasePersonRequest *request = (const Sluss__V1__ErasePersonRequest *)txn->request;
	Sluss__V1__ErasePersonResponse response = SLUSS__V1__ERASE_PERSON_RESPONSE__INIT;
	struct erasure e = {.txn = txn};
	struct sluss_store *store;
	struct sluss_id case_id;
	if (!svc_read_id(txn, request->person_id, "person_id", &e.person) || !may_erase(&e) ||
	    (store = sluss_txn_store(txn)) == NULL)
		return;
	struct sluss_record record = {.type = SLUSS_REC_PERSON_ERASED, .u.person_erased = {e.person}};
	if (!sluss_txn_append(txn, &record, &response.log_index))
		return;
	for (size_t n = 0; sluss_person_case(sluss_writer_of(txn)->world->cases, &e.person, n, &case_id); n++)
		if (!erase_case(&e, &case_id))
			return;
	if (!destroy_waiting(&e) || !sluss_login_code_void(txn, &e.person) ||
	    !sluss_session_evidence_erase(txn, &e.person) ||
	    !sluss_txn_stored(txn, sluss_persons_erase(sluss_txn_persons(txn), store, &e.person)))
		return;
	sluss_writer_of(txn)->destroyed = true; // no octet of it is left in the store's files when this is answered
	response.texts = e.texts;
	sluss_txn_respond(txn, &response.base);
}

// After the commit, so that a login in the same batch does not outlive it.
static void finish(struct sluss_txn *txn)
{
	const Sluss__V1__ErasePersonRequest *request = (const Sluss__V1__ErasePersonRequest *)txn->request;
	struct sluss_session owner = {.kind = SLUSS_SESSION_PERSON};
	if (sluss_id_from_text(request->person_id, &owner.person))
		(void)sluss_sessions_end_all(sluss_txn_sessions(txn), &owner);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_ADMIN_ERASE_PERSON, NULL, NULL, execute, finish, 0},
};

const struct sluss_service_list sluss_svc_erase = {rows, sizeof(rows) / sizeof(rows[0])};
