// SPDX-License-Identifier: EUPL-1.2
// Content in chunks through core: put, sent, fetched piece by piece, withdrawn in the middle, forgotten.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chunk_internal.h"
#include "core_world.h"
#include "policy/record.h"
#include "sluss/v1/payload.pb-c.h"
#include "stop.h"
#include "uploads.h"

enum {
	OK = 0,
	INVALID_ARGUMENT = 3,
	NOT_FOUND = 5,
	ALREADY_EXISTS = 6,
	PERMISSION_DENIED = 7,
	EXHAUSTED = 8,
	FAILED_PRECONDITION = 9,
	UNAVAILABLE = 14
};

#define STATE(name) SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_##name
#define CONTENT (2 * SLUSS_CHUNK_BYTES + 1000)

// Core decides everything that waits again before it serves a request (stop.h): GetChunk's own decision is a second
// line behind that, and can only be seen when the first one sleeps.
static atomic_bool stop_sleeps;

bool __real_sluss_txn_stop_waiting(struct sluss_txn *txn, const struct sluss_id *cause, uint32_t *count_out);
bool __wrap_sluss_txn_stop_waiting(struct sluss_txn *txn, const struct sluss_id *cause, uint32_t *count_out);

bool __wrap_sluss_txn_stop_waiting(struct sluss_txn *txn, const struct sluss_id *cause, uint32_t *count_out)
{
	if (!atomic_load(&stop_sleeps))
		return __real_sluss_txn_stop_waiting(txn, cause, count_out);
	*count_out = 0;
	return true;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	atomic_store(&stop_sleeps, false);
	world_start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_end(*state);
	free(*state);
	return 0;
}

// ---- making

struct parcel {
	const char *category;
	uint64_t octets; // 0: CONTENT
	const enum who *to;
	size_t to_count; // 0: social services
};

static uint8_t octet_at(uint64_t place)
{
	return (uint8_t)(place * 7 + place / 4096);
}

static void recipients_of(struct world *w, const struct parcel *p, struct sluss_recipient_draft *out, size_t *count_out)
{
	static const enum who to_soc[] = {SOC};
	const enum who *to = p->to_count == 0 ? to_soc : p->to;
	*count_out = p->to_count == 0 ? 1 : p->to_count;
	for (size_t i = 0; i < *count_out; i++) {
		out[i] = (struct sluss_recipient_draft){.agency_id = world_names[to[i]]};
		memcpy(out[i].sealing_key, sluss_sealing_key_public(w->actors[to[i]].seal), 32);
	}
}

static struct sluss_section_draft section_draft(struct world *w, const char *category)
{
	static char consent[SLUSS_ID_TEXT];
	static Sluss__V1__Claim claim, *claims[] = {&claim};
	static Sluss__V1__Concerned subject, *concerned[] = {&subject};
	sluss__v1__claim__init(&claim);
	claim.ground_case = SLUSS__V1__CLAIM__GROUND_CONSENT_ID;
	claim.consent_id = consent;
	sluss_id_format(&w->consent, consent);
	sluss__v1__concerned__init(&subject);
	subject.who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
	subject.subject = true;
	return (struct sluss_section_draft){.category = category == NULL ? "school_attendance" : category,
	    .purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION,
	    .concerned = concerned,
	    .concerned_count = 1,
	    .claims = claims,
	    .claim_count = 1};
}

static struct sluss_upload *begin(struct world *w, const struct parcel *p)
{
	struct sluss_recipient_draft recipients[WHO_COUNT];
	size_t count;
	struct sluss_id id;
	struct sluss_upload *upload;
	recipients_of(w, p, recipients, &count);
	sluss_id_random(&id);
	struct sluss_attachment_draft draft = {.section = section_draft(w, p->category),
	    .file_name = "film.mp4",
	    .octets = p->octets == 0 ? CONTENT : p->octets};
	assert_int_equal(sluss_upload_new(&draft, &id, recipients, count, &upload), SLUSS_MESSAGE_OK);
	return upload;
}

