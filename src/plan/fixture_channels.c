/* SPDX-License-Identifier: MIT
 *
 * Channels of a fixture.
 */
#include "fixture_schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "plan/names.h"

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

static void read_linear(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	bool table = schema_has(&r->item, "from") || schema_has(&r->item, "to");
	c->gain = 1;
	if (schema_has(&r->item, "gain"))
		c->gain = r->gain;
	if (r->offset)
		read_value(b, r->offset, r->offset->text, r->offset->len, c, true, &c->offset);
	if (!table)
		return;
	if (!r->from.unit || !r->to.unit || schema_has(&r->item, "gain") || r->offset) {
		fixture_bad(b, r->item.node,
			    "scale of %s is unclear; expected from and to, or gain and offset",
			    c->name);
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
}

static void read_scale(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	static const char *const linear_keys[] = {"from", "to", "gain", "offset"};
	c->scale = (enum fx_scale_kind)r->scale;
	if (c->scale == FX_SCALE_LINEAR) {
		if (schema_has(&r->item, "per_litre"))
			fixture_bad(b, schema_node(&r->item, "per_litre"),
				    "per_litre has no meaning here; expected scale: pulse_rate or "
				    "counter with it");
		read_linear(b, r, c);
		return;
	}
	c->gain = 1;
	c->per_litre = r->per_litre;
	for (size_t i = 0; i < sizeof(linear_keys) / sizeof(linear_keys[0]); i++)
		if (schema_has(&r->item, linear_keys[i]))
			fixture_bad(b, schema_node(&r->item, linear_keys[i]),
				    "%s has no meaning here; expected per_litre alone",
				    linear_keys[i]);
	if (c->quantity != QUANTITY_FLOW)
		fixture_bad(b, schema_node(&r->item, "scale"),
			    "pulses make a flow; expected a channel of quantity flow");
	if (c->per_litre <= 0)
		fixture_bad(b, r->item.node,
			    "\"per_litre\" is missing in %s; expected pulses per "
			    "litre",
			    c->name);
}

/* "0.002 MPa + 0.5 %", either part alone. */
static void read_uncertainty(struct fixture_build *b, const struct raw_channel *r,
			     struct fx_channel *c)
{
	const struct yaml_node *node = r->uncertainty;
	const char *s = node->text, *end = s + node->len;
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
		} else if (read_value(b, node, s, n, c, true, &v)) {
			c->uncertainty_abs = v;
		}
		s = plus ? plus + 3 : end;
	}
	if (c->uncertainty_abs < 0 || c->uncertainty_abs + c->uncertainty_rel <= 0)
		fixture_bad(b, node, "uncertainty \"%.40s\"; expected more than zero", node->text);
}

static void read_measuring(struct fixture_build *b, const struct raw_channel *r,
			   struct fx_channel *c)
{
	static const char *const needed[] = {"range", "resolution", "uncertainty"};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!schema_has(&r->item, needed[i]))
			fixture_bad(b, r->item.node,
				    "\"%s\" is missing in %s; only states go without", needed[i],
				    c->name);
	if (r->range.unit && !dim_equal(r->range.unit->dim, c->unit->dim)) {
		fixture_bad(b, schema_node(&r->item, "range"), "range is in %s; expected %s",
			    r->range.unit->name, c->unit->name);
	} else if (r->range.unit) {
		c->range_lo = unit_from_si(c->unit, r->range.lo);
		c->range_hi = unit_from_si(c->unit, r->range.hi);
	}
	if (r->resolution &&
	    read_value(b, r->resolution, r->resolution->text, r->resolution->len, c, true,
		       &c->resolution) &&
	    c->resolution <= 0)
		fixture_bad(b, r->resolution, "resolution %.40s; expected more than zero",
			    r->resolution->text);
	if (r->uncertainty)
		read_uncertainty(b, r, c);
	if (schema_has(&r->item, "debounce") || r->active_low)
		fixture_bad(b, r->item.node, "debounce and active_low are for states; %s is none",
			    c->name);
}

static void read_state(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	static const char *const odd[] = {"range", "resolution", "uncertainty", "calibration"};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (schema_has(&r->item, odd[i]))
			fixture_bad(b, schema_node(&r->item, odd[i]),
				    "a state has no %s; expected none", odd[i]);
	c->range_hi = 1;
	c->resolution = 1;
	c->active_low = r->active_low;
	c->debounce_ns = r->debounce_ns;
}

