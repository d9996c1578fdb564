/* SPDX-License-Identifier: MIT
 *
 * What `and` and `or` make of their sides together. Fed by expr_reach.c, in the order of the code.
 * Private to src/base.
 */
#ifndef BASE_EXPR_JOINT_H
#define BASE_EXPR_JOINT_H

#include "expr_code.h"

struct expr_joint *expr_joint_new(const struct expr *e); /* free() it */
/* Code i is a state with that reach. */
void expr_joint_state(struct expr_joint *j, int i, struct expr_reach reach);
/* Code i compares what begins at code left and right; neither side decides it alone. */
void expr_joint_compare(struct expr_joint *j, int left, int right, int i, struct expr_reach a,
			struct expr_reach b);
/* Does `and` or `or` at code i, whose sides begin at code `from`, come to one result only? Once:
 * what stands around it takes it for undecided. */
bool expr_joint_judge(struct expr_joint *j, int from, int i, struct expr_decided *d);

#endif
