/* SPDX-License-Identifier: MIT
 *
 * What every driver's table has to fulfil; run at each start, so that a table with a slip never
 * drives a bench.
 */
#include <string.h>
#include "base/text.h"
#include "rig/driver.h"

static const uint32_t modbus = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP;
static const uint32_t all_buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP | 1u << BUS_SERIAL |
				  1u << BUS_GPIO | 1u << BUS_TCP;

const struct driver *driver_find(const char *name)
{
	for (int i = 0; drivers[i]; i++)
		if (!strcmp(drivers[i]->name, name))
			return drivers[i];
	return NULL;
}

static int bad(const struct driver *d, struct error *err, const char *what)
{
	return error_set(err, ERR_CONFIG, "driver %s: %s", d->name ? d->name : "?", what);
}

static int check_points(const struct driver *d, bool *writes, struct error *err)
{
	if (!d->printer && (d->point_count > 0) == (d->own_points != NULL))
		return bad(d, err, "needs either a table of points or own_points");
	*writes = d->own_points != NULL && d->set != NULL;
	for (int i = 0; i < d->point_count; i++) {
		const struct driver_point *p = &d->points[i];
		const struct unit *u;

		if (!p->name || !text_is_name(p->name))
			return bad(d, err, "a point's name is no name");
		if (p->quantity <= QUANTITY_NONE || p->quantity >= QUANTITY_COUNT_OF)
			return bad(d, err, "a point without a quantity");
		if (p->direction < POINT_READ || p->direction > POINT_READ_WRITE)
			return bad(d, err, "a point without a direction");
		if (p->quantity != QUANTITY_TEXT && !(p->lo < p->hi))
			return bad(d, err, "a point's range is empty");
		u = driver_point_unit(p);
		if (p->quantity != QUANTITY_TEXT &&
		    (!u || !dim_equal(u->dim, quantity_unit(p->quantity)->dim)))
			return bad(d, err, "a point's unit is not one of its quantity");
		for (int k = 0; k < i; k++)
			if (!strcmp(d->points[k].name, p->name))
				return bad(d, err, "two points of one name");
		*writes = *writes || (p->direction & POINT_WRITE);
	}
	return 0;
}

/* A default is a value like any other; "" of a map or a text: nothing. */
static int check_fallback(const struct driver *d, const struct driver_option *o, struct error *err)
{
	char why[160] = "nothing";

	if (!o->fallback || (o->type == OPTION_MAP && !o->fallback[0]) ||
	    driver_option_takes(o, o->fallback, why, sizeof(why)))
		return 0;
	return error_set(err, ERR_CONFIG, "driver %s: the default \"%s\" of option %s is not %s",
			 d->name, o->fallback, o->name, why);
}

static int check_options(const struct driver *d, struct error *err)
{
	for (int i = 0; i < d->option_count; i++) {
		const struct driver_option *o = &d->options[i];

		if (!o->name || !text_is_name(o->name) || !o->help_en || !o->help_zh)
			return bad(d, err, "an option without a name or help");
		if (o->type < OPTION_NUMBER || o->type > OPTION_MAP)
			return bad(d, err, "an option without a type");
		if ((o->type == OPTION_CHOICE || o->type == OPTION_MAP) && !o->choices)
			return bad(d, err, "an option without its choices");
		if ((o->type == OPTION_NUMBER || o->type == OPTION_INTEGER) && !(o->lo < o->hi))
			return bad(d, err, "an option's range is empty");
		if (check_fallback(d, o, err))
			return ERR_CONFIG;
		for (int k = 0; k < i; k++)
			if (!strcmp(d->options[k].name, o->name))
				return bad(d, err, "two options of one name");
	}
	return 0;
}

/* The calls that its kind of bus asks for. */
static int check_calls(const struct driver *d, bool writes, struct error *err)
{
	if ((d->buses & modbus) && (!d->reads || !d->get))
		return bad(d, err, "on Modbus it needs reads and get");
	if ((d->buses & 1u << BUS_SERIAL) && !d->feed && !d->printer)
		return bad(d, err, "on a serial port it needs feed");
	if ((d->buses & 1u << BUS_TCP) && !d->printer)
		return bad(d, err, "only printers work on a raw TCP connection");
	if (d->printer && (d->point_count || d->own_points || d->set || d->feed))
		return bad(d, err, "a printer has no points");
	if (d->printer && (!d->printer->ask || !d->printer->feed || !d->printer->job))
		return bad(d, err, "a printer needs ask, feed and job");
	if ((d->buses & 1u << BUS_GPIO) && (!d->lines || !d->gpio_get))
		return bad(d, err, "on GPIO it needs lines and gpio_get");
	if (writes && (!d->set || !d->safe))
		return bad(d, err, "a point can be written: it needs set and safe");
	if (!writes && d->set)
		return bad(d, err, "it has set and no point to write");
	return 0;
}

int driver_check(const struct driver *d, struct error *err)
{
	bool writes = false;
	int rc;

	if (!d->name || !text_is_name(d->name))
		return bad(d, err, "its name is no name");
	if (!d->title_en || !d->title_zh || !d->source)
		return bad(d, err, "a title or the source of its map is missing");
	if (d->maturity < DRIVER_EXPERIMENTAL || d->maturity > DRIVER_STABLE)
		return bad(d, err, "its maturity is missing");
	if (!d->buses || d->buses & ~all_buses)
		return bad(d, err, "its buses are missing");
	rc = check_points(d, &writes, err);
	if (!rc)
		rc = check_options(d, err);
	return rc ? rc : check_calls(d, writes, err);
}

int64_t driver_watchdog_ns(const struct driver_device *d)
{
	return d->driver && d->driver->watchdog_ns ? d->driver->watchdog_ns(d) : 0;
}

int drivers_check(struct error *err)
{
	for (int i = 0; drivers[i]; i++) {
		int rc = driver_check(drivers[i], err);

		if (rc)
			return rc;
		for (int k = 0; k < i; k++)
			if (!strcmp(drivers[k]->name, drivers[i]->name))
				return bad(drivers[i], err, "two drivers of one name");
	}
	return 0;
}

/* ---- requests that many devices share ---- */

struct bus_request driver_write_register(uint16_t at, uint16_t value)
{
	return (struct bus_request){.kind = BUS_WRITE,
				    .function = MODBUS_WRITE_REGISTER,
				    .first = at,
				    .count = 1,
				    .data = {value}};
}

struct bus_request driver_write_coils(uint16_t first, uint16_t count)
{
	struct bus_request r = {.kind = BUS_WRITE,
				.function = MODBUS_WRITE_COILS,
				.first = first,
				.count = count,
				.verify = true,
				.verify_function = MODBUS_READ_COILS,
				.verify_first = first,
				.verify_count = count};

	for (int i = 0; i < count; i++)
		r.verify_mask[i] = 1;
	return r;
}

void driver_set_coil(struct bus_request *r, int coil, bool on)
{
	r->data[coil] = r->verify_expect[coil] = on;
}

int driver_get_coil(const struct driver_image *image, int coil, int count, struct driver_value *out)
{
	if (!image->good || image->count < count)
		return ERR_DEVICE;
	out->raw = image->data[coil] != 0;
	out->value = (double)out->raw;
	out->quality = QUALITY_GOOD;
	return 0;
}
