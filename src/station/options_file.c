/* SPDX-License-Identifier: MIT */
#include "options_file.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/names.h"

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
static const struct schema_name run_types[] = {
	{"incoming", RUN_INCOMING, "receiving inspection", NULL},
	{"diagnosis", RUN_DIAGNOSIS, "fault diagnosis", NULL},
	{"post_repair_qc", RUN_POST_REPAIR_QC, "quality check after repair", NULL},
	{NULL, 0, NULL, NULL},
};
static const struct schema_name plan_states[] = {
	{"none", 0, "nothing was proposed", NULL},
	{"proposed", 1, "the customer is asked", NULL},
	{"approved", 2, "the customer agreed", NULL},
	{"declined", 3, "the customer wants it back as it is", NULL},
	{NULL, 0, NULL, NULL},
};
static const struct schema_field default_fields[] = {
	{.key = "run_type",
	 .type = SCHEMA_ENUM,
	 .offset = offsetof(struct default_options, run_type),
	 .names = run_types,
	 .def = "post_repair_qc",
	 .en = "what is done with the unit"},
	{.key = "plan_state",
	 .type = SCHEMA_ENUM,
	 .offset = offsetof(struct default_options, plan_state),
	 .names = plan_states,
	 .def = "none",
	 .en = "what the customer said of the repair"},
	{.key = "priority",
	 .type = SCHEMA_INT,
	 .offset = offsetof(struct default_options, priority),
	 .def = "0",
	 .min = 0,
	 .max = 9,
	 .en = "9 is the most urgent"},
	{.key = "mail_back",
	 .type = SCHEMA_BOOL,
	 .offset = offsetof(struct default_options, mail_back),
	 .def = "no",
	 .en = "it is sent back, nobody comes to accept it"},
	{.key = NULL},
};
static const struct schema default_schema = {
	.name = "defaults",
	.size = sizeof(struct default_options),
	.fields = default_fields,
	.en = "What a ticket is that does not say so.",
};
static const struct schema_field ticket_fields[] = {
	{.key = "owner",
	 .type = SCHEMA_ENUM,
	 .offset = offsetof(struct ticket_options, owner),
	 .names = owners,
	 .def = "station",
	 .en = "whose the tickets are"},
	{.key = "defaults",
	 .type = SCHEMA_MAP,
	 .offset = offsetof(struct ticket_options, defaults),
	 .sub = &default_schema,
	 .en = "what a ticket is that does not say so"},
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

/* YAML by a schema into out; its memory stays until exit. */
static int read_yaml(const struct schema *schema, const char *name, const char *bytes, size_t n,
		     void *out)
{
	static struct arena
		*arena; /* strings of the options lie in it: it lives as long as the process */
	struct problems problems = {0};
	struct yaml y;
	int mistakes;

	arena = arena ? arena : arena_new();
	yaml_parse(&y, name, bytes, n, arena, &problems);
	if (y.root)
		schema_decode(schema, &y, y.root, out);
	mistakes = problems.count;
	if (mistakes)
		problems_print(&problems, stderr);
	problems_release(&problems);
	return mistakes ? -1 : 0;
}

int options_read_file(const char *path, struct file_options *f)
{
	struct error err = {0};
	char *bytes = NULL;
	size_t n = 0;
	int rc;

	if (text_read_file(path, YAML_BYTES_MAX, &bytes, &n, &err)) {
		fprintf(stderr, "benchd: %s\n", err.text);
		return -1;
	}
	rc = read_yaml(&option_schema, path, bytes, n, f);
	free(bytes);
	return rc;
}

int options_read_defaults(const char *text, struct default_options *d)
{
	return read_yaml(&default_schema, "--ticket-defaults", text, strlen(text), d);
}

const char *options_plan_state(int state)
{
	return plan_states[state].name;
}
