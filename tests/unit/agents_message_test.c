// SPDX-License-Identifier: EUPL-1.2
// A message made by one agency and opened by another; everything that can be changed on the way is noticed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sluss/message.h"
#include "sluss/v1/payload.pb-c.h"

static const struct sluss_author author = {"a.example/sig", "skola", "s1", 1767225600000};

struct world {
	struct sluss_signing_key *sender;
	struct sluss_sealing_key *soc;
	struct sluss_sealing_key *soc_old;
	struct sluss_sealing_key *polis;
	const struct sluss_sealing_key *soc_keys[2];
	struct sluss_sealed_message sealed;
	Sluss__V1__SendRequest *request;
	Sluss__V1__Delivery delivery;
	Sluss__V1__SignedEnvelope envelope;
	char id[SLUSS_ID_TEXT];
};

static Sluss__V1__AttendanceReport report = SLUSS__V1__ATTENDANCE_REPORT__INIT;
static Sluss__V1__Note note = SLUSS__V1__NOTE__INIT;
static Sluss__V1__Concerned subject = SLUSS__V1__CONCERNED__INIT;
static Sluss__V1__Concerned *concerned[] = {&subject};
static Sluss__V1__Claim claim = SLUSS__V1__CLAIM__INIT;
static Sluss__V1__Claim *claims[] = {&claim};
static char consent_id[] = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
static char week[] = "2026-W05";
static char note_category[] = "needs";
static char note_text[] = "En anteckning.";

static void fill_sections(struct sluss_section_draft sections[2])
{
	subject.who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
	subject.subject = 1;
	claim.ground_case = SLUSS__V1__CLAIM__GROUND_CONSENT_ID;
	claim.consent_id = consent_id;
	report.week = week;
	report.lessons_planned = 20;
	report.lessons_attended = 18;
	note.category = note_category;
	note.text = note_text;
	for (int i = 0; i < 2; i++) {
		sections[i] = (struct sluss_section_draft){.purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION, .concerned = concerned, .concerned_count = 1, .claims = claims,
			.claim_count = 1, .content = i == 0 ? &report.base : &note.base};
	}
}

static int setup(void **state)
{
	if (!sluss_crypto_init()) {
		return -1;
	}
	struct world *w = calloc(1, sizeof(*w));
	struct sluss_section_draft sections[2];
	struct sluss_recipient_draft to[2] = {{.agency_id = "soc"}, {.agency_id = "polis", .officer_id = "p1"}};
	w->sender = sluss_signing_key_new();
	w->soc = sluss_sealing_key_new();
	w->soc_old = sluss_sealing_key_new();
	w->polis = sluss_sealing_key_new();
	w->soc_keys[0] = w->soc_old; // not the one that it was sealed to: reading tries by key id
	w->soc_keys[1] = w->soc;
	memcpy(to[0].sealing_key, sluss_sealing_key_public(w->soc), SLUSS_KEY_BYTES);
	memcpy(to[1].sealing_key, sluss_sealing_key_public(w->polis), SLUSS_KEY_BYTES);
	fill_sections(sections);
	struct sluss_message_draft draft = {.type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_CONCERN_REPORT, .recipients = to, .recipient_count = 2, .sections = sections,
		.section_count = 2};
	sluss_id_random(&draft.case_id);
	assert_int_equal(sluss_message_seal(&draft, &author, w->sender, &w->sealed), SLUSS_MESSAGE_OK);

	// What a gateway would hand to soc.
	w->request = sluss__v1__send_request__unpack(NULL, w->sealed.request_len, w->sealed.request);
	assert_non_null(w->request);
	sluss__v1__delivery__init(&w->delivery);
	w->delivery.message_id = (char *)(uintptr_t)sluss_id_format(&w->sealed.id, w->id);
	w->delivery.envelope = w->request->envelope;
	w->delivery.sections = w->request->sections;
	w->delivery.n_sections = w->request->n_sections;
	w->delivery.sender_key = (ProtobufCBinaryData){SLUSS_KEY_BYTES, (uint8_t *)(uintptr_t)sluss_signing_key_public(w->sender)};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sluss__v1__send_request__free_unpacked(w->request, NULL);
	sluss_sealed_message_free(&w->sealed);
	sluss_signing_key_free(&w->sender);
	sluss_sealing_key_free(&w->soc);
	sluss_sealing_key_free(&w->soc_old);
	sluss_sealing_key_free(&w->polis);
	free(w);
	return 0;
}

