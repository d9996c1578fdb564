/* SPDX-License-Identifier: MIT
 *
 * The permeate probe begins to repeat its words while water is made and its reading is already good
 * and steady: the reading itself may stand for minutes on a healthy unit, its temperature may not.
 */
#include "bay_lab.h"

#include <jansson.h>

static bool is_producing_well(struct bench *b)
{
	double permeate = world_truth(bench_world(b), 0, "permeate_conductivity");

	return world_truth(bench_world(b), 0, "permeate_flow") > 1 && permeate < 50;
}

/* The run's document; the caller's. */
static json_t *run_with_probe_frozen(struct rig_case *rig, int64_t after_ns)
{
	struct kase k = {.fault = "permeate_probe_1:none", .is_full = rig == &full};
	struct told t;
	struct bench *b = at_work(&t, &k);
	json_error_t why;
	json_t *doc;

	for (int i = 0; i < 7200 && !is_producing_well(b); i++)
		bench_run_for(b, NS_PER_S);
	assert_true(is_producing_well(b));
	bench_run_for(b, after_ns);
	set_fault(b, "permeate_probe_1:frozen");
	assert_true(bench_run_until_done(b, 0, rig_case_limit_ns(rig)));
	doc = json_loads(bench_document(b, 0), 0, &why);
	assert_non_null(doc);
	bench_free(b);
	return doc;
}

static const json_t *measurement(const json_t *doc, const char *id)
{
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(doc, "measurements"), i, m)
	{
		if (!strcmp(json_string_value(json_object_get(m, "id")), id))
			return m;
	}
	fail_msg("no measurement %s", id);
	return NULL;
}

static void assert_measured(const json_t *doc, const char *id, const char *verdict,
			    const char *reason)
{
	const json_t *m = measurement(doc, id);
	const char *why = json_string_value(json_object_get(m, "reason"));

	assert_string_equal(json_string_value(json_object_get(m, "verdict")), verdict);
	assert_non_null(why);
	if (!strstr(why, reason))
		fail_msg("%s: \"%s\" does not say %s", id, why, reason);
}

static void a_probe_that_repeats_its_words_while_water_is_made_passes_nothing(void **state)
{
	json_t *doc = run_with_probe_frozen(&quick, 5 * NS_PER_S);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(doc, "verdict")), "invalid");
	assert_measured(doc, "rejection", "invalid", "frozen permeate_temperature");
	json_decref(doc);
	doc = run_with_probe_frozen(&full, 5 * NS_PER_S);
	assert_string_not_equal(json_string_value(json_object_get(doc, "verdict")), "pass");
	assert_measured(doc, "rejection", "invalid", "frozen permeate_temperature");
	json_decref(doc);
}

static int open_lab(void **state)
{
	(void)state;
	bay_lab_open();
	return 0;
}

static int close_lab(void **state)
{
	(void)state;
	bay_lab_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe_that_repeats_its_words_while_water_is_made_passes_nothing),
	};

	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
