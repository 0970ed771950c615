// SPDX-License-Identifier: EUPL-1.2
// `sluss-agentd --status`.
#ifndef SLUSS_AGENTD_STATUS_H
#define SLUSS_AGENTD_STATUS_H

#include <stdio.h>

#include "sluss/types.h"

// Prints what waits and why. False: the agent does not answer (said on `err`), or writing failed.
SLUSS_MUST_CHECK bool agentd_status_print(const char *socket_path, bool as_json, FILE *out, FILE *err);

#endif
