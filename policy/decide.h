// SPDX-License-Identifier: EUPL-1.2
// The decision, and the checks of what may be recorded. Pure: state and time go in, an answer comes out. Deny is the
// default; "could not tell" is UNAVAILABLE, never yes.
#ifndef SLUSS_POLICY_DECIDE_H
#define SLUSS_POLICY_DECIDE_H

#include "policy/state.h"

enum sluss_verdict {
	SLUSS_VERDICT_NONE = 0, // never permission
	SLUSS_VERDICT_DENY = 1,
	SLUSS_VERDICT_PERMIT = 2,
};

// May this section go to this recipient?
struct sluss_question {
	struct sluss_id case_id;
	const char *sender, *sender_officer;
	const char *recipient;
	const char *recipient_officer; // "" when none is named
	enum sluss_message_type message_type;
	const char *category; // "" is an unlabelled section
	enum sluss_purpose purpose;
	const struct sluss_concerned *concerned;
	size_t concerned_count;
	const struct sluss_claim *claims;
	size_t claim_count;
	bool necessity;	 // the sender argues the necessity in the section's label
	bool log_usable; // false denies: what cannot be logged is not released
};

enum {
	SLUSS_DECISION_GROUNDS = 17, // one for each person concerned (16) and one more
	SLUSS_CONCERNED_MAX = 16,
	SLUSS_CLAIMS_MAX = 16,
};

struct sluss_decision {
	enum sluss_verdict verdict;
	enum sluss_reason reason;
	enum sluss_ground ground; // NONE when denied; STATUTORY as soon as one person concerned rests on a provision
	// Permitted: the grant versions and statutory requests that carry it. Denied: the version or request that came
	// nearest, if any.
	// What stands beyond ground_count means nothing.
	struct sluss_id grounds[SLUSS_DECISION_GROUNDS];
	size_t ground_count;
	const char *provision; // name of the provision used, "" when none; belongs to the policy
	uint64_t seq;	       // number of log records that it was computed from
};

// One pair of section and recipient, with the policy in force (sluss_state_policy()). Never fails: what cannot be told
// is denied. A message is many such questions; the caller refuses it whole when one is denied, unless partial delivery
// was asked for (ruling 8). Order of checks and codes: DOMAIN section 11; the interpretations stand in
// policy/README.md.
struct sluss_decision sluss_decide(
    const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms);

// The same without handing 300 octets around: for who asks often.
void sluss_decide_into(const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms,
    struct sluss_decision *decision_out);

// Many at once, each as if it were asked alone: for all pairs of a message, and for whoever has several questions. The
// waits for memory, which are most of a decision among a million grants, are waited for together.
void sluss_decide_many(const struct sluss_state *state, const struct sluss_question *questions, size_t count,
    int64_t now_ms, struct sluss_decision *decisions_out);

// What is wrong with something that should be recorded.
struct sluss_refusal {
	enum sluss_reason reason; // NONE: nothing
	char field[64];		  // path of the field in the statement (names of proto/sluss/v1), "" for the whole
};

// All sluss_check_*: SLUSS_REASON_NONE when it may be recorded, else the reason, also in `*refusal_out`. They only
// look; the caller appends the record.

struct sluss_grant_draft {
	const char *category;
	const char *sender;
	const char *const *recipients;
	size_t recipient_count;
	enum sluss_purpose purpose; // NONE or out of range is vague
	bool has_from, has_until;
	int64_t from_ms, until_ms;
	bool explicit_mark;
};

// Ruling 17, grant by grant, in this order: category, sender, recipients, purpose, from and until. VAGUE_* for what is
// missing or a wildcard; UNKNOWN_*; NO_END; END_TOO_LATE; NOT_NAMED_ALONE; OUTSIDE_PROGRAMME; CLOSED_STATE for a closed
// case; UNKNOWN_CASE; MALFORMED for a window that is empty or a receiver that is the sender.
SLUSS_MUST_CHECK enum sluss_reason sluss_check_consent(const struct sluss_state *state, const struct sluss_id *case_id,
    const struct sluss_grant_draft *drafts, size_t draft_count, int64_t now_ms, struct sluss_refusal *refusal_out);

