/* SPDX-License-Identifier: MIT
 *
 * Eastron SDM120 power meter, RS-485, delivered at 2400 or 9600 8N1: float32 input registers, high
 * word first. Holding 0x0014 (a float) is its unit id, 0xfc00-0xfc01 its serial number (meters from
 * about 2015 on; older ones refuse it: leave `serial` out there).
 */
#include <math.h>
#include <stdlib.h>
#include "drivers.h"
#include "rig/register.h"

#define POINT(n, q, u, low, high)                                                                  \
	{                                                                                          \
		.name = n, .quantity = q, .unit_name = u, .direction = POINT_READ, .lo = low,      \
		.hi = high                                                                         \
	}
static const struct driver_point points[] = {
	POINT("voltage", QUANTITY_VOLTAGE, "V", 0, 300),
	POINT("current", QUANTITY_CURRENT, "A", 0, 50),
	POINT("power", QUANTITY_POWER, "W", -12000, 12000),
	POINT("power_factor", QUANTITY_RATIO, "1", -1, 1),
	POINT("frequency", QUANTITY_FREQUENCY, "Hz", 40, 70),
	POINT("import_energy", QUANTITY_ENERGY, "kWh", 0, 9999999),
	POINT("energy", QUANTITY_ENERGY, "kWh", 0, 9999999),
};
static const uint16_t address[] = {0x0000, 0x0006, 0x000c, 0x001e, 0x0046, 0x0048, 0x0156};

static const struct driver_option options[] = {
	{"serial", OPTION_TEXT, "", 0, 0, NULL,
	 "serial number on its front, which registers 0xfc00-1 have to say; left out: not asked",
	 "面板上的序列号(寄存器 0xfc00-1);不填则不检查"},
};

static int init(struct driver_device *d, struct error *err)
{
	const char *s = driver_option(d, "serial");
	char *end = NULL;

	if (*s && (strtoull(s, &end, 10) > UINT32_MAX || *end || *s == '-' || *s == '+'))
		return error_set(err, ERR_CONFIG,
				 "serial is \"%.20s\"; expected the digits on the meter's front",
				 s);
	return 0;
}

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_INPUT, address[point], 2, true};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	double v;

	(void)d;
	if (!images[0].good || images[0].count < 2)
		return ERR_DEVICE;
	out->raw = register_decode(images[0].data, REGISTER_F32, ORDER_ABCD, &v);
	out->value = v;
	out->quality = QUALITY_GOOD;
	if (!isfinite(v)) {
		out->value = 0;
		out->quality = QUALITY_BAD_REPLY;
	} else if (v < points[point].lo || v > points[point].hi) {
		out->quality = QUALITY_OUT_OF_RANGE;
	}
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	const char *s = driver_option(d, "serial");
	uint32_t serial = (uint32_t)strtoull(s, NULL, 10);

	if (max < 2)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x0014, 2, false},
					  .mask = {0xffff, 0xffff},
					  .says = "its own unit id"};
	register_encode(out[0].expect, REGISTER_F32, ORDER_ABCD, d->fx->unit_id);
	if (!*s)
		return 1;
	out[1] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0xfc00, 2, false},
					  .expect = {(uint16_t)(serial >> 16), (uint16_t)serial},
					  .mask = {0xffff, 0xffff},
					  .says = "its serial number"};
	return 2;
}

/* Only in setup mode: hold its button for 3 s until it shows "-SEt-". */
static int set_address(const struct driver_device *d, int unit_id, struct bus_request *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = (struct bus_request){
		.kind = BUS_WRITE, .function = MODBUS_WRITE_REGISTERS, .first = 0x0014, .count = 2};
	register_encode(out[0].data, REGISTER_F32, ORDER_ABCD, unit_id);
	return 1;
}

const struct driver driver_sdm120 = {
	.name = "sdm120",
	.title_en = "Eastron SDM120 power meter",
	.title_zh = "Eastron SDM120 电能表",
	.source = "Eastron SDM120-Modbus protocol V2.4; mbmd meters/rs485/sdm.go",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.points = points,
	.point_count = sizeof(points) / sizeof(points[0]),
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.init = init,
	.reads = reads,
	.get = get,
	.identify = identify,
	.set_address = set_address,
	.address_by = "its button: hold it for 3 s until it shows -SEt-, then try again",
};
