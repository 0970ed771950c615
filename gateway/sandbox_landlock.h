// SPDX-License-Identifier: EUPL-1.2
// The two kernel mechanisms that sandbox.c puts together. Each reports what it did; errno is set on FAILED.
#ifndef SLUSS_SANDBOX_LANDLOCK_H
#define SLUSS_SANDBOX_LANDLOCK_H

#include "sandbox.h"

// Landlock (linux/landlock.h): no file may be opened any more, except below plan->writable_dir (may be NULL) and,
// read-only, the time zone data; with plan->connect_ports the files that libc's resolver reads. TCP connections: only
// to these ports, where the kernel can tell (version 4). Sets *abi_out to the kernel's version, 0 when it has none
// (then nothing was done and the result is OK).
SLUSS_MUST_CHECK enum sluss_sandbox_result sluss_sandbox_landlock(const struct sluss_sandbox_plan *plan, int *abi_out);

// seccomp: only the system calls that the role needs (libseccomp). *active_out false: the kernel has no seccomp filter.
SLUSS_MUST_CHECK enum sluss_sandbox_result sluss_sandbox_seccomp(enum sluss_role role, bool *active_out);

#endif
