/* SPDX-License-Identifier: MIT
 *
 * One line of a good file made unreadable: it is told, and nothing else is, for nothing else is
 * wrong. Lines of the simulated rig, of a model and of a profile, one way after the other. And a
 * mistake behind such a line: both are told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "plan_files.h"

enum file_kind { A_FIXTURE = 1, A_MODEL, A_PROFILE };

struct good {
	struct fixture *fixture;
	struct model *model;
};

/* What happens to a line; %s is the line behind its indentation. */
static const struct {
	const char *before, *after;
} ways[] = {
	{"\t", ""},	     /* a tab */
	{"", ": b: c"},	     /* a colon too many */
	{"", " [1, 2"},	     /* a bracket not closed */
	{"x: [1, ", ""},     /* and one with the line in it */
	{"x: \"", ""},	     /* a quote not closed */
	{"x: \"\\q\" ", ""}, /* a bad escape */
	{"", " \x01"},	     /* a control character */
	{"", " \xff"},	     /* no UTF-8 */
	{"@", ""},	     /* no YAML begins like this */
	{"- x: {", ""},	     /* an entry of a list where none may be */
	{" ", ""},	     /* one column too deep: the line below it may be told instead */
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]), TOO_DEEP = WAYS - 1 };

static int parse(const struct good *g, enum file_kind kind, const char *bytes,
		 struct problems *problems)
{
	size_t n = strlen(bytes);

	if (kind == A_FIXTURE)
		fixture_free(fixture_parse_draft("f", bytes, n, problems));
	else if (kind == A_MODEL)
		model_free(model_parse("f", bytes, n, problems));
	else
		profile_free(profile_parse("f", bytes, n, g->model, g->fixture, 0, problems));
	return problems->count;
}

/* The file with that line (from 1) spoilt; NULL when it is blank, a comment or inside a text. */
static char *spoil(const char *bytes, int line, int way)
{
	const char *s = bytes;

	for (int i = 1; i < line; i++)
		s = strchr(s, '\n') + 1;
	size_t indent = strspn(s, " "), n = strcspn(s, "\n");
	if (n == indent || s[indent] == '#' || !memchr(s, ':', n))
		return NULL;
	char *out = xcalloc(strlen(bytes) + 40, 1);
	sprintf(out, "%.*s%s%.*s%s%s", (int)(s - bytes + (ptrdiff_t)indent), bytes,
		ways[way].before, (int)(n - indent), s + indent, ways[way].after, s + n);
	return out;
}

/* Returns whether anything was told: in a comment some ways are no mistake. */
static int one_line(const struct good *g, enum file_kind kind, const char *bytes, int line, int way)
{
	struct problems problems = {0};
	char *spoilt = spoil(bytes, line, way);
	bool elsewhere = false;

	if (!spoilt)
		return 0;
	int told = parse(g, kind, spoilt, &problems);
	for (int i = 0; i < told; i++)
		elsewhere = elsewhere || problems.at[i].line != line;
	if (way == TOO_DEEP ? told > 1 : elsewhere) {
		problems_print(&problems, stderr);
		fail_msg("kind %d, line %d, way %d: %d problems", kind, line, way, told);
	}
	problems_release(&problems);
	free(spoilt);
	return told > 0;
}

static void spoil_lines(const struct good *g, enum file_kind kind, const char *path, int step)
{
	size_t n = 0;
	char *bytes = file_with(path, NULL, &n);
	int lines = 0, spoilt = 0, tried = 0;

	for (const char *s = bytes; *s; s++)
		lines += *s == '\n';
	for (; tried * step < lines * WAYS; tried++)
		spoilt += one_line(g, kind, bytes, tried * step / WAYS + 1, tried * step % WAYS);
	assert_true(spoilt > tried / 2);
	free(bytes);
}

static void nothing_is_told_but_the_line_that_is_spoilt(void **state)
{
	struct problems problems = {0};
	struct good g = {good_fixture(NULL), model_load("profiles/models/RO600.yaml", &problems)};

	(void)state;
	spoil_lines(&g, A_FIXTURE, "fixtures/sim.yaml", 29);
	spoil_lines(&g, A_MODEL, "profiles/models/RO600.yaml", 1);
	spoil_lines(&g, A_PROFILE, "profiles/ro600_quick.yaml", 29);
	model_free(g.model);
	fixture_free(g.fixture);
}