static enum sluss_message_result open_as(struct world *w, const char *agency, struct sluss_opened_message **out)
{
	struct sluss_reader reader = {"a.example/sig", agency, w->soc_keys, 2};
	return sluss_message_open(&w->delivery, &reader, out);
}

static void opens(void **state)
{
	struct world *w = *state;
	struct sluss_opened_message *m = NULL;
	assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_OK);
	assert_true(m->usable);
	assert_int_equal(m->section_count, 2);
	assert_int_equal(m->sections[0].state, SLUSS_SECTION_OPENED);
	assert_string_equal(m->sections[0].header->category, "school_attendance");
	assert_string_equal(m->sections[0].header->payload_type, "sluss.v1.AttendanceReport");
	assert_int_equal(((Sluss__V1__AttendanceReport *)m->sections[0].content)->lessons_attended, 18);
	assert_string_equal(m->sections[1].header->category, "needs");
	assert_string_equal(((Sluss__V1__Note *)m->sections[1].content)->text, note_text);
	assert_string_equal(m->from.agency_id, "skola");
	assert_string_equal(m->from.officer_id, "s1");
	assert_int_equal(m->envelope->n_section_digests, 8);
	assert_int_equal(m->envelope->n_recipients, 2);
	assert_string_equal(m->envelope->recipients[1]->officer_id, "p1");
	sluss_opened_message_free(&m);
	assert_null(m);
}

// A recipient who gets one section of two sees a message that is as whole as any.
static void withheld_section_does_not_show(void **state)
{
	struct world *w = *state;
	struct sluss_opened_message *m = NULL;
	w->delivery.n_sections = 1;
	assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_OK);
	assert_true(m->usable);
	assert_int_equal(m->section_count, 1);
	sluss_opened_message_free(&m);
}

static void not_ours(void **state)
{
	struct world *w = *state;
	struct sluss_opened_message *m = NULL;
	assert_int_equal(open_as(w, "skola", &m), SLUSS_MESSAGE_NOT_FOR_US);
	assert_null(m);
	// Among the recipients, but without the key: polis' keys are not ours.
	assert_int_equal(open_as(w, "polis", &m), SLUSS_MESSAGE_OK);
	assert_false(m->usable);
	assert_int_equal(m->sections[0].state, SLUSS_SECTION_NO_KEY);
	sluss_opened_message_free(&m);
	struct sluss_reader other = {"b.example/sig", "soc", w->soc_keys, 2};
	assert_int_equal(sluss_message_open(&w->delivery, &other, &m), SLUSS_MESSAGE_WRONG_LOG);
}

static void envelope_tampering(void **state)
{
	struct world *w = *state;
	struct sluss_opened_message *m = NULL;
	ProtobufCBinaryData *octets = &w->request->envelope->envelope;
	for (size_t i = 0; i < octets->len; i++) {
		octets->data[i] ^= 1;
		assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_BAD_SIGNATURE);
		octets->data[i] ^= 1;
	}
	for (size_t i = 0; i < SLUSS_SIGNATURE_BYTES; i++) {
		w->request->envelope->signature.data[i] ^= 1;
		assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_BAD_SIGNATURE);
		w->request->envelope->signature.data[i] ^= 1;
	}
	char *id = w->delivery.message_id;
	w->delivery.message_id = consent_id;
	assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_MALFORMED);
	w->delivery.message_id = id;
	w->delivery.sender_key.len = 31;
	assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_MALFORMED);
	w->delivery.sender_key.len = 32;
	w->delivery.envelope = NULL;
	assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_MALFORMED);
}

static enum sluss_section_state state_of(struct world *w, size_t section)
{
	struct sluss_opened_message *m = NULL;
	assert_int_equal(open_as(w, "soc", &m), SLUSS_MESSAGE_OK);
	enum sluss_section_state s = m->sections[section].state;
	assert_int_equal(m->usable, s == SLUSS_SECTION_OPENED);
	sluss_opened_message_free(&m);
	return s;
}

