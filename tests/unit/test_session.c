/* SPDX-License-Identifier: MIT
 *
 * The session machine: every event in every phase, and what is easy to get wrong.
 */
#include "session_bench.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world *in_phase(enum session_phase phase)
{
	struct world *w = world_new(1e6);

	w->keeps = true;
	if (phase >= SESSION_CHECKING)
		check(w);
	if (phase >= SESSION_BEGINNING)
		proof(w, SAFE_CHECK, true);
	if (phase >= SESSION_RUNNING)
		answer_job(w, 0);
	if (phase >= SESSION_STOPPING) {
		w->stop_ns = w->now.wire_ns;
		session_abort(w->s, "kim", "enough", w->now);
	}
	if (phase >= SESSION_FINISHING)
		proof(w, SAFE_STOP, true);
	while (phase >= SESSION_OVER && w->job_first < w->job_end)
		answer_job(w, 0);
	assert_int_equal(w->s->phase, phase);
	return w;
}

/* ---- every event in every phase ---- */

static const char *const events[] = {
	"check",       "refuse",      "begun",	      "not begun",    "noted",
	"not noted",   "finished",    "not finished", "store failed", "samples",
	"bay active",  "bay tripped", "check proven", "check not",    "another's check",
	"stop proven", "stop not",    "drop proven",  "trip",	      "abort",
	"io lost",     "answer",      "tick",	      "tick in 16 s", "tick in 70 s"};

static void give(struct world *w, int event)
{
	struct error err;

	switch (event) {
	case 0: check(w); break;
	case 1: session_refuse(w->s, "not_found", "no such ticket", w->now); break;
	case 2: session_begun(w->s, 0, NULL, w->now); break;
	case 3: session_begun(w->s, ERR_STORE, "disk full", w->now); break;
	case 4: session_noted(w->s, NULL, 0, NULL, w->now); break;
	case 5: session_noted(w->s, NULL, ERR_STORE, "disk full", w->now); break;
	case 6: session_finished(w->s, 0, w->now); break;
	case 7: session_finished(w->s, ERR_STORE, w->now); break;
	case 8: fail_store(w); break;
	case 9: feed(w, 1.5); break;
	case 10: session_bay(w->s, BAY_ACTIVE, "", w->now); break;
	case 11: session_bay(w->s, BAY_TRIPPED, "leak", w->now); break;
	case 12: proof(w, SAFE_CHECK, true); break;
	case 13: proof(w, SAFE_CHECK, false); break;
	case 14:
		session_proof(w->s, w->safe_token[SAFE_CHECK] + 7, SAFE_CHECK, true, 0, "", w->now);
		break;
	case 15: proof(w, SAFE_STOP, true); break;
	case 16: proof(w, SAFE_STOP, false); break;
	case 17: proof(w, SAFE_DROP, true); break;
	case 18: trip(w); break;
	case 19: session_abort(w->s, "kim", "enough", w->now); break;
	case 20: io_lost(w); break;
	case 21: assert_true(session_answer(w->s, "", "yes", "kim", w->now, &err) < 0); break;
	case 24:
		pass(w, 54);
		pass(w, 16);
		tick(w);
		break;
	case 23:
		pass(w, 16);
		tick(w);
		break;
	default: tick(w); break;
	}
}

/* The phase afterwards: its first letter; x: a bug of the owner's, which stops the program. */
static const char *const table[] = {
	[SESSION_PREPARING] = "COxxPPxxPPPPPPPPPPPPPPPPP",
	[SESSION_CHECKING] = "xxxxCOxxOCCCBOCCCCOOOCCOO",
	[SESSION_BEGINNING] = "xxROBBxxBBBBBBBBBBBBBBBBB",
	[SESSION_RUNNING] = "xxxxRSxxSRRRRRRRRRSSSRRRR",
	[SESSION_STOPPING] = "xxxxSSxxSSSSSSSFFFSSSSSSF",
	[SESSION_FINISHING] = "xxxxFFOOFFFFFFFFFFFFFFFFF",
	[SESSION_OVER] = "xxxxOOxxOOOOOOOOOOOOOOOOO",
};

