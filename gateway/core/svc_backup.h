// SPDX-License-Identifier: EUPL-1.2
// AdminService.Backup: a worker copies the database through its own reader while everything goes on; then the writer
// says so in the log.
#ifndef SLUSS_CORE_SVC_BACKUP_H
#define SLUSS_CORE_SVC_BACKUP_H

#include "request.h"

// Worker thread: makes the copy in `folder` (NULL or "": the settings name none). Refuses, or leaves the request ready
// for the writer.
void svc_backup_copy(struct sluss_request *request, struct sluss_store *reader, const char *folder);

#endif
