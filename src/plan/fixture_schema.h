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
	const char *scanner, *printer;
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

/* What the readers of its parts share. One round tells every mistake: what was refused is left out
 * and nothing that refers to it is called wrong. A set of names is open when some of it may be
 * missing; no name is unknown then. */
struct fixture_build {
	const struct yaml *y;
	struct fixture *f;
	int mistakes; /* told so far */
	bool buses_open, devices_open, bays_open, channels_open, outputs_open;
	bool dead_man_open; /* any output may be the dead-man line */
	bool stop_open;	    /* the stop order may set further outputs */
	/* per item: it may be in fewer bays than its bits say; which values it takes, and which is
	 * the safe one, is not known */
	bool channel_bays_open[FIXTURE_CHANNELS_MAX];
	bool output_bays_open[FIXTURE_OUTPUTS_MAX];
	bool values_open[FIXTURE_OUTPUTS_MAX];
	bool safe_open[FIXTURE_OUTPUTS_MAX];
	bool stop_unclear[FIXTURE_OUTPUTS_MAX]; /* a step of the stop order may set it */
};

/* Was anything of these keys refused, or may a misspelt key have meant one? Ends with NULL. */
bool fixture_unclear(const struct schema_item *item, const char *const *keys);
/* How many of the list are read; tells when there are too many. */
int fixture_count(struct fixture_build *b, const struct raw_fixture *raw, const char *key,
		  const struct schema_list *list, int max, bool *open);

/* fixture_port.c: the port of that bus, against those before it. */
void fixture_check_port(struct fixture_build *b, const struct raw_bus *all, int index);
/* fixture_wires.c: buses, devices, bays. */
void fixture_read_wires(struct fixture_build *b, const struct raw_fixture *raw);
/* "device.point" -> device index and point. text NULL: it was refused. */
bool fixture_read_point(struct fixture_build *b, const struct yaml_node *node, const char *text,
			uint16_t *device, const char **point);
/* The bays named in the item, all of them when none is, or when that is not clear (open). */
uint32_t fixture_read_bays(struct fixture_build *b, const struct schema_item *item,
			   const struct schema_texts *names, bool *open);
/* fixture_channels.c */
void fixture_read_channels(struct fixture_build *b, const struct raw_fixture *raw);
/* After the outputs: expressions of channels. */
void fixture_read_frozen(struct fixture_build *b, const struct raw_fixture *raw);
/* fixture_outputs.c */
void fixture_read_outputs(struct fixture_build *b, const struct raw_fixture *raw);
/* fixture_safety.c: interlocks, stop, proof, dead man, supply. */
void fixture_read_safety(struct fixture_build *b, const struct raw_fixture *raw);
/* A boolean expression over the first of these bays, or over any when they are open; NULL after a
 * problem and when it uses something that was refused. node NULL: it was refused itself. */
struct expr *fixture_read_expr(struct fixture_build *b, const struct yaml_node *node, uint32_t bays,
			       bool open);
/* Does it compare with what its channels can read, in every one of the bays? idle: it may be never
 * true, for nothing but what is unknown is to count. */
void fixture_check_condition(struct fixture_build *b, const struct yaml_node *node,
			     const struct expr *e, uint32_t bays, bool idle);
void fixture_bad(struct fixture_build *b, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
