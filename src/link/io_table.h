/* SPDX-License-Identifier: MIT
 *
 * The fields of each message of the io link, in the order they have on the wire. Private to
 * src/link/io*.c.
 */
#ifndef LINK_IO_TABLE_H
#define LINK_IO_TABLE_H

#include "link/io.h"

enum io_field_kind { F_U8 = 1, F_U16, F_I16, F_U32, F_I64, F_REAL, F_TEXT, F_BYTES };

struct io_field {
	const char *name;
	enum io_field_kind kind;
	uint16_t offset;
	uint16_t size;	/* text and bytes: of the member */
	int64_t lo, hi; /* whole numbers; text: shortest length and unused */
	bool any_real;	/* NaN allowed here; the item check decides */
};

struct io_layout {
	const char *name;
	const struct io_field *fields;
	int field_count;
	/* The array, if any: its count is the last of fields. */
	const struct io_field *items;
	int item_count;
	uint16_t array_offset, item_size;
};
enum { IO_SAMPLE_VALUE = 4 }; /* place of the value among the items of SAMPLES */

extern const struct io_layout io_layouts[IO_LAST + 1];

#endif
