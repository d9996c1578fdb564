/* SPDX-License-Identifier: MIT
 *
 * Rig, wires and virtual time, and the messages between rig and station. Neither side is ever
 * entered from within the other: messages wait until the call that made them has returned, as they
 * would in a socket.
 */
#include <stdlib.h>
#include <string.h>

#include "bench_core.h"

/* Timers of 0 mean "none" in places: the clock does not begin there. */
#define BEGIN_NS (1000 * NS_PER_S)
/* How late the bench sees a line change or a code scanned. */
#define LINE_POLL_NS   (100 * NS_PER_MS)
#define SERIAL_POLL_NS (200 * NS_PER_MS)
#define DEFAULT_UTC_US (INT64_C(1780272000) * 1000000) /* 2026-06-01 */

/* ---- messages ---- */

/* Bytes of m that mean something. */
static size_t message_size(const struct io_msg *m)
{
	if (m->type == IO_SAMPLES)
		return offsetof(struct io_msg, u.samples.at) +
		       m->u.samples.count * sizeof(struct sample);
	if (m->type == IO_IMAGE)
		return offsetof(struct io_msg, u.image.value) + m->u.image.count * sizeof(double);
	return offsetof(struct io_msg, u) + 512;
}

_Static_assert(sizeof(((struct io_msg *)0)->u.hello) <= 512 &&
		       sizeof(((struct io_msg *)0)->u.trip) <= 512 &&
		       sizeof(((struct io_msg *)0)->u.proof) <= 512 &&
		       sizeof(((struct io_msg *)0)->u.input) <= 512 &&
		       sizeof(((struct io_msg *)0)->u.device) <= 512 &&
		       sizeof(((struct io_msg *)0)->u.bay) <= 512,
	       "small messages are small");

static uint8_t *queue_room(struct bench_queue *q, size_t n)
{
	if (q->at == q->end)
		q->at = q->end = 0;
	if (q->end + n > q->cap) {
		q->cap = 2 * (q->end + n);
		q->bytes = xrealloc(q->bytes, q->cap);
	}
	return q->bytes + q->end;
}

static void push(struct bench *b, struct bench_queue *q, const struct io_msg *m)
{
	uint8_t *p = queue_room(q, sizeof(size_t) + sizeof(struct io_msg) + IO_MESSAGE_MAX);
	size_t n;

	if (b->config.through_codec) {
		int length = io_encode(m, p + sizeof(n), IO_MESSAGE_MAX);

		if (length < 0)
			panic("message %s cannot be sent", io_type_name(m->type));
		n = (size_t)length;
	} else {
		n = message_size(m);
		memcpy(p + sizeof(n), m, n);
	}
	memcpy(p, &n, sizeof(n));
	q->end += sizeof(n) + n;
	b->stats.messages++;
}

static void decode(struct io_msg *m, const uint8_t *p, size_t n)
{
	struct error err;

	if (io_decode(m, p, n, &err))
		panic("a message of the rig's or the station's is refused: %s", err.text);
}

static inline bool waits(const struct bench_queue *q)
{
	return q->at != q->end;
}

/* The oldest one of a queue in which one waits. */
static void pop(struct bench *b, struct bench_queue *q, struct io_msg *m)
{
	const uint8_t *p = q->bytes + q->at;
	size_t n;

	memcpy(&n, p, sizeof(n));
	q->at += sizeof(n) + n;
	if (!b->config.through_codec)
		memcpy(m, p + sizeof(n), n);
	else
		decode(m, p + sizeof(n), n);
}

static void to_rig(struct bench *b, const struct io_msg *m)
{
	struct error err;
	int was = vtime_work(&b->vt, WORK_RIG);

	if (rig_message(b->rig, m, b->vt.now_ns, &err))
		panic("the rig refuses %s: %s", io_type_name(m->type), err.text);
	b->rig_due = true;
	vtime_work(&b->vt, was);
}

/* Deliver all that waits, both ways, until nothing comes any more. */
static void pump(struct bench *b)
{
	if (b->pumping)
		return;
	b->pumping = true;
	for (;;) {
		if (waits(&b->to_station) && !b->hangs) {
			pop(b, &b->to_station, &b->incoming);
			bench_session_message(b, &b->incoming);
		} else if (waits(&b->to_rig)) {
			pop(b, &b->to_rig, &b->outgoing);
			to_rig(b, &b->outgoing);
		} else {
			break;
		}
	}
	b->pumping = false;
}

