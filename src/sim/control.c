/* SPDX-License-Identifier: MIT
 *
 * The control socket of benchsim: one text line in, one line out, "ok ..." or "error ...".
 *
 *	fault [BAY:]NAME[=K][@SECONDS]	from now; see README.md for the names
 *	clear [BAY]			no fault any more, trays dry
 *	busfault TARGET:NAME[=K][/SHARE]	of a device or bus, see sim/wire_fault.h; NAME none ends it
 *	scan BAY CODE			the bay's scanner reads it
 *	mount BAY MODEL SERIAL [TICKET]	another unit on the hoses, or: mount BAY none
 *	wet BAY on|off			the leak sensor inside the unit
 *	estop on|off
 *	unplug NAME, plug NAME		a port's cable
 *	swap NAME NAME			two adapters take each other's place
 *	printer NAME HOW		ready, out_of_labels, head_open, paused, deaf, half_a_label, stuck
 *	truth BAY NAME			as it is, without any sensor
 *	output NAME [BAY]		1 mono_ms=T commanded=1 commanded_ms=T: in force and told,
 *					each with the monotonic time of its last change
 *	safe BAY			1 or 0
 *	stats [NAME]			mono_ms=NOW, then counts of each port
 *	time, quit
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/serve.h"

enum { CLIENTS_MAX = 16, LINE_MAX = 512, WORDS_MAX = 6 };

struct control_client {
	struct sim_control *control;
	int fd; /* -1: free */
	struct loop_io *io;
	char in[LINE_MAX];
	size_t n;
};
struct sim_control {
	struct sim_server *server;
	int fd;
	struct loop_io *io;
	char path[SIM_PATH_MAX + 16];
	struct control_client clients[CLIENTS_MAX];
};

static void refuse(struct text *reply, const char *why)
{
	text_printf(reply, "error %s", why);
}

static int find_bay(struct sim_server *s, const char *name, struct text *reply)
{
	int bay = name ? fixture_bay(s->config.fixture, name) : -1;

	if (bay < 0)
		text_printf(reply, "error bay %s is not in the fixture", name ? name : "?");
	return bay;
}

static void cmd_bus_fault(struct sim_server *s, char **word, struct text *reply)
{
	struct error err = {0};

	if (world_bus_fault(s->world, word[1] ? word[1] : "", &err))
		refuse(reply, err.text);
	else
		text_puts(reply, "ok");
}

static void cmd_fault(struct sim_server *s, char **word, struct text *reply)
{
	struct error err = {0};

	if (!word[1])
		refuse(reply,
		       "expected: fault [BAY:]NAME[=K][@SECONDS] or TARGET:NAME[=K][/SHARE]");
	else if (world_is_bus_fault(s->world, word[1]))
		cmd_bus_fault(s, word, reply);
	else if (world_fault(s->world, word[1], sim_serve_now(s), &err))
		refuse(reply, err.text);
	else
		text_puts(reply, "ok");
	sim_serve_tick(s);
}

static void cmd_clear(struct sim_server *s, char **word, struct text *reply)
{
	int bay = word[1] ? find_bay(s, word[1], reply) : -1;

	if (word[1] && bay < 0)
		return;
	sim_serve_now(s);
	text_printf(reply, "ok %d", world_clear_faults(s->world, bay));
	sim_serve_tick(s);
}

static void cmd_scan(struct sim_server *s, char **word, struct text *reply)
{
	int bay = find_bay(s, word[1], reply);

	if (bay < 0)
		return;
	if (!word[2] || s->config.fixture->bays[bay].scanner < 0) {
		refuse(reply, word[2] ? "that bay has no scanner" : "expected: scan BAY CODE");
		return;
	}
	world_scan(s->world, bay, word[2]);
	text_puts(reply, "ok");
	sim_serve_tick(s);
}

static void cmd_mount(struct sim_server *s, char **word, struct text *reply)
{
	int bay = find_bay(s, word[1], reply);

	if (bay < 0)
		return;
	if (!word[2] || (!word[3] && strcmp(word[2], "none"))) {
		refuse(reply, "expected: mount BAY MODEL SERIAL [TICKET] or mount BAY none");
		return;
	}
	sim_serve_now(s);
	if (!world_mount(s->world, bay, word[2], word[3])) {
		refuse(reply, "no unit of that model can be simulated; expected " WORLD_MODELS);
		return;
	}
	sim_operator_unit(s, bay, word[3], word[3] ? word[4] : NULL);
	text_puts(reply, "ok");
}

static bool on_or_off(const char *word, bool *on, struct text *reply)
{
	if (word && (!strcmp(word, "on") || !strcmp(word, "off"))) {
		*on = !strcmp(word, "on");
		return true;
	}
	refuse(reply, "expected on or off");
	return false;
}

static void cmd_wet(struct sim_server *s, char **word, struct text *reply)
{
	int bay = find_bay(s, word[1], reply);
	bool on;

	if (bay < 0 || !on_or_off(word[2], &on, reply))
		return;
	sim_serve_now(s);
	world_wet(s->world, bay, on);
	text_puts(reply, "ok");
}

