/* SPDX-License-Identifier: MIT
 *
 * Any meter that sends lines of text by itself, by YAML alone:
 *
 *	options:
 *	  line: "TDS={tds}ppm T={temperature}C {*}"
 *	  points:
 *	    tds: {quantity: tds, unit: mg/L, max: 2000}
 *	    temperature: {quantity: temperature, unit: degC, min: 0, max: 60}
 *
 * {name} is a decimal number, blanks before it allowed; {*} anything up to what follows; a blank one
 * or more blanks; everything else stands for itself. A line ends with CR, LF or both. A line that
 * does not fit as a whole, is longer than 128 bytes, holds control characters or broke off for half
 * a second makes every point bad_reply: half a number is a wrong number. So does one whose beginning
 * was not seen, after the port was opened.
 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "drivers.h"

enum { LINE_MAX = 128, POINTS_MAX = 8 };
#define GAP_NS ((int64_t)500000000)

struct meter_priv {
	int count;
	struct driver_point points[POINTS_MAX];
	char names[POINTS_MAX][DRIVER_ITEM_NAME_MAX];
	char line[LINE_MAX + 1];
	int n;
	bool spoiled, begun; /* begun: an end was seen, so the next byte begins a line */
	int64_t byte_ns;
};

static const struct driver_option options[] = {
	{"line", OPTION_TEXT, NULL, 0, 0, NULL,
	 "what a line looks like: {point} a number, {*} anything, a blank any blanks",
	 "一行的格式:{点名} 为数字,{*} 为任意内容,空格为任意空白"},
	{"points", OPTION_MAP, NULL, 0, 0, "quantity|unit|min|max",
	 "the numbers of the line, by name", "行中的数值,按名称"},
};

/* --- options --- */

/* False after a mistake. */
static bool read_number(const struct driver_device *d, const char *item, const char *key, double *v)
{
	const char *s = driver_option_of(d, "points", item, key);

	if (!s || text_to_double(s, strlen(s), v))
		return true;
	driver_wrong(d, "points", item, key, "is no number");
	return false;
}

static bool read_quantity(const struct driver_device *d, struct driver_point *p, const char *item)
{
	const char *quantity = driver_option_of(d, "points", item, "quantity");
	const char *unit = driver_option_of(d, "points", item, "unit");

	p->quantity = quantity ? quantity_find(quantity) : QUANTITY_NONE;
	if (p->quantity == QUANTITY_NONE || p->quantity == QUANTITY_TEXT ||
	    p->quantity == QUANTITY_STATE) {
		driver_wrong(d, "points", item, "quantity",
			     quantity ? "is none a number can have; expected a quantity like tds"
				      : "is missing; expected a quantity like tds");
		return false;
	}
	p->unit = unit ? unit_find(unit, strlen(unit)) : quantity_unit(p->quantity);
	if (p->unit && dim_equal(p->unit->dim, quantity_unit(p->quantity)->dim))
		return true;
	driver_wrong(d, "points", item, "unit", "is no unit of its quantity");
	return false;
}

/* Its quantity is none after a mistake. */
static void read_point(const struct driver_device *d, struct driver_point *p, const char *item)
{
	bool ok = read_quantity(d, p, item), bounded;

	p->name = item;
	p->direction = POINT_READ;
	p->lo = -1e9;
	p->hi = 1e9;
	bounded = read_number(d, item, "min", &p->lo);
	bounded = read_number(d, item, "max", &p->hi) && bounded;
	if (bounded && !(p->lo < p->hi && p->lo >= -1e9 && p->hi <= 1e9)) {
		driver_wrong(d, "points", item, "min",
			     "and max; expected -1e9 <= min < max <= 1e9");
		bounded = false;
	}
	if (!ok || !bounded || driver_item_is_refused(d, "points", item))
		p->quantity = QUANTITY_NONE;
}

static int find(const struct meter_priv *p, const char *name, size_t n)
{
	for (int i = 0; i < p->count; i++)
		if (strlen(p->names[i]) == n && !strncmp(p->names[i], name, n))
			return i;
	return -1;
}

static bool wrong_line(const struct driver_device *d, const char *what)
{
	driver_wrong(d, NULL, NULL, "line", what);
	return false;
}

/* Each point once, each bracket whole. */
static bool check_line(const struct driver_device *d, const struct meter_priv *p, const char *line)
{
	bool seen[POINTS_MAX] = {false};
	char what[120];

	if (strlen(line) > LINE_MAX)
		return wrong_line(d, "is longer than 128 bytes");
	for (const char *at = strchr(line, '{'); at; at = strchr(at + 1, '{')) {
		size_t n = strcspn(at, "}");
		int i = at[n] ? find(p, at + 1, n - 1) : -1;

		if (at[n] && n == 2 && at[1] == '*')
			continue;
		snprintf(what, sizeof(what), "has \"%.30s\"; expected {name} of one of the points",
			 at);
		if (i >= 0)
			snprintf(what, sizeof(what), "has {%s} twice", p->names[i]);
		if (i < 0 || seen[i])
			return wrong_line(d, what);
		seen[i] = true;
	}
	for (int i = 0; i < p->count; i++) {
		snprintf(what, sizeof(what), "has no place for point %s; expected {%s} in it",
			 p->names[i], p->names[i]);
		if (!seen[i])
			return wrong_line(d, what);
	}
	return true;
}

