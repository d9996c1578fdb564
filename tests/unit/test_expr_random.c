/* SPDX-License-Identifier: MIT
 *
 * Properties of expressions over random ones.
 */
#include "expr_tree.h"

static void printed_expressions_parse_to_their_meaning(void **state)
{
	struct tree t = {.seed = 0x9e3779b97f4a7c15u};
	int made = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		struct expr *e = make(&t, (enum sort)(i % SORT_COUNT), 4);

		for (int w = 0; e && w < WORLDS; w++) {
			new_world(&t);
			if (!same(expr_eval(e, &env), meaning(&t, t.count - 1)))
				fail_msg("'%s' does not mean what it says", t.out.buf);
		}
		made += e != NULL;
		expr_free(e);
	}
	assert_true(made > EXPRESSIONS * 9 / 10);
	text_release(&t.out);
}

/* What is called known with some inputs unknown stays so whatever these turn out to be. */
static void a_known_verdict_holds_in_every_world_that_fits(void **state)
{
	struct tree t = {.seed = 0xd1b54a32d192ed03u};
	int decided = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		struct expr *e = make(&t, STATE, 4);
		uint32_t hidden = new_world(&t);
		struct expr_value before = e ? expr_eval(e, &env) : (struct expr_value){0, false};

		for (int w = 0; before.known && w < WORLDS; w++) {
			struct expr_value after;

			for (int ref = 0; ref < SORT_COUNT * SYMBOLS_OF_A_SORT; ref++)
				if (hidden & 1u << ref)
					invent(&t, ref);
			after = expr_eval(e, &env);
			decided++;
			if (after.known && after.si != before.si)
				fail_msg("'%s' was known to be %g", t.out.buf, before.si);
		}
		expr_free(e);
	}
	assert_true(decided > EXPRESSIONS); /* the property was met, not avoided */
	text_release(&t.out);
}

/* A comparison, and any number, is unknown as soon as one symbol in it is. */
static void an_unknown_input_leaves_no_comparison_known(void **state)
{
	struct tree t = {.seed = 0x2545f4914f6cdd1du};
	int hidden_used = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		struct expr *e = make(&t, i % 2 ? NUMBER : PRESSURE, 3);
		uint32_t hidden = new_world(&t);
		struct text both = {0};
		struct expr *comparison;
		bool uses_hidden = false;

		for (int k = 0; k < t.count; k++)
			uses_hidden |= t.node[k].op == SYMBOL && (hidden & 1u << t.node[k].ref);
		text_printf(&both, "%s >= %s", i % 2 ? "0" : "0 Pa", "");
		text_printf(&both, "(%s)", t.out.buf);
		comparison = expr_parse(both.buf, both.len, &scope, NULL, NULL, NULL, NULL);
		if (e && comparison && uses_hidden) {
			hidden_used++;
			if (expr_eval(e, &env).known || expr_eval(comparison, &env).known)
				fail_msg("'%s' is known", both.buf);
		}
		expr_free(comparison);
		expr_free(e);
		text_release(&both);
	}
	assert_true(hidden_used > EXPRESSIONS / 4);
	text_release(&t.out);
}

static struct expr_reach reach(void *ctx, uint16_t ref)
{
	static const struct expr_reach of[SORT_COUNT] = {
		[STATE] = {0, 1}, [NUMBER] = {-1, 2}, [PRESSURE] = {-1e5, 1e300}};

	(void)ctx;
	return of[ref / SYMBOLS_OF_A_SORT];
}

static void no_known_value_is_beyond_its_reach(void **state)
{
	struct tree t = {.seed = 0xa0761d6478bd642fu};
	const struct expr_reach_env ranges = {NULL, reach};
	int bounded = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		struct expr *e = make(&t, i % 2 ? NUMBER : PRESSURE, 3);
		struct expr_reach r = e ? expr_reach(e, &ranges) : (struct expr_reach){0, 0};
		for (int w = 0; e && w < WORLDS; w++) {
			new_world(&t);
			struct expr_value v = expr_eval(e, &env);
			assert_true(!v.known || (v.si >= r.lo && v.si <= r.hi));
		}
		bounded += isfinite(r.lo) || isfinite(r.hi);
		expr_free(e);
	}
	assert_true(bounded > EXPRESSIONS / 4);
	text_release(&t.out);
}