static void cmd_estop(struct sim_server *s, char **word, struct text *reply)
{
	bool on;

	if (!on_or_off(word[1], &on, reply))
		return;
	sim_serve_now(s);
	world_estop(s->world, on);
	sim_serve_tick(s);
	text_printf(reply, "ok %lld", (long long)clock_mono_ns());
}

static struct sim_port *find_port(struct sim_server *s, const char *name)
{
	for (int i = 0; name && i < s->port_count; i++)
		if (!strcmp(s->ports[i]->name, name))
			return s->ports[i];
	return NULL;
}

static void cmd_port(struct sim_server *s, char **word, struct text *reply)
{
	struct sim_port *p = find_port(s, word[1]);
	struct error err = {0};

	if (p && !strcmp(word[0], "unplug"))
		p->ops->unplug(p);
	else if (p)
		p->ops->plug(p, &err);
	if (p && !err.code)
		text_puts(reply, "ok");
	else
		refuse(reply, err.code ? err.text : "no such port");
}

static void cmd_swap(struct sim_server *s, char **word, struct text *reply)
{
	struct sim_port *a = find_port(s, word[1]), *b = find_port(s, word[1] ? word[2] : NULL);
	struct error err = {0};
	char path[SIM_PATH_MAX];

	if (!a || !b || a == b || !a->ops->unplug || !b->ops->unplug) {
		refuse(reply, "expected: swap NAME NAME, of two ports with a cable");
		return;
	}
	a->ops->unplug(a);
	b->ops->unplug(b);
	memcpy(path, a->path, sizeof(path));
	memcpy(a->path, b->path, sizeof(path));
	memcpy(b->path, path, sizeof(path));
	if (a->ops->plug(a, &err) || b->ops->plug(b, &err))
		refuse(reply, err.text);
	else
		text_puts(reply, "ok");
}

static void cmd_printer(struct sim_server *s, char **word, struct text *reply)
{
	struct sim_port *p = find_port(s, word[1]);

	if (p && p->ops->set && word[2] && p->ops->set(p, word[2]))
		text_puts(reply, "ok");
	else
		refuse(reply, "expected: printer NAME ready|out_of_labels|head_open|paused|deaf|"
			      "half_a_label|stuck");
}

static void cmd_truth(struct sim_server *s, char **word, struct text *reply)
{
	int bay = find_bay(s, word[1], reply);
	char number[32];
	double v;

	if (bay < 0)
		return;
	sim_serve_now(s);
	v = world_truth(s->world, bay, word[2] ? word[2] : "");
	if (isnan(v))
		text_printf(reply, "error nothing is known as %s", word[2] ? word[2] : "?");
	else
		text_printf(reply, "ok %s", text_from_double(number, sizeof(number), v));
}

static int find_output(struct sim_server *s, const char *name, const char *bay)
{
	const struct fixture *f = s->config.fixture;
	int o = -1;

	for (int b = 0; name && b < f->bay_count && o < 0; b++)
		if (!bay || !strcmp(bay, f->bays[b].name))
			o = fixture_output(f, b, name);
	for (int i = 0; name && !bay && i < f->output_count && o < 0; i++)
		if (!strcmp(f->outputs[i].name, name))
			o = i;
	return o;
}

static long long mono_ms(const struct sim_server *s, int64_t run_ns)
{
	return run_ns ? clock_to_wire(&s->scale, run_ns) / NS_PER_MS : 0;
}

static void cmd_output(struct sim_server *s, char **word, struct text *reply)
{
	int o = find_output(s, word[1], word[1] ? word[2] : NULL);
	int64_t force_ns, commanded_ns;
	double force, commanded;
	char a[32], b[32];

	if (o < 0) {
		text_printf(reply, "error output %s is not in the fixture",
			    word[1] ? word[1] : "?");
		return;
	}
	sim_serve_now(s);
	force = world_output(s->world, o, &force_ns);
	commanded = world_commanded(s->world, o, &commanded_ns);
	text_printf(reply, "ok %s mono_ms=%lld commanded=%s commanded_ms=%lld",
		    text_from_double(a, sizeof(a), force), mono_ms(s, force_ns),
		    text_from_double(b, sizeof(b), commanded), mono_ms(s, commanded_ns));
}

static void cmd_safe(struct sim_server *s, char **word, struct text *reply)
{
	int bay = find_bay(s, word[1], reply);

	if (bay < 0)
		return;
	sim_serve_now(s);
	text_puts(reply, world_is_safe(s->world, bay) ? "ok 1" : "ok 0");
}

static void cmd_stats(struct sim_server *s, char **word, struct text *reply)
{
	text_printf(reply, "ok mono_ms=%lld", (long long)(clock_mono_ns() / NS_PER_MS));
	for (int i = 0; i < s->port_count; i++) {
		if (word[1] && strcmp(word[1], s->ports[i]->name))
			continue;
		text_printf(reply, "; %s ", s->ports[i]->name);
		s->ports[i]->ops->stats(s->ports[i], reply);
	}
	if (!word[1])
		text_printf(reply, "; world steps=%llu cpu_ms=%lld",
			    (unsigned long long)world_steps(s->world),
			    (long long)(clock_cpu_ns() / NS_PER_MS));
}

