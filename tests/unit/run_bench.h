/* SPDX-License-Identifier: MIT
 *
 * A bench for tests of the engine: a small fixture and a profile put together in C, readings every
 * 100 ms, and a list of the notes that came. Included by one test program each.
 */
#ifndef TESTS_UNIT_RUN_BENCH_H
#define TESTS_UNIT_RUN_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/engine.h"
#include "run/record.h"

enum { FLOW, DRAIN_FLOW, PERMEATE_COND, FEED_COND, PRESSURE, TEMPERATURE, TRAY, CHANNELS };
enum { REGULATOR, FAUCET, POWER, OUTPUTS };
enum { BENCH_MAX = 16, BENCH_NOTES = 4000 };

struct bench_note {
	enum note_kind kind;
	int64_t at_ns;
	int step, attempt;
	enum verdict verdict;
	enum attribution attribution;
	int measurement;
	double value;
	char code[64], text[128];
};

struct bench {
	struct fixture f;
	struct fx_channel channels[CHANNELS];
	struct fx_output outputs[OUTPUTS];
	struct fx_bay bay;
	struct fx_interlock interlocks[2];
	struct model model;
	struct model_param params[1];

	struct profile p;
	struct pf_measurement measurements[BENCH_MAX];
	struct pf_derived derived[BENCH_MAX];
	const char *captures[BENCH_MAX];
	struct pf_envelope envelope[BENCH_MAX];
	struct pf_abort aborts[BENCH_MAX];
	struct pf_step steps[BENCH_MAX];
	struct pf_action actions[BENCH_MAX][BENCH_MAX], children[BENCH_MAX];
	struct pf_watch watches[BENCH_MAX][4];
	struct pf_set sets[64];
	int set_count;
	int16_t lists[64];
	int list_count;
	struct pf_prompt prompts[BENCH_MAX];
	int prompt_count;
	struct expr *exprs[128];
	int expr_count;

	struct engine *e;
	struct record *record;
	struct run_facts facts;
	int64_t now_ns, utc_us, utc_not_before_us;
	double value[CHANNELS]; /* in the channel's unit */
	uint8_t quality[CHANNELS];
	bool silent[CHANNELS];	    /* no reading comes */
	bool not_renewed[CHANNELS]; /* readings come, the device's counter stands */
	uint32_t updates[CHANNELS];
	void (*world)(struct bench *b); /* before each tick */
	struct bench_note notes[BENCH_NOTES];
	int note_count;
};

/* --- expressions -------------------------------------------------------- */

static inline int bench_resolve(void *ctx, const char *name, struct expr_symbol *out,
				struct error *err)
{
	struct bench *b = ctx;

	for (int i = 0; i < CHANNELS; i++)
		if (!strcmp(b->channels[i].name, name)) {
			*out = (struct expr_symbol){.ref = (uint16_t)i,
						    .dim = b->channels[i].unit->dim,
						    .is_state = i == TRAY,
						    .has_stats = true};
			return 0;
		}
	for (int i = 0; i < b->p.derived_count; i++)
		if (!strcmp(b->derived[i].name, name)) {
			*out = (struct expr_symbol){.ref = (uint16_t)(PROFILE_DERIVED_REF + i),
						    .dim = b->derived[i].unit->dim,
						    .has_stats = true};
			return 0;
		}
	for (int i = 0; i < b->p.capture_count; i++)
		if (!strcmp(b->captures[i], name)) {
			*out = (struct expr_symbol){.ref = (uint16_t)(PROFILE_CAPTURE_REF + i),
						    .dim = b->channels[PRESSURE].unit->dim};
			return 0;
		}
	for (int i = 0; i < b->p.measurement_count; i++)
		if (!strncmp(name, "measured.", 9) && !strcmp(b->measurements[i].id, name + 9)) {
			*out = (struct expr_symbol){.ref = (uint16_t)(PROFILE_MEASURED_REF + i),
						    .dim = b->measurements[i].unit->dim};
			return 0;
		}
	if (!strcmp(name, "model.rated_flow")) {
		*out = (struct expr_symbol){.ref = PROFILE_MODEL_REF,
					    .dim = b->params[0].unit->dim};
		return 0;
	}
	if (!strcmp(name, "trial.seconds") || !strcmp(name, "trial.making_seconds")) {
		*out = (struct expr_symbol){.ref = strchr(name, '_') ? CLOCK_TRIAL_MAKING
								     : CLOCK_TRIAL,
					    .dim = {.s = 1}};
		return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "%s", name);
}

