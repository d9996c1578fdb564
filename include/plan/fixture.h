/* SPDX-License-Identifier: MIT
 *
 * A fixture: the wiring of one rig. Loaded once, read-only afterwards, shared by all threads.
 * It names buses, devices and registers, never limits of a unit. Both benchd and benchd-io load
 * the same file (hash compared when they meet), so channels, outputs, bays, buses and devices are
 * spoken of by their index here.
 *
 * Values: a channel's or output's own unit (`unit`), unless the name says otherwise.
 */
#ifndef PLAN_FIXTURE_H
#define PLAN_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/expr.h"
#include "base/unit.h"

enum {
	FIXTURE_BAYS_MAX = 8,
	FIXTURE_CHANNELS_MAX = 256,
	FIXTURE_OUTPUTS_MAX = 128,
	FIXTURE_BUSES_MAX = 16,
	FIXTURE_DEVICES_MAX = 128,
	FIXTURE_INTERLOCKS_MAX = 64
};

/* BUS_TCP: bytes by a connection of one device, as a printer's port 9100. */
enum bus_kind { BUS_MODBUS_RTU = 1, BUS_MODBUS_TCP, BUS_SERIAL, BUS_GPIO, BUS_TCP };

struct fx_bus {
	const char *name;
	enum bus_kind kind;
	/* "sim:NAME", a path below /dev/serial, "usb:VID:PID:SERIAL", "host:502", a chip's label
	 * or "sim:NAME" for GPIO; never ttyUSBn or gpiochipN */
	const char *port;
	int baud;    /* one of the kernel's fixed rates; refused otherwise */
	char parity; /* 'N' 'E' 'O' */
	int stop_bits;
	int64_t turnaround_ns;	  /* slowest answer expected of a device on this line */
	int64_t reply_timeout_ns; /* 0: computed from turnaround and length */
	int64_t extra_gap_ns;	  /* beyond t3.5 */
	int line, col;
};

/* An option or point as written, checked against the driver's table by rig/. */
struct fx_option {
	const char *key;   /* nested maps are joined: "points.setpoint.register" */
	const char *value; /* scalar text */
	int line, col;
};

struct fx_device {
	const char *name, *driver;
	uint16_t bus;
	int unit_id; /* Modbus 1..247 */
	struct fx_option *options;
	int option_count;
	int line, col, driver_line, driver_col;
	bool flawed; /* drafts: driver or options were refused and say nothing */
};

enum fx_scale_kind {
	FX_SCALE_LINEAR = 1, /* value = gain * point + offset */
	FX_SCALE_PULSE_RATE, /* point is a frequency in Hz: L/min = 60 * Hz / per_litre */
	FX_SCALE_COUNTER     /* point counts pulses (u32, wraps): rate between updates, as above */
};

struct fx_channel {
	const char *name; /* unique within each bay */
	const char *title_en, *title_zh;
	uint32_t bays; /* bit per bay that sees it; shared channels have several */
	enum quantity quantity;
	const struct unit *unit;
	uint16_t device;
	const char *point; /* the driver's point; drafts: NULL when it was refused */
	enum fx_scale_kind scale;
	double gain, offset; /* linear; from "from: 4 mA..20 mA, to: 0 MPa..1 MPa" or gain/offset */
	/* Unit of the point that gain expects ("mA"); NULL: the driver's own, which has to be the
	 * channel's unit when gain is 1 and offset 0. */
	const struct unit *point_unit;
	double from_lo, from_hi; /* as written, in point_unit; both 0: no from */
	double per_litre;
	bool active_low;     /* states: 1 on the wire means 0 here */
	int64_t poll_ns;     /* how often it is asked (run time) */
	int64_t update_ns;   /* how often the device really renews it; >= 0, poll_ns if not given */
	int64_t stale_ns;    /* older than this: stale */
	int64_t raised_ns;   /* by which fixture_at_speed raised it; 0 at speed 1 */
	int64_t debounce_ns; /* states only */
	double range_lo, range_hi; /* outside: out_of_range */
	double resolution;	   /* smallest step, channel unit */
	/* Standard uncertainty, k = 1: abs and rel * |value| combined by root sum of squares. */
	double uncertainty_abs, uncertainty_rel;
	int frozen_after;	   /* updates without any change; 0: not checked */
	struct expr *frozen_while; /* over the bay's channels; NULL: always */
	/* calibration entry; revision 0: none (releasing then needs one) */
	struct fx_calibration {
		int revision;
		double gain, offset;		    /* value = gain * scaled + offset */
		const char *done, *due, *reference; /* ISO dates, certificate */
		int done_line, done_col;
	} calibration;
	int line, col, point_line, point_col, from_line, from_col;
	int range_line, range_col, resolution_line, resolution_col;
	bool flawed; /* drafts: quantity, unit or scale were refused and say nothing */
	bool vague;  /* drafts: so were range or resolution */
};

