/* SPDX-License-Identifier: MIT
 *
 * The world as its users see it: time, units on the hoses, truth.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/device.h"
#include "sim/plant.h"

struct world *world_new(const struct world_config *config, struct error *err)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->config = *config;
	w->fixture = config->fixture;
	if (!(w->config.feed_tds_mg_l > 0))
		w->config.feed_tds_mg_l = 250;
	if (w->config.feed_temperature_c == 0)
		w->config.feed_temperature_c = 25;
	if (!w->config.speed)
		w->config.speed = 1;
	w->dead_man_limit_ns = 300 * NS_PER_MS * (int64_t)w->config.speed;
	w->rng.state = config->seed * 0x2545f4914f6cdd1du + 1;
	w->next_fault_ns = INT64_MAX;
	output_init(w);
	plant_init(w);
	output_init(w); /* openings, now that the bays know their outputs */
	sensor_init(w);
	if (devices_init(w, err)) {
		world_free(w);
		return NULL;
	}
	return w;
}

void world_free(struct world *w)
{
	if (!w)
		return;
	devices_free(w);
	free(w);
}

bool world_mount(struct world *w, int bay, const char *model_code, const char *serial)
{
	struct bay_plant *b = &w->bays[bay];
	const struct ro_params *params = serial ? ro_unit_params_find(model_code) : NULL;

	if (serial && !params)
		return false;
	b->mounted = serial != NULL;
	b->tray_l = 0;
	if (!serial)
		return true;
	/* it stood beside the rig, a little colder than the water */
	ro_unit_init(&b->unit, params, w->config.feed_temperature_c - 1);
	text_copy(b->unit.model, sizeof(b->unit.model), model_code);
	text_copy(b->unit.serial, sizeof(b->unit.serial), serial);
	fault_due(w);
	return true;
}

/* Step length: 10 ms after a switch, 20 ms while pressures move, 50 ms while they creep, 100 ms in
 * steady flow and at rest: each step is implicit. */
static int64_t step_ns(const struct world *w)
{
	double moving = 0;

	if (w->stepped_ns < w->finer_until_ns)
		return 10 * NS_PER_MS;
	for (int b = 0; b < w->fixture->bay_count; b++)
		moving = fmax(moving, w->bays[b].moving);
	if (w->stepped_ns < w->fine_until_ns || moving > 0.05)
		return 20 * NS_PER_MS;
	return moving > 0.002 ? 50 * NS_PER_MS : 100 * NS_PER_MS;
}

/* The actuators' supply drops when the dead-man line has been still for too long. */
static void check_dead_man(struct world *w)
{
	if (w->fixture->dead_man < 0 || !w->dead_man_ok ||
	    w->now_ns - w->dead_man_ns <= w->dead_man_limit_ns)
		return;
	w->dead_man_ok = false;
	output_apply(w);
}

static void step_until(struct world *w, int64_t now_ns)
{
	for (;;) {
		int64_t dt = step_ns(w);

		if (w->stepped_ns + dt > now_ns)
			break;
		w->stepped_ns += dt;
		plant_step(w, (double)dt * 1e-9);
	}
}

void world_run(struct world *w, int64_t now_ns)
{
	if (!w->started) {
		w->started = true;
		w->now_ns = w->stepped_ns = w->dead_man_ns = now_ns;
	}
	/* things that happen by themselves, in their order */
	for (;;) {
		int64_t fault = w->next_fault_ns;
		int64_t dead = w->fixture->dead_man >= 0 && w->dead_man_ok
				       ? w->dead_man_ns + w->dead_man_limit_ns + 1
				       : INT64_MAX;
		int64_t next = fault < dead ? fault : dead;

		if (next > now_ns)
			break;
		if (next > w->now_ns) {
			step_until(w, next);
			w->now_ns = next;
		}
		check_dead_man(w);
		if (fault <= w->now_ns)
			fault_due(w);
	}
	if (now_ns <= w->now_ns)
		return;
	step_until(w, now_ns);
	w->now_ns = now_ns;
	devices_watch(w);
}

double world_output(const struct world *w, int output, int64_t *changed_ns)
{
	if (changed_ns)
		*changed_ns = w->out[output].changed_ns;
	return w->out[output].in_force;
}

double world_commanded(const struct world *w, int output, int64_t *changed_ns)
{
	if (changed_ns)
		*changed_ns = w->out[output].commanded_ns;
	return w->out[output].commanded;
}

bool world_is_safe(const struct world *w, int bay)
{
	const struct bay_plant *b = &w->bays[bay];

	return b->h.p[HYDRO_FEED] < 0.02 && b->h.p[HYDRO_PERMEATE] < 0.02 &&
	       (!b->mounted || !b->unit.powered) && b->opening[OUT_FEED_VALVE] == 0 &&
	       (b->out[OUT_SUPPLY_PUMP] < 0 || w->out[b->out[OUT_SUPPLY_PUMP]].in_force < 0.5 ||
		b->opening[OUT_SUPPLY_VALVE] == 0);
}

void world_wet(struct world *w, int bay, bool wet)
{
	w->bays[bay].unit.sensor_wet = wet;
}

uint64_t world_steps(const struct world *w)
{
	return w->steps;
}
