/* SPDX-License-Identifier: MIT
 *
 * Channels and outputs of the fixture against the points of their devices: every mistake with its
 * place, and what the machine needs made once.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "core.h"

#define BAD(r, p, o, ...) problems_add(p, (r)->f->path, (o)->line, (o)->col, NULL, __VA_ARGS__)

/* The names under `points` of a device whose own points could not be made. False: it has none, or
 * that one is among them. */
static bool is_not_written(const struct device *d, const char *name)
{
	char names[FIXTURE_CHANNELS_MAX][DRIVER_ITEM_NAME_MAX];
	int n;

	if (!d->d.driver || !d->d.driver->own_points || d->fx->flawed)
		return false;
	n = driver_option_items(&d->d, "points", names, FIXTURE_CHANNELS_MAX);
	if (n <= 0 || n > FIXTURE_CHANNELS_MAX)
		return false;
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return false;
	return true;
}

/* -1 after a problem, and silently where a draft does not say which point, or of what. */
static int find_point(struct rig *r, const char *owner, int line, int col, int device,
		      const char *name, enum point_direction way, struct problems *p)
{
	const char *names[128], *near;
	char all[200] = "no point";
	struct device *d;
	size_t used = 0;
	int n = 0, i;

	if (!name)
		return -1;
	d = &r->devices[device];
	if (!d->points) {
		if (is_not_written(d, name))
			problems_add(p, r->f->path, line, col, NULL,
				     "%s: %s (driver %s) has no point \"%s\"", owner, d->fx->name,
				     d->fx->driver, name);
		return -1;
	}
	i = driver_point_index(&d->d, name);
	if (i >= 0 && (d->points[i].quantity == QUANTITY_NONE ||
		       driver_item_is_refused(&d->d, "points", name)))
		return -1;
	if (i >= 0 && (d->points[i].direction & way))
		return i;
	if (i >= 0) {
		problems_add(p, r->f->path, line, col, NULL, "%s: %s.%s cannot be %s", owner,
			     d->fx->name, name, way == POINT_READ ? "read" : "written");
		return -1;
	}
	for (; n < d->point_count && n < 128; n++)
		names[n] = d->points[n].name;
	near = n > 4 ? text_nearest(name, names, (size_t)n) : NULL;
	for (int k = 0; k < n && !near && used < sizeof(all); k++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", k ? ", " : "",
					 names[k]);
	problems_add(p, r->f->path, line, col, NULL,
		     "%s: %s (driver %s) has no point \"%s\"; %s%s%s", owner, d->fx->name,
		     d->fx->driver, name, near ? "did you mean \"" : "it has ", near ? near : all,
		     near ? "\"?" : "");
	return -1;
}

/* The affine map from one unit to another of the same dimension. */
static void unit_map(const struct unit *from, const struct unit *to, double *gain, double *offset)
{
	*gain = from->scale / to->scale;
	*offset = (from->offset - to->offset) / to->scale;
}

static void linear_scale(struct rig *r, struct channel *c, const struct driver_point *pt,
			 struct problems *p)
{
	const struct fx_channel *fx = c->fx;
	const struct unit *own = driver_point_unit(pt), *to = fx->point_unit;
	double a = 1, b = 0;
	bool plain = fabs(fx->gain - 1) <= 0 && fabs(fx->offset) <= 0;

	if (!to && plain)
		to = fx->unit;
	if (fx->point_unit && !dim_equal(own->dim, to->dim)) {
		problems_add(p, r->f->path, fx->from_line, fx->from_col, NULL,
			     "%s: from is %s%s and %s.%s is in %s; expected like from: 4..20 %s",
			     fx->name, *to->name ? "in " : "a number without a unit", to->name,
			     r->devices[fx->device].fx->name, fx->point, own->name, own->name);
		return;
	}
	if (to && !dim_equal(own->dim, to->dim)) {
		BAD(r, p, fx, "%s: %s.%s is in %s; expected %s, or from and to", fx->name,
		    r->devices[fx->device].fx->name, fx->point, own->name, to->name);
		return;
	}
	if (to)
		unit_map(own, to, &a, &b);
	c->gain = fx->gain * a;
	c->offset = fx->gain * b + fx->offset;
}

static void pulse_scale(struct rig *r, struct channel *c, const struct driver_point *pt,
			struct problems *p)
{
	const struct fx_channel *fx = c->fx;
	const struct unit *lpm = unit_find("L/min", 5);
	enum quantity want = fx->scale == FX_SCALE_COUNTER ? QUANTITY_COUNT : QUANTITY_FREQUENCY;

