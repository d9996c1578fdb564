/* SPDX-License-Identifier: MIT */
#include "store/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "src/store/db.h"
#include "src/store/segment.h"
#include "store/chain.h"
#include "store/subject.h"

#define DAY_US INT64_C(86400000000)
enum { GAPS_IN_KEEP = 10 };

const char *const schema_keep[] = {"CREATE INDEX run_end_by_time ON run_end (ended_utc_us);", NULL};

/* ---- what is old ---- */

/* The first one recorded among those that ended from `from` to `to`. 1: there is one. */
static int first_within(struct store *s, int64_t from, int64_t to, int64_t *seq, char run[37],
			struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT e.seq, r.id FROM run_end e JOIN run r ON"
			  " r.seq = e.run WHERE e.seq = (SELECT min(seq) FROM run_end WHERE"
			  " ended_utc_us BETWEEN ?1 AND ?2)",
			  "ii", from, to);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0) {
		*seq = sqlite3_column_int64(st, 0);
		(void)text_copy(run, 37, db_text(st, 1));
	}
	db_done(s, st);
	return rc;
}

/* The last end after `from`, until `to`. 1: there is one. */
static int last_within(struct store *s, int64_t from, int64_t to, int64_t *ended, struct error *err)
{
	sqlite3_stmt *st;
	int rc = db_query(s, &st, err,
			  "SELECT max(ended_utc_us) FROM run_end"
			  " WHERE ended_utc_us > ?1 AND ended_utc_us <= ?2",
			  "ii", from, to);

	if (rc < 0)
		return rc;
	rc = db_step(s, st, err);
	if (rc > 0 && sqlite3_column_type(st, 0) == SQLITE_NULL)
		rc = 0;
	if (rc > 0)
		*ended = sqlite3_column_int64(st, 0);
	db_done(s, st);
	return rc;
}

static bool any_before(struct store *s, int64_t utc_us)
{
	sqlite3_stmt *st;
	bool any;

	if (db_query(s, &st, NULL, "SELECT 1 FROM run_end WHERE ended_utc_us < ? LIMIT 1", "i",
		     utc_us) < 0)
		return false;
	any = db_step(s, st, NULL) > 0;
	db_done(s, st);
	return any;
}

int store_keep_line(struct store *s, int64_t now_utc_us, int64_t keep_us, int64_t *seq,
		    char run[37], char why[160], struct error *err)
{
	const int64_t gap = keep_us / GAPS_IN_KEEP > DAY_US ? keep_us / GAPS_IN_KEEP : DAY_US;
	int64_t first = 0, at = now_utc_us - keep_us;
	char reason[160] = "", id[37] = "", utc[32];
	int rc = first_within(s, at, now_utc_us, &first, id, err);

	if (rc < 0)
		return rc;
	while (rc > 0 && at + gap < now_utc_us)
		rc = last_within(s, at, at + gap, &at, err);
	if (rc < 0)
		return rc;
	if (rc == 0 && any_before(s, now_utc_us - keep_us))
		(void)snprintf(
			reason, sizeof(reason),
			"no run ended in the %lld days from %s: the records do not show that "
			"the time since has passed",
			(long long)(gap / DAY_US), text_from_utc_us(utc, sizeof(utc), at));
	*seq = rc > 0 ? first : 0;
	(void)text_copy(run, 37, rc > 0 ? id : "");
	if (why)
		memcpy(why, reason, sizeof(reason));
	return 0;
}

/* ---- holds ---- */

