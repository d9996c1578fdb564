/* SPDX-License-Identifier: MIT
 *
 * A virtual bench: one rig with its station in one thread under virtual time. Bus machines, rig
 * core, session and engine are those of the daemons; the world stands in for the hardware, and hooks for
 * the store. A run of an hour takes a fraction of a second and goes the same way each time.
 *
 *	bench_new, bench_mount, bench_fault, bench_wait_ready, bench_start, bench_run_until_done,
 *	bench_verdict and its neighbours, bench_start again or bench_free
 *
 * One thread; nothing blocks. Times are virtual ns; run time and wire time are equal. A bench
 * may be copied with the process by fork: both copies go on.
 */
#ifndef SIM_BENCH_H
#define SIM_BENCH_H

#include "base/text.h"
#include "run/session.h"
#include "sim/vtime.h"
#include "sim/wire.h"
#include "sim/world.h"

/* The store; all optional, called at once and in order. A negative result is a failure of it. */
struct bench_hooks {
	void *ctx;
	int (*begin)(void *ctx, const struct run_facts *facts);
	int (*note)(void *ctx, const struct run_facts *facts, const struct engine_note *note);
	/* sync: the trace is to be durable up to here */
	int (*samples)(void *ctx, const struct run_facts *facts, const struct sample *at, int n,
		       bool sync);
	/* As ops.finish of run/session.h; document: what was stored. Without it the bench composes
	 * the document with its own hash of the trace. */
	int (*finish)(void *ctx, const struct run_facts *facts, bool keep, struct text *document);
};

struct bench_config {
	const struct fixture *fixture; /* borrowed */
	uint64_t seed;
	bool noise;
	double feed_tds_mg_l, feed_temperature_c; /* 0: 250, 25 */
	bool through_codec; /* messages of the io link are encoded, checked and decoded */
	bool no_operator;   /* prompts are not answered */
	int64_t utc_us;	    /* of virtual time 0; 0: 2026-06-01 */
	struct bench_hooks hooks;
	int64_t store_delay_ns; /* from a run's begin or finish to its answer; 0: at once */
	void (*log)(void *ctx, int level, const char *text); /* optional, with hooks.ctx */
};

struct bench;
struct bench *bench_new(const struct bench_config *config, struct error *err);
void bench_free(struct bench *b); /* NULL allowed */

struct world *bench_world(struct bench *b);
/* Faults of the n-th transaction, counted over all buses of the rig. */
struct wire_faults *bench_faults(struct bench *b);
int64_t bench_now_ns(const struct bench *b);
int64_t bench_utc_us(const struct bench *b);

/* A unit on a bay's hoses; the simulated operator scans its serial. serial NULL takes it off. */
void bench_mount(struct bench *b, int bay, const char *model, const char *serial);
/* As world_fault, SECONDS from now. */
int bench_fault(struct bench *b, const char *spec, struct error *err);

void bench_run_for(struct bench *b, int64_t ns);
/* Until the bay is ready, at most that long. */
bool bench_wait_ready(struct bench *b, int bay, int64_t limit_ns);
enum bay_state bench_bay_state(const struct bench *b, int bay, const char **reason);
/* Acknowledge a trip or lock. */
void bench_reset(struct bench *b, int bay);

struct bench_order {
	const struct profile *profile; /* for this bay; borrowed until the next start or the end */
	const char *serial;	       /* the ticket's */
	const char *id;		       /* of the run, 36 characters; NULL: all zero */
	enum run_type type;	       /* 0: post_repair_qc */
};
/* The check of the bay, then the run. ERR_STATE: the bay is not ready or busy. */
int bench_start(struct bench *b, int bay, const struct bench_order *order, struct error *err);
/* True when the run has ended (or was refused by the check), false after limit_ns. */
bool bench_run_until_done(struct bench *b, int bay, int64_t limit_ns);
/* The station stands still, as a benchd that hangs: no images, no answers. Its run goes on when it
 * wakes up again; its lease does not. */
void bench_hang(struct bench *b, bool hangs);
void bench_abort(struct bench *b, int bay, const char *why);

/* ---- the present or last run of a bay ---- */
enum bench_phase {
	BENCH_IDLE = 0,
	BENCH_CHECKING,
	BENCH_RUNNING,
	BENCH_STOPPING,
	BENCH_DONE,
	BENCH_REFUSED /* the check did not pass; detail */
};
enum bench_phase bench_phase(const struct bench *b, int bay);
enum verdict bench_verdict(const struct bench *b, int bay); /* 0 until done */
enum attribution bench_attribution(const struct bench *b, int bay);
bool bench_is_proven(const struct bench *b, int bay, const char **detail);
/* NULL before the first start. */
const struct session *bench_session(const struct bench *b, int bay);
/* By the profile's measurements, NULL before the run has begun. */
const struct engine_result *bench_results(const struct bench *b, int bay);
/* Latest calibrated value of a channel in its own unit, as the engine sees it; NAN unless good. */
double bench_value(const struct bench *b, int bay, const char *channel);
/* The finished document; "" until done or when the store failed. */
const char *bench_document(const struct bench *b, int bay);
/* Of every sample of the bay, in order. */
uint64_t bench_trace_hash(const struct bench *b, int bay);
/* Length of the run, from its begin to its last proof. */
int64_t bench_run_ns(const struct bench *b, int bay);

/* Whose work goes on just now (enum vtime_work): for a profiler, callable from a signal. */
int bench_work(const struct bench *b);

struct bench_stats {
	uint64_t timers, samples, messages, transactions, physics_steps;
};
void bench_stats(const struct bench *b, struct bench_stats *out);

#endif
