// SPDX-License-Identifier: EUPL-1.2
// What the log costs as it grows: log_bench [ENTRIES [FOLDER]]. Fills an SQLite store with that many records (ten
// million), as the writer does, but in large transactions; then appends to it and to an empty one in turn, in
// transactions of 256, and compares processor time and time; and proves entries at random of the large one.
//
// Appending in turn, a transaction here and one there, lets whatever else the machine does fall on both.
#include "log_writer.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	RECORD = 220, // octets: an acknowledgement or a release of one section
	FILL = 16384, // records in a transaction while filling
	GROUP = 256,
	ROUNDS = 400,
	WARM = 40, // first rounds that do not count
	PROOFS = 2000,
};

struct place {
	char url[512];
	struct sluss_store *store;
	struct sluss_log *log;
	double cpu_us, wall_us;
};

static struct sluss_note_key key;
static uint8_t secret[SLUSS_NOTE_SECRET_BYTES];

static void die(const char *what)
{
	(void)fprintf(stderr, "log_bench: %s\n", what);
	exit(1);
}

static double clock_us(clockid_t clock)
{
	struct timespec t;
	if (clock_gettime(clock, &t) != 0)
		die("no clock");
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void place_open(struct place *place, const char *folder, const char *name)
{
	struct sluss_store_error error = {{0}};
	(void)snprintf(place->url, sizeof(place->url), "sqlite:%s/%s.db", folder, name);
	if (sluss_store_open(place->url, SLUSS_STORE_WRITER, &error, &place->store) != SLUSS_STORE_OK ||
	    sluss_log_open(place->store, &key, secret, &error, &place->log) != SLUSS_STORE_OK)
		die(error.text);
}

static void append(struct place *place, uint64_t count)
{
	uint8_t record[RECORD] = {0};
	uint64_t index = 0;
	if (sluss_log_begin(place->log) != SLUSS_STORE_OK)
		die("begin");
	for (uint64_t i = 0; i < count; i++) {
		randombytes_buf(record, 16); // as the nonce of an entry
		if (sluss_log_append(place->log, (struct sluss_bytes){record, sizeof(record)}, &index) !=
		    SLUSS_STORE_OK)
			die("append");
	}
	if (sluss_log_commit(place->log) != SLUSS_STORE_OK)
		die(sluss_store_error_text(place->store));
}

static void measured(struct place *place, bool counts)
{
	double cpu = clock_us(CLOCK_THREAD_CPUTIME_ID), wall = clock_us(CLOCK_MONOTONIC);
	append(place, GROUP);
	if (!counts)
		return;
	place->cpu_us += clock_us(CLOCK_THREAD_CPUTIME_ID) - cpu;
	place->wall_us += clock_us(CLOCK_MONOTONIC) - wall;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void prove(struct place *place)
{
	static double took[PROOFS], worked[PROOFS];
	struct sluss_store_blob text = {0};
	uint64_t size = sluss_log_size(place->log);
	for (size_t i = 0; i < PROOFS; i++) {
		uint64_t index;
		randombytes_buf(&index, sizeof(index));
		double before = clock_us(CLOCK_MONOTONIC), cpu = clock_us(CLOCK_THREAD_CPUTIME_ID);
		if (sluss_log_receipt(place->log, index % size, &text) != SLUSS_STORE_OK)
			die("proof");
		worked[i] = clock_us(CLOCK_THREAD_CPUTIME_ID) - cpu;
		took[i] = clock_us(CLOCK_MONOTONIC) - before;
	}
	sluss_store_blob_free(&text);
	qsort(took, PROOFS, sizeof(took[0]), by_value);
	qsort(worked, PROOFS, sizeof(worked[0]), by_value);
	printf(
	    "a proof of a random entry of %llu, with its checkpoint, read from the store:\n", (unsigned long long)size);
	printf("  median %.0f us, 99 %% %.0f us, longest %.0f us; of that processor (what is left is waiting for the "
	       "disk, "
	       "or for one's turn): median %.0f us, 99 %% %.0f us, longest %.0f us\n",
	    took[PROOFS / 2], took[PROOFS * 99 / 100], took[PROOFS - 1], worked[PROOFS / 2], worked[PROOFS * 99 / 100],
	    worked[PROOFS - 1]);
	printf("wanted: under 1000 us\n");
}

int main(int argc, char **argv)
{
	uint64_t entries = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	char made[] = "/tmp/sluss-log-bench-XXXXXX", path[600];
	const char *folder = argc > 2 ? argv[2] : mkdtemp(made);
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES];
	struct place large = {.store = NULL}, small = {.store = NULL};
	if (folder == NULL || entries == 0 || sodium_init() < 0 || crypto_sign_keypair(public_key, secret) != 0 ||
	    !sluss_note_key_init(&key, "sluss.example.org/bench", SLUSS_NOTE_ED25519, public_key))
		die("usage: log_bench [ENTRIES [FOLDER]]");
	place_open(&large, folder, "large");
	double began = clock_us(CLOCK_MONOTONIC);
	while (sluss_log_size(large.log) < entries) {
		uint64_t left = entries - sluss_log_size(large.log);
		append(&large, left < FILL ? left : FILL);
	}
	double filled = clock_us(CLOCK_MONOTONIC) - began;
	printf("%llu records of %d octets in transactions of %d: %.0f a second\n", (unsigned long long)entries, RECORD,
	    FILL, (double)entries / filled * 1e6);
	(void)fflush(stdout);
	place_open(&small, folder, "small");
	for (int i = 0; i < ROUNDS; i++) {
		measured(i % 2 == 0 ? &large : &small, i >= WARM);
		measured(i % 2 == 0 ? &small : &large, i >= WARM);
	}
	const double records = (double)(ROUNDS - WARM) * GROUP;
	printf("append in transactions of %d, microseconds a record:\n", GROUP);
	printf("  processor: %.2f at %llu entries, %.2f at none, ratio %.3f\n", large.cpu_us / records,
	    (unsigned long long)entries, small.cpu_us / records, large.cpu_us / small.cpu_us);
	printf("  with the disk: %.2f and %.2f, ratio %.3f\n", large.wall_us / records, small.wall_us / records,
	    large.wall_us / small.wall_us);
	printf("wanted: a ratio of at most 1.1\n");
	prove(&large);
	sluss_log_close(&large.log);
	sluss_log_close(&small.log);
	sluss_store_close(&large.store);
	sluss_store_close(&small.store);
	if (argc <= 2) {
		static const char *const names[] = {"large.db", "large.db-wal", "large.db-shm", "large.db.lock",
		    "small.db", "small.db-wal", "small.db-shm", "small.db.lock"};
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
			if (unlink(path) != 0 && errno != ENOENT)
				perror(path);
		}
		if (rmdir(folder) != 0)
			perror(folder);
	}
	return 0;
}
