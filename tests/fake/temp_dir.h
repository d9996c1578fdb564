/* SPDX-License-Identifier: MIT
 *
 * Folders for what a test writes. Static: include it in a test program.
 */
#ifndef TESTS_FAKE_TEMP_DIR_H
#define TESTS_FAKE_TEMP_DIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* With its NUL: what a socket's path (108) can have before its own name. */
enum { TEMP_DIR_SIZE = 64, TEMP_DIRS_MAX = 16 };

static struct {
	pid_t owner;
	int count;
	char names[TEMP_DIRS_MAX][TEMP_DIR_SIZE];
} temp_dirs;

static inline int temp_dir_remove_one(const char *path, const struct stat *st, int kind,
				      struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* With all that is in it; nothing if it is gone. */
static inline void temp_dir_remove(const char *dir)
{
	(void)nftw(dir, temp_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	for (int i = 0; i < temp_dirs.count; i++) {
		if (strcmp(temp_dirs.names[i], dir) != 0)
			continue;
		memmove(temp_dirs.names[i], temp_dirs.names[--temp_dirs.count], TEMP_DIR_SIZE);
		return;
	}
}

/* What a test that failed has left; not of a child's, which ends before. */
static inline void temp_dir_at_exit(void)
{
	while (getpid() == temp_dirs.owner && temp_dirs.count)
		temp_dir_remove(temp_dirs.names[temp_dirs.count - 1]);
}

/* A fresh folder under TMPDIR, or fallback where there is none that is short enough: its name into dst. It is removed when
 * this program ends, if temp_dir_remove was not there before. */
static inline void temp_dir_make_in(const char *fallback, char dst[TEMP_DIR_SIZE])
{
	static const char name[] = "benchd-test-XXXXXX";
	const char *base = getenv("TMPDIR");

	if (!base || !base[0] || strlen(base) + 1 + sizeof(name) > TEMP_DIR_SIZE)
		base = fallback;
	(void)snprintf(dst, TEMP_DIR_SIZE, "%s/%s", base, name);
	if (temp_dirs.count == TEMP_DIRS_MAX || !mkdtemp(dst))
		abort();
	if (!temp_dirs.owner && atexit(temp_dir_at_exit))
		abort();
	if (temp_dirs.owner != getpid())
		temp_dirs.count = 0;
	temp_dirs.owner = getpid();
	memcpy(temp_dirs.names[temp_dirs.count++], dst, TEMP_DIR_SIZE);
}

static inline void temp_dir_make(char dst[TEMP_DIR_SIZE])
{
	temp_dir_make_in("/tmp", dst);
}

#endif
