// SPDX-License-Identifier: EUPL-1.2
// Files that the parent opens for the roles, and those that it writes.
#include "parent_files.h"

#include "log_event.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ABOVE = 64, // first number for descriptors of the parent's own
};

int sluss_parent_move_up(int fd)
{
	if (fd < 0 || fd >= ABOVE)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);
	(void)close(fd);
	return moved;
}

static bool fail(const char *what, const char *path)
{
	sluss_event(SLUSS_EVENT_ERROR, "file-unusable", "what=%s path=%s error=\"%s\"", what, path, strerror(errno));
	return false;
}

// ---- what a role inherits

struct role_file {
	enum sluss_role_fd fd;
	unsigned roles;
	size_t setting; // offset of the path in struct sluss_settings
	bool may_be_absent;
	bool secret; // others than its owner must not read it
	const char *key;
};

#define SETTING(member) offsetof(struct sluss_settings, member)

static const struct role_file role_files[] = {
    {SLUSS_FD_TLS_CERTIFICATE, SLUSS_ROLE_EDGE, SETTING(tls_certificate), false, false, "tls_certificate"},
    {SLUSS_FD_TLS_KEY, SLUSS_ROLE_EDGE, SETTING(tls_key), false, true, "tls_key"},
    {SLUSS_FD_CLIENT_CA, SLUSS_ROLE_EDGE | SLUSS_ROLE_CORE, SETTING(client_ca), false, false, "client_ca"},
    {SLUSS_FD_CLIENT_CRL, SLUSS_ROLE_EDGE, SETTING(client_crl), false, false, "client_crl"},
    {SLUSS_FD_CLIENT_CA_KEY, SLUSS_ROLE_CORE, SETTING(client_ca_key), false, true, "client_ca_key"},
    {SLUSS_FD_LOG_KEY, SLUSS_ROLE_CORE, SETTING(log_key), false, true, "log_key"},
    {SLUSS_FD_DATA_KEY, SLUSS_ROLE_CORE, SETTING(data_key), false, true, "data_key"},
    {SLUSS_FD_COURIER_CA, SLUSS_ROLE_COURIER, SETTING(courier_ca), false, false, "courier_ca"},
    {SLUSS_FD_COURIER_CA, SLUSS_ROLE_IDP, SETTING(idp_ca), false, false, "idp_ca"},
    {SLUSS_FD_TIMESTAMP_CA, SLUSS_ROLE_CORE, SETTING(timestamp_ca), false, false, "timestamp_ca"},
    {SLUSS_FD_POLICY, SLUSS_ROLE_CORE, SETTING(policy_file), true, false, "policy_file"},
};

static bool open_file(const struct sluss_settings *settings, const struct role_file *file, int *fd_out)
{
	const char *setting = (const char *)settings + file->setting;
	char path[2 * SLUSS_SETTING_TEXT];
	struct stat status;
	if (setting[0] == '\0')
		return true; // the setting says: none
	if (!sluss_settings_path(settings, setting, path, sizeof(path)))
		return fail(file->key, setting);
	int fd = sluss_parent_move_up(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
	if (fd < 0)
		return (file->may_be_absent && errno == ENOENT) || fail(file->key, path);
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || (file->secret && (status.st_mode & 077) != 0)) {
		sluss_event(SLUSS_EVENT_ERROR, "file-unusable", "what=%s path=%s error=\"%s\"", file->key, path,
		    "must be a regular file, and a key readable by its owner only");
		(void)close(fd);
		return false;
	}
	*fd_out = fd;
	return true;
}

// The second place of the log's head. It is made when it is not there: whether it should have been, core sees from the
// log. The folder is fsync'ed, so that the file cannot vanish with a power failure.
static bool open_head(const struct sluss_settings *settings, int *fd_out)
{
	char path[2 * SLUSS_SETTING_TEXT];
	if (settings->secondary_head_file[0] == '\0')
		return true;
	if (!sluss_settings_path(settings, settings->secondary_head_file, path, sizeof(path)))
		return fail("secondary_head_file", settings->secondary_head_file);
	struct stat status;
	int fd = sluss_parent_move_up(open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
	char *slash = strrchr(path, '/');
	if (fd < 0)
		return fail("secondary_head_file", path);
	*fd_out = fd;
	if (slash != NULL)
		*slash = '\0';
	int folder = open(slash == NULL || slash == path ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good =
	    fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && folder >= 0 && fsync(folder) == 0 && fsync(fd) == 0;
	if (folder >= 0)
		(void)close(folder);
	return good || fail("secondary_head_file", path);
}

static int settings_memory(const struct sluss_settings *settings, enum sluss_role role)
{
	int fd = sluss_parent_move_up(memfd_create("sluss-settings", MFD_CLOEXEC));
	int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, ABOVE) : -1;
	FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;
	bool good = out != NULL && sluss_settings_print_for_role(settings, role, out);
	if (out != NULL)
		good = fclose(out) == 0 && good;
	else if (copy >= 0)
		(void)close(copy);
	if (good && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

bool sluss_parent_open_role(const struct sluss_settings *settings, enum sluss_role role, int fds_out[SLUSS_FD_END])
{
	for (size_t i = 0; i < SLUSS_FD_END; i++)
		fds_out[i] = -1;
	fds_out[SLUSS_FD_SETTINGS] = settings_memory(settings, role);
	bool good = fds_out[SLUSS_FD_SETTINGS] >= 0;
	for (size_t i = 0; good && i < sizeof(role_files) / sizeof(role_files[0]); i++) {
		if ((role_files[i].roles & (unsigned)role) != 0)
			good = open_file(settings, &role_files[i], &fds_out[role_files[i].fd]);
	}
	if (good && role == SLUSS_ROLE_CORE)
		good = open_head(settings, &fds_out[SLUSS_FD_HEAD]);
	if (!good)
		sluss_parent_close_role(fds_out);
	return good;
}

void sluss_parent_close_role(int fds[SLUSS_FD_END])
{
	for (size_t i = 0; i < SLUSS_FD_END; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
		fds[i] = -1;
	}
}

// ---- what people and tests read

bool sluss_parent_replace_file(const struct sluss_settings *settings, const char *name, const char *text)
{
	char path[2 * SLUSS_SETTING_TEXT];
	char fresh[2 * SLUSS_SETTING_TEXT + 8];
	if (!sluss_settings_path(settings, name, path, sizeof(path)))
		return fail(name, name);
	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t len = strlen(text);
	bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	return (good && rename(fresh, path) == 0) || fail(name, path);
}

bool sluss_parent_write_pids(const struct sluss_settings *settings, const struct sluss_parent_pids *pids)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "parent %d\ncore %d\nweb %d\nedge %d\n", (int)getpid(), pids->core,
	    pids->web, pids->edge);
	if (pids->courier != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "courier %d\n", pids->courier);
	if (pids->idp != 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "idp %d\n", pids->idp);
	return sluss_parent_replace_file(settings, "pids", text);
}
