// SPDX-License-Identifier: EUPL-1.2
// Reads a stream of worlds (STREAM.md) on stdin and answers each line with policy/: world_runner POLICY.json...
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_OCTETS = 16384, POLICY_MAX_OCTETS = 524288 };

static const struct {
	const char *name;
	world_verb *verb;
	size_t words; // at least
} verbs[] = {
    {"policy", world_policy, 1},
    {"agency", world_agency, 2},
    {"officer", world_officer, 3},
    {"person", world_person, 2},
    {"open", world_open, 5},
    {"protect", world_protect, 2},
    {"guardian", world_guardian, 2},
    {"unguardian", world_unguardian, 2},
    {"member", world_member, 2},
    {"unmember", world_unmember, 2},
    {"contact", world_contact, 3},
    {"uncontact", world_uncontact, 3},
    {"sent", world_sent, 3},
    {"setphase", world_setphase, 2},
    {"assess", world_assess, 2},
    {"phase", world_phase, 1},
    {"consent", world_consent_form, 3},
    {"give", world_give, 3},
    {"refuse", world_refuse, 3},
    {"pause", world_pause, 3},
    {"resume", world_resume, 3},
    {"narrow", world_narrow, 5},
    {"invalidate", world_invalidate, 2},
    {"withdraw", world_withdraw, 3},
    {"request", world_request, 10},
    {"approve", world_approve, 3},
    {"disapprove", world_disapprove, 3},
    {"ask", world_ask, 10},
    {"dead", world_dead, 10},
};

void world_die(const char *what, const char *detail)
{
	fprintf(stderr, "world_runner: %s: %s\n", what, detail);
	exit(2);
}

int world_number(const char *token)
{
	char *end;
	long number = strtol(token, &end, 10);
	if (*end != '\0' || end == token || number < 0 || number > 1000000)
		world_die("not a number", token);
	return (int)number;
}

struct sluss_id world_id(char kind, int number, int part)
{
	struct sluss_id id = {{(uint8_t)kind}};
	memcpy(id.b + 4, &number, sizeof(number));
	memcpy(id.b + 8, &part, sizeof(part));
	return id;
}

static const struct sluss_policy *lookup(void *context, const uint8_t hash[SLUSS_HASH_BYTES])
{
	const struct world *world = context;
	size_t index = (size_t)hash[0] - 1;
	return index < world->policy_count ? world->policies[index] : NULL;
}

void world_reset(struct world *world)
{
	sluss_state_free(&world->state);
	const struct sluss_state_options options = {.lookup = lookup, .context = world, .hash_key = {1}};
	world->state = sluss_state_new(&options);
	if (world->state == NULL)
		world_die("state", "out of memory");
	world->seq = 0;
	world->begun = false;
	world->person_count = 0;
	world->approver_count = 0;
	for (size_t i = 0; i < WORLD_CASES; i++)
		world->cases[i].person = -1;
	memset(world->consents, 0, sizeof(world->consents));
	memset(world->approvals, 0, sizeof(world->approvals));
}

void world_free(struct world *world)
{
	sluss_state_free(&world->state);
	for (size_t i = 0; i < world->policy_count; i++) {
		struct sluss_policy *policy;
		memcpy(&policy, &world->policies[i], sizeof(policy));
		sluss_policy_free(&policy);
	}
}

// The first line of a world: the log's own beginning and policy 0.
static void begin(struct world *world, int64_t now_ms)
{
	struct sluss_record genesis = {.type = SLUSS_REC_GENESIS, .u.genesis = {.origin = "model.example/log"}};
	world->begun = true;
	world->now_ms = now_ms;
	if (world_apply(world, &genesis, now_ms) != SLUSS_APPLY_OK)
		world_die("genesis", "not applied");
	char zero[] = "0";
	char *word[] = {zero};
	world_policy(world, word, 1, now_ms);
}

// Core writes every answer to its log, so the state's clock reaches every moment that was asked about.
static void keep_time(struct world *world)
{
	struct sluss_record record = {.type = SLUSS_REC_RESTART};
	if (sluss_state_time_ms(world->state) < world->now_ms &&
	    world_apply(world, &record, world->now_ms) != SLUSS_APPLY_OK)
		world_die("restart", "not applied");
}

const char *world_answer(struct world *world, struct line *line)
{
	char *end;
	int64_t now_ms = strtoll(line->word[0], &end, 10);
	if (line->count < 2 || *end != '\0')
		world_die("bad line", line->word[0]);
	if (!world->begun)
		begin(world, now_ms);
	const char *verb = line->word[1];
	bool question = strcmp(verb, "ask") == 0 || strcmp(verb, "dead") == 0;
	if (now_ms < world->now_ms && !question)
		return "UNAVAILABLE";
	if (now_ms > world->now_ms)
		world_advance(world, now_ms);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		if (line->count - 2 < verbs[i].words)
			world_die("too few words", verb);
		const char *answer = verbs[i].verb(world, line->word + 2, line->count - 2, now_ms);
		if (!question)
			world_links(world, now_ms);
		keep_time(world);
		bool differ = world->tables_differ;
		world->tables_differ = false;
		if (differ)
			return "TABLES_DIFFER"; // the other implementation never says that
		return answer == NULL ? "OK" : answer;
	}
	world_die("unknown verb", verb);
}

static const struct sluss_policy *load(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(POLICY_MAX_OCTETS);
	if (file == NULL || text == NULL)
		world_die("cannot read", path);
	size_t len = fread(text, 1, POLICY_MAX_OCTETS, file);
	fclose(file);
	struct sluss_policy *policy;
	struct sluss_policy_error error;
	if (!sluss_policy_parse(text, len, &policy, &error)) {
		fprintf(stderr, "%s:%d: ", path, error.line);
		world_die("no policy", error.message);
	}
	free(text);
	return policy;
}

int main(int argc, char **argv)
{
	static struct world world;
	static char text[LINE_MAX_OCTETS];
	static struct line line;
	if (argc < 2 || argc > WORLD_POLICIES)
		world_die("usage", "world_runner POLICY.json... < STREAM");
	for (int i = 1; i < argc; i++)
		world.policies[world.policy_count++] = load(argv[i]);
	world_reset(&world);
	while (fgets(text, sizeof(text), stdin) != NULL) {
		size_t len = strcspn(text, "\n");
		if (text[len] != '\n')
			world_die("line too long", text);
		text[len] = '\0';
		if (text[0] == '\0' || text[0] == '#')
			continue;
		if (text[0] == 'W') {
			world_reset(&world);
			puts(text);
			continue;
		}
		line.count = 0;
		char *rest = text;
		while (rest != NULL && line.count < WORLD_TOKENS)
			line.word[line.count++] = strsep(&rest, " ");
		puts(world_answer(&world, &line));
	}
	world_free(&world);
	return 0;
}
