/* SPDX-License-Identifier: MIT
 *
 * The document of a run: what is in it, that it is the same whenever the same happened, and what is
 * left of a run that was cut.
 */
#include "run_bench.h"

#include <jansson.h>
#include <malloc.h>

static void add_facts(struct bench *b)
{
	struct run_facts *f = &b->facts;

	*f = (struct run_facts){.type = RUN_POST_REPAIR_QC,
				.profile = &b->p,
				.simulated = true,
				.speed = 20,
				.unapproved = true,
				.started_utc_us = b->utc_us,
				.utc_not_before_us = b->utc_not_before_us,
				.started_ns = b->now_ns,
				.attempt_no = 2,
				.repair_seq = 3};
	snprintf(f->id, sizeof f->id, "0b8f1c2e-0000-4000-8000-000000000001");
	snprintf(f->ticket, sizeof f->ticket, "T-1001");
	snprintf(f->serial, sizeof f->serial, "SN1");
	snprintf(f->model, sizeof f->model, "M600");
	snprintf(f->bay, sizeof f->bay, "1");
	snprintf(f->operator_name, sizeof f->operator_name, "kim \"K\" \xe9\x87\x91");
	b->record = record_new(f);
}

static struct bench *with_record(void)
{
	struct bench *b = bench_new();

	add_facts(b);
	return b;
}

static json_t *document(struct bench *b, bool proven)
{
	struct text out = {0};
	json_error_t why;
	json_t *doc;

	record_finish(b->record, b->utc_us + 60000000, proven, proven ? 4200 * NS_PER_MS : 0,
		      proven ? "pressure 0.004 MPa" : NULL, NULL, &out);
	doc = json_loads(out.buf, JSON_REJECT_DUPLICATES, &why);
	if (!doc)
		fail_msg("%s: %s", why.text, out.buf);
	text_release(&out);
	return doc;
}

static const char *text_at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "(none)";
}

/* The n-th entry of a list whose id is that. */
static json_t *entry(const json_t *doc, const char *list, const char *id, int n)
{
	json_t *at;
	size_t i;

	json_array_foreach(json_object_get(doc, list), i,
			   at) if (!strcmp(text_at(at, "id"), id) && !n--) return at;
	fail_msg("no %s in %s", id, list);
	return NULL;
}

static void document_says_what_was_run_and_how_it_was_judged(void **state)
{
	struct bench *b = bench_new();
	static const char *const symptoms[] = {"S03"}, *const faults[] = {"F01", "F04"};
	int m = bench_plain(b);
	json_t *doc, *x;

	(void)state;
	b->measurements[m].symptoms = (const char **)(uintptr_t)symptoms;
	b->measurements[m].symptom_count = 1;
	b->measurements[m].faults = (const char **)(uintptr_t)faults;
	b->measurements[m].fault_count = 2;
	add_facts(b);
	b->value[FLOW] = 0.9;
	bench_finish(b);
	doc = document(b, true);
	assert_string_equal(text_at(doc, "schema"), "benchd.run/1");
	assert_string_equal(text_at(doc, "ticket"), "T-1001");
	assert_string_equal(text_at(doc, "run_type"), "post_repair_qc");
	assert_string_equal(text_at(doc, "operator"), "kim \"K\" \xe9\x87\x91");
	assert_true(json_is_true(json_object_get(doc, "simulated")));
	/* readings were let be older than the fixture says: it is in the record */
	assert_int_equal(json_integer_value(json_object_get(doc, "speed")), 20);
	assert_int_equal(json_integer_value(json_object_get(doc, "stale_floor_s")), 40);
	assert_string_equal(text_at(doc, "started_utc"), "2026-05-28T20:26:40.000000Z");
	assert_string_equal(text_at(doc, "ended_utc"), "2026-05-28T20:27:40.000000Z");
	assert_string_equal(text_at(doc, "verdict"), "fail");
	assert_string_equal(text_at(doc, "attribution"), "unit");
	assert_true(json_is_true(json_object_get(json_object_get(doc, "safe_state"), "proven")));
	assert_true(json_number_value(
			    json_object_get(json_object_get(doc, "safe_state"), "took_s")) == 4.2);
	assert_true(json_is_true(json_object_get(json_object_get(doc, "profile"), "unapproved")));
	x = entry(doc, "measurements", "permeate_flow_mean", 0);
	assert_true(json_real_value(json_object_get(x, "value")) == 0.9);
	assert_true(json_real_value(json_object_get(x, "lo")) == 1.35);
	assert_true(json_is_null(json_object_get(x, "hi")));
	assert_true(fabs(json_real_value(json_object_get(x, "uncertainty")) - 0.018) < 1e-12);
	assert_string_equal(text_at(x, "unit"), "L/min");
	assert_string_equal(text_at(x, "rule"), "guarded");
	assert_string_equal(text_at(x, "basis"), "assumed");
	assert_string_equal(text_at(x, "verdict"), "fail");
	assert_string_equal(text_at(x, "step"), "H6");
	assert_true(json_is_true(json_object_get(x, "counts")));
	assert_int_equal(json_array_size(json_object_get(x, "faults")), 2);
	x = json_array_get(json_object_get(doc, "calibration"), 0);
	assert_string_equal(text_at(x, "channel"), "permeate_flow");
	assert_string_equal(text_at(x, "state"), "good");
	assert_int_equal(json_array_size(json_object_get(doc, "calibration")), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(doc, "basis_assumed"), 0)),
		"permeate_flow_mean");
	x = entry(doc, "steps", "H6", 0);
	assert_string_equal(text_at(x, "verdict"), "fail");
	assert_true(json_real_value(json_object_get(x, "ended_s")) == 5.1);
	json_decref(doc);
	bench_free(b);
}

