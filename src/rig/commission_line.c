/* SPDX-License-Identifier: MIT
 *
 * One serial line, one question at a time: for commissioning, where nothing else is to be done.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "scan.h"

#define QUIET_NS (25 * NS_PER_MS) /* an answer that came to a halt is over: USB packets come late */

int scan_line_open(struct scan_line *l, const struct commission *c, const char *port, int baud)
{
	struct error err = {0};
	int rc;

	*l = (struct scan_line){.bus = {.name = "line",
					.kind = BUS_MODBUS_RTU,
					.port = port,
					.baud = baud,
					.parity = c->parity,
					.stop_bits = 1},
				.timeout_ms = c->timeout_ms};
	rc = port_open(&l->port, &l->bus, c->sim_dir, &err);
	if (!rc)
		return 0;
	fprintf(stderr, "benchd-io: %s%s\n", err.text,
		rc == ERR_BUSY ? "; stop the station first: systemctl stop benchd" : "");
	return rc == ERR_BUSY ? COMMISSION_HELD : COMMISSION_USAGE;
}

void scan_line_close(struct scan_line *l)
{
	port_close(&l->port);
}

static bool drain(struct scan_line *l)
{
	uint8_t junk[256];
	struct error err;
	int n;

	while ((n = port_read(&l->port, junk, sizeof(junk), &err)) > 0)
		;
	return n == 0;
}

/* Take our own request off the front: some adapters hear themselves. */
static void strip_echo(struct rtu_rx *rx, const uint8_t *adu, size_t n, bool same_as_request)
{
	if (rtu_rx_count(rx) > n && !memcmp(rx->buf + rx->at, adu, n) && !same_as_request)
		rx->at += n;
}

static enum answer listen(struct scan_line *l, const uint8_t *adu, size_t n, struct rtu_rx *rx,
			  struct rtu_frame *f)
{
	struct rtu_expect e = {.unit = adu[0], .shape = rtu_shape_of_request(adu + 1)};
	int64_t char_ns = 11 * NS_PER_S / l->bus.baud, now_ns = clock_mono_ns();
	int64_t until_ns = now_ns + (int64_t)n * char_ns + l->port.latency_ns +
			   l->timeout_ms * NS_PER_MS;
	struct pollfd p = {.fd = l->port.fd, .events = POLLIN};
	bool heard = false;
	uint8_t bytes[256];
	struct error err;

	e.units[adu[0] / 8] |= (uint8_t)(1u << adu[0] % 8);
	while ((now_ns = clock_mono_ns()) < until_ns) {
		int got;

		(void)poll(&p, 1, (int)((until_ns - now_ns) / NS_PER_MS) + 1);
		got = port_read(&l->port, bytes, sizeof(bytes), &err);
		if (got < 0)
			return ANSWER_DOWN;
		if (!got)
			continue;
		heard = true;
		rtu_rx_add(rx, bytes, (size_t)got);
		strip_echo(rx, adu, n,
			   adu[1] == MODBUS_WRITE_COIL || adu[1] == MODBUS_WRITE_REGISTER);
		if (rtu_next(rx, &e, false, f) && f->is_answer)
			return f->shape.function & RTU_EXCEPTION ? ANSWER_EXCEPTION : ANSWER_GOOD;
		until_ns = clock_mono_ns() + QUIET_NS + l->port.latency_ns + 8 * char_ns;
	}
	return heard ? ANSWER_GARBLED : ANSWER_SILENCE;
}

static enum answer ask(struct scan_line *l, int unit, const uint8_t *pdu, size_t n,
		       struct rtu_rx *rx, struct rtu_frame *f)
{
	uint8_t adu[RTU_ADU_MAX];
	size_t len = rtu_build(adu, (uint8_t)unit, pdu, n);
	struct error err;
	enum answer a;

	memset(rx, 0, sizeof(*rx));
	if (!drain(l) || port_write(&l->port, adu, len, &err))
		return ANSWER_DOWN;
	a = listen(l, adu, len, rx, f);
	/* 3.5 characters and what a slow device needs to listen again */
	(void)poll(NULL, 0, 5);
	return a;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

enum answer scan_line_read(struct scan_line *l, int unit, const struct driver_read *read,
			   uint16_t *data)
{
	uint8_t pdu[5] = {read->function};
	struct rtu_rx rx;
	struct rtu_frame f;
	enum answer a;

	put16(pdu + 1, read->first);
	put16(pdu + 3, read->count);
	a = ask(l, unit, pdu, sizeof(pdu), &rx, &f);
	for (int i = 0; a == ANSWER_GOOD && i < read->count; i++)
		data[i] = read->function <= MODBUS_READ_DISCRETE
				  ? f.pdu[2 + i / 8] >> i % 8 & 1
				  : (uint16_t)(f.pdu[2 + 2 * i] << 8 | f.pdu[3 + 2 * i]);
	return a;
}

enum answer scan_line_write(struct scan_line *l, int unit, const struct bus_request *q)
{
	bool coils = q->function == MODBUS_WRITE_COILS;
	uint8_t pdu[RTU_PDU_MAX] = {q->function};
	struct rtu_rx rx;
	struct rtu_frame f;
	size_t n = 5;

	put16(pdu + 1, q->first);
	put16(pdu + 3, q->count);
	if (q->function == MODBUS_WRITE_COIL) {
		put16(pdu + 3, q->data[0] ? 0xff00 : 0);
	} else if (q->function == MODBUS_WRITE_REGISTER) {
		put16(pdu + 3, q->data[0]);
	} else {
		pdu[5] = (uint8_t)(coils ? (q->count + 7) / 8 : 2 * q->count);
		for (int i = 0; i < q->count; i++)
			if (!coils)
				put16(pdu + 6 + 2 * i, q->data[i]);
			else if (q->data[i])
				pdu[6 + i / 8] |= (uint8_t)(1u << i % 8);
		n = 6 + (size_t)pdu[5];
	}
	return ask(l, unit, pdu, n, &rx, &f);
}

bool scan_line_verifies(struct scan_line *l, int unit, const struct bus_request *q)
{
	struct driver_read read = {q->verify_function, q->verify_first, q->verify_count, false};
	uint16_t data[BUS_DATA_MAX] = {0};

	if (scan_line_read(l, unit, &read, data) != ANSWER_GOOD)
		return false;
	for (int i = 0; i < q->verify_count; i++)
		if ((data[i] ^ q->verify_expect[i]) & q->verify_mask[i])
			return false;
	return true;
}
