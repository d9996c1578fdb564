/* SPDX-License-Identifier: MIT
 *
 * benchctl demo: the main job on the simulated rig. Two 600 GPD units side by side, a healthy
 * one and one with a fault; tickets, scans, runs, results, release answers. Ctrl-C at any
 * moment: the station makes safe and proves it, then the simulated rig goes.
 */
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "ctl/ctl.h"
#include "ctl/demo.h"

#define MODEL	"RO600"
#define PROFILE "ro600_quick"
enum { LOOK_MS = 100, START_S = 30, SCAN_S = 15, WHOLE_S = 85, STOP_S = 60 };

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	signalled = sig;
}

/* A line of the story, marked as all of it; words[0] for {1}. */
static void say(const struct demo *d, enum ctl_message m, const char *const *words)
{
	struct text line = {0};

	if (d->c->json)
		return;
	message_fill(d->c->zh, m, words, &line);
	(void)printf("%s  %s\n", message(d->c->zh, MSG_SIMULATED), line.buf);
	(void)fflush(stdout);
	text_release(&line);
}

static void gap(const struct demo *d)
{
	if (!d->c->json)
		(void)putchar('\n');
}

static bool is_over(void *ctx)
{
	struct demo *d = ctx;

	return signalled || clock_mono_ns() > d->end_ns;
}

/* ---- the steps: each 0, or an exit code, told ---- */

static int told(const struct error *err)
{
	(void)ctl_fail("%s", err->text);
	return err->code == ERR_USAGE ? CTL_USAGE : CTL_NO_STATION;
}

/* Until ready(d) is positive. */
static int wait_until(struct demo *d, const char *what, int seconds, int (*ready)(struct demo *d))
{
	int64_t end_ns = clock_mono_ns() + seconds * NS_PER_S;
	struct error err = {0};

	for (;;) {
		if (signalled)
			return CTL_INTERRUPTED;
		if (!demo_is_alive(&d->processes, &err))
			return told(&err);
		if (ready(d) > 0)
			return CTL_OK;
		if (clock_mono_ns() > end_ns) {
			(void)ctl_fail("%s took longer than %d s; logs are in %s", what, seconds,
				       d->options.dir);
			demo_show_log(d->processes.station_log);
			return CTL_NO_STATION;
		}
		ctl_pause_ms(LOOK_MS);
	}
}

static int rig_is_up(struct demo *d)
{
	return demo_rig_is_up(&d->processes);
}

/* The bay's JSON within root, borrowed. */
static const json_t *find_bay(const json_t *root, const char *name)
{
	const json_t *b;
	size_t i;

	json_array_foreach(json_object_get(root, "bays"), i, b)
	{
		if (strcmp(member_text(b, "bay"), name) == 0)
			return b;
	}
	return NULL;
}

static int count_bays(struct demo *d, bool (*is)(const json_t *bay, int unit))
{
	struct error err;
	json_t *root = NULL;
	int n = 0;

	if (ctl_try(d->c, WEB_BAYS, NULL, "", NULL, &root, &err) < 0) {
		ctl_close(d->c); /* not there yet: connect again next time */
		return 0;
	}
	for (int i = 0; i < DEMO_BAYS; i++)
		n += is(find_bay(root, demo_units[i].bay), i);
	json_decref(root);
	return n;
}

static bool bay_is_ready(const json_t *bay, int unit)
{
	(void)unit;
	return strcmp(member_text(bay, "state"), "ready") == 0;
}

static bool bay_is_scanned(const json_t *bay, int unit)
{
	const json_t *scanned = json_object_get(bay, "scanned");

	return strcmp(member_text(scanned, "ticket"), demo_units[unit].ticket) == 0 &&
	       strcmp(member_text(scanned, "serial"), demo_units[unit].serial) == 0;
}

static int bays_are_ready(struct demo *d)
{
	return count_bays(d, bay_is_ready) == DEMO_BAYS;
}

static int bays_are_scanned(struct demo *d)
{
	return count_bays(d, bay_is_scanned) == DEMO_BAYS;
}

