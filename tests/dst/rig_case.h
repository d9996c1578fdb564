/* SPDX-License-Identifier: MIT
 *
 * What tests on the virtual bench share: fixture, model and profiles as they ship, and one run from
 * mounting to its verdict. Static: include it in a test program.
 */
#ifndef TESTS_DST_RIG_CASE_H
#define TESTS_DST_RIG_CASE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/profile.h"
#include "sim/bench.h"

#define CASE_READY_NS  (60 * NS_PER_S)
#define CASE_LONGEST_S 3 /* times the profile's own longest time */

struct rig_case {
	struct fixture *fixture;
	struct model *model;
	struct profile *profile; /* for bay 0 */
	char serial[32];
};

/* ---- fixtures/sim.yaml with its first bay alone ---- */

static inline size_t rig_case_line(const char *p)
{
	size_t n = strcspn(p, "\n");

	return p[n] ? n + 1 : n;
}

/* Bytes of the entry that begins at p: its line and what is indented deeper. */
static inline size_t rig_case_entry(const char *p)
{
	size_t indent = strspn(p, " "), n = rig_case_line(p);

	while (p[n] && strspn(p + n, " ") > indent)
		n += rig_case_line(p + n);
	return n;
}

static inline bool rig_case_is_of_bay_2(const char *p, size_t entry)
{
	const char *key = p + strspn(p, " "), *hit = strstr(p, "bays: 2");
	size_t n = strcspn(key, ":\n");

	if (key[0] == '-')
		return hit && (size_t)(hit - p) < entry;
	return !strncmp(key, "\"2\":", 4) || !strncmp(key, "scan2:", 6) ||
	       (n > 2 && !strncmp(key + n - 2, "_2:", 3));
}

/* The caller frees it. */
static inline char *rig_case_one_bay(void)
{
	char *all, *out, *to;
	struct error err;
	size_t n;

	if (text_read_file("fixtures/sim.yaml", 1 << 20, &all, &n, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	out = to = xcalloc(n + 1, 1);
	for (const char *p = all; *p;) {
		size_t entry = rig_case_entry(p), line = rig_case_line(p);

		if (rig_case_is_of_bay_2(p, entry)) {
			p += entry;
			continue;
		}
		memcpy(to, p, line);
		to += line;
		p += line;
	}
	free(all);
	return out;
}

static inline void rig_case_die(struct problems *problems, const char *what)
{
	problems_print(problems, stderr);
	fprintf(stderr, "%s does not load\n", what);
	exit(1);
}

/* yaml NULL: fixtures/sim.yaml as it is. */
static inline void rig_case_load_model(struct rig_case *c, const char *yaml, const char *model,
				       const char *profile)
{
	struct problems problems = {0};

	c->fixture = yaml ? fixture_parse("fixtures/sim.yaml", yaml, strlen(yaml), &problems)
			  : fixture_load("fixtures/sim.yaml", &problems);
	if (!c->fixture)
		rig_case_die(&problems, "the fixture");
	c->model = model_load(model, &problems);
	if (!c->model)
		rig_case_die(&problems, "the model");
	c->profile = profile_load(profile, c->model, c->fixture, 0, &problems);
	if (!c->profile)
		rig_case_die(&problems, profile);
	problems_release(&problems);
	snprintf(c->serial, sizeof(c->serial), "%.20s-24050017", c->model->code);
}

static inline void rig_case_load(struct rig_case *c, const char *yaml, const char *profile)
{
	rig_case_load_model(c, yaml, "profiles/models/RO600.yaml", profile);
}

static inline void rig_case_release(struct rig_case *c)
{
	profile_free(c->profile);
	model_free(c->model);
	fixture_free(c->fixture);
}

/* A bench with a unit on bay 0, ready to start. */
static inline struct bench *rig_case_bench(const struct rig_case *c,
					   const struct bench_config *config)
{
	struct error err = {0};
	struct bench *b = bench_new(config, &err);

	if (!b) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	bench_mount(b, 0, c->model->code, c->serial);
	return b;
}

static inline int rig_case_start(const struct rig_case *c, struct bench *b, struct error *err)
{
	struct bench_order order = {.profile = c->profile, .serial = c->serial};

	return bench_start(b, 0, &order, err);
}

static inline int64_t rig_case_limit_ns(const struct rig_case *c)
{
	return (int64_t)(CASE_LONGEST_S * c->profile->longest_s) * NS_PER_S;
}

static inline const struct engine_result *rig_case_result(const struct rig_case *c,
							  const struct bench *b, const char *id)
{
	const struct engine_result *results = bench_results(b, 0);

	for (int i = 0; results && i < c->profile->measurement_count; i++)
		if (!strcmp(c->profile->measurements[i].id, id))
			return &results[i];
	return NULL;
}

#endif
