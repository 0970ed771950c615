// SPDX-License-Identifier: EUPL-1.2
// An identity provider as the settings describe it: where its endpoints are, and what of its word counts for whom.
// Plain data.
#ifndef SLUSS_CORE_ISSUER_H
#define SLUSS_CORE_ISSUER_H

#include "sluss/types.h"

enum {
	SLUSS_ISSUERS_MAX = 8,
	SLUSS_ISSUER_URL = 192, // octets with the NUL, as all of these; with its name it fits into a text of the log
	SLUSS_ISSUER_TEXT = 128,
	SLUSS_ISSUER_NAME = 32,
};

struct sluss_issuer {
	char name[SLUSS_ISSUER_NAME]; // ours, [a-z0-9-]
	bool staff;		      // else persons
	char url[SLUSS_ISSUER_URL];   // the provider's issuer identifier: the ID token's `iss`, octet by octet
	char client_id[SLUSS_ISSUER_TEXT];
	char authorize[SLUSS_ISSUER_URL];
	char token[SLUSS_ISSUER_URL];
	char jwks[SLUSS_ISSUER_URL];	  // where idp fetches the provider's keys; or:
	char jwks_file[SLUSS_ISSUER_URL]; // the only keys that count, read by core at start; never both
	char scope[SLUSS_ISSUER_TEXT];
	char acr[SLUSS_ISSUER_TEXT];	       // "" = any; else asked for, and the token must say it
	char person_claim[SLUSS_ISSUER_TEXT];  // persons: has the personal identity number
	char officer_claim[SLUSS_ISSUER_TEXT]; // staff: has the officer's id
	char agency[SLUSS_AGENCY_MAX + 1];     // staff: the one agency that it may speak for
	char agency_claim[SLUSS_ISSUER_TEXT];  // or: the claim that names one of ...
	char agencies[SLUSS_ISSUER_URL];       // ... these, with commas between them
	char display[SLUSS_ISSUER_TEXT];       // for people
	char secret_file[SLUSS_ISSUER_URL];    // idp's alone: the client's secret; "" = a public client
};

// Rows of idp's table: token endpoint and keys of issuer number `issuer`.
static inline uint32_t sluss_issuer_token_index(size_t issuer)
{
	return (uint32_t)(2 * issuer);
}

static inline uint32_t sluss_issuer_keys_index(size_t issuer)
{
	return (uint32_t)(2 * issuer + 1);
}

#endif
