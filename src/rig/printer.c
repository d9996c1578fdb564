/* SPDX-License-Identifier: MIT
 *
 * Label printers: asked how they are, given one job at a time, asked until it is done. No bay needs
 * one, and a run never waits for one; benchd is told what became of each job.
 *
 *	IDLE --label--> WAITING				[printer_message]
 *	WAITING --ready--> SENDING			[said]
 *	SENDING --all of it--> PRINTING			[printer_answer]
 *	PRINTING --twice ready--> IDLE, printed		[said]
 *	WAITING --stopped, silent, too long--> IDLE, not printed	[finish]
 *	SENDING, PRINTING --the same--> IDLE, unknown	[finish]
 *
 * The first "ready" after a job may have been said before the printer had looked at it. Times are wire
 * times.
 */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "core.h"

#define IDLE_NS	   (2 * NS_PER_S) /* between two questions */
#define AT_WORK_NS (200 * NS_PER_MS)
#define SILENCE_NS (2 * NS_PER_S)
#define READY_NS   (3 * NS_PER_S) /* so long it may print something else */
#define PRINTED_NS (8 * NS_PER_S) /* what a label takes */
enum { JOB_MAX = 4096, PART_ASK = 0, PART_JOB = 1 };

struct printer {
	enum { IDLE = 0, WAITING, SENDING, PRINTING } phase;
	uint32_t token; /* of the job */
	char job[JOB_MAX];
	int length, sent, part; /* part: bytes on their way */
	int ready;		/* times in a row since all was sent */
	int64_t asked_ns;	/* no answer since, 0: not asked */
	int64_t ask_ns, deadline_ns;
};

void printer_build(struct rig *r)
{
	for (int i = 0; i < r->f->device_count; i++) {
		struct device *d = &r->devices[i];

		if (!d->d.driver->printer)
			continue;
		d->printer = xcalloc(1, sizeof(*d->printer));
		r->printers[r->printer_count++] = (int16_t)i;
	}
}

static void finish(struct rig *r, int device, enum label_outcome outcome, const char *reason)
{
	struct device *d = &r->devices[device];
	struct printer *p = d->printer;

	if (p->phase == IDLE)
		return;
	p->phase = IDLE;
	report_labeled(r, device, p->token, outcome, reason);
}

/* Why it cannot print: told when that changes. */
static void set_away(struct rig *r, int device, const char *why)
{
	const struct device *d = &r->devices[device];

	if (d->state != DEVICE_LOST || strcmp(d->why, why) != 0)
		device_set_state(r, device, DEVICE_LOST, why);
}

/* The job ends without a word that it was printed. */
static void give_up(struct rig *r, int device, const char *why)
{
	const struct printer *p = r->devices[device].printer;
	bool begun = p->phase == PRINTING || (p->phase == SENDING && p->sent + p->part > 0);

	finish(r, device, begun ? LABEL_UNKNOWN : LABEL_NOT_PRINTED, why);
}

static bool submit(struct rig *r, int device, int part, const char *bytes, int n)
{
	struct device *d = &r->devices[device];
	struct bus_request q = {.kind = BUS_SERIAL_WRITE,
				.token = token_make(TOKEN_PRINTER, device, part, 0),
				.device = (uint16_t)device,
				.count = (uint16_t)n};

	for (int i = 0; i < n; i++)
		q.data[i] = (uint8_t)bytes[i];
	return !r->ops.submit(r->ops.ctx, d->fx->bus, &q);
}

/* The next bytes: what a request takes, so that nothing waits long behind it. */
static void send_part(struct rig *r, int device)
{
	struct printer *p = r->devices[device].printer;

	p->part = p->length - p->sent < BUS_WRITE_MAX ? p->length - p->sent : BUS_WRITE_MAX;
	if (!submit(r, device, PART_JOB, p->job + p->sent, p->part))
		give_up(r, device, "its line takes no more");
}

static void ask(struct rig *r, int device)
{
	const char *bytes = r->devices[device].d.driver->printer->ask;
	struct printer *p = r->devices[device].printer;

	p->ask_ns = r->now_ns + IDLE_NS;
	if (submit(r, device, PART_ASK, bytes, (int)strlen(bytes)))
		p->asked_ns = r->now_ns;
}

/* ---- what comes ---- */

