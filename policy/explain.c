// SPDX-License-Identifier: EUPL-1.2
// The reasons of a decision: the checks that it passed, what would change it, and when time alone would.
#include "policy/explain.h"

#include "policy/decide_impl.h"

static const char *const check_names[SLUSS_CHECKS] = {
    "none",
    "structure",
    "clock",
    "membership",
    "protection",
    "type",
    "phase",
    "ground",
};

static const struct {
	const char *name;
	const char *text;
} remedies[] = {
    [SLUSS_REMEDY_NONE] = {"none", "Nothing has to change."},
    [SLUSS_REMEDY_CORRECT_MESSAGE] = {"correct_message",
	"Correct the message: its type, labels, purpose, persons concerned or stated grounds."},
    [SLUSS_REMEDY_TRY_LATER] = {"try_later",
	"Try again when the gateway's clock and log work and the age of the person is registered."},
    [SLUSS_REMEDY_ADD_MEMBER] = {"add_member", "The coordinator adds the agency to the case."},
    [SLUSS_REMEDY_NAME_OFFICER] = {"name_officer",
	"Address a contact officer who is named on the case, with a grant that says it covers a protected category."},
    [SLUSS_REMEDY_CHANGE_PHASE] = {"change_phase",
	"The coordinator moves the case to a phase that allows this message, or a statutory ground is stated."},
    [SLUSS_REMEDY_NEW_CONSENT] = {"new_consent",
	"A new consent for exactly this category, sender, receiver and purpose, given by everyone who must agree."},
    [SLUSS_REMEDY_ASK_PERSONS] = {"ask_persons", "The persons who have not agreed yet give the grant."},
    [SLUSS_REMEDY_RESUME] = {"resume", "Everyone who must agree resumes the paused grant."},
    [SLUSS_REMEDY_WAIT_FOR_START] = {"wait_for_start", "Wait until the grant begins."},
    [SLUSS_REMEDY_STATUTE] = {"statute", "A grant of the other person's own, or a statutory ground."},
    [SLUSS_REMEDY_APPROVAL] = {"approval",
	"A request under a provision that covers this, approved by a second officer and not expired."},
};

const char *sluss_check_name(enum sluss_check check)
{
	return (unsigned)check < SLUSS_CHECKS ? check_names[check] : NULL;
}

const char *sluss_remedy_name(enum sluss_remedy remedy)
{
	return (unsigned)remedy < sizeof(remedies) / sizeof(remedies[0]) ? remedies[remedy].name : NULL;
}

static enum sluss_remedy remedy_for(enum sluss_reason reason)
{
	switch ((int)reason) {
	case SLUSS_OK_CONSENT:
	case SLUSS_OK_STATUTE:
	case SLUSS_OK_TYPE:
		return SLUSS_REMEDY_NONE;
	case SLUSS_MALFORMED:
	case SLUSS_TYPE_FORBIDS:
	case SLUSS_STATUTE_UNKNOWN:
	case SLUSS_STATUTE_NOT_APPLICABLE:
		return SLUSS_REMEDY_CORRECT_MESSAGE;
	case SLUSS_NOT_A_MEMBER:
		return SLUSS_REMEDY_ADD_MEMBER;
	case SLUSS_PROTECTED:
		return SLUSS_REMEDY_NAME_OFFICER;
	case SLUSS_PHASE_FORBIDS:
		return SLUSS_REMEDY_CHANGE_PHASE;
	case SLUSS_CONSENTER_MISSING:
	case SLUSS_AGE_LAPSED:
	case SLUSS_CUSTODY_LAPSED:
		return SLUSS_REMEDY_ASK_PERSONS;
	case SLUSS_PAUSED:
		return SLUSS_REMEDY_RESUME;
	case SLUSS_NOT_YET:
		return SLUSS_REMEDY_WAIT_FOR_START;
	case SLUSS_THIRD_PARTY_MISSING:
		return SLUSS_REMEDY_STATUTE;
	case SLUSS_STATUTE_UNAPPROVED:
	case SLUSS_STATUTE_EXPIRED:
		return SLUSS_REMEDY_APPROVAL;
	case SLUSS_NO_GRANT:
	case SLUSS_WRONG_SENDER:
	case SLUSS_WRONG_RECIPIENT:
	case SLUSS_WRONG_CATEGORY:
	case SLUSS_WRONG_PURPOSE:
	case SLUSS_EXPIRED:
	case SLUSS_WITHDRAWN:
	case SLUSS_REFUSED:
		return SLUSS_REMEDY_NEW_CONSENT;
	}
	return SLUSS_REMEDY_TRY_LATER;
}

static void add_person(struct sluss_explanation *explanation, const struct sluss_id *person)
{
	if (explanation->person_count < sizeof(explanation->persons) / sizeof(explanation->persons[0]))
		explanation->persons[explanation->person_count++] = *person;
}

// Who of those who must agree has not given this version.
static void list_missing(
    const struct sluss_state *state, const struct grant *grant, struct sluss_explanation *explanation)
{
	const struct kase *kase = CASE(state, grant->kase);
	const struct person *subject = PERSON(state, kase->subject);
	uint32_t missing = st_required_bits(state, kase) & ~grant->given;
	if ((missing & SUBJECT_BIT) != 0)
		add_person(explanation, &subject->id);
	for (unsigned i = 0; i < subject->custody.count; i++) {
		if ((missing & (2u << i)) != 0)
			add_person(explanation, &PERSON(state, subject->custody.slots[i].person)->id);
	}
}

// When the thing that a decision is about begins or ends.
static void look_at_ground(
    const struct sluss_state *state, const struct sluss_id *id, int64_t now_ms, struct sluss_explanation *explanation)
{
	int64_t edges[2] = {INT64_MAX, INT64_MAX};
	uint32_t grant = st_find_grant(state, id);
	uint32_t statute = st_find_statute(state, id);
	if (grant != SLUSS_NOWHERE) {
		edges[0] = GRANT(state, grant)->from_ms;
		edges[1] = GRANT(state, grant)->until_ms;
	} else if (statute != SLUSS_NOWHERE) {
		edges[1] = st_statute_until(state, STATUTE(state, statute));
	}
	for (size_t i = 0; i < 2; i++) {
		if (edges[i] > now_ms && edges[i] < explanation->changes_ms)
			explanation->changes_ms = edges[i];
	}
	if (grant != SLUSS_NOWHERE && explanation->remedy == SLUSS_REMEDY_ASK_PERSONS)
		list_missing(state, GRANT(state, grant), explanation);
}

struct sluss_explanation sluss_explain(
    const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms)
{
	struct sluss_explanation explanation = {.changes_ms = INT64_MAX};
	enum sluss_check failed = st_decide(state, question, now_ms, &explanation.decision);
	bool permitted = explanation.decision.verdict == SLUSS_VERDICT_PERMIT;
	for (unsigned check = SLUSS_CHECK_STRUCTURE; check < SLUSS_CHECKS; check++) {
		if (permitted || check < (unsigned)failed)
			explanation.checks[check] = SLUSS_CHECK_PASSED;
		else if (check == (unsigned)failed)
			explanation.checks[check] = SLUSS_CHECK_FAILED;
	}
	explanation.text = sluss_reason_text(explanation.decision.reason);
	explanation.remedy = remedy_for(explanation.decision.reason);
	explanation.remedy_text = remedies[explanation.remedy].text;
	for (size_t i = 0; i < explanation.decision.ground_count; i++)
		look_at_ground(state, &explanation.decision.grounds[i], now_ms, &explanation);
	return explanation;
}
