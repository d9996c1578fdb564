/* SPDX-License-Identifier: MIT
 *
 * What each driver's device looks like from the wire: maps from the makers' pages as drivers/
 * cites them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "personality.h"
#include "rig/driver.h"

struct point_row {
	const char *name;
	enum sim_space space;
	bool both;
	uint16_t address;
	enum register_type type;
	double gain, idle;
	bool writable;
};

/* Seeed S-EC-01 class: functions 3 and 4 read the same map. */
static const struct point_row ectds10_points[] = {
	{"temperature", SPACE_HOLDING, true, 0, REGISTER_I16, 0.01, 25, false},
	{"conductivity", SPACE_HOLDING, true, 2, REGISTER_U16, 1, 0, false},
	{"salinity", SPACE_HOLDING, true, 3, REGISTER_U16, 1, 0, false},
	{"tds", SPACE_HOLDING, true, 4, REGISTER_U16, 1, 0, false},
};
static const struct sim_register ectds10_registers[] = {
	{0x0001, 0, false},   {0x0020, 0, true}, {0x0022, 20, true}, {0x0024, 50, true},
	{0x0025, 1000, true}, {0x0030, 0, true}, {0x0031, 0, true},  {0x0201, 3, true},
};
/* Microampere in the current modes. */
static const struct point_row ai8_points[] = {
	{"ai1", SPACE_INPUT, false, 0, REGISTER_U16, 0.001, 0, false},
	{"ai2", SPACE_INPUT, false, 1, REGISTER_U16, 0.001, 0, false},
	{"ai3", SPACE_INPUT, false, 2, REGISTER_U16, 0.001, 0, false},
	{"ai4", SPACE_INPUT, false, 3, REGISTER_U16, 0.001, 0, false},
	{"ai5", SPACE_INPUT, false, 4, REGISTER_U16, 0.001, 0, false},
	{"ai6", SPACE_INPUT, false, 5, REGISTER_U16, 0.001, 0, false},
	{"ai7", SPACE_INPUT, false, 6, REGISTER_U16, 0.001, 0, false},
	{"ai8", SPACE_INPUT, false, 7, REGISTER_U16, 0.001, 0, false},
};
static const struct sim_register ai8_registers[] = {
	{0x1000, 3, true}, {0x1001, 3, true},	 {0x1002, 3, true}, {0x1003, 3, true},
	{0x1004, 3, true}, {0x1005, 3, true},	 {0x1006, 3, true}, {0x1007, 3, true},
	{0x2000, 1, true}, {0x8000, 100, false},
};
static const struct point_row relay8_points[] = {
	{"relay1", SPACE_COIL, false, 0, REGISTER_BIT, 1, 0, true},
	{"relay2", SPACE_COIL, false, 1, REGISTER_BIT, 1, 0, true},
	{"relay3", SPACE_COIL, false, 2, REGISTER_BIT, 1, 0, true},
	{"relay4", SPACE_COIL, false, 3, REGISTER_BIT, 1, 0, true},
	{"relay5", SPACE_COIL, false, 4, REGISTER_BIT, 1, 0, true},
	{"relay6", SPACE_COIL, false, 5, REGISTER_BIT, 1, 0, true},
	{"relay7", SPACE_COIL, false, 6, REGISTER_BIT, 1, 0, true},
	{"relay8", SPACE_COIL, false, 7, REGISTER_BIT, 1, 0, true},
};
static const struct sim_register relay8_registers[] = {{0x2000, 1, true}, {0x8000, 200, false}};
/* Low word first. */
static const struct point_row pzem016_points[] = {
	{"voltage", SPACE_INPUT, false, 0, REGISTER_U16, 0.1, 230, false},
	{"current", SPACE_INPUT, false, 1, REGISTER_U32, 0.001, 0, false},
	{"power", SPACE_INPUT, false, 3, REGISTER_U32, 0.1, 0, false},
	{"energy", SPACE_INPUT, false, 5, REGISTER_U32, 1, 0, false},
	{"frequency", SPACE_INPUT, false, 7, REGISTER_U16, 0.1, 50, false},
	{"power_factor", SPACE_INPUT, false, 8, REGISTER_U16, 1, 90, false},
	{"alarm", SPACE_INPUT, false, 9, REGISTER_U16, 1, 0, false},
};
static const struct sim_register pzem016_registers[] = {{1, 23000, true}};

