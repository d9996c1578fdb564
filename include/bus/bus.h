/* SPDX-License-Identifier: MIT
 *
 * One bus as a pure machine: it decides which transaction goes next and what an
 * answer means; bytes and time come and go through struct bus_ops. A thread of
 * benchd-io drives it with real descriptors (bus/thread.h); the virtual world drives it
 * with virtual time. No heap after bus_new. One owner thread; no locks inside.
 *
 * All times are wire time in ns (periods already divided by the speed factor).
 *
 * What it promises: a value is delivered as BUS_OK only if it is the answer to its own
 * request (slave, function, count, echoed address and value, CRC; after a time-out the slave is
 * tainted until the line was drained and an answer came that cannot be a stale one); writes
 * go before reads; a dead slave is probed with backoff and costs the others little.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "plan/fixture.h"

enum {
	BUS_DATA_MAX = 125,
	BUS_WRITE_MAX = 32,
	BUS_READS_MAX = 256,
	BUS_WRITE_REGISTERS_MAX = 8 /* of one write: it bounds bus_worst_transaction_ns */
};

enum modbus_function {
	MODBUS_READ_COILS = 1,
	MODBUS_READ_DISCRETE = 2,
	MODBUS_READ_HOLDING = 3,
	MODBUS_READ_INPUT = 4,
	MODBUS_WRITE_COIL = 5,
	MODBUS_WRITE_REGISTER = 6,
	MODBUS_WRITE_COILS = 15,
	MODBUS_WRITE_REGISTERS = 16
};

/* One thing to be read again and again. Data: one uint16 per register; one per coil, 0 or 1. */
struct bus_read {
	uint16_t device; /* fixture index */
	uint8_t unit;
	uint8_t function; /* 1..4 */
	uint16_t first, count;
	int64_t period_ns; /* 0: never by itself */
	bool may_merge;
};
/* GPIO lines of a BUS_GPIO, in place of reads. */
enum gpio_mode { GPIO_IN = 1, GPIO_OUT, GPIO_PULSE };
struct bus_line {
	uint16_t device;
	const char *line; /* the line's name on the chip, or its offset in decimal */
	enum gpio_mode mode;
	int bias; /* 0 as is, 1 pull-up, -1 pull-down, 2 disabled */
	bool active_low;
	uint8_t initial;   /* outputs: value at request */
	int64_t period_ns; /* GPIO_IN: besides each edge, delivered at least this often;
			    * GPIO_PULSE: delivered this often */
};

struct bus_config {
	const struct fixture *fixture;
	int bus; /* index */
	const struct bus_read *reads;
	int read_count;
	const struct bus_line *lines;
	int line_count;
	const char *sim_dir; /* where "sim:NAME" is resolved; NULL: refused */
	/* TCP: unit ids (bit unit % 8 of byte unit / 8) that may be asked who they are (43/14), once
	 * each: one that is benchsim makes the bus a simulated one for good. */
	uint8_t ask_units[32];
};

enum bus_request_kind {
	BUS_WRITE = 1,
	BUS_READ_ONCE,
	BUS_GPIO_SET,
	BUS_SERIAL_WRITE,
	BUS_RELEASE_BACKOFF
};
struct bus_request {
	enum bus_request_kind kind;
	uint64_t token; /* comes back in the event; 0 allowed */
	uint16_t device;
	uint8_t unit, function;
	uint16_t first, count;
	uint16_t data[BUS_WRITE_MAX];
	bool urgent; /* before everything else that waits: safe state */
	bool verify; /* after the write read back: */
	uint8_t verify_function;
	uint16_t verify_first, verify_count;
	/* Register i is right when (read ^ verify_expect[i]) & verify_mask[i] is 0. All masks 0 is
	 * refused: it proves nothing. */
	uint16_t verify_expect[BUS_WRITE_MAX], verify_mask[BUS_WRITE_MAX];
	int line;	 /* BUS_GPIO_SET: index of the line, data[0] the value */
	bool single_try; /* no retry by the bus (replays, identification); else up to 3 tries */
};

enum bus_status {
	BUS_OK = 0,
	BUS_NO_REPLY,  /* silence until the time-out */
	BUS_BAD_REPLY, /* something came, but not this answer */
	BUS_EXCEPTION, /* the device refused; exception code in the event */
	BUS_MISMATCH,  /* the read-back differs from what was written */
	BUS_LINE_DOWN, /* the port or connection is gone */
	BUS_CANCELED   /* superseded by an urgent request or the end */
};
const char *bus_status_name(enum bus_status s);

