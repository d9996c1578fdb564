/* SPDX-License-Identifier: MIT
 *
 * Words, and how finished runs and release answers look to a person.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

static const struct word {
	const char *name;
	enum ctl_message message;
	int exit_code;
} verdicts[] = {
	{"pass", MSG_V_PASS, CTL_OK},
	{"marginal", MSG_V_MARGINAL, CTL_NO_PASS},
	{"fail", MSG_V_FAIL, CTL_NO_PASS},
	{"inconclusive", MSG_V_INCONCLUSIVE, CTL_NO_PASS},
	{"invalid", MSG_V_INVALID, CTL_NO_PASS},
	{"error", MSG_V_ERROR, CTL_NO_STATION},
	{"skipped", MSG_V_SKIPPED, CTL_NO_PASS},
	{"aborted", MSG_V_ABORTED, CTL_NO_PASS},
	{"tripped", MSG_V_TRIPPED, CTL_NO_PASS},
	{"interrupted", MSG_V_INTERRUPTED, CTL_NO_PASS},
};
static const struct word states[] = {
	{"securing", MSG_S_SECURING, 0}, {"not_ready", MSG_S_NOT_READY, 0},
	{"ready", MSG_S_READY, 0},	 {"active", MSG_S_ACTIVE, 0},
	{"stopping", MSG_S_STOPPING, 0}, {"tripped", MSG_S_TRIPPED, 0},
	{"locked", MSG_S_LOCKED, 0},	 {"running", MSG_S_ACTIVE, 0}, /* a run */
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct word *find_word(const struct word *w, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(w[i].name, name) == 0)
			return &w[i];
	return NULL;
}

const char *verdict_text(const struct ctl *c, const char *verdict)
{
	const struct word *w = find_word(verdicts, COUNT(verdicts), verdict);

	return w ? message(c->zh, w->message) : verdict;
}

int verdict_exit_code(const char *verdict)
{
	const struct word *w = find_word(verdicts, COUNT(verdicts), verdict);

	return w ? w->exit_code : CTL_NO_PASS;
}

const char *state_text(const struct ctl *c, const char *state)
{
	const struct word *w = find_word(states, COUNT(states), state);

	return w ? message(c->zh, w->message) : state;
}

#define M(id) message(c->zh, MSG_##id)

void print_table(struct table *t, const char *indent)
{
	struct text out = {0};

	table_print(t, indent, &out);
	(void)fputs(out.buf ? out.buf : "", stdout);
	text_release(&out);
	table_release(t);
}

void print_list(const struct ctl *c, struct table *t)
{
	bool empty = t->rows <= 1;

	print_table(t, "");
	if (empty && c->terminal)
		(void)puts(M(NOTHING));
}

/* ---- a finished run ---- */

static void put_limits(const json_t *m, struct text *out)
{
	double lo = member_number(m, "lo"), hi = member_number(m, "hi");

	if (!isnan(lo) && !isnan(hi)) {
		format_number(out, lo);
		text_puts(out, " .. ");
		format_number(out, hi);
	} else if (!isnan(lo)) {
		text_puts(out, ">= ");
		format_number(out, lo);
	} else if (!isnan(hi)) {
		text_puts(out, "<= ");
		format_number(out, hi);
	} else {
		text_puts(out, "-");
	}
}

static void measurement_row(const struct ctl *c, const json_t *m, struct table *t)
{
	struct text value = {0}, limits = {0}, u = {0}, reason = {0};
	const char *verdict = verdict_text(c, member_text(m, "verdict"));

	format_number(&value, member_number(m, "value"));
	if (!isnan(member_number(m, "uncertainty"))) {
		text_puts(&u, c->utf8 ? "\xc2\xb1" : "+-");
		format_number(&u, member_number(m, "uncertainty"));
	}
	put_limits(m, &limits);
	put_said(c, member_text(m, "reason"), &reason);
	if (json_is_false(json_object_get(m, "counts"))) /* a later attempt took its place */
		text_printf(&reason, "%s%s", reason.len ? "; " : "", M(REPEATED));
	table_row(t,
		  (const char *[]){member_text(m, "id"), member_title(c, m, "title"), value.buf,
				   u.buf, limits.buf, member_text(m, "unit"), verdict, reason.buf});
	text_release(&value);
	text_release(&u);
	text_release(&limits);
	text_release(&reason);
}

static void put_measurements(const struct ctl *c, const json_t *run, struct text *out)
{
	const json_t *list = json_object_get(run, "measurements"), *m;
	struct table t;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	table_init(&t, 8, 1u << 2 | 1u << 3 | 1u << 4);
	table_row(&t, (const char *[]){"", M(MEASUREMENT), M(VALUE), "U (k=2)", M(LIMITS), M(UNIT),
				       M(VERDICT), M(REASON)});
	json_array_foreach(list, i, m) measurement_row(c, m, &t);
	/* what a narrow terminal has to do without: names for programs, then uncertainties */
	if (c->terminal && table_width(&t) + 2 > c->columns)
		t.hidden |= 1u << 0;
	if (c->terminal && table_width(&t) + 2 > c->columns)
		t.hidden |= 1u << 3;
	table_print(&t, "  ", out);
	table_release(&t);
}

/* Each failed measurement in words: what, value, limit, unit. */
static void put_failures(const struct ctl *c, const json_t *run, struct text *out)
{
	const json_t *list = json_object_get(run, "measurements"), *m;
	size_t i;

	json_array_foreach(list, i, m)
	{
		if (strcmp(member_text(m, "verdict"), "fail") != 0)
			continue;
		text_printf(out, "  %s: %s (%s) ", M(FAILED), member_text(m, "id"),
			    member_title(c, m, "title"));
		format_number(out, member_number(m, "value"));
		text_printf(out, " %s, %s ", member_text(m, "unit"), M(LIMITS));
		put_limits(m, out);
		text_printf(out, " %s\n", member_text(m, "unit"));
	}
}

