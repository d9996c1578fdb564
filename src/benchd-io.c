/* SPDX-License-Identifier: MIT
 *
 * benchd-io: the devices of one rig. One thread per bus, one loop for the rig machine, a link to
 * benchd. Whatever happens here ends in drop, stop and proof; a start begins with them.
 *
 * Exit codes: 0 ended, safe state proven; 2 usage or configuration; 3 safe state not proven; 75
 * another process holds the rig or one of its ports.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "bus/thread.h"
#include "link/io_client.h"
#include "link/socket.h"
#include "plan/fixture.h"
#include "rig/hold.h"
#include "rig/inbox.h"
#include "rig/options.h"
#include "rig/rig.h"

#define MODULE "io"

enum { MAIL_MAX = 1024, EXIT_CONFIG = 2, EXIT_UNPROVEN = 3, EXIT_HELD = 75 };
#define GIVE_UP_NS (10 * NS_PER_S) /* --exit-with-link: nobody there since the start */
/* by then a port is open, or held by somebody else, or not there */
#define PORTS_NS (3 * NS_PER_S)
/* A bus thread comes round every 100 ms when it has nothing to do. */
#define BEAT_SLACK_NS (250 * NS_PER_MS)
/* what a reply on a simulated wire may be late by beyond a device's turnaround */
#define SIM_GRACE_NS (300 * NS_PER_MS)
#define PANIC_NS     (300 * NS_PER_MS)

struct daemon {
	struct io_options options;
	struct loop *loop;
	struct loop_timer *timer, *watchdog_timer;
	struct loop_waker *waker;
	struct fixture *fixture;
	struct rig *rig;
	struct bus_thread *threads[FIXTURE_BUSES_MAX];
	int64_t worst_ns[FIXTURE_BUSES_MAX];
	struct inbox *mail;
	struct mail one; /* taken out of it */
	struct io_client *link;
	struct rig_hold hold;
	bool said_simulated;
	int64_t started_ns, watchdog_ns;
	bool ending, done;
	bool bus_was_up[FIXTURE_BUSES_MAX];
	char held[160];
};

static struct daemon *the_daemon; /* for the panic hook alone */

static void tick(struct daemon *d);

/* --- what the rig machine calls --- */

static int op_submit(void *ctx, int bus, const struct bus_request *q)
{
	struct daemon *d = ctx;

	return bus_thread_submit(d->threads[bus], q);
}

static void op_need(void *ctx, int bus, uint16_t device, bool needed)
{
	struct daemon *d = ctx;

	bus_thread_need(d->threads[bus], device, needed);
}

static void op_send(void *ctx, const struct io_msg *m)
{
	struct daemon *d = ctx;

	if (d->link)
		io_client_send(d->link, m);
}

static void op_log(void *ctx, int level, const char *text)
{
	(void)ctx;
	log_line((enum log_level)level, MODULE, "%s", text);
}

static bool op_healthy(void *ctx, int64_t now_ns)
{
	struct daemon *d = ctx;

	for (int i = 0; i < d->fixture->bus_count; i++)
		if (d->fixture->buses[i].kind != BUS_TCP && /* nothing of a bay hangs on those */
		    now_ns - bus_thread_seen_ns(d->threads[i]) > d->worst_ns[i] + BEAT_SLACK_NS)
			return false;
	return true;
}

/* --- from the bus threads --- */

static void on_bus_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct daemon *d = ctx;

	inbox_put(d->mail, bus, ev);
	loop_wake(d->waker);
}

static void note_port(struct daemon *d, const struct mail *m)
{
	if (m->ev.kind == BUS_EVENT_UP)
		d->bus_was_up[m->bus] = true;
	if (m->ev.kind != BUS_EVENT_DOWN || d->bus_was_up[m->bus] ||
	    clock_mono_ns() - d->started_ns > PORTS_NS || !strstr(m->ev.text, "is held by"))
		return;
	/* the one that names a process says most */
	if (!d->held[0] || strstr(m->ev.text, "by process"))
		text_copy(d->held, sizeof(d->held), m->ev.text);
}

