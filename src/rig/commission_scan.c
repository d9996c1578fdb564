/* SPDX-License-Identifier: MIT
 *
 * Who sits on a line: every unit id is asked for one register, and who answers at all, if only to
 * refuse, is held against every driver's identity.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "scan.h"

enum { KNOWN_MS = 300 }; /* who has answered once is waited for */
static const int rates[] = {9600, 19200, 115200, 4800, 38400, 57600, 2400};

/* --- a driver with default options --- */

bool probe_init(struct probe *p, const struct driver *driver, int unit)
{
	memset(p, 0, sizeof(*p));
	for (int i = 0; i < driver->option_count; i++)
		if (!driver->options[i].fallback)
			return false;
	p->fx = (struct fx_device){.name = "probe", .driver = driver->name, .unit_id = unit};
	p->d = (struct driver_device){.driver = driver, .fx = &p->fx};
	p->d.priv = xcalloc(1, driver->priv_size + 1);
	if (!driver->init || !driver->init(&p->d, NULL))
		return true;
	probe_release(p);
	return false;
}

void probe_release(struct probe *p)
{
	free(p->d.priv);
	p->d.priv = NULL;
}

/* --- does it fit? --- */

static bool is_equal(const struct driver_identity *id, const uint16_t *data, int *bits, int *at)
{
	for (int i = 0; i < id->read.count && i < 8; i++) {
		*at = i;
		if ((data[i] ^ id->expect[i]) & id->mask[i])
			return false;
		*bits += __builtin_popcount(id->mask[i]);
	}
	return true;
}

/* Its first point has to be readable too: boards of one maker have their ids at one place. */
static bool can_read_a_point(struct scan_line *l, const struct probe *p)
{
	struct driver_read reads[COMMISSION_PARTS_MAX];
	uint16_t data[BUS_DATA_MAX];
	int n = p->d.driver->reads(&p->d, 0, reads, COMMISSION_PARTS_MAX);

	for (int i = 0; i < n; i++)
		if (scan_line_read(l, p->fx.unit_id, &reads[i], data) != ANSWER_GOOD)
			return false;
	return n > 0;
}

/* Bits of identity that are right; 0: it is another device. note says what differs from defaults. */
static int score(struct scan_line *l, const struct driver *driver, int unit, char *note,
		 size_t size)
{
	struct driver_identity ids[COMMISSION_PARTS_MAX];
	uint16_t data[BUS_DATA_MAX] = {0};
	struct probe p;
	int n, bits = 0, at = 0;

	note[0] = '\0';
	if (!(driver->buses & 1u << BUS_MODBUS_RTU) || !driver->identify ||
	    !probe_init(&p, driver, unit))
		return 0;
	n = driver->identify(&p.d, ids, COMMISSION_PARTS_MAX);
	for (int i = 0; i < n; i++) {
		if (scan_line_read(l, unit, &ids[i].read, data) != ANSWER_GOOD ||
		    (!is_equal(&ids[i], data, &bits, &at) && i == 0)) {
			bits = 0;
			break;
		}
		if ((data[at] ^ ids[i].expect[at]) & ids[i].mask[at] && !note[0])
			snprintf(note, size,
				 "%s reads 0x%04x and is 0x%04x by default: give its options",
				 ids[i].says, data[at], ids[i].expect[at]);
	}
	if (bits && !can_read_a_point(l, &p))
		bits = 0;
	probe_release(&p);
	return bits;
}

