/* SPDX-License-Identifier: MIT
 *
 * Which process holds a serial port.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "bus/port.h"

static bool process_has(const char *pid, const char *path)
{
	char dir_name[300], link_name[600], target[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(dir_name, sizeof(dir_name), "/proc/%s/fd", pid);
	d = opendir(dir_name);
	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		ssize_t n;

		snprintf(link_name, sizeof(link_name), "%s/%s", dir_name, e->d_name);
		n = readlink(link_name, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = 0;
		found = strcmp(target, path) == 0;
	}
	closedir(d);
	return found;
}

static void process_name(int pid, char *name)
{
	char path[300];
	size_t n = 0;
	FILE *f;

	name[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	n = fread(name, 1, 31, f);
	fclose(f);
	name[n] = 0;
	name[strcspn(name, "\n")] = 0;
}

/* The flock of the device node in the kernel's list of locks, which everybody may read:
 *	1: FLOCK  ADVISORY  WRITE 1234 00:18:3 0 EOF */
static int lock_holder(const char *path)
{
	unsigned long long inode;
	unsigned major_no, minor_no;
	char line[200];
	int pid = 0, at;
	struct stat st;
	FILE *f;

	if (stat(path, &st))
		return 0;
	f = fopen("/proc/locks", "re");
	if (!f)
		return 0;
	while (!pid && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &at, &major_no, &minor_no,
			   &inode) == 4 &&
		    inode == st.st_ino && major_no == major(st.st_dev) &&
		    minor_no == minor(st.st_dev))
			pid = at;
	fclose(f);
	return pid > 0 ? pid : 0;
}

/* TIOCEXCL leaves no trace but the open descriptor. */
static int opener(const char *path)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int pid = 0;

	if (!d)
		return 0;
	while (!pid && (e = readdir(d))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || atoi(e->d_name) == getpid())
			continue;
		if (!process_has(e->d_name, path))
			continue;
		pid = atoi(e->d_name);
	}
	closedir(d);
	return pid;
}

int port_owner(const char *path, char *name)
{
	int pid = lock_holder(path);

	if (!pid)
		pid = opener(path);
	if (name)
		process_name(pid, name);
	return pid;
}
