/* SPDX-License-Identifier: MIT
 *
 * The store: SQLite in WAL mode, synchronous=FULL, STRICT tables, ledgers that refuse UPDATE
 * and DELETE, and one append-only trace segment per run. This header is the synchronous
 * library; in benchd the writer runs in one thread (store/worker.h), readers in others, and the
 * control loop never calls in here.
 *
 * Durable before announced: a call that returns 0 has committed (or synced). Any failure to
 * write is ERR_STORE and final for this struct store: the caller brings the rig to safe, then
 * exits 74.
 *
 * Tables (store/schema.c): meta, ticket (current mirror) + ticket_event (ledger), run (ledger:
 * facts at start), run_note (ledger: journal lines), run_end (ledger: the finished document and
 * its SHA-256), profile_revision (ledger), chain (ledger: whatever is recorded, store/chain.h) and
 * present state beside it: subject, secret, outbox, dead_letter.
 *
 * Threads: one struct store belongs to one thread at a time. The writer keeps no clock: every
 * time is the caller's. Errors: ERR_STORE when the writer failed (final, every later call says
 * so again); ERR_IO when a reader could not read or a stored document does not match its hash;
 * the others as named at each call. Callbacks may query the same store, and must not write to
 * it.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/text.h"

struct store;
/* Open or create DIR/benchd.db and DIR/segments/; migrate forward (backup first); refuse
 * another program's or a newer database. The writer: one per directory (lock file DIR/lock,
 * ERR_BUSY names the pid). utc_us: the caller's clock; a chain that begins here is dated by it. */
struct store *store_open(const char *dir, int64_t utc_us, struct error *err);
/* A reader: read-only connection, NO_CKPT_ON_CLOSE, short transactions. Only query functions
 * allowed. */
struct store *store_open_reader(const char *dir, struct error *err);
void store_close(struct store *s); /* NULL allowed */
/* Did the store that had this directory before close in order? A new directory counts as clean.
 * After an unclean stop a reader runs store_check, and release waits for it. */
bool store_was_clean(const struct store *s);
/* SQLite's quick_check: every page and row is well-formed; and the chain's hashes. Seconds on a big database: for a
 * reader. ERR_IO names the first finding. */
int store_check(struct store *s, struct error *err);
/* Checkpoint when the WAL is long; called by the writer when it is idle. */
int store_checkpoint(struct store *s, struct error *err);

/* Where the faults of tests come in. store_set_vfs: name of a registered SQLite VFS for stores
 * opened from now on, NULL the system's; store_set_io: the calls that write segments, backups
 * and folders, NULL the system's. Call before any store is open. */
struct store_io {
	ssize_t (*write)(int fd, const void *p, size_t n);
	int (*fdatasync)(int fd);
	int (*fsync)(int fd);
	int (*rename)(const char *from, const char *to);
	int (*unlink)(const char *path); /* of what is kept; not of leftovers */
};
void store_set_vfs(const char *name);
void store_set_io(const struct store_io *io);

/* ---- tickets (the station is the owner or mirrors) ---- */
struct ticket {
	char id[64], serial[64], model[64];
	char manufacture_date[16], due_at[32], symptoms[256] /* "S02,S09" */, run_type[32],
		plan_state[32];
	int priority;
	bool mail_back;
	int64_t repair_seq;
	/* last confirmed with the ticketing system (own tickets: always now) */
	int64_t mirrored_utc_us;
	int64_t created_utc_us, changed_utc_us;
	int64_t version; /* ETag */
	char state[32];	 /* received, in_test, tested, released */
};
/* Insert or change; *version (NULL allowed) gets the new one. if_version >= 0: ERR_CONFLICT
 * unless it is the present one; if_version -1: whatever is there; if_version -2: ERR_EXISTS
 * when it exists; if_version -3: ERR_CONFLICT when it does not. created_utc_us counts at the first put only; an empty state keeps the present
 * one ("received" at first); version is the store's. ERR_CONFLICT when repair_seq would go
 * back: that would bring passes from before a repair to life again. Each put is kept in the
 * ledger. */
int store_ticket_put(struct store *s, const struct ticket *t, int64_t if_version, const char *who,
		     int64_t *version, struct error *err);
int store_ticket_get(struct store *s, const char *id, struct ticket *out,
		     struct error *err); /* ERR_NOT_FOUND */
/* Newest first, filters NULL or exact; fn returns false to stop. */
int store_ticket_list(struct store *s, const char *serial, const char *model, const char *state,
		      int limit, bool (*fn)(void *ctx, const struct ticket *t), void *ctx,
		      struct error *err);

/* ---- runs ---- */
struct run_row {
	char id[37], ticket[64], serial[64], model[64], bay[16], run_type[32], profile[64],
		verdict[16], operator_name[64];
	int profile_revision;
	int64_t started_utc_us, ended_utc_us; /* 0: not ended */
	bool simulated;
	int64_t seq;		/* commit order of its end, 0 before */
	uint8_t doc_sha256[32]; /* of store_run_get with its document; else 0 */
};
/* facts: JSON of run/record.h; profile bytes are stored once by hash (SHA-256 of the bytes,
 * ERR_RANGE if it is not). Of row: id (36 characters of [0-9a-zA-Z-] at most), the texts,
 * revision, simulated and started_utc_us count. ERR_EXISTS. */
