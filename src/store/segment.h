/* SPDX-License-Identifier: MIT
 *
 * Traces. A file is eight bytes that say which form it is, then frames:
 *
 *	u32 length of the payload | u32 CRC-32 of type and payload | u8 type | payload
 *
 *	'H'  the header's JSON, once, first
 *	'S'  a block of samples as store/columns.h
 *	'E'  u64 samples, u32 CRC-32 over all of them: once, last, in a finished file only
 *
 * While a run goes on, DIR/segments/ID.seg grows by a frame at each sync; a power cut tears at
 * most the last one. At its end the same samples are written again in bigger, harder compressed
 * blocks as ID.col: beside it under another name, read back and compared, then renamed; only
 * then does ID.seg go. After a crash in between both are there, and ID.col is whole.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "link/sample.h"
#include "store/store.h"

#define SEGMENT_LIVE	 "bnchseg1"
#define SEGMENT_FINISHED "bnchcol1"
enum { SEGMENT_MAGIC = 8, FRAME_HEAD = 9, FRAME_MAX = 16 << 20 };

/* What all samples together amount to. */
struct tally {
	uint64_t count;
	uint32_t crc;
};
void tally_add(struct tally *t, const struct sample *s);
bool segment_is_file_name(const char *run_id);

#endif
