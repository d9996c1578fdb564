/* SPDX-License-Identifier: MIT */
#include "src/station/prune.h"
#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/station/approval.h"
#include "link/socket.h"
#include "ticket/adapter.h"

#define MODULE		"station"
#define HOUSEKEEPING_NS (250 * NS_PER_MS)
/* a disk that takes longer than this to take a record is a failed disk */
#define STORE_LAG_MAX_NS (5 * NS_PER_S)
/* a stop that is not proven and recorded by then ends anyway; benchd-io has its own proof */
#define STOP_MAX_NS (60 * NS_PER_S)

int64_t station_run_ns(const struct station *s)
{
	return clock_to_run(&s->scale, clock_mono_ns());
}

struct bay *station_bay(struct station *s, const char *name)
{
	for (int i = 0; i < s->bay_count; i++)
		if (!strcmp(s->bays[i].name, name))
			return &s->bays[i];
	return NULL;
}

bool station_is_simulated(const struct station *s)
{
	for (int i = 0; i < s->rig_count; i++)
		if (s->rigs[i].simulated || s->rigs[i].fixture->simulated)
			return true;
	return false;
}

/* Everything has ended: no session is open and no child is left. */
static bool is_over(const struct station *s)
{
	for (int i = 0; i < s->bay_count; i++)
		if (s->bays[i].session)
			return false;
	return true;
}

static void continue_stop(struct station *s, int64_t now)
{
	bool late = now - s->stop_since_ns > STOP_MAX_NS;
	if (!s->children_told && (is_over(s) || late || s->store_failed)) {
		/* with a failed store no record can be finished: the rig's own proof counts */
		s->children_told = true;
		serve_close(s);
		spawn_tell_all(s);
		for (int i = 0; i < s->rig_count; i++)
			rig_close(&s->rigs[i], "the station stops");
	}
	if (s->children_told && (spawn_all_gone(s) || late))
		loop_stop(s->loop, s->exit_code);
}

static void housekeeping(void *ctx)
{
	struct station *s = ctx;
	int64_t now = clock_mono_ns();
	if (!s->store_failed && worker_lag_ns(s->writer, now) > STORE_LAG_MAX_NS) {
		struct error err;
		error_set(&err, ERR_TIMEOUT, "the disk did not take a record within 5 s");
		station_store_failed(s, "slow disk", &err);
	}
	if (s->store_failed && !s->stopping) {
		for (int i = 0; i < s->bay_count; i++)
			if (s->bays[i].session)
				session_store_failed(s->bays[i].session, s->store_failure,
						     station_now(s));
		station_stop(s, "store failure");
	}
	spawn_watch(s);
	labels_tick(s);
	room_tick(s);
	if (!s->stopping && !s->store_failed)
		passes_tick(s);
	if (!s->stopping && !s->store_failed && !station_is_crowded(s))
		token_keep_use(s, false);
	if (s->stopping)
		continue_stop(s, now);
	loop_set_timer(s->housekeeping, now + HOUSEKEEPING_NS);
}

void station_stop(struct station *s, const char *why)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->stop_since_ns = clock_mono_ns();
	log_info(MODULE, "stopping: %s", why);
	if (!s->store_failed)
		token_keep_use(s, true);
	for (int i = 0; i < s->bay_count; i++)
		if (s->bays[i].session)
			session_abort(s->bays[i].session, "station", why, station_now(s));
	loop_set_timer(s->housekeeping, s->stop_since_ns + 20 * NS_PER_MS);
}

void station_child(struct station *s)
{
	spawn_reap(s);
	if (s->stopping)
		loop_set_timer(s->housekeeping, clock_mono_ns());
}

