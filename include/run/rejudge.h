/* SPDX-License-Identifier: MIT
 *
 * A finished run judged again under another revision of its profile: what was measured then, against
 * the limits of now. Only limits, decision rules, uncertainties and what is required may differ
 * between the two; where the revisions prepare, step or measure in another way, the old values say
 * nothing about the new profile and the answer is inconclusive: test again. Pure.
 */
#ifndef RUN_REJUDGE_H
#define RUN_REJUDGE_H

#include "base/json.h"
#include "run/engine.h"

/* doc: the finished record of a run under `was`. Both revisions are bound to the same model, fixture
 * and bay. measurements: the inside of an array, {"id", "value", "lo", "hi", "uncertainty",
 * "verdict", "why"} each. why: what stands against the whole, "". */
enum verdict rejudge(const char *doc, size_t n, const struct profile *was,
		     const struct profile *now, struct json *measurements, char why[96]);

#endif
