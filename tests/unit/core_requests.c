// SPDX-License-Identifier: EUPL-1.2
// The requests that tests of core make: messages, fetches, statements.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_world.h"
#include "exchange.h"
#include "sluss/reason.h"
#include "sluss/v1/payload.pb-c.h"

struct sluss_sealed_message seal(struct world *w, const struct draft *d)
{
	struct sluss_recipient_draft recipients[WHO_COUNT] = {{0}};
	for (size_t i = 0; i < d->to_count; i++) {
		recipients[i].agency_id = world_names[d->to[i]];
		recipients[i].officer_id = d->officer;
		memcpy(recipients[i].sealing_key, sluss_sealing_key_public(w->actors[d->to[i]].seal), 32);
	}
	char consent[SLUSS_ID_TEXT], other[SLUSS_ID_TEXT], other_consent[SLUSS_ID_TEXT];
	Sluss__V1__Claim claim = SLUSS__V1__CLAIM__INIT, third_claim = SLUSS__V1__CLAIM__INIT,
			 *claims[] = {&claim, &third_claim};
	third_claim.ground_case = SLUSS__V1__CLAIM__GROUND_CONSENT_ID;
	third_claim.consent_id = (char *)(uintptr_t)sluss_id_format(&w->other_consent, other_consent);
	claim.ground_case =
	    d->provision == NULL ? SLUSS__V1__CLAIM__GROUND_CONSENT_ID : SLUSS__V1__CLAIM__GROUND_PROVISION;
	if (d->provision == NULL)
		claim.consent_id = (char *)(uintptr_t)sluss_id_format(&w->consent, consent);
	else
		claim.provision = (char *)(uintptr_t)d->provision;
	Sluss__V1__Concerned subject = SLUSS__V1__CONCERNED__INIT, third = SLUSS__V1__CONCERNED__INIT,
			     *concerned[] = {&subject, &third};
	subject.who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
	subject.subject = true;
	third.who_case = SLUSS__V1__CONCERNED__WHO_OTHER_CASE_ID;
	third.other_case_id = (char *)(uintptr_t)sluss_id_format(&w->other_case, other);
	Sluss__V1__Note note = SLUSS__V1__NOTE__INIT;
	note.category = (char *)(uintptr_t)(d->category == NULL ? "school_attendance" : d->category);
	note.text = (char *)(uintptr_t)(d->text == NULL ? "was there" : d->text);
	Sluss__V1__AttendanceReport report = SLUSS__V1__ATTENDANCE_REPORT__INIT;
	char week[] = "2026-W05";
	report.week = week;
	report.remark = note.text;
	bool attendance = strcmp(note.category, "school_attendance") == 0;
	struct sluss_section_draft sections[64];
	for (size_t i = 0; i < d->sections; i++)
		sections[i] = (struct sluss_section_draft){.purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION,
		    .concerned = concerned,
		    .concerned_count = d->about_other_case ? 2 : 1,
		    .claims = claims,
		    .claim_count = d->about_other_case ? 2 : 1,
		    .content = attendance ? &report.base : &note.base};
	struct sluss_message_draft draft = {.misplaced = true,
	    .id = d->id,
	    .type = d->type == 0 ? SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT : d->type,
	    .case_id = sluss_id_is_none(&d->case_id) ? w->case_id : d->case_id,
	    .partial_delivery = d->partial,
	    .expires_ms = d->expires_ms,
	    .recipients = recipients,
	    .recipient_count = d->to_count,
	    .sections = sections,
	    .section_count = d->sections};
	struct sluss_author author = {AUTHORITY, world_names[d->from], "t1", atomic_load(&w->now_ms) + d->skew_ms};
	struct sluss_sealed_message sealed;
	assert_int_equal(
	    sluss_message_seal(&draft, &author, d->key == NULL ? w->actors[d->from].sign : d->key, &sealed),
	    SLUSS_MESSAGE_OK);
	return sealed;
}

