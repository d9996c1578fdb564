/* SPDX-License-Identifier: MIT
 *
 * Waveshare Modbus RTU Relay 8CH, firmware V2 (V1, before 2021-09, does not speak Modbus properly):
 * coils 0..7, holding 0x8000 firmware version, 0x4000 unit id.
 *
 * Always the whole bank in one FC15 and one FC1 to read it back: half a write cannot happen unseen.
 * A relay that nobody uses is written off.
 */
#include "drivers.h"

enum { RELAYS = 8 };

#define RELAY(n)                                                                                   \
	{                                                                                          \
		.name = n, .quantity = QUANTITY_STATE, .direction = POINT_READ_WRITE, .lo = 0,     \
		.hi = 1, .resolution = 1                                                           \
	}
static const struct driver_point points[RELAYS] = {
	RELAY("relay1"), RELAY("relay2"), RELAY("relay3"), RELAY("relay4"),
	RELAY("relay5"), RELAY("relay6"), RELAY("relay7"), RELAY("relay8"),
};

/* One read of the bank serves all relays. */
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

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	if (max < 2)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x4000, 1, false},
					  .expect = {(uint16_t)d->fx->unit_id},
					  .mask = {0x00ff},
					  .says = "its own unit id"};
	/* Any version: boards that do not answer this are V1. */
	out[1] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 0x8000, 1, false},
					  .says = "its firmware version",
					  .stays = true};
	return 2;
}

static int set_address(const struct driver_device *d, int unit_id, struct bus_request *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = driver_write_register(0x4000, (uint16_t)unit_id);
	return 1;
}

const struct driver driver_waveshare_relay8 = {
	.name = "waveshare_relay8",
	.title_en = "Waveshare Modbus relay board, 8 channels",
	.title_zh = "微雪 8 路 Modbus 继电器板",
	.source = "Waveshare wiki, Modbus RTU Relay, firmware V2",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP,
	.points = points,
	.point_count = RELAYS,
	.reads = reads,
	.get = get,
	.identify = identify,
	.set_address = set_address,
	.set = set,
	.safe = set,
};
