/* SPDX-License-Identifier: MIT
 *
 * A session with an owner who writes down what he is asked for and complains about what must never
 * be: an image before the run is durable or after a stop, an end before the proof or its time-out, a
 * second one, anything for a store that failed. Included by one test program each.
 */
#ifndef TESTS_UNIT_SESSION_BENCH_H
#define TESTS_UNIT_SESSION_BENCH_H

#include "run_bench.h"

#include "run/session.h"

enum { JOBS_MAX = 4096 };

/* What the store was given and has not answered yet. */
struct job {
	char kind; /* 'b' begin, 'n' note, 'f' finish */
	struct engine_result result;
};

struct world {
	struct bench *b; /* profile and fixture; its engine is not used */
	struct session *s;
	struct session_time now;
	int64_t stop_ns; /* wire: since then in STOPPING */
	unsigned speed;
	double feed; /* L/min */
	uint32_t lease, last_lease, token, safe_token[SAFE_CHECK + 1];
	struct job jobs[JOBS_MAX];
	int job_first, job_end;
	bool keeps; /* the session is not freed when it is over */
	bool began, store_is_bad, proof_given, dropped, link_is_down;
	int images, notes, samples, syncs, begins, finishes, kept, overs, safes[SAFE_CHECK + 1];
	struct engine_result durable[BENCH_MAX];
	/* of the last session that was over */
	enum session_outcome outcome;
	enum verdict verdict, engine_verdict;
	char code[24], document[20000];
};

/* ---- the owner ---- */

static inline void push(struct world *w, char kind, const struct engine_result *result)
{
	assert_true(w->job_end < JOBS_MAX);
	w->jobs[w->job_end] = (struct job){.kind = kind};
	if (result)
		w->jobs[w->job_end].result = *result;
	w->job_end++;
}

static inline uint32_t op_safe(void *ctx, enum safe_what what)
{
	struct world *w = ctx;

	w->safes[what]++;
	w->safe_token[what] = ++w->token;
	return w->link_is_down ? 0 : w->token;
}

static inline void op_image(void *ctx, const struct io_msg *m)
{
	struct world *w = ctx;

	assert_true(w->began);
	assert_int_equal(w->safes[SAFE_STOP], 0);
	assert_false(w->dropped);
	assert_int_equal(m->type, IO_IMAGE);
	assert_int_equal(m->u.image.count, OUTPUTS);
	assert_int_equal(m->u.image.seq, w->images + 1);
	assert_int_equal(m->u.image.lease, w->lease);
	assert_true(m->u.image.lease > w->last_lease);
	w->images++;
}

static inline void op_begin(void *ctx)
{
	struct world *w = ctx;

	w->begins++;
	push(w, 'b', NULL);
}

static inline void op_note(void *ctx, const struct engine_note *note)
{
	struct world *w = ctx;

	assert_true(w->began);
	assert_false(w->store_is_bad);
	w->notes++;
	push(w, 'n', note->result);
}

static inline void op_samples(void *ctx, const struct sample *at, int n, bool sync)
{
	struct world *w = ctx;

	(void)at;
	assert_true(w->began);
	assert_false(w->store_is_bad);
	w->samples += n;
	w->syncs += sync;
}

static inline void op_finish(void *ctx, bool keep)
{
	struct world *w = ctx;

	assert_true(w->began);
	assert_true(w->proof_given || w->now.wire_ns - w->stop_ns > 60 * NS_PER_S);
	assert_int_equal(w->finishes++, 0);
	assert_int_equal(keep, !w->store_is_bad);
	w->kept += keep;
	push(w, 'f', NULL);
}

static inline void op_began(void *ctx)
{
	struct world *w = ctx;

	assert_int_equal(w->begins, 1);
	w->began = true;
}

static inline void op_over(void *ctx)
{
	struct world *w = ctx;
	struct text t = {0};

	w->overs++;
	w->outcome = w->s->outcome;
	w->verdict = session_verdict(w->s);
	w->engine_verdict = w->s->verdict;
	snprintf(w->code, sizeof(w->code), "%s", w->s->code);
	if (w->finishes) {
		session_document(w->s, NULL, &t);
		snprintf(w->document, sizeof(w->document), "%s", t.buf);
		text_release(&t);
	}
	w->last_lease = w->lease;
	if (w->keeps)
		return;
	session_free(w->s);
	w->s = NULL;
}

/* ---- events ---- */

static inline struct run_facts facts(const struct world *w)
{
	struct run_facts f = {.type = RUN_POST_REPAIR_QC, .profile = &w->b->p, .speed = 1};

	snprintf(f.id, sizeof(f.id), "run");
	snprintf(f.serial, sizeof(f.serial), "SN1");
	return f;
}

