/* SPDX-License-Identifier: MIT */
#include "ctl/demo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/ctl.h"

enum { ARGS_MAX = 64, LOOK_MS = 50, RIG_PATIENCE_S = 5, LOG_TAIL = 4000 };

static int make_folders(const char *path, struct error *err)
{
	char part[512];

	if (!text_copy(part, sizeof(part), path))
		return error_set(err, ERR_USAGE, "folder name longer than 511 bytes");
	for (char *s = part + 1;; s++) {
		if (*s != '/' && *s != '\0')
			continue;
		char end = *s;

		*s = '\0';
		if (mkdir(part, 0750) && errno != EEXIST)
			return error_set(err, ERR_USAGE, "folder %s: %s; name another --dir", part,
					 strerror(errno));
		*s = end;
		if (!end)
			return 0;
	}
}

static bool join(char *dst, size_t size, const char *dir, const char *name)
{
	int n = snprintf(dst, size, "%s/%s", dir, name);

	return n > 0 && (size_t)n < size;
}

int demo_prepare(struct demo_processes *p, const struct demo_options *o, struct error *err)
{
	int rc;

	*p = (struct demo_processes){.options = o, .hold = -1};
	/* Names of Unix sockets take 107 bytes; the longest here is DIR/state/http.sock. */
	if (strlen(o->dir) > 90)
		return error_set(err, ERR_USAGE,
				 "%s is too long for the sockets in it; name a shorter --dir",
				 o->dir);
	if (!join(p->state, sizeof(p->state), o->dir, "state") ||
	    !join(p->sim, sizeof(p->sim), o->dir, "sim") ||
	    !join(p->sim_log, sizeof(p->sim_log), o->dir, "benchsim.log") ||
	    !join(p->station_log, sizeof(p->station_log), o->dir, "benchd.log"))
		return error_set(err, ERR_USAGE, "folder name is too long");
	rc = make_folders(p->state, err);
	return rc < 0 ? rc : make_folders(p->sim, err);
}

/* ---- starting ---- */

struct args {
	char *at[ARGS_MAX];
	int n;
};

static void add(struct args *a, const char *s)
{
	if (a->n + 1 < ARGS_MAX)
		a->at[a->n++] = xstrdup(s);
}

static void add_two(struct args *a, const char *option, const char *value)
{
	add(a, option);
	add(a, value);
}

static void add_number(struct args *a, const char *option, int value)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", value);
	add_two(a, option, text);
}

static void args_release(struct args *a)
{
	for (int i = 0; i < a->n; i++)
		free(a->at[i]);
}

/* In the child: its own process group, no stdin, output into the log. Never returns. */
static void become(struct args *a, const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0640), none = open("/dev/null", O_RDONLY);

	if (fd < 0 || none < 0 || dup2(none, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(127);
	if (fd > 2)
		close(fd);
	if (none > 2)
		close(none);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	execv(a->at[0], a->at);
	(void)dprintf(2, "cannot start %s: %s\n", a->at[0], strerror(errno));
	_exit(127);
}

static void sim_args(const struct demo_processes *p, struct args *a)
{
	const struct demo_options *o = p->options;
	char path[512];

	(void)join(path, sizeof(path), o->bin_dir, "benchsim");
	add(a, path);
	add_two(a, "--fixture", o->fixture);
	add_two(a, "--dir", p->sim);
	add_number(a, "--speed", o->speed);
	add_two(a, "--seed", o->seed);
	for (int i = 0; i < DEMO_BAYS; i++) {
		(void)snprintf(path, sizeof(path), "%s:RO600:%s:%s", demo_units[i].bay,
			       demo_units[i].serial, demo_units[i].ticket);
		add_two(a, "--unit", path);
	}
	(void)join(path, sizeof(path), p->state, "ctl.sock");
	add_two(a, "--operator", path);
	for (int i = 0; i < o->fault_count; i++)
		add_two(a, "--fault", o->faults[i]);
}

/* Holds the simulator until nobody holds the pipe. Its own process: outlives a demo that is
 * killed. */
static void keep(struct args *a, const char *log, int pipe_fd)
{
	struct pollfd p = {.fd = pipe_fd};
	int64_t end_ns;
	pid_t rig, ended = 0;
	int status;

	(void)setpgid(0, 0);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	rig = fork();
	if (rig == 0) {
		close(pipe_fd);
		(void)setpgid(0, 0);
		become(a, log);
	}
	while (rig > 0 && (ended = waitpid(rig, &status, WNOHANG)) == 0) {
		if (poll(&p, 1, LOOK_MS) > 0 && p.revents & (POLLHUP | POLLERR))
			break;
	}
	if (ended == rig) /* by itself: it says why */
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	if (rig > 0)
		(void)kill(rig, SIGTERM);
	end_ns = clock_mono_ns() + RIG_PATIENCE_S * NS_PER_S;
	while (rig > 0 && waitpid(rig, &status, WNOHANG) == 0) {
		if (clock_mono_ns() > end_ns)
			(void)kill(rig, SIGKILL);
		ctl_pause_ms(LOOK_MS);
	}
	_exit(0);
}

int demo_start_rig(struct demo_processes *p, struct error *err)
{
	struct args a = {.n = 0};
	int ends[2];

	if (pipe(ends)) /* without close-on-exec: the station inherits our end */
		return error_errno(err, "a pipe");
	sim_args(p, &a);
	p->keeper = fork();
	if (p->keeper == 0) {
		close(ends[1]);
		keep(&a, p->sim_log, ends[0]);
	}
	args_release(&a);
	close(ends[0]);
	p->hold = ends[1];
	if (p->keeper > 0)
		return 0;
	p->keeper = 0;
	return error_errno(err, "start benchsim");
}

/* Beside this program as it was built, in sbin as it is installed. */
static void station_path(const struct demo_options *o, char *path, size_t size)
{
	(void)join(path, size, o->bin_dir, "benchd");
	if (access(path, X_OK))
		(void)join(path, size, o->bin_dir, "../sbin/benchd");
}

int demo_start_station(struct demo_processes *p, struct error *err)
{
	const struct demo_options *o = p->options;
	struct args a = {.n = 0};
	pid_t parent = getpid();
	sigset_t stops, old;
	char path[512];

	station_path(o, path, sizeof(path));
	add(&a, path);
	add(&a, "--spawn");
	add_two(&a, "--fixture", o->fixture);
	add_two(&a, "--profiles", o->profiles);
	add_two(&a, "--state", p->state);
	add_two(&a, "--sim-dir", p->sim);
	add_number(&a, "--speed", o->speed);
	add_number(&a, "--port", o->port);
	/* Blocked until benchd listens for them: a Ctrl-C while it is being loaded waits there, and ends
	 * in proof as any other. */
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stops, &old);
	p->station = fork();
	if (p->station)
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (p->station == 0) {
		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent) /* it died in between */
			_exit(1);
		become(&a, p->station_log);
	}
	args_release(&a);
	if (p->station > 0)
		return 0;
	p->station = 0;
	return error_errno(err, "start benchd");
}

