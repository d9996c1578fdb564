/* SPDX-License-Identifier: MIT
 *
 * A store for traces, and samples to fill them with. Static: include it in a test program.
 */
#ifndef TESTS_UNIT_SEGMENT_BENCH_H
#define TESTS_UNIT_SEGMENT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <sys/stat.h>

#include "link/sample.h"
#include "tests/fake/store_dir.h"

static char dir[64];
static struct store *store;

static inline int set_up(void **state)
{
	(void)state;
	store_dir_make(dir);
	store = store_open(dir, 0, NULL);
	return store ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	store_close(store);
	temp_dir_remove(dir);
	return 0;
}

/* A small repeatable source of numbers. */
static uint64_t random_state;

static inline uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Roughly normal, standard deviation 1. */
static inline double noise(void)
{
	double sum = 0.0;

	for (int i = 0; i < 12; i++)
		sum += (double)(next_random() >> 11) / 9007199254740992.0;
	return sum - 6.0;
}

struct list {
	struct sample *at;
	int count, cap;
};

static inline void list_add(struct list *l, struct sample s)
{
	if (l->count == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 1024;
		l->at = xrealloc(l->at, (size_t)l->cap * sizeof(*l->at));
	}
	l->at[l->count++] = s;
}

static inline bool same_sample(const struct sample *a, const struct sample *b)
{
	return a->channel == b->channel && a->quality == b->quality && a->updates == b->updates &&
	       a->raw == b->raw && a->at_ns == b->at_ns &&
	       memcmp(&a->value, &b->value, sizeof(a->value)) == 0;
}

static inline bool count_one(void *ctx, const struct sample *s)
{
	(void)s;
	++*(int *)ctx;
	return true;
}

static inline void path_of(char dst[128], const char *id, const char *suffix)
{
	(void)snprintf(dst, 128, "%s/segments/%s.%s", dir, id, suffix);
}

static inline struct segment *open_or_fail(const char *id)
{
	struct error err = {0};
	struct segment *g = segment_open(store, id, "{\"channels\":[]}", &err);

	if (!g)
		fail_msg("%s", err.text);
	return g;
}

/* Bytes of the file at path. */
static inline int64_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Half an hour on one bay: 24 channels of three kinds, as the devices give them.
 *  8 analog inputs in one reply each 100 ms: 16-bit counts of a 4-20 mA loop, noise of a few counts, slow drift;
 *  a power meter's 8 registers each 500 ms, polled at 10 Hz: most polls bring nothing new;
 *  8 pulse counters and states: raw grows or stays, the value is not a function of raw.
 * Replies come 1 ms (standard deviation) off their grid. */
static inline void half_an_hour(struct list *l, int seconds)
{
	uint32_t updates[24] = {0};
	int64_t pulses[8] = {0}, power[8] = {0};
	double rate[8] = {0};

	random_state = 88172645463325252u;
	for (int tick = 0; tick < seconds * 10; tick++) {
		int64_t grid_ns = (int64_t)tick * 100000000;
		int64_t t[3];

		for (int d = 0; d < 3; d++)
			t[d] = grid_ns + (d + 1) * 20000000 + (int64_t)(noise() * 1e6);
		for (int c = 0; c < 8; c++) {
			double level = 12000 + 3000 * c + 500 * sin(tick / 3000.0 + c);
			int64_t raw = lrint(level + 3.0 * noise());

			list_add(l, (struct sample){.channel = (uint16_t)c,
						    .quality = QUALITY_GOOD,
						    .updates = ++updates[c],
						    .raw = raw,
						    .value = 0.0 + ((double)raw - 4000.0) *
									   (1.6 - 0.0) / 16000.0,
						    .at_ns = t[0]});
		}
		for (int c = 0; c < 8; c++) {
			if (tick % 5 == 0) {
				power[c] = lrint(2200 + 10 * c + 4.0 * noise());
				updates[8 + c]++;
			}
			list_add(l, (struct sample){.channel = (uint16_t)(8 + c),
						    .quality = QUALITY_GOOD,
						    .updates = updates[8 + c],
						    .raw = power[c],
						    .value = (double)power[c] * 0.1,
						    .at_ns = t[1]});
		}
		for (int c = 0; c < 8; c++) {
			if (c < 2) {
				int64_t more = lrint(8 + noise());

				pulses[c] += more;
				rate[c] = (double)more / 0.1 * 60.0 / 450.0;
				updates[16 + c]++;
			}
			list_add(l, (struct sample){.channel = (uint16_t)(16 + c),
						    .quality = QUALITY_GOOD,
						    .updates = updates[16 + c],
						    .raw = pulses[c],
						    .value = rate[c],
						    .at_ns = t[2]});
		}
	}
}

#endif
