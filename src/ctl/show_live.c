/* SPDX-License-Identifier: MIT
 *
 * How a bay at work looks to a person: panels for a terminal, lines elsewhere.
 */
#include <string.h>

#include "ctl/ctl.h"

enum { PANEL_VALUES_MAX = 12, TITLE_COLUMNS = 30, NUMBER_COLUMNS = 8, UNIT_COLUMNS = 5 };
enum { BAR_COLUMNS_MIN = 5 };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define M(id)	 message(c->zh, MSG_##id)

static void put_step(const struct ctl *c, const json_t *bay, struct text *out)
{
	const json_t *step = json_object_get(bay, "step");

	if (!json_is_object(step)) {
		text_puts(out, json_is_string(json_object_get(bay, "run"))
				       ? M(RECORDING)
				       : state_text(c, member_text(bay, "state")));
		return;
	}
	text_printf(out, "%s %.0f/%.0f %s %s", M(STEP), member_number(step, "index") + 1,
		    member_number(step, "count"), member_text(step, "id"),
		    member_title(c, step, "title"));
	if (member_number(step, "trial_seconds") > 0) {
		text_printf(out, ", %s ", M(TRIAL));
		format_duration(out, member_number(step, "trial_seconds"));
	}
}

static void put_time(const struct ctl *c, const json_t *bay, struct text *out)
{
	text_printf(out, "%s ", M(ELAPSED));
	format_duration(out, member_number(bay, "elapsed_s"));
	text_printf(out, ", %s ", M(AT_MOST));
	format_duration(out, member_number(bay, "longest_s"));
}

/* A reading worth a look: a number with a unit. States are the rig's business. */
static bool is_reading(const json_t *value)
{
	return member_text(value, "unit")[0] != '\0';
}

/* "0.250 MPa", "- MPa (stale)"; the number to the right of `columns` columns. */
static void put_value(const struct ctl *c, const json_t *value, int columns, struct text *out)
{
	const char *quality = member_text(value, "quality");
	struct text number = {0};

	format_reading(&number, member_number(value, "value"), member_text(value, "unit"));
	if (columns)
		format_cell(out, number.buf, columns, true);
	else
		text_puts(out, number.buf);
	text_printf(out, " %s", member_text(value, "unit"));
	if (strcmp(quality, "good") != 0) {
		text_puts(out, " (");
		put_said(c, quality, out);
		text_puts(out, ")");
	}
	text_release(&number);
}

static void panel_values(const struct ctl *c, const json_t *bay, int width, struct lines *out)
{
	const json_t *values = json_object_get(bay, "values"), *v;
	int shown = 0, title = width - NUMBER_COLUMNS - UNIT_COLUMNS - 4;
	size_t i;

	json_array_foreach(values, i, v)
	{
		struct text *line;

		if (!is_reading(v) || shown == PANEL_VALUES_MAX)
			continue;
		line = lines_add(out);
		text_puts(line, "  ");
		format_cell(line, member_title(c, v, "title"),
			    title < TITLE_COLUMNS ? title : TITLE_COLUMNS, false);
		text_puts(line, " ");
		put_value(c, v, NUMBER_COLUMNS, line);
		shown++;
	}
}

void show_how_to_answer(const struct ctl *c, const json_t *bay, struct text *out)
{
	static const char *const answers[][2] = {
		{"confirm", "ok"}, {"yes_no", "yes|no"}, {"scan_serial", "SERIAL"}};
	const json_t *prompt = json_object_get(bay, "prompt");
	const char *kind = member_text(prompt, "kind"), *answer = M(NUMBER);

	for (size_t i = 0; i < COUNT(answers); i++)
		if (strcmp(answers[i][0], kind) == 0)
			answer = strcmp(answers[i][1], "SERIAL") == 0 ? M(SERIAL_WORD)
								      : answers[i][1];
	text_printf(out, "%s: ", M(ANSWER_WITH));
	put_command(c, out, "run answer --bay %s %s", member_text(bay, "bay"), answer);
	if (member_text(prompt, "unit")[0])
		text_printf(out, " [%s]", member_text(prompt, "unit"));
	if (strcmp(kind, "scan_serial") == 0)
		text_printf(out, ", %s", M(OR_SCAN));
}

static void panel_prompt(const struct ctl *c, const json_t *bay, struct lines *out)
{
	const json_t *prompt = json_object_get(bay, "prompt");
	struct text *line;

	if (!json_is_object(prompt))
		return;
	line = lines_add(out);
	text_printf(line, "%s: %s (%.0f %s)", M(PROMPT), member_title(c, prompt, "text"),
		    member_number(prompt, "remaining_s"), M(SECONDS_LEFT));
	line = lines_add(out);
	text_puts(line, "  ");
	show_how_to_answer(c, bay, line);
}

static void panel_head(const struct ctl *c, const json_t *from, struct lines *out)
{
	struct text *line = lines_add(out);

	if (member_is_true(from, "simulated"))
		text_printf(line, "%s ", M(SIMULATED));
	text_printf(line, "%s %s", M(BAY), member_text(from, "bay"));
	if (member_text(from, "ticket")[0])
		text_printf(line, " %s %s", member_text(from, "ticket"),
			    member_text(from, "serial"));
}

/* How far the run is, and its time. */
static void panel_bar(const struct ctl *c, const json_t *bay, double done, int width,
		      struct lines *out)
{
	struct text time = {0}, *line = lines_add(out);
	int bar;

	put_time(c, bay, &time);
	bar = width - format_columns(time.buf) - 1;
	bar = bar > width / 3 ? width / 3 : bar;
	if (bar >= BAR_COLUMNS_MIN) {
		format_bar(line, done, bar, c->utf8);
		text_puts(line, " ");
	}
	text_puts(line, time.buf);
	text_release(&time);
}

void show_panel(const struct ctl *c, const json_t *bay, int width, struct lines *out)
{
	const json_t *step = json_object_get(bay, "step");

	panel_head(c, bay, out);
	put_step(c, bay, lines_add(out));
	if (json_is_object(step))
		panel_bar(c, bay, member_number(step, "index") / member_number(step, "count"),
			  width, out);
	else if (json_is_string(json_object_get(bay, "run")))
		panel_bar(c, bay, 1, width, out);
	panel_prompt(c, bay, out); /* before the values: a low terminal cuts those */
	panel_values(c, bay, width, out);
}

void show_done_panel(const struct ctl *c, const json_t *run, const json_t *bay, int width,
		     struct lines *out)
{
	panel_head(c, run, out);
	text_printf(lines_add(out), "%s: %s", M(VERDICT),
		    verdict_text(c, member_text(run, "verdict")));
	format_bar(lines_add(out), 1, width / 3, c->utf8);
	panel_values(c, bay, width, out);
}

/* What a line has room for, in this order; the label of the second conductivity is that of the
 * flow before it. */
static const struct chief {
	const char *channel, *between;
	enum ctl_message label;
	bool labelled;
} chiefs[] = {
	{"feed_pressure", ": ", MSG_FEED, true},
	{"permeate_flow", ", ", MSG_PERMEATE, true},
	{"permeate_conductivity", " ", MSG_PERMEATE, false},
	{"unit_power", ", ", MSG_MAINS, true},
};

static const json_t *find_value(const json_t *bay, const char *channel)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(bay, "values"), i, v)
	{
		if (strcmp(member_text(v, "channel"), channel) == 0)
			return v;
	}
	return NULL;
}

void show_progress_line(const struct ctl *c, const json_t *bay, struct text *out)
{
	if (member_is_true(bay, "simulated"))
		text_printf(out, "%s ", M(SIMULATED));
	text_printf(out, "%s %s %s: ", M(BAY), member_text(bay, "bay"), member_text(bay, "ticket"));
	put_step(c, bay, out);
	text_printf(out, ", %s ", M(ELAPSED));
	format_duration(out, member_number(bay, "elapsed_s"));
	for (size_t i = 0; i < COUNT(chiefs); i++) {
		const json_t *v = find_value(bay, chiefs[i].channel);

		if (!v)
			continue;
		text_puts(out, chiefs[i].between);
		if (chiefs[i].labelled)
			text_printf(out, "%s ", message(c->zh, chiefs[i].label));
		put_value(c, v, 0, out);
	}
}
