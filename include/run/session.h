/* SPDX-License-Identifier: MIT
 *
 * One run on one bay around its engine, as a pure state machine: check of the bay, its first row in
 * the journal, an image each 100 ms, stop and proof, its last row. Events come in by calls, actions
 * go out by ops; no I/O, no clock, no globals. benchd drives it with a rig and a store, the virtual
 * bench with virtual ones: what holds here holds in both.
 *
 *	PREPARING -> CHECKING	session_check: the owner knows unit and profile, SAFE_CHECK is sent
 *	CHECKING  -> BEGINNING	session_proof: proven; ops.begin
 *	BEGINNING -> RUNNING	session_begun: the first row is durable; ops.began
 *	RUNNING	  -> STOPPING	the engine stops, by whatever came; SAFE_STOP unless the rig dropped
 *	STOPPING  -> FINISHING	session_proof, or none in time; ops.finish
 *	FINISHING -> OVER	session_finished
 *	PREPARING, CHECKING, BEGINNING -> OVER	refused: nothing was switched on
 *
 * What it promises, whatever comes in whatever order:
 *	- no image after the stop was sent or the rig has dropped the bay; none before the first
 *	  row is durable
 *	- ops.finish exactly once for each run that began, after the proof or its time-out
 *	- results (`durable`) and session_verdict say what is on disk and nothing else
 *	- each run has a lease number of its own, above every one before
 *	- an abort, trip or loss that comes while the owner is at work on something else counts as
 *	  soon as it can
 *	- after a failure of the store nothing more is handed over; the run ends in safety, in error
 *
 * Two times: the lease, its patience, syncs of the trace and all time-outs here go by wire time,
 * the engine by run time.
 *
 * One thread. An op may answer at once by calling back in; only ops.over may free the session. The
 * members are the owner's to read, and this machine's to write.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "link/io.h"
#include "run/engine.h"
#include "run/record.h"

enum { SESSION_SAMPLES_MAX = 2048 };

enum session_phase {
	SESSION_PREPARING = 1, /* the owner looks things up */
	SESSION_CHECKING,      /* waits for the answer to SAFE_CHECK */
	SESSION_BEGINNING,     /* its first row is on the way to the disk */
	SESSION_RUNNING,
	SESSION_STOPPING,  /* waits for the proof */
	SESSION_FINISHING, /* its record is on the way to the disk */
	SESSION_OVER
};
bool session_may_go(enum session_phase from, enum session_phase to);

enum session_outcome {
	SESSION_REFUSED = 1, /* it never ran; code and text say why */
	SESSION_STORED,	     /* the record is durable: the verdict may be shown */
	SESSION_LOST	     /* it ran, and its record could not be kept */
};

struct session_time {
	int64_t run_ns, wire_ns, utc_us;
};

struct session_ops {
	/* SAFE_CHECK or SAFE_STOP of the bay. The token of its proof, 0: it was not sent. */
	uint32_t (*safe)(void *ctx, enum safe_what what);
	/* m is the session's. */
	void (*image)(void *ctx, const struct io_msg *m);
	/* The journal. begin: answered by session_begun. note: by session_noted when it is durable
	 * or failed. samples: the trace, durable up to here with sync; a failure comes by
	 * session_store_failed. finish: seal the trace, store session_document; keep false: the
	 * store failed, close what is open; answered by session_finished. All arguments are
	 * valid during the call only. */
	void (*begin)(void *ctx);
	void (*note)(void *ctx, const struct engine_note *note);
	void (*samples)(void *ctx, const struct sample *at, int n, bool sync);
	void (*finish)(void *ctx, bool keep);
	/* For display and bookkeeping; NULL allowed. began: the run may be announced, and
	 * session_known called. progress: each 500 ms. lock: the bay is to be locked. over: last
	 * call of all; see outcome. */
	void (*began)(void *ctx);
	void (*progress)(void *ctx);
	void (*lock)(void *ctx, const char *why);
	void (*over)(void *ctx);
};

struct session_config {
	struct session_ops ops;
	void *ctx;
	const struct fixture *fixture;
	int bay;
	enum bay_state state; /* of the bay now */
	uint32_t *lease;      /* the bay's last number given; outlives the session */
};

