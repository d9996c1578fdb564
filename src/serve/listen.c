/* SPDX-License-Identifier: MIT */
#include "serve_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "link/port.h"

enum { BACKLOG = 64 };

static int close_with(int fd, int rc)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return rc;
}

static int port_held(int port, struct error *err)
{
	char name[64];
	pid_t pid = port_holder(port, name, sizeof(name));

	if (!pid)
		return error_set(err, ERR_BUSY,
				 "port %d of 127.0.0.1 is held by another user's program; "
				 "choose another with --port",
				 port);
	return error_set(err, ERR_BUSY,
			 "port %d of 127.0.0.1 is held by %s (pid %d); choose another with --port",
			 port, name, (int)pid);
}

int listen_tcp(int port, struct error *err)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int yes = 1;

	if (fd < 0)
		return error_errno(err, "a TCP socket");
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, BACKLOG)) {
		if (errno == EADDRINUSE)
			return close_with(fd, port_held(port, err));
		(void)error_errno(err, "listen on 127.0.0.1:%d", port);
		return close_with(fd, ERR_IO);
	}
	return fd;
}

/* A file left by a killed process may go; a socket that is served may not. */
static int clear_path(const struct sockaddr_un *addr, struct error *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : error_errno(err, "%s", addr->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERR_EXISTS, "%s exists and is no socket", addr->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "a Unix socket");
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	if (rc == 0 || errno == EAGAIN)
		return close_with(fd, error_set(err, ERR_BUSY, "%s is served by another process",
						addr->sun_path));
	close(fd);
	return unlink(addr->sun_path) ? error_errno(err, "remove %s", addr->sun_path) : 0;
}

int listen_unix(const char *path, struct error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, rc;

	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(err, ERR_USAGE, "socket path longer than %zu bytes: %s",
				 sizeof(addr.sun_path) - 1, path);
	memcpy(addr.sun_path, path, strlen(path));
	rc = clear_path(&addr, err);
	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "a Unix socket");
	/* The mode is on the socket before it has a name: no moment with a wider one. */
	if (fchmod(fd, 0660) || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    chmod(path, 0660) || listen(fd, BACKLOG)) {
		(void)error_errno(err, "listen at %s", path);
		return close_with(fd, ERR_IO);
	}
	return fd;
}
