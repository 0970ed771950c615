// SPDX-License-Identifier: EUPL-1.2
// Runs the contract suite on every store.
#include "storelog_suite.h"

#include "store_fault.h"
#include "store_memory.h"
#include "storelog_folder.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// ---- SQLite in a folder of its own

static void *sqlite_create(void)
{
	struct storelog_folder *folder = calloc(1, sizeof(*folder));
	assert_non_null(folder);
	storelog_folder_make(folder);
	return folder;
}

static enum sluss_store_result sqlite_open(void *world, enum sluss_store_mode mode, struct sluss_store **store_out)
{
	struct sluss_store_error error;
	const struct storelog_folder *folder = world;
	return sluss_store_open(folder->url, mode, &error, store_out);
}

static void sqlite_destroy(void *world)
{
	storelog_folder_remove(world);
	free(world);
}

// ---- memory, alone and behind a fault store without a plan

static void *memory_create(void)
{
	struct sluss_memory_db *db = sluss_memory_db_new();
	assert_non_null(db);
	return db;
}

static enum sluss_store_result memory_open(void *world, enum sluss_store_mode mode, struct sluss_store **store_out)
{
	return sluss_store_memory_open(world, mode, store_out);
}

static enum sluss_store_result fault_open(void *world, enum sluss_store_mode mode, struct sluss_store **store_out)
{
	static const struct sluss_fault_plan no_fault;
	struct sluss_store *inner = NULL;
	enum sluss_store_result result = sluss_store_memory_open(world, mode, &inner);
	return result == SLUSS_STORE_OK ? sluss_store_fault_wrap(inner, &no_fault, NULL, store_out) : result;
}

static void memory_destroy(void *world)
{
	struct sluss_memory_db *db = world;
	sluss_memory_db_free(&db);
}

int main(void)
{
	static const struct suite_maker makers[] = {
	    {.name = "sqlite", .create = sqlite_create, .open = sqlite_open, .destroy = sqlite_destroy},
	    {.name = "memory", .create = memory_create, .open = memory_open, .destroy = memory_destroy},
	    {.name = "fault", .create = memory_create, .open = fault_open, .destroy = memory_destroy},
	};
	int failed = sodium_init() < 0;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		failed += suite_run(&makers[i]);
	return failed;
}