void bench_send(struct bench *b, const struct io_msg *m)
{
	push(b, &b->to_rig, m);
	pump(b);
}

uint32_t bench_send_safe(struct bench *b, int bay, enum safe_what what)
{
	struct io_msg m = {.type = IO_SAFE};

	m.u.safe.bay = (uint8_t)bay;
	m.u.safe.what = (uint8_t)what;
	m.u.safe.token = ++b->token;
	bench_send(b, &m);
	return m.u.safe.token;
}

/* ---- what the rig core calls ---- */

static int op_submit(void *ctx, int bus, const struct bus_request *r)
{
	struct bench *b = ctx;

	return wire_submit(b->wires[bus], r);
}

static void op_need(void *ctx, int bus, uint16_t device, bool needed)
{
	struct bench *b = ctx;

	wire_need(b->wires[bus], device, needed);
}

static void op_send(void *ctx, const struct io_msg *m)
{
	struct bench *b = ctx;

	push(b, &b->to_station, m);
}

static void op_log(void *ctx, int level, const char *text)
{
	struct bench *b = ctx;

	if (b->config.log)
		b->config.log(b->config.hooks.ctx, level, text);
}

/* Virtual bus threads always come round. */
static bool op_healthy(void *ctx, int64_t now_ns)
{
	(void)ctx;
	(void)now_ns;
	return true;
}

static void on_bus_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct bench *b = ctx;
	int was = vtime_work(&b->vt, WORK_RIG);

	rig_bus_event(b->rig, bus, ev, b->vt.now_ns);
	b->rig_due = true;
	vtime_work(&b->vt, was);
	pump(b);
}

static void run_rig(void *ctx, int64_t now_ns)
{
	struct bench *b = ctx;
	int was = vtime_work(&b->vt, WORK_RIG);

	b->rig_due = false;
	vtime_set(&b->vt, &b->rig_timer, rig_run(b->rig, now_ns));
	vtime_work(&b->vt, was);
	pump(b);
}

/* As benchd-io's loop: whatever came at once is taken first, then the rig runs. */
bool bench_step(struct bench *b, int64_t end_ns)
{
	bool fired = vtime_step(&b->vt, end_ns);

	while (b->rig_due)
		run_rig(b, b->vt.now_ns);
	return fired;
}

/* ---- life ---- */

static int open_wires(struct bench *b, struct error *err)
{
	for (int i = 0; i < b->fixture->bus_count; i++) {
		bool serial = b->fixture->buses[i].kind == BUS_SERIAL;
		struct wire_config config = {.vt = &b->vt,
					     .line_poll_ns = serial ? SERIAL_POLL_NS : LINE_POLL_NS,
					     .world = b->world,
					     .bus = &b->bus_configs[i],
					     .faults = &b->faults,
					     .ctx = b,
					     .event = on_bus_event};

		rig_bus_config(b->rig, i, &b->bus_configs[i]);
		b->wires[i] = wire_new(&config, err);
		if (!b->wires[i])
			return err->code;
	}
	return 0;
}

static int open_world(struct bench *b, struct error *err)
{
	struct world_config config = {.fixture = b->fixture,
				      .seed = b->config.seed,
				      .noise = b->config.noise,
				      .feed_tds_mg_l = b->config.feed_tds_mg_l,
				      .feed_temperature_c = b->config.feed_temperature_c};

	b->world = world_new(&config, err);
	if (!b->world)
		return err->code;
	world_run(b->world, b->vt.now_ns);
	return 0;
}

static int open_rig(struct bench *b, struct error *err)
{
	struct rig_ops ops = {.ctx = b,
			      .submit = op_submit,
			      .need = op_need,
			      .send = op_send,
			      .log = op_log,
			      .healthy = op_healthy};
	struct problems problems = {0};

	b->rig = rig_new(b->fixture, &b->scale, &ops, &problems);
	if (!b->rig)
		error_set(err, ERR_CONFIG, "%s:%d: %s", b->fixture->path,
			  problems.count ? problems.at[0].line : 0,
			  problems.count ? problems.at[0].text : "the rig cannot be built");
	problems_release(&problems);
	return b->rig ? 0 : ERR_CONFIG;
}

