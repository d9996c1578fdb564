/* SPDX-License-Identifier: MIT
 *
 * The person at the bench: scans ticket and serial of the unit on each ready bay, answers prompts
 * from what can be seen of the plant. A thread of its own, so that waiting for the station never
 * stops a device; it works on the rig through the control socket as anybody could.
 *
 *	serial				scans the plate
 *	unit_NAME (a number)		reads it off the unit: unit_display_permeate_tds
 *	unit_leak_alarm_ok		wets the sensor; yes if the inlet shuts within 5 s
 *	other questions			yes
 */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "link/client.h"
#include "sim/serve.h"

#define LOOK_NS	   (100 * NS_PER_MS) /* between two looks at the station */
#define AGAIN_NS   (2 * NS_PER_S)    /* before a scan or answer is repeated */
#define PATIENCE_S 8		     /* run time until the leak alarm is given up */
enum { CALL_MS = 2000 };

/* What the operator is doing at one bay. Operator's thread, but serial and ticket. */
struct bench_bay {
	char serial[64], ticket[64]; /* under the lock */
	int64_t acted_ns;	     /* wire time of the last scan or answer */
	char acted[128];	     /* what it was: run and prompt, or the code */
	int64_t wet_ns;		     /* run time since when the sensor is wet, 0: dry */
};
struct sim_operator {
	struct sim_server *server;
	const struct fixture *fixture;
	char socket[SIM_PATH_MAX], control_path[SIM_PATH_MAX + 16];
	unsigned speed;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ending; /* under the lock */
	struct client *station;
	int control; /* -1: not connected */
	struct log_limit lost;
	struct bench_bay bays[FIXTURE_BAYS_MAX];
};

/* ---- the control socket ---- */

