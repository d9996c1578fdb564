/* SPDX-License-Identifier: MIT */
#include "options_file.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "plan/names.h"
#include "ticket/adapter.h"
#include "ticket/codes.h"

static const struct option flags[] = {
	{"config", required_argument, NULL, 'c'},
	{"name", required_argument, NULL, 'n'},
	{"state", required_argument, NULL, 's'},
	{"fixture", required_argument, NULL, 'f'},
	{"profiles", required_argument, NULL, 'p'},
	{"sim-dir", required_argument, NULL, 'd'},
	{"trace", required_argument, NULL, 't'},
	{"spawn", no_argument, NULL, 'S'},
	{"speed", required_argument, NULL, 'x'},
	{"port", required_argument, NULL, 'P'},
	{"lan-names", required_argument, NULL, 'N'},
	{"ca-file", required_argument, NULL, 'F'},
	{"tickets-owner", required_argument, NULL, 'o'},
	{"ticket-adapter", required_argument, NULL, 'a'},
	{"ticket-defaults", required_argument, NULL, 'D'},
	{"code", required_argument, NULL, 'C'},
	{"unqualified", required_argument, NULL, 'u'},
	{"backup", required_argument, NULL, 'b'},
	{"restore", required_argument, NULL, 'R'},
	{"after-loss", required_argument, NULL, 'L'},
	{"import", no_argument, NULL, 'I'},
	{"complete", no_argument, NULL, 'E'},
	{"as", required_argument, NULL, 'A'},
	{"webhooks", required_argument, NULL, 'w'},
	{"keep-traces", required_argument, NULL, 'k'},
	{"keep-feed", required_argument, NULL, 'K'},
	{"log", required_argument, NULL, 'l'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static void usage(void)
{
	puts("usage: benchd --fixture FILE [--fixture FILE...] [options]\n"
	     "The station of the QC bench: runs tests, keeps records, decides releases.\n"
	     "\n"
	     "  --config FILE    options as YAML; a flag wins over the file\n"
	     "  --fixture FILE   wiring of a rig (one for each rig)\n"
	     "  --profiles DIR   profiles and models (default " BENCHD_DATADIR "/profiles)\n"
	     "  --state DIR      database, traces, keys, sockets (default /var/lib/benchd)\n"
	     "  --spawn          start benchd-io and benchd-web as children\n"
	     "  --port N         loopback port of benchd-web with --spawn (default 8470)\n"
	     "  --lan-names NAMES  with --spawn: names, comma between, by which the TLS proxy on this\n"
	     "                   machine asks for the LAN (default: none)\n"
	     "  --ca-file FILE   with --spawn: certificates that webhooks trust instead of the system's\n"
	     "  --speed N        1..20, simulated rigs with --spawn only: run time runs N times faster\n"
	     "  --sim-dir DIR    benchsim's folder, for ports called sim:NAME\n"
	     "  --trace DIR      write every bus transaction there, with --spawn\n"
	     "  --name TEXT      name of the station in its records (default: host name)\n"
	     "  --tickets-owner station|ticketing   whose the tickets are (default station)\n"
	     "  --ticket-adapter FILE   how the ticketing system is asked for an unknown ticket\n"
	     "  --ticket-defaults MAP   what a ticket is that does not say so, as {run_type: incoming,\n"
	     "                   plan_state: approved, priority: 3, mail_back: yes}\n"
	     "  --code PATTERN   of scanned codes, such as T:{id}; up to 8 of them\n"
	     "  --unqualified flag|block   what a person without the qualification meets\n"
	     "  --backup DIR     keep copies there: each finished run, the database every 24 h\n"
	     "  --restore DIR    put the newest backup there (or DIR/benchd-...Z) into --state, and exit\n"
	     "  --after-loss REASON   with --restore: what came after the backup is lost; with\n"
	     "                   --as PERSON, a supervisor, whose PIN is a line of standard input\n"
	     "  --import FILE... [--complete --as PERSON]   take back what was lost, and exit\n"
	     "  --webhooks FILE  endpoints that the feed is pushed to\n"
	     "  --keep-traces DAYS   of runs; serials on hold keep theirs (default 1096; 0 for ever)\n"
	     "  --keep-feed DAYS   how far back the feed goes (default 0: to its beginning)\n"
	     "  --log LEVEL      error, warning, info or debug (default info)\n"
	     "\n"
	     "Exit codes: 0 stopped, 2 configuration, 3 safe state not proven, 74 store,\n"
	     "75 already running or port held.\n"
	     "This program is no safety function: a wired E-stop chain is.");
}

static bool whole_number(const char *flag, const char *text, int lo, int hi, int *out)
{
	int64_t v;
	if (text_to_int64(text, strlen(text), &v) && v >= lo && v <= hi) {
		*out = (int)v;
		return true;
	}
	fprintf(stderr, "benchd: --%s %s: expected a whole number from %d to %d\n", flag, text, lo,
		hi);
	return false;
}

static void take_defaults(struct station_options *o, const struct default_options *d)
{
	struct ticket_defaults *t = &o->ticket_defaults;

	text_copy(t->run_type, sizeof(t->run_type), run_type_name((enum run_type)d->run_type));
	text_copy(t->plan_state, sizeof(t->plan_state), options_plan_state(d->plan_state));
	t->priority = d->priority;
	t->mail_back = d->mail_back;
}

/* --ticket-defaults '{run_type: incoming, priority: 3}' */
static bool take_default_flag(struct station_options *o, const char *text)
{
	struct default_options d = {.run_type = RUN_POST_REPAIR_QC};

	if (options_read_defaults(text, &d))
		return false;
	take_defaults(o, &d);
	return true;
}

static int log_level(const char *name)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	static const int levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
				     LOG_LEVEL_DEBUG};
	for (int i = 0; i < 4; i++)
		if (!strcmp(name, names[i]))
			return levels[i];
	fprintf(stderr, "benchd: log level \"%s\"; expected error, warning, info or debug\n", name);
	return -1;
}

