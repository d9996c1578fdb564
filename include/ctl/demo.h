/* SPDX-License-Identifier: MIT
 *
 * Inside of benchctl demo: the processes it starts. The simulated rig goes last, whatever
 * happens: it is held by a keeper process, which ends it when the demo and the station have
 * let go of a pipe. So a demo that is killed outright leaves nothing behind either: the
 * station is told by the kernel, makes safe and ends, and then the rig does.
 */
#ifndef CTL_DEMO_H
#define CTL_DEMO_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "ctl/ctl.h"

enum { DEMO_FAULTS_MAX = 16, DEMO_BAYS = 2 };

extern const struct demo_unit {
	const char *bay, *ticket, *serial;
} demo_units[DEMO_BAYS];

struct demo_options {
	const char *dir, *fixture, *profiles, *bin_dir;
	const char *faults[DEMO_FAULTS_MAX];
	int fault_count;
	int speed, port;
	const char *seed;
};

struct demo_processes {
	const struct demo_options *options;
	char state[400], sim[400], sim_log[420], station_log[420];
	pid_t keeper, station; /* 0: not running */
	int hold;	       /* our end of the keeper's pipe, -1 */
	int station_code;      /* exit code, -1: killed by a signal */
};

struct demo {
	struct ctl *c;
	struct demo_options options;
	struct demo_processes processes;
	struct watched runs[DEMO_BAYS];
	int64_t end_ns; /* the run phase is over by then */
	char dir[400], bin_dir[400];
};

/* demo_results.c: print both; false when the station does not answer (told). */
bool demo_print_results(struct demo *d);
bool demo_json_results(struct demo *d, bool expected);
/* A healthy unit passes; a faulty one fails and says by what. */
bool demo_is_as_expected(const struct demo_options *o, const struct watched *r);
/* Did readings of a healthy unit come too late? Then the machine is too busy for this speed. */
bool demo_was_too_slow(const struct demo_options *o, const struct watched *r);

/* Make the folders and names. */
int demo_prepare(struct demo_processes *p, const struct demo_options *o, struct error *err);
int demo_start_rig(struct demo_processes *p, struct error *err);
int demo_start_station(struct demo_processes *p, struct error *err);
/* Is the rig's control socket there? */
bool demo_rig_is_up(const struct demo_processes *p);
/* Neither has ended by itself. */
bool demo_is_alive(struct demo_processes *p, struct error *err);
/* The station is asked to end (it makes safe first) and awaited, at most timeout_s; then the
 * rig. Whether the station ended by itself in that time. */
void demo_ask_station(const struct demo_processes *p);
bool demo_await_station(struct demo_processes *p, int timeout_s);
void demo_stop_rig(struct demo_processes *p);
/* Sockets, locks and the simulated ports go; the records stay. */
void demo_clean(const struct demo_processes *p);
/* Last lines of a log, to stderr. */
void demo_show_log(const char *path);

#endif
