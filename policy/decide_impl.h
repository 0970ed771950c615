// SPDX-License-Identifier: EUPL-1.2
// The inside of a decision: the question with every name resolved, and the grounds that may carry it.
#ifndef SLUSS_POLICY_DECIDE_IMPL_H
#define SLUSS_POLICY_DECIDE_IMPL_H

#include "policy/decide.h"
#include "policy/explain.h"
#include "policy/state_impl.h"

// The compiler zeroes locals; what is filled field by field right away need not be.
#define ST_FILLED __attribute__((uninitialized))

struct asking {
	const struct sluss_state *state;
	const struct sluss_policy *policy;
	const struct sluss_question *question;
	int64_t now_ms;
	uint64_t case_hash;
	uint64_t key_hash;	      // of `key` in this case
	uint64_t claim_hash;	      // of the first claim's id
	uint32_t kase_at;	      // SLUSS_NOWHERE: no such case
	const struct case_line *line; // of the case, NULL
	uint16_t sender, recipient;
	uint8_t sender_type, recipient_type; // NONE: not in the directory, or has left
	uint8_t category;		     // the state's number, NO_INDEX
	uint8_t in_policy;		     // position in the policy, NO_INDEX
	bool labelled;			     // the section has a category
	const struct sluss_type *type;
	uint64_t key; // of the grant that would carry it
	bool claims_consent;
	bool claims_statute;
};

// What one ground says: OK_CONSENT or OK_STATUTE, or why not, and the version or request that it was about (none: all
// zero).
struct finding {
	enum sluss_reason reason;
	struct sluss_id about;
	const char *provision;
};

// ground.c
// The exact grant under `key` in a case, or the near misses around it.
struct finding st_find_consent_ground(const struct asking *asking, uint32_t kase_at);
// The version that the key's slot says permits now, NULL when it says nothing. `*number_out` is the slot, SLUSS_NOWHERE
// when there is no such key.
const struct sluss_id *st_find_permitting(const struct asking *asking, uint32_t kase_at, uint32_t *number_out);
// The first claimed statutory ground that permits, else the first one's code (ruling 14).
struct finding st_find_statute_ground(const struct asking *asking);
// Whether a provision reaches this question: types, categories, ages, necessity. OK_STATUTE, STATUTE_NOT_APPLICABLE or
// UNAVAILABLE.
// `subject` NULL: nothing is known of whom the case is about.
enum sluss_reason st_provision_reaches(const struct sluss_provision *law, const struct facts *subject,
    uint8_t sender_type, uint8_t recipient_type, enum sluss_message_type type, uint64_t category_bit, bool necessity);

// decide.c: the decision, and which check failed (NONE when permitted). Grounds beyond ground_count are not written.
enum sluss_check st_decide(const struct sluss_state *state, const struct sluss_question *question, int64_t now_ms,
    struct sluss_decision *decision);

#endif
