// SPDX-License-Identifier: EUPL-1.2
#ifndef SLUSS_CORE_SVC_CASE_PERSONS_H
#define SLUSS_CORE_SVC_CASE_PERSONS_H

#include "service.h"

// CaseService.GetPersons. Writer thread.
void svc_case_persons(struct sluss_txn *txn);

#endif
