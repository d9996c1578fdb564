/* SPDX-License-Identifier: MIT
 *
 * The document of a run, always composed the same way: from its facts and its journal lines,
 * whether the run ended in this process or the lines came back from the store after a crash.
 */
#include "run/record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

enum { LINE_MAX_BYTES = 64 * 1024, FACTS_MAX_BYTES = 512 * 1024 };

struct record {
	struct run_facts facts;
	struct text facts_json;
	char **lines;
	int count, cap;
};

struct ending {
	int64_t ended_utc_us;
	bool proven, interrupted;
	int64_t proof_took_ns; /* 0: not told */
	const char *detail, *trace_hash, *cause;
};

struct record *record_new(const struct run_facts *facts)
{
	struct record *r = xcalloc(1, sizeof *r);

	r->facts = *facts;
	record_facts_json(facts, &r->facts_json);
	return r;
}

void record_free(struct record *r)
{
	if (!r)
		return;
	for (int i = 0; i < r->count; i++)
		free(r->lines[i]);
	free(r->lines);
	text_release(&r->facts_json);
	free(r);
}

void record_note(struct record *r, const struct engine_note *note)
{
	struct text line = {0};

	if (r->count == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 64;
		r->lines = xrealloc(r->lines, (unsigned long)r->cap * sizeof *r->lines);
	}
	record_note_json(&r->facts, note, &line);
	r->lines[r->count++] = line.buf;
}

/* jansson's iterators want a json_t * and change nothing. */
static json_t *unconst(const json_t *v)
{
	return (json_t *)(uintptr_t)v;
}

/* --- JSON values, written again as the writer writes them --------------- */

static void put(struct json *j, const json_t *v)
{
	const json_t *member;
	const char *key;
	size_t i;
	void *at;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_OBJECT:
		json_open_object(j);
		for (at = json_object_iter(unconst(v)); at;
		     at = json_object_iter_next(unconst(v), at)) {
			key = json_object_iter_key(at);
			json_key(j, key);
			put(j, json_object_iter_value(at));
		}
		json_end_object(j);
		break;
	case JSON_ARRAY:
		json_open_array(j);
		json_array_foreach(v, i, member) put(j, member);
		json_end_array(j);
		break;
	case JSON_STRING: json_put_string_n(j, json_string_value(v), json_string_length(v)); break;
	case JSON_INTEGER: json_put_int(j, json_integer_value(v)); break;
	case JSON_REAL: json_put_number(j, json_real_value(v)); break;
	case JSON_TRUE: json_put_bool(j, true); break;
	case JSON_FALSE: json_put_bool(j, false); break;
	case JSON_NULL: json_put_null(j); break;
	}
}

static void kv(struct json *j, const char *key, const json_t *v)
{
	json_key(j, key);
	put(j, v);
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	return !strcmp(json_text(a, key), json_text(b, key));
}

static bool is_note(const json_t *line, const char *kind)
{
	return !strcmp(json_text(line, "note"), kind);
}

static bool same_attempt(const json_t *a, const json_t *b)
{
	return json_integer_value(json_object_get(a, "attempt")) ==
	       json_integer_value(json_object_get(b, "attempt"));
}

/* --- the parts of a document -------------------------------------------- */

struct journal {
	json_t **at;
	int count;
};

/* The last line of that kind. */
static const json_t *last_note(const struct journal *jn, const char *kind)
{
	for (int i = jn->count - 1; i >= 0; i--)
		if (is_note(jn->at[i], kind))
			return jn->at[i];
	return NULL;
}

/* All of a line but the kind of note and what leave names. */
static void put_line(struct json *j, const json_t *line, const char *leave)
{
	void *at;

	for (at = json_object_iter(unconst(line)); at;
	     at = json_object_iter_next(unconst(line), at)) {
		const char *key = json_object_iter_key(at);

		if (strcmp(key, "note") && strcmp(key, leave))
			kv(j, key, json_object_iter_value(at));
	}
}

static void put_steps(struct json *j, const struct journal *jn)
{
	json_key(j, "steps");
	json_open_array(j);
	for (int i = 0; i < jn->count; i++) {
		const json_t *begin = jn->at[i], *end = NULL;

		if (!is_note(begin, "step_begin"))
			continue;
		for (int k = i + 1; k < jn->count && !end; k++)
			if (is_note(jn->at[k], "step_end") && same(jn->at[k], begin, "step") &&
			    same_attempt(jn->at[k], begin))
				end = jn->at[k];
		json_open_object(j);
		kv(j, "id", json_object_get(begin, "step"));
		kv(j, "title", json_object_get(begin, "title"));
		kv(j, "attempt", json_object_get(begin, "attempt"));
		kv(j, "started_s", json_object_get(begin, "at_s"));
		kv(j, "ended_s", json_object_get(end, "at_s"));
		kv(j, "verdict", json_object_get(end, "verdict"));
		json_end_object(j);
	}
	json_end_array(j);
}

