/* SPDX-License-Identifier: MIT
 *
 * webpeer SOCKET NAME=ROLES=DUTY=CREDENTIAL...: a peer on the web link in benchd-web's place that asks
 * every route of the table with each credential, and holds the answer against what these roles may.
 * ROLES: letters t s e a r, "" for nobody; DUTY: 1 when somebody is on duty at bay 1. TAP on stdout.
 * webpeer SOCKET hostile CREDENTIAL: names that are no credential, packets that are none, ids twice.
 * webpeer SOCKET replay CREDENTIAL READER TICKET: one repair under one key and one id, sent again and again.
 * webpeer SOCKET guess PERSON: PINs for one person, each as if from another client.
 * What a credential may do is written out here once more, apart from the product's table.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "link/socket.h"
#include "link/web.h"

#include <jansson.h>

static const char *from = "loopback"; /* whom it says to speak for */

static int connect_to(const char *path)
{
	struct error err = {0};
	int fd = link_connect(path, &err);

	if (fd < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return fd;
}

/* Sends it and waits: status of the reply, its code in `code`; -1: the connection ended. */
static int exchange(int fd, const struct web_msg *rq, char code[64])
{
	static uint8_t buf[WEB_MESSAGE_MAX];
	struct web_msg m;
	struct error err = {0};
	uint32_t id = rq->id;
	json_t *o;
	int n = web_encode(rq, buf, sizeof(buf));

	if (n < 0 || link_send(fd, buf, (size_t)n, -1, &err) < 0)
		return -1;
	for (int i = 0; i < 400; i++) {
		int got = -1;

		n = link_receive(fd, buf, sizeof(buf), &got, &err);
		if (got >= 0)
			(void)close(got);
		if (n < 0)
			return -1;
		if (n == 0) {
			(void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 50);
			continue;
		}
		if (web_decode(&m, buf, (size_t)n, &err) || m.kind != WEB_REPLY || m.id != id)
			continue;
		o = m.body ? json_loadb(m.body, m.size, 0, NULL) : NULL;
		code[0] = '\0';
		if (json_is_string(json_object_get(o, "code")))
			(void)snprintf(code, 64, "%s",
				       json_string_value(json_object_get(o, "code")));
		json_decref(o);
		return m.status;
	}
	return -1;
}

static int ask(int fd, uint32_t id, enum web_route route, const char *credential, char code[64])
{
	struct web_msg m = {.kind = WEB_REQUEST, .id = id, .route = (uint16_t)route};
	bool bay = route == WEB_BAY_RESET || route == WEB_BAY || route == WEB_DUTY_END;
	const char *body = route == WEB_RUN_START ? "{\"bay\":\"1\",\"ticket\":\"nothing\"}" : "{}";

	(void)snprintf(m.arg, sizeof(m.arg), "%s", bay ? "1" : "nothing");
	(void)snprintf(m.client, sizeof(m.client), "%s", from);
	(void)snprintf(m.credential, sizeof(m.credential), "%s", credential);
	m.body = body;
	m.size = (uint32_t)strlen(body);
	return exchange(fd, &m, code);
}

/* route, who may ("*": anybody), d: and somebody on duty */
static const struct {
	const char *route, *may;
} expected[] = {
	{"STATION", "*"},
	{"BAYS", "*"},
	{"BAY", "*"},
	{"BAY_STOP", "*"},
	{"RUN_ABORT", "*"},
	{"EVENTS", "*"},
	{"READY", "*"},
	{"LOGIN", "*"},
	{"LOGOUT", "*"},
	{"TICKETS", "tsear"},
	{"TICKET_GET", "tsear"},
	{"RELEASE", "tsear"},
	{"RUNS", "tsear"},
	{"RUN_GET", "tsear"},
	{"RESULTS", "tsear"},
	{"PROFILES", "tsear"},
	{"PROFILE", "tsear"},
	{"DOCTOR", "tsear"},
	{"TICKET_EVENTS", "tsear"},
	{"COMPARE", "tsear"},
	{"DOSSIER", "tsear"},
	{"RUN_EVENTS", "tsear"},
	{"TICKET_PUT", "tsea"},
	{"TICKET_IMPORT", "tsea"},
	{"REPAIR", "tsea"},
	{"CALLBACK", "tsea"},
	{"ACCEPTANCE", "tsea"},
	{"CLARIFICATION", "tsa"},
	{"BEYOND_REPAIR", "tsa"},
	{"RUN_NOTE", "tsa"},
	{"TICKET_LABEL", "tsa"},
	{"RUN_LABEL", "tsa"},
	{"RUN_VOID", "tsa"},
	{"BAY_RESET", "tsad"},
	{"RUN_START", "tsad"},
	{"RUN_ANSWER", "tsa"},
	{"PEOPLE", "sa"},
	{"PERSON_PUT", "a"},
	{"RELEASE_POST", "tsea"},
	{"OVERRIDE", "tsea"},
	{"WITHDRAW", "tsea"},
	{"VERDICT", "tsear"},
	{"KEY", "tsear"},
	{"CHAIN", "tsear"},
	{"CLAIM", "ea"},
	{"BACKUP", "tsear"},
	{"PROFILE_SUBMIT", "tsa"},
	{"PROFILE_APPROVE", "tsa"},
	{"CALIBRATIONS", "tsear"},
	{"CALIBRATE", "tsa"},
	{"DEVICE_ACCEPT", "sa"},
	{"WEBHOOKS", "tsear"},
	{"WEBHOOK_DEAD", "tsear"},
	{"WEBHOOK_TEST", "sa"},
	{"WEBHOOK_ENABLE", "sa"},
	{"WEBHOOK_RESEND", "sa"},
	{"PERSON_PIN", "tsa"},
	{"DUTY_BEGIN", "tsa"},
	{"TOKENS", "a"},
	{"TOKEN_ADD", "a"},
	{"TOKEN_REVOKE", "a"},
};

static const char *may_of(const char *route)
{
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (strcmp(expected[i].route, route) == 0)
			return expected[i].may;
	return NULL;
}

/* "" allowed, else the code that is to come. */
static const char *wanted(const char *may, const char *roles, bool duty)
{
	bool some = may[0] == '*';

	if (may[0] != '*' && !roles[0])
		return "token_needed";
	for (const char *r = roles; *r; r++)
		some = some || strchr(may, *r);
	if (!some)
		return "role_missing";
	return strchr(may, 'd') && !duty ? "not_on_duty" : "";
}

static bool fits(const char *want, int status, const char *code)
{
	if (want[0])
		return strcmp(want, code) == 0 && status == (want[0] == 't' ? 401 : 403);
	return status > 0 && status != 401 && strcmp(code, "role_missing") != 0 &&
	       strcmp(code, "not_on_duty") != 0;
}

static int walk(const char *path, char *spec, uint32_t *id)
{
	char *name = strtok(spec, "="), *rest = strtok(NULL, ""), *duty, *credential;
	int bad = 0, asked = 0;
	char code[64];
	int fd;

	duty = rest ? strchr(rest, '=') : NULL;
	credential = duty ? strchr(duty + 1, '=') : NULL;
	if (!credential)
		return -1;
	*duty++ = '\0';
	*credential++ = '\0';
	fd = connect_to(path);
	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		const char *route = web_route_info((enum web_route)r)->name;
		const char *may = may_of(route), *want;
		int status;

		/* These end what the walk stands on, or are walked by the tests of their own. */
		if (!may || !strcmp(route, "LOGOUT") || !strcmp(route, "DUTY_END"))
			continue;
		want = wanted(may, rest, duty[0] == '1');
		status = ask(fd, ++*id, (enum web_route)r, credential, code);
		asked++;
		if (fits(want, status, code))
			continue;
		bad++;
		(void)printf("# %s as %s: %d %s, expected %s\n", route, name, status, code,
			     want[0] ? want : "to be let in");
	}
	(void)close(fd);
	(void)printf("# %s: %d routes asked\n", name, asked);
	return bad || asked < 50;
}

