/* SPDX-License-Identifier: MIT */
#include "rig/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "link/io.h"
#include "rig/commission.h"

enum { IO_OPTIONS_EXIT = 2 };

static const char usage[] =
	"usage: benchd-io --fixture FILE (--link PATH | --link fd:N | --make-safe | --check) [options]\n"
	"       benchd-io --scan | --set-address | --prove-watchdog ...: for commissioning\n"
	"  --fixture FILE     the wiring of the rig\n"
	"  --link PATH        benchd's io socket, or fd:N for an inherited one\n"
	"  --make-safe        without benchd: drop, stop, proof; says per bay what came of it\n"
	"  --check            look at the fixture and the options, start nothing: exit 2 for a mistake\n"
	"  --exit-with-link   end when the link closes (after drop, stop, proof)\n"
	"  --sim-dir DIR      where benchsim's ports are (sim:NAME in the fixture)\n"
	"  --trace DIR        write every transaction of every bus there\n"
	"  --speed N --origin NS   run time as benchd has it (simulated rigs only)\n"
	"  --log LEVEL        error, warning, info or debug\n";

int io_options_usage(const char *what)
{
	fprintf(stderr, "benchd-io: %s\n%s", what, usage);
	return IO_OPTIONS_EXIT;
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

/* fd:N */
static int take_link(struct io_options *o)
{
	int64_t fd;

	if (!o->link || strncmp(o->link, "fd:", 3) != 0)
		return 0;
	if (!text_to_int64(o->link + 3, strlen(o->link + 3), &fd) || fd < 0 || fd > 65535)
		return 1 +
		       io_options_usage("--link fd:N takes the number of an inherited descriptor");
	o->link_fd = (int)fd;
	o->link = NULL;
	o->exit_with_link = true; /* there is no other to come */
	return 0;
}

int io_options_parse(struct io_options *o, int argc, char **argv)
{
	static const struct option longs[] = {{"fixture", required_argument, NULL, 'f'},
					      {"link", required_argument, NULL, 'l'},
					      {"sim-dir", required_argument, NULL, 's'},
					      {"trace", required_argument, NULL, 't'},
					      {"make-safe", no_argument, NULL, 'm'},
					      {"check", no_argument, NULL, 'c'},
					      {"exit-with-link", no_argument, NULL, 'e'},
					      {"speed", required_argument, NULL, 'x'},
					      {"origin", required_argument, NULL, 'o'},
					      {"log", required_argument, NULL, 'v'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'V'},
					      {NULL, 0, NULL, 0}};
	int64_t n = 0;
	int c, level;

	*o = (struct io_options){.link_fd = -1, .speed = 1, .log = LOG_LEVEL_INFO};
	if (commission_is_wanted(argc, argv))
		return 1 + commission_main(argc, argv);
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) >= 0) {
		switch (c) {
		case 'f': o->fixture = optarg; break;
		case 'l': o->link = optarg; break;
		case 's': o->sim_dir = optarg; break;
		case 't': o->trace_dir = optarg; break;
		case 'm': o->make_safe = true; break;
		case 'c': o->check = true; break;
		case 'e': o->exit_with_link = true; break;
		case 'x':
			if (!text_to_int64(optarg, strlen(optarg), &n) || n < 1 || n > IO_SPEED_MAX)
				return 1 + io_options_usage("--speed takes 1 to 20");
			o->speed = (unsigned)n;
			break;
		case 'o':
			if (!text_to_int64(optarg, strlen(optarg), &o->origin_ns) ||
			    o->origin_ns < 0)
				return 1 + io_options_usage("--origin takes nanoseconds");
			break;
		case 'v':
			level = log_level_of(optarg);
			if (level < 0)
				return 1 + io_options_usage(
						   "--log takes error, warning, info or debug");
			o->log = (enum log_level)level;
			break;
		case 'h': printf("%s", usage); return 1;
		case 'V': printf("benchd-io %s\n", BENCHD_VERSION); return 1;
		default: fprintf(stderr, "%s", usage); return 1 + IO_OPTIONS_EXIT;
		}
	}
	if (optind < argc)
		return 1 + io_options_usage("an argument that belongs to no option");
	if (!o->fixture)
		return 1 + io_options_usage("--fixture is missing");
	if ((o->link != NULL) + o->make_safe + o->check != 1)
		return 1 + io_options_usage("expected one of --link, --make-safe and --check");
	if (o->trace_dir && access(o->trace_dir, W_OK | X_OK)) {
		fprintf(stderr, "benchd-io: --trace %s: %s; make the folder first\n", o->trace_dir,
			strerror(errno));
		return 1 + IO_OPTIONS_EXIT;
	}
	return take_link(o);
}
