/* SPDX-License-Identifier: MIT
 *
 * benchctl fixture check: what a fixture wires up, how loaded its lines are, and how long each
 * output can take to safe.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ctl/ctl.h"
#include "fixture_lines.h"
#include "rig/rig.h"

#define EDGE_TO_SAFE_MAX_MS 100.0

/* The rig is only asked for facts: nothing it wants to send goes anywhere. */
static int no_submit(void *ctx, int bus, const struct bus_request *r)
{
	(void)ctx;
	(void)bus;
	(void)r;
	return 0;
}

static void no_need(void *ctx, int bus, uint16_t device, bool needed)
{
	(void)ctx;
	(void)bus;
	(void)device;
	(void)needed;
}

static void no_send(void *ctx, const struct io_msg *m)
{
	(void)ctx;
	(void)m;
}

static void no_log(void *ctx, int level, const char *text)
{
	(void)ctx;
	(void)level;
	(void)text;
}

static bool no_health(void *ctx, int64_t now_ns)
{
	(void)ctx;
	(void)now_ns;
	return true;
}

struct report {
	const struct fixture *f;
	struct rig_reach reach[FIXTURE_OUTPUTS_MAX];
	int reach_count;
	const struct rig *rig;
	bool ok;
};

static void bays_text(const struct fixture *f, uint32_t bays, struct text *out)
{
	for (int i = 0; i < f->bay_count; i++)
		if (bays & (1u << i))
			text_printf(out, "%s%s", out->len ? "," : "", f->bays[i].name);
}

static void print_channels(const struct report *r, struct text *out)
{
	struct table t;

	text_puts(out, "channels\n");
	table_init(&t, 6, 1u << 4);
	table_row(&t, (const char *[]){"name", "bays", "quantity", "device.point", "every",
				       "calibration"});
	for (int i = 0; i < r->f->channel_count; i++) {
		const struct fx_channel *ch = &r->f->channels[i];
		struct text bays = {0}, point = {0}, every = {0}, cal = {0};

		bays_text(r->f, ch->bays, &bays);
		text_printf(&point, "%s.%s", r->f->devices[ch->device].name, ch->point);
		text_printf(&every, "%.3g s", (double)ch->poll_ns / 1e9);
		if (ch->calibration.revision)
			text_printf(&cal, "revision %d, due %s", ch->calibration.revision,
				    ch->calibration.due ? ch->calibration.due : "-");
		else
			text_puts(&cal, ch->quantity == QUANTITY_STATE ? "" : "none");
		table_row(&t, (const char *[]){ch->name, bays.buf, quantity_name(ch->quantity),
					       point.buf, every.buf, cal.buf});
		text_release(&bays);
		text_release(&point);
		text_release(&every);
		text_release(&cal);
	}
	table_print(&t, "  ", out);
	table_release(&t);
}

static const struct rig_reach *reach_of(const struct report *r, int output)
{
	for (int i = 0; i < r->reach_count; i++)
		if (r->reach[i].output == output)
			return &r->reach[i];
	return NULL;
}

static void print_outputs(const struct report *r, struct text *out)
{
	struct table t;

	text_puts(out, "outputs\n");
	table_init(&t, 7, 1u << 4 | 1u << 5);
	table_row(&t, (const char *[]){"name", "bays", "device.point", "safe", "at most on",
				       "edge to safe", ""});
	for (int i = 0; i < r->f->output_count; i++) {
		const struct fx_output *o = &r->f->outputs[i];
		const struct rig_reach *reach = reach_of(r, i);
		struct text bays = {0}, point = {0};
		char safe[48], on[32], worst[32] = "-";
		bool bounded;

		bays_text(r->f, o->bays, &bays);
		text_printf(&point, "%s.%s", r->f->devices[o->device].name, o->point);
		fixture_output_text(o, o->safe, safe, sizeof(safe));
		/* lamps and the dead-man line have no bound */
		bounded = o->max_on_ns > 0 && o->max_on_ns < INT64_MAX;
		(void)snprintf(on, sizeof(on), "%.0f s", (double)o->max_on_ns / 1e9);
		if (reach)
			(void)snprintf(worst, sizeof(worst), "%.1f ms",
				       (double)reach->worst_ns / 1e6);
		table_row(&t, (const char *[]){o->name, bays.buf, point.buf, safe,
					       bounded ? on : "-", worst,
					       !reach			? ""
					       : !reach->ok		? "TOO SLOW"
					       : reach->dead_man_covers ? "dead-man covers"
									: ""});
		text_release(&bays);
		text_release(&point);
	}
	table_print(&t, "  ", out);
	table_release(&t);
}

