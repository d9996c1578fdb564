/* SPDX-License-Identifier: MIT
 *
 * What clients see of bays and running runs, as JSON.
 */
#include "station/internal.h"

#include <math.h>
#include <string.h>

void show_event_head(struct json *j, const char *type, const struct bay *b)
{
	char utc[32];
	json_open_object(j);
	json_kv_string(j, "type", type);
	json_kv_string(j, "at", text_from_utc_us(utc, sizeof(utc), clock_utc_us()));
	if (!b)
		return;
	json_kv_string(j, "bay", b->name);
	const struct session *z = b->session;
	if (z && z->facts.id[0]) {
		json_kv_string(j, "run", z->facts.id);
		json_kv_string(j, "ticket", z->facts.ticket);
		json_kv_string(j, "serial", z->facts.serial);
	}
}

static void show_text2(struct json *j, const char *key, struct text2 t)
{
	json_key(j, key);
	json_open_object(j);
	json_kv_string(j, "en", t.en ? t.en : "");
	json_kv_string(j, "zh", t.zh ? t.zh : "");
	json_end_object(j);
}

void show_step(struct json *j, const struct session *z)
{
	json_key(j, "step");
	const struct profile *p = z->facts.profile;
	int i = z->phase == SESSION_RUNNING ? engine_step(z->engine) : -1;
	if (i < 0 || i >= p->step_count) {
		json_put_null(j);
		return;
	}
	const struct pf_step *st = &p->steps[i];
	json_open_object(j);
	json_kv_string(j, "id", st->id);
	show_text2(j, "title", st->title);
	json_kv_int(j, "index", i);
	json_kv_int(j, "count", p->step_count);
	json_kv_int(j, "attempt", engine_attempt(z->engine));
	json_kv_number(j, "trial_seconds", text_round9(engine_trial_seconds(z->engine)));
	json_end_object(j);
}

static const char *prompt_kind(enum prompt_kind k)
{
	switch (k) {
	case PROMPT_CONFIRM: return "confirm";
	case PROMPT_YES_NO: return "yes_no";
	case PROMPT_NUMBER: return "number";
	case PROMPT_SCAN_SERIAL: return "scan_serial";
	}
	return "confirm";
}

void show_prompt(struct json *j, const struct bay *b)
{
	int64_t deadline = 0;
	const struct pf_prompt *p = session_prompt(b->session, &deadline);
	json_key(j, "prompt");
	if (!p) {
		json_put_null(j);
		return;
	}
	double left = (double)(deadline - station_run_ns(b->station)) / 1e9;
	json_open_object(j);
	json_kv_string(j, "id", p->id);
	json_kv_string(j, "kind", prompt_kind(p->kind));
	show_text2(j, "text", p->text);
	json_kv_string(j, "unit", p->unit ? p->unit->show : "");
	json_kv_number(j, "remaining_s", text_round9(left > 0 ? left : 0));
	json_end_object(j);
}

/* Live values: calibrated, and aged as they are shown. */
void show_values(struct json *j, const struct bay *b)
{
	const struct fixture *f = b->rig->fixture;
	int64_t now = station_run_ns(b->station);
	json_key(j, "values");
	json_open_array(j);
	for (int i = 0; i < f->channel_count; i++) {
		const struct fx_channel *c = &f->channels[i];
		const struct latest *v = &b->values[i];
		if (!(c->bays & (1u << b->index)))
			continue;
		enum quality q = v->seen ? (enum quality)v->sample.quality : QUALITY_NO_REPLY;
		if (q == QUALITY_GOOD && now - v->sample.at_ns > c->stale_ns)
			q = QUALITY_STALE;
		double x = v->sample.value;
		if (c->calibration.revision)
			x = c->calibration.gain * x + c->calibration.offset;
		json_open_object(j);
		json_kv_string(j, "channel", c->name);
		json_kv_number(j, "value",
			       q == QUALITY_GOOD || q == QUALITY_FROZEN || q == QUALITY_STALE
				       ? text_round9(x)
				       : (double)NAN);
		json_kv_string(j, "unit", c->unit->show);
		json_kv_string(j, "quality", quality_text(q));
		show_text2(j, "title", (struct text2){c->title_en, c->title_zh});
		json_end_object(j);
	}
	json_end_array(j);
}