int store_hold_get(struct store *s, const char *serial, bool *on, struct error *err)
{
	struct text data = {0};
	int rc = store_subject_get(s, "hold", serial, &data, err);

	*on = rc == 0 && strncmp(data.buf, "{\"hold\":true,", 13) == 0;
	text_release(&data);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

static bool see(void *ctx, const struct run_row *r)
{
	(void)r;
	*(bool *)ctx = true;
	return false;
}

static bool see_ticket(void *ctx, const struct ticket *t)
{
	(void)t;
	*(bool *)ctx = true;
	return false;
}

static int put_hold(struct store *s, const char *serial, bool on, const char *who,
		    const char *reason, int64_t utc_us, struct error *err)
{
	struct chain_item item = {
		.type = on ? "hold" : "hold_lifted", .serial = serial, .who = who};
	bool is_on = false, known = false;
	struct text data = {0};
	struct json j;
	int rc = store_hold_get(s, serial, &is_on, err);

	if (rc == 0)
		rc = store_run_list(s, NULL, serial, 1, see, &known, err);
	if (rc == 0 && !known)
		rc = store_ticket_list(s, serial, NULL, NULL, 1, see_ticket, &known, err);
	if (rc == 0 && !known)
		rc = error_set(err, ERR_NOT_FOUND, "no ticket and no run is of serial \"%s\"",
			       serial);
	if (rc == 0 && is_on == on)
		rc = error_set(err, ERR_STATE, "serial \"%s\" is %s", serial,
			       on ? "on hold already" : "not on hold");
	if (rc < 0)
		return rc;
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_bool(&j, "hold", on);
	json_kv_string(&j, "reason", reason);
	json_end_object(&j);
	item.data = data.buf;
	item.n = data.len;
	rc = store_subject_put(s, "hold", serial, NULL, &item, utc_us, err);
	text_release(&data);
	return rc;
}

int store_hold_put(struct store *s, const char *serial, bool on, const char *who,
		   const char *reason, int64_t utc_us, struct error *err)
{
	int rc = db_begin(s, err);

	return rc < 0 ? rc : db_end(s, put_hold(s, serial, on, who, reason, utc_us, err), err);
}

/* ---- traces ---- */

/* "ID.col" or "ID.seg" */
static bool take_name(const char *name, struct keep_trace *t)
{
	const char *dot = strrchr(name, '.');

	memset(t, 0, sizeof(*t));
	if (!dot || (strcmp(dot, ".col") != 0 && strcmp(dot, ".seg") != 0) ||
	    dot - name >= (ptrdiff_t)sizeof(t->run) || dot == name)
		return false;
	memcpy(t->run, name, (size_t)(dot - name));
	t->is_cut = dot[1] == 's';
	return true;
}

/* 1: its run ended before the line, and its unit is not on hold. */
static int is_old(struct store *s, int64_t line_seq, struct keep_trace *t, struct error *err)
{
	bool on_hold = false;
	struct run_row row;
	int rc = store_run_get(s, t->run, &row, NULL, err);

	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc < 0 || row.seq == 0 || row.seq >= line_seq)
		return rc;
	memcpy(t->ticket, row.ticket, sizeof(t->ticket));
	memcpy(t->serial, row.serial, sizeof(t->serial));
	t->ended_utc_us = row.ended_utc_us;
	rc = store_hold_get(s, t->serial, &on_hold, err);
	return rc < 0 ? rc : !on_hold;
}

/* The hash that the run's record has of it, and its length. */
static int describe(struct store *s, int folder, const char *name, struct keep_trace *t,
		    struct error *err)
{
	struct text doc = {0};
	struct run_row row;
	struct stat st;
	json_t *o;
	int rc = store_run_get(s, t->run, &row, &doc, err);

	if (rc == 0 && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		rc = error_errno(err, "%s/segments/%s", s->dir, name);
	if (rc == 0) {
		t->bytes = st.st_size;
		o = json_load_limited(doc.buf, doc.len, doc.len, NULL);
		if (!t->is_cut && json_is_string(json_object_get(o, "trace_sha256")))
			(void)text_copy(t->sha256, sizeof(t->sha256),
					json_string_value(json_object_get(o, "trace_sha256")));
		json_decref(o);
	}
	text_release(&doc);
	return rc;
}

int store_keep_find(struct store *s, int64_t line_seq, struct keep_trace *at, int max, int *n,
		    struct error *err)
{
	char *path = dir_path("%s/segments", s->dir);
	DIR *d = opendir(path);
	struct dirent *e;
	int rc = d ? 0 : error_errno(err, "%s", path);

	*n = 0;
	while (rc >= 0 && *n < max && (e = readdir(d))) {
		if (!take_name(e->d_name, &at[*n]))
			continue;
		rc = is_old(s, line_seq, &at[*n], err);
		if (rc > 0)
			rc = describe(s, dirfd(d), e->d_name, &at[(*n)++], err);
	}
	if (d)
		(void)closedir(d);
	free(path);
	return rc < 0 ? rc : 0;
}

struct told {
	bool any;
	int64_t utc_us;
	struct text *data;
};

static bool take_item(void *ctx, const struct chain_row *r)
{
	struct told *t = ctx;

	t->any = true;
	t->utc_us = r->utc_us;
	if (t->data)
		text_add(t->data, r->data, r->data_n);
	return true;
}

int store_trace_pruned(struct store *s, const char *run, int64_t *utc_us, struct text *data,
		       struct error *err)
{
	struct chain_filter f = {.run = run, .type = "trace_pruned", .limit = 1};
	struct told t = {.data = data};
	int rc = store_chain_list(s, &f, take_item, &t, err);

