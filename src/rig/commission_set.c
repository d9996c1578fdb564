/* SPDX-License-Identifier: MIT
 *
 * Another unit id for the one device on a line: written, then the line is scanned again, for a reply
 * to such a write proves little.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "scan.h"

__attribute__((format(printf, 1, 2))) static int refuse(const char *fmt, ...)
{
	va_list ap;

	fputs("benchd-io: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n", stderr);
	return COMMISSION_NOT_DONE;
}

/* The one device of the line, at old; else why not. */
static int find_one(struct scan_line *l, const struct commission *c, int old, struct found *out)
{
	struct found found[COMMISSION_FOUND_MAX];
	int n = scan_ids(l, c, found, COMMISSION_FOUND_MAX);

	if (!n)
		return refuse("nobody answers at %d baud", l->bus.baud);
	if (n > 1)
		return refuse("%d devices answer on this line; leave one on it", n);
	if (found[0].unit != old)
		return refuse("the device on this line has unit id %d", found[0].unit);
	if (found[0].garbled)
		return refuse("unit id %d: %s", old, found[0].note);
	*out = found[0];
	return 0;
}

static const struct driver *pick(const struct commission *c, const struct found *f, int *code)
{
	const struct driver *d = c->driver ? driver_find(c->driver) : f->driver;

	*code = COMMISSION_NOT_DONE;
	if (c->driver && !d) {
		fprintf(stderr, "benchd-io: driver \"%s\" does not exist\n", c->driver);
		*code = COMMISSION_USAGE;
	} else if (!d) {
		(void)refuse("no driver knows the device at unit id %d; name one by --driver",
			     f->unit);
	} else if (!d->set_address) {
		(void)refuse("the address of %s is set by %s", d->name,
			     d->address_by ? d->address_by : "its maker's tool");
		d = NULL;
	}
	return d;
}

static int write_address(struct scan_line *l, const struct driver *driver, int old, int unit)
{
	struct bus_request q[COMMISSION_PARTS_MAX];
	struct probe p;
	int n = 0;

	if (probe_init(&p, driver, old)) {
		n = driver->set_address(&p.d, unit, q, COMMISSION_PARTS_MAX);
		probe_release(&p);
	}
	if (n <= 0)
		return refuse("unit id %d is none that driver %s can set", unit, driver->name);
	for (int i = 0; i < n; i++)
		if (scan_line_write(l, q[i].unit ? q[i].unit : old, &q[i]) == ANSWER_EXCEPTION)
			return refuse("%s refuses another unit id; it is set by %s", driver->name,
				      driver->address_by ? driver->address_by : "its maker's tool");
	return 0;
}

/* What stands at the new id, and that nothing is left at the old one. */
static int check(struct scan_line *l, const struct commission *c, const struct driver *driver,
		 int old, int unit)
{
	struct found found[COMMISSION_FOUND_MAX];
	int n = scan_ids(l, c, found, COMMISSION_FOUND_MAX);

	if (!n) /* it may have begun anew */
		n = scan_ids(l, c, found, COMMISSION_FOUND_MAX);
	if (n == 1 && found[0].unit == unit &&
	    (!found[0].driver || found[0].driver == driver || c->driver)) {
		printf("unit id %d is now %d (%s, %d 8%c1)\n", old, unit, driver->name, l->bus.baud,
		       c->parity);
		return COMMISSION_DONE;
	}
	if (n == 1 && found[0].unit == old)
		return refuse("it still answers at unit id %d: some take the new one only after "
			      "they were switched off and on; do that and scan again",
			      old);
	if (!n)
		return refuse("it answers nowhere between the ids asked, neither at %d: switch it "
			      "off and on and scan again",
			      unit);
	return refuse("after the write unit id %d answers as %s", found[0].unit,
		      found[0].driver ? found[0].driver->name : "an unknown device");
}

int commission_set_address(const struct commission *c)
{
	int64_t old = 0, unit = 0;
	const struct driver *driver;
	struct found f;
	struct scan_line l;
	int code;

	if (!text_to_int64(c->words[1], strlen(c->words[1]), &old) ||
	    !text_to_int64(c->words[2], strlen(c->words[2]), &unit) || old < 1 || unit < 1 ||
	    old > COMMISSION_UNITS || unit > COMMISSION_UNITS || old == unit) {
		fprintf(stderr, "benchd-io: unit ids are two different numbers 1 to %d\n",
			COMMISSION_UNITS);
		return COMMISSION_USAGE;
	}
	if (old < c->first_unit || old > c->last_unit || unit < c->first_unit ||
	    unit > c->last_unit) {
		fprintf(stderr, "benchd-io: --ids has to hold both unit ids\n");
		return COMMISSION_USAGE;
	}
	code = scan_line_open(&l, c, c->words[0], c->baud ? c->baud : 9600);
	if (code)
		return code;
	code = find_one(&l, c, (int)old, &f);
	driver = code ? NULL : pick(c, &f, &code);
	if (driver)
		code = write_address(&l, driver, (int)old, (int)unit);
	if (driver && !code)
		code = check(&l, c, driver, (int)old, (int)unit);
	scan_line_close(&l);
	return code;
}
