// SPDX-License-Identifier: EUPL-1.2
// Starts one role: fork, descriptors to their fixed numbers (enum sluss_role_fd), exec of the same program.
#ifndef SLUSS_PARENT_SPAWN_H
#define SLUSS_PARENT_SPAWN_H

#include "parent.h"

#include <sys/types.h>

// "core", "web", "edge", "courier", "idp", "parent".
const char *sluss_role_name(enum sluss_role role);
// SLUSS_ROLE_NONE: no such role.
enum sluss_role sluss_role_by_name(const char *name);

// `fds[n]` becomes descriptor n of the child; -1: closed there. They must all lie above SLUSS_FD_END and stay the
// caller's. `option`: one more argument, or NULL. Returns the child's process id, or -1.
pid_t sluss_parent_spawn(enum sluss_role role, const int fds[SLUSS_FD_END], const char *option);

#endif