/* Who answers at this unit id? false: silence. */
static bool scan_unit(struct scan_line *l, int unit, struct found *out)
{
	/* there are devices that stay silent on a function they do not know */
	static const struct driver_read any[] = {{MODBUS_READ_HOLDING, 1, 1, false},
						 {MODBUS_READ_INPUT, 0, 1, false}};
	uint16_t data[BUS_DATA_MAX];
	enum answer a = scan_line_read(l, unit, &any[0], data);
	char note[160];
	int best = 0, was_ms = l->timeout_ms;

	*out = (struct found){.baud = l->bus.baud, .unit = unit};
	if (a == ANSWER_SILENCE)
		a = scan_line_read(l, unit, &any[1], data);
	if (a == ANSWER_GARBLED)
		a = scan_line_read(l, unit, &any[0], data);
	if (a == ANSWER_SILENCE || a == ANSWER_DOWN)
		return false;
	out->garbled = a == ANSWER_GARBLED;
	l->timeout_ms = was_ms > KNOWN_MS ? was_ms : KNOWN_MS;
	if (out->garbled)
		snprintf(out->note, sizeof(out->note),
			 "no whole frame comes: two devices with this unit id, or another rate");
	for (int i = 0; !out->garbled && drivers[i]; i++) {
		int bits = score(l, drivers[i], unit, note, sizeof(note));

		/* all right beats more bits that are partly wrong */
		bits = bits ? bits + (note[0] ? 0 : 1000) : 0;
		if (bits <= best)
			continue;
		best = bits;
		out->driver = drivers[i];
		out->certain = !note[0];
		text_copy(out->note, sizeof(out->note), note);
	}
	l->timeout_ms = was_ms;
	return true;
}

/* --- a line --- */

static void progress(const struct scan_line *l, const struct commission *c, int unit, int found)
{
	bool last = unit > c->last_unit;

	if (isatty(2))
		fprintf(stderr, "\r%6d 8%c1: unit id %3d of %d, %d answer%s ", l->bus.baud,
			c->parity, last ? c->last_unit : unit, c->last_unit, found,
			found == 1 ? "s" : "");
	if (last)
		fprintf(stderr,
			isatty(2) ? "\n" : "%d 8%c1: unit ids %d to %d asked, %d answered\n",
			l->bus.baud, c->parity, c->first_unit, c->last_unit, found);
}

int scan_ids(struct scan_line *l, const struct commission *c, struct found *out, int max)
{
	int n = 0;

	for (int unit = c->first_unit; unit <= c->last_unit && n < max; unit++) {
		progress(l, c, unit, n);
		n += scan_unit(l, unit, &out[n]);
	}
	progress(l, c, COMMISSION_UNITS + 1, n);
	return n;
}

static void put_json(const struct commission *c, const struct found *f, int n)
{
	struct text out = {0};
	struct json j;

	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "port", c->words[0]);
	json_key(&j, "devices");
	json_open_array(&j);
	for (int i = 0; i < n; i++) {
		json_open_object(&j);
		json_kv_int(&j, "baud", f[i].baud);
		json_kv_string(&j, "parity",
			       c->parity == 'N'	  ? "none"
			       : c->parity == 'E' ? "even"
						  : "odd");
		json_kv_int(&j, "unit", f[i].unit);
		json_kv_string(&j, "driver", f[i].driver ? f[i].driver->name : NULL);
		json_kv_bool(&j, "certain", f[i].certain);
		json_kv_string(&j, "note", f[i].note);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	printf("%s\n", out.buf);
	text_release(&out);
}

static void print_found(const struct commission *c, const struct found *f, int n)
{
	if (c->json) {
		put_json(c, f, n);
		return;
	}
	for (int i = 0; i < n; i++)
		printf("%d 8%c1  unit %d  %s%s%s%s%s\n", f[i].baud, c->parity, f[i].unit,
		       f[i].driver ? f[i].driver->name : "no known driver", f[i].driver ? ": " : "",
		       f[i].driver ? f[i].driver->title_en : "", f[i].note[0] ? "; " : "",
		       f[i].note);
	if (n > 1)
		printf("%d devices answer; to set an address leave one on the line\n", n);
}

int commission_scan(const struct commission *c)
{
	struct found found[COMMISSION_FOUND_MAX];
	int n = 0, code = 0;

	/* a device has one rate: the first at which somebody answers ends it */
	for (size_t i = 0; !n && !code && i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct scan_line l;

		if (c->baud && i)
			break;
		code = scan_line_open(&l, c, c->words[0], c->baud ? c->baud : rates[i]);
		if (code)
			break;
		n = scan_ids(&l, c, found, COMMISSION_FOUND_MAX);
		scan_line_close(&l);
	}
	if (code)
		return code;
	print_found(c, found, n);
	if (!n)
		fprintf(stderr,
			"benchd-io: nobody answers on %s: check power, A and B, parity "
			"(--parity) and the rate (--baud)\n",
			c->words[0]);
	return n ? COMMISSION_DONE : COMMISSION_NOT_DONE;
}