/* Each try from a client of its own: how many get to the PIN? */
static int guess(const char *path, const char *person)
{
	int fd = connect_to(path), tried = 0, refused = 0;
	char body[128], code[64];

	for (uint32_t i = 1; i <= 20; i++) {
		struct web_msg m = {.kind = WEB_REQUEST, .id = i, .route = WEB_LOGIN};
		int status;

		(void)snprintf(m.client, sizeof(m.client), "10.1.0.%u", i);
		(void)snprintf(body, sizeof(body), "{\"person\":\"%s\",\"pin\":\"000%u\"}", person,
			       i);
		m.body = body;
		m.size = (uint32_t)strlen(body);
		status = exchange(fd, &m, code);
		tried += status == 403;
		refused += status == 429;
	}
	(void)close(fd);
	(void)printf("# %d of 20 PINs were looked at, %d not\n", tried, refused);
	return tried > 10 || tried + refused != 20;
}

/* ---- what no credential allows ---- */

/* Names that would be somebody's if they were believed: none is, on any route. */
static int forge(const char *path)
{
	static const char *const forged[] = {
		"local:0",
		"uid:0",
		"person:wang",
		"token:t_admin",
		"token",
		"bearer:",
		"bearer:token:t_admin",
		"bearer:btk_0000000000000000000000000000000000000000000000000000000000000000",
		"session:",
		"session:wang:",
		"session:0000000000000000000000000000000000000000000000000000000000000000:0000",
		" peer:0",
		"Peer:0",
	};
	int fd = connect_to(path), bad = 0, asked = 0;
	uint32_t id = 0;
	char code[64];

	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++)
		for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
			int status = ask(fd, ++id, (enum web_route)r, forged[i], code);

			asked++;
			if (status == 401 && strcmp(code, "token_needed") == 0)
				continue;
			bad++;
			(void)printf("# %s as \"%s\": %d %s\n",
				     web_route_info((enum web_route)r)->name, forged[i], status,
				     code);
		}
	(void)close(fd);
	(void)printf("# %d forged credentials asked\n", asked);
	return bad || asked < 500;
}

