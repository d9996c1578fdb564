/* SPDX-License-Identifier: MIT */
#include "plan/fixture.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fixture_schema.h"
#include "plan/names.h"

/* A day begins somewhere 14 hours before it begins in UTC. */
#define AHEAD_US (14 * (int64_t)3600 * 1000000)

static const char *const trip_names[] = {
	[TRIP_ESTOP] = "estop",
	[TRIP_LEAK] = "leak",
	[TRIP_OVER_PRESSURE] = "over_pressure",
	[TRIP_OVER_TEMPERATURE] = "over_temperature",
	[TRIP_DRY_RUN] = "dry_run",
	[TRIP_OVER_CURRENT] = "over_current",
	[TRIP_SENSOR] = "sensor",
	[TRIP_TIMEOUT] = "timeout",
	[TRIP_COMMS] = "comms",
	[TRIP_OPERATOR] = "operator",
};

enum { TRIP_CLASSES = sizeof(trip_names) / sizeof(trip_names[0]) };

const char *trip_class_name(enum trip_class c)
{
	return (int)c >= 0 && (int)c < (int)TRIP_CLASSES ? trip_names[c] : "unknown";
}

int trip_class_find(const char *name)
{
	for (int i = 0; i < (int)TRIP_CLASSES; i++)
		if (strcmp(trip_names[i], name) == 0)
			return i;
	return -1;
}

void fixture_bad(struct fixture_build *b, const struct yaml_node *node, const char *fmt, ...)
{
	char text[320];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_problem(b->y, node, "%s", text);
	b->mistakes++;
}

bool fixture_unclear(const struct schema_item *item, const char *const *keys)
{
	for (; *keys; keys++)
		if (schema_refused(item, *keys) || (item->stray && !schema_has(item, *keys)))
			return true;
	return false;
}

int fixture_count(struct fixture_build *b, const struct raw_fixture *raw, const char *key,
		  const struct schema_list *list, int max, bool *open)
{
	*open = schema_refused(&raw->item, key);
	if (list->count <= max)
		return list->count;
	fixture_bad(b, schema_node(&raw->item, key), "%d %s; at most %d", list->count, key, max);
	*open = true;
	return max;
}

static void read_all(struct fixture_build *b, const struct raw_fixture *raw)
{
	struct fixture *f = b->f;
	f->name = raw->name;
	f->title_en = raw->title.en;
	f->title_zh = raw->title.zh;
	f->simulated = raw->simulated;
	fixture_read_wires(b, raw);
	fixture_read_channels(b, raw);
	fixture_read_outputs(b, raw);
	fixture_read_frozen(b, raw);
	fixture_read_safety(b, raw);
}

struct fixture *fixture_parse_draft(const char *path, const char *bytes, size_t n,
				    struct problems *problems)
{
	struct arena *arena = arena_new();
	struct fixture *f = arena_alloc(arena, sizeof(*f));
	struct fixture_build b = {.f = f};
	struct raw_fixture raw = {0};
	struct yaml y;
	f->arena = arena;
	f->path = arena_strdup(arena, path);
	f->dead_man = -1;
	f->text = arena_strndup(arena, bytes, n);
	f->size = n;
	text_sha256(f->hash, bytes, n);
	bool ok = yaml_parse(&y, path, bytes, n, arena, problems);
	if (!y.complete) {
		arena_free(arena);
		return NULL;
	}
	ok = schema_decode(&fixture_schema, &y, y.root, &raw) && ok;
	b.y = &y;
	read_all(&b, &raw);
	f->draft = !ok || b.mistakes;
	return f;
}

/* Nothing that has problems goes to work. */
static struct fixture *without_draft(struct fixture *f)
{
	if (!f || !f->draft)
		return f;
	fixture_free(f);
	return NULL;
}

struct fixture *fixture_parse(const char *path, const char *bytes, size_t n,
			      struct problems *problems)
{
	return without_draft(fixture_parse_draft(path, bytes, n, problems));
}

