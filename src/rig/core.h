/* SPDX-License-Identifier: MIT
 *
 * Inside of the rig machine; private to src/rig.
 *
 *	build.c     the fixture against the drivers, tables made once
 *	wiring.c    reads and lines of each bus
 *	device.c    who answers: lost, back
 *	identity.c  what they say they are, and their settings
 *	calibration.c  what a person found a channel to be off by
 *	channel.c   readings: scale, quality, debounce
 *	interlock.c rules that hold whatever a profile says
 *	lease.c     images of the engines
 *	output.c    what is commanded: merging, supply, on-times
 *	board.c     writes and read-back of the devices that carry outputs; dead-man line
 *	printer.c   label printers
 *	safe.c      states of the bays; drop, stop, proof
 *	proof.c     what shows a bay safe; the check before a run
 *	report.c    messages to benchd
 *	reach.c     worst time from an edge to commanded safe
 *	load.c      what each line has to carry
 *	rig.c       the public calls: each takes what came, then settles the machine
 *
 * Every public call ends in settle (rig.c): outputs are merged, interlocks look at readings and at
 * what is about to be commanded, and only then boards are written and reports sent. So what an
 * interlock forbids is never written, and a trip is on its way before anything else is looked at.
 */
#ifndef RIG_CORE_H
#define RIG_CORE_H

#include "base/clock.h"
#include "base/log.h"
#include "rig/driver.h"
#include "rig/rig.h"

enum {
	POINT_READS_MAX = 4,
	IDENTITIES_MAX = 6,
	SETTINGS_MAX = 8,
	BOARD_POINTS_MAX = 64,
	BOARD_REQUESTS_MAX = 32,
	ANSWERS_MAX = 4,
	READ_FAILURES_MAX =
		3, /* in a row before a value is no longer believed, unless it is stale earlier */
	/* A counter's rate is known to 1/20: answers after 50 ms do at polls of 1 s, and a mean of
	 * ten such rates, which share all times but the first and the last, is known to 1/200. */
	COUNTER_UNSURE_SHARE = 20
};
#define MONITOR_NS    (500 * NS_PER_MS) /* run time: read-back between writes */
#define RETRY_NS      (200 * NS_PER_MS) /* wire: a write that has to succeed */
#define LOST_RETRY_NS (2 * NS_PER_S)
#define REFUSED_NS                                                                                 \
	(250 * NS_PER_MS) /* wire: half a lease; a refusal that took longer is the last */
#define CONFIRM_NS                                                                                 \
	(400 * NS_PER_MS) /* wire: a drop that is not read back by then goes by the dead-man line */
#define DEAD_MAN_NS    (50 * NS_PER_MS) /* wire: half a period of 10 Hz */
#define START_NS       (3 * NS_PER_S)	/* wire: a device that answers has done so by then */
#define CHECK_NS       (3 * NS_PER_S)	/* wire: SAFE_CHECK */
#define ASK_AGAIN_NS   (5 * NS_PER_S)	/* wire: identity of a device that was the wrong one */
#define BATCH_NS       (20 * NS_PER_MS) /* run time: samples wait for company */
#define ALIVE_EVERY_NS (1 * NS_PER_S)	/* wire: so long without a message, an empty one goes */
/* wire: a line still for so long may have let the supply go (the relay waits at most 300 ms). */
enum { DEAD_MAN_STILL_MS = 250 };
#define UNHEALTHY_NS (1 * NS_PER_S) /* wire: then the bays are dropped too */

enum device_state {
	DEVICE_UNKNOWN = 0, /* not asked yet, or its answer is awaited */
	DEVICE_PRESENT,
	DEVICE_WRONG, /* answers, but is not what the fixture says */
	DEVICE_LOST
};

