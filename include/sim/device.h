/* SPDX-License-Identifier: MIT
 *
 * Inside of src/sim: simulated devices. A device is a table of points (where each stands in its
 * registers), a table of plain registers it keeps (configuration, identity), and a few habits.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "rig/register.h"
#include "sim/plant.h"

enum sim_space { SPACE_COIL = 1, SPACE_DISCRETE, SPACE_HOLDING, SPACE_INPUT };
enum { SIM_POINTS_MAX = 64, SIM_REGISTERS_MAX = 32 };

struct sim_point {
	char name[64];
	char line[32]; /* GPIO: the line's name on the chip */
	bool active_low, is_pulse;
	enum sim_space space;
	bool both; /* holding and input registers alike */
	uint16_t address;
	enum register_type type; /* REGISTER_BIT in coil spaces */
	enum register_order order;
	double gain, offset; /* point value = gain * register + offset */
	double idle;	     /* point value when no channel or output is wired to it */
	bool writable;
	int16_t channel, output; /* fixture index, -1: not wired */
	bool is_held;		 /* held[]: the words told last, for a device that freezes */
	uint16_t held[2];
	double base; /* counters: what was counted before the last reboot */
};
struct sim_register {
	uint16_t address, value;
	bool writable;
};

struct sim_device {
	const struct fx_device *fx;
	int unit_id;	      /* the fixture's, until somebody sets another */
	int address_register; /* that holds it, two registers for a float; -1: none */
	int index;
	struct sim_point *points;
	int point_count;
	struct sim_register registers[SIM_REGISTERS_MAX];
	int register_count;
	bool is_relay_board, is_line_device, is_scanner;
	bool has_watchdog;     /* may have been set to drop its outputs by itself */
	int64_t asked_ns;      /* run time of the last request it heard */
	bool is_command_board; /* function 6 carries commands (Eletechsup) */
	/* sends by itself, each second of run time */
	enum sim_stream { STREAM_NONE = 0, STREAM_UART_TDS, STREAM_ASCII } stream;
	int64_t send_ns;
	uint32_t sends;
	struct wire_fault_state fault;
	bool dead;	  /* by that fault: for devices that speak unasked */
	int64_t until_ns; /* silent until then: it reboots; run time */
	/* scanners and streams: bytes not yet fetched */
	char sent[512];
	size_t sent_n;
	uint64_t transactions;
};

/* personality.c: fill the tables from the driver's name and options. ERR_CONFIG: this driver is
 * not simulated. */
int personality_build(struct sim_device *d, struct error *err);
/* Value of a point at the device's pins; writing one (false: refused). */
double device_get(struct world *w, const struct sim_device *d, const struct sim_point *p);
bool device_set(struct world *w, struct sim_device *d, const struct sim_point *p, double value);
/* Pulses of a counting point since the start, 0 for others. */
double device_raw_count(struct world *w, const struct sim_point *p);
/* devices.c: comms watchdogs that have run out since. */
void devices_watch(struct world *w);
/* stream.c: what the device sends by itself and is due now. */
void stream_run(struct world *w, struct sim_device *d);
/* modbus.c: PDU in, PDU out; 0: no reply (broadcast). */
size_t device_modbus(struct world *w, struct sim_device *d, const struct wire_effect *e,
		     const uint8_t *pdu, size_t n, uint8_t *reply, size_t max);

/* device_fault.c: faults inside a device. */
bool device_is_silent(const struct world *w, const struct sim_device *d);
/* The words of a point as told with that fault. */
void device_spoil(const struct wire_effect *e, struct sim_point *p, uint16_t *words);
/* true: a write is confirmed in reply (5 bytes) and nothing else happens. */
bool device_ignores(const struct wire_effect *e, const uint8_t *pdu, size_t n, uint8_t *reply);
/* The second half of its outputs falls. */
void device_fall_half(struct world *w, struct sim_device *d);

#endif
