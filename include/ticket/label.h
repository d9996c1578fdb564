/* SPDX-License-Identifier: MIT
 *
 * What stands on a unit's label, from what is stored and from nothing else: a finished run, or the
 * release in force. Each label that is asked for is an item of the chain before it goes to the
 * printer, and what became of it is another:
 *
 *	label		{"of", "released_seq" (a release's), "bay", "printer", "copies", "again", "lines",
 *			"qr"}, with the run or the ticket and its serial
 *	labeled		{"label": seq of that item, "of", "released_seq", "outcome": "printed",
 *			"not_printed" or "unknown", "reason"}
 *
 * Of one thing a label is printed once, unless somebody asks for another. In the writer, within
 * store_transact.
 */
#ifndef TICKET_LABEL_H
#define TICKET_LABEL_H

#include "store/chain.h"

enum { LABEL_TEXT_LINES = 8, LABEL_TEXT_SIZE = 121 };
enum label_of {
	LABEL_OF_RUN = 1,
	LABEL_OF_RELEASE,
	LABEL_NOT_REPAIRED /* before the unit goes back as it is, which the release asks for */
};
struct unit_label {
	enum label_of of;
	char run[37], ticket[64], serial[64];
	int64_t released_seq;
	char lines[LABEL_TEXT_LINES][LABEL_TEXT_SIZE];
	int line_count;
	char qr[64];
	/* one of the same thing that came out before: its item, 0 none */
	int64_t printed_seq, printed_utc_us;
};
/* ERR_NOT_FOUND; ERR_STATE: a run that goes on, is void or suspect. */
int unit_label_of_run(struct store *s, const char *run, const char *station, struct unit_label *out,
		      struct error *err);
/* ERR_NOT_FOUND; ERR_STATE: no release is in force; NOT_REPAIRED: one is that says otherwise. */
int unit_label_of_ticket(struct store *s, const char *ticket, bool not_repaired,
			 const char *station, struct unit_label *out, struct error *err);

struct unit_label_order {
	const char *bay, *printer, *who;
	int copies;
	bool again;
	int64_t now_utc_us;
};
/* Appends the item; *seq is its place. */
int unit_label_ask(struct store *s, const struct unit_label *l, const struct unit_label_order *o,
		   int64_t *seq, struct error *err);
/* And what became of it. */
int unit_label_end(struct store *s, const struct unit_label *l, int64_t seq, const char *outcome,
		   const char *reason, int64_t now_utc_us, struct error *err);

const char *unit_label_word(enum label_of of); /* "run" "release" "not_repaired" */

#endif
