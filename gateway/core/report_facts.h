// SPDX-License-Identifier: EUPL-1.2
// What reports count: when each group began and ended, a fold over the log. Threads: the writer's.
#ifndef SLUSS_CORE_REPORT_FACTS_H
#define SLUSS_CORE_REPORT_FACTS_H

#include "policy/state.h"
#include "report.h"

struct sluss_report_facts;

// `hash_key`: as of the world's other tables. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_report_facts *sluss_report_facts_new(const uint8_t hash_key[16]);
void sluss_report_facts_free(struct sluss_report_facts **facts);

// Folds the record in; `state` has folded it already. False: no memory.
SLUSS_MUST_CHECK bool sluss_report_facts_apply(
    struct sluss_report_facts *facts, const struct sluss_state *state, const struct sluss_record *record);

// The groups of a programme that were closed in a calendar year (Europe/Stockholm): writes at most `room`, returns how
// many there are.
size_t sluss_report_facts_select(const struct sluss_report_facts *facts, const char *programme, int year,
    struct sluss_report_case *out, size_t room);

#endif