/* Writes and read-back of a device that carries outputs. */
struct board {
	int count; /* outputs, without the dead-man line */
	int16_t output[BOARD_POINTS_MAX];
	int point[BOARD_POINTS_MAX];
	double target[BOARD_POINTS_MAX]; /* point values to be */
	uint32_t generation;		 /* of the write under way; others' answers are stale */
	int waiting;			 /* answers of it still to come */
	bool failed;			 /* one of them was bad */
	bool dirty, urgent; /* target differs from what was last sent; and it is a drop */
	bool confirmed;	    /* target was written and read back */
	int mismatches;
	int unread;	 /* reads between writes that failed in a row */
	int refused;	 /* times in a row that the device would not take the write */
	int64_t sent_ns; /* wire: of the write under way */
	int64_t confirmed_ns, retry_ns, unsafe_since_ns; /* wire; 0: no */
	char why[160];
};

struct device {
	const struct fx_device *fx;
	struct driver_device d;
	bool incomplete; /* drafts: some of its options were refused */
	const struct driver_point *points;
	int point_count;
	uint32_t bays;	      /* that need it */
	uint32_t carry_bays;  /* that have channels or outputs on it, not just a scanner */
	uint32_t output_bays; /* that have outputs on it */
	enum device_state state;
	char why[160];
	bool told_needed, told_lost;
	int first_line, line_count;
	int16_t first_channel; /* of it, -1: none; the next by next_of_device */
	struct driver_identity identity[IDENTITIES_MAX];
	int identity_count;
	/* what registers that have to stay said first, and what they said now */
	uint16_t first[IDENTITIES_MAX][8], heard[IDENTITIES_MAX][8];
	bool has_first;
	struct bus_request settings[SETTINGS_MAX];
	int setting_count;
	uint32_t settings_differ; /* bits: to be written */
	uint32_t ask;		  /* number of the asking under way or the last one */
	int ask_waiting;
	int64_t asked_ns, ask_done_ns; /* wire */
	bool ask_wrong, ask_silent;
	char ask_why[160];
	uint32_t turnaround_us; /* measured; 0: not yet */
	double load;		/* of its bus, measured */
	uint8_t damaged;	/* of its last 100 answers, 0: fewer than 10 */
	struct board board;
	struct printer *printer; /* printer.c; NULL: it is none */
};

struct rig_bus {
	struct bus_read *reads;
	int read_count;
	struct bus_line *lines;
	int line_count;
	struct read_cache *cache; /* per read */
	int64_t *read_period_ns;  /* run time, as bus_read.period_ns is wire time */
	int64_t *line_period_ns;
	int *first_user; /* per read, and one more: into users */
	int16_t *users;	 /* channels, or -1 - device for boards */
	bool up;
	double planned; /* load by the fixture's periods */
};
struct read_cache {
	struct driver_image image;
	uint16_t data[BUS_DATA_MAX];
	int64_t at_ns, spread_ns;
};

struct channel {
	const struct fx_channel *fx;
	int point;
	int16_t next_of_device; /* -1: none */
	int16_t reads[POINT_READS_MAX];
	int read_count;
	double gain, offset; /* point value -> channel unit, calibration apart */
	struct {
		double gain, offset; /* revision: now.calibration */
	} calibration;
	struct sample
		now; /* at_ns: run time of the reply; channel number set; quality 0: none yet */
	bool is_state;
	double instant; /* states: undebounced; interlocks look at this */
	bool instant_known;
	bool settling; /* states: `candidate` waits for debounce */
	double candidate;
	int64_t candidate_ns; /* run */
	int failures;
	int64_t update_ns; /* run time of the last real renewal */
	bool has_base;	   /* counters: count and time of the last renewal */
	uint32_t count;
	int64_t count_ns, count_spread_ns;
	int same; /* updates without change */
	int64_t same_raw;
	/* what the interlocks were shown last: the same again changes nothing for them */
	double shown_value, shown_instant;
	uint8_t shown_quality;
	bool shown_known;
};

struct output {
	const struct fx_output *fx;
	int point;
	double gain, offset; /* setpoints: logical value -> point value */
	double commanded;    /* logical */
	bool deferred;	     /* waits for the common supply */
	int64_t on_ns;	     /* run: away from safe since, 0: safe */
};

struct interlock_state {
	int64_t since_ns; /* run: condition holds since, 0: does not */
	bool fired;
	bool true_now;
};

