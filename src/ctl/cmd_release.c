/* SPDX-License-Identifier: MIT
 *
 * Record a release, lift reasons, withdraw. release show stands with the tickets.
 */
#include <stdio.h>
#include <string.h>

#include "post.h"

/* A blocked release is an answer too, and no mistake: exit code 1. */
static int send_it(struct ctl *c, enum web_route route, const char *ticket, struct post *p)
{
	json_t *reply = NULL;
	struct text out = {0};
	int code;

	json_end_object(&p->json);
	code = ctl_ask(c, route, ticket, p->text.buf, &reply);
	text_release(&p->text);
	if (!reply || c->json) {
		json_decref(reply);
		return code;
	}
	if (json_object_get(reply, "decision")) {
		show_release(c, reply, &out);
		(void)fputs(out.buf, stdout);
	} else if (code) {
		ctl_tell_detail(reply);
	} else {
		(void)printf("%s: %s\n", ticket, message(c->zh, MSG_RECORDED));
	}
	text_release(&out);
	json_decref(reply);
	return code;
}

CTL_COMMAND(cmd_release_record)
{
	const char *words[CTL_ARGS_MAX], *seq = NULL, *disposition = NULL, *serial = NULL,
					 *as = NULL;
	bool drained = false, safe = false, labelled = false, unusable = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("repair-seq", "N", &seq, "of the ticket as you saw it (default 0)"),
		OPTION_VALUE("disposition", "WORD", &disposition,
			     "repaired, no_fault_found, returned_unrepaired, scrapped, replaced"),
		OPTION_FLAG("drained", &drained, "the unit is drained"),
		OPTION_FLAG("electrically-safe", &safe, "and electrically safe or disabled"),
		OPTION_FLAG("labelled", &labelled, "and labelled NOT REPAIRED"),
		OPTION_FLAG("unusable", &unusable, "rendered unusable"),
		OPTION_VALUE("replacement", "SERIAL", &serial, "the unit that takes its place"),
		OPTION_VALUE("as", "PERSON", &as, "who signs; the PIN is asked for"),
		OPTION_END,
	};
	int64_t repair_seq = 0;
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	if (!ctl_number(self, "repair-seq", seq, 0, INT32_MAX, &repair_seq))
		return CTL_USAGE;
	post_begin(&p);
	json_kv_int(&p.json, "repair_seq", repair_seq);
	json_kv_string(&p.json, "disposition", disposition ? disposition : "repaired");
	json_kv_bool(&p.json, "drained", drained);
	json_kv_bool(&p.json, "electrically_safe", safe);
	json_kv_bool(&p.json, "labelled", labelled);
	json_kv_bool(&p.json, "rendered_unusable", unusable);
	if (serial)
		json_kv_string(&p.json, "replacement_serial", serial);
	if (as && !post_sign(&p, as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return send_it(c, WEB_RELEASE_POST, words[0], &p);
}

CTL_COMMAND(cmd_release_override)
{
	const char *words[CTL_ARGS_MAX], *seq = NULL, *reason = NULL, *as = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("repair-seq", "N", &seq, "of the ticket as you saw it (default 0)"),
		OPTION_VALUE("reason", "TEXT", &reason, "why; it stays visible for ever"),
		OPTION_VALUE("as", "PERSON", &as, "the supervisor who signs; the PIN is asked for"),
		OPTION_END,
	};
	int64_t repair_seq = 0;
	struct post p;
	int code, n = ctl_parse(self, options, argc, argv, words, 2, CTL_ARGS_MAX, &code);

	if (n < 0)
		return code;
	if (!ctl_number(self, "repair-seq", seq, 0, INT32_MAX, &repair_seq))
		return CTL_USAGE;
	post_begin(&p);
	json_kv_int(&p.json, "repair_seq", repair_seq);
	json_kv_string(&p.json, "reason", reason ? reason : "");
	json_key(&p.json, "codes");
	json_open_array(&p.json);
	for (int i = 1; i < n; i++)
		json_put_string(&p.json, words[i]);
	json_end_array(&p.json);
	if (as && !post_sign(&p, as)) {
		text_release(&p.text);
		return CTL_USAGE;
	}
	return send_it(c, WEB_OVERRIDE, words[0], &p);
}

CTL_COMMAND(cmd_release_withdraw)
{
	const char *words[CTL_ARGS_MAX], *reason = NULL;
	bool recall = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("reason", "TEXT", &reason, "why"),
		OPTION_FLAG("recall", &recall, "it has left: recall it, not only stop it"),
		OPTION_END,
	};
	struct post p;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 1, 1, &code) < 0)
		return code;
	post_begin(&p);
	json_kv_string(&p.json, "kind", recall ? "recall" : "stop_shipment");
	json_kv_string(&p.json, "reason", reason ? reason : "");
	return send_it(c, WEB_WITHDRAW, words[0], &p);
}
