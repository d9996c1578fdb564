/* SPDX-License-Identifier: MIT
 *
 * A ticket between JSON and the store.
 */
#ifndef TICKET_TICKET_H
#define TICKET_TICKET_H

#include "store/store.h"

/* Body of PUT /tickets/{id}. Strict: unknown members, members named like customer data (English and Chinese), wrong types,
 * lengths and characters are refused with the JSON pointer and what is expected (ERR_USAGE, ERR_TYPE, ERR_RANGE). `id` in the
 * body must equal the path's or be left out. serial and model are required; the rest gets defaults. */
int ticket_from_json(const char *id, const char *body, size_t n, struct ticket *out,
		     struct error *err);
/* One JSON object appended to out (no line end). */
void ticket_to_json(const struct ticket *t, struct text *out);

#endif
