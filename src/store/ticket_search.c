/* SPDX-License-Identifier: MIT
 *
 * Finding tickets and runs, and what the facts say of a ticket now.
 */
#include "store/subject.h"
#include "src/store/db.h"

#include <string.h>

enum { LOOKED_THROUGH_MAX = 20000 };

/* chain's indices hold the rows that have a subject: only "<> ''" beside "=" lets SQLite use them,
 * and "+type" keeps it from taking the type's, which has half the chain behind a word. */

/* Places in the chain of the newest of each, 0: none. */
struct marks {
	int64_t released, withdrawn, repair, acceptance, qc;
	char outcome[16], verdict[16];
	bool open, ended;
};

static int read_marks(struct store *s, const char *ticket, struct marks *m, struct error *err)
{
	static const char sql[] =
		"SELECT coalesce(max(CASE type WHEN 'released' THEN seq END), 0),"
		" coalesce(max(CASE type WHEN 'withdrawn' THEN seq END), 0),"
		/* where the present repair_seq was told first: by a repair, or by the ticketing system */
		" coalesce((SELECT p.seq * (p.type <> 'received') FROM chain p WHERE p.ticket = ?1"
		"  AND p.ticket <> '' AND +p.type IN ('received', 'ticket_changed', 'repair')"
		"  AND json_extract(CAST(p.bytes AS TEXT), '$.data.repair_seq') ="
		"  (SELECT t.repair_seq FROM ticket t WHERE t.id = ?1) ORDER BY p.seq LIMIT 1), 0),"
		" coalesce(max(CASE type WHEN 'acceptance' THEN seq END), 0),"
		" (SELECT json_extract(CAST(a.bytes AS TEXT), '$.data.outcome') FROM chain a"
		"  WHERE a.ticket = ?1 AND a.ticket <> '' AND +a.type = 'acceptance' ORDER BY a.seq DESC LIMIT 1)"
		" FROM chain WHERE ticket = ?1 AND ticket <> ''";
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, sql, "t", ticket);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		m->released = sqlite3_column_int64(st, 0);
		m->withdrawn = sqlite3_column_int64(st, 1);
		m->repair = sqlite3_column_int64(st, 2);
		m->acceptance = sqlite3_column_int64(st, 3);
		db_copy(m->outcome, st, 4);
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

/* Did a run judge the unit? The rule is ticket/facts_doc.c's, so that a ticket is no more failed than
 * its release says; of a run that was cut short any measurement that failed counts. */
#define IS_COMPLETE                                                                                \
	"CASE WHEN e.verdict IN ('aborted', 'interrupted', 'error', 'tripped') THEN"               \
	" instr(e.doc, '\"verdict\":\"fail\"') > 0 OR e.verdict IN ('error', 'tripped')"           \
	" AND (coalesce(json_extract(e.doc, '$.attribution'), '') <> 'rig'"                        \
	"  OR e.verdict = 'error' AND coalesce(json_type(e.doc, '$.reason.code'), '') <> 'text')"  \
	" ELSE 1 END"

/* Voided runs count for nothing. */
static int read_runs(struct store *s, const char *ticket, struct marks *m, struct error *err)
{
	static const char sql[] =
		"SELECT r.run_type, e.verdict, coalesce((SELECT c.seq FROM chain c"
		"  WHERE c.run = r.id AND c.run <> '' AND +c.type = 'run_finished'), 0), e.seq IS NULL, " IS_COMPLETE
		" FROM run r LEFT JOIN run_end e ON e.run = r.seq"
		" WHERE r.ticket = ?1 AND NOT EXISTS (SELECT 1 FROM chain v WHERE v.run = r.id"
		"  AND v.run <> '' AND +v.type = 'void') ORDER BY r.seq";
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, sql, "t", ticket);

	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		if (sqlite3_column_int(st, 3)) {
			m->open = true;
			continue;
		}
		m->ended = true;
		if (strcmp(db_text(st, 0), "post_repair_qc") != 0 || !sqlite3_column_int(st, 4))
			continue;
		m->qc = sqlite3_column_int64(st, 2);
		db_copy(m->verdict, st, 1);
	}
	db_done(s, st);
	return rc;
}

static const char *state_of(const struct marks *m)
{
	if (m->open)
		return "in_test";
	if (m->released > m->withdrawn && m->released > m->repair)
		return "released";
	if (m->acceptance > m->repair && m->acceptance > m->qc)
		return strcmp(m->outcome, "accepted") == 0 ? "accepted" : "refused";
	if (m->qc > m->repair)
		return strcmp(m->verdict, "pass") == 0 ? "tested" : "failed";
	if (m->repair)
		return "repaired";
	return m->ended ? "diagnosed" : "received";
}

