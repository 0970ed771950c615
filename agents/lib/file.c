// SPDX-License-Identifier: EUPL-1.2
// Small files, read and replaced as a whole.
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fits(int fd, size_t max, bool secret)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		return true; // a pipe or the terminal: the reading itself is limited
	}
	if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		errno = EFBIG;
		return false;
	}
	if (secret && (st.st_mode & 077) != 0) {
		errno = EACCES;
		return false;
	}
	return true;
}

// Reads until the end; -1 with errno. The buffer has room for max + 1 octets: more than max is EFBIG.
static ssize_t read_all(int fd, char **buffer, size_t max)
{
	size_t len = 0;
	size_t room = max < 4096 ? max + 2 : 4096;
	*buffer = malloc(room);
	while (*buffer != NULL) {
		ssize_t got = read(fd, *buffer + len, room - 1 - len);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return got < 0 ? -1 : (ssize_t)len;
		}
		len += (size_t)got;
		if (len > max) {
			errno = EFBIG;
			return -1;
		}
		if (len == room - 1) {
			room = room * 2 > max + 2 ? max + 2 : room * 2;
			char *bigger = realloc(*buffer, room);
			if (bigger == NULL) {
				return -1;
			}
			*buffer = bigger;
		}
	}
	return -1;
}

char *sluss_file_read(const char *path, size_t max, bool secret, size_t *len_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		return NULL;
	}
	char *buffer = NULL;
	ssize_t len = fits(fd, max, secret) ? read_all(fd, &buffer, max) : -1;
	int saved = errno;
	(void)close(fd);
	if (len < 0) {
		free(buffer);
		errno = saved;
		return NULL;
	}
	buffer[len] = '\0';
	*len_out = (size_t)len;
	return buffer;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool sync_folder(const char *path)
{
	char copy[PATH_MAX];
	if (strlen(path) >= sizeof(copy)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(copy, path, strlen(path) + 1);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0) {
		(void)close(fd);
	}
	return ok;
}

bool sluss_file_replace(const char *path, const void *data, size_t len)
{
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(beside)) {
		errno = ENAMETOOLONG;
		return false;
	}
	int fd = mkostemp(beside, O_CLOEXEC); // mode 0600
	if (fd < 0) {
		return false;
	}
	bool ok = write_all(fd, data, len) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(beside, path) != 0) {
		int saved = errno;
		(void)unlink(beside);
		errno = saved;
		return false;
	}
	return sync_folder(path);
}
