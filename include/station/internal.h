/* SPDX-License-Identifier: MIT
 *
 * What the files of src/station share. Nothing outside that folder includes this.
 *
 *	disk.c     the store: opening, jobs, failure
 *	rig.c      a rig's link: messages of benchd-io, liveness
 *	bay.c      a bay: live values, images, the lease
 *	scan.c     what a scanned code means there
 *	inbound.c  unknown tickets looked up in the ticketing system
 *	session_start.c  from a request to the check of the bay
 *	session.c  a bay's session and the world: rig, store, clients
 *	journal.c  the journal of a run as jobs for the store's writer
 *	serve.c    web link: connections, requests, replies, events
 *	once.c, admit_once.c  Idempotency-Key
 *	problem.c  what was not right, as RFC 9457 has it
 *	label.c    labels of units: recorded, printed, recorded again
 *	device.c   who each device is, whatever was restarted
 *	outbox.c   webhooks: the feed pushed to other machines; alert.c: what else is told there
 *	outbound.c HTTP requests to other machines, by benchd-web
 *	routes_*.c one handler per route
 *	show.c     JSON of bays, runs, profiles
 *	spawn.c    the child processes of --spawn
 */
#ifndef STATION_INTERNAL_H
#define STATION_INTERNAL_H

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "link/io.h"
#include "link/web.h"
#include "plan/profile.h"
#include "run/session.h"
#include "station/calibration.h"
#include "station/device.h"
#include "station/feed.h"
#include "station/journal.h"
#include "station/once.h"
#include "station/outbound.h"
#include "station/station.h"
#include "store/room.h"
#include "ticket/codes.h"
#include "ticket/registry.h"
#include "ticket/tries.h"

enum { STATION_BAYS_MAX = 32, STATION_CONNS_MAX = 64 };

struct rig_link {
	struct station *station;
	struct fixture *fixture;
	int fd; /* -1: benchd-io is not connected */
	struct loop_io *io;
	bool welcome; /* HELLO was accepted */
	bool simulated;
	int64_t heard_ns;		/* wire time of the last message */
	uint32_t token;			/* last SAFE token given */
	pid_t pid;			/* of benchd-io as it says */
	char refusal[352];		/* why the last benchd-io was refused, "": it was not */
	struct device_state *devices;	/* device.h */
	struct channel_state *channels; /* calibration.h */
	int calibrating;		/* calibrations on their way into the store */
	int first_bay;			/* index in station.bays */
};

struct latest {
	struct sample sample;
	bool seen;
};
struct bay {
	struct station *station;
	struct rig_link *rig;
	int index; /* in the fixture */
	const char *name;
	enum bay_state state;
	char reason[IO_TEXT_MAX];
	struct text devices;	  /* JSON for the record of the run at hand */
	char locked[IO_TEXT_MAX]; /* why a run locked it, "": it did not; a reset ends it */
	/* Why its records and its interlocks would not rest on the same calibrations; "": they do. */
	char calibration[2 * IO_TEXT_MAX];
	uint32_t lease;	       /* last number given */
	struct latest *values; /* by fixture channel */
	char scanned_ticket[64], scanned_serial[64];
	int64_t scanned_ns;	 /* wire time */
	unsigned scan;		 /* counts codes scanned while idle */
	char unknown_code[64];	 /* scanned once, and nobody knows it */
	char new_ticket[64];	 /* scanned twice: a ticket with the next plate */
	char typed[320];	 /* run, prompt and step whose serial was typed once, and what */
	struct session *session; /* NULL: idle */
	struct profile *profile; /* of its run */
	struct journal journal;
	int jobs;		 /* of its journal, on their way */
	struct request *starter; /* waits for its reply until the run has begun, or NULL */
	int64_t stop_audit_ns;	 /* wire: last time a STOP was written down */
	struct {
		uint32_t token; /* 0: the rig was not asked */
		struct request *request;
		char who[96];
	} reset;
	struct loop_timer *tick;
};

struct web_conn {
	struct station *station;
	int fd; /* -1: free */
	uint32_t generation;
	bool is_web;	  /* benchd-web; else a local program */
	bool takes_calls; /* it proved to hold the station's token: asked for requests outside */
	uid_t uid;
	struct loop_io *io;
	uint32_t events_id; /* 0: not subscribed */
	struct queued {
		struct text bytes;
		struct queued *next;
	} * queue, **queue_tail;
	int queued;
};

