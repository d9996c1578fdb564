/* SPDX-License-Identifier: MIT
 *
 * The part of `benchctl fixture check` that says what each line has to carry.
 */
#ifndef CTL_FIXTURE_LINES_H
#define CTL_FIXTURE_LINES_H

#include "base/json.h"
#include "base/text.h"
#include "rig/rig.h"

/* Buses with load and write wait, then the plan of each Modbus line. */
void fixture_lines_print(const struct fixture *f, const struct rig *rig, struct text *out);
/* Member "lines": the same as an array. */
void fixture_lines_json(const struct fixture *f, const struct rig *rig, struct json *j);

#endif