int store_run_begin(struct store *s, const struct run_row *row, const char *facts_json,
		    const uint8_t profile_hash[32], const char *profile_bytes, size_t profile_size,
		    struct error *err);
int store_run_note(struct store *s, const char *run_id, const char *note_json, size_t n,
		   struct error *err);
/* The finished document; exactly once per run (ERR_EXISTS otherwise; ERR_NOT_FOUND for no such
 * run). *seq: NULL allowed. */
int store_run_end(struct store *s, const char *run_id, const char *verdict, int64_t ended_utc_us,
		  const char *doc, size_t n, int64_t *seq, struct error *err);
int store_run_get(struct store *s, const char *run_id, struct run_row *row,
		  struct text *doc /* NULL or gets it */, struct error *err);
int store_run_journal(struct store *s, const char *run_id,
		      bool (*fn)(void *ctx, const char *json, size_t n), void *ctx,
		      struct error *err);
/* Newest first (order of their begin, whatever the wall clock did); filters NULL or exact;
 * limit 0: all. */
int store_run_list(struct store *s, const char *ticket, const char *serial, int limit,
		   bool (*fn)(void *ctx, const struct run_row *r), void *ctx, struct error *err);
/* For a person who looks for runs: the latest start first, as the clock said then. NULL and 0
 * filter nothing; the words are exact, verdict "open" is of a run that goes on. A search looks
 * through at most 20,000 runs: next becomes the id of the last one looked at when there are more,
 * to be given as before (ERR_NOT_FOUND: no such run), else "". */
struct run_search {
	const char *ticket, *serial, *model, *bay; /* each finds its index */
	const char *run_type, *profile, *verdict;  /* these are compared run by run */
	int64_t from_us, to_us;			   /* begun at from_us or later, before to_us */
	const char *before;			   /* only those listed behind this one */
	int limit;				   /* 1 or more */
};
int store_run_search(struct store *s, const struct run_search *f,
		     bool (*fn)(void *ctx, const struct run_row *r), void *ctx, char next[37],
		     struct error *err);
/* Ended runs with their documents, in the order of their end; NULL and 0 filter nothing. */
struct run_filter {
	const char *serial, *model;
	int64_t from_us, to_us; /* ended at from_us or later, before to_us */
};
int store_run_documents(struct store *s, const struct run_filter *f,
			bool (*fn)(void *ctx, const struct run_row *r, const char *doc, size_t n),
			void *ctx, struct error *err);
/* Runs begun and never ended, oldest first: to be closed as interrupted at start. */
int store_open_runs(struct store *s,
		    bool (*fn)(void *ctx, const struct run_row *r, const char *facts_json),
		    void *ctx, struct error *err);
/* Runs begun for a ticket and run type, however they ended. */
int store_run_attempts(struct store *s, const char *ticket, const char *run_type, int *n,
		       struct error *err);

/* ---- audit: operator actions, configuration ---- */
/* Rows of the audit ledger whose `what` is one of two, oldest first; fn returns false to stop. */
int store_audit_list(struct store *s, const char *what, const char *or_what,
		     bool (*fn)(void *ctx, const char *who, const char *what, const char *json),
		     void *ctx, struct error *err);
int store_audit(struct store *s, int64_t utc_us, const char *who, const char *what,
		const char *json, struct error *err);

/* ---- traces: raw samples of a run ---- */
struct segment;
struct sample;
/* DIR/segments/<run id>.seg: header JSON (channels, scale and calibration revision), frames of
 * samples with CRC32. A segment belongs to one thread at a time. A failure is ERR_STORE and
 * final for the segment. ERR_EXISTS. */
struct segment *segment_open(struct store *s, const char *run_id, const char *header_json,
			     struct error *err);
/* Buffered. */
int segment_append(struct segment *g, const struct sample *at, int n, struct error *err);
/* Write and fdatasync: every 5 s and at each step end. */
int segment_sync(struct segment *g, struct error *err);
/* Close and rewrite as compressed columns (zstd) DIR/segments/<run id>.col; hash of it as hex.
 * Frees g. */
int segment_finish(struct segment *g, char hash_hex[65], struct error *err);
/* Closes without rewriting; what was not synced is lost. NULL allowed. */
void segment_drop(struct segment *g);
/* The trace of a run, finished or not, into dst; ERR_NOT_FOUND. */
int segment_path(const struct store *s, const char *run_id, char *dst, size_t size,
		 struct error *err);
/* Read either form back: samples in the order of segment_append; stops at the first torn frame
 * (and says how many bytes were left; NULL allowed), or when fn returns false. header NULL or
 * gets the JSON. ERR_SYNTAX: no trace file. */
int segment_read(const char *path, struct text *header,
		 bool (*fn)(void *ctx, const struct sample *s), void *ctx, uint64_t *torn_bytes,
		 struct error *err);

#endif
