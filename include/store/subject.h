/* SPDX-License-Identifier: MIT
 *
 * The present state of what the chain tells the history of: persons, tokens, approvals of
 * profiles, calibrations. One row per kind and name, replaced in the transaction that appends the
 * item. Secrets (hashes of PINs and tokens) stand apart and in no item. Threads and errors as
 * store/store.h.
 */
#ifndef STORE_SUBJECT_H
#define STORE_SUBJECT_H

#include "store/chain.h"

struct subject_row {
	const char *kind, *name, *who, *data; /* good until fn returns */
	int64_t utc_us;
};
/* data NULL: the item's. */
int store_subject_put(struct store *s, const char *kind, const char *name, const char *data,
		      const struct chain_item *item, int64_t utc_us, struct error *err);
int store_subject_get(struct store *s, const char *kind, const char *name, struct text *data,
		      struct error *err); /* ERR_NOT_FOUND */
/* By name. fn returns false to stop. */
int store_subject_list(struct store *s, const char *kind,
		       bool (*fn)(void *ctx, const struct subject_row *r), void *ctx,
		       struct error *err);

/* kind "pin", "token"; "token_used": UTC microseconds of a token's last use, which is no secret and no
 * record either. hash "" takes it away. */
int store_secret_put(struct store *s, const char *kind, const char *name, const char *hash,
		     int64_t utc_us, struct error *err);
int store_secret_get(struct store *s, const char *kind, const char *name, char hash[160],
		     struct error *err); /* ERR_NOT_FOUND */

/* A repair event: repair_seq of the ticket counts on, its version too, and the item (data an object
 * with at least one member, without "repair_seq") gets it in front. if_repair_seq >= 0:
 * ERR_CONFLICT unless it is the present one. Serial and ticket of the item are filled in. */
int store_ticket_repair(struct store *s, const char *ticket, int64_t if_repair_seq,
			const struct chain_item *item, int64_t utc_us, struct ticket *out,
			struct error *err);
/* All of them or none, each as store_ticket_put with if_version -1. *failed: which one. */
int store_ticket_import(struct store *s, const struct ticket *list, int n, const char *who,
			int *failed, struct error *err);

/* The first ticket by id after that one that the ticketing system has not confirmed. ERR_NOT_FOUND. */
int store_ticket_unconfirmed(struct store *s, const char *after, char id[64], struct error *err);

/* The ids after that one ("": from the first), in their order, at most limit. */
int store_ticket_ids(struct store *s, const char *after, int limit,
		     bool (*fn)(void *ctx, const char *id), void *ctx, struct error *err);

/* ---- finding ---- */
/* What the facts say of a ticket now, from the chain and the runs:
 *	released	its release is recorded and not withdrawn, nothing repaired since
 *	in_test		a run on it goes on
 *	refused, accepted	by the customer, after the last repair
 *	tested, failed	the last post-repair QC after the last repair: pass, or anything else
 *	repaired	a repair, and no QC after it
 *	diagnosed	a run of another type has ended
 *	received	none of these */
int store_ticket_state(struct store *s, const char *ticket, char state[32], struct error *err);
struct ticket_filter {
	const char *serial, *model, *state; /* NULL: any */
	const char *due_before;		    /* RFC 3339; NULL: any */
	int priority_min;
	/* "newest", "due", "priority" (highest first, then due); NULL: newest, due with due_before */
	const char *order;
	int limit;
};
/* Each with its present state. A filter by state looks through at most 20,000 tickets. */
int store_ticket_search(struct store *s, const struct ticket_filter *f,
			bool (*fn)(void *ctx, const struct ticket *t), void *ctx,
			struct error *err);
/* Runs begun on a bay from from_us until before to_us. */
int store_bay_runs(struct store *s, const char *bay, int64_t from_us, int64_t to_us,
		   bool (*fn)(void *ctx, const struct run_row *r), void *ctx, struct error *err);
/* When this serial was released last before utc_us (0: never), and how many other tickets it had
 * before this one was made. */
int store_serial_before(struct store *s, const char *serial, const char *ticket, int64_t utc_us,
			int64_t *released_utc_us, int *tickets, struct error *err);

/* ---- profiles and calibrations ---- */
/* Bytes of a revision, kept once by their SHA-256, and the subject with its item, in one. */
int store_profile_submit(struct store *s, const uint8_t hash[32], const char *bytes, size_t n,
			 const char *profile, const struct chain_item *item, int64_t utc_us,
			 struct error *err);
int store_profile_bytes(struct store *s, const uint8_t hash[32], struct text *out,
			struct error *err); /* ERR_NOT_FOUND */
/* The approval of the revision that a run used, as data; ERR_NOT_FOUND. */
int store_run_approval(struct store *s, const char *run, struct text *data, struct error *err);
/* Which runs something puts in doubt. */
struct suspect_search {
	const char *bays[32]; /* runs on these ... */
	int bay_count;
	const char *channel; /* ... that used this channel; or NULL */
	const char *profile; /* passes of this profile on tickets that are not released; or NULL */
	const uint8_t *except_hash; /* but not of this revision */
	int64_t since_us;
	int64_t before_us;  /* of a profile: begun before that; 0: whenever */
	const char *reason; /* JSON object: the data of each item */
	const char *once;   /* not where an item `suspect` of the run holds this already; or NULL */
	bool mark;	    /* false: only told to fn */
};
/* The same without a subject: what is found is marked, each once. */
int store_suspects_mark(struct store *s, const struct suspect_search *search, const char *who,
			int64_t utc_us, struct error *err);
/* The next run that is in doubt by an item `suspect` with these data and has no item `rejudged` that
 * holds `mark`: its row and document, and the profile it used. ERR_NOT_FOUND: none is left. */
int store_rejudge_next(struct store *s, const char *reason, const char *mark, struct run_row *row,
		       struct text *doc, struct text *profile, struct error *err);
/* The subject with its item, and an item `suspect` for each run found, in one. fn gets each. */
int store_subject_put_suspects(struct store *s, const char *kind, const char *name,
			       const struct chain_item *item, const struct suspect_search *search,
			       int64_t utc_us, void (*fn)(void *ctx, const struct run_row *r),
			       void *ctx, struct error *err);

#endif
