/* SPDX-License-Identifier: MIT */
#include "link/port.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Inode of the socket that listens on port, as /proc/net/tcp lists it; 0 if none. */
static unsigned long listening_inode(const char *table, int port)
{
	FILE *fp = fopen(table, "re");
	unsigned long found = 0;
	char line[512];

	if (!fp)
		return 0;
	while (!found && fgets(line, sizeof(line), fp)) {
		unsigned at = 0, state = 0;
		unsigned long inode = 0;

		/* sl local:port remote:port state tx:rx tr:when retransmits uid timeout inode */
		if (sscanf(line, "%*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &at,
			   &state, &inode) == 3 &&
		    state == 0x0a && at == (unsigned)port)
			found = inode;
	}
	(void)fclose(fp);
	return found;
}

static int holds(const char *pid, const char *want)
{
	char path[300], target[64];
	struct dirent *e;
	int found = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	if (!d)
		return 0;
	while (!found && (e = readdir(d)) != NULL) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		found = strcmp(target, want) == 0;
	}
	closedir(d);
	return found;
}

static void program_name(const char *pid, char *name, size_t size)
{
	char path[300];
	FILE *fp;

	(void)snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	fp = fopen(path, "re");
	if (!fp || !fgets(name, (int)size, fp))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	if (fp)
		(void)fclose(fp);
}

pid_t port_holder(int port, char *name, size_t size)
{
	unsigned long inode = listening_inode("/proc/net/tcp", port);
	char want[64];
	struct dirent *e;
	pid_t found = 0;
	DIR *d;

	if (name && size)
		name[0] = '\0';
	if (!inode)
		inode = listening_inode("/proc/net/tcp6", port);
	if (!inode)
		return 0;
	(void)snprintf(want, sizeof(want), "socket:[%lu]", inode);
	d = opendir("/proc");
	if (!d)
		return 0;
	while (!found && (e = readdir(d)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !holds(e->d_name, want))
			continue;
		found = (pid_t)strtol(e->d_name, NULL, 10);
		if (name && size)
			program_name(e->d_name, name, size);
	}
	closedir(d);
	return found;
}
