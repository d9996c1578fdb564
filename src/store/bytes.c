/* SPDX-License-Identifier: MIT */
#include "src/store/columns.h"

void bytes_set(uint8_t *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void bytes_put(struct text *t, uint64_t v, int bytes)
{
	uint8_t b[8];

	bytes_set(b, v, bytes);
	text_add(t, (const char *)b, (size_t)bytes);
}

uint64_t bytes_get(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

void bytes_put_varint(struct text *t, uint64_t v)
{
	char b[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		b[n++] = (char)(v | 0x80);
	b[n++] = (char)v;
	text_add(t, b, n);
}

int bytes_varint_size(uint64_t v)
{
	int n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

uint64_t bytes_take(struct bytes *b, int bytes)
{
	uint64_t v;

	if (b->bad || b->left < (size_t)bytes) {
		b->bad = true;
		return 0;
	}
	v = bytes_get(b->at, bytes);
	b->at += bytes;
	b->left -= (size_t)bytes;
	return v;
}

uint64_t bytes_take_varint(struct bytes *b)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint64_t byte = bytes_take(b, 1);

		v |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	b->bad = true;
	return 0;
}

uint32_t bytes_crc32(uint32_t crc, const void *p, size_t n)
{
	/* Four bits at a time: small, and fast beside the disk. */
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
					   0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
					   0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
					   0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	const uint8_t *at = p;

	crc = ~crc;
	while (n-- > 0) {
		crc ^= *at++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}
