/* SPDX-License-Identifier: MIT
 *
 * Texts with places that values of a JSON object fill:
 *	https://host/hook?run={item.run}&t={now}
 * A place is a path of members (of arrays: an index) joined with dots; {{ and }} are braces. What a
 * value holds never becomes part of the template: in a URL it is percent-encoded, in a header it
 * stays one line, in JSON it is a string (or the value itself) written by the JSON writer.
 * A member that is absent or null gives nothing. Any thread.
 */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/text.h"

struct json_t;
enum template_style { TEMPLATE_PLAIN = 1, TEMPLATE_URL, TEMPLATE_HEADER };

enum { TEMPLATE_PATH_MAX = 128 };
/* fn for each place, with where it begins in text; false ends it. ERR_SYNTAX with what is wrong:
 * a lone brace, an empty or malformed path. ERR_STATE: fn ended it (err is fn's). */
int template_places(const char *text, bool (*fn)(void *ctx, const char *path, size_t at), void *ctx,
		    struct error *err);
/* text was checked by template_places. */
void template_fill(struct text *out, const char *text, const struct json_t *values,
		   enum template_style style);
/* What stands at a path; NULL: nothing. Borrowed. */
const struct json_t *template_value(const struct json_t *values, const char *path);
/* A copy of a JSON value with each string in it filled; a string that is one place alone becomes
 * that value (null when absent). New reference. */
struct json_t *template_json(const struct json_t *body, const struct json_t *values);

#endif
