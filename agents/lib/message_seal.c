// SPDX-License-Identifier: EUPL-1.2
// Making a message: each section gets a fresh key, a label that commits to it, a ciphertext bound to the label, and the key sealed to each recipient; the
// envelope signs the digests of all of them among decoys.
#include "sluss/message.h"

#include <sodium.h>
#include <stdlib.h>

#include "chunk_internal.h"

enum { RECIPIENTS_MAX = 32 };

// What one section needs until the request is packed.
struct parts {
	uint8_t *header;
	size_t header_len;
	uint8_t *ciphertext;
	size_t ciphertext_len;
	Sluss__V1__Section section;
	Sluss__V1__SealedKey *keys;   // recipient_count
	Sluss__V1__SealedKey **key_list;
	uint32_t chunk_count; // of content beside it
	uint64_t chunked_octets;
	uint8_t (*sealed)[SLUSS_SEALED_KEY_BYTES];
	char (*key_ids)[SLUSS_KEY_ID_TEXT];
};

static char *unconst(const char *text)
{
	return (char *)(uintptr_t)text; // packing does not write
}

const char *sluss_message_result_name(enum sluss_message_result result)
{
	switch (result) {
	case SLUSS_MESSAGE_OK:
		return "ok";
	case SLUSS_MESSAGE_NO_MEMORY:
		return "no memory";
	case SLUSS_MESSAGE_BAD_DRAFT:
		return "a message needs 1 to 32 recipients and 1 to 64 sections, each with content whose category is the label's and that this message type can carry";
	case SLUSS_MESSAGE_BAD_KEY:
		return "a recipient's key cannot be sealed to";
	case SLUSS_MESSAGE_MALFORMED:
		return "envelope or label cannot be read";
	case SLUSS_MESSAGE_WRONG_LOG:
		return "meant for another gateway";
	case SLUSS_MESSAGE_BAD_SIGNATURE:
		return "not signed by the sender's key";
	case SLUSS_MESSAGE_NOT_FOR_US:
		return "we are not among its recipients";
	}
	return "unknown";
}

static void parts_free(struct parts *p)
{
	free(p->header);
	free(p->ciphertext);
	free(p->keys);
	free(p->key_list);
	free(p->sealed);
	free(p->key_ids);
}

static void fill_label(const struct sluss_section_draft *draft, const struct sluss_payload_type *type, char *message_id, Sluss__V1__SectionHeader *h)
{
	sluss__v1__section_header__init(h);
	h->kind = unconst(h->base.descriptor->name);
	h->message_id = message_id;
	h->category = unconst(sluss_payload_category(type, draft->content));
	h->purpose = draft->purpose;
	h->concerned = draft->concerned;
	h->n_concerned = draft->concerned_count;
	h->claims = draft->claims;
	h->n_claims = draft->claim_count;
	h->payload_type = unconst(type->descriptor->name);
	h->necessity = unconst(draft->necessity == NULL ? "" : draft->necessity);
}

// Packs the label and seals the content under the key.
static enum sluss_message_result seal_content(
    const struct sluss_section_draft *draft, const struct sluss_message_draft *message, char *message_id, const struct sluss_section_key *key, struct parts *p)
{
	const struct sluss_payload_type *type = draft->content == NULL ? NULL : sluss_payload_type_find(draft->content->descriptor->name);
	bool fits = type != NULL && (message->misplaced || p->chunk_count > 0 || sluss_payload_fits(type, (int)message->type)); // of an upload: judged with its message
	if (!fits || (draft->category != NULL && strcmp(draft->category, sluss_payload_category(type, draft->content)) != 0)) {
		return SLUSS_MESSAGE_BAD_DRAFT;
	}
	Sluss__V1__SectionHeader label;
	uint8_t salt[SLUSS_SECTION_SALT_BYTES];
	uint8_t commitment[SLUSS_HASH_BYTES];
	randombytes_buf(salt, sizeof(salt));
	sluss_section_key_commitment(key, commitment);
	fill_label(draft, type, message_id, &label);
	label.salt = (ProtobufCBinaryData){sizeof(salt), salt};
	label.key_commitment = (ProtobufCBinaryData){sizeof(commitment), commitment};
	label.chunk_count = p->chunk_count;
	label.chunked_octets = p->chunked_octets;

	size_t content_len = protobuf_c_message_get_packed_size(draft->content);
	uint8_t *content = malloc(content_len + 1);
	p->header = malloc(sluss__v1__section_header__get_packed_size(&label));
	p->ciphertext = malloc(content_len + SLUSS_SECTION_OVERHEAD);
	enum sluss_message_result result = SLUSS_MESSAGE_NO_MEMORY;
	if (content != NULL && p->header != NULL && p->ciphertext != NULL) {
		p->header_len = sluss__v1__section_header__pack(&label, p->header);
		content_len = protobuf_c_message_pack(draft->content, content);
		struct sluss_bytes header = {p->header, p->header_len};
		struct sluss_bytes plain = {content, content_len};
		if (sluss_section_seal(key, header, plain, p->ciphertext, content_len + SLUSS_SECTION_OVERHEAD, &p->ciphertext_len) == SLUSS_SEAL_OK) {
			result = SLUSS_MESSAGE_OK;
		}
	}
	if (content != NULL) {
		sluss_wipe(content, content_len);
		free(content);
	}
	return result;
}