	if (pt->quantity != want)
		BAD(r, p, fx, "%s: %s.%s is a %s; this scale needs a %s", fx->name,
		    r->devices[fx->device].fx->name, fx->point, quantity_name(pt->quantity),
		    quantity_name(want));
	if (!(fx->per_litre > 0) || !lpm || !dim_equal(fx->unit->dim, lpm->dim)) {
		BAD(r, p, fx, "%s: pulses become a flow; expected per_litre and a unit of flow",
		    fx->name);
		return;
	}
	c->gain = unit_from_si(fx->unit, unit_to_si(lpm, 60 / fx->per_litre));
	c->offset = 0;
}

static void build_channel(struct rig *r, int index, struct problems *p)
{
	const struct fx_channel *fx = &r->f->channels[index];
	struct channel *c = &r->channels[index];
	const struct driver_point *pt;
	int before = p->count + p->dropped;

	c->fx = fx;
	c->now.channel = (uint16_t)index;
	c->is_state = fx->quantity == QUANTITY_STATE;
	c->point = find_point(r, *fx->name ? fx->name : "this channel", fx->point_line,
			      fx->point_col, fx->device, fx->point, POINT_READ, p);
	if (c->point < 0 || fx->flawed)
		return;
	pt = &r->devices[fx->device].points[c->point];
	c->gain = 1;
	if (pt->quantity == QUANTITY_TEXT || (pt->quantity == QUANTITY_STATE) != c->is_state)
		BAD(r, p, fx, "%s is a %s and %s.%s a %s", fx->name, quantity_name(fx->quantity),
		    r->devices[fx->device].fx->name, fx->point, quantity_name(pt->quantity));
	else if (fx->scale != FX_SCALE_LINEAR)
		pulse_scale(r, c, pt, p);
	else if (!c->is_state)
		linear_scale(r, c, pt, p);
	if (!c->is_state && !r->devices[fx->device].incomplete && p->count + p->dropped == before)
		fit_channel(r, c, pt, p);
}

int build_channels(struct rig *r, struct problems *p)
{
	int before = p->count + p->dropped;

	for (int i = 0; i < r->f->channel_count; i++)
		build_channel(r, i, p);
	return p->count + p->dropped > before ? ERR_CONFIG : 0;
}

static void setpoint_scale(struct rig *r, struct output *o, const struct driver_point *pt,
			   struct problems *p)
{
	const struct fx_output *fx = o->fx;
	const struct unit *own = driver_point_unit(pt);
	double a, b, lo, hi;

	o->gain = fx->gain;
	o->offset = fx->offset;
	if (fabs(fx->gain - 1) <= 0 && fabs(fx->offset) <= 0) {
		if (!dim_equal(own->dim, fx->unit->dim)) {
			BAD(r, p, fx, "%s: %s.%s is in %s; expected gain and offset", fx->name,
			    r->devices[fx->device].fx->name, fx->point, own->name);
			return;
		}
		unit_map(fx->unit, own, &a, &b);
		o->gain = a;
		o->offset = b;
	}
	lo = output_point_value(o, fx->min);
	hi = output_point_value(o, fx->max);
	if (fmin(lo, hi) < pt->lo || fmax(lo, hi) > pt->hi)
		BAD(r, p, fx, "%s: its range is %g to %g %s at %s.%s, which takes %g to %g",
		    fx->name, lo, hi, own->name, r->devices[fx->device].fx->name, fx->point, pt->lo,
		    pt->hi);
	else if (fabs(hi - lo) < 10 * pt->resolution)
		BAD(r, p, fx,
		    "%s: its range is %g to %g %s at %s.%s, less than ten of its steps of %g",
		    fx->name, lo, hi, own->name, r->devices[fx->device].fx->name, fx->point,
		    pt->resolution);
	if (fx->safe < fx->min || fx->safe > fx->max)
		BAD(r, p, fx, "%s: its safe value is outside its range", fx->name);
}

static void add_to_board(struct rig *r, int index, struct problems *p)
{
	const struct fx_output *fx = r->outputs[index].fx;
	struct device *d = &r->devices[fx->device];
	struct board *b = &d->board;

	if (index == r->f->dead_man)
		return;
	d->output_bays |= fx->bays;
	if (b->count == BOARD_POINTS_MAX) {
		BAD(r, p, fx, "%s: more than %d outputs on %s", fx->name, BOARD_POINTS_MAX,
		    d->fx->name);
		return;
	}
	b->output[b->count] = (int16_t)index;
	b->point[b->count] = r->outputs[index].point;
	b->target[b->count] = output_point_value(&r->outputs[index], fx->safe);
	b->count++;
}

