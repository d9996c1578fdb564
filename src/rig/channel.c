/* SPDX-License-Identifier: MIT
 *
 * Readings: from a device's point to a scaled value with a quality. A value is good only while
 * everything said so: the device is the right one, answered this very request, called the value
 * good, the value lies in the channel's range, moves where it has to, and is younger than the
 * channel's stale limit.
 */
#include <math.h>
#include <string.h>
#include "core.h"

static bool is_news(struct channel *c)
{
	bool same = c->shown_quality == c->now.quality && c->shown_known == c->instant_known &&
		    !(fabs(c->shown_value - c->now.value) > 0) &&
		    !(fabs(c->shown_instant - c->instant) > 0);

	c->shown_quality = c->now.quality;
	c->shown_known = c->instant_known;
	c->shown_value = c->now.value;
	c->shown_instant = c->instant;
	return !same;
}

static void touch(struct rig *r, struct channel *c)
{
	if (!is_news(c))
		return;
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (c->fx->bays >> bay & 1)
			r->bays[bay].look |= r->looked_at_by[c->now.channel];
}

static void due(struct rig *r, int64_t run_ns)
{
	if (run_ns < r->channels_due_ns)
		r->channels_due_ns = run_ns;
	rig_due_run(r, run_ns);
}

static bool can_become_stale(const struct channel *c)
{
	return c->now.quality && c->now.quality != QUALITY_STALE &&
	       c->now.quality != QUALITY_NO_REPLY;
}

static void emit(struct rig *r, struct channel *c)
{
	touch(r, c);
	if (can_become_stale(c))
		due(r, c->now.at_ns + c->fx->stale_ns + 1);
	if (c->settling)
		due(r, c->candidate_ns + c->fx->debounce_ns);
	report_sample(r, &c->now);
}

/* A quality that comes from no reading: the last value stays as it was, its time too. */
static void degrade(struct rig *r, struct channel *c, enum quality q)
{
	c->settling = false;
	c->instant_known = false;
	c->same = 0;
	if (c->now.quality == q)
		return;
	c->now.quality = (uint8_t)q;
	emit(r, c);
}

/* --- what counts as new --- */

/* Did the device really renew it? Polls between two renewals see the same number again. */
static bool is_update(struct channel *c, int64_t raw, int64_t at_ns)
{
	int64_t since = at_ns - c->update_ns, update_ns = c->fx->update_ns;

	if (!c->now.quality || c->now.updates == 0)
		return true;
	if (raw != c->same_raw)
		return c->is_state || since >= update_ns / 2;
	return since >= update_ns - c->fx->poll_ns / 2;
}

static bool is_frozen(struct rig *r, struct channel *c, bool changed)
{
	struct expr_value certain = {1, true};
	int bay = __builtin_ctz(c->fx->bays ? c->fx->bays : 1);

	if (!c->fx->frozen_after)
		return false;
	if (c->fx->frozen_while)
		certain = interlock_eval(r, c->fx->frozen_while, bay, INT64_MIN);
	c->same = changed || !certain.known || certain.si < 0.5 ? 0 : c->same + 1;
	return c->same >= c->fx->frozen_after;
}

/* --- scales --- */

/* Run time of a reading, known to within the spread. */
struct instant {
	int64_t ns, spread_ns;
};

/* What flowed longer ago than two renewals may lie apart is not in a rate, at any speed. */
static int64_t longest_rate_ns(const struct channel *c)
{
	return c->fx->stale_ns - c->fx->raised_ns + c->fx->update_ns;
}

/* A count was taken at some time within spread_ns of its stamp: a slow answer does not say when. It
 * is no base and makes no rate unless both ends' spreads are a small share of the interval. */
static bool is_unsure(const struct channel *c, bool update, const struct instant *at)
{
	if (c->fx->scale != FX_SCALE_COUNTER)
		return false;
	if (2 * at->spread_ns > longest_rate_ns(c) / COUNTER_UNSURE_SHARE)
		return true;
	return update && c->has_base &&
	       at->spread_ns + c->count_spread_ns > (at->ns - c->count_ns) / COUNTER_UNSURE_SHARE;
}

