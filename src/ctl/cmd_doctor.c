/* SPDX-License-Identifier: MIT
 *
 * What is not well and what to do: first what can be seen without the station, then what the
 * station says.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "ctl/ctl.h"
#include "link/port.h"
#include "usb_latency.h"

enum { HTTP_PORT = 8470 };
/* of benchd-web under its systemd unit, which may not write into the state folder */
#define UNIT_SOCKET    "/run/benchd-web/http.sock"
#define FREE_MIN_BYTES (64.0 * 1024 * 1024)

struct findings {
	const struct ctl *c;
	struct text json_bytes;
	struct json json;
	struct table table;
	int errors, warnings;
};

/* "error" is a level here and a verdict elsewhere; "state" a folder: words of this page. */
static const char *word_of(const struct ctl *c, const char *name)
{
	static const struct {
		const char *name;
		enum ctl_message message;
	} words[] = {
		{"ok", MSG_OK},		  {"warning", MSG_WARNING},   {"error", MSG_PROBLEM},
		{"state", MSG_W_STATE},	  {"token", MSG_W_TOKEN},     {"disk", MSG_W_DISK},
		{"http", MSG_W_HTTP},	  {"station", MSG_W_STATION}, {"rig", MSG_RIG},
		{"pace", MSG_PACE},	  {"adapter", MSG_ADAPTER},   {"device", MSG_W_DEVICE},
		{"line", MSG_W_LINE},	  {"bay", MSG_BAY},	      {"profile", MSG_PROFILE},
		{"clock", MSG_W_CLOCK},	  {"store", MSG_W_STORE},     {"webhook", MSG_W_WEBHOOK},
		{"backup", MSG_W_BACKUP}, {"pruning", MSG_W_PRUNING}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].name, name) == 0)
			return message(c->zh, words[i].message);
	return name;
}

static void add(struct findings *f, const char *level, const char *what, const char *text,
		const char *advice)
{
	struct text said = {0}, todo = {0};

	f->errors += strcmp(level, "error") == 0;
	f->warnings += strcmp(level, "warning") == 0;
	put_said(f->c, text, &said);
	put_said(f->c, advice, &todo);
	table_row(&f->table, (const char *[]){word_of(f->c, level), word_of(f->c, what), said.buf});
	if (advice[0])
		table_row(&f->table, (const char *[]){"", "", todo.buf});
	text_release(&said);
	text_release(&todo);
	json_open_object(&f->json);
	json_kv_string(&f->json, "level", level);
	json_kv_string(&f->json, "what", what);
	json_kv_string(&f->json, "text", text);
	json_kv_string(&f->json, "advice", advice);
	json_end_object(&f->json);
}

/* False: there is no folder that this user may look into. */
static bool check_state(struct findings *f, const struct ctl *c)
{
	char text[600];
	struct statvfs fs;
	struct stat st;

	if (stat(c->state, &st)) {
		(void)snprintf(text, sizeof(text), "state folder %s: %s", c->state,
			       strerror(errno));
		add(f, "error", "state", text,
		    "start benchd once, or name the folder with --state");
		return false;
	}
	if (access(c->state, R_OK | X_OK)) {
		(void)snprintf(text, sizeof(text), "state folder %s: not open to this user",
			       c->state);
		add(f, "error", "state", text, "join the station's group, or run this with sudo");
		return false;
	}
	if (statvfs(c->state, &fs) == 0 &&
	    (double)fs.f_bavail * (double)fs.f_frsize < FREE_MIN_BYTES) {
		(void)snprintf(text, sizeof(text), "%.0f MiB are free at %s",
			       (double)fs.f_bavail * (double)fs.f_frsize / 1048576, c->state);
		add(f, "error", "disk", text, "free at least 64 MiB; no run should start now");
	}
	if (st.st_mode & S_IRWXO)
		add(f, "warning", "state", "the state folder is open to every user",
		    "chmod o-rwx on it");
	return true;
}

static void check_token(struct findings *f, const struct ctl *c)
{
	char path[440];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/token", c->state);
	if (stat(path, &st))
		return;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		add(f, "error", "token", "the token file is open to others than its user",
		    "delete the file `token` of the state folder and restart benchd: it makes a "
		    "new one with mode 600");
}

/* A file stays behind when its process was killed: somebody has to listen. A crowd that waits, or a
 * socket closed to this user, is somebody. */
static bool is_served(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool served;

	if (fd < 0 || !text_copy(addr.sun_path, sizeof(addr.sun_path), path)) {
		if (fd >= 0)
			close(fd);
		return access(path, F_OK) == 0;
	}
	served = !connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) || errno == EAGAIN ||
		 (errno == EACCES && !access(path, F_OK));
	close(fd);
	return served;
}

