/* SPDX-License-Identifier: MIT */
#include "usb_latency.h"

#include <dirent.h>
#include <stdio.h>

/* -1: it has none, as adapters other than FTDI's. */
static long latency_ms(const char *dir, const char *name)
{
	char path[1024];
	long ms = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s/latency_timer", dir, name);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &ms) != 1)
		ms = -1;
	(void)fclose(f);
	return ms;
}

void usb_latency_check(const char *sys, void (*slow)(void *ctx, const char *name, long ms),
		       void *ctx)
{
	const struct dirent *e;
	char dir[512];
	DIR *d;

	(void)snprintf(dir, sizeof(dir), "%s/bus/usb-serial/devices", sys);
	d = opendir(dir);
	if (!d)
		return;
	while ((e = readdir(d)) != NULL) {
		long ms = e->d_name[0] == '.' ? -1 : latency_ms(dir, e->d_name);

		if (ms > USB_LATENCY_MAX_MS)
			slow(ctx, e->d_name, ms);
	}
	(void)closedir(d);
}
