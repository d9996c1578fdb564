/* SPDX-License-Identifier: MIT
 *
 * A device driver: one const table and the static functions it names, in one file under drivers/.
 * It knows one family of devices and nothing of profiles, limits, results or wiring. It does no
 * I/O, never sleeps, retries, locks, exits or logs. Values are in the point's unit at the device's
 * pins.
 */
#ifndef RIG_DRIVER_H
#define RIG_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/unit.h"
#include "bus/bus.h"
#include "link/io.h"
#include "link/sample.h"

enum driver_maturity { DRIVER_EXPERIMENTAL = 1, DRIVER_BETA, DRIVER_STABLE };
enum point_direction { POINT_READ = 1, POINT_WRITE = 2, POINT_READ_WRITE = 3 };

struct driver_point {
	const char *name;
	enum quantity quantity;
	const struct unit *unit; /* NULL: the quantity's canonical unit */
	const char *unit_name;	 /* in tables: "mA"; resolved into unit by the core */
	enum point_direction direction;
	double lo, hi; /* what the device can say or take, in its unit */
	double resolution;
};
enum option_type { OPTION_NUMBER = 1, OPTION_INTEGER, OPTION_CHOICE, OPTION_TEXT, OPTION_MAP };
struct driver_option {
	const char *name;
	enum option_type type;
	const char *fallback; /* default as text; NULL: required */
	double lo, hi;	      /* numbers */
	const char *choices;  /* "a|b|c"; OPTION_MAP: the keys an item may have */
	const char *help_en, *help_zh;
};
enum { DRIVER_ITEM_NAME_MAX = 64 };

/* Registers as they came, for get: one entry per driver_read, in the driver's order. */
struct driver_image {
	const uint16_t *data; /* count registers (or coils 0/1) */
	uint16_t count;
	bool good; /* this read was answered; else data is NULL */
};
struct driver_value {
	double value; /* in the point's unit */
	int64_t raw;  /* integer as sent (for floats: the bits) */
	/* GOOD, BAD_REPLY (the device says no good: open loop, NaN, error value) or OUT_OF_RANGE */
	enum quality quality;
};
struct driver_read {
	uint8_t function;
	uint16_t first, count;
	bool may_merge;
};
/* identify: read this, and accept when (value & mask) == expect for each register; empty: cannot
 * tell. */
struct driver_identity {
	struct driver_read read;
	uint16_t expect[8], mask[8];
	const char *says; /* "firmware version", for people */
	/* Registers with mask 0 have to say later what they said first: a version, a serial number
	 * that the fixture does not name. */
	bool stays;
};

/* The device as fixture and core see it; options come checked and with defaults filled in. */
struct driver_device {
	const struct driver *driver;
	void *priv; /* priv_size bytes, zeroed, owned by the core */
	const struct fx_device *fx;
	struct problems *problems; /* of the file at path, while init runs; NULL: nobody listens */
	const char *path;
	bool *refused; /* by option of fx: the table refused it, which reads as not given; NULL: none */
};
/* Value of an option, never NULL for declared ones with a default. */
const char *driver_option(const struct driver_device *d, const char *name);
double driver_option_number(const struct driver_device *d, const char *name);
long driver_option_integer(const struct driver_device *d, const char *name); /* decimal or 0x... */
/* Maps ("points.estop.line"): the items' names in the order written (max + 1 when there are more
 * than max); and one key of an item, NULL
 * when it is not given. Keys were checked against `choices`. */
int driver_option_items(const struct driver_device *d, const char *map,
			char names[][DRIVER_ITEM_NAME_MAX], int max);
const char *driver_option_of(const struct driver_device *d, const char *map, const char *item,
			     const char *key);
/* Was any key of the item refused? Then little is known of it, and it is no point to rely on. */
bool driver_item_is_refused(const struct driver_device *d, const char *map, const char *item);
/* In init: what is wrong with that key of an item, told at its place in the file beside whatever
 * else is wrong, so that init need not end at the first. Afterwards init returns ERR_CONFIG; its err
 * is then not told again. Of a refused item nothing more is told. map NULL: the option key itself. */
void driver_wrong(const struct driver_device *d, const char *map, const char *item, const char *key,
		  const char *what);
/* The unit of a point's values: unit, else unit_name looked up, else the quantity's. */
const struct unit *driver_point_unit(const struct driver_point *p);

/* Of a label printer: it speaks in bytes, has no points, and nothing measured rests on it. */
struct driver_label {
	const char *lines[IO_LABEL_LINES_MAX]; /* UTF-8, from the top */
	int line_count;
	const char *qr; /* "": none */
	int copies;
};
enum printer_state {
	PRINTER_READY = 1,
	PRINTER_BUSY,
	PRINTER_STOPPED /* somebody has to go there */
};
struct driver_printer {
	const char *ask;     /* what it is sent to say how it is */
	const char *silence; /* what it may mean that it does not answer */
	/* Bytes of its answer; true when they end one: how it is, and what is in the way (a literal)
	 * when it is stopped. What does not belong to one is passed over. */
	bool (*feed)(struct driver_device *d, const uint8_t *p, size_t n, enum printer_state *state,
		     const char **why);
	/* What it is sent for a label: the length, at most size. Nothing in a field is ever a command.
	 * ERR_RANGE. */
	int (*job)(const struct driver_device *d, const struct driver_label *l, char *dst,
		   size_t size);
};

