/* SPDX-License-Identifier: MIT
 *
 * Outputs of a fixture.
 */
#include "fixture_schema.h"

#include <string.h>
#include "plan/names.h"

static void read_setpoint(struct fixture_build *b, const struct raw_output *r, struct fx_output *o)
{
	const struct standard_name *std = standard_output(r->name);
	bool std_setpoint = std && std->quantity != QUANTITY_STATE;
	o->quantity = std_setpoint ? std->quantity : (enum quantity)r->quantity;
	if (std && !std_setpoint)
		fixture_bad(b, schema_node(&r->item, "kind"),
			    "%s is a standard name of a switched output; expected another kind",
			    r->name);
	if (!o->quantity || o->quantity == QUANTITY_STATE) {
		o->quantity = QUANTITY_RATIO;
		fixture_bad(b, r->item.node, "\"quantity\" is missing in %s; a setpoint has one",
			    r->name);
	}
	o->unit = quantity_unit(o->quantity);
	o->gain = r->gain;
	o->offset = r->offset;
	if (!r->range.unit || !dim_equal(r->range.unit->dim, o->unit->dim)) {
		fixture_bad(b, schema_node(&r->item, "range"),
			    "range of %s; expected two values in %s", r->name, o->unit->name);
		return;
	}
	o->min = unit_from_si(o->unit, r->range.lo);
	o->max = unit_from_si(o->unit, r->range.hi);
	if (o->gain == 0)
		fixture_bad(b, schema_node(&r->item, "gain"),
			    "gain 0 sets nothing; expected another");
	if (r->normally_open)
		fixture_bad(b, schema_node(&r->item, "normally_open"),
			    "a setpoint is not normally open; expected no");
}

static void read_switched(struct fixture_build *b, const struct raw_output *r, struct fx_output *o)
{
	static const char *const odd[] = {"quantity", "gain", "offset", "range"};
	const struct standard_name *std = standard_output(r->name);
	o->quantity = QUANTITY_STATE;
	o->unit = quantity_unit(QUANTITY_STATE);
	o->gain = 1;
	o->max = 1;
	o->inverted = r->normally_open;
	if (std && std->quantity != QUANTITY_STATE)
		fixture_bad(b, schema_node(&r->item, "kind"),
			    "%s is a standard name of a setpoint; expected kind: setpoint",
			    r->name);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (schema_has(&r->item, odd[i]))
			fixture_bad(b, schema_node(&r->item, odd[i]),
				    "only setpoints have %s; expected none", odd[i]);
}

static void read_on_time(struct fixture_build *b, const struct raw_output *r, struct fx_output *o,
			 bool watched)
{
	o->trips = schema_has(&r->item, "trips") ? r->trips : watched;
	o->max_on_ns = r->max_on_ns ? r->max_on_ns : INT64_MAX;
	if (watched && !r->max_on_ns)
		fixture_bad(b, r->item.node,
			    "\"max_on\" is missing in %s; expected the longest time away from safe",
			    r->name);
	struct error err = {0};
	if (fixture_output_value(o, r->safe->text, &o->safe, &err))
		fixture_bad(b, r->safe, "%s", err.text);
	else if (o->kind != OUTPUT_SETPOINT && o->inverted != (o->safe > 0.5))
		fixture_bad(b, r->safe,
			    "%s is not safe without energy; expected safe: %s or normally_open: %s",
			    r->name,
			    o->kind == OUTPUT_VALVE ? (o->inverted ? "open" : "closed")
						    : (o->inverted ? "on" : "off"),
			    o->inverted ? "no" : "yes");
}

static void check_output(struct fixture_build *b, const struct raw_output *r,
			 const struct fx_output *o)
{
	for (int i = 0; i < b->f->output_count; i++) {
		const struct fx_output *p = &b->f->outputs[i];
		if (p == o)
			continue;
		if ((p->bays & o->bays) && strcmp(p->name, o->name) == 0)
			fixture_bad(b, schema_node(&r->item, "name"),
				    "a bay has %s twice; it is first on line %d", o->name, p->line);
		if (p->point && o->point && p->device == o->device &&
		    strcmp(p->point, o->point) == 0)
			fixture_bad(b, schema_node(&r->item, "point"),
				    "%.60s is %s's on line %d already; expected a point of its own",
				    r->point, p->name, p->line);
		else if (!(p->bays & o->bays) && strcmp(p->name, o->name) == 0 &&
			 (p->kind != o->kind || p->quantity != o->quantity))
			fixture_bad(
				b, schema_node(&r->item, "kind"),
				"%s is of another kind on line %d; expected one kind for one name",
				o->name, p->line);
	}
	if (fixture_channel(b->f, __builtin_ctz(o->bays ? o->bays : 1), o->name) >= 0)
		fixture_bad(b, schema_node(&r->item, "name"),
			    "%s is a channel already; expected another name", o->name);
}

void fixture_read_outputs(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_output *at = raw->outputs.at;
	struct fixture *f = b->f;
	if (raw->outputs.count > FIXTURE_OUTPUTS_MAX) {
		fixture_bad(b, schema_node(&raw->item, "outputs"), "%d outputs; at most %d",
			    raw->outputs.count, (int)FIXTURE_OUTPUTS_MAX);
		return;
	}
	f->outputs = arena_array(f->arena, (size_t)raw->outputs.count, sizeof(*f->outputs));
	for (int i = 0; i < raw->outputs.count; i++) {
		const struct raw_output *r = &at[i];
		const struct standard_name *std = standard_output(r->name);
		struct fx_output *o = &f->outputs[f->output_count++];
		bool dead_man = raw->dead_man && strcmp(raw->dead_man, r->name) == 0;
		*o = (struct fx_output){.name = r->name,
					.title_en = r->title.en ? r->title.en
						    : std	? std->en
								: r->name,
					.title_zh = r->title.zh ? r->title.zh
						    : std	? std->zh
								: r->name,
					.bays = fixture_read_bays(b, &r->bays),
					.kind = (enum output_kind)r->kind,
					.supply_flow = r->supply_flow,
					.line = r->item.node->line,
					.col = r->item.node->col};
		fixture_read_point(b, schema_node(&r->item, "point"), r->point, &o->device,
				   &o->point);
		if (o->kind == OUTPUT_SETPOINT)
			read_setpoint(b, r, o);
		else
			read_switched(b, r, o);
		read_on_time(b, r, o, o->kind != OUTPUT_LAMP && !dead_man);
		check_output(b, r, o);
	}
}
