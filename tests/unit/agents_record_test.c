// SPDX-License-Identifier: EUPL-1.2
// A receipt's entry against what was signed: the right entry fits, every other one does not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "record.h"
#include "sluss/v1/case.pb-c.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "sluss/v1/log.pb-c.h"

#define A "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define B "11111111-2222-4333-8444-555555555555"

static const uint8_t signed_octets[] = "what was signed";
static uint8_t entry[1024];

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static ProtobufCBinaryData id_of(const char *t, struct sluss_id *id)
{
	assert_true(sluss_id_from_text(t, id));
	return (ProtobufCBinaryData){sizeof(id->b), id->b};
}

static struct sluss_bytes pack(const Sluss__V1__LogRecord *record)
{
	return (struct sluss_bytes){entry, sluss__v1__log_record__pack(record, entry)};
}

static bool fits(struct sluss_bytes e, const ProtobufCMessage *statement)
{
	return sluss_record_fits(e, statement, (struct sluss_bytes){signed_octets, sizeof(signed_octets)});
}

static void withdrawal(void **state)
{
	(void)state;
	struct sluss_id a;
	struct sluss_id b;
	uint8_t hash[SLUSS_HASH_BYTES];
	Sluss__V1__LogRecord r = SLUSS__V1__LOG_RECORD__INIT;
	Sluss__V1__LogWithdrawal w = SLUSS__V1__LOG_WITHDRAWAL__INIT;
	Sluss__V1__WithdrawConsent s = SLUSS__V1__WITHDRAW_CONSENT__INIT;
	(void)crypto_hash_sha256(hash, signed_octets, sizeof(signed_octets));
	r.event_case = SLUSS__V1__LOG_RECORD__EVENT_WITHDRAWAL;
	r.withdrawal = &w;
	w.case_id = id_of(A, &a);
	w.person = id_of(B, &b);
	w.evidence_hash = (ProtobufCBinaryData){sizeof(hash), hash};
	s.case_id = text(A);
	s.person_id = text(B);
	assert_true(fits(pack(&r), &s.base));
	assert_false(fits((struct sluss_bytes){entry, 3}, &s.base));
	assert_false(fits((struct sluss_bytes){entry, 0}, &s.base));
	hash[0] ^= 1;
	assert_false(fits(pack(&r), &s.base));
	hash[0] ^= 1;
	s.person_id = text(A);
	assert_false(fits(pack(&r), &s.base));
	s.person_id = text(B);
	s.case_id = text("nonsense");
	assert_false(fits(pack(&r), &s.base));
	// The same octets read as another statement's record.
	Sluss__V1__SetPhase other = SLUSS__V1__SET_PHASE__INIT;
	other.case_id = text(A);
	assert_false(fits(pack(&r), &other.base));
	// No statement that makes a record.
	Sluss__V1__GetStatusRequest none = SLUSS__V1__GET_STATUS_REQUEST__INIT;
	assert_false(fits(pack(&r), &none.base));
}

static void message(void **state)
{
	(void)state;
	struct sluss_id a;
	uint8_t hash[SLUSS_HASH_BYTES];
	Sluss__V1__LogRecord r = SLUSS__V1__LOG_RECORD__INIT;
	Sluss__V1__LogMessage m = SLUSS__V1__LOG_MESSAGE__INIT;
	Sluss__V1__Envelope s = SLUSS__V1__ENVELOPE__INIT;
	(void)crypto_hash_sha256(hash, signed_octets, sizeof(signed_octets));
	r.event_case = SLUSS__V1__LOG_RECORD__EVENT_MESSAGE_ACCEPTED;
	r.message_accepted = &m;
	m.message = id_of(A, &a);
	m.envelope_hash = (ProtobufCBinaryData){sizeof(hash), hash};
	s.message_id = text(A);
	assert_true(fits(pack(&r), &s.base));
	s.message_id = text(B);
	assert_false(fits(pack(&r), &s.base));
	s.message_id = text(A);
	m.envelope_hash.len--;
	assert_false(fits(pack(&r), &s.base));
	m.envelope_hash.len++;
	r.event_case = SLUSS__V1__LOG_RECORD__EVENT_MESSAGE_DENIED; // denied is not accepted
	r.message_denied = &m;
	assert_false(fits(pack(&r), &s.base));
}

