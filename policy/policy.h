// SPDX-License-Identifier: EUPL-1.2
// A policy: the law as data. It is parsed from JSON by the loader (library sluss_policy_loader), never changes
// afterwards, and may be read by any number of threads.
#ifndef SLUSS_POLICY_POLICY_H
#define SLUSS_POLICY_POLICY_H

#include "policy/calendar.h"
#include "policy/record.h"

struct sluss_policy;

// Where a policy file is wrong, for people.
struct sluss_policy_error {
	int line;	   // from 1; 0 when it is the whole
	int column;	   // from 1
	char path[128];	   // JSON pointer (RFC 6901), "" for the whole
	char message[200]; // one English sentence
};

// Parses and checks a policy file of at most 512 KiB. `*policy_out` belongs to the caller (sluss_policy_free()); it
// does not refer to `text`. Returns false with `*error_out` filled (`*policy_out` NULL) when the file is not a policy
// or memory ran out. In sluss_policy_loader.
SLUSS_MUST_CHECK bool sluss_policy_parse(
    const char *text, size_t len, struct sluss_policy **policy_out, struct sluss_policy_error *error_out);

// Takes NULL, nulls. No state may still use it.
void sluss_policy_free(struct sluss_policy **policy);

// One remark about a policy that parses: a contradiction, or a rule that can never apply.
struct sluss_policy_remark {
	bool error; // false: a warning
	struct sluss_policy_error where;
};

typedef void sluss_policy_remark_fn(void *context, const struct sluss_policy_remark *remark);

// For `sluss policy check`: everything that is wrong or odd with a policy file, in line order as far as it is known.
// Returns the number of errors (0: it may be put in force). In sluss_policy_loader.
size_t sluss_policy_check(const char *text, size_t len, sluss_policy_remark_fn *remark, void *context);

// Name and version that the file gives itself ("policy" and "version").
const char *sluss_policy_name(const struct sluss_policy *policy);
const char *sluss_policy_version(const struct sluss_policy *policy);

// How a policy treats 29 February.
enum sluss_leap_day sluss_policy_leap_day(const struct sluss_policy *policy);

// Months that a grant may last at most.
int sluss_policy_max_months(const struct sluss_policy *policy);

// Categories: names by position. The position of a name, or -1.
size_t sluss_policy_category_count(const struct sluss_policy *policy);
const char *sluss_policy_category(const struct sluss_policy *policy, size_t index);
int sluss_policy_category_index(const struct sluss_policy *policy, const char *name);

// Programmes: names by position.
size_t sluss_policy_programme_count(const struct sluss_policy *policy);
const char *sluss_policy_programme(const struct sluss_policy *policy, size_t index);
// Whom it takes: from_out <= age < until_out. False: there is no such programme.
SLUSS_MUST_CHECK bool sluss_policy_programme_ages(
    const struct sluss_policy *policy, const char *name, uint8_t *from_out, uint8_t *until_out);

// What the wire shows of a provision.
struct sluss_provision_view {
	const char *name;
	const char *title;
	bool necessity;	      // must be argued
	bool second_approver; // another officer has to approve; without it a sender may claim the provision itself
	int64_t lasts_ms;     // how long an approval lasts
};
size_t sluss_policy_provision_count(const struct sluss_policy *policy);
bool sluss_policy_provision(const struct sluss_policy *policy, size_t index, struct sluss_provision_view *view_out);
bool sluss_policy_provision_find(
    const struct sluss_policy *policy, const char *name, struct sluss_provision_view *view_out);

// Whether a message of this type needs a member on each side, whether it may name a case that does not exist yet
// (ruling 11), and whether it speaks about a person at all (ruling 12).
struct sluss_type_view {
	bool sender_member, recipient_member;
	bool opens_case;
	bool about_person;
};
bool sluss_policy_type(
    const struct sluss_policy *policy, enum sluss_message_type type, struct sluss_type_view *view_out);

// The age band around `age` (completed years), cut at every age that the policy names: what a PERSON_AGE record says.
void sluss_age_band(const struct sluss_policy *policy, int age, uint8_t *from_years_out, uint8_t *until_years_out);

// The band of somebody born on `birth` at `now_ms`, and the instant at which the next band begins (INT64_MAX when there
// is none). False when the person is not born yet.
SLUSS_MUST_CHECK bool sluss_age_band_at(const struct sluss_policy *policy, struct sluss_date birth, int64_t now_ms,
    uint8_t *from_years_out, uint8_t *until_years_out, int64_t *next_ms_out);

// Names as the policy file and DOMAIN write them ("social_services", "coordination", "SchoolReport", "enrolled",
// "goals_met"); NULL for a number that is none. The inverse gives 0 for an unknown name.
// When the answer to a recall of `now_ms` is due: the midnight that ends the last day for it.
int64_t sluss_policy_recall_due_ms(const struct sluss_policy *policy, int64_t now_ms);
// Whether agencies of this type keep a mark of their own about participants, which a recall asks for too.
bool sluss_policy_register_mark(const struct sluss_policy *policy, enum sluss_agency_type type);
// Whether something recalled may be kept on this ground. The n-th ground that may be stated, NULL past the end; a
// policy that lists none leaves it to the agency.
bool sluss_policy_may_keep(const struct sluss_policy *policy, const char *ground);
const char *sluss_policy_keep_ground(const struct sluss_policy *policy, size_t index);

const char *sluss_agency_type_name(enum sluss_agency_type type);
enum sluss_agency_type sluss_agency_type_from_name(const char *name);
const char *sluss_purpose_name(enum sluss_purpose purpose);
enum sluss_purpose sluss_purpose_from_name(const char *name);
const char *sluss_message_type_name(enum sluss_message_type type);
enum sluss_message_type sluss_message_type_from_name(const char *name);
const char *sluss_phase_name(enum sluss_phase phase);
enum sluss_phase sluss_phase_from_name(const char *name);
const char *sluss_close_reason_name(enum sluss_close_reason reason);
enum sluss_close_reason sluss_close_reason_from_name(const char *name);

#endif
