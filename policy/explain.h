// SPDX-License-Identifier: EUPL-1.2
// Why a decision is what it is: the checks in their order, what it rests on, and what would change it. For Evaluate and
// `sluss policy explain`.
#ifndef SLUSS_POLICY_EXPLAIN_H
#define SLUSS_POLICY_EXPLAIN_H

#include "policy/decide.h"

// The checks of DOMAIN section 11 in their order.
enum sluss_check {
	SLUSS_CHECK_NONE = 0,
	SLUSS_CHECK_STRUCTURE,
	SLUSS_CHECK_CLOCK,
	SLUSS_CHECK_MEMBERSHIP,
	SLUSS_CHECK_PROTECTION,
	SLUSS_CHECK_TYPE,
	SLUSS_CHECK_PHASE,
	SLUSS_CHECK_GROUND,
	SLUSS_CHECKS,
};

enum sluss_check_result {
	SLUSS_CHECK_NOT_REACHED = 0,
	SLUSS_CHECK_PASSED,
	SLUSS_CHECK_FAILED,
};

// What would change a denial.
enum sluss_remedy {
	SLUSS_REMEDY_NONE = 0,	      // permitted, or nothing that the agencies can do
	SLUSS_REMEDY_CORRECT_MESSAGE, // label, purpose, type, claim
	SLUSS_REMEDY_TRY_LATER,	      // clock, log, a fact that is missing
	SLUSS_REMEDY_ADD_MEMBER,
	SLUSS_REMEDY_NAME_OFFICER,
	SLUSS_REMEDY_CHANGE_PHASE,
	SLUSS_REMEDY_NEW_CONSENT, // a grant for exactly this, agreed by everyone who must
	SLUSS_REMEDY_ASK_PERSONS, // the persons listed have not agreed
	SLUSS_REMEDY_RESUME,
	SLUSS_REMEDY_WAIT_FOR_START,
	SLUSS_REMEDY_STATUTE,  // a statutory ground for each person concerned who gave none
	SLUSS_REMEDY_APPROVAL, // a second officer approves, or anew
};

struct sluss_explanation {
	struct sluss_decision decision;
	enum sluss_check_result checks[SLUSS_CHECKS];
	const char *text; // the shortest true explanation (sluss_reason_text())
	enum sluss_remedy remedy;
	const char *remedy_text; // one English sentence
	int64_t changes_ms;  // when time alone would change the answer (a grant begins or ends), INT64_MAX for never
	size_t person_count; // who has still to agree
	struct sluss_id persons[32];
};

// The same decision as sluss_decide(), with its reasons. Nothing is allocated; texts are static.
struct sluss_explanation sluss_explain(
    const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms);

// Names for output: "membership", "new_consent".
const char *sluss_check_name(enum sluss_check check);
const char *sluss_remedy_name(enum sluss_remedy remedy);

#endif
