// SPDX-License-Identifier: EUPL-1.2
// The probation service's list of sanctions as CSV -> one ProbationReport a row.
#ifndef SLUSS_PROBATION_CSV_H
#define SLUSS_PROBATION_CSV_H

#include "convert.h"

// Rows that cannot be used are reported and rejected. The key of a content is the client as the file writes it. False:
// the file as a whole cannot be used (reported).
SLUSS_MUST_CHECK bool sluss_probation_reports(const char *octets, size_t len, const struct sluss_convert *to);

#endif
