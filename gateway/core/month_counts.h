// SPDX-License-Identifier: EUPL-1.2
// Counts of each month (UTC), a fold over the log. Threads: the writer's.
#ifndef SLUSS_CORE_MONTH_COUNTS_H
#define SLUSS_CORE_MONTH_COUNTS_H

#include "policy/record.h"

struct sluss_month {
	uint32_t month;			      // years since 0 times twelve, plus the month (0 to 11)
	uint32_t released, denied, statutory; // pairs of section and recipient; statutory ones are released ones
	uint32_t withdrawals, recalls;
};

struct sluss_months {
	struct sluss_month *months; // rising
	size_t count, room;
};

void sluss_months_free(struct sluss_months *months);
// False: no memory.
SLUSS_MUST_CHECK bool sluss_months_apply(struct sluss_months *months, const struct sluss_record *record);
// The month of an instant (Unix ms).
uint32_t sluss_month_of(int64_t at_ms);

#endif
