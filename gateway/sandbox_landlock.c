// SPDX-License-Identifier: EUPL-1.2
// Landlock by its raw system calls: Debian 12's libc has no wrappers, its kernel headers know version 2.
#include "sandbox_landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

// Rights that came after the headers of Debian 12 (linux/landlock.h, versions 2 to 5).
enum {
	RIGHT_REFER = 1 << 13,
	RIGHT_TRUNCATE = 1 << 14,
	RIGHT_IOCTL_DEV = 1 << 15,
	ALL_OF_VERSION_1 = (1 << 13) - 1,
	READ_RIGHTS = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
};

// As the kernel takes it today; older kernels get a shorter size.
struct ruleset_attributes {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; // version 4: bind and connect of TCP
	uint64_t scoped;	     // version 6: abstract Unix sockets, signals
};

static uint64_t rights_of(int abi)
{
	uint64_t rights = ALL_OF_VERSION_1;
	if (abi >= 2)
		rights |= RIGHT_REFER;
	if (abi >= 3)
		rights |= RIGHT_TRUNCATE;
	if (abi >= 5)
		rights |= RIGHT_IOCTL_DEV;
	return rights;
}

static int add_rule(int ruleset, const char *path, uint64_t rights)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -1;
	struct landlock_path_beneath_attr beneath = {.allowed_access = rights, .parent_fd = fd};
	long result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	int saved_errno = errno;
	(void)close(fd);
	errno = saved_errno;
	return result == 0 ? 0 : -1;
}

static int add_rules(int ruleset, const char *writable_dir, const char *backup_dir, uint64_t rights)
{
	if (writable_dir == NULL)
		return 0;
	const uint64_t no_devices =
	    ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
			LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_SOCK);
	if (add_rule(ruleset, writable_dir, rights & no_devices) != 0)
		return -1;
	if (backup_dir != NULL && add_rule(ruleset, backup_dir, rights & no_devices) != 0)
		return -1;
	// Birthdays are days of the Swedish calendar: libc reads the zone when it is first needed.
	if (add_rule(ruleset, "/usr/share/zoneinfo", READ_RIGHTS) != 0 && errno != ENOENT)
		return -1;
	// SQLite seeds its generator from there.
	if (add_rule(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE) != 0 && errno != ENOENT)
		return -1;
	return 0;
}

// What libc's resolver reads (resolver(5), nsswitch.conf(5), gai.conf(5)).
static int add_resolver_rules(int ruleset)
{
	static const char *const files[] = {
	    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (add_rule(ruleset, files[i], LANDLOCK_ACCESS_FS_READ_FILE) != 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

// As linux/landlock.h has it from version 4 on.
struct net_port_attributes {
	uint64_t allowed_access;
	uint64_t port;
};

static int add_port_rules(int ruleset, const struct sluss_sandbox_plan *plan, int abi)
{
	enum { RULE_NET_PORT = 2, CONNECT_TCP = 2, DNS = 53 };
	if (plan->connect_count == 0)
		return 0;
	if (add_resolver_rules(ruleset) != 0)
		return -1;
	for (size_t i = 0; abi >= 4 && i <= plan->connect_count; i++) {
		struct net_port_attributes rule = {
		    .allowed_access = CONNECT_TCP, .port = i < plan->connect_count ? plan->connect_ports[i] : DNS};
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) != 0)
			return -1;
	}
	return 0;
}

enum sluss_sandbox_result sluss_sandbox_landlock(const struct sluss_sandbox_plan *plan, int *abi_out)
{
	*abi_out = 0;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return errno == ENOSYS || errno == EOPNOTSUPP ? SLUSS_SANDBOX_OK : SLUSS_SANDBOX_FAILED;
	struct ruleset_attributes attributes = {
	    .handled_access_fs = rights_of((int)abi),
	    .handled_access_net = abi >= 4 ? 3 : 0,
	    .scoped = abi >= 6 ? 3 : 0,
	};
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	long ruleset = syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
	if (ruleset < 0)
		return SLUSS_SANDBOX_FAILED;
	bool good = add_rules((int)ruleset, plan->writable_dir, plan->backup_dir, attributes.handled_access_fs) == 0 &&
		    add_port_rules((int)ruleset, plan, (int)abi) == 0 &&
		    syscall(SYS_landlock_restrict_self, (int)ruleset, 0) == 0;
	int saved_errno = errno;
	(void)close((int)ruleset);
	errno = saved_errno;
	if (!good)
		return SLUSS_SANDBOX_FAILED;
	*abi_out = (int)abi;
	return SLUSS_SANDBOX_OK;
}
