/* SPDX-License-Identifier: MIT
 *
 * The codec of the io link: one table per message drives encoding, decoding and
 * every check, so the two directions cannot drift apart.
 *
 * Packet: u8 type, u8 IO_VERSION, then the fields of the table in order, little
 * endian; text is u8 length and bytes; an array is its count (the last plain
 * field) and the items one after another. Nothing may follow.
 */
#include "link/io.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "io_table.h"

const char *io_type_name(enum io_type t)
{
	return t >= IO_HELLO && t <= IO_LAST ? io_layouts[t].name : "?";
}

/* --- one cursor for both directions --- */

struct cursor {
	uint8_t *dst;	    /* encoding */
	const uint8_t *src; /* decoding */
	size_t n, size;
	const char *message;
	int item; /* -1: a plain field */
	struct error *err;
	int code; /* of a refusal */
};

static int refuse(struct cursor *c, const struct io_field *f, const char *what)
{
	if (c->item < 0)
		return error_set(c->err, c->code, "%s: %s %s", c->message, f->name, what);
	return error_set(c->err, c->code, "%s: item %d: %s %s", c->message, c->item, f->name, what);
}

static int whole_width(enum io_field_kind k)
{
	switch (k) {
	case F_U8: return 1;
	case F_U16:
	case F_I16: return 2;
	case F_U32: return 4;
	case F_I64:
	case F_REAL: return 8;
	case F_TEXT:
	case F_BYTES: break;
	}
	return 0;
}

static void put(struct cursor *c, uint64_t v, int width)
{
	for (int i = 0; i < width; i++)
		c->dst[c->n++] = (uint8_t)(v >> (8 * i));
}

static uint64_t take(struct cursor *c, int width)
{
	uint64_t v = 0;

	for (int i = 0; i < width; i++)
		v |= (uint64_t)c->src[c->n++] << (8 * i);
	return v;
}

static int64_t member_get(const struct io_field *f, const void *at)
{
	uint8_t u8;
	uint16_t u16;
	int16_t i16;
	uint32_t u32;
	int64_t i64;

	switch (whole_width(f->kind)) {
	case 1: return memcpy(&u8, at, 1), u8;
	case 2:
		if (f->kind == F_I16)
			return memcpy(&i16, at, 2), i16;
		return memcpy(&u16, at, 2), u16;
	case 4: return memcpy(&u32, at, 4), u32;
	default: return memcpy(&i64, at, 8), i64;
	}
}

static void member_set(const struct io_field *f, void *at, int64_t v)
{
	uint8_t u8 = (uint8_t)v;
	uint16_t u16 = (uint16_t)v;
	uint32_t u32 = (uint32_t)v;

	switch (whole_width(f->kind)) {
	case 1: memcpy(at, &u8, 1); break;
	case 2: memcpy(at, &u16, 2); break;
	case 4: memcpy(at, &u32, 4); break;
	default: memcpy(at, &v, 8); break;
	}
}

static int check_whole(struct cursor *c, const struct io_field *f, int64_t v)
{
	char what[64];

	if (v >= f->lo && v <= f->hi)
		return 0;
	snprintf(what, sizeof(what), "%lld is outside its range", (long long)v);
	return refuse(c, f, what);
}

static int check_text(struct cursor *c, const struct io_field *f, const char *s, size_t n)
{
	if (n < (size_t)f->lo)
		return refuse(c, f, "is empty");
	if (n >= f->size)
		return refuse(c, f, "is too long");
	if (!text_is_clean(s, n, ""))
		return refuse(c, f, "is not clean text");
	return 0;
}

static int encode_field(struct cursor *c, const struct io_field *f, const uint8_t *base)
{
	const uint8_t *at = base + f->offset;
	size_t width = (size_t)whole_width(f->kind), n;
	double real;
	uint64_t bits;

	if (f->kind == F_TEXT) {
		n = strnlen((const char *)at, f->size);
		width = 1 + n;
	} else if (f->kind == F_BYTES) {
		width = n = f->size;
	}
	if (c->size - c->n < width)
		return refuse(c, f, "does not fit");
	switch (f->kind) {
	case F_TEXT:
		if (check_text(c, f, (const char *)at, n))
			return c->code;
		c->dst[c->n++] = (uint8_t)n;
		memcpy(c->dst + c->n, at, n);
		c->n += n;
		return 0;
	case F_BYTES:
		memcpy(c->dst + c->n, at, n);
		c->n += n;
		return 0;
	case F_REAL:
		memcpy(&real, at, sizeof(real));
		if (!isfinite(real) && !(f->any_real && isnan(real)))
			return refuse(c, f, "is not finite");
		memcpy(&bits, &real, sizeof(bits));
		put(c, bits, 8);
		return 0;
	case F_U8:
	case F_U16:
	case F_I16:
	case F_U32:
	case F_I64: break;
	}
	if (check_whole(c, f, member_get(f, at)))
		return c->code;
	put(c, (uint64_t)member_get(f, at), (int)width);
	return 0;
}