static enum sluss_message_result seal_keys(const struct sluss_message_draft *draft, const struct sluss_section_key *key, struct parts *p)
{
	size_t n = draft->recipient_count;
	p->keys = calloc(n, sizeof(*p->keys));
	p->key_list = calloc(n, sizeof(*p->key_list));
	p->sealed = calloc(n, sizeof(*p->sealed));
	p->key_ids = calloc(n, sizeof(*p->key_ids));
	if (p->keys == NULL || p->key_list == NULL || p->sealed == NULL || p->key_ids == NULL) {
		return SLUSS_MESSAGE_NO_MEMORY;
	}
	for (size_t i = 0; i < n; i++) {
		const struct sluss_recipient_draft *to = &draft->recipients[i];
		if (sluss_section_key_seal(key, to->sealing_key, p->sealed[i]) != SLUSS_SEAL_OK) {
			return SLUSS_MESSAGE_BAD_KEY;
		}
		sluss__v1__sealed_key__init(&p->keys[i]);
		p->keys[i].recipient_agency_id = unconst(to->agency_id);
		p->keys[i].sealed_key = (ProtobufCBinaryData){SLUSS_SEALED_KEY_BYTES, p->sealed[i]};
		sluss_key_id(SLUSS_KEY_USE_SEAL, to->sealing_key, p->key_ids[i]);
		p->keys[i].key_id = p->key_ids[i];
		p->key_list[i] = &p->keys[i];
	}
	return SLUSS_MESSAGE_OK;
}

static enum sluss_message_result fill_section(const struct sluss_message_draft *draft, const struct sluss_section_draft *section, char *message_id,
    const struct sluss_section_key *key, struct parts *p)
{
	enum sluss_message_result result = seal_content(section, draft, message_id, key, p);
	if (result == SLUSS_MESSAGE_OK) {
		result = seal_keys(draft, key, p);
	}
	sluss__v1__section__init(&p->section);
	p->section.header = (ProtobufCBinaryData){p->header_len, p->header};
	p->section.ciphertext = (ProtobufCBinaryData){p->ciphertext_len, p->ciphertext};
	p->section.keys = p->key_list;
	p->section.n_keys = draft->recipient_count;
	return result;
}

// A section that was put already: made for this message and these recipients, all of its chunks there.
static enum sluss_message_result take_upload(
    const struct sluss_message_draft *draft, const struct sluss_upload *upload, const struct sluss_id *id, struct parts *p, struct sluss_digest *digest_out)
{
	const Sluss__V1__Section *section = upload->section;
	const struct sluss_payload_type *type = sluss_payload_type_find("sluss.v1.Attachment");
	if (type == NULL || !sluss_payload_fits(type, (int)draft->type)) {
		return SLUSS_MESSAGE_BAD_DRAFT;
	}
	if (!sluss_upload_complete(upload) || !sluss_id_equal(&upload->message, id) || section->n_keys != draft->recipient_count) {
		return SLUSS_MESSAGE_BAD_DRAFT;
	}
	for (size_t i = 0; i < section->n_keys; i++) {
		if (strcmp(section->keys[i]->recipient_agency_id, draft->recipients[i].agency_id) != 0) {
			return SLUSS_MESSAGE_BAD_DRAFT;
		}
	}
	p->section = *section;
	p->section.chunk_hashes = (ProtobufCBinaryData){(size_t)upload->total * SLUSS_HASH_BYTES, (uint8_t *)(uintptr_t)upload->hashes};
	return chunks_section_digest(&p->section, digest_out) ? SLUSS_MESSAGE_OK : SLUSS_MESSAGE_BAD_DRAFT;
}

