/* SPDX-License-Identifier: MIT
 *
 * One YAML file as a tree that knows the place of every key and value, so that
 * whoever reads it can point at a mistake. A strict subset: one document, no
 * anchors, aliases, tags or directives, no tabs in indentation, no duplicate
 * keys, at most YAML_BYTES_MAX bytes of UTF-8 and YAML_DEPTH_MAX levels.
 *
 * Mistakes go to struct problems, as many as can be told apart; whatever could be
 * read is returned all the same, so that the reader can go on to find its own: a line that
 * is no text or no YAML is left out with those below it that belong to it, and the nodes it may
 * have been part of say so (unread, partial).
 * All memory is the arena's. One thread at a time.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/error.h"

enum {
	YAML_BYTES_MAX = 1 << 20,
	YAML_DEPTH_MAX = 24,
	YAML_NODES_MAX = 65536,
	YAML_CHILDREN_MAX = 2048
};

enum yaml_kind { YAML_SCALAR = 1, YAML_MAP, YAML_LIST };

struct yaml_node {
	enum yaml_kind kind;
	int line, col;	  /* of the value, from 1, col in bytes */
	int end_line;	  /* where it ends; in block style, where what follows it begins */
	const char *text; /* scalar, NUL terminated; "" for none */
	size_t len;
	bool quoted;	 /* scalar in quotes or a block */
	bool plain_line; /* text stands in the file byte for byte from text_col on */
	bool flow;	 /* list or mapping in [ ] or { } */
	bool unread;	 /* its value is not known, which is told already */
	bool partial;	 /* entries of it were refused: what is missing may not be missing */
	int text_col;
	const char *key; /* child of a map */
	int key_line, key_col;
	struct yaml_node *first, *next; /* children in order */
	int count;
};

struct yaml {
	const char *file;
	const struct yaml_node *root; /* NULL: nothing could be read */
	bool complete; /* read to the end: what is missing in root is missing in the file, but for
			* nodes that say otherwise */
	struct arena *arena;
	struct problems *problems;
	/* the bytes and where each line starts; the bytes stay the caller's */
	const char *bytes;
	size_t n;
	size_t *line_at;
	int line_count;
	unsigned char *moved; /* by line: so many blanks too many in front of it were dropped */
};

#define yaml_each(child, parent)                                                                   \
	for (const struct yaml_node *child = (parent)->first; child; child = child->next)

/* The bytes of a file of at most YAML_BYTES_MAX, caller frees; NULL after a problem. */
char *yaml_read_file(const char *path, size_t *n, struct problems *problems);
/* Read n bytes. bytes must live as long as problems may be added. Returns whether all was well. */
bool yaml_parse(struct yaml *y, const char *file, const char *bytes, size_t n, struct arena *arena,
		struct problems *problems);
/* The child of that key, NULL if none or if map is no map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The child is read as if its key were this one, which map has not. */
void yaml_take_for(const struct yaml_node *map, const struct yaml_node *child, const char *key);
/* After mistakes: may any line of the file, read or not, make something of that name? but_line: the
 * line that uses it, 0 for none. */
bool yaml_may_make(const struct yaml *y, const char *name, int but_line);
/* Add a problem at the value, at the key, at a byte within a scalar's text (from 1), or
 * anywhere. */
void yaml_problem(const struct yaml *y, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void yaml_problem_key(const struct yaml *y, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void yaml_problem_in(const struct yaml *y, const struct yaml_node *node, int text_col,
		     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void yaml_problem_at(const struct yaml *y, int line, int col, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
