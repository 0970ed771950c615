// SPDX-License-Identifier: EUPL-1.2
#ifndef SLUSS_CORE_SVC_REPORT_H
#define SLUSS_CORE_SVC_REPORT_H

#include "service.h"

// AuditService.GetReport.
void svc_get_report(struct sluss_txn *txn);

#endif