enum sluss_message_result message_seal_upload(
    const struct sluss_section_draft *section, const struct sluss_recipient_draft *recipients, size_t recipient_count, struct sluss_upload *upload)
{
	struct sluss_message_draft draft = {.recipients = recipients, .recipient_count = recipient_count};
	struct parts p = {.chunk_count = upload->total, .chunked_octets = upload->octets};
	char id[SLUSS_ID_TEXT];
	if (recipient_count == 0 || recipient_count > RECIPIENTS_MAX) {
		return SLUSS_MESSAGE_BAD_DRAFT;
	}
	sluss_id_format(&upload->message, id);
	enum sluss_message_result result = fill_section(&draft, section, id, upload->key, &p);
	if (result == SLUSS_MESSAGE_OK) {
		// Packed and unpacked again: a copy that stands on its own.
		size_t len = sluss__v1__section__get_packed_size(&p.section);
		uint8_t *octets = malloc(len);
		if (octets != NULL) {
			(void)sluss__v1__section__pack(&p.section, octets);
			upload->section = sluss__v1__section__unpack(NULL, len, octets);
			free(octets);
		}
		result = upload->section == NULL ? SLUSS_MESSAGE_NO_MEMORY : SLUSS_MESSAGE_OK;
	}
	parts_free(&p);
	return result;
}

static enum sluss_message_result seal_section(
    const struct sluss_message_draft *draft, const struct sluss_section_draft *section, char *message_id, struct parts *p, struct sluss_digest *digest_out)
{
	struct sluss_section_key *key = sluss_section_key_new();
	if (key == NULL) {
		return SLUSS_MESSAGE_NO_MEMORY;
	}
	enum sluss_message_result result = fill_section(draft, section, message_id, key, p);
	sluss_section_key_free(&key);
	if (result != SLUSS_MESSAGE_OK) {
		return result;
	}
	sluss_section_digest((struct sluss_bytes){p->header, p->header_len}, (struct sluss_bytes){p->ciphertext, p->ciphertext_len}, digest_out);
	return SLUSS_MESSAGE_OK;
}

// Envelope, signature, request.
static enum sluss_message_result sign_and_pack(const struct sluss_message_draft *draft, const struct sluss_author *author, const struct sluss_signing_key *key,
    const struct sluss_digest *digests, struct parts *parts, struct sluss_sealed_message *out)
{
	struct sluss_digest list[SLUSS_DIGESTS_MAX];
	ProtobufCBinaryData digest_fields[SLUSS_DIGESTS_MAX];
	Sluss__V1__Recipient recipients[RECIPIENTS_MAX];
	Sluss__V1__Recipient *recipient_list[RECIPIENTS_MAX];
	Sluss__V1__Section *section_list[SLUSS_SECTIONS_MAX];
	char case_id[SLUSS_ID_TEXT];
	struct sluss_stamp stamp;
	size_t total = sluss_digest_list_make(digests, draft->section_count, list);
	for (size_t i = 0; i < total; i++) {
		digest_fields[i] = (ProtobufCBinaryData){SLUSS_HASH_BYTES, list[i].b};
	}
	for (size_t i = 0; i < draft->recipient_count; i++) {
		sluss__v1__recipient__init(&recipients[i]);
		recipients[i].agency_id = unconst(draft->recipients[i].agency_id);
		recipients[i].officer_id = unconst(draft->recipients[i].officer_id == NULL ? "" : draft->recipients[i].officer_id);
		recipient_list[i] = &recipients[i];
	}
	for (size_t i = 0; i < draft->section_count; i++) {
		section_list[i] = &parts[i].section;
	}

	Sluss__V1__Envelope envelope = SLUSS__V1__ENVELOPE__INIT;
	sluss_statement_stamp(&envelope.base, author, &out->id, &stamp);
	envelope.message_type = draft->type;
	sluss_id_format(&draft->case_id, case_id);
	envelope.case_id = case_id;
	envelope.recipients = recipient_list;
	envelope.n_recipients = draft->recipient_count;
	envelope.section_digests = digest_fields;
	envelope.n_section_digests = total;
	envelope.partial_delivery = draft->partial_delivery;
	Google__Protobuf__Timestamp expires;
	if (draft->expires_ms != 0) {
		sluss_timestamp_set(&expires, draft->expires_ms);
		envelope.expires = &expires;
	}
	struct sluss_signed octets;
	if (total == 0 || !sluss_statement_sign(&envelope.base, key, &octets)) {
		return SLUSS_MESSAGE_NO_MEMORY;
	}

	Sluss__V1__SignedEnvelope view = SLUSS__V1__SIGNED_ENVELOPE__INIT;
	view.envelope = (ProtobufCBinaryData){octets.len, octets.octets};
	view.signature = (ProtobufCBinaryData){sizeof(octets.signature), octets.signature};
	view.key_id = octets.key_id;
	Sluss__V1__SendRequest request = SLUSS__V1__SEND_REQUEST__INIT;
	request.envelope = &view;
	request.sections = section_list;
	request.n_sections = draft->section_count;
	out->request = malloc(sluss__v1__send_request__get_packed_size(&request));
	if (out->request != NULL) {
		out->request_len = sluss__v1__send_request__pack(&request, out->request);
	}
	sluss_signed_free(&octets);
	return out->request == NULL ? SLUSS_MESSAGE_NO_MEMORY : SLUSS_MESSAGE_OK;
}