/* A request whose reply may come later. Owned by the station until request_reply. */
struct request {
	struct station *station;
	int conn;
	uint32_t generation, id;
	struct web_msg msg; /* body points to `body` */
	char *body;
	char who[96]; /* operator or peer, for the audit */
	struct identity identity;
	bool csrf_good;
	bool by_web;		     /* else by the station's own socket */
	char client[WEB_CLIENT_MAX]; /* address as benchd-web says, or the kernel's "uid:0" */
	char session[65];	     /* of the identity, "" none */
	char signer[64];	     /* the person whose PIN came with it, "" none */
	unsigned signer_roles;
	struct once once;
	struct request *next_keyed; /* of those under way with an Idempotency-Key */
};

struct child {
	const char *what; /* "benchd-io" "benchd-web" "make-safe" */
	pid_t pid;	  /* 0: not running */
	struct rig_link *rig;
	int64_t began_ns; /* wire: start of this process */
	int starts;	  /* within the window */
	int64_t window_ns;
	bool failed; /* given up */
};

struct station {
	struct loop *loop;
	struct station_options options;
	struct clock_scale scale;
	char boot_id[37], name[64];
	char token[65]; /* for loopback TCP */
	struct rig_link rigs[8];
	int rig_count;
	struct bay bays[STATION_BAYS_MAX];
	int bay_count;
	struct library library;
	struct registry *registry;
	struct tries tries; /* of PINs */
	struct request *keyed;
	struct approval *approvals;
	int approval_count;
	int64_t passes_at_us; /* UTC of the next approval with a word about passes; 0: look now */
	struct calibration_texts *calibration_texts;
	struct worker *writer, *reader;
	struct worker *exporter; /* NULL until something is exported */
	struct worker *checker;	 /* NULL unless the last stop was unclean */
	enum { STORE_GOOD, STORE_CHECKING, STORE_DAMAGED } store_state;
	int io_fd, web_fd, ctl_fd;
	uid_t web_uid; /* benchd-web's, where that is a user of its own; else -1 */
	struct loop_io *io_listen, *web_listen, *ctl_listen;
	struct web_conn conns[STATION_CONNS_MAX];
	struct child children[24];
	int child_count;
	struct loop_timer *housekeeping;
	int64_t started_ns;
	int64_t stop_since_ns;
	int64_t watched_ns; /* wire: last round of spawn_watch */
	int64_t told_ns;    /* wire: when the children were told to end */
	bool stopping, store_failed, children_told;
	char store_failure[160]; /* what could not be kept */
	char stranger[320];	 /* why the last benchd-io that is of no rig here was refused */
	int64_t stranger_ns;	 /* wire: when */
	int exit_code;
	/* routes_feed.c: requests that wait for an item */
	struct feed_end feed_end;
	struct feed_job *feed_waiting;
	int feed_waiting_count;
	struct loop_timer *feed_timer;
	int64_t feed_acknowledged;
	struct room room; /* on the disk, as last seen */
	bool room_at_work;
	int64_t room_next_ns; /* wire */
	struct inbound {
		struct loop_timer *timer; /* NULL: nobody is asked */
		int pause_s;		  /* before the next try */
		int under_way;
		char after[64]; /* the last unconfirmed ticket that was tried */
	} inbound;
	struct outbox *outbox; /* NULL: there are no webhooks */
	struct alerts *alerts;
	struct pruner *pruner;		/* NULL: everything stays */
	struct label_job *labels;	/* label.c: at a printer */
	struct outbound_call *outbound; /* outbound.c: under way */
	uint32_t outbound_last_id;
	struct keeper {
		struct worker *worker; /* NULL: there is no second place */
		struct loop_timer *timer;
		bool at_work, wanted; /* a copy is under way; somebody asked for a backup */
		int64_t after;	      /* finished runs up to this item of the chain are copied */
		/* newest backup; made_utc_us 0: none */
		char name[40];
		int64_t made_utc_us, items, bytes;
		int64_t not_before_ns;
		char problem[256];  /* "": the last copy went well */
		const char *advice; /* of keeper_state */
	} keeper;
};

