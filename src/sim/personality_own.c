/* SPDX-License-Identifier: MIT
 *
 * Devices whose registers depend on their options.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "personality.h"

static bool option_is(const struct sim_device *d, const char *key, const char *word)
{
	const char *v = personality_option(d, key);

	return v && !strcmp(v, word);
}

static long option_number(const struct sim_device *d, const char *key)
{
	const char *v = personality_option(d, key);

	return v ? strtol(v, NULL, 0) : 0;
}

static struct sim_point *place(struct sim_device *d, const char *name, enum sim_space space,
			       uint16_t address, enum register_type type, double gain)
{
	struct sim_point *p = personality_point(d, name);

	p->space = space;
	p->address = address;
	p->type = type;
	p->gain = gain;
	return p;
}

/* Value and, beside it, unit and decimals; id and baud code before them. */
static void pressure_i16(struct sim_device *d)
{
	static const struct {
		const char *name;
		double mpa;
	} units[] = {{"MPa", 1},
		     {"kPa", 1e-3},
		     {"Pa", 1e-6},
		     {"bar", 0.1},
		     {"mbar", 1e-4},
		     {"kg/cm2", 0.0980665},
		     {"psi", 0.006894757293168}};
	long decimals = option_number(d, "decimals");
	uint16_t unit = 0;

	while (unit < 6 && !option_is(d, "unit", units[unit].name))
		unit++;
	place(d, "pressure", SPACE_HOLDING, 4, REGISTER_I16,
	      units[unit].mpa / pow(10, (double)decimals));
	personality_register(d, 0, (uint16_t)d->fx->unit_id, true);
	d->address_register = 0;
	personality_register(d, 0x0f, 1, true);
	personality_register(d, 1, 3, true);
	personality_register(d, 2, unit, true);
	personality_register(d, 3, (uint16_t)decimals, true);
	personality_register(d, 5, 0, true);
	personality_register(d, 6, 1600, true);
}

static void pressure_f32(struct sim_device *d)
{
	bool bar = option_is(d, "unit", "bar");
	struct sim_point *p =
		place(d, "pressure", SPACE_HOLDING, 0x16, REGISTER_F32, bar ? 0.1 : 1);
	struct sim_point *t = place(d, "temperature", SPACE_HOLDING, 0x26, REGISTER_F32, 1);

	t->idle = 25;
	p->order = t->order = register_order_find(personality_option(d, "order"));
	personality_register(d, 0, (uint16_t)d->fx->unit_id, true);
	personality_register(d, 3, bar ? 9 : 1, true);
	personality_register(d, 4, 3, true);
}

static void adam4117(struct sim_device *d)
{
	bool live = option_is(d, "range", "4-20mA");
	char name[32];

	for (int i = 0; i < 8; i++) {
		struct sim_point *p;

		snprintf(name, sizeof(name), "ai%d", i);
		p = place(d, name, SPACE_HOLDING, (uint16_t)i, REGISTER_U16,
			  (live ? 16.0 : 40.0) / 65535);
		p->both = true;
		p->offset = live ? 4 : -20;
		p->idle = live ? 4 : 0;
		snprintf(name, sizeof(name), "burn_out%d", i);
		place(d, name, SPACE_COIL, (uint16_t)i, REGISTER_BIT, 1);
		personality_register(d, (uint16_t)(200 + i), live ? 0x07 : 0x0d, true);
	}
	personality_register(d, 210, option_is(d, "model", "4017") ? 0x4017 : 0x4117, false);
	personality_register(d, 211, 0, false);
	personality_register(d, 212, 0xa200, false);
	personality_register(d, 213, 0xb001, false);
	personality_register(d, 220, 0x00ff, true);
}

static void r421a08(struct sim_device *d)
{
	char name[32];

	for (int i = 1; i <= 8; i++) {
		snprintf(name, sizeof(name), "relay%d", i);
		place(d, name, SPACE_HOLDING, (uint16_t)i, REGISTER_U16, 1)->writable = true;
	}
	d->is_command_board = true;
}

static void tm_r5(struct sim_device *d)
{
	char name[32];

	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "relay%d", i + 1);
		place(d, name, SPACE_COIL, (uint16_t)i, REGISTER_BIT, 1)->writable = true;
		snprintf(name, sizeof(name), "safe%d", i + 1);
		place(d, name, SPACE_COIL, (uint16_t)(128 + i), REGISTER_BIT, 1)->writable = true;
		snprintf(name, sizeof(name), "power_on%d", i + 1);
		place(d, name, SPACE_COIL, (uint16_t)(160 + i), REGISTER_BIT, 1)->writable = true;
	}
	place(d, "watchdog_mode", SPACE_COIL, 259, REGISTER_BIT, 1)->writable = true;
	place(d, "watchdog", SPACE_COIL, 260, REGISTER_BIT, 1)->writable = true;
	place(d, "timed_out", SPACE_COIL, 269, REGISTER_BIT, 1)->writable = true;
	personality_register(d, 480, 0x0103, false);
	personality_register(d, 481, 0, false);
	personality_register(d, 482, 0x5200, false);
	personality_register(d, 483, 0x0700, false);
	personality_register(d, 484, (uint16_t)d->fx->unit_id, true);
	d->address_register = 484;
	personality_register(d, 485, 0x0a, true);
	personality_register(d, 488, 0, true);
	d->has_watchdog = true;
}

/* --- comms watchdogs --- */

static uint16_t word_at(const struct sim_device *d, uint16_t address)
{
	for (int i = 0; i < d->register_count; i++)
		if (d->registers[i].address == address)
			return d->registers[i].value;
	return 0;
}

