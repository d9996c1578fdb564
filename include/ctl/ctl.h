/* SPDX-License-Identifier: MIT
 *
 * What the commands of benchctl share. One command is one function cmd_*; its words come after
 * the command's own. Exit codes: 0 pass or done, 1 any other verdict or a refusal, 2 usage or
 * configuration, 3 the run ended error (rig) or no station answers. Results go to stdout,
 * everything else to stderr; --json prints what the station sent.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"
#include "ctl/format.h"
#include "ctl/messages.h"
#include "link/client.h"

enum { CTL_OK = 0, CTL_NO_PASS = 1, CTL_USAGE = 2, CTL_NO_STATION = 3, CTL_INTERRUPTED = 130 };
enum { CTL_TIMEOUT_MS = 15000, CTL_ARGS_MAX = 64 };

struct ctl {
	char state[400];  /* the station's folder */
	bool state_named; /* by --state: commands we propose need it too */
	bool json, zh, utf8;
	bool terminal;	       /* stdout is one */
	int columns, rows;     /* of it */
	struct client *client; /* open after the first call */
	struct text reply;     /* of the last call, as it came */
	int status;
	struct titles titles; /* as the station sent them; asked for where Chinese is wanted */
	bool titles_asked;
};

struct ctl_option {
	const char *name;	/* "ticket": --ticket VALUE */
	const char *value_name; /* NULL: a flag */
	const char **value;	/* NULL with a flag */
	bool *flag;
	const char *help;
};
#define OPTION_VALUE(n, v, where, h)                                                               \
	{                                                                                          \
		n, v, where, NULL, h                                                               \
	}
#define OPTION_FLAG(n, where, h)                                                                   \
	{                                                                                          \
		n, NULL, NULL, where, h                                                            \
	}
#define OPTION_END                                                                                 \
	{                                                                                          \
		NULL, NULL, NULL, NULL, NULL                                                       \
	}

struct ctl_command {
	const char *group, *name; /* name "": the group itself is the command */
	const char *args;	  /* for the usage line */
	const char *help;
	int (*run)(struct ctl *c, const struct ctl_command *self, int argc, char **argv);
};
extern const struct ctl_command ctl_commands[]; /* ends with group NULL */

/* ---- options.c ---- */
/* Options into their places, the other words into words[0..]; how many words, or -1 when the
 * command is to end with *code (help was printed, or a mistake told). */
int ctl_parse(const struct ctl_command *cmd, const struct ctl_option *options, int argc,
	      char **argv, const char *words[CTL_ARGS_MAX], int min_words, int max_words,
	      int *code);
int ctl_usage(const struct ctl_command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Whole number of an option in [lo, hi], NULL text leaves *out. False told. */
bool ctl_number(const struct ctl_command *cmd, const char *name, const char *text, int64_t lo,
		int64_t hi, int64_t *out);

/* ---- api.c ---- */
/* Whose language ctl_fail speaks; once, at the start. */
void ctl_speak_as(const struct ctl *c);
bool ctl_wants_json(void);
/* What was told last; ctl_fail and ctl_usage do so. */
void ctl_said(const char *text);
/* For --json, where a command ends without a document of its own: {type, code, detail}, the detail
 * being what was told last. */
void ctl_put_problem(int exit_code);
/* A line to stdout in the user's language. */
void ctl_tell(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int ctl_fail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2))); /* to stderr; returns nothing of use */
/* Ask the station: 0 and *out (NULL allowed; the caller's), or told and an exit code. */
int ctl_call(struct ctl *c, enum web_route route, const char *arg, const char *query,
	     const char *body, json_t **out);
int ctl_call_match(struct ctl *c, enum web_route route, const char *arg, const char *body,
		   const char *if_match, json_t **out);
/* The same without a word to the user: 0, or negative enum err; c->status and c->reply tell
 * what came. */
int ctl_try(struct ctl *c, enum web_route route, const char *arg, const char *query,
	    const char *body, json_t **out, struct error *err);
/* Ask where a no (409) is an answer and no mistake: exit code 0, CTL_NO_PASS, or of what went wrong.
 * --json is put out; else *out (the caller's; NULL: no station, which was told) has what to tell. */
