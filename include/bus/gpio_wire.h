/* SPDX-License-Identifier: MIT
 *
 * What is spoken on the Unix socket that stands in for a GPIO chip.
 *
 * The stand-in (server: benchsim) listens on SIM_DIR/NAME.gpio, a SOCK_SEQPACKET
 * socket; the fixture's port is "sim:NAME". The bus layer (client) connects as it would
 * open /dev/gpiochipN. Every packet is exactly one struct gpio_wire_msg in the host's
 * byte order; a packet of any other length, another magic or an unknown kind
 * is a protocol error: the receiver closes the connection.
 *
 *   client                                chip
 *   HELLO {name: consumer}            ->
 *                                     <-  WELCOME {name: label, line: number of lines}
 *   REQUEST {name, mode, bias, value} ->      one per line, answered in order
 *                                     <-  GRANTED {line, value}  or
 *                                         REFUSED {code: errno, name, text: consumer holding it}
 *   SET {line, value}                 ->      GPIO_OUT only
 *                                     <-  DONE {line, value, code: 0 or errno}
 *                                     <-  EDGE {line, value, at_ns}       GPIO_IN: each change
 *                                     <-  PULSES {line, pulses, first_ns, last_ns}  GPIO_PULSE
 *
 * - Levels are those of the pin: 1 is high. Active-low is undone by the client.
 * - name of REQUEST is the line's name, or its offset in decimal. Each line may be held
 *   by one client at a time (else REFUSED with EBUSY and the holder's consumer name in text);
 *   ENOENT for a line the chip does not have.
 * - value of REQUEST is the output's first level (GPIO_OUT), driven before GRANTED is sent.
 *   value of GRANTED is the level at that moment: no edge is sent for it.
 * - SETs are answered in the order sent; EDGE and PULSES may come between a SET and its DONE.
 * - Times are CLOCK_MONOTONIC ns of the moment the chip saw the edge, never decreasing per line.
 * - PULSES count rising edges since the last PULSES of that line, sent at most every 5 ms and
 *   at least every 20 ms while there are any; first_ns and last_ns are the times of the first
 *   and the last of them (equal when pulses is 1).
 * - The chip never blocks: when the socket is full it keeps counting pulses into
 *   the next PULSES, and for levels sends the latest one as soon as it can. Nothing is lost but
 *   the times of levels in between.
 * - When the client closes or dies the chip releases its lines: an output falls back to its pull,
 *   as a gpio-sim line does.
 */
#ifndef BUS_GPIO_WIRE_H
#define BUS_GPIO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GPIO_WIRE_MAGIC = 0x31495047 /* "GPI1", little endian */ };

enum gpio_wire_kind {
	GPIO_WIRE_HELLO = 1, /* client */
	GPIO_WIRE_WELCOME,   /* chip */
	GPIO_WIRE_REQUEST,   /* client */
	GPIO_WIRE_GRANTED,   /* chip */
	GPIO_WIRE_REFUSED,   /* chip */
	GPIO_WIRE_SET,	     /* client */
	GPIO_WIRE_DONE,	     /* chip */
	GPIO_WIRE_EDGE,	     /* chip */
	GPIO_WIRE_PULSES     /* chip */
};

/* 112 bytes, no padding. Fields a kind does not use are 0. */
struct gpio_wire_msg {
	uint32_t magic;	    /* GPIO_WIRE_MAGIC */
	uint16_t kind;	    /* enum gpio_wire_kind */
	uint16_t line;	    /* offset on the chip; WELCOME: number of lines */
	uint8_t mode;	    /* REQUEST: enum gpio_mode of bus/bus.h */
	int8_t bias;	    /* REQUEST: as struct bus_line */
	uint8_t value;	    /* pin level, 0 or 1 */
	uint8_t reserved;   /* 0 */
	int32_t code;	    /* REFUSED, DONE: errno, 0 for success */
	uint32_t pulses;    /* PULSES: at least 1 */
	uint32_t reserved2; /* 0 */
	int64_t at_ns;	    /* EDGE */
	int64_t first_ns;   /* PULSES */
	int64_t last_ns;    /* PULSES */
	char name[32];	    /* NUL-terminated */
	char text[32];	    /* NUL-terminated */
};

/* A zeroed message of that kind. */
void gpio_wire_init(struct gpio_wire_msg *m, enum gpio_wire_kind kind);
/* Is this packet well-formed and of a kind that this side may send? Strings terminated, values in
 * range, times in order. from_chip: it came from the chip. */
bool gpio_wire_check(const struct gpio_wire_msg *m, size_t n, bool from_chip);

#endif
