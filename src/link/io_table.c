/* SPDX-License-Identifier: MIT */
#include "io_table.h"

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

static const struct io_field hello[] = {
	WHOLE(F_U32, hello, version, IO_VERSION, IO_VERSION),
	TEXT(hello, rig, 1),
	{"fixture_hash", F_BYTES, AT(hello, fixture_hash), 32, 0, 0, false},
	WHOLE(F_U8, hello, simulated, 0, 1),
	WHOLE(F_U32, hello, pid, 1, INT32_MAX),
	WHOLE(F_U32, hello, speed, 1, IO_SPEED_MAX),
	TIME(hello, origin_ns),
};
static const struct io_field welcome[] = {
	WHOLE(F_U32, welcome, version, IO_VERSION, IO_VERSION),
	TIME(welcome, origin_ns),
	WHOLE(F_U32, welcome, speed, 1, IO_SPEED_MAX),
};
static const struct io_field samples[] = {
	WHOLE(F_U16, samples, count, 0, IO_SAMPLES_MAX),
};
#define SAMPLE(k, f, l, h)                                                                         \
	{                                                                                          \
#f, k, offsetof(struct sample, f), 0, l, h, false                                  \
	}
static const struct io_field sample_item[] = {
	SAMPLE(F_U16, channel, 0, IO_CHANNELS_MAX - 1),
	SAMPLE(F_U8, quality, QUALITY_GOOD, QUALITY_FROZEN),
	SAMPLE(F_U32, updates, 0, UINT32_MAX),
	SAMPLE(F_I64, raw, INT64_MIN, INT64_MAX),
	{"value", F_REAL, offsetof(struct sample, value), 0, 0, 0, true},
	SAMPLE(F_I64, at_ns, 0, INT64_MAX),
	SAMPLE(F_U32, calibration, 0, IO_CALIBRATIONS_MAX),
};
static const struct io_field bay[] = {
	BAY(bay),
	WHOLE(F_U8, bay, state, BAY_SECURING, BAY_LOCKED),
	WHOLE(F_U32, bay, lease, 0, UINT32_MAX),
	TEXT(bay, reason, 0),
};
static const struct io_field image[] = {
	BAY(image),
	WHOLE(F_U32, image, lease, 1, UINT32_MAX),
	WHOLE(F_U32, image, seq, 0, UINT32_MAX),
	WHOLE(F_U16, image, count, 1, IO_OUTPUTS_MAX),
};
static const struct io_field image_item[] = {
	{"value", F_REAL, 0, 0, 0, 0, false},
};
static const struct io_field trip[] = {
	WHOLE(F_U32, trip, bays, 1, (1 << IO_BAYS_MAX) - 1),
	WHOLE(F_U8, trip, class, 0, IO_TRIP_CLASSES - 1),
	WHOLE(F_I16, trip, interlock, -1, IO_INTERLOCKS_MAX - 1),
	{"value", F_REAL, AT(trip, value), 0, 0, 0, false},
	TEXT(trip, reason, 1),
};
static const struct io_field safe[] = {
	BAY(safe),
	WHOLE(F_U8, safe, what, SAFE_DROP, SAFE_CHECK),
	WHOLE(F_U32, safe, token, 0, UINT32_MAX),
};
static const struct io_field proof[] = {
	BAY(proof),
	WHOLE(F_U8, proof, after, SAFE_DROP, SAFE_CHECK),
	WHOLE(F_U8, proof, proven, 0, 1),
	WHOLE(F_U32, proof, token, 0, UINT32_MAX),
	TIME(proof, took_ns),
	TEXT(proof, detail, 0),
};
static const struct io_field input[] = {
	BAY(input),
	TEXT(input, name, 1),
	TEXT(input, text, 0),
};
static const struct io_field device[] = {
	WHOLE(F_U16, device, device, 0, IO_DEVICES_MAX - 1),
	WHOLE(F_U8, device, present, 0, 1),
	TEXT(device, reason, 0),
	TEXT(device, identity, 0),
};
static const struct io_field known[] = {
	WHOLE(F_U16, known, device, 0, IO_DEVICES_MAX - 1),
	TEXT(known, identity, 0),
};
#define REVISION(m, lo) WHOLE(F_U32, m, revision, lo, IO_CALIBRATIONS_MAX)
static const struct io_field calibration[] = {
	WHOLE(F_U16, calibration, channel, 0, IO_CHANNELS_MAX - 1),
	REVISION(calibration, 1),
	{"gain", F_REAL, AT(calibration, gain), 0, 0, 0, false},
	{"offset", F_REAL, AT(calibration, offset), 0, 0, 0, false},
};
static const struct io_field calibrated[] = {
	WHOLE(F_U16, calibrated, channel, 0, IO_CHANNELS_MAX - 1),
	REVISION(calibrated, 0),
	TEXT(calibrated, reason, 0),
};
static const struct io_field line[] = {
	WHOLE(F_U16, line, device, 0, IO_DEVICES_MAX - 1),
	WHOLE(F_U8, line, damaged, 0, 100),
	WHOLE(F_U32, line, turnaround_us, 0, UINT32_MAX),
	{"load", F_REAL, AT(line, load), 0, 0, 0, false},
	{"planned", F_REAL, AT(line, planned), 0, 0, 0, false},
};
static const struct io_field label[] = {
	WHOLE(F_U16, label, device, 0, IO_DEVICES_MAX - 1),
	WHOLE(F_U32, label, token, 1, UINT32_MAX),
	WHOLE(F_U8, label, copies, 1, IO_LABEL_COPIES_MAX),
	TEXT(label, qr, 0),
	WHOLE(F_U8, label, count, 1, IO_LABEL_LINES_MAX),
};
static const struct io_field label_item[] = {
	{"line", F_TEXT, 0, IO_LABEL_TEXT_MAX, 1, 0, false},
};
static const struct io_field labeled[] = {
	WHOLE(F_U16, labeled, device, 0, IO_DEVICES_MAX - 1),
	WHOLE(F_U32, labeled, token, 1, UINT32_MAX),
	WHOLE(F_U8, labeled, outcome, LABEL_PRINTED, LABEL_UNKNOWN),
	TEXT(labeled, reason, 0),
};

const struct io_layout io_layouts[IO_LAST + 1] = {
	[IO_HELLO] = LAYOUT("hello", hello),
	[IO_WELCOME] = LAYOUT("welcome", welcome),
	[IO_SAMPLES] = {"samples", samples, COUNT_OF(samples), sample_item, COUNT_OF(sample_item),
			AT(samples, at), sizeof(struct sample)},
	[IO_BAY] = LAYOUT("bay", bay),
	[IO_IMAGE] = {"image", image, COUNT_OF(image), image_item, COUNT_OF(image_item),
		      AT(image, value), sizeof(double)},
	[IO_TRIP] = LAYOUT("trip", trip),
	[IO_SAFE] = LAYOUT("safe", safe),
	[IO_PROOF] = LAYOUT("proof", proof),
	[IO_INPUT] = LAYOUT("input", input),
	[IO_DEVICE] = LAYOUT("device", device),
	[IO_LINE] = LAYOUT("line", line),
	[IO_KNOWN] = LAYOUT("known", known),
	[IO_CALIBRATION] = LAYOUT("calibration", calibration),
	[IO_CALIBRATED] = LAYOUT("calibrated", calibrated),
	[IO_LABEL] = {"label", label, COUNT_OF(label), label_item, COUNT_OF(label_item),
		      AT(label, line), IO_LABEL_TEXT_MAX},
	[IO_LABELED] = LAYOUT("labeled", labeled),
};