int store_ticket_state(struct store *s, const char *ticket, char state[32], struct error *err)
{
	struct marks m = {0};
	int rc = read_marks(s, ticket, &m, err);

	if (rc == 0)
		rc = read_runs(s, ticket, &m, err);
	if (rc == 0)
		(void)text_copy(state, 32, state_of(&m));
	return rc;
}

static bool is_order(const struct ticket_filter *f, const char *order)
{
	return f->order && strcmp(f->order, order) == 0;
}

static const char *order_of(const struct ticket_filter *f)
{
	if (f->due_before && (!f->order || is_order(f, "due")))
		return "due_at, rowid";
	if (is_order(f, "due"))
		return "due_at = '', due_at, rowid";
	if (is_order(f, "priority"))
		return "priority DESC, due_at = '', due_at, rowid";
	return "rowid DESC";
}

static int one(struct store *s, const char *id, const char *want, struct ticket *t,
	       struct error *err)
{
	int rc = store_ticket_get(s, id, t, err);

	if (rc == 0)
		rc = store_ticket_state(s, id, t->state, err);
	if (rc < 0)
		return rc;
	return !want || strcmp(want, t->state) == 0;
}

int store_ticket_search(struct store *s, const struct ticket_filter *f,
			bool (*fn)(void *ctx, const struct ticket *t), void *ctx, struct error *err)
{
	struct text sql = {0};
	struct ticket t;
	sqlite3_stmt *st;
	int rc, given = 0, looked = 0;

	/* Only the filters given, so that each finds its index; the least priority is none, but where
	 * its order is asked for. */
	text_printf(&sql, "SELECT id FROM ticket WHERE %spriority >= ?4%s%s%s ORDER BY %s",
		    is_order(f, "priority") ? "" : "+", f->serial ? " AND serial = ?1" : "",
		    f->model ? " AND model = ?2" : "",
		    f->due_before ? " AND (due_at = '') = 0 AND due_at < ?3" : "", order_of(f));
	rc = db_query(s, &st, err, sql.buf, "ttti", f->serial, f->model, f->due_before,
		      (int64_t)f->priority_min);
	text_release(&sql);
	if (rc < 0)
		return rc;
	while (given < f->limit && looked++ < LOOKED_THROUGH_MAX &&
	       (rc = db_step(s, st, err)) > 0) {
		rc = one(s, db_text(st, 0), f->state, &t, err);
		if (rc < 0)
			break;
		given += rc;
		if (rc > 0 && !fn(ctx, &t))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_bay_runs(struct store *s, const char *bay, int64_t from_us, int64_t to_us,
		   bool (*fn)(void *ctx, const struct run_row *r), void *ctx, struct error *err)
{
	sqlite3_stmt *st;
	struct run_row r;
	int rc = db_query(s, &st, err,
			  "SELECT id FROM run WHERE bay = ? AND started_utc_us >= ? AND"
			  " started_utc_us < ? ORDER BY seq",
			  "tii", bay, from_us, to_us);

	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0) {
		rc = store_run_get(s, db_text(st, 0), &r, NULL, err);
		if (rc < 0 || !fn(ctx, &r))
			break;
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_serial_before(struct store *s, const char *serial, const char *ticket, int64_t utc_us,
			int64_t *released_utc_us, int *tickets, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(
		s, &st, err,
		"SELECT coalesce((SELECT max(utc_us) FROM chain WHERE serial = ?1 AND"
		" serial <> '' AND type = 'released' AND ticket <> ?2 AND utc_us < ?3), 0),"
		" (SELECT count(*) FROM ticket WHERE serial = ?1 AND id <> ?2 AND"
		" created_utc_us < ?3)",
		"tti", serial, ticket, utc_us);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		*released_utc_us = sqlite3_column_int64(st, 0);
		*tickets = sqlite3_column_int(st, 1);
	}
	db_done(s, st);
	return rc < 0 ? rc : 0;
}

int store_ticket_ids(struct store *s, const char *after, int limit,
		     bool (*fn)(void *ctx, const char *id), void *ctx, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err, "SELECT id FROM ticket WHERE id > ? ORDER BY id LIMIT ?",
			  "ti", after, (int64_t)limit);

	if (rc < 0)
		return rc;
	while ((rc = db_step(s, st, err)) > 0)
		if (!fn(ctx, db_text(st, 0)))
			break;
	db_done(s, st);
	return rc < 0 ? rc : 0;
}