void show_measurements(struct json *j, const struct session *z)
{
	json_key(j, "measurements");
	json_open_array(j);
	const struct engine_result *r = z->durable; /* a verdict is shown once it is on disk */
	for (int i = 0; r && i < z->facts.profile->measurement_count; i++) {
		const struct pf_measurement *m = &z->facts.profile->measurements[i];
		if (!r[i].verdict)
			continue;
		json_open_object(j);
		json_kv_string(j, "id", m->id);
		show_text2(j, "title", m->title);
		json_kv_number(j, "value", r[i].has_value ? r[i].value : (double)NAN);
		json_kv_string(j, "unit", m->unit ? m->unit->show : "");
		json_kv_number(j, "lo", r[i].has_value ? r[i].lo : (double)NAN);
		json_kv_number(j, "hi", r[i].has_value ? r[i].hi : (double)NAN);
		json_kv_string(j, "verdict", verdict_name(r[i].verdict));
		json_kv_string(j, "reason", r[i].reason);
		json_kv_int(j, "attempt", r[i].attempt);
		json_end_object(j);
	}
	json_end_array(j);
}

/* Boards that carry outputs of the bay and have no comms watchdog. */
static void show_boards(struct json *j, const struct bay *b)
{
	const struct fixture *f = b->rig->fixture;
	json_key(j, "no_comms_watchdog");
	json_open_array(j);
	for (int i = 0; i < f->device_count; i++) {
		const struct device_state *d = &b->rig->devices[i];
		bool carries = false;
		for (int o = 0; o < f->output_count; o++)
			carries = carries || (f->outputs[o].device == i &&
					      (f->outputs[o].bays >> b->index & 1));
		if (carries && d->present && strstr(d->reason, "no comms watchdog"))
			json_put_string(j, f->devices[i].name);
	}
	json_end_array(j);
}

void show_bay(struct json *j, const struct bay *b)
{
	const struct session *z = b->session;
	bool begun = z && z->phase > SESSION_PREPARING;
	json_open_object(j);
	json_kv_string(j, "bay", b->name);
	json_kv_string(j, "rig", b->rig->fixture->name);
	const char *reason;
	json_kv_string(j, "state", bay_state_name(bay_shown(b, &reason)));
	json_kv_string(j, "reason", reason);
	show_boards(j, b);
	json_kv_bool(j, "simulated", b->rig->simulated || b->rig->fixture->simulated);
	json_kv_string(j, "ticket", z ? z->facts.ticket : NULL);
	json_kv_string(j, "serial", begun ? z->facts.serial : NULL);
	json_kv_string(j, "run", begun ? z->facts.id : NULL);
	json_key(j, "scanned");
	json_open_object(j);
	json_kv_string(j, "ticket", b->scanned_ticket);
	json_kv_string(j, "serial", b->scanned_serial);
	json_end_object(j);
	if (begun) {
		json_kv_string(j, "profile", z->facts.profile->id);
		show_step(j, z);
		show_prompt(j, b);
		json_kv_number(j, "elapsed_s",
			       z->facts.started_ns
				       ? text_round9((double)(station_run_ns(b->station) -
							      z->facts.started_ns) /
						     1e9)
				       : 0);
		json_kv_number(j, "longest_s", text_round9(z->facts.profile->longest_s));
	} else {
		json_kv_string(j, "profile", NULL);
		json_kv_string(j, "step", NULL);
		json_kv_string(j, "prompt", NULL);
	}
	show_values(j, b);
	json_end_object(j);
}