static int load_fixtures(struct station *s, struct error *err)
{
	struct problems problems = {0};
	for (int i = 0; i < s->options.fixture_count; i++) {
		struct rig_link *r = &s->rigs[i];
		r->station = s;
		r->fd = -1;
		r->fixture = fixture_load(s->options.fixtures[i], &problems);
		if (!r->fixture) {
			problems_print(&problems, stderr);
			int n = problems.count + problems.dropped;
			problems_release(&problems);
			return error_set(err, ERR_CONFIG,
					 "fixture %s has %d mistake%s; nothing was started",
					 s->options.fixtures[i], n, n == 1 ? "" : "s");
		}
		s->rig_count++;
		r->devices = xcalloc((size_t)r->fixture->device_count + 1, sizeof(*r->devices));
		r->channels = xcalloc((size_t)r->fixture->channel_count + 1, sizeof(*r->channels));
		r->first_bay = s->bay_count;
		for (int b = 0; b < r->fixture->bay_count; b++) {
			if (s->bay_count == STATION_BAYS_MAX)
				return error_set(err, ERR_LIMIT, "more than %d bays in one station",
						 STATION_BAYS_MAX);
			if (station_bay(s, r->fixture->bays[b].name))
				return error_set(err, ERR_CONFIG,
						 "two bays are called \"%s\"; each bay of a "
						 "station needs its own name",
						 r->fixture->bays[b].name);
			s->bays[s->bay_count].station = s;
			bay_init(&s->bays[s->bay_count++], r, b);
		}
	}
	return 0;
}

static bool is_for(const struct profile *p, const struct model *m)
{
	for (int t = RUN_INCOMING; t <= RUN_MSA; t++)
		if (profile_covers(p, m, (enum run_type)t))
			return true;
	return false;
}

static struct profile *bind_profile(const struct station *s, const struct library_entry *e,
				    struct problems *problems)
{
	const struct fixture *fixtures[STATION_BAYS_MAX];

	for (int i = 0; i < s->rig_count; i++)
		fixtures[i] = s->rigs[i].fixture;
	for (int m = 0; m < s->library.model_count && !e->broken; m++) {
		struct problems told = {0};
		struct profile *p;

		if (!is_for(e->profile, s->library.models[m]))
			continue;
		p = profile_parse_bays(e->path, e->bytes, e->size, s->library.models[m], fixtures,
				       s->rig_count, &told);
		problems_release(problems);
		*problems = told;
		if (p)
			return p;
	}
	return NULL;
}

/* A profile that stands on no bay is broken: listed, never run. One that stands on some says what
 * is wrong on the others, where a run is refused. */
static void check_profiles(struct station *s)
{
	for (int i = 0; i < s->library.entry_count && s->bay_count; i++) {
		struct library_entry *e = &s->library.entries[i];

		e->bound = bind_profile(s, e, &e->problems);
		if (e->bound)
			e->profile->longest_s = e->bound->longest_s;
		e->broken = e->broken || (!e->bound && e->problems.count);
	}
}

static void warn_broken(const struct station *s)
{
	for (int i = 0; i < s->library.entry_count; i++)
		if (s->library.entries[i].broken || s->library.entries[i].problems.count) {
			problems_print(&s->library.entries[i].problems, stderr);
			log_warning(
				MODULE,
				"profile %s is broken and will not run%s; see: benchctl profile "
				"check %s",
				s->library.entries[i].path,
				s->library.entries[i].broken ? "" : " on the bays named above",
				s->library.entries[i].path);
		}
}

static int make_token(struct station *s, struct error *err)
{
	char path[512], a[37], b[37], hex[65];
	uint8_t hash[32];
	text_uuid(a);
	text_uuid(b);
	char both[80];
	snprintf(both, sizeof(both), "%s%s", a, b);
	text_sha256(hash, both, strlen(both));
	text_hex(hex, hash, 32);
	snprintf(path, sizeof(path), "%s/token", s->options.state_dir);
	char *old = NULL;
	size_t n = 0;
	if (!text_read_file(path, 256, &old, &n, NULL) && n >= 64) {
		memcpy(s->token, old, 64);
		free(old);
		(void)chmod(path, 0600); /* an earlier release let the group read it */
		return 0;
	}
	free(old);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, "token file %s", path);
	/* root's and benchd's: benchd-web, of the station's group, could speak by it */
	bool ok = write(fd, hex, 64) == 64 && !fsync(fd);
	close(fd);
	if (!ok)
		return error_errno(err, "token file %s", path);
	memcpy(s->token, hex, 65);
	return 0;
}