static void cmd_time(struct sim_server *s, char **word, struct text *reply)
{
	(void)word;
	text_printf(reply, "ok %lld", (long long)(sim_serve_now(s) - s->started_ns));
}

static void cmd_quit(struct sim_server *s, char **word, struct text *reply)
{
	(void)word;
	text_puts(reply, "ok");
	loop_stop(s->loop, 0);
}

static const struct {
	const char *name;
	void (*fn)(struct sim_server *s, char **word, struct text *reply);
} commands[] = {
	{"fault", cmd_fault}, {"clear", cmd_clear},	{"busfault", cmd_bus_fault},
	{"scan", cmd_scan},   {"mount", cmd_mount},	{"wet", cmd_wet},
	{"estop", cmd_estop}, {"unplug", cmd_port},	{"plug", cmd_port},
	{"swap", cmd_swap},   {"truth", cmd_truth},	{"output", cmd_output},
	{"safe", cmd_safe},   {"stats", cmd_stats},	{"time", cmd_time},
	{"quit", cmd_quit},   {"printer", cmd_printer},
};

/* One line of the control protocol; the reply "ok ..." or "error ..." without newline. */
static void sim_control_line(struct sim_server *s, const char *line, struct text *reply)
{
	char copy[LINE_MAX], *word[WORDS_MAX + 1] = {0}, *rest = NULL;
	int n = 0;

	text_copy(copy, sizeof(copy), line);
	for (char *w = strtok_r(copy, " \t\r", &rest); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " \t\r", &rest))
		word[n++] = w;
	if (!n) {
		refuse(reply, "empty line");
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, word[0])) {
			commands[i].fn(s, word, reply);
			return;
		}
	text_printf(reply, "error command %s is not known", word[0]);
}

static void drop(struct control_client *c)
{
	if (c->fd < 0)
		return;
	loop_remove_io(c->io);
	close(c->fd);
	c->fd = -1;
	c->n = 0;
}

static void on_client(void *ctx, uint32_t events)
{
	struct control_client *c = ctx;
	ssize_t got = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, MSG_DONTWAIT);
	char *end;

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(c);
		return;
	}
	c->n += (size_t)got;
	while (c->fd >= 0 && (end = memchr(c->in, '\n', c->n))) {
		struct text reply = {.max = 8192};
		size_t n = (size_t)(end - c->in) + 1;

		*end = '\0';
		sim_control_line(c->control->server, c->in, &reply);
		text_puts(&reply, "\n");
		memmove(c->in, c->in + n, c->n - n);
		c->n -= n;
		if (send(c->fd, reply.buf, reply.len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
		    (ssize_t)reply.len)
			drop(c);
		text_release(&reply);
	}
	if (c->n == sizeof(c->in))
		drop(c); /* no line is that long */
}

static void on_connect(void *ctx, uint32_t events)
{
	struct sim_control *k = ctx;
	int fd = accept4(k->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct control_client *c = &k->clients[i];

		if (c->fd >= 0)
			continue;
		c->fd = fd;
		c->n = 0;
		c->io = loop_add_io(k->server->loop, fd, EPOLLIN, on_client, c);
		return;
	}
	close(fd);
}

int sim_control_open(struct sim_server *s, struct error *err)
{
	struct sim_control *k = xcalloc(1, sizeof(*k));
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	k->server = s;
	for (int i = 0; i < CLIENTS_MAX; i++)
		k->clients[i] = (struct control_client){.control = k, .fd = -1};
	snprintf(k->path, sizeof(k->path), "%s/control", s->config.dir);
	if (strlen(k->path) >= sizeof(a.sun_path)) {
		error_set(err, ERR_LIMIT, "%s is too long for a socket, at most %zu bytes", k->path,
			  sizeof(a.sun_path) - 1);
		free(k);
		return ERR_LIMIT;
	}
	memcpy(a.sun_path, k->path, strlen(k->path) + 1);
	k->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unlink(k->path);
	if (k->fd < 0 || bind(k->fd, (struct sockaddr *)&a, sizeof(a)) || listen(k->fd, 8)) {
		error_errno(err, "%s", k->path);
		if (k->fd >= 0)
			close(k->fd);
		free(k);
		return ERR_IO;
	}
	k->io = loop_add_io(s->loop, k->fd, EPOLLIN, on_connect, k);
	s->control = k;
	return 0;
}

void sim_control_close(struct sim_server *s)
{
	struct sim_control *k = s->control;

	if (!k)
		return;
	unlink(k->path);
	for (int i = 0; i < CLIENTS_MAX; i++)
		drop(&k->clients[i]);
	loop_remove_io(k->io);
	close(k->fd);
	free(k);
	s->control = NULL;
}
