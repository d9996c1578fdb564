/* SPDX-License-Identifier: MIT
 *
 * Flow meter with a pulse output on a GPIO line (YF-S201: 450 pulses/L, FS100A: 3900/L): frequency
 * between the kernel's time stamps of its first and last edges, so neither polling nor a busy
 * machine shows in it.
 *
 * Between two edges there is nothing new to say. When no edge came for `window_s` the water stands:
 * 0 Hz. An edge stamped more than that window ahead of now is of another clock: it is counted, its
 * time is the base of nothing and the reading is bad; so it cannot keep the meter from saying 0.
 */
#include <string.h>
#include "drivers.h"

enum { POINT_FREQUENCY };

struct pulse_priv {
	uint32_t total;
	int64_t last_edge_ns; /* 0: none yet */
	int64_t watched_ns;   /* since when: before a whole window there is no zero */
	bool standing;	      /* 0 was said: the next edge is a first one */
};

static const struct driver_point points[] = {
	[POINT_FREQUENCY] = {.name = "frequency",
			     .quantity = QUANTITY_FREQUENCY,
			     .unit_name = "Hz",
			     .direction = POINT_READ,
			     .lo = 0,
			     .hi = 5000,
			     .resolution = 0.001},
};

static const struct driver_option options[] = {
	{"line", OPTION_TEXT, NULL, 0, 0, NULL, "name or offset of the line on the chip",
	 "线路名称或编号"},
	{"bias", OPTION_CHOICE, "pull_up", 0, 0, "as_is|pull_up|pull_down|disabled",
	 "bias of the line", "线路偏置"},
	{"window_s", OPTION_NUMBER, "1", 0.05, 60, NULL, "no edge for this long: no flow",
	 "无脉冲达此时间视为零流量"},
};

static int lines(const struct driver_device *d, struct bus_line *out, int max)
{
	const char *bias = driver_option(d, "bias");

	if (max < 1)
		return 0;
	out[0] = (struct bus_line){.line = driver_option(d, "line"), .mode = GPIO_PULSE};
	if (!strcmp(bias, "pull_up"))
		out[0].bias = 1;
	else if (!strcmp(bias, "pull_down"))
		out[0].bias = -1;
	else if (!strcmp(bias, "disabled"))
		out[0].bias = 2;
	return 1;
}

static int64_t window_ns(const struct driver_device *d)
{
	return (int64_t)(driver_option_number(d, "window_s") * 1e9);
}

static int silence(const struct driver_device *d, struct pulse_priv *p, const struct bus_event *ev,
		   struct driver_value *out)
{
	int64_t since = p->last_edge_ns > p->watched_ns ? p->last_edge_ns : p->watched_ns;

	if (ev->at_ns - since < window_ns(d))
		return -1;
	p->standing = true;
	*out = (struct driver_value){.value = 0, .raw = p->total, .quality = QUALITY_GOOD};
	return POINT_FREQUENCY;
}

static int gpio_get(struct driver_device *d, int line, const struct bus_event *ev,
		    struct driver_value *out)
{
	struct pulse_priv *p = d->priv;
	int64_t from, span;
	uint32_t periods;

	(void)line;
	if (ev->status != BUS_OK)
		return -1;
	if (!p->watched_ns)
		p->watched_ns = ev->at_ns;
	if (!ev->pulses)
		return silence(d, p, ev, out);
	p->total += ev->pulses;
	if (ev->last_edge_ns > ev->at_ns + window_ns(d)) {
		p->last_edge_ns = 0;
		p->watched_ns = ev->at_ns;
		*out = (struct driver_value){.raw = p->total, .quality = QUALITY_BAD_REPLY};
		return POINT_FREQUENCY;
	}
	from = p->last_edge_ns;
	periods = ev->pulses;
	if (!from || p->standing) { /* only the edges of this event are known */
		from = ev->first_edge_ns;
		periods--;
	}
	p->last_edge_ns = ev->last_edge_ns;
	p->standing = false;
	span = ev->last_edge_ns - from;
	if (!periods)
		return -1;
	*out = (struct driver_value){.raw = p->total, .quality = QUALITY_BAD_REPLY};
	if (span > 0) {
		out->value = (double)periods * 1e9 / (double)span;
		out->quality = out->value <= points[0].hi ? QUALITY_GOOD : QUALITY_OUT_OF_RANGE;
	}
	return POINT_FREQUENCY;
}

const struct driver driver_pulse_flow = {
	.name = "pulse_flow",
	.title_en = "Flow meter with pulse output",
	.title_zh = "脉冲流量计",
	.source = "YF-S201 and FS100A data sheets",
	.maturity = DRIVER_BETA,
	.buses = 1u << BUS_GPIO,
	.points = points,
	.point_count = sizeof(points) / sizeof(points[0]),
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct pulse_priv),
	.lines = lines,
	.gpio_get = gpio_get,
};
