// SPDX-License-Identifier: EUPL-1.2
// The inside of a policy: plain data, filled by the loader, read by decide and state. Not for the gateway, which uses
// policy.h.
#ifndef SLUSS_POLICY_POLICY_DATA_H
#define SLUSS_POLICY_POLICY_DATA_H

#include "policy/policy.h"

// Caps of one policy; the loader refuses more.
enum {
	SLUSS_POLICY_TEXT_MAX = 512 * 1024,
	SLUSS_POLICY_CATEGORIES_MAX = 64, // DOMAIN section 3; also the bits of a category set
	SLUSS_POLICY_PROGRAMMES_MAX = 16,
	SLUSS_POLICY_AGE_ROWS_MAX = 16,
	SLUSS_POLICY_LINKS_MAX = 8, // bits of a case's mask
	SLUSS_POLICY_ROWS_MAX = 128,
	SLUSS_POLICY_PROVISIONS_MAX = 64,
	SLUSS_POLICY_VAGUE_MAX = 32,
	SLUSS_POLICY_KEEP_GROUNDS_MAX = 32,
	SLUSS_POLICY_CUTS_MAX = 256, // one for each age that fits an octet
};

// Who must agree at from <= age < until.
struct sluss_age_row {
	uint8_t from, until;
	enum sluss_who who;
	uint8_t assessments; // bit 1 << who for each outcome that an assessment of maturity may record
};

struct sluss_link {
	enum sluss_agency_type a, b; // both directions are needed
};

struct sluss_programme {
	char name[SLUSS_NAME_MAX + 1];
	uint8_t age_from, age_until;			      // checked when a case is opened and a consent recorded
	struct sluss_age_row rows[SLUSS_POLICY_AGE_ROWS_MAX]; // ascending, without gap from 0 to SLUSS_AGE_OPEN
	size_t row_count;
	struct sluss_link links[SLUSS_POLICY_LINKS_MAX];
	size_t link_count;
	uint32_t before_enrolment; // bit 1 << message type: accepted in the case before it may be enrolled
};

// One way in which a message type may go.
struct sluss_row {
	enum sluss_message_type type;
	uint32_t from, to;   // bits 1 << agency type
	uint64_t categories; // bits 1 << category index; 0 with about_person false
	uint32_t purposes;   // bits 1 << purpose
};

struct sluss_type {
	bool known; // has a row
	bool about_person;
	bool sender_member, recipient_member;
	bool opens_case;
	uint8_t first_row, row_count; // rows of one type stand together
};

struct sluss_provision {
	char name[SLUSS_NAME_MAX + 1];
	char title[128];
	uint32_t from, to;   // bits 1 << agency type
	uint64_t categories; // bits 1 << category index
	uint32_t types;	     // bits 1 << message type
	bool has_ages;
	uint8_t age_from, age_until;
	bool unknown_age; // applies where the gateway does not know the age
	bool necessity;
	bool second_approver;
	bool may_defer;
	bool reviewed; // somebody stands in reviewed_by
	int64_t lasts_ms;
};

// What is asked back, and how it may be answered. A policy that says nothing of it has the loader's defaults.
struct sluss_recall_rules {
	int answer_days;	// to answer, whole days after that of the recall
	int keep_days;		// what was received may be kept for after the grant's end
	uint32_t register_mark; // bits 1 << agency type: keep a mark of their own about participants
	char keep_grounds[SLUSS_POLICY_KEEP_GROUNDS_MAX][SLUSS_NAME_MAX + 1];
	size_t keep_ground_count; // 0: any name
};

struct sluss_policy {
	char name[SLUSS_NAME_MAX + 1];
	char version[SLUSS_NAME_MAX + 1];
	char categories[SLUSS_POLICY_CATEGORIES_MAX][SLUSS_NAME_MAX + 1];
	size_t category_count;
	uint64_t protected_categories;
	uint32_t purposes;     // bits that the policy knows
	uint32_t agency_types; // bits that the policy knows
	uint32_t named_alone;  // agency types that a grant names alone
	int max_months;
	bool one_guardian_enough;
	char vague[SLUSS_POLICY_VAGUE_MAX][SLUSS_NAME_MAX + 1];
	size_t vague_count;
	enum sluss_leap_day leap_day;
	struct sluss_programme programmes[SLUSS_POLICY_PROGRAMMES_MAX];
	size_t programme_count;
	struct sluss_row rows[SLUSS_POLICY_ROWS_MAX];
	size_t row_count;
	struct sluss_type types[SLUSS_MESSAGE_TYPES];
	uint32_t phase_types[SLUSS_PHASES]; // bits 1 << message type that each phase allows
	uint8_t phase_next[SLUSS_PHASES];   // bits 1 << phase
	uint32_t close_reasons;		    // bits
	struct sluss_provision provisions[SLUSS_POLICY_PROVISIONS_MAX];
	size_t provision_count;
	struct sluss_recall_rules recall;
	uint8_t cuts[SLUSS_POLICY_CUTS_MAX]; // every age the policy names, ascending
	size_t cut_count;
};

static inline bool sluss_bit32(uint32_t set, unsigned bit)
{
	return bit < 32 && ((set >> bit) & 1u) != 0;
}

static inline bool sluss_bit64(uint64_t set, unsigned bit)
{
	return bit < 64 && ((set >> bit) & 1u) != 0;
}

// The row that holds the whole band, NULL when none does ("could not tell").
static inline const struct sluss_age_row *sluss_programme_row(
    const struct sluss_programme *programme, uint8_t from, uint8_t until)
{
	for (size_t i = 0; i < programme->row_count; i++) {
		const struct sluss_age_row *row = &programme->rows[i];
		if (row->from <= from && until <= row->until)
			return row;
	}
	return NULL;
}

#endif
