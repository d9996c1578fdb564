/* SPDX-License-Identifier: MIT
 *
 * Channels of a fixture.
 */
#include "fixture_schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plan/names.h"

/* Of numbers that were computed. */
#define SLACK 1e-6

static bool refused(const struct raw_channel *r, const char *key)
{
	return schema_refused(&r->item, key);
}

/* For people: a channel whose name was refused has none. */
static const char *called(const struct fx_channel *c)
{
	return *c->name ? c->name : "this channel";
}

/* A value of the channel's quantity, in the channel's unit. is_delta: a difference (resolution,
 * offset), for temperatures in K. */
static bool read_value(struct fixture_build *b, const struct yaml_node *node, const char *text,
		       size_t n, const struct fx_channel *c, bool is_delta, double *out)
{
	struct error err = {0};
	double si = 0;
	const struct unit *as = NULL;
	if (quantity_parse(text, n, c->unit->dim, &si, &as, &err)) {
		fixture_bad(b, node, "%s", err.text);
		return false;
	}
	if (is_delta)
		*out = (si - (as ? as->offset : 0)) / c->unit->scale;
	else
		*out = unit_from_si(c->unit, si);
	return true;
}

/* Differences of temperatures are in K. */
static const char *delta_name(const struct fx_channel *c)
{
	return c->quantity == QUANTITY_TEMPERATURE ? "K" : c->unit->name;
}

static void read_linear(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	static const char *const keys[] = {"from", "to", "gain", "offset", NULL};
	bool table = schema_has(&r->item, "from") || schema_has(&r->item, "to");
	c->gain = 1;
	if (schema_has(&r->item, "gain"))
		c->gain = r->gain;
	if (r->offset)
		read_value(b, r->offset, r->offset->text, r->offset->len, c, true, &c->offset);
	if (!table || fixture_unclear(&r->item, keys))
		return;
	if (!r->from.unit || !r->to.unit || schema_has(&r->item, "gain") || r->offset) {
		fixture_bad(b, r->item.node,
			    "scale of %s is unclear; expected from and to, or gain and offset",
			    called(c));
		return;
	}
	if (!dim_equal(r->to.unit->dim, c->unit->dim)) {
		fixture_bad(b, schema_node(&r->item, "to"), "to is in %s; expected %s",
			    r->to.unit->name, c->unit->name);
		return;
	}
	double from_lo = unit_from_si(r->from.unit, r->from.lo);
	double from_hi = unit_from_si(r->from.unit, r->from.hi);
	double to_lo = unit_from_si(c->unit, r->to.lo), to_hi = unit_from_si(c->unit, r->to.hi);
	c->gain = (to_hi - to_lo) / (from_hi - from_lo);
	c->offset = to_lo - c->gain * from_lo;
	c->point_unit = r->from.unit;
	c->from_lo = from_lo;
	c->from_hi = from_hi;
	c->from_line = schema_node(&r->item, "from")->line;
	c->from_col = schema_node(&r->item, "from")->col;
}

static void read_scale(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	static const char *const linear_keys[] = {"from", "to", "gain", "offset"};
	c->scale = (enum fx_scale_kind)r->scale;
	c->gain = 1;
	if (refused(r, "scale"))
		return;
	if (c->scale == FX_SCALE_LINEAR) {
		if (schema_has(&r->item, "per_litre"))
			fixture_bad(b, schema_node(&r->item, "per_litre"),
				    "per_litre has no meaning here; expected scale: pulse_rate or "
				    "counter with it");
		read_linear(b, r, c);
		return;
	}
	c->per_litre = r->per_litre;
	for (size_t i = 0; i < sizeof(linear_keys) / sizeof(linear_keys[0]); i++)
		if (schema_has(&r->item, linear_keys[i]))
			fixture_bad(b, schema_node(&r->item, linear_keys[i]),
				    "%s has no meaning here; expected per_litre alone",
				    linear_keys[i]);
	if (c->quantity != QUANTITY_FLOW)
		fixture_bad(b, schema_node(&r->item, "scale"),
			    "pulses make a flow; expected a channel of quantity flow");
	if (schema_absent(&r->item, "per_litre"))
		fixture_bad(b, r->item.node,
			    "\"per_litre\" is missing in %s; expected pulses per "
			    "litre",
			    called(c));
}

/* A step alone makes an uncertainty of its 12th part's root, and who knows a value to no better than
 * a tenth of the range knows nothing. */