/* The rig's contradictions stand among the measurements, as errors. */
static void put_contradiction(struct json *j, const json_t *line)
{
	json_open_object(j);
	kv(j, "at_s", json_object_get(line, "at_s"));
	kv(j, "step", json_object_get(line, "step"));
	kv(j, "attempt", json_object_get(line, "attempt"));
	json_kv_string(j, "id", "rig_contradiction");
	json_key(j, "title");
	json_open_object(j);
	json_kv_string(j, "en", "Rig contradicts itself");
	json_kv_string(j, "zh", "台架自相矛盾");
	json_end_object(j);
	json_kv_string(j, "verdict", "error");
	kv(j, "reason", json_object_get(line, "text"));
	json_kv_string(j, "attribution", "rig");
	json_kv_bool(j, "counts", true);
	json_end_object(j);
}

/* One entry per measurement and attempt, the last that was said of it; counts: the attempt the
 * verdict rests on. */
static void put_measurements(struct json *j, const struct journal *jn)
{
	json_key(j, "measurements");
	json_open_array(j);
	for (int i = 0; i < jn->count; i++) {
		bool replaced = false, counts = true;

		if (is_note(jn->at[i], "event") &&
		    !strcmp(json_text(jn->at[i], "code"), "contradiction"))
			put_contradiction(j, jn->at[i]);
		if (!is_note(jn->at[i], "measurement"))
			continue;
		for (int k = i + 1; k < jn->count; k++) {
			if (!is_note(jn->at[k], "measurement") || !same(jn->at[k], jn->at[i], "id"))
				continue;
			counts = false;
			replaced |= same_attempt(jn->at[k], jn->at[i]);
		}
		if (replaced)
			continue;
		json_open_object(j);
		put_line(j, jn->at[i], "");
		json_kv_bool(j, "counts", counts);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_notes(struct json *j, const struct journal *jn, const char *key, const char *kind)
{
	json_key(j, key);
	json_open_array(j);
	for (int i = 0; i < jn->count; i++) {
		if (!is_note(jn->at[i], kind))
			continue;
		json_open_object(j);
		put_line(j, jn->at[i], "");
		json_end_object(j);
	}
	json_end_array(j);
}

/* Each prompt with its answer. */
static void put_prompts(struct json *j, const struct journal *jn)
{
	json_key(j, "prompts");
	json_open_array(j);
	for (int i = 0; i < jn->count; i++) {
		const json_t *answer = NULL;

		if (!is_note(jn->at[i], "prompt"))
			continue;
		for (int k = i + 1; k < jn->count && !is_note(jn->at[k], "prompt"); k++)
			if (is_note(jn->at[k], "answer"))
				answer = jn->at[k];
		json_open_object(j);
		put_line(j, jn->at[i], "");
		kv(j, "answered_s", json_object_get(answer, "at_s"));
		kv(j, "code", json_object_get(answer, "code"));
		kv(j, "answer", json_object_get(answer, "answer"));
		kv(j, "who", json_object_get(answer, "who"));
		json_end_object(j);
	}
	json_end_array(j);
}

static const json_t *trial_of(const struct journal *jn)
{
	const json_t *line = last_note(jn, "done");

	return json_object_get(line ? line : last_note(jn, "step_end"), "trial");
}

static void put_trial(struct json *j, const struct journal *jn)
{
	const json_t *trial = trial_of(jn);

	json_key(j, "trial");
	json_open_object(j);
	json_kv_number(j, "seconds", json_number_value(json_object_get(trial, "seconds")));
	json_kv_number(j, "making_seconds",
		       json_number_value(json_object_get(trial, "making_seconds")));
	json_end_object(j);
}

static void put_verdict(struct json *j, const struct journal *jn, const struct ending *end)
{
	const json_t *done = end->interrupted ? NULL : last_note(jn, "done");
	/* A run without its end is no pass: it was cut. */
	bool cut = !done || !*json_text(done, "verdict");

	json_kv_string(j, "verdict", cut ? "interrupted" : json_text(done, "verdict"));
	kv(j, "attribution", json_object_get(done, "attribution"));
	json_key(j, "reason");
	if (cut) {
		json_open_object(j);
		json_kv_string(j, "code", "interrupted");
		json_kv_string(j, "text", end->cause);
		json_end_object(j);
	} else if (*json_text(done, "code")) {
		json_open_object(j);
		kv(j, "code", json_object_get(done, "code"));
		kv(j, "text", json_object_get(done, "text"));
		json_end_object(j);
	} else {
		json_put_null(j);
	}
	json_key(j, "safe_state");
	json_open_object(j);
	json_kv_bool(j, "proven", end->proven);
	json_kv_string(j, "detail", end->detail);
	if (end->proof_took_ns > 0)
		json_kv_number(j, "took_s", (double)end->proof_took_ns * 1e-9);
	json_end_object(j);
}

static const char *const head[] = {"id",
				   "ticket",
				   "serial",
				   "serial_from",
				   "model",
				   "run_type",
				   "attempt_no",
				   "repair_seq",
				   "station",
				   "rig",
				   "bay",
				   "operator",
				   "operator_state",
				   "simulated",
				   "speed",
				   "stale_floor_s",
				   "profile",
				   "fixture_sha256",
				   "devices",
				   "calibration",
				   "software",
				   "boot_id",
				   "started_utc"};

static void compose(const json_t *facts, const struct journal *jn, const struct ending *end,
		    struct text *out)
{
	const json_t *last = jn->count ? jn->at[jn->count - 1] : NULL;
	char utc[32];
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "schema", "benchd.run/1");
	for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
		if (json_object_get(facts, head[i]) ||
		    (strcmp(head[i], "stale_floor_s") != 0 && strcmp(head[i], "devices") != 0))
			kv(&j, head[i], json_object_get(facts, head[i]));
	json_kv_string(&j, "ended_utc", text_from_utc_us(utc, sizeof utc, end->ended_utc_us));
	kv(&j, "utc_synced", json_object_get(facts, "utc_synced"));
	kv(&j, "duration_s", json_object_get(last, "at_s"));
	put_verdict(&j, jn, end);
	put_steps(&j, jn);
	put_measurements(&j, jn);
	put_notes(&j, jn, "captures", "capture");
	put_prompts(&j, jn);
	put_notes(&j, jn, "events", "event");
	put_trial(&j, jn);
	kv(&j, "basis_assumed", json_object_get(facts, "basis_assumed"));
	json_kv_string(&j, "trace_sha256", end->trace_hash);
	json_end_object(&j);
}

static int compose_lines(const char *facts_json, const char *const *lines, int n,
			 const struct ending *end, struct text *out, struct error *err)
{
	struct journal jn = {.at = xcalloc((unsigned long)n + 1, sizeof *jn.at)};
	json_t *facts = json_load_limited(facts_json, strlen(facts_json), FACTS_MAX_BYTES, err);
	int r = facts ? 0 : ERR_SYNTAX;

	for (; !r && jn.count < n; jn.count++) {
		const char *line = lines[jn.count];

		jn.at[jn.count] = json_load_limited(line, strlen(line), LINE_MAX_BYTES, err);
		if (!json_is_object(jn.at[jn.count]))
			r = error_set(err, ERR_SYNTAX, "journal line %d is no JSON object",
				      jn.count + 1);
	}
	if (!r)
		compose(facts, &jn, end, out);
	for (int i = 0; i < jn.count; i++)
		json_decref(jn.at[i]);
	free(jn.at);
	json_decref(facts);
	return r;
}

void record_finish(const struct record *r, int64_t ended_utc_us, bool proven, int64_t proof_took_ns,
		   const char *proof_detail, const char *trace_hash, struct text *out)
{
	struct ending end = {.ended_utc_us = ended_utc_us,
			     .proven = proven && proof_detail,
			     .proof_took_ns = proof_took_ns,
			     .detail = proof_detail,
			     .trace_hash = trace_hash,
			     .cause = "the run has no end"};
	const char *const *lines = (const char *const *)r->lines;
	struct error err;

	if (compose_lines(r->facts_json.buf, lines, r->count, &end, out, &err))
		panic("record of run %s: %s", r->facts.id, err.text);
}

int record_interrupted(const char *facts_json, const char *const *journal, int n,
		       int64_t closed_utc_us, const char *cause, struct text *out,
		       struct error *err)
{
	struct ending end = {.ended_utc_us = closed_utc_us, .interrupted = true, .cause = cause};

	return compose_lines(facts_json, journal, n, &end, out, err);
}