struct fixture *fixture_load_draft(const char *path, struct problems *problems)
{
	size_t n = 0;
	char *bytes = yaml_read_file(path, &n, problems);
	if (!bytes)
		return NULL;
	struct fixture *f = fixture_parse_draft(path, bytes, n, problems);
	free(bytes);
	return f;
}

struct fixture *fixture_load(const char *path, struct problems *problems)
{
	return without_draft(fixture_load_draft(path, problems));
}

void fixture_check_days(struct fixture *f, int64_t now_utc_us, struct problems *problems)
{
	char today[32], last[32];

	text_from_utc_us(today, sizeof(today), now_utc_us);
	text_from_utc_us(last, sizeof(last), now_utc_us + AHEAD_US);
	for (int i = 0; i < f->channel_count; i++) {
		const struct fx_calibration *k = &f->channels[i].calibration;

		if (!k->done || strncmp(k->done, last, 10) <= 0)
			continue;
		problems_add(
			problems, f->path, k->done_line, k->done_col, NULL,
			"done on %.20s, which is yet to come: this machine's clock says %.10s UTC; "
			"expected a day that was",
			k->done, today);
		f->draft = true;
	}
}

void fixture_at_speed(struct fixture *f, unsigned speed)
{
	int64_t floor_ns = (int64_t)speed * FIXTURE_STALE_FLOOR_S * INT64_C(1000000000);

	for (int i = 0; i < f->channel_count && speed > 1; i++)
		if (f->channels[i].stale_ns < floor_ns) {
			f->channels[i].raised_ns += floor_ns - f->channels[i].stale_ns;
			f->channels[i].stale_ns = floor_ns;
		}
}

void fixture_free(struct fixture *f)
{
	if (f)
		arena_free(f->arena);
}

static bool in_bay(uint32_t bays, int bay)
{
	return bay >= 0 && bay < FIXTURE_BAYS_MAX && (bays >> bay & 1);
}

int fixture_channel(const struct fixture *f, int bay, const char *name)
{
	for (int i = 0; i < f->channel_count; i++)
		if (in_bay(f->channels[i].bays, bay) && strcmp(f->channels[i].name, name) == 0)
			return i;
	return -1;
}

int fixture_output(const struct fixture *f, int bay, const char *name)
{
	for (int i = 0; i < f->output_count; i++)
		if (in_bay(f->outputs[i].bays, bay) && strcmp(f->outputs[i].name, name) == 0)
			return i;
	return -1;
}

int fixture_bay(const struct fixture *f, const char *name)
{
	for (int i = 0; i < f->bay_count; i++)
		if (strcmp(f->bays[i].name, name) == 0)
			return i;
	return -1;
}

static int unknown_name(const struct fixture_scope *s, const char *name, struct error *err)
{
	enum { MAX = FIXTURE_CHANNELS_MAX + FIXTURE_OUTPUTS_MAX };
	const char *list[MAX];
	size_t n = 0;
	for (int i = 0; i < s->fixture->channel_count; i++)
		if (in_bay(s->fixture->channels[i].bays, s->bay))
			list[n++] = s->fixture->channels[i].name;
	for (int i = 0; i < s->fixture->output_count; i++)
		if (in_bay(s->fixture->outputs[i].bays, s->bay))
			list[n++] = s->fixture->outputs[i].name;
	char hint[96];
	return error_set(err, ERR_NOT_FOUND, "\"%.60s\" is no channel or output of bay %s%s", name,
			 s->fixture->bays[s->bay].name,
			 schema_hint(hint, sizeof(hint), name, list, n));
}

