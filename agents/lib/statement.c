// SPDX-License-Identifier: EUPL-1.2
// Making signed statements and reading their first six fields.
#include "sluss/statement.h"

#include <stdlib.h>

enum { HEADER_FIELDS = 6 };

// ---- times

bool sluss_timestamp_ms(const Google__Protobuf__Timestamp *timestamp, int64_t *ms_out)
{
	*ms_out = 0;
	// RFC 3339's years; so that the product below cannot overflow.
	if (timestamp == NULL || timestamp->seconds < -62135596800 || timestamp->seconds > 253402300799 || timestamp->nanos < 0 || timestamp->nanos > 999999999) {
		return false;
	}
	*ms_out = timestamp->seconds * 1000 + timestamp->nanos / 1000000;
	return true;
}

void sluss_timestamp_set(Google__Protobuf__Timestamp *timestamp, int64_t ms)
{
	google__protobuf__timestamp__init(timestamp);
	int64_t rest = ms % 1000;
	timestamp->seconds = ms / 1000 - (rest < 0 ? 1 : 0);
	timestamp->nanos = (int32_t)(rest < 0 ? rest + 1000 : rest) * 1000000;
}

// ---- reading

// Copies a text of at most room - 1 octets; false when NULL, empty or longer.
static bool copy_text(const char *from, char *to, size_t room)
{
	size_t len = from == NULL ? 0 : strnlen(from, room);
	if (len == 0 || len >= room) {
		return false;
	}
	memcpy(to, from, len + 1);
	return true;
}

static bool wrong(const char **field_out, const char *field)
{
	if (field_out != NULL) {
		*field_out = field;
	}
	return false;
}

static bool fill_header(const char *const texts[5], const Google__Protobuf__Timestamp *at, struct sluss_statement_header *out, const char **field_out)
{
	memset(out, 0, sizeof(*out));
	if (!copy_text(texts[0], out->kind, sizeof(out->kind))) {
		return wrong(field_out, "kind");
	}
	if (!copy_text(texts[1], out->authority, sizeof(out->authority))) {
		return wrong(field_out, "authority");
	}
	if (!sluss_id_from_text(texts[2], &out->id)) {
		return wrong(field_out, strcmp(out->kind, "sluss.v1.Envelope") == 0 ? "message_id" : "statement_id");
	}
	if (!copy_text(texts[3], out->agency_id, sizeof(out->agency_id)) || !sluss_is_agency_id(out->agency_id, strlen(out->agency_id))) {
		return wrong(field_out, "agency_id");
	}
	if (!copy_text(texts[4], out->officer_id, sizeof(out->officer_id)) || !sluss_is_officer_id(out->officer_id, strlen(out->officer_id))) {
		return wrong(field_out, "officer_id");
	}
	if (!sluss_timestamp_ms(at, &out->at_ms)) {
		return wrong(field_out, "at");
	}
	return true;
}

bool sluss_statement_header_read(struct sluss_bytes statement, struct sluss_statement_header *header_out, const char **field_out)
{
	memset(header_out, 0, sizeof(*header_out));
	Sluss__V1__StatementHeader *h = sluss__v1__statement_header__unpack(NULL, statement.len, statement.data);
	if (h == NULL) {
		return wrong(field_out, "");
	}
	const char *const texts[5] = {h->kind, h->authority, h->statement_id, h->agency_id, h->officer_id};
	bool ok = fill_header(texts, h->at, header_out, field_out);
	sluss__v1__statement_header__free_unpacked(h, NULL);
	return ok;
}

// The place of a field of a generated message.
static void *field_at(const ProtobufCMessage *message, unsigned number, ProtobufCType type)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(message->descriptor, number);
	if (field == NULL || field->type != type || field->label == PROTOBUF_C_LABEL_REPEATED) {
		abort(); // not a statement type: a mistake of the caller's source, not of its input
	}
	return (void *)((uintptr_t)message + field->offset);
}

bool sluss_statement_header_of(const ProtobufCMessage *message, struct sluss_statement_header *header_out, const char **field_out)
{
	const char *texts[5];
	for (unsigned i = 0; i < 5; i++) {
		texts[i] = *(char **)field_at(message, i + 1, PROTOBUF_C_TYPE_STRING);
	}
	return fill_header(texts, *(Google__Protobuf__Timestamp **)field_at(message, HEADER_FIELDS, PROTOBUF_C_TYPE_MESSAGE), header_out, field_out);
}

// ---- making

static char *unconst(const char *text)
{
	return (char *)(uintptr_t)text; // protobuf-c has no const fields; packing does not write
}

void sluss_statement_stamp(ProtobufCMessage *message, const struct sluss_author *author, const struct sluss_id *id, struct sluss_stamp *stamp)
{
	sluss_id_format(id, stamp->id);
	sluss_timestamp_set(&stamp->at, author->at_ms);
	const char *const texts[5] = {message->descriptor->name, author->authority, stamp->id, author->agency_id, author->officer_id};
	for (unsigned i = 0; i < 5; i++) {
		*(char **)field_at(message, i + 1, PROTOBUF_C_TYPE_STRING) = unconst(texts[i]);
	}
	*(Google__Protobuf__Timestamp **)field_at(message, HEADER_FIELDS, PROTOBUF_C_TYPE_MESSAGE) = &stamp->at;
}

bool sluss_statement_sign(const ProtobufCMessage *message, const struct sluss_signing_key *key, struct sluss_signed *signed_out)
{
	memset(signed_out, 0, sizeof(*signed_out));
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = malloc(len + 1); // never zero octets
	if (octets == NULL) {
		return false;
	}
	signed_out->octets = octets;
	signed_out->len = protobuf_c_message_pack(message, octets);
	sluss_sign(key, octets, signed_out->len, signed_out->signature);
	memcpy(signed_out->key_id, sluss_signing_key_id(key), sizeof(signed_out->key_id));
	return true;
}

void sluss_signed_free(struct sluss_signed *s)
{
	free(s->octets);
	memset(s, 0, sizeof(*s));
}

void sluss_signed_view(struct sluss_signed *s, Sluss__V1__SignedStatement *view_out)
{
	sluss__v1__signed_statement__init(view_out);
	view_out->statement.data = s->octets;
	view_out->statement.len = s->len;
	view_out->signature.data = s->signature;
	view_out->signature.len = sizeof(s->signature);
	view_out->key_id = s->key_id;
}

bool sluss_statement_verify(const uint8_t public_key[SLUSS_KEY_BYTES], const char *key_id, struct sluss_bytes octets, struct sluss_bytes signature)
{
	char own[SLUSS_KEY_ID_TEXT];
	sluss_key_id(SLUSS_KEY_USE_SIGN, public_key, own);
	return key_id != NULL && strcmp(own, key_id) == 0 && sluss_signature_verify(public_key, octets.data, octets.len, signature.data, signature.len);
}
