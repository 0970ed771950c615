// SPDX-License-Identifier: EUPL-1.2
// From a request to a message: form only, no state. What the label means is for the decision to judge; that it is one
// label, bound to the envelope that was signed, is judged here.
#include <stdio.h>

#include "exchange.h"
#include "log_hash.h"
#include "sluss/seal.h"

enum {
	SALT = SLUSS_SECTION_SALT_BYTES,
	PAYLOAD_TYPE_MAX = 127,
	NECESSITY_MAX = 8000,  // 2,000 characters of up to four octets
	MESSAGE_MAX = 3 << 20, // octets of all sections: one delivery has to fit a frame (4 MiB), with its envelope and
			       // what surrounds it
};

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

static bool wrong_section(struct sluss_txn *txn, size_t section, const char *field, const char *why)
{
	char path[96];
	(void)snprintf(path, sizeof(path), "sections[%zu].%s", section, field);
	return wrong(txn, path, why);
}

// ---- the envelope

static bool read_recipients(struct sluss_txn *txn, struct exchange_message *m)
{
	const Sluss__V1__Envelope *envelope = m->envelope;
	m->recipient_count = envelope->n_recipients;
	if (m->recipient_count == 0 || m->recipient_count > EXCHANGE_RECIPIENTS_MAX)
		return wrong(txn, "recipients", "A message has 1 to 32 recipients.");
	m->recipients = sluss_arena_array(txn->arena, m->recipient_count, sizeof(*m->recipients));
	if (m->recipients == NULL)
		return wrong(txn, "recipients", "The message is too large.");
	for (size_t i = 0; i < m->recipient_count; i++) {
		const Sluss__V1__Recipient *r = envelope->recipients[i];
		if (!sluss_is_agency_id(r->agency_id, strlen(r->agency_id)))
			return wrong(txn, "recipients", "A recipient needs an agency id.");
		if (r->officer_id[0] != '\0' && !sluss_is_officer_id(r->officer_id, strlen(r->officer_id)))
			return wrong(txn, "recipients", "A recipient's officer id has no valid form.");
		for (size_t k = 0; k < i; k++)
			if (strcmp(m->recipients[k].agency, r->agency_id) == 0)
				return wrong(txn, "recipients", "An agency is named twice.");
		m->recipients[i] = (struct sluss_recipient){.agency = r->agency_id, .officer = r->officer_id};
	}
	return true;
}

static bool read_envelope(struct sluss_txn *txn, struct exchange_message *m)
{
	const Sluss__V1__Envelope *envelope = m->envelope;
	if (!sluss_id_from_text(envelope->message_id, &m->message))
		return wrong(txn, "message_id", "A UUID is needed.");
	if (!sluss_id_from_text(envelope->case_id, &m->case_id))
		return wrong(txn, "case_id", "A UUID is needed.");
	if (envelope->message_type == SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_UNSPECIFIED ||
	    (unsigned)envelope->message_type >= SLUSS_MESSAGE_TYPES)
		return wrong(txn, "message_type", "The message has no known type.");
	m->type = (enum sluss_message_type)envelope->message_type;
	m->partial = envelope->partial_delivery;
	if (envelope->expires != NULL && (!sluss_timestamp_ms(envelope->expires, &m->expires_ms) || m->expires_ms <= 0))
		return wrong(txn, "expires", "It is no time.");
	return read_recipients(txn, m);
}

static bool read_digests(
    struct sluss_txn *txn, const Sluss__V1__Envelope *envelope, struct sluss_digest list[SLUSS_DIGESTS_MAX])
{
	if (envelope->n_section_digests > SLUSS_DIGESTS_MAX)
		return wrong(txn, "section_digests", "There are too many.");
	for (size_t i = 0; i < envelope->n_section_digests; i++) {
		if (envelope->section_digests[i].len != SLUSS_HASH_BYTES)
			return wrong(txn, "section_digests", "A digest has 32 octets.");
		memcpy(list[i].b, envelope->section_digests[i].data, SLUSS_HASH_BYTES);
	}
	return sluss_digest_list_valid(list, envelope->n_section_digests) ||
	       wrong(txn, "section_digests", "A multiple of 8 digests, ascending, none twice, is needed.");
}