static const struct personality {
	const char *driver;
	const struct point_row *points;
	int point_count;
	const struct sim_register *registers;
	int register_count;
	int address_register; /* holds the unit id */
	enum register_order order;
} personalities[] = {
#define ROWS(t) t, (int)(sizeof(t) / sizeof(t[0]))
	{"ectds10", ROWS(ectds10_points), ROWS(ectds10_registers), 0x0200, ORDER_ABCD},
	{"waveshare_ai8", ROWS(ai8_points), ROWS(ai8_registers), 0x4000, ORDER_ABCD},
	{"waveshare_relay8", ROWS(relay8_points), ROWS(relay8_registers), 0x4000, ORDER_ABCD},
	{"pzem016", ROWS(pzem016_points), ROWS(pzem016_registers), 2, ORDER_CDAB},
#undef ROWS
};

struct sim_point *personality_point(struct sim_device *d, const char *name)
{
	struct sim_point *p;

	for (int i = 0; i < d->point_count; i++)
		if (!strcmp(d->points[i].name, name))
			return &d->points[i];
	if (d->point_count == SIM_POINTS_MAX)
		return NULL;
	p = &d->points[d->point_count++];
	text_copy(p->name, sizeof(p->name), name);
	p->gain = 1;
	p->order = ORDER_ABCD;
	p->channel = p->output = -1;
	return p;
}

static const char *option(const struct sim_device *d, const char *key)
{
	for (int i = 0; i < d->fx->option_count; i++)
		if (!strcmp(d->fx->options[i].key, key))
			return d->fx->options[i].value;
	return NULL;
}

const char *personality_option(const struct sim_device *d, const char *key)
{
	const struct driver_device dev = {.driver = driver_find(d->fx->driver), .fx = d->fx};

	return dev.driver ? driver_option(&dev, key) : option(d, key);
}

void personality_register(struct sim_device *d, uint16_t address, uint16_t value, bool writable)
{
	if (d->register_count < SIM_REGISTERS_MAX)
		d->registers[d->register_count++] = (struct sim_register){address, value, writable};
}

static bool is_word(const char *s, const char *word)
{
	return !strcmp(s, word);
}

static void build_table(struct sim_device *d, const struct personality *p)
{
	const char *mode;

	for (int i = 0; i < p->point_count; i++) {
		const struct point_row *r = &p->points[i];
		struct sim_point *pt = personality_point(d, r->name);

		pt->space = r->space;
		pt->both = r->both;
		pt->address = r->address;
		pt->type = r->type;
		pt->order = p->order;
		pt->gain = r->gain;
		pt->idle = r->idle;
		pt->writable = r->writable;
	}
	for (int i = 0; i < p->register_count; i++)
		d->registers[d->register_count++] = p->registers[i];
	d->registers[d->register_count++] = (struct sim_register){(uint16_t)p->address_register,
								  (uint16_t)d->fx->unit_id, true};
	d->address_register = p->address_register;
	d->is_relay_board = is_word(p->driver, "waveshare_relay8");
	mode = option(d, "mode");
	for (int i = 0; mode && is_word(mode, "0-20mA") && i < 8; i++)
		d->registers[i].value = 2;
}

/* One option "points.NAME.FIELD" of a register map; false: not understood. */
static bool read_map_option(struct sim_point *p, const char *field, const char *value)
{
	double number = 0;

	if (is_word(field, "function")) {
		p->space = (enum sim_space)strtol(value, NULL, 0);
		return p->space >= SPACE_COIL && p->space <= SPACE_INPUT;
	}
	if (is_word(field, "register")) {
		p->address = (uint16_t)strtoul(value, NULL, 0);
		return true;
	}
	if (is_word(field, "type"))
		return (p->type = register_type_find(value)) != 0;
	if (is_word(field, "order"))
		return (p->order = register_order_find(value)) != 0;
	if (is_word(field, "direction"))
		p->writable = is_word(value, "read_write");
	if (is_word(field, "quantity") && is_word(value, "state") && !p->type)
		p->type = REGISTER_BIT;
	if (!is_word(field, "scale") && !is_word(field, "offset"))
		return true; /* the rest means nothing to the device */
	if (!text_to_double(value, strlen(value), &number))
		return false;
	if (is_word(field, "offset"))
		p->offset = number;
	else
		p->gain = number;
	return p->gain != 0;
}

/* Options of identification: registers that hold a fixed value. */
static void read_identity(struct sim_device *d)
{
	char key[160];

	for (int i = 0; i < d->fx->option_count; i++) {
		const char *k = d->fx->options[i].key, *value;
		size_t n = strlen(k);

		if (strncmp(k, "identify.", 9) || n < 9 || n > 120 ||
		    strcmp(k + n - 9, ".register") || d->register_count == SIM_REGISTERS_MAX)
			continue;
		snprintf(key, sizeof(key), "%.*s.value", (int)(n - 9), k);
		value = option(d, key);
		d->registers[d->register_count++] = (struct sim_register){
			(uint16_t)strtoul(d->fx->options[i].value, NULL, 0),
			(uint16_t)(value ? strtoul(value, NULL, 0) : 0), false};
	}
}

