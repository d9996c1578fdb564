/* SPDX-License-Identifier: MIT
 *
 * When records were lost: the database came back from a backup older than the last record.
 *
 * Putting the backup back begins a new epoch: the chain goes on after the backup's last item with
 * `restored`, signed, which says what is missing. From there on the gap is open, and nothing is
 * released: what was lost may say fail, repaired or released already. Whoever followed the feed
 * has what was lost. It is taken back by its signatures and placed in the chain as new items,
 *
 *	"imported":{"seq":18,"prev":..,"root":..,"sig":..,"key":"<id>","late":false}
 *
 * the lost item's own place and proof: with them its bytes can be made and checked again. `late`:
 * something else about the same ticket or unit was recorded here before it came back, so that its
 * place says nothing of the order; late items count against a release and never for it. At last a
 * supervisor says that no more comes (`gap_closed`).
 *
 *	restored	feed	{"epoch", "after", "root", "backup", "backup_made_at", "reason",
 *				 "acknowledged": {"size", "root"} or null}
 *	record_missing	feed	{"verdict", "root"}: a finished run whose document nobody has
 *	key_lost	feed	{"key", "public", "replaces", "proof"}: it came after the backup,
 *				 signed what was lost, and signs no more
 *	gap_closed	feed	{"epoch", "taken"}
 *
 * Threads and errors as store/store.h.
 */
#ifndef STORE_LOSS_H
#define STORE_LOSS_H

#include "store/chain.h"

struct loss_state {
	int64_t epoch; /* 1: nothing was ever lost */
	int64_t after; /* the last item before the newest gap; 0: there is none */
	bool open;
};
int store_loss_state(struct store *s, struct loss_state *out, struct error *err);
/* The last item of that epoch (1...); ERR_NOT_FOUND for the present one. */
int store_epoch_end(struct store *s, int64_t epoch, int64_t *last, struct error *err);
/* No more comes. ERR_STATE: no gap is open. */
int store_gap_close(struct store *s, const char *who, int64_t utc_us, struct error *err);

/* ---- taking back ---- */
/* Files are collected first: signed lines (an exported chain, pages of the feed with ?proof=1, the
 * .jsonl of a copied run) and documents of runs. */
struct take_back;
struct take_back *take_back_new(void);
void take_back_free(struct take_back *t); /* NULL allowed */
/* The bytes of a file. ERR_SYNTAX: neither lines nor a run's document. */
int take_back_add(struct take_back *t, const char *bytes, size_t n, struct error *err);

struct take_back_report {
	int taken;
	int known;   /* here already */
	int forged;  /* signed by no key of this station, or changed */
	int left;    /* of people, calibrations, bays: recorded anew by hand */
	int missing; /* finished runs without their document: they block their unit */
	int unused;  /* documents that nothing signed here speaks of */
};
/* All of it in one transaction, in the order in which it was recorded first. tell: one sentence
 * about what was not taken. ERR_STATE: this chain has no gap. */
int take_back_place(struct take_back *t, struct store *s, int64_t utc_us,
		    void (*tell)(void *ctx, const char *text), void *ctx,
		    struct take_back_report *out, struct error *err);

#endif