/* The rate since the last renewal. false: there is none yet. */
static bool counter_rate(struct channel *c, int64_t raw, const struct instant *at, double *hz,
			 enum quality *q)
{
	uint32_t delta = (uint32_t)raw - c->count;
	int64_t dt = at->ns - c->count_ns;
	bool had = c->has_base;

	c->has_base = true;
	c->count = (uint32_t)raw;
	c->count_ns = at->ns;
	c->count_spread_ns = at->spread_ns;
	if (!had || dt <= 0 || dt > longest_rate_ns(c))
		return false;
	*hz = (double)delta * 1e9 / (double)dt;
	if (delta >= UINT32_C(1) << 31) /* it went back: the device began anew */
		*q = QUALITY_BAD_REPLY;
	return true;
}

static void commit_state(struct rig *r, struct channel *c, double value, int64_t at_ns)
{
	bool rose = c->now.quality && value > 0.5 && c->now.value < 0.5;

	c->settling = false;
	c->now.value = value;
	c->now.at_ns = at_ns;
	if (!rose || (strcmp(c->fx->name, "start_button") && strcmp(c->fx->name, "reset_button")))
		return;
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (c->fx->bays >> bay & 1)
			report_input(r, bay, c->fx->name, "pressed");
}

static void take_state(struct rig *r, struct channel *c, const struct driver_value *v,
		       int64_t at_ns)
{
	double value = (v->value > 0.5) != c->fx->active_low ? 1 : 0;
	bool known = c->now.quality == QUALITY_GOOD;

	c->instant = value;
	c->instant_known = true;
	c->now.quality = QUALITY_GOOD;
	if (!known || c->fx->debounce_ns <= 0 || fabs(value - c->now.value) < 0.5) {
		commit_state(r, c, value, at_ns);
		return;
	}
	if (!c->settling || fabs(c->candidate - value) > 0.5) {
		c->settling = true;
		c->candidate = value;
		c->candidate_ns = at_ns;
	}
	c->now.at_ns = at_ns;
	if (at_ns - c->candidate_ns >= c->fx->debounce_ns)
		commit_state(r, c, value, at_ns);
}

/* false: nothing can be said yet. */
static bool take_number(struct rig *r, struct channel *c, const struct driver_value *v, bool update,
			const struct instant *at)
{
	enum quality q = v->quality;
	double point = v->value, value = c->now.value;
	bool changed = v->raw != c->same_raw;

	if (c->fx->scale != FX_SCALE_COUNTER) {
		value = c->gain * point + c->offset;
	} else if (update && q == QUALITY_GOOD) {
		if (!counter_rate(c, v->raw, at, &point, &q))
			return false;
		value = c->gain * point;
	} else if (!c->has_base || !c->now.quality) {
		return false;
	}
	if (!isfinite(value))
		q = QUALITY_BAD_REPLY;
	else if (q == QUALITY_GOOD && (value < c->fx->range_lo || value > c->fx->range_hi))
		q = QUALITY_OUT_OF_RANGE;
	if (update && is_frozen(r, c, changed) && q == QUALITY_GOOD)
		q = QUALITY_FROZEN;
	else if (!update && c->now.quality == QUALITY_FROZEN && q == QUALITY_GOOD)
		q = QUALITY_FROZEN;
	c->now.quality = (uint8_t)q;
	c->now.value = isfinite(value) ? value : 0;
	c->now.at_ns = at->ns;
	return true;
}

