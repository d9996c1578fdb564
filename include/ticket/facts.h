/* SPDX-License-Identifier: MIT
 *
 * What the store knows about whether a ticket's unit may leave: the facts ticket/release.h
 * decides on, gathered from the ticket, the runs on its serial and their documents. What a
 * document does not say, or says in another form than run/record.h writes, is unknown and
 * counts against the release.
 */
#ifndef TICKET_FACTS_H
#define TICKET_FACTS_H

#include "store/store.h"
#include "ticket/release.h"

enum { TICKET_FACTS_RUNS_MAX = 16 };
struct ticket_facts {
	struct release_facts release; /* points into this struct: do not copy it by value */
	struct ticket ticket;
	struct release_run *runs;
};
/* Fill out, in the store's thread. An unknown ticket is a fact too (0 is returned). Of the runs
 * on the serial the newest TICKET_FACTS_RUNS_MAX that decide are taken: post_repair_qc,
 * trial_run, and whatever goes on now. On failure out is released. */
int ticket_facts_load(struct ticket_facts *out, struct store *s, const char *ticket_id,
		      int64_t now_utc_us, struct error *err);
void ticket_facts_release(struct ticket_facts *f);
/* What a finished document says, for one run. row: as listed by the store. */
void ticket_facts_from_doc(const struct run_row *row, const char *doc, size_t n,
			   struct release_run *out);

#endif