static bool connect_control(struct sim_operator *o)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 1};

	if (o->control >= 0)
		return true;
	memcpy(a.sun_path, o->control_path, strlen(o->control_path) + 1);
	o->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (o->control >= 0 && !connect(o->control, (struct sockaddr *)&a, sizeof(a)) &&
	    !setsockopt(o->control, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return true;
	if (o->control >= 0)
		close(o->control);
	o->control = -1;
	return false;
}

/* Do it at the rig; true for "ok", the rest of the reply in answer. */
static bool act(struct sim_operator *o, char *answer, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static bool act(struct sim_operator *o, char *answer, size_t size, const char *fmt, ...)
{
	char line[512], reply[512];
	size_t n = 0;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (len < 0 || len >= (int)sizeof(line) - 1 || !connect_control(o))
		return false;
	line[len] = '\n';
	if (send(o->control, line, (size_t)len + 1, MSG_NOSIGNAL) != len + 1)
		goto lost;
	while (n < sizeof(reply) - 1) {
		ssize_t got = recv(o->control, reply + n, sizeof(reply) - 1 - n, 0);

		if (got <= 0)
			goto lost;
		n += (size_t)got;
		if (reply[n - 1] == '\n') {
			reply[n - 1] = '\0';
			if (answer)
				text_copy(answer, size, strncmp(reply, "ok ", 3) ? "" : reply + 3);
			return !strncmp(reply, "ok", 2);
		}
	}
lost:
	close(o->control);
	o->control = -1;
	return false;
}

static bool look_at(struct sim_operator *o, const char *bay, const char *name, double *value)
{
	char answer[64];

	return act(o, answer, sizeof(answer), "truth %s %s", bay, name) &&
	       text_to_double(answer, strlen(answer), value);
}

/* ---- the station ---- */

/* Has this been done lately? Notes it as done if not. */
static bool just_did(struct bench_bay *b, const char *what)
{
	int64_t now_ns = clock_mono_ns();

	if (!strcmp(b->acted, what) && now_ns - b->acted_ns < AGAIN_NS)
		return true;
	text_copy(b->acted, sizeof(b->acted), what);
	b->acted_ns = now_ns;
	return false;
}

static void answer_prompt(struct sim_operator *o, const char *bay, const char *run,
			  const char *prompt, const char *answer)
{
	struct text body = {.max = 1024}, reply = {.max = 65536};
	struct error err = {0};
	struct json j;
	int status = 0;

	json_init(&j, &body);
	json_open_object(&j);
	json_kv_string(&j, "prompt", prompt);
	json_kv_string(&j, "answer", answer);
	json_kv_string(&j, "operator", "benchsim");
	json_end_object(&j);
	if (client_call(o->station, WEB_RUN_ANSWER, run, "", body.buf, CALL_MS, &status, &reply,
			&err)) {
		client_close(o->station);
		o->station = NULL;
	} else if (status >= 300) {
		log_warning("operator", "bay %s: answer %s to %s is refused (%d)", bay, answer,
			    prompt, status);
	} else {
		log_info("operator", "bay %s: %s: %s", bay, prompt, answer);
	}
	text_release(&body);
	text_release(&reply);
}

/* Wet the sensor while the unit makes water, see whether its valve shuts. NULL: not known yet. */
static const char *test_leak_alarm(struct sim_operator *o, struct bench_bay *b, const char *bay)
{
	int64_t now_ns = clock_mono_ns() * (int64_t)o->speed;
	double inlet;

	if (!look_at(o, bay, "inlet_valve", &inlet))
		return NULL;
	if (!b->wet_ns) {
		if (inlet < 0.5)
			return "no"; /* it lets no water in anyway: nothing is shown */
		if (act(o, NULL, 0, "wet %s on", bay))
			b->wet_ns = now_ns;
		return NULL;
	}
	if (inlet > 0.5 && now_ns - b->wet_ns < PATIENCE_S * NS_PER_S)
		return NULL;
	act(o, NULL, 0, "wet %s off", bay);
	b->wet_ns = 0;
	return inlet > 0.5 ? "no" : "yes";
}

static void take_prompt(struct sim_operator *o, struct bench_bay *b, const char *bay,
			const json_t *at, const json_t *prompt)
{
	const char *id = json_text(prompt, "id"), *kind = json_text(prompt, "kind");
	const char *run = json_text(at, "run"), *answer = "yes";
	char what[128], serial[64], number[32];
	double v;

	if (!strcmp(id, "unit_leak_alarm_ok")) {
		answer = test_leak_alarm(o, b, bay);
		if (!answer)
			return;
	}
	snprintf(what, sizeof(what), "%s %s", run, id);
	if (just_did(b, what))
		return;
	if (!strcmp(kind, "scan_serial")) {
		pthread_mutex_lock(&o->lock);
		text_copy(serial, sizeof(serial), b->serial);
		pthread_mutex_unlock(&o->lock);
		act(o, NULL, 0, "scan %s %s", bay, serial);
		return;
	}
	if (!strcmp(kind, "number")) {
		if (strncmp(id, "unit_", 5) || !look_at(o, bay, id + 5, &v))
			return; /* a number nobody here can read off */
		answer = text_from_double(number, sizeof(number), v);
	}
	answer_prompt(o, bay, run, id, answer);
}

/* Nobody scans a ticket that is not there yet. */
static bool is_known(struct sim_operator *o, const char *ticket)
{
	struct text reply = {.max = 65536};
	struct error err = {0};
	int status = 0;

	if (client_call(o->station, WEB_TICKET_GET, ticket, "", "", CALL_MS, &status, &reply,
			&err)) {
		client_close(o->station);
		o->station = NULL;
	}
	text_release(&reply);
	return status == 200;
}

/* Ticket first, then the plate, until the station has both. */
static void scan(struct sim_operator *o, struct bench_bay *b, const char *bay, const json_t *at)
{
	const json_t *scanned = json_object_get(at, "scanned");
	char ticket[64], serial[64];
	const char *code = NULL;

	pthread_mutex_lock(&o->lock);
	text_copy(ticket, sizeof(ticket), b->ticket);
	text_copy(serial, sizeof(serial), b->serial);
	pthread_mutex_unlock(&o->lock);
	if (!*ticket || !*serial)
		return;
	if (strcmp(json_text(scanned, "ticket"), ticket))
		code = ticket;
	else if (strcmp(json_text(scanned, "serial"), serial))
		code = serial;
	if (code && !just_did(b, code) && (code == serial || is_known(o, ticket)))
		act(o, NULL, 0, "scan %s %s", bay, code);
}

static void see_bay(struct sim_operator *o, const json_t *at)
{
	const char *name = json_text(at, "bay");
	const json_t *prompt = json_object_get(at, "prompt");
	int bay = fixture_bay(o->fixture, name);

	if (bay < 0)
		return;
	if (json_is_object(prompt)) {
		take_prompt(o, &o->bays[bay], name, at, prompt);
		return;
	}
	if (o->bays[bay].wet_ns) { /* the question is gone */
		act(o, NULL, 0, "wet %s off", name);
		o->bays[bay].wet_ns = 0;
	}
	if (!strcmp(json_text(at, "state"), "ready") && !*json_text(at, "run"))
		scan(o, &o->bays[bay], name, at);
}

static void look(struct sim_operator *o)
{
	struct text reply = {.max = 1 << 20};
	struct error err = {0};
	json_t *root = NULL, *bays, *at;
	size_t i;
	int status = 0;

	if (!o->station)
		o->station = client_open(o->socket, &err);
	if (!o->station)
		return;
	if (client_call(o->station, WEB_BAYS, NULL, "", "", CALL_MS, &status, &reply, &err)) {
		client_close(o->station);
		o->station = NULL;
		if (log_limit_hit(&o->lost))
			log_info("operator", "station: %s", err.text);
	} else if (status == 200) {
		root = json_load_limited(reply.buf, reply.len, 1 << 20, &err);
		bays = json_object_get(root, "bays");
		json_array_foreach(bays, i, at)
		{
			if (o->station)
				see_bay(o, at);
		}
	}
	json_decref(root);
	text_release(&reply);
}

static void *work(void *ctx)
{
	struct sim_operator *o = ctx;
	bool ending = false;

	while (!ending) {
		int64_t until_ns = clock_mono_ns() + LOOK_NS;
		struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};

		look(o);
		pthread_mutex_lock(&o->lock);
		while (!o->ending &&
		       pthread_cond_timedwait(&o->wake, &o->lock, &until) != ETIMEDOUT)
			;
		ending = o->ending;
		pthread_mutex_unlock(&o->lock);
	}
	return NULL;
}

/* ---- from the loop's thread ---- */

static struct sim_operator *make(struct sim_server *s)
{
	pthread_condattr_t attr;
	struct sim_operator *o;

	if (s->person)
		return s->person;
	o = xcalloc(1, sizeof(*o));
	o->server = s;
	o->fixture = s->config.fixture;
	o->speed = s->scale.speed;
	o->control = -1;
	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->wake, &attr);
	pthread_condattr_destroy(&attr);
	s->person = o;
	return o;
}

