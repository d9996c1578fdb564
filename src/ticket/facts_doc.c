/* SPDX-License-Identifier: MIT
 *
 * What a finished document says of its run.
 */
#include "ticket/facts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DOC_BYTES_MAX = 8 << 20 };

/* All that is looked for in a document; it is many times as large. */
/* clang-format off */
static const char *const names[] = {
	"id", "ticket", "serial", "model", "run_type", "verdict", "simulated", "profile", "releasable",
	"unapproved", "safe_state", "proven", "calibration", "state", "utc_synced", "trial", "seconds",
	"required_seconds", "operator_state", "basis_assumed", "repair_seq", "attribution", "reason",
	"code", "measurements", "counts", "prompts", "kind", "answer", "serial_from", NULL,
};
/* clang-format on */

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

/* Was the serial scanned from the plate, and scanned again? Counts only answers that are it; at start
 * also what the bay's scanner read before (the station itself says so, never a client), which by
 * itself is no scan at the end. */
static void read_scans(const struct run_row *row, const json_t *doc, struct release_run *out)
{
	const json_t *list = member(doc, "prompts", NULL), *p;
	int right = 0, other = 0;
	size_t i;

	json_array_foreach(list, i, p)
	{
		if (!says_text(member(p, "kind", NULL), "scan_serial") ||
		    !json_is_string(member(p, "answer", NULL)))
			continue;
		if (row->serial[0] && says_text(member(p, "answer", NULL), row->serial))
			right++;
		else
			other++;
	}
	out->serial_at_start = (right > 0 || says_text(member(doc, "serial_from", NULL), "scan")) &&
			       other == 0;
	out->serial_at_end = right > 1 && other == 0;
}

static bool is_in(const json_t *list, const json_t *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(name) && says_text(one, json_string_value(name)))
			return true;
	}
	return false;
}

/* The names of the measurements with an assumed limit that nobody adopted, as a JSON array; "" when
 * too many. */
static void read_assumed(const json_t *assumed, const json_t *adopted, struct release_run *out)
{
	json_t *left = json_array();
	char *text;

	for (size_t i = 0; i < json_array_size(assumed); i++) {
		json_t *one = json_array_get(assumed, i);

		if (!is_in(adopted, one))
			json_array_append(left, one);
	}
	out->limit_assumed = !json_is_array(assumed) || json_array_size(left) > 0;
	text = json_is_array(assumed) ? json_dumps(left, JSON_COMPACT) : NULL;
	json_decref(left);
	if (text && strlen(text) < sizeof(out->assumed))
		(void)text_copy(out->assumed, sizeof(out->assumed), text);
	free(text);
}

static void read_doc(const struct run_row *row, const json_t *doc, const json_t *adopted,
		     struct release_run *out)
{
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
	out->safe_proven = says_true(member(doc, "safe_state", "proven"));
	out->calibration_ok = is_calibrated(doc);
	out->utc_synced = says_true(member(doc, "utc_synced", NULL));
	out->trial_seconds = seconds_of(member(doc, "trial", "seconds"));
	out->trial_required_seconds = seconds_of(member(doc, "trial", "required_seconds"));
	out->operator_qualified = says_text(member(doc, "operator_state", NULL), "qualified");
	read_scans(row, doc, out);
	read_assumed(member(doc, "basis_assumed", NULL), adopted, out);
	out->repair_seq = repair_seq && json_is_integer(repair_seq) ? json_integer_value(repair_seq)
								    : -1;
}

void ticket_facts_from_doc(const struct run_row *row, const char *doc, size_t n,
			   struct release_run *out)
{
	ticket_facts_from_doc_approved(row, doc, n, NULL, out);
}

void ticket_facts_from_doc_approved(const struct run_row *row, const char *doc, size_t n,
				    const char *approval, struct release_run *out)
{
	json_t *root = n > 0 ? json_load_members(doc, n, DOC_BYTES_MAX, names, NULL) : NULL;
	json_t *said = approval ? json_load_limited(approval, strlen(approval), DOC_BYTES_MAX, NULL)
				: NULL;

	memset(out, 0, sizeof(*out));
	(void)text_copy(out->id, sizeof(out->id), row->id);
	(void)text_copy(out->ticket, sizeof(out->ticket), row->ticket);
	(void)text_copy(out->model, sizeof(out->model), row->model);
	(void)text_copy(out->run_type, sizeof(out->run_type), row->run_type);
	(void)text_copy(out->verdict, sizeof(out->verdict), row->verdict);
	(void)text_copy(out->profile, sizeof(out->profile), row->profile);
	(void)text_copy(out->operator_name, sizeof(out->operator_name), row->operator_name);
	out->profile_revision = row->profile_revision;
	out->ended_utc_us = row->ended_utc_us;
	out->open = row->seq == 0;
	out->complete = !out->open && is_complete(row, root);
	/* An unreadable document leaves every member at its worst: nothing in it is there. */
	read_doc(row, root, json_object_get(said, "adopted"), out);
	json_decref(said);
	json_decref(root);
}
