// SPDX-License-Identifier: EUPL-1.2
// How the log's witnesses stand, in the words of the contract: for the operator's health and the auditor's.
#ifndef SLUSS_CORE_SVC_WITNESSES_H
#define SLUSS_CORE_SVC_WITNESSES_H

#include "notary.h"
#include "service.h"
#include "sluss/v1/audit.pb-c.h"

// One row a witness, in the order of the settings, in the arena. False: no memory.
SLUSS_MUST_CHECK bool svc_witnesses(struct sluss_txn *txn, const struct sluss_notary_health *health,
    Sluss__V1__WitnessHealth ***list_out, size_t *count_out);

#endif
