// SPDX-License-Identifier: EUPL-1.2
// The questions of a world.
#include "world.h"

static struct sluss_concerned concerned_read(const char *token)
{
	switch (token[0]) {
	case 's':
		return (struct sluss_concerned){.kind = SLUSS_CONCERNED_SUBJECT};
	case 'g':
		return (struct sluss_concerned){
		    .kind = SLUSS_CONCERNED_GUARDIAN, .ref = world_id('p', world_number(token + 1), 0)};
	case 'k':
		return (struct sluss_concerned){
		    .kind = SLUSS_CONCERNED_OTHER_CASE, .ref = world_id('k', world_number(token + 1), 0)};
	case 'x':
		return (struct sluss_concerned){.kind = SLUSS_CONCERNED_OTHER};
	default:
		world_die("person concerned", token);
	}
}

static struct sluss_claim claim_read(const char *token)
{
	switch (token[0]) {
	case 'c':
		return (struct sluss_claim){
		    .kind = SLUSS_CLAIM_CONSENT, .id = world_id('c', world_number(token + 1), 0), .provision = ""};
	case 'a':
		return (struct sluss_claim){
		    .kind = SLUSS_CLAIM_APPROVAL, .id = world_id('a', world_number(token + 1), 0), .provision = ""};
	case 'p':
		return (struct sluss_claim){.kind = SLUSS_CLAIM_PROVISION, .provision = token + 1};
	default:
		world_die("claim", token);
	}
}

// Verdict, reason and grounds say the same: what is permitted by consent rests on versions that permit by themselves,
// what is permitted by statute names its provision, and what is denied rests on nothing.
static bool holds_together(const struct world *world, const struct sluss_decision *decision, int64_t now_ms)
{
	switch ((int)decision->reason) {
	case SLUSS_OK_CONSENT:
		for (size_t i = 0; i < decision->ground_count; i++) {
			struct sluss_grant_view view;
			if (!sluss_grant_find(world->state, &decision->grounds[i], now_ms, &view) || !view.in_force ||
			    view.standing != SLUSS_OK_CONSENT)
				return false;
		}
		return decision->verdict == SLUSS_VERDICT_PERMIT && decision->ground == SLUSS_GROUND_CONSENT &&
		       decision->ground_count > 0;
	case SLUSS_OK_STATUTE:
		return decision->verdict == SLUSS_VERDICT_PERMIT && decision->ground == SLUSS_GROUND_STATUTORY &&
		       decision->provision != NULL && decision->provision[0] != '\0';
	case SLUSS_OK_TYPE:
		return decision->verdict == SLUSS_VERDICT_PERMIT && decision->ground == SLUSS_GROUND_TYPE &&
		       decision->ground_count == 0;
	}
	return decision->verdict == SLUSS_VERDICT_DENY && decision->ground == SLUSS_GROUND_NONE;
}

static const char *ask(struct world *world, char **word, size_t count, int64_t now_ms, bool log_usable)
{
	struct sluss_concerned concerned[SLUSS_CONCERNED_MAX];
	struct sluss_claim claims[SLUSS_CLAIMS_MAX];
	struct sluss_question question = {.sender = word[2],
	    .sender_officer = "officer",
	    .recipient = word[3],
	    .recipient_officer = strcmp(word[4], "-") == 0 ? "" : word[4],
	    .category = strcmp(word[5], "-") == 0 ? "" : word[5],
	    .concerned = concerned,
	    .claims = claims,
	    .necessity = strcmp(word[7], "1") == 0,
	    .log_usable = log_usable};
	question.case_id = world_id('k', strcmp(word[0], "-") == 0 ? 9999 : world_number(word[0]), 0);
	question.message_type = sluss_message_type_from_name(word[1]);
	question.purpose = sluss_purpose_from_name(word[6]);
	question.concerned_count = (size_t)world_number(word[8]);
	if (question.concerned_count > SLUSS_CONCERNED_MAX || 9 + question.concerned_count >= count)
		world_die("ask", "persons concerned");
	for (size_t i = 0; i < question.concerned_count; i++)
		concerned[i] = concerned_read(word[9 + i]);
	char **rest = word + 9 + question.concerned_count;
	question.claim_count = (size_t)world_number(rest[0]);
	if (question.claim_count > SLUSS_CLAIMS_MAX || 10 + question.concerned_count + question.claim_count != count)
		world_die("ask", "claims");
	for (size_t i = 0; i < question.claim_count; i++)
		claims[i] = claim_read(rest[1 + i]);
	struct sluss_decision decision = sluss_decide(world->state, &question, now_ms), twice[2];
	const struct sluss_question both[2] = {question, question};
	sluss_decide_many(world->state, both, 2, now_ms, twice);
	for (size_t i = 0; i < 2; i++)
		if (twice[i].verdict != decision.verdict || twice[i].reason != decision.reason ||
		    twice[i].ground_count != decision.ground_count)
			return "DECISION_DIFFERS_AMONG_OTHERS";
	if (!holds_together(world, &decision, now_ms))
		return "DECISION_CONTRADICTS_ITSELF";
	return sluss_reason_name(decision.reason);
}

const char *world_ask(struct world *world, char **word, size_t count, int64_t now_ms)
{
	return ask(world, word, count, now_ms, true);
}

const char *world_dead(struct world *world, char **word, size_t count, int64_t now_ms)
{
	return ask(world, word, count, now_ms, false);
}
