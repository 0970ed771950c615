// SPDX-License-Identifier: EUPL-1.2
// Each role tries, in a process of its own, what its sandbox must stop, and what it must be able to do.
#include "sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sluss-sandbox-XXXXXX";

enum outcome { OUTCOME_NONE = 0, CAN, CANNOT, DIES };

static bool read_passwd(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool write_in_folder(void)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/file", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && unlink(path) == 0;
}

static bool write_elsewhere(void)
{
	return open("/tmp/sluss-sandbox-elsewhere", O_RDWR | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static bool run_program(void)
{
	char program[] = "/bin/true";
	char *argv[] = {program, NULL};
	return execv(program, argv) == 0;
}

static bool fork_child(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool open_network(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool open_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool read_hosts(void)
{
	return open("/etc/hosts", O_RDONLY | O_CLOEXEC) >= 0;
}

enum { PORT = 4711 };

// Whether somebody listens there or not: what counts is that the kernel lets us ask.
static bool may_connect(uint16_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == ECONNREFUSED;
}

static bool connect_to_port(void)
{
	return may_connect(PORT);
}

static bool connect_elsewhere(void)
{
	return may_connect(PORT + 1);
}

static bool listen_somewhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static bool start_thread(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool allocate(void)
{
	void *p = malloc(8 << 20);
	bool good = p != NULL;
	free(p);
	return good;
}

static bool make_pair(void)
{
	int pair[2];
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}

static const struct {
	const char *what;
	bool (*attempt)(void);
	enum outcome core, web, edge, courier;
} attempts[] = {
    {"read /etc/passwd", read_passwd, CANNOT, CANNOT, CANNOT, CANNOT},
    {"write in its folder", write_in_folder, CAN, CANNOT, CANNOT, CANNOT},
    {"write elsewhere", write_elsewhere, CANNOT, CANNOT, CANNOT, CANNOT},
    {"run a program", run_program, DIES, DIES, DIES, DIES},
    {"fork", fork_child, CANNOT, CANNOT, CANNOT, CANNOT},
    {"trace its parent", trace_parent, DIES, DIES, DIES, DIES},
    {"open a network socket", open_network, CANNOT, CANNOT, CANNOT, CAN},
    {"open a Unix socket", open_unix, CANNOT, CANNOT, CANNOT, CANNOT},
    {"connect to its port", connect_to_port, DIES, DIES, DIES, CAN},
    {"connect to another port", connect_elsewhere, DIES, DIES, DIES, CANNOT},
    {"listen", listen_somewhere, DIES, DIES, DIES, CANNOT},
    {"read /etc/hosts", read_hosts, CANNOT, CANNOT, CANNOT, CAN},
    {"start a thread", start_thread, CAN, CAN, CAN, CAN},
    {"allocate memory", allocate, CAN, CAN, CAN, CAN},
    {"make a socketpair", make_pair, CAN, CAN, CAN, CAN},
};

static enum outcome try_in_child(enum sluss_role role, bool (*attempt)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const uint16_t port = PORT;
		struct sluss_sandbox_plan plan = {.role = role,
		    .mode = SLUSS_SANDBOX_AUTO,
		    .writable_dir = role == SLUSS_ROLE_CORE ? folder : NULL,
		    .connect_ports = &port,
		    .connect_count = sluss_role_is_outward(role) ? 1 : 0};
		struct sluss_sandbox_report report;
		if (sluss_sandbox_enter(&plan, &report) != SLUSS_SANDBOX_OK)
			_exit(3);
		if (report.seccomp != SLUSS_SANDBOX_STATE_ACTIVE || report.landlock != SLUSS_SANDBOX_STATE_ACTIVE)
			_exit(4);
		_exit(attempt() ? 0 : 1);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return DIES;
	if (WEXITSTATUS(status) == 4)
		skip(); // a kernel without one of the two
	assert_true(WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 0 ? CAN : CANNOT;
}

// Landlock tells ports apart from its version 4 on.
static bool knows_ports(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 4;
}

static void test_what_roles_can_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const struct {
			enum sluss_role role;
			enum outcome expected;
		} cases[] = {{SLUSS_ROLE_CORE, attempts[i].core}, {SLUSS_ROLE_WEB, attempts[i].web},
		    {SLUSS_ROLE_EDGE, attempts[i].edge}, {SLUSS_ROLE_COURIER, attempts[i].courier},
		    {SLUSS_ROLE_IDP, attempts[i].courier}};
		for (size_t c = 0; c < 5; c++) {
			if (attempts[i].attempt == connect_elsewhere && !knows_ports())
				continue;
			enum outcome outcome = try_in_child(cases[c].role, attempts[i].attempt);
			if (outcome != cases[c].expected)
				print_message("role %d: %s: outcome %d\n", cases[c].role, attempts[i].what, outcome);
			assert_int_equal(outcome, cases[c].expected);
		}
	}
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
#ifdef SLUSS_NO_SANDBOX
	return 0; // sanitizers need system calls of their own
#endif
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_roles_can_do)};
	return cmocka_run_group_tests_name("edge_sandbox", tests, make_folder, remove_folder);
}
