/* SPDX-License-Identifier: MIT
 *
 * Comms watchdogs proven by silence: one output of the board is switched on, stays on while the board
 * is asked, and has to be off after nobody asked for as long as its watchdog says. Only by hand, with
 * the water shut: it switches something on.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "scan.h"
#include "plan/fixture.h"

enum { ASK_MS = 200, MARGIN_MS = 500, KNOWN_MS = 400 };

struct proof {
	const struct fixture *f;
	const struct fx_device *fx;
	const struct fx_output *output;
	struct driver_device d;
	struct scan_line line;
	int point, timeout_ms;
	int64_t watchdog_ns;
};

static int tell(const struct proof *p, const char *what)
{
	fprintf(stderr, "benchd-io: %s: %s\n", p->fx->name, what);
	return COMMISSION_NOT_DONE;
}

static bool is_right(struct scan_line *l, int unit, const struct driver_identity *id)
{
	uint16_t data[BUS_DATA_MAX] = {0};

	if (scan_line_read(l, unit, &id->read, data) != ANSWER_GOOD)
		return false;
	for (int i = 0; i < id->read.count && i < 8; i++)
		if ((data[i] ^ id->expect[i]) & id->mask[i])
			return false;
	return true;
}

/* The right device, and set as it has to be: written where it is not, and read back. */
static int prepare(struct proof *p)
{
	struct driver_identity ids[COMMISSION_PARTS_MAX];
	struct bus_request q[COMMISSION_PARTS_MAX];
	const struct driver *drv = p->d.driver;
	int unit = p->fx->unit_id, n;

	n = drv->identify ? drv->identify(&p->d, ids, COMMISSION_PARTS_MAX) : 0;
	for (int i = 0; i < n; i++)
		if (!is_right(&p->line, unit, &ids[i]))
			return tell(p, "does not answer, or is not the device of the fixture");
	n = drv->settings ? drv->settings(&p->d, q, COMMISSION_PARTS_MAX) : 0;
	for (int i = 0; i < n; i++) {
		if (scan_line_verifies(&p->line, unit, &q[i]))
			continue;
		(void)scan_line_write(&p->line, unit, &q[i]);
		if (!scan_line_verifies(&p->line, unit, &q[i]))
			return tell(p, "a setting of its watchdog does not stay as it is written");
	}
	return 0;
}

/* 1 on, 0 off, -1 no answer. */
static int state(struct proof *p)
{
	struct driver_read reads[COMMISSION_PARTS_MAX];
	struct driver_image images[COMMISSION_PARTS_MAX];
	uint16_t data[COMMISSION_PARTS_MAX][BUS_DATA_MAX];
	struct driver_value v = {0};
	int n = p->d.driver->reads(&p->d, p->point, reads, COMMISSION_PARTS_MAX);

	for (int i = 0; i < n; i++) {
		if (scan_line_read(&p->line, p->fx->unit_id, &reads[i], data[i]) != ANSWER_GOOD)
			return -1;
		images[i] = (struct driver_image){data[i], reads[i].count, true};
	}
	if (p->d.driver->get(&p->d, p->point, images, &v) || v.quality != QUALITY_GOOD)
		return -1;
	return v.value > 0.5;
}

static bool set(struct proof *p, bool on)
{
	struct bus_request q[COMMISSION_PARTS_MAX];
	double value = on;
	int n = p->d.driver->set(&p->d, &p->point, &value, 1, q, COMMISSION_PARTS_MAX);
	bool good = n > 0;

	for (int i = 0; i < n; i++) {
		(void)scan_line_write(&p->line, p->fx->unit_id, &q[i]);
		good = good && scan_line_verifies(&p->line, p->fx->unit_id, &q[i]);
	}
	return good;
}

