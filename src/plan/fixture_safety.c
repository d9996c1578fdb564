/* SPDX-License-Identifier: MIT
 *
 * Interlocks, stop order, proof, dead-man line and supply of a fixture.
 */
#include "fixture_schema.h"
#include "reach_text.h"

#include <math.h>
#include <string.h>

#define ESTOP_DEBOUNCE_NS INT64_C(100000000)

static void free_expr(void *p)
{
	expr_free(p);
}

struct missing {
	const struct fixture *f;
	uint32_t bays;
	int bay; /* -1: none is missing */
	int ref;
};

static void find_missing(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct missing *m = ctx;
	(void)stat;
	for (int bay = 0; bay < m->f->bay_count; bay++)
		if ((m->bays >> bay & 1) && fixture_ref_for_bay(m->f, ref, bay) < 0) {
			m->bay = bay;
			m->ref = ref;
		}
}

static const char *ref_name(const struct fixture *f, int ref)
{
	return ref >= FIXTURE_OUTPUT_REF ? f->outputs[ref - FIXTURE_OUTPUT_REF].name
					 : f->channels[ref].name;
}

/* What the names of one expression mean while the fixture is being read. */
struct reading {
	struct fixture_build *b;
	const struct yaml_node *node;
	struct fixture_scope at;
	bool any_bay;
	bool unclear; /* it uses something that was refused */
};

static int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	struct reading *r = ctx;
	const struct fixture *f = r->b->f;
	struct fixture_scope at = r->at;
	struct expr_scope scope = fixture_expr_scope(&at);
	for (int bay = 0; r->any_bay && bay < f->bay_count; bay++)
		if (fixture_channel(f, bay, name) >= 0 || fixture_output(f, bay, name) >= 0)
			at.bay = bay;
	int c = fixture_channel(f, at.bay, name), o = fixture_output(f, at.bay, name);
	bool known = c >= 0 || o >= 0;
	out->is_unclear = known ? !(c >= 0 ? f->channels[c].quantity : f->outputs[o].quantity)
				: (r->b->channels_open || r->b->outputs_open) &&
					  yaml_may_make(r->b->y, name, r->node->line);
	r->unclear = r->unclear || out->is_unclear;
	return out->is_unclear ? 0 : scope.resolve(scope.ctx, name, out, err);
}

static void refused(void *ctx, int col, const char *why)
{
	struct reading *r = ctx;
	yaml_problem_in(r->b->y, r->node, col, "%s", why);
	r->b->mistakes++;
	r->unclear = true;
}

/* Every one of its bays has to have what it uses. */
static bool in_all_bays(struct fixture_build *b, const struct yaml_node *node, struct expr *e,
			uint32_t bays)
{
	struct missing m = {b->f, bays, -1, 0};
	expr_each_symbol(e, find_missing, &m);
	if (m.bay < 0)
		return true;
	if (!b->channels_open && !b->outputs_open)
		fixture_bad(b, node, "bay %s has no %s; expected only what all its bays have",
			    b->f->bays[m.bay].name, ref_name(b->f, m.ref));
	return false;
}

struct expr *fixture_read_expr(struct fixture_build *b, const struct yaml_node *node, uint32_t bays,
			       bool open)
{
	if (!node || !bays)
		return NULL;
	struct reading r = {b, node, {b->f, __builtin_ctz(bays)}, open, false};
	struct expr_scope scope = {.ctx = &r, .resolve = resolve, .refused = refused};
	struct error err = {0};
	bool is_bool = false;
	int col = 1;
	struct expr *e = expr_parse(node->text, node->len, &scope, NULL, &is_bool, &col, &err);
	if (!e) {
		refused(&r, col, err.text);
		return NULL;
	}
	arena_defer(b->f->arena, free_expr, e);
	if (r.unclear)
		return NULL;
	if (!is_bool) {
		fixture_bad(b, node, "\"%.80s\" is no condition; expected a comparison or a state",
			    node->text);
		return NULL;
	}
	return open || in_all_bays(b, node, e, bays) ? e : NULL;
}

struct deciding {
	struct fixture_build *b;
	const struct yaml_node *node;
	int bay;
	bool idle, told;
};

