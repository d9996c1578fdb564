/* SPDX-License-Identifier: MIT
 *
 * The child processes of --spawn: one benchd-io per rig and one benchd-web, each in its own process group.
 * They end when benchd's link closes. An io that died, or that is silent for 2 s and is killed, is followed by
 * `benchd-io --make-safe`, whose word is the proof, and then by a new io; at most 5 starts in 60 s.
 */
#include "station/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE		"spawn"
#define IO_SILENT_NS	(2 * NS_PER_S)
#define IO_CONNECT_NS	(10 * NS_PER_S)
#define END_PATIENCE_NS (30 * NS_PER_S)
#define WEB_PATIENCE_NS (3 * NS_PER_S)
/* stop order, proof and what the buses take; its own bounds are below that */
#define MAKE_SAFE_NS (45 * NS_PER_S)
enum { STARTS_MAX = 5, WINDOW_S = 60 };

static struct child *find_child(struct station *s, const char *what, const struct rig_link *r)
{
	for (int i = 0; i < s->child_count; i++)
		if (!strcmp(s->children[i].what, what) && s->children[i].rig == r)
			return &s->children[i];
	return NULL;
}

static struct child *add_child(struct station *s, const char *what, struct rig_link *r)
{
	struct child *c = find_child(s, what, r);
	if (c)
		return c;
	if (s->child_count == (int)(sizeof(s->children) / sizeof(s->children[0])))
		panic("more children than a station has");
	c = &s->children[s->child_count++];
	c->what = what;
	c->rig = r;
	return c;
}

