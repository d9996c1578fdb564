/* SPDX-License-Identifier: MIT
 *
 * Facts for the release decision of a ticket, read from the store. Reader thread.
 */
#ifndef TICKET_FACTS_H
#define TICKET_FACTS_H

#include "store/store.h"
#include "ticket/release.h"

struct ticket_facts {
	struct release_facts release; /* points into the members below */
	struct ticket ticket;
	struct release_run *runs;
};
/* ERR_NOT_FOUND without such a ticket. Zero the struct first; release it in every case. */
int ticket_facts_load(struct ticket_facts *f, struct store *s, const char *ticket_id,
		      int64_t now_utc_us, struct error *err);
void ticket_facts_release(struct ticket_facts *f);

#endif
