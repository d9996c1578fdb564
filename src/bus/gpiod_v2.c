/* SPDX-License-Identifier: MIT
 *
 * GPIO chips of the kernel by libgpiod 2.x; the twin of gpiod_v1.c. One request holds all lines.
 * Not yet run on a real libgpiod 2: it is compiled against tests/fake/gpiod_v2.
 */
#include <dirent.h>
#include <errno.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "bus/gpio.h"

enum { EVENTS_AT_ONCE = 64, KERNEL_EVENTS = 1024 };

struct chip_v2 {
	struct gpiod_chip *chip;
	struct gpiod_line_request *request;
	struct gpiod_edge_event_buffer *buffer;
	const struct bus_line *lines;
	int count;
	unsigned offset[64];
	unsigned long seqno[64]; /* of the last edge: a gap means that some were dropped */
	size_t line_total;
	char label[64];
};

/* The chip at that path if it has the label. */
static struct gpiod_chip *open_if(const char *path, const char *label, size_t *lines)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpiod_chip_info *info = chip ? gpiod_chip_get_info(chip) : NULL;
	bool fits = info && strcmp(gpiod_chip_info_get_label(info), label) == 0;

	if (fits)
		*lines = gpiod_chip_info_get_num_lines(info);
	if (info)
		gpiod_chip_info_free(info);
	if (chip && !fits) {
		gpiod_chip_close(chip);
		chip = NULL;
	}
	return chip;
}

static struct gpiod_chip *open_by_label(const char *label, size_t *lines)
{
	struct gpiod_chip *chip = NULL;
	DIR *d = opendir("/dev");
	struct dirent *e;