enum bus_event_kind {
	BUS_EVENT_READ = 1,    /* read: index in config.reads; status, data */
	BUS_EVENT_REQUEST,     /* token: status; data of READ_ONCE or of the read-back */
	BUS_EVENT_LINE,	       /* GPIO: index in config.lines; value or pulses */
	BUS_EVENT_BYTES,       /* serial: data bytes */
	BUS_EVENT_DEVICE_LOST, /* device: did not answer; text says why */
	BUS_EVENT_DEVICE_BACK,
	BUS_EVENT_DOWN, /* the port: text says why */
	BUS_EVENT_UP,
	BUS_EVENT_MEASURED /* device: turnaround, damaged; load of the line; every 5 s, and when
			      damage begins or ends */
};
struct bus_event {
	enum bus_event_kind kind;
	enum bus_status status;
	uint8_t exception;
	int index; /* read or line */
	uint16_t device;
	uint64_t token;
	uint16_t count;
	uint16_t data[BUS_DATA_MAX]; /* registers or coils */
	int64_t at_ns; /* wire time: mid of request's end and first reply byte; edges: kernel time
			*/
	int64_t spread_ns;     /* half of that interval */
	int64_t turnaround_ns; /* MEASURED: slowly averaged */
	double load;	       /* MEASURED: part of the last 5 s in which the line was busy */
	uint8_t damaged;       /* MEASURED: among its last 100 answers, 0: fewer than 10 */
	uint8_t value;	       /* GPIO level, after active_low */
	bool is_edge;	       /* GPIO_IN: delivered because of a change, not of the period */
	uint32_t pulses;       /* GPIO_PULSE: rising edges since the last event */
	int64_t first_edge_ns, last_edge_ns; /* of those, 0 without */
	uint8_t bytes[256];
	uint16_t byte_count;
	char text[160]; /* for people: why; the device is not named in it, a port is */
};

/* Bytes that a serial port took with a wrong end or wrong parity, counted by its driver. */
struct bus_uart {
	uint32_t framing, parity;
};

struct bus_ops {
	void *ctx;
	/* Bring the line up. 0, or a negative enum err with err. Called again after a loss. */
	int (*open)(void *ctx, struct error *err);
	void (*close)(void *ctx);
	/* RTU: send slave + PDU; framing and CRC are the op's (libmodbus on descriptors, own code
	 * on virtual wires). */
	int (*send)(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, struct error *err);
	/* TCP: the whole transaction, blocking within timeout_ns. reply: PDU. 0, or ERR_TIMEOUT,
	 * ERR_PROTOCOL, ERR_CLOSED: then the line is closed and opened again. */
	int (*transact)(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, uint8_t *reply,
			size_t max, size_t *reply_n, int64_t timeout_ns, struct error *err);
	int (*write)(void *ctx, const uint8_t *p, size_t n, struct error *err); /* serial */
	int (*gpio_set)(void *ctx, int line, uint8_t value, struct error *err);
	/* Never blocks; the event's memory is the caller's. */
	void (*event)(void *ctx, const struct bus_event *ev);
	/* Optional, RTU: 0, or negative where the port does not count. */
	int (*uart)(void *ctx, struct bus_uart *out);
	/* Optional, TCP: wire time after a transact that took long. */
	int64_t (*clock)(void *ctx);
	/* Optional: each transaction and its bytes, for traces. dir '>' '<' '!' */
	void (*trace)(void *ctx, int64_t at_ns, char dir, const uint8_t *p, size_t n,
		      const char *note);
};

struct bus;
struct bus *bus_new(const struct bus_config *config, const struct bus_ops *ops, struct error *err);
void bus_free(struct bus *b);
/* Queue a request; its event comes from a later call, never from within this one (so an event may
 * submit). ERR_LIMIT when the queue (64) is full, ERR_RANGE when it can never be sent. An urgent
 * one goes first and cancels waiting non-urgent writes of the same device. Without verify, BUS_OK
 * of a write rests on its echo alone, and is BUS_BAD_REPLY where that may be an older one or the
 * adapter's own. */
int bus_submit(struct bus *b, const struct bus_request *r);
/* Do what is due at now_ns; returns when it wants to be called next (INT64_MAX: only on bytes or
 * requests). */
int64_t bus_run(struct bus *b, int64_t now_ns);
/* No byte that arrives before this time changes anything: the driver need not look at the
 * descriptor until then (the rest of a frame is waited for by its predicted end, not byte by byte).
 * 0: look now. */
int64_t bus_quiet_until_ns(const struct bus *b);
/* A transaction is under way, or the silence after one: a request would wait for its end, so the
 * driver need not look for any before the time that bus_run said. */
bool bus_is_engaged(const struct bus *b);
/* Bytes arrived (RTU, serial). Call it before bus_run when both are due: what has come counts
 * first. */
void bus_bytes(struct bus *b, const uint8_t *p, size_t n, int64_t now_ns);
/* A GPIO edge (kernel time at_ns) or a level read. */
void bus_gpio(struct bus *b, int line, uint8_t value, bool is_edge, int64_t at_ns, int64_t now_ns);
/* Several rising edges of a GPIO_PULSE line at once: count >= 1, times of the first and the last.
 */
void bus_gpio_pulses(struct bus *b, int line, uint32_t count, int64_t first_ns, int64_t last_ns,
		     int64_t now_ns);
/* The port's own delay (USB latency timer) is added to every reply's time-out. */
void bus_set_latency(struct bus *b, int64_t latency_ns);
/* The descriptor hung up or failed. */
void bus_lost(struct bus *b, const char *why, int64_t now_ns);
/* A run needs these devices: no backoff while needed, a loss is reported after 3 tries and within 2
 * s. */
void bus_need(struct bus *b, uint16_t device, bool needed);

struct bus_stats {
	uint64_t transactions, timeouts, exceptions, late_replies;
	uint64_t conflicts; /* valid frames of a slave that no request explains: two devices at one
			       address? */
	uint64_t reopens;   /* of the port or connection */
	int64_t worst_ns;   /* slowest transaction since start */
};
void bus_stats(const struct bus *b, struct bus_stats *out);
/* Computed worst duration of one transaction on this bus: a transaction in flight ends by then. */
int64_t bus_worst_transaction_ns(const struct fx_bus *bus, const struct bus_read *reads,
				 int read_count);

#endif
