/* SPDX-License-Identifier: MIT
 *
 * A device's options: as the fixture wrote them, against what the driver's table declares.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "plan/fixture.h"
#include "rig/driver.h"

static const struct driver_option *declared(const struct driver *drv, const char *key, size_t n)
{
	for (int i = 0; i < drv->option_count; i++)
		if (strlen(drv->options[i].name) == n && !strncmp(drv->options[i].name, key, n))
			return &drv->options[i];
	return NULL;
}

/* Its place among the options of the fixture, -1: it is not there. */
static int place_of(const struct driver_device *d, const char *key)
{
	for (int i = 0; d->fx && i < d->fx->option_count; i++)
		if (!strcmp(d->fx->options[i].key, key))
			return i;
	return -1;
}

static const char *written(const struct driver_device *d, const char *key)
{
	int i = place_of(d, key);

	return i < 0 || (d->refused && d->refused[i]) ? NULL : d->fx->options[i].value;
}

const char *driver_option(const struct driver_device *d, const char *name)
{
	const char *v = written(d, name);
	const struct driver_option *o = v ? NULL : declared(d->driver, name, strlen(name));

	if (v)
		return v;
	return o && o->fallback ? o->fallback : "";
}

/* Decimal or 0x..., the whole of it. */
static bool whole_number(const char *s, long *out)
{
	char *end;
	long v;

	if (!strncmp(s, "0x", 2) || !strncmp(s, "0X", 2)) {
		v = strtol(s, &end, 16);
		if (end == s + 2 || *end || strlen(s) > 10)
			return false;
		*out = v;
		return true;
	}
	int64_t big;

	if (!text_to_int64(s, strlen(s), &big) || big > INT32_MAX || big < INT32_MIN)
		return false;
	*out = (long)big;
	return true;
}

double driver_option_number(const struct driver_device *d, const char *name)
{
	const char *s = driver_option(d, name);
	double v = 0;

	return text_to_double(s, strlen(s), &v) ? v : 0;
}

long driver_option_integer(const struct driver_device *d, const char *name)
{
	long v = 0;

	return whole_number(driver_option(d, name), &v) ? v : 0;
}

/* Parts of "map.item.key"; false when key has another shape. */
static bool split_key(const char *key, const char *map, const char **item, size_t *item_n,
		      const char **sub)
{
	size_t n = strlen(map);
	const char *dot;

	if (strncmp(key, map, n) || key[n] != '.')
		return false;
	*item = key + n + 1;
	dot = strchr(*item, '.');
	if (!dot || dot == *item || !dot[1] || strchr(dot + 1, '.'))
		return false;
	*item_n = (size_t)(dot - *item);
	*sub = dot + 1;
	return true;
}

int driver_option_items(const struct driver_device *d, const char *map,
			char names[][DRIVER_ITEM_NAME_MAX], int max)
{
	const char *item, *sub;
	size_t n;
	int count = 0, seen;

	for (int i = 0; d->fx && i < d->fx->option_count; i++) {
		if (!split_key(d->fx->options[i].key, map, &item, &n, &sub) ||
		    n >= DRIVER_ITEM_NAME_MAX)
			continue;
		for (seen = 0; seen < count; seen++)
			if (strlen(names[seen]) == n && !strncmp(names[seen], item, n))
				break;
		if (seen < count)
			continue;
		if (count == max)
			return max + 1;
		memcpy(names[count], item, n);
		names[count++][n] = '\0';
	}
	return count;
}

const char *driver_option_of(const struct driver_device *d, const char *map, const char *item,
			     const char *key)
{
	char full[3 * DRIVER_ITEM_NAME_MAX];

	snprintf(full, sizeof(full), "%s.%s.%s", map, item, key);
	return written(d, full);
}

const struct unit *driver_point_unit(const struct driver_point *p)
{
	const struct unit *u = p->unit;

	if (!u && p->unit_name)
		u = unit_find(p->unit_name, strlen(p->unit_name));
	return u ? u : quantity_unit(p->quantity);
}

const struct driver_point *driver_points(const struct driver_device *d, int *count)
{
	if (d->driver->own_points)
		return d->driver->own_points(d, count);
	*count = d->driver->point_count;
	return d->driver->points;
}

