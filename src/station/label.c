/* SPDX-License-Identifier: MIT
 *
 * Labels of units: what stands on one comes from the store (ticket/label.h), is recorded, goes to the
 * printer of a bay, and what became of it is recorded too. A station that ends in between leaves the
 * first record without the second: then nobody knows whether it came out, and it may be asked for again.
 */
#include "station/internal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticket/form.h"
#include "ticket/label.h"

#define MODULE	  "label"
#define ANSWER_NS (13 * NS_PER_S) /* benchd-io answers before that */

_Static_assert((int)LABEL_TEXT_LINES == (int)IO_LABEL_LINES_MAX, "lines");
_Static_assert((int)LABEL_TEXT_SIZE == (int)IO_LABEL_TEXT_MAX, "bytes of a line");

static const struct form_field ticket_form[] = {
	{.name = "bay", .kind = FORM_TEXT, .lo = 1, .hi = 15},
	{.name = "copies", .kind = FORM_INT, .lo = 1, .hi = IO_LABEL_COPIES_MAX},
	{.name = "again", .kind = FORM_BOOL},
	{.name = "not_repaired", .kind = FORM_BOOL},
	{.name = NULL},
};
static const struct form_field run_form[] = {
	{.name = "bay", .kind = FORM_TEXT, .lo = 1, .hi = 15},
	{.name = "copies", .kind = FORM_INT, .lo = 1, .hi = IO_LABEL_COPIES_MAX},
	{.name = "again", .kind = FORM_BOOL},
	{.name = NULL},
};

struct label_job {
	struct job job;
	struct station *station;
	struct request *rq;
	struct rig_link *rig;
	int device;
	bool again, not_repaired;
	int copies;
	char bay[16], who[96];
	struct unit_label label;
	int64_t seq;	  /* of the record */
	int64_t asked_ns; /* wire: it is with benchd-io since */
	uint32_t token;
	enum label_outcome outcome;
	char reason[IO_TEXT_MAX];
	struct text reply;
	struct label_job *next; /* of those at a printer, or on their way there */
};

static const char *printer_name(const struct label_job *q)
{
	return q->rig->fixture->devices[q->device].name;
}

static void leave(struct label_job *q)
{
	struct label_job **at = &q->station->labels;

	while (*at && *at != q)
		at = &(*at)->next;
	if (*at)
		*at = q->next;
}

static void forget(struct label_job *q)
{
	leave(q);
	text_release(&q->reply);
	free(q);
}

/* ---- what became of it ---- */

static void put_reply(struct label_job *q, int64_t seq, int64_t at_us, bool before)
{
	char utc[32];
	struct json j;

	json_init(&j, &q->reply);
	json_open_object(&j);
	json_kv_int(&j, "label", seq);
	json_kv_string(&j, "of", unit_label_word(q->label.of));
	json_kv_string(&j, "printer", printer_name(q));
	json_kv_string(&j, "printed_at", text_from_utc_us(utc, sizeof(utc), at_us));
	json_kv_bool(&j, "printed_before", before);
	json_key(&j, "lines");
	json_open_array(&j);
	for (int i = 0; i < q->label.line_count; i++)
		json_put_string(&j, q->label.lines[i]);
	json_end_array(&j);
	json_end_object(&j);
}

static int do_end(void *ctx, struct store *store, struct error *err)
{
	static const char *const words[] = {[LABEL_PRINTED] = "printed",
					    [LABEL_NOT_PRINTED] = "not_printed",
					    [LABEL_UNKNOWN] = "unknown"};
	struct label_job *q = ctx;
	int64_t now_us = clock_utc_us();
	int rc =
		unit_label_end(store, &q->label, q->seq, words[q->outcome], q->reason, now_us, err);

	if (rc || q->outcome != LABEL_PRINTED)
		return rc;
	put_reply(q, q->seq, now_us, false);
	return once_keep(&q->rq->once, store, 201, &q->reply, err);
}

static void end_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_end, j, &j->err);
}