static bool is_on(const struct sim_device *d, const char *name)
{
	for (int i = 0; i < d->point_count; i++)
		if (!strcmp(d->points[i].name, name))
			return d->points[i].idle > 0.5;
	return false;
}

/* Do the registers and coils of a map's settings stand where its fixture wants them? */
static bool is_set_up(const struct sim_device *d)
{
	char key[160], name[64];

	for (int i = 0; i < d->fx->option_count; i++) {
		const char *k = d->fx->options[i].key;
		size_t n = strlen(k);
		const char *value;

		if (strncmp(k, "settings.", 9) || n < 19 || n > 60 ||
		    strcmp(k + n - 9, ".register"))
			continue;
		snprintf(key, sizeof(key), "%.*s.coil", (int)(n - 9), k);
		snprintf(name, sizeof(name), "setting_%.*s", (int)(n - 18), k + 9);
		value = personality_option(d, key);
		if (value && *value) {
			if (is_on(d, name) != (strtoul(value, NULL, 0) == 1))
				return false;
			continue;
		}
		snprintf(key, sizeof(key), "%.*s.value", (int)(n - 9), k);
		value = personality_option(d, key);
		if (word_at(d, (uint16_t)strtoul(d->fx->options[i].value, NULL, 0)) !=
		    strtoul(value ? value : "0", NULL, 0))
			return false;
	}
	return true;
}

int64_t personality_watchdog_ns(const struct sim_device *d)
{
	const char *s;

	if (!d->has_watchdog)
		return 0;
	if (!strcmp(d->fx->driver, "tm_r5"))
		return is_on(d, "watchdog") ? word_at(d, 488) * (int64_t)100000000 : 0;
	s = personality_option(d, "watchdog_s");
	return is_set_up(d) ? (int64_t)(strtod(s ? s : "0", NULL) * 1e9) : 0;
}

static void sdm120(struct sim_device *d)
{
	static const struct {
		const char *name;
		uint16_t address;
		double idle;
	} rows[] = {{"voltage", 0, 230},       {"current", 6, 0},	{"power", 0x0c, 0},
		    {"power_factor", 0x1e, 1}, {"frequency", 0x46, 50}, {"import_energy", 0x48, 0},
		    {"energy", 0x156, 0}};
	const char *s = personality_option(d, "serial");
	uint32_t serial = s ? (uint32_t)strtoull(s, NULL, 10) : 0;
	uint16_t id[2];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		place(d, rows[i].name, SPACE_INPUT, rows[i].address, REGISTER_F32, 1)->idle =
			rows[i].idle;
	register_encode(id, REGISTER_F32, ORDER_ABCD, d->fx->unit_id);
	personality_register(d, 0x0014, id[0], true);
	personality_register(d, 0x0015, id[1], true);
	d->address_register = 0x0014;
	personality_register(d, 0xfc00, (uint16_t)(serial >> 16), false);
	personality_register(d, 0xfc01, (uint16_t)serial, false);
}

static void adam6000(struct sim_device *d)
{
	static const struct {
		const char *model;
		int inputs, outputs;
	} models[] = {{"6050", 12, 6}, {"6052", 8, 8}, {"6060", 6, 6}, {"6066", 6, 6}};
	char name[32];
	int m = 0;

	while (m < 3 && !option_is(d, "model", models[m].model))
		m++;
	for (int i = 0; i < models[m].inputs; i++) {
		snprintf(name, sizeof(name), "di%d", i);
		place(d, name, SPACE_COIL, (uint16_t)i, REGISTER_BIT, 1);
		snprintf(name, sizeof(name), "count%d", i);
		place(d, name, SPACE_HOLDING, (uint16_t)(2 * i), REGISTER_U32, 1)->order =
			register_order_find(personality_option(d, "order"));
	}
	for (int i = 0; i < models[m].outputs; i++) {
		snprintf(name, sizeof(name), "do%d", i);
		place(d, name, SPACE_COIL, (uint16_t)(16 + i), REGISTER_BIT, 1)->writable = true;
	}
	personality_register(d, 210, (uint16_t)strtoul(models[m].model, NULL, 16), false);
	personality_register(d, 211, 0, false);
	personality_register(d, 212, 0xa100, false);
	personality_register(d, 213, 0x0000, false);
}

/* --- devices that send by themselves --- */

static void uart_tds(struct sim_device *d)
{
	personality_point(d, "pure_tds")->idle = 10;
	personality_point(d, "pure_temperature")->idle = 25;
	personality_point(d, "tap_tds")->idle = 250;
	personality_point(d, "tap_temperature")->idle = 25;
	d->stream = STREAM_UART_TDS;
}

static void ascii_meter(struct sim_device *d)
{
	const char *line = personality_option(d, "line");

	for (const char *at = line ? strchr(line, '{') : NULL; at; at = strchr(at + 1, '{')) {
		char name[64];
		size_t n = strcspn(at + 1, "}");

		if (n >= sizeof(name) || at[1] == '*')
			continue;
		memcpy(name, at + 1, n);
		name[n] = '\0';
		personality_point(d, name);
	}
	d->stream = STREAM_ASCII;
}

bool personality_build_own(struct sim_device *d)
{
	static const struct {
		const char *driver;
		void (*build)(struct sim_device *d);
	} own[] = {{"pressure_i16", pressure_i16},
		   {"pressure_f32", pressure_f32},
		   {"adam4117", adam4117},
		   {"r421a08", r421a08},
		   {"sdm120", sdm120},
		   {"tm_r5", tm_r5},
		   {"adam6000", adam6000},
		   {"uart_tds", uart_tds},
		   {"ascii_meter", ascii_meter}};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(own[i].driver, d->fx->driver)) {
			own[i].build(d);
			return true;
		}
	return false;
}
