/* SPDX-License-Identifier: MIT
 *
 * Following runs: the station is asked twice a second for its bays. On a terminal the panels
 * are redrawn in place; elsewhere there is a line per step and one every five seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/ctl.h"

enum { LOOK_MS = 500, LINE_S = 5, SIDE_BY_SIDE_COLUMNS = 76 };
enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 20, ROWS_DEFAULT = 24, ROWS_MIN = 5 };

struct watch {
	struct ctl *c;
	struct watched *runs;
	int n;
	int drawn; /* lines of the last picture, to go up over */
};

void measure_terminal(struct ctl *c)
{
	struct winsize size;

	c->terminal = isatty(STDOUT_FILENO) == 1;
	c->columns = COLUMNS_DEFAULT;
	c->rows = ROWS_DEFAULT;
	if (!c->terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return;
	if (size.ws_col >= COLUMNS_MIN)
		c->columns = size.ws_col;
	if (size.ws_row >= ROWS_MIN)
		c->rows = size.ws_row;
}

static const json_t *bay_of(const json_t *bays, const char *name)
{
	const json_t *list = json_object_get(bays, "bays"), *b;
	size_t i;

	json_array_foreach(list, i, b)
	{
		if (strcmp(member_text(b, "bay"), name) == 0)
			return b;
	}
	return NULL;
}

/* Lines, each cut to the terminal, over the last picture. */
static void redraw(struct watch *w, const struct text *picture)
{
	const char *s = picture->buf;
	int lines = 0;

	if (w->drawn)
		(void)printf("\033[%dA", w->drawn);
	while (s && *s) {
		size_t n = strcspn(s, "\n");

		(void)printf("%.*s\033[K\n", (int)n, s);
		s += n + (s[n] == '\n');
		lines++;
	}
	for (int i = lines; i < w->drawn; i++)
		(void)printf("\033[K\n");
	if (w->drawn > lines)
		(void)printf("\033[%dA", w->drawn - lines);
	w->drawn = lines;
	(void)fflush(stdout);
}

/* What does not fit into the terminal's height is left out: the cursor cannot go up over it. */
static void fill_panel(const struct watch *w, const struct watched *r, const json_t *bay, int width,
		       int height, struct lines *p)
{
	for (int i = 0; i < LINES_MAX; i++)
		text_clear(&p->at[i]);
	p->count = 0;
	if (r->done)
		show_done_panel(w->c, r->document, bay, width, p);
	else
		show_panel(w->c, bay, width, p);
	if (p->count > height)
		p->count = height;
}

static void draw(struct watch *w, const json_t *bays)
{
	static struct lines panels[2];
	struct text picture = {0};
	int columns, width, height;
	bool beside;

	measure_terminal(w->c); /* it may have been resized */
	columns = w->c->columns - 1;
	beside = w->n == 2 && columns >= SIDE_BY_SIDE_COLUMNS;
	width = beside ? (columns - 2) / 2 : columns;
	height = (w->c->rows - 1) / (beside ? 1 : w->n);
	for (int i = 0; i < w->n; i++) {
		struct lines *p = &panels[beside ? i : 0];

		fill_panel(w, &w->runs[i], bay_of(bays, w->runs[i].bay), width, height, p);
		for (int k = 0; k < p->count && !beside; k++) {
			format_cell(&picture, p->at[k].buf ? p->at[k].buf : "", width, false);
			text_puts(&picture, "\n");
		}
	}
	if (beside)
		format_side_by_side(&picture, &panels[0], &panels[1], width);
	redraw(w, &picture);
	text_release(&picture);
}

/* A line when a step begins or a question is asked, and every five seconds. */
static void tell(struct watch *w, struct watched *r, const json_t *bay)
{
	const json_t *prompt = json_object_get(bay, "prompt");
	const char *step = member_text(json_object_get(bay, "step"), "id");
	const char *asked = member_text(prompt, "id");
	bool asks = asked[0] && strcmp(asked, r->prompt) != 0;
	int64_t now = clock_mono_ns();
	struct text line = {0};

	if (strcmp(step, r->step) == 0 && !asks && now - r->told_ns < LINE_S * NS_PER_S)
		return;
	text_copy(r->step, sizeof(r->step), step);
	text_copy(r->prompt, sizeof(r->prompt), asked);
	r->told_ns = now;
	show_progress_line(w->c, bay, &line);
	text_puts(&line, "\n");
	if (asks) {
		text_printf(&line, "  %s: %s\n  ", message(w->c->zh, MSG_PROMPT),
			    member_title(w->c, prompt, "text"));
		show_how_to_answer(w->c, bay, &line);
		text_puts(&line, "\n");
	}
	(void)fputs(line.buf, stdout);
	(void)fflush(stdout);
	text_release(&line);
}

/* Is the run recorded? Then its document is kept. Negative: the station is gone. */
static int take_document(struct watch *w, struct watched *r, struct error *err)
{
	json_t *doc = NULL;
	int rc = ctl_try(w->c, WEB_RUN_GET, r->run, "", NULL, &doc, err);

	if (rc < 0)
		return rc;
	if (w->c->status == 200 && member_text(doc, "verdict")[0]) {
		r->document = doc;
		r->done = true;
		return 0;
	}
	json_decref(doc);
	if (w->c->status == 200 || w->c->status == 409) /* it still stops or is being written */
		return 0;
	return error_set(err, ERR_STATE, "run %s: the station answers with status %d", r->run,
			 w->c->status);
}

static int look(struct watch *w, struct error *err)
{
	json_t *bays = NULL;
	int rc = ctl_try(w->c, WEB_BAYS, NULL, "", NULL, &bays, err);

	if (rc == 0 && w->c->status != 200)
		rc = error_set(err, ERR_STATE, "the station answers with status %d", w->c->status);
	for (int i = 0; rc == 0 && i < w->n; i++) {
		struct watched *r = &w->runs[i];
		const json_t *bay = bay_of(bays, r->bay);
		bool there = bay && strcmp(member_text(bay, "run"), r->run) == 0;

		if (!bay)
			rc = error_set(err, ERR_STATE, "the station has no bay %s any more",
				       r->bay);
		else if (there && !w->c->json && !w->c->terminal)
			tell(w, r, bay);
		if (bay && !there && !r->done)
			rc = take_document(w, r, err);
	}
	if (rc == 0 && w->c->terminal && !w->c->json)
		draw(w, bays);
	json_decref(bays);
	return rc;
}

static bool all_done(const struct watch *w)
{
	for (int i = 0; i < w->n; i++)
		if (!w->runs[i].done)
			return false;
	return true;
}

int watch_runs(struct ctl *c, struct watched *runs, int n, bool (*stop)(void *ctx), void *ctx)
{
	struct watch w = {.c = c, .runs = runs, .n = n};
	struct error err = {0};

	for (;;) {
		if (stop && stop(ctx))
			return CTL_INTERRUPTED;
		if (look(&w, &err) < 0) {
			if (stop && stop(ctx))
				return CTL_INTERRUPTED;
			(void)ctl_fail("%s", err.text);
			return CTL_NO_STATION;
		}
		if (all_done(&w))
			return CTL_OK;
		ctl_pause_ms(LOOK_MS);
	}
}

/* ---- which run ---- */

static int run_at_bay(struct ctl *c, const char *bay, char id[64], char at_bay[16])
{
	json_t *b = NULL;
	int code = ctl_call(c, WEB_BAY, bay, "", NULL, &b);

	if (code)
		return code;
	if (member_text(b, "run")[0] == '\0') {
		(void)ctl_fail("nothing runs at bay %s; see: benchctl bay list", bay);
		code = CTL_USAGE;
	}
	text_copy(id, 64, member_text(b, "run"));
	text_copy(at_bay, 16, bay);
	json_decref(b);
	return code;
}

/* The bay at which run id goes on, or the only run there is when id is "". "" when there is
 * none. */
static int find_at_bays(struct ctl *c, char id[64], char at_bay[16])
{
	json_t *root = NULL;
	const json_t *b;
	int code = ctl_call(c, WEB_BAYS, NULL, "", NULL, &root), found = 0;
	bool any = id[0] == '\0';
	size_t i;

	if (code)
		return code;
	at_bay[0] = '\0';
	json_array_foreach(json_object_get(root, "bays"), i, b)
	{
		const char *run = member_text(b, "run");

		if (!run[0] || (!any && strcmp(run, id) != 0))
			continue;
		text_copy(at_bay, 16, member_text(b, "bay"));
		text_copy(id, 64, run);
		found++;
	}
	json_decref(root);
	if (any && found != 1) {
		(void)ctl_fail(found ? "%d runs go on; name one, or its --bay"
				     : "no run goes on; see: benchctl run list",
			       found);
		return CTL_USAGE;
	}
	return CTL_OK;
}

int find_run(struct ctl *c, const char *run, const char *bay, char id[64], char at_bay[16])
{
	id[0] = '\0';
	if (bay && run) {
		(void)ctl_fail("name the run or its --bay, not both");
		return CTL_USAGE;
	}
	if (bay)
		return run_at_bay(c, bay, id, at_bay);
	if (run && !text_copy(id, 64, run)) {
		(void)ctl_fail("\"%.60s...\" is no run; see: benchctl run list", run);
		return CTL_USAGE;
	}
	return find_at_bays(c, id, at_bay);
}

bool print_release(struct ctl *c, const char *ticket)
{
	struct text out = {0};
	json_t *release = NULL;

	if (ctl_call(c, WEB_RELEASE, ticket, "", NULL, &release))
		return false;
	show_release(c, release, &out);
	(void)fputs(out.buf, stdout);
	text_release(&out);
	json_decref(release);
	return true;
}
