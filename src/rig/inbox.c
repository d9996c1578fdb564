/* SPDX-License-Identifier: MIT */
#include "rig/inbox.h"

#include <pthread.h>
#include <stdlib.h>

struct inbox {
	pthread_mutex_t lock;
	int capacity, first, count;
	bool overflow;
	struct mail at[];
};

struct inbox *inbox_new(int capacity)
{
	struct inbox *m = xcalloc(1, sizeof(*m) + (size_t)capacity * sizeof(m->at[0]));

	m->capacity = capacity;
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void inbox_free(struct inbox *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	free(m);
}

void inbox_put(struct inbox *m, int bus, const struct bus_event *ev)
{
	pthread_mutex_lock(&m->lock);
	if (m->count < m->capacity) {
		struct mail *at = &m->at[(m->first + m->count++) % m->capacity];

		at->bus = bus;
		at->ev = *ev;
	} else {
		m->overflow = true;
	}
	pthread_mutex_unlock(&m->lock);
}

bool inbox_take(struct inbox *m, struct mail *out, bool *overflow)
{
	bool got = false;

	pthread_mutex_lock(&m->lock);
	*overflow = m->overflow;
	m->overflow = false;
	if (m->count) {
		*out = m->at[m->first];
		m->first = (m->first + 1) % m->capacity;
		m->count--;
		got = true;
	}
	pthread_mutex_unlock(&m->lock);
	return got;
}