static void take_file(struct station_options *o, const struct file_options *f, const char **log)
{
	o->name = f->name;
	o->state_dir = f->state ? f->state : o->state_dir;
	o->profiles_dir = f->profiles ? f->profiles : o->profiles_dir;
	o->sim_dir = f->sim_dir;
	o->trace_dir = f->trace;
	o->spawn = f->spawn;
	o->speed = f->speed ? (unsigned)f->speed : 1;
	o->port = f->port ? f->port : o->port;
	o->lan_names = f->lan_names;
	o->ca_file = f->ca_file;
	*log = f->log ? f->log : *log;
	o->backup_hours = f->backup ? f->backup->every_hours : 24;
	o->backup_keep = f->backup ? f->backup->keep : 14;
	o->keep_traces_days = f->store ? f->store->traces_days : 1096;
	o->keep_feed_days = f->store ? f->store->feed_days : 0;
	o->webhooks = f->webhooks;
	o->backup_dir = f->backup ? f->backup->folder : NULL;
	o->ticketing_owns = f->tickets && f->tickets->owner == OWNER_TICKETING;
	if (f->tickets && f->tickets->defaults)
		take_defaults(o, f->tickets->defaults);
	o->adapter_path = f->tickets ? f->tickets->adapter : NULL;
	o->block_unqualified = f->people && f->people->unqualified == UNQUALIFIED_BLOCK;
	for (int i = 0; f->tickets && i < f->tickets->codes.count && o->code_count < CODES_MAX; i++)
		o->codes[o->code_count++] = f->tickets->codes.at[i];
	for (int i = 0; i < f->fixtures.count && o->fixture_count < 8; i++)
		o->fixtures[o->fixture_count++] = f->fixtures.at[i];
}

static bool word_is(const char *flag, const char *text, const char *no, const char *yes, bool *out)
{
	*out = strcmp(text, yes) == 0;
	if (*out || strcmp(text, no) == 0)
		return true;
	fprintf(stderr, "benchd: --%s %s: expected %s or %s\n", flag, text, no, yes);
	return false;
}

