/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>
#include "bus/bus.h"
#include "bus/rtu.h"

/* Table of the reflected polynomial 0xA001. */
static const uint16_t crc_table[256] = {
	0x0000, 0xc0c1, 0xc181, 0x0140, 0xc301, 0x03c0, 0x0280, 0xc241, 0xc601, 0x06c0, 0x0780,
	0xc741, 0x0500, 0xc5c1, 0xc481, 0x0440, 0xcc01, 0x0cc0, 0x0d80, 0xcd41, 0x0f00, 0xcfc1,
	0xce81, 0x0e40, 0x0a00, 0xcac1, 0xcb81, 0x0b40, 0xc901, 0x09c0, 0x0880, 0xc841, 0xd801,
	0x18c0, 0x1980, 0xd941, 0x1b00, 0xdbc1, 0xda81, 0x1a40, 0x1e00, 0xdec1, 0xdf81, 0x1f40,
	0xdd01, 0x1dc0, 0x1c80, 0xdc41, 0x1400, 0xd4c1, 0xd581, 0x1540, 0xd701, 0x17c0, 0x1680,
	0xd641, 0xd201, 0x12c0, 0x1380, 0xd341, 0x1100, 0xd1c1, 0xd081, 0x1040, 0xf001, 0x30c0,
	0x3180, 0xf141, 0x3300, 0xf3c1, 0xf281, 0x3240, 0x3600, 0xf6c1, 0xf781, 0x3740, 0xf501,
	0x35c0, 0x3480, 0xf441, 0x3c00, 0xfcc1, 0xfd81, 0x3d40, 0xff01, 0x3fc0, 0x3e80, 0xfe41,
	0xfa01, 0x3ac0, 0x3b80, 0xfb41, 0x3900, 0xf9c1, 0xf881, 0x3840, 0x2800, 0xe8c1, 0xe981,
	0x2940, 0xeb01, 0x2bc0, 0x2a80, 0xea41, 0xee01, 0x2ec0, 0x2f80, 0xef41, 0x2d00, 0xedc1,
	0xec81, 0x2c40, 0xe401, 0x24c0, 0x2580, 0xe541, 0x2700, 0xe7c1, 0xe681, 0x2640, 0x2200,
	0xe2c1, 0xe381, 0x2340, 0xe101, 0x21c0, 0x2080, 0xe041, 0xa001, 0x60c0, 0x6180, 0xa141,
	0x6300, 0xa3c1, 0xa281, 0x6240, 0x6600, 0xa6c1, 0xa781, 0x6740, 0xa501, 0x65c0, 0x6480,
	0xa441, 0x6c00, 0xacc1, 0xad81, 0x6d40, 0xaf01, 0x6fc0, 0x6e80, 0xae41, 0xaa01, 0x6ac0,
	0x6b80, 0xab41, 0x6900, 0xa9c1, 0xa881, 0x6840, 0x7800, 0xb8c1, 0xb981, 0x7940, 0xbb01,
	0x7bc0, 0x7a80, 0xba41, 0xbe01, 0x7ec0, 0x7f80, 0xbf41, 0x7d00, 0xbdc1, 0xbc81, 0x7c40,
	0xb401, 0x74c0, 0x7580, 0xb541, 0x7700, 0xb7c1, 0xb681, 0x7640, 0x7200, 0xb2c1, 0xb381,
	0x7340, 0xb101, 0x71c0, 0x7080, 0xb041, 0x5000, 0x90c1, 0x9181, 0x5140, 0x9301, 0x53c0,
	0x5280, 0x9241, 0x9601, 0x56c0, 0x5780, 0x9741, 0x5500, 0x95c1, 0x9481, 0x5440, 0x9c01,
	0x5cc0, 0x5d80, 0x9d41, 0x5f00, 0x9fc1, 0x9e81, 0x5e40, 0x5a00, 0x9ac1, 0x9b81, 0x5b40,
	0x9901, 0x59c0, 0x5880, 0x9841, 0x8801, 0x48c0, 0x4980, 0x8941, 0x4b00, 0x8bc1, 0x8a81,
	0x4a40, 0x4e00, 0x8ec1, 0x8f81, 0x4f40, 0x8d01, 0x4dc0, 0x4c80, 0x8c41, 0x4400, 0x84c1,
	0x8581, 0x4540, 0x8701, 0x47c0, 0x4680, 0x8641, 0x8201, 0x42c0, 0x4380, 0x8341, 0x4100,
	0x81c1, 0x8081, 0x4040,
};

uint16_t rtu_crc(const uint8_t *p, size_t n)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < n; i++)
		crc = (uint16_t)(crc >> 8) ^ crc_table[(crc ^ p[i]) & 0xff];
	return crc;
}

size_t rtu_build(uint8_t *adu, uint8_t unit, const uint8_t *pdu, size_t n)
{
	uint16_t crc;

	assert(n <= RTU_PDU_MAX);
	adu[0] = unit;
	memcpy(adu + 1, pdu, n);
	crc = rtu_crc(adu, n + 1);
	adu[n + 1] = crc & 0xff;
	adu[n + 2] = crc >> 8;
	return n + 3;
}

