// SPDX-License-Identifier: EUPL-1.2
// What one message costs at least in signature checks and in a durable group commit: bench_primitives FOLDER OCTETS
// GROUP ROUNDS. Prints JSON, microseconds a message. The database lies in FOLDER, on the same disk as the gateway's
// state.
#include "sluss/key.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	VERIFY_ROUNDS = 3000,
	VERIFY_OCTETS = 600, // about an envelope
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "primitives: %s\n", what);
	exit(2);
}

static double verify_us(void)
{
	uint8_t octets[VERIFY_OCTETS] = {1}, signature[SLUSS_SIGNATURE_BYTES];
	struct sluss_signing_key *key = sluss_signing_key_new();
	if (!key)
		fail("no memory");
	sluss_sign(key, octets, sizeof(octets), signature);
	uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < VERIFY_ROUNDS; i++)
		if (!sluss_signature_verify(
			sluss_signing_key_public(key), octets, sizeof(octets), signature, sizeof(signature)))
			fail("a good signature was refused");
	double us = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1000 / VERIFY_ROUNDS;
	sluss_signing_key_free(&key);
	return us;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(sqlite3_errmsg(db));
}

// The gateway's default store: WAL, synchronous=FULL, 8 KiB pages.
static sqlite3 *open_database(const char *folder)
{
	char path[4096];
	sqlite3 *db;
	if (snprintf(path, sizeof(path), "%s/bound.db", folder) >= (int)sizeof(path) ||
	    sqlite3_open(path, &db) != SQLITE_OK)
		fail("database");
	run(db, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE m (id INTEGER "
		"PRIMARY KEY, payload BLOB)");
	return db;
}

static void commit_groups(
    const char *folder, size_t octets, int group, int rounds, double *cpu_us_out, double *wall_us_out)
{
	sqlite3 *db = open_database(folder);
	sqlite3_stmt *insert;
	uint8_t *payload = malloc(octets);
	if (!payload || sqlite3_prepare_v2(db, "INSERT INTO m (payload) VALUES (?)", -1, &insert, NULL) != SQLITE_OK)
		fail("insert");
	memset(payload, 7, octets);
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
	for (int round = 0; round < rounds; round++) {
		run(db, "BEGIN IMMEDIATE");
		for (int i = 0; i < group; i++) {
			if (sqlite3_bind_blob(insert, 1, payload, (int)octets, SQLITE_STATIC) != SQLITE_OK ||
			    sqlite3_step(insert) != SQLITE_DONE || sqlite3_reset(insert) != SQLITE_OK)
				fail(sqlite3_errmsg(db));
		}
		run(db, "COMMIT");
	}
	double messages = (double)group * rounds;
	*cpu_us_out = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1000 / messages;
	*wall_us_out = (double)(clock_ns(CLOCK_MONOTONIC) - wall) / 1000 / messages;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	free(payload);
}

int main(int argc, char **argv)
{
	if (argc != 5 || !sluss_crypto_init())
		fail("usage: bench_primitives FOLDER OCTETS GROUP ROUNDS");
	double cpu_us, wall_us;
	commit_groups(argv[1], strtoul(argv[2], NULL, 10), atoi(argv[3]), atoi(argv[4]), &cpu_us, &wall_us);
	printf(
	    "{\"verify_us\": %.3f, \"commit_cpu_us\": %.3f, \"commit_wall_us\": %.3f}\n", verify_us(), cpu_us, wall_us);
	return 0;
}
