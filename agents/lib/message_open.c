// SPDX-License-Identifier: EUPL-1.2
// Opening a delivery: the envelope must be the sender's, each section must stand in it, be labelled for it, open with our key, and be what its label says.
#include "sluss/message.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "batch.h"
#include "chunk_internal.h"

const char *sluss_section_state_name(enum sluss_section_state state)
{
	switch (state) {
	case SLUSS_SECTION_NONE:
		return "none";
	case SLUSS_SECTION_OPENED:
		return "opened";
	case SLUSS_SECTION_MISLABELLED:
		return "mislabelled";
	case SLUSS_SECTION_UNSIGNED:
		return "unsigned";
	case SLUSS_SECTION_BAD_LABEL:
		return "bad_label";
	case SLUSS_SECTION_NO_KEY:
		return "no_key";
	case SLUSS_SECTION_TAMPERED:
		return "tampered";
	case SLUSS_SECTION_UNKNOWN_TYPE:
		return "unknown_type";
	case SLUSS_SECTION_INVALID:
		return "invalid";
	case SLUSS_SECTION_MISPLACED:
		return "misplaced";
	}
	return "unknown";
}

bool sluss_section_is_reported(enum sluss_section_state state)
{
	return state == SLUSS_SECTION_MISLABELLED || state == SLUSS_SECTION_MISPLACED || state == SLUSS_SECTION_INVALID;
}

struct first_field {
	char field[64];
	size_t count;
};

static void take_first(void *context, const struct sluss_payload_problem *problem)
{
	struct first_field *first = context;
	if (first->count++ == 0) {
		(void)snprintf(first->field, sizeof(first->field), "%.63s", problem->field);
	}
}

bool sluss_message_why_unusable(const struct sluss_opened_message *opened, char *why_out, size_t room)
{
	why_out[0] = '\0';
	for (size_t i = 0; i < opened->section_count && !opened->usable; i++) {
		const struct sluss_opened_section *s = &opened->sections[i];
		const char *label = s->header == NULL ? "" : s->header->category;
		struct first_field first = {.count = 0};
		if (s->state == SLUSS_SECTION_OPENED) {
			continue;
		}
		if (s->state == SLUSS_SECTION_INVALID && sluss_payload_check(s->content, take_first, &first) > 0) {
			(void)snprintf(why_out, room, "Section %zu (%.40s) breaks a rule of its type at %s.", i + 1, label, first.field);
		} else {
			(void)snprintf(why_out, room, "Section %zu (%.40s) cannot be used: %s.", i + 1, label, sluss_section_state_name(s->state));
		}
		return true;
	}
	if (!opened->usable) {
		(void)snprintf(why_out, room, "Not every section could be used.");
	}
	return !opened->usable;
}

static struct sluss_bytes bytes_of(ProtobufCBinaryData data)
{
	return (struct sluss_bytes){data.data, data.len};
}

// The envelope: readable, ours, signed. Fills from, envelope and envelope_hash.
static enum sluss_message_result open_envelope(const Sluss__V1__Delivery *delivery, const struct sluss_reader *reader, struct sluss_opened_message *out)
{
	const Sluss__V1__SignedEnvelope *outer = delivery->envelope;
	ProtobufCMessage *message = NULL;
	if (outer == NULL || delivery->sender_key.len != SLUSS_KEY_BYTES) {
		return SLUSS_MESSAGE_MALFORMED;
	}
	struct sluss_bytes octets = bytes_of(outer->envelope);
	struct sluss_statement_header batch;
	bool is_signed = delivery->batch == NULL ? sluss_statement_verify(delivery->sender_key.data, outer->key_id, octets, bytes_of(outer->signature))
	                                         : sluss_batch_proof_check(delivery->batch, delivery->sender_key.data, octets, &batch);
	if (!is_signed) {
		return SLUSS_MESSAGE_BAD_SIGNATURE;
	}
	if (sluss_strict_unpack(&sluss__v1__envelope__descriptor, octets, NULL, &message, NULL) != SLUSS_STRICT_OK) {
		return SLUSS_MESSAGE_MALFORMED;
	}
	out->envelope = (Sluss__V1__Envelope *)message;
	if (!sluss_statement_header_of(message, &out->from, NULL) || strcmp(out->from.kind, message->descriptor->name) != 0
	    || strcmp(out->envelope->message_id, delivery->message_id) != 0) {
		return SLUSS_MESSAGE_MALFORMED;
	}
	// A batch vouches only for its own agency's and officer's envelopes, at its own gateway.
	if (delivery->batch != NULL
	    && (strcmp(batch.agency_id, out->from.agency_id) != 0 || strcmp(batch.officer_id, out->from.officer_id) != 0
	        || strcmp(batch.authority, out->from.authority) != 0)) {
		return SLUSS_MESSAGE_BAD_SIGNATURE;
	}
	if (strcmp(out->from.authority, reader->authority) != 0) {
		return SLUSS_MESSAGE_WRONG_LOG;
	}
	(void)crypto_hash_sha256(out->envelope_hash, octets.data, octets.len);
	for (size_t i = 0; i < out->envelope->n_recipients; i++) {
		if (strcmp(out->envelope->recipients[i]->agency_id, reader->agency_id) == 0) {
			return SLUSS_MESSAGE_OK;
		}
	}
	return SLUSS_MESSAGE_NOT_FOR_US;
}

