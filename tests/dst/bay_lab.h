/* SPDX-License-Identifier: MIT
 *
 * A run under way on the virtual bench, a fault that comes, and what has to hold: the bay is off in
 * time, nothing comes on by itself, nothing passes with a value the plant did not have, and the next
 * run starts once the fault is over. Static: include it in a test program.
 */
#ifndef TESTS_DST_BAY_LAB_H
#define TESTS_DST_BAY_LAB_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rig_case.h"

#define QUICK "profiles/ro600_quick.yaml"
#define FULL  "profiles/ro600_full.yaml"
/* Water flows, the unit works; long before the first measurement. */
#define INTO_RUN_NS (40 * NS_PER_S)
#define SAFE_NS	    (4 * NS_PER_S) /* three tries, lost within 2 s, one more poll, the drop */

static struct rig_case quick, full; /* of the same fixture */

static int bad_count;

/* Told, and the test goes on: one table shows all. */
__attribute__((format(printf, 1, 2))) static void bad(const char *format, ...)
{
	va_list args;

	bad_count++;
	print_error("# BAD ");
	va_start(args, format);
	vprint_error(format, args);
	va_end(args);
	print_error("\n");
}

struct told {
	struct bench *bench;
	const struct rig_case *rig;
	bool wrong;
	char text[160];
};

static inline double truth_of(struct world *w, const char *id)
{
	double feed = world_truth(w, 0, "feed_conductivity");

	if (!strcmp(id, "rejection"))
		return 100 * (1 - world_truth(w, 0, "permeate_conductivity") / feed);
	if (!strcmp(id, "recovery"))
		return 100 * world_truth(w, 0, "recovery");
	if (!strcmp(id, "permeate_flow") || !strcmp(id, "pump_current"))
		return world_truth(w, 0, id);
	return (double)NAN;
}

/* A value that passes is the plant's, within its uncertainty and 3 %. */
static inline int on_note(void *ctx, const struct run_facts *facts, const struct engine_note *note)
{
	struct told *t = ctx;
	const struct engine_result *r = note->result;
	const char *id;
	double truth;

	(void)facts;
	if (note->kind != NOTE_MEASUREMENT || r->verdict != VERDICT_PASS || !r->has_value)
		return 0;
	id = t->rig->profile->measurements[r->measurement].id;
	truth = truth_of(bench_world(t->bench), id);
	if (fabs(r->value - truth) > r->uncertainty + 0.03 * fabs(truth)) {
		t->wrong = true;
		snprintf(t->text, sizeof(t->text), "%s passed with %.6g, truth %.6g", id, r->value,
			 truth);
	}
	return 0;
}

struct kase {
	const char *fault;  /* DEVICE:NAME..., or a fault of the rig */
	bool carries;	    /* an output or a limit: the bay goes safe at once */
	bool may_pass;	    /* with true values */
	bool is_full;	    /* of the full profile, the fault there from the start */
	const char *reason; /* of the bay or the run, part of it; NULL: any */
};

static inline void set_fault(struct bench *b, const char *fault)
{
	struct world *w = bench_world(b);
	struct error err = {0};
	int rc = world_is_bus_fault(w, fault) ? world_bus_fault(w, fault, &err)
					      : bench_fault(b, fault, &err);

	if (rc)
		fail_msg("%s", err.text);
}

static inline void end_fault(struct bench *b, const char *fault)
{
	char spec[80];

	if (!world_is_bus_fault(bench_world(b), fault)) {
		world_clear_faults(bench_world(b), -1);
		return;
	}
	snprintf(spec, sizeof(spec), "%.*s:none", (int)strcspn(fault, ":"), fault);
	set_fault(b, spec);
}

/* Everything of bay 1 that moves something is as it is without current, or commanded safe. */
static inline bool is_off(struct bench *b)
{
	const struct fixture *f = quick.fixture;

	for (int o = 0; o < f->output_count; o++) {
		const struct fx_output *out = &f->outputs[o];

		if (!(out->bays & 1) || out->kind == OUTPUT_LAMP || o == f->dead_man || !out->trips)
			continue;
		if (fabs(world_output(bench_world(b), o, NULL) - out->safe) > 1e-9)
			return false;
	}
	return true;
}

