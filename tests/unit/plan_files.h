/* SPDX-License-Identifier: MIT
 *
 * Files of the tree with a piece of text replaced: variants for tests without copies.
 */
#ifndef TESTS_UNIT_PLAN_FILES_H
#define TESTS_UNIT_PLAN_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/profile.h"

/* The file with each of pairs {from, to} replaced once (from has to be there); NULL ends them.
 * Caller frees. */
static inline char *file_with(const char *path, const char *const pairs[][2], size_t *n)
{
	struct error err = {0};
	char *bytes = NULL;

	if (text_read_file(path, 1 << 20, &bytes, n, &err))
		fail_msg("%s", err.text);
	for (int i = 0; pairs && pairs[i][0]; i++) {
		char *at = strstr(bytes, pairs[i][0]);
		struct text out = {0};

		if (!at)
			fail_msg("%s does not hold \"%s\"", path, pairs[i][0]);
		text_add(&out, bytes, (size_t)(at - bytes));
		text_puts(&out, pairs[i][1]);
		text_puts(&out, at + strlen(pairs[i][0]));
		free(bytes);
		bytes = out.buf;
		*n = out.len;
	}
	return bytes;
}

static inline struct fixture *fixture_with(const char *const pairs[][2], struct problems *problems)
{
	size_t n = 0;
	char *bytes = file_with("fixtures/sim.yaml", pairs, &n);
	struct fixture *f = fixture_parse("sim.yaml", bytes, n, problems);

	free(bytes);
	return f;
}

/* Nothing may be wrong. */
static inline struct fixture *good_fixture(const char *const pairs[][2])
{
	struct problems problems = {0};
	struct fixture *f = fixture_with(pairs, &problems);

	problems_print(&problems, stderr);
	if (!f || problems.count)
		fail_msg("the fixture has problems");
	problems_release(&problems);
	return f;
}

#endif