// May `person` do this to these grant versions now? GIVE: the subject or a registered guardian; INVALIDATE: also nobody
// (an id of zeros); the others: one who must agree at this moment (NOT_ENTITLED). CLOSED_STATE for a version that is
// refused, withdrawn, invalidated or past its end; refusing is never too late. NARROW: `from_ms`, `until_ms` as in the
// record (0: unchanged), MALFORMED when it would widen, change nothing or leave nothing. RESUME of what is not paused
// is MALFORMED. NOT_FOUND for a version of another case.
struct sluss_act_request {
	struct sluss_id case_id;
	struct sluss_id person;
	enum sluss_act act;
	const struct sluss_id *grants;
	size_t grant_count;
	int64_t from_ms, until_ms; // NARROW
};
SLUSS_MUST_CHECK enum sluss_reason sluss_check_act(const struct sluss_state *state,
    const struct sluss_act_request *request, int64_t now_ms, struct sluss_refusal *refusal_out);

// NOT_ENTITLED for one who need not agree at this moment (ruling 5); UNKNOWN_CASE, NOT_FOUND (a grant or consent of
// another case), UNKNOWN_CATEGORY, UNKNOWN_AGENCY for its scope. Nothing left to close is no error.
SLUSS_MUST_CHECK enum sluss_reason sluss_check_withdrawal(
    const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal, struct sluss_refusal *refusal_out);

// OUTSIDE_PROGRAMME (unknown programme, or an age outside it); UNAVAILABLE when the age is not known.
SLUSS_MUST_CHECK enum sluss_reason sluss_check_open(const struct sluss_state *state, const char *programme,
    uint8_t from_years, uint8_t until_years, struct sluss_refusal *refusal_out);

// MALFORMED for no id, the subject as own guardian, or more than 31 different guardians over the person's time;
// UNKNOWN_CASE.
SLUSS_MUST_CHECK enum sluss_reason sluss_check_guardians(const struct sluss_state *state,
    const struct sluss_id *case_id, const struct sluss_id *guardians, size_t guardian_count,
    struct sluss_refusal *refusal_out);

// ASSESSMENT_NOT_ALLOWED when the age row does not name it, or the programme has a rule of its own.
SLUSS_MUST_CHECK enum sluss_reason sluss_check_assessment(const struct sluss_state *state,
    const struct sluss_id *case_id, enum sluss_who who, struct sluss_refusal *refusal_out);

// PHASE_FORBIDS when the policy knows no such step, a message has to come first, or a link is still lost; CLOSED_STATE
// from closed; MALFORMED for a closing without its reason (or a reason without closing).
SLUSS_MUST_CHECK enum sluss_reason sluss_check_phase(const struct sluss_state *state, const struct sluss_id *case_id,
    enum sluss_phase phase, enum sluss_close_reason reason, int64_t now_ms, struct sluss_refusal *refusal_out);

// STATUTE_UNKNOWN; STATUTE_NOT_APPLICABLE (agency types, categories, message type, age, necessity text);
// VAGUE_RECIPIENT, VAGUE_CATEGORY for empty lists; UNKNOWN_AGENCY, UNKNOWN_CATEGORY; DEFERRAL_UNARGUED for a deferral
// without reasons or without a date after now; UNKNOWN_CASE.
SLUSS_MUST_CHECK enum sluss_reason sluss_check_statute_request(const struct sluss_state *state,
    const struct sluss_rec_statute_requested *request, bool deferral_reasons, int64_t now_ms,
    struct sluss_refusal *refusal_out);

// NOT_FOUND; NOT_ENTITLED (another agency, the same officer, no approver's role); CLOSED_STATE when it was answered
// already.
SLUSS_MUST_CHECK enum sluss_reason sluss_check_statute_answer(const struct sluss_state *state,
    const struct sluss_rec_statute_answered *answer, int64_t now_ms, struct sluss_refusal *refusal_out);

#endif
