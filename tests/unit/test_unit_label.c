/* SPDX-License-Identifier: MIT
 *
 * What stands on a unit's label: only what is stored, nothing that is in doubt, and once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/engine.h"
#include "tests/fake/mkstore.h"
#include "tests/fake/store_dir.h"
#include "store/subject.h"
#include "ticket/label.h"
#include "ticket/release_record.h"

static char dir[64];
static struct store *store;
static struct unit_label label;
static struct error err;
#define NOW INT64_C(1770000000000000)

static int put_run(const char *id, const char *verdict)
{
	struct mkstore_run r = {.id = id,
				.ticket = "T1",
				.serial = "SN1",
				.verdict = verdict,
				.ended_utc_us = NOW - 1000000};

	return mkstore_put_run(store, &r, NULL);
}

static int set_up(void **state)
{
	(void)state;
	store_dir_make(dir);
	store = store_open(dir, 0, NULL);
	return store && mkstore_put_ticket(store, "T1", "SN1", NOW, NULL) == 0 &&
			       put_run("run-1", "pass") == 0
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	temp_dir_remove(dir);
	return 0;
}

static void say(const char *type, const char *run, const char *data)
{
	struct chain_item item = {.type = type,
				  .run = run,
				  .ticket = "T1",
				  .serial = "SN1",
				  .data = data,
				  .n = strlen(data)};

	assert_int_equal(store_chain_add(store, &item, NOW, NULL, &err), 0);
}

static int of_run(const char *run)
{
	return unit_label_of_run(store, run, "bench", &label, &err);
}

static int of_ticket(bool not_repaired)
{
	return unit_label_of_ticket(store, "T1", not_repaired, "bench", &label, &err);
}

static void leave(void)
{
	struct release_order o = {.ticket = "T1",
				  .policy = {.owns_tickets = true,
					     .store_sound = true,
					     .disposition = RELEASE_REPAIRED},
				  .who = "erp",
				  .key = "",
				  .now_utc_us = NOW};
	struct text out = {0};
	int status = 0;

	assert_int_equal(release_record(store, &o, &status, &out, &err), 0);
	assert_int_equal(status, 201);
	text_release(&out);
}

static void a_runs_label_says_what_it_was_and_that_it_is_no_release(void **state)
{
	(void)state;
	assert_int_equal(of_run("run-1"), 0);
	assert_string_equal(label.lines[0], "合格 PASS");
	assert_string_equal(label.lines[1], "非放行凭证 NOT A RELEASE");
	assert_non_null(strstr(label.lines[2], " SN1"));
	assert_string_equal(label.lines[3], "T1");
	assert_non_null(strstr(label.lines[5], "2026-02-02"));
	assert_non_null(strstr(label.lines[5], "bench"));
	assert_string_equal(label.lines[6], "run run-1");
	assert_string_equal(label.qr, "T1");
	assert_int_equal(of_run("run-9"), ERR_NOT_FOUND);
}

static void no_verdict_but_a_pass_reads_as_one(void **state)
{
	(void)state;
	for (int v = VERDICT_PASS + 1; v <= VERDICT_INTERRUPTED; v++) {
		const char *word = verdict_name((enum verdict)v);

		if (!word || !word[0] || !strcmp(word, "skipped"))
			continue;
		assert_int_equal(put_run(word, word), 0);
		assert_int_equal(of_run(word), 0);
		assert_true(
			!strncmp(label.lines[0], "不合格 FAIL", strlen("不合格 FAIL")) ||
			!strncmp(label.lines[0], "未通过 NOT PASSED", strlen("未通过 NOT PASSED")));
	}
}

static void what_is_in_doubt_gets_no_label(void **state)
{
	(void)state;
	say("suspect", "run-1", "{\"reason\":\"profile_rejudge\"}");
	assert_int_equal(of_run("run-1"), ERR_STATE);
	say("rejudged", "run-1", "{\"verdict\":\"pass\"}");
	assert_int_equal(of_run("run-1"), 0);
	say("suspect", "run-1", "{\"reason\":\"as_found\"}");
	assert_int_equal(of_run("run-1"), ERR_STATE);
	assert_int_equal(put_run("run-2", "pass"), 0);
	say("void", "run-2", "{\"reason\":\"rig\"}");
	assert_int_equal(of_run("run-2"), ERR_STATE);
}

static void only_a_release_in_force_has_a_label(void **state)
{
	static const char data[] = "{\"action\":\"R01\"}";
	const struct chain_item repair = {
		.type = "repair", .who = "li", .data = data, .n = sizeof(data) - 1};
	struct ticket ticket;

	(void)state;
	assert_int_equal(of_ticket(false), ERR_STATE);
	assert_int_equal(of_ticket(true), 0);
	assert_string_equal(label.lines[0], "未修复 NOT REPAIRED");
	leave();
	assert_int_equal(of_ticket(false), 0);
	assert_string_equal(label.lines[0], "已放行 RELEASED");
	assert_true(label.released_seq > 0);
	assert_int_equal(of_ticket(true), ERR_STATE);
	assert_int_equal(store_ticket_repair(store, "T1", -1, &repair, NOW, &ticket, &err), 0);
	assert_int_equal(of_ticket(false), ERR_STATE);
	assert_int_equal(of_ticket(true), 0);
}

static void a_withdrawn_release_has_none(void **state)
{
	(void)state;
	leave();
	say("withdrawn", NULL, "{\"kind\":\"recall\"}");
	assert_int_equal(of_ticket(false), ERR_STATE);
}

static void what_was_printed_is_known_and_what_was_not_is_not(void **state)
{
	const struct unit_label_order o = {
		.bay = "1", .printer = "labels", .who = "li", .copies = 1, .now_utc_us = NOW};
	int64_t seq = 0;

	(void)state;
	leave();
	assert_int_equal(of_run("run-1"), 0);
	assert_int_equal(unit_label_ask(store, &label, &o, &seq, &err), 0);
	assert_true(seq > 0);
	assert_int_equal(of_run("run-1"), 0);
	assert_int_equal(label.printed_seq, 0); /* nobody knows yet */
	assert_int_equal(unit_label_end(store, &label, seq, "unknown", "it broke", NOW, &err), 0);
	assert_int_equal(of_run("run-1"), 0);
	assert_int_equal(label.printed_seq, 0);
	assert_int_equal(unit_label_end(store, &label, seq, "printed", "", NOW, &err), 0);
	assert_int_equal(of_run("run-1"), 0);
	assert_int_equal(label.printed_seq, seq);
	assert_int_equal(of_ticket(false), 0); /* the release's is another */
	assert_int_equal(label.printed_seq, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_runs_label_says_what_it_was_and_that_it_is_no_release, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_verdict_but_a_pass_reads_as_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_in_doubt_gets_no_label, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_a_release_in_force_has_a_label, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_withdrawn_release_has_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_printed_is_known_and_what_was_not_is_not,
						set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