static void section_tampering(void **state)
{
	struct world *w = *state;
	Sluss__V1__Section *s = w->request->sections[0];
	for (size_t i = 0; i < s->header.len; i++) {
		s->header.data[i] ^= 1;
		assert_int_equal(state_of(w, 0), SLUSS_SECTION_UNSIGNED);
		s->header.data[i] ^= 1;
	}
	for (size_t i = 0; i < s->ciphertext.len; i++) {
		s->ciphertext.data[i] ^= 1;
		assert_int_equal(state_of(w, 0), SLUSS_SECTION_UNSIGNED);
		s->ciphertext.data[i] ^= 1;
	}
	for (size_t i = 0; i < s->keys[0]->sealed_key.len; i++) {
		s->keys[0]->sealed_key.data[i] ^= 1;
		assert_int_equal(state_of(w, 0), SLUSS_SECTION_NO_KEY);
		s->keys[0]->sealed_key.data[i] ^= 1;
	}
	// The other section's key, sealed to us in order: it is not the one that the label commits to.
	ProtobufCBinaryData own = s->keys[0]->sealed_key;
	s->keys[0]->sealed_key = w->request->sections[1]->keys[0]->sealed_key;
	assert_int_equal(state_of(w, 0), SLUSS_SECTION_TAMPERED);
	s->keys[0]->sealed_key = own;
	// The same section twice.
	Sluss__V1__Section *twice[] = {s, s};
	w->delivery.sections = twice;
	assert_int_equal(state_of(w, 1), SLUSS_SECTION_UNSIGNED);
}

// A sender that labels one thing as another: the draft is refused, and a sender who gets around that is found out by the recipient.
static void wrong_label(void **state)
{
	struct world *w = *state;
	struct sluss_section_draft sections[2];
	struct sluss_recipient_draft to[1] = {{.agency_id = "soc"}};
	struct sluss_sealed_message sealed;
	memcpy(to[0].sealing_key, sluss_sealing_key_public(w->soc), SLUSS_KEY_BYTES);
	fill_sections(sections);
	sections[0].category = "needs";
	struct sluss_message_draft draft = {.recipients = to, .recipient_count = 1, .sections = sections, .section_count = 1};
	draft.type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT;
	assert_int_equal(sluss_message_seal(&draft, &author, w->sender, &sealed), SLUSS_MESSAGE_BAD_DRAFT);
	assert_null(sealed.request);
	sections[0].category = "school_attendance";
	draft.section_count = 2; // the second is a Note
	assert_int_equal(sluss_message_seal(&draft, &author, w->sender, &sealed), SLUSS_MESSAGE_BAD_DRAFT);
	draft.section_count = 1;
	draft.type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ACTION_PLAN; // which carries no attendance
	assert_int_equal(sluss_message_seal(&draft, &author, w->sender, &sealed), SLUSS_MESSAGE_BAD_DRAFT);
	draft.type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT;
	assert_int_equal(sluss_message_seal(&draft, &author, w->sender, &sealed), SLUSS_MESSAGE_OK);
	sluss_sealed_message_free(&sealed);
	draft.section_count = 0;
	assert_int_equal(sluss_message_seal(&draft, &author, w->sender, &sealed), SLUSS_MESSAGE_BAD_DRAFT);
	draft.section_count = 1;
	draft.recipient_count = 0;
	assert_int_equal(sluss_message_seal(&draft, &author, w->sender, &sealed), SLUSS_MESSAGE_BAD_DRAFT);
}

