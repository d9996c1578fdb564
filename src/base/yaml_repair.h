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
	bool text;  /* neither a key nor an entry: of the value above it */
	int least;  /* not sure where, but indented no less than what goes on behind it */
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

/* Of yaml_bytes.c: words in front of the content of a line; the same as the line stands after what
 * was blanked out so far. */
struct yaml_lead {
	int indent; /* of the first dash or the content */
	int inner;  /* of the content behind dashes */
	bool dash;
	char first; /* of the content, or a tab; 0: a blank line or a comment */
};
struct yaml_lead yaml_lead_of(const char *s, size_t n);
struct yaml_lead yaml_lead_now(const struct yaml_repair *r, int line);
/* Lose a line and what belongs to it: whatever is indented deeper than limit, and the brackets and
 * list entries that may end or follow it at that column. */
void yaml_lose(struct yaml_repair *r, struct yaml_lost lost, int limit);
void yaml_check_bytes(struct yaml_repair *r);
/* Move a line that opens a block to where the block below it says, `odd` bytes to the left; false
 * when that is in doubt. */
bool yaml_move(struct yaml_repair *r, int line, size_t blanks, size_t odd);
/* Of yaml_repair.c: does a list or mapping that is open above the line stand at its column? */
bool yaml_is_level(const struct yaml_repair *r, int line, int indent);

/* Of yaml.c: a line without its end, NULL if there is none; the byte column (from 1) of a mark of
 * libyaml, whose column counts characters from 0. */
const char *yaml_line(const struct yaml *y, int line, size_t *n);
int yaml_byte_col(const struct yaml *y, size_t line0, size_t column);

#endif