static bool stops_the_program(struct world *w, int event)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fclose(stderr);
		signal(SIGABRT, SIG_DFL);
		give(w, event);
		_exit(0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void every_event_in_every_phase_leads_where_the_table_says(void **state)
{
	static const char letters[] = " PCBRSFO";
	const int count = (int)(sizeof(events) / sizeof(events[0]));

	(void)state;
	for (enum session_phase p = SESSION_PREPARING; p <= SESSION_OVER; p++) {
		assert_int_equal(strlen(table[p]), count);
		for (int e = 0; e < count; e++) {
			struct world *w = in_phase(p);
			char want = table[p][e], got = 'x';

			if (want != 'x' || !stops_the_program(w, e)) {
				give(w, e);
				got = letters[w->s->phase];
			}
			if (got != want)
				fail_msg("%s in phase %c leads to %c, not %c", events[e],
					 letters[p], got, want);
			if (got != 'x' && got != letters[p])
				assert_true(session_may_go(p, w->s->phase) ||
					    (p == SESSION_RUNNING && got == 'S'));
			assert_int_equal(w->overs, w->s->phase == SESSION_OVER);
			world_free(w);
		}
	}
}

static void phases_never_go_back(void **state)
{
	(void)state;
	for (enum session_phase from = SESSION_PREPARING; from <= SESSION_OVER; from++)
		for (enum session_phase to = SESSION_PREPARING; to <= from; to++)
			assert_false(session_may_go(from, to));
	assert_false(session_may_go(SESSION_RUNNING, SESSION_OVER));
	assert_false(session_may_go(SESSION_RUNNING, SESSION_FINISHING));
	assert_false(session_may_go(SESSION_STOPPING, SESSION_OVER));
}

/* ---- what is easy to get wrong ---- */

static void a_plain_run_goes_from_check_to_record(void **state)
{
	struct world *w = world_new(0);

	(void)state;
	running(w);
	assert_int_equal(w->safes[SAFE_CHECK], 1);
	run_for(w, 8);
	assert_int_equal(w->s->phase, SESSION_RUNNING); /* the prompt */
	assert_true(w->images > 50);
	assert_int_equal(session_answer(w->s, "", "yes", "kim", w->now, &(struct error){0}), 0);
	run_for(w, 1);
	assert_int_equal(w->s->phase, SESSION_STOPPING);
	assert_int_equal(w->safes[SAFE_STOP], 1);
	/* the measurement was noted, but nobody said that it is on disk */
	assert_int_equal(w->s->durable[0].verdict, 0);
	while (w->job_first < w->job_end)
		answer_job(w, 0);
	assert_int_equal(w->s->durable[0].verdict, VERDICT_PASS);
	proof(w, SAFE_STOP, true);
	assert_int_equal(w->s->verdict, VERDICT_PASS);
	assert_int_equal(session_verdict(w->s), 0);
	while (w->job_first < w->job_end)
		answer_job(w, 0);
	assert_int_equal(w->outcome, SESSION_STORED);
	assert_int_equal(w->verdict, VERDICT_PASS);
	assert_non_null(strstr(w->document, "\"proven\":true"));
	assert_true(w->samples >= 8 * 10 * CHANNELS);
	world_free(w);
}

/* What comes while the first row is on its way counts as soon as that is there. */
static void what_came_early_ends_the_run_before_its_first_image(void **state)
{
	static const enum verdict verdicts[] = {VERDICT_TRIPPED, VERDICT_ABORTED, VERDICT_ERROR,
						VERDICT_ERROR, VERDICT_ERROR};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct world *w = in_phase(SESSION_BEGINNING);

		give(w, (int[]){18, 19, 20, 8, 11}[i]);
		answer_job(w, 0);
		assert_int_equal(w->s->phase, SESSION_STOPPING);
		assert_int_equal(w->safes[SAFE_STOP], i == 0 || i == 2 ? 0 : 1);
		tick(w);
		assert_int_equal(w->images, 0);
		if (w->s->phase == SESSION_STOPPING)
			proof(w, SAFE_DROP, true);
		while (w->job_first < w->job_end)
			answer_job(w, 0);
		assert_verdict(w->engine_verdict, verdicts[i]);
		assert_int_equal(w->outcome, i == 3 ? SESSION_LOST : SESSION_STORED);
		world_free(w);
	}
}

