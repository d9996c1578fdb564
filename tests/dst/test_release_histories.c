/* SPDX-License-Identifier: MIT
 *
 * Every history of a ticket up to six events: the decision, fed event by event through the same
 * code as the chain's items, against an oracle that looks at the history alone.
 */
#include "tests/unit/release_world.h"

#include <stdio.h>

#include "ticket/facts.h"

enum { DEPTH = 6 };
enum event {
	PASS,		  /* a complete QC run that passes */
	FAIL,		  /* one that fails */
	ABORT,		  /* one that judges nothing */
	VOID,		  /* the latest complete run is made void */
	REPAIR,		  /* repair_seq counts on */
	REPAIR_ELSEWHERE, /* the ticketing system's ticket tells of it */
	ACCEPT,		  /* the customer accepts */
	REFUSE,		  /* or refuses */
	RELEASE,	  /* somebody asks for it; recorded if allowed */
	WITHDRAW,	  /* recorded if a release is in force */
	OVERRIDE,	  /* a supervisor lifts acceptance_missing */
	EVENTS
};

struct state {
	struct release_facts facts;
	struct release_run runs[DEPTH];
	int64_t seq;
};

static enum event history[DEPTH];
static struct release_decision decision; /* big: not one per level */

static void tell(struct state *s, const char *type, const char *who, const char *data)
{
	struct chain_row r = {.seq = s->seq,
			      .type = type,
			      .ticket = "T1",
			      .serial = "SN1",
			      .run = "",
			      .who = who,
			      .data = data,
			      .data_n = strlen(data)};

	ticket_facts_from_item(&s->facts, &r);
}

static void add_run(struct state *s, enum event e)
{
	struct release_run r = good_run("", "post_repair_qc", 1800);

	(void)snprintf(r.id, sizeof(r.id), "run-%d", (int)s->seq);
	if (e != PASS)
		(void)text_copy(r.verdict, sizeof(r.verdict), e == FAIL ? "fail" : "aborted");
	r.complete = e != ABORT;
	r.repair_seq = s->facts.repair_seq;
	r.ended_seq = s->seq;
	memmove(&s->runs[1], &s->runs[0], sizeof(r) * (size_t)s->facts.run_count);
	s->runs[0] = r;
	s->facts.run_count++;
}

static struct release_run *latest_run(struct state *s)
{
	for (int i = 0; i < s->facts.run_count; i++)
		if (s->runs[i].complete)
			return &s->runs[i];
	return NULL;
}

static bool decide_state(struct state *s)
{
	s->facts.runs = s->runs;
	release_decide(&s->facts, &decision);
	return decision.allowed;
}

static void put_override(struct state *s)
{
	const struct release_run *run = latest_run(s);
	char data[200];

	(void)snprintf(data, sizeof(data),
		       "{\"run\":\"%s\",\"repair_seq\":%lld,\"reason\":\"goes to the shop\","
		       "\"codes\":[\"acceptance_missing\"]}",
		       run ? run->id : "", (long long)s->facts.repair_seq);
	tell(s, "override", "zhao", data);
}

/* A release that is blocked leaves nothing. */
static void apply(struct state *s, enum event e, bool allowed)
{
	struct release_run *run = latest_run(s);

	s->seq++;
	switch (e) {
	case PASS:
	case FAIL:
	case ABORT: add_run(s, e); break;
	case VOID:
		if (run)
			run->voided = true;
		break;
	case REPAIR:
		s->facts.repair_seq++;
		tell(s, "repair", "li", "{}");
		break;
	case REPAIR_ELSEWHERE: {
		char data[64];

		s->facts.repair_seq++;
		(void)snprintf(data, sizeof(data), "{\"version\":2,\"repair_seq\":%lld}",
			       (long long)s->facts.repair_seq);
		tell(s, "ticket_changed", "erp", data);
		tell(s, "ticket_changed", "erp", data); /* the same once more says nothing new */
		break;
	}
	case ACCEPT: tell(s, "acceptance", "li", "{\"outcome\":\"accepted\"}"); break;
	case REFUSE: tell(s, "acceptance", "li", "{\"outcome\":\"refused\"}"); break;
	case RELEASE:
		if (allowed)
			tell(s, "released", "erp", "{\"disposition\":\"repaired\"}");
		break;
	case WITHDRAW:
		if (s->facts.released_seq)
			tell(s, "withdrawn", "erp", "{}");
		break;
	case OVERRIDE: put_override(s); break;
	case EVENTS:
	default: break;
	}
}

/* ---- the oracle: nothing but the list of events, read from the end ---- */

/* The last place before n where one of the events a, b stands; -1: none. */
static int last(int n, enum event a, enum event b)
{
	while (--n >= 0)
		if (history[n] == a || history[n] == b)
			return n;
	return -1;
}

static bool oracle(int n);

/* Is a release in force after n events, and when was one last taken back? */
static bool is_out(int n, int *taken_back)
{
	bool out = false;

	*taken_back = -1;
	for (int i = 0; i < n; i++) {
		if (history[i] == RELEASE && oracle(i))
			out = true;
		if (history[i] == WITHDRAW && out) {
			out = false;
			*taken_back = i;
		}
	}
	return out;
}

static bool oracle(int n)
{
	int run = last(n, PASS, FAIL), repair = last(n, REPAIR, REPAIR_ELSEWHERE);
	int said = last(n, ACCEPT, REFUSE), lifted = last(n, OVERRIDE, OVERRIDE), taken_back;

	if (is_out(n, &taken_back))
		return false; /* it has left already */
	if (run < 0 || history[run] == FAIL)
		return false;
	if (last(n, VOID, VOID) > run || repair > run || taken_back > run)
		return false; /* something made that run worth nothing */
	if (said > repair && history[said] == REFUSE)
		return false;
	if (said > repair && said > run)
		return true;
	/* Nobody was asked since the run: only a supervisor's word about this very run does. */
	return lifted > run && lifted > repair;
}

/* ---- the tree of them ---- */

static long histories, allowed_ones;

static void spell(int n, char *dst, size_t size)
{
	static const char *const names[] = {"pass",   "fail",	"abort",   "void",     "repair",
					    "accept", "refuse", "release", "withdraw", "override"};
	size_t at = 0;

	dst[0] = '\0';
	for (int i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(dst + at, size - at, "%s ", names[history[i]]);
}

static void walk(struct state *s, int n)
{
	bool allowed = decide_state(s);
	char text[160];

	if (allowed != oracle(n)) {
		spell(n, text, sizeof(text));
		fail_msg("%s-> %s%s", text, allowed ? "allowed" : "blocked: ",
			 allowed ? "" : decision.reasons[0].code);
	}
	histories++;
	allowed_ones += allowed;
	if (n == DEPTH)
		return;
	for (int e = 0; e < EVENTS; e++) {
		struct state next = *s;

		history[n] = (enum event)e;
		apply(&next, history[n], allowed);
		walk(&next, n + 1);
	}
}

static void every_history_of_six_events_is_decided_as_the_oracle_says(void **state)
{
	struct world w;
	struct state s = {.seq = 1};

	(void)state;
	world_init(&w);
	s.facts = w.facts;
	s.facts.run_count = 0;
	s.facts.mail_back = false;
	walk(&s, 0);
	assert_int_equal(histories, 1948717);
	assert_true(allowed_ones > 10000);
	print_message("%ld histories, %ld end allowed\n", histories, allowed_ones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_history_of_six_events_is_decided_as_the_oracle_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
