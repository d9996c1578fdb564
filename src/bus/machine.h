/* SPDX-License-Identifier: MIT
 *
 * Inside of the bus machine. bus.c: events, run. line.c: down and up. queue.c: what was asked for.
 * measure.c: how the line does. slave.c: who answers and who does not. poll.c: which read goes next. turn.c: one transaction from
 * its first byte to its end. gpio_lines.c: levels and pulses.
 *
 * The line:
 *
 *	DOWN --open--> IDLE --turn_begin--> BUSY --turn_end--> IDLE
 *	  ^              |                    |
 *	  +--------------+----- line_down ----+
 *
 * DOWN -> IDLE [line.c: line_open], IDLE -> BUSY [turn.c: turn_begin], BUSY -> IDLE [turn.c:
 * turn_end], IDLE, BUSY -> DOWN [line.c: line_down]. A TCP transaction begins and ends in one call.
 */
#ifndef BUS_MACHINE_H
#define BUS_MACHINE_H

#include "base/clock.h"
#include "base/text.h"
#include "bus/bus.h"
#include "bus/plan.h"
#include "bus/rtu.h"
#include "taint.h"

enum {
	BUS_QUEUE_MAX = 64,
	BUS_TRIES = 3,
	BUS_UNITS_SPARE = 8,
	BUS_LINES_MAX = 64,
	SLAVE_PADS_MAX = 8,
	SLAVE_HOLES_MAX = 16
};

struct slave {
	uint8_t unit;
	bool lost, needed;
	bool no_pad;	      /* refused a register more than asked */
	bool no_holes;	      /* refused more holes than are remembered one by one */
	bool no_merge;	      /* refused a block that has no seam, or more than are remembered */
	bool life;	      /* lost, but something in time came back: ask properly */
	bool told_conflict;   /* lost because two answer at its address */
	int64_t contested_ns; /* the last frame of it that nobody asked for */
	uint8_t fails;	      /* transactions without answer in a row */
	uint8_t conflicts;
	int64_t conflict_ns;	 /* when counting of them began */
	uint8_t frames, damaged; /* among the last answers: how many, and how many of them bent */
	uint8_t rough;		 /* how many were, when that was too many; 0: they are well */
	bool measured;		 /* it has answered: turnaround_ns is its own */
	bool spoke;		 /* well, since the line was opened */
	int64_t first_fail_ns;	 /* when the first of them was asked */
	int64_t probe_ns, backoff_ns;		 /* lost: next probe, interval */
	int64_t turnaround_ns;			 /* as measured, slowly averaged */
	struct plan_hole holes[SLAVE_HOLES_MAX]; /* and seams, refused; remembered for good */
	uint8_t hole_count;
	struct taint taint;
};

struct read_state {
	int64_t due_ns;	     /* INT64_MAX: never */
	int64_t deadline_ns; /* order among those due */
	uint8_t slave;	     /* index */
	uint8_t tries;
};

struct pending {
	struct bus_request req;
	bool used, is_verify;
	bool canceled; /* superseded; told at the next bus_run */
	uint8_t tries, busy, slave;
	uint64_t order;
	int64_t not_before_ns, give_up_ns;
};

enum turn_kind { TURN_NONE = 0, TURN_READS, TURN_REQUEST, TURN_SENTINEL };
enum echo_mode { ECHO_UNKNOWN = 0, ECHO_NONE, ECHO_LOCAL };

/* One transaction. */
struct turn {
	enum turn_kind kind;
	uint8_t slave; /* index */
	uint8_t function;
	uint16_t first, count; /* as asked on the wire */
	struct rtu_expect expect;
	bool may_take; /* no ghost has this shape: the answer may be believed */
	bool padded, has_hole;
	int slot;			/* TURN_REQUEST: index into pending */
	uint16_t items[PLAN_STEPS_MAX]; /* TURN_READS: indices of reads */
	int item_count;
	uint8_t adu[RTU_ADU_MAX];
	size_t adu_n, answer_n;
	bool echo_done; /* nothing more to strip */
	bool echo_seen;
	size_t heard;	/* bytes since the request, without echo */
	size_t first_n; /* of them at the first look */
	int64_t begin_ns, sent_ns, first_byte_ns, deadline_ns, quiet_ns;
};

struct gpio_state {
	bool known;
	uint8_t value;
	uint32_t pulses;
	int64_t at_ns, first_ns, last_ns, due_ns;
};

struct bus {
	struct bus_config config;
	struct bus_ops ops;
	enum bus_kind kind;
	struct plan_line line;
	bool is_up, was_up, told_down;
	char down_text[160];
	int64_t open_ns, open_backoff_ns; /* DOWN: next attempt */
	int64_t free_ns;		  /* the line has been silent long enough from here on */
	int64_t last_rx_ns;
	unsigned silent_turns; /* since the last byte */
	unsigned tcp_fails;    /* transactions in a row that broke the connection */
	int64_t hold_since_ns; /* work waits for a silent line since then, 0: not */
	int64_t latency_ns;
	int64_t now_ns;	 /* of the running call */
	int64_t next_ns; /* what bus_run said last */

	struct device {
		uint16_t device;
		uint8_t slave;
		bool needed;
	} * devices;
	int device_count;
	struct slave *slaves;
	int slave_count, slave_cap;
	uint8_t slave_of_unit[256]; /* index + 1, 0: none */
	struct bus_read *reads;
	struct read_state *read_states;
	struct pending queue[BUS_QUEUE_MAX];
	int queue_count;
	uint64_t order;
	unsigned requests_in_row;

