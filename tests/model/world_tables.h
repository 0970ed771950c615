// SPDX-License-Identifier: EUPL-1.2
// What decisions read (policy/keys.h) against what the state says when it is walked from end to end.
#ifndef SLUSS_TESTS_MODEL_WORLD_TABLES_H
#define SLUSS_TESTS_MODEL_WORLD_TABLES_H

#include "policy/state.h"

// After each record: whether every case, consent and key is found where it should be, once, and says what the slow way
// says, now and at every later instant at which a version begins or ends.
bool world_tables_hold(const struct sluss_state *state);

#endif