bool demo_rig_is_up(const struct demo_processes *p)
{
	char path[440];
	struct stat st;

	return join(path, sizeof(path), p->sim, "control") && stat(path, &st) == 0 &&
	       S_ISSOCK(st.st_mode);
}

static bool reap(struct demo_processes *p)
{
	int status;

	if (!p->station || waitpid(p->station, &status, WNOHANG) != p->station)
		return false;
	p->station = 0;
	p->station_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return true;
}

bool demo_is_alive(struct demo_processes *p, struct error *err)
{
	int status;

	if (p->keeper && waitpid(p->keeper, &status, WNOHANG) == p->keeper) {
		p->keeper = 0;
		error_set(err,
			  WIFEXITED(status) && WEXITSTATUS(status) == 2 ? ERR_USAGE : ERR_CLOSED,
			  "benchsim ended; its log is %s", p->sim_log);
		demo_show_log(p->sim_log);
		return false;
	}
	if (!reap(p))
		return true;
	error_set(err, ERR_CLOSED, "benchd ended (exit code %d); its log is %s", p->station_code,
		  p->station_log);
	demo_show_log(p->station_log);
	return false;
}

/* ---- stopping ---- */

void demo_ask_station(const struct demo_processes *p)
{
	if (p->station)
		(void)kill(p->station, SIGINT);
}

bool demo_await_station(struct demo_processes *p, int timeout_s)
{
	int64_t end_ns = clock_mono_ns() + timeout_s * NS_PER_S;

	while (p->station && !reap(p) && clock_mono_ns() < end_ns)
		ctl_pause_ms(LOOK_MS);
	if (!p->station)
		return true;
	(void)kill(p->station, SIGKILL); /* its children end with its link */
	while (!reap(p))
		ctl_pause_ms(LOOK_MS);
	return false;
}

void demo_stop_rig(struct demo_processes *p)
{
	int status;

	if (p->hold >= 0)
		close(p->hold);
	p->hold = -1;
	while (p->keeper && waitpid(p->keeper, &status, 0) != p->keeper && errno == EINTR)
		;
	p->keeper = 0;
}

static void remove_entries(const char *dir, bool only_transient)
{
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)) != NULL) {
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode))
			continue;
		if (!only_transient || S_ISSOCK(st.st_mode) || strcmp(e->d_name, "lock") == 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}

void demo_clean(const struct demo_processes *p)
{
	remove_entries(p->state, true);
	remove_entries(p->sim, false);
	(void)rmdir(p->sim);
}

void demo_show_log(const char *path)
{
	char tail[LOG_TAIL + 1];
	FILE *fp = fopen(path, "re");
	const char *from = tail;
	size_t n;

	if (!fp)
		return;
	if (fseek(fp, -LOG_TAIL, SEEK_END) == 0)
		from = NULL; /* begins in the middle of a line */
	else
		rewind(fp);
	n = fread(tail, 1, LOG_TAIL, fp);
	tail[n] = '\0';
	(void)fclose(fp);
	if (!from) {
		from = strchr(tail, '\n');
		from = from ? from + 1 : tail;
	}
	(void)fprintf(stderr, "---- %s\n%s", path, from);
}
