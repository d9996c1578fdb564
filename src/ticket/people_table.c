/* SPDX-License-Identifier: MIT
 *
 * The one table of who may ask what. A new route gets its row here; without one nobody may ask it.
 */
#include "ticket/people.h"

#include <string.h>

enum { T = PEOPLE_TECHNICIAN, S = PEOPLE_SUPERVISOR, E = PEOPLE_SERVICE, A = PEOPLE_ADMIN };
enum { ANYBODY = 0, READ = PEOPLE_KNOWN, WRITE = PEOPLE_WRITERS };

/* route, roles, needs duty, roles that sign */
#define PEOPLE_ROWS(X)                                                                             \
	X(STATION, ANYBODY, false, 0)                                                              \
	X(BAYS, ANYBODY, false, 0)                                                                 \
	X(BAY, ANYBODY, false, 0)                                                                  \
	X(BAY_STOP, ANYBODY, false, 0)                                                             \
	X(BAY_RESET, T | S | A, true, 0)                                                           \
	X(TICKETS, READ, false, 0)                                                                 \
	X(TICKET_GET, READ, false, 0)                                                              \
	X(TICKET_PUT, WRITE, false, 0)                                                             \
	X(RELEASE, READ, false, 0)                                                                 \
	X(RUNS, READ, false, 0)                                                                    \
	X(RUN_START, T | S | A, true, 0)                                                           \
	X(RUN_GET, READ, false, 0)                                                                 \
	X(RUN_ANSWER, T | S | A, true, 0)                                                          \
	X(RUN_ABORT, ANYBODY, false, 0)                                                            \
	X(RESULTS, READ, false, 0)                                                                 \
	X(SNAPSHOT, READ, false, 0)                                                                \
	X(EXPORT, READ, false, 0)                                                                  \
	X(PROFILES, READ, false, 0)                                                                \
	X(PROFILE, READ, false, 0)                                                                 \
	X(DOCTOR, READ, false, 0)                                                                  \
	X(BACKUP, READ, false, 0)                                                                  \
	X(BACKUP_MAKE, S | A, false, 0)                                                            \
	X(EVENTS, ANYBODY, false, 0)                                                               \
	X(READY, ANYBODY, false, 0)                                                                \
	X(PEOPLE, S | A, false, 0)                                                                 \
	X(PERSON_PUT, A, false, 0)                                                                 \
	X(PERSON_PIN, T | S | A, false, 0)                                                         \
	X(LOGIN, ANYBODY, false, 0)                                                                \
	X(LOGOUT, ANYBODY, false, 0)                                                               \
	X(DUTY_BEGIN, T | S | A, false, 0)                                                         \
	X(DUTY_END, T | S | A, false, 0)                                                           \
	X(TOKENS, A, false, 0)                                                                     \
	X(TOKEN_ADD, A, false, 0)                                                                  \
	X(TOKEN_REVOKE, A, false, 0)                                                               \
	X(RELEASE_POST, WRITE, false, 0)                                                           \
	X(OVERRIDE, WRITE, false, S)                                                               \
	X(VERDICT, READ, false, 0)                                                                 \
	X(CLAIM, E | A, false, 0)                                                                  \
	X(WITHDRAW, WRITE, false, 0)                                                               \
	X(KEY, READ, false, 0)                                                                     \
	X(KEY_BACKUP, A, false, 0)                                                                 \
	X(KEY_ROTATE, A, false, 0)                                                                 \
	X(CHAIN, READ, false, 0)                                                                   \
	X(TICKET_IMPORT, WRITE, false, 0)                                                          \
	X(REPAIR, WRITE, false, 0)                                                                 \
	X(ACCEPTANCE, T | S | E | A, false, 0)                                                     \
	X(CALLBACK, WRITE, false, 0)                                                               \
	X(CLARIFICATION, T | S | A, false, 0)                                                      \
	X(BEYOND_REPAIR, T | S | A, false, 0)                                                      \
	X(TICKET_EVENTS, READ, false, 0)                                                           \
	X(COMPARE, READ, false, 0)                                                                 \
	X(DOSSIER, READ, false, 0)                                                                 \
	X(HOLD, T | S | A, false, S)                                                               \
	X(UNHOLD, T | S | A, false, S)                                                             \
	X(HOLDS, READ, false, 0)                                                                   \
	X(TICKET_LABEL, T | S | A, false, 0)                                                       \
	X(RUN_LABEL, T | S | A, false, 0)                                                          \
	X(RUN_EVENTS, READ, false, 0)                                                              \
	X(RUN_TRACE, READ, false, 0)                                                               \
	X(RUN_NOTE, T | S | A, false, 0)                                                           \
	X(RUN_VOID, T | S | A, false, S)                                                           \
	X(PROFILE_SUBMIT, T | S | A, false, T | S | A)                                             \
	X(PROFILE_APPROVE, T | S | A, false, S | A)                                                \
	X(CALIBRATIONS, READ, false, 0)                                                            \
	X(CALIBRATE, T | S | A, false, T | S | A)                                                  \
	X(DEVICE_ACCEPT, S | A, false, S | A)                                                      \
	X(WEBHOOKS, READ, false, 0)                                                                \
	X(WEBHOOK_TEST, S | A, false, 0)                                                           \
	X(WEBHOOK_ENABLE, S | A, false, 0)                                                         \
	X(WEBHOOK_DEAD, READ, false, 0)                                                            \
	X(WEBHOOK_RESEND, S | A, false, 0)

static const struct people_rule rules[WEB_ROUTE_COUNT] = {
#define PEOPLE_ROW(route, who, on_duty, signs) [WEB_##route] = {true, who, on_duty, signs},
	PEOPLE_ROWS(PEOPLE_ROW)
#undef PEOPLE_ROW
};

struct people_rule people_rule(enum web_route r)
{
	if (r <= WEB_ROUTE_NONE || r >= WEB_ROUTE_COUNT)
		return (struct people_rule){.known = false};
	return rules[r];
}

enum people_answer people_may(const struct identity *id, enum web_route r)
{
	struct people_rule rule = people_rule(r);

	if (!rule.known)
		return PEOPLE_FORBIDDEN;
	if (rule.roles != ANYBODY && id->roles == 0)
		return PEOPLE_UNKNOWN;
	if (rule.roles != ANYBODY && !(id->roles & rule.roles))
		return PEOPLE_FORBIDDEN;
	return rule.duty && !id->on_duty ? PEOPLE_OFF_DUTY : PEOPLE_ALLOWED;
}

static const struct {
	const char *word;
	unsigned role;
} words[] = {
	{"technician", PEOPLE_TECHNICIAN}, {"supervisor", PEOPLE_SUPERVISOR},
	{"service", PEOPLE_SERVICE},	   {"admin", PEOPLE_ADMIN},
	{"reader", PEOPLE_READER},
};

unsigned people_role_of(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].role;
	return 0;
}

void people_roles_text(unsigned roles, char *dst, size_t size)
{
	struct text t = {0};

	text_puts(&t, "");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (roles & words[i].role)
			text_printf(&t, "%s%s", t.len ? "," : "", words[i].word);
	(void)text_copy(dst, size, t.buf ? t.buf : "");
	text_release(&t);
}
