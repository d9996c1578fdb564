/* SPDX-License-Identifier: MIT
 *
 * What goes wrong on a wire and behind it: one table of faults, and the code that spoils replies.
 * The same code works under virtual time (sim/wire.h), on benchsim's pseudo-terminals and on its
 * TCP ports. Rows are those of the fault catalogue (B: bus, D: device, R: relay).
 *
 * A fault is told as TARGET:NAME[=K][/SHARE]: TARGET is a device or a bus of the fixture, K its
 * severity (see the table), SHARE the part of the transactions it hits (1). Pure; no clock.
 */
#ifndef SIM_WIRE_FAULT_H
#define SIM_WIRE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "bus/rtu.h"
#include "rig/register.h"
#include "sim/rng.h"

enum wire_fault {
	WIRE_FINE = 0,
	/* the frame */
	WIRE_SILENCE, /* the device acted, its reply is lost */
	WIRE_LOST,    /* the request is lost: the device is dead */
	WIRE_BAD_CRC,
	WIRE_LATE,	/* K seconds */
	WIRE_EXCEPTION, /* code K; the device acted */
	WIRE_TRUNCATED, /* the last K bytes */
	WIRE_NOISE,	/* K bytes in front */
	WIRE_HANG_UP,	/* the port is gone for K seconds; on a pty it comes back as another one */
	WIRE_FLIP,	/* K bits */
	WIRE_SPLIT,	/* behind byte K; 0: behind each */
	WIRE_EXTRA,	/* K bytes behind */
	WIRE_ECHO,	/* the adapter hears itself */
	WIRE_WRONG_SLAVE,
	WIRE_TWO_SLAVES, /* a second one answers the same, otherwise */
	WIRE_WRONG_ECHO, /* of a write: another value */
	WIRE_WRONG_COUNT,
	WIRE_WRONG_FUNCTION,
	WIRE_WRONG_BAUD, /* garbage, and the device hears none */
	WIRE_FLOOD,	 /* noise without end, K bytes a second; 0: as many as the line carries */
	WIRE_STORM,	 /* another master, a dialog every K seconds */
	/* TCP */
	WIRE_RESET,
	WIRE_HALF_OPEN, /* the peer is gone, its connection stands */
	WIRE_WRONG_ID,
	WIRE_MERGED, /* an older reply in the same segment */
	/* the device */
	WIRE_REBOOT,	   /* gone for K seconds; outputs fall, counters start at 0 */
	WIRE_OTHER_DEVICE, /* another one at that address: register K differs, 0: all */
	WIRE_FROZEN,	   /* the same words again and again */
	WIRE_OPEN_LOOP,
	WIRE_SHORTED,	   /* K mA, others at full scale */
	WIRE_OUT_OF_RANGE, /* at the end of what its registers can say */
	WIRE_NAN,	   /* NaN, or 0x8000 and its like */
	WIRE_SWAPPED,	   /* words of 32 bits, bytes of 16 */
	WIRE_SPIKE,	   /* K times the value */
	WIRE_IGNORES,	   /* writes are acknowledged, nothing moves */
	WIRE_HALF,	   /* writes end half done */
	WIRE_FAULTS
};
enum wire_layer { WIRE_ON_LINE = 1, WIRE_ON_TCP, WIRE_IN_DEVICE };

struct wire_fault_info {
	const char *name;
	enum wire_layer layer;
	const char *rows;
	double k, lo, hi;   /* default of K and its range; lo == hi: it has none */
	const char *k_unit; /* what K is, NULL without */
	const char *what;   /* one line for people */
};
/* NULL beyond the table. */
const struct wire_fault_info *wire_fault_info(enum wire_fault f);
const char *wire_fault_name(enum wire_fault f);
/* WIRE_FAULTS: not known. "none" is WIRE_FINE. */
enum wire_fault wire_fault_find(const char *name, size_t n);

/* What is in force for one transaction. */
struct wire_effect {
	enum wire_fault kind;
	double k;
};
static inline struct wire_effect wire_effect_of(enum wire_fault kind)
{
	return (struct wire_effect){kind, wire_fault_info(kind) ? wire_fault_info(kind)->k : 0};
}

/* ---- bytes on their way ---- */

enum { WIRE_BYTES_MAX = 2 * RTU_ADU_MAX + 8, WIRE_FRAMES_MAX = 2 };

/* Sent in pieces: the first of `first` bytes at at_ns, then `piece` bytes each gap_ns. */
struct wire_frame {
	int64_t at_ns; /* of the next piece */
	uint8_t bytes[WIRE_BYTES_MAX];
	size_t n, sent, first, piece;
	int64_t gap_ns;
};
/* Bytes that are due now, to be sent as one: returns how many and where they begin; the frame is
 * over when sent == n. */
size_t wire_frame_next(struct wire_frame *f, const uint8_t **bytes);

struct wire_reply {
	struct wire_frame frames[WIRE_FRAMES_MAX]; /* at_ns: after the reply's regular time */
	int count;
};
struct wire_medium {
	int64_t char_ns; /* 0: as fast as it goes */
	struct rng *rng;
};

/* The PDU of a device's reply, in place (max 256 bytes); returns its new length. */
size_t wire_spoil_pdu(const struct wire_effect *e, const uint8_t *request, size_t n, uint8_t *reply,
		      size_t got);
/* The ADU of a reply on a serial line, with that of its request. n 0: the device is silent. */
void wire_spoil_rtu(const struct wire_effect *e, const struct wire_medium *line,
		    const uint8_t *request, size_t request_n, const uint8_t *adu, size_t n,
		    struct wire_reply *out);
/* The same of Modbus TCP. */
void wire_spoil_tcp(const struct wire_effect *e, const struct wire_medium *line, const uint8_t *adu,
		    size_t n, struct wire_reply *out);
/* What a client's own framing (bus/mbap.h) makes of that: the PDU of *n bytes, in place, or a negative
 * enum err. Bytes behind the answer, which break the next transaction, are an error at once. */
int wire_receive_tcp(const struct wire_effect *e, const struct wire_medium *line, uint8_t unit,
		     uint8_t *pdu, size_t *n, struct error *err);
/* Does the device hear the request at all? */
bool wire_is_heard(const struct wire_effect *e);
/* What stands on a line that nobody asked: up to max bytes of flood or storm; units[] are those of
 * the line. *wait_ns: until the next. 0: nothing. */
size_t wire_babble(const struct wire_effect *e, const struct wire_medium *line,
		   const uint8_t *units, int unit_count, uint8_t *out, size_t max,
		   int64_t *wait_ns);
/* Words of a value as a faulty device tells them. */
void wire_spoil_words(const struct wire_effect *e, enum register_type type, uint16_t *words);

#endif