struct answer send_sealed(struct world *w, enum who who, const struct sluss_sealed_message *sealed)
{
	struct answer answer;
	uint64_t number = ask(w, SLUSS_METHOD_EXCHANGE_SEND, who, 1, sealed->request, sealed->request_len);
	assert_true(wait_answer(w, number, SLUSS_METHOD_EXCHANGE_SEND, PATIENCE_MS, &answer));
	return answer;
}

struct sluss_id send_expecting(struct world *w, const struct draft *draft, uint32_t code)
{
	struct sluss_sealed_message sealed = seal(w, draft);
	struct answer answer = send_sealed(w, draft->from, &sealed);
	if (answer.code != code)
		fail_msg("Send answered %u %s, not %u", answer.code,
		    sluss_reason_name((enum sluss_reason)answer.reason), code);
	answer_free(&answer);
	struct sluss_id id = sealed.id;
	sluss_sealed_message_free(&sealed);
	return id;
}

struct answer fetch(struct world *w, enum who who, uint64_t connection, uint32_t wait_ms)
{
	Sluss__V1__FetchRequest request = SLUSS__V1__FETCH_REQUEST__INIT;
	request.wait_ms = wait_ms;
	return call(w, SLUSS_METHOD_EXCHANGE_FETCH, who, connection, &request.base);
}

size_t fetch_count(struct world *w, enum who who, uint64_t connection)
{
	struct answer answer = fetch(w, who, connection, 0);
	size_t count = answer.code == 0 ? ((Sluss__V1__FetchResponse *)answer.message)->n_deliveries : 0;
	answer_free(&answer);
	return count;
}

uint64_t ask_statement(struct world *w, enum sluss_method method, enum who who, uint64_t connection,
    ProtobufCMessage *statement, const struct sluss_id *id)
{
	static const char *const officers[WHO_COUNT] = {"s1", "p1", "t1", "x1"};
	struct sluss_author author = {AUTHORITY, world_names[who], officers[who], atomic_load(&w->now_ms)};
	struct sluss_stamp stamp;
	struct sluss_id fresh;
	sluss_id_random(&fresh);
	sluss_statement_stamp(statement, &author, id == NULL ? &fresh : id, &stamp);
	struct sluss_signed made;
	assert_true(sluss_statement_sign(statement, w->actors[who].sign, &made));
	// Every request with a statement has it as its first and only field that matters: any of them will do to pack
	// it.
	Sluss__V1__WithdrawRequest request = SLUSS__V1__WITHDRAW_REQUEST__INIT;
	Sluss__V1__SignedStatement view;
	sluss_signed_view(&made, &view);
	request.statement = &view;
	uint64_t number = ask_message(w, method, who, connection, &request.base);
	sluss_signed_free(&made);
	return number;
}

struct answer acknowledge(
    struct world *w, enum who who, const Sluss__V1__Delivery *delivery, Sluss__V1__DeliveryOutcome outcome)
{
	Sluss__V1__AcknowledgeDelivery statement = SLUSS__V1__ACKNOWLEDGE_DELIVERY__INIT;
	uint8_t hash[32];
	crypto_hash_sha256(hash, delivery->envelope->envelope.data, delivery->envelope->envelope.len);
	statement.message_id = delivery->message_id;
	statement.envelope_hash = (ProtobufCBinaryData){32, hash};
	statement.outcome = outcome;
	if (outcome == SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED)
		statement.explanation = (char *)(uintptr_t) "It does not open.";
	struct answer answer;
	uint64_t number = ask_statement(w, SLUSS_METHOD_EXCHANGE_ACKNOWLEDGE, who, 1, &statement.base, NULL);
	assert_true(wait_answer(w, number, SLUSS_METHOD_EXCHANGE_ACKNOWLEDGE, PATIENCE_MS, &answer));
	return answer;
}

Sluss__V1__DeliveryState state_of(struct world *w, enum who sender, const struct sluss_id *message, enum who recipient)
{
	Sluss__V1__GetStatusRequest request = SLUSS__V1__GET_STATUS_REQUEST__INIT;
	char id[SLUSS_ID_TEXT];
	request.message_id = (char *)(uintptr_t)sluss_id_format(message, id);
	struct answer answer = call(w, SLUSS_METHOD_EXCHANGE_GET_STATUS, sender, 1, &request.base);
	Sluss__V1__DeliveryState state = SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED;
	const Sluss__V1__GetStatusResponse *response = (const Sluss__V1__GetStatusResponse *)answer.message;
	for (size_t i = 0; response != NULL && i < response->n_recipients; i++)
		if (strcmp(response->recipients[i]->recipient_agency_id, world_names[recipient]) == 0)
			state = response->recipients[i]->state;
	answer_free(&answer);
	return state;
}