static inline struct expr *bench_expr(struct bench *b, const char *text)
{
	struct expr_scope scope = {.ctx = b, .resolve = bench_resolve};
	struct error err = {0};
	int col = 0;
	struct expr *x;

	if (!text)
		return NULL;
	x = expr_parse(text, strlen(text), &scope, NULL, NULL, &col, &err);
	if (!x)
		fail_msg("%s: col %d: %s", text, col, err.text);
	assert_true(b->expr_count < (int)(sizeof b->exprs / sizeof b->exprs[0]));
	b->exprs[b->expr_count++] = x;
	return x;
}

/* --- fixture ------------------------------------------------------------ */

static inline const struct unit *bench_unit(const char *name)
{
	return unit_find(name, strlen(name));
}

static inline void bench_channel(struct bench *b, int i, const char *name, const char *unit,
				 enum quantity q, double value, double u_rel)
{
	b->channels[i] = (struct fx_channel){
		.name = name,
		.bays = 1,
		.quantity = q,
		.unit = bench_unit(unit),
		.stale_ns = 2 * NS_PER_S,
		.update_ns = NS_PER_S / 10,
		.resolution = 1e-6,
		.uncertainty_rel = u_rel,
		.calibration = {
			.revision = 1, .gain = 1.0, .done = "2026-01-01", .due = "2027-01-01"}};
	b->value[i] = value;
	b->quality[i] = QUALITY_GOOD;
}

static inline void bench_fixture(struct bench *b)
{
	bench_channel(b, FLOW, "permeate_flow", "L/min", QUANTITY_FLOW, 1.5, 0.01);
	bench_channel(b, DRAIN_FLOW, "concentrate_flow", "L/min", QUANTITY_FLOW, 1.0, 0.01);
	bench_channel(b, PERMEATE_COND, "permeate_conductivity", "uS/cm", QUANTITY_CONDUCTIVITY, 36,
		      0.01);
	bench_channel(b, FEED_COND, "feed_conductivity", "uS/cm", QUANTITY_CONDUCTIVITY, 500, 0.01);
	bench_channel(b, PRESSURE, "feed_pressure", "MPa", QUANTITY_PRESSURE, 0.25, 0);
	bench_channel(b, TEMPERATURE, "feed_temperature", "degC", QUANTITY_TEMPERATURE, 25, 0);
	bench_channel(b, TRAY, "tray_leak", "", QUANTITY_STATE, 0, 0);
	b->channels[TRAY].unit = quantity_unit(QUANTITY_STATE);
	b->channels[TRAY].calibration.revision = 0;
	b->channels[PRESSURE].uncertainty_abs = 0.001;
	b->outputs[REGULATOR] = (struct fx_output){.name = "regulator",
						   .bays = 1,
						   .kind = OUTPUT_SETPOINT,
						   .unit = bench_unit("MPa"),
						   .max = 0.4};
	b->outputs[FAUCET] =
		(struct fx_output){.name = "faucet_valve", .bays = 1, .kind = OUTPUT_VALVE};
	b->outputs[POWER] =
		(struct fx_output){.name = "unit_power_supply", .bays = 1, .kind = OUTPUT_POWER};
	b->bay = (struct fx_bay){.name = "1", .scanner = -1};
	b->f = (struct fixture){.name = "rig",
				.bays = &b->bay,
				.bay_count = 1,
				.channels = b->channels,
				.channel_count = CHANNELS,
				.outputs = b->outputs,
				.output_count = OUTPUTS,
				.interlocks = b->interlocks,
				.dead_man = -1,
				.proof_within_ns = 20 * NS_PER_S};
	b->params[0] = (struct model_param){.name = "rated_flow", .unit = bench_unit("L/min")};
	b->params[0].si = unit_to_si(b->params[0].unit, 1.58);
	b->model = (struct model){.code = "M600", .params = b->params, .param_count = 1};
}

static inline struct bench *bench_new(void)
{
	struct bench *b = xcalloc(1, sizeof *b);

	bench_fixture(b);
	b->p = (struct profile){.id = "test",
				.title = {"Test", "测试"},
				.variant = "full",
				.derived = b->derived,
				.captures = b->captures,
				.measurements = b->measurements,
				.envelope = b->envelope,
				.aborts = b->aborts,
				.steps = b->steps,
				.model = &b->model,
				.fixture = &b->f};
	b->now_ns = 1000 * NS_PER_S;
	b->utc_us = INT64_C(1780000000) * 1000000; /* 2026-05-28 */
	return b;
}

