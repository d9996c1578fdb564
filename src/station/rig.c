/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "link/socket.h"

#define MODULE "rig"

static struct bay *rig_bay(struct rig_link *r, int index)
{
	if (index < 0 || index >= r->fixture->bay_count)
		return NULL;
	return &r->station->bays[r->first_bay + index];
}

int rig_send(struct rig_link *r, const struct io_msg *m)
{
	uint8_t buf[IO_MESSAGE_MAX];
	struct error err;
	if (r->fd < 0)
		return ERR_CLOSED;
	int n = io_encode(m, buf, sizeof(buf));
	if (n < 0)
		panic("message %d to the rig does not fit", (int)m->type);
	int rc = link_send(r->fd, buf, (size_t)n, -1, &err);
	if (rc) {
		/* A benchd-io that does not read is as good as dead; its leases run out by themselves. */
		log_error(MODULE, "rig %s: %s", r->fixture->name, err.text);
		rig_close(r, err.text);
	}
	return rc;
}

uint32_t rig_safe(struct rig_link *r, int bay, enum safe_what what)
{
	struct io_msg m = {.type = IO_SAFE};
	m.u.safe.bay = (uint8_t)bay;
	m.u.safe.what = (uint8_t)what;
	m.u.safe.token = ++r->token;
	return rig_send(r, &m) ? 0 : m.u.safe.token;
}

void rig_close(struct rig_link *r, const char *why)
{
	if (r->fd < 0)
		return;
	loop_remove_io(r->io);
	r->io = NULL;
	close(r->fd);
	r->fd = -1;
	r->welcome = false;
	labels_lost(r, why ? why : "benchd-io is gone");
	if (why && !r->refusal[0])
		log_warning(MODULE, "rig %s: link to benchd-io closed: %s", r->fixture->name, why);
	for (int i = 0; i < r->fixture->bay_count; i++) {
		struct bay *b = rig_bay(r, i);
		(void)bay_reset_ends(b, why ? why : "link closed", 503);
		bay_state_changed(b, BAY_NOT_READY,
				  r->refusal[0] ? r->refusal : "benchd-io is not connected");
		if (b->session)
			session_io_lost(b->session, why ? why : "link closed",
					station_now(r->station));
	}
}

/* It comes again and again: told once for each reason, kept for doctor and the bays. */
static void refuse(struct rig_link *r, pid_t pid, const char *why)
{
	char text[sizeof(((struct error *)0)->text) + 32];
	snprintf(text, sizeof(text), "benchd-io is refused: %s", why);
	if (!strcmp(r->refusal, text))
		return;
	text_copy(r->refusal, sizeof(r->refusal), text);
	log_warning(MODULE, "rig %s: %s (pid %d; not told again)", r->fixture->name, text,
		    (int)pid);
}

static int send_welcome(struct rig_link *r)
{
	const struct station *s = r->station;
	struct io_msg w = {.type = IO_WELCOME};
	w.u.welcome.version = IO_VERSION;
	w.u.welcome.origin_ns = s->scale.origin_ns;
	w.u.welcome.speed = s->scale.speed;
	return rig_send(r, &w);
}

/* Two clocks that differ: every duration would be another one on either side. */
static bool has_other_scale(const struct rig_link *r, const struct io_msg *m)
{
	const struct clock_scale *own = &r->station->scale;
	return m->u.hello.speed != own->speed ||
	       (own->speed > 1 && m->u.hello.origin_ns != own->origin_ns);
}

static int check_hello(struct rig_link *r, const struct io_msg *m, struct error *err)
{
	if (m->u.hello.version != IO_VERSION)
		return error_set(err, ERR_PROTOCOL,
				 "benchd-io speaks version %u of the link, this benchd %d; "
				 "install both from one release",
				 m->u.hello.version, IO_VERSION);
	if (memcmp(m->u.hello.fixture_hash, r->fixture->hash, 32))
		return error_set(err, ERR_PROTOCOL,
				 "benchd-io and benchd loaded different versions of fixture %s; "
				 "restart both",
				 r->fixture->path);
	if (has_other_scale(r, m)) {
		send_welcome(r); /* from which it can say the same in its own log */
		return error_set(
			err, ERR_PROTOCOL,
			"it runs at speed %u, benchd at speed %u; let benchd --spawn start it",
			m->u.hello.speed, r->station->scale.speed);
	}
	return 0;
}

