// SPDX-License-Identifier: EUPL-1.2
// Figures of policy/: a decision with a million active grants in memory, memory for each grant, a message of 8 sections
// to 6 recipients, and folding a consent; beside each the goal, and what an uncached access to memory costs in the same
// run: a decision in a random case cannot be faster than the accesses that wait for one another. Judges nothing.
// policy_bench POLICY.json [GRANTS]; prints one line a figure.
#include "policy/decide.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { AGENCIES = 200, GROUP = 8, MESSAGES = 20000, SAMPLES = 1 << 16 };

static const int64_t now_ms = INT64_C(1767225600000);
static const char *const categories[] = {
    "needs", "social_measures", "family", "school_attendance", "school_support", "health", "housing", "economy"};
static char names[AGENCIES][16];

struct bench {
	struct sluss_policy *policy;
	struct sluss_state *state;
	uint64_t seq;
	size_t grants;
};

static uint64_t mix(uint64_t *seed)
{
	uint64_t x = (*seed += UINT64_C(0x9E3779B97F4A7C15));
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static struct sluss_id id_of(uint8_t kind, uint64_t number)
{
	struct sluss_id id;
	uint64_t seed = number * 8 + kind;
	uint64_t words[2] = {mix(&seed), mix(&seed)};
	memcpy(id.b, words, sizeof(id.b));
	return id;
}

static int64_t clock_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static const struct sluss_policy *lookup(void *context, const uint8_t hash[SLUSS_HASH_BYTES])
{
	(void)hash;
	return ((struct bench *)context)->policy;
}

static void apply(struct bench *bench, struct sluss_record *record)
{
	record->at_ms = now_ms;
	enum sluss_apply result = sluss_state_apply(bench->state, record, bench->seq++);
	if (result != SLUSS_APPLY_OK) {
		fprintf(stderr, "policy_bench: record %" PRIu64 " of type %d: %d\n", bench->seq - 1, (int)record->type,
		    (int)result);
		exit(1);
	}
}

// The agencies of a case: social services and six others that differ from case to case.
static const char *agency_of(uint64_t kase, unsigned place)
{
	return names[place == 0 ? kase % 20 : 20 + (kase * 7 + place) % (AGENCIES - 20)];
}

// A case with a subject of 19 who alone agrees to 48 grants: eight categories to each of six members.
static void add_case(struct bench *bench, uint64_t kase)
{
	struct sluss_member members[7] = {0};
	struct sluss_grant grants[48];
	for (unsigned i = 0; i < 7; i++)
		members[i].agency = agency_of(kase, i);
	apply(bench, &(struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
			 .u.case_opened = {.case_id = id_of(0, kase),
			     .subject = id_of(1, kase),
			     .programme = "SIG_YOUNG_ADULTS",
			     .phase = SLUSS_PHASE_INQUIRY,
			     .agency = members[0].agency}});
	apply(bench, &(struct sluss_record){.type = SLUSS_REC_PERSON_AGE,
			 .u.person_age = {.person = id_of(1, kase), .from_years = 19, .until_years = 21}});
	apply(bench, &(struct sluss_record){.type = SLUSS_REC_MEMBERS_SET,
			 .u.members_set = {.case_id = id_of(0, kase), .members = members, .member_count = 7}});
	apply(bench, &(struct sluss_record){.type = SLUSS_REC_PHASE_SET,
			 .u.phase_set = {.case_id = id_of(0, kase), .phase = SLUSS_PHASE_ENROLLED}});
	for (unsigned i = 0; i < 48; i++) {
		grants[i] = (struct sluss_grant){.grant = id_of(2, kase * 64 + i),
		    .category = categories[i % 8],
		    .sender = members[0].agency,
		    .recipient = members[1 + i / 8].agency,
		    .purpose = SLUSS_PURPOSE_COORDINATION,
		    .from_ms = now_ms - 1000,
		    .until_ms = now_ms + INT64_C(86400000) * 200};
	}
	apply(
	    bench, &(struct sluss_record){.type = SLUSS_REC_CONSENT_RECORDED,
		       .u.consent_recorded = {
			   .consent = id_of(3, kase), .case_id = id_of(0, kase), .grants = grants, .grant_count = 48}});
	apply(bench, &(struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
			 .u.grant_status = {.case_id = id_of(0, kase),
			     .act = SLUSS_ACT_GIVE,
			     .person = id_of(1, kase),
			     .consent = id_of(3, kase)}});
	bench->grants += 48;
}

static struct sluss_question question_of(uint64_t kase, unsigned section, unsigned recipient,
    const struct sluss_concerned *subject, const struct sluss_claim *claim)
{
	return (struct sluss_question){.case_id = id_of(0, kase),
	    .sender = agency_of(kase, 0),
	    .recipient = agency_of(kase, 1 + recipient),
	    .message_type = SLUSS_MESSAGE_NEEDS_INVENTORY,
	    .category = categories[section],
	    .purpose = SLUSS_PURPOSE_COORDINATION,
	    .concerned = subject,
	    .concerned_count = 1,
	    .claims = claim,
	    .claim_count = 1,
	    .log_usable = true};
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

// Octets of this process in memory.
static int64_t resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void fill(struct bench *bench, size_t wanted)
{
	int64_t before = resident();
	const struct sluss_state_options options = {.lookup = lookup, .context = bench, .hash_key = {1, 2, 3}};
	bench->state = sluss_state_new(&options);
	if (bench->state == NULL)
		exit(1);
	apply(bench, &(struct sluss_record){.type = SLUSS_REC_POLICY_SET});
	for (unsigned i = 0; i < AGENCIES; i++) {
		snprintf(names[i], sizeof(names[i]), "agency-%u", i);
		apply(bench, &(struct sluss_record){.type = SLUSS_REC_AGENCY_ENROLLED,
				 .u.agency_enrolled = {.agency = names[i],
				     .type = i < 20 ? SLUSS_AGENCY_SOCIAL_SERVICES : SLUSS_AGENCY_SCHOOL}});
	}
	int64_t start = clock_ns();
	uint64_t cases = 0;
	while (bench->grants < wanted)
		add_case(bench, cases++);
	int64_t spent = clock_ns() - start;
	printf("grants %zu in %" PRIu64 " cases, folded in %.2f s (%.0f ns a grant)\n", bench->grants, cases,
	    (double)spent / 1e9, (double)spent / (double)bench->grants);
	printf("memory %.0f octets a grant, everything included (goal 250); resident %.0f\n",
	    (double)sluss_state_memory(bench->state) / (double)bench->grants,
	    (double)(resident() - before) / (double)bench->grants);
}

// Random cases, so that nothing is in a cache by chance. Groups of GROUP decisions are timed; the clock's own cost is
// far below them.
static void decide(const struct bench *bench, bool together)
{
	static int64_t samples[SAMPLES];
	struct sluss_concerned subject = {.kind = SLUSS_CONCERNED_SUBJECT};
	static struct sluss_decision decisions[GROUP];
	uint64_t seed = 42, cases = bench->grants / 48, denied = 0;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct sluss_question questions[GROUP];
		struct sluss_claim claims[GROUP];
		for (unsigned k = 0; k < GROUP; k++) {
			uint64_t pick = mix(&seed);
			claims[k] = (struct sluss_claim){.kind = SLUSS_CLAIM_CONSENT, .id = id_of(3, pick % cases)};
			questions[k] = question_of(
			    pick % cases, (unsigned)(pick >> 40) % 8, (unsigned)(pick >> 50) % 6, &subject, &claims[k]);
		}
		int64_t start = clock_ns();
		if (together)
			sluss_decide_many(bench->state, questions, GROUP, now_ms, decisions);
		for (unsigned k = 0; k < GROUP; k++) {
			if (!together)
				sluss_decide_into(bench->state, &questions[k], now_ms, &decisions[k]);
			denied += decisions[k].verdict != SLUSS_VERDICT_PERMIT;
		}
		samples[i] = clock_ns() - start;
	}
	qsort(samples, SAMPLES, sizeof(samples[0]), by_value);
	printf("decision, random case, %s: median %.0f ns (goal 300), 99 %% %.0f ns (%" PRIu64 " denied)\n",
	    together ? "eight asked together" : "one after the other", (double)samples[SAMPLES / 2] / GROUP,
	    (double)samples[SAMPLES / 100 * 99] / GROUP, denied);
}

static void message(const struct bench *bench)
{
	static int64_t samples[MESSAGES];
	static struct sluss_question questions[48];
	static struct sluss_decision decisions[48];
	struct sluss_concerned subject = {.kind = SLUSS_CONCERNED_SUBJECT};
	uint64_t seed = 7, cases = bench->grants / 48, denied = 0;
	for (size_t i = 0; i < MESSAGES; i++) {
		uint64_t kase = mix(&seed) % cases;
		struct sluss_claim claim = {.kind = SLUSS_CLAIM_CONSENT, .id = id_of(3, kase)};
		struct sluss_question question = question_of(kase, 0, 0, &subject, &claim);
		int64_t start = clock_ns();
		for (unsigned pair = 0; pair < 48; pair++) {
			question.category = categories[pair / 6];
			question.recipient = agency_of(kase, 1 + pair % 6);
			questions[pair] = question;
		}
		sluss_decide_many(bench->state, questions, 48, now_ms, decisions);
		for (unsigned pair = 0; pair < 48; pair++)
			denied += decisions[pair].verdict != SLUSS_VERDICT_PERMIT;
		samples[i] = clock_ns() - start;
	}
	qsort(samples, MESSAGES, sizeof(samples[0]), by_value);
	printf("message, 8 sections to 6 recipients: median %.2f us (goal 15) (%" PRIu64 " denied)\n",
	    (double)samples[MESSAGES / 2] / 1000, denied);
}

enum { LINES = 96 * 1024 * 1024 / 64, STEPS = 200000, LARGE_PAGE = 2 * 1024 * 1024 };

struct line {
	uint32_t next;
	uint8_t rest[60];
};

// 96 MiB of lines that lead through all of them in random order.
static struct line *new_walk(bool large_pages)
{
	struct line *lines = aligned_alloc(LARGE_PAGE, LINES * sizeof(*lines));
	uint32_t *order = calloc(LINES, sizeof(*order));
	uint64_t seed = 3;
	if (lines == NULL || order == NULL)
		exit(1);
	if (large_pages)
		(void)madvise(lines, LINES * sizeof(*lines), MADV_HUGEPAGE);
	for (uint32_t i = 0; i < LINES; i++)
		order[i] = i;
	for (uint32_t i = LINES - 1; i > 0; i--) {
		uint32_t other = (uint32_t)(mix(&seed) % i), kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
	for (uint32_t i = 0; i < LINES; i++)
		lines[order[i]].next = order[(i + 1) % LINES];
	free(order);
	return lines;
}

// What one access to memory that is in no cache costs on this machine and at this moment: each step waits for the one
// before. On large pages it is the memory alone, on small ones the search for the page comes on top.
static double access_ns(const struct line *lines)
{
	static volatile uint32_t end; // or nobody would need the walk
	uint32_t at = end;
	int64_t start = clock_ns();
	for (unsigned i = 0; i < STEPS; i++)
		at = lines[at].next;
	int64_t spent = clock_ns() - start;
	end = at;
	return (double)spent / STEPS;
}

int main(int argc, char **argv)
{
	static char text[512 * 1024];
	struct bench bench = {0};
	struct sluss_policy_error error;
	FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
	if (file == NULL) {
		fprintf(stderr, "usage: policy_bench POLICY.json [GRANTS]\n");
		return 2;
	}
	size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (!sluss_policy_parse(text, len, &bench.policy, &error)) {
		fprintf(stderr, "%s:%d: %s\n", argv[1], error.line, error.message);
		return 2;
	}
	fill(&bench, argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000);
	struct line *small = new_walk(false), *large = new_walk(true);
	// Before and after: the machine may have become busier.
	double before_ns[2] = {access_ns(small), access_ns(large)};
	decide(&bench, false);
	decide(&bench, true);
	message(&bench);
	printf("memory, one uncached access: %.0f ns before, %.0f ns after; on large pages %.0f ns before, %.0f ns "
	       "after\n",
	    before_ns[0], access_ns(small), before_ns[1], access_ns(large));
	free(small);
	free(large);
	sluss_state_free(&bench.state);
	sluss_policy_free(&bench.policy);
	return 0;
}