static int add_tickets(struct demo *d)
{
	int code = CTL_OK;

	for (int i = 0; i < DEMO_BAYS && code == CTL_OK; i++) {
		struct text body = {0};

		text_printf(&body, "{\"serial\":\"%s\",\"model\":\"%s\",\"mail_back\":true}",
			    demo_units[i].serial, MODEL);
		code = ctl_call(d->c, WEB_TICKET_PUT, demo_units[i].ticket, "", body.buf, NULL);
		text_release(&body);
	}
	return code;
}

static int start_runs(struct demo *d)
{
	for (int i = 0; i < DEMO_BAYS; i++) {
		struct text body = {0};
		json_t *begun = NULL;
		int code;

		/* ticket and serial are those that the bay's scanner read */
		text_printf(&body,
			    "{\"bay\":\"%s\",\"run_type\":\"post_repair_qc\","
			    "\"profile\":\"" PROFILE "\",\"operator\":\"demo\"}",
			    demo_units[i].bay);
		code = ctl_call(d->c, WEB_RUN_START, NULL, "", body.buf, &begun);
		text_release(&body);
		if (code)
			return code;
		text_copy(d->runs[i].bay, sizeof(d->runs[i].bay), demo_units[i].bay);
		text_copy(d->runs[i].run, sizeof(d->runs[i].run), member_text(begun, "run"));
		json_decref(begun);
	}
	return CTL_OK;
}

static int bring_up(struct demo *d)
{
	struct error err = {0};
	char speed[16];
	int code;

	(void)snprintf(speed, sizeof(speed), "%d", d->options.speed);
	say(d, MSG_D_UNITS, (const char *[]){speed});
	say(d, MSG_D_RIG, NULL);
	if (demo_start_rig(&d->processes, &err) < 0)
		return told(&err);
	code = wait_until(d, "the simulated rig", START_S, rig_is_up);
	if (code)
		return code;
	say(d, MSG_D_PROVES, NULL);
	if (demo_start_station(&d->processes, &err) < 0)
		return told(&err);
	code = wait_until(d, "the proof of the safe state", START_S, bays_are_ready);
	if (code)
		return code;
	say(d, MSG_D_READY, NULL);
	code = add_tickets(d);
	if (code)
		return code;
	say(d, MSG_D_TICKETS, (const char *[]){demo_units[0].ticket, demo_units[1].ticket});
	return wait_until(d, "scanning", SCAN_S, bays_are_scanned);
}

static int run_both(struct demo *d)
{
	bool expected = true, slow = false;
	int code = start_runs(d);

	if (code)
		return code;
	say(d, MSG_D_RUNS, NULL);
	gap(d);
	code = watch_runs(d->c, d->runs, DEMO_BAYS, is_over, d);
	if (code == CTL_INTERRUPTED && !signalled) {
		(void)ctl_fail("the runs took longer than %d s", WHOLE_S);
		return CTL_NO_PASS;
	}
	if (code)
		return code;
	for (int i = 0; i < DEMO_BAYS; i++) {
		expected = expected && demo_is_as_expected(&d->options, &d->runs[i]);
		slow = slow || demo_was_too_slow(&d->options, &d->runs[i]);
	}
	if (!(d->c->json ? demo_json_results(d, expected) : demo_print_results(d)))
		return CTL_NO_STATION;
	if (!expected)
		(void)ctl_fail("%s", message(false, slow ? MSG_D_SLOW : MSG_D_UNEXPECTED));
	return expected ? CTL_OK : CTL_NO_PASS;
}

