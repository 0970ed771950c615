// SPDX-License-Identifier: EUPL-1.2
// Signing anew: the same message with another time and signature, still one that its recipient opens.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sluss/message.h"
#include "sluss/v1/payload.pb-c.h"

enum { AT_MS = 1700000000 };

static void seal(struct sluss_signing_key *key, const struct sluss_sealing_key *to, struct sluss_sealed_message *sealed)
{
	static const struct sluss_author author = {"a.example/sig", "skola", "s1", AT_MS};
	static char category[] = "needs";
	static char text[] = "En anteckning.";
	Sluss__V1__Note note = SLUSS__V1__NOTE__INIT;
	note.category = category;
	note.text = text;
	struct sluss_section_draft section = {
	    .purpose = SLUSS__V1__PURPOSE__PURPOSE_COORDINATION, .content = &note.base};
	struct sluss_recipient_draft recipient = {.agency_id = "soc"};
	memcpy(recipient.sealing_key, sluss_sealing_key_public(to), SLUSS_KEY_BYTES);
	struct sluss_message_draft draft = {.type = SLUSS__V1__MESSAGE_TYPE__MESSAGE_TYPE_CONCERN_REPORT,
	    .recipients = &recipient,
	    .recipient_count = 1,
	    .sections = &section,
	    .section_count = 1};
	sluss_id_random(&draft.case_id);
	assert_int_equal(sluss_message_seal(&draft, &author, key, sealed), SLUSS_MESSAGE_OK);
}

static void test_only_time_and_signature_change(void **state)
{
	(void)state;
	struct sluss_signing_key *old = sluss_signing_key_new();
	struct sluss_signing_key *fresh = sluss_signing_key_new();
	struct sluss_sealing_key *soc = sluss_sealing_key_new();
	struct sluss_sealed_message before;
	struct sluss_sealed_message after;
	uint8_t hashes[2][SLUSS_HASH_BYTES];
	seal(old, soc, &before);
	assert_int_equal(sluss_message_resign(&before, fresh, AT_MS + 600000, &after), SLUSS_MESSAGE_OK);
	assert_memory_equal(before.id.b, after.id.b, sizeof(before.id.b));
	assert_true(sluss_sealed_message_envelope_hash(&before, hashes[0]));
	assert_true(sluss_sealed_message_envelope_hash(&after, hashes[1]));
	assert_memory_not_equal(hashes[0], hashes[1], SLUSS_HASH_BYTES);

	Sluss__V1__SendRequest *request = sluss__v1__send_request__unpack(NULL, after.request_len, after.request);
	Sluss__V1__Delivery delivery = SLUSS__V1__DELIVERY__INIT;
	char id[SLUSS_ID_TEXT];
	uint8_t key[SLUSS_KEY_BYTES];
	memcpy(key, sluss_signing_key_public(fresh), sizeof(key));
	(void)sluss_id_format(&after.id, id);
	delivery.message_id = id;
	delivery.envelope = request->envelope;
	delivery.sections = request->sections;
	delivery.n_sections = request->n_sections;
	delivery.sender_key = (ProtobufCBinaryData){sizeof(key), key};
	const struct sluss_sealing_key *keys[] = {soc};
	struct sluss_reader reader = {"a.example/sig", "soc", keys, 1};
	struct sluss_opened_message *opened = NULL;
	assert_int_equal(sluss_message_open(&delivery, &reader, &opened), SLUSS_MESSAGE_OK);
	assert_true(opened->usable);
	assert_int_equal(opened->from.at_ms, AT_MS + 600000);
	assert_memory_equal(opened->envelope_hash, hashes[1], SLUSS_HASH_BYTES);
	sluss_opened_message_free(&opened);
	sluss__v1__send_request__free_unpacked(request, NULL);
	sluss_sealed_message_free(&before);
	sluss_sealed_message_free(&after);
	sluss_signing_key_free(&old);
	sluss_signing_key_free(&fresh);
	sluss_sealing_key_free(&soc);
}

static void test_what_is_no_message(void **state)
{
	(void)state;
	uint8_t nonsense[] = {0xff, 0xff};
	uint8_t hash[SLUSS_HASH_BYTES];
	struct sluss_signing_key *key = sluss_signing_key_new();
	struct sluss_sealed_message bad = {.request = nonsense, .request_len = sizeof(nonsense)};
	struct sluss_sealed_message empty = {.request = nonsense, .request_len = 0};
	struct sluss_sealed_message out;
	assert_int_equal(sluss_message_resign(&bad, key, AT_MS, &out), SLUSS_MESSAGE_MALFORMED);
	assert_int_equal(sluss_message_resign(&empty, key, AT_MS, &out), SLUSS_MESSAGE_MALFORMED);
	assert_false(sluss_sealed_message_envelope_hash(&bad, hash));
	assert_false(sluss_sealed_message_envelope_hash(&empty, hash));
	sluss_signing_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_time_and_signature_change),
	    cmocka_unit_test(test_what_is_no_message),
	};
	return sluss_crypto_init() ? cmocka_run_group_tests_name("agentd_resign", tests, NULL, NULL) : 1;
}
