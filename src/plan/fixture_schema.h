/* SPDX-License-Identifier: MIT
 *
 * The fixture file as written, before names are resolved. Private to src/plan/fixture*.c.
 */
#ifndef PLAN_FIXTURE_SCHEMA_H
#define PLAN_FIXTURE_SCHEMA_H

#include "base/schema.h"
#include "plan/fixture.h"

struct raw_bus {
	struct schema_item item;
	int kind;
	const char *port;
	int baud, parity, stop_bits;
	int64_t turnaround_ns, reply_timeout_ns, extra_gap_ns;
};

struct raw_device {
	struct schema_item item;
	const char *driver, *bus;
	int unit_id;
	struct schema_list options;
};

struct raw_bay {
	struct schema_item item;
	const char *scanner;
};

struct raw_frozen {
	struct schema_item item;
	int after;
	const struct yaml_node *while_;
};

struct raw_calibration {
	struct schema_item item;
	int revision;
	double gain;
	const struct yaml_node *offset;
	const char *done, *due, *reference;
};

struct raw_channel {
	struct schema_item item;
	const char *name, *point;
	struct schema_title title;
	struct schema_texts bays;
	int quantity, scale;
	const struct yaml_node *unit, *offset, *resolution, *uncertainty;
	struct schema_range from, to, range;
	double gain, per_litre;
	bool active_low;
	int64_t poll_ns, update_ns, stale_ns, debounce_ns;
	struct raw_frozen *frozen;
	struct raw_calibration *calibration;
};

struct raw_output {
	struct schema_item item;
	const char *name, *point;
	struct schema_title title;
	struct schema_texts bays;
	int kind, quantity;
	bool normally_open, trips;
	double gain, offset, supply_flow;
	const struct yaml_node *safe;
	struct schema_range range;
	int64_t max_on_ns;
};

struct raw_interlock {
	struct schema_item item;
	struct schema_title title;
	struct schema_texts bays;
	int class;
	bool whole_rig, unknown_trips;
	const struct yaml_node *when;
	int64_t debounce_ns;
};

struct raw_stop {
	struct schema_item item;
	const char *set;
	const struct yaml_node *to;
	int64_t wait_ns;
};

struct raw_proof {
	struct schema_item item;
	int64_t within_ns;
	struct schema_texts holds;
};

struct raw_supply {
	struct schema_item item;
	double capacity;
	int64_t stagger_ns;
};

struct raw_fixture {
	struct schema_item item;
	const char *name, *dead_man;
	struct schema_title title;
	bool simulated;
	struct schema_list buses, devices, bays, channels, outputs, interlocks, stop;
	struct raw_proof *proof;
	struct raw_supply *supply;
};

/* What the readers of its parts share. */
struct fixture_build {
	const struct yaml *y;
	struct fixture *f;
	bool bad;
};

/* fixture_wires.c: buses, devices, bays. */
void fixture_read_wires(struct fixture_build *b, const struct raw_fixture *raw);
/* "device.point" -> device index and point. */
bool fixture_read_point(struct fixture_build *b, const struct yaml_node *node, const char *text,
			uint16_t *device, const char **point);
/* The bays named, all of them when none is. 0 after a problem. */
uint32_t fixture_read_bays(struct fixture_build *b, const struct schema_texts *names);
/* fixture_channels.c */
void fixture_read_channels(struct fixture_build *b, const struct raw_fixture *raw);
/* After the outputs: expressions of channels. */
void fixture_read_frozen(struct fixture_build *b, const struct raw_fixture *raw);
/* fixture_outputs.c */
void fixture_read_outputs(struct fixture_build *b, const struct raw_fixture *raw);
/* fixture_safety.c: interlocks, stop, proof, dead man, supply. */
void fixture_read_safety(struct fixture_build *b, const struct raw_fixture *raw);
/* A boolean expression over the first of these bays; NULL after a problem. */
struct expr *fixture_read_expr(struct fixture_build *b, const struct yaml_node *node,
			       uint32_t bays);
void fixture_bad(struct fixture_build *b, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
