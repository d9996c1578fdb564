/* SPDX-License-Identifier: MIT
 *
 * Derived names, measurements, validity envelope and aborts of a profile.
 */
#include "profile_schema.h"

#include <stdio.h>
#include <string.h>

enum { MEASUREMENTS_MAX = 256, DERIVED_MAX = 128, ABORTS_MAX = 64 };

static const struct unit *read_unit(struct profile_build *b, const struct yaml_node *node)
{
	const struct unit *u = node ? unit_find(node->text, node->len) : NULL;
	if (!u && node)
		profile_bad(b, node, "unit \"%.40s\" is unknown; expected like L/min or %%",
			    node->text);
	return u;
}

/* How many of the list are read; tells when there are too many. */
static int count_of(struct profile_build *b, const char *key, const struct schema_list *list,
		    int max, bool *open)
{
	if (schema_refused(&b->raw->item, key) ||
	    (b->raw->item.stray && !schema_has(&b->raw->item, key)))
		*open = true;
	if (list->count <= max)
		return list->count;
	profile_bad(b, schema_node(&b->raw->item, key), "%d %s; at most %d", list->count, key, max);
	*open = true;
	return max;
}

void profile_read_derived(struct profile_build *b)
{
	const struct raw_derived *at = b->raw->derived.at;
	struct profile *p = b->p;
	int n = count_of(b, "derived", &b->raw->derived, DERIVED_MAX, &b->derived_open);
	p->derived = arena_array(p->arena, (size_t)n, sizeof(*p->derived));
	for (int i = 0; i < n; i++) {
		const struct raw_derived *r = &at[i];
		const struct unit *u = read_unit(b, r->unit);
		b->derived_open = b->derived_open || r->item.misnamed;
		if (fixture_channel(p->fixture, p->bay, r->item.name) >= 0)
			profile_bad(b, r->item.node, "%s is a channel; expected another name",
				    r->item.name);
		p->derived[p->derived_count++] =
			(struct pf_derived){.name = r->item.name,
					    .value = profile_read_expr(b, r->value, WANT_NUMBER,
								       u ? &u->dim : NULL, NULL),
					    .unit = u,
					    .quantity = u ? profile_quantity_of(u) : QUANTITY_NONE};
		b->derived_known = p->derived_count;
		const struct expr *e = p->derived[i].value;
		if (u && e && profile_is_percent(u) && expr_is_bare(e))
			profile_bad(b, r->value,
				    "%s is in %% and %.60s has no unit; expected a number with "
				    "%%, such as 66 %%",
				    r->item.name, expr_text(e));
	}
}

void profile_declare_measurements(struct profile_build *b)
{
	const struct raw_measurement *at = b->raw->measurements.at;
	struct profile *p = b->p;
	int n = count_of(b, "measurements", &b->raw->measurements, MEASUREMENTS_MAX,
			 &b->measurements_open);
	p->measurements = arena_array(p->arena, (size_t)n, sizeof(*p->measurements));
	for (int i = 0; i < n; i++) {
		const struct raw_measurement *r = &at[i];
		b->measurements_open = b->measurements_open || r->item.misnamed;
		p->measurements[p->measurement_count++] = (struct pf_measurement){
			.id = r->item.name,
			.title = {r->title.en, r->title.zh},
			.unit = r->value && r->unit ? read_unit(b, r->unit) : NULL,
			.rule = (enum decision_rule)r->rule,
			.basis = (enum limit_basis)r->basis,
			.basis_note = r->note ? r->note : "",
			.required = r->required,
			.envelope = r->envelope,
			.symptoms = r->symptoms.at,
			.symptom_count = r->symptoms.count,
			.faults = r->faults.at,
			.fault_count = r->faults.count,
			.step = -1,
			.attribution = (enum attribution)r->attribution,
			.line = r->item.node->key_line,
			.col = r->item.node->key_col};
	}
}

static void check_codes(struct profile_build *b, const struct schema_texts *codes,
			bool (*is_known)(const char *code), const char *what)
{
	for (int i = 0; i < codes->count; i++) {
		if (!is_known(codes->at[i]))
			profile_bad(b, codes->nodes[i], "\"%.20s\" is no %s", codes->at[i], what);
		for (int k = 0; k < i; k++)
			if (strcmp(codes->at[i], codes->at[k]) == 0)
				profile_bad(b, codes->nodes[i],
					    "%.20s stands here twice; expected once", codes->at[i]);
	}
}

static void read_condition_only(struct profile_build *b, const struct raw_measurement *r)
{
	const struct yaml_node *odd[] = {r->unit, r->lo, r->hi, r->uncertainty};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (odd[i])
			profile_bad(b, odd[i], "%s without a value; expected value, or none of %s",
				    odd[i]->key, "unit, min, max, uncertainty");
}

static void read_measurement(struct profile_build *b, const struct raw_measurement *r,
			     struct pf_measurement *m)
{
	check_codes(b, &r->symptoms, names_is_symptom, "symptom; expected S01 to S20");
	check_codes(b, &r->faults, names_is_fault, "fault; expected F01 to F25");
	if (r->basis == BASIS_STANDARD && schema_absent(&r->item, "note"))
		profile_bad(b, schema_node(&r->item, "basis"),
			    "basis standard names none; expected note with the standard");
	if (schema_absent(&r->item, "value")) {
		read_condition_only(b, r);
		return;
	}
	if (r->value && schema_absent(&r->item, "unit"))
		profile_bad(b, r->item.node, "\"unit\" is missing in %s; expected one like %%",
			    m->id);
	if (r->value && schema_absent(&r->item, "min") && schema_absent(&r->item, "max"))
		profile_bad(b, r->value, "%s has no limit; expected min, max or both", m->id);
	const struct dim *dim = m->unit ? &m->unit->dim : NULL;
	m->quantity = m->unit ? profile_quantity_of(m->unit) : QUANTITY_NONE;
	m->value = profile_read_expr(b, r->value, WANT_NUMBER, dim, NULL);
	m->lo = profile_read_expr(b, r->lo, WANT_NUMBER, dim, NULL);
	m->hi = profile_read_expr(b, r->hi, WANT_NUMBER, dim, NULL);
	m->uncertainty = profile_read_expr(b, r->uncertainty, WANT_NUMBER, dim, NULL);
}