/* A trip before the first image is over and proven while the disk is still at work. */
static void a_proof_that_came_early_is_not_waited_for(void **state)
{
	struct world *w = in_phase(SESSION_BEGINNING);

	(void)state;
	proof(w, SAFE_RESET, true); /* of something before */
	trip(w);
	proof(w, SAFE_DROP, true);
	assert_int_equal(w->finishes, 0);
	answer_job(w, 0);
	assert_int_equal(w->s->phase, SESSION_FINISHING);
	assert_int_equal(w->images, 0);
	assert_true(w->s->proven);
	assert_verdict(w->s->verdict, VERDICT_TRIPPED);
	world_free(w);
}

static void what_came_while_the_owner_looked_things_up_refuses_the_run(void **state)
{
	static const char *const codes[] = {"tripped", "aborted", "io_lost", "store_failure"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct world *w = in_phase(SESSION_PREPARING);

		give(w, (int[]){18, 19, 20, 8}[i]);
		check(w);
		assert_int_equal(w->outcome, SESSION_REFUSED);
		assert_string_equal(w->code, codes[i]);
		assert_int_equal(w->safes[SAFE_CHECK], 0);
		world_free(w);
	}
}

static void a_check_that_cannot_be_sent_refuses(void **state)
{
	struct world *w = in_phase(SESSION_PREPARING);

	(void)state;
	w->link_is_down = true;
	check(w);
	assert_string_equal(w->code, "io_lost");
	world_free(w);
}

static void a_bay_nobody_holds_is_lost_after_two_seconds_of_wire_time(void **state)
{
	(void)state;
	for (unsigned speed = 1; speed <= 20; speed += 19) {
		struct world *w = in_phase(SESSION_RUNNING);

		w->speed = speed;
		tick(w);
		assert_int_equal(w->images, 1);
		pass(w, 1.9);
		tick(w);
		assert_int_equal(w->s->phase, SESSION_RUNNING);
		pass(w, 0.2);
		tick(w);
		assert_int_equal(w->s->phase, SESSION_STOPPING);
		world_free(w);
	}
}

static void a_bay_that_left_its_lease_is_lost_at_once(void **state)
{
	struct world *w = in_phase(SESSION_RUNNING);

	(void)state;
	tick(w);
	session_bay(w->s, BAY_ACTIVE, "", w->now);
	pass(w, 5);
	tick(w);
	assert_int_equal(w->s->phase, SESSION_RUNNING);
	session_bay(w->s, BAY_TRIPPED, "leak", w->now);
	tick(w);
	assert_int_equal(w->s->phase, SESSION_STOPPING);
	world_free(w);
}

static void images_keep_the_lease_at_every_speed(void **state)
{
	(void)state;
	for (unsigned speed = 1; speed <= 20; speed += 19) {
		struct world *w = in_phase(SESSION_RUNNING);
		int before;

		w->speed = speed;
		session_bay(w->s, BAY_ACTIVE, "", w->now);
		tick(w);
		before = w->images;
		/* ticks each 100 ms of run time, one image each 100 ms of wire time */
		for (int i = 0; i < 20 * (int)speed; i++) {
			pass(w, 0.1 / speed);
			tick(w);
		}
		assert_in_range(w->images - before, 19, 25);
		world_free(w);
	}
}

static void no_proof_is_waited_for_by_wire_time(void **state)
{
	(void)state;
	for (unsigned speed = 1; speed <= 20; speed += 19) {
		struct world *w = in_phase(SESSION_STOPPING);

		w->speed = speed;
		pass(w, 59.9);
		tick(w);
		assert_int_equal(w->s->phase, SESSION_STOPPING);
		pass(w, 0.2);
		tick(w);
		assert_int_equal(w->s->phase, SESSION_FINISHING);
		assert_false(w->s->proven);
		assert_non_null(strstr(w->s->proof_detail, "no proof"));
		world_free(w);
	}
}

