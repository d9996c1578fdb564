/* SPDX-License-Identifier: MIT
 *
 * One thread per bus: poll() over the descriptor and an eventfd that says the mailbox has
 * something. Everything that is decided, is decided in the machine; here are descriptors, time and
 * the mailbox.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "bus/gpio.h"
#include "bus/port.h"
#include "bus/rtu.h"
#include "bus/thread.h"
#include "mailbox.h"
#include "trace.h"
#include "wire.h"

#define BEAT_NS	       (100 * NS_PER_MS) /* comes round at least this often */
#define TRACE_FLUSH_NS NS_PER_S
enum { POLL_MAX = 2 + 64, CONNECT_MS = 500 };

struct bus_thread {
	struct bus_thread_config config;
	const struct fx_bus *fx;
	struct bus *bus;
	pthread_t thread;
	struct mailbox mailbox;
	_Atomic int64_t seen_ns;
	_Atomic int simulated;
	atomic_bool stop;

	/* the thread's own */
	struct port port;
	struct wire_rtu *rtu;
	struct wire_tcp *tcp;
	struct who who;
	struct gpio *gpio;
	bool levels_due; /* the chip was just opened */
	bool chip_due;	 /* changes may have come while an output was set */
	bool mail_waits; /* the machine was full */
	struct trace *trace;
	int64_t flush_ns;
};

/* ---- what the machine asks for --------------------------------------------- */

static int open_serial(struct bus_thread *t, struct error *err)
{
	int rc = port_open(&t->port, t->fx, t->config.bus.sim_dir, err);

	if (rc < 0)
		return rc;
	if (t->fx->kind == BUS_MODBUS_RTU) {
		t->rtu = wire_rtu_new(t->port.path, t->fx, t->port.fd, err);
		if (!t->rtu) {
			port_close(&t->port);
			return ERR_CONFIG;
		}
	}
	bus_set_latency(t->bus, t->port.latency_ns + (t->port.is_pty ? t->config.sim_grace_ns : 0));
	if (t->port.latency_ns > 2 * NS_PER_MS)
		log_warning("bus",
			    "bus=%s %s holds replies back by %d ms; set its latency_timer to 1",
			    t->fx->name, t->port.path, (int)(t->port.latency_ns / NS_PER_MS));
	t->simulated = t->port.is_pty;
	return 0;
}

static int open_tcp(struct bus_thread *t, struct error *err)
{
	bool is_sim = strncmp(t->fx->port, "sim:", 4) == 0;

	t->tcp = wire_tcp_open(t->fx, t->config.bus.sim_dir, CONNECT_MS, err);
	if (t->tcp && !is_sim)
		t->tcp = who_connected(&t->who, t->tcp, t->config.bus.ask_units, err);
	if (!t->tcp)
		return ERR_IO;
	t->simulated = is_sim || t->who.is_benchsim;
	return 0;
}

static int op_open(void *ctx, struct error *err)
{
	struct bus_thread *t = ctx;
	int rc;

	switch (t->fx->kind) {
	case BUS_MODBUS_RTU:
	case BUS_SERIAL: return open_serial(t, err);
	case BUS_MODBUS_TCP: return open_tcp(t, err);
	case BUS_TCP: return port_connect(&t->port, t->fx, t->config.bus.sim_dir, CONNECT_MS, err);
	case BUS_GPIO:
		rc = gpio_open(&t->gpio, t->fx->port, t->config.bus.sim_dir, t->config.bus.lines,
			       t->config.bus.line_count, err);
		if (rc < 0)
			return rc;
		t->levels_due = true;
		t->simulated = gpio_is_simulated(t->gpio);
		return 0;
	}
	return error_set(err, ERR_CONFIG, "bus %s is of no known kind", t->fx->name);
}

