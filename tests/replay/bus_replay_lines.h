/* SPDX-License-Identifier: MIT
 *
 * GPIO lines and serial bytes of a recording; part of bus_replay.h.
 */
#ifndef TESTS_REPLAY_BUS_REPLAY_LINES_H
#define TESTS_REPLAY_BUS_REPLAY_LINES_H

/* "# line=N mode=... name=...": a GPIO line of the bus. */
static inline void replay_head_line(struct replay *r, const char *text)
{
	struct bus_line *l = &r->lines[r->line_count];
	int mode, active_low, at = 0;
	char *end;

	if (r->line_count == BUS_LINES_MAX ||
	    sscanf(text, "# line=%*d mode=%d active_low=%d period_ns=%" SCNd64 " name=%n", &mode,
		   &active_low, &l->period_ns, &at) != 3 ||
	    !at)
		return;
	l->mode = (enum gpio_mode)mode;
	l->active_low = active_low != 0;
	text_copy(r->names[r->line_count], REPLAY_NAME, text + at);
	if ((end = strchr(r->names[r->line_count], '\n')))
		*end = 0;
	l->line = r->names[r->line_count++];
}

/* ---- GPIO ------------------------------------------------------------------ */

static inline void replay_told(struct replay *r, const struct bus_event *ev)
{
	if (r->told_count == REPLAY_TOLD)
		replay_problem(r, r->line, "more was told of lines than is recorded");
	else
		r->told[(r->told_at + r->told_count++) % REPLAY_TOLD] = *ev;
}

static inline void replay_describe(const struct replay *r, const struct bus_event *ev, char *dst,
				   size_t size)
{
	if (r->lines[ev->index].mode == GPIO_PULSE)
		snprintf(dst, size,
			 "line=%d pulses=%" PRIu32 " first_ns=%" PRId64 " last_ns=%" PRId64,
			 ev->index, ev->pulses, ev->first_edge_ns, ev->last_edge_ns);
	else
		snprintf(dst, size, "line=%d value=%d edge=%d at_ns=%" PRId64, ev->index, ev->value,
			 ev->is_edge, ev->at_ns);
}

/* What the recording says was told, has to come out now; of time alone, when nothing has yet. */
static inline void replay_find_told(struct replay *r, int64_t at_ns, const char *note)
{
	char text[200] = "nothing was told of it";

	if (!r->told_count)
		replay_run(r, at_ns);
	if (r->told_count) {
		replay_describe(r, &r->told[r->told_at], text, sizeof(text));
		r->told_at = (r->told_at + 1) % REPLAY_TOLD;
		r->told_count--;
	}
	if (strcmp(text, note) != 0)
		replay_problem(r, r->line, text);
	r->levels++;
}

static inline void replay_change(struct replay *r, int64_t at_ns, const char *note)
{
	int64_t first_ns, last_ns;
	int line, level, edge;
	uint32_t pulses;

	r->w->now_ns = at_ns;
	if (sscanf(note, "line=%d level=%d edge=%d at_ns=%" SCNd64, &line, &level, &edge,
		   &first_ns) == 4)
		bus_gpio(r->w->bus, line, (uint8_t)level, edge, first_ns, at_ns);
	else if (sscanf(note, "line=%d pulses=%" SCNu32 " first_ns=%" SCNd64 " last_ns=%" SCNd64,
			&line, &pulses, &first_ns, &last_ns) == 4)
		bus_gpio_pulses(r->w->bus, line, pulses, first_ns, last_ns, at_ns);
	else
		replay_problem(r, r->line, "no change of a line");
}

static inline int replay_op_set(void *ctx, int line, uint8_t value, struct error *err)
{
	struct replay *r = ctx;

	(void)err;
	r->sent[0] = (uint8_t)line;
	r->sent[1] = value;
	r->sent_n = 2;
	return 0;
}

static inline void replay_set_line(struct replay *r, int64_t at_ns, const char *note)
{
	struct bus_request q = {.kind = BUS_GPIO_SET};
	int line, level;

	if (sscanf(note, "line=%d level=%d", &line, &level) != 2 || line < 0 ||
	    line >= r->line_count) {
		replay_problem(r, r->line, "no line is set");
		return;
	}
	q.line = line;
	q.data[0] = (uint16_t)(level ^ r->lines[line].active_low);
	r->sent_n = 0;
	r->events = 0;
	r->transactions++;
	/* No more than that: other lines may be set in the same turn before any level is told. */
	r->w->now_ns = r->w->bus->now_ns = at_ns;
	if (bus_submit(r->w->bus, &q) == 0)
		queue_run_direct(r->w->bus, at_ns);
	if (r->sent_n != 2 || r->sent[0] != line || r->sent[1] != level || r->events != 1 ||
	    r->got.status != BUS_OK)
		replay_problem(r, r->line, "the line was not set so");
	else
		r->by_status[BUS_OK]++;
}

/* ---- serial ---------------------------------------------------------------- */

static inline int replay_op_write(void *ctx, const uint8_t *p, size_t n, struct error *err)
{
	struct replay *r = ctx;

	(void)err;
	r->sent_n = n < sizeof(r->sent) ? n : sizeof(r->sent);
	memcpy(r->sent, p, r->sent_n);
	return 0;
}

static inline void replay_write(struct replay *r, int64_t at_ns, const uint8_t *p, size_t n)
{
	struct bus_request q = {.kind = BUS_SERIAL_WRITE, .count = (uint16_t)n};

	for (size_t i = 0; i < n && i < BUS_WRITE_MAX; i++)
		q.data[i] = p[i];
	r->sent_n = 0;
	r->transactions++;
	replay_submit(r, &q, at_ns);
	if (r->sent_n != n || memcmp(r->sent, p, n) != 0)
		replay_problem(r, r->line, "other bytes were written");
	else
		r->by_status[BUS_OK]++;
}

static inline void replay_serial(struct replay *r, int64_t at_ns, const uint8_t *p, size_t n)
{
	r->bytes_n = 0;
	r->transactions++;
	bus_bytes(r->w->bus, p, n, at_ns);
	if (r->bytes_n != n || memcmp(r->bytes, p, n) != 0)
		replay_problem(r, r->line, "other bytes came out");
	else
		r->by_status[BUS_OK]++;
}

#endif
