/* SPDX-License-Identifier: MIT
 *
 * What is written of a run while it goes on: its facts once, and each note of its engine as one
 * line.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "number.h"
#include "run/calibrate.h"
#include "run/record.h"

static const char *const rules[] = {
	[RULE_SIMPLE] = "simple", [RULE_GUARDED] = "guarded", [RULE_FOUR_STATE] = "four_state"};
static const char *const bases[] = {[BASIS_ASSUMED] = "assumed",
				    [BASIS_STANDARD] = "standard",
				    [BASIS_NAMEPLATE] = "nameplate",
				    [BASIS_MAKER] = "maker",
				    [BASIS_RIG] = "rig"};
static const char *const attributions[] = {
	[ATTRIBUTION_UNIT] = "unit", [ATTRIBUTION_HOSE] = "hose", [ATTRIBUTION_RIG] = "rig"};
static const char *const prompt_kinds[] = {[PROMPT_CONFIRM] = "confirm",
					   [PROMPT_YES_NO] = "yes_no",
					   [PROMPT_NUMBER] = "number",
					   [PROMPT_SCAN_SERIAL] = "scan_serial"};
static const char *const note_kinds[] = {[NOTE_STEP_BEGIN] = "step_begin",
					 [NOTE_STEP_END] = "step_end",
					 [NOTE_MEASUREMENT] = "measurement",
					 [NOTE_CAPTURE] = "capture",
					 [NOTE_PROMPT] = "prompt",
					 [NOTE_ANSWER] = "answer",
					 [NOTE_EVENT] = "event",
					 [NOTE_STOPPING] = "stopping",
					 [NOTE_DONE] = "done"};
#define NAME_OF(table, i)                                                                          \
	((size_t)(i) < sizeof(table) / sizeof((table)[0]) ? (table)[(size_t)(i)] : NULL)

const char *attribution_name(enum attribution a)
{
	const char *name = NAME_OF(attributions, a);

	return name ? name : "";
}

static void kv_title(struct json *j, const char *key, const struct text2 *t)
{
	json_key(j, key);
	json_open_object(j);
	json_kv_string(j, "en", t->en);
	json_kv_string(j, "zh", t->zh);
	json_end_object(j);
}

static void kv_verdict(struct json *j, enum verdict v)
{
	json_kv_string(j, "verdict", v ? verdict_name(v) : NULL);
}

static void kv_hash(struct json *j, const char *key, const uint8_t hash[32])
{
	char hex[65];

	text_hex(hex, hash, 32);
	json_kv_string(j, key, hex);
}

static void kv_seconds(struct json *j, const char *key, int64_t ns)
{
	/* Whole milliseconds: nine digits hold eleven days. */
	json_kv_number(j, key, (double)(ns / 1000000) / 1000.0);
}

static void kv_texts(struct json *j, const char *key, const char *const *list, int n)
{
	json_key(j, key);
	json_open_array(j);
	for (int i = 0; i < n; i++)
		json_put_string(j, list[i]);
	json_end_array(j);
}

/* --- facts -------------------------------------------------------------- */

static void write_profile(struct json *j, const struct run_facts *f)
{
	const struct profile *p = f->profile;

	json_key(j, "profile");
	json_open_object(j);
	json_kv_string(j, "id", p->id);
	kv_title(j, "title", &p->title);
	json_kv_int(j, "revision", p->revision);
	kv_hash(j, "sha256", p->hash);
	json_kv_bool(j, "releasable", p->releasable);
	json_kv_string(j, "variant", p->variant);
	json_kv_bool(j, "unapproved", f->unapproved);
	json_end_object(j);
}

struct used_channels {
	const struct profile *profile;
	bool used[FIXTURE_CHANNELS_MAX];
};

static void use(void *ctx, uint16_t ref, enum expr_stat stat)
{
	struct used_channels *u = ctx;

	(void)stat;
	if (ref < PROFILE_DERIVED_REF && ref < u->profile->fixture->channel_count)
		u->used[ref] = true;
}

static void use_expr(struct used_channels *u, const struct expr *x)
{
	if (x)
		expr_each_symbol(x, use, u);
}

static void use_actions(struct used_channels *u, const struct pf_action *a, int n)
{
	for (int i = 0; i < n; i++) {
		use_expr(u, a[i].until);
		use_expr(u, a[i].value);
		use_expr(u, a[i].making);
		for (int s = 0; a[i].kind == PF_SETTLE && s < a[i].symbol_count; s++)
			use(u, (uint16_t)a[i].symbols[s], EXPR_LATEST);
		if (a[i].kind == PF_TRIAL)
			use_actions(u, a[i].actions, a[i].action_count);
	}
}

