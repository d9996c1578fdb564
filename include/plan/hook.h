/* SPDX-License-Identifier: MIT
 *
 * The file of webhooks: to which other machines the items of the feed go, and in which words. Data
 * alone; who sends is station/. A vendor is a template in that file and no code.
 *
 * What a template may name: {item} and its members ({item.type}, {item.data.verdict}), {id} (the
 * same for the same item for ever), {station}, {now} and {now_ms} (seconds and milliseconds since
 * 1970), {lf} (a line end), {secret.NAME}, {sign.NAME}.
 */
#ifndef PLAN_HOOK_H
#define PLAN_HOOK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/expr.h"

enum {
	HOOKS_MAX = 16,
	HOOK_HEADERS_MAX = 10,
	HOOK_PARTS_MAX = 8, /* secrets, signatures, signing files, names in `success`: each */
	HOOK_NAME_MAX = 64
};

struct hook_pair {
	const char *name, *text;
};
struct hook_signature {
	const char *name;
	const char *key;  /* of the secrets */
	const char *text; /* template of what is signed */
};
struct hook {
	const char *name;
	const char *method, *url; /* url: a template */
	struct hook_pair headers[HOOK_HEADERS_MAX];
	int header_count;
	struct json_t *body;  /* a template; NULL: the item as it is chained */
	struct expr *success; /* over `status` and members of the answer; NULL: any 2xx */
	char success_names[HOOK_PARTS_MAX][HOOK_NAME_MAX]; /* by ref */
	int success_name_count;
	const char **types;  /* items it gets */
	int type_count;	     /* 0: all */
	bool from_beginning; /* a new one gets the items from before it was there, too */
	struct hook_pair secrets[HOOK_PARTS_MAX]; /* name, file or credential:NAME */
	int secret_count;
	const char *signing[HOOK_PARTS_MAX]; /* files of Standard Webhooks secrets */
	int signing_count;
	struct hook_signature signatures[HOOK_PARTS_MAX];
	int signature_count;
	int timeout_ms;
	int64_t first_wait_ns, longest_wait_ns, give_up_ns;
};
struct hooks {
	struct hook at[HOOKS_MAX];
	int count;
	char *folder; /* of the file: what a relative path begins at */
	struct arena *arena;
};
/* NULL when the file has mistakes, all of which are in problems. */
struct hooks *hooks_load(const char *path, struct problems *problems);
struct hooks *hooks_parse(const char *path, const char *bytes, size_t n, struct problems *problems);
void hooks_free(struct hooks *h); /* NULL allowed */

/* The tables of the file, for the reference documentation (base/schema.h). */
struct schema;
extern const struct schema hooks_schema;

#endif
