/* SPDX-License-Identifier: MIT
 *
 * A rig machine on fake buses: devices are arrays of registers, time is a number, benchd is the
 * test. Included by the rig's unit tests; one bench per test.
 */
#ifndef TESTS_UNIT_RIG_BENCH_H
#define TESTS_UNIT_RIG_BENCH_H

#include "rig_bench_bus.h"

/* --- time --- */

static int bay_outputs(const struct bench *b, int bay)
{
	int n = 0;

	for (int i = 0; i < b->f->output_count; i++)
		n += b->f->outputs[i].bays >> bay & 1;
	return n;
}

static void send_image(struct bench *b, int bay)
{
	struct io_msg m = {.type = IO_IMAGE};
	struct error err = {0};

	m.u.image.bay = (uint8_t)bay;
	m.u.image.lease = b->lease[bay];
	m.u.image.seq = ++b->seq[bay];
	m.u.image.count = (uint16_t)bay_outputs(b, bay);
	memcpy(m.u.image.value, b->want[bay], sizeof(b->want[bay]));
	if (rig_message(b->r, &m, b->now_ns, &err))
		fail_msg("%s", err.text);
}

static void tick(struct bench *b)
{
	b->now_ns += 5 * NS_PER_MS;
	run_lost(b);
	run_queue(b);
	run_reads(b);
	run_lines(b);
	for (int bay = 0; bay < 2; bay++)
		if (b->holding[bay] && b->now_ns >= b->image_due[bay]) {
			b->image_due[bay] = b->now_ns + IO_IMAGE_NS;
			send_image(b, bay);
		}
	rig_run(b->r, b->now_ns);
	run_queue(b);
}

static void pass(struct bench *b, double wire_s)
{
	int64_t end_ns = b->now_ns + (int64_t)(wire_s * 1e9);

	while (b->now_ns < end_ns)
		tick(b);
}

/* --- benchd --- */

static void link_up(struct bench *b)
{
	struct io_msg m = {.type = IO_WELCOME};
	struct error err = {0};

	rig_link_up(b->r, b->now_ns);
	m.u.welcome.version = IO_VERSION;
	m.u.welcome.speed = b->speed;
	if (rig_message(b->r, &m, b->now_ns, &err))
		fail_msg("%s", err.text);
	b->linked = true;
}

/* Values of a bay's outputs in fixture order: pump, dead-man, supply, feed, vent, regulator. */
UNUSED static void hold(struct bench *b, int bay, double pump, double supply, double feed,
			double vent, double reg)
{
	b->want[bay][0] = pump;
	b->want[bay][1] = 0;
	b->want[bay][2] = supply;
	b->want[bay][3] = feed;
	b->want[bay][4] = vent;
	b->want[bay][5] = reg;
	if (!b->holding[bay]) {
		b->lease[bay]++;
		b->seq[bay] = 0;
		b->holding[bay] = true;
	}
	b->image_due[bay] = b->now_ns + IO_IMAGE_NS;
	send_image(b, bay);
}

UNUSED static void safe(struct bench *b, int bay, enum safe_what what, uint32_t token)
{
	struct io_msg m = {.type = IO_SAFE};

	m.u.safe.bay = (uint8_t)bay;
	m.u.safe.what = (uint8_t)what;
	m.u.safe.token = token;
	if (what != SAFE_CHECK)
		b->holding[bay] = false;
	assert_int_equal(rig_message(b->r, &m, b->now_ns, NULL), 0);
}

/* Type 0 when there was none: every comparison with it fails. */
static const struct io_msg no_message;

UNUSED static const struct io_msg *last_sent(const struct bench *b, enum io_type t)
{
	for (int i = b->sent_count - 1; i >= 0; i--)
		if (b->sent[i].type == t)
			return &b->sent[i];
	return &no_message;
}

UNUSED static const struct io_msg *proof_of(const struct bench *b, uint32_t token)
{
	for (int i = b->sent_count - 1; i >= 0; i--)
		if (b->sent[i].type == IO_PROOF && b->sent[i].u.proof.token == token)
			return &b->sent[i];
	return &no_message;
}

/* 1 proven, 0 not proven, -1 not answered. */
UNUSED static int answer(const struct bench *b, uint32_t token)
{
	const struct io_msg *m = proof_of(b, token);

	return m->type == IO_PROOF ? m->u.proof.proven : -1;
}

static enum bay_state state(const struct bench *b, int bay)
{
	return rig_bay_state(b->r, bay, NULL);
}

UNUSED static const char *reason(const struct bench *b, int bay)
{
	const char *text;

	rig_bay_state(b->r, bay, &text);
	return text;
}

/* Are the bay's own outputs physically safe? Shared ones apart. */
static bool outputs_safe(const struct bench *b, int bay)
{
	return !b->coils[1 + bay][0] && !b->coils[1 + bay][1] && !b->coils[1 + bay][2] &&
	       !b->regulators[bay];
}

UNUSED static bool all_safe(const struct bench *b)
{
	return outputs_safe(b, 0) && outputs_safe(b, 1) && !b->coils[3][0];
}

UNUSED static void mpa(struct bench *b, int bay, double v)
{
	b->ua[11 + bay][bay ? 0 : 1] = (uint16_t)(4000 + 16000 * v + 0.5);
}

static struct bench *bench_speed(unsigned speed)
{
	struct bench *b = calloc(1, sizeof(*b));
	static char yaml[8192];
	struct problems p = {0};
	struct rig_ops ops = {b, fake_submit, fake_need, fake_send, fake_log, fake_healthy};
	struct clock_scale scale = {0, speed};

	assert_non_null(b);
	b->sent = calloc(SENT, sizeof(*b->sent));
	assert_non_null(b->sent);
	snprintf(yaml, sizeof(yaml), "%s%s", rig_yaml_wires, rig_yaml_rest);
	b->f = fixture_parse("rig.yaml", yaml, strlen(yaml), &p);
	if (!b->f) {
		problems_print(&p, stderr);
		fail_msg("the test's fixture");
	}
	b->r = rig_new(b->f, &scale, &ops, &p);
	if (!b->r) {
		problems_print(&p, stderr);
		fail_msg("the test's rig");
	}
	b->now_ns = 100 * NS_PER_S;
	b->speed = speed;
	b->latency_ns = 10 * NS_PER_MS;
	b->ua[11][0] = 4000 + 4000;
	mpa(b, 0, 0.001);
	mpa(b, 1, 0.001);
	return b;
}

UNUSED static struct bench *bench(void)
{
	return bench_speed(1);
}

static void buses_up(struct bench *b)
{
	for (int i = 0; i < b->f->bus_count; i++) {
		struct bus_event ev = {.kind = BUS_EVENT_UP, .at_ns = b->now_ns};

		deliver(b, i, &ev);
	}
	b->up = true;
}

/* Started, linked, both bays ready. */
UNUSED static struct bench *ready_bench(void)
{
	struct bench *b = bench();

	rig_start(b->r, b->now_ns);
	buses_up(b);
	link_up(b);
	pass(b, 1);
	assert_int_equal(state(b, 0), BAY_READY);
	assert_int_equal(state(b, 1), BAY_READY);
	return b;
}

static void bench_free(struct bench *b)
{
	rig_free(b->r);
	fixture_free(b->f);
	free(b->sent);
	free(b);
}

#endif
