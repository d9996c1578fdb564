/* SPDX-License-Identifier: MIT
 *
 * Inside of the virtual bench:
 *
 *	bench.c		rig, wires, virtual time, messages between rig and station
 *	bench_session.c	sessions between rig and hooks
 *	bench_operator.c  a person who answers prompts from what the plant shows
 */
#ifndef SIM_BENCH_CORE_H
#define SIM_BENCH_CORE_H

#include "link/io.h"
#include "rig/rig.h"
#include "sim/bench.h"

#define BENCH_TICK_NS	(100 * NS_PER_MS)
#define BENCH_ANSWER_NS (2 * NS_PER_S) /* a person reads and answers */
#define BENCH_ALARM_NS	(5 * NS_PER_S) /* within this the unit's leak alarm must have shut it */

/* Messages on their way, oldest first: length, then the message as a packet or as it is. */
struct bench_queue {
	uint8_t *bytes;
	size_t at, end, cap;
};

struct bench_bay {
	struct bench *bench;
	int index;
	enum bay_state state;
	char reason[IO_TEXT_MAX];
	struct vtimer tick, operator_timer;
	bool wetting;
	char unit_serial[64];
	uint32_t lease;
	struct session *session; /* the present or last one; NULL: none yet */
	struct vtimer answer;	 /* of the store, to come */
	int answer_rc;
	struct text document;
	uint64_t trace_hash;
};

struct bench {
	struct bench_config config;
	const struct fixture *fixture;
	struct vtime vt;
	struct clock_scale scale;
	struct world *world;
	struct rig *rig;
	struct bus_config bus_configs[FIXTURE_BUSES_MAX];
	struct wire *wires[FIXTURE_BUSES_MAX];
	struct wire_faults faults;
	struct vtimer rig_timer;
	bool rig_due; /* something came: it runs when all of this moment has come */
	struct bench_bay bays[FIXTURE_BAYS_MAX];
	struct bench_queue to_station, to_rig;
	struct io_msg incoming, outgoing;
	bool pumping, hangs;
	uint32_t token;
	struct sample latest[FIXTURE_CHANNELS_MAX];
	bool seen[FIXTURE_CHANNELS_MAX];
	struct bench_stats stats;
};

/* bench.c */
/* The next timer by end_ns and what follows from it; false: there was none. */
bool bench_step(struct bench *b, int64_t end_ns);
/* Queue a message for the rig; it is delivered when the caller has returned to the loop. */
void bench_send(struct bench *b, const struct io_msg *m);
uint32_t bench_send_safe(struct bench *b, int bay, enum safe_what what);

/* bench_session.c */
struct session_time bench_now(const struct bench *b);
void bench_session_message(struct bench *b, const struct io_msg *m);
void bench_session_tick(void *ctx, int64_t now_ns);
void bench_session_answer(void *ctx, int64_t now_ns);

/* bench_operator.c */
void bench_operator_prompted(struct bench_bay *y);
void bench_operator_act(void *ctx, int64_t now_ns);

#endif