static void say_what_to_try(const struct demo *d, const char *state)
{
	const char *bin = d->options.bin_dir;
	struct text url = {0}, token = {0};

	text_printf(&url, "http://127.0.0.1:%d/api/v1/station", d->options.port);
	text_printf(&token, "%s/token", state);
	gap(d);
	say(d, MSG_D_STAYS, (const char *[]){url.buf});
	say(d, MSG_D_TOKEN, (const char *[]){token.buf});
	say(d, MSG_D_TRY, NULL);
	if (!d->c->json)
		(void)printf("  %s/benchctl --state %s bay list\n"
			     "  %s/benchctl --state %s run list\n"
			     "  %s/benchctl --state %s run start --bay 1 --ticket %s --serial %s "
			     "--profile " PROFILE " --watch\n",
			     bin, state, bin, state, bin, state, demo_units[0].ticket,
			     demo_units[0].serial);
	(void)fflush(stdout);
	text_release(&url);
	text_release(&token);
}

static int stay_up(struct demo *d)
{
	/* whole: another terminal may stand in another folder */
	char *whole = realpath(d->processes.state, NULL);
	struct error err = {0};

	say_what_to_try(d, whole ? whole : d->processes.state);
	free(whole);
	while (!signalled) {
		if (!demo_is_alive(&d->processes, &err))
			return told(&err);
		ctl_pause_ms(LOOK_MS);
	}
	return CTL_INTERRUPTED;
}

/* ---- the end ---- */

/* What the station says while it stops: verdicts and proofs. */
static void print_last_words(struct demo *d, int64_t end_ns)
{
	struct text event = {0};
	struct error err;
	bool zh = d->c->zh;

	while (clock_mono_ns() < end_ns && client_event(d->c->client, LOOK_MS, &event, &err) >= 0) {
		json_t *e = event.len ? json_load_limited(event.buf, event.len, 1 << 20, &err)
				      : NULL;
		bool proven = member_is_true(e, "proven");

		if (strcmp(member_text(e, "type"), "run_finished") == 0 && !d->c->json)
			(void)printf("%s  %s %s: %s, %s\n", message(zh, MSG_SIMULATED),
				     message(zh, MSG_BAY), member_text(e, "bay"),
				     verdict_text(d->c, member_text(e, "verdict")),
				     message(zh, proven ? MSG_SAFE_PROVEN : MSG_SAFE_UNPROVEN));
		json_decref(e);
	}
	text_release(&event);
}

static int end_demo(struct demo *d, int code)
{
	struct demo_processes *p = &d->processes;
	struct error err;
	bool ended = true, had_station = p->station > 0;

	if (p->station) {
		int64_t end_ns = clock_mono_ns() + STOP_S * NS_PER_S;

		gap(d);
		say(d, MSG_D_STOPPING, NULL);
		ctl_close(d->c);
		bool listens = ctl_try(d->c, WEB_EVENTS, NULL, "", NULL, NULL, &err) == 0;

		demo_ask_station(p);
		if (listens)
			print_last_words(d, end_ns);
		ended = demo_await_station(p, STOP_S);
	}
	ctl_close(d->c);
	demo_stop_rig(p);
	demo_clean(p);
	for (int i = 0; i < DEMO_BAYS; i++)
		json_decref(d->runs[i].document);
	if (!had_station) /* never there, or it ended by itself, and that was told */
		return signalled ? CTL_INTERRUPTED : code;
	if (!ended || p->station_code) {
		(void)ctl_fail("benchd did not end well (code %d); its log is %s", p->station_code,
			       p->station_log);
		demo_show_log(p->station_log);
		return signalled ? CTL_INTERRUPTED : code ? code : CTL_NO_STATION;
	}
	say(d, MSG_D_ENDED, NULL);
	say(d, MSG_D_RECORDS, (const char *[]){d->options.dir});
	return signalled ? CTL_INTERRUPTED : code;
}

/* ---- options ---- */

/* DIR/name if it is there, else name in this folder, else as installed. */
static const char *find_data(const char *given, const char *here, const char *installed)
{
	if (given)
		return given;
	return access(here, R_OK) == 0 ? here : installed;
}

static bool own_folder(char *dst, size_t size)
{
	char path[400];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return false;
	path[n] = '\0';
	return text_copy(dst, size, dirname(path));
}