// ---- labels

static bool read_concerned(
    struct sluss_txn *txn, size_t section, const Sluss__V1__SectionHeader *header, struct sluss_section_label *label)
{
	if (header->n_concerned > SLUSS_CONCERNED_MAX)
		return wrong_section(txn, section, "header.concerned", "A section concerns at most 16 persons.");
	struct sluss_concerned *list = sluss_arena_array(txn->arena, header->n_concerned, sizeof(*list));
	if (list == NULL)
		return wrong(txn, "sections", "The message is too large.");
	for (size_t i = 0; i < header->n_concerned; i++) {
		const Sluss__V1__Concerned *c = header->concerned[i];
		bool ok = true;
		if (c->who_case == SLUSS__V1__CONCERNED__WHO_SUBJECT && c->subject) {
			list[i].kind = SLUSS_CONCERNED_SUBJECT;
		} else if (c->who_case == SLUSS__V1__CONCERNED__WHO_GUARDIAN_PERSON_ID) {
			list[i].kind = SLUSS_CONCERNED_GUARDIAN;
			ok = sluss_id_from_text(c->guardian_person_id, &list[i].ref);
		} else if (c->who_case == SLUSS__V1__CONCERNED__WHO_OTHER_CASE_ID) {
			list[i].kind = SLUSS_CONCERNED_OTHER_CASE;
			ok = sluss_id_from_text(c->other_case_id, &list[i].ref);
		} else if (c->who_case == SLUSS__V1__CONCERNED__WHO_OTHER_PERSON && c->other_person) {
			list[i].kind = SLUSS_CONCERNED_OTHER;
		} else {
			ok = false;
		}
		if (!ok)
			return wrong_section(txn, section, "header.concerned",
			    "Say whom it concerns: subject, a guardian's id, another case's id, or other_person.");
	}
	label->concerned = list;
	label->concerned_count = header->n_concerned;
	return true;
}

static bool read_claims(
    struct sluss_txn *txn, size_t section, const Sluss__V1__SectionHeader *header, struct sluss_section_label *label)
{
	if (header->n_claims > SLUSS_CLAIMS_MAX)
		return wrong_section(txn, section, "header.claims", "A section claims at most 16 grounds.");
	struct sluss_claim *list = sluss_arena_array(txn->arena, header->n_claims, sizeof(*list));
	if (list == NULL)
		return wrong(txn, "sections", "The message is too large.");
	for (size_t i = 0; i < header->n_claims; i++) {
		const Sluss__V1__Claim *c = header->claims[i];
		bool ok = false;
		list[i].provision = "";
		if (c->ground_case == SLUSS__V1__CLAIM__GROUND_CONSENT_ID) {
			list[i].kind = SLUSS_CLAIM_CONSENT;
			ok = sluss_id_from_text(c->consent_id, &list[i].id);
		} else if (c->ground_case == SLUSS__V1__CLAIM__GROUND_APPROVAL_ID) {
			list[i].kind = SLUSS_CLAIM_APPROVAL;
			ok = sluss_id_from_text(c->approval_id, &list[i].id);
		} else if (c->ground_case == SLUSS__V1__CLAIM__GROUND_PROVISION) {
			list[i].kind = SLUSS_CLAIM_PROVISION;
			list[i].provision = c->provision;
			ok = sluss_is_name(c->provision, strlen(c->provision));
		}
		if (!ok)
			return wrong_section(txn, section, "header.claims",
			    "A claim is a consent id, an approval id or the name of a provision.");
	}
	label->claims = list;
	label->claim_count = header->n_claims;
	return true;
}