static void acts(void **state)
{
	(void)state;
	struct sluss_id a;
	struct sluss_id b;
	Sluss__V1__LogRecord r = SLUSS__V1__LOG_RECORD__INIT;
	Sluss__V1__LogGrantStatus g = SLUSS__V1__LOG_GRANT_STATUS__INIT;
	Sluss__V1__ActOnGrants s = SLUSS__V1__ACT_ON_GRANTS__INIT;
	ProtobufCBinaryData grants[2] = {id_of(A, &a), id_of(B, &b)};
	char *ids[2] = {text(A), text(B)};
	r.event_case = SLUSS__V1__LOG_RECORD__EVENT_GRANT_STATUS;
	r.grant_status = &g;
	g.case_id = grants[0];
	g.person = grants[1];
	g.grants = grants;
	g.n_grants = 2;
	s.case_id = text(A);
	s.person_id = text(B);
	s.grant_ids = ids;
	s.n_grant_ids = 2;
	static const struct {
		Sluss__V1__GrantAct asked;
		Sluss__V1__LogAct logged;
	} rows[] = {
		{SLUSS__V1__GRANT_ACT__GRANT_ACT_GIVE, SLUSS__V1__LOG_ACT__LOG_ACT_GIVE},
		{SLUSS__V1__GRANT_ACT__GRANT_ACT_REFUSE, SLUSS__V1__LOG_ACT__LOG_ACT_REFUSE},
		{SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE, SLUSS__V1__LOG_ACT__LOG_ACT_PAUSE},
		{SLUSS__V1__GRANT_ACT__GRANT_ACT_RESUME, SLUSS__V1__LOG_ACT__LOG_ACT_RESUME},
		{SLUSS__V1__GRANT_ACT__GRANT_ACT_INVALIDATE, SLUSS__V1__LOG_ACT__LOG_ACT_INVALIDATE},
		{SLUSS__V1__GRANT_ACT__GRANT_ACT_NARROW, SLUSS__V1__LOG_ACT__LOG_ACT_NARROW},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
			s.act = rows[i].asked;
			g.act = rows[k].logged;
			assert_int_equal(fits(pack(&r), &s.base), i == k);
		}
	}
	g.act = SLUSS__V1__LOG_ACT__LOG_ACT_NARROW;
	g.n_grants = 1;
	assert_false(fits(pack(&r), &s.base));
	g.n_grants = 2;
	ids[1] = text(A);
	assert_false(fits(pack(&r), &s.base));
}

static void phase(void **state)
{
	(void)state;
	struct sluss_id a;
	Sluss__V1__LogRecord r = SLUSS__V1__LOG_RECORD__INIT;
	Sluss__V1__LogPhaseSet p = SLUSS__V1__LOG_PHASE_SET__INIT;
	Sluss__V1__SetPhase s = SLUSS__V1__SET_PHASE__INIT;
	r.event_case = SLUSS__V1__LOG_RECORD__EVENT_PHASE_SET;
	r.phase_set = &p;
	p.case_id = id_of(A, &a);
	p.phase = SLUSS__V1__PHASE__PHASE_PAUSED;
	s.case_id = text(A);
	s.phase = SLUSS__V1__PHASE__PHASE_PAUSED;
	assert_true(fits(pack(&r), &s.base));
	s.phase = SLUSS__V1__PHASE__PHASE_CLOSED;
	assert_false(fits(pack(&r), &s.base));
}

static void keys(void **state)
{
	(void)state;
	uint8_t sign[SLUSS_KEY_BYTES] = {1};
	uint8_t seal[SLUSS_KEY_BYTES] = {2};
	Sluss__V1__AgencyKeys k = SLUSS__V1__AGENCY_KEYS__INIT;
	Sluss__V1__LogRecord r = SLUSS__V1__LOG_RECORD__INIT;
	Sluss__V1__LogAgencyEnrolled e = SLUSS__V1__LOG_AGENCY_ENROLLED__INIT;
	Sluss__V1__LogKeysRotated t = SLUSS__V1__LOG_KEYS_ROTATED__INIT;
	k.signing_key = (ProtobufCBinaryData){sizeof(sign), sign};
	k.sealing_key = (ProtobufCBinaryData){sizeof(seal), seal};
	e.agency = t.agency = text("soc");
	e.sign_key = t.sign_key = k.signing_key;
	e.seal_key = t.seal_key = k.sealing_key;
	r.event_case = SLUSS__V1__LOG_RECORD__EVENT_AGENCY_ENROLLED;
	r.agency_enrolled = &e;
	assert_true(sluss_record_binds_keys(pack(&r), "soc", &k));
	assert_false(sluss_record_binds_keys(pack(&r), "polis", &k));
	uint8_t other[SLUSS_KEY_BYTES] = {3};
	e.seal_key.data = other;
	assert_false(sluss_record_binds_keys(pack(&r), "soc", &k));
	r.event_case = SLUSS__V1__LOG_RECORD__EVENT_KEYS_ROTATED;
	r.keys_rotated = &t;
	assert_true(sluss_record_binds_keys(pack(&r), "soc", &k));
	t.sign_key.len = 0;
	assert_false(sluss_record_binds_keys(pack(&r), "soc", &k));
	assert_false(sluss_record_binds_keys((struct sluss_bytes){entry, 0}, "soc", &k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(withdrawal),
		cmocka_unit_test(message),
		cmocka_unit_test(acts),
		cmocka_unit_test(phase),
		cmocka_unit_test(keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