void sim_operator_unit(struct sim_server *s, int bay, const char *serial, const char *ticket)
{
	struct sim_operator *o = make(s);

	pthread_mutex_lock(&o->lock);
	text_copy(o->bays[bay].serial, sizeof(o->bays[bay].serial), serial ? serial : "");
	text_copy(o->bays[bay].ticket, sizeof(o->bays[bay].ticket), ticket ? ticket : "");
	pthread_mutex_unlock(&o->lock);
}

int sim_operator_open(struct sim_server *s, const char *socket, struct error *err)
{
	struct sim_operator *o = make(s);
	int rc;

	if (!text_copy(o->socket, sizeof(o->socket), socket))
		return error_set(err, ERR_LIMIT, "--operator %s is too long", socket);
	snprintf(o->control_path, sizeof(o->control_path), "%s/control", s->config.dir);
	rc = pthread_create(&o->thread, NULL, work, o);
	if (rc) {
		o->socket[0] = '\0';
		errno = rc;
		return error_errno(err, "thread of the operator");
	}
	return 0;
}

void sim_operator_close(struct sim_server *s)
{
	struct sim_operator *o = s->person;

	if (!o)
		return;
	if (o->socket[0]) {
		pthread_mutex_lock(&o->lock);
		o->ending = true;
		pthread_cond_signal(&o->wake);
		pthread_mutex_unlock(&o->lock);
		pthread_join(o->thread, NULL);
	}
	client_close(o->station);
	if (o->control >= 0)
		close(o->control);
	pthread_cond_destroy(&o->wake);
	pthread_mutex_destroy(&o->lock);
	free(o);
	s->person = NULL;
}