/* What needs no point. */
static void check_output(struct rig *r, int index, struct problems *p)
{
	const struct fx_output *fx = &r->f->outputs[index];
	int bus = fx->point ? r->devices[fx->device].fx->bus : FIXTURE_NO_BUS;
	enum bus_kind kind = bus == FIXTURE_NO_BUS ? 0 : r->f->buses[bus].kind;

	if (r->f->supply_capacity > 0 && fx->supply_flow > r->f->supply_capacity)
		BAD(r, p, fx, "%s may draw %g L/min and the common supply gives %g", fx->name,
		    fx->supply_flow, r->f->supply_capacity);
	if (index == r->f->dead_man && kind && kind != BUS_GPIO)
		BAD(r, p, fx, "%s: the dead-man line needs a GPIO line of its own", fx->name);
}

static void build_output(struct rig *r, int index, struct problems *p)
{
	const struct fx_output *fx = &r->f->outputs[index];
	struct output *o = &r->outputs[index];
	const struct driver_point *pt;

	o->fx = fx;
	o->gain = 1;
	o->commanded = fx->safe;
	o->point = find_point(r, *fx->name ? fx->name : "this output", fx->point_line,
			      fx->point_col, fx->device, fx->point, POINT_WRITE, p);
	check_output(r, index, p);
	if (o->point < 0)
		return;
	pt = &r->devices[fx->device].points[o->point];
	if (!fx->flawed && (pt->quantity == QUANTITY_STATE) != (fx->kind != OUTPUT_SETPOINT))
		BAD(r, p, fx, "%s and %s.%s: one is a setpoint and the other is switched", fx->name,
		    r->devices[fx->device].fx->name, fx->point);
	else if (!fx->flawed && fx->kind == OUTPUT_SETPOINT)
		setpoint_scale(r, o, pt, p);
	add_to_board(r, index, p);
}

int build_outputs(struct rig *r, struct problems *p)
{
	int before = p->count + p->dropped;

	for (int i = 0; i < r->f->output_count; i++)
		build_output(r, i, p);
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		int n = 0;

		for (int i = 0; i < r->f->output_count; i++)
			n += r->f->outputs[i].bays >> bay & 1;
		if (n > IO_OUTPUTS_MAX && !r->f->draft)
			problems_add(p, r->f->path, 0, 0, NULL, "bay %s has %d outputs; at most %d",
				     r->f->bays[bay].name, n, IO_OUTPUTS_MAX);
	}
	return p->count + p->dropped > before ? ERR_CONFIG : 0;
}

/* Scanners are text points of their device. */
int build_scanners(struct rig *r, struct problems *p)
{
	int before = p->count + p->dropped;

	for (int i = 0; i < r->f->bay_count; i++) {
		const struct fx_bay *b = &r->f->bays[i];
		int point;

		if (b->scanner < 0)
			continue;
		point = find_point(r, "the scanner", b->scanner_line, b->scanner_col, b->scanner,
				   b->scanner_point, POINT_READ, p);
		if (point >= 0 && r->devices[b->scanner].points[point].quantity != QUANTITY_TEXT)
			problems_add(p, r->f->path, b->scanner_line, b->scanner_col, NULL,
				     "the scanner: %s.%s is a %s; expected a scanner's code",
				     r->devices[b->scanner].fx->name, b->scanner_point,
				     quantity_name(r->devices[b->scanner].points[point].quantity));
	}
	return p->count + p->dropped > before ? ERR_CONFIG : 0;
}

/* A bay's labels come out of a device that prints. */
int build_printers(struct rig *r, struct problems *p)
{
	int before = p->count + p->dropped;

	for (int i = 0; i < r->f->bay_count; i++) {
		const struct fx_bay *b = &r->f->bays[i];
		const struct device *d = b->printer < 0 ? NULL : &r->devices[b->printer];

		if (d && d->d.driver && !d->d.driver->printer)
			problems_add(p, r->f->path, b->printer_line, b->printer_col, NULL,
				     "%s is no printer (driver %s); expected a device that is one, "
				     "such as driver zpl_printer",
				     d->fx->name, d->fx->driver);
	}
	return p->count + p->dropped > before ? ERR_CONFIG : 0;
}

/* --- expressions --- */

struct looking {
	bool has_stat;
	struct rig *r;
	int bay;
};

static void look_at(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct looking *l = ctx;
	int channel;

	if (stat != EXPR_LATEST)
		l->has_stat = true;
	if (!l->r || ref >= FIXTURE_OUTPUT_REF)
		return;
	channel = l->r->channel_for[ref][l->bay];
	if (channel >= 0) {
		int d = l->r->f->channels[channel].device;

		l->r->bays[l->bay].proof_devices[d / 64] |= UINT64_C(1) << d % 64;
	}
}

