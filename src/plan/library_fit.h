/* SPDX-License-Identifier: MIT
 *
 * What the files of one folder say of each other. Private to src/plan.
 */
#ifndef PLAN_LIBRARY_FIT_H
#define PLAN_LIBRARY_FIT_H

#include "base/yaml.h"
#include "plan/profile.h"

/* Is a profile (its file's root) for models of the folder? To e->problems. */
void library_check_models(const struct library *lib, struct library_entry *e, const struct yaml *y);
/* Does some profile measure what the models' parts ask to be measured again? To lib->problems. */
void library_check_parts(struct library *lib);

#endif