struct session {
	struct session_config config;
	enum session_phase phase;
	enum session_outcome outcome; /* 0 until OVER */
	struct run_facts facts;	      /* times from BEGINNING on */
	struct engine *engine;	      /* NULL before RUNNING */
	/* by measurement: what is on disk and may be shown; verdict 0: nothing yet */
	struct engine_result *durable;
	bool proven;
	int64_t proof_took_ns;
	char proof_detail[IO_TEXT_MAX];
	enum verdict verdict; /* of the engine, from FINISHING on; to be shown: session_verdict */
	enum attribution attribution;
	int64_t ended_utc_us, ended_ns;	       /* from FINISHING on; run time */
	char code[24], text[IO_TEXT_MAX + 64]; /* REFUSED: why */
	struct session_time now;	       /* of the event at hand */
	/* session.c alone looks at what follows */
	int depth;
	bool told;
	enum bay_state state;
	char reason[IO_TEXT_MAX];
	/* what came before there was an engine: the gravest of it */
	enum session_early {
		EARLY_NONE = 0,
		EARLY_TRIP,
		EARLY_ABORT,
		EARLY_IO_LOST,
		EARLY_STORE_FAILED
	} early;
	char early_who[96], early_text[IO_TEXT_MAX];
	int early_interlock;
	enum trip_class early_class;
	double early_value;
	bool early_proof; /* of the safe state after that: proven and proof_detail */
	bool store_lost;
	bool dropped; /* the rig drops the bay by itself: no SAFE_STOP needed */
	struct record *record;
	uint32_t check_token, seq;
	int64_t since_ns;		  /* wire: CHECKING, STOPPING began */
	int64_t first_image_ns, image_ns; /* wire; 0: none sent */
	int64_t progress_ns, synced_ns;	  /* wire */
	struct io_msg *image;		  /* the last one sent */
	struct sample *pending;		  /* not yet given to the journal */
	int pending_count;
};

/* facts: what is known of it already, ticket and operator. In PREPARING. */
struct session *session_new(const struct session_config *config, const struct run_facts *facts);
void session_free(struct session *s); /* NULL allowed */

/* ---- events ---- */
/* All facts but the times; facts->profile is borrowed until session_free. */
void session_check(struct session *s, const struct run_facts *facts, struct session_time now);
/* The owner found that it cannot be; PREPARING only. */
void session_refuse(struct session *s, const char *code, const char *text, struct session_time now);
/* rc 0, or negative with why; why NULL allowed, here and below. */
void session_begun(struct session *s, int rc, const char *why, struct session_time now);
/* result: of a note about a measurement, else NULL. */
void session_noted(struct session *s, const struct engine_result *result, int rc, const char *why,
		   struct session_time now);
void session_finished(struct session *s, int rc, struct session_time now);
/* Nothing can be kept any more, whatever it was that failed. */
static inline void session_store_failed(struct session *s, const char *why, struct session_time now)
{
	session_noted(s, NULL, ERR_STORE, why, now);
}
/* From ops.began: readings from before the run, for the engine only; the first tick need not wait. */
static inline void session_known(struct session *s, const struct sample *at, int n)
{
	engine_samples(s->engine, at, n);
}
/* Readings of the rig; those of other bays are passed over. */
void session_samples(struct session *s, const struct sample *at, int n, struct session_time now);
/* As the rig says. */
void session_bay(struct session *s, enum bay_state state, const char *reason,
		 struct session_time now);
void session_proof(struct session *s, uint32_t token, enum safe_what after, bool proven,
		   int64_t took_ns, const char *detail, struct session_time now);
void session_trip(struct session *s, int interlock, enum trip_class class, const char *reason,
		  double value, struct session_time now);
void session_abort(struct session *s, const char *who, const char *why, struct session_time now);
/* The link to benchd-io broke: it, or who follows it, makes safe; the proof may still come. */
void session_io_lost(struct session *s, const char *why, struct session_time now);
/* As engine_answer; prompt "": the open one. ERR_STATE when nothing runs. */
int session_answer(struct session *s, const char *prompt, const char *answer, const char *who,
		   struct session_time now, struct error *err);
/* Each 100 ms of run time. */
void session_tick(struct session *s, struct session_time now);

/* ---- what others may know ---- */
/* The open prompt or NULL. */
static inline const struct pf_prompt *session_prompt(const struct session *s, int64_t *deadline_ns)
{
	return s->phase == SESSION_RUNNING ? engine_prompt(s->engine, deadline_ns) : NULL;
}
/* 0 until it is durable. */
static inline enum verdict session_verdict(const struct session *s)
{
	return s->outcome == SESSION_STORED ? s->verdict : 0;
}
/* From FINISHING on, any thread: the document. trace_hash hex or NULL. */
static inline void session_document(const struct session *s, const char *trace_hash,
				    struct text *out)
{
	record_finish(s->record, s->ended_utc_us, s->proven, s->proof_took_ns,
		      s->proof_detail[0] ? s->proof_detail : NULL, trace_hash, out);
}

#endif