/* A value of the point. */
static void take(struct rig *r, struct channel *c, const struct driver_value *v, struct instant at)
{
	int64_t at_ns = at.ns;
	bool update = is_update(c, v->raw, at_ns);

	c->failures = 0;
	if (v->quality == QUALITY_GOOD && is_unsure(c, update, &at))
		return; /* the last value gets stale unless a sure one comes in time */
	if (v->quality != QUALITY_GOOD && c->is_state) {
		degrade(r, c, v->quality);
		return;
	}
	if (c->is_state)
		take_state(r, c, v, at_ns);
	else if (!take_number(r, c, v, update, &at)) {
		c->same_raw = v->raw;
		c->update_ns = at_ns;
		return;
	}
	if (update) {
		c->now.updates++;
		c->update_ns = at_ns;
	}
	c->now.raw = v->raw;
	c->same_raw = v->raw;
	/* it may have waited in a mailbox for longer than it is worth */
	if (r->run_ns - at_ns > c->fx->stale_ns)
		c->now.quality = QUALITY_STALE;
	emit(r, c);
}

/* --- where values come from --- */

static void failed(struct rig *r, struct channel *c, enum bus_status status)
{
	if (++c->failures < READ_FAILURES_MAX)
		return;
	c->has_base = false;
	degrade(r, c,
		status == BUS_BAD_REPLY || status == BUS_EXCEPTION ? QUALITY_BAD_REPLY
								   : QUALITY_NO_REPLY);
}

static void read_channel(struct rig *r, int bus, struct channel *c, const struct bus_event *ev)
{
	struct device *d = &r->devices[c->fx->device];
	struct driver_image images[POINT_READS_MAX];
	struct driver_value v = {0};
	int64_t oldest = INT64_MAX, spread = 0;

	if (ev->status != BUS_OK) {
		failed(r, c, ev->status);
		return;
	}
	for (int i = 0; i < c->read_count; i++) {
		const struct read_cache *cache = &r->buses[bus].cache[c->reads[i]];

		images[i] = cache->image;
		if (cache->at_ns < oldest)
			oldest = cache->at_ns;
		if (cache->spread_ns > spread)
			spread = cache->spread_ns;
		if (!images[i].good)
			return; /* its other part is still to come */
	}
	if (d->d.driver->get(&d->d, c->point, images, &v))
		failed(r, c, BUS_BAD_REPLY);
	else
		take(r, c, &v,
		     (struct instant){rig_to_run(r, oldest), spread * (int64_t)r->scale.speed});
}

static void keep_image(struct read_cache *cache, const struct bus_event *ev)
{
	cache->image = (struct driver_image){.good = ev->status == BUS_OK, .count = 0};
	if (ev->status != BUS_OK)
		return;
	memcpy(cache->data, ev->data, sizeof(cache->data[0]) * ev->count);
	cache->image.data = cache->data;
	cache->image.count = ev->count;
	cache->at_ns = ev->at_ns;
	cache->spread_ns = ev->spread_ns;
}

void channel_read(struct rig *r, int bus, int read, const struct bus_event *ev)
{
	struct rig_bus *b = &r->buses[bus];
	int device;

	if (read < 0 || read >= b->read_count || ev->count > BUS_DATA_MAX)
		return;
	device = b->reads[read].device;
	keep_image(&b->cache[read], ev);
	if (r->devices[device].state != DEVICE_PRESENT) {
		/* nothing is believed before its identity is known */
		if (ev->status == BUS_OK && r->devices[device].state == DEVICE_LOST)
			device_back(r, device);
		return;
	}
	for (int i = b->first_user[read]; i < b->first_user[read + 1]; i++) {
		if (b->users[i] >= 0)
			read_channel(r, bus, &r->channels[b->users[i]], ev);
		else
			board_monitor(r, -1 - b->users[i], ev);
	}
}