static void check_uncertainty(struct fixture_build *b, const struct yaml_node *node,
			      const struct fx_channel *c)
{
	double largest = fmax(fabs(c->range_lo), fabs(c->range_hi));
	double most = hypot(c->uncertainty_abs, c->uncertainty_rel * largest);
	double least = c->resolution / sqrt(12), tenth = (c->range_hi - c->range_lo) / 10;
	if (most < least * (1 - SLACK))
		fixture_bad(
			b, node,
			"uncertainty \"%.40s\" is less than steps of the resolution alone make; "
			"expected at least %.3g %s",
			node->text, least, delta_name(c));
	else if (c->uncertainty_abs > tenth)
		fixture_bad(b, node,
			    "uncertainty \"%.40s\"; expected at most %.4g %s, a tenth of the range",
			    node->text, tenth, delta_name(c));
}

/* "0.002 MPa + 0.5 %", either part alone. */
static void read_uncertainty(struct fixture_build *b, const struct raw_channel *r,
			     struct fx_channel *c)
{
	const struct yaml_node *node = r->uncertainty;
	const char *s = node->text, *end = s + node->len;
	int absolute = 0, relative = 0;
	while (s < end) {
		const char *plus = memmem(s, (size_t)(end - s), " + ", 3);
		size_t n = (size_t)((plus ? plus : end) - s);
		double v = 0;
		if (n > 0 && s[n - 1] == '%') {
			if (quantity_parse(s, n, DIM_NONE, &v, NULL, NULL) || v < 0 || v > 1) {
				fixture_bad(b, node,
					    "uncertainty \"%.40s\"; expected like 0.002 %s + "
					    "0.5 %%",
					    node->text, c->unit->name);
				return;
			}
			c->uncertainty_rel = v;
			relative++;
		} else if (!read_value(b, node, s, n, c, true, &v)) {
			return;
		} else {
			c->uncertainty_abs = v;
			absolute++;
		}
		s = plus ? plus + 3 : end;
	}
	if (absolute > 1 || relative > 1)
		fixture_bad(
			b, node,
			"uncertainty \"%.40s\" has two parts of one kind; expected one absolute, "
			"one relative, or both",
			node->text);
	else if (relative && c->quantity == QUANTITY_TEMPERATURE)
		fixture_bad(b, node,
			    "uncertainty \"%.40s\"; a percentage of a temperature depends on its "
			    "zero; expected like 0.2 K",
			    node->text);
	else if (c->uncertainty_abs < 0 || c->uncertainty_abs + c->uncertainty_rel <= 0)
		fixture_bad(b, node, "uncertainty \"%.40s\"; expected more than zero", node->text);
	else if (c->resolution > 0 && c->range_lo < c->range_hi)
		check_uncertainty(b, node, c);
}

static void read_resolution(struct fixture_build *b, const struct raw_channel *r,
			    struct fx_channel *c)
{
	const struct yaml_node *node = r->resolution;
	double step = 0, tenth = (c->range_hi - c->range_lo) / 10;
	if (!read_value(b, node, node->text, node->len, c, true, &step))
		return;
	if (step <= 0)
		fixture_bad(b, node, "resolution %.40s; expected more than zero", node->text);
	else if (tenth > 0 && step > tenth * (1 + SLACK))
		fixture_bad(b, node,
			    "resolution %.40s; expected at most %.4g %s, a tenth of the range",
			    node->text, tenth, delta_name(c));
	else
		c->resolution = step;
}

static void read_measuring(struct fixture_build *b, const struct raw_channel *r,
			   struct fx_channel *c)
{
	static const char *const needed[] = {"range", "resolution", "uncertainty"};
	static const char *const known[] = {"range", "resolution", "poll", "update", NULL};
	int before = b->mistakes;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (schema_absent(&r->item, needed[i]))
			fixture_bad(b, r->item.node,
				    "\"%s\" is missing in %s; only states go without", needed[i],
				    called(c));
	if (r->range.unit && !dim_equal(r->range.unit->dim, c->unit->dim)) {
		fixture_bad(b, schema_node(&r->item, "range"), "range is in %s; expected %s",
			    r->range.unit->name, c->unit->name);
	} else if (r->range.unit) {
		c->range_lo = unit_from_si(c->unit, r->range.lo);
		c->range_hi = unit_from_si(c->unit, r->range.hi);
	}
	if (r->resolution)
		read_resolution(b, r, c);
	if (r->uncertainty)
		read_uncertainty(b, r, c);
	c->vague = b->mistakes > before || fixture_unclear(&r->item, known);
	if (schema_has(&r->item, "debounce") || r->active_low)
		fixture_bad(b, r->item.node, "debounce and active_low are for states; %s is none",
			    called(c));
}

