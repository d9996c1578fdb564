/* SPDX-License-Identifier: MIT
 *
 * Outputs of a fixture.
 */
#include "fixture_schema.h"

#include <string.h>
#include "plan/names.h"

/* For people: an output whose name was refused has none. */
static const char *called(const struct fx_output *o)
{
	return *o->name ? o->name : "this output";
}

static bool read_setpoint_quantity(struct fixture_build *b, const struct raw_output *r,
				   struct fx_output *o)
{
	const struct standard_name *std = standard_output(o->name);
	bool std_setpoint = std && std->quantity != QUANTITY_STATE;
	enum quantity q = std_setpoint ? std->quantity : (enum quantity)r->quantity;
	bool missing = schema_absent(&r->item, "quantity");
	if (std && !std_setpoint) {
		fixture_bad(b, schema_node(&r->item, "kind"),
			    "%s is a standard name of a switched output; expected another kind",
			    r->name);
		return false;
	}
	if (q == QUANTITY_STATE || (!q && missing && *o->name))
		fixture_bad(b, r->item.node, "\"quantity\" is missing in %s; a setpoint has one",
			    called(o));
	if (!q || q == QUANTITY_STATE)
		return false;
	o->quantity = q;
	o->unit = quantity_unit(q);
	return true;
}

/* Whether its values can be read. */
static bool read_setpoint(struct fixture_build *b, const struct raw_output *r, struct fx_output *o)
{
	static const char *const range[] = {"range", NULL};
	o->gain = r->gain;
	o->offset = r->offset;
	if (o->gain == 0 && !schema_refused(&r->item, "gain"))
		fixture_bad(b, schema_node(&r->item, "gain"),
			    "gain 0 sets nothing; expected another");
	if (r->normally_open)
		fixture_bad(b, schema_node(&r->item, "normally_open"),
			    "a setpoint is not normally open; expected no");
	if (!read_setpoint_quantity(b, r, o) || fixture_unclear(&r->item, range))
		return false;
	if (!r->range.unit || !dim_equal(r->range.unit->dim, o->unit->dim)) {
		fixture_bad(b, schema_node(&r->item, "range"),
			    "range of %s; expected two values in %s", called(o), o->unit->name);
		return false;
	}
	o->min = unit_from_si(o->unit, r->range.lo);
	o->max = unit_from_si(o->unit, r->range.hi);
	return true;
}

static bool read_switched(struct fixture_build *b, const struct raw_output *r, struct fx_output *o)
{
	static const char *const odd[] = {"quantity", "gain", "offset", "range"};
	static const char *const normally[] = {"normally_open", NULL};
	const struct standard_name *std = standard_output(o->name);
	o->gain = 1;
	o->max = 1;
	o->inverted = r->normally_open;
	if (std && std->quantity != QUANTITY_STATE) {
		fixture_bad(b, schema_node(&r->item, "kind"),
			    "%s is a standard name of a setpoint; expected kind: setpoint",
			    r->name);
		return false;
	}
	if (std && o->kind == OUTPUT_LAMP && strncmp(o->name, "lamp_", 5) != 0 &&
	    strcmp(o->name, "dead_man") != 0)
		fixture_bad(b, schema_node(&r->item, "kind"),
			    "%s is a standard name of what no trip may leave on; a lamp is not "
			    "watched; expected another kind",
			    r->name);
	o->quantity = QUANTITY_STATE;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (schema_has(&r->item, odd[i]))
			fixture_bad(b, schema_node(&r->item, odd[i]),
				    "only setpoints have %s; expected none", odd[i]);
	return !fixture_unclear(&r->item, normally);
}

static void read_on_time(struct fixture_build *b, const struct raw_output *r, struct fx_output *o,
			 bool watched)
{
	o->trips = schema_has(&r->item, "trips") ? r->trips : watched;
	o->max_on_ns = r->max_on_ns ? r->max_on_ns : INT64_MAX;
	if (watched && o->kind && !b->dead_man_open && schema_absent(&r->item, "max_on"))
		fixture_bad(b, r->item.node,
			    "\"max_on\" is missing in %s; expected the longest time away from safe",
			    called(o));
}

/* Whether it is known and can be one. */
static bool read_safe(struct fixture_build *b, const struct raw_output *r, struct fx_output *o)
{
	struct error err = {0};
	if (!r->safe)
		return false;
	if (fixture_output_value(o, r->safe->text, &o->safe, &err)) {
		fixture_bad(b, r->safe, "%s", err.text);
		return false;
	}
	if (o->kind == OUTPUT_SETPOINT || o->inverted == (o->safe > 0.5))
		return true;
	fixture_bad(b, r->safe,
		    "%s is not safe without energy; expected safe: %s or normally_open: %s",
		    called(o),
		    o->kind == OUTPUT_VALVE ? (o->inverted ? "open" : "closed")
					    : (o->inverted ? "on" : "off"),
		    o->inverted ? "no" : "yes");
	return false;
}

