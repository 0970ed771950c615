// SPDX-License-Identifier: EUPL-1.2
// The program as an operator sees it: --init, --check-config, and a gateway whose processes are killed one after the
// other.
#include "settings.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

enum {
	PATH_ROOM = 256,
	PATIENCE_MS = 15000,
};

static char folder[] = "/tmp/sluss-program-XXXXXX";
static char state_dir[PATH_ROOM];
static char config[PATH_ROOM + 32];
static char output[16384]; // of the last run, both streams

static pid_t start(const char *const *arguments, int output_fd)
{
	char *argv[24] = {strdup(SLUSSD)}; // posix_spawn wants them writable
	for (size_t i = 0; arguments[i] != NULL; i++)
		argv[i + 1] = strdup(arguments[i]);
	posix_spawn_file_actions_t actions;
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO), 0);
	pid_t pid = -1;
	assert_int_equal(posix_spawn(&pid, SLUSSD, &actions, NULL, argv, environ), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	return pid;
}

static int open_output(void)
{
	char path[PATH_ROOM + 32];
	(void)snprintf(path, sizeof(path), "%s/output", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

// Runs to the end; returns the exit status.
static int run(const char *const *arguments)
{
	int fd = open_output();
	int status = 0;
	pid_t pid = start(arguments, fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ssize_t len = pread(fd, output, sizeof(output) - 1, 0);
	assert_true(len >= 0);
	output[len] = '\0';
	(void)close(fd);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static mode_t mode_of(const char *name)
{
	char path[PATH_ROOM + 64];
	struct stat status;
	(void)snprintf(path, sizeof(path), "%s/%s", state_dir, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static int init(void)
{
	return RUN("--init", "--authority", "sluss.test/program", "--state", state_dir, "--policy",
	    "policy/sweden-sig.json", "--agency-listen", "127.0.0.1:0", "--public-listen", "127.0.0.1:0");
}

static void test_init_makes_everything_once(void **state)
{
	(void)state;
	assert_int_equal(init(), 0);
	assert_non_null(strstr(output, "keys/log.key"));
	static const struct {
		const char *name;
		mode_t mode;
	} made[] = {{"keys", 0700}, {"db", 0700}, {"keys/log.key", 0600}, {"keys/data.key", 0600},
	    {"keys/tls.key", 0600}, {"keys/client-ca.key", 0600}, {"keys/server-ca.key", 0600}};
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		assert_int_equal(mode_of(made[i].name), made[i].mode);
	assert_int_equal(RUN("--check-config", "--config", config), 0);
	assert_int_equal(init(), 1); // refuses to overwrite
	assert_int_equal(mode_of("slussd.conf"), 0644);
}

static void test_wrong_use(void **state)
{
	(void)state;
	char path[PATH_ROOM + 32];
	(void)snprintf(path, sizeof(path), "%s/wrong.conf", folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("authority = a\nmax_bodi = 1\n", file) >= 0 && fclose(file) == 0);
	assert_int_equal(RUN("--check-config", "--config", path), 2);
	assert_non_null(strstr(output, "wrong.conf:2: unknown key 'max_bodi'"));
	assert_int_equal(RUN("--config", "/nowhere/at/all"), 2);
	assert_int_equal(RUN("--nonsense"), 2);
	assert_int_equal(RUN("--init", "--authority", "a"), 2);
	assert_int_equal(RUN("--init", "--authority", "a b", "--state", "/tmp/x"), 2);
	assert_int_equal(RUN("--role=parent"), 2);
	assert_int_equal(unlink(path), 0);
}

static void test_prints_its_papers(void **state)
{
	(void)state;
	assert_int_equal(RUN("--print-manual"), 0);
	assert_int_equal(strncmp(output, ".TH SLUSSD 8", 12), 0);
	assert_int_equal(RUN("--print-sample-config"), 0);
	assert_non_null(strstr(output, "#agency_listen = 127.0.0.1:8443\n"));
	assert_int_equal(RUN("--version"), 0);
	assert_int_equal(RUN("--help"), 0);
}

// ---- a running gateway

static pid_t gateway; // 0 = not running

struct pids {
	int parent, core, web, edge;
};

static bool read_pids(struct pids *pids)
{
	char path[PATH_ROOM + 32];
	(void)snprintf(path, sizeof(path), "%s/pids", state_dir);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	int n = fscanf(file, "parent %d core %d web %d edge %d", &pids->parent, &pids->core, &pids->web, &pids->edge);
	(void)fclose(file);
	return n == 4;
}

// Waits until all roles run, and those that were killed are others than before.
static struct pids wait_for_new(const struct pids *before, bool core_too)
{
	struct pids now = {0};
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		bool up = read_pids(&now) && now.core > 0 && now.web > 0 && now.edge > 0;
		if (up && now.web != before->web && now.edge != before->edge && (now.core != before->core) == core_too)
			return now;
		(void)usleep(10000);
	}
	fail_msg("the gateway did not come up");
	return now;
}

// A zombie that nobody has waited for yet (its parent was killed) does not run.
static bool runs(int pid)
{
	char path[64];
	char state = 'X';
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	int n = fscanf(file, "%*d (%*[^)]) %c", &state);
	(void)fclose(file);
	return n == 1 && state != 'Z' && state != 'X';
}

static void test_who_dies_with_whom(void **state)
{
	(void)state;
	int fd = open_output();
	const char *const arguments[] = {"--config", config, NULL};
	gateway = start(arguments, fd);
	struct pids pids = wait_for_new(&(struct pids){0}, true);
	assert_int_equal(pids.parent, gateway);
	struct pids before = pids;
	assert_int_equal(kill(before.web, SIGKILL), 0);
	pids = wait_for_new(&before, false);
	before = pids;
	assert_int_equal(kill(before.edge, SIGKILL), 0);
	pids = wait_for_new(&before, false);
	before = pids;
	assert_int_equal(kill(before.core, SIGKILL), 0);
	pids = wait_for_new(&before, true);
	// A new parent can follow a killed one at once: its roles die with it.
	before = pids;
	assert_int_equal(kill(gateway, SIGKILL), 0);
	assert_int_equal(waitpid(gateway, NULL, 0), gateway);
	gateway = start(arguments, fd);
	pids = wait_for_new(&before, true);
	assert_false(runs(before.core));
	int status = -1;
	assert_int_equal(kill(gateway, SIGTERM), 0);
	assert_int_equal(waitpid(gateway, &status, 0), gateway);
	gateway = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_false(runs(pids.core) || runs(pids.web) || runs(pids.edge));
	(void)close(fd);
}

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
	(void)snprintf(config, sizeof(config), "%s/slussd.conf", state_dir);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	if (gateway > 0) // a test has failed half-way
		(void)kill(gateway, SIGKILL);
	pid_t pid = -1;
	char program[] = "/bin/rm";
	char option[] = "-rf";
	char *argv[] = {program, option, folder, NULL};
	return posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_init_makes_everything_once),
	    cmocka_unit_test(test_wrong_use),
	    cmocka_unit_test(test_prints_its_papers),
	    cmocka_unit_test(test_who_dies_with_whom),
	};
	return cmocka_run_group_tests_name("edge_program", tests, make_folder, remove_folder);
}