static struct expr_reach reach_in_bay(void *ctx, uint16_t ref)
{
	const struct deciding *w = ctx;
	int own = fixture_ref_for_bay(w->b->f, ref, w->bay);
	return fixture_reach(w->b->f, own < 0 ? ref : (uint16_t)own);
}

static void tell_decided(void *ctx, const struct expr_decided *d)
{
	struct deciding *w = ctx;
	const struct fixture *f = w->b->f;
	struct reach_text t = {0};
	if (w->idle && !d->holds)
		return;
	for (int i = 0; i < d->ref_count; i++) {
		int ref = d->refs[i];
		plan_reach_add(&t, ref_name(f, ref),
			       ref >= FIXTURE_OUTPUT_REF ? f->outputs[ref - FIXTURE_OUTPUT_REF].unit
							 : f->channels[ref].unit,
			       reach_in_bay(w, (uint16_t)ref));
	}
	yaml_problem_in(w->b->y, w->node, d->col, "%s", plan_reach_text(&t, d));
	w->b->mistakes++;
	w->told = true;
}

void fixture_check_condition(struct fixture_build *b, const struct yaml_node *node,
			     const struct expr *e, uint32_t bays, bool idle)
{
	struct deciding w = {.b = b, .node = node, .idle = idle};
	struct expr_reach_env env = {.ctx = &w, .reach = reach_in_bay};
	for (w.bay = 0; e && w.bay < b->f->bay_count && !w.told; w.bay++)
		if (bays >> w.bay & 1)
			expr_each_decided(e, &env, tell_decided, &w);
}

/* Never true, and there for what its sensor does when it is silent? */
static bool may_be_idle(const struct raw_interlock *r)
{
	static const char *const keys[] = {"class", "unknown_trips", NULL};

	return (r->class == TRIP_SENSOR && r->unknown_trips) || fixture_unclear(&r->item, keys);
}

/* A line copied and not changed: what it was meant for is not watched. */
static void check_copy(struct fixture_build *b, const struct raw_interlock *all, int index,
		       bool open)
{
	const struct fx_interlock *at = b->f->interlocks;
	for (int i = 0; i < index && !open; i++)
		if (all[i].when && all[index].when && (at[i].bays & at[index].bays) &&
		    at[i].unknown_trips == at[index].unknown_trips &&
		    strcmp(all[i].when->text, all[index].when->text) == 0)
			fixture_bad(
				b, all[index].when,
				"\"%.60s\" is %s's condition on line %d already; expected one of "
				"its own",
				all[index].when->text, at[i].name, all[i].when->line);
}

/* It acts at once, and one that cannot be seen counts as pressed. */
static void check_estop(struct fixture_build *b, const struct raw_interlock *r)
{
	static const char *const keys[] = {"class", "unknown_trips", "debounce", NULL};
	if (fixture_unclear(&r->item, keys) || r->class != TRIP_ESTOP)
		return;
	if (!r->unknown_trips)
		fixture_bad(b, schema_node(&r->item, "unknown_trips"),
			    "an emergency stop that cannot be seen would stop nothing; expected "
			    "unknown_trips: yes");
	if (r->debounce_ns > ESTOP_DEBOUNCE_NS)
		fixture_bad(b, schema_node(&r->item, "debounce"),
			    "an emergency stop would wait that long; expected at most 100 ms");
}

static void read_interlocks(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_interlock *at = raw->interlocks.at;
	struct fixture *f = b->f;
	bool open = false;
	int n = fixture_count(b, raw, "interlocks", &raw->interlocks, FIXTURE_INTERLOCKS_MAX,
			      &open);
	f->interlocks = arena_array(f->arena, (size_t)n, sizeof(*f->interlocks));
	for (int i = 0; i < n; i++) {
		const struct raw_interlock *r = &at[i];
		struct fx_interlock *l = &f->interlocks[f->interlock_count++];
		*l = (struct fx_interlock){.name = r->item.name,
					   .title_en = r->title.en,
					   .title_zh = r->title.zh,
					   .bays = fixture_read_bays(b, &r->item, &r->bays, &open),
					   .whole_rig = r->whole_rig,
					   .class = (enum trip_class)r->class,
					   .unknown_trips = r->unknown_trips,
					   .debounce_ns = r->debounce_ns,
					   .line = r->item.node->key_line,
					   .col = r->item.node->key_col};
		l->when = fixture_read_expr(b, r->when, l->bays, open);
		fixture_check_condition(b, r->when, l->when, l->bays, may_be_idle(r));
		check_copy(b, at, i, open);
		check_estop(b, r);
	}
}

