/* SPDX-License-Identifier: MIT
 *
 * A world behind real wires: what benchsim serves. In DIR: NAME a link to a pseudo-terminal
 * (RTU, scanners), NAME.tcp with "127.0.0.1:PORT", NAME.zpl what a printer has printed, NAME.gpio the stand-in of a GPIO chip
 * (bus/gpio_wire.h), control a Unix stream socket of text lines (control.c), benchsim.lock held
 * while it runs. One thread, one loop.
 */
#ifndef SIM_SERVE_H
#define SIM_SERVE_H

#include "base/clock.h"
#include "base/loop.h"
#include "base/text.h"
#include "sim/world.h"

enum { SIM_PORTS_MAX = FIXTURE_BUSES_MAX, SIM_PATH_MAX = 256 };

struct sim_server;
struct sim_port;
struct sim_port_ops {
	void (*close)(struct sim_port *p);
	void (*tick)(struct sim_port *p, int64_t now_ns);	   /* NULL allowed; wire time */
	void (*stats)(const struct sim_port *p, struct text *out); /* "key=value ..." */
	/* As if the cable were pulled out and put in again; NULL: cannot. */
	void (*unplug)(struct sim_port *p);
	int (*plug)(struct sim_port *p, struct error *err);
	/* How the device behind it is, by a word; false: not known. NULL: there is nothing to set. */
	bool (*set)(struct sim_port *p, const char *word);
};
struct sim_port {
	const struct sim_port_ops *ops;
	struct sim_server *server;
	const char *name; /* behind "sim:" */
	int bus;
	char path[SIM_PATH_MAX]; /* removed at the end */
};

struct sim_config {
	const struct fixture *fixture;
	struct world *world;
	const char *dir;
	unsigned speed;
	int wire_baud; /* 0: replies at once; else paced as on a line of that rate */
};
struct sim_operator;
struct sim_control;
struct sim_server {
	struct sim_config config;
	struct loop *loop;
	struct world *world;
	struct clock_scale scale;
	int lock_fd;
	bool made_dir;
	struct sim_port *ports[SIM_PORTS_MAX];
	int port_count;
	struct loop_timer *tick;
	int64_t tick_ns; /* period, wire time */
	struct sim_control *control;
	struct sim_operator *person;
	int64_t started_ns; /* run time */
};

/* Open all ports of the fixture that are named "sim:"; ERR_BUSY when DIR is in use (pid in the
 * text). */
int sim_serve_open(struct sim_server *s, struct loop *loop, const struct sim_config *config,
		   struct error *err);
/* Remove every file again. Half-built ones too. */
void sim_serve_close(struct sim_server *s);
/* Bring the world to now; returns run time. */
int64_t sim_serve_now(struct sim_server *s);
/* Something switched from outside: lines are looked at at once. */
void sim_serve_tick(struct sim_server *s);

/* Kinds of ports. *out is the port. */
int sim_rtu_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err);
int sim_scanner_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err);
int sim_tcp_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err);
int sim_printer_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err);
int sim_gpio_open(struct sim_server *s, int bus, struct sim_port **out, struct error *err);

/* A pseudo-terminal in raw mode with a link to it at path. Returns the master, nonblocking; the
 * slave stays open in *keep so that a client's close is no hang-up. */
int sim_pty_open(const char *path, int *keep, struct error *err);

/* A socket that listens on the loopback, its address in the port's file. ERR_IO. */
int sim_tcp_listen(const struct sim_port *p, struct error *err);

/* control.c */
int sim_control_open(struct sim_server *s, struct error *err);
void sim_control_close(struct sim_server *s);

/* operator.c: acts at the station's ctl socket as a person at the bench would. */
int sim_operator_open(struct sim_server *s, const char *socket, struct error *err);
void sim_operator_close(struct sim_server *s);
/* The ticket that belongs to a bay's unit (scanned before the serial); NULL: nothing to test
 * there. */
void sim_operator_unit(struct sim_server *s, int bay, const char *serial, const char *ticket);

#endif