static uint64_t ask_withdraw_in(struct world *w, const struct sluss_id *case_id, const struct sluss_id *person,
    const struct sluss_id *id, uint64_t connection)
{
	Sluss__V1__WithdrawConsent statement = SLUSS__V1__WITHDRAW_CONSENT__INIT;
	Google__Protobuf__Timestamp at;
	char case_text[SLUSS_ID_TEXT], person_text[SLUSS_ID_TEXT];
	sluss_timestamp_set(&at, START_MS);
	statement.case_id = (char *)(uintptr_t)sluss_id_format(case_id, case_text);
	statement.person_id = (char *)(uintptr_t)sluss_id_format(person, person_text);
	statement.scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_EVERYTHING;
	statement.everything = true;
	statement.obtained = SLUSS__V1__OBTAINED__OBTAINED_ORAL;
	statement.received_at = &at;
	return ask_statement(w, SLUSS_METHOD_CONSENT_WITHDRAW, SOC, connection, &statement.base, id);
}

uint64_t ask_withdraw(struct world *w, const struct sluss_id *id, uint64_t connection)
{
	return ask_withdraw_in(w, &w->case_id, &w->subject, id, connection);
}

struct answer withdraw_other(struct world *w)
{
	struct answer answer;
	uint64_t number = ask_withdraw_in(w, &w->other_case, &w->other_subject, NULL, 99);
	assert_true(wait_answer(w, number, SLUSS_METHOD_CONSENT_WITHDRAW, PATIENCE_MS, &answer));
	return answer;
}

struct answer withdraw(struct world *w, const struct sluss_id *id)
{
	struct answer answer;
	assert_true(wait_answer(w, ask_withdraw(w, id, 99), SLUSS_METHOD_CONSENT_WITHDRAW, PATIENCE_MS, &answer));
	return answer;
}

struct answer act_on_grant(
    struct world *w, enum sluss_method method, Sluss__V1__GrantAct what, const struct sluss_id *grant)
{
	Sluss__V1__ActOnGrants statement = SLUSS__V1__ACT_ON_GRANTS__INIT;
	Google__Protobuf__Timestamp at;
	char case_id[SLUSS_ID_TEXT], person[SLUSS_ID_TEXT], grant_id[SLUSS_ID_TEXT], *grants[] = {grant_id};
	sluss_timestamp_set(&at, atomic_load(&w->now_ms));
	sluss_id_format(grant, grant_id);
	statement.case_id = (char *)(uintptr_t)sluss_id_format(&w->case_id, case_id);
	statement.person_id = (char *)(uintptr_t)sluss_id_format(&w->subject, person);
	statement.act = what;
	statement.n_grant_ids = 1;
	statement.grant_ids = grants;
	statement.obtained = SLUSS__V1__OBTAINED__OBTAINED_ORAL;
	statement.obtained_at = &at;
	struct answer answer;
	uint64_t number = ask_statement(w, method, SOC, 99, &statement.base, NULL);
	assert_true(wait_answer(w, number, method, PATIENCE_MS, &answer));
	return answer;
}

bool has_payload(struct world *w, const struct sluss_id *message)
{
	struct sluss_store *store;
	bool found = false;
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_READER, &store), SLUSS_STORE_OK);
	for (uint64_t index = 0; index < 200; index++)
		for (uint32_t part = 0; part < 2; part++) {
			struct sluss_store_blob blob = {0};
			struct sluss_id id = exchange_payload_id(index, message);
			found |= sluss_store_get_payload(store, &id, part, &blob) == SLUSS_STORE_OK;
			sluss_store_blob_free(&blob);
		}
	sluss_store_close(&store);
	return found;
}