/* A clock that cannot be right makes the engine judge "invalid": the record says the same of the
 * calibration, not "good". */
static void record_believes_the_clock_no_more_than_the_engine_does(void **state)
{
	for (int before = 0; before < 2; before++) {
		struct bench *b = bench_new();
		json_t *doc;

		bench_plain(b);
		b->utc_not_before_us = b->utc_us + before;
		add_facts(b);
		bench_finish(b);
		doc = document(b, true);
		assert_string_equal(text_at(doc, "verdict"), before ? "invalid" : "pass");
		assert_string_equal(
			text_at(json_array_get(json_object_get(doc, "calibration"), 0), "state"),
			before ? "calibration_date_unknown" : "good");
		json_decref(doc);
		bench_free(b);
	}
	(void)state;
}

static void lost_once(struct bench *b)
{
	b->quality[FLOW] = b->now_ns == 1002 * NS_PER_S ? QUALITY_NO_REPLY : QUALITY_GOOD;
}

static void all_attempts_are_kept_and_one_counts(void **state)
{
	struct bench *b = with_record();
	json_t *doc;

	(void)state;
	bench_plain(b);
	b->steps[0].retries = 1;
	b->world = lost_once;
	bench_finish(b);
	doc = document(b, true);
	assert_int_equal(json_array_size(json_object_get(doc, "measurements")), 2);
	assert_string_equal(text_at(entry(doc, "measurements", "permeate_flow_mean", 0), "verdict"),
			    "inconclusive");
	assert_true(json_is_false(
		json_object_get(entry(doc, "measurements", "permeate_flow_mean", 0), "counts")));
	assert_string_equal(text_at(entry(doc, "measurements", "permeate_flow_mean", 1), "verdict"),
			    "pass");
	assert_true(json_is_true(
		json_object_get(entry(doc, "measurements", "permeate_flow_mean", 1), "counts")));
	assert_int_equal(json_array_size(json_object_get(doc, "steps")), 2);
	json_decref(doc);
	bench_free(b);
}

static void contradiction_stands_among_the_measurements_as_an_error(void **state)
{
	struct bench *b = with_record();
	json_t *doc, *x;

	(void)state;
	bench_plain(b);
	bench_run(b, 10);
	engine_proof(b->e, false, "feed_pressure 0.2 MPa", b->now_ns);
	doc = document(b, false);
	assert_string_equal(text_at(doc, "verdict"), "error");
	assert_true(json_is_false(json_object_get(json_object_get(doc, "safe_state"), "proven")));
	x = entry(doc, "measurements", "rig_contradiction", 0);
	assert_string_equal(text_at(x, "verdict"), "error");
	assert_string_equal(text_at(x, "attribution"), "rig");
	assert_non_null(strstr(text_at(x, "reason"), "feed_pressure 0.2 MPa"));
	json_decref(doc);
	bench_free(b);
}

