// SPDX-License-Identifier: EUPL-1.2
// The system calls that a role may make. Lists: what all need, what only core needs (files), what only the courier
// needs (connections), and what nobody else ever has a reason to try, which ends the process; everything else fails
// with EPERM. libseccomp skips names that the architecture does not have.
#include "sandbox_landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static const char *const common[] = {
    // descriptors, sockets that exist already or that are passed
    "read", "write", "readv", "writev", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "close",
    "dup", "fcntl", "fstat", "newfstatat", "statx", "lseek", "ioctl", "poll", "ppoll", "select", "pselect6",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "timerfd_create",
    "timerfd_settime", "timerfd_gettime", "signalfd4", "socketpair", "accept4", "accept", "shutdown", "getsockopt",
    "setsockopt", "getsockname", "getpeername", "pipe2", "memfd_create",
    // memory
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "mlock", "munlock", "membarrier",
    // threads and signals
    "futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "rt_sigtimedwait", "sigaltstack", "tgkill", "gettid", "getpid", "getppid", "exit", "exit_group",
    "restart_syscall", "set_tid_address",
    // time, randomness, who am I
    "clock_gettime", "clock_getres", "gettimeofday", "time", "nanosleep", "clock_nanosleep", "getrandom", "getuid",
    "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrusage", "times", "prlimit64", "getrlimit"};

static const char *const core_only[] = {"open", "openat", "pread64", "pwrite64", "preadv", "pwritev", "fsync",
    "fdatasync", "sync_file_range", "ftruncate", "fallocate", "unlink", "unlinkat", "rename", "renameat", "renameat2",
    "link", "linkat", "mkdir", "mkdirat", "rmdir", "stat", "lstat", "access", "faccessat", "faccessat2", "getcwd",
    "getdents64", "readlink", "readlinkat", "fchmod", "fchown", "chmod", "utimensat", "umask", "statfs", "fstatfs",
    "flock", "fadvise64"};

// The courier and idp read the certificates that they were handed (an earlier process read from the same descriptor,
// so its position says nothing), look up names and connect; bind fails softly there, because libc's resolver tries it
// on a socket of the kernel's to learn of addresses.
static const char *const courier_only[] = {
    "open", "openat", "stat", "lstat", "access", "faccessat", "faccessat2", "readlink", "pread64", "connect"};

static const char *const deadly[] = {"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "mount",
    "umount2", "pivot_root", "chroot", "setns", "unshare", "bpf", "perf_event_open", "userfaultfd", "kexec_load",
    "init_module", "finit_module", "delete_module", "reboot", "keyctl", "add_key", "request_key", "io_uring_setup",
    "setuid", "setgid", "setresuid", "setresgid", "setgroups", "capset"};

static const char *const deadly_but_to_courier[] = {"bind", "connect"};

static int add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);
		if (call == __NR_SCMP_ERROR)
			continue;
		int result = seccomp_rule_add(filter, action, call, 0);
		// EACCES: the action is the filter's default already.
		if (result != 0 && result != -EACCES && result != -EDOM)
			return result;
	}
	return 0;
}

// Threads, never processes or name spaces. clone3 hides its flags behind a pointer: libc falls back to clone at ENOSYS.
static int add_threads(scmp_filter_ctx filter)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET, CLONE_THREAD));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	// Thread names and the like; what weakens the process is not among them.
	if (result == 0)
		result =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	return result;
}

// Internet sockets, no others.
static int add_sockets(scmp_filter_ctx filter)
{
	int result = add_names(filter, SCMP_ACT_ALLOW, courier_only, sizeof(courier_only) / sizeof(courier_only[0]));
	if (result == 0)
		result =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET, 0));
	if (result == 0)
		result =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0));
	return result;
}

static int add_all(scmp_filter_ctx filter, enum sluss_role role)
{
	int result = add_names(filter, SCMP_ACT_ALLOW, common, sizeof(common) / sizeof(common[0]));
	if (result == 0 && role == SLUSS_ROLE_CORE)
		result = add_names(filter, SCMP_ACT_ALLOW, core_only, sizeof(core_only) / sizeof(core_only[0]));
	if (result == 0 && sluss_role_is_outward(role))
		result = add_sockets(filter);
	if (result == 0 && !sluss_role_is_outward(role))
		result = add_names(filter, SCMP_ACT_KILL_PROCESS, deadly_but_to_courier,
		    sizeof(deadly_but_to_courier) / sizeof(deadly_but_to_courier[0]));
	if (result == 0)
		result = add_names(filter, SCMP_ACT_KILL_PROCESS, deadly, sizeof(deadly) / sizeof(deadly[0]));
	if (result == 0)
		result = add_threads(filter);
	return result;
}

enum sluss_sandbox_result sluss_sandbox_seccomp(enum sluss_role role, bool *active_out)
{
	*active_out = false;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL)
		return SLUSS_SANDBOX_OK;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL) {
		errno = ENOMEM;
		return SLUSS_SANDBOX_FAILED;
	}
	// The hot calls stand in a tree instead of a list.
	int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (result == 0)
		result = add_all(filter, role);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result != 0) {
		errno = -result;
		return SLUSS_SANDBOX_FAILED;
	}
	*active_out = true;
	return SLUSS_SANDBOX_OK;
}
