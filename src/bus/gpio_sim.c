/* SPDX-License-Identifier: MIT
 *
 * Client of the socket that stands in for a GPIO chip (bus/gpio_wire.h). Levels are cached: the
 * chip tells every change.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "bus/gpio.h"
#include "bus/gpio_wire.h"

#define ANSWER_NS (100 * NS_PER_MS)
enum { BACKLOG = 256 };

struct stand_in {
	int fd, count;
	const struct bus_line *lines;
	char name[64];
	struct {
		uint16_t offset;
		uint8_t value;
	} line[64];
	/* Changes that came while an answer was waited for, oldest first. */
	struct gpio_wire_msg backlog[BACKLOG];
	int backlog_count;
	int owed; /* SETs whose DONE was not waited for any longer; it still comes, in its turn */
};

static int say(struct stand_in *s, const struct gpio_wire_msg *m, struct error *err)
{
	if (send(s->fd, m, sizeof(*m), MSG_NOSIGNAL) == (ssize_t)sizeof(*m))
		return 0;
	error_errno(err, "chip sim:%s", s->name);
	return ERR_CLOSED;
}

/* One message; 0 got, 1 nothing there that anybody waits for. */
static int hear(struct stand_in *s, struct gpio_wire_msg *m, int flags, struct error *err)
{
	ssize_t n = recv(s->fd, m, sizeof(*m), flags | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n < 0) {
		error_errno(err, "chip sim:%s", s->name);
		return ERR_CLOSED;
	}
	if (n == 0)
		return error_set(err, ERR_CLOSED, "chip sim:%s is gone", s->name);
	if (!gpio_wire_check(m, (size_t)n, true))
		return error_set(err, ERR_PROTOCOL, "chip sim:%s sent no message of its protocol",
				 s->name);
	if (m->kind == GPIO_WIRE_DONE && s->owed > 0) {
		s->owed--;
		return 1;
	}
	return 0;
}

/* Wait for one of two kinds of answer; changes go to the backlog. */
static int await(struct stand_in *s, enum gpio_wire_kind a, enum gpio_wire_kind b,
		 struct gpio_wire_msg *m, struct error *err)
{
	int64_t end_ns = clock_mono_ns() + ANSWER_NS;

	for (;;) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		int64_t left_ms = (end_ns - clock_mono_ns() + NS_PER_MS - 1) / NS_PER_MS;
		int rc;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return error_set(err, ERR_TIMEOUT, "chip sim:%s does not answer", s->name);
		rc = hear(s, m, MSG_DONTWAIT, err);
		if (rc < 0)
			return rc;
		if (rc > 0)
			continue;
		if (m->kind == a || m->kind == b)
			return 0;
		if (s->backlog_count == BACKLOG)
			return error_set(err, ERR_LIMIT, "chip sim:%s sends without end", s->name);
		s->backlog[s->backlog_count++] = *m;
	}
}

static int request_line(struct stand_in *s, int i, struct error *err)
{
	const struct bus_line *l = &s->lines[i];
	struct gpio_wire_msg m;
	int rc;

	gpio_wire_init(&m, GPIO_WIRE_REQUEST);
	m.mode = (uint8_t)l->mode;
	m.bias = (int8_t)l->bias;
	m.value = l->mode == GPIO_OUT ? !!l->initial ^ l->active_low : 0;
	if (!text_copy(m.name, sizeof(m.name), l->line))
		return error_set(err, ERR_RANGE, "line name %s is too long", l->line);
	rc = say(s, &m, err);
	if (rc == 0)
		rc = await(s, GPIO_WIRE_GRANTED, GPIO_WIRE_REFUSED, &m, err);
	if (rc < 0)
		return rc;
	if (m.kind == GPIO_WIRE_GRANTED) {
		s->line[i].offset = m.line;
		s->line[i].value = m.value;
		return 0;
	}
	if (m.code == EBUSY)
		return error_set(err, ERR_BUSY, "line %s of chip sim:%s is held by %s", l->line,
				 s->name, m.text[0] ? m.text : "another process");
	return error_set(err, m.code == ENOENT ? ERR_NOT_FOUND : ERR_IO,
			 "line %s of chip sim:%s: %s", l->line, s->name, strerror(m.code));
}

