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