static int resolve(void *ctx, const char *name, struct expr_symbol *out, struct error *err)
{
	const struct fixture_scope *s = ctx;
	int i = fixture_channel(s->fixture, s->bay, name);
	if (i >= 0) {
		const struct fx_channel *c = &s->fixture->channels[i];
		*out = (struct expr_symbol){.ref = (uint16_t)i,
					    .dim = c->unit->dim,
					    .is_state = c->quantity == QUANTITY_STATE,
					    .has_stats = false};
		return 0;
	}
	i = fixture_output(s->fixture, s->bay, name);
	if (i < 0)
		return unknown_name(s, name, err);
	const struct fx_output *o = &s->fixture->outputs[i];
	*out = (struct expr_symbol){.ref = (uint16_t)(FIXTURE_OUTPUT_REF + i),
				    .dim = o->unit->dim,
				    .is_state = o->kind != OUTPUT_SETPOINT,
				    .has_stats = false};
	return 0;
}

struct expr_reach fixture_reach(const struct fixture *f, uint16_t ref)
{
	double lo, hi;
	const struct unit *u;
	if (ref >= FIXTURE_OUTPUT_REF) {
		const struct fx_output *o = &f->outputs[ref - FIXTURE_OUTPUT_REF];
		lo = o->kind == OUTPUT_SETPOINT ? o->min : 0;
		hi = o->kind == OUTPUT_SETPOINT ? o->max : 1;
		u = o->unit;
	} else {
		lo = f->channels[ref].range_lo;
		hi = f->channels[ref].range_hi;
		u = f->channels[ref].unit;
	}
	if (!(lo < hi)) /* refused */
		return (struct expr_reach){HUGE_VAL, -HUGE_VAL};
	return (struct expr_reach){unit_to_si(u, lo), unit_to_si(u, hi)};
}

struct expr_scope fixture_expr_scope(struct fixture_scope *ctx)
{
	return (struct expr_scope){.ctx = ctx, .resolve = resolve};
}

int fixture_ref_for_bay(const struct fixture *f, int ref, int bay)
{
	if (ref >= FIXTURE_OUTPUT_REF) {
		int i = ref - FIXTURE_OUTPUT_REF;
		if (i >= f->output_count)
			return -1;
		i = fixture_output(f, bay, f->outputs[i].name);
		return i < 0 ? -1 : FIXTURE_OUTPUT_REF + i;
	}
	return ref >= 0 && ref < f->channel_count ? fixture_channel(f, bay, f->channels[ref].name)
						  : -1;
}

int fixture_output_value(const struct fx_output *o, const char *text, double *value,
			 struct error *err)
{
	const char *one = o->kind == OUTPUT_VALVE ? "open" : "on";
	const char *zero = o->kind == OUTPUT_VALVE ? "closed" : "off";
	if (o->kind != OUTPUT_SETPOINT) {
		if (strcmp(text, one) != 0 && strcmp(text, zero) != 0)
			return error_set(err, ERR_TYPE, "%s is \"%.40s\"; expected %s or %s",
					 o->name, text, one, zero);
		*value = strcmp(text, one) == 0;
		return 0;
	}
	double si = 0;
	int rc = quantity_parse(text, strlen(text), o->unit->dim, &si, NULL, err);
	if (rc)
		return rc;
	double v = unit_from_si(o->unit, si);
	if (v < o->min || v > o->max) {
		char lo[32], hi[32];
		return error_set(err, ERR_RANGE, "%s is %.40s; expected %s to %s %s", o->name, text,
				 text_from_double(lo, sizeof(lo), o->min),
				 text_from_double(hi, sizeof(hi), o->max), o->unit->name);
	}
	*value = v;
	return 0;
}

void fixture_output_text(const struct fx_output *o, double value, char *dst, size_t size)
{
	char number[32];
	if (o->kind == OUTPUT_SETPOINT)
		snprintf(dst, size, "%s %s", text_from_double(number, sizeof(number), value),
			 o->unit->name);
	else if (o->kind == OUTPUT_VALVE)
		snprintf(dst, size, "%s", value > 0.5 ? "open" : "closed");
	else
		snprintf(dst, size, "%s", value > 0.5 ? "on" : "off");
}