static void check_pair(struct fixture_build *b, const struct raw_output *r, int index, int other)
{
	const struct fx_output *o = &b->f->outputs[index], *p = &b->f->outputs[other];
	bool clear = !b->output_bays_open[index] && !b->output_bays_open[other];
	bool namesakes = *o->name && strcmp(p->name, o->name) == 0;
	if (clear && namesakes && (p->bays & o->bays))
		fixture_bad(b, schema_node(&r->item, "name"),
			    "a bay has %s twice; it is first on line %d", o->name, p->line);
	if (p->point && o->point && p->device == o->device && strcmp(p->point, o->point) == 0)
		fixture_bad(b, schema_node(&r->item, "point"),
			    "%.60s is %s's on line %d already; expected a point of its own",
			    r->point, called(p), p->line);
	else if (clear && namesakes && !(p->bays & o->bays) && p->quantity && o->quantity &&
		 (p->kind != o->kind || p->quantity != o->quantity))
		fixture_bad(b, schema_node(&r->item, "kind"),
			    "%s is of another kind on line %d; expected one kind for one name",
			    o->name, p->line);
}

/* A contact that the rig itself closes says nothing of the world. */
static void check_contact(struct fixture_build *b, const struct raw_output *r, int index)
{
	const struct fx_output *o = &b->f->outputs[index];
	for (int i = 0; i < b->f->channel_count && o->point; i++) {
		const struct fx_channel *c = &b->f->channels[i];
		if (c->point && c->quantity == QUANTITY_STATE && c->device == o->device &&
		    strcmp(c->point, o->point) == 0)
			fixture_bad(b, schema_node(&r->item, "point"),
				    "%.60s is channel %s's on line %d already; expected a point of "
				    "its own",
				    r->point, *c->name ? c->name : "?", c->line);
	}
}

static void check_output(struct fixture_build *b, const struct raw_output *r, int index)
{
	const struct fx_output *o = &b->f->outputs[index];
	for (int i = 0; i < index; i++)
		check_pair(b, r, index, i);
	check_contact(b, r, index);
	if (!*o->name || b->output_bays_open[index])
		return;
	int c = fixture_channel(b->f, __builtin_ctz(o->bays), o->name);
	if (c >= 0 && !b->channel_bays_open[c])
		fixture_bad(b, schema_node(&r->item, "name"),
			    "%s is a channel already; expected another name", o->name);
}

static void read_output(struct fixture_build *b, const struct raw_output *r, int index,
			bool dead_man)
{
	struct fx_output *o = &b->f->outputs[index];
	const struct standard_name *std = standard_output(o->name);
	const struct yaml_node *point = schema_node(&r->item, "point");
	o->title_en = r->title.en ? r->title.en : std ? std->en : o->name;
	o->title_zh = r->title.zh ? r->title.zh : std ? std->zh : o->name;
	o->kind = (enum output_kind)r->kind;
	o->unit = quantity_unit(QUANTITY_STATE);
	o->supply_flow = r->supply_flow;
	o->line = r->item.node->line;
	o->col = r->item.node->col;
	o->point_line = point->line;
	o->point_col = point->col;
	o->bays = fixture_read_bays(b, &r->item, &r->bays, &b->output_bays_open[index]);
	fixture_read_point(b, point, r->point, &o->device, &o->point);
	read_on_time(b, r, o, o->kind != OUTPUT_LAMP && !dead_man);
	int before = b->mistakes;
	bool readable = o->kind == OUTPUT_SETPOINT ? read_setpoint(b, r, o)
			: o->kind		   ? read_switched(b, r, o)
						   : false;
	b->values_open[index] = !readable;
	b->safe_open[index] = !readable || !read_safe(b, r, o);
	o->flawed = b->safe_open[index] || b->mistakes > before ||
		    schema_refused(&r->item, "gain") || schema_refused(&r->item, "offset");
	check_output(b, r, index);
}

/* Is there an output of the name that dead_man gives? Else any of them may be meant. */
static bool has_dead_man(const struct raw_fixture *raw, int n)
{
	const struct raw_output *at = raw->outputs.at;
	for (int i = 0; i < n; i++)
		if (at[i].name && strcmp(at[i].name, raw->dead_man) == 0)
			return true;
	return false;
}

void fixture_read_outputs(struct fixture_build *b, const struct raw_fixture *raw)
{
	static const char *const dead_man[] = {"dead_man", NULL};
	const struct raw_output *at = raw->outputs.at;
	struct fixture *f = b->f;
	int n = fixture_count(b, raw, "outputs", &raw->outputs, FIXTURE_OUTPUTS_MAX,
			      &b->outputs_open);
	b->dead_man_open = fixture_unclear(&raw->item, dead_man) ||
			   (raw->dead_man && !has_dead_man(raw, n));
	f->outputs = arena_array(f->arena, (size_t)n, sizeof(*f->outputs));
	for (int i = 0; i < n; i++) {
		const struct raw_output *r = &at[i];
		f->outputs[f->output_count++].name = r->name ? r->name : "";
		b->outputs_open = b->outputs_open || !r->name;
		read_output(b, r, i,
			    raw->dead_man && r->name && strcmp(raw->dead_man, r->name) == 0);
	}
}
