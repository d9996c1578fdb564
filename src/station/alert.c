/* SPDX-License-Identifier: MIT
 *
 * What people want to be told without looking: a locked bay, a calibration that is due soon, an old
 * backup, a full disk, letters given up. Each is an item `alert` of the feed when it begins and
 * another when it is over, so that webhooks carry it as they carry all else, and a restart tells
 * nothing twice.
 */
#include "outbox.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/calibrate.h"

#define MODULE	"alert"
#define LOOK_NS (2 * NS_PER_S)
#define DAY_US	INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)
enum { DUE_DAYS = 7, BACKUP_HOURS = 24, REPLAY_MAX = 5000 };
/* free bytes: told below the first, over again above the second */
static const double disk_low = 256e6, disk_good = 320e6;

struct alert {
	struct alert *next;
	char code[32], subject[160];
	bool raised;
};
struct alerts {
	struct alert *first;
	struct loop_timer *timer;
};

static struct alert *find(struct alerts *a, const char *code, const char *subject)
{
	struct alert *x = a->first;

	while (x && (strcmp(x->code, code) != 0 || strcmp(x->subject, subject) != 0))
		x = x->next;
	return x;
}

static struct alert *find_or_make(struct alerts *a, const char *code, const char *subject)
{
	struct alert *x = find(a, code, subject);

	if (x)
		return x;
	x = xcalloc(1, sizeof(*x));
	(void)text_copy(x->code, sizeof(x->code), code);
	(void)text_copy(x->subject, sizeof(x->subject), subject);
	x->next = a->first;
	a->first = x;
	return x;
}

/* ---- into the chain ---- */

struct alert_job {
	struct job job;
	struct station *station;
	int64_t utc_us;
	struct text data;
};

static void alert_work(struct job *j, struct store *store)
{
	struct alert_job *q = (struct alert_job *)j;
	struct chain_item item = {
		.type = "alert", .feed = true, .data = q->data.buf, .n = q->data.len};

	j->rc = store_chain_add(store, &item, q->utc_us, NULL, &j->err);
}

static void alert_done(struct job *j)
{
	struct alert_job *q = (struct alert_job *)j;

	if (j->rc)
		station_store_failed(q->station, "an alert", &j->err);
	text_release(&q->data);
	free(q);
}

/* en and zh say the present state, raised or not. */
static void tell(struct station *s, const char *code, const char *subject, bool raised,
		 const char *en, const char *zh)
{
	struct alert *x = find(s->alerts, code, subject);
	struct alert_job *q;
	struct json j;

	if (raised == (x && x->raised))
		return;
	find_or_make(s->alerts, code, subject)->raised = raised;
	log_warning(MODULE, "%s", en);
	q = xcalloc(1, sizeof(*q));
	q->job.work = alert_work;
	q->job.done = alert_done;
	q->station = s;
	q->utc_us = clock_utc_us();
	json_init(&j, &q->data);
	json_open_object(&j);
	json_kv_string(&j, "alert", code);
	json_kv_string(&j, "subject", subject);
	json_kv_string(&j, "state", raised ? "raised" : "cleared");
	json_kv_string(&j, "station", s->name);
	json_kv_string(&j, "en", en);
	json_kv_string(&j, "zh", zh);
	json_end_object(&j);
	station_write(s, &q->job);
}

/* ---- what is looked at ---- */

static void look_at_bays(struct station *s)
{
	char en[400], zh[400];

	for (int i = 0; i < s->bay_count; i++) {
		const struct bay *b = &s->bays[i];
		const char *reason;
		bool locked = bay_shown(b, &reason) == BAY_LOCKED;

		if (b->state == BAY_SECURING || b->state == 0)
			continue; /* not known yet */
		(void)snprintf(en, sizeof(en),
			       locked ? "bay %s is locked: %s" : "bay %s is locked no more",
			       b->name, reason);
		(void)snprintf(zh, sizeof(zh), locked ? "工位 %s 已锁定：%s" : "工位 %s 已解除锁定",
			       b->name, reason);
		tell(s, "bay_locked", b->name, locked, en, zh);
	}
}

static const char *first_bay(const struct fixture *f, const struct fx_channel *c)
{
	int i = 0;

	while (i < f->bay_count - 1 && !(c->bays & (1u << i)))
		i++;
	return f->bays[i].name;
}

static void look_at_calibrations(struct station *s)
{
	int64_t now_us = calibrate_believed_utc_us(clock_utc_us(), calibrate_build_utc_us());
	char limit[16], subject[160], en[400], zh[400];

	if (now_us == 0)
		return; /* which day it is, is not known */
	people_day(limit, now_us + DUE_DAYS * DAY_US);
	for (int r = 0; r < s->rig_count; r++) {
		const struct fixture *f = s->rigs[r].fixture;

		for (int i = 0; i < f->channel_count; i++) {
			const struct fx_calibration *c = &f->channels[i].calibration;
			bool due;

			if (c->revision <= 0 || !c->due)
				continue;
			due = strcmp(c->due, limit) <= 0;
			/* bays have channels of the same name: as its record is called */
			(void)snprintf(subject, sizeof(subject), "%.63s/%.15s/%.63s", f->name,
				       first_bay(f, &f->channels[i]), f->channels[i].name);
			(void)snprintf(en, sizeof(en),
				       due ? "calibration of %s is due on %s"
					   : "calibration of %s is in force until %s",
				       subject, c->due);
			(void)snprintf(zh, sizeof(zh),
				       due ? "%s 的校准将于 %s 到期" : "%s 的校准有效期至 %s",
				       subject, c->due);
			tell(s, "calibration_due", subject, due, en, zh);
		}
	}
}