static void find_used(struct used_channels *u)
{
	const struct profile *p = u->profile;

	for (int i = 0; i < p->derived_count; i++)
		use_expr(u, p->derived[i].value);
	for (int i = 0; i < p->measurement_count; i++) {
		use_expr(u, p->measurements[i].value);
		use_expr(u, p->measurements[i].lo);
		use_expr(u, p->measurements[i].hi);
		use_expr(u, p->measurements[i].uncertainty);
	}
	for (int i = 0; i < p->envelope_count; i++)
		use(u, (uint16_t)p->envelope[i].symbol, EXPR_LATEST);
	for (int i = 0; i < p->abort_count; i++)
		use_expr(u, p->aborts[i].when);
	for (int i = 0; i < p->step_count; i++) {
		for (int w = 0; w < p->steps[i].watch_count; w++)
			use_expr(u, p->steps[i].watches[w].holds);
		use_actions(u, p->steps[i].actions, p->steps[i].action_count);
	}
}

static void write_calibration(struct json *j, const struct run_facts *f)
{
	struct used_channels u = {.profile = f->profile};
	int64_t utc_us = calibrate_believed_utc_us(f->started_utc_us, f->utc_not_before_us);

	find_used(&u);
	json_key(j, "calibration");
	json_open_array(j);
	for (int c = 0; c < f->profile->fixture->channel_count; c++) {
		const struct fx_channel *ch = &f->profile->fixture->channels[c];

		if (!u.used[c] || ch->quantity == QUANTITY_STATE)
			continue;
		json_open_object(j);
		json_kv_string(j, "channel", ch->name);
		json_kv_string(j, "state", calibration_state_name(calibrate_state(ch, utc_us)));
		json_kv_int(j, "revision", ch->calibration.revision);
		json_kv_number(j, "gain", ch->calibration.gain);
		json_kv_number(j, "offset", ch->calibration.offset);
		json_kv_string(j, "done", ch->calibration.done);
		json_kv_string(j, "due", ch->calibration.due);
		json_kv_string(j, "reference", ch->calibration.reference);
		json_end_object(j);
	}
	json_end_array(j);
}

static void write_assumed(struct json *j, const struct profile *p)
{
	json_key(j, "basis_assumed");
	json_open_array(j);
	for (int m = 0; m < p->measurement_count; m++)
		if (p->measurements[m].basis == BASIS_ASSUMED)
			json_put_string(j, p->measurements[m].id);
	json_end_array(j);
}

void record_facts_json(const struct run_facts *f, struct text *out)
{
	char utc[32];
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "id", f->id);
	json_kv_string(&j, "ticket", f->ticket);
	json_kv_string(&j, "serial", f->serial);
	json_kv_string(&j, "serial_from", f->serial_from[0] ? f->serial_from : NULL);
	json_kv_string(&j, "model", f->model);
	json_kv_string(&j, "run_type", run_type_name(f->type));
	json_kv_int(&j, "attempt_no", f->attempt_no);
	json_kv_int(&j, "repair_seq", f->repair_seq);
	json_kv_string(&j, "station", f->station);
	json_kv_string(&j, "rig", f->rig);
	json_kv_string(&j, "bay", f->bay);
	json_kv_string(&j, "operator", f->operator_name);
	json_kv_string(&j, "operator_state", f->operator_state[0] ? f->operator_state : "unknown");
	json_kv_bool(&j, "simulated", f->simulated);
	json_kv_int(&j, "speed", f->speed);
	if (f->speed > 1)
		json_kv_int(&j, "stale_floor_s", f->speed * FIXTURE_STALE_FLOOR_S);
	write_profile(&j, f);
	kv_hash(&j, "fixture_sha256", f->fixture_hash);
	if (f->devices) {
		json_key(&j, "devices");
		json_put_raw(&j, f->devices, strlen(f->devices));
	}
	write_calibration(&j, f);
	json_kv_string(&j, "software", f->software);
	json_kv_string(&j, "boot_id", f->boot_id);
	json_kv_string(&j, "started_utc", text_from_utc_us(utc, sizeof utc, f->started_utc_us));
	json_kv_bool(&j, "utc_synced", f->utc_synced);
	write_assumed(&j, f->profile);
	json_end_object(&j);
}

/* --- notes -------------------------------------------------------------- */

