/* SPDX-License-Identifier: MIT
 *
 * All models and profiles of a directory. A broken model refuses the library's models; a broken
 * profile is listed as broken and the others work.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"
#include "base/yaml.h"
#include "library_fit.h"

enum { FILES_MAX = 1024, PATH_BYTES = 4096 };

static int is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

/* Calls fn with each *.yaml of dir in order of names. Number of files or negative. */
static int each_file(const char *dir, void (*fn)(void *ctx, const char *path, const char *name),
		     void *ctx, struct error *err)
{
	struct dirent **list = NULL;
	char path[PATH_BYTES];
	int n = scandir(dir, &list, is_yaml, alphasort);
	if (n < 0)
		return error_errno(err, "folder %s", dir);
	if (n > FILES_MAX) {
		for (int i = 0; i < n; i++)
			free(list[i]);
		free(list);
		return error_set(err, ERR_LIMIT, "folder %s holds %d files; at most %d are read",
				 dir, n, FILES_MAX);
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		fn(ctx, path, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return n;
}

/* The file's name without .yaml is the id. */
static char *id_of(const char *name)
{
	char *id = xstrdup(name);
	id[strlen(id) - 5] = '\0';
	return id;
}

/* Bytes of path, for the line a mistake stands in. */
static void quote(struct problems *problems, const char *path)
{
	char *bytes = NULL;
	size_t n = 0;
	struct error err;
	if (!text_read_file(path, YAML_BYTES_MAX, &bytes, &n, &err))
		problems_quote(problems, path, bytes, n);
	free(bytes);
}

/* Codes of m that another model has: nobody could say which one a ticket means. */
static void check_codes(struct library *lib, const struct model *m)
{
	for (int i = 0; i < lib->model_count; i++) {
		const struct model *other = lib->models[i];
		if (model_is(other, m->code))
			problems_add(&lib->problems, m->path, m->code_at.line, m->code_at.col, NULL,
				     "code %s is %s's already; expected another", m->code,
				     other->path);
		for (int k = 0; k < m->alias_count; k++)
			if (model_is(other, m->aliases[k]))
				problems_add(&lib->problems, m->path, m->aliases_at.line,
					     m->aliases_at.col, NULL,
					     "code %s is %s's already; expected another",
					     m->aliases[k], other->path);
	}
}

static void add_model(void *ctx, const char *path, const char *name)
{
	struct library *lib = ctx;
	struct model *m = model_load(path, &lib->problems);
	(void)name;
	if (!m)
		return;
	check_codes(lib, m);
	lib->models = xrealloc(lib->models,
			       sizeof(struct model *) * (unsigned long)(lib->model_count + 1));
	lib->models[lib->model_count++] = m;
}

/* A profile is called what its file is called, and is for models that there are, whatever else may
 * be wrong in it. */
static void check_header(const struct library *lib, struct library_entry *e)
{
	struct problems told = {0};
	struct arena *arena = arena_new();
	struct yaml y;
	yaml_parse(&y, e->path, e->bytes, e->size, arena, &told);
	const struct yaml_node *id = y.root ? yaml_get(y.root, "profile") : NULL;
	if (id && id->kind == YAML_SCALAR && !id->unread && text_is_name(id->text) &&
	    strcmp(id->text, e->id) != 0)
		problems_add(&e->problems, e->path, id->line, id->col, NULL,
			     "profile %s in a file of another name; expected %s.yaml", id->text,
			     id->text);
	if (y.root)
		library_check_models(lib, e, &y);
	problems_release(&told);
	arena_free(arena);
}

static void add_entry(void *ctx, const char *path, const char *name)
{
	struct library *lib = ctx;
	struct error err = {0};
	lib->entries = xrealloc(lib->entries,
				sizeof(*lib->entries) * (unsigned long)(lib->entry_count + 1));
	struct library_entry *e = &lib->entries[lib->entry_count++];
	*e = (struct library_entry){.path = xstrdup(path), .id = id_of(name)};
	if (text_read_file(path, YAML_BYTES_MAX, &e->bytes, &e->size, &err))
		problems_add_file(&e->problems, path, &err);
	else
		e->profile = profile_parse(path, e->bytes, e->size, NULL, NULL, 0, &e->problems);
	if (e->bytes)
		check_header(lib, e);
	problems_quote(&e->problems, path, e->bytes, e->size);
	e->broken = e->problems.count > 0;
}

static bool dates_overlap(const struct profile *a, const struct profile *b)
{
	return !(a->made_until && b->made_from && strcmp(a->made_until, b->made_from) < 0) &&
	       !(b->made_until && a->made_from && strcmp(b->made_until, a->made_from) < 0);
}

static void told_pair(struct library_entry *e, const struct library_entry *other,
		      const struct model *m, enum run_type type)
{
	problems_add(&e->problems, e->path, e->profile->id_line, e->profile->id_col, NULL,
		     "%s and %s may both release %s for %s; expected one", e->id, other->id,
		     m->code, run_type_name(type));
	problems_quote(&e->problems, e->path, e->bytes, e->size);
	e->broken = true;
}

/* Two profiles that both could release the same unit: nobody could say which one counts. */
static void check_pair(struct library_entry *a, struct library_entry *b, const struct model *m)
{
	uint32_t both = a->profile->run_types & b->profile->run_types;
	for (int t = RUN_INCOMING; t <= RUN_MSA; t++) {
		if (!(both >> t & 1) || !profile_covers(a->profile, m, (enum run_type)t) ||
		    !profile_covers(b->profile, m, (enum run_type)t))
			continue;
		told_pair(a, b, m, (enum run_type)t);
		told_pair(b, a, m, (enum run_type)t);
		return;
	}
}

static void check_releasable(struct library *lib)
{
	for (int i = 0; i < lib->entry_count; i++)
		for (int k = 0; k < i; k++) {
			struct library_entry *a = &lib->entries[k], *b = &lib->entries[i];
			if (!a->profile || !b->profile || !a->profile->releasable ||
			    !b->profile->releasable || !dates_overlap(a->profile, b->profile))
				continue;
			for (int m = 0; m < lib->model_count; m++)
				check_pair(a, b, lib->models[m]);
		}
}

int library_load(struct library *lib, const char *dir, struct error *err)
{
	char models[PATH_BYTES];
	*lib = (struct library){0};
	snprintf(models, sizeof(models), "%s/models", dir);
	int n = each_file(models, add_model, lib, err);
	if (n >= 0)
		n = each_file(dir, add_entry, lib, err);
	if (n < 0) {
		library_release(lib);
		return n;
	}
	check_releasable(lib);
	library_check_parts(lib);
	for (int i = 0; i < lib->model_count; i++)
		quote(&lib->problems, lib->models[i]->path);
	return 0;
}

void library_release(struct library *lib)
{
	for (int i = 0; i < lib->model_count; i++)
		model_free(lib->models[i]);
	for (int i = 0; i < lib->entry_count; i++) {
		struct library_entry *e = &lib->entries[i];
		profile_free(e->profile);
		profile_free(e->bound);
		problems_release(&e->problems);
		free(e->bytes);
		free(e->path);
		free(e->id);
	}
	free(lib->models);
	free(lib->entries);
	problems_release(&lib->problems);
	*lib = (struct library){0};
}

const struct model *library_model(const struct library *lib, const char *code)
{
	for (int i = 0; i < lib->model_count; i++)
		if (model_is(lib->models[i], code))
			return lib->models[i];
	return NULL;
}

/* On one bay. */
struct tried {
	const char *bay;
	struct problems problems;
};

static bool is_told(const struct problems *list, const struct problem *p)
{
	for (int i = 0; i < list->count; i++)
		if (list->at[i].line == p->line && list->at[i].col == p->col)
			return true;
	return false;
}

/* Those of bay b at places that no bay before it told. */
static void add_new_places(struct problems *to, const struct tried *at, int n, int b)
{
	for (int i = 0; i < at[b].problems.count; i++) {
		const struct problem *p = &at[b].problems.at[i];
		bool before = false, everywhere = true;

		for (int k = 0; k < n; k++) {
			bool told = is_told(&at[k].problems, p);

			before = before || (told && k < b);
			everywhere = everywhere && told;
		}
		if (!before)
			problems_add(to, p->file, p->line, p->col, p->excerpt, "%s%s%s%s",
				     everywhere ? "" : "bay ", everywhere ? "" : at[b].bay,
				     everywhere ? "" : ": ", p->text);
	}
}

struct profile *profile_parse_bays(const char *path, const char *bytes, size_t n,
				   const struct model *model, const struct fixture *const *fixtures,
				   int fixture_count, struct problems *problems)
{
	struct tried *at =
		xcalloc((unsigned long)fixture_count * FIXTURE_BAYS_MAX + 1, sizeof(*at));
	struct profile *first = NULL;
	int count = 0;

	for (int f = 0; f < fixture_count; f++)
		for (int bay = 0; bay < fixtures[f]->bay_count; bay++, count++) {
			at[count].bay = fixtures[f]->bays[bay].name;
			struct profile *p = profile_parse(path, bytes, n, model, fixtures[f], bay,
							  &at[count].problems);
			if (first)
				profile_free(p);
			else
				first = p;
		}
	for (int b = 0; b < count; b++)
		add_new_places(problems, at, count, b);
	for (int b = 0; b < count; b++)
		problems_release(&at[b].problems);
	free(at);
	return first;
}
