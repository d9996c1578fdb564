/* SPDX-License-Identifier: MIT
 *
 * Sensors: lag, own error, noise, drift, renewal, and the way back from a channel's value to
 * what its device's point carries (the inverse of the fixture's scale and calibration).
 */
#include <math.h>
#include <string.h>

#include "sim/plant.h"

static const double TURN = 2 * 3.141592653589793, DRIFT_SHARE = 0.3;
static const int64_t DRIFT_STEP_NS = 10 * NS_PER_S;

static const struct sensor_kind {
	const char *name;
	double tau_s; /* first-order lag, 0: none worth modelling */
	/* standard deviations, absolute (channel unit) and relative: of one renewal, and of this
	 * specimen's own error */
	double noise, noise_rel;
	double error, error_rel;
} kinds[CH_ROLES] = {
	[CH_SUPPLY_PRESSURE] = {"supply_pressure", 0, 0.0004, 0.002, 0.0005, 0.001},
	[CH_FEED_PRESSURE] = {"feed_pressure", 0, 0.0004, 0.003, 0.0005, 0.001},
	[CH_PERMEATE_PRESSURE] = {"permeate_pressure", 0, 0.0004, 0.001, 0.0005, 0.001},
	[CH_FEED_FLOW] = {"feed_flow", 0.3, 0, 0.004, 0, 0.002},
	[CH_PERMEATE_FLOW] = {"permeate_flow", 0.3, 0, 0.004, 0, 0.002},
	[CH_CONCENTRATE_FLOW] = {"concentrate_flow", 0.3, 0, 0.004, 0, 0.002},
	[CH_FEED_CONDUCTIVITY] = {"feed_conductivity", 3, 0.15, 0.002, 0.1, 0.002},
	[CH_PERMEATE_CONDUCTIVITY] = {"permeate_conductivity", 3, 0.15, 0.002, 0.1, 0.002},
	[CH_FEED_TEMPERATURE] = {"feed_temperature", 7, 0.02, 0, 0.05, 0},
	[CH_PERMEATE_TEMPERATURE] = {"permeate_temperature", 7, 0.02, 0, 0.05, 0},
	[CH_UNIT_POWER] = {"unit_power", 0.3, 0.05, 0.003, 0, 0.002},
	[CH_UNIT_VOLTAGE] = {"unit_voltage", 0, 0.2, 0, 0, 0.001},
	[CH_UNIT_CURRENT] = {"unit_current", 0.3, 0.0005, 0.003, 0, 0.002},
	[CH_TRAY_LEAK] = {"tray_leak", 0, 0, 0, 0, 0},
	[CH_FLOOR_LEAK] = {"floor_leak", 0, 0, 0, 0, 0},
	[CH_ESTOP] = {"estop", 0, 0, 0, 0, 0},
	[CH_START_BUTTON] = {"start_button", 0, 0, 0, 0, 0},
	[CH_RESET_BUTTON] = {"reset_button", 0, 0, 0, 0, 0},
};

enum channel_role channel_role_find(const char *name)
{
	for (int r = 0; r < CH_ROLES; r++)
		if (!strcmp(kinds[r].name, name))
			return (enum channel_role)r;
	return CH_OTHER;
}

/* ---- drift ---- */

/* Zero and span of a sensor swing over hours, by some tenths of the uncertainty its channel states:
 * a calibrated sensor stays within that. A draw of its own, so that the noise of a seed stays. */
static void begin_drift(const struct world *w, int channel, struct sensor *s)
{
	const struct fx_channel *ch = &w->fixture->channels[channel];
	struct rng rng = {.state = w->config.seed * 0x9e3779b97f4a7c15u + (uint64_t)channel + 1};
	double unit = s->other_unit ? fabs(ch->unit->scale / s->own_unit->scale) : 1;

	rng_next(&rng);
	s->zero_swing = DRIFT_SHARE * ch->uncertainty_abs * unit;
	s->span_swing = DRIFT_SHARE * ch->uncertainty_rel;
	s->zero_period_s = 3600 * (2 + 4 * rng_uniform(&rng));
	s->span_period_s = 3600 * (2 + 4 * rng_uniform(&rng));
	s->zero_phase = TURN * rng_uniform(&rng);
	s->span_phase = TURN * rng_uniform(&rng);
	s->drift_ns = -DRIFT_STEP_NS;
}

