// SPDX-License-Identifier: EUPL-1.2
// `slussd --init`: makes a new authority: folders, keys, certificates, policy, settings file. Never overwrites
// anything.
#ifndef SLUSS_INIT_H
#define SLUSS_INIT_H

#include "sluss/types.h"

// Command-line arguments after --init. Returns the exit status: 0 made, 1 could not (says why; what was made stays for
// a look), 2 usage.
int sluss_init_main(int argc, char *const argv[]);

#endif