struct station *station_new(struct loop *loop, const struct station_options *o, int *exit_code,
			    struct error *err)
{
	struct station *s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->options = *o;
	s->io_fd = s->web_fd = s->ctl_fd = -1;
	for (int i = 0; i < STATION_CONNS_MAX; i++)
		s->conns[i].fd = -1;
	s->started_ns = clock_mono_ns();
	s->scale = (struct clock_scale){s->started_ns, o->speed};
	clock_boot_id(s->boot_id);
	if (o->name)
		text_copy(s->name, sizeof(s->name), o->name);
	else if (gethostname(s->name, sizeof(s->name) - 1))
		text_copy(s->name, sizeof(s->name), "station");
	*exit_code = 2;
	if ((o->spawn && spawn_check(s, err)) || load_fixtures(s, err))
		goto out;
	if (o->speed > 1)
		for (int i = 0; i < s->rig_count; i++)
			if (!s->rigs[i].fixture->simulated) {
				error_set(err, ERR_CONFIG,
					  "--speed %u is for simulated rigs only, and %s drives "
					  "real ports",
					  o->speed, o->fixtures[i]);
				goto out;
			}
	for (int i = 0; i < s->rig_count; i++)
		fixture_at_speed(s->rigs[i].fixture, o->speed);
	if (library_load(&s->library, o->profiles_dir, err))
		goto out;
	if (s->library.problems.count) {
		problems_print(&s->library.problems, stderr);
		error_set(err, ERR_CONFIG,
			  "%d mistake%s in the models of %s/models; correct, then start again",
			  s->library.problems.count, s->library.problems.count == 1 ? "" : "s",
			  o->profiles_dir);
		goto out;
	}
	check_profiles(s);
	warn_broken(s);
	if (outbox_configure(s, err))
		goto out;
	if (disk_open(s, exit_code, err))
		goto out;
	if (make_token(s, err))
		goto out;
	*exit_code = 0;
	return s;
out:
	station_free(s);
	return NULL;
}

int station_start(struct station *s, struct error *err)
{
	s->housekeeping = loop_add_timer(s->loop, housekeeping, s);
	loop_set_timer(s->housekeeping, clock_mono_ns() + HOUSEKEEPING_NS);
	feed_init(s);
	inbound_start(s);
	outbox_start(s);
	alerts_start(s);
	if (keeper_start(s, err) || prune_start(s, err))
		return err->code;
	if (rig_listen(s, err) || serve_listen(s, err))
		return err->code;
	if (s->options.spawn && spawn_start(s, err))
		return err->code;
	return 0;
}

void station_free(struct station *s)
{
	if (!s)
		return;
	feed_close(s);
	serve_close(s);
	inbound_stop(s);
	outbound_close(s);
	for (int i = 0; i < s->rig_count; i++)
		rig_close(&s->rigs[i], NULL);
	/* The writer closes last: it drains what was promised, then leaves no -wal and -shm behind. */
	keeper_stop(s);
	prune_stop(s);
	export_stop(s);
	if (s->reader)
		worker_stop(s->reader);
	if (s->checker)
		worker_stop(s->checker);
	if (s->writer)
		worker_stop(s->writer);
	loop_remove_io(s->io_listen);
	loop_remove_io(s->web_listen);
	loop_remove_io(s->ctl_listen);
	char path[512];
	const char *const names[] = {"io.sock", "web.sock", "ctl.sock"};
	const int fds[] = {s->io_fd, s->web_fd, s->ctl_fd};
	for (int i = 0; i < 3; i++) {
		if (fds[i] < 0)
			continue;
		close(fds[i]);
		snprintf(path, sizeof(path), "%s/%s", s->options.state_dir, names[i]);
		unlink(path);
	}
	loop_remove_timer(s->housekeeping);
	for (int i = 0; i < s->bay_count; i++) {
		bay_release(&s->bays[i]);
		loop_remove_timer(s->bays[i].tick);
		text_release(&s->bays[i].devices);
		free(s->bays[i].values);
	}
	for (int i = 0; i < s->rig_count; i++) {
		free(s->rigs[i].devices);
		free(s->rigs[i].channels);
		fixture_free(s->rigs[i].fixture);
	}
	prune_free(s);
	outbox_free(s);
	alerts_free(s);
	library_release(&s->library);
	registry_free(s->registry);
	approvals_free(s);
	adapter_free(s->options.adapter);
	calibrations_free(s);
	free(s);
}
