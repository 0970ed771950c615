// SPDX-License-Identifier: EUPL-1.2
// The register of persons: what it keeps, whom it finds, and whose birthday comes next.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "persons.h"

struct fixture {
	char dir[64];
	char url[96];
	struct sluss_store *store;
	struct sluss_persons *persons;
	uint8_t key[SLUSS_DATA_KEY_BYTES];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sluss_store_error error;
	if (sodium_init() < 0)
		return -1;
	snprintf(f->dir, sizeof(f->dir), "/tmp/sluss-persons-XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->url, sizeof(f->url), "sqlite:%s/s.db", f->dir);
	assert_int_equal(sluss_store_open(f->url, SLUSS_STORE_WRITER, &error, &f->store), SLUSS_STORE_OK);
	randombytes_buf(f->key, sizeof(f->key));
	f->persons = sluss_persons_new(f->key);
	assert_non_null(f->persons);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];
	sluss_persons_free(&f->persons);
	sluss_store_close(&f->store);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	int r = system(command);
	free(f);
	return r;
}

static struct sluss_person make(uint8_t n, const char *name, const char *pin, const char *born)
{
	struct sluss_person p = {0};
	memset(p.id.b, n, sizeof(p.id.b));
	snprintf(p.name, sizeof(p.name), "%s", name);
	snprintf(p.pin, sizeof(p.pin), "%s", pin);
	snprintf(p.language, sizeof(p.language), "sv");
	if (born != NULL)
		assert_true(sluss_date_parse(born, &p.birth));
	return p;
}

static void put(struct fixture *f, struct sluss_person *p)
{
	assert_int_equal(sluss_store_begin(f->store), SLUSS_STORE_OK);
	assert_int_equal(sluss_persons_put(f->persons, f->store, p), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_commit(f->store), SLUSS_STORE_OK);
}

static void keeps_finds_and_forgets(void **state)
{
	struct fixture *f = *state;
	struct sluss_person amina = make(1, "Amina Testsson", "201203142383", "2012-03-14"), found;
	struct sluss_person sara = make(2, "Sara Testsson", "", NULL);
	struct sluss_id id;
	struct sluss_date birth;
	put(f, &amina);
	put(f, &sara);
	assert_int_equal(sluss_persons_get(f->persons, f->store, &amina.id, &found), SLUSS_STORE_OK);
	assert_string_equal(found.name, "Amina Testsson");
	assert_string_equal(found.pin, "201203142383");
	assert_memory_equal(found.salt, amina.salt, sizeof(found.salt));
	assert_int_equal(sluss_persons_find(f->persons, f->store, "201203142383", &id), SLUSS_STORE_OK);
	assert_true(sluss_id_equal(&id, &amina.id));
	assert_int_equal(sluss_persons_find(f->persons, f->store, "201203142384", &id), SLUSS_STORE_NOT_FOUND);
	assert_false(sluss_persons_birth(f->persons, &sara.id, &birth));

	// A new register over the same store knows the same; one with another key refuses.
	sluss_persons_free(&f->persons);
	f->persons = sluss_persons_new(f->key);
	assert_int_equal(sluss_persons_load(f->persons, f->store), SLUSS_STORE_OK);
	assert_true(sluss_persons_birth(f->persons, &amina.id, &birth));
	assert_int_equal(birth.year * 10000 + birth.month * 100 + birth.day, 20120314);
	uint8_t other_key[SLUSS_DATA_KEY_BYTES] = {1};
	struct sluss_persons *other = sluss_persons_new(other_key);
	assert_int_equal(sluss_persons_load(other, f->store), SLUSS_STORE_CORRUPT);
	sluss_persons_free(&other);

	assert_int_equal(sluss_store_begin(f->store), SLUSS_STORE_OK);
	assert_int_equal(sluss_persons_erase(f->persons, f->store, &amina.id), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_commit(f->store), SLUSS_STORE_OK);
	assert_int_equal(sluss_persons_get(f->persons, f->store, &amina.id, &found), SLUSS_STORE_NOT_FOUND);
	assert_int_equal(sluss_persons_find(f->persons, f->store, "201203142383", &id), SLUSS_STORE_NOT_FOUND);
	assert_false(sluss_persons_birth(f->persons, &amina.id, &birth));
}