static int decode_text(struct cursor *c, const struct io_field *f, char *at)
{
	size_t n;

	if (c->size - c->n < 1)
		return refuse(c, f, "is cut off");
	n = c->src[c->n++];
	if (c->size - c->n < n)
		return refuse(c, f, "is cut off");
	if (check_text(c, f, (const char *)c->src + c->n, n))
		return c->code;
	memcpy(at, c->src + c->n, n);
	at[n] = '\0';
	c->n += n;
	return 0;
}

static int decode_field(struct cursor *c, const struct io_field *f, uint8_t *base)
{
	uint8_t *at = base + f->offset;
	size_t width = f->kind == F_BYTES ? f->size : (size_t)whole_width(f->kind);
	double real;
	uint64_t bits;
	int64_t v;

	if (f->kind == F_TEXT)
		return decode_text(c, f, (char *)at);
	if (c->size - c->n < width)
		return refuse(c, f, "is cut off");
	if (f->kind == F_BYTES) {
		memcpy(at, c->src + c->n, width);
		c->n += width;
		return 0;
	}
	bits = take(c, (int)width);
	if (f->kind == F_REAL) {
		memcpy(&real, &bits, sizeof(real));
		if (!isfinite(real) && !(f->any_real && isnan(real)))
			return refuse(c, f, "is not finite");
		memcpy(at, &real, sizeof(real));
		return 0;
	}
	v = f->kind == F_I16 ? (int16_t)bits : (int64_t)bits;
	if (check_whole(c, f, v))
		return c->code;
	member_set(f, at, v);
	return 0;
}

/* What no single field can say. */
static int check_item(struct cursor *c, const struct io_layout *l, const uint8_t *base)
{
	struct sample s;

	if (l != &io_layouts[IO_SAMPLES])
		return 0;
	memcpy(&s, base, sizeof(s));
	if (s.quality == QUALITY_GOOD && !isfinite(s.value))
		return refuse(c, &l->items[IO_SAMPLE_VALUE], "is good and no number");
	return 0;
}

static int array_count(const struct io_layout *l, const uint8_t *base)
{
	const struct io_field *count = &l->fields[l->field_count - 1];

	return l->items ? (int)member_get(count, base + count->offset) : 0;
}

int io_encode(const struct io_msg *m, uint8_t *dst, size_t size)
{
	const uint8_t *base = (const uint8_t *)m;
	struct cursor c = {.dst = dst, .size = size, .item = -1, .code = ERR_RANGE};
	const struct io_layout *l;
	int count;

	if (m->type < IO_HELLO || m->type > IO_LAST || size < 2)
		return ERR_RANGE;
	l = &io_layouts[m->type];
	c.message = l->name;
	put(&c, m->type, 1);
	put(&c, IO_VERSION, 1);
	for (int i = 0; i < l->field_count; i++)
		if (encode_field(&c, &l->fields[i], base))
			return ERR_RANGE;
	count = array_count(l, base);
	for (c.item = 0; c.item < count; c.item++) {
		const uint8_t *at = base + l->array_offset + (size_t)c.item * l->item_size;

		for (int i = 0; i < l->item_count; i++)
			if (encode_field(&c, &l->items[i], at))
				return ERR_RANGE;
		if (check_item(&c, l, at))
			return ERR_RANGE;
	}
	return (int)c.n;
}

static int decode_array(struct cursor *c, const struct io_layout *l, uint8_t *base)
{
	int count = array_count(l, base);

	for (c->item = 0; c->item < count; c->item++) {
		uint8_t *at = base + l->array_offset + (size_t)c->item * l->item_size;

		for (int i = 0; i < l->item_count; i++)
			if (decode_field(c, &l->items[i], at))
				return c->code;
		if (check_item(c, l, at))
			return c->code;
	}
	return 0;
}

int io_decode(struct io_msg *m, const uint8_t *p, size_t n, struct error *err)
{
	struct cursor c = {
		.src = p, .n = 2, .size = n, .item = -1, .err = err, .code = ERR_PROTOCOL};
	const struct io_layout *l;
	int rc;

	if (n < 2 || n > IO_MESSAGE_MAX)
		return error_set(err, ERR_PROTOCOL, "a message of %zu bytes; 2 to %d are possible",
				 n, IO_MESSAGE_MAX);
	if (p[0] < IO_HELLO || p[0] > IO_LAST)
		return error_set(err, ERR_PROTOCOL, "message type %d is unknown", p[0]);
	if (p[1] != IO_VERSION)
		return error_set(err, ERR_PROTOCOL,
				 "the peer speaks version %d of the io link, this is %d", p[1],
				 IO_VERSION);
	l = &io_layouts[p[0]];
	c.message = l->name;
	memset(m, 0, sizeof(*m));
	m->type = (enum io_type)p[0];
	for (int i = 0; i < l->field_count; i++) {
		rc = decode_field(&c, &l->fields[i], (uint8_t *)m);
		if (rc)
			return rc;
	}
	rc = decode_array(&c, l, (uint8_t *)m);
	if (rc)
		return rc;
	if (c.n != n)
		return error_set(err, ERR_PROTOCOL, "%s: %zu bytes too many", l->name, n - c.n);
	return 0;
}
