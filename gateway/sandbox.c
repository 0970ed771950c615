// SPDX-License-Identifier: EUPL-1.2
// Puts a role into its sandbox, in the order in which each step is still possible, and says what took hold.
#include "sandbox.h"

#include "log_event.h"
#include "sandbox_landlock.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *state_name(enum sluss_sandbox_state state)
{
	return state == SLUSS_SANDBOX_STATE_ACTIVE ? "active" : "none";
}

static enum sluss_sandbox_result failed(const char *step)
{
	sluss_event(SLUSS_EVENT_ERROR, "sandbox-failed", "step=%s error=\"%s\"", step, strerror(errno));
	return SLUSS_SANDBOX_FAILED;
}

// Becomes the role's own user. Staying root is allowed when there is no such user (a developer's machine), and said.
static enum sluss_sandbox_result become_user(const char *user, enum sluss_sandbox_state *state_out)
{
	if (geteuid() != 0 || user == NULL || user[0] == '\0')
		return SLUSS_SANDBOX_OK;
	errno = 0;
	const struct passwd *entry = getpwnam(user);
	if (entry == NULL) {
		sluss_event(SLUSS_EVENT_WARNING, "sandbox-user-absent", "user=%s stays=root", user);
		return SLUSS_SANDBOX_OK;
	}
	if (setgroups(0, NULL) != 0 || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0 ||
	    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
		return failed("user");
	*state_out = SLUSS_SANDBOX_STATE_ACTIVE;
	return SLUSS_SANDBOX_OK;
}

// After the change of user, which clears these two.
static enum sluss_sandbox_result bind_to_parent(const struct sluss_sandbox_plan *plan)
{
	if (plan->mode == SLUSS_SANDBOX_AUTO && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failed("dumpable");
	if (plan->parent_pid == 0)
		return SLUSS_SANDBOX_OK;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return failed("death-with-parent");
	if (getppid() != plan->parent_pid) {
		// It died between our start and the call above: nobody would tell us.
		errno = ESRCH;
		return failed("parent-gone");
	}
	return SLUSS_SANDBOX_OK;
}

static enum sluss_sandbox_result close_in(const struct sluss_sandbox_plan *plan, struct sluss_sandbox_report *report)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed("no-new-privileges");
	report->no_new_privileges = SLUSS_SANDBOX_STATE_ACTIVE;
	if (plan->mode != SLUSS_SANDBOX_AUTO)
		return SLUSS_SANDBOX_OK;
	if (sluss_sandbox_landlock(plan, &report->landlock_abi) != SLUSS_SANDBOX_OK)
		return failed("landlock");
	if (report->landlock_abi > 0)
		report->landlock = SLUSS_SANDBOX_STATE_ACTIVE;
	bool seccomp_active = false;
	if (sluss_sandbox_seccomp(plan->role, &seccomp_active) != SLUSS_SANDBOX_OK)
		return failed("seccomp");
	if (seccomp_active)
		report->seccomp = SLUSS_SANDBOX_STATE_ACTIVE;
	return SLUSS_SANDBOX_OK;
}

enum sluss_sandbox_result sluss_sandbox_enter(
    const struct sluss_sandbox_plan *plan, struct sluss_sandbox_report *report_out)
{
	*report_out = (struct sluss_sandbox_report){0};
	enum sluss_sandbox_result result = become_user(plan->user, &report_out->own_user);
	if (result == SLUSS_SANDBOX_OK)
		result = bind_to_parent(plan);
	if (result == SLUSS_SANDBOX_OK)
		result = close_in(plan, report_out);
	if (result != SLUSS_SANDBOX_OK)
		return result;
	sluss_event(SLUSS_EVENT_NOTICE, "sandbox-active",
	    "own-user=%s no-new-privileges=%s landlock=%s landlock-version=%d seccomp=%s",
	    state_name(report_out->own_user), state_name(report_out->no_new_privileges),
	    state_name(report_out->landlock), report_out->landlock_abi, state_name(report_out->seccomp));
	return SLUSS_SANDBOX_OK;
}