static void put_safe_state(const struct ctl *c, const json_t *run, struct text *out)
{
	const json_t *safe = json_object_get(run, "safe_state");

	if (!json_is_object(safe))
		return;
	if (strcmp(member_text(run, "verdict"), "interrupted") == 0)
		text_printf(out, "  %s", M(SAFE_UNTOLD)); /* nobody was there to write it down */
	else
		text_printf(out, "  %s",
			    member_is_true(safe, "proven") ? M(SAFE_PROVEN) : M(SAFE_UNPROVEN));
	if (json_is_number(json_object_get(safe, "took_s")))
		text_printf(out, " (%.1f s)", json_number_value(json_object_get(safe, "took_s")));
	if (member_text(safe, "detail")[0]) {
		text_puts(out, ": ");
		put_said(c, member_text(safe, "detail"), out);
	}
	text_puts(out, "\n");
}

/* Why a run ended before its end. */
static void put_reason(const struct ctl *c, const json_t *run, struct text *out)
{
	const json_t *reason = json_object_get(run, "reason");

	if (!json_is_object(reason))
		return;
	text_puts(out, "  ");
	put_said(c, member_text(reason, "code"), out);
	if (member_text(reason, "text")[0]) {
		text_puts(out, ": ");
		put_said(c, member_text(reason, "text"), out);
	}
	text_puts(out, "\n");
}

static const char *profile_name(const json_t *run)
{
	const json_t *p = json_object_get(run, "profile");

	return json_is_string(p) ? json_string_value(p) : member_text(p, "id");
}

void show_run(const struct ctl *c, const json_t *run, struct text *out)
{
	const char *verdict = member_text(run, "verdict");
	bool simulated = member_is_true(run, "simulated");

	if (simulated)
		text_printf(out, "%s  ", M(SIMULATED));
	text_printf(out, "%s %s  %s %s  %s  %s  %s", M(BAY), member_text(run, "bay"), M(TICKET),
		    member_text(run, "ticket"), member_text(run, "serial"),
		    member_text(run, "model"), profile_name(run));
	text_printf(out, "  %s\n",
		    verdict[0] ? verdict_text(c, verdict)
			       : state_text(c, member_text(run, "state")));
	put_measurements(c, run, out);
	put_failures(c, run, out);
	put_reason(c, run, out);
	if (!verdict[0])
		return;
	put_safe_state(c, run, out);
	text_printf(out, "  %s: %s%s%s   %s %s\n", M(VERDICT), verdict_text(c, verdict),
		    simulated ? "  " : "", simulated ? M(SIMULATED) : "", M(RUN),
		    member_text(run, "id"));
}

static void put_param(const struct ctl *c, const json_t *v, struct text *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(v, i, one)
	{
		text_puts(out, i ? " " : "");
		text_puts(out, json_string_value(one) ? json_string_value(one) : "?");
	}
	if (json_is_string(v))
		put_said(c, json_string_value(v), out);
	else if (json_is_number(v))
		format_number(out, json_number_value(v));
	else if (!json_is_array(v))
		text_puts(out, json_is_true(v) ? M(YES) : M(NO));
}

/* " (verdict fail, required_seconds 1800)"; the run is named once, below. */
static void put_params(const struct ctl *c, const json_t *reason, struct text *out)
{
	const char *key, *between = "  (";
	json_t *v;

	json_object_foreach(json_object_get(reason, "params"), key, v)
	{
		if (strcmp(key, "run") == 0)
			continue;
		text_puts(out, between);
		put_said(c, key, out);
		text_puts(out, " ");
		put_param(c, v, out);
		between = ", ";
	}
	if (between[0] == ',')
		text_puts(out, ")");
}

void show_release(const struct ctl *c, const json_t *release, struct text *out)
{
	const json_t *reasons = json_object_get(release, "reasons"), *r;
	bool allowed = strcmp(member_text(release, "decision"), "allowed") == 0;
	struct text line = {0};
	size_t i;

	if (member_is_true(release, "simulated"))
		text_printf(out, "%s  ", M(SIMULATED));
	text_printf(out, "%s %s  %s  %s%s\n", M(TICKET), member_text(release, "ticket"),
		    member_text(release, "serial"),
		    allowed ? M(RELEASE_ALLOWED) : M(RELEASE_BLOCKED),
		    json_is_string(json_object_get(release, "signature")) ? "" : M(UNSIGNED));
	json_array_foreach(reasons, i, r)
	{
		text_clear(&line);
		text_printf(&line, "  - %s: %s", member_text(r, "code"),
			    member_text(r, c->zh ? "zh" : "en"));
		put_params(c, r, &line);
		format_wrapped(out, line.buf, c->terminal ? c->columns : 0, 4);
	}
	text_release(&line);
	json_array_foreach(json_object_get(release, "runs"), i, r)
	{
		text_printf(out, "  %s %s\n", M(RESTS_ON), json_string_value(r));
	}
	if (allowed || !member_is_true(release, "simulated"))
		return;
	text_printf(out, "  %s (would_be: %s)\n",
		    strcmp(member_text(release, "would_be"), "allowed") == 0 ? M(WOULD_BE_ALLOWED)
									     : M(WOULD_BE_BLOCKED),
		    member_text(release, "would_be"));
}
