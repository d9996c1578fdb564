/* SPDX-License-Identifier: MIT
 *
 * Pressure transmitter of the float family, RS-485, 9600 8N1: holding 0x0003 unit (1 MPa, 9 bar),
 * 0x0004 decimals of its display, 0x0016-0x0017 pressure, 0x0026-0x0027 temperature of the cell in
 * degC, both float32. 0xffff written to the save register keeps a changed setting.
 *
 * Makers differ in the order of the two words, so it is an option. A wrong order gives absurd
 * numbers, which are out of range, but near zero pressure both orders may read 0: look at it with
 * pressure on when the bay is commissioned.
 */
#include <math.h>
#include <string.h>
#include "drivers.h"
#include "rig/register.h"

enum { POINT_PRESSURE, POINT_TEMPERATURE, POINTS };
enum { UNIT_MPA = 1, UNIT_BAR = 9 };

struct pressure_priv {
	struct driver_point points[POINTS];
	enum register_order order;
	uint16_t unit;
	double mpa; /* per unit of the register */
};

static const uint16_t address[] = {0x0016, 0x0026};

static const struct driver_option options[] = {
	{"unit", OPTION_CHOICE, "MPa", 0, 0, "MPa|bar", "unit it must be set to (register 3)",
	 "应设定的单位(寄存器 3)"},
	{"order", OPTION_CHOICE, "ABCD", 0, 0, "ABCD|CDAB|BADC|DCBA",
	 "bytes of its floats as they stand on the wire", "浮点数的字节顺序"},
	{"full_scale_mpa", OPTION_NUMBER, "1.6", 0.001, 100, NULL,
	 "end of its range, in MPa; 2.5 % more is no value", "满量程,MPa;超出 2.5 % 视为无效"},
};

static int init(struct driver_device *d, struct error *err)
{
	struct pressure_priv *p = d->priv;
	bool bar = !strcmp(driver_option(d, "unit"), "bar");

	(void)err;
	p->order = register_order_find(driver_option(d, "order"));
	p->unit = bar ? UNIT_BAR : UNIT_MPA;
	p->mpa = bar ? 0.1 : 1;
	p->points[POINT_PRESSURE] =
		(struct driver_point){.name = "pressure",
				      .quantity = QUANTITY_PRESSURE,
				      .unit_name = "MPa",
				      .direction = POINT_READ,
				      .lo = -0.1,
				      .hi = 1.025 * driver_option_number(d, "full_scale_mpa")};
	p->points[POINT_TEMPERATURE] = (struct driver_point){.name = "temperature",
							     .quantity = QUANTITY_TEMPERATURE,
							     .unit_name = "degC",
							     .direction = POINT_READ,
							     .lo = -40,
							     .hi = 125};
	return 0;
}

static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	const struct pressure_priv *p = d->priv;

	*count = POINTS;
	return p->points;
}

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_HOLDING, address[point], 2, true};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	const struct pressure_priv *p = d->priv;
	double v;

	if (!images[0].good || images[0].count < 2)
		return ERR_DEVICE;
	out->raw = register_decode(images[0].data, REGISTER_F32, p->order, &v);
	out->value = point == POINT_PRESSURE ? v * p->mpa : v;
	out->quality = QUALITY_GOOD;
	if (!isfinite(v)) {
		out->value = 0;
		out->quality = QUALITY_BAD_REPLY;
	} else if (out->value < p->points[point].lo || out->value > p->points[point].hi) {
		out->quality = QUALITY_OUT_OF_RANGE;
	}
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	const struct pressure_priv *p = d->priv;

	if (max < 1)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x0003, 1, false},
					  .expect = {p->unit},
					  .mask = {0xffff},
					  .says = "its unit"};
	return 1;
}

const struct driver driver_pressure_f32 = {
	.name = "pressure_f32",
	.title_en = "Pressure transmitter, float registers",
	.title_zh = "压力变送器(浮点寄存器)",
	.source = "doc.lobaro.com page 44106163; the word order is the vendor's",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.priv_size = sizeof(struct pressure_priv),
	.init = init,
	.own_points = own_points,
	.reads = reads,
	.get = get,
	.identify = identify,
	.address_by = "its maker's tool: families differ in the register",
};