static void on_mail(void *ctx)
{
	struct daemon *d = ctx;
	bool overflow;

	/* bounded by what can be there at once, so that the link and the timers get their turn */
	for (int i = 0; i < MAIL_MAX && inbox_take(d->mail, &d->one, &overflow); i++) {
		note_port(d, &d->one);
		rig_bus_event(d->rig, d->one.bus, &d->one.ev, clock_mono_ns());
		if (overflow)
			rig_fault(d->rig, "events of the buses were lost: this process is too slow",
				  clock_mono_ns());
	}
	tick(d);
}

/* --- the link --- */

static void finish(struct daemon *d, int code)
{
	if (d->done)
		return;
	d->done = true;
	loop_stop(d->loop, code);
}

static void begin_end(struct daemon *d, const char *why)
{
	if (d->ending)
		return;
	d->ending = true;
	log_info(MODULE, "%s: making the rig safe", why);
	rig_end(d->rig, why, clock_mono_ns());
}

static bool is_simulated(const struct daemon *d)
{
	for (int i = 0; i < d->fixture->bus_count; i++)
		if (bus_thread_is_simulated(d->threads[i]) == 1)
			return true;
	return d->fixture->simulated;
}

/* HELLO says whether the rig is simulated: known once the ports are open, or taken as it is after a
 * while. */
static bool on_link_ready(void *ctx)
{
	const struct daemon *d = ctx;

	if (is_simulated(d) || clock_mono_ns() - d->started_ns > PORTS_NS)
		return true;
	for (int i = 0; i < d->fixture->bus_count; i++)
		if (bus_thread_is_simulated(d->threads[i]) < 0)
			return false;
	return true;
}

static void on_link_up(void *ctx)
{
	struct daemon *d = ctx;

	d->said_simulated = is_simulated(d);
	rig_set_identity(d->rig, (uint32_t)getpid(), d->said_simulated);
	rig_link_up(d->rig, clock_mono_ns());
}

static int on_link_message(void *ctx, const struct io_msg *m, struct error *err)
{
	struct daemon *d = ctx;

	return rig_message(d->rig, m, clock_mono_ns(), err);
}

static void on_link_done(void *ctx)
{
	tick(ctx);
}

static void on_link_lost(void *ctx, bool never_up, const char *why)
{
	struct daemon *d = ctx;

	unsigned refusals = d->link ? io_client_refusals(d->link) : 0;

	if (refusals <= 1)
		log_warning(MODULE, "link to benchd: %s%s", why,
			    refusals && !d->options.exit_with_link
				    ? "; it is tried again with growing pauses, and not told again"
				    : "");
	if (!never_up)
		rig_link_lost(d->rig, clock_mono_ns());
	if (d->options.exit_with_link)
		begin_end(d, "the link to benchd is closed");
}

/* --- the loop --- */

/* A port that turned out to be a pseudo-terminal after HELLO: say it anew, for a run must never
 * look real. */
static void check_simulated(struct daemon *d)
{
	if (io_client_is_up(d->link) && !d->said_simulated && is_simulated(d))
		io_client_break(d->link, "a bus turned out to be simulated; HELLO has to say so");
}

static void tick(struct daemon *d)
{
	int64_t next_ns;
	bool proven = false;

	if (d->done)
		return;
	check_simulated(d);
	next_ns = rig_run(d->rig, clock_mono_ns());
	if (d->link && io_client_settle(d->link))
		next_ns = rig_run(d->rig, clock_mono_ns());
	loop_set_timer(d->timer, next_ns);
	if (d->held[0]) {
		fprintf(stderr, "benchd-io: %s\n", d->held);
		finish(d, EXIT_HELD);
	} else if (rig_is_ended(d->rig, &proven)) {
		finish(d, proven ? 0 : EXIT_UNPROVEN);
	}
}

static void on_timer(void *ctx)
{
	tick(ctx);
}