static void op_close(void *ctx)
{
	struct bus_thread *t = ctx;

	wire_rtu_free(t->rtu);
	t->rtu = NULL;
	if (t->port.fd >= 0)
		port_close(&t->port);
	wire_tcp_free(t->tcp);
	t->tcp = NULL;
	gpio_close(t->gpio);
	t->gpio = NULL;
}

static int op_send(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, struct error *err)
{
	struct bus_thread *t = ctx;

	return wire_rtu_send(t->rtu, unit, pdu, n, err);
}

static int op_transact(void *ctx, uint8_t unit, const uint8_t *pdu, size_t n, uint8_t *reply,
		       size_t max, size_t *reply_n, int64_t timeout_ns, struct error *err)
{
	struct bus_thread *t = ctx;

	return wire_tcp_transact(t->tcp, unit, pdu, n, reply, max, reply_n, timeout_ns, err);
}

static int op_uart(void *ctx, struct bus_uart *out)
{
	struct bus_thread *t = ctx;

	return port_uart(&t->port, out);
}

static int op_write(void *ctx, const uint8_t *p, size_t n, struct error *err)
{
	struct bus_thread *t = ctx;

	return port_write(&t->port, p, n, err);
}

static int op_gpio_set(void *ctx, int line, uint8_t value, struct error *err)
{
	struct bus_thread *t = ctx;

	t->chip_due = true;
	return gpio_set(t->gpio, line, value, err);
}

static void op_event(void *ctx, const struct bus_event *ev)
{
	struct bus_thread *t = ctx;

	t->config.event(t->config.ctx, t->config.bus.bus, ev);
}

static int64_t op_clock(void *ctx)
{
	(void)ctx;
	return clock_mono_ns();
}

static void op_trace(void *ctx, int64_t at_ns, char dir, const uint8_t *p, size_t n,
		     const char *note)
{
	struct bus_thread *t = ctx;

	trace_add(t->trace, at_ns, dir, p, n, note);
}

/* ---- mailbox --------------------------------------------------------------- */

/* What can never be sent is answered at once: nobody waits for ever. */
static void refuse(struct bus_thread *t, const struct bus_request *r)
{
	struct bus_event ev = {.kind = BUS_EVENT_REQUEST, .status = BUS_CANCELED};

	ev.token = r->token;
	ev.device = r->device;
	ev.at_ns = clock_mono_ns();
	text_copy(ev.text, sizeof(ev.text), "a request that this bus cannot send");
	op_event(t, &ev);
}

/* Into the machine, as many as it takes; the rest waits in the mailbox. */
static void take_mail(struct bus_thread *t)
{
	struct bus_request r;
	uint16_t device;
	bool needed;

	if (!mailbox_any(&t->mailbox) && !t->mail_waits)
		return;
	t->mail_waits = false;
	while (mailbox_take_need(&t->mailbox, &device, &needed))
		bus_need(t->bus, device, needed);
	while (mailbox_peek(&t->mailbox, &r)) {
		int rc = bus_submit(t->bus, &r);

		if (rc == ERR_LIMIT) {
			t->mail_waits = true;
			return;
		}
		mailbox_drop(&t->mailbox);
		if (rc < 0)
			refuse(t, &r);
	}
}

int bus_thread_submit(struct bus_thread *t, const struct bus_request *r)
{
	return mailbox_put(&t->mailbox, r);
}

void bus_thread_need(struct bus_thread *t, uint16_t device, bool needed)
{
	mailbox_need(&t->mailbox, device, needed);
}

int64_t bus_thread_seen_ns(const struct bus_thread *t)
{
	return t->seen_ns;
}

int bus_thread_is_simulated(const struct bus_thread *t)
{
	return t->simulated;
}

/* ---- descriptors ----------------------------------------------------------- */

static void on_change(void *ctx, const struct gpio_change *c)
{
	struct bus_thread *t = ctx;
	int64_t now_ns = clock_mono_ns();

	if (c->pulses)
		bus_gpio_pulses(t->bus, c->line, c->pulses, c->first_ns, c->last_ns, now_ns);
	else
		bus_gpio(t->bus, c->line, c->value, c->is_edge, c->at_ns, now_ns);
}

