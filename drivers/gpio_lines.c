/* SPDX-License-Identifier: MIT
 *
 * Named lines of a GPIO chip: contacts in, lamps and the dead-man line out.
 *
 *	options:
 *	  points:
 *	    estop: {line: ESTOP_STATUS, direction: in, bias: pull_up}
 *	    dead_man: {line: DEAD_MAN, direction: out}
 */
#include <stdio.h>
#include <string.h>
#include "drivers.h"

enum { LINES_MAX = 64 };

struct lines_priv {
	int count;
	struct driver_point points[LINES_MAX];
	char names[LINES_MAX][DRIVER_ITEM_NAME_MAX];
};

static const struct driver_option options[] = {
	{"points", OPTION_MAP, NULL, 0, 0, "line|direction|bias|active_low",
	 "lines by name; line: name or offset on the chip, direction: in or out, bias: as_is, "
	 "pull_up, pull_down or disabled, active_low: yes or no",
	 "线路,按名称"},
};

static int bias_of(const char *s)
{
	if (!s || !strcmp(s, "as_is"))
		return 0;
	if (!strcmp(s, "pull_up"))
		return 1;
	if (!strcmp(s, "pull_down"))
		return -1;
	return !strcmp(s, "disabled") ? 2 : 99;
}

static bool is_one_of(const char *s, const char *a, const char *b)
{
	return !s || !strcmp(s, a) || !strcmp(s, b);
}

/* Tells all that is wrong with one line. */
static bool check_item(const struct driver_device *d, const char *name)
{
	const char *line = driver_option_of(d, "points", name, "line");
	bool ok = true;

	if (!line || !*line || strlen(line) > 31) {
		driver_wrong(d, "points", name, "line", "is missing or longer than 31 bytes");
		ok = false;
	}
	if (!is_one_of(driver_option_of(d, "points", name, "direction"), "in", "out")) {
		driver_wrong(d, "points", name, "direction", "is neither in nor out");
		ok = false;
	}
	if (bias_of(driver_option_of(d, "points", name, "bias")) == 99) {
		driver_wrong(d, "points", name, "bias",
			     "is none of as_is pull_up pull_down disabled");
		ok = false;
	}
	if (!is_one_of(driver_option_of(d, "points", name, "active_low"), "yes", "no")) {
		driver_wrong(d, "points", name, "active_low", "is neither yes nor no");
		ok = false;
	}
	return ok && !driver_item_is_refused(d, "points", name);
}

static int init(struct driver_device *d, struct error *err)
{
	struct lines_priv *priv = d->priv;
	int n = driver_option_items(d, "points", priv->names, LINES_MAX), rc = 0;

	if (n > LINES_MAX)
		return error_set(err, ERR_CONFIG, "points has more than %d items", LINES_MAX);
	for (int i = 0; i < n; i++) {
		const char *name = priv->names[i];
		const char *direction = driver_option_of(d, "points", name, "direction");
		bool ok = check_item(d, name);

		priv->points[i] = (struct driver_point){
			.name = name,
			.quantity = ok ? QUANTITY_STATE : QUANTITY_NONE,
			.direction = direction && !strcmp(direction, "out") ? POINT_WRITE
									    : POINT_READ,
			.lo = 0,
			.hi = 1,
			.resolution = 1};
		if (!ok)
			rc = error_set(err, ERR_CONFIG, "points.%s is not right", name);
	}
	priv->count = n;
	return rc;
}

static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	const struct lines_priv *priv = d->priv;

	*count = priv->count;
	return priv->points;
}

/* One line per point, in their order. */
static int lines(const struct driver_device *d, struct bus_line *out, int max)
{
	const struct lines_priv *priv = d->priv;
	int n = priv->count < max ? priv->count : max;

	for (int i = 0; i < n; i++) {
		const char *low = driver_option_of(d, "points", priv->names[i], "active_low");

		out[i] = (struct bus_line){
			.line = driver_option_of(d, "points", priv->names[i], "line"),
			.mode = priv->points[i].direction == POINT_WRITE ? GPIO_OUT : GPIO_IN,
			.bias = bias_of(driver_option_of(d, "points", priv->names[i], "bias")),
			.active_low = low && !strcmp(low, "yes")};
	}
	return n;
}

static int gpio_get(struct driver_device *d, int line, const struct bus_event *ev,
		    struct driver_value *out)
{
	(void)d;
	if (ev->status != BUS_OK)
		return -1;
	*out = (struct driver_value){
		.value = ev->value != 0, .raw = ev->value, .quality = QUALITY_GOOD};
	return line;
}

static int set(const struct driver_device *d, const int *which, const double *values, int n,
	       struct bus_request *out, int max)
{
	(void)d;
	if (n > max)
		return ERR_LIMIT;
	for (int i = 0; i < n; i++)
		out[i] = (struct bus_request){.kind = BUS_GPIO_SET,
					      .line = which[i],
					      .count = 1,
					      .data = {values[i] >= 0.5}};
	return n;
}

const struct driver driver_gpio_lines = {
	.name = "gpio_lines",
	.title_en = "Lines of a GPIO chip",
	.title_zh = "GPIO 线路",
	.source = "Linux GPIO character device",
	.maturity = DRIVER_BETA,
	.buses = 1u << BUS_GPIO,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct lines_priv),
	.init = init,
	.own_points = own_points,
	.lines = lines,
	.gpio_get = gpio_get,
	.set = set,
	.safe = set,
};
