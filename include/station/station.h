/* SPDX-License-Identifier: MIT
 *
 * benchd's control loop: rigs and their bays, runs from request to durable record, API routes, events. One
 * thread (the loop's); it never touches disk or SQLite: what needs those is a job of the store's worker threads.
 *
 * Start order: station_new -> station_start; stop: station_stop (asks), then the loop ends by itself when every run is
 * recorded and every child is gone.
 */
#ifndef STATION_STATION_H
#define STATION_STATION_H

#include "base/loop.h"
#include "plan/fixture.h"
#include "ticket/ticket.h"

struct station_options {
	const char *name; /* of the station, in records; host name by default */
	const char *state_dir;
	const char *fixtures[8]; /* paths, one per rig */
	int fixture_count;
	const char *profiles_dir;
	const char *sim_dir;		 /* for "sim:" ports, with spawn */
	const char *trace_dir;		 /* bus traces, with spawn */
	const char *bin_dir;		 /* where the other daemons are, with spawn */
	bool spawn;			 /* start benchd-io and benchd-web */
	unsigned speed;			 /* 1..20 */
	int port;			 /* of benchd-web, with spawn */
	const char *lan_names, *ca_file; /* its options, with spawn; NULL: none */
	const char *restore; /* no station: put this backup into the state folder and exit */
	/* after a loss (station/loss.h) */
	const char *after_loss; /* the reason; NULL: nothing was lost */
	const char *signer;	/* a supervisor, PIN on standard input */
	bool import, complete;	/* no station: take back what was lost, and exit */
	char **imports;
	int import_count;
	const char *backup_dir; /* second place for copies; NULL: none */
	int backup_hours, backup_keep;
	int keep_traces_days, keep_feed_days; /* 0: for ever */
	const char *webhooks;		      /* file of plan/hook.h; NULL: none */
	/* patterns of scanned codes, ticket/codes.h */
	const char *codes[8];
	int code_count;
	struct ticket_defaults ticket_defaults;
	const char *adapter_path;
	struct adapter *adapter; /* ticket/adapter.h; NULL: none */
	bool ticketing_owns; /* tickets come from the ticketing system, none is made at the bench */
	bool block_unqualified; /* such a person starts no run that could release; else it is flagged */
};

struct station;
/* Load fixtures, profiles, store; close interrupted runs. NULL with err (problems are printed); *exit_code tells the
 * daemon's exit code. */
struct station *station_new(struct loop *loop, const struct station_options *o, int *exit_code,
			    struct error *err);
int station_start(struct station *s, struct error *err);
/* Begin to stop: abort runs, wait for proofs and records, end children; then loop_stop with the exit code. */
void station_stop(struct station *s, const char *why);
/* SIGCHLD */
void station_child(struct station *s);
void station_free(struct station *s);

#endif