static void said(struct rig *r, int device, enum printer_state state, const char *why)
{
	struct device *d = &r->devices[device];
	struct printer *p = d->printer;

	p->asked_ns = 0;
	p->ask_ns = r->now_ns + (p->phase == IDLE ? IDLE_NS : AT_WORK_NS);
	if (state == PRINTER_STOPPED) {
		set_away(r, device, why);
		give_up(r, device, why);
		return;
	}
	if (d->state != DEVICE_PRESENT)
		device_set_state(r, device, DEVICE_PRESENT, "");
	if (state != PRINTER_READY) {
		p->ready = 0;
	} else if (p->phase == WAITING) {
		p->phase = SENDING;
		p->deadline_ns = r->now_ns + PRINTED_NS;
		send_part(r, device);
	} else if (p->phase == PRINTING && ++p->ready == 2) {
		finish(r, device, LABEL_PRINTED, "");
	}
}

void printer_bytes(struct rig *r, int device, const struct bus_event *ev)
{
	struct device *d = &r->devices[device];
	enum printer_state state = PRINTER_STOPPED;
	const char *why = "";

	if (d->d.driver->printer->feed(&d->d, ev->bytes, ev->byte_count, &state, &why))
		said(r, device, state, why);
}

void printer_answer(struct rig *r, int device, int part, const struct bus_event *ev)
{
	struct printer *p = r->devices[device].printer;

	if (!p || part != PART_JOB || p->phase != SENDING)
		return;
	if (ev->status != BUS_OK) {
		give_up(r, device, ev->text[0] ? ev->text : "its line broke");
		return;
	}
	p->sent += p->part;
	if (p->sent < p->length) {
		send_part(r, device);
		return;
	}
	p->phase = PRINTING;
	p->ready = 0;
	p->ask_ns = r->now_ns + AT_WORK_NS;
	p->deadline_ns = r->now_ns + PRINTED_NS;
}

void printer_bus_up(struct rig *r, int device)
{
	r->devices[device].printer->asked_ns = 0;
	r->devices[device].printer->ask_ns = r->now_ns;
}

void printer_bus_down(struct rig *r, int device, const char *why)
{
	r->devices[device].printer->asked_ns = 0;
	set_away(r, device, why);
	give_up(r, device, why);
}

int printer_message(struct rig *r, const struct io_msg *m, struct error *err)
{
	int device = m->u.label.device;
	struct driver_label l = {
		.line_count = m->u.label.count, .qr = m->u.label.qr, .copies = m->u.label.copies};
	struct printer *p;
	int n;

	if (device >= r->f->device_count || !r->devices[device].printer)
		return error_set(err, ERR_PROTOCOL, "device number %d is no printer", device);
	p = r->devices[device].printer;
	if (p->phase != IDLE) {
		report_labeled(r, device, m->u.label.token, LABEL_NOT_PRINTED,
			       "another label is printed just now");
		return 0;
	}
	for (int i = 0; i < l.line_count; i++)
		l.lines[i] = m->u.label.line[i];
	n = r->devices[device].d.driver->printer->job(&r->devices[device].d, &l, p->job,
						      sizeof(p->job));
	p->token = m->u.label.token;
	p->phase = WAITING;
	p->length = n;
	p->sent = p->part = p->ready = 0;
	p->ask_ns = r->now_ns;
	p->deadline_ns = r->now_ns + READY_NS;
	if (n < 0)
		give_up(r, device, "the label is too long for it");
	else if (!r->buses[r->devices[device].fx->bus].up)
		give_up(r, device,
			r->devices[device].why[0] ? r->devices[device].why
						  : "its line is not open");
	return 0;
}

/* ---- time ---- */

static void run_one(struct rig *r, int device)
{
	struct device *d = &r->devices[device];
	struct printer *p = d->printer;

	if (p->asked_ns && r->now_ns - p->asked_ns >= SILENCE_NS) {
		p->asked_ns = 0;
		set_away(r, device, d->d.driver->printer->silence);
		give_up(r, device, d->d.driver->printer->silence);
	}
	if (p->phase != IDLE && r->now_ns >= p->deadline_ns)
		give_up(r, device,
			p->phase == WAITING ? "it prints something else and does not end"
					    : "it did not say in time that it has printed");
	if (!p->asked_ns && p->phase != SENDING && r->now_ns >= p->ask_ns)
		ask(r, device);
	rig_due(r, p->asked_ns ? p->asked_ns + SILENCE_NS : p->ask_ns);
	if (p->phase != IDLE)
		rig_due(r, p->deadline_ns);
}

void printer_run(struct rig *r)
{
	for (int i = 0; i < r->printer_count; i++)
		if (r->buses[r->devices[r->printers[i]].fx->bus].up)
			run_one(r, r->printers[i]);
}