void sensor_drift(const struct world *w, int channel, int64_t now_ns, double *zero, double *span)
{
	const struct sensor *s = &w->sensors[channel];
	double t_s = (double)now_ns * 1e-9;

	*zero = *span = 0;
	if (s->zero_period_s <= 0)
		return;
	*zero = s->zero_swing * sin(TURN * t_s / s->zero_period_s + s->zero_phase);
	*span = s->span_swing * sin(TURN * t_s / s->span_period_s + s->span_phase);
}

/* Not every time: it hardly moves in seconds. */
static void drift_to(const struct world *w, struct sensor *s, int64_t now_ns)
{
	if (s->zero_period_s <= 0 || now_ns - s->drift_ns < DRIFT_STEP_NS)
		return;
	s->drift_ns = now_ns;
	sensor_drift(w, (int)(s - w->sensors), now_ns, &s->drift_zero, &s->drift_span);
}

/* Pulses per litre as the specimen gives them when new. */
static double pulses_per_litre(const struct world *w, int channel)
{
	const struct fx_channel *ch = &w->fixture->channels[channel];
	double k = ch->per_litre * w->sensors[channel].gain;

	if (ch->calibration.revision && ch->calibration.gain != 0)
		k /= ch->calibration.gain;
	return k;
}

void sensor_init(struct world *w)
{
	bool errors = w->config.noise;

	for (int c = 0; c < w->fixture->channel_count; c++) {
		const struct fx_channel *ch = &w->fixture->channels[c];
		struct sensor *s = &w->sensors[c];
		const struct sensor_kind *k;

		s->role = channel_role_find(ch->name);
		s->gain = 1;
		s->own_unit = quantity_unit(ch->quantity);
		s->other_unit = ch->unit && ch->unit != s->own_unit;
		s->bay = 0;
		while (s->bay < FIXTURE_BAYS_MAX - 1 && !(ch->bays >> s->bay & 1))
			s->bay++;
		if (s->role == CH_OTHER)
			continue;
		k = &kinds[s->role];
		if (errors) {
			s->gain += k->error_rel * rng_normal(&w->rng);
			s->offset = k->error * rng_normal(&w->rng);
			if (s->role < CH_TRAY_LEAK)
				begin_drift(w, c, s);
		}
		if (s->role >= CH_FEED_FLOW && s->role <= CH_CONCENTRATE_FLOW)
			w->meters[w->meter_count++] = (int16_t)c;
		s->lag = plant_truth(w, s->bay, s->role);
		if (s->role < CH_TRAY_LEAK && k->tau_s > 0)
			w->lagging[w->lagging_count++] = (int16_t)c;
	}
}

void sensor_step(struct world *w, double dt_s)
{
	for (int i = 0; i < w->lagging_count; i++) {
		struct sensor *s = &w->sensors[w->lagging[i]];
		double tau_s = kinds[s->role].tau_s;

		s->lag += (plant_truth(w, s->bay, s->role) - s->lag) * dt_s / (tau_s + dt_s);
	}
	/* what was counted stays counted: the drift of a meter is in each pulse as it comes */
	for (int i = 0; i < w->meter_count; i++) {
		struct sensor *s = &w->sensors[w->meters[i]];

		drift_to(w, s, w->stepped_ns);
		s->drift_pulses += plant_flow(&w->bays[s->bay], s->role) *
				   pulses_per_litre(w, w->meters[i]) * s->drift_span * dt_s / 60;
	}
}

/* A closed valve's ring at the moment of sampling: 40 Hz, gone within 50 ms. */
static double hammer_now(const struct world *w, const struct bay_plant *b, enum channel_role role)
{
	const struct hammer *h = &b->hammer[role];
	double t_s = (double)(w->now_ns - h->at_ns) * 1e-9;

	if (h->mpa == 0 || t_s > 0.06 || t_s < 0)
		return 0;
	return h->mpa * exp(-t_s / 0.015) * cos(2 * 3.141592653589793 * 40 * t_s);
}