static inline void bench_free(struct bench *b)
{
	engine_free(b->e);
	record_free(b->record);
	for (int i = 0; i < b->expr_count; i++)
		expr_free(b->exprs[i]);
	free(b);
}

/* --- profile ------------------------------------------------------------ */

/* value NULL: conditions decide it. Belongs to the step added next. */
static inline int bench_measurement(struct bench *b, const char *id, const char *value,
				    const char *unit, const char *lo, const char *hi)
{
	int m = b->p.measurement_count;

	b->measurements[m] = (struct pf_measurement){.id = id,
						     .title = {id, id},
						     .unit = unit ? bench_unit(unit) : NULL,
						     .value = bench_expr(b, value),
						     .lo = bench_expr(b, lo),
						     .hi = bench_expr(b, hi),
						     .rule = RULE_GUARDED,
						     .basis = BASIS_ASSUMED,
						     .required = true,
						     .step = b->p.step_count,
						     .attribution = ATTRIBUTION_UNIT};
	b->p.measurement_count++;
	return m;
}

static inline int bench_step(struct bench *b, const char *id)
{
	int s = b->p.step_count++;

	b->steps[s] = (struct pf_step){
		.id = id, .title = {id, id}, .actions = b->actions[s], .watches = b->watches[s]};
	return s;
}

static inline struct pf_action *bench_action(struct bench *b, enum pf_action_kind kind)
{
	struct pf_step *s = &b->steps[b->p.step_count - 1];
	struct pf_action *a = &s->actions[s->action_count++];

	*a = (struct pf_action){
		.kind = kind, .output = -1, .capture = -1, .on_timeout = {.measurement = -1}};
	return a;
}

static inline struct pf_action *bench_set(struct bench *b, int output, double value)
{
	struct pf_action *a = bench_action(b, PF_SET);

	a->sets = &b->sets[b->set_count++];
	a->set_count = 1;
	*a->sets = (struct pf_set){(int16_t)output, value};
	return a;
}

static inline struct pf_action *bench_wait(struct bench *b, double seconds)
{
	struct pf_action *a = bench_action(b, PF_WAIT);

	a->for_ns = (int64_t)(seconds * 1e9);
	return a;
}

/* measurement -1: the rig's. */
static inline struct pf_action *bench_until(struct bench *b, enum pf_action_kind kind,
					    const char *until, double timeout_s, int measurement)
{
	struct pf_action *a = bench_action(b, kind);

	a->until = bench_expr(b, until);
	a->timeout_ns = (int64_t)(timeout_s * 1e9);
	a->on_timeout.measurement = (int16_t)measurement;
	a->on_timeout.is_rig = measurement < 0;
	return a;
}

static inline void bench_window(struct bench *b, double seconds)
{
	bench_action(b, PF_WINDOW)->for_ns = (int64_t)(seconds * 1e9);
}

static inline void bench_measure(struct bench *b, int m)
{
	struct pf_action *a = bench_action(b, PF_MEASURE);

	a->measurements = &b->lists[b->list_count];
	a->measurement_count = 1;
	b->lists[b->list_count++] = (int16_t)m;
}

static inline struct pf_action *bench_settle(struct bench *b, int symbol, double tolerance,
					     double window_s, double timeout_s)
{
	struct pf_action *a = bench_action(b, PF_SETTLE);

	a->symbols = &b->lists[b->list_count];
	a->symbol_count = 1;
	b->lists[b->list_count++] = (int16_t)symbol;
	a->tolerance_rel = tolerance;
	a->window_ns = (int64_t)(window_s * 1e9);
	a->timeout_ns = (int64_t)(timeout_s * 1e9);
	return a;
}

static inline struct pf_prompt *bench_prompt(struct bench *b, const char *id, enum prompt_kind kind,
					     double timeout_s)
{
	struct pf_prompt *p = &b->prompts[b->prompt_count++];
	struct pf_action *a = bench_action(b, PF_PROMPT);

	*p = (struct pf_prompt){.id = id,
				.kind = kind,
				.text = {id, id},
				.attended = true,
				.capture = -1,
				.measurement = -1};
	a->prompt = p;
	a->timeout_ns = (int64_t)(timeout_s * 1e9);
	return p;
}

static inline struct pf_watch *bench_watch(struct bench *b, int m, const char *holds)
{
	struct pf_step *s = &b->steps[b->p.step_count - 1];
	struct pf_watch *w = &s->watches[s->watch_count++];

	*w = (struct pf_watch){.measurement = (int16_t)m, .holds = bench_expr(b, holds)};
	return w;
}

