/* SPDX-License-Identifier: MIT
 *
 * The fixture's devices against the drivers' tables: every mistake with its place.
 */
#include <string.h>
#include "base/text.h"
#include "core.h"

#define BAD(r, p, o, ...) problems_add(p, (r)->f->path, (o)->line, (o)->col, NULL, __VA_ARGS__)

static void bad_driver_name(struct rig *r, const struct fx_device *fx, struct problems *p)
{
	const char *names[64], *near;
	int n = 0;

	for (; drivers[n] && n < 64; n++)
		names[n] = drivers[n]->name;
	near = text_nearest(fx->driver, names, (size_t)n);
	problems_add(p, r->f->path, fx->driver_line, fx->driver_col, NULL,
		     "driver \"%s\" does not exist%s%s%s", fx->driver,
		     near ? "; did you mean \"" : "; drivers/README.md lists them",
		     near ? near : "", near ? "\"?" : "");
}

/* A register device that cannot prove what it is has at least to answer. */
static void build_identity(struct device *d)
{
	const struct driver *drv = d->d.driver;

	if (drv->identify)
		d->identity_count = drv->identify(&d->d, d->identity, IDENTITIES_MAX);
	if (drv->settings)
		d->setting_count = drv->settings(&d->d, d->settings, SETTINGS_MAX);
	if (d->identity_count || !drv->reads || !d->point_count)
		return;
	d->identity[0] = (struct driver_identity){.says = "any register"};
	d->identity_count = drv->reads(&d->d, 0, &d->identity[0].read, 1);
}

/* Does the driver work where the device sits? A draft may not know where that is. */
static void check_place(struct rig *r, const struct device *d, struct problems *p)
{
	const struct fx_device *fx = d->fx;
	enum bus_kind kind = fx->bus == FIXTURE_NO_BUS ? 0 : r->f->buses[fx->bus].kind;

	if (kind && !(d->d.driver->buses & 1u << kind))
		BAD(r, p, fx, "%s: driver %s does not work on bus %s of this kind", fx->name,
		    fx->driver, r->f->buses[fx->bus].name);
	for (const struct device *o = r->devices; o < d; o++)
		if ((kind == BUS_SERIAL || kind == BUS_TCP) && o->fx->bus == fx->bus) {
			BAD(r, p, fx, "%s: bus %s is %s's already; expected a bus of its own",
			    fx->name, r->f->buses[fx->bus].name, o->fx->name);
			break;
		}
}

/* Points of a table do not depend on options: a mistake among those hides none elsewhere. */
static void know_points_anyway(struct device *d)
{
	if (d->d.driver->own_points)
		return;
	d->points = d->d.driver->points;
	d->point_count = d->d.driver->point_count;
}

/* Of its own those that its driver could make out all the same, if it says which. */
static void know_own_points(struct device *d)
{
	const struct driver_point *points;
	bool says = false;
	int n;

	if (!d->d.driver->own_points)
		return;
	points = d->d.driver->own_points(&d->d, &n);
	for (int i = 0; i < n; i++)
		says = says || points[i].quantity == QUANTITY_NONE;
	if (!says)
		return;
	d->points = points;
	d->point_count = n;
}

/* Where a mistake stands: at the option that its text begins with, else at the device. */
static void bad_option(struct rig *r, const struct fx_device *fx, const char *text,
		       struct problems *p)
{
	int line = fx->line, col = fx->col;
	size_t longest = 0;

	for (int i = 0; i < fx->option_count; i++) {
		const struct fx_option *o = &fx->options[i];
		size_t n = strlen(o->key);

		if (n <= longest || strncmp(text, o->key, n) || (text[n] && text[n] != ' '))
			continue;
		longest = n;
		line = o->line;
		col = o->col;
	}
	problems_add(p, r->f->path, line, col, NULL, "%s: %s", fx->name, text);
}

/* What is said in err alone may come of options that were refused. */
static int init_device(struct rig *r, struct device *d, struct problems *p)
{
	struct error err = {0};
	int before = p->count + p->dropped, rc;

	if (!d->d.driver->init)
		return 0;
	d->d.problems = p;
	d->d.path = r->f->path;
	rc = d->d.driver->init(&d->d, &err);
	d->d.problems = NULL;
	if (rc && p->count + p->dropped == before && !d->incomplete)
		bad_option(r, d->fx, err.text, p);
	return rc;
}

/* Its own points stay unknown after a mistake, and of what uses them only the name is checked. */
static void build_device(struct rig *r, int index, struct problems *p)
{
	const struct fx_device *fx = &r->f->devices[index];
	struct device *d = &r->devices[index];

	d->fx = fx;
	d->d.fx = fx;
	d->d.driver = fx->driver ? driver_find(fx->driver) : NULL;
	if (!d->d.driver) {
		if (fx->driver)
			bad_driver_name(r, fx, p);
		return;
	}
	check_place(r, d, p);
	d->d.priv = xcalloc(1, d->d.driver->priv_size + 1);
	d->d.refused = xcalloc((size_t)fx->option_count + 1, sizeof(bool));
	d->incomplete = driver_check_options(&d->d, r->f->path, p) != 0;
	if (fx->flawed || init_device(r, d, p)) {
		know_points_anyway(d);
		if (!fx->flawed)
			know_own_points(d);
		return;
	}
	d->points = driver_points(&d->d, &d->point_count);
	if (!d->incomplete)
		build_identity(d);
}

int build_devices(struct rig *r, struct problems *p)
{
	int before = p->count + p->dropped;

	for (int i = 0; i < r->f->device_count; i++)
		build_device(r, i, p);
	return p->count + p->dropped > before ? ERR_CONFIG : 0;
}
