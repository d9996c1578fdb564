/* SPDX-License-Identifier: MIT
 *
 * benchd-web: HTTP in front of benchd. Devices, the database and keys are out of its reach;
 * when it dies, runs go on.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "serve/serve.h"

#define MODULE "web"
enum { EXIT_CONFIGURATION = 2, EXIT_HELD = 75, PATH_LONGEST = 512 };

static const char usage[] =
	"usage: benchd-web [--state DIR] [--link PATH|fd:N] [--port N] [--socket PATH]\n"
	"                  [--ca-file PATH] [--lan-names NAMES]\n"
	"                  [--exit-with-link]\n"
	"\n"
	"  --state DIR        where benchd keeps its state (default /var/lib/benchd)\n"
	"  --link PATH|fd:N   benchd's socket (default DIR/web.sock), or an inherited descriptor\n"
	"  --port N           HTTP on 127.0.0.1:N (default 8470; 0: none)\n"
	"  --socket PATH      HTTP on a Unix socket (default DIR/http.sock)\n"
	"  --ca-file PATH     certificates that webhooks trust instead of the system's\n"
	"  --lan-names NAMES  names, comma between, by which the TLS proxy on this machine is asked:\n"
	"                     those requests come from the LAN (default: none)\n"
	"  --exit-with-link   end when benchd ends, instead of waiting for it\n"
	"\n"
	"The LAN is served by the proxy on this machine, not by this program.\n";

struct paths {
	char state[PATH_LONGEST], link[PATH_LONGEST], socket[PATH_LONGEST];
};

struct daemon {
	struct loop *loop;
	struct loop_timer *watchdog;
	int64_t watchdog_ns; /* 0: systemd asks for none */
};

static void on_stop(void *ctx, int sig)
{
	struct daemon *d = ctx;

	(void)sig;
	loop_stop(d->loop, 0);
}

static void on_watchdog(void *ctx)
{
	struct daemon *d = ctx;

	(void)sd_notify(0, "WATCHDOG=1");
	loop_set_timer(d->watchdog, clock_mono_ns() + d->watchdog_ns);
}

static void start_watchdog(struct daemon *d)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return;
	d->watchdog_ns = (int64_t)us * 1000 / 2;
	d->watchdog = loop_add_timer(d->loop, on_watchdog, d);
	on_watchdog(d);
}

static int number(const char *what, const char *text, int64_t max, int64_t *out)
{
	if (text_to_int64(text, strlen(text), out) && *out >= 0 && *out <= max)
		return 0;
	(void)fprintf(stderr, "benchd-web: %s takes a number from 0 to %lld, not \"%s\"\n", what,
		      (long long)max, text);
	return -1;
}

static int path_option(char dst[PATH_LONGEST], const char *text)
{
	if (text_copy(dst, PATH_LONGEST, text))
		return 0;
	(void)fprintf(stderr, "benchd-web: path longer than %d bytes\n", PATH_LONGEST - 1);
	return -1;
}

static int set_link(struct serve_options *o, struct paths *p, const char *text)
{
	int64_t fd;

	if (strncmp(text, "fd:", 3) != 0)
		return path_option(p->link, text);
	if (number("--link fd:", text + 3, 65535, &fd))
		return -1;
	o->link_fd = (int)fd;
	return 0;
}

static int set_option(struct serve_options *o, struct paths *p, int option)
{
	int64_t port;

	switch (option) {
	case 's': return path_option(p->state, optarg);
	case 'l': return set_link(o, p, optarg);
	case 'u': return path_option(p->socket, optarg);
	case 'c': o->ca_path = optarg[0] ? optarg : NULL; return 0;
	case 'n': o->lan_names = optarg; return 0;
	case 'x': o->exit_with_link = true; return 0;
	case 'p':
		if (number("--port", optarg, 65535, &port))
			return -1;
		o->port = (int)port;
		return 0;
	default: (void)fputs(usage, stderr); return -1;
	}
}

/* What was not named lies in the state folder. */
static int fill_path(char dst[PATH_LONGEST], const char *state, const char *name)
{
	struct text t = {0};
	int rc;

	if (dst[0])
		return 0;
	text_printf(&t, "%s/%s", state, name);
	rc = path_option(dst, t.buf);
	text_release(&t);
	return rc;
}

static int read_options(int argc, char **argv, struct serve_options *o, struct paths *p)
{
	static const struct option longs[] = {
		{"state", required_argument, NULL, 's'},
		{"link", required_argument, NULL, 'l'},
		{"port", required_argument, NULL, 'p'},
		{"socket", required_argument, NULL, 'u'},
		{"ca-file", required_argument, NULL, 'c'},
		{"lan-names", required_argument, NULL, 'n'},
		{"exit-with-link", no_argument, NULL, 'x'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'h' || c == 'v') {
			(void)fputs(c == 'h' ? usage : "benchd-web " BENCHD_VERSION "\n", stdout);
			exit(0);
		}
		if (set_option(o, p, c))
			return -1;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "benchd-web: \"%s\" is not understood\n%s", argv[optind],
			      usage);
		return -1;
	}
	if (fill_path(p->socket, p->state, "http.sock") ||
	    (o->link_fd < 0 && fill_path(p->link, p->state, "web.sock")))
		return -1;
	o->link_path = o->link_fd < 0 ? p->link : NULL;
	o->socket_path = p->socket;
	return 0;
}

int main(int argc, char **argv)
{
	struct serve_options o = {.link_fd = -1, .port = SERVE_PORT};
	struct paths p = {.state = "/var/lib/benchd"};
	struct daemon d = {0};
	struct error err = {0};
	struct serve *s;
	int code;

	log_init("benchd-web", LOG_LEVEL_INFO);
	if (read_options(argc, argv, &o, &p))
		return EXIT_CONFIGURATION;
	d.loop = loop_new();
	if (!d.loop) {
		log_error(MODULE, "no descriptors for the loop");
		return EXIT_CONFIGURATION;
	}
	loop_signals(d.loop, on_stop, NULL, &d);
	s = serve_new(d.loop, &o, &err);
	if (!s) {
		log_error(MODULE, "%s", err.text);
		loop_free(d.loop);
		return err.code == ERR_BUSY ? EXIT_HELD : EXIT_CONFIGURATION;
	}
	log_info(MODULE, "HTTP at %s%s%.0d", o.socket_path, o.port ? " and 127.0.0.1:" : "",
		 o.port);
	start_watchdog(&d);
	(void)sd_notify(0, "READY=1");
	code = loop_run(d.loop);
	(void)sd_notify(0, "STOPPING=1");
	serve_free(s);
	loop_free(d.loop);
	return code;
}