void profile_read_measurements(struct profile_build *b)
{
	const struct raw_measurement *at = b->raw->measurements.at;
	bool any = b->measurements_open;
	b->measured_allowed = true;
	for (int i = 0; i < b->p->measurement_count; i++) {
		read_measurement(b, &at[i], &b->p->measurements[i]);
		any = any || at[i].required || schema_refused(&at[i].item, "required");
	}
	b->measured_allowed = false;
	if (!any)
		profile_bad(
			b, schema_node(&b->raw->item, "measurements"),
			"no measurement is required; expected at least one, or any run would pass");
}

void profile_read_envelope(struct profile_build *b)
{
	const struct schema_pair *at = b->raw->envelope.at;
	struct profile *p = b->p;
	int n = b->raw->envelope.count;
	p->envelope = arena_array(p->arena, (size_t)n, sizeof(*p->envelope));
	for (int i = 0; i < n; i++) {
		struct schema_range r;
		struct error err = {0};
		struct yaml_node key = *at[i].item.node;
		key.line = key.key_line;
		key.col = key.key_col;
		int ref = profile_read_symbol(b, &key, at[i].item.name);
		if (schema_parse_range(at[i].text, strlen(at[i].text), &r, &err)) {
			profile_bad(b, at[i].item.node, "%s", err.text);
			continue;
		}
		if (ref < 0)
			continue;
		const struct unit *u = profile_ref_unit(p, ref);
		if (!profile_unit_fits(u, r.unit)) {
			profile_bad(b, at[i].item.node, "%s is in %s; expected %s", at[i].item.name,
				    *r.unit->name ? r.unit->name : "no unit", u->name);
			continue;
		}
		p->envelope[p->envelope_count++] = (struct pf_envelope){(int16_t)ref, r.lo, r.hi};
	}
}

static int find_interlock(struct profile_build *b, const struct raw_abort *r)
{
	const struct fixture *f = b->p->fixture;
	const char *list[FIXTURE_INTERLOCKS_MAX];
	char hint[96];
	for (int i = 0; i < f->interlock_count; i++) {
		list[i] = f->interlocks[i].name;
		if (strcmp(list[i], r->interlock) != 0)
			continue;
		if (!schema_refused(&r->item, "class") && (int)f->interlocks[i].class != r->class)
			profile_bad(b, schema_node(&r->item, "class"),
				    "interlock %s is of class %s; expected that", r->interlock,
				    trip_class_name(f->interlocks[i].class));
		return i;
	}
	profile_bad(
		b, schema_node(&r->item, "interlock"), "no interlock is named \"%.60s\"%s",
		r->interlock,
		schema_hint(hint, sizeof(hint), r->interlock, list, (size_t)f->interlock_count));
	return -1;
}

void profile_read_aborts(struct profile_build *b)
{
	const struct raw_abort *at = b->raw->aborts.at;
	struct profile *p = b->p;
	int n = count_of(b, "aborts", &b->raw->aborts, ABORTS_MAX, &b->judged_open);
	p->aborts = arena_array(p->arena, (size_t)n, sizeof(*p->aborts));
	for (int i = 0; i < n; i++) {
		const struct raw_abort *r = &at[i];
		struct pf_abort *a = &p->aborts[p->abort_count++];
		*a = (struct pf_abort){.id = r->item.name,
				       .title = {r->title.en, r->title.zh},
				       .for_ns = r->for_ns,
				       .interlock = -1,
				       .class = (enum trip_class)r->class,
				       .attribution = (enum attribution)r->attribution,
				       .measurement = -1,
				       .line = r->item.node->key_line,
				       .col = r->item.node->key_col};
		if (schema_absent(&r->item, "when") && schema_absent(&r->item, "interlock"))
			profile_bad(b, r->item.node,
				    "%s has no condition; expected when or interlock", a->id);
		a->when = profile_read_expr(b, r->when, WANT_CONDITION, NULL, NULL);
		if (r->interlock)
			a->interlock = (int16_t)find_interlock(b, r);
		if (r->fails)
			a->measurement = (int16_t)profile_read_measurement(
				b, schema_node(&r->item, "fails"), r->fails);
		else if (!schema_absent(&r->item, "fails"))
			b->judged_open = true;
		else if (a->attribution == ATTRIBUTION_UNIT)
			profile_bad(
				b, r->item.node,
				"\"fails\" is missing in %s; expected the measurement that fails",
				a->id);
		if (!r->fails || a->attribution == ATTRIBUTION_UNIT ||
		    profile_unclear(&r->item, "attribution"))
			continue;
		b->judged_open = true; /* one of the two is wrong */
		profile_bad(b, schema_node(&r->item, "fails"),
			    "%s is not the unit's and nothing would fail with it; expected no "
			    "fails, or attribution: unit",
			    a->id);
	}
}
