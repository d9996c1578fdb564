/* SPDX-License-Identifier: MIT
 *
 * Power meter PZEM-016 (and PZEM-004T v3): input registers, two-register values low word first
 * (CDAB), 9600 8N1.
 */
#include "drivers.h"
#include "rig/register.h"

static const struct {
	uint16_t first;
	enum register_type type;
	double scale;
} map[] = {
	{0, REGISTER_U16, 0.1},	  /* V */
	{1, REGISTER_U32, 0.001}, /* A */
	{3, REGISTER_U32, 0.1},	  /* W */
	{5, REGISTER_U32, 1},	  /* Wh */
	{7, REGISTER_U16, 0.1},	  /* Hz */
	{8, REGISTER_U16, 1},	  /* %: hundredths of the power factor */
	{9, REGISTER_U16, 1},	  /* 0xffff while above the threshold */
};

#define POINT(n, q, u, high, res)                                                                  \
	{                                                                                          \
		.name = n, .quantity = q, .unit_name = u, .direction = POINT_READ, .lo = 0,        \
		.hi = high, .resolution = res                                                      \
	}
static const struct driver_point points[] = {
	POINT("voltage", QUANTITY_VOLTAGE, "V", 260, 0.1),
	POINT("current", QUANTITY_CURRENT, "A", 100, 0.001),
	POINT("power", QUANTITY_POWER, "W", 23000, 0.1),
	POINT("energy", QUANTITY_ENERGY, "Wh", 9999999, 1),
	POINT("frequency", QUANTITY_FREQUENCY, "Hz", 65, 0.1),
	POINT("power_factor", QUANTITY_RATIO, "%", 100, 1),
	POINT("alarm", QUANTITY_STATE, NULL, 1, 1),
};
enum { POINT_ALARM = 6 };

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_INPUT, map[point].first,
				      (uint16_t)register_count(map[point].type), true};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	double v;

	(void)d;
	if (!images[0].good || images[0].count < register_count(map[point].type))
		return ERR_DEVICE;
	out->raw = register_decode(images[0].data, map[point].type, ORDER_CDAB, &v);
	out->value = v * map[point].scale;
	out->quality = QUALITY_GOOD;
	if (point == POINT_ALARM) {
		out->value = out->raw == 0xffff;
		if (out->raw != 0 && out->raw != 0xffff)
			out->quality = QUALITY_BAD_REPLY;
	} else if (out->value > points[point].hi) {
		out->quality = QUALITY_OUT_OF_RANGE;
	}
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	if (max < 1)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x0002, 1, false},
					  .expect = {(uint16_t)d->fx->unit_id},
					  .mask = {0xffff},
					  .says = "its own unit id"};
	return 1;
}

static int set_address(const struct driver_device *d, int unit_id, struct bus_request *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = driver_write_register(0x0002, (uint16_t)unit_id);
	return 1;
}

const struct driver driver_pzem016 = {
	.name = "pzem016",
	.title_en = "Power meter PZEM-016",
	.title_zh = "PZEM-016 电能表",
	.source = "PZEM-004T v3 / PZEM-016 manual, register table of PZEM004Tv30.cpp",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.points = points,
	.point_count = sizeof(points) / sizeof(points[0]),
	.reads = reads,
	.get = get,
	.identify = identify,
	.set_address = set_address,
};
