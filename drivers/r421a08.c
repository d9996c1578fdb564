/* SPDX-License-Identifier: MIT
 *
 * Eletechsup R421A08 (and R4D8B08): 8 relays set by command registers, 9600 8N1, unit id by DIP
 * switch. All relays are off after power-up.
 *
 * Function 6 on register 1..8 is a command to that relay: 0x0100 on, 0x0200 off (0x03 toggles, 0x04
 * latches, 0x05 is a pulse, 0x06ss off after ss seconds: not used); on register 0, 0x0800 puts all
 * off. Function 3 on 1..8 tells 0 or 1. It knows no other function, no broadcast, and nothing to
 * tell it by: only that the eight registers answer with 0 or 1.
 *
 * All off is one write. Anything else is a write for each relay, so the board is slow to set (some
 * 0.3 s at 9600) and quick to make safe only where safe is all off.
 */
#include "drivers.h"

enum { RELAYS = 8, COMMAND_ON = 0x0100, COMMAND_OFF = 0x0200, COMMAND_ALL_OFF = 0x0800 };

#define RELAY(n)                                                                                   \
	{                                                                                          \
		.name = n, .quantity = QUANTITY_STATE, .direction = POINT_READ_WRITE, .lo = 0,     \
		.hi = 1, .resolution = 1                                                           \
	}
static const struct driver_point points[RELAYS] = {
	RELAY("relay1"), RELAY("relay2"), RELAY("relay3"), RELAY("relay4"),
	RELAY("relay5"), RELAY("relay6"), RELAY("relay7"), RELAY("relay8"),
};

static int reads(const struct driver_device *d, int point, struct driver_read *out, int max)
{
	(void)d;
	(void)point;
	if (max < 1)
		return 0;
	out[0] = (struct driver_read){MODBUS_READ_HOLDING, 1, RELAYS, false};
	return 1;
}

static int get(const struct driver_device *d, int point, const struct driver_image *images,
	       struct driver_value *out)
{
	(void)d;
	if (!images[0].good || images[0].count < RELAYS)
		return ERR_DEVICE;
	out->raw = images[0].data[point];
	out->value = out->raw != 0;
	out->quality = out->raw <= 1 ? QUALITY_GOOD : QUALITY_BAD_REPLY;
	return 0;
}

static int all_off(struct bus_request *out)
{
	*out = (struct bus_request){.kind = BUS_WRITE,
				    .function = MODBUS_WRITE_REGISTER,
				    .first = 0,
				    .count = 1,
				    .data = {COMMAND_ALL_OFF},
				    .verify = true,
				    .verify_function = MODBUS_READ_HOLDING,
				    .verify_first = 1,
				    .verify_count = RELAYS};
	for (int i = 0; i < RELAYS; i++)
		out->verify_mask[i] = 0xffff;
	return 1;
}

static int set(const struct driver_device *d, const int *which, const double *values, int n,
	       struct bus_request *out, int max)
{
	bool any = false;

	(void)d;
	for (int i = 0; i < n; i++)
		any = any || values[i] >= 0.5;
	if (max < 1 || n > max)
		return ERR_LIMIT;
	if (!any)
		return all_off(out);
	for (int i = 0; i < n; i++) {
		bool on = values[i] >= 0.5;
		uint16_t relay = (uint16_t)(1 + which[i]);

		out[i] = (struct bus_request){.kind = BUS_WRITE,
					      .function = MODBUS_WRITE_REGISTER,
					      .first = relay,
					      .count = 1,
					      .data = {on ? COMMAND_ON : COMMAND_OFF},
					      .verify = true,
					      .verify_function = MODBUS_READ_HOLDING,
					      .verify_first = relay,
					      .verify_count = 1,
					      .verify_expect = {on},
					      .verify_mask = {0xffff}};
	}
	return n;
}

static int identify(const struct driver_device *d, struct driver_identity *out, int max)
{
	(void)d;
	if (max < 1)
		return 0;
	out[0] = (struct driver_identity){.read = {MODBUS_READ_HOLDING, 1, RELAYS, false},
					  .says = "the state of its relays"};
	for (int i = 0; i < RELAYS; i++)
		out[0].mask[i] = 0xfffe;
	return 1;
}

const struct driver driver_r421a08 = {
	.name = "r421a08",
	.title_en = "Eletechsup R421A08 relay board, 8 channels",
	.title_zh = "Eletechsup R421A08 8 路继电器板",
	.source = "Erriez/R421A08-rs485-8ch-relay-board, relay_boards/R421A08.py",
	.maturity = DRIVER_EXPERIMENTAL,
	.buses = 1u << BUS_MODBUS_RTU,
	.points = points,
	.point_count = RELAYS,
	.reads = reads,
	.get = get,
	.identify = identify,
	.address_by = "its DIP switches",
	.set = set,
	.safe = set,
};