static bool is_date(const char *s)
{
	int y = 0, m = 0, d = 0;
	char rest = 0;
	if (strlen(s) != 10 || sscanf(s, "%4d-%2d-%2d%c", &y, &m, &d, &rest) != 3)
		return false;
	return y >= 2000 && m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

static void read_calibration(struct fixture_build *b, const struct raw_channel *r,
			     struct fx_channel *c)
{
	const struct raw_calibration *k = r->calibration;
	c->calibration.gain = 1;
	if (!k)
		return;
	c->calibration = (struct fx_calibration){.revision = k->revision,
						 .gain = k->gain,
						 .done = k->done,
						 .due = k->due,
						 .reference = k->reference};
	if (k->offset)
		read_value(b, k->offset, k->offset->text, k->offset->len, c, true,
			   &c->calibration.offset);
	if (!is_date(k->done))
		fixture_bad(b, schema_node(&k->item, "done"),
			    "\"%.20s\" is no day; expected like "
			    "2026-01-31",
			    k->done);
	else if (!is_date(k->due) || strcmp(k->due, k->done) < 0)
		fixture_bad(b, schema_node(&k->item, "due"),
			    "\"%.20s\" is no day after done; "
			    "expected like 2026-04-30",
			    k->due);
}

static bool read_quantity(struct fixture_build *b, const struct raw_channel *r,
			  struct fx_channel *c)
{
	const struct standard_name *std = standard_channel(r->name);
	c->quantity = std ? std->quantity : (enum quantity)r->quantity;
	c->title_en = r->title.en ? r->title.en : std ? std->en : r->name;
	c->title_zh = r->title.zh ? r->title.zh : std ? std->zh : r->name;
	if (std && r->quantity && r->quantity != (int)std->quantity)
		fixture_bad(b, schema_node(&r->item, "quantity"),
			    "%s is a standard name of quantity %s; expected that or another name",
			    r->name, quantity_name(std->quantity));
	if (!c->quantity) {
		fixture_bad(b, r->item.node, "\"quantity\" is missing; %s is no standard name",
			    r->name);
		return false;
	}
	c->unit = quantity_unit(c->quantity);
	if (!r->unit)
		return true;
	const struct unit *u = unit_find(r->unit->text, r->unit->len);
	if (!u || !dim_equal(u->dim, c->unit->dim)) {
		fixture_bad(b, r->unit, "unit \"%.40s\" does not measure %s; expected one like %s",
			    r->unit->text, quantity_name(c->quantity), c->unit->name);
		return false;
	}
	c->unit = u;
	return true;
}

static void read_times(struct fixture_build *b, const struct raw_channel *r, struct fx_channel *c)
{
	c->poll_ns = r->poll_ns;
	c->update_ns = schema_has(&r->item, "update") ? r->update_ns : r->poll_ns;
	c->stale_ns = r->stale_ns;
	int64_t slowest = c->update_ns > c->poll_ns ? c->update_ns : c->poll_ns;
	if (c->stale_ns <= slowest)
		fixture_bad(b, schema_node(&r->item, "stale"),
			    "%s would always be stale; expected more than its poll and update time",
			    c->name);
}

static void check_unique(struct fixture_build *b, const struct raw_channel *r,
			 const struct fx_channel *c)
{
	for (int i = 0; i < b->f->channel_count; i++) {
		const struct fx_channel *o = &b->f->channels[i];
		if (o != c && (o->bays & c->bays) && strcmp(o->name, c->name) == 0)
			fixture_bad(b, schema_node(&r->item, "name"),
				    "a bay has %s twice; it is first on line %d", c->name, o->line);
	}
}

void fixture_read_channels(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_channel *at = raw->channels.at;
	struct fixture *f = b->f;
	if (raw->channels.count > FIXTURE_CHANNELS_MAX) {
		fixture_bad(b, schema_node(&raw->item, "channels"), "%d channels; at most %d",
			    raw->channels.count, (int)FIXTURE_CHANNELS_MAX);
		return;
	}
	f->channels = arena_array(f->arena, (size_t)raw->channels.count, sizeof(*f->channels));
	for (int i = 0; i < raw->channels.count; i++) {
		const struct raw_channel *r = &at[i];
		struct fx_channel *c = &f->channels[f->channel_count++];
		c->name = r->name;
		c->line = r->item.node->line;
		c->col = r->item.node->col;
		c->bays = fixture_read_bays(b, &r->bays);
		c->unit = quantity_unit(QUANTITY_STATE);
		fixture_read_point(b, schema_node(&r->item, "point"), r->point, &c->device,
				   &c->point);
		if (!read_quantity(b, r, c))
			continue;
		read_times(b, r, c);
		read_scale(b, r, c);
		if (c->quantity == QUANTITY_STATE)
			read_state(b, r, c);
		else
			read_measuring(b, r, c);
		read_calibration(b, r, c);
		check_unique(b, r, c);
	}
}

void fixture_read_frozen(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_channel *at = raw->channels.at;
	for (int i = 0; i < raw->channels.count; i++) {
		const struct raw_frozen *r = at[i].frozen;
		struct fx_channel *c = &b->f->channels[i];
		if (!r)
			continue;
		c->frozen_after = r->after;
		if (r->while_)
			c->frozen_while = fixture_read_expr(b, r->while_, c->bays);
	}
}