enum sluss_message_result sluss_message_seal(const struct sluss_message_draft *draft, const struct sluss_author *author, const struct sluss_signing_key *key,
    struct sluss_sealed_message *sealed_out)
{
	memset(sealed_out, 0, sizeof(*sealed_out));
	if (draft->recipient_count == 0 || draft->recipient_count > RECIPIENTS_MAX || draft->section_count == 0 || draft->section_count > SLUSS_SECTIONS_MAX) {
		return SLUSS_MESSAGE_BAD_DRAFT;
	}
	sealed_out->id = draft->id;
	if (sluss_id_is_none(&draft->id)) {
		sluss_id_random(&sealed_out->id);
	}
	char message_id[SLUSS_ID_TEXT];
	sluss_id_format(&sealed_out->id, message_id);

	struct sluss_digest digests[SLUSS_SECTIONS_MAX];
	struct parts *parts = calloc(draft->section_count, sizeof(*parts));
	enum sluss_message_result result = parts == NULL ? SLUSS_MESSAGE_NO_MEMORY : SLUSS_MESSAGE_OK;
	for (size_t i = 0; i < draft->section_count && result == SLUSS_MESSAGE_OK; i++) {
		const struct sluss_section_draft *section = &draft->sections[i];
		result = section->upload != NULL ? take_upload(draft, section->upload, &sealed_out->id, &parts[i], &digests[i])
		                                 : seal_section(draft, section, message_id, &parts[i], &digests[i]);
	}
	if (result == SLUSS_MESSAGE_OK) {
		result = sign_and_pack(draft, author, key, digests, parts, sealed_out);
	}
	for (size_t i = 0; parts != NULL && i < draft->section_count; i++) {
		parts_free(&parts[i]);
	}
	free(parts);
	if (result != SLUSS_MESSAGE_OK) {
		sluss_sealed_message_free(sealed_out);
	}
	return result;
}

enum sluss_message_result sluss_sealed_message_renew(
    struct sluss_sealed_message *sealed, const struct sluss_author *author, const struct sluss_signing_key *key)
{
	Sluss__V1__SendRequest *request = sluss__v1__send_request__unpack(NULL, sealed->request_len, sealed->request);
	ProtobufCMessage *message = NULL;
	struct sluss_signed octets = {0};
	enum sluss_message_result result = SLUSS_MESSAGE_MALFORMED;
	if (request != NULL && request->envelope != NULL
	    && sluss_strict_unpack(&sluss__v1__envelope__descriptor,
	           (struct sluss_bytes){request->envelope->envelope.data, request->envelope->envelope.len}, NULL, &message, NULL)
	        == SLUSS_STRICT_OK) {
		Google__Protobuf__Timestamp at;
		Google__Protobuf__Timestamp *old = ((Sluss__V1__Envelope *)message)->at;
		sluss_timestamp_set(&at, author->at_ms);
		((Sluss__V1__Envelope *)message)->at = &at;
		result = sluss_statement_sign(message, key, &octets) ? SLUSS_MESSAGE_OK : SLUSS_MESSAGE_NO_MEMORY;
		((Sluss__V1__Envelope *)message)->at = old;
	}
	if (result == SLUSS_MESSAGE_OK) {
		Sluss__V1__SignedEnvelope *old = request->envelope;
		Sluss__V1__SignedEnvelope view = SLUSS__V1__SIGNED_ENVELOPE__INIT;
		view.envelope = (ProtobufCBinaryData){octets.len, octets.octets};
		view.signature = (ProtobufCBinaryData){sizeof(octets.signature), octets.signature};
		view.key_id = octets.key_id;
		request->envelope = &view;
		size_t len = sluss__v1__send_request__get_packed_size(request);
		uint8_t *packed = malloc(len);
		if (packed == NULL) {
			result = SLUSS_MESSAGE_NO_MEMORY;
		} else {
			free(sealed->request);
			sealed->request = packed;
			sealed->request_len = sluss__v1__send_request__pack(request, packed);
		}
		request->envelope = old;
	}
	sluss_signed_free(&octets);
	if (message != NULL) {
		protobuf_c_message_free_unpacked(message, NULL);
	}
	if (request != NULL) {
		sluss__v1__send_request__free_unpacked(request, NULL);
	}
	return result;
}

void sluss_sealed_message_free(struct sluss_sealed_message *sealed)
{
	free(sealed->request);
	memset(sealed, 0, sizeof(*sealed));
}