/* outbox.c */
int outbox_configure(struct station *s, struct error *err); /* reads the file of webhooks */
int outbox_load(struct station *s, struct store *store, struct error *err);
void outbox_start(struct station *s);
void outbox_free(struct station *s);
/* How many endpoints do not get what they should, in words; false: some. */
bool outbox_state(struct station *s, char *dst, size_t size);

/* label.c */
void label_done(struct rig_link *r, const struct io_msg *m);
void labels_lost(struct rig_link *r, const char *why); /* its benchd-io is gone */
void labels_tick(struct station *s);		       /* from housekeeping */

/* alert.c */
int alerts_load(struct station *s, struct store *store, struct error *err);
void alerts_start(struct station *s);
void alerts_free(struct station *s);

/* outbound.c */
void outbound_result(struct web_conn *w, const struct web_msg *m);
void outbound_lost(struct web_conn *w);
void outbound_close(struct station *s); /* who waits for one is told that it is lost */

/* routes_export.c */
void export_stop(struct station *s);

/* room.c */
void room_tick(struct station *s); /* from housekeeping */

/* keeper.c */
int keeper_start(struct station *s, struct error *err);
void keeper_stop(struct station *s);
/* How the second place does, in words; false: not as it should. */
bool keeper_state(struct station *s, char *dst, size_t size);

/* station.c */
int64_t station_run_ns(const struct station *s); /* run time now */
struct bay *station_bay(struct station *s, const char *name);
bool station_is_simulated(const struct station *s);
/* disk.c */
int disk_open(struct station *s, int *exit_code, struct error *err);
void station_store_failed(struct station *s, const char *what, const struct error *err);
/* Submit, or fail the store. */
void station_write(struct station *s, struct job *j);
void station_read(struct station *s, struct job *j);
/* The writer is busy enough: requests of clients wait outside (503), so that they never push out records of runs. */
bool station_is_crowded(const struct station *s);
void station_audit(struct station *s, const char *who, const char *what, const char *json);

/* rig.c */
int rig_listen(struct station *s, struct error *err);
void rig_close(struct rig_link *r, const char *why);
int rig_send(struct rig_link *r, const struct io_msg *m);
uint32_t rig_safe(struct rig_link *r, int bay, enum safe_what what); /* token, 0: not sent */

struct session_order;
/* bay.c */
void bay_init(struct bay *b, struct rig_link *r, int index);
void bay_state_changed(struct bay *b, enum bay_state st, const char *reason);
void bay_samples(struct rig_link *r, const struct sample *at, int n);
void bay_input(struct bay *b, const char *name, const char *text);
void bay_tick(void *ctx); /* timer */
/* scan.c */
void bay_scan(struct bay *b, const char *text);
void bay_say_input(struct bay *b, const char *name, const char *text, const char *code);
bool bay_scan_is_kept(const struct bay *b); /* not too long ago */
/* Ticket and serial as last scanned there, unless too long ago. */
void bay_take_scan(struct bay *b, struct session_order *o);
/* In a run: could that be the plate of a unit? */
bool bay_takes_serial(const struct bay *b, const char *text);
void bay_lock(struct bay *b, const char *why);
/* What everybody is told of it: its rig's state, or the lock that a run put on it. */
enum bay_state bay_shown(const struct bay *b, const char **reason);
/* Why its records and its interlocks would not rest on the same calibrations; "": they do. */
void bay_calibrations(struct bay *b, const char *why);
/* Answers rq (NULL: the button was pressed), perhaps only when the rig has. */
void bay_reset(struct bay *b, const char *who, struct request *rq);
/* The rig took the reset that it was asked for, or why not, with the status for the client. False:
 * it was not asked. */
bool bay_reset_ends(struct bay *b, const char *refused, int status);
void bay_audit(struct bay *b, const char *who, const char *what);
bool bay_is_usable(const struct bay *b, char *why, size_t size);

/* inbound.c: tickets looked up in the ticketing system */
enum inbound_found { INBOUND_FOUND = 1, INBOUND_NOT_THERE, INBOUND_SILENT };
/* then is called later, t valid during the call; a ticket that is found is on disk by then. False:
 * nobody can be asked now. */
