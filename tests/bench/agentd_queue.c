// SPDX-License-Identifier: EUPL-1.2
// The agent's queue by itself: so many messages are taken in, sealed and accepted one after the other, as its senders
// do, on a real disk. Prints the time of each and the memory that it took. agentd_queue [COUNT [FOLDER]]; 10,000
// messages in the folder for temporary files when nothing is said.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

enum { TEXT = 1500, SEALED = 3000, CASES = 50 };

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long memory_kib(void)
{
	struct rusage usage;
	(void)getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void fill(struct sluss_id *id, uint32_t number)
{
	memset(id, 7, sizeof(*id));
	memcpy(id->b + 4, &number, sizeof(number));
}

static void stop_at(const char *what, enum agentd_result result)
{
	if (result != AGENTD_OK) {
		fprintf(stderr, "%s: %s\n", what, agentd_result_name(result));
		exit(1);
	}
}

static void take_in(struct agentd_store *store, uint32_t count)
{
	static uint8_t text[TEXT];
	const char *to[] = {"school-1"};
	for (uint32_t i = 0; i < count; i++) {
		bool known = false;
		struct agentd_new m = {.recipients = to, .recipient_count = 1, .description = {text, sizeof(text)}};
		fill(&m.id, i + 1);
		fill(&m.case_id, UINT32_MAX - i % CASES);
		stop_at("queue", agentd_store_queue(store, &m, &known));
	}
}

static void send_out(struct agentd_store *store, uint32_t count)
{
	static uint8_t sealed[SEALED];
	static const uint8_t hash[SLUSS_HASH_BYTES];
	for (uint32_t i = 0; i < count; i++) {
		struct agentd_message m;
		uint8_t *octets = NULL;
		size_t len = 0;
		int64_t next = 0;
		stop_at("take", agentd_store_take(store, 1, &m, &octets, &len, &next));
		stop_at("seal", agentd_store_sealed(store, m.seq, (struct sluss_bytes){sealed, sizeof(sealed)}, hash));
		stop_at("accept",
		    agentd_store_accepted(store, m.seq, i, (struct sluss_bytes){sealed, 1500}, "[]", INT64_MAX));
		agentd_store_release(store, m.seq);
		free(octets);
		agentd_message_clear(&m);
	}
}

static struct agentd_store *open_store(const char *folder)
{
	char why[256];
	const struct agentd_store_limits limits = {UINT32_MAX, UINT32_MAX, 0};
	struct agentd_store *store = agentd_store_open(folder, "bench", &limits, why);
	if (store == NULL) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	return store;
}

int main(int argc, char **argv)
{
	char folder[4096];
	char command[sizeof(folder) + 16];
	uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
	(void)snprintf(folder, sizeof(folder), "%.4000s/sluss-queue-XXXXXX", argc > 2 ? argv[2] : "/tmp");
	if (mkdtemp(folder) == NULL)
		return 1;
	struct agentd_store *store = open_store(folder);
	double start = now_s();
	take_in(store, count);
	double taken = now_s();
	agentd_store_close(&store);
	store = open_store(folder); // an agent that starts anew on a full queue
	double opened = now_s();
	struct agentd_counts counts;
	stop_at("count", agentd_store_counts(store, &counts));
	double counted = now_s();
	send_out(store, count);
	double sent = now_s();
	printf("agent's queue, %u messages: taken in %.0f/s, opened anew in %.3f s, counted in %.3f s, sent out "
	       "%.0f/s, largest memory %ld KiB\n",
	    count, count / (taken - start), opened - taken, counted - opened, count / (sent - counted), memory_kib());
	bool agree = counts.out[AGENTD_OUT_QUEUED] == count;
	stop_at("count", agentd_store_counts(store, &counts));
	agree = agree && counts.out[AGENTD_OUT_ACCEPTED] == count;
	agentd_store_close(&store);
	(void)snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command) == 0 && agree ? 0 : 1;
}
