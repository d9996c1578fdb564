/* SPDX-License-Identifier: MIT
 *
 * What came out of the demo's two runs, and whether that was to be expected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/demo.h"

const struct demo_unit demo_units[DEMO_BAYS] = {
	{"1", "T-1001", "RO600-24000101"},
	{"2", "T-1002", "RO600-24000102"},
};

static bool is_faulted(const struct demo_options *o, const char *bay)
{
	size_t n = strlen(bay);

	for (int i = 0; i < o->fault_count; i++) {
		const char *fault = o->faults[i];

		if (!strchr(fault, ':') || (strncmp(fault, bay, n) == 0 && fault[n] == ':'))
			return true;
	}
	return false;
}

static bool has_failed_measurement(const json_t *run)
{
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(run, "measurements"), i, m)
	{
		if (strcmp(member_text(m, "verdict"), "fail") == 0)
			return true;
	}
	return false;
}

/* A rig that is at fault, not the unit: its run ends in error, and no unit is blamed. */
static bool is_rig_faulted(const struct demo_options *o, const char *bay)
{
	size_t n = strlen(bay);

	for (int i = 0; i < o->fault_count; i++) {
		const char *fault = o->faults[i], *colon = strchr(fault, ':');

		if (colon && (strncmp(fault, bay, n) != 0 || fault + n != colon))
			continue;
		if (strncmp(colon ? colon + 1 : fault, "rig_", 4) == 0)
			return true;
	}
	return false;
}

/* A healthy unit passes; a faulty one fails and says by what. */
bool demo_is_as_expected(const struct demo_options *o, const struct watched *r)
{
	const char *verdict = member_text(r->document, "verdict");

	if (is_rig_faulted(o, r->bay))
		return strcmp(verdict, "pass") != 0 && !has_failed_measurement(r->document);
	if (!is_faulted(o, r->bay))
		return strcmp(verdict, "pass") == 0;
	return strcmp(verdict, "pass") != 0 && has_failed_measurement(r->document);
}

/* Marked whatever the answer rests on: also one without a run. */
static bool print_marked_release(struct ctl *c, const char *ticket)
{
	struct text out = {0};
	json_t *release = NULL;

	if (ctl_call(c, WEB_RELEASE, ticket, "", NULL, &release))
		return false;
	(void)json_object_set_new(release, "simulated", json_true());
	show_release(c, release, &out);
	(void)fputs(out.buf, stdout);
	text_release(&out);
	json_decref(release);
	return true;
}

/* A healthy unit whose readings did not come in time: the machine is too busy for this speed. */
bool demo_was_too_slow(const struct demo_options *o, const struct watched *r)
{
	static const char *const late[] = {"stale",   "no_updates", "no_reply", "not_settled",
					   "timeout", "io_lost",    "comms",	"not_a_number"};
	const json_t *reason = json_object_get(r->document, "reason"), *m;
	bool said = false;
	size_t i;

	if (is_faulted(o, r->bay))
		return false;
	for (size_t k = 0; k < sizeof(late) / sizeof(late[0]) && !said; k++) {
		said = strstr(member_text(reason, "code"), late[k]) ||
		       strstr(member_text(reason, "text"), late[k]);
		json_array_foreach(json_object_get(r->document, "measurements"), i, m)
		{
			said = said || (strcmp(member_text(m, "verdict"), "fail") != 0 &&
					strstr(member_text(m, "reason"), late[k]));
		}
	}
	return said;
}

bool demo_print_results(struct demo *d)
{
	struct text out = {0};
	bool good = true;

	for (int i = 0; i < DEMO_BAYS; i++) {
		text_puts(&out, "\n");
		show_run(d->c, d->runs[i].document, &out);
	}
	(void)fputs(out.buf, stdout);
	text_release(&out);
	for (int i = 0; i < DEMO_BAYS; i++) {
		(void)printf("\n");
		good = print_marked_release(d->c, demo_units[i].ticket) && good;
	}
	(void)fflush(stdout);
	return good;
}

bool demo_json_results(struct demo *d, bool expected)
{
	json_t *all = json_object(), *runs = json_array(), *releases = json_array(), *one;
	bool good = true;
	char *bytes;

	for (int i = 0; i < DEMO_BAYS; i++) {
		(void)json_array_append(runs, d->runs[i].document);
		one = NULL;
		if (ctl_call(d->c, WEB_RELEASE, demo_units[i].ticket, "", NULL, &one))
			good = false;
		else
			(void)json_array_append_new(releases, one);
	}
	(void)json_object_set_new(all, "simulated", json_true());
	(void)json_object_set_new(all, "as_expected", json_boolean(expected));
	(void)json_object_set_new(all, "dir", json_string(d->options.dir));
	(void)json_object_set_new(all, "runs", runs);
	(void)json_object_set_new(all, "releases", releases);
	bytes = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9));
	(void)printf("%s\n", bytes ? bytes : "{}");
	free(bytes);
	json_decref(all);
	return good;
}