int driver_point_index(const struct driver_device *d, const char *name)
{
	int n;
	const struct driver_point *p = driver_points(d, &n);

	for (int i = 0; i < n; i++)
		if (!strcmp(p[i].name, name))
			return i;
	return -1;
}

/* --- checking --- */

/* Is word one of "a|b|c"? */
static bool is_choice(const char *choices, const char *word, size_t n)
{
	const char *p = choices;

	while (p && *p) {
		size_t len = strcspn(p, "|");

		if (len == n && !strncmp(p, word, n))
			return true;
		p += len + (p[len] == '|');
	}
	return false;
}

struct checking {
	const struct driver_device *d;
	const char *path;
	struct problems *problems;
	int bad;
	bool unknown; /* some option was, which may be a missing one misspelt */
};

static void complain(struct checking *c, const struct fx_option *o, const char *text)
{
	problems_add(c->problems, c->path, o ? o->line : c->d->fx->line, o ? o->col : c->d->fx->col,
		     NULL, "%s: %s", c->d->fx->name, text);
	if (o && c->d->refused)
		c->d->refused[o - c->d->fx->options] = true;
	c->bad++;
}

bool driver_option_takes(const struct driver_option *o, const char *value, char *why, size_t size)
{
	double v = 0;
	long whole = 0;

	switch (o->type) {
	case OPTION_CHOICE:
		snprintf(why, size, "one of %s", o->choices);
		return is_choice(o->choices, value, strlen(value));
	case OPTION_INTEGER:
		snprintf(why, size, "a whole number %g to %g", o->lo, o->hi);
		return whole_number(value, &whole) && (double)whole >= o->lo &&
		       (double)whole <= o->hi;
	case OPTION_NUMBER:
		snprintf(why, size, "a number %g to %g", o->lo, o->hi);
		return text_to_double(value, strlen(value), &v) && v >= o->lo && v <= o->hi;
	case OPTION_MAP: snprintf(why, size, "names with keys of their own"); return false;
	case OPTION_TEXT: break;
	}
	return true;
}

static void check_value(struct checking *c, const struct fx_option *o,
			const struct driver_option *t)
{
	char text[240], why[160];

	if (t->type == OPTION_TEXT && !*o->value)
		snprintf(why, sizeof(why), "a text%s", t->fallback ? ", or no such option" : "");
	else if (driver_option_takes(t, o->value, why, sizeof(why)))
		return;
	if (t->type == OPTION_MAP)
		snprintf(text, sizeof(text), "%s is a single value; expected %s", t->name, why);
	else
		snprintf(text, sizeof(text), "%s is \"%.60s\"; expected %s", t->name, o->value,
			 why);
	complain(c, o, text);
}

static void check_item(struct checking *c, const struct fx_option *o, const struct driver_option *t)
{
	const char *item, *sub;
	size_t n;
	char text[240], name[DRIVER_ITEM_NAME_MAX] = "";

	if (!split_key(o->key, t->name, &item, &n, &sub)) {
		snprintf(text, sizeof(text), "\"%.80s\"; expected %s.NAME.KEY", o->key, t->name);
		complain(c, o, text);
		return;
	}
	if (n < sizeof(name))
		memcpy(name, item, n);
	if (!text_is_name(name)) {
		snprintf(text, sizeof(text),
			 "\"%.*s\" is no name; expected a-z, 0-9 and _, at most 63",
			 (int)(n < 80 ? n : 80), item);
		complain(c, o, text);
		return;
	}
	if (is_choice(t->choices, sub, strlen(sub)))
		return;
	snprintf(text, sizeof(text), "%s: unknown key \"%.40s\"; expected one of %s", name, sub,
		 t->choices);
	complain(c, o, text);
}

/* "channel_1, channel_2 and filter", as far as there is room. */
static void list_options(const struct driver *drv, char *dst, size_t size)
{
	size_t used = 0;

	dst[0] = '\0';
	for (int i = 0; i < drv->option_count && used < size; i++)
		used += (size_t)snprintf(dst + used, size - used, "%s%s", i ? ", " : "",
					 drv->options[i].name);
}