static void read_state(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	static const char *const odd[] = {"unit",	 "from",  "to",		"gain",
					  "offset",	 "range", "resolution", "uncertainty",
					  "calibration", "frozen"};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (schema_has(&r->item, odd[i]))
			fixture_bad(b, schema_node(&r->item, odd[i]),
				    "a state has no %s; expected none", odd[i]);
	c->range_hi = 1;
	c->resolution = 1;
	c->active_low = r->active_low;
	c->debounce_ns = r->debounce_ns;
}

/* Years before that are typing errors. */
static bool is_day(const char *s)
{
	return text_is_day(s) && strcmp(s, "2000") >= 0;
}

int fixture_calibration_check(const struct fx_channel *c, double gain, double offset,
			      struct error *err)
{
	double most = (c->range_hi - c->range_lo) / 5;

	if (!(gain >= 0.5 && gain <= 2))
		return error_set(err, ERR_RANGE, "a gain of %g; expected 0.5 to 2", gain);
	if (!(fabs(offset) <= most))
		return error_set(err, ERR_RANGE,
				 "an offset of %g %s; expected at most %g %s, a fifth of the range",
				 offset, c->unit->name, most, c->unit->name);
	return 0;
}

static void read_calibration(struct fixture_build *b, const struct raw_channel *r,
			     struct fx_channel *c)
{
	const struct raw_calibration *k = r->calibration;
	struct error err;
	c->calibration.gain = 1;
	if (!k)
		return;
	c->calibration =
		(struct fx_calibration){.revision = k->revision,
					.gain = k->gain,
					.done = k->done && is_day(k->done) ? k->done : NULL,
					.done_line = schema_node(&k->item, "done")->line,
					.done_col = schema_node(&k->item, "done")->col,
					.due = k->due,
					.reference = k->reference};
	if (k->offset && c->quantity)
		read_value(b, k->offset, k->offset->text, k->offset->len, c, true,
			   &c->calibration.offset);
	if (k->offset && c->unit &&
	    fixture_calibration_check(c, c->calibration.gain, c->calibration.offset, &err))
		fixture_bad(b, k->offset, "%s", err.text);
	bool known = k->done && is_day(k->done);
	if (k->done && !known)
		fixture_bad(b, schema_node(&k->item, "done"),
			    "\"%.20s\" is no day; expected like "
			    "2026-01-31",
			    k->done);
	if (k->due && (!is_day(k->due) || (known && strcmp(k->due, k->done) < 0)))
		fixture_bad(b, schema_node(&k->item, "due"),
			    "\"%.20s\" is no day after done; "
			    "expected like 2026-04-30",
			    k->due);
}

static bool read_quantity(struct fixture_build *b, const struct raw_channel *r,
			  struct fx_channel *c)
{
	static const char *const keys[] = {"quantity", "unit", NULL};
	const struct standard_name *std = standard_channel(c->name);
	enum quantity quantity = std ? std->quantity : (enum quantity)r->quantity;
	c->title_en = r->title.en ? r->title.en : std ? std->en : c->name;
	c->title_zh = r->title.zh ? r->title.zh : std ? std->zh : c->name;
	if (std && r->quantity && r->quantity != (int)std->quantity) {
		fixture_bad(b, schema_node(&r->item, "quantity"),
			    "%s is a standard name of quantity %s; expected that or another name",
			    r->name, quantity_name(std->quantity));
		return false;
	}
	if (!quantity && *c->name && schema_absent(&r->item, "quantity"))
		fixture_bad(b, r->item.node, "\"quantity\" is missing; %s is no standard name",
			    r->name);
	if (!quantity || fixture_unclear(&r->item, keys + (std != NULL)))
		return false;
	const struct unit *own = quantity_unit(quantity), *u = own;
	if (r->unit)
		u = unit_find(r->unit->text, r->unit->len);
	if (!u || !dim_equal(u->dim, own->dim)) {
		fixture_bad(b, r->unit, "unit \"%.40s\" does not measure %s; expected one like %s",
			    r->unit->text, quantity_name(quantity), own->name);
		return false;
	}
	c->quantity = quantity;
	c->unit = u;
	return true;
}

