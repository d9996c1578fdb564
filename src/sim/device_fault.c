/* SPDX-License-Identifier: MIT
 *
 * Faults of the devices and lines of a world: told by name, drawn for each transaction, and what
 * they do inside a device (sim/wire_fault.h has the table).
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "sim/device.h"

/* ---- told ---- */

static bool is_named(const char *name, const char *text, size_t n)
{
	return strlen(name) == n && !strncmp(name, text, n);
}

static struct wire_fault_state *find_target(struct world *w, const char *name, size_t n,
					    struct sim_device **device)
{
	*device = NULL;
	for (int i = 0; i < w->fixture->device_count; i++)
		if (is_named(w->devices[i].fx->name, name, n)) {
			*device = &w->devices[i];
			return &w->devices[i].fault;
		}
	for (int i = 0; i < w->fixture->bus_count; i++)
		if (is_named(w->fixture->buses[i].name, name, n))
			return &w->bus_faults[i];
	return NULL;
}

bool world_is_bus_fault(const struct world *w, const char *spec)
{
	const char *colon = strrchr(spec, ':');
	size_t n = colon ? (size_t)(colon - spec) : 0;

	for (int i = 0; n && i < w->fixture->device_count; i++)
		if (is_named(w->fixture->devices[i].name, spec, n))
			return true;
	for (int i = 0; n && i < w->fixture->bus_count; i++)
		if (is_named(w->fixture->buses[i].name, spec, n))
			return true;
	return false;
}

static int parse_number(const char *at, const char *end, double lo, double hi, double *out)
{
	return text_to_double(at, (size_t)(end - at), out) && *out >= lo && *out <= hi ? 0
										       : ERR_SYNTAX;
}

/* NAME[=K][/SHARE] */
static int parse(const char *spec, const char *text, struct wire_fault_state *out,
		 struct error *err)
{
	const char *end = text + strlen(text), *slash = strchr(text, '/');
	const char *stop = slash ? slash : end;
	const char *eq = memchr(text, '=', (size_t)(stop - text));
	enum wire_fault kind = wire_fault_find(text, (size_t)((eq ? eq : stop) - text));
	const struct wire_fault_info *info = wire_fault_info(kind);

	if (!info)
		return error_set(err, ERR_SYNTAX,
				 "bus fault '%s': there is no such fault; benchsim --list-faults "
				 "names them",
				 spec);
	*out = (struct wire_fault_state){.effect = {kind, info->k}, .share = 1};
	if (eq && !info->k_unit)
		return error_set(err, ERR_SYNTAX, "bus fault '%s': %s takes no number", spec,
				 info->name);
	if (eq && parse_number(eq + 1, stop, info->lo, info->hi, &out->effect.k))
		return error_set(err, ERR_SYNTAX, "bus fault '%s': %s=K, K is %g to %g (%s)", spec,
				 info->name, info->lo, info->hi, info->k_unit);
	if (slash && parse_number(slash + 1, end, 0, 1, &out->share))
		return error_set(err, ERR_SYNTAX, "bus fault '%s': '/' wants a share, 0 to 1",
				 spec);
	return 0;
}

/* Outputs fall, counters begin anew, and it says nothing for a while. */
static void reboot(struct world *w, struct sim_device *d, double seconds)
{
	d->until_ns = w->now_ns + (int64_t)(seconds * 1e9);
	for (int i = 0; i < d->point_count; i++) {
		struct sim_point *p = &d->points[i];

		if (p->output >= 0)
			device_set(w, d, p, 0);
		else if (p->channel >= 0)
			p->base = device_raw_count(w, p);
	}
}

int world_bus_fault(struct world *w, const char *spec, struct error *err)
{
	const char *colon = strrchr(spec, ':');
	struct wire_fault_state *target, fault;
	struct sim_device *d;
	int rc;

	if (!colon)
		return error_set(err, ERR_SYNTAX,
				 "bus fault '%s': expected DEVICE:NAME[=K][/SHARE] or "
				 "BUS:NAME[=K][/SHARE], and NAME none to end it",
				 spec);
	target = find_target(w, spec, (size_t)(colon - spec), &d);
	if (!target)
		return error_set(err, ERR_NOT_FOUND,
				 "bus fault '%s': the fixture has no such device or bus", spec);
	rc = parse(spec, colon + 1, &fault, err);
	if (rc)
		return rc;
	if (fault.effect.kind == WIRE_REBOOT && !d)
		return error_set(err, ERR_SYNTAX, "bus fault '%s': a line does not reboot", spec);
	if (fault.effect.kind == WIRE_REBOOT) {
		reboot(w, d, fault.effect.k);
		return 0;
	}
	*target = fault;
	if (!d)
		return 0;
	d->dead = fault.effect.kind == WIRE_LOST;
	for (int i = 0; i < d->point_count; i++)
		d->points[i].is_held = false;
	return 0;
}

/* ---- drawn ---- */

static struct sim_device *device_at(struct world *w, int bus, uint8_t unit)
{
	for (int i = 0; i < w->fixture->device_count; i++)
		if (w->devices[i].fx->bus == bus && w->devices[i].fx->unit_id == unit)
			return &w->devices[i];
	return NULL;
}

static bool is_drawn(struct world *w, const struct wire_fault_state *s)
{
	return s->effect.kind != WIRE_FINE && (s->share >= 1 || rng_uniform(&w->rng) < s->share);
}

struct wire_effect world_wire_effect(struct world *w, int bus, uint8_t unit)
{
	struct sim_device *d = device_at(w, bus, unit);
	struct wire_effect fine = {WIRE_FINE, 0};

	if (d && is_drawn(w, &d->fault))
		return d->fault.effect;
	return is_drawn(w, &w->bus_faults[bus]) ? w->bus_faults[bus].effect : fine;
}

struct wire_effect world_line_effect(const struct world *w, int bus)
{
	return w->bus_faults[bus].effect;
}

int world_line_units(const struct world *w, int bus, uint8_t *units, int max)
{
	int n = 0;

	for (int i = 0; i < w->fixture->device_count && n < max; i++)
		if (w->devices[i].fx->bus == bus)
			units[n++] = (uint8_t)w->devices[i].fx->unit_id;
	return n;
}

struct rng *world_rng(struct world *w)
{
	return &w->rng;
}

/* ---- inside the device ---- */

bool device_is_silent(const struct world *w, const struct sim_device *d)
{
	return w->now_ns < d->until_ns;
}

void device_spoil(const struct wire_effect *e, struct sim_point *p, uint16_t *words)
{
	if (p->output >= 0)
		return; /* what was written is read back */
	if (e->kind == WIRE_FROZEN && p->is_held) {
		words[0] = p->held[0];
		words[1] = p->held[1];
		return;
	}
	p->held[0] = words[0];
	p->held[1] = words[1];
	p->is_held = true;
	wire_spoil_words(e, p->type, words);
}

bool device_ignores(const struct wire_effect *e, const uint8_t *pdu, size_t n, uint8_t *reply)
{
	if (e->kind != WIRE_IGNORES || pdu[0] < 5 || pdu[0] > 16 || n < 5)
		return false;
	memcpy(reply, pdu, 5);
	return true;
}

void device_fall_half(struct world *w, struct sim_device *d)
{
	for (int i = d->point_count / 2; i < d->point_count; i++)
		if (d->points[i].output >= 0)
			device_set(w, d, &d->points[i], 0);
}
