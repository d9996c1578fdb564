/* SPDX-License-Identifier: MIT
 *
 * Random stories of the session machine: in whatever order things come, no image follows a stop, each
 * run ends once and after its proof or the time-out of that, nothing shows before it is durable, no
 * lease number comes twice.
 */
#include "session_bench.h"

static uint64_t seed;
static unsigned trouble; /* 1: much */

static unsigned pick(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

static void shows_only_what_is_durable(const struct world *w)
{
	for (int m = 0; w->s->durable && m < w->b->p.measurement_count; m++)
		assert_memory_equal(&w->s->durable[m], &w->durable[m], sizeof(w->durable[m]));
	if (!w->began)
		assert_int_equal(w->images, 0);
	if (w->s->phase != SESSION_OVER)
		assert_int_equal(session_verdict(w->s), 0);
}

static void happens(struct world *w)
{
	struct error err;

	switch (pick(pick(trouble) ? 400 : 40)) {
	case 0: trip(w); break;
	case 1: session_abort(w->s, "kim", "enough", w->now); break;
	case 2:
		if (!pick(4))
			io_lost(w);
		break;
	case 3:
		if (!pick(8))
			fail_store(w);
		break;
	case 4: proof(w, (enum safe_what)(1 + pick(4)), pick(3)); break;
	case 5: session_proof(w->s, pick(9), SAFE_CHECK, true, 0, "", w->now); break;
	case 6:
		session_bay(w->s, pick(5) ? BAY_ACTIVE : (enum bay_state)(1 + pick(7)), "", w->now);
		break;
	case 7: session_answer(w->s, "", pick(2) ? "yes" : "no", "kim", w->now, &err); break;
	case 8:
		if (!pick(10))
			pass(w, pick(70));
		break;
	case 9:
	case 10:
	case 11:
	case 12:
		if (w->job_first < w->job_end)
			answer_job(w, w->store_is_bad || !pick(60) ? ERR_STORE : 0);
		break;
	case 13: proof(w, SAFE_CHECK, true); break;
	default:
		if (w->job_first < w->job_end && !pick(10))
			answer_job(w, w->store_is_bad ? ERR_STORE : 0);
		if (!w->s)
			return;
		if (w->s->phase == SESSION_CHECKING && !pick(5))
			proof(w, SAFE_CHECK, true);
		if (w->s->phase == SESSION_RUNNING && w->images && !pick(5))
			session_bay(w->s, BAY_ACTIVE, "", w->now);
		if (w->s->phase == SESSION_RUNNING && !pick(100))
			session_answer(w->s, "", "yes", "kim", w->now, &err);
		if (w->s->phase == SESSION_STOPPING && !pick(50))
			proof(w, SAFE_STOP, true);
		pass(w, 0.1 / w->speed);
		feed(w, w->feed);
		tick(w);
	}
}

static void tell(struct world *w)
{
	int steps = (int)(50 + pick(2500));

	w->store_is_bad = false;
	w->speed = pick(2) ? 1 : 20;
	w->feed = pick(4) ? 1.5 : 1;
	trouble = 1 + pick(100);
	if (pick(20) == 0)
		trip(w);
	check(w);
	for (int i = 0; i < steps && w->s; i++) {
		enum session_phase was = w->s->phase;

		happens(w);
		if (!w->s)
			break;
		if (was <= SESSION_RUNNING && w->s->phase == SESSION_STOPPING)
			w->stop_ns = w->now.wire_ns;
		shows_only_what_is_durable(w);
	}
	/* however it stands: aborted, and left alone, it ends */
	if (w->s)
		session_abort(w->s, "kim", "the end", w->now);
	for (int i = 0; i < 10 && w->s; i++) {
		enum session_phase was = w->s->phase;

		while (w->s && w->job_first < w->job_end)
			answer_job(w, w->store_is_bad ? ERR_STORE : 0);
		if (!w->s)
			break;
		if (was <= SESSION_RUNNING && w->s->phase == SESSION_STOPPING)
			w->stop_ns = w->now.wire_ns;
		pass(w, 61);
		tick(w);
	}
}

static void whatever_comes_in_whatever_order_the_promises_hold(void **state)
{
	int stored = 0, lost = 0, refused = 0, passed = 0, images = 0;

	(void)state;
	for (uint64_t story = 1; story <= 600; story++) {
		struct world *w = world_new(0);

		seed = story;
		w->lease = pick(1000);
		for (int k = 0; k < 3; k++) {
			uint32_t lease_before = w->lease;

			session_free(w->s);
			w->last_lease = lease_before;
			open_session(w);
			tell(w);
			if (w->s)
				fail_msg("story %d does not end: phase %d", (int)story,
					 w->s->phase);
			assert_int_equal(w->overs, 1);
			assert_int_equal(w->finishes, w->began);
			assert_int_equal(w->lease, lease_before + (uint32_t)w->began);
			assert_int_equal(w->outcome == SESSION_REFUSED, !w->began);
			assert_int_equal(w->verdict != 0, w->outcome == SESSION_STORED);
			if (w->verdict == VERDICT_PASS)
				assert_true(w->proof_given &&
					    w->durable[0].verdict == VERDICT_PASS);
			stored += w->outcome == SESSION_STORED;
			lost += w->outcome == SESSION_LOST;
			refused += w->outcome == SESSION_REFUSED;
			passed += w->verdict == VERDICT_PASS;
			images += w->images;
		}
		world_free(w);
	}
	print_message("# %d stored, %d of them pass; %d lost, %d refused; %d images\n", stored,
		      passed, lost, refused, images);
	assert_true(stored > 100 && lost > 20 && refused > 20 && passed > 5 && images > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_comes_in_whatever_order_the_promises_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
