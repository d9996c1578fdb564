/* SPDX-License-Identifier: MIT */
#include "src/store/columns.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { COL_CHANNEL, COL_AT, COL_UPDATES, COL_QUALITY, COL_RAW, COL_VALUE, COL_COUNT };
enum { CHANNELS = 65536 };
/* The most bytes a sample can take in a column, and what stands before a channel's values. */
enum { SAMPLE_BYTES_MAX = 10, LINE_BYTES = 17 };

/* Which channel follows which, learnt on the way; the same on both sides. */
struct order {
	uint16_t *next; /* [CHANNELS] */
	uint16_t last;
};

/* The value a raw number should have. */
struct line {
	bool straight; /* else: the value before */
	double a, b;
	uint64_t last;
	uint32_t round; /* entries of an earlier one do not count */
	struct {
		int64_t raw;
		uint64_t value;
		uint32_t round;
	} seen[1024]; /* by raw, the latest of each slot */
};

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static double double_of(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static size_t slot_of(int64_t raw)
{
	return (size_t)((uint64_t)raw * 0x9e3779b97f4a7c15u >> 54);
}

static uint64_t line_predict(const struct line *l, int64_t raw)
{
	size_t i = slot_of(raw);

	if (!l->straight)
		return l->last;
	if (l->seen[i].round == l->round && l->seen[i].raw == raw)
		return l->seen[i].value;
	return bits_of(l->a * (double)raw + l->b);
}

static void line_learn(struct line *l, int64_t raw, uint64_t value)
{
	size_t i = slot_of(raw);

	l->last = value;
	l->seen[i].raw = raw;
	l->seen[i].value = value;
	l->seen[i].round = l->round;
}

static void line_start(struct line *l, bool straight, double a, double b)
{
	l->round++;
	l->last = 0;
	l->straight = straight;
	l->a = a;
	l->b = b;
}

/* The samples of each channel together, in order: idx[0..n) with the channels ascending. */
static int *group(const uint16_t *channel, int n)
{
	int *idx = xcalloc((size_t)n, sizeof(*idx));
	int highest = 0;
	int *first;

	for (int i = 0; i < n; i++)
		if (channel[i] > highest)
			highest = channel[i];
	first = xcalloc((size_t)highest + 2, sizeof(*first));
	for (int i = 0; i < n; i++)
		first[channel[i] + 1]++;
	for (int c = 0; c < highest; c++)
		first[c + 1] += first[c];
	for (int i = 0; i < n; i++)
		idx[first[channel[i]]++] = i;
	free(first);
	return idx;
}

/* Through the lowest and the highest good raw number. False when there are no two. */
static bool find_line(const struct sample *at, const int *idx, int n, double *a, double *b)
{
	const struct sample *lo = NULL, *hi = NULL;

	for (int i = 0; i < n; i++) {
		const struct sample *s = &at[idx[i]];

		if (s->quality != QUALITY_GOOD)
			continue;
		if (!lo || s->raw < lo->raw)
			lo = s;
		if (!hi || s->raw > hi->raw)
			hi = s;
	}
	if (!lo || lo->raw == hi->raw)
		return false;
	*a = (hi->value - lo->value) / ((double)hi->raw - (double)lo->raw);
	*b = lo->value - *a * (double)lo->raw;
	return isfinite(*a) && isfinite(*b);
}

static size_t encode_values(const struct sample *at, const int *idx, int n, struct line *l,
			    struct text *out)
{
	size_t size = 0;

	for (int i = 0; i < n; i++) {
		const struct sample *s = &at[idx[i]];
		uint64_t bits = bits_of(s->value);
		uint64_t rest = bytes_fold((int64_t)(bits - line_predict(l, s->raw)));

		size += (size_t)bytes_varint_size(rest);
		if (out)
			bytes_put_varint(out, rest);
		line_learn(l, s->raw, bits);
	}
	return size;
}

/* One channel's values, by the better of the two predictions. */
static void encode_channel_values(const struct sample *at, const int *idx, int n, struct line *l,
				  struct text *out)
{
	double a = 0.0, b = 0.0;
	bool straight = find_line(at, idx, n, &a, &b);

	if (straight) {
		size_t repeated;

		line_start(l, false, a, b);
		repeated = encode_values(at, idx, n, l, NULL);
		line_start(l, true, a, b);
		straight = encode_values(at, idx, n, l, NULL) <= repeated;
	}
	bytes_put(out, straight, 1);
	bytes_put(out, bits_of(a), 8);
	bytes_put(out, bits_of(b), 8);
	line_start(l, straight, a, b);
	(void)encode_values(at, idx, n, l, out);
}

static void encode_channel(const struct sample *at, const int *idx, int n, struct line *l,
			   struct text cols[COL_COUNT])
{
	struct sample last = {0};

	for (int i = 0; i < n; i++) {
		const struct sample *s = &at[idx[i]];

		bytes_put_varint(&cols[COL_UPDATES], (uint32_t)(s->updates - last.updates));
		bytes_put(&cols[COL_QUALITY], s->quality ^ last.quality, 1);
		bytes_put_varint(&cols[COL_RAW],
				 bytes_fold((int64_t)((uint64_t)s->raw - (uint64_t)last.raw)));
		last = *s;
	}
	encode_channel_values(at, idx, n, l, &cols[COL_VALUE]);
}

/* The end of the channel's group that begins at idx[from]. */
static int group_end(const uint16_t *channel, const int *idx, int from, int n)
{
	int to = from + 1;

	while (to < n && channel[idx[to]] == channel[idx[from]])
		to++;
	return to;
}

static void encode_stream(const struct sample *at, int n, struct text cols[COL_COUNT])
{
	struct order o = {.next = xcalloc(CHANNELS, sizeof(*o.next))};
	int64_t last_ns = 0;

	for (int i = 0; i < n; i++) {
		int d = (int)at[i].channel - (int)o.next[o.last];

		bytes_put_varint(&cols[COL_CHANNEL], bytes_fold(d));
		o.next[o.last] = at[i].channel;
		o.last = at[i].channel;
		bytes_put_varint(&cols[COL_AT],
				 bytes_fold((int64_t)((uint64_t)at[i].at_ns - (uint64_t)last_ns)));
		last_ns = at[i].at_ns;
	}
	free(o.next);
}

static void compress_column(const struct text *col, int level, struct text *out)
{
	size_t bound = ZSTD_compressBound(col->len);
	char *buf = xcalloc(bound, 1);
	size_t n = ZSTD_compress(buf, bound, col->buf, col->len, level);

	if (ZSTD_isError(n))
		panic("zstd: %s", ZSTD_getErrorName(n));
	bytes_put(out, col->len, 4);
	bytes_put(out, n, 4);
	text_add(out, buf, n);
	free(buf);
}

void columns_encode(const struct sample *at, int n, int level, struct text *out)
{
	struct text cols[COL_COUNT] = {{0}};
	uint16_t *channel = xcalloc((size_t)n, sizeof(*channel));
	struct line *l = xcalloc(1, sizeof(*l));
	int *idx;

	assert(n > 0 && n <= COLUMNS_SAMPLES_MAX);
	for (int i = 0; i < n; i++)
		channel[i] = at[i].channel;
	idx = group(channel, n);
	encode_stream(at, n, cols);
	for (int from = 0, to; from < n; from = to) {
		to = group_end(channel, idx, from, n);
		encode_channel(at, &idx[from], to - from, l, cols);
	}
	bytes_put(out, (uint64_t)n, 4);
	for (int c = 0; c < COL_COUNT; c++) {
		compress_column(&cols[c], level, out);
		text_release(&cols[c]);
	}
	free(idx);
	free(l);
	free(channel);
}

/* A column's bytes, heap; NULL when they are not what compress_column wrote. */
static uint8_t *expand_column(struct bytes *in, size_t most, struct bytes *col)
{
	size_t size = bytes_take(in, 4), packed = bytes_take(in, 4);
	uint8_t *buf;

	if (in->bad || packed > in->left || size > most)
		return NULL;
	buf = xcalloc(size + 1, 1);
	if (ZSTD_decompress(buf, size, in->at, packed) != size) {
		free(buf);
		return NULL;
	}
	in->at += packed;
	in->left -= packed;
	*col = (struct bytes){.at = buf, .left = size};
	return buf;
}

static void decode_stream(struct bytes cols[COL_COUNT], struct sample *at, uint16_t *channel, int n)
{
	struct order o = {.next = xcalloc(CHANNELS, sizeof(*o.next))};
	uint64_t at_ns = 0;

	for (int i = 0; i < n; i++) {
		int64_t d = bytes_unfold(bytes_take_varint(&cols[COL_CHANNEL]));

		channel[i] = (uint16_t)((uint64_t)o.next[o.last] + (uint64_t)d);
		o.next[o.last] = channel[i];
		o.last = channel[i];
		at_ns += (uint64_t)bytes_unfold(bytes_take_varint(&cols[COL_AT]));
		at[i].channel = channel[i];
		at[i].at_ns = (int64_t)at_ns;
	}
	free(o.next);
}

static void decode_channel(struct bytes cols[COL_COUNT], struct sample *at, const int *idx, int n,
			   struct line *l)
{
	bool straight = bytes_take(&cols[COL_VALUE], 1) == 1;
	double a = double_of(bytes_take(&cols[COL_VALUE], 8));
	double b = double_of(bytes_take(&cols[COL_VALUE], 8));
	uint32_t updates = 0;
	uint64_t raw = 0, bits;
	uint8_t quality = 0;

	line_start(l, straight, a, b);
	for (int i = 0; i < n; i++) {
		struct sample *s = &at[idx[i]];

		updates += (uint32_t)bytes_take_varint(&cols[COL_UPDATES]);
		quality ^= (uint8_t)bytes_take(&cols[COL_QUALITY], 1);
		raw += (uint64_t)bytes_unfold(bytes_take_varint(&cols[COL_RAW]));
		s->updates = updates;
		s->quality = quality;
		s->raw = (int64_t)raw;
		bits = line_predict(l, s->raw) +
		       (uint64_t)bytes_unfold(bytes_take_varint(&cols[COL_VALUE]));
		s->value = double_of(bits);
		line_learn(l, s->raw, bits);
	}
}

static void decode_all(struct bytes cols[COL_COUNT], struct sample *at, int n)
{
	uint16_t *channel = xcalloc((size_t)n, sizeof(*channel));
	struct line *l = xcalloc(1, sizeof(*l));
	int *idx;

	decode_stream(cols, at, channel, n);
	idx = group(channel, n);
	for (int from = 0, to; from < n; from = to) {
		to = group_end(channel, idx, from, n);
		decode_channel(cols, at, &idx[from], to - from, l);
	}
	free(idx);
	free(l);
	free(channel);
}

int columns_decode(const void *p, size_t size, struct sample **out, int *n)
{
	struct bytes in = {.at = p, .left = size}, cols[COL_COUNT] = {{0}};
	uint8_t *buf[COL_COUNT] = {NULL};
	uint64_t count = bytes_take(&in, 4);
	struct sample *at = NULL;
	bool ok = !in.bad && count > 0 && count <= COLUMNS_SAMPLES_MAX;

	for (int c = 0; ok && c < COL_COUNT; c++) {
		buf[c] = expand_column(&in, count * (SAMPLE_BYTES_MAX + LINE_BYTES), &cols[c]);
		ok = buf[c] != NULL;
	}
	ok = ok && in.left == 0;
	if (ok) {
		at = xcalloc(count, sizeof(*at));
		decode_all(cols, at, (int)count);
		for (int c = 0; c < COL_COUNT; c++)
			ok = ok && !cols[c].bad && cols[c].left == 0;
	}
	for (int c = 0; c < COL_COUNT; c++)
		free(buf[c]);
	if (!ok) {
		free(at);
		return ERR_SYNTAX;
	}
	*out = at;
	*n = (int)count;
	return 0;
}
