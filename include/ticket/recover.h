/* SPDX-License-Identifier: MIT
 *
 * Runs that were begun and never ended: their process or the power was lost. Closed at the next start, before anything
 * else is written, each with a document of what is on record and verdict `interrupted`.
 */
#ifndef TICKET_RECOVER_H
#define TICKET_RECOVER_H

#include "store/store.h"

/* Close all of them; *closed gets how many. cause: "process_or_power_lost". */
int recover_interrupted(struct store *s, int64_t now_utc_us, const char *cause, int *closed,
			struct error *err);

#endif
