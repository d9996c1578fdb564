/* SPDX-License-Identifier: MIT */
#include "station/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/schema.h"
#include "ticket/adapter.h"
#include "ticket/codes.h"

enum owner { OWNER_STATION, OWNER_TICKETING };
enum unqualified { UNQUALIFIED_FLAG, UNQUALIFIED_BLOCK };
struct ticket_options {
	struct schema_item item;
	int owner;
	struct schema_texts codes;
	const char *adapter;
};
struct people_options {
	struct schema_item item;
	int unqualified;
};
struct backup_options {
	struct schema_item item;
	const char *folder;
	int every_hours, keep;
};
struct keep_options {
	struct schema_item item;
	int traces_days, feed_days;
};
struct file_options {
	struct schema_item item;
	const char *name, *state, *profiles, *sim_dir, *trace, *log, *webhooks, *lan_names,
		*ca_file;
	struct schema_texts fixtures;
	struct ticket_options *tickets;
	struct people_options *people;
	struct backup_options *backup;
	struct keep_options *store;
	bool spawn;
	int speed, port;
};

static const struct schema_name owners[] = {
	{"station", OWNER_STATION, "made and changed here", NULL},
	{"ticketing", OWNER_TICKETING, "made by the ticketing system alone", NULL},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name unqualified_words[] = {
	{"flag", UNQUALIFIED_FLAG, "the run says so, and is not released on", NULL},
	{"block", UNQUALIFIED_BLOCK, "a run that could release does not start", NULL},
	{NULL, 0, NULL, NULL},
};
static const struct schema_field ticket_fields[] = {
	{.key = "owner",
	 .type = SCHEMA_ENUM,
	 .offset = offsetof(struct ticket_options, owner),
	 .names = owners,
	 .def = "station",
	 .en = "whose the tickets are"},
	{.key = "codes",
	 .type = SCHEMA_TEXTS,
	 .offset = offsetof(struct ticket_options, codes),
	 .en = "patterns of scanned codes: text around {id} or {serial}, such as T:{id}"},
	{.key = "adapter",
	 .type = SCHEMA_TEXT,
	 .offset = offsetof(struct ticket_options, adapter),
	 .max = 500,
	 .en = "file that says how the ticketing system is asked for an unknown ticket"},
	{.key = NULL},
};
static const struct schema ticket_schema = {
	.name = "tickets",
	.size = sizeof(struct ticket_options),
	.fields = ticket_fields,
	.en = "Tickets.",
};
static const struct schema_field people_fields[] = {
	{.key = "unqualified",
	 .type = SCHEMA_ENUM,
	 .offset = offsetof(struct people_options, unqualified),
	 .names = unqualified_words,
	 .def = "flag",
	 .en = "what happens when a person without the qualification starts a run"},
	{.key = NULL},
};
static const struct schema people_schema = {
	.name = "people",
	.size = sizeof(struct people_options),
	.fields = people_fields,
	.en = "People.",
};

static const struct schema_field backup_fields[] = {
	{.key = "folder",
	 .type = SCHEMA_TEXT,
	 .offset = offsetof(struct backup_options, folder),
	 .max = 500,
	 .en = "where to, best on another disk"},
	{.key = "every_hours",
	 .type = SCHEMA_INT,
	 .offset = offsetof(struct backup_options, every_hours),
	 .def = "24",
	 .min = 1,
	 .max = 168,
	 .en = "hours between backups; finished runs are copied within a minute"},
	{.key = "keep",
	 .type = SCHEMA_INT,
	 .offset = offsetof(struct backup_options, keep),
	 .def = "14",
	 .min = 1,
	 .max = 1000,
	 .en = "how many backups stay"},
	{.key = NULL},
};
static const struct schema backup_schema = {
	.name = "backup",
	.size = sizeof(struct backup_options),
	.fields = backup_fields,
	.en = "Copies in a second place.",
};

static const struct schema_field keep_fields[] = {
	{.key = "keep_traces_days",
	 .type = SCHEMA_INT,
	 .offset = offsetof(struct keep_options, traces_days),
	 .def = "1096",
	 .min = 0,
	 .max = 36500,
	 .en = "how long the readings of a run are kept, but of serials on hold; 0: for ever"},
	{.key = "keep_feed_days",
	 .type = SCHEMA_INT,
	 .offset = offsetof(struct keep_options, feed_days),
	 .def = "0",
	 .min = 0,
	 .max = 36500,
	 .en = "how far back /results goes, beside /snapshot; 0: to its beginning"},
	{.key = NULL},
};
static const struct schema keep_schema = {.name = "store",
					  .size = sizeof(struct keep_options),
					  .fields = keep_fields,
					  .en = "What is not kept for ever; results are."};

#define OPTION(k, t, member, ...)                                                                  \
	{                                                                                          \
		.key = k, .type = t, .offset = offsetof(struct file_options, member), __VA_ARGS__  \
	}

static const struct schema_field option_fields[] = {
	OPTION("name", SCHEMA_TEXT, name,
	       .en = "name of the station in its records; default: the host's name"),
	OPTION("state", SCHEMA_TEXT, state, .def = "/var/lib/benchd", .max = 500,
	       .en = "folder of database, traces, keys and sockets"),
	OPTION("fixture", SCHEMA_TEXTS, fixtures, .en = "fixture file of each rig"),
	OPTION("profiles", SCHEMA_TEXT, profiles, .def = BENCHD_DATADIR "/profiles", .max = 500,
	       .en = "folder of profiles and models"),
	OPTION("sim_dir", SCHEMA_TEXT, sim_dir, .max = 500,
	       .en = "benchsim's folder, for ports called sim:NAME"),
	OPTION("trace", SCHEMA_TEXT, trace, .max = 500,
	       .en = "folder for a trace of every bus transaction"),
	OPTION("spawn", SCHEMA_BOOL, spawn, .def = "no",
	       .en = "start benchd-io and benchd-web as children"),
	OPTION("speed", SCHEMA_INT, speed, .def = "1", .min = 1, .max = 20,
	       .en = "run time is this much faster than wall time; simulated rigs with spawn only"),
	OPTION("port", SCHEMA_INT, port, .def = "8470", .min = 1, .max = 65535,
	       .en = "loopback port of benchd-web"),
	OPTION("lan_names", SCHEMA_TEXT, lan_names, .max = 500,
	       .en = "names of this station on the LAN, comma between, for the benchd-web of spawn"),
	OPTION("ca_file", SCHEMA_TEXT, ca_file, .max = 500,
	       .en = "certificates that webhooks trust instead of the system's, for the benchd-web of "
		     "spawn"),
	OPTION("tickets", SCHEMA_MAP, tickets, .sub = &ticket_schema, .en = "tickets"),
	OPTION("people", SCHEMA_MAP, people, .sub = &people_schema, .en = "people"),
	OPTION("backup", SCHEMA_MAP, backup, .sub = &backup_schema,
	       .en = "copies in a second place"),
	OPTION("store", SCHEMA_MAP, store, .sub = &keep_schema, .en = "what is not kept for ever"),
	OPTION("webhooks", SCHEMA_TEXT, webhooks, .max = 500,
	       .en = "file of the endpoints that the feed is pushed to"),
	OPTION("log", SCHEMA_TEXT, log, .def = "info", .en = "error, warning, info or debug"),
	{.key = NULL},
};
static const struct schema option_schema = {
	.name = "benchd options",
	.size = sizeof(struct file_options),
	.fields = option_fields,
	.en = "Each key is also a flag: state: DIR is --state=DIR.",
};

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

/* The file's values into f; its memory stays until exit. */
static int read_config(const char *path, struct file_options *f)
{
	struct problems problems = {0};
	struct error err = {0};
	char *bytes = NULL;
	size_t n = 0;
	if (text_read_file(path, YAML_BYTES_MAX, &bytes, &n, &err)) {
		fprintf(stderr, "benchd: %s\n", err.text);
		return -1;
	}
	/* strings of the options lie in the arena: it lives as long as the process */
	static struct arena *arena;
	struct yaml y;
	arena = arena ? arena : arena_new();
	yaml_parse(&y, path, bytes, n, arena, &problems);
	if (y.root)
		schema_decode(&option_schema, &y, y.root, f);
	int mistakes = problems.count;
	if (mistakes)
		problems_print(&problems, stderr);
	problems_release(&problems);
	free(bytes);
	return mistakes ? -1 : 0;
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
		if (c == 'c' && read_config(optarg, f)) {
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
