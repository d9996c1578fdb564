/* SPDX-License-Identifier: MIT
 *
 * Judgement: from a value, its limits and its uncertainty to a verdict, and from measurements to
 * the verdict of a run. Pure functions; the rules are those of ILAC-G8:09/2019 (guard bands) and of
 * the three laws.
 */
#ifndef RUN_JUDGE_H
#define RUN_JUDGE_H

#include "run/engine.h"

/* value, lo, hi, u (expanded, k = 2) in one unit, already rounded to 9 digits. *side: 'p' or 'f'
 * when marginal.
 *	simple:	    pass iff lo <= v <= hi
 *	guarded:    pass iff lo + u <= v <= hi - u, else fail
 *	four_state: pass inside by u; fail outside by u; between: marginal, side recorded
 * NaN anywhere: inconclusive. */
enum verdict judge_value(enum decision_rule rule, double v, double lo, double hi, double u,
			 char *side);
/* Not settled: fail only if the whole window [min, max] lies beyond one limit by u, else
 * inconclusive. */
enum verdict judge_unsettled(double min, double max, double lo, double hi, double u);

struct judged {
	enum verdict verdict; /* 0: not judged */
	bool required;
	bool touched_by_contradiction; /* the rig contradicted itself about it: counts as invalid */
};
/* Verdict of a run that reached its end. Adding a non-pass never improves it. */
enum verdict judge_run(const struct judged *m, int n);
/* Rank used there: fail 6, error 5, invalid 4, inconclusive 3, marginal 2, pass 1, skipped and
 * none 0. */
int judge_rank(enum verdict v);

#endif
