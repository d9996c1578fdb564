/* SPDX-License-Identifier: MIT
 *
 * benchd's option file: its keys by one table, and what they are once read.
 */
#ifndef STATION_OPTIONS_FILE_H
#define STATION_OPTIONS_FILE_H

#include "base/schema.h"
#include "station/options.h"

enum owner { OWNER_STATION, OWNER_TICKETING };
enum unqualified { UNQUALIFIED_FLAG, UNQUALIFIED_BLOCK };
struct default_options {
	struct schema_item item;
	int run_type, plan_state, priority;
	bool mail_back;
};
struct ticket_options {
	struct schema_item item;
	int owner;
	struct default_options *defaults;
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

/* The values into f, or -1 with every mistake printed. Strings live until exit. */
int options_read_file(const char *path, struct file_options *f);
/* The same of tickets.defaults as it stands on the command line. */
int options_read_defaults(const char *text, struct default_options *d);
/* "none" "proposed" "approved" "declined" */
const char *options_plan_state(int state);

#endif
