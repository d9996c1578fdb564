/* SPDX-License-Identifier: MIT
 *
 * Conductivity and TDS probe of the ECTDS10 class (Seeed S-EC-01), RS-485, 9600 8N1.
 *
 * All values are single holding registers. The probe compensates conductivity to 25 degC itself
 * with the coefficient in register 0x0022, so identify refuses a probe whose coefficient is not the
 * fixture's: its readings would be off by some 2 % at 15 degC and look right.
 */
#include "drivers.h"

enum { POINT_TEMPERATURE, POINT_CONDUCTIVITY, POINT_SALINITY, POINT_TDS };

static const struct driver_point points[] = {
	[POINT_TEMPERATURE] = {.name = "temperature",
			       .quantity = QUANTITY_TEMPERATURE,
			       .unit_name = "degC",
			       .direction = POINT_READ,
			       .lo = -10,
			       .hi = 80,
			       .resolution = 0.01},
	[POINT_CONDUCTIVITY] = {.name = "conductivity",
				.quantity = QUANTITY_CONDUCTIVITY,
				.unit_name = "uS/cm",
				.direction = POINT_READ,
				.lo = 0,
				.hi = 20000,
				.resolution = 1},
	[POINT_SALINITY] = {.name = "salinity",
			    .quantity = QUANTITY_TDS,
			    .unit_name = "mg/L",
			    .direction = POINT_READ,
			    .lo = 0,
			    .hi = 20000,
			    .resolution = 1},
	[POINT_TDS] = {.name = "tds",
		       .quantity = QUANTITY_TDS,
		       .unit_name = "mg/L",
		       .direction = POINT_READ,
		       .lo = 0,
		       .hi = 20000,
		       .resolution = 1},
};
static const uint16_t address[] = {0x0000, 0x0002, 0x0003, 0x0004};

static const struct driver_option options[] = {
	{"temperature_coefficient", OPTION_NUMBER, "2.0", 0, 10, NULL,
	 "compensation in %/K that the probe must be set to (register 0x0022)",
	 "探头应设定的温度补偿系数,%/K(寄存器 0x0022)"},
};

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_HOLDING, address[point], 1, true};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	uint16_t r;

	(void)d;
	if (!images[0].good || images[0].count < 1)
		return ERR_DEVICE;
	r = images[0].data[0];
	out->quality = QUALITY_GOOD;
	if (point == POINT_TEMPERATURE) {
		out->raw = (int16_t)r;
		out->value = (double)out->raw / 100;
	} else {
		out->raw = r;
		out->value = r;
	}
	if (out->value < points[point].lo || out->value > points[point].hi)
		out->quality = QUALITY_OUT_OF_RANGE;
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	if (max < 2)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x0200, 1, false},
					  .expect = {(uint16_t)d->fx->unit_id},
					  .mask = {0xffff},
					  .says = "its own unit id"};
	out[1] = (struct driver_identity){
		.read = {MODBUS_READ_HOLDING, 0x0022, 1, false},
		.expect = {(uint16_t)(driver_option_number(d, "temperature_coefficient") * 10 +
				      0.5)},
		.mask = {0xffff},
		.says = "its temperature coefficient"};
	return 2;
}

static int set_address(const struct driver_device *d, int unit_id, struct bus_request *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = driver_write_register(0x0200, (uint16_t)unit_id);
	return 1;
}

const struct driver driver_ectds10 = {
	.name = "ectds10",
	.title_en = "EC/TDS probe, ECTDS10 class",
	.title_zh = "电导率/TDS 探头(ECTDS10 类)",
	.source = "Seeed ECTDS10 user guide p. 11",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.points = points,
	.point_count = sizeof(points) / sizeof(points[0]),
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.reads = reads,
	.get = get,
	.identify = identify,
	.set_address = set_address,
};