	struct turn turn;
	struct rtu_rx rx;
	uint8_t units[32];
	enum echo_mode echo;
	struct gpio_state *lines;
	int64_t lines_due_ns; /* none of them is told anew before */
	struct bus_stats stats;
	int64_t measured_ns, busy_ns; /* since then the line was busy for so long */
	double load;
	struct bus_uart uart; /* when the line was opened */
	char rubbish[160];
	struct bus_event ev; /* built here, never on the stack of a deep call */
};

/* line.c */
void line_open(struct bus *b, int64_t now_ns);
/* Not a byte for long although much was asked: a stuck adapter looks like dead devices. */
void line_reopen_if_stuck(struct bus *b, int64_t now_ns);
void line_down(struct bus *b, const char *why, int64_t now_ns);
/* TCP, after an error: close, and open again at once or with growing delay. */
void line_reconnect(struct bus *b, const char *why, int64_t now_ns);

/* bus.c */
/* A cleared event, to be filled and given to bus_emit. */
struct bus_event *bus_event(struct bus *b, enum bus_event_kind kind);
void bus_emit(struct bus *b);
void bus_trace(struct bus *b, int64_t at_ns, char dir, const uint8_t *p, size_t n,
	       const char *note);
/* The same for what has no bytes: levels, edges, remarks with a number. */
void bus_trace_text(struct bus *b, int64_t at_ns, char dir, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool bus_is_modbus(const struct bus *b);
/* Bytes of one device, whose driver knows what they mean. */
bool bus_is_stream(const struct bus *b);

/* queue.c: the best request that may go now, -1 if none; *next_ns is lowered to when one might. */
int queue_pick(struct bus *b, int64_t now_ns, int64_t *next_ns);
/* Send it, or what has to go before it, or put it off. */
void queue_begin(struct bus *b, int slot, int64_t now_ns);
void queue_drop_canceled(struct bus *b);
/* Another try later, or the end when there were enough. */
void queue_retry(struct bus *b, int slot, enum bus_status status, const char *text, int64_t now_ns);
void queue_answered(struct bus *b, int slot, bool is_proof, const uint8_t *pdu, int64_t now_ns);
void queue_exception(struct bus *b, int slot, uint8_t code, int64_t now_ns);
void queue_fail_all(struct bus *b, enum bus_status status, const char *text);
/* GPIO and serial: done at once. */
void queue_run_direct(struct bus *b, int64_t now_ns);

/* slave.c */
int slave_index(struct bus *b, uint8_t unit); /* -1: no room */
void slave_answered(struct bus *b, int slave, int64_t now_ns);
void slave_failed(struct bus *b, int slave, const char *why, int64_t now_ns);
/* One more answer came, whole or damaged: a line that damages many is not to be trusted. */
void slave_count_frame(struct bus *b, int slave, bool is_damaged, int64_t now_ns);
void slave_conflict(struct bus *b, int slave, int64_t now_ns);
/* Lost by that, and not over: no answer of it counts. */
bool slave_is_contested(const struct slave *s, int64_t now_ns);
/* One of the kind came a second ago or less: no value of it counts. */
bool slave_is_doubtful(const struct slave *s, int64_t now_ns);
/* A lost one has answered, but that proves nothing: when it is asked next. */
void slave_lives(struct bus *b, int slave, int64_t now_ns);
/* Deliver status to every polled read of that slave. */
void slave_tell_reads(struct bus *b, int slave, enum bus_status status, uint8_t exception,
		      int64_t now_ns);
/* How to ask for this range now: may widen it by registers nobody asked for, so that no ghost has
 * its shape. */
bool slave_shape(const struct slave *s, uint8_t function, uint16_t *first, uint16_t *count,
		 bool *padded);
/* The line as this slave makes it: with its own turnaround. */
struct plan_line slave_line(const struct bus *b, int slave);
/* Its answer began that long after the request's end. */
void slave_measured(struct bus *b, int slave, int64_t turnaround_ns);
/* A function nobody waits for: its answer tells that older ones are over. 0: none left. */
uint8_t slave_sentinel(const struct slave *s);

/* measure.c */
/* A transaction took so long. */
void measure_busy(struct bus *b, int64_t took_ns);
void measure_run(struct bus *b, int64_t now_ns);
/* The counts of damaged answers of that slave have changed. */
void measure_frames(struct bus *b, int slave);
/* It said something that is no answer: what people are told. Valid until the next call. */
const char *measure_rubbish(struct bus *b, int slave);

/* poll.c: begin the read that is due first, if any; *next_ns is lowered to when one will be. */
bool poll_begin(struct bus *b, int64_t now_ns, int64_t *next_ns);
void poll_answered(struct bus *b, const uint8_t *data, int64_t now_ns);
/* Something that may be an older answer came in time: nothing is known but that the slave lives. */
void poll_doubtful(struct bus *b, int64_t now_ns);
void poll_failed(struct bus *b, enum bus_status status, uint8_t exception, int64_t now_ns);

/* turn.c */
void turn_begin_request(struct bus *b, int slot, int64_t now_ns);
void turn_begin_reads(struct bus *b, int64_t now_ns);
void turn_begin_sentinel(struct bus *b, int slave, uint8_t function, uint16_t first,
			 int64_t now_ns);
void turn_bytes(struct bus *b, const uint8_t *p, size_t n, int64_t now_ns);
void turn_timeout(struct bus *b, int64_t now_ns);
/* The line went down in the middle of it. */
void turn_abandon(struct bus *b);
/* Register or coil i of a read reply's data bytes. */
uint16_t turn_value(uint8_t function, const uint8_t *data, unsigned i);

/* gpio_lines.c */
int64_t gpio_lines_run(struct bus *b, int64_t now_ns);
void gpio_lines_down(struct bus *b);

#endif
