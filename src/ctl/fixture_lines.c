/* SPDX-License-Identifier: MIT */
#include "fixture_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "rig/load.h"

enum { NAMES_MAX = 4, USERS_MAX = 32 };

static const char *bus_kind_name(enum bus_kind k)
{
	switch (k) {
	case BUS_MODBUS_RTU: return "modbus_rtu";
	case BUS_MODBUS_TCP: return "modbus_tcp";
	case BUS_SERIAL: return "serial";
	case BUS_GPIO: return "gpio";
	case BUS_TCP: return "tcp";
	}
	return "?";
}

static int devices_on(const struct fixture *f, int bus)
{
	int n = 0;

	for (int d = 0; d < f->device_count; d++)
		n += f->devices[d].bus == bus;
	return n;
}

static double per_s(const struct schedule *s, uint64_t times)
{
	return s->span_ns ? (double)times * 1e9 / (double)s->span_ns : 0;
}

/* ---- the lines ------------------------------------------------------------- */

static void print_buses(const struct fixture *f, const struct rig *rig, struct schedule *s,
			struct text *out)
{
	struct table t;

	text_puts(out, "buses\n");
	table_init(&t, 8, 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7);
	table_row(&t, (const char *[]){"name", "kind", "port", "devices", "reads/s", "load",
				       "a write waits", "at worst"});
	for (int i = 0; i < f->bus_count; i++) {
		const struct fx_bus *b = &f->buses[i];
		char n[16], rate[32] = "-", load[32] = "-", wait[32] = "-", worst[32] = "-";

		(void)snprintf(n, sizeof(n), "%d", devices_on(f, i));
		if (rig_plan(rig, i, s)) {
			(void)snprintf(rate, sizeof(rate), "%.3g", per_s(s, s->transactions));
			(void)snprintf(load, sizeof(load), "%.0f %%", s->load * 100);
			(void)snprintf(wait, sizeof(wait), "%.1f ms", (double)s->longest_ns / 1e6);
			(void)snprintf(worst, sizeof(worst), "%.0f ms",
				       (double)rig_plan_worst_ns(rig, i) / 1e6);
		}
		table_row(&t, (const char *[]){b->name, bus_kind_name(b->kind), b->port, n, rate,
					       load, wait, worst});
	}
	table_print(&t, "  ", out);
	table_release(&t);
}

/* ---- the plan of one -------------------------------------------------------- */

static void add_name(struct text *out, const char *name, int *count)
{
	if (*count < NAMES_MAX && !(out->buf && strstr(out->buf, name)))
		text_printf(out, "%s%s", (*count)++ ? ", " : "", name);
	else if (*count == NAMES_MAX)
		text_printf(out, "%s", (*count)++ ? ", ..." : "");
}

/* Whom a block serves: channels, and "read-back" of outputs. */
static void users_text(const struct fixture *f, const struct rig *rig, int bus,
		       const struct schedule_block *b, struct text *out)
{
	int count = 0;

	for (int i = 0; i < b->read_count; i++) {
		int16_t users[USERS_MAX];
		int n = rig_plan_users(rig, bus, b->reads[i], users, USERS_MAX);

		for (int k = 0; k < n; k++)
			add_name(out, users[k] < 0 ? "read-back" : f->channels[users[k]].name,
				 &count);
	}
}

static const char *function_name(uint8_t function)
{
	static const char *const names[] = {"?", "coils", "inputs", "holding", "input"};

	return names[function <= 4 ? function : 0];
}

static void print_plan(const struct fixture *f, const struct rig *rig, int bus,
		       const struct schedule *s, struct text *out)
{
	struct table t;

	text_printf(out, "plan of bus %s: %.0f bytes and %.3g transactions a second\n",
		    f->buses[bus].name, (double)s->bytes * 1e9 / (double)s->span_ns,
		    per_s(s, s->transactions));
	table_init(&t, 6, 1u << 3 | 1u << 4);
	table_row(&t, (const char *[]){"device", "", "registers", "per s", "takes", "for"});
	for (int i = 0; i < s->block_count; i++) {
		const struct schedule_block *b = &s->blocks[i];
		struct text range = {0}, users = {0};
		char rate[32], ms[32];

		text_printf(&range, "%u..%u%s", b->first, b->first + b->count - 1u,
			    b->has_hole ? " over holes" : "");
		(void)snprintf(rate, sizeof(rate), "%.3g", per_s(s, b->times));
		(void)snprintf(ms, sizeof(ms), "%.1f ms", (double)b->wire_ns / 1e6);
		users_text(f, rig, bus, b, &users);
		table_row(&t,
			  (const char *[]){f->devices[b->device].name, function_name(b->function),
					   range.buf, rate, ms, users.buf ? users.buf : ""});
		text_release(&range);
		text_release(&users);
	}
	table_print(&t, "  ", out);
	table_release(&t);
}

void fixture_lines_print(const struct fixture *f, const struct rig *rig, struct text *out)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	print_buses(f, rig, s, out);
	for (int i = 0; i < f->bus_count; i++)
		if (rig_plan(rig, i, s) && s->block_count)
			print_plan(f, rig, i, s, out);
	free(s);
}

/* ---- JSON ------------------------------------------------------------------ */

static void put_block(const struct fixture *f, const struct rig *rig, int bus,
		      const struct schedule *s, const struct schedule_block *b, struct json *j)
{
	json_open_object(j);
	json_kv_string(j, "device", f->devices[b->device].name);
	json_kv_int(j, "function", b->function);
	json_kv_int(j, "first", b->first);
	json_kv_int(j, "count", b->count);
	json_kv_bool(j, "over_holes", b->has_hole);
	json_kv_number(j, "per_s", text_round9(per_s(s, b->times)));
	json_kv_number(j, "takes_ms", text_round9((double)b->wire_ns / 1e6));
	json_kv_int(j, "bytes", b->bytes);
	json_key(j, "channels");
	json_open_array(j);
	for (int i = 0; i < b->read_count; i++) {
		int16_t users[USERS_MAX];
		int n = rig_plan_users(rig, bus, b->reads[i], users, USERS_MAX);

		for (int k = 0; k < n; k++)
			if (users[k] >= 0)
				json_put_string(j, f->channels[users[k]].name);
	}
	json_end_array(j);
	json_end_object(j);
}

void fixture_lines_json(const struct fixture *f, const struct rig *rig, struct json *j)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	json_key(j, "lines");
	json_open_array(j);
	for (int i = 0; i < f->bus_count; i++) {
		if (!rig_plan(rig, i, s))
			continue;
		json_open_object(j);
		json_kv_string(j, "bus", f->buses[i].name);
		json_kv_number(j, "load", text_round9(s->load));
		json_kv_number(j, "transactions_per_s", text_round9(per_s(s, s->transactions)));
		json_kv_number(j, "bytes_per_s",
			       text_round9((double)s->bytes * 1e9 / (double)s->span_ns));
		json_kv_number(j, "write_wait_ms", text_round9((double)s->longest_ns / 1e6));
		json_kv_number(j, "write_wait_worst_ms",
			       text_round9((double)rig_plan_worst_ns(rig, i) / 1e6));
		json_key(j, "blocks");
		json_open_array(j);
		for (int k = 0; k < s->block_count; k++)
			put_block(f, rig, i, s, &s->blocks[k], j);
		json_end_array(j);
		json_end_object(j);
	}
	json_end_array(j);
	free(s);
}
