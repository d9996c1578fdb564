/* SPDX-License-Identifier: MIT
 *
 * A driver to copy: an imaginary thermostat with one temperature in an input register and one
 * relay. README.md tells the five steps. Compiled and tested, but not in drivers.c, so no fixture
 * can name it.
 *
 * Say here which devices this drives, with what settings they come out of the box, and what is
 * peculiar.
 */
#include "drivers.h"

/* Points: what the device measures or sets, in the unit at its pins. Dividers, shunts, spans and
 * offsets of the bench are the fixture's (from/to, gain/offset), never the driver's. lo..hi is what
 * the device can say; beyond it get answers OUT_OF_RANGE and never clips. */
enum { POINT_TEMPERATURE, POINT_HEATER };
static const struct driver_point points[] = {
	[POINT_TEMPERATURE] = {.name = "temperature",
			       .quantity = QUANTITY_TEMPERATURE,
			       .unit_name = "degC",
			       .direction = POINT_READ,
			       .lo = -40,
			       .hi = 125,
			       .resolution = 0.1},
	[POINT_HEATER] = {.name = "heater",
			  .quantity = QUANTITY_STATE,
			  .direction = POINT_READ_WRITE,
			  .lo = 0,
			  .hi = 1,
			  .resolution = 1},
};

/* Options: type, default (NULL: required), range or choices, help. The core has checked them before
 * any call here; read them by driver_option and its kin. Port, baud rate, unit id and time-outs are
 * the bus's, not options. */
static const struct driver_option options[] = {
	{"product_code", OPTION_INTEGER, "0x5301", 0, 0xffff, NULL,
	 "what register 0x0100 has to read", "寄存器 0x0100 的期望值"},
};

/* Reads, as data: function, first register, how many, and may the bus read over it together with
 * neighbours? */
static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	if (point == POINT_TEMPERATURE)
		out[0] = (struct driver_read){MODBUS_READ_INPUT, 0x0000, 1, true};
	else
		out[0] = (struct driver_read){MODBUS_READ_COILS, 0x0000, 1, true};
	return 1;
}

/* A pure decode: images are this point's reads in their order. What the device itself declares no
 * good is BAD_REPLY (here 0x8000: sensor broken). No clock is looked at, nothing kept. */
static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	(void)d;
	if (!images[0].good || images[0].count < 1)
		return ERR_DEVICE;
	out->quality = QUALITY_GOOD;
	if (point == POINT_HEATER) {
		out->raw = images[0].data[0] != 0;
		out->value = (double)out->raw;
		return 0;
	}
	out->raw = (int16_t)images[0].data[0];
	out->value = (double)out->raw / 10;
	if (images[0].data[0] == 0x8000)
		out->quality = QUALITY_BAD_REPLY;
	else if (out->value < points[point].lo || out->value > points[point].hi)
		out->quality = QUALITY_OUT_OF_RANGE;
	return 0;
}

/* What proves that the right device answers at this address; asked at start and before each run. */
static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	if (max < 1)
		return 0;
	out[0] = (struct driver_identity){
		.read = {MODBUS_READ_HOLDING, 0x0100, 1, false},
		.expect = {(uint16_t)driver_option_integer(d, "product_code")},
		.mask = {0xffff},
		.says = "its product code"};
	return 1;
}

/* Writes, as data, each with what has to be read back. Points come all at once, so that a bank is
 * one write. */
static int set(const struct driver_device *d, const int *which, const double *values, int n,
	       struct bus_request *out, int max)
{
	uint16_t on = n > 0 && values[0] >= 0.5;

	(void)d;
	(void)which;
	if (max < 1 || n != 1)
		return ERR_LIMIT;
	out[0] = (struct bus_request){.kind = BUS_WRITE,
				      .function = MODBUS_WRITE_COIL,
				      .first = 0x0000,
				      .count = 1,
				      .data = {on},
				      .verify = true,
				      .verify_function = MODBUS_READ_COILS,
				      .verify_first = 0x0000,
				      .verify_count = 1,
				      .verify_expect = {on},
				      .verify_mask = {1}};
	return 1;
}

/* The table stands last: names, where the map comes from, maturity (experimental until a trace of
 * the real device is in the tree), the buses it can sit on, and the calls. safe is set unless a
 * device has a shorter way. */
const struct driver driver_skel = {
	.name = "skel",
	.title_en = "Skeleton of a driver",
	.title_zh = "驱动骨架",
	.source = "nothing; a pattern",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.points = points,
	.point_count = sizeof(points) / sizeof(points[0]),
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.reads = reads,
	.get = get,
	.identify = identify,
	.set = set,
	.safe = set,
};
