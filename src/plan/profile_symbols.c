/* SPDX-License-Identifier: MIT
 *
 * What a name means in a profile's expressions, and reading them.
 */
#include "profile_schema.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 640 };

static const struct {
	const char *name;
	enum profile_clock clock;
} clocks[] = {
	{"trial.seconds", CLOCK_TRIAL},
	{"trial.making_seconds", CLOCK_TRIAL_MAKING},
	{"run.seconds", CLOCK_RUN},
	{"step.seconds", CLOCK_STEP},
};
enum { CLOCKS = sizeof(clocks) / sizeof(clocks[0]) };

static const struct dim second = {.s = 1};

static int profile_measurement_index(const struct profile *p, const char *id)
{
	for (int i = 0; i < p->measurement_count; i++)
		if (strcmp(p->measurements[i].id, id) == 0)
			return i;
	return -1;
}

bool profile_has_value(const struct profile_build *b, int measurement)
{
	const struct raw_measurement *raw = b->raw->measurements.at;
	return schema_has(&raw[measurement].item, "value");
}

bool profile_has_no_value(const struct profile_build *b, int measurement)
{
	const struct raw_measurement *raw = b->raw->measurements.at;
	return schema_absent(&raw[measurement].item, "value");
}

const char *profile_ref_name(const struct profile *p, int ref)
{
	if (ref < PROFILE_DERIVED_REF)
		return p->fixture->channels[ref].name;
	if (ref < PROFILE_CAPTURE_REF)
		return p->derived[ref - PROFILE_DERIVED_REF].name;
	if (ref < PROFILE_MODEL_REF)
		return p->captures[ref - PROFILE_CAPTURE_REF];
	if (ref < PROFILE_MEASURED_REF)
		return p->model->params[ref - PROFILE_MODEL_REF].name;
	if (ref < PROFILE_CLOCK_REF)
		return p->measurements[ref - PROFILE_MEASURED_REF].id;
	return ref - PROFILE_CLOCK_REF < (int)CLOCKS ? clocks[ref - PROFILE_CLOCK_REF].name : "?";
}

const struct unit *profile_ref_unit(const struct profile *p, int ref)
{
	return ref < PROFILE_DERIVED_REF ? p->fixture->channels[ref].unit
					 : p->derived[ref - PROFILE_DERIVED_REF].unit;
}

enum quantity profile_quantity_of(const struct unit *u)
{
	for (int q = QUANTITY_COUNT + 1; q < QUANTITY_COUNT_OF; q++)
		if (q != QUANTITY_TEXT && dim_equal(quantity_unit((enum quantity)q)->dim, u->dim))
			return (enum quantity)q;
	return QUANTITY_NONE;
}

/* Every name usable here, for a did-you-mean. */
static size_t all_names(const struct profile_build *b, const char **list)
{
	const struct profile *p = b->p;
	size_t n = 0;
	for (int i = 0; i < p->fixture->channel_count; i++)
		if (p->fixture->channels[i].bays >> p->bay & 1)
			list[n++] = p->fixture->channels[i].name;
	for (int i = 0; i < b->derived_known && n < NAMES_MAX - CLOCKS; i++)
		list[n++] = p->derived[i].name;
	for (int i = 0; i < b->captures_known && n < NAMES_MAX - CLOCKS; i++)
		list[n++] = p->captures[i];
	for (size_t i = 0; i < CLOCKS; i++)
		list[n++] = clocks[i].name;
	return n;
}

static int unknown_name(const struct profile_build *b, const char *name, struct error *err)
{
	const char *list[NAMES_MAX];
	char hint[96];
	size_t n = all_names(b, list);
	if (standard_output(name) || fixture_output(b->p->fixture, b->p->bay, name) >= 0)
		return error_set(err, ERR_NOT_FOUND, "\"%.60s\" is an output; expected a channel",
				 name);
	return error_set(err, ERR_NOT_FOUND, "\"%.60s\" is unknown here%s", name,
			 schema_hint(hint, sizeof(hint), name, list, n));
}

bool profile_is_percent(const struct unit *u)
{
	return strcmp(u->name, "%") == 0;
}

bool profile_unit_fits(const struct unit *u, const struct unit *as)
{
	return dim_equal(u->dim, as->dim) && (!profile_is_percent(u) || *as->name);
}

