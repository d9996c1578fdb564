/* SPDX-License-Identifier: MIT
 *
 * What of a file cannot be read is told, blanked out and remembered, so that the rest can be read
 * as well. A lost line takes along those that belong to it by their indentation; a mistake that
 * may only follow from what was lost before it is not told.
 */
#ifndef BASE_YAML_REPAIR_H
#define BASE_YAML_REPAIR_H

#include "base/yaml.h"

/* Losses of one file; each costs one more reading of it. With more the file is incomplete. */
enum { YAML_LOST_MAX = 32 };

struct yaml_lost {
	int line;
	int indent; /* in columns, from 0 */
	bool dash;  /* an entry of a list */
	bool sure;  /* it belongs where its indentation says */
};

struct yaml_repair {
	struct yaml *y;
	char *text;	/* the file with spaces for what is lost: every place stays its place */
	bool *is_blank; /* by line: lost, or nothing but a bad comment */
	struct yaml_lost lost[YAML_LOST_MAX];
	int count;
	bool mistakes; /* some were told */
	bool given_up; /* there are more */
};

/* Check the bytes and the syntax of y, whose lines are known. */
void yaml_repair(struct yaml_repair *r, struct yaml *y);
/* Mark the nodes of root which something lost may have been part of. */
void yaml_mark_lost(const struct yaml_repair *r, struct yaml_node *root);

/* Of yaml.c: a line without its end, NULL if there is none; the byte column (from 1) of a mark of
 * libyaml, whose column counts characters from 0. */
const char *yaml_line(const struct yaml *y, int line, size_t *n);
int yaml_byte_col(const struct yaml *y, size_t line0, size_t column);

#endif
