// SPDX-License-Identifier: EUPL-1.2
// Statements: stamping, signing, strict reading.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sluss/statement.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"

static int start(void **state)
{
	(void)state;
	return sluss_crypto_init() ? 0 : -1;
}

static const struct sluss_author author = {"a.example/sig", "soc", "anna", 1767225600123};

// ---- making

static void stamp_sign_read(void **state)
{
	(void)state;
	Sluss__V1__WithdrawConsent w = SLUSS__V1__WITHDRAW_CONSENT__INIT;
	struct sluss_signing_key *key = sluss_signing_key_new();
	struct sluss_stamp stamp;
	struct sluss_signed s;
	struct sluss_id id;
	struct sluss_statement_header header;
	ProtobufCMessage *again = NULL;
	char field[SLUSS_STRICT_FIELD_MAX];
	const char *wrong = NULL;
	char case_text[] = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
	w.case_id = case_text;
	w.scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_EVERYTHING;
	w.everything = 1;
	sluss_id_random(&id);
	sluss_statement_stamp(&w.base, &author, &id, &stamp);
	assert_true(sluss_statement_sign(&w.base, key, &s));

	struct sluss_bytes octets = {s.octets, s.len};
	struct sluss_bytes signature = {s.signature, sizeof(s.signature)};
	assert_true(sluss_statement_verify(sluss_signing_key_public(key), s.key_id, octets, signature));
	assert_false(sluss_statement_verify(sluss_signing_key_public(key), "0000000000000000", octets, signature));
	assert_false(sluss_statement_verify(sluss_signing_key_public(key), NULL, octets, signature));
	for (size_t i = 0; i < s.len; i++) {
		s.octets[i] ^= 1;
		assert_false(sluss_statement_verify(sluss_signing_key_public(key), s.key_id, octets, signature));
		s.octets[i] ^= 1;
	}

	assert_true(sluss_statement_header_read(octets, &header, &wrong));
	assert_string_equal(header.kind, "sluss.v1.WithdrawConsent");
	assert_string_equal(header.authority, "a.example/sig");
	assert_string_equal(header.agency_id, "soc");
	assert_string_equal(header.officer_id, "anna");
	assert_true(sluss_id_equal(&header.id, &id));
	assert_int_equal(header.at_ms, author.at_ms);

	assert_int_equal(sluss_strict_unpack(&sluss__v1__withdraw_consent__descriptor, octets, NULL, &again, field), SLUSS_STRICT_OK);
	struct sluss_statement_header same;
	assert_true(sluss_statement_header_of(again, &same, &wrong));
	assert_string_equal(same.kind, header.kind);
	assert_int_equal(same.at_ms, header.at_ms);
	protobuf_c_message_free_unpacked(again, NULL);

	Sluss__V1__SignedStatement view;
	sluss_signed_view(&s, &view);
	assert_int_equal(view.statement.len, s.len);
	assert_int_equal(view.signature.len, 64);
	sluss_signed_free(&s);
	assert_null(s.octets);
	sluss_signing_key_free(&key);
}

static void header_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *authority, *id, *agency, *officer;
		int64_t seconds;
		const char *wrong;
	} rows[] = {
		{"", "a", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "soc", "o", 0, "kind"},
		{"k", "", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "soc", "o", 0, "authority"},
		{"k", "a", "x", "soc", "o", 0, "statement_id"},
		{"sluss.v1.Envelope", "a", "x", "soc", "o", 0, "message_id"},
		{"k", "a", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "Soc", "o", 0, "agency_id"},
		{"k", "a", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "soc", "o o", 0, "officer_id"},
		{"k", "a", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "soc", "o", 253402300800, "at"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		Sluss__V1__StatementHeader h = SLUSS__V1__STATEMENT_HEADER__INIT;
		Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
		struct sluss_statement_header out;
		const char *wrong = NULL;
		uint8_t octets[512];
		h.kind = (char *)(uintptr_t)rows[i].kind;
		h.authority = (char *)(uintptr_t)rows[i].authority;
		h.statement_id = (char *)(uintptr_t)rows[i].id;
		h.agency_id = (char *)(uintptr_t)rows[i].agency;
		h.officer_id = (char *)(uintptr_t)rows[i].officer;
		at.seconds = rows[i].seconds;
		h.at = &at;
		size_t len = sluss__v1__statement_header__pack(&h, octets);
		assert_false(sluss_statement_header_read((struct sluss_bytes){octets, len}, &out, &wrong));
		assert_string_equal(wrong, rows[i].wrong);
	}
	struct sluss_statement_header out;
	const char *wrong = NULL;
	assert_false(sluss_statement_header_read((struct sluss_bytes){(const uint8_t *)"\xff\xff", 2}, &out, &wrong));
	assert_string_equal(wrong, "");
}

