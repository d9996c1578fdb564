/* SPDX-License-Identifier: MIT
 *
 * What is not well and what to do, as far as the station knows.
 */
#include "pace.h"
#include "prune.h"

#include <stdio.h>
#include <string.h>

/* ---- doctor ---- */

#define STRANGER_SHOWN_NS (60 * NS_PER_S) /* it comes again at least every 30 s */

static void finding(struct json *j, const char *level, const char *what, const char *text,
		    const char *advice)
{
	json_open_object(j);
	json_kv_string(j, "level", level);
	json_kv_string(j, "what", what);
	json_kv_string(j, "text", text);
	json_kv_string(j, "advice", advice);
	json_end_object(j);
}

/* What a device that is there says of itself: its firmware, and whether it has a comms watchdog. */
static void doctor_device(struct json *j, const struct rig_link *r, int device)
{
	const char *says = r->devices[device].reason;
	bool bare = strstr(says, "no comms watchdog") != NULL && r->fixture->dead_man < 0;
	char text[384];
	if (!says[0])
		return;
	snprintf(text, sizeof(text), "device %s: %s", r->fixture->devices[device].name, says);
	finding(j, bare ? "warning" : "ok", "device", text,
		bare ? "its outputs stay on when its line or benchd-io dies: wire a dead-man line"
		     : "");
}

/* No run needs one. */
static bool is_printer(const struct fixture *f, int device)
{
	for (int i = 0; i < f->bay_count; i++)
		if (f->bays[i].printer == device)
			return true;
	return false;
}

/* One that is not there: nobody can measure with it, or only no label comes. */
static void doctor_away(struct json *j, const struct rig_link *r, int device)
{
	bool printer = is_printer(r->fixture, device);
	char text[384];

	snprintf(text, sizeof(text), "device %s: %s", r->fixture->devices[device].name,
		 r->devices[device].reason);
	finding(j, printer ? "warning" : "error", "device", text,
		printer ? "look at the printer; runs go on without it"
			: "check power, wiring, address and bus settings of the device");
}

static void doctor_rig(struct json *j, const struct rig_link *r)
{
	char text[384];
	if (r->fd < 0) {
		snprintf(text, sizeof(text), "rig %s: %s", r->fixture->name,
			 r->refusal[0] ? r->refusal : "benchd-io is not connected");
		finding(j, "error", "rig", text,
			r->refusal[0] ? "start both anew, with the same options and files"
				      : "start benchd-io for this fixture and read its log");
		return;
	}
	snprintf(text, sizeof(text), "rig %s: benchd-io pid %d, last heard %.1f s ago%s",
		 r->fixture->name, (int)r->pid, (double)(clock_mono_ns() - r->heard_ns) / 1e9,
		 r->simulated ? ", SIMULATED" : "");
	finding(j, "ok", "rig", text, "");
	for (int i = 0; i < r->fixture->device_count; i++) {
		const struct device_state *d = &r->devices[i];
		if (!d->known)
			continue;
		if (d->present)
			doctor_device(j, r, i);
		else
			doctor_away(j, r, i);
	}
	pace_findings(j, r, finding);
}

static void write_doctor(struct json *j, struct station *s)
{
	char text[384], reset[80];
	const char *level, *advice;
	json_open_object(j);
	json_key(j, "findings");
	json_open_array(j);
	for (int i = 0; i < s->rig_count; i++)
		doctor_rig(j, &s->rigs[i]);
	if (s->stranger[0] && clock_mono_ns() - s->stranger_ns < STRANGER_SHOWN_NS) {
		snprintf(text, sizeof(text), "a benchd-io is refused: %s", s->stranger);
		finding(j, "warning", "rig", text, "stop it, or give it a fixture of this station");
	}
	for (int i = 0; i < s->bay_count; i++) {
		const struct bay *b = &s->bays[i];
		const char *reason;
		enum bay_state st = bay_shown(b, &reason);
		bool good = st == BAY_READY || st == BAY_ACTIVE;
		snprintf(text, sizeof(text), "bay %s is %s%s%s", b->name, bay_state_name(st),
			 reason[0] ? ": " : "", reason);
		snprintf(reset, sizeof(reset), "find the cause, then: benchctl bay reset %s",
			 b->name);
		finding(j,
			good		   ? "ok"
			: st == BAY_LOCKED ? "error"
					   : "warning",
			"bay", text, st == BAY_LOCKED || st == BAY_TRIPPED ? reset : "");
	}
	for (int i = 0; i < s->library.entry_count; i++)
		if (s->library.entries[i].broken)
			finding(j, "warning", "profile", s->library.entries[i].path,
				"benchctl profile check FILE");
	finding(j, clock_is_synced() ? "ok" : "warning", "clock",
		clock_is_synced() ? "the wall clock is synchronised"
				  : "the wall clock is not synchronised",
		clock_is_synced() ? ""
				  : "records carry this; enable NTP (timedatectl set-ntp true)");
	if (s->store_failed)
		finding(j, "error", "store", "the store failed",
			"check the disk, then start the station again");
	else if (s->store_state == STORE_DAMAGED)
		finding(j, "error", "store", "the database is damaged", "restore a backup");
	else if (s->store_state == STORE_CHECKING)
		finding(j, "warning", "store", "the database is checked after an unclean stop",
			"wait");
	else
		finding(j, "ok", "store", "the store takes records", "");
	if (s->room.low) {
		snprintf(text, sizeof(text),
			 "the disk is nearly full: %lld MiB left, no run begins",
			 (long long)(s->room.free_bytes >> 20));
		finding(j, "error", "disk", text, "make room on the disk of the state folder");
	}
	if (keeper_state(s, text, sizeof(text)))
		finding(j, "ok", "backup", text, "");
	else
		finding(j, "warning", "backup", text, s->keeper.advice);
	level = prune_state(s, text, sizeof(text), &advice);
	if (level)
		finding(j, level, "pruning", text, advice);
	if (s->outbox) {
		bool good = outbox_state(s, text, sizeof(text));

		finding(j, good ? "ok" : "warning", "webhook", text,
			good ? "" : "benchctl webhook list");
	}
	json_end_array(j);
	json_end_object(j);
}

void route_doctor(struct request *rq)
{
	route_reply(rq, write_doctor);
}