static int on_hello(struct rig_link *r, const struct io_msg *m, struct error *err)
{
	if (r->welcome)
		return error_set(err, ERR_PROTOCOL, "a second HELLO");
	if (check_hello(r, m, err)) {
		refuse(r, (pid_t)m->u.hello.pid, err->text);
		return err->code;
	}
	r->refusal[0] = 0;
	r->simulated = m->u.hello.simulated || r->fixture->simulated;
	r->pid = (pid_t)m->u.hello.pid;
	r->welcome = true;
	log_info(MODULE, "rig %s: benchd-io (pid %d) is here%s", r->fixture->name, (int)r->pid,
		 r->simulated ? ", SIMULATED" : "");
	if (send_welcome(r))
		return ERR_CLOSED;
	devices_tell(r);
	calibrations_tell(r);
	return r->fd < 0 ? ERR_CLOSED : 0;
}

static void on_trip(struct rig_link *r, const struct io_msg *m)
{
	for (int i = 0; i < r->fixture->bay_count; i++) {
		if (!(m->u.trip.bays & (1u << i)))
			continue;
		struct bay *b = rig_bay(r, i);
		log_warning(MODULE, "bay %s tripped (%s): %s", b->name,
			    trip_class_name((enum trip_class)m->u.trip.class), m->u.trip.reason);
		if (b->session)
			session_trip(b->session, m->u.trip.interlock,
				     (enum trip_class)m->u.trip.class, m->u.trip.reason,
				     m->u.trip.value, station_now(r->station));
		struct text t = {0};
		struct json j;
		json_init(&j, &t);
		show_event_head(&j, "tripped", b);
		json_kv_string(&j, "class", trip_class_name((enum trip_class)m->u.trip.class));
		json_kv_string(&j, "reason", m->u.trip.reason);
		json_end_object(&j);
		serve_event(r->station, &t);
		station_audit(r->station, "rig", "tripped", t.buf);
		text_release(&t);
	}
}

/* What a device says it is, when that is new, or not what it has to be. */
static void audit_device(struct rig_link *r, int device)
{
	struct text t = {0};
	struct json j;
	json_init(&j, &t);
	json_open_object(&j);
	json_kv_string(&j, "rig", r->fixture->name);
	json_kv_string(&j, "device", r->fixture->devices[device].name);
	json_kv_bool(&j, "present", r->devices[device].present);
	json_kv_string(&j, "says", r->devices[device].reason);
	json_end_object(&j);
	station_audit(r->station, "rig", "device", t.buf);
	text_release(&t);
}

static void on_device(struct rig_link *r, const struct io_msg *m)
{
	if (m->u.device.device >= r->fixture->device_count)
		return;
	struct device_state *d = &r->devices[m->u.device.device];
	bool other = m->u.device.present ? strcmp(d->says, m->u.device.reason) != 0
					 : strstr(m->u.device.reason, "not the device") != NULL;
	d->known = true;
	d->present = m->u.device.present;
	text_copy(d->reason, sizeof(d->reason), m->u.device.reason);
	if (m->u.device.present)
		text_copy(d->says, sizeof(d->says), m->u.device.reason);
	if (other)
		audit_device(r, m->u.device.device);
	if (d->present)
		device_heard(r, m->u.device.device, m->u.device.identity);
}

/* 0, or ERR_PROTOCOL. */
static int on_message(struct rig_link *r, struct io_msg *m, struct error *err)
{
	struct bay *b;
	if (m->type != IO_HELLO && !r->welcome)
		return error_set(err, ERR_PROTOCOL, "benchd-io did not say HELLO first");
	switch (m->type) {
	case IO_HELLO: return on_hello(r, m, err);
	case IO_SAMPLES:
		for (int i = 0; i < m->u.samples.count; i++)
			if (m->u.samples.at[i].channel >= r->fixture->channel_count)
				return error_set(err, ERR_PROTOCOL, "no channel %d in %s",
						 m->u.samples.at[i].channel, r->fixture->path);
		calibrations_compare(r, m->u.samples.at, m->u.samples.count);
		pace_samples(r, m->u.samples.at, m->u.samples.count);
		bay_samples(r, m->u.samples.at, m->u.samples.count);
		return 0;
	case IO_BAY:
		b = rig_bay(r, m->u.bay.bay);
		if (!b)
			break;
		if (m->u.bay.lease > b->lease)
			b->lease = m->u.bay.lease; /* of a benchd before this one */
		bay_state_changed(b, (enum bay_state)m->u.bay.state, m->u.bay.reason);
		return 0;
	case IO_TRIP: on_trip(r, m); return 0;
	case IO_PROOF:
		b = rig_bay(r, m->u.proof.bay);
		if (!b)
			break;
		bay_proof(b, m->u.proof.token, (enum safe_what)m->u.proof.after, m->u.proof.proven,
			  m->u.proof.took_ns, m->u.proof.detail);
		return 0;
	case IO_INPUT:
		b = rig_bay(r, m->u.input.bay);
		if (!b)
			break;
		bay_input(b, m->u.input.name, m->u.input.text);
		return 0;
	case IO_DEVICE: on_device(r, m); return 0;
	case IO_LINE: pace_line(r, m); return 0;
	case IO_CALIBRATED: calibration_confirmed(r, m); return 0;
	case IO_LABELED: label_done(r, m); return 0;
	case IO_WELCOME:
	case IO_LABEL:
	case IO_IMAGE:
	case IO_KNOWN:
	case IO_CALIBRATION:
	case IO_SAFE: return error_set(err, ERR_PROTOCOL, "benchd-io sent a message of benchd");
	}
	return error_set(err, ERR_PROTOCOL, "no such bay in %s", r->fixture->path);
}

