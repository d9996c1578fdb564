/* SPDX-License-Identifier: MIT
 *
 * What the readers of actions share. Private to src/plan/profile*.c.
 */
#ifndef PLAN_PROFILE_ACTIONS_H
#define PLAN_PROFILE_ACTIONS_H

#include "profile_schema.h"

struct action_reader {
	struct profile_build *b;
	int step;
	bool rig_check, in_trial;
	bool maybe_rig_check; /* that was refused */
};

/* Whatever lasts as long as one of these says: when they were refused, times and paths are not
 * known. Ends with NULL. Whether all is clear. */
bool profile_need_clear(struct action_reader *rd, const struct schema_item *item,
			const char *const *keys);
/* One more action at the end of list. */
struct pf_action *profile_add_action(struct pf_action *list, int *count, enum pf_action_kind kind,
				     const struct yaml_node *node);

/* profile_settle.c */
void profile_read_settle(struct action_reader *rd, const struct raw_action *raw,
			 struct pf_action *list, int *count);
/* profile_prompt.c */
void profile_read_prompt(struct action_reader *rd, const struct raw_action *raw,
			 struct pf_action *list, int *count);

#endif
