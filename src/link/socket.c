/* SPDX-License-Identifier: MIT */
#include "link/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINK_BACKLOG = 16, HOLDER_TRIES = 20, HOLDER_PAUSE_MS = 5 };

static int socket_new(const char *path, struct sockaddr_un *addr, struct error *err)
{
	size_t n = strlen(path);
	int fd;

	if (n == 0 || n >= sizeof(addr->sun_path))
		return error_set(err, ERR_USAGE,
				 "socket path of %zu bytes; 1 to %zu are possible: %s", n,
				 sizeof(addr->sun_path) - 1, path);
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, path, n);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == 0) { /* 0 says "none" in this interface */
		fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
		close(0);
	}
	return fd < 0 ? error_errno(err, "a socket for %s", path) : fd;
}

static int keep_errno_close(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return ERR_IO;
}

/* A file left by a process that was killed may go; one that is served or no socket may not. */
static int clear_path(const char *path, struct error *err)
{
	struct stat st;
	int fd;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : error_errno(err, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERR_EXISTS, "%s exists and is no socket", path);
	fd = link_connect(path, NULL);
	if (fd >= 0) {
		close(fd);
		return error_set(err, ERR_BUSY, "%s is served by another process", path);
	}
	if (fd == ERR_BUSY)
		return error_set(err, ERR_BUSY, "%s is served by another process", path);
	if (unlink(path))
		return error_errno(err, "remove %s", path);
	return 0;
}

int link_listen(const char *path, mode_t mode, struct error *err)
{
	struct sockaddr_un addr;
	int fd = socket_new(path, &addr, err), rc;

	if (fd < 0)
		return fd;
	rc = clear_path(path, err);
	if (rc) {
		close(fd);
		return rc;
	}
	/* On Linux the mode of the unbound socket becomes that of the file: no moment with a wider
	 * one. */
	if (fchmod(fd, mode) || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    chmod(path, mode) || listen(fd, LINK_BACKLOG)) {
		keep_errno_close(fd);
		return error_errno(err, "listen at %s", path);
	}
	return fd;
}

int link_peer(int fd, struct link_peer *peer, struct error *err)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) || n != sizeof(cred))
		return error_errno(err, "credentials of the peer");
	*peer = (struct link_peer){cred.pid, cred.uid, cred.gid};
	return 0;
}

int link_accept(int fd, struct link_peer *peer, struct error *err)
{
	int rc, got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (got < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return 0;
		return error_errno(err, "accept");
	}
	if (got == 0) {
		got = fcntl(0, F_DUPFD_CLOEXEC, 3);
		close(0);
		if (got < 0)
			return error_errno(err, "accept");
	}
	rc = peer ? link_peer(got, peer, err) : 0;
	if (rc) {
		close(got);
		return rc;
	}
	return got;
}

int link_connect(const char *path, struct error *err)
{
	struct sockaddr_un addr;
	int fd = socket_new(path, &addr, err);

	if (fd < 0)
		return fd;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	keep_errno_close(fd);
	switch (errno) {
	case ENOENT: return error_set(err, ERR_NOT_FOUND, "nobody has made %s", path);
	case ECONNREFUSED: return error_set(err, ERR_CLOSED, "nobody listens at %s", path);
	case EAGAIN: return error_set(err, ERR_BUSY, "too many wait at %s", path);
	default: return error_errno(err, "connect to %s", path);
	}
}

int link_pair(int fd[2], struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, "a pair of sockets");
	fd[0] = pair[0];
	fd[1] = pair[1];
	return 0;
}

static bool is_in_our_group(int fd)
{
	gid_t groups[256];
	socklen_t n = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n))
		return false;
	for (size_t i = 0; i < n / sizeof(groups[0]); i++)
		if (groups[i] == getegid())
			return true;
	return false;
}

/* Whoever listens there has it; it need not accept for the kernel to tell who it is. */
static bool is_held_by_one_of_us(int fd, const struct sockaddr_un *addr, socklen_t size,
				 struct link_peer *holder)
{
	/* between its bind and its listen, or while it takes a crowd, nobody is told */
	for (int i = 0; i < HOLDER_TRIES && connect(fd, (const struct sockaddr *)addr, size); i++)
		(void)poll(NULL, 0, HOLDER_PAUSE_MS);
	if (link_peer(fd, holder, NULL) || holder->pid <= 0) {
		*holder = (struct link_peer){0};
		return false;
	}
	return geteuid() == 0 || holder->uid == geteuid() || holder->uid == 0 ||
	       holder->gid == getegid() || is_in_our_group(fd);
}

int link_lock(const char *name, struct link_peer *holder, struct error *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t n = strlen(name);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
	bool ours;
	int fd;

	if (n == 0 || n >= sizeof(addr.sun_path))
		return error_set(err, ERR_USAGE, "a lock's name of %zu bytes", n);
	memcpy(addr.sun_path + 1, name, n);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "a socket for the lock %s", name);
	if (!bind(fd, (struct sockaddr *)&addr, size) && !listen(fd, LINK_BACKLOG))
		return fd;
	if (errno != EADDRINUSE) {
		keep_errno_close(fd);
		return error_errno(err, "the lock %s", name);
	}
	ours = is_held_by_one_of_us(fd, &addr, size, holder);
	close(fd);
	return error_set(err, ours ? ERR_BUSY : ERR_DENIED, "held by process %d", (int)holder->pid);
}

int link_send(int fd, const void *p, size_t n, int pass_fd, struct error *err)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_len = n};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t rc;

	/* An empty packet would read as the end. */
	if (n == 0 || n > LINK_PACKET_MAX)
		return error_set(err, ERR_LIMIT, "a packet of %zu bytes; 1 to %d are possible", n,
				 LINK_PACKET_MAX);
	memcpy(&iov.iov_base, &p, sizeof(p)); /* sendmsg only reads it */
	if (pass_fd >= 0) {
		struct cmsghdr *c = &control.header;

		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	do
		rc = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (rc < 0 && errno == EINTR);
	if (rc == (ssize_t)n)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS)
		return error_set(err, ERR_BUSY, "the peer does not read");
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return error_set(err, ERR_CLOSED, "the peer is gone");
	return error_errno(err, "send %zu bytes", n);
}

/* Closes all but the one descriptor the caller wants. Returns how many came beyond it. */
static int take_fds(struct msghdr *msg, int *got_fd)
{
	int extra = 0, fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			memcpy(&fd, (unsigned char *)c + at, sizeof(int));
			if (got_fd && *got_fd < 0) {
				*got_fd = fd;
				continue;
			}
			close(fd);
			extra++;
		}
	}
	return extra;
}

int link_receive(int fd, void *p, size_t size, int *got_fd, struct error *err)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = p, .iov_len = size};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control.space)};
	int with_fd = -1, extra;
	ssize_t n;

	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return error_set(err, ERR_CLOSED, "the peer is gone");
	if (n < 0)
		return error_errno(err, "receive");
	extra = take_fds(&msg, got_fd ? &with_fd : NULL);
	if (extra || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (with_fd >= 0)
			close(with_fd);
		return error_set(err, ERR_PROTOCOL, "%s",
				 extra ? "a descriptor came that nobody asked for"
				       : "a packet is longer than any message");
	}
	if (got_fd)
		*got_fd = with_fd;
	return (int)n;
}