/* One flag; false after a mistake that was printed. */
static bool take_flag(struct station_options *o, int c, bool *fixtures_from_file, const char **log)
{
	int n = 0;
	switch (c) {
	case 'c': return true; /* taken in the first pass */
	case 'n': o->name = optarg; return true;
	case 's': o->state_dir = optarg; return true;
	case 'p': o->profiles_dir = optarg; return true;
	case 'd': o->sim_dir = optarg; return true;
	case 't': o->trace_dir = optarg; return true;
	case 'S': o->spawn = true; return true;
	case 'b': o->backup_dir = optarg; return true;
	case 'w': o->webhooks = optarg; return true;
	case 'R': o->restore = optarg; return true;
	case 'L': o->after_loss = optarg; return true;
	case 'I': o->import = true; return true;
	case 'E': o->complete = true; return true;
	case 'A': o->signer = optarg; return true;
	case 'N': o->lan_names = optarg; return true;
	case 'F': o->ca_file = optarg; return true;
	case 'l': *log = optarg; return true;
	case 'o':
		return word_is("tickets-owner", optarg, "station", "ticketing", &o->ticketing_owns);
	case 'a': o->adapter_path = optarg; return true;
	case 'D': return take_default_flag(o, optarg);
	case 'u': return word_is("unqualified", optarg, "flag", "block", &o->block_unqualified);
	case 'C':
		if (o->code_count == CODES_MAX) {
			fprintf(stderr, "benchd: at most %d code patterns\n", CODES_MAX);
			return false;
		}
		o->codes[o->code_count++] = optarg;
		return true;
	case 'k': return whole_number("keep-traces", optarg, 0, 36500, &o->keep_traces_days);
	case 'K': return whole_number("keep-feed", optarg, 0, 36500, &o->keep_feed_days);
	case 'P': return whole_number("port", optarg, 1, 65535, &o->port);
	case 'x':
		if (!whole_number("speed", optarg, 1, 20, &n))
			return false;
		o->speed = (unsigned)n;
		return true;
	case 'f':
		if (*fixtures_from_file)
			o->fixture_count = 0;
		*fixtures_from_file = false;
		if (o->fixture_count == 8) {
			fprintf(stderr,
				"benchd: at most 8 rigs; put the others on another station\n");
			return false;
		}
		o->fixtures[o->fixture_count++] = optarg;
		return true;
	default: fprintf(stderr, "benchd: see --help\n"); return false;
	}
}

/* --help, --version and --config come before all else. 0 go on, 1 stop. */
static int first_pass(int argc, char **argv, struct file_options *f, int *exit_code)
{
	int c;
	opterr = 0;
	optind = 1;
	*exit_code = 0;
	while ((c = getopt_long(argc, argv, "", flags, NULL)) >= 0) {
		if (c == 'h') {
			usage();
			return 1;
		}
		if (c == 'V') {
			puts("benchd " BENCHD_VERSION);
			return 1;
		}
		if (c == 'c' && options_read_file(optarg, f)) {
			*exit_code = 2;
			return 1;
		}
	}
	return 0;
}

static bool take_adapter(struct station_options *o)
{
	struct problems problems = {0};

	if (!o->adapter_path)
		return true;
	if (!o->ticketing_owns) {
		fprintf(stderr,
			"benchd: --ticket-adapter %s: for tickets of the ticketing system; add "
			"--tickets-owner ticketing, or leave it out\n",
			o->adapter_path);
		return false;
	}
	o->adapter = adapter_load(o->adapter_path, &problems);
	problems_print(&problems, stderr);
	problems_release(&problems);
	return o->adapter != NULL;
}

int options_parse(struct station_options *o, int argc, char **argv, int *exit_code)
{
	struct file_options f = {.speed = 1, .port = 8470};
	const char *log = "info";
	int c;
	o->state_dir = "/var/lib/benchd";
	o->profiles_dir = BENCHD_DATADIR "/profiles";
	if (first_pass(argc, argv, &f, exit_code))
		return 1;
	take_file(o, &f, &log);
	bool from_file = o->fixture_count > 0;
	*exit_code = 2;
	opterr = 1;
	optind = 1;
	while ((c = getopt_long(argc, argv, "", flags, NULL)) >= 0)
		if (!take_flag(o, c, &from_file, &log))
			return 1;
	int level = log_level(log);
	if (level < 0)
		return 1;
	log_init("benchd", (enum log_level)level);
	if (o->import) {
		o->imports = argv + optind;
		o->import_count = argc - optind;
	} else if (optind < argc) {
		fprintf(stderr, "benchd: \"%s\" is not a flag; see --help\n", argv[optind]);
		return 1;
	}
	for (int i = 0; i < o->code_count; i++) {
		struct error err;
		if (!code_check_pattern(o->codes[i], &err))
			continue;
		fprintf(stderr, "benchd: %s\n", err.text);
		return 1;
	}
	if (!take_adapter(o))
		return 1;
	if (o->speed > 1 && !o->spawn) {
		fprintf(stderr,
			"benchd: --speed %u without --spawn: a benchd-io that benchd does not start "
			"has a clock of its own; add --spawn, or leave --speed out\n",
			o->speed);
		return 1;
	}
	if (!o->fixture_count && !o->restore && !o->import) {
		fprintf(stderr, "benchd: name at least one --fixture FILE; see --help\n");
		return 1;
	}
	return 0;
}
