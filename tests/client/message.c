// SPDX-License-Identifier: EUPL-1.2
#include "message.h"

#include "sluss/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

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

static void random_octets(void *out, size_t len)
{
	uint8_t *at = out;
	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);
		if (got <= 0)
			fail("no randomness");
		at += got;
		len -= (size_t)got;
	}
}

struct message_octets message_pack(const ProtobufCMessage *message)
{
	struct message_octets octets = {NULL, protobuf_c_message_get_packed_size(message)};
	octets.data = must_allocate(octets.len + 1);
	protobuf_c_message_pack(message, octets.data);
	return octets;
}

// The label's octets.
static struct message_octets make_header(const struct message_draft *d, char *message_id, struct sluss_section_key *key)
{
	uint8_t salt[SLUSS_SECTION_SALT_BYTES];
	uint8_t commitment[SLUSS_HASH_BYTES];
	random_octets(salt, sizeof(salt));
	sluss_section_key_commitment(key, commitment);

	Sluss__V1__Concerned concerned = SLUSS__V1__CONCERNED__INIT;
	concerned.who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
	concerned.subject = 1;
	Sluss__V1__Concerned *concerned_list[] = {&concerned};
	Sluss__V1__Claim claim = SLUSS__V1__CLAIM__INIT;
	claim.ground_case = SLUSS__V1__CLAIM__GROUND_CONSENT_ID;
	claim.consent_id = (char *)(uintptr_t)d->consent_id;
	Sluss__V1__Claim *claims[] = {&claim};

	Sluss__V1__SectionHeader header = SLUSS__V1__SECTION_HEADER__INIT;
	char kind[] = "sluss.v1.SectionHeader";
	header.kind = kind;
	header.message_id = message_id;
	header.salt = (ProtobufCBinaryData){sizeof(salt), salt};
	header.category = (char *)(uintptr_t)d->category;
	header.purpose = d->purpose;
	header.n_concerned = 1;
	header.concerned = concerned_list;
	header.n_claims = 1;
	header.claims = claims;
	header.payload_type = (char *)(uintptr_t)d->payload_type;
	header.key_commitment = (ProtobufCBinaryData){sizeof(commitment), commitment};
	return message_pack(&header.base);
}

// Random content, sealed under the label.
static struct message_octets make_ciphertext(const struct message_draft *d, struct sluss_bytes header, struct sluss_section_key *key)
{
	struct message_octets content = {must_allocate(d->content_len + 1), d->content_len};
	random_octets(content.data, content.len);
	struct message_octets sealed = {must_allocate(content.len + SLUSS_SECTION_OVERHEAD), 0};
	if (sluss_section_seal(key, header, (struct sluss_bytes){content.data, content.len}, sealed.data, content.len + SLUSS_SECTION_OVERHEAD, &sealed.len)
	    != SLUSS_SEAL_OK)
		fail("sealing");
	free(content.data);
	return sealed;
}

// The envelope over one section's digest, signed.
static struct sluss_signed sign_envelope(const struct message_draft *d, const struct sluss_id *id, const struct sluss_digest *digest)
{
	struct sluss_digest list[SLUSS_DIGESTS_MAX];
	size_t count = sluss_digest_list_make(digest, 1, list);
	if (count == 0)
		fail("digest list");
	ProtobufCBinaryData digests[SLUSS_DIGESTS_MAX];
	for (size_t i = 0; i < count; i++)
		digests[i] = (ProtobufCBinaryData){sizeof(list[i].b), list[i].b};
	Sluss__V1__Recipient recipient = SLUSS__V1__RECIPIENT__INIT;
	recipient.agency_id = (char *)(uintptr_t)d->recipient;
	Sluss__V1__Recipient *recipients[] = {&recipient};

