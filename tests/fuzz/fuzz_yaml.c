/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a file: as bare YAML, as a fixture, as a model and as a profile against the
 * simulated rig; what could be read of a fixture goes on to the rig's check. Whatever is refused is
 * refused with a place inside the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "plan/profile.h"
#include "rig/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture *fixture;
static struct model *model;

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The simulated rig and its model, once; the fuzzer runs from the top of the tree. */
static void load_good_ones(void)
{
	struct problems problems = {0};

	if (fixture)
		return;
	fixture = fixture_load("fixtures/sim.yaml", &problems);
	model = model_load("profiles/models/RO600.yaml", &problems);
	require(fixture && model && !problems.count);
	problems_release(&problems);
}

static int count_lines(const uint8_t *data, size_t size)
{
	int lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

/* Loaded without a problem, or refused with at least one and every place inside the file. */
static void check(bool loaded, struct problems *problems, int lines)
{
	require(loaded == (problems->count == 0));
	for (int i = 0; i < problems->count; i++) {
		const struct problem *p = &problems->at[i];
		require(p->line >= 0 && p->line <= lines && p->col >= 0);
		require(p->text && *p->text && !strchr(p->text, '\n'));
	}
	problems_release(problems);
	memset(problems, 0, sizeof(*problems));
}

static void walk(const struct yaml_node *n, int depth)
{
	require(depth <= YAML_DEPTH_MAX + 1 && n->line > 0 && n->col > 0);
	require(strlen(n->text) == n->len);
	int count = 0;
	yaml_each (e, n) {
		walk(e, depth + 1);
		count++;
	}
	require(count == n->count);
}

/* Of a fixture with mistakes the rig still tells its own; of any other it may have some. */
static void fixture_and_rig(const char *text, size_t size, int lines)
{
	static const struct rig_ops ops = {0};
	static const struct clock_scale scale = {.speed = 1};
	struct problems problems = {0};
	struct fixture *f = fixture_parse("f", text, size, &problems);
	bool good = f != NULL;

	check(good, &problems, lines);
	fixture_free(f);
	f = fixture_parse_draft("f", text, size, &problems);
	require(!f || f->draft == !good);
	struct rig *r = f ? rig_new(f, &scale, &ops, &problems) : NULL;
	require(!r || good);
	check(r != NULL, &problems, lines);
	rig_free(r);
	fixture_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct problems problems = {0};
	int lines = count_lines(data, size);
	struct arena *arena = arena_new();
	struct yaml y;

	load_good_ones();
	bool ok = yaml_parse(&y, "f", text, size, arena, &problems);
	if (y.root)
		walk(y.root, 1);
	check(ok, &problems, lines);
	arena_free(arena);
	fixture_and_rig(text, size, lines);
	struct model *m = model_parse("f", text, size, &problems);
	check(m != NULL, &problems, lines);
	model_free(m);
	struct profile *p = profile_parse("f", text, size, model, fixture, 0, &problems);
	check(p != NULL, &problems, lines);
	profile_free(p);
	return 0;
}