static void unknown_option(struct checking *c, const struct fx_option *o)
{
	const struct driver *drv = c->d->driver;
	int head = (int)strcspn(o->key, "."), n = 0;
	const char *names[32], *near;
	char text[400], key[64], all[240];

	c->unknown = true;
	/* once for all the keys below one name, which stand together */
	if (o > c->d->fx->options && o->key[head] && !strncmp(o[-1].key, o->key, (size_t)head + 1))
		return;
	snprintf(key, sizeof(key), "%.*s", head, o->key);
	for (; n < drv->option_count && n < 32; n++)
		names[n] = drv->options[n].name;
	near = text_nearest(key, names, (size_t)n);
	list_options(drv, all, sizeof(all));
	if (near && !strcmp(near, key))
		snprintf(text, sizeof(text),
			 "unknown option \"%.60s\"; expected a single value of %s", o->key, key);
	else if (near)
		snprintf(text, sizeof(text),
			 "unknown option \"%s\"; did you mean \"%s\"? Driver %s has %s", key, near,
			 drv->name, all);
	else
		snprintf(text, sizeof(text), "unknown option \"%s\"; driver %s has %s", key,
			 drv->name, n ? all : "none");
	complain(c, o, text);
}

bool driver_item_is_refused(const struct driver_device *d, const char *map, const char *item)
{
	char full[2 * DRIVER_ITEM_NAME_MAX];
	size_t n = (size_t)snprintf(full, sizeof(full), "%s.%s.", map, item);

	for (int i = 0; d->refused && i < d->fx->option_count; i++)
		if (d->refused[i] && !strncmp(d->fx->options[i].key, full, n))
			return true;
	return false;
}

void driver_wrong(const struct driver_device *d, const char *map, const char *item, const char *key,
		  const char *what)
{
	char full[3 * DRIVER_ITEM_NAME_MAX];
	int line = d->fx->line, col = d->fx->col;
	size_t n;

	if (!d->problems || (map && driver_item_is_refused(d, map, item)))
		return;
	if (!map) {
		int at = place_of(d, key);

		problems_add(d->problems, d->path, at < 0 ? line : d->fx->options[at].line,
			     at < 0 ? col : d->fx->options[at].col, NULL, "%s: %s %s", d->fx->name,
			     key, what);
		return;
	}
	/* a key that is missing is told where its item stands */
	n = (size_t)snprintf(full, sizeof(full), "%s.%s.", map, item);
	for (int i = d->fx->option_count - 1; i >= 0; i--)
		if (!strncmp(d->fx->options[i].key, full, n)) {
			line = d->fx->options[i].line;
			col = d->fx->options[i].col;
			if (!strcmp(d->fx->options[i].key + n, key))
				break;
		}
	problems_add(d->problems, d->path, line, col, NULL, "%s: %s.%s.%s %s", d->fx->name, map,
		     item, key, what);
}

int driver_check_options(const struct driver_device *d, const char *path, struct problems *problems)
{
	struct checking c = {d, path, problems, 0, false};
	char text[200];

	for (int i = 0; i < d->fx->option_count; i++) {
		const struct fx_option *o = &d->fx->options[i];
		const struct driver_option *t = declared(d->driver, o->key, strcspn(o->key, "."));

		if (!t || (t->type != OPTION_MAP && strchr(o->key, '.')))
			unknown_option(&c, o);
		else if (t->type == OPTION_MAP && strchr(o->key, '.'))
			check_item(&c, o, t);
		else
			check_value(&c, o, t);
	}
	/* of a flawed draft nobody knows what is missing */
	for (int i = 0; i < d->driver->option_count && !d->fx->flawed && !c.unknown; i++) {
		const struct driver_option *t = &d->driver->options[i];
		char one[1][DRIVER_ITEM_NAME_MAX];

		if (t->fallback || place_of(d, t->name) >= 0 ||
		    (t->type == OPTION_MAP && driver_option_items(d, t->name, one, 1) > 0))
			continue;
		snprintf(text, sizeof(text), "option \"%s\" is missing: %s", t->name, t->help_en);
		complain(&c, NULL, text);
	}
	return c.bad ? ERR_CONFIG : 0;
}
