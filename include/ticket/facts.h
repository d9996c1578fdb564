/* SPDX-License-Identifier: MIT
 *
 * What the store knows about whether a ticket's unit may leave: the facts ticket/release.h
 * decides on, gathered from the ticket, the runs on its serial with their documents, and what the
 * chain tells of them (repair, acceptance, void, suspect, override, released, withdrawn). What a
 * document does not say, or says in another form than run/record.h writes, is unknown and
 * counts against the release.
 */
#ifndef TICKET_FACTS_H
#define TICKET_FACTS_H

#include "store/chain.h"
#include "ticket/release.h"

enum { TICKET_FACTS_RUNS_MAX = 16, TICKET_NTF_DAYS = 90 };
/* What the station knows and the store does not. Zeroed: nothing is known to be good. */
struct ticket_policy {
	bool owns_tickets;	   /* tickets.owner: station; they are confirmed and its own */
	int64_t mirror_max_age_us; /* else: how old the ticketing system's word may be */
	bool store_sound;	   /* not being checked after an unclean stop, not damaged */
	/* May this model's trial run be a run of its own? NULL: none may. Any thread. */
	bool (*separate_trial)(const void *ctx, const char *model);
	const void *ctx;
	enum release_disposition disposition;
	struct release_statement statement;
};
struct ticket_facts {
	struct release_facts release; /* points into this struct: do not copy it by value */
	struct ticket ticket;
	struct release_run *runs;
};
/* Fill out, in the store's thread; within store_transact where it must be one state. An unknown
 * ticket is a fact too (0 is returned). Of the runs on the serial the newest
 * TICKET_FACTS_RUNS_MAX that decide are taken: post_repair_qc, trial_run, diagnosis, and whatever
 * goes on now. On failure out is released. */
int ticket_facts_load(struct ticket_facts *out, struct store *s, const char *ticket_id,
		      const struct ticket_policy *policy, int64_t now_utc_us, struct error *err);
void ticket_facts_release(struct ticket_facts *f);
/* What one item about the ticket changes, in the chain's order. */
void ticket_facts_from_item(struct release_facts *f, const struct chain_row *r);
/* What a finished document says, for one run. row: as listed by the store. */
void ticket_facts_from_doc(const struct run_row *row, const char *doc, size_t n,
			   struct release_run *out);
/* The same, with the approval of the revision it used (JSON, NULL none): the limits in its "adopted"
 * are assumed no more. */
void ticket_facts_from_doc_approved(const struct run_row *row, const char *doc, size_t n,
				    const char *approval, struct release_run *out);

#endif
