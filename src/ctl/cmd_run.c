/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "post.h"

#define M(id) message(c->zh, MSG_##id)
enum { SCAN_LOOK_MS = 200 };

static void print_run(const struct ctl *c, const json_t *run)
{
	struct text out = {0};

	show_run(c, run, &out);
	(void)fputs(out.buf, stdout);
	text_release(&out);
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = sig;
}

static bool is_interrupted(void *ctx)
{
	(void)ctx;
	return interrupted;
}

/* Follow one run to its record and print that; exit code by its verdict. Ctrl-C ends the looking,
 * not the run. */
static int follow(struct ctl *c, const char *id, const char *bay)
{
	const struct sigaction action = {.sa_handler = on_interrupt};
	struct watched run = {.done = false};
	char *bytes;
	int code;

	text_copy(run.run, sizeof(run.run), id);
	text_copy(run.bay, sizeof(run.bay), bay);
	(void)sigaction(SIGINT, &action, NULL);
	code = watch_runs(c, &run, 1, is_interrupted, NULL);
	if (code == CTL_INTERRUPTED) {
		struct text command = {0}, line = {0};

		put_command(c, &command, "run abort --bay %s", bay);
		message_fill(c->zh, MSG_RUN_GOES_ON, (const char *[]){command.buf}, &line);
		(void)fprintf(stderr, "\n%s\n", line.buf);
		text_release(&command);
		text_release(&line);
	}
	if (code)
		return code;
	code = verdict_exit_code(member_text(run.document, "verdict"));
	if (c->json) {
		bytes = json_dumps(run.document, JSON_COMPACT | JSON_REAL_PRECISION(9));
		(void)printf("%s\n", bytes ? bytes : "{}");
		free(bytes);
	} else {
		(void)putchar('\n');
		print_run(c, run.document);
		(void)print_release(c, member_text(run.document, "ticket"));
	}
	json_decref(run.document);
	return code;
}

/* A bay at work, or one that cannot start, is told at once: no scan would help. */
static int check_free(struct ctl *c, const json_t *bay)
{
	static const char *const blocked[] = {"not_ready", "tripped",
					      "locked"}; /* [1..]: by reset */
	const char *name = member_text(bay, "bay"), *state = member_text(bay, "state");
	const char *reason = member_text(bay, "reason");
	struct text command = {0};

	if (member_text(bay, "ticket")[0]) {
		put_command(c, &command, "run watch --bay %s", name);
		(void)ctl_fail("bay %s is busy with ticket %s (run %s); watch it: %s", name,
			       member_text(bay, "ticket"),
			       member_text(bay, "run")[0] ? member_text(bay, "run") : "-",
			       command.buf);
		text_release(&command);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++) {
		if (strcmp(blocked[i], state) != 0)
			continue;
		if (i)
			(void)ctl_fail("bay %s is %s: %s; find the cause, then: benchctl bay reset "
				       "%s",
				       name, state, reason, name);
		else
			(void)ctl_fail("bay %s is %s: %s", name, state, reason);
		return CTL_USAGE;
	}
	return CTL_OK;
}

/* What is waited for, told when it changes: the ticket, then the serial. */
static void tell_awaited(const struct ctl *c, const char *bay, const char *ticket, int64_t left_s)
{
	struct text line = {0};
	char left[24];

	(void)snprintf(left, sizeof(left), "%lld", (long long)left_s);
	text_printf(&line, "%s %s: ", M(BAY), bay);
	if (ticket[0])
		message_fill(c->zh, MSG_WAIT_SERIAL, (const char *[]){ticket, left}, &line);
	else
		message_fill(c->zh, MSG_WAIT_TICKET, (const char *[]){left}, &line);
	(void)fprintf(stderr, "%s\n", line.buf);
	text_release(&line);
}

/* Wait until the bay's scanner has read a ticket and a serial. */
static int await_scan(struct ctl *c, const char *bay, int64_t timeout_s)
{
	int64_t end_ns = clock_mono_ns() + timeout_s * NS_PER_S;
	char told[64] = "-";

	for (;;) {
		json_t *b = NULL;
		int code = ctl_call(c, WEB_BAY, bay, "", NULL, &b);
		const json_t *scanned = json_object_get(b, "scanned");
		const char *ticket = member_text(scanned, "ticket");
		bool both = ticket[0] && member_text(scanned, "serial")[0];
		int64_t left_s = (end_ns - clock_mono_ns()) / NS_PER_S;

		if (code == CTL_OK)
			code = check_free(c, b);
		if (code == CTL_OK && !both && strcmp(told, ticket) != 0) {
			tell_awaited(c, bay, ticket, left_s < 0 ? 0 : left_s);
			text_copy(told, sizeof(told), ticket);
		}
		json_decref(b);
		if (code || both)
			return code;
		if (clock_mono_ns() >= end_ns) {
			(void)ctl_fail("bay %s: nothing was scanned within %lld s; scan again, or "
				       "name --ticket and --serial",
				       bay, (long long)timeout_s);
			return CTL_USAGE;
		}
		ctl_pause_ms(SCAN_LOOK_MS);
	}
}