enum safe_phase { PHASE_NONE = 0, PHASE_STOP, PHASE_PROOF };

struct bay {
	enum bay_state state;
	char reason[IO_TEXT_MAX];
	uint32_t lease, seq;
	int64_t image_ns; /* wire: last image that counted */
	double want[FIXTURE_OUTPUTS_MAX];
	int16_t outputs[IO_OUTPUTS_MAX];
	int output_count;
	uint64_t proof_devices[2]; /* bits: without these there is no proof */
	bool tripped, locked;
	char cause[IO_TEXT_MAX]; /* of the first trip since reset */
	enum safe_phase phase;
	int step;
	int64_t step_ns;			 /* run: the step's wait ends */
	int64_t began_ns, proof_ns, deadline_ns; /* run; deadline: wire */
	enum safe_what after;			 /* what the proof under way shows */
	struct {
		uint8_t what;
		uint32_t token;
	} answers[ANSWERS_MAX];
	int answer_count;
	bool has_proof, proven;
	enum safe_what proved; /* what the last proof was after */
	char detail[IO_TEXT_MAX];
	int64_t proof_took_ns; /* run */
	bool checking;
	uint32_t check_token;
	int64_t check_ns, check_deadline_ns; /* wire */
	int64_t check_began_ns;		     /* run */
	bool tell_state;
	struct interlock_state interlocks[FIXTURE_INTERLOCKS_MAX];
	/* Bit per interlock: something it looks at changed; its condition holds and its debounce
	 * runs. */
	uint64_t look, waiting;
};

struct rig {
	const struct fixture *f;
	struct clock_scale scale;
	struct rig_ops ops;
	struct device *devices;
	struct rig_bus *buses;
	struct channel *channels;
	struct output *outputs;
	struct bay bays[FIXTURE_BAYS_MAX];
	int16_t channel_for[FIXTURE_CHANNELS_MAX][FIXTURE_BAYS_MAX];
	int16_t output_for[FIXTURE_OUTPUTS_MAX][FIXTURE_BAYS_MAX];
	int64_t now_ns, run_ns; /* of the call at hand */
	int64_t next_ns;	/* wire: when to be called again */
	bool started, linked, ending, simulated;
	uint32_t pid;
	bool dropping;	   /* what goes safe now goes urgently */
	bool stirred;	   /* more came than readings: the next round is a whole one */
	bool want_changed; /* what some bay wants changed, or an output waits for the supply */
	/* devices that carry outputs; how many devices are present */
	int16_t boards[FIXTURE_DEVICES_MAX];
	int board_count, present_count;
	int16_t printers[FIXTURE_DEVICES_MAX];
	int printer_count;
	uint32_t needing; /* bays whose devices are needed, as told to the buses */
	/* run: no reading becomes stale or settles, no output is on for too long before */
	int64_t channels_due_ns, outputs_due_ns;
	/* bit per interlock */
	uint64_t looked_at_by[FIXTURE_CHANNELS_MAX], interlocks_of[FIXTURE_BAYS_MAX];
	int64_t supply_ns; /* run: last start on the common supply */
	bool supply_used;
	int64_t dead_man_ns; /* wire: next edge */
	uint8_t dead_man;
	int dead_man_failed;  /* edges in a row that did not come about */
	uint32_t dead_man_ms; /* wire: when the last edge that came about was asked for; 0: none */
	bool dead_man_blocked;
	int64_t unhealthy_ns; /* wire: since then; 0: healthy */
	int64_t batch_ns;     /* run: first sample of the batch */
	int64_t told_ns;      /* wire: the last message */
	struct io_msg batch, out;
	struct bus_event event; /* copy with run times */
};

/* --- tokens of requests: kind, device, part, number --- */
enum token_kind { TOKEN_BOARD = 1, TOKEN_IDENTITY, TOKEN_DEAD_MAN, TOKEN_PRINTER };
static inline uint64_t token_make(enum token_kind k, int device, int part, uint32_t number)
{
	return (uint64_t)k << 56 | (uint64_t)(device & 0xff) << 48 |
	       (uint64_t)(part & 0xffff) << 32 | number;
}