struct driver {
	const char *name;
	const char *title_en, *title_zh;
	const char *source; /* data sheet and firmware the map was taken from */
	enum driver_maturity maturity;
	uint32_t buses; /* 1 << enum bus_kind it can sit on */
	const struct driver_point *points;
	int point_count;
	const struct driver_option *options;
	int option_count;
	size_t priv_size;
	/* Last moment to refuse: checks options that belong together (all mistakes in one round by
	 * driver_wrong, or one in err); may build points of its own
	 * (register map, GPIO lines) in priv. NULL allowed. */
	int (*init)(struct driver_device *d, struct error *err);
	/* Points when they depend on options; NULL: the table above. */
	const struct driver_point *(*own_points)(const struct driver_device *d, int *count);
	/* Reads needed for that point, as data; up to max. Returns how many. Modbus only. */
	int (*reads)(const struct driver_device *d, int point, struct driver_read *out, int max);
	/* Pure decode of one point from its reads. */
	int (*get)(const struct driver_device *d, int point, const struct driver_image *images,
		   struct driver_value *out);
	/* Modbus TCP: may it be asked for its device identification (43/14), a function it need not
	 * know? Only where the manual or a try says that it survives that. NULL: no. */
	bool (*may_be_asked)(const struct driver_device *d);
	/* NULL: cannot tell. Returns number filled (0..max). */
	int (*identify)(const struct driver_device *d, struct driver_identity *out, int max);
	/* What the device has to be set to, each as a write with its read-back. Read whenever it is
	 * asked what it is, and written, once it is proven to be the right one, where it differs.
	 * NULL: nothing. Returns how many (0..max), at most 8. */
	int (*settings)(const struct driver_device *d, struct bus_request *out, int max);
	/* Comms watchdog: that long without a request, and the device itself puts its outputs to
	 * where they are safe. 0, or NULL: it has none. settings make it so. */
	int64_t (*watchdog_ns)(const struct driver_device *d);
	/* Writes that give it another unit id, in their order (the last one's read-back, where it has
	 * one, is asked at the new id), for commissioning. Returns how many (0..max). NULL: by switches
	 * or the maker's own tool; address_by says which. */
	int (*set_address)(const struct driver_device *d, int unit_id, struct bus_request *out,
			   int max);
	const char *address_by; /* "its DIP switches" */
	/* One request with read-back that sets these points (n of them, e.g. a whole relay bank) to
	 * values in pin units. Returns requests filled, or negative. Tokens and urgency are the
	 * core's. */
	int (*set)(const struct driver_device *d, const int *points, const double *values, int n,
		   struct bus_request *out, int max);
	/* Everything writable to its safe value (given by the fixture through the core in
	 * values/points). Mandatory where a point is writable. */
	int (*safe)(const struct driver_device *d, const int *points, const double *values, int n,
		    struct bus_request *out, int max);
	/* Read that shows the state of written points, for monitoring between writes: point's own
	 * reads serve. */
	/* Stream devices: bytes in; calls emit for each complete value (text points: text). at_ns
	 * is wire time. */
	void (*feed)(struct driver_device *d, const uint8_t *p, size_t n, int64_t at_ns,
		     void (*emit)(void *ctx, int point, const char *text,
				  const struct driver_value *v),
		     void *ctx);
	const struct driver_printer *printer; /* NULL: it is none */
	/* GPIO: the lines this device needs. Index in out = line number for gpio_get. */
	int (*lines)(const struct driver_device *d, struct bus_line *out, int max);
	/* GPIO: an event of line number `line` of this device, its times in run time; fills the
	 * value of a point. Returns the point or -1 when there is nothing to say yet. */
	int (*gpio_get)(struct driver_device *d, int line, const struct bus_event *ev,
			struct driver_value *out);
};

/* A board that waits longer than this for its host is no safety: refused. */
#define WATCHDOG_MAX_S 2
/* The device's comms watchdog, 0: none. */
int64_t driver_watchdog_ns(const struct driver_device *d);

/* ---- requests that many devices share, for drivers ---- */
/* One register, not read back: what gives a device another unit id. */
struct bus_request driver_write_register(uint16_t at, uint16_t value);
/* A bank of coils as a whole, all off until driver_set_coil says otherwise; read back, each one. */
struct bus_request driver_write_coils(uint16_t first, uint16_t count);
void driver_set_coil(struct bus_request *r, int coil, bool on);
/* One coil of an image that holds count of them. 0 or ERR_DEVICE. */
int driver_get_coil(const struct driver_image *image, int coil, int count,
		    struct driver_value *out);

/* drivers/drivers.c: the one list, ended by NULL. */
extern const struct driver *const drivers[];
const struct driver *driver_find(const char *name); /* NULL if unknown */
/* Names, required members and tables of every driver are as this header says; run at each start. */
int drivers_check(struct error *err);
/* The same for one table, for a driver that is not in the list. */
int driver_check(const struct driver *d, struct error *err);
/* Is value one that the option takes? If not, why[0..size) says what is expected. */
bool driver_option_takes(const struct driver_option *o, const char *value, char *why, size_t size);
/* All options of a fixture's device against its driver's table, mistakes with their places into
 * problems. 0 or ERR_CONFIG. */
int driver_check_options(const struct driver_device *d, const char *path,
			 struct problems *problems);
/* Points of the device: its own or the table's. */
const struct driver_point *driver_points(const struct driver_device *d, int *count);
int driver_point_index(const struct driver_device *d, const char *name); /* -1 if unknown */

#endif