/* Of the boards that carry outputs: what makes them safe when nobody speaks to them any more. */
static void print_watchdogs(const struct report *r, struct text *out)
{
	for (int i = 0; i < r->f->device_count; i++) {
		int64_t ns = rig_watchdog_ns(r->rig, i);

		if (ns > 0)
			text_printf(out, "%s: comms watchdog %.3g s\n", r->f->devices[i].name,
				    (double)ns / 1e9);
		else if (ns == 0)
			text_printf(out, "%s: no comms watchdog%s\n", r->f->devices[i].name,
				    r->f->dead_man >= 0 ? "; the dead-man line stands in" : "");
	}
}

static void tell_slow(const struct report *r)
{
	for (int i = 0; i < r->reach_count; i++)
		if (!r->reach[i].ok)
			(void)fprintf(stderr,
				      "%s: output %s reaches safe %.1f ms after an edge; trips "
				      "depend on it: at most %.0f ms, or cover it by a dead-man "
				      "line, or move it to a faster bus\n",
				      r->f->path, r->f->outputs[r->reach[i].output].name,
				      (double)r->reach[i].worst_ns / 1e6, EDGE_TO_SAFE_MAX_MS);
}

static void put_json(const struct report *r, struct text *out)
{
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "file", r->f->path);
	json_kv_string(&j, "fixture", r->f->name);
	json_kv_bool(&j, "ok", r->ok);
	json_kv_bool(&j, "simulated", r->f->simulated);
	json_kv_int(&j, "bays", r->f->bay_count);
	json_kv_int(&j, "buses", r->f->bus_count);
	json_kv_int(&j, "devices", r->f->device_count);
	json_kv_int(&j, "channels", r->f->channel_count);
	json_key(&j, "outputs");
	json_open_array(&j);
	for (int i = 0; i < r->reach_count; i++) {
		const struct rig_reach *reach = &r->reach[i];

		json_open_object(&j);
		json_kv_string(&j, "output", r->f->outputs[reach->output].name);
		json_kv_number(&j, "worst_ms", text_round9((double)reach->worst_ns / 1e6));
		json_kv_bool(&j, "dead_man_covers", reach->dead_man_covers);
		json_kv_bool(&j, "ok", reach->ok);
		json_end_object(&j);
	}
	json_end_array(&j);
	fixture_lines_json(r->f, r->rig, &j);
	json_end_object(&j);
}

static void print_report(const struct ctl *c, const struct report *r)
{
	struct text out = {0};

	if (c->json) {
		put_json(r, &out);
		text_puts(&out, "\n");
	} else {
		text_printf(&out, "%s: rig %s, %d bay%s, %d device%s%s\n", r->f->path, r->f->name,
			    r->f->bay_count, r->f->bay_count == 1 ? "" : "s", r->f->device_count,
			    r->f->device_count == 1 ? "" : "s",
			    r->f->simulated ? ", SIMULATED" : "");
		fixture_lines_print(r->f, r->rig, &out);
		print_channels(r, &out);
		print_outputs(r, &out);
		text_printf(&out, "dead-man line: %s\n",
			    r->f->dead_man >= 0 ? r->f->outputs[r->f->dead_man].name : "none");
		print_watchdogs(r, &out);
	}
	(void)fputs(out.buf, stdout);
	text_release(&out);
}

/* Tells the report from a fixture without mistakes; of a draft the drivers' problems alone. */
static int report(const struct ctl *c, const struct fixture *f, struct problems *problems)
{
	static const struct rig_ops ops = {NULL, no_submit, no_need, no_send, no_log, no_health};
	const struct clock_scale scale = {.speed = 1};
	struct report r = {.f = f, .ok = true};
	struct rig *rig = rig_new(f, &scale, &ops, problems);

	if (!rig)
		return CTL_USAGE;
	r.rig = rig;
	r.reach_count = rig_reach(rig, r.reach, FIXTURE_OUTPUTS_MAX);
	for (int i = 0; i < r.reach_count; i++)
		r.ok = r.ok && r.reach[i].ok;
	print_report(c, &r);
	tell_slow(&r);
	rig_free(rig);
	return r.ok ? CTL_OK : CTL_USAGE;
}

static void json_problems(const char *path, const struct problems *problems)
{
	struct text out = {0};
	struct json j;

	json_init(&j, &out);
	json_open_object(&j);
	json_kv_string(&j, "file", path);
	json_kv_bool(&j, "ok", false);
	ctl_put_problems(&j, problems);
	json_end_object(&j);
	(void)printf("%s\n", out.buf);
	text_release(&out);
}

CTL_COMMAND(cmd_fixture_check)
{
	const struct ctl_option options[] = {OPTION_END};
	const char *words[CTL_ARGS_MAX];
	struct problems problems = {0};
	struct fixture *f;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	f = fixture_load_draft(words[0], &problems);
	if (f)
		fixture_check_days(f, clock_utc_us(), &problems);
	code = f ? report(c, f, &problems) : CTL_USAGE;
	if (c->json && problems.count)
		json_problems(words[0], &problems);
	problems_print(&problems, stderr);
	problems_release(&problems);
	fixture_free(f);
	return code;
}
