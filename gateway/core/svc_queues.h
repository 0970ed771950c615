// SPDX-License-Identifier: EUPL-1.2
#ifndef SLUSS_CORE_SVC_QUEUES_H
#define SLUSS_CORE_SVC_QUEUES_H

#include "service.h"

// AdminService.ListQueues: what waits for whom, since when, and why. Writer thread.
void svc_queues(struct sluss_txn *txn);

#endif
