/* SPDX-License-Identifier: MIT
 *
 * A finished run under another revision of its profile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "plan_files.h"
#include "run/rejudge.h"

#define QUICK "profiles/ro600_quick.yaml"

struct bench {
	struct model *model;
	struct fixture *fixture;
	struct profile *was;
	char *doc;
};

static struct profile *revision(struct bench *b, const char *const pairs[][2])
{
	struct problems problems = {0};
	size_t n = 0;
	char *bytes = file_with(QUICK, pairs, &n);
	struct profile *p = profile_parse(QUICK, bytes, n, b->model, b->fixture, 0, &problems);

	problems_print(&problems, stderr);
	assert_non_null(p);
	problems_release(&problems);
	free(bytes);
	return p;
}

/* Within the limits of every measurement. */
static double value_of(const char *id)
{
	static const struct {
		const char *id;
		double value;
	} values[] = {{"rejection", 95.0},
		      {"membrane_permeability", 3.0},
		      {"full_stop_cut_out", 0.28},
		      {"post_stop_drain_flow", 0.01}};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!strcmp(values[i].id, id))
			return values[i].value;
	return 1.5;
}

/* Everything passed. */
static char *document(const struct profile *p)
{
	json_t *list = json_array();

	for (int i = 0; i < p->measurement_count; i++) {
		const struct pf_measurement *m = &p->measurements[i];
		double v = value_of(m->id);

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:b, s:f, s:f, s:f, s:f}", "id", m->id,
						"verdict", "pass", "counts", 1, "value", v, "lo",
						v - 1.0, "hi", v + 1.0, "uncertainty", 0.001));
	}
	json_t *root = json_pack("{s:o}", "measurements", list);
	char *text = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	return text;
}

static int open_bench(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct problems problems = {0};

	b->model = model_load("profiles/models/RO600.yaml", &problems);
	b->fixture = good_fixture(NULL);
	assert_non_null(b->model);
	problems_release(&problems);
	b->was = revision(b, NULL);
	b->doc = document(b->was);
	*state = b;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *b = *state;

	free(b->doc);
	profile_free(b->was);
	fixture_free(b->fixture);
	model_free(b->model);
	free(b);
	return 0;
}

static enum verdict judged(struct bench *b, const char *doc, const char *const pairs[][2],
			   struct text *list, char why[96])
{
	struct profile *now = revision(b, pairs);
	struct json j;
	enum verdict v;

	json_init(&j, list);
	json_open_array(&j);
	v = rejudge(doc, strlen(doc), b->was, now, &j, why);
	json_end_array(&j);
	profile_free(now);
	return v;
}

static void check(struct bench *b, const char *const pairs[][2], enum verdict want,
		  const char *told)
{
	struct text list = {0};
	char why[96] = "";
	enum verdict v = judged(b, b->doc, pairs, &list, why);

	if (v != want || (!strstr(list.buf, told) && !strstr(why, told)))
		fail_msg("%s, %s, %s", verdict_name(v), why, list.buf);
	text_release(&list);
}

static void a_pass_stays_one_under_limits_it_keeps(void **state)
{
	struct bench *b = *state;

	check(b, NULL, VERDICT_PASS, "\"id\":\"rejection\",\"value\":95,\"lo\":90");
	check(b, (const char *const[][2]){{"    min: 90 %", "    min: 94.5 %"}, {NULL, NULL}},
	      VERDICT_PASS, "\"lo\":94.5");
}

static void a_limit_it_does_not_keep_makes_it_a_fail(void **state)
{
	check(*state, (const char *const[][2]){{"    min: 90 %", "    min: 96 %"}, {NULL, NULL}},
	      VERDICT_FAIL, "\"lo\":96,\"hi\":null,\"uncertainty\":0.001,\"verdict\":\"fail\"");
}

static void a_limit_over_readings_stands_only_as_it_was_written(void **state)
{
	/* permeate_flow's rests on the temperature of the water then */
	check(*state, (const char *const[][2]){{"0.85 * model", "0.80 * model"}, {NULL, NULL}},
	      VERDICT_INCONCLUSIVE, "limit unknown");
}

static void what_was_done_in_another_way_is_tested_again(void **state)
{
	struct bench *b = *state;

	check(b, (const char *const[][2]){{"\nsteps:", "\n# only a remark\nsteps:"}, {NULL, NULL}},
	      VERDICT_PASS, "rejection");
	check(b,
	      (const char *const[][2]){
		      {"feed_conductivity: 400..600", "feed_conductivity: 300..600"}, {NULL, NULL}},
	      VERDICT_INCONCLUSIVE, "differ in envelope");
	check(b,
	      (const char *const[][2]){{"value: 1 - mean(permeate_conductivity) / "
					"mean(feed_conductivity)",
					"value: 1 - max(permeate_conductivity) / "
					"mean(feed_conductivity)"},
				       {NULL, NULL}},
	      VERDICT_INCONCLUSIVE, "measured in another way");
}

static void what_was_not_measured_or_not_a_pass_then_is_none_now(void **state)
{
	struct bench *b = *state;
	static const char *const spoils[][3] = {
		{"\"id\":\"rejection\",\"verdict\":\"pass\"",
		 "\"id\":\"rejection\",\"verdict\":\"invalid\"", "invalid"},
		{"\"id\":\"leak\",\"verdict\":\"pass\"", "\"id\":\"leak\",\"verdict\":\"fail\"",
		 "fail"},
		{"\"id\":\"rejection\"", "\"id\":\"other\"", "inconclusive"},
		{"\"value\":95.0", "\"value\":null", "inconclusive"},
		{"{\"measurements\":", "{\"other\":", "inconclusive"},
	};

	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		struct text doc = {0}, list = {0};
		char *at = strstr(b->doc, spoils[i][0]), why[96] = "";
		enum verdict v;

		assert_non_null(at);
		text_add(&doc, b->doc, (size_t)(at - b->doc));
		text_puts(&doc, spoils[i][1]);
		text_puts(&doc, at + strlen(spoils[i][0]));
		v = judged(b, doc.buf, NULL, &list, why);
		assert_string_equal(verdict_name(v), spoils[i][2]);
		text_release(&doc);
		text_release(&list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ON_BENCH(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
		ON_BENCH(a_pass_stays_one_under_limits_it_keeps),
		ON_BENCH(a_limit_it_does_not_keep_makes_it_a_fail),
		ON_BENCH(a_limit_over_readings_stands_only_as_it_was_written),
		ON_BENCH(what_was_done_in_another_way_is_tested_again),
		ON_BENCH(what_was_not_measured_or_not_a_pass_then_is_none_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
