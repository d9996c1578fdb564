/* SPDX-License-Identifier: MIT
 *
 * benchsim: the simulated rig behind real wires. Start order is main's from above to below; the end
 * is the same list read upwards.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "bus/port.h"
#include "sim/serve.h"

enum { EXIT_CONFIG = 2, EXIT_BUSY = 75, LIST_MAX = 64 };

static const char help[] =
	"usage: benchsim --fixture FILE --dir DIR [options]\n"
	"The simulated rig: devices of a fixture on pseudo-terminals, TCP and a GPIO stand-in.\n"
	"\n"
	"  --fixture FILE        the fixture the station uses, ports named sim:NAME\n"
	"  --dir DIR             where the ports appear (made if missing)\n"
	"  --speed N             run time is N times as fast, 1..20\n"
	"  --seed N              of all noise, default 1\n"
	"  --fault [BAY:]NAME[=K][@SECONDS]   of a unit or the rig, repeatable\n"
	"  --fault TARGET:NAME[=K][/SHARE]    of a device, a line or what is on it, repeatable;\n"
	"                        SHARE: part of the transactions; --bus-fault is the same\n"
	"  --list-faults         every fault with its severity K, and exit\n"
	"  --unit BAY:MODEL:SERIAL[:TICKET]   what is on the hoses, repeatable\n"
	"  --wire BAUD           replies paced as on a line of that rate, requests stamped\n"
	"  --operator SOCKET     scan and answer prompts at the station's ctl socket\n"
	"  --tds MG_L            of the feed water, default 250\n"
	"  --temperature DEGC    of the feed water, default 25\n"
	"  --quiet-sensors       no noise\n"
	"  --faults              the names of the first kind, one a line, and exit\n"
	"  --help, --version\n";

struct list {
	const char *at[LIST_MAX];
	int n;
};
struct options {
	const char *fixture, *dir, *ctl;
	struct list faults, bus_faults, units;
	double speed, seed, tds, temperature, wire;
	bool quiet;
};

static int usage(const char *what, const char *value)
{
	fprintf(stderr, "benchsim: %s%s%s; see benchsim --help\n", what, value ? " " : "",
		value ? value : "");
	return EXIT_CONFIG;
}

static int add(struct list *l, const char *value)
{
	if (l->n == LIST_MAX)
		return usage("too many of one option, last", value);
	l->at[l->n++] = value;
	return 0;
}

static int number(const char *name, const char *value, double lo, double hi, double *out)
{
	if (text_to_double(value, strlen(value), out) && *out >= lo && *out <= hi)
		return 0;
	fprintf(stderr, "benchsim: %s %s; expected %g to %g\n", name, value, lo, hi);
	return EXIT_CONFIG;
}

static int list_faults(void)
{
	int n;
	const char *const *names = world_fault_names(&n);

	for (int i = 0; i < n; i++)
		puts(names[i]);
	return -1; /* done, exit 0 */
}

/* Of units and rig, then of wires and devices. */
static int list_all_faults(void)
{
	static const char *const layers[] = {
		[WIRE_ON_LINE] = "line", [WIRE_ON_TCP] = "tcp", [WIRE_IN_DEVICE] = "device"};
	const struct wire_fault_info *f;
	int n;
	const char *const *names = world_fault_names(&n);

	for (int i = 0; i < n; i++)
		printf("%-24s plant\n", names[i]);
	for (int i = WIRE_FINE + 1; (f = wire_fault_info((enum wire_fault)i)); i++) {
		char k[64] = "";

		if (f->k_unit)
			snprintf(k, sizeof(k), "K %g (%g to %g %s)", f->k, f->lo, f->hi, f->k_unit);
		printf("%-24s %-7s %-11s %-29s %s\n", f->name, layers[f->layer], f->rows, k,
		       f->what);
	}
	return -1; /* done, exit 0 */
}

