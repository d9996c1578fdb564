/* SPDX-License-Identifier: MIT
 *
 * Waveshare Modbus RTU Analog Input 8CH as a current input: input registers 0..7 in uA, mode of
 * each input in holding registers 0x1000..0x1007 (0: 0-5 V, 1: 1-5 V, 2: 0-20 mA, 3: 4-20 mA, 4:
 * raw).
 *
 * NAMUR NE 43: with 4-20 mA less than 3.6 mA is a broken wire and more than 21 mA a short: no
 * numbers.
 */
#include <string.h>
#include "drivers.h"

enum { INPUTS = 8, MODE_0_20_MA = 2, MODE_4_20_MA = 3 };

#define INPUT(n, from, to)                                                                         \
	{                                                                                          \
		.name = n, .quantity = QUANTITY_CURRENT, .unit_name = "mA",                        \
		.direction = POINT_READ, .lo = (from), .hi = (to), .resolution = 0.005             \
	}
#define INPUTS_OF(from, to)                                                                        \
	{                                                                                          \
		INPUT("ai1", from, to), INPUT("ai2", from, to), INPUT("ai3", from, to),            \
			INPUT("ai4", from, to), INPUT("ai5", from, to), INPUT("ai6", from, to),    \
			INPUT("ai7", from, to), INPUT("ai8", from, to),                            \
	}
static const struct driver_point points_4_20[INPUTS] = INPUTS_OF(3.6, 21);
static const struct driver_point points_0_20[INPUTS] = INPUTS_OF(0, 25);

static const struct driver_option options[] = {
	{"mode", OPTION_CHOICE, "4-20mA", 0, 0, "4-20mA|0-20mA", "mode all wired inputs are set to",
	 "已接输入的工作模式"},
	{"inputs", OPTION_INTEGER, "8", 1, INPUTS, NULL,
	 "inputs 1 to this one are wired; their mode is checked", "已接线的输入数,检查其模式"},
};

static bool is_4_20(const struct driver_device *d)
{
	return !strcmp(driver_option(d, "mode"), "4-20mA");
}

/* An input whose mode nobody checks is none. */
static const struct driver_point *own_points(const struct driver_device *d, int *count)
{
	*count = (int)driver_option_integer(d, "inputs");
	return is_4_20(d) ? points_4_20 : points_0_20;
}

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_INPUT, (uint16_t)point, 1, true};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	(void)point;
	if (!images[0].good || images[0].count < 1)
		return ERR_DEVICE;
	out->raw = images[0].data[0];
	out->value = (double)out->raw / 1000;
	out->quality = QUALITY_GOOD;
	if (is_4_20(d) && (out->raw < 3600 || out->raw > 21000))
		out->quality = QUALITY_BAD_REPLY;
	else if (out->raw > 25000)
		out->quality = QUALITY_OUT_OF_RANGE;
	return 0;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	long n = driver_option_integer(d, "inputs");

	if (max < 1)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x1000, (uint16_t)n, false},
					  .says = "the mode of its inputs"};
	for (int i = 0; i < n; i++) {
		out[0].expect[i] = is_4_20(d) ? MODE_4_20_MA : MODE_0_20_MA;
		out[0].mask[i] = 0xffff;
	}
	return 1;
}

static int set_address(const struct driver_device *d, int unit_id, struct bus_request *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = driver_write_register(0x4000, (uint16_t)unit_id);
	return 1;
}

const struct driver driver_waveshare_ai8 = {
	.name = "waveshare_ai8",
	.title_en = "Waveshare analog input, 8 x 4-20 mA",
	.title_zh = "微雪 8 路 4-20 mA 模拟量输入",
	.source = "Waveshare wiki, Modbus RTU Analog Input 8CH",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.own_points = own_points,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.reads = reads,
	.get = get,
	.identify = identify,
	.set_address = set_address,
};
