/* SPDX-License-Identifier: MIT
 *
 * benchd-io: the devices of one rig. One thread per bus, one loop for the rig machine, a link to benchd. Whatever
 * happens here ends in drop, stop and proof; a start begins with them.
 *
 * Exit codes: 0 ended, safe state proven; 2 usage or configuration; 3 safe state not proven; 75 another process
 * holds the rig or one of its ports.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "bus/thread.h"
#include "link/socket.h"
#include "plan/fixture.h"
#include "rig/rig.h"

#define MODULE "io"

enum { MAIL_MAX = 1024, MESSAGES_AT_ONCE = 64, EXIT_CONFIG = 2, EXIT_UNPROVEN = 3, EXIT_HELD = 75 };
#define CONNECT_MIN_NS	   (200 * NS_PER_MS)
#define CONNECT_MAX_NS	   (2 * NS_PER_S)
#define CONNECT_GIVE_UP_NS (10 * NS_PER_S) /* --exit-with-link: nobody there since the start */
/* A bus thread comes round every 100 ms when it has nothing to do. */
#define BEAT_SLACK_NS (250 * NS_PER_MS)
#define PANIC_NS      (300 * NS_PER_MS)

struct options {
	const char *fixture, *link, *sim_dir, *trace_dir;
	bool make_safe, exit_with_link;
	unsigned speed;
	int64_t origin_ns;
	enum log_level log;
};

struct mail {
	int bus;
	struct bus_event ev;
};

struct daemon {
	struct options options;
	struct loop *loop;
	struct loop_timer *timer, *connect_timer, *watchdog_timer;
	struct loop_waker *waker;
	struct fixture *fixture;
	struct rig *rig;
	struct bus_thread *threads[FIXTURE_BUSES_MAX];
	int64_t worst_ns[FIXTURE_BUSES_MAX];
	pthread_mutex_t lock; /* what follows */
	struct mail *mail;
	int mail_first, mail_count;
	bool mail_overflow;
	/* the loop's own */
	struct mail one;
	struct io_msg in;
	int link_fd, lock_fd;
	struct loop_io *link_io;
	bool link_broken, ever_linked, said_simulated;
	int64_t connect_backoff_ns, started_ns, watchdog_ns;
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
	uint8_t packet[IO_MESSAGE_MAX];
	struct error err;
	int n;

	if (d->link_fd < 0 || d->link_broken)
		return;
	n = io_encode(m, packet, sizeof(packet));
	if (n < 0)
		panic("a %s message has a field out of its range", io_type_name(m->type));
	if (!link_send(d->link_fd, packet, (size_t)n, -1, &err))
		return;
	/* A benchd that does not read is as good as gone: its leases end. */
	log_warning(MODULE, "link: %s", err.text);
	d->link_broken = true;
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
		if (now_ns - bus_thread_seen_ns(d->threads[i]) > d->worst_ns[i] + BEAT_SLACK_NS)
			return false;
	return true;
}

/* --- from the bus threads --- */

static void on_bus_event(void *ctx, int bus, const struct bus_event *ev)
{
	struct daemon *d = ctx;

	pthread_mutex_lock(&d->lock);
	if (d->mail_count < MAIL_MAX) {
		struct mail *m = &d->mail[(d->mail_first + d->mail_count++) % MAIL_MAX];

		m->bus = bus;
		m->ev = *ev;
	} else {
		d->mail_overflow = true;
	}
	pthread_mutex_unlock(&d->lock);
	loop_wake(d->waker);
}

static bool next_mail(struct daemon *d, bool *overflow)
{
	bool got = false;

	pthread_mutex_lock(&d->lock);
	*overflow = d->mail_overflow;
	d->mail_overflow = false;
	if (d->mail_count) {
		d->one = d->mail[d->mail_first];
		d->mail_first = (d->mail_first + 1) % MAIL_MAX;
		d->mail_count--;
		got = true;
	}
	pthread_mutex_unlock(&d->lock);
	return got;
}

