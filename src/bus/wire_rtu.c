/* SPDX-License-Identifier: MIT
 *
 * libmodbus is given a descriptor that is open already (modbus_set_socket): it never opens, closes
 * or reads the port. modbus_close is not called, since it would set the old termios and close.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdlib.h>
#include <string.h>
#include "bus/rtu.h"
#include "wire.h"

struct wire_rtu {
	modbus_t *ctx;
};

struct wire_rtu *wire_rtu_new(const char *path, const struct fx_bus *bus, int fd, struct error *err)
{
	struct wire_rtu *w = xcalloc(1, sizeof(*w));

	w->ctx = modbus_new_rtu(path, bus->baud, bus->parity, 8, bus->stop_bits);
	if (!w->ctx) {
		error_set(err, ERR_CONFIG, "bus %s: %d baud, parity %c, %d stop bits: %s",
			  bus->name, bus->baud, bus->parity, bus->stop_bits,
			  modbus_strerror(errno));
		free(w);
		return NULL;
	}
	modbus_set_socket(w->ctx, fd);
	return w;
}

void wire_rtu_free(struct wire_rtu *w)
{
	if (!w)
		return;
	modbus_set_socket(w->ctx, -1);
	modbus_free(w->ctx);
	free(w);
}

int wire_rtu_send(struct wire_rtu *w, uint8_t unit, const uint8_t *pdu, size_t n, struct error *err)
{
	uint8_t raw[RTU_PDU_MAX + 1];

	if (n > RTU_PDU_MAX)
		return error_set(err, ERR_RANGE, "request of %zu bytes, at most %d", n,
				 RTU_PDU_MAX);
	raw[0] = unit;
	memcpy(raw + 1, pdu, n);
	if (modbus_send_raw_request(w->ctx, raw, (int)n + 1) < 0)
		return error_set(err, ERR_CLOSED, "port does not take bytes: %s",
				 modbus_strerror(errno));
	return 0;
}