static int init(struct driver_device *d, struct error *err)
{
	struct meter_priv *p = d->priv;
	int n = driver_option_items(d, "points", p->names, POINTS_MAX), rc = 0;

	if (n > POINTS_MAX)
		return error_set(err, ERR_CONFIG, "points has more than %d items", POINTS_MAX);
	p->count = n;
	for (int i = 0; i < n; i++) {
		read_point(d, &p->points[i], p->names[i]);
		if (!p->points[i].quantity)
			rc = error_set(err, ERR_CONFIG, "points.%s is not right", p->names[i]);
	}
	if (*driver_option(d, "line") && !check_line(d, p, driver_option(d, "line")))
		rc = error_set(err, ERR_CONFIG, "line is not right");
	return rc;
}

static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	const struct meter_priv *p = d->priv;

	*count = p->count;
	return p->points;
}

/* --- a line --- */

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* Length of the plain decimal number at s; 0: none. No exponent, no hex, no inf. */
static size_t number_length(const char *s)
{
	size_t n = s[0] == '-' || s[0] == '+', digits = 0, k;

	k = strspn(s + n, "0123456789");
	digits += k;
	n += k;
	if (s[n] == '.') {
		k = strspn(s + n + 1, "0123456789");
		digits += k;
		n += 1 + k;
	}
	return digits ? n : 0;
}

/* {*}: up to the first place where the next plain character stands. */
static const char *skip_any(const char *s, char stop)
{
	if (!stop || stop == '{')
		return s + strlen(s);
	while (*s && *s != stop)
		s++;
	return s;
}

static bool fits(const struct meter_priv *p, const char *line, const char *s, double *values)
{
	while (*line) {
		size_t n = strcspn(line, "}");

		if (*line == ' ') {
			if (*s != ' ' && *s != '\t')
				return false;
			s = skip_blanks(s);
			line++;
		} else if (*line != '{') {
			if (*line++ != *s++)
				return false;
		} else if (line[1] == '*') {
			s = skip_any(s, line[n + 1]);
			line += n + 1;
		} else {
			size_t len;

			s = skip_blanks(s);
			len = number_length(s);
			if (!len || !text_to_double(s + (*s == '+'), len - (*s == '+'),
						    &values[find(p, line + 1, n - 1)]))
				return false;
			s += len;
			line += n + 1;
		}
	}
	return !*s;
}

static void tell(struct driver_device *d, bool usable,
		 void (*emit)(void *ctx, int point, const char *text, const struct driver_value *v),
		 void *ctx)
{
	struct meter_priv *p = d->priv;
	double values[POINTS_MAX] = {0};
	bool good = usable && fits(p, driver_option(d, "line"), p->line, values);

	for (int i = 0; i < p->count; i++) {
		struct driver_value v = {.quality = QUALITY_BAD_REPLY};

		if (good) {
			v.value = values[i];
			v.quality = v.value < p->points[i].lo || v.value > p->points[i].hi
					    ? QUALITY_OUT_OF_RANGE
					    : QUALITY_GOOD;
			if (v.quality == QUALITY_GOOD) /* the text's number, in millionths */
				v.raw = (int64_t)(v.value * 1e6);
		}
		emit(ctx, i, NULL, &v);
	}
}

static void feed(struct driver_device *d, const uint8_t *bytes, size_t n, int64_t at_ns,
		 void (*emit)(void *ctx, int point, const char *text, const struct driver_value *v),
		 void *ctx)
{
	struct meter_priv *p = d->priv;

	if (p->n && at_ns - p->byte_ns > GAP_NS)
		p->spoiled = true;
	p->byte_ns = at_ns;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = bytes[i];

		if (c == '\r' || c == '\n') {
			p->line[p->n] = '\0';
			if (p->n || p->spoiled)
				tell(d, p->begun && !p->spoiled, emit, ctx);
			p->n = 0;
			p->spoiled = false;
			p->begun = true;
		} else if ((c < 0x20 && c != '\t') || c > 0x7e || p->n >= LINE_MAX) {
			p->spoiled = true;
		} else {
			p->line[p->n++] = (char)c;
		}
	}
}

const struct driver driver_ascii_meter = {
	.name = "ascii_meter",
	.title_en = "Meter that sends lines of text",
	.title_zh = "按行输出文本的仪表",
	.source = "the fixture's author, from the meter's manual",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_SERIAL,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct meter_priv),
	.init = init,
	.own_points = own_points,
	.feed = feed,
};
