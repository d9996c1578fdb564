/* SPDX-License-Identifier: MIT
 *
 * Faults by name: parsing "[BAY:]NAME[=K][@SECONDS]", switching on in time, clearing.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "sim/plant.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_TORN,
	FAULT_OXIDISED,
	FAULT_FOULED,
	FAULT_PREFILTER,
	FAULT_WORN,
	FAULT_PUMP_DEAD,
	FAULT_RESTRICTOR_CLOGGED,
	FAULT_RESTRICTOR_WRONG,
	FAULT_FLUSH_OPEN,
	FAULT_INLET_SHUT,
	FAULT_INLET_OPEN,
	FAULT_CHECK_LEAK,
	FAULT_BLOCKED,
	FAULT_HPS_CLOSED,
	FAULT_HPS_OPEN,
	FAULT_LPS_CLOSED,
	FAULT_LPS_OPEN,
	FAULT_EXTERNAL_LEAK,
	FAULT_DISPLAY,
	FAULT_PRECHARGE,
	FAULT_BLADDER,
	FAULT_PROBE_DRIFT,
	FAULT_PROBE_FROZEN,
	FAULT_WELDED,
	FAULT_TRAY,
	FAULT_ESTOP,
	FAULT_FLOOR_LEAK,
	FAULT_KINDS
};

static const struct {
	const char *name;
	double k, lo, hi; /* default severity and its range; lo == hi: it has none */
} table[FAULT_KINDS] = {
	[FAULT_NONE] = {"none", 1, 1, 1},
	[FAULT_TORN] = {"membrane_torn", 0.25, 0, 2},
	[FAULT_OXIDISED] = {"membrane_oxidised", 1, 0, 3},
	[FAULT_FOULED] = {"membrane_fouled", 0.6, 0.05, 1},
	[FAULT_PREFILTER] = {"prefilter_clogged", 6, 1, 100},
	[FAULT_WORN] = {"pump_worn", 0.6, 0.05, 1},
	[FAULT_PUMP_DEAD] = {"pump_dead", 1, 1, 1},
	[FAULT_RESTRICTOR_CLOGGED] = {"restrictor_clogged", 0.5, 0.01, 1},
	[FAULT_RESTRICTOR_WRONG] = {"restrictor_wrong", 2, 0.1, 5},
	[FAULT_FLUSH_OPEN] = {"flush_valve_stuck_open", 1, 1, 1},
	[FAULT_INLET_SHUT] = {"inlet_valve_stuck_shut", 1, 1, 1},
	[FAULT_INLET_OPEN] = {"inlet_valve_stuck_open", 1, 1, 1},
	[FAULT_CHECK_LEAK] = {"check_valve_leak", 1, 0, 20},
	[FAULT_BLOCKED] = {"permeate_blocked", 0.3, 0, 2},
	[FAULT_HPS_CLOSED] = {"hps_stuck_closed", 1, 1, 1},
	[FAULT_HPS_OPEN] = {"hps_stuck_open", 1, 1, 1},
	[FAULT_LPS_CLOSED] = {"lps_stuck_closed", 1, 1, 1},
	[FAULT_LPS_OPEN] = {"lps_stuck_open", 1, 1, 1},
	[FAULT_EXTERNAL_LEAK] = {"external_leak_high_side", 1, 0, 5},
	[FAULT_DISPLAY] = {"unit_display_wrong", 1.5, 0.1, 10},
	[FAULT_PRECHARGE] = {"tank_precharge_lost", 0, 0, 1},
	[FAULT_BLADDER] = {"tank_bladder", 0.1, 0, 1},
	[FAULT_PROBE_DRIFT] = {"rig_permeate_probe_drift", 1.3, 0.1, 10},
	[FAULT_PROBE_FROZEN] = {"rig_feed_probe_frozen", 1, 1, 1},
	[FAULT_WELDED] = {"rig_relay_welded_v02", 1, 1, 1},
	[FAULT_TRAY] = {"tray_leak", 1, 1, 1},
	[FAULT_ESTOP] = {"estop", 1, 1, 1},
	[FAULT_FLOOR_LEAK] = {"floor_leak", 1, 1, 1},
};

