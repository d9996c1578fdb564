/* SPDX-License-Identifier: MIT
 *
 * What the commands share that add something: bodies, PINs, lists of codes.
 */
#ifndef CTL_POST_H
#define CTL_POST_H

#include "base/json.h"
#include "ctl/ctl.h"

enum { POST_PIN_MAX = 129 };
/* A body that grows member by member. */
struct post {
	struct text text;
	struct json json;
};
void post_begin(struct post *p);
void post_text(struct post *p, const char *key, const char *value); /* NULL: left out */
/* "a,b" as ["a", "b"]; NULL: left out */
void post_list(struct post *p, const char *key, const char *list);
/* Ends the body, asks, prints the reply (--json) or its plain members one a line; releases p. The
 * exit code. */
int post_send(struct ctl *c, enum web_route route, const char *arg, struct post *p);
/* "sign": {person, PIN}. False: no PIN could be read, told. */
bool post_sign(struct post *p, const char *person);
/* A line of stdin without its end; a terminal is asked, and does not show it. False: there is none. */
bool read_hidden(const char *prompt, char *dst, size_t size);
/* From BENCHCTL_PIN, the terminal (not shown) or one line of stdin. False told. */
bool read_pin(const char *whose, char pin[POST_PIN_MAX]);
/* A GET whose reply is printed: as it is with --json, else by print. */
int get_and_print(struct ctl *c, enum web_route route, const char *arg, const char *query,
		  void (*print)(const struct ctl *c, const json_t *root));
/* A command of n_words (0 or 1: route's argument) without options that only does this. */
int get_command(struct ctl *c, const struct ctl_command *self, int argc, char **argv, int n_words,
		enum web_route route, void (*print)(const struct ctl *c, const json_t *root));

#endif