bool inbound_look(struct bay *b, unsigned scan, const char *code, bool by_serial,
		  void (*then)(struct bay *b, unsigned scan, const char *code, bool by_serial,
			       enum inbound_found found, const struct ticket *t));
void inbound_later(struct station *s); /* there is an unconfirmed ticket */
void inbound_start(struct station *s);
void inbound_stop(struct station *s);

/* session_start.c */
struct session_order {
	char ticket[64], serial[64], run_type[32], profile[64], operator_name[64];
	char serial_from[16]; /* "scan" or "typed"; "" without a serial */
	char person[64];      /* on duty there, or signed in; "" nobody is known */
};
/* Starts looking things up; the reply comes later, through rq (NULL: a button was pressed). */
void session_request(struct bay *b, const struct session_order *o, struct request *rq);

/* session.c */
struct session_time station_now(const struct station *s);
void bay_prepare(struct bay *b, const struct run_facts *facts, struct request *starter);
/* Frees its session, whatever it is at. */
void bay_release(struct bay *b);
/* took_ns: from the order to the proof, run time; 0: not told. */
void bay_proof(struct bay *b, uint32_t token, enum safe_what after, bool proven, int64_t took_ns,
	       const char *detail);
/* rig made safe by a child: the proof of runs whose io was lost */
void bays_made_safe(struct rig_link *r, bool proven, const char *detail);

/* serve.c */
/* That user of the station's group speaks by web.sock alone. */
bool serve_is_web_user(const struct station *s, uid_t uid);
int serve_listen(struct station *s, struct error *err);
void serve_close(struct station *s);
void request_reply(struct request *rq, int status, const char *etag, const struct text *json);
void request_reply_typed(struct request *rq, int status, const char *etag, enum web_type type,
			 const struct text *json);
