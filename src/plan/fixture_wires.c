/* SPDX-License-Identifier: MIT
 *
 * Buses, devices and bays of a fixture.
 */
#include "fixture_schema.h"

#include <stdio.h>
#include <string.h>

/* Rates the kernel has a constant for; libmodbus silently takes 9600 for any other. */
static const int baud_rates[] = {1200,	2400,	4800,	9600,	19200, 38400,
				 57600, 115200, 230400, 460800, 921600};

static void check_baud(struct fixture_build *b, const struct raw_bus *r)
{
	bool line = r->kind == BUS_MODBUS_RTU || r->kind == BUS_SERIAL;
	const struct yaml_node *at = schema_node(&r->item, "baud");
	if (!r->kind || schema_refused(&r->item, "baud"))
		return;
	if (!line && schema_has(&r->item, "baud")) {
		fixture_bad(b, at, "baud has no meaning here; only modbus_rtu and serial have one");
		return;
	}
	if (!line)
		return;
	for (size_t i = 0; i < sizeof(baud_rates) / sizeof(baud_rates[0]); i++)
		if (baud_rates[i] == r->baud)
			return;
	if (schema_has(&r->item, "baud"))
		fixture_bad(b, at,
			    "baud %d is no rate of the kernel; expected 1200, 2400, 4800, 9600, "
			    "19200, 38400, 57600, 115200, 230400, 460800 or 921600",
			    r->baud);
	else if (!r->item.stray)
		fixture_bad(b, at, "\"baud\" is missing; expected a rate like 9600");
}

