/* SPDX-License-Identifier: MIT
 *
 * All mistakes of a fixture in one go: a file that does not load is still looked through for
 * drivers that do not exist, which only rig/ knows; and what rig/ found gets the line it
 * stands in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "ctl/ctl.h"
#include "rig/driver.h"

static const char *nearest_driver(const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (; drivers[n] && n < 64; n++)
		names[n] = drivers[n]->name;
	return text_nearest(name, names, n);
}

static void check_driver(const struct yaml *y, const struct yaml_node *device)
{
	const struct yaml_node *driver = yaml_get(device, "driver");
	const char *near;

	if (!driver || driver->kind != YAML_SCALAR || driver_find(driver->text))
		return;
	near = nearest_driver(driver->text);
	yaml_problem(y, driver, "driver \"%s\" does not exist%s%s%s", driver->text,
		     near ? "; did you mean \"" : "; drivers/README.md lists them",
		     near ? near : "", near ? "\"?" : "");
}

static void check_drivers(const char *path, const char *bytes, size_t n, struct problems *problems)
{
	struct problems told_already = {0};
	struct arena *arena = arena_new();
	const struct yaml_node *devices;
	struct yaml y;

	(void)yaml_parse(&y, path, bytes, n, arena, &told_already);
	devices = y.root && y.root->kind == YAML_MAP ? yaml_get(y.root, "devices") : NULL;
	y.problems = problems;
	if (devices && devices->kind == YAML_MAP)
		yaml_each (device, devices)
			check_driver(&y, device);
	problems_release(&told_already);
	arena_free(arena);
}

static char *line_of(const char *bytes, int line)
{
	size_t n;
	char *copy;

	for (; line > 1 && bytes; line--) {
		bytes = strchr(bytes, '\n');
		bytes = bytes ? bytes + 1 : NULL;
	}
	if (!bytes)
		return NULL;
	n = strcspn(bytes, "\r\n");
	copy = xcalloc(n + 1, 1);
	memcpy(copy, bytes, n);
	return copy;
}

void fixture_more_problems(const char *path, bool loaded, struct problems *problems)
{
	char *bytes = NULL;
	size_t n = 0;

	if (problems->count == 0 || text_read_file(path, YAML_BYTES_MAX, &bytes, &n, NULL) < 0)
		return;
	if (!loaded)
		check_drivers(path, bytes, n, problems);
	for (int i = 0; i < problems->count; i++) {
		struct problem *p = &problems->at[i];

		if (!p->excerpt && p->line > 0 && strcmp(p->file, path) == 0)
			p->excerpt = line_of(bytes, p->line);
	}
	free(bytes);
}