/* A line that gets tabs in place of its indentation, and a mistake behind it, in every section. */
static const struct {
	enum file_kind kind;
	const char *tabbed, *right, *wrong;
} behind[] = {
	{A_FIXTURE, "io: {kind: modbus_rtu", "baud: 9600, parity", "baud: 9601, parity"},
	{A_FIXTURE, "relays_1: {driver", "bus: meters, unit: 21", "bus: metres, unit: 21"},
	{A_FIXTURE, "driver: register_map", "bus: tcp\n", "bas: tcp\n"},
	{A_FIXTURE, "bus: tcp\n", "relays_2.relay5, normally", "relays_4.relay5, normally"},
	{A_FIXTURE, "driver: gpio_lines", "bus: gpio\n", "bas: gpio\n"},
	{A_FIXTURE, "point: analog_1.ai2", "to: 0..1 MPa", "to: 0..1 Mpa"},
	{A_FIXTURE, "point: tcp_io.permeate_count_1", "range: 0..6 L/min", "range: 6..0 L/min"},
	{A_FIXTURE, "- name: feed_pressure\n    bays: 1", "0.003 L/min + 0.5", "0.003 L/mn + 0.5"},
	{A_FIXTURE, "- {name: dead_man", "max_on: 10 min", "max_on: 10 mn"},
	{A_FIXTURE, "class: estop", "unit_power > 18 W", "unit_power > 18 A"},
	{A_FIXTURE, "- {set: supply_pump", "- {set: feed_vent, to: open}",
	 "- {set: feed_vent, to: opn}"},
	{A_FIXTURE, "within: 20 s", "feed_flow < 0.05 L/min\n\n", "feed_flo < 0.05 L/min\n\n"},
	{A_FIXTURE, "- feed_pressure < 0.02 MPa", "stagger: 3 s", "stagger: 3 bar"},
	{A_MODEL, "title:", "channel_drop: 0.02 MPa", "channel_drop: 0.02 Mpa"},
	{A_MODEL, "rated_permeate_flow: 1.58", "flush_time: 18 s", "flush_time: 18 sec"},
	{A_MODEL, "MEM:", "HPS: {en: high", "HPS: {an: high"},
	{A_MODEL, "E1:", "E3: {en: Pump", "E3: {an: Pump"},
	{A_PROFILE, "revision:", "feed_flow < 0.1 L/min", "feed_flow < 0.1 L"},
	{A_PROFILE, "feed_pressure: 0.2", "feed_conductivity: 400", "feed_conductivty: 400"},
	{A_PROFILE, "title: {en: Rejection", "basis: rig\n    note: beyond",
	 "basis: rg\n    note: beyond"},
	{A_PROFILE, "class: leak\n    attribution: unit", "feed_pressure > 0.42 MPa",
	 "feed_pressure > 0.42 A"},
	{A_PROFILE, "rig_check: yes", "regulator: 0.10 MPa, feed_vent: closed",
	 "regulator: 0.10 V, feed_vent: closed"},
	{A_PROFILE, "- window: 2 s", "timeout: 25 s", "timeout: 25 W"},
	{A_PROFILE, "- wait: 10 s", "{measurement: leak, holds", "{measurement: lek, holds"},
	{A_PROFILE, "tolerance: 2 %", "window: 20 s\n          min", "window: 20 W\n          min"},
};

/* Line number of a place. */
static int line_of(const char *bytes, const char *at)
{
	int line = 1;

	for (; bytes < at; bytes++)
		line += *bytes == '\n';
	return line;
}

static void both_are_told(const struct good *g, size_t i, const char *path)
{
	struct problems problems = {0};
	size_t n = 0;
	char *bytes = file_with(path, NULL, &n), *out = xcalloc(n + 40, 1);
	const char *tab = strstr(bytes, behind[i].tabbed), *line = tab;
	const char *at = tab ? strstr(tab, behind[i].right) : NULL;
	bool first = false, second = false;

	if (!at)
		fail_msg("\"%s\" and \"%s\" behind it are not there", behind[i].tabbed,
			 behind[i].right);
	while (line > bytes && line[-1] == ' ')
		line--;
	sprintf(out, "%.*s\t%.*s%s%s", (int)(line - bytes), bytes, (int)(at - tab), tab,
		behind[i].wrong, at + strlen(behind[i].right));
	parse(g, behind[i].kind, out, &problems);
	for (int k = 0; k < problems.count; k++) {
		first = first || problems.at[k].line == line_of(bytes, tab);
		second = second || problems.at[k].line == line_of(bytes, at);
	}
	if (problems.count != 2 || !first || !second) {
		problems_print(&problems, stderr);
		fail_msg("%s: \"%s\" in tabs and \"%s\" behind it", path, behind[i].tabbed,
			 behind[i].wrong);
	}
	problems_release(&problems);
	free(bytes);
	free(out);
}

static void a_mistake_behind_a_line_in_tabs_is_told_in_the_same_round(void **state)
{
	static const char *const paths[] = {[A_FIXTURE] = "fixtures/sim.yaml",
					    [A_MODEL] = "profiles/models/RO600.yaml",
					    [A_PROFILE] = "profiles/ro600_quick.yaml"};
	struct problems problems = {0};
	struct good g = {good_fixture(NULL), model_load(paths[A_MODEL], &problems)};

	(void)state;
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++)
		both_are_told(&g, i, paths[behind[i].kind]);
	model_free(g.model);
	fixture_free(g.fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_behind_a_line_in_tabs_is_told_in_the_same_round),
		cmocka_unit_test(nothing_is_told_but_the_line_that_is_spoilt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
