/* SPDX-License-Identifier: MIT
 *
 * benchd: the station. Engines, judgement, records, tickets, release. Never touches a device and
 * never parses HTTP: benchd-io and benchd-web do.
 */
#include <getopt.h>
#include <libgen.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "station/loss.h"
#include "station/options.h"
#include "station/station.h"

#define MODULE "benchd"

struct daemon {
	struct loop *loop;
	struct station *station;
	struct loop_timer *watchdog;
	int64_t watchdog_ns;
};

static void on_stop(void *ctx, int sig)
{
	struct daemon *d = ctx;
	sd_notify(0, "STOPPING=1");
	station_stop(d->station, sig == SIGINT ? "interrupted (Ctrl-C)" : "asked to terminate");
}

static void on_child(void *ctx)
{
	struct daemon *d = ctx;
	station_child(d->station);
}

static void on_watchdog(void *ctx)
{
	struct daemon *d = ctx;
	sd_notify(0, "WATCHDOG=1");
	loop_set_timer(d->watchdog, clock_mono_ns() + d->watchdog_ns);
}

static void start_watchdog(struct daemon *d)
{
	uint64_t us = 0;
	if (sd_watchdog_enabled(0, &us) <= 0)
		return;
	d->watchdog_ns = (int64_t)us * 1000 / 3;
	d->watchdog = loop_add_timer(d->loop, on_watchdog, d);
	on_watchdog(d);
}

/* The folder this program lies in: the other daemons are there too. */
static void own_dir(char *dst, size_t size)
{
	char exe[512];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n < 0)
		n = 0;
	exe[n] = 0;
	text_copy(dst, size, n ? dirname(exe) : ".");
}

/* The records are this user's alone, also against benchd-web, which is of the same group: what the
 * group needs (sockets, the folder itself) is opened to it by name. An earlier release left
 * the database readable to the group. */
static void close_to_others(const char *state_dir)
{
	static const char *const names[] = {"benchd.db", "benchd.db-wal", "benchd.db-shm"};
	char path[600];

	umask(0077);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", state_dir, names[i]);
		if (chmod(path, 0600) && errno != ENOENT)
			log_warning(MODULE, "%s: %s; others may read it", path, strerror(errno));
	}
}

int main(int argc, char **argv)
{
	static char bin_dir[512];
	struct station_options o = {0};
	struct daemon d = {0};
	struct error err = {0};
	int code = 2;
	own_dir(bin_dir, sizeof(bin_dir));
	o.bin_dir = bin_dir;
	int rc = options_parse(&o, argc, argv, &code);
	if (rc)
		return code;
	close_to_others(o.state_dir);
	if (o.restore)
		return loss_restore(&o);
	if (o.import)
		return loss_import(&o);
	d.loop = loop_new();
	d.station = station_new(d.loop, &o, &code, &err);
	if (!d.station) {
		fprintf(stderr, "benchd: %s\n", err.text);
		loop_free(d.loop);
		return code;
	}
	loop_signals(d.loop, on_stop, on_child, &d);
	if (station_start(d.station, &err)) {
		fprintf(stderr, "benchd: %s\n", err.text);
		station_free(d.station);
		loop_free(d.loop);
		return err.code == ERR_BUSY ? 75 : 2;
	}
	start_watchdog(&d);
	sd_notify(0, "READY=1");
	code = loop_run(d.loop);
	loop_remove_timer(d.watchdog);
	station_free(d.station);
	loop_free(d.loop);
	return code;
}
