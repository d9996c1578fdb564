/* SPDX-License-Identifier: MIT
 *
 * The io link: benchd-io <-> benchd, SOCK_SEQPACKET, one message per packet, little endian, fixed
 * layouts, version 5. Every field is checked on arrival by io_decode; a message that fails closes
 * the link. benchd listens (STATE/io.sock); each benchd-io connects, or inherits a socketpair.
 *
 *	io -> benchd				benchd -> io
 *	HELLO	who, fixture hash, time scale	WELCOME	time scale
 *						KNOWN	what a device said it is, when it last counted
 *	CALIBRATED which one is in force, or	CALIBRATION of a channel, by which interlocks
 *		why not				judge its readings too
 *	SAMPLES	a batch per cycle; an empty	IMAGE	a bay's whole output image: the lease
 *		one when all is still		SAFE	drop, stop, reset, check of a bay
 *	BAY	a bay's state, with the reason
 *	LABELED	what became of it		LABEL	one job for a label printer
 *	TRIP	an interlock or lease dropped bays
 *	PROOF	the answer to SAFE, and the proof at start
 *	INPUT	a scanned line, a button
 *	DEVICE	a device was lost or is back
 *	LINE	how a device's answers come, beside the plan
 *
 * Leases: an IMAGE holds the bay's outputs for IO_LEASE_NS of wire time. It is sent every
 * IO_IMAGE_NS. An IMAGE is honoured only in states READY and ACTIVE; the first one makes the bay
 * ACTIVE. A drop (TRIP) or stop ends the lease: later images of the same lease number are refused,
 * so nothing resumes.
 *
 * Calibrations: after WELCOME benchd-io judges by those of the fixture file; benchd sends one for
 * each channel that has any, and again whenever a new one is recorded, and begins no run on a bay
 * before each is confirmed. What a CALIBRATION changes can make an interlock trip earlier, never
 * later: rig/interlock.c.
 */
#ifndef LINK_IO_H
#define LINK_IO_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "link/sample.h"

enum {
	IO_VERSION = 5,
	IO_MESSAGE_MAX = 8192,
	IO_SAMPLES_MAX = 200,
	IO_OUTPUTS_MAX = 64,
	IO_TEXT_MAX = 160,
	IO_IDENTITY_MAX = 80,
	IO_LABEL_LINES_MAX = 8,
	IO_LABEL_TEXT_MAX = 121, /* bytes of UTF-8 with the NUL */
	IO_LABEL_COPIES_MAX = 5
};
/* Of calibrations; equal to what a fixture's schema takes. */
enum { IO_CALIBRATIONS_MAX = 1000000 };
/* Bounds of the indices; equal to those of plan/fixture.h (checked where both are known). */
enum {
	IO_BAYS_MAX = 8,
	IO_CHANNELS_MAX = 256,
	IO_DEVICES_MAX = 128,
	IO_INTERLOCKS_MAX = 64,
	IO_TRIP_CLASSES = 10,
	IO_SPEED_MAX = 20
};
#define IO_IMAGE_NS ((int64_t)100000000)
#define IO_LEASE_NS ((int64_t)500000000)

enum io_type {
	IO_HELLO = 1,
	IO_WELCOME,
	IO_SAMPLES,
	IO_BAY,
	IO_IMAGE,
	IO_TRIP,
	IO_SAFE,
	IO_PROOF,
	IO_INPUT,
	IO_DEVICE,
	IO_LINE,
	IO_KNOWN,
	IO_CALIBRATION,
	IO_CALIBRATED,
	IO_LABEL,
	IO_LABELED,
	IO_LAST = IO_LABELED
};

enum bay_state {
	BAY_SECURING = 1, /* at start: drop, stop and proof are under way */
	BAY_NOT_READY,	  /* a device it needs is missing; reason */
	BAY_READY,	  /* proven safe, all devices answer */
	BAY_ACTIVE,	  /* a lease holds its outputs */
	BAY_STOPPING,	  /* drop or ordered stop, then proof, under way */
	BAY_TRIPPED,	  /* dropped and proven; waits for reset */
	BAY_LOCKED	  /* not proven safe, or a read-back contradicts: reset proves again */
};
const char *bay_state_name(enum bay_state s);

enum safe_what { SAFE_DROP = 1, SAFE_STOP, SAFE_RESET, SAFE_CHECK };
/* SAFE_RESET: PROOF answers at once, not proven and the bay's state as it was, where the bay cannot
 * be reset now: an interlock's condition still stands.
 * SAFE_CHECK: identity of every device the bay needs, read-back of all outputs; answered by PROOF
 * with after = SAFE_CHECK. PROOF with token 0 and after = SAFE_RESET: the proof at start. */

