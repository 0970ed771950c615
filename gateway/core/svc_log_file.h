// SPDX-License-Identifier: EUPL-1.2
// The log's files for HTTP GET (files.h). A worker serves them with a reader of its own, so that readers cost the
// writer nothing; only the first look at entry bundles on a connection goes to the writer, which logs it.
#ifndef SLUSS_CORE_SVC_LOG_FILE_H
#define SLUSS_CORE_SVC_LOG_FILE_H

#include "files.h"
#include "request.h"

// Worker thread: answers a verified request for a file. False: the writer has to serve it (a look to be logged, or the
// reader failed).
SLUSS_MUST_CHECK bool svc_log_file_serve(
    struct sluss_request *request, struct sluss_files *files, struct sluss_store *reader);

// For every service that shows entries of the log, whole: the first look on a connection is a record of the log.
// execute: appends it when there was none yet. False: refused; show nothing.
SLUSS_MUST_CHECK bool svc_look_at_entries(struct sluss_txn *txn);
// finish: it is durable.
void svc_looked_at_entries(struct sluss_txn *txn);

#endif
