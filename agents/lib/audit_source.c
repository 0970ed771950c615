// SPDX-License-Identifier: EUPL-1.2
// An export as a folder of the file system.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"

enum { PATH_ROOM = 4096, DEPTH_MAX = 12 };

static enum sluss_audit_read read_all(int fd, uint8_t *out, size_t room, size_t *len_out)
{
	size_t len = 0;
	for (;;) {
		uint8_t more;
		ssize_t n = len < room ? read(fd, out + len, room - len) : read(fd, &more, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n > 0 && len == room))
			return SLUSS_AUDIT_READ_FAILED;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*len_out = len;
	return SLUSS_AUDIT_READ_OK;
}

static enum sluss_audit_read folder_read(void *context, const char *path, uint8_t *out, size_t room, size_t *len_out)
{
	const char *const *folder = context;
	char name[PATH_ROOM];
	*len_out = 0;
	int n = snprintf(name, sizeof(name), "%s/%s", *folder, path);
	if (n < 0 || (size_t)n >= sizeof(name))
		return SLUSS_AUDIT_READ_FAILED;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? SLUSS_AUDIT_READ_ABSENT : SLUSS_AUDIT_READ_FAILED;
	enum sluss_audit_read result = read_all(fd, out, room, len_out);
	(void)close(fd);
	return result;
}

// Asks for a file's kind only where the file system does not say it with the name.
static bool is_folder(const char *name, unsigned char kind, bool *folder_out)
{
	struct stat st;
	*folder_out = kind == DT_DIR;
	if (kind != DT_UNKNOWN)
		return true;
	if (lstat(name, &st) != 0)
		return false;
	*folder_out = S_ISDIR(st.st_mode);
	return true;
}

// `name` is the whole path with `top` octets of the folder before what callers see.
static bool walk(char name[PATH_ROOM], size_t len, size_t top, unsigned depth, sluss_audit_path_fn *fn, void *to)
{
	DIR *dir = depth > DEPTH_MAX ? NULL : opendir(name);
	bool ok = dir != NULL;
	for (const struct dirent *item; ok && (item = readdir(dir)) != NULL;) {
		bool folder = false;
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		int n = snprintf(name + len, PATH_ROOM - len, "/%s", item->d_name);
		ok = n > 0 && (size_t)n < PATH_ROOM - len && is_folder(name, item->d_type, &folder);
		if (ok && folder)
			ok = walk(name, len + (size_t)n, top, depth + 1, fn, to);
		else if (ok)
			ok = fn(to, name + top);
	}
	name[len] = '\0';
	if (dir != NULL)
		(void)closedir(dir);
	return ok;
}

static bool folder_each(void *context, sluss_audit_path_fn *fn, void *to)
{
	const char *const *folder = context;
	char name[PATH_ROOM];
	int n = snprintf(name, sizeof(name), "%s", *folder);
	return n > 0 && (size_t)n < sizeof(name) && walk(name, (size_t)n, (size_t)n + 1, 0, fn, to);
}

struct sluss_audit_source sluss_audit_folder(const char *const *folder)
{
	return (struct sluss_audit_source){
	    .context = (void *)(uintptr_t)folder, .read = folder_read, .each = folder_each};
}
