/* SPDX-License-Identifier: MIT
 *
 * Advantech ADAM-6000 digital I/O over Modbus TCP: ADAM-6050 (12 inputs, 6 outputs), 6052 (8, 8),
 * 6060 and 6066 (6 inputs, 6 relays).
 *
 * Counted from 0: coils 0.. inputs, 16.. outputs, holding 0-1 counter of input 0 and so on (32 bits,
 * low word first), 210 module name. An input counts only when it is set to counter mode in the
 * maker's utility, where also the host watchdog (FSV) is set: it has no register, so this driver
 * can neither write nor read it, and such a board counts as one without a comms watchdog.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "drivers.h"
#include "rig/register.h"

enum { INPUTS_MAX = 12, OUTPUTS_MAX = 8, FIRST_OUTPUT = 16 };

struct adam_priv {
	int inputs, outputs;
	char names[2 * INPUTS_MAX + OUTPUTS_MAX][24];
	struct driver_point points[2 * INPUTS_MAX + OUTPUTS_MAX]; /* di.., do.., count.. */
};

static const struct driver_option options[] = {
	{"model", OPTION_CHOICE, NULL, 0, 0, "6050|6052|6060|6066",
	 "what register 210 has to say, and how many points there are", "模块型号(寄存器 210)"},
	{"order", OPTION_CHOICE, "CDAB", 0, 0, "ABCD|CDAB", "word order of the counters",
	 "计数器的字顺序"},
};

static void add(struct adam_priv *p, int at, const char *kind, int number, enum quantity q,
		enum point_direction direction)
{
	snprintf(p->names[at], sizeof(p->names[at]), "%s%d", kind, number);
	p->points[at] = (struct driver_point){.name = p->names[at],
					      .quantity = q,
					      .direction = direction,
					      .hi = q == QUANTITY_COUNT ? UINT32_MAX : 1,
					      .resolution = 1};
}

static int init(struct driver_device *d, struct error *err)
{
	static const struct {
		const char *model;
		int inputs, outputs;
	} models[] = {{"6050", 12, 6}, {"6052", 8, 8}, {"6060", 6, 6}, {"6066", 6, 6}};
	struct adam_priv *p = d->priv;
	size_t m = 0;

	while (m < 4 && strcmp(models[m].model, driver_option(d, "model")))
		m++;
	if (m == 4)
		return error_set(err, ERR_CONFIG, "model is none of 6050, 6052, 6060, 6066");
	p->inputs = models[m].inputs;
	p->outputs = models[m].outputs;
	for (int i = 0; i < p->inputs; i++)
		add(p, i, "di", i, QUANTITY_STATE, POINT_READ);
	for (int i = 0; i < p->outputs; i++)
		add(p, p->inputs + i, "do", i, QUANTITY_STATE, POINT_READ_WRITE);
	for (int i = 0; i < p->inputs; i++)
		add(p, p->inputs + p->outputs + i, "count", i, QUANTITY_COUNT, POINT_READ);
	return 0;
}

static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	const struct adam_priv *p = d->priv;

	*count = 2 * p->inputs + p->outputs;
	return p->points;
}

static bool is_output(const struct adam_priv *p, int point)
{
	return point >= p->inputs && point < p->inputs + p->outputs;
}

static bool is_counter(const struct adam_priv *p, int point)
{
	return point >= p->inputs + p->outputs;
}

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	const struct adam_priv *p = d->priv;

	if (max < 1)
		return 0;
	if (is_counter(p, point))
		out[0] = (struct driver_read){MODBUS_READ_HOLDING,
					      (uint16_t)(2 * (point - p->inputs - p->outputs)), 2,
					      true};
	else if (is_output(p, point))
		out[0] = (struct driver_read){MODBUS_READ_COILS, FIRST_OUTPUT, (uint16_t)p->outputs,
					      false};
	else
		out[0] = (struct driver_read){MODBUS_READ_COILS, 0, (uint16_t)p->inputs, false};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	const struct adam_priv *p = d->priv;
	int bit = is_output(p, point) ? point - p->inputs : point;

	if (!images[0].good)
		return ERR_DEVICE;
	out->quality = QUALITY_GOOD;
	if (is_counter(p, point)) {
		if (images[0].count < 2)
			return ERR_DEVICE;
		out->raw = register_decode(images[0].data, REGISTER_U32,
					   register_order_find(driver_option(d, "order")),
					   &out->value);
		return 0;
	}
	if (images[0].count <= bit)
		return ERR_DEVICE;
	out->raw = images[0].data[bit] != 0;
	out->value = (double)out->raw;
	return 0;
}

static int set(const struct driver_device *d, const int *which, const double *values, int n,
	       struct bus_request *out, int max)
{
	const struct adam_priv *p = d->priv;

	if (max < 1)
		return ERR_LIMIT;
	out[0] = driver_write_coils(FIRST_OUTPUT, (uint16_t)p->outputs);
	for (int i = 0; i < n; i++) {
		if (!is_output(p, which[i]))
			return ERR_RANGE;
		driver_set_coil(&out[0], which[i] - p->inputs, values[i] >= 0.5);
	}
	return 1;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	if (max < 2)
		return 0;
	out[0] = (struct driver_identity){
		.read = {MODBUS_READ_HOLDING, 210, 1, false},
		.expect = {(uint16_t)strtoul(driver_option(d, "model"), NULL, 16)},
		.mask = {0xffff},
		.says = "its module name"};
	out[1] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 212, 2, false},
					  .says = "its firmware version",
					  .stays = true};
	return 2;
}

const struct driver driver_adam6000 = {
	.name = "adam6000",
	.title_en = "Advantech ADAM-6000 digital I/O, Modbus TCP",
	.title_zh = "研华 ADAM-6000 数字量 I/O(Modbus TCP)",
	.source = "ADAM-6000 series user manual, Modbus mapping table",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_TCP,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct adam_priv),
	.init = init,
	.own_points = own_points,
	.reads = reads,
	.get = get,
	.identify = identify,
	.set = set,
	.safe = set,
};
