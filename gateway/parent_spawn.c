// SPDX-License-Identifier: EUPL-1.2
#include "parent_spawn.h"

#include "log_event.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

extern char **environ;

static const struct {
	enum sluss_role role;
	const char *name;
} roles[] = {{SLUSS_ROLE_PARENT, "parent"}, {SLUSS_ROLE_CORE, "core"}, {SLUSS_ROLE_WEB, "web"},
    {SLUSS_ROLE_EDGE, "edge"}, {SLUSS_ROLE_COURIER, "courier"}, {SLUSS_ROLE_IDP, "idp"}};

const char *sluss_role_name(enum sluss_role role)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (roles[i].role == role)
			return roles[i].name;
	}
	return "none";
}

enum sluss_role sluss_role_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	}
	return SLUSS_ROLE_NONE;
}

// In the child, between fork and exec: only calls that are safe there.
static _Noreturn void become(const int fds[SLUSS_FD_END], char *const argv[])
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	int null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(127);
	for (int target = SLUSS_FD_SETTINGS; target < SLUSS_FD_END; target++) {
		if (fds[target] < 0)
			(void)close(target);
		else if (dup2(fds[target], target) < 0)
			_exit(127);
	}
	(void)execve("/proc/self/exe", argv, environ);
	_exit(127);
}

pid_t sluss_parent_spawn(enum sluss_role role, const int fds[SLUSS_FD_END], const char *option)
{
	char role_arg[32];
	char parent_arg[32];
	char program[] = "slussd";
	(void)snprintf(role_arg, sizeof(role_arg), "--role=%s", sluss_role_name(role));
	(void)snprintf(parent_arg, sizeof(parent_arg), "--parent=%d", (int)getpid());
	char option_arg[32] = "";
	(void)snprintf(option_arg, sizeof(option_arg), "%s", option == NULL ? "" : option);
	char *argv[] = {program, role_arg, parent_arg, option == NULL ? NULL : option_arg, NULL};
	pid_t pid = fork();
	if (pid == 0)
		become(fds, argv);
	if (pid < 0)
		sluss_event(SLUSS_EVENT_ERROR, "role-not-started", "role=%s error=\"%s\"", sluss_role_name(role),
		    strerror(errno));
	else
		sluss_event(SLUSS_EVENT_NOTICE, "role-started", "role=%s pid=%d", sluss_role_name(role), (int)pid);
	return pid;
}
