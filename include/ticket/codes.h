/* SPDX-License-Identifier: MIT
 *
 * What a scanned code means, by patterns of the depot: literal text around one "{id}" (a ticket's)
 * or "{serial}" (a unit's): "T:{id}", "https://erp.example/t/{id}?src=label", "SN={serial}". What
 * stands in the braces' place is taken as it is or not at all: nothing is cut, turned to upper case
 * or guessed at. A code that fits no pattern stands for itself. Pure.
 */
#ifndef TICKET_CODES_H
#define TICKET_CODES_H

#include <stdbool.h>
#include "base/error.h"

enum { CODES_MAX = 8 };
enum code_kind { CODE_BARE = 1, CODE_TICKET, CODE_SERIAL };
/* out: the id, the serial, or the code itself; "" for a code that can be none of them (too long,
 * characters no id has). */
enum code_kind code_read(const char *const *patterns, int n, const char *code, char out[64]);
/* ERR_CONFIG unless it holds exactly one "{id}" or "{serial}" and some text beside it. */
int code_check_pattern(const char *pattern, struct error *err);

#endif