static void look_at_backup(struct station *s)
{
	const struct keeper *k = &s->keeper;
	/* one that is made each 24 h is that old when the next one begins */
	int hours =
		(s->options.backup_hours > BACKUP_HOURS ? s->options.backup_hours : BACKUP_HOURS) +
		1;
	int64_t up_us = (clock_mono_ns() - s->started_ns) / 1000;
	int64_t age_us = k->made_utc_us ? clock_utc_us() - k->made_utc_us : up_us;
	char en[200], zh[200];
	bool old;

	if (!s->options.backup_dir)
		return;
	old = age_us > hours * HOUR_US;
	(void)snprintf(en, sizeof(en),
		       old ? "the last backup is older than %d h" : "a backup was made", hours - 1);
	(void)snprintf(zh, sizeof(zh), old ? "最近一次备份已超过 %d 小时" : "备份已完成",
		       hours - 1);
	tell(s, "backup_old", "", old, en, zh);
}

static void look_at_webhooks(struct station *s)
{
	char en[400], zh[400];

	for (int i = 0; s->outbox && i < s->outbox->count; i++) {
		const struct endpoint *e = &s->outbox->at[i];
		const char *name = e->hook->name;
		bool off = e->row.disabled[0] != '\0';

		(void)snprintf(
			en, sizeof(en),
			e->row.dead
				? "webhook %s: letters were given up; see: benchctl webhook dead %s"
				: "webhook %s: no letter is given up any more",
			name, name);
		(void)snprintf(zh, sizeof(zh),
			       e->row.dead ? "推送 %s：有死信；请看 benchctl webhook dead %s"
					   : "推送 %s：已没有死信",
			       name, name);
		tell(s, "dead_letters", name, e->row.dead > 0, en, zh);
		(void)snprintf(en, sizeof(en),
			       off ? "webhook %s is disabled: %s" : "webhook %s is enabled", name,
			       e->row.disabled);
		(void)snprintf(zh, sizeof(zh), off ? "推送 %s 已停用：%s" : "推送 %s 已启用", name,
			       e->row.disabled);
		tell(s, "webhook_disabled", name, off, en, zh);
	}
}

/* Earlier than no run begins any more, which room.c sees to. */
static void look_at_disk(struct station *s)
{
	const struct alert *x = find(s->alerts, "disk_low", "");
	const double free_bytes = (double)s->room.free_bytes;
	bool was = x && x->raised;
	char en[200], zh[200];

	if (s->room.size_bytes <= 0) /* not looked at yet */
		return;
	(void)snprintf(en, sizeof(en), "%.0f MB are free on the station's disk", free_bytes / 1e6);
	(void)snprintf(zh, sizeof(zh), "检测台磁盘剩余 %.0f MB", free_bytes / 1e6);
	tell(s, "disk_low", "", s->room.low || free_bytes < (was ? disk_good : disk_low), en, zh);
}

static void on_look(void *ctx)
{
	struct station *s = ctx;

	loop_set_timer(s->alerts->timer, clock_mono_ns() + LOOK_NS);
	if (s->stopping || s->store_failed || station_is_crowded(s))
		return;
	look_at_bays(s);
	look_at_calibrations(s);
	look_at_backup(s);
	look_at_webhooks(s);
	look_at_disk(s);
}

/* ---- at start: what was told last ---- */

static bool replay(void *ctx, const struct chain_row *r)
{
	struct alerts *a = ctx;
	json_t *o = json_load_limited(r->data, r->data_n, WEB_BODY_MAX, NULL);
	const char *code = json_string_value(json_object_get(o, "alert"));
	const char *subject = json_string_value(json_object_get(o, "subject"));
	const char *state = json_string_value(json_object_get(o, "state"));

	if (code && subject && state && !find(a, code, subject)) /* the newest stands first */
		find_or_make(a, code, subject)->raised = strcmp(state, "raised") == 0;
	json_decref(o);
	return true;
}

int alerts_load(struct station *s, struct store *store, struct error *err)
{
	struct chain_filter f = {.type = "alert", .newest_first = true, .limit = REPLAY_MAX};

	s->alerts = xcalloc(1, sizeof(*s->alerts));
	return store_chain_list(store, &f, replay, s->alerts, err);
}

void alerts_start(struct station *s)
{
	s->alerts->timer = loop_add_timer(s->loop, on_look, s);
	loop_set_timer(s->alerts->timer, clock_mono_ns() + LOOK_NS);
}

void alerts_free(struct station *s)
{
	struct alerts *a = s->alerts;

	if (!a)
		return;
	if (a->timer)
		loop_remove_timer(a->timer);
	while (a->first) {
		struct alert *x = a->first;

		a->first = x->next;
		free(x);
	}
	free(a);
	s->alerts = NULL;
}
