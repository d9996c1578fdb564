/* SPDX-License-Identifier: MIT
 *
 * What devices send, to every driver: registers to get, bytes to feed, edges to gpio_get. A value
 * called good is a number within the point's range.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "drivers/drivers.h"
#include "plan/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct fx_option map_options[] = {
	{.key = "points.a.register", .value = "0"},
	{.key = "points.a.quantity", .value = "pressure"},
	{.key = "points.a.type", .value = "f32"},
	{.key = "points.b.register", .value = "2"},
	{.key = "points.b.quantity", .value = "count"},
	{.key = "points.b.type", .value = "u32"},
	{.key = "points.b.order", .value = "DCBA"},
	{.key = "points.c.register", .value = "4"},
	{.key = "points.c.quantity", .value = "flow"},
	{.key = "points.c.type", .value = "i16"},
	{.key = "points.c.max", .value = "100"},
};
static struct fx_option line_options[] = {
	{.key = "points.a.line", .value = "1"},
	{.key = "line", .value = "2"},
};

static struct fx_option adam_options[] = {{.key = "model", .value = "6052"}};
static struct fx_option meter_options[] = {
	{.key = "line", .value = "A={a} B={b}{*};"},
	{.key = "points.a.quantity", .value = "tds"},
	{.key = "points.b.quantity", .value = "temperature"},
	{.key = "points.b.max", .value = "99.5"},
};

#define OPTIONS(o) o, (int)(sizeof(o) / sizeof(o[0]))
/* Of those that do not live without. */
static const struct {
	const char *driver;
	struct fx_option *options;
	int count;
} needs[] = {
	{"register_map", OPTIONS(map_options)},	 {"gpio_lines", OPTIONS(line_options)},
	{"pulse_flow", OPTIONS(line_options)},	 {"adam6000", OPTIONS(adam_options)},
	{"ascii_meter", OPTIONS(meter_options)},
};

static void check(const struct driver_device *d, int point, const struct driver_value *v)
{
	int count;
	const struct driver_point *pt = driver_points(d, &count);

	if (point >= count || v->quality < QUALITY_GOOD || v->quality > QUALITY_FROZEN)
		abort();
	if (v->quality != QUALITY_GOOD)
		return;
	if (isfinite(v->value) && v->value >= pt[point].lo && v->value <= pt[point].hi)
		return;
	fprintf(stderr, "fuzz_drivers: %s.%s is good at %g\n", d->driver->name, pt[point].name,
		v->value);
	abort();
}

static void emit(void *ctx, int point, const char *text, const struct driver_value *v)
{
	if (!text) {
		check(ctx, point, v);
		return;
	}
	for (const char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			abort();
	if (v->quality != QUALITY_GOOD)
		abort();
}

static void registers(struct driver_device *d, const uint8_t *p, size_t n)
{
	int count;
	uint16_t data[BUS_DATA_MAX] = {0};
	struct driver_read reads[8];

	(void)driver_points(d, &count);
	memcpy(data, p, n < sizeof(data) ? n : sizeof(data));
	for (int i = 0; i < count; i++) {
		struct driver_image images[8];
		struct driver_value v = {0};
		int k = d->driver->reads(d, i, reads, 8);

		for (int r = 0; r < k; r++)
			images[r] = (struct driver_image){data, reads[r].count, true};
		if (!d->driver->get(d, i, images, &v))
			check(d, i, &v);
	}
}

static void edges(struct driver_device *d, const uint8_t *p, size_t n)
{
	int64_t now_ns = 1;

	for (; n >= 8; p += 8, n -= 8) {
		struct bus_event ev = {.kind = BUS_EVENT_LINE, .value = p[0] & 1};
		struct driver_value v = {0};
		int point;

		ev.pulses = p[1];
		ev.first_edge_ns = now_ns + p[2] * 1000;
		ev.last_edge_ns = ev.first_edge_ns + ((int64_t)p[3] << 16);
		ev.at_ns = ev.last_edge_ns + ((int64_t)p[4] << 20);
		now_ns = ev.at_ns;
		point = d->driver->gpio_get(d, 0, &ev, &v);
		if (point >= 0)
			check(d, point, &v);
	}
}

/* In pieces of some bytes: the first byte says how many. */
static void bytes(struct driver_device *d, const uint8_t *p, size_t n)
{
	size_t piece = n ? 1 + p[0] % 16 : 1;

	for (size_t at = 0; at < n; at += piece)
		d->driver->feed(d, p + at, n - at < piece ? n - at : piece, (int64_t)at * 40000000,
				emit, d);
}

/* Answers in pieces, and a label of these bytes: one command more than it has, and it was an order. */
static void printer(struct driver_device *d, const uint8_t *p, size_t n)
{
	const struct driver_printer *printer = d->driver->printer;
	size_t piece = n ? 1 + p[0] % 16 : 1, orders = 0;
	char line[IO_LABEL_TEXT_MAX] = "", job[4096];
	struct driver_label l = {.lines = {line}, .line_count = 1, .qr = "", .copies = 1};
	int length;

	for (size_t at = 0; at < n; at += piece) {
		enum printer_state state = PRINTER_READY;
		const char *why = "";

		if (printer->feed(d, p + at, n - at < piece ? n - at : piece, &state, &why) &&
		    (state == PRINTER_STOPPED) != (why[0] != '\0'))
			abort();
	}
	memcpy(line, p, n < sizeof(line) ? n : sizeof(line) - 1);
	length = printer->job(d, &l, job, sizeof(job));
	for (int i = 0; i < length; i++)
		orders += job[i] == '^' || job[i] == '~';
	/* ^XA ^CI ^FO ^A@ ^FH ^FD ^FS ^PQ ^XZ */
	if (length < 0 || orders != 9)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static _Alignas(16) uint8_t priv[1 << 16];
	struct fx_device fx = {.name = "dev", .unit_id = 1};

	for (int i = 0; drivers[i]; i++) {
		struct driver_device d = {.driver = drivers[i], .priv = priv, .fx = &fx};

		if (drivers[i]->priv_size > sizeof(priv))
			abort();
		memset(priv, 0, drivers[i]->priv_size);
		fx.option_count = 0;
		for (size_t k = 0; k < sizeof(needs) / sizeof(needs[0]); k++)
			if (!strcmp(needs[k].driver, drivers[i]->name)) {
				fx.options = needs[k].options;
				fx.option_count = needs[k].count;
			}
		if (drivers[i]->init && drivers[i]->init(&d, NULL))
			abort();
		if (drivers[i]->get)
			registers(&d, p, n);
		if (drivers[i]->feed)
			bytes(&d, p, n);
		if (drivers[i]->printer)
			printer(&d, p, n);
		if (drivers[i]->gpio_get)
			edges(&d, p, n);
	}
	return 0;
}
