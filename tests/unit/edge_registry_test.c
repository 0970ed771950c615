// SPDX-License-Identifier: EUPL-1.2
#include "edge/registry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_counts_and_cap(void **state)
{
	(void)state;
	struct edge_registry *registry = edge_registry_new(2);
	const uint8_t a[SLUSS_HASH_BYTES] = {1};
	const uint8_t b[SLUSS_HASH_BYTES] = {1, 0, 1}; // same bucket
	assert_int_equal(edge_registry_join(registry, a), EDGE_REGISTRY_OK);
	assert_int_equal(edge_registry_join(registry, a), EDGE_REGISTRY_OK);
	assert_int_equal(edge_registry_join(registry, a), EDGE_REGISTRY_FULL);
	assert_int_equal(edge_registry_join(registry, b), EDGE_REGISTRY_OK);
	edge_registry_leave(registry, a);
	assert_int_equal(edge_registry_join(registry, a), EDGE_REGISTRY_OK);
	edge_registry_leave(registry, b);
	edge_registry_leave(registry, b); // one too many changes nothing
	assert_int_equal(edge_registry_join(registry, b), EDGE_REGISTRY_OK);
	edge_registry_free(&registry);
	assert_null(registry);
	edge_registry_free(&registry);
}

static void test_revoked_stays_revoked(void **state)
{
	(void)state;
	struct edge_registry *registry = edge_registry_new(2);
	const uint8_t a[SLUSS_HASH_BYTES] = {7};
	assert_false(edge_registry_is_revoked(registry, a));
	assert_int_equal(edge_registry_join(registry, a), EDGE_REGISTRY_OK);
	assert_true(edge_registry_revoke(registry, a));
	assert_true(edge_registry_revoke(registry, a));
	edge_registry_leave(registry, a);
	assert_true(edge_registry_is_revoked(registry, a));
	assert_int_equal(edge_registry_join(registry, a), EDGE_REGISTRY_REVOKED);
	edge_registry_free(&registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_counts_and_cap), cmocka_unit_test(test_revoked_stays_revoked)};
	return cmocka_run_group_tests_name("edge_registry", tests, NULL, NULL);
}