static const char *const *names(int *n)
{
	static const char *list[FAULT_KINDS + 1];

	for (int i = 0; i < FAULT_KINDS; i++)
		list[i] = table[i].name;
	*n = FAULT_KINDS;
	return list;
}

const char *const *world_fault_names(int *n)
{
	return names(n);
}

static void set_unit_fault(struct ro_faults *f, enum fault_kind kind, double k)
{
	switch ((int)kind) {
	case FAULT_TORN: f->tear = k; break;
	case FAULT_OXIDISED:
		f->permeability *= 1 + 0.4 * k;
		f->salt_passage *= 1 + 4 * k;
		break;
	case FAULT_FOULED: f->permeability *= k; break;
	case FAULT_PREFILTER: f->clog *= k; break;
	case FAULT_WORN: f->wear *= k; break;
	case FAULT_PUMP_DEAD: f->pump_dead = true; break;
	case FAULT_RESTRICTOR_CLOGGED:
	case FAULT_RESTRICTOR_WRONG: f->restrictor *= k; break;
	case FAULT_FLUSH_OPEN: f->flush_open = true; break;
	case FAULT_INLET_SHUT: f->inlet = -1; break;
	case FAULT_INLET_OPEN: f->inlet = 1; break;
	case FAULT_CHECK_LEAK: f->check_leak = 0.15 * k; break;
	case FAULT_BLOCKED: f->blocked_mpa = k; break;
	case FAULT_HPS_CLOSED: f->hps = 1; break;
	case FAULT_HPS_OPEN: f->hps = -1; break;
	case FAULT_LPS_CLOSED: f->lps = 1; break;
	case FAULT_LPS_OPEN: f->lps = -1; break;
	case FAULT_EXTERNAL_LEAK: f->tray = 0.98 * k; break;
	case FAULT_DISPLAY: f->display *= k; break;
	case FAULT_PRECHARGE: f->precharge *= k; break;
	case FAULT_BLADDER: f->bladder *= k; break;
	default: break;
	}
}

static void set_rig_fault(struct world *w, struct rig_faults *f, enum fault_kind kind, double k)
{
	switch ((int)kind) {
	case FAULT_PROBE_DRIFT: f->permeate_probe = k; break;
	case FAULT_PROBE_FROZEN: f->feed_probe_frozen = true; break;
	case FAULT_WELDED: f->welded_v02 = true; break;
	case FAULT_TRAY: f->tray = true; break;
	case FAULT_ESTOP: w->estop = true; break;
	case FAULT_FLOOR_LEAK: w->floor_leak = true; break;
	default: break;
	}
}

/* What holds now, from the list of active entries. */
static void rebuild(struct world *w)
{
	w->estop = w->estop_pressed;
	w->floor_leak = false;
	for (int b = 0; b < w->fixture->bay_count; b++) {
		w->bays[b].unit.faults = ro_unit_faults_none();
		w->bays[b].faults = (struct rig_faults){0};
	}
	for (int i = 0; i < w->fault_count; i++) {
		const struct fault_entry *e = &w->faults[i];

		for (int b = 0; b < w->fixture->bay_count; b++) {
			if (!e->active || (e->bay >= 0 && e->bay != b))
				continue;
			set_unit_fault(&w->bays[b].unit.faults, (enum fault_kind)e->kind, e->k);
			set_rig_fault(w, &w->bays[b].faults, (enum fault_kind)e->kind, e->k);
		}
	}
	output_apply(w);
	plant_disturb(w);
}

void world_estop(struct world *w, bool pressed)
{
	w->estop_pressed = pressed;
	rebuild(w);
}

void fault_due(struct world *w)
{
	w->next_fault_ns = INT64_MAX;
	for (int i = 0; i < w->fault_count; i++) {
		struct fault_entry *e = &w->faults[i];

		if (!e->active && e->at_ns <= w->now_ns)
			e->active = true;
		else if (!e->active && e->at_ns < w->next_fault_ns)
			w->next_fault_ns = e->at_ns;
	}
	rebuild(w);
}

