/* SPDX-License-Identifier: MIT
 *
 * GPIO chips of the kernel by libgpiod 1.x (Debian 12). gpiod_v2.c is its twin; the Makefile asks
 * pkg-config which of the two is built.
 *
 * The kernel keeps 16 edges per line here and drops the newest without a sign: a flow meter at 225
 * Hz has to be read within 71 ms. The thread reads at once, and reads levels again with each
 * period.
 */
#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "bus/gpio.h"

enum { EVENTS_AT_ONCE = 16 };
/* Kernels before 5.7 stamp with the wall clock: such a time is no use. */
#define STAMP_FAR_NS (10 * NS_PER_S)

struct chip_v1 {
	struct gpiod_chip *chip;
	const struct bus_line *lines;
	int count;
	struct gpiod_line *line[64];
	int fd[64]; /* edges; -1: output */
	char label[64];
};

static int bias_flags(const struct bus_line *l)
{
	switch (l->bias) {
	case 1: return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
	case -1: return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
	case 2: return GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
	default: return 0;
	}
}

static struct gpiod_line *find_line(struct chip_v1 *c, const char *name)
{
	struct gpiod_line *line = gpiod_chip_find_line(c->chip, name);
	int64_t offset;

	if (line)
		return line;
	if (!text_to_int64(name, strlen(name), &offset) || offset < 0 ||
	    offset >= gpiod_chip_num_lines(c->chip))
		return NULL;
	return gpiod_chip_get_line(c->chip, (unsigned)offset);
}

static int request(struct gpiod_line *line, const struct bus_line *l)
{
	char consumer[GPIO_CONSUMER_MAX];

	gpio_consumer(consumer, sizeof(consumer));
	switch (l->mode) {
	case GPIO_OUT:
		return gpiod_line_request_output_flags(line, consumer, bias_flags(l),
						       !!l->initial ^ l->active_low);
	case GPIO_PULSE:
		return l->active_low ? gpiod_line_request_falling_edge_events_flags(line, consumer,
										    bias_flags(l))
				     : gpiod_line_request_rising_edge_events_flags(line, consumer,
										   bias_flags(l));
	case GPIO_IN:
		return gpiod_line_request_both_edges_events_flags(line, consumer, bias_flags(l));
	}
	errno = EINVAL;
	return -1;
}

static int request_line(struct chip_v1 *c, int i, struct error *err)
{
	const struct bus_line *l = &c->lines[i];
	struct gpiod_line *line = find_line(c, l->line);
	const char *holder;

	if (!line)
		return error_set(err, ERR_NOT_FOUND, "chip %s has no line %s", c->label, l->line);
	if (request(line, l) < 0) {
		if (errno != EBUSY)
			return error_errno(err, "line %s of chip %s", l->line, c->label);
		holder = gpiod_line_consumer(line);
		return error_set(err, ERR_BUSY, "line %s of chip %s is held by %s", l->line,
				 c->label, holder ? holder : "another process");
	}
	c->line[i] = line;
	c->fd[i] = l->mode == GPIO_OUT ? -1 : gpiod_line_event_get_fd(line);
	return 0;
}

static void chip_close(void *priv)
{
	struct chip_v1 *c = priv;

	if (!c)
		return;
	/* Releases every line of it. */
	if (c->chip)
		gpiod_chip_close(c->chip);
	free(c);
}

static int chip_open(void **priv, const char *chip, const char *sim_dir,
		     const struct bus_line *lines, int count, struct error *err)
{
	struct chip_v1 *c = xcalloc(1, sizeof(*c));
	int rc = 0;

	(void)sim_dir;
	c->lines = lines;
	c->count = count;
	text_copy(c->label, sizeof(c->label), chip);
	c->chip = gpiod_chip_open_by_label(chip);
	if (!c->chip)
		rc = error_set(err, ERR_NOT_FOUND, "no GPIO chip has the label %s", chip);
	else if (count > 64)
		rc = error_set(err, ERR_LIMIT, "%d lines of chip %s, at most 64", count, chip);
	for (int i = 0; i < count && rc == 0; i++)
		rc = request_line(c, i, err);
	if (rc < 0) {
		chip_close(c);
		return rc;
	}
	*priv = c;
	return 0;
}

static int chip_set(void *priv, int line, uint8_t value, struct error *err)
{
	struct chip_v1 *c = priv;

	if (gpiod_line_set_value(c->line[line], value) < 0)
		return error_errno(err, "line %s of chip %s", c->lines[line].line, c->label);
	return 0;
}

static int chip_get(void *priv, int line, uint8_t *value, struct error *err)
{
	struct chip_v1 *c = priv;
	int v = gpiod_line_get_value(c->line[line]);

	if (v < 0)
		return error_errno(err, "line %s of chip %s", c->lines[line].line, c->label);
	*value = v != 0;
	return 0;
}

static int chip_poll(const void *priv, struct pollfd *out, int max)
{
	const struct chip_v1 *c = priv;
	int n = 0;

	for (int i = 0; i < c->count && n < max; i++)
		if (c->fd[i] >= 0)
			out[n++] = (struct pollfd){.fd = c->fd[i], .events = POLLIN};
	return n;
}

static int64_t stamp_ns(const struct timespec *ts)
{
	int64_t at_ns = ts->tv_sec * NS_PER_S + ts->tv_nsec;
	int64_t now_ns = clock_mono_ns();

	return at_ns > now_ns || at_ns < now_ns - STAMP_FAR_NS ? now_ns : at_ns;
}

static void tell(const struct chip_v1 *c, int line, const struct gpiod_line_event *ev, int n,
		 const struct gpio_sink *sink)
{
	struct gpio_change change = {.line = line};

	if (c->lines[line].mode == GPIO_PULSE) {
		change.pulses = (uint32_t)n;
		change.first_ns = stamp_ns(&ev[0].ts);
		change.last_ns = change.at_ns = stamp_ns(&ev[n - 1].ts);
		sink->change(sink->ctx, &change);
		return;
	}
	for (int i = 0; i < n; i++) {
		change.is_edge = true;
		change.value = ev[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE;
		change.at_ns = stamp_ns(&ev[i].ts);
		sink->change(sink->ctx, &change);
	}
}

static int chip_read(void *priv, const struct gpio_sink *sink, struct error *err)
{
	struct chip_v1 *c = priv;

	for (int i = 0; i < c->count; i++) {
		struct pollfd p = {.fd = c->fd[i], .events = POLLIN};
		struct gpiod_line_event ev[EVENTS_AT_ONCE];
		int n;

		if (c->fd[i] < 0 || poll(&p, 1, 0) != 1)
			continue;
		if (!(p.revents & POLLIN))
			return error_set(err, ERR_CLOSED, "chip %s is gone", c->label);
		n = gpiod_line_event_read_fd_multiple(p.fd, ev, EVENTS_AT_ONCE);
		if (n < 0) {
			error_errno(err, "line %s of chip %s", c->lines[i].line, c->label);
			return ERR_CLOSED;
		}
		if (n > 0)
			tell(c, i, ev, n, sink);
	}
	return 0;
}

const struct gpio_backend gpio_kernel = {
	.open = chip_open,
	.close = chip_close,
	.set = chip_set,
	.get = chip_get,
	.poll = chip_poll,
	.read = chip_read,
};
