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

enum field_kind { F_U8 = 1, F_U16, F_I16, F_U32, F_I64, F_REAL, F_TEXT, F_BYTES };

struct field {
	const char *name;
	enum field_kind kind;
	uint16_t offset;
	uint16_t size;	/* text and bytes: of the member */
	int64_t lo, hi; /* whole numbers; text: shortest length and unused */
	bool any_real;	/* NaN allowed here; the item check decides */
};

struct layout {
	const char *name;
	const struct field *fields;
	int field_count;
	/* The array, if any: its count is the last of fields. */
	const struct field *items;
	int item_count;
	uint16_t array_offset, item_size;
};

#define AT(m, f) offsetof(struct io_msg, u.m.f)
#define WHOLE(k, m, f, l, h)                                                                       \
	{                                                                                          \
#f, k, AT(m, f), 0, l, h, false                                                    \
	}
#define BAY(m)	   WHOLE(F_U8, m, bay, 0, IO_BAYS_MAX - 1)
#define TIME(m, f) WHOLE(F_I64, m, f, 0, INT64_MAX)
#define TEXT(m, f, min)                                                                            \
	{                                                                                          \
#f, F_TEXT, AT(m, f), sizeof(((struct io_msg *)0)->u.m.f), min, 0, false           \
	}
#define COUNT_OF(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define LAYOUT(n, t)                                                                               \
	{                                                                                          \
		.name = n, .fields = t, .field_count = COUNT_OF(t)                                 \
	}

static const struct field hello[] = {
	WHOLE(F_U32, hello, version, IO_VERSION, IO_VERSION),
	TEXT(hello, rig, 1),
	{"fixture_hash", F_BYTES, AT(hello, fixture_hash), 32, 0, 0, false},
	WHOLE(F_U8, hello, simulated, 0, 1),
	WHOLE(F_U32, hello, pid, 1, INT32_MAX),
	WHOLE(F_U32, hello, speed, 1, IO_SPEED_MAX),
	TIME(hello, origin_ns),
};
static const struct field welcome[] = {
	WHOLE(F_U32, welcome, version, IO_VERSION, IO_VERSION),
	TIME(welcome, origin_ns),
	WHOLE(F_U32, welcome, speed, 1, IO_SPEED_MAX),
};
static const struct field samples[] = {
	WHOLE(F_U16, samples, count, 1, IO_SAMPLES_MAX),
};
#define SAMPLE(k, f, l, h)                                                                         \
	{                                                                                          \
#f, k, offsetof(struct sample, f), 0, l, h, false                                  \
	}
