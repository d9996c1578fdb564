/* SPDX-License-Identifier: MIT
 *
 * Two small doors: frames out on a serial descriptor of ours by libmodbus (modbus.h is included by
 * wire_rtu.c only), and whole transactions on TCP.
 */
#ifndef BUS_WIRE_H
#define BUS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "bus/mbap.h"
#include "plan/fixture.h"

/* RTU: framing and CRC are libmodbus's, the descriptor and all reading are ours. */
struct wire_rtu;
struct wire_rtu *wire_rtu_new(const char *path, const struct fx_bus *bus, int fd,
			      struct error *err);
void wire_rtu_free(struct wire_rtu *w); /* leaves the descriptor open; NULL allowed */
int wire_rtu_send(struct wire_rtu *w, uint8_t unit, const uint8_t *pdu, size_t n,
		  struct error *err);

/* A connection to where a bus's port leads, within timeout_ms: its descriptor, blocking. */
int wire_tcp_connect(const struct fx_bus *bus, const char *sim_dir, int timeout_ms, char *peer,
		     size_t size, struct error *err);

/* TCP: "host:port", "[v6]:port", or "sim:NAME" by the file SIM_DIR/NAME.tcp that holds "host:port".
 */
struct wire_tcp;
/* Connects within timeout_ms. */
struct wire_tcp *wire_tcp_open(const struct fx_bus *bus, const char *sim_dir, int timeout_ms,
			       struct error *err);
void wire_tcp_free(struct wire_tcp *w); /* closes; NULL allowed */
int wire_tcp_fd(const struct wire_tcp *w);
const char *wire_tcp_peer(const struct wire_tcp *w); /* "host:port" */
/* One transaction; only the answer of that unit to that question is one. After any error the
 * connection is of no more use. */
int wire_tcp_transact(struct wire_tcp *w, uint8_t unit, const uint8_t *pdu, size_t n,
		      uint8_t *reply, size_t max, size_t *reply_n, int64_t timeout_ns,
		      struct error *err);

/* Takes the answer by then (CLOCK_MONOTONIC); 0, ERR_TIMEOUT, ERR_CLOSED or ERR_PROTOCOL. */
int wire_answer(int fd, struct mbap_answer *a, int64_t until_ns, struct error *err);

/* Who answers on a TCP bus (who.c); zeroed at first. */
struct who {
	bool is_benchsim; /* one of them said so; stays */
	uint8_t asked[32], silences;
};
/* Ask each of these units (bus_config.ask_units) once who it is, on a connection just made. 0: go on
 * with it; negative: one kept silent, a late answer of its may still come, connect again. It is asked
 * three times, 400 ms each, for a busy benchsim must not be taken for a real device. */
int who_ask(struct who *w, int fd, const uint8_t units[32]);
/* The same of a connection; NULL: it was freed, connect again. */
struct wire_tcp *who_connected(struct who *w, struct wire_tcp *tcp, const uint8_t units[32],
			       struct error *err);

#endif