/* UNKNOWN: bytes of the job went out, and the printer did not say that it has printed it. */
enum label_outcome { LABEL_PRINTED = 1, LABEL_NOT_PRINTED, LABEL_UNKNOWN };

struct io_msg {
	enum io_type type;
	union {
		struct {
			uint32_t version;
			char rig[64];
			uint8_t fixture_hash[32];
			uint8_t simulated;
			uint32_t pid;
			uint32_t speed;	   /* its own scale; another than benchd's is refused */
			int64_t origin_ns; /* means nothing at speed 1 */
		} hello;
		struct {
			uint32_t version;
			int64_t origin_ns; /* struct clock_scale */
			uint32_t speed;
		} welcome;
		struct {
			uint16_t count;
			struct sample at[IO_SAMPLES_MAX];
		} samples;
		struct {
			uint8_t bay, state;
			uint32_t lease; /* the lease in force or the last one */
			char reason[IO_TEXT_MAX];
		} bay;
		struct {
			uint8_t bay;
			uint32_t lease; /* number of the run's lease: ascending, never 0 */
			uint32_t seq;	/* ascending within the lease */
			uint16_t count; /* the bay's outputs, in fixture order */
			double value[IO_OUTPUTS_MAX];
		} image;
		struct {
			uint32_t bays; /* bit per bay dropped */
			uint8_t class; /* enum trip_class */
			/* fixture index, -1: none (lease lost, device lost, on-time, read-back) */
			int16_t interlock;
			double value;
			char reason[IO_TEXT_MAX];
		} trip;
		struct {
			uint8_t bay, what; /* enum safe_what */
			uint32_t token;
		} safe;
		struct {
			uint8_t bay, after; /* enum safe_what that it proves */
			uint8_t proven;	    /* 1 only if read back and shown by physics */
			uint32_t token;
			int64_t took_ns; /* run time: from the order to the proof */
			/* what is not as it should be, or how it was shown */
			char detail[IO_TEXT_MAX];
		} proof;
		struct {
			uint8_t bay;
			char name[64]; /* "scan", "start_button", "reset_button" */
			char text[IO_TEXT_MAX];
		} input;
		struct {
			uint16_t device;
			uint8_t present;
			char reason[IO_TEXT_MAX]; /* device on which port and why */
			/* Present: the registers that have to stay as they are, "2:b001 3:0007.1234";
			 * "" when it can tell nothing. */
			char identity[IO_IDENTITY_MAX];
		} device;
		struct {
			uint16_t device;
			/* As it was told before, perhaps to another benchd; "": whatever it says next
			 * is who it is from then on. */
			char identity[IO_IDENTITY_MAX];
		} known;
		struct { /* value = gain * scaled + offset, in the channel's unit */
			uint16_t channel;
			uint32_t revision;
			double gain, offset;
		} calibration;
		struct {
			uint16_t channel;
			uint32_t revision;	  /* in force there now, 0: none */
			char reason[IO_TEXT_MAX]; /* why not the one that was sent; "": it is */
		} calibrated;
		struct {
			uint16_t device;
			uint8_t damaged;	/* of its last 100 answers, 0: fewer than 10 */
			uint32_t turnaround_us; /* slowly averaged */
			double load, planned;	/* of its bus: part of the time it is busy */
		} line;
		struct {
			uint16_t device;
			uint32_t token;
			uint8_t copies;
			char qr[IO_LABEL_TEXT_MAX]; /* "": none */
			uint8_t count;
			char line[IO_LABEL_LINES_MAX][IO_LABEL_TEXT_MAX]; /* from the top */
		} label;
		struct {
			uint16_t device;
			uint32_t token;
			uint8_t outcome;	  /* enum label_outcome */
			char reason[IO_TEXT_MAX]; /* unless it is printed */
		} labeled;
	} u;
};

const char *io_type_name(enum io_type t);     /* "hello" ..., "?" for others */
const char *safe_what_name(enum safe_what w); /* "drop" "stop" "reset" "check", "?" */

/* Returns the length, or ERR_RANGE (a bug of the caller's). dst holds IO_MESSAGE_MAX. */
int io_encode(const struct io_msg *m, uint8_t *dst, size_t size);
/* 0, or ERR_PROTOCOL with which field is wrong. Texts are NUL terminated clean UTF-8 afterwards,
 * numbers within the bounds above, doubles finite (samples' values may be NaN unless good). After
 * an error *m holds nothing of use. */
int io_decode(struct io_msg *m, const uint8_t *p, size_t n, struct error *err);

#endif
