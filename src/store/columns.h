/* SPDX-License-Identifier: MIT
 *
 * Samples as compressed columns: exact, and small because each column holds only what is new.
 *
 *	channel	 what followed the previous one last time, or not (a scan repeats itself)
 *	at	 difference from the sample before (samples of one reply share their time)
 *	updates	 difference within the channel
 *	quality	 exclusive-or with the channel's last
 *	raw	 difference within the channel
 *	value	 what the channel's raw does not tell: the difference, in representable numbers,
 *		 from the prediction (the value this raw had last time, else a straight line
 *		 through two points)
 *
 * All but the first two stand grouped by channel. Whole numbers are variable-length (7 bits a
 * byte), signed ones folded; each column is one zstd frame. The prediction is a product and a
 * sum of doubles, the same on every machine with IEEE arithmetic and no contraction.
 */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H

#include "link/sample.h"
#include "store/store.h"

enum { COLUMNS_SAMPLES_MAX = 65536 };

/* Append n samples (1..COLUMNS_SAMPLES_MAX) to out. level: zstd's. */
void columns_encode(const struct sample *at, int n, int level, struct text *out);
/* Samples of one encoded block, xcalloc'ed, caller frees; ERR_SYNTAX for anything
 * columns_encode would not write. */
int columns_decode(const void *p, size_t size, struct sample **out, int *n);

/* ---- bytes.c: little-endian numbers in a buffer ---- */
void bytes_set(uint8_t *p, uint64_t v, int bytes);
void bytes_put(struct text *t, uint64_t v, int bytes);
uint64_t bytes_get(const uint8_t *p, int bytes);
void bytes_put_varint(struct text *t, uint64_t v);
/* How many bytes bytes_put_varint writes. */
int bytes_varint_size(uint64_t v);
uint32_t bytes_crc32(uint32_t crc, const void *p, size_t n); /* IEEE 802.3, starts from 0 */
static inline uint64_t bytes_fold(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}
static inline int64_t bytes_unfold(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}
/* A bounded read position; bad sticks. */
struct bytes {
	const uint8_t *at;
	size_t left;
	bool bad;
};
uint64_t bytes_take(struct bytes *b, int bytes);
uint64_t bytes_take_varint(struct bytes *b);

#endif
