/* SPDX-License-Identifier: MIT */
#include "src/store/backup_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/store/db.h"

/* The whole file in memory; NULL with err, or for an empty one (*n 0, err untouched). */
static const void *map_file(const char *path, size_t *n, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const void *p = MAP_FAILED;
	struct stat st;

	*n = 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)error_errno(err, "%s", path);
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	if (st.st_size > 0) {
		*n = (size_t)st.st_size;
		p = mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			(void)error_errno(err, "%s", path);
	}
	(void)close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static void unmap(const void *p, size_t n)
{
	if (p)
		(void)munmap((void *)(uintptr_t)p, n);
}

int backup_file_hash(const char *path, char sha256[65], int64_t *bytes, struct error *err)
{
	struct error mine = {0};
	uint8_t hash[32];
	size_t n;
	const void *p = map_file(path, &n, &mine);

	if (!p && mine.code) {
		if (err)
			*err = mine;
		return mine.code;
	}
	text_sha256(hash, p ? p : "", n);
	text_hex(sha256, hash, sizeof(hash));
	*bytes = (int64_t)n;
	unmap(p, n);
	return 0;
}

int backup_sync_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 || store_io.fsync(fd) < 0 ? error_errno(err, "%s", path) : 0;

	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static int sync_folder_of(const char *path, struct error *err)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');
	int rc;

	*slash = '\0';
	rc = dir_sync(dir, err);
	free(dir);
	return rc;
}

int backup_put_file(const char *path, const void *p, size_t n, struct error *err)
{
	char *temp = dir_path("%s.tmp", path);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	int rc = 0;

	if (fd < 0 || dir_write(fd, p, n) < 0 || store_io.fsync(fd) < 0)
		rc = error_errno(err, "%s", temp);
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = error_errno(err, "%s", temp);
	if (rc == 0 && store_io.rename(temp, path) < 0)
		rc = error_errno(err, "%s", path);
	if (rc == 0)
		rc = sync_folder_of(path, err);
	else
		(void)unlink(temp);
	free(temp);
	return rc;
}

int backup_copy_file(const char *from, const char *to, struct error *err)
{
	struct error mine = {0};
	char was[65], is[65];
	int64_t bytes;
	size_t n;
	const void *p = map_file(from, &n, &mine);
	uint8_t hash[32];
	int rc = !p && mine.code ? mine.code : 0;

	if (rc == 0)
		rc = backup_put_file(to, p ? p : "", n, &mine);
	if (rc == 0) {
		text_sha256(hash, p ? p : "", n);
		text_hex(was, hash, sizeof(hash));
		rc = backup_file_hash(to, is, &bytes, &mine);
	}
	if (rc == 0 && strcmp(was, is) != 0)
		rc = error_set(&mine, ERR_IO, "%s: not the bytes that were written", to);
	unmap(p, n);
	if (rc < 0 && err)
		*err = mine;
	return rc;
}

void backup_remove(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		(void)closedir(d);
	(void)rmdir(dir);
}
