/* SPDX-License-Identifier: MIT
 *
 * Profiles to approval, and calibrations of channels.
 */
#include <stdlib.h>
#include <string.h>

#include "post.h"

#define M(id) message(c->zh, MSG_##id)

CTL_COMMAND(cmd_profile_submit)
{
	const char *words[CTL_ARGS_MAX], *as = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("as", "PERSON", &as, "who submits it; the PIN is asked for"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!as)
		return ctl_usage(self, "a submission needs --as");
	post_begin(&p);
	if (!post_sign(&p, as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return post_send(c, WEB_PROFILE_SUBMIT, words[0], &p);
}

CTL_COMMAND(cmd_profile_approve)
{
	const char *words[CTL_ARGS_MAX], *as = NULL, *effective = NULL, *passes = NULL,
					 *adopt = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("as", "PERSON", &as,
			     "another person: supervisor, admin or deputy; the PIN is asked for"),
		OPTION_VALUE("effective", "TIME", &effective, "from when on (now)"),
		OPTION_VALUE("passes", "WORD", &passes,
			     "passes not yet shipped: stand (default), rejudge, retest, listed"),
		OPTION_VALUE(
			"adopt", "NAME,...", &adopt,
			"measurements whose assumed limits a supervisor makes the depot's own"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!as)
		return ctl_usage(self, "an approval needs --as");
	post_begin(&p);
	post_text(&p, "effective_at", effective);
	post_text(&p, "passes", passes);
	post_list(&p, "adopt", adopt);
	if (!post_sign(&p, as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return post_send(c, WEB_PROFILE_APPROVE, words[0], &p);
}

static void print_calibrations(const struct ctl *c, const json_t *root)
{
	const json_t *one;
	struct table table;
	size_t i;

	table_init(&table, 7, 0);
	table_row(&table, (const char *[]){M(RIG), M(DK_L_BAYS), M(DK_L_CHANNEL), M(STATE),
					   M(REVISION), M(DUE), M(DK_L_CERTIFICATE)});
	json_array_foreach(json_object_get(root, "calibrations"), i, one)
	{
		char revision[32], bays[80] = "";
		struct text state = {0};
		const json_t *bay;
		size_t k;

		json_array_foreach(json_object_get(one, "bays"), k, bay)
		{
			(void)snprintf(bays + strlen(bays), sizeof(bays) - strlen(bays), "%s%s",
				       k ? "," : "", json_string_value(bay));
		}
		put_said(c, member_text(one, "state"), &state);
		(void)text_from_double(revision, sizeof(revision), member_number(one, "revision"));
		table_row(&table, (const char *[]){member_text(one, "rig"), bays,
						   member_text(one, "channel"), state.buf, revision,
						   member_text(one, "due"),
						   member_text(one, "certificate")});
		text_release(&state);
	}
	print_list(c, &table);
}

CTL_COMMAND(cmd_calibration_list)
{
	return get_command(c, self, argc, argv, 0, WEB_CALIBRATIONS, print_calibrations);
}

static bool put_number(struct post *p, const char *key, const char *text)
{
	double v;

	if (!text || !text_to_double(text, strlen(text), &v))
		return false;
	json_kv_number(&p->json, key, v);
	return true;
}

/* "0:0.001,0.5:0.502": reference and reading of each point. */
static bool put_points(struct post *p, const char *key, const char *list)
{
	json_key(&p->json, key);
	json_open_array(&p->json);
	while (list && *list) {
		char one[80], *reading;
		size_t n = strcspn(list, ",");

		if (n >= sizeof(one))
			return false;
		memcpy(one, list, n);
		one[n] = '\0';
		list += n + (list[n] == ',');
		reading = strchr(one, ':');
		if (!reading)
			return false;
		*reading++ = '\0';
		json_open_object(&p->json);
		if (!put_number(p, "reference", one) || !put_number(p, "reading", reading))
			return false;
		json_end_object(&p->json);
	}
	json_end_array(&p->json);
	return true;
}

struct calibration_words {
	const char *bay, *channel, *reference, *certificate, *expires, *tolerance, *found, *left,
		*gain, *offset, *uncertainty, *due, *as;
};

static bool put_calibration(struct post *p, const struct calibration_words *w)
{
	post_text(p, "channel", w->channel);
	post_text(p, "reference", w->reference);
	post_text(p, "certificate", w->certificate);
	post_text(p, "certificate_expires", w->expires);
	post_text(p, "due", w->due);
	return put_number(p, "tolerance", w->tolerance) && put_number(p, "gain", w->gain) &&
	       put_number(p, "offset", w->offset) && put_number(p, "uncertainty", w->uncertainty) &&
	       put_points(p, "as_found", w->found) && put_points(p, "as_left", w->left);
}

CTL_COMMAND(cmd_calibration_add)
{
	struct calibration_words w = {.gain = "1", .offset = "0"};
	const char *words[CTL_ARGS_MAX];
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &w.bay, "a bay that has the channel"),
		OPTION_VALUE("channel", "NAME", &w.channel, "feed_pressure, ..."),
		OPTION_VALUE("reference", "TEXT", &w.reference, "what it was held against"),
		OPTION_VALUE("certificate", "TEXT", &w.certificate, "of the reference"),
		OPTION_VALUE("certificate-expires", "DAY", &w.expires, "its last day"),
		OPTION_VALUE("tolerance", "X", &w.tolerance, "in the channel's unit"),
		OPTION_VALUE("found", "REF:READING,...", &w.found, "before any adjustment"),
		OPTION_VALUE("left", "REF:READING,...", &w.left, "after it"),
		OPTION_VALUE("gain", "X", &w.gain, "value = gain * reading + offset (1)"),
		OPTION_VALUE("offset", "X", &w.offset, "in the channel's unit (0)"),
		OPTION_VALUE("uncertainty", "X", &w.uncertainty, "standard, in the channel's unit"),
		OPTION_VALUE("due", "DAY", &w.due, "last day it is good for"),
		OPTION_VALUE("as", "PERSON", &w.as, "who did it; the PIN is asked for"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!w.bay || !w.channel || !w.as)
		return ctl_usage(self, "a calibration needs --bay, --channel and --as");
	post_begin(&p);
	if (!put_calibration(&p, &w)) {
		text_release(&p.text);
		return ctl_usage(self,
				 "--tolerance, --uncertainty, --found and --left are numbers, "
				 "as 0:0.001,0.5:0.502");
	}
	if (!post_sign(&p, w.as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return post_send(c, WEB_CALIBRATE, w.bay, &p);
}