static void read_chip(struct bus_thread *t)
{
	struct gpio_sink sink = {.change = on_change, .ctx = t};
	struct error err = {0};

	t->chip_due = false;
	if (gpio_read(t->gpio, &sink, &err) < 0)
		bus_lost(t->bus, err.text, clock_mono_ns());
}

/* Levels besides edges: the kernel may have dropped one. */
static void read_levels(struct bus_thread *t)
{
	t->levels_due = false;
	for (int i = 0; i < t->config.bus.line_count && t->gpio; i++) {
		struct error err = {0};
		int64_t now_ns = clock_mono_ns();
		uint8_t value;

		if (t->config.bus.lines[i].mode != GPIO_IN)
			continue;
		if (gpio_get(t->gpio, i, &value, &err) < 0)
			bus_lost(t->bus, err.text, now_ns);
		else
			bus_gpio(t->bus, i, value, false, now_ns, now_ns);
	}
}

static void read_port(struct bus_thread *t)
{
	uint8_t bytes[1024];
	struct error err = {0};
	int n = port_read(&t->port, bytes, sizeof(bytes), &err);

	if (n > 0)
		bus_bytes(t->bus, bytes, (size_t)n, clock_mono_ns());
	else if (n < 0)
		bus_lost(t->bus, err.text, clock_mono_ns());
}

static void port_hung_up(struct bus_thread *t)
{
	char text[sizeof(t->port.path) + 64];

	snprintf(text, sizeof(text), "port %s (%s) hung up", t->fx->port, t->port.path);
	bus_lost(t->bus, text, clock_mono_ns());
}

/* Fill the descriptors besides the mailbox's. Bytes before quiet_ns wait for their frame's end. */
static int fill_poll(const struct bus_thread *t, struct pollfd *p, bool listen)
{
	if (t->gpio)
		return gpio_poll(t->gpio, p, POLL_MAX - 1);
	if (t->tcp) {
		*p = (struct pollfd){.fd = wire_tcp_fd(t->tcp), .events = POLLIN};
		return 1;
	}
	if (t->port.fd < 0)
		return 0;
	*p = (struct pollfd){.fd = t->port.fd, .events = listen ? POLLIN : 0};
	return 1;
}

static void take_ready(struct bus_thread *t, const struct pollfd *p, int n)
{
	short all = 0;

	for (int i = 0; i < n; i++)
		all |= p[i].revents;
	if (!all)
		return;
	if (t->gpio) {
		read_chip(t);
	} else if (t->tcp) {
		/* Nobody is asked here: it can only be the end, or what nobody asked for. */
		bus_lost(t->bus, "the peer closed the connection or spoke unasked",
			 clock_mono_ns());
	} else if (t->port.fd >= 0) {
		if (all & POLLIN)
			read_port(t);
		if (all & (POLLHUP | POLLERR | POLLNVAL) && t->port.fd >= 0)
			port_hung_up(t);
	}
}

/* ---- the loop -------------------------------------------------------------- */

static void sleep_until(struct bus_thread *t, int64_t next_ns)
{
	struct pollfd p[POLL_MAX] = {{.fd = t->mailbox.wake_fd, .events = POLLIN}};
	int mail = !bus_is_engaged(t->bus);
	int64_t now_ns = clock_mono_ns();
	int64_t quiet_ns = bus_quiet_until_ns(t->bus);
	bool listen = now_ns >= quiet_ns;
	struct timespec wait;
	int n = fill_poll(t, p + mail, listen);
	int64_t left_ns;

	if (!listen && quiet_ns < next_ns)
		next_ns = quiet_ns;
	left_ns = next_ns - now_ns;
	left_ns = left_ns < 0 ? 0 : left_ns > BEAT_NS ? BEAT_NS : left_ns;
	wait = (struct timespec){left_ns / NS_PER_S, left_ns % NS_PER_S};
	if (mail && !mailbox_sleep(&t->mailbox))
		wait = (struct timespec){0};
	if (ppoll(p, (nfds_t)(n + mail), &wait, NULL) < 0 && errno != EINTR)
		panic("bus %s: poll: %s", t->fx->name, strerror(errno));
	if (mail)
		mailbox_awake(&t->mailbox, p[0].revents & POLLIN);
	take_ready(t, p + mail, n);
	/* Not listened to until now: what has come, comes before any decision. */
	if (!listen && t->port.fd >= 0)
		read_port(t);
}

