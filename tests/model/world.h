// SPDX-License-Identifier: EUPL-1.2
// A world of the model tests (STREAM.md) on top of policy/: what the gateway's core would do with each line of the
// stream, without store, network or signatures. Small fixed arrays: a world that does not fit ends the program.
#ifndef SLUSS_TESTS_MODEL_WORLD_H
#define SLUSS_TESTS_MODEL_WORLD_H

#include "policy/decide.h"
#include "policy/state.h"

enum {
	WORLD_POLICIES = 8,
	WORLD_AGENCIES = 32,
	WORLD_PERSONS = 64, // numbers below this are kept with a birth date; others only by number
	WORLD_CASES = 16,
	WORLD_CONSENTS = 128,
	WORLD_VERSIONS = 128, // of one consent
	WORLD_APPROVALS = 128,
	WORLD_CONTACTS = 64,
	WORLD_GUARDIANS = 31,
	WORLD_TOKENS = 2048,
	WORLD_NAME = 40,
};

struct person {
	int number;
	struct sluss_date birth;
	bool subject;	 // a case was opened: its age bands are recorded
	int64_t next_ms; // when the next age band begins
	struct sluss_id guardians[WORLD_GUARDIANS];
	size_t guardian_count;
};

struct contact {
	char agency[WORLD_NAME], officer[WORLD_NAME];
};

struct world_case {
	int person; // position in `persons`
	char members[WORLD_AGENCIES][WORLD_NAME];
	size_t member_count;
	struct contact contacts[WORLD_CONTACTS];
	size_t contact_count;
};

struct consent {
	int case_number;
	size_t versions;
};

struct world {
	const struct sluss_policy *policies[WORLD_POLICIES]; // kept from world to world
	size_t policy_count;
	struct sluss_state *state;
	uint64_t seq;
	int64_t now_ms; // greatest time seen
	bool begun;
	struct person persons[WORLD_PERSONS];
	size_t person_count;
	struct world_case cases[WORLD_CASES];	 // by number; person < 0: not there
	struct consent consents[WORLD_CONSENTS]; // by number; case_number 0: not there
	int approvals[WORLD_APPROVALS];		 // by number; the case, 0: not there
	struct contact approvers[WORLD_CONTACTS];
	size_t approver_count;
	bool tables_differ; // after some record of this line what decisions read was not what the state says
	char answer[64];
};

// A line's words, split at single spaces.
struct line {
	char *word[WORLD_TOKENS];
	size_t count;
};

// Ends the program with a message: the stream or the world does not fit.
_Noreturn void world_die(const char *what, const char *detail);

// Forgets all but the policies.
void world_reset(struct world *world);
void world_free(struct world *world);

// Answers one line (never `W`): the answer stays valid until the next call.
const char *world_answer(struct world *world, struct line *line);

// Ids: kind and number, never all zero.
struct sluss_id world_id(char kind, int number, int part);
// Number of a token; dies when it is none.
int world_number(const char *token);

// Folds a record at a time; what apply says is an answer only when it is not OK.
enum sluss_apply world_apply(struct world *world, struct sluss_record *record, int64_t at_ms);
// Brings time to `now_ms`: birthdays, links lost at ends of grants, each at its own instant.
void world_advance(struct world *world, int64_t now_ms);
// Ruling 9 after something changed.
void world_links(struct world *world, int64_t now_ms);
// A new age band of a subject.
void world_age(struct world *world, struct person *person, int64_t now_ms);

// Before a withdrawal: which versions its scope names, and how each stands. After it: whether just those carry nothing
// any more.
void world_note_grants(const struct world *world, const struct sluss_rec_withdrawal *withdrawal, int64_t now_ms);
bool world_withdrawal_holds(const struct world *world, int64_t now_ms);

// The case of a token, NULL when it is not there.
struct world_case *world_case(struct world *world, const char *token);
// The consent of a token, NULL when it is not there.
struct consent *world_consent(struct world *world, const char *token);

// What a verb does: returns the answer, or NULL for OK. `word` begins after the verb.
typedef const char *world_verb(struct world *world, char **word, size_t count, int64_t now_ms);
world_verb world_policy, world_agency, world_officer, world_person, world_open, world_protect, world_guardian,
    world_unguardian, world_member, world_unmember, world_contact, world_uncontact, world_sent, world_setphase,
    world_assess, world_phase;
world_verb world_consent_form, world_give, world_refuse, world_pause, world_resume, world_narrow, world_invalidate,
    world_withdraw, world_request, world_approve, world_disapprove;
world_verb world_ask, world_dead;

#endif
