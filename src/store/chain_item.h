/* SPDX-License-Identifier: MIT
 *
 * What the store's own files know of the chain beyond store/chain.h.
 */
#ifndef STORE_CHAIN_ITEM_H
#define STORE_CHAIN_ITEM_H

#include <jansson.h>
#include "store/chain.h"

/* imported: the member's value where the item was not made here and now (store/chain.h), or NULL. */
int chain_append(struct store *s, const struct chain_item *i, int64_t utc_us, const char *imported,
		 int64_t *seq, struct error *err);
/* What a signature of an item is over. */
enum { CHAIN_SIGNED_SIZE = 128 };
void chain_signed_text(char dst[CHAIN_SIGNED_SIZE], int64_t seq,
		       const uint8_t root[CHAIN_ROOT_BYTES]);
/* root: the one before bytes, becomes the one after. */
void chain_next_root(uint8_t root[CHAIN_ROOT_BYTES], const void *bytes, size_t n);
/* The item of a run's begin or end. */
int chain_run_started(struct store *s, const struct run_row *row, const uint8_t profile_hash[32],
		      const char *facts, bool imported, struct error *err);
int chain_run_finished(struct store *s, const struct run_row *row, const uint8_t doc_hash[32],
		       size_t doc_bytes, bool imported, struct error *err);

#endif