static bool read_label(struct sluss_txn *txn, size_t section, const Sluss__V1__SectionHeader *header,
    struct exchange_message *m, struct sluss_section_label *label)
{
	if (strcmp(header->kind, sluss__v1__section_header__descriptor.name) != 0)
		return wrong_section(txn, section, "header.kind", "It is not a section's header.");
	if (strcmp(header->message_id, m->envelope->message_id) != 0)
		return wrong_section(txn, section, "header.message_id", "The section is of another message.");
	if (header->salt.len != SALT)
		return wrong_section(txn, section, "header.salt", "A salt has 16 octets.");
	if (header->key_commitment.len != SLUSS_HASH_BYTES)
		return wrong_section(txn, section, "header.key_commitment", "A commitment has 32 octets.");
	if (header->payload_type[0] == '\0' || strlen(header->payload_type) > PAYLOAD_TYPE_MAX)
		return wrong_section(
		    txn, section, "header.payload_type", "The full name of the payload's type is needed.");
	if (strlen(header->necessity) > NECESSITY_MAX)
		return wrong_section(txn, section, "header.necessity", "At most 2,000 characters.");
	if (header->category[0] != '\0' && !sluss_is_name(header->category, strlen(header->category)))
		return wrong_section(txn, section, "header.category", "A category is a name of the policy.");
	label->category = header->category;
	label->purpose = (enum sluss_purpose)header->purpose;
	label->necessity = header->necessity[0] != '\0';
	if (!exchange_chunks_label(header))
		return wrong_section(txn, section, "header.chunk_count",
		    "A section has at most 400 chunks of 256 KiB and then holds an Attachment.");
	label->chunk_count = header->chunk_count;
	m->blocks += (uint32_t)((header->chunked_octets + EXCHANGE_BLOCK - 1) / EXCHANGE_BLOCK);
	return read_concerned(txn, section, header, label) && read_claims(txn, section, header, label);
}

// ---- sections

static bool check_keys(
    struct sluss_txn *txn, size_t number, const Sluss__V1__Section *section, const struct exchange_message *m)
{
	if (section->n_keys != m->recipient_count)
		return wrong_section(txn, number, "keys", "There is one key for each recipient.");
	for (size_t i = 0; i < section->n_keys; i++) {
		const Sluss__V1__SealedKey *key = section->keys[i];
		if (strcmp(key->recipient_agency_id, m->recipients[i].agency) != 0)
			return wrong_section(txn, number, "keys", "The keys stand in the order of the recipients.");
		if (key->sealed_key.len != SLUSS_SEALED_KEY_BYTES)
			return wrong_section(txn, number, "keys", "A sealed key has 80 octets.");
	}
	return true;
}

static bool check_digest(struct sluss_txn *txn, size_t number, const Sluss__V1__Section *section,
    const struct sluss_section_label *label, const struct sluss_digest *list, size_t count, uint8_t *seen)
{
	struct sluss_hash ciphertext_hash, root;
	struct sluss_digest digest;
	sluss_hash_octets(section->ciphertext.data, section->ciphertext.len, &ciphertext_hash);
	if (section->chunk_hashes.len != (size_t)label->chunk_count * SLUSS_HASH_BYTES)
		return wrong_section(txn, number, "chunk_hashes", "There is one of 32 octets for each chunk.");
	if (label->chunk_count > 0) {
		exchange_chunks_root(section, label->chunk_count, &root);
		sluss_chunked_digest_join(label->header_hash, ciphertext_hash.b, root.b, &digest);
	} else {
		sluss_section_digest_join(label->header_hash, ciphertext_hash.b, &digest);
	}
	size_t place = sluss_digest_list_find(list, count, &digest);
	if (place == count)
		return wrong_section(txn, number, "header", "Its digest does not stand in the envelope.");
	if (seen[place]++ != 0)
		return wrong_section(txn, number, "header", "The same section comes twice.");
	return true;
}

