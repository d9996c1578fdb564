/* SPDX-License-Identifier: MIT
 *
 * One row of a table of base/schema.h, and its end. Private to src/plan.
 */
#ifndef PLAN_SCHEMA_FIELD_H
#define PLAN_SCHEMA_FIELD_H

#include <stddef.h>
#include "base/schema.h"

#define FIELD(T, member, k, t, ...)                                                                \
	{                                                                                          \
		.key = (k), .type = SCHEMA_##t, .offset = offsetof(struct T, member), __VA_ARGS__  \
	}
#define END                                                                                        \
	{                                                                                          \
		.key = NULL                                                                        \
	}

#endif