static void prompts_stand_with_their_answers(void **state)
{
	struct bench *b = with_record();
	int m = bench_measurement(b, "visual", NULL, NULL, NULL, NULL);
	json_t *doc, *x;

	(void)state;
	bench_step(b, "H1");
	bench_prompt(b, "visual_ok", PROMPT_YES_NO, 60)->measurement = (int16_t)m;
	bench_run(b, 2);
	engine_answer(b->e, "visual_ok", "no", "kim", b->now_ns, NULL);
	bench_finish(b);
	doc = document(b, true);
	x = entry(doc, "prompts", "visual_ok", 0);
	assert_string_equal(text_at(x, "answer"), "no");
	assert_string_equal(text_at(x, "who"), "kim");
	assert_true(json_real_value(json_object_get(x, "at_s")) == 0.1);
	assert_true(json_integer_value(json_object_get(x, "answered_s")) == 2);
	x = entry(doc, "measurements", "visual", 0);
	assert_true(json_is_null(json_object_get(x, "value")));
	assert_string_equal(text_at(x, "verdict"), "fail");
	json_decref(doc);
	bench_free(b);
}

static void run_whose_end_was_not_told_is_interrupted_not_pass(void **state)
{
	struct bench *b = with_record();
	json_t *doc;

	(void)state;
	bench_plain(b);
	bench_run(b, 10);
	doc = document(b, true);
	assert_string_equal(text_at(doc, "verdict"), "interrupted");
	json_decref(doc);
	bench_free(b);
}

/* --- what is stored while it goes on ------------------------------------ */

struct stored {
	const struct run_facts *facts;
	struct text facts_json;
	char *lines[200];
	int count;
};

static void store_note(void *ctx, const struct engine_note *n)
{
	struct stored *s = ctx;
	struct text line = {0};

	record_note_json(s->facts, n, &line);
	s->lines[s->count++] = line.buf;
}