/* The connection ends, nobody else's does. */
static int is_closed_on(const char *path, const char *what, const uint8_t *p, size_t n, int beside)
{
	static uint8_t buf[WEB_MESSAGE_MAX];
	int fd = connect_to(path), got = -1, rc = 0;
	struct error err = {0};
	char code[64];

	if (send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n)
		for (int i = 0; i < 400 && rc == 0; i++) {
			(void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 50);
			rc = link_receive(fd, buf, sizeof(buf), &got, &err);
		}
	else
		rc = -1; /* it does not even go out */
	(void)close(fd);
	if (rc < 0 && ask(beside, 1, WEB_STATION, "", code) == 200)
		return 0;
	(void)printf("# %s: %s\n", what, rc < 0 ? "others are not served" : "not closed");
	return 1;
}

static int malformed(const char *path)
{
	static uint8_t good[WEB_MESSAGE_MAX], bad[WEB_MESSAGE_MAX + 4096];
	int beside = connect_to(path), wrong = 0;

	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		const char *route = web_route_info((enum web_route)r)->name;
		struct web_msg m = {.kind = WEB_REQUEST, .id = 1, .route = (uint16_t)r};
		int n;

		m.body = "{}";
		m.size = 2;
		n = web_encode(&m, good, sizeof(good));
		if (n < 0)
			return 1;
		memset(bad, 0, sizeof(bad));
		memcpy(bad, good, (size_t)n);
		bad[1] = WEB_VERSION + 1;
		wrong += is_closed_on(path, route, bad, (size_t)n, beside);
		bad[1] = WEB_VERSION;
		for (int kind = WEB_REPLY; kind <= WEB_RESULT + 1; kind++) {
			bad[0] = (uint8_t)kind;
			wrong += is_closed_on(path, route, bad, (size_t)n, beside);
		}
		bad[0] = WEB_REQUEST;
		wrong += is_closed_on(path, route, bad, (size_t)n - 1, beside);	  /* cut off */
		wrong += is_closed_on(path, route, bad, (size_t)n + 1, beside);	  /* one too many */
		wrong += is_closed_on(path, route, bad, WEB_MESSAGE_MAX, beside); /* far more */
		wrong += is_closed_on(path, route, bad, sizeof(bad), beside); /* than a packet is */
	}
	(void)close(beside);
	return wrong;
}

/* Every route once more with one and the same id, none waited for: as many replies as requests, and
 * on its own connection each. */
static int at_once(const char *path, const char *credential)
{
	static uint8_t buf[WEB_MESSAGE_MAX];
	int fd[2] = {connect_to(path), connect_to(path)}, sent = 0, heard = 0;
	struct error err = {0};

	for (int r = WEB_ROUTE_NONE + 1; r < WEB_ROUTE_COUNT; r++) {
		struct web_msg m = {.kind = WEB_REQUEST, .id = 5, .route = (uint16_t)r};
		int n;

		if (r == WEB_EVENTS || r == WEB_LOGOUT)
			continue;
		m.body = "{}";
		m.size = 2;
		(void)snprintf(m.arg, sizeof(m.arg), "nothing");
		(void)snprintf(m.credential, sizeof(m.credential), "%s", credential);
		n = web_encode(&m, buf, sizeof(buf));
		sent += link_send(fd[0], buf, (size_t)n, -1, &err) == 0;
	}
	for (int i = 0; i < 400 && heard < sent; i++) {
		struct web_msg m;
		int got = -1, n = link_receive(fd[0], buf, sizeof(buf), &got, &err);

		if (got >= 0)
			(void)close(got);
		if (n == 0)
			(void)poll(&(struct pollfd){.fd = fd[0], .events = POLLIN}, 1, 50);
		else if (n < 0 || web_decode(&m, buf, (size_t)n, &err) || m.kind != WEB_REPLY ||
			 m.id != 5)
			break;
		else
			heard++;
	}
	(void)printf("# %d requests at once under one id, %d replies\n", sent, heard);
	heard = heard == sent && link_receive(fd[1], buf, sizeof(buf), NULL, &err) == 0;
	(void)close(fd[0]);
	(void)close(fd[1]);
	return !heard || sent < 60;
}