/* Of two expressions that share half of what they are made of. */
static void no_known_difference_is_beyond_what_is_between_two(void **state)
{
	struct tree t = {.seed = 0xe7037ed1a0b428dbu};
	const struct expr_reach_env ranges = {NULL, reach};
	int bounded = 0, closer = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		struct text sum = {0};
		struct expr *a = make(&t, i % 2 ? NUMBER : PRESSURE, 3), *b;

		text_printf(&sum, i % 3 ? "0.5 * (%s) - " : "-(%s) + ", a ? expr_text(a) : "");
		expr_free(make(&t, i % 2 ? NUMBER : PRESSURE, 2));
		text_printf(&sum, "(%s)", t.out.buf);
		b = expr_parse(sum.buf, sum.len, &scope, NULL, NULL, NULL, NULL);
		for (int w = 0; a && b && w < WORLDS; w++) {
			struct expr_reach r = expr_reach_between(a, b, &ranges);
			struct expr_reach wide = {
				expr_reach(a, &ranges).lo - expr_reach(b, &ranges).hi,
				expr_reach(a, &ranges).hi - expr_reach(b, &ranges).lo};
			struct expr_value va, vb;

			new_world(&t);
			va = expr_eval(a, &env);
			vb = expr_eval(b, &env);
			double slack = 1e-8 * (fabs(va.si) + fabs(vb.si));
			if (va.known && vb.known &&
			    (va.si - vb.si < r.lo - slack || va.si - vb.si > r.hi + slack))
				fail_msg("'%s' less '%s' is not within %g to %g", expr_text(a),
					 sum.buf, r.lo, r.hi);
			bounded += isfinite(r.lo) && isfinite(r.hi);
			closer += r.hi - r.lo < wide.hi - wide.lo;
		}
		expr_free(a);
		expr_free(b);
		text_release(&sum);
	}
	assert_true(bounded > EXPRESSIONS);
	assert_true(closer > EXPRESSIONS);
	text_release(&t.out);
}

/* What was called always true, or never, is. */
struct decided {
	struct tree *t;
	int alone, joint;
};

static void holds_in_every_world(void *ctx, const struct expr_decided *d)
{
	struct decided *w = ctx;
	int i = 0;

	while (i < w->t->count && w->t->node[i].col != d->col)
		i++;
	assert_true(i < w->t->count);
	assert_true(!d->joint || w->t->node[i].op == AND || w->t->node[i].op == OR);
	for (int k = 0; k < 4 * WORLDS; k++) {
		struct expr_value v;

		new_world(w->t);
		v = meaning(w->t, i);
		if (v.known && (v.si > 0) != d->holds)
			fail_msg("'%s' column %d is not %s true", w->t->out.buf, d->col,
				 d->holds ? "always" : "never");
	}
	*(d->joint ? &w->joint : &w->alone) += 1;
}

static void what_is_told_to_be_always_true_or_never_is(void **state)
{
	struct tree t = {.seed = 0x8ebc6af09c88c6e3u};
	const struct expr_reach_env ranges = {NULL, reach};
	struct decided w = {.t = &t};

	(void)state;
	for (int i = 0; i < 4 * EXPRESSIONS; i++) {
		struct expr *e;

		t.count = 0;
		e = parsed(&t, i % 2 ? grow_plain(&t, 2) : grow(&t, STATE, 4), STATE);
		if (e)
			expr_each_decided(e, &ranges, holds_in_every_world, &w);
		expr_free(e);
	}
	assert_true(w.alone > 100);
	assert_true(w.joint > 1000);
	text_release(&t.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed_expressions_parse_to_their_meaning),
		cmocka_unit_test(a_known_verdict_holds_in_every_world_that_fits),
		cmocka_unit_test(an_unknown_input_leaves_no_comparison_known),
		cmocka_unit_test(no_known_value_is_beyond_its_reach),
		cmocka_unit_test(no_known_difference_is_beyond_what_is_between_two),
		cmocka_unit_test(what_is_told_to_be_always_true_or_never_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