/* What only some kinds have says nothing of the others. */
static void check_keys(struct fixture_build *b, const struct raw_bus *r)
{
	static const uint32_t lines = 1u << BUS_MODBUS_RTU | 1u << BUS_SERIAL;
	static const uint32_t modbus = 1u << BUS_MODBUS_RTU | 1u << BUS_MODBUS_TCP;
	static const struct {
		const char *key;
		uint32_t kinds;
		const char *which;
	} keys[] = {
		{"parity", lines, "modbus_rtu and serial"},
		{"stop_bits", lines, "modbus_rtu and serial"},
		{"turnaround", modbus, "modbus_rtu and modbus_tcp"},
		{"reply_timeout", modbus, "modbus_rtu and modbus_tcp"},
		{"extra_gap", 1u << BUS_MODBUS_RTU, "modbus_rtu"},
	};
	for (size_t i = 0; r->kind && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (schema_has(&r->item, keys[i].key) && !(keys[i].kinds >> r->kind & 1))
			fixture_bad(b, schema_node(&r->item, keys[i].key),
				    "%s has no meaning here; it is for %s", keys[i].key,
				    keys[i].which);
	if (r->reply_timeout_ns && r->reply_timeout_ns <= r->turnaround_ns)
		fixture_bad(b, schema_node(&r->item, "reply_timeout"),
			    "reply_timeout would end before the slowest answer of turnaround; "
			    "expected more than that, or none");
}

static void read_buses(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_bus *at = raw->buses.at;
	struct fixture *f = b->f;
	int n = fixture_count(b, raw, "buses", &raw->buses, FIXTURE_BUSES_MAX, &b->buses_open);
	f->buses = arena_array(f->arena, (size_t)n, sizeof(*f->buses));
	for (int i = 0; i < n; i++) {
		const struct raw_bus *r = &at[i];
		b->buses_open = b->buses_open || r->item.misnamed;
		fixture_check_port(b, at, i);
		check_baud(b, r);
		check_keys(b, r);
		f->buses[f->bus_count++] = (struct fx_bus){.name = r->item.name,
							   .kind = (enum bus_kind)r->kind,
							   .port = r->port,
							   .baud = r->baud,
							   .parity = (char)r->parity,
							   .stop_bits = r->stop_bits,
							   .turnaround_ns = r->turnaround_ns,
							   .reply_timeout_ns = r->reply_timeout_ns,
							   .extra_gap_ns = r->extra_gap_ns,
							   .line = r->item.node->key_line,
							   .col = r->item.node->key_col};
	}
}

static int find_bus(struct fixture_build *b, const struct raw_device *r)
{
	const char *names[FIXTURE_BUSES_MAX];
	if (!r->bus)
		return FIXTURE_NO_BUS;
	for (int i = 0; i < b->f->bus_count; i++) {
		names[i] = b->f->buses[i].name;
		if (strcmp(names[i], r->bus) == 0)
			return i;
	}
	char hint[96];
	if (b->buses_open && yaml_may_make(b->y, r->bus, 0))
		return FIXTURE_NO_BUS;
	fixture_bad(b, schema_node(&r->item, "bus"), "no bus is named \"%.60s\"%s", r->bus,
		    schema_hint(hint, sizeof(hint), r->bus, names, (size_t)b->f->bus_count));
	return FIXTURE_NO_BUS;
}

static void check_unit(struct fixture_build *b, const struct raw_device *r, int bus)
{
	const struct fixture *f = b->f;
	enum bus_kind kind = bus == FIXTURE_NO_BUS ? 0 : f->buses[bus].kind;
	bool modbus = kind == BUS_MODBUS_RTU || kind == BUS_MODBUS_TCP;
	const struct yaml_node *at = schema_node(&r->item, "unit");
	if (!kind)
		return;
	if (modbus && schema_absent(&r->item, "unit"))
		fixture_bad(b, at, "\"unit\" is missing; expected the Modbus unit id 1 to 247");
	if (!modbus && r->unit_id)
		fixture_bad(b, at, "unit has no meaning here; only Modbus devices have one");
	for (int i = 0; modbus && r->unit_id && i < f->device_count; i++)
		if (f->devices[i].bus == bus && f->devices[i].unit_id == r->unit_id)
			fixture_bad(b, at, "unit %d is %s's already on this bus; expected another",
				    r->unit_id, f->devices[i].name);
}

static void read_options(struct fixture_build *b, const struct raw_device *r, struct fx_device *d)
{
	const struct schema_pair *pairs = r->options.at;
	d->options = arena_array(b->f->arena, (size_t)r->options.count, sizeof(*d->options));
	d->option_count = r->options.count;
	for (int i = 0; i < r->options.count; i++)
		d->options[i] = (struct fx_option){.key = pairs[i].item.name,
						   .value = pairs[i].text,
						   .line = pairs[i].item.node->line,
						   .col = pairs[i].item.node->col};
}

/* The driver's table says which of its options are lines: "line", by itself or of each point. */
static bool names_line(const struct fx_option *o)
{
	const char *dot = strrchr(o->key, '.');
	return o->value && strcmp(dot ? dot + 1 : o->key, "line") == 0;
}

/* Is it the line another one before it has? Tells so. */
static bool check_line(struct fixture_build *b, const struct fx_device *d,
		       const struct fx_option *o, const struct fx_device *other)
{
	const char *chip = b->f->buses[d->bus].name;
	for (int i = 0; i < other->option_count; i++) {
		const struct fx_option *p = &other->options[i];
		if (p == o)
			return false;
		if (!names_line(p) || strcmp(p->value, o->value) != 0)
			continue;
		yaml_problem_at(b->y, o->line, o->col,
				"line %.40s of chip %s is %s's on line %d already; expected a line "
				"of its own",
				o->value, chip, other->name, p->line);
		b->mistakes++;
		return true;
	}
	return false;
}

/* A line of a chip means one thing: a lamp on the dead-man line would hold the rig alive. */
static void check_lines(struct fixture_build *b, int index)
{
	const struct fx_device *at = b->f->devices, *d = &at[index];
	if (d->bus == FIXTURE_NO_BUS || b->f->buses[d->bus].kind != BUS_GPIO)
		return;
	for (int i = 0; i < d->option_count; i++) {
		bool told = !names_line(&d->options[i]);
		for (int k = 0; k <= index && !told; k++)
			told = at[k].bus == d->bus && check_line(b, d, &d->options[i], &at[k]);
	}
}

static void read_devices(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_device *at = raw->devices.at;
	struct fixture *f = b->f;
	int n = fixture_count(b, raw, "devices", &raw->devices, FIXTURE_DEVICES_MAX,
			      &b->devices_open);
	f->devices = arena_array(f->arena, (size_t)n, sizeof(*f->devices));
	for (int i = 0; i < n; i++) {
		static const char *const driving[] = {"driver", "options", NULL};
		const struct raw_device *r = &at[i];
		const struct yaml_node *driver = schema_node(&r->item, "driver");
		int bus = find_bus(b, r);
		b->devices_open = b->devices_open || r->item.misnamed;
		check_unit(b, r, bus);
		struct fx_device *d = &f->devices[f->device_count++];
		*d = (struct fx_device){.name = r->item.name,
					.driver = r->driver,
					.bus = (uint16_t)bus,
					.unit_id = r->unit_id,
					.line = r->item.node->key_line,
					.col = r->item.node->key_col,
					.driver_line = driver->line,
					.driver_col = driver->col,
					.flawed = fixture_unclear(&r->item, driving)};
		read_options(b, r, d);
		check_lines(b, i);
	}
}

bool fixture_read_point(struct fixture_build *b, const struct yaml_node *node, const char *text,
			uint16_t *device, const char **point)
{
	const char *dot = text ? strchr(text, '.') : NULL;
	const char *names[FIXTURE_DEVICES_MAX];
	if (!text)
		return false;
	if (!dot || !dot[1]) {
		fixture_bad(b, node, "\"%.60s\" is no point; expected device.point", text);
		return false;
	}
	size_t n = (size_t)(dot - text);
	for (int i = 0; i < b->f->device_count; i++) {
		names[i] = b->f->devices[i].name;
		if (strlen(names[i]) == n && memcmp(names[i], text, n) == 0) {
			*device = (uint16_t)i;
			*point = arena_strdup(b->f->arena, dot + 1);
			return true;
		}
	}
	char hint[96], name[64];
	snprintf(name, sizeof(name), "%.*s", (int)(n < 60 ? n : 60), text);
	if (b->devices_open && yaml_may_make(b->y, name, node->line))
		return false;
	fixture_bad(b, node, "no device is named \"%s\"%s", name,
		    schema_hint(hint, sizeof(hint), name, names, (size_t)b->f->device_count));
	return false;
}

/* The device that a bay's key names; -1: none. */
static int16_t read_printer(struct fixture_build *b, const struct raw_bay *r)
{
	const struct yaml_node *node = schema_node(&r->item, "printer");
	const char *names[FIXTURE_DEVICES_MAX];
	char hint[96];
	for (int i = 0; r->printer && i < b->f->device_count; i++) {
		names[i] = b->f->devices[i].name;
		if (strcmp(names[i], r->printer) == 0)
			return (int16_t)i;
	}
	if (r->printer && !(b->devices_open && yaml_may_make(b->y, r->printer, node->line)))
		fixture_bad(b, node, "no device is named \"%.60s\"%s", r->printer,
			    schema_hint(hint, sizeof(hint), r->printer, names,
					(size_t)b->f->device_count));
	return -1;
}

/* What is scanned has to be of one unit. */
static void check_scanner(struct fixture_build *b, const struct yaml_node *node, int index)
{
	const struct fx_bay *at = b->f->bays, *own = &at[index];
	for (int i = 0; i < index; i++)
		if (own->scanner >= 0 && at[i].scanner == own->scanner &&
		    strcmp(at[i].scanner_point, own->scanner_point) == 0)
			fixture_bad(b, node,
				    "%.60s is bay %s's scanner already; expected one of its own",
				    node->text, at[i].name);
}

static void read_bays(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_bay *at = raw->bays.at;
	struct fixture *f = b->f;
	int n = fixture_count(b, raw, "bays", &raw->bays, FIXTURE_BAYS_MAX, &b->bays_open);
	if (!n && !b->bays_open)
		fixture_bad(b, schema_node(&raw->item, "bays"), "no bays; expected 1 to %d",
			    (int)FIXTURE_BAYS_MAX);
	f->bays = arena_array(f->arena, (size_t)n + 1, sizeof(*f->bays));
	for (int i = 0; i < n; i++) {
		struct fx_bay *bay = &f->bays[f->bay_count++];
		const struct yaml_node *node = schema_node(&at[i].item, "scanner");
		uint16_t device = 0;
		*bay = (struct fx_bay){.name = at[i].item.name,
				       .scanner = -1,
				       .scanner_line = node->line,
				       .scanner_col = node->col,
				       .printer = read_printer(b, &at[i]),
				       .printer_line = schema_node(&at[i].item, "printer")->line,
				       .printer_col = schema_node(&at[i].item, "printer")->col};
		b->bays_open = b->bays_open || at[i].item.misnamed;
		if (at[i].scanner &&
		    fixture_read_point(b, node, at[i].scanner, &device, &bay->scanner_point))
			bay->scanner = (int16_t)device;
		check_scanner(b, node, i);
	}
	if (f->bay_count)
		return;
	/* one to look at everything else in */
	f->bays[f->bay_count++] = (struct fx_bay){.name = "any", .scanner = -1, .printer = -1};
	b->bays_open = true;
}

uint32_t fixture_read_bays(struct fixture_build *b, const struct schema_item *item,
			   const struct schema_texts *names, bool *open)
{
	static const char *const keys[] = {"bays", NULL};
	uint32_t all = (UINT32_C(1) << b->f->bay_count) - 1, bays = 0;
	*open = fixture_unclear(item, keys);
	for (int i = 0; i < names->count; i++) {
		int bay = fixture_bay(b->f, names->at[i]);
		if (bay >= 0 && (bays >> bay & 1))
			fixture_bad(b, names->nodes[i],
				    "bay %.40s stands here twice; expected once", names->at[i]);
		if (bay >= 0)
			bays |= UINT32_C(1) << bay;
		else if (!b->bays_open)
			fixture_bad(b, names->nodes[i],
				    "no bay is named \"%.40s\"; expected one of "
				    "the keys under bays",
				    names->at[i]);
		*open = *open || bay < 0;
	}
	return *open || !names->at ? all : bays;
}

void fixture_read_wires(struct fixture_build *b, const struct raw_fixture *raw)
{
	read_buses(b, raw);
	read_devices(b, raw);
	read_bays(b, raw);
}