static int resolve_model(const struct profile_build *b, const char *name, struct expr_symbol *out,
			 struct error *err)
{
	const struct model *m = b->p->model;
	const char *list[NAMES_MAX];
	char hint[96];
	size_t n = 0;
	for (int i = 0; i < m->param_count && n < NAMES_MAX; i++) {
		if (strcmp(m->params[i].name, name) == 0) {
			*out = (struct expr_symbol){
				.ref = (uint16_t)(PROFILE_MODEL_REF + i),
				.dim = m->params[i].unit->dim,
				.is_difference = m->params[i].unit->offset == 0,
				.is_percent = profile_is_percent(m->params[i].unit)};
			return 0;
		}
		list[n++] = m->params[i].name;
	}
	if (b->model_open) {
		out->is_unclear = true;
		return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "model %s has no \"%.60s\"%s", m->code, name,
			 schema_hint(hint, sizeof(hint), name, list, n));
}

static int resolve_measured(const struct profile_build *b, const char *name,
			    struct expr_symbol *out, struct error *err)
{
	int i = profile_measurement_index(b->p, name);
	out->is_unclear = i < 0 ? b->measurements_open && yaml_may_make(b->y, name, b->use_line)
				: !b->p->measurements[i].unit && !profile_has_no_value(b, i);
	if (out->is_unclear)
		return 0;
	if (i < 0)
		return error_set(err, ERR_NOT_FOUND, "no measurement is named \"%.60s\"", name);
	const struct pf_measurement *m = &b->p->measurements[i];
	if (!b->measured_allowed || !m->unit)
		return error_set(err, ERR_STATE,
				 "measured.%.60s has no value here; expected one measured with a "
				 "value, in a measurement below it",
				 name);
	*out = (struct expr_symbol){.ref = (uint16_t)(PROFILE_MEASURED_REF + i),
				    .dim = m->unit->dim,
				    .is_difference = m->unit->offset == 0,
				    .is_percent = profile_is_percent(m->unit)};
	return 0;
}

static bool resolve_own(const struct profile_build *b, const char *name, struct expr_symbol *out)
{
	const struct profile *p = b->p;
	for (int i = 0; i < b->derived_known; i++)
		if (strcmp(p->derived[i].name, name) == 0) {
			const struct unit *u = p->derived[i].unit;
			out->is_unclear = !u;
			if (!u)
				return true;
			*out = (struct expr_symbol){.ref = (uint16_t)(PROFILE_DERIVED_REF + i),
						    .dim = u->dim,
						    .has_stats = true,
						    .is_difference = u->offset == 0,
						    .is_percent = profile_is_percent(u)};
			return true;
		}
	for (int i = 0; i < b->captures_known; i++)
		if (strcmp(p->captures[i], name) == 0) {
			*out = (struct expr_symbol){.ref = (uint16_t)(PROFILE_CAPTURE_REF + i),
						    .dim = p->capture_dims[i],
						    .is_unclear = b->capture_unclear[i]};
			return true;
		}
	for (size_t i = 0; i < CLOCKS; i++)
		if (strcmp(clocks[i].name, name) == 0) {
			*out = (struct expr_symbol){.ref = (uint16_t)clocks[i].clock,
						    .dim = second};
			return true;
		}
	return false;
}

static int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	const struct profile_build *b = ctx;
	const struct fixture *f = b->p->fixture;
	int i = fixture_channel(f, b->p->bay, name);
	if (i >= 0) {
		*out = (struct expr_symbol){.ref = (uint16_t)i,
					    .dim = f->channels[i].unit->dim,
					    .is_state = f->channels[i].quantity == QUANTITY_STATE,
					    .has_stats = true,
					    .is_percent = profile_is_percent(f->channels[i].unit)};
		return 0;
	}
	if (resolve_own(b, name, out))
		return 0;
	if (strncmp(name, "model.", 6) == 0)
		return resolve_model(b, name + 6, out, err);
	if (strncmp(name, "measured.", 9) == 0)
		return resolve_measured(b, name + 9, out, err);
	out->is_unclear = (b->derived_open || b->captures_open) &&
			  yaml_may_make(b->y, name, b->use_line);
	if (out->is_unclear && !standard_output(name) && fixture_output(f, b->p->bay, name) < 0)
		return 0;
	return unknown_name(b, name, err);
}

static void free_expr(void *p)
{
	expr_free(p);
}

/* One expression at work. */
struct reading {
	struct profile_build *b;
	const struct yaml_node *node;
	bool unclear; /* it uses something that was refused */
};