	while (d && !chip && (e = readdir(d))) {
		char path[300];

		if (strncmp(e->d_name, "gpiochip", 8) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		if (gpiod_is_gpiochip_device(path))
			chip = open_if(path, label, lines);
	}
	if (d)
		closedir(d);
	return chip;
}

static int find_offset(const struct chip_v2 *c, const char *name)
{
	int offset = gpiod_chip_get_line_offset_from_name(c->chip, name);
	int64_t number;

	if (offset >= 0)
		return offset;
	if (!text_to_int64(name, strlen(name), &number) || number < 0 ||
	    number >= (int64_t)c->line_total)
		return -1;
	return (int)number;
}

static enum gpiod_line_bias bias_of(const struct bus_line *l)
{
	switch (l->bias) {
	case 1: return GPIOD_LINE_BIAS_PULL_UP;
	case -1: return GPIOD_LINE_BIAS_PULL_DOWN;
	case 2: return GPIOD_LINE_BIAS_DISABLED;
	default: return GPIOD_LINE_BIAS_AS_IS;
	}
}

static enum gpiod_line_edge edge_of(const struct bus_line *l)
{
	switch (l->mode) {
	case GPIO_IN: return GPIOD_LINE_EDGE_BOTH;
	case GPIO_PULSE: return l->active_low ? GPIOD_LINE_EDGE_FALLING : GPIOD_LINE_EDGE_RISING;
	case GPIO_OUT: break;
	}
	return GPIOD_LINE_EDGE_NONE;
}

static int add_line(struct chip_v2 *c, struct gpiod_line_config *config, int i, struct error *err)
{
	const struct bus_line *l = &c->lines[i];
	struct gpiod_line_settings *s;
	int offset = find_offset(c, l->line), rc;

	if (offset < 0)
		return error_set(err, ERR_NOT_FOUND, "chip %s has no line %s", c->label, l->line);
	c->offset[i] = (unsigned)offset;
	s = gpiod_line_settings_new();
	if (!s)
		return error_set(err, ERR_NOMEM, "chip %s: no memory", c->label);
	rc = gpiod_line_settings_set_direction(s, l->mode == GPIO_OUT ? GPIOD_LINE_DIRECTION_OUTPUT
								      : GPIOD_LINE_DIRECTION_INPUT);
	rc |= gpiod_line_settings_set_bias(s, bias_of(l));
	rc |= gpiod_line_settings_set_edge_detection(s, edge_of(l));
	rc |= gpiod_line_settings_set_event_clock(s, GPIOD_LINE_CLOCK_MONOTONIC);
	if (l->mode == GPIO_OUT)
		rc |= gpiod_line_settings_set_output_value(s, !!l->initial ^ l->active_low
								      ? GPIOD_LINE_VALUE_ACTIVE
								      : GPIOD_LINE_VALUE_INACTIVE);
	rc |= gpiod_line_config_add_line_settings(config, &c->offset[i], 1, s);
	gpiod_line_settings_free(s);
	return rc < 0 ? error_errno(err, "line %s of chip %s", l->line, c->label) : 0;
}

/* EBUSY says nothing of the line: look which one is held. */
static int refused(struct chip_v2 *c, struct error *err)
{
	if (errno != EBUSY)
		return error_errno(err, "lines of chip %s", c->label);
	error_set(err, ERR_BUSY, "a line of chip %s is held by another process", c->label);
	for (int i = 0; i < c->count; i++) {
		struct gpiod_line_info *info = gpiod_chip_get_line_info(c->chip, c->offset[i]);
		const char *holder = info ? gpiod_line_info_get_consumer(info) : NULL;

		if (info && gpiod_line_info_is_used(info))
			error_set(err, ERR_BUSY, "line %s of chip %s is held by %s",
				  c->lines[i].line, c->label, holder ? holder : "another process");
		if (info)
			gpiod_line_info_free(info);
	}
	return ERR_BUSY;
}

static int request_lines(struct chip_v2 *c, struct error *err)
{
	struct gpiod_request_config *how = gpiod_request_config_new();
	struct gpiod_line_config *config = gpiod_line_config_new();
	char consumer[GPIO_CONSUMER_MAX];
	int rc = 0;

	if (!how || !config)
		rc = error_set(err, ERR_NOMEM, "chip %s: no memory", c->label);
	for (int i = 0; i < c->count && rc == 0; i++)
		rc = add_line(c, config, i, err);
	if (rc == 0) {
		gpio_consumer(consumer, sizeof(consumer));
		gpiod_request_config_set_consumer(how, consumer);
		gpiod_request_config_set_event_buffer_size(how, KERNEL_EVENTS);
		c->request = gpiod_chip_request_lines(c->chip, how, config);
		if (!c->request)
			rc = refused(c, err);
	}
	if (how)
		gpiod_request_config_free(how);
	if (config)
		gpiod_line_config_free(config);
	return rc;
}

static void chip_close(void *priv)
{
	struct chip_v2 *c = priv;

	if (!c)
		return;
	if (c->request)
		gpiod_line_request_release(c->request);
	if (c->buffer)
		gpiod_edge_event_buffer_free(c->buffer);
	if (c->chip)
		gpiod_chip_close(c->chip);
	free(c);
}

static int chip_open(void **priv, const char *chip, const char *sim_dir,
		     const struct bus_line *lines, int count, struct error *err)
{
	struct chip_v2 *c = xcalloc(1, sizeof(*c));
	int rc = 0;

	(void)sim_dir;
	c->lines = lines;
	c->count = count;
	text_copy(c->label, sizeof(c->label), chip);
	c->buffer = gpiod_edge_event_buffer_new(EVENTS_AT_ONCE);
	c->chip = open_by_label(chip, &c->line_total);
	if (!c->chip)
		rc = error_set(err, ERR_NOT_FOUND, "no GPIO chip has the label %s", chip);
	else if (!c->buffer)
		rc = error_set(err, ERR_NOMEM, "chip %s: no memory", chip);
	else if (count > 64)
		rc = error_set(err, ERR_LIMIT, "%d lines of chip %s, at most 64", count, chip);
	else
		rc = request_lines(c, err);
	if (rc < 0) {
		chip_close(c);
		return rc;
	}
	*priv = c;
	return 0;
}

static int chip_set(void *priv, int line, uint8_t value, struct error *err)
{
	struct chip_v2 *c = priv;
	enum gpiod_line_value v = value ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;

	if (gpiod_line_request_set_value(c->request, c->offset[line], v) < 0)
		return error_errno(err, "line %s of chip %s", c->lines[line].line, c->label);
	return 0;
}

static int chip_get(void *priv, int line, uint8_t *value, struct error *err)
{
	struct chip_v2 *c = priv;
	enum gpiod_line_value v = gpiod_line_request_get_value(c->request, c->offset[line]);

	if (v == GPIOD_LINE_VALUE_ERROR)
		return error_errno(err, "line %s of chip %s", c->lines[line].line, c->label);
	*value = v == GPIOD_LINE_VALUE_ACTIVE;
	return 0;
}

static int chip_poll(const void *priv, struct pollfd *out, int max)
{
	const struct chip_v2 *c = priv;

	if (max < 1)
		return 0;
	out[0] = (struct pollfd){.fd = gpiod_line_request_get_fd(c->request), .events = POLLIN};
	return 1;
}

static void tell(struct chip_v2 *c, struct gpiod_edge_event *ev, const struct gpio_sink *sink)
{
	unsigned offset = gpiod_edge_event_get_line_offset(ev);
	unsigned long seqno = gpiod_edge_event_get_line_seqno(ev);
	struct gpio_change change = {.is_edge = true};
	int i = 0;

	while (i < c->count && c->offset[i] != offset)
		i++;
	if (i == c->count)
		return;
	change.line = i;
	change.at_ns = (int64_t)gpiod_edge_event_get_timestamp_ns(ev);
	change.value = gpiod_edge_event_get_event_type(ev) == GPIOD_EDGE_EVENT_RISING_EDGE;
	if (c->lines[i].mode == GPIO_PULSE) {
		/* Edges that were dropped still count: only their times are lost. */
		change.pulses = (uint32_t)(seqno - c->seqno[i]);
		change.first_ns = change.last_ns = change.at_ns;
	}
	c->seqno[i] = seqno;
	sink->change(sink->ctx, &change);
}

static int chip_read(void *priv, const struct gpio_sink *sink, struct error *err)
{
	struct chip_v2 *c = priv;
	int n = gpiod_line_request_wait_edge_events(c->request, 0);

	if (n > 0)
		n = gpiod_line_request_read_edge_events(c->request, c->buffer, EVENTS_AT_ONCE);
	if (n < 0) {
		error_errno(err, "chip %s", c->label);
		return ERR_CLOSED;
	}
	for (int i = 0; i < n; i++)
		tell(c, gpiod_edge_event_buffer_get_event(c->buffer, (unsigned long)i), sink);
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
