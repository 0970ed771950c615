// SPDX-License-Identifier: EUPL-1.2
#include "message.h"

#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/payload.pb-c.h"

#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what)
{
	fprintf(stderr, "message: %s\n", what);
	exit(2);
}

static void *must_allocate(size_t len)
{
	void *data = malloc(len);
	if (!data)
		fail("no memory");
	return data;
}

struct octets octets_pack(const ProtobufCMessage *message)
{
	struct octets octets = {NULL, protobuf_c_message_get_packed_size(message)};
	octets.data = must_allocate(octets.len + 1);
	protobuf_c_message_pack(message, octets.data);
	return octets;
}

struct octets note_make(const struct note_draft *d, struct sluss_id *id_out)
{
	char *text = must_allocate(d->text_len + 1);
	memset(text, 'x', d->text_len);
	text[d->text_len] = '\0';
	Sluss__V1__Note note = SLUSS__V1__NOTE__INIT;
	note.category = d->category;
	note.text = text;

	Sluss__V1__Concerned subject = SLUSS__V1__CONCERNED__INIT;
	subject.who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
	subject.subject = 1;
	Sluss__V1__Concerned *concerned[] = {&subject};
	Sluss__V1__Claim claim = SLUSS__V1__CLAIM__INIT;
	claim.ground_case = SLUSS__V1__CLAIM__GROUND_CONSENT_ID;
	claim.consent_id = d->consent_id;
	Sluss__V1__Claim *claims[] = {&claim};

	struct sluss_section_draft section = {
	    .category = d->category,
	    .purpose = d->purpose,
	    .concerned = concerned,
	    .concerned_count = 1,
	    .claims = claims,
	    .claim_count = 1,
	    .content = &note.base,
	};
	struct sluss_message_draft draft = {
	    .misplaced = true,
	    .type = d->type,
	    .case_id = d->case_id,
	    .recipients = &d->recipient,
	    .recipient_count = 1,
	    .sections = &section,
	    .section_count = 1,
	};
	struct sluss_sealed_message sealed;
	enum sluss_message_result result = sluss_message_seal(&draft, &d->author, d->key, &sealed);
	if (result != SLUSS_MESSAGE_OK)
		fail(sluss_message_result_name(result));
	struct octets octets = {must_allocate(sealed.request_len), sealed.request_len};
	memcpy(octets.data, sealed.request, sealed.request_len);
	*id_out = sealed.id;
	sluss_sealed_message_free(&sealed);
	free(text);
	return octets;
}

struct octets statement_make(
    ProtobufCMessage *statement, const struct sluss_author *author, const struct sluss_signing_key *key)
{
	struct sluss_id id;
	struct sluss_stamp stamp;
	struct sluss_signed signed_statement;
	sluss_id_random(&id);
	sluss_statement_stamp(statement, author, &id, &stamp);
	if (!sluss_statement_sign(statement, key, &signed_statement))
		fail("no memory");
	Sluss__V1__SignedStatement view;
	sluss_signed_view(&signed_statement, &view);
	// Every request of a statement has it in field 1, as WithdrawRequest does.
	Sluss__V1__WithdrawRequest request = SLUSS__V1__WITHDRAW_REQUEST__INIT;
	request.statement = &view;
	struct octets octets = octets_pack(&request.base);
	sluss_signed_free(&signed_statement);
	return octets;
}
