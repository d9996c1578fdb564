/* SPDX-License-Identifier: MIT
 *
 * Pressure transmitter of the integer family (MPD-380, QDX and the like), RS-485, 9600 8N1, id 1.
 *
 * Holding registers: 0x0000 id, 0x0001 baud code (3: 9600), 0x0002 unit (0 MPa, 1 kPa, 2 Pa, 3 bar,
 * 4 mbar, 5 kg/cm2, 6 psi), 0x0003 decimals 0-4, 0x0004 value (signed), 0x0005 zero, 0x0006 full
 * scale. Writing 0 to 0x000f saves, 1 to 0x0010 resets to the factory's settings.
 *
 * Unit and decimals are read with each value, in one answer: a transmitter that was reset between
 * two readings says a number of another scale, and that is no value.
 */
#include <math.h>
#include "drivers.h"

enum { REGISTER_UNIT, REGISTER_DECIMALS, REGISTER_VALUE, REGISTERS };

struct pressure_priv {
	struct driver_point point;
	double mpa; /* per step of the value */
	uint16_t unit, decimals;
};

static const double unit_mpa[] = {1, 1e-3, 1e-6, 0.1, 1e-4, 0.0980665, 0.006894757293168};

static const struct driver_option options[] = {
	{"unit", OPTION_CHOICE, "MPa", 0, 0, "MPa|kPa|Pa|bar|mbar|kg/cm2|psi",
	 "unit it must be set to (register 2)", "应设定的单位(寄存器 2)"},
	{"decimals", OPTION_INTEGER, "3", 0, 4, NULL, "decimals it must be set to (register 3)",
	 "应设定的小数位数(寄存器 3)"},
	{"full_scale_mpa", OPTION_NUMBER, "1.6", 0.001, 100, NULL,
	 "end of its range, in MPa; 2.5 % more is no value", "满量程,MPa;超出 2.5 % 视为无效"},
};

static uint16_t unit_code(const struct driver_device *d)
{
	static const char first[] = "MkPbmkp"; /* MPa kPa Pa bar mbar kg/cm2 psi */
	const char *s = driver_option(d, "unit");
	uint16_t code = 0;

	if (s[0] == 'k' && s[1] == 'g')
		return 5;
	while (first[code] != s[0])
		code++;
	return code;
}

static int init(struct driver_device *d, struct error *err)
{
	struct pressure_priv *p = d->priv;
	double full = driver_option_number(d, "full_scale_mpa");

	p->unit = unit_code(d);
	p->decimals = (uint16_t)driver_option_integer(d, "decimals");
	p->mpa = unit_mpa[p->unit] / pow(10, p->decimals);
	if (full > INT16_MAX * p->mpa)
		return error_set(err, ERR_CONFIG,
				 "with this unit and %u decimals the register ends at %.4g MPa, "
				 "below full_scale_mpa; expected fewer decimals",
				 p->decimals, INT16_MAX * p->mpa);
	p->point = (struct driver_point){.name = "pressure",
					 .quantity = QUANTITY_PRESSURE,
					 .unit_name = "MPa",
					 .direction = POINT_READ,
					 .lo = -0.1,
					 .hi = 1.025 * full,
					 .resolution = p->mpa};
	return 0;
}

static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	const struct pressure_priv *p = d->priv;

	*count = 1;
	return &p->point;
}

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	(void)point;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_HOLDING, 0x0002, REGISTERS, true};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	const struct pressure_priv *p = d->priv;
	const uint16_t *r = images[0].data;

	(void)point;
	if (!images[0].good || images[0].count < REGISTERS)
		return ERR_DEVICE;
	out->raw = (int16_t)r[REGISTER_VALUE];
	out->value = (double)out->raw * p->mpa;
	out->quality = QUALITY_GOOD;
	if (r[REGISTER_UNIT] != p->unit || r[REGISTER_DECIMALS] != p->decimals)
		out->quality = QUALITY_BAD_REPLY;
	else if (out->value < p->point.lo || out->value > p->point.hi)
		out->quality = QUALITY_OUT_OF_RANGE;
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	const struct pressure_priv *p = d->priv;

	if (max < 2)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x0000, 1, false},
					  .expect = {(uint16_t)d->fx->unit_id},
					  .mask = {0xffff},
					  .says = "its own unit id"};
	out[1] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x0002, 2, false},
					  .expect = {p->unit, p->decimals},
					  .mask = {0xffff, 0xffff},
					  .says = "its unit and decimals"};
	return 2;
}

/* The new id counts at once; 0 into 0x000f, sent to it, keeps it. */
static int set_address(const struct driver_device *d, int unit_id, struct bus_request *out, int max)
{
	(void)d;
	if (max < 2)
		return 0;
	out[0] = driver_write_register(0x0000, (uint16_t)unit_id);
	out[1] = (struct bus_request){.kind = BUS_WRITE,
				      .function = MODBUS_WRITE_REGISTER,
				      .first = 0x000f,
				      .count = 1,
				      .unit = (uint8_t)unit_id};
	return 2;
}

const struct driver driver_pressure_i16 = {
	.name = "pressure_i16",
	.title_en = "Pressure transmitter, integer register",
	.title_zh = "压力变送器(整数寄存器)",
	.source = "doc.lobaro.com page 44105883 (transmitter MPD-380 class)",
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
	.set_address = set_address,
};