static inline int64_t rig_to_run(const struct rig *r, int64_t wire_ns)
{
	return clock_to_run(&r->scale, wire_ns);
}
static inline void rig_due(struct rig *r, int64_t wire_ns)
{
	if (wire_ns < r->next_ns)
		r->next_ns = wire_ns;
}
static inline void rig_due_run(struct rig *r, int64_t run_ns)
{
	rig_due(r, clock_to_wire(&r->scale, run_ns));
}
void rig_log(struct rig *r, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Text into a message's or reason's buffer, cut at a character. */
void rig_text(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* build.c */
int build_devices(struct rig *r, struct problems *p);
int build_channels(struct rig *r, struct problems *p);
/* fit.c: a scaled channel against its device's point. */
void fit_channel(const struct rig *r, const struct channel *c, const struct driver_point *pt,
		 struct problems *p);
int build_outputs(struct rig *r, struct problems *p);
int build_scanners(struct rig *r, struct problems *p);
int build_printers(struct rig *r, struct problems *p);
int build_buses(struct rig *r, struct problems *p);
int build_load(struct rig *r, struct problems *p);
void build_periods(struct rig *r);
void build_bays(struct rig *r);
void build_interlocks(struct rig *r);
int build_expressions(struct rig *r, struct problems *p);

/* identity.c */
void device_ask(struct rig *r, int device);
void device_identity(struct rig *r, int device, int part, uint32_t number,
		     const struct bus_event *ev);
/* What it said first of the registers that have to stay, as IO_DEVICE has it. */
void device_identity_text(const struct device *d, char *dst, size_t size);
/* benchd knows what it said before this process. */
void device_known(struct rig *r, int device, const char *identity);
/* "firmware version 0x00c8, no comms watchdog"; "" when there is nothing to say. */
void device_says(const struct rig *r, int device, char *dst, size_t size);

/* device.c */
bool device_is_modbus(const struct rig *r, const struct device *d);
void device_set_state(struct rig *r, int device, enum device_state state, const char *why);
void device_lost(struct rig *r, int device, const char *why);
void device_back(struct rig *r, int device);
void device_bus_up(struct rig *r, int bus);
void device_bus_down(struct rig *r, int bus, const char *why);
/* How its answers come. */
void device_measured(struct rig *r, const struct bus_event *ev);
void device_run(struct rig *r);
void device_need(struct rig *r);
/* The first device the bay needs that is not there, -1: none; *settled: every one is known to be
 * there or not. */
int device_missing(const struct rig *r, int bay, bool *settled);
/* "relays on /dev/...: no answer" */
void device_describe(const struct rig *r, int device, char *dst, size_t size);

/* channel.c */
void channel_read(struct rig *r, int bus, int read, const struct bus_event *ev);
void channel_line(struct rig *r, int bus, const struct bus_event *ev);
/* A device that sends by itself said a number, at wire time at_ns. */
void channel_stream(struct rig *r, int device, int point, const struct driver_value *v,
		    int64_t at_ns);
void channel_device_lost(struct rig *r, int device);
void channel_run(struct rig *r);
/* SI value for expressions, calibrated or as it was read; states undebounced. Unknown unless good. */
struct expr_value channel_value(const struct rig *r, int channel, bool as_read);
/* The same for people: in the channel's unit, whatever its quality. */
double channel_shown(const struct channel *c, bool as_read);
/* Does its calibration change anything? */
bool channel_is_corrected(const struct channel *c);
void channel_calibrate(struct rig *r, int channel, uint32_t revision, double gain, double offset);

/* calibration.c */
/* By the fixture file, until benchd says otherwise. */
void calibration_reset(struct rig *r);
int calibration_message(struct rig *r, const struct io_msg *m, struct error *err);

/* interlock.c */
void interlock_run(struct rig *r);
/* Is some condition of that bay true now? Its index, or -1, and the bay that shows it. */
int interlock_active(const struct rig *r, int bay, int *where);
/* The same in words, with the present reading. */
bool interlock_stands(const struct rig *r, int bay, char *text, size_t size);
struct expr_value interlock_eval(const struct rig *r, const struct expr *e, int bay,
				 int64_t newer_than_ns);
/* The same by the readings as they were read, where a calibration moves one of them; else equal. */
struct judgement {
	struct expr_value calibrated, as_read;
};
struct judgement interlock_judge(const struct rig *r, const struct expr *e, int bay,
				 int64_t newer_than_ns);
/* The reading that made it so: first channel of e in that bay that is not good, else the first; -1:
 * none. */
int interlock_channel(const struct rig *r, const struct expr *e, int bay);

/* lease.c */
int lease_image(struct rig *r, const struct io_msg *m, struct error *err);
void lease_run(struct rig *r);
void lease_link_lost(struct rig *r);

/* output.c */
void output_merge(struct rig *r);
void output_run(struct rig *r);
double output_point_value(const struct output *o, double logical);
double output_logical_value(const struct output *o, double point);
bool output_is_safe(const struct fx_output *o, double logical);
void output_drop(struct rig *r, int bay);

/* board.c */
void board_set(struct rig *r, int device, bool urgent, bool force);
void board_flush(struct rig *r);
void board_answer(struct rig *r, int device, uint32_t number, const struct bus_event *ev);
void board_monitor(struct rig *r, int device, const struct bus_event *ev);
void board_lost(struct rig *r, int device);
void board_back(struct rig *r, int device);
void board_run(struct rig *r);
void board_watch(struct rig *r);
void board_dead_man(struct rig *r);
/* asked_ms: wire time of the request, truncated. */
void board_dead_man_answer(struct rig *r, uint8_t level, uint32_t asked_ms, bool ok);

/* printer.c */
void printer_build(struct rig *r);
void printer_run(struct rig *r);
void printer_bytes(struct rig *r, int device, const struct bus_event *ev);
void printer_answer(struct rig *r, int device, int part, const struct bus_event *ev);
void printer_bus_up(struct rig *r, int device);
void printer_bus_down(struct rig *r, int device, const char *why);
int printer_message(struct rig *r, const struct io_msg *m, struct error *err);

/* safe.c */
void safe_start(struct rig *r);
void safe_trip(struct rig *r, uint32_t bays, enum trip_class class, int interlock, double value,
	       const char *reason, bool lock);
void safe_message(struct rig *r, int bay, enum safe_what what, uint32_t token);
void safe_end(struct rig *r, const char *why);
void safe_activate(struct rig *r, int bay);
/* Bays whose outputs may be away from safe: those that a failing device or bus trips. */
uint32_t safe_powered(const struct rig *r);
/* A device was lost or came back: may the bays be ready? */
void safe_devices_changed(struct rig *r);
void safe_run(struct rig *r);

/* proof.c */
/* The board that is not confirmed yet, or the expression not shown yet by readings made since the
 * proof began; -1: none. */
int proof_board(const struct rig *r, int bay);
int proof_expression(const struct rig *r, int bay);
void proof_describe(const struct rig *r, int bay, char *dst, size_t size);
void check_begin(struct rig *r, int bay, uint32_t token);
void check_run(struct rig *r, int bay);

/* report.c */
void report_sample(struct rig *r, const struct sample *s);
void report_trip(struct rig *r, uint32_t bays, enum trip_class class, int interlock, double value,
		 const char *reason);
void report_proof(struct rig *r, int bay, enum safe_what after, uint32_t token, bool proven,
		  const char *detail, int64_t took_ns);
void report_line(struct rig *r, int device);
void report_calibrated(struct rig *r, int channel, const char *reason);
void report_device(struct rig *r, int device);
void report_labeled(struct rig *r, int device, uint32_t token, enum label_outcome outcome,
		    const char *reason);
void report_input(struct rig *r, int bay, const char *name, const char *text);
void report_hello(struct rig *r);
void report_snapshot(struct rig *r);
bool report_is_due(struct rig *r);
void report_run(struct rig *r);

#endif