enum output_kind { OUTPUT_VALVE = 1, OUTPUT_POWER, OUTPUT_PUMP, OUTPUT_SETPOINT, OUTPUT_LAMP };

/* A logical value: valves 1 = open, 0 = closed; power, pump, lamp 1 = on, 0 = off; setpoints a
 * number in `unit`. */
struct fx_output {
	const char *name;
	const char *title_en, *title_zh;
	uint32_t bays; /* several bits: a shared output, on while any bay holds it */
	enum output_kind kind;
	enum quantity quantity; /* state, or the setpoint's quantity */
	const struct unit *unit;
	uint16_t device;
	const char *point;
	bool inverted;	     /* energised means 0: normally open valves */
	double gain, offset; /* setpoints: point = gain * value + offset */
	double safe;	     /* logical value of the safe state; required */
	double min, max;     /* setpoints */
	int64_t max_on_ns;   /* longest time away from safe; required except lamps */
	/* Trips depend on it (default true except lamps): the edge-to-safe bound applies. */
	bool trips;
	double supply_flow; /* L/min it may draw from the common supply; 0: none */
	int line, col, point_line, point_col;
	bool flawed; /* drafts: kind, quantity, range or safe value say nothing */
};

enum trip_class {
	TRIP_ESTOP = 0,
	TRIP_LEAK,
	TRIP_OVER_PRESSURE,
	TRIP_OVER_TEMPERATURE,
	TRIP_DRY_RUN,
	TRIP_OVER_CURRENT,
	TRIP_SENSOR,
	TRIP_TIMEOUT,
	TRIP_COMMS,
	TRIP_OPERATOR
};						/* A0..A9 */
const char *trip_class_name(enum trip_class c); /* "estop" "leak" ... */
int trip_class_find(const char *name);		/* -1 if unknown */

struct fx_interlock {
	const char *name;
	const char *title_en, *title_zh;
	uint32_t bays;	/* bays it watches */
	bool whole_rig; /* action: drop every bay of the rig; else the bay it held in */
	enum trip_class class;
	struct expr *when;  /* over the bay's channels and outputs */
	bool unknown_trips; /* an unknown condition counts as true */
	int64_t debounce_ns;
	int line, col;
};

struct fx_stop_step {
	/* Index, or -1: wait only. Only outputs of the bay at hand apply: a step with an output of
	 * another bay is skipped with its wait. */
	int16_t output;
	double value;
	int64_t wait_ns; /* after setting */
};

struct fx_bay {
	const char *name; /* "1", "2": what people say */
	int16_t scanner;  /* device index, -1: none */
	const char *scanner_point;
	int scanner_line, scanner_col;
	int16_t printer; /* device index of its label printer, -1: none */
	int printer_line, printer_col;
};

