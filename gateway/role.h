// SPDX-License-Identifier: EUPL-1.2
// `slussd --role=NAME`: what the parent starts. Takes the descriptors of parent.h, enters the sandbox, runs the role's
// main function. Not for people.
#ifndef SLUSS_ROLE_H
#define SLUSS_ROLE_H

#include "settings.h"

// Returns the process's exit status; 2 tells the parent that a restart would not help. `parent_pid` is whom to die
// with.
int sluss_role_main(enum sluss_role role, int parent_pid, bool accept_rollback);

#endif
