// SPDX-License-Identifier: EUPL-1.2
// What a load or race program is told: a text file of `key value` lines, written by the Python harness for one gateway
// and one pair of agencies.
#ifndef SLUSS_TEST_PLAN_H
#define SLUSS_TEST_PLAN_H

#include "sluss/id.h"
#include "sluss/key.h"

enum {
	PLAN_TEXT = 256,
	PLAN_CASES_MAX = 4096,
};

// One side of a talk: certificate and key files, and the agency's own keys.
struct plan_agency {
	char id[SLUSS_AGENCY_MAX + 1];
	char officer[SLUSS_OFFICER_MAX + 1];
	char certificate[PLAN_TEXT];
	char key[PLAN_TEXT];
	struct sluss_signing_key *signing; // owned by the plan
	uint8_t sealing_public[SLUSS_KEY_BYTES];
};

struct plan_case {
	char case_id[SLUSS_ID_TEXT];
	char person_id[SLUSS_ID_TEXT];	// who must agree, alone
	char consent_id[SLUSS_ID_TEXT]; // empty when the program records consents itself
};

struct plan {
	char authority[128];
	char ca[PLAN_TEXT];
	uint16_t port;
	struct plan_agency sender;
	struct plan_agency recipient;
	struct plan_case *cases; // owned by the plan
	size_t case_count;
};

// Exits with a message when the file is not a plan.
void plan_read(const char *path, struct plan *plan_out);
void plan_free(struct plan *plan);

#endif