static bool read_section(
    struct sluss_txn *txn, size_t number, struct exchange_message *m, struct sluss_section_label *label)
{
	const Sluss__V1__Section *section = m->sections[number];
	char field[SLUSS_STRICT_FIELD_MAX];
	ProtobufCMessage *header;
	if (section->header.len > EXCHANGE_HEADER_MAX) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_TOO_LARGE, "sections", NULL);
		return false;
	}
	struct sluss_bytes octets = {section->header.data, section->header.len};
	enum sluss_strict_result strict = sluss_strict_unpack(
	    &sluss__v1__section_header__descriptor, octets, sluss_arena_allocator(txn->arena), &header, field);
	if (strict != SLUSS_STRICT_OK)
		return wrong_section(txn, number, "header", sluss_strict_result_name(strict));
	struct sluss_hash hash;
	sluss_hash_octets(octets.data, octets.len, &hash);
	memcpy(label->header_hash, hash.b, sizeof(hash.b));
	return read_label(txn, number, (const Sluss__V1__SectionHeader *)header, m, label);
}

// What is accepted can be kept (each section is a part of the payload) and fetched again (all of them in one answer).
static bool check_size(struct sluss_txn *txn, struct exchange_message *m)
{
	size_t total = 0;
	for (size_t i = 0; i < m->section_count; i++) {
		size_t len = sluss__v1__section__get_packed_size(m->sections[i]);
		total += len;
		if (len > SLUSS_STORE_PAYLOAD_MAX || total > MESSAGE_MAX) {
			sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_TOO_LARGE, "sections",
			    "A section has at most 1 MiB, a message 3 MiB in all.");
			return false;
		}
	}
	m->blocks += (uint32_t)((total + EXCHANGE_BLOCK - 1) / EXCHANGE_BLOCK);
	return true;
}

static bool read_sections(struct sluss_txn *txn, struct exchange_message *m, bool sealed)
{
	struct sluss_digest digests[SLUSS_DIGESTS_MAX];
	uint8_t seen[SLUSS_DIGESTS_MAX] = {0};
	if (m->section_count == 0 || m->section_count > EXCHANGE_SECTIONS_MAX)
		return wrong(txn, "sections", "A message has 1 to 64 sections.");
	if (!check_size(txn, m))
		return false;
	m->labels = sluss_arena_array(txn->arena, m->section_count, sizeof(*m->labels));
	if (m->labels == NULL)
		return wrong(txn, "sections", "The message is too large.");
	if (!read_digests(txn, m->envelope, digests))
		return false;
	for (size_t i = 0; i < m->section_count; i++) {
		const Sluss__V1__Section *section = m->sections[i];
		bool has_content = sealed || section->ciphertext.len > 0;
		if (sealed && section->ciphertext.len < SLUSS_SECTION_OVERHEAD)
			return wrong_section(txn, i, "ciphertext", "It is too short to be sealed content.");
		if (!read_section(txn, i, m, &m->labels[i]) || (sealed && !check_keys(txn, i, section, m)) ||
		    (has_content &&
			!check_digest(txn, i, section, &m->labels[i], digests, m->envelope->n_section_digests, seen)))
			return false;
	}
	return true;
}

struct exchange_message *exchange_read(struct sluss_txn *txn, const Sluss__V1__Envelope *envelope, size_t section_count,
    Sluss__V1__Section *const *sections, bool sealed)
{
	struct exchange_message *m = sluss_arena_alloc(txn->arena, sizeof(*m));
	if (m == NULL) {
		(void)wrong(txn, NULL, "The message is too large.");
		return NULL;
	}
	m->envelope = envelope;
	m->sections = sections;
	m->section_count = section_count;
	memcpy(m->envelope_hash, txn->statement_hash, SLUSS_HASH_BYTES);
	return read_envelope(txn, m) && read_sections(txn, m, sealed) ? m : NULL;
}
