/* SPDX-License-Identifier: MIT
 *
 * GPIO lines behind one small interface: libgpiod v1 (Debian 12), libgpiod v2, or the
 * stand-in's socket (bus/gpio_wire.h). Chips are named by their label, lines by name or
 * offset, never by gpiochipN. One thread per chip. Nothing blocks but gpio_set of the stand-in,
 * which waits for its answer at most 100 ms.
 *
 * Lines are spoken of by their index in the bus_line array; levels are those of the pin (active_low
 * is undone by the bus machine). On gpio_close, or when the process dies, lines go back to what the
 * chip does with a line nobody holds: the wiring has to make that the safe state.
 */
#ifndef BUS_GPIO_H
#define BUS_GPIO_H

#include <poll.h>
#include "base/error.h"
#include "bus/bus.h"

/* What happened on a line since the last gpio_read. */
struct gpio_change {
	int line;
	uint8_t value;	 /* GPIO_IN: the level after it */
	bool is_edge;	 /* at_ns is the kernel's time of the edge; else of reading the level */
	int64_t at_ns;	 /* CLOCK_MONOTONIC */
	uint32_t pulses; /* GPIO_PULSE: rising edges, >= 1 */
	int64_t first_ns, last_ns;
};
/* Called for each change. */
struct gpio_sink {
	void (*change)(void *ctx, const struct gpio_change *c);
	void *ctx;
};

struct gpio;
/* Request all lines. ERR_BUSY names who holds a line; ERR_NOT_FOUND the chip or line that is not
 * there. On failure nothing is held. lines must outlive the gpio. */
int gpio_open(struct gpio **out, const char *port, const char *sim_dir,
	      const struct bus_line *lines, int count, struct error *err);
void gpio_close(struct gpio *g); /* NULL allowed */
int gpio_set(struct gpio *g, int line, uint8_t value, struct error *err);
/* Level of an input now. */
int gpio_get(struct gpio *g, int line, uint8_t *value, struct error *err);
/* Descriptors to poll for POLLIN; returns how many were filled (at most max). */
int gpio_poll(const struct gpio *g, struct pollfd *out, int max);
/* Take what came; the sink gets each change. ERR_CLOSED: the chip is gone. */
int gpio_read(struct gpio *g, const struct gpio_sink *sink, struct error *err);
bool gpio_is_simulated(const struct gpio *g);

/* Inside: what lines of ours are called while they are held, "benchd-io PID": who finds one busy
 * reads the process there. */
enum { GPIO_CONSUMER_MAX = 32 };
void gpio_consumer(char *dst, size_t size);
/* One back end per kind of chip. */
struct gpio_backend {
	int (*open)(void **priv, const char *chip, const char *sim_dir,
		    const struct bus_line *lines, int count, struct error *err);
	void (*close)(void *priv);
	int (*set)(void *priv, int line, uint8_t value, struct error *err);
	int (*get)(void *priv, int line, uint8_t *value, struct error *err);
	int (*poll)(const void *priv, struct pollfd *out, int max);
	int (*read)(void *priv, const struct gpio_sink *sink, struct error *err);
};
extern const struct gpio_backend gpio_kernel;	/* gpiod_v1.c or gpiod_v2.c */
extern const struct gpio_backend gpio_stand_in; /* gpio_sim.c */

#endif
