/* SPDX-License-Identifier: MIT
 *
 * Advantech ADAM-4117 and ADAM-4017+ in Modbus mode: 8 analog inputs, here as current inputs.
 *
 * Registers (from 0): 0-7 inputs, 0..65535 over the range; coils 0-7 burn-out flags; holding
 * 200-207 range code of each input (0x07: 4-20 mA, 0x0d: +-20 mA), 210 module name (0x4117, 0x4017),
 * 212-213 firmware version.
 *
 * The converter stops at the ends of its range: the top says only "20 mA or more", which is no
 * number. At the bottom of 4-20 mA what lies between broken wire (3.6 mA, told by the flag) and 4 mA
 * reads 4 mA: up to 2.5 % of the span too much, below the sensor's zero.
 */
#include <string.h>
#include "drivers.h"

enum { INPUTS = 8, RANGE_4_20_MA = 0x07, RANGE_20_MA = 0x0d, FULL = 65535 };

#define INPUT(n, from)                                                                             \
	{                                                                                          \
		.name = n, .quantity = QUANTITY_CURRENT, .unit_name = "mA",                        \
		.direction = POINT_READ, .lo = (from), .hi = 20, .resolution = 0.005               \
	}
#define INPUTS_FROM(from)                                                                          \
	{                                                                                          \
		INPUT("ai0", from), INPUT("ai1", from), INPUT("ai2", from), INPUT("ai3", from),    \
			INPUT("ai4", from), INPUT("ai5", from), INPUT("ai6", from),                \
			INPUT("ai7", from),                                                        \
	}
static const struct driver_point points_4_20[INPUTS] = INPUTS_FROM(4);
static const struct driver_point points_20[INPUTS] = INPUTS_FROM(-20);

static const struct driver_option options[] = {
	{"model", OPTION_CHOICE, "4117", 0, 0, "4117|4017", "what register 210 has to say",
	 "模块型号(寄存器 210)"},
	{"range", OPTION_CHOICE, "4-20mA", 0, 0, "4-20mA|20mA",
	 "range all wired inputs are set to; 20mA is -20 to 20 mA",
	 "已接输入的量程;20mA 表示 -20 至 20 mA"},
	{"inputs", OPTION_INTEGER, "8", 1, INPUTS, NULL,
	 "inputs 0 up to this many are wired; their range is checked", "已接线的输入数,检查其量程"},
};

static bool is_4_20(const struct driver_device *d)
{
	return !strcmp(driver_option(d, "range"), "4-20mA");
}

/* An input whose range nobody checks is none. */
static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	*count = (int)driver_option_integer(d, "inputs");
	return is_4_20(d) ? points_4_20 : points_20;
}

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	if (max < 2)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_INPUT, (uint16_t)point, 1, true};
	out[1] = (struct driver_read){MODBUS_READ_COILS, (uint16_t)point, 1, true};
	return 2;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	(void)point;
	if (!images[0].good || images[0].count < 1 || !images[1].good || images[1].count < 1)
		return ERR_DEVICE;
	out->raw = images[0].data[0];
	out->value = is_4_20(d) ? 4 + 16 * (double)out->raw / FULL
				: -20 + 40 * (double)out->raw / FULL;
	out->quality = QUALITY_GOOD;
	if (images[1].data[0])
		out->quality = QUALITY_BAD_REPLY;
	else if (out->raw == FULL || (out->raw == 0 && !is_4_20(d)))
		out->quality = QUALITY_OUT_OF_RANGE;
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	long n = driver_option_integer(d, "inputs");
	bool old = !strcmp(driver_option(d, "model"), "4017");

	if (max < 3)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 210, 1, false},
					  .expect = {old ? 0x4017 : 0x4117},
					  .mask = {0xffff},
					  .says = "its module name"};
	out[1] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 200, (uint16_t)n, false},
					  .says = "the range of its inputs"};
	for (int i = 0; i < n; i++) {
		out[1].expect[i] = is_4_20(d) ? RANGE_4_20_MA : RANGE_20_MA;
		out[1].mask[i] = 0xffff;
	}
	out[2] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 212, 2, false},
					  .says = "its firmware version",
					  .stays = true};
	return 3;
}

const struct driver driver_adam4117 = {
	.name = "adam4117",
	.title_en = "Advantech ADAM-4117 / 4017+, 8 current inputs",
	.title_zh = "研华 ADAM-4117 / 4017+ 8 路电流输入",
	.source = "ADAM-4000 and ADAM-4100 manuals, Modbus mapping tables (appendices G and B)",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.own_points = own_points,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.reads = reads,
	.get = get,
	.identify = identify,
	.address_by = "its rotary or INIT setting and the maker's utility",
};
