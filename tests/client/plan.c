// SPDX-License-Identifier: EUPL-1.2
#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *path, const char *line)
{
	fprintf(stderr, "%s: not a plan: %s\n", path, line);
	exit(2);
}

static bool read_hex(const char *text, uint8_t out[SLUSS_KEY_BYTES])
{
	if (strlen(text) != 2 * SLUSS_KEY_BYTES)
		return false;
	for (size_t i = 0; i < SLUSS_KEY_BYTES; i++)
		if (sscanf(text + 2 * i, "%2" SCNx8, &out[i]) != 1)
			return false;
	return true;
}

// `name certificate-file key-file officer signing-seed sealing-public`
static bool read_agency(const char *value, struct plan_agency *agency)
{
	char seed_text[65], public_text[65];
	uint8_t seed[SLUSS_KEY_BYTES];
	if (sscanf(value, "%31s %255s %255s %32s %64s %64s", agency->id, agency->certificate, agency->key,
		agency->officer, seed_text, public_text) != 6)
		return false;
	if (!read_hex(seed_text, seed) || !read_hex(public_text, agency->sealing_public))
		return false;
	agency->signing = sluss_signing_key_from_seed(seed);
	return agency->signing != NULL;
}

static bool read_case(const char *value, struct plan *plan)
{
	if (plan->case_count == PLAN_CASES_MAX)
		return false;
	struct plan_case *c = &plan->cases[plan->case_count++];
	return sscanf(value, "%36s %36s %36s", c->case_id, c->person_id, c->consent_id) >= 2;
}

static bool read_line(const char *key, const char *value, struct plan *plan)
{
	if (strcmp(key, "authority") == 0)
		return sscanf(value, "%127s", plan->authority) == 1;
	if (strcmp(key, "ca") == 0)
		return sscanf(value, "%255s", plan->ca) == 1;
	if (strcmp(key, "port") == 0)
		return sscanf(value, "%" SCNu16, &plan->port) == 1;
	if (strcmp(key, "sender") == 0)
		return read_agency(value, &plan->sender);
	if (strcmp(key, "recipient") == 0)
		return read_agency(value, &plan->recipient);
	if (strcmp(key, "case") == 0)
		return read_case(value, plan);
	return false;
}

void plan_read(const char *path, struct plan *plan_out)
{
	*plan_out = (struct plan){0};
	plan_out->cases = calloc(PLAN_CASES_MAX, sizeof(*plan_out->cases));
	FILE *file = fopen(path, "r");
	if (!file || !plan_out->cases || !sluss_crypto_init())
		fail(path, "cannot be read");
	char line[2048], key[32];
	int value_at;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%31s %n", key, &value_at) != 1 || !read_line(key, line + value_at, plan_out))
			fail(path, line);
	}
	fclose(file);
	if (plan_out->port == 0 || !plan_out->sender.signing || !plan_out->recipient.signing ||
	    plan_out->case_count == 0)
		fail(path, "port, sender, recipient or case is missing");
}

void plan_free(struct plan *plan)
{
	sluss_signing_key_free(&plan->sender.signing);
	sluss_signing_key_free(&plan->recipient.signing);
	free(plan->cases);
	plan->cases = NULL;
}