static void fresh_dir(struct demo *d)
{
	const char *base = access("build", W_OK) == 0 ? "build/demo" : "/tmp/benchd-demo";
	time_t now = (time_t)(clock_utc_us() / 1000000);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)snprintf(d->dir, sizeof(d->dir), "%s/%04d%02d%02dT%02d%02d%02d-%d", base,
		       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		       tm.tm_sec, (int)getpid());
	d->options.dir = d->dir;
}

static void catch_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal}; /* no SA_RESTART: waits end early */

	(void)sigaction(SIGINT, &a, NULL);
	(void)sigaction(SIGTERM, &a, NULL);
	(void)sigaction(SIGHUP, &a, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static int run_demo(struct demo *d, bool stay)
{
	struct error err = {0};
	int code;

	if (demo_prepare(&d->processes, &d->options, &err) < 0)
		return told(&err);
	(void)snprintf(d->c->state, sizeof(d->c->state), "%s", d->processes.state);
	catch_signals();
	d->end_ns = clock_mono_ns() + WHOLE_S * NS_PER_S;
	code = bring_up(d);
	if (code == CTL_OK)
		code = run_both(d);
	if (code <= CTL_NO_PASS && stay && !signalled) {
		int stayed = stay_up(d);

		code = stayed == CTL_INTERRUPTED ? code : stayed;
	}
	return end_demo(d, code);
}

CTL_COMMAND(cmd_demo)
{
	const char *words[CTL_ARGS_MAX], *speed = NULL, *fault = NULL, *seed = "1", *port = NULL;
	const char *dir = NULL, *fixture = NULL, *profiles = NULL;
	bool stay = false, no_stay = false;
	const struct ctl_option options[] = {
		OPTION_VALUE("speed", "N", &speed, "run time is N times wall time, 1..20 (6)"),
		OPTION_VALUE("fault", "[BAY:]NAME[=K][@S],...", &fault,
			     "what is wrong with the units (2:membrane_torn; none: \"\")"),
		OPTION_VALUE("seed", "N", &seed, "of the simulated noise (1)"),
		OPTION_VALUE("port", "N", &port, "of the HTTP API (8470)"),
		OPTION_VALUE("dir", "DIR", &dir, "where everything goes (build/demo/TIME)"),
		OPTION_VALUE("fixture", "FILE", &fixture, "fixtures/sim.yaml"),
		OPTION_VALUE("profiles", "DIR", &profiles, "profiles"),
		OPTION_FLAG("stay", &stay, "stay up until Ctrl-C (default on a terminal)"),
		OPTION_FLAG("no-stay", &no_stay, "end when the runs have ended"),
		OPTION_END,
	};
	int64_t speed_n = 6, port_n = 8470, seed_n = 1;
	struct demo d = {.c = c};
	char *faults;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!ctl_number(self, "speed", speed, 1, 20, &speed_n) ||
	    !ctl_number(self, "port", port, 1, 65535, &port_n) ||
	    !ctl_number(self, "seed", seed, 0, INT64_MAX, &seed_n))
		return CTL_USAGE;
	if (!own_folder(d.bin_dir, sizeof(d.bin_dir)))
		return ctl_usage(self, "this program does not find its own folder");
	d.options = (struct demo_options){.bin_dir = d.bin_dir,
					  .speed = (int)speed_n,
					  .port = (int)port_n,
					  .seed = seed,
					  .dir = dir};
	d.options.fixture =
		find_data(fixture, "fixtures/sim.yaml", BENCHD_DATADIR "/fixtures/sim.yaml");
	d.options.profiles = find_data(profiles, "profiles", BENCHD_DATADIR "/profiles");
	faults = xstrdup(fault ? fault : "2:membrane_torn");
	for (char *s = strtok(faults, ","); s && d.options.fault_count < DEMO_FAULTS_MAX;
	     s = strtok(NULL, ","))
		d.options.faults[d.options.fault_count++] = s;
	if (!dir)
		fresh_dir(&d);
	code = run_demo(&d, stay || (!no_stay && c->terminal));
	free(faults);
	return code;
}