static const struct field sample_item[] = {
	SAMPLE(F_U16, channel, 0, IO_CHANNELS_MAX - 1),
	SAMPLE(F_U8, quality, QUALITY_GOOD, QUALITY_FROZEN),
	SAMPLE(F_U32, updates, 0, UINT32_MAX),
	SAMPLE(F_I64, raw, INT64_MIN, INT64_MAX),
	{"value", F_REAL, offsetof(struct sample, value), 0, 0, 0, true},
	SAMPLE(F_I64, at_ns, 0, INT64_MAX),
	SAMPLE(F_U32, calibration, 0, IO_CALIBRATIONS_MAX),
};
static const struct field bay[] = {
	BAY(bay),
	WHOLE(F_U8, bay, state, BAY_SECURING, BAY_LOCKED),
	WHOLE(F_U32, bay, lease, 0, UINT32_MAX),
	TIME(bay, at_ns),
	TEXT(bay, reason, 0),
};
static const struct field image[] = {
	BAY(image),
	WHOLE(F_U32, image, lease, 1, UINT32_MAX),
	WHOLE(F_U32, image, seq, 0, UINT32_MAX),
	WHOLE(F_U16, image, count, 1, IO_OUTPUTS_MAX),
};
static const struct field image_item[] = {
	{"value", F_REAL, 0, 0, 0, 0, false},
};
static const struct field outputs[] = {
	BAY(outputs),
	WHOLE(F_U32, outputs, lease, 0, UINT32_MAX),
	WHOLE(F_U32, outputs, seq, 0, UINT32_MAX),
	TIME(outputs, at_ns),
	WHOLE(F_U16, outputs, count, 1, IO_OUTPUTS_MAX),
};
#define OUTPUT_AT(f) (AT(outputs, at[0].f) - AT(outputs, at[0]))
static const struct field output_item[] = {
	{"commanded", F_REAL, OUTPUT_AT(commanded), 0, 0, 0, false},
	{"read_back", F_REAL, OUTPUT_AT(read_back), 0, 0, 0, false},
	{"quality", F_U8, OUTPUT_AT(quality), 0, QUALITY_GOOD, QUALITY_FROZEN, false},
};
static const struct field trip[] = {
	WHOLE(F_U32, trip, bays, 1, (1 << IO_BAYS_MAX) - 1),
	WHOLE(F_U8, trip, class, 0, IO_TRIP_CLASSES - 1),
	WHOLE(F_I16, trip, interlock, -1, IO_INTERLOCKS_MAX - 1),
	WHOLE(F_I16, trip, channel, -1, IO_CHANNELS_MAX - 1),
	{"value", F_REAL, AT(trip, value), 0, 0, 0, false},
	TIME(trip, at_ns),
	TEXT(trip, reason, 1),
};
static const struct field safe[] = {
	BAY(safe),
	WHOLE(F_U8, safe, what, SAFE_DROP, SAFE_CHECK),
	WHOLE(F_U32, safe, token, 0, UINT32_MAX),
};
static const struct field proof[] = {
	BAY(proof),
	WHOLE(F_U8, proof, after, SAFE_DROP, SAFE_CHECK),
	WHOLE(F_U8, proof, proven, 0, 1),
	WHOLE(F_U32, proof, token, 0, UINT32_MAX),
	TIME(proof, at_ns),
	TIME(proof, took_ns),
	TEXT(proof, detail, 0),
};
static const struct field input[] = {
	BAY(input),
	TEXT(input, name, 1),
	TEXT(input, text, 0),
	TIME(input, at_ns),
};
static const struct field device[] = {
	WHOLE(F_U16, device, device, 0, IO_DEVICES_MAX - 1),
	WHOLE(F_U8, device, present, 0, 1),
	TEXT(device, reason, 0),
	TEXT(device, identity, 0),
	TIME(device, at_ns),
};
static const struct field known[] = {
	WHOLE(F_U16, known, device, 0, IO_DEVICES_MAX - 1),
	TEXT(known, identity, 0),
};
#define REVISION(m, lo) WHOLE(F_U32, m, revision, lo, IO_CALIBRATIONS_MAX)
static const struct field calibration[] = {
	WHOLE(F_U16, calibration, channel, 0, IO_CHANNELS_MAX - 1),
	REVISION(calibration, 1),
	{"gain", F_REAL, AT(calibration, gain), 0, 0, 0, false},
	{"offset", F_REAL, AT(calibration, offset), 0, 0, 0, false},
};
static const struct field calibrated[] = {
	WHOLE(F_U16, calibrated, channel, 0, IO_CHANNELS_MAX - 1),
	REVISION(calibrated, 0),
	TEXT(calibrated, reason, 0),
};
static const struct field line[] = {
	WHOLE(F_U16, line, device, 0, IO_DEVICES_MAX - 1),
	WHOLE(F_U8, line, damaged, 0, 100),
	WHOLE(F_U32, line, turnaround_us, 0, UINT32_MAX),
	{"load", F_REAL, AT(line, load), 0, 0, 0, false},
	{"planned", F_REAL, AT(line, planned), 0, 0, 0, false},
};

