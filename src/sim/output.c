/* SPDX-License-Identifier: MIT
 *
 * Outputs: what devices command, and what is in force. The wired E-stop chain and the dead-man
 * relay cut the actuators' supply: springs take every valve to its de-energised state, whatever
 * the relays say.
 */
#include <math.h>

#include "sim/plant.h"

/* State without current: NO valves open, everything else off. */
static double output_deenergised(const struct fx_output *o)
{
	return o->inverted ? 1 : 0;
}

bool plant_actuators_powered(const struct world *w)
{
	return !w->estop && w->dead_man_ok;
}

static bool needs_supply(const struct world *w, int output)
{
	return w->fixture->outputs[output].kind != OUTPUT_LAMP && output != w->fixture->dead_man;
}

static void apply(struct world *w, int output, bool powered)
{
	struct out_state *s = &w->out[output];
	double value = s->commanded;

	if (!powered && needs_supply(w, output))
		value = output_deenergised(&w->fixture->outputs[output]);
	if (value == s->in_force)
		return;
	s->in_force = value;
	s->changed_ns = w->now_ns;
	if (needs_supply(w, output))
		plant_disturb(w);
}

void output_apply(struct world *w)
{
	bool powered = plant_actuators_powered(w);

	for (int o = 0; o < w->fixture->output_count; o++)
		apply(w, o, powered);
}

void output_command(struct world *w, int output, double value)
{
	struct out_state *s = &w->out[output];

	if (!isfinite(value) || s->commanded == value)
		return;
	s->commanded = value;
	s->commanded_ns = w->now_ns;
	if (output == w->fixture->dead_man) {
		w->dead_man_ns = w->now_ns;
		if (!w->dead_man_ok) {
			w->dead_man_ok = true;
			output_apply(w);
		}
	}
	apply(w, output, plant_actuators_powered(w));
}

void output_init(struct world *w)
{
	for (int o = 0; o < w->fixture->output_count; o++) {
		struct out_state *s = &w->out[o];

		s->commanded = s->in_force = output_deenergised(&w->fixture->outputs[o]);
	}
	for (int b = 0; b < w->fixture->bay_count; b++)
		for (int r = 0; r < OUT_ROLES; r++) {
			struct bay_plant *bay = &w->bays[b];

			bay->opening[r] = bay->out[r] >= 0 ? w->out[bay->out[r]].in_force : 0;
		}
	w->dead_man_ok = w->fixture->dead_man < 0;
}
