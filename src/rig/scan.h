/* SPDX-License-Identifier: MIT
 *
 * Private to the commissioning files of src/rig.
 */
#ifndef RIG_SCAN_H
#define RIG_SCAN_H

#include "base/text.h"
#include "bus/port.h"
#include "bus/rtu.h"
#include "rig/driver.h"

enum { COMMISSION_DONE = 0, COMMISSION_NOT_DONE = 1, COMMISSION_USAGE = 2, COMMISSION_HELD = 75 };
enum { COMMISSION_UNITS = 247, COMMISSION_FOUND_MAX = 32, COMMISSION_PARTS_MAX = 8 };

struct commission {
	const char *words[3];
	int word_count;
	const char *sim_dir, *driver, *device;
	int baud; /* 0: all */
	char parity;
	int first_unit, last_unit;
	int timeout_ms; /* for the first byte of an answer */
	bool json, yes;
};

/* --- commission_line.c: one transaction at a time --- */
struct scan_line {
	struct port port;
	struct fx_bus bus;
	int timeout_ms;
};
enum answer { ANSWER_SILENCE = 0, ANSWER_GOOD, ANSWER_EXCEPTION, ANSWER_GARBLED, ANSWER_DOWN };
/* 0, or an exit code after it was told. */
int scan_line_open(struct scan_line *l, const struct commission *c, const char *port, int baud);
void scan_line_close(struct scan_line *l);
/* Ask for registers or coils (0/1) into data. */
enum answer scan_line_read(struct scan_line *l, int unit, const struct driver_read *read,
			   uint16_t *data);
/* Send a write; its echo counts as answer, what was written is read by who cares. */
enum answer scan_line_write(struct scan_line *l, int unit, const struct bus_request *q);
/* Does what is read back fit? */
bool scan_line_verifies(struct scan_line *l, int unit, const struct bus_request *q);

/* --- commission_scan.c --- */
struct found {
	int baud, unit;
	const struct driver *driver; /* NULL: none fits */
	bool certain;		     /* all that its driver asks is right with default options */
	bool garbled;		     /* something answers, but no whole frame came */
	char note[160];
};
/* A driver's device with default options at that unit id; false when it needs options. Release by
 * probe_release. */
struct probe {
	struct driver_device d;
	struct fx_device fx;
};
bool probe_init(struct probe *p, const struct driver *driver, int unit);
void probe_release(struct probe *p);
/* All ids of c at this baud rate, progress on stderr; how many, or -1 when the line went down. */
int scan_ids(struct scan_line *l, const struct commission *c, struct found *out, int max);
int commission_scan(const struct commission *c);
/* --- commission_set.c --- */
int commission_set_address(const struct commission *c);
/* --- commission_prove.c --- */
int commission_prove_watchdog(const struct commission *c);

#endif
