// SPDX-License-Identifier: EUPL-1.2
// What an agency has to be told without having asked: its message was withheld, somebody withdrew in a case that it leads. A fold over the log; only positions are
// kept, the record itself says the rest. Eight octets a notice.
// Threads: the writer's.
#ifndef SLUSS_CORE_NOTICES_H
#define SLUSS_CORE_NOTICES_H

#include "messages.h"
#include "policy/state.h"

struct sluss_notices;

SLUSS_MUST_CHECK struct sluss_notices *sluss_notices_new(void);
// Takes NULL and nulls.
void sluss_notices_free(struct sluss_notices **notices);

// Folds the record in as number `index`, after state and messages have taken it. Records that concern nobody do nothing. False: no memory; the fold is broken.
SLUSS_MUST_CHECK bool sluss_notices_apply(struct sluss_notices *notices, const struct sluss_state *state, const struct sluss_messages *messages,
    const struct sluss_record *record, uint64_t index);

// Log positions of an agency's notices in [from, before), oldest first, at most `max`. Returns how many.
size_t sluss_notices_of(
    const struct sluss_notices *notices, const char *agency, uint64_t from, uint64_t before, uint64_t *indexes_out, size_t max);

#endif