static void open_bays(struct bench *b)
{
	for (int i = 0; i < b->fixture->bay_count; i++) {
		struct bench_bay *y = &b->bays[i];

		y->bench = b;
		y->index = i;
		y->state = BAY_NOT_READY;
		y->tick = (struct vtimer){.fn = bench_session_tick, .ctx = y};
		y->operator_timer = (struct vtimer){.fn = bench_operator_act, .ctx = y};
		y->answer = (struct vtimer){.fn = bench_session_answer, .ctx = y};
	}
}

struct bench *bench_new(const struct bench_config *config, struct error *err)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->config = *config;
	b->fixture = config->fixture;
	if (!b->config.utc_us)
		b->config.utc_us = DEFAULT_UTC_US;
	b->scale = (struct clock_scale){BEGIN_NS, 1};
	vtime_init(&b->vt, BEGIN_NS);
	b->rig_timer = (struct vtimer){.fn = run_rig, .ctx = b};
	open_bays(b);
	if (open_world(b, err) || open_rig(b, err) || open_wires(b, err)) {
		bench_free(b);
		return NULL;
	}
	rig_start(b->rig, b->vt.now_ns);
	rig_link_up(b->rig, b->vt.now_ns);
	vtime_set(&b->vt, &b->rig_timer, b->vt.now_ns);
	pump(b);
	return b;
}

void bench_free(struct bench *b)
{
	if (!b)
		return;
	for (int i = 0; i < b->fixture->bay_count; i++) {
		session_free(b->bays[i].session);
		text_release(&b->bays[i].document);
	}
	for (int i = 0; i < b->fixture->bus_count; i++)
		wire_free(b->wires[i]);
	rig_free(b->rig);
	world_free(b->world);
	vtime_release(&b->vt);
	free(b->to_station.bytes);
	free(b->to_rig.bytes);
	free(b);
}

/* ---- time and plant ---- */

struct world *bench_world(struct bench *b)
{
	return b->world;
}

struct wire_faults *bench_faults(struct bench *b)
{
	return &b->faults;
}

int64_t bench_now_ns(const struct bench *b)
{
	return b->vt.now_ns;
}

int64_t bench_utc_us(const struct bench *b)
{
	return b->config.utc_us + (b->vt.now_ns - BEGIN_NS) / 1000;
}

void bench_mount(struct bench *b, int bay, const char *model, const char *serial)
{
	text_copy(b->bays[bay].unit_serial, sizeof(b->bays[bay].unit_serial), serial ? serial : "");
	world_mount(b->world, bay, model, serial);
}

int bench_fault(struct bench *b, const char *spec, struct error *err)
{
	world_run(b->world, b->vt.now_ns);
	return world_fault(b->world, spec, b->vt.now_ns, err);
}

void bench_run_for(struct bench *b, int64_t ns)
{
	int64_t end_ns = b->vt.now_ns + ns;

	while (bench_step(b, end_ns))
		;
	world_run(b->world, b->vt.now_ns);
}

bool bench_wait_ready(struct bench *b, int bay, int64_t limit_ns)
{
	int64_t end_ns = b->vt.now_ns + limit_ns;

	while (b->bays[bay].state != BAY_READY)
		if (!bench_step(b, end_ns))
			return false;
	return true;
}

enum bay_state bench_bay_state(const struct bench *b, int bay, const char **reason)
{
	if (reason)
		*reason = b->bays[bay].reason;
	return b->bays[bay].state;
}

void bench_hang(struct bench *b, bool hangs)
{
	b->hangs = hangs;
	if (!hangs)
		pump(b); /* what has come meanwhile waits in its socket */
}

void bench_reset(struct bench *b, int bay)
{
	bench_send_safe(b, bay, SAFE_RESET);
}

int bench_work(const struct bench *b)
{
	return b->vt.work;
}

void bench_stats(const struct bench *b, struct bench_stats *out)
{
	*out = b->stats;
	out->timers = b->vt.fired;
	out->transactions = b->faults.count;
	out->physics_steps = world_steps(b->world);
}