void channel_line(struct rig *r, int bus, const struct bus_event *ev)
{
	struct rig_bus *b = &r->buses[bus];
	struct driver_value v = {0};
	struct device *d;
	int point, device;

	if (ev->index < 0 || ev->index >= b->line_count)
		return;
	device = b->lines[ev->index].device;
	d = &r->devices[device];
	r->event.kind = ev->kind;
	r->event.status = ev->status;
	r->event.value = ev->value;
	r->event.is_edge = ev->is_edge;
	r->event.pulses = ev->pulses;
	r->event.first_edge_ns = r->event.last_edge_ns = 0;
	r->event.at_ns = rig_to_run(r, ev->at_ns);
	if (ev->first_edge_ns)
		r->event.first_edge_ns = rig_to_run(r, ev->first_edge_ns);
	if (ev->last_edge_ns)
		r->event.last_edge_ns = rig_to_run(r, ev->last_edge_ns);
	point = d->d.driver->gpio_get(&d->d, ev->index - d->first_line, &r->event, &v);
	if (point < 0 || d->state != DEVICE_PRESENT)
		return;
	for (int i = d->first_channel; i >= 0; i = r->channels[i].next_of_device)
		if (r->channels[i].point == point)
			take(r, &r->channels[i], &v, (struct instant){r->event.at_ns, 0});
}

void channel_stream(struct rig *r, int device, int point, const struct driver_value *v,
		    int64_t at_ns)
{
	struct device *d = &r->devices[device];

	if (d->state != DEVICE_PRESENT)
		return;
	for (int i = d->first_channel; i >= 0; i = r->channels[i].next_of_device)
		if (r->channels[i].point == point)
			take(r, &r->channels[i], v, (struct instant){rig_to_run(r, at_ns), 0});
}

void channel_device_lost(struct rig *r, int device)
{
	enum quality q = r->devices[device].state == DEVICE_WRONG ? QUALITY_BAD_REPLY
								  : QUALITY_NO_REPLY;

	for (int i = 0; i < r->f->channel_count; i++) {
		struct channel *c = &r->channels[i];

		if (c->fx->device != device)
			continue;
		c->has_base = false;
		c->failures = 0;
		degrade(r, c, q);
	}
}

static void run_channel(struct rig *r, struct channel *c)
{
	int64_t stale_ns = c->now.at_ns + c->fx->stale_ns;

	if (!can_become_stale(c))
		return;
	if (r->run_ns > stale_ns) {
		c->has_base = false;
		degrade(r, c, QUALITY_STALE);
		return;
	}
	due(r, stale_ns + 1);
	if (!c->settling)
		return;
	if (r->run_ns - c->candidate_ns < c->fx->debounce_ns) {
		due(r, c->candidate_ns + c->fx->debounce_ns);
		return;
	}
	commit_state(r, c, c->candidate, c->now.at_ns);
	c->now.updates++;
	emit(r, c);
}

void channel_run(struct rig *r)
{
	/* Readings that came since can only have made it earlier. */
	if (r->run_ns < r->channels_due_ns) {
		rig_due_run(r, r->channels_due_ns);
		return;
	}
	r->channels_due_ns = INT64_MAX;
	for (int i = 0; i < r->f->channel_count; i++)
		run_channel(r, &r->channels[i]);
}

struct expr_value channel_value(const struct rig *r, int channel, bool as_read)
{
	const struct channel *c = &r->channels[channel];

	if (c->now.quality != QUALITY_GOOD || (c->is_state && !c->instant_known))
		return (struct expr_value){0, false};
	if (c->is_state)
		return (struct expr_value){c->instant, true};
	return (struct expr_value){unit_to_si(c->fx->unit, channel_shown(c, as_read)), true};
}

double channel_shown(const struct channel *c, bool as_read)
{
	if (as_read || !channel_is_corrected(c))
		return c->now.value;
	return c->calibration.gain * c->now.value + c->calibration.offset;
}

bool channel_is_corrected(const struct channel *c)
{
	return fabs(c->calibration.gain - 1) > 0 || fabs(c->calibration.offset) > 0;
}

void channel_calibrate(struct rig *r, int channel, uint32_t revision, double gain, double offset)
{
	struct channel *c = &r->channels[channel];

	c->calibration.gain = gain;
	c->calibration.offset = offset;
	c->now.calibration = revision;
	c->shown_quality = 0; /* for the interlocks it is news */
	if (c->now.quality)
		emit(r, c);
}