static void times(void **state)
{
	(void)state;
	static const int64_t values[] = {0, 1, -1, 999, 1000, -1000, -1001, 1767225600123, -62135596800000, 253402300799999};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		Google__Protobuf__Timestamp t;
		int64_t ms = 7;
		sluss_timestamp_set(&t, values[i]);
		assert_true(sluss_timestamp_ms(&t, &ms));
		assert_int_equal(ms, values[i]);
	}
	Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	int64_t ms = 7;
	t.nanos = 1000000000;
	assert_false(sluss_timestamp_ms(&t, &ms));
	t.nanos = -1;
	assert_false(sluss_timestamp_ms(&t, &ms));
	t.nanos = 0;
	t.seconds = INT64_MAX;
	assert_false(sluss_timestamp_ms(&t, &ms));
	assert_false(sluss_timestamp_ms(NULL, &ms));
}

// ---- strict

#define CHECK(type, literal, expected_result, expected_field)                                                                                            \
	do {                                                                                                                                             \
		char f_[SLUSS_STRICT_FIELD_MAX];                                                                                                         \
		struct sluss_bytes b_ = {(const uint8_t *)(literal), sizeof(literal) - 1};                                                               \
		assert_int_equal(sluss_strict_check(&sluss__v1__##type##__descriptor, b_, f_), expected_result);                                         \
		assert_string_equal(f_, expected_field);                                                                                                 \
	} while (0)

static void strict_table(void **state)
{
	(void)state;
	CHECK(record_consent, "", SLUSS_STRICT_OK, "");
	CHECK(record_consent, "\x0a\x01k", SLUSS_STRICT_OK, "");
	// Cut short: in a tag, a length, a value.
	CHECK(record_consent, "\x8a", SLUSS_STRICT_TRUNCATED, "");
	CHECK(record_consent, "\x0a", SLUSS_STRICT_TRUNCATED, "kind");
	CHECK(record_consent, "\x0a\x05k", SLUSS_STRICT_TRUNCATED, "kind");
	CHECK(record_consent, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k", SLUSS_STRICT_TRUNCATED, "kind");
	CHECK(record_consent, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02k", SLUSS_STRICT_TRUNCATED, "kind");
	// Field number 0, and one beyond protobuf's.
	CHECK(record_consent, "\x02\x00", SLUSS_STRICT_BAD_TAG, "");
	CHECK(record_consent, "\xfa\xff\xff\xff\xff\x01\x00", SLUSS_STRICT_BAD_TAG, "");
	// Unknown at the top (field 99) and two levels down (grants[1].from, field 9).
	CHECK(record_consent, "\x9a\x06\x00", SLUSS_STRICT_UNKNOWN_FIELD, "field 99");
	CHECK(record_consent, "\x72\x00\x72\x04\x2a\x02\x48\x00", SLUSS_STRICT_UNKNOWN_FIELD, "grants[1].from.field 9");
	// Known, but another wire type; and groups.
	CHECK(record_consent, "\x08\x01", SLUSS_STRICT_WRONG_TYPE, "kind");
	CHECK(record_consent, "\x0b\x0c", SLUSS_STRICT_WRONG_TYPE, "kind");
	// Twice the same singular field; two members of a oneof.
	CHECK(record_consent, "\x0a\x01k\x0a\x01k", SLUSS_STRICT_REPEATED, "kind");
	CHECK(withdraw_consent, "\x4a\x01g\x52\x01" "c", SLUSS_STRICT_REPEATED, "category");
	CHECK(withdraw_consent, "\x4a\x01g\x4a\x01g", SLUSS_STRICT_REPEATED, "grant_id");
	// Text: overlong, surrogate, beyond Unicode, cut, a lone continuation, NUL.
	CHECK(record_consent, "\x0a\x02\xc0\x80", SLUSS_STRICT_BAD_TEXT, "kind");
	CHECK(record_consent, "\x0a\x03\xe0\x80\x80", SLUSS_STRICT_BAD_TEXT, "kind");
	CHECK(record_consent, "\x0a\x03\xed\xa0\x80", SLUSS_STRICT_BAD_TEXT, "kind");
	CHECK(record_consent, "\x0a\x04\xf4\x90\x80\x80", SLUSS_STRICT_BAD_TEXT, "kind");
	CHECK(record_consent, "\x0a\x02\xe2\x82", SLUSS_STRICT_BAD_TEXT, "kind");
	CHECK(record_consent, "\x0a\x01\x80", SLUSS_STRICT_BAD_TEXT, "kind");
	CHECK(record_consent, "\x0a\x03" "a\0b", SLUSS_STRICT_BAD_TEXT, "kind");
	CHECK(record_consent, "\x0a\x0c" "\xc3\xa5\xe2\x82\xac\xf0\x9f\x98\x80\xed\x9f\xbf", SLUSS_STRICT_OK, "");
	// Enum without a name, bool that is neither, timestamps out of range.
	CHECK(record_consent, "\x60\x63", SLUSS_STRICT_BAD_VALUE, "obtained");
	CHECK(record_consent, "\x60\x01", SLUSS_STRICT_OK, "");
	CHECK(withdraw_consent, "\x60\x02", SLUSS_STRICT_BAD_VALUE, "everything");
	CHECK(record_consent, "\x32\x06\x10\x80\x94\xeb\xdc\x03", SLUSS_STRICT_BAD_VALUE, "at"); // nanos 1,000,000,000
	CHECK(record_consent, "\x32\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", SLUSS_STRICT_BAD_VALUE, "at"); // nanos -1
	CHECK(record_consent, "\x32\x02\x08\x01", SLUSS_STRICT_OK, "");
}

static void strict_counts(void **state)
{
	(void)state;
	size_t len = 2 * (SLUSS_STRICT_FIELDS_MAX + 1);
	uint8_t *octets = malloc(len);
	char field[SLUSS_STRICT_FIELD_MAX];
	assert_non_null(octets);
	for (size_t i = 0; i < len; i += 2) {
		octets[i] = 0x72; // grants, empty
		octets[i + 1] = 0;
	}
	assert_int_equal(sluss_strict_check(&sluss__v1__record_consent__descriptor, (struct sluss_bytes){octets, len}, field), SLUSS_STRICT_TOO_MANY);
	assert_int_equal(sluss_strict_check(&sluss__v1__record_consent__descriptor, (struct sluss_bytes){octets, len - 2}, field), SLUSS_STRICT_OK);
	free(octets);
}

// Nothing half-read is handed out; no octets at all are a message of defaults.
static void strict_unpack_gives_nothing_on_error(void **state)
{
	(void)state;
	ProtobufCMessage *message = (ProtobufCMessage *)1;
	assert_int_equal(
	    sluss_strict_unpack(&sluss__v1__record_consent__descriptor, (struct sluss_bytes){(const uint8_t *)"\x0a", 1}, NULL, &message, NULL), SLUSS_STRICT_TRUNCATED);
	assert_null(message);
	assert_int_equal(sluss_strict_unpack(&sluss__v1__record_consent__descriptor, (struct sluss_bytes){NULL, 0}, NULL, &message, NULL), SLUSS_STRICT_OK);
	assert_non_null(message);
	protobuf_c_message_free_unpacked(message, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamp_sign_read),
		cmocka_unit_test(header_refuses),
		cmocka_unit_test(times),
		cmocka_unit_test(strict_table),
		cmocka_unit_test(strict_counts),
		cmocka_unit_test(strict_unpack_gives_nothing_on_error),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