static inline void open_session(struct world *w)
{
	struct session_config config = {.ops = {.safe = op_safe,
						.image = op_image,
						.begin = op_begin,
						.note = op_note,
						.samples = op_samples,
						.finish = op_finish,
						.began = op_began,
						.over = op_over},
					.ctx = w,
					.fixture = &w->b->f,
					.state = BAY_READY,
					.lease = &w->lease};
	struct run_facts f = facts(w);

	w->began = w->proof_given = w->dropped = false;
	w->images = w->begins = w->finishes = w->kept = w->overs = 0;
	memset(w->safes, 0, sizeof(w->safes));
	memset(w->durable, 0, sizeof(w->durable));
	w->job_first = w->job_end = 0;
	w->s = session_new(&config, &f);
}

static inline void check(struct world *w)
{
	struct run_facts f = facts(w);

	session_check(w->s, &f, w->now);
}

static inline void pass(struct world *w, double wire_s)
{
	w->now.wire_ns += (int64_t)(wire_s * 1e9);
	w->now.run_ns += (int64_t)(wire_s * 1e9) * w->speed;
	w->now.utc_us += (int64_t)(wire_s * 1e6);
}

static inline void tick(struct world *w)
{
	enum session_phase was = w->s->phase;

	session_tick(w->s, w->now);
	if (was == SESSION_RUNNING && w->s && w->s->phase == SESSION_STOPPING)
		w->stop_ns = w->now.wire_ns;
}

static inline void proof(struct world *w, enum safe_what after, bool proven)
{
	if ((w->s->phase == SESSION_STOPPING || (w->s->phase == SESSION_BEGINNING && w->dropped)) &&
	    after != SAFE_CHECK)
		w->proof_given = true;
	session_proof(w->s, w->safe_token[after], after, proven, 4 * NS_PER_S, "pressure 0.004 MPa",
		      w->now);
}

static inline void trip(struct world *w)
{
	w->dropped = w->dropped || w->s->phase >= SESSION_BEGINNING;
	session_trip(w->s, -1, TRIP_ESTOP, "emergency stop", 1, w->now);
}

static inline void io_lost(struct world *w)
{
	w->dropped = w->dropped || w->s->phase >= SESSION_BEGINNING;
	session_io_lost(w->s, "link closed", w->now);
}

static inline void fail_store(struct world *w)
{
	w->store_is_bad = true;
	session_store_failed(w->s, "slow disk", w->now);
}

/* The store's next answer. */
static inline void answer_job(struct world *w, int rc)
{
	struct job j = w->jobs[w->job_first++];

	w->store_is_bad = w->store_is_bad || rc;
	if (j.kind == 'b') {
		session_begun(w->s, rc, "disk full", w->now);
	} else if (j.kind == 'f') {
		session_finished(w->s, rc || !w->kept ? ERR_STORE : 0, w->now);
	} else {
		if (!rc && j.result.verdict)
			w->durable[j.result.measurement] = j.result;
		session_noted(w->s, j.result.verdict ? &j.result : NULL, rc, "disk full", w->now);
	}
}

static inline void feed(struct world *w, double flow)
{
	struct sample s[CHANNELS];

	for (int i = 0; i < CHANNELS; i++)
		s[i] = (struct sample){.channel = (uint16_t)i,
				       .quality = w->b->quality[i],
				       .updates = ++w->b->updates[i],
				       .value = i == FLOW ? flow : w->b->value[i],
				       .at_ns = w->now.run_ns - 5 * NS_PER_MS};
	session_samples(w->s, s, CHANNELS, w->now);
}

/* ---- worlds ---- */

static inline struct world *world_new(double wait_s)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->b = bench_new();
	w->speed = 1;
	w->now = (struct session_time){w->b->now_ns, w->b->now_ns, w->b->utc_us};
	bench_plain(w->b);
	bench_prompt(w->b, "looks_dry", PROMPT_YES_NO, 30);
	if (wait_s > 0) {
		w->b->actions[0][1] = (struct pf_action){.kind = PF_WAIT,
							 .output = -1,
							 .capture = -1,
							 .for_ns = (int64_t)(wait_s * 1e9)};
	}
	open_session(w);
	return w;
}

static inline void world_free(struct world *w)
{
	session_free(w->s);
	bench_free(w->b);
	free(w);
}

static inline void running(struct world *w)
{
	check(w);
	proof(w, SAFE_CHECK, true);
	answer_job(w, 0);
	assert_int_equal(w->s->phase, SESSION_RUNNING);
}

static inline void run_for(struct world *w, double s)
{
	for (double t = 0; t < s && w->s->phase == SESSION_RUNNING; t += 0.1) {
		pass(w, 0.1);
		feed(w, 1.5);
		if (w->images)
			session_bay(w->s, BAY_ACTIVE, "", w->now);
		tick(w);
	}
}

#endif
