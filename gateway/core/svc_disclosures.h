// SPDX-License-Identifier: EUPL-1.2
// AuditService.ListDisclosures (svc_audit.c has its row).
#ifndef SLUSS_CORE_SVC_DISCLOSURES_H
#define SLUSS_CORE_SVC_DISCLOSURES_H

#include "service.h"

void svc_list_disclosures(struct sluss_txn *txn);

// GetLogHealth (svc_log_health.c).
void svc_get_log_health(struct sluss_txn *txn);

#endif