static int add_stop(struct fixture_build *b, const struct raw_stop *r)
{
	struct fixture *f = b->f;
	bool told = false;
	int found = 0;
	for (int i = 0; i < f->output_count; i++) {
		struct error err = {0};
		double v = 0;
		if (strcmp(f->outputs[i].name, r->set) != 0)
			continue;
		found++;
		if (found > FIXTURE_BAYS_MAX)
			continue; /* a bay has it twice: told already */
		if (b->values_open[i]) {
			v = f->outputs[i].safe;
		} else if (fixture_output_value(&f->outputs[i], r->to->text, &v, &err)) {
			if (!told)
				fixture_bad(b, r->to, "%s", err.text);
			told = true;
			v = f->outputs[i].safe;
		}
		f->stop[f->stop_count++] = (struct fx_stop_step){(int16_t)i, v, r->wait_ns};
	}
	return found;
}

/* All names of outputs, for what a wrong one may have meant. */
static const char *nearest_output(const struct fixture *f, const char *name)
{
	const char *names[FIXTURE_OUTPUTS_MAX];
	for (int i = 0; i < f->output_count; i++)
		names[i] = f->outputs[i].name;
	return text_nearest(name, names, (size_t)f->output_count);
}

/* A step sets the outputs of that name, or of the nearest, to what cannot be read: whether they end
 * safe is not known. */
static void leave_open(struct fixture_build *b, const char *name)
{
	const char *meant = nearest_output(b->f, name);
	b->stop_open = b->stop_open || !meant;
	for (int i = 0; meant && i < b->f->output_count; i++)
		if (strcmp(b->f->outputs[i].name, meant) == 0)
			b->stop_unclear[i] = true;
}

static void unknown_stop(struct fixture_build *b, const struct raw_stop *r)
{
	const struct fixture *f = b->f;
	const char *names[FIXTURE_OUTPUTS_MAX];
	char hint[96];
	if (b->outputs_open && yaml_may_make(b->y, r->set, schema_node(&r->item, "set")->line))
		return;
	leave_open(b, r->set);
	for (int k = 0; k < f->output_count; k++)
		names[k] = f->outputs[k].name;
	fixture_bad(b, schema_node(&r->item, "set"), "no output is named \"%.60s\"%s", r->set,
		    schema_hint(hint, sizeof(hint), r->set, names, (size_t)f->output_count));
}

static void read_stop_step(struct fixture_build *b, const struct raw_stop *r)
{
	static const char *const keys[] = {"set", "to", NULL};
	struct fixture *f = b->f;
	if (fixture_unclear(&r->item, keys) && (!r->set || !r->to)) {
		if (r->set)
			leave_open(b, r->set);
		else
			b->stop_open = true;
	} else if (!r->set && r->to) {
		fixture_bad(b, r->item.node, "a value for no output; expected set: NAME with it");
		b->stop_open = true;
	} else if (!r->set) {
		f->stop[f->stop_count++] = (struct fx_stop_step){-1, 0, r->wait_ns};
	} else if (!r->to) {
		fixture_bad(b, r->item.node, "\"to\" is missing; expected the value of %s", r->set);
		leave_open(b, r->set);
	} else if (!add_stop(b, r)) {
		unknown_stop(b, r);
	}
}

static void read_stop(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_stop *at = raw->stop.at;
	struct fixture *f = b->f;
	b->stop_open = schema_refused(&raw->item, "stop");
	f->stop =
		arena_array(f->arena, (size_t)raw->stop.count * FIXTURE_BAYS_MAX, sizeof(*f->stop));
	for (int i = 0; i < raw->stop.count; i++)
		read_stop_step(b, &at[i]);
}

