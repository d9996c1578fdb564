/* SPDX-License-Identifier: MIT
 *
 * The simulated rig: physics of units and rig, and device personalities made from the same
 * fixture file the station loads: for each device the simulator knows from the fixture which
 * physical quantity each point carries (standard names of plan/names.h) and inverts the
 * channel's scale into what the device would send. benchsim serves a world on ptys, TCP and a
 * GPIO socket; tests and proving run it in process.
 *
 * Time is run time (scaled by the caller). Deterministic for a seed: same calls, same values.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "plan/fixture.h"
#include "plan/model.h"
#include "sim/wire_fault.h"

struct world;

struct world_config {
	const struct fixture *fixture;
	uint64_t seed;
	double feed_tds_mg_l;	   /* 0: 250 */
	double feed_temperature_c; /* 0: 25 */
	bool noise;		   /* sensors' own errors and noise, pulsation, hammer */
	unsigned speed; /* run time per wire time, 0: 1; the dead-man relay waits in wire time */
	/* Optional: answers in place of every Modbus device, as world_modbus would. For tests of
	 * the wires, whose registers tell which request they answer. */
	size_t (*answer)(void *ctx, int bus, uint8_t unit, const uint8_t *pdu, size_t n,
			 uint8_t *reply, size_t max);
	void *answer_ctx;
};
struct world *world_new(const struct world_config *config, struct error *err);
void world_free(struct world *w);

/* "[BAY:]NAME[=K][@SECONDS]": names and K of the fault table; without BAY every bay. Takes
 * effect at run time start_ns + SECONDS. ERR_SYNTAX / ERR_NOT_FOUND with a did-you-mean. */
int world_fault(struct world *w, const char *spec, int64_t start_ns, struct error *err);
const char *const *world_fault_names(int *n);
/* Ends faults and wipes the trays dry; -1: all, else those given with that bay. Returns how
 * many. */
int world_clear_faults(struct world *w, int bay);

/* Put a unit on a bay's hoses: NULL serial takes it off. Fresh unit: default state, no fault. False:
 * no unit of that model can be simulated, and nothing was done. */
#define WORLD_MODELS "a model with 600, 400, 800 or 75 in its code, such as RO600"
bool world_mount(struct world *w, int bay, const char *model_code, const char *serial);

/* Advance the physics to now_ns (run time); never backwards. Internal steps of 10 or 20 ms after
 * anything switched or while pressures move, 50 ms while they creep, 100 ms in steady flow and at
 * rest. The first call sets the time. */
void world_run(struct world *w, int64_t now_ns);

/* Truth, for oracles and for the simulated operator: "permeate_tds", "display_permeate_tds",
 * "membrane_rejection", "feed_pressure", "pump_current", "membrane_pressure", ... NAN if unknown
 * name. */
double world_truth(const struct world *w, int bay, const char *name);
/* Is the rig physically safe there: pump off, feed shut, unit off, both sides below 0.02 MPa? */
bool world_is_safe(const struct world *w, int bay);
/* Physical output by fixture index: logical value now in force, with the run time of its last
 * change. */
double world_output(const struct world *w, int output, int64_t *changed_ns);
/* What its device was last told, whatever the actuators' supply says; E-stop and dead-man relay
 * do not change it. */
double world_commanded(const struct world *w, int output, int64_t *changed_ns);
/* The E-stop button pressed or pulled out again, whatever faults say. */
void world_estop(struct world *w, bool pressed);
/* Somebody wets (or dries) the leak sensor inside the bay's unit. */
void world_wet(struct world *w, int bay, bool wet);
/* Steps of physics since the start. */
uint64_t world_steps(const struct world *w);

/* Devices: Modbus PDU in, PDU out, as the device at that unit id of that bus would answer now
 * (run time). Returns reply length; 0: silence. delay_ns: turnaround it takes (wire time). */
size_t world_modbus(struct world *w, int bus, uint8_t unit, const uint8_t *pdu, size_t n,
		    uint8_t *reply, size_t max, int64_t *delay_ns);
/* The same with what is wrong in this transaction, which is not drawn then. */
size_t world_answer(struct world *w, int bus, uint8_t unit, const struct wire_effect *e,
		    const uint8_t *pdu, size_t n, uint8_t *reply, size_t max, int64_t *delay_ns);
/* Bus faults on demand, "TARGET:NAME[=K][/SHARE]" as sim/wire_fault.h tells; NAME none ends it, one
 * fault at a time of each device and each bus. Faults of the n-th transaction are the wire's
 * (sim/wire.h). */
int world_bus_fault(struct world *w, const char *spec, struct error *err);
/* Does spec name such a target in front of its ':'? (Bays may not be called like a device.) */
bool world_is_bus_fault(const struct world *w, const char *spec);
/* What is wrong with the next transaction, drawn; what stands on the line by itself. */
struct wire_effect world_wire_effect(struct world *w, int bus, uint8_t unit);
struct wire_effect world_line_effect(const struct world *w, int bus);
/* Unit ids of a line; returns how many. */
int world_line_units(const struct world *w, int bus, uint8_t *units, int max);
struct rng *world_rng(struct world *w);
/* Lines of a GPIO bus: how many, and their names in the order of their offsets. */
int world_gpio_lines(struct world *w, int bus);
const char *world_gpio_name(struct world *w, int bus, int line);
/* GPIO lines of a bus by line name or decimal offset: level of the pin now; outputs set. Pulses:
 * rising edges since the last call, with the run times of the first and the last of them. */
int world_gpio_get(struct world *w, int bus, const char *line);
void world_gpio_set(struct world *w, int bus, const char *line, int value);
uint32_t world_gpio_pulses(struct world *w, int bus, const char *line, int64_t *first_ns,
			   int64_t *last_ns);
/* The same for who asks often: the line's place in the world, looked up once; -1: no such line. */
int world_line_find(struct world *w, int bus, const char *line);
int world_line_get(struct world *w, int place);
void world_line_set(struct world *w, int place, int value);
uint32_t world_line_pulses(struct world *w, int place, int64_t *first_ns, int64_t *last_ns);
/* A bay's scanner reads this code now. */
void world_scan(struct world *w, int bay, const char *code);
/* Bytes the devices of a serial bus have sent since the last call. */
size_t world_serial_read(struct world *w, int bus, uint8_t *p, size_t max);

#endif