static struct answer put_octets(
    struct world *w, enum who who, struct sluss_upload *upload, uint32_t index, struct sluss_bytes octets)
{
	Sluss__V1__PutChunkRequest request = SLUSS__V1__PUT_CHUNK_REQUEST__INIT;
	request.header = upload->section->header;
	request.index = index;
	request.octets = (ProtobufCBinaryData){octets.len, (uint8_t *)(uintptr_t)octets.data};
	return call(w, SLUSS_METHOD_EXCHANGE_PUT_CHUNK, who, 1, &request.base);
}

// Seals chunk `index` anew and puts it; returns the answer's code.
static uint32_t put(struct world *w, enum who who, struct sluss_upload *upload, uint32_t index)
{
	static uint8_t content[SLUSS_CHUNK_BYTES], sealed[SLUSS_CHUNK_SEALED_MAX];
	size_t len = sluss_chunk_len(upload->octets, index), sealed_len;
	for (size_t i = 0; i < len; i++)
		content[i] = octet_at((uint64_t)index * SLUSS_CHUNK_BYTES + i);
	assert_int_equal(sluss_chunk_seal(upload->key, upload->header_hash, index, index + 1 == upload->total,
			     (struct sluss_bytes){content, len}, sealed, sizeof(sealed), &sealed_len),
	    SLUSS_SEAL_OK);
	struct answer answer = put_octets(w, who, upload, index, (struct sluss_bytes){sealed, sealed_len});
	uint32_t code = answer.code;
	if (code == OK) {
		assert_int_equal(((const Sluss__V1__PutChunkResponse *)answer.message)->chunks, index + 1);
		sluss_chunk_hash((struct sluss_bytes){sealed, sealed_len}, upload->hashes[index]);
		upload->sealed = upload->put = index + 1;
		// The same again has no effect.
		struct answer again = put_octets(w, who, upload, index, (struct sluss_bytes){sealed, sealed_len});
		assert_int_equal(again.code, OK);
		answer_free(&again);
		sealed[30] ^= 1;
		again = put_octets(w, who, upload, index, (struct sluss_bytes){sealed, sealed_len});
		assert_int_equal(again.code, ALREADY_EXISTS);
		answer_free(&again);
	}
	answer_free(&answer);
	return code;
}

static void put_all(struct world *w, struct sluss_upload *upload)
{
	for (uint32_t i = upload->put; i < upload->total; i++)
		assert_int_equal(put(w, SCH, upload, i), OK);
}

static struct sluss_sealed_message seal_upload(struct world *w, const struct parcel *p, struct sluss_upload *upload)
{
	struct sluss_recipient_draft recipients[WHO_COUNT];
	size_t count;
	Sluss__V1__AttendanceReport report = SLUSS__V1__ATTENDANCE_REPORT__INIT;
	recipients_of(w, p, recipients, &count);
	char week[] = "2026-W05", text[] = "as the film shows";
	report.week = week;
	report.remark = text;
	struct sluss_section_draft sections[] = {section_draft(w, NULL), {.upload = upload}};
	sections[0].content = &report.base;
	struct sluss_message_draft draft = {.id = upload->message,
	    .type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT,
	    .case_id = w->case_id,
	    .partial_delivery = p->category != NULL,
	    .recipients = recipients,
	    .recipient_count = count,
	    .sections = sections,
	    .section_count = 2};
	struct sluss_author author = {AUTHORITY, "sch-1", "t1", atomic_load(&w->now_ms)};
	struct sluss_sealed_message sealed;
	assert_int_equal(sluss_message_seal(&draft, &author, w->actors[SCH].sign, &sealed), SLUSS_MESSAGE_OK);
	return sealed;
}

// ---- getting

static struct answer get_chunk(
    struct world *w, enum who who, const struct sluss_upload *upload, uint32_t index, uint64_t connection)
{
	Sluss__V1__GetChunkRequest request = SLUSS__V1__GET_CHUNK_REQUEST__INIT;
	char id[SLUSS_ID_TEXT];
	sluss_id_format(&upload->message, id);
	request.message_id = id;
	request.header_hash = (ProtobufCBinaryData){SLUSS_HASH_BYTES, (uint8_t *)(uintptr_t)upload->header_hash};
	request.index = index;
	return call(w, SLUSS_METHOD_EXCHANGE_GET_CHUNK, who, connection, &request.base);
}