struct start_words {
	const char *bay, *ticket, *serial, *type, *profile, *who;
};

static void start_body(const struct start_words *w, struct text *out)
{
	const char *const pairs[][2] = {{"bay", w->bay},	 {"ticket", w->ticket},
					{"serial", w->serial},	 {"run_type", w->type},
					{"profile", w->profile}, {"operator", w->who}};
	struct json j;

	json_init(&j, out);
	json_open_object(&j);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i][1])
			json_kv_string(&j, pairs[i][0], pairs[i][1]);
	json_end_object(&j);
}

static int start(struct ctl *c, const struct start_words *w, bool watch)
{
	struct text body = {0};
	json_t *begun = NULL;
	char id[64];
	int code;

	start_body(w, &body);
	code = ctl_call(c, WEB_RUN_START, NULL, "", body.buf, &begun);
	text_release(&body);
	if (code)
		return code;
	text_copy(id, sizeof(id), member_text(begun, "run"));
	json_decref(begun);
	if (c->json && !watch)
		ctl_put_reply(c);
	if (!c->json)
		(void)printf("%s %s %s: %s %s\n", M(STARTED), M(BAY), w->bay, M(RUN), id);
	return watch ? follow(c, id, w->bay) : CTL_OK;
}

CTL_COMMAND(cmd_run_start)
{
	struct start_words w = {0};
	const char *words[CTL_ARGS_MAX], *timeout = NULL;
	bool scan = false, watch = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &w.bay, "where the unit is"),
		OPTION_VALUE("ticket", "ID", &w.ticket, "its ticket"),
		OPTION_VALUE("serial", "SERIAL", &w.serial, "as read from its plate"),
		OPTION_VALUE("type", "RUN_TYPE", &w.type,
			     "incoming, diagnosis, post_repair_qc (default), trial_run, ..."),
		OPTION_VALUE("profile", "ID", &w.profile,
			     "default: the releasable one for model and run type"),
		OPTION_VALUE("operator", "NAME", &w.who, "who starts it"),
		OPTION_FLAG("scan", &scan, "wait for the bay's scanner: ticket, then serial"),
		OPTION_VALUE("scan-timeout", "SECONDS", &timeout, "with --scan (default 120)"),
		OPTION_FLAG("watch", &watch, "follow it to its verdict"),
		OPTION_END,
	};
	int64_t timeout_s = 120;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!w.bay)
		return ctl_usage(self, "name the --bay");
	if (!ctl_number(self, "scan-timeout", timeout, 1, 3600, &timeout_s))
		return CTL_USAGE;
	if (scan) {
		code = await_scan(c, w.bay, timeout_s);
		if (code)
			return code;
	}
	return start(c, &w, watch);
}

CTL_COMMAND(cmd_run_watch)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "the run at this bay"),
		OPTION_END,
	};
	char id[64], at_bay[16];
	json_t *run = NULL;
	int code, n = ctl_parse(self, options, argc, argv, words, 0, 1, &code);

	if (n < 0)
		return code;
	code = find_run(c, n ? words[0] : NULL, bay, id, at_bay);
	if (code)
		return code;
	if (at_bay[0])
		return follow(c, id, at_bay);
	/* It has ended: what is recorded. */
	code = ctl_call(c, WEB_RUN_GET, id, "", NULL, &run);
	if (code)
		return code;
	if (c->json)
		ctl_put_reply(c);
	else
		print_run(c, run);
	code = verdict_exit_code(member_text(run, "verdict"));
	json_decref(run);
	return code;
}

CTL_COMMAND(cmd_run_answer)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL, *prompt = NULL, *who = NULL, *run;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "the run at this bay"),
		OPTION_VALUE("prompt", "ID", &prompt, "which question (default: the open one)"),
		OPTION_VALUE("operator", "NAME", &who, "who answers"),
		OPTION_END,
	};
	char id[64], at_bay[16];
	struct text body = {0};
	struct json j;
	int code, n = ctl_parse(self, options, argc, argv, words, 1, 2, &code);

	if (n < 0)
		return code;
	run = n == 2 ? words[0] : NULL;
	code = find_run(c, run, bay, id, at_bay);
	if (code)
		return code;
	json_init(&j, &body);
	json_open_object(&j);
	if (prompt)
		json_kv_string(&j, "prompt", prompt);
	if (who)
		json_kv_string(&j, "operator", who);
	json_kv_string(&j, "answer", words[n - 1]);
	json_end_object(&j);
	code = ctl_call(c, WEB_RUN_ANSWER, id, "", body.buf, NULL);
	text_release(&body);
	if (code == CTL_OK && c->json)
		ctl_put_reply(c);
	else if (code == CTL_OK)
		(void)printf("%s %s: %s\n", M(BAY), at_bay,
			     c->status == 202 ? M(N_TYPE_AGAIN) : M(ANSWERED));
	return code;
}

