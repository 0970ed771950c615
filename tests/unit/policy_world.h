// SPDX-License-Identifier: EUPL-1.2
// A small authority for the unit tests of policy/: the shipped policies, a state, and short forms of the records. Every
// helper fails the test when the state refuses what it is told.
#ifndef SLUSS_TESTS_UNIT_POLICY_WORLD_H
#define SLUSS_TESTS_UNIT_POLICY_WORLD_H

#include "policy/decide.h"

enum { WORLD_POLICIES = 3 };

struct pworld {
	struct sluss_policy *policies[WORLD_POLICIES]; // sweden-sig, example-sixteen, example-strict
	struct sluss_state *state;
	uint64_t seq;
	int64_t now_ms;
};

#define DAY_MS INT64_C(86400000)
#define START_MS INT64_C(1767225600000) // 2026-01-01 00:00 UTC

// Ids: a kind and a number.
struct sluss_id pid(char kind, unsigned number);
#define CASE1 pid('k', 1)
#define SUBJECT pid('p', 1)
#define MOTHER pid('p', 2)
#define FATHER pid('p', 3)
#define CONSENT1 pid('c', 1)

// Agencies soc (social services), pol (police), sch (school), pro (probation), club (civil society), eva (evaluator),
// house (housing), soc2.
void pworld_open(struct pworld *world);
void pworld_close(struct pworld *world);

enum sluss_apply pworld_try(struct pworld *world, struct sluss_record record);
void pworld_apply(struct pworld *world, struct sluss_record record);
void pworld_policy(struct pworld *world, unsigned index);

// A case of `person` in phase enrolled with soc, pol, sch, pro, club, eva, house as members; officers "o1" (coordinator
// at soc).
void pworld_case(
    struct pworld *world, struct sluss_id kase, struct sluss_id person, const char *programme, unsigned age);
void pworld_age(struct pworld *world, struct sluss_id person, unsigned age);
void pworld_guardians(struct pworld *world, struct sluss_id kase, size_t count, const struct sluss_id *guardians);
void pworld_phase(struct pworld *world, struct sluss_id kase, enum sluss_phase phase);
void pworld_protect(struct pworld *world, struct sluss_id kase, bool on);

// One grant, from now for 100 days: soc -> pol, needs, coordination unless changed. `grant` is its id.
struct sluss_grant pgrant(struct sluss_id grant);
void pworld_consent(struct pworld *world, struct sluss_id kase, struct sluss_id consent, size_t count,
    const struct sluss_grant *grants);
void pworld_act(
    struct pworld *world, struct sluss_id kase, struct sluss_id person, enum sluss_act act, struct sluss_id grant);
void pworld_give(struct pworld *world, struct sluss_id kase, struct sluss_id person, struct sluss_id grant);
void pworld_withdraw_all(struct pworld *world, struct sluss_id kase, struct sluss_id person);
// case 1 of SUBJECT, 19 years, SIG_YOUNG_ADULTS, with grant 'v' 1 of consent 1, given.
void pworld_adult(struct pworld *world);

// A NeedsInventory of soc to pol, category needs, about the subject, claiming consent 1.
struct pask {
	struct sluss_question question;
	struct sluss_concerned concerned[4];
	struct sluss_claim claims[4];
};
void pask_init(struct pask *ask);
struct sluss_decision pworld_decide(const struct pworld *world, const struct pask *ask);
// Decides and compares the reason by name; also that verdict and reason agree.
void pworld_expect(const struct pworld *world, const struct pask *ask, enum sluss_reason reason);

#endif