static uint32_t get_code(struct world *w, enum who who, const struct sluss_upload *upload, uint32_t index)
{
	struct answer answer = get_chunk(w, who, upload, index, 7);
	uint32_t code = answer.code;
	answer_free(&answer);
	return code;
}

static size_t chunks_in_store(struct world *w, const struct sluss_upload *upload)
{
	struct sluss_store *store;
	size_t found = 0;
	struct sluss_id id = sluss_chunks_id("sch-1", upload->header_hash);
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_READER, &store), SLUSS_STORE_OK);
	for (uint32_t part = 0; part < SLUSS_CHUNKS_MAX; part++) {
		struct sluss_store_blob blob = {0};
		found += sluss_store_get_payload(store, &id, part, &blob) == SLUSS_STORE_OK;
		sluss_store_blob_free(&blob);
	}
	sluss_store_close(&store);
	return found;
}

// ---- tests

static void a_file_goes_through_in_chunks(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel);
	assert_int_equal(put(w, SCH, upload, 1), FAILED_PRECONDITION);
	assert_int_equal(put(w, SCH, upload, 0), OK);
	world_stop(w); // what was put is there after a restart
	world_run(w);
	put_all(w, upload);
	struct sluss_sealed_message sealed = seal_upload(w, &parcel, upload);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(get_code(w, SOC, upload, 0), NOT_FOUND); // not released yet
	answer = fetch(w, SOC, 7, 0);
	const Sluss__V1__FetchResponse *got = (const Sluss__V1__FetchResponse *)answer.message;
	assert_int_equal(got->n_deliveries, 1);
	const struct sluss_sealing_key *keys[] = {w->actors[SOC].seal};
	struct sluss_reader reader = {AUTHORITY, "soc-1", keys, 1};
	struct sluss_opened_message *opened;
	assert_int_equal(sluss_message_open(got->deliveries[0], &reader, &opened), SLUSS_MESSAGE_OK);
	assert_true(opened->usable);
	assert_null(opened->sections[0].chunks);
	const struct sluss_chunks *chunks = opened->sections[1].chunks;
	assert_int_equal(sluss_chunks_octets(chunks), CONTENT);
	assert_int_equal(sluss_chunks_count(chunks), 3);
	uint64_t place = 0;
	for (uint32_t i = 0; i < 3; i++) {
		struct answer chunk = get_chunk(w, SOC, upload, i, 7);
		assert_int_equal(chunk.code, OK);
		assert_true(chunk.response->carries_release);
		const Sluss__V1__GetChunkResponse *response = (const Sluss__V1__GetChunkResponse *)chunk.message;
		static uint8_t content[SLUSS_CHUNK_BYTES];
		size_t len;
		assert_int_equal(sluss_chunk_open(chunks->key, chunks->header_hash, i, i == 2,
				     (struct sluss_bytes){response->octets.data, response->octets.len}, content,
				     sizeof(content), &len),
		    SLUSS_SEAL_OK);
		for (size_t k = 0; k < len; k++, place++)
			if (content[k] != octet_at(place))
				fail_msg("octet %llu is another", (unsigned long long)place);
		answer_free(&chunk);
	}
	assert_int_equal(place, CONTENT);
	assert_int_equal(get_code(w, SOC, upload, 3), NOT_FOUND);
	assert_int_equal(get_code(w, POL, upload, 0), NOT_FOUND);
	assert_int_equal(put(w, SCH, upload, 0), ALREADY_EXISTS); // the message has them now
	struct answer acked =
	    acknowledge(w, SOC, got->deliveries[0], SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED);
	assert_int_equal(acked.code, OK);
	answer_free(&acked);
	assert_int_equal(get_code(w, SOC, upload, 0), NOT_FOUND);
	answer_free(&answer);
	answer = send_sealed(w, SCH, &sealed); // the first answer again, without any chunk
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 0);
	sluss_opened_message_free(&opened);
	sluss_sealed_message_free(&sealed);
	sluss_upload_free(&upload);
}

