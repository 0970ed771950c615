// SPDX-License-Identifier: EUPL-1.2
// Policy files from anywhere: parsed, checked, and when one is good, put in force in a small state and asked a
// question.
#include "policy/decide.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, const struct sluss_policy_remark *remark)
{
	(void)context;
	if (remark->where.line < 0 || remark->where.message[0] == '\0')
		abort();
}

static const struct sluss_policy *lookup(void *context, const uint8_t hash[SLUSS_HASH_BYTES])
{
	(void)hash;
	return context;
}

static struct sluss_id id_of(uint8_t number)
{
	return (struct sluss_id){{number}};
}

// Without a consent nothing passes, whatever the law says, but what a provision lets a sender claim.
static void ask(struct sluss_policy *policy)
{
	const struct sluss_state_options options = {.lookup = lookup, .context = policy};
	struct sluss_state *state = sluss_state_new(&options);
	if (state == NULL)
		return;
	const char *programme = sluss_policy_programme(policy, 0);
	const struct sluss_member members[] = {{.agency = "a"}, {.agency = "b"}};
	const struct sluss_record records[] = {
	    {.type = SLUSS_REC_POLICY_SET},
	    {.type = SLUSS_REC_AGENCY_ENROLLED,
		.u.agency_enrolled = {.agency = "a", .type = SLUSS_AGENCY_SOCIAL_SERVICES}},
	    {.type = SLUSS_REC_AGENCY_ENROLLED, .u.agency_enrolled = {.agency = "b", .type = SLUSS_AGENCY_POLICE}},
	    {.type = SLUSS_REC_CASE_OPENED,
		.u.case_opened = {.case_id = id_of(1),
		    .subject = id_of(2),
		    .programme = programme,
		    .phase = SLUSS_PHASE_INQUIRY,
		    .agency = "a"}},
	    {.type = SLUSS_REC_PERSON_AGE, .u.person_age = {.person = id_of(2), .from_years = 16, .until_years = 17}},
	    {.type = SLUSS_REC_MEMBERS_SET,
		.u.members_set = {.case_id = id_of(1), .members = members, .member_count = 2}},
	};
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (sluss_state_apply(state, &records[i], i) != SLUSS_APPLY_OK)
			abort();
	}
	const struct sluss_concerned subject = {.kind = SLUSS_CONCERNED_SUBJECT};
	for (unsigned type = 0; type <= SLUSS_MESSAGE_TYPES; type++) {
		for (size_t category = 0; category < sluss_policy_category_count(policy); category++) {
			const struct sluss_claim claim = {.kind = SLUSS_CLAIM_APPROVAL, .id = id_of(9)};
			const struct sluss_question question = {.case_id = id_of(1),
			    .sender = "a",
			    .recipient = "b",
			    .message_type = (enum sluss_message_type)type,
			    .category = sluss_policy_category(policy, category),
			    .purpose = SLUSS_PURPOSE_COORDINATION,
			    .concerned = &subject,
			    .concerned_count = 1,
			    .claims = &claim,
			    .claim_count = 1,
			    .log_usable = true};
			if (sluss_decide(state, &question, 1).verdict == SLUSS_VERDICT_PERMIT)
				abort();
		}
	}
	sluss_state_free(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sluss_policy *policy = NULL;
	struct sluss_policy_error error;
	const char *text = (const char *)data;
	if (sluss_policy_parse(text, size, &policy, &error)) {
		ask(policy);
		sluss_policy_free(&policy);
	} else if (policy != NULL || error.message[0] == '\0') {
		abort();
	}
	(void)sluss_policy_check(text, size, ignore, NULL);
	return 0;
}
