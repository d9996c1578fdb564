/* SPDX-License-Identifier: MIT
 *
 * Between schema.c and schema_scalar.c only.
 */
#ifndef BASE_SCHEMA_SCALAR_H
#define BASE_SCHEMA_SCALAR_H

#include "base/schema.h"

enum { SCHEMA_KEYS_MAX = 64 };

bool schema_name_ok(const char *s, const char *allow);
/* f->type is one of the scalar types and node a scalar. */
bool schema_read_scalar(const struct schema_field *f, const struct yaml *y,
			const struct yaml_node *node, void *at);

#endif