int ctl_ask(struct ctl *c, enum web_route route, const char *arg, const char *body, json_t **out);
void ctl_tell_detail(const json_t *problem); /* to stderr, what its detail says */
void ctl_close(struct ctl *c);
void ctl_pause_ms(int ms); /* ends early when a signal comes */
/* The reply's bytes as they are, and a line end. */
void ctl_put_reply(const struct ctl *c);
/* "problems": [{file, line, column, text}]; NULL: an empty list. */
struct json;
void ctl_put_problems(struct json *j, const struct problems *problems);
/* Members of objects, "" or NAN or 0 when absent or of another type; o may be NULL. */
const char *member_text(const json_t *o, const char *key);
double member_number(const json_t *o, const char *key);
bool member_is_true(const json_t *o, const char *key);
/* "benchctl --state DIR WORDS", as this user has to type it; added to out. */
void put_command(const struct ctl *c, struct text *out, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A text or code of the station in the user's language, added to out. */
void put_said(const struct ctl *c, const char *s, struct text *out);
/* {"en": .., "zh": ..} or a plain text in the user's language. */
const char *member_title(const struct ctl *c, const json_t *o, const char *key);
/* &name=value percent-encoded; NULL or "" value adds nothing. */
void query_add(struct text *q, const char *name, const char *value);

/* ---- show_live.c ---- */
/* A bay at work, laid out for `width` columns (a question may be longer); for terminals. */
void show_panel(const struct ctl *c, const json_t *bay, int width, struct lines *out);
/* The same once its run is recorded: the verdict, and what the bay reads now. */
void show_done_panel(const struct ctl *c, const json_t *run, const json_t *bay, int width,
		     struct lines *out);
/* "answer with: benchctl run answer --bay 1 yes|no", as the open question wants it. */
void show_how_to_answer(const struct ctl *c, const json_t *bay, struct text *out);
/* The same as one line, without line end. */
void show_progress_line(const struct ctl *c, const json_t *bay, struct text *out);

/* ---- show.c ---- */
/* A finished run: head, measurements, verdict, safe state. */
void show_run(const struct ctl *c, const json_t *run, struct text *out);
void show_release(const struct ctl *c, const json_t *release, struct text *out);
/* A table to stdout, released. */
void print_table(struct table *t, const char *indent);
/* One whose first row is its head: on a terminal it says so when nothing stands below. */
void print_list(const struct ctl *c, struct table *t);
const char *verdict_text(const struct ctl *c, const char *verdict);
const char *state_text(const struct ctl *c, const char *state);
int verdict_exit_code(const char *verdict);

/* ---- watch.c ---- */
struct watch;
/* Follow these bays until each one's run is recorded. */
struct watched {
	char bay[16], run[64];
	bool done;
	json_t *document;	   /* of the run, once done; the watcher's caller drops it */
	char step[64], prompt[64]; /* told last */
	int64_t told_ns;
};
/* Is stdout a terminal, and of what size? */
void measure_terminal(struct ctl *c);
/* 0, or an exit code (told). stop(ctx) true ends it early with CTL_INTERRUPTED. */
int watch_runs(struct ctl *c, struct watched *runs, int n, bool (*stop)(void *ctx), void *ctx);
/* Fetch and print the release answer of a ticket; false when there is none (told). */
bool print_release(struct ctl *c, const char *ticket);
/* The run a user means: RUN, or the one at a bay, or the only one. Exit code, told. */
int find_run(struct ctl *c, const char *run, const char *bay, char id[64], char at_bay[16]);

/* ---- commands ---- */
#define CTL_COMMAND(f) int f(struct ctl *c, const struct ctl_command *self, int argc, char **argv)
CTL_COMMAND(cmd_ticket_add);
CTL_COMMAND(cmd_ticket_show);
CTL_COMMAND(cmd_ticket_list);
CTL_COMMAND(cmd_ticket_import);
CTL_COMMAND(cmd_ticket_repair);
CTL_COMMAND(cmd_ticket_accept);
CTL_COMMAND(cmd_ticket_callback);
CTL_COMMAND(cmd_ticket_events);
CTL_COMMAND(cmd_ticket_compare);
CTL_COMMAND(cmd_unit_dossier);
CTL_COMMAND(cmd_unit_hold);
CTL_COMMAND(cmd_unit_unhold);
CTL_COMMAND(cmd_unit_holds);
CTL_COMMAND(cmd_run_trace);
CTL_COMMAND(cmd_run_note);
CTL_COMMAND(cmd_run_void);
CTL_COMMAND(cmd_user_add);
CTL_COMMAND(cmd_user_pin);
CTL_COMMAND(cmd_user_list);
CTL_COMMAND(cmd_duty_begin);
CTL_COMMAND(cmd_duty_end);
CTL_COMMAND(cmd_token_add);
CTL_COMMAND(cmd_token_list);
CTL_COMMAND(cmd_token_revoke);
CTL_COMMAND(cmd_profile_submit);
CTL_COMMAND(cmd_profile_approve);
CTL_COMMAND(cmd_calibration_list);
CTL_COMMAND(cmd_calibration_add);
CTL_COMMAND(cmd_release_show);
CTL_COMMAND(cmd_release_record);
CTL_COMMAND(cmd_release_override);
CTL_COMMAND(cmd_release_withdraw);
CTL_COMMAND(cmd_verify);
CTL_COMMAND(cmd_key_show);
CTL_COMMAND(cmd_key_backup);
CTL_COMMAND(cmd_key_restore);
CTL_COMMAND(cmd_key_rotate);
CTL_COMMAND(cmd_export_chain);
CTL_COMMAND(cmd_export);
CTL_COMMAND(cmd_run_start);
CTL_COMMAND(cmd_run_watch);
CTL_COMMAND(cmd_run_answer);
CTL_COMMAND(cmd_run_abort);
CTL_COMMAND(cmd_run_show);
CTL_COMMAND(cmd_run_list);
CTL_COMMAND(cmd_bay_list);
CTL_COMMAND(cmd_bay_show);
CTL_COMMAND(cmd_bay_stop);
CTL_COMMAND(cmd_bay_reset);
CTL_COMMAND(cmd_profile_check);
CTL_COMMAND(cmd_profile_list);
CTL_COMMAND(cmd_profile_show);
CTL_COMMAND(cmd_fixture_check);
CTL_COMMAND(cmd_device_scan);
CTL_COMMAND(cmd_device_set_address);
CTL_COMMAND(cmd_device_prove_watchdog);
CTL_COMMAND(cmd_label);
CTL_COMMAND(cmd_device_accept);
CTL_COMMAND(cmd_doctor);
CTL_COMMAND(cmd_backup);
CTL_COMMAND(cmd_restore);
CTL_COMMAND(cmd_import);
CTL_COMMAND(cmd_webhook_list);
CTL_COMMAND(cmd_webhook_test);
CTL_COMMAND(cmd_webhook_dead);
CTL_COMMAND(cmd_webhook_resend);
CTL_COMMAND(cmd_webhook_enable);
CTL_COMMAND(cmd_events);
CTL_COMMAND(cmd_demo);

#endif
