/* SPDX-License-Identifier: MIT */
#include "sim/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

int64_t sim_serve_now(struct sim_server *s)
{
	int64_t now_ns = clock_to_run(&s->scale, clock_mono_ns());

	world_run(s->world, now_ns);
	return now_ns;
}

void sim_serve_tick(struct sim_server *s)
{
	int64_t now_ns = clock_mono_ns();

	world_run(s->world, clock_to_run(&s->scale, now_ns));
	for (int i = 0; i < s->port_count; i++)
		if (s->ports[i]->ops->tick)
			s->ports[i]->ops->tick(s->ports[i], now_ns);
}

static void on_tick(void *ctx)
{
	struct sim_server *s = ctx;

	sim_serve_tick(s);
	loop_set_timer(s->tick, clock_mono_ns() + s->tick_ns);
}

/* The folder is ours while the lock file is locked. */
static int lock_dir(struct sim_server *s, struct error *err)
{
	char path[SIM_PATH_MAX + 32], pid[32] = "";
	ssize_t n;

	if (mkdir(s->config.dir, 0700) == 0)
		s->made_dir = true;
	else if (errno != EEXIST)
		return error_errno(err, "folder %s", s->config.dir);
	snprintf(path, sizeof(path), "%s/benchsim.lock", s->config.dir);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return error_errno(err, "%s", path);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB)) {
		n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		close(s->lock_fd);
		s->lock_fd = -1;
		return error_set(err, ERR_BUSY, "folder %s is served by another benchsim, pid %s",
				 s->config.dir, pid[0] ? pid : "unknown");
	}
	n = snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (ftruncate(s->lock_fd, 0) || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
		return error_errno(err, "%s", path);
	return 0;
}

/* Serial ports are a scanner's unless something else is said to sit there. */
static bool is_printer(const struct fixture *f, int bus)
{
	for (int i = 0; i < f->device_count; i++)
		if (f->devices[i].bus == bus && !strcmp(f->devices[i].driver, "zpl_printer"))
			return true;
	return false;
}

static int open_port(struct sim_server *s, int bus, struct error *err)
{
	const struct fx_bus *fx = &s->config.fixture->buses[bus];
	struct sim_port *port = NULL;
	int rc = ERR_CONFIG;

	if (strncmp(fx->port, "sim:", 4)) {
		log_warning("sim", "bus %s: port %s is not simulated", fx->name, fx->port);
		return 0;
	}
	switch (fx->kind) {
	case BUS_MODBUS_RTU: rc = sim_rtu_open(s, bus, &port, err); break;
	case BUS_MODBUS_TCP: rc = sim_tcp_open(s, bus, &port, err); break;
	case BUS_SERIAL:
		rc = is_printer(s->config.fixture, bus) ? sim_printer_open(s, bus, &port, err)
							: sim_scanner_open(s, bus, &port, err);
		break;
	case BUS_TCP: rc = sim_printer_open(s, bus, &port, err); break;
	case BUS_GPIO: rc = sim_gpio_open(s, bus, &port, err); break;
	}
	if (!rc)
		s->ports[s->port_count++] = port;
	return rc;
}

int sim_serve_open(struct sim_server *s, struct loop *loop, const struct sim_config *config,
		   struct error *err)
{
	int rc;

	*s = (struct sim_server){.config = *config,
				 .loop = loop,
				 .world = config->world,
				 .lock_fd = -1,
				 .tick_ns = 10 * NS_PER_MS};
	if (strlen(config->dir) > SIM_PATH_MAX - 80)
		return error_set(err, ERR_LIMIT, "folder name %s is too long", config->dir);
	s->scale = (struct clock_scale){clock_mono_ns(), config->speed ? config->speed : 1};
	s->started_ns = sim_serve_now(s);
	rc = lock_dir(s, err);
	for (int b = 0; !rc && b < config->fixture->bus_count; b++)
		rc = open_port(s, b, err);
	if (!rc && !s->port_count)
		rc = error_set(err, ERR_CONFIG,
			       "%s has no port to simulate; name its ports sim:NAME, as "
			       "fixtures/sim.yaml does",
			       config->fixture->path);
	if (!rc)
		rc = sim_control_open(s, err);
	if (rc)
		return rc;
	s->tick = loop_add_timer(loop, on_tick, s);
	loop_set_timer(s->tick, clock_mono_ns());
	return 0;
}

void sim_serve_close(struct sim_server *s)
{
	char path[SIM_PATH_MAX + 32];

	sim_operator_close(s);
	sim_control_close(s);
	if (s->tick)
		loop_remove_timer(s->tick);
	s->tick = NULL;
	while (s->port_count > 0) {
		struct sim_port *p = s->ports[--s->port_count];

		unlink(p->path);
		p->ops->close(p);
	}
	if (s->lock_fd >= 0) {
		snprintf(path, sizeof(path), "%s/benchsim.lock", s->config.dir);
		unlink(path);
		close(s->lock_fd);
		s->lock_fd = -1;
	}
	if (s->made_dir)
		rmdir(s->config.dir); /* stays if somebody put something into it */
	s->made_dir = false;
}