static unsigned u16_at(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

size_t rtu_reply_length(const uint8_t *p, size_t n)
{
	if (n < 2)
		return SIZE_MAX;
	switch (p[1] & ~RTU_EXCEPTION) {
	case MODBUS_READ_COILS:
	case MODBUS_READ_DISCRETE:
	case MODBUS_READ_HOLDING:
	case MODBUS_READ_INPUT:
		if (p[1] & RTU_EXCEPTION)
			return 5;
		if (n < 3)
			return SIZE_MAX;
		/* A byte count no reply can have. */
		if (p[2] == 0 || p[2] > 250 || ((p[1] == 3 || p[1] == 4) && p[2] % 2))
			return 0;
		return 5u + p[2];
	case MODBUS_WRITE_COIL:
	case MODBUS_WRITE_REGISTER:
	case MODBUS_WRITE_COILS:
	case MODBUS_WRITE_REGISTERS: return p[1] & RTU_EXCEPTION ? 5 : 8;
	default: return 0;
	}
}

struct rtu_shape rtu_shape_of_read(uint8_t function, uint16_t count)
{
	bool is_bits = function <= MODBUS_READ_DISCRETE;

	return (struct rtu_shape){function, is_bits ? (count + 7u) / 8u : 2u * count};
}

struct rtu_shape rtu_shape_of_request(const uint8_t *pdu)
{
	if (pdu[0] <= MODBUS_READ_INPUT)
		return rtu_shape_of_read(pdu[0], (uint16_t)u16_at(pdu + 3));
	return (struct rtu_shape){pdu[0], (uint32_t)u16_at(pdu + 1) << 16 | u16_at(pdu + 3)};
}

struct rtu_shape rtu_shape_of_reply(const uint8_t *pdu)
{
	if (pdu[0] & RTU_EXCEPTION || pdu[0] <= MODBUS_READ_INPUT)
		return (struct rtu_shape){pdu[0], pdu[1]};
	return (struct rtu_shape){pdu[0], (uint32_t)u16_at(pdu + 1) << 16 | u16_at(pdu + 3)};
}

size_t rtu_answer_length(const uint8_t *pdu, size_t n)
{
	if (n < 5)
		return 0;
	if (pdu[0] >= MODBUS_READ_COILS && pdu[0] <= MODBUS_READ_INPUT)
		return 5 + rtu_shape_of_request(pdu).key;
	if (pdu[0] == MODBUS_WRITE_COIL || pdu[0] == MODBUS_WRITE_REGISTER ||
	    pdu[0] == MODBUS_WRITE_COILS || pdu[0] == MODBUS_WRITE_REGISTERS)
		return 8;
	return 0;
}

void rtu_rx_clear(struct rtu_rx *rx)
{
	rx->noise += rx->end - rx->at;
	rx->at = rx->end = 0;
}

static void rx_drop(struct rtu_rx *rx, size_t n)
{
	rx->at += n;
	if (rx->at == rx->end)
		rx->at = rx->end = 0;
}

void rtu_rx_add(struct rtu_rx *rx, const uint8_t *p, size_t n)
{
	if (n > sizeof(rx->buf)) {
		rx->noise += n - sizeof(rx->buf);
		p += n - sizeof(rx->buf);
		n = sizeof(rx->buf);
	}
	if (rx->end + n > sizeof(rx->buf)) {
		size_t keep = rx->end - rx->at;

		if (keep > sizeof(rx->buf) - n) {
			size_t drop = keep - (sizeof(rx->buf) - n);

			rx->noise += drop;
			rx->at += drop;
			keep -= drop;
		}
		memmove(rx->buf, rx->buf + rx->at, keep);
		rx->at = 0;
		rx->end = keep;
	}
	memcpy(rx->buf + rx->end, p, n);
	rx->end += n;
}

static bool crc_ok(const uint8_t *p, size_t n)
{
	uint16_t crc = rtu_crc(p, n - 2);

	return p[n - 2] == (crc & 0xff) && p[n - 1] == crc >> 8;
}

static bool unit_known(const struct rtu_expect *e, uint8_t unit)
{
	return e->units[unit / 8] >> (unit % 8) & 1;
}

static bool is_answer(const struct rtu_expect *e, uint8_t unit, struct rtu_shape s)
{
	if (!e->shape.function || unit != e->unit)
		return false;
	return rtu_shape_equal(s, e->shape) || s.function == (e->shape.function | RTU_EXCEPTION);
}

/* Is the whole expected answer at p? */
static bool answer_at(const struct rtu_expect *e, const uint8_t *p, size_t n)
{
	size_t len;

	if (n < 5 || p[0] != e->unit)
		return false;
	len = rtu_reply_length(p, n);
	if (len == 0 || len > n)
		return false;
	return is_answer(e, p[0], rtu_shape_of_reply(p + 1)) && crc_ok(p, len);
}

/* Offset of the expected answer behind the head, 0 if there is none. */
static size_t find_answer(const struct rtu_rx *rx, const struct rtu_expect *e)
{
	for (size_t i = rx->at + 1; i < rx->end; i++)
		if (answer_at(e, rx->buf + i, rx->end - i))
			return i - rx->at;
	return 0;
}

bool rtu_next(struct rtu_rx *rx, const struct rtu_expect *e, bool final, struct rtu_frame *out)
{
	while (rx->at < rx->end) {
		const uint8_t *p = rx->buf + rx->at;
		size_t n = rx->end - rx->at;
		size_t skip = 1;

		if (unit_known(e, p[0])) {
			size_t len = rtu_reply_length(p, n);

			if (len && len <= n && crc_ok(p, len)) {
				out->unit = p[0];
				out->pdu = p + 1;
				out->pdu_n = len - 3;
				out->shape = rtu_shape_of_reply(p + 1);
				out->is_answer = is_answer(e, p[0], out->shape);
				rx_drop(rx, len);
				return true;
			}
			if (len > n && !final) {
				skip = e->shape.function ? find_answer(rx, e) : 0;
				if (!skip)
					return false;
			}
		}
		rx->noise += skip;
		rx_drop(rx, skip);
	}
	return false;
}