enum { REPLAYS = 8 };

/* A client's own request that benchd-web kept and sends again, here on two connections, none waited for:
 * each is answered, all alike, and done once. Who may not write gets no answer of it, nor do other words. */
static int replay(const char *path, const char *credential, const char *reader, const char *ticket)
{
	static const char repair[] = "{\"action\":\"R01\",\"by\":\"li\",\"note\":\"sent again\"}";
	static uint8_t packet[WEB_MESSAGE_MAX], buf[WEB_MESSAGE_MAX];
	struct web_msg m = {.kind = WEB_REQUEST, .id = 7, .route = WEB_REPAIR}, reply;
	int fd[2] = {connect_to(path), connect_to(path)}, heard[2] = {0, 0}, bad = 0, n;
	struct text first = {0};
	struct error err = {0};
	char code[64];

	(void)snprintf(m.arg, sizeof(m.arg), "%s", ticket);
	(void)snprintf(m.credential, sizeof(m.credential), "%s", credential);
	(void)snprintf(m.request_key, sizeof(m.request_key), "replayed-1");
	m.body = repair;
	m.size = sizeof(repair) - 1;
	n = web_encode(&m, packet, sizeof(packet));
	for (int i = 0; i < 2 * REPLAYS; i++)
		bad += n < 0 || link_send(fd[i % 2], packet, (size_t)n, -1, &err) < 0;
	for (int i = 0; i < 800 && heard[0] + heard[1] < 2 * REPLAYS; i++) {
		int at = heard[0] < REPLAYS ? 0 : 1;

		n = link_receive(fd[at], buf, sizeof(buf), NULL, &err);
		if (n == 0) {
			(void)poll(&(struct pollfd){.fd = fd[at], .events = POLLIN}, 1, 50);
			continue;
		}
		if (n < 0 || web_decode(&reply, buf, (size_t)n, &err) || reply.id != 7)
			break;
		heard[at]++;
		if (!first.len)
			text_add(&first, reply.body, reply.size);
		if (reply.status == 201 && reply.size == first.len &&
		    memcmp(reply.body, first.buf, first.len) == 0)
			continue;
		bad++;
		(void)printf("# %d %.*s\n", reply.status, (int)reply.size, reply.body);
	}
	(void)printf("# %d and %d replies: %s\n", heard[0], heard[1], first.buf ? first.buf : "");
	text_release(&first);
	(void)snprintf(m.credential, sizeof(m.credential), "%s", reader);
	n = exchange(fd[0], &m, code);
	bad += n != 403 || strcmp(code, "role_missing") != 0;
	(void)snprintf(m.credential, sizeof(m.credential), "%s", credential);
	m.body = "{\"action\":\"R02\",\"by\":\"li\"}";
	m.size = (uint32_t)strlen(m.body);
	n = exchange(fd[1], &m, code);
	bad += n != 422 || strcmp(code, "idempotency_key_reused") != 0;
	(void)close(fd[0]);
	(void)close(fd[1]);
	return bad || heard[0] != REPLAYS || heard[1] != REPLAYS;
}

int main(int argc, char **argv)
{
	uint32_t id = 0;
	int bad = 0;

	if (argc == 4 && !strcmp(argv[2], "guess"))
		return guess(argv[1], argv[3]);
	if (argc == 6 && !strcmp(argv[2], "replay"))
		return replay(argv[1], argv[3], argv[4], argv[5]);
	if (argc == 4 && !strcmp(argv[2], "hostile"))
		return forge(argv[1]) | malformed(argv[1]) | at_once(argv[1], argv[3]);
	for (int i = 2; i < argc; i++)
		bad |= walk(argv[1], argv[i], &id);
	return bad || argc < 3;
}
