/* SPDX-License-Identifier: MIT
 *
 * Serial ports: which device a fixture's name means today, and opening it so that nobody else
 * has it and its settings are really those of the fixture. One thread per port.
 */
#ifndef BUS_PORT_H
#define BUS_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "bus/bus.h"
#include "plan/fixture.h"

struct port {
	int fd;		    /* non-blocking, close-on-exec; -1 when closed */
	void *sp;	    /* libserialport's handle of a real port, NULL for a pty */
	bool is_pty;	    /* a pseudo-terminal: simulated */
	bool is_tcp;	    /* a connection, by wire_tcp_connect */
	int64_t latency_ns; /* the USB adapter's latency timer, 0 if it has none */
	char path[256];	    /* what it resolved to */
};

/* Is this one of the kernel's fixed rates? libmodbus would silently take 9600 for any other. */
bool port_is_baud(int baud);
#define PORT_BAUD_RATES                                                                            \
	"1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000 or 921600"
/* Resolve a fixture's port to a device node: "sim:NAME" in sim_dir (NULL: refused),
 * "usb:VID:PID:SERIAL" (hex, the serial may be empty when only one such adapter is there), or a
 * path. Names that depend on the order of plugging (ttyUSBn, ttyACMn) are refused. ERR_CONFIG,
 * ERR_NOT_FOUND, ERR_IO. */
int port_resolve(const char *name, const char *sim_dir, char *path, size_t size, struct error *err);
/* Open exclusively and set. ERR_BUSY names the process that holds it. */
int port_open(struct port *p, const struct fx_bus *bus, const char *sim_dir, struct error *err);
/* The same of a raw TCP connection, within timeout_ms. */
int port_connect(struct port *p, const struct fx_bus *bus, const char *sim_dir, int timeout_ms,
		 struct error *err);
void port_close(struct port *p);
/* The process that holds the lock of this device node, else one that has it open; 0 if none is
 * seen. name (32 bytes) may be NULL. */
int port_owner(const char *path, char *name);

/* Read what is there. Returns bytes, 0 when there is nothing now, ERR_CLOSED after a hang-up. */
int port_read(struct port *p, uint8_t *dst, size_t max, struct error *err);
/* What the port's driver has counted; ERR_NOT_FOUND: it does not. */
int port_uart(const struct port *p, struct bus_uart *out);
/* Write all or fail: a serial line takes a frame at once. */
int port_write(struct port *p, const uint8_t *bytes, size_t n, struct error *err);

#endif