static void send_wants_all_chunks_and_the_right_ones(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel);
	assert_int_equal(put(w, SCH, upload, 0), OK);
	assert_int_equal(put(w, SCH, upload, 1), OK);
	struct sluss_upload whole = *upload;
	whole.put = whole.sealed = whole.total;
	struct sluss_sealed_message sealed = seal_upload(w, &parcel, &whole);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, FAILED_PRECONDITION);
	answer_free(&answer);
	assert_int_equal(put(w, SCH, upload, 2), OK);
	answer = send_sealed(w, SCH, &sealed); // its hash of the last chunk was a guess
	assert_int_equal(answer.code, INVALID_ARGUMENT);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	// Another agency cannot use what the school put.
	Sluss__V1__GetUploadRequest ask_upload = SLUSS__V1__GET_UPLOAD_REQUEST__INIT;
	ask_upload.header_hash = (ProtobufCBinaryData){32, upload->header_hash};
	answer = call(w, SLUSS_METHOD_EXCHANGE_GET_UPLOAD, POL, 1, &ask_upload.base);
	assert_int_equal(answer.code, NOT_FOUND);
	answer_free(&answer);
	answer = call(w, SLUSS_METHOD_EXCHANGE_GET_UPLOAD, SCH, 1, &ask_upload.base);
	assert_int_equal(answer.code, OK);
	assert_int_equal(((const Sluss__V1__GetUploadResponse *)answer.message)->chunks, 3);
	assert_memory_equal(
	    ((const Sluss__V1__GetUploadResponse *)answer.message)->chunk_hashes.data, upload->hashes, 96);
	answer_free(&answer);
	sealed = seal_upload(w, &parcel, upload); // the same id: nothing was recorded
	answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	sluss_upload_free(&upload);
}

static void a_withdrawal_stops_it_in_the_middle(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel);
	put_all(w, upload);
	struct sluss_sealed_message sealed = seal_upload(w, &parcel, upload);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	tell_closed(w, 7); // the way of the Fetch is no more; that of the chunk counts by itself
	answer = get_chunk(w, SOC, upload, 0, 8);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	answer = withdraw(w, NULL);
	assert_int_equal(answer.code, OK);
	assert_int_equal(w->drops_web, 1); // the connection that carried the chunk was asked about
	answer_free(&answer);
	assert_int_equal(get_code(w, SOC, upload, 1), NOT_FOUND);
	assert_int_equal(state_of(w, SCH, &upload->message, SOC), STATE(WITHHELD));
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 0);
	sluss_sealed_message_free(&sealed);
	sluss_upload_free(&upload);
}

static struct answer withdraw_agency(struct world *w, const char *agency)
{
	char case_id[SLUSS_ID_TEXT], person[SLUSS_ID_TEXT];
	Google__Protobuf__Timestamp received;
	Sluss__V1__WithdrawConsent said = SLUSS__V1__WITHDRAW_CONSENT__INIT;
	struct answer answer;
	sluss_timestamp_set(&received, atomic_load(&w->now_ms));
	said.case_id = (char *)(uintptr_t)sluss_id_format(&w->case_id, case_id);
	said.person_id = (char *)(uintptr_t)sluss_id_format(&w->subject, person);
	said.scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_SCOPE_AGENCY_ID;
	said.scope_agency_id = (char *)(uintptr_t)agency;
	said.obtained = SLUSS__V1__OBTAINED__OBTAINED_ORAL;
	said.received_at = &received;
	uint64_t number = ask_statement(w, SLUSS_METHOD_CONSENT_WITHDRAW, SOC, 1, &said.base, NULL);
	assert_true(wait_answer(w, number, SLUSS_METHOD_CONSENT_WITHDRAW, PATIENCE_MS, &answer));
	assert_int_equal(answer.code, OK);
	return answer;
}

