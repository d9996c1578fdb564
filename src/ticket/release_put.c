/* SPDX-License-Identifier: MIT
 *
 * The decision as a document.
 */
#include <string.h>

#include "ticket/release.h"

const char *const release_disposition_words[] = {
	[RELEASE_REPAIRED - 1] = "repaired",
	[RELEASE_NO_FAULT_FOUND - 1] = "no_fault_found",
	[RELEASE_RETURNED_UNREPAIRED - 1] = "returned_unrepaired",
	[RELEASE_SCRAPPED - 1] = "scrapped",
	[RELEASE_REPLACED - 1] = "replaced",
	[RELEASE_REPLACED] = NULL,
};

const char *release_disposition_name(enum release_disposition d)
{
	return d >= RELEASE_REPAIRED && d <= RELEASE_REPLACED ? release_disposition_words[d - 1]
							      : "";
}

enum release_disposition release_disposition_find(const char *name)
{
	for (int i = 0; release_disposition_words[i]; i++)
		if (strcmp(release_disposition_words[i], name) == 0)
			return (enum release_disposition)(i + 1);
	return 0;
}

static const char *word(bool allowed)
{
	return allowed ? "allowed" : "blocked";
}

static void put_time(struct json *j, const char *key, int64_t utc_us)
{
	char at[32];

	json_kv_string(j, key, utc_us ? text_from_utc_us(at, sizeof(at), utc_us) : NULL);
}

static const struct release_run *run_of(const struct release_facts *f, const char *id)
{
	for (int i = 0; id[0] && i < f->run_count; i++)
		if (strcmp(f->runs[i].id, id) == 0)
			return &f->runs[i];
	return NULL;
}

/* Returns whether `simulated` is among them. */
static bool put_reasons(struct json *j, const struct release_decision *d)
{
	bool simulated = false;

	json_key(j, "reasons");
	json_open_array(j);
	for (int i = 0; i < d->reason_count; i++) {
		const struct release_reason *r = &d->reasons[i];

		json_open_object(j);
		json_kv_string(j, "code", r->code);
		json_key(j, "params");
		json_put_raw(j, r->params, strlen(r->params));
		json_kv_bool(j, "overridden", r->overridden);
		json_kv_string(j, "en", release_reason_text(r->code, false));
		json_kv_string(j, "zh", release_reason_text(r->code, true));
		json_end_object(j);
		simulated = simulated || strcmp(r->code, "simulated") == 0;
	}
	json_end_array(j);
	return simulated;
}

static void put_override(struct json *j, const struct release_facts *f,
			 const struct release_decision *d)
{
	json_key(j, "override");
	if (!d->overridden) {
		json_put_null(j);
		return;
	}
	json_open_object(j);
	json_kv_string(j, "who", f->override.who);
	json_kv_string(j, "reason", f->override.reason);
	json_kv_int(j, "seq", f->override.seq);
	json_end_object(j);
}

static void put_runs(struct json *j, const struct release_run *const runs[2])
{
	json_key(j, "runs");
	json_open_array(j);
	for (int i = 0; i < 2; i++)
		if (runs[i])
			json_put_string(j, runs[i]->id);
	json_end_array(j);
}

static void put_evidence(struct json *j, const struct release_run *const runs[2])
{
	bool in_force = runs[0] != NULL;

	json_key(j, "evidence");
	json_open_array(j);
	for (int i = 0; i < 2; i++) {
		const struct release_run *r = runs[i];

		if (!r)
			continue;
		in_force = in_force && r->calibration_ok;
		json_open_object(j);
		json_kv_string(j, "run", r->id);
		json_kv_string(j, "run_type", r->run_type);
		json_kv_string(j, "profile", r->profile);
		json_kv_int(j, "revision", r->profile_revision);
		json_kv_string(j, "verdict", r->verdict);
		json_kv_string(j, "operator", r->operator_name);
		put_time(j, "ended_at", r->ended_utc_us);
		json_kv_int(j, "seq", r->ended_seq);
		json_end_object(j);
	}
	json_end_array(j);
	json_kv_string(j, "calibration", in_force ? "in_force" : "not_shown");
	json_kv_string(j, "verification", "not_configured");
}

static void put_statement(struct json *j, const struct release_statement *s)
{
	json_key(j, "statement");
	json_open_object(j);
	json_kv_bool(j, "drained", s->drained);
	json_kv_bool(j, "electrically_safe", s->electrically_safe);
	json_kv_bool(j, "labelled", s->labelled);
	json_kv_bool(j, "rendered_unusable", s->rendered_unusable);
	json_kv_string(j, "replacement_serial",
		       s->replacement_serial[0] ? s->replacement_serial : NULL);
	json_kv_string(j, "supervisor", s->supervisor[0] ? s->supervisor : NULL);
	json_end_object(j);
}

void release_put(struct json *j, const struct release_facts *f, const struct release_decision *d)
{
	const struct release_run *const runs[2] = {run_of(f, d->run), run_of(f, d->trial_run)};

	json_open_object(j);
	json_kv_string(j, "schema", "benchd.release/1");
	json_kv_string(j, "ticket", f->ticket);
	json_kv_string(j, "serial", f->serial);
	json_kv_string(j, "model", f->model);
	json_kv_int(j, "repair_seq", f->repair_seq);
	json_kv_string(j, "disposition", release_disposition_name(f->disposition));
	json_kv_string(j, "decision", word(d->allowed));
	json_kv_string(j, "would_be", word(d->would_be));
	put_override(j, f, d);
	json_kv_bool(j, "simulated", put_reasons(j, d));
	put_runs(j, runs);
	put_evidence(j, runs);
	put_statement(j, &f->statement);
	put_time(j, "mirrored_at", f->mirrored_utc_us);
	put_time(j, "decided_at", f->now_utc_us);
	put_time(j, "valid_until",
		 d->allowed ? f->now_utc_us + RELEASE_VALID_SECONDS * INT64_C(1000000) : 0);
	json_key(j, "claim");
	if (f->claim)
		json_put_int(j, f->claim);
	else
		json_put_null(j);
	json_kv_string(j, "scope", "this_station");
}