CTL_COMMAND(cmd_run_abort)
{
	const char *words[CTL_ARGS_MAX], *bay = NULL;
	const struct ctl_option options[] = {
		OPTION_VALUE("bay", "N", &bay, "the run at this bay"),
		OPTION_END,
	};
	char id[64], at_bay[16];
	int code, n = ctl_parse(self, options, argc, argv, words, 0, 1, &code);

	if (n < 0)
		return code;
	code = find_run(c, n ? words[0] : NULL, bay, id, at_bay);
	if (code == CTL_OK)
		code = ctl_call(c, WEB_RUN_ABORT, id, "", "{}", NULL);
	if (code == CTL_OK && c->json)
		ctl_put_reply(c);
	else if (code == CTL_OK)
		(void)printf("%s %s: %s\n", M(RUN), id, M(ABORT_ASKED));
	return code;
}

CTL_COMMAND(cmd_run_show)
{
	return get_command(c, self, argc, argv, 1, WEB_RUN_GET, print_run);
}

static void print_runs(const struct ctl *c, const json_t *root)
{
	const json_t *list = json_object_get(root, "runs");
	const char *next = member_text(root, "next");
	struct table t;
	const json_t *r;
	size_t i;

	table_init(&t, 8, 0);
	table_row(&t, (const char *[]){M(RUN), M(TICKET), M(SERIAL), M(BAY), M(PROFILE), M(VERDICT),
				       M(STARTED), ""});
	json_array_foreach(list, i, r)
	{
		const char *verdict = member_text(r, "verdict");
		char started[32];

		/* to the second: 2026-01-31T08:00:00 and Z */
		(void)snprintf(started, sizeof(started), "%.19sZ", member_text(r, "started"));
		table_row(&t, (const char *[]){member_text(r, "id"), member_text(r, "ticket"),
					       member_text(r, "serial"), member_text(r, "bay"),
					       member_text(r, "profile"),
					       verdict[0] ? verdict_text(c, verdict) : "-", started,
					       member_is_true(r, "simulated") ? M(SIMULATED) : ""});
	}
	print_list(c, &t);
	if (next[0])
		fprintf(stderr, "%s --before %s\n", M(MORE_RUNS), next); /* the table stays one */
}

CTL_COMMAND(cmd_run_list)
{
	enum {
		TICKET,
		SERIAL,
		MODEL,
		BAY,
		TYPE,
		PROFILE,
		VERDICT,
		FROM,
		TO,
		BEFORE,
		LIMIT,
		FILTERS
	};
	static const char *const names[FILTERS] = {
		[TICKET] = "ticket", [SERIAL] = "serial",   [MODEL] = "model",
		[BAY] = "bay",	     [TYPE] = "run_type",   [PROFILE] = "profile",
		[FROM] = "from",     [VERDICT] = "verdict", [TO] = "to",
		[LIMIT] = "limit",   [BEFORE] = "before",
	};
	const char *words[CTL_ARGS_MAX], *of[FILTERS] = {NULL};
	const struct ctl_option options[] = {
		OPTION_VALUE("ticket", "ID", &of[TICKET], "only of this ticket"),
		OPTION_VALUE("serial", "SERIAL", &of[SERIAL], "only of this serial"),
		OPTION_VALUE("model", "MODEL", &of[MODEL], "only of this model"),
		OPTION_VALUE("bay", "N", &of[BAY], "only at this bay"),
		OPTION_VALUE("type", "TYPE", &of[TYPE], "only of this run type"),
		OPTION_VALUE("profile", "ID", &of[PROFILE], "only of this profile"),
		OPTION_VALUE("verdict", "V", &of[VERDICT], "only of this verdict; open: goes on"),
		OPTION_VALUE("from", "TIME", &of[FROM],
			     "begun then or later, like 2026-01-31T08:00:00Z"),
		OPTION_VALUE("to", "TIME", &of[TO], "begun before"),
		OPTION_VALUE("before", "RUN", &of[BEFORE],
			     "the page behind the one that ends with RUN"),
		OPTION_VALUE("limit", "N", &of[LIMIT], "at most N (default 50)"),
		OPTION_END,
	};
	struct text query = {0};
	int64_t n = 50;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!ctl_number(self, "limit", of[LIMIT], 1, 1000, &n))
		return CTL_USAGE;
	for (int i = 0; i < FILTERS; i++)
		query_add(&query, names[i], of[i]);
	code = get_and_print(c, WEB_RUNS, NULL, query.buf, print_runs);
	text_release(&query);
	return code;
}