static inline struct pf_abort *bench_abort(struct bench *b, const char *id, const char *when,
					   enum trip_class class, enum attribution a, int m)
{
	struct pf_abort *x = &b->aborts[b->p.abort_count++];

	*x = (struct pf_abort){.id = id,
			       .title = {id, id},
			       .when = bench_expr(b, when),
			       .interlock = -1,
			       .class = class,
			       .attribution = a,
			       .measurement = (int16_t)m};
	return x;
}

static inline int bench_capture(struct bench *b, const char *name, const char *value)
{
	int c = b->p.capture_count;
	struct pf_action *a = bench_action(b, PF_CAPTURE);

	b->captures[c] = name;
	a->value = bench_expr(b, value);
	a->capture = (int16_t)c;
	b->p.capture_count++;
	return c;
}

/* The plain profile: power on, a window of permeate flow of 5 s, at least 1.35 L/min. */
static inline int bench_plain(struct bench *b)
{
	int m = bench_measurement(b, "permeate_flow_mean", "mean(permeate_flow)", "L/min",
				  "1.35 L/min", NULL);

	bench_step(b, "H6");
	bench_set(b, POWER, 1);
	bench_window(b, 5);
	bench_measure(b, m);
	return m;
}

/* --- running ------------------------------------------------------------ */

static inline void bench_on_note(void *ctx, const struct engine_note *n)
{
	struct bench *b = ctx;
	struct bench_note *at = &b->notes[b->note_count++];

	assert_true(b->note_count < BENCH_NOTES);
	*at = (struct bench_note){.kind = n->kind,
				  .at_ns = n->at_ns,
				  .step = n->step,
				  .attempt = n->attempt,
				  .verdict = n->verdict,
				  .attribution = n->attribution,
				  .measurement = n->result ? n->result->measurement : -1,
				  .value = n->value};
	snprintf(at->code, sizeof at->code, "%s", n->code ? n->code : "");
	snprintf(at->text, sizeof at->text, "%s", n->text ? n->text : "");
	if (b->record)
		record_note(b->record, n);
}

static inline void bench_start(struct bench *b)
{
	struct engine_config config = {.profile = &b->p,
				       .serial = "SN1",
				       .now_ns = b->now_ns,
				       .utc_us = b->utc_us,
				       .utc_not_before_us = b->utc_not_before_us};
	struct engine_ops ops = {.ctx = b, .note = bench_on_note};

	b->e = engine_new(&config, &ops);
	assert_non_null(b->e);
}

static inline void bench_sample(struct bench *b, int i)
{
	struct sample s = {.channel = (uint16_t)i,
			   .quality = b->quality[i],
			   .updates = b->updates[i] += !b->not_renewed[i],
			   .value = b->value[i],
			   .at_ns = b->now_ns - 5 * NS_PER_MS};

	engine_samples(b->e, &s, 1);
}

static inline void bench_tick(struct bench *b)
{
	b->now_ns += 100 * NS_PER_MS;
	if (b->world)
		b->world(b);
	for (int i = 0; i < CHANNELS; i++)
		if (!b->silent[i])
			bench_sample(b, i);
	engine_time(b->e, b->now_ns);
}

static inline void bench_run(struct bench *b, double seconds)
{
	int64_t until_ns = b->now_ns + (int64_t)(seconds * 1e9);

	if (!b->e)
		bench_start(b);
	while (b->now_ns < until_ns && engine_get_state(b->e) == ENGINE_RUNNING)
		bench_tick(b);
}

/* Up to the end and its proof; the verdict. */
static inline enum verdict bench_finish(struct bench *b)
{
	bench_run(b, 7200);
	assert_int_equal(engine_get_state(b->e), ENGINE_STOPPING);
	engine_proof(b->e, true, "pressure 0", b->now_ns + NS_PER_S);
	assert_int_equal(engine_get_state(b->e), ENGINE_DONE);
	return engine_verdict(b->e);
}

static inline const struct engine_result *bench_result(struct bench *b, int m)
{
	return &engine_results(b->e)[m];
}

/* How many notes of that kind (and code, unless NULL) came. */
static inline int bench_count(const struct bench *b, enum note_kind kind, const char *code)
{
	int n = 0;

	for (int i = 0; i < b->note_count; i++)
		n += b->notes[i].kind == kind && (!code || !strcmp(b->notes[i].code, code));
	return n;
}

#define assert_verdict(got, want) assert_string_equal(verdict_name(got), verdict_name(want))

#endif