static void keep_books(struct bus_thread *t, int64_t now_ns)
{
	t->seen_ns = now_ns;
	if (t->trace && now_ns >= t->flush_ns) {
		trace_flush(t->trace);
		t->flush_ns = now_ns + TRACE_FLUSH_NS;
	}
}

static void *bus_main(void *arg)
{
	struct bus_thread *t = arg;
	int64_t next_ns = 0;
	char name[16];

	snprintf(name, sizeof(name), "bus %s", t->fx->name);
	pthread_setname_np(pthread_self(), name);
	/* t3.5 is 1.75 ms: the default slack of 50 us is felt. */
	prctl(PR_SET_TIMERSLACK, 1000);
	while (!t->stop) {
		int64_t now_ns = clock_mono_ns();

		take_mail(t);
		if (t->gpio && now_ns >= next_ns)
			read_levels(t);
		next_ns = bus_run(t->bus, now_ns);
		if (t->gpio && t->levels_due)
			read_levels(t);
		if (t->gpio && t->chip_due)
			read_chip(t);
		keep_books(t, clock_mono_ns());
		if (next_ns > clock_mono_ns() || t->tcp)
			sleep_until(t, next_ns);
	}
	return NULL;
}

/* ---- start and stop -------------------------------------------------------- */

static void thread_free(struct bus_thread *t)
{
	bus_free(t->bus);
	trace_close(t->trace);
	mailbox_close(&t->mailbox);
	free(t);
}

/* Signals are the loop's. */
static int start(struct bus_thread *t)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&t->thread, NULL, bus_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

struct bus_thread *bus_thread_start(const struct bus_thread_config *config, struct error *err)
{
	struct bus_thread *t = xcalloc(1, sizeof(*t));
	struct bus_ops ops = {.ctx = t,
			      .open = op_open,
			      .close = op_close,
			      .send = op_send,
			      .transact = op_transact,
			      .uart = op_uart,
			      .write = op_write,
			      .gpio_set = op_gpio_set,
			      .event = op_event,
			      .clock = op_clock};

	t->config = *config;
	t->mailbox.wake_fd = t->port.fd = -1;
	t->fx = &config->bus.fixture->buses[config->bus.bus];
	t->simulated = t->fx->kind == BUS_TCP ? !strncmp(t->fx->port, "sim:", 4) : -1;
	t->seen_ns = clock_mono_ns();
	ops.trace = config->trace_dir ? op_trace : NULL;
	if (mailbox_open(&t->mailbox, err) < 0)
		goto out;
	t->bus = bus_new(&config->bus, &ops, err);
	if (!t->bus)
		goto out;
	if (config->trace_dir &&
	    !(t->trace = trace_open(config->trace_dir, t->fx, &config->bus, err)))
		goto out;
	errno = start(t);
	if (errno) {
		error_errno(err, "bus %s: thread", t->fx->name);
		goto out;
	}
	return t;
out:
	thread_free(t);
	return NULL;
}

void bus_thread_stop(struct bus_thread *t)
{
	if (!t)
		return;
	t->stop = true;
	mailbox_wake(&t->mailbox);
	pthread_join(t->thread, NULL);
	thread_free(t);
}
