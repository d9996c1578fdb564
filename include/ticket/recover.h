/* SPDX-License-Identifier: MIT
 *
 * At start, before anything else runs: runs that have a beginning and no end were cut with the
 * process or the power. Each is closed as `interrupted` with the document of what its journal
 * holds. Never resumed.
 */
#ifndef TICKET_RECOVER_H
#define TICKET_RECOVER_H

#include "store/store.h"

/* cause: a code like "process_or_power_lost". *closed (NULL allowed): how many. A run whose facts
 * cannot be read is closed all the same, with a document that says so. The writer's thread. */
int recover_interrupted(struct store *s, int64_t now_utc_us, const char *cause, int *closed,
			struct error *err);

#endif
