/* SPDX-License-Identifier: MIT */
#include "ticket/recover.h"

#include <stdlib.h>
#include <string.h>

#include "run/record.h"

struct open_run {
	struct run_row row;
	char *facts;
	struct open_run *next;
};

struct open_runs {
	struct open_run *first, **end;
};

static bool keep_run(void *ctx, const struct run_row *row, const char *facts_json)
{
	struct open_runs *runs = ctx;
	struct open_run *r = xcalloc(1, sizeof(*r));

	r->row = *row;
	r->facts = xstrdup(facts_json);
	*runs->end = r;
	runs->end = &r->next;
	return true;
}

struct journal {
	char **lines;
	int count, cap;
};

static bool keep_line(void *ctx, const char *json, size_t n)
{
	struct journal *j = ctx;

	if (j->count == j->cap) {
		j->cap = j->cap ? 2 * j->cap : 64;
		j->lines = xrealloc(j->lines, (unsigned long)j->cap * sizeof(*j->lines));
	}
	j->lines[j->count] = xcalloc(n + 1, 1);
	memcpy(j->lines[j->count++], json, n);
	return true;
}

static void journal_release(struct journal *j)
{
	for (int i = 0; i < j->count; i++)
		free(j->lines[i]);
	free(j->lines);
}

/* Facts that cannot be read are no reason to leave the run open, or to keep the station from
 * starting. */
static void bare_document(const struct run_row *row, const char *cause, const char *why,
			  int64_t now_utc_us, struct text *out)
{
	char at[32];
	struct json j;

	text_clear(out);
	json_init(&j, out);
	json_open_object(&j);
	json_kv_string(&j, "id", row->id);
	json_kv_string(&j, "ticket", row->ticket);
	json_kv_string(&j, "serial", row->serial);
	json_kv_string(&j, "model", row->model);
	json_kv_string(&j, "run_type", row->run_type);
	json_kv_string(&j, "bay", row->bay);
	json_kv_bool(&j, "simulated", row->simulated);
	json_kv_string(&j, "verdict", "interrupted");
	json_kv_string(&j, "cause", cause);
	json_kv_string(&j, "facts_unreadable", why);
	json_kv_string(&j, "ended_at", text_from_utc_us(at, sizeof(at), now_utc_us));
	json_end_object(&j);
}

static int close_run(struct store *s, const struct open_run *r, int64_t now_utc_us,
		     const char *cause, struct error *err)
{
	struct journal journal = {0};
	struct text doc = {0};
	struct error why;
	int rc = store_run_journal(s, r->row.id, keep_line, &journal, err);

	if (rc == 0 && record_interrupted(r->facts, (const char *const *)journal.lines,
					  journal.count, now_utc_us, cause, &doc, &why) < 0)
		bare_document(&r->row, cause, why.text, now_utc_us, &doc);
	if (rc == 0)
		rc = store_run_end(s, r->row.id, "interrupted", now_utc_us, doc.buf, doc.len, NULL,
				   err);
	text_release(&doc);
	journal_release(&journal);
	return rc;
}

int recover_interrupted(struct store *s, int64_t now_utc_us, const char *cause, int *closed,
			struct error *err)
{
	struct open_runs runs = {.first = NULL, .end = &runs.first};
	int count = 0;
	int rc = store_open_runs(s, keep_run, &runs, err);

	while (runs.first) {
		struct open_run *r = runs.first;

		if (rc == 0)
			rc = close_run(s, r, now_utc_us, cause, err);
		if (rc == 0)
			count++;
		runs.first = r->next;
		free(r->facts);
		free(r);
	}
	if (closed)
		*closed = count;
	return rc;
}
