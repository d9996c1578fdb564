/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bus/gpio.h"

struct gpio {
	const struct gpio_backend *backend;
	void *priv;
};

int gpio_open(struct gpio **out, const char *port, const char *sim_dir,
	      const struct bus_line *lines, int count, struct error *err)
{
	bool is_sim = strncmp(port, "sim:", 4) == 0;
	const struct gpio_backend *backend = is_sim ? &gpio_stand_in : &gpio_kernel;
	void *priv = NULL;
	int rc;

	if (strncmp(port, "gpiochip", 8) == 0 || strncmp(port, "/dev/gpiochip", 13) == 0)
		return error_set(err, ERR_CONFIG,
				 "chip %s changes with the order of drivers; name it by its label",
				 port);
	if (is_sim && !sim_dir)
		return error_set(err, ERR_CONFIG, "%s is a simulated chip; no simulator was named",
				 port);
	rc = backend->open(&priv, is_sim ? port + 4 : port, sim_dir, lines, count, err);
	if (rc < 0)
		return rc;
	*out = xcalloc(1, sizeof(**out));
	(*out)->backend = backend;
	(*out)->priv = priv;
	return 0;
}

void gpio_close(struct gpio *g)
{
	if (!g)
		return;
	g->backend->close(g->priv);
	free(g);
}

int gpio_set(struct gpio *g, int line, uint8_t value, struct error *err)
{
	return g->backend->set(g->priv, line, value, err);
}

int gpio_get(struct gpio *g, int line, uint8_t *value, struct error *err)
{
	return g->backend->get(g->priv, line, value, err);
}

int gpio_poll(const struct gpio *g, struct pollfd *out, int max)
{
	return g->backend->poll(g->priv, out, max);
}

int gpio_read(struct gpio *g, const struct gpio_sink *sink, struct error *err)
{
	return g->backend->read(g->priv, sink, err);
}

void gpio_consumer(char *dst, size_t size)
{
	snprintf(dst, size, "benchd-io %d", (int)getpid());
}

bool gpio_is_simulated(const struct gpio *g)
{
	return g->backend == &gpio_stand_in;
}