static void on_readable(void *ctx, uint32_t events)
{
	struct rig_link *r = ctx;
	uint8_t buf[IO_MESSAGE_MAX];
	struct io_msg m;
	(void)events;
	/* bounded: the control loop has other things to do */
	for (int i = 0; i < 64 && r->fd >= 0; i++) {
		struct error err = {0};
		int n = link_receive(r->fd, buf, sizeof(buf), NULL, &err);
		if (!n)
			return;
		if (n < 0) {
			rig_close(r, err.text);
			return;
		}
		r->heard_ns = clock_mono_ns();
		if (io_decode(&m, buf, (size_t)n, &err) || on_message(r, &m, &err)) {
			if (r->fd >= 0)
				rig_close(r, err.text);
			return;
		}
	}
}

/* A connection that has not said which rig it is yet. */
struct newcomer {
	struct station *station;
	int fd;
	struct loop_io *io;
};

static void newcomer_end(struct newcomer *w, bool keep_fd)
{
	loop_remove_io(w->io);
	if (!keep_fd)
		close(w->fd);
	free(w);
}

static struct rig_link *find_rig(struct station *s, const char *name)
{
	for (int i = 0; i < s->rig_count; i++)
		if (!strcmp(s->rigs[i].fixture->name, name))
			return &s->rigs[i];
	return NULL;
}

static void on_newcomer(void *ctx, uint32_t events)
{
	struct newcomer *w = ctx;
	struct station *s = w->station;
	uint8_t buf[IO_MESSAGE_MAX];
	struct io_msg m;
	struct error err = {0};
	(void)events;
	int n = link_receive(w->fd, buf, sizeof(buf), NULL, &err);
	if (!n)
		return;
	struct rig_link *r = NULL;
	if (n > 0 && !io_decode(&m, buf, (size_t)n, &err)) {
		r = m.type == IO_HELLO ? find_rig(s, m.u.hello.rig) : NULL;
		if (!r)
			error_set(&err, ERR_PROTOCOL,
				  "no fixture of this station is for rig \"%s\"",
				  m.type == IO_HELLO ? m.u.hello.rig : "?");
		else if (r->fd >= 0)
			error_set(&err, ERR_PROTOCOL, "rig %s has a benchd-io already (pid %d)",
				  r->fixture->name, (int)r->pid);
		else {
			r->fd = w->fd;
			newcomer_end(w, true);
			r->io = loop_add_io(s->loop, r->fd, EPOLLIN, on_readable, r);
			r->heard_ns = clock_mono_ns();
			if (on_message(r, &m, &err) && r->fd >= 0)
				rig_close(r, err.text);
			return;
		}
	}
	s->stranger_ns = clock_mono_ns();
	if (strcmp(s->stranger, err.text) != 0)
		log_warning(MODULE, "refused a benchd-io: %s (not told again)", err.text);
	text_copy(s->stranger, sizeof(s->stranger), err.text);
	newcomer_end(w, false);
}

static void on_accept(void *ctx, uint32_t events)
{
	struct station *s = ctx;
	struct link_peer peer;
	struct error err;
	(void)events;
	int fd = link_accept(s->io_fd, &peer, &err);
	if (fd <= 0) {
		if (fd < 0)
			log_warning(MODULE, "%s", err.text);
		return;
	}
	if ((peer.uid != geteuid() && peer.uid != 0 && peer.gid != getegid()) ||
	    serve_is_web_user(s, peer.uid)) {
		log_warning(
			MODULE,
			"refused a benchd-io of uid %d (pid %d): it must run as uid %d, in its group, or as root",
			(int)peer.uid, (int)peer.pid, (int)geteuid());
		close(fd);
		return;
	}
	struct newcomer *w = xcalloc(1, sizeof(*w));
	w->station = s;
	w->fd = fd;
	w->io = loop_add_io(s->loop, fd, EPOLLIN, on_newcomer, w);
}

int rig_listen(struct station *s, struct error *err)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/io.sock", s->options.state_dir);
	int fd = link_listen(path, 0660, err);
	if (fd < 0)
		return fd;
	s->io_fd = fd;
	s->io_listen = loop_add_io(s->loop, fd, EPOLLIN, on_accept, s);
	return 0;
}