/* The value of the last step that sets it. */
static const struct yaml_node *last_value(const struct raw_fixture *raw, const char *name)
{
	const struct raw_stop *at = raw->stop.at;
	for (int i = raw->stop.count; i-- > 0;)
		if (at[i].set && at[i].to && strcmp(at[i].set, name) == 0)
			return at[i].to;
	return schema_node(&raw->item, "stop");
}

/* The ordered end has to leave every watched output at its safe value. */
static void check_stop(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct fixture *f = b->f;
	for (int i = 0; i < f->output_count; i++) {
		const struct fx_output *o = &f->outputs[i];
		double last = (double)NAN;
		if (!o->kind || !*o->name || o->kind == OUTPUT_LAMP || i == f->dead_man ||
		    b->stop_unclear[i])
			continue;
		for (int k = 0; k < f->stop_count; k++)
			if (f->stop[k].output == i)
				last = f->stop[k].value;
		if (isnan(last))
			fixture_bad(b, schema_node(&raw->item, "stop"),
				    "stop does not set %s; expected every output made safe",
				    o->name);
		else if (last != o->safe && !b->safe_open[i])
			fixture_bad(b, last_value(raw, o->name),
				    "stop does not end with %s safe; expected its safe value",
				    o->name);
	}
}

static void see_reading(void *ctx, uint16_t ref, enum expr_stat stat)
{
	bool *seen = ctx;
	(void)stat;
	*seen = *seen || ref < FIXTURE_OUTPUT_REF;
}

/* Each condition once, and each of something that is read: what is commanded proves nothing. */
static void check_holds(struct fixture_build *b, const struct raw_proof *r, int index,
			const struct expr *e)
{
	bool read = false;
	for (int i = 0; i < index; i++)
		if (strcmp(r->holds.at[i], r->holds.at[index]) == 0)
			fixture_bad(b, r->holds.nodes[index],
				    "\"%.60s\" stands here twice; expected each condition once",
				    r->holds.at[index]);
	if (!e)
		return;
	expr_each_symbol(e, see_reading, &read);
	if (!read)
		fixture_bad(b, r->holds.nodes[index],
			    "\"%.60s\" looks at outputs alone; expected a reading that shows the "
			    "bay safe",
			    r->holds.at[index]);
}

static void read_proof(struct fixture_build *b, const struct raw_fixture *raw)
{
	struct fixture *f = b->f;
	const struct raw_proof *r = raw->proof;
	uint32_t all = (UINT32_C(1) << f->bay_count) - 1;
	if (!r)
		return;
	f->proof_within_ns = r->within_ns;
	f->proof = arena_array(f->arena, (size_t)r->holds.count, sizeof(struct expr *));
	for (int i = 0; i < r->holds.count; i++) {
		const struct yaml_node *node = r->holds.nodes[i];
		struct expr *e = fixture_read_expr(b, node, all, b->bays_open);
		f->proof[f->proof_count++] = e;
		fixture_check_condition(b, node, e, all, false);
		check_holds(b, r, i, e);
	}
}

void fixture_read_safety(struct fixture_build *b, const struct raw_fixture *raw)
{
	struct fixture *f = b->f;
	int named = 0;
	for (int i = 0; raw->dead_man && i < f->output_count; i++)
		if (strcmp(f->outputs[i].name, raw->dead_man) == 0 && named++ == 0)
			f->dead_man = (int16_t)i;
	if (named > 1)
		fixture_bad(b, schema_node(&raw->item, "dead_man"),
			    "%d outputs are named %s; expected one line for the whole rig", named,
			    raw->dead_man);
	if (raw->dead_man && f->dead_man < 0 && !b->outputs_open)
		fixture_bad(b, schema_node(&raw->item, "dead_man"),
			    "no output is named \"%.60s\"; expected the dead-man line's",
			    raw->dead_man);
	read_interlocks(b, raw);
	read_stop(b, raw);
	if (!b->stop_open && !b->dead_man_open)
		check_stop(b, raw);
	read_proof(b, raw);
	if (raw->supply) {
		f->supply_capacity = raw->supply->capacity;
		f->stagger_ns = raw->supply->stagger_ns;
	}
}
