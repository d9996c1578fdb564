/* SPDX-License-Identifier: MIT */
#include "run/rejudge.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "number.h"
#include "run/judge.h"

enum { DOC_BYTES_MAX = 8 << 20 };

/* ---- are they the same but for limits? ---- */

/* The lines of a top-level member of the file, without comments and empty ones. */
static void take_section(const struct profile *p, const char *name, struct text *out)
{
	const char *at = p->bytes, *end = at + p->size;
	size_t n = strlen(name);
	bool inside = false;

	text_puts(out, "");
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at), blank = 0;

		while (blank < len && (at[blank] == ' ' || at[blank] == '\r'))
			blank++;
		if (len && !blank && at[0] != '#')
			inside = len > n && !strncmp(at, name, n) && at[n] == ':';
		if (inside && blank < len && at[blank] != '#') {
			text_add(out, at, len);
			text_puts(out, "\n");
		}
		at += len + 1;
	}
}

static bool same_section(const struct profile *a, const struct profile *b, const char *name)
{
	struct text x = {0}, y = {0};
	bool same;

	take_section(a, name, &x);
	take_section(b, name, &y);
	same = !strcmp(x.buf, y.buf);
	text_release(&x);
	text_release(&y);
	return same;
}

static bool same_way(const struct profile *a, const struct profile *b, char why[96])
{
	static const char *const sections[] = {"unit_control", "envelope", "derived", "aborts",
					       "setup",	       "steps",	   "teardown"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (same_section(a, b, sections[i]))
			continue;
		snprintf(why, 96, "the revisions differ in %s: test again", sections[i]);
		return false;
	}
	return true;
}

static bool same_expr(const struct expr *a, const struct expr *b)
{
	return (!a && !b) || (a && b && !strcmp(expr_text(a), expr_text(b)));
}

/* ---- one measurement ---- */

struct judging {
	const struct profile *now;
	const struct pf_measurement *m, *was; /* was NULL: there was none */
	const json_t *record;		      /* NULL: nothing was measured */
};

static struct expr_value model_value(void *ctx, uint16_t ref, enum expr_stat stat)
{
	const struct profile *p = ctx;
	int i = ref - PROFILE_MODEL_REF;

	if (stat != EXPR_LATEST || i < 0 || i >= p->model->param_count)
		return (struct expr_value){.known = false};
	return (struct expr_value){.si = p->model->params[i].si, .known = true};
}

/* In the shown unit: what the profile says of the model alone, else what stood then if it is written
 * the same. False: it cannot be told. */
static bool limit_of(const struct judging *g, const struct expr *x, const struct expr *before,
		     const char *key, bool is_difference, double *out)
{
	struct expr_env env = {.ctx = (struct profile *)(uintptr_t)g->now, .value = model_value};
	struct expr_value v = expr_eval(x, &env);
	const json_t *then = json_object_get(g->record, key);

	if (v.known) {
		*out = text_round9(is_difference ? v.si / fabs(g->m->unit->scale)
						 : unit_from_si(g->m->unit, v.si));
		return true;
	}
	if (!same_expr(x, before) || !json_is_number(then))
		return false;
	*out = json_number_value(then);
	return true;
}

static bool uncertainty_of(const struct judging *g, double *u)
{
	const json_t *then = json_object_get(g->record, "uncertainty");

	if (g->m->uncertainty)
		return limit_of(g, g->m->uncertainty, g->was->uncertainty, "uncertainty", true, u);
	if (g->was->uncertainty || !json_is_number(then))
		return false;
	*u = json_number_value(then);
	return true;
}

struct outcome {
	enum verdict verdict;
	double value, lo, hi, u;
	const char *why;
};

static void judge_number(const struct judging *g, struct outcome *o)
{
	const json_t *value = json_object_get(g->record, "value");
	char side;

	o->verdict = VERDICT_INCONCLUSIVE;
	if (!json_is_number(value)) {
		o->why = "no value";
		return;
	}
	o->value = json_number_value(value);
	if (!uncertainty_of(g, &o->u)) {
		o->why = "uncertainty unknown";
	} else if ((g->m->lo && !limit_of(g, g->m->lo, g->was->lo, "lo", false, &o->lo)) ||
		   (g->m->hi && !limit_of(g, g->m->hi, g->was->hi, "hi", false, &o->hi))) {
		o->why = "limit unknown";
	} else {
		o->verdict = judge_value(g->m->rule, o->value, o->lo, o->hi, o->u, &side);
	}
}

/* Only what was judged by its value then is judged by its value now. */
static struct outcome judge_one(const struct judging *g)
{
	const char *name = json_string_value(json_object_get(g->record, "verdict"));
	enum verdict then = (enum verdict)verdict_find(name ? name : "");
	struct outcome o = {VERDICT_INCONCLUSIVE, NO_NUMBER, -UNBOUNDED, UNBOUNDED, NO_NUMBER, ""};

	if (!g->was || !g->record || !then) {
		o.why = "not measured";
	} else if (!same_expr(g->m->value, g->was->value) || (g->m->unit != g->was->unit) ||
		   (g->m->envelope && !g->was->envelope)) {
		o.why = "measured in another way";
	} else if (!g->m->value ||
		   (then != VERDICT_PASS && then != VERDICT_MARGINAL && then != VERDICT_FAIL)) {
		o.verdict = then;
	} else {
		judge_number(g, &o);
	}
	if (o.verdict == VERDICT_INCONCLUSIVE && !g->m->required && !g->record)
		o.verdict = VERDICT_SKIPPED;
	return o;
}

static const json_t *record_of(const json_t *doc, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(doc, "measurements"), i, one)
	{
		const char *is = json_string_value(json_object_get(one, "id"));

		if (is && !strcmp(is, id) && !json_is_false(json_object_get(one, "counts")))
			return one;
	}
	return NULL;
}

static const struct pf_measurement *find(const struct profile *p, const char *id)
{
	for (int i = 0; i < p->measurement_count; i++)
		if (!strcmp(p->measurements[i].id, id))
			return &p->measurements[i];
	return NULL;
}

static void put(struct json *j, const char *id, const struct outcome *o)
{
	json_open_object(j);
	json_kv_string(j, "id", id);
	json_kv_number(j, "value", o->value);
	json_kv_number(j, "lo", o->lo);
	json_kv_number(j, "hi", o->hi);
	json_kv_number(j, "uncertainty", o->u);
	json_kv_string(j, "verdict", verdict_name(o->verdict));
	json_kv_string(j, "why", o->why[0] ? o->why : NULL);
	json_end_object(j);
}

enum verdict rejudge(const char *doc, size_t n, const struct profile *was,
		     const struct profile *now, struct json *measurements, char why[96])
{
	json_t *root = json_load_limited(doc, n, DOC_BYTES_MAX, NULL);
	struct judged *all = xcalloc((size_t)now->measurement_count + 1, sizeof(*all));
	enum verdict v = VERDICT_INCONCLUSIVE;
	bool same = same_way(was, now, why);

	if (same)
		why[0] = 0;
	for (int i = 0; same && i < now->measurement_count; i++) {
		struct judging g = {.now = now, .m = &now->measurements[i]};
		struct outcome o;

		g.was = find(was, g.m->id);
		g.record = record_of(root, g.m->id);
		o = judge_one(&g);
		put(measurements, g.m->id, &o);
		all[i] = (struct judged){.verdict = o.verdict, .required = g.m->required};
	}
	if (same)
		v = judge_run(all, now->measurement_count);
	free(all);
	json_decref(root);
	return v;
}
