// SPDX-License-Identifier: EUPL-1.2
#ifndef SLUSS_CORE_SVC_SESSIONS_END_H
#define SLUSS_CORE_SVC_SESSIONS_END_H

#include "service.h"

// AdminService.EndSessions. Writer thread.
void svc_sessions_end(struct sluss_txn *txn);

#endif
