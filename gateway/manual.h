// SPDX-License-Identifier: EUPL-1.2
// `slussd --print-manual`: the manual page slussd(8), its section SETTINGS from the table.
#ifndef SLUSS_MANUAL_H
#define SLUSS_MANUAL_H

#include "sluss/types.h"

#include <stdio.h>

// False: writing failed.
SLUSS_MUST_CHECK bool sluss_manual_print(FILE *out);

#endif