/* 0: go on; -1: done; else the exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum {
		FIXTURE = 1,
		DIR,
		SPEED,
		SEED,
		FAULT,
		BUS_FAULT,
		UNIT,
		WIRE,
		OPERATOR,
		TDS,
		TEMPERATURE,
		QUIET,
		FAULTS,
		LIST_FAULTS,
		HELP,
		VERSION
	};
	static const struct option table[] = {{"fixture", 1, NULL, FIXTURE},
					      {"dir", 1, NULL, DIR},
					      {"speed", 1, NULL, SPEED},
					      {"seed", 1, NULL, SEED},
					      {"fault", 1, NULL, FAULT},
					      {"bus-fault", 1, NULL, BUS_FAULT},
					      {"unit", 1, NULL, UNIT},
					      {"wire", 1, NULL, WIRE},
					      {"operator", 1, NULL, OPERATOR},
					      {"tds", 1, NULL, TDS},
					      {"temperature", 1, NULL, TEMPERATURE},
					      {"quiet-sensors", 0, NULL, QUIET},
					      {"faults", 0, NULL, FAULTS},
					      {"list-faults", 0, NULL, LIST_FAULTS},
					      {"help", 0, NULL, HELP},
					      {"version", 0, NULL, VERSION},
					      {NULL, 0, NULL, 0}};
	int rc = 0;

	for (int c; !rc && (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		switch (c) {
		case FIXTURE: o->fixture = optarg; break;
		case DIR: o->dir = optarg; break;
		case SPEED: rc = number("--speed", optarg, 1, 20, &o->speed); break;
		case SEED: rc = number("--seed", optarg, 0, 1e15, &o->seed); break;
		case FAULT: rc = add(&o->faults, optarg); break;
		case BUS_FAULT: rc = add(&o->bus_faults, optarg); break;
		case UNIT: rc = add(&o->units, optarg); break;
		case WIRE: rc = number("--wire", optarg, 300, 4000000, &o->wire); break;
		case OPERATOR: o->ctl = optarg; break;
		case TDS: rc = number("--tds", optarg, 1, 5000, &o->tds); break;
		case TEMPERATURE:
			rc = number("--temperature", optarg, 1, 45, &o->temperature);
			break;
		case QUIET: o->quiet = true; break;
		case FAULTS: return list_faults();
		case LIST_FAULTS: return list_all_faults();
		case HELP: fputs(help, stdout); return -1;
		case VERSION: puts("benchsim " BENCHD_VERSION); return -1;
		default: return EXIT_CONFIG;
		}
	}
	if (!rc && optind < argc)
		return usage("unexpected argument", argv[optind]);
	if (!rc && (!o->fixture || !o->dir))
		return usage("--fixture and --dir are needed", NULL);
	if (!rc && o->speed != (double)(unsigned)o->speed)
		return usage("--speed wants a whole number", NULL);
	if (!rc && o->wire > 0 && !port_is_baud((int)o->wire))
		return usage("--wire wants a rate of the kernel, " PORT_BAUD_RATES, NULL);
	if (!rc && o->wire > 0 && o->speed > 1)
		return usage("--speed is for unpaced wires, not with --wire", NULL);
	return rc;
}

/* BAY:MODEL:SERIAL[:TICKET] */
static int mount(struct sim_server *s, const char *spec)
{
	char copy[256], *part[4] = {NULL}, *rest = copy;
	int n = 0, bay;

	if (!text_copy(copy, sizeof(copy), spec))
		return usage("--unit is too long:", spec);
	while (rest && n < 4)
		part[n++] = strsep(&rest, ":");
	if (n < 3 || rest || !*part[1] || !*part[2])
		return usage("--unit wants BAY:MODEL:SERIAL[:TICKET], not", spec);
	bay = fixture_bay(s->config.fixture, part[0]);
	if (bay < 0)
		return usage("--unit names a bay that the fixture has not:", spec);
	if (!world_mount(s->world, bay, part[1], part[2]))
		return usage("--unit wants " WORLD_MODELS ", not", spec);
	sim_operator_unit(s, bay, part[2], part[3]);
	return 0;
}

/* Without --unit each bay has a healthy unit without ticket. */
static int mount_all(struct sim_server *s, const struct options *o)
{
	char serial[32];

	for (int b = 0; !o->units.n && b < s->config.fixture->bay_count; b++) {
		snprintf(serial, sizeof(serial), "RO600-24%06d", 101 + b);
		world_mount(s->world, b, "RO600", serial);
		sim_operator_unit(s, b, serial, NULL);
	}
	for (int i = 0; i < o->units.n; i++) {
		int rc = mount(s, o->units.at[i]);

		if (rc)
			return rc;
	}
	return 0;
}

static int complain(const struct error *err)
{
	fprintf(stderr, "benchsim: %s\n", err->text);
	return err->code == ERR_BUSY ? EXIT_BUSY : EXIT_CONFIG;
}

static void on_signal(void *ctx, int sig)
{
	(void)sig;
	loop_stop(ctx, 0);
}

static int serve(struct sim_server *s, struct loop *loop, const struct options *o)
{
	struct error err = {0};
	int rc = mount_all(s, o);

	for (int i = 0; !rc && i < o->faults.n; i++)
		if (world_is_bus_fault(s->world, o->faults.at[i])
			    ? world_bus_fault(s->world, o->faults.at[i], &err)
			    : world_fault(s->world, o->faults.at[i], s->started_ns, &err))
			rc = complain(&err);
	for (int i = 0; !rc && i < o->bus_faults.n; i++)
		if (world_bus_fault(s->world, o->bus_faults.at[i], &err))
			rc = complain(&err);
	if (!rc && o->ctl && sim_operator_open(s, o->ctl, &err))
		rc = complain(&err);
	if (rc)
		return rc;
	log_info("sim", "%s, %d ports in %s, speed %u%s: simulated", s->config.fixture->name,
		 s->port_count, o->dir, s->scale.speed, o->wire > 0 ? ", paced" : "");
	puts("ready");
	fflush(stdout);
	return loop_run(loop);
}

static int run(const struct fixture *f, struct loop *loop, const struct options *o)
{
	struct world_config wc = {.fixture = f,
				  .seed = (uint64_t)o->seed,
				  .feed_tds_mg_l = o->tds,
				  .feed_temperature_c = o->temperature,
				  .noise = !o->quiet,
				  .speed = (unsigned)o->speed};
	struct sim_config sc = {.fixture = f,
				.dir = o->dir,
				.speed = (unsigned)o->speed,
				.wire_baud = (int)o->wire};
	struct sim_server server;
	struct error err = {0};
	int rc;

	sc.world = world_new(&wc, &err);
	if (!sc.world)
		return complain(&err);
	if (sim_serve_open(&server, loop, &sc, &err))
		rc = complain(&err);
	else
		rc = serve(&server, loop, o);
	sim_serve_close(&server);
	world_free(sc.world);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = {.speed = 1, .seed = 1};
	struct problems problems = {0};
	struct fixture *f;
	struct loop *loop;
	int rc = read_options(argc, argv, &o);

	if (rc)
		return rc < 0 ? 0 : rc;
	log_init("benchsim", LOG_LEVEL_INFO);
	f = fixture_load(o.fixture, &problems);
	if (!f) {
		problems_print(&problems, stderr);
		problems_release(&problems);
		return EXIT_CONFIG;
	}
	loop = loop_new();
	loop_signals(loop, on_signal, NULL, loop);
	rc = run(f, loop, &o);
	loop_free(loop);
	fixture_free(f);
	return rc;
}