static void end_done(struct job *j)
{
	struct label_job *q = (struct label_job *)j;

	if (j->rc || q->outcome == LABEL_PRINTED)
		request_end(q->rq, j, 201, "", &q->reply, "a label");
	else if (q->outcome == LABEL_NOT_PRINTED)
		request_problem(q->rq, 409, "not_printed", "printer %s: %s; nothing was printed",
				printer_name(q), q->reason);
	else
		request_problem(q->rq, 409, "print_unknown",
				"printer %s: %s; look whether the label has come, and print it "
				"again if not",
				printer_name(q), q->reason);
	forget(q);
}

static void end(struct label_job *q, enum label_outcome outcome, const char *reason)
{
	leave(q);
	q->outcome = outcome;
	text_copy(q->reason, sizeof(q->reason), reason);
	if (outcome != LABEL_PRINTED)
		log_warning(MODULE, "label %lld: printer %s: %s", (long long)q->seq,
			    printer_name(q), reason);
	q->job.work = end_work;
	q->job.done = end_done;
	station_write(q->station, &q->job);
}

void label_done(struct rig_link *r, const struct io_msg *m)
{
	for (struct label_job *q = r->station->labels; q; q = q->next)
		if (q->rig == r && q->asked_ns && q->token == m->u.labeled.token) {
			end(q, (enum label_outcome)m->u.labeled.outcome, m->u.labeled.reason);
			return;
		}
}

/* One that has gone out to that rig before `since_ns`. */
static struct label_job *overdue(struct station *s, const struct rig_link *r, int64_t since_ns)
{
	for (struct label_job *q = s->labels; q; q = q->next)
		if ((!r || q->rig == r) && q->asked_ns && q->asked_ns <= since_ns)
			return q;
	return NULL;
}

void labels_lost(struct rig_link *r, const char *why)
{
	struct label_job *q;

	while ((q = overdue(r->station, r, INT64_MAX)))
		end(q, LABEL_UNKNOWN, why);
}

void labels_tick(struct station *s)
{
	struct label_job *q;

	while ((q = overdue(s, NULL, clock_mono_ns() - ANSWER_NS)))
		end(q, LABEL_UNKNOWN, "benchd-io did not say what became of it");
}

/* ---- recorded, then printed ---- */

static int do_ask(void *ctx, struct store *store, struct error *err)
{
	struct label_job *q = ctx;
	const struct unit_label_order order = {.bay = q->bay,
					       .printer = printer_name(q),
					       .who = q->who,
					       .copies = q->copies,
					       .again = q->again,
					       .now_utc_us = clock_utc_us()};
	const struct request *rq = q->rq;
	const char *station = q->station->name;
	int rc;

	if (rq->msg.route == WEB_RUN_LABEL)
		rc = unit_label_of_run(store, rq->msg.arg, station, &q->label, err);
	else
		rc = unit_label_of_ticket(store, rq->msg.arg, q->not_repaired, station, &q->label,
					  err);
	if (rc < 0 || (q->label.printed_seq && !q->again))
		return rc;
	return unit_label_ask(store, &q->label, &order, &q->seq, err);
}

static void ask_work(struct job *j, struct store *store)
{
	j->rc = store_transact(store, do_ask, j, &j->err);
}

static void send(struct label_job *q)
{
	struct io_msg m = {.type = IO_LABEL};

	m.u.label.device = (uint16_t)q->device;
	m.u.label.token = q->token = (uint32_t)q->seq;
	m.u.label.copies = (uint8_t)q->copies;
	text_copy(m.u.label.qr, sizeof(m.u.label.qr), q->label.qr);
	m.u.label.count = (uint8_t)q->label.line_count;
	for (int i = 0; i < q->label.line_count; i++)
		text_copy(m.u.label.line[i], IO_LABEL_TEXT_MAX, q->label.lines[i]);
	q->asked_ns = clock_mono_ns();
	/* a link that breaks over it has ended the job already (labels_lost) */
	if (q->rig->fd < 0)
		end(q, LABEL_NOT_PRINTED, "benchd-io is not connected");
	else
		(void)rig_send(q->rig, &m);
}