static bool read_digests(const Sluss__V1__Envelope *envelope, struct sluss_digest list[SLUSS_DIGESTS_MAX], size_t *count_out)
{
	*count_out = envelope->n_section_digests;
	if (*count_out > SLUSS_DIGESTS_MAX) {
		return false;
	}
	for (size_t i = 0; i < *count_out; i++) {
		if (envelope->section_digests[i].len != SLUSS_HASH_BYTES) {
			return false;
		}
		memcpy(list[i].b, envelope->section_digests[i].data, SLUSS_HASH_BYTES);
	}
	return sluss_digest_list_valid(list, *count_out);
}

// Our key among the section's sealed keys, opened. NULL: none for us, or not for a key that we have.
static struct sluss_section_key *open_key(const Sluss__V1__Section *section, const struct sluss_reader *reader)
{
	struct sluss_section_key *key = NULL;
	for (size_t i = 0; i < section->n_keys; i++) {
		const Sluss__V1__SealedKey *sealed = section->keys[i];
		if (strcmp(sealed->recipient_agency_id, reader->agency_id) != 0) {
			continue;
		}
		for (size_t k = 0; k < reader->key_count; k++) {
			if (strcmp(sluss_sealing_key_id(reader->keys[k]), sealed->key_id) == 0
			    && sluss_section_key_open(reader->keys[k], bytes_of(sealed->sealed_key), &key) == SLUSS_SEAL_OK) {
				return key;
			}
		}
	}
	return NULL;
}

// Is the content what label and message say that it is?
static enum sluss_section_state judge_content(const Sluss__V1__Envelope *envelope, const struct sluss_opened_section *s)
{
	if (s->content == NULL) {
		return SLUSS_SECTION_UNKNOWN_TYPE;
	}
	if (strcmp(sluss_payload_category(s->type, s->content), s->header->category) != 0) {
		return SLUSS_SECTION_MISLABELLED;
	}
	if (!sluss_payload_fits(s->type, (int)envelope->message_type)) {
		return SLUSS_SECTION_MISPLACED;
	}
	return sluss_payload_check(s->content, NULL, NULL) == 0 ? SLUSS_SECTION_OPENED : SLUSS_SECTION_INVALID;
}

// Opens the ciphertext and reads the content by the label's type.
static enum sluss_section_state open_content(
    const Sluss__V1__Section *section, const Sluss__V1__Envelope *envelope, const struct sluss_section_key *key, struct sluss_opened_section *out)
{
	size_t room = section->ciphertext.len;
	size_t len = 0;
	uint8_t *content = malloc(room + 1);
	if (content == NULL) {
		return SLUSS_SECTION_TAMPERED;
	}
	enum sluss_section_state state = SLUSS_SECTION_TAMPERED;
	if (sluss_section_open(key, bytes_of(section->header), out->header->key_commitment.data, bytes_of(section->ciphertext), content, room, &len) == SLUSS_SEAL_OK) {
		out->type = sluss_payload_type_find(out->header->payload_type);
		// Read strictly: content of a newer contract, of which we would show only a part, is better not shown as if it were whole.
		if (out->type == NULL
		    || sluss_strict_unpack(out->type->descriptor, (struct sluss_bytes){content, len}, NULL, &out->content, NULL) != SLUSS_STRICT_OK) {
			out->content = NULL;
		}
		state = judge_content(envelope, out);
	}
	sluss_wipe(content, room + 1);
	free(content);
	return state;
}

