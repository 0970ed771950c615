// SPDX-License-Identifier: EUPL-1.2
// Opening a delivery, as a hostile gateway or sender makes it. The first octet says how far the input is helped past the cryptography: 0 not at all, 1 the envelope is
// signed as it stands, 2 the envelope's digests are made to fit the sections and then signed, so that labels and keys are read.
#include <stdlib.h>

#include "sluss/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sluss_signing_key *sender;
static struct sluss_sealing_key *ours;

static void start(void)
{
	static const uint8_t seed[SLUSS_KEY_BYTES] = {42};
	if (sender == NULL) {
		if (!sluss_crypto_init()) {
			abort();
		}
		sender = sluss_signing_key_from_seed(seed);
		ours = sluss_sealing_key_from_seed(seed);
	}
}

static void set_bytes(ProtobufCBinaryData *field, const uint8_t *data, size_t len)
{
	free(field->data);
	field->data = malloc(len + 1);
	memcpy(field->data, data, len);
	field->len = len;
}

static void fit_digests(Sluss__V1__Delivery *d)
{
	ProtobufCBinaryData *octets = &d->envelope->envelope;
	struct sluss_digest real[SLUSS_SECTIONS_MAX];
	struct sluss_digest list[SLUSS_DIGESTS_MAX];
	Sluss__V1__Envelope *e = sluss__v1__envelope__unpack(NULL, octets->len, octets->data);
	if (e == NULL || d->n_sections > SLUSS_SECTIONS_MAX) {
		if (e != NULL) {
			sluss__v1__envelope__free_unpacked(e, NULL);
		}
		return;
	}
	for (size_t i = 0; i < d->n_sections; i++) {
		const Sluss__V1__Section *s = d->sections[i];
		sluss_section_digest((struct sluss_bytes){s->header.data, s->header.len}, (struct sluss_bytes){s->ciphertext.data, s->ciphertext.len}, &real[i]);
	}
	size_t total = sluss_digest_list_make(real, d->n_sections, list);
	for (size_t i = 0; i < e->n_section_digests; i++) {
		free(e->section_digests[i].data);
	}
	free(e->section_digests);
	e->section_digests = calloc(total + 1, sizeof(*e->section_digests));
	e->n_section_digests = total;
	for (size_t i = 0; i < total; i++) {
		set_bytes(&e->section_digests[i], list[i].b, sizeof(list[i].b));
	}
	free(octets->data);
	octets->data = malloc(sluss__v1__envelope__get_packed_size(e) + 1);
	octets->len = sluss__v1__envelope__pack(e, octets->data);
	sluss__v1__envelope__free_unpacked(e, NULL);
}

static void sign(Sluss__V1__Delivery *d)
{
	uint8_t signature[SLUSS_SIGNATURE_BYTES];
	sluss_sign(sender, d->envelope->envelope.data, d->envelope->envelope.len, signature);
	set_bytes(&d->envelope->signature, signature, sizeof(signature));
	set_bytes(&d->sender_key, sluss_signing_key_public(sender), SLUSS_KEY_BYTES);
	if (d->envelope->key_id != (char *)(uintptr_t)protobuf_c_empty_string) {
		free(d->envelope->key_id);
	}
	d->envelope->key_id = strdup(sluss_signing_key_id(sender));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	start();
	if (size < 1) {
		return 0;
	}
	Sluss__V1__Delivery *d = sluss__v1__delivery__unpack(NULL, size - 1, data + 1);
	if (d == NULL) {
		return 0;
	}
	if (d->envelope != NULL && data[0] % 3 == 2) {
		fit_digests(d);
	}
	if (d->envelope != NULL && data[0] % 3 > 0) {
		sign(d);
	}
	const struct sluss_sealing_key *keys[] = {ours};
	struct sluss_reader reader = {"a.example/sig", "soc", keys, 1};
	struct sluss_opened_message *m = NULL;
	if ((sluss_message_open(d, &reader, &m) == SLUSS_MESSAGE_OK) != (m != NULL)) {
		abort();
	}
	for (size_t i = 0; m != NULL && i < m->section_count; i++) {
		const struct sluss_opened_section *s = &m->sections[i];
		bool has_content = s->state == SLUSS_SECTION_OPENED || s->state == SLUSS_SECTION_MISLABELLED || s->state == SLUSS_SECTION_MISPLACED;
		if (s->state == SLUSS_SECTION_NONE || has_content != (s->content != NULL) || (m->usable && s->state != SLUSS_SECTION_OPENED)) {
			abort();
		}
	}
	sluss_opened_message_free(&m);
	sluss__v1__delivery__free_unpacked(d, NULL);
	return 0;
}
