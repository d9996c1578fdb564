/* SPDX-License-Identifier: MIT
 *
 * Profiles: checked from their files, without a station; listed as the station has them.
 */
#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/yaml.h"
#include "base/json.h"
#include "post.h"
#include "plan/profile.h"

#define M(id) message(c->zh, MSG_##id)

/* ---- check ---- */

struct check {
	struct ctl *c;
	const struct fixture *fixture;
	const char *models_dir; /* NULL: beside the profile */
	struct json *json;
	int bad;
};

/* The fixture to check against when none is named: the one in this folder, or the one that was
 * installed. */
static const char *default_fixture(void)
{
	static const char *const places[] = {"fixtures/sim.yaml",
					     BENCHD_DATADIR "/fixtures/sim.yaml"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

static int assumed_limits(const struct profile *p)
{
	int n = 0;

	for (int i = 0; i < p->measurement_count; i++)
		n += p->measurements[i].basis == BASIS_ASSUMED;
	return n;
}

static void print_profile(const struct check *k, const char *path, const struct profile *p)
{
	const struct ctl *c = k->c;
	struct text out = {0};
	char seconds[32];
	struct table t;

	text_printf(&out, "%s: ok: %s, revision %d, model %s, %s, %s\n", path, p->id, p->revision,
		    p->model->code, p->variant ? p->variant : "full",
		    p->releasable ? "releasable" : "not releasable");
	text_puts(&out, "  longest possible time ");
	format_duration(&out, p->longest_s);
	text_printf(&out, "; %d steps, %d measurements, %d of them with an assumed limit\n",
		    p->step_count, p->measurement_count, assumed_limits(p));
	table_init(&t, 3, 1u << 2);
	for (int i = 0; i < p->step_count; i++) {
		const struct text2 *title = &p->steps[i].title;

		(void)snprintf(seconds, sizeof(seconds), "%.0f s", p->steps[i].longest_s);
		table_row(&t,
			  (const char *[]){p->steps[i].id, c->zh ? title->zh : title->en, seconds});
	}
	(void)fputs(out.buf, stdout);
	text_release(&out);
	print_table(&t, "  ");
}

static void put_result(struct json *j, const char *path, const struct profile *p,
		       const struct problems *problems)
{
	json_open_object(j);
	json_kv_string(j, "file", path);
	json_kv_bool(j, "ok", p != NULL);
	if (p) {
		json_kv_string(j, "id", p->id);
		json_kv_string(j, "model", p->model->code);
		json_kv_int(j, "revision", p->revision);
		json_kv_bool(j, "releasable", p->releasable);
		json_kv_number(j, "longest_s", text_round9(p->longest_s));
		json_kv_int(j, "steps", p->step_count);
		json_kv_int(j, "measurements", p->measurement_count);
	}
	ctl_put_problems(j, p ? NULL : problems);
	json_end_object(j);
}

static bool covers_any(const struct profile *p, const struct model *m)
{
	for (int t = RUN_INCOMING; t <= RUN_MSA; t++)
		if (profile_covers(p, m, (enum run_type)t))
			return true;
	return false;
}

/* The file: its bytes, and what it says of itself, NULL when that is broken. */
struct file {
	const char *path, *bytes;
	size_t n;
	const struct profile *header;
};

static bool is_meant(const struct file *file, const struct model *m)
{
	return (file->header && covers_any(file->header, m)) ||
	       profile_names(file->bytes, file->n, m);
}

/* Does it mean models of the library at all? Then the others say nothing about it. */
static bool means_any(const struct library *lib, const struct file *file)
{
	for (int i = 0; i < lib->model_count; i++)
		if (is_meant(file, lib->models[i]))
			return true;
	return false;
}

/* Against each model it means until it fits one, on every bay; of those that it does not fit, the
 * one with the fewest mistakes speaks. */
static struct profile *parse_best(const struct check *k, const struct library *lib,
				  const struct file *file, struct problems *best)
{
	const struct fixture *fixture = k->fixture;
	bool chosen = means_any(lib, file), first = true;

	for (int i = 0; i < lib->model_count; i++) {
		struct problems problems = {0};
		struct profile *p;

		if (chosen && !is_meant(file, lib->models[i]))
			continue;
		p = profile_parse_bays(file->path, file->bytes, file->n, lib->models[i], &fixture,
				       1, &problems);
		if (p && !problems.count && covers_any(p, lib->models[i])) {
			problems_release(best);
			return p;
		}
		if (p && !problems.count)
			problems_add(&problems, file->path, 0, 0, NULL,
				     "is for none of the models in models/; name one of theirs, or "
				     "add its file");
		profile_free(p);
		if (first || problems.count < best->count) {
			problems_release(best);
			*best = problems;
		} else {
			problems_release(&problems);
		}
		first = false;
	}
	return NULL;
}

static bool is_told(const struct problems *problems, const char *path, const struct problem *p)
{
	for (int i = 0; i < problems->count; i++)
		if (problems->at[i].line == p->line && problems->at[i].col == p->col &&
		    !strcmp(problems->at[i].file, path ? path : p->file))
			return true;
	return false;
}

/* Those of places not told yet. */
static void add_all(struct problems *to, const char *path, const struct problems *from)
{
	for (int i = 0; i < from->count; i++) {
		const struct problem *p = &from->at[i];

		if (!is_told(to, path, p))
			problems_add(to, path ? path : p->file, p->line, p->col, p->excerpt, "%s",
				     p->text);
	}
}

static struct profile *parse_file(const struct check *k, const struct library *lib,
				  const char *path, struct problems *problems)
{
	struct problems told = {0}; /* again with a model */
	struct profile *header, *p = NULL;
	size_t n = 0;
	char *bytes = yaml_read_file(path, &n, problems);

	if (!bytes)
		return NULL;
	header = profile_parse(path, bytes, n, NULL, NULL, 0, &told);
	struct file file = {path, bytes, n, header};
	/* Of a profile for a model whose own file is broken, nobody knows more. */
	if (lib->problems.count && !means_any(lib, &file))
		add_all(problems, path, &told);
	else
		p = parse_best(k, lib, &file, problems);
	profile_free(header);
	problems_release(&told);
	free(bytes);
	return p;
}

/* What the files beside it make of it: its name, a profile for the same units, broken models. */
static void check_library(const struct library *lib, const char *path, struct problems *problems)
{
	struct stat file, entry;

	for (int i = 0; i < lib->entry_count; i++) {
		const struct library_entry *e = &lib->entries[i];

		if (!stat(path, &file) && !stat(e->path, &entry) && file.st_ino == entry.st_ino &&
		    file.st_dev == entry.st_dev)
			add_all(problems, path, &e->problems);
	}
	add_all(problems, NULL, &lib->problems);
}

static void check_file(struct check *k, const char *path)
{
	struct problems problems = {0}, own = {0};
	struct library lib = {0};
	struct profile *p = NULL;
	struct error err = {0};
	char *copy = strdup(path);
	const char *dir = k->models_dir ? k->models_dir : copy ? dirname(copy) : ".";

	if (access(path, R_OK))
		problems_add(&problems, path, 0, 0, NULL, "%s", strerror(errno));
	else if (library_load(&lib, dir, &err) < 0)
		problems_add(&problems, path, 0, 0, NULL,
			     "%s; name the folder that holds models/ with --profiles", err.text);
	else if (lib.model_count == 0)
		problems_add(&problems, path, 0, 0, NULL,
			     "no model in %s/models; name the profiles' folder with --profiles",
			     dir);
	else
		p = parse_file(k, &lib, path, &own);
	check_library(&lib, path, &problems);
	add_all(&problems, path, &own);
	problems_release(&own);
	if (problems.count) {
		profile_free(p);
		p = NULL;
	}
	if (k->c->json)
		put_result(k->json, path, p, &problems);
	else if (p)
		print_profile(k, path, p);
	if (!p) {
		problems_print(&problems, stderr);
		k->bad++;
	}
	profile_free(p);
	library_release(&lib);
	problems_release(&problems);
	free(copy);
}

static int check_files(struct check *k, const char *const *paths, int n)
{
	struct text bytes = {0};
	struct json j;

	json_init(&j, &bytes);
	json_open_object(&j);
	json_key(&j, "profiles");
	json_open_array(&j);
	k->json = &j;
	for (int i = 0; i < n; i++)
		check_file(k, paths[i]);
	json_end_array(&j);
	json_kv_bool(&j, "ok", k->bad == 0);
	json_end_object(&j);
	if (k->c->json)
		(void)printf("%s\n", bytes.buf);
	text_release(&bytes);
	return k->bad ? CTL_USAGE : CTL_OK;
}

CTL_COMMAND(cmd_profile_check)
{
	const char *words[CTL_ARGS_MAX], *fixture = NULL, *profiles = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("fixture", "FILE", &fixture,
			     "rig to check against (default: fixtures/sim.yaml)"),
		OPTION_VALUE("profiles", "DIR", &profiles,
			     "folder with models/ (default: that of the file)"),
		OPTION_END,
	};
	struct check k = {.c = c};
	struct problems problems = {0};
	struct fixture *f;
	int code, n = ctl_parse(self, options, argc, argv, words, 1, CTL_ARGS_MAX, &code);

	if (n < 0)
		return code;
	if (!fixture)
		fixture = default_fixture();
	if (!fixture)
		return ctl_usage(self, "name the --fixture to check against");
	f = fixture_load(fixture, &problems);
	if (!f) {
		problems_print(&problems, stderr);
		problems_release(&problems);
		return CTL_USAGE;
	}
	k.fixture = f;
	k.models_dir = profiles;
	code = check_files(&k, words, n);
	fixture_free(f);
	problems_release(&problems);
	return code;
}

/* ---- as the station has them ---- */

static void profile_row(const struct ctl *c, const json_t *p, struct table *t)
{
	struct text longest = {0}, state = {0}, variant = {0};
	char revision[32];

	put_said(c, member_text(p, "state"), &state);
	put_said(c, member_text(p, "variant"), &variant);

	format_duration(&longest, member_number(p, "longest_s"));
	(void)snprintf(revision, sizeof(revision), "%.0f", member_number(p, "revision"));
	table_row(t, (const char *[]){member_text(p, "id"), state.buf, revision, variant.buf,
				      member_is_true(p, "releasable") ? M(YES) : M(NO), longest.buf,
				      member_title(c, p, "title")});
	text_release(&longest);
	text_release(&state);
	text_release(&variant);
}

static void print_profiles(const struct ctl *c, const json_t *root)
{
	const json_t *p;
	struct table t;
	size_t i;

	table_init(&t, 7, 1u << 5);
	table_row(&t, (const char *[]){M(PROFILE), M(STATE), M(REVISION), M(VARIANT),
				       M(FOR_RELEASE), M(AT_MOST), M(TITLE)});
	json_array_foreach(json_object_get(root, "profiles"), i, p)
	{
		profile_row(c, p, &t);
	}
	print_list(c, &t);
}

CTL_COMMAND(cmd_profile_list)
{
	return get_command(c, self, argc, argv, 0, WEB_PROFILES, print_profiles);
}

static void print_details(const struct ctl *c, const json_t *p)
{
	const char *language = c->zh ? "zh" : "en";
	struct text state = {0};
	const json_t *one;
	struct table t;
	size_t i;

	put_said(c, member_text(p, "state"), &state);
	(void)printf("%s  %s  %s\n", member_text(p, "id"), state.buf, member_title(c, p, "title"));
	text_release(&state);
	table_init(&t, 4, 0);
	json_array_foreach(json_object_get(p, "steps"), i, one)
	{
		table_row(&t, (const char *[]){M(STEP), member_text(one, "id"),
					       member_text(one, language), ""});
	}
	json_array_foreach(json_object_get(p, "measurements"), i, one)
	{
		table_row(&t,
			  (const char *[]){M(MEASUREMENT), member_text(one, "id"),
					   member_text(one, language), member_text(one, "unit")});
	}
	print_table(&t, "  ");
	json_array_foreach(json_object_get(p, "problems"), i, one)
	{
		(void)printf("%s:%.0f:%.0f: %s\n", member_text(one, "file"),
			     member_number(one, "line"), member_number(one, "column"),
			     member_text(one, "text"));
	}
}

CTL_COMMAND(cmd_profile_show)
{
	return get_command(c, self, argc, argv, 1, WEB_PROFILE, print_details);
}
