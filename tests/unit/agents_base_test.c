// SPDX-License-Identifier: EUPL-1.2
// Ids, names and the reason table.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sluss/id.h"
#include "sluss/reason.h"
#include "sluss/v1/common.pb-c.h"

static void id_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct sluss_id id;
		struct sluss_id again;
		char text[SLUSS_ID_TEXT];
		sluss_id_random(&id);
		assert_int_equal(id.b[6] >> 4, 4);
		assert_int_equal(id.b[8] >> 6, 2);
		sluss_id_format(&id, text);
		assert_true(sluss_id_from_text(text, &again));
		assert_true(sluss_id_equal(&id, &again));
	}
}

static void id_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"00000000-0000-0000-0000-000000000000",  // nil means none
		"6BA7B810-9dad-41d1-80b4-00c04fd430c8",  // upper case
		"6ba7b810-9dad-41d1-80b4-00c04fd430c",   // short
		"6ba7b810-9dad-41d1-80b4-00c04fd430c80", // long
		"6ba7b8109dad-41d1-80b4-00c04fd430c88",  // dash missing
		"6ba7b810-9dad-41d1-80b4-00c04fd430cg",
		"{6ba7b810-9dad-41d1-80b4-00c04fd430c8}",
		"6ba7b810-9dad-41d1-80b4-00c04fd430c8 ",
	};
	struct sluss_id id;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(sluss_id_from_text(bad[i], &id));
	}
	assert_false(sluss_id_from_text(NULL, &id));
	assert_false(sluss_id_parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8", 35, &id));
	assert_true(sluss_id_is_none(&id));
	assert_true(sluss_id_from_text("6ba7b810-9dad-41d1-80b4-00c04fd430c8", &id));
}

static void names(void **state)
{
	(void)state;
	assert_true(sluss_is_agency_id("soc-stockholm", 13));
	assert_true(sluss_is_agency_id("1a", 2));
	assert_false(sluss_is_agency_id("-a", 2));
	assert_false(sluss_is_agency_id("Soc", 3));
	assert_false(sluss_is_agency_id("", 0));
	assert_false(sluss_is_agency_id(NULL, 0));
	assert_false(sluss_is_agency_id("a/b", 3));
	assert_true(sluss_is_agency_id("abcdefghijklmnopqrstuvwxyz01234", 31));
	assert_false(sluss_is_agency_id("abcdefghijklmnopqrstuvwxyz012345", 32));
	assert_true(sluss_is_officer_id("A.b_c-1", 7));
	assert_false(sluss_is_officer_id("a b", 3));
	assert_true(sluss_is_name("OSL-10-18a", 10));
	assert_false(sluss_is_name("sch\xc3\xb6ol", 7));
}

// Every value of the contract's enum has its row under the same number and name, and the other way.
static void reasons_are_those_of_the_contract(void **state)
{
	(void)state;
	const ProtobufCEnumDescriptor *d = &sluss__v1__reason_code__descriptor;
	unsigned known = 0;
	for (unsigned i = 0; i < d->n_values; i++) {
		const char *name = sluss_reason_name((enum sluss_reason)d->values[i].value);
		assert_non_null(name);
		if (d->values[i].value == 0) {
			assert_string_equal(name, "NONE");
			continue;
		}
		assert_string_equal(name, d->values[i].name + strlen("REASON_CODE_"));
		assert_int_equal(sluss_reason_from_name(name), d->values[i].value);
		assert_true(strlen(sluss_reason_text((enum sluss_reason)d->values[i].value)) > 10);
	}
	for (int n = 0; n < 1000; n++) {
		known += sluss_reason_name((enum sluss_reason)n) != NULL ? 1 : 0;
	}
	assert_int_equal(known, d->n_values);
	assert_int_equal(sluss_reason_from_name("NONE"), SLUSS_REASON_NONE);
	assert_int_equal(sluss_reason_from_name("no_grant"), SLUSS_REASON_NONE);
	assert_int_equal(sluss_reason_from_name(NULL), SLUSS_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_round_trip),
		cmocka_unit_test(id_refuses),
		cmocka_unit_test(names),
		cmocka_unit_test(reasons_are_those_of_the_contract),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