static void on_stop(void *ctx, int sig)
{
	struct daemon *d = ctx;

	sd_notify(0, "STOPPING=1");
	begin_end(d, sig == SIGINT ? "interrupted" : "asked to end");
	tick(d);
}

static void on_watchdog(void *ctx)
{
	struct daemon *d = ctx;

	if (op_healthy(d, clock_mono_ns()))
		sd_notify(0, "WATCHDOG=1");
	loop_set_timer(d->watchdog_timer, clock_mono_ns() + d->watchdog_ns);
}

static void start_watchdog(struct daemon *d)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return;
	d->watchdog_ns = (int64_t)us * 1000 / 3;
	d->watchdog_timer = loop_add_timer(d->loop, on_watchdog, d);
	on_watchdog(d);
}

/* A bug or no memory: the outputs first. What is broken may be the rig machine itself, so this is
 * bounded, and the lease, the dead-man line and ExecStopPost stand behind it. */
static void on_panic(void)
{
	struct daemon *d = the_daemon;
	int64_t until_ns = clock_mono_ns() + PANIC_NS;
	bool overflow;

	if (!d || !d->rig)
		return;
	the_daemon = NULL;
	rig_end(d->rig, "panic", clock_mono_ns());
	while (clock_mono_ns() < until_ns && !rig_is_ended(d->rig, NULL)) {
		if (inbox_take(d->mail, &d->one, &overflow))
			rig_bus_event(d->rig, d->one.bus, &d->one.ev, clock_mono_ns());
		rig_run(d->rig, clock_mono_ns());
	}
}

/* --- start --- */

static int lock_rig(struct daemon *d)
{
	struct link_peer holder = {0};

	int rc = rig_hold(&d->hold, d->fixture, d->options.sim_dir, &holder);

	/* without it the ports' own locks remain */
	if (rc == ERR_DENIED)
		log_warning("io",
			    "process %d of uid %d, who is not of this station, sits on the lock of "
			    "%s: going on without that lock; end that process",
			    (int)holder.pid, (int)holder.uid, d->hold.what);
	if (rc != ERR_BUSY)
		return 0;
	fprintf(stderr, "benchd-io: %s of %s is held by process %d of uid %d\n", d->hold.what,
		d->options.fixture, (int)holder.pid, (int)holder.uid);
	return EXIT_HELD;
}

static int load(struct daemon *d)
{
	static const struct rig_ops ops = {.submit = op_submit,
					   .need = op_need,
					   .send = op_send,
					   .log = op_log,
					   .healthy = op_healthy};
	struct clock_scale scale = {d->options.origin_ns, d->options.speed};
	struct problems problems = {0};
	struct rig_ops own = ops;

	own.ctx = d;
	d->fixture = fixture_load_draft(d->options.fixture, &problems);
	if (d->fixture)
		fixture_at_speed(d->fixture, d->options.speed);
	if (d->fixture)
		d->rig = rig_new(d->fixture, &scale, &own, &problems);
	if (problems.count)
		problems_print(&problems, stderr);
	problems_release(&problems);
	if (!d->rig)
		return EXIT_CONFIG;
	for (int i = 0; d->options.speed > 1 && i < d->fixture->bus_count; i++)
		if (strncmp(d->fixture->buses[i].port, "sim:", 4))
			return io_options_usage(
				"--speed is for simulated rigs: every port has to be sim:NAME");
	return 0;
}

/* A trip must reach every output that it depends on. What is only made safe is made so however long
 * it takes. */
static int check_reach(const struct daemon *d)
{
	struct text slow = {0};
	int n = rig_reach_problems(d->rig, &slow);

	if (n)
		fprintf(stderr, "%s", slow.buf);
	text_release(&slow);
	return n && !d->options.make_safe ? EXIT_CONFIG : 0;
}

