// SPDX-License-Identifier: EUPL-1.2
// A listening socket on a numeric address.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file.h"
#include "log_event.h"
#include "server.h"

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

// "127.0.0.1:80", "[::1]:80"; the settings have checked the form.
static socklen_t parse(const char *text, union address *out)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);
	bool six = len >= 2 && text[0] == '[';
	if (six) {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		return 0;
	memcpy(host, text, len);
	host[len] = '\0';
	uint16_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	memset(out, 0, sizeof(*out));
	if (six) {
		out->six.sin6_family = AF_INET6;
		out->six.sin6_port = port;
		return inet_pton(AF_INET6, host, &out->six.sin6_addr) == 1 ? sizeof(out->six) : 0;
	}
	out->four.sin_family = AF_INET;
	out->four.sin_port = port;
	return inet_pton(AF_INET, host, &out->four.sin_addr) == 1 ? sizeof(out->four) : 0;
}

static bool open_socket(int fd, const union address *address, socklen_t len, unsigned *port_out)
{
	int one = 1;
	union address bound;
	socklen_t bound_len = sizeof(bound);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 || bind(fd, &address->any, len) != 0 ||
	    listen(fd, 64) != 0 || getsockname(fd, &bound.any, &bound_len) != 0)
		return false;
	*port_out = ntohs(bound.any.sa_family == AF_INET6 ? bound.six.sin6_port : bound.four.sin_port);
	return true;
}

int agentd_listen(
    const struct agentd_settings *settings, const char *address, const char *port_file, unsigned *port_out)
{
	union address parsed;
	char path[SLUSS_SETTING_TEXT * 2];
	char text[16];
	socklen_t len = parse(address, &parsed);
	int fd = len == 0 ? -1 : socket(parsed.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok =
	    fd >= 0 && open_socket(fd, &parsed, len, port_out) && agentd_path(settings, port_file, path, sizeof(path));
	if (ok) {
		int n = snprintf(text, sizeof(text), "%u\n", *port_out);
		ok = sluss_file_replace(path, text, (size_t)n);
	}
	if (!ok) {
		sluss_event(SLUSS_EVENT_ERROR, "listen-failed", "address=%s error=\"%s\"", address, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	return fd;
}