static void stand_in_close(void *priv)
{
	struct stand_in *s = priv;

	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static int greet(struct stand_in *s, const char *sim_dir, struct error *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct gpio_wire_msg m;
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s.gpio", sim_dir, s->name);
	int rc;

	if (n < 0 || (size_t)n >= sizeof(a.sun_path))
		return error_set(err, ERR_RANGE, "path of chip sim:%s is too long", s->name);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return error_errno(err, "chip sim:%s", s->name);
	if (connect(s->fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return error_set(err, ERR_NOT_FOUND,
				 "sim:%s: no such simulated chip in %s; is benchsim running?",
				 s->name, sim_dir);
	gpio_wire_init(&m, GPIO_WIRE_HELLO);
	gpio_consumer(m.name, sizeof(m.name));
	rc = say(s, &m, err);
	return rc < 0 ? rc : await(s, GPIO_WIRE_WELCOME, GPIO_WIRE_WELCOME, &m, err);
}

static int stand_in_open(void **priv, const char *chip, const char *sim_dir,
			 const struct bus_line *lines, int count, struct error *err)
{
	struct stand_in *s = xcalloc(1, sizeof(*s));
	int rc;

	s->fd = -1;
	s->lines = lines;
	s->count = count;
	text_copy(s->name, sizeof(s->name), chip);
	if (strchr(chip, '/') || count > 64)
		rc = error_set(err, ERR_CONFIG, "chip sim:%s, %d lines; at most 64 and no path",
			       chip, count);
	else
		rc = greet(s, sim_dir, err);
	for (int i = 0; i < count && rc == 0; i++)
		rc = request_line(s, i, err);
	if (rc < 0) {
		stand_in_close(s);
		return rc;
	}
	*priv = s;
	return 0;
}

static int stand_in_set(void *priv, int line, uint8_t value, struct error *err)
{
	struct stand_in *s = priv;
	struct gpio_wire_msg m;
	int rc;

	gpio_wire_init(&m, GPIO_WIRE_SET);
	m.line = s->line[line].offset;
	m.value = value;
	rc = say(s, &m, err);
	if (rc == 0)
		rc = await(s, GPIO_WIRE_DONE, GPIO_WIRE_DONE, &m, err);
	if (rc == ERR_TIMEOUT)
		s->owed++;
	if (rc < 0)
		return rc;
	if (m.code)
		return error_set(err, ERR_IO, "line %s of chip sim:%s: %s", s->lines[line].line,
				 s->name, strerror(m.code));
	if (m.line != s->line[line].offset || m.value != value)
		return error_set(err, ERR_PROTOCOL, "chip sim:%s confirmed another line", s->name);
	s->line[line].value = value;
	return 0;
}

static int stand_in_get(void *priv, int line, uint8_t *value, struct error *err)
{
	const struct stand_in *s = priv;

	(void)err;
	*value = s->line[line].value;
	return 0;
}

static int stand_in_poll(const void *priv, struct pollfd *out, int max)
{
	const struct stand_in *s = priv;

	if (max < 1)
		return 0;
	out[0] = (struct pollfd){.fd = s->fd, .events = POLLIN};
	return 1;
}

static int take(struct stand_in *s, const struct gpio_wire_msg *m, const struct gpio_sink *sink,
		struct error *err)
{
	struct gpio_change c = {0};
	int i = 0;

	while (i < s->count && s->line[i].offset != m->line)
		i++;
	if (i == s->count || (m->kind != GPIO_WIRE_EDGE && m->kind != GPIO_WIRE_PULSES))
		return error_set(err, ERR_PROTOCOL, "chip sim:%s told of what nobody asked",
				 s->name);
	c.line = i;
	if (m->kind == GPIO_WIRE_EDGE) {
		s->line[i].value = m->value;
		c.value = m->value;
		c.is_edge = true;
		c.at_ns = m->at_ns;
	} else {
		c.pulses = m->pulses;
		c.first_ns = m->first_ns;
		c.last_ns = m->last_ns;
		c.at_ns = m->last_ns;
	}
	sink->change(sink->ctx, &c);
	return 0;
}

static int stand_in_read(void *priv, const struct gpio_sink *sink, struct error *err)
{
	struct stand_in *s = priv;
	struct gpio_wire_msg m;
	int rc = 0;

	for (int i = 0; i < s->backlog_count && rc == 0; i++)
		rc = take(s, &s->backlog[i], sink, err);
	s->backlog_count = 0;
	/* Bounded: a chip that never stops must not hold this thread. */
	for (int i = 0; i < BACKLOG && rc == 0; i++) {
		rc = hear(s, &m, MSG_DONTWAIT, err);
		if (rc > 0)
			return 0;
		if (rc == 0)
			rc = take(s, &m, sink, err);
	}
	return rc;
}

const struct gpio_backend gpio_stand_in = {
	.open = stand_in_open,
	.close = stand_in_close,
	.set = stand_in_set,
	.get = stand_in_get,
	.poll = stand_in_poll,
	.read = stand_in_read,
};