/* Split off "BAY:" in front; -1 without. */
static int parse_bay(const struct world *w, const char **spec, int *bay, struct error *err)
{
	const char *colon = strchr(*spec, ':');
	char name[64];
	size_t n;

	*bay = -1;
	if (!colon)
		return 0;
	n = (size_t)(colon - *spec);
	if (n >= sizeof(name))
		return error_set(err, ERR_SYNTAX, "bay name in front of ':' is too long");
	memcpy(name, *spec, n);
	name[n] = '\0';
	*bay = fixture_bay(w->fixture, name);
	if (*bay < 0)
		return error_set(err, ERR_NOT_FOUND, "fault '%s': bay '%s' is not in the fixture",
				 *spec, name);
	*spec = colon + 1;
	return 0;
}

static int parse_kind(const char *spec, size_t n, int *kind, struct error *err)
{
	const char *near;
	char name[64];
	int count;

	if (n >= sizeof(name))
		n = sizeof(name) - 1;
	memcpy(name, spec, n);
	name[n] = '\0';
	for (int i = 0; i < FAULT_KINDS; i++)
		if (!strcmp(table[i].name, name)) {
			*kind = i;
			return 0;
		}
	near = text_nearest(name, names(&count), FAULT_KINDS);
	return error_set(err, ERR_NOT_FOUND, "fault '%s' is not known%s%s%s", name,
			 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int world_fault(struct world *w, const char *spec, int64_t start_ns, struct error *err)
{
	const char *rest = spec, *at, *eq, *end;
	double k, seconds = 0;
	int bay, kind = FAULT_NONE, rc;

	rc = parse_bay(w, &rest, &bay, err);
	if (rc)
		return rc;
	at = strchr(rest, '@');
	end = at ? at : rest + strlen(rest);
	eq = memchr(rest, '=', (size_t)(end - rest));
	rc = parse_kind(rest, (size_t)((eq ? eq : end) - rest), &kind, err);
	if (rc)
		return rc;
	k = table[kind].k;
	if (eq && !text_to_double(eq + 1, (size_t)(end - eq - 1), &k))
		return error_set(err, ERR_SYNTAX, "fault '%s': '=' wants a number, as in %s=%g",
				 spec, table[kind].name, table[kind].k);
	if (k < table[kind].lo || k > table[kind].hi)
		return error_set(err, ERR_RANGE, "fault '%s': severity must be %g to %g", spec,
				 table[kind].lo, table[kind].hi);
	if (at &&
	    (!text_to_double(at + 1, strlen(at + 1), &seconds) || seconds < 0 || seconds > 1e6))
		return error_set(err, ERR_SYNTAX, "fault '%s': '@' wants seconds from the start",
				 spec);
	if (kind == FAULT_NONE && seconds > 0)
		return error_set(err, ERR_SYNTAX, "fault '%s': none ends all faults, and at once",
				 spec);
	if (kind == FAULT_NONE) {
		(void)world_clear_faults(w, bay);
		return 0;
	}
	if (w->fault_count == WORLD_FAULTS_MAX)
		return error_set(err, ERR_LIMIT, "more than %d faults at a time", WORLD_FAULTS_MAX);
	w->faults[w->fault_count++] = (struct fault_entry){(uint8_t)kind, (int8_t)bay, false, k,
							   start_ns + (int64_t)(seconds * 1e9)};
	fault_due(w);
	return 0;
}

int world_clear_faults(struct world *w, int bay)
{
	int kept = 0, cleared;

	for (int i = 0; i < w->fault_count; i++)
		if (bay >= 0 && w->faults[i].bay != bay)
			w->faults[kept++] = w->faults[i];
	cleared = w->fault_count - kept;
	w->fault_count = kept;
	for (int b = 0; b < w->fixture->bay_count; b++)
		if (bay < 0 || b == bay)
			w->bays[b].tray_l = 0; /* wiped dry */
	fault_due(w);
	return cleared;
}