static void note_port(struct daemon *d, const struct mail *m)
{
	if (m->ev.kind == BUS_EVENT_UP)
		d->bus_was_up[m->bus] = true;
	if (m->ev.kind != BUS_EVENT_DOWN || d->bus_was_up[m->bus] || !strstr(m->ev.text, "is held by"))
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
	for (int i = 0; i < MAIL_MAX && next_mail(d, &overflow); i++) {
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

static void close_link(struct daemon *d)
{
	if (d->link_fd < 0)
		return;
	loop_remove_io(d->link_io);
	close(d->link_fd);
	d->link_fd = -1;
	d->link_io = NULL;
	d->link_broken = false;
	rig_link_lost(d->rig, clock_mono_ns());
	if (d->options.exit_with_link)
		begin_end(d, "the link to benchd is closed");
	else if (d->options.link)
		loop_set_timer(d->connect_timer, clock_mono_ns() + CONNECT_MIN_NS);
}

static void on_link(void *ctx, uint32_t events)
{
	struct daemon *d = ctx;
	uint8_t packet[IO_MESSAGE_MAX];
	struct error err;

	(void)events;
	for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
		int n = link_receive(d->link_fd, packet, sizeof(packet), NULL, &err);

		if (n == 0)
			break;
		if (n < 0 || io_decode(&d->in, packet, (size_t)n, &err) ||
		    rig_message(d->rig, &d->in, clock_mono_ns(), &err)) {
			log_warning(MODULE, "link: %s", err.text);
			close_link(d);
			break;
		}
	}
	tick(d);
}

static bool is_simulated(const struct daemon *d)
{
	for (int i = 0; i < d->fixture->bus_count; i++)
		if (bus_thread_is_simulated(d->threads[i]) == 1)
			return true;
	return d->fixture->simulated;
}

static void use_link(struct daemon *d, int fd)
{
	d->link_fd = fd;
	d->link_io = loop_add_io(d->loop, fd, EPOLLIN, on_link, d);
	if (!d->link_io) {
		log_error(MODULE, "link: descriptor %d cannot be watched", fd);
		d->link_fd = -1;
		close(fd);
		return;
	}
	d->ever_linked = true;
	d->connect_backoff_ns = CONNECT_MIN_NS;
	d->said_simulated = is_simulated(d);
	rig_set_identity(d->rig, (uint32_t)getpid(), d->said_simulated);
	rig_link_up(d->rig, clock_mono_ns());
}

static void on_connect(void *ctx)
{
	struct daemon *d = ctx;
	struct error err;
	int fd;

	if (d->link_fd >= 0 || d->ending)
		return;
	fd = link_connect(d->options.link, &err);
	if (fd > 0) {
		use_link(d, fd);
		tick(d);
		return;
	}
	if (d->options.exit_with_link && clock_mono_ns() - d->started_ns > CONNECT_GIVE_UP_NS) {
		begin_end(d, err.text);
		tick(d);
		return;
	}
	loop_set_timer(d->connect_timer, clock_mono_ns() + d->connect_backoff_ns);
	d->connect_backoff_ns *= 2;
	if (d->connect_backoff_ns > CONNECT_MAX_NS)
		d->connect_backoff_ns = CONNECT_MAX_NS;
}

/* --- the loop --- */

/* A port that turned out to be a pseudo-terminal after HELLO: say it anew, for a run must never look real. */
static void check_simulated(struct daemon *d)
{
	if (d->link_fd >= 0 && !d->said_simulated && is_simulated(d)) {
		log_warning(MODULE, "a bus is simulated; the link begins anew to say so");
		d->link_broken = true;
	}
}

static void tick(struct daemon *d)
{
	int64_t next_ns;
	bool proven = false;

	if (d->done)
		return;
	check_simulated(d);
	next_ns = rig_run(d->rig, clock_mono_ns());
	if (d->link_broken) {
		close_link(d);
		next_ns = rig_run(d->rig, clock_mono_ns());
	}
	loop_set_timer(d->timer, next_ns);
	if (d->held[0] && !d->ever_linked) {
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

/* A bug or no memory: the outputs first. What is broken may be the rig machine itself, so this is bounded, and the lease,
 * the dead-man line and ExecStopPost stand behind it. */
static void on_panic(void)
{
	struct daemon *d = the_daemon;
	int64_t until_ns = clock_mono_ns() + PANIC_NS;
	bool overflow;

	if (!d || !d->rig)
		return;
	the_daemon = NULL;
	d->link_broken = true;
	rig_end(d->rig, "panic", clock_mono_ns());
	while (clock_mono_ns() < until_ns && !rig_is_ended(d->rig, NULL)) {
		if (next_mail(d, &overflow))
			rig_bus_event(d->rig, d->one.bus, &d->one.ev, clock_mono_ns());
		rig_run(d->rig, clock_mono_ns());
	}
}

/* --- start --- */

static const char usage[] =
	"usage: benchd-io --fixture FILE (--link PATH | --link fd:N | --make-safe) [options]\n"
	"  --fixture FILE     the wiring of the rig\n"
	"  --link PATH        benchd's io socket, or fd:N for an inherited one\n"
	"  --make-safe        without benchd: drop, stop, proof; says per bay what came of it\n"
	"  --exit-with-link   end when the link closes (after drop, stop, proof)\n"
	"  --sim-dir DIR      where benchsim's ports are (sim:NAME in the fixture)\n"
	"  --trace DIR        write every transaction of every bus there\n"
	"  --speed N --origin NS   run time as benchd has it (simulated rigs only)\n"
	"  --log LEVEL        error, warning, info or debug\n";

static int fail_usage(const char *what)
{
	fprintf(stderr, "benchd-io: %s\n%s", what, usage);
	return EXIT_CONFIG;
}

static int log_level_of(const char *name)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {{"error", LOG_LEVEL_ERROR},
		      {"warning", LOG_LEVEL_WARNING},
		      {"info", LOG_LEVEL_INFO},
		      {"debug", LOG_LEVEL_DEBUG}};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (!strcmp(levels[i].name, name))
			return (int)levels[i].level;
	return -1;
}

/* 0: go on; else the exit code + 1. */
static int parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {{"fixture", required_argument, NULL, 'f'},
					      {"link", required_argument, NULL, 'l'},
					      {"sim-dir", required_argument, NULL, 's'},
					      {"trace", required_argument, NULL, 't'},
					      {"make-safe", no_argument, NULL, 'm'},
					      {"exit-with-link", no_argument, NULL, 'e'},
					      {"speed", required_argument, NULL, 'x'},
					      {"origin", required_argument, NULL, 'o'},
					      {"log", required_argument, NULL, 'v'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'V'},
					      {NULL, 0, NULL, 0}};
	int64_t n = 0;
	int c, level;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) >= 0) {
		switch (c) {
		case 'f': o->fixture = optarg; break;
		case 'l': o->link = optarg; break;
		case 's': o->sim_dir = optarg; break;
		case 't': o->trace_dir = optarg; break;
		case 'm': o->make_safe = true; break;
		case 'e': o->exit_with_link = true; break;
		case 'x':
			if (!text_to_int64(optarg, strlen(optarg), &n) || n < 1 || n > IO_SPEED_MAX)
				return 1 + fail_usage("--speed takes 1 to 20");
			o->speed = (unsigned)n;
			break;
		case 'o':
			if (!text_to_int64(optarg, strlen(optarg), &o->origin_ns) ||
			    o->origin_ns < 0)
				return 1 + fail_usage("--origin takes nanoseconds");
			break;
		case 'v':
			level = log_level_of(optarg);
			if (level < 0)
				return 1 + fail_usage("--log takes error, warning, info or debug");
			o->log = (enum log_level)level;
			break;
		case 'h': printf("%s", usage); return 1;
		case 'V': printf("benchd-io %s\n", BENCHD_VERSION); return 1;
		default: fprintf(stderr, "%s", usage); return 1 + EXIT_CONFIG;
		}
	}
	if (optind < argc)
		return 1 + fail_usage("an argument that belongs to no option");
	if (!o->fixture)
		return 1 + fail_usage("--fixture is missing");
	if (!o->link == !o->make_safe)
		return 1 + fail_usage("expected either --link or --make-safe");
	return 0;
}

