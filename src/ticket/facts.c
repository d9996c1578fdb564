/* SPDX-License-Identifier: MIT */
#include "ticket/facts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DOC_BYTES_MAX = 8 << 20 };

/* obj.key or obj.key.sub; NULL when anything on the way is missing. */
static const json_t *member(const json_t *obj, const char *key, const char *sub)
{
	const json_t *v = json_object_get(obj, key);

	return sub ? json_object_get(v, sub) : v;
}

/* Is it there and says exactly this? */
static bool says_true(const json_t *v)
{
	return v && json_is_true(v);
}

static bool says_false(const json_t *v)
{
	return v && json_is_false(v);
}

static double seconds_of(const json_t *v)
{
	return v && json_is_number(v) ? json_number_value(v) : 0.0;
}

static bool says_text(const json_t *v, const char *text)
{
	const char *s = v ? json_string_value(v) : NULL;

	return s && strcmp(s, text) == 0;
}

/* A measurement that failed and is not the rig's: however the run ended, this was seen. */
static bool has_failed(const json_t *doc)
{
	const json_t *list = member(doc, "measurements", NULL), *m;
	size_t i;

	json_array_foreach(list, i, m)
	{
		if (says_text(member(m, "verdict", NULL), "fail") &&
		    !says_false(member(m, "counts", NULL)) &&
		    !says_text(member(m, "attribution", NULL), "rig"))
			return true;
	}
	return false;
}

/* Does the run judge the unit (see release.h)? In doubt it does: a doubtful run may block, never
 * open a way to an earlier pass. Aborting a run that already failed does not undo the failure. */
static bool is_complete(const struct run_row *row, const json_t *doc)
{
	bool rigs = says_text(member(doc, "attribution", NULL), "rig");

	if (has_failed(doc))
		return true;
	if (strcmp(row->verdict, "aborted") == 0 || strcmp(row->verdict, "interrupted") == 0)
		return false;
	if (strcmp(row->verdict, "tripped") == 0)
		return !rigs;
	/* Without a reason it reached its end, and the rig contradicted itself there. */
	if (strcmp(row->verdict, "error") == 0)
		return !rigs || !json_is_string(member(doc, "reason", "code"));
	return true;
}

/* Was every channel the run used in calibration when it began? */
static bool is_calibrated(const json_t *doc)
{
	const json_t *list = member(doc, "calibration", NULL), *c;
	size_t i;

	json_array_foreach(list, i, c)
	{
		if (!says_text(member(c, "state", NULL), "good"))
			return false;
	}
	return json_array_size(list) > 0;
}

static void read_doc(const struct run_row *row, const json_t *doc, struct release_run *out)
{
	const json_t *assumed = member(doc, "basis_assumed", NULL);
	const json_t *repair_seq = member(doc, "repair_seq", NULL);

	/* The row finds the run, the document is what is hashed: where they differ, no pass. */
	if (!says_text(member(doc, "verdict", NULL), out->verdict) ||
	    !says_text(member(doc, "id", NULL), out->id) ||
	    !says_text(member(doc, "ticket", NULL), out->ticket) ||
	    !says_text(member(doc, "serial", NULL), row->serial) ||
	    !says_text(member(doc, "model", NULL), out->model) ||
	    !says_text(member(doc, "run_type", NULL), out->run_type))
		out->verdict[0] = '\0';
	out->simulated = row->simulated || !says_false(member(doc, "simulated", NULL));
	out->releasable = says_true(member(doc, "profile", "releasable"));
	out->unapproved = !says_false(member(doc, "profile", "unapproved"));
	out->limit_assumed = !assumed || !json_is_array(assumed) || json_array_size(assumed) > 0;
	out->safe_proven = says_true(member(doc, "safe_state", "proven"));
	out->calibration_ok = is_calibrated(doc);
	out->utc_synced = says_true(member(doc, "utc_synced", NULL));
	out->trial_seconds = seconds_of(member(doc, "trial", "seconds"));
	out->trial_required_seconds = seconds_of(member(doc, "trial", "required_seconds"));
	out->repair_seq = repair_seq && json_is_integer(repair_seq) ? json_integer_value(repair_seq)
								    : -1;
}

void ticket_facts_from_doc(const struct run_row *row, const char *doc, size_t n,
			   struct release_run *out)
{
	json_t *root = n > 0 ? json_load_limited(doc, n, DOC_BYTES_MAX, NULL) : NULL;

	memset(out, 0, sizeof(*out));
	(void)text_copy(out->id, sizeof(out->id), row->id);
	(void)text_copy(out->ticket, sizeof(out->ticket), row->ticket);
	(void)text_copy(out->model, sizeof(out->model), row->model);
	(void)text_copy(out->run_type, sizeof(out->run_type), row->run_type);
	(void)text_copy(out->verdict, sizeof(out->verdict), row->verdict);
	(void)text_copy(out->profile, sizeof(out->profile), row->profile);
	out->profile_revision = row->profile_revision;
	out->ended_utc_us = row->ended_utc_us;
	out->open = row->seq == 0;
	out->complete = !out->open && is_complete(row, root);
	/* An unreadable document leaves every member at its worst: nothing in it is there. */
	read_doc(row, root, out);
	json_decref(root);
}

struct gather {
	struct run_row rows[TICKET_FACTS_RUNS_MAX];
	int count;
};

static bool gather_one(void *ctx, const struct run_row *row)
{
	struct gather *g = ctx;
	bool decides = strcmp(row->run_type, "post_repair_qc") == 0 ||
		       strcmp(row->run_type, "trial_run") == 0;

	if (decides || row->seq == 0)
		g->rows[g->count++] = *row;
	return g->count < TICKET_FACTS_RUNS_MAX;
}

static int read_runs(struct store *s, struct ticket_facts *out, struct error *err)
{
	struct gather g = {.count = 0};
	int rc = store_run_list(s, NULL, out->ticket.serial, NULL, 0, gather_one, &g, err);

	for (int i = 0; rc == 0 && i < g.count; i++) {
		struct text doc = {0};
		struct run_row row;

		rc = store_run_get(s, g.rows[i].id, &row, &doc, err);
		if (rc == 0)
			ticket_facts_from_doc(&row, doc.buf ? doc.buf : "", doc.len, &out->runs[i]);
		text_release(&doc);
	}
	out->release.run_count = rc == 0 ? g.count : 0;
	return rc;
}

int ticket_facts_load(struct ticket_facts *out, struct store *s, const char *ticket_id,
		      int64_t now_utc_us, struct error *err)
{
	struct error why = {0};
	int rc;

	memset(out, 0, sizeof(*out));
	out->runs = xcalloc(TICKET_FACTS_RUNS_MAX, sizeof(*out->runs));
	(void)text_copy(out->ticket.id, sizeof(out->ticket.id), ticket_id);
	out->release.ticket = out->ticket.id;
	out->release.serial = out->ticket.serial;
	out->release.model = out->ticket.model;
	out->release.runs = out->runs;
	out->release.now_utc_us = now_utc_us;
	rc = store_ticket_get(s, ticket_id, &out->ticket, &why);
	if (rc == ERR_NOT_FOUND)
		return 0;
	if (rc == 0) {
		out->release.ticket_known = true;
		out->release.repair_seq = out->ticket.repair_seq;
		out->release.mail_back = out->ticket.mail_back;
		rc = read_runs(s, out, &why);
	}
	if (rc < 0) {
		ticket_facts_release(out);
		if (err)
			*err = why;
	}
	return rc;
}

void ticket_facts_release(struct ticket_facts *f)
{
	free(f->runs);
	memset(f, 0, sizeof(*f));
}