// Seals content under a label of one's own choice, as a dishonest sender could.
static void dishonest_sender(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *category, *type;
		Sluss__V1__MessageType message;
		enum sluss_section_state expected;
	} rows[] = {
		{"school_attendance", "sluss.v1.AttendanceReport", SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT, SLUSS_SECTION_OPENED},
		{"school_attendance", "sluss.v1.AttendanceReport", SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ACTION_PLAN, SLUSS_SECTION_MISPLACED},
		{"needs", "sluss.v1.AttendanceReport", SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT, SLUSS_SECTION_MISLABELLED},
		{"needs", "sluss.v1.Note", SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT, SLUSS_SECTION_UNKNOWN_TYPE}, // the octets are no Note
		{"needs", "sluss.v1.Nothing", SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_ATTENDANCE_REPORT, SLUSS_SECTION_UNKNOWN_TYPE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t header[1024], ciphertext[1024], content[256], sealed[SLUSS_SEALED_KEY_BYTES], salt[SLUSS_SECTION_SALT_BYTES] = {1}, commitment[SLUSS_HASH_BYTES];
		struct sluss_digest digest, list[SLUSS_DIGESTS_MAX];
		size_t len = 0;
		struct sluss_section_key *key = sluss_section_key_new();
		Sluss__V1__SectionHeader h = SLUSS__V1__SECTION_HEADER__INIT;
		h.kind = (char *)(uintptr_t) "sluss.v1.SectionHeader";
		h.message_id = w->id;
		h.category = (char *)(uintptr_t)rows[i].category;
		h.payload_type = (char *)(uintptr_t)rows[i].type;
		h.salt = (ProtobufCBinaryData){sizeof(salt), salt};
		sluss_section_key_commitment(key, commitment);
		h.key_commitment = (ProtobufCBinaryData){sizeof(commitment), commitment};
		struct sluss_bytes label = {header, sluss__v1__section_header__pack(&h, header)};
		struct sluss_bytes plain = {content, sluss__v1__attendance_report__pack(&report, content)};
		assert_int_equal(sluss_section_seal(key, label, plain, ciphertext, sizeof(ciphertext), &len), SLUSS_SEAL_OK);
		assert_int_equal(sluss_section_key_seal(key, sluss_sealing_key_public(w->soc), sealed), SLUSS_SEAL_OK);
		sluss_section_digest(label, (struct sluss_bytes){ciphertext, len}, &digest);
		sluss_section_key_free(&key);

		Sluss__V1__SealedKey sealed_key = SLUSS__V1__SEALED_KEY__INIT;
		sealed_key.recipient_agency_id = (char *)(uintptr_t) "soc";
		sealed_key.sealed_key = (ProtobufCBinaryData){sizeof(sealed), sealed};
		sealed_key.key_id = (char *)(uintptr_t)sluss_sealing_key_id(w->soc);
		Sluss__V1__SealedKey *keys[] = {&sealed_key};
		Sluss__V1__Section section = SLUSS__V1__SECTION__INIT;
		section.header = (ProtobufCBinaryData){label.len, header};
		section.ciphertext = (ProtobufCBinaryData){len, ciphertext};
		section.keys = keys;
		section.n_keys = 1;
		Sluss__V1__Section *sections[] = {&section};

		Sluss__V1__Envelope e = SLUSS__V1__ENVELOPE__INIT;
		Sluss__V1__Recipient to = SLUSS__V1__RECIPIENT__INIT;
		Sluss__V1__Recipient *recipients[] = {&to};
		ProtobufCBinaryData digests[SLUSS_DIGESTS_MAX];
		struct sluss_stamp stamp;
		struct sluss_signed octets;
		size_t total = sluss_digest_list_make(&digest, 1, list);
		for (size_t k = 0; k < total; k++) {
			digests[k] = (ProtobufCBinaryData){SLUSS_HASH_BYTES, list[k].b};
		}
		to.agency_id = (char *)(uintptr_t) "soc";
		e.recipients = recipients;
		e.n_recipients = 1;
		e.message_type = rows[i].message;
		e.section_digests = digests;
		e.n_section_digests = total;
		sluss_statement_stamp(&e.base, &author, &w->sealed.id, &stamp);
		assert_true(sluss_statement_sign(&e.base, w->sender, &octets));
		Sluss__V1__SignedEnvelope outer = SLUSS__V1__SIGNED_ENVELOPE__INIT;
		outer.envelope = (ProtobufCBinaryData){octets.len, octets.octets};
		outer.signature = (ProtobufCBinaryData){sizeof(octets.signature), octets.signature};
		outer.key_id = octets.key_id;
		w->delivery.envelope = &outer;
		w->delivery.sections = sections;
		w->delivery.n_sections = 1;
		assert_int_equal(state_of(w, 0), rows[i].expected);
		sluss_signed_free(&octets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opens, setup, teardown),
		cmocka_unit_test_setup_teardown(withheld_section_does_not_show, setup, teardown),
		cmocka_unit_test_setup_teardown(not_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(envelope_tampering, setup, teardown),
		cmocka_unit_test_setup_teardown(section_tampering, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_label, setup, teardown),
		cmocka_unit_test_setup_teardown(dishonest_sender, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