// What is only being put waits as well: it goes with the last ground that it claims, and not before.
static void a_withdrawal_destroys_an_upload(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel), *also = begin(w, &parcel);
	assert_int_equal(put(w, SCH, upload, 0), OK);
	assert_int_equal(put(w, SCH, upload, 1), OK);
	assert_int_equal(put(w, SCH, also, 0), OK);
	world_stop(w); // what it claims is kept with it
	world_run(w);
	struct answer answer = withdraw_other(w);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	answer = withdraw_agency(w, "pol-1"); // social services may still be told
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 2);
	world_run(w);
	answer = withdraw_agency(w, "soc-1");
	answer_free(&answer);
	assert_int_equal(put(w, SCH, upload, 2), FAILED_PRECONDITION); // it would have to begin anew
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 0);
	assert_int_equal(chunks_in_store(w, also), 0);
	world_run(w);
	sluss_upload_free(&upload);
	sluss_upload_free(&also);
}

// Time passes between two chunks and the grant with it: decided at that moment, not at the Fetch.
static void each_chunk_is_decided_again(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel);
	put_all(w, upload);
	struct sluss_sealed_message sealed = seal_upload(w, &parcel, upload);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	assert_int_equal(get_code(w, SOC, upload, 0), OK);
	atomic_fetch_add(&w->now_ms, INT64_C(301) * 24 * 3600 * 1000);
	assert_int_equal(get_code(w, SOC, upload, 1), NOT_FOUND);
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 0);
	sluss_sealed_message_free(&sealed);
	sluss_upload_free(&upload);
}

// The same when nothing but GetChunk's own decision stands between: it withholds and destroys as well.
static void each_chunk_is_decided_by_itself(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel);
	put_all(w, upload);
	struct sluss_sealed_message sealed = seal_upload(w, &parcel, upload);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	atomic_store(&stop_sleeps, true);
	assert_int_equal(get_code(w, SOC, upload, 0), OK);
	atomic_fetch_add(&w->now_ms, INT64_C(301) * 24 * 3600 * 1000);
	assert_int_equal(get_code(w, SOC, upload, 1), NOT_FOUND);
	assert_int_equal(state_of(w, SCH, &upload->message, SOC), STATE(WITHHELD));
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 0);
	sluss_sealed_message_free(&sealed);
	sluss_upload_free(&upload);
}

static void what_is_denied_is_not_kept(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {.category = "school_support"}; // nobody agreed to that; the note is permitted
	struct sluss_upload *upload = begin(w, &parcel);
	put_all(w, upload);
	struct sluss_sealed_message sealed = seal_upload(w, &parcel, upload);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
	assert_int_equal(get_code(w, SOC, upload, 0), NOT_FOUND);
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 0);
	sluss_sealed_message_free(&sealed);
	sluss_upload_free(&upload);
}

static void uploads_are_bounded_and_end(void **state)
{
	struct world *w = *state;
	world_stop(w);
	w->config.chunk_uploads_max = 2;
	w->config.chunk_octets_max = 3 * SLUSS_CHUNK_SEALED_MAX;
	w->config.chunk_orphan_hours = 2;
	world_run(w);
	struct parcel parcel = {0};
	struct sluss_upload *a = begin(w, &parcel), *b = begin(w, &parcel), *c = begin(w, &parcel);
	assert_int_equal(put(w, SCH, a, 0), OK);
	assert_int_equal(put(w, SCH, b, 0), OK);
	assert_int_equal(put(w, SCH, c, 0), EXHAUSTED); // too many at once
	atomic_fetch_add(&w->now_ms, 3600 * 1000);
	assert_int_equal(put(w, SCH, a, 1), OK);
	assert_int_equal(put(w, SCH, b, 1), EXHAUSTED); // too many octets
	assert_int_equal(put(w, POL, c, 0), OK);	// of one agency
	atomic_fetch_add(&w->now_ms, 3600 * 1000);
	assert_int_equal(put(w, SCH, b, 1), FAILED_PRECONDITION); // begun two hours ago and gone
	assert_int_equal(put(w, SCH, b, 0), OK);
	world_stop(w);
	assert_int_equal(chunks_in_store(w, a), 0);
	assert_int_equal(chunks_in_store(w, b), 1);
	sluss_upload_free(&a);
	sluss_upload_free(&b);
	sluss_upload_free(&c);
}

