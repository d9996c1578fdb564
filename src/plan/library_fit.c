/* SPDX-License-Identifier: MIT */
#include "library_fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/schema.h"
#include "base/text.h"

enum { NAMES_MAX = 64 };

static bool is_word(const struct yaml_node *node)
{
	return node && node->kind == YAML_SCALAR && !node->unread && node->len > 0;
}

static void bad(struct library_entry *e, const struct yaml_node *node, const char *what,
		const char *hint)
{
	problems_add(&e->problems, e->path, node->line, node->col, NULL, "%s%s", what, hint);
}

static void unknown(struct library_entry *e, const struct yaml_node *node, const char *what,
		    const char *const *list, size_t n)
{
	char hint[96], text[160];

	snprintf(text, sizeof(text), "no model in models/ is %s%.60s", what, node->text);
	bad(e, node, text, schema_hint(hint, sizeof(hint), node->text, list, n));
}

/* The class of no model: of those the profile names, or of any. */
static void unknown_class(const struct library *lib, struct library_entry *e,
			  const struct yaml_node *class, const struct model *named)
{
	const char *list[NAMES_MAX];
	char text[300];
	size_t n = 0;

	for (int i = 0; i < lib->model_count && n < NAMES_MAX; i++)
		list[n++] = lib->models[i]->class_name;
	if (!named) {
		unknown(e, class, "of class ", list, n);
		return;
	}
	snprintf(text, sizeof(text),
		 "class %.60s, and %.60s says class %.60s; expected one of them", class->text,
		 named->path, named->class_name);
	bad(e, class, text, "");
}

static void check_named(const struct library *lib, struct library_entry *e,
			const struct yaml_node *class, const struct yaml_node *node)
{
	const struct model *m = library_model(lib, node->text);
	const char *list[NAMES_MAX];
	char text[300];
	size_t n = 0;

	for (int i = 0; i < lib->model_count && n < NAMES_MAX; i++)
		list[n++] = lib->models[i]->code;
	if (!m) {
		unknown(e, node, "", list, n);
	} else if (is_word(class) && strcmp(m->class_name, class->text) != 0) {
		snprintf(text, sizeof(text), "%.60s is of class %.60s; expected one of class %.60s",
			 node->text, m->class_name, class->text);
		bad(e, node, text, "");
	}
}

void library_check_models(const struct library *lib, struct library_entry *e, const struct yaml *y)
{
	const struct yaml_node *class = yaml_get(y->root, "class");
	const struct yaml_node *models = yaml_get(y->root, "models");
	const struct model *named = NULL; /* of another class than the profile's */
	bool any = false;

	if (lib->problems.count || !lib->model_count)
		return; /* the model meant may be one that could not be read */
	for (int i = 0; is_word(class) && i < lib->model_count; i++)
		any = any || strcmp(lib->models[i]->class_name, class->text) == 0;
	for (const struct yaml_node *n = models ? models->first : NULL; n; n = n->next)
		if (is_word(n) && !named)
			named = library_model(lib, n->text);
	if (is_word(class) && !any) {
		unknown_class(lib, e, class, named);
		class = NULL;
	}
	for (const struct yaml_node *n = models ? models->first : NULL; n; n = n->next)
		if (is_word(n))
			check_named(lib, e, class, n);
	if (models && is_word(models))
		check_named(lib, e, class, models);
}

static bool is_for(const struct profile *p, const struct model *m)
{
	for (int t = RUN_INCOMING; t <= RUN_MSA; t++)
		if (profile_covers(p, m, (enum run_type)t))
			return true;
	return false;
}

static bool measures(const struct profile *p, const char *id)
{
	for (int i = 0; i < p->measurement_count; i++)
		if (strcmp(p->measurements[i].id, id) == 0)
			return true;
	return false;
}

/* A profile that cannot be read may measure whatever stands in it. */
static bool measured(const struct library *lib, const struct model *m, const char *id)
{
	for (int i = 0; i < lib->entry_count; i++) {
		const struct library_entry *e = &lib->entries[i];

		if (e->profile ? is_for(e->profile, m) && measures(e->profile, id)
			       : e->bytes && memmem(e->bytes, e->size, id, strlen(id)))
			return true;
	}
	return false;
}

/* The names measured for m, for a hint. */
static size_t all_measured(const struct library *lib, const struct model *m, const char **list)
{
	size_t n = 0;

	for (int i = 0; i < lib->entry_count; i++) {
		const struct profile *p = lib->entries[i].profile;

		for (int k = 0; p && is_for(p, m) && k < p->measurement_count && n < NAMES_MAX; k++)
			list[n++] = p->measurements[k].id;
	}
	return n;
}

static void check_part(struct library *lib, const struct model *m, const struct model_part *part)
{
	const char *list[NAMES_MAX];
	char hint[96];

	for (int i = 0; i < part->repeat_count; i++) {
		if (measured(lib, m, part->repeat[i]))
			continue;
		problems_add(&lib->problems, m->path, part->repeat_nodes[i]->line,
			     part->repeat_nodes[i]->col, NULL,
			     "no profile for %s measures \"%.60s\"%s", m->code, part->repeat[i],
			     schema_hint(hint, sizeof(hint), part->repeat[i], list,
					 all_measured(lib, m, list)));
	}
}

void library_check_parts(struct library *lib)
{
	for (int i = 0; i < lib->model_count; i++) {
		const struct model *m = lib->models[i];
		bool whole = false;

		/* Without the whole check of a model nobody knows what is measured. */
		for (int k = 0; k < lib->entry_count && !whole; k++) {
			const struct profile *p = lib->entries[k].profile;

			whole = p && p->releasable && is_for(p, m);
		}
		for (int k = 0; whole && k < m->part_count; k++)
			check_part(lib, m, &m->parts[k]);
	}
}
