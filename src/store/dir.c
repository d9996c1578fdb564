/* SPDX-License-Identifier: MIT
 *
 * The state folder: what is created stays created (the folder is synced), and one process at a
 * time has it.
 *
 * The lock is a file of its own. Opening and closing benchd.db, its -wal or its -shm here would
 * drop the locks SQLite holds on them (POSIX locks go with the first close in the process).
 */
#include "src/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct store_io system_io = {
	.write = write, .fdatasync = fdatasync, .fsync = fsync, .rename = rename, .unlink = unlink};

struct store_io store_io = {
	.write = write, .fdatasync = fdatasync, .fsync = fsync, .rename = rename, .unlink = unlink};
const char *store_vfs;

void store_set_io(const struct store_io *io)
{
	store_io = io ? *io : system_io;
}

void store_set_vfs(const char *name)
{
	store_vfs = name;
}

char *dir_path(const char *fmt, ...)
{
	char *p;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		panic("out of memory");
	va_end(ap);
	return p;
}

int dir_write(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t k = store_io.write(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			if (k == 0)
				errno = ENOSPC;
			return ERR_IO;
		}
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

int dir_sync(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return error_errno(err, "%s", path);
	rc = store_io.fsync(fd);
	if (rc < 0)
		rc = error_errno(err, "%s", path);
	(void)close(fd);
	return rc;
}

/* The folder above path, which may end in slashes. */
static char *parent_of(const char *path)
{
	char *p = xstrdup(path);
	size_t n = strlen(p);

	while (n > 1 && p[n - 1] == '/')
		p[--n] = '\0';
	while (n > 0 && p[n - 1] != '/')
		p[--n] = '\0';
	if (n == 0) {
		free(p);
		return xstrdup(".");
	}
	return p;
}

int dir_create(const char *path, struct error *err)
{
	char *parent;
	int rc;

	if (mkdir(path, 0750) < 0)
		return errno == EEXIST ? 0 : error_errno(err, "%s", path);
	parent = parent_of(path);
	rc = dir_sync(parent, err);
	free(parent);
	return rc;
}

/* The pid in a lock file; 0 if there is none. */
static long lock_pid(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	return n > 0 ? strtol(text, NULL, 10) : 0;
}

/* Is the file behind fd still the one of this name? A holder that closed in order has removed
 * it. */
static bool is_same_file(int fd, const char *path)
{
	struct stat open_st, named_st;

	return fstat(fd, &open_st) == 0 && stat(path, &named_st) == 0 &&
	       open_st.st_ino == named_st.st_ino && open_st.st_dev == named_st.st_dev;
}

static int lock_file(const char *path, int *out, struct error *err)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
		long pid;

		if (fd < 0)
			return error_errno(err, "%s", path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno != EWOULDBLOCK) {
				(void)error_errno(err, "%s", path);
				(void)close(fd);
				return ERR_IO;
			}
			pid = lock_pid(fd);
			(void)close(fd);
			if (pid > 0)
				return error_set(err, ERR_BUSY, "%s: held by process %ld", path,
						 pid);
			return error_set(err, ERR_BUSY, "%s: held by another process", path);
		}
		if (is_same_file(fd, path)) {
			*out = fd;
			return 0;
		}
		(void)close(fd);
	}
}

int dir_lock(const char *dir, int *out, bool *was_clean, struct error *err)
{
	char *path = dir_path("%s/lock", dir);
	char pid[32];
	int fd = -1;
	int rc = lock_file(path, &fd, err);

	if (rc == 0) {
		*was_clean = lock_pid(fd) == 0;
		(void)snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
		if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
			rc = error_errno(err, "%s", path);
			(void)close(fd);
		} else {
			*out = fd;
		}
	}
	free(path);
	return rc;
}

void dir_unlock(const char *dir, int fd, bool clean)
{
	char *path = dir_path("%s/lock", dir);

	if (clean)
		(void)unlink(path);
	(void)close(fd);
	free(path);
}
