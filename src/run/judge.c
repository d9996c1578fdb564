/* SPDX-License-Identifier: MIT */
#include "run/judge.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

static const char *const verdicts[] = {
	[VERDICT_PASS] = "pass",       [VERDICT_MARGINAL] = "marginal",
	[VERDICT_FAIL] = "fail",       [VERDICT_INCONCLUSIVE] = "inconclusive",
	[VERDICT_INVALID] = "invalid", [VERDICT_ERROR] = "error",
	[VERDICT_SKIPPED] = "skipped", [VERDICT_ABORTED] = "aborted",
	[VERDICT_TRIPPED] = "tripped", [VERDICT_INTERRUPTED] = "interrupted",
};
enum { VERDICTS = sizeof verdicts / sizeof verdicts[0] };

const char *verdict_name(enum verdict v)
{
	return (unsigned)v >= VERDICTS || !verdicts[v] ? "" : verdicts[v];
}

int verdict_find(const char *name)
{
	for (int v = VERDICT_PASS; v < VERDICTS; v++)
		if (!strcmp(verdicts[v], name))
			return v;
	return 0;
}

enum verdict judge_value(enum decision_rule rule, double v, double lo, double hi, double u,
			 char *side)
{
	*side = 0;
	if (!isfinite(v) || isnan(lo) || isnan(hi) || !isfinite(u) || u < 0.0)
		return VERDICT_INCONCLUSIVE;
	switch (rule) {
	case RULE_SIMPLE: return lo <= v && v <= hi ? VERDICT_PASS : VERDICT_FAIL;
	case RULE_GUARDED:
	case RULE_FOUR_STATE:
		/* Sums are rounded as the values are: a value on the guarded limit is within. */
		if (text_round9(lo + u) <= v && v <= text_round9(hi - u))
			return VERDICT_PASS;
		if (rule == RULE_GUARDED)
			return VERDICT_FAIL;
		if (v < text_round9(lo - u) || v > text_round9(hi + u))
			return VERDICT_FAIL;
		*side = lo <= v && v <= hi ? 'p' : 'f';
		return VERDICT_MARGINAL;
	}
	return VERDICT_INCONCLUSIVE;
}

enum verdict judge_unsettled(double min, double max, double lo, double hi, double u)
{
	if (!isfinite(min) || !isfinite(max) || min > max || isnan(lo) || isnan(hi) ||
	    !isfinite(u) || u < 0.0)
		return VERDICT_INCONCLUSIVE;
	if (max < text_round9(lo - u) || min > text_round9(hi + u))
		return VERDICT_FAIL;
	return VERDICT_INCONCLUSIVE;
}

int judge_rank(enum verdict v)
{
	if (!v)
		return 0;
	switch (v) {
	case VERDICT_FAIL: return 6;
	case VERDICT_INVALID: return 4;
	case VERDICT_INCONCLUSIVE: return 3;
	case VERDICT_MARGINAL: return 2;
	case VERDICT_PASS: return 1;
	case VERDICT_SKIPPED: return 0;
	case VERDICT_ERROR:
	case VERDICT_ABORTED:
	case VERDICT_TRIPPED:
	case VERDICT_INTERRUPTED: break;
	}
	return 5; /* an error, and whatever has no business here */
}

static enum verdict effective(const struct judged *m)
{
	if (!m->verdict || (m->required && m->verdict == VERDICT_SKIPPED))
		return m->required ? VERDICT_INCONCLUSIVE : VERDICT_SKIPPED;
	if (m->touched_by_contradiction && m->verdict != VERDICT_ERROR)
		return VERDICT_INVALID;
	return m->verdict;
}

enum verdict judge_run(const struct judged *m, int n)
{
	enum verdict worst = VERDICT_SKIPPED;
	int required = 0;

	for (int i = 0; i < n; i++) {
		enum verdict v = effective(&m[i]);

		required += m[i].required;
		if (judge_rank(v) > judge_rank(worst))
			worst = v;
	}
	if (judge_rank(worst) == judge_rank(VERDICT_ERROR))
		return VERDICT_ERROR;
	if (judge_rank(worst) <= judge_rank(VERDICT_PASS))
		return required ? VERDICT_PASS : VERDICT_INCONCLUSIVE;
	return worst;
}
