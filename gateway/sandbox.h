// SPDX-License-Identifier: EUPL-1.2
// A role's sandbox: the process gives up what it will not need, before it reads its first foreign octet. Entered once,
// in a single-threaded process, after exec and before the role's main function; threads inherit it. In this order: own
// uid, no new privileges, death with the parent, no core dumps or ptrace (not dumpable), Landlock (file system),
// seccomp (system calls).
#ifndef SLUSS_SANDBOX_H
#define SLUSS_SANDBOX_H

#include "settings.h"

struct sluss_sandbox_plan {
	enum sluss_role role;
	enum sluss_sandbox_mode mode;
	const char *user;	  // to become, when we are root and it exists; NULL or "" = stay
	const char *writable_dir; // core: the only folder that it may open files in; NULL = no file at all
	const char *backup_dir;	  // core: another one, for copies of its store; NULL = none
	int parent_pid;		  // to die with; 0 = do not
	// The courier: TCP ports that it may connect to, and that it looks up names. NULL, 0: no connection.
	const uint16_t *connect_ports;
	size_t connect_count;
};

// What took hold. NONE is "not asked for or not possible here".
enum sluss_sandbox_state {
	SLUSS_SANDBOX_STATE_NONE = 0,
	SLUSS_SANDBOX_STATE_ACTIVE,
};

struct sluss_sandbox_report {
	enum sluss_sandbox_state own_user;
	enum sluss_sandbox_state no_new_privileges;
	enum sluss_sandbox_state landlock;
	enum sluss_sandbox_state seccomp;
	int landlock_abi; // 0 = none
};

enum sluss_sandbox_result {
	SLUSS_SANDBOX_OK = 0,
	SLUSS_SANDBOX_FAILED, // the kernel has it but refused; the role must not start (the event log says what)
};

// Writes the event sandbox-active with what took hold.
SLUSS_MUST_CHECK enum sluss_sandbox_result sluss_sandbox_enter(
    const struct sluss_sandbox_plan *plan, struct sluss_sandbox_report *report_out);

#endif
