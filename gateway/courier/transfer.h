// SPDX-License-Identifier: EUPL-1.2
// One call under way, as libcurl sees it. Threads: the courier's.
#ifndef SLUSS_COURIER_TRANSFER_H
#define SLUSS_COURIER_TRANSFER_H

#include "courier/courier.h"

struct sluss_transfer;

// Copies what it needs of the call; `ca` (PEM, may be empty: no https) must outlive it. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_transfer *sluss_transfer_new(
    const struct sluss_courier_target *target, const Sluss__V1__CourierCall *call, struct sluss_bytes ca);
// Takes NULL and nulls. The handle must have left its multi handle.
void sluss_transfer_free(struct sluss_transfer **transfer);

// The CURL handle, to be added to a multi handle.
void *sluss_transfer_handle(const struct sluss_transfer *transfer);

// What came of it; `result` is the CURLcode. The answer points into the transfer.
void sluss_transfer_answer(struct sluss_transfer *transfer, int result, Sluss__V1__CourierAnswer *answer_out);

#endif
