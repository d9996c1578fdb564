/* SPDX-License-Identifier: MIT
 *
 * What benchd is told. Samples are batched per cycle; everything else goes when it changes.
 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "core.h"

void rig_text(char *dst, size_t size, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_copy(dst, size, text);
}

void rig_log(struct rig *r, int level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->ops.log(r->ops.ctx, level, text);
}

static void send(struct rig *r, const struct io_msg *m)
{
	if (!r->linked)
		return;
	r->told_ns = r->now_ns;
	r->ops.send(r->ops.ctx, m);
}

/* Texts on the link are clean UTF-8; device texts may carry what a library wrote. */
static void put_text(char *dst, size_t size, const char *src)
{
	text_copy(dst, size, src);
	for (char *p = dst; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	if (!text_is_utf8(dst, strlen(dst)))
		for (char *p = dst; *p; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
}

static void begin(struct rig *r, enum io_type type)
{
	memset(&r->out, 0, sizeof(r->out));
	r->out.type = type;
}

static void send_batch(struct rig *r)
{
	r->batch.type = IO_SAMPLES;
	send(r, &r->batch);
	r->batch.u.samples.count = 0;
}

static void flush(struct rig *r)
{
	if (r->batch.u.samples.count)
		send_batch(r);
}

void report_sample(struct rig *r, const struct sample *s)
{
	uint16_t *n = &r->batch.u.samples.count;

	if (!r->linked)
		return;
	if (!*n) {
		r->batch_ns = r->run_ns;
		rig_due_run(r, r->batch_ns + BATCH_NS);
	}
	r->batch.u.samples.at[(*n)++] = *s;
	if (*n == IO_SAMPLES_MAX)
		flush(r);
}

void report_trip(struct rig *r, uint32_t bays, enum trip_class class, int interlock, double value,
		 const char *reason)
{
	flush(r); /* what was read before it comes before it */
	begin(r, IO_TRIP);
	r->out.u.trip.bays = bays;
	r->out.u.trip.class = (uint8_t) class;
	r->out.u.trip.interlock = (int16_t)interlock;
	r->out.u.trip.value = value;
	put_text(r->out.u.trip.reason, sizeof(r->out.u.trip.reason), reason);
	send(r, &r->out);
}

void report_proof(struct rig *r, int bay, enum safe_what after, uint32_t token, bool proven,
		  const char *detail, int64_t took_ns)
{
	flush(r);
	begin(r, IO_PROOF);
	r->out.u.proof.bay = (uint8_t)bay;
	r->out.u.proof.after = (uint8_t)after;
	r->out.u.proof.token = token;
	r->out.u.proof.proven = proven;
	r->out.u.proof.took_ns = took_ns > 0 ? took_ns : 0;
	put_text(r->out.u.proof.detail, sizeof(r->out.u.proof.detail), detail);
	send(r, &r->out);
}

void report_device(struct rig *r, int device)
{
	const struct device *d = &r->devices[device];
	char text[IO_TEXT_MAX] = "";

	begin(r, IO_DEVICE);
	if (d->state == DEVICE_PRESENT) {
		device_says(r, device, text, sizeof(text));
		device_identity_text(d, r->out.u.device.identity, IO_IDENTITY_MAX);
	} else {
		device_describe(r, device, text, sizeof(text));
	}
	r->out.u.device.device = (uint16_t)device;
	r->out.u.device.present = d->state == DEVICE_PRESENT;
	put_text(r->out.u.device.reason, sizeof(r->out.u.device.reason), text);
	send(r, &r->out);
}

void report_line(struct rig *r, int device)
{
	const struct device *d = &r->devices[device];

	if (!d->turnaround_us)
		return;
	begin(r, IO_LINE);
	r->out.u.line.device = (uint16_t)device;
	r->out.u.line.damaged = d->damaged;
	r->out.u.line.turnaround_us = d->turnaround_us - 1;
	r->out.u.line.load = d->load;
	r->out.u.line.planned = r->buses[d->fx->bus].planned * r->scale.speed;
	send(r, &r->out);
}

void report_calibrated(struct rig *r, int channel, const char *reason)
{
	begin(r, IO_CALIBRATED);
	r->out.u.calibrated.channel = (uint16_t)channel;
	r->out.u.calibrated.revision = r->channels[channel].now.calibration;
	put_text(r->out.u.calibrated.reason, sizeof(r->out.u.calibrated.reason), reason);
	send(r, &r->out);
}

void report_labeled(struct rig *r, int device, uint32_t token, enum label_outcome outcome,
		    const char *reason)
{
	begin(r, IO_LABELED);
	r->out.u.labeled.device = (uint16_t)device;
	r->out.u.labeled.token = token;
	r->out.u.labeled.outcome = (uint8_t)outcome;
	put_text(r->out.u.labeled.reason, sizeof(r->out.u.labeled.reason), reason);
	send(r, &r->out);
}

void report_input(struct rig *r, int bay, const char *name, const char *text)
{
	begin(r, IO_INPUT);
	r->out.u.input.bay = (uint8_t)bay;
	put_text(r->out.u.input.name, sizeof(r->out.u.input.name), name);
	put_text(r->out.u.input.text, sizeof(r->out.u.input.text), text);
	send(r, &r->out);
}

static void report_bay(struct rig *r, int bay)
{
	struct bay *b = &r->bays[bay];

	b->tell_state = false;
	begin(r, IO_BAY);
	r->out.u.bay.bay = (uint8_t)bay;
	r->out.u.bay.state = (uint8_t)b->state;
	r->out.u.bay.lease = b->lease;
	put_text(r->out.u.bay.reason, sizeof(r->out.u.bay.reason), b->reason);
	send(r, &r->out);
}

void report_hello(struct rig *r)
{
	begin(r, IO_HELLO);
	r->out.u.hello.version = IO_VERSION;
	put_text(r->out.u.hello.rig, sizeof(r->out.u.hello.rig), r->f->name);
	memcpy(r->out.u.hello.fixture_hash, r->f->hash, 32);
	r->out.u.hello.simulated = r->simulated;
	r->out.u.hello.pid = r->pid;
	r->out.u.hello.speed = r->scale.speed;
	r->out.u.hello.origin_ns = r->scale.origin_ns;
	r->ops.send(r->ops.ctx, &r->out);
}

void report_snapshot(struct rig *r)
{
	for (int i = 0; i < r->f->device_count; i++)
		if (r->devices[i].state != DEVICE_UNKNOWN)
			report_device(r, i);
	for (int i = 0; i < r->f->device_count; i++)
		report_line(r, i);
	for (int bay = 0; bay < r->f->bay_count; bay++) {
		const struct bay *b = &r->bays[bay];

		report_bay(r, bay);
		if (b->has_proof && b->phase == PHASE_NONE)
			report_proof(r, bay, b->proved, 0, b->proven, b->detail, b->proof_took_ns);
	}
	for (int i = 0; i < r->f->channel_count; i++)
		if (r->channels[i].now.quality)
			report_sample(r, &r->channels[i].now);
}

/* A rig whose devices are all away has nothing to say; that it is there is said all the same. */
static bool is_silent(struct rig *r)
{
	if (!r->linked)
		return false;
	if (r->now_ns - r->told_ns >= ALIVE_EVERY_NS)
		return true;
	rig_due(r, r->told_ns + ALIVE_EVERY_NS);
	return false;
}

/* Is there something to be told that only time brings? If not, r is due when there will be. */
bool report_is_due(struct rig *r)
{
	if (is_silent(r))
		return true;
	if (!r->batch.u.samples.count)
		return false;
	if (r->run_ns - r->batch_ns >= BATCH_NS)
		return true;
	rig_due_run(r, r->batch_ns + BATCH_NS);
	return false;
}

void report_run(struct rig *r)
{
	for (int bay = 0; bay < r->f->bay_count; bay++)
		if (r->bays[bay].tell_state)
			report_bay(r, bay);
	if (report_is_due(r))
		send_batch(r);
}
