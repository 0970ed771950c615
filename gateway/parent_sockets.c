// SPDX-License-Identifier: EUPL-1.2
// The sockets that the parent opens once and every incarnation of edge and core inherits.
#include "parent_files.h"

#include "log_event.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	LOCK_TRIES = 60, // with LOCK_PAUSE_US between: roles of a killed parent are given three seconds to die
	LOCK_PAUSE_US = 50000,
};

static bool fail(const char *what, const char *where)
{
	sluss_event(
	    SLUSS_EVENT_ERROR, "socket-unusable", "what=%s where=%s error=\"%s\"", what, where, strerror(errno));
	return false;
}

// The settings' table has checked the form already.
static socklen_t parse_address(const char *text, struct sockaddr_storage *address_out)
{
	char host[SLUSS_SETTING_TEXT];
	const char *colon = strrchr(text, ':');
	if (colon == NULL)
		return 0;
	uint16_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	bool six = text[0] == '[';
	size_t len = (size_t)(colon - text) - (six ? 2 : 0);
	memcpy(host, text + (six ? 1 : 0), len);
	host[len] = '\0';
	*address_out = (struct sockaddr_storage){0};
	if (six) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address_out;
		in6->sin6_family = AF_INET6;
		in6->sin6_port = port;
		return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 ? sizeof(*in6) : 0;
	}
	struct sockaddr_in *in = (struct sockaddr_in *)address_out;
	in->sin_family = AF_INET;
	in->sin_port = port;
	return inet_pton(AF_INET, host, &in->sin_addr) == 1 ? sizeof(*in) : 0;
}

static bool listen_tcp(const char *what, const char *text, int *fd_out)
{
	struct sockaddr_storage address;
	int on = 1;
	socklen_t len = parse_address(text, &address);
	if (len == 0) {
		errno = EINVAL;
		return fail(what, text);
	}
	int fd = sluss_parent_move_up(socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	bool good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
	if (good && address.ss_family == AF_INET6)
		good = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0;
	good = good && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0;
	if (!good)
		(void)fail(what, text);
	if (!good && fd >= 0)
		(void)close(fd);
	*fd_out = good ? fd : -1;
	return good;
}

// The lock is held: a socket file that lies there belongs to a gateway that has died.
static bool listen_admin(const struct sluss_settings *settings, int *fd_out)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!sluss_settings_path(settings, settings->admin_socket, address.sun_path, sizeof(address.sun_path))) {
		errno = ENAMETOOLONG;
		return fail("admin_socket", settings->admin_socket);
	}
	struct stat status;
	if (lstat(address.sun_path, &status) == 0 && S_ISSOCK(status.st_mode))
		(void)unlink(address.sun_path);
	int fd = sluss_parent_move_up(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	mode_t mask = umask(0177);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	(void)umask(mask);
	good = good && listen(fd, 64) == 0;
	if (!good)
		(void)fail("admin_socket", address.sun_path);
	if (!good && fd >= 0)
		(void)close(fd);
	*fd_out = good ? fd : -1;
	return good;
}

static bool take_lock(const struct sluss_settings *settings, int *fd_out)
{
	char path[2 * SLUSS_SETTING_TEXT];
	if (!sluss_settings_path(settings, "lock", path, sizeof(path)))
		return fail("lock", settings->state_dir);
	int fd = sluss_parent_move_up(open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
	for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			*fd_out = fd;
			return true;
		}
		if (errno != EWOULDBLOCK)
			break;
		(void)usleep(LOCK_PAUSE_US);
		errno = EWOULDBLOCK;
	}
	if (errno == EWOULDBLOCK)
		sluss_event(SLUSS_EVENT_ERROR, "already-running", "state_dir=%s", settings->state_dir);
	else
		(void)fail("lock", path);
	if (fd >= 0)
		(void)close(fd);
	return false;
}

bool sluss_parent_open_sockets(const struct sluss_settings *settings, struct sluss_parent_sockets *sockets_out)
{
	*sockets_out = (struct sluss_parent_sockets){-1, -1, -1, -1};
	bool good = take_lock(settings, &sockets_out->lock) &&
		    listen_tcp("agency_listen", settings->agency_listen, &sockets_out->agency);
	if (good && settings->public_listen[0] != '\0')
		good = listen_tcp("public_listen", settings->public_listen, &sockets_out->public_port);
	good = good && listen_admin(settings, &sockets_out->admin);
	if (!good)
		sluss_parent_close_sockets(settings, sockets_out);
	return good;
}

void sluss_parent_close_sockets(const struct sluss_settings *settings, struct sluss_parent_sockets *sockets)
{
	char path[2 * SLUSS_SETTING_TEXT];
	if (sockets->admin >= 0 && sluss_settings_path(settings, settings->admin_socket, path, sizeof(path)))
		(void)unlink(path);
	const int fds[] = {sockets->agency, sockets->public_port, sockets->admin, sockets->lock};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
	*sockets = (struct sluss_parent_sockets){-1, -1, -1, -1};
}

static int port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

bool sluss_parent_write_ports(const struct sluss_settings *settings, const struct sluss_parent_sockets *sockets)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "agency %d\n", port_of(sockets->agency));
	if (sockets->public_port >= 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "public %d\n", port_of(sockets->public_port));
	return sluss_parent_replace_file(settings, "ports", text);
}