static void check_stat(struct rig *r, const struct expr *e, int line, int col, struct problems *p)
{
	struct looking l = {0};

	if (!e)
		return;
	expr_each_symbol(e, look_at, &l);
	if (l.has_stat)
		problems_add(p, r->f->path, line, col, NULL,
			     "\"%s\": only present values can stand here, no statistics",
			     expr_text(e));
}

int build_expressions(struct rig *r, struct problems *p)
{
	int before = p->count + p->dropped;

	for (int i = 0; i < r->f->interlock_count; i++)
		check_stat(r, r->f->interlocks[i].when, r->f->interlocks[i].line,
			   r->f->interlocks[i].col, p);
	for (int i = 0; i < r->f->proof_count; i++)
		check_stat(r, r->f->proof[i], 0, 0, p);
	for (int i = 0; i < r->f->channel_count; i++)
		check_stat(r, r->f->channels[i].frozen_while, r->f->channels[i].line,
			   r->f->channels[i].col, p);
	return p->count + p->dropped > before ? ERR_CONFIG : 0;
}

struct looked_at {
	struct rig *r;
	int interlock;
};

static void mark_looked_at(void *ctx, uint16_t ref, enum expr_stat stat)
{
	const struct looked_at *l = ctx;
	struct rig *r = l->r;

	(void)stat;
	if (ref >= r->f->channel_count)
		return;
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if ((r->f->interlocks[l->interlock].bays >> bay & 1) &&
		    r->channel_for[ref][bay] >= 0)
			r->looked_at_by[r->channel_for[ref][bay]] |= UINT64_C(1) << l->interlock;
}

/* Which readings an interlock looks at, so that the others do not make it look again. */
void build_interlocks(struct rig *r)
{
	_Static_assert(FIXTURE_INTERLOCKS_MAX <= 64, "a bit per interlock");
	for (int i = 0; i < r->f->interlock_count; i++) {
		struct looked_at l = {r, i};

		expr_each_symbol(r->f->interlocks[i].when, mark_looked_at, &l);
		for (int bay = 0; bay < r->f->bay_count; bay++)
			if (r->f->interlocks[i].bays >> bay & 1)
				r->interlocks_of[bay] |= UINT64_C(1) << i;
	}
}

static void list_channels(struct rig *r)
{
	for (int i = 0; i < r->f->device_count; i++) {
		r->devices[i].first_channel = -1;
		if (r->devices[i].board.count)
			r->boards[r->board_count++] = (int16_t)i;
	}
	for (int i = r->f->channel_count - 1; i >= 0; i--) {
		struct device *d = &r->devices[r->f->channels[i].device];

		r->channels[i].next_of_device = d->first_channel;
		d->first_channel = (int16_t)i;
	}
}

void build_bays(struct rig *r)
{
	const struct fixture *f = r->f;

	for (int i = 0; i < f->channel_count; i++)
		r->devices[f->channels[i].device].carry_bays |= f->channels[i].bays;
	list_channels(r);
	for (int i = 0; i < f->output_count; i++)
		r->devices[f->outputs[i].device].carry_bays |= f->outputs[i].bays;
	for (int i = 0; i < f->device_count; i++)
		r->devices[i].bays = r->devices[i].carry_bays;
	for (int bay = 0; bay < f->bay_count; bay++) {
		struct bay *b = &r->bays[bay];
		struct looking l = {false, r, bay};

		b->state = BAY_SECURING;
		if (f->bays[bay].scanner >= 0)
			r->devices[f->bays[bay].scanner].bays |= 1u << bay;
		for (int i = 0; i < f->channel_count; i++)
			r->channel_for[i][bay] = (int16_t)fixture_ref_for_bay(f, i, bay);
		for (int i = 0; i < f->output_count; i++) {
			int ref = fixture_ref_for_bay(f, FIXTURE_OUTPUT_REF + i, bay);

			r->output_for[i][bay] = (int16_t)(ref < 0 ? -1 : ref - FIXTURE_OUTPUT_REF);
			b->want[i] = f->outputs[i].safe;
			if (!(f->outputs[i].bays >> bay & 1))
				continue;
			b->outputs[b->output_count++] = (int16_t)i;
			if (i != f->dead_man)
				b->proof_devices[f->outputs[i].device / 64] |=
					UINT64_C(1) << f->outputs[i].device % 64;
		}
		for (int i = 0; i < f->proof_count; i++)
			expr_each_symbol(f->proof[i], look_at, &l);
	}
}
