// SPDX-License-Identifier: EUPL-1.2
// The parts of a policy file that are rules. Inside of the loader.
#ifndef SLUSS_POLICY_LOADER_RULES_H
#define SLUSS_POLICY_LOADER_RULES_H

#include "policy/loader_json.h"

// Each reads one top-level array into loader->policy; categories, purposes and agency types are read before them.
SLUSS_MUST_CHECK bool sluss_loader_programmes(struct sluss_loader *loader, const struct sluss_place *place);
SLUSS_MUST_CHECK bool sluss_loader_messages(struct sluss_loader *loader, const struct sluss_place *place);
SLUSS_MUST_CHECK bool sluss_loader_phases(struct sluss_loader *loader, const struct sluss_place *place);
// Absent: two weeks to answer, nothing kept after a grant's end, the police's mark, any ground for keeping.
SLUSS_MUST_CHECK bool sluss_loader_recall(struct sluss_loader *loader, const struct sluss_place *place);
SLUSS_MUST_CHECK bool sluss_loader_provisions(struct sluss_loader *loader, const struct sluss_place *place);

// How a name becomes a bit of a set, as the policy at hand knows it.
int sluss_bit_category(const struct sluss_loader *loader, const char *name);
int sluss_bit_agency_type(const struct sluss_loader *loader, const char *name);
int sluss_bit_purpose(const struct sluss_loader *loader, const char *name);
int sluss_bit_message(const struct sluss_loader *loader, const char *name);
int sluss_bit_phase(const struct sluss_loader *loader, const char *name);
int sluss_bit_close_reason(const struct sluss_loader *loader, const char *name);

#endif