static void read_times(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	c->poll_ns = r->poll_ns;
	c->update_ns = schema_has(&r->item, "update") ? r->update_ns : r->poll_ns;
	c->stale_ns = r->stale_ns;
	if (refused(r, "poll") || refused(r, "update") || refused(r, "stale"))
		return;
	int64_t slowest = c->update_ns > c->poll_ns ? c->update_ns : c->poll_ns;
	if (c->stale_ns <= slowest)
		fixture_bad(b, schema_node(&r->item, "stale"),
			    "%s would always be stale; expected more than its poll and update time",
			    called(c));
}

static void check_unique(struct fixture_build *b, const struct raw_channel *r, int index)
{
	const struct fx_channel *at = b->f->channels, *c = &at[index];
	for (int i = 0; i < index && *c->name && !b->channel_bays_open[index]; i++)
		if (!b->channel_bays_open[i] && (at[i].bays & c->bays) &&
		    strcmp(at[i].name, c->name) == 0)
			fixture_bad(b, schema_node(&r->item, "name"),
				    "a bay has %s twice; it is first on line %d", c->name,
				    at[i].line);
}

/* What is shared is declared once, and a point means one thing: the leak sensor's contact is no
 * E-stop, and the gauge before the unit none behind it. Only another quantity may be computed of it. */
static void check_point(struct fixture_build *b, const struct raw_channel *r, int index)
{
	const struct fx_channel *at = b->f->channels, *c = &at[index];
	for (int i = 0; i < index && c->point; i++) {
		bool same = at[i].point && at[i].device == c->device &&
			    strcmp(at[i].point, c->point) == 0;
		bool alike = at[i].quantity && at[i].quantity == c->quantity;
		bool namesake = *c->name && strcmp(at[i].name, c->name) == 0;
		if (!same || !(alike || namesake) ||
		    (namesake && (at[i].bays & c->bays))) /* twice in a bay: told already */
			continue;
		fixture_bad(b, schema_node(&r->item, "point"),
			    "%.60s is %s's on line %d already; expected a point of its own, or "
			    "one channel for all its bays",
			    r->point, called(&at[i]), at[i].line);
		return;
	}
}

/* What its values mean: flawed unless all of it is known. */
static void read_meaning(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	static const char *const keys[] = {"quantity", "unit",	 "scale",     "from", "to",
					   "gain",     "offset", "per_litre", NULL};
	int before = b->mistakes;
	c->unit = quantity_unit(QUANTITY_STATE);
	c->flawed = !read_quantity(b, r, c);
	if (!c->flawed) {
		read_scale(b, r, c);
		c->flawed = b->mistakes > before || fixture_unclear(&r->item, keys);
		if (c->quantity == QUANTITY_STATE)
			read_state(b, r, c);
		else
			read_measuring(b, r, c);
	}
	read_calibration(b, r, c);
}

void fixture_read_channels(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_channel *at = raw->channels.at;
	struct fixture *f = b->f;
	int n = fixture_count(b, raw, "channels", &raw->channels, FIXTURE_CHANNELS_MAX,
			      &b->channels_open);
	f->channels = arena_array(f->arena, (size_t)n, sizeof(*f->channels));
	for (int i = 0; i < n; i++) {
		const struct raw_channel *r = &at[i];
		const struct yaml_node *point = schema_node(&r->item, "point");
		struct fx_channel *c = &f->channels[f->channel_count++];
		c->name = r->name ? r->name : "";
		c->line = r->item.node->line;
		c->col = r->item.node->col;
		c->point_line = point->line;
		c->point_col = point->col;
		c->range_line = schema_node(&r->item, "range")->line;
		c->range_col = schema_node(&r->item, "range")->col;
		c->resolution_line = schema_node(&r->item, "resolution")->line;
		c->resolution_col = schema_node(&r->item, "resolution")->col;
		b->channels_open = b->channels_open || !r->name;
		c->bays = fixture_read_bays(b, &r->item, &r->bays, &b->channel_bays_open[i]);
		fixture_read_point(b, point, r->point, &c->device, &c->point);
		read_times(b, r, c);
		read_meaning(b, r, c);
		check_unique(b, r, i);
		check_point(b, r, i);
	}
}

void fixture_read_frozen(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_channel *at = raw->channels.at;
	for (int i = 0; i < b->f->channel_count; i++) {
		const struct raw_frozen *r = at[i].frozen;
		struct fx_channel *c = &b->f->channels[i];
		if (!r)
			continue;
		c->frozen_after = r->after;
		if (r->while_)
			c->frozen_while =
				fixture_read_expr(b, r->while_, c->bays, b->channel_bays_open[i]);
		fixture_check_condition(b, r->while_, c->frozen_while, c->bays, false);
	}
}