/* 200 with what fn writes. */
void route_reply(struct request *rq, void (*fn)(struct json *j, struct station *s));
/* problem.c */
/* code: stable name; detail: what to do. Frees rq (NULL allowed: logged only). */
void request_problem(struct request *rq, int status, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* 200 with the bytes of a file, which is closed. */
void request_reply_file(struct request *rq, enum web_type type, int fd, size_t size);
/* The same with members of its own; more NULL: none. */
void request_problem_with(struct request *rq, int status, const char *code, const char *detail,
			  void (*more)(struct json *j, void *ctx), void *ctx);
void request_problem_of(struct request *rq, const struct error *err);
/* The job that it waited for is done: the problem of its error, else the reply. kept: what could
 * not be kept when that error is the store's, NULL: it only read. */
void request_end(struct request *rq, const struct job *j, int status, const char *etag,
		 const struct text *out, const char *kept);
/* 404: there is no bay of this name, and which there are. */
void request_no_bay(struct request *rq, const char *name);
/* 404: there is no such ticket, or run; how to see which there are. */
void request_no_ticket(struct request *rq, const char *id);
void request_no_run(struct request *rq, const char *id);
/* ?name=TIME, in microseconds; 0: not given. */
int64_t request_time(const struct request *rq, const char *name);
void serve_event(struct station *s, const struct text *json);
void serve_call(struct web_conn *c, uint32_t id, const struct text *json);

/* {key: value} */
void request_done(struct request *rq, int status, const char *key, const char *value);
/* The body by a table (ticket/form.h); NULL: it is answered with 422. The caller's to json_decref. */
struct form_field;
struct ticket_problems;
void request_problems(struct request *rq, const struct ticket_problems *problems);
struct json_t *request_form(struct request *rq, const struct form_field *fields);

/* identity.c */
/* False: the credential is wrong. */
bool people_identify(struct request *rq, const struct web_conn *c);
/* By the table: to route_handle, through the PIN of who signs where one is needed, or refused. */
void people_admit(struct request *rq);
/* then's p: that person, NULL when the PIN or the name is wrong. Answers 429 by itself. */
void people_check_pin(struct request *rq, const char *person, const char *pin,
		      void (*then)(struct request *rq, const struct person *p));
bool people_take_pin(const struct json_t *o, char person[64], char pin[PEOPLE_PIN_MAX + 1]);
int people_load(struct station *s, struct store *store, struct error *err);
/* Who is on duty there, NULL: nobody. */
const struct person *bay_person(struct bay *b);
/* "2026-11-22T08:00:00Z", its form checked, in microseconds. */
int64_t station_utc_of(const char *utc);
/* routes_people.c */
void duty_begin(struct bay *b, const struct person *p);
/* routes_run.c: the run of that id that is open on a bay here, or NULL */
struct bay *station_run(struct station *s, const char *id);

/* routes_ticket.c: or it is answered */
bool may_write_tickets(struct request *rq);

/* routes */
void route_handle(struct request *rq);
void route_people(struct request *rq);
void route_person_put(struct request *rq);
void route_person_pin(struct request *rq);
void route_login(struct request *rq);
void route_logout(struct request *rq);
void route_duty_begin(struct request *rq);
void route_duty_end(struct request *rq);
void route_tokens(struct request *rq);
void route_token_add(struct request *rq);
void route_token_revoke(struct request *rq);
void route_ticket_import(struct request *rq);
void route_repair(struct request *rq);
void route_acceptance(struct request *rq);
void route_callback(struct request *rq);
void route_clarification(struct request *rq);
void route_beyond_repair(struct request *rq);
void route_events_of(struct request *rq);
void route_compare(struct request *rq);
void route_dossier(struct request *rq);
void route_run_note(struct request *rq);
void route_label(struct request *rq);
void route_run_void(struct request *rq);
void route_profile_submit(struct request *rq);
void route_profile_approve(struct request *rq);
void route_calibrations(struct request *rq);
void route_calibrate(struct request *rq);
void route_device_accept(struct request *rq);
void route_dispatch(struct request *rq);
void route_station(struct request *rq);
void route_bays(struct request *rq);
void route_bay(struct request *rq);
void route_bay_stop(struct request *rq);
void route_bay_reset(struct request *rq);
void route_tickets(struct request *rq);
void route_ticket_get(struct request *rq);
void route_ticket_put(struct request *rq);
void route_release(struct request *rq);
void route_release_post(struct request *rq);
void route_override(struct request *rq);
void route_withdraw(struct request *rq);
void route_verdict(struct request *rq);
void route_claim(struct request *rq);
void route_key(struct request *rq);
void route_key_backup(struct request *rq);
void route_key_rotate(struct request *rq);
void route_chain(struct request *rq);
void route_runs(struct request *rq);
void route_run_start(struct request *rq);
void route_run_get(struct request *rq);
void route_run_answer(struct request *rq);
void route_run_abort(struct request *rq);
void route_results(struct request *rq);
void route_snapshot(struct request *rq);
void route_run_trace(struct request *rq);
void route_hold(struct request *rq);
void route_unhold(struct request *rq);
void route_holds(struct request *rq);
void route_profiles(struct request *rq);
void route_profile(struct request *rq);
void route_doctor(struct request *rq);
void route_backup(struct request *rq);
void route_backup_make(struct request *rq);
void route_export(struct request *rq);
void route_webhooks(struct request *rq);
void route_webhook_test(struct request *rq);
void route_webhook_enable(struct request *rq);
void route_webhook_dead(struct request *rq);
void route_webhook_resend(struct request *rq);
void route_events(struct request *rq);
void route_ready(struct request *rq);

/* show.c */
void show_bay(struct json *j, const struct bay *b);
void show_step(struct json *j, const struct session *z);
void show_prompt(struct json *j, const struct bay *b);
void show_values(struct json *j, const struct bay *b);
void show_measurements(struct json *j, const struct session *z);
void show_event_head(struct json *j, const char *type, const struct bay *b);

/* spawn.c */
/* Before anything is made: does benchd-io take the fixtures? Only it knows the drivers. */
int spawn_check(struct station *s, struct error *err);
int spawn_start(struct station *s, struct error *err);
void spawn_reap(struct station *s);
void spawn_watch(struct station *s);	/* from housekeeping: hung io, restarts */
void spawn_tell_all(struct station *s); /* end: web first, then io */
bool spawn_all_gone(const struct station *s);

#endif