/* Options of settings: registers and coils that stand at 0 until somebody writes them. */
static void read_settings(struct sim_device *d)
{
	for (int i = 0; i < d->fx->option_count; i++) {
		const char *k = d->fx->options[i].key;
		size_t n = strlen(k);
		char key[160], name[64];
		struct sim_point *p;
		uint16_t address = (uint16_t)strtoul(d->fx->options[i].value, NULL, 0);

		if (strncmp(k, "settings.", 9) || n < 19 || n > 60 ||
		    strcmp(k + n - 9, ".register"))
			continue;
		snprintf(key, sizeof(key), "%.*s.coil", (int)(n - 9), k);
		if (!option(d, key)) {
			personality_register(d, address, 0, true);
			continue;
		}
		snprintf(name, sizeof(name), "setting_%.*s", (int)(n - 18), k + 9);
		p = personality_point(d, name);
		p->space = SPACE_COIL;
		p->type = REGISTER_BIT;
		p->address = address;
		p->writable = true;
	}
}

/* The point an option "points.NAME.FIELD" speaks of; *field after it. NULL: another option. */
static struct sim_point *point_of_option(struct sim_device *d, const char *key, const char **field)
{
	const char *dot;
	char name[64];

	if (strncmp(key, "points.", 7) || !(dot = strchr(key + 7, '.')) ||
	    (size_t)(dot - key - 7) >= sizeof(name))
		return NULL;
	memcpy(name, key + 7, (size_t)(dot - key - 7));
	name[dot - key - 7] = '\0';
	*field = dot + 1;
	return personality_point(d, name);
}

static int build_map(struct sim_device *d, struct error *err)
{
	for (int i = 0; i < d->fx->option_count; i++) {
		const struct fx_option *o = &d->fx->options[i];
		const char *field;
		struct sim_point *p = point_of_option(d, o->key, &field);

		if (p && !read_map_option(p, field, o->value))
			return error_set(err, ERR_CONFIG,
					 "device '%s': '%s: %s' cannot be simulated", d->fx->name,
					 o->key, o->value);
	}
	for (int i = 0; i < d->point_count; i++) {
		struct sim_point *p = &d->points[i];

		if (!p->space)
			p->space = p->type == REGISTER_BIT ? SPACE_COIL : SPACE_HOLDING;
		if (!p->type)
			p->type = p->space <= SPACE_DISCRETE ? REGISTER_BIT : REGISTER_U16;
	}
	read_identity(d);
	read_settings(d);
	d->has_watchdog = option(d, "watchdog_s") != NULL;
	return 0;
}

static void build_lines(struct sim_device *d)
{
	for (int i = 0; i < d->fx->option_count; i++) {
		const struct fx_option *o = &d->fx->options[i];
		const char *field;
		struct sim_point *p = point_of_option(d, o->key, &field);

		if (!p)
			continue;
		if (is_word(field, "line"))
			text_copy(p->line, sizeof(p->line), o->value);
		else if (is_word(field, "direction"))
			p->writable = is_word(o->value, "out");
		else if (is_word(field, "active_low"))
			p->active_low = is_word(o->value, "yes");
	}
}

static void build_pulse_meter(struct sim_device *d)
{
	const char *line = option(d, "line");
	struct sim_point *p = personality_point(d, "frequency");

	text_copy(p->line, sizeof(p->line), line ? line : "");
	p->is_pulse = true;
}

int personality_build(struct sim_device *d, struct error *err)
{
	const char *driver = d->fx->driver;

	d->points = xcalloc(SIM_POINTS_MAX, sizeof(*d->points));
	for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]); i++)
		if (is_word(personalities[i].driver, driver)) {
			build_table(d, &personalities[i]);
			return 0;
		}
	if (is_word(driver, "register_map"))
		return build_map(d, err);
	if (personality_build_own(d))
		return 0;
	d->is_line_device = is_word(driver, "gpio_lines") || is_word(driver, "pulse_flow");
	d->is_scanner = is_word(driver, "scanner");
	if (is_word(driver, "gpio_lines"))
		build_lines(d);
	else if (is_word(driver, "pulse_flow"))
		build_pulse_meter(d);
	else if (!d->is_scanner && !is_word(driver, "zpl_printer"))
		return error_set(err, ERR_CONFIG, "device '%s': driver '%s' is not simulated",
				 d->fx->name, driver);
	return 0;
}
