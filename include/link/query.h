/* SPDX-License-Identifier: MIT
 *
 * What may stand behind the "?" of each route. One table: whatever is not in it, stands twice, is
 * malformed or out of range is refused before the route sees it, naming the parameter and what is
 * expected. A route that is not in the table takes no parameter.
 */
#ifndef LINK_QUERY_H
#define LINK_QUERY_H

#include <stdbool.h>

#include "link/web.h"

enum query_kind { QUERY_NUMBER = 1, QUERY_WORD, QUERY_CHOICE, QUERY_TIME };

/* route, name, kind, least, most (of a number, or of a word's bytes), choices of a choice */
#define WEB_PARAMETERS(X)                                                                          \
	X(TICKETS, "code", QUERY_WORD, 1, 199, NULL)                                               \
	X(TICKETS, "serial", QUERY_WORD, 1, 63, NULL)                                              \
	X(TICKETS, "model", QUERY_WORD, 1, 63, NULL)                                               \
	X(TICKETS, "state", QUERY_CHOICE, 0, 0,                                                    \
	  "received|diagnosed|in_test|tested|failed|repaired|refused|accepted|released")           \
	X(TICKETS, "due_before", QUERY_TIME, 0, 0, NULL)                                           \
	X(TICKETS, "priority", QUERY_NUMBER, 0, 9, NULL)                                           \
	X(TICKETS, "order", QUERY_CHOICE, 0, 0, "newest|due|priority")                             \
	X(TICKETS, "limit", QUERY_NUMBER, 1, 1000, NULL)                                           \
	X(RELEASE, "disposition", QUERY_CHOICE, 0, 0,                                              \
	  "repaired|no_fault_found|returned_unrepaired|scrapped|replaced")                         \
	X(RUNS, "ticket", QUERY_WORD, 1, 63, NULL)                                                 \
	X(RUNS, "serial", QUERY_WORD, 1, 63, NULL)                                                 \
	X(RUNS, "model", QUERY_WORD, 1, 63, NULL)                                                  \
	X(RUNS, "bay", QUERY_WORD, 1, 15, NULL)                                                    \
	X(RUNS, "run_type", QUERY_WORD, 1, 31, NULL)                                               \
	X(RUNS, "profile", QUERY_WORD, 1, 63, NULL)                                                \
	X(RUNS, "verdict", QUERY_CHOICE, 0, 0,                                                     \
	  "pass|marginal|fail|inconclusive|invalid|error|aborted|tripped|interrupted|open")        \
	X(RUNS, "from", QUERY_TIME, 0, 0, NULL)                                                    \
	X(RUNS, "to", QUERY_TIME, 0, 0, NULL)                                                      \
	X(RUNS, "before", QUERY_WORD, 1, 36, NULL)                                                 \
	X(RUNS, "limit", QUERY_NUMBER, 1, 1000, NULL)                                              \
	X(RESULTS, "cursor", QUERY_WORD, 0, 159, NULL)                                             \
	X(RESULTS, "limit", QUERY_NUMBER, 1, 1000, NULL)                                           \
	X(RESULTS, "wait", QUERY_NUMBER, 0, WEB_WAIT_MAX_S, NULL)                                  \
	X(RESULTS, "proof", QUERY_CHOICE, 0, 0, "1")                                               \
	X(SNAPSHOT, "after", QUERY_WORD, 1, 63, NULL)                                              \
	X(SNAPSHOT, "cursor", QUERY_WORD, 1, 159, NULL)                                            \
	X(SNAPSHOT, "limit", QUERY_NUMBER, 1, 200, NULL)                                           \
	X(EXPORT, "format", QUERY_CHOICE, 0, 0, "csv|json")                                        \
	X(EXPORT, "serial", QUERY_WORD, 1, 63, NULL)                                               \
	X(EXPORT, "model", QUERY_WORD, 1, 63, NULL)                                                \
	X(EXPORT, "from", QUERY_TIME, 0, 0, NULL)                                                  \
	X(EXPORT, "to", QUERY_TIME, 0, 0, NULL)                                                    \
	X(RUN_TRACE, "format", QUERY_CHOICE, 0, 0, "csv|json")                                     \
	X(CHAIN, "after", QUERY_NUMBER, 0, INT64_MAX, NULL)                                        \
	X(WEBHOOK_DEAD, "limit", QUERY_NUMBER, 1, 1000, NULL)

struct query_parameter {
	enum web_route route;
	const char *name;
	enum query_kind kind;
	int64_t least, most;
	const char *choices; /* "a|b" */
};
/* The i-th of the table; NULL behind its end. */
const struct query_parameter *query_parameter(int i);
/* Is this query one that the route takes? If not, why[0..size) names the parameter and what is
 * expected, for a person. */
bool query_check(enum web_route route, const char *query, char *why, size_t size);

#endif
