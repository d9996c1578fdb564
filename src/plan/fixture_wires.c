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

static const struct {
	const char *prefix, *instead;
} unstable_ports[] = {
	{"/dev/ttyUSB", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL"},
	{"/dev/ttyACM", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL"},
	{"ttyUSB", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL"},
	{"ttyACM", "a path below /dev/serial/by-path or usb:VID:PID:SERIAL"},
	{"/dev/gpiochip", "the chip's label"},
	{"gpiochip", "the chip's label"},
};

static void check_port(struct fixture_build *b, const struct raw_bus *r)
{
	const struct yaml_node *at = schema_node(&r->item, "port");
	for (size_t i = 0; i < sizeof(unstable_ports) / sizeof(unstable_ports[0]); i++)
		if (strncmp(r->port, unstable_ports[i].prefix, strlen(unstable_ports[i].prefix)) ==
		    0)
			fixture_bad(b, at,
				    "port \"%.60s\" may be another one after a replug; expected %s",
				    r->port, unstable_ports[i].instead);
	if (strncmp(r->port, "sim:", 4) == 0) {
		b->f->simulated = true;
		if (!text_is_name(r->port + 4))
			fixture_bad(b, at,
				    "port \"%.60s\" names no simulated port; expected sim:NAME",
				    r->port);
	}
}

static void check_baud(struct fixture_build *b, const struct raw_bus *r)
{
	bool line = r->kind == BUS_MODBUS_RTU || r->kind == BUS_SERIAL;
	const struct yaml_node *at = schema_node(&r->item, "baud");
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
	else
		fixture_bad(b, at, "\"baud\" is missing; expected a rate like 9600");
}

static void read_buses(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_bus *at = raw->buses.at;
	struct fixture *f = b->f;
	if (raw->buses.count > FIXTURE_BUSES_MAX) {
		fixture_bad(b, schema_node(&raw->item, "buses"), "%d buses; at most %d",
			    raw->buses.count, (int)FIXTURE_BUSES_MAX);
		return;
	}
	f->buses = arena_array(f->arena, (size_t)raw->buses.count, sizeof(*f->buses));
	for (int i = 0; i < raw->buses.count; i++) {
		const struct raw_bus *r = &at[i];
		check_port(b, r);
		check_baud(b, r);
		for (int j = 0; j < i; j++)
			if (strcmp(at[j].port, r->port) == 0)
				fixture_bad(b, schema_node(&r->item, "port"),
					    "port \"%.60s\" is bus %s's already; expected another",
					    r->port, at[j].item.name);
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
	for (int i = 0; i < b->f->bus_count; i++) {
		names[i] = b->f->buses[i].name;
		if (strcmp(names[i], r->bus) == 0)
			return i;
	}
	char hint[96];
	fixture_bad(b, schema_node(&r->item, "bus"), "no bus is named \"%.60s\"%s", r->bus,
		    schema_hint(hint, sizeof(hint), r->bus, names, (size_t)b->f->bus_count));
	return -1;
}

static void check_unit(struct fixture_build *b, const struct raw_device *r, int bus)
{
	const struct fixture *f = b->f;
	enum bus_kind kind = f->buses[bus].kind;
	bool modbus = kind == BUS_MODBUS_RTU || kind == BUS_MODBUS_TCP;
	const struct yaml_node *at = schema_node(&r->item, "unit");
	if (modbus && !r->unit_id)
		fixture_bad(b, at, "\"unit\" is missing; expected the Modbus unit id 1 to 247");
	if (!modbus && r->unit_id)
		fixture_bad(b, at, "unit has no meaning here; only Modbus devices have one");
	for (int i = 0; modbus && i < f->device_count; i++)
		if (f->devices[i].bus == bus && f->devices[i].unit_id == r->unit_id &&
		    kind == BUS_MODBUS_RTU)
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

static void read_devices(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_device *at = raw->devices.at;
	struct fixture *f = b->f;
	if (raw->devices.count > FIXTURE_DEVICES_MAX) {
		fixture_bad(b, schema_node(&raw->item, "devices"), "%d devices; at most %d",
			    raw->devices.count, (int)FIXTURE_DEVICES_MAX);
		return;
	}
	f->devices = arena_array(f->arena, (size_t)raw->devices.count, sizeof(*f->devices));
	for (int i = 0; i < raw->devices.count; i++) {
		const struct raw_device *r = &at[i];
		int bus = find_bus(b, r);
		if (bus < 0)
			continue;
		check_unit(b, r, bus);
		struct fx_device *d = &f->devices[f->device_count++];
		*d = (struct fx_device){.name = r->item.name,
					.driver = r->driver,
					.bus = (uint16_t)bus,
					.unit_id = r->unit_id,
					.line = r->item.node->key_line,
					.col = r->item.node->key_col};
		read_options(b, r, d);
	}
}

bool fixture_read_point(struct fixture_build *b, const struct yaml_node *node, const char *text,
			uint16_t *device, const char **point)
{
	const char *dot = strchr(text, '.');
	const char *names[FIXTURE_DEVICES_MAX];
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
	fixture_bad(b, node, "no device is named \"%s\"%s", name,
		    schema_hint(hint, sizeof(hint), name, names, (size_t)b->f->device_count));
	return false;
}

static void read_bays(struct fixture_build *b, const struct raw_fixture *raw)
{
	const struct raw_bay *at = raw->bays.at;
	struct fixture *f = b->f;
	if (!raw->bays.count || raw->bays.count > FIXTURE_BAYS_MAX) {
		fixture_bad(b, schema_node(&raw->item, "bays"), "%d bays; expected 1 to %d",
			    raw->bays.count, (int)FIXTURE_BAYS_MAX);
		return;
	}
	f->bays = arena_array(f->arena, (size_t)raw->bays.count, sizeof(*f->bays));
	for (int i = 0; i < raw->bays.count; i++) {
		struct fx_bay *bay = &f->bays[f->bay_count++];
		uint16_t device = 0;
		*bay = (struct fx_bay){.name = at[i].item.name, .scanner = -1};
		if (at[i].scanner &&
		    fixture_read_point(b, schema_node(&at[i].item, "scanner"), at[i].scanner,
				       &device, &bay->scanner_point))
			bay->scanner = (int16_t)device;
	}
}

uint32_t fixture_read_bays(struct fixture_build *b, const struct schema_texts *names)
{
	uint32_t all = (UINT32_C(1) << b->f->bay_count) - 1, bays = 0;
	if (!names->at)
		return all;
	for (int i = 0; i < names->count; i++) {
		int bay = fixture_bay(b->f, names->at[i]);
		if (bay < 0)
			fixture_bad(b, names->nodes[i],
				    "no bay is named \"%.40s\"; expected one of "
				    "the keys under bays",
				    names->at[i]);
		else
			bays |= UINT32_C(1) << bay;
	}
	return bays;
}

void fixture_read_wires(struct fixture_build *b, const struct raw_fixture *raw)
{
	read_buses(b, raw);
	if (!b->bad)
		read_devices(b, raw);
	if (!b->bad)
		read_bays(b, raw);
}