static void rows_cannot_be_swapped(void **state)
{
	struct fixture *f = *state;
	struct sluss_person amina = make(1, "Amina", "", "2012-03-14"), found;
	struct sluss_store_blob row = {0};
	struct sluss_id other;
	memset(other.b, 9, sizeof(other.b));
	put(f, &amina);
	struct sluss_bytes key = {amina.id.b, sizeof(amina.id.b)}, other_key = {other.b, sizeof(other.b)};
	assert_int_equal(sluss_store_get_side(f->store, SLUSS_SIDE_PERSON, key, &row), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_begin(f->store), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_put_side(f->store, SLUSS_SIDE_PERSON, other_key, (struct sluss_bytes){row.data, row.len}), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_commit(f->store), SLUSS_STORE_OK);
	assert_int_equal(sluss_persons_get(f->persons, f->store, &other, &found), SLUSS_STORE_CORRUPT);
	assert_int_equal(sluss_persons_load(f->persons, f->store), SLUSS_STORE_CORRUPT);
	sluss_store_blob_free(&row);
}

static void the_earliest_birthday_comes_first(void **state)
{
	struct fixture *f = *state;
	enum { PEOPLE = 200 };
	struct sluss_id id;
	assert_int_equal(sluss_persons_next_due(f->persons), INT64_MAX);
	assert_int_equal(sluss_store_begin(f->store), SLUSS_STORE_OK);
	for (int i = 0; i < PEOPLE; i++) {
		struct sluss_person p = make(0, "X", "", "2010-01-01");
		p.id.b[0] = (uint8_t)(i + 1);
		assert_int_equal(sluss_persons_put(f->persons, f->store, &p), SLUSS_STORE_OK);
		sluss_persons_set_due(f->persons, &p.id, (i * 7919) % 1009);
	}
	assert_int_equal(sluss_store_commit(f->store), SLUSS_STORE_OK);
	int64_t last = -1;
	for (int i = 0; i < PEOPLE; i++) {
		int64_t due = sluss_persons_next_due(f->persons);
		assert_true(due >= last);
		assert_false(sluss_persons_due(f->persons, due - 1, &id));
		assert_true(sluss_persons_due(f->persons, due, &id));
		assert_int_equal(due, ((id.b[0] - 1) * 7919) % 1009);
		sluss_persons_set_due(f->persons, &id, INT64_MAX);
		last = due;
	}
	assert_int_equal(sluss_persons_next_due(f->persons), INT64_MAX);
}

static void numbers_have_a_check_digit(void **state)
{
	(void)state;
	assert_true(sluss_pin_valid("201203142383"));
	assert_true(sluss_pin_valid("190001019801")); // a test number of the tax agency's series
	assert_false(sluss_pin_valid("201203142384"));
	assert_false(sluss_pin_valid("201213142385"));
	assert_false(sluss_pin_valid("2012031423835"));
	assert_false(sluss_pin_valid("20120314238"));
	assert_false(sluss_pin_valid("20120314238x"));
	assert_false(sluss_pin_valid(""));
}

static void a_commitment_depends_on_salt_and_date(void **state)
{
	(void)state;
	uint8_t a[SLUSS_HASH_BYTES], b[SLUSS_HASH_BYTES];
	struct sluss_person p = make(1, "X", "", "2010-01-01");
	sluss_person_commitment(&p, a);
	p.name[0] = 'Y';
	sluss_person_commitment(&p, b);
	assert_memory_equal(a, b, sizeof(a));
	p.salt[3] ^= 1;
	sluss_person_commitment(&p, b);
	assert_memory_not_equal(a, b, sizeof(a));
	p.salt[3] ^= 1;
	p.birth.day = 2;
	sluss_person_commitment(&p, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(keeps_finds_and_forgets, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(rows_cannot_be_swapped, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_earliest_birthday_comes_first, set_up, tear_down),
	    cmocka_unit_test(numbers_have_a_check_digit),
	    cmocka_unit_test(a_commitment_depends_on_salt_and_date),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