	if (rc == 0 && !t.any)
		return error_set(err, ERR_NOT_FOUND, "run %s: its trace was not pruned", run);
	*utc_us = t.utc_us;
	return rc;
}

static int record_one(struct store *s, struct keep_trace *t, const char *rule, int64_t utc_us,
		      struct error *err)
{
	struct chain_item item = {
		.type = "trace_pruned", .ticket = t->ticket, .serial = t->serial, .run = t->run};
	struct text data = {0};
	bool on_hold = false;
	int64_t at = 0;
	struct json j;
	char utc[32];
	int rc = store_hold_get(s, t->serial, &on_hold, err);

	if (rc < 0 || on_hold)
		return rc;
	rc = store_trace_pruned(s, t->run, &at, NULL, err);
	t->go = rc == 0 || rc == ERR_NOT_FOUND;
	if (rc != ERR_NOT_FOUND)
		return rc;
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_string(&j, "trace_sha256", t->sha256[0] ? t->sha256 : NULL);
	json_kv_int(&j, "bytes", t->bytes);
	json_kv_string(&j, "ended", text_from_utc_us(utc, sizeof(utc), t->ended_utc_us));
	json_kv_string(&j, "rule", rule);
	json_end_object(&j);
	item.data = data.buf;
	item.n = data.len;
	rc = store_chain_append(s, &item, utc_us, NULL, err);
	text_release(&data);
	return rc;
}

int store_keep_record(struct store *s, struct keep_trace *at, int n, const char *rule,
		      int64_t utc_us, struct error *err)
{
	int rc = db_begin(s, err);

	if (rc < 0)
		return rc;
	for (int i = 0; rc == 0 && i < n; i++)
		rc = record_one(s, &at[i], rule, utc_us, err);
	rc = db_end(s, rc, err);
	for (int i = 0; rc < 0 && i < n; i++)
		at[i].go = false;
	return rc;
}

int store_keep_remove(struct store *s, const struct keep_trace *at, int n, struct error *err)
{
	char *folder = dir_path("%s/segments", s->dir);
	int rc = 0;

	for (int i = 0; rc == 0 && i < n; i++) {
		char *path = dir_path("%s/%s%s", folder, at[i].run, at[i].is_cut ? ".seg" : ".col");

		if (at[i].go && store_io.unlink(path) < 0 && errno != ENOENT)
			rc = error_errno(err, "%s", path);
		free(path);
	}
	if (rc == 0)
		rc = dir_sync(folder, err);
	free(folder);
	return rc;
}

/* ---- the feed ---- */

int store_feed_begin(struct store *s, int64_t *through, int64_t *utc_us, struct text *data,
		     struct error *err)
{
	struct chain_filter f = {.type = "feed_pruned", .newest_first = true, .limit = 1};
	struct text own = {0};
	struct told t = {.data = data ? data : &own};
	json_t *o;
	int rc = store_chain_list(s, &f, take_item, &t, err);

	*through = 0;
	*utc_us = t.utc_us;
	if (rc == 0 && t.any) {
		o = json_load_limited(t.data->buf, t.data->len, CHAIN_DATA_MAX, NULL);
		*through = json_integer_value(json_object_get(o, "through"));
		json_decref(o);
	}
	text_release(&own);
	return rc;
}

static bool take_seq(void *ctx, const struct chain_row *r)
{
	*(int64_t *)ctx = r->seq;
	return false;
}

int store_feed_prune(struct store *s, const char *first_run, const char *rule, int64_t utc_us,
		     struct error *err)
{
	struct chain_filter f = {.run = first_run, .type = "run_finished", .limit = 1};
	struct chain_item item = {.type = "feed_pruned"};
	int64_t finished = 0, through = 0, at = 0;
	struct text data = {0};
	struct json j;
	int rc = store_chain_list(s, &f, take_seq, &finished, err);

	if (rc == 0)
		rc = store_feed_begin(s, &through, &at, NULL, err);
	if (rc < 0 || finished - 1 <= through)
		return rc;
	json_init(&j, &data);
	json_open_object(&j);
	json_kv_int(&j, "through", finished - 1);
	json_kv_string(&j, "rule", rule);
	json_end_object(&j);
	item.data = data.buf;
	item.n = data.len;
	rc = store_chain_add(s, &item, utc_us, NULL, err);
	text_release(&data);
	return rc;
}