static int watch(struct proof *p)
{
	int64_t until_ns = clock_mono_ns() + p->watchdog_ns * 2;
	int wait_ms = (int)(p->watchdog_ns / NS_PER_MS) + MARGIN_MS, now;

	if (!set(p, true))
		return tell(p, "its output cannot be switched on");
	while (clock_mono_ns() < until_ns) {
		(void)poll(NULL, 0, ASK_MS);
		now = state(p);
		if (now < 0)
			now = state(p); /* one lost answer is a matter of the line */
		if (now < 0)
			return tell(p, "does not answer");
		if (!now)
			return tell(p, "lets go although it is asked: the watchdog is too short");
	}
	(void)poll(NULL, 0, wait_ms);
	now = state(p);
	if (now < 0)
		return tell(p, "does not answer after the silence");
	if (now)
		return tell(p, "NOT PROVEN: its output is still on");
	printf("%s: %s stayed on for %.1f s while asked and was off %.1f s after the last request: "
	       "watchdog of %.3g s proven\n",
	       p->fx->name, p->output->name, (double)p->watchdog_ns * 2e-9, wait_ms / 1e3,
	       (double)p->watchdog_ns / 1e9);
	return COMMISSION_DONE;
}

/* A switched output of that device. */
static bool find_output(struct proof *p, int device)
{
	for (int i = 0; i < p->f->output_count; i++) {
		const struct fx_output *o = &p->f->outputs[i];

		if (o->device != device || o->kind == OUTPUT_SETPOINT || i == p->f->dead_man)
			continue;
		p->output = o;
		p->point = driver_point_index(&p->d, o->point);
		return p->point >= 0;
	}
	return false;
}

static int prove(struct proof *p, const struct commission *c)
{
	const struct fx_bus *bus = &p->f->buses[p->fx->bus];
	struct commission own = *c;
	int code;

	own.parity = bus->parity ? bus->parity : 'N';
	code = scan_line_open(&p->line, &own, bus->port, bus->baud);
	if (code)
		return code;
	p->line.timeout_ms = (c->timeout_ms > KNOWN_MS ? c->timeout_ms : KNOWN_MS) +
			     (int)(bus->turnaround_ns / NS_PER_MS);
	code = prepare(p);
	if (!code)
		code = watch(p);
	if (!set(p, false) && !code)
		code = tell(p, "cannot be made safe again");
	scan_line_close(&p->line);
	return code;
}

/* 0 proven, an exit code, or -1: nothing to be proven there. */
static int one(const struct fixture *f, int device, const struct commission *c)
{
	struct proof p = {.f = f, .fx = &f->devices[device]};
	struct problems problems = {0};
	int code = -1;

	p.d = (struct driver_device){.driver = driver_find(p.fx->driver), .fx = p.fx};
	if (!p.d.driver || (c->device && strcmp(c->device, p.fx->name)))
		return -1;
	p.d.priv = xcalloc(1, p.d.driver->priv_size + 1);
	if (driver_check_options(&p.d, f->path, &problems) ||
	    (p.d.driver->init && p.d.driver->init(&p.d, NULL)))
		code = tell(&p, "its options are wrong; see: benchctl fixture check");
	p.watchdog_ns = code < 0 ? driver_watchdog_ns(&p.d) : 0;
	if (p.watchdog_ns && f->buses[p.fx->bus].kind == BUS_MODBUS_RTU && find_output(&p, device))
		code = prove(&p, c);
	else if (p.watchdog_ns)
		code = tell(&p, "has no switched output on a serial line: prove it by hand");
	problems_release(&problems);
	free(p.d.priv);
	return code;
}

int commission_prove_watchdog(const struct commission *c)
{
	struct problems problems = {0};
	struct fixture *f = fixture_load(c->words[0], &problems);
	int worst = -1;

	problems_print(&problems, stderr);
	problems_release(&problems);
	if (!f)
		return COMMISSION_USAGE;
	if (!c->yes) {
		fprintf(stderr,
			"benchd-io: this switches an output of each board with a comms "
			"watchdog on for some seconds: shut the water, unplug the units, and "
			"say --yes\n");
		fixture_free(f);
		return COMMISSION_USAGE;
	}
	for (int i = 0; i < f->device_count; i++) {
		int code = one(f, i, c);

		worst = code > worst ? code : worst;
	}
	fixture_free(f);
	if (worst < 0)
		fprintf(stderr, "benchd-io: %s: no board%s%s has a comms watchdog\n", c->words[0],
			c->device ? " " : "", c->device ? c->device : "");
	return worst < 0 ? COMMISSION_NOT_DONE : worst;
}