static void write_limits(struct json *j, const struct pf_measurement *m,
			 const struct engine_result *r)
{
	json_kv_number(j, "value", r->has_value ? r->value : NO_NUMBER);
	json_kv_string(j, "unit", m->unit ? m->unit->name : NULL);
	json_kv_number(j, "lo", r->lo);
	json_kv_number(j, "hi", r->hi);
	json_kv_number(j, "uncertainty", r->has_value ? r->uncertainty : NO_NUMBER);
	json_kv_string(j, "rule", NAME_OF(rules, m->rule));
	json_kv_string(j, "basis", NAME_OF(bases, m->basis));
	json_kv_string(j, "basis_note", m->basis_note);
	json_kv_bool(j, "required", m->required);
}

static void write_measurement(struct json *j, const struct profile *p,
			      const struct engine_result *r)
{
	const struct pf_measurement *m = &p->measurements[r->measurement];
	char side[2] = {r->side, 0};

	json_kv_string(j, "id", m->id);
	kv_title(j, "title", &m->title);
	write_limits(j, m, r);
	kv_verdict(j, r->verdict);
	json_kv_string(j, "side", r->side ? side : NULL);
	json_kv_string(j, "reason", r->reason[0] ? r->reason : NULL);
	json_kv_string(j, "attribution", NAME_OF(attributions, r->attribution));
	json_kv_int(j, "updates", r->updates);
	kv_texts(j, "symptoms", m->symptoms, m->symptom_count);
	kv_texts(j, "faults", m->faults, m->fault_count);
}

static void write_prompt(struct json *j, const struct engine_note *n)
{
	const struct pf_prompt *p = n->prompt;

	json_kv_string(j, "id", p->id);
	if (n->kind == NOTE_ANSWER) {
		json_kv_string(j, "code", n->code);
		json_kv_string(j, "answer", n->text);
		json_kv_string(j, "who", n->who);
		return;
	}
	json_kv_string(j, "kind", NAME_OF(prompt_kinds, p->kind));
	kv_title(j, "text", &p->text);
	json_kv_bool(j, "attended", p->attended);
	if (p->kind == PROMPT_NUMBER) {
		json_kv_string(j, "unit", p->unit ? p->unit->name : NULL);
		json_kv_number(j, "min", p->min);
		json_kv_number(j, "max", p->max);
	}
	kv_seconds(j, "timeout_s", n->prompt_timeout_ns);
}

static void write_trial(struct json *j, const struct engine_note *n)
{
	json_key(j, "trial");
	json_open_object(j);
	json_kv_number(j, "seconds", n->trial_seconds);
	json_kv_number(j, "making_seconds", n->trial_making_seconds);
	json_end_object(j);
}

static void write_body(struct json *j, const struct profile *p, const struct engine_note *n)
{
	switch (n->kind) {
	case NOTE_STEP_BEGIN:
		if (n->step >= 0)
			kv_title(j, "title", &p->steps[n->step].title);
		break;
	case NOTE_STEP_END:
		kv_verdict(j, n->verdict);
		write_trial(j, n);
		break;
	case NOTE_MEASUREMENT: write_measurement(j, p, n->result); break;
	case NOTE_CAPTURE:
		json_kv_string(j, "name", n->text);
		json_kv_number(j, "value_si", n->value);
		break;
	case NOTE_PROMPT:
	case NOTE_ANSWER: write_prompt(j, n); break;
	case NOTE_EVENT:
		json_kv_string(j, "code", n->code);
		json_kv_string(j, "text", n->text);
		json_kv_string(j, "who", n->who);
		json_kv_number(j, "value", n->value);
		break;
	case NOTE_STOPPING:
		json_kv_string(j, "code", n->code);
		json_kv_string(j, "text", n->text);
		break;
	case NOTE_DONE:
		kv_verdict(j, n->verdict);
		json_kv_string(j, "attribution", NAME_OF(attributions, n->attribution));
		json_kv_string(j, "code", n->code && *n->code ? n->code : NULL);
		json_kv_string(j, "text", n->text && *n->text ? n->text : NULL);
		write_trial(j, n);
		break;
	}
}

void record_note_json(const struct run_facts *f, const struct engine_note *n, struct text *out)
{
	const struct profile *p = f->profile;
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "note", NAME_OF(note_kinds, n->kind));
	kv_seconds(&j, "at_s", n->at_ns - f->started_ns);
	json_kv_string(&j, "step",
		       n->step >= 0 && n->step < p->step_count ? p->steps[n->step].id : NULL);
	json_kv_int(&j, "attempt", n->attempt);
	write_body(&j, p, n);
	json_end_object(&j);
}