static void interrupted_run_is_told_from_what_was_stored(void **state)
{
	struct bench *b = with_record();
	struct engine_config config = {
		.profile = &b->p, .serial = "SN1", .now_ns = b->now_ns, .utc_us = b->utc_us};
	struct stored s = {.facts = &b->facts};
	struct engine_ops ops = {.ctx = &s, .note = store_note};
	struct text out = {0};
	struct error err = {0};
	json_t *doc;

	(void)state;
	bench_plain(b);
	bench_step(b, "H7");
	bench_wait(b, 60);
	record_facts_json(&b->facts, &s.facts_json);
	b->e = engine_new(&config, &ops);
	bench_run(b, 20);
	for (int ended = 0; ended < 2; ended++) {
		/* Even when the end was noted: what was not stored as a document was not
		 * announced. */
		if (ended) {
			bench_run(b, 7200);
			engine_proof(b->e, true, "", b->now_ns);
		}
		assert_int_equal(record_interrupted(s.facts_json.buf, (const char *const *)s.lines,
						    s.count, b->utc_us, "power was lost", &out,
						    &err),
				 0);
		doc = json_loads(out.buf, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(doc);
		assert_string_equal(text_at(doc, "verdict"), "interrupted");
		assert_string_equal(text_at(json_object_get(doc, "reason"), "text"),
				    "power was lost");
		assert_string_equal(text_at(doc, "serial"), "SN1");
		assert_true(json_is_false(
			json_object_get(json_object_get(doc, "safe_state"), "proven")));
		assert_string_equal(
			text_at(entry(doc, "measurements", "permeate_flow_mean", 0), "verdict"),
			"pass");
		assert_true(json_is_null(json_object_get(entry(doc, "steps", "H7", 0),
							 "ended_s")) == !ended);
		json_decref(doc);
		text_clear(&out);
	}
	assert_int_equal(record_interrupted("{\"id\":", NULL, 0, 0, "", &out, &err), ERR_SYNTAX);
	s.lines[1][3] = '\0';
	assert_int_equal(record_interrupted(s.facts_json.buf, (const char *const *)s.lines, s.count,
					    0, "", &out, &err),
			 ERR_SYNTAX);
	for (int i = 0; i < s.count; i++)
		free(s.lines[i]);
	text_release(&s.facts_json);
	text_release(&out);
	bench_free(b);
}

/* --- the same readings give the same bytes ------------------------------ */

enum { TICKS = 1200 };
static struct sample recorded[TICKS][CHANNELS];

static void record_readings(const struct bench *b)
{
	uint64_t seed = 42;

	for (int t = 0; t < TICKS; t++)
		for (int c = 0; c < CHANNELS; c++) {
			double noise;

			seed = seed * 6364136223846793005u + 1442695040888963407u;
			noise = (double)(seed >> 40) / (double)(1 << 24) - 0.5;
			recorded[t][c] = (struct sample){
				.channel = (uint16_t)c,
				.quality = QUALITY_GOOD,
				.updates = (uint32_t)(t / (c + 1)),
				.value = c == TRAY ? 0 : b->value[c] * (1 + 0.01 * noise),
				.at_ns = b->now_ns + t * NS_PER_S / 10 + c * NS_PER_MS};
		}
}

static char *judged_again(bool one_by_one)
{
	struct bench *b = with_record();
	struct text out = {0};
	int flow, rejection;

	flow = bench_measurement(b, "flow", "median(permeate_flow)", "L/min", "1.35 L/min", NULL);
	rejection = bench_measurement(b, "rejection",
				      "1 - mean(permeate_conductivity)/mean(feed_conductivity)",
				      "%", "90 %", NULL);
	bench_step(b, "H6");
	bench_settle(b, PERMEATE_COND, 0.02, 20, 100);
	bench_window(b, 60);
	bench_measure(b, flow);
	bench_measure(b, rejection);
	bench_start(b);
	for (int t = 0; t < TICKS && engine_get_state(b->e) == ENGINE_RUNNING; t++) {
		for (int c = 0; one_by_one && c < CHANNELS; c++)
			engine_samples(b->e, &recorded[t][c], 1);
		if (!one_by_one)
			engine_samples(b->e, recorded[t], CHANNELS);
		b->now_ns = b->facts.started_ns + t * NS_PER_S / 10 + 20 * NS_PER_MS;
		engine_time(b->e, b->now_ns);
	}
	engine_proof(b->e, true, "pressure 0", b->now_ns);
	assert_verdict(engine_verdict(b->e), VERDICT_PASS);
	record_finish(b->record, b->utc_us, true, 0, "pressure 0", NULL, &out);
	bench_free(b);
	return out.buf;
}

static void judging_recorded_readings_again_gives_the_same_bytes(void **state)
{
	struct bench *b = bench_new();
	char *first, *again, *batched;

	(void)state;
	record_readings(b);
	first = judged_again(true);
	again = judged_again(true);
	batched = judged_again(false);
	assert_string_equal(first, again);
	assert_string_equal(first, batched);
	free(first);
	free(again);
	free(batched);
	bench_free(b);
}

static void engine_takes_no_memory_while_it_runs(void **state)
{
	struct bench *b = bench_new();
	size_t before;

	(void)state;
	bench_plain(b);
	bench_start(b);
	before = mallinfo2().uordblks;
	bench_run(b, 100);
	engine_proof(b->e, true, "", b->now_ns);
	assert_true(mallinfo2().uordblks == before);
	assert_int_equal(engine_get_state(b->e), ENGINE_DONE);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(document_says_what_was_run_and_how_it_was_judged),
		cmocka_unit_test(record_believes_the_clock_no_more_than_the_engine_does),
		cmocka_unit_test(all_attempts_are_kept_and_one_counts),
		cmocka_unit_test(contradiction_stands_among_the_measurements_as_an_error),
		cmocka_unit_test(prompts_stand_with_their_answers),
		cmocka_unit_test(run_whose_end_was_not_told_is_interrupted_not_pass),
		cmocka_unit_test(interrupted_run_is_told_from_what_was_stored),
		cmocka_unit_test(judging_recorded_readings_again_gives_the_same_bytes),
		cmocka_unit_test(engine_takes_no_memory_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