static int resolve_in(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	struct reading *r = ctx;
	int rc = resolve(r->b, name, out, err);
	r->unclear = r->unclear || rc || out->is_unclear;
	return rc;
}

static void refused(void *ctx, int col, const char *why)
{
	struct reading *r = ctx;
	r->unclear = true;
	if (r->b->quiet)
		return;
	yaml_problem_in(r->b->y, r->node, col, "%s", why);
	r->b->mistakes++;
}

/* A file holds no more of them than nodes; the array doubles. */
static void keep(struct profile_build *b, const struct yaml_node *node, const struct expr *e,
		 bool is_condition)
{
	int n = b->expr_count;
	if ((n & (n - 1)) == 0) {
		size_t size = sizeof(*b->exprs);
		void *more = arena_array(b->p->arena, n ? 2 * (size_t)n : 1, size);
		if (n)
			memcpy(more, b->exprs, (size_t)n * size);
		b->exprs = more;
	}
	b->exprs[n].node = node;
	b->exprs[n].expr = e;
	b->exprs[n].is_condition = is_condition;
	b->expr_count = n + 1;
}

static void count_one(void *ctx, uint16_t ref, enum expr_stat stat)
{
	(void)ref;
	(void)stat;
	++*(int *)ctx;
}

struct expr *profile_read_expr(struct profile_build *b, const struct yaml_node *node,
			       enum expr_want want, const struct dim *dim, struct dim *got)
{
	struct reading r = {b, node, false};
	struct expr_scope scope = {.ctx = &r, .resolve = resolve_in, .refused = refused};
	struct error err = {0};
	struct dim d = DIM_NONE;
	bool is_bool = false;
	int col = 1, names = 0;
	if (!node)
		return NULL;
	b->use_line = node->line;
	struct expr *e = expr_parse(node->text, node->len, &scope, &d, &is_bool, &col, &err);
	if (!e) {
		refused(&r, col, err.text);
		return NULL;
	}
	arena_defer(b->p->arena, free_expr, e);
	if (r.unclear)
		return NULL;
	if (is_bool != (want == WANT_CONDITION)) {
		profile_bad(b, node, "\"%.80s\" is %s; expected %s", node->text,
			    is_bool ? "a condition" : "a number",
			    is_bool ? "a number" : "a condition, such as a > b");
		return NULL;
	}
	if (dim && !dim_equal(d, *dim)) {
		char is[64], want_text[64];
		profile_bad(b, node, "\"%.80s\" is a %s; expected a %s", node->text,
			    dim_text(d, is, sizeof(is)),
			    dim_text(*dim, want_text, sizeof(want_text)));
		return NULL;
	}
	if (got)
		*got = d;
	expr_each_symbol(e, count_one, &names);
	if (want == WANT_CONDITION && !names) {
		profile_bad(b, node,
			    "\"%.80s\" is the same whatever is read; expected a condition on a "
			    "channel",
			    node->text);
		return NULL;
	}
	if (!b->quiet)
		keep(b, node, e, is_bool);
	return e;
}

int profile_read_symbol(struct profile_build *b, const struct yaml_node *node, const char *name)
{
	struct expr_symbol s = {0};
	struct error err = {0};
	b->use_line = node->line;
	if (resolve(b, name, &s, &err)) {
		profile_bad(b, node, "%s", err.text);
		return -1;
	}
	if (s.is_unclear)
		return -1;
	if (s.ref >= PROFILE_CAPTURE_REF || s.is_state) {
		profile_bad(b, node, "\"%.60s\" is no measuring channel or derived value", name);
		return -1;
	}
	return s.ref;
}

int profile_read_measurement(struct profile_build *b, const struct yaml_node *node, const char *id)
{
	int i = id ? profile_measurement_index(b->p, id) : -1;
	if (i >= 0)
		return i;
	b->judged_open = true; /* whichever was meant */
	if (!id || (b->measurements_open && yaml_may_make(b->y, id, node->line)))
		return -1;
	const char *list[NAMES_MAX];
	char hint[96];
	size_t n = 0;
	for (int k = 0; k < b->p->measurement_count && n < NAMES_MAX; k++)
		list[n++] = b->p->measurements[k].id;
	profile_bad(b, node, "no measurement is named \"%.60s\"%s", id,
		    schema_hint(hint, sizeof(hint), id, list, n));
	return -1;
}