static enum sluss_section_state open_section(
    const Sluss__V1__Section *section, const Sluss__V1__Envelope *envelope, const struct sluss_reader *reader, struct sluss_opened_section *out)
{
	ProtobufCMessage *label = NULL;
	if (sluss_strict_unpack(&sluss__v1__section_header__descriptor, bytes_of(section->header), NULL, &label, NULL) != SLUSS_STRICT_OK) {
		return SLUSS_SECTION_BAD_LABEL;
	}
	Sluss__V1__SectionHeader *header = (Sluss__V1__SectionHeader *)label;
	if (strcmp(header->kind, label->descriptor->name) != 0 || strcmp(header->message_id, envelope->message_id) != 0
	    || header->salt.len != SLUSS_SECTION_SALT_BYTES || header->key_commitment.len != SLUSS_HASH_BYTES || !chunks_fit(section, header)) {
		protobuf_c_message_free_unpacked(label, NULL);
		return SLUSS_SECTION_BAD_LABEL;
	}
	out->header = header;
	struct sluss_section_key *key = open_key(section, reader);
	if (key == NULL) {
		return SLUSS_SECTION_NO_KEY;
	}
	enum sluss_section_state state = open_content(section, envelope, key, out);
	if (header->chunk_count > 0 && (state == SLUSS_SECTION_OPENED || state == SLUSS_SECTION_MISLABELLED)) {
		out->chunks = chunks_new(section, header, &key);
		state = out->chunks == NULL ? SLUSS_SECTION_TAMPERED : state;
	}
	sluss_section_key_free(&key);
	return state;
}

// Opens every section whose digest stands in the envelope, each digest once.
static enum sluss_message_result open_sections(const Sluss__V1__Delivery *delivery, const struct sluss_reader *reader, struct sluss_opened_message *out)
{
	struct sluss_digest list[SLUSS_DIGESTS_MAX];
	bool used[SLUSS_DIGESTS_MAX] = {false};
	size_t count = 0;
	if (!read_digests(out->envelope, list, &count) || delivery->n_sections > SLUSS_SECTIONS_MAX) {
		return SLUSS_MESSAGE_MALFORMED;
	}
	out->sections = calloc(delivery->n_sections + 1, sizeof(*out->sections));
	if (out->sections == NULL) {
		return SLUSS_MESSAGE_NO_MEMORY;
	}
	out->section_count = delivery->n_sections;
	out->usable = delivery->n_sections > 0;
	for (size_t i = 0; i < delivery->n_sections; i++) {
		const Sluss__V1__Section *section = delivery->sections[i];
		struct sluss_digest digest;
		size_t at = chunks_section_digest(section, &digest) ? sluss_digest_list_find(list, count, &digest) : count;
		if (at == count || used[at]) {
			out->sections[i].state = SLUSS_SECTION_UNSIGNED;
		} else {
			used[at] = true;
			out->sections[i].state = open_section(section, out->envelope, reader, &out->sections[i]);
		}
		out->usable = out->usable && out->sections[i].state == SLUSS_SECTION_OPENED;
	}
	return SLUSS_MESSAGE_OK;
}

enum sluss_message_result sluss_message_open(const Sluss__V1__Delivery *delivery, const struct sluss_reader *reader, struct sluss_opened_message **opened_out)
{
	*opened_out = NULL;
	struct sluss_opened_message *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return SLUSS_MESSAGE_NO_MEMORY;
	}
	enum sluss_message_result result = open_envelope(delivery, reader, opened);
	if (result == SLUSS_MESSAGE_OK) {
		result = open_sections(delivery, reader, opened);
	}
	if (result != SLUSS_MESSAGE_OK) {
		sluss_opened_message_free(&opened);
	}
	*opened_out = opened;
	return result;
}

void sluss_opened_message_free(struct sluss_opened_message **opened)
{
	struct sluss_opened_message *o = opened == NULL ? NULL : *opened;
	if (o == NULL) {
		return;
	}
	for (size_t i = 0; i < o->section_count; i++) {
		chunks_free(&o->sections[i].chunks);
		if (o->sections[i].header != NULL) {
			sluss__v1__section_header__free_unpacked(o->sections[i].header, NULL);
		}
		if (o->sections[i].content != NULL) {
			protobuf_c_message_free_unpacked(o->sections[i].content, NULL);
		}
	}
	free(o->sections);
	if (o->envelope != NULL) {
		sluss__v1__envelope__free_unpacked(o->envelope, NULL);
	}
	free(o);
	*opened = NULL;
}