// Whichever write of a put fails: the chunk was not put, and putting it again makes it whole.
static void a_chunk_that_cannot_be_stored_was_not_put(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel);
	assert_int_equal(put(w, SCH, upload, 0), OK);
	uint32_t code = UNAVAILABLE;
	unsigned failures = 0;
	for (uint64_t nth = 1; code == UNAVAILABLE; nth++) {
		w->plan = (struct sluss_fault_plan){SLUSS_FAULT_FAIL, w->writes + nth, SLUSS_STORE_FULL};
		code = put(w, SCH, upload, 1);
		w->plan = (struct sluss_fault_plan){0};
		failures += code == UNAVAILABLE;
		if (code == UNAVAILABLE)
			assert_int_equal(put(w, SCH, upload, 2), FAILED_PRECONDITION);
	}
	assert_int_equal(code, OK);
	assert_true(failures >= 4); // begin, payload, row, commit
	assert_int_equal(put(w, SCH, upload, 2), OK);
	struct sluss_sealed_message sealed = seal_upload(w, &parcel, upload);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	world_stop(w);
	assert_int_equal(chunks_in_store(w, upload), 3);
	sluss_sealed_message_free(&sealed);
	sluss_upload_free(&upload);
}

static void labels_are_checked(void **state)
{
	struct world *w = *state;
	struct parcel parcel = {0};
	struct sluss_upload *upload = begin(w, &parcel);
	uint8_t few[100] = {0};
	struct answer answer = put_octets(w, SCH, upload, 0, (struct sluss_bytes){few, sizeof(few)});
	assert_int_equal(answer.code, INVALID_ARGUMENT);
	answer_free(&answer);
	answer = put_octets(w, SCH, upload, 3, (struct sluss_bytes){few, sizeof(few)});
	assert_int_equal(answer.code, INVALID_ARGUMENT);
	answer_free(&answer);
	// A label that promises what cannot be.
	const struct {
		uint32_t count;
		uint64_t octets;
		const char *type;
	} rows[] = {{401, UINT64_C(401) << 18, "sluss.v1.Attachment"}, {2, 10, "sluss.v1.Attachment"},
	    {0, 10, "sluss.v1.Attachment"}, {1, 0, "sluss.v1.Attachment"}, {1, 10, "sluss.v1.Note"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		Sluss__V1__SectionHeader *header =
		    sluss__v1__section_header__unpack(NULL, upload->section->header.len, upload->section->header.data);
		uint8_t octets[2048];
		header->chunk_count = rows[i].count;
		header->chunked_octets = rows[i].octets;
		char *type = header->payload_type;
		header->payload_type = (char *)(uintptr_t)rows[i].type;
		Sluss__V1__PutChunkRequest request = SLUSS__V1__PUT_CHUNK_REQUEST__INIT;
		request.header = (ProtobufCBinaryData){sluss__v1__section_header__pack(header, octets), octets};
		request.octets = (ProtobufCBinaryData){50, few};
		header->payload_type = type;
		sluss__v1__section_header__free_unpacked(header, NULL);
		answer = call(w, SLUSS_METHOD_EXCHANGE_PUT_CHUNK, SCH, 1, &request.base);
		assert_int_equal(answer.code, INVALID_ARGUMENT);
		answer_free(&answer);
	}
	sluss_upload_free(&upload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_file_goes_through_in_chunks, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(send_wants_all_chunks_and_the_right_ones, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_withdrawal_stops_it_in_the_middle, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_withdrawal_destroys_an_upload, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_chunk_is_decided_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_chunk_is_decided_by_itself, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_denied_is_not_kept, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(uploads_are_bounded_and_end, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_chunk_that_cannot_be_stored_was_not_put, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(labels_are_checked, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