/* ns from now until the bay is off; INT64_MAX: not within limit_ns. */
static inline int64_t time_to_off(struct bench *b, int64_t limit_ns)
{
	for (int64_t t = 0; t < limit_ns; t += 50 * NS_PER_MS) {
		if (is_off(b))
			return t;
		bench_run_for(b, 50 * NS_PER_MS);
	}
	return INT64_MAX;
}

static inline bool get_ready(struct bench *b)
{
	if (bench_wait_ready(b, 0, 5 * NS_PER_S))
		return true;
	bench_reset(b, 0);
	return bench_wait_ready(b, 0, 2 * CASE_READY_NS);
}

static inline struct bench *at_work(struct told *t, const struct kase *k)
{
	const struct rig_case *rig = k->is_full ? &full : &quick;
	struct bench_config config = {.fixture = rig->fixture,
				      .seed = 1,
				      .noise = true,
				      .hooks = {.ctx = t, .note = on_note}};
	struct bench *b = rig_case_bench(rig, &config);
	struct error err = {0};

	*t = (struct told){.bench = b, .rig = rig};
	assert_true(bench_wait_ready(b, 0, CASE_READY_NS));
	if (rig_case_start(rig, b, &err))
		fail_msg("%s", err.text);
	if (!k->is_full) {
		bench_run_for(b, INTO_RUN_NS);
		assert_int_equal(bench_phase(b, 0), BENCH_RUNNING);
		assert_false(is_off(b));
	}
	set_fault(b, k->fault);
	return b;
}

/* Nothing comes on by itself, neither while the fault lasts nor when it is over. */
static inline void stays_off(struct bench *b, const struct kase *k)
{
	for (int i = 0; i < 100; i++) {
		if (!is_off(b)) {
			bad("%s: something is switched on again", k->fault);
			return;
		}
		bench_run_for(b, NS_PER_S / 10);
	}
}

static inline void next_run_starts(struct bench *b, const struct kase *k)
{
	struct error err = {0};
	const char *why = "";

	if (!get_ready(b)) {
		bench_bay_state(b, 0, &why);
		bad("%s: the bay does not get ready again: %s", k->fault, why);
		return;
	}
	if (rig_case_start(&quick, b, &err))
		bad("%s: %s", k->fault, err.text);
	bench_run_for(b, 3 * NS_PER_S);
	if (bench_phase(b, 0) != BENCH_RUNNING)
		bad("%s: the next run does not go on", k->fault);
}

static inline void run_case(const struct kase *k)
{
	struct told t;
	struct bench *b = at_work(&t, k);
	int64_t off_ns = INT64_MAX;
	const char *why = "";
	enum verdict v;

	if (k->carries)
		off_ns = time_to_off(b, SAFE_NS);
	if (!bench_run_until_done(b, 0, rig_case_limit_ns(t.rig)))
		bad("%s: the run does not end", k->fault);
	bench_bay_state(b, 0, &why);
	v = bench_verdict(b, 0);
	print_message("# %-28s %-12s %s%.2f s; %s\n", k->fault, v ? verdict_name(v) : "none",
		      k->carries ? "off after " : "", k->carries ? (double)off_ns * 1e-9 : 0.0,
		      why);
	if (k->carries && off_ns == INT64_MAX)
		bad("%s: the bay is not off within %.0f s", k->fault, SAFE_NS * 1e-9);
	if (t.wrong)
		bad("%s: %s", k->fault, t.text);
	if (v == VERDICT_PASS && !k->may_pass)
		bad("%s: the run passed", k->fault);
	if (k->reason && !strstr(why, k->reason) && !strstr(bench_document(b, 0), k->reason))
		bad("%s: nobody is told '%s' but '%s'", k->fault, k->reason, why);
	stays_off(b, k);
	end_fault(b, k->fault);
	stays_off(b, k);
	next_run_starts(b, k);
	bench_free(b);
}

static inline void run_cases(const struct kase *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_case(&k[i]);
	assert_int_equal(bad_count, 0);
}
#define RUN(list) run_cases(list, sizeof(list) / sizeof((list)[0]))

static inline void bay_lab_open(void)
{
	struct problems problems = {0};

	rig_case_load(&quick, NULL, QUICK);
	full = quick;
	full.profile = profile_load(FULL, quick.model, quick.fixture, 0, &problems);
	if (!full.profile)
		rig_case_die(&problems, FULL);
	problems_release(&problems);
}

static inline void bay_lab_close(void)
{
	profile_free(full.profile);
	rig_case_release(&quick);
}

#endif