/* One benchd-io for a rig: buses without a lock of their own (TCP, GPIO) must not be written by two. The name is
 * freed by the kernel with the process, however it ends. */
static int lock_rig(struct daemon *d)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char *fixture = realpath(d->options.fixture, NULL), key[3 * 4096], hex[65];
	char *sim = d->options.sim_dir ? realpath(d->options.sim_dir, NULL) : NULL;
	uint8_t hash[32];
	struct link_peer peer = {0};
	socklen_t n;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), rc = 0;

	snprintf(key, sizeof(key), "%s %s", fixture ? fixture : "", sim ? sim : "");
	free(fixture);
	free(sim);
	text_sha256(hash, key, strlen(key));
	text_hex(hex, hash, 16);
	n = (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 +
	    (socklen_t)snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "benchd-io/%s", hex);
	d->lock_fd = fd;
	if (fd < 0)
		return 0; /* the ports' own locks remain */
	if (!bind(fd, (struct sockaddr *)&addr, n))
		return listen(fd, 1) ? 0 : 0;
	if (errno != EADDRINUSE)
		return 0;
	if (!connect(fd, (struct sockaddr *)&addr, n))
		rc = link_peer(fd, &peer, NULL);
	fprintf(stderr, "benchd-io: the rig of %s is held by process %d\n", d->options.fixture,
		rc ? 0 : (int)peer.pid);
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
	d->fixture = fixture_load(d->options.fixture, &problems);
	if (d->fixture)
		d->rig = rig_new(d->fixture, &scale, &own, &problems);
	if (problems.count)
		problems_print(&problems, stderr);
	problems_release(&problems);
	if (!d->rig)
		return EXIT_CONFIG;
	for (int i = 0; d->options.speed > 1 && i < d->fixture->bus_count; i++)
		if (strncmp(d->fixture->buses[i].port, "sim:", 4))
			return fail_usage(
				"--speed is for simulated rigs: every port has to be sim:NAME");
	return 0;
}