static int start_buses(struct daemon *d)
{
	struct bus_thread_config c = {.trace_dir = d->options.trace_dir,
				      .sim_grace_ns = SIM_GRACE_NS,
				      .ctx = d,
				      .event = on_bus_event};
	struct error err;

	for (int i = 0; i < d->fixture->bus_count; i++) {
		rig_bus_config(d->rig, i, &c.bus);
		c.bus.sim_dir = d->options.sim_dir;
		d->worst_ns[i] = bus_worst_transaction_ns(&d->fixture->buses[i], c.bus.reads,
							  c.bus.read_count);
		if (!strncmp(d->fixture->buses[i].port, "sim:", 4))
			d->worst_ns[i] += c.sim_grace_ns;
		d->threads[i] = bus_thread_start(&c, &err);
		if (d->threads[i])
			continue;
		fprintf(stderr, "benchd-io: %s\n", err.text);
		return err.code == ERR_BUSY ? EXIT_HELD : EXIT_CONFIG;
	}
	return 0;
}

static void start_link(struct daemon *d)
{
	struct io_client_config c = {.loop = d->loop,
				     .fd = d->options.link_fd,
				     .path = d->options.link,
				     .once = d->options.exit_with_link,
				     .give_up_ns = GIVE_UP_NS,
				     .ops = {.ctx = d,
					     .ready = on_link_ready,
					     .up = on_link_up,
					     .message = on_link_message,
					     .done = on_link_done,
					     .lost = on_link_lost}};

	if (c.path || c.fd >= 0)
		d->link = io_client_start(&c);
}

static void print_result(const struct daemon *d)
{
	for (int bay = 0; bay < d->fixture->bay_count; bay++) {
		const char *detail = "";
		int proven = rig_bay_proof(d->rig, bay, &detail);

		printf("bay %s: %s: %s\n", d->fixture->bays[bay].name,
		       proven == 1 ? "safe" : "NOT PROVEN SAFE", detail);
	}
}

static int run(struct daemon *d)
{
	int code;

	d->loop = loop_new();
	if (!d->loop) {
		fprintf(stderr, "benchd-io: event loop: %s\n", strerror(errno));
		return EXIT_CONFIG;
	}
	loop_signals(d->loop, on_stop, NULL, d);
	d->timer = loop_add_timer(d->loop, on_timer, d);
	d->waker = loop_add_waker(d->loop, on_mail, d);
	rig_hold_answers(&d->hold, d->loop);
	d->started_ns = clock_mono_ns();
	code = start_buses(d);
	if (code)
		return code;
	rig_start(d->rig, clock_mono_ns());
	if (d->options.make_safe) {
		d->ending = true;
		rig_end(d->rig, "make-safe", clock_mono_ns());
	}
	start_link(d);
	/* Best effort: without the right to, pages may still be in memory. */
	(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	tick(d);
	start_watchdog(d);
	sd_notify(0, "READY=1");
	code = loop_run(d->loop);
	if (d->options.make_safe && code != EXIT_HELD)
		print_result(d);
	return code;
}

static void release(struct daemon *d)
{
	the_daemon = NULL;
	io_client_free(d->link);
	for (int i = 0; i < FIXTURE_BUSES_MAX; i++)
		bus_thread_stop(d->threads[i]);
	rig_hold_release(&d->hold);
	loop_remove_waker(d->waker);
	loop_remove_timer(d->watchdog_timer);
	loop_remove_timer(d->timer);
	loop_free(d->loop);
	rig_free(d->rig);
	fixture_free(d->fixture);
	inbox_free(d->mail);
}

int main(int argc, char **argv)
{
	static struct daemon d = {.options = {.speed = 1, .log = LOG_LEVEL_INFO}};
	int code = io_options_parse(&d.options, argc, argv);
	bool goes_on;

	if (code)
		return code - 1;
	log_init("benchd-io", d.options.log);
	d.mail = inbox_new(MAIL_MAX);
	code = load(&d);
	if (!code)
		code = check_reach(&d);
	goes_on = !code && !d.options.check;
	if (goes_on)
		code = lock_rig(&d);
	if (goes_on && !code) {
		the_daemon = &d;
		panic_hook(on_panic);
		code = run(&d);
	}
	release(&d);
	return code;
}