static void ask_done(struct job *j)
{
	struct label_job *q = (struct label_job *)j;
	int rc = j->rc;

	if (!rc && q->seq) {
		send(q);
		return;
	}
	if (rc == ERR_NOT_FOUND && q->rq->msg.route == WEB_RUN_LABEL) {
		request_no_run(q->rq, q->rq->msg.arg);
	} else if (rc == ERR_NOT_FOUND) {
		request_no_ticket(q->rq, q->rq->msg.arg);
	} else if (rc == ERR_STATE) {
		request_problem(q->rq, 409, "no_label", "%s", j->err.text);
	} else {
		if (!rc)
			put_reply(q, q->label.printed_seq, q->label.printed_utc_us, true);
		request_end(q->rq, j, 200, "", &q->reply, "a label");
	}
	forget(q);
}

/* ---- asked for ---- */

/* The printer of that bay; without a name the only one of the station. NULL: answered. */
static const struct bay *find_printer(struct request *rq, const char *name)
{
	struct station *s = rq->station;
	const struct bay *found = NULL;

	for (int i = 0; i < s->bay_count; i++) {
		const struct bay *b = &s->bays[i];
		int printer = b->rig->fixture->bays[b->index].printer;

		if (name ? strcmp(b->name, name) != 0 : printer < 0)
			continue;
		if (printer < 0) {
			request_problem(rq, 409, "no_printer",
					"bay %s has no printer; its fixture names one with "
					"printer:",
					name);
			return NULL;
		}
		if (found && (found->rig != b->rig ||
			      found->rig->fixture->bays[found->index].printer != printer)) {
			request_problem(rq, 422, "required",
					"/bay: there are several printers; name the bay of one");
			return NULL;
		}
		found = b;
	}
	if (!found && name)
		request_no_bay(rq, name);
	else if (!found)
		request_problem(rq, 409, "no_printer",
				"no bay has a printer; a fixture names one with printer:");
	return found;
}

/* Nothing is begun that cannot end well. */
static bool may_begin(struct request *rq, const struct bay *b)
{
	const struct rig_link *r = b->rig;
	int device = r->fixture->bays[b->index].printer;
	const struct device_state *d = &r->devices[device];
	const char *name = r->fixture->devices[device].name;

	for (const struct label_job *q = rq->station->labels; q; q = q->next)
		if (q->rig == r && q->device == device) {
			request_problem(rq, 409, "label_under_way",
					"printer %s is at another label; ask again in a moment",
					name);
			return false;
		}
	if (r->fd >= 0 && d->known && d->present)
		return true;
	request_problem(rq, 409, "not_printed", "printer %s: %s; nothing was printed", name,
			r->fd < 0      ? "benchd-io is not connected"
			: d->reason[0] ? d->reason
				       : "no answer yet");
	return false;
}

void route_label(struct request *rq)
{
	const struct form_field *form = rq->msg.route == WEB_RUN_LABEL ? run_form : ticket_form;
	json_t *root = request_form(rq, form), *copies;
	const struct bay *b;
	struct label_job *q;

	if (!root)
		return;
	b = find_printer(rq, json_string_value(json_object_get(root, "bay")));
	if (!b || !may_begin(rq, b)) {
		json_decref(root);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->job.work = ask_work;
	q->job.done = ask_done;
	q->station = rq->station;
	q->rq = rq;
	q->rig = b->rig;
	q->device = b->rig->fixture->bays[b->index].printer;
	copies = json_object_get(root, "copies");
	q->copies = copies ? (int)json_integer_value(copies) : 1;
	q->again = json_is_true(json_object_get(root, "again"));
	q->not_repaired = json_is_true(json_object_get(root, "not_repaired"));
	text_copy(q->bay, sizeof(q->bay), b->name);
	text_copy(q->who, sizeof(q->who), rq->signer[0] ? rq->signer : rq->who);
	json_decref(root);
	q->next = rq->station->labels;
	rq->station->labels = q;
	station_write(rq->station, &q->job);
}