static void the_trace_is_durable_each_five_seconds(void **state)
{
	struct world *w = in_phase(SESSION_RUNNING);
	int before = w->syncs;

	(void)state;
	run_for(w, 21);
	assert_int_equal(w->syncs - before, 4);
	world_free(w);
}

static void a_failed_store_ends_the_run_and_shows_nothing(void **state)
{
	struct world *w = world_new(0);

	(void)state;
	w->keeps = true;
	running(w);
	run_for(w, 8);
	while (w->jobs[w->job_first].kind == 'n' && !w->jobs[w->job_first].result.verdict)
		answer_job(w, 0);
	assert_int_equal(w->s->phase, SESSION_RUNNING);
	answer_job(w, ERR_STORE); /* the measurement */
	assert_int_equal(w->s->phase, SESSION_STOPPING);
	assert_int_equal(w->safes[SAFE_STOP], 1);
	proof(w, SAFE_STOP, true);
	assert_int_equal(w->kept, 0);
	while (w->job_first < w->job_end)
		answer_job(w, ERR_STORE);
	assert_int_equal(w->outcome, SESSION_LOST);
	assert_int_equal(w->verdict, 0);
	assert_int_equal(w->s->durable[0].verdict, 0);
	world_free(w);
}

/* Of a whole run in the middle of which the clock on the wall steps by so much; without the time of
 * its end. */
static void document_with_step(int64_t step_us, char out[20000])
{
	struct world *w = world_new(0);
	char *ended;

	running(w);
	run_for(w, 3);
	w->now.utc_us += step_us;
	run_for(w, 5);
	assert_int_equal(w->s->phase, SESSION_RUNNING);
	assert_int_equal(session_answer(w->s, "", "yes", "kim", w->now, &(struct error){0}), 0);
	run_for(w, 1);
	proof(w, SAFE_STOP, true);
	while (w->job_first < w->job_end)
		answer_job(w, 0);
	assert_int_equal(w->verdict, VERDICT_PASS);
	snprintf(out, 20000, "%s", w->document);
	ended = strstr(out, "\"ended_utc\":\"");
	assert_non_null(ended);
	memset(ended + strlen("\"ended_utc\":\""), '-', 20);
	world_free(w);
}

static void a_clock_that_jumps_changes_no_duration_order_or_verdict(void **state)
{
	static const int64_t steps_s[] = {3600, -3600, 86400, -86400, -1800000000};
	static char plain[20000], jumped[20000];

	(void)state;
	document_with_step(0, plain);
	for (size_t i = 0; i < sizeof(steps_s) / sizeof(steps_s[0]); i++) {
		document_with_step(steps_s[i] * 1000000, jumped);
		assert_string_equal(plain, jumped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_phase_leads_where_the_table_says),
		cmocka_unit_test(phases_never_go_back),
		cmocka_unit_test(a_plain_run_goes_from_check_to_record),
		cmocka_unit_test(what_came_early_ends_the_run_before_its_first_image),
		cmocka_unit_test(a_proof_that_came_early_is_not_waited_for),
		cmocka_unit_test(what_came_while_the_owner_looked_things_up_refuses_the_run),
		cmocka_unit_test(a_check_that_cannot_be_sent_refuses),
		cmocka_unit_test(a_bay_nobody_holds_is_lost_after_two_seconds_of_wire_time),
		cmocka_unit_test(a_bay_that_left_its_lease_is_lost_at_once),
		cmocka_unit_test(images_keep_the_lease_at_every_speed),
		cmocka_unit_test(no_proof_is_waited_for_by_wire_time),
		cmocka_unit_test(the_trace_is_durable_each_five_seconds),
		cmocka_unit_test(a_failed_store_ends_the_run_and_shows_nothing),
		cmocka_unit_test(a_clock_that_jumps_changes_no_duration_order_or_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
