/* SPDX-License-Identifier: MIT
 *
 * Reading a profile: shape by the tables, then names, then the static check. Every stage tells its
 * mistakes in the same round; what an earlier one refused is left out, so that one mistake is told
 * once.
 */
#include "plan/profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "profile_schema.h"

void profile_bad(struct profile_build *b, const struct yaml_node *node, const char *fmt, ...)
{
	char text[320];
	va_list ap;
	if (b->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_problem(b->y, node, "%s", text);
	b->mistakes++;
}

void profile_bad_at(struct profile_build *b, int line, int col, const char *fmt, ...)
{
	char text[320];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_problem_at(b->y, line, col, "%s", text);
	b->mistakes++;
}

static const char *control_name(int control)
{
	static const char *const names[] = {"", "blackbox", "harness", "service_protocol"};
	return names[control];
}

/* Years before that are typing errors. */
static bool is_day(const char *s)
{
	return text_is_day(s) && strcmp(s, "1990") >= 0;
}

static void read_made(struct profile_build *b)
{
	const struct raw_made *r = b->raw->made;
	if (!r)
		return;
	b->p->made_from = r->from;
	b->p->made_until = r->until;
	if (schema_refused(&r->item, "from") || schema_refused(&r->item, "until") ||
	    (r->item.stray && !r->from && !r->until))
		return;
	if ((!r->from && !r->until) || (r->from && !is_day(r->from)) ||
	    (r->until && !is_day(r->until)) ||
	    (r->from && r->until && strcmp(r->until, r->from) < 0))
		profile_bad(b, r->item.node,
			    "made is no span of days; expected from, until or both "
			    "like 2022-07-01");
}

static void read_header(struct profile_build *b)
{
	const struct raw_profile *raw = b->raw;
	struct profile *p = b->p;
	p->id = raw->id;
	p->id_line = raw->id ? schema_node(&raw->item, "profile")->line : 0;
	p->id_col = raw->id ? schema_node(&raw->item, "profile")->col : 0;
	p->class_name = raw->class_name;
	p->models = raw->models.at;
	p->model_count = raw->models.count;
	p->title = (struct text2){raw->title.en, raw->title.zh};
	p->revision = raw->revision;
	p->run_types = raw->run_types;
	p->releasable = raw->releasable;
	p->variant = raw->variant;
	p->unit_control = control_name(raw->unit_control);
	read_made(b);
	for (int i = 0; i < p->model_count; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(p->models[i], p->models[k]) == 0)
				profile_bad(b, raw->models.nodes[i],
					    "%.60s stands here twice; expected once", p->models[i]);
	if (p->variant && strcmp(p->variant, "full") != 0 && strcmp(p->variant, "quick") != 0 &&
	    strcmp(p->variant, "training") != 0)
		profile_bad(b, schema_node(&raw->item, "variant"),
			    "variant \"%.60s\" is unknown; expected full, quick or training",
			    p->variant);
	else if (p->releasable && p->variant && strcmp(p->variant, "full") != 0)
		profile_bad(b, schema_node(&raw->item, "releasable"),
			    "variant %s may not release; expected releasable: no", p->variant);
}

static bool names(const struct profile *p, const struct model *m)
{
	for (int i = 0; i < p->model_count; i++)
		if (model_is(m, p->models[i]))
			return true;
	return false;
}

static bool fits(const struct profile *p, const struct model *m)
{
	return strcmp(p->class_name, m->class_name) == 0 && (p->model_count == 0 || names(p, m));
}

/* What says that it is for others. */
static const struct yaml_node *fit_node(const struct profile_build *b)
{
	const struct schema_item *item = &b->raw->item;
	bool same = strcmp(b->p->class_name, b->p->model->class_name) == 0;

	return same && b->raw->models.count ? b->raw->models.nodes[0] : schema_node(item, "class");
}

/* Is it for this model? Not told when what says so was refused. */
static void check_fit(struct profile_build *b)
{
	const struct schema_item *item = &b->raw->item;
	bool clear = b->p->class_name && !schema_refused(item, "models") &&
		     (!item->stray || schema_has(item, "models"));
	bool fit = clear && fits(b->p, b->p->model);
	/* Of a wrong class, it still means the models it names. */
	b->model_open = !fit && !names(b->p, b->p->model);
	if (clear && !fit)
		profile_bad(b, fit_node(b), "profile %s is not for model %s of class %s",
			    b->p->id ? b->p->id : "?", b->p->model->code, b->p->model->class_name);
}

static void read_names(struct profile_build *b)
{
	check_fit(b);
	profile_read_derived(b);
	profile_declare_captures(b);
	profile_read_measurements(b);
	profile_read_envelope(b);
	profile_read_aborts(b);
	profile_read_steps(b);
	if (!b->paths_open)
		profile_check_paths(b);
	if (!b->order_open)
		profile_check_order(b);
	profile_check_limits(b);
	profile_check_conditions(b);
}

static bool read_all(struct profile *p, const struct yaml *y, const struct raw_profile *raw)
{
	struct profile_build b = {.y = y, .p = p, .raw = raw};
	read_header(&b);
	profile_declare_measurements(&b);
	profile_declare_steps(&b);
	if (p->model && p->fixture)
		read_names(&b);
	return !b.mistakes;
}

struct profile *profile_parse(const char *path, const char *bytes, size_t n,
			      const struct model *model, const struct fixture *fixture, int bay,
			      struct problems *problems)
{
	struct arena *arena = arena_new();
	struct profile *p = arena_alloc(arena, sizeof(*p));
	struct raw_profile raw = {0};
	struct yaml y;
	p->arena = arena;
	p->path = arena_strdup(arena, path);
	p->bytes = arena_strndup(arena, bytes, n);
	p->size = n;
	p->model = model;
	p->fixture = fixture;
	p->bay = bay;
	text_sha256(p->hash, bytes, n);
	bool ok = yaml_parse(&y, path, p->bytes, n, arena, problems);
	if (y.complete) {
		ok = schema_decode(&profile_schema, &y, y.root, &raw) && ok;
		ok = read_all(p, &y, &raw) && ok;
	}
	if (ok)
		return p;
	arena_free(arena);
	return NULL;
}

struct profile *profile_load(const char *path, const struct model *model,
			     const struct fixture *fixture, int bay, struct problems *problems)
{
	size_t n = 0;
	char *bytes = yaml_read_file(path, &n, problems);
	if (!bytes)
		return NULL;
	struct profile *p = profile_parse(path, bytes, n, model, fixture, bay, problems);
	free(bytes);
	return p;
}

bool profile_names(const char *bytes, size_t n, const struct model *m)
{
	struct problems told = {0};
	struct arena *arena = arena_new();
	struct yaml y;
	bool found = false;
	yaml_parse(&y, "", bytes, n, arena, &told);
	const struct yaml_node *models = y.root ? yaml_get(y.root, "models") : NULL;
	bool list = models && models->kind == YAML_LIST;
	for (const struct yaml_node *e = list ? models->first : models; e;
	     e = list ? e->next : NULL)
		found = found || (e->kind == YAML_SCALAR && !e->unread && model_is(m, e->text));
	problems_release(&told);
	arena_free(arena);
	return found;
}

void profile_free(struct profile *p)
{
	if (p)
		arena_free(p->arena);
}

bool profile_covers(const struct profile *p, const struct model *m, enum run_type t)
{
	return (p->run_types >> t & 1) && fits(p, m);
}
