// SPDX-License-Identifier: EUPL-1.2
// What keeper.c and keeper_answer.c share.
#ifndef SLUSS_CORE_KEEPER_IMPL_H
#define SLUSS_CORE_KEEPER_IMPL_H

#include "keeper.h"

// The witness has no good answer: it is asked again later and later.
void keeper_failed(struct sluss_keeper *keeper, struct sluss_keeper_witness *witness, int64_t now_ms);
// A line was added to the round: is it a quorum now?
void keeper_signed(struct sluss_keeper *keeper);

#endif