static void check_http(struct findings *f, const struct ctl *c, int port)
{
	char path[440], name[64], text[200];
	pid_t pid = port_holder(port, name, sizeof(name));

	(void)snprintf(path, sizeof(path), "%s/http.sock", c->state);
	if (!is_served(path) && is_served(UNIT_SOCKET))
		text_copy(path, sizeof(path), UNIT_SOCKET);
	if (pid && strncmp(name, "benchd-web", 10) != 0) {
		(void)snprintf(text, sizeof(text), "port %d is held by %s (pid %d)", port, name,
			       (int)pid);
		add(f, "error", "http", text, "end that program, or give benchd another --port");
	} else if (!is_served(path)) {
		add(f, "warning", "http", "benchd-web does not run: no pages, no API over HTTP",
		    "systemctl start benchd-web; runs and benchctl work without it");
	} else {
		add(f, "ok", "http", path, "");
	}
}

static void add_slow_adapter(void *ctx, const char *name, long ms)
{
	char text[400];

	(void)snprintf(text, sizeof(text), "USB adapter %s holds replies back by up to %ld ms",
		       name, ms);
	add(ctx, "warning", "adapter", text,
	    "write 1 into its latency_timer: udev rule 60-benchd.rules does it when it is plugged "
	    "in");
}

static int ask_station(struct findings *f, struct ctl *c)
{
	struct error err = {0};
	json_t *root = NULL;
	const json_t *one;
	size_t i;

	if (ctl_try(c, WEB_DOCTOR, NULL, "", NULL, &root, &err) < 0 || c->status != 200) {
		add(f, "error", "station",
		    err.text[0] ? err.text : "the station refuses to tell how it is",
		    "systemctl start benchd, then read: journalctl -u benchd");
		json_decref(root);
		return CTL_NO_STATION;
	}
	json_array_foreach(json_object_get(root, "findings"), i, one)
	{
		add(f, member_text(one, "level"), member_text(one, "what"),
		    member_text(one, "text"), member_text(one, "advice"));
	}
	json_decref(root);
	return CTL_OK;
}

static void print_findings(struct ctl *c, struct findings *f)
{
	struct text out = {0};
	char errors[16], warnings[16];

	if (c->json) {
		(void)printf("%s\n", f->json_bytes.buf);
		return;
	}
	table_print(&f->table, "", &out);
	(void)fputs(out.buf, stdout);
	if (c->zh) {
		(void)snprintf(errors, sizeof(errors), "%d", f->errors);
		(void)snprintf(warnings, sizeof(warnings), "%d", f->warnings);
		text_clear(&out);
		message_fill(true, MSG_FINDINGS, (const char *[]){errors, warnings}, &out);
		(void)puts(out.buf);
	} else {
		(void)printf("%d error%s, %d warning%s\n", f->errors, f->errors == 1 ? "" : "s",
			     f->warnings, f->warnings == 1 ? "" : "s");
	}
	text_release(&out);
}

CTL_COMMAND(cmd_doctor)
{
	const char *words[CTL_ARGS_MAX], *port_text = NULL, *sys = "/sys";
	const struct ctl_option options[] = {
		OPTION_VALUE("port", "N", &port_text, "of benchd-web (default 8470)"),
		OPTION_VALUE("sys", "DIR", &sys, "where adapters are looked for (default /sys)"),
		OPTION_END,
	};
	struct findings f = {.c = c};
	int64_t port = HTTP_PORT;
	int code;

	if (ctl_parse(self, options, argc, argv, words, 0, 0, &code) < 0)
		return code;
	if (!ctl_number(self, "port", port_text, 1, 65535, &port))
		return CTL_USAGE;
	table_init(&f.table, 3, 0);
	json_init(&f.json, &f.json_bytes);
	json_open_object(&f.json);
	json_key(&f.json, "findings");
	json_open_array(&f.json);
	code = CTL_NO_STATION;
	usb_latency_check(sys, add_slow_adapter, &f);
	if (check_state(&f, c)) {
		check_token(&f, c);
		check_http(&f, c, (int)port);
		code = ask_station(&f, c);
	}
	json_end_array(&f.json);
	json_kv_int(&f.json, "errors", f.errors);
	json_kv_int(&f.json, "warnings", f.warnings);
	json_end_object(&f.json);
	print_findings(c, &f);
	table_release(&f.table);
	text_release(&f.json_bytes);
	return code == CTL_OK && f.errors ? CTL_NO_PASS : code;
}
