/* SPDX-License-Identifier: MIT
 *
 * Modbus RTU frames: CRC, lengths, shapes, and finding replies in a stream of bytes that may hold
 * noise, echoes, foreign and late frames. Pure; any thread.
 *
 * A "shape" is all that tells one reply of a slave from another. Replies to reads carry no
 * address: two reads of the same function and length have the same shape, and a late reply to
 * the first would pass for the second. See src/bus/taint.h for what is done about it.
 */
#ifndef BUS_RTU_H
#define BUS_RTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTU_ADU_MAX = 256, RTU_PDU_MAX = 253, RTU_EXCEPTION = 0x80 };

/* CRC of Modbus over serial line V1.02, 6.2.2. On the wire the low byte comes first. */
uint16_t rtu_crc(const uint8_t *p, size_t n);
/* Slave, PDU and CRC into adu (RTU_ADU_MAX bytes); returns n + 3. n at most RTU_PDU_MAX. */
size_t rtu_build(uint8_t *adu, uint8_t unit, const uint8_t *pdu, size_t n);
/* Length of the reply frame that begins at p: SIZE_MAX while more bytes are needed to
 * tell, 0 when no reply begins like this. Functions 1-6, 15, 16 and their exceptions. */
size_t rtu_reply_length(const uint8_t *p, size_t n);
/* Length of the reply ADU to that request PDU; 0 if the function is not supported. */
size_t rtu_answer_length(const uint8_t *pdu, size_t n);

struct rtu_shape {
	uint8_t function; /* 0: none; with RTU_EXCEPTION for a refusal */
	uint32_t key;	  /* reads: byte count; 5, 6: address << 16 | value; 15, 16: address << 16 |
			   * count;     exceptions: the code */
};
/* Shape of the proper reply to a request PDU (at least 5 bytes of a supported function). */
struct rtu_shape rtu_shape_of_request(const uint8_t *pdu);
/* Shape of a read's reply without building the request. */
struct rtu_shape rtu_shape_of_read(uint8_t function, uint16_t count);
/* Shape of a complete reply PDU. */
struct rtu_shape rtu_shape_of_reply(const uint8_t *pdu);
static inline bool rtu_shape_equal(struct rtu_shape a, struct rtu_shape b)
{
	return a.function == b.function && a.key == b.key;
}

/* Received bytes, oldest first. Zero it to start. When full, the oldest bytes go. */
struct rtu_rx {
	uint8_t buf[1024];
	size_t at, end;
	uint64_t noise; /* bytes that belonged to no frame */
};
void rtu_rx_clear(struct rtu_rx *rx);
void rtu_rx_add(struct rtu_rx *rx, const uint8_t *p, size_t n);
static inline size_t rtu_rx_count(const struct rtu_rx *rx)
{
	return rx->end - rx->at;
}

struct rtu_frame {
	uint8_t unit;
	struct rtu_shape shape;
	const uint8_t *pdu; /* in rx, until the next call on it */
	size_t pdu_n;
	bool is_answer; /* the expected slave, and its shape or an exception to its function */
};
struct rtu_expect {
	uint8_t unit;
	struct rtu_shape shape; /* of a normal reply */
	uint8_t units[32]; /* bit per slave that is known on this line: a frame that seems to begin
			    * with another one is noise */
};
/* Take the next valid frame out of rx. false: none yet. A frame that has begun and could still
 * be completed is waited for, unless final, or unless the expected answer stands behind it. */
bool rtu_next(struct rtu_rx *rx, const struct rtu_expect *e, bool final, struct rtu_frame *out);

#endif