static const struct layout layouts[] = {
	[IO_HELLO] = LAYOUT("hello", hello),
	[IO_WELCOME] = LAYOUT("welcome", welcome),
	[IO_SAMPLES] = {"samples", samples, COUNT_OF(samples), sample_item, COUNT_OF(sample_item),
			AT(samples, at), sizeof(struct sample)},
	[IO_BAY] = LAYOUT("bay", bay),
	[IO_IMAGE] = {"image", image, COUNT_OF(image), image_item, COUNT_OF(image_item),
		      AT(image, value), sizeof(double)},
	[IO_OUTPUTS] = {"outputs", outputs, COUNT_OF(outputs), output_item, COUNT_OF(output_item),
			AT(outputs, at), sizeof(((struct io_msg *)0)->u.outputs.at[0])},
	[IO_TRIP] = LAYOUT("trip", trip),
	[IO_SAFE] = LAYOUT("safe", safe),
	[IO_PROOF] = LAYOUT("proof", proof),
	[IO_INPUT] = LAYOUT("input", input),
	[IO_DEVICE] = LAYOUT("device", device),
	[IO_LINE] = LAYOUT("line", line),
	[IO_KNOWN] = LAYOUT("known", known),
	[IO_CALIBRATION] = LAYOUT("calibration", calibration),
	[IO_CALIBRATED] = LAYOUT("calibrated", calibrated),
};

const char *io_type_name(enum io_type t)
{
	return t >= IO_HELLO && t <= IO_LAST ? layouts[t].name : "?";
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

static int refuse(struct cursor *c, const struct field *f, const char *what)
{
	if (c->item < 0)
		return error_set(c->err, c->code, "%s: %s %s", c->message, f->name, what);
	return error_set(c->err, c->code, "%s: item %d: %s %s", c->message, c->item, f->name, what);
}

static int whole_width(enum field_kind k)
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

static int64_t member_get(const struct field *f, const void *at)
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

static void member_set(const struct field *f, void *at, int64_t v)
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

static int check_whole(struct cursor *c, const struct field *f, int64_t v)
{
	char what[64];

	if (v >= f->lo && v <= f->hi)
		return 0;
	snprintf(what, sizeof(what), "%lld is outside its range", (long long)v);
	return refuse(c, f, what);
}

static int check_text(struct cursor *c, const struct field *f, const char *s, size_t n)
{
	if (n < (size_t)f->lo)
		return refuse(c, f, "is empty");
	if (n >= f->size)
		return refuse(c, f, "is too long");
	if (!text_is_clean(s, n, ""))
		return refuse(c, f, "is not clean text");
	return 0;
}

static int encode_field(struct cursor *c, const struct field *f, const uint8_t *base)
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

static int decode_text(struct cursor *c, const struct field *f, char *at)
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

static int decode_field(struct cursor *c, const struct field *f, uint8_t *base)
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
static int check_item(struct cursor *c, const struct layout *l, const uint8_t *base)
{
	struct sample s;

	if (l->items != sample_item)
		return 0;
	memcpy(&s, base, sizeof(s));
	if (s.quality == QUALITY_GOOD && !isfinite(s.value))
		return refuse(c, &sample_item[4], "is good and no number");
	return 0;
}

static int array_count(const struct layout *l, const uint8_t *base)
{
	const struct field *count = &l->fields[l->field_count - 1];

	return l->items ? (int)member_get(count, base + count->offset) : 0;
}

int io_encode(const struct io_msg *m, uint8_t *dst, size_t size)
{
	const uint8_t *base = (const uint8_t *)m;
	struct cursor c = {.dst = dst, .size = size, .item = -1, .code = ERR_RANGE};
	const struct layout *l;
	int count;

	if (m->type < IO_HELLO || m->type > IO_LAST || size < 2)
		return ERR_RANGE;
	l = &layouts[m->type];
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

static int decode_array(struct cursor *c, const struct layout *l, uint8_t *base)
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
	const struct layout *l;
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
	l = &layouts[p[0]];
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