static void warn_reach(const struct daemon *d)
{
	struct rig_reach reach[FIXTURE_OUTPUTS_MAX];
	int n = rig_reach(d->rig, reach, FIXTURE_OUTPUTS_MAX);

	for (int i = 0; i < n; i++)
		if (!reach[i].ok)
			log_warning(
				MODULE,
				"output=%s may take %.0f ms from an edge to safe and no dead-man line covers it",
				d->fixture->outputs[reach[i].output].name,
				(double)reach[i].worst_ns / 1e6);
}

static int start_buses(struct daemon *d)
{
	struct bus_thread_config c = {
		.trace_dir = d->options.trace_dir, .ctx = d, .event = on_bus_event};
	struct error err;

	for (int i = 0; i < d->fixture->bus_count; i++) {
		rig_bus_config(d->rig, i, &c.bus);
		c.bus.sim_dir = d->options.sim_dir;
		d->worst_ns[i] = bus_worst_transaction_ns(&d->fixture->buses[i], c.bus.reads,
							  c.bus.read_count);
		d->threads[i] = bus_thread_start(&c, &err);
		if (d->threads[i])
			continue;
		fprintf(stderr, "benchd-io: %s\n", err.text);
		return err.code == ERR_BUSY ? EXIT_HELD : EXIT_CONFIG;
	}
	return 0;
}

static int start_link(struct daemon *d)
{
	int64_t fd;

	if (!d->options.link)
		return 0;
	d->connect_backoff_ns = CONNECT_MIN_NS;
	if (strncmp(d->options.link, "fd:", 3)) {
		on_connect(d);
		return 0;
	}
	if (!text_to_int64(d->options.link + 3, strlen(d->options.link + 3), &fd) || fd < 0 ||
	    fd > 65535)
		return fail_usage("--link fd:N takes the number of an inherited descriptor");
	d->options.exit_with_link = true; /* there is no other to come */
	use_link(d, (int)fd);
	return 0;
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
	d->connect_timer = loop_add_timer(d->loop, on_connect, d);
	d->waker = loop_add_waker(d->loop, on_mail, d);
	d->started_ns = clock_mono_ns();
	code = start_buses(d);
	if (code)
		return code;
	rig_start(d->rig, clock_mono_ns());
	if (d->options.make_safe) {
		d->ending = true;
		rig_end(d->rig, "make-safe", clock_mono_ns());
	}
	code = start_link(d);
	if (code)
		return code;
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
	if (d->link_fd >= 0) {
		loop_remove_io(d->link_io);
		close(d->link_fd);
	}
	for (int i = 0; i < FIXTURE_BUSES_MAX; i++)
		bus_thread_stop(d->threads[i]);
	loop_remove_waker(d->waker);
	loop_remove_timer(d->watchdog_timer);
	loop_remove_timer(d->connect_timer);
	loop_remove_timer(d->timer);
	loop_free(d->loop);
	rig_free(d->rig);
	fixture_free(d->fixture);
	free(d->mail);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
}

int main(int argc, char **argv)
{
	static struct daemon d = {
		.options = {.speed = 1, .log = LOG_LEVEL_INFO}, .link_fd = -1, .lock_fd = -1};
	int code = parse(&d.options, argc, argv);

	if (code)
		return code - 1;
	log_init("benchd-io", d.options.log);
	pthread_mutex_init(&d.lock, NULL);
	d.mail = xcalloc(MAIL_MAX, sizeof(*d.mail));
	code = load(&d);
	if (!code)
		code = lock_rig(&d);
	if (!code) {
		the_daemon = &d;
		panic_hook(on_panic);
		warn_reach(&d);
		code = run(&d);
	}
	release(&d);
	return code;
}