	Sluss__V1__Envelope envelope = SLUSS__V1__ENVELOPE__INIT;
	struct sluss_stamp stamp;
	sluss_statement_stamp(&envelope.base, &d->author, id, &stamp);
	envelope.message_type = d->type;
	envelope.case_id = (char *)(uintptr_t)d->case_id;
	envelope.n_recipients = 1;
	envelope.recipients = recipients;
	envelope.n_section_digests = count;
	envelope.section_digests = digests;
	struct sluss_signed signed_envelope;
	if (!sluss_statement_sign(&envelope.base, d->key, &signed_envelope))
		fail("signing");
	return signed_envelope;
}

struct message_octets message_make(const struct message_draft *d, char id_out[SLUSS_ID_TEXT])
{
	struct sluss_id id;
	sluss_id_random(&id);
	sluss_id_format(&id, id_out);
	struct sluss_section_key *key = sluss_section_key_new();
	if (!key)
		fail("no memory");
	struct message_octets header = make_header(d, id_out, key);
	struct sluss_bytes label = {header.data, header.len};
	struct message_octets ciphertext = make_ciphertext(d, label, key);
	struct sluss_digest digest;
	sluss_section_digest(label, (struct sluss_bytes){ciphertext.data, ciphertext.len}, &digest);
	struct sluss_signed envelope = sign_envelope(d, &id, &digest);

	uint8_t sealed[SLUSS_SEALED_KEY_BYTES];
	char sealing_key_id[SLUSS_KEY_ID_TEXT];
	if (sluss_section_key_seal(key, d->recipient_public, sealed) != SLUSS_SEAL_OK)
		fail("sealing the key");
	Sluss__V1__SealedKey sealed_key = SLUSS__V1__SEALED_KEY__INIT;
	sealed_key.recipient_agency_id = (char *)(uintptr_t)d->recipient;
	sealed_key.sealed_key = (ProtobufCBinaryData){sizeof(sealed), sealed};
	sluss_key_id(SLUSS_KEY_USE_SEAL, d->recipient_public, sealing_key_id);
	sealed_key.key_id = sealing_key_id;
	Sluss__V1__SealedKey *keys[] = {&sealed_key};
	Sluss__V1__Section section = SLUSS__V1__SECTION__INIT;
	section.header = (ProtobufCBinaryData){header.len, header.data};
	section.ciphertext = (ProtobufCBinaryData){ciphertext.len, ciphertext.data};
	section.n_keys = 1;
	section.keys = keys;
	Sluss__V1__Section *sections[] = {&section};

	Sluss__V1__SignedEnvelope signed_envelope = SLUSS__V1__SIGNED_ENVELOPE__INIT;
	signed_envelope.envelope = (ProtobufCBinaryData){envelope.len, envelope.octets};
	signed_envelope.signature = (ProtobufCBinaryData){sizeof(envelope.signature), envelope.signature};
	signed_envelope.key_id = envelope.key_id;
	Sluss__V1__SendRequest request = SLUSS__V1__SEND_REQUEST__INIT;
	request.envelope = &signed_envelope;
	request.n_sections = 1;
	request.sections = sections;
	struct message_octets octets = message_pack(&request.base);

	sluss_signed_free(&envelope);
	sluss_section_key_free(&key);
	free(header.data);
	free(ciphertext.data);
	return octets;
}

struct message_octets message_statement(ProtobufCMessage *statement, const struct sluss_author *author, const struct sluss_signing_key *key)
{
	struct sluss_id id;
	struct sluss_stamp stamp;
	struct sluss_signed signed_statement;
	sluss_id_random(&id);
	sluss_statement_stamp(statement, author, &id, &stamp);
	if (!sluss_statement_sign(statement, key, &signed_statement))
		fail("signing");
	Sluss__V1__SignedStatement view;
	sluss_signed_view(&signed_statement, &view);
	// Every request of a statement has it in field 1, as WithdrawRequest does.
	Sluss__V1__WithdrawRequest request = SLUSS__V1__WITHDRAW_REQUEST__INIT;
	request.statement = &view;
	struct message_octets octets = message_pack(&request.base);
	sluss_signed_free(&signed_statement);
	return octets;
}
