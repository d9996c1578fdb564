/* SPDX-License-Identifier: MIT
 *
 * ICP DAS tM-R5 in Modbus RTU mode: 5 relays with a host watchdog, delivered at 9600 8N1, unit 1 (DCON
 * protocol: switch it to Modbus RTU with the maker's utility first).
 *
 * Counted from 0: coils 0-4 relays, 128-132 their safe values, 160-164 their values at power-on, 259
 * watchdog mode (1: a new output command ends the time-out), 260 watchdog on, 269 timed out; holding
 * 482-483 module name, 484 unit id, 488 watchdog in 0.1 s.
 *
 * The relays fall by themselves when no request has come for `watchdog_s`: this board is safe though
 * benchd-io, its computer or the line is dead. All of that is set when the board comes, and read back
 * before each run.
 */
#include <stdlib.h>
#include "drivers.h"

enum {
	RELAYS = 5,
	COIL_SAFE = 128,
	COIL_POWER_ON = 160,
	COIL_MODE = 259,
	REGISTER_NAME = 482,
	REGISTER_UNIT = 484,
	REGISTER_WATCHDOG = 488
};

#define RELAY(n)                                                                                   \
	{                                                                                          \
		.name = n, .quantity = QUANTITY_STATE, .direction = POINT_READ_WRITE, .lo = 0,     \
		.hi = 1, .resolution = 1                                                           \
	}
static const struct driver_point points[RELAYS] = {
	RELAY("relay1"), RELAY("relay2"), RELAY("relay3"), RELAY("relay4"), RELAY("relay5"),
};

static const struct driver_option options[] = {
	{"watchdog_s", OPTION_NUMBER, "1.5", 1, WATCHDOG_MAX_S, NULL,
	 "comms watchdog it is set to, in s; at most 2", "通信看门狗,秒;最长 2 秒"},
};

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	(void)point;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_COILS, 0, RELAYS, false};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	(void)d;
	return driver_get_coil(&images[0], point, RELAYS, out);
}

static int set(const struct driver_device *d, const int *which, const double *values, int n,
	       struct bus_request *out, int max)
{
	(void)d;
	if (max < 1)
		return ERR_LIMIT;
	out[0] = driver_write_coils(0, RELAYS);
	for (int i = 0; i < n; i++)
		driver_set_coil(&out[0], which[i], values[i] >= 0.5);
	return 1;
}

static uint16_t tenths(const struct driver_device *d)
{
	return (uint16_t)(driver_option_number(d, "watchdog_s") * 10 + 0.5);
}

static int settings(const struct driver_device *d, struct bus_request *out, int max)
{
	if (max < 4)
		return 0;
	out[0] = driver_write_coils(COIL_SAFE, RELAYS);
	out[1] = driver_write_coils(COIL_POWER_ON, RELAYS);
	out[2] = (struct bus_request){.kind = BUS_WRITE,
				      .function = MODBUS_WRITE_REGISTER,
				      .first = REGISTER_WATCHDOG,
				      .count = 1,
				      .data = {tenths(d)},
				      .verify = true,
				      .verify_function = MODBUS_READ_HOLDING,
				      .verify_first = REGISTER_WATCHDOG,
				      .verify_count = 1,
				      .verify_expect = {tenths(d)},
				      .verify_mask = {0xffff}};
	/* mode and on, after the time they go by */
	out[3] = driver_write_coils(COIL_MODE, 2);
	for (int i = 0; i < 2; i++)
		driver_set_coil(&out[3], i, true);
	return 4;
}

static int64_t watchdog_ns(const struct driver_device *d)
{
	return (int64_t)tenths(d) * 100000000;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	if (max < 2)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, REGISTER_UNIT, 1, false},
					  .expect = {(uint16_t)d->fx->unit_id},
					  .mask = {0xffff},
					  .says = "its own unit id"};
	/* Its name is not in the quick start: what it said first has to stay. */
	out[1] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, REGISTER_NAME, 2, false},
					  .says = "its module name",
					  .stays = true};
	return 2;
}

static int set_address(const struct driver_device *d, int unit_id, struct bus_request *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = driver_write_register(REGISTER_UNIT, (uint16_t)unit_id);
	return 1;
}

const struct driver driver_tm_r5 = {
	.name = "tm_r5",
	.title_en = "ICP DAS tM-R5, 5 relays with a host watchdog",
	.title_zh = "泓格 tM-R5 5 路继电器(带主机看门狗)",
	.source = "ICP DAS tM-R5 Quick Start, section 8, Modbus address mapping",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU,
	.points = points,
	.point_count = RELAYS,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.reads = reads,
	.get = get,
	.identify = identify,
	.set_address = set_address,
	.settings = settings,
	.watchdog_ns = watchdog_ns,
	.set = set,
	.safe = set,
};
