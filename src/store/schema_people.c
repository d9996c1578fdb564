/* SPDX-License-Identifier: MIT
 *
 * Present state beside the chain (store/subject.h), and secrets, which no item carries.
 */
#include "src/store/db.h"

const char *const schema_people[] = {
	"CREATE TABLE subject ("
	" kind TEXT NOT NULL, name TEXT NOT NULL, who TEXT NOT NULL, data TEXT NOT NULL,"
	" utc_us INTEGER NOT NULL, PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;"
	"CREATE TRIGGER subject_no_delete BEFORE DELETE ON subject"
	" BEGIN SELECT RAISE(ABORT, 'subjects stay'); END;",
	"CREATE TABLE secret ("
	" kind TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, utc_us INTEGER NOT NULL,"
	" PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX ticket_by_model ON ticket (model);"
	"CREATE INDEX ticket_by_due ON ticket (due_at);",
	NULL};

/* With a million runs: what is looked for comes out of an index, in the order it is asked in. */
const char *const schema_find[] = {
	"DROP INDEX chain_by_serial;"
	"CREATE INDEX chain_by_serial_type ON chain (serial, type) WHERE serial <> '';"
	"CREATE INDEX run_by_bay_time ON run (bay, started_utc_us);"
	"CREATE INDEX run_by_profile ON run (profile);"
	"DROP INDEX ticket_by_due;"
	"CREATE INDEX ticket_in_due_order ON ticket (due_at = '', due_at);"
	"CREATE INDEX ticket_in_priority_order ON ticket (priority DESC, due_at = '', due_at);",
	NULL};

/* What a person looks for by model and time among all runs. */
const char *const schema_search[] = {
	"DROP INDEX run_by_bay;"
	"CREATE INDEX run_by_start ON run (started_utc_us);"
	"CREATE INDEX run_by_model_start ON run (model, started_utc_us);",
	NULL};

/* A page of the feed is read in the chain's own order; what a table of some days needs, by time. */
const char *const schema_times[] = {
	"DROP INDEX chain_feed;"
	"CREATE INDEX chain_feed_by_time ON chain (utc_us) WHERE feed = 1;",
	NULL};