struct fixture {
	const char *path, *name, *title_en, *title_zh;
	uint8_t hash[32]; /* SHA-256 of the file's bytes */
	const char *text; /* these bytes, for the lines of problems; NUL terminated */
	size_t size;
	bool simulated; /* "simulated: true", or any port "sim:" */
	bool draft;	/* has problems: fit for rig_new to tell its own, and for nothing else */
	struct fx_bus *buses;
	int bus_count;
	struct fx_device *devices;
	int device_count;
	struct fx_bay *bays;
	int bay_count;
	struct fx_channel *channels;
	int channel_count;
	struct fx_output *outputs;
	int output_count;
	struct fx_interlock *interlocks;
	int interlock_count;
	struct fx_stop_step *stop;
	int stop_count; /* the ordered end, of all bays */
	struct expr **proof;
	int proof_count; /* each must hold, within proof_within_ns */
	int64_t proof_within_ns;
	int16_t dead_man;	/* output index of the dead-man line, -1: none */
	double supply_capacity; /* L/min of the common supply, 0: not limited */
	int64_t stagger_ns;	/* between two starts on the common supply */
	struct arena *arena;
};

enum { FIXTURE_NO_BUS = 0xffff }; /* drafts: a device whose bus was refused */

/* Load and check all that needs no driver. NULL with problems filled. */
struct fixture *fixture_load(const char *path, struct problems *problems);
struct fixture *fixture_parse(const char *path, const char *bytes, size_t n,
			      struct problems *problems);
/* The same, but with problems it gives what could be read, with draft set, so that rig_new tells in
 * the same round what only the drivers know. NULL only when nothing could be read. */
struct fixture *fixture_load_draft(const char *path, struct problems *problems);
struct fixture *fixture_parse_draft(const char *path, const char *bytes, size_t n,
				    struct problems *problems);
/* Calibrations done on a day that has yet to begin everywhere are mistakes of one who
 * looks at the file; f becomes a draft then. Whoever loads it to work asks no clock: a rig is made safe
 * whatever the clock says, and until such a day the channel carries no verdict (run/calibrate). */
void fixture_check_days(struct fixture *f, int64_t now_utc_us, struct problems *problems);
void fixture_free(struct fixture *f);
/* At speed N a stale limit of 3 s of run time is 3/N s of wire time, and a busy machine, not the rig,
 * makes readings older than that. So before anybody uses f (of a simulated rig: no other runs
 * faster) each limit is raised to at least N times FIXTURE_STALE_FLOOR_S; the record of a run says
 * so as stale_floor_s; what is older than the file's own limit fails no unit (run/). Speed 1: nothing
 * changes. */
#define FIXTURE_STALE_FLOOR_S 2
void fixture_at_speed(struct fixture *f, unsigned speed);
/* The tables of the file, for the reference documentation (base/schema.h). */
struct schema;
extern const struct schema fixture_schema;

/* May a calibration say so? It corrects a sensor, and is no second scale: gain 0.5 to 2, and an
 * offset of at most a fifth of the channel's range. 0 or ERR_RANGE. */
int fixture_calibration_check(const struct fx_channel *c, double gain, double offset,
			      struct error *err);
/* Index of the channel or output a bay knows by that name, -1 if none. */
int fixture_channel(const struct fixture *f, int bay, const char *name);
int fixture_output(const struct fixture *f, int bay, const char *name);
int fixture_bay(const struct fixture *f, const char *name);

/* Scope of expressions within a bay: channels by name, refs are their indices; outputs by name with
 * ref = FIXTURE_OUTPUT_REF + index. ctx must outlive the use. */
enum { FIXTURE_OUTPUT_REF = 0x4000 };
struct fixture_scope {
	const struct fixture *fixture;
	int bay;
};
struct expr_scope fixture_expr_scope(struct fixture_scope *ctx);
/* What a channel or an output can come to, SI; lo > hi: its range was refused. */
struct expr_reach fixture_reach(const struct fixture *f, uint16_t ref);
/* Interlocks, proofs and frozen_while are parsed for the first of their bays. Refs of another bay:
 * the channel (or output) of the same name there. -1 if that bay has none. */
int fixture_ref_for_bay(const struct fixture *f, int ref, int bay);

/* "open"/"closed"/"on"/"off"/number with unit -> logical value of that output. */
int fixture_output_value(const struct fx_output *o, const char *text, double *value,
			 struct error *err);
/* "open", "off", "0.25 MPa": for people. */
void fixture_output_text(const struct fx_output *o, double value, char *dst, size_t size);

#endif