static int run(struct child *c, char *const argv[], struct error *err)
{
	pid_t pid = fork();
	if (pid < 0)
		return error_errno(err, "start of %s", argv[0]);
	if (!pid) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		setpgid(0, 0);
		execv(argv[0], argv);
		fprintf(stderr, "benchd: cannot start %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	c->pid = pid;
	c->began_ns = clock_mono_ns();
	c->window_ns = c->window_ns ? c->window_ns : clock_mono_ns();
	log_debug(MODULE, "%s is pid %d", c->what, (int)pid);
	return 0;
}

struct args {
	char *v[32];
	int n;
	char text[12][700];
	int used;
};

static void arg(struct args *a, const char *s)
{
	/* argv wants char *, and execv does not write to it */
	snprintf(a->text[a->used], sizeof(a->text[0]), "%s", s);
	a->v[a->n++] = a->text[a->used++];
	a->v[a->n] = NULL;
}

static void path_arg(struct args *a, const char *dir, const char *name)
{
	char path[600];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	arg(a, path);
}

static void pair_arg(struct args *a, const char *flag, const char *value)
{
	char both[700];
	snprintf(both, sizeof(both), "%s=%s", flag, value);
	arg(a, both);
}

static void number_arg(struct args *a, const char *flag, long long value)
{
	char both[96];
	snprintf(both, sizeof(both), "%s=%lld", flag, value);
	arg(a, both);
}

static void io_args(struct args *a, const struct station *s, const char *fixture)
{
	path_arg(a, s->options.bin_dir, "benchd-io");
	pair_arg(a, "--fixture", fixture);
	if (s->options.sim_dir)
		pair_arg(a, "--sim-dir", s->options.sim_dir);
	number_arg(a, "--speed", s->scale.speed);
	number_arg(a, "--origin", (long long)s->scale.origin_ns);
}

static int start_io(struct rig_link *r, struct error *err)
{
	struct station *s = r->station;
	struct args a = {.n = 0};
	char link[600];
	io_args(&a, s, r->fixture->path);
	snprintf(link, sizeof(link), "%s/io.sock", s->options.state_dir);
	pair_arg(&a, "--link", link);
	arg(&a, "--exit-with-link");
	if (s->options.trace_dir)
		pair_arg(&a, "--trace", s->options.trace_dir);
	r->heard_ns = clock_mono_ns();
	return run(add_child(s, "benchd-io", r), a.v, err);
}

static int start_web(struct station *s, struct error *err)
{
	struct args a = {.n = 0};
	char link[600];
	path_arg(&a, s->options.bin_dir, "benchd-web");
	pair_arg(&a, "--state", s->options.state_dir);
	snprintf(link, sizeof(link), "%s/web.sock", s->options.state_dir);
	pair_arg(&a, "--link", link);
	number_arg(&a, "--port", s->options.port);
	if (s->options.lan_names)
		pair_arg(&a, "--lan-names", s->options.lan_names);
	if (s->options.ca_file)
		pair_arg(&a, "--ca-file", s->options.ca_file);
	arg(&a, "--exit-with-link");
	return run(add_child(s, "benchd-web", NULL), a.v, err);
}

static void spawn_make_safe(struct rig_link *r)
{
	struct station *s = r->station;
	struct args a = {.n = 0};
	struct error err;
	io_args(&a, s, r->fixture->path);
	arg(&a, "--make-safe");
	if (run(add_child(s, "make-safe", r), a.v, &err)) {
		log_error(MODULE, "%s", err.text);
		bays_made_safe(r, false, err.text);
	}
}

int spawn_check(struct station *s, struct error *err)
{
	struct child c = {.what = "benchd-io --check"};
	struct args a;
	int status;

	for (int i = 0; i < s->options.fixture_count; i++) {
		a.n = a.used = 0;
		io_args(&a, s, s->options.fixtures[i]);
		arg(&a, "--check");
		if (s->options.trace_dir)
			pair_arg(&a, "--trace", s->options.trace_dir);
		if (run(&c, a.v, err))
			return err->code;
		if (waitpid(c.pid, &status, 0) != c.pid)
			return error_errno(err, "%s", c.what);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			return error_set(err, ERR_CONFIG,
					 "benchd-io does not take fixture %s, its words are above; "
					 "nothing was started",
					 s->options.fixtures[i]);
	}
	return 0;
}

int spawn_start(struct station *s, struct error *err)
{
	for (int i = 0; i < s->rig_count; i++)
		if (start_io(&s->rigs[i], err))
			return err->code;
	return start_web(s, err);
}

/* May this child start once more? At most STARTS_MAX times in WINDOW_S. */
static bool may_restart(struct child *c)
{
	int64_t now = clock_mono_ns();
	if (now - c->window_ns > WINDOW_S * NS_PER_S) {
		c->window_ns = now;
		c->starts = 0;
	}
	if (++c->starts <= STARTS_MAX)
		return true;
	if (!c->failed)
		log_error(
			MODULE,
			"%s ended %d times within %d s and is not started again; find the cause in its log, "
			"then restart benchd",
			c->what, STARTS_MAX, WINDOW_S);
	c->failed = true;
	return false;
}

static void how_it_ended(char *dst, size_t size, int status)
{
	if (WIFSIGNALED(status))
		snprintf(dst, size, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(dst, size, "exit code %d", WEXITSTATUS(status));
}

/* The end is no good one: whoever waits for benchd must know. */
static void unproven(struct rig_link *r)
{
	struct station *s = r->station;
	log_error(MODULE, "rig %s: the safe state is not proven", r->fixture->name);
	if (s->stopping && !s->exit_code)
		s->exit_code = 3;
}

static void io_ended(struct child *c, const char *how, int status)
{
	struct rig_link *r = c->rig;
	if (r->fd >= 0)
		rig_close(r, how);
	if (r->station->stopping && WIFEXITED(status) && WEXITSTATUS(status) == 3) {
		unproven(r);
		return;
	}
	if (r->station->stopping && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return; /* it proved the safe state by itself */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		c->failed = true; /* a mistake in its files: starting again would not help */
		bays_made_safe(r, false, "benchd-io refused its configuration");
		return;
	}
	spawn_make_safe(r);
}

static void made_safe(struct child *c, int status)
{
	struct rig_link *r = c->rig;
	struct error err;
	bool proven = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bays_made_safe(r, proven,
		       proven ? "benchd-io --make-safe proved the safe state"
			      : "benchd-io --make-safe could not prove the safe state");
	struct child *io = find_child(r->station, "benchd-io", r);
	if (!proven)
		unproven(r);
	if (!r->station->stopping && io && may_restart(io) && start_io(r, &err))
		log_error(MODULE, "%s", err.text);
}

static void ended(struct station *s, struct child *c, int status)
{
	char how[64];
	struct error err;
	how_it_ended(how, sizeof(how), status);
	c->pid = 0;
	if (!s->stopping && strcmp(c->what, "make-safe") != 0)
		log_warning(MODULE, "%s ended: %s", c->what, how);
	if (!strcmp(c->what, "benchd-io")) {
		io_ended(c, how, status);
	} else if (!strcmp(c->what, "make-safe")) {
		made_safe(c, status);
	} else if (WIFEXITED(status) && (WEXITSTATUS(status) == 75 || WEXITSTATUS(status) == 2) &&
		   !s->stopping) {
		c->failed = true;
		s->exit_code = WEXITSTATUS(status);
		station_stop(s, "benchd-web cannot start, its message is above");
	} else if (!s->stopping && may_restart(c) && start_web(s, &err)) {
		log_error(MODULE, "%s", err.text);
	}
}

void spawn_reap(struct station *s)
{
	for (int i = 0; i < s->child_count; i++) {
		struct child *c = &s->children[i];
		int status;
		if (c->pid && waitpid(c->pid, &status, WNOHANG) == c->pid)
			ended(s, c, status);
	}
}

static void kill_child(struct child *c, const char *why)
{
	log_error(MODULE, "%s (pid %d) %s; it is killed", c->what, (int)c->pid, why);
	kill(c->pid, SIGKILL);
	c->began_ns = clock_mono_ns();
}

static void watch_io(struct child *c, int64_t now)
{
	int64_t silent = now - c->rig->heard_ns;

	if (silent <= (c->rig->welcome ? IO_SILENT_NS : IO_CONNECT_NS))
		return;
	kill_child(c, "makes no progress");
	c->rig->heard_ns = now;
}

void spawn_watch(struct station *s)
{
	int64_t now = clock_mono_ns();
	bool stalled = s->watched_ns && now - s->watched_ns > IO_SILENT_NS / 2;

	/* After a stall of our own nobody is late before its messages were read. */
	for (int i = 0; i < s->rig_count && stalled; i++)
		s->rigs[i].heard_ns = now;
	s->watched_ns = now;
	for (int i = 0; i < s->child_count; i++) {
		struct child *c = &s->children[i];
		bool is_io = !strcmp(c->what, "benchd-io");

		if (!c->pid)
			continue;
		if (!strcmp(c->what, "make-safe") && now - c->began_ns > MAKE_SAFE_NS)
			kill_child(c, "does not come to an end");
		else if (is_io && !s->children_told)
			watch_io(c, now);
		else if (s->children_told &&
			 now - s->told_ns > (is_io ? END_PATIENCE_NS : WEB_PATIENCE_NS) &&
			 now - c->began_ns > NS_PER_S)
			kill_child(c, "does not end");
	}
}

void spawn_tell_all(struct station *s)
{
	s->told_ns = clock_mono_ns();
	for (int i = 0; i < s->child_count; i++)
		if (s->children[i].pid && !strcmp(s->children[i].what, "benchd-web"))
			kill(s->children[i].pid, SIGTERM);
}

bool spawn_all_gone(const struct station *s)
{
	for (int i = 0; i < s->child_count; i++)
		if (s->children[i].pid)
			return false;
	return true;
}