/* Value in the channel's unit as a perfect scale and calibration would give it. */
static double sample(struct world *w, struct sensor *s)
{
	const struct bay_plant *b = &w->bays[s->bay];
	const struct sensor_kind *k = &kinds[s->role];
	double v = k->tau_s > 0 ? s->lag : plant_truth(w, s->bay, s->role);

	if (s->role >= CH_TRAY_LEAK)
		return v;
	if (s->role == CH_PERMEATE_CONDUCTIVITY && b->faults.permeate_probe > 0)
		v *= b->faults.permeate_probe;
	if (w->config.noise) {
		drift_to(w, s, w->now_ns);
		v = v * s->gain * (1 + s->drift_span) + s->offset + s->drift_zero;
		v += (k->noise + k->noise_rel * fabs(v)) * rng_normal(&w->rng);
		if (s->role <= CH_PERMEATE_PRESSURE)
			v += hammer_now(w, b, s->role);
		/* the diaphragm pump's strokes, 40..60 Hz, reach the feed hose weakened */
		if (s->role == CH_FEED_PRESSURE && b->unit.spin > 0)
			v += 0.001 * b->unit.spin * rng_normal(&w->rng);
	}
	/* meters are blind below their threshold */
	if (s->role >= CH_FEED_FLOW && s->role <= CH_CONCENTRATE_FLOW && v < 0.008)
		v = 0;
	return v;
}

/* Half a step of the sensor up, then down: water without noise would stand still for the fixture's
 * `frozen`, as only a broken sensor does. */
static double dither(struct sensor *s, const struct fx_channel *ch)
{
	double step = ch->resolution;

	if (s->other_unit)
		step *= fabs(ch->unit->scale / s->own_unit->scale);
	s->dithered_up = !s->dithered_up;
	return s->dithered_up ? step / 2 : -step / 2;
}

static void renew(struct world *w, int channel)
{
	struct sensor *s = &w->sensors[channel];
	const struct fx_channel *ch = &w->fixture->channels[channel];
	bool frozen = s->role == CH_FEED_CONDUCTIVITY && w->bays[s->bay].faults.feed_probe_frozen;

	if (w->now_ns < s->renew_ns)
		return;
	if (s->role != CH_OTHER && !(frozen && s->frozen))
		s->held = sample(w, s) +
			  (!w->config.noise && ch->frozen_after > 0 ? dither(s, ch) : 0);
	s->frozen = frozen;
	/* contacts are seen at once; other devices renew at their own pace, or faster than they
	 * are asked */
	if (s->role < CH_TRAY_LEAK && ch->update_ns > 0) {
		int64_t pace = ch->update_ns > ch->poll_ns ? ch->update_ns : ch->update_ns / 2 + 1;

		s->renew_ns = w->now_ns - w->now_ns % pace + pace;
	}
}

double sensor_point(struct world *w, int channel)
{
	const struct fx_channel *ch = &w->fixture->channels[channel];
	const struct sensor *s = &w->sensors[channel];
	double v;

	renew(w, channel);
	v = s->held;
	if (s->role >= CH_TRAY_LEAK && s->role < CH_ROLES)
		return (v > 0.5) != ch->active_low ? 1 : 0;
	if (s->other_unit)
		v = unit_from_si(ch->unit, unit_to_si(s->own_unit, v));
	if (ch->calibration.revision && ch->calibration.gain != 0)
		v = (v - ch->calibration.offset) / ch->calibration.gain;
	if (ch->scale == FX_SCALE_PULSE_RATE)
		return v * ch->per_litre / 60;
	if (ch->scale == FX_SCALE_COUNTER)
		return floor(sensor_pulses(w, channel, NULL));
	return ch->gain != 0 ? (v - ch->offset) / ch->gain : 0;
}

double sensor_pulses(struct world *w, int channel, double *per_second)
{
	const struct sensor *s = &w->sensors[channel];
	const struct bay_plant *b = &w->bays[s->bay];
	double k = pulses_per_litre(w, channel), rate, ahead_s;

	if (s->role < CH_FEED_FLOW || s->role > CH_CONCENTRATE_FLOW) {
		if (per_second)
			*per_second = 0;
		return 0;
	}
	rate = plant_flow(b, s->role) * k * (1 + s->drift_span) / 60;
	ahead_s = (double)(w->now_ns - w->stepped_ns) * 1e-9;
	if (per_second)
		*per_second = rate;
	return b->volume_l[s->role - CH_FEED_FLOW] * k + s->drift_pulses + rate * ahead_s;
}
